"""A forecast from today, with the record that says how far ahead it may be trusted."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from remand.errors import InputError
from remand.evidence.backtest.backtest import backtest
from remand.evidence.backtest.baselines import BASELINES
from remand.evidence.backtest.origins import check_horizon, rolling
from remand.evidence.backtest.record import Skill
from remand.evidence.backtest.summary import NAIVE
from remand.evidence.backtest.tried import OWN, QUANTILES
from remand.evidence.forecast.own import Own
from remand.evidence.laying import after
from remand.evidence.panel import Method, Panel, Prediction
from remand.evidence.reading import Reading
from remand.provenance import identity, versions


@dataclass(frozen=True)
class Ahead:
    """A forecast.

    Attributes:
        forecast: a row a series and step: ``unique_id``, ``ds``, ``horizon`` (from 1), ``point``
            and `QUANTILES` (people), ``beyond_skill``: further ahead than the record goes with it.
        panel: what it was made from.
        by: sentences on what was used.
        skill: the record; None where the past is too short for one.
        recorded: whether the record was handed in; else it was made from the same file.
        meta: file, horizon, versions, notes.
    """

    forecast: pl.DataFrame
    panel: Panel = field(repr=False)
    by: tuple[str, ...]
    skill: Skill | None
    recorded: bool
    meta: dict[str, Any] = field(repr=False)

    @property
    def identity(self) -> str:
        """A short name that changes with whatever the forecast depends on."""
        return identity({k: v for k, v in self.meta.items() if k != "versions"})

    def to_json(self) -> str:
        """The stable shape of ``remand forecast --json``."""
        told = {
            "forecast": self.forecast.to_dicts(),
            "by": list(self.by),
            "skill": None if self.skill is None else self.skill.as_json(),
            "skill_recorded": self.recorded,
            "run": {"id": self.identity, **self.meta},
        }
        return json.dumps(told, ensure_ascii=False, indent=2, default=str)


def ahead(
    reading: Reading,
    method: Own,
    horizon: int,
    *,
    places: Sequence[str] = (),
    skill: Skill | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Ahead:
    """Forecast the series of a file from the step after its last.

    Args:
        reading: a file, read.
        method: the program's own way for it (`remand.evidence.forecast.own.own`).
        horizon: steps ahead.
        places: series that are told of, by default all; the others still tell of the season and the
            course that they share.
        skill: the record of a backtest (`backtest.record.read_skill`); without one, the same
            way is tried from rolling origins of the file itself.
        say: is told what is being done.

    Raises InputError for a horizon below 1, or a record of another step.
    """
    panel = reading.panel
    check_horizon(horizon)
    if skill is not None and skill.step != panel.step:
        raise InputError.of(
            f"the record is of {skill.step}s, and {reading.file} is by the {panel.step}",
            fix="make one of this file: remand backtest FILE --record RECORD.json",
        )
    say(f"{len(panel.ids)} series")
    made, by = method.told(panel, horizon)
    recorded = skill is not None
    if skill is None:
        skill = _tried(reading, method, horizon, say)
    kept = [i for i, name in enumerate(panel.ids) if not places or name in places]
    panel, made = panel.of(kept), Prediction(made.point[kept], made.quantiles[kept])
    origin = after(panel.dates[-1], panel.step)
    steps = np.tile(np.arange(1, horizon + 1), len(panel.ids))
    frame = pl.DataFrame(
        {
            "unique_id": [name for name in panel.ids for _ in range(horizon)],
            "ds": [after(origin, panel.step, h) for h in range(horizon)] * len(panel.ids),
            "horizon": steps,
            "point": made.point.ravel(),
            **{q: made.quantiles[:, :, k].ravel() for k, q in enumerate(QUANTILES)},
            "beyond_skill": steps > (0 if skill is None else skill.skill_until),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    meta = {
        "file": reading.file, "sha256": reading.sha256, "step": panel.step, "horizon": horizon,
        "origin": str(origin), "series": len(panel.ids),
        "notes": [*reading.notes, *_notes(reading, panel, skill, horizon, recorded=recorded)],
        "versions": versions(),
    }  # fmt: skip
    return Ahead(frame, panel, by, skill, recorded, meta)


def _tried(reading: Reading, method: Own, horizon: int, say: Callable[[str], None]) -> Skill | None:
    """The record from the file's own past; None where that is too short."""
    methods: dict[str, Method] = {OWN: method, **{name: BASELINES[name] for name in NAIVE}}
    try:
        origins = rolling(reading.panel, horizon)
        return backtest(reading, methods, origins, horizon, say=say).skill
    except InputError:
        return None


def _notes(
    reading: Reading, panel: Panel, skill: Skill | None, horizon: int, *, recorded: bool
) -> list[str]:
    """What must be said of a record, of series that ended early, and of those that are not told."""
    notes = []
    if (others := len(reading.panel.ids) - len(panel.ids)) > 0:
        notes.append(f"{others} more series of the file were read for the course they share")
    if skill is None:
        notes.append("the past is too short to tell how far ahead this can be trusted")
    elif recorded and skill.sha256 != reading.sha256:
        notes.append(f"the record is of another file: {skill.file}, made {skill.made}")
    elif not recorded:
        notes.append("the record was made now, from this file's own past; --record gives another")
    if skill is not None and horizon > skill.horizon:
        notes.append(f"nothing beyond {skill.horizon} {panel.step}s ahead has been tried")
    for name, y in zip(panel.ids, panel.y, strict=True):
        known = np.flatnonzero(np.isfinite(y))
        if not len(known):
            notes.append(f"{name} has no count at all, so no forecast")
        elif known[-1] < len(y) - 1:
            notes.append(f"{name} was last counted in {_when(panel.dates[known[-1]], panel)}")
    return notes


def _when(day: dt.date, panel: Panel) -> str:
    return f"{day:%Y-%m}" if panel.step == "month" else str(day)
