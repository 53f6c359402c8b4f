"""How far back monthly figures speak of the next years, read off Californian jails before 2012.

``REMAND_DATA=… python calibration/monthly.py`` prints what `remand.fitting.monthly` takes its
constants from: the year that levels are read off, that no growth is carried on, and how far stays
may move (`STAYS`). Of the Jail Profile Survey's months those from January 2012 on
are cut off before anything else is read, so that no replay of Realignment's years is scored on what
its model was chosen by.

Errors are of the logs of yearly means, one county at a time, one to three years ahead, from
quarterly origins, October 2000 to January 2009; of the bands, from yearly ones.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.errors import InputError
from remand.fitting import monthly as fitting
from remand.fitting.drawn import FitDraws
from remand.model.platform import Scenario
from remand.outcomes.aggregated import Monthly
from remand.outcomes.windows import Windows
from remand.records.ingest import ingest
from remand.records.work import contents
from remand.runs.compare import NO_CHANGE
from remand.runs.draws import held
from remand.runs.worlds import Worlds

Floats = NDArray[np.float64]

FILE = "california_jail_profile_monthly.csv.gz"
DOOR = "2012-01"
FIRST, LAST, AHEAD = 60, 160, 36
"""Months of the file at which forecasts begin, half-open, and how far they go."""

DRAWS = 100


def months(folder: str) -> Monthly:
    """The survey's months before the door, as a fit reads them."""
    whole = pl.read_csv(Path(os.environ["REMAND_DATA"]) / FILE, infer_schema=False)
    known, work = Path(folder) / "known.csv", Path(folder) / "known.duckdb"
    whole.filter(pl.col("date").str.slice(0, 7) < DOOR).write_csv(known)
    ingest([known], work)
    return Monthly.of(contents(work).months, [])


def logs(figures: Monthly, measure: str) -> tuple[list[dt.date], Floats]:
    """The months, and logs of a measure, of bookings a day: (places, months), NaN if not known."""
    own = figures.table.filter(pl.col("axis").is_null() & (pl.col("measure") == measure))
    wide = own.pivot("place", index="month", values="value", sort_columns=True).sort("month")
    dates: list[dt.date] = wide["month"].to_list()
    ends = [*dates[1:], (dates[-1] + dt.timedelta(32)).replace(day=1)]
    days = np.array([(b - a).days for a, b in zip(dates, ends, strict=True)])
    values = wide.drop("month").to_numpy().T.astype(float)
    with np.errstate(divide="ignore"):
        return dates, np.log(values / days if measure == "admissions" else values)


def mean(of: Floats, first: int, to: int) -> Floats:
    """Of each place over some months, those that are known."""
    own = of[:, first:to]
    known = np.isfinite(own)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, own, 0.0).sum(axis=1) / known.sum(axis=1))


def errors(forecast: Floats, of: Floats, origin: int) -> Floats:
    """Of three years' forecasts, (years, places): (years, places)."""
    truth = [mean(of, origin + 12 * y, origin + 12 * y + 12) for y in range(AHEAD // 12)]
    return np.asarray(np.array(truth) - forecast)


def shown(found: list[Floats]) -> str:
    """Mean absolute errors of each year, in per cent."""
    return " | ".join(f"{100 * x:.1f}" for x in np.nanmean(np.abs(np.array(found)), axis=(0, 2)))


def windows(people: Floats, booked: Floats) -> Iterator[str]:
    """Population as admissions × stay, each of so many months."""
    yield "| admissions of | stays of | year 1 | 2 | 3 |\n|---|---|---|---|---|"
    stays = people - booked
    for a, s in ((12, 12), (12, 24), (12, 36), (6, 6), (12, 6), (3, 3)):
        found = []
        for i in range(FIRST, LAST, 3):
            level = mean(booked, i - a, i) + mean(stays, i - s, i)
            found.append(errors(np.repeat(level[None], 3, axis=0), people, i))
        yield f"| {a} months | {s} months | {shown(found)} |"


def growth(of: Floats, name: str) -> Iterator[str]:
    """A share of the last year's growth carried into the next, and half of each year's after."""
    for share in (0.0, 0.1, 0.2, 0.5, 1.0):
        found = []
        for i in range(FIRST, LAST, 3):
            level, before = mean(of, i - 12, i), mean(of, i - 24, i - 12)
            kept = share * (2 - 0.5 ** np.arange(3.0))
            found.append(errors(level + kept[:, None] * (level - before), of, i))
        yield f"| {name} | {share:g} | {shown(found)} |"


def spreads(people: Floats, booked: Floats) -> Iterator[str]:
    """How far years lie from the last one: sd, and whether bookings and stays go together."""
    yield "\n| sd | bookings | stays | people | bookings with stays, r |\n|---|---|---|---|---|"
    for y in range(3):
        found = []
        for of in (booked, people - booked, people):
            last = [np.repeat(mean(of, i - 12, i)[None], 3, axis=0) for i in range(FIRST, LAST, 3)]
            at = zip(last, range(FIRST, LAST, 3), strict=True)
            found.append(np.array([errors(level, of, i)[y] for level, i in at]).ravel())
        off = np.array(found)
        off = off[:, np.isfinite(off).all(axis=0)]
        sd = " | ".join(f"{x:.3f}" for x in off.std(axis=1))
        yield f"| year {y + 1} | {sd} | {np.corrcoef(off[0], off[1])[0, 1]:.2f} |"


def bands(figures: Monthly, dates: list[dt.date], people: Floats, usual: float) -> str:
    """The fit's own bands of each year: how many of the populations lie in them."""
    fitting.STAYS = usual
    inside, off = [], []
    for origin in range(FIRST, LAST, 12):
        for row, place in enumerate(figures.places):
            try:
                own = fitting.Months.of(figures, place, as_of=dates[origin])
            except InputError:
                continue
            if own.until != dates[origin]:
                continue
            found = fitting.fit_months(own, place, (), "in-facility", DRAWS, 0)
            drawn = ahead(FitDraws.of(found.model, found.draws), dates, origin)
            at = range(origin, origin + AHEAD, 12)
            truth = np.exp([mean(people[row : row + 1], a, a + 12)[0] for a in at])
            low, middle, high = np.quantile(drawn, (0.1, 0.5, 0.9), axis=0)
            ends = np.quantile(drawn, (0.025, 0.975), axis=0)
            inside.append(
                [(low <= truth) & (truth <= high), (ends[0] <= truth) & (truth <= ends[1])]
            )
            off.append(np.abs(np.log(middle / truth)))
    held_, error = np.mean(inside, axis=0), np.mean(off, axis=0)
    cells = [" / ".join(f"{100 * x:.0f}" for x in row) for row in held_]
    return f"| {usual:g} | {' | '.join(cells)} | {' / '.join(f'{100 * x:.1f}' for x in error)} |"


def ahead(fit: FitDraws, dates: list[dt.date], origin: int) -> Floats:
    """Draws of the mean population of three years, chance included: (draws, years)."""
    edges = [*dates, dt.date(int(DOOR[:4]), 1, 1)][origin : origin + AHEAD + 1 : 12]
    starts = tuple(fit.base.clock.index(edge) for edge in edges)
    spans = Windows(starts[:-1], starts[-1], tuple(edges[:-1]))
    worlds = Worlds([Scenario.of(fit.base, [NO_CHANGE])], edges[-1], DRAWS, 0, fit)
    held_, chance = held(worlds, edges[-1], spans)
    luck = np.random.default_rng(0).standard_normal(DRAWS)
    return np.asarray(held_[0] + np.sqrt(np.maximum(chance[0], 0.0)) * luck[:, None])


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        figures = months(folder)
    dates, people = logs(figures, "adp")
    same, booked = logs(figures, "admissions")
    assert dates == same  # noqa: S101 - the survey has both in every month
    assert all((b - a).days < 32 for a, b in pairwise(dates))  # noqa: S101 - adjoining
    print(f"{len(people)} counties, {dates[FIRST]} to {dates[LAST - 1]}\n")
    print(*windows(people, booked), sep="\n")
    print("\n| | share carried | year 1 | 2 | 3 |\n|---|---|---|---|---|")
    print(*growth(booked, "bookings"), *growth(people, "people"), sep="\n")
    print(*spreads(people, booked), sep="\n")
    print("\n| `STAYS` | 80 % bands hold, years 1 / 2 / 3 | 95 % | off by, % |\n|---|---|---|---|")
    for usual in (0.01, 0.03, 0.05, 0.07):
        print(bands(figures, dates, people, usual), flush=True)


if __name__ == "__main__":
    main()
