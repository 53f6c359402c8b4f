"""What holds of any law of leaving, and what is recovered of a known one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remand.fitting.joint import closed
from remand.fitting.pooling import Pool, pooled
from remand.fitting.survival import Observed, incidence

CELLS, CAUSES = 6, 3
CHAIN = (np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0]))

seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=60, deadline=None)


def some_stays(seed, *, wide=True):
    """A few stays of several cells: late, censored, uncertain; at least one has ended."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    entry = rng.integers(0, 8, n) * rng.integers(0, 2, n)
    low = entry + rng.geometric(rng.choice([0.05, 0.3, 0.9]), n) - 1
    high = low + wide * rng.integers(0, 4, n) * (rng.random(n) < 0.3)
    cause = rng.integers(-1, CAUSES, n)
    cause[0] = max(cause[0], 0)
    high = np.where(cause < 0, low, high)
    return Observed(rng.integers(0, CELLS, n), rng.integers(0, n, n), entry, low, high, cause)


def some_weights(seed, observed, draws=2):
    """Weights of people about 1, as of a Bayesian bootstrap."""
    rng = np.random.default_rng(seed)
    return rng.exponential(size=(draws, int(observed.person.max()) + 1))


@quick
@given(seed=seeds, strength=st.sampled_from([0.0, 0.5, 20.0]))
def test_survival_never_rises_and_masses_add_up(seed, strength):
    """Of any cell, own or pooled: hazards are chances, and who has not left is still inside."""
    observed = some_stays(seed)
    weights = some_weights(seed, observed)
    for law in (
        incidence(observed, CELLS, CAUSES, weights),
        pooled(observed, CELLS, CAUSES, CHAIN, strength, weights),
    ):
        assert (law.hazard >= 0).all()
        assert (law.hazard.sum(axis=3) <= 1 + 1e-12).all()
        assert (law.at_risk >= 0).all()
        assert (np.diff(law.survival, axis=2) <= 0).all()
        total = law.cumulative.sum(axis=3) + law.survival
        np.testing.assert_allclose(total, 1, rtol=0, atol=1e-12)


@quick
@given(seed=seeds, longest=st.integers(0, 4000))
def test_closed_laws_sum_to_one_and_reach_the_longest_stay(seed, longest):
    """Whole and thinned, whatever was left to a tail, which is for those who outlast all known."""
    observed = some_stays(seed)
    weights = some_weights(seed, observed)
    law = pooled(observed, CELLS, CAUSES, CHAIN, 5.0, weights)
    whole = closed(law, longest)
    thin = whole.thinned()
    for joint in (whole, thin):
        assert (joint.mass >= 0).all()
        np.testing.assert_allclose(joint.mass.sum(axis=(2, 3)), 1, rtol=0, atol=1e-12)
        np.testing.assert_allclose(joint.bands.sum(axis=(2, 3)), 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(thin.shares, whole.shares, rtol=0, atol=1e-12)
    np.testing.assert_allclose(thin.mean, whole.mean, rtol=1e-12)
    assert whole.durations[-1] > longest
    outlast = whole.mass[:, :, whole.durations > law.known.max()].sum(axis=(2, 3))
    assert (outlast[whole.extrapolated > 0] > 0).all()
    assert (outlast <= whole.extrapolated + 1e-12).all()


@quick
@given(seed=seeds)
def test_weights_of_one_are_no_weights(seed):
    """To the last bit."""
    observed = some_stays(seed)
    ones = np.ones((1, int(observed.person.max()) + 1))
    plain, weighed = (incidence(observed, CELLS, CAUSES, w) for w in (None, ones))
    np.testing.assert_array_equal(plain.hazard, weighed.hazard)
    np.testing.assert_array_equal(plain.at_risk, weighed.at_risk)


@quick
@given(seed=seeds, factor=st.floats(1e-3, 1e3))
def test_only_the_ratios_of_weights_matter_without_a_parent(seed, factor):
    """Everybody counted `factor` times as much has the same laws; strength 0 is no parent."""
    observed = some_stays(seed, wide=False)
    weights = some_weights(seed, observed)
    once = pooled(observed, CELLS, CAUSES, CHAIN, 0.0, weights)
    more = pooled(observed, CELLS, CAUSES, CHAIN, 0.0, factor * weights)
    np.testing.assert_allclose(more.hazard, once.hazard, rtol=1e-9, atol=1e-12)


@quick
@given(seed=seeds)
def test_draws_are_the_same_one_by_one_or_together(seed):
    """On any number of threads."""
    observed = some_stays(seed)
    weights = some_weights(seed, observed, draws=5)
    together = incidence(observed, CELLS, CAUSES, weights, threads=1)
    apart = [incidence(observed, CELLS, CAUSES, w[None], threads=2).hazard[0] for w in weights]
    np.testing.assert_array_equal(together.hazard, apart)
    pool = Pool.of(observed, CELLS, CAUSES, CHAIN, 3.0)
    pooled_apart = pool.each(
        weights.__getitem__, len(weights), lambda law: law.hazard[0], threads=2
    )
    np.testing.assert_array_equal(pool.incidence(weights).hazard, pooled_apart)


@quick
@given(seed=seeds)
def test_where_nobody_of_a_cell_is_at_risk_its_parent_holds(seed):
    """Empty cells, cells known to be inside no longer, and before anyone could be seen."""
    observed = some_stays(seed, wide=False)
    child = pooled(observed, CELLS, CAUSES, CHAIN[:1], 4.0)
    parent = incidence(replace(observed, cell=CHAIN[0][observed.cell]), 3, CAUSES)
    expected = parent.hazard[:, CHAIN[0]]
    unseen = child.at_risk == 0
    np.testing.assert_allclose(child.hazard[unseen], expected[unseen], rtol=1e-12)


@quick
@given(seed=seeds)
def test_a_very_strong_parent_is_the_law_of_all_its_cells(seed):
    """However the cells were split."""
    observed = some_stays(seed, wide=False)
    whole = incidence(replace(observed, cell=0 * observed.cell), 1, CAUSES)
    split = pooled(observed, CELLS, CAUSES, CHAIN, 1e12)
    expected = np.broadcast_to(whole.cumulative, split.cumulative.shape)
    np.testing.assert_allclose(split.cumulative, expected, rtol=0, atol=1e-6)


@quick
@given(seed=seeds)
def test_uncertain_ends_agree_with_the_law_they_make(seed):
    """Turnbull's equations, written out: each day of an interval has the share the law gives it."""
    observed = some_stays(seed)
    n = len(observed.entry)
    observed = replace(observed, cell=np.zeros(n, np.int64))
    law = incidence(observed, 1, CAUSES)
    mass = law.mass[0, 0]
    exits, risk = np.zeros_like(mass), np.zeros(len(law.durations))
    for entry, low, high, cause in zip(
        observed.entry, observed.low, observed.high, observed.cause, strict=True
    ):
        inside = law.durations >= entry
        if cause < 0:
            risk += inside & (law.durations < low)
            continue
        may = (law.durations >= low) & (law.durations <= high)
        share = np.where(may, mass[:, cause], 0.0)
        if share.sum() < 1e-200:
            return  # the law has dropped to 0 before: any share will do
        share /= share.sum()
        exits[:, cause] += share
        risk += inside * np.cumsum(share[::-1])[::-1]
    hazard = np.divide(exits, risk[:, None], where=risk[:, None] > 0, out=np.zeros_like(exits))
    before = np.append(1.0, law.survival[0, 0, :-1])[:, None]
    np.testing.assert_allclose(mass, before * hazard, rtol=0, atol=1e-10)
    np.testing.assert_allclose(law.at_risk[0, 0], risk, rtol=0, atol=1e-10 * n)


def a_known_law(rng, n):
    """Stays of a law with three exits, geometric stays, and a few who stay on and on."""
    long = rng.random(n) < 0.1
    stay = np.where(long, rng.geometric(0.01, n), rng.geometric(0.2, n) - 1)
    cause = np.where(long, 2, rng.integers(0, 2, n))
    return stay, cause


def known_survival(days):
    """P(D > d) of that law."""
    return 0.9 * 0.8 ** (days + 1) + 0.1 * 0.99**days


@pytest.mark.parametrize("seed", range(3))
def test_a_law_seen_late_and_in_part_is_recovered(seed):
    """200,000 stays, of which those are lost that ended before they could be seen: survival within
    five standard errors (Greenwood's) of the truth at every day, which the share of those seen who
    stay longer is not."""
    rng = np.random.default_rng(seed)
    n, days = 200_000, np.arange(300)
    stay, cause = a_known_law(rng, n)
    entry = rng.integers(0, 60, n) * rng.integers(0, 2, n)
    censored = entry + rng.integers(1, 400, n)
    seen = np.flatnonzero(stay >= entry)
    ended = stay < censored
    low = np.where(ended, stay, censored)[seen]
    law = incidence(
        Observed(
            0 * low, np.arange(len(seen)), entry[seen], low, low, np.where(ended, cause, -1)[seen]
        ),
        cells=1,
        causes=3,
    )
    left = law.hazard[0, 0].sum(axis=1)
    spread = np.cumsum(left / (1 - np.minimum(left, 0.999)) / np.maximum(law.at_risk[0, 0], 1))
    at = np.searchsorted(law.durations, days, "right") - 1
    estimate, error = law.survival_at(days)[0, 0], known_survival(days) * np.sqrt(spread[at])
    assert (np.abs(estimate - known_survival(days)) < 5 * error).all()
    naive = (low > 5).mean()
    assert abs(naive - known_survival(5)) > 20 * error[5]


@pytest.mark.parametrize("seed", range(3))
def test_a_law_with_uncertain_ends_is_recovered(seed):
    """100,000 stays, of which a third ended some time in three days: the incidence of every exit is
    within five standard errors of the truth, taken as if the uncertain had not been seen at all."""
    rng = np.random.default_rng(seed)
    n, days = 100_000, np.arange(200)
    stay, cause = a_known_law(rng, n)
    begins = stay - rng.integers(0, 3, n)  # the three days lie anywhere about the end
    unsure = rng.random(n) < 1 / 3
    low = np.where(unsure, np.maximum(begins, 0), stay)
    high = np.where(unsure, begins + 2, stay)
    law = incidence(Observed(0 * low, np.arange(n), 0 * low, low, high, cause), 1, 3)
    short = 0.45 * (1 - 0.8 ** (days + 1))
    truth = np.stack([short, short, 0.1 * (1 - 0.99**days)], axis=1)
    error = np.sqrt(truth * (1 - truth) / (2 / 3 * n)) + 1e-12
    assert (np.abs(law.cumulative_at(days)[0, 0] - truth) < 5 * error).all()
