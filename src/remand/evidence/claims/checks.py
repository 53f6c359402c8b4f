"""What can be wrong with a claim beyond its form: above all, rates of different people compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from remand.errors import Path, Problem, did_you_mean
from remand.evidence.claims.figures import Figure, ages
from remand.evidence.claims.form import (
    OF_AMOUNTS,
    READINGS,
    Change,
    Claim,
    Definition,
    Part,
    Rank,
    Ratio,
    Reading,
    Stated,
    Times,
)
from remand.evidence.claims.values import Figures


def check_claim(claim: Claim, figures: Figures) -> Iterator[Problem]:
    """Every problem of one claim, by its place inside the claim."""
    yield from _stated(claim)
    for i, definition in enumerate(claim.computed):
        place = ("computed", i)
        for j, reading in enumerate(definition.from_):
            at: Path = (*place, "from", j)
            allowed = READINGS[claim.comparison]
            if reading.way not in allowed:
                yield _error(
                    (*at, reading.way),
                    f"'{claim.comparison}' cannot be read from a {reading.way}",
                    fix=f"give {' or '.join(allowed)}",
                )
                continue
            found = list(check_reading(reading, figures))
            if not found and claim.comparison in OF_AMOUNTS:
                found = list(_same_people(claim.stated, reading, figures))
            yield from (problem.at(*at) for problem in found)
        yield from (problem.at(*place) for problem in _files(claim, definition))
    for i, beside in enumerate(claim.beside):
        if beside.from_ is not None:
            found = list(check_reading(beside.from_, figures))
            yield from (problem.at("beside", i, "from") for problem in found)


def check_reading(reading: Reading, figures: Figures) -> Iterator[Problem]:
    """Whether the figures of a reading are there, are numbers, and may be put together."""
    if reading.figure is not None:
        yield from _cited(("figure",), [reading.figure], figures)
    if reading.undetected is not None:
        yield from _undetected(reading.undetected, figures)
    if reading.ratio is not None:
        yield from (p.at("ratio") for p in _ratio(reading.ratio, figures))
    if reading.change is not None:
        yield from (p.at("change") for p in _change(reading.change, figures))
    if reading.rank is not None:
        yield from (p.at("rank") for p in _rank(reading.rank, figures))
    if reading.times is not None:
        yield from (p.at("times") for p in _times(reading.times, figures))


def _error(path: Path, message: str, value: object = None, fix: str = "") -> Problem:
    return Problem("error", path, message, value, fix)


def _stated(claim: Claim) -> Iterator[Problem]:
    """Whether a number was said where the comparison needs one, and only there."""
    stated, comparison = claim.stated, claim.comparison
    if comparison in OF_AMOUNTS:
        if stated.value is None:
            yield _error(
                ("stated", "value"),
                f"'{comparison}' needs the number that was said",
                fix="add stated: {value: …}",
            )
        elif stated.value == 0:
            yield _error(("stated", "value"), "nothing is so many times nought", 0, "give a number")
    elif comparison in {"higher than", "lower than"}:
        if stated.value is not None and stated.value < 1:
            yield _error(
                ("stated", "value"),
                f"'{comparison}' is stated as how many times, 1 or more",
                stated.value,
                "write 2 for twice as high, or twice as low",
            )
    elif stated.value is not None:
        yield _error(
            ("stated", "value"),
            f"'{comparison}' is compared with no number",
            stated.value,
            "remove it, or use another comparison",
        )


def _cited(path: Path, keys: Sequence[str], figures: Figures) -> Iterator[Problem]:
    """Whether ids are figures: in the table, numbers, with an address."""
    for key in keys:
        row = figures.get(key)
        if row is None:
            yield _error(
                path, f"there is no figure '{key}' in the table", key, did_you_mean(key, figures)
            )
        elif row.number is None:
            yield _error(
                path,
                f"the figure {key} is not a number: '{row.written}'",
                key,
                "cite a row whose value is a number",
            )
        elif not row.address:
            yield _error(
                path,
                f"the figure {key} has no address where it can be looked up",
                key,
                "fill its source_address",
            )


def _undetected(key: str, figures: Figures) -> Iterator[Problem]:
    yield from _cited(("undetected",), [key], figures)
    row = figures.get(key)
    if row is not None and not (row.number == 0 and "no detectable" in row.unit):
        yield _error(
            ("undetected",),
            f"the figure {key} is not an effect that a study could not detect",
            key,
            "cite a row of value 0 and unit 'no detectable effect', or use another reading",
        )


def _alike(path: Path, keys: Iterable[str], figures: Figures) -> Iterator[Problem]:
    """Whether figures may be added, subtracted or ranked: the same unit, the same people."""
    rows = [figures[key] for key in keys]
    first = rows[0]
    for row in rows[1:]:
        if (row.per, row.ages) != (first.per, first.ages) or (
            first.per is None and row.unit != first.unit
        ):
            yield _error(
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
    ('per 100,000 (ages 15–64)', 'a number of people')
    """
    if row.per is None:
        return f"a number of {row.unit}"
    per = "a percentage" if row.per == 100 else f"per {row.per:,.0f}"
    named = row.ages if row.ages == "all ages" else f"ages {row.ages}"
    return f"{per} ({named})" if row.ages else per


def _ratio(spec: Ratio, figures: Figures) -> Iterator[Problem]:
    found = [
        *_cited(("of",), spec.of, figures),
        *_cited(("to",), spec.to, figures),
    ]
    yield from found
    if found:
        return
    yield from _alike(("of",), spec.of, figures)
    yield from _alike(("to",), spec.to, figures)
    if _least(spec.to, figures) <= 0:
        yield _error(
            ("to",), "these figures may add up to nothing", fix="cite what it is a share of"
        )


def _least(keys: Iterable[str], figures: Figures) -> float:
    """The least that figures may add up to, rounded as they are."""
    return sum((figures[key].number or 0.0) - figures[key].half for key in keys)


def _change(spec: Change, figures: Figures) -> Iterator[Problem]:
    found = [*_cited(("from",), [spec.from_], figures), *_cited(("to",), [spec.to], figures)]
    yield from found
    if not found:
        yield from _alike(("to",), (spec.from_, spec.to), figures)
        if spec.relative and _least([spec.from_], figures) <= 0:
            yield _error(("from",), "nothing is a share of nought", fix="remove 'relative'")


def _rank(spec: Rank, figures: Figures) -> Iterator[Problem]:
    found = [*_cited(("of",), [spec.of], figures), *_cited(("among",), spec.among, figures)]
    yield from found
    if not found:
        yield from _alike(("among",), (spec.of, *spec.among), figures)
    if spec.of in spec.among:
        yield _error(("among",), f"{spec.of} is ranked among itself", spec.of, "remove it")


def _times(spec: Times, figures: Figures) -> Iterator[Problem]:
    found = [
        *(p.at("of") for p in _part(spec.of, figures)),
        *(p.at("to") for p in _part(spec.to, figures)),
        *_cited(("missing",), spec.missing, figures),
    ]
    yield from found
    if not found:
        of, to = (_denominators(part, figures) for part in (spec.of, spec.to))
        if of[0].ages != to[0].ages or of[0].per != to[0].per:
            yield _error(
                ("to",),
                f"{to[0].id} is {kind(to[0])}, and {of[0].id} is {kind(of[0])}",
                to[0].id,
                "compare rates of the same residents",
            )
        elif _least(spec.to.ratio.of if spec.to.ratio else (spec.to.figure or "",), figures) <= 0:
            yield _error(("to",), "it may be nothing, and nothing is so many times nought")


def _part(part: Part, figures: Figures) -> Iterator[Problem]:
    if part.figure is not None:
        yield from _cited(("figure",), [part.figure], figures)
    if part.ratio is not None:
        yield from (p.at("ratio") for p in _ratio(part.ratio, figures))


def _denominators(part: Part | Reading, figures: Figures) -> list[Figure]:
    """The rows that tell whose rate it is: a rate's own, or those it is divided by."""
    keys = part.ratio.to if part.ratio is not None else (part.figure or "",)
    return [figures[key] for key in keys]


def _same_people(stated: Stated, reading: Reading, figures: Figures) -> Iterator[Problem]:
    """Whether what is computed is in the unit, and of the people, of what was said."""
    if reading.undetected is not None:
        return
    if reading.change is not None and reading.change.relative:
        return
    said = ages(stated.denominator or "")
    rate = stated.denominator is not None
    path: Path = (reading.way,)
    if reading.ratio is not None:
        path, rows, is_rate = ("ratio", "to"), _denominators(reading, figures), True
        counted = figures[reading.ratio.of[0]]
    else:
        key = reading.change.to if reading.change is not None else reading.figure or ""
        rows, counted = [figures[key]], figures[key]
        is_rate = counted.per is not None
    if rate != is_rate:
        yield _error(
            path,
            f"{rows[0].id} gives {'a rate' if is_rate else 'a number'}, and what was said is "
            f"{'a rate' if rate else 'a number'}",
            rows[0].id,
            "state 'per' and 'denominator' for a rate; divide numbers with a ratio",
        )
        return
    for row in rows:
        if rate and row.ages != said:
            yield _error(
                path,
                f"{row.id} is of {_named(row.ages)}, and what was said of {_named(said)}: rates of "
                "different people are never compared",
                row.id,
                "show it under beside, where it is not judged",
            )
    if not rate and stated.unit != counted.unit:
        yield _error(
            path,
            f"{counted.id} counts '{counted.unit}', and what was said is in '{stated.unit}'",
            counted.id,
            "state the unit of the figures",
        )


def _named(named: str | None) -> str:
    if named is None:
        return "residents of no age named"
    return f"residents of {named}" if named == "all ages" else f"residents aged {named}"


def _files(claim: Claim, definition: Definition) -> Iterator[Problem]:
    """Whether a user's file would answer in the form of what was said."""
    for k, spec in enumerate(definition.from_file):
        if claim.comparison not in OF_AMOUNTS:
            yield _error(
                ("from_file", k),
                f"'{claim.comparison}' is not recomputed from files",
                fix="remove from_file",
            )
        elif (bool(spec.to) or spec.per != 1) != (claim.stated.denominator is not None):
            yield _error(
                ("from_file", k, "of"),
                "the file gives a rate where a number was said, or the reverse",
                fix="give 'to' or 'per' for a rate",
            )
