"""The program's own forecast of a file: which design its step and its records call for."""

from __future__ import annotations

from collections.abc import Mapping
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
            return made.prediction, (_by(made),)
        each = [self.daily.told(panel.of([i]), horizon) for i in range(len(panel.ids))]
        made_of = Prediction(
            np.concatenate([one.prediction.point for one in each]),
            np.concatenate([one.prediction.quantiles for one in each]),
        )
        whose = [f"{name}, " if len(each) > 1 else "" for name in panel.ids]
        return made_of, tuple(
            f"{name}days {part.since} to {part.until}: "
            f"{_nearest(part.way, part.errors, part.origins)}"
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


def _by(made: months.Forecast) -> str:
    """What did best so far, for months and weeks."""
    means = {
        name: float(np.nanmean(of)) for name, of in made.errors.items() if np.isfinite(of).any()
    }
    return _nearest(made.by, means, made.origins, " %")


def _nearest(way: str, errors: Mapping[str, float], origins: int, unit: str = "") -> str:
    """What was used, and how far off all that was tried has been.

    >>> _nearest("as today", {"as today": 110.2, "drift": 126.0}, 87)
    'as today, nearest from 87 origins of the past (off by 110 people; drift 126)'
    """
    known = {name: error for name, error in errors.items() if np.isfinite(error)}
    if way not in known:
        return f"{way}, for the past is too short to try anything on"
    digits = ".1f" if unit else ",.0f"
    others = "".join(f"; {name} {known[name]:{digits}}{unit}" for name in known if name != way)
    return (
        f"{way}, nearest from {origins} origins of the past "
        f"(off by {known[way]:{digits}}{unit or ' people'}{others})"
    )
