"""Loops of the binned solver over blocks: who leaves of earlier entrants, and who is remembered."""

from __future__ import annotations

import numpy as np

from remand.engine.bins import (
    BLOCK,
    CLOSES,
    DAILY,
    EIGHTH,
    FAR,
    FIRST,
    LANE,
    LANE0,
    LANES,
    LAST,
    LAW,
    NEAR,
    ONE,
    OPENS,
    OUT0,
    OUTLET,
    PROFILE0,
    STATE,
)
from remand.engine.cache import within

# The loops stand in a few functions over all channels, with offsets into whole arrays, never in
# small ones or over slices: a call or a slice costs more than the products of one row of lanes.
# Offsets without a sign let the compiler see that a row is contiguous. People are in single
# precision, twice as many to a vector; sums over the run are in double.


@within
def remember(  # type: ignore[no-untyped-def]
    block, days, again, table, strata, blocks, profile, span_of, p, p_size, q, q_size, hurried,
    entered, expected, summed, recent, inside, in_block, in_large,
):  # fmt: skip
    """What a block's entrants count for from now on, in their block and in their large block.

    ``again``: nothing is known of the block but who entered.
    """
    size, t0 = len(summed), block * BLOCK
    for c in range(len(table)):
        if not table[c, FIRST] <= block <= table[c, LAST]:
            continue
        n, law = np.uint64(table[c, LANES]), table[c, LAW]
        start = table[c, STATE] * strata + table[c, LANE]
        own = np.uint64(table[c, LANE0] * blocks) + np.uint64(block) * n
        a = np.uint64(table[c, LANE0] * (blocks // BLOCK + 1)) + np.uint64(block // BLOCK) * n
        c0 = np.uint64(table[c, LANE0] * NEAR + (block % NEAR) * table[c, LANES]) * np.uint64(BLOCK)
        if again:
            make_room(block, table, c, own, a, in_block, in_large)
            if not hurried[c]:
                joining(in_block, own, ONE, table, c, expected, start, 0, expected, profile,
                         span_of, t0, days)  # fmt: skip
            for i in range(days if hurried[c] else 0):
                b = np.uint64(i * size + start)
                span = span_of[table[c, DAILY], t0 + i]
                part = np.uint64(table[c, PROFILE0]) + np.uint64(span) * n
                at, e = c0 + np.uint64(i) * n, np.uint64(table[c, LANE0])
                for j in range(n):
                    recent[at + j] = entered[b + j] * profile[part + j]
                for j in range(n if law < 0 and t0 + i <= table[c, OPENS] else np.uint64(0)):
                    inside[e + j] += recent[at + j]
        if law < 0:
            continue
        if hurried[c]:
            at = (law * 4 + 2) * p_size
            p0, p1, p2, p3 = p[at], p[at + 1], p[at + 2], p[at + 3]
            p4, p5, p6, p7 = p[at + 4], p[at + 5], p[at + 6], p[at + 7]
            c1, c2, c3, c4 = c0 + n, c0 + n + n, c0 + n + n + n, c0 + n + n + n + n
            c5, c6, c7 = c4 + n, c4 + n + n, c4 + n + n + n
            for j in range(n):
                in_block[own + j] = (
                    p0 * recent[c0 + j] + p1 * recent[c1 + j] + p2 * recent[c2 + j]
                    + p3 * recent[c3 + j] + p4 * recent[c4 + j] + p5 * recent[c5 + j]
                    + p6 * recent[c6 + j] + p7 * recent[c7 + j]
                )  # fmt: skip
        else:
            # of all who joined, those who were taken to have left already have left
            q0 = q[law * 4 * q_size]
            stay = ONE / (ONE - q0)
            less = q0 * stay
            for j in range(n):
                in_block[own + j] *= -less
            joining(in_block, own, stay, table, c, summed, start, size, entered, profile,
                     span_of, t0, days)  # fmt: skip
        counts = q[(law * 4 + 3) * q_size + block % BLOCK]
        for j in range(n):
            in_large[a + j] += counts * in_block[own + j]


@within
def make_room(block, table, c, own, a, in_block, in_large):  # type: ignore[no-untyped-def]
    """Nobody yet in a channel's block, nor in its large block if that begins."""
    for j in range(np.uint64(table[c, LANES])):
        in_block[own + j] = 0.0
    if table[c, FIRST] == block or block % BLOCK == 0:
        for j in range(np.uint64(table[c, LANES])):
            in_large[a + j] = 0.0


@within
def joining(  # type: ignore[no-untyped-def]
    to, at, weight, table, c, summed, start, stride, entered, profile, span_of, t0, days,
):  # fmt: skip
    """Entrants of a block who join one channel.

    ``summed`` of all days, or, where the channel's profile changes in the block, those of each
    day, ``stride`` apart; if that is 0, ``summed`` are those of every day.
    """
    n, b = np.uint64(table[c, LANES]), np.uint64(start)
    i = 0
    while i < days:
        span, many = span_of[table[c, DAILY], t0 + i], 1
        while i + many < days and span_of[table[c, DAILY], t0 + i + many] == span:
            many += 1
        part = np.uint64(table[c, PROFILE0]) + np.uint64(span) * n
        if stride == 0 or many == days:
            scale = weight * np.float32(many if stride == 0 else 1)
            for j in range(n):
                to[at + j] += scale * profile[part + j] * summed[b + j]
        else:
            for k in range(i, i + many):
                d = np.uint64(k * stride + start)
                for j in range(n):
                    to[at + j] += weight * profile[part + j] * entered[d + j]
        i += many


@within
def earlier(  # type: ignore[no-untyped-def]
    block, days, table, strata, blocks, profile, span_of, steady, p, p_size, q, q_size, hurried,
    was, expected, recent, in_block, in_large, leaving, evenly, rate, working, by_day, even,
):  # fmt: skip
    """Leavers of a block who entered before it, and room for its entrants.

    Of laws that are not quick, those too who are expected to enter and leave in it.

    Fills ``leaving`` (those told to the day) and ``evenly``; marks channels someone may join,
    outlets told to the day, and outlets with the rest. Returns whether a window ends in the block.
    """
    t0, big = block * BLOCK, block // BLOCK
    fresh = False
    by_day[:] = False
    even[:] = False
    for c in range(len(table)):
        low = min(max(table[c, OPENS] - t0, 0), days)
        high = min(table[c, CLOSES] - t0, days)
        law, o, first, last = table[c, LAW], table[c, OUTLET], table[c, FIRST], table[c, LAST]
        n, lane0 = np.uint64(table[c, LANES]), np.uint64(table[c, LANE0])
        out = np.uint64(table[c, OUT0]) * np.uint64(BLOCK)
        joined = first <= block <= last
        working[c] = joined and hurried[c]
        base, large = lane0 * np.uint64(blocks), lane0 * np.uint64(blocks // BLOCK + 1)
        own = base + np.uint64(block) * n
        if working[c]:
            a = (lane0 * np.uint64(NEAR) + np.uint64(block % NEAR) * n) * np.uint64(BLOCK)
            for j in range(n * np.uint64(BLOCK)):
                recent[a + j] = 0.0
        if joined:
            make_room(block, table, c, own, large + np.uint64(big) * n, in_block, in_large)
        if joined and not hurried[c]:  # as if the window were open, if it is not yet
            joining(in_block, own, ONE, table, c, expected, table[c, STATE] * strata
                     + table[c, LANE], 0, expected, profile, span_of, t0, days)  # fmt: skip
        if low >= high:
            continue
        whole = low == 0 and high == days
        if (hurried[c] or law < 0 or not whole) and not by_day[o]:
            by_day[o] = True
            for j in range(n * np.uint64(BLOCK)):
                leaving[out + j] = 0.0
        fresh = fresh or not whole
        if law < 0:
            continue
        # -- blocks long past, taken evenly --------------------------------------------------
        row = law * 4 * q_size
        past = q[row + 2 * q_size + block] if block >= NEAR else np.float32(0.0)
        for j in range(n):
            rate[j] = past * steady[lane0 + j]
        b, end = first, min(last, block - (NEAR if hurried[c] and was[c] else 1))
        if joined and not hurried[c]:
            q0 = q[row]
            for j in range(n):
                rate[j] += q0 * in_block[own + j]
        if q[row + q_size] >= 0.0:  # a law that may be taken by large blocks
            f, long = first // BLOCK, min(end // BLOCK, big - FAR)
            long_past(rate, n, q, row + q_size + block, BLOCK, in_large, large, f, long)
            b = max(b, BLOCK * max(big - FAR + 1, 0))
        long_past(rate, n, q, row + block, 1, in_block, base, b, end)
        if whole:
            a = np.uint64(table[c, OUT0])
            if not even[o]:
                even[o] = True
                for j in range(n):
                    evenly[a + j] = 0.0
            for j in range(n):
                evenly[a + j] += EIGHTH * rate[j]
        else:
            for i in range(low, high):
                a = out + np.uint64(i) * n
                for j in range(n):
                    leaving[a + j] += EIGHTH * rate[j]
        # -- to the day ----------------------------------------------------------------------
        row = law * 4 * p_size
        if not hurried[c]:
            continue
        if block < NEAR:
            for i in range(low, high):
                weight = p[row + p_size + t0 + i]
                a = out + np.uint64(i) * n
                for j in range(n):
                    leaving[a + j] += weight * steady[lane0 + j]
        if first <= block - NEAR <= last:
            b0 = base + np.uint64(block - NEAR) * n
            for i in range(low, high):
                weight = p[row + 3 * p_size + i]
                a = out + np.uint64(i) * n
                for j in range(n):
                    leaving[a + j] += weight * in_block[b0 + j]
        for b in range(max(first, block - NEAR + 1, 0), min(last, block - 1) + 1 if was[c] else 0):
            c0 = (lane0 * np.uint64(NEAR) + np.uint64(b % NEAR) * n) * np.uint64(BLOCK)
            c1, c2, c3, c4 = c0 + n, c0 + n + n, c0 + n + n + n, c0 + n + n + n + n
            c5, c6, c7 = c4 + n, c4 + n + n, c4 + n + n + n
            for i in range(low, high):
                at = row + BLOCK * (block - b + 1) + i
                p0, p1, p2, p3 = p[at], p[at - 1], p[at - 2], p[at - 3]
                p4, p5, p6, p7 = p[at - 4], p[at - 5], p[at - 6], p[at - 7]
                a = out + np.uint64(i) * n
                for j in range(n):
                    leaving[a + j] += (
                        p0 * recent[c0 + j] + p1 * recent[c1 + j] + p2 * recent[c2 + j]
                        + p3 * recent[c3 + j] + p4 * recent[c4 + j] + p5 * recent[c5 + j]
                        + p6 * recent[c6 + j] + p7 * recent[c7 + j]
                    )  # fmt: skip
    return fresh


@within
def long_past(rate, n, q, at, wide, people, base, b, end):  # type: ignore[no-untyped-def]
    """Leavers of those who entered in blocks ``b`` to ``end``; their chances lie ``wide`` apart."""
    nobody = np.float32(0.0)
    while b <= end:  # eight at a time; past the last, whatever stands there counts for nothing
        k = at - wide * b
        q0 = q[k]
        q1 = q[k - wide] if b + 1 <= end else nobody
        q2 = q[k - 2 * wide] if b + 2 <= end else nobody
        q3 = q[k - 3 * wide] if b + 3 <= end else nobody
        c0 = base + np.uint64(b) * n
        c1, c2, c3, c4 = c0 + n, c0 + n + n, c0 + n + n + n, c0 + n + n + n + n
        if b + 4 > end:
            for j in range(n):
                rate[j] += (
                    q0 * people[c0 + j] + q1 * people[c1 + j]
                    + q2 * people[c2 + j] + q3 * people[c3 + j]
                )  # fmt: skip
            break
        q4 = q[k - 4 * wide]
        q5 = q[k - 5 * wide] if b + 5 <= end else nobody
        q6 = q[k - 6 * wide] if b + 6 <= end else nobody
        q7 = q[k - 7 * wide] if b + 7 <= end else nobody
        c5, c6, c7 = c4 + n, c4 + n + n, c4 + n + n + n
        for j in range(n):
            rate[j] += (
                q0 * people[c0 + j] + q1 * people[c1 + j] + q2 * people[c2 + j]
                + q3 * people[c3 + j] + q4 * people[c4 + j] + q5 * people[c5 + j]
                + q6 * people[c6 + j] + q7 * people[c7 + j]
            )  # fmt: skip
        b += 8
