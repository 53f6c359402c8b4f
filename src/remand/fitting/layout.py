"""What a fitted model is made of: its strata, states and exits, and which of them each stay is in.

A state of the jail is a legal status at booking, so that people who change status while inside
stay where they came in; an exit is the reason of release or, where no reason is recorded, the
status they left with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.errors import InputError
from remand.model.states import GONE
from remand.model.strata import Strata
from remand.records.work import MISSING, Records, levels

Ints = NDArray[np.int64]

RELEASED = "released"
"""The state of people who were let out and may be booked again."""

NEVER = "not_back"
"""The exit of those who are not booked again within the horizon."""

FEW = 10
"""Statuses and exits of fewer people than this are taken together as ``other``."""

RARE = 0.002
"""So are exits that fewer than this share of those let out take."""

MOST_LEVELS = 40
"""More levels than this in an axis are codes, not groups."""

OTHER = "other"


@dataclass(frozen=True)
class Layout:
    """States, exits and strata, and every stay's place in them.

    Attributes:
        strata: the axes asked for, with the levels that the records have.
        states, exits: their names; ``labels`` says how the records call them.
        labels: by name of state or exit.
        state, stratum: (stays,) positions.
        exit: (stays,) position; −1 while inside.
    """

    strata: Strata
    states: tuple[str, ...]
    exits: tuple[str, ...]
    labels: dict[str, str]
    state: Ints
    stratum: Ints
    exit: Ints

    @classmethod
    def of(cls, records: Records, by: Sequence[str]) -> Layout:
        """The layout of records ``by`` some of their columns; InputError on an unknown one."""
        taken = {"status", "status_last", "release_reason", "charge_last"} & set(by)
        if taken:
            raise InputError.of(
                f"'{taken.pop()}' cannot be a stratum: people are of one stratum all their lives",
                fix="statuses become states by themselves; give what a person is: race, sex, age",
            )
        axes = {name: levels(records.axis(name)) for name in by}
        for name, found in axes.items():
            for level in {"", "*"} & set(found):
                raise InputError.of(
                    f"'{name}' has the level '{level}', which stands for everyone in a model",
                    fix=f"rename it when taking the file in, under 'values: {name}:' of a mapping",
                    value=level,
                )
            if len(found) > MOST_LEVELS:
                raise InputError.of(
                    f"'{name}' has {len(found)} levels, such as {', '.join(found[:3])}",
                    fix=f"group them when taking the file in, under 'values: {name}:' of a mapping",
                    value=name,
                )
        strata = Strata(axes)
        stratum = np.zeros(len(records.stays), np.int64)
        for name, found in axes.items():
            stratum = stratum * len(found) + _codes(records.axis(name), found)
        status = records.axis("status")
        person = records.stays["person"]
        kinds = _common(_once(status, person))
        inside = records.stays["day_out"].is_null()
        reason = _reasons(records)
        ways = _common(_once(reason.filter(~inside), person.filter(~inside)), RARE)
        states = _named(tuple(dict.fromkeys(kinds.values())), {RELEASED, GONE})
        exits = _named(tuple(dict.fromkeys(ways.values())), set())
        return cls(
            strata=strata,
            states=tuple(states.values()),
            exits=tuple(exits.values()),
            labels={name: label for label, name in (*exits.items(), *states.items())},
            state=_codes(_replaced(status, kinds), tuple(states)),
            stratum=stratum,
            exit=np.where(inside, -1, _codes(_replaced(reason, ways), tuple(exits))),
        )

    def levels(self, stratum: Ints) -> Ints:
        """The level of every axis for some strata: (strata, axes)."""
        sizes = [len(levels) for levels in self.strata.axes.values()]
        if not sizes:
            return np.zeros((len(stratum), 0), np.int64)
        return np.column_stack(np.unravel_index(stratum, sizes))


def _reasons(records: Records) -> pl.Series:
    """How each stay ended, as far as anything says so."""
    for name in ("release_reason", "status_last"):
        if name in records.stays.columns and (records.stays[name] != MISSING).any():
            return records.stays[name]
    return pl.repeat(RELEASED, len(records.stays), eager=True)


def _once(column: pl.Series, person: pl.Series) -> pl.Series:
    """A column with each of a person's levels once: its counts are of people, not of stays."""
    pairs = pl.DataFrame({"level": column, "person": person}).unique(maintain_order=True)
    return pairs["level"]


def _common(column: pl.Series, rare: float = 0.0) -> dict[str, str]:
    """What each level is called: itself, or ``other`` for the rare ones; the commonest first."""
    counted = column.value_counts()
    count = dict(zip(counted[column.name].to_list(), counted["count"].to_list(), strict=True))
    order = levels(column) if len(column) else (MISSING,)
    least = max(FEW, rare * len(column))
    few = {level for level in order[1:] if count.get(level, 0) < least}
    # what is too little even together goes with the commonest
    other = OTHER if sum(count.get(level, 0) for level in few) >= FEW else order[0]
    return {level: other if level in few else level for level in order}


def _replaced(column: pl.Series, by: dict[str, str]) -> pl.Series:
    usual = next(iter(by.values()))
    return column.replace_strict(by, default=usual, return_dtype=pl.String)


def _codes(column: pl.Series, found: Sequence[str]) -> Ints:
    """Positions of a column's values among some levels; the last for any other."""
    index = {level: i for i, level in enumerate(found)}
    coded = column.replace_strict(index, default=len(found) - 1, return_dtype=pl.Int64)
    return coded.to_numpy().astype(np.int64)


def _named(found: Sequence[str], taken: set[str]) -> dict[str, str]:
    """A name fit for a YAML key for each level.

    >>> _named(["City sentenced", "city-sentenced"], set())
    {'City sentenced': 'city_sentenced', 'city-sentenced': 'city_sentenced_2'}
    """
    names: dict[str, str] = {}
    for level in found:
        plain = re.sub(r"\W+", "_", level.casefold()).strip("_") or "level"
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name)
        names[level] = name
    return names
