"""Philadelphia: the district attorney's monthly dashboard, and the city's daily census."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from remand.records.checks.check import listed
from remand.sources.rows import daily, day, days_missing, flag, left_out, once, whole
from remand.sources.source import AGGREGATES, File, Found, Raw, Source

PLACE = "Philadelphia"
TOTAL = "total_population.total.total"
SEXES = ("total_population.total.males", "total_population.total.females")
ALL = "All Offenses"
MEASURES = {
    "arrest": ("arrests", None),
    "charge": ("cases_charged", None),
    "bail": ("cases_charged", "bail"),
    "case_outcomes": ("cases_resolved", "outcome"),
    "future_years_incarceration": ("future_years_incarceration", None),
}
"""Reports of the dashboard: the measure, and what its own categories are an axis of."""


def dashboard(raw: Raw) -> Found:
    """Every report, by month, offence, and where it has them by kind of bail or of outcome."""
    wide = raw.frame.with_columns(
        month=(pl.col("month").str.strip_chars() + "-01").str.to_date("%Y-%m-%d", strict=False),
        moment=pl.col("month"),
    )
    wide, undated, unread = whole(wide, raw, "month", ["value"])
    wide = wide.with_columns(
        pl.col(c).str.strip_chars().replace("", None) for c in ("report", "offence", "measure")
    )
    known = pl.col("report").is_in(list(MEASURES)).fill_null(value=False)
    unknown, wide = wide.filter(~known), wide.filter(known)
    by_kind = pl.col("report").is_in([report for report, (_, axis) in MEASURES.items() if axis])
    named = pl.col("offence").is_not_null() & (pl.col("measure").is_not_null() | ~by_kind)
    unnamed, wide = wide.filter(~named), wide.filter(named)
    wide, twice = once(wide, ["report", "offence", "measure", "month"])
    everyone = pl.col("offence") == ALL
    axis = pl.col("report").replace_strict({k: v[1] for k, v in MEASURES.items()},
                                           return_dtype=pl.String)  # fmt: skip
    frame = wide.select(
        month="month",
        place=pl.lit(PLACE),
        measure=pl.col("report").replace_strict({k: v[0] for k, v in MEASURES.items()}),
        axis=pl.when(everyone).then(axis).when(axis.is_null()).then(pl.lit("charge"))
        .otherwise(pl.lit("charge × ") + axis),
        level=pl.when(everyone).then(pl.col("measure")).when(axis.is_null())
        .then(pl.col("offence")).otherwise(pl.col("offence") + " × " + pl.col("measure")),
        value="value",
    ).drop_nulls("value").cast(AGGREGATES)  # type: ignore[arg-type]  # fmt: skip
    sums = (
        frame.filter(pl.col("axis") == "charge").group_by("month", "measure")
        .agg(parts=pl.col("value").sum())
        .join(frame.filter(pl.col("axis").is_null()), on=["month", "measure"])
        .filter((pl.col("parts") - pl.col("value")).abs() > 0.5)
    )  # fmt: skip
    flags = (
        undated, unread, twice,
        flag("reports_unknown", unknown.height, "row", "left out",
             "of reports that are not known here: "
             + listed(unknown["report"].fill_null("(empty)").unique().sort())),
        flag("groups_unnamed", unnamed.height, "row", "left out",
             "that do not say of which offence, or of which kind of bail or outcome, the first in "
             f"line {unnamed['line'][0] if unnamed.height else ''}"),
        flag("offences_do_not_add_up", sums.height, "monthly figure", "kept as they stand",
             f"of '{ALL}' that its offences do not add up to: some cases stand under none"),
    )  # fmt: skip
    return Found(frame, "month", flags)


def census(raw: Raw) -> Found:
    """People in the city's custody on single days."""
    return _census(raw, "date", {"total": (None, None), **_sexes("males", "females")})


def collected(raw: Raw) -> Found:
    """The same of the collector's own file, with where they are held."""
    held = {
        "total_population.pdp_facilities.total": ("held in", "the city's jails"),
        "total_population.other_jurisdictions.total": ("held in", "elsewhere"),
    }
    return _census(raw, "census_date", {TOTAL: (None, None), **_sexes(*SEXES), **held})


def _sexes(male: str, female: str) -> dict[str, tuple[str | None, str | None]]:
    return {male: ("sex", "male"), female: ("sex", "female")}


def _census(raw: Raw, date: str, cells: Mapping[str, tuple[str | None, str | None]]) -> Found:
    total, males, females = list(cells)[:3]
    wide = raw.frame.with_columns(day=day(date))
    wide, undated, unread = whole(wide, raw, "day", list(cells))
    wide, twice = once(wide, ["day"])
    apart = (pl.col(males) + pl.col(females) - pl.col(total)).abs()
    off = wide.select(apart.filter(apart > 0)).to_series().to_list()
    worst = max(off, default=0)
    flags = (
        undated, unread, twice, days_missing(wide["day"]),
        flag("sexes_differ", len(off), "day", "kept as they stand: use the total",
             f"on which men and women do not add up to the total, by up to {worst:g}"),
        left_out([c for c in raw.header if c not in {*cells, date}],
                 "single facilities, and who is out for a day"),
    )  # fmt: skip
    return Found(daily(wide, cells), "day", flags)


DASHBOARD = Source(
    name="philadelphia-dao",
    title="Public Data Dashboard, by month",
    publisher="Philadelphia District Attorney's Office",
    address="https://data.philadao.com",
    covers="months from January 2014 to December 2019",
    terms="Shown by the office to the public, without a licence that we know of: cite the "
    "dashboard and the day it was read. Its limitations belong to it: "
    "https://data.philadao.com/limitations.html",
    table="aggregates",
    definitions={
        "arrests": "arrests by the police in the month, by the lead offence that police suggest; "
        "adult cases",
        "cases_charged": "cases charged in the month; by kind of bail set at arraignment "
        "(axis bail), which is a share of the same cases",
        "cases_resolved": "cases that ended in the month, by outcome (axis outcome); not the "
        "cases charged in that month",
        "future_years_incarceration": "years of incarceration imposed in the month: the sum of "
        "sentences, mostly of years that are not served in full",
        "axis charge": "the lead offence; 'charge × bail' and 'charge × outcome' are both at once",
    },
    traps={
        "cases_are_not_people": "one person can have several cases, and an arrest can end in none",
        "bail_is_of_cases_charged": "shares of bail are of cases charged in the month, at "
        "arraignment: not of people held",
        "outcomes_are_of_cases_resolved": "shares of outcomes are of cases resolved in the month, "
        "which were charged under earlier policies",
        "offences_do_not_add_up": "the five offences add up to less than 'All Offenses': some "
        "cases stand under none, so shares are of all",
        "causes_overlap": "the jail fell 18 % before the policies of February 2018 began",
    },
    access="The dashboard shows its tables as pages of its repository, github.com/phillydao/"
    "phillydao-public-data (folder docs), and gives no file: copy them into one table with the "
    "columns report (arrest, charge, bail, case_outcomes, future_years_incarceration), offence, "
    "measure, month (2015-01), value",
    columns=("report", "offence", "measure", "month", "value"),
    take=dashboard,
    not_ingested="arrests and cases are no people held",
)

_COLLECTED = {
    "publisher": "Philadelphia Department of Prisons, as collected by JailJawn",
    "address": "https://github.com/ST215/JailJawn",
    "terms": "CC0: no rights reserved",
}

CENSUS = Source(
    name="philadelphia-census",
    title="Daily census of the city's jails: totals",
    covers="104 days from December 2013 to July 2017; 270 days of 2025",
    table="census",
    definitions={
        "people": "people in the city's custody on the day, by sex; since 2025 with those held for "
        "it elsewhere (about 160), so jurisdiction and not in-facility",
    },
    traps={
        "days_missing": "the early file has one day in twelve: means have to be weighed by the "
        "days between counts",
        "sexes_differ": "on a few days men and women do not add up to the total",
    },
    access="The collector's repository. The early days come with remand, as "
    "places/philadelphia/census.csv",
    columns=("date", "total", "males", "females"),
    take=census,
    ingested="census",
    **_COLLECTED,  # type: ignore[arg-type]
)

JAILJAWN = Source(
    name="philadelphia-jailjawn",
    title="Daily census of the city's jails: the collector's own file",
    covers="days since March 2025",
    table="census",
    definitions={
        "people": "people in the city's custody on the day (jurisdiction), by sex",
        "people, by held in": "in the city's jails (in-facility), or elsewhere for the city",
    },
    traps={
        "days_missing": "days that the city did not post, or that were not collected, are absent",
        "two_dates": "census_date is the day counted, scrape_date the day it was collected",
    },
    access="The collector's repository gives it to anybody",
    files=(File("philadelphia-census-{today}.csv",
                "https://raw.githubusercontent.com/ST215/JailJawn/HEAD/census.csv"),),
    columns=("census_date", TOTAL, *SEXES),
    take=collected,
    not_ingested="its columns by facility would be taken for the city's",
    **_COLLECTED,  # type: ignore[arg-type]
)  # fmt: skip
