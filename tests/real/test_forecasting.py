"""Forecasts of real jails, from origins of the past (REMAND_DATA)."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from remand.evidence.backtest.backtest import backtest
from remand.evidence.backtest.baselines import naive, seasonal_naive
from remand.evidence.backtest.tried import QUANTILES, forecasts
from remand.evidence.forecast.own import own
from remand.evidence.panel import LEVELS
from remand.evidence.reading import read_panel

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
NEW_YORK, COOK = "nyc_custody_daily.csv.gz", "cook_county_jail_daily.csv.gz"
CALIFORNIA = "california_jail_profile_monthly.csv.gz"
SHOCK = dt.date(2020, 3, 1), dt.date(2021, 7, 1)


def read(name, places=()):
    return read_panel(Path(DATA or "") / name, places)


@pytest.mark.parametrize(
    ("name", "days", "missing", "first"),
    [(NEW_YORK, 2039, 1, 9837.0), (COOK, 1460, 11, 5993.0)],
)
def test_a_published_census_is_a_panel_of_days(name, days, missing, first):
    """The jail alone, its holes kept as holes."""
    found = read(name).panel
    assert (found.step, found.y.shape) == ("day", (1, days))
    assert np.isnan(found.y).sum() == missing
    assert found.y[0, 0] == first


def test_stays_of_people_are_no_panel():
    """They are taken in first."""
    with pytest.raises(Exception, match="remand ingest") as told:
        read("nyc_custody_spells.parquet")
    assert "stays of single people" in str(told.value)


def test_counties_of_a_survey_are_a_panel_of_months():
    """With bookings beside the people, and no zero left where nothing was reported."""
    found = read(CALIFORNIA, ["Ventura Sheriff's Department", "Santa Clara Sheriff's Office"])
    early = found.panel.until(dt.date(2010, 1, 1))
    assert (early.step, early.dates[0]) == ("month", dt.date(1995, 10, 1))
    assert np.nanmin(early.y) > 100
    assert np.isfinite(early.signals["bookings"]).mean() > 0.9


@pytest.mark.parametrize("name", [NEW_YORK, COOK])
def test_2020_is_scored_apart_and_no_model_foresaw_it(name):
    """Every model is off by several times what it otherwise is, and its bands fail."""
    reading = read(name)
    methods = {"remand": own("", reading.panel), "Naive": naive, "SeasonalNaive": seasonal_naive}
    origins = [dt.date(2019, m, 1) for m in (4, 8, 12)]
    found = backtest(reading, methods, origins, 180, apart=SHOCK)
    assert found.by_horizon["horizon"].unique().sort().to_list() == [30, 60, 90, 120, 150, 180]
    usual, shock = (dict(t.select("model", "mase").rows()) for t in (found.overall, found.apart))
    for model in methods:
        assert shock[model] > 3 * usual[model]
    assert (found.apart["coverage_80"] < 0.6).all()
    assert found.apart["forecasts"][0] + found.overall["forecasts"][0] == 3 * 180


def test_new_york_is_forecast_alike_whatever_came_after():
    """The census of 2020 a thousandfold, or gone: no digit of December 2019 moves."""
    panel = read(NEW_YORK).panel
    origin = dt.date(2019, 12, 1)
    later = np.array(panel.dates) >= origin
    told = []
    for factor in (1.0, 1000.0, np.nan):
        y = np.where(later, factor * panel.y, panel.y)
        signals = {name: np.where(later, y, values) for name, values in panel.signals.items()}
        made = forecasts(
            replace(panel, y=y, signals=signals), {"remand": own("", panel)}, [origin], 90
        ).forecasts.select("point", *QUANTILES)
        told.append(made)
    assert told[0].equals(told[1])
    assert told[0].equals(told[2])


def test_counties_are_scored_on_the_months_before_realignment():
    """Four counties from two origins: every month scored, bands that widen with the horizon."""
    places = [f"{c} Sheriff's Department" for c in ("Fresno", "Ventura", "Yolo", "Solano")]
    reading = read(CALIFORNIA, places)
    reading = replace(reading, panel=reading.panel.until(dt.date(2010, 1, 1)))
    methods = {"remand": own("", reading.panel), "Naive": naive, "SeasonalNaive": seasonal_naive}
    origins = [dt.date(2006, 1, 1), dt.date(2007, 1, 1)]
    found = backtest(reading, methods, origins, 24)
    assert found.meta["scored"] == 4 * 2 * 24
    assert found.differences["clustered_by"].unique().to_list() == ["origin"]
    widths = found.by_horizon.filter(model="remand").sort("horizon")["width_80"]
    assert widths[23] > 2 * widths[0]
    levels = found.forecasts.select(QUANTILES).to_numpy()
    assert levels.shape[1] == len(LEVELS)
    assert (np.diff(levels, axis=1) >= 0).all()
    assert found.forecasts.filter(pl.col("ds") >= dt.date(2009, 1, 1)).is_empty()
