"""Draws: what is refused and how it is said, and the law of a count whose expectation is drawn."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

import remand as rm
from remand.errors import InputError, Refusal
from remand.outcomes import mixture
from remand.outcomes.bands import QUANTILES

STEPS = 30


def compared(build, spec, *policies, draws=8, **more):
    """Draws of a model and of a platform of some policies."""
    plans = [build.platform(name="as-is"), build.platform(*policies)]
    return rm.compare(spec, plans, build.day(STEPS), draws=draws, **more)


def full(build):
    """A policy that holds the jail at ten places."""
    to = {"state": "jail", "places": 10, "when_full": {"refuse": {"to": "gone"}}}
    return build.policy({"capacity": to}, name="ten-places")


# -- messages --------------------------------------------------------------------------------


def test_a_rule_that_couples_people_is_refused_with_what_to_do(build):
    """Draws are solved, and such a rule has to be run."""
    spec = build.one_state(build.exponential(10), 2.0)
    with pytest.raises(Refusal) as told:
        compared(build, spec, full(build))
    assert str(told.value) == (
        "plan: policy 'ten-places' holds a state at a number of places, which has no exact "
        "solution, and draws are solved exactly. Run it by chance (without --draws), or without "
        "the policy"
    )


def test_a_world_that_cannot_be_run_names_its_draw(build):
    """A policy asks for more than all, where the share it adds to is high."""
    a = {"share": {"value": {"low": 0.1, "high": 0.8}}}
    spec = build.model(
        {
            "jail": build.state(build.fixed(5), {"a": a, "gone": {"share": "rest"}}),
            "a": build.state(build.fixed(3), kind="community"),
        },
        {"jail": 1.0},
    )
    more = build.policy({"share": {"state": "jail", "exit": "a", "by": 0.3}})
    with pytest.raises(InputError) as told:
        compared(build, spec, more, draws=40)
    (problem,) = told.value.problems
    assert re.match(r"in draw \d+ of 40: cannot move the share of 'a' from 0\.7", problem.message)
    assert problem.path == ("policies", "policy", "edits", 0, "by")


def test_draws_of_chance_are_refused(build):
    """The sampled engine draws people, and draws solve them."""
    spec = build.one_state(build.exponential(10), 2.0)
    with pytest.raises(InputError, match="--draws are solved exactly") as told:
        compared(build, spec, engine="sampled")
    assert told.value.problems[0].fix == "leave out --engine, or --draws"


@pytest.mark.parametrize(("option", "value"), [("draws", 1), ("draws", -5), ("seed", -1)])
def test_too_few_draws_and_a_seed_below_zero_are_refused(build, option, value):
    """With what to type instead."""
    spec = build.one_state(build.exponential(10), 2.0)
    with pytest.raises(InputError, match=f"--{option} cannot be {value}") as told:
        compared(build, spec, **{option: value})
    assert told.value.problems[0].fix


# -- the law of a count ----------------------------------------------------------------------


@pytest.fixture
def means():
    """What 500 draws expect of three figures: close together, wide apart, and in two heaps."""
    rng = np.random.default_rng(3)
    heaps = np.where(rng.random(500) < 0.3, 40.0, 90.0) + rng.normal(0, 2, 500)
    return np.column_stack([rng.normal(200, 1, 500), rng.lognormal(3, 0.5, 500), heaps])


DISPERSION = np.array([1.0, 0.3, 2.0])


def test_the_distribution_function_is_that_of_counts_drawn_twice(means):
    """A draw, then chance around it, half a million times."""
    rng = np.random.default_rng(4)
    own = means[rng.integers(0, len(means), 500_000)]
    drawn = own + np.sqrt(DISPERSION * own) * rng.standard_normal(own.shape)
    for at in np.quantile(drawn, [0.02, 0.3, 0.5, 0.9], axis=0):
        below = (drawn <= at).mean(axis=0)
        np.testing.assert_allclose(mixture.cdf(at, means, DISPERSION), below, atol=0.003)


def inverse(q, means, dispersion):
    """A quantile by bisection."""
    return brentq(lambda x: mixture.cdf(x, means, dispersion) - q, -1e3, 1e4)


def test_quantiles_are_the_inverse_of_the_distribution_function(means):
    """Within a hundredth of a standard deviation or so, though draws are taken together; in two
    heaps, where some that are taken together lie far apart, within four."""
    found = mixture.quantiles(means, DISPERSION)
    few = mixture.quantiles(means[: mixture.PARTS], DISPERSION)
    for i, (dispersion, near) in enumerate(zip(DISPERSION, (0.01, 0.01, 0.04), strict=True)):
        own = means[:, i]
        sd = np.sqrt(own.var() + dispersion * own.mean())
        for name, q in QUANTILES.items():
            assert found[name][i] == pytest.approx(inverse(q, own, dispersion), abs=near * sd)
            exact = inverse(q, own[: mixture.PARTS], dispersion)
            assert few[name][i] == pytest.approx(exact, abs=0.001 * sd)


def test_the_mixture_of_one_draw_is_the_normal(means):
    """So is one of draws that are all alike."""
    for many in (1, 2, 400):
        alike = np.repeat(means[:1], many, axis=0)
        found = mixture.quantiles(alike, DISPERSION)
        for name, q in QUANTILES.items():
            normal = norm.ppf(q, means[0], np.sqrt(DISPERSION * means[0]))
            np.testing.assert_allclose(found[name], np.maximum(normal, 0), rtol=1e-3)


def test_without_chance_a_figure_that_no_draw_moves_has_a_band_of_no_width():
    """Every quantile is the figure."""
    found = mixture.quantiles(np.full((50, 1), 7.25), 0.0)
    assert {float(value[0]) for value in found.values()} == {7.25}


def test_a_figure_that_a_draw_lacks_has_no_band(means):
    """NaN in one draw, and none of the others has any."""
    means[17, 1] = np.nan
    found = mixture.quantiles(means, DISPERSION)
    for value in found.values():
        assert np.isnan(value).tolist() == [False, True, False]


def test_a_band_is_never_below_nobody():
    """A count of one or two; a difference may be."""
    few = np.array([[0.5], [1.0], [2.0]])
    found = mixture.quantiles(few, 1.0)
    assert found["q025"] == 0
    assert 0 < found["q50"] < found["q975"]
    assert mixture.quantiles(few, 1.0, least=-np.inf)["q025"] < 0


def test_draws_on_either_side_of_zero_scatter_alike():
    """A difference below zero has as much chance in it as one above."""
    found = mixture.quantiles(np.array([[-9.0], [9.0]]), 1.0, least=-np.inf)
    for low, high in zip(QUANTILES, reversed(QUANTILES), strict=True):
        assert found[low] == pytest.approx(-found[high], abs=0.01)
