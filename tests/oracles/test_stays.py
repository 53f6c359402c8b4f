"""The three mean stays, each against what it must be: Little's law, fixed stays by hand, ages."""

from __future__ import annotations

import math

import numpy as np
import pytest

import remand as rm
from remand.engine.stays import stays


def stay_figures(build, spec, until, *policies, quantity, every="month", since=None):
    """The means of a stay by window, in days."""
    run = rm.compare(
        spec, [build.platform(*policies)], until=until, since=since, every=every, whole=False
    )
    return run.series.filter(run.series["scenario"] == "plan").filter(quantity=quantity)["mean"]


def two_jails(build, step="day", **more):
    """Detention moves some on to a county sentence: one stay in jail through both."""
    return build.model(
        {
            "detention": build.state(build.exponential(20), {"county": 0.3, "gone": 0.7}),
            "county": build.state(
                {"law": "uniform", "low": 10.0, "high": 90.0}, {"detention": 0.1, "gone": 0.9}
            ),
        },
        {"detention": 6.0},
        step=step,
        tonight="steady",
        **more,
    )


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_stay_of_those_admitted_times_admissions_is_the_census(build, step):
    """Little's law for the kind as a whole: stays run on through transfers, and
    E[stay] = (20 + 0.3 × 50) / (1 − 0.03) days whatever the step."""
    spec = two_jails(build, step)
    run = rm.compare(spec, [build.platform()], until=build.day(24, step), every="month")
    value = {
        q: run.summary.filter(quantity=q)["mean"][0]
        for q in ("stay_admission", "admissions", "population", "stay_release")
    }
    mean = (20 + 0.3 * 50) / 0.97
    assert value["stay_admission"] == pytest.approx(mean, rel=1e-9)
    days = 24 * {"day": 1.0, "week": 7.0, "month": 30.4375}[step]
    assert value["admissions"] == pytest.approx(6.0 * days, rel=1e-9)
    assert value["population"] == pytest.approx(6.0 * mean, rel=1e-9)
    assert value["stay_release"] == pytest.approx(mean, rel=1e-9)


def test_stays_of_a_fixed_length_have_that_length_on_either_basis(build):
    """Everyone stays 5 days: so do those admitted and those released, in every window."""
    spec = build.one_state(build.fixed(5), 2.0, tonight="steady")
    for quantity in ("stay_admission", "stay_release"):
        values = stay_figures(build, spec, build.day(40), quantity=quantity, every="week")
        np.testing.assert_allclose(values, 5.0, rtol=1e-12)


def test_stay_of_those_released_is_short_while_a_jail_fills(build):
    """One a day from an empty start, half for 2 days and half for 6. Released on days 2–5: 2-day
    stays only. From day 6: ½ of either, mean 4. Of those admitted it is 4 from the first day."""
    spec = build.one_state(build.table({2: 0.5, 6: 0.5}))
    path = build.run(spec, 12).path
    with np.errstate(invalid="ignore"):
        released = stays(path).ended[0, 0] / path.left[0].sum(axis=0)
    np.testing.assert_allclose(released[2:], [2, 2, 2, 2, 4, 4, 4, 4, 4, 4], rtol=1e-12)
    np.testing.assert_allclose(stays(path).to_come[0, 0], 4.0, rtol=1e-12)


def test_stay_of_those_released_jumps_when_a_release_lets_long_stays_go(build):
    """5-day stays, steady. At step 3 all five inside are let go, having stayed 1, 2, 3, 4 and 5
    days: mean 3. Nobody leaves on 4–7, then 5-day stays again."""
    go = build.policy({"release": {"state": "jail", "share": 1.0, "exit": "gone"}}, starts=3)
    path = build.run(build.one_state(build.fixed(5), tonight="steady"), 10, go).path
    ended, left = stays(path).ended[0, 0], path.left[0].sum(axis=0)
    np.testing.assert_allclose(left, [1, 1, 1, 5, 0, 0, 0, 0, 1, 1], atol=1e-12)
    np.testing.assert_allclose(ended, [5, 5, 5, 15, 0, 0, 0, 0, 5, 5], atol=1e-12)


def test_stay_of_those_admitted_knows_what_will_hold_later(build):
    """5-day stays are cut to 2 for everyone at step 3: who comes at 0, 1, 2 stays 3, 2, 2 days
    (until the cut, or to age 2); who comes at 3 or later 2. Without the cut 5."""
    cut = build.everyone({"dwell": {"state": "jail", "cap": 2}}, starts=3)
    path = build.run(build.one_state(build.fixed(5)), 8, cut).path
    np.testing.assert_allclose(stays(path).to_come[0, 0], [3, 2, 2, 2, 2, 2, 2, 2], rtol=1e-12)


def test_time_so_far_of_a_fixed_stay_is_half_of_it(build):
    """Inside are as many of each age: with people entering at a uniform moment, 2.5 of 5 days."""
    spec = build.one_state(build.fixed(5), 2.0, tonight="steady")
    values = stay_figures(build, spec, build.day(20), quantity="stay_so_far", every="day")
    np.testing.assert_allclose(values, 2.5, rtol=1e-12)


def test_time_so_far_of_memoryless_stays_is_their_mean(build):
    """Ages are geometric with q = e^(−1/9): 1/(1 − q) steps, half a step less for the moment of
    entry, which is within 0.01 of the law's own 9 days."""
    spec = build.one_state(build.exponential(9), 2.0, tonight="steady")
    values = stay_figures(build, spec, build.day(20), quantity="stay_so_far", every="day")
    np.testing.assert_allclose(values, 1 / (1 - math.exp(-1 / 9)) - 0.5, rtol=1e-9)
    assert values[0] == pytest.approx(9, abs=0.01)


def test_time_so_far_of_a_counted_census_is_what_was_counted(build):
    """Ten people, half in since yesterday (1 step), half for three days (3 steps back): 2 steps on
    average; at the end of step 0 three, of step 1 four, less half a step each."""
    tonight = {"jail": build.stock(10.0, {0.0: 0.5, 2.0: 0.5})}
    spec = build.one_state(build.fixed(60), 0.0, tonight=tonight)
    values = stay_figures(build, spec, build.day(2), quantity="stay_so_far", every="day")
    np.testing.assert_allclose(values, [2.5, 3.5], rtol=1e-12)


def test_time_so_far_runs_on_through_a_transfer_within_a_kind(build):
    """Detention 2 days, then a county sentence of 3: ages 1–5 in jail, mean 3 steps; in the county
    state alone those inside have been in jail 3, 4 and 5 steps: 4."""
    spec = build.model(
        {
            "detention": build.state(build.fixed(2), "county"),
            "county": build.state(build.fixed(3)),
        },
        {"detention": 1.0},
        tonight="steady",
    )
    path = build.run(spec, 10).path
    so_far = stays(path).so_far[0]
    np.testing.assert_allclose(so_far.sum(axis=0) / path.census[0].sum(axis=0), 3.0, rtol=1e-12)
    np.testing.assert_allclose(so_far[1] / path.census[0, 1], 4.0, rtol=1e-12)
    np.testing.assert_allclose(stays(path).ended[0, 1], 5.0, rtol=1e-12)


def test_the_stay_of_a_jail_that_shrinks_misleads_on_the_release_basis(build):
    """Arrivals stop at step 10 and half of stays are 3, half 30 days: those released after step 13
    are all long stays, though nobody's stay changed."""
    rates = [{"value": 2.0}, {"value": 0.0, "from": build.day(10)}]
    spec = build.model(
        {"jail": build.state(build.table({3: 0.5, 30: 0.5}))},
        {"jail": {"unit": "people per day", "rate": rates}},
        tonight="steady",
    )
    path = build.run(spec, 40).path
    with np.errstate(invalid="ignore"):
        released = stays(path).ended[0, 0] / path.left[0].sum(axis=0)
    np.testing.assert_allclose(released[:13], 16.5, rtol=1e-12)
    np.testing.assert_allclose(released[13:40], 30.0, rtol=1e-12)
