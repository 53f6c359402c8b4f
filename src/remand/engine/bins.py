"""What the binned solver's loops read: the sizes of bins, the law of a stay in bins, and tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remand.engine.kernel import Floats, Ints

BLOCK = 8
"""Days in a block, and blocks in a large one."""

NEAR = 2
"""Blocks, the entrants' own included, in which quick stays are told to the day."""

QUICK = 0.2
"""A law is quick if more than this share leaves within the block it enters."""

FAR = 2
"""Large blocks back from which entrants are taken together by large blocks."""

TINY = 1e-30
"""Chances below this are none: single precision would slow down on what becomes of them."""

JUMP = 0.02
"""A law by which more than this share leaves within one later block is never taken by large ones:
many leave on one day, and that day would be lost."""

EIGHTH, ONE, TWO = (np.float32(x) for x in (1 / BLOCK, 1.0, 2.0))

Singles = NDArray[np.float32]
Rows = tuple[Singles, Singles]
"""A law as the loops read it: near and far, see `row_of`."""

LAW, STATE, OPENS, CLOSES, DAILY, LANES, LANE, FIRST, LAST = range(9)
OUTLET, LANE0, OUT0, PROFILE0 = range(9, 13)
"""Columns of the table of channels: as in `Channel`, then the first and last block in which anyone
joins, the outlet, and where its lanes, its outlet's and its profile begin."""

O_STATE, O_LANES, O_LANE, LINKS, O_OUT0, LINK0, SHARE0 = range(7)
"""Columns of the table of outlets: the state left, lanes and the first, how many targets, and where
lanes, targets and shares begin."""


def row_of(remaining: Floats, near: Ints, blocks: Ints) -> Rows:
    """A law as the loops read it: (4, days) near, (4, blocks) far.

    Near: the chance of a stay of d days (eight zeros first, so that d may be negative); of one
    beyond; what an entrant of each day of a block counts for in it; and what each day of a block
    has more, or less, of those long inside than the block's mean. Far, by blocks since the
    entrants' own began: leavers of a block (its own too) and of a large block (the block in which
    it began counts as 0), and of a steady flow of one a day from before the start; and what an
    entrant of each block of a large one counts for in it.
    """
    left = np.maximum(-np.diff(remaining[near]), 0.0)  # P(D > d)
    pmf = np.maximum(np.concatenate([[1.0], left[:-1]]) - left, 0.0)
    a = remaining[blocks]
    count = len(a)
    far = np.zeros((4, max(count, BLOCK)))
    counts, uneven = np.zeros_like(left), np.zeros_like(left)
    counts[:BLOCK] = _relative(left[BLOCK * NEAR - 1 - np.arange(BLOCK)])
    edge = left[BLOCK * (NEAR - 1) + np.arange(BLOCK)]
    uneven[:BLOCK] = (edge - edge.mean()) / BLOCK
    far[0, 0] = 1.0 - (a[0] - a[1]) / BLOCK
    far[0, 1 : count - 1] = (a[:-2] - 2 * a[1:-1] + a[2:]) / BLOCK
    if count > BLOCK * FAR:
        k = np.arange(BLOCK, count - 1)
        far[1, k] = (a[k - BLOCK] - a[k] - a[k - BLOCK + 1] + a[k + 1]) / BLOCK**2
        staying = a[BLOCK * FAR - 1 - np.arange(BLOCK)] - a[BLOCK * FAR - np.arange(BLOCK)]
        far[3, :BLOCK] = _relative(staying)
    if far[0, BLOCK * FAR :].max(initial=0.0) > JUMP:
        far[1] = -1.0
    far[2, : count - 1] = a[:-1] - a[1:]
    pad = np.zeros(BLOCK)
    rows = [(pad, pmf), (left, pad), (counts, pad), (uneven, pad)]
    return _single(np.array([np.concatenate(parts) for parts in rows])), _single(far)


def _single(chances: Floats) -> Singles:
    """In single precision, without what is next to nothing."""
    return np.where(np.abs(chances) < TINY, 0.0, chances).astype(np.float32)


def _relative(chances: Floats) -> Floats:
    """Chances over their mean; 1 where there are none."""
    mean = float(chances.mean())
    return chances / mean if mean > 1e-300 else np.ones_like(chances)
