"""Many places at once: in order, or on the map the reader brings."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl

from remand.errors import InputError
from remand.present import theme
from remand.present.marks import words
from remand.present.rows import Rows

MANY = 60
"""Places up to which each has a row with its name; of more, only those at the ends are named."""

NAMED = 6
"""Names at each end, where there are many."""

SHADES = ("#dcebe8", "#a9cfc9", "#6fb1a8", "#33867d", "#0a5c56")
"""From few to many, each darker than the last."""

FORM = ",.1~f"
"""How values are written at an axis, as d3 writes them."""


def counties(
    frame: pl.DataFrame,
    *,
    shapes: str | Path | None = None,
    title: str = "By county",
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.LayerChart:
    """A value a place, from the highest down; or, with a file of shapes, a map.

    A map needs borders, and none are fetched: without the reader's own file places stand in order,
    which compares values better than areas do. On a map a place as large as another says nothing of
    how many people it holds. A place that is suppressed has no dot and no shade.

    Args:
        frame: ``place`` and ``value``; also, where known, ``low`` and ``high``, and ``suppressed``.
        shapes: a GeoJSON file whose features have a property ``name`` (or ``NAME``), degrees.
        title: what is shown, with its unit.
        subtitle: the source and its date.
        width: of the chart in pixels; `theme.PHONE` for a telephone's.

    Raises InputError if a column is missing, nothing is left to draw, or no shape has a place's
    name.
    """
    shown, hidden = _checked(frame)
    if shapes is not None:
        layers, height, more = _map(shown, hidden, shapes, width)
    elif shown.height > MANY:
        layers, height, more = _ranks(shown, width)
    else:
        layers, height, more = _rows(shown, width)
    few = f"Hidden, being of few people: {len(hidden):,} of {len(hidden) + shown.height:,}"
    under = ". ".join(part for part in (*more, few if hidden else "", subtitle) if part)
    return theme.dressed(
        layers,
        width=width,
        height=height,
        title=theme.title(title, under, width),
        description=_said(shown, f"{title}. {under}"),
    )


def _checked(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Places with a value, the highest first, and the names of those that are suppressed."""
    if lacking := [column for column in ("place", "value") if column not in frame.columns]:
        raise InputError.of(
            f"the counties have no column {', '.join(lacking)}",
            fix="give it with columns place, value",
        )
    if frame["place"].is_duplicated().any():
        twice = frame["place"].filter(frame["place"].is_duplicated())[0]
        raise InputError.of(f"'{twice}' is there twice", fix="give one row a place")
    small = pl.col("suppressed") if "suppressed" in frame.columns else pl.lit(value=False)
    ends = [c for c in ("low", "high") if c in frame.columns]
    shown = (
        frame.filter(~small)
        .select("place", *(pl.col(c).cast(pl.Float64) for c in ("value", *ends)))
        .drop_nulls("value")
        .sort("value", "place", descending=[True, False])
        .with_row_index("row")
        .with_columns(says=pl.col("value").map_elements(_figure, return_dtype=pl.String))
    )
    if shown.is_empty():
        raise InputError.of("no county has a value to show", fix="give at least one")
    return shown, frame.filter(small)["place"].to_list()


def _rows(shown: pl.DataFrame, width: int) -> tuple[list[alt.Chart], int, list[str]]:
    """A dot a row, with its name."""
    low, high = _span(shown)
    rows = Rows(tuple(shown["place"]), low, high, width, bar=10, form=FORM,
                room=50, gutter=190 if width >= theme.ROOM else 120)  # fmt: skip
    layers: list[alt.Chart] = []
    if {"low", "high"} <= set(shown.columns):
        layers.append(
            rows.links(shown.drop_nulls(["low", "high"]), "low", "high", theme.QUIET, 1.5)
        )
    layers.append(rows.dots(shown, "value", theme.FORETOLD["q50"]))
    far = shown.with_columns(end=pl.max_horizontal("value", *([] if "high" not in shown.columns
                                                                else ["high"])))  # fmt: skip
    layers += rows.says(far, "end", "says", align="left", dx=8, fontSize=11)
    return [*layers, *rows.named()], rows.height, ["From the highest down", *_lines(shown)]


def _ranks(shown: pl.DataFrame, width: int) -> tuple[list[alt.Chart], int, list[str]]:
    """A dot a place by its rank, close together, with names at both ends."""
    height = 440
    low, high = _span(shown)

    def x(column: str) -> alt.X:
        ticks = max(2, width // 110)
        axis = alt.Axis(format=FORM, domain=False, ticks=False, tickCount=ticks)
        scale = alt.Scale(domain=[low, high], nice=False, zero=False)
        return alt.X(f"{column}:Q", title=None, scale=scale, axis=axis)

    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[-1, shown.height], range=[0, height]))
    layers: list[alt.Chart] = []
    if {"low", "high"} <= set(shown.columns):
        line = alt.MarkDef("rule", color=theme.FORETOLD["80 %"], strokeWidth=0.8)
        layers.append(alt.Chart(shown.drop_nulls(["low", "high"]), mark=line).encode(
            x=x("low"), x2="high:Q", y=y))  # fmt: skip
    dot = alt.MarkDef("point", color=theme.FORETOLD["q50"], filled=True, size=14, opacity=1)
    layers.append(alt.Chart(shown, mark=dot).encode(x=x("value"), y=y))
    y_end = height - theme.LINE * (2 * NAMED + 2.5)
    for name, some in (("Highest", shown.head(NAMED)), ("Lowest", shown.tail(NAMED))):
        told = [f"{row['place']}  {row['says']}" for row in some.iter_rows(named=True)]
        layers += words(width - 8, y_end, [name], align="right", color=theme.INK, fontWeight=600)
        layers += words(width - 8, y_end + theme.LINE, told, align="right")
        y_end += theme.LINE * (NAMED + 1.5)
    return layers, height, [f"{shown.height:,} places, from the highest down", *_lines(shown)]


def _map(
    shown: pl.DataFrame, hidden: list[str], shapes: str | Path, width: int
) -> tuple[list[alt.Chart], int, list[str]]:
    """Shapes, the darker the higher their value; those without one stay white or grey."""
    features = _features(Path(shapes))
    values = dict(shown.select("place", "value").iter_rows())
    found = [feature for feature in features if feature["name"] in values]
    if not found:
        raise InputError.of(
            f"no shape of '{shapes}' has the name of a place: it has {features[0]['name']!r}, "
            f"the figures {shown['place'][0]!r}",
            fix="give shapes and places the same names",
        )
    for feature in found:
        feature["value"] = values[feature["name"]]
    west, south, east, north = _bounds(features)
    sixth = (north - south) / 6
    place = alt.Projection(type="conicEqualArea", rotate=[-(west + east) / 2, 0, 0],
                           parallels=[south + sixth, north - sixth])  # fmt: skip
    edge = {"stroke": "white", "strokeWidth": 0.6}

    def drawn(some: list[dict[str, Any]], **look: Any) -> alt.Chart:
        mark = alt.MarkDef("geoshape", **{**edge, **look})
        return alt.Chart(alt.InlineData(values=some), mark=mark, projection=place)

    few = [f for f in features if f["name"] in hidden]
    none = [f for f in features if f["name"] not in hidden and f["name"] not in values]
    layers = [drawn(some, **look) for some, look in (
        (none, {"fill": "white", "stroke": theme.SPENT["80 %"]}),
        (few, {"fill": "white", "stroke": theme.QUIET, "strokeDash": [2, 2], "strokeWidth": 1}),
    ) if some]  # fmt: skip
    legend = alt.Legend(title=None, orient="bottom", format=FORM, labelFontSize=theme.SIZE,
                        labelColor=theme.QUIET, symbolType="square")  # fmt: skip
    scale = alt.Scale(
        type="quantize", range=list(SHADES), domain=list(_span(shown.select("value"))), nice=True
    )
    layers.append(drawn(found).encode(color=alt.Color("value:Q", scale=scale, legend=legend)))
    missing = len(values) - len(found)
    said = ["An area says nothing of how many people a place holds"]
    said += [f"White: no figure ({len(none):,})"] if none else []
    said += [f"White with a dotted edge: hidden ({len(few):,})"] if few else []
    said += [f"Without a shape: {missing:,} of {len(values):,}"] if missing else []
    tall = (north - south) / max((east - west) * math.cos(math.radians((north + south) / 2)), 1e-9)
    return layers, round(min(max(tall * width, 160), 560)), said


def _features(path: Path) -> list[dict[str, Any]]:
    """Shapes with their names, and nothing else that the file says of them."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        given = read["features"]
        named = [(f["properties"], f["geometry"]) for f in given if f["geometry"]]
        found = [
            {
                "type": "Feature",
                "name": str(own.get("name", own.get("NAME"))),
                "geometry": {
                    "type": shape["type"],
                    "coordinates": [[_wound(r, i) for i, r in enumerate(rings)] for rings in
                                    shape["coordinates"]] if shape["type"] == "MultiPolygon"
                    else [_wound(r, i) for i, r in enumerate(shape["coordinates"])],
                },
            }
            for own, shape in named
            if shape["type"] in {"Polygon", "MultiPolygon"}
        ]  # fmt: skip
    except OSError as error:
        raise InputError.of(
            f"'{path}' cannot be read: {error.strerror or error}", fix="give a GeoJSON file"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise InputError.of(
            f"'{path}' is no GeoJSON of shapes", fix="give a FeatureCollection of polygons"
        ) from None
    if not found:
        raise InputError.of(f"'{path}' holds no polygon", fix="give a GeoJSON of counties")
    return found


def _wound(ring: list[list[float]], place: int) -> list[list[float]]:
    """A ring as the drawing library winds it: the first clockwise, holes the other way.

    GeoJSON winds them the other way round (RFC 7946), and then all but the county is filled.
    """
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
    turned = (area > 0) == (place == 0)
    points = [[round(x, 4) for x in point[:2]] for point in ring]
    return points[::-1] if turned else points


def _bounds(features: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    """West, south, east and north."""
    points = [
        point
        for feature in features
        for rings in (
            feature["geometry"]["coordinates"]
            if feature["geometry"]["type"] == "MultiPolygon"
            else [feature["geometry"]["coordinates"]]
        )
        for point in rings[0]
    ]
    across, up = [p[0] for p in points], [p[1] for p in points]
    return min(across), min(up), max(across), max(up)


def _span(shown: pl.DataFrame) -> tuple[float, float]:
    """Where the values begin, zero or below, and end."""
    columns = [c for c in ("value", "low", "high") if c in shown.columns]
    values = [v for column in columns for v in shown[column].drop_nulls()]
    low, high = min(0.0, *values), max(0.0, *values)
    return low, high + 0.03 * (high - low or 1.0)


def _lines(shown: pl.DataFrame) -> list[str]:
    return ["Lines: from low to high"] if {"low", "high"} <= set(shown.columns) else []


def _figure(value: float) -> str:
    """A value in whole numbers above ten.

    >>> _figure(1234.4), _figure(-3.26)
    ('1,234', '−3.3')
    """
    return (f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}").replace("-", "−")


def _said(shown: pl.DataFrame, title: str) -> str:
    """What the chart shows, for somebody who does not see it."""
    some = shown if shown.height <= MANY else pl.concat([shown.head(NAMED), shown.tail(NAMED)])
    lines = [f"{row['place']}: {row['says']}" for row in some.iter_rows(named=True)]
    return f"{title.rstrip('.')}. {'. '.join(lines)}."
