"""Chance added to draws: the distribution of a count whose expectation is itself uncertain.

Draw ``d`` expects ``m_d`` people, and chance scatters around that with a variance of ``φ m_d``: a
Poisson count has ``φ = 1``, an average over a period less, clumped arrivals more. Over all draws a
count then follows the mixture ``(1/D) Σ N(m_d, φ m_d)``. Its quantiles are found by Newton's method
on the distribution function, not by drawing chance once more, so that chance adds no noise of its
own.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.threads import in_threads
from remand.outcomes.bands import QUANTILES

Floats = NDArray[np.float64]

AT_ONCE = 2**21
"""Numbers that are sorted at once."""

PARTS = 31
"""Normal parts a mixture is made of at most: draws that lie side by side are taken together, fewer
in the tails, with the variance between them added to that of chance, so that mean and variance are
kept."""


def cdf(at: Floats, means: Floats, dispersion: Floats | float) -> Floats:
    """P(X ≤ at) of each mixture; ``means`` is (draws, …), ``at`` and ``dispersion`` are (…).

    >>> float(cdf(np.array(9.0), np.array([8.0, 10.0]), 0.0))
    0.5
    """
    from scipy.special import ndtr  # noqa: PLC0415 - slow to import

    sds = np.sqrt(dispersion * np.abs(means))
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(sds > 0, (at - means) / sds, np.where(at >= means, np.inf, -np.inf))
    return np.asarray(ndtr(score).mean(axis=0))


def quantiles(
    means: Floats,
    dispersion: Floats | float,
    least: float = 0.0,
    variance: Floats | float = 0.0,
) -> dict[str, Floats]:
    """Quantiles of each mixture, never below ``least``; shapes as for `cdf`.

    ``variance`` (…) is a part of it that is the same in every draw.

    NaN where a draw has none. Exact for up to `PARTS` draws, and to a hundredth of a standard
    deviation or two beyond; where draws lie in heaps with nothing between them, to four.

    >>> rng = np.random.default_rng(1)
    >>> q = quantiles(rng.normal(100, 3, (4000, 1)), 0.16)
    >>> [round(float(q[name][0])) for name in ("q05", "q50", "q95")]
    [92, 100, 108]
    """
    cells = means.reshape(len(means), -1)
    each, fixed = (np.broadcast_to(x, means.shape[1:]).reshape(-1) for x in (dispersion, variance))
    found = np.empty((len(QUANTILES), cells.shape[1]))
    some = max(AT_ONCE // len(means), 1)
    starts = range(0, cells.shape[1], some)

    def one(first: int) -> None:
        part = slice(first, first + some)
        found[:, part] = _quantiles(cells[:, part], each[part], fixed[part])

    in_threads(one, starts, threads=None)
    return {
        name: np.maximum(row, least).reshape(means.shape[1:])
        for name, row in zip(QUANTILES, found, strict=True)
    }


def _quantiles(cells: Floats, dispersion: Floats, variance: Floats) -> Floats:
    """(quantiles, cells) of mixtures (draws, cells)."""
    ordered = np.sort(np.ascontiguousarray(cells.T, np.float64), axis=1)
    edges = _edges(len(cells))
    many = np.diff(edges)
    centre = np.add.reduceat(ordered, edges[:-1], axis=1) / many
    spread = ordered**2 + dispersion[:, None] * np.abs(ordered) + variance[:, None]
    square = np.add.reduceat(spread, edges[:-1], axis=1) / many
    width = np.sqrt(np.maximum(square - centre**2, 0.0))
    found = np.empty((len(QUANTILES), len(ordered)))
    _invert(centre, width, many / len(cells), np.array(list(QUANTILES.values())), found)
    return found


def _edges(draws: int) -> NDArray[np.int64]:
    """Where the parts of some ordered draws begin and end: alike in normal scores."""
    from scipy.special import ndtr  # noqa: PLC0415

    inner = ndtr(np.linspace(-2.75, 2.75, PARTS - 1)) if draws > PARTS else np.arange(1, draws)
    scale = draws if draws > PARTS else 1
    return np.unique([0, *(np.round(inner * scale)), draws]).astype(np.int64)


@compiled
def _invert(centre: Floats, width: Floats, weight: Floats, wanted: Floats, found: Floats) -> None:
    """Fill ``found`` (quantiles, mixtures) by Newton's steps, halving where they go too far."""
    parts = centre.shape[1]
    for i in range(len(centre)):
        low, high, total = np.inf, -np.inf, 0.0
        for k in range(parts):
            low = min(low, centre[i, k] - 6.0 * width[i, k])
            high = max(high, centre[i, k] + 6.0 * width[i, k])
            total += centre[i, k] + width[i, k]
        known = abs(total) < np.inf  # `isfinite` is x − x = x − x, and compiled away
        if not known or high <= low:
            for j in range(len(wanted)):
                found[j, i] = low if known else np.nan
            continue
        floor = 1e-4 * (high - low)  # a part of no width would have no slope
        x = low
        for j in range(len(wanted)):
            a, b = low, high
            x = (a + b) / 2 if j == 0 else x
            for _ in range(60):
                value, slope = -wanted[j], 0.0
                for k in range(parts):
                    w = max(width[i, k], floor)
                    z = (x - centre[i, k]) / w
                    value += weight[k] * 0.5 * math.erfc(-z * 0.7071067811865476)
                    slope += weight[k] * math.exp(-0.5 * z * z) / (w * 2.5066282746310002)
                if value > 0:
                    b = x
                else:
                    a = x
                step = value / slope if slope > 0 else np.inf
                x = x - step if a < x - step < b else (a + b) / 2
                if abs(step) < floor or b - a < floor:
                    break
            found[j, i] = x
