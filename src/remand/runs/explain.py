"""Which promise does how much, through what, and which assumptions that hangs on.

Contributions are averaged over the orders in which policies could be added (`outcomes.orders`) and
split into admissions × days held (`outcomes.variance`), by door and stratum: fewer people who come
in by a door are counted at the stays of those who come by that door.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from remand.engine.kernel import Floats
from remand.model.platform import Scenario
from remand.model.policy import Policy
from remand.model.states import Kind
from remand.outcomes.orders import Orders, Set
from remand.outcomes.suppression import few
from remand.outcomes.variance import split
from remand.provenance import identity, versions
from remand.runs import shown
from remand.runs.compare import inferred_numbers, warnings
from remand.runs.explain_assumptions import Assumption, assumptions
from remand.runs.explain_levers import Lever, Levers
from remand.runs.explain_people import Variant, Worlds
from remand.runs.explain_says import nothing, sentence


@dataclass(frozen=True)
class Part:
    """What one policy adds to the change in people held.

    Attributes:
        policy: which.
        change: people by kind.
        by_admissions, by_days: the parts of the first kind's change: through people who come in
            or do not, and through the days they are held. None where that kind is too small.
        lever: whom it reaches on its own; None if it does nothing in the run.
        overlaps: policies of the chain that change the same state for some of the same people.
        says: one sentence.
    """

    policy: Policy
    change: dict[Kind, float | None]
    by_admissions: float | None
    by_days: float | None
    lever: Lever | None
    overlaps: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Turn:
    """What one platform of a chain adds to the first kind, by when it is added.

    Attributes:
        name: the platform.
        alone: added to the model as it is.
        last: added to all the others.
        averaged: over all orders.
    """

    name: str
    alone: float | None
    last: float | None
    averaged: float | None


@dataclass(frozen=True)
class Explanation:
    """What a platform's change in people held is made of.

    Attributes:
        identity: changes whenever the model, a platform, the period or the program does.
        meta: what was run: model, platform, base, period, orders, versions.
        scenario: the chain.
        before, after: people held by kind, without and with the platform; the first kind is the
            one that sentences, splits and assumptions are of.
        total: their difference, the sum of all parts.
        by_admissions, by_days: sums of the parts' own.
        parts: one a policy, in file order.
        turns: one a platform of the chain that does something, if there are several.
        assumptions: those that matter most first.
        warnings: what a reader must know.
    """

    identity: str
    meta: dict[str, Any]
    scenario: Scenario
    before: dict[Kind, float | None]
    after: dict[Kind, float | None]
    total: dict[Kind, float | None]
    by_admissions: float | None
    by_days: float | None
    parts: tuple[Part, ...]
    turns: tuple[Turn, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The documented shape of ``remand explain --json``; keys may be added, never renamed.

        ``{explain: {id, model, title, platform, base, from, to, kind, orders, …}, total: {before,
        after, change, by_admissions, by_days}, policies: [{name, authority, starts, compliance,
        change, by_admissions, by_days, lever, overlaps, says}], orders: [{platform, alone, last,
        averaged}], assumptions: [{name, label, numbers, low, point, high, because, difference,
        level, swing}], warnings}``. ``before``, ``after`` and ``change`` are people by kind, hidden
        ones null; a ``lever`` is ``{reached, days_before, days_after, bed_days, beds, naive_beds,
        mean_stay}``, people and bed-days a year, null if nobody or fewer than 10 people are
        reached; ``difference`` and ``level`` are ``{low, point, high}``.
        """
        return {
            "explain": {"id": self.identity, **self.meta},
            "total": {
                "before": self.before,
                "after": self.after,
                "change": self.total,
                "by_admissions": self.by_admissions,
                "by_days": self.by_days,
            },
            "policies": [_part(part) for part in self.parts],
            "orders": [
                {"platform": t.name, "alone": t.alone, "last": t.last, "averaged": t.averaged}
                for t in self.turns
            ],
            "assumptions": [_assumption(a) for a in self.assumptions],
            "warnings": list(self.warnings),
        }

    def _repr_html_(self) -> str:
        """How a notebook shows it: what each policy adds, all kinds of custody together."""
        meta, kinds = self.meta, list(self.total)
        rows = [
            [part.policy.name, *(shown.change(part.change[kind]) for kind in kinds)]
            for part in self.parts
        ]
        rows.append(["all together", *(shown.change(self.total[kind]) for kind in kinds)])
        return shown.table(
            f"{meta['platform_title']}: change in people held, {meta['title']}, mean of "
            f"{meta['from']} to {meta['to']} (exclusive)",
            ["policy", *kinds],
            rows,
            [
                *(f"{part.policy.name}: {part.says}" for part in self.parts),
                *(f"Note: {warning}." for warning in self.warnings),
                f"Run {self.identity}, remand {meta['versions']['remand']}.",
            ],
        )

    def to_json(self) -> str:
        """`as_json` as text; dates in ISO form, hidden figures null."""
        return json.dumps(self.as_json(), default=str, ensure_ascii=False)


def explain_scenario(
    scenario: Scenario, until: dt.date, since: dt.date | None = None, seed: int = 0
) -> Explanation:
    """Take a platform apart, over [since, until), on the platforms it comes after.

    ``since`` is by default a year before ``until``, or the model's start if that is later;
    ``seed`` says which orders are drawn where there are too many to take all. Raises InputError
    for a period outside the model's time, Refusal where a rule couples people.
    """
    since = since or max(_year_before(until), scenario.base.clock.start)
    worlds = Worlds.of(scenario, since, until)
    model, own = scenario.base, scenario.platform.policies
    players = [policy for policy in own if worlds.acts(policy)]
    orders = Orders.of(len(players), seed)
    earlier = [platform.policies for platform in scenario.chain[:-1]]
    of_set = {
        chosen: worlds.variant([*earlier, [p for i, p in enumerate(players) if i in chosen]])
        for chosen in orders.sets
    }
    platforms = _Platforms.of(worlds, seed)
    worlds.run([*of_set.values(), *platforms.of_set.values()])
    added = orders.averaged(lambda before, after: _step(worlds, of_set[before], of_set[after]))
    ends = of_set[frozenset()], of_set[frozenset(range(len(players)))]
    levels = np.array([worlds.levels(variant) for variant in ends])
    hidden = np.asarray(few(levels).any(axis=0))
    small = _small(float(worlds.held(ends[0]).admissions.sum()))

    base = Scenario.of(model, scenario.chain[:-1]).model if earlier else model
    levers = Levers.of(base, until, worlds.windows, worlds.kinds[0]) if players else None
    parts = []
    rows = iter(added)
    for policy in own:
        acting = policy in players
        row = next(rows) if acting else np.zeros(len(worlds.kinds) + 2)
        lever = levers.lever(policy) if levers and acting else None
        change = _by_kind(worlds.kinds, row, hidden)
        first = change[worlds.kinds[0]]
        split_shown = first is not None and not small
        parts.append(
            Part(
                policy,
                change,
                float(row[-2]) if split_shown else None,
                float(row[-1]) if split_shown else None,
                lever,
                tuple(_overlapping(policy, scenario)),
                sentence(lever, model, first, float(levels[0, 0]))
                if lever
                else nothing(policy, until),
            )
        )
    sums = added.sum(axis=0) if players else np.zeros(len(worlds.kinds) + 2)
    shown = not (hidden[0] or small)
    return Explanation(
        identity=identity(scenario.model.as_document(), str(since), str(until), seed),
        meta=_meta(scenario, worlds, since, orders),
        scenario=scenario,
        before=_by_kind(worlds.kinds, levels[0], hidden),
        after=_by_kind(worlds.kinds, levels[1], hidden),
        total=_by_kind(worlds.kinds, levels[1] - levels[0], hidden),
        by_admissions=float(sums[-2]) if shown else None,
        by_days=float(sums[-1]) if shown else None,
        parts=tuple(parts),
        turns=platforms.turns(hide=bool(hidden[0])),
        assumptions=tuple(assumptions(worlds)),
        warnings=tuple(warnings([scenario], until)),
    )


def _year_before(day: dt.date) -> dt.date:
    """The same day a year earlier; of a leap day the last of February."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _step(worlds: Worlds, before: Variant, after: Variant) -> Floats:
    """What one step of an order adds: people by kind, then the first's two parts."""
    change = worlds.levels(after) - worlds.levels(before)
    moved = float(split(worlds.held(before), worlds.held(after))[0].sum())
    return np.array([*change, moved, change[0] - moved])


@dataclass(frozen=True)
class _Platforms:
    """The platforms of a chain as causes of their own, if there are several."""

    worlds: Worlds
    orders: Orders
    acting: tuple[int, ...]
    of_set: dict[Set, Variant]

    @classmethod
    def of(cls, worlds: Worlds, seed: int) -> _Platforms:
        chain = worlds.scenario.chain
        acting = tuple(i for i, p in enumerate(chain) if any(map(worlds.acts, p.policies)))
        orders = Orders.of(len(acting) if len(acting) > 1 else 0, seed)
        everyone = frozenset(range(orders.n))
        sets = {
            *orders.sets,
            *(frozenset({i}) for i in everyone),
            *(everyone - {i} for i in everyone),
        }
        of_set = {
            chosen: worlds.variant(
                [
                    p.policies if i in {acting[c] for c in chosen} else ()
                    for i, p in enumerate(chain)
                ]
            )
            for chosen in sets
            if orders.n
        }
        return cls(worlds, orders, acting, of_set)

    def turns(self, *, hide: bool) -> tuple[Turn, ...]:
        """Each platform alone, last, and averaged; called once all sets were run."""
        if not self.orders.n:
            return ()
        people = {s: float(self.worlds.levels(v)[0]) for s, v in self.of_set.items()}
        averaged = self.orders.averaged(lambda a, b: np.array(people[b] - people[a]))
        everyone = frozenset(range(self.orders.n))
        found = []
        for i, platform in enumerate(self.acting):
            own = frozenset({i})
            three = (
                people[own] - people[frozenset()],
                people[everyone] - people[everyone - own],
                float(averaged[i]),
            )
            name = self.worlds.scenario.chain[platform].name
            found.append(Turn(name, *(None if hide else part for part in three)))
        return tuple(found)


def _small(count: float) -> bool:
    """Whether a count is of somebody, but of fewer than ten."""
    return bool(few(np.array(count)))


def _by_kind(kinds: Sequence[Kind], values: Floats, hidden: Any) -> dict[Kind, float | None]:
    return {
        kind: None if hide else float(value)
        for kind, value, hide in zip(kinds, values, hidden, strict=False)
    }


def _overlapping(policy: Policy, scenario: Scenario) -> list[str]:
    """Other policies of the chain that change a state for some of the same people, by name."""
    strata = scenario.base.strata
    found = []
    for platform in scenario.chain:
        for other in platform.policies:
            together = (policy.ends is None or other.starts < policy.ends) and (
                other.ends is None or policy.starts < other.ends
            )
            same = any(
                a.state == b.state and (strata.mask(a.where) & strata.mask(b.where)).any()
                for a in policy.edits
                for b in other.edits
            )
            if other is not policy and together and same:
                own = platform is scenario.platform
                found.append(other.name if own else f"{platform.name}#{other.name}")
    return found


def _meta(scenario: Scenario, worlds: Worlds, since: dt.date, orders: Orders) -> dict[str, Any]:
    inferred, numbers = inferred_numbers(scenario.base)
    return {
        "model": scenario.base.name,
        "title": scenario.base.title,
        "platform": scenario.name,
        "platform_title": scenario.platform.title,
        "base": list(scenario.after),
        "from": str(since),
        "to": str(worlds.until),
        "kind": worlds.kinds[0],
        "engine": "exact",
        "orders": orders.said,
        "inferred": f"{inferred} of the model's {numbers} values "
        f"{'is' if inferred == 1 else 'are'} inferred, not measured",
        "versions": versions(),
    }


def _part(part: Part) -> dict[str, Any]:
    lever = part.lever
    told = None
    if lever is not None and lever.reached > 0 and not _small(lever.reached):
        before = sum(c.days_before for c in lever.yearly)
        after = sum(c.days_after for c in lever.yearly)
        told = {
            "reached": lever.reached,
            "days_before": before / lever.reached,
            "days_after": after / lever.reached,
            "bed_days": lever.bed_days,
            "beds": lever.beds,
            "naive_beds": lever.naive,
            "mean_stay": lever.stay,
        }
    return {
        "name": part.policy.name,
        "authority": part.policy.authority,
        "starts": str(part.policy.starts),
        "compliance": part.policy.compliance.as_document(),
        "change": part.change,
        "by_admissions": part.by_admissions,
        "by_days": part.by_days,
        "lever": told,
        "overlaps": list(part.overlaps),
        "says": part.says,
    }


def _assumption(found: Assumption) -> dict[str, Any]:
    def three(values: Sequence[float | None]) -> dict[str, float | None]:
        return dict(zip(("low", "point", "high"), values, strict=True))

    return {
        "name": found.name,
        "label": found.label,
        "numbers": found.numbers,
        **three(found.values),
        "because": found.because,
        "difference": three(found.difference),
        "level": three(found.level),
        "swing": found.swing,
    }
