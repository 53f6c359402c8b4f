"""Laws of a draw: joint tables whose masses are those of the fit, weighed by exit and stay band."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remand.errors import Path
from remand.fitting.drawn_rows import REST_OF, Row, Rows
from remand.fitting.sparse import LEAST
from remand.model import laws
from remand.model.model import Model
from remand.model.spec import Where
from remand.model.values import TableCell, TableDwell
from remand.records.stay_bands import LABELS, band

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LITTLE = 2 * LEAST
"""Bands of an exit that hold less of a group than this are drawn together."""

ALIKE = 1e-4
"""An exit's share in a table may be so far from that in its draws, which are rounded."""

TINY = 1e-300
"""What nothing is divided by."""


class Leaving(NamedTuple):
    """One exit of a group: its share, and the law of the stay before it."""

    where: Where
    exit: str
    probability: float
    law: laws.Table


class DrawnTable(TableDwell):
    """A joint table whose rows are whole laws (`Leaving`), so that a draw is quickly made."""

    @staticmethod
    def conditional(cells: Iterable[TableCell | Leaving]) -> tuple[float, laws.Law]:
        """The share of an exit of a group, and its law."""
        (own,) = cells
        assert isinstance(own, Leaving)  # noqa: S101 - it has no other rows
        return own.probability, own.law


@dataclass(frozen=True)
class Drawable:
    """A joint table ready to be drawn; its cells lie by group, exit and duration.

    Attributes:
        path: where it stands in the model.
        like: the same without rows.
        ways: where, exit and durations, by exit of a group.
        first: (ways,) the first cell of each; ``way`` (cells,) is that of each cell.
        begins: (groups,) the first way of each; ``group`` (ways,) is that of each way.
        mass: (cells,) probabilities; ``share`` (ways,) their sums.
        ratio: (draws, pools) of draw to fit, by bands that are drawn as one; ``pool`` (cells,) is
            that of each cell, 0 where nothing is drawn.
        way_ratio: (draws, ways) the same of the shares of exits.
    """

    path: Path
    like: DrawnTable
    ways: tuple[tuple[Where, str, tuple[int, ...]], ...]
    first: Ints
    way: Ints
    begins: Ints
    group: Ints
    mass: Floats
    share: Floats
    ratio: Floats
    pool: Ints
    way_ratio: Floats

    def drawn(self, i: int) -> DrawnTable:
        """The table of draw ``i``. An exit that nobody takes in it keeps the stays it has."""
        weight = self.mass * self.ratio[i, self.pool]
        total = np.add.reduceat(weight, self.first)
        taken = total > 0
        weight = np.where(taken[self.way], weight, self.mass)
        chances = (weight / np.where(taken, total, np.maximum(self.share, TINY))[self.way]).tolist()
        share = self.share * self.way_ratio[i]
        share = share / np.add.reduceat(share, self.begins)[self.group]
        at, rows = 0, list[Leaving]()
        for (where, exit_, durations), part in zip(self.ways, share.tolist(), strict=True):
            end = at + len(durations)
            rows.append(Leaving(where, exit_, part, laws.Table(durations, tuple(chances[at:end]))))
            at = end
        return self.like.model_copy(update={"rows": tuple(rows)})


def tables(model: Model, rows: Rows) -> Iterator[Drawable]:
    """Every joint table that draws tell of; what does not fit is kept among the rows' problems."""
    axes = tuple(model.strata.axes)
    for state, spec in model.states.items():
        bands = rows.laws(state)
        asked = set[Row]()
        for i, table in enumerate(spec.dwell or ()):
            if bands and isinstance(table, TableDwell) and table.joint:
                made, keys = _drawable(table, ("states", state, "dwell", i), axes, bands, rows)
                if table.from_ is None:
                    asked |= set(keys)
                    _compare(state, made.share, keys, bands, rows)
                yield made
        lost = [key for key in bands if key not in asked and _share(bands[key], rows) > ALIKE]
        if lost:
            rows.wrong(state, f"no table says how {_group(lost[0])} leave by '{lost[0][0]}'")


def _drawable(
    table: TableDwell, path: Path, axes: tuple[str, ...], bands: dict[Row, Ints], rows: Rows
) -> tuple[Drawable, list[Row]]:
    """A table ready to be drawn, and what its ways are called in draws."""
    groups = {where: g for g, where in enumerate(dict.fromkeys(cell.where for cell in table.rows))}
    exits = {name: e for e, name in enumerate(dict.fromkeys(cell.exit for cell in table.rows))}

    def place(cell: TableCell) -> tuple[int, int, int]:
        return groups[cell.where], exits[cell.exit], cell.duration

    cells = sorted(table.rows, key=place)
    at = np.array([place(cell) for cell in cells])
    mass = np.array([cell.probability for cell in cells])
    new = np.append(True, (np.diff(at[:, :2], axis=0) != 0).any(axis=1))
    first = np.flatnonzero(new)
    way = np.cumsum(new) - 1
    group = at[first, 0]
    ends = [*first[1:], len(cells)]
    ways = tuple(
        (cells[begin].where, cells[begin].exit or "", tuple(at[begin:end, 2].tolist()))
        for begin, end in zip(first, ends, strict=True)
    )
    keys = [(exit_, *_levels(where, axes)) for where, exit_, _ in ways]
    none = np.full(len(LABELS), -1)
    ratio, own = [np.ones(rows.count)], np.zeros((len(keys), len(LABELS)), np.int64)
    for i, key in enumerate(keys):
        for pool, held in _pools(bands.get(key, none), rows):
            own[i, pool] = len(ratio)
            ratio.append(rows.value[held].sum(axis=0) / rows.point[held].sum())
    drawn = [_whole(bands.get(key, none[:0]), rows) for key in keys]
    made = Drawable(
        path=path,
        like=DrawnTable.model_construct(**dict(table)),
        ways=ways,
        first=first,
        way=way,
        begins=np.flatnonzero(np.diff(group, prepend=-1)),
        group=group,
        mass=mass,
        share=np.add.reduceat(mass, first),
        ratio=np.array(ratio).T,
        pool=own[way, band(at[:, 2])],
        way_ratio=np.array(drawn).T,
    )
    return made, keys


def _levels(where: Where, axes: tuple[str, ...]) -> Row:
    """What draws call the levels of a group."""
    return tuple("/".join(where[axis]) if axis in where else REST_OF for axis in axes)


def _pools(bands: Ints, rows: Rows) -> Iterator[tuple[slice, Ints]]:
    """Bands of an exit that are drawn as one, and the rows of draws that these have.

    A table has fewer durations than the law it was made from: what lies between two of them, up to
    `LEAST`, may be in another band's cell. So bands of little are drawn with their neighbours.
    """
    point = np.where(bands >= 0, rows.point[bands], 0.0)
    begin, left = 0, float(point.sum())
    for end in range(1, len(bands) + 1):
        pool = float(point[begin:end].sum())
        if pool and (end == len(bands) or (pool >= LITTLE <= left - pool)):
            held = bands[begin:end]
            yield slice(begin, end), held[held >= 0]
            begin, left = end, left - pool


def _whole(bands: Ints, rows: Rows) -> Floats:
    """An exit's share in every draw, as a multiple of the fitted one: (draws,)."""
    own = bands[bands >= 0]
    if not len(own):
        return np.ones(rows.count)
    return np.asarray(rows.value[own].sum(axis=0) / rows.point[own].sum())


def _share(bands: Ints, rows: Rows) -> float:
    """An exit's share as fitted."""
    return float(rows.point[bands[bands >= 0]].sum())


def _compare(
    state: str, share: Floats, keys: list[Row], bands: dict[Row, Ints], rows: Rows
) -> None:
    """Keep the first group of a table that is not what the draws were made with."""
    known = {key[1:] for key in bands}
    for key, now in zip(keys, share.tolist(), strict=True):
        if key[1:] not in known and REST_OF in key[1:]:
            continue  # nobody was seen in it, so its law is that of a wider group, and is not drawn
        fitted = _share(bands[key], rows) if key in bands else 0.0
        if abs(now - fitted) > ALIKE:
            rows.wrong(
                state,
                f"by its table {now:.4f} of {_group(key)} leave by '{key[0]}', by the draws "
                f"{fitted:.4f}",
            )
            return


def _group(key: Row) -> str:
    """Who leaves by an exit, in words."""
    return ", ".join(key[1:]) or "everyone"
