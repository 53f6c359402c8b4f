"""What must hold of costs whatever the numbers are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import remand as rm
from remand.model.model import Price
from remand.outcomes import cost
from remand.outcomes.tally import Tally

QUICK = settings(deadline=None, max_examples=25)

people = st.lists(st.floats(0, 5_000), min_size=1, max_size=40)
wings = st.builds(
    lambda places, margin, value: Price(
        kind="jail", basis="step-fixed", unit="USD per wing-year", places=places, margin=margin,
        value=value,
    ),
    st.integers(1, 400), st.sampled_from([None, 0.1, 0.5]), st.floats(0, 1e7),
)  # fmt: skip


def tally(build, census):
    """The tally of a jail with so many people in each month."""
    held = np.array(census)[None, None]
    spec = build.one_state(build.exponential(40), step="month")
    return Tally(spec.clock, (), np.ones(held.shape[-1]), held, held, np.zeros((0, 3, 1)))


@given(census=people, more=st.lists(st.floats(0, 900), min_size=40, max_size=40), price=wings)
def test_more_people_never_need_fewer_wings(build, census, more, price):
    """In every month, and never below zero or below the people held."""
    prices = cost.Priced((price,))
    few = cost.wings(tally(build, census), prices, 0)
    many = cost.wings(tally(build, np.add(census, more[: len(census)])), prices, 0)
    for least, most in ((few.beds, many.beds), (few.open, many.open), (few.cost, many.cost)):
        assert (least >= 0).all()
        assert (most >= least).all()


@given(census=people, price=wings)
def test_the_highest_census_always_has_a_bed(build, census, price):
    """Wings hold whoever is there, in every month, but for a thousandth of a person."""
    found = cost.wings(tally(build, census), cost.Priced((price,)), 0)
    assert (found.open * price.usable >= np.array(census) * (1 - 1e-9) - 1.1e-3).all()


@given(census=people, price=wings, cuts=st.sets(st.integers(1, 39)))
def test_windows_add_up_to_the_whole(build, census, price, cuts):
    """However the months are cut into windows, they cost the same together."""
    alone = tally(build, census)
    edges = [0, *sorted(cut for cut in cuts if cut < len(census)), len(census)]
    summed = np.add.reduceat(alone.held, edges[:-1], axis=-1)
    cut = Tally(alone.clock, (), np.diff(edges).astype(float), summed, summed, alone.overflow,
                parts=alone.lengths, course=alone.held)  # fmt: skip
    prices = cost.Priced((price,))
    for part in (cut, cut.whole()):
        np.testing.assert_allclose(
            cost.wings(part, prices, 0).cost.sum(), cost.wings(alone, prices, 0).cost.sum()
        )


@QUICK
@given(price=wings, scale=st.sampled_from([0.3, 0.9, 1.1, 3.0]), starts=st.integers(0, 500))
def test_swapping_two_plans_negates_every_difference_of_cost(build, price, scale, starts):
    """To the last bit, for marginal and step-fixed cost, beds and wings; averages have none."""
    each = [
        {"kind": "jail", "basis": basis, "value": 9.7, "unit": "USD per person-day"}
        for basis in ("marginal", "average")
    ]
    spec = build.one_state(
        build.exponential(30), 40.0, tonight="steady", prices=[*each, price.as_document()]
    )
    plans = [
        build.platform(name="a"),
        build.platform(build.policy({"dwell": {"state": "jail", "scale": scale}}, starts=starts),
                       name="b"),
    ]  # fmt: skip
    wanted = ["beds_needed", "wings", "cost"]
    one, two = (
        rm.compare(spec, order, until=build.day(600), quantities=wanted).differences
        for order in (plans, plans[::-1])
    )
    assert one["mean"].equals(-two["mean"])
    assert one["quantity"].to_list() == ["cost", "beds_needed", "wings", "cost"]
    assert not one["basis"].str.starts_with("average").any()
