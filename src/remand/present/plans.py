"""A run as charts draw it: its plans in order, what they are called, their people, their bands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from remand.errors import InputError, did_you_mean
from remand.present import theme
from remand.runs.run import Run

LOW, HIGH = "q05", "q95"
"""Ends of a band, as everywhere the program says one: nine in ten."""

FIGURES = ("mean", "sd", "q025", "q05", "q10", "q50", "q90", "q95", "q975", "low", "high")
"""Columns of rows that tell of people."""

KINDS = {"booking": "in booking", "jail": "in jail", "prison": "in prison",
         "supervision": "under supervision", "community": "in the community"}  # fmt: skip
"""Where people of a kind are, in words."""


@dataclass(frozen=True)
class Plan:
    """One scenario of a run.

    Attributes:
        name: what commands call it.
        label: what charts call it.
        look: how its line looks.
    """

    name: str
    label: str
    look: theme.Look


def plans(run: Run) -> list[Plan]:
    """The base first, then the others by name; a run that supposes perfect compliance is said.

    The base is the scenario that changes nothing, or else the run's first.
    """
    bare = [s for s in run.scenarios if not any(p.policies for p in s.chain)]
    base = bare[0] if bare else run.scenarios[0]
    others = [scenario for scenario in run.scenarios if scenario is not base]
    ordered = [base, *sorted(others, key=lambda scenario: scenario.name)]
    titles = [scenario.platform.title for scenario in ordered]
    found = []
    for scenario, look in zip(ordered, theme.plans(len(ordered)), strict=True):
        title = scenario.platform.title
        label = title if titles.count(title) == 1 else f"{title} ({scenario.name})"
        own = scenario.platform.policies
        if any(policy.compliance.ceiling and policy.edits for policy in own):
            label += ": a ceiling, kept by everyone"
        found.append(Plan(scenario.name, label, look))
    return found


def assumed(run: Run) -> bool:
    """Whether the run's bands hold a range that someone chose."""
    return run.meta.get("band") == "assumption range"


def bands(run: Run, *, along: bool = True) -> str:
    """What the bands of a run are and how they are drawn: ``along`` a line, or at its end."""
    chosen = assumed(run)
    area, bar = ("Hatched", "Outlined bars") if chosen else ("Filled", "Filled bars")
    return f"{area if along else bar}: the 90 % {run.meta.get('band', 'band')}, {run.meta['bands']}"


def shown(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows without any figure that is suppressed, whoever made them: what charts may hold."""
    figures = [c for c in FIGURES if c in frame.columns]
    return frame.with_columns(pl.when(~pl.col("suppressed")).then(c).alias(c) for c in figures)


def of_kind(run: Run, quantity: str, kind: str, axis: str | None = None) -> pl.DataFrame:
    """Rows of one quantity of a kind in total, or by one axis, in the run's order.

    Raises InputError if there are none.
    """
    frame = shown(run.series.filter(quantity=quantity, kind=kind))
    others = [a for a in (*run.meta["by"], "state", "status") if a in frame.columns and a != axis]
    frame = frame.filter(pl.all_horizontal(pl.col(a).is_null() for a in others) if others else True)
    if axis is not None:
        if axis not in frame.columns:
            raise InputError.of(
                f"the run is not by '{axis}'",
                fix=did_you_mean(axis, run.meta["by"]) if run.meta["by"]
                else f"compare with by=['{axis}']",
            )  # fmt: skip
        frame = frame.filter(pl.col(axis).is_not_null())
    if frame.is_empty():
        kinds = run.series.filter(quantity=quantity)["kind"].drop_nulls().unique().to_list()
        raise InputError.of(
            f"the run has no {quantity.replace('_', ' ')} of '{kind}'",
            fix=did_you_mean(kind, kinds) if kinds else f"ask for the quantity {quantity}",
        )
    return frame


def placed(run: Run, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows at the middle of the window they are means of: ``date`` is moved, nothing else."""
    starts = sorted(run.series["date"].unique())
    ends = [*starts[1:], dt.date.fromisoformat(run.meta["to"])]
    middle = {a: a + (b - a) // 2 for a, b in zip(starts, ends, strict=True)}
    return frame.with_columns(pl.col("date").replace_strict(middle, return_dtype=pl.Date))


def window(run: Run) -> str:
    """What each value is: ``means of each month``."""
    every = run.meta["every"]
    return "each day" if every == "day" else f"means of each {every}"


def people(value: float) -> str:
    """People in whole numbers, to the ten above a thousand.

    >>> people(7556.4), people(88.8)
    ('7,560', '89')
    """
    return f"{round(value, -1 if value >= 1000 else 0):,.0f}"


def day(date: dt.date) -> str:
    """A date as one says it.

    >>> day(dt.date(2020, 1, 2))
    '2 January 2020'
    """
    return f"{date.day} {date:%B %Y}"
