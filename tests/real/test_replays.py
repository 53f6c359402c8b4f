"""The shipped replays on the records they are of: forecast and truth printed (REMAND_DATA)."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from remand.evidence.replay.replay import replay
from remand.files import shipped

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
DRAWS = 24


@pytest.fixture(scope="module")
def replayed():
    """Every shipped case, once."""
    return {name: replay(name, draws=DRAWS) for name in shipped("replays")}


def score(found, telling, part="after"):
    """The scores of the sum under a telling."""
    own = found.total.place
    rows = found.scores.filter(
        (pl.col("place") == own) & (pl.col("telling") == telling) & (pl.col("part") == part)
    )
    return rows.row(0, named=True)


def test_every_case_prints_band_and_truth(replayed, capsys):
    """A line for the last scored quarter of each telling."""
    with capsys.disabled():
        for name, found in replayed.items():
            rows = found.table("quarter").filter(pl.col("scored") & pl.col("actual").is_not_null())
            for row in rows.filter(pl.col("from") == rows["from"][-1]).to_dicts():
                sys.stdout.write(
                    f"\n{name}, {row['from']}, {row['telling']} ({row['sight']}): "
                    f"{row['q50']:,.0f} ({row['q10']:,.0f}–{row['q90']:,.0f}), "
                    f"happened {row['actual']:,.0f}"
                )
    assert len(replayed) == 4
    for found in replayed.values():
        assert found.left_out == {}
        assert np.isfinite(found.total.truth).all()


@pytest.mark.parametrize(
    "name",
    ["california/realignment-2011", "california/proposition-47", "new-york-city/bail-limits"],
)
def test_the_blind_telling_has_the_direction_and_order_of_size(replayed, name):
    """Once the reform began: its side of no change is the truth's, at a third to three times it.

    And it is nearer than no change and than the last figure known.
    """
    found = replayed[name]
    told = found.tellings[1]
    assert found.sights[1] == "blind"
    rows = found.table("year").filter(
        (pl.col("telling") == told) & pl.col("scored") & (pl.col("to") > found.case.in_force)
    )
    last = rows.row(-1, named=True)
    assert last["less_q50"] * last["actual_less"] > 0
    assert 1 / 3 < last["less_q50"] / last["actual_less"] < 3
    own = score(found, told)
    assert own["coverage_95"] == 100
    assert own["mae"] < min(score(found, other)["mae"] for other in ("no change", "as today"))


def test_philadelphia_is_a_miss_and_in_the_right_direction(replayed):
    """Every count below every band: this stays a miss until the model is told more."""
    found = replayed["philadelphia/policies-2018"]
    table = found.table().filter(pl.col("telling") != "no change")
    assert (table["less_q50"] < 0).all()
    assert (table["actual_less"] < 0).all()
    assert not table["inside_95"].any()
    assert (table["less_q50"] > table["actual_less"] / 2).all()


def test_new_york_fell_before_the_law_took_effect(replayed):
    """In December 2019 the jail lay below the band of no change."""
    found = replayed["new-york-city/bail-limits"]
    december = found.table().filter(
        (pl.col("from") == dt.date(2019, 12, 1)) & (pl.col("telling") == "no change")
    )
    row = december.row(0, named=True)
    assert row["actual"] < row["q025"]
    assert found.table().filter(~pl.col("scored"))["from"].min() == dt.date(2020, 3, 1)


def test_new_york_after_the_cut_off_moves_no_bit_of_the_forecast(replayed, tmp_path):
    """Who was inside goes on another year, with other statuses; whoever came later came twice."""
    clean = replayed["new-york-city/bail-limits"]
    frame = pl.read_parquet(Path(DATA or "") / "nyc_custody_spells.parquet")
    goes_on, later = pl.col("last_seen") >= clean.as_of, pl.col("first_seen") >= clean.as_of
    end = pl.lit(dt.date(2021, 6, 30))
    spoiled = frame.with_columns(
        pl.when(goes_on).then(end).otherwise("last_seen").alias("last_seen"),
        *(
            pl.when(goes_on).then(pl.lit("?")).otherwise(c).alias(c)
            for c in ("status_last", "charge_last", "custody", "bradh", "sealed")
        ),
        *(pl.when(later).then(None).otherwise(c).alias(c) for c in ("adm", "status_first", "race")),
    )
    pl.concat([spoiled, spoiled.filter(later)]).write_parquet(tmp_path / "nyc.parquet")
    found = replay("new-york-city/bail-limits", data=tmp_path / "nyc.parquet", draws=DRAWS)
    assert found.total.people.tobytes() == clean.total.people.tobytes()
    assert found.total.truth[0] > 1.2 * clean.total.truth[0]
