"""People held day by day under each plan: the highest day, and the one that 19 in 20 stay below.

Days are expected censuses, each with chance about it as a Poisson variable has it: exact for one
date of a jail with Poisson arrivals, and a little wide where tonight's people were counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.kernel import Floats
from remand.model.platform import Scenario

SHARE = 0.95
"""The share of days that may not be above the second of the two."""


@dataclass(frozen=True)
class Capacity:
    """How many people a jail has places for.

    Attributes:
        places: how many.
        kind: ``design``, ``rated``, ``operational`` or ``court_cap``.
        margin: the share of places that must stay free, so that people can be kept apart.
        source: who says so.
    """

    places: float
    kind: str = "operational"
    margin: float = 0.0
    source: str = ""

    @property
    def usable(self) -> float:
        """Places that can be filled."""
        return self.places * (1.0 - self.margin)


@dataclass(frozen=True)
class Days:
    """People held in a kind, step by step, under one scenario.

    Attributes:
        expected: (steps,) expected census.
    """

    expected: Floats

    @property
    def mean(self) -> float:
        """Average daily population."""
        return float(self.expected.mean())

    @property
    def highest(self) -> float:
        """The highest expected census."""
        return float(self.expected.max())

    @property
    def most(self) -> float:
        """The census that is not passed on 19 days in 20, chance included.

        >>> Days(np.full(365, 100.0)).most
        117.0
        """
        from scipy.stats import poisson  # noqa: PLC0415 - slow to import

        low, high = self.expected.min(), self.expected.max()
        people = np.arange(int(low - 6 * np.sqrt(low)) - 1, int(high + 6 * np.sqrt(high)) + 2)
        own, many = np.unique(self.expected.round(1), return_counts=True)
        below = (poisson.cdf(people[:, None], own) * many).sum(axis=1) / many.sum()
        return float(people[np.searchsorted(below, SHARE)])


def by_day(scenario: Scenario, kind: str, since: dt.date, until: dt.date) -> Days:
    """People of a kind over [since, until). Raises Refusal where a rule couples people."""
    model = scenario.model
    clock = model.clock
    path = solve(compile_model(model, until))
    own = [state.kind == kind for state in model.states.values()]
    census = path.census[:, own].sum(axis=(0, 1))
    return Days(census[clock.index(since) : clock.index(until)])


def by_day_of(
    scenarios: Sequence[Scenario], kind: str, since: dt.date, until: dt.date
) -> dict[str, Days]:
    """The same of every scenario, by name."""
    return {scenario.name: by_day(scenario, kind, since, until) for scenario in scenarios}
