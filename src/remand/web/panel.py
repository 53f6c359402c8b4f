"""The plan at the side: its levers in words, what is known today, and what each stands on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from remand.model.edits import Admit, Divert, DwellEdit, Edit, ShareEdit
from remand.model.levers import Lever, levers
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.model.policy import Policy
from remand.model.states import State as ModelState
from remand.present.brief import Plan, Promise
from remand.web.state import State

STEP = {"share": 0.01, "points": 0.005, "factor": 0.01, "days": 1.0, "places": 1.0}


@dataclass(frozen=True)
class Slider:
    """One lever as a page shows it.

    Attributes:
        lever: which.
        name: in words.
        today: what the model's records say now, where one number says it.
        value: where it stands.
        shown: the same in words.
        file: what the plan's file says, in words.
        because: why, or from where.
        grade: ``measured``, ``sourced`` or ``assumed``.
        touched: whether it was set by hand.
        step: how far one key press moves it.
    """

    lever: Lever
    name: str
    today: str
    value: float
    shown: str
    file: str
    because: str
    grade: str
    touched: bool
    step: float


@dataclass(frozen=True)
class Group:
    """A policy and its levers."""

    policy: Policy
    promise: Promise | None
    sliders: tuple[Slider, ...]


def panel(origin: Scenario, plan: Plan | None, state: State) -> tuple[Group, ...]:
    """The levers of a plan as its file has it, at the values of a state."""
    known: dict[str, list[Lever]] = {}
    for lever in levers(origin.platform):
        known.setdefault(lever.policy, []).append(lever)
    told = {p.name: p for p in plan.promises} if plan is not None else {}
    hand = dict(state.levers)
    return tuple(
        Group(
            policy,
            told.get(policy.name),
            tuple(_slider(lever, policy, origin, hand) for lever in known.get(policy.name, [])),
        )
        for policy in origin.platform.policies
    )


def worded(lever: Lever, value: float) -> str:
    """A value of a lever as one would say it.

    >>> from remand.model.levers import Lever
    >>> at = Lever("a", "a", "by", "points", 0.1, 0.1, 0.1, 0.0, 1.0)
    >>> worded(at, 0.098)
    '+9.8 points'
    """
    match lever.unit:
        case "share":
            return f"{100 * value:.0f} %"
        case "points":
            return f"{100 * value:+.3g} points".replace("-", "−")
        case "factor":
            return f"× {value:.2f}"
        case "days":
            return f"{value:.0f} days"
        case _:
            return f"{value:,.0f} places"


def _slider(lever: Lever, policy: Policy, origin: Scenario, hand: dict[str, float]) -> Slider:
    value = hand.get(lever.key, lever.value)
    if lever.field == "compliance":
        name, today = "kept for", ""
        because = policy.compliance.inferred or ""
        sources = policy.compliance.source
        if policy.compliance.measured:
            because = because or policy.compliance.note or "the effect itself is measured"
    else:
        edit = policy.edits[lever.edits[0]]
        name, today = _effect(lever, policy, origin.base), _today(edit, origin.base)
        sources = (lever.law.source if lever.law else ()) or edit.source
        because = (lever.law.inferred if lever.law else None) or edit.inferred or ""
        if not because and not sources:
            because, sources = policy.inferred or "", policy.source
    grade = "measured" if policy.compliance.measured and lever.field == "compliance" else (
        "assumed" if lever.law is not None and lever.law.assumed and not sources
        else "sourced" if sources else "assumed")  # fmt: skip
    file = worded(lever, lever.value)
    if lever.low != lever.high:
        file = f"{worded(lever, lever.low)} to {worded(lever, lever.high)}"
    because = because or ", ".join(_titles(sources, origin.platform))
    return Slider(lever, name, today, value, worded(lever, value), file, because, grade,
                  lever.key in hand, STEP[lever.unit])  # fmt: skip


def _titles(sources: tuple[str, ...], platform: Platform) -> Iterator[str]:
    for key in sources:
        yield platform.sources[key].title if key in platform.sources else key


def _effect(lever: Lever, policy: Policy, model: Model) -> str:
    """What a number of an edit is of, in words."""
    edits = [policy.edits[i] for i in lever.edits]
    first = edits[0]
    more = f" and {len(edits) - 1} more" if len(edits) > 1 else ""
    where = f"{label(first.state, model)}{more}"
    match first:
        case Admit():
            return f"arrivals: {where}"
        case Divert():
            return f"{words(first.exit)} → {words(first.to)}: {where}"
        case ShareEdit():
            return f"share {words(first.exit)}: {where}"
        case DwellEdit():
            what = {"cap": "longest stay", "floor": "shortest stay"}.get(lever.field, "stay")
            return f"{what}: {where}"
        case _:
            return f"{words(first.edit)}: {where}"


def _today(edit: Edit, model: Model) -> str:
    """What the model has now where the edit acts; nothing where it differs by group."""
    state = model.states[edit.state]
    if isinstance(edit, DwellEdit):
        return _stay(state)
    exit_name = getattr(edit, "exit", None)
    found = getattr(state, "exits", {}).get(exit_name)
    rows = getattr(found, "share", None)
    if not rows or len(rows) != 1 or rows[0].value == "rest":
        return ""
    return f"{100 * float(rows[0].value):.0f} % leave so"


def _stay(state: ModelState) -> str:
    rows = state.dwell or ()
    if not rows or {str(dict(row.where)) for row in rows} != {"{}"}:
        return ""
    mean = getattr(rows[-1], "mean", None)
    return f"mean stay {float(mean) * rows[-1].factor:.0f} days" if mean else ""


def label(state: str, model: Model) -> str:
    """A state in words."""
    return model.states[state].label or words(state).capitalize()


def words(name: str) -> str:
    """A name of a file as words."""
    return name.replace("_", " ").replace("-", " ")
