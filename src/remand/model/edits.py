"""Edits: the six ways a policy can change a model.

Each edit is data. `remand.engine.compile` applies it to the joint exit × duration tables of the
people it reaches, so compliance and phase-in mix *people*, never parameters.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from remand.errors import did_you_mean
from remand.model.clock import DAYS_PER
from remand.model.spec import FrozenDict, Names, Sourced, Spec, Where
from remand.model.uncertain import NotNegative, Number, Positive, Share
from remand.model.values import AnyDwell, TimeUnit


class Edit(Sourced):
    """What every edit has: the state it acts on and the strata it reaches."""

    state: str
    where: Where = FrozenDict()


class Admit(Edit):
    """Scale arrivals from outside into a state: 0.9 is a tenth fewer."""

    edit: Literal["admit"] = Field("admit", exclude=True, repr=False)
    scale: NotNegative


class Divert(Edit):
    """Send a share of the people of one exit out by another.

    They stay as long as people of exit ``to`` do, unless ``keep_dwell``.
    """

    edit: Literal["divert"] = Field("divert", exclude=True, repr=False)
    exit: str
    to: str
    share: Share
    keep_dwell: bool = False


class ShareEdit(Edit):
    """Set an exit's share (``to``), move it by points (``by``) or multiply it (``scale``).

    ``by: 0.11`` is 11 points more, ``scale: 1.1`` a tenth more of itself. The exits in ``from``
    give way, or take what is freed; without it, all others pro rata.
    """

    edit: Literal["share"] = Field("share", exclude=True, repr=False)
    exit: str
    to: Share | None = None
    by: Number | None = None
    scale: NotNegative | None = None
    from_: Names = Field((), alias="from")

    @model_validator(mode="after")
    def _one_way(self) -> ShareEdit:
        if sum(way is not None for way in (self.to, self.by, self.scale)) != 1:
            raise ValueError(
                "give one of 'to' (the new share), 'by' (points more or less), 'scale' (a factor)"
            )
        return self

    @property
    def way(self) -> Literal["to", "by", "scale"]:
        """The field that is given."""
        return "to" if self.to is not None else "by" if self.by is not None else "scale"


class DwellEdit(Edit):
    """Change how long people stay: ``scale``, ``floor``, ``cap`` or a new ``law``.

    Attributes:
        exits: the exits it touches; all of them if empty.
        cap: nobody stays longer than this; who would leaves then, by ``exit``.
        unit: of ``floor`` and ``cap``.
    """

    edit: Literal["dwell"] = Field("dwell", exclude=True, repr=False)
    exits: Names = ()
    scale: Positive | None = None
    floor: NotNegative | None = None
    cap: NotNegative | None = None
    exit: str | None = None
    law: AnyDwell | None = None
    unit: TimeUnit = "days"

    @model_validator(mode="after")
    def _one_change(self) -> DwellEdit:
        given = [n for n in ("scale", "floor", "cap", "law") if getattr(self, n) is not None]
        if len(given) != 1:
            told = " and ".join(given) if given else "none of them"
            raise ValueError(f"give exactly one of scale, floor, cap, law (here: {told})")
        if self.exit is not None and self.cap is None:
            raise ValueError("'exit' goes with 'cap' (to limit the edit to some exits use 'exits')")
        return self

    def in_days(self, value: float) -> float:
        """A bound of this edit in days."""
        return value * DAYS_PER[self.unit.removesuffix("s")]


class Release(Edit):
    """Discharge a share of those inside, once, on the day the policy starts."""

    edit: Literal["release"] = Field("release", exclude=True, repr=False)
    share: Share
    exit: str


class Discharge(Spec):
    """When full, let people already inside go: the order, and the exit they take."""

    order: Literal["nearest", "random"] | Names
    to: str


class Refuse(Spec):
    """When full, send those who would enter to another state."""

    to: str


class WhenFull(Spec):
    """What gives way at capacity: exactly one of the two."""

    discharge: Discharge | None = None
    refuse: Refuse | None = None

    @model_validator(mode="after")
    def _one_way(self) -> WhenFull:
        if (self.discharge is None) == (self.refuse is None):
            raise ValueError("say either 'discharge' or 'refuse'")
        return self


class Capacity(Edit):
    """Hold a state at a number of places. Couples people: only the sampled engine can run it."""

    edit: Literal["capacity"] = Field("capacity", exclude=True, repr=False)
    places: NotNegative
    when_full: WhenFull


EDITS: dict[str, type[Edit]] = {
    "admit": Admit,
    "divert": Divert,
    "share": ShareEdit,
    "dwell": DwellEdit,
    "release": Release,
    "capacity": Capacity,
}


def named_edit(value: Any) -> Any:
    """Read ``divert: {state: …}`` as an edit of that name.

    >>> named_edit({"admit": {"state": "arraignment", "scale": 0.9}})
    {'edit': 'admit', 'state': 'arraignment', 'scale': 0.9}
    """
    if isinstance(value, dict) and len(value) == 1:
        ((name, body),) = value.items()
        if name in EDITS and isinstance(body, dict):
            return {"edit": name, **body}
    if isinstance(value, dict) and "edit" not in value:
        names = [f"'{name}'" for name in value]
        if len(names) > 1:
            raise ValueError(
                f"{' and '.join(names)} stand in one edit. Fix: begin each edit with its own '- '"
            )
        if not names or next(iter(value)) in EDITS:
            name = next(iter(value), "admit")
            raise ValueError(f"an edit must say what it changes. Fix: write {name}: {{state: …}}")
        known = did_you_mean(next(iter(value)), EDITS)
        raise ValueError(f"there is no edit {names[0]}. Fix: {known}")
    return value


AnyEdit = Annotated[
    Admit | Divert | ShareEdit | DwellEdit | Release | Capacity,
    Field(discriminator="edit"),
]
NamedEdit = Annotated[AnyEdit, BeforeValidator(named_edit)]
