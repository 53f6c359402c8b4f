"""How every chart looks, in one place.

One ink for what was counted, one colour for what is foretold, and greys for the rest. They differ
in lightness first, so they hold on a grey printer and for every kind of colour vision (the plain
vision tested by B. Okabe & K. Ito, *Color Universal Design*, 2008), and none is a party's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

INK = "#1c1c1c"
"""What was counted, and titles."""

QUIET = "#5f5f5f"
"""Axes, sources and remarks: 6 to 1 on white."""

FAINT = "#e4e4e4"
"""Lines of the grid."""

FORETOLD = {"q50": "#0a5c56", "80 %": "#6fb1a8", "95 %": "#cbe3df"}
"""A forecast: its median and its bands."""

SPENT = {"q50": "#6e6e6e", "80 %": "#bdbdbd", "95 %": "#e3e3e3"}
"""The same beyond the mark where skill ends."""


@dataclass(frozen=True)
class Look:
    """How the line of one plan looks: alone by its dash, and by its lightness on a grey printer."""

    colour: str
    dash: tuple[int, ...] = ()


PLANS = (
    Look("#0a5c56"),
    Look("#c98a1b", (9, 3)),
    Look("#4b1f47", (2, 2)),
    Look("#b57aa5", (9, 3, 2, 3)),
    Look("#6d4a14", (5, 2)),
    Look("#7fb8a4", (14, 3)),
    Look("#6b6b1e", (5, 2, 2, 2)),
    Look("#a9a9b8", (1, 3)),
)
"""Plans in the order they are drawn, the base first. Neighbours differ by a fifth of all lightness
or more, and no two share a dash."""

BAR, BEDS = "#9a9a9a", "#0a5c56"
"""Bars of people, and of what they lead to."""

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"

SIZE = 12
"""Points of ordinary text."""

LINE = 16
"""Pixels from line to line."""

TITLE_SIZE = 17

WIDTH, PHONE = 640, 300
"""Widths of the plot in pixels: a page's, and a telephone's with its axis and margins."""

ROOM = 480
"""Pixels of width from which a label has room for figures, and names stand beside their row."""

Drawing = alt.LayerChart | alt.ConcatChart
"""What the charts of this package are."""


def length(text: str, size: int = SIZE) -> float:
    """About how many pixels long a text is."""
    return 0.49 * size * len(text)


def wrapped(text: str, width: int, size: int = SIZE) -> list[str]:
    """A text in lines that fit into about so many pixels.

    >>> wrapped("People held in the jails of New York City", 150)
    ['People held in the jails', 'of New York City']
    """
    return textwrap.wrap(text, max(10, int(width / length("n", size))))


def title(text: str, subtitle: str, width: int) -> alt.TitleParams:
    """A title, and under it the source and its date, in lines that fit."""
    return alt.TitleParams(
        wrapped(text, width, TITLE_SIZE),
        subtitle=wrapped(subtitle, width),
        anchor="start",
        frame="group",
        offset=14,
    )


def plans(count: int) -> list[Look]:
    """So many looks; past the last they begin anew."""
    return [PLANS[i % len(PLANS)] for i in range(count)]


def lightness(colour: str) -> float:
    """CIE L* of a colour, 0 (black) to 100 (white): what a grey printer makes of it.

    >>> round(lightness("#ffffff")), round(lightness("#0a5c56"))
    (100, 35)
    """
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 903.3 * light if light <= 0.008856 else 116 * light ** (1 / 3) - 16


def dressed(layers: Sequence[alt.Chart], **properties: Any) -> alt.LayerChart:
    """Layers as one chart in the house's look; ``properties`` as Altair's (width, title, …)."""
    return alt.LayerChart(layer=list(layers), config=_config(), **properties)


def together(
    charts: Sequence[alt.LayerChart], columns: int, spacing: int = 24, **properties: Any
) -> alt.ConcatChart:
    """Charts side by side, so many in a row, in the house's look."""
    return alt.ConcatChart(
        concat=list(charts), columns=columns, spacing=spacing, config=_config(), **properties
    )


def panel(layers: Sequence[alt.Chart], name: str, width: int, height: int) -> alt.LayerChart:
    """One of several charts, with its own name above it."""
    lines = wrapped(name, width)
    title = alt.TitleParams(lines, anchor="start", frame="group", fontSize=SIZE + 1, offset=8,
                            lineHeight=LINE)  # fmt: skip
    return alt.LayerChart(layer=list(layers), width=width, height=height, title=title)


def _config() -> alt.Config:
    return alt.Config(
        background="white",
        font=FONT,
        padding=12,
        view=alt.ViewConfig(stroke=None),
        title=alt.TitleConfig(
            color=INK, fontSize=TITLE_SIZE, fontWeight=600, lineHeight=22,
            subtitleColor=QUIET, subtitleFontSize=SIZE, subtitleLineHeight=LINE, subtitlePadding=6,
        ),
        axis=alt.AxisConfig(
            labelColor=QUIET, labelFontSize=SIZE, titleColor=QUIET, titleFontSize=SIZE,
            titleFontWeight="normal", gridColor=FAINT, domainColor=QUIET, tickColor=QUIET,
        ),
        text=alt.MarkConfig(fontSize=SIZE, color=QUIET),
    )  # fmt: skip
