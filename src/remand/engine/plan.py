"""What the sampled engine reads at every draw, made once from a kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln, pdtr

from remand.engine.kernel import Channels, Floats, Ints, Kernel
from remand.engine.streams import purpose

BINS = 4096
"""Bins of a guide table: most hold a single stay, which is then known without a search."""

Keys = NDArray[np.uint64]


class CountLaw(NamedTuple):
    """Poisson or negative-binomial counts, drawn by inversion from the middle outward.

    Attributes:
        mean: expected count; ``size`` of the negative binomial, infinity for Poisson.
        mode: a count in the middle, ``below`` the chance of at most so many, ``chance`` of just
            so many.
    """

    mean: Floats
    size: Floats
    mode: Ints
    below: Floats
    chance: Floats

    @classmethod
    def of(cls, mean: Floats, size: Floats) -> CountLaw:
        """Tables for counts of these means and sizes (broadcast together)."""
        mean = np.ascontiguousarray(mean)
        mode = np.floor(mean)
        size = np.broadcast_to(size, mean.shape)
        some = np.where(np.isfinite(size), size, 1.0)
        part = some / (some + mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            poisson = np.exp(np.where(mean > 0, mode * np.log(mean), 0) - mean - gammaln(mode + 1))
            clumped = np.exp(
                gammaln(mode + some) - gammaln(mode + 1) - gammaln(some)
                + some * np.log(part) + np.where(mode > 0, mode * np.log1p(-part), 0.0)
            )  # fmt: skip
        finite = np.isfinite(size)
        return cls(
            mean=mean,
            size=np.ascontiguousarray(size),
            mode=mode.astype(np.int64),
            below=np.where(finite, betainc(some, mode + 1, part), pdtr(mode, mean)),
            chance=np.where(finite, clumped, poisson),
        )


class Limits(NamedTuple):
    """The kernel's limits as arrays: see `remand.engine.kernel.Limit`. ``keys`` are purposes."""

    state: Ints
    target: Ints
    places: Ints
    kept: Floats
    refuse: NDArray[np.bool_]
    rank: Ints
    random: NDArray[np.bool_]
    keys: Keys

    @classmethod
    def of(cls, kernel: Kernel) -> Limits:
        """The limits of a kernel, in the order they act."""
        own = kernel.limits
        names = [purpose("limit", x.policy, kernel.states[x.state]) for x in own]
        return cls(
            state=np.array([x.state for x in own], np.int64),
            target=np.array([x.target for x in own], np.int64),
            places=np.array([x.places for x in own], np.int64),
            kept=np.array([x.kept for x in own]).reshape(len(own), kernel.steps),
            refuse=np.array([x.refuse for x in own], np.bool_),
            rank=np.array([x.rank for x in own], np.int64).reshape(len(own), len(kernel.channels)),
            random=np.array([x.random for x in own], np.bool_),
            keys=np.array(names, np.uint64),
        )


class Plan(NamedTuple):
    """Arrays of a kernel, laid out for drawing.

    Attributes:
        steps: how many.
        origin, target: (moves,) the states between which anyone may move; the number of states
            is *outside* and *gone*.
        move: (states + 1, states + 1) index of each move, −1 where there is none.
        into_start, into: moves by the state entered; ``out_start``, ``out``: by the state left.
        exit_start: (strata, states + 1) the exits of each state; the arrays of exits follow.
        exit_move: (exits,) which move; ``exit_usual``: row of `Kernel.profiles`.
        way_start: (exits + 1,) the ways of each exit: one a channel, by window and then by law.
        way_channel: (ways,) and ``way_share`` of the channel's people.
        law, profile, opens, closes: (channels,) of all strata, as in `Channels`.
        stale: (strata, steps, states) whether the tables of a state must be made anew.
        reach: (laws, steps + 2) chance of a stay of at most d steps, then 2: searches end there.
        guide: (laws, BINS) twice the first stay a bin may hold, and 1 more if it holds no other.
        sudden: (laws,) whether everyone leaves in the window's only step.
        arriving: (arrivals,) states people come to from outside; ``arrivals`` (strata, arrivals,
            steps).
        inside: (strata, states) people at the start; ``before`` those of earlier strata, counted.
        inside_exit: (exits,) chance that one of them leaves by an exit of their state during the
            run or by an earlier one; ``inside_left`` (exits, steps) that they have left by a step.
        counted, profiles: as in `Kernel`; ``limits`` as arrays.
        keys: (strata, states, 3) purposes: stays, arrivals, people inside; ``state_keys``
            (states,): the census as a whole.
    """

    steps: int
    origin: Ints
    target: Ints
    move: Ints
    into_start: Ints
    into: Ints
    out_start: Ints
    out: Ints
    exit_start: Ints
    exit_move: Ints
    exit_usual: Ints
    way_start: Ints
    way_channel: Ints
    way_share: Floats
    law: Ints
    profile: Ints
    opens: Ints
    closes: Ints
    stale: NDArray[np.bool_]
    reach: Floats
    guide: NDArray[np.int32]
    sudden: NDArray[np.bool_]
    arriving: Ints
    arrivals: CountLaw
    inside: CountLaw
    before: Floats
    inside_exit: Floats
    inside_left: Floats
    counted: NDArray[np.bool_]
    profiles: Floats
    keys: Keys
    state_keys: Keys
    limits: Limits


def plan_of(kernel: Kernel) -> Plan:
    """The plan of a kernel."""
    n, strata = len(kernel.states), len(kernel.channels)
    arriving = np.flatnonzero(kernel.arrivals.any(axis=(0, 2)))
    move, origin, target = _moves(kernel, arriving)
    offset = np.concatenate([[0], np.cumsum([len(c) for c in kernel.channels])])
    law, profile, opens, closes = (
        np.concatenate([getattr(c, name) for c in kernel.channels]).astype(np.int64)
        for name in ("pmf", "profile", "opens", "closes")
    )
    starts = np.zeros((strata, n + 1), np.int64)
    exits: list[tuple[int, int]] = []
    ways: list[list[tuple[int, float]]] = []
    chance, left = [], []
    for g, channels in enumerate(kernel.channels):
        own, found = _ways(channels, int(offset[g]), law, opens, closes)
        order = np.argsort(channels.exit_state, kind="stable")
        starts[g] = len(exits) + np.searchsorted(channels.exit_state[order], np.arange(n + 1))
        for k in order:
            pair = (int(channels.exit_state[k]), int(channels.exit_target[k]))
            exits.append((int(move[pair]), int(channels.exit_usual[k])))
            ways.append(own.get(pair, []))
            people = found.get(pair, np.zeros(kernel.steps))
            inside = kernel.inside[g, pair[0]]
            chance.append(people.sum() / inside if inside > 0 else 0.0)
            left.append(np.cumsum(people) / people.sum() if people.any() else np.ones(len(people)))
    up_to = np.array(chance)
    for g in range(strata):
        for s in range(n):
            up_to[starts[g, s] : starts[g, s + 1]] = np.cumsum(
                up_to[starts[g, s] : starts[g, s + 1]]
            )
    way_start = np.concatenate([[0], np.cumsum([len(w) for w in ways])])
    flat = [way for each in ways for way in each]
    cells = [kernel.strata.named(g) for g in range(strata)]
    exit_usual = np.array([row for _, row in exits], np.int64)
    reach = np.concatenate(
        [np.cumsum(kernel.pmf, axis=1), np.full((len(kernel.pmf), 1), 2.0)], axis=1
    )
    sudden = (kernel.mean == 0) & (kernel.pmf.sum(axis=1) > 1.5)
    counted = np.where(kernel.counted, kernel.inside, 0.0)
    names = ("stay", "arrive", "inside")
    plan = Plan(
        steps=kernel.steps,
        origin=origin,
        target=target,
        move=move,
        into_start=np.searchsorted(np.sort(target), np.arange(n + 1)),
        into=np.argsort(target, kind="stable"),
        out_start=np.searchsorted(np.sort(origin), np.arange(n + 1)),
        out=np.argsort(origin, kind="stable"),
        exit_start=starts,
        exit_move=np.array([m for m, _ in exits], np.int64),
        exit_usual=exit_usual,
        way_start=way_start,
        way_channel=np.array([c for c, _ in flat], np.int64),
        way_share=np.array([share for _, share in flat]),
        law=law,
        profile=profile,
        opens=opens,
        closes=closes,
        stale=np.ones((strata, kernel.steps, n), np.bool_),
        reach=reach,
        guide=_guide(reach),
        sudden=sudden,
        arriving=arriving,
        arrivals=CountLaw.of(kernel.arrivals[:, arriving], kernel.size[:, arriving, None]),
        inside=CountLaw.of(kernel.inside, np.array(np.inf)),
        counted=kernel.counted,
        profiles=kernel.profiles,
        before=np.cumsum(counted, axis=0) - counted,
        inside_exit=up_to,
        inside_left=np.array(left).reshape(len(exits), kernel.steps),
        keys=np.array(
            [[[purpose(s, cell, what) for what in names] for s in kernel.states] for cell in cells]
        ),
        state_keys=np.array([purpose(s, "inside") for s in kernel.states]),
        limits=Limits.of(kernel),
    )
    _mark_stale(plan, kernel)
    return plan


def _moves(kernel: Kernel, arriving: Ints) -> tuple[Ints, Ints, Ints]:
    """All moves anyone may make: by exits, from outside, and where limits send people."""
    n = len(kernel.states)
    possible = np.zeros((n + 1, n + 1), np.bool_)
    for channels in kernel.channels:
        possible[channels.exit_state, channels.exit_target] = True
    possible[n, arriving] = True
    for _ in kernel.limits:  # a limit may send on whom an earlier one has sent
        for limit in kernel.limits:
            if limit.refuse:
                possible[:, limit.target] |= possible[:, limit.state]
            else:
                possible[limit.state, limit.target] = True
    origin, target = np.nonzero(possible)
    move = np.full((n + 1, n + 1), -1, np.int64)
    move[origin, target] = np.arange(len(origin))
    return move, origin, target


def _ways(
    channels: Channels, offset: int, law: Ints, opens: Ints, closes: Ints
) -> tuple[dict[tuple[int, int], list[tuple[int, float]]], dict[tuple[int, int], Floats]]:
    """By (state, target): ways of those who enter, and leavers among those inside at the start."""
    ways: dict[tuple[int, int], list[tuple[int, float]]] = {}
    inside: dict[tuple[int, int], Floats] = {}
    for c in range(len(channels)):
        for link in range(channels.start[c], channels.start[c + 1]):
            pair = (int(channels.state[c]), int(channels.target[link]))
            ways.setdefault(pair, []).append((offset + c, float(channels.share[link])))
            if channels.tonight[c].any():
                people = channels.tonight[c] * channels.share[link]
                inside[pair] = inside.get(pair, 0.0) + people
    for own in ways.values():
        own.sort(key=lambda way: (opens[way[0]], closes[way[0]], law[way[0]], way[0]))
    return ways, inside


def _guide(reach: Floats) -> NDArray[np.int32]:
    """For each bin of [0, 1), the stay where a search begins, and whether it ends there."""
    edges = np.arange(BINS + 1) / BINS
    guide = np.empty((len(reach), BINS), np.int32)
    for law, row in enumerate(reach):
        first = np.searchsorted(row, edges[:-1], side="right")
        last = np.searchsorted(row, np.nextafter(edges[1:], 0), side="right")
        guide[law] = 2 * first + (first == last)
    return guide


def _mark_stale(plan: Plan, kernel: Kernel) -> None:
    """Tables of a state hold until a share among its exits or ways changes, or a window cuts."""
    changes = np.ones((len(kernel.profiles), kernel.steps), np.bool_)
    changes[:, 1:] = kernel.profiles[:, 1:] != kernel.profiles[:, :-1]
    whole = (plan.opens == 0) & (plan.closes == kernel.steps)
    for g in range(len(kernel.channels)):
        for s in range(len(kernel.states)):
            exits = slice(plan.exit_start[g, s], plan.exit_start[g, s + 1])
            ways = slice(plan.way_start[exits.start], plan.way_start[exits.stop])
            channels = plan.way_channel[ways]
            rows = np.union1d(plan.exit_usual[exits], plan.profile[channels])
            plan.stale[g, :, s] = changes[rows].any(axis=0) | (not whole[channels].all())
            plan.stale[g, 0, s] = True
