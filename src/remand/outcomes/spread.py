"""How much chance moves a figure: worked out for a solved path, or read off replicates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from remand.engine.expected import Path
from remand.engine.kernel import Floats
from remand.engine.moments import Reward, variances
from remand.model.model import Model
from remand.outcomes import bands, mixture
from remand.outcomes.cells import Cells, Groups
from remand.outcomes.cost import YEAR
from remand.outcomes.measures import Measure, compared, measures, population, rate_scale, total_only
from remand.outcomes.tally import Tally, expected
from remand.outcomes.windows import Windows


class Spread(NamedTuple):
    """Standard deviation and quantiles of a measure, shaped as its values, and what they are."""

    sd: Floats | None = None
    quantiles: Mapping[str, Floats] | None = None
    band: str | None = None


@dataclass(frozen=True)
class Analytic:
    """Bands of a solved path: exact moments, and an exact or approximate law.

    Clumped (negative-binomial) arrivals have approximate moments (`remand.engine.clumped`). Counts
    have no bands before ``bands_from``.
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
        if name in {"bed_days", "person_years"}:
            sd = self._inside * self.tally.clock.days / (1.0 if name == "bed_days" else YEAR)
            return Spread(sd, bands.normal(mean, sd), self._label)
        if name in {"admissions", "releases"}:
            reward = Reward.admissions if name == "admissions" else Reward.releases
            sd = self._sd([reward(m) for m in self.cells.members], self.cells.groups)
            return Spread(sd, bands.normal(mean, sd), self._label)
        if name in {"disparity_ratio", "disparity_difference"}:
            return self._disparity(measure)
        return Spread()

    @cached_property
    def _clumped(self) -> bool:
        return bool(np.isfinite(self.path.kernel.size).any())

    @cached_property
    def _label(self) -> str:
        """What a band is that has normal quantiles."""
        return bands.CLUMPED if self._clumped else bands.NORMAL

    def _sd(self, rewards: list[Reward], groups: Groups) -> Floats:
        """Of each reward, (rewards, groups, windows)."""
        which = self.path.marks.index(self.windows.marks(self.path.kernel.steps))
        early, windows = self.bands_from, len(self.windows.starts)
        spread = np.full((len(rewards), len(groups.cells), windows), np.nan)
        each = variances(self.path, rewards, which, groups.members, early)
        spread[:, :, early:] = each[:, :, : windows - early]
        deviation: Floats = np.sqrt(spread)
        return deviation

    @cached_property
    def _inside(self) -> Floats:
        """Of person-steps held."""
        return self._sd([Reward.occupancy(m) for m in self.cells.members], self.cells.groups)

    @cached_property
    def _population(self) -> tuple[Floats, dict[str, Floats], str]:
        people, sd = population(self.tally), self._inside / self.tally.lengths
        independent = not (self._clumped or self.path.kernel.counted.any())
        if (self.tally.lengths == 1).all() and independent:
            return sd, bands.poisson(people), bands.EXACT
        return sd, bands.normal(people, sd), self._label

    def _disparity(self, measure: Measure) -> Spread:
        """By the delta method, as if the two counts were independent, of no more than their chance.

        The mean of a window's Poisson censuses varies no more than one of them, by its own mean;
        that of clumped ones as it is worked out.
        """
        c = compared(self.tally, self.model, self.cells)
        assert c is not None  # noqa: S101 - the measure would not be there
        top, bottom, how = c.top, c.bottom, ", at most as wide"
        if self._clumped:
            (top, bottom), how = self._of_levels, ", clumped arrivals"
        if measure.quantity == "disparity_difference":
            sd = total_only(np.sqrt(top * c.a**2 + bottom * c.b**2), self.cells)
            quantiles = bands.normal(measure.values, sd, -np.inf)
            return Spread(sd, quantiles, f"chance, approximate (normal){how}")
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = total_only(np.sqrt(top / c.top**2 + bottom / c.bottom**2), self.cells)
            quantiles = bands.ratio(measure.values, relative)
            sd = measure.values * relative
        return Spread(sd, quantiles, f"chance, approximate (delta method){how}")

    @cached_property
    def _of_levels(self) -> tuple[Floats, Floats]:
        """Variances of the mean censuses that a disparity compares, (places, windows) each."""
        d, levels = self.model.disparity, self.cells.levels
        assert d is not None  # noqa: S101 - a disparity is being measured
        rewards = [Reward.occupancy(m) for m in self.cells.members]
        spread = (self._sd(rewards, levels) / self.tally.lengths) ** 2
        top, bottom = (levels.cells.index((level,)) for level in (d.of, d.to))
        return spread[:, top], spread[:, bottom]


PEOPLE = frozenset({"rate", "bed_days", "person_years"})
"""Quantities that are the population times something known."""


@dataclass(frozen=True)
class Chance:
    """How much chance alone moves figures: variance per unit of the mean, by quantity.

    It is that of one solved path, and taken for its like under other policies and in other draws:
    what a person's stay adds to a count changes little with how many there are.

    Attributes:
        dispersion: (places, groups, windows) each.
    """

    dispersion: Mapping[str, Floats]
    _people: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls, path: Path, model: Model, cells: Cells, windows: Windows, quantities: Collection[str]
    ) -> Chance:
        """That of a path, solved with the windows' marks.

        A census of one date, and who moves on it, scatter as Poisson counts do, unless arrivals
        come in clumps; people counted at the start scatter less, which is left out then.
        """
        tally = expected(path, windows, cells, quantities)
        spread = Analytic(path, tally, model, cells, windows)
        plain = (tally.lengths == 1).all() and not np.isfinite(path.kernel.size).any()
        found = {}
        for measure in measures(tally, model, cells, {"population", *quantities}):
            if measure.quantity in {"population", "admissions", "releases"} and plain:
                found[measure.quantity] = np.ones(measure.values.shape)
            elif measure.quantity in SCATTERED and measure.quantity not in PEOPLE:
                sd = spread.of(measure).sd
                assert sd is not None  # noqa: S101 - all of them have one
                with np.errstate(divide="ignore", invalid="ignore"):
                    each = sd**2 / np.abs(measure.values)
                found[measure.quantity] = np.where(np.isfinite(each), each, 0.0)
        return cls(found)

    def added(self, measure: Measure, values: Floats, band: str) -> Spread:
        """The spread of a quantity whose values in each draw are (draws, …), chance added.

        Wings, and what depends on them, have no chance of their own in their bands.
        """
        name, mean = measure.quantity, np.abs(measure.values)
        if name in PEOPLE and "quantiles" in self._people:
            ratio = mean / self._people["mean"]
            own = {key: value * ratio for key, value in self._people["quantiles"].items()}
            return Spread(self._people["sd"] * ratio, own, band)
        if name == "cost" and not measure.stepped and "mean" in self._people:
            each = self.dispersion["population"] * mean / self._people["mean"]
        elif name in self.dispersion:
            each = self.dispersion[name]
        else:
            return of_replicates(values, band.removesuffix(AND_CHANCE))
        each = np.where(np.isfinite(each), each, 0.0)
        sd = np.sqrt(values.var(axis=0, ddof=1) + each * mean)
        least = -np.inf if name == "disparity_difference" else 0.0
        own = mixture.quantiles(values, each, least)
        if name == "population":
            self._people.update(mean=mean, quantiles=own, sd=sd)
        return Spread(sd, own, band)


AND_CHANCE = " and chance"

SCATTERED = frozenset({"population", "admissions", "releases", "disparity_ratio",
                       "disparity_difference", *PEOPLE})  # fmt: skip
"""Quantities whose chance is known analytically."""


def of_replicates(values: Floats, band: str) -> Spread:
    """The spread of a quantity worked out in each replicate, (replicates, …), and what it is."""
    known = np.where(np.isfinite(values), values, np.nan)
    return Spread(known.std(axis=0, ddof=1), bands.drawn(known), band)
