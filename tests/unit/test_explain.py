"""What `explain` says: sentences, names, refusals, and its shapes."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import remand as rm
from remand.model.uncertain import places_of, resolved
from remand.runs.explain_says import about


@pytest.fixture
def county(build):
    """A court that sends 100 people a day home, to a day in jail, or to 40; then probation."""
    return build.model(
        {
            "court": build.state(
                build.fixed(0),
                {"free": {"share": 0.5, "to": "gone"}, "brief": 0.3, "long_stay": 0.2},
                kind="booking",
            ),
            "brief": build.state(build.fixed(1)),
            "long_stay": build.state(build.fixed(40), {"probation": 1.0}),
            "probation": build.state(build.fixed(90), kind="supervision", label="On probation"),
        },
        {"court": 100.0},
        tonight="steady",
    )


@pytest.fixture
def says(build, county):
    """The sentence on one policy of some edits."""

    def told(*edits, spec=county, **more):
        plan = build.platform(build.policy(*edits, **more))
        return rm.explain(spec, plan, build.day(400), build.day(300)).parts[0].says

    return told


def test_few_beds_are_freed_by_releasing_who_would_have_left_tomorrow(says):
    """Ten of a hundred, a day each: 10 beds, although 3,700 are reached a year."""
    edit = {"share": {"state": "court", "exit": "free", "by": 0.1, "from": ["brief"]}}
    assert says(edit) == (
        "About 3,700 more people a year leave “court” by free instead of brief, but they would "
        "have been held only 1 day in jail otherwise (all who are admitted: 17 days on average): "
        "the jail holds 10 fewer people (−1.2 %)."
    )


def test_many_beds_are_freed_by_releasing_who_would_have_stayed(says):
    """The same ten, of those who stay 40 days."""
    edit = {"share": {"state": "court", "exit": "free", "by": 0.1, "from": ["long_stay"]}}
    assert says(edit) == (
        "About 3,700 more people a year leave “court” by free instead of long stay, who would have "
        "been held 40 days in jail (all who are admitted: 17 days on average): the jail holds 400 "
        "fewer people (−48.2 %)."
    )


def test_a_tougher_plan_is_told_the_same_way(says):
    """Held for a day who went home, then for 40."""
    edit = {"state": "court", "exit": "free", "share": 0.2}
    assert says({"divert": {**edit, "to": "brief"}}) == (
        "About 3,700 more people a year leave “court” by brief instead of free, but are held only "
        "1 day in jail (all who are admitted: 17 days on average): the jail holds 10 more people "
        "(+1.2 %)."
    )
    assert ", and are held 40 days in jail (" in says({"divert": {**edit, "to": "long_stay"}})


def test_longer_and_shorter_stays_are_told_in_days(says):
    """Stays of 40 days a quarter shorter; stays outside the jail are not the jail's."""
    assert says({"dwell": {"state": "long_stay", "scale": 0.75}}) == (
        "About 7,300 people a year are held 30 days in jail instead of 40 days: the jail holds 200 "
        "fewer people (−24.1 %)."
    )
    assert says({"dwell": {"state": "probation", "scale": 0.5}}) == (
        "About 7,300 people a year stay 45 days instead of 90 days in “On probation”, which is not "
        "jail: the jail holds as many people as without it, to the nearest person."
    )


def test_arrivals_count_with_the_jail_behind_the_door(says):
    """A tenth fewer in court: half of them would have been held, 8.3 days on average of all."""
    assert says({"admit": {"state": "court", "scale": 0.9}}) == (
        "About 3,700 fewer people a year arrive in “court”, which leads to 8.3 days in jail each "
        "(all who are admitted: 17 days on average): the jail holds 83 fewer people (−10.0 %)."
    )


def test_a_release_is_told_as_one_of_a_day(says):
    """Half of 800, let go a hundred days before the period: all is as it was."""
    assert says(
        {"release": {"state": "long_stay", "share": 0.5, "exit": "probation"}}, starts=200
    ) == (
        "About 400 people inside “long stay” are let go once: the jail holds as many people as "
        "without it, to the nearest person."
    )


def test_who_goes_straight_to_jail_either_way_is_told(build, county, says):
    """Leaving probation by another exit moves nobody in or out of jail."""
    states = {**county.states, "probation": build.state(
        build.fixed(90), {"served": {"share": 1.0, "to": "gone"},
                          "early": {"share": 0.0, "to": "gone", "dwell": build.fixed(30)}},
        kind="supervision")}  # fmt: skip
    spec = county.replace(states=states)
    edit = {"divert": {"state": "probation", "exit": "served", "to": "early", "share": 0.5}}
    assert "by early instead of served, and nobody goes straight to jail either way:" in says(
        edit, spec=spec
    )


def test_what_comes_later_is_set_apart_from_the_lever(build, county, says):
    """Who is held for a day comes back in 20 days, for 40: the lever alone frees a day each."""
    states = {
        **county.states,
        "brief": build.state(build.fixed(1), {"out": 1.0}),
        "out": build.state(build.fixed(20), {"long_stay": 1.0}, kind="community"),
    }
    edit = {"share": {"state": "court", "exit": "free", "by": 0.1, "from": ["brief"]}}
    assert says(edit, spec=county.replace(states=states)).endswith(
        "the jail holds 410 fewer people (−20.2 %; −10 by these stays alone, in the long run)."
    )


def test_nothing_is_a_valid_answer(says):
    """Without edits, or later than the period."""
    assert says(no_edits="it is so already.") == "Nothing: it is so already."
    edit = {"admit": {"state": "court", "scale": 0.9}}
    assert says(edit, starts=500) == (
        "Nothing yet: it starts on 2022-06-16, and the period ends on 2022-03-08."
    )


def test_kinds_of_fewer_than_ten_people_are_hidden(build):
    """Levels, changes, parts and sentences alike; so is what an assumption moves."""
    spec = build.one_state(build.fixed(3), 2.0, tonight="steady")
    half = {"admit": {"state": "jail", "scale": 0.5}}
    plan = build.platform(build.policy(half, compliance={"low": 0.2, "high": 0.6}))
    found = rm.explain(spec, plan, build.day(40))
    (part,) = found.parts
    assert found.before == found.after == found.total == {"jail": None}
    assert (part.by_admissions, part.by_days, found.by_days) == (None, None, None)
    assert part.says.endswith("what it changes is hidden (fewer than 10 people are held).")
    assert found.assumptions[0].difference == (None, None, None)
    assert found.assumptions[0].swing is None


def test_a_lever_of_fewer_than_ten_people_a_year_is_hidden(build):
    """So are their days, which with the effect would tell how many they are."""
    spec = build.model(
        {
            "jail": build.state(
                None,
                {
                    "late": {"share": "rest", "to": "gone", "dwell": build.fixed(200)},
                    "soon": {"share": 0.0, "to": "gone", "dwell": build.fixed(5)},
                },
            )
        },
        {"jail": 0.1},
        tonight="steady",
    )
    few = {"divert": {"state": "jail", "exit": "late", "to": "soon", "share": 0.1}}
    (part,) = rm.explain(spec, build.platform(build.policy(few)), build.day(730)).parts
    assert part.says.startswith("Fewer than 10 people a year are reached: the jail holds 2 fewer")
    assert "day" not in part.says
    assert about(9.4) == "fewer than 10"


def test_numbers_that_move_together_are_one_assumption(build):
    """Two stays of one name, one of which falls where the other rises: both ends are run as one."""
    law = {"law": "lognormal", "median": 1, "factor": 1.2, "together": "stays", "source": "a fit"}
    spec = build.model(
        {
            "one": build.state(build.exponential(20, scale=law)),
            "two": build.state(build.exponential(20, scale={**law, "falls": True})),
        },
        {"one": 10.0, "two": 10.0},
        tonight="steady",
        prices=[],
    )
    plan = build.platform(build.policy({"admit": {"state": "one", "scale": 0.5}}))
    (found,) = rm.explain(spec, plan, build.day(900)).assumptions
    assert (found.name, found.numbers, found.label) == ("stays", 2, "interval")
    low, point, high = found.level
    assert found.because == "a fit"
    assert found.difference[0] > found.difference[1] > found.difference[2]
    factor = 1.2**1.6449
    assert low == pytest.approx(100 / factor + 200 * factor, rel=1e-3)
    assert point == pytest.approx(300, rel=1e-3)
    assert high == pytest.approx(100 * factor + 200 / factor, rel=1e-3)


def test_two_numbers_of_one_name_stay_two_assumptions(build):
    """Two edits alike in their words are told apart."""
    edits = [
        {"admit": {"state": "jail", "where": {"group": g}, "scale": {"low": 0.8, "high": 0.9}}}
        for g in ("red", "blue")
    ]
    spec = build.one_state(
        build.fixed(3), 100.0, tonight="steady", strata={"group": ["red", "blue"]}
    )
    found = rm.explain(spec, build.platform(build.policy(*edits)), build.day(40)).assumptions
    assert sorted(a.name for a in found) == [
        "policy: admit jail scale",
        "policy: admit jail scale (another)",
    ]
    assert [a.numbers for a in found] == [1, 1]


def test_prices_are_no_assumption_of_people(build):
    """They move what it costs, not who is held."""
    price = {"kind": "jail", "basis": "average", "unit": "USD per person-day",
             "value": {"low": 100, "high": 200}}  # fmt: skip
    spec = build.one_state(build.fixed(3), 100.0, prices=[price])
    plan = build.platform(build.policy({"admit": {"state": "jail", "scale": 0.5}}))
    assert rm.explain(spec, plan, build.day(40)).assumptions == ()


def test_more_than_seven_policies_are_taken_in_drawn_orders(build):
    """Said so, seeded, and the parts still sum to the whole."""
    spec = build.one_state(build.exponential(5), 100.0)
    plan = build.platform(
        *(
            build.policy({"dwell": {"state": "jail", "scale": 0.8}}, name=f"p{i}", starts=i)
            for i in range(8)
        )
    )
    one, two = (rm.explain(spec, plan, build.day(40), seed=seed) for seed in (1, 2))
    assert one.meta["orders"] == "16 drawn in pairs, each with its reverse, of very many"
    for found in (one, two):
        parts = sum(part.change["jail"] for part in found.parts)
        assert parts == pytest.approx(found.total["jail"], abs=1e-9)
    assert one.parts[0].change != two.parts[0].change
    assert rm.explain(spec, plan, build.day(40), seed=1).to_json() == one.to_json()


def test_a_rule_that_couples_people_is_refused_with_the_way_out(build, county):
    """Capacity has no exact solution."""
    full = {"capacity": {"state": "brief", "places": 5, "when_full": {"refuse": {"to": "gone"}}}}
    with pytest.raises(rm.Refusal, match=r"'policy' holds a state at a number of places.*compare"):
        rm.explain(county, build.platform(build.policy(full)), build.day(40))


def test_a_model_without_custody_is_refused(build):
    """There is nobody whose number could change."""
    spec = build.model({"home": build.state(build.fixed(3), kind="community")}, {"home": 1.0})
    with pytest.raises(rm.InputError, match="the model holds nobody"):
        rm.explain(spec, build.platform(), build.day(40))


def test_the_year_before_the_end_is_the_default_period(build, county):
    """Or the model's start, if that is later."""
    plan = build.platform(build.policy({"admit": {"state": "court", "scale": 0.9}}))
    found = rm.explain(county, plan, dt.date(2024, 2, 29))
    assert (found.meta["from"], found.meta["to"]) == ("2023-02-28", "2024-02-29")
    assert rm.explain(county, plan, build.day(40)).meta["from"] == "2021-02-01"


def test_explain_prints_a_table_a_sentence_a_policy_and_what_matters(place, remand):
    """Exit 0; every figure a public defender asks for, and who must act."""
    code, out, _ = remand("explain", place.model, place.platform, "--to", "2021-01-01")
    assert code == 0
    said = " ".join(out.split())
    for words in (
        "The plan (plan)", "through admissions", "through days held", "prison", "all together",
        "release-more judge −7 −7 +1 −9", "shorter-stays prosecutor −2 0 −2 0",
        "release-more (kept for 50 %): About 110 more people a year leave “booking” by released "
        "instead of held, who would have been held 25 days in jail",
        "shorter-stays: compliance assumption range 0.2 to 0.8 −8 … −10", "could be added (both)",
    ):  # fmt: skip
        assert words in said, words
    assert "attributed" not in out


def test_explain_json_has_its_documented_shape(place, remand):
    """Keys may be added, never renamed; figures sum as printed."""
    code, out, _ = remand("explain", place.model, place.platform, "--to", "2021-01-01", "--json")
    assert code == 0
    found = json.loads(out)
    assert set(found) == {"explain", "total", "policies", "orders", "assumptions", "warnings"}
    assert {"id", "model", "platform", "base", "from", "to", "kind", "orders", "versions"} <= set(
        found["explain"]
    )
    policy = found["policies"][0]
    assert set(policy) == {
        "name", "authority", "starts", "compliance", "change", "by_admissions", "by_days", "lever",
        "overlaps", "says",
    }  # fmt: skip
    assert set(policy["lever"]) == {
        "reached", "days_before", "days_after", "bed_days", "beds", "naive_beds", "mean_stay",
    }  # fmt: skip
    for kind in ("jail", "prison"):
        parts = sum(p["change"][kind] for p in found["policies"])
        assert parts == pytest.approx(found["total"]["change"][kind], abs=1e-9)
    (assumption,) = found["assumptions"]
    assert set(assumption["difference"]) == {"low", "point", "high"}
    assert assumption["label"] == "assumption range"


def test_wrong_input_ends_with_a_message_and_exit_2(place, remand):
    """An unknown policy, an unknown platform, a period before the model."""
    code, _, err = remand("explain", place.model, f"{place.platform}#shorter-stay")
    assert (code, "did you mean 'shorter-stays'" in err) == (2, True)
    code, _, err = remand("explain", place.model, "nowhere.yaml")
    assert (code, "nowhere.yaml" in err) == (2, True)
    code, _, err = remand("explain", place.model, place.platform, "--to", "2019-01-01")
    assert (code, "holds no step" in err, "Traceback" in err) == (2, True, False)


def test_philadelphia_s_no_cash_bail_is_told_in_one_sentence():
    """Many more are released; each would have been held about a day; the jail hardly moves.

    Its assumptions are left out here (every one of them costs four runs).
    """
    model = rm.read_model("philadelphia")
    model = resolved(model, {p.path: p.law.central for p in places_of(model)})
    plan = rm.read_platform("philadelphia/dao-2018-19#no-cash-bail", model)
    plan = resolved(plan, {p.path: p.law.central for p in places_of(plan)}).replace(after=())
    found = rm.explain(model, plan, "2019-01-01")
    (part,) = found.parts
    assert part.says.count(". ") == 0
    assert "more people a year leave" in part.says
    assert "by recognizance instead of bail posted, but they would have been held only" in part.says
    assert part.lever.reached > 1_500
    assert 0.3 < part.lever.bed_days / part.lever.reached < 3
    assert abs(part.change["jail"]) < 0.01 * found.before["jail"]
    assert part.lever.naive > 10 * part.lever.beds
