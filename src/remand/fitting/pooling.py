"""Thin cells lean on the wider ones they are part of.

A cell starts from the law of its parent, as if ``strength`` people of that law had been seen too.
For hazards this is the mean of a beta process (Susarla & Van Ryzin, *Journal of the American
Statistical Association* 71, 1976; Hjort, *Annals of Statistics* 18, 1990)::

    h(d) = (c(d) h_parent(d) + exits(d)) / (c(d) + at risk(d)),  c(d) = strength × P_parent(D ≥ d)

so a cell keeps to its parent wherever few of its own were seen, from the first day to the tail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from remand.engine.threads import in_threads
from remand.fitting.survival import Floats, Incidence, Ints, Observed, Prior, Risks, surviving

R = TypeVar("R")


@dataclass(frozen=True)
class Pool:
    """Observed stays at every level of a chain of parents, made ready for many draws.

    Attributes:
        levels: the stays by the cells of each level, the widest first, the cells themselves last.
        parents: for each level but the widest, (cells,): each cell's parent in the level before.
        strength: what a parent's law weighs, in people.
    """

    levels: tuple[Risks, ...]
    parents: tuple[Ints, ...]
    strength: float

    @staticmethod
    def of(
        observed: Observed, cells: int, causes: int, chain: Sequence[Ints], strength: float
    ) -> Pool:
        """Lay out the levels.

        ``chain[0]`` (cells,) names the parent of each cell, 0, 1, …; ``chain[1]`` the parent of
        each of those; and so on. The last level leans on nothing: a single cell, everyone, or
        several that have nothing to say of each other. Raises InputError if no stay has ended.
        """
        levels, cell, sizes = [], observed.cell, [cells, *(int(c.max()) + 1 for c in chain)]
        for size, parent in zip(sizes, [*chain, None], strict=True):
            levels.append(Risks.of(replace(observed, cell=cell), size, causes))
            cell = cell if parent is None else parent[cell]
        parents = tuple(np.asarray(parent, np.int64) for parent in reversed(chain))
        return Pool(tuple(reversed(levels)), parents, float(strength))

    @property
    def known(self) -> Ints:
        """The last duration with anybody at risk in a cell or in one it leans on: (cells,)."""
        known = self.levels[0].known
        for level, parent in zip(self.levels[1:], self.parents, strict=True):
            known = np.maximum(level.known, known[parent])
        return known

    def incidence(self, weights: Floats | None = None) -> Incidence:
        """The laws of the cells under weights (draws, people) that average 1, one by one."""
        own = self.levels[-1]
        weights = own.weights(weights)
        hazard, at_risk = own.room(len(weights))
        for i, weight in enumerate(weights):
            prior = Prior.none(self.levels[0])
            for level, parent in zip(self.levels, (*self.parents, None), strict=True):
                last = parent is None
                h, y = (hazard[i], at_risk[i]) if last else (a[0] for a in level.room(1))
                level.estimate(weight, prior, h, y)
                if parent is not None:
                    prior = Prior(self.strength, parent, h, surviving(h[None])[0])
        return Incidence(own.durations, hazard, at_risk, self.known)

    def each(
        self,
        weights: Callable[[int], Floats],
        draws: int,
        read: Callable[[Incidence], R],
        threads: int | None = None,
    ) -> list[R]:
        """What is read off the laws of each draw, so that only one draw a thread is kept.

        ``weights`` gives those of a draw, (people,); its laws have an axis of one draw first.
        """
        return in_threads(lambda i: read(self.incidence(weights(i)[None])), range(draws), threads)


def pooled(
    observed: Observed,
    cells: int,
    causes: int,
    chain: Sequence[Ints],
    strength: float,
    weights: Floats | None = None,
) -> Incidence:
    """The laws of all cells, each leaning on its parents.

    `Pool` does the same for many draws without keeping them all.

    A cell of one person, released after a day, beside three who stayed for two: it leans on the
    law of the four.

    >>> one = np.ones(4, np.int64)
    >>> stay = np.array([1, 2, 2, 2])
    >>> seen = Observed(np.array([0, 1, 1, 1]), np.arange(4), one, stay, stay, 0 * one)
    >>> pooled(seen, 2, 1, [np.array([0, 0])], strength=3).survival[0, 0].tolist()
    [0.5625, 0.0]
    """
    return Pool.of(observed, cells, causes, chain, strength).incidence(weights)
