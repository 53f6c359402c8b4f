"""What can be wrong with tables of stays: names, sums, and strata without cells."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from remand.errors import Problem, did_you_mean
from remand.model.findings import SUM_TOLERANCE, Days, error, rows_of, unknown_where
from remand.model.spec import Row, Where
from remand.model.states import State
from remand.model.strata import Strata, choose, uncovered
from remand.model.values import TableDwell


def joint_tables(state: State, strata: Strata, days: Days) -> Iterator[Problem]:
    """Problems of a state whose table gives the shares of the exits too: it alone may do so."""
    rows = state.dwell or ()
    chosen, found = rows_of(rows, strata, days)
    yield from (p.at("dwell") for p in found)
    for name, exit_ in state.exits.items():
        if exit_.share is not None or exit_.dwell is not None:
            yield error(
                ("exits", name),
                "the state's joint table already gives this exit's share and stays",
                None,
                "remove them here, or the exit column there",
            )
    for i, row in enumerate(rows):
        if not isinstance(row, TableDwell) or not row.joint:
            yield error(
                ("dwell", i),
                "this law stands beside a joint table, which gives the shares of the exits too",
                None,
                "make every row of the state a joint table, or none",
            )
            continue
        covered = (chosen == i).any(axis=1)
        yield from (p.at("dwell", i) for p in _exits_named(row, state))
        yield from (p.at("dwell", i) for p in _by_stratum(row, strata, covered))


def lone_table(row: TableDwell) -> Iterator[Problem]:
    """Problems of a table that gives stays alone: no exits, one distribution, which adds up."""
    for column in ("exit", "where"):
        first = next((j for j, cell in enumerate(row.rows) if getattr(cell, column)), None)
        if first is not None:
            yield error(
                ("rows", first, column),
                f"a table for a single law cannot have '{column}' in its cells",
                None,
                "make it the state's own table, with exits; or use 'where' on the whole table",
            )
            return
    yield from _sum(row, range(len(row.rows)))


def _exits_named(row: TableDwell, state: State) -> Iterator[Problem]:
    first: dict[str | None, int] = {}
    for j, cell in enumerate(row.rows):
        first.setdefault(cell.exit, j)
    for name, j in first.items():
        if name not in state.exits:
            yield error(
                ("rows", j, "exit"),
                f"the table names an exit '{name}' that the state does not have",
                name,
                did_you_mean(name, state.exits),
            )


def _by_stratum(row: TableDwell, strata: Strata, covered: NDArray[np.bool_]) -> Iterator[Problem]:
    """Problems of cells grouped by the strata they are for; ``covered`` ones need cells."""
    groups: dict[Where, list[int]] = {}
    for position, cell in enumerate(row.rows):
        groups.setdefault(cell.where, []).append(position)
    unknown: list[Problem] = []
    for where, positions in groups.items():
        unknown += [p.at("rows", positions[0], "where") for p in unknown_where(where, strata)]
        yield from _sum(row, positions)
    yield from unknown
    if unknown:
        return
    always = np.zeros(1, np.int64)
    chosen, problems = choose([Row(where=where) for where in groups], strata, always)
    chosen[~covered] = 0
    problems = problems or uncovered(chosen, strata, always)
    for problem in problems:
        yield replace(problem, path=("rows",), fix="give every stratum its cells, once")


def _sum(row: TableDwell, positions: Sequence[int]) -> Iterator[Problem]:
    cells = [row.rows[position] for position in positions]
    total = math.fsum(cell.probability for cell in cells)
    if abs(total - 1.0) <= SUM_TOLERANCE or row.normalise or not cells:
        return
    first = positions[0]
    who = ", ".join(f"{axis} {'/'.join(levels)}" for axis, levels in cells[0].where.items())
    yield error(
        ("rows", first),
        f"the table's probabilities add up to {total:.10g}{' for ' + who if who else ''}, not 1 "
        f"(its first row is row {first + 1})",
        total,
        "correct them, or say 'normalise: true'",
    )
