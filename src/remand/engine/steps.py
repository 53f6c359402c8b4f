"""Laws of stays in whole steps, worked out once for all the models a law stands in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from remand.engine.kernel import Floats
from remand.engine.windows import OLDEST_DAYS
from remand.model import laws
from remand.model.clock import Clock


def surviving(law: laws.Law, steps: int, clock: Clock) -> Floats:
    """P(D > d) for d below ``steps``, read-only."""
    return _surviving(law, steps, clock.days, clock.partial)


def mean_steps(law: laws.Law | None, clock: Clock) -> float:
    """E[D]; 0 for everyone leaving in the only step of a window."""
    return 0.0 if law is None else law.mean_steps(clock.days, clock.partial)


def ages(law: laws.Law, clock: Clock) -> tuple[float, float]:
    """Σ P(D > a) and Σ (a + 1) P(D > a) over the ages ``a`` told apart."""
    return _ages(law, clock.days, clock.partial)


@lru_cache(maxsize=256)
def _surviving(law: laws.Law, steps: int, step: float, partial: str) -> Floats:
    left = law.surviving(steps, step, partial)
    left.setflags(write=False)
    return left


@lru_cache(maxsize=1024)
def _ages(law: laws.Law, step: float, partial: str) -> tuple[float, float]:
    alive = law.surviving(int(OLDEST_DAYS / step), step, partial)
    return float(alive.sum()), float(np.dot(alive, np.arange(1.0, len(alive) + 1)))
