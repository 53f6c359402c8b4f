"""Survival and cumulative incidence against lifelines (Davidson-Pilon, *JOSS* 4, 2019) to 1e-9.

lifelines takes late entry in its Kaplan–Meier estimator but not in its Aalen–Johansen: with
truncation, causes are set against the textbook's formula, a line or two of NumPy a duration.
lifelines counts who enters at a moment as at risk at it, and who is censored at a moment too; here
a stay known to last c or longer is at risk below c, so it is given to lifelines as c − ½.

Weights are multiples of 1/64, whose sums are exact: with others, rounding in the sums of lifelines
can leave a last person neither in nor out, and survival where it was.
"""

from __future__ import annotations

import numpy as np
import pytest

from remand.fitting.survival import Observed, incidence

lifelines = pytest.importorskip("lifelines")
pytestmark = pytest.mark.filterwarnings("ignore:It looks like your weights are not integers")
CAUSES = 3


def some_stays(rng, stays, truncated):
    """Stays of violently skewed lengths by three exits, some censored, some late."""
    stay = np.rint(rng.lognormal(2.5, 1.6, stays)).astype(np.int64)
    entry = np.rint(rng.exponential(30.0, stays)).astype(np.int64) * rng.integers(0, 2, stays)
    entry = entry if truncated else 0 * entry
    censored = np.maximum(rng.integers(1, 900, stays), entry + 1)
    seen = np.flatnonzero(stay >= entry)
    stay, entry, censored = stay[seen], entry[seen], censored[seen]
    ended = stay < censored
    low = np.where(ended, stay, censored)
    cause = np.where(ended, stay % CAUSES, -1)  # lifelines takes no ties between exits
    return Observed(0 * entry, np.arange(len(seen)), entry, low, low, cause)


def some_weights(rng, *shape):
    """Weights about 1, of which any sum is exact."""
    return rng.integers(1, 128, shape) / 64


def kaplan_meier(observed, weight, days):
    """Survival by lifelines at some days."""
    ended = observed.cause >= 0
    fitted = lifelines.KaplanMeierFitter().fit(
        np.where(ended, observed.low, observed.low - 0.5),
        ended,
        entry=observed.entry - 0.5,
        weights=weight[observed.person],
    )
    return fitted.survival_function_at_times(days).to_numpy()


def aalen_johansen(observed, weight, days, cause):
    """Cumulative incidence by lifelines at some days, of stays all seen from the start."""
    assert (observed.entry == 0).all()
    ended = observed.cause >= 0
    fitted = lifelines.AalenJohansenFitter(calculate_variance=False).fit(
        # it holds two durations of 0 and a moment before 0 for one: a day later, all are apart
        np.where(ended, observed.low, observed.low - 0.5) + 1,
        observed.cause + 1,
        event_of_interest=cause + 1,
        weights=weight[observed.person],
    )
    curve = fitted.cumulative_density_.iloc[:, 0]
    return curve.to_numpy()[np.searchsorted(curve.index, days + 1, "right") - 1]


def textbook(observed, weight, days):
    """Cumulative incidences (days, causes) as Aalen and Johansen wrote them."""
    w = weight[observed.person]
    ended = observed.cause >= 0
    survival, total, out = 1.0, np.zeros(CAUSES), np.zeros((len(days), CAUSES))
    for d in range(int(days.max()) + 1):
        until = np.where(ended, observed.low, observed.low - 1)
        risk = w[(observed.entry <= d) & (d <= until)].sum()
        left = [w[(observed.low == d) & (observed.cause == k)].sum() for k in range(CAUSES)]
        if risk > 0:
            total = total + survival * np.array(left) / risk
            survival *= 1 - sum(left) / risk
        out[days == d] = total
    return out


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_survival_equals_lifelines(truncated, weighted):
    """Kaplan–Meier with and without late entry, with and without weights."""
    rng = np.random.default_rng(11)
    observed = some_stays(rng, 4000, truncated)
    weight = some_weights(rng, 4000) if weighted else np.ones(4000)
    days = np.arange(1200)
    law = incidence(observed, 1, CAUSES, weight[None])
    expected = kaplan_meier(observed, weight, days)
    np.testing.assert_allclose(law.survival_at(days)[0, 0], expected, rtol=0, atol=1e-9)


def test_cumulative_incidence_equals_lifelines():
    """Every exit, everyone seen from the start, with weights."""
    rng = np.random.default_rng(12)
    observed = some_stays(rng, 4000, truncated=False)
    weight = some_weights(rng, 4000)
    days = np.arange(1200)
    law = incidence(observed, 1, CAUSES, weight[None]).cumulative_at(days)[0, 0]
    for cause in range(CAUSES):
        expected = aalen_johansen(observed, weight, days, cause)
        np.testing.assert_allclose(law[:, cause], expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(law, textbook(observed, weight, days), rtol=0, atol=1e-12)


def test_cumulative_incidence_with_late_entry_equals_the_textbook():
    """Every exit, half of the stays seen late, ties between exits, unround weights."""
    rng = np.random.default_rng(13)
    observed = some_stays(rng, 4000, truncated=True)
    ended = observed.cause >= 0
    observed.cause[ended] = rng.integers(0, CAUSES, ended.sum())
    weight = rng.exponential(size=4000)
    days = np.arange(1200)
    law = incidence(observed, 1, CAUSES, weight[None]).cumulative_at(days)[0, 0]
    np.testing.assert_allclose(law, textbook(observed, weight, days), rtol=0, atol=1e-12)


def test_cells_and_draws_at_once_equal_each_on_its_own():
    """Twelve cells under three weights against lifelines one by one."""
    rng = np.random.default_rng(14)
    observed = some_stays(rng, 3000, truncated=True)
    observed.cell[:] = rng.integers(0, 12, len(observed.cell))
    weights, days = some_weights(rng, 3, 3000), np.arange(600)
    law = incidence(observed, 12, CAUSES, weights).survival_at(days)
    for cell in range(12):
        own = observed.cell == cell
        part = Observed(*(values[own] for values in vars(observed).values()))
        for draw, weight in enumerate(weights):
            expected = kaplan_meier(part, weight, days)
            np.testing.assert_allclose(law[draw, cell], expected, rtol=0, atol=1e-9)
