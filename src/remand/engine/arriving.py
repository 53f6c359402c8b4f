"""People who come from outside: a level by stratum, and a calendar all strata share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, get_args

import numpy as np

from remand.engine.entries import Entries
from remand.engine.kernel import Floats, Ints
from remand.engine.tables import Reach, spread
from remand.model.clock import Clock
from remand.model.edits import Admit
from remand.model.model import Model
from remand.model.policy import Policy
from remand.model.spec import FrozenDict
from remand.model.strata import Strata
from remand.model.values import Arrivals, Months, Weekdays


class Arriving(NamedTuple):
    """Arrivals into one state.

    Attributes:
        level: (strata, spans) people a step, before the calendar.
        calendar: (steps,) what each step's level is multiplied by; 1 before the start.
        size: of the negative binomial; infinity is Poisson.
    """

    level: Floats
    calendar: Floats
    size: float


def arriving(
    model: Model,
    name: str,
    strata: Strata,
    entries: Entries,
    policies: Sequence[Policy],
    reach: Reach,
) -> Arriving:
    """Arrivals into state ``name`` under policies in the order given."""
    arrivals = model.arrivals[name]
    level = spread(strata, arrivals.rate, arrivals.split, entries.days) * (
        arrivals.per_day * model.clock.days
    )
    if arrivals.pace is not None:
        level = level * spread(strata, arrivals.pace, FrozenDict(), entries.days)
    for policy in policies:
        for edit in policy.edits:
            if isinstance(edit, Admit) and edit.state == name:
                level = level * (1.0 - reach(policy, edit) * (1.0 - edit.scale))
    size = np.inf if arrivals.spread == "poisson" else float(arrivals.spread)
    return Arriving(level, _calendar(arrivals, model.clock, entries.steps), size)


def _calendar(arrivals: Arrivals, clock: Clock, steps: int) -> Floats:
    """Season, weekday, trend and drift at each step."""
    days, month, weekday = _dates(clock, steps)
    factor = np.ones(steps)
    if arrivals.season:
        by_month = np.array([arrivals.season.get(m, 1.0) for m in get_args(Months)])
        factor = factor * by_month[month]
    if arrivals.weekdays and clock.step == "day":
        by_day = np.array([arrivals.weekdays.get(d, 1.0) for d in get_args(Weekdays)])
        factor = factor * by_day[weekday]
    if arrivals.trend:
        years = np.arange(steps) * clock.days / 365.25
        factor = factor * (1.0 + arrivals.trend) ** years
    if arrivals.drift is not None:
        factor = factor * arrivals.drift.factor(days)
    return factor


@lru_cache(maxsize=8)
def _dates(clock: Clock, steps: int) -> tuple[Ints, Ints, Ints]:
    """Ordinal, month (0 …) and weekday (Monday 0) of each step's first day."""
    dates = clock.dates(steps)
    rows = [(date.toordinal(), date.month - 1, date.weekday()) for date in dates]
    days, month, weekday = np.array(rows, np.int64).T
    return days, month, weekday
