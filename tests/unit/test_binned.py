"""The binned solver, that of draws: what must hold whatever stands side by side."""

from __future__ import annotations

import numpy as np
import pytest

from remand.engine.binned import Solver
from remand.engine.compile import compile_model
from remand.engine.draft import Draft
from remand.engine.expected import solve
from remand.engine.moments import Reward

STRATA = {"sex": ["women", "men"], "charge": ["felony", "theft", "other"]}


def county(build, *policies, step="day", partial="exact", tonight="steady", stay=None):
    """Booking, a jail with two exits, and a prison people may come back from; six strata."""
    felony = {"where": {"charge": "felony"}}
    lognormal = {"law": "lognormal", "mean": 60, "median": 25}
    return build.model(
        {
            "booking": build.state(build.fixed(0), {"jail": 0.7, "gone": 0.3}, kind="booking"),
            "jail": build.state(
                stay or [build.exponential(40), {**lognormal, **felony}],
                {"out": {"share": 0.7, "to": "gone"}, "prison": 0.2, "booking": 0.1},
            ),
            "prison": build.state(build.exponential(400), {"gone": 0.9, "jail": 0.1}),
        },
        {"booking": {"unit": "people per day", "rate": 30.0, "split": {
            "sex": {"levels": {"women": 0.25, "men": 0.75}, "inferred": "made up"},
            "charge": {"levels": {"felony": 0.3, "theft": 0.2, "other": 0.5},
                       "inferred": "made up"},
        }}},
        strata=STRATA, step=step, partial=partial, tonight=tonight, policies=policies,
    )  # fmt: skip


def binned(models, steps, bounds=None):
    """Held by state and moves into each, and for good, of models side by side."""
    states = len(models[0].states)
    moves = [Reward.admissions(np.arange(states) == s).move for s in range(states)]
    gone = np.zeros((states + 1, states + 1))
    gone[:states, states] = 1.0
    draft = Draft(models, models[0].clock.date(steps))
    solver = Solver(draft, bounds or (0, steps), np.eye(states), np.array([*moves, gone]))
    return solver.solve(draft.lanes(models)), solver


def exact(model, steps):
    """(states, strata, steps) of the exact engine."""
    path = solve(compile_model(model, model.clock.date(steps)))
    return path.census.transpose(1, 0, 2)


def shorter(build, starts, **more):
    """A policy that shortens some stays."""
    return build.policy(
        {"dwell": {"state": "jail", "scale": 0.6, "where": {"sex": "women"}}},
        starts=starts, **more,
    )  # fmt: skip


def fewer(build, starts, **more):
    """A policy that sends fewer to prison, phased in."""
    edit = {"share": {"state": "jail", "exit": "prison", "scale": 0.5}}
    return build.policy(edit, starts=starts, phase_in=40, name="fewer", **more)


def releases(build, starts, **more):
    """A policy that also reaches people inside."""
    edits = (
        {"release": {"state": "jail", "share": 0.3, "exit": "out"}},
        {"dwell": {"state": "jail", "cap": 90, "where": {"charge": "theft"}}},
    )
    return build.everyone(*edits, starts=starts, name="releases", **more)


@pytest.mark.parametrize("starts", [0, 37, 150])
def test_equal_policies_give_equal_numbers_wherever_they_stand(build, starts):
    """To the last bit, beside others and between them, before and after they part."""
    base = county(build)
    plans = [
        (), (shorter(build, starts),), (fewer(build, starts + 5),), (), (shorter(build, starts),),
        (releases(build, starts + 20),), (shorter(build, starts),), (fewer(build, starts + 5),),
        (releases(build, starts + 20),), (),
    ]  # fmt: skip
    for order in (range(10), [5, 0, 3, 9, 1, 4, 6, 2, 7, 8]):
        models = [base.enact(*plans[k]) for k in order]
        found, _ = binned(models, 300, range(0, 301, 30))
        place = {k: i for i, k in enumerate(order)}
        for series in (found.held, found.moved, found.last):
            for first, others in ((0, (3, 9)), (1, (4, 6)), (2, (7,)), (5, (8,))):
                for other in others:
                    assert (series[place[first]] == series[place[other]]).all()
        apart = found.held[place[0]] != found.held[place[1]]
        assert apart.any()


def test_a_policy_on_some_strata_leaves_the_others_exactly(build):
    """Nobody who is not named differs by anything."""
    base = county(build)
    found, _ = binned([base, base.enact(shorter(build, 30))], 300, range(0, 301, 10))
    named = base.strata.mask({"sex": ("women",)})
    assert (found.held[0][:, ~named] == found.held[1][:, ~named]).all()
    assert (found.held[0][:, named] != found.held[1][:, named]).any()


@pytest.mark.parametrize("starts", [0, 43, 120])
def test_an_answer_hardly_depends_on_what_stands_beside_it(build, starts):
    """Alone or with others, with or without a common past."""
    base = county(build)
    plans = [(shorter(build, starts),), (fewer(build, starts),), (releases(build, starts + 9),)]
    models = [base.enact(*plan) for plan in plans]
    beside, solver = binned(models, 250, range(0, 251, 25))
    for k, model in enumerate(models):
        alone = solver.solve(solver.draft.lanes([model]))
        for series in ("held", "moved", "last"):
            one, other = getattr(alone, series)[0], getattr(beside, series)[k]
            assert one == pytest.approx(other, rel=2e-6, abs=1e-5)


@pytest.mark.parametrize("step", ["day", "week", "month"])
@pytest.mark.parametrize("partial", ["exact", "up"])
def test_nobody_is_lost(build, step, partial):
    """Those inside at the end are those at the start and all who came, without all who left."""
    model = county(build, step=step, partial=partial)
    steps = {"day": 400, "week": 110, "month": 61}[step]
    found, _ = binned([model], steps)
    kernel = compile_model(model, model.clock.date(steps))
    came, left = kernel.arrivals.sum(), found.moved[0, -1].sum()
    assert found.last[0].sum() == pytest.approx(kernel.inside.sum() + came - left, rel=1e-5)


COUNTED = {
    "jail": {"people": 1500, "elapsed": [{"days": 5, "share": 0.5}, {"days": 90, "share": 0.5}]},
    "prison": {"people": 2000, "elapsed": [{"days": 200, "share": 1.0}]},
}


@pytest.mark.parametrize(
    "case",
    ["plain", "shorter", "fewer", "releases", "ends", "counted", "counted releases", "empty",
     "week", "month", "up", "week releases", "table", "long table", "month up counted"],
)  # fmt: skip
def test_the_exact_engine_says_nearly_the_same(build, case):
    """Every state and stratum of a hundred people, on every step, within a hundredth (by week, and
    with people released, within three)."""
    step = next((s for s in ("week", "month") if s in case), "day")
    steps = {"day": 320, "week": 60, "month": 40}[step]
    third = steps // 3
    policies = {
        "shorter": (shorter(build, third),),
        "fewer": (fewer(build, third),),
        "ends": (releases(build, third, ends=2 * third + 3),),
    }.get(case, ())
    if "releases" in case:
        policies = (releases(build, third, clock=step),)
    tails = dict.fromkeys(range(3, 33), 0.7 / 30) | {900: 0.3}
    model = county(
        build, *policies, step=step, partial="up" if "up" in case else "exact",
        tonight=COUNTED if "counted" in case else {} if case == "empty" else "steady",
        stay={"table": build.table({2: 0.5, 50: 0.5}), "long table": build.table(tails)}.get(case),
    )  # fmt: skip
    found, _ = binned([model], steps, range(steps + 1))
    truth = exact(model, steps)
    large = truth.min(axis=-1) >= 100 if case != "empty" else truth[..., -1] >= 100
    assert large.any()
    # by week, a block is longer than most stays, and whom a release finds is known less well
    near = (0.03 if case == "week releases" else 0.01) * np.maximum(truth, 100.0)
    assert (np.abs(found.held[0] - truth)[large] <= near[large]).all()


@pytest.mark.parametrize("bounds", [(3, 11, 12, 61, 200), (0, 200), (5, 198), (197, 200)])
def test_windows_may_begin_and_end_anywhere(build, bounds):
    """Sums over windows are those of the days in them, inside a block or not."""
    models = [county(build), county(build).enact(fewer(build, 90))]
    daily, _ = binned(models, 200, range(bounds[-1] + 1))
    found, _ = binned(models, 200, bounds)
    for k in range(len(bounds) - 1):
        days = slice(bounds[k], bounds[k + 1])
        assert found.held[..., k] == pytest.approx(daily.held[..., days].sum(axis=-1), rel=1e-5)
        assert found.moved[..., k] == pytest.approx(
            daily.moved[..., days].sum(axis=-1), rel=1e-5, abs=1e-5
        )
        assert found.last[..., k] == pytest.approx(daily.held[..., bounds[k + 1] - 1], rel=1e-5)


def test_a_solver_may_be_used_again(build):
    """Nothing of one draw is left in the next."""
    models = [county(build), county(build, shorter(build, 100))]
    first, solver = binned(models, 200)
    other = [county(build, releases(build, 20)), county(build, fewer(build, 20))]
    again = Draft([*models, *other], models[0].clock.date(200))
    mixed = Solver(again, (0, 200), solver.places, solver.counted)
    once = mixed.solve(again.lanes(models)).held
    mixed.solve(again.lanes(other))
    assert (mixed.solve(again.lanes(models)).held == once).all()
    assert once == pytest.approx(first.held, rel=1e-3)


def test_states_nobody_enters_hold_exactly_nobody(build):
    """An empty state, and strata that never come, are 0 and not nearly 0."""
    model = build.model(
        {"jail": build.state(build.exponential(20), {"out": 1.0, "prison": 0.0}),
         "out": build.state(build.fixed(5)), "prison": build.state(build.exponential(300))},
        {"jail": {"unit": "people per day", "rate": [
            {"where": {"sex": "women"}, "value": 3.0}, {"where": {"sex": "men"}, "value": 0.0}]}},
        strata={"sex": ["women", "men"]},
    )  # fmt: skip
    found, _ = binned([model, model.enact(shorter(build, 50))], 150, range(0, 151, 10))
    assert (found.held[:, 2] == 0).all()
    assert (found.held[:, :, 1] == 0).all()
    assert (found.held[:, 0, 0, 1:] > 0).all()
