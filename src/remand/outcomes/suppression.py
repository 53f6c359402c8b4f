"""Small numbers are not shown, nor left to be worked out from a total.

Primary suppression hides counts from above 0 to below 10; complementary suppression then hides the
smallest other cell of every line of a table in which only one is hidden, until none is left
(L. Willenborg & T. de Waal, *Elements of Statistical Disclosure Control*, 2001, ch. 6).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMALL = 10.0
"""Counts below this are hidden."""

RATIO_SMALL = 30.0
"""No ratio is given where one of its counts is below this: chance alone would move it by a fifth
of itself or more."""


def hide(counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which cells of a table to hide, so that row and column totals do not give them away.

    ``counts`` may have any number of axes; along each of them a published total is supposed.

    >>> hide(np.array([3.0, 50.0, 20.0, 400.0]))
    array([ True, False,  True, False])
    >>> hide(np.array([0.0, 50.0]))
    array([False, False])
    """
    hidden = (counts > 1e-9) & (counts < SMALL)
    changed = True
    while changed:
        changed = False
        for axis in range(counts.ndim):
            lines = np.moveaxis(hidden, axis, -1)
            values = np.moveaxis(counts, axis, -1)
            lonely = np.argwhere(lines.sum(axis=-1) == 1)
            for line in map(tuple, lonely):
                others = np.where(lines[line] | (values[line] <= 1e-9), np.inf, values[line])
                if np.isfinite(others).any():
                    lines[(*line, int(np.argmin(others)))] = True
                    changed = True
    return hidden
