"""Charts as files: pictures, and pages that carry all they need."""

from __future__ import annotations

import html
import json
from pathlib import Path

from remand.errors import InputError
from remand.present import theme

ENDINGS = (".png", ".svg", ".html")

SCRIPT = "window.vegaEmbed = vegaEmbed;"
"""What a page's bundle of scripts leaves behind for the page to call."""

SCALE = 2.0
"""Pixels of a .png for each of the chart's: sharp on paper and on a telephone."""


def save(chart: theme.Drawing, path: str | Path) -> Path:
    """Write a chart to a .png, .svg or .html file.

    The page carries its scripts, and asks nothing of any network. Raises InputError for another
    ending, or a file that cannot be written.
    """
    import vl_convert  # noqa: PLC0415 - slow to import

    to = Path(path)
    if to.suffix not in ENDINGS:
        raise InputError.of(
            f"a chart cannot be written as '{to.suffix or to.name}'",
            fix=f"end the file in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}",
        )
    spec = chart.to_json()
    if to.suffix == ".png":
        made = vl_convert.vegalite_to_png(spec, scale=SCALE)
    elif to.suffix == ".svg":
        svg = vl_convert.vegalite_to_svg(spec)
        made = svg.replace("<svg", f'<svg role="img" aria-label="{_told(spec)}"', 1).encode()
    else:
        made = _page(spec, vl_convert.javascript_bundle(SCRIPT)).encode()
    try:
        to.write_bytes(made)
    except OSError as error:
        raise InputError.of(
            f"'{path}' cannot be written: {error.strerror or error}", fix="give another place"
        ) from None
    return to


def _page(spec: str, script: str) -> str:
    """A page of one chart, whole in itself."""
    told = _told(spec)
    drawn = spec.replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{told.split(". ")[0]}</title>
<style>figure {{ margin: 0 }} svg {{ max-width: 100%; height: auto }}</style>
<figure id="chart" role="img" aria-label="{told}"></figure>
<script>{script}</script>
<script>vegaEmbed("#chart", {drawn}, {{actions: false, renderer: "svg"}})</script>
</html>
"""


def _told(spec: str) -> str:
    """What the chart shows, in words, as an attribute."""
    return html.escape(json.loads(spec).get("description", "A chart"))
