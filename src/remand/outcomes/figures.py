"""From a solved path to figures: one tidy frame, a row a quantity, place, group and window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.engine.expected import Path
from remand.engine.moments import Reward, variances
from remand.engine.stays import Stays
from remand.model.model import Model
from remand.outcomes import bands
from remand.outcomes.cells import Groups, Place, groups_of, places_of, residents_of
from remand.outcomes.suppression import RATIO_SMALL, hide_with_totals, with_totals
from remand.outcomes.windows import Windows

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PER = 100_000
QUANTITIES = ("population", "admissions", "releases", "bed_days", "rate", "stay_admission",
              "stay_release", "stay_so_far", "disparity_ratio", "disparity_difference",
              "cost")  # fmt: skip
STAY_BASIS = {
    "stay_admission": "mean stay of those admitted in the period, to its end",
    "stay_release": "mean stay of those released in the period",
    "stay_so_far": "mean time so far of those inside at the end of the period",
}


@dataclass(frozen=True)
class _Block:
    """One quantity over (places, groups, windows)."""

    quantity: str
    unit: str
    mean: Floats
    hidden: Bools
    sd: Floats | None = None
    quantiles: Mapping[str, Floats] | None = None
    band: str | None = None
    basis: str | None = None
    denominator: str | None = None
    low: Floats | None = None
    high: Floats | None = None


def figures(
    model: Model,
    path: Path,
    windows: Windows,
    by: Sequence[str] = (),
    quantities: Sequence[str] = QUANTITIES,
    stays: Stays | None = None,
    bands_from: int = 0,
) -> pl.DataFrame:
    """Figures of a path over windows, for every kind of custody in total, and ``by`` as asked.

    Columns: date (first day of the window), kind, state or status, the axes asked for, quantity,
    unit, mean, sd, quantiles, band (what the quantiles are), basis, denominator, low and high
    (bounds where race or another axis is missing), suppressed. A total row has no axis values.
    Censuses and rates are means over the window, flows sums. ``path`` must have been solved with
    the windows' marks as one of its lists; the three stays need ``stays``. Counts of the windows
    before ``bands_from`` get no sd and no quantiles, which is most of the work.
    """
    return _Reader(model, path, windows, by, quantities, stays, bands_from).frame()


class _Reader:
    def __init__(
        self,
        model: Model,
        path: Path,
        windows: Windows,
        by: Sequence[str],
        quantities: Sequence[str],
        stays: Stays | None,
        bands_from: int,
    ) -> None:
        self.bands_from = bands_from
        self.model = model
        self.path = path
        self.windows = windows
        self.wanted = set(quantities)
        self.stays = stays
        self.places: list[Place] = places_of(model, by)
        self.groups: Groups = groups_of(model, by)
        self.kinds = [i for i, place in enumerate(self.places) if place.level == "kind"]
        self.members = np.array([place.members for place in self.places])
        self.days = path.kernel.clock.days
        self.poisson = not np.isfinite(path.kernel.size).any()

    def frame(self) -> pl.DataFrame:
        """All blocks asked for, in one frame."""
        blocks = [*self._held(), *self._moved(), *self._disparity(), *self._stays()]
        frame = pl.concat([self._rows(block) for block in blocks if block.quantity in self.wanted])
        return frame.drop([c for c in ("state", "status") if frame[c].null_count() == len(frame)])

    # -- counts -----------------------------------------------------------------------------

    def _grouped(self, series: Floats) -> Floats:
        """(places, strata, steps) → (places, groups, windows), summed."""
        sums = self.windows.sums(series)
        grouped: Floats = np.einsum("gs,psw->pgw", self.groups.members.astype(float), sums)
        return grouped

    def _label(self, *, exact: bool) -> str | None:
        """What a band is; none is given where arrivals are not Poisson."""
        if not self.poisson:
            return None
        return bands.EXACT if exact else bands.NORMAL

    def _held(self) -> list[_Block]:
        """People held: census, bed-days, rate, cost."""
        model = self.model
        census = np.einsum("ps,gst->pgt", self.members.astype(float), self.path.census)
        length = self.windows.lengths.astype(float)
        people = self._grouped(census)
        self.population = people / length
        if not self.wanted & {"population", "bed_days", "rate", "cost"}:
            return []
        sd = np.sqrt(self._spread([Reward.occupancy(m) for m in self.members]))
        hidden = self._hidden(self.population)
        exact = bool((length == 1).all()) and not self.path.kernel.counted.any()
        quantiles = (
            bands.poisson(self.population) if exact else bands.normal(self.population, sd / length)
        )
        label = self._label(exact=exact)
        blocks = [
            _Block("population", "people", self.population, hidden, sd / length, quantiles, label,
                   f"{model.counts}, mean of the period's censuses"),
            _Block("bed_days", "person-days", people * self.days, hidden, sd * self.days,
                   bands.normal(people * self.days, sd * self.days), self._label(exact=False)),
        ]  # fmt: skip
        residents = residents_of(model, self.groups)
        if residents is not None and model.residents is not None:
            per = np.where(residents > 0, PER / np.where(residents > 0, residents, 1), np.nan)
            scale = per[None, :, None]
            blocks.append(
                _Block("rate", f"people per {PER:,}", self.population * scale, hidden,
                       sd / length * scale, {k: v * scale for k, v in quantiles.items()},
                       label, denominator=model.residents.unit)
            )  # fmt: skip
        for price in model.prices:
            only = np.array([p.level == "kind" and p.name == price.kind for p in self.places])
            value = np.where(only[:, None, None], people * self.days * price.per_day, np.nan)
            blocks.append(
                _Block("cost", "USD", value, hidden & only[:, None, None],
                       basis=f"{price.basis} cost; a difference of averages is not a saving")
            )  # fmt: skip
        return blocks

    def _moved(self) -> list[_Block]:
        """People admitted and released."""
        if not self.wanted & {"admissions", "releases", "stay_admission", "stay_release"}:
            return []
        rewards = {
            "admissions": [Reward.admissions(m) for m in self.members],
            "releases": [Reward.releases(m) for m in self.members],
        }
        counts = {
            name: self._grouped(self.path.moves(np.array([r.move for r in own])))
            for name, own in rewards.items()
        }
        self.admissions, self.releases = counts["admissions"], counts["releases"]
        blocks = []
        for name, own in rewards.items():
            if name in self.wanted:
                sd = np.sqrt(self._spread(own))
                blocks.append(
                    _Block(name, "people", counts[name], self._hidden(counts[name]), sd,
                           bands.normal(counts[name], sd), self._label(exact=False))
                )  # fmt: skip
        return blocks

    def _spread(self, rewards: list[Reward]) -> Floats:
        """Variances (rewards, groups, windows); none where arrivals are not Poisson."""
        which = self.path.marks.index(self.windows.marks(self.path.kernel.steps))
        early, windows = self.bands_from, len(self.windows.starts)
        spread = np.full((len(rewards), len(self.groups.cells), windows), np.nan)
        if self.poisson:
            each = variances(self.path, rewards, which, self.groups.members, early)
            spread[:, :, early:] = each[:, :, : windows - early]
        return spread

    def _hidden(self, counts: Floats) -> Bools:
        """Cells to hide: never a kind's total, always with what would give a cell away.

        A kind with its states, or a place alone, by the groups and their totals, is one table.
        """
        hidden = np.zeros(counts.shape, bool)
        tables: dict[str, list[int]] = {}
        for i, place in enumerate(self.places):
            kind = self.model.states[place.name].kind if place.level == "state" else place.name
            own = "" if place.level == "status" or kind == "community" else kind
            tables.setdefault(own or f"{place.level} {place.name}", []).append(i)
        for rows in tables.values():
            total = self.places[rows[0]].level == "kind"
            for w in range(counts.shape[2]):
                table = with_totals(counts[rows, :, w], self.groups.shape)
                out = hide_with_totals(table if len(rows) > 1 else table[0], grand_total=total)
                out = out.reshape(table.shape)
                inner = out[:, *(slice(1, None) for _ in self.groups.shape)]
                hidden[rows, 0, w] = out.reshape(len(rows), -1)[:, 0]
                if self.groups.shape:
                    hidden[rows, 1:, w] = inner.reshape(len(rows), -1)
        return hidden

    # -- disparity --------------------------------------------------------------------------

    def _disparity(self) -> list[_Block]:
        model = self.model
        d = model.disparity
        if d is None or model.residents is None or d.axis not in model.residents.axes:
            return []
        if not self.wanted & {"disparity_ratio", "disparity_difference"}:
            return []
        axis_groups = groups_of(model, (d.axis,))
        residents = residents_of(model, axis_groups)
        assert residents is not None  # noqa: S101 - the model has residents, checked above
        per = PER / np.where(residents > 0, residents, np.nan)
        sums = self.windows.sums(
            np.einsum("ps,gst->pgt", self.members.astype(float), self.path.census)
        )
        count = np.einsum("gs,psw->pgw", axis_groups.members.astype(float), sums)
        count = count / self.windows.lengths
        at = {level: i for i, (level,) in enumerate(axis_groups.cells[1:], start=1)}
        top, bottom = count[:, at[d.of]], count[:, at[d.to]]
        lost = count[:, at[d.missing]] if d.missing else np.zeros_like(top)
        a, b = per[at[d.of]], per[at[d.to]]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = top * a / (bottom * b)
            low, high = top * a / ((bottom + lost) * b), (top + lost) * a / (bottom * b)
            relative = np.sqrt(1 / top + 1 / bottom)
        difference = top * a - bottom * b
        few = np.minimum(top, bottom) < RATIO_SMALL
        for i, place in enumerate(self.places):
            if place.level != "kind":
                few[i] = True
        whole = np.zeros((len(self.places), len(self.groups.cells), len(self.windows.starts)))

        def total_only(values: Floats) -> Floats:
            out = np.full_like(whole, np.nan)
            out[:, 0] = values
            return out

        hidden = np.zeros(whole.shape, bool)
        hidden[:, 0] = few
        basis = f"{d.of} to {d.to}"
        if d.missing:
            basis += f"; low and high give everyone {d.missing.replace('_', ' ')} to one side"
        sd = np.sqrt(top * a**2 + bottom * b**2)
        return [
            _Block("disparity_ratio", "ratio of rates", total_only(ratio), hidden,
                   total_only(ratio * relative),
                   {k: total_only(v) for k, v in bands.ratio(ratio, relative).items()},
                   "chance, approximate (delta method), at most as wide", basis,
                   model.residents.unit,
                   total_only(low), total_only(high)),
            _Block("disparity_difference", f"people per {PER:,}", total_only(difference), hidden,
                   total_only(sd),
                   {k: total_only(v) for k, v in bands.normal(difference, sd, -np.inf).items()},
                   "chance, approximate (normal), at most as wide", basis, model.residents.unit,
                   total_only(top * a - (bottom + lost) * b),
                   total_only((top + lost) * a - bottom * b)),
        ]  # fmt: skip

    # -- stays ------------------------------------------------------------------------------

    def _stays(self) -> list[_Block]:
        if self.stays is None or not self.wanted & set(STAY_BASIS):
            return []
        path, stays = self.path, self.stays
        n = len(path.kernel.states)
        kinds = path.kernel.kind
        foreign = np.append(kinds, -1)[:, None] != np.append(kinds, -1)[None, :]
        entering = np.zeros((n, n + 1, n + 1))
        for state in range(n):
            entering[state, :, state] = foreign[:, state]
        admitted = path.moves(entering).transpose(1, 0, 2)  # strata, states, steps
        parts = {
            "stay_admission": (admitted * stays.to_come, self.admissions),
            "stay_release": (stays.ended, self.releases),
        }
        place_of_kind = self.members[self.kinds].astype(float)
        blocks = []
        shape = self.population.shape
        for name, (time, count) in parts.items():
            total = self._grouped(np.einsum("ps,gst->pgt", place_of_kind, time))
            mean = np.full(shape, np.nan)
            with np.errstate(divide="ignore", invalid="ignore"):
                mean[self.kinds] = total / count[self.kinds] * self.days
            blocks.append(_Block(name, "days", mean, self._hidden(count), basis=STAY_BASIS[name]))
        inside = np.einsum("ps,gst->pgt", place_of_kind, stays.so_far)
        now = np.einsum("ps,gst->pgt", place_of_kind, path.census)
        member = self.groups.members.astype(float)
        last = [np.einsum("gs,psw->pgw", member, self.windows.last(x)) for x in (inside, now)]
        half = 0.5 if path.kernel.clock.partial == "exact" else 0.0
        so_far = np.full(shape, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            so_far[self.kinds] = (last[0] / last[1] - half) * self.days
        blocks.append(
            _Block("stay_so_far", "days", so_far, self._hidden(self.population),
                   basis=STAY_BASIS["stay_so_far"])
        )  # fmt: skip
        return blocks

    # -- frame ------------------------------------------------------------------------------

    def _rows(self, block: _Block) -> pl.DataFrame:
        index = np.indices(block.mean.shape).reshape(3, -1)
        keep = np.isfinite(block.mean.ravel()) | block.hidden.ravel()
        index = index[:, keep]
        hidden = block.hidden.ravel()[keep]

        def shown(values: Floats | None) -> pl.Series:
            if values is None:
                return pl.Series([None] * len(hidden), dtype=pl.Float64)
            flat = np.where(hidden, np.nan, values.ravel()[keep])
            return pl.Series(flat, nan_to_null=True)

        def place(level: str) -> list[str | None]:
            names = [p.name if p.level == level else None for p in self.places]
            return [names[i] for i in index[0]]

        columns: dict[str, Any] = {
            "date": [self.windows.dates[i] for i in index[2]],
            "kind": pl.Series(place("kind"), dtype=pl.String),
            "state": pl.Series(place("state"), dtype=pl.String),
            "status": pl.Series(place("status"), dtype=pl.String),
        }
        for position, axis in enumerate(self.groups.axes):
            levels = [cell[position] if cell else None for cell in self.groups.cells]
            columns[axis] = pl.Series([levels[i] for i in index[1]], dtype=pl.String)
        columns["quantity"] = block.quantity
        columns["unit"] = block.unit
        columns["mean"] = shown(block.mean)
        columns["sd"] = shown(block.sd)
        for name in bands.QUANTILES:
            given = block.quantiles[name] if block.quantiles and block.band else None
            columns[name] = shown(given)
        text = {"band": block.band, "basis": block.basis, "denominator": block.denominator}
        for name, value in text.items():
            columns[name] = pl.Series([value] * len(hidden), dtype=pl.String)
        columns["low"] = shown(block.low)
        columns["high"] = shown(block.high)
        columns["suppressed"] = hidden
        return pl.DataFrame(columns)
