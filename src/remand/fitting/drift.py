"""How admissions may go on after the records: a damped local trend, as the model writes it.

A share of the last year's growth is carried into the first year ahead, and each year keeps that
share of the one before; of monthly figures none is (`docs/adr/0019, 0025`). How far a
year may depart from that is told by how growth changed from year to year; the records of a county
hold few such changes, so they lean on those of other jails.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remand.fitting.pace import DAMPED, SEASON_FROM, TREND_FROM, Calendar, carried, short

Floats = NDArray[np.float64]

SHOCKS_FROM = 1095
"""Days of records that hold at least two changes of growth from one year to the next."""

WHOLE = 0.9
"""The share of a year that a stretch of the level's line must last to be counted as one."""

GROWTH = 0.15
"""A year's growth lies within this of no growth, or of a doubtful one, nine times in ten."""

ROUNDING = 1e-9
"""An sd below this is rounding."""

STRENGTH = 8.0
"""Years for which the usual jail, in the middle of `Usual.shocks`, counts beside a county's own."""

ELSEWHERE = "22 Californian jails, 1995–2011"
"""What `GROWTH`, `STRENGTH` and shocks were read off: bookings in the Jail Profile Survey of the
Board of State and Community Corrections (`tests/real/test_california_drift.py`)."""


@dataclass(frozen=True)
class Usual:
    """How arrivals of usual jails go on.

    Attributes:
        share: the part of a year's growth that the next one keeps.
        shocks: what a year adds to growth (sd): four in five jails lie between.
    """

    share: float
    shocks: tuple[float, float]

    @property
    def middle(self) -> float:
        """The usual jail's shocks."""
        return sum(self.shocks) / 2


DAILY = Usual(DAMPED, (0.05, 0.15))
"""After a level that stands at the end of a trend, as of stays by the day."""

MONTHLY = Usual(0.0, (0.045, 0.125))
"""After a level that is the last year's, as of monthly figures: no growth carried on did best
(`calibration/monthly.py`; both are tried in `tests/real/test_california_drift.py`)."""


def drift(
    slopes: Floats, calendar: Calendar, since: dt.date, source: list[str], usual: Usual = DAILY
) -> dict[str, Any]:
    """The document of a drift that begins on ``since``, where the level of a calendar stands.

    ``slopes`` (1 + draws, stretches) are log growth a year on each stretch (`Pace.slopes`), the
    people as they are first. Growth has an interval where records are long enough for a season, and
    shocks are computed from `SHOCKS_FROM` days on; whatever records are too short for has an
    assumption range. Where no growth is carried on there is none to be unsure of: a year's own is
    its shock.
    """
    return {
        "from": since.replace(),  # its own, so that YAML writes no anchor
        "growth": _growth(slopes, len(calendar), source, usual) if usual.share else 0.0,
        "damping": usual.share,
        "shocks": _shocks(slopes, calendar, usual),
    }


def _growth(slopes: Floats, days: int, source: list[str], usual: Usual) -> Any:
    last = slopes[:, -1] if days >= TREND_FROM else np.zeros(len(slopes))
    ahead = carried(np.expm1(last), usual.share)
    point = short(ahead[0])
    if days < SEASON_FROM:
        why = "too few to tell a growth" if days < TREND_FROM else "too few to tell it from season"
        return {
            "low": short(point - GROWTH),
            "high": short(point + GROWTH),
            "inferred": f"assumed: {days} days are {why}; so grew nine in ten years of {ELSEWHERE}",
        }
    sd = float(ahead[1:].std()) if len(ahead) > 1 else 0.0
    if sd < ROUNDING:  # no draws, or all of them beyond the bounds of what is carried
        return point
    return {"law": "normal", "mean": point, "sd": short(sd), "source": source}


def _shocks(slopes: Floats, calendar: Calendar, usual: Usual) -> Any:
    if len(calendar) < SHOCKS_FROM:
        low, high = usual.shocks
        return {
            "low": low,
            "high": high,
            "inferred": f"assumed: {len(calendar)} days are too few to tell how growth changes; so "
            f"did that of four in five of {ELSEWHERE}",
        }
    return short(shocks(slopes[:, calendar.bends[-1] >= WHOLE], usual))


def shocks(slopes: Floats, usual: Usual = DAILY) -> float:
    """What a year adds to growth: sd, by the changes of growth from year to year of the records.

    Growth is kept within the bounds of what is carried, for a break is not a pace to go on. What
    chance alone adds to its changes, by the draws, is taken off. The usual jail counts for
    `STRENGTH` years more.

    >>> round(shocks(np.array([[0.0, 0.4, 0.1]])), 3)
    0.158
    """
    growth = carried(np.expm1(slopes), 1.0)
    changes = growth[:, 1:] - usual.share * growth[:, :-1]
    chance = changes[1:].var(axis=0) if len(changes) > 1 else np.zeros(changes.shape[1])
    return leaning(np.maximum(changes[0] ** 2 - chance, 0.0), usual.middle)


def leaning(squares: Floats, usual: float) -> float:
    """The sd of which these are squared deviations, the usual one counting as `STRENGTH` more.

    >>> round(leaning(np.array([0.3**2, 0.3**2]), 0.1), 3)
    0.161
    """
    return float(np.sqrt((STRENGTH * usual**2 + squares.sum()) / (STRENGTH + len(squares))))
