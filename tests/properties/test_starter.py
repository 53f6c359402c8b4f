"""Whatever figures a county may have: a clean model that holds the people published."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from remand.engine.compile import compile_model
from remand.fitting.published import YEAR, Published
from remand.fitting.starter import starter
from remand.model.check import check_model
from remand.model.uncertain import places_of, resolved

DAY = dt.date(2024, 1, 1)


@st.composite
def counties(draw):
    """Jails of 5 to 20,000 people, with mean stays from six hours to a year."""
    adp = draw(st.floats(5, 20_000))
    stay = draw(st.floats(0.26, 365))
    parts = draw(st.lists(st.integers(0, 20), max_size=4))
    shares = {f"race {i}": part / sum(parts) for i, part in enumerate(parts)} if sum(parts) else {}
    return Published(
        adp,
        adp * YEAR / stay,
        DAY,
        pretrial=draw(st.none() | st.floats(0.01, 1)),
        by_race=shares,
        population=draw(st.none() | st.floats(20_000, 1e6)),
    )


def inside(spec):
    """People inside at the start: (strata, states)."""
    return compile_model(spec, spec.clock.date(1)).inside


@settings(deadline=None, max_examples=60)
@given(counties(), st.dictionaries(st.sampled_from(["stays", "status"]), st.floats(0, 1)))
def test_the_published_population_is_kept_in_every_draw_in_all_and_by_race(county, ranks):
    """At the points and at any ranks of the ranges, tied as their names say."""
    spec = starter(county).model
    assert not check_model(spec)
    values = {
        place.path: float(place.law.quantile(np.array([ranks[place.law.together]]))[0])
        for place in places_of(spec)
        if place.law.together in ranks
    }
    for world in (spec, resolved(spec, values)):
        held = inside(world).sum(axis=1)
        assert held.sum() == pytest.approx(county.adp, rel=1e-6)
        if county.by_race:
            assert held == pytest.approx(
                [share * county.adp for share in county.shares.values()], rel=1e-6, abs=1e-6
            )


@settings(deadline=None, max_examples=40)
@given(counties(), st.floats(0, 1))
@example(Published(5.0, 1826.25, DAY, pretrial=1 - 2**-53), 0.0)
@example(Published(5.0, 1826.25, DAY, pretrial=1 - 1.01e-6), 1.0)
def test_a_published_status_split_stays_within_a_point(county, rank):
    """However many are held for months, those sentenced are as many."""
    if county.pretrial is None:
        return
    spec = starter(county).model
    values = {
        place.path: float(place.law.quantile(np.array([rank]))[0])
        for place in places_of(spec)
        if place.law.together == "stays"
    }
    held = inside(resolved(spec, values)).sum(axis=0)
    before = held[[name != "sentenced" for name in spec.states]].sum()
    assert before / held.sum() == pytest.approx(county.pretrial, abs=0.01)
