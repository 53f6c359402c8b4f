"""What the answer hangs on: the assumptions that move it most."""

from __future__ import annotations

import altair as alt
import polars as pl

from remand.errors import InputError
from remand.present import theme
from remand.present.plans import KINDS
from remand.present.rows import Rows
from remand.present.words import signed
from remand.runs.explain import Explanation

CHOSEN = "assumption range"


def tornado(
    explanation: Explanation,
    *,
    top: int = 5,
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.LayerChart:
    """What the plan does, with one assumption after the other at both of its ends.

    A bar from the answer at the low end to that at the high end, all other numbers at their points:
    hatched where someone chose the range, filled where it is an interval. What two of them do
    together is in the draws of a comparison, not here.

    Args:
        explanation: of `remand.explain`.
        top: how many assumptions, those first that move the plan's difference most.
        title: the plan and what is counted, by default.
        subtitle: the source and its date.
        width: of the chart in pixels; `theme.PHONE` for a telephone's.

    Raises InputError where nothing is uncertain, or the kind is too small to show.
    """
    kind = explanation.meta["kind"]
    found = explanation.assumptions
    if not found:
        raise InputError.of("no number here is uncertain", fix="give the model's numbers ranges")
    shown = [a for a in found if a.swing is not None][:top]
    if not shown:
        raise InputError.of(
            f"fewer than 10 people are {KINDS[kind]}: no change of them is shown",
            fix="explain a larger place",
        )
    frame = pl.DataFrame(
        [
            {
                "row": i,
                "name": a.name,
                "label": a.label,
                "low": a.difference[0],
                "high": a.difference[2],
                "at_low": _number(a.values[0]),
                "at_high": _number(a.values[2]),
            }
            for i, a in enumerate(shown)
        ]
    )
    point = float(shown[0].difference[1] or 0.0)
    ends = [point, *frame["low"], *frame["high"]]
    span = (max(ends) - min(ends)) or 1.0
    rows = Rows(
        tuple(_named(a.name, a.numbers) for a in shown),
        min(ends) - 0.16 * span,
        max(ends) + 0.16 * span,
        width,
        form="+,d",
    )
    layers = [rows.mark(point, theme.INK)]
    chosen, computed = frame.filter(label=CHOSEN), frame.filter(pl.col("label") != CHOSEN)
    if not computed.is_empty():
        layers.append(rows.bars(computed, "low", "high", theme.FORETOLD["80 %"]))
    layers += rows.hatched(chosen, "low", "high", theme.FORETOLD["q50"])
    layers += _ends(rows, frame) + rows.named()
    name = title or f"{explanation.meta['platform_title']}: what it hangs on"
    under = ". ".join(
        part
        for part in (
            f"The plan changes people {KINDS[kind]} by {signed(point)} (the line); each bar moves "
            "one assumption from end to end, written at its ends",
            "Hatched: a range that someone chose" if not chosen.is_empty() else "",
            "Filled: an interval, its middle 90 %" if not computed.is_empty() else "",
            f"The first {len(shown)} of {len(found)}" if len(found) > len(shown) else "",
            subtitle,
        )
        if part
    )
    return theme.dressed(
        layers,
        width=width,
        height=rows.height,
        title=theme.title(name, under, width),
        description=_said(frame, f"{name}. {under}"),
    )


def _ends(rows: Rows, frame: pl.DataFrame) -> list[alt.Chart]:
    """The assumption's own values, outside the two ends of its bar."""
    rising = frame["low"] <= frame["high"]
    found: list[alt.Chart] = []
    for column, text, flips in (("low", "at_low", ~rising), ("high", "at_high", rising)):
        for right, own in ((True, frame.filter(flips)), (False, frame.filter(~flips))):
            if not own.is_empty():
                found += rows.says(
                    own.select("row", column, text), column, text, fontSize=11,
                    align="left" if right else "right", dx=5 if right else -5,
                )  # fmt: skip
    return found


def _number(value: float) -> str:
    """A value of an assumption in three figures, with a true minus.

    >>> _number(0.9000000000000001), _number(-0.069), _number(12345.6)
    ('0.9', '−0.069', '12,300')
    """
    return f"{float(f'{value:.3g}'):,g}".replace("-", "−")


def _named(name: str, numbers: int) -> str:
    """An assumption in words.

    >>> _named("cash-bail: compliance", 1), _named("returns", 42)
    ('cash bail: compliance', 'returns (42 numbers)')
    """
    return name.replace("-", " ") + (f" ({numbers} numbers)" if numbers > 1 else "")


def _said(frame: pl.DataFrame, title: str) -> str:
    """What the chart shows, for somebody who does not see it."""
    lines = [
        f"{row['name']}, {row['label']} {row['at_low']} to {row['at_high']}: "
        f"{signed(row['low'])} to {signed(row['high'])}"
        for row in frame.iter_rows(named=True)
    ]
    return f"{title.rstrip('.')}. {'. '.join(lines)}."
