"""People held under parts of a chain of platforms: what an explanation is made of.

Parts are run exactly, by `people`; how far an assumption moves them, by the quick solver of draws.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from remand.engine.binned import Solver
from remand.engine.compile import compile_model
from remand.engine.doors import by_door
from remand.engine.draft import Draft
from remand.engine.expected import Path as SolvedPath
from remand.engine.expected import solve
from remand.engine.kernel import Floats
from remand.engine.moments import Reward
from remand.engine.threads import in_threads
from remand.errors import InputError, Path, Refusal
from remand.model.edits import Capacity
from remand.model.platform import Scenario
from remand.model.policy import Policy
from remand.model.states import KINDS, Kind
from remand.model.uncertain import resolved
from remand.outcomes.cells import Cells, Groups, Place
from remand.outcomes.tally import Tally, expected
from remand.outcomes.variance import Held
from remand.outcomes.windows import Windows
from remand.runs.engines import named


def people(scenario: Scenario, until: dt.date, windows: Windows, doors: Kind) -> Tally:
    """Person-steps and admissions in each kind of custody under a scenario, exactly.

    The places go on with the doors of one kind (the states it is entered by), the groups with each
    stratum. It keeps to one thread: scenarios go side by side.
    """
    model = scenario.model
    with named(scenario):
        kernel = compile_model(model, until)
    told = by_door(kernel, KINDS.index(doors))
    whole = Cells.of(model, ())
    kinds = [replace(place, members=place.members[told.origin]) for place in whole.places]
    entered = [
        Place("door", model.state_names[door], told.door == door)
        for door in np.unique(told.door[told.door >= 0])
    ]
    strata = np.eye(len(model.strata), dtype=bool)
    groups = Groups(
        axes=tuple(model.strata_axes),
        cells=((), *model.strata.cells),
        members=np.concatenate([np.ones((1, len(strata)), bool), strata]),
        shape=(len(strata),),
    )
    cells = Cells((*kinds, *entered), groups, whole.levels)
    path = solve(told.kernel, threads=1)
    return replace(expected(path, windows, cells, ()), admissions=_admitted(path, windows, cells))


def _admitted(path: SolvedPath, windows: Windows, cells: Cells) -> Floats:
    """Admissions by place, group and window: moves are summed before they are sorted by place."""
    kernel = path.kernel
    arrivals = windows.sums(kernel.arrivals)
    summed = replace(
        path,
        kernel=replace(kernel, arrivals=arrivals, steps=arrivals.shape[-1]),
        left=tuple(windows.sums(left) for left in path.left),
    )
    moves = summed.moves(np.array([Reward.admissions(m).move for m in cells.members]))
    return np.asarray(np.einsum("gs,psw->pgw", cells.groups.members.astype(float), moves))


@dataclass(frozen=True)
class Variant:
    """A chain with some of its policies, and some numbers of its model changed.

    Attributes:
        policies: of each platform of the chain, those that hold.
        values: places in the model and what stands there.
    """

    policies: tuple[tuple[Policy, ...], ...]
    values: tuple[tuple[Path, float], ...] = ()


@dataclass(frozen=True)
class Worlds:
    """A scenario of which parts can be left out or changed; each variant is run once.

    Attributes:
        scenario: the whole chain.
        until: the run's end, exclusive.
        windows: the one period that figures are means of.
        kinds: kinds of custody, the one that is explained first.
    """

    scenario: Scenario
    until: dt.date
    windows: Windows
    kinds: tuple[Kind, ...]
    _known: dict[Variant, Tally] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, scenario: Scenario, since: dt.date, until: dt.date) -> Self:
        """A chain over [since, until).

        Raises InputError for a period outside the model's time or a model without custody,
        Refusal where a rule couples people.
        """
        kinds = tuple(k for k in ("jail", "prison", "supervision") if k in scenario.base.kinds)
        if not kinds:
            raise InputError.of(
                "the model holds nobody: none of its states is jail, prison or supervision",
                fix="give the kind of at least one state as jail",
            )
        for policy in scenario.model.policies:
            if any(isinstance(edit, Capacity) for edit in policy.edits):
                raise Refusal(
                    f"policy '{policy.name}' holds a state at a number of places: who gets one "
                    "depends on who else is inside, and explain reads expected counts, which have "
                    "no exact solution then. remand compare runs such rules by chance"
                )
        return cls(scenario, until, Windows.over(scenario.base.clock, since, until, None), kinds)

    def variant(
        self, policies: Sequence[Sequence[Policy]], values: Sequence[tuple[Path, float]] = ()
    ) -> Variant:
        """A variant without the policies that do nothing before the end of the run."""
        kept = tuple(tuple(p for p in own if self.acts(p)) for own in policies)
        return Variant(kept, tuple(values))

    def acts(self, policy: Policy) -> bool:
        """Whether a policy can change anything before the end of the run."""
        return bool(policy.edits) and policy.starts < self.until

    def of_variant(self, variant: Variant) -> Scenario:
        """A variant as a scenario of its own."""
        chain = [
            platform.replace(policies=own)
            for platform, own in zip(self.scenario.chain, variant.policies, strict=True)
        ]
        return Scenario.of(resolved(self.scenario.base, dict(variant.values)), chain)

    def run(self, variants: Sequence[Variant]) -> None:
        """Run those not known yet, on a few threads."""
        new = [variant for variant in dict.fromkeys(variants) if variant not in self._known]

        def one(variant: Variant) -> Tally:
            return people(self.of_variant(variant), self.until, self.windows, self.kinds[0])

        self._known.update(zip(new, in_threads(one, new, threads=None), strict=True))

    def levels(self, variant: Variant) -> Floats:
        """(kinds,) mean people held under a variant that was run."""
        tally = self._known[variant]
        order = [place.name for place in Cells.of(self.scenario.base, ()).places]
        rows = [order.index(kind) for kind in self.kinds]
        return np.asarray(tally.held[rows, 0, 0] / tally.lengths[0])

    def nearly(self, variants: Sequence[Variant]) -> dict[Variant, float]:
        """Mean people of the first kind under many variants, by the quick solver of draws.

        Meant for how far a number moves it; what is printed as a level is run exactly.
        """
        new = list(dict.fromkeys(variants))
        models = {variant: self.of_variant(variant).model for variant in new}
        whole = self.variant([platform.policies for platform in self.scenario.chain])
        draft = Draft([self.of_variant(whole).model], self.until)
        states = np.array([s.kind == self.kinds[0] for s in self.scenario.base.states.values()])
        nothing = np.zeros((0, len(states) + 1, len(states) + 1))
        solver = Solver(draft, self.windows.bounds, states[None].astype(float), nothing)

        def one(variant: Variant) -> float:
            with named(self.scenario):
                lanes = draft.lanes([models[variant]])
            return float(solver.solve(lanes).held.sum()) / float(self.windows.lengths[0])

        return {variant: one(variant) for variant in new}

    def held(self, variant: Variant) -> Held:
        """Person-days and admissions of the first kind, by door and stratum."""
        tally, step = self._known[variant], self.scenario.base.clock.days
        first = len(Cells.of(self.scenario.base, ()).places)
        assert tally.admissions is not None  # noqa: S101 - `people` counts them
        return Held(
            float(tally.lengths[0]) * step,
            tally.held[first:, 1:, 0].ravel() * step,
            tally.admissions[first:, 1:, 0].ravel(),
        )
