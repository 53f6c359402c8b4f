"""From monthly figures to a first model: what a population and its admissions say of stays.

Of a jail whose months tell only how many people were held and how many were booked, the mean stay
follows from who must have left: with N held on average and λ − ΔN leaving, N / (λ − ΔN) days. How
stays differ around that mean no such figure tells; they are taken to be exponential, and it is
said.

Admissions and stays are those of the last year, both of the same months, for where bookings begin
to be counted otherwise one falls as the other rises; and no growth is carried on. Older months did
worse in California (`calibration/monthly.py`); they tell of seasons, and of how a year may differ
from the one before, which the model holds as a drift of arrivals and a scale of stays.
Draws take months again in blocks (H. Künsch, *Annals of Statistics* 17, 1989), since one month is
like the next.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.errors import InputError
from remand.fitting.document import Folder
from remand.fitting.drawn import DRAWS
from remand.fitting.drift import MONTHLY, STRENGTH, drift, leaning
from remand.fitting.pace import Calendar, Pace, pace, season_of, short
from remand.outcomes.aggregated import Monthly
from remand.outcomes.bands import drawn
from remand.outcomes.bootstrap import check_draws
from remand.records.work import Source

Floats = NDArray[np.float64]

MONTHS = 36
"""Months at the end of the figures that are fitted: older ones are another jail's."""

YEAR = 12
"""Months at the end that the level of admissions and the mean stay are read off; with fewer nothing
is fitted."""

STAYS = 0.03
"""How far the mean stay of a year to come lies from the last one's (sd of logs), in a usual jail.

Implied stays differ by more from one year to the next, 0.11, but against bookings; this is what
bands of populations need besides the drift of bookings."""

ELSEWHERE = "28 Californian jails, 2000–2011"
"""What `YEAR` and `STAYS` were read off: the Jail Profile Survey of the Board of State and
Community Corrections, rows before 2012 (`calibration/monthly.py`)."""

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
        if len(index) - begin < YEAR:
            raise InputError.of(
                f"'{place}' has {len(index) - begin} adjoining months with both figures at the end",
                fix=f"at least {YEAR} are needed; an earlier --as-of may have more",
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

    @property
    def middle(self) -> dt.date:
        """The middle of the last year, where its level stands."""
        return self.until - dt.timedelta(int(self.days[-YEAR:].sum()) // 2)

    def rate(self, which: NDArray[np.int64]) -> Floats:
        """People admitted a day in some months, the last axis."""
        return np.asarray(self.admitted[which].sum(axis=-1) / self.days[which].sum(axis=-1))

    def stay(self, which: NDArray[np.int64]) -> Floats:
        """The mean stay, in days, that some months imply, the last axis."""
        held = (self.held * self.days)[which]
        return np.asarray(held.sum(axis=-1) / self.leaving[which].sum(axis=-1))


def fit_months(
    months: Months, place: str, sources: tuple[Source, ...], counts: str, draws: int, seed: int
) -> Folder:
    """A model of one state, with what monthly figures cannot support."""
    calendar = Calendar.of(months.first, int(months.days.sum()))
    own = pace(_daily(months.admitted, months), calendar, weekly=False)
    expected = _monthly(own.on(calendar), months)[0]
    check_draws(draws, seed)
    count, chance = len(months.days), np.random.default_rng(seed)
    deviation = (months.admitted / expected)[_blocks(count, draws, chance)]
    others = pace(_daily(expected * deviation, months), calendar, weekly=False)
    year = np.arange(count - YEAR, count)
    rate, stay = (short(float(of(year))) for of in (months.rate, months.stay))
    again = year[_blocks(YEAR, draws, chance)]
    keys = [f"records_{i}" for i, _ in enumerate(sources, start=1)]
    span = f"{months.first} to {months.until} (exclusive), {len(months.days)} months"
    slopes = np.concatenate([own.slopes, others.slopes])
    arrivals = {
        "source": keys,
        "note": f"n = {months.admitted.sum():,.0f} admissions, {span}; the rate is the last "
        "year's, and drifts from its middle on; no growth is carried on, which did best in "
        f"{ELSEWHERE}",
        "unit": "people per day",
        "rate": rate,
        "drift": drift(slopes, calendar, months.middle, keys, MONTHLY),
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
                "dwell": {"law": "exponential", "mean": stay, "scale": _scale(months, keys)},
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
    lately = _lately(rate, stay, months.rate(again), months.stay(again))
    numbers = [*lately, *_paces(own, others, calendar, count)]
    return Folder(document, {}, _parameters(numbers), _draws(numbers), LIMITS, INTERVALS)


LIMITS = (
    "Groups: monthly figures are of everyone, so nothing can be said by race, charge or status, "
    "and a policy that reaches some people only has nobody to reach.",
    "How stays differ: only their mean follows from population and admissions. A promise to those "
    "held for days, or for years, moves beds that these figures cannot tell apart.",
    "Exits, returns and times so far: who leaves how, who comes back, and since when the people "
    "inside tonight have been there.",
    "A population that changes fast: admissions and stays are those of the last year as a whole.",
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


@dataclass(frozen=True)
class _Number:
    """A fitted number: its value, its draws, and the months it was read off."""

    parameter: str
    unit: str
    value: float
    draws: Floats
    months: int
    when: str | None = None


def _lately(rate: float, stay: float, rates: Floats, stays: Floats) -> Iterator[_Number]:
    """What the last year tells."""
    yield _Number("admissions", "people per day", rate, rates, YEAR)
    yield _Number("stay_mean", "days", stay, stays, YEAR)
    yield _Number("steady_census", "people", rate * stay, rates * stays, YEAR)


def _paces(own: Pace, others: Pace, calendar: Calendar, months: int) -> Iterator[_Number]:
    """What all months tell."""
    yield _Number("growth", "a year", float(own.trend[0]), others.trend, months)
    if calendar.seasonal:
        for i, month in enumerate(season_of(own.season[0])):
            factor, factors = float(own.season[0, i]), others.season[:, i]
            yield _Number("season", "factor", factor, factors, months, month)


def _scale(months: Months, source: list[str]) -> dict[str, Any]:
    """How far stays to come may lie from the last year's: by their changes from year to year."""
    count = len(months.days)
    years = np.arange(count % YEAR, count).reshape(-1, YEAR)
    changes = np.diff(np.log(months.stay(years)))
    return {
        "law": "lognormal",
        "median": 1,
        "factor": short(np.exp(leaning(changes**2, STAYS))),
        "source": source,
        "note": "how far stays may move from the last year's: by "
        f"{len(changes)} changes from year to year, and those of {ELSEWHERE} as {STRENGTH:g} more",
    }


def _parameters(numbers: list[_Number]) -> pl.DataFrame:
    rows = []
    for number in numbers:
        held = len(number.draws)
        bands = {key: float(q) for key, q in drawn(number.draws).items()} if held else {}
        rows.append(
            {"parameter": number.parameter, "unit": number.unit, "state": JAIL, "exit": None,
             "when": number.when, "value": number.value, "q05": bands.get("q05"),
             "q95": bands.get("q95"), "n": number.months}
        )  # fmt: skip
    types = {"exit": pl.String, "when": pl.String, "q05": pl.Float64, "q95": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=types)


def _draws(numbers: list[_Number]) -> pl.DataFrame:
    """Every draw of what the model holds, which is no growth."""
    frames = [
        pl.DataFrame({"draw": np.arange(len(number.draws), dtype=np.int32),
                      "parameter": number.parameter, "unit": number.unit, "state": JAIL,
                      "when": number.when, "value": number.draws.astype(np.float32),
                      "point": np.full(len(number.draws), number.value, np.float32)},
                     schema_overrides={"when": pl.String})
        .with_columns(exit=pl.lit(None, pl.String))
        for number in numbers if number.parameter != "growth"
    ]  # fmt: skip
    return pl.concat(frames)
