"""States people are in, and the exits by which they leave."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from remand.model.spec import FrozenDict, Names, Sourced
from remand.model.values import Dwells, Shares

Kind = Literal["booking", "jail", "prison", "supervision", "community"]
KINDS: tuple[Kind, ...] = ("booking", "jail", "prison", "supervision", "community")

GONE = "gone"
"""The exit target of people who leave the model for good; never a state, never counted."""


class Exit(Sourced):
    """One way out of a state.

    Attributes:
        to: the state entered next, or ``gone``; by default the exit's own name.
        share: of those who enter the state, how many leave this way.
        dwell: how long they stay first; by default the state's law.
    """

    to: str | None = None
    share: Shares | None = None
    dwell: Dwells | None = None


class State(Sourced):
    """Where a person is.

    Attributes:
        kind: what holding them there means.
        label: how it is called in tables (by default its name).
        statuses: labels the model's author gives (``pretrial_only``, ``detainer`` …), free and
            not exclusive; figures can be read by status.
        dwell: the law of exits that have none of their own; a joint ``table`` gives the shares
            of the exits as well.
        exits: by name. Their shares sum to 1 in every stratum on every date.
        normalise: divide the shares by their sum instead of refusing them.
    """

    kind: Kind
    label: str | None = None
    statuses: Names = ()
    dwell: Dwells | None = None
    exits: FrozenDict[str, Exit]
    normalise: bool = False

    @model_validator(mode="after")
    def _some_exit(self) -> State:
        if not self.exits:
            raise ValueError("a state needs at least one exit (people who leave for good: gone)")
        return self

    def target(self, exit_name: str) -> str:
        """The state an exit leads to (or ``gone``)."""
        return self.exits[exit_name].to or exit_name


def _bare_exits(value: Any) -> Any:
    """Let ``exits: gone`` stand for a single exit that everyone takes."""
    if isinstance(value, dict) and isinstance(value.get("exits"), str):
        return {**value, "exits": {value["exits"]: {"share": "rest"}}}
    return value


AnyState = Annotated[State, BeforeValidator(_bare_exits)]
