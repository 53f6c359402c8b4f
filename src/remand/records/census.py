"""The census rebuilt from stays, beside the one the jail publishes.

Of bookings a census counts who is inside at a day's last midnight; of snapshots, who was seen in
the day's snapshot, or both before and after it. The two are the same sum over the view ``spells``:
everyone with ``day_seen <= day < day_out``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import duckdb

DAYS = """
    SELECT CAST(unnest(range(
        (SELECT CAST(value AS TIMESTAMP) FROM about WHERE key = 'window_from'),
        (SELECT CAST(value AS TIMESTAMP) FROM about WHERE key = 'window_to'),
        INTERVAL 1 DAY)) AS DATE) AS day
"""
"""SQL: every day of the window."""

PUBLISHED = """
    SELECT day, arg_max(people, source) AS published
    FROM census WHERE axis IS NULL AND people IS NOT NULL GROUP BY day
"""
"""SQL: the published total of each day, by the file read last."""


def rebuilt(con: duckdb.DuckDBPyConnection, spells: str = "spells") -> pl.DataFrame:
    """The census of every day of the window, rebuilt and published.

    Columns: ``day`` (Date), ``people`` (Int64: rebuilt), ``published`` (Float64; null where the
    jail tells no total). ``spells`` names another relation with ``day_seen`` and ``day_out``.
    One pass over stays, whatever their length: +1 on the day seen, −1 on the day out, summed.
    """
    return pl.DataFrame(
        con.sql(f"""
        WITH spelled AS MATERIALIZED (SELECT day_seen, day_out FROM {spells}),
        moves AS (
            SELECT day_seen AS day, count(*) AS change FROM spelled GROUP BY day_seen
            UNION ALL
            SELECT greatest(day_out, day_seen) AS day, -count(*) AS change
            FROM spelled WHERE day_out IS NOT NULL GROUP BY greatest(day_out, day_seen)
        ),
        days AS ({DAYS}),
        -- whoever came before the window's first day is inside on it
        net AS (
            SELECT greatest(day, (SELECT min(day) FROM days)) AS day, sum(change) AS change
            FROM moves GROUP BY ALL
        )
        SELECT day, CAST(sum(coalesce(change, 0)) OVER (ORDER BY day) AS BIGINT) AS people,
            published
        FROM days LEFT JOIN net USING (day) LEFT JOIN ({PUBLISHED}) USING (day)
        ORDER BY day
        """)  # noqa: S608 - of relations of the contract
    )


def off(census: pl.DataFrame) -> float | None:
    """How far the rebuilt census is off: mean of ``|people / published − 1|`` over days with both.

    None if nothing is published.

    >>> off(pl.DataFrame({"people": [101, 98, 50], "published": [100.0, 100.0, None]}))
    0.015
    """
    both = census.filter(pl.col("published") > 0)
    if both.is_empty():
        return None
    apart = ((both["people"] - both["published"]).abs() / both["published"]).mean()
    return round(float(apart), 12)  # type: ignore[arg-type]
