"""The first chart, drawn while a hand is on a lever: the look of `present.charts`, in 2 ms.

Altair and Vega need a quarter of a second for the same picture, which is too long to follow a
hand. Colours and dashes stand in the style sheet, by the order of `remand.present.theme.PLANS`; a
test holds them together. A band that holds ranges someone chose is hatched, one computed is filled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl

from remand.present.figures import Figures, titled
from remand.runs.run import Run

LOW, HIGH = "q05", "q95"
LINE = 15
CROWD = 3
"""Plans up to which each has a band along its line."""

CUT = 0.5
"""The axis begins at zero, unless more than this share of it would be empty."""

POINT = 60
"""Days up to which a count is drawn as a point: longer ones are means, drawn as a line."""


@dataclass(frozen=True)
class Frame:
    """A size of the picture: all of it, and the room around the plot."""

    width: int
    height: int
    left: int
    right: int
    top: int = 14
    foot: int = 26


WIDE = Frame(820, 380, 46, 176)
NARROW = Frame(340, 270, 40, 12)


@dataclass(frozen=True)
class Line:
    """A scenario's people by date: middles of windows, means, and ends of bands where there are."""

    title: str
    look: int
    days: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]

    @property
    def ends(self) -> str:
        """The last people, with the band if there is one."""
        band = f" ({said(self.low[-1])}–{said(self.high[-1])})" if self.low else ""
        return said(self.mean[-1]) + band


@dataclass(frozen=True)
class Count:
    """People somebody counted, [first, last); whether the model was fitted to it."""

    first: int
    last: int
    people: float
    fitted: bool


@dataclass(frozen=True)
class Picture:
    """The chart in two sizes, and in words.

    Attributes:
        wide, narrow: SVG.
        kind: of custody.
        told: what it shows, for somebody who does not see it.
        key: scenarios as the legend of the narrow one has them: look, title, last figures.
        band: what the bands are, if there are any.
        counted: whether counts are drawn, and whether some were never fitted to.
        cut: where the axis of people begins, if not at zero.
    """

    wide: str
    narrow: str
    kind: str
    told: str
    key: list[tuple[int, str, str]]
    band: str
    counted: tuple[bool, bool]
    cut: float


History = Sequence[tuple[dt.date, float]]
"""People held by month, as a jail's own records have them: the month's first day, and the mean."""


def picture(run: Run, history: History = ()) -> Picture:
    """The people held in the first kind, by scenario, with counts, or after a history."""
    figures = Figures(run)
    lines = list(_lines(figures))
    counts = [
        Count(c.from_.toordinal(), c.to.toordinal(), float(c.value), c.fitted)
        for c in figures.model.counted
        if c.kind == figures.kind
    ]
    first, last = (dt.date.fromisoformat(run.meta[end]).toordinal() for end in ("from", "to"))
    counts = [c for c in counts if first <= c.first and c.last <= last]
    past = [(date.toordinal() + 15, people) for date, people in history]
    first = min([first, *(day - 15 for day, _ in past)])
    assumed = run.meta.get("band") == "assumption range"
    band = ""
    if any(line.low for line in lines):
        drawn = "In brackets" if len(lines) > CROWD else "Hatched" if assumed else "Shaded"
        band = f"{drawn}: 90 % {run.meta.get('band', 'range')}"
    return Picture(
        _svg(WIDE, lines, counts, past, (first, last), assumed=assumed),
        _svg(NARROW, lines, counts, past, (first, last), assumed=assumed),
        figures.kind,
        _told(figures, lines, counts, history),
        [(line.look, line.title, line.ends) for line in lines],
        band,
        (bool(counts or past), any(not c.fitted for c in counts)),
        _range(_values(lines, counts, past))[0],
    )


def said(people: float) -> str:
    """People, to the ten above a thousand.

    >>> said(7556.4), said(88.8)
    ('7,560', '89')
    """
    return f"{round(people, -1 if people >= 1000 else 0):,.0f}"


def _lines(figures: Figures) -> Iterator[Line]:
    middle = {w.start: (w.start.toordinal() + w.end.toordinal()) // 2 for w in figures.windows}
    people = figures.run.population().filter(
        (pl.col("kind") == figures.kind) & pl.col("mean").is_not_null()
    )
    for look, scenario in enumerate(figures.everyone):
        own = people.filter(pl.col("scenario") == scenario.name)
        banded = not own[LOW].null_count()
        if len(own):
            yield Line(
                titled(scenario),
                look,
                [middle[date] for date in own["date"]],
                own["mean"].to_list(),
                own[LOW].to_list() if banded else [],
                own[HIGH].to_list() if banded else [],
            )


def _told(
    figures: Figures, lines: Sequence[Line], counts: Sequence[Count], history: History
) -> str:
    last = figures.windows[-1].says
    told = [f"{figures.model.title}: people in {figures.kind}."]
    for c in counts:
        first, end = dt.date.fromordinal(c.first), dt.date.fromordinal(c.last - 1)
        when = f"on {first}" if first == end else f"{first} to {end}"
        told.append(f"Counted {when}: {c.people:,.0f}.")
    for date, people in (history[0], history[-1]) if history else ():
        told.append(f"Counted in {date:%B %Y}: {people:,.0f}.")
    told += [f"{line.title}, {last}: {line.ends}." for line in lines]
    return " ".join(told)


class _Plane:
    """Where days and people lie in a picture."""

    def __init__(self, frame: Frame, days: tuple[int, int], low: float, high: float) -> None:
        self.frame, self.days, self.low, self.high = frame, days, low, high
        self.right = frame.width - frame.right
        self.foot = frame.height - frame.foot

    def x(self, day: float) -> float:
        first, last = self.days
        share = (day - first) / max(last - first, 1)
        return self.frame.left + share * (self.right - self.frame.left)

    def y(self, people: float) -> float:
        share = (people - self.low) / (self.high - self.low)
        return self.foot - share * (self.foot - self.frame.top)

    def path(self, days: Sequence[int], people: Sequence[float]) -> str:
        points = (f"{self.x(d):.1f} {self.y(p):.1f}" for d, p in zip(days, people, strict=True))
        return "M" + "L".join(points)


def _svg(
    frame: Frame,
    lines: Sequence[Line],
    counts: Sequence[Count],
    past: Sequence[tuple[int, float]],
    days: tuple[int, int],
    *,
    assumed: bool,
) -> str:
    plane = _Plane(frame, days, *_range(_values(lines, counts, past)))
    parts = [
        f'<svg viewBox="0 0 {frame.width} {frame.height}" aria-hidden="true" focusable="false">',
        *_hatches(frame, lines, assumed=assumed),
        *_axes(plane),
        *_bands(frame, plane, lines, assumed=assumed),
        *(f'<path class="line p{line.look}" d="{plane.path(line.days, line.mean)}"/>'
          for line in reversed(lines)),
        *_counts(plane, counts),
        *([f'<path class="past" d="{plane.path(*zip(*past, strict=True))}"/>'] if past else ()),
        *(_names(plane, lines) if frame is WIDE else ()),
        "</svg>",
    ]  # fmt: skip
    return "".join(parts)


def _values(
    lines: Sequence[Line], counts: Sequence[Count], past: Sequence[tuple[int, float]]
) -> list[float]:
    values = [v for line in lines for v in (*line.mean, *line.low, *line.high)]
    return [*values, *(c.people for c in counts), *(people for _, people in past)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Where the axis of people begins and ends."""
    most, least = max(values, default=1.0), min(values, default=0.0)
    most = max(most, 1.0)
    if least <= CUT * most:
        return 0.0, 1.06 * most
    room = 0.25 * (most - least) + 0.02 * most
    step = _step(most - least + 2 * room) / 2
    return float(np.floor(max(least - room, 0.0) / step) * step), most + room / 2


def _step(span: float) -> float:
    """A round distance between ticks, for about five of them."""
    rough = max(span, 1.0) / 5
    unit = 10.0 ** np.floor(np.log10(rough))
    return float(next(m * unit for m in (1, 2, 2.5, 5, 10) if m * unit >= rough))


def _axes(plane: _Plane) -> Iterator[str]:
    step = max(_step(plane.high - plane.low), 1.0)
    tick = np.ceil(plane.low / step) * step
    left, right = plane.frame.left, plane.right
    while tick <= plane.high:
        y = plane.y(tick)
        yield f'<path class="grid" d="M{left} {y:.1f}H{right}"/>'
        yield f'<text class="tick people" x="{left - 8}" y="{y + 4:.1f}">{tick:,.0f}</text>'
        tick += step
    first, last = (dt.date.fromordinal(day) for day in plane.days)
    years = range(first.year + (first > dt.date(first.year, 1, 1)), last.year + 1)
    every = max(1, round(70 * len(years) / max(right - left, 1)))
    for year in years[::every]:
        x = plane.x(dt.date(year, 1, 1).toordinal())
        yield f'<path class="axis" d="M{x:.1f} {plane.foot}v5"/>'
        if x < right - 4:
            yield f'<text class="tick" x="{x:.1f}" y="{plane.foot + 19}">{year}</text>'
    yield f'<path class="axis" d="M{left} {plane.foot}H{right}"/>'


def _hatches(frame: Frame, lines: Sequence[Line], *, assumed: bool) -> Iterator[str]:
    """Slanted lines for what somebody chose; every plan at another angle, so that both are seen."""
    if not assumed or not any(line.low for line in lines):
        return
    for line in lines:
        turn = 45 if line.look % 2 else -45
        yield (f'<pattern id="{_hatch(frame, line)}" width="5" height="5" '
               f'patternUnits="userSpaceOnUse" patternTransform="rotate({turn})">'
               f'<path class="hatch p{line.look}" d="M0 0V5"/></pattern>')  # fmt: skip


def _hatch(frame: Frame, line: Line) -> str:
    return f"h{frame.width}-{line.look}"


def _bands(frame: Frame, plane: _Plane, lines: Sequence[Line], *, assumed: bool) -> Iterator[str]:
    for line in lines if len(lines) <= CROWD else ():
        if line.low:
            back = plane.path(line.days[::-1], line.low[::-1]).replace("M", "L", 1)
            area = f"{plane.path(line.days, line.high)}{back}Z"
            yield f'<path class="band p{line.look}" d="{area}"/>'
            if assumed:
                yield f'<path fill="url(#{_hatch(frame, line)})" d="{area}"/>'


def _counts(plane: _Plane, counts: Sequence[Count]) -> Iterator[str]:
    for c in counts:
        kind = "count" if c.fitted else "count unseen"
        y = plane.y(c.people)
        if c.last - c.first <= POINT:
            yield f'<circle class="{kind}" cx="{plane.x(c.first):.1f}" cy="{y:.1f}" r="3.5"/>'
        else:
            first, last = plane.x(c.first), plane.x(c.last)
            yield f'<path class="{kind}" d="M{first:.1f} {y:.1f}H{last:.1f}"/>'


def _names(plane: _Plane, lines: Sequence[Line]) -> Iterator[str]:
    """Titles and last figures at the right ends, moved apart until none covers another."""
    blocks = [(line, [*_wrapped(line.title, 25), line.ends]) for line in lines]
    blocks.sort(key=lambda block: plane.y(block[0].mean[-1]))
    tops: list[float] = []
    for line, text in blocks:
        want = plane.y(line.mean[-1]) - LINE * len(text) / 2 + 8
        tops.append(
            max(want, tops[-1] + LINE * len(blocks[len(tops) - 1][1]) + 6) if tops else want
        )
    over = tops[-1] + LINE * len(blocks[-1][1]) - plane.foot if tops else 0.0
    tops = [top - max(over, 0.0) for top in tops]
    for (line, text), top in zip(blocks, tops, strict=True):
        for i, words in enumerate(text):
            last = " end" if i == len(text) - 1 else ""
            yield (f'<text class="name p{line.look}{last}" x="{plane.right + 10}" '
                   f'y="{top + LINE * i + 4:.1f}">{escape(words)}</text>')  # fmt: skip


def _wrapped(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
