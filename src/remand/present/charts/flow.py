"""How people move: the model's states, and how many pass between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from remand.engine.compile import compile_model
from remand.engine.expected import Path, solve
from remand.engine.kernel import Floats
from remand.model.model import Model
from remand.outcomes.cells import Cells
from remand.outcomes.figures import plain
from remand.outcomes.measures import measures
from remand.outcomes.suppression import few
from remand.outcomes.tally import expected
from remand.outcomes.windows import Windows
from remand.present import theme
from remand.present.marks import dashed, words
from remand.present.plans import people

IN, OUT = "arrive from outside", "leave for good"

FILLS = {"booking": "#f4f4f4", "jail": "#b9d9d3", "prison": "#d9cfe0", "supervision": "#efe3c8",
         "community": "#ffffff", "": "#ffffff"}  # fmt: skip
"""Boxes by kind; what they are also stands above them."""

THICK = 13.0
"""Pixels of the widest arrow."""

UNITS = (("day", 1.0, 0.1), ("month", 30.4375, 1.0), ("year", 365.25, 10.0))
"""What flows may be counted by: its days, and to what they are rounded: ten people a year or more,
so that no flow of fewer can be worked out from the others."""

LEGIBLE = 2.0
"""The widest flow is this many units or more, else a longer unit is taken."""


def flow(
    model: Model,
    *,
    since: dt.date | None = None,
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.LayerChart:
    """States as boxes from booking down, with people held; flows as arrows, as wide as they are.

    Arrows at the right lead down the page, arrows at the left back up. Flows are means of one year,
    rounded so that none of fewer than ten people a year is told; states of fewer than ten hold no
    figure.

    Args:
        model: solved exactly, as it is.
        since: the first day of the year that is averaged; by default the model's first.
        title: the place, by default.
        subtitle: the source and its date.
        width: of the chart in pixels; `theme.PHONE` for a telephone's.

    Raises InputError for a day outside the model's time, Refusal where a rule couples people.
    """
    first = since or model.clock.start
    windows, path = _year(model, first)
    unit, flows = _flows(path, windows)
    boxes = _boxes(model, _held(model, path, windows), flows, width)
    frame = _arrows(boxes, flows, width)
    layers = _drawn(frame)
    for box in boxes.values():
        layers += box.layers(width)
    layers += _labels(frame, unit)
    name = title or f"{model.title}: how people move"
    under = ". ".join(
        part
        for part in (
            f"People a {unit}, and people held (in the boxes), means of the year from {first}",
            "Arrows at the right lead down, at the left back up; flows are rounded, and those of "
            "fewer than ten people a year left out",
            subtitle,
        )
        if part
    )
    height = round(max(box.foot for box in boxes.values())) + 6
    return theme.dressed(
        layers,
        width=width,
        height=height,
        title=theme.title(name, under, width),
        description=_said(model, boxes, flows, unit, f"{name}. {under}"),
    )


@dataclass(frozen=True)
class Box:
    """A state: its words, and where it stands, in pixels.

    Attributes:
        name: in lines.
        kind: of custody; empty for the outside.
        held: people, or why they are not told.
        top, foot: of the box.
        left, right: of the box.
        heading: the kind, above the first box of it.
    """

    name: tuple[str, ...]
    kind: str
    held: str
    top: float
    foot: float
    left: float
    right: float
    heading: str = ""

    def layers(self, width: int) -> list[alt.Chart]:
        """The box and its words."""
        mark = alt.MarkDef("rect", color=FILLS[self.kind], stroke=theme.QUIET, strokeWidth=0.8,
                           cornerRadius=3, **dashed(() if self.kind else (3, 3)))  # fmt: skip
        at = {"x": alt.value(self.left), "x2": alt.value(self.right),
              "y": alt.value(self.top), "y2": alt.value(self.foot)}  # fmt: skip
        values = pl.DataFrame({"state": [" ".join(self.name)], "held": [self.held]})
        found = [alt.Chart(values, mark=mark).encode(**at)]
        middle = (self.top + self.foot) / 2 - theme.LINE * (len(self.name) - 1) / 2
        small = width < theme.ROOM
        tall = theme.LINE - (2 if small else 0)
        if small:
            middle = self.top + 10
        size = 11 if small else theme.SIZE
        look: dict[str, Any] = {
            "baseline": "middle",
            "fontSize": size,
            "color": theme.INK,
            "lineHeight": tall,
        }
        found.append(_text(self.left + 8, middle, self.name, align="left", **look))
        if self.held:
            at_foot = self.foot - 9 if small else (self.top + self.foot) / 2
            found.append(_text(self.right - 8, at_foot, (self.held,), align="right",
                               fontWeight=600, **look))  # fmt: skip
        if self.heading:
            found += words(self.left, self.top - 9, [self.heading], align="left", fontSize=11)
        return found


def _text(x: float, y: float, lines: tuple[str, ...], **look: Any) -> alt.Chart:
    mark = alt.MarkDef("text", text=list(lines), **look)
    return alt.Chart(pl.DataFrame({"n": [1]}), mark=mark).encode(x=alt.value(x), y=alt.value(y))


def _year(model: Model, first: dt.date) -> tuple[Windows, Path]:
    """A year's window, and the model solved to its end."""
    until = first.replace(year=first.year + 1, day=min(first.day, 28))
    windows = Windows.over(model.clock, first, until, None)
    kernel = compile_model(model, until)
    return windows, solve(kernel, marks=[windows.marks(kernel.steps)])


def _held(model: Model, path: Path, windows: Windows) -> dict[str, str]:
    """People in each state, or that they are fewer than ten."""
    cells = Cells.of(model, ["state"])
    tally = expected(path, windows, cells, ["population"])
    found = plain(model, windows, cells, measures(tally, model, cells, ["population"]))
    rows = found.filter(pl.col("state").is_not_null()) if "state" in found.columns else found
    return {
        row["state"]: "hidden" if row["suppressed"] else people(row["mean"])
        for row in rows.iter_rows(named=True)
    }


def _flows(path: Path, windows: Windows) -> tuple[str, dict[tuple[str, str], float]]:
    """The unit, and people a unit by origin and target, rounded; without those of few people."""
    kernel = path.kernel
    n, part = len(kernel.states), slice(windows.starts[0], windows.end)
    total: Floats = np.zeros((n + 1, n + 1))
    for g, channels in enumerate(kernel.channels):
        origin = np.repeat(channels.state, np.diff(channels.start))
        left = np.repeat(path.left[g][:, part].sum(axis=1), np.diff(channels.start))
        np.add.at(total, (origin, channels.target), left * channels.share)
        total[n, :n] += kernel.arrivals[g][:, part].sum(axis=1)
    days = float(windows.lengths.sum()) * kernel.clock.days
    total[few(total * 365.25 / days)] = 0.0
    a_day = total / days
    unit, per, step = next((one for one in UNITS if a_day.max() * one[1] >= LEGIBLE), UNITS[-1])
    rounded = np.round(a_day * per / step) * step
    origins, targets = (*kernel.states, IN), (*kernel.states, OUT)
    return unit, {
        (origins[i], targets[j]): round(float(rounded[i, j]), 1)
        for i, j in np.argwhere(rounded > 0)
    }


def _boxes(
    model: Model, held: Mapping[str, str], flows: Mapping[tuple[str, str], float], width: int
) -> dict[str, Box]:
    """Where each state stands: by kind, in the file's order, the outside above and below."""
    side = _side(width)
    left, right = float(side), float(width - side)
    names = [(IN, "")] if any(a == IN for a, _ in flows) else []
    names += [(name, kind) for kind in model.kinds for name, state in model.states.items()
              if state.kind == kind]  # fmt: skip
    names += [(OUT, "")] if any(b == OUT for _, b in flows) else []
    boxes: dict[str, Box] = {}
    y, last, small = 2.0, "", width < theme.ROOM
    for name, kind in names:
        heading = kind if kind and kind != last else ""
        last = kind
        y += 20 if heading else (12 if not kind and boxes else 0)
        label = name if not kind else _label(model, name)
        size, line = (11, theme.LINE - 2) if small else (theme.SIZE, theme.LINE)
        room = right - left - 16 - (0 if small else 58)
        lines = tuple(theme.wrapped(label, int(room), size))
        told = held.get(name, "") if kind else ""
        tall = line * len(lines) + (6 + (line if told else 0) if small else 8)
        boxes[name] = Box(lines, kind, told, y, y + tall, left, right, heading)
        y += tall + 7
    return boxes


def _label(model: Model, name: str) -> str:
    """What a state is called, without the kind it stands under."""
    state = model.states[name]
    label = state.label or name.replace("_", " ")
    kind, comma, rest = label.partition(", ")
    return rest[:1].upper() + rest[1:] if comma and kind.lower() == state.kind else label


def _side(width: int) -> int:
    """Pixels for arrows at each side."""
    return round(width * (0.29 if width >= theme.ROOM else 0.25))


def _arrows(
    boxes: Mapping[str, Box], flows: Mapping[tuple[str, str], float], width: int
) -> pl.DataFrame:
    """A row an arrow: its people, its path, its head and its label, in pixels."""
    order = {name: i for i, name in enumerate(boxes)}
    most, side = max(flows.values(), default=1.0), _side(width)
    rows: list[dict[str, Any]] = []
    for (origin, target), many in sorted(flows.items(), key=lambda item: item[1]):
        a, b = boxes[origin], boxes[target]
        down = order[target] > order[origin]
        edge = a.right if down else a.left
        way = 1.0 if down else -1.0
        leave = a.top + (a.foot - a.top) * (0.68 if down else 0.32)
        enter = b.top + (b.foot - b.top) * (0.32 if down else 0.68)
        far = abs(leave - enter) / max(box.foot for box in boxes.values())
        bulge = (18 + (side - 44) * min(1.0, far * 1.15) ** 0.7) / 0.75 * way
        thick = max(0.7, THICK * many / most)
        head = 5 + thick * 0.5
        rows.append(
            {
                "from": origin, "to": target, "people": many, "thick": thick,
                "path": f"M{edge:.1f},{leave:.1f}C{edge + bulge:.1f},{leave:.1f},"
                f"{edge + bulge:.1f},{enter:.1f},{edge + way * head:.1f},{enter:.1f}",
                "head": f"M{edge:.1f},{enter:.1f}L{edge + way * (head + 1):.1f},"
                f"{enter - head * 0.75:.1f}L{edge + way * (head + 1):.1f},"
                f"{enter + head * 0.75:.1f}Z",
                "x": edge + 0.75 * bulge, "y": (leave + enter) / 2,
            }
        )  # fmt: skip
    return pl.DataFrame(rows)


def _drawn(frame: pl.DataFrame) -> list[alt.Chart]:
    """The arrows, the widest last."""
    if frame.is_empty():
        return []
    at = {"x": alt.value(0), "y": alt.value(0), "size": alt.value(4)}
    thick = alt.StrokeWidth("thick:Q", scale=None)
    line = alt.MarkDef("point", filled=False, color=theme.FORETOLD["80 %"], opacity=0.75)
    head = alt.MarkDef("point", filled=True, color=theme.FORETOLD["q50"], opacity=1)
    return [
        alt.Chart(frame, mark=line).encode(
            shape=alt.Shape("path:N", scale=None, legend=None), strokeWidth=thick, **at
        ),
        alt.Chart(frame, mark=head).encode(
            shape=alt.Shape("head:N", scale=None, legend=None), **at
        ),
    ]


def _labels(frame: pl.DataFrame, unit: str) -> list[alt.Chart]:
    """How many, beside the widest arrows, as far as there is room."""
    taken: list[tuple[float, float, float]] = []
    found: list[alt.Chart] = []
    if frame.is_empty():
        return found
    for row in frame.sort("people", descending=True).iter_rows(named=True):
        text = _many(row["people"], unit)
        wide = theme.length(text) / 2 + 4
        clear = all(abs(row["y"] - y) > theme.LINE - 2 or abs(row["x"] - x) > wide + w
                    for x, y, w in taken)  # fmt: skip
        if clear and row["people"] >= 0.02 * frame["people"].max():  # type: ignore[operator]
            taken.append((row["x"], row["y"], wide))
            found += words(row["x"], row["y"], [text], align="center", color=theme.INK, fontSize=11)
    return found


def _many(people_: float, unit: str) -> str:
    """People a unit, to what they are rounded to.

    >>> _many(4.1, "day"), _many(1230.0, "year")
    ('4.1', '1,230')
    """
    return f"{people_:,.1f}" if unit == "day" else f"{people_:,.0f}"


def _said(
    model: Model, boxes: Mapping[str, Box], flows: Mapping[tuple[str, str], float], unit: str,
    title: str,
) -> str:  # fmt: skip
    """What the chart shows, for somebody who does not see it."""
    lines = []
    for name, box in boxes.items():
        out = sorted(((many, target) for (origin, target), many in flows.items() if origin == name),
                     reverse=True)  # fmt: skip
        where = [
            f"{_many(many, unit)} {target if target == OUT else 'to ' + _label(model, target)}"
            for many, target in out
        ]
        who = " ".join(box.name) + (f", {box.kind}, {box.held} held" if box.kind else "")
        lines.append(f"{who}: a {unit}, {'; '.join(where)}" if where else who)
    return f"{title.rstrip('.')}. {'. '.join(lines)}."
