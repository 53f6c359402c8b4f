"""A forecast from today, with the record that says how far ahead it may be trusted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from remand.errors import InputError
from remand.evidence.backtest.backtest import backtest, others
from remand.evidence.backtest.baselines import BASELINES
from remand.evidence.backtest.origins import HORIZON, check_horizon, rolling
from remand.evidence.backtest.record import Sight, Skill
from remand.evidence.backtest.scores import FEW
from remand.evidence.backtest.summary import NAIVE
from remand.evidence.backtest.tried import OWN, QUANTILES, shown
from remand.evidence.forecast.own import Own
from remand.evidence.holes import late
from remand.evidence.laying import after, written
from remand.evidence.panel import Method, Panel
from remand.evidence.reading import Reading
from remand.provenance import identity, versions


@dataclass(frozen=True)
class Ahead:
    """A forecast.

    Attributes:
        forecast: a row a series and step: ``unique_id``, ``ds``, ``horizon`` (from 1), ``point``
            and `QUANTILES` (people; null of fewer than ten, and ``suppressed`` says so), ``skill``:
            what is known of so many steps ahead (`Sight`), ``beyond_skill``: anything but skill.
        panel: what it was made from.
        by: sentences on what was used.
        skill: the record; None where there could be none, and a note says why.
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

    Raises InputError for a horizon that is too short or too long, or a record of another step.
    """
    panel = reading.panel
    check_horizon(horizon, panel.step)
    if skill is not None and skill.step != panel.step:
        raise InputError.of(
            f"the record is of {skill.step}s, and {reading.file} is by the {panel.step}",
            fix="make one of this file: remand backtest FILE --record RECORD.json",
        )
    say(f"{len(panel.ids)} series")
    made, by = method.told(panel, horizon)
    recorded, untried = skill is not None, ""
    if skill is None:
        try:
            skill = _tried(reading, method, horizon, say)
        except InputError as error:
            untried = error.problems[0].message
    kept = [i for i, name in enumerate(panel.ids) if not places or name in places]
    panel, made = panel.of(kept), made.of(kept)
    origin = after(panel.dates[-1], panel.step)
    steps = np.tile(np.arange(1, horizon + 1), len(panel.ids))
    sights: list[Sight] = ["not tried" if skill is None else skill.at(int(h)) for h in steps]
    frame = pl.DataFrame(
        {
            "unique_id": [name for name in panel.ids for _ in range(horizon)],
            "ds": [after(origin, panel.step, h) for h in range(horizon)] * len(panel.ids),
            "horizon": steps,
            "point": made.point.ravel(),
            **{q: made.quantiles[:, :, k].ravel() for k, q in enumerate(QUANTILES)},
            "skill": sights,
            "beyond_skill": [sight != "skill" for sight in sights],
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    meta = {
        "file": reading.file, "sha256": reading.sha256, "step": panel.step, "horizon": horizon,
        "origin": str(origin), "series": len(panel.ids), "places": list(places),
        "record": identity(skill.as_json()) if skill is not None and recorded else None,
        "notes": [*reading.notes, *others(reading.panel, places),
                  *_record(reading, skill, untried, horizon, recorded=recorded), *_ended(panel)],
        "versions": versions(),
    }  # fmt: skip
    return Ahead(shown(frame), panel, by, skill, recorded, meta)


def _tried(reading: Reading, method: Own, horizon: int, say: Callable[[str], None]) -> Skill | None:
    """The record from the file's own past. Raises InputError where there can be none.

    It is one record however far is asked: `HORIZON`, or less where the past holds no more.
    """
    methods: dict[str, Method] = {OWN: method, **{name: BASELINES[name] for name in NAIVE}}
    usual = HORIZON[reading.panel.step]
    try:
        return backtest(reading, methods, rolling(reading.panel, usual), usual, say=say).skill
    except InputError:
        if horizon >= usual:
            raise
        return backtest(reading, methods, rolling(reading.panel, horizon), horizon, say=say).skill


def _record(
    reading: Reading, skill: Skill | None, untried: str, horizon: int, *, recorded: bool
) -> Iterator[str]:
    """What must be said of a record, or of there being none."""
    if skill is None:
        yield f"nobody has tried how far ahead this can be trusted: {untried}"
        return
    if not recorded:
        yield "the record was made now, from this file's own past; --record gives another"
    elif skill.sha256 != reading.sha256:
        yield f"the record is of another file: {skill.file}, made {skill.made}"
    if skill.skill_until is None:
        yield f"{FEW} series, or {FEW} origins a whole horizon apart, would tell: remand backtest"
    if horizon > skill.horizon:
        yield f"nothing beyond {skill.horizon} {skill.step}s ahead has been tried"


def _ended(panel: Panel) -> Iterator[str]:
    """Series that ended early, and those that never began."""
    for name, y, behind in zip(panel.ids, panel.y, late(panel.y), strict=True):
        if not np.isfinite(y).any():
            yield f"{name} has no count at all, so no forecast"
        elif behind:
            yield f"{name} was last counted in {written(panel.dates[-1 - behind], panel.step)}"
