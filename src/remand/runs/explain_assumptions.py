"""Which assumptions matter most: each uncertain number at its ends, all others at their points.

A range that someone chose is taken at both ends, an interval at its 5 % and 95 % points. Numbers
that rise and fall together are one assumption. It is a reading of one number at a time: what two of
them do together is in the draws of `remand compare --draws`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from remand.errors import Path
from remand.model.edits import Edit
from remand.model.model import Model
from remand.model.platform import Platform
from remand.model.policy import Policy
from remand.model.spec import Sourced
from remand.model.uncertain import Place, places_of, resolved
from remand.outcomes.suppression import SMALL
from remand.runs.explain_people import Variant, Worlds
from remand.runs.worlds import BESIDE

TAIL = 0.05
"""Ranks of an interval's ends."""


Three = tuple[float | None, float | None, float | None]
"""At the low end, at the point, and at the high end; none where fewer than 10 people are held."""


@dataclass(frozen=True)
class Assumption:
    """What one uncertain number, or several that move together, do to the answer.

    Attributes:
        name: in words.
        label: ``assumption range`` or ``interval``.
        values: of its first number at the low end, at the point, and at the high end.
        numbers: how many numbers it stands for.
        because: why it was chosen, or its sources.
        difference: people of the first kind that the platform adds, at those three.
        level: people of the first kind under the platform, at those three.
    """

    name: str
    label: str
    values: tuple[float, float, float]
    numbers: int
    because: str
    difference: Three
    level: Three

    @property
    def swing(self) -> float | None:
        """How far the difference moves between the ends."""
        low, _, high = self.difference
        return None if low is None or high is None else abs(high - low)


@dataclass(frozen=True)
class _Number:
    """One uncertain number: where it stands, −1 for the model, else the platform of the chain."""

    where: int
    place: Place

    def at(self, *, high: bool) -> float:
        """Its value where its assumption is at an end."""
        law = self.place.law
        tail = 0.0 if law.law in {"uniform", "triangular"} else TAIL
        return float(law.quantile(np.array([1 - tail if high else tail]))[0])


def assumptions(worlds: Worlds) -> list[Assumption]:
    """Every assumption of the model and the chain, those that move the difference most first."""
    groups = list(_groups(worlds).items())
    point = _pair(worlds, [], high=False)
    pairs = {
        (i, high): _pair(worlds, numbers, high=high)
        for i, (_, numbers) in enumerate(groups)
        for high in (False, True)
    }
    worlds.run(point)
    exactly = [float(worlds.levels(variant)[0]) for variant in point]
    near = worlds.nearly([*point, *(v for pair in pairs.values() for v in pair)])

    def answer(pair: tuple[Variant, Variant]) -> tuple[float | None, float | None]:
        """The difference and the level; none of a kind too small to show."""
        base, held = (
            level + near[variant] - near[middle]
            for level, variant, middle in zip(exactly, pair, point, strict=True)
        )
        hidden = any(0 < people < SMALL for people in (base, held))
        return (None, None) if hidden else (held - base, held)

    found = []
    for i, (name, numbers) in enumerate(groups):
        first = numbers[0]
        three = [answer(p) for p in (pairs[i, False], point, pairs[i, True])]
        node = _parts(worlds)[first.where]
        law = first.place.law
        found.append(
            Assumption(
                name=name,
                label="assumption range" if law.assumed else "interval",
                values=(first.at(high=False), law.central, first.at(high=True)),
                numbers=len(numbers),
                because=_because(node, first.place),
                difference=(three[0][0], three[1][0], three[2][0]),
                level=(three[0][1], three[1][1], three[2][1]),
            )
        )
    return sorted(found, key=lambda a: -(a.swing or 0.0))


def _groups(worlds: Worlds) -> dict[str, list[_Number]]:
    """Uncertain numbers by the name of the assumption they are of, in file order."""
    found: dict[str, list[_Number]] = {}
    for where, node in _parts(worlds).items():
        for place in places_of(node):
            if where < 0 and place.path[0] in BESIDE:
                continue
            name = place.law.together or _name(node, place.path)
            if where >= 0 and node is not worlds.scenario.platform and place.law.together is None:
                name = f"{node.name}, {name}"
            while name in found and place.law.together is None:
                name += " (another)"
            found.setdefault(name, []).append(_Number(where, place))
    return found


def _parts(worlds: Worlds) -> dict[int, Model | Platform]:
    """What numbers stand in: the model at −1, platforms at their place in the chain."""
    return {-1: worlds.scenario.base, **dict(enumerate(worlds.scenario.chain))}


def _pair(worlds: Worlds, numbers: list[_Number], *, high: bool) -> tuple[Variant, Variant]:
    """The chain without its last platform and with it, some numbers at an end."""
    scenario = worlds.scenario
    values = {n: n.at(high=high) for n in numbers}
    chain = [
        resolved(platform, {n.place.path: v for n, v in values.items() if n.where == i}).policies
        for i, platform in enumerate(scenario.chain)
    ]
    base = tuple((n.place.path, v) for n, v in values.items() if n.where < 0)
    return worlds.variant([*chain[:-1], ()], base), worlds.variant(chain, base)


# -- words -----------------------------------------------------------------------------------


def _name(node: Model | Platform, path: Path) -> str:
    """What a number is called: its policy or state, then what it is of it."""
    words = list(_steps(node, path))
    return f"{words[0]}: {' '.join(words[1:])}" if len(words) > 1 else words[0]


def _steps(node: object, path: Path) -> Iterator[str]:
    """The words of a path: names for positions, and no word that says nothing."""
    for step in path:
        node = _child(node, step)
        if isinstance(node, Edit):
            whose = getattr(node, "exit", None)
            yield f"{node.edit} {whose or node.state}".replace("_", " ")  # type: ignore[attr-defined]
            if whose:
                yield f"({node.state})".replace("_", " ")
        elif isinstance(node, Policy):
            yield node.name
        elif isinstance(step, int):
            where = getattr(node, "where", {})
            if where:
                yield "of " + ", ".join(level for levels in where.values() for level in levels)
        elif step not in {"policies", "states", "edits", "value"}:
            yield getattr(node, "label", None) or str(step).replace("_", " ")


def _child(node: object, step: str | int) -> object:
    """What stands one step further on a path."""
    if isinstance(node, Mapping | tuple):
        return node[step]  # type: ignore[index]
    return getattr(node, str(step))


def _because(node: object, place: Place) -> str:
    """The nearest reason or source around a number."""
    said = ""
    for step in place.path:
        if isinstance(node, Sourced) and node.grounded:
            said = _reason(node)
        node = _child(node, step)
    return _reason(place.law) if place.law.grounded else said


def _reason(node: Sourced) -> str:
    """Why, or from where."""
    return node.inferred or ", ".join(node.source)
