"""California Jail Profile Survey: every county's jails, by month and by quarter."""

from __future__ import annotations

import polars as pl

from remand.records.checks.check import listed
from remand.sources.rows import Cell, day, flag, holes, left_out, longer, number, once, whole
from remand.sources.source import Flag, Found, Raw, Source

TOTAL = "avg_daily_pop_total_jurisdiction"
BOOKED = "total_num_persons_booked"
SPLIT = {"status": ("unsentenced", "sentenced"), "sex": ("male", "female")}
PARTS = {
    (status, sex): f"avg_daily_pop_{status}_{sex}"
    for status in SPLIT["status"]
    for sex in SPLIT["sex"]
}
SUMMED: dict[str, Cell] = {
    f"{axis}_{level}": ("adp", axis, level) for axis, levels in SPLIT.items() for level in levels
}
"""Levels that no column gives by itself: the sum of the parts that have them."""

CELLS: dict[str, Cell] = {
    TOTAL: ("adp", None, None),
    "avg_felony_inmate_total": ("adp", "charge", "felony"),
    "avg_misdemean_inmate_total": ("adp", "charge", "misdemeanor"),
    BOOKED: ("admissions", None, None),
    "highest_inmate_count": ("highest_count", None, None),
    "tot_pretrial_release_lack_bed": ("released_for_lack_of_beds", "status", "pretrial"),
    "tot_sentenced_release_lack_bed": ("released_for_lack_of_beds", "status", "sentenced"),
    "avg_own_inmate_housed_elsewhere": ("housed_elsewhere", None, None),
    "avg_fed_inmate_housed_contract": ("housed_under_contract", "held for", "federal"),
    "avg_state_inmate_housed_contract": ("housed_under_contract", "held for", "state"),
    "avg_local_inmate_housed_contract": ("housed_under_contract", "held for", "local"),
}
"""Columns and what they count."""

STAYS: dict[str, Cell] = {
    "avg_length_stay_all_releases": ("stay_release", None, None),
    "avg_length_stay_pretrial_release": ("stay_release", "status", "pretrial"),
    "avg_length_stay_sentnced_release": ("stay_release", "status", "sentenced"),
}


def monthly(raw: Raw) -> Found:
    """Average daily populations, bookings and what else is counted by the month."""
    wide = raw.frame.with_columns(
        month=day("date").dt.truncate("1mo"), place=pl.col("jurisdiction").str.strip_chars()
    )
    cells = {name: cell for name, cell in CELLS.items() if name in raw.header}
    wide, undated, unread = whole(wide, raw, "month", [*cells, *PARTS.values()])
    wide, twice = once(wide, ["month", "place"])
    wide = wide.with_columns(
        pl.sum_horizontal(*(c for key, c in PARTS.items() if level in key), ignore_nulls=False)
        .alias(name)
        for name, (_, _, level) in SUMMED.items()
    )  # fmt: skip
    # a jail that otherwise holds people, and says it held none, said nothing. Only said here: the
    # median is of all months, and a forecast of the past may not know the later ones
    silent = (pl.col(TOTAL) == 0) & (pl.col(TOTAL).median().over("place") > 0)
    zeros, told = wide.filter(silent), wide.filter(~silent.fill_null(value=False))
    idle = (pl.col(BOOKED) == 0) & (pl.col(BOOKED).median().over("place") > 0)
    unbooked = told.filter(idle)
    unknown = told.filter(pl.col(BOOKED).is_null())
    off = wide.filter((pl.sum_horizontal(PARTS.values()) - pl.col(TOTAL)).abs() > 1)
    flags = (
        undated, unread, twice,
        flag("zero_not_reported", zeros.height, "month", "kept as zero, which is no count",
             "with an average daily population of zero in a jail that otherwise holds people, "
             f"which means that it did not report: {_where(zeros)}"),
        flag("bookings_zero", unbooked.height, "month", "kept as zero, which is no count",
             f"without bookings in a jail that otherwise books people: {_where(unbooked)}"),
        flag("bookings_missing", unknown.height, "month", "left missing",
             f"whose bookings are not reported: {_where(unknown)}"),
        _months_missing(wide),
        flag("parts_differ", off.height, "month", "kept: the total as it stands",
             f"with a total more than one person off the sum by status and sex: {_where(off)}"),
        left_out([c for c in raw.header
                  if c not in {*CELLS, *PARTS.values(), "date", "jurisdiction"}],
                 "the jurisdiction says it, or it splits finer than one axis holds"),
    )  # fmt: skip
    return Found(longer(wide, cells | SUMMED, place="place"), "month", flags)


def quarterly(raw: Raw) -> Found:
    """Mean stays of people released in a quarter."""
    quarter = (3 * number("quarter") - 2).cast(pl.Int32, strict=False)
    year = number("year").cast(pl.Int32, strict=False)
    wide = raw.frame.with_columns(
        month=pl.when(number("quarter").is_between(1, 4)).then(pl.date(year, quarter, 1)),
        place=pl.col("jurisdiction").str.strip_chars(),
    )
    wide, undated, unread = whole(wide, raw, "month", list(STAYS))
    wide, twice = once(wide, ["month", "place"])
    silent = wide.filter(pl.all_horizontal(pl.col(c).is_null() for c in STAYS))
    used = {*STAYS, "jurisdiction", "year", "quarter"}
    flags = (
        undated, unread, twice,
        flag("quarters_not_reported", silent.height, "quarter", "left missing",
             f"of {wide.height:,} without any mean stay"),
        left_out([c for c in raw.header if c not in used], "not a mean stay"),
    )  # fmt: skip
    return Found(longer(wide, STAYS, place="place"), "quarter", flags)


def _where(rows: pl.DataFrame) -> str:
    """Months by jurisdiction, the most first."""
    counts = rows["place"].value_counts().sort("count", "place", descending=[True, False]).rows()
    return listed((f"{place} {n:,}" for place, n in counts), 8)


def _months_missing(wide: pl.DataFrame) -> Flag | None:
    found = {
        str(place): len(holes(rows["month"], "1mo"))
        for (place,), rows in wide.group_by("place", maintain_order=True)
    }
    return flag(
        "months_missing", sum(found.values()), "month", "left missing",
        "between a jail's first and last that are not there: "
        + listed((f"{place} {n:,}" for place, n in found.items() if n), 8),
    )  # fmt: skip


_CARD = {
    "publisher": "California Board of State and Community Corrections; compiled by Jacob Kaplan",
    "address": "https://www.openicpsr.org/openicpsr/project/104560",
    "terms": (
        "The survey is a public record of the State of California. Of the compilation, the "
        "licence that openICPSR shows at download holds; cite its author"
    ),
    "access": (
        "openICPSR gives its files to people with a free account: open project 104560, download "
        "the CSV files and unpack them. The board's own pages have the months since"
    ),
}
_BREAKS = (
    "Realignment (October 2011) moved people from state prison to county jail, and Proposition 47 "
    "(November 2014) made felonies misdemeanors: the level changes for reasons of law"
)
_NO_RACE = "race is not reported at all: nothing can be said of disparity"

MONTHLY = Source(
    name="california-monthly",
    title="Jail Profile Survey, monthly",
    covers="months since October 1995",
    table="aggregates",
    definitions={
        "adp": "people held on an average day of the month, in the custody of the jurisdiction; "
        "by status (unsentenced, sentenced), sex, and charge (felony, misdemeanor)",
        "admissions": "people booked in the month, also those released within hours",
        "highest_count": "the most people held on a day of the month",
        "released_for_lack_of_beds": "people released in the month because beds were lacking",
        "housed_elsewhere": "own people held elsewhere, on an average day; not part of adp",
        "housed_under_contract": "people held for others, on an average day, by whom they are "
        "held for (federal, state, local)",
    },
    traps={
        "zero_not_reported": "months of zero mean that a jail did not report (Ventura and Santa "
        "Clara, for one), not that it was empty",
        "bookings_missing": "bookings are missing for some months, and zero for a few",
        "bookings_are_not_stays": "most people booked leave within a day or two: bookings times "
        "the mean stay of releases is not the population",
        "breaks": _BREAKS,
        "no_race": _NO_RACE,
    },
    columns=("jurisdiction", "date", TOTAL, BOOKED, *PARTS.values()),
    take=monthly,
    ingested="aggregates",
    **_CARD,  # type: ignore[arg-type]
)

QUARTERLY = Source(
    name="california-quarterly",
    title="Jail Profile Survey, quarterly",
    covers="quarters since late 1995; mean stays since 2002",
    table="aggregates",
    definitions={
        "stay_release": "mean days of people released in the quarter: all, and by their status at "
        "release (pretrial, sentenced). It misleads while a jail shrinks or grows",
    },
    traps={
        "quarters_not_reported": "more than half of the quarters have no mean stay, all "
        "before 2002 among them",
        "quarter_as_month": "a quarter stands at its first day; it is no figure of that month",
        "breaks": _BREAKS,
        "no_race": _NO_RACE,
    },
    columns=("jurisdiction", "year", "quarter", *STAYS),
    take=quarterly,
    ingested="aggregates",
    **_CARD,  # type: ignore[arg-type]
)
