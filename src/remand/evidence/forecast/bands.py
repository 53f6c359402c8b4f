"""Bands from one's own past errors: how far off forecasts were is how far off they may be again.

Conformal prediction (V. Vovk, A. Gammerman & G. Shafer, *Algorithmic Learning in a Random World*,
2005): if the error to come is exchangeable with those already made, the ⌈(n + 1)q⌉-th smallest of n
past errors is not exceeded with a chance of at least q, whatever the law of errors and however
small n. Each horizon has its own errors, so a band holds at each date, not along the whole path
(K. Stankeviciute, A. Alaa & M. van der Schaar, *NeurIPS* 34, 2021, divide the risk by the number of
horizons where a whole path must be inside). Errors of rolling origins overlap and drift, so they
are not quite exchangeable: weights may lean on the later ones, and what is then lost of the
guarantee is bounded by how far the law of errors has moved (R. Barber, E. Candès, A. Ramdas &
R. Tibshirani, *Annals of Statistics* 51, 2023).

An error is what happened less what was forecast. Arrays of errors are (origins, …), NaN where the
truth is not known yet, and weights (origins,) or as errors: how much each counts, 0 … 1, against 1
for the one to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from remand.evidence.panel import LEVELS, Floats

NEAR = 1e-9
"""A share is taken to be reached if it is missed by no more than this: 20 × 0.95 is 19."""

ENOUGH = 20
"""Errors that give every band of `LEVELS` a finite end (`symmetric`), with one to spare."""

ONE = np.array([NormalDist().inv_cdf(level) for level in LEVELS]) / NormalDist().inv_cdf(0.975)
"""Quantiles of a normal law whose 95 % band is one person to either side."""


def symmetric(
    errors: Floats,
    points: Floats,
    levels: Sequence[float] = LEVELS,
    weights: Floats | None = None,
) -> Floats:
    """Quantiles of what is to come, about points (…,): (…, levels), rising, never crossing.

    Errors are taken to fall to either side alike: a point is its own median, and one long fall in a
    short past does not become a forecast. A band between a level and its complement covers at
    least what it says, whether or not they do. Where past errors are too few for it (below 19 for
    the 95 % band) its ends are infinite: nothing finite could be promised.

    >>> past = np.arange(1.0, 20.0)[:, None]
    >>> symmetric(past, np.array([100.0]), (0.025, 0.25, 0.5, 0.75, 0.975))
    array([[ 81.,  90., 100., 110., 119.]])
    """
    level = np.array(levels)
    wide = at_most(np.abs(errors), list(np.abs(2.0 * level - 1.0)), weights)
    wide = np.where(np.abs(level - 0.5) < NEAR, 0.0, wide)
    return points[..., None] + np.sign(level - 0.5) * wide


def at_most(errors: Floats, levels: Sequence[float], weights: Floats | None = None) -> Floats:
    """The least past error that the next exceeds with a chance of 1 − level at most: (…, levels).

    Infinite where past errors are too few to say so.
    """
    weight = np.ones(len(errors)) if weights is None else weights
    weight = weight.reshape(*weight.shape, *[1] * (errors.ndim - weight.ndim))
    weight = np.where(np.isnan(errors), 0.0, weight)
    order = np.argsort(errors, axis=0)  # NaN last
    ranked = np.take_along_axis(errors, order, 0)
    ranked = np.concatenate([ranked, np.full((1, *ranked.shape[1:]), np.inf)])
    below = np.cumsum(np.take_along_axis(weight, order, 0), axis=0)
    whole = weight.sum(axis=0) + 1.0
    out = np.empty((*errors.shape[1:], len(levels)))
    for i, level in enumerate(levels):
        # the one to come is among those counted, and may be as far off as one likes
        enough = np.concatenate([below >= level * whole - NEAR, np.ones((1, *whole.shape), bool)])
        at = np.argmax(enough, axis=0)[None]
        out[..., i] = np.take_along_axis(ranked, at, 0)[0]
    return np.where(np.isnan(out), np.inf, out)


def walk(moved: Floats, horizon: int, origins: int = 2 * ENOUGH - 1) -> Floats:
    """Errors that "as today" would make on a random walk: (origins, horizon), by the √h law.

    What to go on with before there is a past to learn from: so many imagined origins, at evenly
    spaced quantiles of the normal law, wider as the square root of the steps ahead. ``moved`` are
    changes over a step, NaN where unknown; if there are none, nothing is supposed to move.

    >>> walk(np.array([2.0, -2.0, np.nan]), 4, 3).round(2)[:, [0, 3]]
    array([[-1.93, -3.87],
           [ 0.  ,  0.  ],
           [ 1.93,  3.87]])
    """
    seen = moved[np.isfinite(moved)]
    spread = np.sqrt(np.mean(seen**2)) if len(seen) else 0.0
    return np.asarray(spread * normal(origins)[:, None] * np.sqrt(np.arange(1, horizon + 1)))


def normal(count: int = 2 * ENOUGH - 1) -> Floats:
    """Evenly spaced quantiles of the normal law: (count,).

    >>> normal(3).round(2).tolist()
    [-0.97, 0.0, 0.97]
    """
    return np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])


def never_sure(points: Floats, quantiles: Floats) -> Floats:
    """Quantiles (…, `LEVELS`) no nearer to points (…,) than `ONE`: nothing is certain of people.

    A past in which nothing happened tells that little happens, not that nothing can.

    >>> sure = np.full(len(LEVELS), 100.0)
    >>> never_sure(np.array(100.0), sure)[[0, 10, 20]].tolist()
    [99.0, 100.0, 101.0]
    """
    away = quantiles - points[..., None]
    wide = np.where(ONE > 0, np.maximum(away, ONE), np.minimum(away, ONE))
    return points[..., None] + np.where(np.abs(ONE) < NEAR, away, wide)


def overlapping(horizon: int, every: int) -> Floats:
    """How much an error counts, by steps ahead (horizon,), of origins ``every`` steps apart.

    Two forecasts ``h`` steps ahead from origins ``every`` steps apart live through the same ``h``
    steps but for ``every``: each tells only that share of what an independent one would.

    >>> overlapping(4, 2)
    array([1.        , 1.        , 0.66666667, 0.5       ])
    """
    return np.minimum(1.0, every / np.arange(1, horizon + 1))


def topped(
    errors: Floats, weights: Floats, imagined: Floats, enough: int = ENOUGH
) -> tuple[Floats, Floats]:
    """Errors and their weights, topped up with imagined ones to a whole weight of ``enough``.

    Imagined errors (imagined, …) count together for as many as are missing, and for nothing where
    none are. ``weights`` are those of the errors that are known, broadcast to them.

    >>> few = np.array([[1.0, 5.0], [2.0, np.nan]])
    >>> topped(few, np.ones(2), np.array([[7.0, 7.0], [9.0, 9.0]]), 2)[1]
    array([[1. , 1. ],
           [1. , 0. ],
           [0. , 0.5],
           [0. , 0.5]])
    """
    own = np.where(np.isfinite(errors), weights, 0.0)
    missing = np.maximum(enough - own.sum(axis=0), 0.0) / len(imagined)
    every = np.concatenate([own, np.broadcast_to(missing, imagined.shape)])
    return np.concatenate([errors, imagined]), every
