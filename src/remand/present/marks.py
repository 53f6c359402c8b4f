"""The words of the chart grammar: a line, a band, a rule, a bar and a label."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from remand.evidence.panel import Floats
from remand.present import theme

CUT = 0.5
"""The axis of people begins at zero, unless more than this share of it would be empty."""

HATCH = 7.0
"""Pixels from one stroke of a hatching to the next."""

SHORT = 4.0
"""Pixels below which a stroke cannot be seen."""


def words(x: float, y: float, lines: Sequence[str], **look: Any) -> list[alt.Chart]:
    """Words at pixels from the left and the top, the first line's middle at ``y``.

    They stand on a rim of white, so that no line runs through them.
    """
    rim = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}
    return [
        alt.Chart(
            pl.DataFrame({"n": [1]}),
            mark=alt.MarkDef("text", text=list(lines), baseline="middle", lineHeight=theme.LINE,
                             **{**look, **under}),
        ).encode(x=alt.value(x), y=alt.value(y))
        for under in (rim, {})
    ]  # fmt: skip


def stroke(
    x: float, y: float, x2: float, y2: float, look: theme.Look, thick: float = 2.2
) -> alt.Chart:
    """A stroke between two points, in pixels: a sample of a line, or the stem of a label."""
    mark = alt.MarkDef("rule", color=look.colour, strokeWidth=thick, **dashed(look.dash))
    at = {"x": alt.value(x), "y": alt.value(y), "x2": alt.value(x2), "y2": alt.value(y2)}
    return alt.Chart(pl.DataFrame({"n": [1]}), mark=mark).encode(**at)


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

    @property
    def cut(self) -> str:
        """Where the axis begins, if not at zero."""
        return f"The axis begins at {self.low:,.0f}" if self.low > 0 else ""

    def across(self, date: dt.date) -> float:
        """Pixels from the left."""
        return (date - self.first).days / max((self.last - self.first).days, 1) * self.width

    def down(self, people: Floats) -> Floats:
        """Pixels from the top."""
        return (self.high - people) / (self.high - self.low) * self.height

    def line(
        self,
        frame: pl.DataFrame,
        column: str,
        colour: str,
        thick: float,
        dash: Sequence[int] = (),
    ) -> alt.Chart:
        """A line of a column by ``date``, broken where it is null."""
        values = frame.select("date", pl.col(column).alias("people"))
        mark = alt.MarkDef("line", color=colour, strokeWidth=thick, **dashed(dash),
                           invalid="break-paths-show-domains")  # fmt: skip
        return alt.Chart(values, mark=mark).encode(x=self.x, y=self.y)

    def band(
        self, frame: pl.DataFrame, low: str, high: str, colour: str, opacity: float = 1.0
    ) -> alt.Chart:
        """A filled area between two columns: an interval that was computed."""
        values = frame.select("date", pl.col(low).alias("low"), pl.col(high).alias("people"))
        clear: dict[str, Any] = {} if opacity == 1.0 else {"opacity": opacity}
        mark = alt.MarkDef("area", color=colour, **clear)
        return alt.Chart(values, mark=mark).encode(x=self.x, y=self.y, y2="low:Q")

    def hatched(
        self, frame: pl.DataFrame, low: str, high: str, colour: str, lean: int = 0
    ) -> list[alt.Chart]:
        """Strokes between two columns, and their edges: a range that someone chose.

        ``lean`` says towards which neighbour each stroke leans, so that two hatchings on one
        another stay apart.
        """
        span = abs(self.across(frame["date"][-1]) - self.across(frame["date"][0]))
        every = max(1, round(HATCH / max(span / max(frame.height - 1, 1), 1e-9)))
        some = frame.gather_every(every)
        top = some.select("date", pl.col(high).alias("people")).shift(-lean)
        strokes = some.select(pl.col("date").alias("from"), pl.col(low).alias("low")).hstack(top)
        thin: dict[str, Any] = {"color": colour, "strokeWidth": 1, "opacity": 0.55}
        drawn = alt.Chart(strokes.drop_nulls(), mark=alt.MarkDef("rule", **thin)).encode(
            x=self.x, x2="from:T", y=self.y, y2="low:Q"
        )
        edges = [self.line(frame, column, colour, 0.9, (3, 2)) for column in (low, high)]
        return [drawn, *edges]

    def spans(self, frame: pl.DataFrame, colour: str) -> list[alt.Chart]:
        """A stroke from ``date`` to ``until`` at ``people``; a dot where that is too short."""
        wide = [self.across(b) - self.across(a) for a, b in
                frame.select("date", "until").iter_rows()]  # fmt: skip
        long = pl.Series([pixels >= SHORT for pixels in wide], dtype=pl.Boolean)
        line = alt.MarkDef("rule", color=colour, strokeWidth=2.5)
        dot = alt.MarkDef("point", color=colour, filled=True, size=30, opacity=1)
        found = [
            alt.Chart(frame.filter(long), mark=line).encode(x=self.x, x2="until:T", y=self.y),
            alt.Chart(frame.filter(~long), mark=dot).encode(x=self.x, y=self.y),
        ]
        return [layer for layer, some in zip(found, (long, ~long), strict=True) if some.any()]

    def level(self, people: float, colour: str, dash: Sequence[int] = ()) -> alt.Chart:
        """A line from the left to the right."""
        mark = alt.MarkDef("rule", color=colour, strokeWidth=1, **dashed(dash))
        return alt.Chart(pl.DataFrame({"people": [people]}), mark=mark).encode(y=self.y)

    def rule(self, date: dt.date, colour: str) -> alt.Chart:
        """A dashed line from foot to top."""
        mark = alt.MarkDef("rule", color=colour, strokeDash=[4, 3], strokeWidth=1)
        return alt.Chart(pl.DataFrame({"date": [date]}), mark=mark).encode(x=self.x)

    def skill_ends(self, day: dt.date, drawn: pl.DataFrame, why: str) -> list[alt.Chart]:
        """The mark where skill ends, with its words in the emptiest corner beside it.

        ``drawn`` says what there is to keep clear of: ``date``, ``low`` and ``high``.
        """
        at = self.across(day)
        places = np.array([self.across(date) for date in drawn["date"]])
        tops, feet = (self.down(drawn[c].to_numpy()) for c in ("high", "low"))
        best: tuple[float, float, float, str, list[str]] | None = None
        for side in (1, -1):
            space = self.width - at if side > 0 else at
            lines = theme.wrapped(why, min(int(space) - 14, 210))
            wide = max(theme.length(line) for line in lines) + 8
            near = (places - at) * side
            beside = (near >= 0) & (near <= wide)
            tall = theme.LINE * len(lines)
            over = float(np.min(tops[beside], initial=self.height)) - tall
            below = self.height - float(np.max(feet[beside], initial=0.0)) - tall
            lost = min(space - wide, 0.0)
            foot = self.height - tall + theme.LINE / 2 - 4
            for room, y in ((over, theme.LINE / 2), (below, foot)):
                fit = (min(room, 12.0) + lost, room)
                if best is None or fit > best[:2]:
                    best = (*fit, y, "left" if side > 0 else "right", lines)
        assert best is not None  # noqa: S101 - there are four corners
        _, _, y, align, lines = best
        dx = 7 if align == "left" else -7
        return [
            self.rule(day, theme.QUIET),
            *words(at + dx, y, lines, align=align, color=theme.QUIET),
        ]


def axis(least: float, most: float) -> tuple[float, float]:
    """Where an axis of people begins and ends, with a little room for words.

    >>> axis(100.0, 1000.0)
    (0.0, 1080.0)
    >>> axis(900.0, 1000.0)
    (850.0, 1010.5)
    """
    if least <= CUT * most:
        return 0.0, max(1.08 * most, 1.0)
    room = 0.2 * (most - least) + 1.0
    step = 5.0 * 10.0 ** np.floor(np.log10(room))
    return max(0.0, float((least - room) // step * step)), most + room / 2


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


def dashed(dash: Sequence[int]) -> dict[str, Any]:
    """The dash of a stroke; none for one that is drawn through."""
    return {"strokeDash": list(dash)} if dash else {}


def _moment(date: dt.date) -> alt.DateTime:
    return alt.DateTime(year=date.year, month=date.month, date=date.day)
