"""What must hold of any platform taken apart: the parts are the whole, and nothing is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.doors import by_door
from remand.engine.expected import solve
from remand.errors import InputError
from remand.model.states import KINDS
from remand.outcomes.orders import ALL_ORDERS, Orders

STEPS = 40
QUICK = settings(deadline=None, max_examples=15)

share = st.integers(1, 9).map(lambda n: n / 10)
means = st.sampled_from([0.6, 3.0, 11.0, 45.0])


@st.composite
def edits(draw):
    """One edit of a county's states."""
    return draw(
        st.sampled_from(
            [
                {"admit": {"state": "cells", "scale": draw(share) * 2}},
                {"dwell": {"state": "cells", "scale": 0.7, "where": {"group": ["red"]}}},
                {"dwell": {"state": "sentence", "cap": 8, "exit": "gone"}},
                {"divert": {"state": "cells", "exit": "sentence", "to": "supervision",
                            "share": draw(share)}},
                {"share": {"state": "supervision", "exit": "gone", "to": draw(share)}},
                {"release": {"state": "sentence", "share": draw(share), "exit": "gone"}},
            ]
        )
    )  # fmt: skip


plans = st.lists(
    st.fixed_dictionaries(
        {
            "edits": st.lists(edits(), min_size=1, max_size=2),
            "compliance": st.sampled_from([0.0, 0.3, 1.0]),
        }
    ),
    min_size=1,
    max_size=3,
)
counties = st.fixed_dictionaries(
    {
        "cells": means,
        "sentence": means,
        "back": st.sampled_from([0.1, 0.3, 0.6]),
        "start": st.sampled_from(["empty", "steady"]),
        "step": st.sampled_from(["day", "week"]),
    }
)


def county(build, cells, sentence, back, start, step):
    """Cells, a sentence and supervision that lead to each other, for two groups."""
    rows = [{"value": 31.0, "where": {"group": "red"}}, {"value": 50.5, "where": {"group": "blue"}}]
    return build.model(
        {
            "cells": build.state(
                build.exponential(cells), {"sentence": 0.4, "supervision": 0.5, "gone": 0.1}
            ),
            "sentence": build.state(
                {"law": "gamma", "mean": sentence, "shape": 2.0}, {"supervision": 0.6, "gone": 0.4}
            ),
            "supervision": build.state(
                build.exponential(30.0),
                {"cells": back, "sentence": 0.1, "gone": {"share": "rest"}},
                kind="supervision",
            ),
        },
        {"cells": {"unit": "people per day", "rate": rows}},
        strata={"group": ["red", "blue"]},
        tonight="steady" if start == "steady" else None,
        step=step,
    )


def taken_apart(build, spec, policies, **more):
    """A platform of some policies, taken apart over the whole run."""
    try:
        return rm.explain(
            spec, build.platform(*policies), spec.clock.date(STEPS), spec.clock.start, **more
        )
    except InputError as error:  # two edits that contradict each other: nobody left to move
        assume("has no way out" not in str(error))
        raise


def policies_of(build, spec, drawn):
    """Policies dated a step apart."""
    return [
        build.policy(*plan["edits"], name=f"p{i}", starts=3 + i, clock=spec.clock.step,
                     compliance=plan["compliance"])
        for i, plan in enumerate(drawn)
    ]  # fmt: skip


@QUICK
@given(what=counties, drawn=plans)
def test_the_parts_sum_to_the_whole_and_each_to_its_own(build, what, drawn):
    """By kind, and through admissions and days held, to 1e-9."""
    spec = county(build, **what)
    found = taken_apart(build, spec, policies_of(build, spec, drawn))
    for kind, whole in found.total.items():
        changes = [part.change[kind] for part in found.parts]
        if whole is not None:
            assert sum(changes) == pytest.approx(whole, abs=1e-9)
    if found.by_days is not None:
        for part in found.parts:
            halves = part.by_admissions + part.by_days
            assert halves == pytest.approx(part.change["jail"], abs=1e-9)
        assert found.by_admissions + found.by_days == pytest.approx(found.total["jail"], abs=1e-9)


@QUICK
@given(what=counties, drawn=plans)
def test_the_order_of_a_file_moves_no_part_where_dates_differ(build, what, drawn):
    """Policies act by date; what each adds does not depend on where it is written."""
    spec = county(build, **what)
    policies = policies_of(build, spec, drawn)
    one, two = (taken_apart(build, spec, p) for p in (policies, policies[::-1]))
    for part, other in zip(one.parts, two.parts[::-1], strict=True):
        assert part.policy == other.policy
        for kind, change in part.change.items():
            assert change == pytest.approx(other.change[kind], abs=1e-9)


@QUICK
@given(what=counties, drawn=plans)
def test_a_policy_that_does_nothing_adds_exactly_nothing(build, what, drawn):
    """Neither one without edits nor one that starts after the end; the others stay as they are."""
    spec = county(build, **what)
    policies = policies_of(build, spec, drawn)
    none = build.policy(name="none", no_edits="already so")
    late = build.policy(*drawn[0]["edits"], name="late", starts=STEPS, clock=spec.clock.step)
    alone = taken_apart(build, spec, policies)
    *others, idle, later = taken_apart(build, spec, [*policies, none, late]).parts
    for part in (idle, later):
        assert part.lever is None
        assert set(part.change.values()) <= {0.0, None}
        assert part.by_admissions in (0.0, None)
    assert [part.change for part in others] == [part.change for part in alone.parts]


@QUICK
@given(what=counties)
def test_doors_tell_people_apart_and_change_no_count(build, what):
    """Over its doors, every state's census is what it was."""
    kernel = compile_model(spec := county(build, **what), spec.clock.date(STEPS))
    told = by_door(kernel, KINDS.index("jail"))
    whole, apart = solve(kernel).census, solve(told.kernel).census
    for state in range(len(kernel.states)):
        mine = apart[:, told.origin == state].sum(axis=1)
        np.testing.assert_allclose(mine, whole[:, state], rtol=1e-10, atol=1e-9)


@given(n=st.integers(1, ALL_ORDERS + 3), seed=st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_shares_sum_to_the_total_whichever_orders_are_taken(n, seed):
    """All orders or drawn ones; of a cause that adds the same to any set, exactly that."""
    worth = {frozenset(): 0.0}
    chance = np.random.default_rng(seed)

    def value(causes):
        return worth.setdefault(causes, float(chance.normal()) * len(causes))

    orders = Orders.of(n, seed)
    shares = orders.averaged(lambda a, b: np.array([value(b) - value(a), len(b) - len(a)]))
    total = value(frozenset(range(n)))
    assert shares[:, 0].sum() == pytest.approx(total, abs=1e-9)
    np.testing.assert_allclose(shares[:, 1], 1.0, rtol=1e-12)
    assert bool(orders.drawn) == (n > ALL_ORDERS)
    assert Orders.of(n, seed) == orders
