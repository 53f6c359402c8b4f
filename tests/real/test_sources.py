"""Readers of public data on the publishers' own files, against figures worked out by hand."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import os
from pathlib import Path

import polars as pl
import pytest

from remand.files import find
from remand.records import work
from remand.sources import into, read

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
FOLDER = Path(DATA or "")


def value(taken, year, measure, place="United States", axis=None, level=None):
    """One figure of a year."""
    return taken.frame.filter(
        pl.col("month") == dt.date(year, 1, 1),
        pl.col("measure") == measure,
        pl.col("place") == place,
        pl.col("axis").eq_missing(axis),
        pl.col("level").eq_missing(level),
    )["value"].item()


def flags(taken):
    """Counts by the name of the flag."""
    return {flag.name: flag.count for flag in taken.flags}


def census(taken):
    """People of each day, everyone together."""
    return dict(taken.frame.filter(pl.col("axis").is_null()).select("day", "people").rows())


def test_the_bureaus_national_rates_are_those_it_prints():
    """680 and 670 per 100,000 of all ages in 2015 and 2016; 870 and 860 adults."""
    rates = read(FOLDER / "bjs_2016" / "cpus16t04.csv")
    assert rates.source.name == "bjs-2016"
    for year, everyone, adults in ((2008, 760, 1000), (2015, 680, 870), (2016, 670, 860)):
        assert value(rates, year, "incarceration_rate_all_ages") == everyone
        assert value(rates, year, "incarceration_rate_adults") == adults


def test_the_bureaus_counts_of_people_are_those_it_prints():
    """2,162,400 in prison or jail in 2016; 740,700 in local jails."""
    counts = read(FOLDER / "bjs_2016" / "cpus16t01.csv")
    assert value(counts, 2016, "incarcerated") == 2_162_400
    assert value(counts, 2016, "jail_population") == 740_700
    assert value(counts, 2016, "probation") == 3_673_100
    assert value(counts, 2000, "correctional_population") == 6_467_800
    assert counts.frame["month"].n_unique() == 12


def test_the_bureaus_states_and_holders():
    """Pennsylvania: 82,400 people, 640 per 100,000; the total of 2010 lacks local jails."""
    states = read(FOLDER / "bjs_2016" / "cpus16at01.csv")
    assert states.frame["place"].n_unique() == 54  # 50 states, D.C., federal, together, the nation
    assert value(states, 2016, "incarcerated", "Pennsylvania") == 82_400
    assert value(states, 2016, "incarceration_rate_all_ages", "Pennsylvania") == 640
    assert flags(states)["not_known"] == 12  # Georgia and Michigan
    held = read(FOLDER / "bjs_2016" / "cpus16at03.csv")
    assert value(held, 2010, "custody") == 1_517_800
    assert value(held, 2010, "custody", axis="holder", level="local jails") == 748_700
    assert value(held, 2015, "custody_rate_all_ages") == 680
    assert flags(held)["total_differs"] == 1


def test_new_yorks_census_on_its_first_day():
    """9,837 people on 2 June 2016; one day of 2,039 has no snapshot."""
    taken = read(FOLDER / "nyc_custody_daily.csv.gz")
    assert census(taken)[dt.date(2016, 6, 2)] == 9837
    assert len(census(taken)) == 2038
    assert taken.period == (dt.date(2016, 6, 2), dt.date(2022, 1, 1))
    assert flags(taken)["days_missing"] == 1


def test_new_yorks_spells_rebuild_its_first_census():
    """Who is first seen on the first day is the census of that day."""
    taken = read(FOLDER / "nyc_custody_spells.parquet")
    assert taken.frame.height == 193_402
    assert flags(taken)["open_at_start"] == 9837
    assert flags(taken)["still_inside"] == 5349


def test_cooks_census_on_its_first_day():
    """5,993 in the jail on 1 January 2018, and 2,153 outside it."""
    taken = read(FOLDER / "cook_county_jail_daily.csv.gz")
    assert census(taken)[dt.date(2018, 1, 1)] == 5993
    assert len(census(taken)) == 1449
    assert flags(taken)["days_missing"] == 11


def test_californias_28_counties_add_up_to_what_the_file_says():
    """Every person-month of the file, and the zeros that mean that nothing was reported."""
    path = FOLDER / "california_jail_profile_monthly.csv.gz"
    taken = read(path)
    everyone = taken.frame.filter(pl.col("axis").is_null())
    adp = everyone.filter(pl.col("measure") == "adp")
    assert adp["place"].n_unique() == 28
    assert adp.height == 7140
    assert adp.filter(pl.col("value") == 0).height == 1
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    people = sum(float(row["avg_daily_pop_total_jurisdiction"]) for row in rows)
    booked = sum(float(row["total_num_persons_booked"] or 0) for row in rows)
    assert adp["value"].sum() == pytest.approx(people)
    admitted = everyone.filter(pl.col("measure") == "admissions")
    assert admitted["value"].sum() == pytest.approx(booked)
    assert flags(taken)["zero_not_reported"] == 1
    assert admitted.height == adp.height - 1 - flags(taken)["bookings_missing"]
    assert admitted.filter(pl.col("value") == 0).height == flags(taken)["bookings_zero"]


def test_californias_work_file_has_the_readers_figures(tmp_path):
    """What measure and fit read is what the reader says, but for zeros that are no counts."""
    path = FOLDER / "california_jail_profile_monthly.csv.gz"
    taken = read(path)
    into(path, tmp_path / "w.duckdb", taken.source)
    with work.opened(tmp_path / "w.duckdb") as con:
        held = pl.DataFrame(con.table("aggregates")).drop("source")
    held = held.filter((pl.col("measure") == "adp") | (pl.col("value") > 0))
    mine = taken.frame.filter(pl.col("measure").is_in(["adp", "admissions"]))
    silent = mine.filter(pl.col("axis").is_null(), pl.col("measure") == "adp", pl.col("value") == 0)
    mine = mine.join(silent, on=["month", "place"], how="anti").filter(
        (pl.col("measure") == "adp") | (pl.col("value") > 0)
    )
    keys = ["month", "place", "measure", "axis", "level"]
    held, mine = held.sort(keys), mine.select(held.columns).sort(keys)
    assert held.drop("value").equals(mine.drop("value"))
    assert (held["value"] - mine["value"]).abs().max() < 1e-9


def test_the_dashboards_bail_adds_up_to_the_cases_charged():
    """Every month: kinds of bail are shares of the same cases."""
    taken = read(FOLDER / "philadelphia_dao_monthly.csv.gz")
    charged = taken.frame.filter(pl.col("measure") == "cases_charged")
    everyone = charged.filter(pl.col("axis").is_null())
    bail = charged.filter(pl.col("axis") == "bail").group_by("month").agg(pl.col("value").sum())
    both = everyone.join(bail, on="month", suffix="_bail")
    assert both.height == 72
    assert both.filter(pl.col("value") != pl.col("value_bail")).is_empty()
    assert everyone["value"].sum() == 222_836


def test_philadelphias_two_censuses():
    """3,804 people on 6 March 2025; 8,759 on 21 December 2013, of the file that is shipped."""
    later = read(FOLDER / "philadelphia_census_2025.csv")
    assert census(later)[dt.date(2025, 3, 6)] == 3804
    assert len(census(later)) == 270
    shipped = read(find("philadelphia", "models").parent / "census.csv")
    assert census(shipped)[dt.date(2013, 12, 21)] == 8759
    assert flags(shipped)["sexes_differ"] == 4


def test_californias_quarters_are_means_of_releases():
    """Butte's last quarter of 2016: 14 days, 5 of them before trial."""
    taken = read(FOLDER / "california_jail_profile_quarterly.csv.gz")
    butte = taken.frame.filter(
        pl.col("place") == "Butte Sheriff's Department", pl.col("month") == dt.date(2016, 10, 1)
    )
    assert butte.select("level", "value").rows() == [(None, 14), ("pretrial", 5), ("sentenced", 32)]
    assert flags(taken)["quarters_not_reported"] == 1419
