"""Bands from past errors: what they promise, and what they do with few."""

from __future__ import annotations

import numpy as np
import pytest

from remand.evidence.forecast.bands import (
    at_most,
    never_sure,
    normal,
    overlapping,
    symmetric,
    topped,
    walk,
)
from remand.evidence.panel import LEVELS


def test_a_quantile_is_the_order_statistic_of_the_textbook():
    """Of n errors the ⌈(n + 1)q⌉-th smallest; of 19 at 0.95 the last, of 18 none."""
    errors = np.random.default_rng(1).normal(size=(19, 1))
    assert at_most(errors, [0.95])[0, 0] == errors.max()
    assert at_most(errors, [0.5])[0, 0] == np.sort(errors[:, 0])[9]
    assert at_most(errors[:18], [0.95])[0, 0] == np.inf


def test_errors_that_are_not_known_yet_count_for_nothing():
    """Far horizons have fewer truths; a column with gaps says what its known errors say alone."""
    errors = np.random.default_rng(2).normal(size=(60, 2))
    holed = errors.copy()
    holed[::3, 1] = np.nan
    alone = symmetric(errors[np.isfinite(holed[:, 1])][:, 1:], np.zeros(1))
    assert (symmetric(holed, np.zeros(2))[1] == alone[0]).all()


def test_without_any_error_nothing_finite_is_promised():
    """All infinite but the symmetric median, which is the point."""
    none = np.full((5, 1), np.nan)
    said = symmetric(none, np.array([7.0]))[0]
    assert said[len(LEVELS) // 2] == 7.0
    assert np.isinf(np.delete(said, len(LEVELS) // 2)).all()


def test_whole_weights_are_repetitions_but_for_the_one_to_come():
    """An error that counts half and stands twice is one that counts once."""
    errors = np.random.default_rng(3).normal(size=(40, 3))
    twice, half = np.repeat(errors, 2, axis=0), np.full(80, 0.5)
    assert (symmetric(errors, np.zeros(3)) == symmetric(twice, np.zeros(3), weights=half)).all()


def test_a_weight_may_differ_by_horizon():
    """Weights as errors: what has none at a horizon is not there."""
    errors = np.random.default_rng(4).normal(size=(50, 2))
    weights = np.ones_like(errors)
    weights[:10, 1] = 0.0
    both = symmetric(errors, np.zeros(2), weights=weights)
    assert (both[0] == symmetric(errors[:, :1], np.zeros(1))[0]).all()
    assert (both[1] == symmetric(errors[10:, 1:], np.zeros(1))[0]).all()


def test_errors_to_one_side_widen_the_band_and_do_not_move_it():
    """A method that always promised ten too many."""
    errors = np.random.default_rng(5).normal(-10.0, 1.0, size=(99, 1))
    even = symmetric(errors, np.array([100.0]))[0]
    assert even[len(LEVELS) // 2] == 100.0
    assert even[-1] > 110
    assert even[-1] - 100.0 == pytest.approx(100.0 - even[0])


def test_imagined_errors_widen_as_the_square_root_of_the_steps_ahead():
    """Four times as far ahead, twice as far off."""
    errors = walk(np.array([1.0, -1.0, 1.0]), 16, 9)
    np.testing.assert_allclose(errors[:, 15], 2 * errors[:, 3])
    assert errors.shape == (9, 16)
    assert (walk(np.array([np.nan]), 3, 5) == 0).all()


def test_imagined_errors_are_there_only_as_long_as_real_ones_are_few():
    """From twenty on a band is the real errors' own."""
    rng = np.random.default_rng(6)
    errors, imagined = rng.normal(size=(20, 1)), np.full((39, 1), 1e6)
    both, weights = topped(errors, np.ones(1), imagined)
    own = symmetric(errors, np.zeros(1))
    assert (symmetric(both, np.zeros(1), weights=weights) == own).all()
    fewer, weights = topped(errors[:19], np.ones(1), imagined)
    assert weights[19:].sum() == pytest.approx(1.0)
    assert np.isfinite(symmetric(fewer, np.zeros(1), weights=weights)).all()


def test_imagined_errors_are_even_on_both_sides():
    """Their median is none."""
    np.testing.assert_allclose(normal(39), -normal(39)[::-1], atol=1e-12)
    assert normal(39)[19] == 0


def test_nobody_is_surer_of_people_than_by_one():
    """Where quantiles lie nearer they are moved away, and nowhere else."""
    points, levels = np.array([100.0, 50.0]), np.array(LEVELS)
    sure = np.repeat(points[:, None], len(LEVELS), axis=1)
    wide = points[:, None] + 40 * (levels - 0.5)
    said = never_sure(points, sure)
    assert (said[:, [0, -1]] == points[:, None] + [-1, 1]).all()
    assert (np.diff(said, axis=1) > 0).all()
    assert (never_sure(points, wide) == wide).all()


def test_overlapping_errors_count_for_what_they_do_not_share():
    """Origins eight days apart, looking 80 days ahead: a tenth each."""
    assert overlapping(80, 8)[[0, 7, 79]].tolist() == [1.0, 1.0, 0.1]
