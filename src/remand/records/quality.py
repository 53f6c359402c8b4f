"""The quality of a work file: twelve named checks, each with what it does to the ADP.

`settle` is the last step of every ingest. What is recorded stays as it is: the checks say what
they found, and two of them decide which stays are counted as one.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from typing import TYPE_CHECKING

from remand.errors import InputError
from remand.records.checks.check import Case, Check, percent
from remand.records.checks.counts import census_differs, race_rows_differ
from remand.records.checks.days import days_without_admissions, level_shifts
from remand.records.checks.joins import join, overlapping_stays, split_stays
from remand.records.checks.people import conflicting_people, missing_fields
from remand.records.checks.stays import duplicate_bookings, negative_stays, old_open_stays
from remand.records.checks.window import window_edges

if TYPE_CHECKING:
    import duckdb

CHECKS = {
    "overlapping_stays": overlapping_stays,
    "negative_stays": negative_stays,
    "old_open_stays": old_open_stays,
    "duplicate_bookings": duplicate_bookings,
    "conflicting_people": conflicting_people,
    "split_stays": split_stays,
    "days_without_admissions": days_without_admissions,
    "level_shifts": level_shifts,
    "census_differs": census_differs,
    "race_rows_differ": race_rows_differ,
    "missing_fields": missing_fields,
    "window_edges": window_edges,
}
"""The twelve checks by name, in their order."""

OLD = 1095
"""Days after which an open stay is suspect: three years, longer than nearly any stay in a jail."""

_TEMPORARY = ("settled_spells", "settled_joins", "settled_people", "settled_conflicts")


def settle(con: duckdb.DuckDBPyConnection, old_open_days: int = OLD) -> list[Check]:
    """Decide which stays are counted as one, run every check, and write the table ``quality``.

    ``con`` is a work file open to write, its tables filled; ``joined`` and ``quality`` are made
    anew, so that settling twice is settling once. Neither begins nor ends a transaction. Stays
    that have been open for more than ``old_open_days`` are suspect. Raises InputError if the file
    has no window of at least a day.
    """
    case = _case(con, old_open_days)
    try:
        join(case)
        con.execute("CREATE OR REPLACE TEMP TABLE settled_spells AS SELECT * FROM spells")
        checks = [check(case) for check in CHECKS.values()]
    finally:
        for name in _TEMPORARY:
            con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    con.execute("DELETE FROM quality")
    con.executemany(
        "INSERT INTO quality VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [check.row for check in checks]
    )
    return checks


def _case(con: duckdb.DuckDBPyConnection, old_open_days: int) -> Case:
    about = dict(con.execute("SELECT key, value FROM about").fetchall())
    try:
        since, until = (dt.date.fromisoformat(about[key]) for key in ("window_from", "window_to"))
    except (KeyError, TypeError, ValueError):
        since = until = dt.date.min
    if since >= until:
        raise InputError.of(
            "the work file holds no stays to check", fix="take in a file of bookings first"
        )
    return Case(
        con=con,
        since=since,
        until=until,
        snapshots=about.get("basis") == "snapshots",
        moment=about.get("snapshot_time"),
        old_open_days=old_open_days,
    )


def lines(checks: list[Check]) -> list[str]:
    """The checks as text: a line each, then those that found something, told in full.

    Those that are in order, or could not look, need no more than their line.
    """
    table = [
        (_MARKS[check.severity], check.name, _found(check), _effect(check)) for check in checks
    ]
    widths = [max(len(row[i]) for row in table) for i in range(3)]
    text = [
        f"{mark:<{widths[0]}}  {name:<{widths[1]}}  {found:<{widths[2]}}  {effect}".rstrip()
        for mark, name, found, effect in table
    ]
    for check in checks:
        if check.severity == "ok" or (not check.found and check.severity == "note"):
            continue
        text += [
            "",
            f"{check.name}: {check.title}",
            *_wrapped(check.says),
            *_wrapped(f"Done: {check.done}."),
            *(f"  {example}" for example in check.examples),
        ]
    return text


def _wrapped(text: str) -> list[str]:
    """A paragraph of lines; a date is never broken."""
    return textwrap.wrap(
        text, 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )


_MARKS = {"ok": "ok", "note": "note", "warning": "WARNING"}


def _found(check: Check) -> str:
    """What was found, as one cell."""
    if check.found is None:
        return "could not look"
    if not check.found or check.share is None:
        return f"{check.found:,}"
    return f"{check.found:,} of {check.of:,} ({percent(check.share)})"


def _effect(check: Check) -> str:
    if not check.adp_effect:
        return ""
    return f"ADP {check.adp_effect:+,.2f}"


__all__ = ["CHECKS", "OLD", "Check", "lines", "settle"]
