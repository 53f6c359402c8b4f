"""What every check is made of: an error, a walk through a spec, a look at rows and at ``where``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from remand.errors import InputError, Path, Problem, did_you_mean
from remand.model.policy import Source
from remand.model.spec import Row, Sourced
from remand.model.strata import Strata, choose, uncovered
from remand.model.uncertain import numbers_without_source, places_of

SUM_TOLERANCE = 1e-9
"""How far from 1 shares that should add up to 1 may be."""

Days = NDArray[np.int64]
"""Proleptic ordinals of the dates on which some row begins to hold, rising."""


def error(path: Path, message: str, value: object, fix: str) -> Problem:
    """A problem that stops a run."""
    return Problem("error", path, message, value=value, fix=fix)


def walk(spec: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every part of a spec, itself first, with the path that leads to it in its file."""
    yield path, spec
    if isinstance(spec, Mapping):
        for key, child in spec.items():
            yield from walk(child, (*path, key))
    elif isinstance(spec, tuple):
        for position, child in enumerate(spec):
            yield from walk(child, (*path, position))
    elif isinstance(spec, BaseModel):
        for name, field in type(spec).model_fields.items():
            yield from walk(getattr(spec, name), (*path, field.alias or name))


def unknown_where(where: Mapping[str, Sequence[str]], strata: Strata) -> list[Problem]:
    """Axes and levels a ``where`` names that there are not."""
    try:
        strata.mask(where)
    except InputError as wrong:
        return list(wrong.problems)
    return []


def rows_of(rows: Sequence[Row], strata: Strata, days: Days) -> tuple[Days, list[Problem]]:
    """Which row holds for each stratum on each date; clashes, or else strata without a row."""
    chosen, problems = choose(rows, strata, days)
    return chosen, problems or uncovered(chosen, strata, days)


def unsourced(spec: BaseModel, known: Mapping[str, Source]) -> Iterator[Problem]:
    """Numbers that nothing grounds, and sources that are neither known keys nor addresses."""
    for path, number in numbers_without_source(spec):
        if path[0] not in {"clock", "policies"}:  # a policy is cited as a whole
            yield error(
                path,
                f"the number {number:g} has no source",
                number,
                "add source: <key>, or inferred: <why this number>, here or in a block around it",
            )
    laws = ((place.path, place.law) for place in places_of(spec))
    for path, part in chain(walk(spec), laws):
        for key in part.source if isinstance(part, Sourced) else ():
            if key not in known and "://" not in key:
                yield error(
                    (*path, "source"),
                    f"'{key}' is neither one of the file's sources nor an address",
                    key,
                    did_you_mean(key, known) if known else "add it under 'sources', or an address",
                )
