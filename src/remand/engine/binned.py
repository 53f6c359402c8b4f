"""The exact recursion in bins: what draws are solved with.

The recursion is that of `remand.engine.expected`. Near a stay's beginning leavers are counted day
by day (*day* stands for the clock's step); further on, those who entered in one block of eight
days, and further still in one of 64, leave together, evenly over the eight days of a later block,
in the numbers that uniform entries within the block would give. With ``A(d) = E[(D − d)⁺]``, of
those who entered in a block of ``w`` days that began ``x`` days before a block of eight begins, ::

    (A(x − w) − A(x) − A(x − w + 8) + A(x + 8)) / w

leave within the latter. Where entrants go over from days to blocks, and from blocks to large ones,
each counts by the chance of still being there, so that nobody is lost; all leave within days of
when they would have left. How near this comes stands in rows of the table of equivalence
(`tests/equivalence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remand.engine.cache import compiled
from remand.engine.kernel import Floats, Ints
from remand.engine.lanes import WIDTH, Channels, Draft, Lanes
from remand.model import laws

BLOCK = 8
"""Days in a block, and blocks in a large one."""

NEAR = 3
"""Blocks, the entrants' own included, in which stays are told to the day."""

FAR = 4
"""Large blocks back from which entrants are taken together by large blocks."""


@dataclass(frozen=True)
class Binned:
    """Expected people and moves by window.

    Attributes:
        lanes: what was solved.
        held: (windows, states, strata) person-steps, by the census at the end of each step.
        left: (windows, lanes) people who leave by each channel's lanes.
        arrived: (windows, arrivals, strata) people from outside, by state in the lanes' order.
    """

    lanes: Lanes
    held: Floats
    left: Floats
    arrived: Floats

    def moves(self, counted: Floats) -> Floats:
        """People who make the moves ``counted``: (…, strata, windows).

        ``counted`` is (…, states + 1, states + 1), as in `remand.engine.expected.Path.moves`.
        """
        channels, n = self.lanes.channels, counted.shape[-1] - 1
        windows, _, strata = self.held.shape
        out = np.zeros((*counted.shape[:-2], strata, windows))
        weight = np.zeros((*counted.shape[:-2], len(channels.stratum)))
        lanes = np.concatenate([[0], np.cumsum(channels.lanes)])
        links = np.concatenate([[0], np.cumsum(channels.links)])
        shares = np.concatenate([[0], np.cumsum(channels.links * channels.lanes)])
        for c, state in enumerate(channels.state):
            own = slice(lanes[c], lanes[c + 1])
            to = channels.target[links[c] : links[c + 1]]
            share = channels.share[shares[c] : shares[c + 1]].reshape(len(to), -1)
            weight[..., own] = counted[..., state, to] @ share
        for g in range(strata):
            here = np.flatnonzero(channels.stratum == g)
            out[..., g, :] = weight[..., here] @ self.left[:, here].T
        for a, state in enumerate(self.lanes.arrivals):
            out += counted[..., n, state, None, None] * self.arrived[:, a].T
        return out


class Solver:
    """Solves draws of one draft over some windows of steps."""

    def __init__(self, draft: Draft, bounds: Sequence[int]) -> None:
        """``bounds`` are the first steps of adjacent windows, and the end of the last."""
        self.draft = draft
        steps = min(draft.steps, bounds[-1])
        self.steps = steps
        self.blocks = -(-steps // BLOCK)
        self.windows = len(bounds) - 1
        self.window = np.searchsorted(np.array(bounds), np.arange(steps), side="right") - 1
        near = np.arange(BLOCK * NEAR + 2)
        blocks = BLOCK * np.arange(self.blocks + 2)
        self.knots = np.unique(np.concatenate([near, blocks]))
        self._span_of = np.array([draft.entries.of - 1, np.arange(draft.steps)])
        self._near = np.searchsorted(self.knots, near)
        self._blocks = np.searchsorted(self.knots, blocks)

    def solve(self, lanes: Lanes, known: dict[laws.Law, tuple[Floats, Floats]]) -> Binned:
        """Expected people of one scenario of one draw; ``known`` keeps the laws it shares."""
        draft, c = self.draft, lanes.channels
        rows = [self._law(law, known) for law in lanes.laws]
        near = np.array([near for near, _ in rows])
        blocks = np.array([far for _, far in rows])
        first, last = self._blocks_of(c)
        people = (len(draft.names), len(draft.strata) + WIDTH - len(draft.strata) % WIDTH)
        census = np.zeros(people)  # the last column is for empty lanes
        census[:, : len(draft.strata)] = lanes.inside
        held = np.zeros((self.windows, *people))
        left = np.zeros((self.windows, len(c.stratum)))
        arrived = np.zeros((self.windows, len(lanes.arrivals), people[1]))
        levels = np.zeros((len(lanes.arrivals), len(draft.entries.first) - 1, people[1]))
        for a, came in enumerate(lanes.arrivals.values()):
            levels[a, :, : len(draft.strata)] = came.level[:, 1:].T
        calendar = np.array([came.calendar for came in lanes.arrivals.values()])
        given = np.array([[g.channel, g.lane] for g in lanes.given], np.int64).reshape(-1, 2)
        leavers = np.array([g.people for g in lanes.given]).reshape(len(given), draft.steps)
        _march(
            self.steps, near, blocks, c.law, c.state, c.opens, c.closes, c.daily, c.lanes,
            c.stratum, c.profile, first, last, c.links, c.target, c.share, lanes.steady, given,
            leavers, np.array(list(lanes.arrivals), np.int64), levels, calendar, self._span_of,
            self.window, census.ravel(), held.ravel(), left.ravel(), arrived.ravel(),
        )  # fmt: skip
        own = slice(len(draft.strata))
        return Binned(lanes, held[..., own], left, arrived[..., own])

    def _blocks_of(self, c: Channels) -> tuple[Ints, Ints]:
        """First and last block of steps in which anyone joins each channel."""
        entries = self.draft.entries
        starts = entries.first[1:]
        ends = np.append(starts[1:], self.draft.steps) - 1
        spans = np.minimum(c.begins, len(starts) - 1), np.minimum(c.ends, len(starts) - 1)
        first = np.where(c.daily == 1, c.begins, starts[spans[0]])
        last = np.where(c.daily == 1, c.ends, ends[spans[1]])
        none = c.begins > c.ends
        return np.where(none, self.blocks, first // BLOCK), np.where(none, -1, last // BLOCK)

    def _law(
        self, law: laws.Law, known: dict[laws.Law, tuple[Floats, Floats]]
    ) -> tuple[Floats, Floats]:
        """Chances of a stay to the day, near; what leaves in each later block, far."""
        found = known.get(law)
        if found is None:
            found = known[law] = _row(
                law.remaining(self.knots, self.draft.clock.days, self.draft.clock.partial),
                self._near,
                self._blocks,
            )
        return found


def _row(remaining: Floats, near: Ints, blocks: Ints) -> tuple[Floats, Floats]:
    """A law as the loop reads it: (3, days) near, (4, blocks) far.

    Near: the chance of a stay of d days (eight zeros first, so that d may be negative), of one
    beyond, and what an entrant of each day of a block counts for in it. Far, by blocks since the
    entrants' own began: leavers of a block and of a large block (the block in which it began
    counts as 0), and of a steady flow of one a day from before the start; and what an entrant of
    each block of a large one counts for in it.
    """
    left = np.maximum(-np.diff(remaining[near]), 0.0)  # P(D > d)
    pmf = np.maximum(np.concatenate([[1.0], left[:-1]]) - left, 0.0)
    a = remaining[blocks]
    far = np.zeros((4, max(len(a), BLOCK)))
    counts = np.ones_like(left)
    counts[:BLOCK] = _relative(left[BLOCK * NEAR - 1 - np.arange(BLOCK)])
    if len(a) > 2:
        far[0, 1 : len(a) - 1] = (a[:-2] - 2 * a[1:-1] + a[2:]) / BLOCK
    if len(a) > BLOCK * FAR:
        k = np.arange(BLOCK, len(a) - 1)
        far[1, k] = (a[k - BLOCK] - a[k] - a[k - BLOCK + 1] + a[k + 1]) / BLOCK**2
        staying = a[BLOCK * FAR - 1 - np.arange(BLOCK)] - a[BLOCK * FAR - np.arange(BLOCK)]
        far[3, :BLOCK] = _relative(staying)
    far[2, : len(a) - 1] = a[:-1] - a[1:]
    pad = np.zeros(BLOCK)
    rows = [np.concatenate(parts) for parts in ((pad, pmf), (left, pad), (counts, pad))]
    return np.array(rows), np.maximum(far, 0.0)


def _relative(chances: Floats) -> Floats:
    """Chances over their mean; 1 where there are none."""
    mean = float(chances.mean())
    return chances / mean if mean > 1e-300 else np.ones_like(chances)


# The loops take whole arrays and offsets into them, never slices: a slice costs more than the few
# products of a row of lanes. Offsets without a sign let the compiler see that rows are contiguous.


@compiled
def _march(  # type: ignore[no-untyped-def]
    steps, near, far, law, state, opens, closes, daily, lanes, stratum, profile, first, last,
    links, target, share, steady, given, given_people, door, level, calendar, span_of, window,
    census, held, left, arrived,
):  # fmt: skip
    """Fill ``held``, ``left`` and ``arrived``, from the first step to the last.

    Arrays of people are flat: ``census`` and its like by state and stratum, and so on.
    """
    channels, doors, strata = len(law), len(door), level.shape[2]
    states = len(census) // strata
    size = len(census)
    blocks = -(-steps // BLOCK)
    large = blocks // BLOCK + 1
    spans = level.shape[1]
    p, q = near.ravel(), far.ravel()
    p_size, q_size = near.shape[2], far.shape[2]
    levels = level.ravel()
    lane0 = _starts(lanes)
    link0 = _starts(links)
    share0 = _starts(links * lanes)
    profile0 = _starts(lanes * np.where(daily == 1, span_of.shape[1], spans))
    total = lane0[channels]
    in_block = np.zeros(total * blocks)  # entrants of each block: channel, block, lane
    in_large = np.zeros(total * large)
    recent = np.zeros(total * NEAR * BLOCK)  # of each day: channel, day, lane
    leaving = np.zeros(total * BLOCK)
    inside = np.zeros(total)  # who joined a channel that everyone leaves at once
    rate = np.zeros(total + 1)
    enter = np.zeros(size)
    evenly = np.zeros(size)  # who enters each day of the block from blocks long past
    gone = np.zeros(size)
    fewer = np.zeros(size)
    step = np.zeros(size)
    onward = np.zeros(size)
    instant = np.zeros(states * size)
    pairs = np.zeros((states * states, 2), np.int64)
    many, known = 0, -1
    busy = np.zeros(channels, np.int64)

    for block in range(blocks):
        t0 = block * BLOCK
        days = min(BLOCK, steps - t0)
        working = 0
        evenly[:] = 0.0
        gone[:] = 0.0
        fresh = False
        for c in range(channels):
            n, base = lanes[c], lane0[c]
            if t0 + BLOCK <= opens[c] or t0 >= closes[c]:
                if first[c] <= block <= last[c] and law[c] < 0:
                    busy[working], working = c, working + 1
                continue
            whole = opens[c] <= t0 and t0 + days <= closes[c]
            close = first[c] <= block and block - NEAR < last[c]
            if law[c] < 0 or close or not whole or block < NEAR:
                busy[working], working = c, working + 1
                _fill(leaving, base * BLOCK, 0.0, n * BLOCK)
                fresh = fresh or (not whole and law[c] >= 0)
            if law[c] < 0:
                continue
            row = law[c] * 4 * q_size
            _fill(rate, 0, 0.0, n)
            _far(
                rate, n, q, row, q_size, block, first[c], min(last[c], block - NEAR),
                in_block, base * blocks, in_large, base * large,
            )  # fmt: skip
            if block >= NEAR:
                _axpy(rate, 0, q[row + 2 * q_size + block] / BLOCK, steady, base, n)
            if not whole:
                for i in range(BLOCK):
                    _axpy(leaving, base * BLOCK + i * n, 1.0, rate, 0, n)
                continue
            _links(
                evenly, states, target, link0[c], link0[c + 1], share, share0[c], rate, 0, n,
                stratum, base, strata,
            )  # fmt: skip
            _scatter(gone, state[c] * strata, rate, 0, n, stratum, base, strata)
            for i in range(days):
                if window[t0 + i] >= 0:
                    _axpy(left, window[t0 + i] * total + base, 1.0, rate, 0, n)
        for k in range(working):
            c = busy[k]
            n, base = lanes[c], lane0[c]
            # the block that falls out of sight
            _fill(recent, (base * NEAR + (block % NEAR) * n) * BLOCK, 0.0, n * BLOCK)
            if law[c] < 0:
                continue
            row = law[c] * 3 * p_size
            if block < NEAR:
                for i in range(BLOCK):
                    stay = p[row + p_size + t0 + i]
                    _axpy(leaving, base * BLOCK + i * n, stay, steady, base, n)
            for b in range(max(first[c], block - NEAR + 1, 0), min(last[c], block - 1) + 1):
                _eight(
                    leaving, base * BLOCK, recent, (base * NEAR + (b % NEAR) * n) * BLOCK,
                    p, row + BLOCK * (block - b + 1), n,
                )  # fmt: skip
        for r in range(len(given)):
            c = given[r, 0]
            used = False
            for k in range(working):
                used = used or busy[k] == c
            if not used and t0 + days > opens[c] and t0 < closes[c]:
                busy[working], working = c, working + 1
                _fill(leaving, lane0[c] * BLOCK, 0.0, lanes[c] * BLOCK)
            for i in range(days):
                leaving[lane0[c] * BLOCK + given[r, 1] + i * lanes[c]] += given_people[r, t0 + i]

        for i in range(days):
            t = t0 + i
            w = window[t]
            enter[:] = evenly
            for a in range(doors):
                at = (a * spans + span_of[0, t]) * strata
                _axpy(enter, door[a] * strata, calendar[a, t], levels, at, strata)
                if w >= 0:
                    to = (w * doors + a) * strata
                    _axpy(arrived, to, calendar[a, t], levels, at, strata)
            for k in range(working):
                c = busy[k]
                n, base = lanes[c], lane0[c]
                out = base * BLOCK + i * n
                if law[c] < 0:
                    if t == opens[c]:
                        _axpy(leaving, out, 1.0, inside, base, n)
                elif t < opens[c] or t >= closes[c]:
                    _fill(leaving, out, 0.0, n)
                    continue
                elif i > 0 and first[c] <= block <= last[c]:
                    at = (base * NEAR + (block % NEAR) * n) * BLOCK
                    row = law[c] * 3 * p_size + BLOCK + i
                    _four(leaving, out, recent, at, p, row, n)
                    if i > 4:
                        _four(leaving, out, recent, at + 4 * n, p, row - 4, n)
                _links(
                    enter, states, target, link0[c], link0[c + 1], share, share0[c], leaving, out,
                    n, stratum, base, strata,
                )  # fmt: skip
            if span_of[0, t] != known or fresh:
                known = span_of[0, t]
                many = _instant(
                    t, near, law, state, opens, closes, daily, lanes, lane0, stratum, profile,
                    profile0, links, link0, target, share, share0, span_of, instant, pairs, states,
                    strata,
                )  # fmt: skip
            _at_once(enter, step, onward, instant, pairs, many, states, strata)
            fewer[:] = gone
            for k in range(working):
                c = busy[k]
                n, base, s = lanes[c], lane0[c], state[c]
                out = base * BLOCK + i * n
                if first[c] <= block <= last[c]:
                    at = (base * NEAR + (block % NEAR) * n) * BLOCK + i * n
                    p0 = counts = 0.0
                    if law[c] >= 0:
                        counts = p[(law[c] * 3 + 2) * p_size + i]
                        if opens[c] <= t < closes[c]:
                            p0 = p[law[c] * 3 * p_size + BLOCK]
                    _join(
                        recent, at, enter, s * strata, profile,
                        profile0[c] + span_of[daily[c], t] * n, n, stratum, base, strata,
                        in_block, base * blocks + block * n, counts, leaving, out, p0,
                    )  # fmt: skip
                    if law[c] < 0 and t <= opens[c]:
                        _axpy(inside, base, 1.0, recent, at, n)
                _scatter(fewer, s * strata, leaving, out, n, stratum, base, strata)
                if w >= 0:
                    _axpy(left, w * total + base, 1.0, leaving, out, n)
            for j in range(size):
                census[j] += enter[j] - fewer[j]
            if w >= 0:
                _axpy(held, w * size, 1.0, census, 0, size)
        for c in range(channels):
            if law[c] >= 0 and first[c] <= block <= last[c]:
                n = lanes[c]
                _axpy(
                    in_large, lane0[c] * large + (block // BLOCK) * n,
                    far[law[c], 3, block % BLOCK], in_block, lane0[c] * blocks + block * n, n,
                )  # fmt: skip


@compiled
def _starts(counts):  # type: ignore[no-untyped-def]
    """Where each of some ragged parts begins, and where the last ends."""
    starts = np.zeros(len(counts) + 1, np.int64)
    for i in range(len(counts)):
        starts[i + 1] = starts[i] + counts[i]
    return starts


@compiled
def _fill(to, at, value, n):  # type: ignore[no-untyped-def]
    """Set ``n`` places to one value."""
    a = np.uint64(at)
    for j in range(np.uint64(n)):
        to[a + j] = value


@compiled
def _axpy(to, at, weight, row, start, n):  # type: ignore[no-untyped-def]
    """Add a multiple of one row to another."""
    a, b = np.uint64(at), np.uint64(start)
    for j in range(np.uint64(n)):
        to[a + j] += weight * row[b + j]


@compiled
def _scatter(to, at, row, start, n, stratum, base, strata):  # type: ignore[no-untyped-def]
    """Add a channel's lanes to the strata they stand for; a channel of all has them in order."""
    a, b, c = np.uint64(at), np.uint64(start), np.uint64(base)
    if n == strata:
        for j in range(np.uint64(n)):
            to[a + j] += row[b + j]
    else:
        for j in range(np.uint64(n)):
            to[a + np.uint64(stratum[c + j])] += row[b + j]


@compiled
def _links(  # type: ignore[no-untyped-def]
    enter, states, target, first, last, share, own, row, start, n, stratum, base, strata,
):  # fmt: skip
    """Send a channel's leavers on to its targets."""
    b, c = np.uint64(start), np.uint64(base)
    for link in range(first, last):
        if target[link] < states:
            a, s = np.uint64(target[link] * strata), np.uint64(own + (link - first) * n)
            if n == strata:
                for j in range(np.uint64(n)):
                    enter[a + j] += share[s + j] * row[b + j]
            else:
                for j in range(np.uint64(n)):
                    enter[a + np.uint64(stratum[c + j])] += share[s + j] * row[b + j]


@compiled
def _join(  # type: ignore[no-untyped-def]
    recent, at, enter, come, profile, row, n, stratum, base, strata, in_block, own, counts,
    leaving, out, p0,
):  # fmt: skip
    """Those of a state's entrants who join a channel; some leave again within the step."""
    a, b, c = np.uint64(at), np.uint64(come), np.uint64(row)
    d, e, f = np.uint64(own), np.uint64(out), np.uint64(base)
    if n == strata:
        for j in range(np.uint64(n)):
            joins = enter[b + j] * profile[c + j]
            recent[a + j] = joins
            in_block[d + j] += counts * joins
            leaving[e + j] += p0 * joins
    else:
        for j in range(np.uint64(n)):
            joins = enter[b + np.uint64(stratum[f + j])] * profile[c + j]
            recent[a + j] = joins
            in_block[d + j] += counts * joins
            leaving[e + j] += p0 * joins


@compiled
def _at_once(  # type: ignore[no-untyped-def]
    enter, step, onward, instant, pairs, many, states, strata,
):  # fmt: skip
    """Send on those who stay no step at all, until hardly anyone is left to send."""
    step[:] = enter
    for _ in range(100_000):
        onward[:] = 0.0
        for k in range(many):
            s, s2 = pairs[k, 0], pairs[k, 1]
            a, b = np.uint64(s2 * strata), np.uint64(s * strata)
            c = np.uint64((s * states + s2) * strata)
            for j in range(np.uint64(strata)):
                onward[a + j] += instant[c + j] * step[b + j]
        most = 0.0
        for j in range(len(enter)):
            enter[j] += onward[j]
            step[j] = onward[j]
            most += onward[j]
        if most < 1e-8:
            break


@compiled
def _far(  # type: ignore[no-untyped-def]
    rate, n, q, row, q_size, block, first, last, in_block, own, in_large, own_large,
):  # fmt: skip
    """Who leaves each day of a block of those who entered in blocks ``first`` to ``last``."""
    big = block // BLOCK
    for b in range(first // BLOCK, min(last // BLOCK, big - FAR) + 1):
        weight = q[row + q_size + block - BLOCK * b]
        _axpy(rate, 0, weight, in_large, own_large + b * n, n)
    b, end = max(first, BLOCK * max(big - FAR + 1, 0)), last + 1
    while b + 4 <= end:
        _four(rate, 0, in_block, own + b * n, q, row + block - b, n)
        b += 4
    while b < end:
        _axpy(rate, 0, q[row + block - b], in_block, own + b * n, n)
        b += 1
    for j in range(n):
        rate[j] /= BLOCK


@compiled
def _four(out, at, came, start, p, lag, n):  # type: ignore[no-untyped-def]
    """Four rows of entrants, ``lag``, ``lag`` − 1 … steps before, added to who leaves."""
    p0, p1, p2, p3 = p[lag], p[lag - 1], p[lag - 2], p[lag - 3]
    a, c0 = np.uint64(at), np.uint64(start)
    c1, c2, c3 = np.uint64(start + n), np.uint64(start + 2 * n), np.uint64(start + 3 * n)
    for j in range(np.uint64(n)):
        out[a + j] += p0 * came[c0 + j] + p1 * came[c1 + j] + p2 * came[c2 + j] + p3 * came[c3 + j]


@compiled
def _eight(out, at, came, start, p, lag, n):  # type: ignore[no-untyped-def]
    """Eight days of entrants, spread over the eight days of a later block."""
    for i in range(BLOCK):
        _four(out, at + i * n, came, start, p, lag + i, n)
        _four(out, at + i * n, came, start + 4 * n, p, lag + i - 4, n)


@compiled
def _instant(  # type: ignore[no-untyped-def]
    t, near, law, state, opens, closes, daily, lanes, lane0, stratum, profile, profile0, links,
    link0, target, share, share0, span_of, instant, pairs, states, strata,
):  # fmt: skip
    """Chances of going on within the step, by state, next state and stratum; how many pairs."""
    instant[:] = 0.0
    for c in range(len(law)):
        if law[c] < 0 or t < opens[c] or t >= closes[c] or near[law[c], 0, BLOCK] <= 0.0:
            continue
        n = lanes[c]
        row = profile0[c] + span_of[daily[c], t] * n
        for link in range(links[c]):
            to = target[link0[c] + link]
            if to < states:
                at = share0[c] + link * n
                for j in range(n):
                    part = near[law[c], 0, BLOCK] * profile[row + j] * share[at + j]
                    into = (state[c] * states + to) * strata + stratum[lane0[c] + j]
                    instant[into] += part
    many = 0
    for pair in range(states * states):
        some = 0.0
        for g in range(strata):
            some += instant[pair * strata + g]
        if some > 0.0:
            pairs[many, 0], pairs[many, 1], many = pair // states, pair % states, many + 1
    return many
