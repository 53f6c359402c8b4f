"""Weights of the Bayesian bootstrap: how much chance alone would move what records say.

Every person, with all stays, gets a weight drawn from Exp(1) (D. Rubin, *Annals of Statistics* 9,
1981). The weights are not made to add up: a count of n people who came once each varies as a
Poisson count does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError

Floats = NDArray[np.float64]


def weights(people: int, seed: int, draw: int) -> Floats:
    """One draw: a weight for each person; the same for the same seed and draw."""
    return np.random.default_rng([seed, draw]).standard_exponential(people)


def check_draws(draws: int, seed: int) -> None:
    """Raises InputError for a seed below 0, or for draws that make no interval."""
    if seed < 0:
        raise InputError.of(f"--seed cannot be {seed}", fix="give 0 or more", value=seed)
    if draws < 0 or draws == 1:
        raise InputError.of(
            f"--draws cannot be {draws}", fix="give 0 for no intervals, or some 200", value=draws
        )
