"""How far a forecast was from what happened: pure functions of arrays.

Errors are divided by the scale of their own series, so that a county of thirty people and one of
thirty thousand count alike. A truth that is not known (NaN) gives a NaN, which every mean skips.

R. Hyndman & A. Koehler, *International Journal of Forecasting* 22, 2006 (MASE); T. Gneiting &
A. Raftery, *Journal of the American Statistical Association* 102, 2007 (CRPS, pinball).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remand.evidence.panel import LEVELS, Floats, Ints

BANDS = {80: (LEVELS.index(0.1), LEVELS.index(0.9)), 95: (LEVELS.index(0.025), LEVELS.index(0.975))}
"""Where the ends of the bands stand in `LEVELS`, by their percent."""


def scale(history: Floats, season: int) -> Floats:
    """Mean absolute difference to the same point a season before, of each series, in people.

    ``history`` (series, steps) ends at the origin: no later value may move a scale. NaN where a
    series never moved, or has fewer than ``season`` such pairs: its errors cannot be scaled.

    >>> scale(np.array([[1.0, 2.0, 3.0, 5.0]]), 2)
    array([2.5])
    """
    moved = np.abs(history[:, season:] - history[:, :-season])
    pairs = np.isfinite(moved).sum(axis=1)
    total = np.nansum(moved, axis=1)
    found: Floats = np.full(len(history), np.nan)
    np.divide(total, pairs, out=found, where=(pairs >= season) & (total > 0))
    return found


def pinball(y: Floats, quantiles: Floats, levels: tuple[float, ...] = LEVELS) -> Floats:
    """Quantile loss (…, levels) of truths (…,) under quantiles (…, levels), in people.

    >>> pinball(np.array(10.0), np.array([4.0, 12.0]), (0.1, 0.9))
    array([0.6, 0.2])
    """
    short = y[..., None] - quantiles
    loss: Floats = np.maximum(np.array(levels) * short, (np.array(levels) - 1) * short)
    return loss


def crps(y: Floats, quantiles: Floats) -> Floats:
    """Continuous ranked probability score (…,) of quantiles (…, `LEVELS`), in people.

    Twice the integral of the quantile loss over levels from 0 to 1, by trapezoids; beyond the
    outermost quantiles the forecast is taken to end there. Of a single value it is the absolute
    error.

    >>> float(crps(np.array(10.0), np.full(len(LEVELS), 7.0)))
    3.0
    """
    outer = np.concatenate([quantiles[..., :1], quantiles, quantiles[..., -1:]], axis=-1)
    levels = (0.0, *LEVELS, 1.0)
    found: Floats = 2 * np.trapezoid(pinball(y, outer, levels), np.array(levels), axis=-1)
    return found


def covered(y: Floats, quantiles: Floats, band: int) -> Floats:
    """1 where a truth lies in a band, its ends included, 0 where it does not.

    Raises KeyError for a band that is not in `BANDS`.
    """
    low, high = BANDS[band]
    inside = (quantiles[..., low] <= y) & (y <= quantiles[..., high])
    return np.where(np.isfinite(y) & np.isfinite(quantiles[..., low]), inside, np.nan)


def width(quantiles: Floats, band: int) -> Floats:
    """How wide a band is, in people. Raises KeyError for a band that is not in `BANDS`."""
    low, high = BANDS[band]
    wide: Floats = quantiles[..., high] - quantiles[..., low]
    return wide


FEW = 6
"""Clusters below which no interval is given: of fewer, chance could do anything."""


def skill(
    gained: Floats,
    ahead: Ints,
    cluster: Ints,
    chance: np.random.Generator,
    draws: int = 4000,
) -> int | None:
    """Steps ahead up to which a method is worth more than a naive forecast, beyond doubt.

    What is gained at each step, the mean of naive less own error, is summed from the first step on.
    Skill lasts to the last step at which the 95 % interval of the sum lies above 0: a sum is not
    decided by the noise of a single step. 0: it can be told from a naive forecast nowhere. None:
    there are fewer than `FEW` clusters, too few to tell.

    Intervals are such that all of them hold at once, or the luckiest of many steps would be taken
    for skill. Were there none, what a cluster gained it could as well have lost: a sum lies above 0
    if no more than one in forty of the ways in which clusters may have won or lost (all 2ⁿ of
    them, or so many draws) has as high a sum, in units of its own spread, at any step (P. Westfall
    & S. Young, *Resampling-Based Multiple Testing*, 1993).

    Args:
        gained: naive less own error of each forecast (n,); NaN gains nothing.
        ahead: how many steps ahead each was, from 1.
        cluster: which forecasts have their luck in common, numbered.
        chance: draws the ways, where there are more than ``draws``.
        draws: how many.

    >>> series, step = np.repeat(np.arange(8), 3), np.tile([1, 2, 3], 8)
    >>> skill(np.where(step < 3, 1.0, -2.5), step, series, np.random.default_rng(0))
    2
    """
    known = np.isfinite(gained)
    _, of = np.unique(cluster[known], return_inverse=True)
    clusters = int(of.max(initial=-1)) + 1
    if clusters < FEW:
        return None
    shape = clusters, int(ahead.max())
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (of, ahead[known] - 1), gained[known])
    np.add.at(count, (of, ahead[known] - 1), 1.0)
    part = np.cumsum(total / np.maximum(count.sum(axis=0), 1.0), axis=1)
    part /= np.maximum(np.sqrt((part**2).sum(axis=0)), np.finfo(float).tiny)
    if 2**clusters <= draws:
        ways = 1.0 - 2.0 * np.array(list(np.ndindex((2,) * clusters)))
    else:
        ways = chance.choice((-1.0, 1.0), (draws, clusters))
    highest = np.sort((ways @ part).max(axis=1))
    # as high but for rounding is as high
    as_high = len(ways) - np.searchsorted(highest, part.sum(axis=0) * (1 - 1e-9))
    sure = np.flatnonzero(as_high <= len(ways) / 40)
    return int(sure[-1]) + 1 if len(sure) else 0


@dataclass(frozen=True)
class Difference:
    """How much one method's loss is from another's, on the same forecasts.

    Attributes:
        mean: mean loss of the first less that of the second; below 0 the first is better.
        low, high: the 95 % interval; NaN where there are fewer than `FEW` clusters.
        percent: the same of the second's mean loss, with ``percent_low`` and ``percent_high``.
        clusters: how many there are.
    """

    mean: float
    low: float
    high: float
    percent: float
    percent_low: float
    percent_high: float
    clusters: int


def paired(
    first: Floats,
    second: Floats,
    cluster: Ints,
    chance: np.random.Generator,
    draws: int = 2000,
) -> Difference:
    """The difference of two methods' mean losses (n,), forecast by forecast, with its interval.

    Whole clusters (n,), numbered, are drawn again with replacement, for the errors of one series,
    or of origins close to one another, have much in common (A. Davison & D. Hinkley, *Bootstrap
    Methods and their Application*, 1997, section 3.8). What all clusters have in common is not in
    the interval. With the same chance, the difference of the two the other way round is its
    negative, exactly.
    """
    both = np.isfinite(first) & np.isfinite(second)
    _, code = np.unique(cluster[both], return_inverse=True)
    groups = int(code.max(initial=-1)) + 1
    sums = np.array(
        [np.bincount(code, weights, groups) for weights in (first[both], second[both])],
        np.float64,
    )
    size = np.bincount(code, minlength=groups).astype(np.float64)
    mean, percent = _difference(sums.sum(axis=1), size.sum())
    ends = np.full((2, 2), np.nan)
    if groups >= FEW:
        times = chance.multinomial(groups, np.full(groups, 1 / groups), draws).astype(np.float64)
        drawn = _difference(sums @ times.T, times @ size)
        for i, values in enumerate(drawn):
            ends[i] = np.quantile(values, (0.025, 0.975), method="averaged_inverted_cdf")
    (low, high), (least, most) = ends.tolist()
    return Difference(float(mean), low, high, float(percent), least, most, groups)


def _difference(sums: Floats, size: Floats | np.float64) -> tuple[Floats, Floats]:
    """Difference of means, and in percent of the second's; NaN where there is nothing."""
    means = np.divide(sums, size, out=np.full_like(sums, np.nan), where=np.asarray(size) > 0)
    gap = means[0] - means[1]
    return gap, 100 * np.divide(gap, means[1], out=np.full_like(gap, np.nan), where=means[1] > 0)
