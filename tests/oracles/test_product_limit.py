"""The product limit of stays against lifelines, a jail by hand, and the law that fits are of."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from remand.fitting.survival import Observed, incidence
from remand.outcomes.product_limit import Watched


@pytest.fixture
def stays():
    """Six hundred stays: some under way when the watch began, some still going on at its end."""
    rng = np.random.default_rng(3)
    length = rng.geometric(0.05, 600) + rng.integers(0, 3, 600) - 1
    after = np.where(rng.random(600) < 0.3, rng.integers(0, 15, 600), -1)
    end = rng.integers(5, 60, 600)
    ended = length <= end
    until = np.where(ended, length, end)
    seen = after < until
    return after[seen], until[seen], ended[seen], rng.integers(1, 6, 600)[seen].astype(float)


def test_survival_of_weighted_truncated_stays_is_that_of_lifelines(stays):
    """At every day, to 1e-9: entry is after the day ``after``, as lifelines counts."""
    after, until, ended, weight = stays
    own = Watched.of(np.zeros(len(until), int), 1, after, until, ended)
    theirs = KaplanMeierFitter().fit(until + 1, ended, entry=after + 1, weights=weight)
    at = theirs.survival_function_at_times(own.until + 1).to_numpy()
    assert own.surviving(weight) == pytest.approx(at, abs=1e-9)


def test_survival_is_that_of_the_law_that_fits_are_made_of(stays):
    """Two readings of one estimator: a walk over sorted stays here, a table of durations there."""
    after, until, ended, weight = stays
    own = Watched.of(np.zeros(len(until), int), 1, after, until, ended)
    low = np.where(ended, until, until + 1)
    none, cause = np.zeros(len(until), int), np.where(ended, 0, -1)
    seen = Observed(none, np.arange(len(until)), after + 1, low, low, cause)
    law = incidence(seen, 1, 1, weight[None])
    assert own.surviving(weight) == pytest.approx(law.survival_at(own.until)[0, 0], abs=1e-9)


def test_what_remains_of_a_stay_is_worked_out_by_hand():
    """Stays of 1, 3 and 5 days, and one known to exceed 2.

    S is 3/4 after 1 day, and after 3 a half of that (of two still watched one leaves then), 3/8;
    it ends at 5. Who stayed longer than 2 leaves 1 + 1/2 + 1/2 = 2 days later on average.
    """
    until, ended = np.array([1, 3, 5, 2]), np.array([True, True, True, False])
    own = Watched.of(np.zeros(4, int), 1, np.full(4, -1), until, ended)
    surviving = own.surviving(np.ones(4))
    assert own.until.tolist() == [1, 2, 3, 5]
    assert surviving.tolist() == [0.75, 0.75, 0.375, 0.0]
    assert own.remaining(surviving)[1] == pytest.approx(2.0)
    assert own.quantiles(surviving, (0.25, 0.5)).ravel().tolist() == [1.0, 3.0]
    assert own.beyond(surviving, (0, 2, 4, 9)).ravel().tolist() == [1.0, 0.75, 0.375, 0.0]


def test_nothing_is_said_of_days_nobody_was_watched_for():
    """Two stays still going on after 4 and 6 days: 5 is known, 7 is not."""
    own = Watched.of(np.zeros(2, int), 1, np.full(2, -1), np.array([4, 6]), np.zeros(2, bool))
    known = own.beyond(own.surviving(np.ones(2)), (5, 7)).ravel()
    assert known[0] == 1.0
    assert np.isnan(known[1])
    assert np.isnan(own.quantiles(own.surviving(np.ones(2)), (0.5,))).all()
