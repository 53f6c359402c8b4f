"""How much chance alone moves an additive count over a window: exact means and variances.

People arrive as a Poisson process and move independently, so a sum over people of a reward R has
variance ``Σ E[R²]`` over arrivals (Campbell's theorem; Kingman, *Poisson Processes*, 1993, §3.2).
Seen from the start of a window, those inside are again a Poisson process, so only what happens in
the window is needed: one backward pass over it for E[R] and E[R²], applied to who comes and to
who is inside. People of a *counted* census are not Poisson: each adds ``Var R`` instead, that is,
``(E R)²`` is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.expected import Path, solve_instant, in_threads, march
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


def variances(path: Path, rewards: list[Reward], threads: int | None = None) -> Floats:
    """Variance of each reward summed over each window: (rewards, strata, windows).

    The windows run from each of the path's marks to the next, the last to the end.
    """
    kernel = path.kernel
    bounds = np.array([*path.marks, kernel.steps])
    d = np.arange(kernel.steps + 1)
    sums = [
        np.concatenate([np.zeros((len(kernel.pmf), 1)), np.cumsum(kernel.pmf * d**k, axis=1)], 1)
        for k in range(3)
    ]
    inside = np.array([reward.inside for reward in rewards])
    move = np.array([reward.move for reward in rewards])

    def one(g: int) -> Floats:
        channels = kernel.channels[g]
        out = np.zeros((len(rewards), len(bounds) - 1))
        before = np.concatenate([kernel.inside[g][:, None], path.census[g][:, :-1]], axis=1)
        _second_moments(
            bounds, kernel.arrivals[g], before, path.due[g], channels.state, channels.pmf,
            channels.profile, channels.opens, channels.closes, channels.start, channels.target,
            channels.share, kernel.pmf, kernel.profiles, *sums, inside, move, out,
        )  # fmt: skip
        return out

    done = in_threads(one, range(len(kernel.channels)), threads)
    total = np.array(done).transpose(1, 0, 2)
    if kernel.counted.any():
        total = total - _certain(kernel, rewards, bounds, threads)
    return np.maximum(total, 0.0)


def _certain(
    kernel: Kernel, rewards: list[Reward], bounds: NDArray[np.int64], threads: int | None
) -> Floats:
    """Σ (E R)² over the people of a counted census: (rewards, strata, windows).

    People of one state and stratum are alike unless their elapsed times were given; then this is
    a little too small, and the variance a little too large.
    """
    n = len(kernel.states)
    off = np.zeros((len(rewards), len(kernel.strata), len(bounds) - 1))
    for state in np.flatnonzero(kernel.counted):
        people = kernel.inside[:, state]
        leavers = [c.tonight * (c.state == state)[:, None] for c in kernel.channels]
        entries, left, _ = march(
            kernel, np.zeros_like(kernel.arrivals), leavers, threads=threads
        )
        for g, channels in enumerate(kernel.channels):
            if not people[g]:
                continue
            flow = np.zeros((n + 1, n + 1, kernel.steps))
            for c, origin in enumerate(channels.state):
                for link in range(channels.start[c], channels.start[c + 1]):
                    flow[origin, channels.target[link]] += left[g][c] * channels.share[link]
            stayed = np.cumsum(entries[g] - flow[:-1].sum(axis=1), axis=1)
            stayed[state] += people[g]
            for r, reward in enumerate(rewards):
                each = reward.inside @ stayed + np.tensordot(reward.move, flow, 2)
                off[r, g] += np.add.reduceat(each, bounds[:-1]) ** 2 / people[g]
    return off


@compiled
def _second_moments(  # type: ignore[no-untyped-def]
    bounds, arrivals, before, due, state, law, profile, opens, closes, start, target, share,
    pmf, profiles, sum0, sum1, sum2, inside, move, out,
):  # fmt: skip
    """Σ E[R²] of one stratum for every reward and window, into ``out`` (rewards, windows).

    ``sum0, sum1, sum2`` are running sums of pmf, stay × pmf and stay² × pmf, index exclusive.
    """
    states, channels = arrivals.shape[0], len(state)
    widest = 0
    for w in range(len(bounds) - 1):
        widest = max(widest, bounds[w + 1] - bounds[w])
    one = np.zeros((states, widest))
    two = np.zeros((states, widest))
    ahead1 = np.zeros((channels, widest))
    ahead2 = np.zeros((channels, widest))
    z = np.zeros((states, states))
    z2 = np.zeros((states, states))
    a, b, stay_on = np.zeros(states), np.zeros(states), np.zeros(states)
    for r in range(len(inside)):
        for w in range(len(bounds) - 1):
            first, last = bounds[w], bounds[w + 1]
            for t in range(last - 1, first - 1, -1):
                for s in range(states):
                    a[s] = b[s] = 0.0
                    stay_on[s] = 1.0
                    for s2 in range(states):
                        z[s, s2] = z2[s, s2] = 0.0
                for c in range(channels):
                    weight = profiles[profile[c], t]
                    low, high = max(t, opens[c]), min(closes[c], last)
                    if weight == 0.0 or low >= high:
                        continue
                    s, k, i, j = state[c], law[c], low - t, high - t
                    here = inside[r, s]
                    stay_on[s] -= weight * (sum0[k, j] - sum0[k, i])
                    m1 = here * (sum1[k, j] - sum1[k, i])
                    m2 = here * (sum2[k, j] - sum2[k, i])
                    p = pmf[k]
                    if i == 0 and p[0] > 0.0:
                        for link in range(start[c], start[c + 1]):
                            e, part = target[link], weight * p[0] * share[link]
                            y = move[r, s, e]
                            m1 += part * y / weight
                            m2 += part * y * y / weight
                            if e < states:
                                z[s, e] += part
                                z2[s, e] += 2.0 * part * y
                    row1, row2 = ahead1[c], ahead2[c]
                    shift = t - first
                    sum_1, sum_2, sum_12 = 0.0, 0.0, 0.0
                    for x in range(max(i, 1), j):
                        sum_1 += p[x] * row1[shift + x]
                        sum_2 += p[x] * row2[shift + x]
                        sum_12 += x * p[x] * row1[shift + x]
                    a[s] += weight * (m1 + sum_1)
                    b[s] += weight * (m2 + sum_2 + 2.0 * here * sum_12)
                for s in range(states):
                    rest = inside[r, s] * (last - t)
                    a[s] += stay_on[s] * rest
                    b[s] += stay_on[s] * rest * rest
                # same-step moves: a = a + z a, then b = b + z2 a + z b
                _keep(z, a, one, t - first)
                for s in range(states):
                    for s2 in range(states):
                        b[s] += z2[s, s2] * one[s2, t - first]
                _keep(z, b, two, t - first)
                for c in range(channels):
                    v1, v2 = 0.0, 0.0
                    for link in range(start[c], start[c + 1]):
                        e = target[link]
                        y = move[r, state[c], e]
                        v1 += share[link] * y
                        v2 += share[link] * y * y
                        if e < states:
                            v1 += share[link] * one[e, t - first]
                            v2 += share[link] * (two[e, t - first] + 2 * y * one[e, t - first])
                    ahead1[c, t - first] = v1
                    ahead2[c, t - first] = v2
            total = 0.0
            for s in range(states):
                y = move[r, states, s]
                for t in range(first, last):
                    if arrivals[s, t] != 0.0:
                        total += arrivals[s, t] * (
                            two[s, t - first] + 2.0 * y * one[s, t - first] + y * y
                        )
                stay_on[s] = before[s, first]
            for c in range(channels):
                here = inside[r, state[c]]
                for t in range(first, last):
                    people = due[c, t]
                    if people != 0.0:
                        x = here * (t - first)
                        stay_on[state[c]] -= people
                        total += people * (
                            x * x + 2.0 * x * ahead1[c, t - first] + ahead2[c, t - first]
                        )
            for s in range(states):
                rest = inside[r, s] * (last - first)
                total += max(stay_on[s], 0.0) * rest * rest
            out[r, w] = total


@compiled
def _keep(z, values, rows, column):  # type: ignore[no-untyped-def]
    """Solve (I − z) x = values and write x into a column of ``rows``; ``z`` is left as it was."""
    n = len(values)
    some = False
    for s in range(n):
        for s2 in range(n):
            if z[s, s2] != 0.0:
                some = True
    if some:
        copy = z.copy()
        solve_instant(copy, values)
    for s in range(n):
        rows[s, column] = values[s]
