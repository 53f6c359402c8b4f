"""What a file is, and what its columns are, where their names do not say it."""

from __future__ import annotations

import json as as_json
from typing import TYPE_CHECKING

from remand.errors import InputError
from remand.records.intake.forms import BY_NAME, found
from remand.records.intake.measures import measure_of
from remand.records.intake.names import field_of, kept_out
from remand.records.intake.reading import Table

if TYPE_CHECKING:
    import duckdb

MOSTLY = 0.6
"""Share of rows from which dates are taken for those of birth."""

_SEXES = {"m", "f", "male", "female", "x", "u", "unknown", "nonbinary", "man", "woman"}
_RACES = {
    "b", "w", "h", "a", "i", "o", "u", "n", "p", "x", "black", "white", "hispanic", "asian",
    "latino", "native american", "american indian", "pacific islander", "other", "unknown",
    "african american", "black or african american", "caucasian", "nh black", "nh white",
    "american indian or alaska native", "native hawaiian or pacific islander", "two or more",
}  # fmt: skip


def kind(  # noqa: PLR0911 - one line a kind
    con: duckdb.DuckDBPyConnection, table: Table, given: set[str]
) -> str:
    """The kind of a file. Raises InputError if nothing in it looks like a jail's records."""
    names = {known[0] for column in table.columns if (known := field_of(column))} | given
    person = names & {"person", "booking"}
    if {"first_seen", "last_seen"} <= names:
        return "snapshots"
    if {"admitted", "released"} <= names:
        return "bookings"
    measures = [c for c in table.columns if (m := measure_of(c)) and m[0]]
    if measures and not person and names & {"month", "year", "day"}:
        return "aggregates"
    if "day" in names and person:
        return "snapshots"
    if "day" in names and "people" in names:
        return "census"
    if "admitted" in names:
        return "bookings"
    dates = _dates(con, len(table.columns))
    if len(dates) >= 2 and table.header:
        raise _not_understood(con, table, dates)
    if len(dates) >= 2:
        return "bookings"
    others = [i for i in range(len(table.columns)) if i not in dates]
    if dates and others and all(_numeric(con, i) for i in others):
        return "census"
    shown = ", ".join(f"'{c}'" for c in table.columns[:12])
    raise InputError.of(
        f"nothing here looks like a jail's records: the columns are {shown}",
        fix="give bookings (admitted, released), snapshots, a census or monthly figures; or say "
        "which column is what in a mapping (columns: {admitted: NAME})",
        file=str(table.look.path),
        line=table.header or 1,
    )


def _not_understood(con: duckdb.DuckDBPyConnection, table: Table, dates: list[int]) -> InputError:
    """A header of words that are not known: what columns of dates mean is not for guessing."""
    dates = _not_of_birth(con, dates) if len(dates) > 2 else dates
    named = [table.columns[i] for i in _ordered(con, dates)]
    admitted, released = (as_json.dumps(name, ensure_ascii=False) for name in named)
    shown = ", ".join(f"'{c}'" for c in table.columns[:20])
    return InputError.of(
        f"the header is not understood: no column of {shown} is called an admission or a release",
        fix=f"say which is which in a mapping, perhaps columns: {{admitted: {admitted}, "
        f"released: {released}}}; if the header stands on another line, header: 3",
        file=str(table.look.path),
        line=table.header,
    )


def by_values(
    con: duckdb.DuckDBPyConnection, table: Table, kind: str, fields: dict[int, str]
) -> dict[int, tuple[str, str]]:
    """Fields of further columns by their values: dates first, then what people are."""
    taken = set(fields.values())
    free = [i for i, c in enumerate(table.columns) if i not in fields and not kept_out(c)]
    guessed: dict[int, tuple[str, str]] = {}

    def take(i: int, name: str, why: str) -> None:
        guessed[i] = (name, why)
        taken.add(name)
        free.remove(i)

    dates = _dates(con, len(table.columns)) if kind in {"bookings", "snapshots"} else []
    births = set(dates) - set(_not_of_birth(con, dates))
    for i in [i for i in free if i in births]:
        take(i, "birth_date", "by its values: dates long before the others")
    if kind == "bookings" and not table.header and not {"admitted", "released"} & taken:
        dates = [i for i in dates if i in free]
        if len(dates) >= 2:
            first, second = _ordered(con, dates)
            take(first, "admitted", "by its values: dates, before those of the other")
            take(second, "released", "by its values: dates, after those of the other")
        elif dates:
            take(dates[0], "admitted", "by its values: the only dates")
    for i in list(free):
        distinct, filled, low = _levels(con, i)
        if not filled:
            continue
        if "sex" not in taken and low and len(low) >= 2 and low <= _SEXES and low & {"m", "male"}:
            take(i, "sex", "by its values")
        elif "race" not in taken and low and len(low) >= 2 and low <= _RACES:
            take(i, "race", "by its values")
        elif table.header:
            continue
        elif "age" not in taken and distinct > 5 and _numeric(con, i, 10, 110):
            take(i, "age", "by its values: whole numbers from 10 to 110")
        elif _numeric(con, i, 1000) and not {"person", "booking"} <= taken:
            unique = distinct == filled
            name = "booking" if unique and "booking" not in taken else "person"
            if name not in taken:
                why = "never twice" if unique else "some more than once"
                take(i, name, f"by its values: numbers, {why}")
    return guessed


def _dates(con: duckdb.DuckDBPyConnection, width: int) -> list[int]:
    """Columns that hold dates; bare numbers are not believed to be any."""
    dates = []
    for i in range(width):
        result = found(con, "sample", f"c{i}")
        believed = result and not result.times_only and result.form is not BY_NAME["excel"]
        if result and believed and 10 * result.read >= 9 * result.tried:
            dates.append(i)
    return dates


def _not_of_birth(con: duckdb.DuckDBPyConnection, dates: list[int]) -> list[int]:
    """Those of columns of dates that do not lie mostly 15 to 90 years before another."""
    forms = {i: f.form for i in dates if (f := found(con, "sample", f"c{i}"))}

    def before(i: int, j: int) -> float:
        years = f"date_diff('day', {forms[i].sql(f'c{i}')}, {forms[j].sql(f'c{j}')}) / 365.25"
        row = con.execute(
            f"SELECT avg(CAST(years BETWEEN 15 AND 90 AS INTEGER)) FROM (SELECT {years} AS years "  # noqa: S608
            f"FROM sample)"
        ).fetchone()
        return float(row[0] or 0.0) if row else 0.0

    return [i for i in dates if not any(before(i, j) > MOSTLY for j in dates if i != j)]


def _ordered(con: duckdb.DuckDBPyConnection, dates: list[int]) -> tuple[int, int]:
    """Of all pairs, the one in which the first is oftenest before the second."""
    forms = {i: f.form for i in dates if (f := found(con, "sample", f"c{i}"))}
    best, pair = -1.0, (dates[0], dates[1])
    for i in dates:
        for j in dates:
            if i == j:
                continue
            a, b = forms[i].sql(f"c{i}"), forms[j].sql(f"c{j}")
            row = con.execute(
                f"SELECT avg(CAST({a} <= {b} AS INTEGER)) + count({a}) / count(*) / 10 FROM sample"  # noqa: S608
            ).fetchone()
            score = float(row[0] or 0) if row else 0.0
            if score > best + 1e-9:
                best, pair = score, (i, j)
    return pair


def _levels(con: duckdb.DuckDBPyConnection, i: int) -> tuple[int, int, set[str]]:
    """Distinct values, filled cells, and the values in lower case if there are few."""
    row = con.execute(
        f"SELECT count(DISTINCT c{i}), count(c{i}) FROM sample"  # noqa: S608
    ).fetchone() or (0, 0)
    if row[0] > 12:
        return row[0], row[1], set()
    values = con.execute(f"SELECT DISTINCT lower(c{i}) FROM sample WHERE c{i} IS NOT NULL")  # noqa: S608
    return row[0], row[1], {value for (value,) in values.fetchall()}


def _numeric(
    con: duckdb.DuckDBPyConnection, i: int, low: float = -1e18, high: float = 1e18
) -> bool:
    """Whether a column holds numbers between two bounds, and nothing else."""
    row = con.execute(
        f"SELECT count(c{i}), count(*) FILTER (try_cast(c{i} AS DOUBLE) BETWEEN {low} AND {high}) "  # noqa: S608
        f"FROM sample"
    ).fetchone()
    return bool(row and row[0] and row[0] == row[1])
