"""From end to end: people drawn, records written, taken in and fitted, and the year after.

The fit knows two years of a made-up jail; its bands of the third are held against what the records
of that year measure. `benchmarks/calibration.py` does the same with more counties, and larger ones.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.fitting.drift import DAILY
from remand.fitting.synth import write

BEGIN, SINCE, AS_OF, UNTIL = (dt.date(year, 1, 1) for year in (2014, 2015, 2017, 2018))
COUNTIES, DRAWS = 10, 60
WHAT = ("population", "admissions")


def county(build, rng):
    """A jail of some 200, whose admissions grow otherwise each year, as the fit supposes."""
    own = rng.lognormal(0, 0.15, 2)
    years = rng.uniform(*DAILY.shocks) * rng.standard_normal(4)
    spec = build.model(
        {
            "jail": build.state(
                {"law": "lognormal", "median": 8, "mean": 25 * own[0]}, {"out": {"to": "gone"}}
            )
        },
        {
            "jail": {
                "unit": "people per day",
                "rate": 8 * own[1],
                "season": {"jul": 1.1, "dec": 0.9},
                "drift": {"from": BEGIN, "damping": 0.5, "years": years.tolist()},
            }
        },
        tonight="steady",
    )
    return spec.replace(clock=spec.clock.replace(start=BEGIN))


def months(frame, *columns, **renamed):
    """Rows of the jail, by month and quantity."""
    return frame.filter(pl.col("kind") == "jail").select("date", "quantity", *columns, **renamed)


@pytest.fixture(scope="module")
def years(build, tmp_path_factory):
    """Months of the year after: 80 % bands with all doubts and of chance alone, and the truth."""
    found = []
    for seed in range(COUNTIES):
        folder = tmp_path_factory.mktemp(f"county-{seed}")
        model = county(build, np.random.default_rng([seed, 2017]))
        write(rm.synth(model, SINCE, UNTIL, seed), folder / "bookings.parquet")
        rm.ingest(folder / "bookings.parquet", folder / "work.duckdb")
        rm.fit(folder / "work.duckdb", folder / "fitted", as_of=AS_OF, draws=DRAWS, seed=seed)
        told, chance = (
            rm.compare(str(folder / "fitted"), [], UNTIL, quantities=WHAT, draws=n, whole=False)
            for n in (DRAWS, 0)
        )
        true = rm.measure(folder / "work.duckdb", AS_OF, UNTIL, "month", quantities=WHAT, draws=0)
        alone = months(chance.series, less=pl.col("q10"), more=pl.col("q90"))
        truth = months(true.figures, truth=pl.col("mean"))
        every = months(told.series, "mean", "sd", "q10", "q90")
        for beside in (alone, truth):
            every = every.join(beside, on=["date", "quantity"])
        found.append(every.with_columns(county=pl.lit(seed)))
    return pl.concat(found)


def held(frame, low, high):
    """The share of months between two ends."""
    return frame.select(pl.col("truth").is_between(low, high).mean()).item()


@pytest.mark.parametrize("quantity", WHAT)
def test_bands_of_a_fit_hold_most_months_of_the_next_year(years, quantity):
    """Four in five, as near as ten counties tell, whose months go together."""
    own = years.filter(quantity=quantity)
    assert len(own) == 12 * COUNTIES
    assert 0.6 < held(own, "q10", "q90") < 0.97


@pytest.mark.parametrize("quantity", WHAT)
def test_bands_of_chance_alone_hold_fewer(years, quantity):
    """What the records do not pin down, and what the year brings, is a part of the doubt."""
    own = years.filter(quantity=quantity)
    assert held(own, "less", "more") < held(own, "q10", "q90") - 0.05


@pytest.mark.parametrize("quantity", WHAT)
def test_forecasts_of_a_fit_lean_to_neither_side(years, quantity):
    """On average over counties, in standard deviations of the band."""
    off = ((pl.col("truth") - pl.col("mean")) / pl.col("sd")).mean()
    each = years.filter(quantity=quantity).group_by("county").agg(off.alias("off"))["off"]
    assert abs(each.mean()) < 3 / COUNTIES**0.5
