"""How much chance moves a figure: worked out for a solved path, or read off replicates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from remand.engine.expected import Path
from remand.engine.kernel import Floats
from remand.engine.moments import Reward, variances
from remand.model.model import Model
from remand.outcomes import bands, mixture
from remand.outcomes.cells import Cells, Groups
from remand.outcomes.cost import YEAR
from remand.outcomes.measures import (
    Compared,
    Measure,
    compared,
    measures,
    population,
    rate_scale,
    total_only,
)
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


AND_CHANCE = " and chance"

PEOPLE = frozenset({"rate", "bed_days", "person_years"})
"""Quantities that are the population times something known."""

COUNTS = frozenset({"population", "admissions", "releases"})
"""Quantities whose chance is known analytically."""


@dataclass(frozen=True)
class Chance:
    """How much chance alone moves counts under one scenario: variance per unit of the mean.

    It is that of the scenario's path at its points, and is taken for its draws too.

    Attributes:
        dispersion: by quantity, (places, groups, windows); 1, as of a Poisson count, where the path
            has nobody.
    """

    dispersion: Mapping[str, Floats]

    @classmethod
    def of(
        cls, path: Path, model: Model, cells: Cells, windows: Windows, quantities: Collection[str]
    ) -> Chance:
        """That of a path, solved with the windows' marks.

        A census of one date, and who moves on it, scatter as Poisson counts do, unless arrivals
        come in clumps; people counted at the start scatter less, which is left out then.
        """
        wanted = COUNTS & {"population", *quantities}
        tally = expected(path, windows, cells, wanted)
        spread = Analytic(path, tally, model, cells, windows)
        plain = (tally.lengths == 1).all() and not np.isfinite(path.kernel.size).any()
        found = {}
        for measure in measures(tally, model, cells, wanted):
            each = np.ones(measure.values.shape)
            if not plain:
                sd = spread.of(measure).sd
                assert sd is not None  # noqa: S101 - all of them have one
                each = np.divide(sd**2, measure.values, out=each, where=measure.values > NOBODY)
            found[measure.quantity] = each
        return cls(found)


@dataclass
class Added:
    """Chance added to the draws of one scenario.

    Attributes:
        chance: its own.
        people: mean census of every draw, (draws, places, groups, windows).
        band: what bands are called.
        levels: what its disparity compares in every draw, if it has one.
    """

    chance: Chance
    people: Floats
    band: str
    levels: Compared | None = None

    @cached_property
    def _population(self) -> tuple[Floats, dict[str, Floats]]:
        """Sd and quantiles of the mean census."""
        each = self.chance.dispersion["population"]
        sd = np.sqrt(self.people.var(axis=0, ddof=1) + each * self.people.mean(axis=0))
        return sd, mixture.quantiles(self.people, each)

    def of(self, measure: Measure, values: Floats) -> Spread:
        """The spread of a quantity whose values in each draw are (draws, …), chance added.

        Wings, and what depends on them, have no chance of their own in their bands.
        """
        name = measure.quantity
        held = self.people.mean(axis=0)
        ratio = np.divide(measure.values, held, out=np.zeros_like(held), where=held > NOBODY)
        if name == "population" or name in PEOPLE:
            sd, quantiles = self._population
            whole = {key: value * ratio for key, value in quantiles.items()}
            return Spread(sd * ratio, whole, self.band)
        if name in COUNTS:
            each = self.chance.dispersion[name]
        elif name == "cost" and not measure.stepped:
            each = self.chance.dispersion["population"] * ratio
        elif name in {"disparity_ratio", "disparity_difference"} and self.levels is not None:
            return self._disparity(measure, values, self.levels)
        else:
            return of_replicates(values, self.band.removesuffix(AND_CHANCE))
        each = np.where(np.isfinite(each), each, 0.0)
        mean = np.abs(np.where(np.isfinite(measure.values), measure.values, 0.0))
        sd = np.sqrt(values.var(axis=0, ddof=1) + each * mean)
        return Spread(sd, mixture.quantiles(values, each), self.band)

    def _disparity(self, measure: Measure, values: Floats, c: Compared) -> Spread:
        """As if the two counts were independent, and scattered as people held do in all."""
        each = self.chance.dispersion["population"][:, 0]
        if measure.quantity == "disparity_difference":
            variance, least = each * (c.top * c.a**2 + c.bottom * c.b**2).mean(axis=0), -np.inf
        else:
            relative = each * (1 / c.top + 1 / c.bottom).mean(axis=0)
            variance, least = relative * (c.ratio**2).mean(axis=0), 0.0
        whole = np.zeros(measure.values.shape)
        whole[:, 0] = np.where(np.isfinite(variance), variance, 0.0)
        sd = np.sqrt(values.var(axis=0, ddof=1) + whole)
        return Spread(sd, mixture.quantiles(values, 0.0, least, whole), self.band)


NOBODY = 1e-9
"""People below which a cell is empty."""


def of_replicates(values: Floats, band: str) -> Spread:
    """The spread of a quantity worked out in each replicate, (replicates, …), and what it is."""
    known = np.where(np.isfinite(values), values, np.nan)
    return Spread(known.std(axis=0, ddof=1), bands.drawn(known), band)
