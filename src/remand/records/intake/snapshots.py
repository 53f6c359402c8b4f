"""Daily snapshots collapsed into stays, and what the days of snapshots tell.

A stay is a person seen in one snapshot after another with one admission. A snapshot that was taken
without the person ends the stay; a day on which none was taken does not.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from remand.records.intake.columns import Read

if TYPE_CHECKING:
    import duckdb

_FIRST = ("race", "sex", "birth_year", "age", "charge", "status")
_LAST = {"charge_last": "charge", "status_last": "status"}

DAILY = 0.9
"""Share of the days on which somebody is first or last seen, from which those are the days of
snapshots; below it one a day is supposed, for in a small jail nobody comes or goes on many."""

SORTED = 0.8
"""Share of the people that one time of day must part, for it to be the snapshot's."""


def collapse(con: duckdb.DuckDBPyConnection, read: Read) -> None:
    """Turn the rows of ``staged``, one a person and day, into stays with first_seen and last_seen.

    Notes the days in ``snapshots``. Who a person is at booking is told by the first day; the last
    charge and status, and where it stands in the file, by the last.
    """
    has = {c.field for c in read.columns}
    con.execute(
        "INSERT INTO snapshots SELECT DISTINCT day FROM staged "
        "WHERE day NOT IN (SELECT day FROM snapshots) ORDER BY day"
    )
    line = "line" if "line" in _columns(con) else "rowid"
    who = [k for k in ("person", "booking") if k in has]
    keys = ", ".join([*who, "admitted"])
    firsts = ", ".join(f"arg_min({c}, day) AS {c}" for c in _FIRST)
    lasts = ", ".join(
        f"arg_max({c if c in has else first}, day) AS {c}" for c, first in _LAST.items()
    )
    others = [c for c in ("person", "booking") if c not in who]
    empty = "".join(f", CAST(NULL AS VARCHAR) AS {c}" for c in others)
    kept = "".join(f', arg_min("{c.kept}", day) AS "{c.kept}"' for c in read.kept())
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE staged AS
        WITH numbered AS (SELECT day, row_number() OVER (ORDER BY day) AS number FROM snapshots),
        islands AS (
            SELECT staged.*, {line} AS stands,
                number - row_number() OVER (PARTITION BY {keys} ORDER BY number) AS island
            FROM staged JOIN numbered USING (day)
        )
        SELECT {keys}{empty}, {firsts}, {lasts}{kept},
            arg_max(release_reason, day) AS release_reason,
            CAST(NULL AS TIMESTAMP) AS released,
            min(day) AS first_seen, max(day) AS last_seen, bool_or(synthetic) AS synthetic,
            arg_max(stands, day) AS line
        FROM islands GROUP BY {keys}, island ORDER BY line
    """)  # noqa: S608 - of names that are ours


def note_days(con: duckdb.DuckDBPyConnection) -> str:
    """Note the days of snapshots of stays that came collapsed already; what to say of it."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE seen AS SELECT first_seen AS day FROM staged "
        "UNION SELECT last_seen FROM staged"
    )
    row = con.execute("SELECT count(*), min(day), max(day) FROM seen").fetchone()
    found, first, last = row or (0, None, None)
    if not found or first is None or last is None:
        return ""
    length = (last - first).days + 1
    if found >= DAILY * length:
        missing = length - found
        days = "SELECT day FROM seen"
        note = f"{missing} day{'s' * (missing != 1)} without a snapshot" if missing else ""
    else:
        days = (
            f"SELECT CAST(unnest(generate_series(DATE '{first}', DATE '{last}', INTERVAL 1 DAY)) "
            "AS DATE) AS day"
        )
        note = "one snapshot a day is supposed, for few days show anybody come or go"
    con.execute(
        f"INSERT INTO snapshots SELECT day FROM ({days}) "  # noqa: S608
        "WHERE day NOT IN (SELECT day FROM snapshots) ORDER BY day"
    )
    return note


def time_of_day(con: duckdb.DuckDBPyConnection) -> dt.time | None:
    """The time of day that best parts people seen on the day they were booked from the others.

    None where the hours of admissions are not told, or no time parts most of them. Only people
    whose next snapshot is on the day itself or the day after it are asked.
    """
    row = con.execute("""
        WITH asked AS (
            SELECT CAST(date_part('hour', admitted) * 60 + date_part('minute', admitted) AS INTEGER)
                    AS minute,
                first_seen = CAST(admitted AS DATE) AS same
            FROM stays
            WHERE first_seen - CAST(admitted AS DATE) IN (0, 1)
                AND CAST(admitted AS DATE) IN (SELECT day FROM snapshots)
        ),
        counted AS (
            SELECT minute, count(*) FILTER (same) AS same, count(*) FILTER (NOT same) AS next
            FROM asked GROUP BY minute
        ),
        parted AS (
            SELECT minute,
                sum(same) OVER (ORDER BY minute) AS before,
                sum(next) OVER () - sum(next) OVER (ORDER BY minute) AS after,
                sum(same + next) OVER () AS everyone
            FROM counted
        )
        SELECT arg_max(minute, before + after), max(before + after) / any_value(everyone),
            count(*)
        FROM parted
    """).fetchone()
    if row is None or row[0] is None or row[2] < 2 or row[1] < SORTED:
        return None
    return dt.time(*divmod(int(row[0]), 60))


def _columns(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in con.execute("DESCRIBE staged").fetchall()}
