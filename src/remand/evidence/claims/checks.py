"""What can be wrong with a claim beyond its form: figures that are not there, or not of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from remand.errors import Path, Problem, did_you_mean
from remand.evidence.claims.figures import MOST
from remand.evidence.claims.form import (
    OF_AMOUNTS,
    READINGS,
    Change,
    Claim,
    Part,
    Rank,
    Ratio,
    Reading,
    Times,
)
from remand.evidence.claims.units import alike, as_said, file_as_said, wrong
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
                yield wrong(
                    (*at, reading.way),
                    f"'{claim.comparison}' cannot be read from a {reading.way}",
                    fix=f"give {' or '.join(allowed)}",
                )
                continue
            found = list(check_reading(reading, figures))
            if not found and claim.comparison in OF_AMOUNTS:
                found = list(as_said(claim.stated, reading, figures))
            yield from (problem.at(*at) for problem in found)
        for k, spec in enumerate(definition.from_file):
            yield from (problem.at(*place, "from_file", k) for problem in file_as_said(claim, spec))
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


def _stated(claim: Claim) -> Iterator[Problem]:
    """Whether a number was said where the comparison needs one, and only there."""
    stated, comparison = claim.stated, claim.comparison
    if comparison in OF_AMOUNTS:
        if stated.value is None:
            yield wrong(
                ("stated", "value"),
                f"'{comparison}' needs the number that was said",
                fix="add stated: {value: …}",
            )
        elif abs(stated.value) < 1 / MOST:
            yield wrong(("stated", "value"), "nothing is so many times nought", 0, "give a number")
    elif comparison in {"higher than", "lower than"}:
        if stated.value is not None and stated.value < 1:
            yield wrong(
                ("stated", "value"),
                f"'{comparison}' is stated as how many times, 1 or more",
                stated.value,
                "write 2 for twice as high, or twice as low",
            )
    elif stated.value is not None:
        yield wrong(
            ("stated", "value"),
            f"'{comparison}' is compared with no number",
            stated.value,
            "remove it, or use another comparison",
        )


def _cited(path: Path, keys: Sequence[str], figures: Figures) -> Iterator[Problem]:
    """Whether ids are figures, each once: in the table, numbers, with an address."""
    for key, times in Counter(keys).items():
        if times > 1:
            yield wrong(path, f"{key} stands {times:,} times", key, "name each figure once")
        row = figures.get(key)
        if row is None:
            yield wrong(
                path, f"there is no figure '{key}' in the table", key, did_you_mean(key, figures)
            )
        elif row.number is None:
            yield wrong(
                path,
                f"the figure {key} is not a number: '{row.written}'",
                key,
                f"cite a row whose value is a number, and at most {MOST:.0e}",
            )
        elif not row.address:
            yield wrong(
                path,
                f"the figure {key} has no address where it can be looked up",
                key,
                "fill its source_address",
            )


def _undetected(key: str, figures: Figures) -> Iterator[Problem]:
    yield from _cited(("undetected",), [key], figures)
    row = figures.get(key)
    if row is not None and not (row.number == 0 and "no detectable" in row.unit):
        yield wrong(
            ("undetected",),
            f"the figure {key} is not an effect that a study could not detect",
            key,
            "cite a row of value 0 and unit 'no detectable effect', or use another reading",
        )


def _ratio(spec: Ratio, figures: Figures) -> Iterator[Problem]:
    found = [
        *_cited(("of",), spec.of, figures),
        *_cited(("to",), spec.to, figures),
    ]
    yield from found
    if found:
        return
    yield from alike(("of",), spec.of, figures)
    yield from alike(("to",), spec.to, figures)
    of, to = figures[spec.of[0]], figures[spec.to[0]]
    if of.per is not None or to.per is not None:  # a rate is a share of a like rate alone
        yield from alike(("to",), (of.id, to.id), figures)
    if _least(spec.to, figures) <= 0:
        yield wrong(
            ("to",), "these figures may add up to nothing", fix="cite what it is a share of"
        )


def _least(keys: Iterable[str], figures: Figures) -> float:
    """The least that figures may add up to, rounded as they are."""
    return sum((figures[key].number or 0.0) - figures[key].half for key in keys)


def _change(spec: Change, figures: Figures) -> Iterator[Problem]:
    found = [*_cited(("from",), [spec.from_], figures), *_cited(("to",), [spec.to], figures)]
    yield from found
    if not found:
        yield from alike(("to",), (spec.from_, spec.to), figures)
        if spec.relative and _least([spec.from_], figures) <= 0:
            yield wrong(("from",), "nothing is a share of nought", fix="remove 'relative'")


def _rank(spec: Rank, figures: Figures) -> Iterator[Problem]:
    found = [*_cited(("of",), [spec.of], figures), *_cited(("among",), spec.among, figures)]
    yield from found
    if not found:
        yield from alike(("among",), (spec.of, *spec.among), figures)
    if spec.of in spec.among:
        yield wrong(("among",), f"{spec.of} is ranked among itself", spec.of, "remove it")


def _times(spec: Times, figures: Figures) -> Iterator[Problem]:
    found = [
        *(p.at("of") for p in _part(spec.of, figures)),
        *(p.at("to") for p in _part(spec.to, figures)),
        *_cited(("missing",), spec.missing, figures),
    ]
    yield from found
    if found:
        return
    of, to = spec.of, spec.to
    if of.ratio is not None and to.ratio is not None:
        yield from alike(("to", "ratio", "of"), (of.ratio.of[0], to.ratio.of[0]), figures)
        yield from alike(("to", "ratio", "to"), (of.ratio.to[0], to.ratio.to[0]), figures)
        yield from alike(("missing",), (of.ratio.of[0], *spec.missing), figures)
    elif of.figure is not None and to.figure is not None:
        yield from alike(("to", "figure"), (of.figure, to.figure), figures)
    else:
        yield wrong(
            ("to",),
            "a figure is not compared with a ratio: nobody can tell whether they are of a kind",
            fix="give both as figures, or both as ratios",
        )
    if _least(_over(to), figures) <= 0:
        yield wrong(("to",), "it may be nothing, and nothing is so many times nought")
    below = [key for key in (*_over(of), *spec.missing) if (figures[key].number or 0) < 0]
    for key in below:
        yield wrong(
            ("of",) if key in _over(of) else ("missing",),
            f"{key} is below nought, and so many times something is not",
            key,
            "compare amounts above nought",
        )


def _over(part: Part) -> Sequence[str]:
    """The figures above the line."""
    return part.ratio.of if part.ratio is not None else (part.figure or "",)


def _part(part: Part, figures: Figures) -> Iterator[Problem]:
    if part.figure is not None:
        yield from _cited(("figure",), [part.figure], figures)
    if part.ratio is not None:
        yield from (p.at("ratio") for p in _ratio(part.ratio, figures))
