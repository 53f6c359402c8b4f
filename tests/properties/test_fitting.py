"""What must hold of any fit: shares and means kept, people kept, groups that cover everyone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from remand.fitting.layout import FEW
from remand.fitting.nodes import REST, Nodes
from remand.fitting.sparse import sparse
from remand.fitting.tonight import aged, pooled_counts
from remand.outcomes.suppression import hide

masses = arrays.arrays(
    np.float64, (2, 12, 3), elements=st.one_of(st.just(0.0), st.floats(0.001, 1.0))
)
counts = arrays.arrays(np.int64, st.integers(1, 8), elements=st.integers(0, 60))


@settings(deadline=None)  # the first example compiles the loop
@given(masses, st.floats(0.01, 0.5), st.data())
def test_fewer_rows_keep_every_share_and_mean(mass, least, data):
    """Of each group and exit; and no mass is below zero or outside the old durations."""
    durations = np.cumsum(data.draw(arrays.arrays(np.int64, 12, elements=st.integers(1, 40))))
    thin = sparse(durations, mass, least)
    assert (thin >= 0).all()
    assert np.allclose(thin.sum(axis=1), mass.sum(axis=1), rtol=1e-12)
    assert np.allclose(durations @ thin, durations @ mass, rtol=1e-12)
    assert ((thin > 0).sum(axis=1) <= np.maximum((mass > 0).sum(axis=1), 0)).all()


@given(counts)
def test_spreading_small_counts_keeps_the_total(people):
    """And leaves the large ones alone, unless they would give a small one away."""
    found = pooled_counts(people.astype(float))
    assert np.isclose(found.sum(), people.sum())
    shown = ~hide(people.astype(float)) & (people > 0)
    assert (found[shown] == people[shown]).all()


@given(counts, st.integers(0, 2**32 - 1))
def test_nobody_inside_is_told_alone(people, seed):
    """Every row stands for ten people or more, or was spread; the total is kept."""
    stratum = np.repeat(np.arange(len(people)), people)
    days = np.random.default_rng(seed).integers(0, 900, len(stratum))
    rows = aged(stratum, days, np.ones(len(stratum)), len(people))
    assert np.isclose(rows.people.sum(), people.sum())
    hidden = hide(people.astype(float))
    for g in np.flatnonzero(~hidden & (people > 0)):
        assert rows.people[rows.stratum == g].min() >= FEW
    if len(days):
        assert rows.days.min() >= days.min()
        assert rows.days.max() <= days.max()


@given(st.data())
def test_every_stay_is_in_a_group_large_enough_and_every_stratum_has_a_law(data):
    """However people fall over two axes; only what is left of a state may be small."""
    n = data.draw(st.integers(1, 80))
    column = arrays.arrays(np.int64, n, elements=st.integers(0, 2))
    state, levels = data.draw(column), np.column_stack([data.draw(column), data.draw(column)])
    person = data.draw(arrays.arrays(np.int64, n, elements=st.integers(0, 60)))
    nodes = Nodes.over(state, levels, person, 3, [FEW, 2 * FEW])
    assert nodes.stays.sum() == n
    for i, key in enumerate(nodes.keys):
        if (key[1:] != REST).all():
            assert len(np.unique(person[nodes.of == i])) >= 2 * FEW
        if key[1] == REST:
            assert (key[1:] == REST).all()
    for s in range(3):
        for a in range(3):
            for b in range(3):
                group = nodes.of_levels(s, (a, b))
                assert nodes.keys[group, 0] == s
                assert all(
                    k in (REST, own) for k, own in zip(nodes.keys[group, 1:], (a, b), strict=True)
                )
    # a group's parent is the same with its last level let go
    sizes = [int(chain.max()) + 1 for chain in nodes.chain]
    assert sizes[-1] == 1
    assert sizes[-2] == 3
