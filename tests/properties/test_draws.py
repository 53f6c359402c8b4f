"""What must hold of paired draws, whatever is uncertain and whatever a platform does."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import remand as rm
from remand.errors import InputError
from remand.model.platform import Scenario
from remand.model.uncertain import places_of
from remand.outcomes.bands import QUANTILES
from remand.outcomes.figures import OVERFLOW, STAY_BASIS
from remand.runs.worlds import Worlds

STEPS, DRAWS = 40, 9
QUICK = settings(deadline=None, max_examples=12)
WHAT = ("population", "admissions", "releases", "bed_days")
MIRROR = dict(zip(QUANTILES, reversed(QUANTILES), strict=True))

seeds = st.integers(0, 2**31)
share = st.sampled_from([0.1, 0.35, 0.6])


def about(value, width=0.3, **more):
    """A range around a value."""
    return {"low": value * (1 - width), "high": value * (1 + width), **more}


@st.composite
def counties(draw):
    """Arguments of `county`."""
    return {
        "mean": draw(st.sampled_from([3.0, 11.0, 45.0])),
        "back": draw(share),
        "rate": draw(st.sampled_from([2.0, 7.0])),
        "shocks": draw(st.sampled_from([0.0, 0.2])),
        "tonight": draw(st.sampled_from([None, "steady"])),
    }


def county(build, mean, back, rate, shocks=0.2, tonight="steady", width=0.3):
    """A jail and supervision that lead to each other, all of whose numbers are ranges."""
    drift = {"from": build.START, "growth": {"low": -width / 3, "high": width / 3},
             "shocks": shocks}  # fmt: skip
    law = {"law": "lognormal", "median": mean / 2, "mean": mean, "scale": about(1.0, width)}
    return build.model(
        {
            "jail": build.state(
                law,
                {"supervision": {"share": {"value": about(0.5, width)}}, "gone": {"share": "rest"}},
            ),
            "supervision": build.state(
                build.exponential(about(20.0, width)),
                {"jail": {"share": {"value": about(back, width)}}, "gone": {"share": "rest"}},
                kind="supervision",
            ),
        },
        {
            "jail": {
                "unit": "people per day",
                "rate": {"value": about(rate, width)},
                "split": {"group": {"red": 0.4, "blue": 0.6}},
                "drift": drift,
            }
        },
        strata={"group": ["red", "blue"]},
        tonight=tonight,
    )


@st.composite
def plans(draw):
    """Arguments of `policy`."""
    return {
        "edit": draw(st.sampled_from(["shorter", "divert", "fewer"])),
        "where": draw(st.sampled_from([{}, {"group": "blue"}])),
        "starts": draw(st.integers(0, STEPS - 1)),
        "compliance": draw(st.sampled_from([1.0, {"low": 0.2, "high": 0.8}])),
    }


def policy(build, edit, where=None, **how):
    """A policy of one edit."""
    own = {"state": "jail", "where": where or {}}
    body = {
        "shorter": {"dwell": {**own, "scale": about(0.8, 0.2)}},
        "divert": {"divert": {**own, "exit": "supervision", "to": "gone", "share": 0.4}},
        "fewer": {"admit": {**own, "scale": about(0.7, 0.2)}},
    }[edit]
    return build.policy(body, **how)


def compared(build, spec, *platforms, draws=DRAWS, seed=5, steps=STEPS, **more):
    """Draws of a model as it is and under platforms, over so many days."""
    asis = build.platform(name="as-is")
    given_ = {"quantities": WHAT, "every": "week", **more}
    until = build.day(steps)
    return rm.compare(spec, [asis, *platforms], until, draws=draws, seed=seed, **given_)


def less(run, a, b):
    """Rows of a − b that are not hidden."""
    own = (pl.col("a") == a) & (pl.col("b") == b) & ~pl.col("suppressed")
    frame = run.differences.filter(own)
    return frame if len(frame) else pytest.fail(f"no rows of {a} − {b}")


def numbers(frame, *columns):
    """Some columns as an array."""
    return frame.select(columns).to_numpy()


@QUICK
@given(what=counties(), one=plans(), two=plans(), seed=seeds)
def test_a_swap_negates_every_difference_to_the_last_bit(build, what, one, two, seed):
    """Means and quantiles change sign and places, and a < b becomes b < a."""
    spec = county(build, **what)
    a, b = (build.platform(policy(build, **p), name=n) for p, n in ((one, "a"), (two, "b")))
    ab = less(compared(build, spec, a, b, seed=seed, by="group"), "a", "b")
    ba = less(compared(build, spec, b, a, seed=seed, by="group"), "b", "a")
    np.testing.assert_array_equal(numbers(ab, "mean"), -numbers(ba, "mean"))
    np.testing.assert_array_equal(numbers(ab, *MIRROR), -numbers(ba, *MIRROR.values()))
    np.testing.assert_array_equal(numbers(ab, "sd"), numbers(ba, "sd"))
    below, above = (DRAWS * numbers(rows, "p_a_less_b") for rows in (ab, ba))
    np.testing.assert_allclose(below + above, DRAWS, rtol=1e-15)


@QUICK
@given(what=counties(), other=plans(), seed=seeds)
def test_an_empty_platform_differs_by_nothing_in_every_draw(build, what, other, seed):
    """Not even by rounding, whatever else is compared: every quantile is 0, and p is a half."""
    empty = build.platform(name="empty")
    plan = build.platform(policy(build, **other))
    run = compared(build, county(build, **what), plan, empty, seed=seed, by="group")
    rows = less(run, "as-is", "empty")
    assert (numbers(rows, "mean", "sd", *QUANTILES) == 0).all()
    assert (numbers(rows, "p_a_less_b") == 0.5).all()
    assert not rows["distinguishable"].any()


@QUICK
@given(what=counties(), plan=plans(), seed=seeds)
def test_one_seed_gives_the_same_digits_and_another_seed_others(build, what, plan, seed):
    """In every column, on however many threads."""
    spec, platform = county(build, **what), build.platform(policy(build, **plan))
    one, same, other = (
        compared(build, spec, platform, seed=s) for s in (seed, seed, (seed + 1) % 2**31)
    )
    assert one.series.equals(same.series)
    assert one.differences.equals(same.differences)
    assert one.identity == same.identity != other.identity
    column = numbers(one.series.filter(kind="jail", quantity="population"), "q50")
    again = numbers(other.series.filter(kind="jail", quantity="population"), "q50")
    assert (column != again).all()


@QUICK
@given(what=counties(), one=plans(), two=plans())
def test_a_platform_more_leaves_the_draws_of_the_others_as_they_were(build, what, one, two):
    """In front or behind: the same worlds, solved alike to a millionth of a person, below which
    nobody's way on within a day is followed (`remand.engine.bin_days.NOBODY`)."""
    spec = county(build, **what)
    a, b = (build.platform(policy(build, **p), name=n) for p, n in ((one, "a"), (two, "b")))
    alone, before, after = (
        compared(build, spec, *them).series.filter(pl.col("scenario") != "b")
        for them in ([a], [b, a], [a, b])
    )
    for run in (before, after):
        assert run.select("scenario", "date", "quantity").equals(
            alone.select("scenario", "date", "quantity")
        )
        np.testing.assert_allclose(
            numbers(run, "mean", "sd", *QUANTILES), numbers(alone, "mean", "sd", *QUANTILES),
            rtol=1e-6, atol=1e-6,
        )  # fmt: skip


@QUICK
@given(seed=seeds, draws=st.integers(2, 60))
def test_numbers_of_one_name_take_one_rank_and_those_that_fall_its_opposite(build, seed, draws):
    """Across the model and a platform; a number without the name goes its own way."""
    tied = {"law": "uniform", "low": 1.0, "high": 3.0, "together": "t"}
    spec = build.one_state(
        {"law": "exponential", "mean": tied}, {"unit": "people per day", "rate": {"value": tied}}
    )
    edit = {"dwell": {"state": "jail", "scale": tied | {"falls": True}}}
    own = {"admit": {"state": "jail", "scale": tied | {"together": None}}}
    plan = build.platform(build.policy(edit, own))
    worlds = Worlds([Scenario.of(spec, [plan])], build.day(STEPS), draws, seed)
    found = []
    for i in range(draws):
        ((model,), edits) = worlds.models(i), []
        edits = model.policies[0].edits
        rate, mean = model.arrivals["jail"].rate[0].value, model.states["jail"].dwell[0].mean
        found.append([rate, mean, edits[0].scale, edits[1].scale])
    rate, mean, falls, free = np.array(found).T
    np.testing.assert_array_equal(rate, mean)
    np.testing.assert_allclose(falls, 4.0 - rate, rtol=1e-12)
    assert (free != rate).any()
    tied_one = next(one for one in worlds.assumptions if one.name == "t")
    assert (tied_one.many, len(worlds.assumptions)) == (3, 2)
    # evenly spread: one draw in each slice
    assert sorted(np.floor((rate - 1) / 2 * draws)) == list(range(draws))


@QUICK
@given(what=counties(), plan=plans())
def test_a_policy_after_the_last_day_changes_nothing(build, what, plan):
    """Its compliance is drawn and never met."""
    late = build.platform(policy(build, **{**plan, "starts": STEPS}), name="late")
    run = compared(build, county(build, **what), late)
    rows = less(run, "as-is", "late")
    assert (numbers(rows, "mean", "sd", *QUANTILES) == 0).all()


@QUICK
@given(what=counties(), plan=plans())
def test_ranges_of_no_width_give_the_band_of_chance_alone(build, what, plan):
    """Whatever is left of the parameters' doubt: the band of the exact engine, within 1 %."""
    spec = county(build, **{**what, "shocks": 0.0}, width=1e-6)
    edit = {**plan, "edit": "divert", "compliance": 0.5}
    platform = build.platform(policy(build, **edit))
    drawn = compared(build, spec, platform, every="month").series
    asis = [build.platform(name="as-is"), platform]
    exact = rm.compare(spec, asis, build.day(STEPS), every="month", quantities=WHAT).series
    one, two = (f.filter(kind="jail", quantity="population") for f in (drawn, exact))
    assert len(one) == len(two) > 0
    np.testing.assert_allclose(
        numbers(one, "mean", *QUANTILES), numbers(two, "mean", *QUANTILES), rtol=0.01, atol=0.01
    )


@pytest.mark.parametrize("draws", [-5, 1])
def test_one_draw_or_fewer_than_none_are_refused(build, draws):
    """A band of one draw is no band."""
    with pytest.raises(InputError, match=f"--draws cannot be {draws}"):
        compared(build, county(build, 11.0, 0.35, 2.0), draws=draws)


def test_two_draws_are_enough(build):
    """Every figure of people has a band, with the lower end below the upper."""
    run = compared(build, county(build, 11.0, 0.35, 2.0), draws=2)
    rows = run.series.filter(pl.col("quantity") == "population")
    assert (rows["q025"] < rows["q975"]).all()
    assert not set(run.series["quantity"]) & {*STAY_BASIS, *OVERFLOW}


def test_every_number_of_the_county_is_drawn(build):
    """Else the properties above would hold of too little."""
    spec = county(build, 11.0, 0.35, 2.0)
    worlds = Worlds([Scenario.of(spec, [build.platform()])], build.day(STEPS), DRAWS, 0)
    assert len(worlds.assumptions) == len(list(places_of(spec))) + 1 == 7
    assert worlds.sources == ("parameters", "baseline")
