"""Behavioural effects: two-sided, asked for, and said wherever they are."""

from __future__ import annotations

import json

import numpy as np
import pytest

import remand as rm
from remand.errors import InputError
from remand.files import load_effects, read_effects, read_platform, shipped, write
from remand.model.effects import Effect, Effects
from remand.model.platform import Scenario

TINY = """\
# What if people answered?
remand: 1
name: answers
title: If people answered
about: Made up for tests.
effects:
  - name: more-held
    about: bail is missed more, or less, often
    with: release-more
    inferred: made up
    edits:
      - share: {state: booking, exit: held, from: released, scale: {low: 0.8, high: 1.2}}
  - name: deterrence
    with: any
    inferred: made up
    phase_in: 30
    edits:
      - admit: {state: booking, scale: {law: lognormal, median: 1, factor: 1.1}}
"""


@pytest.fixture
def answers(place):
    """Write the tiny file of effects, with one text replaced by another; its path."""

    def written(old="", new=""):
        assert old in TINY
        path = place.folder / "answers.yaml"
        path.write_text(TINY.replace(old, new, 1) if old else TINY, encoding="utf-8")
        return path

    return written


def effect(*edits, goes_with="policy", **more):
    """An effect of edits written as in a file."""
    given = {"name": "effect", "with": goes_with, "inferred": "made up", "edits": edits, **more}
    return Effect.model_validate(given)


def effects(*members):
    """A file of them."""
    return Effects(name="answers", title="Answers", about="made up", effects=members)


def fewer(low=0.5, high=1.5, **more):
    """Fewer arrivals in jail, or more."""
    return {"admit": {"state": "jail", "scale": {"low": low, "high": high, **more}}}


STAY = {"dwell": {"state": "jail", "scale": 0.5}}


def arrivals(build, *policies, answering, steps=8, rank=0.0, **scenario):
    """People who arrive in a jail of one a day under policies and what answers them."""
    plan = build.platform(*policies, **scenario)
    file = effects(*answering).at(rank)
    enacted = Scenario.of(build.one_state(build.fixed(5)), [plan], file).model
    return build.run(enacted, steps).entries("jail")


# -- the range ---------------------------------------------------------------------------------

ONE_SIDED = [
    ("{low: 0.8, high: 1.2}", "{low: 1.0, high: 1.2}", "lies on one side", "let the range hold 1"),
    ("{low: 0.8, high: 1.2}", "{low: 0.5, high: 0.9}", "lies on one side", "let the range hold 1"),
    ("{low: 0.8, high: 1.2}", "1.2", "needs a range, not 1.2 alone", "{low: 0.9, high: 1.1}"),
    (
        "scale: {low: 0.8, high: 1.2}", "by: {low: 0.01, high: 0.1}",
        "0.01 to 0.1 lies on one side of no effect (0)", "let the range hold 0",
    ),
    ("scale: {low: 0.8, high: 1.2}", "to: {low: 0.4, high: 0.8}", "cannot be two-sided", "'scale'"),
    (
        "share: {state: booking, exit: held, from: released, scale: {low: 0.8, high: 1.2}}",
        "divert: {state: booking, exit: held, to: released, share: {low: 0, high: 0.2}}",
        "this 'divert' has no size at which it changes nothing", "write an admit, share or dwell",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says", "fix"), ONE_SIDED)
def test_an_effect_with_one_side_is_refused(old, new, says, fix, answers, place, remand):
    """With its file and line, by `compare` and by `check`."""
    path = answers(old, new)
    _, problems = load_effects(path, rm.read_model(str(place.model)))
    (problem,) = problems
    assert (problem.file, problem.line) == (str(path), 12)
    assert problem.field.startswith("effects[1].edits[1]")
    assert says in problem.message
    assert fix in problem.fix
    until = ("--to", "2020-03-01")
    code, out, err = remand("compare", place.model, place.platform, "--effects", path, *until)
    assert (code, out) == (2, "")
    assert err.splitlines() == [str(problem)]
    code, out, _ = remand("check", place.model, place.platform, "--effects", path)
    assert code == 2
    assert str(problem) in out.splitlines()


def test_a_lopsided_range_is_warned_of(answers, place, remand):
    """From 0.9 to 2 the middle is 1.45, which a run without draws would have: said in `check`."""
    path = answers("{low: 0.8, high: 1.2}", "{low: 0.9, high: 1.5}")
    code, out, _ = remand("check", place.model, place.platform, "--effects", path)
    assert code == 0
    assert "the middle of this range is 1.2, not 1" in out
    assert "add point: 1" in out
    pointed = answers("{low: 0.8, high: 1.2}", "{low: 0.9, high: 1.5, point: 1}")
    assert load_effects(pointed) == (read_effects(pointed), [])


def test_several_faults_are_told_at_once_with_their_lines(answers, place):
    """A one-sided range, a state that is not there, and a number nothing grounds."""
    path = answers("{low: 0.8, high: 1.2}", "1.2")
    text = path.read_text(encoding="utf-8").replace(
        "admit: {state: booking", "admit: {state: boking"
    )
    path.write_text(text.replace("    with: any\n    inferred: made up\n", "    with: any\n"))
    _, problems = load_effects(path, rm.read_model(str(place.model)))
    assert [problem.line for problem in problems] == [12, 15, 17, 17]
    told = " ".join(problem.message for problem in problems)
    assert "needs a range" in told
    assert "has no source" in told
    assert "there is no state 'boking'" in told


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: deterrence", "name: more-held", "effect 1 has the same name 'more-held'"),
        ("    with: any\n", "", "'with' is missing"),
        ("phase_in: 30", "phase_in: 30\n    authority: judge", "'authority' is not a field here"),
        ("effects:\n", "policies: []\neffects:\n", "'policies' is not a field here"),
    ],
)
def test_the_form_of_the_file_is_checked(old, new, says, answers):
    """As that of any other file."""
    _, problems = load_effects(answers(old, new))
    assert [says in problem.message for problem in problems] == [True]
    assert problems[0].line is not None


def test_an_effect_that_cannot_be_as_large_as_its_range_is_told_by_check(answers, place, remand):
    """0.6 of bookings are held; twice that is more than everyone."""
    path = answers("{low: 0.8, high: 1.2}", "{low: 0.0, high: 2.0}")
    code, out, _ = remand("check", place.model, place.platform, "--effects", path)
    assert code == 2
    assert "plan+answers, at the high end: cannot move the share of 'held' from 0." in out
    assert str(path) in out


# -- when and whom it follows ------------------------------------------------------------------


def test_an_effect_holds_as_long_and_as_far_as_its_policy_does(build):
    """Half the arrivals on [2, 5), for a policy kept for 0.4: 1 − 0.4 · 0.5 = 0.8."""
    policy = build.policy(STAY, starts=2, ends=5, compliance=0.4)
    got = arrivals(build, policy, answering=[effect(fewer())])
    np.testing.assert_allclose(got, [1, 1, 0.8, 0.8, 0.8, 1, 1, 1])


def test_an_effect_is_phased_in_like_its_policy_or_as_it_says(build):
    """Over 4 days from step 2: 1/8, 3/8, 5/8, 7/8 of a half less; its own 2 days: 1/4, 3/4."""
    policy = build.policy(STAY, starts=2, phase_in=4)
    got = arrivals(build, policy, answering=[effect(fewer())])
    np.testing.assert_allclose(1 - got, [0, 0, 1 / 16, 3 / 16, 5 / 16, 7 / 16, 0.5, 0.5])
    got = arrivals(build, policy, answering=[effect(fewer(), phase_in=2)])
    np.testing.assert_allclose(1 - got, [0, 0, 1 / 8, 3 / 8, 0.5, 0.5, 0.5, 0.5])


def test_an_effect_may_come_later_than_its_policy_but_never_before(build):
    """Dated step 4 it waits for that, dated 0 for its policy; dated 6 the policy has ended."""
    policy = build.policy(STAY, starts=2, ends=6)
    for starts, first in ((4, 4), (0, 2), (6, 8)):
        got = arrivals(build, policy, answering=[effect(fewer(), starts=build.day(starts))])
        expected = [0.5 if first <= t < 6 else 1.0 for t in range(8)]
        np.testing.assert_allclose(got, expected)


def test_an_effect_of_several_policies_comes_once(build):
    """From the first's start to the last's end, kept as far as the best kept of them."""
    first = build.policy(STAY, name="first", starts=1, ends=3, compliance=0.2)
    second = build.policy(STAY, name="second", starts=2, ends=6, compliance=0.6)
    got = arrivals(build, first, second, answering=[effect(fewer(), goes_with="any")])
    np.testing.assert_allclose(got, [1, 0.7, 0.7, 0.7, 0.7, 0.7, 1, 1])


def test_a_promise_nobody_keeps_is_answered_by_nobody(build):
    """Compliance 0 takes the effect with it."""
    got = arrivals(build, build.policy(STAY, compliance=0.0), answering=[effect(fewer())])
    np.testing.assert_array_equal(got, np.ones(8))


@pytest.mark.parametrize(
    ("goes_with", "follows"),
    [
        ("any", ["one", "two"]),
        ("plan", ["one", "two"]),
        ("plan#two", ["two"]),
        (["one", "words"], ["one", "words"]),
        ("another", []),
    ],
)
def test_an_effect_names_policies_or_platforms(build, goes_with, follows):
    """A policy without edits is followed only if it is named itself."""
    one, two = (build.policy(STAY, name=name) for name in ("one", "two"))
    words = build.policy(name="words", no_edits="nothing that a model could express")
    held = Scenario.of(build.one_state(build.fixed(5)), [build.platform(one, two, words)]).held
    assert [p.name for p in effect(fewer(), goes_with=goes_with).follows(held)] == follows


def test_a_single_policy_of_a_platform_is_still_of_that_platform(place, answers):
    """`plan#release-more` goes on being answered by what goes with `plan`."""
    model = rm.read_model(str(place.model))
    alone = read_platform(f"{place.platform}#release-more")
    file = read_effects(answers("with: release-more", "with: plan"))
    scenario = Scenario.of(model, [alone], file)
    assert scenario.name == "plan#release-more+answers"
    assert len(scenario.answers) == 2


def test_an_effect_reaches_only_the_strata_it_names(build):
    """Half as many women, all the men."""
    jail = build.one_state(build.fixed(5), 2.0, strata={"sex": ["women", "men"]})
    edit = {"admit": {**fewer()["admit"], "where": {"sex": "women"}}}
    file = effects(effect(edit)).at(0.0)
    enacted = Scenario.of(jail, [build.platform(build.policy(STAY))], file).model
    entries = build.run(enacted, 3).path.entries[:, 0]
    np.testing.assert_allclose(entries, [[1, 1, 1], [2, 2, 2]])


# -- what is said ------------------------------------------------------------------------------

DAYS = {"since": "2020-03-01", "until": "2020-06-01", "every": "month"}


def test_every_form_of_a_run_says_that_effects_are_in_it(place, answers, remand):
    """The table, JSON and CSV; the scenario's name carries them into every row."""
    path = answers()
    ask = ("compare", place.model, place.platform, "--effects", path, "--to", "2020-06-01")
    code, out, err = remand(*ask)
    assert (code, err) == (0, "")
    words = (
        "with behavioural effects from answers: more-held (0.8–1.2 times, assumption range), "
        "deterrence (0.855–1.17 times, assumption range)"
    )
    assert words in " ".join(out.split())
    answer = json.loads(remand(*ask, "--json")[1])
    assert answer["warnings"][0] == words
    assert [s["name"] for s in answer["scenarios"]] == ["no-change", "plan+answers"]
    told = answer["run"]["effects"]
    assert [e["name"] for e in told] == ["more-held", "deterrence"]
    assert {e["file"] for e in told} == {"answers"}
    assert {tuple(e["scenarios"]) for e in told} == {("plan+answers",)}
    assert told[0]["edits"][0]["share"]["scale"] == {"low": 0.8, "high": 1.2}
    assert "\nplan+answers," in remand(*ask, "--csv")[1]


def test_without_effects_nothing_is_said_and_nothing_changes(place, answers):
    """Off by default; with them, the base keeps its figures to the last bit and has another id."""
    ask = (str(place.model), [str(place.platform)])
    plain = rm.compare(*ask, **DAYS)
    assert plain.meta["effects"] == []
    assert not any("behavioural" in warning for warning in plain.warnings)
    asked = rm.compare(*ask, **DAYS, effects=answers())
    base = [run.series.filter(scenario="no-change") for run in (plain, asked)]
    assert base[0].equals(base[1])
    assert plain.identity != asked.identity


def test_an_effect_of_another_plan_is_said_to_be_left_out(place, answers):
    """It may wait in the file; if none goes with anything compared, something is misspelt."""
    ask = (str(place.model), [str(place.platform)])
    run = rm.compare(*ask, **DAYS, effects=answers("with: release-more", "with: release-mroe"))
    assert "effects that go with no policy compared here: more-held (release-mroe)" in run.warnings
    path = answers("with: release-more", "with: release-mroe")
    path.write_text(path.read_text().replace("with: any", "with: [nobody]"), encoding="utf-8")
    with pytest.raises(InputError, match="goes with no policy of the platforms compared") as error:
        rm.compare(*ask, **DAYS, effects=path)
    first, second = error.value.problems
    assert (first.file, first.line, first.fix) == (str(path), 9, "did you mean 'release-more'?")
    assert second.line == 14


def test_a_lopsided_middle_is_said_in_the_run(place, answers):
    """Whoever reads the figures learns that the middle is not nothing."""
    path = answers("{low: 0.8, high: 1.2}", "{low: 0.9, high: 1.5}")
    run = rm.compare(str(place.model), [str(place.platform)], **DAYS, effects=path)
    assert "more-held (0.9–1.5 times, 1.2 in the middle, assumption range)" in run.warnings[0]


def test_a_file_of_effects_is_written_back_as_it_is(answers):
    """Comments and short forms kept."""
    path = answers()
    write(read_effects(path), path)
    assert path.read_text(encoding="utf-8") == TINY


@pytest.mark.parametrize("name", shipped("effects"))
def test_shipped_effects_are_sound_even_at_their_ends_and_treat_plans_alike(name, remand):
    """With every plan a candidate made or an office did, `check` finds no problem at either end."""
    plans = [n for n in shipped("platforms") if not n.endswith(("status-quo", "plan-2016"))]
    code, out, _ = remand("check", "philadelphia", *plans, "--effects", name)
    assert code == 0, out
    file = read_effects(name)
    for each in file.effects:
        assert set(each.with_) == {plan.partition("/")[2] for plan in plans}
        assert float(each.edits[0].scale) == 1.0
    assert all(source.address for source in file.sources.values())
