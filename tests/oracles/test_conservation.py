"""Nobody is made or lost: stock = inflow − outflow, over ten years of days."""

from __future__ import annotations

import numpy as np
import pytest


def county(build, **more):
    """Five states with every law, returns, strata and a monthly season."""
    share = [
        {"value": 0.55},
        {"value": 0.35, "where": {"race": "Black"}},
        {"value": 0.45, "from": build.day(400)},
    ]
    return build.model(
        {
            "booking": build.state(
                build.table({0: 0.6, 1: 0.3, 2: 0.1}),
                {"free": {"share": share}, "jail": {"share": "rest"}},
                kind="booking",
            ),
            "jail": build.state(
                {"law": "lognormal", "median": 4.0, "mean": 25.0},
                {
                    "free": 0.7,
                    "prison": {"share": 0.1, "dwell": build.fixed(150)},
                    "supervision": {"share": "rest"},
                },
            ),
            "prison": build.state(
                {"law": "gamma", "mean": 500.0, "shape": 2.0}, "supervision", kind="prison"
            ),
            "supervision": build.state(
                build.exponential(300), {"jail": 0.2, "free": {"share": "rest"}}, kind="supervision"
            ),
            "free": build.state(
                {"law": "uniform", "low": 5.0, "high": 500.0},
                {"booking": 0.4, "gone": {"share": "rest"}},
                kind="community",
            ),
        },
        {"booking": {"unit": "people per day", "rate": 30.0, "season": {"jul": 1.3, "jan": 0.8}}},
        strata={"race": ["Black", "white", "other"]},
        tonight={"jail": build.stock(700.0, {3.0: 0.4, 40.0: 0.6}), "prison": build.stock(900.0),
                 "supervision": "steady"},
        **more,
    )  # fmt: skip


def policies(build):
    """One of each kind that moves people."""
    return [
        build.policy({"admit": {"state": "booking", "scale": 0.8}}, starts=100, phase_in=90,
                     compliance=0.7, name="fewer"),
        build.policy({"divert": {"state": "jail", "exit": "prison", "to": "supervision",
                                 "share": 0.5}}, starts=200, phase_in=400, name="divert"),
        build.everyone({"dwell": {"state": "supervision", "cap": 180, "exit": "free"}},
                       starts=365, compliance=0.6, name="cap"),
        build.policy({"release": {"state": "jail", "share": 0.3, "exit": "free"}}, starts=500,
                     name="release"),
        build.everyone({"dwell": {"state": "jail", "scale": 1.4}}, starts=500, ends=900,
                       name="longer"),
    ]  # fmt: skip


@pytest.mark.parametrize("edited", [False, True])
def test_people_in_are_inside_or_gone_after_ten_years(build, edited):
    """Tonight's people and all arrivals of 3,650 days are inside or gone, to 1e-12."""
    solved = build.run(county(build), 3650, *(policies(build) if edited else []))
    kernel = solved.path.kernel
    came = kernel.inside.sum() + kernel.arrivals.sum()
    inside = solved.path.census[:, :, -1].sum()
    assert came > 250_000
    assert inside + solved.gone().sum() == pytest.approx(came, rel=1e-12)
    assert solved.path.census.min() >= 0


def test_a_closed_system_neither_gains_nor_loses(build):
    """A thousand people between two states with no way out are a thousand after 3,650 days."""
    closed = build.model(
        {
            "jail": build.state({"law": "lognormal", "median": 4.0, "mean": 25.0}, "free"),
            "free": build.state(build.exponential(200), "jail", kind="community"),
        },
        tonight={"jail": build.stock(400.0), "free": build.stock(600.0)},
    )
    solved = build.run(closed, 3650)
    total = solved.census("jail") + solved.census("free")
    np.testing.assert_allclose(total, 1000.0, rtol=1e-12)


def test_a_jail_that_nobody_enters_any_more_empties_to_the_last_person(build):
    """Stays end by day 30 and arrivals on day 3,000: from day 3,030 the jail holds nobody, so who
    left is who came, without the census being made to agree."""
    rates = [{"value": 25.0}, {"value": 0.0, "from": build.day(3000)}]
    jail = build.model(
        {"jail": build.state({"law": "uniform", "low": 1.0, "high": 30.0})},
        {"jail": {"unit": "people per day", "rate": rates}},
        tonight="steady",
    )
    cap = build.everyone(
        {"dwell": {"state": "jail", "scale": 0.9}}, starts=1000, ends=2000, compliance=0.5
    )
    for edits in ([], [cap]):
        census = build.run(jail, 3650, *edits).census("jail")
        assert census[2999] > 300
        np.testing.assert_allclose(census[3030:], 0.0, atol=1e-9)


def test_census_is_entries_times_survival(build):
    """N(t) = Σ E(u) · P(D > t − u): exponential stays with returns, summed by cohort."""
    solved = build.run(
        build.model(
            {
                "jail": build.state(build.exponential(8), {"free": 0.8, "gone": {"share": "rest"}}),
                "free": build.state(build.fixed(20), "jail", kind="community"),
            },
            {"jail": 3.0},
        ),
        300,
    )
    k = np.arange(301)
    crossing = 8 * (np.exp(-k[:-1] / 8) - np.exp(-k[1:] / 8))  # P(D > d) = ∫ of the tail
    entries = solved.entries("jail")
    expected = [np.dot(entries[: t + 1][::-1], crossing[: t + 1]) for t in range(300)]
    np.testing.assert_allclose(solved.census("jail"), expected, rtol=1e-12)
