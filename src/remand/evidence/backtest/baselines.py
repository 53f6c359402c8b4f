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
from remand.evidence.holes import bridged, late, mean
from remand.evidence.panel import LEVELS, Floats, Method, Panel, Prediction

PARTS = ("Naive", "SeasonalNaive", "AutoETS", "AutoTheta")
"""The baselines by name."""

MEAN = "Mean"
"""What the mean of the four is called."""

_Z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
_MIDDLE = LEVELS.index(0.5)
_BANDS = {round(100 * (1 - 2 * level)): i for i, level in enumerate(LEVELS[:_MIDDLE])}

_LEAST = 5
"""Counts below which nothing can be chosen by a criterion; the last one is then repeated."""

One = Callable[[Floats, int], tuple[Floats, Floats]]
"""A series without gaps and how many steps ahead → a point (steps,), quantiles (steps, levels)."""


def naive(panel: Panel, horizon: int) -> Prediction:
    """The last value for ever, with bands that widen as a random walk's."""
    return _repeated(panel, 1, horizon)


def seasonal_naive(panel: Panel, horizon: int) -> Prediction:
    """The value of a season before, with bands that widen by the season.

    With no more than one season known, the last value.
    """
    return _repeated(panel, panel.season, horizon)


def auto_ets(panel: Panel, horizon: int) -> Prediction:
    """Exponential smoothing, its form chosen by AICc. Raises InputError without statsforecast."""
    available()
    return _each(panel, horizon, partial(_statsforecast, "AutoETS", panel.season))


def auto_theta(panel: Panel, horizon: int) -> Prediction:
    """The Theta method, its form chosen by error. Raises InputError without statsforecast."""
    available()
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


def _repeated(panel: Panel, season: int, horizon: int) -> Prediction:
    """The last season of each series again and again, from its last count on."""
    y = np.array([bridged(row) for row in panel.y]).reshape(panel.y.shape)
    series, behind = np.arange(len(y))[:, None], late(y)[:, None]
    known = np.isfinite(y)
    seasons = np.where(known.sum(axis=1, keepdims=True) > season, season, 1)
    ahead = behind + np.arange(horizon)
    point = y[series, panel.y.shape[1] - behind - seasons + ahead % seasons]
    sigma = np.full(point.shape, np.nan)
    for own in np.unique(seasons):
        moved = y[:, own:] - y[:, :-own]
        spread = np.sqrt(np.nan_to_num(mean(moved**2))[:, None] * (ahead // own + 1))
        sigma = np.where(seasons == own, spread, sigma)
    quantiles = point[..., None] + sigma[..., None] * _Z
    return Prediction(np.maximum(point, 0), np.maximum(quantiles, 0))


def _each(panel: Panel, horizon: int, one: One) -> Prediction:
    """A method of single series, on each; NaN for a series nobody was ever counted in.

    Steps not reported are filled between their neighbours; those just before the origin are
    forecast with the rest. No count of people is below 0.
    """
    made = naive(panel, horizon)
    for row, (y, behind) in enumerate(zip(panel.y, late(panel.y), strict=True)):
        if np.isfinite(y).sum() >= _LEAST:
            filled = bridged(y)
            point, quantiles = one(filled[np.isfinite(filled)], behind + horizon)
            made.point[row] = np.maximum(point[behind:], 0)
            made.quantiles[row] = np.maximum(quantiles[behind:], 0)
    return made


def _statsforecast(name: str, season: int, y: Floats, horizon: int) -> tuple[Floats, Floats]:
    from statsforecast import models  # noqa: PLC0415 - an extra, and slow to import

    model = getattr(models, name)(season_length=season)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Mapping[str, Any] = model.forecast(y=y, h=horizon, level=list(_BANDS))
    point = np.asarray(found["mean"], np.float64)
    quantiles = np.empty((horizon, len(LEVELS)))
    quantiles[:, _MIDDLE] = point
    for band, low in _BANDS.items():
        quantiles[:, low] = found[f"lo-{band}"]
        quantiles[:, -1 - low] = found[f"hi-{band}"]
    return point, np.sort(quantiles, axis=1)
