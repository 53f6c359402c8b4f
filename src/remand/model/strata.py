"""Strata: the cells of a model's axes, and which row of a value each cell takes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError, Problem, did_you_mean
from remand.model.spec import Row, RowT

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Strata:
    """Every combination of the levels of the axes, in file order, the last axis fastest.

    >>> strata = Strata({"race": ("Black", "white"), "charge": ("felony", "misdemeanor")})
    >>> strata.cells[1]
    ('Black', 'misdemeanor')
    >>> strata.mask({"race": ("white",)})
    array([False, False,  True,  True])
    """

    axes: Mapping[str, tuple[str, ...]]

    @cached_property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """One tuple of levels a stratum, in the order of the axes (one empty cell if no axes)."""
        return tuple(itertools.product(*self.axes.values()))

    def __len__(self) -> int:
        return len(self.cells)

    def mask(self, where: Mapping[str, Sequence[str]]) -> Mask:
        """Which strata a ``where`` covers, shape (strata,). Raises InputError on unknown names."""
        mask = np.ones(len(self), bool)
        for axis, levels in where.items():
            if axis not in self.axes:
                raise InputError.of(
                    f"there is no axis '{axis}'",
                    fix=did_you_mean(axis, self.axes),
                    path=(axis,),
                    value=axis,
                )
            for level in levels:
                if level not in self.axes[axis]:
                    raise InputError.of(
                        f"axis '{axis}' has no level '{level}'",
                        fix=did_you_mean(level, self.axes[axis]),
                        path=(axis,),
                        value=level,
                    )
            position = list(self.axes).index(axis)
            mask &= np.array([cell[position] in levels for cell in self.cells], bool)
        return mask

    def named(self, index: int) -> str:
        """A stratum in words.

        >>> Strata({"race": ("Black",)}).named(0)
        'race Black'
        """
        if not self.axes:
            return "everyone"
        return ", ".join(f"{a} {v}" for a, v in zip(self.axes, self.cells[index], strict=True))


@dataclass(frozen=True)
class Some(Strata):
    """Some of the strata, by their places among all."""

    members: tuple[int, ...] = ()

    @cached_property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """One tuple of levels for each member."""
        every = Strata(self.axes).cells
        return tuple(every[i] for i in self.members)


def choose(
    rows: Sequence[RowT], strata: Strata, days: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[Problem]]:
    """Which row each stratum takes on each date.

    ``days`` are rising proleptic ordinals. Returns an array (strata, days) of row positions, −1
    where no row covers a stratum, with every problem found; a row that wins nowhere is not a
    problem, but two equally specific rows for one stratum and a ``where`` with unknown names are.
    """
    since = [
        0 if row.from_ is None else int(np.searchsorted(days, row.from_.toordinal()))
        for row in rows
    ]
    edges = sorted({0, *(column for column in since if column < len(days))})
    chosen = np.full((len(strata), len(edges)), -1, np.int64)
    depth = np.full((len(strata), len(edges)), -1, np.int64)
    problems: list[Problem] = []
    order = sorted(range(len(rows)), key=lambda i: (rows[i].from_ or dt.date.min, i))
    for i in order:
        row = rows[i]
        try:
            mask = strata.mask(row.where)
        except InputError as error:
            problems += [problem.at(i, "where") for problem in error.problems]
            continue
        block = np.ix_(np.flatnonzero(mask), np.flatnonzero(np.array(edges) >= since[i]))
        rivals = chosen[block]
        tied = (depth[block] == len(row.where)) & (rivals >= 0)
        clash = next(
            (j for j in np.unique(rivals[tied]) if _clash(rows[j], row)),
            None,
        )
        if clash is not None:
            both = strata.mask(rows[clash].where) & mask
            problems.append(
                Problem(
                    "error",
                    (i, "where"),
                    f"rows {clash + 1} and {i + 1} are equally specific and both cover "
                    f"{strata.named(int(np.flatnonzero(both)[0]))}",
                    value=dict(row.where),
                    fix="name one axis more in one of them, or give one a 'from' date",
                )
            )
        wins = len(row.where) >= depth[block]
        chosen[block] = np.where(wins, i, rivals)
        depth[block] = np.where(wins, len(row.where), depth[block])
    return np.repeat(chosen, np.diff([*edges, len(days)]), axis=1), problems


def uncovered(chosen: NDArray[np.int64], strata: Strata, days: NDArray[np.int64]) -> list[Problem]:
    """A problem for the first stratum (and date) that no row covers."""
    holes = np.argwhere(chosen < 0)
    if not len(holes):
        return []
    stratum, column = holes[0]
    more = len({int(s) for s, _ in holes}) - 1
    others = f" (and {more} more)" if more else ""
    when = dt.date.fromordinal(int(days[column]))
    dated = f" on {when}" if (chosen[stratum] >= 0).any() else ""
    return [
        Problem(
            "error",
            (),
            f"no row covers {strata.named(int(stratum))}{others}{dated}",
            fix="add a row without 'where' and 'from' for all the rest",
        )
    ]


def _clash(one: Row, other: Row) -> bool:
    return one.where != other.where or one.from_ == other.from_
