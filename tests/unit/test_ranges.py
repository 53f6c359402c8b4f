"""Numbers that take one rank, factors of a stay, and faults that only some draws would meet."""

from __future__ import annotations

import numpy as np
import pytest

from remand.model.check import check_model
from remand.model.uncertain import Uncertainty, places_of, resolved
from remand.model.values import LognormalDwell


def messages(model):
    """What a check says, and where."""
    return [(problem.path, problem.message) for problem in check_model(model)]


def jail(build, **exits):
    """A jail with some exits, each to its own state that people leave for good."""
    beyond = {name: build.state(build.fixed(1), kind="community") for name in exits}
    return build.model({"jail": build.state(build.fixed(5), exits), **beyond}, {"jail": 1.0})


def test_a_law_that_falls_takes_the_opposite_rank():
    """Where the others are high it is low, and the product of mirrored factors is 1."""
    rises = Uncertainty(law="lognormal", median=0.8, factor=1.3, together="a")
    falls = Uncertainty(law="lognormal", median=1.25, factor=1.3, together="a", falls=True)
    ranks = np.linspace(0.01, 0.99, 9)
    assert np.allclose(rises.quantile(ranks) * falls.quantile(ranks), 1.0)
    assert falls.between() == pytest.approx(falls.replace(falls=False).between())


def test_falls_without_together_is_refused():
    """It would say nothing."""
    with pytest.raises(ValueError, match="'falls' needs 'together'"):
        Uncertainty(low=0, high=1, falls=True)


def test_a_stay_may_have_a_factor_for_each_reason():
    """They multiply, and each is uncertain by itself."""
    law = {"law": "lognormal", "median": 20, "mean": 30}
    plain = LognormalDwell(**law)
    row = LognormalDwell(**law, scale=[{"low": 0.5, "high": 1.5}, 3, {"low": 0.9, "high": 1.1}])
    assert row.factor == pytest.approx(3)
    assert row.numeric.mean == pytest.approx(3 * plain.numeric.mean)
    places = list(places_of(row))
    assert [place.path for place in places] == [("scale", 0), ("scale", 2)]
    assert resolved(row, {("scale", 0): 0.5}).numeric.mean == pytest.approx(1.5 * 30)


def test_shares_that_leave_nothing_for_the_rest_at_their_ends_are_found(build):
    """0.6 and 0.3 at their points, 0.7 and 0.4 at the worst."""
    a, b = {"low": 0.5, "high": 0.7}, {"low": 0.2, "high": 0.4}
    exits = {"a": {"share": {"value": a}}, "b": {"share": {"value": b}}, "c": {"share": "rest"}}
    model = jail(build, **exits)
    ((path, message),) = messages(model)
    assert path == ("states", "jail", "exits")
    assert "can add up to 1.1 at the ends of their ranges" in message


def test_shares_that_make_room_for_one_another_are_let_be(build):
    """The same ranges, one of which falls as the other rises."""
    more = {"low": 0.5, "high": 0.7, "together": "t"}
    less = {"low": 0.2, "high": 0.4, "together": "t", "falls": True}
    exits = {"a": {"share": {"value": more}}, "b": {"share": {"value": less}}}
    assert messages(jail(build, **exits, c={"share": "rest"})) == []
    assert messages(jail(build, **exits, c={"share": 0.1})) == []


def test_an_uncertain_share_that_no_other_gives_way_to_is_found(build):
    """It adds up at its point and nowhere else."""
    model = jail(build, a={"share": {"value": {"low": 0.5, "high": 0.7}}}, b={"share": 0.4})
    ((_, message),) = messages(model)
    assert "can add up to 0.9 or 1.1, not 1" in message


def test_a_median_that_can_pass_its_mean_is_found(build):
    """At the points 20 and 25; at the worst 26."""
    law = {"law": "lognormal", "median": {"low": 14, "high": 26}, "mean": 25}
    ((path, message),) = messages(build.one_state(law))
    assert path == ("states", "jail", "dwell", 0, "median")
    assert "a lognormal mean (25) must be above its median (26)" in message


def test_a_median_and_mean_that_move_together_are_let_be(build):
    """Their ratio is the same at every rank."""
    law = {
        "law": "lognormal",
        "median": {"low": 14, "high": 26, "together": "stays"},
        "mean": {"low": 21, "high": 39, "together": "stays"},
    }
    assert messages(build.one_state(law)) == []


def test_an_uncertain_share_of_a_split_is_found(build):
    """People would be lost or made."""
    rate = {
        "unit": "people per day",
        "rate": 1.0,
        "split": {"sex": {"men": {"low": 0.8, "high": 0.9}, "women": 0.15}},
    }
    axes = {"strata": {"sex": ["men", "women"]}}
    found = messages(build.model({"jail": build.state(build.fixed(5))}, {"jail": rate}, **axes))
    assert [message for _, message in found] == [
        "the share of 'men' is uncertain, and no other level gives way"
    ]
