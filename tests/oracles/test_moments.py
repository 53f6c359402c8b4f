"""Variances of additive counts: by hand, by listing every life there can be, by Monte Carlo."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.moments import Reward, variances

STEPS = 6
LIVES = {
    "jail": {("free", 1): 0.2, ("free", 3): 0.1, ("county", 1): 0.15, ("county", 2): 0.25,
             ("gone", 1): 0.3},
    "county": {("free", 0): 0.3, ("free", 2): 0.5, ("gone", 4): 0.2},
    "free": {("jail", 1): 0.5, ("jail", 0): 0.1, ("gone", 2): 0.4},
}  # fmt: skip
ARRIVE = {"jail": 3.0, "free": 1.5}
NAMES = list(LIVES)
INSIDE = ("jail", "county")
WINDOWS = {"steps": list(range(STEPS)), "threes": [0, 3], "all": [0], "late": [2, 5]}


def county(build, arrivals=None, **more):
    """Three states joined in a circle, two of which may be passed at once."""
    return build.model(
        {
            "jail": build.state(build.table(LIVES["jail"]), {"free": {}, "county": {}, "gone": {}}),
            "county": build.state(build.table(LIVES["county"]), {"free": {}, "gone": {}}),
            "free": build.state(
                build.table(LIVES["free"]), {"jail": {}, "gone": {}}, kind="community"
            ),
        },
        ARRIVE if arrivals is None else arrivals,
        **more,
    )


def lives(name, step, chance, steps):
    """Every life from entering a state: (chance, [(state, entered, left, next)])."""
    for (to, stay), share in LIVES[name].items():
        visit = (name, step, step + stay, to)
        if to == "gone" or step + stay >= steps:
            yield chance * share, [visit]
        else:
            for p, rest in lives(to, step + stay, chance * share, steps):
                yield p, [visit, *rest]


def rewards_of(life, came_from_outside, steps):
    """Steps inside, admissions and releases of one life, at each step: (3, steps)."""
    out = np.zeros((3, steps))
    previous = "outside" if came_from_outside else None
    for name, entered, left, to in life:
        if name in INSIDE:
            out[0, max(entered, 0) : min(left, steps)] += 1
        if previous is not None and name in INSIDE and previous not in INSIDE:
            out[1, entered] += 1
        if name in INSIDE and to not in INSIDE and 0 <= left < steps:
            out[2, left] += 1
        previous = name
    return out


def by_window(values, starts, steps):
    """Sums over each window."""
    return np.array([
        values[:, a:b].sum(axis=1) for a, b in itertools.pairwise([*starts, steps])
    ]).T  # fmt: skip


def engine(spec, starts, steps):
    """What the engine says: (rewards, windows)."""
    kernel = compile_model(spec, spec.clock.date(steps))
    path = solve(kernel, marks=[tuple(starts)])
    members = np.array([name in INSIDE for name in NAMES])
    rewards = [Reward.occupancy(members), Reward.admissions(members), Reward.releases(members)]
    return variances(path, rewards).sum(axis=1)


@pytest.mark.parametrize("name", WINDOWS)
def test_variances_are_those_of_every_life_listed(build, name):
    """Poisson arrivals: Σ λ E[R²] over all lives of who comes at each step, with returns and states
    passed at once, for windows of 1, 3 and all steps and for windows that begin late."""
    starts = WINDOWS[name]
    expected = np.zeros((3, len(starts)))
    for state, rate in ARRIVE.items():
        for step in range(STEPS):
            for chance, life in lives(state, step, 1.0, STEPS):
                reward = by_window(rewards_of(life, True, STEPS), starts, STEPS)
                expected += rate * chance * reward**2
    np.testing.assert_allclose(engine(county(build), starts, STEPS), expected, rtol=1e-9)


@pytest.mark.parametrize("name", WINDOWS)
def test_variances_of_a_counted_census_are_those_of_known_people(build, name):
    """Forty people counted in jail, entered one step back, each independent: Σ Var R."""
    starts = WINDOWS[name]
    staying = sum(p for (_, stay), p in LIVES["jail"].items() if stay > 0)
    first, second, total = np.zeros((3, len(starts))), np.zeros((3, len(starts))), 0.0
    for (to, stay), share in LIVES["jail"].items():
        if stay == 0:
            continue
        visit = ("jail", -1, stay - 1, to)
        rests = [(1.0, [])] if to == "gone" else lives(to, stay - 1, 1.0, STEPS)
        for chance, rest in rests:
            p = share / staying * chance
            reward = by_window(rewards_of([visit, *rest], False, STEPS), starts, STEPS)
            first, second, total = first + p * reward, second + p * reward**2, total + p
    assert total == pytest.approx(1.0)
    spec = county(build, {}, tonight={"jail": build.stock(40.0, {0.0: 1.0})})
    expected = 40 * (second - first**2)
    np.testing.assert_allclose(engine(spec, starts, STEPS), expected, rtol=1e-8, atol=1e-9)


def test_elapsed_times_of_several_ages_never_make_a_variance_too_small(build):
    """People of one state are taken as alike: with two ages known that errs on the wide side."""
    ages = {0.0: 0.5, 2.0: 0.5}
    both = county(build, {}, tonight={"jail": build.stock(40.0, ages)})
    apart = [county(build, {}, tonight={"jail": build.stock(20.0, {d: 1.0})}) for d in ages]
    for starts in WINDOWS.values():
        exact = sum(engine(spec, starts, STEPS) for spec in apart)
        assert (engine(both, starts, STEPS) >= exact - 1e-9).all()


@pytest.mark.parametrize("start", [None, "steady"])
def test_the_variance_of_one_day_s_census_is_its_mean(build, start):
    """With Poisson arrivals a day's census is Poisson, also under policies that reach those inside,
    dated laws, returns and a steady start."""
    spec = build.model(
        {
            "jail": build.state(build.exponential(9), {"free": 0.7, "gone": 0.3}),
            "free": build.state(build.fixed(12), "jail", kind="community"),
        },
        {"jail": 4.0},
        tonight=start,
        strata={"sex": ["women", "men"]},
        policies=(
            build.everyone({"dwell": {"state": "jail", "cap": 6, "exit": "free"}}, starts=7,
                           compliance=0.6, name="cap"),
            build.policy({"release": {"state": "jail", "share": 0.3, "exit": "free"}}, starts=15,
                         name="go"),
            build.policy({"dwell": {"state": "free", "scale": 1.5}}, starts=3, phase_in=9,
                         name="phased"),
        ),
    )  # fmt: skip
    kernel = compile_model(spec, spec.clock.date(40))
    path = solve(kernel, marks=[tuple(range(40))])
    jail = np.array([True, False])
    got = variances(path, [Reward.occupancy(jail), Reward.occupancy(~jail)])
    np.testing.assert_allclose(got, path.census.transpose(1, 0, 2), rtol=1e-9, atol=1e-9)


def test_admissions_without_returns_are_poisson_over_any_window(build):
    """Who can be admitted only once counts once: the variance of admissions is their mean."""
    spec = build.one_state(build.exponential(9), 4.0, tonight="steady")
    kernel = compile_model(spec, spec.clock.date(30))
    path = solve(kernel, marks=[(0, 7, 20)])
    jail = np.array([True])
    admitted, released = variances(path, [Reward.admissions(jail), Reward.releases(jail)])[:, 0]
    np.testing.assert_allclose(admitted, [28, 52, 40], rtol=1e-12)
    np.testing.assert_allclose(released, [28, 52, 40], rtol=1e-9)


def test_bed_days_of_fixed_stays_by_hand(build):
    """One a day for exactly 3 days from an empty start, over steps 0–3: entrants of 0 and 1 give 3
    bed-days, of 2 gives 2, of 3 gives 1: variance 9 + 9 + 4 + 1 = 23 about a mean of 9."""
    spec = build.one_state(build.fixed(3))
    kernel = compile_model(spec, spec.clock.date(4))
    path = solve(kernel, marks=[(0,)])
    got = variances(path, [Reward.occupancy(np.array([True]))])
    assert path.census.sum() == pytest.approx(9)
    assert float(got[0, 0, 0]) == pytest.approx(23)


def test_threads_do_not_change_a_variance(build):
    """One thread or two: the same bits."""
    spec = county(build, strata={"sex": ["women", "men"], "charge": ["felony", "other"]})
    path = solve(compile_model(spec, spec.clock.date(20)), marks=[(0, 7, 14)])
    rewards = [Reward.occupancy(np.array([True, True, False]))]
    one, two = variances(path, rewards, threads=1), variances(path, rewards, threads=2)
    np.testing.assert_array_equal(one, two)


# -- Monte Carlo -----------------------------------------------------------------------------

RUNS, DAYS = 40_000, 21


def simulate(tonight, rng):
    """Bed-days, admissions and releases by run and day, (3, runs, days): people one by one."""
    out = np.zeros((3, RUNS, DAYS))
    run, state, at, fresh = [], [], [], []
    for i, name in enumerate(NAMES):
        if name in ARRIVE:
            came = rng.poisson(ARRIVE[name], (RUNS, DAYS))
            r, d = np.nonzero(came)
            run.append(np.repeat(r, came[r, d]))
            at.append(np.repeat(d, came[r, d]))
            state.append(np.full(len(at[-1]), i))
            fresh.append(np.ones(len(at[-1]), bool))
    run.append(np.repeat(np.arange(RUNS), tonight))
    at.append(np.full(RUNS * tonight, -1))
    state.append(np.zeros(RUNS * tonight, int))
    fresh.append(np.zeros(RUNS * tonight, bool))
    run, state, at, fresh = map(np.concatenate, (run, state, at, fresh))
    inside = np.array([*(n in INSIDE for n in NAMES), False])
    previous = np.full(len(run), len(NAMES))
    while len(run):
        entering = inside[state] & ~inside[previous] & (at >= 0)
        np.add.at(out[1], (run[entering], at[entering]), 1)
        left, to = np.empty(len(run), int), np.empty(len(run), int)
        for i, name in enumerate(NAMES):
            own = np.flatnonzero(state == i)
            cells = list(LIVES[name].items())
            p = np.array([share for _, share in cells])
            stays = np.array([stay for (_, stay), _ in cells])
            goes = np.array([[*NAMES, "gone"].index(e) for (e, _), _ in cells])
            cell = rng.choice(len(p), len(own), p=p)
            again = (at[own] < 0) & (stays[cell] == 0)  # who is inside tonight has stayed a step
            while again.any():
                cell[again] = rng.choice(len(p), int(again.sum()), p=p)
                again = (at[own] < 0) & (stays[cell] == 0)
            left[own], to[own] = at[own] + stays[cell], goes[cell]
        held = inside[state]
        for day in range(DAYS):
            here = held & (at <= day) & (day < left)
            out[0, :, day] += np.bincount(run[here], minlength=RUNS)
        leaving = held & ~inside[to] & (left < DAYS)
        np.add.at(out[2], (run[leaving], left[leaving]), 1)
        on = (to < len(NAMES)) & (left < DAYS)
        run, previous, at, state = run[on], state[on], left[on], to[on]
    return out


@pytest.mark.parametrize("tonight", [0, 30])
def test_variances_agree_with_people_drawn_one_by_one(build, tonight):
    """40,000 seeded runs of three weeks, with returns, without and with thirty people counted
    tonight: means within 5 standard errors, variances within 5 of theirs (√(2/n) = 0.7 %)."""
    drawn = simulate(tonight, np.random.default_rng(20210201))
    start = {"jail": build.stock(float(tonight), {0.0: 1.0})} if tonight else {}
    spec = county(build, tonight=start)
    solved = build.run(spec, DAYS)
    means = np.array([solved.census("jail") + solved.census("county")])
    spread = drawn[:1].std(axis=1) / np.sqrt(RUNS)
    assert (np.abs(drawn[:1].mean(axis=1) - means) < 5 * spread).all()
    for width in (1, 7, DAYS):
        starts = list(range(0, DAYS, width))
        sums = drawn.reshape(3, RUNS, -1, width).sum(axis=3)
        want = engine(spec, starts, DAYS)
        some = want > 1e-6
        ratio = sums.var(axis=1, ddof=1)[some] / want[some]
        excess = ((sums - sums.mean(axis=1, keepdims=True)) ** 2).var(axis=1)[some] ** 0.5
        error = excess / want[some] / np.sqrt(RUNS)
        assert (np.abs(ratio - 1) < 5 * error).all()
        assert (error < 0.02).all()
