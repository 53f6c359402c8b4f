"""What arrivals that come in clumps add to the variance of a count over a window.

Where arrivals are negative binomial of size r, the people of one step share one gamma Γ (mean 1,
variance 1/r) and are Poisson given it. A reward R summed over them then has variance
``E[λΓ E R²] + Var(λΓ E R) = λ E[R²] + (λ²/r) (E R)²``; steps, states and strata are independent.
The first term is that of Poisson arrivals (`remand.engine.moments`); the second is here.

For arrivals inside the window ``E R`` is what the backward pass of the variances gives. For those
before it, ``E R`` is followed back over bins that grow with the distance from the window's first
step, within a bin as if people entered evenly: bins of one step are exact, those of `GROWTH`
within a hundredth of the deviation. People inside at the start are taken as they are, known or
Poisson, in both engines: the clumps that a steady start came from are not in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.expected import solve_instant
from remand.engine.kernel import Floats, Ints, Kernel

GROWTH = 1.5
"""How much wider a bin may be than the one before it, seen from the window's first step."""

FOLLOWED = 120
"""About how many windows are followed back; between them the addition is read off a line."""


class Clumps:
    """The addition of clumped arrivals over windows, for strata that share their channels.

    Args:
        kernel: what is run; some of its arrivals have a finite size.
        bounds: first steps of the windows, and the end.
        inside: (rewards, states) 1 where each step spent counts.
        move: (rewards, states + 1, states + 1) 1 where a move counts.
        growth: of the bins; 1 follows every step.
    """

    def __init__(
        self, kernel: Kernel, bounds: Ints, inside: Floats, move: Floats, growth: float = GROWTH
    ) -> None:
        self.kernel, self.bounds, self.inside, self.move = kernel, bounds, inside, move
        self.excess = kernel.arrivals**2 / kernel.size[:, :, None]
        none = np.zeros((len(kernel.pmf), 1))
        gone = np.concatenate([none, np.cumsum(kernel.pmf, axis=1)], axis=1)
        # Σ of P(D < y) over y < x, so that four of them give the moves from one bin to another
        self.sums = np.concatenate([none, np.cumsum(gone, axis=1)], axis=1)
        empty = np.zeros((len(kernel.profiles), 1))
        self.profiles = np.concatenate([empty, np.cumsum(kernel.profiles, axis=1)], axis=1)
        cuts = {int(s) for c in kernel.channels for s in (*c.opens, *c.closes)}
        self.cuts = np.array(sorted(cuts), np.int64)
        self.edges = [_edges(self.cuts, *pair, growth) for pair in self._windows()]

    def _windows(self) -> list[tuple[int, int]]:
        return [(int(a), int(b)) for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True)]

    def added(self, kin: list[int], to_come: Floats) -> Floats:
        """Variance above that of Poisson arrivals: (rewards, windows).

        ``kin`` are the strata; ``to_come`` (rewards, states, steps) what somebody who enters has
        still to come in the window, as the backward pass has it from the first bound on.
        """
        bounds, first = self.bounds, self.bounds[0]
        excess = self.excess[kin].sum(axis=0)
        if not excess.any():
            return np.zeros((len(self.inside), len(bounds) - 1))
        here = (self.move[:, -1, :-1, None] + to_come[:, :, first:]) ** 2
        within = np.einsum("rst,st->rt", here, excess[:, first:])
        total: Floats = np.add.reduceat(within, bounds[:-1] - first, axis=1)
        sums = np.concatenate([np.zeros((len(excess), 1)), np.cumsum(excess, axis=1)], axis=1)
        followed = _followed(len(bounds) - 1)
        before = np.array([self._before(kin[0], w, to_come, sums) for w in followed]).T
        every = np.arange(len(bounds) - 1)
        total += np.array([np.interp(every, followed, row) for row in before])
        return total

    def _before(self, stratum: int, window: int, to_come: Floats, excess: Floats) -> Floats:
        """The part of those who arrive before one window: (rewards,)."""
        low, high = self.bounds[window : window + 2]
        edges = self.edges[window]
        bins = int(np.searchsorted(edges, low))
        if bins == 0:
            return np.zeros(len(self.inside))
        kernel, channels = self.kernel, self.kernel.channels[stratum]
        values = np.zeros((len(edges) - 1, len(self.inside), len(kernel.states)))
        sizes = np.diff(edges)
        ahead = np.add.reduceat(to_come[:, :, low:high], edges[bins:-1] - low, axis=2)
        values[bins:] = (ahead / sizes[bins:]).transpose(2, 0, 1)
        _back(
            edges, bins, channels.state, channels.pmf, channels.profile, channels.opens,
            channels.closes, channels.start, channels.target, channels.share, self.sums,
            self.profiles, self.inside, self.move, values,
        )  # fmt: skip
        weight = np.diff(excess[:, edges[: bins + 1]], axis=1)
        part: Floats = np.einsum("brs,sb->r", values[:bins] ** 2, weight)
        return part


def _followed(windows: int) -> NDArray[np.int64]:
    """Windows followed back: all of a few, else the first ones and then some at even distances."""
    if windows <= FOLLOWED:
        return np.arange(windows)
    half = FOLLOWED // 2
    soon = np.geomspace(1, windows, half) - 1
    both = np.concatenate([soon, np.linspace(0, windows - 1, half)])
    return np.unique(np.minimum(both.round(), windows - 1).astype(np.int64))


def _edges(cuts: Ints, low: int, high: int, growth: float) -> Ints:
    """Edges of bins from step 0 to ``high``: one is ``low``, and bins grow away from it."""
    sizes = [1]
    while sum(sizes) < max(low, high - low):
        sizes.append(int(max(sizes[-1], np.floor(sizes[-1] * growth), len(sizes) * (growth - 1))))
    away = np.concatenate([[0], np.cumsum(sizes)])
    edges = np.concatenate([low - away, low + away, cuts, [0, high]])
    return np.unique(edges[(edges >= 0) & (edges <= high)])


@compiled
def _back(  # type: ignore[no-untyped-def]
    edges, before, state, law, profile, opens, closes, start, target, share, sums, profiles,
    inside, move, values,
):  # fmt: skip
    """Fill ``values`` (bins, rewards, states) of the first ``before`` bins: mean reward to come.

    Those of later bins, which make up the window, are given.
    """
    bins, rewards, states = values.shape
    channels = len(state)
    low, high = edges[before], edges[bins]
    worth = np.zeros((channels, bins, rewards))  # of leaving by a channel in a bin
    z = np.zeros((states, states))
    once = np.zeros((states, states))
    right = np.zeros((rewards, states))
    gone = np.zeros(states)
    for b in range(bins - 1, -1, -1):
        a0, a1 = edges[b], edges[b + 1]
        if b < before:
            for s in range(states):
                gone[s] = 0.0
                for r in range(rewards):
                    right[r, s] = 0.0
                for s2 in range(states):
                    z[s, s2] = 0.0
            for c in range(channels):
                part = (profiles[profile[c], a1] - profiles[profile[c], a0]) / (a1 - a0) ** 2
                if part == 0.0:
                    continue
                s = state[c]
                g = sums[law[c]]
                for b2 in range(b, bins):
                    c0, c1 = max(edges[b2], opens[c]), min(edges[b2 + 1], closes[c])
                    if c0 >= c1:
                        continue
                    p = g[max(c1 - a0 + 1, 0)] - g[max(c1 - a1 + 1, 0)]
                    p = part * (p - g[max(c0 - a0 + 1, 0)] + g[max(c0 - a1 + 1, 0)])
                    gone[s] += p
                    if b2 == b:
                        for link in range(start[c], start[c + 1]):
                            if target[link] < states:
                                z[s, target[link]] += p * share[link]
                    else:
                        for r in range(rewards):
                            right[r, s] += p * worth[c, b2, r]
            for r in range(rewards):
                for s in range(states):
                    right[r, s] += max(1.0 - gone[s], 0.0) * inside[r, s] * (high - low)
                    for s2 in range(states):
                        once[s, s2] = z[s, s2]
                solve_instant(once, right[r])
                for s in range(states):
                    values[b, r, s] = right[r, s]
        for c in range(channels):
            for r in range(rewards):
                gain = 0.0
                if b >= before:  # steps spent in the window, by people who leave evenly over a bin
                    gain = inside[r, state[c]] * ((a0 + a1 - 1) / 2 - low)
                for link in range(start[c], start[c + 1]):
                    if b >= before:
                        gain += share[link] * move[r, state[c], target[link]]
                    if target[link] < states:
                        gain += share[link] * values[b, r, target[link]]
                worth[c, b, r] = gain
