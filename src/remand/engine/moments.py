"""How much chance alone moves an additive count over a window: exact variances.

People arrive as a Poisson process and move independently, so a sum over people of a reward R has
variance ``Σ E[R²]`` over people (Campbell's theorem; Kingman, *Poisson Processes*, 1993, §3.2).
Seen from the start of a window, those inside are again a Poisson process, so only what happens in
the window matters. R² counts pairs of what one person earns: a move with itself and twice with
all later ones, so with ``f`` the reward still to come after a move,

* moves:  ``E[R²] = Σ moves · (1 + 2 f)``,
* steps inside: ``E[R²] = Σ visits (x² + 2 x f)``, ``x`` the steps of the visit in the window.

Moves and visits come from the solved path, ``f`` from one pass backward over the window. People
of a *counted* census are not Poisson: each adds ``Var R``, so their ``(E R)²`` is taken off.
Negative-binomial arrivals come in clumps, which add to it (`remand.engine.clumped`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.clumped import Clumps
from remand.engine.expected import BLOCK, Path, push, solve_instant
from remand.engine.kernel import Channels, Floats, Kernel
from remand.engine.threads import in_threads

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Reward:
    """What is counted: steps spent in some states, and moves between states.

    Attributes:
        inside: (states,) 1 where each step spent counts.
        move: (states + 1, states + 1) 1 where a move counts; the last row is arrival from outside
            and the last column leaving for good.
    """

    inside: Floats
    move: Floats

    @classmethod
    def occupancy(cls, members: Bools) -> Reward:
        """Steps spent in a set of states."""
        n = len(members)
        return cls(members.astype(float), np.zeros((n + 1, n + 1)))

    @classmethod
    def admissions(cls, members: Bools) -> Reward:
        """Moves into a set of states from outside it."""
        within = np.append(members, False)
        return cls(np.zeros(len(members)), np.outer(~within, within).astype(float))

    @classmethod
    def releases(cls, members: Bools) -> Reward:
        """Moves out of a set of states."""
        within = np.append(members, False)
        return cls(np.zeros(len(members)), np.outer(within, ~within).astype(float))


def variances(
    path: Path,
    rewards: list[Reward],
    which: int = 0,
    groups: Bools | None = None,
    first_window: int = 0,
    threads: int | None = None,
) -> Floats:
    """Variance of each reward summed over each window: (rewards, groups, windows).

    The windows run from each mark of ``path.marks[which]`` to the next, the last to the end;
    those before ``first_window`` are left out.
    ``groups`` (groups, strata) says whose rewards are added up; without it each stratum is one.
    Exact but for clumped arrivals before a window, which are followed back in growing bins.
    """
    kernel = path.kernel
    bounds = np.array([*path.marks[which], kernel.steps])[first_window:]
    inside = np.array([reward.inside for reward in rewards])
    move = np.array([reward.move for reward in rewards])
    paired = np.arange(-len(rewards) % 2 + len(rewards)) % len(rewards)  # two rewards at a time
    since = int(bounds[0])
    visits = _Visits(path, bounds, which)
    entered = kernel.profiles > 0
    # entry steps at which anyone joins a profile: [begins, ends)
    begins = np.where(entered.any(axis=1), entered.argmax(axis=1), kernel.steps)
    ends = kernel.steps - entered[:, ::-1].argmax(axis=1)

    member = np.eye(len(kernel.strata), dtype=bool) if groups is None else groups
    clumps = Clumps(kernel, bounds, inside, move) if np.isfinite(kernel.size).any() else None

    def one(kin: list[int]) -> Floats:
        """Strata that share their channels, whose people have one future, taken together."""
        channels = kernel.channels[kin[0]]
        lengths = visits.lengths(channels)
        to_come = np.zeros((len(rewards), len(kernel.states) + 1, kernel.steps))
        for first in range(0, len(paired), 2):
            pair = paired[first : first + 2]
            rows = np.zeros((2, len(kernel.states), kernel.steps))
            for low, high in pairwise(bounds):
                _to_come(
                    low, high, channels.state, channels.pmf, channels.profile, channels.opens,
                    channels.closes, channels.start, channels.target, channels.share,
                    kernel.pmf, kernel.profiles, begins, ends, since, lengths.mean,
                    inside[pair], move[pair], rows,
                )  # fmt: skip
            to_come[pair, :-1] = rows
        later = 2 * to_come[:, :, since:]
        links = np.repeat(np.arange(len(channels)), np.diff(channels.start))
        total = np.zeros((len(rewards), kernel.steps - since))
        if move.any():
            arrivals = kernel.arrivals[kin, :, since:].sum(axis=0)
            left = np.sum([path.left[g][:, since:] for g in kin], axis=0)
            coming = move[:, -1, :-1, None]
            total += np.einsum("rst,st->rt", coming * (coming + later[:, :-1]), arrivals)
            for c, e, share in zip(links, channels.target, channels.share, strict=True):
                counted = move[:, channels.state[c], e][:, None]
                total += counted * (left[c] * share) * (counted + later[:, e])
        if inside.any():
            squares, times = visits.of(kin, lengths)
            total += inside @ squares
            for c, e, share in zip(links, channels.target, channels.share, strict=True):
                held = inside[:, channels.state[c]][:, None]
                total += held * (times[c] * share) * later[:, e]
        sums: Floats = np.add.reduceat(total, bounds[:-1] - since, axis=1)
        return sums if clumps is None else sums + clumps.added(kin, to_come[:, :-1])

    families = _families(kernel, member)
    done = in_threads(one, families, threads)
    total = np.zeros((len(rewards), len(member), len(bounds) - 1))
    for kin, answer in zip(families, done, strict=True):
        total[:, member[:, kin[0]]] += answer[:, None]
    if kernel.counted.any():
        off = _certain(path, rewards, bounds, threads)
        total = total - np.einsum("gs,rsw->rgw", member.astype(float), off)
    return np.maximum(total, 0.0)


def _families(kernel: Kernel, groups: Bools) -> list[list[int]]:
    """Strata of the same groups whose channels are the same throughout."""
    alike: dict[bytes, list[int]] = {}
    for g, c in enumerate(kernel.channels):
        parts = (c.state, c.pmf, c.profile, c.opens, c.closes, c.start, c.target, c.share)
        key = b"/".join(part.tobytes() for part in (*parts, groups[:, g]))
        alike.setdefault(key, []).append(g)
    return [kin for kin in alike.values() if groups[:, kin[0]].any()]


class _Lengths(NamedTuple):
    """Visits that begin at each step, cut at the end of their window, by state and step."""

    rest: Floats  # chance of outlasting the window
    mean: Floats  # mean steps
    square: Floats  # mean of the squared steps


class _Visits:
    """Time people spend in states within each window, whatever is counted."""

    def __init__(self, path: Path, bounds: NDArray[np.int64], which: int) -> None:
        self.path, self.bounds, self.which = path, bounds, which
        kernel = path.kernel
        self.steps = np.arange(bounds[0], kernel.steps)
        window = np.searchsorted(bounds, self.steps, side="right") - 1
        self.first, self.last = bounds[window], bounds[window + 1]
        d = np.arange(kernel.steps + 1)
        none = np.zeros((len(kernel.pmf), 1))
        self.sums = [
            np.concatenate([none, np.cumsum(kernel.pmf * d**k, axis=1)], axis=1) for k in range(3)
        ]
        # the sums over all stays that end in the entry's window, by law
        self.to_end = [table[:, self.last - self.steps] for table in self.sums]
        self.widest = int(np.diff(bounds).max())
        self.size = 1 << (2 * self.widest - 1).bit_length()
        self.spectrum = np.fft.rfft((kernel.pmf * d)[:, : self.widest], self.size)

    def lengths(self, channels: Channels) -> _Lengths:
        """Lengths of the visits of a stratum with these channels, from the first mark on."""
        kernel = self.path.kernel
        part = kernel.profiles[channels.profile][:, self.bounds[0] :]
        member = self._member(channels)
        cut = [whole[channels.pmf] for whole in self.to_end]
        # a channel that opens late or closes early: fewer stays count
        for c in np.flatnonzero((channels.opens > 0) | (channels.closes < kernel.steps)):
            low = np.maximum(channels.opens[c] - self.steps, 0)
            high = np.maximum(np.minimum(channels.closes[c], self.last) - self.steps, low)
            for order, table in enumerate(self.sums):
                cut[order][c] = table[channels.pmf[c], high] - table[channels.pmf[c], low]
        gone, mean, square = (member @ (sums * part) for sums in cut)
        rest, left = np.maximum(1.0 - gone, 0.0), self.last - self.steps
        return _Lengths(rest, mean + rest * left, square + rest * left**2)

    def _member(self, channels: Channels) -> Floats:
        """(states, channels): 1 where a channel leaves a state."""
        states = np.arange(len(self.path.kernel.states))
        member: Floats = (states[:, None] == channels.state).astype(float)
        return member

    def of(self, kin: list[int], lengths: _Lengths) -> tuple[Floats, Floats]:
        """Σ x² of visits, and Σ x of those who leave, from the first mark on.

        Visits by state and the step they begin in the window, (states, steps); those who leave
        by channel and step, (channels, steps).
        """
        path, kernel = self.path, self.path.kernel
        first = int(self.bounds[0])
        channels = kernel.channels[kin[0]]
        due = np.sum([path.due[self.which][g][:, first:] for g in kin], axis=0)
        entries = path.entries[kin, :, first:].sum(axis=0)
        inside, census = kernel.inside[kin].sum(axis=0), path.census[kin].sum(axis=0)
        since = self.steps - self.first
        member = self._member(channels)
        squares = entries * lengths.square + member @ (due * since**2)
        marks = self.bounds[:-1]
        before = np.where(marks > 0, census[:, marks - 1], inside[:, None])
        staying = before - np.add.reduceat(member @ due, marks - first, axis=1)
        squares[:, marks - first] += np.maximum(staying, 0.0) * np.diff(self.bounds) ** 2
        times = due * since
        source = entries[channels.state] * kernel.profiles[channels.profile][:, first:]
        for low, high in pairwise(self.bounds - first):
            part = np.fft.rfft(source[:, low:high], self.size) * self.spectrum[channels.pmf]
            times[:, low:high] += np.fft.irfft(part, self.size)[:, : high - low]
        steps = self.steps
        times[(steps < channels.opens[:, None]) | (steps >= channels.closes[:, None])] = 0.0
        return squares, times


def _certain(
    path: Path, rewards: list[Reward], bounds: NDArray[np.int64], threads: int | None
) -> Floats:
    """Σ (E R)² over the people of a counted census: (rewards, strata, windows).

    People of one state and stratum are alike unless their elapsed times were given; then this is
    a little too small, and the variance a little too large.
    """
    kernel = path.kernel
    off = np.zeros((len(rewards), len(kernel.strata), len(bounds) - 1))
    move = np.array([reward.move for reward in rewards])
    inside = np.array([reward.inside for reward in rewards])
    families = _families(kernel, np.ones((1, len(kernel.strata)), bool))
    for state in np.flatnonzero(kernel.counted):
        people = kernel.inside[:, state]
        first = [max(kin, key=lambda g: people[g]) for kin in families]
        own = path.alone(int(state), first, threads)
        each = np.einsum("rs,gst->rgt", inside, own.census) + own.moves(move)
        squared = np.add.reduceat(each, bounds[:-1], axis=2) ** 2
        for kin, answer in zip(families, squared.transpose(1, 0, 2), strict=True):
            off[:, kin] += people[kin, None] * answer[:, None]
    return off


@compiled
def _to_come(  # type: ignore[no-untyped-def]
    first, last, state, law, profile, opens, closes, start, target, share, pmf, profiles,
    begins, ends, begin, base, inside, move, out,
):  # fmt: skip
    """Mean reward still to come within the window, for two rewards at once.

    Fills ``out`` (2, states, steps) on [first, last), from the last step to the first. ``base``
    holds the mean steps of a visit within the window, from step ``begin`` on.
    """
    states, channels, length = out.shape[1], len(state), last - first
    ahead = np.zeros((channels, 2, length))  # by steps back from the window's last
    source = np.zeros((channels, 2, BLOCK))
    z = np.zeros((states, states))
    values = np.zeros(states)
    block = 0
    while block < length:
        end = min(block + BLOCK, length)
        for c in range(channels):
            for i in range(BLOCK):
                source[c, 0, i] = source[c, 1, i] = 0.0
        for back in range(block, end):
            t = last - 1 - back
            for r in range(2):
                at_once = False
                for s in range(states):
                    values[s] = inside[r, s] * base[s, t - begin]
                    for s2 in range(states):
                        z[s, s2] = 0.0
                for c in range(channels):
                    weight = profiles[profile[c], t]
                    if weight == 0.0:
                        continue
                    s = state[c]
                    values[s] += weight * ahead[c, r, back]
                    instant = pmf[law[c], 0]
                    if instant > 0.0 and opens[c] <= t < closes[c]:
                        at_once = True
                        for link in range(start[c], start[c + 1]):
                            part = weight * instant * share[link]
                            values[s] += part * move[r, s, target[link]]
                            if target[link] < states:
                                z[s, target[link]] += part
                if at_once:
                    solve_instant(z, values)
                for s in range(states):
                    out[r, s, t] = values[s]
                for c in range(channels):
                    if opens[c] <= t < closes[c]:
                        worth = 0.0
                        for link in range(start[c], start[c + 1]):
                            worth += share[link] * move[r, state[c], target[link]]
                            if target[link] < states:
                                worth += share[link] * values[target[link]]
                        source[c, r, back - block] = worth
                        for earlier in range(back + 1, end):
                            ahead[c, r, earlier] += worth * pmf[law[c], earlier - back]
        for c in range(channels):
            some = 0.0
            for i in range(BLOCK):
                some += abs(source[c, 0, i]) + abs(source[c, 1, i])
            # only entries that join the channel at all need to know what lies ahead of it
            low, high = max(end, last - ends[profile[c]]), min(length, last - begins[profile[c]])
            if some != 0.0 and low < high:
                push(source[c], pmf[law[c]], ahead[c, 0], ahead[c, 1], block, low, high)
        block = end
