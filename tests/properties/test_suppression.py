"""Small numbers cannot be read off a published table, nor worked out from its totals."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import remand as rm
from remand.outcomes.suppression import SMALL, hide

QUICK = settings(deadline=None, max_examples=60)

cells = st.one_of(st.just(0), st.integers(1, 14), st.integers(10, 500)).map(float)
one_way = arrays.arrays(float, st.integers(1, 7), elements=cells)
two_way = arrays.arrays(float, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=cells)
three_way = arrays.arrays(float, st.tuples(*[st.integers(2, 3)] * 3), elements=cells)
tables = st.one_of(one_way, two_way, three_way)

BRIDGE = np.array([[3, 4, 5, 50], [6, 7, 60, 60], [70, 70, 5, 4], [70, 80, 6, 7]], dtype=float)
"""Two blocks of small cells joined by one, 5: rows 1–2 less columns 1–2 would give it away."""


def worked_out(counts, hidden):
    """Hidden cells that the totals of all lines determine, with every cell shown known: those whose
    own unit vector lies in the span of the lines."""
    index = np.full(counts.shape, -1)
    index[hidden] = np.arange(hidden.sum())
    lines = []
    for axis in range(counts.ndim):
        for line in np.moveaxis(index, axis, -1).reshape(-1, counts.shape[axis]):
            row = np.zeros(hidden.sum())
            row[line[line >= 0]] = 1
            if row.any():
                lines.append(row)
    if not lines:
        return []
    span = np.linalg.svd(np.array(lines), full_matrices=False)
    basis = span.Vh[span.S > 1e-9]
    inside = (basis**2).sum(axis=0)
    return [tuple(map(int, cell)) for cell, share in zip(np.argwhere(hidden), inside, strict=True)
            if share > 1 - 1e-9]  # fmt: skip


@QUICK
@given(tables)
def test_every_small_count_is_hidden_and_no_zero_is(counts):
    """Above 0 and below 10: hidden. 0 says that nobody is there, and is shown."""
    hidden = hide(counts)
    assert hidden[(counts > 0) & (counts < SMALL)].all()
    assert not hidden[counts == 0].any()
    assert hidden.any() == ((counts > 0) & (counts < SMALL)).any()


@QUICK
@given(tables)
def test_no_line_hides_exactly_one_cell_while_another_could_hide_with_it(counts):
    """Along every axis a line with a hidden cell and another positive one hides at least two."""
    hidden = hide(counts)
    for axis in range(counts.ndim):
        several = (counts > 0).sum(axis=axis) > 1
        assert not ((hidden.sum(axis=axis) == 1) & several).any()


def beyond_help(counts, hidden):
    """Hidden cells that stand alone with zeros in a line: no other cell can hide with them."""
    lost = np.zeros_like(hidden)
    for _ in range(counts.size):
        for cell in map(tuple, np.argwhere(hidden & ~lost)):
            for axis in range(counts.ndim):
                line = tuple(slice(None) if a == axis else i for a, i in enumerate(cell))
                others = (counts[line] > 0) & ~lost[line]
                lost[cell] |= others.sum() == 1
    return lost


@QUICK
@given(tables)
@example(BRIDGE)
def test_totals_do_not_give_a_hidden_cell_away(counts):
    """No hidden cell is fixed by the totals of all lines together, while a cell beside it could be
    hidden too (a cell alone with zeros in a line is beyond help)."""
    hidden = hide(counts)
    unknown = hidden & ~beyond_help(counts, hidden)
    for cell in worked_out(counts, unknown):
        for axis in range(counts.ndim):
            line = tuple(slice(None) if a == axis else i for a, i in enumerate(cell))
            assert (hidden[line] | (counts[line] == 0)).all()


def county(build, people):
    """Two jails and supervision with exactly so many people of each group in each."""
    names = ("old_jail", "new_jail", "supervision")
    groups = [f"g{i}" for i in range(people.shape[1])]
    return build.model(
        {
            name: build.state(
                build.fixed(1000), kind="supervision" if name == "supervision" else "jail"
            )
            for name in names
        },
        strata={"group": groups},
        tonight={
            name: {"people": [
                {"value": float(n), "where": {"group": g}} for g, n in zip(groups, row, strict=True)
            ], "elapsed": [{"days": 0, "share": 1.0}]}
            for name, row in zip(names, people, strict=True)
        },
    )  # fmt: skip


def published(build, people):
    """One day's frame by group and state, and the jail's cells, shown and true, totals first."""
    run = rm.compare(
        county(build, people), [build.platform()], until=build.day(1), every="day",
        by=["group", "state"], quantities=["population", "bed_days"],
    )  # fmt: skip
    frame = run.series.filter(quantity="population")
    truth = np.vstack([people[:2].sum(axis=0), people[:2]])
    truth = np.hstack([truth.sum(axis=1, keepdims=True), truth])
    shown = np.full(truth.shape, np.nan)
    places = {("jail", None): 0, (None, "old_jail"): 1, (None, "new_jail"): 2}
    for row in frame.iter_rows(named=True):
        if (row["kind"], row["state"]) in places:
            g = 0 if row["group"] is None else int(row["group"][1:]) + 1
            shown[places[row["kind"], row["state"]], g] = (
                np.nan if row["mean"] is None else row["mean"]
            )
    return run.series, shown, truth


@settings(deadline=None, max_examples=40)
@given(people=arrays.arrays(float, st.tuples(st.just(3), st.integers(2, 4)), elements=cells))
def test_a_frame_by_group_and_state_gives_no_small_cell_away(build, people):
    """Totals of kind, of states and of groups stand in one frame: with every cell shown known, the
    sums determine no small cell but those alone with zeros."""
    frame, shown, truth = published(build, people)
    hidden = np.isnan(shown) & (truth > 0)
    np.testing.assert_allclose(shown[~np.isnan(shown)], truth[~np.isnan(shown)], rtol=1e-9)
    small = (truth > 0) & (truth < SMALL)
    small[0, 0] = False
    assert not hidden[0, 0]
    assert hidden[small].all()
    free = ~hidden & (truth > 0)
    free[0, 0] = False  # the kind's total is always told
    for r, g in worked_out(truth, hidden & ~beyond_help(truth, hidden)):
        assert not (small[r, g] and (free[r].any() or free[:, g].any()))
    secret = frame.filter(frame["suppressed"])
    for column in ("mean", "sd", "q025", "q05", "q10", "q50", "q90", "q95", "q975"):
        assert secret[column].null_count() == len(secret)
