"""Facts of a whole work file, worked out anew at every ingest: its window, what is counted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from remand.errors import InputError
from remand.records.contracts import SPELLS_VIEW
from remand.records.intake import snapshots
from remand.records.intake.columns import Corrections

if TYPE_CHECKING:
    import duckdb


def facts(con: duckdb.DuckDBPyConnection, corrections: Corrections) -> dict[str, str]:
    """Work out ``about`` anew: the window, the time of snapshots, what is counted."""
    about = dict(con.execute("SELECT key, value FROM about").fetchall())
    con.execute(SPELLS_VIEW)
    if not con.execute("SELECT 1 FROM stays LIMIT 1").fetchone():
        return about
    since, until = _window(con, about["basis"])
    about["window_from"] = str(corrections.since or _said(con) or since)
    about["window_to"] = str(corrections.until or until)
    about["counts"] = corrections.counts or about.get("counts", "in-facility")
    if about["basis"] == "snapshots" and (moment := snapshots.time_of_day(con)):
        about["snapshot_time"] = f"{moment:%H:%M}"
    if about["window_from"] >= about["window_to"]:
        raise corrections.wrong(
            f"the window from {about['window_from']} to {about['window_to']} holds no day",
            "give from a day before to", "window",
        )  # fmt: skip
    con.execute("DELETE FROM about")
    con.executemany("INSERT INTO about VALUES (?, ?)", list(about.items()))
    return about


def _window(con: duckdb.DuckDBPyConnection, basis: str) -> tuple[dt.date, dt.date]:
    """The days whose census the records can rebuild, half-open.

    An export of everyone admitted since some day begins with that admission. One of everyone
    *inside* since some day holds older admissions too, and far fewer of them a day, for who left
    in time is not there: its census is whole from the first release on.
    """
    if basis == "snapshots":
        sql = "SELECT min(day), max(day) + 1 FROM snapshots"
    else:
        sql = """
            WITH days AS (
                SELECT CAST(admitted AS DATE) AS came, CAST(released AS DATE) AS went FROM stays
            ),
            ends AS (
                SELECT min(came) AS came, min(went) AS went,
                    1 + greatest(max(came), coalesce(max(went), max(came))) AS until
                FROM days
            ),
            daily AS (
                SELECT count(*) FILTER (days.came < ends.went) / (ends.went - ends.came) AS before,
                    count(*) FILTER (days.came >= ends.went) / (ends.until - ends.went) AS after
                FROM days, ends GROUP BY ends.went, ends.came, ends.until
            )
            SELECT CASE WHEN 4 * before < after THEN went ELSE came END, until FROM ends, daily
        """
    row = con.execute(sql).fetchone()
    if row is None:
        raise InputError.of("there are no stays")
    return row[0], row[1]


def _said(con: duckdb.DuckDBPyConnection) -> str | None:
    """The beginning of the window that an earlier mapping set; its end moves on."""
    row = con.execute(
        "SELECT mapping->>'$.window.from' AS since FROM sources "
        "WHERE since IS NOT NULL ORDER BY source DESC LIMIT 1"
    ).fetchone()
    return row[0] if row else None
