"""The intervals of measured figures cover what they are of, as often as they say."""

from __future__ import annotations

import numpy as np

from remand.outcomes.measured import Asked, measured, period

WORLDS, PEOPLE, AGAIN, DAYS = 150, 60, 0.5, 365
"""People come as a Poisson count; half of those let out are booked once more, and so on."""

MEAN_STAY = 11.0


def jail(build, rng):
    """Records of one world: each person's bookings in a year, stays geometric from 1 day on."""
    people = rng.poisson(PEOPLE)
    stays = rng.geometric(1 - AGAIN, people)
    person = np.repeat(np.arange(people), stays)
    into = rng.integers(0, DAYS - 150, len(person))
    out = into + rng.geometric(1 / MEAN_STAY, len(person))
    return build.records(person, into, out, DAYS)


def test_nine_in_ten_intervals_of_90_per_cent_hold_the_truth(build):
    """Admissions (people come in clusters of their own stays) and the mean stay of those released.

    Over 150 worlds the share covered has a standard error of 2.4 points.
    """
    rng = np.random.default_rng(11)
    truth = {"admissions": PEOPLE / (1 - AGAIN), "stay_release": MEAN_STAY}
    held = dict.fromkeys(truth, 0)
    for world in range(WORLDS):
        records = jail(build, rng)
        asked = Asked(quantities=tuple(truth), draws=150, seed=world)
        frame = measured(records, period(records, None, None, None), asked)
        for row in frame.iter_rows(named=True):
            held[row["quantity"]] += row["q05"] <= truth[row["quantity"]] <= row["q95"]
    for quantity, count in held.items():
        assert 0.82 <= count / WORLDS <= 0.97, quantity
