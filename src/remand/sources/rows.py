"""What readers share: cells as numbers and days, wide tables made long, flags of what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from remand.records.checks.check import counted, listed
from remand.sources.source import AGGREGATES, CENSUS, Flag, Raw

Cell = tuple[str, str | None, str | None]
"""What a column counts: measure, axis, level; None where it counts everyone."""


def number(column: str) -> pl.Expr:
    """A column of text as a number; null where it is none. Thousands may have commas."""
    text = pl.col(column).str.strip_chars().str.replace_all(",", "")
    found = text.cast(pl.Float64, strict=False)
    return pl.when(found.is_finite()).then(found).alias(column)


def day(column: str) -> pl.Expr:
    """A column of text as a day: ISO, with or without a time."""
    return pl.col(column).str.strip_chars().str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


def flag(name: str, count: int, of: str, done: str, says: str) -> Flag | None:
    """A flag that says ``count`` of what it found, and what that means; None if none was found.

    >>> print(flag("days_missing", 2, "day", "left missing", "without a count"))
    Flag(name='days_missing', count=2, done='left missing', says='2 days without a count')
    """
    return Flag(name, count, done, f"{counted(count, of)} {says}") if count else None


def left_out(columns: Sequence[str], why: str, name: str = "columns_left_out") -> Flag | None:
    """Columns that no row tells of."""
    return flag(name, len(columns), "column", "left out", f"({listed(columns, 6)}): {why}")


def whole(
    frame: pl.DataFrame, raw: Raw, moment: str, cells: Sequence[str]
) -> tuple[pl.DataFrame, Flag | None, Flag | None]:
    """Rows with a day, and the flags of rows without one and of cells that are no number.

    ``moment`` is a column of days made from text; ``cells`` are columns of text, made numbers.
    Raises InputError if no row has a day.
    """
    lost = frame.filter(pl.col(moment).is_null())
    if lost.height == frame.height:
        raise raw.wrong("no row has a date as this publisher writes them", "download it again", 2)
    kept = frame.filter(pl.col(moment).is_not_null())
    unread = kept.select(
        (pl.col(c).is_not_null() & (pl.col(c).str.strip_chars() != "") & number(c).is_null()).sum()
        for c in cells
    )
    return (
        kept.with_columns(number(c) for c in cells),
        flag(
            "dates_unreadable", lost.height, "row", "set aside",
            "without a date that can be read, the first in line "
            + (str(lost["line"][0]) if lost.height else ""),
        ),
        flag(
            "numbers_unreadable", int(sum(unread.row(0))) if cells else 0, "cell",
            "taken as not reported",
            "that hold no number, in " + listed(c for c in unread.columns if unread[c][0]),
        ),
    )  # fmt: skip


def once(frame: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, Flag | None]:
    """Rows of a period that stands twice: the last holds, as in `remand ingest`."""
    kept = frame.unique(keys, keep="last", maintain_order=True)
    return kept, flag(
        "periods_twice", frame.height - kept.height, "row", "the last one is used",
        "of a period and place that a later row tells of again",
    )  # fmt: skip


def holes(days: pl.Series, every: str = "1d") -> list[dt.date]:
    """Days (or first days of months, quarters) between the first and the last that are missing.

    >>> holes(pl.Series([dt.date(2020, 1, 1), dt.date(2020, 3, 1)]), "1mo")
    [datetime.date(2020, 2, 1)]
    """
    found = days.drop_nulls().unique().sort()
    if found.is_empty():
        return []
    known = pl.date_range(found[0], found[-1], every, eager=True)
    missing: list[dt.date] = known.filter(~known.is_in(found.to_list())).to_list()
    return missing


def days_missing(days: pl.Series) -> Flag | None:
    """Days of a daily series that it does not have."""
    found = holes(days)
    return flag(
        "days_missing", len(found), "day", "left missing",
        "between the first and the last without a count: " + listed(map(str, found), 12),
    )  # fmt: skip


def longer(
    frame: pl.DataFrame, cells: Mapping[str, Cell], month: str = "month", place: str | None = None
) -> pl.DataFrame:
    """A wide table as aggregates: a row a month, place and cell that was reported."""
    at = pl.col(place) if place else pl.lit(None, pl.String)
    parts = [
        frame.select(
            month=pl.col(month), place=at, measure=pl.lit(measure), axis=pl.lit(axis, pl.String),
            level=pl.lit(level, pl.String), value=pl.col(column),
        ).drop_nulls("value")
        for column, (measure, axis, level) in cells.items()
    ]  # fmt: skip
    return pl.concat(parts).cast(AGGREGATES)  # type: ignore[arg-type]


def daily(frame: pl.DataFrame, cells: Mapping[str, tuple[str | None, str | None]]) -> pl.DataFrame:
    """A wide daily table as censuses: a row a day and cell that was reported."""
    parts = [
        frame.select(
            day=pl.col("day"), axis=pl.lit(axis, pl.String), level=pl.lit(level, pl.String),
            people=pl.col(column),
        ).drop_nulls("people")
        for column, (axis, level) in cells.items()
    ]  # fmt: skip
    return pl.concat(parts).cast(CENSUS)  # type: ignore[arg-type]
