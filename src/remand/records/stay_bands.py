"""Stay bands: how long stays are told apart wherever beds and people are set against each other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

BANDS = (0, 1, 2, 4, 8, 15, 31, 61, 91, 181, 366, 731)
"""Lower ends of the bands, in days; each reaches to the day before the next."""

LABELS = (
    *(str(low) if high == low + 1 else f"{low}–{high - 1}" for low, high in pairwise(BANDS)),
    f"over {BANDS[-1] - 1}",
)
"""What the bands are called, in days: ``0``, ``1``, ``2–3``, … ``over 730``."""


def band(days: Ints) -> Ints:
    """The band of each stay, 0 … len(BANDS) − 1, by its length in days (0 or more).

    >>> [LABELS[i] for i in band(np.array([0, 1, 3, 30, 730, 5000]))]
    ['0', '1', '2–3', '15–30', '366–730', 'over 730']
    """
    found: Ints = np.searchsorted(BANDS, days, "right") - 1
    return found
