"""From lever to beds: whom a policy reaches, and how long they would have been held anyway.

Many people released need not be many beds: it depends on the days that those very people would
have spent inside. For each state that a policy edits, the people who enter it are followed once by
the state's table without the policy and once with it. Who leaves by another exit, or after another
stay, is *reached*; what differs in their days until they leave the kind, is freed (or added).

The days are those of people who enter on the same day, and end when the kind is left: what comes
of it later (a warrant, a sentence, a return) is in a run's own difference, not here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

import numpy as np

from remand.engine.compile import compile_model
from remand.engine.entries import Entries
from remand.engine.expected import Path, solve
from remand.engine.kernel import Floats
from remand.engine.stays import Stays, stays
from remand.engine.steps import mean_steps
from remand.engine.tables import Table, base_table, edited_table
from remand.engine.windows import Reach
from remand.model.edits import Admit, Divert, DwellEdit, Release, ShareEdit
from remand.model.model import Model
from remand.model.policy import Policy
from remand.model.states import GONE, Kind
from remand.outcomes.cells import Cells
from remand.outcomes.tally import expected
from remand.outcomes.windows import Windows

YEAR = 365.25


NEGLIGIBLE = 1e-6
"""People a year below which a flow is rounding."""


@dataclass(frozen=True)
class Change:
    """Whom a policy reaches at one state, in people a year of the period.

    Attributes:
        state: where.
        what: ``exit`` (they leave by another), ``stay`` (they leave after another stay),
            ``arrival`` (more or fewer arrive) or ``release`` (once, of those inside; not a year's).
        people: how many; of arrivals, below zero if fewer.
        days_before, days_after: days in the kind of all of them, without and with the policy.
        here_before, here_after: days in the state itself, of whatever kind it is.
        gained, lost: people by the exit they leave by, and by the one they would have left by.
    """

    state: str
    what: Literal["exit", "stay", "arrival", "release"]
    people: float
    days_before: float = 0.0
    days_after: float = 0.0
    here_before: float = 0.0
    here_after: float = 0.0
    gained: Mapping[str, float] = field(default_factory=dict)
    lost: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Lever:
    """From a policy's lever to beds of one kind, if it alone is added to the base.

    Attributes:
        kind: whose beds.
        stay: mean days in it of everyone admitted, without the policy.
        changes: at each state that it edits.
    """

    kind: Kind
    stay: float
    changes: tuple[Change, ...]

    def of(self, *what: str) -> list[Change]:
        """The changes of some sorts."""
        return [change for change in self.changes if change.what in what]

    @property
    def yearly(self) -> list[Change]:
        """Changes of every year; stays elsewhere, which hold nobody in the kind, are left out."""
        return [
            change
            for change in self.changes
            if change.what != "release"
            and (change.what != "stay" or change.days_before + change.days_after > 0)
        ]

    @property
    def reached(self) -> float:
        """People reached a year."""
        return sum(abs(change.people) for change in self.yearly)

    @property
    def bed_days(self) -> float:
        """Days in the kind that are freed a year (below zero: added)."""
        return sum(change.days_before - change.days_after for change in self.yearly)

    @property
    def beds(self) -> float:
        """Beds freed (below zero: filled) once the flow has run for long."""
        return self.bed_days / YEAR

    @property
    def naive(self) -> float:
        """Beds, were everyone reached held as long as those admitted are on average."""
        return self.reached * self.stay / YEAR * (1 if self.bed_days >= 0 else -1)


@dataclass(frozen=True)
class Levers:
    """A solved base on which policies are added one at a time.

    Attributes:
        model: the base, with its own policies and those of the platforms that come before.
        path, stays: its solution.
        windows: the one period looked at.
        kind: whose beds are counted.
        stay: mean days in it of those admitted in the period.
    """

    model: Model
    path: Path
    stays: Stays
    windows: Windows
    kind: Kind
    stay: float

    @classmethod
    def of(cls, model: Model, until: dt.date, windows: Windows, kind: Kind) -> Self:
        """Solve the base."""
        path = solve(compile_model(model, until))
        lengths = stays(path)
        cells = Cells.of(model, ())
        tally = expected(path, windows, cells, {"admissions"}, lengths)
        row = [place.name for place in cells.places].index(kind)
        assert tally.admissions is not None  # noqa: S101 - asked for
        assert tally.to_come is not None  # noqa: S101 - stays were given
        admitted = float(tally.admissions[row, 0, 0])
        days = float(tally.to_come[[cells.kinds.index(row)], 0, 0][0]) * model.clock.days
        return cls(model, path, lengths, windows, kind, days / admitted if admitted > 0 else 0.0)

    def lever(self, policy: Policy) -> Lever:
        """Whom a policy reaches if it alone is added."""
        edited = [e.state for e in policy.edits if isinstance(e, Divert | ShareEdit | DwellEdit)]
        found = [self._moved(name, policy) for name in dict.fromkeys(edited)]
        for edit in policy.edits:
            if isinstance(edit, Admit):
                found.append(self._arriving(edit, policy))
            elif isinstance(edit, Release):
                found.append(self._released(edit, policy))
        return Lever(self.kind, self.stay, tuple(c for c in found if abs(c.people) > NEGLIGIBLE))

    # -- each sort of lever --------------------------------------------------------------------

    def _moved(self, name: str, policy: Policy) -> Change:
        """People who leave a state by another exit, or after another stay."""
        entries = self._now(self.path.entries[:, self._index(name)])
        before, after = self._table(name, self.model), self._table(name, self.model.enact(policy))
        by_exit: dict[str, Floats] = {}
        people, here, held = 0.0, np.zeros(2), np.zeros(2)
        for key in {**before.weight, **after.weight}:
            none = np.zeros((1, 1))
            old, new = (self._of_step(t.weight.get(key, none)) for t in (before, after))
            flow = entries * (new - old)
            stay = mean_steps(key[1], self.model.clock) * self.model.clock.days
            in_kind = self._after(name, key[0]) + (stay if self._of_kind(name) else 0.0)
            sides = np.maximum(-flow, 0.0), np.maximum(flow, 0.0)
            here += [self._a_year(side) * stay for side in sides]
            held += [self._a_year(side * in_kind) for side in sides]
            people += self._a_year(sides[1])
            by_exit[key[0]] = by_exit.get(key[0], 0.0) + flow
        net = {exit_name: self._a_year(flow) for exit_name, flow in by_exit.items()}
        stays_too = any(isinstance(e, DwellEdit) and e.state == name for e in policy.edits)
        return Change(
            name,
            "stay" if stays_too else "exit",
            people,
            float(held[0]),
            float(held[1]),
            float(here[0]),
            float(here[1]),
            {e: more for e, more in net.items() if more > NEGLIGIBLE},
            {e: -less for e, less in net.items() if less < -NEGLIGIBLE},
        )

    def _arriving(self, edit: Admit, policy: Policy) -> Change:
        """People who arrive, or no longer do."""
        reach = self._reach().entrants(policy, edit)[:, 1:]
        arrivals = self.path.kernel.arrivals[:, self._index(edit.state)]
        more = self._now(arrivals * reach * (edit.scale - 1.0))
        days = self._a_year(more * self._to_come(edit.state))
        return Change(edit.state, "arrival", self._a_year(more), max(-days, 0.0), max(days, 0.0))

    def _released(self, edit: Release, policy: Policy) -> Change:
        """People inside who are let go on the day the policy starts."""
        step = self.model.clock.index(policy.starts)
        if not 0 <= step < self.path.kernel.steps:
            return Change(edit.state, "release", 0.0)
        inside = self.path.kernel.inside if step == 0 else self.path.census[:, :, step - 1]
        mask = self.model.strata.mask(edit.where)
        people = float(inside[mask, self._index(edit.state)].sum())
        return Change(edit.state, "release", people * edit.share * policy.compliance.point)

    # -- days in the kind ----------------------------------------------------------------------

    def _of_kind(self, name: str) -> bool:
        return self.model.states[name].kind == self.kind

    def _after(self, name: str, exit_name: str) -> Floats:
        """(strata, steps) days in the kind of who leaves a state by an exit."""
        return self._to_come(self.model.states[name].target(exit_name))

    def _to_come(self, name: str, seen: tuple[str, ...] = ()) -> Floats:
        """(strata, steps) days in the kind, before anything else, of who enters a state.

        Booking passes people on, so the jail behind it is what is meant; any other state outside
        the kind ends it.
        """
        nothing = np.zeros((len(self.model.strata), int(self.windows.lengths[0])))
        if name == GONE or name in seen:
            return nothing
        state = self.model.states[name]
        if self._of_kind(name):
            return self._now(self.stays.to_come[:, self._index(name)]) * self.model.clock.days
        if state.kind != "booking":
            return nothing
        table = self._table(name, self.model)
        parts = [
            self._of_step(weight) * self._to_come(state.target(exit_name), (*seen, name))
            for (exit_name, _), weight in table.weight.items()
        ]
        return np.asarray(np.sum([nothing, *parts], axis=0))

    # -- arrays --------------------------------------------------------------------------------

    def _reach(self) -> Reach:
        return Reach(self.model.clock, self.model.strata, self._entries)

    @property
    def _entries(self) -> Entries:
        return Entries.each(self.model.clock, self.path.kernel.steps)

    def _table(self, name: str, model: Model) -> Table:
        """A state's table; who was inside when a policy for everyone began is not told apart."""
        policies = sorted(model.policies, key=lambda policy: policy.starts)
        base = base_table(model.states[name], model.strata, self._entries)
        step = model.clock.days
        return edited_table(base, name, model.strata, step, policies, self._reach().entrants)

    def _index(self, name: str) -> int:
        return self.model.state_names.index(name)

    def _of_step(self, weight: Floats) -> Floats:
        """A table's weights in the period; their entry −1 stands first."""
        if weight.shape[1] == 1:
            return weight
        return self._now(weight[:, 1:])

    def _now(self, series: Floats) -> Floats:
        return series[..., self.windows.starts[0] : self.windows.end]

    def _a_year(self, series: Floats) -> float:
        days = float(self.windows.lengths[0]) * self.model.clock.days
        return float(series.sum()) / days * YEAR
