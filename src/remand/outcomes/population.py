"""Whom rates are per: a table of residents, checked against the levels that records have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from remand.errors import InputError, Problem, did_you_mean
from remand.model.values import Disparity, Residents

PEOPLE, UNIT = "people", "unit"
"""Columns of a population table that are no axes."""


def residents_in(
    table: pl.DataFrame, file: str, per: str | None, levels: Mapping[str, Sequence[str]]
) -> Residents:
    """A table of residents: a row a cell of its axes, with ``people``, and ``unit`` or ``per``.

    ``levels`` are those the records have of each axis they could be grouped by. A level that no
    record has is taken as one of whom nobody is held, unless it looks like another misspelt.
    Raises InputError with every problem found.

    >>> table = pl.DataFrame({"race": ["Black", "white"], "people": [4000, 6000]})
    >>> held = {"race": ("Black", "white")}
    >>> residents_in(table, "p.csv", "residents aged 15–64", held).unit
    'residents aged 15–64'
    """
    unit = per or _unit(table, file)
    axes = [name for name in table.columns if name not in {PEOPLE, UNIT}]
    problems = [
        Problem("error", (name,), f"the records have no column '{name}'", name,
                did_you_mean(name, [*levels, PEOPLE, UNIT]), file, 1)
        for name in axes if name not in levels
    ]  # fmt: skip
    if PEOPLE not in table.columns:
        problems.append(Problem("error", (), "there is no column 'people'", None,
                                "name the column of counts 'people'", file, 1))  # fmt: skip
    if problems:
        raise InputError(problems)
    rows, seen = [], set[tuple[str, ...]]()
    for i, row in enumerate(table.iter_rows(named=True), start=2):
        people = _number(row[PEOPLE])
        if people is None:
            problems.append(Problem("error", (PEOPLE,), f"'{row[PEOPLE]}' is not a count",
                                    row[PEOPLE], "write 52000", file, i))  # fmt: skip
        where = {axis: str(row[axis] or "") for axis in axes}
        for axis, level in where.items():
            problems += _misspelt(axis, level, levels[axis], file, i)
        key = tuple(where.values())
        if key in seen:
            problems.append(Problem("error", (), f"{', '.join(key) or 'everyone'} stands twice",
                                    None, "one row a group", file, i))  # fmt: skip
        seen.add(key)
        rows.append({"where": where, "value": people or 0.0})
    if problems:
        raise InputError(problems)
    return Residents.model_validate({"unit": unit, "axes": axes, "people": rows, "source": file})


def comparison(text: str, levels: Mapping[str, Sequence[str]], missing: str) -> Disparity:
    """Which levels a disparity is between, written ``race=Black:white``. InputError if unclear.

    >>> comparison("race=Black:white", {"race": ("Black", "white")}, "not recorded").of
    'Black'
    """
    axis, _, pair = text.partition("=")
    of, _, to = pair.partition(":")
    if not (axis and of and to):
        raise InputError.of(f"--compare cannot be '{text}'", fix="write race=Black:white")
    if axis not in levels:
        raise InputError.of(
            f"--compare: the records have no column '{axis}'", fix=did_you_mean(axis, levels)
        )
    for level in (of, to):
        if level not in levels[axis]:
            raise InputError.of(
                f"--compare: no record has {axis} '{level}'", fix=did_you_mean(level, levels[axis])
            )
    unknown = missing if missing in levels[axis] else None
    return Disparity(axis=axis, of=of, to=to, missing=unknown)


def _unit(table: pl.DataFrame, file: str) -> str:
    named = table[UNIT].drop_nulls().unique().to_list() if UNIT in table.columns else []
    if len(named) > 1:
        raise InputError.of(
            f"the residents are of {len(named)} kinds: {', '.join(map(str, named))}",
            fix="one denominator a table", file=file, path=(UNIT,),
        )  # fmt: skip
    if not named:
        raise InputError.of(
            "nothing says whom these residents are (a rate per residents aged 15–64 is half as "
            "high again as one per all residents)",
            fix='add a column "unit", or --per "residents aged 15–64"', file=file,
        )  # fmt: skip
    return str(named[0])


def _number(value: object) -> float | None:
    try:
        number = float(str(value).replace(",", "").replace(" ", ""))
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _misspelt(axis: str, level: str, known: Sequence[str], file: str, line: int) -> list[Problem]:
    """A level that no record has, but that looks like one they have."""
    if level in known or (fix := did_you_mean(level, known)).startswith("use one"):
        return []
    return [Problem("error", (axis,), f"no record has {axis} '{level}'", level, fix, file, line)]
