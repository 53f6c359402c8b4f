"""What is counted where: places (a kind, a state, a status) and groups of strata."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError, did_you_mean
from remand.model.model import Model

PLACES = ("state", "status")
"""What figures can be broken down by besides the model's axes."""


@dataclass(frozen=True)
class Place:
    """A set of states: everyone of one kind, one state, or one status.

    Attributes:
        level: ``kind``, ``state`` or ``status``.
        name: which one.
        members: (states,) whether each state belongs to it.
    """

    level: str
    name: str
    members: NDArray[np.bool_]


@dataclass(frozen=True)
class Groups:
    """Everyone, then every combination of the levels of some axes.

    Attributes:
        axes: the axes broken down by.
        cells: the levels of each group; the first is empty (everyone).
        members: (groups, strata).
    """

    axes: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    members: NDArray[np.bool_]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Cells:
    """All that one set of figures is given for.

    Attributes:
        places: kinds, and states and statuses if asked for.
        groups: everyone, and every group asked for.
        levels: everyone, and each level of the axis whose disparity the model shows, if any.
    """

    places: tuple[Place, ...]
    groups: Groups
    levels: Groups

    @classmethod
    def of(cls, model: Model, by: Sequence[str]) -> Cells:
        """The cells of figures ``by`` axes, states or statuses. InputError on an unknown name."""
        axis = model.disparity.axis if model.disparity else ""
        compared = (axis,) if axis in model.strata_axes else ()
        return cls(tuple(places_of(model, by)), groups_of(model, by), groups_of(model, compared))

    @property
    def members(self) -> NDArray[np.bool_]:
        """(places, states) which states belong to each place."""
        return np.array([place.members for place in self.places])

    @property
    def kinds(self) -> list[int]:
        """Which of the places are kinds."""
        return [i for i, place in enumerate(self.places) if place.level == "kind"]


def places_of(model: Model, by: Sequence[str]) -> list[Place]:
    """The places figures are given for: every kind of custody, and states or statuses if asked.

    ``community`` is where a model keeps people between stays; as a whole it counts nobody real.
    """
    states = list(model.states.values())
    places = [
        Place("kind", kind, np.array([state.kind == kind for state in states]))
        for kind in model.kinds
        if kind != "community"
    ]
    if "state" in by:
        one = np.eye(len(states), dtype=bool)
        places += [Place("state", name, one[i]) for i, name in enumerate(model.states)]
    if "status" in by:
        places += [
            Place("status", status, np.array([status in s.statuses for s in states]))
            for status in model.statuses
        ]
    return places


def groups_of(model: Model, by: Sequence[str]) -> Groups:
    """The groups of strata figures are given for. Raises InputError on an unknown name."""
    for name in by:
        if name not in model.strata_axes and name not in PLACES:
            raise InputError.of(
                f"figures cannot be given by '{name}'",
                fix=did_you_mean(name, [*model.strata_axes, *PLACES]),
                value=name,
            )
    axes = tuple(axis for axis in by if axis in model.strata_axes)
    levels = [model.strata_axes[axis] for axis in axes]
    combined = list(itertools.product(*levels)) if axes else []
    members = [np.ones(len(model.strata), bool)]
    members += [
        model.strata.mask({a: (v,) for a, v in zip(axes, cell, strict=True)}) for cell in combined
    ]
    return Groups(axes, ((), *combined), np.array(members), tuple(len(level) for level in levels))


def residents_of(model: Model, groups: Groups) -> NDArray[np.float64] | None:
    """Residents each group's rate is per, (groups,); axes residents do not have are ignored."""
    if model.residents is None:
        return None
    own = model.residents.axes
    count = np.zeros(len(groups.cells))
    for i, cell in enumerate(groups.cells):
        asked = dict(zip(groups.axes, cell, strict=False))
        for row in model.residents.people:
            fits = all(asked[axis] in levels for axis, levels in row.where.items() if axis in asked)
            if fits and all(axis in own for axis in row.where):
                count[i] += row.value
    return count
