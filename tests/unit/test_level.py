"""Season, common course and own level, each recovered where it is alone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from remand.evidence.forecast.level import (
    ALIKE,
    DAMPING,
    TODAY,
    TREND,
    WEIGHT,
    course,
    level,
    seasons,
    stock_and_flow,
)
from remand.evidence.laying import after, calendar
from remand.evidence.panel import Panel


def months(count):
    first = dt.date(2000, 1, 1)
    return tuple(calendar(first, after(first, "month", count - 1), "month"))


def panel(y, **signals):
    y = np.atleast_2d(np.asarray(y, float))
    ids = tuple(f"county {i}" for i in range(len(y)))
    return Panel(ids, months(y.shape[1]), "month", y, signals)


def test_a_jail_that_never_changed_is_forecast_to_stay():
    """To the last of 24 months."""
    assert level(panel(np.full(60, 80.0)), 24) == pytest.approx(80)


def test_a_season_that_returns_every_year_is_forecast_exactly():
    """The same in every county, and nothing else."""
    season = np.exp(0.2 * np.sin(np.arange(96) * np.pi / 6))
    held = np.array([[100.0], [900.0]]) * season - 1  # log(1 + y) is what has the season
    known = panel(held[:, :72])
    assert np.expm1(course(np.log1p(known.y), known, 24)) == pytest.approx(held[:, 72:], rel=1e-9)


def test_a_forecast_lies_part_of_the_way_to_the_last_figure_known():
    """In logarithms, of the same season."""
    season = np.exp(0.2 * np.sin(np.arange(96) * np.pi / 6))
    held = 500 * season[None] - 1
    ahead = np.log1p(level(panel(held[:, :72]), 24))
    last, own = np.log1p(held[:, 71:72]), np.log1p(held[:, 72:])
    assert ahead == pytest.approx((1 - TODAY) * own + TODAY * last)


def test_a_county_without_a_season_of_its_own_has_that_of_the_others():
    """One that was counted for three months only, among nine that were for six years."""
    season = np.exp(0.2 * np.sin(np.arange(84) * np.pi / 6))
    held = np.tile(500 * season - 1, (10, 1))
    held[0, :69] = np.nan
    ahead = level(panel(held[:, :72]), 12)
    assert ahead[0] == pytest.approx(ahead[1], rel=1e-6)


def test_noise_is_not_taken_for_a_season():
    """Twenty counties of noise: the season found is a small part of it."""
    rng = np.random.default_rng(1)
    found = seasons(rng.normal(0, 0.1, (20, 84)), 12, 84)
    assert np.abs(found).mean() < 0.03


@pytest.mark.parametrize("count", [1, 3, 40])
def test_what_befell_every_county_at_once_is_kept_and_noise_of_one_is_smoothed(count):
    """A fall of a tenth in the last month: kept as far as there are many who fell."""
    rng = np.random.default_rng(2)
    held = 1000 * np.exp(rng.normal(0, 1e-4, (count, 60)))
    held[:, -1] *= 0.9
    ahead = level(panel(held), 1)
    share = count / (count + ALIKE)
    kept = share * (1 + TREND * DAMPING) + (1 - share) * WEIGHT
    kept += TODAY * (1 - kept)
    assert np.log(ahead / 1000) == pytest.approx(kept * np.log(0.9), rel=0.04)


def test_what_befell_one_county_moves_no_other():
    """The others' forecasts stay as they are, however far it went."""
    rng = np.random.default_rng(3)
    held = 500 * np.exp(rng.normal(0, 0.02, (12, 60)))
    before = level(panel(held), 12)
    held[0, -6:] *= 5
    assert level(panel(held), 12)[1:] == pytest.approx(before[1:], rel=0.02)


def test_months_not_reported_are_bridged_and_a_silent_county_is_still_forecast():
    """A gap inside, an end not yet told, a county nobody was ever counted in."""
    held = np.tile(np.linspace(100, 130, 60), (6, 1))
    whole = level(panel(held), 12)
    told = held.copy()
    told[0, 20:23] = np.nan
    told[1, -2:] = np.nan
    told[2] = np.nan
    ahead = level(panel(told), 12)
    assert ahead[[0, 3, 4, 5]] == pytest.approx(whole[[0, 3, 4, 5]], rel=0.01)
    assert ahead[1] == pytest.approx(whole[1], rel=0.02)
    assert np.isnan(ahead[2]).all()


@pytest.mark.parametrize("steps", [1, 2, 5, 13, 30])
def test_little_history_is_enough_for_a_level(steps):
    """Never NaN, and about what was held."""
    ahead = level(panel(np.full((2, steps), 40.0)), 6)
    assert ahead == pytest.approx(40)


def test_an_empty_jail_is_forecast_to_hold_nobody():
    """Zero has a logarithm here."""
    assert level(panel(np.zeros((2, 40))), 3) == pytest.approx(0)


def test_stock_and_flow_is_admissions_times_days_held():
    """Both constant: the same as the level, to the digit."""
    flat = np.full((3, 60), 90.0)
    assert stock_and_flow(panel(flat, bookings=np.full((3, 60), 30.0)), 12) == pytest.approx(90)


def test_a_stock_that_has_not_followed_its_admissions_is_read_as_longer_stays():
    """Admissions fell for good and the population did not: the product is what is held."""
    bookings = np.full((3, 60), 30.0)
    bookings[:, -6:] = 20.0
    ahead = stock_and_flow(panel(np.full((3, 60), 90.0), bookings=bookings), 12)
    assert ahead == pytest.approx(90, rel=0.02)


def test_a_county_that_never_told_of_admissions_is_forecast_by_its_level():
    """And a single month of them is enough for stock and flow."""
    held = np.tile(np.linspace(80.0, 95.0, 60), (3, 1))
    bookings = np.full((3, 60), 30.0)
    bookings[1] = np.nan
    bookings[2, 1:] = 0.0
    known = panel(held, bookings=bookings)
    ahead = stock_and_flow(known, 12)
    assert (ahead[1] == level(known, 12)[1]).all()
    assert np.isfinite(ahead).all()
    assert (ahead[2] != level(known, 12)[2]).all()


def test_stock_and_flow_wants_no_admission_to_be_zero():
    """A month with no booking was not reported: it is bridged."""
    bookings = np.full((3, 60), 30.0)
    bookings[1, 40:44] = 0.0
    ahead = stock_and_flow(panel(np.full((3, 60), 90.0), bookings=bookings), 12)
    assert ahead == pytest.approx(90)
