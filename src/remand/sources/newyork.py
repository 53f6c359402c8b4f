"""New York City: who is in the jails, by the day; and stays made of those daily snapshots."""

from __future__ import annotations

import datetime as dt

import polars as pl

from remand.records.checks.check import listed
from remand.records.contracts import STAYS
from remand.records.intake.snapshots import DAILY
from remand.sources.rows import daily, day, days_missing, flag, left_out, once, whole
from remand.sources.source import File, Flag, Found, Raw, Source

STATUSES = {
    "DE": "detained before trial, or otherwise not sentenced",
    "CS": "sentenced to the city's jails",
    "DPV": "held for a violation of state parole alone",
    "DEP": "detained with a parole violation too",
    "DNS": "detained, newly sentenced",
    "SSR": "sentenced to the state's prisons, ready to go",
    "SCO": "held for a state court order",
    "CSP": "city sentence with a parole violation",
}


def census(raw: Raw) -> Found:
    """A count a day: all, by race (two levels) and by legal status."""
    statuses = [c for c in raw.header if c.startswith("s_")]
    races = [c for c in raw.header if c in {"n_black", "n_white"}]
    wide = raw.frame.with_columns(day=day("date"))
    wide, undated, unread = whole(wide, raw, "day", ["n", "n_unique_id", *statuses, *races])
    wide, twice = once(wide, ["day"])
    double = wide.filter(pl.col("n") != pl.col("n_unique_id"))
    gaps = wide.select(pl.col(statuses).null_count()).row(0)
    off = wide.filter(pl.sum_horizontal(statuses) != pl.col("n")) if statuses else wide.clear()
    known = wide.filter(pl.sum_horizontal(races) < pl.col("n")).height if races else 0
    cells: dict[str, tuple[str | None, str | None]] = {"n": (None, None)}
    cells |= {c: ("race", c.removeprefix("n_")) for c in races}
    cells |= {c: ("status", c.removeprefix("s_").upper()) for c in statuses}
    flags = (
        undated, unread, twice, days_missing(wide["day"]),
        flag("counted_twice", double.height, "day", "kept: every row of a snapshot counts",
             "with more rows than identity numbers (one number, two open stays)"),
        flag("status_missing", sum(gaps), "count", "left missing",
             "by status that are empty: nobody of that status, or nobody asked"),
        flag("status_differs", off.height, "day", "kept as they stand",
             "on which counts by status do not add up to the census"),
        flag("race_is_not_all", known, "day", "kept as they stand",
             "with people who are neither black nor white: the two do not add up to the census"),
        left_out([c for c in raw.header if c not in {*cells, "date"}],
                 "identity numbers in the snapshot, of which the flags tell"),
    )  # fmt: skip
    return Found(daily(wide, cells), "day", flags)


def spells(raw: Raw) -> Found:
    """A stay a row, with the first and the last snapshot that had it."""
    given = raw.frame
    texts = {"adm": _moment("adm"), "first_seen": day("first_seen"), "last_seen": day("last_seen")}
    texts = {name: read for name, read in texts.items() if given.schema[name] == pl.String}
    frame = given.with_columns(read.alias(name) for name, read in texts.items())
    if any(frame[name].is_null().all() for name in ("first_seen", "last_seen")):
        raise raw.wrong("no row has a date as this publisher writes them", "download it again", 2)
    unread = {
        name: n for name in texts
        if (n := int((frame[name].is_null() & (given[name].str.strip_chars() != "")).sum()))
    }  # fmt: skip
    start = frame["first_seen"].min()
    stays = _stays(frame, {"charge": "charge_first", "charge_last": "charge_last",
                           "status": "status_first", "status_last": "status_last",
                           "race": "race", "sex": "sex", "admitted": "adm",
                           "first_seen": "first_seen", "last_seen": "last_seen"})  # fmt: skip
    noon = pl.col("first_seen").cast(pl.Datetime) + pl.duration(hours=12)
    seen = pl.concat([stays["first_seen"], stays["last_seen"]])
    flags = (
        flag("dates_unreadable", sum(unread.values()), "date", "left empty",
             f"that cannot be read, in {listed(unread)}"),
        flag("seen_before_admission", stays.filter(noon <= pl.col("admitted")).height, "stay",
             "kept: what was seen holds",
             "booked in on a later day than their first snapshot, or on its afternoon, while "
             "snapshots are taken at night"),
        flag("open_at_start", stays.filter(pl.col("first_seen") == start).height, "stay",
             "kept: first_seen and admitted tell",
             f"open on the first snapshot, {start!s}; those that ended before it are not here "
             "(left truncation)"),
        days_missing(seen) if seen.n_unique() > DAILY * _days(seen) else None,
        _open(frame),
        *_people(stays),
        left_out([c for c in raw.header if c in {"bradh", "custody", "sealed"}],
                 "no part of the contract; the first tells of health"),
    )  # fmt: skip
    return Found(stays, "day", flags)


def snapshot(raw: Raw) -> Found:
    """One day's people, as NYC Open Data gives them: nobody who has left, and not which day."""
    american = (
        pl.col("admitted_dt")
        .str.strip_chars()
        .str.to_datetime("%m/%d/%Y %I:%M:%S %p", strict=False)
    )
    frame = raw.frame.with_columns(adm=pl.coalesce(_moment("admitted_dt"), american),
                                   id=pl.col("inmateid"))  # fmt: skip
    stays = _stays(frame, {"admitted": "adm", "race": "race", "sex": "gender",
                           "charge": "top_charge", "status": "inmate_status_code"})  # fmt: skip
    flags = (
        flag("dates_unreadable", stays["admitted"].null_count(), "admission",
             "kept without it", "that cannot be read as a time"),
        flag("one_day", stays.height, "stay", "kept: it tells nothing of who came and went",
             "open on one day, which the file does not name"),
        *_people(stays),
        left_out([c for c in raw.header if c in {"bradh", "custody_level", "sealed", "srg_flg",
                                                 "infraction", "discharged_dt"}],
                 "no part of the contract, or always empty; the first tells of health"),
    )  # fmt: skip
    return Found(stays, "day", flags)


def _moment(column: str) -> pl.Expr:
    """A column of text as a time: ISO, with a T or a blank between day and hour."""
    text = pl.col(column).str.strip_chars().str.slice(0, 19).str.replace(" ", "T")
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False)


_TYPES = {
    "VARCHAR": pl.String(), "BIGINT": pl.Int64(), "INTEGER": pl.Int32(), "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"), "BOOLEAN": pl.Boolean(),
}  # fmt: skip


def _stays(frame: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """The contract's columns; those that no column gives are empty."""
    given = {name: pl.col(column) for name, column in columns.items()} | {
        "stay": pl.int_range(1, pl.len() + 1), "line": pl.col("line"), "person": pl.col("id"),
        "age": pl.col("age").cast(pl.Int32, strict=False), "synthetic": pl.lit(value=False),
    }  # fmt: skip
    return frame.select(
        given.get(c.name, pl.lit(None)).cast(_TYPES[c.type]).alias(c.name)
        for c in STAYS if c.name != "source"
    )  # fmt: skip


def _people(stays: pl.DataFrame) -> tuple[Flag | None, ...]:
    races = stays.group_by("person").agg(pl.col("race").drop_nulls().n_unique())
    empty = stays["race"].null_count()
    return (
        flag("two_races", races.filter(pl.col("race") > 1).height, "identity number",
             "kept: each stay goes by its own", "with more than one race"),
        flag("race_missing", empty, "stay", "left empty, never imputed",
             f"of {stays.height:,} without a race"),
    )  # fmt: skip


def _open(frame: pl.DataFrame) -> Flag | None:
    if "censored" not in frame.columns:
        return None
    censored = pl.col("censored").cast(pl.String).str.to_lowercase() == "true"
    return flag("still_inside", frame.filter(censored).height, "stay", "kept open",
                "still open on the last snapshot")  # fmt: skip


def _days(seen: pl.Series) -> int:
    """Days from the first to the last, both counted."""
    low, high = seen.min(), seen.max()
    assert isinstance(low, dt.date)  # noqa: S101 - a column of dates
    assert isinstance(high, dt.date)  # noqa: S101
    return (high - low).days + 1


_CITY = {
    "publisher": "New York City Department of Correction (NYC Open Data)",
    "address": "https://data.cityofnewyork.us/Public-Safety/Daily-Inmates-In-Custody/7479-ugqb",
    "terms": "NYC Open Data: anybody may use it for any purpose, without warranty; cite the "
    "department and the day it was read. It tells of people by number: rows stay on your machine",
}
_MISSED = (
    "a stay shows only if it crosses a snapshot: those of less than a day are missed, so "
    "admissions are too few and mean stays too long"
)
_SKEW = (
    "stays are violently skewed (median 18 days, mean 82): means of admissions, of releases and of "
    "those inside differ by multiples"
)
_LAW = (
    "the bail law in force from January 2020 was passed in April 2019, and the jails fell before "
    "it took effect; from March 2020 on the epidemic"
)
_DAYS = "days from 2016-06-02 on"
_STATUS = "; ".join(f"{code} {what}" for code, what in STATUSES.items())

CENSUS = Source(
    name="nyc-census",
    title="Daily Inmates In Custody, counted by the day",
    covers=_DAYS,
    table="census",
    definitions={
        "people": "people in custody (in-facility) in the day's snapshot",
        "people, by status": _STATUS + ". The words are inferred; the codes are the department's",
        "people, by race": "as the department records it: black and white only",
    },
    traps={
        "days_missing": "single days have no snapshot",
        "counted_twice": "one identity number can have two open stays on a day",
        "race_is_not_all": "Hispanic origin is not recorded apart: it stands within the races",
        "law_and_epidemic": _LAW,
    },
    access="Counted from snapshots that were collected daily: the city gives only today's "
    "(nyc-snapshot). Columns: date, n, n_unique_id, n_black, n_white, s_<status> for each status",
    columns=("date", "n", "n_unique_id"),
    take=census,
    ingested="census",
    published=False,
    **_CITY,  # type: ignore[arg-type]
)

SPELLS = Source(
    name="nyc-spells",
    title="Daily Inmates In Custody, collapsed into stays",
    covers=_DAYS,
    table="stays",
    definitions={
        "admitted": "when the person was booked in, as recorded",
        "first_seen, last_seen": "the first and the last snapshot with the stay",
        "status": "legal status in the first snapshot: " + _STATUS,
        "charge": "the lead charge in the first snapshot, a section of the penal law",
        "race": "as recorded, a letter; Hispanic origin stands within it",
    },
    traps={
        "less_than_a_day": _MISSED,
        "open_at_start": "stays open on the first snapshot are there, those that ended before it "
        "are not (left truncation)",
        "seen_before_admission": "a few stays are seen before they are admitted",
        "two_races": "one identity number can carry two races",
        "skew": _SKEW,
        "law_and_epidemic": _LAW,
    },
    access="Collapsed from snapshots that were collected daily: the city gives only today's "
    "(nyc-snapshot). Columns: id, adm, first_seen, last_seen, race, sex, age, status_first, "
    "status_last, charge_first, charge_last",
    columns=("id", "adm", "first_seen", "last_seen", "race", "sex", "age", "status_first",
             "status_last", "charge_first", "charge_last"),
    take=spells,
    ingested="snapshots",
    **_CITY,  # type: ignore[arg-type]
)  # fmt: skip

SNAPSHOT = Source(
    name="nyc-snapshot",
    title="Daily Inmates In Custody, one day as published",
    covers="the day of the download",
    table="stays",
    files=(
        File(
            "nyc-in-custody-{today}.csv",
            "https://data.cityofnewyork.us/api/views/7479-ugqb/rows.csv?accessType=DOWNLOAD",
        ),
    ),
    definitions={
        "admitted": "when the person was booked in",
        "status": "legal status on the day: " + _STATUS,
        "charge": "the lead charge on the day",
        "race": "as recorded, a letter",
    },
    traps={
        "one_day": "everyone in it is inside; who stays long is there more often than who is "
        "admitted often, so it tells nothing of admissions or of mean stays",
        "no_date": "the file does not say which day it is of",
        "less_than_a_day": _MISSED,
    },
    access="A file a day. Stays can be made of many: add a column snapshot_date to each, put "
    "them together in one file, and take that in with remand ingest",
    columns=("inmateid", "admitted_dt", "race", "gender", "age", "inmate_status_code",
             "top_charge"),
    take=snapshot,
    not_ingested="one day's people tell of no admission and no release",
    **_CITY,  # type: ignore[arg-type]
)  # fmt: skip
