"""One model through both engines, cell by cell: how far a sample is from what it should be.

A cell is one number that both give: people in a state, people who made a move, time spent, in one
stratum and window. Its z-score is the distance of the sample's mean from the exact one in standard
errors. With Poisson arrivals and an empty or steady start the variance of people and moves is known
(Campbell's theorem); for other models, and for stays, it is the sample's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from remand.engine.expected import solve
from remand.engine.kernel import Floats, Kernel
from remand.engine.moments import Reward, variances
from remand.engine.sampled import Sample, simulate
from remand.engine.stays import stays

CHANCE = 1e-4
"""How often the judgement of a whole row may be wrong."""

FEW = 300
"""People behind a cell, over all replicates, below which its mean is not near enough to normal."""


@dataclass(frozen=True)
class Verdict:
    """The z-scores of a row, and the cells that chance has no part in and yet differ.

    Attributes:
        z: by quantity, one a cell.
        broken: cells that cannot vary, or where nobody can be, and that differ all the same.
        known: whether the variances of people and moves are exact.
    """

    z: dict[str, Floats]
    broken: list[str]
    known: bool
    cells: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", sum(len(z) for z in self.z.values()))

    @property
    def bound(self) -> float:
        """The largest |z| to be met by chance (Bonferroni's inequality)."""
        return float(norm.isf(CHANCE / 2 / max(self.cells, 1)))

    @property
    def worst(self) -> tuple[float, str]:
        """The largest |z|, and of which quantity."""
        return max((float(np.abs(z).max(initial=0.0)), name) for name, z in self.z.items())

    @property
    def holds(self) -> bool:
        """Whether both engines say the same."""
        return not self.broken and self.worst[0] < self.bound


def windows_of(steps: int) -> tuple[int, ...]:
    """Windows of one step and of many; a third of the way through, one opens and lasts one step."""
    turn = steps // 3
    return (0, 1, turn // 2, turn, turn + 1, turn + steps // 6, turn + steps // 3, steps)


def compare(kernel: Kernel, replicates: int, seed: int, drawn: Kernel | None = None) -> Verdict:
    """Judge a sample of ``drawn`` (the same kernel, unless told) by the exact path of a kernel."""
    bounds = windows_of(kernel.steps)
    sample = simulate(drawn or kernel, replicates, seed, bounds, stays=True)
    known = not kernel.counted.any() and not np.isfinite(kernel.size).any()
    broken: list[str] = []
    z = {}
    for name, (mean, people, variance) in exact(kernel, sample, bounds).items():
        found = getattr(sample, name)
        spread = variance if known and variance is not None else found.var(axis=0, ddof=1)
        off = np.abs(found.mean(axis=0) - mean)
        still = (spread < 1e-12) | (mean < 1e-12)
        tolerance = 1e-9 * np.maximum(1.0, mean)
        judged = (people * replicates > FEW) | (mean < 1e-12)
        broken += [f"{name} {tuple(i)}" for i in np.argwhere(still & judged & (off > tolerance))]
        use = judged & ~still
        z[name] = (found.mean(axis=0) - mean)[use] / np.sqrt(spread[use] / replicates)
    return Verdict(z, broken, known)


def exact(
    kernel: Kernel, sample: Sample, bounds: tuple[int, ...]
) -> dict[str, tuple[Floats, Floats, Floats | None]]:
    """For each quantity of a sample its mean, the people behind it and, where known, its variance.

    All are (strata, states or moves, windows), in the order of the sample's own.
    """
    n = len(kernel.states)
    path = solve(kernel, marks=[bounds[:-1]])
    spent = stays(path)
    ends = np.array(bounds[1:]) - 1

    def summed(values: Floats) -> Floats:
        return np.add.reduceat(values, bounds[:-1], axis=-1)

    each = np.zeros((len(sample.origin), n + 1, n + 1))
    each[np.arange(len(each)), sample.origin, sample.target] = 1.0
    flows = path.moves(each).swapaxes(0, 1)  # (strata, moves, steps)
    kind = np.append(kernel.kind, -1)
    across = kind[sample.origin] != kind[sample.target]
    admitted = np.array([flows[:, across & (sample.target == s)].sum(axis=1) for s in range(n)])
    released = np.array([flows[:, across & (sample.origin == s)].sum(axis=1) for s in range(n)])
    admitted, released = admitted.swapaxes(0, 1), released.swapaxes(0, 1)
    rewards = [Reward.occupancy(np.arange(n) == s) for s in range(n)]
    rewards += [Reward(np.zeros(n), one) for one in each]
    variance = variances(path, rewards).swapaxes(0, 1)
    census, held, moves = path.census[..., ends], summed(path.census), summed(flows)
    return {
        "last": (census, census, census),
        "held": (held, held / np.diff(bounds), variance[:, :n]),
        "moves": (moves, moves, variance[:, n:]),
        "ended": (summed(spent.ended), summed(released), None),
        "so_far": (spent.so_far[..., ends], census, None),
        "to_come": (summed(spent.to_come * admitted), summed(admitted), None),
    }
