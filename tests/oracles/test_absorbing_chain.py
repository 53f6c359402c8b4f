"""Absorbing Markov chains: entries are (I − Pᵀ)⁻¹ λ (Kemeny & Snell, 1960, ch. 3)."""

from __future__ import annotations

import numpy as np
import pytest

P = np.array([[0.0, 0.5, 0.2], [0.3, 0.0, 0.4], [0.1, 0.6, 0.0]])
"""Chances of going from one of three states to another; the rest of each row leaves for good."""
ARRIVE = np.array([4.0, 0.0, 1.5])
NAMES = ("jail", "court", "program")


def chain(build, dwells, **more):
    """A model with the transitions of ``P`` and one law a state."""
    states = {}
    for i, name in enumerate(NAMES):
        exits = {NAMES[j]: P[i, j] for j in range(3) if P[i, j]}
        states[name] = build.state(dwells[i], {**exits, "gone": {"share": "rest"}})
    arrivals = {NAMES[i]: ARRIVE[i] for i in range(3) if ARRIVE[i]}
    return build.model(states, arrivals, **more)


def neumann():
    """All generations added up: λ + Pᵀλ + (Pᵀ)²λ + … = (I − Pᵀ)⁻¹ λ."""
    total, generation = np.zeros(3), ARRIVE.copy()
    while generation.max() > 1e-18:
        total += generation
        generation = P.T @ generation
    return total


def test_a_steady_state_has_the_fundamental_matrix_s_entries_at_every_step(build):
    """From a steady start every state is entered at its flux, and holds flux × mean stay."""
    means = np.array([6.5, 40.0, 11.0])
    laws = [build.exponential(6.5), {"law": "gamma", "mean": 40.0, "shape": 3.0}, build.fixed(11)]
    solved = build.run(chain(build, laws, tonight="steady"), 200)
    for name, flux, mean in zip(NAMES, neumann(), means, strict=True):
        np.testing.assert_allclose(solved.entries(name), flux, rtol=1e-11)
        np.testing.assert_allclose(solved.census(name), flux * mean, rtol=1e-11)


def test_an_empty_start_grows_into_the_fundamental_matrix_s_entries(build):
    """After long enough, entries from an empty start are the same flux."""
    laws = [build.exponential(2.0), build.exponential(3.0), build.fixed(4)]
    solved = build.run(chain(build, laws), 400)
    for name, flux in zip(NAMES, neumann(), strict=True):
        assert solved.entries(name)[-1] == pytest.approx(flux, rel=1e-9)


def test_zero_stays_run_the_whole_chain_within_one_step(build):
    """With stays of zero everyone circles P and is gone the same day: entries are (I − Pᵀ)⁻¹ λ
    at once, the census is nil."""
    solved = build.run(chain(build, [build.fixed(0)] * 3), 5)
    for name, flux in zip(NAMES, neumann(), strict=True):
        np.testing.assert_allclose(solved.entries(name), flux, rtol=1e-13)
        np.testing.assert_allclose(solved.census(name), 0.0, atol=1e-12)
    np.testing.assert_allclose(solved.gone(), ARRIVE.sum(), rtol=1e-13)


def test_zero_stays_in_part_are_solved_together_with_longer_ones(build):
    """Half pass a state at once and half after one step, so entries obey
    E(t) = λ + ½ Pᵀ E(t) + ½ Pᵀ E(t−1), solved here step by step."""
    half = build.table({0: 0.5, 1: 0.5})
    solved = build.run(chain(build, [half] * 3), 30)
    before, expected = np.zeros(3), []
    for _ in range(30):
        before = np.linalg.solve(np.eye(3) - 0.5 * P.T, ARRIVE + 0.5 * P.T @ before)
        expected.append(before)
    for i, name in enumerate(NAMES):
        np.testing.assert_allclose(solved.entries(name), np.array(expected)[:, i], rtol=1e-12)
        np.testing.assert_allclose(solved.census(name), np.array(expected)[:, i] / 2, rtol=1e-12)


def test_each_stratum_has_its_own_chain(build):
    """Strata with other shares have other fluxes: 3 × 0.25 and 3 × 0.75 of the arrivals return."""
    share = [
        {"value": 0.25, "where": {"sex": "women"}},
        {"value": 0.75, "where": {"sex": "men"}},
    ]
    jail = build.model(
        {"jail": build.state(build.fixed(2), {"again": {"to": "jail", "share": share},
                                              "gone": {"share": "rest"}})},
        {"jail": 3.0},
        strata={"sex": ["women", "men"]},
        tonight="steady",
    )  # fmt: skip
    entries = build.run(jail, 10).path.entries[:, 0]
    np.testing.assert_allclose(entries[0], 3.0 / 0.75, rtol=1e-12)
    np.testing.assert_allclose(entries[1], 3.0 / 0.25, rtol=1e-12)
