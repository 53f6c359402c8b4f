"""Whole laws: exit × duration tables that sum to one, ready for a model.

Records end before the longest stays do. The share still inside at the last duration with anybody
at risk leaves by a constant hazard: that of the last `STRETCH` of people whose leaving was seen,
their exits over the days spent inside since the first of them left. The table ends some years after
the longest stay known, and whoever would stay beyond that leaves there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from remand.engine.cache import compiled
from remand.errors import InputError
from remand.fitting.survival import Floats, Incidence, Ints
from remand.records.stay_bands import BANDS, band

STRETCH = 0.05
"""Share of people over whose leaving the constant hazard of a tail is taken."""

BEYOND = 3653
"""Days that a tail goes on after the longest stay known, but never more than as long again."""

ROUNDING = 1e-12
"""Shares below this are rounding, not people."""


@dataclass(frozen=True)
class Joint:
    """Chances of exit and duration together.

    Attributes:
        durations: (durations,), ascending, in days.
        mass: (draws, cells, durations, causes); every cell of every draw sums to 1.
        extrapolated: (draws, cells): the share for which no record says when it leaves.
    """

    durations: Ints
    mass: Floats
    extrapolated: Floats

    @cached_property
    def bands(self) -> Floats:
        """Mass by stay band (`records.stay_bands`): (draws, cells, causes, bands)."""
        draws, cells, _, causes = self.mass.shape
        found = np.zeros((draws, cells, causes, len(BANDS)))
        _gather(self.mass, band(self.durations), found)
        return found

    @property
    def shares(self) -> Floats:
        """P(exit): (draws, cells, causes)."""
        return np.asarray(self.bands.sum(axis=3))

    @property
    def mean(self) -> Floats:
        """E[D] in days: (draws, cells)."""
        return np.asarray(np.einsum("bcdk,d->bc", self.mass, self.durations.astype(np.float64)))

    def thinned(self, onto: Ints | None = None) -> Joint:
        """The same on fewer durations, by default `knots`: totals, shares and means are kept.

        The mass of a duration is split between the knots on either side of it, which must span
        all durations.
        """
        onto = knots(int(self.durations[-1])) if onto is None else onto
        mass = np.zeros((*self.mass.shape[:2], len(onto), self.mass.shape[3]))
        upper = np.clip(np.searchsorted(onto, self.durations), 1, len(onto) - 1)
        _thin(self.durations, self.mass, onto, upper, mass)
        return Joint(onto, mass, self.extrapolated)


def knots(longest: int) -> Ints:
    """Durations from 0 to ``longest`` or just beyond: each day up to 50, then 2 % apart.

    >>> knots(53)[-4:].tolist(), len(knots(3650))
    ([50, 51, 52, 53], 272)
    """
    found = list(range(51))
    while found[-1] < longest:
        found.append(max(found[-1] + 1, round(found[-1] * 1.02)))
    return np.array(found, np.int64)


def closed(incidence: Incidence, longest: int = 0) -> Joint:
    """Laws with their tails.

    ``longest`` is the longest stay so far that the laws must have something to say about, in days.
    Raises InputError if nobody of a cell, nor of those it leans on, was ever seen to leave.
    """
    if not (incidence.hazard > 0).any(axis=(2, 3)).all():
        raise InputError.of(
            "in one of the groups nobody was ever seen to leave, so it has no law of its own",
            fix="group people more coarsely, or let small groups lean on larger ones",
        )
    known, last = incidence.known, max(int(incidence.known.max()), longest)
    ladder = knots(last + min(last, BEYOND) + 1)
    durations = np.unique(
        np.concatenate([incidence.durations, known, ladder[ladder > known.min()]])
    )
    at = np.searchsorted(durations, incidence.durations)
    mass = np.zeros((*incidence.hazard.shape[:2], len(durations), incidence.hazard.shape[3]))
    extrapolated = np.zeros(mass.shape[:2])
    start = np.searchsorted(durations, known)
    _close(incidence.durations, incidence.hazard, at, durations, start, mass, extrapolated)
    return Joint(durations, mass, extrapolated)


@compiled
def _close(
    seen: Ints,
    hazard: Floats,
    at: Ints,
    durations: Ints,
    start: Ints,
    mass: Floats,
    extrapolated: Floats,
) -> None:
    """Masses of what was seen, then of the tail, then what rounding left over."""
    draws, cells, last, causes = hazard.shape
    before = np.empty(last + 1)
    shares = np.empty(causes)
    for draw in range(draws):
        for cell in range(cells):
            own = mass[draw, cell]
            before[0] = 1.0
            for d in range(last):
                staying = 1.0
                for k in range(causes):
                    own[at[d], k] = before[d] * hazard[draw, cell, d, k]
                    staying -= hazard[draw, cell, d, k]
                before[d + 1] = before[d] * max(staying, 0.0)
            left = float(before[last])
            if left > ROUNDING:
                extrapolated[draw, cell] = left
                rate = _rate(seen, before, durations[start[cell]], own, at, shares)
                _go_on(durations, start[cell], left, rate, shares, own)
            # a few units in the last place: given to the likeliest, where they matter least
            total, best, exit_ = 0.0, 0, 0
            for d in range(len(durations)):
                for k in range(causes):
                    total += own[d, k]
                    if own[d, k] > own[best, exit_]:
                        best, exit_ = d, k
            own[best, exit_] += 1.0 - total


@compiled
def _rate(seen: Ints, before: Floats, known: int, own: Floats, at: Ints, shares: Floats) -> float:
    """The hazard of the last to leave, and their shares by exit."""
    last, left = len(seen), before[len(seen)]
    shares[:] = 0.0
    exposure = left * (known - seen[last - 1])
    for d in range(last - 1, -1, -1):
        shares += own[at[d]]
        exposure += before[d] * (seen[d] - (seen[d - 1] if d > 0 else -1))
        if before[d] >= left + STRETCH:
            break
    leaving = float(shares.sum())
    shares /= leaving
    return float(leaving / exposure)


@compiled
def _go_on(
    durations: Ints, start: int, left: float, rate: float, shares: Floats, own: Floats
) -> None:
    """Let a share leave by a constant hazard, each day's mass between the durations around it."""
    for d in range(start + 1, len(durations)):
        low, high = durations[d - 1], durations[d]
        for day in range(low + 1, high + 1):
            leaving = left * rate
            left -= leaving
            upper = leaving * (day - low) / (high - low)
            for k in range(len(shares)):
                own[d, k] += upper * shares[k]
                own[d - 1, k] += (leaving - upper) * shares[k]
    own[-1] += left * shares


@compiled
def _thin(durations: Ints, mass: Floats, onto: Ints, upper: Ints, out: Floats) -> None:
    """Split each duration's mass between its two neighbours."""
    draws, cells, _, causes = mass.shape
    for draw in range(draws):
        for cell in range(cells):
            for d in range(len(durations)):
                high, low = onto[upper[d]], onto[upper[d] - 1]
                part = (durations[d] - low) / (high - low)
                for k in range(causes):
                    out[draw, cell, upper[d], k] += mass[draw, cell, d, k] * part
                    out[draw, cell, upper[d] - 1, k] += mass[draw, cell, d, k] * (1.0 - part)


@compiled
def _gather(mass: Floats, bands: Ints, out: Floats) -> None:
    """Add up the mass of each band."""
    draws, cells, durations, causes = mass.shape
    for draw in range(draws):
        for cell in range(cells):
            for d in range(durations):
                for k in range(causes):
                    out[draw, cell, k, bands[d]] += mass[draw, cell, d, k]
