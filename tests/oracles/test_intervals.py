"""Intervals of fitted numbers hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from remand.fitting.fit import fit
from remand.fitting.uncertain import parameters

DAYS, RATE, WORLDS = 500, 1.2, 80
"""A small jail: some six hundred stays a world."""

LAW = {"short": (0.6, 5.0), "long": (0.4, 60.0)}
"""Exits: share and mean of an exponential stay."""


def world(build, seed):
    """Records of one world: Poisson arrivals, exponential stays, a third of them come back once."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.uniform(0, DAYS, rng.poisson(RATE * DAYS)))
    person = np.arange(len(day))
    again = rng.random(len(day)) < 0.3
    later = day[again] + rng.exponential(100, again.sum()) + 200
    day, person = np.append(day, later), np.append(person, person[again])
    kept = day < DAYS
    day, person = day[kept], person[kept]
    short = rng.random(len(day)) < LAW["short"][0]
    mean = np.where(short, LAW["short"][1], LAW["long"][1])
    out = day + rng.exponential(mean)
    inside = out >= DAYS
    return build.records(
        person, day.astype(int), np.where(inside, -1, out.astype(int)), DAYS,
        release_reason=np.where(inside, "not recorded", np.where(short, "short", "long")).tolist(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def covered(build):
    """Whether the 90 % interval holds the truth, by parameter and world."""
    truth = {
        ("exit_share", "short"): 0.6,
        ("exit_share", "long"): 0.4,
        ("stay_mean", None): sum(share * mean for share, mean in LAW.values()),
        ("stay_median", None): _median(),
    }
    held = {key: [] for key in (*truth, ("admissions", None))}
    for seed in range(WORLDS):
        found = parameters(fit(world(build, seed), draws=200, seed=seed))
        for row in found.filter(pl.col("state").is_not_null()).iter_rows(named=True):
            key = (row["parameter"], row["exit"])
            if key in truth:
                held[key].append(row["q05"] <= truth[key] <= row["q95"])
            elif key == ("admissions", None):
                # returns after 200 days or more: the rate at the end of the records is known
                back = 0.3 * (1 - np.exp(-(DAYS - 200) / 100))
                held[key].append(row["q05"] <= RATE * (1 + back) <= row["q95"])
    return {key: np.array(values) for key, values in held.items()}


def _median():
    """The median number of midnights crossed, by the fit's convention."""
    x = np.arange(60.0)
    survival = np.zeros(60)
    for share, mean in LAW.values():
        # entering at a uniform moment of a day: P(D > d) = ∫ of the tail from d to d + 1
        survival += share * mean * (np.exp(-x / mean) - np.exp(-(x + 1) / mean))
    d = int(np.argmax(survival <= 0.5))
    return d - 0.5 + (survival[d - 1] - 0.5) / (survival[d - 1] - survival[d])


def test_ninety_percent_intervals_hold_the_truth_nine_times_in_ten(covered):
    """All parameters of all worlds together: between 85 and 95 %."""
    together = np.concatenate(list(covered.values()))
    assert len(together) == 5 * WORLDS
    assert 0.85 <= together.mean() <= 0.95


def test_no_parameter_is_held_far_too_rarely(covered):
    """Each on its own: not below what chance allows at 90 % (four in ten thousand)."""
    for values in covered.values():
        assert values.mean() > 0.9 - 3.3 * np.sqrt(0.09 / WORLDS)
