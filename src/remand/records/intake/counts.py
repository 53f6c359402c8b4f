"""Counts that a jail publishes: a daily census, or monthly figures, as rows of the contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remand.errors import InputError
from remand.records.intake.columns import Column, Read
from remand.records.intake.measures import level_of, measure_of
from remand.records.intake.reading import Table
from remand.records.intake.staging import level_sql, unreadable

if TYPE_CHECKING:
    import duckdb

Values = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Counted:
    """Cells of a wide file: the column (or several, summed), and what they count."""

    columns: tuple[int, ...]
    measure: str
    axis: str | None = None
    level: str | None = None


def take_census(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    read: Read,
    values: Values,
    source: int,
    today: dt.date,
) -> list[Counted]:
    """Bring a published census, wide or long, into ``census``. What was counted of whom."""
    day, people = read.of("day"), read.of("people")
    if day is None or people is None or day.form is None:
        raise InputError.of("a census needs a day and people", file=str(table.look.path))
    moment = f"CAST({day.form.sql(f'c{day.position}')} AS DATE)"
    axis, level = read.of("axis"), read.of("level")
    named = [c for c in read.columns if c.field is None and c.name.lower() in _AXES]
    if level is None and len(named) == 1 and _repeats(con, moment):
        level = named[0]
    wide = [] if level else _wide(read, people)
    counted = [c.columns[0] for c in wide] or [people.position]
    _staged(con, table, moment, day, counted, today, source, [] if level else ["moment"])
    if level is not None:
        of = f"c{axis.position}" if axis else f"'{level.name.lower()}'"
        cell = _leveled(f"c{level.position}", axis.name if axis else level.name.lower(), values)
        total = f"lower({cell}) IN ('total', 'all', 'everyone')"
        con.execute(
            f"INSERT INTO census SELECT moment, CASE WHEN {cell} IS NULL OR {total} THEN NULL "  # noqa: S608
            f"ELSE {of} END, CASE WHEN NOT {total} THEN {cell} END, n{people.position}, {source} "
            f"FROM counted WHERE rule IS NULL"
        )
        _replaced(con, "census", ("day", "axis", "level"), source)
        return [Counted((people.position,), "people", level.name)]
    for item in wide:
        of, at = _named(item, values)
        con.execute(
            f"INSERT INTO census SELECT moment, {of}, {at}, n{item.columns[0]}, {source} "  # noqa: S608
            f"FROM counted WHERE rule IS NULL AND n{item.columns[0]} IS NOT NULL"
        )
    _replaced(con, "census", ("day", "axis", "level"), source)
    return wide


_AXES = {"race", "sex", "gender", "status", "charge", "ethnicity"}


def _wide(read: Read, people: Column) -> list[Counted]:
    found = [Counted((people.position,), "people")]
    for column in read.columns:
        level = level_of(column.name) if column.field is None else None
        if level is not None:
            found.append(Counted((column.position,), "people", *level))
    return found


def _repeats(con: duckdb.DuckDBPyConnection, moment: str) -> bool:
    row = con.execute(f"SELECT count(*) > count(DISTINCT {moment}) FROM sample").fetchone()  # noqa: S608
    return bool(row and row[0])


def take_aggregates(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    read: Read,
    values: Values,
    source: int,
    today: dt.date,
) -> list[Counted]:
    """Bring monthly figures into ``aggregates``. What was counted of whom.

    A level that no column gives by itself is the sum of the columns that part it further. A place
    that reports an ADP of zero in single months did not report.
    """
    month = read.of("month") or read.of("day")
    year, quarter = read.of("year"), read.of("quarter")
    place = read.of("place")
    if month is not None and month.form is not None:
        moment = f"date_trunc('month', {month.form.sql(f'c{month.position}')})"
        day = month
    elif year is not None:
        number = f"try_cast(c{year.position} AS INTEGER)"
        of = (f"3 * try_cast(c{quarter.position} AS INTEGER) - 2" if quarter
              else f"try_cast(c{month.position} AS INTEGER)" if month else "1")  # fmt: skip
        moment, day = f"try_cast({number} || '-' || ({of}) || '-01' AS DATE)", year
    else:
        raise InputError.of("monthly figures need a month", file=str(table.look.path))
    items = _measured(read)
    if not items:
        raise InputError.of(
            "no column tells an ADP, bookings, releases or a mean stay",
            fix="name them so (adp, bookings, releases, alos), or give --as census",
            file=str(table.look.path), line=1,
        )  # fmt: skip
    cells = sorted({i for item in items for i in item.columns})
    at = f"c{place.position}" if place else "CAST(NULL AS VARCHAR)"
    _staged(
        con,
        table,
        f"CAST({moment} AS DATE)",
        day,
        cells,
        today,
        source,
        ["moment", *([at] if place else [])],
    )
    total = next((i.columns[0] for i in items if i.measure == "adp" and i.axis is None), None)
    if total is not None:
        _zeros(con, table, read, total, at, source)
    for item in items:
        value = " + ".join(f"n{i}" for i in item.columns)
        axis, level = _named(item, values)
        con.execute(
            f"INSERT INTO aggregates SELECT moment, {at}, '{item.measure}', {axis}, {level}, "  # noqa: S608
            f"{value}, {source} FROM counted WHERE rule IS NULL AND ({value}) IS NOT NULL"
        )
    _replaced(con, "aggregates", ("month", "place", "measure", "axis", "level"), source)
    return items


def _measured(read: Read) -> list[Counted]:
    """What columns measure, one for each measure and level: given as such, or summed."""
    alone: dict[tuple[str, str | None, str | None], Counted] = {}
    parted: list[tuple[str, dict[str, str], int]] = []
    for column in read.columns:
        known = measure_of(column.name) if column.field in {None, "people"} else None
        if known is None:
            continue
        measure, levels = known[0] or "adp", known[1]
        if len(levels) < 2:
            axis, level = next(iter(levels.items()), (None, None))
            alone.setdefault(
                (measure, axis, level), Counted((column.position,), measure, axis, level)
            )
        elif measure != "stay_release":  # means do not add up
            parted.append((measure, levels, column.position))
    found = dict(alone)
    for measure, levels, _ in parted:
        for axis, level in levels.items():
            key = (measure, axis, level)
            if key not in found and not any(m == measure and a == axis for m, a, _ in alone):
                others = tuple(i for m, other, i in parted
                               if m == measure and other.keys() == levels.keys()
                               and other[axis] == level)  # fmt: skip
                found[key] = Counted(others, measure, axis, level)
    return list(found.values())


def _zeros(
    con: duckdb.DuckDBPyConnection, table: Table, read: Read, total: int, place: str, source: int
) -> None:
    """Set aside months with nobody in a jail that otherwise holds people."""
    name = read.columns[total].name
    con.execute(f"""
        UPDATE counted SET rule = 'not_reported' WHERE rule IS NULL AND n{total} = 0
        AND coalesce({place}, '') IN (
            SELECT coalesce({place}, '') FROM counted GROUP BY 1 HAVING median(n{total}) > 0)
    """)  # noqa: S608
    con.execute(
        f"INSERT INTO set_aside SELECT {source}, counted.{table.line}, {_quoted(name)}, "  # noqa: S608
        f"c{total}, rule, 'nobody held, in a jail that otherwise holds people: not reported', "
        f"whole FROM counted WHERE rule = 'not_reported'"
    )


def _staged(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    moment: str,
    day: Column,
    cells: list[int],
    today: dt.date,
    source: int,
    once: list[str],
) -> None:
    """The temporary table ``counted``: the day or month, numbers ``nI``, and why not used.

    Of rows that agree in ``once`` the last is used.
    """
    numbers = ", ".join(f"try_cast(replace(c{i}, ',', '') AS DOUBLE) AS n{i}" for i in cells)
    whole = ", ".join(f"coalesce(c{i}, '')" for i in range(len(table.columns)))
    unread = [f"WHEN c{i} IS NOT NULL AND n{i} IS NULL THEN {i}" for i in cells]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE counted AS
        SELECT *, CASE
                WHEN c{day.position} IS NULL THEN 'missing_date'
                WHEN moment IS NULL OR moment > DATE '{today}' + 1 THEN 'unreadable_date'
                WHEN wrong IS NOT NULL THEN 'unreadable_number'
            END AS rule
        FROM (
            SELECT *, CASE {" ".join(unread)} END AS wrong
            FROM (SELECT *, {moment} AS moment, {numbers},
                concat_ws({_quoted(table.delimiter)}, {whole}) AS whole FROM ({table.sql}))
        )
    """)  # noqa: S608
    if once:
        same = " AND ".join(f"counted.{k} IS NOT DISTINCT FROM twice.{k}" for k in once)
        con.execute(f"""
            UPDATE counted SET rule = 'duplicate_day' FROM (
                SELECT {", ".join(once)}, max({table.line}) AS last FROM counted
                WHERE rule IS NULL GROUP BY ALL HAVING count(*) > 1
            ) AS twice
            WHERE rule IS NULL AND counted.{table.line} < twice.last
                AND {same}
        """)  # noqa: S608
    named = " ".join(f"WHEN {i} THEN {_quoted(table.columns[i])}" for i in cells)
    texts = " ".join(f"WHEN {i} THEN c{i}" for i in cells)
    con.execute(f"""
        INSERT INTO set_aside SELECT {source}, counted.{table.line},
            CASE WHEN rule = 'unreadable_number' THEN CASE wrong {named} END
                ELSE {_quoted(day.name)} END,
            CASE WHEN rule = 'unreadable_number' THEN CASE wrong {texts} END
                ELSE c{day.position} END,
            rule,
            CASE rule WHEN 'missing_date' THEN 'there is no date'
                WHEN 'unreadable_date' THEN 'no date as this column writes them, or one to come'
                WHEN 'duplicate_day' THEN 'the same day stands again below, and is used'
                ELSE 'no number' END,
            whole
        FROM counted WHERE rule IS NOT NULL
    """)  # noqa: S608
    unreadable(con, table, source, private=False)


def _replaced(
    con: duckdb.DuckDBPyConnection, name: str, keys: tuple[str, ...], source: int
) -> None:
    """Drop what an earlier file said of the same days or months: the last one holds."""
    same = " AND ".join(f"old.{key} IS NOT DISTINCT FROM new.{key}" for key in keys)
    con.execute(
        f"DELETE FROM {name} AS old USING {name} AS new "  # noqa: S608
        f"WHERE old.source < new.source AND new.source = {source} AND {same}"
    )


def _named(item: Counted, values: Values) -> tuple[str, str]:
    """SQL of the axis and the level."""
    if item.axis is None:
        return "NULL", "NULL"
    return _quoted(item.axis), _leveled(_quoted(str(item.level)), item.axis, values)


def _leveled(cell: str, axis: str, values: Values) -> str:
    own = values.get(axis)
    return level_sql(cell, own) if own else cell


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
