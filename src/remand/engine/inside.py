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
from remand.model.clock import Clock
from remand.model.model import Model
from remand.model.states import GONE
from remand.model.strata import Strata
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
    flux = np.zeros(shape)
    if any(steady):
        flux = steady_flux(_onward(model, mixtures), flow, strata)
    for state, name in enumerate(names):
        stock = None if isinstance(tonight, str) else tonight.get(name)
        given = counted_people(model, stock) if isinstance(stock, Stock) else None
        counted[state] = given is not None
        for g in range(len(strata)):
            mixture = [(law, w[g]) for law, _, w in mixtures[name] if w[g] > 0]
            mean = sum(w * mean_steps(law, clock) for law, w in mixture)
            if steady[state]:
                inside[g, state] = flux[g, state] * mean
                cohorts[g][state] = flux[g, state : state + 1]
            elif given is not None:
                inside[g, state] = given.people[g]
                cohorts[g][state] = cohorts_of(model, name, given, g, mixture, mean)
            so_far[g, state] = _mean_so_far(model, given, g, mixture, mean)
    return Inside(inside, so_far, counted, cohorts)


def _onward(model: Model, mixtures: dict[str, list[tuple[laws.Law, str, Floats]]]) -> Floats:
    """Chance of going from a state to another, or for good: (strata, states, states + 1)."""
    names = model.state_names
    index = {name: i for i, name in enumerate(names)} | {GONE: len(names)}
    p = np.zeros((len(model.strata), len(names), len(names) + 1))
    for state, name in enumerate(names):
        for _, target, weight in mixtures[name]:
            p[:, state, index[target]] += weight
    return p


# -- counted --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """A counted stock: people by stratum, and how many steps back whom of them entered.

    ``back`` is empty for a stratum whose ages nobody knows; ``share`` sums to 1 otherwise.
    """

    people: Floats
    back: list[Ints]
    share: list[Floats]


def counted_people(model: Model, stock: Stock) -> Counted:
    """A stock by stratum, however it is written."""
    strata, step = model.strata, model.clock.days
    if stock.people is not None:
        start = np.array([model.clock.start.toordinal()])
        people = spread(strata, stock.people, stock.split, start)[:, 0]
        back = np.array([int(row.days // step) + 1 for row in stock.elapsed], np.int64)
        share = np.array([row.share for row in stock.elapsed])
        return Counted(people, [back] * len(strata), [share] * len(strata))
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
    return Counted(people, backs, shares)


def cohorts_of(
    model: Model, name: str, given: Counted, g: int, mixture: Mixture, mean: float
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
    model: Model, given: Counted | None, g: int, mixture: Mixture, mean: float
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


def steady_flux(p: Floats, flow: Floats, strata: Strata) -> Floats:
    """Entries a step into each state in a steady state, (strata, states): φ = (I − Pᵀ)⁻¹ λ.

    ``p`` (strata, states, states + 1) is the chance of going from a state to another, or out of
    the model (the last); ``flow`` the arrivals from outside (Kemeny & Snell, *Finite Markov
    Chains*, 1960, ch. 3: the fundamental matrix). Raises InputError where people never leave.
    """
    n = flow.shape[1]
    within = np.where(_reached(p[..., :n], flow)[..., None], p[..., :n], 0.0)
    try:
        flux = np.linalg.solve(np.eye(n) - within.transpose(0, 2, 1), flow[..., None])[..., 0]
    except np.linalg.LinAlgError:
        flux = np.full_like(flow, np.nan)
    wrong = ~np.isfinite(flux).all(axis=1) | (flux < -1e-9).any(axis=1) | (flux.max(axis=1) > 1e12)
    if wrong.any():
        raise InputError.of(
            "there is no steady state to start from: people who come in never leave for "
            f"good ({strata.named(int(wrong.argmax()))})",
            fix=f"give tonight's census by state, or let some exits lead to '{GONE}'",
            path=("tonight",),
        )
    return np.asarray(flux)


def _reached(p: Floats, flow: Floats) -> NDArray[np.bool_]:
    """(strata, states) that anyone who arrives can reach."""
    reached = flow > 0
    for _ in range(flow.shape[1]):
        reached = reached | (np.einsum("gs,gst->gt", reached, p) > 0)
    return reached


# -- leaving --------------------------------------------------------------------------------


def leaving(
    law: laws.Law | None, past: Floats, cohorts: Floats, window: slice, steps: int, clock: Clock
) -> tuple[Floats, Floats]:
    """People inside at the start who leave by a channel, by step, and their time in the state.

    ``past`` is the channel's profile by steps back, ``cohorts`` entries by steps back; either
    may have length 1 and then holds for ever back. Nobody leaves outside the ``window``.
    """
    people, time = np.zeros((2, steps))
    if len(past) == 1 and len(cohorts) == 1 and law is not None:
        left = surviving(law, steps + 1, clock)[:-1]
        steady = past[0] * cohorts[0]
        people[window] = steady * left[window]
        # Σ over stays longer than t of the stay: (t + 1) P(D > t) + Σ_{d > t} P(D > d)
        beyond = mean_steps(law, clock) - np.cumsum(left)
        length = np.maximum(np.arange(1, steps + 1) * left + beyond, 0.0)
        time[window] = steady * length[window]
        return people, time
    backs = len(past) if len(cohorts) == 1 else len(cohorts)
    weighed = np.broadcast_to(cohorts, backs) * (past[0] if len(past) == 1 else past[:backs])
    if law is None:
        people[window] = weighed.sum()
        time[window] = np.dot(weighed, np.arange(1, backs + 1) + window.start)
        return people, time
    left = surviving(law, backs + steps + 1, clock)
    chance = np.concatenate([[1.0], left[:-1]]) - left
    # who entered k steps back leaves at step t with chance[t + k], after t + k steps
    people[window] = _correlate(chance[1:], weighed)[:steps][window]
    weighted = (chance * np.arange(len(chance)))[1:]
    time[window] = _correlate(weighted, weighed)[:steps][window]
    return people, time


def _correlate(long: Floats, short: Floats) -> Floats:
    """Sum over k of long[t + k] × short[k], for every t where all of ``short`` fits."""
    if len(long) * len(short) < 2**20:
        return np.correlate(long, short, mode="valid")
    size = 1 << (len(long) - 1).bit_length()
    spectrum = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    return np.fft.irfft(spectrum, size)[: len(long) - len(short) + 1]
