"""Rows of counts laid on one calendar: the step told from the dates, holes kept as holes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.errors import InputError, Problem, did_you_mean
from remand.evidence.panel import Floats, Panel, Step
from remand.records.checks.check import counted

KEYS = ("unique_id", "ds", "y")
"""Columns of rows: whose count, of which step (its first day, or a day in it), people held."""

LINE = "_line"
"""The column of rows that tells their line in the file."""

SHOWN = 5
"""Problems of one kind that are told one by one; of the rest, how many."""

REPORTED = ("y", "bookings")
"""Columns in which a zero of a series that was large until then means that nothing was reported."""

TINY = 10.0
"""A jail that mostly held fewer may truly be empty; in a larger one a zero is no count,"""

HOLES = 3
"""but so many in a row at most: from the next one on it is taken to have closed."""

_TOLD = "_told"
_GAPS: dict[Step, tuple[int, int]] = {"day": (1, 1), "week": (7, 7), "month": (28, 31)}


class Faults:
    """Problems of a file, gathered so that all are told at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def add(self, rows: pl.DataFrame, field: str, message: str, fix: str, told: str = "") -> None:
        """A problem a row, up to `SHOWN`; then how many more.

        ``told`` is the column of the value that the message tells, if not that of the field.
        """
        for line, value in rows.head(SHOWN).select(LINE, told or field).iter_rows():
            shown = f"'{value}'" if isinstance(value, str) else value
            self.say(message.format(shown), fix, field, line=line, value=value)
        if (more := len(rows) - SHOWN) > 0:
            self.say(f"{more:,} further rows like the last", fix, field)

    def say(self, message: str, fix: str, field: str = "", **known: Any) -> None:
        """One problem."""
        path = (field,) if field else ()
        self.found.append(Problem("error", path, message, fix=fix, file=self.file, **known))

    def raise_any(self) -> None:
        """Raises InputError if there are any."""
        if self.found:
            raise InputError(self.found)


def lay(rows: pl.DataFrame, faults: Faults, places: Sequence[str] = ()) -> tuple[Panel, list[str]]:
    """A panel of rows, and notes of what was done to get it.

    ``rows``: ``unique_id`` (text), ``ds`` (date), ``y`` (number, may be null), `LINE` (may
    be null), and signals (numbers). ``places`` keeps the series named, in capitals or
    not. Steps without a row, and zeros that are no counts (`silent`), are not known (NaN).

    Raises InputError, with the faults found before, for repeated steps, counts below 0, and dates
    that are not of one step; and for a place that is not there.

    >>> rows = pl.DataFrame({"unique_id": ["a"] * 3, "ds": [dt.date(2020, m, 1) for m in (1, 2, 4)],
    ...                      "y": [50.0, 0.0, 40.0], "_line": [2, 3, 4]})
    >>> panel, notes = lay(rows, Faults("counts.csv"))
    >>> panel.step, panel.y
    ('month', array([[50., nan, nan, 40.]]))
    """
    rows = _chosen(rows, places)
    faults.add(
        rows.filter(pl.col("y") < 0),
        "y", "{} people cannot be held", "give the count, or leave it empty if there is none",
    )  # fmt: skip
    if rows["y"].is_null().all() and not faults.found:
        faults.say("no row tells how many people are held", "give a file of populations", "y")
        faults.raise_any()
    notes: list[str] = []
    step = _step(rows, faults)
    if step is not None:
        rows = _on_steps(rows, step, faults, notes)
    faults.raise_any()
    assert step is not None  # noqa: S101 - else it is among the faults
    rows, zeros = _unreported(rows)
    notes += zeros
    panel = _panel(rows, step)
    if holes := _holes(panel.y):
        notes.append(f"{counted(holes, step)} inside the series not reported: left unknown")
    return panel, notes


def _chosen(rows: pl.DataFrame, places: Sequence[str]) -> pl.DataFrame:
    """The rows of the places asked for."""
    if not places:
        return rows
    known = rows["unique_id"].unique().sort().to_list()
    return rows.filter(pl.col("unique_id").is_in(named(known, places)))


def named(known: Sequence[str], places: Sequence[str]) -> list[str]:
    """Series as they are called, by names in capitals or not. Raises InputError for unknown ones.

    >>> named(["Kent", "York"], ["york"])
    ['York']
    """
    by_lower = {name.lower(): name for name in known}
    missing = [place for place in places if place.lower() not in by_lower]
    if missing:
        raise InputError(
            Problem("error", ("--place",), f"there is no series '{place}'", place,
                    did_you_mean(place, known))
            for place in missing
        )  # fmt: skip
    return [by_lower[place.lower()] for place in places]


# -- the step -------------------------------------------------------------------------------


def _step(rows: pl.DataFrame, faults: Faults) -> Step | None:
    """What the steps are, by the usual gap between the dates of a series."""
    found: dict[Step, str] = {}
    for (name,), own in rows.partition_by("unique_id", maintain_order=True, as_dict=True).items():
        days = own["ds"].unique().sort().to_list()
        if len(days) < 2:
            continue
        gaps = sorted((b - a).days for a, b in pairwise(days))
        gap = gaps[(len(gaps) - 1) // 2]
        step = next((s for s, (low, high) in _GAPS.items() if low <= gap <= high), None)
        if step is None:
            faults.say(
                f"dates of '{name}' are mostly {gap} days apart",
                "give daily, weekly or monthly counts", "ds", value=f"{days[0]}, {days[1]}",
            )  # fmt: skip
            return None
        found.setdefault(step, str(name))
    if len(found) > 1:
        said = " but ".join(f"'{name}' is by the {step}" for step, name in found.items())
        faults.say(f"steps are mixed: {said}", "give series of one step in a file", "ds")
        return None
    if not found:
        faults.say("no series has two dates, so there is no step", "give more of its past", "ds")
        return None
    return next(iter(found))


def _on_steps(rows: pl.DataFrame, step: Step, faults: Faults, notes: list[str]) -> pl.DataFrame:
    """Rows with ``ds`` the first day of its step; every row that is not of one is a fault."""
    rows = rows.with_columns(pl.col("ds").alias(_TOLD))
    if step == "month":
        if (inside := int((rows["ds"].dt.day() != 1).sum())) > 0:
            notes.append(f"{inside:,} dates inside a month stand for their month")
        rows = rows.with_columns(pl.col("ds").dt.truncate("1mo"))
    elif step == "week":
        weekday = pl.col("ds").dt.weekday()
        usual = rows.select(weekday.mode().first()).item()
        faults.add(
            rows.filter(weekday != usual),
            "ds", "{} is not on the weekday of the other weeks", "date all weeks alike",
        )  # fmt: skip
    again = rows.filter(pl.struct("unique_id", "ds").is_first_distinct().not_())
    mixed = step == "month" and (again[_TOLD].dt.day() != 1).any()
    faults.add(
        again, "ds",
        "{} is a second date of the same month and series" if mixed
        else "{} stands twice in the same series",
        "are steps mixed? give one row a month" if mixed else "keep one row a step and series",
        _TOLD,
    )  # fmt: skip
    if step == "day":
        for (name,), own in rows.partition_by(
            "unique_id", maintain_order=True, as_dict=True
        ).items():
            days = set(own["ds"].to_list())
            first, last = min(days), max(days)
            span = (last - first).days + 1
            if 2 * len(days) < span:
                faults.say(
                    f"'{name}' is by the day in part, but {span - len(days):,} days of "
                    f"{first} to {last} are not there",
                    "are steps mixed? give one row a day", "ds",
                )  # fmt: skip
    return rows.drop(_TOLD)


# -- the calendar ---------------------------------------------------------------------------


def silent(values: Floats) -> NDArray[np.bool_]:
    """Which zeros of a series (steps,) mean that nothing was reported: (steps,).

    Those among the first `HOLES` in a row, where the median of the values above 0 that stand before
    them is `TINY` or more. Nothing that stands after a zero is asked, so that a series reads
    the same whatever came of it.

    >>> silent(np.array([0.0, 40.0, 0.0, 0.0, 30.0, 0.0, 0.0, 0.0, 0.0])).astype(int).tolist()
    [0, 0, 1, 1, 0, 1, 1, 1, 0]
    """
    found, running = np.zeros(len(values), bool), 0
    for i, value in enumerate(values):
        if not np.isnan(value):
            running = running + 1 if value == 0 else 0
        if value == 0 and running <= HOLES:
            before = values[:i][values[:i] > 0]
            found[i] = len(before) > 0 and np.median(before) >= TINY
    return found


def _unreported(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Zeros that are no counts made unknown, with notes that tell of them."""
    notes = []
    for column in [c for c in REPORTED if c in rows.columns]:
        empty, whose = np.zeros(len(rows), bool), []
        for (name,), own in (
            rows.with_row_index("at")
            .sort("ds")
            .partition_by("unique_id", maintain_order=True, as_dict=True)
            .items()
        ):
            values = own[column].cast(pl.Float64).fill_null(math.nan).to_numpy()
            if (found := silent(values)).any():
                empty[own["at"].to_numpy()[found]] = True
                whose.append(str(name))
        if empty.any():
            shown = ", ".join(sorted(whose)[:4]) + (", …" if len(whose) > 4 else "")
            notes.append(
                f"{counted(int(empty.sum()), 'zero')} in {column} of {shown}: taken as not "
                f"reported (the first {HOLES} in a row; later ones are believed)"
            )
            rows = rows.with_columns(pl.when(~pl.Series(empty)).then(column).alias(column))
    return rows, notes


def _numbers(rows: pl.DataFrame) -> list[str]:
    return [c for c in rows.columns if c not in {"unique_id", "ds", LINE}]


def _panel(rows: pl.DataFrame, step: Step) -> Panel:
    ids = tuple(rows["unique_id"].unique(maintain_order=True).to_list())
    known = rows.drop_nulls("y")
    dates = tuple(calendar(known["ds"].min(), known["ds"].max(), step))  # type: ignore[arg-type]
    row = {name: i for i, name in enumerate(ids)}
    column = {day: i for i, day in enumerate(dates)}
    rows = rows.filter(pl.col("ds").is_between(dates[0], dates[-1]))
    at = (
        np.array([row[name] for name in rows["unique_id"]], np.int64),
        np.array([column[day] for day in rows["ds"]], np.int64),
    )

    def table(name: str) -> Floats:
        laid = np.full((len(ids), len(dates)), np.nan)
        laid[at] = rows[name].cast(pl.Float64).fill_null(math.nan).to_numpy()
        return laid

    signals = {name: table(name) for name in _numbers(rows) if name != "y"}
    return Panel(ids, dates, step, table("y"), signals)


def calendar(first: dt.date, last: dt.date, step: Step) -> Iterator[dt.date]:
    """The first days of steps, adjoining, from the first to the last.

    >>> [str(d) for d in calendar(dt.date(2019, 12, 1), dt.date(2020, 1, 1), "month")]
    ['2019-12-01', '2020-01-01']
    """
    day = first
    while day <= last:
        yield day
        day = after(day, step)


def written(day: dt.date | str, step: Step) -> str:
    """The first day of a step as people write it.

    >>> written(dt.date(2019, 12, 1), "month"), written("2019-12-01", "day")
    ('2019-12', '2019-12-01')
    """
    return str(day)[:7] if step == "month" else str(day)


def after(day: dt.date, step: Step, steps: int = 1) -> dt.date:
    """The first day of the step that is so many on (or back, below 0).

    >>> after(dt.date(2019, 12, 1), "month", 14)
    datetime.date(2021, 2, 1)
    """
    if step == "month":
        year, month = divmod(day.year * 12 + day.month - 1 + steps, 12)
        return dt.date(year, month + 1, 1)
    return day + dt.timedelta(steps * _GAPS[step][0])


def _holes(y: Floats) -> int:
    """Steps not known between the first and the last that are, over all series."""
    known = np.isfinite(y)
    since = np.maximum.accumulate(known, axis=1)
    until = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    return int((since & until & ~known).sum())
