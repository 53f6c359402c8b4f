"""A fit as a model's file, with the tables that stand beside it.

Every block says which file it was fitted to and on how many stays, and what was supposed where
the records are silent is marked as inferred.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.fitting import told
from remand.fitting.drawn import DRAWS
from remand.fitting.drift import drift
from remand.fitting.fit import Fitted
from remand.fitting.layout import NEVER, RELEASED
from remand.fitting.nodes import REST
from remand.fitting.pace import season_of, short, weekdays_of
from remand.fitting.sparse import sparse
from remand.fitting.stays import Laws, periods
from remand.fitting.tonight import Aged
from remand.fitting.uncertain import draws, parameters
from remand.model.model import Model
from remand.model.states import GONE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DIGITS = 12
"""Decimals of a probability in a table: its sum stays within the model's tolerance of 1."""

INTERVALS = "intervals, the middle 90 % of draws of the Bayesian bootstrap over people"

_NUMBERS = {"exit", "duration", "probability", "days", "people"}


@dataclass(frozen=True)
class Folder:
    """A model as it is written: its document, and frames by the name of their file.

    A table of the document that names a ``file`` has its rows in ``tables`` under that name.

    Attributes:
        document: what model.yaml says.
        tables: CSV files that it names.
        parameters: every fitted number with its interval, n and unit (`uncertain.parameters`).
        draws: every draw of every parameter (`uncertain.draws`).
        limits: what the records cannot support, a sentence each.
        intervals: what the intervals are.
        trials: how it did where the truth is known, a sentence each.
        head: what the file says first of itself; by default that it was fitted to records.
    """

    document: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    parameters: pl.DataFrame
    draws: pl.DataFrame
    limits: tuple[str, ...]
    intervals: str
    trials: tuple[str, ...] = ()
    head: str | None = None

    @property
    def model(self) -> Model:
        """The model itself."""
        return Model.model_validate(_with_rows(self.document, self.tables))


def folder(fitted: Fitted, name: str, title: str) -> Folder:
    """A fit as a model folder: the document, and the tables it names."""
    return _Writer(fitted).folder(name, title)


class _Writer:
    """Writes one fit; tables gather as the document is made."""

    def __init__(self, fitted: Fitted) -> None:
        self.fitted = fitted
        self.layout = fitted.layout
        self.strata = fitted.layout.strata
        self.keys = [f"records_{i}" for i, _ in enumerate(fitted.records.sources, start=1)]
        self.tables: dict[str, pl.DataFrame] = {}

    def folder(self, name: str, title: str) -> Folder:
        fitted, layout = self.fitted, self.layout
        states = {state: self._state(s, state) for s, state in enumerate(layout.states)}
        if fitted.back is not None:
            states[RELEASED] = self._released(fitted.back.laws)
        document = {
            "remand": 1,
            "name": name,
            "title": title,
            "counts": fitted.records.counts,
            "note": told.model(fitted),
            "clock": {"start": fitted.start, "step": "day"},
            "strata": {axis: list(levels) for axis, levels in self.strata.axes.items()},
            "states": states,
            "arrivals": {state: self._arrivals(s) for s, state in enumerate(layout.states)},
            "tonight": self._tonight(),
            "sources": dict(zip(self.keys, told.sources(fitted), strict=True)),
            "draws_file": DRAWS if fitted.draws else None,
        }
        return Folder(
            {key: value for key, value in document.items() if value},
            self.tables,
            parameters(fitted),
            draws(fitted),
            tuple(told.limits(fitted)),
            INTERVALS,
        )

    # -- states -----------------------------------------------------------------------------

    def _state(self, s: int, state: str) -> dict[str, Any]:
        fitted, ways = self.fitted, self.layout.exits
        keys = fitted.laws.nodes.keys
        rows, taken = list[dict[str, Any]](), set[str]()
        for period, since in enumerate(self._periods()):
            own = fitted.laws.in_force(period)
            own = own[keys[own, 0] == s]
            if period and not (keys[own, -1] == period).any():
                continue
            file = f"stays_{state}{f'_from_{since}' if period else ''}.csv"
            self.tables[file] = self._law(fitted.laws, own, ways)
            taken |= set(self.tables[file]["exit"].to_list())
            dated = {"from": since} if period else {}
            rows.append({**dated, "law": "table", "file": file})
        to = GONE if fitted.back is None else RELEASED
        return {
            "kind": "jail",
            "label": self.layout.labels[state],
            "statuses": [self.layout.labels[state]],
            "source": self.keys,
            "note": told.stays(fitted, np.flatnonzero(keys[:, 0] == s)),
            "dwell": rows if len(rows) > 1 else rows[0],
            "exits": {way: {"to": to} for way in ways if way in taken},
        }

    def _released(self, laws: Laws) -> dict[str, Any]:
        ways = [*(f"back_{state}" for state in self.layout.states), NEVER]
        leads = dict(zip(ways, [*self.layout.states, GONE], strict=True))
        table = self.tables["returns.csv"] = self._law(laws, laws.in_force(), ways)
        taken = set(table["exit"].to_list())
        return {
            "kind": "community",
            "label": "Released, may be booked again",
            "source": self.keys,
            "note": told.returns(self.fitted),
            "dwell": {"law": "table", "file": "returns.csv"},
            "exits": {way: {"to": leads[way]} for way in ways if way in taken},
        }

    def _periods(self) -> list[dt.date]:
        """The period in force at the start, and those that begin after it within the records."""
        fitted = self.fitted
        found = periods(fitted.records.since, fitted.records.until)
        return [fitted.start, *(day for day in found if day > fitted.start)]

    def _law(self, laws: Laws, groups: Ints, ways: Sequence[str]) -> pl.DataFrame:
        """Exit × duration of some groups: columns of the axes, exit, duration, probability."""
        mass = sparse(laws.joint.durations, laws.joint.mass[0, groups])
        mass = np.where(mass >= 10.0**-DIGITS, mass, 0.0)
        mass = np.round(mass / mass.sum(axis=(1, 2), keepdims=True), DIGITS)
        at, way, day = np.nonzero(mass.swapaxes(1, 2))
        columns: dict[str, Any] = {}
        for i, (axis, levels) in enumerate(self.strata.axes.items()):
            named = pl.Series(["", *levels], dtype=pl.String)
            columns[axis] = named[laws.nodes.keys[groups, 1 + i] - REST][at]
        columns["exit"] = pl.Series(list(ways), dtype=pl.String)[way]
        columns["duration"] = laws.joint.durations[day]
        columns["probability"] = mass[at, day, way]
        return pl.DataFrame(columns)

    # -- people -----------------------------------------------------------------------------

    def _tonight(self) -> dict[str, Any]:
        """People inside by state; ``steady`` where they are too few to be told of."""
        tonight: dict[str, Any] = {}
        laws = self.fitted.laws.groups(self.layout, len(self.layout.states))
        for s, (state, aged) in enumerate(zip(self.layout.states, self.fitted.inside, strict=True)):
            if aged is None:
                tonight[state] = "steady"
                continue
            file = f"inside_{state}.csv"
            self.tables[file] = self._inside(aged, self.fitted.laws, laws[s])
            tonight[state] = {"source": self.keys, "note": told.inside(aged), "file": file}
        back = self.fitted.back
        if back is not None and back.out is None:
            tonight[RELEASED] = "steady"
        elif back is not None and back.out is not None:
            own = back.laws.groups(self.layout, 1)[0]
            self.tables["released_before.csv"] = self._inside(back.out, back.laws, own)
            inferred = told.released_before(self.fitted)
            tonight[RELEASED] = {"inferred": inferred, "file": "released_before.csv"}
        return tonight

    def _inside(self, aged: Aged, laws: Laws, groups: Ints) -> pl.DataFrame:
        """People by stratum and days so far: columns of the axes, days, people.

        Nobody is told to have been there longer than their law lets anyone be: where small groups
        were spread, a law may be shorter than the time it is given.
        """
        held = sparse(laws.joint.durations, laws.joint.mass[0]).max(axis=2) >= 10.0**-DIGITS
        last = held.shape[1] - 1 - held[:, ::-1].argmax(axis=1)
        most = laws.joint.durations[last][groups] - 1
        columns: dict[str, Any] = {
            axis: pl.Series([cell[i] for cell in self.strata.cells], dtype=pl.String)[aged.stratum]
            for i, axis in enumerate(self.strata.axes)
        }
        columns["days"] = np.minimum(aged.days, most[aged.stratum])
        columns["people"] = np.round(aged.people, 6)
        return pl.DataFrame(columns)

    # -- arrivals ---------------------------------------------------------------------------

    def _arrivals(self, s: int) -> dict[str, Any]:
        fitted, own = self.fitted, self.fitted.admitted
        pace, rate = own.pace[s], own.rate[0, :, s]
        if fitted.back is not None:
            rate = rate * fitted.back.new.share[:, s]
        axes = self.strata.axes
        rows: list[dict[str, Any]] = [{"value": 0.0}] if axes else []
        for g, cell in enumerate(self.strata.cells):
            if rate[g] > 0 or not axes:
                where = {"where": dict(zip(axes, cell, strict=True))} if axes else {}
                rows.append({**where, "value": short(rate[g])})
        found: dict[str, Any] = {
            "source": self.keys,
            "note": told.arrivals(fitted, s),
            "unit": "people per day",
            "rate": rows,
        }
        inside = fitted.start < fitted.records.until
        if inside and own.counts[s]:
            found["pace"] = self._pace(s)
        if (pace.season[0] != 1).any():
            found["season"] = season_of(short(x) for x in pace.season[0])
        if (pace.weekday[0] != 1).any():
            found["weekdays"] = weekdays_of(short(x) for x in pace.weekday[0])
        if own.counts[s]:
            found["drift"] = drift(pace.slopes, own.calendar, fitted.records.until, self.keys)
        if np.isfinite(own.size[s]):
            found["spread"] = short(own.size[s])
        return found

    def _pace(self, s: int) -> list[dict[str, Any]]:
        """New people in each month from the start to the records' end, as factors of the rate."""
        fitted, own = self.fitted, self.fitted.admitted
        first = (fitted.start - fitted.records.since).days
        level = own.pace[s].level(own.calendar)[0]
        came = own.pace[s].on(own.calendar)[0]
        share = np.ones(len(level))
        lately = 1.0
        if fitted.back is not None:
            rate = own.rate[0, :, s]
            lately = float(rate @ fitted.back.new.share[:, s]) / max(float(rate.sum()), 1e-300)
            share = fitted.back.new.returning[s]
        month = own.calendar.month[first:]
        edges = first + np.flatnonzero(np.append(True, np.diff(month) != 0))
        rows = []
        for begin, end in zip(edges, [*edges[1:], len(level)], strict=True):
            fresh = lately
            if fitted.back is not None:
                fresh = max(1.0 - share[begin:end].sum() / max(came[begin:end].sum(), 1e-300), 0.0)
            factor = level[begin:end].mean() / level[first] * fresh / max(lately, 1e-300)
            day = fitted.records.since + dt.timedelta(int(begin))
            rows.append({"from": day, "value": short(factor)} if begin > first
                        else {"value": short(factor)})  # fmt: skip
        return rows


def _with_rows(node: Any, tables: dict[str, pl.DataFrame]) -> Any:
    """A document with the rows of its tables in it."""
    if isinstance(node, dict):
        full = {key: _with_rows(value, tables) for key, value in node.items()}
        if isinstance(full.get("file"), str) and full["file"] in tables:
            frame = tables[full["file"]]
            axes = [column for column in frame.columns if column not in _NUMBERS]
            full["rows"] = [_cell(row, axes) for row in frame.iter_rows(named=True)]
        return full
    return [_with_rows(item, tables) for item in node] if isinstance(node, list) else node


def _cell(row: dict[str, Any], axes: list[str]) -> dict[str, Any]:
    where = {axis: row[axis] for axis in axes if row[axis]}
    own = {key: value for key, value in row.items() if key not in axes}
    return {"where": where, **own} if where else own
