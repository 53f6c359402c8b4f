"""How far ahead a forecast is any good: its record by steps ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from remand.errors import InputError
from remand.evidence.backtest.backtest import Record
from remand.evidence.backtest.tried import OWN
from remand.present import theme
from remand.present.marks import apart, dashed, stroke, words

RIVALS = tuple(theme.Look("#7a7a7a", dash) for dash in ((), (7, 3), (2, 2), (7, 3, 2, 3), (12, 3)))
"""The lines of what must be beaten: one grey, five dashes."""

COLUMNS = ("horizon", "model", "mase", "coverage_80", "coverage_95")
HEIGHT, SPACING = 220, 34


def horizon(
    record: Record,
    *,
    title: str = "How far ahead it is any good",
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.ConcatChart:
    """Errors of the program and its rivals by steps ahead, and what its bands covered.

    At the left the mean scaled error (1 is a naive forecast one step or season ahead; R. Hyndman &
    A. Koehler, *International Journal of Forecasting* 22, 2006): lower is better. At the right the
    shares of what came that lay within the program's bands, beside those that should have.

    Args:
        record: of `remand.backtest`.
        title: what is shown.
        subtitle: the source and its date.
        width: of both charts together in pixels; below 480 they stand below each other.

    Raises InputError for a record without scores by steps ahead.
    """
    frame = record.by_horizon
    if lacking := [column for column in COLUMNS if column not in frame.columns]:
        raise InputError.of(
            f"the record has no {', '.join(lacking)} by steps ahead", fix="run the backtest again"
        )
    if frame["mase"].null_count() == frame.height:
        raise InputError.of("the record scores no step ahead", fix="give a longer file")
    beside = width >= theme.ROOM
    label = 122
    left = (width - SPACING - label - 62) * 3 // 5 if beside else width - label
    right = (width - SPACING - label - 62) * 2 // 5 if beside else width - label
    until = None if record.skill is None else record.skill.skill_until
    step = record.meta["step"]
    last = int(frame["horizon"].max())  # type: ignore[arg-type]
    errors = Steps(1 if last > 1 else 0, last, 0.0, 1.08 * float(frame["mase"].max()), left)  # type: ignore[arg-type]
    shares = Steps(errors.first, last, 0.0, 1.0, right)
    panels = [
        _errors(errors, frame, until, f"Mean scaled error, by {step}s ahead"),
        _coverage(shares, frame, until, "Share that came within its bands"),
    ]
    meta = record.meta
    made = f"{meta['file']}: {meta['scored']:,} forecasts, each by what was known then"
    ends = "" if record.skill is None else record.skill.says.rstrip(".")
    aim = "At the right, dashed lines are the shares that should have"
    under = ". ".join(part for part in (made, ends, aim, subtitle) if part)
    return theme.together(
        panels,
        2 if beside else 1,
        SPACING,
        title=theme.title(title, under, width),
        description=_said(frame, f"{title}. {under}", step),
    )


@dataclass(frozen=True)
class Steps:
    """Steps ahead by a score, in pixels."""

    first: int
    last: int
    low: float
    high: float
    width: int

    def line(self, frame: pl.DataFrame, column: str, look: theme.Look, thick: float) -> alt.Chart:
        """A line of a score."""
        points: dict[str, Any] = (
            {"point": {"color": look.colour, "size": 22}} if frame.height == 1 else {}
        )
        mark = alt.MarkDef(
            "line", color=look.colour, strokeWidth=thick, **dashed(look.dash), **points
        )
        values = frame.select("horizon", "model", score=column)
        return alt.Chart(values, mark=mark).encode(x=self.x, y=self.y)

    def level(self, score: float) -> alt.Chart:
        """A dashed line at a score."""
        mark = alt.MarkDef("rule", color=theme.QUIET, strokeDash=[4, 3], strokeWidth=1)
        return alt.Chart(pl.DataFrame({"score": [score]}), mark=mark).encode(y=self.y)

    def rule(self, at: int) -> alt.Chart:
        """A dashed line at a step."""
        mark = alt.MarkDef("rule", color=theme.QUIET, strokeDash=[4, 3], strokeWidth=1)
        return alt.Chart(pl.DataFrame({"horizon": [at]}), mark=mark).encode(x=self.x)

    def across(self, step: float) -> float:
        """Pixels from the left."""
        return (step - self.first) / max(self.last - self.first, 1) * self.width

    def down(self, score: float) -> float:
        """Pixels from the top."""
        return (self.high - score) / (self.high - self.low) * HEIGHT

    @property
    def x(self) -> alt.X:
        """Steps, whole."""
        return alt.X(
            "horizon:Q",
            title=None,
            scale=alt.Scale(domain=[self.first, self.last], nice=False, zero=False),
            axis=alt.Axis(
                grid=False, format="d", tickMinStep=1, tickCount=max(2, self.width // 50)
            ),
        )

    @property
    def y(self) -> alt.Y:
        """The score."""
        form = ".0%" if self.high == 1.0 else ".1f"
        return alt.Y(
            "score:Q",
            title=None,
            scale=alt.Scale(domain=[self.low, self.high], nice=False),
            axis=alt.Axis(format=form, tickCount=5, domain=False, ticks=False, labelPadding=6),
        )


def _errors(steps: Steps, frame: pl.DataFrame, until: int | None, name: str) -> alt.LayerChart:
    """A line a model, the program's in colour, with its name at the end."""
    models = frame["model"].unique(maintain_order=True).to_list()
    rivals = [model for model in models if model != OWN]
    looks = {OWN: theme.Look(theme.FORETOLD["q50"])}
    looks |= {model: RIVALS[i % len(RIVALS)] for i, model in enumerate(rivals)}
    layers = [steps.rule(until)] if until and until < steps.last else []
    ends = []
    for model in [*rivals, *(m for m in models if m == OWN)]:
        own = frame.filter(model=model).sort("horizon").drop_nulls("mase")
        if own.is_empty():
            continue
        layers.append(steps.line(own, "mase", looks[model], 2.6 if model == OWN else 1.5))
        ends.append((steps.down(own["mase"][-1]), model))
    layers += _named(steps, sorted(ends), looks)
    return theme.panel(layers, name, steps.width, HEIGHT)


def _named(
    steps: Steps, ends: Sequence[tuple[float, str]], looks: dict[str, theme.Look]
) -> list[alt.Chart]:
    """Names beside the ends of the lines."""
    heights = apart([at for at, _ in ends], theme.LINE, 0, HEIGHT)
    return [
        layer
        for (_, model), y in zip(ends, heights, strict=True)
        for layer in (
            stroke(steps.width + 6, y, steps.width + 26, y, looks[model]),
            *words(
                steps.width + 31, y, [model], align="left",
                color=looks[model].colour if model == OWN else theme.QUIET,
                fontWeight=600 if model == OWN else "normal",
            ),
        )
    ]  # fmt: skip


def _coverage(steps: Steps, frame: pl.DataFrame, until: int | None, name: str) -> alt.LayerChart:
    """How often what came lay within the program's bands, and how often it should have."""
    models = frame["model"].to_list()
    own = frame.filter(model=OWN if OWN in models else models[0]).sort("horizon")
    layers = [steps.rule(until)] if until and until < steps.last else []
    ends = []
    wide, narrow = theme.Look(theme.FORETOLD["q50"]), theme.Look(theme.FORETOLD["80 %"], (7, 3))
    for column, aim, look in (("coverage_95", 0.95, wide), ("coverage_80", 0.80, narrow)):
        layers += [steps.level(aim), steps.line(own, column, look, 2.2)]
        ends.append((steps.down(own[column][-1]), f"{aim:.0%} band".replace("%", " %")))
    heights = apart([at for at, _ in sorted(ends)], theme.LINE, 0, HEIGHT)
    for (_, text), y in zip(sorted(ends), heights, strict=True):
        layers += words(steps.width + 6, y, [text], align="left")
    return theme.panel(layers, name, steps.width, HEIGHT)


def _said(frame: pl.DataFrame, title: str, step: str) -> str:
    """What the charts show, for somebody who does not see them."""
    lines = []
    for at in sorted({int(frame["horizon"].min()), int(frame["horizon"].max())}):  # type: ignore[arg-type]
        rows = frame.filter(horizon=at).iter_rows(named=True)
        lines.append(
            f"{at} {step}{'s' if at > 1 else ''} ahead, mean scaled error: "
            + ", ".join(f"{row['model']} {row['mase']:.2f}" for row in rows)
        )
    own = {c: sorted(frame.filter(model=OWN)[c]) for c in ("coverage_80", "coverage_95")}
    if own["coverage_80"]:
        lines.append(
            f"Its 80 % band held {own['coverage_80'][0]:.0%} to {own['coverage_80'][-1]:.0%} "
            f"of what came, its 95 % band {own['coverage_95'][0]:.0%} to "
            f"{own['coverage_95'][-1]:.0%}"
        )
    return f"{title.rstrip('.')}. {'. '.join(lines)}."
