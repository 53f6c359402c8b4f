"""Figures of a run, looked up by what they are of, and made into printed numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from remand.model.model import Model
from remand.model.platform import Scenario
from remand.present import words
from remand.present.said import Number, Said
from remand.runs.run import Run

Row = dict[str, Any]
Say = Callable[[float], str]

AHEAD = {12: "in one year", 24: "in two years"}
"""Months after the plans begin at which figures are shown."""


@dataclass(frozen=True)
class When:
    """One window of a run's series.

    Attributes:
        start, end: the days it covers, half-open.
        months: how many months after the plans begin it ends; None for others.
    """

    start: dt.date
    end: dt.date
    months: int | None = None

    @property
    def says(self) -> str:
        """Its date in words.

        >>> When(dt.date(2019, 12, 1), dt.date(2020, 1, 1)).says
        'December 2019'
        >>> When(dt.date(2019, 1, 1), dt.date(2020, 1, 1)).says
        '2019'
        """
        last = self.end - dt.timedelta(1)
        if last == self.start:
            return f"{last.day} {last:%B %Y}"
        if self.start.day == self.end.day == 1:
            months = 12 * (self.end.year - self.start.year) + self.end.month - self.start.month
            if months == 1:
                return f"{self.start:%B %Y}"
            if months == 12 and self.start.month == 1:
                return f"{self.start.year}"
        return f"{self.start.day} {self.start:%B %Y} to {last.day} {last:%B %Y}"


@dataclass(frozen=True)
class Figures:
    """A run's rows by scenario, quantity, place, group and date.

    Attributes:
        run: whose they are.
        kind: the kind of custody that headlines are of: jail, if the model has one.
    """

    run: Run
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        kinds = [kind for kind in self.model.kinds if kind != "community"]
        first = next((k for k in ("jail", "prison", "booking") if k in kinds), kinds[0])
        object.__setattr__(self, "kind", first)

    @property
    def model(self) -> Model:
        """The model all scenarios stand on."""
        return self.run.scenarios[0].base

    @property
    def base(self) -> Scenario:
        """What plans are measured against."""
        return self.run.scenarios[0]

    @cached_property
    def plans(self) -> tuple[Scenario, ...]:
        """The scenarios that are measured against the base, alphabetical by title."""
        return tuple(sorted(self.run.scenarios[1:], key=lambda s: titled(s).casefold()))

    @property
    def everyone(self) -> tuple[Scenario, ...]:
        """The base, then the plans."""
        return (self.base, *self.plans)

    def shown(self, *kinds: str) -> list[str]:
        """Those of some kinds that the model has."""
        return [kind for kind in kinds if kind in self.model.kinds]

    # -- dates ------------------------------------------------------------------------------

    @cached_property
    def windows(self) -> tuple[When, ...]:
        """The windows of the series."""
        starts = sorted(set(self.run.series["date"].to_list()))
        ends = [*starts[1:], dt.date.fromisoformat(self.run.meta["to"])]
        return tuple(When(start, end) for start, end in zip(starts, ends, strict=True))

    @cached_property
    def _begin(self) -> list[dt.date]:
        """The day each plan begins that does something, the earliest first."""
        last = self.windows[-1].end
        own = [[p.starts for p in s.platform.policies if p.edits] for s in self.plans]
        return sorted(day for starts in own if starts and (day := min(starts)) < last)

    @property
    def begins(self) -> dt.date:
        """The day the first of the plans begins, or else the first day of figures."""
        first = self.windows[0].start
        return max(first, self._begin[0]) if self._begin else first

    @property
    def all_begun(self) -> dt.date:
        """The day the last of the plans begins: what is looked at later sees all of them."""
        return max(self.begins, self._begin[-1]) if self._begin else self.begins

    @cached_property
    def now(self) -> When:
        """The last window before the plans begin, or else the first."""
        before = [w for w in self.windows if w.end <= self.begins]
        return before[-1] if before else self.windows[0]

    @cached_property
    def ahead(self) -> tuple[When, ...]:
        """The windows that end one and two years after all plans have begun.

        The last window stands in where the run ends before that.
        They have their months only where the plans begin within a month of each other.
        """
        together = (self.all_begun - self.begins).days <= 31
        found = []
        for months in AHEAD:
            day = months_after(self.all_begun, months)
            inside = [w for w in self.windows if w.start < day <= w.end]
            found += [When(w.start, w.end, months if together else None) for w in inside]
        end = self.windows[-1]
        if len(found) < len(AHEAD) and (not found or found[-1].start < end.start):
            found.append(end)
        return tuple(found)

    @property
    def last(self) -> When:
        """The later of them: where headlines look."""
        return self.ahead[-1]

    # -- rows -------------------------------------------------------------------------------

    @cached_property
    def _rows(self) -> dict[tuple[Any, ...], tuple[pl.DataFrame, int]]:
        """Where each row stands: of thousands, a page reads dozens."""
        axes = tuple(axis for axis in self.run.meta["by"] if axis in self.model.strata_axes)
        wanted = {"population", "rate", "admissions", "bed_days", "disparity_ratio",
                  "disparity_difference", "disparity_pooled", "stay_admission"}  # fmt: skip
        found: dict[tuple[Any, ...], tuple[pl.DataFrame, int]] = {}
        for frame, whole in ((self.run.series, False), (self.run.summary, True)):
            kept = frame.filter(frame["quantity"].is_in(wanted))

            def column(name: str, kept: pl.DataFrame = kept) -> list[Any]:
                return kept[name].to_list() if name in kept.columns else [None] * len(kept)

            places = zip(*(column(p) for p in ("kind", "state", "status")), strict=True)
            cells = zip(*map(column, axes), strict=True) if axes else [()] * len(kept)
            dates = [None] * len(kept) if whole else column("date")
            rows = zip(column("scenario"), column("quantity"), places, cells, dates, strict=True)
            found |= {key: (kept, i) for i, key in enumerate(rows)}
        return found

    def row(
        self,
        scenario: Scenario,
        quantity: str,
        when: When | None = None,
        *,
        kind: str | None = None,
        status: str | None = None,
        **cell: str,
    ) -> Row | None:
        """A row of one window, or of the whole period; of the first kind unless said."""
        place = (None if status else kind or self.kind, None, status)
        date = None if when is None else when.start
        axes = (axis for axis in self.run.meta["by"] if axis in self.model.strata_axes)
        group = tuple(cell.get(axis) for axis in axes)
        found = self._rows.get((scenario.name, quantity, place, group, date))
        return None if found is None else found[0].row(found[1], named=True)

    def number(self, row: Row, column: str, say: Say) -> Number:
        """A figure of a row, with its place."""
        return Number(f"{place_of(row)}/{column}", row[column], say(row[column]))

    def change(self, row: Row, base: Row, say: Say) -> Number:
        """What a row has more than the base's."""
        place = place_of(row).partition("/")
        path = f"{place[0]} less {base['scenario']}/{place[2]}/mean"
        value = row["mean"] - base["mean"]
        return Number(path, value, say(value))


def place_of(row: Row) -> str:
    """Where a row stands in its run, in one line."""
    told = {"unit", "band", "basis", "denominator", "suppressed", "mean", "sd", "low", "high"}
    own = ("scenario", "quantity", "kind", "state", "status", "date")
    axes = [f"{key} {value}" for key, value in row.items()
            if isinstance(value, str) and key not in {*told, *own}]  # fmt: skip
    where = next((row[p] for p in ("kind", "state", "status") if row.get(p)), "all")
    return "/".join([row["scenario"], row["quantity"], where, *axes, str(row["date"])])


def people(value: float) -> str:
    """A count without decimals."""
    return f"{value:,.0f}"


def cell(figures: Figures, row: Row | None, base: Row | None = None, say: Say = people) -> Said:
    """A figure, and below it its band and how it differs from the base's, if there are such."""
    if row is None:
        return Said.of("–")
    if row["mean"] is None:
        return Said.of(words.people(row))
    lines = [Said.of(figures.number(row, "mean", say))]
    if row.get("q05") is not None:
        low, high = (figures.number(row, end, say) for end in ("q05", "q95"))
        lines.append(Said.of(low, "–", high))
    if base is not None and base["mean"] is not None:
        lines.append(Said.of(figures.change(row, base, words.signed)))
    return Said.joined(lines, "\n")


def titled(scenario: Scenario) -> str:
    """What a scenario is called on a page."""
    answers = f", with {scenario.effects.name}" if scenario.effects and scenario.answers else ""
    return f"{scenario.platform.title}{answers}"


def ceiling(scenario: Scenario) -> bool:
    """Whether some promise of its own is taken as kept for everyone."""
    return any(p.compliance.ceiling and p.edits for p in scenario.platform.policies)


def months_after(day: dt.date, months: int) -> dt.date:
    """So many months after a day; the last of a month where that day is missing.

    >>> months_after(dt.date(2023, 12, 31), 2)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.month - 1 + months, 12)
    for last in range(day.day, 27, -1):
        try:
            return dt.date(day.year + year, month + 1, last)
        except ValueError:
            continue
    return dt.date(day.year + year, month + 1, day.day)
