"""Incarceration Trends (Vera Institute of Justice): jails and prisons by county or state."""

from __future__ import annotations

import itertools
import re

import polars as pl

from remand.records.checks.check import listed
from remand.sources.rows import Cell, flag, left_out, longer, number, once, whole
from remand.sources.source import Flag, Found, Raw, Source

GROUPS = {
    "total": (None, None), "female": ("sex", "female"), "male": ("sex", "male"),
    "aapi": ("race", "AAPI"), "black": ("race", "Black"), "latinx": ("race", "Latinx"),
    "native": ("race", "Native American"), "white": ("race", "white"),
    "other_race": ("race", "other"),
}  # fmt: skip
QUANTITIES = {
    "pop": "population", "pop_15to64": "population_15_64", "jail_pop": "jail_population",
    "jail_adm": "jail_admissions", "jail_admits": "jail_admissions",
    "jail_dis": "jail_discharges", "jail_discharges": "jail_discharges",
    "jail_pretrial": "jail_pretrial", "pretrial_custody": "jail_pretrial",
    "jail_sentenced": "jail_sentenced", "sentenced_custody": "jail_sentenced",
    "jail_from_prison": "jail_held_for_state_prison", "jail_from_fed": "jail_held_for_federal",
    "prison_pop": "prison_population", "prison_jur_pop": "prison_jurisdiction",
    "prison_adm": "prison_admissions", "incarceration": "incarcerated",
}  # fmt: skip
ENOUGH = 0.9
"""The share of places below which a year is partial."""

ALONE = {"jail_rated_capacity": "jail_rated_capacity"}
_GROUP = "|".join(GROUPS)
_QUANTITY = "|".join(sorted(QUANTITIES, key=len, reverse=True))


def counts(column: str) -> Cell | None:
    """What a column counts, of whom; None: a rate, two axes at once, or no count at all.

    >>> counts("black_jail_pop"), counts("total_pop_15to64")
    (('jail_population', 'race', 'Black'), ('population_15_64', None, None))
    >>> counts("total_jail_pop_rate") is counts("aapi_female_prison_pop") is None
    True
    """
    if column in ALONE:
        return ALONE[column], None, None
    found = re.fullmatch(rf"({_GROUP})_({_QUANTITY})", column)
    return (QUANTITIES[found[2]], *GROUPS[found[1]]) if found else None


def county(raw: Raw) -> Found:
    """Counties by year or quarter, of the wide file of 2018–2020 or of the county file since."""
    state = "state_abbr" if "state_abbr" in raw.header else "state"
    return _take(raw, pl.col("county_name").str.strip_chars() + ", " + pl.col(state))


def state(raw: Raw) -> Found:
    """States by year or quarter."""
    return _take(raw, pl.col("state_name" if "state_name" in raw.header else "state_abbr"))


def _take(raw: Raw, place: pl.Expr) -> Found:
    cells = {c: cell for c in raw.header if (cell := counts(c)) is not None}
    quarterly = "quarter" in raw.header and raw.frame["quarter"].n_unique() > 1
    year, quarter = (number(c).cast(pl.Int32, strict=False) for c in ("year", "quarter"))
    first = 3 * quarter - 2 if quarterly else pl.lit(1)
    wide = raw.frame.with_columns(month=pl.date(year, first, 1), place=place)
    wide, undated, unread = whole(wide, raw, "month", list(cells))
    code = next((c for c in ("fips", "county_fips", "state_fips") if c in raw.header), "place")
    wide, twice = once(wide, ["month", code])
    unnamed = [c for c in raw.header if c not in cells]
    rates = [c for c in unnamed if c.endswith("_rate")]
    crossed = [c for c in unnamed if re.match(rf"({_GROUP})_(female|male)_", c)]
    flags = (
        undated, unread, twice, _races(wide, raw), _last(wide, cells),
        left_out(rates, "counts per 100,000: divide one by population_15_64", "rates_left_out"),
        left_out(crossed, "a race and a sex at once, which one axis does not hold",
                 "crossed_left_out"),
        left_out([c for c in unnamed if c not in {*rates, *crossed}], "names, codes and regions"),
    )  # fmt: skip
    return Found(longer(wide, cells, place="place"), "quarter" if quarterly else "year", flags)


def _races(wide: pl.DataFrame, raw: Raw) -> Flag | None:
    races = [c for c in raw.header if c.endswith("_jail_pop") and c[:-9] in GROUPS
             and GROUPS[c[:-9]][0] == "race"]  # fmt: skip
    if not races or "total_jail_pop" not in raw.header:
        return None
    known = wide.filter(
        pl.any_horizontal(pl.col(races).is_not_null()) & pl.col("total_jail_pop").is_not_null()
    )
    off = known.filter((pl.sum_horizontal(races) - pl.col("total_jail_pop")).abs() > 1)
    return flag(
        "races_do_not_add_up", off.height, "row", "kept: never divide a race by the total",
        f"of {known.height:,} with races more than one person off the jail's total: races are "
        "counted on one day, the total is an average of the year",
    )  # fmt: skip


def _last(wide: pl.DataFrame, cells: dict[str, Cell]) -> Flag | None:
    """The last year, if far fewer places have their jail or prison population in it."""
    column = next((c for c in ("total_jail_pop", "total_prison_pop") if c in cells), None)
    if column is None:
        return None
    rows = wide.with_columns(year=pl.col("month").dt.year()).group_by("year").agg(
        pl.col("place").filter(pl.col(column).is_not_null()).n_unique()
    ).sort("year").rows()  # fmt: skip
    most = max(n for _, n in rows)
    partial = list(itertools.takewhile(lambda row: row[1] < ENOUGH * most, reversed(rows)))
    return flag(
        "last_years_partial", len(partial), "year", "kept: compare no total with theirs",
        f"at the end with {column} in fewer than {ENOUGH:.0%} of the {most:,} places that other "
        "years have: " + listed((f"{year} in {n:,}" for year, n in reversed(partial)), 8),
    )  # fmt: skip


_VERA = {
    "publisher": "Vera Institute of Justice",
    "address": "https://github.com/vera-institute/incarceration-trends",
    "terms": "For your own academic, nonprofit and research use, under the licence in the "
    "repository, to which a download agrees; the ICPSR terms hold too. No commercial use, and NO "
    "REDISTRIBUTION: figures may be cited, the rows may not be passed on or put in a repository",
    "definitions": {
        "population, population_15_64": "residents, of all ages and aged 15 to 64, by sex or race",
        "jail_population": "the total: an average of the year (ADP); by sex or race: a count of "
        "one day",
        "jail_admissions, jail_discharges": "people admitted or discharged in the year, as a rule "
        "scaled up from a sample",
        "jail_pretrial": "people not convicted, on one day (also those with a detainer)",
        "jail_sentenced": "people sentenced, on one day",
        "jail_held_for_state_prison, jail_held_for_federal": "people the jail holds for them",
        "jail_rated_capacity": "beds",
        "prison_population": "people in state prison by county of commitment, or in the state's "
        "custody",
        "prison_jurisdiction": "people under the state's jurisdiction, wherever they are",
        "prison_admissions": "people admitted to state prison in the year",
        "incarcerated": "jail and prison together, those held for the other counted once",
    },
    "traps": {
        "races_do_not_add_up": "counts by race or sex are of one day, totals are averages: they "
        "do not add up, and a share of one in the other is wrong",
        "last_years_partial": "the last years have only part of the places: a fall in their sum "
        "is a fall in reporting",
        "survey_rows": "some rows cover part of a system (Philadelphia 2015 and 2016: about 4,900 "
        "people, 2–3 women; admissions 8,933 to 50,595 in neighbouring years)",
        "fiscal_years": "averages of some places run from July to June",
        "per_whom": "its rates are per residents aged 15–64, not per all residents",
        "no_federal": "federal prisons are not in it",
    },
    "not_ingested": "figures of a year are no months of a jail: its ADP would stand for January",
}
_GET = (
    "Read the licence in the repository, then download {file} from it (the publisher asks that "
    "whoever downloads agrees to its terms; remand does not do it for you)"
)

COUNTY = Source(
    name="incarceration-trends-county",
    title="Incarceration Trends, by county",
    covers="years from 1970 on (jails) and 1983 on (prisons)",
    table="aggregates",
    access=_GET.format(
        file="incarceration_trends_county.csv (until 2020: incarceration_trends.csv)"
    ),
    columns=("year", "county_name", "total_pop_15to64", "total_jail_pop"),
    take=county,
    **_VERA,  # type: ignore[arg-type]
)

STATES = ("year", "state_abbr", "total_pop_15to64", "total_jail_pop", "total_prison_pop")

STATE = Source(
    name="incarceration-trends-state",
    title="Incarceration Trends, by state",
    covers="years from 1970 on (jails) and 1983 on (prisons)",
    table="aggregates",
    access=_GET.format(file="incarceration_trends_state.csv"),
    columns=STATES,
    take=state,
    fits=lambda raw: "county_name" not in raw.header and set(STATES) <= set(raw.header),
    **_VERA,  # type: ignore[arg-type]
)
