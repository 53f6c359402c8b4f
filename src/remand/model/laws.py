"""How long people stay: laws of a duration, and how they fall into whole steps.

Every continuous law gives two functions of a time ``x`` in days, elementwise over arrays:

* ``survival(x)`` = P(X > x);
* ``excess(x)``   = E[(X − x)⁺] = ∫ₓ^∞ P(X > u) du, the *stop-loss transform*
  (Kaas, Goovaerts, Dhaene & Denuit, *Modern Actuarial Risk Theory*, 2008, ch. 3).

A stay that begins at a uniform moment of a step of length ``h`` crosses more than ``d`` step
boundaries with chance ``(excess(dh) − excess((d+1)h)) / h``. That is the design's
``H(d+1) − 2H(d) + H(d−1)``, written with the tail so that nothing cancels, and it keeps the mean:
the sum over ``d`` telescopes to ``excess(0)/h``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Law:
    """A law of a duration in days. Frozen, hashable; equal laws are one law in a kernel."""

    @cached_property
    def mean(self) -> float:
        """The mean stay in days."""
        return float(self.excess(np.zeros(1))[0])

    @property
    def longest(self) -> float:
        """The longest possible stay in days (``inf`` if there is none)."""
        return np.inf

    def survival(self, x: Floats) -> Floats:
        """P(X > x) for each x in days, x ≥ 0."""
        raise NotImplementedError

    def excess(self, x: Floats) -> Floats:
        """E[(X − x)⁺] in days for each x in days, x ≥ 0."""
        raise NotImplementedError

    def surviving(self, steps: int, step: float, partial: str) -> Floats:
        """P(D > d) for d = 0 … steps − 1, D the stay in whole steps of ``step`` days."""
        bounds = np.arange(steps + 1.0) * step
        if partial == "up":
            return self.survival(bounds[:-1])
        ends = self.excess(bounds) / step
        return np.clip(ends[:-1] - ends[1:], 0.0, 1.0)

    def remaining(self, stay: Ints, step: float, partial: str) -> Floats:
        """E[(D − d)⁺] in steps for some whole ``d``: what is left of a stay already so long."""
        if partial == "exact":
            return self.excess(np.asarray(stay * step, np.float64)) / step
        left = self.surviving(int(stay.max()), step, partial)
        gone = np.concatenate([[0.0], np.cumsum(left)])
        return np.asarray(self.mean_steps(step, partial) - gone[stay])

    def mean_steps(self, step: float, partial: str) -> float:
        """E[D] in steps: exact, tail included."""
        if partial == "exact":
            return self.mean / step
        # E[⌈X⌉]: summed where the law bends, then Euler–Maclaurin for the smooth far tail
        steps = 4096
        near = float(self.surviving(steps, step, partial).sum())
        end = np.array([steps, steps + 1]) * step
        tail = self.survival(end)
        return near + float(self.excess(end)[0] / step + tail[0] / 2 + (tail[0] - tail[1]) / 12)

    def scaled(self, factor: float) -> Law:
        """The law of ``factor × X``."""
        return self if factor == 1 else Scaled(self, factor)

    def floored(self, least: float, step: float) -> Law:  # noqa: ARG002 - tables need the step
        """The law of max(X, least)."""
        return self if least <= 0 else Floored(self, least)

    def capped(self, most: float, step: float) -> tuple[float, Law]:  # noqa: ARG002
        """The chance of X ≤ most, and the law of X given that."""
        within = 1.0 - float(self.survival(np.array([most]))[0])
        return within, (Truncated(self, most, within) if within < 1 else self)


@dataclass(frozen=True)
class Lognormal(Law):
    """Lognormal by its median and mean; whoever would stay past ``most`` leaves then.

    >>> law = Lognormal(78, 146)
    >>> round(law.mean, 9), round(float(law.survival(np.array([78.0]))[0]), 9)
    (146.0, 0.5)
    """

    median: float
    untruncated_mean: float
    most: float = np.inf

    @cached_property
    def _sigma(self) -> float:
        return float(np.sqrt(2 * np.log(self.untruncated_mean / self.median)))

    @property
    def longest(self) -> float:
        return self.most

    def _tails(self, x: Floats) -> tuple[Floats, Floats]:
        from scipy.special import ndtr  # noqa: PLC0415 - slow to import, needed only here

        with np.errstate(divide="ignore"):
            z = (np.log(self.median) - np.log(x)) / self._sigma
        return ndtr(z), ndtr(z + self._sigma)

    def survival(self, x: Floats) -> Floats:
        return np.where(x < self.most, self._tails(x)[0], 0.0)

    def _untruncated_excess(self, x: Floats) -> Floats:
        beyond, length_biased = self._tails(x)
        return self.untruncated_mean * length_biased - x * beyond

    def excess(self, x: Floats) -> Floats:
        cut = self._untruncated_excess(np.array([self.most])) if np.isfinite(self.most) else 0.0
        return np.where(x < self.most, np.maximum(self._untruncated_excess(x) - cut, 0.0), 0.0)


@dataclass(frozen=True)
class Exponential(Law):
    """Memoryless, by its mean.

    >>> Exponential(10).mean
    10.0
    """

    average: float

    def survival(self, x: Floats) -> Floats:
        return np.exp(-x / self.average)

    def excess(self, x: Floats) -> Floats:
        return self.average * np.exp(-x / self.average)


@dataclass(frozen=True)
class Gamma(Law):
    """Gamma by its mean and shape.

    >>> round(Gamma(10, 2).mean, 9)
    10.0
    """

    average: float
    shape: float

    def survival(self, x: Floats) -> Floats:
        from scipy.special import gammaincc  # noqa: PLC0415 - slow to import, needed only here

        tail: Floats = gammaincc(self.shape, x * self.shape / self.average)
        return tail

    def excess(self, x: Floats) -> Floats:
        from scipy.special import gammaincc  # noqa: PLC0415

        scaled = x * self.shape / self.average
        beyond: Floats = gammaincc(self.shape, scaled)
        biased: Floats = gammaincc(self.shape + 1, scaled)
        return np.maximum(self.average * biased - x * beyond, 0.0)


@dataclass(frozen=True)
class Fixed(Law):
    """Always the same stay.

    >>> Fixed(0.75).surviving(2, 1.0, "exact")
    array([0.75, 0.  ])
    """

    days: float

    @property
    def longest(self) -> float:
        return self.days

    def survival(self, x: Floats) -> Floats:
        return (x < self.days).astype(float)

    def excess(self, x: Floats) -> Floats:
        return np.maximum(self.days - x, 0.0)


@dataclass(frozen=True)
class Uniform(Law):
    """Any stay from ``low`` to ``high``, all equally likely.

    >>> Uniform(0, 2).mean
    1.0
    """

    low: float
    high: float

    @property
    def longest(self) -> float:
        return self.high

    def survival(self, x: Floats) -> Floats:
        return np.clip((self.high - x) / (self.high - self.low), 0.0, 1.0)

    def excess(self, x: Floats) -> Floats:
        inside = np.clip(self.high - x, 0.0, self.high - self.low) ** 2
        below = np.maximum(self.low - x, 0.0)
        return below + inside / (2 * (self.high - self.low))


@dataclass(frozen=True)
class Scaled(Law):
    """A law with every stay multiplied by a factor."""

    law: Law
    factor: float

    @property
    def longest(self) -> float:
        return self.law.longest * self.factor

    def survival(self, x: Floats) -> Floats:
        return self.law.survival(x / self.factor)

    def excess(self, x: Floats) -> Floats:
        return self.factor * self.law.excess(x / self.factor)


@dataclass(frozen=True)
class Floored(Law):
    """A law with every shorter stay raised to ``least`` days.

    >>> Floored(Fixed(2), 5).mean
    5.0
    """

    law: Law
    least: float

    @property
    def longest(self) -> float:
        return max(self.law.longest, self.least)

    def survival(self, x: Floats) -> Floats:
        return np.where(x < self.least, 1.0, self.law.survival(x))

    def excess(self, x: Floats) -> Floats:
        above = self.law.excess(np.maximum(x, self.least))
        return above + np.maximum(self.least - x, 0.0)


@dataclass(frozen=True)
class Truncated(Law):
    """A law given that the stay is at most ``most`` days (which has chance ``within``)."""

    law: Law
    most: float
    within: float

    @property
    def longest(self) -> float:
        return min(self.law.longest, self.most)

    def survival(self, x: Floats) -> Floats:
        beyond = 1.0 - self.within
        left = (self.law.survival(x) - beyond) / self.within
        return np.where(x < self.most, np.clip(left, 0.0, 1.0), 0.0)

    def excess(self, x: Floats) -> Floats:
        end = np.array([self.most])
        part = self.law.excess(x) - self.law.excess(end) - (self.most - x) * (1.0 - self.within)
        return np.where(x < self.most, np.maximum(part, 0.0) / self.within, 0.0)


@dataclass(frozen=True)
class Table(Law):
    """A stay already counted in whole steps: durations and their chances.

    >>> Table((2, 5), (0.5, 0.5)).surviving(6, 1.0, "exact")
    array([1. , 1. , 0.5, 0.5, 0.5, 0. ])
    """

    durations: tuple[int, ...]
    chances: tuple[float, ...]
    unit: Literal["step"] = "step"

    def surviving(self, steps: int, step: float, partial: str) -> Floats:  # noqa: ARG002
        left = np.zeros(max(steps, max(self.durations) + 2))
        np.add.at(left, np.asarray(self.durations), self.chances)
        tail: Floats = np.cumsum(left[::-1])[::-1]
        return np.append(tail[1:], 0.0)[:steps]

    def remaining(self, stay: Ints, step: float, partial: str) -> Floats:
        return super().remaining(stay, step, "up" if partial == "exact" else partial)

    def mean_steps(self, step: float, partial: str) -> float:  # noqa: ARG002
        return float(np.dot(self.durations, self.chances))

    def scaled(self, factor: float) -> Law:
        """Durations times ``factor``; mass between two steps is split so that the mean is kept."""
        mass: dict[int, float] = {}
        for duration, chance in zip(self.durations, self.chances, strict=True):
            exact = duration * factor
            whole = int(np.floor(exact))
            mass[whole] = mass.get(whole, 0.0) + chance * (whole + 1 - exact)
            if exact > whole:
                mass[whole + 1] = mass.get(whole + 1, 0.0) + chance * (exact - whole)
        return Table.of(mass)

    def floored(self, least: float, step: float) -> Law:
        mass: dict[int, float] = {}
        for duration, chance in zip(self.durations, self.chances, strict=True):
            raised = max(duration, whole_steps(least, step))
            mass[raised] = mass.get(raised, 0.0) + chance
        return Table.of(mass)

    def capped(self, most: float, step: float) -> tuple[float, Law]:
        end = whole_steps(most, step)
        kept = {d: p for d, p in zip(self.durations, self.chances, strict=True) if d <= end}
        within = sum(kept.values())
        if not within:
            return 0.0, Table((end,), (1.0,))
        return within, Table.of({d: p / within for d, p in kept.items()})

    @staticmethod
    def of(mass: dict[int, float]) -> Table:
        """A table from a mapping of durations in steps to chances."""
        return Table(tuple(sorted(mass)), tuple(mass[d] for d in sorted(mass)))


def whole_steps(days: float, step: float) -> int:
    """A bound in days as the nearest number of whole steps, for laws that are already discrete."""
    return round(days / step)
