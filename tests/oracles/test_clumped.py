"""Arrivals in clumps: variances by closed form, by listing every life, and as both engines draw."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from remand.engine.clumped import Clumps
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.moments import Reward, variances
from remand.engine.sampled import simulate
from remand.outcomes.cells import Cells
from remand.outcomes.figures import figures
from remand.outcomes.windows import Windows

DAYS, RATE, SIZE = 120, 4.0, 1.5


def jail(build, dwell, **more):
    """Four a day who come in clumps, and leave for good."""
    coming = {"unit": "people per day", "rate": RATE, "spread": SIZE}
    return build.model({"jail": build.state(dwell)}, {"jail": coming}, **more)


def circle(build, *policies, spread=1.5, **more):
    """Two groups; jail, supervision and back; clumps at two doors."""
    spec = build.model(
        {
            "jail": build.state(
                {"law": "lognormal", "median": 4.0, "mean": 15.0},
                {"supervision": 0.5, "gone": 0.5},
            ),
            "supervision": build.state(
                build.exponential(30), {"jail": 0.6, "gone": 0.4}, kind="supervision"
            ),
        },
        {name: {"unit": "people per day", "rate": rate, "spread": spread}
         for name, rate in {"jail": 5.0, "supervision": 2.0}.items()},
        strata={"group": ["red", "blue"]},
        **more,
    )  # fmt: skip
    return spec.enact(*policies)


def kernel_of(spec, days=DAYS):
    """A model compiled for so many days."""
    return compile_model(spec, spec.clock.date(days))


def spread_of(kernel, starts, rewards):
    """Variances of rewards over windows, all strata, (rewards, windows)."""
    return variances(solve(kernel, marks=[tuple(starts)]), rewards).sum(axis=1)


def rewards_of(kernel):
    """People in the first state, those who enter it and those who leave it."""
    first = np.arange(len(kernel.states)) == 0
    return [Reward.occupancy(first), Reward.admissions(first), Reward.releases(first)]


@pytest.mark.parametrize("dwell", ["exponential", "fixed", "lognormal"])
def test_the_census_of_one_state_has_the_variance_of_the_closed_form(build, dwell):
    """Var N(t) = Σ_u λ S(t − u) + (λ²/r) S(t − u)², S the chance to be inside still; the
    deviation within 0.5 %."""
    law = {"exponential": build.exponential(9), "fixed": build.fixed(7),
           "lognormal": {"law": "lognormal", "median": 4.0, "mean": 15.0}}[dwell]  # fmt: skip
    kernel = kernel_of(jail(build, law))
    still = 1 - np.cumsum(kernel.pmf[0][:DAYS])
    want = np.cumsum(RATE * still + RATE**2 / SIZE * still**2)
    got = spread_of(kernel, range(DAYS), [Reward.occupancy(np.array([True]))])[0]
    np.testing.assert_allclose(np.sqrt(got), np.sqrt(want), rtol=5e-3)


def test_admissions_over_a_window_are_those_of_negative_binomial_counts(build):
    """Who is admitted once counts once: n (λ + λ²/r) over n days, to rounding."""
    kernel = kernel_of(jail(build, build.exponential(9)))
    got = spread_of(kernel, [0, 7, 37], rewards_of(kernel))[1]
    np.testing.assert_allclose(got, np.array([7, 30, 83]) * (RATE + RATE**2 / SIZE), rtol=1e-12)


def test_bed_days_from_an_empty_start_are_exact(build):
    """One window over the run: Σ_u λ E[x²] + (λ²/r) (E x)², x the days of who comes at u, cut."""
    kernel = kernel_of(jail(build, build.exponential(9)))
    got = spread_of(kernel, [0], rewards_of(kernel))[0, 0]
    want, days = 0.0, np.arange(DAYS + 1)
    for left in range(1, DAYS + 1):
        chance = np.append(kernel.pmf[0][:left], 1 - kernel.pmf[0][:left].sum())
        x = days[: left + 1]
        want += RATE * chance @ x**2 + RATE**2 / SIZE * (chance @ x) ** 2
    assert got == pytest.approx(want, rel=1e-9)


def policies_of(build, acting):
    """Nothing, or a cap for everyone, a release, and a share phased in."""
    if not acting:
        return ()
    return (
        build.everyone({"dwell": {"state": "jail", "cap": 12, "exit": "gone"}}, starts=50,
                       compliance=0.7, name="cap"),
        build.policy({"release": {"state": "supervision", "share": 0.4, "exit": "gone"}},
                     starts=71, name="go"),
        build.policy({"share": {"state": "jail", "exit": "supervision", "to": 0.2}},
                     starts=30, phase_in=25, name="fewer"),
    )  # fmt: skip


def reach_of(kernel, starts, rewards):
    """Σ (λ²/r) (E R)² by an own solution for every arrival: (rewards, windows)."""
    total = np.zeros((len(rewards), len(starts)))
    move = np.array([r.move for r in rewards])
    inside = np.array([r.inside for r in rewards])
    for g, s, u in itertools.product(range(2), range(2), range(kernel.steps)):
        alone = np.zeros_like(kernel.arrivals)
        alone[g, s, u] = 1.0
        none = tuple(replace(c, tonight=0 * c.tonight) for c in kernel.channels)
        one = replace(kernel, arrivals=alone, inside=0 * kernel.inside, channels=none)
        path = solve(one, threads=1)
        earned = np.einsum("rs,gst->rt", inside, path.census) + path.moves(move).sum(axis=1)
        over = np.add.reduceat(earned, starts, axis=1)
        total += kernel.arrivals[g, s, u] ** 2 / kernel.size[g, s] * over**2
    return total


@pytest.mark.parametrize("acting", [False, True])
@pytest.mark.parametrize("starts", [(0, 31, 59, 90), (40, 70), tuple(range(0, 100, 5))])
def test_what_clumps_add_is_what_every_arrival_alone_would_do(build, acting, starts):
    """With returns, two doors, phased policies and ones that reach people inside: Σ (λ²/r) (E R)²
    over arrivals solved one by one; the deviation within 1 %."""
    kernel = kernel_of(circle(build, *policies_of(build, acting)), 100)
    plain = replace(kernel, size=np.full_like(kernel.size, np.inf))
    rewards = rewards_of(kernel)
    base = spread_of(plain, starts, rewards)
    want = reach_of(kernel, starts, rewards)
    got = spread_of(kernel, starts, rewards)
    assert (want > 0.05 * base)[:, -1].all()
    np.testing.assert_allclose(np.sqrt(got), np.sqrt(base + want), rtol=1e-2)


def test_bins_of_one_step_are_exact(build, monkeypatch):
    """Where no bin is wider than a step nothing is approximate."""
    monkeypatch.setattr(Clumps.__init__, "__defaults__", (1.0,))
    kernel = kernel_of(circle(build, *policies_of(build, acting=True)), 100)
    rewards, starts = rewards_of(kernel), (0, 31, 59, 90)
    plain = replace(kernel, size=np.full_like(kernel.size, np.inf))
    got = spread_of(kernel, starts, rewards) - spread_of(plain, starts, rewards)
    np.testing.assert_allclose(got, reach_of(kernel, starts, rewards), rtol=1e-8)


def test_arrivals_that_hardly_clump_are_poisson(build):
    """As r grows the variances become those of Poisson arrivals: to 1e-9 at r = 10¹²."""
    kernel = kernel_of(circle(build, spread=1e12))
    plain = replace(kernel, size=np.full_like(kernel.size, np.inf))
    for starts in ((0, 31, 59, 90), (0,), range(DAYS)):
        rewards = rewards_of(kernel)
        got, want = (spread_of(k, starts, rewards) for k in (kernel, plain))
        np.testing.assert_allclose(got, want, rtol=1e-9)
        assert not np.isnan(got).any()


def test_threads_do_not_change_a_variance_of_clumps(build):
    """One thread or two: the same bits."""
    kernel = kernel_of(circle(build))
    path = solve(kernel, marks=[(0, 30, 60)])
    one, two = (variances(path, rewards_of(kernel), threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("tonight", [None, "steady", "counted"])
def test_both_engines_give_clumped_counts_the_same_variance(build, tonight):
    """2,000 replicates: variances of people-days and of moves within 5 standard errors."""
    start = {"jail": build.stock(60.0, {0.0: 1.0})} if tonight == "counted" else tonight
    kernel = kernel_of(circle(build, *policies_of(build, acting=True), tonight=start))
    starts, runs = (0, 31, 59, 90), 2_000
    sample = simulate(kernel, runs, 20210201, (*starts, DAYS))
    for reward in rewards_of(kernel):
        counted = reward.move[sample.origin, sample.target]
        drawn = np.einsum("n,rsnw->rw", reward.inside, sample.held)
        drawn = drawn + np.einsum("m,rsmw->rw", counted, sample.moves)
        want = spread_of(kernel, starts, [reward])[0]
        centred = (drawn - drawn.mean(axis=0)) ** 2
        error = centred.std(axis=0) / np.sqrt(runs)
        assert (np.abs(centred.mean(axis=0) - want) < 5 * error).all()
        assert (error < 0.05 * want).all()


def test_bands_of_clumped_arrivals_cover_what_is_drawn(build):
    """The 90 % band of each month's mean census holds 90 % of 2,000 replicates, to 3 %."""
    spec = circle(build)
    windows = Windows.over(spec.clock, spec.clock.start, spec.clock.date(DAYS), "month")
    kernel = kernel_of(spec)
    path = solve(kernel, marks=[windows.marks(kernel.steps)])
    told = figures(spec, path, windows, quantities=("population", "admissions"))
    assert set(told["band"]) == {"chance, approximate (clumped arrivals)"}
    rows = told.filter((told["kind"] == "jail") & (told["quantity"] == "population"))
    sample = simulate(kernel, 2_000, 7, windows.bounds)
    members = Cells.of(spec, ()).members
    drawn = np.einsum("n,rsnw->rw", members[0].astype(float), sample.held) / windows.lengths
    low, high = rows["q05"].to_numpy(), rows["q95"].to_numpy()
    inside = ((drawn >= low) & (drawn <= high)).mean(axis=0)
    assert (np.abs(inside - 0.9) < 0.03).all()
    quantile = stats.norm.ppf(0.95)
    np.testing.assert_allclose(high - rows["mean"].to_numpy(), quantile * rows["sd"].to_numpy())
