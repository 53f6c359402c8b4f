"""Joint exit × duration tables of every state, and what each edit does to them.

A table is a mixture: for each exit and law, the share of entrants, by stratum and entry step, who
leave by that exit after a stay of that law. Edits only move people between entries of the
mixture, weighted by the share of people they reach (compliance × phase-in), so the result is
exact for any stack of policies on any date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from remand.engine.entries import Entries
from remand.errors import InputError, did_you_mean
from remand.model import laws
from remand.model.edits import Divert, DwellEdit, Edit, ShareEdit
from remand.model.policy import Policy
from remand.model.spec import Row, Where
from remand.model.states import State
from remand.model.strata import Strata, choose
from remand.model.values import AnyDwell, Counts, ShareRow, Splits, TableCell, TableDwell

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Key = tuple[str, laws.Law]
Reach = Callable[[Policy, Edit], Floats]
"""Share of entrants an edit of a policy reaches: (strata, entry steps)."""


@dataclass
class Table:
    """The mixture of one state.

    Attributes:
        weight: by (exit, law), share of entrants: (strata, entry steps).
        own: by (exit, law), 1 where the model file gives that exit that law: the stay that
            people diverted to an exit nobody takes will have.
    """

    weight: dict[Key, Floats] = field(default_factory=dict)
    own: dict[Key, Floats] = field(default_factory=dict)

    def share(self, exit_name: str) -> Floats:
        """Total share of an exit."""
        parts = [w for (name, _), w in self.weight.items() if name == exit_name]
        total: Floats = np.sum(parts, axis=0)
        return total

    def add(self, key: Key, weight: Floats) -> None:
        """Add people to one entry of the mixture."""
        if weight.any():
            self.weight[key] = self.weight[key] + weight if key in self.weight else weight

    def send(self, exit_name: str, people: Floats) -> Floats:
        """Add people to an exit, with the stays it has; returns those it has no law for."""
        total = self.share(exit_name)
        taken = total > 0
        left = people.copy()
        for source, base in ((self.weight, np.where(taken, total, 1.0)), (self.own, 1.0)):
            use = taken if source is self.weight else ~taken
            for key, weight in list(source.items()):
                if key[0] == exit_name:
                    part = np.where(use, people * weight / base, 0.0)
                    self.add(key, part)
                    left -= part
        return left


def spread(strata: Strata, rows: Counts, splits: Splits, days: Ints) -> Floats:
    """Counts by stratum on each of some days, spread over the levels of the split axes."""
    chosen = _chosen(tuple((row.where, row.from_) for row in rows), strata, days.tobytes())
    values = np.array([row.value for row in rows] + [0.0])[chosen]
    for axis, split in splits.items():
        position = list(strata.axes).index(axis)
        shares = [split.levels.get(cell[position], 0.0) for cell in strata.cells]
        values = values * np.array(shares)[:, None]
    return values


@lru_cache(maxsize=32)
def base_table(state: State, strata: Strata, entries: Entries) -> Table:
    """The table of a state before any policy; shared by all who ask for the same."""
    return unedited(state, strata, entries)


def unedited(state: State, strata: Strata, entries: Entries) -> Table:
    """The table of a state before any policy."""
    days = entries.days
    table = Table()
    if any(isinstance(row, TableDwell) and row.joint for row in state.dwell or ()):
        _joint_table(table, state.dwell or (), strata, days)
        return table
    shares = exit_shares(state, strata, days)
    shared = _laws(state.dwell or (), strata, days)
    for exit_name, exit_ in state.exits.items():
        for law, mask in shared if exit_.dwell is None else _laws(exit_.dwell, strata, days):
            key = (exit_name, law)
            table.own[key] = table.own[key] + mask if key in table.own else mask
            table.add(key, shares[exit_name] * mask)
    return table


def _laws(rows: Sequence[AnyDwell], strata: Strata, days: Ints) -> list[tuple[laws.Law, Floats]]:
    """The law of each row, and 1 where it holds: (strata, days)."""
    chosen = _chosen(tuple((row.where, row.from_) for row in rows), strata, days.tobytes())
    return [(row.numeric, (chosen == i).astype(float)) for i, row in enumerate(rows)]


@lru_cache(maxsize=256)
def _chosen(
    rows: tuple[tuple[Where, dt.date | None], ...], strata: Strata, days: bytes
) -> NDArray[np.int64]:
    """Which of some rows holds for each stratum on each date: asked again and again by draws."""
    known = [Row.model_construct(where=where, from_=from_) for where, from_ in rows]
    return choose(known, strata, np.frombuffer(days, np.int64))[0]


def exit_shares(state: State, strata: Strata, days: Ints) -> dict[str, Floats]:
    """Share of entrants by exit: (strata, days).

    ``rest`` is resolved; nothing is normalised unless the state says so.
    """
    shares: dict[str, Floats] = {}
    rest: dict[str, NDArray[np.bool_]] = {}
    for exit_name, exit_ in state.exits.items():
        rows = exit_.share if exit_.share is not None else (ShareRow(value="rest"),)
        chosen = _chosen(tuple((row.where, row.from_) for row in rows), strata, days.tobytes())
        values = np.array([np.nan if r.value == "rest" else r.value for r in rows] + [0.0])
        shares[exit_name] = values[chosen]
        rest[exit_name] = np.isnan(shares[exit_name])
    taken = np.sum([np.nan_to_num(s) for s in shares.values()], axis=0)
    many = np.sum(list(rest.values()), axis=0)
    left = np.where(many > 0, (1.0 - taken) / np.maximum(many, 1), 0.0)
    shares = {e: np.where(rest[e], left, share) for e, share in shares.items()}
    if state.normalise:
        total = np.sum(list(shares.values()), axis=0)
        shares = {e: s / np.where(total > 0, total, 1.0) for e, s in shares.items()}
    return shares


def joint_cells(
    row: TableDwell, strata: Strata, days: Ints
) -> list[tuple[Floats, list[TableCell]]]:
    """The cells of a joint table by group of strata: (mask (strata, days), cells)."""
    groups: dict[object, list[TableCell]] = {}
    for cell in row.rows:
        groups.setdefault(cell.where, []).append(cell)
    pseudo = [Row(where=cells[0].where) for cells in groups.values()]
    chosen, _ = choose(pseudo, strata, days)
    return [((chosen == i).astype(float), cells) for i, cells in enumerate(groups.values())]


def _joint_table(table: Table, rows: tuple[AnyDwell, ...], strata: Strata, days: Ints) -> None:
    chosen, _ = choose(rows, strata, days)
    for i, row in enumerate(rows):
        if not isinstance(row, TableDwell):
            continue
        for mask, cells in joint_cells(row, strata, days):
            total = sum(cell.probability for cell in cells) if row.normalise else 1.0
            here = mask * (chosen == i)
            for exit_name in dict.fromkeys(cell.exit or "" for cell in cells):
                share, law = row.given(exit_name or None, cells)
                key = (exit_name, law)
                table.own[key] = table.own.get(key, 0.0) + here
                table.add(key, here * (share / total))


def edited_table(
    base: Table, name: str, strata: Strata, step: float, policies: Sequence[Policy], reach: Reach
) -> Table:
    """The table of a state under policies applied in the order given, ``step`` days long.

    ``base`` is the table before any, and stays as it is. A policy of several edits on the state is
    kept for the same people: they get all of them.
    """
    table = Table(dict(base.weight), dict(base.own))
    for policy in policies:
        reached = {
            i: reach(policy, edit)
            for i, edit in enumerate(policy.edits)
            if edit.state == name and isinstance(edit, Divert | ShareEdit | DwellEdit)
        }
        reached = {i: people for i, people in reached.items() if people.any()}
        if len(reached) < 2:
            for position, people in reached.items():
                _apply(table, policy, position, people, strata, step)
            continue
        before = dict(table.weight)
        for position, people in reached.items():
            _apply(table, policy, position, (people > 0).astype(float), strata, step)
        kept = np.max(list(reached.values()), axis=0)
        none = np.zeros_like(kept)
        for key, weight in table.weight.items():
            table.weight[key] = before.get(key, none) * (1.0 - kept) + weight * kept
    return table


def _apply(
    table: Table, policy: Policy, position: int, reached: Floats, strata: Strata, step: float
) -> None:
    edit = policy.edits[position]
    try:
        if isinstance(edit, Divert):
            _divert(table, edit, reached)
        elif isinstance(edit, ShareEdit):
            _set_share(table, edit, reached, strata)
        elif isinstance(edit, DwellEdit):
            _change_dwell(table, edit, reached, step)
    except InputError as error:
        raise InputError(
            problem.at("policies", policy.name, "edits", position) for problem in error.problems
        ) from None


def _divert(table: Table, edit: Divert, reached: Floats) -> None:
    moved = np.zeros_like(reached)
    for key in [k for k in table.weight if k[0] == edit.exit]:
        leaving = table.weight[key] * reached * edit.share
        table.weight[key] = table.weight[key] - leaving
        if edit.keep_dwell:
            table.add((edit.to, key[1]), leaving)
        else:
            moved += leaving
    if not edit.keep_dwell and table.send(edit.to, moved).max() > 1e-12:
        raise InputError.of(
            f"state '{edit.state}' has no exit '{edit.to}' that says how long people stay",
            fix="add the exit to the state (share 0 will do), or say keep_dwell: true",
            path=("to",),
            value=edit.to,
        )


def _set_share(table: Table, edit: ShareEdit, reached: Floats, strata: Strata) -> None:
    now = table.share(edit.exit) * np.ones_like(reached)
    size = getattr(edit, edit.way)
    wanted = {"to": np.full_like(now, size), "by": now + size, "scale": now * size}[edit.way]
    names = {name for name, _ in table.own} - {edit.exit}
    givers = [n for n in edit.from_ or sorted(names) if n in names]
    pool = np.sum([table.share(n) * np.ones_like(now) for n in givers], axis=0)
    change = np.where(reached > 0, wanted - now, 0.0)
    short = (change > pool + 1e-9) | (wanted * (reached > 0) < -1e-12)
    if short.any():
        stratum = int(np.argwhere(short)[0][0])
        at = tuple(np.argwhere(short)[0])
        raise InputError.of(
            f"cannot move the share of '{edit.exit}' from {now[at]:.3f} to {wanted[at]:.3f} for "
            f"{strata.named(stratum)}: {', '.join(givers)} hold {pool[at]:.3f}",
            fix="ask for a smaller change, or let more exits give way in 'from'",
            path=(edit.way,),
            value=size,
        )
    factor = np.where(pool > 0, 1.0 - reached * change / np.where(pool > 0, pool, 1.0), 1.0)
    if ((change < -1e-12) & (pool <= 0)).any():
        raise InputError.of(
            f"nobody leaves by {', '.join(givers)}, so what '{edit.exit}' gives up has no way out",
            fix=did_you_mean(edit.exit, names),
            path=("from",),
        )
    for key in [k for k in table.weight if k[0] in givers]:
        table.weight[key] = table.weight[key] * np.maximum(factor, 0.0)
    grown = np.where(now > 0, 1.0 + reached * change / np.where(now > 0, now, 1.0), 1.0)
    for key in [k for k in table.weight if k[0] == edit.exit]:
        table.weight[key] = table.weight[key] * np.maximum(grown, 0.0)
    table.send(edit.exit, np.where(now > 0, 0.0, reached * change))


def _change_dwell(table: Table, edit: DwellEdit, reached: Floats, step: float) -> None:
    touched = [k for k in table.weight if not edit.exits or k[0] in edit.exits]
    moving = {key: table.weight[key] * reached for key in touched}  # as they stood before the edit
    for key, people in moving.items():
        exit_name, law = key
        new: list[tuple[Key, float]]
        if edit.scale is not None:
            new = [((exit_name, law.scaled(edit.scale)), 1.0)]
        elif edit.floor is not None:
            new = [((exit_name, law.floored(edit.in_days(edit.floor), step)), 1.0)]
        elif edit.law is not None:
            new = [((exit_name, edit.law.numeric), 1.0)]
        else:
            most = edit.in_days(edit.cap or 0.0)
            within, short = law.capped(most, step)
            late = edit.exit or exit_name
            end = (
                laws.Table((laws.whole_steps(most, step),), (1.0,))
                if isinstance(law, laws.Table)
                else laws.Fixed(most)
            )
            new = [((exit_name, short), within), ((late, end), 1.0 - within)]
        table.weight[key] = table.weight[key] - people
        for target, part in new:
            table.add(target, people * part)
