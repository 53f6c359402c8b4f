"""New York's stays and census come in whole (REMAND_DATA), and so do other published counts."""

import os
from pathlib import Path

import duckdb
import pytest

from remand.records import census
from remand.records.ingest import ingest

DATA = Path(os.environ.get("REMAND_DATA", ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get("REMAND_DATA"),
    reason="REMAND_DATA is not set: it names the folder of real data",
)


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Stays and census in one work file, and what was said of them."""
    work = tmp_path_factory.mktemp("nyc") / "nyc.duckdb"
    return ingest([DATA / "nyc_custody_spells.parquet", DATA / "nyc_custody_daily.csv.gz"], work)


def test_every_stay_is_used_and_read_as_snapshots(taken):
    """193,402 rows, none set aside, from 2016-06-02 to the last day of 2021."""
    stays, published = taken.files
    assert (stays.rows, stays.used, stays.new, stays.kind) == (193_402,) * 3 + ("snapshots",)
    assert (published.rows, published.used, published.kind) == (2_038, 2_038, "census")
    assert (str(taken.since), str(taken.until)) == ("2016-06-02", "2022-01-01")
    assert len(taken.checks) == 12


def test_the_mental_health_column_is_dropped(taken):
    """Nothing of it is in the file."""
    column = next(c for c in taken.files[0].read.columns if c.name == "bradh")
    assert column.dropped
    assert column.examples == ()
    with duckdb.connect(str(taken.into), read_only=True) as con:
        assert "bradh" not in {row[0] for row in con.execute("DESCRIBE stays").fetchall()}


def test_the_snapshot_is_taken_in_the_morning(taken):
    """Who is booked in before it is seen the same day, who comes after it the next."""
    assert "10:00" <= taken.snapshot_time <= "11:00"


def test_the_rebuilt_census_is_within_0_7_percent_of_the_published_on_every_day(taken):
    """The stays come from the same snapshots: this proves the arithmetic, not the data."""
    with duckdb.connect(str(taken.into), read_only=True) as con:
        days = census.rebuilt(con).drop_nulls()
    assert len(days) == 2_038
    assert ((days["people"] / days["published"] - 1).abs() < 0.007).all()
    assert 0.002 < taken.off < 0.004


def test_the_one_day_without_a_snapshot_is_none(taken):
    """2018-03-11."""
    with duckdb.connect(str(taken.into), read_only=True) as con:
        missing = con.execute(
            "SELECT CAST(unnest(range(min(day), max(day), INTERVAL 1 DAY)) AS DATE) AS day "
            "FROM snapshots EXCEPT SELECT day FROM snapshots"
        ).fetchall()
    assert [str(day) for (day,) in missing] == ["2018-03-11"]


def test_california_sums_its_four_cells_and_counts_no_zero(tmp_path):
    """Status and sex are sums; the total is the file's own."""
    work = tmp_path / "ca.duckdb"
    found = ingest([DATA / "california_jail_profile_monthly.csv.gz",
                    DATA / "california_jail_profile_quarterly.csv.gz"], work)  # fmt: skip
    assert [f.kind for f in found.files] == ["aggregates", "aggregates"]
    with duckdb.connect(str(work), read_only=True) as con:
        measures = {
            row[0] for row in con.execute("SELECT DISTINCT measure FROM aggregates").fetchall()
        }
        (zeros,) = con.execute(
            "SELECT count(*) FROM aggregates WHERE measure = 'adp' AND axis IS NULL AND value = 0"
        ).fetchone()
        (apart,) = con.execute("""
            WITH levels AS (
                SELECT place, month, axis, sum(value) AS people, any_value(source) AS source
                FROM aggregates WHERE measure = 'adp' AND axis IN ('status', 'sex') GROUP BY ALL)
            SELECT max(abs(a.people - b.people)) FROM levels a JOIN levels b USING (place, month)
            WHERE a.axis = 'status' AND b.axis = 'sex'
        """).fetchone()
    assert measures == {"adp", "admissions", "stay_release"}
    assert zeros == 0
    assert apart < 1e-6


@pytest.mark.parametrize(
    ("name", "days"),
    [("cook_county_jail_daily.csv.gz", 1_449), ("philadelphia_census_2025.csv", 270)],
)
def test_other_published_censuses_are_read(tmp_path, name, days):
    """Each a day a row, with a total."""
    work = tmp_path / "c.duckdb"
    (file,) = ingest([DATA / name], work).files
    assert (file.kind, file.used) == ("census", days)
    with duckdb.connect(str(work), read_only=True) as con:
        total = con.execute("SELECT count(*) FROM census WHERE axis IS NULL").fetchone()
    assert total == (days,)
