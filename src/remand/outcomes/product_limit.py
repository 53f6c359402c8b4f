"""How long stays last when some were under way before anybody looked, and some still are.

The product-limit estimator (E. Kaplan & P. Meier, *JASA* 53, 1958) of stays counted in whole days,
with left truncation (J. Klein & M. Moeschberger, *Survival Analysis*, 2003, ch. 4.6): a stay is at
risk of ending after day ``t`` only if it was watched then.

It takes thousands of small cohorts at a time, a walk over sorted stays each. What a model is fitted
by, laws by exit that lean on one another, is `remand.fitting.survival`; where both can answer they
agree, by a test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Watched:
    """Stays of several cells, each watched over the days (after, until] of its own length.

    Attributes:
        who: (watched,) the stay, by cell and then by ``until``.
        until: (watched,) its length, or the last day it was known to exceed.
        ended: (watched,) whether it ended then.
        told: (watched,) whether it was watched for a day at all; else it only has a place here.
        start: (cells + 1,) where each cell begins in the four above.
        coming: (watched,) the stay, by cell and then by ``after``.
        after: (watched,) of ``coming``: watched from the day after; −1 from the first moment.
        telling: (watched,) of ``coming``, as ``told``.
    """

    who: Ints
    until: Ints
    ended: Bools
    told: Bools
    start: Ints
    coming: Ints
    after: Ints
    telling: Bools

    @classmethod
    def of(
        cls, cell: Ints, cells: int, after: Ints, until: Ints, ended: Bools, who: Ints | None = None
    ) -> Watched:
        """Stays by cell, sorted; ``who`` says which stay each is, if not the first, second and on.

        Those that ended before anybody watched are left out.
        """
        stay = np.arange(len(cell)) if who is None else who
        kept = np.flatnonzero((after < until) | ((after == until) & ~ended))
        by_end = kept[np.lexsort((until[kept], cell[kept]))]
        by_start = kept[np.lexsort((after[kept], cell[kept]))]
        start = np.searchsorted(cell[by_end], np.arange(cells + 1))
        told = after < until
        return cls(stay[by_end], until[by_end], ended[by_end], told[by_end], start,
                   stay[by_start], after[by_start], told[by_start])  # fmt: skip

    def surviving(self, weight: Floats) -> Floats:
        """(watched,) the share of the cell's stays longer than ``until``, stays weighted.

        >>> many = np.array([3, 5, 5, 8])
        >>> own = Watched.of(np.zeros(4, int), 1, many * 0 - 1, many, np.array([1, 1, 0, 1], bool))
        >>> own.surviving(np.ones(4)).round(2).tolist()
        [0.75, 0.5, 0.5, 0.0]
        """
        leaving, coming = weight[self.who] * self.told, weight[self.coming] * self.telling
        return _surviving(self.start, self.until, self.ended, leaving, self.after, coming)

    def quantiles(self, surviving: Floats, shares: tuple[float, ...]) -> Floats:
        """(shares, cells) the least length that so large a share does not exceed; NaN if unknown.

        >>> many = np.array([3, 5, 5, 8])
        >>> own = Watched.of(np.zeros(4, int), 1, many * 0 - 1, many, np.array([1, 1, 0, 0], bool))
        >>> own.quantiles(own.surviving(np.ones(4)), (0.5, 0.9)).T.tolist()
        [[5.0, nan]]
        """
        return _quantiles(self.start, self.until, surviving, np.array(shares))

    def beyond(self, surviving: Floats, days: tuple[int, ...]) -> Floats:
        """(days, cells) the share longer than each; NaN where nobody was watched for so long."""
        return _beyond(self.start, self.until, surviving, np.array(days))

    def remaining(self, surviving: Floats) -> Floats:
        """(watched,) mean further days of a stay longer than ``until``, to the longest known.

        Nobody is supposed to stay longer than the longest stay watched: where that one had not
        ended, this is too little. It is never less than the one day that is certain.
        """
        return _remaining(self.start, self.until, surviving)


@compiled
def _surviving(
    start: Ints, until: Ints, ended: Bools, leaving: Floats, after: Ints, coming: Floats
) -> Floats:
    out = np.ones(len(until))
    for c in range(len(start) - 1):
        j, at_risk, share = start[c], 0.0, 1.0
        i, end = start[c], start[c + 1]
        while i < end:
            t, gone, lost = until[i], 0.0, 0.0
            while j < end and after[j] < t:
                at_risk += coming[j]
                j += 1
            k = i
            while k < end and until[k] == t:
                lost += leaving[k]
                if ended[k]:
                    gone += leaving[k]
                k += 1
            if gone > 0.0:
                left = at_risk - gone
                share *= left / at_risk if left > 1e-12 * at_risk else 0.0
            out[i:k] = share
            at_risk -= lost
            i = k
    return out


@compiled
def _quantiles(start: Ints, until: Ints, surviving: Floats, shares: Floats) -> Floats:
    out = np.full((len(shares), len(start) - 1), np.nan)
    for c in range(len(start) - 1):
        i = start[c]
        for q in range(len(shares)):
            while i < start[c + 1] and surviving[i] > 1.0 - shares[q] + 1e-12:
                i += 1
            if i < start[c + 1]:
                out[q, c] = until[i]
    return out


@compiled
def _beyond(start: Ints, until: Ints, surviving: Floats, days: Ints) -> Floats:
    out = np.full((len(days), len(start) - 1), np.nan)
    for c in range(len(start) - 1):
        i, share = start[c], 1.0
        for d in range(len(days)):
            while i < start[c + 1] and until[i] <= days[d]:
                share = surviving[i]
                i += 1
            known = i > start[c] and until[i - 1] == days[d]
            if i < start[c + 1] or known or (share == 0.0 and i > start[c]):
                out[d, c] = share
    return out


@compiled
def _remaining(start: Ints, until: Ints, surviving: Floats) -> Floats:
    out = np.ones(len(until))
    for c in range(len(start) - 1):
        area, later = 0.0, 0
        for i in range(start[c + 1] - 1, start[c] - 1, -1):
            if i < start[c + 1] - 1:
                area += surviving[i] * (later - until[i])
            later = until[i]
            if surviving[i] > 0.0:
                out[i] = max(area / surviving[i], 1.0)
    return out
