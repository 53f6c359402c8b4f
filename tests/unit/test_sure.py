"""What draws say of plans side by side, and what they must not say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.runs.worlds import Worlds

STEPS = 200


def county(build, **more):
    """Ten women and ten men a day, some of whom could leave by an exit that nobody takes."""
    return build.model(
        {
            "jail": build.state(
                None,
                {
                    "out": {"share": "rest", "to": "gone", "dwell": build.exponential(60)},
                    "bail": {"share": 0.0, "to": "gone", "dwell": build.exponential(5)},
                },
            )
        },
        {"jail": {"unit": "people per day", "rate": {"value": {"low": 9.0, "high": 11.0}}}},
        strata={"sex": ["w", "m"]},
        tonight="steady",
        **more,
    )


def half(build, sex, **how):
    """Half of one sex leave early."""
    edit = {"state": "jail", "exit": "out", "to": "bail", "share": 0.5, "where": {"sex": sex}}
    return build.policy({"divert": edit}, starts=60, **how)


def compared(build, spec, *plans, draws=12, **more):
    """A comparison over draws, the whole period as one."""
    return rm.compare(spec, plans, build.day(STEPS), every="year", draws=draws, seed=3, **more)


def people(run, name, **where):
    """Mean census of a scenario over the period."""
    keep = [pl.col(k) == v for k, v in where.items()]
    own = run.summary.filter(pl.col("scenario") == name, pl.col("quantity") == "population", *keep)
    return own["mean"][0]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_two_policies_of_one_name_and_date_are_two_policies(build, order):
    """One for women, one for men: each is solved as itself, whichever comes first."""
    spec = county(build)
    plans = {"a": half(build, "w"), "b": half(build, "m")}
    run = compared(build, spec, *(build.platform(plans[n], name=n) for n in order), by=["sex"])
    assert people(run, "a", sex="w") == pytest.approx(people(run, "b", sex="m"), rel=1e-6)
    assert people(run, "a", sex="m") == pytest.approx(people(run, "b", sex="w"), rel=1e-6)
    assert people(run, "a", sex="w") < 0.9 * people(run, "a", sex="m")


@pytest.mark.parametrize("what", ["release", "everyone"])
def test_people_inside_of_one_group_may_be_reached(build, what):
    """A release or a change for everyone, of women alone: as the exact engine has it."""
    spec = county(build)
    edit = {"state": "jail", "exit": "out", "share": 0.5, "where": {"sex": "w"}}
    policy = (
        build.policy({"release": edit}, starts=60)
        if what == "release"
        else half(build, "w", applies_to="everyone")
    )
    run = compared(build, spec, build.platform(policy), by=["sex"])
    path = solve(compile_model(spec.enact(policy), build.day(STEPS)))
    exact = path.census.sum(axis=1).mean(axis=1)
    for g, sex in enumerate(("w", "m")):
        assert people(run, "plan", sex=sex) == pytest.approx(exact[g], rel=0.01)


def test_a_place_that_only_a_plan_fills_scatters_as_people_do(build):
    """Nobody is in the camp without the plan; under it its band is that of its own people."""
    spec = build.model(
        {
            "jail": build.state(build.exponential(20), {"gone": "rest", "camp": 0.0}),
            "camp": build.state(build.exponential(20), kind="prison"),
        },
        {"jail": {"unit": "people per day", "rate": {"value": {"low": 9.99, "high": 10.01}}}},
        tonight="steady",
    )
    send = build.policy({"divert": {"state": "jail", "exit": "gone", "to": "camp", "share": 0.9}})
    run = rm.compare(spec, [build.platform(send)], build.day(STEPS), every="day", draws=20)
    last = run.population().filter(pl.col("scenario") == "plan", pl.col("kind") == "prison")[-1]
    assert last["sd"][0] == pytest.approx(np.sqrt(last["mean"][0]), rel=0.05)


def test_the_band_of_a_figure_does_not_depend_on_what_else_is_asked(build):
    """Bed-days alone have the band that they have beside people."""
    spec, plan = county(build), build.platform(half(build, "w"))
    alone, beside = (
        compared(build, spec, plan, quantities=asked).summary.filter(quantity="bed_days")
        for asked in (["bed_days"], ["population", "bed_days"])
    )
    assert alone["sd"].to_list() == beside["sd"].to_list()


def test_one_assumption_among_numbers_of_a_name_makes_an_assumption_range(build):
    """A measured number that moves with a chosen one is no interval of its own."""
    law = {"law": "lognormal", "median": 60, "factor": 1.1, "together": "t", "source": "x://y"}
    spec = build.model(
        {"jail": build.state({"law": "exponential", "mean": law})},
        {"jail": {"unit": "people per day",
                  "rate": {"value": {"low": 9.0, "high": 11.0, "together": "t"}}}},
    )  # fmt: skip
    run = compared(build, spec, build.platform())
    assert run.meta["band"] == "assumption range"
    (one,) = run.meta["uncertain"]
    assert (one["numbers"], one["kind"], one["source"]) == (2, "assumption range", "parameters")


def test_a_number_that_several_plans_carry_counts_once(build):
    """The plan they come after is drawn once."""
    spec = county(build)
    first = build.platform(half(build, "w", compliance={"low": 0.2, "high": 0.8}), name="first")
    scenarios = [
        rm.Scenario.of(spec, [first, build.platform(name=name)]) for name in ("one", "two")
    ]
    worlds = Worlds(scenarios, build.day(STEPS), 10, 1)
    assert [one.many for one in worlds.assumptions] == [1, 1]


def test_where_nothing_is_uncertain_nothing_is_said_to_be_told_apart(build):
    """A difference that no world doubts is not thereby sure."""
    spec = build.one_state(build.exponential(20), 5.0)
    plan = build.platform(build.policy({"admit": {"state": "jail", "scale": 0.99}}))
    run = compared(build, spec, plan)
    assert run.differences["distinguishable"].null_count() == len(run.differences)


def test_a_long_ramp_that_is_uncertain_is_followed_to_its_longest(build):
    """Spans of entry steps reach as far as the policy may take to grow."""
    spec = build.one_state(build.exponential(10), 20.0)
    ramp = {"low": 0.0, "high": 190.0, "point": 1.0}
    plan = build.policy({"admit": {"state": "jail", "scale": 0.2}}, phase_in=ramp)
    worlds = Worlds([rm.Scenario.of(spec, [build.platform(plan)])], build.day(STEPS), 6, 2)
    run = rm.compare(spec, [build.platform(plan)], build.day(STEPS), draws=6, seed=2)
    exact = np.mean([
        solve(compile_model(worlds.models(i)[0], build.day(STEPS))).census.mean() for i in range(6)
    ])  # fmt: skip
    assert people(run, "plan") == pytest.approx(exact, rel=0.01)


def test_a_point_outside_its_range_is_refused(build):
    """The exact run would stand where no draw can."""
    with pytest.raises(ValueError, match="'point' must lie between"):
        build.one_state(build.exponential({"low": 3.0, "high": 5.0, "point": 9.0}), 2.0)
