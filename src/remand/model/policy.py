"""Policies: dated, cited edits with who holds the lever and how well the promise is kept."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WrapSerializer,
    model_validator,
)

from remand.model.edits import NamedEdit
from remand.model.spec import Date, Names, Sourced, Spec
from remand.model.uncertain import NotNegative, Number, Share, Uncertainty

Authority = Literal["prosecutor", "judge", "police", "legislature", "jail", "defender", "several"]


class Source(Spec):
    """Where figures or quotes come from: one entry of a file's ``sources``.

    ``value`` and the fields after it are there when the entry is one cited figure.
    """

    title: str
    publisher: str = ""
    year: str = ""
    address: str = ""
    value: str = ""
    unit: str = ""
    period: str = ""
    definition: str = ""
    note: str = ""


class Compliance(Sourced):
    """The share of eligible people for whom a promise is in fact kept.

    Attributes:
        value: a point, or
        low, high: an assumption range; its midpoint counts where one number is needed, and says so,
            or the value, if one within the range is given too.
        measured: true where the edit's size is itself a measured effect on everyone eligible,
            so that what was not kept is already in it; it then counts as 1 and is no ceiling.
    """

    value: Share | None = None
    low: Share | None = None
    high: Share | None = None
    measured: bool = False

    @model_validator(mode="after")
    def _one_form(self) -> Compliance:
        ranged = self.low is not None or self.high is not None
        if self.low is not None and self.high is not None and self.value is not None:
            ranged = not self.low <= self.value <= self.high  # a value in its range, as one drawn
        if (self.value is not None) + ranged + self.measured != 1:
            raise ValueError("give one of: value; low and high; measured: true")
        if ranged and (self.low is None or self.high is None or self.low > self.high):
            raise ValueError("a range needs 'low' and 'high', low first")
        return self

    @property
    def point(self) -> float:
        """The share the exact run uses: the value, or the middle of the range."""
        if self.measured:
            return 1.0
        if self.value is not None:
            return self.value
        return ((self.low or 0.0) + (self.high or 0.0)) / 2

    def uncertain(self) -> dict[str, Uncertainty]:
        """The range as the law of the value."""
        if self.low is None or self.high is None or self.low == self.high:
            return {}
        point = None if self.value is None else float(self.value)
        return {"value": Uncertainty(low=self.low, high=self.high, point=point)}

    @property
    def ceiling(self) -> bool:
        """Whether this supposes the promise kept for everyone: an upper bound, not a forecast."""
        return not self.measured and self.point == 1


def _bare_compliance(value: Any) -> Any:
    law = isinstance(value, dict) and "law" in value
    return {"value": value} if law or isinstance(value, int | float) else value


def _edit_by_name(edit: Any, handler: SerializerFunctionWrapHandler) -> Any:
    return {edit.edit: handler(edit)}


Edits = tuple[Annotated[NamedEdit, WrapSerializer(_edit_by_name)], ...]


class Claimed(Sourced):
    """What someone said a policy would do, to be shown beside what the model says."""

    quote: str
    quantity: str
    value: Number
    unit: str
    kind: str | None = None


class Policy(Sourced):
    """One promise or act: edits, from a date, by someone who holds the lever.

    Attributes:
        name: short, unique in its platform.
        authority: who can do it. ``several`` only where the act is truly joint.
        about: what it does, in the file's own words.
        quote: the words of the promise, only as a stored source has them.
        starts, ends: it holds on [starts, ends); no end means for good.
        phase_in: days over which it grows linearly from nothing to full.
        applies_to: ``entrants`` governs who enters a state from the date on; ``everyone`` treats
            those inside as if the edited law had held since they came.
        compliance: the share of eligible people for whom it is kept.
        edits: what changes. May be empty only with ``no_edits``, which says why.
        claimed: what its authors said it would do.
    """

    name: str
    authority: Authority
    about: str | None = None
    quote: str | None = None
    starts: Date
    ends: Date | None = None
    phase_in: NotNegative = 0.0
    applies_to: Literal["entrants", "everyone"] = "entrants"
    compliance: Annotated[Compliance, BeforeValidator(_bare_compliance)]
    edits: Edits = ()
    no_edits: str | None = None
    claimed: Claimed | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Policy:
        if self.ends is not None and self.ends <= self.starts:
            raise ValueError(f"ends {self.ends}, which is not after it starts ({self.starts})")
        if self.applies_to == "everyone" and self.phase_in:
            raise ValueError(
                "phase_in cannot go with 'applies_to: everyone': those inside change at once"
            )
        if not self.edits and self.no_edits is None:
            raise ValueError("a policy without edits must say why in 'no_edits'")
        return self

    def in_force(self, date: dt.date) -> bool:
        """Whether the policy holds on a date."""
        return self.starts <= date and (self.ends is None or date < self.ends)


class Unmodelled(Spec):
    """A promise kept in the file though the model cannot express it.

    ``quote`` holds words a stored source has; where it has none, ``about`` says what was promised.
    """

    quote: str | None = None
    about: str | None = None
    source: Annotated[Names, Field(min_length=1)]
    why: str
    authority: Authority = "prosecutor"

    @model_validator(mode="after")
    def _said(self) -> Unmodelled:
        if self.quote is None and self.about is None:
            raise ValueError("say what was promised: 'quote', or 'about' where no quote is stored")
        return self

    @property
    def words(self) -> str:
        """The promise as it can be shown: a quote in quotation marks, or the file's own words."""
        return f"“{self.quote}”" if self.quote is not None else str(self.about)
