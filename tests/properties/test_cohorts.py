"""The engine against a person-by-person reading of the contract, on random tables and policies.

The reference follows each entry step of one state alone, with plain dictionaries and loops: the
joint table a cohort has, how many of it are inside, who leaves at each step and by which exit.
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

STEPS = 9
EXITS = ("a", "b", "c")
QUICK = settings(deadline=None, max_examples=80)

share = st.integers(0, 10).map(lambda n: n / 10)


@st.composite
def tables(draw, low=0):
    """A joint table: chances over (exit, duration) that sum to 1, every exit in it."""
    cells = [(e, draw(st.integers(low, 7))) for e in EXITS]
    cells += draw(st.lists(st.tuples(st.sampled_from(EXITS), st.integers(low, 7)), max_size=4))
    cells = sorted(set(cells))
    weights = [draw(st.integers(1, 9)) for _ in cells]
    return {cell: w / sum(weights) for cell, w in zip(cells, weights, strict=True)}


edits = st.one_of(
    st.builds(lambda d, e: ("law", d, e), st.integers(0, 8), st.sampled_from([(), *zip(EXITS)])),
    st.builds(lambda n, e: ("cap", n, e), st.integers(0, 7), st.sampled_from([None, *EXITS])),
    st.builds(lambda n: ("floor", n), st.integers(0, 7)),
    st.builds(lambda f: ("scale", f), st.sampled_from([0.5, 0.7, 1.25, 2.0])),
    st.builds(
        lambda p, s, k: ("divert", p[0], p[1], s, k),
        st.permutations(EXITS), share, st.booleans(),
    ),
    st.builds(lambda e, s: ("share", e, s), st.sampled_from(EXITS), share),
)  # fmt: skip


@st.composite
def policies(draw):
    """Policies of one or two edits each, and releases, in order of their start."""
    out = []
    for i in range(draw(st.integers(1, 3))):
        starts = draw(st.integers(-2, STEPS - 1))
        ends = draw(st.sampled_from([None, 1, 3]))
        everyone = draw(st.booleans())
        out.append(
            {
                "name": f"p{i}",
                "starts": starts,
                "ends": None if ends is None else starts + ends,
                "compliance": draw(share),
                "everyone": everyone,
                "phase": 0 if everyone else draw(st.sampled_from([0, 0, 1, 4])),
                "edits": draw(st.lists(edits, min_size=1, max_size=2)),
                "release": draw(st.sampled_from([None, None, ("b", 0.4)])),
            }
        )
    return sorted(out, key=lambda p: p["starts"])


# -- the reference -----------------------------------------------------------------------------


def edited(table, edit):
    """A joint table after one edit of everyone: {(exit, duration): chance}."""
    out = {}

    def put(cell, chance):
        out[cell] = out.get(cell, 0.0) + chance

    total = {e: sum(p for (x, _), p in table.items() if x == e) for e in EXITS}
    for (e, d), p in table.items():
        match edit:
            case ("law", stay, only):
                put((e, stay) if not only or e in only else (e, d), p)
            case ("cap", most, by):
                put((e, d) if d <= most else (by or e, most), p)
            case ("floor", least):
                put((e, max(d, least)), p)
            case ("scale", factor):
                whole, part = divmod(d * factor, 1)
                put((e, int(whole)), p * (1 - part))
                put((e, int(whole) + 1), p * part)
            case ("divert", source, to, part, keep):
                _ = 1 / total[to]  # nobody to learn the stay from: not a case of this reference
                put((e, d), p * (1 - part if e == source else 1))
                if e == source and keep:
                    put((to, d), p * part)
                if e == to and not keep:
                    put((e, d), p / total[to] * part * total[source])
            case ("share", exit_name, wanted):
                rest = sum(total[x] for x in EXITS if x != exit_name)
                _ = 1 / total[exit_name], 1 / rest  # nobody to give or take: refused
                put((e, d), p * (wanted / total[e] if e == exit_name else (1 - wanted) / rest))
    return out


def mixed(table, other, part):
    """Part of people with the other table."""
    out = {cell: p * (1 - part) for cell, p in table.items()}
    for cell, p in other.items():
        out[cell] = out.get(cell, 0.0) + p * part
    return out


def reach(policy, entered, now):
    """Share of a cohort a policy reaches, as things stand at a step."""
    ends = np.inf if policy["ends"] is None else policy["ends"]
    if policy["everyone"]:
        return policy["compliance"] * (policy["starts"] <= now < ends)
    if not policy["starts"] <= entered < ends:
        return 0.0
    if not policy["phase"]:
        return policy["compliance"]
    since = entered - policy["starts"] + (np.arange(10_000) + 0.5) / 10_000
    return policy["compliance"] * float(np.minimum(since / policy["phase"], 1).mean())


def law_of(base, chain, entered, now):
    """The joint table a cohort has, as things stand at a step."""
    table = base
    for policy in chain:
        kept = reach(policy, entered, now)
        if kept > 0:
            other = table
            for edit in policy["edits"]:
                other = edited(other, edit)
            table = mixed(table, other, kept)
    return table


def leaving(base, chain, entered):
    """Who of one person leaves by each exit at each step: {exit: (steps,)}."""
    out = {e: np.zeros(STEPS) for e in EXITS}
    law = law_of(base, chain, entered, entered)
    inside = 1.0

    def survivors(table, age):
        return sum(p for (_, d), p in table.items() if d > age)

    def gone(table, e, age):
        return sum(p for (x, d), p in table.items() if x == e and d <= age)

    for t in range(entered, STEPS):
        age = t - entered
        if t > entered:
            for policy in chain:
                if policy["release"] and policy["starts"] == t:
                    e, part = policy["release"]
                    out[e][t] += inside * part * policy["compliance"]
                    inside *= 1 - part * policy["compliance"]
            touched = any(p["everyone"] and t in (p["starts"], p["ends"]) for p in chain)
            if touched and inside > 1e-12:
                before = survivors(law, age - 1)
                new = law_of(base, chain, entered, t)
                after = survivors(new, age)
                lost = inside * max(0.0, 1 - after / before)
                excess = {e: max(0.0, gone(new, e, age) - gone(law, e, age - 1)) for e in EXITS}
                for e in EXITS:
                    if lost > 1e-15:
                        out[e][t] += lost * excess[e] / sum(excess.values())
                inside -= lost
                law = new
                continue
        before = 1.0 if age == 0 else survivors(law, age - 1)
        if inside <= 1e-15 or before <= 1e-15:
            continue
        go = {e: law.get((e, age), 0.0) / before * inside for e in EXITS}
        for e in EXITS:
            out[e][t] += go[e]
        inside -= sum(go.values())
    return out


# -- the engine --------------------------------------------------------------------------------


def spoken(build, plan):
    """A policy of the engine from a plan of the reference."""

    def said(edit):
        body = {"state": "jail"}
        match edit:
            case ("law", stay, only):
                return {"dwell": {**body, "exits": only, "law": build.table({stay: 1.0})}}
            case ("cap", most, by):
                return {"dwell": {**body, "cap": most, "exit": by}}
            case ("floor" | "scale" as what, value):
                return {"dwell": {**body, what: value}}
            case ("divert", source, to, part, keep):
                return {"divert": {**body, "exit": source, "to": to, "share": part,
                                   "keep_dwell": keep}}  # fmt: skip
            case ("share", exit_name, wanted):
                return {"share": {**body, "exit": exit_name, "to": wanted}}

    all_edits = [said(edit) for edit in plan["edits"]]
    if plan["release"]:
        e, part = plan["release"]
        all_edits.append({"release": {"state": "jail", "share": part, "exit": e}})
    return build.policy(
        *all_edits,
        starts=plan["starts"],
        ends=plan["ends"],
        compliance=plan["compliance"],
        applies_to="everyone" if plan["everyone"] else "entrants",
        phase_in=float(plan["phase"]),
        name=plan["name"],
    )


def valid(base, chain):
    """Whether every exit has people wherever an edit of the reference divides by them."""
    try:
        for entered in range(STEPS):
            for now in range(entered, STEPS):
                law_of(base, chain, entered, now)
    except ZeroDivisionError:
        return False
    return True


@QUICK
@given(base=tables(), chain=policies(), entered=st.integers(0, STEPS - 1))
def test_every_cohort_leaves_as_the_contract_says(build, base, chain, entered):
    """Random joint tables under random stacks of policies, for entrants and everyone, phased,
    ended, with releases: who leaves when and by which exit, to 1e-7 (the ramp is summed)."""
    assume(valid(base, chain))
    spec = build.one_cohort(build.table(base), entered, exits={e: {} for e in EXITS})
    solved = build.run(spec, STEPS, *(spoken(build, plan) for plan in chain))
    expected = leaving(base, chain, entered)
    for e in EXITS:
        np.testing.assert_allclose(solved.entries(e), expected[e], atol=1e-7)


@QUICK
@given(base=tables(low=1), chain=policies(), ages=st.dictionaries(
    st.integers(0, 3), st.integers(1, 9), min_size=1, max_size=3))  # fmt: skip
def test_people_counted_tonight_leave_as_the_contract_says(build, base, chain, ages):
    """The same for tonight's people by how long they have been inside: cohorts from before."""
    assume(valid(base, chain))
    assume(all(plan["starts"] >= 0 for plan in chain))
    survivors = {d: sum(p for (_, stay), p in base.items() if stay > d) for d in ages}
    ages = {d: n for d, n in ages.items() if survivors[d] > 0}
    assume(ages)
    total = sum(ages.values())
    shares = {float(d): n / total for d, n in ages.items()}
    for_good = {e: build.state(build.fixed(10_000), kind="community") for e in EXITS}
    spec = build.model(
        {"jail": build.state(build.table(base), {e: {} for e in EXITS}), **for_good},
        tonight={"jail": build.stock(float(total), shares)},
    )
    solved = build.run(spec, STEPS, *(spoken(build, plan) for plan in chain))
    expected = {e: np.zeros(STEPS) for e in EXITS}
    for d, n in ages.items():
        back = d + 1
        later = [{**p, "starts": p["starts"] + back,
                  "ends": None if p["ends"] is None else p["ends"] + back}
                 for p in chain]  # fmt: skip
        own = leaving(base, later, 0)
        for e in EXITS:
            expected[e][: STEPS - back] += n / survivors[d] * own[e][back:]
    shortest = STEPS - max(ages) - 1
    for e in EXITS:
        got = solved.entries(e)[:shortest]
        np.testing.assert_allclose(got, expected[e][:shortest], atol=1e-6)
