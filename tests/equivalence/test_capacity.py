"""Places: what happens when a state is full, which averages cannot see."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import poisson

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.sampled import simulate
from remand.errors import Refusal
from remand.model.policy import Policy

STEPS, SEED = 60, 3


# -- workload W ------------------------------------------------------------------------------

PLACES = 3_900


@pytest.fixture(scope="module")
def w():
    """Workload W of the benchmarks: its model and the day it runs until."""
    file = Path(__file__).parents[2] / "benchmarks" / "workloads.py"
    spec = importlib.util.spec_from_file_location("workloads_of_the_capacity_test", file)
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found.model_of(found.W)


def held_at(model, places, when_full, **more):
    """A policy that holds pretrial detention at so many places from the first day."""
    return Policy.model_validate(
        {
            "name": "cap",
            "authority": "jail",
            "starts": model.clock.start,
            "compliance": 1.0,
            "inferred": "made up for a test",
            "edits": [
                {"capacity": {"state": "pretrial_detained", "places": places,
                              "when_full": when_full, **more}}
            ],
        }
    )  # fmt: skip


NEAREST = {"discharge": {"order": "nearest", "to": "pretrial_released"}}
RANDOM = {"discharge": {"order": "random", "to": "pretrial_released"}}
REFUSE = {"refuse": {"to": "pretrial_released"}}


@pytest.mark.parametrize("when_full", [NEAREST, RANDOM, REFUSE])
def test_a_jail_that_is_never_full_on_average_is_full_on_some_days(w, when_full):
    """Ten years of W: the mean census of pretrial detention stays under 3,900 on every day (it ends
    at 3,839), so a solver of averages would send nobody on; people drawn by chance fill it."""
    model, until = w
    kernel = compile_model(model, until)
    mean = solve(kernel).census[:, 0].sum(axis=0)
    assert mean.max() < PLACES
    free = simulate(kernel, 2, SEED).last[:, :, 0].sum(axis=1)
    assert (free.max(axis=1) > PLACES).any()
    capped = compile_model(model.enact(held_at(model, PLACES, when_full)), until)
    drawn = simulate(capped, 2, SEED)
    census = drawn.last[:, :, 0].sum(axis=1)
    assert census.max() == PLACES
    sent = drawn.overflow[:, 0, 1 if when_full is REFUSE else 0].sum(axis=-1)
    assert (sent[free.max(axis=1) > PLACES] > 0).all()
    assert drawn.overflow.sum() == sent.sum()
    before = np.argmax((free > PLACES).any(axis=0))
    np.testing.assert_array_equal(census[:, :before], free[:, :before])


# -- a small jail ----------------------------------------------------------------------------


def jail(build, *policies, rate=8.0, **more):
    """Two groups of eight a day for six days each, on average: 96 people where none is let go."""
    spec = build.model(
        {
            "jail": build.state(build.exponential(6), {"supervision": 0.5, "gone": 0.5}),
            "annex": build.state(build.exponential(6)),
            "supervision": build.state(build.exponential(9), kind="supervision"),
        },
        {"jail": rate},
        strata={"group": ["red", "blue"]},
        tonight="steady",
        **more,
    )
    return spec.enact(*policies)


def cap(build, places, when_full, state="jail", where=None, **more):
    """A policy that holds a state at so many places."""
    body = {"state": state, "places": places, "when_full": when_full, "where": where or {}}
    return build.policy({"capacity": body}, **{"name": f"{state} is full", **more})


def draw(spec, replicates=20):
    """Replicates of sixty days, every day a window."""
    return simulate(compile_model(spec, spec.clock.date(STEPS)), replicates, SEED, stays=True)


def moved(sample, origin, target):
    """People who made a move: (replicates, strata, steps)."""
    names = [*sample.kernel.states, "gone"]
    o = len(sample.kernel.states) if origin == "outside" else names.index(origin)
    which = (sample.origin == o) & (sample.target == names.index(target))
    return sample.moves[:, :, which].sum(axis=2)


LET_GO = {"discharge": {"order": "nearest", "to": "supervision"}}
LET_ANYONE_GO = {"discharge": {"order": "random", "to": "supervision"}}
RED_FIRST = {"discharge": {"order": ["red", "blue"], "to": "supervision"}}
TURN_AWAY = {"refuse": {"to": "annex"}}


@pytest.mark.parametrize("when_full", [LET_GO, LET_ANYONE_GO, TURN_AWAY])
@pytest.mark.parametrize("kept", [1.0, 0.6])
def test_overflow_of_one_day_stays_is_that_of_a_poisson_count(build, when_full, kept):
    """Stays of exactly a day, 10 a day, 9 places: each day N ~ Poisson(10) come, all others have
    left, and (N − 9)⁺ are too many. Each is sent on with the chance that the rule is kept."""
    gone = {"supervision": build.state(build.fixed(500), kind="supervision")}
    spec = build.model(
        {"jail": build.state(build.fixed(1)), "annex": build.state(build.fixed(500)), **gone},
        {"jail": 10.0},
    )
    drawn = draw(spec.enact(cap(build, 9, when_full, compliance=kept)), 200)
    n = np.arange(60)
    chance, over = poisson.pmf(n, 10), np.maximum(n - 9, 0)
    mean = over @ chance
    spread = np.sqrt(over**2 @ chance - mean**2)
    days = 200 * STEPS
    sent = drawn.overflow[:, 0, :2].sum() / days
    stayed = drawn.overflow[:, 0, 2].sum() / days
    assert abs(sent + stayed - mean) < 4 * spread / np.sqrt(days)
    people = (sent + stayed) * days
    assert abs(sent / (sent + stayed) - kept) < 4 * np.sqrt(kept * (1 - kept) / people) + 1e-12


@pytest.mark.parametrize("when_full", [LET_GO, LET_ANYONE_GO, RED_FIRST, TURN_AWAY])
def test_nobody_is_held_beyond_the_places(build, when_full):
    """80 places where 96 people would be: full on some days of each replicate, over on none; those
    who come are inside or gone, and each early discharge or refusal is counted."""
    drawn = draw(jail(build, cap(build, 80, when_full)))
    inside = drawn.last[:, :, 0].sum(axis=1)
    if "discharge" in when_full:
        assert (inside <= 80).all()
        assert drawn.overflow[:, 0, 0].sum() > 0
        assert not drawn.overflow[:, 0, 1].any()
    else:  # refusing cannot empty a jail that was over its places tonight
        assert (np.diff(inside, axis=-1)[inside[:, 1:] > 80] <= 0).all()
        assert (inside[:, 30:] <= 80).all()
        assert drawn.overflow[:, 0, 1].sum() == moved(drawn, "outside", "annex").sum()
        assert not drawn.overflow[:, 0, 0].any()
    assert (inside[:, 30:] == 80).any(axis=-1).all()
    np.testing.assert_array_equal(drawn.overflow[:, 0, 2], np.maximum(inside - 80, 0), strict=True)
    gone = sum(moved(drawn, name, "gone") for name in drawn.kernel.states)
    came = sum(moved(drawn, "outside", name) for name in drawn.kernel.states)
    change = np.diff(drawn.last.sum(axis=2), axis=-1)
    np.testing.assert_array_equal(change, (came - gone)[..., 1:])


def test_who_is_nearest_to_release_is_let_go_before_anyone_else(build):
    """Each of them has less time left than anyone else inside, so that more people must be let go
    than when anyone may be: a discharge frees a place for fewer days."""
    nearest = draw(jail(build, cap(build, 80, LET_GO)))
    anyone = draw(jail(build, cap(build, 80, LET_ANYONE_GO)))
    assert (nearest.overflow[:, 0, 0].sum(axis=-1) > anyone.overflow[:, 0, 0].sum(axis=-1)).all()


def test_nearest_of_fixed_stays_are_those_inside_longest(build):
    """Stays of exactly 10 days, ten a day, 70 places: a full jail lets go only who has been inside
    longest, so that everybody leaves after 7 days or so, and none before 5."""
    spec = build.model(
        {"jail": build.state(build.fixed(10)),
         "out": build.state(build.fixed(500), kind="community")},
        {"jail": 10.0},
    )  # fmt: skip
    cap_it = cap(build, 70, {"discharge": {"order": "nearest", "to": "out"}})
    drawn = draw(spec.enact(cap_it))
    late = slice(20, None)
    early = moved(drawn, "jail", "out")[..., late].sum()
    left = early + moved(drawn, "jail", "gone")[..., late].sum()
    mean = drawn.ended[:, :, 0, late].sum() / left
    assert early / left > 0.95
    assert 6.5 < mean < 7.5


def test_groups_are_let_go_in_the_order_named(build):
    """Red first: blue leaves early only once no red is left, which never happens here."""
    base = draw(jail(build))
    drawn = draw(jail(build, cap(build, 80, RED_FIRST)))
    np.testing.assert_array_equal(drawn.last[:, 1, 0], base.last[:, 1, 0])
    assert drawn.last[:, 0, 0].mean() < 0.8 * base.last[:, 0, 0].mean()


def test_a_group_not_named_is_never_let_go(build):
    """Only red may go and there are 30 places: red is sent away to the last, and the blue people
    above the places are counted as overflow."""
    only = {"discharge": {"order": ["red"], "to": "supervision"}}
    base, drawn = draw(jail(build)), draw(jail(build, cap(build, 30, only)))
    np.testing.assert_array_equal(drawn.last[:, 1, 0], base.last[:, 1, 0])
    inside = drawn.last[:, :, 0]
    assert not inside[:, 0][inside[:, 1] >= 30].any()
    over = np.maximum(inside.sum(axis=1) - 30, 0)
    np.testing.assert_array_equal(drawn.overflow[:, 0, 2], over)
    assert over.sum() > 0


def test_places_for_one_group_leave_the_other_alone(build):
    """A limit of red people alone neither counts blue nor touches it."""
    base = draw(jail(build))
    drawn = draw(jail(build, cap(build, 40, LET_GO, where={"group": "red"})))
    np.testing.assert_array_equal(drawn.last[:, 1], base.last[:, 1])
    assert (drawn.last[:, 0, 0] <= 40).all()
    assert drawn.overflow[:, 0, 0].sum() > 0


@pytest.mark.parametrize("when_full", [LET_GO, TURN_AWAY])
def test_a_rule_kept_for_some_leaves_people_above_the_places(build, when_full):
    """At 50 % the census lies between the kept and the free one, and the rest is overflow."""
    free = draw(jail(build)).last[:, :, 0].sum(axis=1)[:, 30:].mean()
    drawn = draw(jail(build, cap(build, 70, when_full, compliance=0.5)))
    inside = drawn.last[:, :, 0].sum(axis=1)
    assert 70 < inside[:, 30:].mean() < free
    np.testing.assert_array_equal(drawn.overflow[:, 0, 2], np.maximum(inside - 70, 0))
    assert drawn.overflow[:, 0, 2].sum() > 0


def test_a_rule_holds_only_while_it_is_in_force(build):
    """From step 20 to 40: before it the digits are those without it."""
    base = draw(jail(build))
    drawn = draw(jail(build, cap(build, 70, LET_GO, starts=20, ends=40)))
    inside = drawn.last[:, :, 0].sum(axis=1)
    np.testing.assert_array_equal(drawn.last[..., :20], base.last[..., :20])
    assert (inside[:, 20:40] <= 70).all()
    assert (inside[:, 50:] > 70).any()
    assert not drawn.overflow[..., :20].any()
    assert not drawn.overflow[..., 40:].any()


def test_two_full_places_act_in_file_order(build):
    """The jail turns people away to the annex, and the annex, full in its turn, lets people go."""
    jail_first = cap(build, 60, TURN_AWAY)
    then = cap(build, 20, {"discharge": {"order": "random", "to": "supervision"}}, state="annex")
    drawn = draw(jail(build, jail_first, then))
    assert [limit.policy for limit in drawn.kernel.limits] == ["jail is full", "annex is full"]
    assert (drawn.last[:, :, 1].sum(axis=1) <= 20).all()
    assert drawn.overflow[:, 0, 1].sum() > drawn.overflow[:, 1, 0].sum() > 0
    assert not drawn.overflow[:, 0, 0].any()
    assert not drawn.overflow[:, 1, 1].any()


def test_who_is_let_go_may_fill_the_next_place(build):
    """The jail lets people go to the annex; the annex refuses, and sends them on to supervision."""
    first = cap(build, 60, {"discharge": {"order": "nearest", "to": "annex"}})
    then = cap(build, 20, {"refuse": {"to": "supervision"}}, state="annex")
    drawn = draw(jail(build, first, then))
    assert (drawn.last[:, :, 0].sum(axis=1) <= 60).all()
    assert (drawn.last[:, :, 1].sum(axis=1) <= 20).all()
    away = drawn.overflow.sum(axis=-1)
    assert (away[:, 0, 0] > away[:, 1, 1]).all()
    assert (away[:, 1, 1] > 0).all()


def test_stays_end_when_people_are_let_go(build):
    """Time inside is conserved: what the released and those still inside have spent is the census
    summed over the days."""
    spec = build.model(
        {"jail": build.state(build.exponential(6)),
         "out": build.state(build.fixed(500), kind="community")},
        {"jail": 12.0},
    ).enact(cap(build, 50, {"discharge": {"order": "random", "to": "out"}}))  # fmt: skip
    drawn = draw(spec)
    spent = np.cumsum(drawn.ended[:, 0, 0], axis=-1) + drawn.so_far[:, 0, 0]
    np.testing.assert_allclose(spent, np.cumsum(drawn.last[:, 0, 0], axis=-1), rtol=1e-12)


def test_the_exact_engine_refuses_and_says_which_can(build):
    """The message names the policy, the state and its places, and the engine that can."""
    spec = jail(build, cap(build, 1_234, LET_GO))
    kernel = compile_model(spec, spec.clock.date(STEPS))
    with pytest.raises(Refusal) as told:
        solve(kernel)
    for words in ("jail is full", "'jail'", "1,234 places", "sampled engine"):
        assert words in str(told.value)
