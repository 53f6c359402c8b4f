"""How every chart looks, in one place.

One ink for what was counted, one colour for what is foretold, and greys for the rest. They differ
in lightness first, so they hold on a grey printer and for every kind of colour vision (the plain
vision tested by B. Okabe & K. Ito, *Color Universal Design*, 2008), and none is a party's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
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

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"

SIZE = 12
"""Points of ordinary text."""

LINE = 16
"""Pixels from line to line."""

TITLE_SIZE = 17

WIDTH, PHONE = 640, 300
"""Widths of the plot in pixels: a page's, and a telephone's with its axis and margins."""


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


def dressed(layers: Sequence[alt.Chart], **properties: Any) -> alt.LayerChart:
    """Layers as one chart in the house's look; ``properties`` as Altair's (width, title, …)."""
    looks: dict[str, Any] = {
        "background": "white",
        "font": FONT,
        "padding": 12,
        "view": alt.ViewConfig(stroke=None),
        "title": alt.TitleConfig(
            color=INK, fontSize=TITLE_SIZE, fontWeight=600, lineHeight=22,
            subtitleColor=QUIET, subtitleFontSize=SIZE, subtitleLineHeight=LINE, subtitlePadding=6,
        ),
        "axis": alt.AxisConfig(
            labelColor=QUIET, labelFontSize=SIZE, titleColor=QUIET, titleFontSize=SIZE,
            titleFontWeight="normal", gridColor=FAINT, domainColor=QUIET, tickColor=QUIET,
        ),
        "text": alt.MarkConfig(fontSize=SIZE, color=QUIET),
    }  # fmt: skip
    return alt.LayerChart(layer=list(layers), config=alt.Config(**looks), **properties)
