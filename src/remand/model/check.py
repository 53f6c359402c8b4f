"""What can be wrong with a model beyond the form of its file.

Each function returns problems; none raises. `remand.files` adds file and line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np

from remand.errors import Problem, did_you_mean
from remand.model import laws
from remand.model.check_policies import check_policy
from remand.model.check_ranges import check_ranges
from remand.model.check_tables import joint_tables, lone_table
from remand.model.findings import (
    SUM_TOLERANCE,
    Days,
    error,
    rows_of,
    unknown_where,
    unsourced,
    walk,
)
from remand.model.model import Model
from remand.model.spec import Row
from remand.model.states import GONE, State
from remand.model.strata import Strata
from remand.model.values import DwellRow, Splits, Stock, TableDwell

LONG_YEARS = {"booking": 1.0, "prison": 20.0}
OTHERWISE_YEARS = 5.0
LONG_SHARE = 0.10
"""A law with more than this share of its person-days so far into a stay is warned of."""


def check_model(model: Model) -> list[Problem]:
    """Every problem of a model."""
    problems = [*unsourced(model, model.sources), *_structure(model)]
    days = _change_days(model)
    for name, state in model.states.items():
        problems += [p.at("states", name) for p in _state(name, state, model, days)]
    problems += _arrivals_and_tonight(model, days)
    problems += _people(model, days)
    problems += _prices(model)
    if not any(p.severity == "error" for p in problems):
        problems += check_ranges(model, days)
    for i, policy in enumerate(model.policies):
        problems += [p.at("policies", i) for p in check_policy(policy, model)]
    return problems


# -- states ---------------------------------------------------------------------------------


def _change_days(model: Model) -> Days:
    """Ordinals of the start and of every later date on which some row begins to hold."""
    start = model.clock.start
    begins = (part.from_ for _, part in walk(model) if isinstance(part, Row) and part.from_)
    return np.array(sorted({start.toordinal(), *(d.toordinal() for d in begins if d > start)}))


def _structure(model: Model) -> Iterator[Problem]:
    if not model.states:
        yield error(("states",), "a model needs at least one state", None, "add states")
    if GONE in model.states:
        yield error(
            ("states", GONE),
            f"'{GONE}' is the way out of the model, not a state",
            GONE,
            "rename it",
        )
    for axis, levels in model.strata_axes.items():
        if len(set(levels)) < len(levels) or not levels:
            yield error(
                ("strata", axis), f"axis '{axis}' needs different levels", list(levels),
                "name each level once",
            )  # fmt: skip
    if model.disparity is not None:
        d = model.disparity
        for field, level in (("of", d.of), ("to", d.to), ("missing", d.missing)):
            if level is not None:
                yield from (
                    p.at("disparity", field)
                    for p in unknown_where({d.axis: (level,)}, model.strata)
                )


def _state(name: str, state: State, model: Model, days: Days) -> list[Problem]:
    problems: list[Problem] = []
    targets = [*model.states, GONE]
    for exit_name, exit_ in state.exits.items():
        to = exit_.to or exit_name
        if to not in targets:
            problems.append(
                error(
                    ("exits", exit_name),
                    f"exit '{exit_name}' leads to '{to}', which is not a state",
                    to,
                    did_you_mean(to, targets)
                    + ("" if exit_.to else " Or say where it leads: 'to: …'"),
                )
            )
    if any(isinstance(row, TableDwell) and row.joint for row in state.dwell or ()):
        return problems + list(joint_tables(state, model.strata, days))
    if state.dwell is not None:
        problems += [p.at("dwell") for p in _laws(name, state, state.dwell, model, days)]
    for exit_name, exit_ in state.exits.items():
        if exit_.dwell is not None:
            found = _laws(name, state, exit_.dwell, model, days)
            problems += [p.at("exits", exit_name, "dwell") for p in found]
    timeless = [e for e, exit_ in state.exits.items() if exit_.dwell is None]
    if state.dwell is None and timeless:
        problems.append(
            error(
                ("dwell",),
                f"nothing says how long people stay before they leave by {', '.join(timeless)}",
                None,
                "give the state a dwell law, or each of these exits",
            )
        )
    return problems + _shares(name, state, model, days)


def _shares(name: str, state: State, model: Model, days: Days) -> list[Problem]:
    problems: list[Problem] = []
    total = np.zeros((len(model.strata), len(days)))
    rest = np.zeros_like(total, bool)
    for exit_name, exit_ in state.exits.items():
        rows = exit_.share
        if rows is None:
            if len(state.exits) > 1:
                problems.append(
                    error(
                        ("exits", exit_name),
                        f"exit '{exit_name}' has no share",
                        None,
                        "give it a share, or 'share: rest'",
                    )
                )
            rest[:] = True
            continue
        chosen, found = rows_of(rows, model.strata, days)
        problems += [p.at("exits", exit_name, "share") for p in found]
        values = np.array([0.0 if r.value == "rest" else r.value for r in rows] + [0.0])
        total += values[chosen]
        rest |= np.array([r.value == "rest" for r in rows] + [False])[chosen]
    if problems or state.normalise:
        return problems
    off = total - 1.0
    wrong = np.argwhere(np.where(rest, off, np.abs(off)) > SUM_TOLERANCE)
    if len(wrong):
        g, column = (int(x) for x in wrong[0])
        when = f" from {dt.date.fromordinal(int(days[column]))}" if column else ""
        who = f" for {model.strata.named(g)}" if len(model.strata) > 1 else ""
        problems.append(
            error(
                ("exits",),
                f"the exits of '{name}' add up to {total[g, column]:.10g}{who}{when}, not 1",
                float(total[g, column]),
                "correct a share, write 'share: rest' for one exit, or say 'normalise: true'",
            )
        )
    return problems


def _laws(
    name: str, state: State, rows: Sequence[DwellRow], model: Model, days: Days
) -> Iterator[Problem]:
    """Coverage, tables, and tails that put much of a stock beyond a few years."""
    yield from rows_of(rows, model.strata, days)[1]
    years = LONG_YEARS.get(state.kind, OTHERWISE_YEARS)
    for i, row in enumerate(rows):
        if isinstance(row, TableDwell):
            yield from (p.at(i) for p in lone_table(row))
            continue
        law: laws.Law = row.numeric
        if law.mean <= 0 or np.isfinite(law.longest):
            continue
        share = float(law.excess(np.array([years * 365.25]))[0]) / law.mean
        if share > LONG_SHARE:
            yield Problem(
                "warning",
                (i,),
                f"a long tail: {share:.0%} of the person-days in '{name}' under this law fall "
                f"after {years:g} years of a stay",
                fix="check the mean, or give 'max'",
            )


# -- people ---------------------------------------------------------------------------------


def _splits(splits: Splits, model: Model) -> Iterator[Problem]:
    for axis, split in splits.items():
        found = unknown_where({axis: tuple(split.levels)}, model.strata)
        yield from (p.at("split") for p in found)
        total = sum(split.levels.values())
        if not found and abs(total - 1.0) > SUM_TOLERANCE:
            yield error(
                ("split", axis),
                f"the shares over '{axis}' add up to {total:.10g}, not 1",
                total,
                "correct a share; levels left out get none",
            )


def _arrivals_and_tonight(model: Model, days: Days) -> Iterator[Problem]:
    for name, arrivals in model.arrivals.items():
        at = ("arrivals", name)
        if name not in model.states:
            yield error(at, f"nobody can arrive in '{name}': it is not a state", name,
                         did_you_mean(name, model.states))  # fmt: skip
        _, found = rows_of(arrivals.rate, model.strata, days)
        yield from (p.at(*at, "rate") for p in found)
        if arrivals.pace is not None:
            _, found = rows_of(arrivals.pace, model.strata, days)
            yield from (p.at(*at, "pace") for p in found)
        yield from (p.at(*at) for p in _splits(arrivals.split, model))
        if arrivals.weekdays and model.clock.step != "day":
            yield error(
                (*at, "weekdays"), f"days of the week need a daily clock, not {model.clock.step}s",
                None, "remove 'weekdays', or step by day",
            )  # fmt: skip
    if not model.arrivals and model.tonight == "steady":
        yield error(("arrivals",), "nobody arrives and nobody is inside", None, "add arrivals")
    if isinstance(model.tonight, str):
        return
    for name, stock in model.tonight.items():
        at = ("tonight", name)
        if name not in model.states:
            yield error(at, f"'{name}' is not a state", name, did_you_mean(name, model.states))
        if isinstance(stock, Stock):
            if stock.people is not None:
                _, found = rows_of(stock.people, model.strata, days[:1])
                yield from (p.at(*at, "people") for p in found)
            for where in dict.fromkeys(cell.where for cell in stock.rows):
                found = unknown_where(where, model.strata)
                first = next(j for j, cell in enumerate(stock.rows) if cell.where == where)
                yield from (p.at(*at, "rows", first, "where") for p in found)
            yield from (p.at(*at) for p in _splits(stock.split, model))
            yield from (p.at(*at) for p in _told_twice(stock, model))
            total = sum(row.share for row in stock.elapsed)
            if stock.elapsed and abs(total - 1.0) > SUM_TOLERANCE:
                yield error((*at, "elapsed"), f"the shares add up to {total:.10g}, not 1", total,
                             "correct a share")  # fmt: skip


def _told_twice(stock: Stock, model: Model) -> Iterator[Problem]:
    """Rows of people inside that count a stratum in two groups of rows: it would be held twice."""
    taken = np.full(len(model.strata), -1)
    wheres = list(dict.fromkeys(cell.where for cell in stock.rows))
    for i, where in enumerate(wheres):
        if unknown_where(where, model.strata):
            return
        mask = model.strata.mask(where)
        if (taken[mask] >= 0).any():
            g = int(np.flatnonzero(mask & (taken >= 0))[0])
            first = next(j for j, cell in enumerate(stock.rows) if cell.where == where)
            yield error(
                ("rows", first, "where"),
                f"{model.strata.named(g)} stands in these rows and in others, whose people would "
                "be added to them",
                dict(where),
                "let every stratum stand in one group of rows",
            )
            return
        taken[mask] = i


def _people(model: Model, days: Days) -> Iterator[Problem]:
    if model.residents is None:
        return
    residents = model.residents
    for axis in residents.axes:
        if axis not in model.strata_axes:
            yield error(("residents", "axes"), f"there is no axis '{axis}'", axis,
                         did_you_mean(axis, model.strata_axes))  # fmt: skip
            return
    own = Strata({axis: model.strata_axes[axis] for axis in residents.axes})
    _, found = rows_of(residents.people, own, days)
    yield from (p.at("residents", "people") for p in found)


def _prices(model: Model) -> Iterator[Problem]:
    """Two prices for one thing, a time without any, and prices that no figure would use."""
    seen: dict[tuple[str, str, str, dt.date | None], int] = {}
    first: dict[tuple[str, str, str], tuple[int, dt.date]] = {}
    for i, price in enumerate(model.prices):
        what = (price.kind, price.basis, price.payer)
        since = price.from_ or dt.date.min
        if (*what, price.from_) in seen:
            yield error(
                ("prices", i),
                f"prices {seen[*what, price.from_] + 1} and {i + 1} are both {price.basis} "
                f"prices of {price.kind} for one payer ({price.payer}) from one date",
                price.value,
                "remove one, give it a later 'from', or name its own 'payer'",
            )
        seen.setdefault((*what, price.from_), i)
        if since < first.get(what, (i, dt.date.max))[1]:
            first[what] = i, since
        if price.kind == "community" or price.kind not in model.kinds:
            yield Problem(
                "warning",
                ("prices", i, "kind"),
                f"no figure is given for {price.kind}, so this price is never used",
                value=price.kind,
                fix="price a kind that has states: "
                + ", ".join(kind for kind in model.kinds if kind != "community"),
            )
    for (_, basis, payer), (i, since) in first.items():
        if since > model.clock.start:
            yield Problem(
                "warning",
                ("prices", i, "from"),
                f"no {basis} price ({payer}) holds before {since}: a period that begins earlier "
                "has no such cost",
                value=str(since),
                fix=f"give a price from {model.clock.start}, or one without 'from'",
            )
