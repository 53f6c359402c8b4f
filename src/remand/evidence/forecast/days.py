"""A jail's days ahead: by stock and flow, or by its drift, or as today where that does better.

Stock and flow needs stays (`flow`); where only counts are known their drift does. A method is tried
on its own past first: forecasts from earlier origins, each made of what was known then, against
what has happened since. Their errors decide, for each stretch of days ahead, whether to go by the
method, by "as today", or by half of each, and how wide the bands are (`bands`). No error is read
whose truth lies on the origin's day or after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from remand.errors import InputError
from remand.evidence.forecast.bands import never_sure, overlapping, symmetric, topped, walk
from remand.evidence.forecast.flow import YEAR, NobodyLeft, ahead
from remand.evidence.forecast.told import Chosen, Told
from remand.evidence.holes import bridged, late
from remand.evidence.panel import LEVELS, Floats, Panel, Prediction
from remand.fitting.pace import DAMPED
from remand.records.work import Records

AS_TODAY, FLOW, DRIFT = "as today", "stock and flow", "half of last year's drift"
HALVES = "half of each"

STRETCHES = (30, 90)
"""Last days of the stretches ahead for which a way is chosen; what lies beyond is the last."""

EVERY = 8
"""Days between past origins: no weekday is favoured."""

BEGIN, BACK = 91, 728
"""Days known before the first past origin (half of all, if they are fewer), and days back to the
earliest that is still learnt from."""

LEAST = 28
"""Days of counts, or of records, below which nothing but "as today" can be said."""

HALF_YEAR = 182

GLIDE = 7
"""Days to either side of a stretch's end over which one way gives way to the next."""

Path = Callable[[Floats, dt.date, int], Floats]
"""Counts (days,) up to an origin, the origin, days ahead → people (days ahead,)."""


@dataclass(frozen=True)
class Daily:
    """Daily counts ahead by a way of its own, or as today where that does better.

    Attributes:
        name: what its own way is called.
        own: that way.
        untried: the way that is taken until the past can tell.
    """

    name: str
    own: Path
    untried: str = HALVES

    def each(self, panel: Panel, horizon: int) -> list[Told]:
        """The forecast of every series on its own. Raises InputError as `told`."""
        return [self.told(panel.of([i]), horizon) for i in range(len(panel.ids))]

    def told(self, panel: Panel, horizon: int) -> Told:
        """The forecast of a panel's only series; NaN if nobody was ever counted in it.

        Days not reported are filled between their neighbours, and no error is read off them. What
        was last counted some days ago is as unsure as what lies so many days further ahead.
        Raises InputError for a panel of weeks or months, or of several series.
        """
        y, origin = _only(panel)
        if not np.isfinite(y).any():
            nothing = np.full((1, horizon), np.nan)
            return Told(Prediction(nothing, np.repeat(nothing[..., None], len(LEVELS), 2)), ())
        behind = int(late(panel.y)[0])
        reach = behind + horizon
        errors = self._errors(y, origin, reach)[:, :, behind:]
        chosen = self._chosen(errors, horizon)
        own = _share(chosen, horizon)
        share = np.stack([1.0 - own, own])
        point = (share * self._paths(y, origin, horizon)).sum(axis=0)
        past, weights = topped(
            (share[:, None] * errors).sum(axis=0), overlapping(reach, EVERY)[behind:],
            walk(moved(y), reach)[:, behind:],
        )  # fmt: skip
        off = symmetric(past, np.zeros(horizon), weights=weights)
        # nobody is surer of what lies further ahead
        off = np.sign(off) * np.maximum.accumulate(np.abs(off), axis=0)
        quantiles = never_sure(point, point[:, None] + off)
        made = Prediction(np.maximum(point, 0.0)[None], np.maximum(quantiles, 0.0)[None])
        return Told(made, chosen)

    def _errors(self, y: Floats, origin: dt.date, horizon: int) -> Floats:
        """Errors at past origins, as today and by the own way: (2, origins, horizon).

        NaN where no truth is known.
        """
        first = origin - dt.timedelta(len(y))
        begin = max(min(BEGIN, len(y) // 2), len(y) - BACK, int(np.argmax(np.isfinite(y))) + 1)
        past = [i for i in range(begin, len(y)) if (first.toordinal() + i) % EVERY == 0]
        errors = np.full((2, len(past), horizon), np.nan)
        for row, i in enumerate(past):
            truth = y[i : i + horizon]
            paths = self._paths(y[:i], first + dt.timedelta(i), horizon)
            errors[:, row, : len(truth)] = truth - paths[:, : len(truth)]
        return errors

    def _paths(self, y: Floats, origin: dt.date, horizon: int) -> Floats:
        """People, as today and by the own way, with the shape of the week: (2, horizon)."""
        filled = bridged(y, ends=True)
        week = weekdays(filled)
        shape = week[np.arange(horizon) % 7] - week[-1]
        today = np.full(horizon, filled[-1])
        own = self.own(filled, origin, horizon) if len(y) >= LEAST else today
        return np.asarray(np.stack([today, own]) + shape)

    def _chosen(self, errors: Floats, horizon: int) -> tuple[Chosen, ...]:
        """The way with the least past error on each stretch, once the past can tell."""
        ways = {AS_TODAY: errors[0], self.name: errors[1], HALVES: errors.mean(axis=0)}
        ends = [0, *(end for end in STRETCHES if end < horizon), horizon]
        out = []
        for since, until in pairwise(ends):
            off = {way: np.abs(values[:, since:until]) for way, values in ways.items()}
            known = np.isfinite(off[HALVES])
            mean = {
                way: float(values[known].mean()) if known.any() else np.nan
                for way, values in off.items()
            }
            best = min(mean, key=mean.__getitem__)
            origins = int(known[:, -1].sum())
            tried = origins * EVERY >= until  # they span at least as long as they look ahead
            way = best if tried else self.untried
            out.append(Chosen(since + 1, until, way, mean, "people", origins, tried))
        return tuple(out)


def from_stays(records: Records) -> Daily:
    """Stock and flow (`flow`) of records, for a panel of the same jail's counts.

    It is used until its past can tell, for who is inside and since when is known without one.
    """
    return Daily(FLOW, Stays(records), untried=FLOW)


def from_counts() -> Daily:
    """Where only counts are known: as today, or on with half of what a year has changed."""
    return Daily(DRIFT, drift)


@dataclass(frozen=True)
class Stays:
    """Stock and flow as a path; those of past origins are kept, for later ones learn from them."""

    records: Records
    made: dict[tuple[dt.date, int], Floats] = field(default_factory=dict, repr=False)

    def __call__(self, y: Floats, origin: dt.date, horizon: int) -> Floats:
        """As `Path`; as today before the records have anything to say."""
        today = np.full(horizon, y[-1])
        if (origin - self.records.since).days < LEAST:
            return today
        key = origin, horizon
        try:
            if key not in self.made:
                self.made[key] = ahead(self.records, origin, horizon)
        except NobodyLeft:
            return today
        return self.made[key]


def drift(y: Floats, origin: dt.date, horizon: int) -> Floats:
    """On from the last day with half of the last year's mean change a day, as growth fades.

    Of less than half a year nothing is carried on.

    >>> drift(np.arange(400.0), dt.date(2020, 1, 1), 2)
    array([399.5, 400. ])
    """
    del origin
    back = min(YEAR, (len(y) - 7) // 7 * 7)
    if back < HALF_YEAR:
        return np.full(horizon, y[-1])
    change = y[-7:].mean() - y[-7 - back : len(y) - back].mean()
    return np.asarray(y[-1] + DAMPED * change / back * np.arange(1, horizon + 1))


def weekdays(y: Floats) -> Floats:
    """How far each day of the week lies from the week about it, over half a year, in people: (7,).

    The first is the day after the last; the last day's own comes last. All 0 below `LEAST` days.

    >>> weekdays(np.tile([10.0, 10, 10, 10, 10, 3, 3], 8)).tolist()
    [2.0, 2.0, 2.0, 2.0, 2.0, -5.0, -5.0]
    """
    recent = y[-HALF_YEAR:]
    if len(recent) < LEAST:
        return np.zeros(7)
    off = recent[3:-3] - np.convolve(recent, np.full(7, 1 / 7), "valid")
    day = (np.arange(3, len(recent) - 3) - len(recent)) % 7
    mean = np.bincount(day, off) / np.bincount(day)
    return np.asarray((mean - mean.mean()).round(9))


def moved(y: Floats) -> Floats:
    """Changes a day, as a random walk would have made them: from week to week, over √7.

    What changes back within the week goes nowhere in a month. Below `LEAST` days: from day to day.

    >>> moved(np.tile([10.0, 10, 10, 10, 10, 3, 3], 8)).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    return np.diff(y) if len(y) < LEAST else np.diff(y[::-7][::-1]) / np.sqrt(7)


def _share(chosen: Sequence[Chosen], horizon: int) -> Floats:
    """How far each day ahead goes by the own way, 0 … 1: (horizon,); between stretches it glides.

    >>> near = Chosen(1, 2, AS_TODAY, {}, "people", 9, tried=True)
    >>> _share((near, Chosen(3, 5, FLOW, {}, "people", 9, tried=True)), 5)
    array([0. , 0. , 0.5, 1. , 1. ])
    """
    parts = {AS_TODAY: 0.0, HALVES: 0.5}
    knots, values = [], []
    for one in chosen:
        glide = min(GLIDE, (one.until - one.since) // 2)
        knots += [one.since + glide, one.until - glide]
        values += [parts.get(one.way, 1.0)] * 2
    return np.interp(np.arange(1, horizon + 1), knots, values)


def _only(panel: Panel) -> tuple[Floats, dt.date]:
    """The counts of a panel's only series, and the day after them."""
    if panel.step != "day" or len(panel.ids) != 1:
        raise InputError.of(
            f"days ahead cannot be forecast from {len(panel.ids)} series by {panel.step}",
            fix="give one series of daily counts",
        )
    return panel.y[0], panel.dates[-1] + dt.timedelta(1)
