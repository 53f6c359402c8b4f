"""Rolling origins: what would have been forecast then, from what was known then, scored.

A method is handed the steps before an origin and nothing else (`Panel.until`), so that it cannot
look ahead. What is compared is compared on the same forecasts: one that any method did not make
counts for none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from remand.errors import InputError
from remand.evidence.backtest import scores
from remand.evidence.backtest.baselines import mean_of
from remand.evidence.laying import after
from remand.evidence.panel import LEVELS, Floats, Method, Panel, Prediction
from remand.outcomes.suppression import SMALL

OWN = "remand"
"""What the program's own method is called."""

SEASONS = 2
"""Seasons that must be known of a series before it is forecast: its errors need a scale."""

Period = tuple[dt.date, dt.date]


def quantile_name(level: float) -> str:
    """The column of a quantile.

    >>> [quantile_name(level) for level in (0.025, 0.05, 0.1, 0.975)]
    ['q025', 'q05', 'q10', 'q975']
    """
    return "q" + f"{level:.3f}"[2:].removesuffix("0")


QUANTILES = tuple(quantile_name(level) for level in LEVELS)

SCORED = ("error", "crps", "width_80", *(f"covered_{band}" for band in scores.BANDS))
"""Columns of a forecast's scores."""


@dataclass(frozen=True)
class Tried:
    """Forecasts from several origins, each beside what happened.

    Attributes:
        forecasts: a row a forecast: ``origin``, ``unique_id``, ``ds``, ``horizon`` (steps ahead,
            from 1), ``model``, ``y`` (null: not known), ``point``, `QUANTILES` (people),
            ``scale`` (people), ``error`` (absolute), ``crps`` and ``width_80``, in scales,
            ``covered_80``, ``covered_95`` (0 or 1), ``apart`` (dated in the period set apart) and
            ``scored`` (every method made it, and what happened is known).
        skipped: a line for what was left out, and why.
    """

    forecasts: pl.DataFrame
    skipped: tuple[str, ...] = field(default_factory=tuple)


def forecasts(
    panel: Panel,
    methods: Mapping[str, Method],
    origins: Sequence[dt.date],
    horizon: int,
    *,
    places: Sequence[str] = (),
    means: Mapping[str, Sequence[str]] | None = None,
    apart: Period | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Tried:
    """What each method would have forecast from each origin.

    Args:
        panel: what happened.
        methods: ways to forecast, by name; each sees only the steps before an origin. `OWN` is
            handed every series, as when it forecasts; others are of single series, and are handed
            those that are scored.
        origins: first steps to be forecast.
        horizon: steps ahead.
        places: series that are scored; by default all.
        means: further models: the means of others, by name.
        apart: a period [from, to) whose dates are not scored with the rest.
        say: is told what is being done.

    Raises InputError if no series has a past long enough at any origin, or if a method gives
    something else than a forecast for each series and step.
    """
    tables: list[pl.DataFrame] = []
    skipped: dict[str, list[str]] = {}
    asked = np.array([not places or name in places for name in panel.ids])
    short = False
    for origin in origins:
        known = panel.until(origin)
        scale = scores.scale(known.y, panel.season)
        enough = np.isfinite(known.y).sum(axis=1) >= SEASONS * panel.season
        short = short or bool((asked & ~enough).any())
        for why, which in (
            (f"less than {SEASONS} seasons of {panel.season} {panel.step}s are known", ~enough),
            ("it never changed from season to season", enough & ~np.isfinite(scale)),
        ):
            for i in np.flatnonzero(asked & which):
                skipped.setdefault(f"{panel.ids[i]}: {why}", []).append(str(origin))
        rows = np.flatnonzero(asked & enough & np.isfinite(scale)).tolist()
        if not rows:
            continue
        kept, truth = known.of(rows), _truth(panel, len(known.dates), horizon, rows)
        made: dict[str, Prediction] = {}
        for name, method in methods.items():
            say(f"{name} from {origin}")
            seen = known if name == OWN else kept
            found = _checked(name, method(seen, horizon), (len(seen.ids), horizon))
            made[name] = found.of(rows) if name == OWN else found
        for name, parts in (means or {}).items():
            made[name] = mean_of([made[part] for part in parts])
        tables.append(_table(panel, origin, kept.ids, scale[rows], truth, made, apart))
    if not tables and not short:
        raise InputError.of(
            "no series ever changed from season to season, so its errors have no scale",
            fix="give counts that move",
        )
    if not tables:
        raise InputError.of(
            "no series has a past long enough to be forecast from any origin",
            fix=f"give later --origins: {SEASONS * panel.season} {panel.step}s must be known",
        )
    lines = [f"{what} before {', '.join(when)}" for what, when in skipped.items()]
    return Tried(pl.concat(tables), tuple(lines))


def shown(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Forecasts as they may be shown: no figure of somebody, but of fewer than ten people.

    Such points, quantiles and truths are null, with scores that would give them away, and
    ``suppressed`` says so.
    """
    there = set(forecasts.columns)
    figures = [name for name in ("y", "point", *QUANTILES) if name in there]
    small = {name: pl.col(name).is_between(1e-9, SMALL, closed="none") for name in figures}
    few = pl.any_horizontal(*small.values()).fill_null(value=False)
    hidden = small | {name: few for name in SCORED if name in there}
    return forecasts.with_columns(
        *(pl.when(is_small.not_()).then(name).alias(name) for name, is_small in hidden.items()),
        few.alias("suppressed"),
    )


def _truth(panel: Panel, at: int, horizon: int, rows: list[int]) -> Floats:
    """What happened (series, horizon); NaN where nobody knows, or not yet."""
    truth = np.full((len(rows), horizon), np.nan)
    there = panel.y[rows, at : at + horizon]
    truth[:, : there.shape[1]] = there
    return truth


def _checked(name: str, made: Prediction, shape: tuple[int, int]) -> Prediction:
    if made.point.shape != shape or made.quantiles.shape != (*shape, len(LEVELS)):
        raise InputError.of(
            f"{name} gave forecasts of shape {made.point.shape}, for {shape[0]} series and "
            f"{shape[1]} steps ahead",
            fix="return a point for each, and its quantiles at LEVELS",
        )
    return made


def _table(
    panel: Panel,
    origin: dt.date,
    ids: Sequence[str],
    scale: Floats,
    truth: Floats,
    made: Mapping[str, Prediction],
    apart: Period | None,
) -> pl.DataFrame:
    """Forecasts from one origin, a row each."""
    count, horizon = truth.shape
    ahead = [after(origin, panel.step, h) for h in range(horizon)]
    shared = {
        "origin": pl.repeat(origin, truth.size, dtype=pl.Date, eager=True),
        "unique_id": np.repeat(np.array(ids, dtype=object), horizon).tolist(),
        "ds": pl.Series(ahead * count, dtype=pl.Date),
        "horizon": np.tile(np.arange(1, horizon + 1), count),
    }
    dated = np.array([apart is not None and apart[0] <= day < apart[1] for day in ahead])
    everyone = np.isfinite(truth)
    for own in made.values():
        everyone &= np.isfinite(own.point) & np.isfinite(own.quantiles).all(axis=2)
    return pl.concat(
        pl.DataFrame(
            {
                **shared,
                "model": pl.repeat(name, truth.size, eager=True),
                "y": truth.ravel(),
                "point": own.point.ravel(),
                **{q: own.quantiles[:, :, k].ravel() for k, q in enumerate(QUANTILES)},
                "scale": np.repeat(scale, horizon),
                **{column: values.ravel() for column, values in _scored(truth, own, scale)},
                "apart": np.tile(dated, count),
                "scored": everyone.ravel(),
            }
        ).with_columns(pl.col(pl.Float64).fill_nan(None))
        for name, own in made.items()
    )


def _scored(truth: Floats, own: Prediction, scale: Floats) -> Iterator[tuple[str, Floats]]:
    unit = scale[:, None]
    yield "error", np.abs(truth - own.point) / unit
    yield "crps", scores.crps(truth, own.quantiles) / unit
    yield "width_80", scores.width(own.quantiles, 80) / unit
    for band in scores.BANDS:
        yield f"covered_{band}", scores.covered(truth, own.quantiles, band)
