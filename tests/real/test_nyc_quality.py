"""Every trap of New York City's custody records is found and named by the checks (REMAND_DATA).

The stays were collapsed from the same snapshots that the published census counts, so an equal
census proves the arithmetic, not the data.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import polars as pl
import pytest

from remand.records.census import off, rebuilt
from remand.records.ingest import ingest
from remand.records.work import opened

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
SPELLS, DAILY = "nyc_custody_spells.parquet", "nyc_custody_daily.csv.gz"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The work file of both."""
    path = tmp_path_factory.mktemp("nyc") / "nyc.duckdb"
    ingest([Path(DATA or "") / SPELLS, Path(DATA or "") / DAILY], path)
    with opened(path) as con:
        yield con


@pytest.fixture(scope="module")
def told(work):
    """What each check says, by name: the row of the table quality."""
    rows = pl.DataFrame(work.sql("SELECT * FROM quality")).to_dicts()
    return {row["name"]: row for row in rows}


@pytest.fixture(scope="module")
def spells():
    """The stays as they stand in the file."""
    return pl.read_parquet(Path(DATA or "") / SPELLS)


def test_the_rebuilt_census_is_the_published_one_within_seven_in_a_thousand(work):
    """On each of 2,038 days; on the one day without a snapshot nothing is published."""
    census = rebuilt(work)
    both = census.drop_nulls("published")
    assert (census.height, both.height) == (2039, 2038)
    apart = both["people"] / both["published"] - 1
    assert apart.abs().max() < 0.007
    assert off(census) == pytest.approx(0.003, abs=0.0005)


def test_the_constant_excess_is_explained_and_the_midnight_shift_reported(told, spells):
    """+0.3 % from gaps that were filled in; +1.3 % if stays began on the day of admission."""
    check = told["census_differs"]
    assert check["found"] == 0
    assert check["of"] == 2038
    assert check["adp_effect"] == pytest.approx(22.6, abs=0.5)
    assert "counted as inside by first_seen … last_seen" in check["says"]
    assert "snapshots that go on after it" in check["says"]
    published = pl.read_csv(Path(DATA or "") / DAILY)
    since = pl.date(2016, 6, 2)
    came = pl.max_horizontal(pl.min_horizontal("first_seen", pl.col("adm").cast(pl.Date)), since)
    held = spells.select((pl.col("last_seen") - came).dt.total_days() + 1).to_series().sum()
    assert held / 2039 / published["n"].mean() - 1 == pytest.approx(0.013, abs=0.001)
    assert "would be +1.3 % on average: the midnight shift" in check["says"]


def test_stays_open_at_the_start_are_left_truncated_and_the_short_ones_missed(told, work, spells):
    """As many as had begun before the first snapshot could have seen them."""
    check = told["window_edges"]
    began = spells.filter(pl.col("first_seen") == pl.date(2016, 6, 2))
    earlier = began.filter(pl.col("adm").cast(pl.Date) < pl.date(2016, 6, 2))
    (truncated,) = work.execute(
        "SELECT count(*) FROM spells WHERE day_in < DATE '2016-06-02' AND day_seen > day_in "
        "AND day_seen = DATE '2016-06-02'"
    ).fetchone()
    assert earlier.height - 300 < truncated <= earlier.height
    assert (
        f"{truncated:,} stays were already open on 2016-06-02, so left-truncated" in check["says"]
    )
    assert "5,349 stays still inside at the end" in check["says"]
    assert "Stays of less than a day are missed" in check["says"]
    assert "were never seen" in check["says"]


def test_the_one_hole_in_the_snapshots_is_told_with_its_date(told, spells):
    """11 March 2018: nobody is first or last seen on it, and no other day is so."""
    days = pl.date_range(pl.date(2016, 6, 2), pl.date(2021, 12, 31), eager=True)
    seen = pl.concat([spells["first_seen"], spells["last_seen"]]).unique()
    assert [str(day) for day in days if day not in set(seen.to_list())] == ["2018-03-11"]
    check = told["days_without_admissions"]
    assert (check["found"], check["of"]) == (1, 2039)
    assert "No snapshot was taken on 1 day: 2018-03-11; a single day" in check["says"]


def test_stays_seen_before_they_were_booked_in_are_found_on_one_day(told, spells):
    """The snapshot of 12 April 2019 came hours late; no stay is seen on an earlier day."""
    check = told["negative_stays"]
    late = spells.filter(
        (pl.col("first_seen") == pl.col("adm").cast(pl.Date))
        & (pl.col("adm").dt.time() > pl.time(11, 0))
    )
    assert set(late["first_seen"].dt.to_string()) == {"2019-04-12"}
    assert 20 <= check["found"] <= late.height == 42
    assert "0 on an earlier day" in check["says"]
    assert "2019-04-12" in check["examples"]


def test_people_with_two_races_are_counted(told, spells):
    """One id in eleven; 'U' says that a race is not known, and is none."""
    races = spells.filter(pl.col("race").is_not_null() & (pl.col("race") != "U"))
    two = races.group_by("id").agg(pl.col("race").n_unique()).filter(pl.col("race") > 1).height
    check = told["conflicting_people"]
    assert f"{two:,} with two races" in check["says"]
    assert check["of"] == spells["id"].n_unique()
    assert check["found"] >= two > 9000


def test_the_fall_of_spring_2020_is_found(told):
    """Admissions in the middle of March, the census by its end; hardly any others."""
    check = told["level_shifts"]
    assert "2020-03-" in check["says"]
    assert "admissions a day from" in check["says"]
    assert 2 <= check["found"] <= 4


def test_race_rows_do_not_make_the_total_and_status_rows_do(told):
    """The daily file tells Black and white people of seven groups, and all eight statuses."""
    check = told["race_rows_differ"]
    assert check["found"] == 2038
    assert "are short of the total" in check["says"]
    assert "add up to the total on all 2,038 days" in check["says"]
    assert "against" in check["says"]


def test_what_snapshots_cannot_tell_is_not_called_in_order(told):
    """No time of release, so no split stays."""
    assert told["split_stays"]["found"] is None
    assert told["split_stays"]["severity"] == "note"


def test_people_in_two_stays_at_once_are_counted_once(told, spells):
    """Pairs of one id that overlap, by a join of the file with itself."""
    (pairs,) = duckdb.execute(
        """
        WITH stays AS (SELECT id, adm, first_seen, last_seen FROM read_parquet(?))
        SELECT count(DISTINCT (b.id, b.adm)) FROM stays AS a JOIN stays AS b
        ON a.id = b.id AND (a.first_seen, a.last_seen, a.adm) < (b.first_seen, b.last_seen, b.adm)
        AND b.first_seen <= a.last_seen
        """,
        [str(Path(DATA or "") / SPELLS)],
    ).fetchone()
    check = told["overlapping_stays"]
    assert check["found"] == pairs > 0
    assert check["of"] == spells.height
