"""Windows: whom policies reach, and what becomes of people already inside when one begins or ends.

An edit on entrants only mixes tables by entry step. An edit that also reaches people inside cuts
the run at its date: everyone who came before is followed through each such *event* and handed
from one set of pieces to the next, so that no engine needs to know of policies at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from remand.engine.entries import Entries
from remand.engine.kernel import Floats, Ints
from remand.engine.tables import Table
from remand.model import laws
from remand.model.clock import Clock
from remand.model.edits import Divert, DwellEdit, Edit, Release, ShareEdit
from remand.model.model import Model
from remand.model.policy import Policy
from remand.model.strata import Strata
from remand.model.values import Stock

OLDEST_DAYS = 40 * 365.25
"""How far back entries of people already inside are told apart, where an edit reaches them."""


class Piece(NamedTuple):
    """People of one state, law and exit target inside one window of leaving steps."""

    law: laws.Law | None  # None: everyone left leaves in the window's only step
    target: str
    weight: Floats  # (strata, spans), or by every entry step where there are events
    opens: int
    closes: int
    reaches: NDArray[np.bool_]  # (strata,): anybody at all

    @classmethod
    def of(cls, law: laws.Law | None, target: str, weight: Floats, opens: int, closes: int) -> Self:
        """A piece; ``reaches`` is read off the weights."""
        return cls(law, target, weight, opens, closes, np.asarray(weight.any(axis=1)))


@dataclass(frozen=True)
class Event:
    """A step at which people inside a state are touched."""

    step: int
    release: tuple[tuple[Policy, Release], ...]
    relaw: bool
    strata: NDArray[np.bool_]  # (strata,): whom its edits name


class Reach:
    """The share of people an edit reaches, by stratum and span of entry steps."""

    def __init__(self, clock: Clock, strata: Strata, entries: Entries) -> None:
        self.clock = clock
        self.strata = strata
        self.entries = entries

    def window(self, policy: Policy) -> tuple[int, float]:
        """First step of a policy and first step after it (infinity without an end)."""
        ends = np.inf if policy.ends is None else self.clock.index(policy.ends)
        return self.clock.index(policy.starts), ends

    def ramp(self, policy: Policy) -> Floats:
        """How far a policy is phased in: its mean over each span, 0 outside [starts, ends)."""
        first, ends = self.window(policy)
        length = policy.phase_in / self.clock.days
        steps, many = self.entries.first, self.entries.length
        since = (steps - first).astype(float)
        grown = np.ones(len(since))
        if length > 0:
            # mean of min(x / length, 1) over [since, since + many]
            area = [
                np.where(x < length, x**2 / (2 * length), x - length / 2)
                for x in (np.maximum(since, 0), np.maximum(since + many, 0))
            ]
            grown = np.minimum((area[1] - area[0]) / many, 1.0)
        return np.where((since >= 0) & (steps < ends), grown, 0.0)

    def entrants(self, policy: Policy, edit: Edit) -> Floats:
        """Reach on people who enter (or arrive) at each step."""
        mask = self.strata.mask(edit.where).astype(float)
        return mask[:, None] * (policy.compliance.point * self.ramp(policy))

    def as_of(self, step: int, policy: Policy, edit: Edit) -> Floats:
        """Reach as it stands from ``step`` on: policies for everyone hold for all entries."""
        if policy.applies_to == "entrants":
            return self.entrants(policy, edit)
        first, ends = self.window(policy)
        mask = self.strata.mask(edit.where).astype(float)[:, None] * np.ones(
            len(self.entries.first)
        )
        holds = first <= step < ends
        return mask * policy.compliance.point if holds else np.zeros_like(mask)


def events_of(name: str, policies: list[Policy], reach: Reach) -> list[Event]:
    """Steps inside the run at which people inside a state are touched, in order."""
    last = reach.entries.steps - 1
    release: dict[int, list[tuple[Policy, Release]]] = {}
    relaw: set[int] = set()
    named: dict[int, NDArray[np.bool_]] = {}
    for policy in policies:
        first, ends = reach.window(policy)
        for edit in policy.edits:
            if edit.state != name:
                continue
            touched: set[int] = set()
            if isinstance(edit, Release) and 0 <= first <= last:
                release.setdefault(first, []).append((policy, edit))
                touched = {first}
            everyone = policy.applies_to == "everyone"
            if everyone and isinstance(edit, Divert | ShareEdit | DwellEdit):
                touched = {int(s) for s in (first, ends) if 0 <= s <= last}
                relaw |= touched
            for step in touched:
                named[step] = named.get(step, False) | reach.strata.mask(edit.where)
    return [
        Event(step, tuple(release.get(step, ())), step in relaw, named[step])
        for step in sorted(named)
    ]


def pieces_of(
    model: Model,
    name: str,
    table: Table,
    events: list[Event],
    table_as_of: Callable[[int], Table],
    reach: Reach,
) -> list[Piece]:
    """Pieces of a state: one window of the whole run, or one between each two events.

    Weights are by span of entry steps, or, where there are events, by every single step: those
    before the start first, one by one if an event touches the stratum, else as one.

    Follows every entry step ``u`` (those before the start too) through the events. ``left`` is
    the size of the cohort *as if* the law now in force had held since it came; the people of the
    cohort still inside are ``left × P(D > age)``.
    """
    clock, state, strata = model.clock, model.states[name], reach.strata
    steps = reach.entries.steps
    if not events:
        return [
            Piece.of(law, state.target(exit_name), weight, 0, steps)
            for (exit_name, law), weight in table.weight.items()
        ]
    touched = np.any([event.strata for event in events], axis=0)[:, None]
    stock = None if isinstance(model.tonight, str) else model.tonight.get(name)
    inside = stock.longest if isinstance(stock, Stock) else 0.0
    oldest = int(max(OLDEST_DAYS, inside) / clock.days) + 1
    entry = np.arange(-oldest, steps)
    cache: dict[laws.Law, Floats] = {}

    def beyond(law: laws.Law, stay: Ints) -> Floats:
        """P(D > stay); 1 below zero."""
        if law not in cache:
            cache[law] = law.surviving(oldest + steps + 1, clock.days, clock.partial)
        return np.where(stay < 0, 1.0, cache[law][np.maximum(stay, 0)])

    def by_entry(weight: Floats, before: int = oldest) -> Floats:
        full = np.broadcast_to(weight, (len(strata), len(reach.entries.first)))
        return np.repeat(full, [before, *reach.entries.length[1:]], axis=1)

    def gone_by(table: Table, stay: Ints) -> dict[str, Floats]:
        """Chance of having left by each exit within ``stay`` steps, by entry step."""
        left: dict[str, Floats] = {}
        for (exit_name, law), weight in table.weight.items():
            part = by_entry(weight) * (1.0 - beyond(law, stay))
            left[exit_name] = left.get(exit_name, 0.0) + part
        return left

    pieces = [  # strata that no event names stay in one window, to the last bit
        Piece.of(law, state.target(exit_name), by_entry(weight * ~touched, before=1), 0, steps)
        for (exit_name, law), weight in table.weight.items()
    ]
    left = touched * np.ones(len(entry))

    def emit(opens: int, closes: int, cohorts: NDArray[np.bool_]) -> None:
        if closes > opens:
            for (exit_name, law), weight in table.weight.items():
                people = by_entry(weight) * left * cohorts
                pieces.append(Piece.of(law, state.target(exit_name), people, opens, closes))

    starts = 0  # first leaving step of the old cohorts in this window
    since = -oldest  # first cohort that entered under this window's law as its own
    for event in events:
        emit(starts, event.step, entry < since)
        emit(max(since, 0), event.step, (entry >= since) & (entry < event.step))
        old = entry < event.step
        age = np.where(old, event.step - entry, 0)
        before = np.clip(1.0 - sum(gone_by(table, age - 1).values()), 0.0, 1.0)
        for policy, edit in event.release:
            mask = strata.mask(edit.where).astype(float)[:, None]
            share = mask * policy.compliance.point * edit.share * old
            pieces.append(
                Piece.of(
                    None, state.target(edit.exit), left * before * share, event.step, event.step + 1
                )
            )
            left = left * (1.0 - share)
        starts, since = event.step, event.step
        if event.relaw:
            new = table_as_of(event.step)
            was, will = gone_by(table, age - 1), gone_by(new, age)
            after = np.clip(1.0 - sum(will.values()), 0.0, 1.0)
            lost = np.maximum(before - after, 0.0)
            excess = {
                e: np.maximum(will.get(e, 0.0) - was.get(e, 0.0), 0.0) for e in {**was, **will}
            }
            total = sum(excess.values())
            for exit_name, part in excess.items():
                share = np.where(total > 0, part / np.where(total > 0, total, 1.0), 0.0)
                pieces.append(
                    Piece.of(
                        None,
                        state.target(exit_name),
                        left * lost * share * old,
                        event.step,
                        event.step + 1,
                    )
                )
            kept = np.where(after > 0, np.minimum(before, after) / np.where(after > 0, after, 1), 0)
            left = np.where(old, left * kept, touched)
            table = new
            starts = event.step + 1  # who stays on leaves at a later age than this
    emit(starts, steps, entry < since)
    emit(max(since, 0), steps, entry >= since)
    return [piece for piece in pieces if piece.reaches.any()]
