"""What a jail's records say: the figures of a run, of what happened.

Records become a model without numbers: one state of kind ``jail``, the columns asked for as axes,
residents if they are known. Cells, windows, formulas, rows and hidden counts are then those of
modelled figures, and so is their frame. What only records can tell is added: how stays are spread
(`remand.outcomes.quantiles`) and who comes back (`remand.outcomes.returns`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.engine.threads import in_threads
from remand.errors import InputError, did_you_mean
from remand.model.clock import Clock
from remand.model.model import Model
from remand.model.values import Disparity, Residents
from remand.outcomes.bootstrap import weights
from remand.outcomes.cells import Cells
from remand.outcomes.counted import Counted
from remand.outcomes.figures import STAY_BASIS, banded, plain
from remand.outcomes.measures import Measure, measures, population
from remand.outcomes.quantiles import Spreads, stay_quantiles
from remand.outcomes.returns import WITHIN, Returns
from remand.outcomes.suppression import few, hide_with_totals
from remand.outcomes.tally import Tally, stacked
from remand.outcomes.windows import Every, Windows
from remand.records.seen import Seen
from remand.records.stay_bands import LABELS, band
from remand.records.work import MISSING, Records, levels

Floats = NDArray[np.float64]

MEASURED = ("population", "admissions", "releases", "bed_days", "rate", "stay_admission",
            "stay_release", "stay_so_far", "disparity_ratio", "disparity_difference",
            "disparity_pooled", "days_per_admission", "stay_quantiles", "returns")  # fmt: skip
"""What can be measured; the last two are a quantity for each share and for each number of days."""

BAND = "stay_band"
"""An axis of every stay: its length in days, to its end or (still inside) to the last census."""

CENSUSES = ("population", "rate", "disparity_ratio", "disparity_difference", "disparity_pooled")
"""Quantities that are not given by stay band: there beds are told in bed-days alone."""

MOST = 2**23
"""The most figures of one kind that are drawn at once."""

MOST_GROUPS = 3_000
"""The most groups that figures are given by."""


@dataclass(frozen=True)
class Asked:
    """What is to be measured.

    Attributes:
        by: columns of the records, or `BAND`; several are crossed.
        quantities: of `MEASURED`.
        residents: whom rates are per.
        disparity: which two levels are compared.
        within: days for returns.
        draws: of the Bayesian bootstrap; none: no intervals.
        seed: which draws.
    """

    by: tuple[str, ...] = ()
    quantities: tuple[str, ...] = MEASURED
    residents: Residents | None = None
    disparity: Disparity | None = None
    within: tuple[int, ...] = WITHIN
    draws: int = 200
    seed: int = 0


def measured(records: Records, windows: Windows, asked: Asked) -> pl.DataFrame:
    """Figures of records over windows: a row a quantity, group and window.

    Columns are those of `remand.outcomes.figures.figures`; ``band`` says that quantiles are those
    of the Bayesian bootstrap. Point values are those of the people recorded. Raises InputError
    for unknown names, or more figures than can be held.
    """
    if BAND in asked.by:  # thousands of stays of a day fill one bed: a mean census says nothing
        asked = replace(asked, quantities=tuple(q for q in asked.quantities if q not in CENSUSES))
    for name in asked.quantities:
        if name not in MEASURED:
            raise InputError.of(
                f"records have no quantity '{name}'", fix=did_you_mean(name, MEASURED)
            )
    stays = counted(records, asked)
    affordable(stays, windows, asked.draws)
    spreads = Spreads.of(stays, windows) if "stay_quantiles" in asked.quantities else None
    returns = Returns.of(stays, windows, asked.within) if "returns" in asked.quantities else None
    none = np.zeros(0)

    def counts(weight: Floats) -> tuple[Tally, Floats, Floats]:
        return (
            stays.tally(windows, weight),
            spreads.values(weight) if spreads else none,
            returns.values(weight) if returns else none,
        )

    def figures(tally: Tally, spread: Floats, back: Floats) -> Iterator[Measure]:
        assert tally.admissions is not None  # noqa: S101 - records have them
        assert tally.releases is not None  # noqa: S101
        yield from measures(tally, stays.model, stays.cells, asked.quantities)
        if "days_per_admission" in asked.quantities:
            yield days_per_admission(tally)
        if spreads:
            yield from stay_quantiles(spread, tally.admissions, tally.releases)
        if returns:
            yield from returns.measures(back)

    tally, *more = counts(np.ones(len(stays.person)))
    present = stays.present(windows) if BAND in asked.by else None
    points = told(guarded(figures(tally, *more), tally, present), tally, stays)
    if not asked.draws:
        return plain(stays.model, windows, stays.cells, points)
    drawn = bootstrapped(counts, stays, asked)
    tallies, *parts = zip(*drawn, strict=True)
    each = figures(stacked(tallies), *map(np.array, parts))
    return banded(stays.model, windows, stays.cells, points, each, interval(asked)).frame


def counted(records: Records, asked: Asked) -> Counted:
    """Records ready to be counted by the groups asked for. InputError on an unknown column."""
    axes = list(asked.by)
    if asked.disparity and asked.disparity.axis not in axes:
        axes.append(asked.disparity.axis)
    records = with_band(records) if BAND in axes else records
    model = model_of(records, axes, asked)
    return Counted.of(records, model, Cells.of(model, asked.by))


def model_of(records: Records, axes: Sequence[str], asked: Asked) -> Model:
    """Records as a model without numbers: what there is to count, and in which groups."""
    if len(set(axes)) < len(axes):
        raise InputError.of("a column is asked for twice", fix="name each once")
    strata = {axis: ordered(axis, records.axis(axis)) for axis in axes}
    many = int(np.prod([len(own) for own in strata.values()]))
    if many > MOST_GROUPS:
        sizes = ", ".join(f"{axis} {len(own):,}" for axis, own in strata.items())
        raise InputError.of(
            f"{many:,} groups are more than figures can be given by ({sizes})",
            fix="group the levels in the mapping that ingest reads, or ask for fewer columns",
        )
    return Model.model_validate(
        {
            "name": "records",
            "title": ", ".join(source.file for source in records.sources),
            "counts": records.counts,
            "clock": {"start": records.since},
            "strata": strata,
            "states": {"jail": {"kind": "jail", "exits": "gone"}},
            "arrivals": {},
            "residents": asked.residents,
            "disparity": asked.disparity,
        }
    )


def with_band(records: Records) -> Records:
    """The same records with each stay's band as a column."""
    seen = Seen.of(records)
    length = np.maximum(seen.out - seen.into, 0)
    own = pl.Series(BAND, [LABELS[i] for i in band(length)])
    return replace(records, stays=records.stays.with_columns(own))


def ordered(axis: str, column: pl.Series) -> tuple[str, ...]:
    """The levels of an axis: in their own order if they have one, else the commonest first."""
    found = levels(column)
    if axis == BAND:
        return tuple(label for label in LABELS if label in found)
    if axis == "age":
        return tuple(sorted(found, key=lambda v: (v == MISSING, not v.startswith("under"), v)))
    return found


def period(
    records: Records, first: dt.date | None, last: dt.date | None, every: Every | None
) -> Windows:
    """Windows over [first, last), by default the whole window. InputError outside it."""
    since, until = first or records.since, last or records.until
    if not records.since <= since < until <= records.until:
        raise InputError.of(
            f"the period {since} to {until} is not inside the window of the records",
            fix=f"give --from and --to between {records.since} and {records.until}",
        )
    return Windows.over(Clock(start=records.since), since, until, every)


def days_per_admission(tally: Tally) -> Measure:
    """Person-days held in a period for each admission in it: none of the three stays."""
    assert tally.admissions is not None  # noqa: S101 - whoever asks has counted moves
    with np.errstate(divide="ignore", invalid="ignore"):
        values = tally.held / tally.admissions * tally.clock.days
    return Measure("days_per_admission", "days", values, (tally.admissions,),
                   "person-days held in the period for each admission in it; the mean stay only "
                   "while admissions and stays are steady (Little's law)")  # fmt: skip


def guarded(
    found: Iterable[Measure], tally: Tally, present: Floats | None = None
) -> Iterator[Measure]:
    """Measures of real people, with what more must be hidden than of modelled ones.

    Admissions and releases are hidden together, since with the censuses of two days either would
    tell the other, and days held for each admission with the beds that they would tell. No mean is
    shown of the stays of fewer than ten people. By stay band, beds are told by how many people
    used them: those ``present`` in the period.
    """
    assert tally.admissions is not None  # noqa: S101 - records have them
    assert tally.releases is not None  # noqa: S101
    assert tally.last is not None  # noqa: S101
    moved = (tally.admissions, tally.releases)
    people = population(tally) if present is None else present
    counts = {
        "admissions": moved,
        "releases": moved,
        "bed_days": (people,),
        "stay_admission": moved,
        "stay_release": moved[::-1],
        "stay_so_far": (tally.last, people),
        "days_per_admission": (*moved, people),
    }
    means = {*STAY_BASIS, "days_per_admission"} | ({"bed_days"} if present is not None else set())
    for measure in found:
        own = counts.get(measure.quantity, measure.counts)
        hidden = few(own[0]) if measure.quantity in means else measure.few
        yield replace(measure, counts=own, few=hidden)


def told(found: Iterable[Measure], tally: Tally, stays: Counted) -> Iterator[Measure]:
    """Measures without a disparity that would tell how many people of a hidden level are held.

    Ratio and difference together tell both levels; their bounds tell those of unknown level.
    """
    d = stays.model.disparity
    count = tally.by_level / tally.lengths
    hidden = np.zeros(count.shape, bool)
    if d is not None:
        for place, window in np.ndindex(count.shape[0], count.shape[-1]):
            hidden[place, :, window] = hide_with_totals(count[place, :, window])
    at = {cell[0]: i for i, cell in enumerate(stays.cells.levels.cells) if cell}
    for measure in found:
        if d is None or measure.few is None or not measure.quantity.startswith("disparity"):
            yield measure
            continue
        own = measure.few.copy()
        own[:, 0] |= hidden[:, at[d.of]] | hidden[:, at[d.to]]
        unknown = hidden[:, at[d.missing]][:, None] if d.missing else np.zeros((1, 1, 1), bool)
        low, high = (None if b is None else np.where(unknown, np.nan, b)
                     for b in (measure.low, measure.high))  # fmt: skip
        yield replace(measure, few=own, low=low, high=high)


def bootstrapped(counts: Callable[[Floats], Any], stays: Counted, asked: Asked) -> list[Any]:
    """What is counted with each draw's weights."""
    people = int(stays.person.max(initial=-1)) + 1

    def one(draw: int) -> Any:
        return counts(weights(people, asked.seed, draw)[stays.person])

    return in_threads(one, range(asked.draws), None)


def interval(asked: Asked) -> str:
    """What the quantiles of measured figures are."""
    return f"interval, Bayesian bootstrap over people, {asked.draws:,} draws"


def affordable(stays: Counted, windows: Windows, draws: int) -> None:
    """Refuse more figures than fit into memory."""
    if draws == 1:
        raise InputError.of("one draw shows nothing of chance", fix="give 200, or 0 for none")
    if stays.groups * len(windows.starts) * max(draws, 1) > MOST:
        raise InputError.of(
            f"{stays.groups:,} groups over {len(windows.starts):,} windows are too many for "
            f"{draws:,} draws", fix="ask for longer windows or fewer groups, or give --draws 0",
        )  # fmt: skip
