"""Admissions drawn with a known level, growth, season and weekday come back."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from remand.fitting.pace import Calendar, Pace, dispersion, pace

FIRST = dt.date(2016, 3, 1)
DAYS = 1461
"""Four years, whose level may bend three times."""


@pytest.fixture(scope="module")
def truth():
    """A pace that bends every year, with a season and weekdays."""
    season = 1 + 0.2 * np.sin(np.arange(12) / 12 * 2 * np.pi)
    weekday = np.array([1.2, 1.1, 1.0, 1.0, 1.1, 0.9, 0.7])
    slopes = np.array([[0.1, -0.2, 0.0, -0.3]])
    return Pace(np.array([40.0]), slopes, (season / season.mean())[None], weekday[None])


@pytest.fixture(scope="module")
def calendar():
    """The days of the window."""
    return Calendar.of(FIRST, DAYS)


def test_expected_counts_give_the_pace_back_exactly(truth, calendar):
    """Without chance maximum likelihood finds the truth itself."""
    expected = truth.on(calendar)
    found = pace(expected, calendar)
    assert found.on(calendar) == pytest.approx(expected, rel=1e-9)
    assert found.slopes == pytest.approx(truth.slopes, abs=1e-9)
    assert found.weekday == pytest.approx(truth.weekday, rel=1e-9)


def test_counts_drawn_by_chance_give_it_back_within_their_error(truth, calendar):
    """Two hundred draws: their mean is right, and so is each within four standard errors."""
    drawn = np.random.default_rng(1).poisson(np.repeat(truth.on(calendar), 200, axis=0))
    found = pace(drawn.astype(float), calendar)
    pairs = ((found.season, truth.season), (found.weekday, truth.weekday),
             (found.slopes, truth.slopes))  # fmt: skip
    for some, true in pairs:
        error = some.std(axis=0)
        assert (np.abs(some.mean(axis=0) - true[0]) < 4 * error / np.sqrt(200)).all()
        assert (np.abs(some[0] - true[0]) < 4 * error).all()


def test_a_borrowed_calendar_changes_only_the_level(truth, calendar):
    """A small state takes growth, season and weekdays from the jail."""
    jail = pace(truth.on(calendar), calendar)
    small = jail.levelled(0.01 * truth.on(calendar), calendar)
    assert small.season is jail.season
    assert small.slopes is jail.slopes
    assert small.first == pytest.approx(0.01 * jail.first, rel=1e-9)


def test_short_records_have_no_growth_and_no_season():
    """Two months tell weekdays; a month tells a level alone."""
    months = Calendar.of(FIRST, 61)
    found = pace(np.full((1, 61), 3.0) + (months.weekday == 5), months)
    assert found.slopes.shape == (1, 0)
    assert found.trend[0] == 0
    assert (found.season == 1).all()
    assert found.weekday[0, 5] > 1.2
    month = pace(np.full((1, 31), 3.0), Calendar.of(FIRST, 31))
    assert (month.weekday == 1).all()
    assert month.first[0] == pytest.approx(3)


def test_nobody_at_all_is_a_rate_of_zero(calendar):
    """A status that came up once and never again must not stop the fit."""
    found = pace(np.zeros((1, DAYS)), calendar)
    assert found.on(calendar).max() < 1e-200


@pytest.mark.parametrize("size", [2.0, 20.0])
def test_the_size_of_a_negative_binomial_comes_back(size, truth, calendar):
    """Within a tenth, at any rate that changes from day to day."""
    mean = np.repeat(truth.on(calendar), 10, axis=0) / 10
    rng = np.random.default_rng(2)
    drawn = rng.poisson(rng.gamma(size, mean / size)).astype(float)
    assert dispersion(drawn, mean) == pytest.approx(size, rel=0.1)


def test_poisson_counts_have_no_size(truth, calendar):
    """What is within chance of Poisson is told as Poisson."""
    mean = truth.on(calendar)
    assert dispersion(np.random.default_rng(3).poisson(mean).astype(float), mean) == np.inf
