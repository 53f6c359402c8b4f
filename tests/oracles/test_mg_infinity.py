"""The M/G/∞ queue: the census from an empty start is Poisson with mean λ ∫₀ᵗ S.

S. G. Eick, W. A. Massey & W. Whitt, "The physics of the Mt/G/∞ queue", 1993, theorem 1.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

import remand as rm

TAILS = {
    "exponential": ({"law": "exponential", "mean": 12.0}, stats.expon(scale=12.0).sf),
    "gamma": ({"law": "gamma", "mean": 9.0, "shape": 0.5}, stats.gamma(0.5, scale=18.0).sf),
    "lognormal": (
        {"law": "lognormal", "median": 4.0, "mean": 25.0},
        stats.lognorm(math.sqrt(2 * math.log(6.25)), scale=4.0).sf,
    ),
    "uniform": ({"law": "uniform", "low": 0.0, "high": 30.0}, stats.uniform(0, 30).sf),
}


@pytest.mark.parametrize(("step", "days"), [("day", 1.0), ("week", 7.0), ("month", 30.4375)])
@pytest.mark.parametrize("name", TAILS)
def test_the_census_from_an_empty_start_is_the_integral_of_the_tail(build, name, step, days):
    """At the end of step t, N(t) = λ ∫ S over the time since the start: no step is too long."""
    dwell, tail = TAILS[name]
    solved = build.run(build.one_state(dwell, 5.0, step=step), 20)
    pieces = [
        integrate.quad(tail, t * days, (t + 1) * days, epsabs=1e-11, limit=200)[0]
        for t in range(20)
    ]
    np.testing.assert_allclose(solved.census("jail"), 5.0 * np.cumsum(pieces), rtol=1e-8)


def test_arrivals_that_change_by_date_are_summed_over_their_own_tails(build):
    """None before step 5, ten a day from then on: N(t) = 10 × 12 (1 − exp(−(t − 4) / 12))."""
    rates = [{"value": 0.0}, {"value": 10.0, "from": build.day(5)}]
    jail = build.model(
        {"jail": build.state(build.exponential(12.0))},
        {"jail": {"unit": "people per day", "rate": rates}},
    )
    t = np.arange(40)
    expected = np.where(t >= 5, 120.0 * (1 - np.exp(-(t - 4) / 12.0)), 0.0)
    np.testing.assert_allclose(build.run(jail, 40).census("jail"), expected, rtol=1e-12)


def test_quantiles_of_one_day_are_exactly_poisson(build):
    """Daily figures carry the smallest count whose Poisson chance reaches q, by plain summation."""
    jail = build.one_state(build.exponential(12.0), 5.0)
    run = rm.compare(jail, [build.platform()], until=build.day(15), every="day", whole=False)
    frame = run.population()
    assert set(frame["band"]) == {"chance, exact (Poisson)"}
    means = 60.0 * (1 - np.exp(-np.arange(1, 16) / 12.0))
    np.testing.assert_allclose(frame["mean"], means, rtol=1e-12)
    np.testing.assert_allclose(frame["sd"], np.sqrt(means), rtol=1e-9)
    levels = {"q025": 0.025, "q05": 0.05, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q95": 0.95}
    for name, level in {**levels, "q975": 0.975}.items():
        counts = []
        for mean in means:
            chance, count = math.exp(-mean), 0
            total = chance
            while total < level:
                count += 1
                chance *= mean / count
                total += chance
            counts.append(count)
        assert frame[name].to_list() == counts


def test_a_counted_census_has_no_poisson_band(build):
    """People counted tonight are a known number: the day's census is labelled approximate, and the
    variance of 400 people who each stay on with chance p is 400 p (1 − p)."""
    jail = build.model(
        {"jail": build.state(build.exponential(10.0))}, tonight={"jail": build.stock(400.0)}
    )
    run = rm.compare(jail, [build.platform()], until=build.day(3), every="day", whole=False)
    frame = run.population()
    assert all("approximate" in band for band in frame["band"])
    p = np.exp(-np.arange(1, 4) / 10.0)
    np.testing.assert_allclose(frame["mean"], 400 * p, rtol=1e-12)
    np.testing.assert_allclose(frame["sd"], np.sqrt(400 * p * (1 - p)), rtol=1e-6)
