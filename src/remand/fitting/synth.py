"""Synthetic booking records: the sampled engine's people, written down as a jail would.

A record is a stay: from entering the kind ``jail`` from outside it to leaving it, so a county
sentence after detention goes on with the same booking. Nobody in these records exists, and every
row says so.

The engine counts steps; the moment within a step is drawn here, people coming at all moments of it
alike. A stay that crosses ``d`` steps ends ``d`` steps after it began, and one that crosses none
ends in what is left of its step.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.engine.compile import compile_model
from remand.engine.kernel import Ints, Kernel
from remand.engine.kinds import carried_at_start
from remand.engine.sampled import histories
from remand.engine.streams import purpose
from remand.errors import InputError
from remand.model.clock import Clock
from remand.model.model import Model
from remand.model.states import KINDS, State

AXES = {
    "charge": ("charge", "offence", "offense"),
    "race": ("race",),
    "sex": ("sex",),
    "age": ("age",),
}
"""Columns that say what a person is, and the axes of a model that fill them: the first it has."""

FREE = "released"
COLUMNS = ("person", "booking", "in", "out", "charge", "status", "status_last", "race", "sex",
           "age", "release_reason", "synthetic")  # fmt: skip

MARK = "synthetic"
"""The column, true in every row, and the key of a Parquet file's metadata."""

Moments = NDArray[np.datetime64]


@dataclass(frozen=True)
class Records:
    """Synthetic bookings, and what must be said with them.

    Attributes:
        bookings: one row a stay, in the order of ``in``. Columns: person, booking (1, 2, …), in,
            out (null while inside at the end), charge, status (at booking; null if the person was
            inside before the model's start and may have been booked with another), status_last
            (on release, or at the end), race, sex, age, release_reason (the state entered next,
            or ``released`` for all who walk out; null while inside), synthetic (always true).
        since, until: the period; every stay that overlaps [since, until) is there.
        people: how many different persons.
        before: stays that began before the model's start. Their ``in`` is a mean of the model.
        empty: columns without a value, because the model has no such axis.
        left_out: axes of the model that no column shows.
    """

    bookings: pl.DataFrame
    since: dt.date
    until: dt.date
    people: int
    before: int
    empty: tuple[str, ...]
    left_out: tuple[str, ...]


def synth(
    model: Model, since: dt.date | None = None, until: dt.date | None = None, seed: int = 0
) -> Records:
    """Records of exactly the people that the sampled engine counts in replicate 0 of a seed.

    The period is half-open: by default a year from the model's start. The same seed gives the
    same records. Raises InputError for a model without a jail, or a period outside its time.
    """
    since, until = _period(model, since, until)
    kernel = compile_model(model, until)
    stays = _stays(kernel, seed, since, until)
    columns = {column: _axis(model, names) for column, names in AXES.items()}
    return Records(
        bookings=_table(model, stays, columns),
        since=since,
        until=until,
        people=int(stays.person.max(initial=0)),
        before=int(stays.found.sum()),
        empty=tuple(column for column, axis in columns.items() if axis is None),
        left_out=tuple(axis for axis in model.strata.axes if axis not in columns.values()),
    )


def write(bookings: pl.DataFrame, name: str | Path) -> Path:
    """Write bookings to a .csv or .parquet file, whole or not at all.

    CSV is marked by its column ``synthetic``, Parquet in its metadata too. Raises InputError if
    the file has another suffix or cannot be written; a file that was there before is then kept.
    """
    path = writable(name)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            if path.suffix == ".csv":
                bookings.write_csv(file, datetime_format="%Y-%m-%d %H:%M:%S")
            else:
                bookings.write_parquet(file, metadata={MARK: "true"})
        beside.replace(path)
    except OSError as error:
        raise InputError.of(
            f"'{name}' cannot be written: {error.strerror or error}", fix="give another place"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
    return path


def writable(name: str | Path) -> Path:
    """The path bookings may be written to. Raises InputError for another suffix or no folder."""
    path = Path(name)
    if path.suffix not in {".csv", ".parquet"}:
        raise InputError.of(
            f"--out cannot write '{path.suffix or path.name}'", fix="end it in .csv or .parquet"
        )
    if not path.parent.is_dir():
        raise InputError.of(
            f"'{name}' cannot be written: there is no folder '{path.parent}'",
            fix="give another place",
        )
    return path


def _period(model: Model, since: dt.date | None, until: dt.date | None) -> tuple[dt.date, dt.date]:
    """The period asked for, if the model can answer for it."""
    if "jail" not in model.kinds:
        raise InputError.of(
            f"'{model.name}' has no state of kind jail, so nobody is booked into one",
            fix="give a model with a jail",
        )
    start = model.clock.start
    since = since or start
    if since < start:
        raise InputError.of(
            f"--from {since} is before the model's first day ({start})",
            fix=f"give a --from of {start} or later",
        )
    until = until or _a_year_on(since)
    if until <= since:
        raise InputError.of(
            f"--to {until} is not after --from {since}",
            fix="give a later --to, or an earlier --from",
        )
    return since, until


def _a_year_on(day: dt.date) -> dt.date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap else day.day)


@dataclass(frozen=True)
class _Stays:
    """Stays in jail custody by index: (stays,) each, in the order of ``into``.

    ``first`` and ``last`` are states; ``then`` is where people went, the number of states for
    *gone* and −1 while inside.
    """

    person: Ints
    stratum: Ints
    into: Moments
    out: Moments
    first: Ints
    last: Ints
    then: Ints
    found: NDArray[np.bool_]


def _stays(kernel: Kernel, seed: int, since: dt.date, until: dt.date) -> _Stays:
    """Every stay that overlaps [since, until), as it stands at the end."""
    chance = np.random.default_rng(int(purpose("synth", str(seed))))
    events = histories(kernel, seed)
    # beside the states: outside, gone and the −1 of people found inside, none of them a jail
    jail = np.append(kernel.kind == KINDS.index("jail"), [False])
    kept = np.flatnonzero(jail[events.origin] | jail[events.target])
    person, stratum = events.person[kept], events.stratum[kept]
    origin, target = events.origin[kept], events.target[kept]
    step = _booked(kernel, stratum, events.step[kept], origin, target)
    moment = _moments(kernel.clock, person, step, chance)

    known = np.flatnonzero(moment < np.datetime64(until))
    person, stratum, moment = person[known], stratum[known], moment[known]
    origin, target = origin[known], target[known]
    # a person's events in jail are entering, moving on within and leaving, in that order
    first = np.flatnonzero(~jail[origin])
    last = np.append(first[1:], len(origin)) - 1 if len(first) else first
    inside = jail[target[last]]
    out = np.where(inside, np.datetime64("NaT"), moment[last])

    overlaps = np.flatnonzero(inside | (out >= np.datetime64(since)))
    numbers = _numbers(person[first[overlaps]], chance)
    order = np.lexsort((numbers, moment[first[overlaps]]))
    at = overlaps[order]
    first, last, inside = first[at], last[at], inside[at]
    return _Stays(
        person=numbers[order],
        stratum=stratum[first],
        into=moment[first],
        out=out[at],
        first=target[first],
        last=np.where(inside, target[last], origin[last]),
        then=np.where(inside, -1, target[last]),
        found=origin[first] < 0,
    )


def _booked(kernel: Kernel, stratum: Ints, step: Ints, origin: Ints, target: Ints) -> Ints:
    """The step of each event; for people found in jail, the mean of when they were booked.

    The engine says when they entered the state they are in; what they had spent in jail before
    that is a mean too. They came before the first step, however short the mean.
    """
    _, earlier = carried_at_start(kernel)
    found = np.flatnonzero(origin < 0)
    step = step.copy()
    mean = np.rint(step[found] - earlier[stratum[found], target[found]]).astype(np.int64)
    step[found] = np.minimum(mean, -1)
    return step


def _moments(clock: Clock, person: Ints, step: Ints, chance: np.random.Generator) -> Moments:
    """A moment in the step of each event.

    A person's first of a step is anywhere in it, each further one anywhere in what is left. The
    share left shrinks by a uniform factor, whose logarithm is exponential: waits add up.
    """
    low, high = int(step.min(initial=0)), int(step.max(initial=0))
    begins = np.array([clock.date(i) for i in range(low, high + 2)], "datetime64[s]")
    length = np.diff(begins).astype(np.int64)[step - low]
    wait = chance.standard_exponential(len(step))
    waited = np.cumsum(wait)
    another = np.append(True, (np.diff(person) != 0) | (np.diff(step) != 0))[: len(step)]
    waited -= np.maximum.accumulate(np.where(another, waited - wait, 0.0))
    second = (-np.expm1(-waited) * length).astype(np.int64)
    moments: Moments = begins[step - low] + np.minimum(second, length - 1)
    return moments


def _numbers(person: Ints, chance: np.random.Generator) -> Ints:
    """Persons numbered from 1 in an order that says nothing of when or where they came."""
    names, code = np.unique(person, return_inverse=True)
    numbers: Ints = chance.permutation(len(names))[code] + 1
    return numbers


def _table(model: Model, stays: _Stays, columns: dict[str, str | None]) -> pl.DataFrame:
    states, n = list(model.states.items()), len(model.states)
    entered_within = {
        state.target(name) for _, state in states if state.kind == "jail" for name in state.exits
    }
    status = pl.Series([_status(name, state) for name, state in states] + [None], dtype=pl.String)
    unsure = np.array([name in entered_within for name, _ in states])
    first = np.where(stays.found & unsure[stays.first], n, stays.first)
    # no jail knows who will come back: everyone who walks out has the same reason
    reasons = [
        FREE if state.kind == "community" else _plain(name, state) for name, state in states
    ] + [FREE, None]
    values = {
        "person": pl.Series(stays.person),
        "booking": pl.Series(np.arange(1, len(stays.person) + 1)),
        "in": pl.Series(stays.into.astype("datetime64[ms]")),
        "out": pl.Series(stays.out.astype("datetime64[ms]")),
        "status": status[first],
        "status_last": status[stays.last],
        "release_reason": pl.Series(reasons, dtype=pl.String)[stays.then % (n + 2)],
        MARK: pl.repeat(True, len(stays.person), eager=True),
    }
    for column, axis in columns.items():
        levels = [None] * len(model.strata) if axis is None else _levels(model, axis)
        values[column] = pl.Series(levels, dtype=pl.String)[stays.stratum]
    return pl.DataFrame([values[column].alias(column) for column in COLUMNS])


def _axis(model: Model, names: tuple[str, ...]) -> str | None:
    """The first of these axes that a model has."""
    return next((name for name in names if name in model.strata.axes), None)


def _levels(model: Model, axis: str) -> list[str]:
    """The level of an axis in every stratum."""
    position = list(model.strata.axes).index(axis)
    return [cell[position] for cell in model.strata.cells]


def _status(name: str, state: State) -> str:
    """A state's statuses, or what it is called if it has none."""
    return "; ".join(state.statuses) or _plain(name, state)


def _plain(name: str, state: State) -> str:
    """What a state is called."""
    return state.label or name.replace("_", " ")
