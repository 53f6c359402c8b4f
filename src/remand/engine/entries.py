"""Entry steps, in spans within which nothing changes that governs who enters.

Shares, laws, levels and what policies reach are kept by span. The exact engine tells every step
apart; draws, which are many, take together the steps between two dates that anything names, and
follow a policy that is phased in by short spans, at its mean over each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

import numpy as np

from remand.engine.kernel import Ints
from remand.model.clock import Clock

PHASE = 16
"""Steps that are taken together while a policy is phased in, in draws."""


@dataclass(frozen=True, eq=False)
class Entries:
    """Spans of entry steps; the first stands for those who entered before the start (step −1).

    Attributes:
        first: (spans,) first step of each, rising from −1.
        length: (spans,) steps in each.
        days: (spans,) proleptic ordinal of each one's first day; that of step 0 for the first.
        steps: of the run, 0 … steps − 1.
    """

    first: Ints
    length: Ints
    days: Ints
    steps: int

    @classmethod
    @lru_cache(maxsize=8)
    def each(cls, clock: Clock, steps: int) -> Self:
        """Every step a span of its own."""
        return cls.between(clock, steps, range(steps))

    @classmethod
    def between(cls, clock: Clock, steps: int, edges: Iterable[int]) -> Self:
        """Spans that begin at some steps (those outside the run are left out), and at step 0."""
        first = np.array(sorted({-1, 0, *(int(e) for e in edges if 0 <= e < steps)}), np.int64)
        if clock.step == "month":
            days = [clock.date(max(int(step), 0)).toordinal() for step in first]
        else:
            days = (clock.start.toordinal() + int(clock.days) * np.maximum(first, 0)).tolist()
        return cls(first, np.diff(first, append=steps), np.array(days, np.int64), steps)

    @cached_property
    def of(self) -> Ints:
        """(steps,) the span of each step of the run."""
        return np.repeat(np.arange(1, len(self.first)), self.length[1:])
