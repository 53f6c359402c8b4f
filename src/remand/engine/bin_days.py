"""Loops of the binned solver over the days of a block: who leaves, is sent on, and joins."""

from __future__ import annotations

import numpy as np

from remand.engine.bins import (
    BLOCK,
    CLOSES,
    DAILY,
    LANE,
    LANE0,
    LANES,
    LAW,
    LINK0,
    LINKS,
    NEAR,
    O_LANE,
    O_LANES,
    O_OUT0,
    O_STATE,
    OPENS,
    OUT0,
    OUTLET,
    PROFILE0,
    SHARE0,
    STATE,
)
from remand.engine.cache import within

NOBODY = 1e-6
"""People, all together, whose onward way within one step is no longer followed."""


@within
def leave_again(  # type: ignore[no-untyped-def]
    t, day, block, table, p, p_size, recent, inside, leaving, working,
):  # fmt: skip
    """Leavers of a day who entered on an earlier one of its block, or who all leave that day."""
    for c in range(len(table)):
        law, n = table[c, LAW], np.uint64(table[c, LANES])
        a = np.uint64(table[c, OUT0] * BLOCK) + np.uint64(day) * n
        if law < 0:
            if t == table[c, OPENS]:
                b = np.uint64(table[c, LANE0])
                for j in range(n):
                    leaving[a + j] += inside[b + j]
        elif working[c] and day > 0 and table[c, OPENS] <= t < table[c, CLOSES]:
            at = law * 4 * p_size + BLOCK + day
            c0 = np.uint64(table[c, LANE0] * NEAR * BLOCK) + np.uint64(block % NEAR * BLOCK) * n
            p0, p1, p2, p3 = p[at], p[at - 1], p[at - 2], p[at - 3]
            c1, c2, c3 = c0 + n, c0 + n + n, c0 + n + n + n
            for j in range(n):
                leaving[a + j] += (
                    p0 * recent[c0 + j] + p1 * recent[c1 + j]
                    + p2 * recent[c2 + j] + p3 * recent[c3 + j]
                )  # fmt: skip
            if day > 4:
                p4, p5, p6 = p[at - 4], p[at - 5], p[at - 6]
                c4, c5, c6 = c3 + n, c3 + n + n, c3 + n + n + n
                for j in range(n):
                    leaving[a + j] += (
                        p4 * recent[c4 + j] + p5 * recent[c5 + j] + p6 * recent[c6 + j]
                    )


@within
def send(  # type: ignore[no-untyped-def]
    day, evenly, even, by_day, leaving, enter, fewer, states, strata, outlets, target, share,
):  # fmt: skip
    """Leavers of every outlet, out of their state and on to their targets.

    Those of outlets told to the day, or, ``evenly``, those of all others that have any.
    """
    for o in range(len(outlets)):
        if by_day[o] == evenly or (evenly and not even[o]):
            continue
        n, a = np.uint64(outlets[o, O_LANES]), np.uint64(outlets[o, O_OUT0])
        if not evenly:
            a = a * np.uint64(BLOCK) + np.uint64(day) * n
        b = np.uint64(outlets[o, O_STATE] * strata + outlets[o, O_LANE])
        for j in range(n):
            fewer[b + j] += leaving[a + j]
        for link in range(outlets[o, LINKS]):
            to = target[outlets[o, LINK0] + link]
            if to >= states:
                continue
            s = np.uint64(outlets[o, SHARE0]) + np.uint64(link) * n
            b = np.uint64(to * strata + outlets[o, O_LANE])
            for j in range(n):
                enter[b + j] += share[s + j] * leaving[a + j]


@within
def at_once(  # type: ignore[no-untyped-def]
    enter, step, onward, instant, pairs, many, states, strata,
):  # fmt: skip
    """Send on those who stay no step at all, until hardly anyone is left to send."""
    for j in range(np.uint64(len(enter) if many > 0 else 0)):
        step[j] = enter[j]
    for _ in range(100_000 if many > 0 else 0):
        for j in range(np.uint64(len(enter))):
            onward[j] = 0.0
        for k in range(many):
            s, s2 = pairs[k, 0], pairs[k, 1]
            a, b = np.uint64(s2 * strata), np.uint64(s * strata)
            c = np.uint64((s * states + s2) * strata)
            for j in range(np.uint64(strata)):
                onward[a + j] += instant[c + j] * step[b + j]
        most = np.float32(0.0)
        for j in range(np.uint64(len(enter))):
            enter[j] += onward[j]
            step[j] = onward[j]
            most += onward[j]
        if most < NOBODY:
            break


@within
def join(  # type: ignore[no-untyped-def]
    t, day, block, strata, table, profile, span_of, p, p_size, recent, inside, leaving, fewer,
    enter, working,
):  # fmt: skip
    """Entrants join the channels of their state; some leave again within the step."""
    for c in range(len(table)):
        if not working[c]:
            continue
        n, law = np.uint64(table[c, LANES]), table[c, LAW]
        a = np.uint64(table[c, LANE0] * NEAR * BLOCK) + np.uint64(block % NEAR * BLOCK + day) * n
        part = np.uint64(table[c, PROFILE0]) + np.uint64(span_of[table[c, DAILY], t]) * n
        b = np.uint64(table[c, STATE] * strata + table[c, LANE])
        for j in range(n):
            recent[a + j] = enter[b + j] * profile[part + j]
        if law < 0:
            if t <= table[c, OPENS]:
                e = np.uint64(table[c, LANE0])
                for j in range(n):
                    inside[e + j] += recent[a + j]
            continue
        p0 = p[law * 4 * p_size + BLOCK]
        if p0 > 0.0 and table[c, OPENS] <= t < table[c, CLOSES]:
            out = np.uint64(table[c, OUT0] * BLOCK) + np.uint64(day) * n
            for j in range(n):
                leaving[out + j] += p0 * recent[a + j]
                fewer[b + j] += p0 * recent[a + j]


@within
def count_moves(  # type: ignore[no-untyped-def]
    begin, end, row, strata, rewards, weights, even, by_day, leaving, evenly, outlets, moved,
):  # fmt: skip
    """Add moves of some days of the block to those counted in their window."""
    for k in range(len(rewards)):
        o = rewards[k, 0]
        n, w = np.uint64(outlets[o, O_LANES]), np.uint64(rewards[k, 2])
        a = np.uint64(outlets[o, O_OUT0])
        b = np.uint64((row + rewards[k, 1]) * strata + outlets[o, O_LANE])
        if by_day[o]:
            for i in range(begin, end):
                c = a * np.uint64(BLOCK) + np.uint64(i) * n
                for j in range(n):
                    moved[b + j] += weights[w + j] * leaving[c + j]
        elif even[o]:
            days = np.float32(end - begin)
            for j in range(n):
                moved[b + j] += weights[w + j] * days * evenly[a + j]


@within
def instant_chances(  # type: ignore[no-untyped-def]
    t, p, p_size, table, outlets, profile, target, share, span_of, hurried, instant, pairs,
    states, strata,
):  # fmt: skip
    """Chances of going on within the step, by state, next state and stratum; how many pairs."""
    instant[:] = 0.0
    for c in range(len(table)):
        law, o, n = table[c, LAW], table[c, OUTLET], np.uint64(table[c, LANES])
        p0 = p[law * 4 * p_size + BLOCK] if law >= 0 else np.float32(0.0)
        if not hurried[c] or t < table[c, OPENS] or t >= table[c, CLOSES] or p0 <= 0.0:
            continue
        part = np.uint64(table[c, PROFILE0]) + np.uint64(span_of[table[c, DAILY], t]) * n
        for link in range(outlets[o, LINKS]):
            to = target[outlets[o, LINK0] + link]
            if to < states:
                a = np.uint64((table[c, STATE] * states + to) * strata + table[c, LANE])
                b = np.uint64(outlets[o, SHARE0]) + np.uint64(link) * n
                for j in range(n):
                    instant[a + j] += p0 * profile[part + j] * share[b + j]
    many = 0
    for pair in range(states * states):
        some = np.float32(0.0)
        a = np.uint64(pair * strata)
        for g in range(np.uint64(strata)):
            some += instant[a + g]
        if some > 0.0:
            pairs[many, 0], pairs[many, 1], many = pair // states, pair % states, many + 1
    return many
