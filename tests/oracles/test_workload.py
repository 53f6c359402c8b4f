"""A county of seven states against a plain NumPy stepping: every step convolves all the past."""

from __future__ import annotations

import math

import numpy as np
import pytest

STAYS = {  # median and mean in days
    "pretrial_detained": (4.0, 25.0),
    "pretrial_released": (120.0, 180.0),
    "jail_sentenced": (40.0, 60.0),
    "prison": (600.0, 900.0),
    "probation": (300.0, 400.0),
    "parole": (365.0, 500.0),
    "free": (250.0, 400.0),
}
EXITS = {
    "pretrial_detained": {
        "pretrial_released": 0.6, "jail_sentenced": 0.15, "prison": 0.1, "free": 0.15,
    },
    "pretrial_released": {
        "free": 0.7, "probation": 0.15, "jail_sentenced": 0.1, "pretrial_detained": 0.05,
    },
    "jail_sentenced": {"probation": 0.6, "free": 0.4},
    "prison": {"parole": 1.0},
    "probation": {"free": 0.8, "jail_sentenced": 0.2},
    "parole": {"free": 0.7, "prison": 0.3},
    "free": {"pretrial_detained": 0.35, "gone": 0.65},
}  # fmt: skip
BOOKED = {"a": 40.0, "b": 25.0, "c": 5.0}
STEPS = 400


def reference(partial):
    """Entries and census (groups, states, steps), one step after the other."""
    names = list(STAYS)
    d = np.arange(STEPS + 1)
    left = {}
    for name, (median, mean) in STAYS.items():
        sigma = math.sqrt(2 * math.log(mean / median))

        def tail(x, shift=0.0, median=median, sigma=sigma):
            z = [(math.log(median / v) / sigma + shift) if v else math.inf for v in x]
            return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in z])

        if partial == "up":
            left[name] = tail(d)
        else:
            more = np.append(d, STEPS + 1)
            excess = mean * tail(more, sigma) - more * tail(more)
            left[name] = excess[:-1] - excess[1:]
    chance = {n: np.concatenate([[1 - s[0]], s[:-1] - s[1:]]) for n, s in left.items()}
    to = np.array([[EXITS[a].get(b, 0.0) for b in names] for a in names])
    instant = np.linalg.inv(np.eye(7) - to.T * [chance[n][0] for n in names])
    entries = np.zeros((len(BOOKED), 7, STEPS))
    for t in range(STEPS):
        out = np.array(
            [entries[:, i, :t] @ chance[n][1 : t + 1][::-1] for i, n in enumerate(names)]
        )
        entries[:, :, t] = (out.T @ to + np.outer(list(BOOKED.values()), np.eye(7)[0])) @ instant.T
    census = np.zeros_like(entries)
    for i, name in enumerate(names):
        for t in range(STEPS):
            census[:, i, t] = entries[:, i, : t + 1] @ left[name][: t + 1][::-1]
    return entries, census


@pytest.mark.parametrize("partial", ["up", "exact"])
def test_the_county_agrees_with_a_plain_stepping(build, partial):
    """Entries and census of 3 groups × 7 states × 400 days agree to 1e-12 of the largest."""
    kinds = ["jail", "supervision", "jail", "prison", "supervision", "supervision", "community"]
    states = {
        name: build.state(
            {"law": "lognormal", "median": median, "mean": mean}, EXITS[name], kind=kind
        )
        for (name, (median, mean)), kind in zip(STAYS.items(), kinds, strict=True)
    }
    rates = [{"value": rate, "where": {"group": g}} for g, rate in BOOKED.items()]
    county = build.model(
        states,
        {"pretrial_detained": {"unit": "people per day", "rate": rates}},
        strata={"group": list(BOOKED)},
        partial=partial,
    )
    path = build.run(county, STEPS).path
    entries, census = reference(partial)
    assert census.max() > 1000
    np.testing.assert_allclose(path.entries, entries, rtol=1e-12, atol=1e-12 * entries.max())
    np.testing.assert_allclose(path.census, census, rtol=1e-12, atol=1e-12 * census.max())
