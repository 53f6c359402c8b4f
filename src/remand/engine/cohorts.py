"""The loop of the sampled engine: cohorts, step by step."""

from __future__ import annotations

import numpy as np

from remand.engine.book import append, forward
from remand.engine.cache import compiled
from remand.engine.draws import Odds, count_of, make_odds, stay_of, thinned_exit, windowed
from remand.engine.limits import discharge, held, refuse
from remand.engine.streams import SLOT, WEYL, draw, mix, stream, unit

ROUNDS = 16
"""How often in one step people may be sent on from full places before they are let in."""
THREE = np.uint64(3)


@compiled
def begin(plan, key):
    """People inside at the start: (strata, states).

    A counted census keeps its total: what is left of a person in one stratum goes to the next.
    """
    strata, states = plan.inside.mean.shape
    people = np.zeros((strata, states), np.int64)
    for s in range(states):
        together = draw(stream(key, plan.state_keys[s], 0), 0, 0)
        for g in range(strata):
            expected = plan.inside.mean[g, s]
            if plan.counted[s]:
                before = plan.before[g, s] + together
                people[g, s] = int(np.floor(before + expected)) - int(np.floor(before))
            elif expected > 0.0:
                people[g, s] = count_of(
                    draw(stream(key, plan.keys[g, s, 2], 0), 0, 0), expected, np.inf,
                    plan.inside.mode[g, s], plan.inside.below[g, s], plan.inside.chance[g, s],
                )  # fmt: skip
    return people


@compiled
def march(plan, low, high, key, people, moved, overflow, book):
    """Draw strata ``low`` … ``high`` − 1 step by step; how many records a book of them needs.

    ``moved`` (strata, steps + 1, moves) counts moves by the step they are due; its last row holds
    those due after the run. ``overflow`` (limits, 3, steps) is as in `Sample`.
    """
    states, steps = people.shape[1], plan.steps
    strata, moves, limits = high - low, len(plan.origin), len(plan.limits.state)
    exits = len(plan.exit_move)
    odds = Odds(
        np.zeros(exits), np.zeros(exits), np.zeros(exits), np.zeros(exits, np.int64),
        np.zeros(exits), np.zeros(exits), np.zeros(len(plan.way_channel)),
        np.zeros(exits, np.int64), np.zeros((high, states), np.bool_),
    )  # fmt: skip
    cut, other, law = odds.cut, odds.other, odds.law
    guide, reach, into, into_start = plan.guide, plan.reach, plan.into, plan.into_start
    exit_start, exit_move, way_start = plan.exit_start, plan.exit_move, plan.way_start
    origin, stale, keys = plan.origin, plan.stale, plan.keys
    waiting = np.zeros((strata, moves), np.int64)
    slots = np.zeros((strata, states), np.int64)
    old = np.ones((strata, states), np.bool_)
    inside = people[low:high].copy()
    excused, drawn = np.zeros(limits, np.int64), np.zeros(limits, np.int64)
    records = 0
    for i in range(strata):
        for s in range(states):
            records += people[low + i, s]
            _found_inside(plan, low + i, s, i, key, people[low + i, s], moved[i], book)
    for t in range(steps):
        for i in range(strata):
            g = low + i
            for m in range(moves):
                count = moved[i, t, m]
                waiting[i, m] = count
                if origin[m] < states:
                    inside[i, origin[m]] -= count
                if book is not None:
                    book.cursor[i, m] = -1
            for s in range(states):
                slots[i, s] = 0
                if stale[g, t, s]:
                    old[i, s] = True
            for a in range(len(plan.arriving)):
                expected = plan.arrivals.mean[g, a, t]
                if expected > 0.0:
                    s = plan.arriving[a]
                    m = plan.move[states, s]
                    count = count_of(
                        draw(stream(key, keys[g, s, 1], t), 0, 0), expected,
                        plan.arrivals.size[g, a, t], plan.arrivals.mode[g, a, t],
                        plan.arrivals.below[g, a, t], plan.arrivals.chance[g, a, t],
                    )  # fmt: skip
                    moved[i, t, m] += count
                    waiting[i, m] += count
                    records += count
                    if book is not None:
                        for _ in range(count):
                            append(book, i, g, t, m, t, -1, -1)
        for x in range(limits):
            drawn[x] = 0
            now = held(plan, x, low, inside)
            excused[x] = min(excused[x], max(0, now - plan.limits.places[x]))
        rounds = 0
        while True:
            busy = False
            for s in range(states):
                for x in range(limits):
                    if plan.limits.refuse[x] and plan.limits.state[x] == s and rounds < ROUNDS:
                        rounds += refuse(
                            plan, x, t, low, key, moved, waiting, inside, excused, drawn,
                            overflow, book,
                        )  # fmt: skip
                for i in range(strata):
                    g = low + i
                    count = 0
                    begin, end = into_start[s], into_start[s + 1]
                    for j in range(begin, end):
                        count += waiting[i, into[j]]
                        if book is None:
                            waiting[i, into[j]] = 0
                    if count == 0:
                        continue
                    busy = True
                    if old[i, s]:
                        make_odds(plan, g, s, t, odds)
                        old[i, s] = False
                    first, last = exit_start[g, s], exit_start[g, s + 1]
                    thinned = odds.thinned[g, s]
                    at = stream(key, keys[g, s, 0], t)
                    at += WEYL * (SLOT * np.uint64(slots[i, s]))
                    j = begin
                    for _ in range(count):
                        k = first
                        if last - first > 1:
                            x = unit(mix(at)) * (last - first)
                            k += int(x)
                            instead = other[k]
                            k = instead if x - int(x) >= cut[k] else k
                            if thinned:
                                k = thinned_exit(first, last, odds.keep, odds.extra, k, at)
                        x = unit(mix(at + WEYL * THREE))
                        if law[k] >= 0:
                            w = way_start[k]
                            leaves = min(t + stay_of(guide, reach, law[k], x), steps)
                        else:
                            w, leaves = windowed(plan, odds.share, odds.mass, k, t, x, at)
                        at += WEYL * SLOT
                        m = exit_move[k]
                        moved[i, leaves, m] += 1
                        if leaves == t:
                            waiting[i, m] += 1
                            inside[i, s] -= 1
                        if book is not None:
                            while waiting[i, into[j]] == 0:
                                j += 1
                            waiting[i, into[j]] -= 1
                            before = forward(book, i, t, into[j])
                            append(book, i, g, leaves, m, t, before, w)
                    slots[i, s] += count
                    inside[i, s] += count
                    records += count
            if busy:
                continue
            if limits == 0 or rounds >= ROUNDS:
                break
            sent = 0
            for x in range(limits):
                if not plan.limits.refuse[x]:
                    sent += discharge(
                        plan, x, t, low, key, moved, waiting, inside, excused, drawn,
                        overflow, book,
                    )  # fmt: skip
            if sent == 0:
                break
            rounds += 1
        for x in range(limits):
            if plan.limits.kept[x, t] > 0.0:
                above = held(plan, x, low, inside) - plan.limits.places[x]
                overflow[x, 2, t] += max(0, above)
    return records


@compiled
def _found_inside(plan, g, s, i, key, people, moved, book):
    """When those inside a state at the start leave it, and by which exit."""
    first, last = plan.exit_start[g, s], plan.exit_start[g, s + 1]
    at = stream(key, plan.keys[g, s, 2], 0)
    for person in range(people):
        x = draw(at, person + 1, 0)
        k = first
        while k < last and plan.inside_exit[k] <= x:
            k += 1
        leaves = plan.steps
        if k < last:
            leaves = np.searchsorted(plan.inside_left[k], draw(at, person + 1, 1), side="right")
            leaves = min(leaves, plan.steps - 1)
        m = plan.exit_move[min(k, last - 1)]
        moved[leaves, m] += 1
        if book is not None:
            append(book, i, g, leaves, m, -1, -2, -1)


@compiled
def over_windows(moved, people, origin, target, edges, held, last, moves):
    """Counts of one stratum over windows."""
    states = len(people)
    census = people.copy()
    window = 0
    for t in range(edges[-1]):
        for m in range(len(origin)):
            count = moved[t, m]
            if origin[m] < states:
                census[origin[m]] -= count
            if target[m] < states:
                census[target[m]] += count
        if t < edges[0]:
            continue
        while t >= edges[window + 1]:
            window += 1
        for m in range(len(origin)):
            moves[m, window] += moved[t, m]
        for s in range(states):
            held[s, window] += census[s]
            last[s, window] = census[s]
