"""A fitted model as it may also have been: the draws of a fit put into the model.

A draw tells admissions, season and weekdays as multiples of what was fitted, growth beside it, and
the mass of every law by exit and stay band (`remand.fitting.uncertain.draws`). A drawn law keeps
the durations of the fitted one: within an exit each is weighed by what the draw of its band is to
the fit, the exit takes its drawn share, and the shares are divided by their sum. Laws of later
dates are weighed alike. Whatever draws do not tell of stays as the model has it: who is inside, the
law of a group that nobody was seen in, and every number that the model's file makes uncertain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError, Path
from remand.fitting.drawn_rows import Rows
from remand.fitting.drawn_tables import Drawable, tables
from remand.fitting.pace import carried
from remand.model.model import Model
from remand.model.uncertain import Uncertain, resolved
from remand.model.values import Arrivals, ExponentialDwell

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

DRAWS = "draws.parquet"
"""What draws are called beside the model they are of."""


@dataclass(frozen=True)
class FitDraws:
    """A fitted model with its draws.

    Attributes:
        base: the model as fitted.
        count: how many draws there are.
        paths: the numbers that are drawn, and ``values`` (draws, paths) what they are.
        tables: the laws that are drawn.
    """

    base: Model
    count: int
    paths: tuple[Path, ...]
    values: Floats
    tables: tuple[Drawable, ...]

    @classmethod
    def of(cls, model: Model, frame: pl.DataFrame) -> FitDraws:
        """The draws of a frame (`remand.fitting.uncertain.draws`) of a model.

        Raises InputError if they were not made with this model.
        """
        rows = Rows.of(model, frame)
        numbers = dict(_numbers(model, rows))
        laws = tuple(tables(model, rows))
        if rows.problems:
            raise InputError(rows.problems)
        values = np.array(list(numbers.values())).reshape(len(numbers), rows.count).T
        return cls(model, rows.count, tuple(numbers), values, laws)

    def model(self, i: int) -> Model:
        """The model of draw ``i``, 0 … count − 1; what is not drawn is shared with the others.

        Raises IndexError beyond the last.
        """
        if not 0 <= i < self.count:
            raise IndexError(f"there is no draw {i} of {self.count}")
        changes: dict[Path, object] = dict(zip(self.paths, self.values[i].tolist(), strict=True))
        changes |= {table.path: table.drawn(i) for table in self.tables}
        return resolved(self.base, changes)


def _numbers(model: Model, rows: Rows) -> Iterator[tuple[Path, Floats]]:
    """Every number that is drawn: where it stands in the model, and its draws."""
    for state, arrivals in model.arrivals.items():
        for end, values in _arrivals(state, arrivals, model, rows):
            yield ("arrivals", state, *end), values
    for state, spec in model.states.items():
        row = rows.at("stay_mean", state)
        for i, dwell in enumerate(spec.dwell or ()):
            if row >= 0 and isinstance(dwell, ExponentialDwell) and _known(dwell.mean):
                yield ("states", state, "dwell", i, "mean"), dwell.mean * rows.ratio[:, row]


def _arrivals(
    state: str, arrivals: Arrivals, model: Model, rows: Rows
) -> Iterator[tuple[Path, Floats]]:
    """Rates by what is drawn for the strata of each, taken together; season, weekdays, growth."""
    own = np.array([rows.at("admissions", state, levels=cell) for cell in model.strata.cells])
    for i, rate in enumerate(arrivals.rate):
        of = own[model.strata.mask(rate.where) & (own >= 0)]
        whole = rows.point[of].sum()
        if rate.value and whole and _known(rate.value):
            yield ("rate", i, "value"), rate.value * rows.value[of].sum(axis=0) / whole
    factors = (("season", "season", arrivals.season), ("weekdays", "weekday", arrivals.weekdays))
    for name, parameter, by in factors:
        for when, factor in by.items():
            row = rows.at(parameter, state, when)
            if row >= 0 and _known(factor):
                yield (name, when), factor * rows.ratio[:, row]
    row, drift = rows.at("growth", state), arrivals.drift
    if row >= 0 and drift is not None and _known(drift.growth, intervals=True):
        fitted = carried(rows.point[row : row + 1])
        yield ("drift", "growth"), drift.growth + carried(rows.value[row]) - fitted


def _known(number: float, *, intervals: bool = False) -> bool:
    """Whether draws hold for a number: not where the file itself says how unsure it is.

    With ``intervals`` they do unless someone assumed a range: the fit writes the others itself.
    """
    return not isinstance(number, Uncertain) or (intervals and not number.law.assumed)
