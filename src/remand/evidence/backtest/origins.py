"""From where a backtest looks ahead: origins given, rolled, or chosen by what the data allow."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from remand.errors import InputError
from remand.evidence.laying import after
from remand.evidence.panel import Panel, Step

MOST = 12
"""Origins that are chosen where none are given: years enough for six that do not overlap."""

HORIZON: Mapping[Step, int] = {"day": 180, "week": 26, "month": 24}
"""Steps ahead, where none are asked for; a forecast's own record is always made so far."""

FARTHEST: Mapping[Step, int] = {"day": 1096, "week": 260, "month": 120}
"""Steps ahead that may be asked for."""

HISTORY: Mapping[Step, int] = {"day": 366, "week": 156, "month": 36}
"""Steps that must lie before an origin that is chosen: three seasons, and a year at least."""

EVERY: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}
"""How far rolling origins are apart, in months."""

_USUAL: Mapping[Step, str] = {"day": "month", "week": "quarter", "month": "year"}


def check_horizon(horizon: int, step: Step) -> None:
    """Raises InputError for a horizon below 1, or beyond `FARTHEST`."""
    if not 1 <= horizon <= FARTHEST[step]:
        raise InputError.of(
            f"--horizon cannot be {horizon}", fix=f"give 1 to {FARTHEST[step]} {step}s",
            value=horizon,
        )  # fmt: skip


def given(panel: Panel, days: Sequence[dt.date]) -> tuple[dt.date, ...]:
    """Origins as asked for, each moved to the first step that does not begin before it.

    Raises InputError, for all at once, for one with nothing known before it or nothing after.
    """
    wrong = [day for day in days if not panel.dates[0] < day <= panel.dates[-1]]
    if wrong:
        raise InputError(
            problem
            for day in wrong
            for problem in InputError.of(
                f"there is no forecast to check from {day}: the data go from {panel.dates[0]} "
                f"to {panel.dates[-1]}",
                fix="give the first step to be forecast, with steps before it and after",
                value=str(day),
            ).problems
        )
    return tuple(sorted({panel.dates[bisect_left(panel.dates, day)] for day in days}))


def rolling(
    panel: Panel,
    horizon: int,
    since: dt.date | None = None,
    until: dt.date | None = None,
    every: str | None = None,
) -> tuple[dt.date, ...]:
    """Origins at even distances, from ``since`` up to ``until``, both included.

    By default as many as leave `HISTORY` before them and the whole horizon inside the data, the
    latest `MOST`: a year apart for months, a month apart for days, a quarter apart for weeks.
    Given both ends, all between them. Raises InputError if there are none.

    >>> import numpy as np
    >>> from remand.evidence.laying import calendar
    >>> dates = tuple(calendar(dt.date(2010, 1, 1), dt.date(2016, 12, 1), "month"))
    >>> months = Panel(("a",), dates, "month", np.ones((1, len(dates))))
    >>> [str(day) for day in rolling(months, 24)]
    ['2013-01-01', '2014-01-01', '2015-01-01']
    """
    check_horizon(horizon, panel.step)
    dates = panel.dates
    last = until or (dates[-horizon] if horizon <= len(dates) else dates[0])
    at = min(HISTORY[panel.step], len(dates) - 1)
    first = since or dates[at]
    apart = EVERY[every or _USUAL[panel.step]]
    found: list[dt.date] = []
    # rolled forward from a first day that was asked for, else back from the last that leaves room
    if since is not None:
        start, months = since, 0
        while (day := _months_on(start, months)) <= last:
            found.append(day)
            months += apart
    else:
        start = last if panel.step == "month" or until is not None else last.replace(day=1)
        months = 0
        while (day := _months_on(start, -months)) >= first:
            found.append(day)
            months += apart
            if until is None and len(found) == MOST:
                break
    if not found:
        raise InputError.of(
            f"{len(dates)} {panel.step}s leave no origin with {HISTORY[panel.step]} {panel.step}s "
            f"before it and {horizon} after",
            fix="give a shorter --horizon, or name --origins",
        )
    return given(panel, found)


def _months_on(day: dt.date, months: int) -> dt.date:
    """The same day so many months on, or the month's last."""
    first = after(day.replace(day=1), "month", months)
    end = after(first, "month") - dt.timedelta(1)
    return first.replace(day=min(day.day, end.day))
