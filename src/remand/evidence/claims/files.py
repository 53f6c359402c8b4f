"""Claims computed from files of public data that a user has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from remand.errors import InputError, Problem
from remand.evidence.claims.figures import Figure
from remand.evidence.claims.form import Claims, Definition, FromFile
from remand.evidence.claims.values import Value, ratio
from remand.sources import Taken, read


def reader(
    claims: Claims, files: Iterable[str | Path]
) -> Callable[[Definition], tuple[Value, ...]]:
    """What a definition comes to by each of some files that has its figures.

    Raises InputError for a file from which no claim is computed: it would pass for one that agrees.
    """
    taken = [read(file) for file in files]
    specs = [s for claim in claims.claims for d in claim.computed for s in d.from_file]
    asked = dict.fromkeys(f"{s.source}: {', '.join((*s.of, *s.to))} of {_whose(s)}" for s in specs)
    problems = [
        Problem(
            "error",
            (),
            f"this is of {each.source.name}, and it has nothing that a claim of '{claims.name}' is "
            "computed from",
            fix=f"give a file that has {'; or '.join(asked)}" if asked else "leave out --with",
            file=each.file,
        )
        for each in taken
        if all(_value(spec, each) is None for spec in specs)
    ]
    if problems:
        raise InputError(problems)

    def more(definition: Definition) -> tuple[Value, ...]:
        found = (_value(spec, each) for spec in definition.from_file for each in taken)
        return tuple(value for value in found if value is not None)

    return more


def _whose(spec: FromFile) -> str:
    return f"{spec.place} in {spec.year}" if spec.place else f"{spec.year}"


def _value(spec: FromFile, taken: Taken) -> Value | None:
    """The value by one file; None if it is of another source, or lacks a figure."""
    if taken.source.name != spec.source or taken.table != "aggregates":
        return None
    of, to = (_figures(measures, spec, taken) for measures in (spec.of, spec.to))
    if of is None or to is None:
        return None
    period = f"{spec.year} by {taken.file}"
    if not to:
        total = sum(row.number or 0.0 for row in of)
        half = spec.rounded / 2
        low, middle, high = ((total + d) / spec.per for d in (-half, 0.0, half))
        return Value(middle, low, high, period, "", tuple(of), file=taken.file)
    return replace(ratio(of, to), period=period, file=taken.file)


def _figures(measures: Sequence[str], spec: FromFile, taken: Taken) -> list[Figure] | None:
    """Each measure over the year, its months averaged; None if the file lacks one."""
    frame = taken.frame.filter(pl.col("axis").is_null() & (pl.col("month").dt.year() == spec.year))
    if spec.place:
        frame = frame.filter(pl.col("place") == spec.place)
    found = []
    for measure in measures:
        values = frame.filter(pl.col("measure") == measure)["value"].drop_nulls()
        if values.is_empty():
            return None
        found.append(
            Figure(
                id=f"{taken.file}:{measure}",
                place=spec.place,
                quantity=measure,
                written=f"{values.sum() / len(values):.10g}",
                unit="",
                period=str(spec.year),
                group="all",
                definition="" if len(values) == 1 else f"mean of {len(values)} periods",
                title=taken.source.title,
                publisher=taken.source.publisher,
                year="",
                address=taken.source.address,
                note=f"SHA-256 {taken.sha256}",
            )
        )
    return found
