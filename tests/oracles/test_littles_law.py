"""Little's law, N = λ·L: J. D. C. Little, "A proof for the queuing formula", 1961."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats

from remand.model.values import (
    ExponentialDwell,
    FixedDwell,
    GammaDwell,
    LognormalDwell,
    TableDwell,
    UniformDwell,
)

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375}
SIGMA = math.sqrt(2 * math.log(25 / 4))  # of a lognormal with median 4 and mean 25

LAWS = {
    "lognormal": (
        {"law": "lognormal", "median": 4.0, "mean": 25.0},
        stats.lognorm(SIGMA, scale=4.0),
        math.inf,
    ),
    "lognormal with a maximum": (
        {"law": "lognormal", "median": 4.0, "mean": 25.0, "max": 90.0},
        stats.lognorm(SIGMA, scale=4.0),
        90.0,
    ),
    "exponential": ({"law": "exponential", "mean": 18.0}, stats.expon(scale=18.0), math.inf),
    "gamma": (
        {"law": "gamma", "mean": 40.0, "shape": 2.5},
        stats.gamma(2.5, scale=40.0 / 2.5),
        math.inf,
    ),
    "uniform": ({"law": "uniform", "low": 2.5, "high": 33.0}, stats.uniform(2.5, 30.5), math.inf),
}


def mean_in_days(distribution, most):
    """E[min(X, most)] by numerical integration of the tail, or the textbook mean."""
    if math.isinf(most):
        return float(distribution.mean())
    return integrate.quad(distribution.sf, 0, most, epsabs=1e-12, epsrel=1e-12)[0]


def whole_steps_rounded_up(distribution, most, step):
    """E[⌈X / step⌉] = Σ P(X > d·step), summed until 1e-6 of it or less is left."""
    d = np.arange(2_000_000 if math.isinf(most) else math.ceil(most / step)) * step
    return float(distribution.sf(d).sum())


@pytest.mark.parametrize("step", DAYS)
@pytest.mark.parametrize("name", LAWS)
def test_little_s_law_holds_for_every_law_at_any_step(build, name, step):
    """A steady jail holds arrivals a day × mean stay in days, whatever the step, and goes on so."""
    dwell, distribution, most = LAWS[name]
    solved = build.run(build.one_state(dwell, 3.0, step=step, tonight="steady"), 60)
    expected = 3.0 * mean_in_days(distribution, most)
    assert solved.inside("jail") == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(solved.census("jail"), solved.inside("jail"), rtol=1e-12)


@pytest.mark.parametrize("step", DAYS)
@pytest.mark.parametrize("name", LAWS)
def test_little_s_law_holds_with_stays_rounded_up(build, name, step):
    """With ``partial: up`` the mean stay is that of whole steps, E⌈X⌉, tail included."""
    dwell, distribution, most = LAWS[name]
    jail = build.one_state(dwell, 3.0, step=step, partial="up", tonight="steady")
    solved = build.run(jail, 60)
    expected = 3.0 * DAYS[step] * whole_steps_rounded_up(distribution, most, DAYS[step])
    assert solved.inside("jail") == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(solved.census("jail"), solved.inside("jail"), rtol=1e-12)


@pytest.mark.parametrize(
    ("partial", "stay", "step", "whole"),
    [
        ("exact", 7.0, "day", 7.0),
        ("exact", 0.75, "day", 0.75),
        ("up", 0.75, "day", 1.0),
        ("exact", 10.0, "week", 10 / 7),
        ("up", 10.0, "week", 2.0),
        ("exact", 25.0, "month", 25 / 30.4375),
        ("up", 25.0, "month", 1.0),
    ],
)
def test_little_s_law_holds_for_a_fixed_stay(build, partial, stay, step, whole):
    """A fixed stay keeps its mean when exact (a 0.75-day stay holds 0.75 of a day's arrivals) and
    is rounded up to whole steps when told so."""
    jail = build.one_state(build.fixed(stay), 4.0, step=step, partial=partial, tonight="steady")
    solved = build.run(jail, 30)
    assert solved.inside("jail") == pytest.approx(4.0 * DAYS[step] * whole, rel=1e-12)
    np.testing.assert_allclose(solved.census("jail"), solved.inside("jail"), rtol=1e-12)


@pytest.mark.parametrize("partial", ["exact", "up"])
@pytest.mark.parametrize("step", DAYS)
def test_little_s_law_holds_for_a_table_in_steps(build, step, partial):
    """A table is already in whole steps: its mean is 0.3 × 0 + 0.5 × 2 + 0.2 × 11 = 3.2 steps."""
    dwell = build.table({0: 0.3, 2: 0.5, 11: 0.2})
    jail = build.one_state(dwell, 2.0, step=step, partial=partial, tonight="steady")
    solved = build.run(jail, 30)
    assert solved.inside("jail") == pytest.approx(2.0 * DAYS[step] * 3.2, rel=1e-12)
    np.testing.assert_allclose(solved.census("jail"), solved.inside("jail"), rtol=1e-12)


def test_a_stay_of_three_quarters_of_a_day_crosses_a_boundary_three_times_in_four(build):
    """Of one person who enters each day for 0.75 days, H(1) − 2H(0) = 0.25 are gone the same day;
    0.75 are counted that night and leave the next day."""
    solved = build.run(build.one_state(build.fixed(0.75)), 4)
    np.testing.assert_allclose(solved.census("jail"), 0.75, rtol=1e-15)
    np.testing.assert_allclose(solved.leavers("jail"), [0.25, 1.0, 1.0, 1.0], rtol=1e-15)


@pytest.mark.parametrize("step", DAYS)
@pytest.mark.parametrize("name", LAWS)
def test_chances_of_whole_steps_are_second_differences_of_h(name, step):
    """The chance of d steps is H(d+1) − 2H(d) + H(d−1), H the integral of the law in steps."""
    dwell, distribution, most = LAWS[name]
    kinds = {
        "lognormal": LognormalDwell,
        "exponential": ExponentialDwell,
        "gamma": GammaDwell,
        "uniform": UniformDwell,
    }
    law = kinds[dwell["law"]].model_validate(dwell).numeric
    h = DAYS[step]

    def integral(x):
        """∫₀ˣ F(u) du in steps, by quadrature between the law's bends."""
        if x <= 0:
            return 0.0
        end = min(x * h, most)
        bends = sorted({0.0, end, *(b for b in (2.5, 33.0) if b < end)})
        area = sum(
            integrate.quad(distribution.cdf, a, b, epsabs=1e-13, epsrel=1e-13)[0]
            for a, b in itertools.pairwise(bends)
        )
        return area / h + max(x - most / h, 0.0)

    big = [integral(d) for d in range(-1, 13)]
    chances = np.array([big[d + 2] - 2 * big[d + 1] + big[d] for d in range(12)])
    left = law.surviving(12, h, "exact")
    np.testing.assert_allclose(np.concatenate([[1.0], left[:-1]]) - left, chances, atol=1e-9)


@pytest.mark.parametrize("step", [0.25, 1.0, 7.0, 30.4375, 365.25])
def test_the_mean_in_whole_steps_is_the_continuous_mean(step):
    """Σ d · P(d steps) × step is the mean: laws that end are summed to their last chance."""
    bounded = {
        UniformDwell(law="uniform", low=1.0, high=40.0): 20.5,
        FixedDwell(law="fixed", value=13.37): 13.37,
        FixedDwell(law="fixed", value=3.0, unit="weeks"): 21.0,
        UniformDwell(law="uniform", low=1.0, high=2.0, unit="months"): 1.5 * 30.4375,
    }
    for dwell, mean in bounded.items():
        steps = math.ceil(dwell.numeric.longest / step) + 2
        left = dwell.numeric.surviving(steps, step, "exact")
        assert left[-1] == 0
        assert left.sum() * step == pytest.approx(mean, rel=1e-12)
        assert dwell.numeric.mean_steps(step, "exact") * step == pytest.approx(mean, rel=1e-12)


def test_a_table_keeps_its_mean_when_scaled_between_steps():
    """Scaling {1, 4} by 1.3 puts 1.3 at 1 (0.7) and 2 (0.3), 5.2 at 5 (0.8) and 6 (0.2)."""
    dwell = TableDwell.model_validate(
        {
            "law": "table",
            "rows": [{"duration": 1, "probability": 0.5}, {"duration": 4, "probability": 0.5}],
        }
    )
    scaled = dwell.numeric.scaled(1.3)
    assert scaled.durations == (1, 2, 5, 6)
    np.testing.assert_allclose(scaled.chances, [0.35, 0.15, 0.4, 0.1])
