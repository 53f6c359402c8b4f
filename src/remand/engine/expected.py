"""The exact engine: expected counts of people, step by step.

One linear recursion. If ``E_s(t)`` people enter state ``s`` at step ``t``, channel ``c`` of the
state sees ``Σ_u E_s(u) · profile_c(u) · pmf_c(t − u)`` of them leave at ``t``, and they enter its
targets in the same step; stays of zero steps make that a small linear system per step,
``(I − Z)ᵀ E = arrivals + leavers``. The census is what has entered less what has left.

The sum over ``u`` is pushed forward in blocks of eight entry steps: inside a block one by one,
beyond it all eight at once over a contiguous row. Strata whose channels have the same laws go in
pairs, so that each chance read serves sixteen products. This costs T²/2 a channel and stratum,
without approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from remand.engine.cache import compiled
from remand.engine.kernel import Floats, Kernel
from remand.engine.threads import in_threads
from remand.errors import Refusal

BLOCK = 8


@dataclass(frozen=True)
class Path:
    """What the exact engine answers: expected people and flows by stratum.

    Attributes:
        kernel: what was run.
        entries: (strata, states, steps) people who enter each state, passers-through too.
        census: (strata, states, steps) people at the end of each step.
        left: one a stratum, (channels, steps) people who leave by each channel.
        marks: lists of steps at which `due` was noted.
        due: for each list of marks, one a stratum: (channels, steps) leavers who had entered
            before the latest mark not after the step; 0 before the first mark.
    """

    kernel: Kernel
    entries: Floats
    census: Floats
    left: tuple[Floats, ...]
    marks: tuple[tuple[int, ...], ...]
    due: tuple[tuple[Floats, ...], ...]
    _alone: dict[tuple[int, ...], Path] = field(default_factory=dict, repr=False, compare=False)

    def alone(self, state: int, strata: Sequence[int], threads: int | None = None) -> Path:
        """What becomes of one person counted in a state before the start, by stratum.

        The path's strata are those asked for; one where nobody was counted stays empty.
        """
        key = (state, *strata)
        if key not in self._alone:
            here = np.arange(len(self.kernel.states)) == state
            people = self.kernel.inside[list(strata), state]
            each = np.divide(1.0, people, out=np.zeros_like(people), where=people > 0)
            whose = [self.kernel.channels[g] for g in strata]
            only = replace(
                self.kernel,
                arrivals=np.zeros_like(self.kernel.arrivals[list(strata)]),
                inside=here * (people > 0)[:, None].astype(float),
                channels=tuple(
                    replace(c, tonight=c.tonight * here[c.state][:, None] * part)
                    for c, part in zip(whose, each, strict=True)
                ),
            )
            self._alone[key] = solve(only, threads=threads)
        return self._alone[key]

    def moves(self, counted: Floats) -> Floats:
        """People who make the moves ``counted``: (…, strata, steps).

        ``counted`` is (…, states + 1, states + 1): how often a move from one state (row; the
        last is outside the model) to another (column; the last is gone) counts.
        """
        kernel = self.kernel
        n = len(kernel.states)
        out = np.empty((*counted.shape[:-2], len(kernel.channels), kernel.steps))
        for g, channels in enumerate(kernel.channels):
            origin = np.repeat(channels.state, np.diff(channels.start))
            links = counted[..., origin, channels.target] * channels.share
            weight = np.add.reduceat(links, channels.start[:-1], axis=-1)
            out[..., g, :] = weight @ self.left[g] + counted[..., n, :n] @ kernel.arrivals[g]
        return out


def solve(kernel: Kernel, marks: Sequence[Sequence[int]] = (), threads: int | None = None) -> Path:
    """Expected counts for a kernel, exact to rounding.

    ``marks`` are lists of steps at which the leavers still to come are noted (what `moments`
    needs: the first steps of each list of windows). ``threads`` work on different strata; the
    answer does not depend on their number. Raises Refusal where a rule couples people.
    """
    for limit in kernel.limits:
        raise Refusal(
            f"policy '{limit.policy}' holds '{kernel.states[limit.state]}' at {limit.places:,} "
            "places: who gets a place depends on who else is inside, so expected counts have no "
            "exact solution, and solving on averages would hide every full day. "
            "The sampled engine runs such rules (--engine sampled, or auto)"
        )
    noted = tuple(tuple(sorted(set(steps))) for steps in marks)
    entries, left, due = march(
        kernel, kernel.arrivals, [c.tonight for c in kernel.channels], noted, threads
    )
    gone = np.zeros_like(entries)
    for g, channels in enumerate(kernel.channels):
        for c, state in enumerate(channels.state):
            gone[g, state] += left[g][c]
    census = kernel.inside[:, :, None] + np.cumsum(entries - gone, axis=2)
    return Path(
        kernel=kernel,
        entries=entries,
        census=np.maximum(census, 0.0),
        left=tuple(left),
        marks=noted,
        due=tuple(tuple(rows) for rows in due),
    )


def march(
    kernel: Kernel,
    arrivals: Floats,
    leavers: Sequence[Floats],
    marks: Sequence[Sequence[int]] = (),
    threads: int | None = None,
) -> tuple[Floats, list[Floats], list[list[Floats]]]:
    """The recursion itself: entries, all leavers, and those due at each list of marks.

    ``arrivals`` is (strata, states, steps) from outside; ``leavers`` holds, for each stratum,
    (channels, steps) who leave besides those who enter during the run.
    """
    strata, states, steps = arrivals.shape
    entries = np.zeros((strata, states, steps))
    left = [rows.copy() for rows in leavers]
    due = [[np.zeros_like(rows) for rows in left] for _ in marks]
    stops = sorted({0, *(step for steps in marks for step in steps)})

    def run(pair: Sequence[int]) -> None:
        """March two strata of one structure (or one, with an empty companion)."""
        channels = kernel.channels[pair[0]]
        profile = np.array([kernel.channels[g].profile for g in pair])
        share = np.array([kernel.channels[g].share for g in pair])
        coming = np.zeros((2, states, steps))
        coming[: len(pair)] = arrivals[list(pair)]
        entering = np.zeros((2, states, steps))
        leaving = np.zeros((2, *left[pair[0]].shape))
        leaving[: len(pair)] = [left[g] for g in pair]
        for first, last in zip(stops, (*stops[1:], steps), strict=True):
            for noted, rows in zip(marks, due, strict=True):
                if first in noted:
                    for i, g in enumerate(pair):
                        rows[g][:, first:] = leaving[i, :, first:]
            _march(
                first, last, coming, channels.state, channels.pmf, profile[[0, -1]],
                channels.opens, channels.closes, channels.start, channels.target,
                share[[0, -1]], kernel.pmf, kernel.profiles, leaving, entering,
            )  # fmt: skip
        for i, g in enumerate(pair):
            entries[g], left[g] = entering[i], leaving[i]

    in_threads(run, _pairs(kernel), threads)
    return entries, left, due


def _pairs(kernel: Kernel) -> list[tuple[int, ...]]:
    """Strata two by two where their channels leave the same states by the same laws."""
    alike: dict[bytes, list[int]] = {}
    for g, c in enumerate(kernel.channels):
        structure = (c.state, c.pmf, c.opens, c.closes, c.start, c.target)
        alike.setdefault(b"/".join(part.tobytes() for part in structure), []).append(g)
    return [tuple(group[i : i + 2]) for group in alike.values() for i in range(0, len(group), 2)]


@compiled
def _march(  # type: ignore[no-untyped-def]
    first, last, arrivals, state, law, profile, opens, closes, start, target, share,
    pmf, profiles, left, entries,
):  # fmt: skip
    """Advance two strata from step ``first`` to ``last``; ``left`` holds leavers due, and gains."""
    states, steps, channels = arrivals.shape[1], arrivals.shape[2], len(state)
    source = np.zeros((channels, 2, BLOCK))
    z = np.zeros((states, states))
    enter = np.zeros(states)
    block = first
    while block < last:
        end = min(block + BLOCK, last)
        for c in range(channels):
            for i in range(BLOCK):
                source[c, 0, i] = source[c, 1, i] = 0.0
        for g in range(2):
            for t in range(block, end):
                at_once = False
                for s in range(states):
                    enter[s] = arrivals[g, s, t]
                for c in range(channels):
                    leavers = left[g, c, t]
                    instant = 0.0
                    if opens[c] <= t < closes[c]:
                        instant = profiles[profile[g, c], t] * pmf[law[c], 0]
                    if instant > 0.0 and not at_once:
                        at_once = True
                        for s in range(states):
                            for s2 in range(states):
                                z[s, s2] = 0.0
                    for link in range(start[c], start[c + 1]):
                        if target[link] < states:
                            enter[target[link]] += leavers * share[g, link]
                            if instant > 0.0:
                                z[target[link], state[c]] += instant * share[g, link]
                if at_once:
                    solve_instant(z, enter)
                for s in range(states):
                    entries[g, s, t] = enter[s]
                for c in range(channels):
                    people = enter[state[c]] * profiles[profile[g, c], t]
                    source[c, g, t - block] = people
                    if people != 0.0:
                        for later in range(max(t, opens[c]), min(end, closes[c])):
                            left[g, c, later] += people * pmf[law[c], later - t]
        for c in range(channels):
            low, high = max(end, opens[c]), min(steps, closes[c])
            some = 0.0
            for i in range(BLOCK):
                some += source[c, 0, i] + source[c, 1, i]
            if low < high and some != 0.0:
                push(source[c], pmf[law[c]], left[0, c], left[1, c], block, low, high)
        block = end


@compiled
def push(source, pmf, left, left2, block, low, high):  # type: ignore[no-untyped-def]
    """Eight entry steps from ``block`` on, pushed to leaving steps ``low`` … ``high`` − 1."""
    full = min(high, max(low, block + BLOCK))
    for t in range(low, full):  # a block cut short: some of its entries come after t
        for i in range(min(BLOCK, t - block + 1)):
            left[t] += source[0, i] * pmf[t - block - i]
            left2[t] += source[1, i] * pmf[t - block - i]
    n = high - full
    a0, a1, a2, a3 = source[0, 0], source[0, 1], source[0, 2], source[0, 3]
    a4, a5, a6, a7 = source[0, 4], source[0, 5], source[0, 6], source[0, 7]
    b0, b1, b2, b3 = source[1, 0], source[1, 1], source[1, 2], source[1, 3]
    b4, b5, b6, b7 = source[1, 4], source[1, 5], source[1, 6], source[1, 7]
    p = pmf[full - block - 7 :]
    one, two = left[full:], left2[full:]
    for i in range(n):
        p0, p1, p2, p3 = p[i + 7], p[i + 6], p[i + 5], p[i + 4]
        p4, p5, p6, p7 = p[i + 3], p[i + 2], p[i + 1], p[i]
        one[i] += a0 * p0 + a1 * p1 + a2 * p2 + a3 * p3 + a4 * p4 + a5 * p5 + a6 * p6 + a7 * p7
        two[i] += b0 * p0 + b1 * p1 + b2 * p2 + b3 * p3 + b4 * p4 + b5 * p5 + b6 * p6 + b7 * p7


@compiled
def solve_instant(z, enter):  # type: ignore[no-untyped-def]
    """Solve (I − z) x = enter in place; z ≥ 0 with spectral radius below 1 needs no pivots."""
    n = len(enter)
    for k in range(n):
        pivot = 1.0 - z[k, k]
        for i in range(k + 1, n):
            if z[i, k] != 0.0:
                factor = z[i, k] / pivot
                for j in range(k + 1, n):
                    z[i, j] += factor * z[k, j]
                enter[i] += factor * enter[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            enter[k] += z[k, j] * enter[j]
        enter[k] /= 1.0 - z[k, k]
