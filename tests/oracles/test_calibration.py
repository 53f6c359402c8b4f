"""Bands hold the truth as often as they say, over ten thousand worlds whose truth is known.

Each world is drawn by an independent generator from the laws that the model's numbers are written
as, and people are then drawn in it by chance with the sampled engine; what two scenarios differ by
in it is solved step by step. None of that is how the bands are made: one run of paired draws, in
bins, with chance added as a formula.

Counts have steps and bands have none, so that a count is spread evenly over its own unit first:
``u = F(x − 1) + V (F(x) − F(x − 1))``, the randomised transform of C. Czado, T. Gneiting & L. Held
(*Biometrics* 65, 2009), for the law whose distribution function at ``x + ½`` is the band's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.sampled import simulate
from remand.model.platform import Scenario
from remand.model.uncertain import places_of, resolved

WORLDS, DRAWS = 10_000, 2_000
FIRST, LAST = 52, 104
"""The second of two years of weeks."""

BANDS = {"80": ("q10", "q90", 0.80, 0.015), "95": ("q025", "q975", 0.95, 0.01)}
"""Ends, and the share of worlds that must lie between them, give or take."""


@dataclass(frozen=True)
class Truths:
    """What happened in each world: counts (worlds,) with the unit they come in, and differences."""

    counts: dict[str, np.ndarray]
    units: dict[str, float]
    less: np.ndarray


@pytest.fixture(scope="module")
def county(build):
    """A jail with returns, and all kinds of doubt: rates, stays, shares, and two years' drift."""
    stays = {"law": "lognormal", "median": 56, "mean": 112}
    scale = {"law": "lognormal", "median": 1, "factor": 1.15, "together": "stays"}
    watched = {"law": "lognormal", "median": 180, "factor": 1.2, "together": "stays"}
    return build.model(
        {
            "jail": build.state(
                stays | {"scale": scale},
                {
                    "supervision": {"share": {"value": {"low": 0.3, "high": 0.5}}},
                    "out": {"share": "rest", "to": "gone"},
                },
            ),
            "supervision": build.state(
                build.exponential(watched),
                {
                    "jail": {"share": {"value": {"law": "beta", "mean": 0.3, "sd": 0.05}}},
                    "out": {"share": "rest", "to": "gone"},
                },
                kind="supervision",
            ),
        },
        {
            "jail": {
                "unit": "people per week",
                "rate": {"value": {"law": "lognormal", "median": 2.4, "factor": 1.1}},
                "split": {"group": {"red": 0.4, "blue": 0.6}},
                "drift": {
                    "from": build.START,
                    "growth": {"law": "normal", "mean": -0.05, "sd": 0.05},
                    "shocks": 0.1,
                },
            }
        },
        step="week",
        strata={"group": ["red", "blue"]},
        tonight="steady",
    )


@pytest.fixture(scope="module")
def plan(build):
    """Fewer people are watched after jail, if it is done; stays of one group are shorter."""
    factor = {"law": "lognormal", "median": 0.8, "factor": 1.1}
    return build.platform(
        build.policy(
            {"divert": {"state": "jail", "exit": "supervision", "to": "out", "share": 0.5}},
            {"dwell": {"state": "jail", "scale": factor, "where": {"group": "blue"}}},
            starts=26,
            clock="week",
            compliance={"low": 0.3, "high": 0.9},
        )
    )


@pytest.fixture(scope="module")
def run(build, county, plan):
    """The bands: one run of draws, by week and over the year."""
    first, last = build.day(FIRST, "week"), build.day(LAST, "week")
    return rm.compare(
        county, [build.platform(name="as-is"), plan], until=last, since=first, every="week",
        by="group", quantities=("population", "admissions"), draws=DRAWS, seed=11,
    )  # fmt: skip


@pytest.fixture(scope="module")
def truths(build, county, plan):
    """Ten thousand worlds, with ranks and people that the bands know nothing of."""
    rng = np.random.default_rng(2009)
    model, promise = drawn(county, rng), drawn(plan, rng)
    shocks = county.arrivals["jail"].drift.shocks * rng.standard_normal((WORLDS, 2))
    years = ("arrivals", "jail", "drift", "years")
    until, bounds = build.day(LAST, "week"), (0, FIRST, LAST - 1, LAST)
    counts, less = {"mean": [], "date": [], "group": [], "admissions": []}, []
    for world in range(WORLDS):
        base = resolved(county, model(world) | {years: tuple(shocks[world].tolist())})
        kernel = compile_model(base, until)
        people = simulate(kernel, 1, world, bounds, threads=1)
        by_group = people.held[0, :, 0]
        jail = by_group.sum(axis=0)
        came = people.moves[0].sum(axis=0)[(people.target == 0) & (people.origin != 0)].sum(axis=0)
        counts["mean"].append(jail[1] + jail[2])
        counts["date"].append(jail[2])
        counts["group"].append(by_group[0, 2])
        counts["admissions"].append(came[1] + came[2])
        done = Scenario.of(base, [resolved(plan, promise(world))]).model
        held = [
            solve(k, threads=1).census[:, 0, FIRST:LAST].sum(axis=0).mean()
            for k in (kernel, compile_model(done, until))
        ]
        less.append(held[0] - held[1])
    weeks = LAST - FIRST
    return Truths(
        {name: np.array(values) for name, values in counts.items()},
        {"mean": 1 / weeks, "date": 1.0, "group": 1.0, "admissions": 1.0},
        np.array(less),
    )


def drawn(spec, rng):
    """The uncertain numbers of a model or platform in each world; one rank to a ``together``."""
    ranks, values = {}, {}
    for place in places_of(spec):
        name = place.law.together or place.path
        rank = ranks.setdefault(name, rng.random(WORLDS))
        values[place.path] = place.law.quantile(rank)
    return lambda world: {path: float(value[world]) for path, value in values.items()}


def row(frame, quantity, **values):
    """The only row of a frame for the jail, as it stands."""
    for column, value in {"kind": "jail", "quantity": quantity, **values}.items():
        frame = frame.filter(frame[column].eq_missing(value))
    return frame.row(0, named=True) if len(frame) == 1 else pytest.fail(f"{len(frame)} rows")


def share_within(values, band, ends):
    """The share of worlds between the ends of a band."""
    low, high = (band[end] for end in ends)
    return float(((values > low) & (values <= high)).mean())


@pytest.mark.parametrize("width", BANDS)
@pytest.mark.parametrize("figure", ["mean", "date", "group", "admissions"])
def test_bands_of_counts_hold_as_many_worlds_as_they_say(build, run, truths, figure, width):
    """People held over a year, on its last date, and in a small group then; people admitted."""
    quantity = "admissions" if figure == "admissions" else "population"
    of_date = {"date": build.day(LAST - 1, "week")} if figure in {"date", "group"} else {}
    frame = run.series if of_date else run.summary
    group = "red" if figure == "group" else None
    band = row(frame, quantity, scenario="as-is", group=group, **of_date)
    *ends, share, near = BANDS[width]
    unit = np.random.default_rng(65).uniform(-0.5, 0.5, WORLDS)
    spread = (truths.counts[figure] + unit) * truths.units[figure]
    assert share_within(spread, band, ends) == pytest.approx(share, abs=near)


@pytest.mark.parametrize("width", BANDS)
def test_bands_of_differences_hold_as_many_worlds_as_they_say(run, truths, width):
    """What a platform does to the expected population of a year: chance is no part of it."""
    *ends, share, near = BANDS[width]
    band = row(run.differences, "population", a="as-is", b="plan", group=None)
    assert share_within(truths.less, band, ends) == pytest.approx(share, abs=near)
