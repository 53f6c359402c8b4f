"""What monthly figures of a jail say: its population, its admissions, and the stay they imply."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.errors import InputError, did_you_mean
from remand.model.clock import Clock
from remand.model.model import Model
from remand.outcomes.cells import Cells
from remand.outcomes.figures import plain
from remand.outcomes.measured import days_per_admission
from remand.outcomes.measures import Measure, measures
from remand.outcomes.tally import Tally
from remand.outcomes.windows import Every, Windows

Floats = NDArray[np.float64]

ALONE = "all"
"""The name of the only jurisdiction of a file that names none."""


@dataclass(frozen=True)
class Monthly:
    """Monthly figures of several jurisdictions, those not reported left out.

    Attributes:
        table: columns month (the first day), place, measure, axis, level, value.
        left_out: months whose zero, of people held or admitted, means none reported; by place.
    """

    table: pl.DataFrame
    left_out: dict[str, int]

    @classmethod
    def of(cls, aggregates: pl.DataFrame, places: Sequence[str] = ()) -> Monthly:
        """Figures of a work file's table ``aggregates``, of some places or of all.

        A jail that held somebody in another month, and reports that nobody was held or admitted,
        did not report. Raises InputError on an unknown place.
        """
        table = aggregates.with_columns(pl.col("place").fill_null(ALONE))
        known = table["place"].unique().sort().to_list()
        for place in places:
            if place not in known:
                raise InputError.of(
                    f"the monthly figures have no place '{place}'", fix=did_you_mean(place, known)
                )
        if places:
            table = table.filter(pl.col("place").is_in(list(places)))
        everyone = pl.col("axis").is_null()
        held = table.filter(everyone & (pl.col("measure") == "adp") & (pl.col("value") > 0))
        silent = table.filter(
            everyone
            & pl.col("measure").is_in(["adp", "admissions"])
            & (pl.col("value") == 0)
            & pl.col("place").is_in(held["place"].unique().to_list())
        )
        kept = table.join(silent, on=["month", "place", "measure"], how="anti")
        counted = silent.group_by("place").agg(pl.col("month").n_unique()).sort("place")
        return cls(kept.filter(pl.col("value").is_not_null()), dict(counted.rows()))

    @property
    def places(self) -> list[str]:
        """The jurisdictions with any figure, by name."""
        found: list[str] = self.table["place"].unique().sort().to_list()
        return found

    def period(self, first: dt.date | None, last: dt.date | None) -> tuple[dt.date, dt.date]:
        """Whole months, by default all. Raises InputError if there is none."""
        months = self.table.filter(pl.col("measure").is_in(["adp", "admissions"]))["month"]
        if not len(months):
            raise InputError.of(
                "the monthly figures hold neither populations nor admissions",
                fix="take in a file with a column of average daily population",
            )
        low, high = months.min(), months.max()
        assert isinstance(low, dt.date)  # noqa: S101 - a column of dates
        assert isinstance(high, dt.date)  # noqa: S101
        end = (high.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        since, until = first or low.replace(day=1), last or end
        if since.day != 1 or until.day != 1 or not low <= since < until <= end:
            raise InputError.of(
                f"monthly figures cannot be read for {since} to {until}",
                fix=f"give first days of months, from {low} to {end}",
            )
        return since, until


def figures(
    monthly: Monthly, since: dt.date, until: dt.date, every: Every | None, by: Sequence[str] = ()
) -> pl.DataFrame:
    """Figures of each place over windows: those of records that months can tell, with ``place``.

    ``population`` is the mean of the months reported, by their days; ``admissions`` stand only
    where every month of the window is; ``days_per_admission`` is of months that have both.
    """
    if every in {"day", "week"}:
        raise InputError.of(f"monthly figures say nothing of a {every}", fix="--every month")
    axes = {name: _levels(monthly, name) for name in by}
    if len(axes) > 1:
        raise InputError.of("monthly figures are not crossed", fix="ask for one column")
    frames = []
    for place in monthly.places:
        own = monthly.table.filter(pl.col("place") == place)
        model = Model.model_validate(
            {"name": "months", "title": place, "counts": "jurisdiction",
             "clock": {"start": since}, "strata": axes, "arrivals": {},
             "states": {"jail": {"kind": "jail", "exits": "gone"}}}
        )  # fmt: skip
        windows = Windows.over(Clock(start=since), since, until, every)
        cells = Cells.of(model, by)
        frame = plain(model, windows, cells, _measures(own, model, windows, cells))
        frames.append(frame.select(frame.columns[0], pl.lit(place).alias("place"),
                                   *frame.columns[1:]))  # fmt: skip
    return pl.concat(frames)


def _levels(monthly: Monthly, axis: str) -> list[str]:
    known = monthly.table["axis"].drop_nulls().unique().sort().to_list()
    if axis not in known:
        raise InputError.of(
            f"the monthly figures are not given by '{axis}'", fix=did_you_mean(axis, known)
        )
    found = monthly.table.filter(pl.col("axis") == axis)["level"].unique(maintain_order=True)
    return [str(level) for level in found.to_list()]


def _measures(own: pl.DataFrame, model: Model, windows: Windows, cells: Cells) -> Iterator[Measure]:
    """The figures of one place, (1, groups, windows)."""
    starts = windows.dates
    months = [d for d in model.clock.dates(windows.end) if d.day == 1]
    length = np.array([calendar.monthrange(d.year, d.month)[1] for d in months], float)
    window = np.searchsorted(np.array(starts, "datetime64[D]"),
                             np.array(months, "datetime64[D]"), side="right") - 1  # fmt: skip
    found = np.full((2, len(cells.groups.cells), len(months)), np.nan)
    at = {month: i for i, month in enumerate(months)}
    level = {(cell[0] if cell else None): i for i, cell in enumerate(cells.groups.cells)}
    axis = cells.groups.axes[0] if cells.groups.axes else None
    which = {"adp": 0, "admissions": 1}
    for row in own.iter_rows(named=True):
        month = row["month"].replace(day=1)
        fits = row["axis"] is None or row["axis"] == axis
        if fits and month in at and row["measure"] in which and row["level"] in level:
            found[which[row["measure"]], level[row["level"]], at[month]] = row["value"]

    def over(values: Floats) -> Floats:
        inside: Floats = np.add.reduceat(
            values, np.flatnonzero(np.diff(window, prepend=-1)), axis=1
        )
        return inside[None]

    held, admitted = found
    days, lengths = over(length * np.isfinite(held)), windows.lengths.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        people = over(np.nan_to_num(held * length)) / days
    both = np.isfinite(held) & np.isfinite(admitted)
    tally = _tally(model, people * lengths, over(admitted), lengths)
    yield from measures(tally, model, cells, ("population", "admissions"))
    of_both = _tally(model, over(np.where(both, held * length, 0.0)),
                     over(np.where(both, admitted, 0.0)), lengths)  # fmt: skip
    reported = over(1.0 * np.isfinite(admitted))
    monthly = over(np.nan_to_num(admitted)) / np.where(reported > 0, reported, np.nan)
    yield Measure(
        "admissions_a_month", "people", monthly, (monthly,), "mean of the months reported"
    )
    yield days_per_admission(of_both)


def _tally(model: Model, held: Floats, admissions: Floats, lengths: Floats) -> Tally:
    none = np.zeros((0, 3, len(lengths)))
    return Tally(model.clock, (), lengths, held, held[:, :1], none, admissions, admissions)
