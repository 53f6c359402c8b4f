"""Populations over time, of one jail or of many: what is forecast, and what a forecast is."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Step = Literal["day", "week", "month"]

SEASON: Mapping[Step, int] = {"day": 7, "week": 52, "month": 12}
"""Steps after which a series is taken to be at the same point of its season."""

LEVELS = (0.025, 0.05, *(round(0.05 * k, 2) for k in range(2, 19)), 0.95, 0.975)
"""The quantiles a forecast gives; those of the 80 % and the 95 % band are among them."""


@dataclass(frozen=True)
class Panel:
    """People held at the steps of a calendar, a row a series.

    Attributes:
        ids: what the series are called.
        dates: the first day of each step, adjoining, rising.
        step: how long each is.
        y: (series, steps) people; NaN where none were reported.
        signals: other figures of the same steps by name (``bookings``: people admitted).
    """

    ids: tuple[str, ...]
    dates: tuple[dt.date, ...]
    step: Step
    y: Floats
    signals: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def season(self) -> int:
        """Steps of a season."""
        return SEASON[self.step]

    def until(self, origin: dt.date) -> Panel:
        """What was known at an origin: the steps before it, and nothing of it or after it.

        >>> days = (dt.date(2020, 1, 1), dt.date(2020, 1, 2))
        >>> Panel(("a",), days, "day", np.array([[5.0, 9.0]])).until(days[1]).y
        array([[5.]])
        """
        end = bisect_left(self.dates, origin)
        return replace(
            self,
            dates=self.dates[:end],
            y=self.y[:, :end].copy(),
            signals={name: values[:, :end].copy() for name, values in self.signals.items()},
        )

    def of(self, rows: NDArray[np.bool_] | list[int]) -> Panel:
        """Some of the series."""
        picked = np.arange(len(self.ids))[rows]
        return replace(
            self,
            ids=tuple(self.ids[i] for i in picked),
            y=self.y[picked],
            signals={name: values[picked] for name, values in self.signals.items()},
        )


@dataclass(frozen=True)
class Prediction:
    """What was forecast from one origin.

    Attributes:
        point: (series, steps ahead) people.
        quantiles: (series, steps ahead, `LEVELS`) people, rising along the last axis.
    """

    point: Floats
    quantiles: Floats

    def of(self, rows: list[int]) -> Prediction:
        """Some of the series."""
        return Prediction(self.point[rows], self.quantiles[rows])


Method = Callable[[Panel, int], Prediction]
"""A way to forecast: what is known and how many steps ahead → a prediction, for every series."""
