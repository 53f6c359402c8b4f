"""Counts with holes in them: what is known of a row, and what stands in between.

A row is a series by step; NaN is a step that nobody knows.
"""

from __future__ import annotations

import numpy as np

from remand.evidence.panel import Floats, Ints


def last(y: Floats) -> Floats:
    """The last known value of each row (rows, steps): (rows,); NaN where none is.

    >>> last(np.array([[5.0, 7.0, np.nan]]))
    array([7.])
    """
    return y[np.arange(len(y)), -1 - late(y)]


def late(y: Floats) -> Ints:
    """Steps that have gone by since the last known value of each row (rows, steps): (rows,).

    0 for a row of which nothing is known: it is not late, it is not there.

    >>> late(np.array([[5.0, 7.0, np.nan], [5.0, 7.0, 9.0]])).tolist()
    [1, 0]
    """
    return np.asarray(np.argmax(np.isfinite(y)[:, ::-1], axis=1))


def bridged(row: Floats, *, ends: bool = False) -> Floats:
    """Holes between known values (steps,) filled on the straight line.

    What lies outside of them stays unknown, or with ``ends`` is as the nearest.

    >>> bridged(np.array([np.nan, 4.0, np.nan, 6.0]))
    array([nan,  4.,  5.,  6.])
    """
    known = np.flatnonzero(np.isfinite(row))
    if not len(known):
        return row
    out = np.interp(np.arange(len(row)), known, row[known])
    if not ends:
        out[: known[0]] = out[known[-1] + 1 :] = np.nan
    return out


def mean(values: Floats, axis: int | tuple[int, ...] = 1) -> Floats:
    """The mean of what is known; NaN where nothing is.

    >>> mean(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]]))
    array([ 2., nan])
    """
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis))


def ratio(total: Floats, weight: Floats | Ints) -> Floats:
    """One over the other; NaN where there is nothing to divide by."""
    out: Floats = np.full(np.shape(total), np.nan)
    np.divide(total, weight, out=out, where=np.asarray(weight) > 0)
    return out
