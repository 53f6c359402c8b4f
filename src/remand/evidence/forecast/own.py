"""The program's own forecast of a file: which design its step and its records call for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from remand.evidence.forecast import days, months
from remand.evidence.panel import Panel, Prediction
from remand.evidence.reading import is_database
from remand.records import work


@dataclass(frozen=True)
class Own:
    """A `Method` that can say what it went by.

    Attributes:
        daily: for daily counts, from stays where there are stays; None for weeks and months.
    """

    daily: days.Daily | None = field(default=None, repr=False)

    def __call__(self, panel: Panel, horizon: int) -> Prediction:
        """The forecast alone."""
        return self.told(panel, horizon)[0]

    def told(self, panel: Panel, horizon: int) -> tuple[Prediction, tuple[str, ...]]:
        """The forecast, and sentences on what did best so far and was used, naive or not."""
        if self.daily is None:
            made = months.forecast(panel, horizon)
            return made.prediction, tuple(one.says for one in made.chosen)
        each = self.daily.each(panel, horizon)
        together = Prediction(
            np.concatenate([one.prediction.point for one in each]),
            np.concatenate([one.prediction.quantiles for one in each]),
        )
        whose = [f"{name}, " if len(each) > 1 else "" for name in panel.ids]
        return together, tuple(
            f"{name}days {part.since} to {part.until}: {part.says}"
            for name, one in zip(whose, each, strict=True)
            for part in one.chosen
        )


def own(path: str | Path, panel: Panel) -> Own:
    """The design for a file that was read: its stays speak where it is a work file of days."""
    if panel.step != "day":
        return Own()
    if is_database(Path(path)) and work.contents(path).stays:
        return Own(days.from_stays(work.read(path)))
    return Own(days.from_counts())
