"""What must hold of any score: units cancel, a swap negates, a sure forecast is only its error."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from remand.evidence.backtest import scores
from remand.evidence.panel import LEVELS

SEEDS = st.integers(0, 10_000)


def forecasts(seed, shape=(4, 6)):
    """Truths and sorted quantiles around them, in people."""
    chance = np.random.default_rng(seed)
    truth = chance.uniform(5, 500, shape)
    quantiles = np.sort(truth[..., None] + chance.normal(0, 40, (*shape, len(LEVELS))), axis=-1)
    return truth, quantiles


def pinball_by_hand(y, quantile, level):
    """The quantile loss as its definition says it."""
    return level * (y - quantile) if y >= quantile else (1 - level) * (quantile - y)


@given(SEEDS)
def test_crps_is_what_a_plain_loop_over_levels_gives(seed):
    """Twice the area under the quantile losses, strip by strip, the outermost levels held."""
    truth, quantiles = forecasts(seed, (3,))
    for y, row, found in zip(truth, quantiles, scores.crps(truth, quantiles), strict=True):
        levels, ends = [0.0, *LEVELS, 1.0], [row[0], *row, row[-1]]
        area = 0.0
        for k in range(len(levels) - 1):
            left = pinball_by_hand(y, ends[k], levels[k])
            right = pinball_by_hand(y, ends[k + 1], levels[k + 1])
            area += (levels[k + 1] - levels[k]) * (left + right) / 2
        assert math.isclose(found, 2 * area, rel_tol=1e-9)


@given(SEEDS)
def test_crps_of_a_sure_forecast_is_its_absolute_error(seed):
    """All quantiles at one value: there is nothing but the error."""
    truth, quantiles = forecasts(seed)
    sure = np.repeat(quantiles[..., :1], len(LEVELS), axis=-1)
    np.testing.assert_allclose(scores.crps(truth, sure), np.abs(truth - sure[..., 0]))


@given(SEEDS, st.floats(0.01, 1000))
def test_scores_over_their_scale_do_not_depend_on_the_unit(seed, unit):
    """People counted in dozens are forecast neither better nor worse."""
    truth, quantiles = forecasts(seed)
    history = np.random.default_rng(seed).uniform(5, 500, (4, 40))
    own = scores.scale(history, 12)
    other = scores.scale(history * unit, 12)
    np.testing.assert_allclose(
        scores.crps(truth, quantiles) / own[:, None],
        scores.crps(truth * unit, quantiles * unit) / other[:, None],
    )
    np.testing.assert_array_equal(
        scores.covered(truth, quantiles, 80),
        scores.covered(truth * 2.0, quantiles * 2.0, 80),
    )


@given(SEEDS)
def test_the_difference_the_other_way_round_is_the_negative(seed):
    """To the last bit, with its interval turned round."""
    chance = np.random.default_rng(seed)
    first, second = chance.exponential(1, (2, 60))
    first[3], second[7] = np.nan, np.nan
    cluster = np.repeat(np.arange(12), 5)
    one = scores.paired(first, second, cluster, np.random.default_rng(seed), 200)
    two = scores.paired(second, first, cluster, np.random.default_rng(seed), 200)
    assert (one.mean, one.low, one.high) == (-two.mean, -two.high, -two.low)
    assert one.low <= one.high
    assert math.isclose(one.mean, np.nanmean(first - second))


@given(SEEDS)
def test_an_unknown_truth_scores_nothing(seed):
    """It is neither an error of zero nor a miss of the band."""
    truth, quantiles = forecasts(seed)
    truth[1, 2] = np.nan
    for values in (scores.crps(truth, quantiles), scores.covered(truth, quantiles, 95)):
        assert np.isnan(values[1, 2])
        assert np.isfinite(np.delete(values, 8)).all()


@given(st.floats(-2.5, 2.5), st.floats(0.5, 50))
def test_crps_of_a_gaussian_is_near_its_closed_form(z, sigma):
    """Twenty-one levels stand for the whole law (T. Gneiting & A. Raftery 2007, eq. 21)."""
    from statistics import NormalDist

    law = NormalDist()
    closed = sigma * (z * (2 * law.cdf(z) - 1) + 2 * law.pdf(z) - 1 / math.sqrt(math.pi))
    quantiles = np.array([100 + sigma * law.inv_cdf(level) for level in LEVELS])
    found = float(scores.crps(np.array(100 + z * sigma), quantiles))
    assert abs(found - closed) < 0.02 * sigma


@given(SEEDS, st.integers(1, 30), st.floats(0.01, 100))
def test_skill_ends_on_a_gain_and_knows_no_unit_and_no_order(seed, steps, unit):
    """What it ends on was gained on average; in dozens, or shuffled, it is the same."""
    chance = np.random.default_rng(seed)
    cluster, ahead = np.divmod(np.arange(9 * steps), steps)
    gain = chance.normal(0.3, 1, 9 * steps)
    until = scores.skill(gain, ahead + 1, cluster, np.random.default_rng(seed))
    assert until is not None
    assert until == 0 or gain[ahead < until].sum() > 0
    order = chance.permutation(9 * steps)
    again = np.random.default_rng(seed)
    assert scores.skill(unit * gain[order], ahead[order] + 1, cluster[order], again) == until


@given(SEEDS, st.integers(1, 30))
def test_a_method_and_its_rival_are_never_both_better(seed, steps):
    """At the last step of the one's skill the other has lost."""
    cluster, ahead = np.divmod(np.arange(9 * steps), steps)
    gain = np.random.default_rng(seed).normal(0, 1, 9 * steps)
    own, other = (
        scores.skill(sign * gain, ahead + 1, cluster, np.random.default_rng(seed))
        for sign in (1, -1)
    )
    assert own == other == 0 or own != other
