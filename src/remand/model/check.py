"""Everything that can be wrong with a model or a platform beyond the form of its file.

Each function returns problems; none raises. `remand.files` adds file and line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError, Problem, did_you_mean
from remand.model import laws
from remand.model.edits import (
    Admit,
    Capacity,
    Divert,
    DwellEdit,
    Edit,
    Release,
    ShareEdit,
)
from remand.model.model import Model
from remand.model.platform import Platform
from remand.model.policy import Policy, Source
from remand.model.spec import Row, Sourced, numbers_without_source
from remand.model.states import GONE, State
from remand.model.strata import Strata, choose, uncovered
from remand.model.values import DwellRow, Splits, Stock, TableCell, TableDwell

SUM_TOLERANCE = 1e-9
LONG_YEARS = {"booking": 1.0, "prison": 20.0}
OTHERWISE_YEARS = 5.0
LONG_SHARE = 0.10
"""A law with more than this share of its person-days so far into a stay is warned of."""


def check_model(model: Model) -> list[Problem]:
    """Every problem of a model."""
    problems = [*_sources(model, model.sources), *_structure(model)]
    days = _change_days(model)
    for name, state in model.states.items():
        problems += [p.at("states", name) for p in _state(name, state, model, days)]
    problems += _arrivals_and_tonight(model, days)
    problems += _people(model, days)
    for i, policy in enumerate(model.policies):
        problems += [p.at("policies", i) for p in _policy(policy, model)]
    return problems


def check_platform(platform: Platform, model: Model) -> list[Problem]:
    """Every problem of a platform on a model."""
    problems = list(_sources(platform, platform.sources))
    seen: dict[str, int] = {}
    for i, policy in enumerate(platform.policies):
        problems += [p.at("policies", i) for p in _policy(policy, model)]
        if policy.starts < model.clock.start:
            problems.append(
                Problem(
                    "error",
                    ("policies", i, "starts"),
                    f"starts {policy.starts}, before the model does ({model.clock.start})",
                    value=policy.starts,
                    fix="a policy already in force belongs to the model's own policies",
                )
            )
        if policy.name in seen:
            problems.append(
                Problem(
                    "error",
                    ("policies", i, "name"),
                    f"policy {seen[policy.name] + 1} has the same name '{policy.name}'",
                    value=policy.name,
                    fix="give each policy a name of its own",
                )
            )
        seen.setdefault(policy.name, i)
    return problems + list(_overlaps(platform.policies, model))


def _error(path: tuple[str | int, ...], message: str, value: object, fix: str) -> Problem:
    return Problem("error", path, message, value=value, fix=fix)


# -- sources --------------------------------------------------------------------------------


def _sources(spec: Model | Platform, known: Mapping[str, Source]) -> Iterator[Problem]:
    for path, number in numbers_without_source(spec):
        if path[0] in {"clock", "remand"}:
            continue
        yield _error(
            path,
            f"the number {number:g} has no source",
            number,
            "add source: <key>, or inferred: <why this number>, here or in a block around it",
        )
    for path, keys in _cited(spec, ()):
        for key in keys:
            if key not in known and "://" not in key:
                yield _error(
                    (*path, "source"),
                    f"'{key}' is neither one of the file's sources nor an address",
                    key,
                    did_you_mean(key, known),
                )


def _cited(
    spec: object, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], tuple[str, ...]]]:
    if isinstance(spec, Sourced) and spec.source:
        yield path, spec.source
    if isinstance(spec, Mapping):
        for key, child in spec.items():
            yield from _cited(child, (*path, key))
    elif isinstance(spec, tuple):
        for i, child in enumerate(spec):
            yield from _cited(child, (*path, i))
    elif hasattr(type(spec), "model_fields"):
        for name, field in type(spec).model_fields.items():
            yield from _cited(getattr(spec, name), (*path, field.alias or name))


# -- states ---------------------------------------------------------------------------------


def _change_days(model: Model) -> NDArray[np.int64]:
    """Ordinals of the start and of every later date on which some row begins to hold."""

    def walk(spec: object) -> Iterator[dt.date]:
        if isinstance(spec, Row) and spec.from_ is not None:
            yield spec.from_
        if isinstance(spec, Mapping):
            for child in spec.values():
                yield from walk(child)
        elif isinstance(spec, tuple):
            for child in spec:
                yield from walk(child)
        elif hasattr(type(spec), "model_fields"):
            for name in type(spec).model_fields:
                yield from walk(getattr(spec, name))

    start = model.clock.start
    return np.array(sorted({start.toordinal(), *(d.toordinal() for d in walk(model) if d > start)}))


def _structure(model: Model) -> Iterator[Problem]:
    if not model.states:
        yield _error(("states",), "a model needs at least one state", None, "add states")
    if GONE in model.states:
        yield _error(
            ("states", GONE),
            f"'{GONE}' is the way out of the model, not a state",
            GONE,
            "rename it",
        )
    for axis, levels in model.strata_axes.items():
        if len(set(levels)) < len(levels) or not levels:
            yield _error(
                ("strata", axis), f"axis '{axis}' needs different levels", list(levels),
                "name each level once",
            )  # fmt: skip
    if model.disparity is not None:
        d = model.disparity
        for field, level in (("of", d.of), ("to", d.to), ("missing", d.missing)):
            if level is not None:
                yield from (
                    p.at("disparity", field) for p in _where({d.axis: (level,)}, model.strata)
                )


def _where(where: Mapping[str, Sequence[str]], strata: Strata) -> list[Problem]:
    try:
        strata.mask(where)
    except InputError as error:
        return list(error.problems)
    return []


def _rows(
    rows: Sequence[Row], strata: Strata, days: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[Problem]]:
    chosen, problems = choose(rows, strata, days)
    return chosen, problems or uncovered(chosen, strata, days)


def _state(name: str, state: State, model: Model, days: NDArray[np.int64]) -> list[Problem]:
    problems: list[Problem] = []
    targets = [*model.states, GONE]
    for exit_name, exit_ in state.exits.items():
        to = exit_.to or exit_name
        if to not in targets:
            problems.append(
                _error(
                    ("exits", exit_name),
                    f"exit '{exit_name}' leads to '{to}', which is not a state",
                    to,
                    did_you_mean(to, targets) + (" Or say 'to:'" if exit_.to is None else ""),
                )
            )
    joint = [row for row in state.dwell or () if isinstance(row, TableDwell) and row.joint]
    if joint:
        return problems + _joint(state, joint, model, days)
    for exit_name, exit_ in state.exits.items():
        rows = exit_.dwell if exit_.dwell is not None else state.dwell
        place = ("exits", exit_name, "dwell") if exit_.dwell is not None else ("dwell",)
        if rows is None:
            problems.append(
                _error(
                    ("exits", exit_name),
                    f"nothing says how long people stay before they leave '{name}' by it",
                    None,
                    "give the exit or the state a dwell law",
                )
            )
            continue
        if exit_.dwell is not None or exit_name == next(
            (e for e, x in state.exits.items() if x.dwell is None), None
        ):
            _, found = _rows(rows, model.strata, days)
            problems += [p.at(*place) for p in found]
            years = LONG_YEARS.get(state.kind, OTHERWISE_YEARS)
            problems += [p.at(*place) for p in _laws(name, rows, years)]
    return problems + _shares(name, state, model, days)


def _shares(name: str, state: State, model: Model, days: NDArray[np.int64]) -> list[Problem]:
    problems: list[Problem] = []
    total = np.zeros((len(model.strata), len(days)))
    rest = 0
    for exit_name, exit_ in state.exits.items():
        rows = exit_.share
        if rows is None:
            if len(state.exits) > 1:
                problems.append(
                    _error(
                        ("exits", exit_name),
                        f"exit '{exit_name}' has no share",
                        None,
                        "give it a share, or 'share: rest'",
                    )  # fmt: skip
                )
            rest += 1
            continue
        chosen, found = _rows(rows, model.strata, days)
        problems += [p.at("exits", exit_name, "share") for p in found]
        values = np.array([0.0 if r.value == "rest" else r.value for r in rows] + [0.0])
        total += values[chosen]
        rest += any(row.value == "rest" for row in rows)
    if problems or state.normalise:
        return problems
    off = total - 1.0
    wrong = np.argwhere(off > SUM_TOLERANCE if rest else np.abs(off) > SUM_TOLERANCE)
    if len(wrong):
        g, column = (int(x) for x in wrong[0])
        when = f" from {dt.date.fromordinal(int(days[column]))}" if column else ""
        who = f" for {model.strata.named(g)}" if len(model.strata) > 1 else ""
        problems.append(
            _error(
                ("exits",),
                f"the exits of '{name}' add up to {total[g, column]:.10g}{who}{when}, not 1",
                float(total[g, column]),
                "correct a share, write 'share: rest' for one exit, or say 'normalise: true'",
            )
        )
    return problems


def _joint(
    state: State, joint: list[TableDwell], model: Model, days: NDArray[np.int64]
) -> list[Problem]:
    problems: list[Problem] = []
    chosen, found = _rows(state.dwell or (), model.strata, days)
    problems += [p.at("dwell") for p in found]
    for exit_name, exit_ in state.exits.items():
        if exit_.share is not None or exit_.dwell is not None:
            problems.append(
                _error(
                    ("exits", exit_name),
                    "the state's joint table already gives this exit's share and stays",
                    None,
                    "remove them here, or the exit column there",
                )
            )
    for i, row in enumerate(state.dwell or ()):
        if not isinstance(row, TableDwell):
            continue
        for j, cell in enumerate(row.rows):
            if cell.exit not in state.exits:
                problems.append(
                    _error(
                        ("dwell", i, "rows", j, "exit"),
                        f"the table names an exit '{cell.exit}' that the state does not have",
                        cell.exit,
                        did_you_mean(cell.exit, state.exits),
                    )
                )
        problems += [p.at("dwell", i) for p in _table_sums(row, model.strata)]
    return problems


def _table_sums(row: TableDwell, strata: Strata | None) -> Iterator[Problem]:
    groups: dict[object, list[TableCell]] = {}
    for cell in row.rows:
        groups.setdefault(cell.where, []).append(cell)
    for cells in groups.values():
        first = row.rows.index(cells[0])
        if strata is not None:
            yield from (p.at("rows", first, "where") for p in _where(cells[0].where, strata))
        total = sum(cell.probability for cell in cells)
        if abs(total - 1.0) > SUM_TOLERANCE and not row.normalise:
            for_whom = ", ".join(f"{a} {'/'.join(v)}" for a, v in cells[0].where.items())
            yield _error(
                ("rows", first),
                f"the table's probabilities add up to {total:.10g}"
                f"{' for ' + for_whom if for_whom else ''}, not 1 (first row: {first + 1})",
                total,
                "correct them, or say 'normalise: true'",
            )


def _laws(name: str, rows: Sequence[DwellRow], years: float) -> Iterator[Problem]:
    """Sums of tables, and tails that put much of a stock beyond a few years."""
    for i, row in enumerate(rows):
        if isinstance(row, TableDwell):
            yield from (p.at(i) for p in _table_sums(row, None))
            continue
        law: laws.Law = row.numeric
        if law.mean > 0:
            share = float(law.excess(np.array([years * 365.25]))[0]) / law.mean
            if share > LONG_SHARE and not np.isfinite(law.longest):
                yield Problem(
                    "warning",
                    (i,),
                    f"a long tail: {share:.0%} of the person-days in '{name}' under this law fall "
                    f"after {years:g} years of a stay",
                    value=row.law,  # type: ignore[attr-defined]
                    fix="check the mean, or give 'max'",
                )


# -- people ---------------------------------------------------------------------------------


def _splits(splits: Splits, model: Model) -> Iterator[Problem]:
    for axis, split in splits.items():
        found = _where({axis: tuple(split.levels)}, model.strata)
        yield from (p.at("split") for p in found)
        total = sum(split.levels.values())
        if not found and abs(total - 1.0) > SUM_TOLERANCE:
            yield _error(
                ("split", axis),
                f"the shares over '{axis}' add up to {total:.10g}, not 1",
                total,
                "correct a share; levels left out get none",
            )


def _arrivals_and_tonight(model: Model, days: NDArray[np.int64]) -> Iterator[Problem]:
    for name, arrivals in model.arrivals.items():
        at = ("arrivals", name)
        if name not in model.states:
            yield _error(at, f"nobody can arrive in '{name}': it is not a state", name,
                         did_you_mean(name, model.states))  # fmt: skip
        _, found = _rows(arrivals.rate, model.strata, days)
        yield from (p.at(*at, "rate") for p in found)
        yield from (p.at(*at) for p in _splits(arrivals.split, model))
        if arrivals.weekdays and model.clock.step != "day":
            yield _error(
                (*at, "weekdays"), f"days of the week need a daily clock, not {model.clock.step}s",
                None, "remove 'weekdays', or step by day",
            )  # fmt: skip
    if not model.arrivals and model.tonight == "steady":
        yield _error(("arrivals",), "nobody arrives and nobody is inside", None, "add arrivals")
    if isinstance(model.tonight, str):
        return
    for name, stock in model.tonight.items():
        at = ("tonight", name)
        if name not in model.states:
            yield _error(at, f"'{name}' is not a state", name, did_you_mean(name, model.states))
        if isinstance(stock, Stock):
            _, found = _rows(stock.people, model.strata, days[:1])
            yield from (p.at(*at, "people") for p in found)
            yield from (p.at(*at) for p in _splits(stock.split, model))
            total = sum(row.share for row in stock.elapsed)
            if stock.elapsed and abs(total - 1.0) > SUM_TOLERANCE:
                yield _error((*at, "elapsed"), f"the shares add up to {total:.10g}, not 1", total,
                             "correct a share")  # fmt: skip


def _people(model: Model, days: NDArray[np.int64]) -> Iterator[Problem]:
    if model.residents is None:
        return
    residents = model.residents
    for axis in residents.axes:
        if axis not in model.strata_axes:
            yield _error(("residents", "axes"), f"there is no axis '{axis}'", axis,
                         did_you_mean(axis, model.strata_axes))  # fmt: skip
            return
    own = Strata({axis: model.strata_axes[axis] for axis in residents.axes})
    _, found = _rows(residents.people, own, days)
    yield from (p.at("residents", "people") for p in found)


# -- policies -------------------------------------------------------------------------------


def _policy(policy: Policy, model: Model) -> Iterator[Problem]:
    if not policy.grounded:
        yield _error(
            ("source",), f"policy '{policy.name}' has no source", None,
            "add source: <key or address>, or inferred: <why>",
        )  # fmt: skip
    if not policy.compliance.grounded and not policy.grounded:
        yield _error(("compliance",), "nothing says where the compliance comes from", None,
                     "add source or inferred")  # fmt: skip
    for i, edit in enumerate(policy.edits):
        yield from (p.at("edits", i, edit.edit) for p in _edit(edit, policy, model))  # type: ignore[attr-defined]


def _edit(edit: Edit, policy: Policy, model: Model) -> Iterator[Problem]:
    yield from (p.at("where") for p in _where(edit.where, model.strata))
    if edit.state not in model.states:
        yield _error(("state",), f"there is no state '{edit.state}'", edit.state,
                     did_you_mean(edit.state, model.states))  # fmt: skip
        return
    state = model.states[edit.state]
    if isinstance(edit, Admit) and edit.state not in model.arrivals:
        yield _error(("state",), f"nobody arrives in '{edit.state}' from outside", edit.state,
                     did_you_mean(edit.state, model.arrivals))  # fmt: skip
    if isinstance(edit, Admit | Release) and policy.applies_to == "everyone":
        yield _error(
            (), f"'{edit.edit}' already says whom it reaches", policy.applies_to,  # type: ignore[union-attr]
            "remove 'applies_to: everyone'",
        )  # fmt: skip
    if isinstance(edit, Release) and policy.phase_in:
        yield _error((), "a release happens once, on the day the policy starts",
                     policy.phase_in, "remove 'phase_in'")  # fmt: skip
    if isinstance(edit, Capacity):
        way = edit.when_full.discharge or edit.when_full.refuse
        to = way.to if way else ""
        if to not in (*model.states, *state.exits, GONE):
            yield _error(("when_full",), f"'{to}' is not a state", to,
                         did_you_mean(to, model.states))  # fmt: skip
    for field, names in _exits_named(edit):
        for exit_name in names:
            if exit_name not in state.exits:
                yield _error(
                    (field,), f"state '{edit.state}' has no exit '{exit_name}'", exit_name,
                    did_you_mean(exit_name, state.exits),
                )  # fmt: skip
    if isinstance(edit, DwellEdit) and edit.cap is not None and edit.exit is None:
        late = _exits_beyond(edit, state)
        if len(late) > 1:
            yield _error(
                ("cap",),
                f"people who would stay past {edit.cap:g} {edit.unit} leave by several exits "
                f"({', '.join(late)}), so it must say by which they leave at the cap",
                edit.cap,
                f"add exit: {late[0]} (or another)",
            )


def _exits_named(edit: Edit) -> list[tuple[str, Iterable[str]]]:
    if isinstance(edit, Divert):
        return [("exit", [edit.exit]), ("to", [edit.to])]
    if isinstance(edit, ShareEdit):
        return [("exit", [edit.exit]), ("from", edit.from_)]
    if isinstance(edit, DwellEdit):
        return [("exits", edit.exits), ("exit", [edit.exit] if edit.exit else [])]
    if isinstance(edit, Release):
        return [("exit", [edit.exit])]
    return []


def _exits_beyond(edit: DwellEdit, state: State) -> list[str]:
    """Exits by which somebody stays past the cap."""
    late: list[str] = []
    end = np.array([edit.in_days(edit.cap or 0.0)])
    for exit_name, exit_ in state.exits.items():
        if edit.exits and exit_name not in edit.exits:
            continue
        for row in exit_.dwell or state.dwell or ():
            longest = row.numeric.longest if not isinstance(row, TableDwell) else np.inf
            if longest > end[0] and exit_name not in late:
                late.append(exit_name)
    return late


def _overlaps(policies: Sequence[Policy], model: Model) -> Iterator[Problem]:
    """Warnings for policies that act on the same people of the same state at the same time."""
    for i, policy in enumerate(policies):
        for j in range(i):
            other = policies[j]
            together = (policy.ends is None or other.starts < policy.ends) and (
                other.ends is None or policy.starts < other.ends
            )
            if together and (state := _shared_target(policy, other, model)):
                first, second = sorted((other, policy), key=lambda p: p.starts)
                yield Problem(
                    "warning",
                    ("policies", i),
                    f"'{policy.name}' and '{other.name}' both change '{state}' for some of the "
                    f"same people: '{first.name}' is applied first, then '{second.name}'",
                    value=policy.name,
                    fix="nothing, if that is meant",
                )


def _shared_target(one: Policy, two: Policy, model: Model) -> str | None:
    for a in one.edits:
        for b in two.edits:
            same = a.state == b.state and type(a) is type(b)
            if not same or a.state not in model.states:
                continue
            try:
                both = model.strata.mask(a.where) & model.strata.mask(b.where)
            except InputError:
                continue
            if both.any():
                return a.state
    return None
