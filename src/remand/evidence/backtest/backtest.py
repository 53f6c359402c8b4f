"""The record: what forecasts from the past come to, beside those they must beat."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from remand.errors import InputError
from remand.evidence.backtest import baselines, summary
from remand.evidence.backtest.origins import check_horizon
from remand.evidence.backtest.record import Skill, today
from remand.evidence.backtest.tried import OWN, Period, forecasts, shown
from remand.evidence.panel import Method, Panel
from remand.evidence.reading import Reading
from remand.provenance import identity, version, versions


@dataclass(frozen=True)
class Record:
    """Forecasts from the past and their scores; `summary` beside this tells the columns.

    Attributes:
        forecasts: every forecast, as `remand.evidence.backtest.tried.Tried` tells them, but none of
            fewer than ten people (`shown`); they are in all scores.
        overall: a row a model.
        by_horizon, by_series, by_origin: the same by steps ahead, by ``unique_id``, by ``origin``.
        differences: the program's own method against each other one, with 95 % intervals.
        apart: a row a model, of the dates set apart; none of them is in the other tables.
        skill: what a later forecast carries; None if the program's own method was not tried.
        meta: what it was made of: file, origins, horizon, seed, versions, notes.
    """

    forecasts: pl.DataFrame = field(repr=False)
    overall: pl.DataFrame
    by_horizon: pl.DataFrame = field(repr=False)
    by_series: pl.DataFrame = field(repr=False)
    by_origin: pl.DataFrame = field(repr=False)
    differences: pl.DataFrame = field(repr=False)
    apart: pl.DataFrame = field(repr=False)
    skill: Skill | None
    meta: dict[str, Any] = field(repr=False)

    @property
    def identity(self) -> str:
        """A short name that changes with whatever the record depends on."""
        return identity({k: v for k, v in self.meta.items() if k != "versions"})

    def to_json(self) -> str:
        """The stable shape of ``remand backtest --json``."""
        names = ("overall", "by_horizon", "by_series", "by_origin", "differences", "apart")
        tables = {name: getattr(self, name).to_dicts() for name in names}
        told = {
            **tables,
            "skill": None if self.skill is None else self.skill.as_json(),
            "run": {"id": self.identity, **self.meta},
        }
        return json.dumps(told, ensure_ascii=False, indent=2, default=str)


def backtest(
    reading: Reading,
    methods: Mapping[str, Method],
    origins: Sequence[dt.date],
    horizon: int,
    *,
    places: Sequence[str] = (),
    apart: Period | None = None,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Record:
    """Forecast from each origin by what was known before it, and score that against what came.

    Args:
        reading: a file, read.
        methods: ways to forecast, by name; the program's own is ``remand``. Where all four of
            `remand.evidence.backtest.baselines.PARTS` are there, their mean joins them.
        origins: first steps to be forecast; see `remand.evidence.backtest.origins`.
        horizon: steps ahead.
        places: series that are scored, by default all; the others still tell of what all share.
        apart: a period [from, to) whose dates are scored apart from all others.
        seed: of the bootstrap behind the intervals.
        say: is told what is being done.

    Raises InputError if nothing can be forecast, or nothing scored.
    """
    panel = reading.panel
    check_horizon(horizon, panel.step)
    if seed < 0:
        raise InputError.of(f"--seed cannot be {seed}", fix="give 0 or more", value=seed)
    four = set(baselines.PARTS) <= set(methods)
    tried = forecasts(
        panel, methods, origins, horizon, places=places,
        means={baselines.MEAN: baselines.PARTS} if four else {}, apart=apart, say=say,
    )  # fmt: skip
    say("scores")
    kept = tried.forecasts.filter(~pl.col("apart"))
    overall = summary.scored(kept)
    if overall.is_empty():
        raise InputError.of(
            "nothing can be scored: no date that was forecast has a count"
            + (" outside the period set apart" if apart else ""),
            fix="give earlier --origins, or a file that goes on longer",
        )
    models = tried.forecasts["model"].unique(maintain_order=True).to_list()
    own = kept.filter(model=models[0])
    meta = {
        "file": reading.file, "sha256": reading.sha256, "step": panel.step,
        "season": panel.season, "series": own["unique_id"].n_unique(), "horizon": horizon,
        "origins": [str(origin) for origin in sorted(own["origin"].unique())],
        "places": list(places), "models": models,
        "apart": [str(day) for day in apart] if apart else None, "seed": seed,
        "forecasts": len(own), "scored": int(own["scored"].sum()),
        "skipped": list(tried.skipped), "notes": [*reading.notes, *others(panel, places)],
        "versions": versions(),
    }  # fmt: skip
    return Record(
        forecasts=shown(tried.forecasts),
        overall=overall,
        by_horizon=summary.by_horizon(kept, panel.step),
        by_series=summary.scored(kept, ("unique_id",)),
        by_origin=summary.scored(kept, ("origin",)),
        differences=summary.differences(kept, seed),
        apart=summary.scored(tried.forecasts.filter("apart")),
        skill=_skill(kept, overall, meta),
        meta=meta,
    )


def others(panel: Panel, places: Sequence[str]) -> list[str]:
    """A note on series that are read and not told of, if there are any."""
    more = len(panel.ids) - len(places) if places else 0
    return [f"{more} more series of the file were read for the course they share"] if more else []


def _skill(kept: pl.DataFrame, overall: pl.DataFrame, meta: Mapping[str, Any]) -> Skill | None:
    rows = {row["model"]: row for row in overall.to_dicts()}
    if not {OWN, *summary.NAIVE} <= rows.keys():
        return None
    own = rows[OWN]
    origins = meta["origins"]
    return Skill(
        skill_until=summary.skill_until(kept, meta["seed"]),
        horizon=meta["horizon"], step=meta["step"],
        mase=own["mase"], naive_mase=min(rows[name]["mase"] for name in summary.NAIVE),
        crps=own["crps"], coverage_80=own["coverage_80"], coverage_95=own["coverage_95"],
        origins=(origins[0], origins[-1], len(origins)), series=meta["series"],
        file=meta["file"], sha256=meta["sha256"], made=today(), remand=version(),
    )  # fmt: skip
