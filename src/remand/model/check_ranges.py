"""What can be wrong with a model at the ends of its ranges, though all is well at its points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from remand.errors import Problem
from remand.model.findings import SUM_TOLERANCE, Days, error, rows_of, walk
from remand.model.model import Model
from remand.model.spec import FrozenDict
from remand.model.states import State
from remand.model.strata import Strata
from remand.model.uncertain import EDGE, Uncertain
from remand.model.values import DwellRow, Split

Floats = NDArray[np.float64]
RANKS = np.linspace(EDGE, 1 - EDGE, 33)
"""Where laws are looked at; those of one ``together`` name at the same rank."""

KeyT = TypeVar("KeyT")


def check_ranges(model: Model, days: Days) -> Iterator[Problem]:
    """Every problem that only some draws of a model would meet."""
    for name, state in model.states.items():
        if not state.normalise:
            yield from (p.at("states", name) for p in _exits(name, state, model.strata, days))
    for path, part in walk(model):
        if isinstance(part, DwellRow):
            yield from (p.at(*path) for p in _law(part))
        elif isinstance(part, Split):
            yield from (p.at(*path) for p in _split(part))


def by_rank(numbers: Mapping[KeyT, float]) -> Iterator[dict[KeyT, Floats]]:
    """Uncertain numbers at each of `RANKS`, in groups that take one rank."""
    groups: dict[object, dict[KeyT, Floats]] = {}
    for key, number in numbers.items():
        if isinstance(number, Uncertain):
            name = number.law.together or (key,)
            groups.setdefault(name, {})[key] = number.law.quantile(_ranks(number))
    yield from groups.values()


def _ranks(number: Uncertain) -> Floats:
    """`RANKS`, out to the very ends where a law has some."""
    if number.law.law in {"uniform", "triangular"}:
        return (RANKS - EDGE) / (1 - 2 * EDGE)
    return RANKS


# -- shares ---------------------------------------------------------------------------------


def _exits(name: str, state: State, strata: Strata, days: Days) -> Iterator[Problem]:
    """Shares that may add up to more than 1, or that no ``rest`` keeps at 1."""
    chosen: dict[tuple[str, int], NDArray[np.bool_]] = {}
    values: dict[tuple[str, int], float] = {}
    rest = np.zeros((len(strata), len(days)), bool)
    for exit_name, exit_ in state.exits.items():
        if exit_.share is None:
            rest[:] = True
            continue
        rows, found = rows_of(exit_.share, strata, days)
        if found:
            return
        for i, row in enumerate(exit_.share):
            if row.value == "rest":
                rest |= rows == i
            else:
                chosen[exit_name, i], values[exit_name, i] = rows == i, row.value
    if not any(isinstance(value, Uncertain) for value in values.values()):
        return
    known = {key: value for key, value in values.items() if not isinstance(value, Uncertain)}
    low = sum((chosen[key] * value for key, value in known.items()), np.zeros(rest.shape))
    high = low.copy()
    for group in by_rank(values):
        total = sum(chosen[key][..., None] * at for key, at in group.items())
        low, high = low + np.min(total, axis=-1), high + np.max(total, axis=-1)
    loose = ~rest & (high - low > SUM_TOLERANCE)
    wrong = np.argwhere((rest & (high > 1 + SUM_TOLERANCE)) | loose)
    if not len(wrong):
        return
    g, column = (int(x) for x in wrong[0])
    when = f" from {dt.date.fromordinal(int(days[column]))}" if column else ""
    who = f" for {strata.named(g)}" if len(strata) > 1 else ""
    told = f"the exits of '{name}' can add up to"
    if loose[g, column]:
        yield error(
            ("exits",),
            f"{told} {low[g, column]:.4g} or {high[g, column]:.4g}{who}{when}, not 1: "
            "their shares are uncertain and none gives way",
            float(high[g, column]),
            "write 'share: rest' for the exit that takes up what the others leave",
        )
    else:
        yield error(
            ("exits",),
            f"{told} {high[g, column]:.4g}{who}{when} at the ends of their ranges, "
            "so nothing is left for 'rest'",
            float(high[g, column]),
            "narrow a range, or say with 'together' and 'falls' which shares make room for which",
        )


def _split(split: Split) -> Iterator[Problem]:
    for group in by_rank(split.levels):
        total = sum(group.values())
        if np.ptp(total) > SUM_TOLERANCE:
            first = next(iter(group))
            yield error(
                ("levels", first),
                f"the share of '{first}' is uncertain, and no other level gives way",
                None,
                "write shares of a split as known, or as laws of one 'together' name that add up",
            )
            return


# -- laws of stays --------------------------------------------------------------------------


def _law(row: DwellRow) -> Iterator[Problem]:
    """A law that is none at the ends of its numbers, such as a median above its mean."""
    numbers = {
        field: value
        for field in row.model_fields_set - {"scale"}
        if isinstance(value := getattr(row, field), Uncertain)
    }
    groups = list(by_rank(numbers))
    for ends in product((0, -1), repeat=len(groups)):
        values = _at(groups, ends)
        try:
            row.replace(**values)
        except ValidationError as wrong:
            message = wrong.errors()[0]["msg"].removeprefix("Value error, ")
            field = next(iter(values))
            yield error(
                (field,),
                f"at the ends of its ranges this is no law: {message}",
                values[field],
                "write the law's numbers as known and put the doubt into 'scale', which moves "
                "them all, or narrow the range",
            )
            return


def _at(groups: Iterable[Mapping[str, Floats]], ends: Iterable[int]) -> FrozenDict[str, float]:
    found: dict[str, float] = {}
    for group, end in zip(groups, ends, strict=True):
        found |= {field: float(at[end]) for field, at in group.items()}
    return FrozenDict(found)
