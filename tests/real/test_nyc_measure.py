"""New York City's jails, 2016–2021, measured (REMAND_DATA)."""

import datetime as dt
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from remand.outcomes.measured import BAND, Asked, counted, measured, period
from remand.records.work import MISSING, Records, Source

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
START, END = dt.date(2016, 6, 2), dt.date(2022, 1, 1)


@pytest.fixture(scope="module")
def spells():
    """Stays as collapsed from daily snapshots."""
    return pl.read_parquet(Path(DATA or "") / "nyc_custody_spells.parquet")


@pytest.fixture(scope="module")
def records(spells):
    """The same as days of the census: seen from the first to the last snapshot."""

    def day(column):
        return (pl.col(column).dt.date() - START).dt.total_days().cast(pl.Int32)

    # who is booked in after the day's snapshot is seen in the next one at the soonest
    first = day("adm") + (pl.col("adm").dt.time() > dt.time(10, 20)).cast(pl.Int32)
    going = pl.col("last_seen") >= END - dt.timedelta(1)
    out = pl.when(~going).then(day("last_seen") + 1)
    stays = spells.select(
        (pl.col("id").rank("dense") - 1).cast(pl.UInt32).alias("person"),
        pl.min_horizontal(first, day("first_seen")).alias("day_in"),
        day("first_seen").alias("day_seen"),
        out.alias("day_out"),
        out.alias("day_out_by"),
        pl.col("race").fill_null(MISSING),
    )
    source = Source("nyc_custody_spells.parquet", "snapshots", "", len(stays))
    return Records(stays, START, END, "snapshots", "in-facility", (source,), False)


@pytest.fixture(scope="module")
def figures(records):
    """Every figure of the whole window, without intervals."""
    frame = measured(records, period(records, None, None, None), Asked(draws=0))
    return dict(zip(frame["quantity"], frame["mean"], strict=True))


def test_the_census_equals_a_naive_count_on_every_day(records, spells):
    """To the person, on all 2,039 days."""
    stays = counted(records, Asked(by=("race",)))
    days = stays.tally(period(records, None, None, "day"), np.ones(len(stays.person)))
    first = (spells["first_seen"] - START).dt.total_days().to_numpy()
    last = (spells["last_seen"] - START).dt.total_days().to_numpy()
    naive = np.bincount(first, minlength=2040) - np.bincount(last + 1, minlength=2040)
    assert (days.held[0, 0] == naive.cumsum()[:2039]).all()
    assert (days.held[0, 1:].sum(axis=0) == days.held[0, 0]).all()


def test_stays_are_as_skewed_as_the_traps_say(figures):
    """Trap 2 has p10 2, median 18, mean 82 and p99 802 days.

    Those lie between what is measured of stays released (2, 19, 80 and 762) and of stays admitted,
    completed by the product limit (2, 17, 80 and 838), in censuses crossed.
    """
    for basis in ("stay_release", "stay_admission"):
        assert figures[f"{basis}_p10"] == 2
        assert 17 <= figures[f"{basis}_p50"] <= 19
        assert 79 <= figures[basis] <= 82
    assert figures["stay_release_p99"] == 762
    assert figures["stay_release_p99"] < 802 < figures["stay_admission_p99"]


def test_means_from_a_census_and_from_admissions_differ_by_multiples(figures):
    """Those inside on the last night had been there four times as long as a whole mean stay."""
    assert figures["stay_so_far"] > 4 * figures["stay_admission"]
    assert figures["stay_admission"] > 4 * figures["stay_admission_p50"]


def test_more_than_half_of_the_beds_belong_to_a_small_share_of_people(records):
    """Stays of over half a year: one in eight of those admitted, three in five bed-days."""
    beds = Asked(by=(BAND,), draws=0, quantities=("admissions", "bed_days"))
    frame = measured(records, period(records, None, None, None), beds)
    long = frame.filter(pl.col(BAND).is_in(["181–365", "366–730", "over 730"]))

    def share(quantity):
        own = pl.col("quantity") == quantity
        total = frame.filter(own & pl.col(BAND).is_null())["mean"][0]
        return long.filter(own)["mean"].sum() / total

    assert share("admissions") < 0.125
    assert share("bed_days") > 0.6
    parts = frame.filter((pl.col("quantity") == "bed_days") & pl.col(BAND).is_not_null())
    assert parts["mean"].null_count() == 0
    assert parts["mean"].sum() == frame.filter(pl.col("quantity") == "bed_days")["mean"][0]


def test_returns_are_those_of_a_plain_count_of_2018(records):
    """People by their first release of 2018, all watched for a year: shares need no estimator."""
    windows = period(records, dt.date(2018, 1, 1), dt.date(2019, 1, 1), None)
    frame = measured(records, windows, Asked(draws=0, quantities=("returns",)))
    low, high = ((d - START).days for d in (dt.date(2018, 1, 1), dt.date(2019, 1, 1)))
    stays = records.stays.sort("person", "day_in", "day_out").with_columns(
        pl.col("day_in").shift(-1).over("person").alias("next")
    )
    gone = stays.filter(
        pl.col("day_out").is_between(low, high, closed="left")
        & (pl.col("next").is_null() | (pl.col("next") >= pl.col("day_out")))
    )
    first = gone.sort("day_out").group_by("person", maintain_order=True).first()
    for days in (30, 90, 180, 365):
        plain = ((first["next"] - first["day_out"]) <= days).fill_null(value=False).mean()
        found = frame.filter(pl.col("quantity") == f"returned_{days}")["mean"][0]
        assert found == pytest.approx(plain, abs=1e-12)
