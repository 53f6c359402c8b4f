"""What can be wrong with policies and platforms on a model beyond the form of their file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from remand.errors import InputError, Problem, did_you_mean
from remand.model.edits import (
    Admit,
    Capacity,
    Divert,
    DwellEdit,
    Edit,
    Release,
    ShareEdit,
)
from remand.model.findings import error, unknown_where, unsourced
from remand.model.model import Model
from remand.model.platform import Platform
from remand.model.policy import Policy
from remand.model.states import GONE, State
from remand.model.values import TableDwell


def check_platform(platform: Platform, model: Model) -> list[Problem]:
    """Every problem of a platform on a model."""
    problems = list(unsourced(platform, platform.sources))
    names = [policy.name for policy in platform.policies]
    for i, policy in enumerate(platform.policies):
        problems += [p.at("policies", i) for p in check_policy(policy, model)]
        if policy.starts < model.clock.start:
            problems.append(
                error(
                    ("policies", i, "starts"),
                    f"starts {policy.starts}, before the model does ({model.clock.start})",
                    policy.starts,
                    "a policy already in force belongs to the model's own policies",
                )
            )
        if (first := names.index(policy.name)) < i:
            problems.append(
                error(
                    ("policies", i, "name"),
                    f"policy {first + 1} has the same name '{policy.name}'",
                    policy.name,
                    "give each policy a name of its own",
                )
            )
    return problems + list(_overlaps(platform.policies, model))


def check_policy(policy: Policy, model: Model) -> Iterator[Problem]:
    """Every problem of one policy on a model."""
    if not policy.grounded:
        yield error(
            ("source",),
            f"policy '{policy.name}' has no source",
            None,
            "add source: <key or address>, or inferred: <why>",
        )
    for i, edit in enumerate(policy.edits):
        name: str = edit.edit
        found = [*check_edit(edit, model), *_holds(edit, policy)]
        yield from (p.at("edits", i, name) for p in found)


def _holds(edit: Edit, policy: Policy) -> Iterator[Problem]:
    """Whether an edit can hold as its policy does."""
    if isinstance(edit, Admit | Release | Capacity) and policy.applies_to == "everyone":
        yield error(
            (),
            f"'{edit.edit}' already says whom it reaches",
            policy.applies_to,
            "remove 'applies_to: everyone'",
        )
    if isinstance(edit, Release) and policy.phase_in:
        yield error(
            (),
            "a release happens once, on the day the policy starts",
            policy.phase_in,
            "remove 'phase_in'",
        )


def check_edit(edit: Edit, model: Model) -> Iterator[Problem]:
    """Every problem of one edit on a model, whoever makes it."""
    yield from (p.at("where") for p in unknown_where(edit.where, model.strata))
    if edit.state not in model.states:
        yield error(
            ("state",),
            f"there is no state '{edit.state}'",
            edit.state,
            did_you_mean(edit.state, model.states),
        )
        return
    state = model.states[edit.state]
    if isinstance(edit, Admit) and edit.state not in model.arrivals:
        yield error(
            ("state",),
            f"nobody arrives in '{edit.state}' from outside",
            edit.state,
            did_you_mean(edit.state, model.arrivals),
        )
    if isinstance(edit, Capacity):
        yield from _when_full(edit, state, model)
    for field, names in _exits_named(edit):
        for name in names:
            if name not in state.exits:
                yield error(
                    (field,),
                    f"state '{edit.state}' has no exit '{name}'",
                    name,
                    did_you_mean(name, state.exits),
                )
    if isinstance(edit, DwellEdit) and edit.cap is not None and edit.exit is None:
        late = _exits_beyond(edit, state)
        if len(late) > 1:
            yield error(
                ("cap",),
                f"people who would stay past {edit.cap:g} {edit.unit} leave by several exits "
                f"({', '.join(late)}), so it must say by which they leave at the cap",
                edit.cap,
                f"add exit: {late[0]} (or another)",
            )


def _when_full(edit: Capacity, state: State, model: Model) -> Iterator[Problem]:
    for way in ("discharge", "refuse"):
        given = getattr(edit.when_full, way)
        known = [*model.states, GONE, *(state.exits if way == "discharge" else ())]
        if given is not None and given.to not in known:
            yield error(
                ("when_full", way, "to"),
                f"people cannot go to '{given.to}': it is not a state",
                given.to,
                did_you_mean(given.to, known),
            )
        elif given is not None and edit.state == (
            state.target(given.to) if given.to in state.exits else given.to
        ):
            yield error(
                ("when_full", way, "to"),
                f"people sent on from '{edit.state}' would come straight back to it",
                given.to,
                "name another state, or 'gone'",
            )
    order = edit.when_full.discharge.order if edit.when_full.discharge else ()
    levels = [level for axis in model.strata_axes.values() for level in axis]
    for level in () if isinstance(order, str) else order:
        if level not in levels:
            yield error(
                ("when_full", "discharge", "order"),
                f"'{level}' is no level of any axis",
                level,
                f"{did_you_mean(level, levels)}, or write nearest or random",
            )


def _exits_named(edit: Edit) -> list[tuple[str, Iterable[str]]]:
    if isinstance(edit, Divert):
        return [("exit", [edit.exit]), ("to", [edit.to])]
    if isinstance(edit, ShareEdit):
        return [("exit", [edit.exit]), ("from", edit.from_)]
    if isinstance(edit, DwellEdit):
        return [("exits", edit.exits), ("exit", [edit.exit] if edit.exit else [])]
    if isinstance(edit, Release):
        return [("exit", [edit.exit])]
    return []


def _exits_beyond(edit: DwellEdit, state: State) -> list[str]:
    """Exits by which somebody stays past the cap."""
    end = edit.in_days(edit.cap or 0.0)
    late = []
    for name, exit_ in state.exits.items():
        rows = exit_.dwell or state.dwell or ()
        touched = not edit.exits or name in edit.exits
        if touched and any(isinstance(r, TableDwell) or r.numeric.longest > end for r in rows):
            late.append(name)
    return late


def _overlaps(policies: Sequence[Policy], model: Model) -> Iterator[Problem]:
    """Warnings for policies that act on the same people of the same state at the same time."""
    for i, policy in enumerate(policies):
        for other in policies[:i]:
            together = (policy.ends is None or other.starts < policy.ends) and (
                other.ends is None or policy.starts < other.ends
            )
            if together and (state := _shared_target(policy, other, model)):
                first, second = sorted((other, policy), key=lambda p: p.starts)
                yield Problem(
                    "warning",
                    ("policies", i),
                    f"'{policy.name}' and '{other.name}' both change '{state}' for some of the "
                    f"same people: '{first.name}' is applied first, then '{second.name}'",
                    value=policy.name,
                    fix="nothing, if that is meant",
                )


def _shared_target(one: Policy, two: Policy, model: Model) -> str | None:
    for a in one.edits:
        for b in two.edits:
            same = a.state == b.state and type(a) is type(b)
            if not same or a.state not in model.states:
                continue
            try:
                both = model.strata.mask(a.where) & model.strata.mask(b.where)
            except InputError:
                continue
            if both.any():
                return a.state
    return None
