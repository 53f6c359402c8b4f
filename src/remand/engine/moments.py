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
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.expected import BLOCK, Path, in_threads, march, push, solve_instant
from remand.engine.kernel import Floats, Kernel

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
    path: Path, rewards: list[Reward], which: int = 0, threads: int | None = None
) -> Floats:
    """Variance of each reward summed over each window: (rewards, strata, windows).

    The windows run from each mark of ``path.marks[which]`` to the next, the last to the end.
    """
    kernel = path.kernel
    bounds = np.array([*path.marks[which], kernel.steps])
    inside = np.array([reward.inside for reward in rewards])
    move = np.array([reward.move for reward in rewards])
    paired = np.arange(-len(rewards) % 2 + len(rewards)) % len(rewards)  # two rewards at a time
    visits = _Visits(path, bounds, which)

    def one(g: int) -> Floats:
        channels = kernel.channels[g]
        squares, times = visits.of(g)
        to_come = np.zeros((len(rewards), len(kernel.states), kernel.steps))
        for first in range(0, len(paired), 2):
            pair = paired[first : first + 2]
            rows = np.zeros((2, len(kernel.states), kernel.steps))
            for low, high in zip(bounds[:-1], bounds[1:], strict=True):
                _to_come(
                    low, high, channels.state, channels.pmf, channels.profile, channels.opens,
                    channels.closes, channels.start, channels.target, channels.share,
                    kernel.pmf, kernel.profiles, visits.base[g], inside[pair], move[pair], rows,
                )  # fmt: skip
            to_come[pair] = rows
        links = np.repeat(np.arange(len(channels)), np.diff(channels.start))
        origin = channels.state[links]
        ahead = np.concatenate([to_come, np.zeros((len(rewards), 1, kernel.steps))], axis=1)
        out = inside @ np.add.reduceat(squares, bounds[:-1], axis=1)
        each = np.zeros((len(rewards), kernel.steps))
        for link, (c, e) in enumerate(zip(links, channels.target, strict=True)):
            share = channels.share[link]
            counted = move[:, origin[link], e][:, None]
            later = 2 * ahead[:, e]
            each += counted * (path.left[g][c] * share) * (counted + later)
            each += inside[:, origin[link]][:, None] * (times[c] * share) * later
        for s in range(len(kernel.states)):
            counted = move[:, -1, s][:, None]
            each += counted * kernel.arrivals[g, s] * (counted + 2 * ahead[:, s])
        return out + np.add.reduceat(each, bounds[:-1], axis=1)

    done = in_threads(one, range(len(kernel.channels)), threads)
    total = np.array(done).transpose(1, 0, 2)
    if kernel.counted.any():
        total = total - _certain(path, rewards, bounds, threads)
    return np.maximum(total, 0.0)


class _Visits:
    """Time people spend in states within each window, whatever is counted."""

    def __init__(self, path: Path, bounds: NDArray[np.int64], which: int) -> None:
        self.path, self.bounds, self.which = path, bounds, which
        kernel = path.kernel
        steps = np.arange(kernel.steps)
        window = np.maximum(np.searchsorted(bounds, steps, side="right") - 1, 0)
        self.first, self.last = bounds[window], bounds[window + 1]
        d = np.arange(kernel.steps + 1)
        none = np.zeros((len(kernel.pmf), 1))
        self.sums = [
            np.concatenate([none, np.cumsum(kernel.pmf * d**k, axis=1)], axis=1) for k in range(3)
        ]
        self.widest = int(np.diff(bounds).max())
        self.size = 1 << (2 * self.widest - 1).bit_length()
        self.spectrum = np.fft.rfft((kernel.pmf * d)[:, : self.widest], self.size)
        self.rest: list[Floats] = []  # chance that a visit outlasts its window
        self.base = [self._mean_steps(g) for g in range(len(kernel.channels))]

    def _sums(self, g: int, order: int) -> Floats:
        """Σ stay^order × pmf over stays that end in the entry's window: (channels, steps)."""
        c = self.path.kernel.channels[g]
        steps = np.arange(self.path.kernel.steps)
        low = np.maximum(c.opens[:, None] - steps, 0)
        high = np.maximum(np.minimum(c.closes[:, None], self.last) - steps, low)
        table, width = self.sums[order].ravel(), self.sums[order].shape[1]
        row = c.pmf[:, None] * width
        return (table[row + high] - table[row + low]) * self.path.kernel.profiles[c.profile]

    def _by_state(self, g: int, values: Floats) -> Floats:
        """Sum over the channels of each state."""
        states = np.arange(len(self.path.kernel.states))
        member = (states[:, None] == self.path.kernel.channels[g].state).astype(float)
        return member @ values

    def _mean_steps(self, g: int) -> Floats:
        """Mean steps of a visit within its window, by state and entry step."""
        self.rest.append(np.maximum(1.0 - self._by_state(g, self._sums(g, 0)), 0.0))
        left = self.last - np.arange(self.path.kernel.steps)
        return self._by_state(g, self._sums(g, 1)) + self.rest[g] * left

    def of(self, g: int) -> tuple[Floats, Floats]:
        """Σ x² of visits, by state and the step they begin in the window (states, steps); and
        Σ x of those who leave by each channel at each step (channels, steps)."""
        path, kernel = self.path, self.path.kernel
        channels, due = kernel.channels[g], path.due[self.which][g]
        steps = np.arange(kernel.steps)
        squares = path.entries[g] * (
            self._by_state(g, self._sums(g, 2)) + self.rest[g] * (self.last - steps) ** 2
        )
        since = steps - self.first
        begun = self._by_state(g, due)
        squares += self._by_state(g, due * since**2)
        before = np.concatenate([kernel.inside[g][:, None], path.census[g][:, :-1]], axis=1)
        marks = self.bounds[:-1]
        length = np.diff(self.bounds)
        staying = before[:, marks] - np.add.reduceat(begun, marks, axis=1)
        squares[:, marks] += np.maximum(staying, 0.0) * length**2
        squares[:, : marks[0]] = 0.0
        times = due * since
        source = path.entries[g][channels.state] * kernel.profiles[channels.profile]
        for low, high in zip(self.bounds[:-1], self.bounds[1:], strict=True):
            part = np.fft.rfft(source[:, low:high], self.size) * self.spectrum[channels.pmf]
            times[:, low:high] += np.fft.irfft(part, self.size)[:, : high - low]
        shut = (steps < channels.opens[:, None]) | (steps >= channels.closes[:, None])
        times[shut] = 0.0
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
    for state, own in path.counted_only(threads).items():
        each = np.einsum("rs,gst->rgt", inside, own.census) + own.moves(move)
        people = kernel.inside[:, state]
        earned = np.add.reduceat(each, bounds[:-1], axis=2) ** 2
        off += np.divide(
            earned, people[:, None], out=np.zeros_like(earned), where=people[:, None] > 0
        )
    return off


@compiled
def _to_come(  # type: ignore[no-untyped-def]
    first, last, state, law, profile, opens, closes, start, target, share, pmf, profiles,
    base, inside, move, out,
):  # fmt: skip
    """Mean reward still to come within the window, for two rewards at once.

    Fills ``out`` (2, states, steps) on [first, last), from the last step to the first. ``base``
    holds the mean steps of a visit within the window.
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
                    values[s] = inside[r, s] * base[s, t]
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
            if some != 0.0 and end < length:
                push(source[c], pmf[law[c]], ahead[c, 0], ahead[c, 1], block, end, length)
        block = end
