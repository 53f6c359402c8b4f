"""Policies that reach people already inside, worked by hand: who leaves when, by cohort.

By the contract a cohort of age ``a`` under law L loses ``max(0, 1 − S'(a) / S_L(a − 1))`` at once
and the rest leave at ``a + j`` with the new law over ``S'(a)``; ``S(a) = P(D > a)``.
"""

from __future__ import annotations

import numpy as np
import pytest


def leaving(build, dwell, entered, steps, *policies, exits="gone", to="out"):
    """Shares of one person, entered at a step, who leave by an exit: {step: share}."""
    solved = build.run(build.one_cohort(dwell, entered, exits=exits), steps, *policies)
    by = solved.entries(to)
    return {t: round(float(x), 12) for t, x in enumerate(by) if x > 1e-12}


HALVED = [
    # cohort, who leaves when; the change is at step 3
    (0, {3: 0.5, 5: 0.5}),  # age 3: S'(3) = ½, S(2) = 1: half at once, half at age 5
    (1, {3: 0.5, 6: 0.5}),  # age 2: S'(2) = ½, S(1) = 1: half at once, half at age 5
    (2, {4: 0.5, 7: 0.5}),  # age 1: S'(1) = 1: nobody at once; half at age 2, half at age 5
    (3, {5: 0.5, 8: 0.5}),  # enters under the new law
    (4, {6: 0.5, 9: 0.5}),
]


@pytest.mark.parametrize("change", ["cap", "law", "scale"])
@pytest.mark.parametrize(("entered", "expected"), HALVED)
def test_half_of_a_stay_of_five_steps_is_cut_to_two_for_everyone(build, entered, expected, change):
    """Everyone stays exactly 5 steps; from step 3 half of all people are to stay 2 (see HALVED),
    whether it is said as a cap, a law or a scale."""
    edit = {
        "cap": {"cap": 2},
        "law": {"law": build.fixed(2)},
        "scale": {"scale": 0.4},
    }[change]
    cut = build.everyone({"dwell": {"state": "jail", **edit}}, starts=3, compliance=0.5)
    assert leaving(build, build.fixed(5), entered, 12, cut) == expected
    assert leaving(build, build.table({5: 1.0}), entered, 12, cut) == expected


def test_the_census_while_half_of_a_stay_is_cut_for_everyone(build):
    """One a day from step 0, as above. Leave at 3: ½ of cohorts 0 and 1; at 4: ½ of 2; at 5: ½ of
    0 and ½ of 3; then 1 a day. Census 1, 2, 3, 3 (+1 −1), 3.5 (+1 −½), and 3.5 = ½·2 + ½·5 on."""
    cut = build.everyone({"dwell": {"state": "jail", "cap": 2}}, starts=3, compliance=0.5)
    solved = build.run(build.one_state(build.fixed(5)), 12, cut)
    np.testing.assert_allclose(solved.census("jail"), [1, 2, 3, 3] + [3.5] * 8, rtol=1e-12)
    np.testing.assert_allclose(solved.gone()[:6], [0, 0, 0, 1, 0.5, 1], atol=1e-12)


def test_a_cut_for_everyone_empties_a_steady_jail_at_once_to_its_new_level(build):
    """Five inside, one of each age 1–5 at step 3. Half of ages 2–5 (those past the new 2 days)
    leave at once: 2; age 5 would leave that day anyway, so its other half goes too: ½. Enters 1:
    5 − 2½ + 1 = 3.5 = ½·2 + ½·5, the new steady level, and stays there."""
    cut = build.everyone({"dwell": {"state": "jail", "cap": 2}}, starts=3, compliance=0.5)
    solved = build.run(build.one_state(build.fixed(5), tonight="steady"), 12, cut)
    np.testing.assert_allclose(solved.census("jail"), [5, 5, 5] + [3.5] * 9, rtol=1e-12)
    assert solved.gone()[3] == pytest.approx(2.5)


def test_a_counted_stock_is_cut_by_age(build):
    """Ten people, half in since yesterday (entered −1), half for three days (−3); 5-day stays cut
    to 3 for everyone at step 1. Ages then 2 and 4: the second half is past 3 and leaves at once;
    the first leaves at age 3, step 2."""
    jail = build.one_state(
        build.fixed(5), 0.0, tonight={"jail": build.stock(10.0, {0.0: 0.5, 2.0: 0.5})}
    )
    cut = build.everyone({"dwell": {"state": "jail", "cap": 3}}, starts=1)
    np.testing.assert_allclose(build.run(jail, 4, cut).census("jail"), [10, 5, 0, 0], atol=1e-12)


def test_a_law_made_longer_for_everyone_keeps_those_inside(build):
    """3-day stays become 6 at step 2, one a day. Nobody is lost: cohorts 0, 1, 2 leave at 6, 7, 8.

    Census 1, 2, 3, 4, 5, 6, 6 …; for entrants only cohorts 0 and 1 still leave at 3 and 4:
    1, 2, 3, 3, 3, 4, 5, 6, 6.
    """
    jail = build.one_state(build.fixed(3))
    longer = {"dwell": {"state": "jail", "law": build.fixed(6)}}
    solved = build.run(jail, 10, build.everyone(longer, starts=2))
    np.testing.assert_allclose(solved.census("jail"), [1, 2, 3, 4, 5, 6, 6, 6, 6, 6], rtol=1e-12)
    solved = build.run(jail, 10, build.policy(longer, starts=2))
    np.testing.assert_allclose(solved.census("jail"), [1, 2, 3, 3, 3, 4, 5, 6, 6, 6], rtol=1e-12)


def test_a_longer_law_holds_survivors_to_its_own_tail(build):
    """Half stay 1 day, half 4; at step 2 everyone's law becomes half 3, half 4. Of cohort 0 (age 2)
    half left at 1; before S(1) = ½, S'(2) = 1: none lost. Survivors leave with the new law over
    S'(2) = 1: half of them at age 3, half at 4."""
    longer = {"dwell": {"state": "jail", "law": build.table({3: 0.5, 4: 0.5})}}
    change = build.everyone(longer, starts=2)
    law = build.table({1: 0.5, 4: 0.5})
    assert leaving(build, law, 0, 8, change) == {1: 0.5, 3: 0.25, 4: 0.25}


def test_everyone_with_an_end_goes_back_to_the_old_law(build):
    """5-day stays are 2 on [3, 5). At 3, cohorts 0 and 1 (ages 3, 2) leave at once; cohort 2 at
    its age 2, step 4. Cohorts 3 and 4 are still inside at 5 (ages 2, 1; S(1) = 1 under the 2-day
    law), when 5 days hold again: they leave at 8 and 9. Census 1, 2, 3, 2, 2, 3, 4, 5, 5, 5."""
    cut = build.everyone({"dwell": {"state": "jail", "cap": 2}}, starts=3, ends=5)
    solved = build.run(build.one_state(build.fixed(5)), 10, cut)
    np.testing.assert_allclose(solved.census("jail"), [1, 2, 3, 2, 2, 3, 4, 5, 5, 5], rtol=1e-12)
    np.testing.assert_allclose(solved.gone(), [0, 0, 0, 2, 1, 0, 0, 0, 1, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("entered", "expected"), [(0, {9: 1.0}), (1, {7: 1.0}), (2, {8: 1.0}), (3, {9: 1.0})]
)
def test_entrants_then_everyone_does_not_make_the_first_retroactive(build, entered, expected):
    """6-day stays; 4 for entrants from step 1; then × 1.5 for everyone at step 3.

    Cohort 0 never had the 4: 6 × 1.5 = 9. Cohorts 1, 2, 3 had it: 4 × 1.5 = 6 after they came.
    """
    first = build.policy(
        {"dwell": {"state": "jail", "law": build.fixed(4)}}, starts=1, name="entrants"
    )
    second = build.everyone({"dwell": {"state": "jail", "scale": 1.5}}, starts=3, name="all")
    assert leaving(build, build.fixed(6), entered, 12, first, second) == expected
    assert leaving(build, build.fixed(6), entered, 12, second, first) == expected


@pytest.mark.parametrize(
    ("entered", "expected"),
    [(0, {5: 1.0}), (1, {5: 1.0}), (2, {5: 1.0}), (3, {6: 1.0}), (4, {6: 1.0}), (5, {7: 1.0})],
)
def test_two_cuts_for_everyone_stack(build, entered, expected):
    """8-day stays; × 0.75 for everyone at 2, 4 days for entrants from 4, × 0.5 for everyone at 5.

    From step 5 cohorts 0–3 have 8 × 0.75 × 0.5 = 3 days and cohorts 4 on 4 × 0.5 = 2 (the new law
    takes the place of what came before it). Cohorts 0, 1, 2 (ages 5, 4, 3) leave at once; 3 at its
    age 3, step 6; 4 at its age 2, step 6; 5 at 7.
    """
    cuts = [
        build.everyone({"dwell": {"state": "jail", "scale": 0.75}}, starts=2, name="one"),
        build.policy({"dwell": {"state": "jail", "law": build.fixed(4)}}, starts=4, name="two"),
        build.everyone({"dwell": {"state": "jail", "scale": 0.5}}, starts=5, name="three"),
    ]
    assert leaving(build, build.fixed(8), entered, 12, *cuts) == expected


def test_a_release_lets_a_share_of_those_inside_go_once(build):
    """5-day stays, one a day; 40 % released at step 3. Cohorts 0, 1, 2 lose 0.4 at 3, and 0.6 of
    each leaves at 5, 6, 7; cohort 3, who enters that day, is not released."""
    go = build.policy({"release": {"state": "jail", "share": 0.4, "exit": "out"}}, starts=3)
    for entered in (0, 1, 2):
        expected = {3: 0.4, entered + 5: 0.6}
        assert leaving(build, build.fixed(5), entered, 12, go) == expected
    assert leaving(build, build.fixed(5), 3, 12, go) == {8: 1.0}


def test_a_release_from_a_steady_jail(build):
    """Five inside, one of each age. At step 3, 0.4 of all five are released: 2; of the oldest the
    other 0.6 leaves that day anyway. Census 5, 5, 5, 5 − 2.6 + 1 = 3.4, then + 0.4 a day."""
    go = build.policy({"release": {"state": "jail", "share": 0.4, "exit": "gone"}}, starts=3)
    solved = build.run(build.one_state(build.fixed(5), tonight="steady"), 10, go)
    np.testing.assert_allclose(
        solved.census("jail"), [5, 5, 5, 3.4, 3.8, 4.2, 4.6, 5, 5, 5], rtol=1e-12
    )


def test_compliance_is_the_share_of_a_release_that_happens(build):
    """A release of 40 %, kept for half of those eligible, is one of 20 %."""
    edit = {"release": {"state": "jail", "share": 0.4, "exit": "out"}}
    assert leaving(build, build.fixed(5), 1, 9, build.policy(edit, starts=3, compliance=0.5)) == {
        3: 0.2,
        6: 0.8,
    }


def test_two_releases_on_one_day_follow_each_other(build):
    """Half, then half of the rest: 0.5 by the one exit, 0.25 by the other, and 0.25 stay."""
    exits = {"out": 1.0, "bail": {"share": 0.0}}
    one = build.policy(
        {"release": {"state": "jail", "share": 0.5, "exit": "out"}}, starts=3, name="one"
    )
    two = build.policy(
        {"release": {"state": "jail", "share": 0.5, "exit": "bail"}}, starts=3, name="two"
    )
    assert leaving(build, build.fixed(5), 0, 9, one, two, exits=exits) == {3: 0.5, 5: 0.25}
    assert leaving(build, build.fixed(5), 0, 9, one, two, exits=exits, to="bail") == {3: 0.25}


def test_a_release_and_a_cut_for_everyone_on_one_day(build):
    """Ten counted people entered at −1, 5-day stays. At step 2 (age 3) 40 % are released to bail:
    4 of 10. Of the 6 left half are cut to 2 days: S'(3) = ½, S(2) = 1, so 3 go at once; the last 3
    at age 5, step 4. Census 10, 10, 3, 3, 0."""
    county = build.model(
        {
            "jail": build.state(build.fixed(5), {"gone": 1.0, "bail": {"share": 0.0}}),
            "bail": build.state(build.fixed(1000), kind="community"),
        },
        tonight={"jail": build.stock(10.0, {0.0: 1.0})},
    )
    release = {"release": {"state": "jail", "share": 0.4, "exit": "bail"}}
    go = build.policy(release, starts=2, name="go")
    cut = build.everyone(
        {"dwell": {"state": "jail", "cap": 2, "exit": "gone"}}, starts=2, compliance=0.5, name="cut"
    )
    for order in ([go, cut], [cut, go]):
        solved = build.run(county, 6, *order)
        np.testing.assert_allclose(solved.census("jail"), [10, 10, 3, 3, 0, 0], atol=1e-12)
        np.testing.assert_allclose(solved.entries("bail"), [0, 0, 4, 0, 0, 0], atol=1e-12)


def test_a_release_and_a_cut_on_one_day_from_a_steady_jail(build):
    """Five inside at step 3, ages 1–5: 40 % of each released, 2. Of the 0.6 left of each, half of
    ages 2–5 are past the new 2 days: 4 × 0.3 = 1.2; the other 0.3 of age 5 leaves that day. In
    comes 1: 5 − 2 − 1.2 − 0.3 + 1 = 2.5. At 4 age 1 of step 3 turns 2 (0.3 out) and one turns 5
    (0.3 out): 2.5 − 0.6 + 1 = 2.9. Then the cohorts of step 3 and on leave ½ at age 2."""
    go = build.policy(
        {"release": {"state": "jail", "share": 0.4, "exit": "gone"}}, starts=3, name="go"
    )
    cut = build.everyone(
        {"dwell": {"state": "jail", "cap": 2}}, starts=3, compliance=0.5, name="cut"
    )
    jail = build.one_state(build.fixed(5), tonight="steady")
    census = build.run(jail, 10, go, cut).census("jail")
    np.testing.assert_allclose(census[:5], [5, 5, 5, 2.5, 2.9], rtol=1e-12)
    np.testing.assert_allclose(census[8:], 3.5, rtol=1e-12)


def test_a_release_before_a_cut_leaves_fewer_to_cut(build):
    """One cohort of 5-day stays from step 0: 40 % released at 2, then a cap of 4 for everyone at 3:
    the 0.6 left go at age 4, step 4."""
    go = build.policy(
        {"release": {"state": "jail", "share": 0.4, "exit": "out"}}, starts=2, name="go"
    )
    cut = build.everyone({"dwell": {"state": "jail", "cap": 4}}, starts=3, name="cut")
    assert leaving(build, build.fixed(5), 0, 9, go, cut) == {2: 0.4, 4: 0.6}


THREE = {"a": 0.5, "b": 0.3, "c": 0.2}


def test_what_is_lost_at_once_spreads_over_exits_by_their_excess(build):
    """Old: a 0.5 at 2, b 0.3 and c 0.2 at 6. New for everyone at step 3: a 0.2 at 2, b 0.6 and
    c 0.2 at 3. Cohort 0 (age 3): a has gone (0.5), S(2) = 0.5, S'(3) = 0: all 0.5 leave at once.
    Excess: a max(0, 0.2 − 0.5) = 0, b 0.6 − 0, c 0.2 − 0: b gets ¾ of 0.5 = 0.375, c 0.125."""
    exits = {
        "a": {"share": 0.5, "dwell": build.fixed(2)},
        "b": {"share": 0.3, "dwell": build.fixed(6)},
        "c": {"share": 0.2, "dwell": build.fixed(6)},
    }
    change = build.everyone(
        {"share": {"state": "jail", "exit": "b", "to": 0.6, "from": ["a"]}},
        {"dwell": {"state": "jail", "exits": ["b", "c"], "law": build.fixed(3)}},
        starts=3,
    )
    out = {e: leaving(build, None, 0, 9, change, exits=exits, to=e) for e in exits}
    assert out == {"a": {2: 0.5}, "b": {3: 0.375}, "c": {3: 0.125}}


def test_diverting_everyone_lets_out_those_whose_new_stay_is_over(build):
    """Old: a 0.6 at 6, b 0.4 at 2. At step 3 everyone's a is diverted to b. Cohort 0: b's 0.4 left
    at 2; S(2) = 0.6, S'(3) = 0: 0.6 leave at once, all by b (excess 1 − 0.4). Cohort 2 (age 1): new
    S'(1) = 1, all by b at age 2, step 4."""
    exits = {
        "a": {"share": 0.6, "dwell": build.fixed(6)},
        "b": {"share": 0.4, "dwell": build.fixed(2)},
    }
    change = build.everyone(
        {"divert": {"state": "jail", "exit": "a", "to": "b", "share": 1.0}}, starts=3
    )
    assert leaving(build, None, 0, 9, change, exits=exits, to="b") == {2: 0.4, 3: 0.6}
    assert leaving(build, None, 0, 9, change, exits=exits, to="a") == {}
    assert leaving(build, None, 2, 9, change, exits=exits, to="b") == {4: 1.0}


def test_moving_shares_to_a_later_exit_for_everyone_keeps_who_is_left(build):
    """Old: b 0.8 at 2, a 0.2 at 6. At 3 b's share is set to 0.4 for everyone: of cohort 0, b's 0.8
    are gone, S(2) = 0.2 < S'(3) = 0.6: none lost, and the 0.2 left all go by a at 6."""
    exits = {
        "a": {"share": 0.2, "dwell": build.fixed(6)},
        "b": {"share": 0.8, "dwell": build.fixed(2)},
    }
    change = build.everyone({"share": {"state": "jail", "exit": "b", "to": 0.4}}, starts=3)
    assert leaving(build, None, 0, 9, change, exits=exits, to="b") == {2: 0.8}
    assert leaving(build, None, 0, 9, change, exits=exits, to="a") == {6: 0.2}


def test_a_policy_for_everyone_from_before_the_start_is_already_the_law(build):
    """In force since step −5: tonight's steady people already have it (2 inside, not 5)."""
    cut = build.everyone({"dwell": {"state": "jail", "cap": 2}}, starts=-5)
    solved = build.run(build.one_state(build.fixed(5), tonight="steady"), 6, cut)
    assert solved.inside("jail") == 2
    np.testing.assert_allclose(solved.census("jail"), 2.0, rtol=1e-12)


def test_a_policy_for_everyone_on_the_first_step(build):
    """At step 0 of a steady jail of 5: ages 1–5; a cap of 2 sends ages 2–5 out (4), one comes in:
    2 from then on."""
    cut = build.everyone({"dwell": {"state": "jail", "cap": 2}}, starts=0)
    solved = build.run(build.one_state(build.fixed(5), tonight="steady"), 6, cut)
    assert solved.inside("jail") == 5
    np.testing.assert_allclose(solved.census("jail"), 2.0, rtol=1e-12)


def test_a_cut_for_one_stratum_leaves_the_other(build):
    """A cap of 2 for women only: 5 → 2 of the women, men stay at 5."""
    jail = build.one_state(build.fixed(5), tonight="steady", strata={"sex": ["women", "men"]})
    cut = build.everyone(
        {"dwell": {"state": "jail", "cap": 2, "where": {"sex": "women"}}}, starts=3
    )
    census = build.run(jail, 8, cut).path.census[:, 0]
    np.testing.assert_allclose(census[0], [5, 5, 5, 2, 2, 2, 2, 2], rtol=1e-12)
    np.testing.assert_allclose(census[1], 5.0, rtol=1e-12)


def test_people_inside_for_longer_than_forty_years_are_followed_too(build):
    """Ten people in since 16,000 days, exponential stays of 4,000, halved for everyone at step 2.

    Memoryless: by step 1, e^(−2/4000) are left. At step 2 their age a is 16,003 steps, and
    S'(a) over S(a−1), about e^(−8) / e^(−4), stay on, as the rule for those inside says.
    """
    jail = build.one_state(
        build.exponential(4000), 0.0, tonight={"jail": build.stock(10.0, {16_000.0: 1.0})}
    )
    cut = build.everyone({"dwell": {"state": "jail", "scale": 0.5}}, starts=2)
    census = build.run(jail, 4, cut).census("jail")

    def tail(mean, d):
        """P(D > d) of a stay that begins at a uniform moment: the mean tail over [d, d + 1]."""
        return mean * (np.exp(-d / mean) - np.exp(-(d + 1) / mean))

    kept = tail(2000, 16_003) / tail(4000, 16_002)
    expected = 10 * np.exp(-2 / 4000) * kept
    assert census[1] == pytest.approx(10 * np.exp(-2 / 4000), rel=1e-9)
    assert census[2] == pytest.approx(expected, rel=1e-9)
    assert census[3] == pytest.approx(expected * np.exp(-1 / 2000), rel=1e-9)


def test_phase_in_for_everyone_is_refused(build):
    """Those inside change at once, so a phase-in cannot be meant."""
    with pytest.raises(ValueError, match="phase_in cannot go with"):
        build.everyone({"dwell": {"state": "jail", "cap": 2}}, phase_in=30)
