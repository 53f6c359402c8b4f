"""The shipped Philadelphia files over their ranges: every draw is a sound model of one jail."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.tables import exit_shares
from remand.files import shipped
from remand.model.uncertain import Uncertain, places_of, resolved
from remand.model.values import TableDwell

DRAWS, COMPILED, SOLVED, CORNERS = 200, 12, 8, 5
SPREAD = 0.03
"""How far from the model's own census of 2014–2017 a draw may be, as MODEL_CARD.md says."""
PLATFORMS = [name for name in shipped("platforms") if name.startswith("philadelphia/")]


@pytest.fixture(scope="module")
def model():
    """The shipped model."""
    return rm.read_model("philadelphia")


def drawn(spec, seed, draws, ends=None):
    """Copies of a model or platform with values of random rank, one rank for each name.

    With ``ends`` every rank is one of these two.
    """
    places = list(places_of(spec))
    names = {place.path: place.law.together or place.path for place in places}
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        ranks = {
            name: rng.random() if ends is None else float(rng.choice(ends))
            for name in dict.fromkeys(names.values())
        }
        yield resolved(
            spec,
            {p.path: float(p.law.quantile(np.array(ranks[names[p.path]]))) for p in places},
        )


def held(model):
    """Mean number in jail in each year, 2014 to 2019."""
    path = solve(compile_model(model, dt.date(2020, 1, 1)))
    members = [state.kind == "jail" for state in model.states.values()]
    census = path.census[:, members].sum(axis=(0, 1))
    first = [model.clock.index(dt.date(year, 1, 1)) for year in range(2014, 2021)]
    return np.array([census[a:b].mean() for a, b in itertools.pairwise(first)])


@pytest.fixture(scope="module")
def jails(model):
    """Yearly jails of some draws, over those of the points: (draws, years)."""
    return np.array([held(world) for world in drawn(model, 3, SOLVED)]) / held(model)


def test_exits_of_every_draw_are_shares_that_add_up(model):
    """In each stratum, before and after every dated row."""
    days = np.array([dt.date(year, 1, 1).toordinal() for year in range(2014, 2020)])
    for world in drawn(model, 1, DRAWS):
        for state in world.states.values():
            if any(isinstance(row, TableDwell) and row.joint for row in state.dwell or ()):
                continue
            shares = np.array(list(exit_shares(state, world.strata, days).values()))
            assert shares.min() >= 0.0
            assert shares.max() <= 1.0
            assert np.allclose(shares.sum(axis=0), 1.0, atol=1e-12)


def test_every_draw_compiles(model):
    """With stays that no law refuses, and nobody circling for ever."""
    for world in drawn(model, 2, COMPILED):
        assert compile_model(world, dt.date(2014, 2, 1)).steps == 31


def test_every_draw_holds_the_jail_that_was_counted(jails):
    """Admissions and stays may differ by a third, the people inside by three in a hundred."""
    assert np.abs(jails[:, :4] - 1).max() < SPREAD
    assert np.std(jails[:, :4], axis=0).min() > 0.001  # and they do differ


def test_the_years_after_2017_differ_more_than_those_that_were_counted(jails):
    """Arrivals may drift from 2018 on."""
    assert np.std(jails[:, -1]) > np.std(jails[:, :4], axis=0).max()


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_draw_of_a_platform_runs_on_a_draw_of_the_model(model, name):
    """At the ends of all ranges no share asks for more than the other exits hold."""
    chain = rm.read_scenario(name, model).chain
    worlds = drawn(model, 5, CORNERS, (0, 1))
    plans = zip(*(drawn(plan, 6, CORNERS, (0, 1)) for plan in chain), strict=True)
    for world, drawn_plans in zip(worlds, plans, strict=True):
        acts = [policy for plan in drawn_plans for policy in plan.policies]
        compile_model(world.enact(*acts), dt.date(2018, 4, 1))


@pytest.mark.parametrize("name", ["", *PLATFORMS])
def test_every_range_holds_its_point(model, name):
    """The number of an exact run lies where its law can fall."""
    spec = rm.read_platform(name) if name else model
    for place in places_of(spec):
        low, high = place.law.between(0.998)
        assert low <= float(Uncertain(place.law)) <= high
