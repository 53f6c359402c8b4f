"""Levers: which numbers of a platform can be set, and what it is then."""

from __future__ import annotations

import pytest

from remand.errors import InputError
from remand.files import read_model, read_platform, write
from remand.model.levers import EDITED, adjusted, levers
from remand.model.platform import Platform


@pytest.fixture(scope="module")
def plan() -> Platform:
    """A shipped platform, with measured, ranged and joint numbers."""
    return read_platform("philadelphia/dao-2018-19", read_model("philadelphia"))


def test_each_policy_has_how_far_it_is_kept_and_what_it_does(plan: Platform) -> None:
    """Numbers that move together are one lever; a known effect has no range."""
    found = {lever.key: lever for lever in levers(plan)}
    assert (found["plea-offers"].low, found["plea-offers"].high) == (0.6, 0.95)
    assert found["plea-offers.scale"].edits == (0, 1)
    assert found["supervision-caps.cap"].law is None
    assert not found["no-cash-bail"].free  # its effect is measured, kept or not
    assert found["no-cash-bail.by.1"].unit == "points"
    for lever in found.values():
        assert lever.least <= lever.low <= lever.value <= lever.high <= lever.most


def test_what_is_set_is_known_and_the_plan_is_nobody_s(plan: Platform) -> None:
    """Its name and title are not the origin's, and every other number is."""
    mine = adjusted(plan, {"plea-offers": 0.4, "plea-offers.scale": 0.9})
    assert (mine.name, mine.title, mine.hypothetical) == (EDITED, "Edited plan", True)
    policy = next(p for p in mine.policies if p.name == "plea-offers")
    assert policy.compliance.point == 0.4
    assert not policy.compliance.uncertain()
    assert [edit.scale for edit in policy.edits] == [0.9, 0.9]  # type: ignore[attr-defined]
    assert [p for p in mine.policies if p is not policy] == [
        p for p in plan.policies if p.name != "plea-offers"
    ]
    assert adjusted(plan, {}) is plan


def test_every_lever_can_be_set_to_its_ends_and_written(plan: Platform, tmp_path) -> None:
    """No value a page offers makes a platform that a file could not hold."""
    model = read_model("philadelphia")
    for lever in levers(plan):
        for value in {lever.least, lever.most} if lever.free else ():
            mine = adjusted(plan, {lever.key: value})
            path = write(mine.replace(sources_file=None), tmp_path / "mine.yaml")
            assert read_platform(path, model).policies == mine.policies


@pytest.mark.parametrize(
    ("values", "said", "fix"),
    [
        ({"plea-ofers": 0.5}, "there is no lever 'plea-ofers'", "did you mean 'plea-offers'?"),
        ({"plea-offers": 1.5}, "plea-offers cannot be 1.5", "give 0 to 1"),
        ({"no-cash-bail": 0.5}, "its effect is measured", "set what the policy does"),
    ],
)
def test_what_cannot_be_set_is_said(plan: Platform, values, said: str, fix: str) -> None:
    """One message, with what to write instead."""
    with pytest.raises(InputError) as error:
        adjusted(plan, values)
    assert said in error.value.problems[0].message
    assert error.value.problems[0].fix == fix
