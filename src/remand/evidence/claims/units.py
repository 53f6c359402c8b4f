"""Whether things are of a kind: figures that are put together, and what is computed and was said.

Rates of different people are never compared: neither of other ages, nor of other denominators.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from remand.errors import Path, Problem, did_you_mean
from remand.evidence.claims.figures import Figure, whom
from remand.evidence.claims.form import OF_AMOUNTS, Claim, FromFile, Reading, Stated
from remand.evidence.claims.values import Figures


def wrong(path: Path, message: str, value: object = None, fix: str = "") -> Problem:
    """A problem at a place."""
    return Problem("error", path, message, value, fix)


def alike(path: Path, keys: Iterable[str], figures: Figures) -> Iterator[Problem]:
    """Whether figures may be added, subtracted, ranked or compared: one unit, the same people."""
    first, *others = [figures[key] for key in keys]
    for row in others:
        if (row.counted, row.per, row.whom) != (first.counted, first.per, first.whom):
            yield wrong(
                path,
                f"{row.id} is {kind(row)}, and {first.id} is {kind(first)}: they are not of a kind",
                row.id,
                "take figures of one unit and one denominator",
            )


def kind(row: Figure) -> str:
    """What a figure is per, in words.

    >>> from dataclasses import replace
    >>> row = replace(Figure(*("",) * 13), unit="per 100,000 residents aged 15-64")
    >>> kind(row), kind(replace(row, unit="people"))
    ('per 100,000 residents (ages 15–64)', 'a number of people')
    """
    ages, whom = row.whom
    named = f" ({ages if ages == 'all ages' else f'ages {ages}'})" if ages else ""
    if row.per is None:
        return f"a number of {row.counted}{named}"
    of = f" of {whom}" if row.per == 100 and whom else f" {whom}" if whom else ""
    per = "a percentage" if row.per == 100 else f"{row.counted} per {row.per:,.0f}".strip()
    return f"{per}{of}{named}"


def as_said(stated: Stated, reading: Reading, figures: Figures) -> Iterator[Problem]:
    """Whether what is computed is in the unit, and of the people, of what was said."""
    if reading.undetected is not None:
        return
    if reading.change is not None and reading.change.relative:
        yield from _relative(stated, figures[reading.change.to])
        return
    path: Path = (reading.way,)
    if reading.ratio is not None:
        path, is_rate = ("ratio", "to"), True
        rows = [figures[key] for key in reading.ratio.to]
        counted = figures[reading.ratio.of[0]].counted
    else:
        row = figures[reading.change.to if reading.change is not None else reading.figure or ""]
        rows, counted, is_rate = [row], row.counted, row.per is not None
    if stated.denominator is None and stated.per != 1:
        yield wrong(
            path,
            f"a rate per {stated.per:,.0f} needs its denominator",
            fix="add denominator to what is stated; without one it is a relative change",
        )
    elif (stated.denominator is not None) != is_rate:
        yield wrong(
            path,
            f"{rows[0].id} gives {'a rate' if is_rate else 'a number'}, and what was said is "
            f"{'a number' if is_rate else 'a rate'}",
            rows[0].id,
            "state 'per' and 'denominator' for a rate; divide numbers with a ratio",
        )
    else:
        points = reading.change is not None and rows[0].per == 100
        problems = [
            _other_people(stated, rows, divided=reading.ratio is not None),
            _other_unit(stated, rows[0], counted, points=points),
        ]
        yield from (problem.at(*path) for problem in problems if problem is not None)


def _relative(stated: Stated, row: Figure) -> Iterator[Problem]:
    """Whether a relative change is stated as one: so many per hundred, of the first figure."""
    if stated.per != 100 or stated.denominator is not None:
        yield wrong(
            ("change", "relative"),
            "a relative change is per hundred of its first figure, and what was said is "
            f"{_said(stated)}",
            fix="state value and per: 100, and no denominator",
        )
    elif stated.unit not in {None, "%", row.counted or row.unit}:
        yield wrong(
            ("change", "to"),
            f"{row.id} counts '{row.counted or row.unit}', and what was said is in '{stated.unit}'",
            row.id,
            "state the unit of the figures, or none",
        )


def _said(stated: Stated) -> str:
    if stated.denominator is not None:
        return f"per {stated.per:,.0f} of '{stated.denominator}'"
    return f"a number of '{stated.unit}'" if stated.unit else "a number"


def _other_people(stated: Stated, rows: Sequence[Figure], *, divided: bool) -> Problem | None:
    """A rate of other people than was said; of a ratio, those it is ``divided`` by."""
    if stated.denominator is None:
        return None
    named, words = whom(stated.denominator)
    for row in rows:
        own = {whom(row.unit)[1], whom(row.quantity)[1]} if divided else {row.whom[1]}
        if row.ages != named:
            told = f"{_named(row.ages)}, and what was said of {_named(named)}"
        elif words not in own:
            whose = row.quantity or row.unit if divided else row.unit
            told = f"'{whose}', and what was said of '{stated.denominator}'"
        else:
            continue
        return wrong(
            (),
            f"{row.id} is of {told}: rates of different people are never compared",
            row.id,
            "show it under beside, where it is not judged; or state the denominator in the words "
            "of the table",
        )
    return None


def _other_unit(stated: Stated, row: Figure, counted: str, *, points: bool) -> Problem | None:
    """Another thing counted than was said; between two percentages, ``points``."""
    if points and (stated.unit, stated.per) != ("points", 100):
        return wrong(
            (),
            "the difference of two percentages is in points, and not per cent of anything",
            row.id,
            "state unit: points and per: 100; or, for a relative change, relative: true",
        )
    rate = stated.denominator is not None
    if rate and stated.unit == "points" and not points:
        return wrong(
            (),
            "what was said is in points, and this is no difference of two percentages",
            row.id,
            "state another unit, or a change",
        )
    if points or stated.unit == counted or (rate and not (stated.unit and counted)):
        return None
    return wrong(
        (),
        f"{row.id} counts '{counted}', and what was said is in '{stated.unit}'",
        row.id,
        "state the unit of the figures",
    )


def _named(named: str | None) -> str:
    if named is None:
        return "residents of no age named"
    return f"residents of {named}" if named == "all ages" else f"residents aged {named}"


def file_as_said(claim: Claim, spec: FromFile) -> Iterator[Problem]:
    """Whether a user's file has what is asked of it, and answers in the form of what was said."""
    stated, rates = claim.stated, [measure for measure in spec.of if "_rate_" in measure]
    if claim.comparison not in OF_AMOUNTS:
        yield wrong(
            (), f"'{claim.comparison}' is not recomputed from files", fix="remove from_file"
        )
    elif stated.denominator is None and stated.per != 1:
        yield wrong((), "a relative change is not recomputed from files", fix="remove from_file")
    elif (bool(spec.to or rates) or spec.per != 1) != (stated.denominator is not None):
        yield wrong(
            ("of",),
            "the file gives a rate where a number was said, or the reverse",
            fix="give 'to' or 'per' for a rate",
        )
    elif (spec.per == 1) == bool(rates) or (spec.to and rates):
        yield wrong(
            ("per",),
            "'per' is of a measure that is a rate itself, and of no other",
            fix="give 'to' to divide numbers, or 'per' where the file has a rate",
        )
    else:
        yield from _measures(spec)
        key, measures = ("to", spec.to) if spec.to else ("of", tuple(rates))
        for measure in measures:
            if whom(said := whose(measure)) != whom(stated.denominator or ""):
                yield wrong(
                    (key,),
                    f"{measure} is of {said}, and what was said of {stated.denominator}: rates of "
                    "different people are never compared",
                    measure,
                    "take a measure of those of whom it was said, or state them in these words",
                )


def whose(measure: str) -> str:
    """Whom a measure of public data counts, or is a rate of, in the words of a denominator.

    >>> whose("population_15_64"), whose("incarceration_rate_adults"), whose("cases_charged")
    ('residents aged 15–64', 'residents aged 18 or older', 'cases charged')
    """
    if found := re.fullmatch(r"population_(\d+)_(\d+)", measure):
        return f"residents aged {found[1]}–{found[2]}"
    if measure == "population" or measure.endswith("_rate_all_ages"):
        return "residents of all ages"
    if measure.endswith("_rate_adults"):
        return "residents aged 18 or older"
    return measure.replace("_", " ")


def _measures(spec: FromFile) -> Iterator[Problem]:
    """Whether there is such a source, and it has such measures, each asked for once."""
    from remand.sources import SOURCES  # noqa: PLC0415 - only where a file is spoken of

    tables = {source.name: source for source in SOURCES if source.table == "aggregates"}
    if spec.source not in tables:
        yield wrong(
            ("source",),
            f"there is no public data set '{spec.source}' that has measures",
            spec.source,
            did_you_mean(spec.source, tables),
        )
        return
    known = [name for names in tables[spec.source].definitions for name in names.split(", ")]
    begun = tuple(name.removesuffix("…") for name in known if name.endswith("…"))
    for key, measures in (("of", spec.of), ("to", spec.to)):
        for measure, times in Counter(measures).items():
            if times > 1:
                said = f"{measure} stands {times:,} times"
                yield wrong((key,), said, measure, "name each measure once")
            if measure not in known and not measure.startswith(begun):
                yield wrong(
                    (key,),
                    f"{spec.source} has no measure '{measure}'",
                    measure,
                    did_you_mean(measure, known),
                )
