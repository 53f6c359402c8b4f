"""Behavioural effects: how people may answer a policy, if someone asks.

No policy here changes what people do; it changes what is done with them. Whoever wants to know what
would follow if people came back more often, or less, or missed court more, or less, gives a
file of effects. An effect is always two-sided: its size is a range on both sides of no effect,
so that no conclusion can be put in by way of an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from remand.model.edits import Edit
from remand.model.policy import Edits, Policy, Source
from remand.model.spec import Date, FrozenDict, Names, Sourced, Spec
from remand.model.uncertain import NotNegative, Uncertain, places_of, resolved

ANY = "any"
"""What an effect goes with that any policy brings."""

NOTHING = {"scale": 1.0, "by": 0.0}
"""The fields that are the size of an edit, and where each changes nothing."""


class Effect(Sourced):
    """How people may answer a policy.

    It reaches everyone its edits name, not only those whom the policy let go: a model does not
    remember why somebody is where they are.

    Attributes:
        name: short, unique in its file.
        label: what pages call it.
        about: what it supposes, in the file's own words.
        with_: the policies it goes with (written ``with``): their names, names of platforms for
            all of theirs that have edits, ``PLATFORM#POLICY``, or ``any``.
        starts: it holds from this date on, but never before the first of those policies does.
        phase_in: days over which it grows to its full size; by default as that first policy.
        edits: what changes; each has a size, which is a range on both sides of no effect.
    """

    name: str
    label: str | None = None
    about: str | None = None
    with_: Annotated[Names, Field(min_length=1)] = Field(alias="with")
    starts: Date | None = None
    phase_in: NotNegative | None = None
    edits: Annotated[Edits, Field(min_length=1)]

    def follows(self, held: Iterable[tuple[str, Policy]]) -> tuple[Policy, ...]:
        """Which policies it goes with, of some that are told with the names of their platforms."""
        names = set(self.with_)
        return tuple(
            policy
            for platform, policy in held
            if names & {policy.name, f"{platform}#{policy.name}"}
            or (policy.edits and names & {ANY, platform})
        )

    def enacted(self, policies: Iterable[Policy]) -> Policy | None:
        """The effect as one more policy beside those it follows; None where it changes nothing.

        However many they are, it comes once: from the first to the last of them, and kept as far
        as the best kept of them, since a promise nobody keeps is one nobody answers. It is nobody's
        lever; as authority stands whoever holds that of the first.
        """
        policies = tuple(policies)
        edits = tuple(
            edit
            for edit in self.edits
            if (size := size_of(edit)) is None or getattr(edit, size) != NOTHING[size]
        )
        if not policies or not edits:
            return None
        first = min(policies, key=lambda policy: policy.starts)
        starts = max(first.starts, self.starts or first.starts)
        ends = [policy.ends for policy in policies if policy.ends is not None]
        last = max(ends) if len(ends) == len(policies) else None
        if last is not None and last <= starts:
            return None
        return Policy(
            name=self.name,
            authority=first.authority,
            about=self.about,
            starts=starts,
            ends=last,
            phase_in=first.phase_in if self.phase_in is None else self.phase_in,
            compliance=max((policy.compliance for policy in policies), key=lambda c: c.point),
            edits=edits,
            source=self.source,
            inferred=self.inferred,
        )

    @property
    def words(self) -> str:
        """Its name and how large it may be, as every output says it.

        >>> edit = {"admit": {"state": "jail", "scale": {"low": 0.9, "high": 1.1}}}
        >>> Effect.model_validate({"name": "deterrence", "with": "any", "edits": [edit]}).words
        'deterrence (0.9–1.1 times, assumption range)'
        """
        return f"{self.name} ({'; '.join(dict.fromkeys(self._sizes()))})"

    def _sizes(self) -> Iterator[str]:
        for edit in self.edits:
            field = size_of(edit)
            number = getattr(edit, field) if field else None
            if field is None or not isinstance(number, Uncertain):
                continue
            low, high = number.law.between()
            middle = "" if number == NOTHING[field] else f", {number:.3g} in the middle"
            size = f"{low:.3g}–{high:.3g} times" if field == "scale" else (
                f"{100 * low:+.3g} to {100 * high:+.3g} points".replace("-", "−")
            )  # fmt: skip
            kind = "assumption range" if number.law.assumed else "90 % interval"
            yield f"{size}{middle}, {kind}"


class Effects(Spec):
    """A file of effects.

    Attributes:
        name: scenarios that have effects in them carry it beside the platform's name.
        title: what pages call it.
        about: what is supposed, in a sentence or two.
        effects: in file order.
        sources_file, sources: as in a platform.
    """

    remand: Literal[1] = 1
    name: str
    title: str
    about: str
    effects: Annotated[tuple[Effect, ...], Field(min_length=1)]
    sources_file: str | None = None
    sources: FrozenDict[str, Source] = FrozenDict()

    def at(self, rank: float) -> Effects:
        """The same effects with every range at one rank: 0 is its low end, 1 its high end."""
        values = {
            place.path: float(place.law.quantile(np.array([rank]))[0]) for place in places_of(self)
        }
        return resolved(self, values)


def size_of(edit: Edit) -> str | None:
    """The field of an edit that says how much it changes; None if it has none that may be nothing.

    >>> from remand.model.edits import Admit, Divert
    >>> size_of(Admit(state="jail", scale=0.9))
    'scale'
    >>> size_of(Divert(state="jail", exit="out", to="prison", share=0.5))
    """
    return next((name for name in NOTHING if getattr(edit, name, None) is not None), None)
