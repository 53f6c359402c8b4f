"""Fits of monthly figures: one year's level, no growth carried on, stays that may move."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from remand.fitting.drawn import FitDraws
from remand.fitting.drift import STRENGTH
from remand.fitting.monthly import STAYS, Months, fit_months
from remand.model.uncertain import Uncertain


def jail(held, booked, until=dt.date(2016, 1, 1)):
    """Months up to a day with so many people held on average, and booked a day."""
    first = until.year * 12 + until.month - 1 - len(held)
    dates = [dt.date((first + i) // 12, (first + i) % 12 + 1, 1) for i in range(len(held) + 1)]
    days = np.diff([date.toordinal() for date in dates]).astype(float)
    return Months(dates[0], until, days, np.array(held, float), np.array(booked) * days)


def fitted(months, draws=0):
    """Their fit."""
    found = fit_months(months, "Jail", (), "in-facility", draws, 0)
    return replace(found, document={**found.document, "draws_file": "draws.parquet"})


def numbers(months):
    """The rate a day, and the mean stay."""
    model = fitted(months).model
    return model.arrivals["jail"].rate[0].value, model.states["jail"].dwell[0].mean


def spread(months):
    """The sd of the log of the scale of stays."""
    scale = fitted(months).model.states["jail"].dwell[0].scale
    assert isinstance(scale, Uncertain)
    return np.log(scale.law.factor)


def test_admissions_and_stay_are_the_last_years():
    """Older months, with twice the people and stays, leave no trace in either."""
    rate, stay = numbers(jail([600] * 23 + [300] * 13, [20] * 24 + [10] * 12))
    assert rate == pytest.approx(10)
    assert stay == pytest.approx(30)


@pytest.mark.parametrize("months", [1, 3, 11])
def test_bookings_that_begin_to_be_counted_otherwise_leave_the_population_alone(months):
    """A third less booked, as many held: the rate falls, the stay grows, the people stay."""
    rate, stay = numbers(jail([300] * 36, [12] * (36 - months) + [8] * months))
    assert rate < 12
    assert rate * stay == pytest.approx(300, rel=1e-5)


def test_no_growth_is_carried_on_but_shocks_are():
    """Bookings that grew by a fifth a year for three years go on as in the last one."""
    months = jail([300] * 36, 10 * 1.2 ** (np.arange(36) / 12))
    found = fitted(months, draws=5)
    drift = found.model.arrivals["jail"].drift
    assert (drift.growth, drift.damping, drift.from_) == (0, 0, dt.date(2015, 7, 3))
    assert drift.shocks > 0
    growth = found.parameters.filter(found.parameters["parameter"] == "growth")
    assert growth["value"][0] == pytest.approx(0.2, abs=0.01)
    draws = FitDraws.of(found.model, found.draws)
    assert {draws.model(i).arrivals["jail"].drift.growth for i in range(5)} == {0.0}


def test_stays_may_move_as_far_as_they_did_from_year_to_year_and_in_other_jails():
    """None of its own, calm years, and a year of half as many days more."""
    assert spread(jail([300] * 12, [10] * 12)) == pytest.approx(STAYS, rel=1e-3)
    calm = STAYS * np.sqrt(STRENGTH / (STRENGTH + 2))
    assert spread(jail([300] * 36, [10] * 36)) == pytest.approx(calm, rel=1e-3)
    moved = np.sqrt((STRENGTH * STAYS**2 + np.log(1.5) ** 2) / (STRENGTH + 2))
    assert spread(jail([300] * 36, [15] * 24 + [10] * 12)) == pytest.approx(moved, rel=1e-3)


def test_draws_of_a_short_stay_come_with_more_admissions():
    """Both are of the same months drawn again, so that the people held stay what they were."""
    rng = np.random.default_rng(2)
    found = fitted(jail([300] * 36, rng.uniform(8, 12, 36)), draws=60)
    by_name = {
        name: found.draws.filter(found.draws["parameter"] == name)["value"].to_numpy()
        for name in ("admissions", "stay_mean", "steady_census")
    }
    assert np.corrcoef(by_name["admissions"], by_name["stay_mean"])[0, 1] < -0.9
    apart = {name: draws.std() / draws.mean() for name, draws in by_name.items()}
    assert apart["steady_census"] < apart["admissions"] / 5
