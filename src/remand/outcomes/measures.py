"""What each quantity is: one formula, from a tally, whichever engine made it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.engine.kernel import Floats
from remand.model.model import Model
from remand.model.values import Disparity
from remand.outcomes import cost, pooled
from remand.outcomes.cells import Cells, Place, residents_of
from remand.outcomes.suppression import RATIO_SMALL
from remand.outcomes.tally import Tally

Bools = NDArray[np.bool_]

PER = 100_000
OVERFLOW = {
    "early_releases": "people discharged early because the state was full",
    "refused": "people sent on because the state was full",
    "over_capacity": "person-days above the limit all the same",
}
"""What a capacity gives rise to; only models with one have these."""

QUANTITIES = ("population", "admissions", "releases", "bed_days", "person_years", "rate",
              "stay_admission", "stay_release", "stay_so_far", "disparity_ratio",
              "disparity_difference", "disparity_pooled", "beds_needed", "wings", "cost",
              *OVERFLOW)  # fmt: skip
STAY_BASIS = {
    "stay_admission": "mean stay of those admitted in the period, to its end",
    "stay_release": "mean stay of those released in the period",
    "stay_so_far": "mean time so far of those inside at the end of the period",
}


@dataclass(frozen=True)
class Measure:
    """One quantity over (…, places, groups, windows); NaN where it does not exist.

    Attributes:
        quantity, unit: what it is.
        values: as the tally's, with its leading axes.
        counts: of people it says something about; any that is small hides it.
        basis, denominator: what must be said with it; the basis of all, or of each cell.
        low, high: bounds where some people's level is unknown.
        few: cells hidden whatever the counts are.
        only: cells it stands in at all, if not in all.
        places: whose rows these are, if not those of all figures.
        stepped: it moves in steps, or by a highest value, so that over replicates it is the mean
            of its values that counts, not its value at their mean.
        quantiles, band: its own, where it has no value but a range.
    """

    quantity: str
    unit: str
    values: Floats
    counts: tuple[Floats, ...] = ()
    basis: str | NDArray[np.object_] | None = None
    denominator: str | None = None
    low: Floats | None = None
    high: Floats | None = None
    few: Bools | None = None
    only: Bools | None = None
    places: tuple[Place, ...] | None = None
    stepped: bool = False
    quantiles: Mapping[str, Floats] | None = None
    band: str | None = None


def measures(
    tally: Tally, model: Model, cells: Cells, wanted: Collection[str]
) -> Iterator[Measure]:
    """Every quantity wanted that the model and the tally have, in the order of `QUANTITIES`."""
    every = [_held, _moved, _stays, _overflow]
    if any(quantity.startswith("disparity") for quantity in wanted):
        every.insert(2, _disparity)
    for some in every:
        yield from (m for m in some(tally, model, cells) if m.quantity in wanted)


def population(tally: Tally) -> Floats:
    """Mean census of each window."""
    return tally.held / tally.lengths


def rate_scale(model: Model, cells: Cells) -> Floats | None:
    """What turns people of each group into a rate, (1, groups, 1); NaN without residents."""
    residents = residents_of(model, cells.groups)
    if residents is None:
        return None
    per = np.where(residents > 0, PER / np.where(residents > 0, residents, 1), np.nan)
    return per[None, :, None]


def _held(tally: Tally, model: Model, cells: Cells) -> Iterator[Measure]:
    """People held: census, their time, rate, cost."""
    people, held = population(tally), tally.held
    days = tally.clock.days
    yield Measure("population", "people", people, (people,),
                  f"{model.counts}, mean of the period's censuses")  # fmt: skip
    yield Measure("bed_days", "person-days", held * days, (people,))
    yield Measure("person_years", "person-years", held * days / cost.YEAR, (people,))
    scale = rate_scale(model, cells)
    if scale is not None and model.residents is not None:
        yield Measure("rate", f"people per {PER:,}", people * scale, (people,),
                      denominator=model.residents.unit)  # fmt: skip
    yield from _costs(tally, model, cells, people)


def _costs(tally: Tally, model: Model, cells: Cells, people: Floats) -> Iterator[Measure]:
    """What each payer spends on each kind that has a price; wings are those of a kind's whole."""
    kinds = {cells.places[i].name: i for i in cells.kinds}
    for prices in cost.priced(model):
        place = kinds.get(prices.kind)
        if place is None:
            continue
        basis, only = prices.basis(tally), np.zeros((*people.shape[-3:-1], 1), bool)
        if not prices.stepped:
            only[place] = True
            dollars = cost.by_person(tally, prices)
            yield Measure("cost", "USD", np.where(only, dollars, np.nan), (people,), basis,
                          only=only)  # fmt: skip
            continue
        only[place, 0] = True
        found = cost.wings(tally, prices, place)
        for name, unit, values in (("beds_needed", "places", found.beds),
                                   ("wings", "wings", found.open),
                                   ("cost", "USD", found.cost)):  # fmt: skip
            whole = np.where(only, values[..., None, None, :], np.nan)
            yield Measure(name, unit, whole, basis=basis, only=only, stepped=True)


def _moved(tally: Tally, _model: Model, _cells: Cells) -> Iterator[Measure]:
    """People admitted and released."""
    for name, count in (("admissions", tally.admissions), ("releases", tally.releases)):
        if count is not None:
            yield Measure(name, "people", count, (count,))


@dataclass(frozen=True)
class Compared:
    """The two levels a disparity is between: mean census over (…, places, windows), and per whom.

    Attributes:
        top, bottom: people of the level compared, and of the one it is compared to.
        lost: people whose level is not known.
        a, b: what turns ``top`` and ``bottom`` into rates.
    """

    top: Floats
    bottom: Floats
    lost: Floats
    a: float
    b: float

    @property
    def ratio(self) -> Floats:
        """Rate of the first over rate of the second."""
        return self.top * self.a / (self.bottom * self.b)

    @property
    def difference(self) -> Floats:
        """Rate of the first less rate of the second."""
        return self.top * self.a - self.bottom * self.b


def compared(tally: Tally, model: Model, cells: Cells) -> Compared | None:
    """The disparity the model shows, if it shows one and has residents for it."""
    d = model.disparity
    if d is None or model.residents is None or d.axis not in model.residents.axes:
        return None
    residents = residents_of(model, cells.levels)
    assert residents is not None  # noqa: S101 - the model has residents, checked above
    per = PER / np.where(residents > 0, residents, np.nan)
    count = tally.by_level / tally.lengths
    at = {level: i for i, (level,) in enumerate(cells.levels.cells[1:], start=1)}
    top, bottom = count[..., at[d.of], :], count[..., at[d.to], :]
    lost = count[..., at[d.missing], :] if d.missing else np.zeros_like(top)
    return Compared(top, bottom, lost, per[at[d.of]], per[at[d.to]])


def total_only(values: Floats, cells: Cells) -> Floats:
    """(…, places, windows) → (…, places, groups, windows), with NaN for all but everyone."""
    *places, windows = values.shape
    out = np.full((*places, len(cells.groups.cells), windows), np.nan)
    out[..., 0, :] = values
    return out


def _disparity(tally: Tally, model: Model, cells: Cells) -> Iterator[Measure]:
    """How unequally people are held: the ratio and the difference of two rates, with bounds."""
    c, d = compared(tally, model, cells), model.disparity
    if c is None or d is None or model.residents is None:
        return
    top, bottom, lost, a, b = c.top, c.bottom, c.lost, c.a, c.b
    few = np.zeros((*top.shape[:-1], len(cells.groups.cells), top.shape[-1]), bool)
    few[..., 0, :] = np.minimum(top, bottom) < RATIO_SMALL
    for i, place in enumerate(cells.places):
        if place.level != "kind":
            few[..., i, 0, :] = True
    basis = f"{d.of} to {d.to}"
    if d.missing:
        basis += f"; low and high give everyone {d.missing.replace('_', ' ')} to one side"
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = c.ratio
        low, high = top * a / ((bottom + lost) * b), (top + lost) * a / (bottom * b)
    yield Measure("disparity_ratio", "ratio of rates", total_only(ratio, cells), (), basis,
                  model.residents.unit, total_only(low, cells), total_only(high, cells),
                  few)  # fmt: skip
    low, high = top * a - (bottom + lost) * b, (top + lost) * a - bottom * b
    yield Measure("disparity_difference", f"people per {PER:,}", total_only(c.difference, cells),
                  (), basis, model.residents.unit, total_only(low, cells),
                  total_only(high, cells), few)  # fmt: skip
    yield _pooled(tally, c, cells, d, model.residents.unit)


def _pooled(tally: Tally, c: Compared, cells: Cells, d: Disparity, per: str) -> Measure:
    """A range that leans on a wider population, where a kind has no ratio of its own.

    It has no value, and none in single replicates, which would tell what it hides.
    """
    none = np.full((*c.top.shape[:-1], len(cells.groups.cells), c.top.shape[-1]), np.nan)
    low, high, basis = none.copy(), none.copy(), np.full(none.shape, None, object)
    odds = c.b / c.a
    of, to = (cells.levels.cells.index((level,)) for level in (d.of, d.to))
    levels = tally.by_level / tally.lengths
    small = (np.minimum(c.top, c.bottom) < RATIO_SMALL) & (levels[..., 0, :] > 0)
    for i in cells.kinds if none.ndim == 3 and np.isfinite(odds) else ():
        wider = pooled.Wider.of(cells.places[i].name, d.axis, d.of, d.to)
        for w in np.flatnonzero(small[i]) if wider else ():
            assert wider is not None  # noqa: S101 - asked in the line above
            told = pooled.evidence(levels[i, :, w], of, to)
            found = pooled.pooled(told, odds, wider)
            low[i, 0, w], high[i, 0, w] = pooled.rounded(found.low), pooled.rounded(found.high)
            basis[i, 0, w] = pooled.basis(d.of, d.to, found.own, wider, d.missing)
    return Measure("disparity_pooled", "ratio of rates", none, (), basis, per,
                   quantiles={"q05": low, "q95": high}, band=pooled.BAND)  # fmt: skip


def _stays(tally: Tally, _model: Model, cells: Cells) -> Iterator[Measure]:
    """How long people stay in a kind, on three bases; only kinds have stays."""
    days, kinds = tally.clock.days, cells.kinds
    people = population(tally)

    def mean(name: str, time: Floats, count: Floats, guard: Floats, less: float = 0.0) -> Measure:
        values = np.full(people.shape, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            values[..., kinds, :, :] = (time / count - less) * days
        return Measure(name, "days", values, (guard,), STAY_BASIS[name])

    if tally.to_come is not None and tally.admissions is not None:
        admitted = tally.admissions
        yield mean("stay_admission", tally.to_come, admitted[..., kinds, :, :], admitted)
    if tally.ended is not None and tally.releases is not None:
        released = tally.releases
        yield mean("stay_release", tally.ended, released[..., kinds, :, :], released)
    if tally.so_far is not None and tally.last is not None:
        half = 0.5 if tally.clock.partial == "exact" else 0.0
        yield mean("stay_so_far", tally.so_far, tally.last, people, half)


def _overflow(tally: Tally, model: Model, cells: Cells) -> Iterator[Measure]:
    """What full places lead to, by the state that is held at a number of places."""
    limits = tally.limits
    states = sorted({limit.state for limit in limits})
    if not states:
        return
    own = np.array([[limit.state == state for limit in limits] for state in states], float)
    counts = np.einsum("cl,...lkw->k...cw", own, tally.overflow)
    names = list(model.states)
    places = tuple(Place("state", names[state], np.arange(len(names)) == state) for state in states)
    for (name, basis), count in zip(OVERFLOW.items(), counts, strict=True):
        time = name == "over_capacity"
        values = total_only(count * (tally.clock.days if time else 1.0), cells)
        yield Measure(name, "person-days" if time else "people", values, basis=basis,
                      places=places)  # fmt: skip
