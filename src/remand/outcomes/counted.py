"""The tally of a jail's records: the same counts as a run's, of people who were there.

A measured figure is exact for the people recorded. Its interval says how much it would differ had
chance sent other people of the same kind (`remand.outcomes.bootstrap`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.model.model import Model
from remand.outcomes.cells import Cells, Groups
from remand.outcomes.product_limit import Watched
from remand.outcomes.tally import Tally
from remand.outcomes.windows import Windows
from remand.records.seen import Seen
from remand.records.work import Records

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HELD, TIME, IN, OUT, ENDED = range(5)
"""Daily series: people held, their first days all together, people admitted and released, and the
stays of those released."""


@dataclass(frozen=True)
class Counted:
    """Stays ready to be counted: (stays,) arrays, in days since the window's first.

    Attributes:
        model: the records as a model without numbers (see `remand.outcomes.measured`).
        cells: what figures are given for.
        seen: the stays as they were seen.
        days: length of the window.
        person: whose stay it is.
        day_in: first day whose census can count it.
        since, until: the censuses of the window that do count it, half-open.
        length: in days, to the end or (where ``ended`` is false) to the last census.
        after: the length it already had when first known of; −1 if known from the first moment.
        ended: whether its end is known.
        group: position among the groups broken down by, everyone left out; 0 if there are none.
        level: position among the levels whose disparity is shown, everyone left out.
    """

    model: Model
    cells: Cells
    seen: Seen
    days: int
    person: Ints
    day_in: Ints
    since: Ints
    until: Ints
    length: Ints
    after: Ints
    ended: Bools
    group: Ints
    level: Ints

    @classmethod
    def of(cls, records: Records, model: Model, cells: Cells) -> Counted:
        """The stays of records, by the groups of a model made of them."""
        own = Seen.of(records)
        return cls(
            model=model,
            cells=cells,
            seen=own,
            days=own.days,
            person=own.person,
            day_in=own.into,
            since=np.maximum(own.seen, 0),
            until=np.minimum(own.out, own.days),
            length=np.where(own.ended, own.out, own.days - 1) - own.into,
            after=own.entry - 1,
            ended=own.ended,
            group=_positions(records, cells.groups),
            level=_positions(records, cells.levels),
        )

    @property
    def groups(self) -> int:
        """How many groups, everyone included."""
        return len(self.cells.groups.cells)

    def whole(self, groups: Floats) -> Floats:
        """Figures that add up, (…, groups but everyone, windows), with everyone in front."""
        total = groups.sum(axis=-2, keepdims=True)
        return np.concatenate([total, groups], axis=-2) if self.groups > 1 else total

    def tally(self, windows: Windows, weight: Floats) -> Tally:
        """Counts over (1, groups, windows), each stay weighted: ones are what happened."""
        series = np.zeros((5, max(self.groups - 1, 1), self.days + 1))
        _tally(self.group, self.day_in, self.since, self.until, self.ended, weight, series)
        last = self.whole(windows.last(series[:2]))
        day = np.array(windows.bounds[1:], float)
        summed = self.whole(windows.sums(series))[:, None]
        levels = np.zeros((1, max(len(self.cells.levels.cells) - 1, 1), self.days + 1))
        if len(self.cells.levels.cells) > 1:
            _census(self.level, self.since, self.until, weight, levels[0])
            by_level = windows.sums(levels)
            by_level = np.concatenate([by_level.sum(axis=1, keepdims=True), by_level], axis=1)
        else:
            by_level = summed[HELD][:, :1]
        return Tally(
            clock=self.model.clock,
            limits=(),
            lengths=windows.lengths.astype(float),
            held=summed[HELD],
            by_level=by_level,
            overflow=np.zeros((0, 3, len(windows.starts))),
            admissions=summed[IN],
            releases=summed[OUT],
            last=last[HELD][None],
            to_come=self._to_come(windows, weight)[None],
            ended=summed[ENDED],
            so_far=(last[HELD] * day - last[TIME])[None],
        )

    def present(self, windows: Windows) -> Floats:
        """Stays that any census of each window counts, (1, groups, windows)."""
        bounds, many = np.array(windows.bounds), len(windows.starts)
        inside = (self.since < self.until) & (self.since < bounds[-1]) & (self.until > bounds[0])
        first = np.searchsorted(bounds, np.maximum(self.since, bounds[0]), side="right") - 1
        last = np.searchsorted(bounds, np.minimum(self.until, bounds[-1]) - 1, side="right") - 1
        counts = np.zeros((max(self.groups - 1, 1), many + 1))
        np.add.at(counts, (self.group[inside], first[inside]), 1.0)
        np.add.at(counts, (self.group[inside], last[inside] + 1), -1.0)
        return self.whole(counts.cumsum(axis=1)[:, :many])[None]

    def moment(self, windows: Windows, day: Ints) -> Ints:
        """The window each day lies in; −1 outside all."""
        found = np.searchsorted(np.array(windows.bounds), day, side="right") - 1
        return np.where((found < len(windows.starts)) & (day >= windows.starts[0]), found, -1)

    def cohort(self, windows: Windows, day: Ints, where: Bools | None = None) -> tuple[Ints, Ints]:
        """Stays by cell of groups × windows, everyone first: the stays, and the cell of each."""
        window, count = self.moment(windows, day), len(windows.starts)
        who = np.flatnonzero((window >= 0) if where is None else (window >= 0) & where)
        cell = window[who]
        if self.groups == 1:
            return who, cell
        return np.tile(who, 2), np.concatenate([cell, cell + count * (self.group[who] + 1)])

    @cached_property
    def _law(self) -> Watched:
        """Everyone's stays, and those of each group: what completes the stays still going on."""
        stay = np.arange(len(self.person))
        who = np.tile(stay, 2) if self.groups > 1 else stay
        cell = np.concatenate([np.zeros(len(stay), np.int64), self.group + 1])[: len(who)]
        return Watched.of(cell, self.groups, self.after[who], self.length[who], self.ended[who],
                          who)  # fmt: skip

    def _to_come(self, windows: Windows, weight: Floats) -> Floats:
        """Time in jail, to its end, of those admitted in each window: (groups, windows)."""
        law, out = self._law, np.zeros((self.groups, len(windows.starts)))
        further = law.remaining(law.surviving(weight))
        window = self.moment(windows, np.arange(self.days))
        _complete(law.start, law.who, law.until, law.ended, further, weight, self.day_in, window,
                  out)  # fmt: skip
        return out


def _positions(records: Records, groups: Groups) -> Ints:
    """Which cell of the groups each stay is in, everyone left out."""
    position = np.zeros(len(records.stays), np.int64)
    for i, size in enumerate(groups.shape):
        levels = list(dict.fromkeys(cell[i] for cell in groups.cells[1:]))
        column = records.axis(groups.axes[i])
        own = column.replace_strict(levels, list(range(size)), return_dtype=None)
        position = position * size + own.to_numpy().astype(np.int64)
    return position


@compiled
def _census(cell: Ints, since: Ints, until: Ints, weight: Floats, out: Floats) -> None:
    """People held each day, by cell, into (cells, days + 1)."""
    for i in range(len(cell)):
        if since[i] < until[i]:
            out[cell[i], since[i]] += weight[i]
            out[cell[i], until[i]] -= weight[i]
    for c in range(len(out)):
        for t in range(1, out.shape[1]):
            out[c, t] += out[c, t - 1]


@compiled
def _tally(
    cell: Ints, day_in: Ints, since: Ints, until: Ints, ended: Bools, weight: Floats, out: Floats
) -> None:
    """Daily series by cell into (5, cells, days + 1)."""
    days = out.shape[2] - 1
    for i in range(len(cell)):
        c, w = cell[i], weight[i]
        if since[i] < until[i]:
            out[HELD, c, since[i]] += w
            out[HELD, c, until[i]] -= w
            out[TIME, c, since[i]] += w * day_in[i]
            out[TIME, c, until[i]] -= w * day_in[i]
        if 0 <= day_in[i] < days:
            out[IN, c, day_in[i]] += w
        if ended[i] and 0 <= until[i] < days:
            out[OUT, c, until[i]] += w
            out[ENDED, c, until[i]] += w * (until[i] - day_in[i])
    for k in range(2):
        for c in range(out.shape[1]):
            for t in range(1, days + 1):
                out[k, c, t] += out[k, c, t - 1]


@compiled
def _complete(
    start: Ints,
    who: Ints,
    until: Ints,
    ended: Bools,
    further: Floats,
    weight: Floats,
    day_in: Ints,
    window: Ints,
    out: Floats,
) -> None:
    """Time of those admitted, by cell and the window of each day, into (cells, windows)."""
    for c in range(len(start) - 1):
        for i in range(start[c], start[c + 1]):
            day = day_in[who[i]]
            if 0 <= day < len(window) and window[day] >= 0:
                time = until[i] + (0.0 if ended[i] else further[i])
                out[c, window[day]] += time * weight[who[i]]
