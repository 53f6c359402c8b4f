"""Little's law, N = λL (J. Little, *Operations Research* 9, 1961), on starters of whole jails."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import remand as rm
from remand.fitting.glance import nights

DAY = dt.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("adp", "admissions", "pretrial"),
    [(212, 4100, 0.7), (734_500, 10_300_000, 0.65), (20, 400, None), (900, 3200, 0.2)],
)
def test_the_mean_stay_of_one_day_s_admissions_is_people_held_over_people_admitted(
    adp, admissions, pretrial
):
    """Followed night by night, through all states, by the exact engine."""
    found = rm.starter(adp, admissions, pretrial=pretrial, as_of=DAY)
    chances = nights(found.model)
    mean = float(chances @ np.arange(len(chances)))
    assert chances.sum() == pytest.approx(1)
    assert mean == pytest.approx(adp * 365.25 / admissions, rel=1e-5)
    assert found.glance.steady == pytest.approx(adp, rel=1e-8)


def test_a_jail_left_alone_stays_as_full_as_published():
    """For three years, and admits a year what was published."""
    run = rm.compare(rm.starter(212, 4100, as_of=DAY).model, [], until="2027-01-01", every="year",
                     quantities=["population", "admissions"])  # fmt: skip
    held = run.series.filter(quantity="population")["mean"].to_numpy()
    came = run.summary.filter(quantity="admissions")["mean"].to_list()
    assert held == pytest.approx(212, rel=1e-6)
    assert came == pytest.approx([4100 * 1096 / 365.25], rel=1e-6)
