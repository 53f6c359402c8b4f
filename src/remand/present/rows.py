"""More words of the chart grammar: bars, dots and ranges, a row each, with names beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from remand.present import theme
from remand.present.marks import HATCH, dashed, words

NAMES = 0.34
"""Share of the width that names take, where they stand beside their row."""


@dataclass(frozen=True)
class Rows:
    """Values by row, in pixels: names at the left, or above where there is no room for that.

    Frames have a column ``row`` (0 at the top), and values in columns named in each call.

    Attributes:
        names: of the rows, from the top.
        low, high: values at the left and the right end.
        width: in pixels, names with it.
        bar: height of a bar.
        form: how values are written at the axis, as d3 writes them.
        room: pixels kept free at the right for figures.
        gutter: pixels for the names; by default a third of the width, or none on a telephone,
            where names stand above their row.
        leader: rows with the names, of which these are the continuation at the right.
        over: pixels kept free above each bar for figures (`figures`).
        silent: without an axis, where there is nothing to read off it.
    """

    names: tuple[str, ...]
    low: float
    high: float
    width: int
    bar: int = 18
    form: str = ",d"
    room: int = 0
    gutter: int | None = None
    leader: Rows | None = None
    over: int = 0
    silent: bool = False

    @property
    def left(self) -> float:
        """Where values begin, in pixels."""
        if self.leader is not None or (self.width < theme.ROOM and self.gutter is None):
            return 0.0
        return float(round(NAMES * self.width) if self.gutter is None else self.gutter)

    @property
    def above(self) -> bool:
        """Whether names stand above their row."""
        return self.left == 0.0 and self.leader is None

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """Names in lines that fit."""
        space = self.width if self.above else self.left - 12
        return tuple(tuple(theme.wrapped(name, int(space))) for name in self.names)

    @property
    def tops(self) -> list[float]:
        """Where each row's bar begins, in pixels, and after them where the chart ends."""
        if self.leader is not None:
            return self.leader.tops
        tops, y = [], 4.0
        for lines in self.lines:
            y += theme.LINE * len(lines) + 2 if self.above else 0
            tall = 0 if self.above else theme.LINE * len(lines) + 4
            extra = max(tall - self.bar, 0) / 2
            above = max(extra, self.over)
            tops.append(y + above)
            y += self.bar + above + extra + 10
        return [*tops, y]

    @property
    def height(self) -> int:
        """Of all rows, in pixels."""
        return round(self.tops[-1])

    def x(self, column: str = "value") -> alt.X:
        """Values from the left to the right."""
        span = self.width - self.room - self.left
        return alt.X(
            f"{column}:Q",
            title=None,
            scale=alt.Scale(domain=[self.low, self.high], range=[self.left, self.left + span],
                            nice=False, zero=False),
            axis=alt.Axis(format=self.form, tickCount=max(2, int(span // 90)),
                          grid=not self.silent, labels=not self.silent,
                          domain=False, ticks=False, labelPadding=6, labelFlush=True),
        )  # fmt: skip

    def across(self, value: float) -> float:
        """Pixels from the left."""
        span = self.width - self.room - self.left
        return self.left + (value - self.low) / (self.high - self.low) * span

    def middle(self, row: int) -> float:
        """Of a row's bar, in pixels from the top."""
        return self.tops[row] + self.bar / 2

    def named(self) -> list[alt.Chart]:
        """The names of the rows."""
        found = []
        for i, lines in enumerate(self.lines):
            tall = theme.LINE * (len(lines) - 1)
            y = (
                self.tops[i] - self.over - theme.LINE / 2 - 3 - tall
                if self.above
                else self.middle(i) - tall / 2
            )
            x, align = (0.0, "left") if self.above else (self.left - 10, "right")
            found += words(x, y, lines, align=align, color=theme.INK)
        return found

    def bars(
        self,
        frame: pl.DataFrame,
        start: str,
        end: str,
        colour: str,
        part: tuple[float, float] = (0, 1),
    ) -> alt.Chart:
        """Filled bars between two columns; ``part`` of the row's height, from its top."""
        placed = self._placed(frame, part)
        return alt.Chart(placed, mark=alt.MarkDef("rect", color=colour)).encode(
            x=self.x(start), x2=f"{end}:Q", y=self.y, y2="foot:Q"
        )

    def hatched(self, frame: pl.DataFrame, start: str, end: str, colour: str) -> list[alt.Chart]:
        """Outlined, hatched bars: a range that someone chose."""
        if frame.is_empty():
            return []
        placed = self._placed(frame, (0, 1))
        edge = alt.MarkDef("rect", color=colour, filled=False, strokeDash=[3, 2])
        outline = alt.Chart(placed, mark=edge).encode(
            x=self.x(start), x2=f"{end}:Q", y=self.y, y2="foot:Q"
        )
        unit = (self.high - self.low) / (self.width - self.room - self.left)
        lean = self.bar / 2 * unit
        strokes = [
            {"top": one["top"], "foot": one["foot"], "value": float(x), "to": float(x + lean)}
            for one in placed.iter_rows(named=True)
            for x in np.arange(min(one[start], one[end]), max(one[start], one[end]) - lean,
                               HATCH * unit)
        ]  # fmt: skip
        if not strokes:
            return [outline]
        thin = alt.MarkDef("rule", color=colour, strokeWidth=1, opacity=0.7)
        inside = alt.Chart(pl.DataFrame(strokes), mark=thin).encode(
            x=self.x(), x2="to:Q", y=self.y, y2="foot:Q"
        )
        return [inside, outline]

    def dots(self, frame: pl.DataFrame, column: str, colour: str, **look: Any) -> alt.Chart:
        """A dot a row."""
        placed = self._placed(frame, (0.5, 0.5))
        mark = alt.MarkDef("point", **{"color": colour, "filled": True, "size": 70, "opacity": 1,
                                       **look})  # fmt: skip
        return alt.Chart(placed, mark=mark).encode(x=self.x(column), y=self.y)

    def links(self, frame: pl.DataFrame, start: str, end: str, colour: str, thick: float = 1.0,
              dash: Sequence[int] = ()) -> alt.Chart:  # fmt: skip
        """A thin stroke between two columns."""
        placed = self._placed(frame, (0.5, 0.5))
        mark = alt.MarkDef("rule", color=colour, strokeWidth=thick, **dashed(dash))
        return alt.Chart(placed, mark=mark).encode(x=self.x(start), x2=f"{end}:Q", y=self.y)

    def joins(self, frame: pl.DataFrame, column: str, colour: str) -> alt.Chart:
        """Strokes from the foot of each row to the top of the next, at the values of a column."""
        placed = self._placed(frame, (1, 1))
        below = [self.tops[row + 1] for row in frame["row"]]
        mark = alt.MarkDef("rule", color=colour, strokeWidth=1)
        return alt.Chart(placed.with_columns(foot=pl.Series(below)), mark=mark).encode(
            x=self.x(column), y=self.y, y2="foot:Q"
        )

    def says(
        self,
        frame: pl.DataFrame,
        column: str,
        text: str,
        part: float = 0.5,
        *,
        rim: bool = True,
        **look: Any,
    ) -> list[alt.Chart]:
        """Words of a column ``text`` beside the values of another; on a ``rim`` of white."""
        if frame.is_empty():
            return []
        placed = self._placed(frame, (part, part))
        white = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}
        return [
            alt.Chart(
                placed, mark=alt.MarkDef("text", baseline="middle", **{**look, **under})
            ).encode(x=self.x(column), y=self.y, text=f"{text}:N")
            for under in ([white] if rim else []) + [{}]
        ]

    def figures(self, frame: pl.DataFrame, column: str, text: str) -> list[alt.Chart]:
        """Figures above their dots."""
        return self.says(frame, column, text, -8 / self.bar, fontSize=11, color=theme.INK)

    def mark(self, value: float, colour: str, dash: Sequence[int] = ()) -> alt.Chart:
        """A line from the top to the foot."""
        mark = alt.MarkDef("rule", color=colour, strokeWidth=1, **dashed(dash))
        return alt.Chart(pl.DataFrame({"value": [value]}), mark=mark).encode(x=self.x())

    @property
    def y(self) -> alt.Y:
        """Rows from the top down, without an axis."""
        return alt.Y(
            "top:Q",
            scale=alt.Scale(domain=[0, self.height], range=[0, self.height], nice=False),
            axis=None,
        )

    def _placed(self, frame: pl.DataFrame, part: tuple[float, float]) -> pl.DataFrame:
        """Rows of a frame with where they stand."""
        at = [self.tops[row] for row in frame["row"]]
        top, foot = (pl.Series([y + p * self.bar for y in at], dtype=pl.Float64) for p in part)
        return frame.with_columns(top.alias("top"), foot.alias("foot"))
