"""Which column of a file is what: guessed by names and values, corrected by a mapping."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from remand.errors import InputError, Problem, did_you_mean
from remand.records import guessing
from remand.records.contracts import STAYS
from remand.records.forms import FORMS, Form, Found, found, named, settled, turned
from remand.records.names import field_of, kept_out, words
from remand.records.reading import Table

if TYPE_CHECKING:
    import duckdb

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

_EXAMPLE = {
    "bookings": "{admitted: NAME, released: NAME}",
    "snapshots": "{day: NAME, person: NAME}",
    "census": "{day: NAME, people: NAME}",
    "aggregates": "{month: NAME}",
}


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
        header, delimiter, sheet, kind: of the file.
        locate: adds file and line to a problem.
    """

    columns: Mapping[str, str | int | None] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    counts: str | None = None
    header: bool | None = None
    delimiter: str | None = None
    sheet: str | None = None
    kind: str | None = None
    locate: Callable[[Problem], Problem] = _as_is

    def wrong(self, message: str, fix: str, *path: str, value: Any = None) -> InputError:
        """An input error in the mapping, with its line."""
        return InputError([self.locate(Problem("error", path, message, value, fix))])


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


def mapped(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    corrections: Corrections,
    kind: str | None = None,
    keep: Sequence[str] = (),
) -> Read:
    """How to read a file, of which the table ``sample`` holds the first rows.

    Raises InputError if it holds nothing of a jail, or a correction does not fit it.
    """
    given = _given(table, corrections)
    kind = kind or corrections.kind or guessing.kind(con, table, set(given.values()))
    fields = _by_name(table, kind, given, corrections)
    why = dict.fromkeys(fields, "")
    if kind in {"bookings", "snapshots"}:
        for position, (name, reason) in guessing.by_values(con, table, kind, fields).items():
            fields[position], why[position] = name, reason
    columns = [
        _column(con, table, i, fields.get(i), why.get(i, "")) for i in range(len(table.columns))
    ]
    if kind in {"bookings", "snapshots"}:
        columns = _keep(table, columns, [*corrections.keep, *keep], corrections)
    read = Read(kind, tuple(columns))
    _have_values(read, corrections)
    _complete(table, read)
    return _with_forms(con, table, read, corrections)


def _given(table: Table, corrections: Corrections) -> dict[int, str]:
    """Fields by position, as the mapping names them."""
    known = {name for names in FIELDS_OF.values() for name in names}
    given: dict[int, str] = {}
    for name, column in corrections.columns.items():
        if name not in known:
            raise corrections.wrong(
                f"there is no field '{name}'", did_you_mean(name, sorted(known)), "columns", name
            )
        if column is None:
            continue
        if isinstance(column, int):
            if not 1 <= column <= len(table.columns):
                raise corrections.wrong(
                    f"there is no column {column} in {table.look.name}: it has "
                    f"{len(table.columns)}", "count from 1", "columns", name, value=column,
                )  # fmt: skip
            given[column - 1] = name
            continue
        same = [i for i, c in enumerate(table.columns) if words(c) == words(column)]
        exact = [i for i in same if table.columns[i] == column]
        if not same:
            raise corrections.wrong(
                f"{table.look.name} has no column '{column}'",
                did_you_mean(column, table.columns), "columns", name, value=column,
            )  # fmt: skip
        given[(exact or same)[0]] = name
    return given


def _by_name(
    table: Table, kind: str, given: Mapping[int, str], corrections: Corrections
) -> dict[int, str]:
    """Fields by position: what the mapping says, then the likeliest names."""
    fields = dict(given)
    taken = set(given.values()) | {n for n, c in corrections.columns.items() if c is None}
    likely = sorted(
        (rank, i, name)
        for i, column in enumerate(table.columns)
        if i not in fields and kept_out(column) is None and (known := field_of(column)) is not None
        for name, rank in [known]
        if name in FIELDS_OF[kind]
    )
    for _, i, name in likely:
        if name not in taken:
            fields[i] = name
            taken.add(name)
    if kind == "snapshots" and {"first_seen", "last_seen"} <= taken:
        fields = {i: name for i, name in fields.items() if name != "day" or i in given}
    return fields


def _column(
    con: duckdb.DuckDBPyConnection, table: Table, i: int, name: str | None, why: str
) -> Column:
    empty = 1 - table.filled[i] / max(table.rows - len(table.unreadable), 1)
    column = Column(table.columns[i], i, name, empty=empty, why=why)
    out = kept_out(column.name)
    if name is None and out:
        return replace(column, dropped=True, why=out[0])
    if name is None:
        column = replace(column, why=_why_left(column.name))
    if name == "birth_date":
        return replace(column, dropped=True, why="only its year is kept, as birth_year")
    shown = con.execute(
        f"SELECT c{i} FROM sample WHERE c{i} IS NOT NULL GROUP BY 1 "  # noqa: S608
        f"ORDER BY count(*) DESC, 1 LIMIT 3"
    ).fetchall()
    return replace(column, examples=tuple(row[0][:40] for row in shown))


def _why_left(name: str) -> str:
    known = field_of(name)
    if known is None:
        return "not known: left out (--keep keeps it)"
    return f"could be '{known[0]}' too: left out (a mapping can say so, --keep keeps it)"


def _keep(
    table: Table, columns: list[Column], keep: Iterable[str], corrections: Corrections
) -> list[Column]:
    contract = {c.name for c in STAYS}
    for name in dict.fromkeys(keep):
        at = next((i for i, c in enumerate(columns) if words(c.name) == words(name)), None)
        if at is None:
            fix = did_you_mean(name, table.columns)
            if name in corrections.keep:
                raise corrections.wrong(
                    f"{table.look.name} has no column '{name}' to keep", fix, "keep", value=name
                )
            raise InputError.of(
                f"--keep names no column of {table.look.name}: '{name}'", fix=fix, value=name
            )
        column, out = columns[at], kept_out(columns[at].name)
        if column.field == "birth_date" or (out and not out[1]):
            raise InputError.of(
                f"'{column.name}' says who somebody is, and is never kept",
                fix="leave it out of --keep and keep:",
                value=name,
            )
        if column.field is None:
            plain = "_".join(words(column.name).split()) or f"column_{at + 1}"
            plain = f"{plain}_kept" if plain in contract else plain
            columns[at] = replace(column, kept=plain, dropped=False, why="kept as asked")
    return columns


LEVELED = ("race", "sex", "charge", "charge_last", "status", "status_last", "release_reason")
"""Fields whose raw values a mapping may turn into levels; so may columns that are kept."""


def _have_values(read: Read, corrections: Corrections) -> None:
    known = [*LEVELED, *(c.kept for c in read.kept())]
    for name in corrections.values:
        if name not in known:
            raise corrections.wrong(
                f"'{name}' has no values that could become levels",
                did_you_mean(name, known),
                "values",
                name,
            )


def _complete(table: Table, read: Read) -> None:
    """Whether a file of this kind has what it must hold."""
    has = {c.field for c in read.columns}
    if read.kind == "bookings" and "admitted" not in has:
        missing = "when anybody was booked in"
    elif read.kind == "snapshots" and not (
        {"first_seen", "last_seen"} <= has or ("day" in has and has & {"person", "booking"})
    ):
        missing = "first_seen and last_seen, or the day of the snapshot and a person"
    elif read.kind == "census" and not {"day", "people"} <= has:
        missing = "a day and the people held"
    elif read.kind == "aggregates" and not has & {"month", "day", "year"}:
        missing = "a month"
    else:
        return
    names = ", ".join(f"'{c}'" for c in table.columns[:20])
    example = _EXAMPLE[read.kind]
    raise InputError.of(
        f"no column says {missing}, which {read.kind} need; the columns are {names}",
        fix=f"name it in a mapping: columns: {example}",
        file=str(table.look.path),
        line=1,
    )


# -- forms of dates -------------------------------------------------------------------------


def _with_forms(
    con: duckdb.DuckDBPyConnection, table: Table, read: Read, corrections: Corrections
) -> Read:
    """The same with the form of each column of dates."""
    notes: list[str] = []
    dates = [c for c in read.columns if c.field in TIMES or (c.field == "month")]
    for name in corrections.forms:
        if not any(name in (c.field, c.name) for c in dates):
            raise corrections.wrong(
                f"'{name}' is no date of {table.look.name}",
                did_you_mean(name, [str(c.field) for c in dates]), "forms", name,
            )  # fmt: skip
    forms: dict[int, Found] = {}
    for column in dates:
        said = corrections.forms.get(str(column.field)) or corrections.forms.get(column.name)
        text = text_of(read, column)
        if said is not None:
            form = named(said)
            if form is None:
                raise corrections.wrong(
                    f"'{said}' is no form of dates",
                    did_you_mean(said, [f.name for f in FORMS]) + " or write one: '%d.%m.%Y %H:%M'",
                    "forms", str(column.field), value=said,
                )  # fmt: skip
            forms[column.position] = Found(form, 1, 1)
            continue
        result = found(con, "sample", text)
        if result is None and table.filled[column.position]:  # empty in its first rows
            result = found(con, f"({table.sql})", text)
        elif result is None:
            result = Found(FORMS[0], 0, 0)
        if result is None or result.times_only:
            raise _no_form(con, table, column, times=result is not None)
        forms[column.position] = result
    known = next(
        (f.form.order for f in forms.values() if f.form.order and not f.unsettled and f.read), ""
    )
    columns = list(read.columns)
    for position, result in forms.items():
        column, form = columns[position], result.form
        if result.unsettled:
            # its first rows do not tell: another column may, or all of its rows
            source = f"({table.sql})"
            form = (
                (form if form.order == known else turned(form))
                if known
                else settled(con, source, text_of(read, column), form) or form
            )
            if not known and form is result.form:
                notes.append(_both_ways(column, form))
        columns[position] = replace(column, form=form)
    return replace(read, columns=tuple(columns), notes=(*read.notes, *notes))


def _both_ways(column: Column, form: Form) -> str:
    example = next(iter(column.examples), form.shown)
    return (
        f"DAY OR MONTH FIRST? '{column.name}' can be read both ways ('{example}'); it is taken as "
        f"month first. If it is not, say so in a mapping: "
        f"forms: {{{column.field}: {turned(form).name}}}"
    )


def text_of(read: Read, column: Column) -> str:
    """SQL of the text of a date: with its time of day, if that stands in a column of its own."""
    time = read.of(f"{column.field}_time")
    if time is None:
        return f"c{column.position}"
    return (
        f"CASE WHEN contains(c{column.position}, ':') AND NOT regexp_matches(c{column.position}, "
        f"' 0?0:00(:00)?(\\.0+)?$') THEN c{column.position} WHEN c{column.position} IS NOT NULL "
        f"THEN concat_ws(' ', regexp_replace(c{column.position}, ' 0?0:00(:00)?(\\.0+)?$', ''), "
        f"c{time.position}) END"
    )


def _no_form(
    con: duckdb.DuckDBPyConnection, table: Table, column: Column, *, times: bool
) -> InputError:
    row = con.execute(
        f"SELECT {table.line}, c{column.position} FROM sample "  # noqa: S608
        f"WHERE c{column.position} IS NOT NULL LIMIT 1"
    ).fetchone()
    line, value = row or (None, None)
    message = (
        f"column '{column.name}' holds times of day without a day"
        if times
        else f"column '{column.name}' was taken as {column.field}, but holds no dates"
    )
    return InputError.of(
        f"{message} ('{value}')" if not column.dropped else message,
        fix="name another column in a mapping (columns:), or the form of its dates (forms:, such "
        "as '%d.%m.%Y %H:%M')",
        file=str(table.look.path),
        line=line,
        path=(column.name,),
        value=None if column.dropped else value,
    )
