"""The sampler against SimPy: people as processes, in continuous time, by another hand.

A person enters a state at a uniform moment of a step and stays as many step boundaries as the
law's stay crosses; the next state is entered at a fresh uniform moment of its own step. The census
is read at each boundary. Nothing of `remand` is used but the model that the sampler draws.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from remand.engine.compile import compile_model
from remand.engine.sampled import simulate

simpy = pytest.importorskip("simpy", reason="SimPy is not installed (pip install -e '.[test]')")

STEPS, RUNS, DRAWS, SEED = 30, 150, 1_000, 17


def lognormal(rng, median, mean):
    """One lognormal stay."""
    return rng.lognormal(math.log(median), math.sqrt(2 * math.log(mean / median)))


class County:
    """A run of SimPy: states are names, ``leave`` draws a stay and where it leads."""

    def __init__(self, states, rates, leave, rng):
        self.env = simpy.Environment()
        self.inside = dict.fromkeys(states, 0)
        self.entered = {name: np.zeros(STEPS) for name in states}
        self.census = {name: np.zeros(STEPS) for name in states}
        self.rng, self.leave = rng, leave
        for name, rate in rates.items():
            self.env.process(self.door(name, rate))
        self.env.process(self.count())
        self.env.run(until=STEPS + 0.5)

    def door(self, name, rate):
        """People come at exponential intervals, which makes their moment uniform in its step."""
        while True:
            yield self.env.timeout(self.rng.exponential(1 / rate))
            if self.env.now >= STEPS:
                return
            self.env.process(self.person(name))

    def person(self, name):
        """A life, from state to state."""
        while name != "gone" and self.env.now < STEPS:
            step = math.floor(self.env.now)
            self.entered[name][step] += 1
            self.inside[name] += 1
            stay, to = self.leave(self.rng, name, step)
            crossed = math.floor(self.env.now + stay) - step
            if crossed:
                yield self.env.timeout(step + crossed + self.rng.random() - self.env.now)
            self.inside[name] -= 1
            name = to

    def count(self):
        """At each boundary, whoever is inside was inside at the end of the step."""
        for step in range(STEPS):
            yield self.env.timeout(1)
            for name, people in self.inside.items():
                self.census[name][step] = people


def mg_infinity(build):
    """Lognormal stays and no way back."""
    spec = build.one_state({"law": "lognormal", "median": 3.0, "mean": 8.0}, 6.0)
    return spec, {"jail": 6.0}, lambda rng, _name, _step: (lognormal(rng, 3.0, 8.0), "gone")


def there_and_back(build):
    """Jail, and a life outside that leads back to it."""
    spec = build.model(
        {
            "jail": build.state(build.exponential(3), {"free": 0.7, "gone": 0.3}),
            "free": build.state({"law": "gamma", "mean": 6.0, "shape": 2.0},
                                {"jail": 0.5, "gone": 0.5}, kind="community"),
        },
        {"jail": 5.0},
    )  # fmt: skip

    def leave(rng, name, _step):
        if name == "jail":
            return rng.exponential(3), "free" if rng.random() < 0.7 else "gone"
        return rng.gamma(2, 3), "jail" if rng.random() < 0.5 else "gone"

    return spec, {"jail": 5.0}, leave


def diverted(build):
    """From step 10, 60 % of those bound for prison leave as people do who get out."""
    exits = {
        "prison": {"share": 0.5, "dwell": build.fixed(7.3)},
        "out": {"share": 0.5, "dwell": {"law": "uniform", "low": 0.2, "high": 4.0}},
    }
    spec = build.model(
        {
            "jail": build.state(None, exits),
            "prison": build.state(build.exponential(12), kind="prison"),
            "out": build.state(build.fixed(4), kind="community"),
        },
        {"jail": 6.0},
    )
    away = {"divert": {"state": "jail", "exit": "prison", "to": "out", "share": 0.6}}

    def leave(rng, name, step):
        if name == "prison":
            return rng.exponential(12), "gone"
        if name == "out":
            return 4.0, "gone"
        if rng.random() < 0.5 and not (step >= 10 and rng.random() < 0.6):
            return 7.3, "prison"
        return rng.uniform(0.2, 4.0), "out"

    return spec.enact(build.policy(away, starts=10)), {"jail": 6.0}, leave


@pytest.mark.parametrize("case", [mg_infinity, there_and_back, diverted])
def test_the_sampler_and_simpy_agree(build, case):
    """Means of 150 runs of SimPy and 1,000 replicates: censuses on every third day and entries on
    every day, no |z| above what chance gives once in 10⁴ tests."""
    spec, rates, leave = case(build)
    kernel = compile_model(spec, spec.clock.date(STEPS))
    drawn = simulate(kernel, DRAWS, SEED)
    rng = np.random.default_rng(SEED)
    runs = [County(kernel.states, rates, leave, rng) for _ in range(RUNS)]
    z = []
    for s, name in enumerate(kernel.states):
        into = drawn.moves[:, 0, drawn.target == s].sum(axis=1)
        pairs = [
            (np.array([run.census[name] for run in runs])[:, 2::3], drawn.last[:, 0, s, 2::3]),
            (np.array([run.entered[name] for run in runs]), into),
        ]
        for theirs, ours in pairs:
            busy = theirs.sum(axis=0) > 300
            off = (theirs.mean(axis=0) - ours.mean(axis=0))[busy]
            error = theirs.var(axis=0, ddof=1) / RUNS + ours.var(axis=0, ddof=1) / DRAWS
            z += list(off / np.sqrt(error[busy]))
    assert len(z) > 25
    assert np.abs(z).max() < norm.isf(1e-4 / 2 / len(z))
