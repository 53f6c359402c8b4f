"""Who is inside on the model's first evening, and since when, without telling of any one person.

A model file is no place for a person: strata with few people are taken together and spread by
what the fitted laws expect of them, and times since booking are told in groups of at least
`FEW` people, by the mean of the group.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.fitting.layout import FEW, Layout
from remand.fitting.returns import Releases
from remand.outcomes.suppression import hide
from remand.records.work import Records

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_GROUPS = 60
"""Groups of times a stratum is told in at most."""


@dataclass(frozen=True)
class Aged:
    """People of one state by stratum and days since they entered it: (rows,) arrays."""

    stratum: Ints
    days: Ints
    people: Floats


def inside_on(
    records: Records, layout: Layout, start: dt.date, expected: Floats
) -> tuple[Aged, ...]:
    """People inside each state at the last census before ``start``; days 0 is booked since then.

    ``expected`` (strata, states) is what strata with few people are spread by.
    """
    eve = (start - records.since).days - 1
    stays = records.stays
    into = stays["day_in"].to_numpy().astype(np.int64)
    out = stays["day_out"].fill_null(records.days).to_numpy().astype(np.int64)
    held = np.flatnonzero((stays["day_seen"].to_numpy() <= eve) & (out > eve))
    return tuple(
        aged(layout.stratum[own], eve - into[own], np.ones(len(own)), expected[:, state])
        for state in range(len(layout.states))
        for own in [held[layout.state[held] == state]]
    )


def not_back(
    found: Releases, records: Records, layout: Layout, start: dt.date, gone_by: Floats
) -> Aged:
    """People let out less than a horizon before ``start`` and not booked again since.

    Of those let out before the records begin nobody knows: they are supposed to have come out at
    the records' mean pace, and to be out still as the law says, ``gone_by`` (strata, days): the
    chance to be back within so many days.
    """
    at = (start - records.since).days
    age = at - 1 - found.day
    back_on = found.day + np.where(found.back >= 0, found.gap, found.horizon)
    out = (age >= 0) & (back_on >= at)
    stratum, days = layout.stratum[found.stay][out], age[out]
    weight = np.ones(len(days))
    earlier = np.arange(at, found.horizon)
    if len(earlier):
        rate = np.bincount(layout.stratum[found.stay], minlength=len(layout.strata)) / records.days
        still = 1.0 - gone_by[:, earlier]
        stratum = np.append(stratum, np.repeat(np.arange(len(rate)), len(earlier)))
        days = np.append(days, np.tile(earlier, len(rate)))
        weight = np.append(weight, (rate[:, None] * still).ravel())
    everyone = np.bincount(layout.stratum[found.stay], minlength=len(layout.strata))
    return aged(stratum, days, weight, everyone.astype(float))


def aged(stratum: Ints, days: Ints, people: Floats, expected: Floats) -> Aged:
    """People by stratum and days, small strata spread and times told in groups.

    >>> one = aged(np.zeros(20, int), np.arange(20), np.ones(20), np.ones(1))
    >>> one.days.tolist(), one.people.tolist()
    ([4, 14], [10.0, 10.0])
    """
    own = np.bincount(stratum, people, minlength=len(expected)).astype(float)
    counts = pooled_counts(own, expected)
    everyone = _groups(days, people)
    rows: list[tuple[int, int, float]] = []
    for g, count in enumerate(counts):
        if count <= 0:
            continue
        mine = stratum == g
        known = own[g] == count and own[g] >= FEW
        groups = _groups(days[mine], people[mine]) if known else everyone
        total = sum(size for _, size in groups)
        rows += [(g, day, size * count / total) for day, size in groups]
    return Aged(
        np.array([g for g, _, _ in rows], np.int64),
        np.array([day for _, day, _ in rows], np.int64),
        np.array([size for _, _, size in rows], float),
    )


def pooled_counts(counts: Floats, expected: Floats) -> Floats:
    """Counts with the small ones, and what would give them away, spread by what is expected.

    The total is kept. Cells expected to hold nobody get nobody, unless none of them is.

    >>> pooled_counts(np.array([3.0, 50.0, 20.0, 400.0]), np.array([1.0, 5.0, 4.0, 40.0])).tolist()
    [4.6, 50.0, 18.4, 400.0]
    """
    hidden = hide(counts) | ((counts == 0) & (expected > 0))
    hidden &= bool((hide(counts)).any())
    share = np.where(hidden, expected, 0.0)
    if hidden.any() and not share.sum() > 0:
        share = hidden.astype(float)
    spread: Floats = np.where(hidden, 0.0, counts)
    if hidden.any():
        spread = spread + counts[hidden].sum() * share / share.sum()
    return spread


def _groups(days: Ints, people: Floats) -> list[tuple[int, float]]:
    """Times in groups of at least `FEW` people: their mean, in whole days, and how many."""
    order = np.argsort(days, kind="stable")
    total = np.cumsum(people[order])
    if not len(total):
        return []
    size = max(float(FEW), total[-1] / MOST_GROUPS)
    count = max(int(total[-1] // size), 1)
    group = np.minimum((total - people[order] / 2) // (total[-1] / count), count - 1)
    sums = np.bincount(group.astype(np.int64), people[order])
    means = np.bincount(group.astype(np.int64), people[order] * days[order])
    filled = sums > 0
    return [
        (round(float(mean / many)), float(many))
        for mean, many in zip(means[filled], sums[filled], strict=True)
    ]
