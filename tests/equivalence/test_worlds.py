"""One seed is one world: what a change does not touch comes out with the same digits."""

from __future__ import annotations

import numpy as np
import pytest

from remand.engine.compile import compile_model
from remand.engine.sampled import histories, simulate

STEPS, SEED = 30, 5
FIELDS = ("held", "last", "moves", "to_come", "ended", "so_far")
DWELL = {"law": "lognormal", "median": 4.0, "mean": 9.0}


def county(build, *policies, groups=("red", "blue"), before=None, after=None, tonight=None):
    """Two groups, and a jail whose people may come back."""
    spec = build.model(
        {
            **(before or {}),
            "jail": build.state(DWELL, {"supervision": 0.5, "gone": 0.5}),
            "supervision": build.state(
                build.exponential(6), {"jail": 0.3, "gone": 0.7}, kind="supervision"
            ),
            **(after or {}),
        },
        {"jail": 6.0},
        strata={"group": list(groups)},
        tonight=tonight,
    )
    return spec.enact(*policies)


def sample(spec, replicates=4, **more):
    """A few replicates with stays, every step a window."""
    kernel = compile_model(spec, spec.clock.date(STEPS))
    return simulate(kernel, replicates, SEED, stays=True, **more)


def full(build, **when):
    """A jail of 45 places: people depend on each other."""
    to = {"state": "jail", "places": 45, "when_full": {"discharge": {"order": "nearest",
                                                                    "to": "gone"}}}  # fmt: skip
    return build.policy({"capacity": to}, name="cap", **when)


def cut(build, **when):
    """Half of what led to supervision leads out of the model, for blue alone if asked."""
    body = {"state": "jail", "exit": "supervision", "to": "gone", "share": 0.5}
    return build.policy(
        {"divert": {**body, "where": when.pop("where", {})}},
        {"dwell": {"state": "supervision", "scale": 0.5, "where": {"group": "blue"}}},
        {"admit": {"state": "jail", "scale": 1.4, "where": {"group": "blue"}}},
        **when,
    )


def same(one, two, strata=slice(None)):
    """Whether two samples have the same digits, in some strata or throughout."""
    return all(
        np.array_equal(getattr(one, field)[:, strata], getattr(two, field)[:, strata])
        for field in FIELDS
    )


@pytest.mark.parametrize("capped", [False, True])
@pytest.mark.parametrize("start", [None, "steady"])
def test_the_number_of_threads_changes_no_digit(build, capped, start):
    """One or two threads, with and without people who depend on each other."""
    spec = county(build, *([full(build)] if capped else []), tonight=start)
    one, two = sample(spec, threads=1), sample(spec, threads=2)
    assert same(one, two)
    np.testing.assert_array_equal(one.overflow, two.overflow)


def test_another_seed_is_another_world(build):
    """Or all the equalities here would say nothing."""
    spec = county(build)
    kernel = compile_model(spec, spec.clock.date(STEPS))
    one, two = simulate(kernel, 2, 1), simulate(kernel, 2, 2)
    assert not np.array_equal(one.last, two.last)
    assert not np.array_equal(one.last[0], one.last[1])


@pytest.mark.parametrize("capped", [False, True])
def test_a_replicate_does_not_know_what_is_drawn_beside_it(build, capped):
    """Replicates 3 and 4 drawn alone are the last two of five."""
    spec = county(build, *([full(build)] if capped else []))
    five, two = sample(spec, 5), sample(spec, 2, first=3)
    for field in (*FIELDS, "overflow"):
        np.testing.assert_array_equal(getattr(five, field)[3:], getattr(two, field))


def test_an_empty_platform_changes_no_digit(build):
    """Nor does a policy kept by nobody."""
    spec = county(build, tonight="steady")
    base = sample(spec)
    assert same(base, sample(spec.enact(*build.platform().policies)))
    assert same(base, sample(spec.enact(cut(build, compliance=0.0))))


@pytest.mark.parametrize("reach", ["entrants", "everyone"])
def test_a_policy_that_never_starts_changes_no_digit(build, reach):
    """It begins on the day the run ends."""
    later = build.policy({"dwell": {"state": "jail", "scale": 0.5}}, starts=STEPS, applies_to=reach)
    assert same(sample(county(build)), sample(county(build, later)))


def test_a_limit_that_is_never_reached_changes_no_count(build):
    """A thousand places for some hundred people: the same digits, and nothing spills."""
    cap = {"state": "jail", "places": 1000, "when_full": {"refuse": {"to": "gone"}}}
    base = sample(county(build))
    held = sample(county(build, build.policy({"capacity": cap})))
    assert not held.overflow.any()
    pairs = [*zip(held.origin, held.target, strict=True)]
    kept = [pairs.index(pair) for pair in zip(base.origin, base.target, strict=True)]
    np.testing.assert_array_equal(base.last, held.last)
    np.testing.assert_array_equal(base.moves, held.moves[:, :, kept])
    assert held.moves.sum() == base.moves.sum()


def test_before_a_policy_starts_no_digit_changes(build):
    """Censuses and moves of the first twelve steps are those without it."""
    base, later = sample(county(build)), sample(county(build, cut(build, starts=12)))
    for field in ("last", "held", "moves"):
        one, two = getattr(base, field), getattr(later, field)
        np.testing.assert_array_equal(one[..., :12], two[..., :12])
        assert not np.array_equal(one[..., 12:], two[..., 12:])


def test_a_state_that_nobody_enters_changes_no_digit_of_the_others(build):
    """One stands before them and one after, so that every index moves."""
    attic, cellar = ({name: build.state(build.fixed(3))} for name in ("attic", "cellar"))
    base, more = sample(county(build)), sample(county(build, before=attic, after=cellar))
    for field in ("held", "last", "to_come", "ended", "so_far"):
        np.testing.assert_array_equal(getattr(base, field), getattr(more, field)[:, :, 1:3])
        assert not getattr(more, field)[:, :, [0, 3]].any()


def test_a_policy_for_one_stratum_changes_no_digit_of_another(build):
    """Blue is diverted, cut and admitted more; red stays red."""
    base = sample(county(build))
    blue = sample(county(build, cut(build, where={"group": "blue"})))
    assert same(base, blue, strata=slice(0, 1))
    assert not same(base, blue, strata=slice(1, 2))


def test_another_stratum_changes_no_digit_of_those_that_were_there(build):
    """Green comes between red and blue."""
    base, more = sample(county(build)), sample(county(build, groups=("red", "green", "blue")))
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(base, field), getattr(more, field)[:, [0, 2]])


def test_people_a_policy_does_not_reach_meet_the_same_luck(build):
    """A divert thins: nobody new goes to supervision, and the arrivals are the same people."""
    divert = {"divert": {"state": "jail", "exit": "supervision", "to": "gone", "share": 0.5}}
    base = sample(county(build))
    less = sample(county(build, build.policy(divert)))
    out = len(base.kernel.states)
    arrive = (base.origin == out) & (base.target == 0)
    onward = (base.origin == 0) & (base.target == 1)
    first = slice(0, 3)  # before anyone can be back
    np.testing.assert_array_equal(base.moves[:, :, arrive], less.moves[:, :, arrive])
    assert (less.moves[:, :, onward, first] <= base.moves[:, :, onward, first]).all()
    assert less.moves[:, :, onward].sum() < 0.7 * base.moves[:, :, onward].sum()


@pytest.mark.parametrize("capped", [False, True])
@pytest.mark.parametrize("start", [None, "steady", "counted"])
def test_lives_add_up_to_the_counts(build, start, capped):
    """Told one by one, people make exactly the moves and fill exactly the places counted."""
    tonight = {"jail": build.stock(20.0)} if start == "counted" else start
    spec = county(build, *([full(build)] if capped else []), tonight=tonight)
    drawn = sample(spec, 3)
    kernel = drawn.kernel
    n = len(kernel.states)
    for replicate in range(3):
        told = histories(kernel, SEED, replicate)
        moves = np.zeros((2, n + 1, n + 1, STEPS))
        inside = np.zeros((2, n + 1))
        found = told.origin < 0
        assert (told.step[found] < 0).all()
        np.add.at(inside, (told.stratum[found], told.target[found]), 1)
        made = ~found
        where = (told.stratum, told.origin, told.target, told.step)
        np.add.at(moves, tuple(part[made] for part in where), 1)
        np.testing.assert_array_equal(moves[:, drawn.origin, drawn.target], drawn.moves[replicate])
        assert moves.sum() == drawn.moves[replicate].sum()
        change = moves.sum(axis=1)[:, :n] - moves.sum(axis=2)[:, :n]
        census = inside[:, :n, None] + np.cumsum(change, axis=-1)
        np.testing.assert_array_equal(census, drawn.last[replicate])


def test_a_life_goes_on_where_it_stopped(build):
    """Rows stand by person and time; each begins in the state the last one led to, and a person's
    first row is the only one that comes from outside."""
    spec = county(build, tonight="steady")
    kernel = compile_model(spec, spec.clock.date(STEPS))
    told = histories(kernel, SEED)
    out = len(kernel.states)
    same_person = told.person[1:] == told.person[:-1]
    assert (np.diff(told.person)[~same_person] == 1).all()
    assert (np.diff(told.step)[same_person] >= 0).all()
    assert (told.origin[1:] == told.target[:-1])[same_person].all()
    assert (told.stratum[1:] == told.stratum[:-1])[same_person].all()
    first = np.append(True, ~same_person)
    assert ((told.origin < 0) | (told.origin == out) == first).all()
