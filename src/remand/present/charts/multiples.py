"""Small multiples: the same lines for every group."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from remand.present import theme
from remand.present.marks import Plane, stroke, words
from remand.present.plans import (
    HIGH,
    KINDS,
    LOW,
    Plan,
    assumed,
    bands,
    day,
    of_kind,
    people,
    placed,
    plans,
    window,
)
from remand.runs.run import Run

HIDDEN = "hidden: fewer than 10 people, or what would give them away"
HEIGHT, SPACING, AXIS = 130, 22, 42
"""Of one small chart; between two of them; and what its axis takes of its width, in pixels."""

FEW = 2
"""Plans up to which bands are drawn: more of them would hide each other."""


def multiples(
    run: Run,
    by: str,
    *,
    kind: str = "jail",
    alike: bool = True,
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.ConcatChart:
    """People held by one axis: a small chart a level, each with the figures its lines end at.

    A level that is suppressed throughout has no line, and says so; where some of its dates are, its
    line breaks off.

    Args:
        run: compared ``by`` that axis.
        by: the axis.
        kind: of custody.
        alike: all on one scale from zero, so that levels compare; else each on its own.
        title: the place and what is counted, by default.
        subtitle: the source and its date.
        width: of all charts together in pixels; `theme.PHONE` for a telephone's.

    Raises InputError where the run has nothing by that axis.
    """
    rows = placed(run, of_kind(run, "population", kind, by))
    shown = [plan for plan in plans(run) if plan.name in set(rows["scenario"])]
    columns = 3 if width >= theme.ROOM else 2
    each = (width - (columns - 1) * SPACING) // columns - AXIS
    banded = len(shown) <= FEW and rows[LOW].null_count() < rows.height
    levels = list(dict.fromkeys(rows[by]))
    panels = []
    for level in levels:
        own = rows.filter(pl.col(by) == level)
        plane = Plane(rows["date"].min(), rows["date"].max(), 0.0,  # type: ignore[arg-type]
                      _most(rows if alike else own, banded=banded), each, HEIGHT)  # fmt: skip
        panels.append(_panel(plane, own, shown, _titled(own, level),
                             banded=banded, chosen=assumed(run)))  # fmt: skip
    panels.append(_key(shown, each))
    name = title or f"{run.meta['title']}: people {KINDS.get(kind, f'in {kind}')}, by {_named(by)}"
    partly = rows["suppressed"].any()
    scale = "all on one scale" if alike else "each on its own scale"
    under = ". ".join(
        part
        for part in (
            f"People held, {window(run)}, {scale} from zero; in brackets, where the lines end",
            bands(run) if banded else "",
            HIDDEN.capitalize() if partly else "",
            subtitle,
        )
        if part
    )
    return theme.together(
        panels,
        columns,
        SPACING,
        title=theme.title(name, under, width),
        description=_said(rows, by, levels, shown, f"{name}. {under}"),
    )


def _panel(
    plane: Plane,
    rows: pl.DataFrame,
    shown: Sequence[Plan],
    name: str,
    *,
    banded: bool,
    chosen: bool,
) -> alt.LayerChart:
    """One level's lines; or that they are hidden."""
    layers: list[alt.Chart] = []
    for i, plan in enumerate(shown):
        own = rows.filter(scenario=plan.name).select("date", "mean", LOW, HIGH)
        ends = own.drop_nulls([LOW, HIGH])
        if banded and not ends.is_empty():
            layers += (
                plane.hatched(ends, LOW, HIGH, plan.look.colour, (1, -1)[i % 2])
                if chosen
                else [plane.band(ends, LOW, HIGH, plan.look.colour, 0.28)]
            )
        layers.append(plane.line(own, "mean", plan.look.colour, 2, plan.look.dash))
    if rows["mean"].null_count() == rows.height:
        lines = theme.wrapped(HIDDEN, plane.width - 10)
        layers += words(5, plane.height / 2 - theme.LINE, lines, align="left")
    return theme.panel(layers, name, plane.width, plane.height)


def _most(rows: pl.DataFrame, *, banded: bool) -> float:
    """Where an axis ends."""
    most = rows.select("mean", *([HIGH] if banded else [])).max().row(0)
    return 1.05 * max([m for m in most if m is not None], default=1.0)


def _titled(rows: pl.DataFrame, level: str) -> str:
    """A level, and the range of people its lines end at."""
    last = rows.filter(date=rows["date"].max())["mean"].drop_nulls()
    if last.is_empty():
        return _named(level)
    ends = dict.fromkeys(people(end) for end in (min(last), max(last)))
    return f"{_named(level)} ({'–'.join(ends)})"


def _key(shown: Sequence[Plan], width: int) -> alt.LayerChart:
    """Which line is which."""
    layers, y = [], 6.0
    for plan in shown:
        lines = theme.wrapped(plan.label, width - 40)
        layers.append(stroke(0, y, 26, y, plan.look))
        layers += words(32, y, lines, align="left", color=theme.INK)
        y += theme.LINE * len(lines) + 4
    return alt.LayerChart(layer=layers, width=width, height=max(round(y), 10))


def _named(level: str) -> str:
    """A level or an axis in words.

    >>> _named("not_listed")
    'not listed'
    """
    return level.replace("_", " ")


def _said(
    rows: pl.DataFrame, by: str, levels: Sequence[str], shown: Sequence[Plan], title: str
) -> str:
    """What the charts show, for somebody who does not see them."""
    last = rows["date"].max()
    end = {(row["scenario"], row[by]): row for row in rows.filter(date=last).iter_rows(named=True)}
    lines = []
    for level in levels:
        parts = []
        for plan in shown:
            row = end.get((plan.name, level))
            mean = None if row is None else row["mean"]
            parts.append(f"{plan.label} {'hidden' if mean is None else people(mean)}")
        lines.append(f"{_named(level)}: {', '.join(parts)}")
    when = f"About {day(last)}"  # type: ignore[arg-type]
    return f"{title.rstrip('.')}. {when}: {'. '.join(lines)}."
