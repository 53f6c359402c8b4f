"""The table of features: tiny models by name, each a feature of the contract or two at once.

What changes in a run mostly changes a third of the way through, where a window of one step opens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from remand.model.model import Model

STEPS, TURN = 36, 12
GROUPS = {"group": ["red", "blue"]}
LOGNORMAL = {"law": "lognormal", "median": 4.0, "mean": 9.0}
ROWS: dict[str, Callable[[Any], tuple[Model, int]]] = {}


def row(make: Callable[..., Model], name: str | None = None, steps: int = STEPS) -> Any:
    """Put a model into the table under its function's name."""
    ROWS[name or make.__name__] = lambda build: (make(build), steps)
    return make


def county(b, *policies, jail=LOGNORMAL, exits=None, coming=None, tonight=None, **more):
    """Two groups in a jail that leads to supervision and prison; supervision leads back."""
    spec = b.model(
        {
            "jail": b.state(jail, exits or {"supervision": 0.5, "prison": 0.2, "gone": 0.3}),
            "supervision": b.state(b.exponential(15), {"jail": 0.3, "gone": 0.7},
                                   kind="supervision"),
            "prison": b.state({"law": "gamma", "mean": 20.0, "shape": 2.0}, kind="prison"),
        },
        {"jail": coming or {"unit": "people per day", "rate": [
            {"value": 6.0, "where": {"group": "red"}}, {"value": 4.0}]}},
        tonight=tonight,
        strata=GROUPS,
        **more,
    )  # fmt: skip
    return spec.enact(*policies)


# -- arrivals and strata ---------------------------------------------------------------------


@row
def poisson_arrivals(b):
    return b.one_state(LOGNORMAL, 5.0)


@row
def negative_binomial_arrivals(b):
    return b.model({"jail": b.state(LOGNORMAL)}, {"jail": {
        "unit": "people per week", "rate": 40.0, "spread": 1.5}})  # fmt: skip


@row
def season_weekday_and_trend(b):
    return b.model({"jail": b.state(b.exponential(6))}, {"jail": {
        "unit": "people per day", "rate": 6.0, "season": {"feb": 0.7, "mar": 1.4},
        "weekdays": {"sat": 0.4, "sun": 0.0}, "trend": 0.5}})  # fmt: skip


@row
def rows_by_stratum(b):
    """Rates, shares and laws that differ by group."""
    return county(
        b,
        jail=[{**LOGNORMAL, "where": {"group": "red"}}, b.exponential(3)],
        exits={
            "supervision": {"share": [{"value": 0.7, "where": {"group": "blue"}}, {"value": 0.2}]},
            "prison": 0.1,
            "gone": {"share": "rest"},
        },
    )


@row
def dated_shares(b):
    dated = {"share": [{"value": 0.2}, {"value": 0.6, "from": b.day(TURN)}]}
    return county(b, exits={"supervision": dated, "prison": 0.2, "gone": {"share": "rest"}})


@row
def dated_laws(b):
    return county(b, jail=[LOGNORMAL, b.fixed(2.5, **{"from": b.day(TURN)})])


# -- laws and clocks -------------------------------------------------------------------------

LAWS = {
    "lognormal_cut_at_its_max": {**LOGNORMAL, "max": 15.0},
    "gamma": {"law": "gamma", "mean": 7.0, "shape": 0.6},
    "exponential": {"law": "exponential", "mean": 0.6},
    "uniform": {"law": "uniform", "low": 1.5, "high": 8.0},
    "fixed": {"law": "fixed", "value": 3.3},
    "table_of_steps": {"law": "table", "rows": [{"duration": 0, "probability": 0.4},
                                                {"duration": 7, "probability": 0.6}]},
}  # fmt: skip
for _name, _law in LAWS.items():
    row(lambda b, law=_law: county(b, jail=law), name=_name)


@row
def joint_table(b):
    cells = {("supervision", 2): 0.3, ("prison", 9): 0.2, ("supervision", 5): 0.1, ("gone", 1): 0.4}
    return county(b, jail=b.table(cells), exits={"supervision": {}, "prison": {}, "gone": {}})


@row
def exits_with_laws_of_their_own(b):
    return county(b, exits={
        "supervision": {"share": 0.5, "dwell": b.exponential(2)},
        "prison": {"share": 0.3, "dwell": b.fixed(10)}, "gone": {"share": 0.2}})  # fmt: skip


@row
def stays_rounded_up(b):
    return county(b, partial="up")


row(lambda b: county(b, step="week", tonight="steady"), name="weekly_clock")
row(lambda b: county(b, step="month", tonight="steady"), name="monthly_clock", steps=12)


# -- flow ------------------------------------------------------------------------------------


@row
def zero_length_stays_chain_within_a_step(b):
    """Booking, court and desk are passed at once; court sends some back to booking."""
    at_once = {"kind": "booking"}
    return b.model(
        {
            "booking": b.state(b.fixed(0), "court", **at_once),
            "court": b.state(b.fixed(0), {"booking": 0.2, "desk": 0.8}, **at_once),
            "desk": b.state(b.fixed(0), {"jail": 0.7, "gone": 0.3}, **at_once),
            "jail": b.state(LOGNORMAL),
        },
        {"booking": 6.0},
    )


def loop(b, *policies, **more):
    """Jail, a county sentence of the same kind, and a life outside that leads back."""
    return b.model(
        {
            "jail": b.state(b.exponential(4), {"county": 0.4, "free": 0.5, "gone": 0.1}),
            "county": b.state(b.fixed(6), {"free": 0.8, "jail": 0.2}),
            "free": b.state({"law": "gamma", "mean": 9.0, "shape": 2.0}, {"jail": 0.6, "gone": 0.4},
                            kind="community"),
        },
        {"jail": 5.0},
        **more,
    ).enact(*policies)  # fmt: skip


row(loop, name="returns")
row(lambda b: loop(b, tonight="steady"), name="steady_start")
row(lambda b: county(b, tonight={"jail": b.stock(61.0), "prison": b.stock(20.0)}),
    name="counted_start")  # fmt: skip
row(lambda b: county(b, tonight={"jail": b.stock(40.0, {0.0: 0.3, 6.0: 0.7}), "prison": "steady"}),
    name="counted_with_time_so_far")  # fmt: skip
row(lambda b: county(b, tonight={"jail": {"people": 41.0, "split": {
    "group": {"red": 0.37, "blue": 0.63}}}}), name="counted_and_split")  # fmt: skip
row(lambda b: b.one_state(b.fixed(20), 0.0, tonight={"jail": b.stock(30.0, {4.0: 1.0})}),
    name="nothing_left_to_chance")  # fmt: skip


# -- edits -----------------------------------------------------------------------------------

EDITS: dict[str, dict[str, Any]] = {
    "admit_fewer": {"admit": {"scale": 0.6}},
    "admit_more": {"admit": {"scale": 1.7}},
    "divert": {"divert": {"exit": "prison", "to": "supervision", "share": 0.5}},
    "divert_keeping_the_stay": {
        "divert": {"exit": "prison", "to": "gone", "share": 0.5, "keep_dwell": True}
    },
    "share_to": {"share": {"exit": "gone", "to": 0.6}},
    "share_by_from": {"share": {"exit": "gone", "by": 0.2, "from": ["supervision"]}},
    "dwell_scale": {"dwell": {"scale": 0.5}},
    "dwell_floor": {"dwell": {"floor": 5}},
    "dwell_cap": {"dwell": {"cap": 6, "exit": "gone"}},
    "dwell_law": {"dwell": {"law": {"law": "uniform", "low": 2.0, "high": 4.0}}},
    "release": {"release": {"share": 0.4, "exit": "supervision"}},
}
OWN = {"prison": {"share": 0.4, "dwell": {"law": "exponential", "mean": 8.0}},
       "supervision": {"share": 0.3, "dwell": {"law": "uniform", "low": 1.0, "high": 3.0}},
       "gone": {"share": 0.3}}  # fmt: skip


def edit(name, state="jail", **more):
    """An edit of the table, of the jail."""
    ((what, body),) = EDITS[name].items()
    return {what: {"state": state, **body, **more}}


for _name in EDITS:
    row(lambda b, n=_name: county(b, b.policy(edit(n), starts=TURN), exits=OWN), name=_name)


@row
def phased_in(b):
    return county(b, b.policy(edit("divert"), edit("admit_fewer"), starts=TURN, phase_in=15.0),
                  exits=OWN)  # fmt: skip


@row
def ends(b):
    return county(b, b.policy(edit("dwell_scale"), starts=TURN, ends=20), exits=OWN)


@row
def kept_for_some(b):
    return county(b, b.policy(edit("dwell_cap"), edit("share_to"), starts=TURN, compliance=0.35),
                  exits=OWN)  # fmt: skip


@row
def kept_for_one_group(b):
    whom = {"where": {"group": "blue"}}
    return county(b, b.policy(edit("divert", **whom), edit("admit_more", **whom), starts=TURN),
                  exits=OWN)  # fmt: skip


@row
def everyone_cut(b):
    return county(b, b.everyone(edit("dwell_cap"), starts=TURN), exits=OWN)


@row
def everyone_lengthened(b):
    return county(b, b.everyone(edit("dwell_floor"), starts=TURN), exits=OWN)


@row
def everyone_until_an_end(b):
    return county(b, b.everyone(edit("dwell_scale"), starts=TURN, ends=20, compliance=0.7))


@row
def everyone_diverted(b):
    return county(b, b.everyone(edit("divert"), starts=TURN), exits=OWN)


@row
def stacked(b):
    return county(
        b,
        b.policy(edit("divert"), starts=4, name="first"),
        b.everyone(edit("dwell_cap"), starts=TURN, compliance=0.6, name="second"),
        b.policy(edit("share_to", where={"group": "red"}), starts=TURN, ends=25, name="third"),
        b.policy(edit("release"), starts=20, name="fourth"),
        b.policy({"dwell": {"state": "supervision", "scale": 1.6}}, starts=9, phase_in=9.0,
                 name="fifth"),
        exits=OWN,
    )  # fmt: skip


# -- two at once -----------------------------------------------------------------------------


@row
def steady_start_and_everyone(b):
    return loop(b, b.everyone({"dwell": {"state": "county", "cap": 3}},
                              {"share": {"state": "jail", "exit": "gone", "to": 0.4}},
                              starts=TURN), tonight="steady")  # fmt: skip


@row
def counted_start_and_release(b):
    go = b.policy(edit("release"), starts=0, compliance=0.8)
    return county(b, go, tonight={"jail": b.stock(50.0, {1.0: 0.5, 9.0: 0.5})})


@row
def counted_start_and_everyone(b):
    return county(b, b.everyone(edit("dwell_cap"), starts=3), tonight={"jail": b.stock(50.0)})


@row
def zero_length_stays_and_divert(b):
    spec = b.model(
        {
            "booking": b.state(b.fixed(0), {"jail": 0.8, "gone": 0.2}, kind="booking"),
            "jail": b.state(b.exponential(0.5), {"booking": 0.3, "gone": 0.7}),
        },
        {"booking": 7.0},
    )
    away = {"divert": {"state": "booking", "exit": "jail", "to": "gone", "share": 0.4}}
    return spec.enact(b.policy(away, starts=TURN))


@row
def negative_binomial_and_admit(b):
    coming = {"unit": "people per day", "rate": 5.0, "spread": 2.0}
    return county(b, b.policy(edit("admit_fewer"), starts=TURN, phase_in=8.0), coming=coming)


@row
def rounded_up_and_everyone(b):
    return county(b, b.everyone(edit("dwell_law"), starts=TURN), partial="up", tonight="steady")


def weekly_clock_and_cap(b):
    cap = {"dwell": {"state": "jail", "cap": 10, "exit": "supervision"}}
    return county(b, b.everyone(cap, starts=6, clock="week"), step="week", tonight="steady")


row(weekly_clock_and_cap, steps=18)
