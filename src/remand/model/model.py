"""A model: a county's justice system written down."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from remand.model.clock import Clock
from remand.model.policy import Policy, Source
from remand.model.spec import Date, FrozenDict, Names, Sourced
from remand.model.states import KINDS, AnyState, Kind
from remand.model.strata import Strata
from remand.model.uncertain import NotNegative
from remand.model.values import Arrivals, Disparity, Residents, Stock


def _as_axes(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {axis: list(v) if isinstance(v, list | tuple) else v for axis, v in value.items()}


class Price(Sourced):
    """What a person-day in a kind of custody costs, and on which basis."""

    kind: Kind
    basis: Literal["marginal", "step-fixed", "average"]
    value: NotNegative
    unit: Literal["USD per person-day", "USD per person-year"]

    @property
    def per_day(self) -> float:
        """Dollars a person-day."""
        return self.value / (365.25 if self.unit.endswith("year") else 1.0)


class Counted(Sourced):
    """A published count, shown beside what the model says; never read by an engine.

    Attributes:
        kind: of custody counted.
        from_, to: the period it is a mean of, [from, to).
        value: people.
        fitted: whether the model was fitted to it, so that agreement proves nothing.
    """

    kind: Kind
    from_: Date = Field(alias="from")
    to: Date
    value: NotNegative
    fitted: bool = False


class Model(Sourced):
    """Everything a run needs to know about a place.

    Attributes:
        remand: version of this file format.
        name: what commands call it.
        title: what pages call it.
        counts: how the jail's people are counted: ``in-facility`` or ``jurisdiction``.
        clock: start, step, how stays become steps.
        strata: axes and their levels; every combination is a stratum, fixed for life.
        states: by name.
        arrivals: by the state they enter.
        tonight: the census before the first step by state, or ``steady``. A state may be
            ``steady`` too; a state not listed is empty.
        residents, disparity: what rates are per, and which levels are compared.
        prices: what a person-day costs, by kind and basis.
        counted: published counts to show beside the model's.
        policies: acts that belong to the base (courts, police), and any edit made since.
        sources_file: a CSV beside the model with one cited figure a row, by ``id``.
        sources: further sources by key.
    """

    remand: Literal[1] = 1
    name: str
    title: str
    counts: Literal["in-facility", "jurisdiction"]
    clock: Clock
    strata_axes: Annotated[FrozenDict[str, Names], BeforeValidator(_as_axes)] = Field(
        FrozenDict(), alias="strata"
    )
    states: FrozenDict[str, AnyState]
    arrivals: FrozenDict[str, Arrivals]
    tonight: Literal["steady"] | FrozenDict[str, Stock | Literal["steady"]] = "steady"
    residents: Residents | None = None
    disparity: Disparity | None = None
    prices: tuple[Price, ...] = ()
    counted: tuple[Counted, ...] = ()
    policies: tuple[Policy, ...] = ()
    sources_file: str | None = None
    sources: FrozenDict[str, Source] = FrozenDict()

    @cached_property
    def strata(self) -> Strata:
        """The strata of the model's axes."""
        return Strata(self.strata_axes)

    @property
    def state_names(self) -> tuple[str, ...]:
        """The states in file order."""
        return tuple(self.states)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds the model has, in the fixed order booking … community."""
        present = {state.kind for state in self.states.values()}
        return tuple(kind for kind in KINDS if kind in present)

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """Every status any state has, in file order."""
        return tuple(dict.fromkeys(s for state in self.states.values() for s in state.statuses))

    def enact(self, *policies: Policy) -> Model:
        """A new model in which these policies hold too; this one is untouched.

        Without policies the very same model comes back.
        """
        return self.replace(policies=self.policies + policies) if policies else self
