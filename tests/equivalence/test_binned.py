"""The table of features through the binned solver, that of draws, and Philadelphia."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import remand as rm
from remand.engine.binned import Solver
from remand.engine.compile import compile_model
from remand.engine.draft import Draft
from remand.engine.expected import solve
from remand.engine.moments import Reward

PLANS = ("status-quo", "reduction-plan-2016", "dao-2018-19", "krasner-2017")


def test_bins_of_eight_steps_hold_as_many_as_the_exact_path(row, rows, build):
    """The mean census of each state over the run, and the moves into it, within 4 % or half a
    person: these rows are as short as a few bins, and abrupt, which bins are not made for."""
    model, steps = rows[row](build)
    path = solve(compile_model(model, model.clock.date(steps)))
    states = len(model.states)
    moves = np.array([Reward.admissions(np.arange(states) == s).move for s in range(states)])
    draft = Draft([model], model.clock.date(steps))
    found = Solver(draft, (0, steps), np.eye(states), moves).solve(draft.lanes([model]))
    held = path.census.sum(axis=2).T
    assert found.held[0, ..., 0] / steps == pytest.approx(held / steps, rel=0.04, abs=0.5)
    moved = path.moves(moves).sum(axis=-1)
    assert found.moved[0, ..., 0] == pytest.approx(moved, rel=0.04, abs=1.0)


@pytest.fixture(scope="module")
def philadelphia():
    """Four scenarios by day, 2014–2022, by both ways: (scenarios, kinds, races, days)."""
    model = rm.read_model("philadelphia")
    until = dt.date(2023, 1, 1)
    models = [rm.read_scenario(f"philadelphia/{plan}", model).model for plan in PLANS]
    kinds = [s.kind for s in model.states.values()]
    places = np.array(
        [[kind == one for one in kinds] for kind in ("booking", "jail", "prison", "supervision")],
        float,
    )
    races = np.array([model.strata.mask({"race": (r,)}) for r in model.strata_axes["race"]], float)
    steps = model.clock.index(until)
    draft = Draft(models, until)
    nothing = np.zeros((0, len(kinds) + 1, len(kinds) + 1))
    found = Solver(draft, range(steps + 1), places, nothing).solve(draft.lanes(models))
    binned = np.einsum("rg,kpgt->kprt", races, found.held)
    exact = np.array(
        [
            np.einsum("rg,ps,gst->prt", races, places, solve(compile_model(m, until)).census)
            for m in models
        ]
    )
    return exact, binned


def test_every_cell_of_a_hundred_people_is_within_a_thousandth_on_every_day(philadelphia):
    """Kind × race, four scenarios, nine years: 0.1 % of the daily exact path."""
    exact, binned = philadelphia
    large = exact.min(axis=-1) >= 100
    assert large.sum() > 50
    off = np.abs(binned - exact)[large] / exact[large]
    assert off.max() < 1e-3


def test_differences_are_within_half_a_person_or_a_hundredth(philadelphia):
    """By month, each plan against no change: what draws report."""
    exact, binned = philadelphia
    month = 30
    days = exact.shape[-1] // month * month
    parts = [x[..., :days].reshape(*x.shape[:-1], -1, month).mean(axis=-1) for x in philadelphia]
    exact, binned = (part[1:] - part[:1] for part in parts)
    assert (np.abs(binned - exact) <= np.maximum(0.5, 0.01 * np.abs(exact))).all()
