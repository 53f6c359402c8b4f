"""What each edit does to who leaves when, worked by hand on one cohort."""

from __future__ import annotations

import math

import numpy as np
import pytest

from remand.errors import InputError, Refusal


def leaving(build, dwell, *policies, entered=0, steps=20, exits="gone", to="out"):
    """Shares of one person, entered at a step, who leave by an exit: {step: share}."""
    solved = build.run(build.one_cohort(dwell, entered, exits=exits), steps, *policies)
    return {t: round(float(x), 12) for t, x in enumerate(solved.entries(to)) if x > 1e-12}


def dwell(**edit):
    """A dwell edit of the jail."""
    return {"dwell": {"state": "jail", **edit}}


# -- dates, phase-in and compliance ------------------------------------------------------------


def test_a_dated_law_governs_who_enters_from_its_date(build):
    """5-day stays, 2 from step 4: who enters at 3 leaves at 8, who enters at 4 at 6."""
    rows = [build.fixed(5), build.fixed(2, **{"from": build.day(4)})]
    assert leaving(build, rows, entered=3) == {8: 1.0}
    assert leaving(build, rows, entered=4) == {6: 1.0}


def test_a_dated_share_governs_who_enters_from_its_date(build):
    """A quarter by bail before step 4, half from then on."""
    exits = {
        "out": {"share": "rest"},
        "bail": {"share": [{"value": 0.25}, {"value": 0.5, "from": build.day(4)}]},
    }
    assert leaving(build, build.fixed(1), entered=3, exits=exits, to="bail") == {4: 0.25}
    assert leaving(build, build.fixed(1), entered=4, exits=exits, to="bail") == {5: 0.5}


def test_a_date_inside_a_week_takes_effect_at_the_next_step(build):
    """On a weekly clock an edit dated in the first week holds from step 1."""
    import datetime as dt

    jail = build.one_state(build.fixed(14), 1 / 7, step="week")
    edit = build.policy({"admit": {"state": "jail", "scale": 0.0}})
    for days, first in ((0, 0), (1, 1), (6, 1), (7, 1), (8, 2)):
        dated = edit.replace(starts=build.START + dt.timedelta(days=days))
        expected = [1.0 if t < first else 0.0 for t in range(4)]
        np.testing.assert_allclose(build.run(jail, 4, dated).entries("jail"), expected)


@pytest.mark.parametrize(
    ("clock", "days", "kept"),
    [
        # four daily steps: the ramp's mean over them is 1/8, 3/8, 5/8, 7/8
        ("day", 4.0, [1, 1, 7 / 8, 5 / 8, 3 / 8, 1 / 8, 0, 0]),
        # a day and a half: ½ · 1 · ⅔ = ⅓, then ½ (1.5 − 1/1.5) … = (1.5² − 1)/3 + ½ = 11/12
        ("day", 1.5, [1, 1, 2 / 3, 1 / 12, 0, 0, 0, 0]),
        # less than a step: ½ of it is lost to the ramp, 0.25 of the first step
        ("day", 0.5, [1, 1, 0.25, 0, 0, 0, 0, 0]),
        # phase_in is in days whatever the step: two weeks are two weekly steps
        ("week", 14.0, [1, 1, 3 / 4, 1 / 4, 0, 0, 0, 0]),
        ("month", 30.4375, [1, 1, 1 / 2, 0, 0, 0, 0, 0]),
    ],
)
def test_a_phase_in_is_the_mean_of_its_ramp_over_each_step(build, clock, days, kept):
    """Arrivals stopped from step 2, phased in over so many days: what still comes at each step."""
    jail = build.one_state(build.fixed(60), 1.0, step=clock)
    stop = build.policy(
        {"admit": {"state": "jail", "scale": 0.0}}, starts=2, phase_in=days, clock=clock
    )
    coming = build.run(jail, 8, stop).entries("jail")
    np.testing.assert_allclose(coming / build.run(jail, 8).entries("jail"), kept, atol=1e-12)


def test_a_phase_in_that_ends_goes_back_at_once(build):
    """On [2, 5) over 4 days: 7/8, 5/8, 3/8 of arrivals still come, then all."""
    jail = build.one_state(build.fixed(5))
    stop = build.policy({"admit": {"state": "jail", "scale": 0.0}}, starts=2, ends=5, phase_in=4)
    np.testing.assert_allclose(
        build.run(jail, 7, stop).entries("jail"), [1, 1, 7 / 8, 5 / 8, 3 / 8, 1, 1]
    )


def test_compliance_mixes_people_not_parameters(build):
    """Half of 10-day stays become 4, so half leave at 4 and half at 10: nobody stays 7."""
    edit = dwell(scale=0.4)
    assert leaving(build, build.fixed(10), build.policy(edit, compliance=0.5)) == {4: 0.5, 10: 0.5}
    ranged = build.policy(edit, compliance={"low": 0.1, "high": 0.4})
    assert leaving(build, build.fixed(10), ranged) == {4: 0.25, 10: 0.75}
    measured = build.policy(edit, compliance={"measured": True})
    assert leaving(build, build.fixed(10), measured) == {4: 1.0}


def test_compliance_keeps_a_whole_policy_for_the_same_people(build):
    """A promise of two edits kept for half of all people: half get both, half neither. Bail 0.2 → 1
    and its 10 days → 4: bail at 4 for ½, and of the other ½ a fifth at 10."""
    exits = {"out": 0.8, "bail": 0.2}
    both = build.policy(
        {"share": {"state": "jail", "exit": "bail", "to": 1.0}},
        dwell(exits=["bail"], law=build.fixed(4)),
        compliance=0.5,
    )
    assert leaving(build, build.fixed(10), both, exits=exits, to="bail") == {4: 0.5, 10: 0.1}
    assert leaving(build, build.fixed(10), both, exits=exits) == {10: 0.4}


def test_two_phase_ins_that_overlap_mix_as_independent_promises(build):
    """8-day stays, halved by one policy phased in over 4 days from 0 and halved by another from 2.

    Who enters at 3 is reached by the first with 7/8, by the second with 3/8: 8 days for
    1/8 · 5/8, 2 days for 7/8 · 3/8, 4 days for the rest.
    """
    first = build.policy(dwell(scale=0.5), starts=0, phase_in=4, name="first")
    second = build.policy(dwell(scale=0.5), starts=2, phase_in=4, name="second")
    both = 7 / 8 * 3 / 8
    neither = 1 / 8 * 5 / 8
    expected = {5: both, 7: 1 - both - neither, 11: neither}
    for order in ([first, second], [second, first]):
        got = leaving(build, build.fixed(8), *order, entered=3)
        assert got.keys() == expected.keys()
        assert all(got[t] == pytest.approx(expected[t], abs=1e-11) for t in got)


def test_policies_apply_by_start_whatever_their_order_in_the_file(build):
    """From 4 days: a cap of 3 (from step 0) then × 2 (from step 1) makes 6; written the other way
    round it is the same, and with the starts exchanged × 2 then the cap makes 3."""
    cap = build.policy(dwell(cap=3), starts=0, name="cap")
    double = build.policy(dwell(scale=2.0), starts=1, name="double")
    assert leaving(build, build.fixed(4), cap, double, entered=1) == {7: 1.0}
    assert leaving(build, build.fixed(4), double, cap, entered=1) == {7: 1.0}
    cap, double = cap.replace(starts=build.day(1)), double.replace(starts=build.day(0))
    assert leaving(build, build.fixed(4), cap, double, entered=1) == {4: 1.0}


def test_policies_of_one_day_apply_in_file_order(build):
    """From 4 days on one day: cap 3 then × 2 is 6, × 2 then cap 3 is 3; so too within a policy."""
    cap = build.policy(dwell(cap=3), name="cap")
    double = build.policy(dwell(scale=2.0), name="double")
    assert leaving(build, build.fixed(4), cap, double) == {6: 1.0}
    assert leaving(build, build.fixed(4), double, cap) == {3: 1.0}
    assert leaving(build, build.fixed(4), build.policy(dwell(cap=3), dwell(scale=2.0))) == {6: 1.0}


# -- admit -----------------------------------------------------------------------------------


def test_admit_scales_arrivals_for_the_strata_it_names(build):
    """Half as many women from step 2, kept for 60 %: 1 − 0.6 · 0.5 = 0.7 of them; men as before."""
    jail = build.one_state(build.fixed(5), 2.0, strata={"sex": ["women", "men"]})
    edit = {"admit": {"state": "jail", "scale": 0.5, "where": {"sex": "women"}}}
    entries = build.run(jail, 4, build.policy(edit, starts=2, compliance=0.6)).path.entries[:, 0]
    np.testing.assert_allclose(entries, [[2, 2, 1.4, 1.4], [2, 2, 2, 2]], rtol=1e-12)


def test_two_admits_multiply_and_may_grow(build):
    """× 1.5 and × 0.5 make 0.75 of the arrivals."""
    more = build.policy({"admit": {"state": "jail", "scale": 1.5}}, name="more")
    less = build.policy({"admit": {"state": "jail", "scale": 0.5}}, name="less")
    entries = build.run(build.one_state(build.fixed(5), 4.0), 3, more, less).entries("jail")
    np.testing.assert_allclose(entries, 3.0, rtol=1e-12)


# -- divert ----------------------------------------------------------------------------------

TWO = {"prison": {"share": 0.6}, "out": {"share": 0.4}}


def two(build, **stays):
    """Prison (0.6) and out (0.4), each after its own fixed stay."""
    return {e: {**TWO[e], "dwell": build.fixed(stays[e])} for e in TWO}


def test_divert_takes_the_stay_of_the_exit_it_leads_to(build):
    """Half of prison's 0.6 (9 days) go out instead, after out's 2 days."""
    edit = {"divert": {"state": "jail", "exit": "prison", "to": "out", "share": 0.5}}
    exits = two(build, prison=9, out=2)
    assert leaving(build, None, build.policy(edit), exits=exits) == {2: 0.7}
    assert leaving(build, None, build.policy(edit), exits=exits, to="prison") == {9: 0.3}


def test_divert_can_keep_the_stay(build):
    """The same with ``keep_dwell``: 0.3 more go out, but after 9 days."""
    edit = {
        "divert": {"state": "jail", "exit": "prison", "to": "out", "share": 0.5,
                   "keep_dwell": True}
    }  # fmt: skip
    exits = two(build, prison=9, out=2)
    assert leaving(build, None, build.policy(edit), exits=exits) == {2: 0.4, 9: 0.3}


def test_divert_to_an_exit_nobody_takes_uses_the_stay_it_is_given(build):
    """Out has share 0 and a law of 3 days: those diverted stay 3."""
    exits = {
        "prison": {"share": 1.0, "dwell": build.fixed(9)},
        "out": {"share": 0.0, "dwell": build.fixed(3)},
    }
    edit = {"divert": {"state": "jail", "exit": "prison", "to": "out", "share": 0.25}}
    assert leaving(build, None, build.policy(edit, compliance=0.8), exits=exits) == {3: 0.2}


def test_divert_follows_the_stay_as_earlier_policies_left_it(build):
    """Out's 2 days are first made 4 for half: who is diverted then stays 2 or 4, half each."""
    exits = two(build, prison=9, out=2)
    first = build.policy(dwell(exits=["out"], scale=2.0), compliance=0.5, name="first")
    edit = {"divert": {"state": "jail", "exit": "prison", "to": "out", "share": 1.0}}
    then = build.policy(edit, starts=1, name="then")
    got = leaving(build, None, first, then, exits=exits, entered=1)
    assert got == {3: 0.5, 5: 0.5}


def test_divert_to_an_exit_without_a_stay_is_refused(build):
    """A joint table that never ends in ``bail`` says nothing of how long people stay before it."""
    joint = build.table({("out", 2): 1.0})
    spec = build.model(
        {"jail": {"kind": "jail", "dwell": joint, "exits": {"out": {"to": "gone"},
                                                            "bail": {"to": "gone"}}}},
        {"jail": 1.0},
    )  # fmt: skip
    edit = {"divert": {"state": "jail", "exit": "out", "to": "bail", "share": 0.5}}
    with pytest.raises(InputError, match="no exit 'bail' that says how long people stay"):
        build.run(spec, 3, build.policy(edit))


# -- share -----------------------------------------------------------------------------------

THREE = {"a": 0.5, "b": 0.3, "c": 0.2}


def shares(build, *policies, entered=0):
    """Shares of one person by exit, each after 2 days, out of a, b, c = 0.5, 0.3, 0.2."""
    solved = build.run(build.one_cohort(build.fixed(2), entered, exits=THREE), 6, *policies)
    return [round(float(solved.entries(e).sum()), 12) for e in THREE]


def test_a_share_set_takes_from_all_others_in_proportion(build):
    """B from 0.3 to 0.65: a and c (0.5, 0.2) keep half of theirs."""
    edit = {"share": {"state": "jail", "exit": "b", "to": 0.65}}
    assert shares(build, build.policy(edit)) == [0.25, 0.65, 0.1]


def test_a_share_set_lower_gives_to_all_others_in_proportion(build):
    """B from 0.3 to 0.02: the 0.28 freed go 5 : 2 to a and c."""
    edit = {"share": {"state": "jail", "exit": "b", "to": 0.02}}
    assert shares(build, build.policy(edit)) == [0.7, 0.02, 0.28]


def test_a_share_of_everyone_leaves_no_rounding_behind(build):
    """Of thirds one is set to 1: the others get exactly nobody."""
    spec = build.model(
        {"jail": build.state(build.fixed(2), {"gone": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
         "b": build.state(build.fixed(100), kind="community"),
         "c": build.state(build.fixed(100), kind="community")},
        {"jail": 3.0},
        tonight={"jail": build.stock(6.0)},
    )  # fmt: skip
    edit = {"share": {"state": "jail", "exit": "gone", "to": 1.0}}
    for kept in (build.policy(edit), build.everyone(edit)):
        entries = build.run(spec, 6, kept).entries("b")
        assert (entries[2:] == 0).all()
        assert np.isfinite(entries).all()


def test_a_share_moves_by_points_from_the_exits_named(build):
    """B up by 11 points, all from c: 0.5, 0.41, 0.09; kept for half: 0.5, 0.355, 0.145."""
    edit = {"share": {"state": "jail", "exit": "b", "by": 0.11, "from": ["c"]}}
    assert shares(build, build.policy(edit)) == [0.5, 0.41, 0.09]
    assert shares(build, build.policy(edit, compliance=0.5)) == [0.5, 0.355, 0.145]


def test_a_share_moved_down_by_points_goes_to_the_exits_named(build):
    """B down by 10 points to a alone."""
    edit = {"share": {"state": "jail", "exit": "b", "by": -0.1, "from": ["a"]}}
    assert shares(build, build.policy(edit)) == [0.6, 0.2, 0.2]


def test_a_share_is_multiplied_and_the_exits_named_give_way(build):
    """B's 0.3 a fifth more, from c alone: 0.36 and 0.14; kept for half: 0.33 and 0.17."""
    edit = {"share": {"state": "jail", "exit": "b", "scale": 1.2, "from": ["c"]}}
    assert shares(build, build.policy(edit)) == [0.5, 0.36, 0.14]
    assert shares(build, build.policy(edit, compliance=0.5)) == [0.5, 0.33, 0.17]


def test_a_share_that_shrinks_by_a_factor_is_taken_by_the_others_pro_rata(build):
    """B's 0.3 halved: a and c hold 0.7 and get 0.15, by 5 and 2 parts in 7."""
    edit = {"share": {"state": "jail", "exit": "b", "scale": 0.5}}
    assert shares(build, build.policy(edit)) == pytest.approx(
        [0.5 + 0.15 * 5 / 7, 0.15, 0.2 + 0.15 * 2 / 7], abs=1e-12
    )


def test_two_factors_on_one_share_multiply(build):
    """1.2 × 0.5 of 0.3 is 0.18, and a factor on nobody is nobody."""
    edits = [{"share": {"state": "jail", "exit": "b", "scale": s}} for s in (1.2, 0.5)]
    first, second = (build.policy(e, name=str(i)) for i, e in enumerate(edits))
    assert shares(build, first, second)[1] == pytest.approx(0.18, abs=1e-12)
    none = build.policy({"share": {"state": "jail", "exit": "b", "to": 0.0}}, name="none")
    assert shares(build, none, first)[1] == 0.0


def test_a_share_given_to_an_exit_nobody_takes_has_that_exit_s_stay(build):
    """Bail at share 0 with 1-day stays gets 0.25: they leave at 1, the others at 4."""
    exits = {
        "out": {"share": 1.0, "dwell": build.fixed(4)},
        "bail": {"share": 0.0, "dwell": build.fixed(1)},
    }
    edit = build.policy({"share": {"state": "jail", "exit": "bail", "to": 0.25}})
    assert leaving(build, None, edit, exits=exits, to="bail") == {1: 0.25}
    assert leaving(build, None, edit, exits=exits) == {4: 0.75}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to": 0.6, "from": ["c"]}, r"from 0\.300 to 0\.600 .* c hold 0\.200"),
        ({"by": 0.8}, r"from 0\.300 to 1\.100"),
        ({"by": -0.4}, r"from 0\.300 to -0\.100"),
        ({"scale": 2.0, "from": ["c"]}, r"from 0\.300 to 0\.600 .* c hold 0\.200"),
    ],
)
def test_a_share_that_cannot_be_moved_is_refused(build, change, message):
    """More than the givers hold, above 1, or below 0: the error says what there is to move."""
    edit = {"share": {"state": "jail", "exit": "b", **change}}
    with pytest.raises(InputError, match=message) as error:
        shares(build, build.policy(edit))
    assert error.value.problems[0].path[:2] == ("policies", "policy")


def test_a_share_is_set_per_stratum(build):
    """Set for women only, men's share stays."""
    spec = build.model(
        {"jail": build.state(build.fixed(1), {"gone": 0.75, "bail": 0.25}),
         "bail": build.state(build.fixed(100), kind="community")},
        {"jail": 1.0},
        strata={"sex": ["women", "men"]},
    )  # fmt: skip
    edit = {"share": {"state": "jail", "exit": "bail", "to": 0.5, "where": {"sex": "women"}}}
    entries = build.run(spec, 3, build.policy(edit)).path.entries[:, 1, 2]
    np.testing.assert_allclose(entries, [0.5, 0.25], rtol=1e-12)


# -- dwell -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["day", "week", "month"])
@pytest.mark.parametrize(
    ("edit", "mean"),
    [
        ({"scale": 0.6}, 0.6 * 20),
        ({"scale": 2.5}, 2.5 * 20),
        ({"floor": 7}, 7 + 20 * math.exp(-7 / 20)),  # E max(X, f) = f + m e^(−f/m)
        ({"floor": 1, "unit": "weeks"}, 7 + 20 * math.exp(-7 / 20)),
        ({"cap": 30}, 20 * (1 - math.exp(-30 / 20))),  # E min(X, c) = m (1 − e^(−c/m))
        ({"law": {"law": "uniform", "low": 2.0, "high": 9.0}}, 5.5),
    ],
)
def test_a_continuous_law_is_edited_before_it_is_cut_into_steps(build, edit, mean, step):
    """Exponential stays of 20 days, edited: a steady jail holds the edited mean at any step."""
    jail = build.one_state(build.exponential(20), 3.0, step=step, tonight="steady")
    solved = build.run(jail, 5, build.policy(dwell(**edit), starts=-1, clock=step))
    assert solved.inside("jail") == pytest.approx(3.0 * mean, rel=1e-12)
    np.testing.assert_allclose(solved.census("jail"), 3.0 * mean, rtol=1e-11)


def test_who_would_stay_past_a_cap_leaves_then_by_its_exit(build):
    """Exponential stays of 4 days capped at 3, by bail: e^(−3/4) of people, all after 3 days."""
    exits = {"out": {"share": 1.0}, "bail": {"share": 0.0}}
    cap = build.policy(dwell(cap=3, exit="bail"))
    late = leaving(build, build.exponential(4), cap, exits=exits, to="bail")
    assert late == {3: pytest.approx(math.exp(-0.75), abs=1e-11)}
    early = leaving(build, build.exponential(4), cap, exits=exits)
    assert max(early) == 3
    assert sum(early.values()) == pytest.approx(1 - math.exp(-0.75), abs=1e-11)


def test_a_cap_without_an_exit_lets_each_leave_by_their_own(build):
    """Half out and half bail, both 9 days: capped at 4, half of each at 4."""
    exits = {"out": 0.5, "bail": 0.5}
    cap = build.policy(dwell(cap=4))
    for exit_name in exits:
        assert leaving(build, build.fixed(9), cap, exits=exits, to=exit_name) == {4: 0.5}


def test_a_cap_of_some_exits_leaves_the_others(build):
    """Only bail's 9 days are capped at 4."""
    exits = {"out": 0.5, "bail": 0.5}
    cap = build.policy(dwell(cap=4, exits=["bail"]))
    assert leaving(build, build.fixed(9), cap, exits=exits, to="bail") == {4: 0.5}
    assert leaving(build, build.fixed(9), cap, exits=exits) == {9: 0.5}


def test_a_cap_beyond_every_stay_changes_nothing(build):
    """Nobody stays past 9 days, so a cap of 9 or 20 leaves all at 9."""
    for cap in (9, 20):
        assert leaving(build, build.fixed(9), build.policy(dwell(cap=cap))) == {9: 1.0}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"scale": 0.5}, {1: 0.3, 2: 0.3, 5: 0.4}),  # 3 × ½ = 1.5: half at 1, half at 2
        ({"scale": 1.1}, {3: 0.42, 4: 0.18, 11: 0.4}),  # 3.3: 0.7 at 3, 0.3 at 4
        ({"floor": 4}, {4: 0.6, 10: 0.4}),
        ({"cap": 4}, {3: 0.6, 4: 0.4}),
        ({"cap": 2}, {2: 1.0}),
        ({"law": {"law": "fixed", "value": 6}}, {6: 1.0}),
    ],
)
def test_a_table_is_edited_in_whole_steps(build, edit, expected):
    """0.6 at 3 steps and 0.4 at 10, edited: mass between two steps is split, the mean kept."""
    law = build.table({3: 0.6, 10: 0.4})
    assert leaving(build, law, build.policy(dwell(**edit))) == pytest.approx(expected)


def test_a_table_s_bounds_are_given_in_days_and_rounded_to_its_steps(build):
    """On a weekly clock a cap of 20 days is 3 weekly steps (2.86)."""
    jail = build.one_state(build.table({10: 1.0}), 1 / 7, step="week", tonight="steady")
    cap = build.policy(dwell(cap=20), starts=-1, clock="week")
    assert build.run(jail, 3, cap).inside("jail") == pytest.approx(3.0)


def test_a_table_s_cap_sends_the_rest_by_its_exit(build):
    """0.6 at 3 and 0.4 at 10, capped at 5 by bail: 0.4 by bail at 5."""
    exits = {"out": {"share": 1.0}, "bail": {"share": 0.0}}
    cap = build.policy(dwell(cap=5, exit="bail"), compliance=0.5)
    law = build.table({3: 0.6, 10: 0.4})
    assert leaving(build, law, cap, exits=exits, to="bail") == {5: 0.2}
    assert leaving(build, law, cap, exits=exits) == {3: 0.6, 10: 0.2}


# -- joint tables and refusals -----------------------------------------------------------------


def test_a_joint_table_gives_exits_and_stays_by_stratum(build):
    """Women: 0.7 out after 1 step, 0.3 bail after 2; men: 0.4 out after 2, 0.6 bail after 3."""
    rows = [
        {"where": {"sex": "women"}, "exit": "out", "duration": 1, "probability": 0.7},
        {"where": {"sex": "women"}, "exit": "bail", "duration": 2, "probability": 0.3},
        {"where": {"sex": "men"}, "exit": "out", "duration": 2, "probability": 0.4},
        {"where": {"sex": "men"}, "exit": "bail", "duration": 3, "probability": 0.6},
    ]
    spec = build.model(
        {
            "jail": {
                "kind": "jail",
                "dwell": {"law": "table", "rows": rows},
                "exits": {"out": {"to": "gone"}, "bail": {}},
            },
            "bail": build.state(build.fixed(100), kind="community"),
        },
        {"jail": {"unit": "people per day",
                  "rate": [{"value": 1.0}, {"value": 0.0, "from": build.day(1)}]}},
        strata={"sex": ["women", "men"]},
    )  # fmt: skip
    path = build.run(spec, 5).path
    np.testing.assert_allclose(path.entries[:, 1], [[0, 0, 0.3, 0, 0], [0, 0, 0, 0.6, 0]])
    np.testing.assert_allclose(
        path.census[:, 0], [[1, 0.3, 0, 0, 0], [1, 1, 0.6, 0, 0]], atol=1e-15
    )


def test_a_joint_table_is_normalised_only_if_it_says_so(build):
    """Cells of 3 and 1 in a table with ``normalise`` are ¾ and ¼ of people."""
    law = build.table({("out", 1): 0.3, ("bail", 2): 0.1}, normalise=True)
    exits = {"out": {}, "bail": {}}
    assert leaving(build, law, exits=exits) == {1: 0.75}
    assert leaving(build, law, exits=exits, to="bail") == {2: 0.25}


def test_a_circle_of_zero_stays_is_refused_by_the_name_of_its_states(build):
    """Intake and court pass everyone on at once, to each other: nobody would ever get anywhere."""
    spec = build.model(
        {
            "intake": build.state(build.fixed(0), "court", kind="booking"),
            "court": build.state(build.fixed(0), "intake", kind="booking"),
        },
        {"intake": 1.0},
    )
    with pytest.raises(InputError, match=r"circle for ever .* (intake → court|court → intake)"):
        build.run(spec, 3)


def test_a_circle_of_zero_stays_that_some_leave_is_solved(build):
    """Half leave at each turn, so each is entered 1 + ¼ + 1/16 … = 4/3 times, at once."""
    spec = build.model(
        {
            "intake": build.state(build.fixed(0), {"court": 0.5, "gone": 0.5}, kind="booking"),
            "court": build.state(build.fixed(0), {"intake": 0.5, "gone": 0.5}, kind="booking"),
        },
        {"intake": 1.0},
    )
    solved = build.run(spec, 3)
    np.testing.assert_allclose(solved.entries("intake"), 4 / 3, rtol=1e-12)
    np.testing.assert_allclose(solved.entries("court"), 2 / 3, rtol=1e-12)


def test_a_circle_that_a_policy_closes_is_refused(build):
    """The last way out of the circle is diverted back into it."""
    spec = build.model(
        {
            "intake": build.state(build.fixed(0), {"court": 0.5, "gone": 0.5}, kind="booking"),
            "court": build.state(build.fixed(0), "intake", kind="booking"),
        },
        {"intake": 1.0},
    )
    edit = {"divert": {"state": "intake", "exit": "gone", "to": "court", "share": 1.0}}
    with pytest.raises(InputError, match="circle for ever"):
        build.run(spec, 5, build.policy(edit, starts=2))


@pytest.mark.parametrize(
    "when_full", [{"refuse": {"to": "gone"}}, {"discharge": {"order": "random", "to": "gone"}}]
)
def test_capacity_is_refused_with_its_reason(build, when_full):
    """Places couple people, so the exact engine says who can answer instead."""
    edit = {"capacity": {"state": "jail", "places": 200, "when_full": when_full}}
    reason = r"'full' holds 'jail' at 200 places.*who else is inside.*sampled engine"
    with pytest.raises(Refusal, match=reason):
        build.run(build.one_state(build.fixed(5)), 3, build.policy(edit, name="full"))


def test_a_steady_start_that_cannot_be_is_refused(build):
    """People who come in and never leave the model have no steady state."""
    spec = build.model(
        {
            "jail": build.state(build.fixed(3), "free"),
            "free": build.state(build.fixed(9), "jail", kind="community"),
        },
        {"jail": 1.0},
        tonight="steady",
    )
    with pytest.raises(InputError, match="no steady state"):
        build.run(spec, 3)


def test_people_counted_where_nobody_stays_are_refused(build):
    """A stock in a state that everyone passes at once cannot be given ages."""
    jail = build.one_state(build.fixed(0), 1.0, tonight={"jail": build.stock(5.0)})
    with pytest.raises(InputError, match="passes through within a step"):
        build.run(jail, 3)


def test_a_run_that_ends_before_it_starts_is_refused(build):
    """A horizon of no steps names both dates."""
    from remand.engine.compile import compile_model

    with pytest.raises(InputError, match="before the model's first step"):
        compile_model(build.one_state(build.fixed(3)), build.START)


# -- arrivals ----------------------------------------------------------------------------------


def test_arrivals_follow_season_weekday_and_trend(build):
    """Two a day, × 1.5 in March, none on Sundays, growing 10 % a year, by date."""
    import datetime as dt

    coming = {
        "unit": "people per day",
        "rate": 2.0,
        "season": {"mar": 1.5},
        "weekdays": {"sun": 0.0},
        "trend": 0.1,
    }
    spec = build.model({"jail": build.state(build.fixed(3))}, {"jail": coming})
    expected = []
    for t in range(60):
        date = build.START + dt.timedelta(days=t)
        factor = (1.5 if date.month == 3 else 1.0) * (0.0 if date.weekday() == 6 else 1.0)
        expected.append(2.0 * factor * 1.1 ** (t / 365.25))
    np.testing.assert_allclose(build.run(spec, 60).entries("jail"), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("unit", "per_day"),
    [("day", 1.0), ("week", 1 / 7), ("month", 1 / 30.4375), ("year", 1 / 365.25)],
)
@pytest.mark.parametrize(("clock", "days"), [("day", 1.0), ("week", 7.0), ("month", 30.4375)])
def test_arrivals_come_at_their_rate_whatever_the_units(build, unit, per_day, clock, days):
    """Six people a unit of time, by stratum and split 2 : 1."""
    coming = {
        "unit": f"people per {unit}",
        "rate": [{"value": 6.0}, {"value": 3.0, "where": {"sex": "men"}}],
        "split": {"charge": {"felony": 2 / 3, "other": 1 / 3}},
    }
    spec = build.model(
        {"jail": build.state(build.fixed(3))},
        {"jail": coming},
        strata={"sex": ["women", "men"], "charge": ["felony", "other"]},
        step=clock,
    )
    entries = build.run(spec, 2).path.entries[:, 0, 0]
    np.testing.assert_allclose(entries, np.array([4, 2, 2, 1]) * per_day * days, rtol=1e-12)


def test_a_circle_that_is_never_closed_on_one_day_is_solved(build):
    """Everyone passes intake at once, and so does everyone court until day 3; from day 3 court
    goes back to intake, but only after a day: on no day does anyone circle."""
    dated = [{"value": 0.0}, {"value": 1.0, "from": build.day(3)}]
    spec = build.model(
        {
            "intake": build.state(build.fixed(0), "court", kind="booking"),
            "court": build.state(
                [build.fixed(0), build.fixed(1, **{"from": build.day(3)})],
                {"intake": {"share": dated}, "gone": {"share": "rest"}},
                kind="booking",
            ),
        },
        {"intake": {"unit": "people per day",
                    "rate": [{"value": 1.0}, {"value": 0.0, "from": build.day(4)}]}},
    )  # fmt: skip
    np.testing.assert_allclose(build.run(spec, 7).entries("court"), [1, 1, 1, 1, 1, 1, 1])


def test_a_change_for_everyone_is_not_taken_for_a_circle(build):
    """Two thirds pass each of two states at once. A policy that reaches those inside splits the
    run in two; the flows of before and after must not be added up."""
    quick = build.table({0: 2 / 3, 2: 1 / 3})
    spec = build.model(
        {"a": build.state(quick, "b"), "b": build.state(quick, {"a": 0.9, "gone": 0.1})},
        {"a": 1.0},
    )
    longer = build.everyone({"dwell": {"state": "a", "floor": 0}}, starts=3, compliance=0.5)
    base, cut = build.run(spec, 9), build.run(spec, 9, longer)
    np.testing.assert_allclose(cut.census("a"), base.census("a"), rtol=1e-12)
