"""The clock: a start date, a step, and which step a date belongs to."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import field_validator, model_validator

from remand.model.spec import Date, Spec

DAYS_PER = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
"""Length of each unit in days, for continuous laws and rates (a year is 12 such months)."""


class Clock(Spec):
    """When a model begins and how it counts time.

    Attributes:
        start: the first day of step 0. The census before it is *tonight*'s.
        step: ``day``, ``week`` or ``month``. Weeks count from ``start``; months are calendar
            months from ``start``, 30.4375 days long for laws and rates.
        partial: how a continuous stay becomes whole steps. ``exact`` lets people enter at a
            uniform moment of a step and counts the boundaries the stay crosses, which keeps the
            mean at any step; ``up`` rounds every stay up.

    >>> clock = Clock(start=dt.date(2014, 1, 1), step="week")
    >>> clock.index(dt.date(2014, 1, 2)), clock.date(1)
    (1, datetime.date(2014, 1, 8))
    """

    start: Date
    step: Literal["day", "week", "month"] = "day"
    partial: Literal["exact", "up"] = "exact"

    @field_validator("start")
    @classmethod
    def _plausible(cls, start: dt.date) -> dt.date:
        if not 1900 <= start.year <= 2200:
            raise ValueError("the start must lie between 1900 and 2200")
        return start

    @model_validator(mode="after")
    def _month_has_that_day(self) -> Clock:
        if self.step == "month" and self.start.day > 28:
            raise ValueError("a monthly clock must start on day 1–28, which every month has")
        return self

    @property
    def days(self) -> float:
        """Length of a step in days."""
        return DAYS_PER[self.step]

    def date(self, index: int) -> dt.date:
        """The first day of a step."""
        if self.step == "month":
            months = self.start.month - 1 + index
            return self.start.replace(year=self.start.year + months // 12, month=months % 12 + 1)
        return self.start + dt.timedelta(days=int(self.days) * index)

    def dates(self, steps: int) -> list[dt.date]:
        """The first day of each of the first ``steps`` steps."""
        return [self.date(index) for index in range(steps)]

    def index(self, date: dt.date) -> int:
        """The first step that starts on or after ``date`` (may be negative)."""
        if self.step == "month":
            months = (date.year - self.start.year) * 12 + date.month - self.start.month
            return months + (date.day > self.start.day)
        return -((self.start - date).days // int(self.days))
