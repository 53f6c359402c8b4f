"""From monthly figures to a first model: what a population and its admissions say of stays.

Of a jail whose months tell only how many people were held and how many were booked, the mean stay
follows from who must have left: with N held on average and λ − ΔN leaving, N / (λ − ΔN) days. How
stays differ around that mean no such figure tells; they are taken to be exponential, and it is
said.
Draws take the months' deviations from the fit again in blocks (H. Künsch, *Annals of Statistics*
17, 1989), since one month is like the next.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.errors import InputError
from remand.fitting.document import Folder
from remand.fitting.drawn import DRAWS
from remand.fitting.drift import drift
from remand.fitting.pace import Calendar, Pace, pace, season_of, short
from remand.outcomes.aggregated import Monthly
from remand.outcomes.bands import drawn
from remand.outcomes.bootstrap import check_draws
from remand.records.work import Source

Floats = NDArray[np.float64]

MONTHS = 36
"""Months at the end of the figures that are fitted: older ones are another jail's."""

FEWEST = 12
"""Months without a gap below which nothing is fitted."""

BLOCK = 6
"""Months taken together in a draw."""

JAIL = "jail"

INTERVALS = "intervals, the middle 90 % of draws of months in blocks"


@dataclass(frozen=True)
class Months:
    """Figures of one place: arrays (months,), adjoining, the last one last.

    Attributes:
        first: the first day of the first month.
        until: the day after the last month.
        days: in each month.
        held: mean population.
        admitted: people a month.
    """

    first: dt.date
    until: dt.date
    days: Floats
    held: Floats
    admitted: Floats

    @classmethod
    def of(
        cls,
        monthly: Monthly,
        place: str,
        since: dt.date | None = None,
        as_of: dt.date | None = None,
    ) -> Months:
        """The last months of [since, as_of) that have both figures, without a gap.

        Raises InputError if they are few.
        """
        table = monthly.table.filter(pl.col("axis").is_null() & (pl.col("place") == place))
        if as_of is not None:
            table = table.filter(pl.col("month") < as_of.replace(day=1))
        if since is not None:
            table = table.filter(pl.col("month") >= since)
        both = (
            table.filter(pl.col("measure").is_in(["adp", "admissions"]))
            .pivot("measure", index="month", values="value")
            .sort("month")
        )
        columns = {"adp", "admissions"} - set(both.columns)
        if columns or both.drop_nulls().is_empty():
            raise InputError.of(
                f"the monthly figures of '{place}' have no month with a population and admissions",
                fix="take in a file with both: average daily population, and bookings",
            )
        both = both.drop_nulls()
        month = both["month"].to_list()
        index = np.array([m.year * 12 + m.month for m in month])
        gap = np.flatnonzero(np.diff(index) != 1)
        begin = max(
            int(gap[-1]) + 1 if len(gap) else 0, len(index) - MONTHS if since is None else 0
        )
        if len(index) - begin < FEWEST:
            raise InputError.of(
                f"'{place}' has {len(index) - begin} adjoining months with both figures at the end",
                fix=f"at least {FEWEST} are needed; an earlier --as-of may have more",
            )
        until = (month[-1].replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        ends = [*month[begin + 1 :], until]
        days = [(b - a).days for a, b in zip(month[begin:], ends, strict=True)]
        return cls(
            month[begin],
            until,
            np.array(days, float),
            both["adp"].to_numpy()[begin:].astype(float),
            both["admissions"].to_numpy()[begin:].astype(float),
        )

    @property
    def leaving(self) -> Floats:
        """People who must have left in each month, for the population to be what it was."""
        change = np.gradient(self.held)
        return np.maximum(self.admitted - change, 1e-9)


def fit_months(
    months: Months, place: str, sources: tuple[Source, ...], counts: str, draws: int, seed: int
) -> Folder:
    """A model of one state, with what monthly figures cannot support."""
    calendar = Calendar.of(months.first, int(months.days.sum()))
    own = pace(_daily(months.admitted, months), calendar, weekly=False)
    expected = _monthly(own.on(calendar), months)[0]
    stay = float((months.held * months.days).sum() / months.leaving.sum())
    check_draws(draws, seed)
    again = _blocks(len(months.days), draws, np.random.default_rng(seed))
    deviation = months.admitted / expected
    others = pace(_daily(expected * deviation[again], months), calendar, weekly=False)
    stays = (months.held * months.days)[again].sum(axis=1) / months.leaving[again].sum(axis=1)
    keys = [f"records_{i}" for i, _ in enumerate(sources, start=1)]
    span = f"{months.first} to {months.until} (exclusive), {len(months.days)} months"
    rate = float(own.level(calendar)[0, -1])
    arrivals = {
        "source": keys,
        "note": f"n = {months.admitted.sum():,.0f} admissions, {span}",
        "unit": "people per day",
        "rate": short(rate),
        "drift": drift(np.concatenate([own.slopes, others.slopes]), calendar, months.until, keys),
    }
    if calendar.seasonal:
        arrivals["season"] = season_of(short(x) for x in own.season[0])
    document = {
        "remand": 1,
        "name": re.sub(r"\W+", "-", place.casefold()).strip("-"),
        "title": place,
        "counts": counts,
        "note": f"Fitted by remand to monthly figures, {span}; {draws} draws, seed {seed}. One "
        "state holds everyone.",
        "clock": {"start": months.until, "step": "day"},
        "states": {
            JAIL: {
                "kind": "jail",
                "label": "Jail",
                "source": keys,
                "inferred": "the mean is what population and admissions imply; that stays are "
                "exponential is supposed, for monthly figures say nothing of how they differ",
                "dwell": {"law": "exponential", "mean": short(stay)},
                "exits": "gone",
            }
        },
        "arrivals": {JAIL: arrivals},
        "tonight": {
            JAIL: {
                "source": keys,
                "note": "the mean of the last month",
                "people": short(months.held[-1]),
            }
        },
        "sources": {
            key: {"title": s.file, "address": f"sha256:{s.sha256}", "note": f"{s.rows:,} rows"}
            for key, s in zip(keys, sources, strict=True)
        },
        **({"draws_file": DRAWS} if draws else {}),
    }
    numbers = list(_numbers(own, others, calendar, stay, stays))
    return Folder(document, {}, _parameters(numbers, months), _draws(numbers), LIMITS, INTERVALS)


LIMITS = (
    "Groups: monthly figures are of everyone, so nothing can be said by race, charge or status, "
    "and a policy that reaches some people only has nobody to reach.",
    "How stays differ: only their mean follows from population and admissions. A promise to those "
    "held for days, or for years, moves beds that these figures cannot tell apart.",
    "Exits, returns and times so far: who leaves how, who comes back, and since when the people "
    "inside tonight have been there.",
    "A population that changes fast: the mean stay is read off months taken together.",
)
"""What monthly figures cannot support."""


def _daily(admitted: Floats, months: Months) -> Floats:
    """Admissions (draws, months) as those of each day: (draws, days)."""
    each = np.atleast_2d(admitted) / months.days
    return np.repeat(each, months.days.astype(np.int64), axis=1)


def _monthly(daily: Floats, months: Months) -> Floats:
    starts = np.append(0, np.cumsum(months.days[:-1])).astype(np.int64)
    return np.asarray(np.add.reduceat(daily, starts, axis=1))


def _blocks(count: int, draws: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Months drawn again in blocks, around the end: (draws, months)."""
    blocks = -(-count // BLOCK)
    starts = chance.integers(0, count, (draws, blocks))
    again = (starts[:, :, None] + np.arange(BLOCK)).reshape(draws, blocks * BLOCK)
    return np.asarray(again[:, :count] % count, np.int64)


def _numbers(
    own: Pace, others: Pace, calendar: Calendar, stay: float, stays: Floats
) -> Iterator[tuple[str, str, str | None, float, Floats]]:
    """Every number: parameter, unit, when, value, draws."""
    rate, rates = own.level(calendar)[0, -1], others.level(calendar)[:, -1]
    yield "admissions", "people per day", None, float(rate), rates
    yield "growth", "a year", None, float(own.trend[0]), others.trend
    yield "stay_mean", "days", None, stay, stays
    yield "steady_census", "people", None, float(rate * stay), rates * stays
    if calendar.seasonal:
        for i, month in enumerate(season_of(own.season[0])):
            yield "season", "factor", month, float(own.season[0, i]), others.season[:, i]


def _parameters(
    numbers: list[tuple[str, str, str | None, float, Floats]], months: Months
) -> pl.DataFrame:
    rows = []
    for name, unit, when, value, values in numbers:
        bands = {key: float(q) for key, q in drawn(values).items()} if len(values) else {}
        rows.append(
            {"parameter": name, "unit": unit, "state": JAIL, "exit": None, "when": when,
             "value": value, "q05": bands.get("q05"), "q95": bands.get("q95"),
             "n": len(months.days)}
        )  # fmt: skip
    types = {"exit": pl.String, "when": pl.String, "q05": pl.Float64, "q95": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=types)


def _draws(numbers: list[tuple[str, str, str | None, float, Floats]]) -> pl.DataFrame:
    frames = [
        pl.DataFrame({"draw": np.arange(len(values), dtype=np.int32), "parameter": name,
                      "unit": unit, "state": JAIL, "exit": pl.Series([None] * len(values),
                      dtype=pl.String), "when": pl.Series([when] * len(values), dtype=pl.String),
                      "value": values.astype(np.float32),
                      "point": np.full(len(values), value, np.float32)})
        for name, unit, when, value, values in numbers
    ]  # fmt: skip
    return pl.concat(frames)
