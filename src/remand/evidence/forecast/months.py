"""Population ahead: which way of forecasting did best so far, and how far off it was.

Every candidate forecasts from many origins of the past, each time from what was known then. The
one that was nearest on average is used, be it "as today" (*naive*) or "as a year ago": the forecast
says which. Its own past errors make the bands.

Errors are taken in logarithms, so that counties of every size speak of the same thing; they are
divided by how far forecasts were off at that horizon (all counties together) and in that county
(shrunk towards all), pooled, and read as conformal quantiles (`bands`), even on both sides: that
the past happened to fall tells nothing about the next two years. What all counties did at once is
known from few periods, and widens them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from remand.evidence.backtest.scores import skill
from remand.evidence.forecast.bands import conformal, walk
from remand.evidence.forecast.level import A_MONTH, last, level, stock_and_flow
from remand.evidence.panel import LEVELS, Floats, Panel, Prediction, Step

Candidate = Callable[[Panel, int], Floats]
"""A way to forecast: what is known, how many steps → people (series, steps ahead)."""

NAIVE, SEASONAL = "naive", "seasonal naive"

SEASONS_FIRST = 3
"""Seasons that must be known before an origin of the past is forecast from,"""

MONTHS_FIRST = 6
"""and so many months."""

STRIDE: dict[Step, int] = {"day": 7, "week": 4, "month": 1}
"""Steps between the origins of the past."""

NEAR = 2
"""Horizons on either side whose errors speak of this one too."""

YEARS_OWN = 3.0
"""Years of origins after which a county's own errors count as much as everyone's."""

TOLD = 0.2
"""A signal known in fewer of the steps is not forecast from."""

ENOUGH = 39
"""Errors needed for a 95 % band; where there are fewer, a normal law's are added."""


@dataclass(frozen=True)
class Forecast:
    """A forecast with its record.

    Attributes:
        dates: (steps ahead,) first day of each.
        prediction: people, with quantiles.
        by: the candidate that was used.
        errors: mean absolute error of each candidate from the origins of the past, in percent,
            by step ahead (NaN where none is known yet).
        origins: of the past, how many.
        skill_until: steps ahead up to which what was used did better than both naive ones did;
            0 if it never did.
    """

    dates: tuple[dt.date, ...]
    prediction: Prediction
    by: str
    errors: Mapping[str, Floats]
    origins: int
    skill_until: int


def remand(panel: Panel, horizon: int) -> Prediction:
    """The forecast as a `Method`."""
    return forecast(panel, horizon).prediction


def forecast(panel: Panel, horizon: int, more: Mapping[str, Candidate] | None = None) -> Forecast:
    """Forecast every series of a panel, from the step after its last.

    Args:
        panel: what is known; all of it is used.
        horizon: steps ahead, from 1.
        more: further candidates by name (from stays, where there are stays).
    """
    ways = {**candidates(panel), **(more or {})}
    origins = range(_first(panel), panel.y.shape[1], STRIDE[panel.step])
    past = {name: _past(panel, way, origins, horizon) for name, way in ways.items()}
    errors = {name: 100 * np.expm1(_mean(np.abs(of), (0, 1))) for name, of in past.items()}
    by = _best(past)
    point = np.maximum(ways[by](panel, horizon), 0.0)
    return Forecast(
        dates=_dates(panel, horizon),
        prediction=Prediction(point, _quantiles(point, past[by], panel)),
        by=by,
        errors=errors,
        origins=len(origins),
        skill_until=skill(errors[by], np.fmin(errors[NAIVE], errors[SEASONAL])),
    )


def candidates(panel: Panel) -> dict[str, Candidate]:
    """What can be tried on a panel. Stock and flow where admissions are told."""
    found: dict[str, Candidate] = {NAIVE: _naive, SEASONAL: _seasonal, "level": level}
    bookings = panel.signals.get("bookings")
    if bookings is not None and (bookings > 0).mean() >= TOLD:
        found["stock and flow"] = stock_and_flow
    return found


def _first(panel: Panel) -> int:
    return max(SEASONS_FIRST * panel.season, round(MONTHS_FIRST * A_MONTH[panel.step]))


def _naive(panel: Panel, horizon: int) -> Floats:
    return np.repeat(last(panel.y)[:, None], horizon, axis=1)


def _seasonal(panel: Panel, horizon: int) -> Floats:
    """The last season again; as today where it is not known."""
    season, y = panel.season, panel.y
    at = y.shape[1] - season + np.arange(horizon) % season
    then = np.where(at >= 0, y[:, np.maximum(at, 0)], np.nan)
    return np.where(np.isfinite(then), then, _naive(panel, horizon))


def _past(panel: Panel, way: Candidate, origins: range, horizon: int) -> Floats:
    """Errors in logarithms: (origins, series, steps ahead), NaN where the truth is not known."""
    series, steps = panel.y.shape
    logs = np.log1p(panel.y)
    out = np.full((len(origins), series, horizon), np.nan)
    for i, origin in enumerate(origins):
        n = min(horizon, steps - origin)
        said = way(panel.until(panel.dates[origin]), horizon)
        out[i, :, :n] = logs[:, origin : origin + n] - np.log1p(np.maximum(said[:, :n], 0.0))
    return out


def _best(past: Mapping[str, Floats]) -> str:
    """The candidate whose errors were smallest, where all of them have one; naive before any."""
    shared = np.all([np.isfinite(of) for of in past.values()], axis=0)
    if not shared.any():
        return NAIVE
    return min(past, key=lambda name: float(np.abs(past[name][shared]).mean()))


def _quantiles(point: Floats, errors: Floats, panel: Panel) -> Floats:
    """Quantiles (series, steps ahead, levels) of what is to come around a point."""
    size, own, scaled = _scaled(errors, panel)
    wider = _few(scaled, STRIDE[panel.step])
    out = np.empty((*point.shape, len(LEVELS)))
    for h in range(point.shape[1]):
        near = scaled[:, :, max(0, h - NEAR) : h + NEAR + 1]
        near = near[np.isfinite(near)]
        even = np.concatenate([near, -near])
        if len(even) < ENOUGH:
            even = np.concatenate([even, NORMAL])
        wide = size[h] * own[:, None] * wider[h] * conformal(even[:, None], np.zeros(1))
        out[:, h] = np.expm1(np.log1p(point[:, h, None]) + wide)
    return np.maximum(out, 0.0)


def _few(scaled: Floats, stride: int) -> Floats:
    """What quantiles are widened by, for few origins: (steps ahead, levels).

    What befalls all series at once is seen anew only once in a horizon: its variance is known from
    so many periods, so its part of the errors has Student's quantiles, not a normal law's.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import

    normal = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    out = np.ones((scaled.shape[2], len(LEVELS)))
    for h in range(len(out)):
        at = scaled[:, :, h]
        squares, common = _mean(at**2, (0, 1)), _mean(_mean(at, 1) ** 2, 0)
        if not squares > 0:
            continue
        periods = max(np.isfinite(at).any(axis=1).sum() * stride / (h + 1), 1.0)
        ratio = np.divide(
            stdtrit(periods, LEVELS), normal, out=np.ones_like(normal), where=normal != 0
        )
        out[h] = np.sqrt(1 + common / squares * (ratio**2 - 1))
    return out


NORMAL = np.array([NormalDist().inv_cdf((i + 0.5) / ENOUGH) for i in range(ENOUGH)])
NORMAL /= np.abs(NORMAL).mean()
"""Errors of a normal law whose mean size is 1."""


def _scaled(errors: Floats, panel: Panel) -> tuple[Floats, Floats, Floats]:
    """How far off by horizon (steps,), by county (series,), and errors divided by both."""
    by_horizon = _mean(np.abs(errors), (0, 1))
    ahead = np.arange(1, len(by_horizon) + 1)
    known = np.isfinite(by_horizon) & (by_horizon > 0)
    if known.any():
        last = int(np.flatnonzero(known)[-1])
        beyond = by_horizon[last] * np.sqrt(ahead / (last + 1))  # the √h law of a random walk
        by_horizon = np.where(ahead <= last + 1, by_horizon, beyond)
    else:
        moved = np.diff(np.log1p(panel.y), axis=1).ravel()
        by_horizon = np.abs(walk(moved, len(ahead), ENOUGH)).mean(axis=0)
    size = np.maximum.accumulate(np.nan_to_num(by_horizon))
    ratio = errors / np.where(size > 0, size, 1.0)
    years = errors.shape[0] * STRIDE[panel.step] / A_MONTH[panel.step] / 12
    mine = _mean(np.abs(ratio), (0, 2))
    mine = np.where(np.isfinite(mine) & (mine > 0), mine, 1.0)
    own = np.exp(years / (years + YEARS_OWN) * np.log(mine))
    return size, own, ratio / own[:, None]


def _mean(values: Floats, axis: int | tuple[int, ...]) -> Floats:
    """The mean of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _dates(panel: Panel, horizon: int) -> tuple[dt.date, ...]:
    last = panel.dates[-1]
    if panel.step == "month":
        months = [last.year * 12 + last.month - 1 + k for k in range(1, horizon + 1)]
        return tuple(dt.date(m // 12, m % 12 + 1, 1) for m in months)
    days = 7 if panel.step == "week" else 1
    return tuple(last + dt.timedelta(days * k) for k in range(1, horizon + 1))
