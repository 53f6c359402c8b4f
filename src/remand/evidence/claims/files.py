"""Claims computed from files of public data that a user has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from remand.errors import InputError, Problem
from remand.evidence.claims.figures import Figure
from remand.evidence.claims.form import Claims, Definition, FromFile
from remand.evidence.claims.units import wrong
from remand.evidence.claims.values import Value, ratio
from remand.sources import Taken, read


def reader(
    claims: Claims, files: Iterable[str | Path]
) -> Callable[[Definition], tuple[Value, ...]]:
    """What a definition comes to by each of some files that has its figures.

    Raises InputError for a file from which no claim is computed, since it would pass for one that
    agrees; and, by its place in ``claims``, for one that cannot tell what it is asked.
    """
    taken = [read(file) for file in files]
    specs = {
        ("claims", i, "computed", j, "from_file", k): spec
        for i, claim in enumerate(claims.claims)
        for j, definition in enumerate(claim.computed)
        for k, spec in enumerate(definition.from_file)
    }
    unanswerable = [
        problem.at(*place)
        for place, spec in specs.items()
        for each in taken
        if (problem := _unanswerable(spec, each)) is not None
    ]
    if unanswerable:
        raise InputError(unanswerable)
    asked = dict.fromkeys(
        f"{s.source}: {', '.join((*s.of, *s.to))} of {_whose(s)}" for s in specs.values()
    )
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
        if all(_value(spec, each) is None for spec in specs.values())
    ]
    if problems:
        raise InputError(problems)

    def more(definition: Definition) -> tuple[Value, ...]:
        found = (_value(spec, each) for spec in definition.from_file for each in taken)
        return tuple(value for value in found if value is not None)

    return more


def _is_of(spec: FromFile, taken: Taken) -> bool:
    return taken.source.name == spec.source and taken.table == "aggregates"


def _unanswerable(spec: FromFile, taken: Taken) -> Problem | None:
    """Why a file that has the figures cannot tell, if it cannot."""
    if not _is_of(spec, taken):
        return None
    places = taken.frame["place"].unique().drop_nulls().sort().to_list()
    if not spec.place and len(places) > 1:
        shown = ", ".join(places[:8]) + (", …" if len(places) > 8 else "")
        return wrong(
            ("place",),
            f"{taken.file} has {len(places):,} places, and no place is named",
            fix=f"add place, one of: {shown}",
        )
    for key, measures in (("of", spec.of), ("to", spec.to)):
        rows = _figures(measures, spec, taken) or []
        for row in rows:
            if row.number is None:
                return wrong(
                    (key,),
                    f"{row.quantity} is {row.written} in {taken.file}: no number that can be "
                    "counted with",
                    fix="download the file again",
                )
        if key == "to" and rows and sum(row.number or 0.0 for row in rows) <= 0:
            return wrong(
                (key,),
                f"these figures may add up to nothing in {taken.file}",
                fix="take what it is a share of",
            )
    return None


def _whose(spec: FromFile) -> str:
    return f"{spec.place} in {spec.year}" if spec.place else f"{spec.year}"


def _value(spec: FromFile, taken: Taken) -> Value | None:
    """The value by one file; None if it is of another source, or lacks a figure."""
    if not _is_of(spec, taken):
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
