"""What a forecast went by, and how far off that has been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from remand.evidence.panel import Prediction


@dataclass(frozen=True)
class Chosen:
    """By which way a stretch of steps ahead is forecast, and why.

    Attributes:
        since, until: steps ahead, both included; 1 is the step after the last.
        way: which.
        errors: how far off each was at past origins, in ``unit``, all of the same forecasts; NaN
            where none is known.
        unit: mean absolute error in people; or in percent: of logarithms, so that series of every
            size count alike, hence of a geometric mean.
        origins: past origins that were learnt from.
        tried: whether they are enough to choose by.
    """

    since: int
    until: int
    way: str
    errors: Mapping[str, float]
    unit: Literal["people", "%"]
    origins: int
    tried: bool

    @property
    def says(self) -> str:
        """What was used, and how far off all that was tried has been.

        >>> errors = {"as today": 110.2, "drift": 126.0}
        >>> Chosen(1, 30, "as today", errors, "people", 87, tried=True).says
        'as today, nearest from 87 origins of the past (off by 110 people; drift 126)'
        >>> Chosen(31, 90, "drift", errors, "people", 9, tried=False).says
        'drift, for the past is too short to tell what is nearest'
        """
        if not self.tried:
            return f"{self.way}, for the past is too short to tell what is nearest"
        told = {name: f"{error:,.0f}" for name, error in self.errors.items()}
        if self.unit == "%":
            told = {name: f"{error:.1f} %" for name, error in self.errors.items()}
        own = told.pop(self.way) + (" people" if self.unit == "people" else "")
        others = "".join(f"; {name} {error}" for name, error in told.items())
        mean = ", geometric means" if self.unit == "%" else ""
        return (
            f"{self.way}, nearest from {self.origins} origins of the past "
            f"(off by {own}{others}{mean})"
        )


@dataclass(frozen=True)
class Told:
    """A forecast, and what it was made by: the nearest stretch first."""

    prediction: Prediction
    chosen: tuple[Chosen, ...]
