"""The intervals of measured figures cover what they are of, as often as they say."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from remand.outcomes.measured import Asked, measured, period
from remand.records.work import Records

WORLDS, PEOPLE, AGAIN, DAYS = 150, 60, 0.5, 365
"""People come as a Poisson count; half of those let out are booked once more, and so on."""

MEAN_STAY = 11.0


def jail(rng):
    """Records of one world: each person's bookings in a year, stays geometric from 1 day on."""
    people = rng.poisson(PEOPLE)
    stays = rng.geometric(1 - AGAIN, people)
    person = np.repeat(np.arange(people), stays)
    into = rng.integers(0, DAYS - 150, len(person))
    out = into + rng.geometric(1 / MEAN_STAY, len(person))
    day_in, day_out = (pl.Series(days, dtype=pl.Int32) for days in (into, out))
    frame = pl.DataFrame({"person": pl.Series(person, dtype=pl.UInt32), "day_in": day_in,
                          "day_seen": day_in, "day_out": day_out,
                          "day_out_by": day_out})  # fmt: skip
    start = dt.date(2020, 1, 1)
    return Records(frame, start, start + dt.timedelta(DAYS), "bookings", "in-facility", (), False)


def test_nine_in_ten_intervals_of_90_per_cent_hold_the_truth():
    """Admissions (people come in clusters of their own stays) and the mean stay of those released.

    Over 150 worlds the share covered has a standard error of 2.4 points.
    """
    rng = np.random.default_rng(11)
    truth = {"admissions": PEOPLE / (1 - AGAIN), "stay_release": MEAN_STAY}
    held = dict.fromkeys(truth, 0)
    for world in range(WORLDS):
        records = jail(rng)
        asked = Asked(quantities=tuple(truth), draws=150, seed=world)
        frame = measured(records, period(records, None, None, None), asked)
        for row in frame.iter_rows(named=True):
            held[row["quantity"]] += row["q05"] <= truth[row["quantity"]] <= row["q95"]
    for quantity, count in held.items():
        assert 0.82 <= count / WORLDS <= 0.97, quantity
