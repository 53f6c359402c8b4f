"""How one person's exit and stay are drawn, and how many people come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.kernel import Floats, Ints
from remand.engine.plan import BINS
from remand.engine.streams import WEYL, mix, unit

ALMOST = 1.0 - 2.0**-53


class Odds(NamedTuple):
    """Exits and ways of all states for those who enter now, by exit; ``mass`` by way.

    ``law`` is the law of an exit that has a single one for the whole run, −1 for any other.
    """

    usual: Floats
    share: Floats
    cut: Floats
    other: Ints
    keep: Floats
    extra: Floats
    mass: Floats
    law: Ints
    thinned: NDArray[np.bool_]


@compiled
def count_of(u, mean, size, mode, below, chance):
    """The least count whose chance of at most so many exceeds ``u``, sought from the middle."""
    count = mode
    clumped = size < np.inf
    ratio = mean / (mean + size) if clumped else mean
    while u < below - chance and count > 0:
        below -= chance
        chance *= count / (ratio * ((count - 1 + size) if clumped else 1.0))
        count -= 1
    while u >= below and (chance > 1e-300 or count <= mode):
        count += 1
        chance *= ratio * ((count - 1 + size) if clumped else 1.0) / count
        below += chance
        if chance < 1e-18 and count > mode:
            break
    return count


@compiled
def make_odds(plan, g, s, t, odds):
    """Work out the odds of one state for those who enter at one step."""
    first, last = plan.exit_start[g, s], plan.exit_start[g, s + 1]
    usual = total = 0.0
    for k in range(first, last):
        share = 0.0
        for w in range(plan.way_start[k], plan.way_start[k + 1]):
            c = plan.way_channel[w]
            low, high = _reached(plan, c, t)
            mass = plan.profiles[plan.profile[c], t] * plan.way_share[w] * (high - low)
            odds.mass[w] = mass
            share += mass
        w = plan.way_start[k]
        c = plan.way_channel[w] if plan.way_start[k + 1] > w else -1
        alone = plan.way_start[k + 1] == w + 1
        whole = alone and plan.opens[c] == 0 and plan.closes[c] == plan.steps
        odds.law[k] = plan.law[c] if whole and not plan.sudden[plan.law[c]] else -1
        odds.share[k] = share
        odds.usual[k] = plan.profiles[plan.exit_usual[k], t]
        total += share
        usual += odds.usual[k]
    size = last - first
    extra = 0.0
    thinned = False
    for k in range(first, last):
        now, was = odds.share[k] / total, odds.usual[k] / usual
        odds.keep[k] = 1.0
        if now < was * (1.0 - 1e-12):
            odds.keep[k] = now / was
            thinned = True
        extra += max(now - was, 0.0)
        odds.extra[k] = extra
        odds.cut[k] = was * size
        odds.other[k] = k
    odds.thinned[g, s] = thinned
    while True:  # Vose: fill who has too little from who has too much
        small = large = -1
        for k in range(first, last):
            if odds.other[k] == k and odds.cut[k] < 1.0:
                small = k
            elif odds.cut[k] > 1.0:
                large = k
        if small < 0 or large < 0:
            break
        odds.other[small] = large
        odds.cut[large] -= 1.0 - odds.cut[small]


@compiled
def _reached(plan, c, t):
    """The part of a law's chances that a channel's window leaves to those who enter at ``t``."""
    law, opens, closes = plan.law[c], plan.opens[c] - t, plan.closes[c] - t
    if closes <= 0:
        return 0.0, 0.0
    if plan.sudden[law]:
        return 0.0, 1.0 if opens >= 0 else 0.0
    low = plan.reach[law, opens - 1] if opens > 0 else 0.0
    high = 1.0 if plan.closes[c] == plan.steps else plan.reach[law, closes - 1]
    return low, high


@compiled
def stay_of(guide, reach, law, x):
    """The least stay whose chance of at most so long exceeds ``x``."""
    found = guide[law, int(x * BINS)]
    stay = found >> 1
    if found & 1 == 0:
        while reach[law, stay] <= x:
            stay += 1
    return stay


@compiled
def thinned_exit(first, last, keep, extra, k, at):
    """The exit taken by who would usually take ``k``: another where fewer take it now."""
    if unit(mix(at + WEYL)) >= keep[k]:
        x = unit(mix(at + WEYL * np.uint64(2))) * extra[last - 1]
        k = first
        while k < last - 1 and extra[k] <= x:
            k += 1
    return k


@compiled
def windowed(plan, share, mass, k, t, x, at):
    """Way and step of leaving by exit ``k`` for the rank ``x``, where several ways lead there.

    Windows are sought by rank, so that people keep their turn; laws inside a window by a draw.
    """
    w, end = plan.way_start[k], plan.way_start[k + 1]
    x *= share[k]
    while True:
        stop, held = w, 0.0
        while (
            stop < end
            and plan.opens[plan.way_channel[stop]] == plan.opens[plan.way_channel[w]]
            and plan.closes[plan.way_channel[stop]] == plan.closes[plan.way_channel[w]]
        ):
            held += mass[stop]
            stop += 1
        if stop == end or x < held:
            break
        x -= held
        w = stop
    rank = min(x / held, ALMOST) if held > 0.0 else 0.0
    x = unit(mix(at + WEYL * np.uint64(4))) * held
    while w < stop - 1 and x >= mass[w]:
        x -= mass[w]
        w += 1
    c = plan.way_channel[w]
    opens, closes = max(plan.opens[c], t), plan.closes[c]
    if plan.sudden[plan.law[c]]:
        return w, opens
    low, high = _reached(plan, c, t)
    x = min(low + rank * (high - low), ALMOST)
    leaves = t + stay_of(plan.guide, plan.reach, plan.law[c], x)
    if closes < plan.steps:
        leaves = min(leaves, closes - 1)
    return w, min(max(leaves, opens), plan.steps)
