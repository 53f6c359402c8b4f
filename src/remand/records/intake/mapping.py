"""Which column of a file is what: guessed by names and values, corrected by a mapping."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remand.errors import InputError, Problem, did_you_mean
from remand.records.contracts import STAYS
from remand.records.intake import guessing
from remand.records.intake.columns import FIELDS_OF, Column, Corrections, Read
from remand.records.intake.dates import no_forms, with_forms
from remand.records.intake.names import field_of, kept_out, nearest, words
from remand.records.intake.reading import Table

if TYPE_CHECKING:
    import duckdb

_EXAMPLE = {
    "bookings": "{admitted: NAME, released: NAME}",
    "snapshots": "{day: NAME, person: NAME}",
    "census": "{day: NAME, people: NAME}",
    "aggregates": "{month: NAME}",
}


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
    given, problems = _given(table, corrections)
    asked = [*corrections.keep, *keep]
    problems += _not_to_keep(table, asked, corrections)
    problems += _without_values(table, asked, corrections)
    problems += no_forms(corrections)
    if problems:
        raise InputError(problems)
    kind = kind or corrections.kind or guessing.kind(con, table, set(given.values()))
    fields = _by_name(table, kind, given, corrections)
    why = dict.fromkeys(fields, "")
    if kind in {"bookings", "snapshots"}:
        for position, (name, reason) in guessing.by_values(con, table, kind, fields).items():
            fields[position], why[position] = name, reason
    may = set(FIELDS_OF[kind]) - set(fields.values())
    columns = [
        _column(con, table, i, fields.get(i), why.get(i, ""), may)
        for i in range(len(table.columns))
    ]
    if kind in {"bookings", "snapshots"}:
        columns = _keep(columns, asked)
    read = Read(kind, tuple(columns))
    _complete(table, read)
    return with_forms(con, table, read, corrections)


def _given(table: Table, corrections: Corrections) -> tuple[dict[int, str], list[Problem]]:
    """Fields by position, as the mapping names them; and what it names that is not there."""
    known = {name for names in FIELDS_OF.values() for name in names}
    given: dict[int, str] = {}
    problems = list[Problem]()

    def wrong(message: str, fix: str, name: str, value: Any = None) -> None:
        problems.append(corrections.problem(message, fix, "columns", name, value=value))

    for name, column in corrections.columns.items():
        if name not in known:
            wrong(f"there is no field '{name}'", did_you_mean(name, sorted(known)), name)
        elif isinstance(column, int):
            if 1 <= column <= len(table.columns):
                given[column - 1] = name
                continue
            wrong(f"there is no column {column} in {table.look.name}: it has "
                  f"{len(table.columns)}", "count from 1", name, column)  # fmt: skip
        elif column is not None:
            at = _position(table, column)
            if at is None:
                wrong(f"{table.look.name} has no column '{column}'",
                      did_you_mean(column, table.columns), name, column)  # fmt: skip
            else:
                given[at] = name
    return given, problems


def _position(table: Table, column: str) -> int | None:
    """Where a column stands by its name; the very name if there are several."""
    same = [i for i, c in enumerate(table.columns) if words(c) == words(column)]
    return next((i for i in same if table.columns[i] == column), same[0] if same else None)


def _not_to_keep(table: Table, keep: Iterable[str], corrections: Corrections) -> list[Problem]:
    """Columns to keep that are not there."""
    problems = []
    for name in dict.fromkeys(keep):
        if _position(table, name) is not None:
            continue
        fix = did_you_mean(name, table.columns)
        problems.append(
            corrections.problem(
                f"{table.look.name} has no column '{name}' to keep", fix, "keep", value=name
            )
            if name in corrections.keep
            else Problem(
                "error", (), f"--keep names no column of {table.look.name}: '{name}'", name, fix
            )
        )
    return problems


def _kept_name(name: str, at: int) -> str:
    """What a column is called in the work file."""
    plain = "_".join(words(name).split()) or f"column_{at + 1}"
    return f"{plain}_kept" if plain in {c.name for c in STAYS} else plain


def _without_values(table: Table, keep: Iterable[str], corrections: Corrections) -> list[Problem]:
    """What the mapping gives values to, but can have none."""
    places = [i for name in keep if (i := _position(table, name)) is not None]
    known = [*LEVELED, *(_kept_name(table.columns[i], i) for i in places)]
    return [
        corrections.problem(
            f"'{name}' has no values that could become levels",
            did_you_mean(name, known), "values", name,
        )
        for name in corrections.values
        if name not in known
    ]  # fmt: skip


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
    con: duckdb.DuckDBPyConnection,
    table: Table,
    i: int,
    name: str | None,
    why: str,
    may: Collection[str],
) -> Column:
    empty = 1 - table.filled[i] / max(table.rows - len(table.unreadable), 1)
    column = Column(table.columns[i], i, name, empty=empty, why=why)
    out = kept_out(column.name)
    if name is None and out:
        return replace(column, dropped=True, why=out[0])
    if name is None:
        column = replace(column, why=_why_left(column.name, may))
    if name == "birth_date":
        return replace(column, dropped=True, why="only its year is kept, as birth_year")
    shown = con.execute(
        f"SELECT c{i} FROM sample WHERE c{i} IS NOT NULL GROUP BY 1 "  # noqa: S608
        f"ORDER BY count(*) DESC, 1 LIMIT 3"
    ).fetchall()
    return replace(column, examples=tuple(row[0][:40] for row in shown))


def _why_left(name: str, may: Collection[str]) -> str:
    known = field_of(name)
    if known is not None:
        return f"could be '{known[0]}' too: left out (a mapping can say so, --keep keeps it)"
    close = nearest(name, may)
    if close is None:
        return "not known: left out (--keep keeps it)"
    return f"not known: {close}? say so in a mapping (columns:), or --keep keeps it"


def _keep(columns: list[Column], keep: Iterable[str]) -> list[Column]:
    for name in dict.fromkeys(keep):
        at = next(i for i, c in enumerate(columns) if words(c.name) == words(name))
        column, out = columns[at], kept_out(columns[at].name)
        if column.field == "birth_date" or (out and not out[1]):
            raise InputError.of(
                f"'{column.name}' says who somebody is, and is never kept",
                fix="leave it out of --keep and keep:",
                value=name,
            )
        if column.field is None:
            kept = _kept_name(column.name, at)
            columns[at] = replace(column, kept=kept, dropped=False, why="kept as asked")
    return columns


LEVELED = ("race", "sex", "charge", "charge_last", "status", "status_last", "release_reason")
"""Fields whose raw values a mapping may turn into levels; so may columns that are kept."""


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
        line=table.header or 1,
    )
