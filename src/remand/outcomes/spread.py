"""How much chance moves a figure: worked out for a solved path, or read off replicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from remand.engine.expected import Path
from remand.engine.kernel import Floats
from remand.engine.moments import Reward, variances
from remand.model.model import Model
from remand.outcomes import bands
from remand.outcomes.cells import Cells
from remand.outcomes.measures import Measure, compared, population, rate_scale, total_only
from remand.outcomes.tally import Tally
from remand.outcomes.windows import Windows


class Spread(NamedTuple):
    """Standard deviation and quantiles of a measure, shaped as its values, and what they are."""

    sd: Floats | None = None
    quantiles: Mapping[str, Floats] | None = None
    band: str | None = None


@dataclass(frozen=True)
class Analytic:
    """Bands of a solved path: exact moments, and an exact or approximate law.

    No quantiles are given where arrivals are not Poisson; no counts' bands before ``bands_from``.
    """

    path: Path
    tally: Tally
    model: Model
    cells: Cells
    windows: Windows
    bands_from: int = 0

    def of(self, measure: Measure) -> Spread:
        """The spread of one quantity."""
        mean, name = measure.values, measure.quantity
        if name == "population":
            return Spread(*self._population)
        scale = rate_scale(self.model, self.cells)
        if name == "rate" and scale is not None:
            sd, quantiles, label = self._population
            return Spread(sd * scale, {k: v * scale for k, v in quantiles.items()}, label)
        if name == "bed_days":
            sd = self._inside * self.tally.clock.days
            return Spread(sd, bands.normal(mean, sd), self._label(bands.NORMAL))
        if name in {"admissions", "releases"}:
            reward = Reward.admissions if name == "admissions" else Reward.releases
            sd = self._sd([reward(m) for m in self.cells.members])
            return Spread(sd, bands.normal(mean, sd), self._label(bands.NORMAL))
        if name.startswith("disparity"):
            return self._disparity(measure)
        return Spread()

    @cached_property
    def _poisson(self) -> bool:
        return not np.isfinite(self.path.kernel.size).any()

    def _label(self, text: str) -> str | None:
        """What a band is; none is given where arrivals are not Poisson."""
        return text if self._poisson else None

    def _sd(self, rewards: list[Reward]) -> Floats:
        """Of each reward, (rewards, groups, windows); none where arrivals are not Poisson."""
        which = self.path.marks.index(self.windows.marks(self.path.kernel.steps))
        early, windows = self.bands_from, len(self.windows.starts)
        groups = self.cells.groups
        spread = np.full((len(rewards), len(groups.cells), windows), np.nan)
        if self._poisson:
            each = variances(self.path, rewards, which, groups.members, early)
            spread[:, :, early:] = each[:, :, : windows - early]
        deviation: Floats = np.sqrt(spread)
        return deviation

    @cached_property
    def _inside(self) -> Floats:
        """Of person-steps held."""
        return self._sd([Reward.occupancy(m) for m in self.cells.members])

    @cached_property
    def _population(self) -> tuple[Floats, dict[str, Floats], str | None]:
        people, sd = population(self.tally), self._inside / self.tally.lengths
        if (self.tally.lengths == 1).all() and not self.path.kernel.counted.any():
            return sd, bands.poisson(people), self._label(bands.EXACT)
        return sd, bands.normal(people, sd), self._label(bands.NORMAL)

    def _disparity(self, measure: Measure) -> Spread:
        """By the delta method, as if the two counts were independent Poisson ones."""
        c = compared(self.tally, self.model, self.cells)
        assert c is not None  # noqa: S101 - the measure would not be there
        if measure.quantity == "disparity_difference":
            sd = total_only(np.sqrt(c.top * c.a**2 + c.bottom * c.b**2), self.cells)
            quantiles = bands.normal(measure.values, sd, -np.inf)
            return Spread(sd, quantiles, "chance, approximate (normal), at most as wide")
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = total_only(np.sqrt(1 / c.top + 1 / c.bottom), self.cells)
            quantiles = bands.ratio(measure.values, relative)
            sd = measure.values * relative
        return Spread(sd, quantiles, "chance, approximate (delta method), at most as wide")


def of_replicates(values: Floats, band: str) -> Spread:
    """The spread of a quantity worked out in each replicate, (replicates, …), and what it is."""
    known = np.where(np.isfinite(values), values, np.nan)
    return Spread(known.std(axis=0, ddof=1), bands.drawn(known), band)
