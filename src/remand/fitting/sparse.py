"""Laws in few rows: the same shares and means, fewer durations where few people leave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST = 1e-3
"""Share of a group that leaves by an exit between two durations of its table, or more."""


def sparse(durations: Ints, mass: Floats, least: float = LEAST) -> Floats:
    """Mass (groups, durations, exits) gathered on fewer durations, group by group and exit by exit.

    The first and last duration of an exit stay, and as many between as leave ``least`` or more from
    one to the next. What falls between two is split so that each exit's share and mean stay as they
    are.

    >>> sparse(np.array([1, 2, 3, 9]), np.array([[[0.5], [0.1], [0.1], [0.3]]]), 0.2)[0, :, 0]
    array([0.55, 0.  , 0.15, 0.3 ])
    """
    out = np.zeros_like(mass)
    _gather(durations, mass, least, out)
    return out


@compiled
def _gather(durations: Ints, mass: Floats, least: float, out: Floats) -> None:
    groups, count, exits = mass.shape
    for group in range(groups):
        for exit_ in range(exits):
            last = -1
            for d in range(count):
                if mass[group, d, exit_] > 0:
                    last = d
            lower, gathered = -1, 0.0
            for d in range(last + 1):
                gathered += mass[group, d, exit_]
                if lower < 0 < gathered:
                    out[group, d, exit_] = gathered
                    lower, gathered = d, 0.0
                elif lower >= 0 and (gathered >= least or d == last):
                    width = durations[d] - durations[lower]
                    for between in range(lower + 1, d + 1):
                        upper = (durations[between] - durations[lower]) / width
                        out[group, lower, exit_] += mass[group, between, exit_] * (1.0 - upper)
                        out[group, d, exit_] += mass[group, between, exit_] * upper
                    lower, gathered = d, 0.0
