"""Days, as people write them."""

from __future__ import annotations

import datetime as dt

from remand.errors import InputError

Day = dt.date | str
"""A date, or its text: 2018-02-21, or 2018-02 for the month's first day."""


def day_of(day: Day, asked: str = "") -> dt.date:
    """The date. Raises InputError for a text that is none, naming what was ``asked``.

    >>> day_of("2012-01")
    datetime.date(2012, 1, 1)
    """
    if isinstance(day, dt.date):
        return day
    try:
        return dt.date.fromisoformat(f"{day}-01" if day.count("-") == 1 else day)
    except ValueError:
        raise InputError.of(
            f"{asked}{': ' * bool(asked)}'{day}' is not a date",
            fix="write 2018-02-21, or 2018-02 for its first day",
            value=day,
        ) from None
