"""Population ahead: which way of forecasting did best so far, and how far off it was.

Every candidate forecasts from many origins of the past, each time from what was known then. The
one that was nearest on average is used, be it "as today" (*naive*) or "as a year ago": the forecast
says which. Its own past errors make the bands.

Errors are taken in logarithms, so that counties of every size speak of the same thing; they are
divided by how far forecasts were off at that horizon (all counties together) and in that county
(shrunk towards all), pooled, and read as conformal quantiles (`bands`), even on both sides: that
the past happened to fall tells nothing about the next two years. What all counties did at once is
known from few periods, and widens them. A county that was last counted some steps ago is forecast
from there, so its bands are those of so many steps further ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist

import numpy as np

from remand.evidence.backtest.baselines import naive, seasonal_naive
from remand.evidence.forecast.bands import never_sure, normal, symmetric, topped, walk
from remand.evidence.forecast.level import A_MONTH, level, stock_and_flow
from remand.evidence.forecast.told import Chosen, Told
from remand.evidence.holes import late, mean
from remand.evidence.panel import LEVELS, Floats, Panel, Prediction, Step

Candidate = Callable[[Panel, int], Floats]
"""A way to forecast: what is known, how many steps → people (series, steps ahead), for every series
of which anything is known."""

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

NORMAL = normal() / np.abs(normal()).mean()
"""Errors of a normal law whose mean size is 1: what is added where there are too few."""


def forecast(panel: Panel, horizon: int) -> Told:
    """Forecast every series of a panel, from the step after its last.

    Args:
        panel: what is known; all of it is used.
        horizon: steps ahead, from 1.
    """
    ways = candidates(panel)
    origins = range(_first(panel), panel.y.shape[1], STRIDE[panel.step])
    reach = horizon + int(late(panel.y).max(initial=0))
    past = {name: _past(panel, way, origins, reach) for name, way in ways.items()}
    errors = _off({name: of[:, :, :horizon] for name, of in past.items()})
    tried = bool(np.isfinite(errors[NAIVE]))
    by = min(errors, key=errors.__getitem__) if tried else NAIVE
    point = np.maximum(ways[by](panel, horizon), 0.0)
    percent = {name: float(100 * np.expm1(error)) for name, error in errors.items()}
    known = int(np.isfinite(past[by][:, :, :horizon]).any(axis=(1, 2)).sum())
    chosen = Chosen(1, horizon, by, percent, "%", known, tried)
    return Told(Prediction(point, _quantiles(point, past[by], panel)), (chosen,))


def candidates(panel: Panel) -> dict[str, Candidate]:
    """What can be tried on a panel. Stock and flow where admissions are told."""
    found: dict[str, Candidate] = {
        NAIVE: lambda known, horizon: naive(known, horizon).point,
        SEASONAL: lambda known, horizon: seasonal_naive(known, horizon).point,
        "level": level,
    }
    bookings = panel.signals.get("bookings")
    if bookings is not None and (bookings > 0).mean() >= TOLD:
        found["stock and flow"] = stock_and_flow
    return found


def _first(panel: Panel) -> int:
    return max(SEASONS_FIRST * panel.season, round(MONTHS_FIRST * A_MONTH[panel.step]))


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


def _off(past: Mapping[str, Floats]) -> dict[str, float]:
    """The mean error of each candidate where all of them have one; NaN before any."""
    shared = np.all([np.isfinite(of) for of in past.values()], axis=0)
    return {
        name: float(np.abs(of[shared]).mean()) if shared.any() else np.nan
        for name, of in past.items()
    }


def _quantiles(point: Floats, errors: Floats, panel: Panel) -> Floats:
    """Quantiles (series, steps ahead, levels) of what is to come around a point.

    ``errors`` reach as much further ahead as a series may be late.
    """
    horizon = point.shape[1]
    size, own, scaled = _scaled(errors, panel, horizon)
    wide = size[:, None] * _few(scaled, STRIDE[panel.step])
    for h in range(len(size)):
        near = scaled[:, :, max(0, h - NEAR) : h + NEAR + 1]
        near = near[np.isfinite(near)][:, None]
        every, weights = topped(near, np.ones(1), NORMAL[:, None])
        wide[h] *= symmetric(every, np.zeros(1), weights=weights)[0]
    ahead = late(panel.y)[:, None] + np.arange(horizon)
    off = own[:, None, None] * wide[ahead]
    return np.maximum(never_sure(point, np.expm1(np.log1p(point)[..., None] + off)), 0.0)


def _few(scaled: Floats, stride: int) -> Floats:
    """What quantiles are widened by, for few origins: (steps ahead, levels).

    What befalls all series at once is seen anew only once in a horizon: its variance is known from
    so many periods, so its part of the errors has Student's quantiles, not a normal law's.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import

    law = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    out = np.ones((scaled.shape[2], len(LEVELS)))
    for h in range(len(out)):
        at = scaled[:, :, h]
        squares, common = mean(at**2, (0, 1)), mean(mean(at) ** 2, 0)
        if not squares > 0:  # what lies further ahead than anything known is known no better
            out[h] = out[h - 1] if h else out[h]
            continue
        periods = max(np.isfinite(at).any(axis=1).sum() * stride / (h + 1), 1.0)
        ratio = np.divide(stdtrit(periods, LEVELS), law, out=np.ones_like(law), where=law != 0)
        out[h] = np.sqrt(1 + common / squares * (ratio**2 - 1))
    return out


def _scaled(errors: Floats, panel: Panel, horizon: int) -> tuple[Floats, Floats, Floats]:
    """How far off by horizon (steps,), by county (series,), and errors divided by both."""
    by_horizon = mean(np.abs(errors), (0, 1))
    ahead = np.arange(1, len(by_horizon) + 1)
    known = np.isfinite(by_horizon) & (by_horizon > 0)
    if known.any():
        last = int(np.flatnonzero(known)[-1])
        beyond = by_horizon[last] * np.sqrt(ahead / (last + 1))  # the √h law of a random walk
        by_horizon = np.where(ahead <= last + 1, by_horizon, beyond)
    else:
        moved = np.diff(np.log1p(panel.y), axis=1).ravel()
        by_horizon = np.abs(walk(moved, len(ahead))).mean(axis=0)
    size = np.maximum.accumulate(np.nan_to_num(by_horizon))
    ratio = errors / np.where(size > 0, size, 1.0)
    years = errors.shape[0] * STRIDE[panel.step] / A_MONTH[panel.step] / 12
    mine = mean(np.abs(ratio[:, :, :horizon]), (0, 2))
    mine = np.where(np.isfinite(mine) & (mine > 0), mine, 1.0)
    own = np.exp(years / (years + YEARS_OWN) * np.log(mine))
    return size, own, ratio / own[:, None]
