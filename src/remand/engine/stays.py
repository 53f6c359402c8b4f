"""How long people stay in a *kind* of custody: three means that are never interchanged.

A stay runs from entering a kind from outside it to leaving it; moving between states of one kind
(detention → county sentence) goes on with the same stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from remand.engine.cache import compiled
from remand.engine.expected import Path, march, solve_instant
from remand.engine.kernel import Channels, Floats, Kernel
from remand.engine.kinds import beyond, carried_at_start, endless, within_kind
from remand.engine.threads import in_threads


@dataclass(frozen=True)
class Stays:
    """Time spent in the kind of each state.

    Attributes:
        to_come: (strata, states, steps) mean steps still to be spent in the kind by who enters a
            state at a step, under everything that will be in force; beyond the last step the
            kernel stays as it is then.
        ended: (strata, states, steps) steps spent in the kind, all together, by those who leave
            the state for another kind at each step.
        so_far: (strata, states, steps) steps spent in the kind so far, all together, by those
            inside each state at the end of each step.
    """

    to_come: Floats
    ended: Floats
    so_far: Floats


def stays(path: Path, threads: int | None = None) -> Stays:
    """The three stays of a solved path, exact to rounding.

    People already inside at the start of a counted census bring the time since they entered
    their state; what they spent in the same kind before that is not known and counts as zero.
    """
    kernel = path.kernel
    ended, so_far = _spent(path, threads)
    to_come = in_threads(
        lambda g: _to_come(kernel, kernel.channels[g]), range(len(kernel.channels)), threads
    )
    return Stays(np.array(to_come), ended, so_far)


def _spent(path: Path, threads: int | None) -> tuple[Floats, Floats]:
    """Time in the kind of those who leave it, and of those inside."""
    kernel = path.kernel
    n, steps = len(kernel.states), kernel.steps
    nowhere = [replace(c, target=np.full_like(c.target, n)) for c in kernel.channels]
    lengths = replace(kernel, channels=tuple(nowhere), pmf=kernel.pmf * np.arange(steps + 1))
    _, in_state, _ = march(
        lengths, path.entries, [c.tonight_time for c in kernel.channels], threads=threads
    )
    inner = tuple(within_kind(kernel, c) for c in kernel.channels)
    before, earlier = carried_at_start(kernel)
    for g, channels in enumerate(kernel.channels):
        in_state[g] += channels.tonight * earlier[g, channels.state][:, None]
    kept = replace(kernel, channels=inner)
    carried, spent, _ = march(kept, np.zeros_like(kernel.arrivals), in_state, threads=threads)
    ended, moved = np.zeros_like(carried), np.zeros_like(carried)
    for g, channels in enumerate(inner):
        for c, state in enumerate(channels.state):
            links = slice(channels.start[c], channels.start[c + 1])
            out = channels.share[links][channels.target[links] == n].sum()
            ended[g, state] += spent[g][c] * out
            moved[g, state] += spent[g][c]
    so_far = before[:, :, None] + np.cumsum(path.census + carried - moved, axis=2)
    return ended, np.maximum(so_far, 0.0)


def _to_come(kernel: Kernel, channels: Channels) -> Floats:
    """Mean steps still to come in the kind, by state and entry step; backward in time."""
    inner = within_kind(kernel, channels)
    n, steps = len(kernel.states), kernel.steps
    open_ended = endless(kernel, channels)
    later = beyond(kernel, channels)
    d = np.arange(steps + 2)
    chance = np.concatenate([np.zeros((len(kernel.pmf), 1)), np.cumsum(kernel.pmf, axis=1)], axis=1)
    length = np.concatenate(
        [np.zeros((len(kernel.pmf), 1)), np.cumsum(kernel.pmf * d[:-1], axis=1)], axis=1
    )
    out = np.zeros((n, steps))
    _backward(
        inner.state, inner.pmf, inner.profile, inner.opens, inner.closes, inner.start,
        inner.target, inner.share, kernel.pmf, kernel.profiles, kernel.mean, open_ended,
        chance, length, later, out,
    )  # fmt: skip
    return out


@compiled
def _backward(  # type: ignore[no-untyped-def]
    state, law, profile, opens, closes, start, target, share, pmf, profiles, mean, open_ended,
    chance, length, later, out,
):  # fmt: skip
    """Fill ``out`` (states, steps) from the last step to the first.

    ``chance`` and ``length`` are running sums of pmf and of stay × pmf, exclusive of the index.
    """
    states, steps = out.shape
    ahead = np.zeros((len(state), steps))  # mean time to come after leaving by a channel
    beyond = np.zeros(len(state))
    onward = np.zeros(len(state), np.bool_)
    for c in range(len(state)):
        for link in range(start[c], start[c + 1]):
            if target[link] < states:
                onward[c] = True
                beyond[c] += share[link] * later[target[link]]
    z = np.zeros((states, states))
    rhs = np.zeros(states)
    for t in range(steps - 1, -1, -1):
        for s in range(states):
            rhs[s] = 0.0
            for s2 in range(states):
                z[s, s2] = 0.0
        for c in range(len(state)):
            low, high = max(t, opens[c]), closes[c]
            weight = profiles[profile[c], t]
            if weight == 0.0 or low >= high:
                continue
            i, j = low - t, high - t
            value = length[law[c], j] - length[law[c], i]
            if open_ended[c]:
                value = mean[law[c]] - length[law[c], i]
            if onward[c]:
                if open_ended[c]:
                    value += beyond[c] * (1.0 - chance[law[c], j])
                row, p = ahead[c], pmf[law[c]]
                total = 0.0
                for k in range(max(i, 1), j):
                    total += p[k] * row[t + k]
                value += total
                if i == 0 and p[0] > 0.0:
                    for link in range(start[c], start[c + 1]):
                        if target[link] < states:
                            z[state[c], target[link]] += weight * p[0] * share[link]
            rhs[state[c]] += weight * value
        solve_instant(z, rhs)
        for s in range(states):
            out[s, t] = rhs[s]
        for c in range(len(state)):
            if onward[c]:
                for link in range(start[c], start[c + 1]):
                    if target[link] < states:
                        ahead[c, t] += share[link] * rhs[target[link]]
