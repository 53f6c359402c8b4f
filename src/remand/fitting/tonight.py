"""Who is inside on the model's first evening, and since when, without telling of any one person.

A model file is no place for a person: strata with few people are told only together, and times
since booking in groups of at least `FEW` people, by the mean of the group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.fitting.layout import FEW, Layout
from remand.fitting.releases import Releases
from remand.outcomes.suppression import hide
from remand.records.seen import Seen

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


def inside_on(seen: Seen, layout: Layout, eve: int) -> tuple[Aged | None, ...]:
    """People inside each state at the census of a day; days 0 is booked in since the one before.

    None for a state of fewer than `FEW` people: to tell of them would be to tell who they are.
    """
    held = np.flatnonzero((seen.seen <= eve) & (seen.out > eve))
    return tuple(
        aged(layout.stratum[own], eve - seen.into[own], np.ones(len(own)), len(layout.strata))
        if len(own) >= FEW
        else None
        for state in range(len(layout.states))
        for own in [held[layout.state[held] == state]]
    )


def not_back(found: Releases, layout: Layout, days: int, eve: int, gone_by: Floats) -> Aged | None:
    """People let out less than a horizon before the day after ``eve`` and not booked again since.

    Of those let out before the records begin nobody knows: they are supposed to have come out at
    the mean pace of the records' ``days``, and to be out still as the law says, ``gone_by``
    (strata, days): the chance to be back within so many days. None if there are fewer than `FEW`.
    """
    age = eve - found.day
    back_on = found.day + np.where(found.back >= 0, found.gap, found.horizon)
    out = (age >= 0) & (back_on > eve)
    stratum, since = layout.stratum[found.stay][out], age[out]
    weight = np.ones(len(since))
    earlier = np.arange(eve + 1, found.horizon)
    if len(earlier):
        rate = np.bincount(layout.stratum[found.stay], minlength=len(layout.strata)) / days
        still = 1.0 - gone_by[:, earlier]
        stratum = np.append(stratum, np.repeat(np.arange(len(rate)), len(earlier)))
        since = np.append(since, np.tile(earlier, len(rate)))
        weight = np.append(weight, (rate[:, None] * still).ravel())
    if weight.sum() < FEW:
        return None
    return aged(stratum, since, weight, len(layout.strata))


def aged(stratum: Ints, days: Ints, people: Floats, strata: int) -> Aged:
    """People by stratum and days, small strata spread and times told in groups.

    >>> one = aged(np.zeros(20, int), np.arange(20), np.ones(20), 1)
    >>> one.days.tolist(), one.people.tolist()
    ([4, 14], [10.0, 10.0])
    """
    own = np.bincount(stratum, people, minlength=strata).astype(float)
    counts = pooled_counts(own)
    everyone = _groups(days, people)
    rows: list[tuple[int, int, float]] = []
    for g, count in enumerate(counts):
        if count <= 0:
            continue
        mine = stratum == g
        groups = _groups(days[mine], people[mine]) if own[g] == count >= FEW else everyone
        total = sum(size for _, size in groups)
        rows += [(g, day, size * count / total) for day, size in groups]
    return Aged(
        np.array([g for g, _, _ in rows], np.int64),
        np.array([day for _, day, _ in rows], np.int64),
        np.array([size for _, _, size in rows], float),
    )


def pooled_counts(counts: Floats) -> Floats:
    """Counts with the small ones, and what would give them away, told only together.

    Their sum is spread by what each is in round figures (`coarse`), so that none can be read off.

    >>> pooled_counts(np.array([3.0, 50.0, 20.0, 400.0])).round(1).tolist()
    [4.6, 50.0, 18.4, 400.0]
    """
    hidden = hide(counts)
    if not hidden.any():
        return counts
    share = np.where(hidden, coarse(counts), 0.0)
    return np.where(hidden, counts[hidden].sum() * share / share.sum(), counts)


def coarse(counts: Floats) -> Floats:
    """Counts to one figure; 5 for all below 10.

    >>> coarse(np.array([1.0, 8.0, 20.0, 137.0])).tolist()
    [5.0, 5.0, 20.0, 100.0]
    """
    size = 10.0 ** np.floor(np.log10(np.maximum(counts, 1.0)))
    return np.where(counts < FEW, 5.0, np.round(counts / size) * size)


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
