"""Scores of forecasts, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from remand.evidence.backtest import scores
from remand.evidence.panel import LEVELS


def test_the_scale_is_the_mean_change_from_season_to_season():
    """Three pairs a season of two apart: 2, 1 and 3; a hole takes its pairs with it."""
    history = np.array([[10.0, 20, 12, 21, 15], [10.0, np.nan, 12, 21, 15]])
    np.testing.assert_allclose(scores.scale(history, 2), [2.0, 2.5])


def test_a_series_that_never_moved_or_is_too_short_has_no_scale():
    """To divide by it would make any error infinite."""
    still = np.full((1, 30), 7.0)
    short = np.arange(20.0)[None]
    assert np.isnan(scores.scale(still, 12)).all()
    assert np.isnan(scores.scale(short, 12)).all()
    assert np.isfinite(scores.scale(np.arange(24.0)[None], 12)).all()


def test_a_truth_on_the_end_of_a_band_is_inside_it():
    """Both ends belong to it; a hundredth beyond does not."""
    quantiles = np.array(LEVELS) * 100
    assert scores.covered(np.array(10.0), quantiles, 80) == 1
    assert scores.covered(np.array(90.0), quantiles, 80) == 1
    assert scores.covered(np.array(90.01), quantiles, 80) == 0
    assert scores.covered(np.array(90.01), quantiles, 95) == 1
    assert scores.width(quantiles, 95) == pytest.approx(95.0)


def test_a_band_that_is_not_there_is_a_key_error():
    """There are two."""
    with pytest.raises(KeyError):
        scores.covered(np.array(1.0), np.array(LEVELS), 90)


def test_one_cluster_gives_a_difference_without_an_interval():
    """There is nothing to draw again."""
    found = scores.paired(
        np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.zeros(2, int), np.random.default_rng(0)
    )
    assert (found.mean, found.percent, found.clusters) == (-0.5, -25.0, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.percent_high)


def test_errors_that_go_together_in_a_series_widen_the_interval():
    """Twenty forecasts of four series tell less than twenty series would."""
    chance = np.random.default_rng(1)
    of_series = np.repeat(chance.normal(0, 1, 4), 5)
    first, second = 3 + of_series, np.full(20, 3.0)
    wide = scores.paired(first, second, np.repeat(np.arange(4), 5), np.random.default_rng(0))
    narrow = scores.paired(first, second, np.arange(20), np.random.default_rng(0))
    assert wide.mean == pytest.approx(narrow.mean)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_no_common_forecast_gives_no_difference():
    """NaN, and no warning."""
    gone = np.full(3, np.nan)
    found = scores.paired(gone, np.ones(3), np.arange(3), np.random.default_rng(0))
    assert math.isnan(found.mean)
    assert found.clusters == 0


def test_skill_outlasts_one_bad_step_and_ends_where_losses_begin():
    """A tie gains nothing; nothing gained is no skill."""
    naive = np.full(6, 2.0)
    assert scores.skill(np.array([1.0, 2.1, 1.0, 1.9, 2.5, 2.6]), naive) == 4
    assert scores.skill(naive, naive) == 0
    assert scores.skill(naive + 1, naive) == 0
    assert scores.skill(naive - 1, naive) == 6
