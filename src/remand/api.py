"""The verbs of the library: what the command line calls too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from remand.engine.compile import compile_model
from remand.engine.expected import Path as SolvedPath
from remand.engine.expected import solve as solve_kernel
from remand.errors import InputError
from remand.files import read_model, read_scenario
from remand.fitting.synth import synth as draw_records
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.outcomes.figures import QUANTITIES
from remand.outcomes.windows import Every
from remand.runs.compare import NO_CHANGE, compare_scenarios
from remand.runs.engines import Engine
from remand.runs.histories import lives
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
    engine: Engine = "auto",
    replicates: int = 200,
    seed: int = 0,
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
        bands: a band of chance for all windows, or (quicker, if exact) for the last one only.
        engine: ``exact``, ``sampled``, or ``auto``: exact unless a policy couples people.
        replicates: how often chance is drawn, if it is; every scenario meets the same chance.
        seed: which chance; the same seed gives the same digits.

    Raises:
        InputError: with every problem found, if any input is wrong.
        Refusal: if a policy couples people, and the exact engine is asked for.
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
        engine=engine,
        replicates=replicates,
        seed=seed,
    )


def simulate(
    model: Model | str,
    platform: Platform | str | Path | None = None,
    *,
    until: Day,
    since: Day | None = None,
    every: Every = "month",
    by: str | Sequence[str] = (),
    quantities: Sequence[str] = QUANTITIES,
    replicates: int = 200,
    seed: int = 0,
) -> Run:
    """Draw the people of one scenario by chance: a model as it is, or under a platform.

    Arguments, figures and errors are those of `compare`; there is nothing to subtract.
    """
    return compare_scenarios(
        [_scenario(model, platform)],
        _day(until),
        None if since is None else _day(since),
        every,
        (by,) if isinstance(by, str) else tuple(by),
        quantities,
        engine="sampled",
        replicates=replicates,
        seed=seed,
    )


def histories(
    model: Model | str,
    platform: Platform | str | Path | None = None,
    *,
    until: Day,
    replicate: int = 0,
    seed: int = 0,
) -> pl.DataFrame:
    """The lives of the people whom `simulate` counts in one replicate, one row an event.

    Columns: person, date, from (null for those inside at the start, ``outside`` for arrivals),
    to (``gone`` for those who leave for good), the model's axes, and synthetic (always true:
    nobody in it exists). Raises InputError as `compare` does.
    """
    return lives(_scenario(model, platform), _day(until), seed, replicate)


def _scenario(model: Model | str, platform: Platform | str | Path | None) -> Scenario:
    spec = read_model(model) if isinstance(model, str) else model
    return Scenario.of(spec, [NO_CHANGE]) if platform is None else read_scenario(platform, spec)


def synth(
    model: Model | str, since: Day | None = None, until: Day | None = None, seed: int = 0
) -> pl.DataFrame:
    """Synthetic booking records: one row a stay in jail of the people `simulate` counts first.

    The period is half-open; by default a year from the model's start. Columns and errors:
    `remand.fitting.synth`. Nobody in them exists: ``synthetic`` is true in every row.
    """
    spec = read_model(model) if isinstance(model, str) else model
    first, last = (None if day is None else _day(day) for day in (since, until))
    return draw_records(spec, first, last, seed).bookings


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
