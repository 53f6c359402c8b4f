"""Claims made in public, each beside what cited figures come to, and a verdict.

How a verdict is reached stands in `remand.evidence.claims.verdicts`: the rules are the same whoever
made the claim. What a verdict rests on is always told with it: the definition, every reading of it,
every cited row, and which of those rows were derived. Where sources or definitions disagree, all of
them are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from remand.errors import InputError, Problem
from remand.errors import Path as Place
from remand.evidence.claims import words
from remand.evidence.claims.checks import check_claim
from remand.evidence.claims.figures import Figure, read_figures, unprintable
from remand.evidence.claims.form import (
    OF_AMOUNTS,
    OF_MANY,
    OF_TWO,
    Beside,
    Claim,
    Claims,
    Definition,
)
from remand.evidence.claims.values import Value, value_of
from remand.evidence.claims.verdicts import (
    CANNOT_BE_TOLD,
    Judged,
    Verdict,
    judge_amount,
    judge_course,
    judge_rank,
    judge_times,
    together,
)
from remand.files import find
from remand.files.documents import Document
from remand.files.forms import faults

More = Callable[[Definition], tuple[Value, ...]]
"""Further readings of a definition, from files that a user has."""


@dataclass(frozen=True)
class Answer:
    """What one definition says of a claim.

    Attributes:
        definition: in words.
        values: its readings, in file order, then those of the user's files.
        each: the verdict by each reading.
        judged: the verdict by all of them.
    """

    definition: str
    values: tuple[Value, ...]
    each: tuple[Judged, ...]

    @property
    def judged(self) -> Judged:
        """The verdict by all readings together."""
        return together(self.each)

    @property
    def divided(self) -> bool:
        """Whether its readings disagree."""
        return len(set(self.each)) > 1


@dataclass(frozen=True)
class Checked:
    """A claim with its verdict.

    Attributes:
        claim: what was said.
        answers: by the definition its words ask for, then by others; empty outside the data.
        aside: what is shown beside it, unjudged, with its value if it has one.
    """

    claim: Claim
    answers: tuple[Answer, ...]
    aside: tuple[tuple[Beside, Value | None], ...]

    @property
    def verdict(self) -> Verdict:
        """By the definition that the words ask for."""
        return self.answers[0].judged.verdict if self.answers else "outside the data"

    @property
    def disputed(self) -> tuple[str, ...]:
        """Where sources or definitions disagree, in sentences; empty if they do not."""
        said = []
        if self.answers and self.answers[0].divided:
            said.append("Its sources do not agree: see each of them.")
        others = [a for a in self.answers[1:] if a.judged != self.answers[0].judged]
        said += [f"By another definition it is {a.judged.verdict}: {a.definition}." for a in others]
        return tuple(said)

    @property
    def says(self) -> str:
        """The verdict's reason in a sentence."""
        if not self.answers:
            return self.claim.outside or ""
        first = self.answers[0]
        said = words.says(self.claim, first.values, first.judged)
        return ". ".join((said, *self.disputed)).removesuffix(".")

    @cached_property
    def rows(self) -> tuple[Figure, ...]:
        """Every figure that it rests on, each once."""
        values = [value for answer in self.answers for value in answer.values]
        values += [value for _, value in self.aside if value is not None]
        return tuple(dict.fromkeys(row for value in values for row in value.rows))

    @property
    def derived(self) -> dict[str, str]:
        """Ids of figures that are not published as such, and how each was come by."""
        return {row.id: row.derived for row in self.rows if row.derived}

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand claims --json``."""
        claim, first = self.claim, self.answers[0] if self.answers else None
        return {
            "id": claim.id,
            "quote": claim.quote,
            "paraphrase": claim.paraphrase,
            "by": claim.by,
            "published": claim.published,
            "address": claim.address,
            "date": claim.date,
            "quantity": claim.quantity,
            "comparison": claim.comparison,
            "stated": {**claim.stated.model_dump(), "words": words.stated(claim)},
            "computed": None if first is None else words.computed(claim, first.values, first.each),
            "definition": None if first is None else first.definition,
            "definitions": [
                {
                    "definition": answer.definition,
                    "computed": words.computed(claim, answer.values, answer.each),
                    "verdict": answer.judged.verdict,
                    "true": answer.judged.true,
                }
                for answer in self.answers[1:]
            ],
            "beside": [words.aside_json(beside, value) for beside, value in self.aside],
            "sources": [row.as_json() for row in self.rows],
            "derived": self.derived,
            "verdict": self.verdict,
            "true": None if first is None else first.judged.true,
            "says": self.says,
            "disputed": list(self.disputed),
            "note": claim.note,
        }


@dataclass(frozen=True)
class Checks:
    """A file of claims, checked."""

    claims: Claims
    checked: tuple[Checked, ...]

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand claims --json``."""
        return {
            "name": self.claims.name,
            "title": self.claims.title,
            "claims": [checked.as_json() for checked in self.checked],
        }


def check_claims(name: str | Path, files: Iterable[str | Path] = ()) -> Checks:
    """Check the claims of a shipped name or a file; ``files`` of public data are read as well.

    Raises InputError with every problem found.

    >>> checked = check_claims("philadelphia/claims-2017").checked
    >>> {each.claim.id: each.verdict for each in checked}["pennsylvania"]
    'understated'
    """
    document = Document.read(find(name, "claims"))
    claims, figures = _sound(document)
    more: More = _nothing_more
    if files := list(files):
        from remand.evidence.claims.files import reader  # noqa: PLC0415 - slow to import

        try:
            more = reader(claims, files)
        except InputError as error:
            raise _located(document, error.problems) from None
    return Checks(claims, tuple(_checked(claim, figures, more) for claim in claims.claims))


def read_claims(name: str | Path) -> tuple[Claims, Mapping[str, Figure]]:
    """A file of claims and the figures it cites. Raises InputError with every problem found.

    A claim with a fault of form hides nothing about the others.
    """
    return _sound(Document.read(find(name, "claims")))


def _sound(document: Document) -> tuple[Claims, Mapping[str, Figure]]:
    plain = document.plain()
    if problems := list(_unprintable(plain, ())):
        raise _located(document, problems)
    spec: Claims | None = None
    try:
        spec = Claims.model_validate(plain)
    except ValidationError as error:
        problems += [fault.problem for fault in faults(Claims, error, plain)]
    figures: Mapping[str, Figure] = {}
    if isinstance(table := plain.get("sources_file"), str):
        try:
            figures = read_figures(document.path.parent / table)
        except InputError as error:
            problems += error.problems
    problems += _beyond(plain, figures)
    if spec is None or problems:
        raise _located(document, problems)
    return spec, figures


def _located(document: Document, problems: Iterable[Problem]) -> InputError:
    """The problems with their lines, in file order."""
    located = [p if p.file else document.locate(p) for p in problems]
    return InputError(sorted(located, key=lambda p: (p.file or "", p.line or 0)))


def _unprintable(node: object, path: Place) -> Iterator[Problem]:
    """Texts of a document that are not to be printed, not even in a message."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _unprintable(key, path)
            yield from _unprintable(child, (*path, key))
    elif isinstance(node, list):
        for i, child in enumerate(node):
            yield from _unprintable(child, (*path, i))
    elif isinstance(node, str) and (why := unprintable(node)):
        yield Problem("error", path, why[0], fix=why[1])


def _beyond(plain: Mapping[str, Any], figures: Mapping[str, Figure]) -> Iterable[Problem]:
    """What is wrong with the claims whose form is right."""
    claims = plain.get("claims")
    seen: dict[str, int] = {}
    for i, written in enumerate(claims if isinstance(claims, list) else ()):
        try:
            claim = Claim.model_validate(written)
        except ValidationError:
            continue  # told already
        if figures:
            yield from (problem.at("claims", i) for problem in check_claim(claim, figures))
        if (first := seen.setdefault(claim.id, i)) != i:
            yield Problem(
                "error",
                ("claims", i, "id"),
                f"claim {first + 1} has the same id '{claim.id}'",
                claim.id,
                "give each claim an id of its own",
            )


def _nothing_more(_: Definition) -> tuple[Value, ...]:
    return ()


def _checked(claim: Claim, figures: Mapping[str, Figure], more: More) -> Checked:
    answers = []
    for definition in claim.computed:
        lowest = claim.comparison == "lowest of"
        cited = (value_of(reading, figures, lowest=lowest) for reading in definition.from_)
        values = (*cited, *more(definition))
        each = tuple(judge(claim, value) for value in values)
        answers.append(Answer(definition.definition, values, each))
    aside = tuple(
        (beside, value_of(beside.from_, figures) if beside.from_ is not None else None)
        for beside in claim.beside
    )
    return Checked(claim, tuple(answers), aside)


def judge(claim: Claim, value: Value) -> Judged:
    """The verdict on a claim by one reading."""
    comparison, stated = claim.comparison, claim.stated
    if value.undetected:
        return CANNOT_BE_TOLD
    if comparison in OF_AMOUNTS:
        assert stated.value is not None  # noqa: S101 - checked
        return judge_amount(
            comparison, stated.value, value.low * stated.per, value.high * stated.per
        )
    if comparison in OF_TWO:
        factor = stated.value or 1.0
        said = factor > 1 and stated.inferred is None
        return judge_times(comparison, factor, value.low, value.high, said=said)
    if comparison in OF_MANY:
        return judge_rank(value.low, value.high)
    return judge_course(comparison, value.low, value.high)
