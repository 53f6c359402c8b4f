"""A model: a county's justice system written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from remand.model.clock import Clock
from remand.model.policy import Policy, Source
from remand.model.spec import Date, FrozenDict, Names, Sourced
from remand.model.states import KINDS, AnyState, Kind
from remand.model.strata import Strata
from remand.model.uncertain import NotNegative, Positive, Share
from remand.model.values import Arrivals, Disparity, Residents, Stock


def _as_axes(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {axis: list(v) if isinstance(v, list | tuple) else v for axis, v in value.items()}


class Price(Sourced):
    """What custody of a kind costs someone: by the person-day, or by the wing that is open.

    Attributes:
        kind: of custody.
        basis: ``marginal`` is what one person-day more or less costs at once (food, medicine,
            clothing); ``step-fixed`` is staff and upkeep of a *wing*, whatever can only close as a
            whole; ``average`` is a budget over all people in it, which tells what custody costs
            and never what fewer people would save.
        payer: who pays (county, state, …), in the file's own words; it is shown with every figure.
        value, unit: dollars a person-day, a person-year (365.25 days) or a wing-year.
        from_: the first date on which it holds; absent means always. Among prices of one kind,
            basis and payer, the latest not after the date.
        places: people a wing can hold; step-fixed only.
        margin: the share of those places that must stay free (peaks, separation of people).
    """

    kind: Kind
    basis: Literal["marginal", "step-fixed", "average"]
    payer: str = "payer not named"
    value: NotNegative
    unit: Literal["USD per person-day", "USD per person-year", "USD per wing-year"]
    from_: Date | None = Field(None, alias="from")
    places: Positive | None = None
    margin: Annotated[Share | None, Field(lt=1)] = None

    @model_validator(mode="after")
    def _of_people_or_of_wings(self) -> Price:
        if self.basis != "step-fixed":
            if self.places is not None or self.margin is not None:
                raise ValueError("'places' and 'margin' belong to a step-fixed price alone")
            if self.unit == "USD per wing-year":
                raise ValueError(f"a price of basis {self.basis} is per person-day or person-year")
        elif self.places is None or self.unit != "USD per wing-year":
            raise ValueError(
                "a step-fixed price is that of a wing: give its 'places', and 'unit: USD per "
                "wing-year'"
            )
        return self

    @property
    def per_day(self) -> float:
        """Dollars a day, of a person or of a wing."""
        return self.value / (1.0 if self.unit.endswith("day") else 365.25)

    @property
    def usable(self) -> float:
        """People at whom a wing is full, its margin being free."""
        return (self.places or 0.0) * (1.0 - (self.margin or 0.0))


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


@dataclass(frozen=True)
class ReadFrom:
    """Where a model was read from: no part of what it says, so any two are equal."""

    folder: str | None = field(default=None, compare=False)


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
        prices: what custody costs, by kind, basis, payer and date.
        counted: published counts to show beside the model's.
        policies: acts that belong to the base (courts, police), and any edit made since.
        sources_file: a CSV beside the model with one cited figure a row, by ``id``.
        sources: further sources by key.
        draws_file: draws of a fit beside the model (`remand.files.read_draws`).
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
    draws_file: str | None = None

    _read_from: ReadFrom = PrivateAttr(default=ReadFrom())

    @property
    def folder(self) -> str | None:
        """The folder it was read from, where files beside it are looked for."""
        return self._read_from.folder

    def replace(self, **changes: Any) -> Self:
        """A new model with some fields changed, validated again; its folder stays the same."""
        return super().replace(**changes).beside(self.folder)

    def beside(self, folder: str | None) -> Self:
        """The same model as read from a folder."""
        model = self.model_copy()
        model._read_from = ReadFrom(folder)  # noqa: SLF001 - its own
        return model

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
        return self.model_copy(update={"policies": self.policies + policies}) if policies else self
