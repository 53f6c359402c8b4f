"""Time in a kind of custody, person by person: the sampled engine's three stays."""

from __future__ import annotations

import numpy as np

from remand.engine.book import INSIDE, Lives
from remand.engine.cache import compiled
from remand.engine.kernel import Floats, Ints, Kernel
from remand.engine.kinds import beyond, carried_at_start
from remand.engine.plan import Plan


def spells(kernel: Kernel, plan: Plan, lives: Lives, edges: Ints) -> list[Floats]:
    """``to_come``, ``ended`` and ``so_far`` of a replicate, as in `remand.engine.sampled.Sample`.

    Of people inside at the start only the mean time so far is known. What lies beyond the run is
    expected: the rest of the stay by its law, and of the kind after it.
    """
    strata, states = kernel.inside.shape
    _, earlier = carried_at_start(kernel)
    since = np.zeros(len(lives.step))
    found = np.flatnonzero(lives.previous == INSIDE)
    since[found] = inside_since(kernel, plan, lives, found)
    since[found] -= earlier[lives.stratum[found], plan.origin[lives.move[found]]]
    later = np.array([np.append(beyond(kernel, c), 0.0) for c in kernel.channels])
    days = np.arange(kernel.steps + 1)
    none = np.zeros((len(kernel.pmf), 1))
    chance = np.concatenate([none, np.cumsum(kernel.pmf, axis=1)], axis=1)
    length = np.concatenate([none, np.cumsum(kernel.pmf * days, axis=1)], axis=1)
    law = plan.law[plan.way_channel]
    out = np.zeros((3, strata, states, len(edges) - 1))
    _follow(
        lives.move, lives.way, lives.step, lives.entered, lives.previous, lives.stratum, since,
        plan.origin, plan.target, np.append(kernel.kind, -1), law, kernel.mean, chance, length,
        later, kernel.steps, edges, *out,
    )  # fmt: skip
    return list(out)


def inside_since(kernel: Kernel, plan: Plan, lives: Lives, records: Ints) -> Floats:
    """When people inside at the start entered their state: a mean, in steps, below zero.

    Given the step and the exit by which they leave; of those who stay on, the mean of the rest.
    """
    strata, states = kernel.inside.shape
    people = np.zeros((strata, len(plan.origin), kernel.steps))
    time = np.zeros_like(people)
    for g, channels in enumerate(kernel.channels):
        for c in np.flatnonzero(channels.tonight.any(axis=1)):
            for link in range(channels.start[c], channels.start[c + 1]):
                move = plan.move[channels.state[c], channels.target[link]]
                people[g, move] += channels.tonight[c] * channels.share[link]
                time[g, move] += channels.tonight_time[c] * channels.share[link]
    stay = np.divide(time, people, out=np.zeros_like(time), where=people > 0)
    before = time - people * np.arange(kernel.steps)
    known, total = np.zeros((2, strata, states))
    for m, state in enumerate(plan.origin.tolist()):
        if state < states:
            known[:, state] += people[:, m].sum(axis=1)
            total[:, state] += before[:, m].sum(axis=1)
    rest = kernel.inside - known
    left = kernel.inside * kernel.inside_so_far - total
    mean = np.where(rest > 1e-9, left / np.where(rest > 1e-9, rest, 1.0), kernel.inside_so_far)
    who, made, step = lives.stratum[records], lives.move[records], lives.step[records]
    ends = step < kernel.steps
    at: Ints = np.minimum(step, kernel.steps - 1)
    since: Floats = np.where(ends, step - stay[who, made, at], -mean[who, plan.origin[made]])
    return since


@compiled
def _follow(  # type: ignore[no-untyped-def]
    move, way, step, entered, previous, stratum, since, origin, target, kind, law, mean, chance,
    length, later, steps, edges, to_come, ended, so_far,
):  # fmt: skip
    """Follow every person's time in a kind from move to move; ``since`` is filled in."""
    states, windows = len(kind) - 1, len(edges) - 1
    first = np.full(len(move), -1)
    people = np.zeros((to_come.shape[0], states, windows + 1))
    begun = np.zeros_like(people)
    for record in range(len(move)):
        before = previous[record]
        o, e, g, t = origin[move[record]], target[move[record]], stratum[record], step[record]
        if o == states:
            continue
        if before >= 0:
            if kind[origin[move[before]]] == kind[o]:
                since[record], first[record] = since[before], first[before]
            else:
                since[record], first[record] = step[before], o
        start = since[record]
        admitted = -1
        if first[record] >= 0 and edges[0] <= start < edges[windows]:
            admitted = np.searchsorted(edges, start, side="right") - 1
        if kind[e] != kind[o] or t == steps:
            if t < steps:
                spent = t - start
                if edges[0] <= t < edges[windows]:
                    ended[g, o, np.searchsorted(edges, t, side="right") - 1] += spent
            elif admitted >= 0:
                drawn, least = law[way[record]], steps - entered[record]
                rest = mean[drawn] - length[drawn, least]
                alive = 1.0 - chance[drawn, least]
                spent = entered[record] - start + (rest / alive if alive > 0.0 else least)
                if kind[e] == kind[o]:
                    spent += later[g, e]
            if admitted >= 0:
                to_come[g, first[record], admitted] += spent
        # inside at a window's last step: that step is not before entering, and before leaving
        low = np.searchsorted(edges[1:], max(entered[record], 0), side="right")
        high = np.searchsorted(edges[1:], t, side="right") if t < steps else windows
        if low < high:
            people[g, o, low] += 1
            people[g, o, high] -= 1
            begun[g, o, low] += start
            begun[g, o, high] -= start
    for g in range(people.shape[0]):
        for s in range(states):
            count = total = 0.0
            for w in range(windows):
                count += people[g, s, w]
                total += begun[g, s, w]
                so_far[g, s, w] = edges[w + 1] * count - total
