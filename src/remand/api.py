"""The verbs of the library: what the command line calls too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from remand.engine.compile import compile_model
from remand.engine.expected import Path as SolvedPath
from remand.engine.expected import solve as solve_kernel
from remand.errors import InputError
from remand.files import read_model, read_scenario
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.outcomes.figures import QUANTITIES
from remand.outcomes.windows import Every
from remand.runs.compare import NO_CHANGE, compare_scenarios
from remand.runs.run import Run

Day = dt.date | str


def compare(
    model: Model | str,
    platforms: Sequence[Platform | str | Path],
    until: Day,
    since: Day | None = None,
    every: Every = "month",
    by: str | Sequence[str] = (),
    quantities: Sequence[str] = QUANTITIES,
    *,
    whole: bool = True,
    bands: Literal["all", "last"] = "all",
) -> Run:
    """Run a model under each platform and compare.

    Args:
        model: a model, a shipped name, or a path.
        platforms: platforms, shipped names or paths; ``NAME#POLICY`` keeps a single policy. If
            none of them is empty, what they are measured against is added in front: the platform
            they all come after, or else the model with no change.
        until: the day after the last, exclusive.
        since: the first day figures are given for; the run itself begins at the model's start.
        every: ``day``, ``week``, ``month`` or ``year``.
        by: axes of the model, ``state`` or ``status``; several are crossed.
        quantities: which figures to work out (all of them by default).
        whole: also summarise the whole period and its differences.
        bands: a band of chance for all windows, or (quicker) for the last one only.

    Raises:
        InputError: with every problem found, if any input is wrong.
        Refusal: if a policy couples people, which the exact engine cannot answer.
    """
    spec = read_model(model) if isinstance(model, str) else model
    scenarios = [read_scenario(p, spec) for p in platforms]
    if all(s.platform.policies or s.after for s in scenarios):
        chains = {s.after: s.chain[:-1] for s in scenarios}
        shared = next(iter(chains.values())) if len(chains) == 1 else ()
        scenarios = [Scenario.of(spec, shared or [NO_CHANGE]), *scenarios]
    axes = (by,) if isinstance(by, str) else tuple(by)
    return compare_scenarios(
        scenarios,
        _day(until),
        None if since is None else _day(since),
        every,
        axes,
        quantities,
        whole=whole,
        bands=bands,
    )


def solve(model: Model | str, until: Day) -> SolvedPath:
    """Expected people and flows of a model at every step before ``until``, exactly.

    Raises InputError or Refusal as `compare` does.
    """
    spec = read_model(model) if isinstance(model, str) else model
    return solve_kernel(compile_model(spec, _day(until)))


def _day(day: Day) -> dt.date:
    if isinstance(day, dt.date):
        return day
    try:
        return dt.date.fromisoformat(day)
    except ValueError:
        raise InputError.of(f"'{day}' is not a date", fix="write 2018-02-21", value=day) from None
