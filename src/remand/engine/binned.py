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

from remand.engine.bin_blocks import earlier, remember
from remand.engine.bin_days import at_once, count_moves, instant_chances, join, leave_again, send
from remand.engine.bins import (
    BLOCK,
    CLOSES,
    LANE0,
    LANES,
    LAW,
    LINK0,
    LINKS,
    NEAR,
    O_LANES,
    O_OUT0,
    ONE,
    OPENS,
    OUT0,
    OUTLET,
    PROFILE0,
    QUICK,
    SHARE0,
    TWO,
    Rows,
    Singles,
    row_of,
)
from remand.engine.cache import compiled
from remand.engine.draft import Draft
from remand.engine.kernel import Floats, Ints
from remand.engine.lanes import Channel, Lanes, Run
from remand.model import laws

KEPT = 512
"""Laws whose rows a solver remembers."""


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
            found = row_of(remaining, self._near, self._blocks)
            if len(self._lasting) >= KEPT:
                self._lasting.pop(next(iter(self._lasting)))
            self._lasting[law] = found
        return found


def _before(counts: Ints) -> Ints:
    """Where each of some ragged parts begins."""
    return np.cumsum(counts) - counts


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
            fresh = earlier(
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
            send(0, True, even, by_day, evenly, entering, gone, states, strata, outlets, target,
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
            leave_again(t, i, block, table, p, p_size, recent, inside, leaving, working)
            send(i, False, even, by_day, leaving, enter, fewer, states, strata, outlets, target,
                  share)  # fmt: skip
            if span_of[0, t] != known or fresh:
                known = span_of[0, t]
                many = instant_chances(
                    t, p, p_size, table, outlets, profile, target, share, span_of, hurried,
                    instant, pairs, states, strata,
                )  # fmt: skip
            at_once(enter, step, onward, instant, pairs, many, states, strata)
            join(
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
                count_moves(
                    counted, i + 1, w * moves, strata, rewards, weights, even, by_day, leaving,
                    evenly, outlets, moved,
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
        if len(kept) > 0:
            a = np.uint64(t0 * size)
            for j in range(np.uint64(days * size)):
                kept[a + j] = entered[j]
        summed[:] = 0.0
        for i in range(days):
            a = np.uint64(i * size)
            for j in range(np.uint64(size)):
                summed[j] += entered[a + j]
        remember(
            block, days, again, table, strata, blocks, profile, span_of, p, p_size, q, q_size,
            hurried, entered, expected, summed, recent, inside, in_block, in_large,
        )  # fmt: skip
        part = ONE / np.float32(days)
        for j in range(np.uint64(size)):
            mean = part * summed[j]
            ahead = max(TWO * mean - before[j], np.float32(0.0))
            expected[j] = ahead if block > 0 else mean
            before[j] = mean
