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
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled, within
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

TINY = 1e-30
"""Chances below this are none: single precision would slow down on what becomes of them."""

JUMP = 0.02
"""A law by which more than this share leaves within one later block is never taken by large ones:
many leave on one day, and that day would be lost."""

EIGHTH, ONE, TWO = (np.float32(x) for x in (1 / BLOCK, 1.0, 2.0))

Singles = NDArray[np.float32]
Rows = tuple[Singles, Singles]
"""A law as the loops read it: near and far, see `_row`."""

LAW, STATE, OPENS, CLOSES, DAILY, LANES, LANE, FIRST, LAST = range(9)
OUTLET, LANE0, OUT0, PROFILE0 = range(9, 13)
"""Columns of the table of channels: as in `Channel`, then the first and last block in which anyone
joins, the outlet, and where its lanes, its outlet's and its profile begin."""

O_STATE, O_LANES, O_LANE, LINKS, O_OUT0, LINK0, SHARE0 = range(7)
"""Columns of the table of outlets: the state left, lanes and the first, how many targets, and where
lanes, targets and shares begin."""


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


@dataclass(frozen=True)
class Course:
    """Sums of a solved stretch of the run, as the loops fill them; strata of all scenarios last.

    Attributes:
        census: (states, strata) at its end.
        held, last, moved: as in `Binned`, by window, place or move, and stratum.
        trail: (steps, states, strata) who entered, for those who take up from here.
    """

    census: Floats
    held: Floats
    last: Floats
    moved: Floats
    trail: Singles


class Solver:
    """Solves draws of one draft over some windows of steps.

    A solver keeps room to work in, so that each thread needs its own. Threads that take turns at
    everything but the loops hand over the one ``turn``, held by whoever calls `solve`: two that
    worked at small arrays at once would wait for each other at every step.
    """

    def __init__(
        self,
        draft: Draft,
        bounds: Sequence[int],
        places: Floats,
        moves: Floats,
        turn: Lock | None = None,
    ) -> None:
        """What is asked.

        ``bounds`` are the first steps of adjacent windows and the end of the last; ``places``
        (places, states) says which states are counted together, ``moves`` (moves, states + 1,
        states + 1) which moves, as in `remand.engine.expected.Path.moves`.
        """
        self.draft, self._turn = draft, turn
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
        self._room = (np.zeros(0, np.float32), np.zeros(0, np.float32))
        self._lasting: dict[laws.Law, Rows] = {}

    def solve(self, lanes: Lanes) -> Binned:
        """Expected people of one draw's scenarios."""
        tables = self._tables(lanes)
        first = None if lanes.together is None else self._tables(lanes.together)
        if self._turn is not None:
            self._turn.release()
        try:
            course, begin = None, 0
            if lanes.together is not None:  # one scenario stands for all until they part
                begin = min(lanes.parts // BLOCK, self.blocks)
                alike = self._march(lanes.together, first or (), 0, begin, None)
                many = lanes.inside.shape[1] // lanes.width
                course = Course(
                    np.tile(alike.census, many), np.tile(alike.held, many),
                    np.tile(alike.last, many), np.tile(alike.moved, many), alike.trail,
                )  # fmt: skip
            if course is None or begin < self.blocks:
                course = self._march(lanes, tables, begin, self.blocks, course)
        finally:
            if self._turn is not None:
                self._turn.acquire()

        def shaped(series: Floats) -> Floats:
            many = series.shape[2] // lanes.width
            split = series.reshape(*series.shape[:2], many, lanes.width)
            return split[..., : len(self.draft.strata)].transpose(2, 1, 3, 0)

        return Binned(shaped(course.held), shaped(course.moved), shaped(course.last))

    def _tables(self, lanes: Lanes) -> tuple[Any, ...]:
        """What the loops read, whatever the course."""
        runs = lanes.runs
        own: dict[laws.Law | None, int] = {None: -1}
        rows: list[Rows] = []
        for run in runs:
            if run.channel.law is not None and run.channel.law not in own:
                own[run.channel.law] = len(rows)
                rows.append(self._law(run.channel.law))
        ways, of = self._outlets(runs)
        table = np.array([
            (own[c.law], run.state, c.opens, c.closes, c.daily, c.lanes, c.lane,
             *self._blocks_of(c), outlet, 0, 0, c.profile.size)
            for run, outlet in zip(runs, of, strict=True) for c in (run.channel,)
        ], np.int64)  # fmt: skip
        outlets = np.array([
            (run.state, c.lanes, c.lane, len(c.targets), 0, 0, 0)
            for run in ways for c in (run.channel,)
        ], np.int64)  # fmt: skip
        table[:, LANE0] = _before(table[:, LANES])
        table[:, PROFILE0] = _before(table[:, PROFILE0])
        outlets[:, O_OUT0] = _before(outlets[:, O_LANES])
        outlets[:, LINK0] = _before(outlets[:, LINKS])
        outlets[:, SHARE0] = _before(outlets[:, LINKS] * outlets[:, O_LANES])
        table[:, OUT0] = outlets[table[:, OUTLET], O_OUT0]
        weights, rewards = self._rewards(ways)
        given = np.array([[g.channel, g.lane] for g in lanes.given], np.int64).reshape(-1, 2)
        leavers = np.array([g.people for g in lanes.given], np.float32)
        doors = np.array(list(lanes.levels), np.int64)
        return (
            np.array([near for near, _ in rows]), np.array([far for _, far in rows]),
            table, outlets,
            np.concatenate([run.channel.profile.ravel() for run in runs], dtype=np.float32),
            np.concatenate([run.steady for run in runs], dtype=np.float32),
            np.concatenate([np.array(run.channel.targets) for run in ways]),
            np.concatenate([run.channel.share.ravel() for run in ways], dtype=np.float32),
            rewards, weights, given, leavers.reshape(len(given), self.draft.steps), doors,
            np.array(list(lanes.levels.values()), np.float32),
            np.array(list(lanes.calendar.values()), np.float32),
            np.argwhere(self.counted[:, -1, doors] > 0), np.argwhere(self.places > 0),
            self._span_of, self.window,
        )  # fmt: skip

    def _march(
        self, lanes: Lanes, tables: tuple[Any, ...], begin: int, end: int, course: Course | None
    ) -> Course:
        """From a block to the next, after what another course has come to."""
        strata = lanes.inside.shape[1]
        if course is None:
            held = np.zeros((self.windows, len(self.places), strata))
            moved = np.zeros((self.windows, len(self.counted), strata))
            empty = np.zeros((0, len(lanes.inside), strata), np.float32)
            course = Course(lanes.inside.copy(), held, np.zeros_like(held), moved, empty)
        # only a stretch that does not reach the end is taken up
        told = BLOCK * end if end < self.blocks else 0
        trail = np.zeros((told, *lanes.inside.shape), np.float32)
        table = tables[2]
        total = int(table[:, LANES].sum())
        spare = BLOCK * int(table[:, LANES].max())  # the loops read on past the last
        blocks, large = self._room
        if len(blocks) < total * self.blocks + spare:
            blocks = np.zeros(total * self.blocks + spare, np.float32)
            large = np.zeros(total * (self.blocks // BLOCK + 1) + spare, np.float32)
            self._room = blocks, large
        room = (blocks, large, course.trail, trail, course.census.ravel(), course.held.ravel(),
                course.last.ravel(), course.moved.ravel())  # fmt: skip
        _march(*(self.steps, begin, end, strata, *tables, *room))
        return Course(course.census, course.held, course.last, course.moved, trail)

    def _outlets(self, runs: Sequence[Run]) -> tuple[list[Run], list[int]]:
        """Runs whose leavers go the same ways: the first of each, and which each run is of."""
        seen: dict[object, int] = {}
        ways: list[Run] = []
        of: list[int] = []
        for run in runs:
            o = seen.setdefault((run.state, *run.channel.way), len(seen))
            if o == len(ways):
                ways.append(run)
            of.append(o)
        return ways, of

    def _rewards(self, ways: Sequence[Run]) -> tuple[Singles, Ints]:
        """How often a leaver's move counts: weights by lane, ragged, and (outlet, move, where)."""
        found, weights, size = [], [np.zeros(0)], 0
        for o, run in enumerate(ways):
            weight = self.counted[:, run.state, run.channel.targets] @ run.channel.share
            for move in np.flatnonzero(weight.any(axis=1)):
                found.append((o, move, size))
                weights.append(weight[move])
                size += run.channel.lanes
        return np.concatenate(weights, dtype=np.float32), np.array(found, np.int64).reshape(-1, 3)

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


def _before(counts: Ints) -> Ints:
    """Where each of some ragged parts begins."""
    return np.cumsum(counts) - counts


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
    return _single(np.array([np.concatenate(parts) for parts in rows])), _single(far)


def _single(chances: Floats) -> Singles:
    """In single precision, without what is next to nothing."""
    return np.where(np.abs(chances) < TINY, 0.0, chances).astype(np.float32)


def _relative(chances: Floats) -> Floats:
    """Chances over their mean; 1 where there are none."""
    mean = float(chances.mean())
    return chances / mean if mean > 1e-300 else np.ones_like(chances)


# The loops stand in a few functions over all channels, with offsets into whole arrays, never in
# small ones or over slices: a call or a slice costs more than the products of one row of lanes.
# Offsets without a sign let the compiler see that a row is contiguous. People are in single
# precision, twice as many to a vector; sums over the run are in double.


@compiled
def _march(  # type: ignore[no-untyped-def]
    steps, begin, end, strata, near, far, table, outlets, profile, steady, target, share, rewards,
    weights, given, given_people, door, level, calendar, came, members, span_of, window, in_block,
    in_large, told, trail, census, held, latest, moved,
):  # fmt: skip
    """Fill ``held``, ``latest`` and ``moved`` from one block to another; ``told`` is before it.

    Arrays of people are flat: ``census`` and its like by state and stratum, ``leaving`` by
    outlet, day and lane, ``recent`` by channel, day and lane; ``in_block`` and ``in_large``,
    entrants by channel, block and lane, are room to work in.
    """
    channels, spans = len(table), level.shape[1]
    size = len(census)
    states = size // strata
    blocks = -(-steps // BLOCK)
    heard, kept = told.ravel(), trail.ravel()
    p, q, levels = near.ravel(), far.ravel(), level.ravel()
    p_size, q_size = near.shape[2], far.shape[2]
    windows = window.max() + 1
    moves = len(moved) // (strata * windows)
    places = len(held) // (strata * windows)
    lanes = table[:, LANES].sum()
    out_lanes = outlets[:, O_LANES].sum()
    quick = np.ones(channels, np.bool_)
    for c in range(channels):
        quick[c] = table[c, LAW] < 0 or far[table[c, LAW], 0, 0] > QUICK
    # told to the day in this block, in the last: all until a trend is known, and where windows end
    hurried, was = np.ones(channels, np.bool_), np.ones(channels, np.bool_)
    entered = np.zeros(size * BLOCK, np.float32)  # of each day of the block
    # entrants of a day of the block, as its trend has it; of the last one; of all its days
    expected, before = np.zeros(size, np.float32), np.zeros(size, np.float32)
    summed = np.zeros(size, np.float32)
    recent = np.zeros(lanes * NEAR * BLOCK, np.float32)
    leaving = np.zeros(out_lanes * BLOCK, np.float32)
    evenly = np.zeros(out_lanes, np.float32)  # leavers of each day, of those who entered long ago
    inside = np.zeros(lanes, np.float32)  # who joined a channel that everyone leaves at once
    rate = np.zeros(table[:, LANES].max(), np.float32)
    enter, entering = np.zeros(size, np.float32), np.zeros(size, np.float32)
    fewer, gone = np.zeros(size, np.float32), np.zeros(size, np.float32)
    onward, step = np.zeros(size, np.float32), np.zeros(size, np.float32)
    instant = np.zeros(states * size, np.float32)
    pairs = np.zeros((states * states, 2), np.int64)
    working, by_day = np.zeros(channels, np.bool_), np.zeros(len(outlets), np.bool_)
    even = np.zeros(len(outlets), np.bool_)
    known = -1
    many = 0

    for block in range(end):
        t0 = block * BLOCK
        days = min(BLOCK, steps - t0)
        again = block < begin
        if block == begin:
            known = -1
        for c in range(channels):
            was[c] = hurried[c]
            opens, closes = table[c, OPENS] - t0, table[c, CLOSES] - t0
            hurried[c] = quick[c] or block < NEAR or 0 < opens < days or 0 < closes < days
            if hurried[c] != was[c]:
                known = -1
        fresh = False
        if again:
            width = np.uint64(told.shape[2])
            for row in range(days * states):
                b = np.uint64(t0 * states + row) * width
                for k in range(strata // told.shape[2]):
                    a = np.uint64(row * strata) + np.uint64(k) * width
                    for g in range(width):
                        entered[a + g] = heard[b + g]
        else:
            fresh = _earlier(
                block, days, table, strata, blocks, profile, span_of, steady, p, p_size, q,
                q_size, hurried, was, expected, recent, in_block, in_large, leaving, evenly, rate,
                working, by_day, even,
            )  # fmt: skip
            for r in range(len(given)):
                o, n = table[given[r, 0], OUTLET], table[given[r, 0], LANES]
                at = outlets[o, O_OUT0] * BLOCK
                if not by_day[o]:
                    by_day[o] = True
                    leaving[at : at + n * BLOCK] = 0.0
                for i in range(days):
                    leaving[at + i * n + given[r, 1]] += given_people[r, t0 + i]
            entering[:] = 0.0
            gone[:] = 0.0
            _send(0, True, even, by_day, evenly, entering, gone, states, strata, outlets, target,
                  share)  # fmt: skip
            for o in range(len(outlets)):
                n, b = np.uint64(outlets[o, O_LANES]), np.uint64(outlets[o, O_OUT0])
                for i in range(days if by_day[o] and even[o] else 0):
                    a = b * np.uint64(BLOCK) + np.uint64(i) * n
                    for j in range(n):
                        leaving[a + j] += evenly[b + j]
        counted = 0
        for i in range(0 if again else days):
            t = t0 + i
            w = window[t]
            if w < 0:
                counted = i + 1
            for j in range(np.uint64(size)):
                enter[j], fewer[j] = entering[j], gone[j]
            for k in range(len(door)):
                a = np.uint64(door[k] * strata)
                b = np.uint64((k * spans + span_of[0, t]) * strata)
                for g in range(np.uint64(strata)):
                    enter[a + g] += calendar[k, t] * levels[b + g]
            _own(t, i, block, table, p, p_size, recent, inside, leaving, working)
            _send(i, False, even, by_day, leaving, enter, fewer, states, strata, outlets, target,
                  share)  # fmt: skip
            if span_of[0, t] != known or fresh:
                known = span_of[0, t]
                many = _instant(
                    t, p, p_size, table, outlets, profile, target, share, span_of, hurried,
                    instant, pairs, states, strata,
                )  # fmt: skip
            _at_once(enter, step, onward, instant, pairs, many, states, strata)
            _join(
                t, i, block, strata, table, profile, span_of, p, p_size, recent, inside, leaving,
                fewer, enter, working,
            )  # fmt: skip
            a = np.uint64(i * size)
            for j in range(np.uint64(size)):
                entered[a + j] = enter[j]
                census[j] += np.float64(enter[j]) - np.float64(fewer[j])
            if w < 0:
                continue
            for k in range(len(came)):
                a = np.uint64((w * moves + came[k, 0]) * strata)
                b = np.uint64((came[k, 1] * spans + span_of[0, t]) * strata)
                for g in range(np.uint64(strata)):
                    moved[a + g] += calendar[came[k, 1], t] * levels[b + g]
            if i + 1 == days or window[t + 1] != w:
                _count(counted, i + 1, w * moves, strata, rewards, weights, even, by_day, leaving,
                       evenly, outlets, moved)  # fmt: skip
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
        if len(kept) > 0:
            a = np.uint64(t0 * size)
            for j in range(np.uint64(days * size)):
                kept[a + j] = entered[j]
        summed[:] = 0.0
        for i in range(days):
            a = np.uint64(i * size)
            for j in range(np.uint64(size)):
                summed[j] += entered[a + j]
        _remember(
            block, days, again, table, strata, blocks, profile, span_of, p, p_size, q, q_size,
            hurried, entered, expected, summed, recent, inside, in_block, in_large,
        )  # fmt: skip
        part = ONE / np.float32(days)
        for j in range(np.uint64(size)):
            mean = part * summed[j]
            ahead = max(TWO * mean - before[j], np.float32(0.0))
            expected[j] = ahead if block > 0 else mean
            before[j] = mean


@within
def _remember(  # type: ignore[no-untyped-def]
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
            _room(block, table, c, own, a, in_block, in_large)
            if not hurried[c]:
                _joining(in_block, own, ONE, table, c, expected, start, 0, expected, profile,
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
            _joining(in_block, own, stay, table, c, summed, start, size, entered, profile,
                     span_of, t0, days)  # fmt: skip
        counts = q[(law * 4 + 3) * q_size + block % BLOCK]
        for j in range(n):
            in_large[a + j] += counts * in_block[own + j]


@within
def _room(block, table, c, own, a, in_block, in_large):  # type: ignore[no-untyped-def]
    """Nobody yet in a channel's block, nor in its large block if that begins."""
    for j in range(np.uint64(table[c, LANES])):
        in_block[own + j] = 0.0
    if table[c, FIRST] == block or block % BLOCK == 0:
        for j in range(np.uint64(table[c, LANES])):
            in_large[a + j] = 0.0


@within
def _joining(  # type: ignore[no-untyped-def]
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
def _earlier(  # type: ignore[no-untyped-def]
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
            _room(block, table, c, own, large + np.uint64(big) * n, in_block, in_large)
        if joined and not hurried[c]:  # as if the window were open, if it is not yet
            _joining(in_block, own, ONE, table, c, expected, table[c, STATE] * strata
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
            _past(rate, n, q, row + q_size + block, BLOCK, in_large, large, f, long)
            b = max(b, BLOCK * max(big - FAR + 1, 0))
        _past(rate, n, q, row + block, 1, in_block, base, b, end)
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
def _past(rate, n, q, at, wide, people, base, b, end):  # type: ignore[no-untyped-def]
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


@within
def _own(  # type: ignore[no-untyped-def]
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
def _send(  # type: ignore[no-untyped-def]
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
def _at_once(  # type: ignore[no-untyped-def]
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
def _join(  # type: ignore[no-untyped-def]
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
def _count(  # type: ignore[no-untyped-def]
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
def _instant(  # type: ignore[no-untyped-def]
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
