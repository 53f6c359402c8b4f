"""Worlds: what is uncertain in some scenarios, drawn alike for all of them.

Draw ``i`` is one world. A number that several scenarios share (a rate of the model, the compliance
of a platform they all come after) has one value in it, so that what differs between scenarios in
one world is what their policies do. Ranks are drawn by number, from the seed and the number's own
name: a platform more or less leaves every other number's draws where they were. Each number's ranks
are spread evenly (M. McKay, R. Beckman & W. Conover, *Technometrics* 21, 1979).
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from remand.engine.kernel import Floats
from remand.errors import Path
from remand.model.effects import Effects
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.model.policy import Policy
from remand.model.uncertain import EDGE, Place, Uncertain, Uncertainty, places_of, resolved

if TYPE_CHECKING:
    from remand.fitting.drawn import FitDraws

Source = Literal["parameters", "promise", "baseline", "behaviour"]
SOURCES: tuple[Source, ...] = ("parameters", "promise", "baseline", "behaviour")
"""Why a figure is not known, chance apart: what records could not pin down; how far a promise is
kept and what it does; how arrivals drift by themselves; and, if asked for, how people answer."""

BESIDE = frozenset({"prices", "residents", "counted"})
"""Parts of a model that no person's way depends on. Prices are drawn for figures; the others are
what figures are held against, and stay at their points."""


@dataclass(frozen=True)
class Assumption:
    """One number that is not known, or several that move as one.

    Attributes:
        name: its ``together`` name, or where it stands.
        source: which of `SOURCES` it belongs to.
        law: how well it is known (of the first, if several).
        many: how many numbers it moves.
        assumed: whether the law of any of them is someone's choice.
    """

    name: str
    source: Source
    law: Uncertainty
    many: int = 1
    assumed: bool = True


@dataclass(frozen=True)
class _Drawn:
    """The uncertain numbers of one part: where they stand, and their values (draws, numbers)."""

    places: tuple[Path, ...]
    values: Floats

    def of(self, draw: int) -> dict[Path, object]:
        return dict(zip(self.places, self.values[draw].tolist(), strict=True))


class Worlds:
    """Draws of some scenarios on one model.

    Attributes:
        draws: how many.
        scenarios: as they were given, alike policies of different scenarios being one object.
        assumptions: what is drawn, in file order.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        until: dt.date,
        draws: int,
        seed: int,
        fit: FitDraws | None = None,
    ) -> None:
        """``fit`` holds the draws of a fitted model, which are taken in turn."""
        self.draws, self.seed, self.fit = draws, seed, fit
        self.scenarios = tuple(_shared(scenarios))
        self.assumptions: list[Assumption] = []
        self._ranks: dict[str, Floats] = {}
        self._scored: list[tuple[Source, Floats]] = []
        base = self.scenarios[0].base
        numbers = list(places_of(base if fit is None else fit.model(0)))
        engine = [place for place in numbers if place.path[0] not in BESIDE]
        self._base = self._drawn("model", engine)
        self._beside = self._drawn("model", [p for p in numbers if p.path[0] == "prices"])
        named = {
            id(policy): (f"{platform.name.partition('#')[0]}/{policy.name}", policy)
            for scenario in self.scenarios
            for platform in scenario.chain
            for policy in platform.policies
        }
        self._policies = {
            key: self._drawn(name, list(places_of(policy))) for key, (name, policy) in named.items()
        }
        answers = {id(s.effects): s.effects for s in self.scenarios if s.effects is not None}
        self._effects = {
            key: self._drawn(effects.name, list(places_of(effects)), "behaviour")
            for key, effects in answers.items()
        }
        self._shocks = self._drawn_shocks(base if fit is None else fit.model(0), until)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that any number is drawn for."""
        held = {assumption.source for assumption in self.assumptions}
        if self.fit is not None:
            held.add("parameters")
        return tuple(source for source in SOURCES if source in held)

    def models(self, draw: int) -> list[Model]:
        """The edited model of each scenario in one world; parts that are alike are shared."""
        base = self.scenarios[0].base
        if self.fit is not None:
            base = self.fit.model(draw % self.fit.count)
        base = self._shocked(resolved(base, self._base.of(draw)), draw)
        policies: dict[int, Policy] = {}
        platforms: dict[int, Platform] = {}
        effects: dict[int, Effects] = {}
        models = []
        for scenario in self.scenarios:
            for platform in scenario.chain:
                for policy in platform.policies:
                    if id(policy) not in policies:
                        values = self._policies[id(policy)].of(draw)
                        policies[id(policy)] = resolved(policy, values)
                if id(platform) not in platforms:
                    own = tuple(policies[id(policy)] for policy in platform.policies)
                    platforms[id(platform)] = platform.model_copy(update={"policies": own})
            answer = scenario.effects
            if answer is not None and id(answer) not in effects:
                effects[id(answer)] = resolved(answer, self._effects[id(answer)].of(draw))
            chain = tuple(platforms[id(platform)] for platform in scenario.chain)
            asked = None if answer is None else effects[id(answer)]
            models.append(replace(scenario, base=base, chain=chain, effects=asked).model)
        return models

    def beside(self, model: Model) -> Model:
        """A model whose prices are arrays over the draws, for figures of all of them at once."""
        values: dict[Path, object] = {
            path: self._beside.values[:, i] for i, path in enumerate(self._beside.places)
        }
        return resolved(model, values)

    # -- ranks ------------------------------------------------------------------------------

    def _drawn(self, owner: str, places: Sequence[Place], source: Source | None = None) -> _Drawn:
        values = np.zeros((self.draws, len(places)))
        for i, place in enumerate(places):
            name = f"{owner}/{'.'.join(map(str, place.path))}"
            own = source or _source(owner, place.path)
            values[:, i] = place.law.quantile(self._rank(own, name, place.law))
        return _Drawn(tuple(place.path for place in places), values)

    def _rank(self, source: Source, name: str, law: Uncertainty) -> Floats:
        """Ranks of a number, those of its ``together`` name if it has one: (draws,)."""
        name = law.together or name
        if name in self._ranks:
            known = next(i for i, one in enumerate(self.assumptions) if one.name == name)
            one = self.assumptions[known]
            chosen = one.assumed or law.assumed
            self.assumptions[known] = replace(one, many=one.many + 1, assumed=chosen)
        else:
            self.assumptions.append(Assumption(name, source, law, assumed=law.assumed))
            self._ranks[name] = self._even(name, source)
        return self._ranks[name]

    def _even(self, name: str, source: Source) -> Floats:
        """Ranks spread evenly over 0–1, in an order of the name's own: (draws,)."""
        rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
        ranks = (rng.permutation(self.draws) + rng.random(self.draws)) / self.draws
        self._scored.append((source, _scores(ranks)))
        return ranks

    def scores(self) -> tuple[list[Source], Floats]:
        """Normal scores of all that was drawn by rank, (draws, columns), and each one's source.

        The draws of a fit have no ranks: they are not among them.
        """
        columns = [score for _, score in self._scored]
        return [source for source, _ in self._scored], np.array(columns).reshape(-1, self.draws).T

    # -- baseline ---------------------------------------------------------------------------

    def _drawn_shocks(self, model: Model, until: dt.date) -> Floats:
        """Normal scores of each year's shock, (draws, years): one for all arrivals of a year."""
        drifts = [a.drift for a in model.arrivals.values() if a.drift is not None]
        moving = [drift for drift in drifts if drift.shocks > 0]
        if not moving:
            return np.zeros((self.draws, 0))
        self._first_shock = min(drift.from_ for drift in moving)
        years = max(int(np.ceil((until - self._first_shock).days / 365.25)), 0)
        law = Uncertainty(
            law="normal", mean=0.0, sd=float(moving[0].shocks), source=moving[0].source
        )
        chosen = any(
            drift.shocks.law.assumed if isinstance(drift.shocks, Uncertain) else not drift.source
            for drift in moving
        )
        self.assumptions.append(
            Assumption("drift, year by year", "baseline", law, years, assumed=chosen)
        )
        ranks = [self._even(f"drift/{year}", "baseline") for year in range(years)]
        return _scores(np.array(ranks).reshape(years, self.draws).T)

    def _shocked(self, model: Model, draw: int) -> Model:
        """The model with what each year adds to the growth of its arrivals."""
        added: dict[Path, object] = {}
        for name, arrivals in model.arrivals.items():
            if arrivals.drift is not None and arrivals.drift.shocks > 0:
                since = (arrivals.drift.from_ - self._first_shock).days / 365.25
                years = arrivals.drift.shocks * self._shocks[draw][round(since) :]
                added["arrivals", name, "drift", "years"] = tuple(years.tolist())
        return resolved(model, added)


def _scores(ranks: Floats) -> Floats:
    """Normal scores of ranks, kept off the ends as a number's own are."""
    from scipy.special import ndtri  # noqa: PLC0415 - slow to import

    return np.asarray(ndtri(np.clip(ranks, EDGE, 1 - EDGE)))


def _source(owner: str, path: Path) -> Source:
    """What kind of doubt a number of a model or a policy is of."""
    if owner != "model" or path[0] == "policies":
        return "promise"
    return "baseline" if path[0] == "arrivals" and "drift" in path else "parameters"


def _shared(scenarios: Sequence[Scenario]) -> Iterator[Scenario]:
    """The scenarios, with one object for a policy, a platform or effects that several have."""
    policies: dict[str, Policy] = {}
    platforms: dict[str, Platform] = {}
    for scenario in scenarios:
        chain = []
        for platform in scenario.chain:
            name = platform.name.partition("#")[0]
            written = ((f"{name}/{_text(p.as_document())}", p) for p in platform.policies)
            own = tuple(policies.setdefault(key, policy) for key, policy in written)
            same = platform.model_copy(update={"policies": own})
            chain.append(platforms.setdefault(_text(same.as_document()), same))
        yield replace(scenario, base=scenarios[0].base, chain=tuple(chain))


def _text(document: Mapping[str, object]) -> str:
    return json.dumps(document, sort_keys=True, default=str)
