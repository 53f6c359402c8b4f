"""Bands of chance: quantiles from an exact or an approximate law, and which it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

QUANTILES = {"q025": 0.025, "q05": 0.05, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q95": 0.95,
             "q975": 0.975}  # fmt: skip
EXACT = "chance, exact (Poisson)"
NORMAL = "chance, approximate (exact mean and sd, normal quantiles)"
CLUMPED = "chance, approximate (clumped arrivals)"


def poisson(mean: Floats) -> dict[str, Floats]:
    """Exact quantiles of a Poisson count, elementwise.

    >>> float(poisson(np.array([100.0]))["q975"][0])
    120.0
    """
    from scipy.special import pdtr, pdtrik  # noqa: PLC0415 - slow to import, needed only here

    out = {}
    for name, q in QUANTILES.items():
        upper = np.ceil(pdtrik(q, np.maximum(mean, 1e-300)))
        lower = np.maximum(upper - 1, 0)
        value = np.where(pdtr(lower, mean) >= q, lower, upper)
        out[name] = np.where(mean > 0, value, 0.0)
    return out


def normal(mean: Floats, sd: Floats, least: float = 0.0) -> dict[str, Floats]:
    """Approximate quantiles of a sum over many people, never below ``least``."""
    from scipy.special import ndtri  # noqa: PLC0415

    return {name: np.maximum(mean + ndtri(q) * sd, least) for name, q in QUANTILES.items()}


def ratio(value: Floats, relative_sd: Floats) -> dict[str, Floats]:
    """Approximate quantiles of a ratio of two independent counts (lognormal, delta method)."""
    from scipy.special import ndtri  # noqa: PLC0415

    return {name: value * np.exp(ndtri(q) * relative_sd) for name, q in QUANTILES.items()}


def drawn(values: Floats) -> dict[str, Floats]:
    """Quantiles of replicates (replicates, …); NaN where any replicate has none.

    The inverse of their distribution function, averaged at its jumps (definition 2 of Hyndman &
    Fan, *The American Statistician* 50, 1996): quantiles of −x are exactly those of x, negated.

    >>> {k: float(v) for k, v in drawn(np.arange(1.0, 21.0)).items() if k in {"q05", "q50"}}
    {'q05': 1.5, 'q50': 10.5}
    """
    ordered, n = np.sort(values, axis=0), len(values)
    gaps = np.isnan(values).any(axis=0)
    out = {}
    for name, q in QUANTILES.items():
        whole, rest = divmod(n * round(1000 * q), 1000)  # in whole numbers: a jump is never missed
        middle = (ordered[whole - (rest == 0)] + ordered[whole]) / 2
        out[name] = np.where(gaps, np.nan, middle)
    return out
