"""How bookings wander, read off Californian jails: what a short record may assume (REMAND_DATA)."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import remand as rm
from remand.errors import InputError
from remand.fitting.drift import GROWTH, SHOCKS
from remand.fitting.monthly import MONTHS, Months, fit_months
from remand.model.values import Drift
from remand.outcomes.aggregated import Monthly
from remand.records.work import contents

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
FILE = "california_jail_profile_monthly.csv.gz"
LEAST = 250
"""Bookings a month below which chance hides how they wander."""


@pytest.fixture(scope="module")
def jails(tmp_path_factory):
    """Months of every jail of some size, from 1995 on where they adjoin."""
    path = tmp_path_factory.mktemp("california") / "work.duckdb"
    rm.ingest(Path(DATA or "") / FILE, path)
    monthly = Monthly.of(contents(path).months, [])
    found = {}
    for place in monthly.places:
        try:
            months = Months.of(monthly, place, since=dt.date(1995, 1, 1))
        except InputError:
            continue
        if months.admitted.mean() >= LEAST:
            found[place] = months
    assert len(found) == 21
    return found


def part(months, first, last):
    """Some of the months."""
    ends = np.cumsum(months.days).astype(int).tolist()
    day = [months.first + dt.timedelta(end) for end in (0, *ends)]
    return Months(
        day[first], day[last], months.days[first:last], months.held[first:last],
        months.admitted[first:last],
    )  # fmt: skip


def pace_of(months):
    """Bookings a day."""
    return months.admitted.sum() / months.days.sum()


@pytest.fixture(scope="module")
def foretold(jails):
    """Log errors of three years ahead, by jail and year: damped, and growth for ever."""
    found = {}
    for place, months in jails.items():
        errors = []
        for now in range(len(months.days) - 36, MONTHS - 1, -12):
            document = fit_months(part(months, now - MONTHS, now), place, (), "in-facility", 0, 0)
            arrivals = document.document["arrivals"]["jail"]
            drift = Drift.model_validate(arrivals["drift"])
            begin = drift.from_.toordinal()
            for year in range(3):
                truth = pace_of(part(months, now + 12 * year, now + 12 * year + 12))
                days = begin + np.arange(365 * year, 365 * year + 365)
                ever = np.exp(drift.growth * (days - begin) / 365.25)
                paths = (drift.factor(days).mean(), ever.mean())
                errors.append([np.log(truth / (arrivals["rate"] * path)) for path in paths])
        found[place] = np.array(errors).reshape(-1, 3, 2)
    return found


def test_growth_that_fades_foretells_bookings_better_than_growth_for_ever(foretold, capsys):
    """Over three hundred forecasts of three years each: printed, and no worse in any year."""
    off = np.abs(np.concatenate(list(foretold.values()))).mean(axis=0)
    with capsys.disabled():
        sys.stdout.write(
            "\nCalifornian bookings, mean error of the first, second and third year: "
            f"{', '.join(f'{100 * x:.1f} %' for x in off[:, 0])}; were growth to go on for ever: "
            f"{', '.join(f'{100 * x:.1f} %' for x in off[:, 1])}\n"
        )
    assert (off[:, 0] <= off[:, 1] + 1e-4).all()
    assert off[2, 0] < 0.9 * off[2, 1]


def test_four_in_five_jails_wander_within_the_range_that_is_assumed(foretold):
    """By the sd of shocks that gives their errors of the second and third year."""
    # what a shock of 1 a year adds to the log of the second and third year's mean
    second, third = np.hypot(1.25, 0.5), np.sqrt(1.625**2 + 1.25**2 + 0.5**2)
    sd = [
        np.sqrt(np.mean((errors[:, 1:, 0] / np.array([second, third])) ** 2))
        for errors in foretold.values()
    ]
    assert np.quantile(sd, [0.1, 0.9]) == pytest.approx(SHOCKS, abs=0.02)


def test_nine_in_ten_years_grow_by_no_more_than_is_assumed(jails):
    """From one calendar year's bookings to the next, in logs."""
    grown = []
    for months in jails.values():
        years = [pace_of(part(months, m, m + 12)) for m in range(0, len(months.days) - 11, 12)]
        grown += np.diff(np.log(years)).tolist()
    assert np.quantile(np.abs(grown), 0.9) == pytest.approx(GROWTH, abs=0.03)
