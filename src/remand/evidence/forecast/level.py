"""Population ahead from counts alone, of many jails at once: season, common course, own level.

In logarithms, each series is its season, plus what all of them did, plus its own level::

    log(1 + y) = season + common + own

* *season*: its own typical deviation from a year's moving mean, shrunk towards that of all series
  by how much they differ beyond chance (empirical Bayes; C. Morris, *Journal of the American
  Statistical Association* 78, 1983).
* *common*: the sum of the middle county's changes. What befalls every jail at once (a law,
  a recession) is no noise, so it is not smoothed; its trend is, and goes on for a while, damped (E.
  Gardner & E. McKenzie, *Management Science* 31, 1985). Of few series, little is taken for common.
* *own*: simple exponential smoothing of the rest, for a single county's month is noisy; it goes
  back slowly to where it was for years.

The forecast is then taken part of the way to "as today": a mean of two forecasts that err otherwise
is nearer than either (J. Bates & C. Granger, *Operational Research Quarterly* 20, 1969).

The constants were chosen on California's counties, by origins of January 2002 to 2010; none is
sharp (docs/adr/0020 has every design that was tried, and what happened after 2010).
"""

from __future__ import annotations

import numpy as np

from remand.evidence.holes import bridged, last, mean, ratio
from remand.evidence.panel import Floats, Panel, Step

A_MONTH: dict[Step, float] = {"day": 30.4375, "week": 4.348, "month": 1.0}
"""Steps of a month; constants are told by the month, but for `WEIGHT`."""

WEIGHT = 0.6
"""Weight of the last step in the own level, be it a month or a week: what is noise within a month
is in the mean of one. (Six tenths a month, spread over its weeks, were further off on weeks of New
York and Cook County before 2020: 1.2 against 1.0 % and 1.5 against 1.2 % over four weeks ahead.)"""

RETURN = 0.02
"""Share of the way back to its long mean that an own level goes in a month."""

LONG = 84
"""Months of that mean, and of those the season is taken from."""

TREND = 0.1
"""Weight of the last month's common change in the common trend,"""

DAMPING = 0.95
"""of which this share goes on into each further month."""

TODAY = 0.25
"""How far a forecast is taken towards the last figure known."""

ALIKE = 4
"""With so many series, half of what they did together is taken for common: n / (n + ALIKE)."""


def level(panel: Panel, horizon: int) -> Floats:
    """People held (series, steps ahead); NaN for a series nobody was ever counted in."""
    logs = np.log1p(panel.y)
    ahead = course(logs, panel, horizon)
    return np.expm1(ahead + TODAY * (last(logs)[:, None] - ahead))


def stock_and_flow(panel: Panel, horizon: int) -> Floats:
    """People admitted × days each is held, either ahead as a level of its own: (series, steps).

    Needs the signal ``bookings``. A series that never told of them has its `level`.
    """
    bookings = panel.signals["bookings"]
    admitted = np.log(np.where(bookings > 0, bookings, np.nan))
    held = np.log1p(panel.y)
    ahead = course(admitted, panel, horizon) + course(held - admitted, panel, horizon)
    return np.where(np.isfinite(ahead), np.expm1(ahead), level(panel, horizon))


def course(logs: Floats, panel: Panel, horizon: int) -> Floats:
    """The three parts ahead, added: (series, steps ahead). NaN in ``logs``: unknown."""
    months = A_MONTH[panel.step]
    steps = logs.shape[1]
    filled = np.array([bridged(row) for row in logs])
    season = seasons(filled, panel.season, int(LONG * months))
    plain = filled - season[:, np.arange(steps) % panel.season]
    common = _common(plain)
    own = plain - common
    level, long = _smoothed(own, WEIGHT), mean(own[:, -int(LONG * months) :])
    ahead = np.arange(1, horizon + 1)
    back = 1 - (1 - RETURN) ** (ahead / months)
    trend = np.nan_to_num(_smoothed(np.diff(common)[None], 1 - (1 - TREND) ** (1 / months))[0])
    return np.asarray(
        level[:, None]
        + back * (long - level)[:, None]
        + common[-1]
        + trend * np.cumsum(DAMPING ** (ahead / months))
        + season[:, (steps + ahead - 1) % panel.season]
    )


def seasons(logs: Floats, season: int, steps: int) -> Floats:
    """Deviations from the moving mean of a season: (series, phase of the first step's season).

    The median of the last ``steps`` steps at each phase, shrunk towards the median series. Zero
    where there are not two seasons to see it in.
    """
    half = season // 2
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    count = logs.shape[1] - len(weights) + 1
    none = np.zeros((len(logs), season))
    if count < season:
        return none
    moving = np.array([np.convolve(row, weights / season, "valid") for row in logs])
    away = (logs[:, half : half + count] - moving)[:, -steps:]
    phase = np.arange(half, half + count)[-steps:] % season
    at = [away[:, phase == m] for m in range(season)]
    own = np.array([_median(cell) for cell in at]).T
    own = own - mean(own)[:, None]
    if not np.isfinite(own).any():
        return none
    pooled = np.nan_to_num(_median(own.T))
    pooled = pooled - pooled.mean()
    chance = mean(np.array([_chance(cell) for cell in at]).T)
    apart = np.maximum(mean((own - pooled) ** 2) - chance, 0.0)
    share = np.nan_to_num(apart / np.maximum(apart + chance, 1e-12))[:, None]
    return np.asarray(pooled + share * (np.where(np.isfinite(own), own, pooled) - pooled))


def _common(plain: Floats) -> Floats:
    """What all series did, from 0 at the first step: (steps,)."""
    moved = np.diff(plain, axis=1)
    known = np.isfinite(moved).sum(axis=0)
    middle = known / (known + ALIKE) * np.nan_to_num(_median(moved.T))
    return np.concatenate([[0.0], np.cumsum(middle)])


def _smoothed(values: Floats, weight: float) -> Floats:
    """Simple exponential smoothing of what is known, (rows,); ``weight`` is that of the last."""
    known = np.isfinite(values)
    weights = known * (1 - weight) ** np.arange(values.shape[1])[::-1]
    return ratio((weights * np.where(known, values, 0.0)).sum(axis=1), weights.sum(axis=1))


def _median(values: Floats) -> Floats:
    """The median of what is known in each row."""
    out, some = np.full(len(values), np.nan), np.isfinite(values).any(axis=1)
    out[some] = np.nanmedian(values[some], axis=1)
    return out


def _chance(values: Floats) -> Floats:
    """The variance of a row's mean, as far as its own spread tells; NaN of a single value."""
    count = np.isfinite(values).sum(axis=1)
    squares = np.nansum((values - mean(values)[:, None]) ** 2, axis=1)
    return ratio(squares, np.where(count > 1, (count - 1.0) * count, 0.0))
