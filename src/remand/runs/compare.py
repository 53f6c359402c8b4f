"""Run a model under several platforms and set the answers side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import BaseModel

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.sampled import simulate
from remand.engine.stays import stays
from remand.engine.threads import in_threads
from remand.errors import InputError, did_you_mean
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.model.spec import Sourced
from remand.model.uncertain import Uncertain
from remand.outcomes.bootstrap import check_draws
from remand.outcomes.cells import Cells
from remand.outcomes.figures import QUANTITIES, STAY_BASIS, drawn_figures, figures
from remand.outcomes.tally import drawn, joined
from remand.outcomes.windows import Every, Windows
from remand.provenance import identity, versions
from remand.runs.behaviour import effects_of, effects_told
from remand.runs.differences import Answer, differences
from remand.runs.draws import Draws, draw, draws_to_tell, refuse_coupled
from remand.runs.engines import Chosen, Engine, choose, named
from remand.runs.run import Run
from remand.runs.worlds import Worlds

if TYPE_CHECKING:
    from remand.fitting.drawn import FitDraws

KNOWS_NOTHING_OF_2020 = dt.date(2020, 3, 1)
"""From here on every county's numbers carry the pandemic, which no model here knows."""

Bands = Literal["all", "last", "none"]

AT_ONCE = 2**25
"""About how many numbers of a sample are held at once; longer ones are drawn in batches."""

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
    bands: Bands = "all",
    engine: Engine = "auto",
    replicates: int = 200,
    draws: int = 0,
    seed: int = 0,
    fit: FitDraws | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    """Run every scenario with one engine and read figures off over [since, until).

    ``whole`` adds the summary of the whole period and its differences (half of the exact engine's
    work); ``bands`` gives every window a band of chance, only the last, or none (the quickest),
    if it is exact.
    ``engine`` is ``exact``, ``sampled``, or ``auto``: exact unless a rule of any scenario couples
    people. The sampled one draws so many ``replicates`` from ``seed``, the same chance for every
    scenario, so that differences are those of pairs.

    With ``draws`` every number that is uncertain is drawn so often, alike for all scenarios, and
    each draw is solved exactly but for bins of eight days; ``fit`` holds the draws of a fitted
    model. There are no stays then. ``say`` is told how far draws are, and may raise to stop them.

    All scenarios must stand on one model. ``since`` defaults to the model's start. Raises
    InputError for a period outside the model's time, Refusal for rules that couple people if the
    exact engine is asked for.
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
    if draws != 0:
        check_draws(draws, seed)
        refuse_coupled(scenarios)
    chosen = choose("exact" if draws and engine == "auto" else engine, scenarios, replicates, seed)
    if draws and not chosen.exact:
        raise InputError.of(
            "--draws are solved exactly, and the sampled engine draws chance",
            fix="leave out --engine, or --draws",
        )
    first = since or model.clock.start
    windows = Windows.over(model.clock, first, until, every)
    period = Windows.over(model.clock, first, until, None)
    told: Draws | None = None
    worlds: Worlds | None = None
    if draws:
        worlds = Worlds(scenarios, until, draws, seed, fit)
        told = draw(worlds, until, windows, period, by, quantities, names, say)
    answers = (
        told.answers
        if told is not None
        else _exactly(scenarios, until, [windows, period] if whole else [windows], by, quantities,
                 bands)
        if chosen.exact
        else [
            _sampled(scenario, until, windows, period, by, quantities, replicates, seed)
            for scenario in scenarios
        ]
    )  # fmt: skip
    series = _stacked([answer.series for answer in answers])
    if not len(series):
        raise InputError.of(
            f"no scenario here has any figure of: {', '.join(quantities)}",
            fix="ask for a quantity of this model: population, admissions, bed_days",
        )
    if not whole:
        answers = [replace(answer, summary=series.clear(), each=None) for answer in answers]
    return Run(
        identity=identity(
            *(s.model.as_document() for s in scenarios),
            *(effect.as_document() for s in scenarios for effect in s.answers),
            str(first),
            str(until),
            every,
            list(by),
            list(quantities),
            ["draws", draws, seed]
            if draws
            else "exact"
            if chosen.exact
            else ["sampled", replicates, seed],
        ),
        meta={
            **told_of(model, first, until, every, by, chosen),
            "effects": effects_of(scenarios),
            "asked": {
                "quantities": list(quantities),
                "whole": whole,
                "bands": bands,
                "engine": engine,
                "replicates": replicates,
                "draws": draws,
                "seed": seed,
            },
            **({} if worlds is None else uncertain(worlds)),
        },
        scenarios=tuple(scenarios),
        series=series,
        summary=_stacked([answer.summary for answer in answers]),
        differences=differences(
            answers, names, by, ("chance",) if worlds is None else worlds.sources
        ),
        warnings=(*warnings(scenarios, until, drawn=bool(draws)), *too_few(worlds)),
        sources=None if told is None else told.sources,
    )


def _exactly(
    scenarios: Sequence[Scenario],
    until: dt.date,
    periods: Sequence[Windows],
    by: Sequence[str],
    quantities: Sequence[str],
    bands: Bands,
) -> list[Answer]:
    """Expected figures of each scenario over each list of windows."""

    def one(scenario: Scenario) -> Answer:
        with named(scenario):
            kernel = compile_model(scenario.model, until)
            noted = [] if bands == "none" else [w.marks(kernel.steps) for w in periods]
            path = solve(kernel, marks=noted)
        lengths = stays(path) if set(quantities) & set(STAY_BASIS) else None
        label = pl.lit(scenario.name).alias("scenario")
        frames = [
            figures(
                scenario.model, path, windows, by, quantities, lengths,
                {"all": 0, "last": len(windows.starts) - 1, "none": None}[bands],
            ).select(label, pl.all())
            for windows in periods
        ]  # fmt: skip
        return Answer(frames[0], frames[-1])

    # two at a time: while one is compiled, which holds the interpreter, another is solved
    return in_threads(one, scenarios, threads=2)


def _sampled(
    scenario: Scenario,
    until: dt.date,
    windows: Windows,
    period: Windows,
    by: Sequence[str],
    quantities: Sequence[str],
    replicates: int,
    seed: int,
) -> Answer:
    """Figures of one scenario's replicates, by window and for the whole period."""
    model = scenario.model
    cells = Cells.of(model, by)
    with named(scenario):
        kernel = compile_model(model, until)
    lengths = bool(set(quantities) & set(STAY_BASIS))
    size = len(kernel.strata) * len(kernel.states) ** 2 * len(windows.starts)
    batch = max(AT_ONCE // size, 8)
    tally = joined(
        [
            drawn(
                simulate(kernel, min(batch, replicates - first), seed, windows.bounds,
                         first=first, stays=lengths),
                cells,
                quantities,
            )
            for first in range(0, replicates, batch)
        ]
    )  # fmt: skip
    label = pl.lit(scenario.name).alias("scenario")
    series, _ = drawn_figures(model, tally, windows, cells, quantities)
    summary, each = drawn_figures(model, tally.whole(), period, cells, quantities)
    return Answer(series.select(label, pl.all()), summary.select(label, pl.all()), each)


def _stacked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Frames below each other; only a scenario with full places may bring a column of states."""
    columns = [c for c in ("scenario", "date", "kind", "state", "status")
               if any(c in frame.columns for frame in frames)]  # fmt: skip
    return pl.concat(frames, how="diagonal").select(*columns, pl.exclude(columns))


def told_of(
    model: Model,
    first: dt.date,
    until: dt.date,
    every: str,
    by: Sequence[str],
    chosen: Chosen,
) -> dict[str, Any]:
    """What a run says of itself: its model, period, engine and start."""
    inferred, numbers = inferred_numbers(model)
    start = "steady state" if model.tonight == "steady" else "census of the night before"
    scattered = any(arrivals.spread != "poisson" for arrivals in model.arrivals.values())
    how = f"{chosen.replicates:,} replicates"
    if chosen.exact:
        how = "arrivals come in clumps; approximate" if scattered else ""
    drawn_so = f" ({how})" if how else ""
    return {
        "model": model.name,
        "title": model.title,
        "from": str(first),
        "to": str(until),
        "every": every,
        "by": list(by),
        "engine": chosen.why,
        "starts_from": start,
        "bands": f"chance only{drawn_so}: parameters, promises and the baseline's drift "
        "are not in them",
        "inferred": f"{inferred} of the model's {numbers} values "
        f"{'is' if inferred == 1 else 'are'} inferred, not measured",
        "versions": versions(),
    }


def inferred_numbers(model: Model) -> tuple[int, int]:
    """How many sourced blocks of a model are marked inferred, and how many there are."""
    found = [0, 0]

    def visit(node: object) -> None:
        if isinstance(node, Uncertain):
            node = node.law
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


def uncertain(worlds: Worlds) -> dict[str, Any]:
    """What a run of draws says of what it drew."""
    assumed = [one for one in worlds.assumptions if one.assumed]
    computed = len(worlds.assumptions) - len(assumed)
    counted = ((len(assumed), "assumption range"), (computed, "interval"))
    parts = [f"{many} {what}{'s' if many > 1 else ''}" for many, what in counted if many]
    if worlds.fit is not None:
        parts.append(f"{worlds.fit.count:,} draws of the fit")
    step = worlds.scenarios[0].base.clock.step
    made = ", ".join(parts) or "nothing in these files is uncertain"
    return {
        "draws": worlds.draws,
        "seed": worlds.seed,
        "engine": f"exact in blocks of eight {step}s, {worlds.draws:,} draws, seed {worlds.seed}",
        "bands": f"chance and {', '.join(worlds.sources) or 'nothing else'}, from {made}"
        + ("; a range someone chose is an assumption, not a measurement" if assumed else ""),
        "band": "assumption range" if assumed else "interval",
        "uncertain": [
            {
                "name": one.name,
                "source": one.source,
                "numbers": one.many,
                "kind": "assumption range" if one.assumed else "interval",
                "law": one.law.as_document(),
            }
            for one in worlds.assumptions
        ],
    }


def too_few(worlds: Worlds | None) -> list[str]:
    """That draws are too few to tell where the doubt comes from, if they are."""
    if worlds is None or not worlds.sources or worlds.draws >= draws_to_tell(worlds):
        return []
    return [f"where the doubt comes from is told from {draws_to_tell(worlds):,} draws on"]


def warnings(scenarios: Sequence[Scenario], until: dt.date, *, drawn: bool = False) -> list[str]:
    """What a reader of these scenarios must be told."""
    said = effects_told(scenarios, drawn=drawn)
    if scenarios[0].base.clock.start < KNOWS_NOTHING_OF_2020 < until:
        said.append("dates past February 2020: this model knows nothing of 2020")
    model = scenarios[0].base
    if model.tonight == "steady":
        said.append("no census of the first night: the run starts from the model's steady state")
    ceilings = dict.fromkeys(
        f"{platform.name} ({policy.name})"
        for scenario in scenarios
        for platform in scenario.chain
        for policy in platform.policies
        if policy.compliance.ceiling and policy.edits
    )
    if ceilings:
        said.append(f"a ceiling, not a forecast, since compliance is 100 %: {', '.join(ceilings)}")
    ranged = {
        scenario.name: sum(bool(p.edits) and p.compliance.low is not None for p in own)
        for scenario in scenarios
        if (own := scenario.platform.policies)
    }
    if any(ranged.values()) and not drawn:
        said.append(
            "compliance given as an assumption range is run at its midpoint: "
            + ", ".join(
                f"{name} ({count} {'policy' if count == 1 else 'policies'})"
                for name, count in ranged.items()
                if count
            )
        )
    if drawn and model.clock.step != "day":
        said.append(
            f"draws take eight {model.clock.step}s together: in the months after a policy begins "
            "they may be a few per cent off the exact run"
        )
    left_out = [s for s in scenarios if s.platform.not_modelled]
    if left_out:
        said.append(
            "promises the model cannot express: "
            + ", ".join(f"{s.name} {len(s.platform.not_modelled)}" for s in left_out)
        )
    return said
