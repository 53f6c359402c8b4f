"""Workload W drawn by chance as others would: a process a person in SimPy, a day a step in NumPy.

Both know each stay's law itself, draw it and round it up, and count people in each state at the
end of each day, which is what the sampler answers.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Generator
from random import Random
from typing import Any, NamedTuple

import numpy as np
import workloads
from workloads import Floats


class Drawn(NamedTuple):
    """One replicate: ``left`` counts states left; ``census`` is (groups, states, days)."""

    left: int
    census: Floats


class _Rules(NamedTuple):
    """Laws and exits: ``mu`` and ``sigma`` (states,), ``upto`` (states, states), ``gone`` last."""

    groups: int
    states: int
    days: int
    rates: Floats
    mu: Floats
    sigma: Floats
    upto: Floats


def _rules(w: dict[str, Any]) -> _Rules:
    """What both peers draw from. Whoever's draw exceeds all of a row of ``upto`` is gone."""
    states = list(w["dwell_lognormal_median_mean"])
    median, mean = np.array(list(w["dwell_lognormal_median_mean"].values())).T
    shares = [[workloads.exits(w, a).get(b, 0.0) for b in states] for a in states]
    upto = np.cumsum(shares, axis=1)
    upto[upto > 1 - 1e-9] = 1.0  # who surely goes somewhere must not be gone by rounding
    return _Rules(
        groups=len(w["groups"]),
        states=len(states),
        days=w["horizon_days"],
        rates=np.array(w["bookings_per_day"]),
        mu=np.log(median),
        sigma=np.sqrt(2 * np.log(mean / median)),
        upto=upto,
    )


def day_by_day(w: dict[str, Any], seed: int) -> Drawn:
    """Plain NumPy: people in arrays; each day those due are found, moved and given a stay."""
    rules, rng = _rules(w), np.random.default_rng(seed)
    booked = rng.poisson(rules.rates, (rules.days, rules.groups))
    leaves, group = (
        np.repeat(each, booked.ravel()) for each in np.indices(booked.shape).reshape(2, -1)
    )
    state = np.full(len(leaves), rules.states)  # outside, due on the day of the booking
    upto = np.vstack([rules.upto, np.ones(rules.states)])
    change = np.zeros((rules.days, rules.groups, rules.states + 1))
    left = -len(leaves)
    for day in range(rules.days):
        due = np.flatnonzero(leaves == day)
        np.add.at(change[day], (group[due], state[due]), -1)
        newcomer = state[due] == rules.states
        to = (rng.random(len(due))[:, None] >= upto[state[due]]).sum(axis=1)
        to[newcomer] = 0
        state[due] = to
        np.add.at(change[day], (group[due], to), 1)
        left += len(due)
        on = to < rules.states
        stay = np.ceil(rng.lognormal(rules.mu[to[on]], rules.sigma[to[on]]))
        leaves[due[on]] = day + stay.astype(np.int64)
    census = np.cumsum(change[..., : rules.states], axis=0)
    return Drawn(left, np.moveaxis(census, 0, -1))


def processes(w: dict[str, Any], seed: int) -> Drawn:
    """SimPy: one process a person, one a group that books people, one that counts each evening.

    Raises:
        ModuleNotFoundError: SimPy is not installed.
    """
    import simpy  # noqa: PLC0415  (no dependency of remand: asked for here alone)

    rules, chance = _rules(w), Random(seed)  # noqa: S311  (luck, not secrets)
    booked = np.random.default_rng(seed).poisson(rules.rates, (rules.days, rules.groups)).tolist()
    upto, mu, sigma = rules.upto.tolist(), rules.mu.tolist(), rules.sigma.tolist()
    people = [[0] * rules.states for _ in range(rules.groups)]
    census: list[list[list[int]]] = []
    left = 0
    world = simpy.Environment()

    def life(inside: list[int]) -> Generator[simpy.Event, None, None]:
        nonlocal left
        state = 0
        while state < rules.states:
            inside[state] += 1
            yield world.timeout(math.ceil(chance.lognormvariate(mu[state], sigma[state])))
            inside[state] -= 1
            left += 1
            state = bisect_right(upto[state], chance.random())

    def bookings(group: int) -> Generator[simpy.Event, None, None]:
        for day in range(rules.days):
            for _ in range(booked[day][group]):
                world.process(life(people[group]))
            yield world.timeout(1)

    def evenings() -> Generator[simpy.Event, None, None]:
        yield world.timeout(0.5)
        while True:
            census.append([inside.copy() for inside in people])
            yield world.timeout(1)

    for group in range(rules.groups):
        world.process(bookings(group))
    world.process(evenings())
    world.run(until=rules.days)
    return Drawn(left, np.moveaxis(np.array(census, dtype=float), 0, -1))
