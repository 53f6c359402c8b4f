"""Rows of bookings and snapshots in the types of the contract, and those that cannot be used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remand.records.intake.columns import Column, Read
from remand.records.intake.dates import text_of
from remand.records.intake.forms import LATEST
from remand.records.intake.reading import Table

if TYPE_CHECKING:
    import duckdb

TEXTS = ("person", "booking", "race", "sex", "charge", "charge_last", "status", "status_last",
         "release_reason")  # fmt: skip
MOMENTS = ("admitted", "released", "first_seen", "last_seen", "day")

Values = Mapping[str, Mapping[str, str]]

_RELEASED = f"""
    CASE WHEN year(released_read) < {LATEST} THEN
        -- a day without its hour is not before an hour of the same day
        greatest(released_read, CASE
            WHEN CAST(released_read AS DATE) = CAST(admitted_read AS DATE) THEN admitted_read END)
    END
"""
"""SQL of the release; 9999-12-31 and its like say that somebody is still inside."""


@dataclass(frozen=True)
class Doubt:
    """Values that are none: how many were left empty, and the first of them."""

    column: str
    found: int
    line: int
    value: str

    def __str__(self) -> str:
        return (
            f"{self.column}: {self.found:,} value{'s' * (self.found != 1)} left empty, for "
            f"{'they are' if self.found != 1 else 'it is'} no {self.column} "
            f"(line {self.line}: '{self.value}')"
        )


@dataclass(frozen=True)
class _Trouble:
    """What a row may be set aside for: condition, rule, the column, and the reason, in SQL."""

    when: str
    rule: str
    field: str
    reason: str


def stage(
    con: duckdb.DuckDBPyConnection, table: Table, read: Read, values: Values, today: dt.date
) -> None:
    """Make the temporary table ``staged``: a row a row, ``trouble`` being empty where it is used.

    Columns: line, every field, kept columns, and trouble, value and whole (of rows in trouble).
    """
    fields: dict[str | None, Column] = {c.field: c for c in read.columns if c.field}
    troubles = _troubles(read, fields, today)
    numbered = ["line"] if table.line == "line" else []
    kept = [f'{_text(c, c.kept, values)} AS "{c.kept}"' for c in read.kept()]
    texts = [f"{_text(fields.get(name), name, values)} AS {name}" for name in TEXTS]
    moments = [sql for name in MOMENTS for sql in _moment(read, fields.get(name), name)]
    cases = " ".join(f"WHEN {t.when} THEN {i}" for i, t in enumerate(troubles))
    value = " ".join(f"WHEN {i} THEN {t.field}_text" for i, t in enumerate(troubles))
    # each level names what the next one uses more than once; only rows in trouble are told whole
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE staged AS
        SELECT {", ".join([*numbered, *texts, *kept])},
            admitted_read AS admitted,
            {_RELEASED} AS released,
            CAST(first_seen_read AS DATE) AS first_seen,
            CAST(last_seen_read AS DATE) AS last_seen,
            CAST(day_read AS DATE) AS day,
            CASE WHEN age_read BETWEEN 0 AND 120 THEN CAST(floor(age_read) AS INTEGER) END AS age,
            CASE WHEN age_read BETWEEN 0 AND 120 THEN NULL ELSE age_text END AS age_doubt,
            birth_year,
            CASE WHEN birth_year IS NULL THEN birth_year_text END AS birth_year_doubt,
            synthetic,
            trouble,
            CASE trouble {value} END AS value,
            CASE WHEN trouble IS NOT NULL THEN {_whole(table, read)} END AS whole
        FROM (
            SELECT *, CAST(CASE {cases} END AS TINYINT) AS trouble, {_person(fields)}
            FROM (
                SELECT *, {", ".join(moments)}, {_synthetic(fields.get("synthetic"))} AS synthetic
                FROM ({table.sql})
            )
        )
    """)  # noqa: S608 - of names that are ours, and quoted texts
    con.execute("DROP TABLE IF EXISTS troubles")
    con.execute(
        "CREATE TEMP TABLE troubles (trouble TINYINT, rule VARCHAR, field VARCHAR, reason VARCHAR)"
    )
    for i, t in enumerate(troubles):
        con.execute(
            "INSERT INTO troubles VALUES (?, ?, ?, ?)",
            [i, t.rule, fields[t.field].name if t.field in fields else None, t.reason],
        )


def set_aside(con: duckdb.DuckDBPyConnection, table: Table, read: Read, source: int) -> None:
    """Move rows in trouble, repeated rows, and rows that could not be read, into ``set_aside``."""
    line = table.line
    con.execute(
        f"INSERT INTO set_aside SELECT {source}, staged.{line}, field, "  # noqa: S608
        f"value, rule, "
        f"CASE WHEN value = field THEN 'the header stands here again' ELSE reason END, whole "
        f"FROM staged JOIN troubles USING (trouble) ORDER BY 2"
    )
    unreadable(con, table, source, private=any(c.dropped for c in read.columns))
    con.execute("DELETE FROM staged WHERE trouble IS NOT NULL")
    for keys, what in _keys(read):
        _repeated(con, table, read, source, keys, what)


def unreadable(con: duckdb.DuckDBPyConnection, table: Table, source: int, *, private: bool) -> None:
    """Keep rows that could not be parted into cells; of a ``private`` file, only their lines."""
    rows = table.unreadable
    also = "; the row is not kept here, for the file holds what must not be" if private else ""
    con.execute(
        f"INSERT INTO set_aside SELECT {source}, unnest(?::BIGINT[]), NULL, NULL, "
        f"'unreadable_row', unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
        [
            [row.line for row in rows],
            [row.trouble + also for row in rows],
            [None if private else row.text[:10_000] for row in rows],
        ],
    )


def _keys(read: Read) -> list[tuple[tuple[str, ...], str]]:
    has = {c.field for c in read.columns}
    seen = [name for name in ("first_seen", "day") if name in has][:1]
    keys: list[tuple[tuple[str, ...], str]] = []
    if "booking" in has:
        keys.append((("booking", *seen), "the same booking stands again in this file"))
    if "person" in has:
        also = ["admitted"] if "admitted" in has else []
        what = "the same person and admission" if also else "the same person"
        keys.append((("person", *also, *seen), f"{what} stand{'' if also else 's'} again"))
    return keys


def _repeated(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    read: Read,
    source: int,
    keys: tuple[str, ...],
    what: str,
) -> None:
    """Set aside all but the last row of those that agree in the keys."""
    line = table.line
    names = ", ".join(keys)
    again = " AND ".join(f"staged.{k} IS NOT DISTINCT FROM twice.{k}" for k in keys[1:])
    again = f" AND {again}" if again else ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE twice AS SELECT {names}, max({line}) AS last FROM staged "  # noqa: S608
        f"WHERE {keys[0]} IS NOT NULL GROUP BY {names} HAVING count(*) > 1"
    )
    if not (con.execute("SELECT count(*) FROM twice").fetchone() or (0,))[0]:
        return
    field = read.of(keys[0])
    named = "NULL" if field is None else "'" + field.name.replace("'", "''") + "'"
    condition = f"staged.{keys[0]} = twice.{keys[0]}{again} AND staged.{line} < twice.last"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE again AS
        SELECT staged.{line} AS line, staged.{keys[0]} AS value, twice.last
        FROM staged JOIN twice ON {condition}
    """)  # noqa: S608
    con.execute(f"""
        INSERT INTO set_aside
        SELECT {source}, line, {named}, value, 'duplicate_booking',
            '{what}; the last, in line ' || last || ', is used', {_whole(table, read)}
        FROM again JOIN ({table.numbered}) USING (line) ORDER BY line
    """)  # noqa: S608
    con.execute(f"DELETE FROM staged USING twice WHERE {condition}")  # noqa: S608


def doubts(con: duckdb.DuckDBPyConnection, table: Table, read: Read) -> list[Doubt]:
    """Ages and years of birth that are none."""
    found = []
    for name in ("age", "birth_year"):
        column = read.of(name)
        if column is None:
            continue
        row = con.execute(
            f"SELECT count(*), min({table.line}), arg_min({name}_doubt, {table.line}) "  # noqa: S608
            f"FROM staged WHERE {name}_doubt IS NOT NULL"
        ).fetchone()
        if row and row[0]:
            found.append(Doubt(column.name, *row))
    return found


# -- SQL of single fields -------------------------------------------------------------------


def _text(column: Column | None, name: str, values: Values) -> str:
    if column is None:
        return "CAST(NULL AS VARCHAR)"
    cell = f"c{column.position}"
    own = patterns_of(values, name)
    return level_sql(cell, own) if own else cell


def patterns_of(values: Values, name: str) -> Mapping[str, str] | None:
    """The patterns of a field; what is last recorded goes by those of what is first."""
    return values.get(name) or values.get(name.removesuffix("_last"))


def level_sql(cell: str, values: Mapping[str, str]) -> str:
    """SQL of the level of a raw value: the first pattern that fits, in any case of letters."""
    levels = [_quoted(level) for level in values.values()]
    return f"CASE {_whens(cell, values, levels)} ELSE {cell} END"


def fits(cell: str, values: Mapping[str, str]) -> str:
    """SQL of the number of the pattern that a raw value comes to, from 0; NULL if none fits."""
    return f"CASE {_whens(cell, values, [str(i) for i in range(len(values))])} END"


def _whens(cell: str, values: Mapping[str, str], then: list[str]) -> str:
    whens = []
    for pattern, result in zip(values, then, strict=True):
        shell = any(sign in pattern for sign in "*?[")
        lowered = _quoted(pattern.lower())
        whens.append(f"WHEN lower({cell}) {'GLOB' if shell else '='} {lowered} THEN {result}")
    return " ".join(whens)


def _moment(read: Read, column: Column | None, name: str) -> tuple[str, str]:
    """SQL of a date as text and as read."""
    if column is None or column.form is None:
        return f"CAST(NULL AS VARCHAR) AS {name}_text", f"CAST(NULL AS TIMESTAMP) AS {name}_read"
    text = text_of(read, column)
    return f"{text} AS {name}_text", f"{column.form.sql(text)} AS {name}_read"


def _person(fields: Mapping[str | None, Column]) -> str:
    """SQL of age and year of birth; a date of birth is read here, and goes no further."""
    age, year, birth = (fields.get(n) for n in ("age", "birth_year", "birth_date"))
    ages, age_text = _number(age)
    years, year_text = _number(year)
    if birth and birth.form:
        moment = birth.form.sql(f"c{birth.position}")
        # 3/4/55 is no year to come
        born = f"CASE WHEN {moment} > now() THEN {moment} - INTERVAL 100 YEAR ELSE {moment} END"
        then = "coalesce(admitted_read, first_seen_read, day_read)"
        ages = f"coalesce({ages}, date_part('year', age({then}, {born})))"
        years = f"coalesce({years}, year({born}))"
    return (
        f"{ages} AS age_read, {age_text} AS age_text, {year_text} AS birth_year_text, "
        f"CASE WHEN {years} BETWEEN 1880 AND 2100 THEN CAST({years} AS INTEGER) END AS birth_year"
    )


def _number(column: Column | None) -> tuple[str, str]:
    """SQL of a column as a number and as text."""
    if column is None:
        return "CAST(NULL AS DOUBLE)", "CAST(NULL AS VARCHAR)"
    return f"try_cast(c{column.position} AS DOUBLE)", f"c{column.position}"


def _synthetic(column: Column | None) -> str:
    if column is None:
        return "false"
    return f"coalesce(lower(c{column.position}) IN ('true', 't', '1', 'yes'), false)"


def _whole(table: Table, read: Read) -> str:
    """SQL of the whole row; cells that must not be kept are shown as three dots."""
    cells = [
        f"CASE WHEN c{c.position} IS NULL THEN '' ELSE '…' END"
        if c.dropped
        else f"coalesce(c{c.position}, '')"
        for c in read.columns
    ]
    delimiter = _quoted(table.delimiter)
    return f"concat_ws({delimiter}, {', '.join(cells)})"


def _troubles(read: Read, fields: Mapping[str | None, Column], today: dt.date) -> list[_Trouble]:
    needed = ["admitted"] if read.kind == "bookings" else []
    if read.kind == "snapshots":
        needed = ["day"] if "day" in fields else ["first_seen", "last_seen"]
    found = [_Trouble(f"{n}_text IS NULL", "missing_date", n, "there is no date") for n in needed]
    for name in MOMENTS:
        if name not in fields:
            continue
        form = fields[name].form
        shown = f"no date as this column writes them ({form.shown})" if form else "no date"
        found.append(_Trouble(
            f"{name}_text IS NOT NULL AND {name}_read IS NULL", "unreadable_date", name, shown
        ))  # fmt: skip
        late = f"{name}_read >= DATE '{today + dt.timedelta(2)}' AND NOT synthetic"
        if name == "released":
            late += f" AND year(released_read) < {LATEST}"
        found.append(_Trouble(late, "unreadable_date", name, "that day has not come yet"))
    if {"admitted", "released"} <= set(fields):
        same_day = ("released_read = CAST(released_read AS DATE) AND "
                    "CAST(released_read AS DATE) = CAST(admitted_read AS DATE)")  # fmt: skip
        found.append(_Trouble(
            f"released_read < admitted_read AND NOT ({same_day})", "negative_stay", "released",
            "released before admitted",
        ))  # fmt: skip
    if {"first_seen", "last_seen"} <= set(fields):
        found.append(_Trouble(
            "last_seen_read < first_seen_read", "negative_stay", "last_seen",
            "last seen before first seen",
        ))  # fmt: skip
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
