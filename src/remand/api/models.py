"""Verbs that run a model: compare, simulate, explain, solve; and make one: starter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from remand.api.days import Day, day_of
from remand.engine.compile import compile_model
from remand.engine.expected import Path as SolvedPath
from remand.engine.expected import solve as solve_kernel
from remand.files import read_draws, read_model, read_scenario, with_effects
from remand.files.folder import write_folder
from remand.fitting.synth import synth as draw_records
from remand.model.effects import Effects
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.outcomes.figures import QUANTITIES
from remand.outcomes.windows import Every
from remand.runs.compare import NO_CHANGE, compare_scenarios
from remand.runs.engines import Engine
from remand.runs.explain import Explanation, explain_scenario
from remand.runs.histories import lives
from remand.runs.run import Run
from remand.runs.starter import Starter, first_model


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
    draws: int = 0,
    seed: int = 0,
    effects: Effects | str | Path | None = None,
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
        draws: how many worlds to draw every uncertain number for; 0 keeps each at its point.
        seed: which chance, or which worlds; the same seed gives the same digits.
        effects: how people may answer the policies: effects, a shipped name or a path. None of it
            is supposed unless asked for, and never of what holds no policy.

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
    if effects is not None:
        scenarios = [*with_effects(scenarios, effects)]
    axes = (by,) if isinstance(by, str) else tuple(by)
    return compare_scenarios(
        scenarios,
        day_of(until),
        None if since is None else day_of(since),
        every,
        axes,
        quantities,
        whole=whole,
        bands=bands,
        engine=engine,
        replicates=replicates,
        draws=draws,
        seed=seed,
        fit=read_draws(spec) if draws else None,
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
        day_of(until),
        None if since is None else day_of(since),
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
    return lives(_scenario(model, platform), day_of(until), seed, replicate)


def explain(
    model: Model | str,
    platform: Platform | str | Path,
    until: Day,
    since: Day | None = None,
    *,
    seed: int = 0,
) -> Explanation:
    """Take a platform apart: which policy does how much, through what, and what that hangs on.

    Args:
        model: a model, a shipped name, or a path.
        platform: a platform, a shipped name or a path; ``NAME#POLICY`` keeps a single policy. It
            is measured against the platforms it comes after.
        until: the day after the last, exclusive.
        since: the first day figures are means of; by default a year before ``until``.
        seed: which orders are drawn, where policies are too many to take them all.

    Returns:
        Each policy's part of the change in people held (``.parts``), which sum to it (``.total``);
        what each platform of the chain does in every order (``.turns``); and the assumptions, those
        that matter most first (``.assumptions``).

    Raises:
        InputError: with every problem found, if any input is wrong.
        Refusal: if a policy couples people.
    """
    spec = read_model(model) if isinstance(model, str) else model
    scenario = read_scenario(platform, spec)
    return explain_scenario(scenario, day_of(until), None if since is None else day_of(since), seed)


def solve(model: Model | str, until: Day) -> SolvedPath:
    """Expected people and flows of a model at every step before ``until``, exactly.

    Raises InputError or Refusal as `compare` does.
    """
    spec = read_model(model) if isinstance(model, str) else model
    return solve_kernel(compile_model(spec, day_of(until)))


def starter(
    adp: float | None = None,
    admissions: float | None = None,
    out: str | Path | None = None,
    *,
    pretrial: float | None = None,
    population: float | None = None,
    per: str | None = None,
    by_race: Mapping[str, float] | None = None,
    residents: Mapping[str, float] | None = None,
    capacity: float | None = None,
    title: str | None = None,
    as_of: Day | None = None,
    start: Day | None = None,
    source: str | None = None,
    file: str | Path | None = None,
    replace: bool = False,
) -> Starter:
    """A first model of a county from a handful of published figures.

    Args:
        adp: average daily population of one year.
        admissions: people admitted in it.
        out: the folder to write it to; without one nothing is written.
        pretrial: the share of people held before trial, above 0 and at most 1.
        population: residents, for rates.
        per: who those are (``residents (all ages)`` unless said).
        by_race: shares of people held by race, which sum to 1.
        residents: residents by race, of the same races.
        capacity: beds; only shown.
        title: what the model is called.
        as_of: the day after that year (1 January of this year).
        start: the model's first day (``as_of``).
        source: where the figures were published.
        file: what ``remand measure --json`` printed, or a work file, for figures not given here.
        replace: write over a model written before.

    Returns:
        The model (``.model``), how it looks (``.glance``), and what the figures cannot support
        (``.limits``).

    Raises:
        InputError: with every contradiction among the figures, or if ``out`` cannot be written.

    >>> found = starter(212, 4100, pretrial=0.7, as_of="2024-01-01")
    >>> round(found.glance.stay, 1), round(found.glance.steady, 6)
    (18.9, 212.0)
    """
    figures = {
        "adp": adp, "admissions": admissions, "pretrial": pretrial, "population": population,
        "per": per, "by_race": dict(by_race or {}), "residents": dict(residents or {}),
        "capacity": capacity, "title": title, "source": source,
        "as_of": None if as_of is None else day_of(as_of),
        "start": None if start is None else day_of(start),
    }  # fmt: skip
    found = first_model(figures, file)
    if out is not None:
        write_folder(found.folder, out, replace=replace)
    return found


def synth(
    model: Model | str, since: Day | None = None, until: Day | None = None, seed: int = 0
) -> pl.DataFrame:
    """Synthetic booking records: one row a stay in jail of the people `simulate` counts first.

    The period is half-open; by default a year from the model's start. Columns and errors:
    `remand.fitting.synth`. Nobody in them exists: ``synthetic`` is true in every row.
    """
    spec = read_model(model) if isinstance(model, str) else model
    first, last = (None if day is None else day_of(day) for day in (since, until))
    return draw_records(spec, first, last, seed).bookings


def _scenario(model: Model | str, platform: Platform | str | Path | None) -> Scenario:
    spec = read_model(model) if isinstance(model, str) else model
    return Scenario.of(spec, [NO_CHANGE]) if platform is None else read_scenario(platform, spec)
