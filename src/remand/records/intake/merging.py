"""Staged rows into ``stays``: new stays are added, known ones updated, and their numbers survive.

A stay is known again by its booking; else by its person and admission; else, where nobody knows
who, by its admission and what is told of the person, the first with the first of those alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remand.records.contracts import STAYS
from remand.records.intake.columns import Read

if TYPE_CHECKING:
    import duckdb

_ALIKE = ("admitted", "race", "sex", "age", "birth_year", "charge", "status")
_SEEN = (
    # the stay goes on if no snapshot lies between what was known of it and what is told now
    "staged.first_seen <= coalesce((SELECT min(day) FROM snapshots WHERE day > stays.last_seen), "
    "stays.last_seen) AND staged.last_seen >= stays.first_seen"
)
_NOT_TOLD = ("stay", "source", "line")


@dataclass(frozen=True)
class Merged:
    """Stays that were new, updated, and known already with nothing to add."""

    new: int
    updated: int
    unchanged: int


def merge(con: duckdb.DuckDBPyConnection, line: str, read: Read, source: int) -> Merged:
    """Bring the rows of ``staged`` into ``stays``. ``line`` is SQL of a row's line."""
    kept = tuple(c.kept for c in read.kept())
    for name in kept:
        con.execute(f'ALTER TABLE stays ADD COLUMN IF NOT EXISTS "{name}" VARCHAR')
    told = [c.name for c in STAYS if c.name not in _NOT_TOLD]
    columns = [*told, *kept]
    names = ", ".join(f'"{n}"' for n in columns)
    known, last = con.execute("SELECT count(*), coalesce(max(stay), 0) FROM stays").fetchone() or (
        0, 0,
    )  # fmt: skip
    updated = unchanged = 0
    fresh = "staged"
    if known:
        _match(con)
        updated, unchanged = _update(con, columns, line, source)
        fresh = (
            "(SELECT *, rowid FROM staged WHERE rowid NOT IN (SELECT row FROM matches)) AS staged"
        )
    count = (con.execute(f"SELECT count(*) FROM {fresh}").fetchone() or (0,))[0]  # noqa: S608
    number = (
        f"rowid + {last + 1}" if _untouched(con, fresh, count)
        else f"{last} + row_number() OVER (ORDER BY {line})"
    )  # fmt: skip
    con.execute(
        f"INSERT INTO stays (stay, {names}, source, line) SELECT {number}, {names}, {source}, "  # noqa: S608
        f"{line} FROM {fresh}"
    )
    return Merged(count, updated, unchanged)


def _untouched(con: duckdb.DuckDBPyConnection, fresh: str, count: int) -> bool:
    """Whether rows are numbered without gaps, so that numbering needs no sort."""
    row = con.execute(f"SELECT max(rowid) FROM {fresh}").fetchone()  # noqa: S608
    return fresh == "staged" and bool(row) and row[0] == count - 1  # type: ignore[index]


def _match(con: duckdb.DuckDBPyConnection) -> None:
    """The temporary table ``matches``: rows of ``staged`` and the stays they are, one to one."""
    con.execute("CREATE OR REPLACE TEMP TABLE matches (row BIGINT, stay BIGINT)")
    rules = (
        "staged.booking = stays.booking",
        "staged.person = stays.person AND staged.admitted IS NOT DISTINCT FROM stays.admitted "
        "AND (staged.booking IS NULL OR stays.booking IS NULL)",
    )
    for rule in rules:
        con.execute(f"""
            INSERT INTO matches
            WITH pairs AS (
                SELECT staged.rowid AS row, stays.stay FROM staged JOIN stays ON {rule}
                WHERE (stays.first_seen IS NULL OR ({_SEEN}))
                    AND staged.rowid NOT IN (SELECT row FROM matches)
                    AND stays.stay NOT IN (SELECT stay FROM matches)
            ),
            once AS (SELECT row, min(stay) AS stay FROM pairs GROUP BY row)
            SELECT min(row), stay FROM once GROUP BY stay
        """)  # noqa: S608
    alike = ", ".join(_ALIKE)
    same = " AND ".join(f"a.{c} IS NOT DISTINCT FROM b.{c}" for c in _ALIKE[1:])
    con.execute(f"""
        INSERT INTO matches
        WITH a AS (
            SELECT rowid AS row, {alike},
                row_number() OVER (PARTITION BY {alike} ORDER BY rowid) AS k
            FROM staged WHERE person IS NULL AND booking IS NULL AND first_seen IS NULL
        ),
        b AS (
            SELECT stay, {alike}, row_number() OVER (PARTITION BY {alike} ORDER BY stay) AS k
            FROM stays WHERE person IS NULL AND booking IS NULL AND first_seen IS NULL
        )
        SELECT row, stay FROM a JOIN b ON a.admitted = b.admitted AND a.k = b.k AND {same}
    """)  # noqa: S608


def _update(
    con: duckdb.DuckDBPyConnection, columns: list[str], line: str, source: int
) -> tuple[int, int]:
    """Write what is told now over what was known; what is not told now stays. Counts."""
    values = ", ".join(f'{_told(name)} AS "{name}"' for name in columns)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE updates AS
        SELECT stays.stay, {values}, staged.{line} AS line
        FROM matches JOIN staged ON staged.rowid = matches.row JOIN stays USING (stay)
    """)  # noqa: S608
    differs = " OR ".join(f'updates."{n}" IS DISTINCT FROM stays."{n}"' for n in columns)
    con.execute(
        f"DELETE FROM updates USING stays "  # noqa: S608
        f"WHERE updates.stay = stays.stay AND NOT ({differs})"
    )
    sets = ", ".join(f'"{n}" = updates."{n}"' for n in [*columns, "line"])
    con.execute(
        f"UPDATE stays SET {sets}, source = {source} FROM updates WHERE stays.stay = updates.stay"  # noqa: S608
    )
    counts = con.execute(
        "SELECT (SELECT count(*) FROM updates), (SELECT count(*) FROM matches)"
    ).fetchone() or (0, 0)
    return counts[0], counts[1] - counts[0]


def _told(name: str) -> str:
    """SQL of a column of a stay that is told again."""
    new, old = f'staged."{name}"', f'stays."{name}"'
    if name == "first_seen":
        return f"least({new}, {old})"
    if name == "last_seen":
        return f"greatest({new}, {old})"
    if name in {"charge", "status", "age"}:  # at booking: by whichever saw the stay first
        return (
            f"CASE WHEN staged.first_seen > stays.first_seen THEN coalesce({old}, {new}) "
            f"ELSE coalesce({new}, {old}) END"
        )
    if name in {"charge_last", "status_last"}:
        return (
            f"CASE WHEN staged.last_seen < stays.last_seen THEN coalesce({old}, {new}) "
            f"ELSE coalesce({new}, {old}) END"
        )
    return f"coalesce({new}, {old})"
