"""Charts of why: contributions, assumptions, and how people move."""

from __future__ import annotations

import dataclasses
import re

import pytest

import remand as rm
from remand.errors import InputError, Refusal
from remand.present import theme
from remand.present.charts import contributions, flow, tornado

GUESS = {"low": 0.2, "high": 0.8, "inferred": "nobody knows"}


def county(build, rate=20.0):
    """A jail of 600 people, some of whom go on to prison, and parole leads some back."""
    return build.model(
        {
            "jail": build.state(
                build.exponential(30), {"prison": 0.2, "out": {"share": 0.8, "to": "gone"}}
            ),
            "prison": build.state(build.exponential(300), {"parole": 1.0}, kind="prison"),
            "parole": build.state(
                build.exponential(100),
                {"back": {"share": 0.3, "to": "jail"}, "done": {"share": 0.7, "to": "gone"}},
                kind="supervision",
            ),
        },
        {"jail": rate},
        tonight="steady",
    )


@pytest.fixture(scope="module")
def why(build):
    """Shorter stays, and fewer who come in."""
    plan = build.platform(
        build.policy({"dwell": {"state": "jail", "scale": 0.8}}, name="shorter-stays",
                     compliance=GUESS),
        build.policy({"admit": {"state": "jail", "scale": 0.9}}, name="fewer-arrests",
                     compliance=0.5),
    )  # fmt: skip
    return rm.explain(county(build), plan, until=build.day(730))


# -- contributions -----------------------------------------------------------------------------


def test_each_part_begins_where_the_last_one_ended_and_they_sum_to_the_whole(why, spec):
    """The explanation's own figures, down to the last digit."""
    bars = spec.rows(contributions(why), "name", "from", "to", kind="rect")
    first, second, whole = bars
    assert [first[0], second[0], whole[0]] == ["shorter stays", "fewer arrests", "All together"]
    assert first[1] == 0.0
    assert first[2] - first[1] == why.parts[0].change["jail"]
    assert second[1] == first[2]
    assert whole[1:] == (0.0, why.total["jail"])
    assert second[2] == pytest.approx(why.total["jail"], abs=1e-9)


def test_each_part_says_how_much_comes_through_admissions_and_through_days(why, spec):
    """In whole people, with a true minus."""
    chart = contributions(why)
    assert any(re.fullmatch(r"[−+\d]+ admissions, [−+\d]+ days held", w) for w in spec.words(chart))
    assert f"fewer arrests: −{-why.parts[1].change['jail']:.0f} (" in chart.description


def test_what_happens_in_prison_and_under_supervision_stands_on_the_same_chart(why, spec):
    """Fewer beds in the jail may be more elsewhere."""
    said = spec.titles(contributions(why))
    assert re.search(r"In the same run: \S+ in prison, \S+ under supervision", said)


def test_a_kind_too_small_to_show_has_no_chart(why):
    """No part of fewer than ten people."""
    hidden = dataclasses.replace(why, total={**why.total, "jail": None})
    with pytest.raises(InputError, match="fewer than 10 people are in jail"):
        contributions(hidden)


def test_a_plan_of_no_policy_has_nothing_to_take_apart(why):
    """It says what to do."""
    with pytest.raises(InputError, match="the plan holds no policy"):
        contributions(dataclasses.replace(why, parts=()))


# -- tornado -----------------------------------------------------------------------------------


def test_bars_reach_from_one_end_of_an_assumption_to_the_other(why, spec):
    """About the answer with everything at its point; its values at the ends."""
    chart = tornado(why)
    (one,) = why.assumptions
    assert spec.rows(chart, "low", "high", kind="rect") == [(one.difference[0], one.difference[2])]
    assert {"0.2", "0.8"} <= set(spec.words(chart))
    lines = [row["value"] for one in spec.units(chart, "rule") for row in one["rows"]
             if set(row) == {"value"}]  # fmt: skip
    assert lines == [one.difference[1]]


def test_a_range_somebody_chose_is_hatched_and_an_interval_is_filled(why, spec):
    """Outlined with strokes, or a plain bar; each with its words."""
    chosen = tornado(why)
    assert [one["mark"]["filled"] for one in spec.units(chosen, "rect")] == [False]
    assert any("to" in one["rows"][0] for one in spec.units(chosen, "rule"))
    assert "Hatched: a range that someone chose" in spec.titles(chosen)
    interval = dataclasses.replace(why.assumptions[0], label="interval")
    filled = tornado(dataclasses.replace(why, assumptions=(interval,)))
    assert "filled" not in spec.units(filled, "rect")[0]["mark"]
    assert "Filled: an interval" in spec.titles(filled)
    assert "Hatched" not in spec.titles(filled)


def test_only_the_first_assumptions_are_drawn_and_how_many_there_are_is_said(why, spec):
    """Those that matter most come first in the explanation."""
    many = tuple(dataclasses.replace(why.assumptions[0], name=f"assumption {i}") for i in range(9))
    chart = tornado(dataclasses.replace(why, assumptions=many), top=3)
    assert len(spec.rows(chart, "name", kind="rect")) == 3
    assert "The first 3 of 9" in spec.titles(chart)


def test_an_assumption_about_too_few_people_is_not_drawn(why):
    """Its ends are hidden in the explanation, and here."""
    none = dataclasses.replace(why.assumptions[0], difference=(None, None, None))
    with pytest.raises(InputError, match="fewer than 10 people are in jail"):
        tornado(dataclasses.replace(why, assumptions=(none,)))
    with pytest.raises(InputError, match="no number here is uncertain"):
        tornado(dataclasses.replace(why, assumptions=()))


# -- flow --------------------------------------------------------------------------------------


def arrows(chart, spec):
    """People by origin and target."""
    return {(a, b): n for a, b, n in spec.rows(chart, "from", "to", "people")}


def test_arrows_are_people_a_day_and_boxes_hold_who_is_there(build, spec):
    """20 arrive, a fifth of those who leave go to prison, and some return from parole."""
    found = arrows(flow(county(build)), spec)
    assert found["arrive from outside", "jail"] == 20.0
    assert found["jail", "prison"] == pytest.approx(0.25 * found["jail", "leave for good"], abs=0.1)
    assert found["parole", "jail"] == pytest.approx(0.3 * found["prison", "parole"], abs=0.1)
    held = dict(spec.rows(flow(county(build)), "state", "held", kind="rect"))
    census = rm.solve(county(build), build.day(365)).census.sum(axis=0).mean(axis=1)
    assert held["jail"] == f"{census[0]:,.0f}"


def test_flows_down_stand_at_the_right_and_back_up_at_the_left(build, spec):
    """Their paths begin at those sides of their boxes."""
    edge = {(a, b): float(re.match(r"M([\d.]+),", path)[1]) for a, b, path in
            spec.rows(flow(county(build)), "from", "to", "path")}  # fmt: skip
    assert edge["parole", "jail"] < theme.WIDTH / 2 < edge["jail", "prison"]


def test_one_state_is_two_arrows(build, spec):
    """In and out."""
    chart = flow(build.one_state(build.exponential(10), rate=5.0, tonight="steady"))
    assert arrows(chart, spec) == {("arrive from outside", "jail"): 5.0,
                                   ("jail", "leave for good"): 5.0}  # fmt: skip


def test_a_small_county_s_flows_are_counted_by_a_longer_unit(build, spec):
    """A fifth of a person a day: six a month, in whole ones."""
    chart = flow(build.one_state(build.exponential(90), rate=0.2, tonight="steady"))
    assert arrows(chart, spec) == {("arrive from outside", "jail"): 6.0,
                                   ("jail", "leave for good"): 6.0}  # fmt: skip
    assert "People a month" in spec.titles(chart)


def test_flows_and_states_of_fewer_than_ten_are_not_told(build, spec):
    """Two a year go to prison: no arrow, no figure, and nothing that gives them away."""
    chart = flow(county(build, rate=0.027))
    assert not {b for (a, b) in arrows(chart, spec) if a == "jail" and b == "prison"}
    assert all(people % 10 == 0 for people in arrows(chart, spec).values())
    held = dict(spec.rows(chart, "state", "held", kind="rect"))
    assert held["prison"] == "hidden"
    assert held["parole"] == "hidden"


def test_a_flow_of_seven_a_year_is_left_out_of_a_county_counted_by_the_month(build, spec):
    """It would round to one a month."""
    exits = {"prison": 0.1, "out": {"share": 0.9, "to": "gone"}}
    model = build.model(
        {
            "jail": build.state(build.exponential(20), exits),
            "prison": build.state(build.exponential(300), kind="prison"),
        },
        {"jail": 0.2},
        tonight="steady",
    )
    found = arrows(flow(model), spec)
    assert found == {("arrive from outside", "jail"): 6.0, ("jail", "leave for good"): 5.0}


def test_a_rule_that_couples_people_has_no_flows_to_solve(build):
    """As everywhere, with the way out."""
    full = build.policy(
        {"capacity": {"state": "jail", "places": 10, "when_full": {"refuse": {"to": "gone"}}}}
    )
    with pytest.raises(Refusal, match="holds 'jail' at 10 places"):
        flow(county(build).enact(full))


def test_an_explanation_shows_itself_in_a_notebook(why):
    """All kinds in one table, each policy with its sentence."""
    shown = why._repr_html_()
    assert "<script" not in shown
    assert f"−{-why.total['jail']:,.0f}" in shown
    assert '<th scope="col">prison</th>' in shown
    assert why.identity in shown
