"""Bands keep their promise whatever the law of errors, and quantiles never cross."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from remand.evidence.forecast.bands import symmetric
from remand.evidence.panel import LEVELS

WORLDS = 4000

LAWS = {
    "normal": lambda rng, size: rng.normal(size=size),
    "heavy": lambda rng, size: rng.standard_t(1.5, size=size),
    "skewed and off": lambda rng, size: rng.exponential(size=size) - 3.0,
    "whole numbers": lambda rng, size: rng.poisson(2.0, size=size).astype(float),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
@pytest.mark.parametrize("n", [3, 19, 50])
def test_exchangeable_errors_are_covered_at_least_as_often_as_promised(law, n):
    """4,000 worlds of n past errors and the next: the guarantee, less three standard errors.

    And not much more often where the law is continuous: by 2 / (n + 1) at most.
    """
    drawn = law(np.random.default_rng(n), (n + 1, WORLDS))
    said = symmetric(drawn[:n], np.zeros(WORLDS))
    for low, high in ((1, -2), (2, -3), (6, -7), (0, -1)):
        promised = LEVELS[high] - LEVELS[low]
        inside = (said[:, low] <= drawn[n]) & (drawn[n] <= said[:, high])
        off = 3 * np.sqrt(promised * (1 - promised) / WORLDS)
        assert inside.mean() >= promised - off
        if law is not LAWS["whole numbers"]:
            assert inside.mean() <= min(promised + 2 / (n + 1), 1.0) + off


@given(
    errors=arrays(
        np.float64,
        st.tuples(st.integers(1, 45), st.integers(1, 4)),
        elements=st.floats(-1e6, 1e6) | st.just(np.nan),
    ),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_quantiles_never_cross(errors, data):
    """Rising along the levels, with ties, gaps, weights and too few errors."""
    weights = data.draw(arrays(np.float64, len(errors), elements=st.floats(0.0, 1.0)))
    said = symmetric(errors, np.zeros(errors.shape[1]), weights=weights)
    middle = len(LEVELS) // 2
    assert (said[:, middle] == 0).all()
    assert (said[:, 1:] >= said[:, :-1]).all()


@given(shift=st.floats(-1e3, 1e3), size=st.floats(0.1, 10.0))
def test_bands_move_and_stretch_with_their_errors(shift, size):
    """Errors in other units, or about another point, give the same band in those units."""
    errors = np.random.default_rng(9).normal(size=(45, 2))
    here = symmetric(errors, np.zeros(2))
    there = symmetric(size * errors, np.full(2, shift))
    np.testing.assert_allclose(there, shift + size * here, rtol=1e-9, atol=1e-9)
