"""Small numbers are not shown, nor left to be worked out from a total.

Primary suppression hides counts from above 0 to below 10. Complementary suppression then hides the
smallest other cell of every line in which only one is hidden, and goes on until the totals of all
lines together determine no hidden cell (L. Willenborg & T. de Waal, *Elements of Statistical
Disclosure Control*, 2001, ch. 6).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SMALL = 10.0
"""Counts below this are hidden."""

RATIO_SMALL = 30.0
"""No ratio is given where one of its counts is below this: chance alone would move it by a fifth
of itself or more."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def few(counts: Floats) -> Bools:
    """Which counts are of somebody, but of fewer than ten.

    >>> few(np.array([0.0, 3.0, 10.0]))
    array([False,  True, False])
    """
    found: Bools = (counts > 1e-9) & (counts < SMALL)
    return found


def hide(counts: Floats) -> Bools:
    """Which cells of a table to hide, so that row and column totals do not give them away.

    ``counts`` may have any number of axes; along each of them a published total is supposed.

    >>> hide(np.array([3.0, 50.0, 20.0, 400.0]))
    array([ True, False,  True, False])
    >>> hide(np.array([0.0, 50.0]))
    array([False, False])
    """
    return _hide(counts.ravel(), _lines(counts.shape)).reshape(counts.shape)


def hide_with_totals(counts: Floats, *, grand_total: bool = True) -> Bools:
    """The same for a table that holds its totals, at position 0 of each axis.

    Totals may be small, and be hidden, themselves; not the first cell if ``grand_total``.

    >>> hide_with_totals(np.array([473.0, 3.0, 50.0, 20.0, 400.0]))
    array([False,  True, False,  True, False])
    """
    table = np.atleast_1d(counts)
    never = np.zeros(table.size, bool)
    never[0] = grand_total
    return _hide(table.ravel(), _lines(table.shape), never).reshape(counts.shape)


def with_totals(rows: Floats, shape: tuple[int, ...]) -> Floats:
    """Rows of a total and its cells (rows, 1 + cells) as a table with all totals at position 0.

    >>> with_totals(np.array([[10.0, 1.0, 2.0, 3.0, 4.0]]), (2, 2))
    array([[[10.,  4.,  6.],
            [ 3.,  1.,  2.],
            [ 7.,  3.,  4.]]])
    """
    if not shape:
        return rows[:, 0]
    table = rows[:, 1:].reshape(len(rows), *shape)
    for axis in range(1, table.ndim):
        table = np.concatenate([table.sum(axis=axis, keepdims=True), table], axis=axis)
    return table


def _hide(values: Floats, lines: Floats, never: Bools | None = None) -> Bools:
    """Hidden cells; ``lines`` (lines, cells) are the sums anybody can take."""
    may = values > 1e-9
    if never is not None:
        may &= ~never
    hidden = may & (values < SMALL)
    while hidden.any():
        beside = np.where(_given_away(lines, hidden, may & ~hidden), values, np.inf)
        least = beside.argmin(axis=1)[np.isfinite(beside).any(axis=1)]
        if not len(least):
            break
        hidden[least] = True
    return hidden


def _given_away(lines: Floats, hidden: Bools, free: Bools) -> Bools:
    """Lines in which one more cell must be hidden, each with the cells that could be."""
    beside: Bools = (lines[lines @ hidden == 1] > 0) & free
    lost = np.zeros_like(hidden)  # alone with zeros in some line: no cell can be hidden with it
    while not beside.any():
        lonely = lines[lines @ (hidden & ~lost) == 1] > 0
        beside = lonely & free
        last = hidden & ~lost & lonely.any(axis=0)
        if beside.any() or not last.any():
            break
        lost |= last
    unknown = hidden & ~lost
    if beside.any() or not unknown.any():
        return beside
    known = np.flatnonzero(unknown)[_determined(lines[:, unknown].tobytes(), len(lines))]
    exposed: Bools = (lines[lines[:, known].any(axis=1)] > 0).any(axis=0, keepdims=True) & free
    return exposed


@lru_cache(1024)
def _determined(lines: bytes, count: int) -> Bools:
    """Which unknowns of a system of sums have a single solution: unit vectors in their span."""
    system = np.frombuffer(lines).reshape(count, -1)
    system = system[system.sum(axis=1) > 0]
    size, basis = np.linalg.eigh(system @ system.T)
    rows = (basis / np.sqrt(np.where(size > 1e-9, size, np.inf))).T @ system
    alone: Bools = (rows**2).sum(axis=0) > 1 - 1e-9
    return alone


@lru_cache(64)
def _lines(shape: tuple[int, ...]) -> Floats:
    """Every line along every axis of a table, as rows of 0 and 1 over its cells."""
    index = np.arange(int(np.prod(shape))).reshape(shape)
    rows = [np.moveaxis(index, axis, -1).reshape(-1, n) for axis, n in enumerate(shape)]
    lines = [(row[:, None] == index.ravel()).any(axis=0) for table in rows for row in table]
    return np.array(lines).astype(float)
