"""How unequally people are held: level, ratio and difference, never one alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from remand.errors import InputError
from remand.present import theme
from remand.present.plans import HIGH, KINDS, LOW, Plan, assumed, day, of_kind, plans
from remand.present.plans import shown as told
from remand.present.rows import Rows
from remand.runs.run import Run

WITHHELD = "withheld: fewer than 30 of one of the two"
POOLED = "pooled range, not this county's ratio"
NO_BIAS = "Unequal rates do not say why they are unequal"


def disparity(
    run: Run,
    *,
    kind: str = "jail",
    date: dt.date | None = None,
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.ConcatChart:
    """Rates of the two levels compared, their ratio and their difference, a row a scenario.

    A thin line reaches to the bounds that remain where some people's level is not known; a bar is
    the 90 % band, filled if computed and outlined if it holds a range someone chose. A ratio that
    is withheld stays so: the row says why, and shows the pooled range, marked as such.

    Args:
        run: compared ``by`` the axis of the model's disparity; else the level is everyone's.
        kind: of custody.
        date: the window shown, by its first day; by default the last of the series.
        title: the place and who are compared, by default.
        subtitle: the source and its date.
        width: of the chart in pixels; below 480, the three stand below each other.

    Raises InputError where the run has no disparity of that kind, or not that window.
    """
    shown = Shown.of(run, kind, date)
    names = tuple(plan.label for plan in shown.plans)
    beside = width >= theme.ROOM
    gutter = 170 if beside else None
    spacing, leader = 26, gutter or 0
    each = (width - leader - 2 * spacing) // 3 if beside else width
    level = Rows(names, *_span(shown.rates, 0.0),
                 leader + each, bar=14, gutter=gutter, over=14)  # fmt: skip
    panels = [_levels(level, shown)]
    for quantity, name, equal, form in (
        ("disparity_ratio", "Ratio of the rates", 1.0, ".1f"),
        ("disparity_difference", "Difference of the rates", 0.0, ",d"),
    ):
        low, high = _span(shown.ends(quantity), equal)
        silent = not any(value is not None for value in shown.ends(quantity))
        rows = Rows(names, low, high, each, bar=14, form=form, leader=level if beside else None,
                    over=14, silent=silent)  # fmt: skip
        panels.append(_compared(rows, shown, quantity, name, equal))
    of, to = shown.of_to
    text = title or f"{run.meta['title']}: {of} and {to} people {KINDS[kind]}"
    under = shown.under(subtitle)
    return theme.together(
        panels,
        3 if beside else 1,
        spacing,
        title=theme.title(text, under, width),
        description=shown.said(f"{text}. {under}"),
    )


@dataclass(frozen=True)
class Shown:
    """One window of a run's disparity: plans, and rows of each quantity by plan."""

    run: Run
    plans: list[Plan]
    date: dt.date
    rows: dict[str, dict[str, dict[str, Any]]]
    levels: list[dict[str, Any]]
    of_to: tuple[str, str]

    @classmethod
    def of(cls, run: Run, kind: str, date: dt.date | None) -> Shown:
        """Raises InputError as `disparity` says."""
        ratio = of_kind(run, "disparity_ratio", kind)
        asked = date or max(ratio["date"])
        if asked not in set(ratio["date"]):
            raise InputError.of(
                f"the run has no window that begins on {asked}",
                fix=f"give one of its dates, {min(ratio['date'])} to {max(ratio['date'])}",
            )
        own = told(run.series.filter(date=asked, kind=kind))
        rows = {
            name: {row["scenario"]: row for row in own.filter(quantity=name).iter_rows(named=True)}
            for name in ("disparity_ratio", "disparity_difference", "disparity_pooled")
        }
        model = run.scenarios[0].base.disparity
        assert model is not None  # noqa: S101 - there is a ratio
        named = [plan for plan in plans(run) if plan.name in rows["disparity_ratio"]]
        levels = []
        others = [a for a in (*run.meta["by"], "state", "status")
                  if a in own.columns and a != model.axis]  # fmt: skip
        rates = own.filter(quantity="rate").filter(
            pl.lit(True), *(pl.col(a).is_null() for a in others)
        )
        for i, plan in enumerate(named):
            rate = rates.filter(scenario=plan.name)
            if model.axis in rate.columns:
                by = dict(rate.select(model.axis, "mean").iter_rows())
            else:
                by = {None: rate["mean"].first()}
            one = {"row": i, "plan": plan.label, "of": by.get(model.of), "to": by.get(model.to)}
            levels.append(one | {"all": by.get(None)})
        return cls(run, named, asked, rows, levels, (model.of, model.to))

    @property
    def by_level(self) -> bool:
        """Whether rates of the two levels are there; else only everyone's."""
        return any(None not in (row["of"], row["to"]) for row in self.levels)

    @property
    def rates(self) -> list[float | None]:
        """Every rate that is drawn."""
        sides = ("of", "to") if self.by_level else ("all",)
        return [row[side] for row in self.levels for side in sides]

    def ends(self, quantity: str) -> list[float | None]:
        """Every value of a quantity that is drawn."""
        found = self.rows[quantity].values()
        ends = [row[c] for row in found for c in ("mean", "low", "high", LOW, HIGH)]
        if quantity == "disparity_ratio":
            ends += [row[c] for row in self.pooled.values() for c in (LOW, HIGH)]
        return ends

    def under(self, subtitle: str) -> str:
        """What must be said with the figures."""
        row = next(iter(self.rows["disparity_ratio"].values()))
        every = self.run.meta["every"]
        when = f"{self.date}" if every == "day" else f"Mean of the {every} from {self.date}"
        parts = [f"{when}; rates per 100,000 {row['denominator']}"]
        if ";" in (row["basis"] or "") and any(r["low"] is not None for r in self._ratios):
            parts.append(f"Thin lines: {row['basis'].partition('; ')[2]}")
        if any(r[LOW] is not None for r in self._ratios):
            how = "Outlined" if assumed(self.run) else "Filled"
            parts.append(f"{how} bars: the 90 % {self.run.meta.get('band', 'band of chance')}")
        if any(r["mean"] is None for r in self._ratios):
            parts.append(f"Ratio and difference {WITHHELD}")
        if self.pooled:
            parts.append(f"Dotted: a {POOLED}")
        parts += [NO_BIAS, subtitle]
        return ". ".join(part for part in parts if part)

    @property
    def pooled(self) -> dict[str, dict[str, Any]]:
        """Pooled ranges by plan, where a ratio is withheld."""
        found = self.rows["disparity_pooled"].items()
        return {name: row for name, row in found if row[LOW] is not None}

    @property
    def _ratios(self) -> list[dict[str, Any]]:
        return list(self.rows["disparity_ratio"].values())

    def said(self, title: str) -> str:
        """What the chart shows, for somebody who does not see it."""
        of, to = self.of_to
        lines = []
        for plan, level in zip(self.plans, self.levels, strict=True):
            sides = ((of, "of"), (to, "to")) if self.by_level else (("everyone", "all"),)
            rates = [f"{name} {level[side]:,.0f}" for name, side in sides
                     if level[side] is not None]  # fmt: skip
            parts = [f"per 100,000: {', '.join(rates) or 'hidden'}"]
            for quantity, name, form in (
                ("disparity_ratio", "ratio", ".1f"),
                ("disparity_difference", "difference", ",.0f"),
            ):
                row = self.rows[quantity][plan.name]
                if row["mean"] is None:
                    parts.append(f"{name} {WITHHELD}")
                    continue
                bounds = ""
                if row["low"] is not None and row["low"] < row["high"]:
                    bounds = f" (between {row['low']:{form}} and {row['high']:{form}})"
                parts.append(f"{name} {row['mean']:{form}}{bounds}")
            wide = self.pooled.get(plan.name)
            if wide is not None:
                parts.append(f"{wide[LOW]:g}–{wide[HIGH]:g}, {wide['band']}. {wide['basis']}")
            lines.append(f"{plan.label}: {'; '.join(parts)}")
        return f"{title.rstrip('.')}. {day(self.date)}. {'. '.join(lines)}."


def _span(values: list[float | None], equal: float) -> tuple[float, float]:
    """Where an axis begins and ends, that of no difference among it."""
    known = [equal, *(value for value in values if value is not None)]
    low, high = min(known), max(known)
    margin = 0.08 * (high - low) or 1.0
    return (low if low == equal and equal == 0 else low - margin), high + margin


def _levels(rows: Rows, shown: Shown) -> alt.LayerChart:
    """Two dots a row, with their rates; or everyone's, where the run is not by that axis."""
    of, to = shown.of_to
    frame = pl.DataFrame(
        shown.levels, schema_overrides=dict.fromkeys(("of", "to", "all"), pl.Float64)
    )
    layers: list[alt.Chart] = []
    if shown.by_level:
        both = frame.drop_nulls(["of", "to"]).select("row", "plan", "of", "to")
        layers.append(rows.links(both, "to", "of", theme.QUIET))
        name = f"Held per 100,000: {of} ●, {to} ○"
        sides = [("to", False), ("of", True)]
    else:
        name, sides = "Held per 100,000: everyone", [("all", True)]
    for side, filled in sides:
        own = frame.drop_nulls(side).select(
            "row", "plan", side, says=pl.col(side).map_elements(_whole, return_dtype=pl.String)
        )
        ink = {"fill": theme.INK} if filled else {"fill": "white"}
        layers.append(rows.dots(own, side, theme.INK, stroke=theme.INK, strokeWidth=1.5, **ink))
        layers += rows.figures(own, side, "says")
        hidden = frame.filter(pl.col(side).is_null()).select("row", at=pl.lit(rows.low),
                                                             says=pl.lit("hidden"))  # fmt: skip
        if side != "to":
            layers += rows.says(hidden, "at", "says", align="left", dx=4, fontSize=11)
    layers += rows.named()
    return _panel(rows, layers, name)


def _compared(rows: Rows, shown: Shown, quantity: str, name: str, equal: float) -> alt.LayerChart:
    """A dot, its band and its bounds a row; or why there is none."""
    form = ".1f" if quantity == "disparity_ratio" else ",.0f"
    told = [
        {"row": i, "plan": plan.label, "value": row["mean"], "low": row["low"],
         "high": row["high"], "from": row[LOW], "to": row[HIGH],
         "says": None if row["mean"] is None else f"{row['mean']:{form}}"}
        for i, plan in enumerate(shown.plans)
        for row in [shown.rows[quantity][plan.name]]
    ]  # fmt: skip
    numbers = ("value", "low", "high", "from", "to")
    frame = pl.DataFrame(told, schema_overrides=dict.fromkeys(numbers, pl.Float64))
    seen = frame.drop_nulls("value")
    layers: list[alt.Chart] = [rows.mark(equal, theme.QUIET, (3, 2))]
    bounds = seen.drop_nulls(["low", "high"]).select("row", "plan", "low", "high")
    layers.append(rows.links(bounds, "low", "high", theme.QUIET, 1.4))
    banded = seen.drop_nulls(["from", "to"]).select("row", "plan", "from", "to")
    if not banded.is_empty():
        layers += (
            rows.hatched(banded, "from", "to", theme.FORETOLD["q50"])
            if assumed(shown.run)
            else [rows.bars(banded, "from", "to", theme.FORETOLD["80 %"], (0.15, 0.85))]
        )
    values = seen.select("row", "plan", "value", "says")
    layers.append(rows.dots(values, "value", theme.INK))
    layers += rows.figures(values, "value", "says")
    layers += _withheld(rows, shown, frame, quantity)
    if rows.leader is None:
        layers += rows.named()
    return _panel(rows, layers, f"{name} (equal: {equal:g})")


def _withheld(rows: Rows, shown: Shown, frame: pl.DataFrame, quantity: str) -> list[alt.Chart]:
    """That a row has no dot, and the pooled range in its place, if there is one."""
    found: list[alt.Chart] = []
    pooled = shown.pooled if quantity == "disparity_ratio" else {}
    for i in frame.filter(pl.col("value").is_null())["row"]:
        wide = pooled.get(shown.plans[i].name)
        if wide is None:
            none = pl.DataFrame(
                {"row": [i], "at": [rows.low], "says": [WITHHELD.partition(":")[0]]}
            )
            found += rows.says(none, "at", "says", align="left", dx=4, fontSize=11)
            continue
        ends = f"{wide[LOW]:g}–{wide[HIGH]:g} pooled"
        own = pl.DataFrame({"row": [i], "from": [wide[LOW]], "to": [wide[HIGH]], "says": [ends]})
        found.append(rows.links(own, "from", "to", theme.QUIET, 2, (2, 3)))
        found += rows.says(own, "from", "says", -8 / rows.bar, align="left", fontSize=11)
    return found


def _panel(rows: Rows, layers: list[alt.Chart], name: str) -> alt.LayerChart:
    return theme.panel(layers, name, rows.width, rows.height)


def _whole(value: float) -> str:
    return f"{value:,.0f}"
