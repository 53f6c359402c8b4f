"""What is said of a file: corrections by a person, columns and what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from remand.errors import InputError, Problem
from remand.records.intake.forms import Form

WHO = ("person", "booking")
WHAT = ("race", "sex", "age", "birth_year", "birth_date", "charge", "charge_last", "status",
        "status_last", "release_reason", "synthetic")  # fmt: skip
TIMES = ("admitted", "released", "first_seen", "last_seen", "day", "birth_date")
"""Fields that are dates."""

FIELDS_OF = {
    "bookings": (*WHO, "admitted", "released", "admitted_time", "released_time", *WHAT),
    "snapshots": (*WHO, "admitted", "released", "admitted_time", "released_time", "first_seen",
                  "last_seen", "day", *WHAT),
    "census": ("day", "people", "axis", "level"),
    "aggregates": ("place", "month", "year", "quarter", "day"),
}  # fmt: skip
"""Fields that a file of each kind may have."""

KIND_NAMES = tuple(FIELDS_OF)


def _as_is(problem: Problem) -> Problem:
    return problem


@dataclass(frozen=True)
class Corrections:
    """What a person says of a file, against or beyond what is guessed.

    Attributes:
        columns: field → the column it is, by name or by position counted from 1; or, with None,
            a field that no column is.
        forms: field or column → the form of its dates: a name, or strptime's signs.
        values: field → raw value → level. Shell patterns are allowed, the first that fits holds,
            ``*`` is the rest.
        keep: columns to keep beside the known ones.
        since, until: the window, half-open; either may be left to be inferred.
        counts: ``in-facility`` or ``jurisdiction``.
        header: whether there is one, or its line, counted from 1.
        delimiter, sheet, kind: of the file.
        locate: adds file and line to a problem.
    """

    columns: Mapping[str, str | int | None] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    counts: str | None = None
    header: bool | int | None = None
    delimiter: str | None = None
    sheet: str | None = None
    kind: str | None = None
    locate: Callable[[Problem], Problem] = _as_is

    def wrong(self, message: str, fix: str, *path: str, value: Any = None) -> InputError:
        """An input error in the mapping, with its line."""
        return InputError([self.problem(message, fix, *path, value=value)])

    def problem(self, message: str, fix: str, *path: str, value: Any = None) -> Problem:
        """A problem of the mapping, with its line."""
        return self.locate(Problem("error", path, message, value, fix))


@dataclass(frozen=True)
class Column:
    """One column of a file and what became of it.

    Attributes:
        name: in the header.
        position: counted from 0.
        field: what it was read as; None if it was left out.
        form: how its dates are written.
        kept: its name in the work file, if it was asked for with --keep.
        dropped: whether it must not be kept, not even in rows that are set aside.
        why: how it was known, or why it was left out.
        empty: the share of its cells that are empty.
        examples: a few of its values; none of a column that is dropped.
    """

    name: str
    position: int
    field: str | None = None
    form: Form | None = None
    kept: str = ""
    dropped: bool = False
    why: str = ""
    empty: float = 0.0
    examples: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand ingest --json``."""
        return {
            "column": self.name,
            "field": self.field,
            "form": self.form.name if self.form else None,
            "kept": self.kept or None,
            "why": self.why,
            "empty": round(self.empty, 6),
            "examples": list(self.examples),
        }


@dataclass(frozen=True)
class Read:
    """How a file is read: its kind, its columns, and what was taken for granted."""

    kind: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    def of(self, field: str) -> Column | None:
        """The column that is a field, if there is one."""
        return next((c for c in self.columns if c.field == field), None)

    def kept(self) -> tuple[Column, ...]:
        """Columns kept beside the known ones."""
        return tuple(c for c in self.columns if c.kept)
