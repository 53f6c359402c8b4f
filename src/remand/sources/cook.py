"""Cook County, Illinois: people in the jail and in the sheriff's community corrections, by day."""

from __future__ import annotations

import polars as pl

from remand.sources.rows import daily, day, days_missing, flag, once, whole
from remand.sources.source import Found, Raw, Source

CELLS = {
    "jail_population": (None, None),
    "community_corrections": ("kind", "supervision"),
}


def take(raw: Raw) -> Found:
    """The jail is the census; those supervised outside stand beside it, as a kind of their own."""
    wide = raw.frame.with_columns(day=day("date"))
    wide, undated, unread = whole(wide, raw, "day", [*CELLS, "total"])
    wide, twice = once(wide, ["day"])
    off = wide.filter(pl.sum_horizontal(*CELLS, ignore_nulls=False) != pl.col("total"))
    flags = (
        undated, unread, twice, days_missing(wide["day"]),
        flag("total_differs", off.height, "day", "the two parts are kept",
             "with a total that is not the jail and community corrections together"),
        flag("outside_the_jail", wide["community_corrections"].count(), "day",
             "kept apart, as kind = supervision: none of the census",
             "that also count people supervised outside (electronic monitoring and others)"),
    )  # fmt: skip
    return Found(daily(wide, CELLS), "day", flags)


SOURCE = Source(
    name="cook-county",
    title="Daily jail and community corrections population",
    publisher="Cook County Sheriff's Office, Illinois",
    address="https://www.cookcountysheriffil.gov",
    covers="days from 2018-01-01 to 2021-12-30",
    terms="Counts that the sheriff shows to the public, without a licence that we know of: cite "
    "the office and the days",
    table="census",
    definitions={
        "people": "people in the jail (in-facility) on the day",
        "people, kind = supervision": "people of the sheriff's community corrections, mostly on "
        "electronic monitoring: outside the jail, and none of the census",
    },
    traps={
        "days_missing": "eleven days of 2021 have no count, most at the end of a month",
        "outside_the_jail": "'total' is the jail and community corrections together: it falls "
        "less than the jail when people are moved to electronic monitoring",
        "2020": "the jail fell by a quarter in weeks from March 2020, which no model foresaw",
    },
    access="The sheriff's page shows the counts of the day; a table of days has to be asked for, "
    "or collected day by day. Its columns: date, jail_population, community_corrections, total",
    columns=("date", *CELLS, "total"),
    take=take,
    ingested="census",
    mapped={"people": "jail_population"},
)
