"""Scores of forecasts, by hand."""

from __future__ import annotations

import itertools
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


def test_few_clusters_give_a_difference_without_an_interval():
    """Five could fall any way by chance."""
    first, second = np.arange(12.0), np.full(12, 2.0)
    found = scores.paired(first, second, np.arange(12) % 5, np.random.default_rng(0))
    assert (found.mean, found.clusters) == (3.5, 5)
    assert math.isnan(found.low)
    assert math.isnan(found.percent_high)
    found = scores.paired(first, second, np.arange(12) % 6, np.random.default_rng(0))
    assert found.low < found.mean < found.high


def test_errors_that_go_together_in_a_series_widen_the_interval():
    """Forty forecasts of eight series tell less than forty series would."""
    chance = np.random.default_rng(1)
    of_series = np.repeat(chance.normal(0, 1, 8), 5)
    first, second = 3 + of_series, np.full(40, 3.0)
    wide = scores.paired(first, second, np.repeat(np.arange(8), 5), np.random.default_rng(0))
    narrow = scores.paired(first, second, np.arange(40), np.random.default_rng(0))
    assert wide.mean == pytest.approx(narrow.mean)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_no_common_forecast_gives_no_difference():
    """NaN, and no warning."""
    gone = np.full(3, np.nan)
    found = scores.paired(gone, np.ones(3), np.arange(3), np.random.default_rng(0))
    assert math.isnan(found.mean)
    assert found.clusters == 0


def skill(gain, ahead, cluster):
    """With the same draws every time."""
    return scores.skill(gain, ahead, cluster, np.random.default_rng(0), draws=1000)


def gained(by_step, noise=0.0, clusters=8, each=4, seed=0):
    """Gains of several forecasts of each cluster at each step ahead, and what they are of."""
    steps = len(by_step)
    chance = np.random.default_rng(seed)
    gain = np.array(by_step) + chance.normal(0, noise, (clusters, each, steps))
    ahead = np.broadcast_to(np.arange(1, steps + 1), gain.shape)
    cluster = np.broadcast_to(np.arange(clusters)[:, None, None], gain.shape)
    return gain.ravel(), ahead.ravel(), cluster.ravel()


def test_skill_outlasts_one_bad_step_and_ends_where_losses_outweigh_it():
    """A tie gains nothing; nothing gained is no skill."""
    assert skill(*gained([1.0, -0.1, 1.0, 0.1, -2.5, -0.6])) == 4
    assert skill(*gained([0.0] * 6)) == 0
    assert skill(*gained([-1.0] * 6)) == 0
    assert skill(*gained([1.0] * 6)) == 6


def test_a_gain_that_could_be_chance_is_no_skill():
    """The same mean gain, once of every series and once of a single one."""
    assert skill(*gained([0.5, 0.5])) == 2
    gain, ahead, cluster = gained([0.0, 0.0])
    assert skill(np.where(cluster == 0, 4.0, gain), ahead, cluster) == 0


def test_of_few_clusters_nothing_is_told():
    """Five series may all be lucky."""
    assert skill(*gained([1.0, 1.0], clusters=5)) is None
    assert skill(*gained([1.0, 1.0], clusters=6)) == 2
    gain, ahead, cluster = gained([1.0, 1.0], clusters=6)
    assert skill(np.where(cluster == 0, np.nan, gain), ahead, cluster) is None


def test_a_gain_is_told_from_chance_by_all_the_ways_it_could_have_fallen():
    """Seven clusters, two steps: of 128 ways of winning and losing three may be as high."""
    for seed in range(40):
        gain, ahead, cluster = gained([0.5, 0.1], noise=0.7, clusters=7, each=1, seed=seed)
        parts = gain.reshape(7, 2).cumsum(axis=1)
        spread = np.sqrt((parts**2).sum(axis=0))
        ways = [np.array(way) @ parts / spread for way in itertools.product((1, -1), repeat=7)]
        sure = [h + 1 for h in (0, 1)
                if sum(max(way) > ways[0][h] - 1e-9 for way in ways) <= 128 / 40]  # fmt: skip
        assert skill(gain, ahead, cluster) == max(sure, default=0)


@pytest.mark.parametrize(("series", "origins"), [(8, 5), (28, 2), (1, 12)])
def test_naive_with_a_little_noise_is_rarely_taken_for_better(series, origins):
    """A hundred worlds of random walks: as today, and as today give or take 2 %, months ahead.

    Clusters are series, or else origins, whose months ahead do not overlap. Either noise of each
    month or one of the whole forecast.
    """
    found = [
        _skill_of_noise(np.random.default_rng(seed), series, origins, whole=whole)
        for seed in range(100)
        for whole in (False, True)
    ]
    assert np.mean([until > 0 for until in found]) < 0.05


def _skill_of_noise(chance, series, origins, *, whole, steps=24):
    ahead = chance.normal(0, 0.03, (series, origins, steps)).cumsum(axis=2)
    noise = chance.normal(0, 0.02, (series, origins, 1 if whole else steps))
    gain = np.abs(np.expm1(ahead)) - np.abs(np.exp(ahead) - np.exp(noise))
    cluster = np.indices(gain.shape)[0 if series >= scores.FEW else 1]
    step = np.indices(gain.shape)[2] + 1
    return skill(gain.ravel(), step.ravel(), cluster.ravel())


@pytest.mark.parametrize("steps", [1, 24])
def test_of_two_that_are_equally_good_one_is_rarely_taken_for_better(steps):
    """Both naive give or take 2 %, each by its own chance of each month: however many are asked."""
    found = []
    for seed in range(300):
        chance = np.random.default_rng(seed)
        ahead = chance.normal(0, 0.03, (28, 2, steps)).cumsum(axis=2)
        one, two = np.exp(chance.normal(0, 0.02, (2, 28, 2, steps)))
        gain = np.abs(np.exp(ahead) - one) - np.abs(np.exp(ahead) - two)
        series, _, step = np.indices(gain.shape)
        found.append(skill(gain.ravel(), step.ravel() + 1, series.ravel()))
    assert np.mean([until > 0 for until in found]) < 0.05


def test_half_the_error_is_skill_in_nearly_every_world():
    """A test that found nothing would have no false alarms either."""
    found = []
    for seed in range(100):
        chance = np.random.default_rng(seed)
        ahead = np.abs(chance.normal(0, 0.03, (8, 3, 12)).cumsum(axis=2))
        gain = ahead - np.abs(0.5 * ahead + chance.normal(0, 0.005, ahead.shape))
        series, _, step = np.indices(gain.shape)
        found.append(skill(gain.ravel(), step.ravel() + 1, series.ravel()))
    assert np.mean(np.array(found) == 12) > 0.95
