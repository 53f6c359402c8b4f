"""A platform taken apart, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.doors import by_door
from remand.engine.expected import solve
from remand.model.platform import Scenario
from remand.model.states import KINDS
from remand.outcomes.orders import Orders
from remand.runs.explain import explain_scenario


@pytest.fixture
def county(build):
    """A hundred people a day come and stay 3 days: 300 are held."""
    return build.one_state(build.fixed(3), 100.0, tonight="steady")


@pytest.fixture
def promises(build):
    """``fewer`` lets half of them come; ``shorter`` keeps them for a day."""
    return (
        build.policy({"admit": {"state": "jail", "scale": 0.5}}, name="fewer"),
        build.policy({"dwell": {"state": "jail", "scale": 1 / 3}}, name="shorter"),
    )


def test_two_overlapping_policies_share_what_they_overlap_in(build, county, promises):
    """Held with neither 300, with fewer 150, with shorter 100, with both 50.

    The first of two takes what they share: fewer is −150 if first and −50 if last, shorter −200
    and −100. Averaged: −100 and −150, which sum to −250. All of the one goes through admissions,
    all of the other through days.
    """
    found = rm.explain(county, build.platform(*promises), build.day(40), build.day(10))
    assert found.before == {"jail": pytest.approx(300)}
    assert found.after == {"jail": pytest.approx(50)}
    parts = [(p.change["jail"], p.by_admissions, p.by_days) for p in found.parts]
    np.testing.assert_allclose(parts, [[-100, -100, 0], [-150, 0, -150]], atol=1e-9)
    assert (found.by_admissions, found.by_days) == (pytest.approx(-100), pytest.approx(-150))
    assert [part.overlaps for part in found.parts] == [("shorter",), ("fewer",)]


def test_a_platform_that_comes_after_another_is_shown_in_both_orders(build, county, promises):
    """The two of above as platforms of their own: −150 or −50, −200 or −100, on average as above.

    What the later one does is measured against the earlier: −100, from 150.
    """
    first, second = (build.platform(p, name=p.name) for p in promises)
    found = explain_scenario(Scenario.of(county, [first, second]), build.day(40), build.day(10))
    turns = [(turn.name, turn.alone, turn.last, turn.averaged) for turn in found.turns]
    assert [name for name, *_ in turns] == ["fewer", "shorter"]
    np.testing.assert_allclose([t[1:] for t in turns], [[-150, -50, -100], [-200, -100, -150]])
    assert found.before == {"jail": pytest.approx(150)}
    assert found.total == {"jail": pytest.approx(-100)}
    assert found.parts[0].overlaps == ("fewer#fewer",)


def test_an_assumption_is_run_at_both_ends_of_its_range(build, county):
    """Half of the arrivals at a compliance of 0.2–0.6: 300 · 0.5 · (0.2, 0.4, 0.6) fewer."""
    half = {"admit": {"state": "jail", "scale": 0.5}}
    plan = build.platform(build.policy(half, name="half", compliance={"low": 0.2, "high": 0.6}))
    (found,) = rm.explain(county, plan, build.day(40), build.day(10)).assumptions
    assert (found.name, found.label) == ("half: compliance", "assumption range")
    np.testing.assert_allclose(found.difference, [-30, -60, -90])
    np.testing.assert_allclose(found.level, [270, 240, 210])
    assert found.swing == pytest.approx(60)


def test_a_lever_counts_the_days_that_those_it_reaches_would_have_been_held(build):
    """Of 100 a day, 30 are held for 1 day and 20 for 40; the mean stay is (30 + 800) / 50.

    Half of the thirty go free: 15 · 365.25 people a year, a day each, 15 beds. As many of the mean
    stay would be 249.
    """
    spec = build.model(
        {
            "court": build.state(build.fixed(0), {"free": {"share": 0.5, "to": "gone"},
                                 "brief": 0.3, "long": 0.2}, kind="booking"),
            "brief": build.state(build.fixed(1)),
            "long": build.state(build.fixed(40)),
        },
        {"court": 100.0},
        tonight="steady",
    )  # fmt: skip
    free = build.policy({"divert": {"state": "court", "exit": "brief", "to": "free", "share": 0.5}})
    found = rm.explain(spec, build.platform(free), build.day(40), build.day(10))
    (part,) = found.parts
    lever = part.lever
    assert lever.reached == pytest.approx(15 * 365.25)
    assert (lever.stay, lever.beds) == (pytest.approx(830 / 50), pytest.approx(15))
    assert lever.naive == pytest.approx(15 * 830 / 50)
    assert part.change == {"jail": pytest.approx(-15)}
    assert part.says == (
        "About 5,500 more people a year leave “court” by free instead of brief, but they would "
        "have been held only 1 day in jail otherwise (all who are admitted: 17 days on average): "
        "the jail holds 15 fewer people (−1.8 %)."
    )


def test_shapley_s_own_shares_of_three_causes():
    """A glove game: 0 holds a left glove, 1 and 2 a right one each; a pair is worth 1.

    Of the six orders the left glove completes the pair in four (it is first in two), each right one
    in one: 2/3, 1/6, 1/6.
    """

    def worth(held):
        return float(0 in held and len(held) > 1)

    shares = Orders.of(3).averaged(lambda a, b: np.array(worth(b) - worth(a)))
    np.testing.assert_allclose(shares, [2 / 3, 1 / 6, 1 / 6], rtol=1e-15)


def test_people_are_counted_by_the_door_they_came_in_by(build):
    """One a day is detained for 2 days, then serves 3; half a person a day comes to serve 3.

    Held by the door of detention: 1 · (2 + 3) = 5; by the door of sentence: 0.5 · 3 = 1.5. Of the
    4.5 who serve, 3 came by the first.
    """
    county = build.model(
        {
            "cells": build.state(build.fixed(2), "sentence"),
            "sentence": build.state(build.fixed(3)),
        },
        {"cells": 1.0, "sentence": 0.5},
    )
    told = by_door(compile_model(county, build.day(20)), KINDS.index("jail"))
    last = solve(told.kernel).census[0, :, -1]
    by = {(int(d), int(s)): n for d, s, n in zip(told.door, told.origin, last, strict=True)}
    assert by == {(0, 0): pytest.approx(2), (1, 1): pytest.approx(1.5), (0, 1): pytest.approx(3)}
