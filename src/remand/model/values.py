"""The values a model is made of: shares, counts, rates and stays, each by stratum and by date."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from remand.model import laws
from remand.model.clock import DAYS_PER
from remand.model.spec import Date, FrozenDict, Names, Row, Sourced, Spec, Where, as_rows
from remand.model.uncertain import NotNegative, Number, Positive, Share

TimeUnit = Literal["days", "weeks", "months", "years"]
Factors = Annotated[tuple[Positive, ...], Field(min_length=1)]


class ShareRow(Row):
    """A share of people, 0–1, or ``rest``: what the other exits of the state leave."""

    value: Share | Literal["rest"]


class NumberRow(Row):
    """A plain number, such as a count of residents or of people held."""

    value: NotNegative


class DwellRow(Row):
    """A law of stays; ``unit`` holds for every duration in the row.

    Attributes:
        scale: multiplies every stay; of several factors, all do. Where a law is not known, this
            usually is the number that is uncertain (median and mean then move together), with a
            factor for each reason.
    """

    unit: TimeUnit = "days"
    scale: Positive | Factors = 1.0

    def in_days(self, value: float) -> float:
        """A duration of this row in days."""
        return value * DAYS_PER[self.unit.removesuffix("s")]

    @property
    def numeric(self) -> laws.Law:
        """The law itself, in days."""
        return self._unscaled.scaled(self.factor)

    @property
    def factor(self) -> float:
        """What every stay is multiplied by."""
        return prod(self.scale) if isinstance(self.scale, tuple) else float(self.scale)

    @property
    def _unscaled(self) -> laws.Law:
        raise NotImplementedError


class LognormalDwell(DwellRow):
    """Skewed stays: median and mean of the law before ``max``; nobody stays past ``max``."""

    law: Literal["lognormal"]
    median: Positive
    mean: Positive
    max: Positive | None = None

    @model_validator(mode="after")
    def _skewed(self) -> LognormalDwell:
        if self.mean <= self.median:
            raise ValueError(
                f"a lognormal mean ({self.mean:g}) must be above its median ({self.median:g})"
            )
        if self.mean > 1e6 * self.median:
            raise ValueError(
                f"a lognormal mean ({self.mean:g}) a million times its median ({self.median:g}) "
                "is no law of stays"
            )
        return self

    @property
    def _unscaled(self) -> laws.Law:
        most = float("inf") if self.max is None else self.in_days(self.max)
        return laws.Lognormal(self.in_days(self.median), self.in_days(self.mean), most)


class ExponentialDwell(DwellRow):
    """Memoryless stays."""

    law: Literal["exponential"]
    mean: Positive

    @property
    def _unscaled(self) -> laws.Law:
        return laws.Exponential(self.in_days(self.mean))


class GammaDwell(DwellRow):
    """Gamma stays by mean and shape (1 is exponential, larger is more regular)."""

    law: Literal["gamma"]
    mean: Positive
    shape: Positive

    @property
    def _unscaled(self) -> laws.Law:
        return laws.Gamma(self.in_days(self.mean), self.shape)


class FixedDwell(DwellRow):
    """The same stay for everyone; 0 passes through within the step."""

    law: Literal["fixed"]
    value: NotNegative

    @property
    def _unscaled(self) -> laws.Law:
        return laws.Fixed(self.in_days(self.value))


class UniformDwell(DwellRow):
    """Any stay between two bounds, all equally likely."""

    law: Literal["uniform"]
    low: NotNegative
    high: Positive

    @model_validator(mode="after")
    def _rising(self) -> UniformDwell:
        if self.high <= self.low:
            raise ValueError(f"'high' ({self.high:g}) must be above 'low' ({self.low:g})")
        return self

    @property
    def _unscaled(self) -> laws.Law:
        return laws.Uniform(self.in_days(self.low), self.in_days(self.high))


class TableCell(Spec):
    """One cell of a table: a stay in whole steps (and the exit it ends in), with its chance."""

    where: Where = FrozenDict()
    exit: str | None = None
    duration: Annotated[int, Field(strict=True, ge=0)]
    probability: Share


class TableDwell(DwellRow):
    """Stays already counted in whole steps, inline or from a CSV beside the model.

    With an ``exit`` column the table is joint: it gives the shares of the exits as well. A CSV
    has the columns ``<axes…>, exit, duration, probability``; ``rows`` are read from it.

    Attributes:
        normalise: divide each stratum's probabilities by their sum instead of refusing them.
    """

    law: Literal["table"]
    unit: Literal["steps"] = "steps"  # type: ignore[assignment]
    file: str | None = None
    rows: tuple[TableCell, ...] = ()
    normalise: bool = False

    @model_validator(mode="after")
    def _whole(self) -> TableDwell:
        if not self.rows and self.file is None:
            raise ValueError("a table needs 'rows' or a 'file'")
        named = {cell.exit is not None for cell in self.rows}
        if len(named) > 1:
            raise ValueError("some rows of the table name an exit and some do not")
        return self

    @property
    def joint(self) -> bool:
        """Whether the table gives the exits too."""
        return bool(self.rows) and self.rows[0].exit is not None

    @property
    def _unscaled(self) -> laws.Law:
        return self.conditional(self.rows)[1]

    def given(self, exit_name: str | None, cells: Iterable[TableCell]) -> tuple[float, laws.Law]:
        """The total chance of the cells of an exit, and the law of the stay given one of them."""
        share, law = self.conditional(cell for cell in cells if cell.exit == exit_name)
        return share, law.scaled(self.factor)

    @staticmethod
    def conditional(cells: Iterable[TableCell]) -> tuple[float, laws.Law]:
        """The total chance of some cells, and the law of the stay given one of them."""
        mass: dict[int, float] = {}
        for cell in cells:
            mass[cell.duration] = mass.get(cell.duration, 0.0) + cell.probability
        total = sum(mass.values())
        if not total:
            return 0.0, laws.Table((0,), (1.0,))
        return total, laws.Table.of({d: p / total for d, p in mass.items() if p})


AnyDwell = Annotated[
    LognormalDwell | ExponentialDwell | GammaDwell | FixedDwell | UniformDwell | TableDwell,
    Field(discriminator="law"),
]

Shares = Annotated[tuple[ShareRow, ...], BeforeValidator(as_rows), Field(min_length=1)]
Counts = Annotated[tuple[NumberRow, ...], BeforeValidator(as_rows), Field(min_length=1)]
Dwells = Annotated[tuple[AnyDwell, ...], BeforeValidator(as_rows), Field(min_length=1)]


class Split(Sourced):
    """How a count is spread over the levels of one axis: shares that sum to 1."""

    levels: FrozenDict[str, Share]


def _as_splits(value: Any) -> Any:
    """Let ``race: {Black: 0.6, …, source: X}`` stand for ``race: {levels: {…}, source: X}``."""
    if not isinstance(value, dict):
        return value
    spread = {}
    for axis, shares in value.items():
        if isinstance(shares, dict) and "levels" not in shares:
            own = {key: shares[key] for key in ("source", "inferred", "note") if key in shares}
            shares = {"levels": {k: v for k, v in shares.items() if k not in own}, **own}  # noqa: PLW2901
        spread[axis] = shares
    return spread


Splits = Annotated[FrozenDict[str, Split], BeforeValidator(_as_splits)]
RateUnit = Literal["people per day", "people per week", "people per month", "people per year"]
Months = Literal["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
Weekdays = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Drift(Sourced):
    """How arrivals may move by themselves: a damped local trend.

    Growth is constant within a year; each year keeps ``damping`` of the last one's and may add a
    shock of its own, the first year too, so that what is drawn wanders further the further ahead
    it is (E. Gardner & E. McKenzie, *Management Science* 31, 1985).

    Attributes:
        from_: the first day it acts (written ``from``).
        growth: of the log of the rate, a year, in the first year (0.03 is about 3 %).
        damping: the share of a year's growth that is left in the next; 1 never fades.
        shocks: sd of what each year adds to growth; 0 where a run has no draws.
        years: what each year adds, the first one first, once drawn.
    """

    from_: Date = Field(alias="from")
    growth: Number = 0.0
    damping: Share = 0.5
    shocks: NotNegative = 0.0
    years: tuple[Number, ...] = ()

    def factor(self, days: NDArray[np.int64]) -> NDArray[np.float64]:
        """What arrivals are multiplied by on each day (proleptic ordinals); 1 before the first.

        >>> import datetime as dt
        >>> drift = Drift(**{"from": dt.date(2018, 1, 1)}, growth=0.1, damping=0.5)
        >>> first = dt.date(2018, 1, 1).toordinal() + np.array([-1, 0, 366, 731])
        >>> [round(float(x), 2) for x in np.log(drift.factor(first))]
        [0.0, 0.0, 0.1, 0.15]
        """
        since = np.maximum(days - self.from_.toordinal(), 0) / 365.25
        years = int(np.ceil(since.max(initial=0.0))) + 1
        growth = np.zeros(years)
        growth[: len(self.years)] = self.years[:years]
        growth[0] += self.growth
        for year in range(1, years):
            growth[year] += self.damping * growth[year - 1]
        gone = np.concatenate([[0.0], np.cumsum(growth)])
        whole = since.astype(np.int64)
        return np.asarray(np.exp(gone[whole] + growth[whole] * (since - whole)))


class Arrivals(Sourced):
    """People who come from outside the model into one state.

    Attributes:
        unit: of ``rate``. A year is 365.25 days, a month 30.4375.
        rate: people a unit of time *in each stratum*, before ``split`` spreads it.
        split: shares over the levels of further axes.
        pace: a factor that may differ by date, and by stratum (absent: 1).
        season: a factor for each calendar month (absent: 1).
        weekdays: a factor for each day of the week (absent: 1); needs a daily clock.
        trend: growth a year, compound, from the model's start (0.02 is 2 %).
        drift: how they may move by themselves, beyond what is known (absent: not at all).
        spread: Poisson, or negative binomial with size ``r`` a step and stratum
            (variance λ + λ²/r); ``r`` is kept when a policy scales arrivals.
    """

    unit: RateUnit
    rate: Counts
    split: Splits = FrozenDict()
    pace: Counts | None = None
    season: FrozenDict[Months, NotNegative] = FrozenDict()
    weekdays: FrozenDict[Weekdays, NotNegative] = FrozenDict()
    trend: Number = 0.0
    drift: Drift | None = None
    spread: Literal["poisson"] | Positive = "poisson"

    @property
    def per_day(self) -> float:
        """What one unit of the rate is in people a day."""
        return 1.0 / DAYS_PER[self.unit.removeprefix("people per ")]


class ElapsedRow(Sourced):
    """People inside by the time since they entered: a share of the stock, and their days so far."""

    days: NotNegative
    share: Share


class StockCell(Spec):
    """People inside who entered so many days ago; 0 is within the last step."""

    where: Where = FrozenDict()
    days: NotNegative
    people: NotNegative


class Stock(Sourced):
    """The census of one state at the boundary before the first step.

    Either ``people``, with ``elapsed`` if it is known and alike in all strata, or every stratum's
    own people by the time since they entered: ``rows``, or a CSV beside the model with the columns
    ``<axes…>, days, people``. A stratum without rows is empty, and a row's people are inside *each*
    stratum that its ``where`` covers.

    Attributes:
        people: in each stratum, before ``split`` spreads it.
        elapsed: time since they entered, if known (shares sum to 1). Unknown: the ages a steady
            state would have.
        file: the CSV that ``rows`` are read from.
    """

    people: Counts | None = None
    split: Splits = FrozenDict()
    elapsed: tuple[ElapsedRow, ...] = ()
    file: str | None = None
    rows: tuple[StockCell, ...] = ()

    @model_validator(mode="after")
    def _counted_once(self) -> Stock:
        counted = bool(self.rows) or self.file is not None
        if counted == (self.people is not None):
            raise ValueError("a census needs either 'people' or 'rows' (or a 'file' of them)")
        if counted and (self.split or self.elapsed):
            raise ValueError("'rows' say who is inside since when: no 'split' or 'elapsed' beside")
        return self

    @property
    def longest(self) -> float:
        """The longest time since anyone inside entered, in days; 0 if it is not known."""
        known = [row.days for row in self.elapsed] + [cell.days for cell in self.rows]
        return max(known, default=0.0)


class Residents(Sourced):
    """Whom a rate is per.

    Attributes:
        unit: printed beside every rate (``residents aged 15–64``).
        people: counts by the axes that residents have; other axes share them.
        axes: which axes ``people`` is given by.
    """

    unit: str
    axes: Names = ()
    people: Counts


class Disparity(Spec):
    """The comparison of two levels of an axis, with bounds where some records miss the level.

    Attributes:
        axis: for example ``race``.
        of: the level in the numerator.
        to: the level in the denominator.
        missing: the level that holds records without one; bounds give all of it to one side.
    """

    axis: str
    of: str
    to: str
    missing: str | None = None
