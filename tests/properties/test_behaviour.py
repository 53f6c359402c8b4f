"""What must hold of behavioural effects whatever the numbers are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.model.effects import Effects
from remand.model.platform import Scenario

STEPS = 30
QUICK = settings(deadline=None, max_examples=25)

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(
    lambda n: (1 - n[0] / 20, 1 + n[1] / 20)
)


@st.composite
def edits(draw, *, point=None):
    """A two-sided edit of the jail; with a point, its middle."""
    low, high = draw(sizes)
    law = {"low": low, "high": high} | ({} if point is None else {"point": point})
    points = {"low": low - 1, "high": high - 1} | ({} if point is None else {"point": point - 1})
    return draw(
        st.sampled_from(
            [
                {"admit": {"state": "jail", "scale": law}},
                {"dwell": {"state": "jail", "scale": law}},
                {"share": {"state": "jail", "exit": "supervision", "scale": law}},
                {"share": {"state": "jail", "exit": "gone", "by": points, "from": "supervision"}},
            ]
        )
    )


def _what(edit):
    """Which share an edit moves, if any: two on one could ask for more than there is."""
    ((kind, body),) = edit.items()
    return kind if kind == "share" else (kind, str(body))


@st.composite
def files(draw, *, goes_with="policy", **more):
    """A file of one effect, of one edit or two."""
    effect = {
        "name": "effect",
        "with": goes_with,
        "inferred": "made up",
        "edits": draw(st.lists(edits(**more), min_size=1, max_size=2, unique_by=_what)),
    }
    about = {"name": "answers", "title": "Answers", "about": "made up"}
    return Effects.model_validate({**about, "effects": [effect]})


policies = st.fixed_dictionaries(
    {
        "starts": st.integers(0, STEPS - 1),
        "phase_in": st.sampled_from([0.0, 7.0]),
        "compliance": st.sampled_from([0.0, 0.3, 1.0]),
    }
)


def county(build):
    """A jail and supervision that lead to each other."""
    stays = {"law": "lognormal", "median": 5.0, "mean": 9.0}
    return build.model(
        {
            "jail": build.state(stays, {"supervision": 0.5, "gone": 0.5}),
            "supervision": build.state(
                build.exponential(20), {"jail": 0.3, "gone": {"share": "rest"}}, kind="supervision"
            ),
        },
        {"jail": 3.0},
        tonight="steady",
    )


def plan(build, given):
    """A platform of one policy, which shortens stays under supervision."""
    edit = {"dwell": {"state": "supervision", "scale": 0.6}}
    return build.platform(build.policy(edit, **given))


def path(model):
    """Census and entries of a model."""
    solved = solve(compile_model(model, model.clock.date(STEPS)))
    return solved.census, solved.entries


def same(one, two):
    """Equal to the last bit."""
    return all(np.array_equal(a, b) for a, b in zip(path(one), path(two), strict=True))


@QUICK
@given(file=files(), rank=st.sampled_from([0.0, 0.4, 1.0]))
def test_an_effect_never_moves_the_baseline(build, file, rank):
    """Where no policy holds, the model under effects is the very model."""
    spec = county(build)
    for goes_with in ("policy", "any"):
        effect = file.at(rank).effects[0].replace(with_=(goes_with,))
        scenario = Scenario.of(spec, [build.platform()], file.replace(effects=(effect,)))
        assert scenario.model is spec
        assert scenario.name == "plan"


@QUICK
@given(file=files(goes_with="another"), given=policies)
def test_a_scenario_without_the_policy_is_the_same_to_the_last_bit(build, file, given):
    """An effect that goes with another policy is not there at all."""
    spec, own = county(build), plan(build, given)
    with_file, without = Scenario.of(spec, [own], file.at(1.0)), Scenario.of(spec, [own])
    assert with_file.model == without.model
    assert with_file.name == without.name
    assert same(with_file.model, without.model)


@QUICK
@given(file=files(point=1.0), given=policies)
def test_at_no_effect_nothing_changes_to_the_last_bit(build, file, given):
    """A factor of 1, and 0 points: as if nobody had asked."""
    spec, own = county(build), plan(build, given)
    assert same(Scenario.of(spec, [own], file).model, Scenario.of(spec, [own]).model)


@QUICK
@given(file=files(), given=policies, rank=st.sampled_from([0.0, 1.0]))
def test_before_its_policy_starts_an_effect_changes_nothing(build, file, given, rank):
    """What happened before the policy's first step stays as it was, to the last bit."""
    spec, own = county(build), plan(build, given)
    with_file, without = Scenario.of(spec, [own], file.at(rank)), Scenario.of(spec, [own])
    for one, two in zip(path(with_file.model), path(without.model), strict=True):
        assert np.array_equal(one[..., : given["starts"]], two[..., : given["starts"]])


@QUICK
@given(low=st.floats(0.6, 0.95), high=st.floats(1.05, 1.5), rank=st.floats(0.0, 1.0))
def test_more_arrests_hold_more_people_and_fewer_hold_fewer(build, low, high, rank):
    """Two sides, both real: the sign of the difference is the sign of the effect."""
    spec = county(build)
    edit = {"admit": {"state": "jail", "scale": {"low": low, "high": high}}}
    effect = {"name": "e", "with": "any", "inferred": "made up", "edits": [edit]}
    file = Effects.model_validate({"name": "n", "title": "N", "about": "-", "effects": [effect]})
    own = plan(build, {"starts": 0})
    base, _ = path(Scenario.of(spec, [own]).model)
    moved, _ = path(Scenario.of(spec, [own], file.at(rank)).model)
    factor = low + (high - low) * rank
    assert np.sign(np.round(moved.sum() - base.sum(), 9)) == np.sign(round(factor - 1, 12))
