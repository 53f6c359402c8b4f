"""What a forecast must beat: naive, seasonal naive, AutoETS, AutoTheta, and the mean of the four.

The last two are statsforecast's (extra ``forecast``; A. Garza et al., 2022), with the bands they
give themselves. The naive pair is written here as well, to the same digits, for it is needed where
statsforecast is not installed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import NormalDist
from types import MappingProxyType
from typing import Any

import numpy as np

from remand.errors import InputError
from remand.evidence.panel import LEVELS, Floats, Method, Panel, Prediction

PARTS = ("Naive", "SeasonalNaive", "AutoETS", "AutoTheta")
"""The baselines by name."""

MEAN = "Mean"
"""What the mean of the four is called."""

_Z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
_BANDS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
_MIDDLE = LEVELS.index(0.5)

_LEAST = 5
"""Values below which nothing can be chosen by a criterion; the last value is then repeated."""

One = Callable[[Floats, int], tuple[Floats, Floats]]
"""A series without gaps and how many steps ahead → a point (steps,), quantiles (steps, levels)."""


def naive(panel: Panel, horizon: int) -> Prediction:
    """The last value for ever, with bands that widen as a random walk's."""
    return _each(panel, horizon, partial(_repeated, 1))


def seasonal_naive(panel: Panel, horizon: int) -> Prediction:
    """The value of a season before, with bands that widen by the season."""
    return _each(panel, horizon, partial(_repeated, panel.season))


def auto_ets(panel: Panel, horizon: int) -> Prediction:
    """Exponential smoothing, its form chosen by AICc. Raises InputError without statsforecast."""
    return _each(panel, horizon, partial(_statsforecast, "AutoETS", panel.season))


def auto_theta(panel: Panel, horizon: int) -> Prediction:
    """The Theta method, its form chosen by error. Raises InputError without statsforecast."""
    return _each(panel, horizon, partial(_statsforecast, "AutoTheta", panel.season))


BASELINES: Mapping[str, Method] = MappingProxyType(
    dict(zip(PARTS, (naive, seasonal_naive, auto_ets, auto_theta), strict=True))
)
"""The four, by name."""


def mean_of(predictions: Sequence[Prediction]) -> Prediction:
    """The mean of points and of each quantile."""
    return Prediction(
        np.mean([one.point for one in predictions], axis=0),
        np.mean([one.quantiles for one in predictions], axis=0),
    )


def available() -> None:
    """Raises InputError if statsforecast is not installed."""
    try:
        import statsforecast  # noqa: F401, PLC0415 - an extra, and slow to import
    except ImportError:
        raise InputError.of(
            "AutoETS and AutoTheta need statsforecast, which is not installed",
            fix="pip install 'remand[forecast]', or leave them out: --baseline Naive",
        ) from None


def _each(panel: Panel, horizon: int, one: One) -> Prediction:
    """A method of single series, on each; NaN for a series nobody was ever counted in.

    Steps not reported are filled between their neighbours; those just before the origin are
    forecast with the rest. No count of people is below 0.
    """
    rows = [_row(y, horizon, one) for y in panel.y]
    if not rows:
        return Prediction(np.empty((0, horizon)), np.empty((0, horizon, len(LEVELS))))
    return Prediction(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))


def _row(y: Floats, horizon: int, one: One) -> tuple[Floats, Floats]:
    known = np.flatnonzero(np.isfinite(y))
    if not len(known):
        return np.full(horizon, np.nan), np.full((horizon, len(LEVELS)), np.nan)
    since, last = known[0], known[-1]
    filled = np.interp(np.arange(since, last + 1), known, y[known])
    late = len(y) - 1 - int(last)
    point, quantiles = one(filled, late + horizon)
    return np.maximum(point[late:], 0), np.maximum(quantiles[late:], 0)


def _repeated(season: int, y: Floats, horizon: int) -> tuple[Floats, Floats]:
    """The last season again and again; with less than one known, its last value."""
    if len(y) <= season:
        season = 1
    ahead = np.arange(horizon)
    point = y[len(y) - season + ahead % season]
    moved = y[season:] - y[:-season]
    sigma = np.sqrt((moved**2).sum() / max(len(moved), 1) * (ahead // season + 1))
    return point, point[:, None] + sigma[:, None] * _Z


def _statsforecast(name: str, season: int, y: Floats, horizon: int) -> tuple[Floats, Floats]:
    available()
    if len(y) < _LEAST:
        return _repeated(1, y, horizon)
    from statsforecast import models  # noqa: PLC0415 - an extra, and slow to import

    model = getattr(models, name)(season_length=season)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Mapping[str, Any] = model.forecast(y=y, h=horizon, level=list(_BANDS))
    point = np.asarray(found["mean"], np.float64)
    quantiles = np.empty((horizon, len(LEVELS)))
    quantiles[:, _MIDDLE] = point
    for band in _BANDS:
        low = LEVELS.index(round(0.5 - band / 200, 3))
        quantiles[:, low] = found[f"lo-{band}"]
        quantiles[:, -1 - low] = found[f"hi-{band}"]
    return point, np.sort(quantiles, axis=1)
