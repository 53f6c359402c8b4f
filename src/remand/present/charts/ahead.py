"""A forecast: what was counted, and what is foretold.

Nothing is drawn past what its data can bear: where a backtest found no more skill the forecast goes
on in grey, and says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import altair as alt
import numpy as np
import polars as pl

from remand.errors import InputError
from remand.evidence.panel import LEVELS, Floats
from remand.present import theme
from remand.present.marks import Plane, apart, axis, words
from remand.present.plans import day, people

QUANTILES = {"q025": 0.025, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q975": 0.975}
"""Columns of a forecast, and the quantiles they are."""

BANDS = {"95 %": ("q025", "q975"), "80 %": ("q10", "q90")}
"""Bands by name, the widest first, for it lies below."""

NO_SKILL = "beyond here the past gives it no more skill than “as today”"

FINE = 2.0
"""Days that would lie closer than this many pixels are drawn as means of the seven about them."""


def foretold(dates: Sequence[dt.date], quantiles: Floats) -> pl.DataFrame:
    """Quantiles (days ahead, `LEVELS`) of one series as `ahead` takes them."""
    columns = {name: quantiles[:, LEVELS.index(level)] for name, level in QUANTILES.items()}
    return pl.DataFrame({"date": list(dates), **columns})


def ahead(
    history: pl.DataFrame,
    forecast: pl.DataFrame,
    *,
    skill_until: dt.date | None = None,
    title: str = "People held, and ahead",
    subtitle: str = "",
    width: int = theme.WIDTH,
    height: int = 340,
) -> alt.LayerChart:
    """What was counted and what is foretold: a line, a median, and bands of 80 % and 95 %.

    Args:
        history: ``date`` and ``people``, by date; null where nobody counted.
        forecast: ``date`` and the quantiles ``q025, q10, q50, q90, q975``, by date, after history.
        skill_until: the first day from which the backtest found no skill; None: it lost none.
        title: what is shown, and of which place.
        subtitle: the source and its date.
        width: of the plot, in pixels; `theme.PHONE` for a telephone's.
        height: of the plot, in pixels.

    Raises InputError if a column is missing, or either frame has no people in it.
    """
    history, forecast = _checked(history, forecast)
    if skill_until is not None and skill_until > forecast["date"][-1]:
        skill_until = None
    plane = Plane(history["date"][0], forecast["date"][-1], *_range(history, forecast),
                  width, height)  # fmt: skip
    close = width < FINE * (plane.last - plane.first).days
    weekly = close and _by_day(history) and _by_day(forecast)
    counted = history
    if weekly:
        history, forecast = _calm(history), _calm(forecast).drop_nulls()
    parts = _parts(_from_last(history, forecast), skill_until)
    layers = [
        plane.band(part, *columns, look[name])
        for name, columns in BANDS.items()
        for part, look in parts
    ]
    layers.append(plane.line(history, "people", theme.INK, 1.8))
    layers += [plane.line(part, "q50", look["q50"], 2.2) for part, look in parts]
    layers += _counted(plane, history)
    layers += _ends(plane, forecast, parts[-1][1])
    if skill_until is not None:
        layers += plane.skill_ends(skill_until, _drawn(history, forecast), NO_SKILL)
    held = "People held" + (", means of seven days" if weekly else "")
    under = ". ".join(part for part in (held, plane.cut, subtitle) if part)
    return theme.dressed(
        layers,
        width=width,
        height=height,
        title=theme.title(title, under, width + (90 if width >= theme.ROOM else 40)),
        description=_said(counted, forecast, skill_until, f"{title}. {under}", weekly=weekly),
    )


def _said(
    history: pl.DataFrame,
    forecast: pl.DataFrame,
    skill_until: dt.date | None,
    title: str,
    *,
    weekly: bool,
) -> str:
    """What `ahead` shows, for somebody who does not see it."""
    counted = history.drop_nulls("people")
    first, last = counted.row(0, named=True), counted.row(-1, named=True)
    when = "the seven days to " if weekly else ""
    end = {name: people(value) for name, value in forecast.row(-1, named=True).items()
           if name in QUANTILES}  # fmt: skip
    text = (
        f"{title.rstrip('.')}. A line of people held, from {first['people']:,.0f} on "
        f"{day(first['date'])} to {last['people']:,.0f} on {day(last['date'])}. "
        f"Forecast for {when}{day(forecast['date'][-1])}: {end['q50']}, "
        f"four times in five between {end['q10']} and {end['q90']}, "
        f"nineteen times in twenty between {end['q025']} and {end['q975']}."
    )
    if skill_until is None:
        return text
    return f"{text} From {day(skill_until)} on it is drawn in grey: {NO_SKILL}."


def _checked(history: pl.DataFrame, forecast: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both frames, or why they cannot be drawn."""
    needed = (("history", history, ("people",)), ("forecast", forecast, tuple(QUANTILES)))
    for name, frame, columns in needed:
        if lacking := [c for c in ("date", *columns) if c not in frame.columns]:
            raise InputError.of(
                f"the {name} has no column {', '.join(lacking)}",
                fix=f"give it with columns {', '.join(('date', *columns))}",
            )
        if frame[columns[0]].fill_nan(None).drop_nulls().is_empty():
            raise InputError.of(f"the {name} has no people in it", fix="give at least one date")
    history = history.select("date", pl.col("people").cast(pl.Float64).fill_nan(None))
    return history, forecast.select("date", *(pl.col(n).cast(pl.Float64) for n in QUANTILES))


def _from_last(history: pl.DataFrame, forecast: pl.DataFrame) -> pl.DataFrame:
    """A forecast that begins at the last count, where nothing is uncertain yet."""
    last = history.drop_nulls("people").tail(1)
    return pl.concat(
        [last.select("date", *(pl.col("people").alias(n) for n in QUANTILES)), forecast]
    )


def _range(history: pl.DataFrame, forecast: pl.DataFrame) -> tuple[float, float]:
    """Where the axis of people begins and ends, with a little room for words."""
    counted = history["people"].drop_nulls()
    least = min(float(np.min(x)) for x in (counted.to_numpy(), forecast["q025"].to_numpy()))
    most = max(float(np.max(x)) for x in (counted.to_numpy(), forecast["q975"].to_numpy()))
    return axis(least, most)


def _parts(
    forecast: pl.DataFrame, skill_until: dt.date | None
) -> list[tuple[pl.DataFrame, dict[str, str]]]:
    """The forecast before the mark and beyond it, each with its colours."""
    if skill_until is None:
        return [(forecast, theme.FORETOLD)]
    if skill_until <= forecast["date"][1]:
        return [(forecast, theme.SPENT)]
    before = forecast.filter(pl.col("date") <= skill_until)
    beyond = forecast.filter(pl.col("date") >= before["date"][-1])
    looks = ((before, theme.FORETOLD), (beyond, theme.SPENT))
    return [(part, look) for part, look in looks if part.height > 1]


def _by_day(frame: pl.DataFrame) -> bool:
    """Whether there is a date for nearly every day, and four weeks of them."""
    dates = frame["date"]
    return bool(frame.height > max(27, 0.9 * (dates[-1] - dates[0]).days))


def _calm(frame: pl.DataFrame) -> pl.DataFrame:
    """Means of the seven days about each day, one of them missing at most.

    The last three days get the mean of the last seven, and the first three none.
    """
    day, end = pl.int_range(pl.len()), pl.len() - 3
    week = pl.all().exclude("date")
    mean = week.rolling_mean(7, min_samples=6, center=True)
    late = pl.when(week.is_not_null()).then(mean.forward_fill())
    calm = pl.when(day >= end).then(late).when(day >= 3).then(mean)
    return frame.with_columns(calm.name.keep())


def _counted(plane: Plane, history: pl.DataFrame) -> list[alt.Chart]:
    """A name on the line of what was counted, above its beginning."""
    near = history.drop_nulls("people").filter(
        pl.Series([plane.across(date) < 90 for date in history.drop_nulls("people")["date"]])
    )
    if near.is_empty():
        return []
    top = float(plane.down(near["people"].to_numpy()).min())
    return words(4, max(top - 12, 8), ["counted"], align="left", color=theme.INK)


def _ends(plane: Plane, forecast: pl.DataFrame, look: dict[str, str]) -> list[alt.Chart]:
    """Names of the median and the bands, at their right ends."""
    end = forecast.row(-1, named=True)
    figures = plane.width >= theme.ROOM
    named = [("q975", "95 %", "q025", "q975"), ("q90", "80 %", "q10", "q90")]
    lines = [
        (at, f"{name}: {people(end[low])}–{people(end[high])}" if figures else name)
        for at, name, low, high in named
    ]
    lines.append(("q50", f"{people(end['q50'])}" + (" expected" if figures else "")))
    heights = apart([float(plane.down(end[at])) for at, _ in lines], theme.LINE, 0, plane.height)
    return [
        layer
        for (at, text), height in zip(lines, heights, strict=True)
        for layer in words(
            plane.width + 6, height, [text], align="left",
            color=look["q50"] if at == "q50" else theme.QUIET,
            fontWeight=600 if at == "q50" else "normal",
        )
    ]  # fmt: skip


def _drawn(history: pl.DataFrame, forecast: pl.DataFrame) -> pl.DataFrame:
    """All that words must keep clear of."""
    return pl.concat([
        history.drop_nulls("people").select("date", low="people", high="people"),
        forecast.select("date", low="q025", high="q975"),
    ])  # fmt: skip
