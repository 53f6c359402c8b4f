"""New York City's and Cook County's jails, 30, 90 and 180 days ahead, 2018–2019 (REMAND_DATA).

Every origin's truth ends before March 2020. Figures are printed; what is asserted is what the
program says of itself: stock and flow beats "as today" in New York, and nothing does in Cook.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from remand.evidence.backtest.baselines import naive
from remand.evidence.backtest.scores import covered, crps, scale
from remand.evidence.forecast.days import from_counts, from_stays
from remand.evidence.forecast.own import Own
from remand.evidence.panel import Panel
from remand.records.work import Records, Source

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
START, END, LAST = dt.date(2016, 6, 2), dt.date(2022, 1, 1), dt.date(2020, 3, 1)
HORIZON = 180


@pytest.fixture(scope="module")
def stays():
    """Stays of New York City as days of the census."""
    spells = pl.read_parquet(Path(DATA or "") / "nyc_custody_spells.parquet")

    def day(column):
        return (pl.col(column).dt.date() - START).dt.total_days().cast(pl.Int32)

    first = day("adm") + (pl.col("adm").dt.time() > dt.time(10, 20)).cast(pl.Int32)
    going = pl.col("last_seen") >= END - dt.timedelta(1)
    out = pl.when(~going).then(day("last_seen") + 1)
    frame = spells.select(
        (pl.col("id").rank("dense") - 1).cast(pl.UInt32).alias("person"),
        pl.min_horizontal(first, day("first_seen")).alias("day_in"),
        day("first_seen").alias("day_seen"),
        out.alias("day_out"),
        out.alias("day_out_by"),
    )
    source = Source("nyc_custody_spells.parquet", "snapshots", "", len(frame))
    return Records(frame, START, END, "snapshots", "in-facility", (source,), synthetic=False)


def panel(file, column):
    """A column of daily counts; NaN on days without a row."""
    counts = pl.read_csv(Path(DATA or "") / file, try_parse_dates=True)
    counts = counts.select("date", pl.col(column).cast(pl.Float64)).sort("date")
    whole = counts.upsample("date", every="1d")
    return Panel((file,), tuple(whole["date"]), "day", whole[column].to_numpy()[None].copy())


def months(first, last):
    """First days of months, both included."""
    return pl.date_range(first, last, "1mo", eager=True).to_list()


def tried(whole, methods, origins):
    """Mean errors of each method by the day ahead to which they are taken, and coverage."""
    rows = {name: [] for name in methods}
    for origin in origins:
        known, at = whole.until(origin), (origin - whole.dates[0]).days
        truth = np.full(HORIZON, np.nan)
        steps = min(HORIZON, (LAST - origin).days)
        truth[:steps] = whole.y[0, at : at + steps]
        for name, method in methods.items():
            made = method(known, HORIZON)
            by = scale(known.y, 7)[0]
            quantiles = made.quantiles[0]
            rows[name].append([
                np.abs(truth - made.point[0]) / by, crps(truth, quantiles) / by,
                covered(truth, quantiles, 80), covered(truth, quantiles, 95),
            ])  # fmt: skip
    return {
        name: np.array([np.nanmean(np.array(one)[:, :, :to], axis=(0, 2)) for to in (30, 90, 180)])
        for name, one in rows.items()
    }


def shown(where, found, capsys):
    """The figures, as a table."""
    with capsys.disabled():
        sys.stdout.write(f"\n{where}: MASE, CRPS, 80 % and 95 % coverage to 30, 90, 180 days\n")
        for name, figures in found.items():
            cells = " | ".join(" ".join(f"{value:5.2f}" for value in row) for row in figures)
            sys.stdout.write(f"  {name:8} {cells}\n")


def test_stock_and_flow_beats_as_today_in_new_york_city(stays, capsys):
    """Every month of two years in which the jails fell by a quarter."""
    whole = panel("nyc_custody_daily.csv.gz", "n")
    origins = months(dt.date(2018, 1, 1), dt.date(2019, 12, 1))
    found = tried(whole, {"remand": Own(from_stays(stays)), "Naive": naive}, origins)
    shown("New York City", found, capsys)
    ours, theirs = found["remand"], found["Naive"]
    assert (ours[:, :2] <= theirs[:, :2] * [[1.0], [0.9], [0.8]]).all()
    assert (ours[:, 3] > 0.85).all()


def test_in_cook_county_nothing_beats_as_today_and_no_harm_is_done(capsys):
    """From its second month of records on: at most 4 % worse, with bands as wide as they say."""
    whole = panel("cook_county_jail_daily.csv.gz", "jail_population")
    origins = months(dt.date(2018, 2, 1), dt.date(2019, 12, 1))
    found = tried(whole, {"remand": Own(from_counts()), "Naive": naive}, origins)
    shown("Cook County", found, capsys)
    ours, theirs = found["remand"], found["Naive"]
    assert (ours[:, :2] <= 1.04 * theirs[:, :2]).all()
    assert ((ours[:, 2] > 0.72) & (ours[:, 2] < 0.88)).all()
    assert (ours[:, 3] > 0.9).all()


def test_nothing_after_the_origin_moves_new_york_by_a_bit(stays):
    """Later counts, stays and ends are poisoned."""
    whole = panel("nyc_custody_daily.csv.gz", "n")
    origin, cut = dt.date(2018, 7, 1), (dt.date(2018, 7, 1) - START).days
    poisoned = stays.stays.filter(pl.col("day_seen") < cut).with_columns(
        pl.when(pl.col(c).fill_null(10**6) < cut).then(pl.col(c)).otherwise(cut + 400)
        .cast(pl.Int32).alias(c)
        for c in ("day_out", "day_out_by")
    )  # fmt: skip
    dirty = Records(poisoned, START, END, "snapshots", "in-facility", (), synthetic=False)
    y = whole.y.copy()
    y[0, cut:] = 1e9
    spoilt = Panel(whole.ids, whole.dates, "day", y)
    clean = Own(from_stays(stays))(whole.until(origin), HORIZON)
    again = Own(from_stays(dirty))(spoilt.until(origin), HORIZON)
    assert (clean.point == again.point).all()
    assert (clean.quantiles == again.quantiles).all()
