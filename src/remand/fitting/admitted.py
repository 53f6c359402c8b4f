"""How many people are admitted into every state and stratum, and how many of them are new."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.fitting.layout import FEW, Layout
from remand.fitting.pace import Calendar, Pace, dispersion, pace
from remand.fitting.stays import Draws
from remand.fitting.tonight import coarse, pooled_counts
from remand.outcomes.suppression import hide
from remand.records.seen import Seen
from remand.records.work import Records

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OWN = 1000
"""Admissions from which a state has a growth, season and weekdays of its own, not the jail's."""

LATELY = 365
"""Days at the end of the records over which the share of new people is taken."""


@dataclass(frozen=True)
class Admitted:
    """Admissions into every state.

    Attributes:
        calendar: the days of the records.
        pace: by state; the first draw is the people as they are.
        rate: (1 + draws, strata, states) people a day on the model's first day, season and weekday
            apart: all admissions.
        cells: (strata, states) admissions in the window; ``counts`` (states,) their sums, and
            ``shown`` the same with 0 for small ones and for those that would give one away.
        size: (states,) negative-binomial size a stratum and day; infinite: Poisson.
        borrowed: (states,) whether growth, season and weekdays are those of the whole jail.
    """

    calendar: Calendar
    pace: tuple[Pace, ...]
    rate: Floats
    cells: Ints
    counts: Ints
    shown: Ints
    size: Floats
    borrowed: NDArray[np.bool_]


@dataclass(frozen=True)
class New:
    """Which admissions are of people who do not come back from a release the model knows.

    Attributes:
        share: (strata, states) lately.
        moved: (states,) share of admissions shifted between strata so that returns fit in.
        returning: (states, days) people expected back on each day of the records.
    """

    share: Floats
    moved: Floats
    returning: Floats


def admitted(
    records: Records, seen: Seen, layout: Layout, start: dt.date, draws: Draws
) -> Admitted:
    """Rates on the model's first day, and how they went."""
    came = np.flatnonzero((seen.into >= 0) & (seen.into < seen.days))
    state, stratum, day = layout.state[came], layout.stratum[came], seen.into[came]
    states, strata, days = len(layout.states), len(layout.strata), seen.days
    totals = np.zeros((1 + draws.count, states, days))
    cells = np.zeros((1 + draws.count, strata, states))
    for i in range(1 + draws.count):
        own = draws.weights(i - 1)[seen.person[came]] if i else np.ones(len(came))
        totals[i] = np.bincount(state * days + day, own, states * days).reshape(states, days)
        cells[i] = np.bincount(stratum * states + state, own, strata * states).reshape(strata, -1)
    calendar = Calendar.of(records.since, days)
    counts = np.bincount(state, minlength=states)
    few = (counts > 0) & (counts < FEW)
    # what a handful of admissions is exactly is nobody's business: they are taken as five
    totals[:, few] *= (coarse(counts[few].astype(float)) / counts[few])[:, None]
    shown = np.where(hide(counts.astype(float)), 0, counts)
    jail, borrowed = pace(totals.sum(axis=1), calendar), counts < OWN
    paces = tuple(
        jail.levelled(totals[:, s], calendar) if borrowed[s] else pace(totals[:, s], calendar)
        for s in range(states)
    )
    at = min((start - records.since).days, days - 1)
    rate, size = np.zeros_like(cells), np.full(states, np.inf)
    for s, own_pace in enumerate(paces):
        expected = own_pace.on(calendar)[0]
        level = own_pace.level(calendar)[:, at]
        wide = np.sqrt(1.0 + expected.mean() / dispersion(totals[0, s : s + 1], expected[None]))
        level[1:] = np.maximum(level[0] + (level[1:] - level[0]) * wide, 0.0)
        rate[:, :, s] = level[:, None] * _shares(cells[:, :, s])
        mine = state == s
        daily = np.bincount(stratum[mine] * days + day[mine], minlength=strata * days)
        part = cells[0, :, s] / max(counts[s], 1)
        size[s] = dispersion(daily.reshape(strata, days).astype(float), part[:, None] * expected)
    whole = np.rint(cells[0]).astype(np.int64)
    return Admitted(calendar, paces, rate, whole, counts, shown, size, borrowed)


def new(own: Admitted, released: Floats, law: Floats) -> New:
    """Who is new among those admitted: all but those whom the law of returns brings back.

    ``released`` (strata, days) are people let out, ``law`` (strata, states, horizon) the chance to
    be booked into a state after so many days. Releases before the records are supposed to have
    gone at the pace of the records' first half year. A state's returns are those of the strata as
    the law has them: where a stratum would be given more returns than it has admissions, the rest
    of the state makes up for it, so that every state's total is kept.
    """
    strata, states, horizon = law.shape
    days = released.shape[1]
    before = released[:, : min(182, days)].mean(axis=1)
    padded = np.concatenate([np.repeat(before[:, None], horizon, axis=1), released], axis=1)
    returning = np.zeros((strata, states, days))
    for g in np.flatnonzero(padded.any(axis=1)):
        for s in np.flatnonzero(law[g].any(axis=1)):
            returning[g, s] = np.convolve(padded[g], law[g, s])[horizon : horizon + days]
    late = slice(max(days - LATELY, 0), days)
    back = returning[:, :, late].sum(axis=2)
    total = np.array([p.on(own.calendar)[0, late].sum() for p in own.pace])
    came = own.rate[0] / np.maximum(own.rate[0].sum(axis=0), 1e-300) * total
    fresh = np.maximum(came - back, 0.0)
    wanted = np.maximum(came.sum(axis=0) - back.sum(axis=0), 0.0)
    moved = fresh.sum(axis=0) - wanted
    fresh *= np.divide(wanted, fresh.sum(axis=0), out=np.zeros(states), where=wanted > 0)
    return New(
        share=np.divide(fresh, came, out=np.ones_like(came), where=came > 0),
        moved=np.divide(moved, total, out=np.zeros(states), where=total > 0),
        returning=returning.sum(axis=0),
    )


def _shares(cells: Floats) -> Floats:
    """Shares of strata in each draw (draws, strata); small ones only together in all of them."""
    shown = pooled_counts(cells[0])
    hidden = shown != cells[0]
    own = cells.copy()
    own[:, hidden] = cells[:, hidden].sum(axis=1, keepdims=True) * shown[hidden]
    own[:, hidden] /= max(float(shown[hidden].sum()), 1e-300)
    shares: Floats = own / np.maximum(own.sum(axis=1, keepdims=True), 1e-300)
    return shares
