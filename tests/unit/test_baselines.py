"""Naive forecasts, statsforecast's, and their mean."""

from __future__ import annotations

import datetime as dt
import sys

import numpy as np
import pytest

from remand.errors import InputError
from remand.evidence.backtest.baselines import (
    BASELINES,
    PARTS,
    available,
    mean_of,
    naive,
    seasonal_naive,
)
from remand.evidence.laying import calendar
from remand.evidence.panel import LEVELS, Panel

STATS = ("AutoETS", "AutoTheta")


def months(y):
    """A panel of months from January 2000."""
    y = np.atleast_2d(np.asarray(y, float))
    dates = tuple(calendar(dt.date(2000, 1, 1), dt.date(2040, 1, 1), "month"))[: y.shape[1]]
    return Panel(tuple(f"jail {i}" for i in range(len(y))), dates, "month", y)


@pytest.fixture
def walk():
    """Five years of a jail that wanders, with a season."""
    chance = np.random.default_rng(3)
    return 400 + chance.normal(0, 8, 60).cumsum() + 20 * np.sin(np.arange(60) * np.pi / 6)


@pytest.mark.parametrize("name", ["Naive", "SeasonalNaive"])
def test_the_naive_pair_is_that_of_statsforecast(name, walk):
    """Points and every band, to rounding; so it may be left uninstalled."""
    models = pytest.importorskip("statsforecast.models")
    theirs = models.Naive() if name == "Naive" else models.SeasonalNaive(12)
    told = theirs.forecast(y=walk, h=30, level=[20, 80, 95])
    ours = BASELINES[name](months(walk), 30)
    np.testing.assert_allclose(ours.point[0], told["mean"])
    for level, column in ((0.4, "lo-20"), (0.1, "lo-80"), (0.9, "hi-80"), (0.975, "hi-95")):
        np.testing.assert_allclose(ours.quantiles[0, :, LEVELS.index(level)], told[column])


@pytest.mark.parametrize("name", STATS)
def test_bands_of_statsforecast_stand_at_their_levels(name, walk):
    """The 80 % band it gives is the one between our 10 % and 90 %."""
    models = pytest.importorskip("statsforecast.models")
    told = getattr(models, name)(season_length=12).forecast(y=walk, h=6, level=[80])
    ours = BASELINES[name](months(walk), 6)
    np.testing.assert_allclose(ours.point[0], told["mean"])
    np.testing.assert_allclose(ours.quantiles[0, :, LEVELS.index(0.1)], told["lo-80"])
    np.testing.assert_allclose(ours.quantiles[0, :, LEVELS.index(0.9)], told["hi-80"])


@pytest.mark.parametrize("name", PARTS)
def test_quantiles_rise_and_are_never_below_nobody(name):
    """Also of a jail that holds next to nobody, of a constant, and of four months."""
    if name in STATS:
        pytest.importorskip("statsforecast")
    chance = np.random.default_rng(5)
    short = np.full(48, np.nan)
    short[-4:] = [5, 6, 7, 9]
    panel = months(np.array([chance.poisson(1, 48), np.full(48, 12.0), short]))
    found = BASELINES[name](panel, 18)
    assert found.point.shape == (3, 18)
    assert (found.point >= 0).all()
    assert (found.quantiles >= 0).all()
    assert (np.diff(found.quantiles, axis=2) >= 0).all()


@pytest.mark.parametrize("name", PARTS)
def test_steps_not_reported_before_the_origin_are_forecast_with_the_rest(name, walk):
    """A jail that stopped reporting two months ago is two months further from its forecast."""
    if name in STATS:
        pytest.importorskip("statsforecast")
    late = walk.copy()
    late[-2:] = np.nan
    short, long = BASELINES[name](months(walk[:-2]), 8), BASELINES[name](months(late), 6)
    np.testing.assert_allclose(long.point, short.point[:, 2:])
    np.testing.assert_allclose(long.quantiles, short.quantiles[:, 2:])


def test_a_hole_is_filled_between_its_neighbours(walk):
    """As if the jail had gone straight from one to the other."""
    holed, filled = walk.copy(), walk.copy()
    holed[-13:-11] = np.nan
    filled[-13:-11] = np.interp([1, 2], [0, 3], walk[[-14, -11]])
    np.testing.assert_allclose(
        seasonal_naive(months(holed), 12).point, seasonal_naive(months(filled), 12).point
    )


def test_a_series_of_no_more_than_a_season_has_no_season_to_repeat(walk):
    """Twelve months: the last value; thirteen: the one a year before. Each as it is alone."""
    rows = np.full((2, 60), np.nan)
    rows[0, 10:22], rows[1, -13:] = walk[:12], walk[:13]
    found = seasonal_naive(months(rows), 6)
    np.testing.assert_array_equal(found.point[0], np.full(6, walk[11]))
    np.testing.assert_array_equal(found.point[1], walk[1:7])
    for row, alone in zip(found.quantiles, (rows[:1], rows[1:]), strict=True):
        np.testing.assert_array_equal(row, seasonal_naive(months(alone), 6).quantiles[0])


def test_no_series_gives_no_forecast():
    """And no error."""
    assert naive(months(np.empty((0, 20))), 3).quantiles.shape == (0, 3, len(LEVELS))


def test_nobody_ever_counted_gives_no_forecast(walk):
    """NaN for that series, and the other as it is alone."""
    found = naive(months(np.array([np.full(60, np.nan), walk])), 3)
    assert np.isnan(found.point[0]).all()
    assert np.isnan(found.quantiles[0]).all()
    np.testing.assert_array_equal(found.point[1], naive(months(walk), 3).point[0])


def test_the_mean_is_that_of_each_quantile(walk):
    """Not of the laws."""
    parts = [naive(months(walk), 4), seasonal_naive(months(walk), 4)]
    found = mean_of(parts)
    np.testing.assert_allclose(found.point, (parts[0].point + parts[1].point) / 2)
    np.testing.assert_allclose(found.quantiles, (parts[0].quantiles + parts[1].quantiles) / 2)


def test_a_missing_statsforecast_says_what_to_install(walk, monkeypatch):
    """And what to do without it."""
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    with pytest.raises(InputError) as told:
        available()
    assert "pip install 'remand[forecast]'" in str(told.value)
    with pytest.raises(InputError):
        BASELINES["AutoETS"](months(walk), 2)
