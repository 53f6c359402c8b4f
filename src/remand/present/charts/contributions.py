"""Which promise does how much: parts that sum to the whole."""

from __future__ import annotations

import altair as alt
import polars as pl

from remand.errors import InputError
from remand.present import theme
from remand.present.plans import KINDS, people
from remand.present.rows import Rows
from remand.present.words import signed
from remand.runs.explain import Explanation

TOGETHER = "All together"

INSIDE = 200
"""Pixels from which a bar has room for its figures."""


def contributions(
    explanation: Explanation,
    *,
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.LayerChart:
    """A waterfall: what each policy adds to the change in people held, down to the whole.

    Parts are averaged over the orders in which policies could be added, so they sum to the total.
    Where the split is known, each says how much of it comes through people who come in or do not,
    and how much through the days they are held. What happens to the other kinds of custody stands
    under the title: fewer beds in one may be more in another.

    Args:
        explanation: of `remand.explain`; the parts of its first kind are drawn.
        title: the plan and what is counted, by default.
        subtitle: the source and its date.
        width: of the chart in pixels; `theme.PHONE` for a telephone's.

    Raises InputError where the kind is too small to show, or the plan holds no policy.
    """
    kind = explanation.meta["kind"]
    total = explanation.total[kind]
    if total is None or any(part.change[kind] is None for part in explanation.parts):
        raise InputError.of(
            f"fewer than 10 people are {KINDS[kind]}: no part of them is shown",
            fix="explain a larger place",
        )
    if not explanation.parts:
        raise InputError.of("the plan holds no policy", fix="explain a plan that has some")
    steps = _steps(explanation, kind)
    least, most = min(0.0, *steps["from"], *steps["to"]), max(0.0, *steps["from"], *steps["to"])
    margin = 0.02 * (most - least) or 1.0
    rows = Rows(tuple(steps["name"]), least - margin, most + margin, width, bar=30)
    parts, whole = steps.filter(~pl.col("whole")), steps.filter("whole")
    layers = [rows.mark(0.0, theme.QUIET)]
    layers.append(rows.joins(parts, "to", theme.QUIET))
    layers.append(rows.bars(parts, "from", "to", theme.FORETOLD["80 %"]))
    layers.append(rows.bars(whole, "from", "to", theme.FORETOLD["q50"]))
    layers += _figures(rows, steps)
    layers += rows.named()
    place = explanation.meta["title"]
    name = title or f"{explanation.meta['platform_title']}: change in people {KINDS[kind]}"
    under = _under(explanation, kind, place, subtitle)
    return theme.dressed(
        layers,
        width=width,
        height=rows.height,
        title=theme.title(name, under, width),
        description=_said(steps, f"{name}. {under}"),
    )


def _steps(explanation: Explanation, kind: str) -> pl.DataFrame:
    """A row a policy, from where the last one left off; the whole from nothing."""
    found, at = [], 0.0
    for part in explanation.parts:
        change = float(part.change[kind] or 0.0)  # type: ignore[index]
        halves = ""
        if part.by_admissions is not None and part.by_days is not None:
            halves = f"{signed(part.by_admissions)} admissions, {signed(part.by_days)} days held"
        found.append({"name": part.policy.name.replace("-", " "), "from": at, "to": at + change,
                      "people": change, "halves": halves, "whole": False})  # fmt: skip
        at += change
    total = float(explanation.total[kind] or 0.0)  # type: ignore[index]
    halves = ""
    if explanation.by_admissions is not None and explanation.by_days is not None:
        halves = (f"{signed(explanation.by_admissions)} admissions, "
                  f"{signed(explanation.by_days)} days held")  # fmt: skip
    found.append({"name": TOGETHER, "from": 0.0, "to": total, "people": total, "halves": halves,
                  "whole": True})  # fmt: skip
    return pl.DataFrame(found).with_columns(
        pl.int_range(pl.len()).alias("row"),
        pl.col("people").map_elements(signed, return_dtype=pl.String).alias("says"),
    )


def _figures(rows: Rows, steps: pl.DataFrame) -> list[alt.Chart]:
    """Each part in people, and its halves: in a long bar, else on its side with more room."""
    found: list[alt.Chart] = []
    middle = (rows.low + rows.high) / 2
    low, high = pl.min_horizontal("from", "to"), pl.max_horizontal("from", "to")
    wide = pl.Series([
        rows.across(max(a, b)) - rows.across(min(a, b)) > INSIDE
        for a, b in steps.select("from", "to").iter_rows()
    ])  # fmt: skip
    placed = steps.select("row", "name", "people", "says", "halves", "whole", low=low, high=high)
    right = (placed["low"] + placed["high"]) / 2 <= middle
    sides = (
        (placed.filter(~wide & right), "high", "left", 7),
        (placed.filter(~wide & ~right), "low", "right", -7),
        (placed.filter(wide), "low", "left", 8),
    )
    for own, side, align, dx in sides:
        for row in own.partition_by("row"):
            inside = dx == 8 and row["whole"][0]
            strong = "white" if inside else theme.INK
            split = row["halves"][0] != ""
            found += rows.says(row.select("row", "name", "people", "says", side), side, "says",
                               0.24 if split else 0.5, align=align, dx=dx, fontWeight=600,
                               color=strong, rim=dx != 8)  # fmt: skip
            if split:
                found += rows.says(row.select("row", "halves", side), side, "halves", 0.8,
                                   align=align, dx=dx, fontSize=11, rim=dx != 8,
                                   color="white" if inside else theme.QUIET)  # fmt: skip
    return found


def _under(explanation: Explanation, kind: str, place: str, subtitle: str) -> str:
    """From how many people to how many, and what happens to the other kinds."""
    before, after = explanation.before[kind], explanation.after[kind]  # type: ignore[index]
    first = f"{place}, mean of {explanation.meta['from']} to {explanation.meta['to']}"
    if before is not None and after is not None:
        first += f": {people(before)} without it, {people(after)} with it"
    after_ = f"; it comes after {', '.join(explanation.meta['base'])}"
    first += after_ if explanation.meta["base"] else ""
    others = [
        f"{signed(change)} {KINDS[name]}" if change is not None else f"hidden {KINDS[name]}"
        for name, change in explanation.total.items()
        if name != kind
    ]
    beside = f"In the same run: {', '.join(others)}" if others else ""
    orders = (
        "In each part, how much comes through admissions and how much through days held; averaged "
        f"over the orders in which policies could be added ({explanation.meta['orders']})"
    )
    return ". ".join(part for part in (first, beside, orders, subtitle) if part)


def _said(steps: pl.DataFrame, title: str) -> str:
    """What the chart shows, for somebody who does not see it."""
    lines = [
        f"{row['name']}: {row['says']}" + (f" ({row['halves']})" if row["halves"] else "")
        for row in steps.iter_rows(named=True)
    ]
    return f"{title.rstrip('.')}. {'. '.join(lines)}."
