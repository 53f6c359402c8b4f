"""What each of several causes adds to a total, averaged over the orders they could be added in.

Where causes overlap, what one adds depends on which came before it: the first of two takes what
they share. Averaged over all orders, each has a share of its own, and the shares sum to the total
exactly (L. Shapley, "A value for n-person games", 1953). Equal causes get equal shares, and one
that never changes anything gets exactly 0. It is bookkeeping of a model's runs: it shows what the
total is made of, not what caused anything in the world.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Set = frozenset[int]

ALL_ORDERS = 7
"""Up to so many causes all orders are taken (128 sets of seven causes); beyond, some are drawn."""

PAIRS = 8
"""Orders drawn where all are too many; each also backwards, so that early and late places even
out."""


@dataclass(frozen=True)
class Orders:
    """Orders in which ``n`` causes are added, as the steps they consist of.

    Attributes:
        n: causes.
        steps: (set before, cause added) → weight; the weights of one cause sum to 1.
        drawn: how many orders were drawn; 0 if all were taken.
    """

    n: int
    steps: dict[tuple[Set, int], float]
    drawn: int

    @classmethod
    def of(cls, n: int, seed: int = 0) -> Orders:
        """All orders of up to seven causes; of more, drawn ones, each with its reverse.

        >>> orders = Orders.of(2)
        >>> [(sorted(before), added, weight) for (before, added), weight in orders.steps.items()]
        [([], 0, 0.5), ([], 1, 0.5), ([0], 1, 0.5), ([1], 0, 0.5)]
        """
        if n <= ALL_ORDERS:
            return cls(n, dict(_all(n)), 0)
        chance = np.random.default_rng(seed)
        steps: dict[tuple[Set, int], float] = {}
        for _ in range(PAIRS):
            order = [int(i) for i in chance.permutation(n)]
            for way in (order, order[::-1]):
                for i, added in enumerate(way):
                    step = (frozenset(way[:i]), added)
                    steps[step] = steps.get(step, 0.0) + 1 / (2 * PAIRS)
        return cls(n, steps, 2 * PAIRS)

    @property
    def sets(self) -> list[Set]:
        """Every set of causes that must be run, the smallest first."""
        found = {s for before, added in self.steps for s in (before, before | {added})}
        return sorted(found or {frozenset()}, key=lambda s: (len(s), sorted(s)))

    @property
    def said(self) -> str:
        """Which orders these are, in words."""
        if self.drawn:
            return f"{self.drawn} drawn in pairs, each with its reverse, of very many"
        count = factorial(self.n)
        return {1: "there is only one", 2: "both"}.get(count, f"all {count:,}")

    def averaged(self, step: Callable[[Set, Set], Floats]) -> Floats:
        """What each cause adds, ``(n, …)``; ``step(before, after)`` is what one step adds.

        >>> worth = {(): 0.0, (0,): 6.0, (1,): 4.0, (0, 1): 8.0}
        >>> def step(before, after):
        ...     return np.array(worth[tuple(sorted(after))] - worth[tuple(sorted(before))])
        >>> Orders.of(2).averaged(step)
        array([5., 3.])
        """
        parts: list[list[Floats]] = [[] for _ in range(self.n)]
        for (before, added), weight in self.steps.items():
            parts[added].append(weight * step(before, before | {added}))
        return np.array([np.sum(own, axis=0) for own in parts])


def _all(n: int) -> list[tuple[tuple[Set, int], float]]:
    """Every step of every order, with the share of orders it is part of."""
    found = []
    for size in range(n):
        weight = factorial(size) * factorial(n - size - 1) / factorial(n)
        for chosen in itertools.combinations(range(n), size):
            before = frozenset(chosen)
            found += [((before, i), weight) for i in range(n) if i not in before]
    return found
