"""The exact recursion in bins: what draws are solved with.

The recursion is that of `remand.engine.expected`. People leave in blocks of eight days (*day*
stands for the clock's step): those who entered in one block leave evenly over the days of a later
one, in the numbers that uniform entries within the block would give, and those who entered long
ago by blocks of 64. With ``A(d) = E[(D − d)⁺]``, of those who entered in a block of ``w`` days that
began ``x`` days before a block of eight begins, ::

    (A(x − w) − A(x) − A(x − w + 8) + A(x + 8)) / w

leave within the latter. How many leave in the block they enter is told from the trend of entries,
and what that misses leaves later. *Quick* laws, by which many leave within days, are followed to
the day first, and go over to blocks as long as they are still there. So nobody is lost, and all
leave within days of when they would have left. How near this comes stands in rows of the table of
equivalence (`tests/equivalence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remand.engine.cache import compiled
from remand.engine.kernel import Floats, Ints
from remand.engine.lanes import Channel, Draft, Lanes, Run
from remand.model import laws

BLOCK = 8
"""Days in a block, and blocks in a large one."""

NEAR = 2
"""Blocks, the entrants' own included, in which quick stays are told to the day."""

QUICK = 0.2
"""A law is quick if more than this share leaves within the block it enters."""

FAR = 2
"""Large blocks back from which entrants are taken together by large blocks."""

NOBODY = 1e-6
"""People, all together, whose onward way within one step is no longer followed."""

KEPT = 512
"""Laws whose rows a solver remembers."""

JUMP = 0.02
"""A law by which more than this share leaves within one later block is never taken by large ones:
many leave on one day, and that day would be lost."""

Rows = tuple[Floats, Floats]
"""A law as the loops read it: near and far, see `_row`."""


@dataclass(frozen=True)
class Binned:
    """Expected people and moves of every scenario of one draw, by window.

    Attributes:
        held: (scenarios, places, strata, windows) person-steps, by the census at each step's end.
        moved: (scenarios, moves, strata, windows) people who make each kind of move.
        last: (scenarios, places, strata, windows) people inside at the last step.
    """

    held: Floats
    moved: Floats
    last: Floats


class Solver:
    """Solves draws of one draft over some windows of steps.

    A solver keeps room to work in, so that each thread needs its own.
    """

    def __init__(self, draft: Draft, bounds: Sequence[int], places: Floats, moves: Floats) -> None:
        """What is asked.

        ``bounds`` are the first steps of adjacent windows and the end of the last; ``places``
        (places, states) says which states are counted together, ``moves`` (moves, states + 1,
        states + 1) which moves, as in `remand.engine.expected.Path.moves`.
        """
        self.draft = draft
        self.places, self.counted = places, moves
        self.steps = min(draft.steps, bounds[-1])
        self.blocks = -(-self.steps // BLOCK)
        self.windows = len(bounds) - 1
        self.window = np.searchsorted(np.array(bounds), np.arange(self.steps), side="right") - 1
        near = np.arange(BLOCK * (NEAR + 1) + 2)
        blocks = BLOCK * np.arange(self.blocks + 2)
        self.knots = np.unique(np.concatenate([near, blocks]))
        self._near = np.searchsorted(self.knots, near)
        self._blocks = np.searchsorted(self.knots, blocks)
        self._span_of = np.array([draft.entries.of - 1, np.arange(draft.steps)])
        self._room: list[Floats] = [np.zeros(0), np.zeros(0)]
        self._lasting: dict[laws.Law, Rows] = {}

    def solve(self, lanes: Lanes) -> Binned:
        """Expected people of one draw's scenarios."""
        runs, width = lanes.runs, lanes.width
        strata = lanes.inside.shape[1]
        own: dict[laws.Law | None, int] = {None: -1}
        rows: list[Rows] = []
        for run in runs:
            if run.channel.law is not None and run.channel.law not in own:
                own[run.channel.law] = len(rows)
                rows.append(self._law(run.channel.law))
        table = np.array([
            (own[r.channel.law], r.state, r.channel.opens, r.channel.closes, r.channel.daily,
             len(r.channel.lanes), *self._blocks_of(r.channel))
            for r in runs
        ], np.int64).T  # fmt: skip
        outlets, outlet = self._outlets(runs)
        ways = [runs[i] for i in outlets]
        starts = [_first(run.channel.lanes) for run in ways]
        weights, rewards = self._rewards(ways)
        given = np.array([[g.channel, g.lane] for g in lanes.given], np.int64).reshape(-1, 2)
        leavers = np.array([g.people for g in lanes.given]).reshape(len(given), self.draft.steps)
        doors = np.array(list(lanes.levels), np.int64)
        came = np.argwhere(self.counted[:, -1, doors] > 0)
        inside = np.argwhere(self.places > 0)
        held = np.zeros((self.windows, len(self.places), strata))
        last = np.zeros_like(held)
        moved = np.zeros((self.windows, len(self.counted), strata))
        total = int(table[5].sum())
        blocks, large = total * self.blocks, total * (self.blocks // BLOCK + 1)
        self._room = [
            room if len(room) >= size else np.zeros(size)
            for room, size in zip(self._room, (blocks, large), strict=True)
        ]
        _march(
            self.steps, strata, np.array([near for near, _ in rows]),
            np.array([far for _, far in rows]), *table, outlet,
            np.concatenate([run.channel.profile.ravel() for run in runs]),
            np.concatenate([run.steady for run in runs]),
            np.array([run.state for run in ways], np.int64),
            np.array([len(run.channel.lanes) for run in ways], np.int64),
            np.array(starts, np.int64),
            np.concatenate([run.channel.lanes for run in ways]),
            np.array([len(run.channel.targets) for run in ways], np.int64),
            np.concatenate([np.array(run.channel.targets) for run in ways]),
            np.concatenate([run.channel.share.ravel() for run in ways]),
            rewards, weights, given, leavers, doors,
            np.array(list(lanes.levels.values())), np.array(list(lanes.calendar.values())), came,
            inside, self._span_of, self.window, *self._room, lanes.inside.ravel().copy(),
            held.ravel(), last.ravel(), moved.ravel(),
        )  # fmt: skip

        def shaped(series: Floats) -> Floats:
            split = series.reshape(*series.shape[:2], strata // width, width)[
                ..., : len(self.draft.strata)
            ]
            return np.ascontiguousarray(split.transpose(2, 1, 3, 0))

        return Binned(shaped(held), shaped(moved), shaped(last))

    def _outlets(self, runs: Sequence[Run]) -> tuple[list[int], Ints]:
        """Runs whose leavers go the same ways: the first of each, and which each run is of."""
        seen: dict[object, int] = {}
        of = [seen.setdefault((run.state, *run.channel.way), len(seen)) for run in runs]
        first = [of.index(i) for i in range(len(seen))]
        return first, np.array(of, np.int64)

    def _rewards(self, ways: Sequence[Run]) -> tuple[Floats, Ints]:
        """How often a leaver's move counts: ragged weights by lane, and (outlet, move) for each."""
        found, weights = [], [np.zeros(0)]
        for o, run in enumerate(ways):
            to = np.array(run.channel.targets)
            weight = self.counted[:, run.state, :][:, to] @ run.channel.share
            for move in np.flatnonzero(weight.any(axis=1)):
                found.append((o, move))
                weights.append(weight[move])
        return np.concatenate(weights), np.array(found, np.int64).reshape(-1, 2)

    def _blocks_of(self, channel: Channel) -> tuple[int, int]:
        """First and last block of steps in which anyone joins a channel."""
        begins, ends = channel.held
        if begins > ends:
            return self.blocks, -1
        if not channel.daily:
            starts = self.draft.entries.first[1:]
            begins = int(starts[begins])
            ends = int(starts[ends + 1]) - 1 if ends + 1 < len(starts) else self.draft.steps - 1
        return begins // BLOCK, ends // BLOCK

    def _law(self, law: laws.Law) -> Rows:
        """A law's rows; the last few hundred are kept, since most draws share some."""
        found = self._lasting.get(law)
        if found is None:
            clock = self.draft.clock
            remaining = law.remaining(self.knots, clock.days, clock.partial)
            found = _row(remaining, self._near, self._blocks)
            if len(self._lasting) >= KEPT:
                self._lasting.pop(next(iter(self._lasting)))
            self._lasting[law] = found
        return found


def _first(lanes: Ints) -> int:
    """The first of lanes that follow one another; −1 if they do not."""
    return int(lanes[0]) if (np.diff(lanes) == 1).all() else -1


def _row(remaining: Floats, near: Ints, blocks: Ints) -> Rows:
    """A law as the loops read it: (4, days) near, (4, blocks) far.

    Near: the chance of a stay of d days (eight zeros first, so that d may be negative); of one
    beyond; what an entrant of each day of a block counts for in it; and what each day of a block
    has more, or less, of those long inside than the block's mean. Far, by blocks since the
    entrants' own began: leavers of a block (its own too) and of a large block (the block in which
    it began counts as 0), and of a steady flow of one a day from before the start; and what an
    entrant of each block of a large one counts for in it.
    """
    left = np.maximum(-np.diff(remaining[near]), 0.0)  # P(D > d)
    pmf = np.maximum(np.concatenate([[1.0], left[:-1]]) - left, 0.0)
    a = remaining[blocks]
    count = len(a)
    far = np.zeros((4, max(count, BLOCK)))
    counts, uneven = np.zeros_like(left), np.zeros_like(left)
    counts[:BLOCK] = _relative(left[BLOCK * NEAR - 1 - np.arange(BLOCK)])
    edge = left[BLOCK * (NEAR - 1) + np.arange(BLOCK)]
    uneven[:BLOCK] = (edge - edge.mean()) / BLOCK
    far[0, 0] = 1.0 - (a[0] - a[1]) / BLOCK
    far[0, 1 : count - 1] = (a[:-2] - 2 * a[1:-1] + a[2:]) / BLOCK
    if count > BLOCK * FAR:
        k = np.arange(BLOCK, count - 1)
        far[1, k] = (a[k - BLOCK] - a[k] - a[k - BLOCK + 1] + a[k + 1]) / BLOCK**2
        staying = a[BLOCK * FAR - 1 - np.arange(BLOCK)] - a[BLOCK * FAR - np.arange(BLOCK)]
        far[3, :BLOCK] = _relative(staying)
    if far[0, BLOCK * FAR :].max(initial=0.0) > JUMP:
        far[1] = -1.0
    far[2, : count - 1] = a[:-1] - a[1:]
    pad = np.zeros(BLOCK)
    rows = [(pad, pmf), (left, pad), (counts, pad), (uneven, pad)]
    return np.array([np.concatenate(parts) for parts in rows]), far


def _relative(chances: Floats) -> Floats:
    """Chances over their mean; 1 where there are none."""
    mean = float(chances.mean())
    return chances / mean if mean > 1e-300 else np.ones_like(chances)


# The loops stand in a few functions over all channels, with offsets into whole arrays, never in
# small ones or over slices: a call or a slice costs more than the products of one row of lanes.
# Offsets without a sign let the compiler see that a row is contiguous.


@compiled
def _march(  # type: ignore[no-untyped-def]
    steps, strata, near, far, law, state, opens, closes, daily, lanes, first, last, outlet,
    profile, steady, out_state, out_lanes, out_first, stratum, links, target, share, rewards,
    weights, given, given_people, door, level, calendar, came, members, span_of, window, in_block,
    in_large, census, held, latest, moved,
):  # fmt: skip
    """Fill ``held``, ``latest`` and ``moved``, from the first step to the last.

    Arrays of people are flat: ``census`` and its like by state and stratum, ``leaving`` by
    outlet, day and lane, ``recent`` by channel, day and lane; ``in_block`` and ``in_large``,
    entrants by channel, block and lane, are room to work in.
    """
    channels, outlets, doors, spans = len(law), len(out_state), len(door), level.shape[1]
    size = len(census)
    states = size // strata
    blocks = -(-steps // BLOCK)
    large = blocks // BLOCK + 1
    p, q, levels = near.ravel(), far.ravel(), level.ravel()
    p_size, q_size = near.shape[2], far.shape[2]
    windows = window.max() + 1
    moves = len(moved) // (strata * windows)
    places = len(held) // (strata * windows)
    lane0, out0, link0 = _starts(lanes), _starts(out_lanes), _starts(links)
    share0, weight0 = _starts(links * out_lanes), _starts(out_lanes[rewards[:, 0]])
    profile0 = _starts(lanes * np.where(daily == 1, span_of.shape[1], spans))
    quick = np.ones(channels, np.bool_)
    for c in range(channels):
        quick[c] = law[c] < 0 or far[law[c], 0, 0] > QUICK
    hurried = np.ones(channels, np.bool_)  # all are told to the day until a trend is known
    entered = np.zeros(size * BLOCK)  # of each day of the block
    expected, before = np.zeros(size), np.zeros(size)  # of a day of the block, of the last one
    recent = np.zeros(lane0[channels] * NEAR * BLOCK)
    leaving = np.zeros(out0[outlets] * BLOCK)
    evenly = np.zeros(out0[outlets])  # leavers of each day, of those who entered long ago
    inside = np.zeros(lane0[channels])  # who joined a channel that everyone leaves at once
    rate = np.zeros(lanes.max())
    enter, onward, step = np.zeros(size), np.zeros(size), np.zeros(size)
    entering, gone, fewer = np.zeros(size), np.zeros(size), np.zeros(size)
    instant = np.zeros(states * size)
    pairs = np.zeros((states * states, 2), np.int64)
    working, by_day = np.zeros(channels, np.bool_), np.zeros(outlets, np.bool_)
    even = np.zeros(outlets, np.bool_)
    known = -1
    many = 0

    for block in range(blocks):
        t0 = block * BLOCK
        days = min(BLOCK, steps - t0)
        if block == NEAR:
            hurried[:] = quick
            known = -1
        fresh = _earlier(
            block, days, law, state, opens, closes, daily, lanes, first, last, outlet, stratum,
            profile, profile0, span_of, steady, strata, lane0, out0, out_first, p, q, p_size,
            q_size, blocks, large, hurried, expected, in_block, in_large, recent, leaving, evenly,
            rate, working, by_day, even,
        )  # fmt: skip
        for r in range(len(given)):
            c = given[r, 0]
            o = outlet[c]
            if not by_day[o]:
                by_day[o] = True
                leaving[out0[o] * BLOCK : out0[o + 1] * BLOCK] = 0.0
            at = out0[o] * BLOCK + given[r, 1]
            for i in range(days):
                leaving[at + i * lanes[c]] += given_people[r, t0 + i]
        entering[:] = 0.0
        gone[:] = 0.0
        _send(
            0, True, even, by_day, evenly, entering, gone, states, strata, out_state, out_lanes,
            out_first, out0, stratum, links, link0, target, share, share0,
        )  # fmt: skip
        for o in range(outlets):
            n, b = np.uint64(out_lanes[o]), np.uint64(out0[o])
            for i in range(days if by_day[o] and even[o] else 0):
                a = np.uint64(out0[o] * BLOCK + i * out_lanes[o])
                for j in range(n):
                    leaving[a + j] += evenly[b + j]
        counted = 0
        for i in range(days):
            t = t0 + i
            w = window[t]
            if w < 0:
                counted = i + 1
            enter[:] = entering
            fewer[:] = gone
            for k in range(doors):
                a = np.uint64(door[k] * strata)
                b = np.uint64((k * spans + span_of[0, t]) * strata)
                for g in range(np.uint64(strata)):
                    enter[a + g] += calendar[k, t] * levels[b + g]
            _own(
                t, i, block, law, opens, closes, lanes, outlet, lane0, out0, p, p_size, recent,
                inside, leaving, working,
            )  # fmt: skip
            _send(
                i, False, even, by_day, leaving, enter, fewer, states, strata, out_state,
                out_lanes, out_first, out0, stratum, links, link0, target, share, share0,
            )  # fmt: skip
            if span_of[0, t] != known or fresh:
                known = span_of[0, t]
                many = _instant(
                    t, p, p_size, law, state, opens, closes, daily, lanes, outlet, out0, stratum,
                    profile, profile0, links, link0, target, share, share0, span_of, hurried,
                    instant, pairs, states, strata,
                )  # fmt: skip
            _at_once(enter, step, onward, instant, pairs, many, states, strata)
            _join(
                t, i, block, blocks, strata, law, state, opens, closes, daily, lanes, outlet,
                lane0, out0, out_first, stratum, profile, profile0, span_of, p, p_size,
                recent, in_block, inside, leaving, fewer, enter, working,
            )  # fmt: skip
            a = np.uint64(i * size)
            for j in range(np.uint64(size)):
                entered[a + j] = enter[j]
                census[j] += enter[j] - fewer[j]
            if w < 0:
                continue
            for k in range(len(came)):
                a = np.uint64((w * moves + came[k, 0]) * strata)
                b = np.uint64((came[k, 1] * spans + span_of[0, t]) * strata)
                for g in range(np.uint64(strata)):
                    moved[a + g] += calendar[came[k, 1], t] * levels[b + g]
            if i + 1 == days or window[t + 1] != w:
                _count(
                    counted, i + 1, w * moves, strata, rewards, weights, weight0, even, by_day,
                    leaving, evenly, out_lanes, out_first, out0, stratum, moved,
                )  # fmt: skip
                counted = i + 1
            ends = t + 1 == steps or window[t + 1] != w
            for k in range(len(members)):
                a = np.uint64((w * places + members[k, 0]) * strata)
                b = np.uint64(members[k, 1] * strata)
                for g in range(np.uint64(strata)):
                    held[a + g] += census[b + g]
                if ends:
                    for g in range(np.uint64(strata)):
                        latest[a + g] += census[b + g]
        for j in range(size):
            total = 0.0
            for i in range(days):
                total += entered[i * size + j]
            total /= days
            expected[j] = max(2.0 * total - before[j], 0.0) if block > 0 else total
            before[j] = total
        _remember(
            t0, days, block, blocks, large, law, state, daily, lanes, first, last, outlet, stratum,
            strata, profile, profile0, span_of, lane0, out0, out_first, q, q_size, hurried, entered,
            in_block, in_large,
        )  # fmt: skip


@compiled
def _remember(  # type: ignore[no-untyped-def]
    t0, days, block, blocks, large, law, state, daily, lanes, first, last, outlet, stratum, strata,
    profile, profile0, span_of, lane0, out0, out_first, q, q_size, hurried, entered, in_block,
    in_large,
):  # fmt: skip
    """What a block's entrants count for from now on, in their block and in their large block."""
    size = len(entered) // BLOCK
    for c in range(len(law)):
        if law[c] < 0 or not first[c] <= block <= last[c]:
            continue
        n = np.uint64(lanes[c])
        row = law[c] * 4 * q_size
        own = np.uint64(lane0[c] * blocks + block * lanes[c])
        if not hurried[c]:
            # of all who joined, those who were taken to have left already have left
            stay = 1.0 / (1.0 - q[row])
            for j in range(n):
                in_block[own + j] *= -q[row] * stay
            _joining(
                in_block, lane0[c] * blocks + block * lanes[c], stay, entered, size,
                state[c] * strata, days, t0, daily[c], span_of, profile, profile0[c], lanes[c],
                stratum, out0[outlet[c]], out_first[outlet[c]],
            )  # fmt: skip
        counts = q[row + 3 * q_size + block % BLOCK]
        a = np.uint64(lane0[c] * large + (block // BLOCK) * lanes[c])
        for j in range(n):
            in_large[a + j] += counts * in_block[own + j]


@compiled
def _starts(counts):  # type: ignore[no-untyped-def]
    """Where each of some ragged parts begins, and where the last ends."""
    starts = np.zeros(len(counts) + 1, np.int64)
    for i in range(len(counts)):
        starts[i + 1] = starts[i] + counts[i]
    return starts


@compiled
def _earlier(  # type: ignore[no-untyped-def]
    block, days, law, state, opens, closes, daily, lanes, first, last, outlet, stratum, profile,
    profile0, span_of, steady, strata, lane0, out0, out_first, p, q, p_size, q_size, blocks, large,
    hurried, expected, in_block, in_large, recent, leaving, evenly, rate, working, by_day, even,
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
    for c in range(len(law)):
        o = outlet[c]
        n, out = np.uint64(lanes[c]), np.uint64(out0[o] * BLOCK)
        low, high = max(opens[c] - t0, 0), min(closes[c] - t0, days)
        joined = first[c] <= block <= last[c]
        working[c] = joined and hurried[c]
        own = np.uint64(lane0[c] * blocks + block * lanes[c])
        if working[c]:
            a = np.uint64((lane0[c] * NEAR + (block % NEAR) * lanes[c]) * BLOCK)
            for j in range(n * np.uint64(BLOCK)):
                recent[a + j] = 0.0
        if joined:
            for j in range(n):
                in_block[own + j] = 0.0
            if first[c] == block or block % BLOCK == 0:
                a = np.uint64(lane0[c] * large + big * lanes[c])
                for j in range(n):
                    in_large[a + j] = 0.0
        if low >= high:
            continue
        told = hurried[c] or law[c] < 0 or low > 0 or high < days
        if told and not by_day[o]:
            by_day[o] = True
            for j in range(n * np.uint64(BLOCK)):
                leaving[out + j] = 0.0
        if law[c] < 0:
            continue
        fresh = fresh or low > 0 or high < days
        # -- blocks long past, taken evenly --------------------------------------------------
        row, base = law[c] * 4 * q_size, lane0[c] * blocks
        past = q[row + 2 * q_size + block] if block >= NEAR else 0.0
        a = np.uint64(lane0[c])
        for j in range(n):
            rate[j] = past * steady[a + j]
        b, end = first[c], min(last[c], block - (NEAR if hurried[c] else 1))
        if joined and not hurried[c]:
            _joining(
                in_block, lane0[c] * blocks + block * lanes[c], 1.0, expected, 0,
                state[c] * strata, days, t0, daily[c], span_of, profile, profile0[c], lanes[c],
                stratum, out0[o], out_first[o],
            )  # fmt: skip
            for j in range(n):
                rate[j] += q[row] * in_block[own + j]
        if q[row + q_size] >= 0.0:  # a law that may be taken by large blocks
            f, long = first[c] // BLOCK, min(end // BLOCK, big - FAR)
            while f + 3 <= long:
                at = row + q_size + block - BLOCK * f
                q0, q1, q2, q3 = q[at], q[at - BLOCK], q[at - 2 * BLOCK], q[at - 3 * BLOCK]
                a = np.uint64(lane0[c] * large + f * lanes[c])
                for j in range(n):
                    rate[j] += (
                        q0 * in_large[a + j] + q1 * in_large[a + n + j]
                        + q2 * in_large[a + n + n + j] + q3 * in_large[a + n + n + n + j]
                    )  # fmt: skip
                f += 4
            while f <= long:
                weight = q[row + q_size + block - BLOCK * f]
                a = np.uint64(lane0[c] * large + f * lanes[c])
                for j in range(n):
                    rate[j] += weight * in_large[a + j]
                f += 1
            b = max(b, BLOCK * max(big - FAR + 1, 0))
        while b + 3 <= end:
            at = row + block - b
            q0, q1, q2, q3 = q[at], q[at - 1], q[at - 2], q[at - 3]
            a = np.uint64(base + b * lanes[c])
            for j in range(n):
                rate[j] += (
                    q0 * in_block[a + j] + q1 * in_block[a + n + j]
                    + q2 * in_block[a + n + n + j] + q3 * in_block[a + n + n + n + j]
                )  # fmt: skip
            b += 4
        while b <= end:
            weight = q[row + block - b]
            a = np.uint64(base + b * lanes[c])
            for j in range(n):
                rate[j] += weight * in_block[a + j]
            b += 1
        if low == 0 and high == days:
            a = np.uint64(out0[o])
            if not even[o]:
                even[o] = True
                for j in range(n):
                    evenly[a + j] = 0.0
            for j in range(n):
                evenly[a + j] += rate[j] / BLOCK
        else:
            for i in range(low, high):
                a = out + np.uint64(i) * n
                for j in range(n):
                    leaving[a + j] += rate[j] / BLOCK
        # -- to the day ----------------------------------------------------------------------
        row = law[c] * 4 * p_size
        if not hurried[c]:
            continue
        if block < NEAR:
            b0 = np.uint64(lane0[c])
            for i in range(low, high):
                weight = p[row + p_size + t0 + i]
                a = out + np.uint64(i) * n
                for j in range(n):
                    leaving[a + j] += weight * steady[b0 + j]
        if first[c] <= block - NEAR <= last[c]:
            b0 = np.uint64(base + (block - NEAR) * lanes[c])
            for i in range(low, high):
                weight = p[row + 3 * p_size + i]
                a = out + np.uint64(i) * n
                for j in range(n):
                    leaving[a + j] += weight * in_block[b0 + j]
        for b in range(max(first[c], block - NEAR + 1, 0), min(last[c], block - 1) + 1):
            c0 = np.uint64((lane0[c] * NEAR + (b % NEAR) * lanes[c]) * BLOCK)
            c1, c2, c3 = c0 + n, c0 + n + n, c0 + n + n + n
            c4 = c3 + n
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


@compiled
def _joining(  # type: ignore[no-untyped-def]
    to, at, weight, entered, stride, start, days, t0, daily, span_of, profile, profile0, lanes,
    stratum, base, begin,
):  # fmt: skip
    """Entrants of a block who join one channel, days of one span together; ``stride`` apart."""
    n, a, who = np.uint64(lanes), np.uint64(at), np.uint64(base)
    i = 0
    while i < days:
        span, many = span_of[daily, t0 + i], 1
        while i + many < days and span_of[daily, t0 + i + many] == span:
            many += 1
        part = np.uint64(profile0 + span * lanes)
        for k in range(many if stride > 0 else 1):
            scale = weight if stride > 0 else weight * many
            b = np.uint64((i + k) * stride + start + max(begin, 0))
            if begin >= 0:
                for j in range(n):
                    to[a + j] += scale * profile[part + j] * entered[b + j]
            else:
                for j in range(n):
                    come = entered[b + np.uint64(stratum[who + j])]
                    to[a + j] += scale * profile[part + j] * come
        i += many


@compiled
def _own(  # type: ignore[no-untyped-def]
    t, day, block, law, opens, closes, lanes, outlet, lane0, out0, p, p_size, recent, inside,
    leaving, working,
):  # fmt: skip
    """Leavers of a day who entered on an earlier one of its block, or who all leave that day."""
    for c in range(len(law)):
        n = np.uint64(lanes[c])
        a = np.uint64(out0[outlet[c]] * BLOCK + day * lanes[c])
        if law[c] < 0:
            if t == opens[c]:
                b = np.uint64(lane0[c])
                for j in range(n):
                    leaving[a + j] += inside[b + j]
        elif working[c] and day > 0 and opens[c] <= t < closes[c]:
            at = law[c] * 4 * p_size + BLOCK + day
            c0 = np.uint64((lane0[c] * NEAR + (block % NEAR) * lanes[c]) * BLOCK)
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


@compiled
def _send(  # type: ignore[no-untyped-def]
    day, evenly, even, by_day, leaving, enter, fewer, states, strata, out_state, out_lanes,
    out_first, out0, stratum, links, link0, target, share, share0,
):  # fmt: skip
    """Leavers of every outlet, out of their state and on to their targets.

    Those of outlets told to the day, or, ``evenly``, those of all others that have any.
    """
    for o in range(len(out_state)):
        if by_day[o] == evenly or (evenly and not even[o]):
            continue
        n, who = np.uint64(out_lanes[o]), np.uint64(out0[o])
        a = who if evenly else np.uint64(out0[o] * BLOCK + day * out_lanes[o])
        begin = out_first[o]
        b = np.uint64(out_state[o] * strata + max(begin, 0))
        if begin >= 0:
            for j in range(n):
                fewer[b + j] += leaving[a + j]
        else:
            for j in range(n):
                fewer[b + np.uint64(stratum[who + j])] += leaving[a + j]
        for link in range(links[o]):
            to = target[link0[o] + link]
            if to >= states:
                continue
            s = np.uint64(share0[o] + link * out_lanes[o])
            b = np.uint64(to * strata + max(begin, 0))
            if begin >= 0:
                for j in range(n):
                    enter[b + j] += share[s + j] * leaving[a + j]
            else:
                for j in range(n):
                    enter[b + np.uint64(stratum[who + j])] += share[s + j] * leaving[a + j]


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
        if most < NOBODY:
            break


@compiled
def _join(  # type: ignore[no-untyped-def]
    t, day, block, blocks, strata, law, state, opens, closes, daily, lanes, outlet, lane0,
    out0, out_first, stratum, profile, profile0, span_of, p, p_size, recent, in_block,
    inside, leaving, fewer, enter, working,
):  # fmt: skip
    """Entrants join the channels of their state; some leave again within the step."""
    for c in range(len(law)):
        if not working[c]:
            continue
        o = outlet[c]
        n, who = np.uint64(lanes[c]), np.uint64(out0[o])
        a = np.uint64((lane0[c] * NEAR + (block % NEAR) * lanes[c]) * BLOCK + day * lanes[c])
        part = np.uint64(profile0[c] + span_of[daily[c], t] * lanes[c])
        own = np.uint64(lane0[c] * blocks + block * lanes[c])
        out = np.uint64(out0[o] * BLOCK + day * lanes[c])
        begin = out_first[o]
        b = np.uint64(state[c] * strata + max(begin, 0))
        if begin >= 0:
            for j in range(n):
                recent[a + j] = enter[b + j] * profile[part + j]
        else:
            for j in range(n):
                recent[a + j] = enter[b + np.uint64(stratum[who + j])] * profile[part + j]
        if law[c] < 0:
            if t <= opens[c]:
                e = np.uint64(lane0[c])
                for j in range(n):
                    inside[e + j] += recent[a + j]
            continue
        counts = p[(law[c] * 4 + 2) * p_size + day]
        for j in range(n):
            in_block[own + j] += counts * recent[a + j]
        p0 = p[law[c] * 4 * p_size + BLOCK]
        if p0 > 0.0 and opens[c] <= t < closes[c]:
            if begin >= 0:
                for j in range(n):
                    leaving[out + j] += p0 * recent[a + j]
                    fewer[b + j] += p0 * recent[a + j]
            else:
                for j in range(n):
                    leaving[out + j] += p0 * recent[a + j]
                    fewer[b + np.uint64(stratum[who + j])] += p0 * recent[a + j]


@compiled
def _count(  # type: ignore[no-untyped-def]
    begin, end, row, strata, rewards, weights, weight0, even, by_day, leaving, evenly, out_lanes,
    out_first, out0, stratum, moved,
):  # fmt: skip
    """Add moves of some days of the block to those counted in their window."""
    for k in range(len(rewards)):
        o = rewards[k, 0]
        if not (by_day[o] or even[o]):
            continue
        n, who, w = np.uint64(out_lanes[o]), np.uint64(out0[o]), np.uint64(weight0[k])
        b = np.uint64((row + rewards[k, 1]) * strata + max(out_first[o], 0))
        for i in range(begin, end if by_day[o] else begin + 1):
            a = np.uint64(out0[o] * BLOCK + i * out_lanes[o])
            if out_first[o] < 0:
                for j in range(n):
                    people = leaving[a + j] if by_day[o] else (end - begin) * evenly[who + j]
                    moved[b + np.uint64(stratum[who + j])] += weights[w + j] * people
            elif by_day[o]:
                for j in range(n):
                    moved[b + j] += weights[w + j] * leaving[a + j]
            else:
                for j in range(n):
                    moved[b + j] += weights[w + j] * (end - begin) * evenly[who + j]


@compiled
def _instant(  # type: ignore[no-untyped-def]
    t, p, p_size, law, state, opens, closes, daily, lanes, outlet, out0, stratum,
    profile, profile0, links, link0, target, share, share0, span_of, hurried, instant, pairs,
    states, strata,
):  # fmt: skip
    """Chances of going on within the step, by state, next state and stratum; how many pairs."""
    instant[:] = 0.0
    for c in range(len(law)):
        p0 = p[law[c] * 4 * p_size + BLOCK] if law[c] >= 0 else 0.0
        if not hurried[c] or t < opens[c] or t >= closes[c] or p0 <= 0.0:
            continue
        n, o = lanes[c], outlet[c]
        row = profile0[c] + span_of[daily[c], t] * n
        for link in range(links[o]):
            to = target[link0[o] + link]
            if to < states:
                at = share0[o] + link * n
                for j in range(n):
                    into = (state[c] * states + to) * strata + stratum[out0[o] + j]
                    instant[into] += p0 * profile[row + j] * share[at + j]
    many = 0
    for pair in range(states * states):
        some = 0.0
        for g in range(strata):
            some += instant[pair * strata + g]
        if some > 0.0:
            pairs[many, 0], pairs[many, 1], many = pair // states, pair % states, many + 1
    return many
