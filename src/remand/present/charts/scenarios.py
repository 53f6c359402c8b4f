"""Plans side by side: what was counted, and people held ahead under each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import polars as pl

from remand.errors import InputError
from remand.present import theme
from remand.present.charts.ahead import NO_SKILL
from remand.present.marks import Plane, apart, axis, stroke, words
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

CROWD = 3
"""Plans up to which each has a band along its line; of more, it stands at the end alone."""

OPACITY = 0.28
"""Of an interval, so that the one below is seen."""


def scenarios(
    run: Run,
    history: pl.DataFrame | None = None,
    *,
    kind: str = "jail",
    capacity: float | None = None,
    skill_until: dt.date | None = None,
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
    height: int = 340,
) -> alt.LayerChart:
    """Counts, then a line and a 90 % band for each scenario, with their names at the right.

    A band that was computed is filled; one that holds a range someone chose is hatched, and the
    line under the title says so. Of more than three scenarios only the last bands are drawn, as
    bars at the right.

    Args:
        run: of `remand.compare`; its totals of people held in a kind are drawn.
        history: ``date`` and ``people``, null where nobody counted; by default the counts that the
            model's file holds, each a mean of its own period.
        kind: of custody.
        capacity: places, as a line with its name.
        skill_until: the first day from which a backtest found no skill; lines go on in grey.
        title: the place and what is counted, by default.
        subtitle: the source and its date.
        width: of the plot in pixels; `theme.PHONE` for a telephone's.
        height: of the plot in pixels.

    Raises InputError where the run has no people of that kind, or the history lacks a column.
    """
    rows = placed(run, of_kind(run, "population", kind)).drop_nulls("mean")
    lines = [Line(plan, rows.filter(scenario=plan.name)) for plan in plans(run)]
    lines = [line for line in lines if not line.rows.is_empty()]
    counted = _counted(run, history, kind)
    along = len(lines) <= CROWD and all(line.banded for line in lines)
    ends = [] if along else [line for line in lines if line.end[LOW] is not None]
    beside = 6 + 8 * len(ends) if ends else 0
    plot = width if width >= theme.ROOM else width - beside
    plane = _plane(rows, counted, capacity, plot, height)
    if skill_until is not None and skill_until > rows["date"].max():  # type: ignore[operator]
        skill_until = None
    layers: list[alt.Chart] = []
    for i, line in enumerate(lines):
        for part, look in line.parts(skill_until):
            if along:
                layers += _band(plane, part, look, i, chosen=assumed(run))
    layers += _capacity(plane, capacity)
    for line in lines:
        for part, look in line.parts(skill_until):
            layers.append(plane.line(part, "mean", look.colour, 2.4, look.dash))
    layers += _history(plane, counted)
    layers += _bars(plane, ends, chosen=assumed(run))
    if width >= theme.ROOM:
        layers += _named(plane, lines, plot + beside + 10)
    else:
        layers += _keyed(plane, lines, width)
    if skill_until is not None:
        layers += plane.skill_ends(skill_until, _drawn(rows, counted), NO_SKILL)
    name = title or f"{run.meta['title']}: people {KINDS.get(kind, f'in {kind}')}"
    legend = bands(run, along=along) if any(line.end[LOW] is not None for line in lines) else ""
    under = _under(f"People held, {window(run)}", plane.cut, legend, subtitle)
    return theme.dressed(
        layers,
        width=plot,
        height=height,
        title=theme.title(name, under, width + (190 if width >= theme.ROOM else 40)),
        description=_said(lines, counted, capacity, skill_until, f"{name}. {under}"),
    )


@dataclass(frozen=True)
class Line:
    """One plan and its rows by date."""

    plan: Plan
    rows: pl.DataFrame

    @property
    def end(self) -> dict[str, float]:
        """The last row."""
        return self.rows.row(-1, named=True)

    @property
    def banded(self) -> bool:
        """Whether there is a band at more than one date."""
        return bool(self.rows[LOW].is_not_null().sum() > 1)

    @property
    def ends(self) -> str:
        """The last people, with the band if there is one."""
        low, high = self.end[LOW], self.end[HIGH]
        band = "" if low is None else f" ({people(low)}–{people(high)})"
        return people(self.end["mean"]) + band

    def parts(self, skill_until: dt.date | None) -> list[tuple[pl.DataFrame, theme.Look]]:
        """The rows before the mark and beyond it, each with its look: grey where skill is spent."""
        look, spent = self.plan.look, theme.Look(theme.SPENT["q50"], self.plan.look.dash)
        if skill_until is None:
            return [(self.rows, look)]
        before = self.rows.filter(pl.col("date") <= skill_until)
        beyond = self.rows.filter(pl.col("date") > skill_until)
        if not before.is_empty():
            beyond = pl.concat([before.tail(1), beyond])
        return [(part, own) for part, own in ((before, look), (beyond, spent)) if part.height > 1]


@dataclass(frozen=True)
class Counts:
    """What was counted: day by day, or as means of periods (``date`` to ``until``)."""

    daily: pl.DataFrame
    means: pl.DataFrame

    @property
    def people(self) -> pl.Series:
        """All that was counted."""
        return pl.concat([self.daily["people"].drop_nulls(), self.means["people"]])


def _counted(run: Run, history: pl.DataFrame | None, kind: str) -> Counts:
    """The history given, or else the counts in the model's file."""
    schema = {"date": pl.Date, "until": pl.Date, "people": pl.Float64}
    if history is not None:
        if lacking := [c for c in ("date", "people") if c not in history.columns]:
            raise InputError.of(
                f"the history has no column {', '.join(lacking)}",
                fix="give it with columns date, people",
            )
        own = history.select("date", pl.col("people").cast(pl.Float64).fill_nan(None))
        return Counts(own.sort("date"), pl.DataFrame(schema=schema))
    known = [c for c in run.scenarios[0].base.counted if c.kind == kind]
    means = pl.DataFrame(
        {
            "date": [c.from_ for c in known],
            "until": [c.to for c in known],
            "people": [float(c.value) for c in known],
        },
        schema=schema,
    )
    return Counts(pl.DataFrame(schema={"date": pl.Date, "people": pl.Float64}), means)


def _plane(
    rows: pl.DataFrame, counted: Counts, capacity: float | None, width: int, height: int
) -> Plane:
    """Dates and people that hold everything drawn."""
    values = [*rows["mean"], *rows[LOW].drop_nulls(), *rows[HIGH].drop_nulls(), *counted.people]
    values += [] if capacity is None else [capacity]
    dates = [*rows["date"], *counted.daily["date"], *counted.means["date"]]
    last = max([*dates, *(d for d in counted.means["until"] if d <= rows["date"].max())])
    return Plane(min(dates), last, *axis(min(values), max(values)), width, height)


def _band(
    plane: Plane, part: pl.DataFrame, look: theme.Look, place: int, *, chosen: bool
) -> list[alt.Chart]:
    """A band along a line: filled if computed, hatched if somebody chose what it holds."""
    own = part.drop_nulls([LOW, HIGH])
    if chosen:
        return plane.hatched(own, LOW, HIGH, look.colour, (1, -1, 0)[place % 3])
    return [plane.band(own, LOW, HIGH, look.colour, OPACITY)]


def _bars(plane: Plane, lines: Sequence[Line], *, chosen: bool) -> list[alt.Chart]:
    """The last bands, side by side at the right of the plot: outlined if somebody chose them."""
    found = []
    for i, line in enumerate(_by_height(lines)):
        x = plane.width + 8 + 8 * i
        top, foot = (float(plane.down(line.end[c])) for c in (HIGH, LOW))  # type: ignore[arg-type]
        look = theme.Look(line.plan.look.colour)
        if not chosen:
            found.append(stroke(x, top, x, foot, look, 5))
            continue
        box = ((-2.5, top, -2.5, foot), (2.5, top, 2.5, foot), (-2.5, top, 2.5, top),
               (-2.5, foot, 2.5, foot))  # fmt: skip
        found += [stroke(x + a, b, x + c, d, look, 1.2) for a, b, c, d in box]
    return found


def _capacity(plane: Plane, capacity: float | None) -> list[alt.Chart]:
    """Places, and what the line is."""
    if capacity is None:
        return []
    y = float(plane.down(capacity))  # type: ignore[arg-type]
    text = [f"capacity {capacity:,.0f}"]
    return [
        plane.level(capacity, theme.INK, (1, 3)),
        *words(plane.width - 4, y - 9, text, align="right", color=theme.INK),
    ]


def _history(plane: Plane, counted: Counts) -> list[alt.Chart]:
    """What was counted, in ink, with its name where it begins."""
    layers = []
    first: tuple[float, float] | None = None
    if not counted.daily.drop_nulls().is_empty():
        layers.append(plane.line(counted.daily, "people", theme.INK, 1.8))
        begin = counted.daily.drop_nulls().row(0, named=True)
        first = plane.across(begin["date"]), begin["people"]
    elif not counted.means.is_empty():
        layers += plane.spans(counted.means, theme.INK)
        begin = counted.means.sort("date").row(0, named=True)
        first = plane.across(begin["date"]), begin["people"]
    if first is not None:
        y = max(float(plane.down(first[1])) - 12, 8)  # type: ignore[arg-type]
        layers += words(first[0] + 4, y, ["counted"], align="left", color=theme.INK)
    return layers


def _named(plane: Plane, lines: Sequence[Line], start: float) -> list[alt.Chart]:
    """Names and figures beside the ends of the lines, each with a sample of its line."""
    ordered = _by_height(lines)
    texts = [theme.wrapped(line.plan.label, 175) for line in ordered]
    tall = max(len(text) for text in texts) + 1
    if len(texts) * tall * theme.LINE > plane.height + 60:  # a crowd: names in one line
        texts, tall = [[line.plan.name] for line in ordered], 2
    gap = tall * theme.LINE + 3.0
    wished = [float(plane.down(line.end["mean"])) for line in ordered]  # type: ignore[arg-type]
    down = plane.height - (tall - 1) * theme.LINE
    heights = apart(wished, gap, min(8.0, down - gap * (len(texts) - 1)), max(down, 8.0))
    found = []
    for line, text, y in zip(ordered, texts, heights, strict=True):
        found.append(stroke(start, y, start + 26, y, line.plan.look))
        found += words(start + 32, y, text, align="left", color=theme.INK, fontWeight=600)
        found += words(start + 32, y + theme.LINE * len(text), [line.ends], align="left",
                       color=theme.QUIET)  # fmt: skip
    return found


def _by_height(lines: Sequence[Line]) -> list[Line]:
    """From the highest end down."""
    return sorted(lines, key=lambda line: -line.end["mean"])


def _keyed(plane: Plane, lines: Sequence[Line], width: int) -> list[alt.Chart]:
    """The same under the plot, where there is no room beside it."""
    found, y = [], plane.height + 44.0
    for line in lines:
        text = [*theme.wrapped(line.plan.label, width - 34), line.ends]
        found.append(stroke(0, y, 26, y, line.plan.look))
        found += words(32, y, text[:-1], align="left", color=theme.INK, fontWeight=600)
        found += words(32, y + theme.LINE * (len(text) - 1), text[-1:], align="left",
                       color=theme.QUIET)  # fmt: skip
        y += theme.LINE * len(text) + 5
    return found


def _drawn(rows: pl.DataFrame, counted: Counts) -> pl.DataFrame:
    """All that words must keep clear of."""
    own = rows.select(
        "date",
        low=pl.coalesce(LOW, "mean"),
        high=pl.coalesce(HIGH, "mean"),
    )
    daily = counted.daily.drop_nulls().select("date", low="people", high="people")
    return pl.concat([own, daily, counted.means.select("date", low="people", high="people")])


def _under(*parts: str) -> str:
    return ". ".join(part for part in parts if part)


def _said(
    lines: Sequence[Line],
    counted: Counts,
    capacity: float | None,
    skill_until: dt.date | None,
    title: str,
) -> str:
    """What the chart shows, for somebody who does not see it."""
    said = [title.rstrip(".")]
    told = counted.daily.drop_nulls()
    told = counted.means if told.is_empty() else told
    if not told.is_empty():
        first, last = told.row(0, named=True), told.sort("date").row(-1, named=True)
        said.append(
            f"Counted: {first['people']:,.0f} on {day(first['date'])}, {last['people']:,.0f} on "
            f"{day(last['date'])}"
            if "until" not in told.columns
            else f"Counted: {first['people']:,.0f} from {day(first['date'])}, "
            f"{last['people']:,.0f} from {day(last['date'])}"
        )
    for line in lines:
        first = line.rows.row(0, named=True)
        said.append(
            f"{line.plan.label}: {people(first['mean'])} about {day(first['date'])}, {line.ends} "
            f"about {day(line.rows['date'][-1])}"
        )
    if capacity is not None:
        said.append(f"Capacity is {capacity:,.0f}")
    if skill_until is not None:
        said.append(f"From {day(skill_until)} on lines are grey: {NO_SKILL}")
    return ". ".join(said) + "."
