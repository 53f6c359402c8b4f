"""The rows of a fit's draws by what they are of, for a model to be drawn by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError, Problem, did_you_mean
from remand.model.model import Model
from remand.records.stay_bands import LABELS

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Row = tuple[str, ...]
"""What a row is of: `LABELLED`, then the level of each axis; "" for none."""

LABELLED = ("parameter", "state", "exit", "when", "band")

REST_OF = "(the rest)"
"""What the levels of an axis are called that are too small for a law of their own."""

FIX = "fit again, or remove 'draws_file' from the model"


@dataclass(frozen=True)
class Rows:
    """Draws by what they are of.

    Attributes:
        index: the position of each row.
        value: (rows, draws).
        point: (rows,) the value of the people as they are.
        ratio: (draws, rows + 1) value / point; 1 in the last column, for what is not drawn.
        problems: where draws and model do not fit; they gather while the draws are put to use.
    """

    index: dict[Row, int]
    value: Floats
    point: Floats
    ratio: Floats
    problems: list[Problem]

    @classmethod
    def of(cls, model: Model, frame: pl.DataFrame) -> Rows:
        """The rows of a frame of draws; InputError if it has not the columns of a model's."""
        import polars as pl  # noqa: PLC0415 - slow to import, and wanted only where draws are

        lacking = {"draw", "parameter", "state", "value", "point"} - set(frame.columns)
        axes = set(frame.columns) - {"draw", "unit", "value", "point", *LABELLED}
        if lacking:
            raise InputError.of(f"no draws of a fit: no column {' or '.join(lacking)}", fix=FIX)
        if axes != set(model.strata.axes):
            have, want = (", ".join(sorted(names)) or "none" for names in (axes, model.strata.axes))
            raise InputError.of(f"draws by the axes {have}, and the model has {want}", fix=FIX)
        names = [*LABELLED, *model.strata.axes]
        labels = [
            (pl.col(name) if name in frame.columns else pl.lit(None))
            .cast(pl.String)
            .fill_null("")
            .alias(name)
            for name in names
        ]
        rows = (
            frame.sort("draw")
            .select(*labels, "value", "point")
            .group_by(names, maintain_order=True)
            .agg("value", pl.col("point").first())
        )
        count = frame["draw"].n_unique()
        if (rows["value"].list.len() != count).any():
            raise InputError.of("some of the draws lack some of the numbers", fix=FIX)
        value = rows["value"].explode().to_numpy().astype(float).reshape(len(rows), count)
        point = rows["point"].to_numpy().astype(float)
        ratio, some = np.ones((count, len(rows) + 1)), np.flatnonzero(point > 0)
        ratio[:, some] = value[some].T / point[some]
        index = {row: i for i, row in enumerate(rows.select(names).iter_rows())}
        found = cls(index, value, point, ratio, [])
        for state in sorted({row[1] for row in index} - set(model.states)):
            found.wrong(state, "the model has no such state", did_you_mean(state, model.states))
        return found

    @property
    def count(self) -> int:
        """How many draws there are."""
        return len(self.ratio)

    def at(self, parameter: str, state: str, when: str = "", levels: Sequence[str] = ()) -> int:
        """The row of a number; −1 if there is none."""
        axes = len(next(iter(self.index), LABELLED)) - len(LABELLED)
        own = tuple(levels) or ("",) * axes
        return self.index.get((parameter, state, "", when, "", *own), -1)

    def laws(self, state: str) -> dict[Row, Ints]:
        """The rows of a state's laws by (exit, levels …): (bands,), −1 where nobody leaves."""
        found: dict[Row, Ints] = {}
        for (parameter, of, exit_, _, band, *levels), row in self.index.items():
            if parameter in {"stays", "returns"} and of == state and self.point[row] > 0:
                own = found.setdefault((exit_, *levels), np.full(len(LABELS), -1))
                own[LABELS.index(band)] = row
        return found

    def wrong(self, state: str, message: str, fix: str = "") -> None:
        """Keep the first problem of a state."""
        if any(problem.value == state for problem in self.problems):
            return
        told = f"the draws were not made with this model: state '{state}': {message}"
        self.problems.append(
            Problem("error", ("states", state), told, state, f"{FIX}{'; ' if fix else ''}{fix}")
        )
