"""What the records could not pin down: every parameter with its interval, and the draws behind it.

Intervals hold the middle 90 % of the draws. Draws of a law are its mass by exit and stay band: a
drawn law is the fitted one with each band scaled to its drawn mass.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.fitting.drawn_rows import REST_OF
from remand.fitting.fit import Fitted
from remand.fitting.layout import NEVER, RELEASED
from remand.fitting.nodes import REST
from remand.fitting.stays import Laws
from remand.model.values import Months, Weekdays
from remand.outcomes.bands import drawn
from remand.outcomes.suppression import SMALL, hide
from remand.records.stay_bands import BANDS, LABELS

Floats = NDArray[np.float64]

WEEK = 8
"""Stays of fewer censuses end within a week."""


@dataclass(frozen=True)
class _Found:
    """One kind of parameter: a value and its draws (rows, draws), and what each row is of.

    ``labels`` hold, by column, what the rows are of; ``count`` the stays or admissions behind each,
    0 where it is not told.
    """

    parameter: str
    unit: str
    value: Floats
    draws: Floats
    labels: dict[str, Sequence[str | None]]
    count: NDArray[np.int64]


def parameters(fitted: Fitted) -> pl.DataFrame:
    """Every fitted number with its interval.

    Columns: parameter, unit, state (empty: the whole jail), exit, the axes (empty: all; `REST_OF`:
    those too few for a law of their own), when (a month or a day of the week), value, q05, q95 (the
    interval; empty without draws), n (stays, admissions or releases behind it; empty where fewer
    than 10).
    """
    frames = []
    for found in _all(fitted):
        if fitted.draws:
            bands = drawn(np.moveaxis(found.draws, -1, 0))
            low, high = bands["q05"], bands["q95"]
        else:
            low = high = np.full(len(found.value), np.nan)
        shown = [int(n) if n >= SMALL else None for n in found.count]
        frames.append(
            _labelled(found, fitted).with_columns(
                value=pl.Series(found.value),
                q05=pl.Series(low, nan_to_null=True),
                q95=pl.Series(high, nan_to_null=True),
                n=pl.Series(shown, dtype=pl.Int64),
            )
        )
    return pl.concat(frames)


def draws(fitted: Fitted) -> pl.DataFrame:
    """Every draw of every parameter a model needs, one row each.

    Columns: draw (from 0), parameter, unit, state, exit, the axes, when, band (of a stay, in days),
    value, and point: the value of the people as they are. A drawn law is the fitted one with the
    mass of each exit and band times value / point (`remand.fitting.drawn` puts them in a model).
    """
    frames = []
    for found in itertools.chain(_rates(fitted), _masses(fitted)):
        rows, count = found.draws.shape
        labelled = _labelled(found, fitted)
        band = found.labels.get("band")
        labelled = labelled.with_columns(band=pl.Series(band or [None] * rows, dtype=pl.String))
        frames.append(
            labelled[np.repeat(np.arange(rows), count)].with_columns(
                draw=pl.Series(np.tile(np.arange(count, dtype=np.int32), rows)),
                value=pl.Series(found.draws.ravel().astype(np.float32)),
                point=pl.Series(np.repeat(found.value, count).astype(np.float32)),
            )
        )
    frame = pl.concat(frames)
    names = [c for c in frame.columns if frame[c].dtype == pl.String]
    first = ["draw", *names, "value", "point"]
    return frame.select(first).with_columns(pl.col(names).cast(pl.Categorical))


def _labelled(found: _Found, fitted: Fitted) -> pl.DataFrame:
    rows = len(found.value)
    columns: dict[str, Any] = {"parameter": [found.parameter] * rows, "unit": [found.unit] * rows}
    for name in ("state", "exit", *fitted.layout.strata.axes, "when"):
        columns[name] = pl.Series(list(found.labels.get(name, [None] * rows)), dtype=pl.String)
    return pl.DataFrame(columns)


def _all(fitted: Fitted) -> Iterator[_Found]:
    yield from _whole(fitted)
    yield from _rates(fitted)
    yield from _stays(fitted)
    yield from _returns(fitted)


# -- arrivals -------------------------------------------------------------------------------


def _whole(fitted: Fitted) -> Iterator[_Found]:
    """The whole jail, every state, and every level of an axis, as admitted on the first day."""
    layout, own, laws = fitted.layout, fitted.admitted, fitted.laws
    states, axes = list(layout.states), layout.strata.axes
    groups = laws.groups(layout, len(states)).T
    mean = np.concatenate([laws.joint.mean, laws.drawn_mean])[:, groups]
    bands = np.concatenate([laws.bands[None], laws.drawn]).sum(axis=2)
    week = bands[:, :, : int(np.searchsorted(BANDS, WEEK))].sum(axis=2)[:, groups]

    def views() -> Iterator[tuple[dict[str, Sequence[str | None]], Floats]]:
        """What rows are of, and which strata and states each takes in: (rows, strata, states)."""
        yield {}, np.ones((1, len(layout.strata), len(states)))
        one = np.eye(len(states))[:, None, :]
        yield {"state": states}, np.repeat(one, len(layout.strata), axis=1)
        for axis, levels in axes.items():
            masks = np.array([layout.strata.mask({axis: (level,)}) for level in levels], float)
            yield {axis: list(levels)}, np.repeat(masks[:, :, None], len(states), axis=2)

    for labels, taken in views():
        rate = np.einsum("dgs,rgs->dr", own.rate, taken)
        parts = {
            name: np.einsum("dgs,dgs,rgs->dr", own.rate, value, taken)
            for name, value in (("mean", mean), ("week", week))
        }
        count = np.einsum("gs,rgs->r", own.cells, taken).astype(np.int64)
        count = _told(count, np.zeros(len(count), np.int64))
        if not labels and (own.shown < own.counts).any():
            count[:] = 0  # the states' own numbers would give the hidden one away
        each = np.maximum(rate, 1e-300)
        figures = [
            ("steady_census", "people", parts["mean"]),
            ("within_a_week", "share", parts["week"] / each),
        ]
        if labels != {"state": states} or axes:
            figures += [
                ("admissions", "people per day", rate),
                ("stay_mean", "days", parts["mean"] / each),
            ]
        for name, unit, values in figures:
            # a modelled handful is as little to be told as a counted one
            told = (
                np.flatnonzero(values[0] >= SMALL)
                if name == "steady_census"
                else np.arange(len(taken))
            )
            own_labels: dict[str, Sequence[str | None]] = {
                key: [column[int(i)] for i in told] for key, column in labels.items()
            }
            yield _Found(name, unit, values[0, told], values[1:, told].T, own_labels, count[told])


def _rates(fitted: Fitted) -> Iterator[_Found]:
    """Admissions a day, their growth, season and weekdays."""
    own, layout = fitted.admitted, fitted.layout
    axes = list(layout.strata.axes)
    for s, state in enumerate(layout.states):
        held = np.flatnonzero(own.rate[0, :, s] > 0)
        labels: dict[str, Sequence[str | None]] = {"state": [state] * len(held)}
        labels |= {axis: [layout.strata.cells[g][i] for g in held] for i, axis in enumerate(axes)}
        yield _Found(
            "admissions", "people per day", own.rate[0, held, s], own.rate[1:, held, s].T,
            labels, _told(own.cells[held, s], np.full(len(held), s)),
        )  # fmt: skip
        pace = own.pace[s]
        effects = (
            ("growth", "a year", pace.trend[:, None], [None]),
            ("season", "factor", pace.season, list(get_args(Months))),
            ("weekday", "factor", pace.weekday, list(get_args(Weekdays))),
        )
        for name, unit, values, when in effects:
            rows = values.shape[1]
            yield _Found(
                name, unit, values[0], values[1:].T, {"state": [state] * rows, "when": when},
                np.repeat(own.shown[s], rows),
            )  # fmt: skip


# -- laws -----------------------------------------------------------------------------------


def _stays(fitted: Fitted) -> Iterator[_Found]:
    """Median and mean stays, and exits, of every group with a law of its own."""
    laws, layout = fitted.laws, fitted.layout
    groups = _current(laws)
    labels = _of_groups(laws, groups, fitted, layout.states)
    count = _told(laws.nodes.stays[groups], laws.nodes.keys[groups, 0])
    pairs = (
        ("stay_median", laws.median[groups], laws.drawn_median[:, groups]),
        ("stay_mean", laws.joint.mean[0, groups], laws.drawn_mean[:, groups]),
    )
    for name, value, drawn_values in pairs:
        unit = "days, spread over the day they end in" if name == "stay_median" else "days"
        yield _Found(name, unit, value, drawn_values.T, labels, count)
    shares, drawn_shares = laws.joint.shares[0, groups], laws.drawn.sum(axis=3)[:, groups]
    for e, exit_ in enumerate(layout.exits):
        yield _Found(
            "exit_share", "share", shares[:, e], drawn_shares[:, :, e].T,
            {**labels, "exit": [exit_] * len(groups)}, count,
        )  # fmt: skip


def _returns(fitted: Fitted) -> Iterator[_Found]:
    """Who comes back within the horizon, by stratum."""
    if fitted.back is None:
        return
    laws, horizon = fitted.back.laws, fitted.back.found.horizon
    groups = _current(laws)
    back = laws.joint.shares[0, groups, :-1].sum(axis=1)
    drawn_back = laws.drawn[:, groups, :-1].sum(axis=(2, 3))
    labels = _of_groups(laws, groups, fitted, [RELEASED])
    count = _told(laws.nodes.stays[groups], laws.nodes.keys[groups, 0])
    yield _Found("return_share", f"share within {horizon} days", back, drawn_back.T, labels, count)


def _masses(fitted: Fitted) -> Iterator[_Found]:
    """Mass of every law by exit and stay band."""
    laws, layout = fitted.laws, fitted.layout
    yield from _by_band("stays", laws, fitted, layout.states, layout.exits)
    if fitted.back is not None:
        ways = [*(f"back_{state}" for state in layout.states), NEVER]
        yield from _by_band("returns", fitted.back.laws, fitted, [RELEASED], ways)


def _by_band(
    name: str, laws: Laws, fitted: Fitted, states: Sequence[str], ways: Sequence[str]
) -> Iterator[_Found]:
    groups = _current(laws)
    labels = _of_groups(laws, groups, fitted, states)
    point = laws.bands[groups]
    for (e, way), (b, band) in itertools.product(enumerate(ways), enumerate(LABELS)):
        held = np.flatnonzero((point[:, e, b] > 0) | (laws.drawn[:, groups, e, b] > 0).any(axis=0))
        if len(held):
            own = {key: [column[int(i)] for i in held] for key, column in labels.items()}
            yield _Found(
                name, "mass", point[held, e, b], laws.drawn[:, groups[held], e, b].T,
                {**own, "exit": [way] * len(held), "band": [band] * len(held)},
                laws.nodes.stays[groups[held]],
            )  # fmt: skip


def _told(count: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts that are parts of totals told elsewhere: 0 for the small and what gives them away.

    ``of`` says which total each is part of.
    """
    told = count.copy()
    for whole in np.unique(of):
        told[of == whole] *= ~hide(count[of == whole].astype(float))
    return told


def _current(laws: Laws) -> NDArray[np.int64]:
    """The groups of anybody whose law holds at the start."""
    now = laws.in_force()
    return np.asarray(now[laws.nodes.stays[now] > 0])


def _of_groups(
    laws: Laws, groups: NDArray[np.int64], fitted: Fitted, states: Sequence[str]
) -> dict[str, Sequence[str | None]]:
    """The state and levels of some groups, by column."""
    keys = laws.nodes.keys[groups]
    labels: dict[str, Sequence[str | None]] = {"state": [states[s] for s in keys[:, 0]]}
    for i, (axis, levels) in enumerate(fitted.layout.strata.axes.items(), start=1):
        labels[axis] = [REST_OF if level == REST else levels[level] for level in keys[:, i]]
    return labels
