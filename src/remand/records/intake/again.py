"""A file that was read before, read again because it is asked to be read otherwise.

What two files told of one stay is told together and cannot be parted again: so all files of a
kind are read again, or none. The rows are the same, so a stay is known by the line it stands on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remand.errors import InputError
from remand.records.contracts import STAYS
from remand.records.intake.asked import NOTHING, differs, earlier
from remand.records.intake.columns import Corrections
from remand.records.intake.looking import hashed

if TYPE_CHECKING:
    import duckdb

_OF_STAYS = {"bookings", "snapshots"}


@dataclass(frozen=True)
class Again:
    """What reading again did: stays told otherwise, as before, not there before, there no more."""

    changed: int
    unchanged: int
    new: int
    gone: int

    def __str__(self) -> str:
        return (
            f"read again under another mapping: {self.changed:,} "
            f"stay{'s' * (self.changed != 1)} changed, "
            f"{self.unchanged:,} as before, {self.new:,} new, {self.gone:,} gone"
        )


def forget(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    corrections: Corrections,
    kind: str | None,
    keep: Sequence[str],
) -> dict[str, Corrections]:
    """Take out what is to be read again: hashes of those files, and how to read them; mostly none.

    Raises InputError where other files told of the same and are not given with them.
    """
    rows = con.execute("SELECT source, file, kind, sha256, mapping FROM sources").fetchall()
    given = {hashed(path) for path in files if path.is_file()} if rows else set()
    otherwise = [
        row for row in rows if row[3] in given and differs(row[4], row[2], corrections, kind, keep)
    ]
    if not otherwise:
        return {}
    tables = {_table(row[2]) for row in otherwise}
    together = [row for row in rows if _table(row[2]) in tables]
    others = [row[1] for row in together if row[3] not in given]
    if others:
        raise InputError.of(
            f"'{otherwise[0][1]}' was read before under another mapping, and what it told is "
            f"mixed with what others told since ({', '.join(others[:3])})",
            fix="give all of them with the mapping, or start a new work file (another --into)",
            file=otherwise[0][1],
        )
    con.execute("DROP VIEW IF EXISTS spells")
    if "stays" in tables:
        _forget_stays(con, anew=corrections != NOTHING)
    for table in tables - {"stays"}:
        con.execute(f"DELETE FROM {table}")  # noqa: S608
    numbers = [row[0] for row in together]
    for table in ("set_aside", "sources"):
        con.execute(f"DELETE FROM {table} WHERE list_contains(?::INTEGER[], source)", [numbers])  # noqa: S608
    if corrections != NOTHING:
        return {row[3]: corrections for row in together}
    return {row[3]: earlier(row[4], keep) for row in together}


def _table(kind: str) -> str:
    return "stays" if kind in _OF_STAYS else kind


def _forget_stays(con: duckdb.DuckDBPyConnection, *, anew: bool) -> None:
    """Empty ``stays`` and what follows from it; as they were, they are kept in ``earlier``.

    ``anew``: what a mapping said of all records is forgotten too.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE earlier AS "
        "SELECT stays.*, sha256 FROM stays JOIN sources USING (source)"
    )
    for table in ("stays", "joined", "snapshots"):
        con.execute(f"DELETE FROM {table}")  # noqa: S608
    contract = {column.name for column in STAYS}
    for name in _columns(con, "stays"):
        if name not in contract:
            con.execute(f'ALTER TABLE stays DROP COLUMN "{name}"')
    kept = ("format", "remand", *(() if anew else ("counts",)))
    con.execute("DELETE FROM about WHERE NOT list_contains(?::VARCHAR[], key)", [list(kept)])


def compared(con: duckdb.DuckDBPyConnection) -> Again | None:
    """Give stays their earlier numbers again, and say what became of them; None if none were."""
    if not con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE temporary AND table_name = 'earlier'"
    ).fetchone():
        return None
    con.execute("""
        CREATE OR REPLACE TEMP TABLE numbers AS
        SELECT stays.stay AS now, coalesce(earlier.stay,
            (SELECT max(stay) FROM earlier)
            + row_number() OVER (PARTITION BY earlier.stay IS NULL ORDER BY stays.stay)) AS stay
        FROM stays JOIN sources USING (source)
        LEFT JOIN earlier ON earlier.sha256 = sources.sha256 AND earlier.line = stays.line
    """)
    con.execute("UPDATE stays SET stay = numbers.stay FROM numbers WHERE stays.stay = numbers.now")
    now, before = set(_columns(con, "stays")), set(_columns(con, "earlier"))
    shared = (now & before) - {"stay", "source", "line"}
    told = [
        *(f'a."{c}" IS DISTINCT FROM b."{c}"' for c in sorted(shared)),
        *(f'a."{c}" IS NOT NULL' for c in sorted(now - before)),
        *(f'b."{c}" IS NOT NULL' for c in sorted(before - now - {"sha256"})),
    ]
    row = con.execute(f"""
        SELECT count(*) FILTER (WHERE a.stay IS NOT NULL AND b.stay IS NOT NULL
                AND ({" OR ".join(told)})),
            count(*) FILTER (WHERE b.stay IS NULL), count(*) FILTER (WHERE a.stay IS NULL),
            count(*)
        FROM stays AS a FULL JOIN earlier AS b ON a.stay = b.stay
    """).fetchone() or (0, 0, 0, 0)  # noqa: S608 - own columns
    for name in ("earlier", "numbers"):
        con.execute(f"DROP TABLE temp.{name}")
    changed, new, gone, everyone = row
    return Again(changed, everyone - changed - new - gone, new, gone)


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
