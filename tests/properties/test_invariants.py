"""What must hold whatever the numbers are: identity, untouched baselines, order, antisymmetry."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.errors import InputError
from remand.model.platform import Scenario

STEPS = 40
QUICK = settings(deadline=None, max_examples=25)

means = st.sampled_from([0.6, 3.0, 11.0, 45.0])
share = st.integers(1, 9).map(lambda n: n / 10)
starts = st.integers(0, STEPS - 1)


@st.composite
def laws(draw):
    """Any continuous law, or a table."""
    mean = draw(means)
    return draw(
        st.sampled_from(
            [
                {"law": "lognormal", "median": mean / 2, "mean": mean},
                {"law": "exponential", "mean": mean},
                {"law": "gamma", "mean": mean, "shape": 2.0},
                {"law": "fixed", "value": mean},
                {"law": "uniform", "low": mean / 3, "high": mean * 2},
                {"law": "table", "rows": [{"duration": 1, "probability": 0.5},
                                          {"duration": 9, "probability": 0.5}]},
            ]
        )
    )  # fmt: skip


@st.composite
def edits(draw, states=("jail", "supervision"), where=None, *, once=True):
    """One edit of a state; ``once``: it may be a release."""
    name = draw(st.sampled_from(states))
    other = {"jail": "supervision", "supervision": "jail"}[name]
    body = {"state": name, **({"where": where} if where else {})}
    return draw(
        st.sampled_from(
            [
                {"dwell": {**body, "scale": 0.7}},
                {"dwell": {**body, "floor": 4}},
                {"dwell": {**body, "cap": 8, "exit": "gone"}},
                {"divert": {**body, "exit": other, "to": "gone", "share": draw(share)}},
                {"share": {**body, "exit": "gone", "to": draw(share)}},
                *([{"release": {**body, "share": draw(share), "exit": "gone"}}] if once else []),
            ]
        )
    )


@st.composite
def plans(draw, **kind):
    """How a policy holds, and its edits."""
    everyone = draw(st.booleans())
    phase_in = 0.0 if everyone else draw(st.sampled_from([0.0, 10.0]))
    once = not everyone and not phase_in
    return {
        "edits": draw(st.lists(edits(**kind, once=once), min_size=1, max_size=2)),
        "starts": draw(starts),
        "compliance": draw(st.sampled_from([0.0, 0.3, 1.0])),
        "applies_to": "everyone" if everyone else "entrants",
        "phase_in": phase_in,
    }


@st.composite
def counties(draw):
    """Arguments of `county`."""
    return {
        "jail": draw(laws()),
        "supervision": draw(laws()),
        "back": draw(st.sampled_from([0.1, 0.3, 0.6])),
        "rates": [draw(st.integers(0, 30)) + 0.5 for _ in range(3)],
        "start": draw(st.sampled_from(["empty", "steady", "counted"])),
        "step": draw(st.sampled_from(["day", "week", "month"])),
    }


def county(build, jail, supervision, back, rates, start, step):
    """A jail and supervision that lead to each other, for three groups."""
    levels = ["red", "green", "blue"]
    rows = [{"value": r, "where": {"group": g}} for r, g in zip(rates, levels, strict=True)]
    tonight = {"empty": None, "steady": "steady", "counted": {
        "jail": build.stock(50.0, {2.0: 1.0} if jail.get("mean", 0) > 3 else None),
        "supervision": "steady"}}[start]  # fmt: skip
    return build.model(
        {
            "jail": build.state(jail, {"supervision": 0.6, "gone": 0.4}),
            "supervision": build.state(
                supervision, {"jail": back, "gone": {"share": "rest"}}, kind="supervision"
            ),
        },
        {"jail": {"unit": "people per day", "rate": rows}},
        strata={"group": levels},
        tonight=tonight,
        step=step,
        residents={"unit": "residents", "axes": ["group"], "people": 1000.0},
    )


def policy(build, plan, name="policy", clock="day", **more):
    """A policy of the engine."""
    given = {**plan, **more}
    return build.policy(*given.pop("edits"), name=name, clock=clock, **given)


def solved(spec, **more):
    """The path of so many steps."""
    try:
        return solve(compile_model(spec, spec.clock.date(STEPS)), **more)
    except InputError as error:  # two edits that contradict each other: nobody left to move
        assume("has no way out" not in str(error))
        raise


def figures_of(spec, *platforms, **more):
    """A comparison over the whole run."""
    for platform in platforms:
        solved(Scenario.of(spec, [platform]).model)
    return rm.compare(spec, platforms, until=spec.clock.date(STEPS), every="month", **more)


def same(one, two):
    """Whether two paths are equal bit for bit."""
    return np.array_equal(one.census, two.census) and np.array_equal(one.entries, two.entries)


@QUICK
@given(what=counties())
def test_an_empty_platform_changes_nothing_bit_for_bit(build, what):
    """No policies: the same model object, the same census, entries and figures to the last bit."""
    spec = county(build, **what)
    enacted = Scenario.of(spec, [build.platform()]).model
    assert enacted is spec
    assert same(solved(enacted), solved(spec.replace()))
    run = figures_of(spec, build.platform(name="one"), build.platform(name="two"), by="group")
    one, two = (
        frame.filter(scenario=name).drop("scenario")
        for frame, name in ((run.series, "one"), (run.series, "two"))
    )
    assert one.equals(two, null_equal=True)
    assert (run.differences["mean"].drop_nulls() == 0).all()


@QUICK
@given(what=counties(), plan=plans(), late=st.integers(0, 30))
def test_a_policy_after_the_horizon_changes_nothing_bit_for_bit(build, what, plan, late):
    """Whatever it is, for entrants or everyone: census, entries and figures are the same bits."""
    spec = county(build, **what)
    after = policy(build, plan, clock=what["step"], starts=STEPS + late)
    assert same(solved(spec), solved(spec.enact(after)))
    run = figures_of(spec, build.platform(name="none"), build.platform(after, name="late"))
    none, then = (run.series.filter(scenario=n).drop("scenario") for n in ("none", "late"))
    assert none.equals(then, null_equal=True)


@QUICK
@given(what=counties(), plan=plans(where={"group": "green"}))
def test_a_policy_on_one_stratum_leaves_the_others_exactly(build, what, plan):
    """Differences of the strata it does not name are exactly 0, those inside included."""
    spec = county(build, **what)
    base, changed = solved(spec), solved(spec.enact(policy(build, plan, clock=what["step"])))
    for g in (0, 2):
        np.testing.assert_array_equal(changed.census[g], base.census[g])
        np.testing.assert_array_equal(changed.entries[g], base.entries[g])


@QUICK
@given(what=counties(), plan=plans())
def test_edits_never_touch_the_baseline(build, what, plan):
    """Enacting, compiling and solving a platform leaves the model's values and objects alone."""
    spec = county(build, **what)
    before, states, arrivals = spec.model_dump(), spec.states, spec.arrivals
    path = solved(spec)
    edited = spec.enact(policy(build, plan, clock=what["step"]))
    solved(edited)
    assert edited is not spec
    assert spec.states is states
    assert spec.arrivals is arrivals
    assert all(edited.states[name] is states[name] for name in states)
    assert spec.policies == ()
    assert spec.model_dump() == before
    assert same(solved(spec), path)


@QUICK
@given(what=counties(), first=plans(states=("jail",)), second=plans(states=("supervision",)))
def test_edits_of_different_states_commute(build, what, first, second):
    """In either order in the file, on whatever dates: the same census, bit for bit."""
    spec = county(build, **what)
    one = policy(build, first, "one", what["step"])
    two = policy(build, second, "two", what["step"])
    assert same(solved(spec.enact(one, two)), solved(spec.enact(two, one)))


@QUICK
@given(
    what=counties(),
    first=plans(where={"group": "red"}),
    second=plans(where={"group": ["green", "blue"]}),
)
def test_edits_of_different_strata_commute(build, what, first, second):
    """In either order in the file: the same census to rounding."""
    spec = county(build, **what)
    one = policy(build, first, "one", what["step"])
    two = policy(build, second, "two", what["step"])
    left, right = solved(spec.enact(one, two)), solved(spec.enact(two, one))
    np.testing.assert_allclose(left.census, right.census, rtol=1e-12, atol=1e-12)


@QUICK
@given(what=counties(), plan=plans())
def test_the_number_of_threads_does_not_matter(build, what, plan):
    """One, two or five threads: the same bits."""
    spec = county(build, **what).enact(policy(build, plan, clock=what["step"]))
    one = solved(spec, threads=1)
    assert same(one, solved(spec, threads=2))
    assert same(one, solved(spec, threads=5))


@QUICK
@given(what=counties(), plan=plans())
def test_swapping_two_platforms_negates_their_differences_exactly(build, what, plan):
    """A − B and B − A are the same numbers with the other sign, row by row."""
    spec = county(build, **what)
    a = build.platform(policy(build, plan, clock=what["step"]), name="a")
    b = build.platform(name="b")
    one, two = figures_of(spec, a, b, by="group"), figures_of(spec, b, a, by="group")
    assert one.differences["a"].unique().to_list() == ["a"]
    assert two.differences["a"].unique().to_list() == ["b"]
    keys = [c for c in one.differences.columns if c not in ("a", "b", "mean", "includes")]
    left, right = (f.differences.sort(keys, nulls_last=True) for f in (one, two))
    assert len(left) > 10
    assert left.select(keys).equals(right.select(keys), null_equal=True)
    assert left["mean"].equals(-right["mean"], null_equal=True)


@QUICK
@given(what=counties(), plan=plans())
def test_a_platform_kept_by_nobody_changes_nothing(build, what, plan):
    """Compliance of 0: the census of the model without it, but for those inside for over 40 years,
    whom an edit that reaches people inside no longer tells apart."""
    spec = county(build, **what)
    nobody = policy(build, plan, clock=what["step"], compliance=0.0)
    base, kept = solved(spec), solved(spec.enact(nobody))
    np.testing.assert_allclose(kept.census, base.census, rtol=1e-6, atol=1e-9)


@QUICK
@given(what=counties(), plan=plans())
def test_census_and_flows_are_never_negative_and_people_are_conserved(build, what, plan):
    """In every stratum people come = people inside + people gone, at every step."""
    spec = county(build, **what).enact(policy(build, plan, clock=what["step"]))
    path = solved(spec)
    kernel = path.kernel
    assert path.census.min() >= 0
    assert path.entries.min() >= 0
    for g, channels in enumerate(kernel.channels):
        out = [
            channels.share[a:b][channels.target[a:b] == len(kernel.states)].sum()
            for a, b in zip(channels.start[:-1], channels.start[1:], strict=True)
        ]
        gone = np.cumsum(np.array(out) @ path.left[g])
        came = kernel.inside[g].sum() + np.cumsum(kernel.arrivals[g].sum(axis=0))
        np.testing.assert_allclose(path.census[g].sum(axis=0) + gone, came, rtol=1e-11)
