"""From a run to figures: one tidy frame, a row a quantity, place, group and window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.engine.expected import Path
from remand.engine.kernel import Floats
from remand.engine.stays import Stays
from remand.model.model import Model
from remand.outcomes import bands
from remand.outcomes.cells import Cells, Place
from remand.outcomes.measures import (
    OVERFLOW,
    QUANTITIES,
    STAY_BASIS,
    Measure,
    compared,
    measures,
    population,
)
from remand.outcomes.spread import Added, Analytic, Chance, Spread, of_replicates
from remand.outcomes.suppression import hide_with_totals, with_totals
from remand.outcomes.tally import Tally, expected
from remand.outcomes.windows import Windows

__all__ = ["OVERFLOW", "QUANTITIES", "STAY_BASIS", "Drawn", "drawn_figures", "figures",
           "uncertain_figures"]  # fmt: skip

Bools = NDArray[np.bool_]


class Drawn(NamedTuple):
    """Figures of a sample, or of draws: the frame, and each row's value in each (rows, draws)."""

    frame: pl.DataFrame
    each: Floats


def figures(
    model: Model,
    path: Path,
    windows: Windows,
    by: Sequence[str] = (),
    quantities: Sequence[str] = QUANTITIES,
    stays: Stays | None = None,
    bands_from: int | None = 0,
) -> pl.DataFrame:
    """Figures of a path over windows, for every kind of custody in total, and ``by`` as asked.

    Columns: date (first day of the window), kind, state or status, the axes asked for, quantity,
    unit, mean, sd, quantiles, band (what the quantiles are), basis, denominator, low and high
    (bounds where race or another axis is missing), suppressed. A total row has no axis values.
    Censuses and rates are means over the window, flows sums. ``path`` must have been solved with
    the windows' marks as one of its lists; the three stays need ``stays``. Counts of the windows
    before ``bands_from`` get no sd and no quantiles, which is most of the work; None: no window
    gets any, and no marks are needed.
    """
    cells = Cells.of(model, by)
    if not set(quantities) & set(STAY_BASIS):
        stays = None
    tally = expected(path, windows, cells, quantities, stays)
    if bands_from is None:
        return plain(model, windows, cells, measures(tally, model, cells, quantities))
    spread = Analytic(path, tally, model, cells, windows, bands_from).of
    frame = _Frame(model, cells, windows)
    return frame.of((m, spread(m)) for m in measures(tally, model, cells, quantities))


def drawn_figures(
    model: Model,
    tally: Tally,
    windows: Windows,
    cells: Cells,
    quantities: Sequence[str] = QUANTITIES,
) -> Drawn:
    """The same figures of a sample's tally: columns, rows and hidden cells are alike.

    Means are the formulas' of the mean tally, so that they meet the exact engine's; sd and
    quantiles are those of the formulas' values in each replicate. States held at a number of
    places have rows of the quantities in `OVERFLOW` too, with the state in ``state``.
    """
    means = measures(tally.mean(), model, cells, quantities)
    band = f"chance, {len(tally.held):,} replicates"
    return banded(model, windows, cells, means, measures(tally, model, cells, quantities), band)


def banded(
    model: Model,
    windows: Windows,
    cells: Cells,
    points: Iterable[Measure],
    replicates: Iterable[Measure],
    band: str,
) -> Drawn:
    """Figures of measures, each with its values in replicates, which give sd and quantiles."""
    frame, each = _Frame(model, cells, windows), list[Floats]()

    def both() -> Iterator[tuple[Measure, Spread]]:
        with np.errstate(divide="ignore", invalid="ignore"):
            for point, own in zip(points, replicates, strict=True):
                values = own.values.reshape(len(own.values), -1)
                at = replace(point, values=own.values.mean(axis=0)) if point.stepped else point
                each.append(values[:, frame.kept(at).ravel()].T)
                yield at, of_replicates(own.values, band)

    rows = frame.of(both())
    return Drawn(rows, np.concatenate(each) if each else np.zeros((0, 0)))


def uncertain_figures(
    model: Model,
    tally: Tally,
    windows: Windows,
    cells: Cells,
    quantities: Sequence[str],
    chance: Chance,
    prices: Model,
    band: str,
    *,
    each: bool,
) -> Iterator[Drawn]:
    """Figures of draws, whose tally begins with an axis of them, with chance added.

    Yields the rows of one quantity after the other, with their values in ``each`` draw if asked,
    chance left out. Means are the formulas' of the mean tally; sd and quantiles hold what is
    uncertain and chance together. ``prices`` is the model with its prices in each draw.
    """
    frame = _Frame(model, cells, windows)
    points = measures(tally.mean(), model, cells, quantities)
    replicates = measures(tally, prices, cells, quantities)
    told = any(quantity.startswith("disparity") for quantity in quantities)
    levels = compared(tally, model, cells) if told else None
    added = Added(chance, population(tally), band, levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        for point, own in zip(points, replicates, strict=True):
            known = np.where(np.isfinite(own.values), own.values, np.nan)
            values = np.zeros((0, len(known)))
            if each:
                values = known.reshape(len(known), -1)[:, frame.kept(point).ravel()].T
            if point.quantity == "disparity_pooled":
                yield Drawn(frame.of(iter([(point, Spread())])), values)
                continue
            at = replace(point, values=known.mean(axis=0)) if point.stepped else point
            yield Drawn(frame.of(iter([(at, added.of(at, known))])), values)


def plain(model: Model, windows: Windows, cells: Cells, points: Iterable[Measure]) -> pl.DataFrame:
    """Figures of measures alone, without any band."""
    return _Frame(model, cells, windows).of((point, Spread()) for point in points)


def as_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of figures without the keys that do not apply; what is asked of all always stands."""
    always = {"date", "quantity", "unit", "mean", "suppressed", "p_a_less_b"}
    return [
        {key: value for key, value in row.items() if value is not None or key in always}
        for row in frame.iter_rows(named=True)
    ]


class _Frame:
    """Measures as rows, with small counts hidden."""

    def __init__(self, model: Model, cells: Cells, windows: Windows) -> None:
        self.model, self.cells, self.windows = model, cells, windows
        self._hiding: dict[int, tuple[Floats, Bools]] = {}

    def of(self, found: Iterator[tuple[Measure, Spread]]) -> pl.DataFrame:
        """All rows in one frame; without any, the columns alone."""
        frames = [self._rows(measure, spread) for measure, spread in found]
        frame = pl.concat(frames) if frames else self._none()
        return frame.drop([c for c in ("state", "status") if frame[c].null_count() == len(frame)])

    def kept(self, measure: Measure) -> Bools:
        """Which cells of a measure become rows."""
        kept: Bools = np.isfinite(measure.values) | self._hidden(measure)
        for own in (measure.quantiles or {}).values():
            kept |= np.isfinite(own)
        return kept

    def _none(self) -> pl.DataFrame:
        nothing = np.zeros((len(self.cells.places), len(self.cells.groups.cells), 0))
        return self._rows(Measure("", "", nothing), Spread())

    def _rows(self, measure: Measure, spread: Spread) -> pl.DataFrame:
        kept = self.kept(measure)
        hidden = self._hidden(measure)[kept]
        at = np.nonzero(kept)
        if measure.quantiles is not None:
            spread = Spread(None, measure.quantiles, measure.band)

        def shown(values: Floats | None) -> pl.Series:
            if values is None:
                return pl.Series([None] * len(hidden), dtype=pl.Float64)
            return pl.Series(np.where(hidden, np.nan, values[kept]), nan_to_null=True)

        def text(value: str | NDArray[np.object_] | None) -> pl.Series:
            each = value[kept] if isinstance(value, np.ndarray) else [value] * len(hidden)
            return pl.Series(list(each), dtype=pl.String)

        places: tuple[Place, ...] = measure.places or self.cells.places

        def place(level: str) -> pl.Series:
            names = [p.name if p.level == level else None for p in places]
            return pl.Series([names[i] for i in at[0]], dtype=pl.String)

        columns: dict[str, Any] = {
            "date": pl.Series([self.windows.dates[i] for i in at[2]], dtype=pl.Date),
            "kind": place("kind"),
            "state": place("state"),
            "status": place("status"),
        }
        groups = self.cells.groups
        for position, axis in enumerate(groups.axes):
            levels = [cell[position] if cell else None for cell in groups.cells]
            columns[axis] = pl.Series([levels[i] for i in at[1]], dtype=pl.String)
        columns["quantity"] = text(measure.quantity)
        columns["unit"] = text(measure.unit)
        columns["mean"] = shown(measure.values)
        columns["sd"] = shown(spread.sd)
        for name in bands.QUANTILES:
            given = spread.quantiles.get(name) if spread.quantiles and spread.band else None
            columns[name] = shown(given)
        columns["band"] = text(spread.band)
        columns["basis"] = text(measure.basis)
        columns["denominator"] = text(measure.denominator)
        columns["low"] = shown(measure.low)
        columns["high"] = shown(measure.high)
        columns["suppressed"] = hidden
        return pl.DataFrame(columns)

    # -- hidden cells -----------------------------------------------------------------------

    def _hidden(self, measure: Measure) -> Bools:
        """Cells of a measure to hide: by the people it speaks of, or as it says itself."""
        hidden = np.zeros(measure.values.shape, bool)
        if measure.few is not None:
            hidden |= measure.few
        for count in measure.counts:
            hidden |= self._small(count)
        if measure.only is not None:
            hidden &= measure.only
        return hidden

    def _small(self, counts: Floats) -> Bools:
        """Cells to hide: never a kind's total, always with what would give a cell away.

        A kind with its states, or a place alone, by the groups and their totals, is one table.
        """
        known = self._hiding.get(id(counts))
        if known is None:
            known = self._hiding[id(counts)] = counts, self._worked_out(counts)
        return known[1]

    def _worked_out(self, counts: Floats) -> Bools:
        places, shape = self.cells.places, self.cells.groups.shape
        hidden = np.zeros(counts.shape, bool)
        tables: dict[str, list[int]] = {}
        for i, place in enumerate(places):
            kind = self.model.states[place.name].kind if place.level == "state" else place.name
            own = "" if place.level == "status" or kind == "community" else kind
            tables.setdefault(own or f"{place.level} {place.name}", []).append(i)
        for rows in tables.values():
            total = places[rows[0]].level == "kind"
            for w in range(counts.shape[2]):
                table = with_totals(counts[rows, :, w], shape)
                out = hide_with_totals(table if len(rows) > 1 else table[0], grand_total=total)
                out = out.reshape(table.shape)
                inner = out[:, *(slice(1, None) for _ in shape)]
                hidden[rows, 0, w] = out.reshape(len(rows), -1)[:, 0]
                if shape:
                    hidden[rows, 1:, w] = inner.reshape(len(rows), -1)
        return hidden
