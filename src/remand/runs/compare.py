"""Run a model under several platforms and set the answers side by side."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel

from remand.engine.compile import compile_model
from remand.engine.expected import in_threads, solve
from remand.engine.stays import stays
from remand.errors import InputError, Refusal, did_you_mean
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.model.spec import Sourced
from remand.outcomes.figures import QUANTITIES, STAY_BASIS, figures
from remand.outcomes.windows import Every, Windows
from remand.provenance import identity, versions
from remand.runs.run import Run

KNOWS_NOTHING_OF_2020 = dt.date(2020, 3, 1)
"""From here on every county's numbers carry the pandemic, which no model here knows."""

NO_CHANGE = Platform(
    name="no-change",
    title="No change",
    about="The model as it is: nothing is enacted.",
)


def compare_scenarios(
    scenarios: Sequence[Scenario],
    until: dt.date,
    since: dt.date | None = None,
    every: Every = "month",
    by: Sequence[str] = (),
    quantities: Sequence[str] = QUANTITIES,
    *,
    whole: bool = True,
    bands: Literal["all", "last"] = "all",
) -> Run:
    """Solve every scenario exactly and read figures off over [since, until).

    ``whole`` adds the summary of the whole period and its differences (half of the work);
    ``bands`` gives every window a band of chance, or only the last.

    All scenarios must stand on one model. ``since`` defaults to the model's start. Raises
    InputError for a period outside the model's time, Refusal for rules that couple people.
    """
    model = scenarios[0].base
    names = [scenario.name for scenario in scenarios]
    for quantity in quantities:
        if quantity not in QUANTITIES:
            raise InputError.of(
                f"there is no quantity '{quantity}'", fix=did_you_mean(quantity, QUANTITIES)
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError.of(f"'{twice}' is asked for twice", fix="name each platform once")
    first = since or model.clock.start
    windows = Windows.over(model.clock, first, until, every)
    periods = [windows, Windows.over(model.clock, first, until, None)] if whole else [windows]
    bands_from = len(windows.starts) - 1 if bands == "last" else 0
    # two at a time: while one is compiled, which holds the interpreter, another is solved
    solved = in_threads(
        lambda scenario: _solve(scenario, until, periods, by, quantities, bands_from),
        scenarios,
        threads=2,
    )
    series = pl.concat(frames[0] for frames in solved)
    summary = pl.concat(frames[1] for frames in solved) if whole else series.clear()
    return Run(
        identity=identity(
            *(s.model.as_document() for s in scenarios),
            str(first),
            str(until),
            every,
            list(by),
            list(quantities),
        ),
        meta=_meta(model, first, until, every, by),
        scenarios=tuple(scenarios),
        series=series,
        summary=summary,
        differences=_differences(summary, names, list(by)),
        warnings=tuple(_warnings(scenarios, until)),
    )


def _solve(
    scenario: Scenario,
    until: dt.date,
    periods: Sequence[Windows],
    by: Sequence[str],
    quantities: Sequence[str],
    bands_from: int,
) -> list[pl.DataFrame]:
    """The figures of one scenario over each list of windows."""
    model = scenario.model
    try:
        kernel = compile_model(model, until)
    except Refusal as error:
        raise Refusal(f"{scenario.name}: {error}") from None
    except InputError as error:
        raise InputError(p.at(scenario.name) for p in error.problems) from None
    path = solve(kernel, marks=[windows.marks(kernel.steps) for windows in periods])
    lengths = stays(path) if set(quantities) & set(STAY_BASIS) else None
    label = pl.lit(scenario.name).alias("scenario")
    return [
        figures(
            model, path, windows, by, quantities, lengths, min(bands_from, len(windows.starts) - 1)
        ).select(label, pl.all())
        for windows in periods
    ]


def _differences(summary: pl.DataFrame, names: list[str], by: list[str]) -> pl.DataFrame:
    """Summary rows of a less those of b, every pair in the order asked: a swap negates exactly."""
    keys = [c for c in ("date", "kind", "state", "status", *by, "quantity", "unit", "basis",
                        "denominator") if c in summary.columns]  # fmt: skip
    keys = list(dict.fromkeys(keys))
    base = summary.filter(~pl.col("quantity").is_in(["cost"]))
    parts = []
    for a, b in itertools.combinations(names, 2):
        left = base.filter(pl.col("scenario") == a).select(*keys, "mean", "suppressed")
        right = base.filter(pl.col("scenario") == b).select(*keys, "mean", "suppressed")
        joined = left.join(right, on=keys, suffix="_b", nulls_equal=True, maintain_order="left")
        parts.append(
            joined.select(
                pl.lit(a).alias("a"),
                pl.lit(b).alias("b"),
                *keys,
                (pl.col("mean") - pl.col("mean_b")).alias("mean"),
                (pl.col("suppressed") | pl.col("suppressed_b")).alias("suppressed"),
                pl.lit(None, dtype=pl.Float64).alias("p_a_less_b"),
                pl.lit([], dtype=pl.List(pl.String)).alias("includes"),
            )
        )
    if not parts:
        return pl.DataFrame()
    return pl.concat(parts)


def _meta(
    model: Model, first: dt.date, until: dt.date, every: str, by: Sequence[str]
) -> dict[str, Any]:
    inferred, numbers = inferred_numbers(model)
    start = "steady state" if model.tonight == "steady" else "census of the night before"
    return {
        "model": model.name,
        "title": model.title,
        "from": str(first),
        "to": str(until),
        "every": every,
        "by": list(by),
        "engine": "exact",
        "starts_from": start,
        "bands": "chance only: parameters, promises and the baseline's drift are not in them",
        "inferred": f"{inferred} of the model's {numbers} values are inferred, not measured",
        "versions": versions(),
    }


def inferred_numbers(model: Model) -> tuple[int, int]:
    """How many sourced blocks of a model are marked inferred, and how many there are."""
    found = [0, 0]

    def visit(node: object) -> None:
        if isinstance(node, Sourced) and node.grounded:
            found[0] += node.inferred is not None
            found[1] += 1
        if isinstance(node, dict):
            for child in node.values():
                visit(child)
        elif isinstance(node, tuple):
            for child in node:
                visit(child)
        elif isinstance(node, BaseModel):
            for name in type(node).model_fields:
                visit(getattr(node, name))

    visit(model)
    return found[0], found[1]


def _warnings(scenarios: Sequence[Scenario], until: dt.date) -> list[str]:
    said: list[str] = []
    if until > KNOWS_NOTHING_OF_2020:
        said.append("dates past February 2020: this model knows nothing of 2020")
    model = scenarios[0].base
    if model.tonight == "steady":
        said.append("no census of the first night: the run starts from the model's steady state")
    ceilings = [
        f"{scenario.name} ({policy.name})"
        for scenario in scenarios
        for policy in scenario.platform.policies
        if policy.compliance.ceiling and policy.edits
    ]
    if ceilings:
        said.append(f"a ceiling, not a forecast, since compliance is 100 %: {', '.join(ceilings)}")
    ranged = {
        scenario.name: sum(bool(p.edits) and p.compliance.low is not None for p in own)
        for scenario in scenarios
        if (own := scenario.platform.policies)
    }
    if any(ranged.values()):
        said.append(
            "compliance given as an assumption range is run at its midpoint: "
            + ", ".join(f"{name} {count}" for name, count in ranged.items() if count)
            + " (policies)"
        )
    left_out = [s for s in scenarios if s.platform.not_modelled]
    if left_out:
        said.append(
            "promises the model cannot express: "
            + ", ".join(f"{s.name} {len(s.platform.not_modelled)}" for s in left_out)
        )
    return said
