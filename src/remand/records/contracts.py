"""What a work file holds: the contract of every table, column by column.

A work file is one DuckDB file that `remand ingest` fills, `measure` and `fit` read, and anybody can
open with SQL. Its tables::

    stays       one row a stay in custody, as the records tell it
    spells      (a view) the same stays as days of the census: what every figure is counted from
    joined      stays that only go on with an earlier one (a transfer, a booking that overlaps)
    set_aside   rows that could not be used, whole, each with its reason
    census      counts the jail publishes itself, a row a day and level
    aggregates  monthly figures, a row a month, place, measure and level
    snapshots   days on which a daily snapshot of the jail was taken
    sources     files that were read, with their hashes
    quality     what the checks found
    about       facts of the whole file, by key

A person-level table never leaves the work file: figures, models and reports are sums over people.
"""

from __future__ import annotations

from dataclasses import dataclass

FORMAT = "1"
"""Version of the work file, under ``format`` in ``about``."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: in the work file.
        type: in DuckDB.
        meaning: in a sentence, with unit.
    """

    name: str
    type: str
    meaning: str


STAYS = (
    Column(
        "stay", "BIGINT", "number of the stay in this file; kept when a later export updates it"
    ),
    Column("person", "VARCHAR", "the jail's own number of a person; empty: nobody knows who"),
    Column("booking", "VARCHAR", "the jail's own number of the booking"),
    Column("admitted", "TIMESTAMP", "booked in"),
    Column("released", "TIMESTAMP", "let out; empty while inside, or where only snapshots tell"),
    Column("first_seen", "DATE", "first daily snapshot with this stay; empty in bookings"),
    Column("last_seen", "DATE", "last daily snapshot with this stay; empty in bookings"),
    Column("race", "VARCHAR", "as recorded, or grouped by the mapping"),
    Column("sex", "VARCHAR", "as recorded, or grouped by the mapping"),
    Column("age", "INTEGER", "full years at booking"),
    Column("birth_year", "INTEGER", "year of birth; a full date of birth is never kept"),
    Column("charge", "VARCHAR", "lead charge at booking, or its group"),
    Column("charge_last", "VARCHAR", "lead charge as last recorded, or its group"),
    Column("status", "VARCHAR", "legal status at booking"),
    Column("status_last", "VARCHAR", "legal status as last recorded"),
    Column("release_reason", "VARCHAR", "why or where to; empty while inside"),
    Column("synthetic", "BOOLEAN", "true: made by a model, nobody real"),
    Column("source", "INTEGER", "the file it came from, as numbered in sources"),
    Column("line", "BIGINT", "its line in that file, counted from 1, the header included"),
)
"""The table ``stays``. Columns asked for beyond these (``--keep``) follow as VARCHAR."""

SPELLS = (
    Column("stay", "BIGINT", "as in stays; of stays that are joined, the first"),
    Column("stay_last", "BIGINT", "of stays that are joined, the last; else the same"),
    Column("day_in", "DATE", "first day whose census can count the stay"),
    Column("day_seen", "DATE", "first day on which the records know of it; later: left-truncated"),
    Column("day_out", "DATE", "first day whose census no longer counts it; empty: still inside"),
    Column(
        "day_out_by", "DATE", "the latest day that may have been; later only where snapshots miss"
    ),
)
"""The view ``spells``.

The census of a day counts everyone with ``day_seen <= day < day_out``: of bookings, those inside at
its last midnight; of snapshots, those seen in it. A stay that crosses no census (in and out on one
day) has ``day_in = day_out``: an admission that no census counts, and that no snapshot ever sees.
"""

JOINED = (
    Column("stay", "BIGINT", "a stay that goes on with an earlier one"),
    Column("first", "BIGINT", "the first of those it is counted as one with"),
    Column("rule", "VARCHAR", "why: split_stays or overlapping_stays, the check that found it"),
)
"""The table ``joined``, made anew at the end of every ingest: ``stays`` keeps what was recorded."""

SET_ASIDE = (
    Column("source", "INTEGER", "the file it came from, as numbered in sources"),
    Column("line", "BIGINT", "its line in that file"),
    Column(
        "field", "VARCHAR", "the column at fault, by its name in the file; empty: the whole row"
    ),
    Column("value", "VARCHAR", "what stands there"),
    Column("rule", "VARCHAR", "why, in a word: unreadable_row, unreadable_date, missing_date, …"),
    Column("reason", "VARCHAR", "why the row was not used, in a sentence"),
    Column("row", "VARCHAR", "the whole row as it stands in the file"),
)
"""The table ``set_aside``."""

CENSUS = (
    Column("day", "DATE", "the day counted"),
    Column("axis", "VARCHAR", "what the level is one of (race, status, sex); empty: the total"),
    Column("level", "VARCHAR", "one level of the axis; empty: the total"),
    Column("people", "DOUBLE", "people held"),
    Column("source", "INTEGER", "the file it came from, as numbered in sources"),
)
"""The table ``census``: one row a day, axis and level."""

AGGREGATES = (
    Column("month", "DATE", "first day of the month (or of the longer period)"),
    Column("place", "VARCHAR", "the jurisdiction, where a file holds several"),
    Column("measure", "VARCHAR", "adp, admissions, releases, or stay_release (mean days)"),
    Column("axis", "VARCHAR", "what the level is one of (status, sex); empty: everyone"),
    Column("level", "VARCHAR", "one level of the axis; empty: everyone"),
    Column("value", "DOUBLE", "people, people a month, or days"),
    Column("source", "INTEGER", "the file it came from, as numbered in sources"),
)
"""The table ``aggregates``: monthly figures."""

SNAPSHOTS = (Column("day", "DATE", "a day on which a snapshot was taken"),)
"""The table ``snapshots``; empty where stays came from bookings."""

SOURCES = (
    Column("source", "INTEGER", "number of the file, in the order read"),
    Column("file", "VARCHAR", "its name, without folders"),
    Column("kind", "VARCHAR", "bookings, snapshots, census or aggregates"),
    Column("sha256", "VARCHAR", "hash of its bytes"),
    Column("bytes", "BIGINT", "its size"),
    Column("rows", "BIGINT", "rows below the header"),
    Column("used", "BIGINT", "rows that became, or updated, rows of a table here"),
    Column("mapping", "VARCHAR", "which column was read as what, and how, as JSON"),
)
"""The table ``sources``."""

QUALITY = (
    Column("name", "VARCHAR", "the check, such as overlapping_stays"),
    Column("title", "VARCHAR", "what it looks for, in a few words"),
    Column("severity", "VARCHAR", "ok, note or warning"),
    Column("found", "BIGINT", "cases found; empty: it could not be looked for"),
    Column("of", "BIGINT", "of how many"),
    Column("share", "DOUBLE", "found / of"),
    Column("adp_effect", "DOUBLE", "people, mean over the window: what the cases do to the ADP"),
    Column("done", "VARCHAR", "what was done about them, in a sentence"),
    Column("says", "VARCHAR", "what was found, in a sentence or two, with its figures"),
    Column("examples", "VARCHAR", "example rows, by file and line, as a JSON list of texts"),
)
"""The table ``quality``: one row a check, in the order of the checks."""

ABOUT = (Column("key", "VARCHAR", "what"), Column("value", "VARCHAR", "its value"))
"""The table ``about``: ``format``, ``remand`` (version), ``window_from`` and ``window_to`` (days,
half-open: the censuses these records can rebuild), ``basis`` (``bookings`` or ``snapshots``),
``snapshot_time`` (HH:MM, as inferred), ``counts`` (``in-facility`` or ``jurisdiction``)."""

KEYS = ("format", "remand", "window_from", "window_to", "basis", "snapshot_time", "counts")
"""Keys of the table ``about``."""

TABLES = {
    "stays": STAYS,
    "joined": JOINED,
    "set_aside": SET_ASIDE,
    "census": CENSUS,
    "aggregates": AGGREGATES,
    "snapshots": SNAPSHOTS,
    "sources": SOURCES,
    "quality": QUALITY,
    "about": ABOUT,
}
"""Every table of a work file by name, in the order they are made."""


def page() -> str:
    """The contract as a page to read: docs/work-file.md, written by this module when it is run."""
    lines = [
        "# The work file",
        "",
        "`remand ingest` fills one DuckDB file; `measure` and `fit` read it, and so can anybody",
        "who knows SQL (`duckdb work.duckdb`). It holds people, so it stays where it is: figures,",
        "models and reports are sums over people, and no row of it leaves.",
        "",
        "This page is written from `src/remand/records/contracts.py` by",
        "`python -m remand.records.contracts`.",
    ]
    for name, columns in {**TABLES, "spells (a view)": SPELLS}.items():
        lines += ["", f"## {name}", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {c.type} | {c.meaning} |" for c in columns]
        if name == "stays":
            lines += ["", "Columns kept by `--keep` follow as VARCHAR."]
        if name == "about":
            lines += ["", "Keys: " + ", ".join(f"`{key}`" for key in KEYS) + "."]
    lines += [
        "",
        "The census of a day counts every spell with `day_seen <= day` and (`day_out` empty or",
        "`day < day_out`): of bookings, those inside at its last midnight; of snapshots, those",
        "seen in it. A stay in and out on one day has `day_in = day_out`: no census counts it.",
    ]
    return "\n".join(lines) + "\n"


def definition(table: str) -> str:
    """The SQL that makes a table.

    >>> definition("snapshots")
    'CREATE TABLE snapshots ("day" DATE)'
    """
    columns = ", ".join(f'"{c.name}" {c.type}' for c in TABLES[table])
    return f"CREATE TABLE {table} ({columns})"


SPELLS_VIEW = """
CREATE OR REPLACE VIEW spells AS
WITH facts AS (
    SELECT
        (SELECT CAST(value AS DATE) FROM about WHERE key = 'window_from') AS since,
        (SELECT CAST(value AS DATE) FROM about WHERE key = 'window_to') AS until,
        (SELECT CAST(value AS TIME) FROM about WHERE key = 'snapshot_time') AS moment
),
following AS (
    SELECT day, lead(day) OVER (ORDER BY day) AS next FROM snapshots
),
recorded AS (
    SELECT
        stays.stay,
        coalesce(joined.first, stays.stay) AS first,
        CASE
            WHEN first_seen IS NULL OR admitted IS NULL
            THEN coalesce(first_seen, CAST(admitted AS DATE))
            -- who is booked in after the day's snapshot can be seen in the next one at the soonest
            ELSE least(first_seen,
                       CAST(admitted AS DATE) + CAST(CAST(admitted AS TIME) > moment AS INTEGER))
        END AS day_in,
        first_seen,
        CASE
            WHEN first_seen IS NULL THEN CAST(released AS DATE)
            WHEN last_seen + 1 < until THEN last_seen + 1
        END AS day_out,
        CASE
            WHEN first_seen IS NULL THEN CAST(released AS DATE)
            WHEN last_seen + 1 < until THEN coalesce(next, last_seen + 1)
        END AS day_out_by,
        since
    FROM stays CROSS JOIN facts
    LEFT JOIN following ON last_seen = following.day
    LEFT JOIN joined ON stays.stay = joined.stay
)
SELECT
    first AS stay,
    arg_max(stay, coalesce(day_out, DATE '9999-12-31')) AS stay_last,
    min(day_in) AS day_in,
    min(coalesce(first_seen, greatest(day_in, since))) AS day_seen,
    CASE WHEN count(day_out) = count(*) THEN max(day_out) END AS day_out,
    CASE WHEN count(day_out) = count(*) THEN max(day_out_by) END AS day_out_by
FROM recorded GROUP BY first
"""
"""The SQL of the view ``spells``."""

if __name__ == "__main__":
    from pathlib import Path

    Path("docs/work-file.md").write_text(page(), encoding="utf-8")
