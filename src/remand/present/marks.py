"""The words of the chart grammar: a line, a band, a rule and a label over dates and people."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from remand.evidence.panel import Floats
from remand.present import theme


@dataclass(frozen=True)
class Plane:
    """Dates by people, in pixels.

    Attributes:
        first, last: dates at the left and the right end.
        low, high: people at the foot and the top.
        width, height: of the plot.
    """

    first: dt.date
    last: dt.date
    low: float
    high: float
    width: int
    height: int

    @property
    def x(self) -> alt.X:
        """Dates, without a grid."""
        return alt.X(
            "date:T",
            title=None,
            scale=alt.Scale(domain=[_moment(self.first), _moment(self.last)]),
            axis=alt.Axis(grid=False, tickCount=max(3, self.width // 110), labelFlush=True),
        )

    @property
    def y(self) -> alt.Y:
        """People, by thousands."""
        return alt.Y(
            "people:Q",
            title=None,
            scale=alt.Scale(domain=[self.low, self.high], nice=False, zero=False),
            axis=alt.Axis(format=",d", tickCount=5, domain=False, ticks=False, labelPadding=6),
        )

    def across(self, date: dt.date) -> float:
        """Pixels from the left."""
        return (date - self.first).days / max((self.last - self.first).days, 1) * self.width

    def down(self, people: Floats) -> Floats:
        """Pixels from the top."""
        return (self.high - people) / (self.high - self.low) * self.height

    def line(self, frame: pl.DataFrame, column: str, colour: str, thick: float) -> alt.Chart:
        """A line of a column by ``date``, broken where it is null."""
        values = frame.select("date", pl.col(column).alias("people"))
        mark = alt.MarkDef("line", color=colour, strokeWidth=thick,
                           invalid="break-paths-show-domains")  # fmt: skip
        return alt.Chart(values, mark=mark).encode(x=self.x, y=self.y)

    def band(self, frame: pl.DataFrame, low: str, high: str, colour: str) -> alt.Chart:
        """A filled area between two columns: an interval that was computed."""
        values = frame.select("date", pl.col(low).alias("low"), pl.col(high).alias("people"))
        mark = alt.MarkDef("area", color=colour)
        return alt.Chart(values, mark=mark).encode(x=self.x, y=self.y, y2="low:Q")

    def rule(self, date: dt.date, colour: str) -> alt.Chart:
        """A dashed line from foot to top."""
        mark = alt.MarkDef("rule", color=colour, strokeDash=[4, 3], strokeWidth=1)
        return alt.Chart(pl.DataFrame({"date": [date]}), mark=mark).encode(x=self.x)

    def label(self, x: float, y: float, lines: list[str], **look: Any) -> list[alt.Chart]:
        """Words at pixels from the left and the top, the first line's middle at ``y``.

        They stand on a rim of white, so that no line runs through them.
        """
        rim = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}
        return [
            alt.Chart(
                pl.DataFrame({"n": [1]}),
                mark=alt.MarkDef("text", text=lines, baseline="middle", lineHeight=theme.LINE,
                                 **{**look, **under}),
            ).encode(x=alt.value(x), y=alt.value(y))
            for under in (rim, {})
        ]  # fmt: skip


def apart(places: list[float], gap: float, top: float, foot: float) -> list[float]:
    """Heights of labels, pushed apart so that none lies on another: from the top down.

    >>> apart([10.0, 12.0, 50.0], 15.0, 0.0, 100.0)
    [10.0, 25.0, 50.0]
    >>> apart([90.0, 95.0], 15.0, 0.0, 100.0)
    [85.0, 100.0]
    """
    out = []
    least = top
    for place in places:
        out.append(max(place, least))
        least = out[-1] + gap
    most = foot
    for i in reversed(range(len(out))):
        out[i] = min(out[i], most)
        most = out[i] - gap
    return out


def _moment(date: dt.date) -> alt.DateTime:
    return alt.DateTime(year=date.year, month=date.month, date=date.day)
