"""How bookings wander, read off Californian jails: what a short record may assume (REMAND_DATA)."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.errors import InputError
from remand.fitting.drift import DAILY, ELSEWHERE, GROWTH, MONTHLY
from remand.fitting.monthly import MONTHS, Months, fit_months
from remand.fitting.pace import DAMPED, Calendar, carried, pace
from remand.model.values import Drift
from remand.outcomes.aggregated import Monthly
from remand.records.work import contents

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
FILE = "california_jail_profile_monthly.csv.gz"
DOOR = "2012-01"
"""Months from here on are not read: replays are scored on them."""

WAYS = ("no growth carried on", "half of it, from the trend's end", "growth for ever")

LEAST = 250
"""Bookings a month below which chance hides how they wander."""


@pytest.fixture(scope="module")
def jails(tmp_path_factory):
    """Months of every jail of some size, from 1995 to 2011 where they adjoin."""
    folder = tmp_path_factory.mktemp("california")
    whole = pl.read_csv(Path(DATA or "") / FILE, infer_schema=False)
    whole.filter(pl.col("date") < DOOR).write_csv(folder / "known.csv")
    rm.ingest(folder / "known.csv", folder / "work.duckdb")
    monthly = Monthly.of(contents(folder / "work.duckdb").months, [])
    found = {}
    for place in monthly.places:
        try:
            months = Months.of(monthly, place, since=dt.date(1995, 1, 1))
        except InputError:
            continue
        if months.admitted.mean() >= LEAST:
            found[place] = months
    assert ELSEWHERE.startswith(f"{len(found)} ")
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


def forecasts(months):
    """Bookings ahead as a rate and a drift: of months, as fits of stays do, and growth for ever."""
    folder = fit_months(months, "Jail", (), "in-facility", 0, 0)
    arrivals = folder.document["arrivals"]["jail"]
    calendar = Calendar.of(months.first, int(months.days.sum()))
    daily = np.repeat(months.admitted / months.days, months.days.astype(int))
    own = pace(daily[None], calendar, weekly=False)
    yield arrivals["rate"], Drift.model_validate(arrivals["drift"])
    for growth, damping in ((carried(own.trend)[0], DAMPED), (np.log1p(own.trend)[0], 1.0)):
        told = {"from": months.until, "growth": growth, "damping": damping}
        yield own.level(calendar)[0, -1], Drift.model_validate(told)


@pytest.fixture(scope="module")
def foretold(jails):
    """Log errors of three years ahead, by jail: (origins, years, ways of `forecasts`)."""
    found = {}
    for place, months in jails.items():
        errors = []
        for now in range(len(months.days) - 36, MONTHS - 1, -12):
            known = part(months, now - MONTHS, now)
            for rate, drift in forecasts(known):
                for year in range(3):
                    truth = pace_of(part(months, now + 12 * year, now + 12 * year + 12))
                    days = known.until.toordinal() + np.arange(365 * year, 365 * year + 365)
                    errors.append(np.log(truth / (rate * drift.factor(days).mean())))
        found[place] = np.array(errors).reshape(-1, len(WAYS), 3).swapaxes(1, 2)
    return found


def test_no_growth_carried_on_foretells_bookings_best(jails, foretold, capsys):
    """Of none, half and all of it, in each of three years: printed."""
    errors = np.concatenate(list(foretold.values()))
    off = np.abs(errors).mean(axis=0)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(errors)} forecasts of {len(jails)} jails' bookings, years 1, 2, 3"
        )
        for way, own in zip(WAYS, off.T, strict=True):
            sys.stdout.write(f"\n  {way}: {', '.join(f'{100 * x:.1f} %' for x in own)} off")
        sys.stdout.write("\n")
    assert (np.diff(off, axis=1) > 0).all()


@pytest.mark.parametrize("way", [0, 1])
def test_four_in_five_jails_wander_within_the_range_that_is_assumed(foretold, way):
    """By the sd of shocks that gives their errors of the second and third year."""
    usual, middle = ((MONTHLY, 183), (DAILY, 0))[way]
    since = dt.date(2001, 1, 1)
    weights = np.zeros(3)
    for year in range(3):  # what a shock of 1 in each year adds to the log of a later year's mean
        days = since.toordinal() + middle + np.arange(365 * year, 365 * year + 365)
        for shock in np.eye(4):
            own = {"from": since, "damping": usual.share, "years": tuple(shock.tolist())}
            weights[year] += np.log(Drift.model_validate(own).factor(days)).mean() ** 2
    sd = [np.sqrt((errors[:, 1:, way] ** 2 / weights[1:]).mean()) for errors in foretold.values()]
    assert np.quantile(sd, [0.1, 0.9]) == pytest.approx(usual.shocks, abs=0.02)


def test_nine_in_ten_years_grow_by_no_more_than_is_assumed(jails):
    """From one calendar year's bookings to the next, in logs."""
    grown = []
    for months in jails.values():
        years = [pace_of(part(months, m, m + 12)) for m in range(0, len(months.days) - 11, 12)]
        grown += np.diff(np.log(years)).tolist()
    assert np.quantile(np.abs(grown), 0.9) == pytest.approx(GROWTH, abs=0.03)
