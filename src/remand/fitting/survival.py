"""How long people stay and by which exit they leave, from stays seen in part.

The estimator is that of Aalen & Johansen (*Scandinavian Journal of Statistics* 5, 1978) in discrete
time: of the people at risk at a duration, the share who leave by each exit. A stay is at risk only
from the duration at which it could first have been seen (left truncation: Keiding & Gill, *Annals
of Statistics* 18, 1990) and until it ended or was last known to go on (right censoring). Where an
end is known only to lie between two days, each day of them gets the share that the law itself gives
it: the self-consistent law of Turnbull (*Journal of the Royal Statistical Society B* 38, 1976).

Weights of people make draws: with weights from a flat Dirichlet law they are the Bayesian bootstrap
(Rubin, *Annals of Statistics* 9, 1981).

A duration is the number of censuses that a stay crosses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.threads import in_threads
from remand.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STILL = 1e-12
"""Uncertain ends are shared out again until no hazard moves by more than this …"""

ROUNDS = 10_000
"""… or so often, which only shares that hardly matter to the likelihood need."""


@dataclass(frozen=True)
class Observed:
    """Stays as they were seen: arrays (stays,) of whole numbers.

    Attributes:
        cell: which law a stay is of, 0 … cells − 1.
        person: whose weight it has, 0 … people − 1.
        entry: the least duration with which it could have been seen.
        low, high: the duration lies in [low, high], both included; equal where it is known. A
            censored stay is known only to last ``low`` or longer, so it is at risk below ``low``.
        cause: the exit it ended by, 0 … causes − 1; −1 where it is censored.

    A stay with nothing from its entry on to be seen (censored at its entry) counts for nothing.
    """

    cell: Ints
    person: Ints
    entry: Ints
    low: Ints
    high: Ints
    cause: Ints


@dataclass(frozen=True)
class Incidence:
    """Laws of leaving: hazards by exit at every duration at which anybody may have left.

    Attributes:
        durations: (durations,), ascending, in days; between them nobody leaves.
        hazard: (draws, cells, durations, causes): the chance of leaving just then by an exit, of
            those still inside.
        at_risk: (draws, cells, durations): the weight of those seen at risk.
        known: (cells,): the last duration with anybody at risk; the law says nothing beyond it.
    """

    durations: Ints
    hazard: Floats
    at_risk: Floats
    known: Ints

    @cached_property
    def survival(self) -> Floats:
        """P(D > d) at each of the durations: (draws, cells, durations)."""
        return surviving(self.hazard)[..., 1:]

    @cached_property
    def mass(self) -> Floats:
        """P(D = d, exit): (draws, cells, durations, causes)."""
        before = surviving(self.hazard)[..., :-1]
        return np.asarray(before[..., None] * self.hazard)

    @cached_property
    def cumulative(self) -> Floats:
        """P(D ≤ d, exit), the cumulative incidence: (draws, cells, durations, causes)."""
        return np.cumsum(self.mass, axis=2)

    def survival_at(self, days: Ints) -> Floats:
        """P(D > d) at any days: (draws, cells, days)."""
        after = np.searchsorted(self.durations, days, "right")
        return surviving(self.hazard)[..., after]

    def cumulative_at(self, days: Ints) -> Floats:
        """P(D ≤ d, exit) at any days: (draws, cells, days, causes)."""
        from_none = np.pad(self.cumulative, ((0, 0), (0, 0), (1, 0), (0, 0)))
        return from_none[:, :, np.searchsorted(self.durations, days, "right")]

    def quantile(self, q: float) -> Floats:
        """The duration in days that a share ``q`` (0 < q < 1) does not exceed: (draws, cells).

        Each duration's mass is spread evenly over the day around it, from half a day before to
        half a day after (0: from 0), so that quantiles move smoothly from draw to draw. NaN where
        fewer than ``q`` are known to leave.
        """
        left = 1.0 - self.survival
        found = np.argmax(left >= q, axis=2)[..., None]
        reached = np.take_along_axis(left, found, 2)[..., 0]
        before = np.where(
            found[..., 0] > 0, np.take_along_axis(left, np.maximum(found - 1, 0), 2)[..., 0], 0.0
        )
        day = self.durations[found[..., 0]].astype(np.float64)
        begin = np.maximum(day - 0.5, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            at = begin + (q - before) / (reached - before) * (day + 0.5 - begin)
        return np.where(reached >= q, at, np.nan)

    def restricted_mean(self, until: int) -> Floats:
        """The mean of min(D, until), in days: (draws, cells)."""
        inside = self.durations[self.durations < until]
        gaps = np.diff(np.concatenate([[0], inside, [until]]))
        return np.asarray(surviving(self.hazard)[..., : len(gaps)] @ gaps)


def incidence(
    observed: Observed,
    cells: int,
    causes: int,
    weights: Floats | None = None,
    threads: int | None = None,
) -> Incidence:
    """The law of each cell on its own.

    ``weights`` is (draws, people), all 0 or more; without it everybody counts once, in one draw.
    Where nobody is at risk the hazard is 0: survival stays as it is (`pooled` knows better).

    >>> one = np.ones(3, np.int64)
    >>> seen = Observed(0 * one, np.arange(3), one, 2 * one, 2 * one, np.array([0, 1, -1]))
    >>> incidence(seen, 1, 2).hazard[0, 0].tolist()  # who is censored at 2 was at risk until 1
    [[0.5, 0.5]]
    """
    risks = Risks.of(observed, cells, causes)
    weights = risks.weights(weights)
    hazard, at_risk = risks.room(len(weights))
    nobody = Prior.none(risks)

    def draw(i: int) -> None:
        risks.estimate(weights[i], nobody, hazard[i], at_risk[i])

    in_threads(draw, range(len(weights)), threads)
    return Incidence(risks.durations, hazard, at_risk, risks.known)


class Sorted(NamedTuple):
    """Stays by cell, those with an uncertain end last in each; times as positions in durations.

    Stays of a cell are ``start[cell] … start[cell + 1] − 1``, uncertain from ``uncertain[cell]``
    on. A stay is at risk from ``first`` to its end in ``low … high`` (if censored: to ``low``).
    ``onward`` (cells, durations): whether anybody is at risk at a duration and at the next.
    """

    start: Ints
    uncertain: Ints
    person: Ints
    first: Ints
    low: Ints
    high: Ints
    cause: Ints
    onward: Bools


class Prior(NamedTuple):
    """What is supposed of a cell before its own stays are counted.

    ``parent`` (cells,) names a row of ``hazard`` (parents, durations, causes) and of ``before``
    (parents, durations + 1), the parent's P(D ≥ d); ``strength`` is in people.
    """

    strength: float
    parent: Ints
    hazard: Floats
    before: Floats

    @staticmethod
    def none(risks: Risks) -> Prior:
        """Nothing is supposed."""
        none = np.zeros((1, len(risks.durations), risks.causes))
        return Prior(0.0, np.zeros(risks.cells, np.int64), none, none[..., 0])


@dataclass(frozen=True)
class Risks:
    """Observed stays made ready to be counted with many weights.

    Attributes:
        durations: (durations,) at which anybody may have left, ascending.
        known: (cells,): the last duration with anybody at risk, −1 where nobody ever was.
        causes: how many exits.
        people: how many people have a weight.
        stays: sorted.
    """

    durations: Ints
    known: Ints
    causes: int
    people: int
    stays: Sorted

    @property
    def cells(self) -> int:
        """How many laws."""
        return len(self.known)

    @staticmethod
    def of(observed: Observed, cells: int, causes: int) -> Risks:
        """Sort stays by cell and find every duration at which one may have ended.

        Raises InputError if none has.
        """
        ended = observed.cause >= 0
        if not ended.any():
            raise InputError.of(
                "no stay has ended yet, so nothing can be said of how long stays are",
                fix="give records of a longer period",
            )
        low = np.where(ended, np.maximum(observed.low, observed.entry), observed.low)
        high = np.where(ended, observed.high, observed.low)
        durations = _days_between(low[ended], high[ended])
        first = np.searchsorted(durations, observed.entry)
        begins = np.searchsorted(durations, low) - ~ended
        ends = np.where(ended, np.searchsorted(durations, high), begins)
        last_seen = np.where(ended, high, low - 1)
        known = np.full(cells, -1, np.int64)
        seen = last_seen >= observed.entry
        np.maximum.at(known, observed.cell[seen], last_seen[seen])

        kept = np.flatnonzero(first <= begins)
        kept = kept[np.lexsort((begins[kept], ends[kept] > begins[kept], observed.cell[kept]))]
        cell, first, begins, ends = observed.cell[kept], first[kept], begins[kept], ends[kept]
        counted = np.bincount(cell, minlength=cells)
        start = np.append(0, np.cumsum(counted))
        unsure = np.bincount(cell[ends > begins], minlength=cells)
        step = np.zeros((cells, len(durations) + 1), np.int64)
        np.add.at(step, (cell, first), 1)
        np.add.at(step, (cell, begins), -1)
        stays = Sorted(
            start, start[1:] - unsure, observed.person[kept].astype(np.int64), first, begins, ends,
            observed.cause[kept].astype(np.int64), np.cumsum(step, axis=1)[:, :-1] > 0,
        )  # fmt: skip
        people = int(observed.person.max(initial=-1)) + 1
        return Risks(durations, known, causes, people, stays)

    def weights(self, given: Floats | None) -> Floats:
        """Weights as given (draws, people), or everybody once."""
        if given is None:
            return np.ones((1, self.people))
        return np.ascontiguousarray(given, np.float64)

    def room(self, draws: int) -> tuple[Floats, Floats]:
        """Empty hazards and weights at risk of so many draws."""
        shape = (draws, self.cells, len(self.durations))
        return np.empty((*shape, self.causes)), np.empty(shape)

    def estimate(self, weight: Floats, prior: Prior, hazard: Floats, at_risk: Floats) -> None:
        """Fill in the hazards (cells, durations, causes) and the weights at risk of one draw."""
        _estimate(self.stays, weight, prior, hazard, at_risk)


def _days_between(low: Ints, high: Ints) -> Ints:
    """Every whole number in any of the ranges, ascending, once."""
    width = high - low + 1
    begin = np.repeat(low - np.cumsum(width) + width, width)
    return np.unique(begin + np.arange(width.sum()))


@compiled
def surviving(hazard: Floats) -> Floats:
    """P(D > d) before the first duration (1) and after each: (draws, cells, durations + 1)."""
    draws, cells, durations, causes = hazard.shape
    out = np.ones((draws, cells, durations + 1))
    for draw in range(draws):
        for cell in range(cells):
            for d in range(durations):
                staying = 1.0
                for k in range(causes):
                    staying -= hazard[draw, cell, d, k]
                out[draw, cell, d + 1] = out[draw, cell, d] * max(staying, 0.0)
    return out


@compiled
def _estimate(stays: Sorted, weight: Floats, prior: Prior, hazard: Floats, at_risk: Floats) -> None:
    """Hazards of every cell under one set of weights."""
    cells, durations, causes = hazard.shape
    every, exits = np.arange(durations), np.empty((durations, causes))
    leave, join = np.empty(durations), np.empty(durations + 1)
    for cell in range(cells):
        exits[:] = 0.0
        leave[:] = 0.0
        join[:] = 0.0
        begin, middle, end = stays.start[cell], stays.uncertain[cell], stays.start[cell + 1]
        for i in range(begin, end):
            w = weight[stays.person[i]]
            join[stays.first[i]] += w
            leave[stays.low[i]] += w
            if i < middle and stays.cause[i] >= 0:
                exits[stays.low[i], stays.cause[i]] += w
        # Counted from the longest stays back, those at risk are a sum of few terms where they are
        # few, and where nobody goes on the sum is exactly who leaves.
        inside = 0.0
        for d in range(durations - 1, -1, -1):
            inside = max(inside - join[d + 1], 0.0) if stays.onward[cell, d] else 0.0
            inside += leave[d]
            at_risk[cell, d] = inside
        parent = prior.parent[cell]
        _mix(prior, parent, every, exits, at_risk[cell], hazard[cell])
        if middle < end:
            _share_out(
                stays, middle, end, weight, prior, parent, exits, at_risk[cell], hazard[cell]
            )


@compiled
def _mix(
    prior: Prior, parent: int, days: Ints, exits: Floats, at_risk: Floats, out: Floats
) -> None:
    """Hazards at some durations from what was seen and what was supposed."""
    supposed, before = prior.hazard[parent], prior.before[parent]
    for d in days:
        weight = prior.strength * before[d]
        people = weight + at_risk[d]
        lean = weight / people if people > 0.0 else 1.0
        for k in range(exits.shape[1]):
            out[d, k] = lean * supposed[d, k]
            if exits[d, k] > 0.0:
                out[d, k] += exits[d, k] / people


@compiled
def _share_out(
    stays: Sorted,
    begin: int,
    end: int,
    weight: Floats,
    prior: Prior,
    parent: int,
    exits: Floats,
    at_risk: Floats,
    hazard: Floats,
) -> None:
    """Share uncertain ends out over their days until the law agrees with itself.

    A share moves hazards only on the days it may fall on, so all others are left alone. The first
    shares are the parent's, or equal.

    Where few leave, sharing out again changes little each time; every other round therefore goes
    on in the direction of the last two (Varadhan & Roland, *Scandinavian Journal of Statistics* 35,
    2008, scheme S3), never below a tenth, as a share of 0 would stay so. The last half of the
    rounds, if they are ever needed, does without.
    """
    durations, causes = hazard.shape
    maybe = np.zeros(durations, np.bool_)
    for i in range(begin, end):
        maybe[stays.low[i] : stays.high[i] + 1] = True
    days = np.flatnonzero(maybe)
    hazard[days] = prior.hazard[parent][days]
    also, longer, share = np.zeros((durations, causes)), np.zeros(durations), np.zeros(durations)
    first, second = hazard.copy(), hazard.copy()
    for i in range(ROUNDS):
        for old, new in ((hazard, first), (first, second)):
            _share_once(stays, begin, end, weight, days, exits, at_risk, old, also, longer, share)
            _mix(prior, parent, days, also, longer, new)
        moved = went = bent = 0.0
        for day in days:
            for k in range(causes):
                step, next_step = first[day, k] - hazard[day, k], second[day, k] - first[day, k]
                moved = max(moved, abs(next_step))
                went += step * step
                bent += (next_step - step) ** 2
        further = np.sqrt(went / bent) if bent > 0.0 and 2 * i < ROUNDS else 1.0
        for day in days:
            ahead, total = further > 1.0 and moved > STILL, 0.0
            for k in range(causes):
                step = first[day, k] - hazard[day, k]
                bend = second[day, k] - first[day, k] - step
                aim = hazard[day, k] + further * (2.0 * step + further * bend)
                first[day, k] = max(aim, 0.1 * second[day, k])
                total += first[day, k]
            for k in range(causes):
                hazard[day, k] = first[day, k] if ahead and total < 1.0 else second[day, k]
        if moved <= STILL:
            break
    for day in days:
        at_risk[day] = longer[day]


@compiled
def _share_once(
    stays: Sorted,
    begin: int,
    end: int,
    weight: Floats,
    days: Ints,
    exits: Floats,
    at_risk: Floats,
    hazard: Floats,
    also: Floats,
    longer: Floats,
    share: Floats,
) -> None:
    """Exits and weights at risk with the uncertain shared out as these hazards would have it."""
    for day in days:
        also[day] = exits[day]
        longer[day] = at_risk[day]
    for i in range(begin, end):
        low, high, k = int(stays.low[i]), int(stays.high[i]), int(stays.cause[i])
        inside, total = 1.0, 0.0
        for d in range(low, high + 1):
            share[d] = inside * hazard[d, k]
            total += share[d]
            inside *= max(1.0 - hazard[d].sum(), 0.0)
        rest = 0.0
        for d in range(high, low - 1, -1):
            part = share[d] / total if total > 0.0 else 1.0 / (high - low + 1)
            also[d, k] += weight[stays.person[i]] * part
            rest += weight[stays.person[i]] * part
            longer[d] += rest if d > low else 0.0  # on its first day it is counted already
