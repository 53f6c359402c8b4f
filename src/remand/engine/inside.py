"""People inside at the boundary before the first step: how many, since when, and who they were.

A *cohort* array holds entries by steps back (1, 2, …), as if none had left; length 1 stands for a
constant flow of entries since ever.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.engine.kernel import Floats, Ints
from remand.engine.steps import ages, mean_steps, surviving
from remand.engine.tables import Table, spread
from remand.errors import InputError
from remand.model import laws
from remand.model.model import Model
from remand.model.states import GONE
from remand.model.values import Stock

Mixture = list[tuple[laws.Law, float]]
"""Laws of one state and stratum, with the share of entrants each holds for."""


@dataclass(frozen=True)
class Inside:
    """People inside at the start.

    Attributes:
        people: (strata, states).
        so_far: (strata, states) mean steps since they entered the state.
        counted: (states,) whether they were counted, not a steady state's mean.
        cohorts: by stratum and state.
    """

    people: Floats
    so_far: Floats
    counted: NDArray[np.bool_]
    cohorts: list[list[Floats]]


def people_inside(model: Model, tables: dict[str, Table], flow: Floats) -> Inside:
    """Everyone inside at the start, given arrivals a step then: ``flow`` (strata, states).

    Raises InputError where a steady state is asked for that does not exist, or people are counted
    whom no law lets be there.
    """
    names, strata, clock = model.state_names, model.strata, model.clock
    shape = (len(strata), len(names))
    inside, so_far = np.zeros(shape), np.zeros(shape)
    cohorts = [[np.zeros(1) for _ in names] for _ in range(len(strata))]
    counted = np.zeros(len(names), bool)
    mixtures = {
        name: [
            (law, model.states[name].target(exit_name), weight[:, 0])
            for (exit_name, law), weight in tables[name].weight.items()
        ]
        for name in names
    }
    tonight = model.tonight
    steady = [tonight == "steady" or tonight.get(name) == "steady" for name in names]
    flux = _flux(model, mixtures, flow) if any(steady) else np.zeros(shape)
    for state, name in enumerate(names):
        stock = None if isinstance(tonight, str) else tonight.get(name)
        given = _given(model, stock) if isinstance(stock, Stock) else None
        counted[state] = given is not None
        for g in range(len(strata)):
            mixture = [(law, w[g]) for law, _, w in mixtures[name] if w[g] > 0]
            mean = sum(w * mean_steps(law, clock) for law, w in mixture)
            if steady[state]:
                inside[g, state] = flux[g, state] * mean
                cohorts[g][state] = flux[g, state : state + 1]
            elif given is not None:
                inside[g, state] = given.people[g]
                cohorts[g][state] = _cohorts(model, name, given, g, mixture, mean)
            so_far[g, state] = _mean_so_far(model, given, g, mixture, mean)
    return Inside(inside, so_far, counted, cohorts)


# -- counted --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Given:
    """A counted stock: people by stratum, and how many steps back whom of them entered.

    ``back`` is empty for a stratum whose ages nobody knows; ``share`` sums to 1 otherwise.
    """

    people: Floats
    back: list[Ints]
    share: list[Floats]


def _given(model: Model, stock: Stock) -> _Given:
    """A stock by stratum, however it is written."""
    strata, step = model.strata, model.clock.days
    if stock.people is not None:
        start = np.array([model.clock.start.toordinal()])
        people = spread(model, stock.people, stock.split, start)[:, 0]
        back = np.array([int(row.days // step) + 1 for row in stock.elapsed], np.int64)
        share = np.array([row.share for row in stock.elapsed])
        return _Given(people, [back] * len(strata), [share] * len(strata))
    own: list[dict[int, float]] = [{} for _ in range(len(strata))]
    members = {where: np.flatnonzero(strata.mask(where)) for where in {c.where for c in stock.rows}}
    for cell in stock.rows:
        for g in members[cell.where]:
            back_of = int(cell.days // step) + 1
            own[g][back_of] = own[g].get(back_of, 0.0) + cell.people
    people = np.array([sum(ages.values()) for ages in own])
    backs = [np.array(sorted(ages), np.int64) for ages in own]
    shares = [
        np.array([ages[int(b)] for b in back]) / (total or 1.0)
        for ages, back, total in zip(own, backs, people, strict=True)
    ]
    return _Given(people, backs, shares)


def _cohorts(
    model: Model, name: str, given: _Given, g: int, mixture: Mixture, mean: float
) -> Floats:
    """Entries by steps back for the counted people of one stratum."""
    people, back, share = given.people[g], given.back[g], given.share[g]
    if not people:
        return np.zeros(1)
    if not len(back):
        if mean <= 0:
            raise InputError.of(
                "people are counted in a state that everyone passes through within a step",
                fix="give the state a longer stay, or no people",
                path=("tonight", name, "people"),
                value=people,
            )
        return np.array([people / mean])
    longest = int(back.max())
    alive = np.sum([w * surviving(law, longest, model.clock) for law, w in mixture], axis=0)
    gone = (share > 0) & ~(np.broadcast_to(alive, longest)[back - 1] > 0)
    if gone.any():
        days = (back[gone].max() - 1) * model.clock.days
        raise InputError.of(
            f"people have been in '{name}' for {days:g} days, longer than anyone stays",
            fix="lengthen the state's law, or correct the elapsed time",
            path=("tonight", name, "elapsed"),
            value=days,
        )
    cohorts = np.zeros(max(2, longest))
    held = share > 0
    np.add.at(cohorts, back[held] - 1, people * share[held] / alive[back[held] - 1])
    return cohorts


def _mean_so_far(
    model: Model, given: _Given | None, g: int, mixture: Mixture, mean: float
) -> float:
    """Mean steps since entering, of those inside at the boundary before step 0."""
    if given is not None and len(given.back[g]):
        return float(given.share[g] @ given.back[g])
    if mean <= 0:
        return 0.0
    known = [ages(law, model.clock) for law, _ in mixture]
    alive = sum(w * inside for (_, w), (inside, _) in zip(mixture, known, strict=True))
    return sum(w * total for (_, w), (_, total) in zip(mixture, known, strict=True)) / alive


# -- steady ---------------------------------------------------------------------------------


def _flux(
    model: Model, mixtures: dict[str, list[tuple[laws.Law, str, Floats]]], flow: Floats
) -> Floats:
    """Entries a step into each state in a steady state: φ = (I − Pᵀ)⁻¹ λ.

    Kemeny & Snell, *Finite Markov Chains*, 1960, ch. 3 (the fundamental matrix).
    """
    names = model.state_names
    index = {name: i for i, name in enumerate(names)} | {GONE: len(names)}
    flux = np.zeros_like(flow)
    for g in range(len(flow)):
        p = np.zeros((len(names), len(names) + 1))
        for state, name in enumerate(names):
            for _, target, weight in mixtures[name]:
                p[state, index[target]] += weight[g]
        matrix = np.eye(len(names)) - p[:, :-1].T
        used = _reached(p[:, :-1], flow[g])
        try:
            flux[g, used] = np.linalg.solve(matrix[np.ix_(used, used)], flow[g, used])
        except np.linalg.LinAlgError:
            flux[g, used] = np.nan
        if not np.isfinite(flux[g]).all() or (flux[g] < -1e-9).any() or flux[g].max() > 1e12:
            raise InputError.of(
                "there is no steady state to start from: people who come in never leave for "
                f"good ({model.strata.named(g)})",
                fix=f"give tonight's census by state, or let some exits lead to '{GONE}'",
                path=("tonight",),
            )
    return flux


def _reached(p: Floats, flow: Floats) -> NDArray[np.bool_]:
    """States that anyone who arrives can reach."""
    reached = flow > 0
    for _ in range(len(reached)):
        reached = reached | (p[reached].sum(axis=0) > 0)
    return reached
