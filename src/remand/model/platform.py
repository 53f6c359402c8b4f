"""Platforms and scenarios: a set of promises, and the model they are run on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from remand.model.effects import Effect, Effects
from remand.model.model import Model
from remand.model.policy import Policy, Source, Unmodelled
from remand.model.spec import FrozenDict, Names, Spec


class Platform(Spec):
    """What a candidate promises or an office did: policies, and what cannot be modelled.

    Attributes:
        name: what commands call it.
        title: what pages call it.
        about: whose it is and where it stands, in a sentence. No party, no score.
        hypothetical: true if no candidate proposed it; then no candidate's name may stand on it.
        after: platforms that already hold; printed as this one's base.
        policies: in file order.
        not_modelled: promises shown with their quote, since no edit can express them.
        sources: by key.
    """

    remand: Literal[1] = 1
    name: str
    title: str
    about: str
    hypothetical: bool = False
    after: Names = ()
    policies: tuple[Policy, ...] = ()
    not_modelled: tuple[Unmodelled, ...] = ()
    sources_file: str | None = None
    sources: FrozenDict[str, Source] = FrozenDict()

    def only(self, policy: str) -> Platform:
        """The same platform with a single one of its policies; KeyError if it has none such."""
        kept = tuple(p for p in self.policies if p.name == policy)
        if not kept:
            raise KeyError(policy)
        return self.replace(
            name=f"{self.name}#{policy}",
            title=f"{self.title}: {policy}",
            policies=kept,
            not_modelled=(),
        )


@dataclass(frozen=True)
class Scenario:
    """A platform on a model, with the platforms it comes after.

    Attributes:
        base: the model before anything is enacted.
        chain: platforms in the order they are enacted; the last gives the scenario its name.
        effects: how people may answer its policies, if that was asked.
    """

    base: Model
    chain: tuple[Platform, ...]
    effects: Effects | None = None

    @classmethod
    def of(
        cls, model: Model, platforms: Sequence[Platform], effects: Effects | None = None
    ) -> Scenario:
        """A scenario; ``platforms`` are the ones it comes after, then its own."""
        return cls(model, tuple(platforms), effects)

    @property
    def platform(self) -> Platform:
        """The platform the scenario is named after."""
        return self.chain[-1]

    @property
    def name(self) -> str:
        """The platform's name, and that of the effects it is run with.

        So every figure of a scenario with effects says so, in whatever form it is written.
        """
        with_effects = f"+{self.effects.name}" if self.effects and self.answers else ""
        return f"{self.platform.name}{with_effects}"

    @property
    def after(self) -> tuple[str, ...]:
        """Names of the platforms that are part of its base."""
        return tuple(platform.name for platform in self.chain[:-1])

    @property
    def held(self) -> tuple[tuple[str, Policy], ...]:
        """Every policy of the chain, in file order, with the name of the platform it is from."""
        return tuple(
            (p.name.partition("#")[0], policy) for p in self.chain for policy in p.policies
        )

    @property
    def answers(self) -> tuple[Effect, ...]:
        """The effects that go with some policy of the chain; without policies there are none."""
        effects = self.effects.effects if self.effects is not None else ()
        return tuple(effect for effect in effects if effect.follows(self.held))

    @property
    def model(self) -> Model:
        """The edited model: every policy of the chain enacted, in file order, then its effects."""
        held = self.held
        answers = [effect.enacted(effect.follows(held)) for effect in self.answers]
        return self.base.enact(
            *(policy for _, policy in held), *(answer for answer in answers if answer is not None)
        )
