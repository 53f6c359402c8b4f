"""How many people are admitted a day: level by group, trend, season, day of the week, dispersion.

Admissions into one state on day t in stratum g are counts with mean::

    share_g × level(t) × season(month of t) × weekday(t)

The log of the level is a line that may bend once a year, counted back from the end of the records.
Level, season and weekdays are the state's, so that by maximum likelihood (Poisson) the shares of
the strata are their shares of all admissions, and the rest is a log-linear regression of the daily
total (P. McCullagh & J. Nelder, *Generalized Linear Models*, 1989, ch. 6). Counts that scatter more
than Poisson ones leave those estimates consistent; the excess is told as the size ``r`` of a
negative binomial by moments (variance λ + λ²/r; N. Breslow, *Applied Statistics* 33, 1984).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from remand.model.values import Months, Weekdays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEKDAYS_FROM, TREND_FROM, SEASON_FROM = 56, 365, 730
"""Days of records from which days of the week, a trend, and a season are estimated."""

DAMPED = 0.5
"""Share of a year's growth that is left in the next: growth fades (E. Gardner & E. McKenzie,
*Management Science* 31, 1985), and by how much the records are too short to tell."""

MOST = 2.0
"""Growth a year beyond a doubling, or a fall beyond a half, is a break and no pace to go on."""

LENGTHS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) / 365.25
"""Share of a year in each month."""


@dataclass(frozen=True)
class Calendar:
    """The days of a window as a regression sees them.

    Attributes:
        first: the first day.
        month: (days,) 0 … 11.
        weekday: (days,) 0 (Monday) … 6.
        bends: (days, bends) years gone by on each stretch of the level's line, the last one last.
    """

    first: dt.date
    month: Ints
    weekday: Ints
    bends: Floats

    @classmethod
    def of(cls, first: dt.date, days: int) -> Calendar:
        """The calendar of so many days from ``first``."""
        dates = [first + dt.timedelta(i) for i in range(days)]
        return cls(
            first,
            np.array([d.month - 1 for d in dates]),
            np.array([d.weekday() for d in dates]),
            _stretches(days),
        )

    def __len__(self) -> int:
        return len(self.month)

    @property
    def seasonal(self) -> bool:
        """Whether the window is long enough for a season."""
        return len(self) >= SEASON_FROM


@dataclass(frozen=True)
class Pace:
    """How the daily total of one state goes: arrays begin with an axis of draws.

    Attributes:
        first: (draws,) people a day on the first day, season and weekday apart.
        slopes: (draws, bends) log growth a year on each stretch.
        season: (draws, 12) factors whose mean over a year of days is 1.
        weekday: (draws, 7) factors whose mean is 1.
    """

    first: Floats
    slopes: Floats
    season: Floats
    weekday: Floats

    def level(self, calendar: Calendar) -> Floats:
        """People a day on each day, season and weekday apart: (draws, days)."""
        days: Floats = self.first[:, None] * np.exp(self.slopes @ calendar.bends.T)
        return days

    def on(self, calendar: Calendar) -> Floats:
        """Expected people on each day: (draws, days)."""
        factor = self.season[:, calendar.month] * self.weekday[:, calendar.weekday]
        return self.level(calendar) * factor

    @property
    def trend(self) -> Floats:
        """Growth a year at the end of the records, compound: (draws,)."""
        if not self.slopes.shape[1]:
            return np.zeros(len(self.first))
        return np.expm1(self.slopes[:, -1])

    def levelled(self, counts: Floats, calendar: Calendar) -> Pace:
        """The same pace at the level of other daily totals (draws, days)."""
        total = self.on(calendar).sum(axis=1)
        part = np.divide(counts.sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
        return replace(self, first=self.first * part)


def carried(growth: Floats, share: float = DAMPED) -> Floats:
    """Log growth in the first year ahead, by compound growth in the last: a share, within bounds.

    >>> np.expm1(carried(np.array([0.21, 99.0]))).round(2).tolist()
    [0.1, 0.41]
    """
    most = np.log(MOST)
    return share * np.clip(np.log1p(growth), -most, most)


def pace(counts: Floats, calendar: Calendar, *, weekly: bool = True) -> Pace:
    """The pace of daily totals (draws, days), by maximum likelihood.

    Without ``weekly`` days of the week are alike: monthly figures say nothing of them.

    What the window is too short for is flat.

    >>> steady = pace(np.full((1, 1000), 5.0), Calendar.of(dt.date(2016, 1, 1), 1000))
    >>> round(float(steady.first[0]), 6), round(float(steady.trend[0]), 6)
    (5.0, 0.0)
    """
    columns = list(calendar.bends.T)
    weekly = weekly and len(calendar) >= WEEKDAYS_FROM
    if weekly:
        columns += [_is(calendar.weekday, day) - _is(calendar.weekday, 0) for day in range(1, 7)]
    if calendar.seasonal:
        shares = np.bincount(calendar.month, minlength=12) / len(calendar)
        columns += [
            _is(calendar.month, m) - _is(calendar.month, 0) * shares[m] / shares[0]
            for m in range(1, 12)
        ]
    design = np.column_stack([np.ones(len(calendar)), *columns]).astype(float)
    return _named(_poisson(counts, design), calendar, weekly=weekly)


def _stretches(days: int) -> Floats:
    """Years gone by on each stretch: one a whole year back from the end, none below a year."""
    if days < TREND_FROM:
        return np.zeros((days, 0))
    bends = np.arange(days - 365.25, 182.625, -365.25)[::-1]
    edges = np.concatenate([[0.0], bends, [days]])
    gone = np.clip(np.arange(days)[:, None] - edges[:-1], 0.0, np.diff(edges))
    return np.asarray(gone / 365.25)


def _is(days: Ints, value: int) -> Floats:
    return np.where(days == value, 1.0, 0.0)


def _poisson(counts: Floats, design: Floats) -> Floats:
    """Coefficients (draws, columns) of log-linear Poisson regressions.

    Nobody at all gives a level of zero, e^−700, and no effects.
    """
    effects = np.zeros((len(counts), design.shape[1]))
    effects[:, 0] = -700.0
    some = np.flatnonzero(counts.any(axis=1))
    if len(some):
        first = _newton(counts[some[:1]], design, np.zeros(design.shape[1]))
        effects[some] = _newton(counts[some], design, first[0])
    return effects


def _newton(counts: Floats, design: Floats, start: Floats) -> Floats:
    """The same by Newton's method, all draws in step, from the effects of one."""
    columns = design.shape[1]
    squares = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    effects = np.repeat(start[None], len(counts), axis=0)
    effects[:, 0] += np.log(counts.sum(axis=1) / np.exp(effects @ design.T).sum(axis=1))
    for _ in range(50):
        mean = np.exp(effects @ design.T)
        slope = (counts - mean) @ design
        if np.abs(slope).max() <= 1e-9 * counts.sum(axis=1).min():
            break
        curve = (mean @ squares).reshape(-1, columns, columns)
        # where a column has nobody it has no curvature: a hair of it leaves its effect alone
        curve += 1e-12 * np.trace(curve, axis1=1, axis2=2)[:, None, None] * np.eye(columns)
        move = np.linalg.solve(curve, slope[..., None])[..., 0]
        effects += np.clip(move, -2.0, 2.0)
    return effects


def _named(effects: Floats, calendar: Calendar, *, weekly: bool) -> Pace:
    """Coefficients as a level, its slopes, and factors that average 1."""
    at = 1 + calendar.bends.shape[1]
    level, slopes = effects[:, 0], effects[:, 1:at]
    season, weekday = np.ones((len(effects), 12)), np.ones((len(effects), 7))
    if weekly:
        rest = effects[:, at : at + 6]
        weekday = np.exp(np.column_stack([-rest.sum(axis=1), rest]))
        level = level + np.log(weekday.mean(axis=1))
        weekday = weekday / weekday.mean(axis=1, keepdims=True)
        at += 6
    if calendar.seasonal:
        shares = np.bincount(calendar.month, minlength=12) / len(calendar)
        rest = effects[:, at : at + 11]
        season = np.exp(np.column_stack([-(rest @ shares[1:]) / shares[0], rest]))
        mean = season @ LENGTHS
        level, season = level + np.log(mean), season / mean[:, None]
    return Pace(np.exp(level), slopes, season, weekday)


def dispersion(counts: Floats, mean: Floats) -> float:
    """The size ``r`` of a negative binomial (strata, days), by moments; infinite if Poisson.

    >>> rng = np.random.default_rng(1)
    >>> mean = np.full((4, 5000), 3.0)
    >>> drawn = rng.poisson(rng.gamma(2.0, mean / 2.0)).astype(float)
    >>> 1.9 < dispersion(drawn, mean) < 2.1
    True
    """
    excess = float(((counts - mean) ** 2 - mean).sum())
    square = float((mean**2).sum())
    noise = float(np.sqrt(2 * square + mean.sum()))
    return square / excess if excess > 2 * noise else np.inf


def short(value: float) -> float:
    """Six figures that matter, as numbers are written in a model."""
    return float(f"{value:.6g}")


def season_of(factors: Iterable[float]) -> dict[str, float]:
    """Factors as the model writes a season."""
    return dict(zip(get_args(Months), factors, strict=True))


def weekdays_of(factors: Iterable[float]) -> dict[str, float]:
    """Factors as the model writes days of the week."""
    return dict(zip(get_args(Weekdays), factors, strict=True))
