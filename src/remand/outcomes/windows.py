"""The periods figures are given for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np

from remand.errors import InputError
from remand.model.clock import Clock

Every = Literal["day", "week", "month", "year"]


@dataclass(frozen=True)
class Windows:
    """Adjacent runs of steps.

    Attributes:
        starts: first step of each window, rising.
        end: the step after the last window.
        dates: first day of each window.
    """

    starts: tuple[int, ...]
    end: int
    dates: tuple[dt.date, ...]

    @classmethod
    def over(cls, clock: Clock, first: dt.date, last: dt.date, every: Every | None) -> Windows:
        """Windows over [first, last): calendar days, weeks from ``first``, months or years.

        A single one if ``every`` is None. A clock with longer steps gives one window a step.

        >>> clock = Clock(start=dt.date(2014, 1, 1))
        >>> Windows.over(clock, dt.date(2014, 1, 1), dt.date(2014, 3, 1), "month").starts
        (0, 31)
        """
        begin, end = clock.index(first), clock.index(last)
        if begin < 0 or end <= begin:
            raise InputError.of(
                f"the period {first} to {last} holds no step of a model that starts on "
                f"{clock.start}",
                fix="give --from and --to within the model's time, --to after --from",
            )
        starts: list[int] = []
        previous: object = None
        for step in range(begin, end):
            date = clock.date(step)
            key = {
                None: 0,
                "day": step,
                "week": (date - first).days // 7,
                "month": (date.year, date.month),
                "year": date.year,
            }[every]
            if not starts or key != previous:
                starts.append(step)
            previous = key
        return cls(tuple(starts), end, tuple(clock.date(step) for step in starts))

    @property
    def bounds(self) -> tuple[int, ...]:
        """First steps of all windows and the end."""
        return (*self.starts, self.end)

    def marks(self, steps: int) -> tuple[int, ...]:
        """The bounds inside a run of so many steps: what a path must have noted for them."""
        return tuple(step for step in self.bounds if step < steps)

    @property
    def lengths(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Steps in each window."""
        return np.diff(np.array(self.bounds))

    def sums(
        self, series: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Sum over each window of the last axis (steps)."""
        inside = series[..., self.starts[0] : self.end]
        offsets = np.array(self.starts) - self.starts[0]
        total: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.add.reduceat(
            inside, offsets, axis=-1
        )
        return total

    def last(
        self, series: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Value at the last step of each window."""
        return series[..., np.array(self.bounds[1:]) - 1]
