"""Levers: the numbers of a platform that can be set by hand, and the platform with some set.

A lever is how far a promise is kept (its name is the policy's), or how much it does (the policy,
then the field: ``cash-bail.share``). Numbers that move ``together``, or are known and alike, are
one lever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from remand.errors import InputError, did_you_mean
from remand.model.edits import Edit
from remand.model.platform import Platform
from remand.model.policy import Compliance, Policy
from remand.model.uncertain import Uncertain, Uncertainty, resolved

EDITED = "edited-plan"
"""What a platform is called once a lever is set: a name that is nobody's."""

BY_HAND = "set by hand"

Unit = Literal["share", "points", "factor", "days", "places"]

FIELDS: dict[str, tuple[Unit, float, float, float]] = {
    "scale": ("factor", 1.0, 0.05, 5.0),
    "share": ("share", 0.0, 0.0, 1.0),
    "to": ("share", 0.0, 0.0, 1.0),
    "by": ("points", 0.0, -1.0, 1.0),
    "floor": ("days", 0.0, 0.0, 3650.0),
    "cap": ("days", 0.0, 0.0, 3650.0),
    "places": ("places", 0.0, 0.0, 100_000.0),
}
"""Fields of edits that are levers: unit, the value that changes nothing (of ``floor``, ``cap``,
``to`` and ``places`` there is none; 0 stands), and the least and largest."""


@dataclass(frozen=True)
class Lever:
    """One number of a platform that can be set.

    Attributes:
        key: its name in addresses and code.
        policy: whose.
        field: ``compliance``, or the field of the edits.
        unit: ``share`` (0–1), ``points`` (of a share), ``factor``, ``days`` or ``places``.
        value: where it stands.
        low, high: the range its file gives, alike where it gives none.
        least, most: how far it can be set.
        law: how well it is known, if it is not.
        edits: positions of the edits it is of.
        free: false where it cannot be set, since the effect itself is a measured one.
    """

    key: str
    policy: str
    field: str
    unit: Unit
    value: float
    low: float
    high: float
    least: float
    most: float
    law: Uncertainty | None = None
    edits: tuple[int, ...] = ()
    free: bool = True


def levers(platform: Platform) -> tuple[Lever, ...]:
    """The levers of a platform, by policy in file order: how far it is kept, then what it does."""
    return tuple(lever for policy in platform.policies for lever in _of(policy))


def adjusted(platform: Platform, values: Mapping[str, float]) -> Platform:
    """A platform with some levers set; without any, the very same.

    What was set is known from then on: it is no longer drawn. The platform is called
    `EDITED`, for nobody proposed it. Raises InputError for a lever there is not, or a value it
    cannot take.
    """
    if not values:
        return platform
    known = {lever.key: lever for lever in levers(platform)}
    for key, value in values.items():
        if key not in known:
            raise InputError.of(f"there is no lever '{key}'", fix=did_you_mean(key, known))
        lever = known[key]
        if not lever.free:
            raise InputError.of(
                f"{key} cannot be set: its effect is measured, kept or not",
                fix="set what the policy does",
            )
        if not lever.least <= value <= lever.most:
            raise InputError.of(
                f"{key} cannot be {value:g}", fix=f"give {lever.least:g} to {lever.most:g}"
            )
    policies = tuple(
        _adjusted(policy, {lever: values[key] for key, lever in known.items()
                           if key in values and lever.policy == policy.name})
        for policy in platform.policies
    )  # fmt: skip
    told = ", ".join(f"{key} {value:g}" for key, value in sorted(values.items()))
    return platform.replace(
        name=EDITED,
        title="Edited plan",
        about=f"Set by hand, and proposed by nobody. From {platform.name}: {told}.",
        hypothetical=True,
        policies=policies,
    )


def _of(policy: Policy) -> Iterator[Lever]:
    if not policy.edits:
        return
    kept = policy.compliance
    low, high = (kept.low or 0.0, kept.high or 0.0) if kept.low is not None else (kept.point,) * 2
    yield Lever(policy.name, policy.name, "compliance", "share", kept.point, low, high, 0.0, 1.0,
                kept.uncertain().get("value"), free=not kept.measured)  # fmt: skip
    groups = list(_groups(policy))
    for (field, _), at in groups:
        alone = sum(field == other for (other, _), _ in groups) == 1
        key = f"{policy.name}.{field}" + ("" if alone else f".{at[0] + 1}")
        yield _lever(key, policy, field, at)


def _groups(policy: Policy) -> Iterator[tuple[tuple[str, object], tuple[int, ...]]]:
    """Fields and the positions of the edits whose numbers move as one."""
    # a number known by a law of its own is told apart by its edit's position
    found: dict[tuple[str, object], list[int]] = {}
    for i, edit in enumerate(policy.edits):
        for field in FIELDS:
            value = getattr(edit, field, None)
            if not isinstance(value, float | int):
                continue
            one = value.law.together or (i,) if isinstance(value, Uncertain) else float(value)
            found.setdefault((field, one), []).append(i)
    for key, at in found.items():
        yield key, tuple(at)


def _lever(key: str, policy: Policy, field: str, at: tuple[int, ...]) -> Lever:
    value = getattr(policy.edits[at[0]], field)
    law = value.law if isinstance(value, Uncertain) else None
    low, high = law.between() if law is not None else (float(value),) * 2
    unit, nothing, least, most = FIELDS[field]
    if unit in {"days", "places"}:
        least, most = 0.0, max(2 * high, 1.0)
    elif unit != "share":
        room = max(high - low, abs(value - nothing), 0.1)
        least = max(least, min(nothing, low - room))
        most = min(most, max(nothing, high + room))
    return Lever(key, policy.name, field, unit, float(value), low, high,
                 round(least, 6), round(most, 6), law, at)  # fmt: skip


def _adjusted(policy: Policy, values: Mapping[Lever, float]) -> Policy:
    if not values:
        return policy
    edits: list[Edit] = list(policy.edits)
    changes: dict[str, Any] = {"claimed": None}
    for lever, value in values.items():
        if lever.field == "compliance":
            changes["compliance"] = Compliance(value=float(value), inferred=BY_HAND)
        for i in lever.edits:
            edits[i] = _set(edits[i], lever.field, float(value))
    try:
        return policy.replace(edits=tuple(edits), **changes)
    except ValidationError as error:  # a bound that only this edit knows
        raise InputError.of(f"policy '{policy.name}': {error.errors()[0]['msg']}") from None


def _set(edit: Edit, field: str, value: float) -> Edit:
    """An edit with one number set; its sources still say whence the rest comes."""
    return resolved(edit, {(field,): value}).model_copy(update={"inferred": BY_HAND})
