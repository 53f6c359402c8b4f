"""The figures that starters borrow, computed again from the data they cite."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from remand.fitting.shapes import SHAPES, SOURCES, UNSENTENCED

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)


@pytest.fixture
def data():
    """The folder of real data."""
    return Path(DATA or "")


def test_new_york_s_stays_are_as_the_shape_says(data):
    """Stays begun in detention, July 2016 to December 2018; in nights, as censuses saw them."""
    spells = pl.read_parquet(data / "nyc_custody_spells.parquet").with_columns(
        day=pl.col("adm").cast(pl.Date)
    )
    nights = (pl.col("last_seen").cast(pl.Date) - pl.col("day")).dt.total_days() + 1
    stays = spells.filter(
        (pl.col("status_first") == "DE")
        & pl.col("day").is_between(pl.date(2016, 7, 1), pl.date(2018, 12, 31))
    ).with_columns(nights=nights)
    assert f"{len(stays):,} stays" in SOURCES["new_york"]["note"]
    longer = stays.filter(pl.col("nights") > 3)
    weeks, months = longer.filter(pl.col("nights") <= 90), longer.filter(pl.col("nights") > 90)
    shape = SHAPES["new-york"]
    assert len(weeks) / len(longer) == pytest.approx(shape.of_the_rest, abs=5e-4)
    assert weeks["nights"].mean() == pytest.approx(21.2, abs=0.05)
    assert weeks["nights"].std() == pytest.approx(21.3, abs=0.05)
    assert weeks["nights"].median() == 12
    assert months["nights"].mean() == pytest.approx(shape.months["mean"], abs=0.05)
    assert months["nights"].median() == shape.months["median"]
    assert months["nights"].max() == shape.months["max"]
    sentenced = (months["status_last"] == "CS").sum() / len(months)
    assert sentenced == pytest.approx(shape.sentenced, abs=0.005)


def test_california_s_counties_hold_as_many_before_trial_as_said(data):
    """The lowest and the highest tenth of their means of 2016, and the middle one."""
    months = pl.read_csv(data / "california_jail_profile_monthly.csv.gz", infer_schema_length=None)
    groups = {
        name: pl.sum_horizontal(f"avg_daily_pop_{name}_{sex}" for sex in ("male", "female"))
        for name in ("unsentenced", "sentenced")
    }
    reported = months.filter(pl.col("date").str.starts_with("2016")).with_columns(**groups)
    reported = reported.filter((pl.col("unsentenced") > 0) & (pl.col("sentenced") > 0))
    share = pl.col("unsentenced") / (pl.col("unsentenced") + pl.col("sentenced"))
    own = reported.group_by("jurisdiction").agg(share=share.mean())["share"]
    assert f"of {len(own)} counties" in SOURCES["california"]["note"]
    found = [own.quantile(q, "linear") for q in (0.1, 0.5, 0.9)]
    assert found == pytest.approx([UNSENTENCED[0], 0.63, UNSENTENCED[1]], abs=0.006)
