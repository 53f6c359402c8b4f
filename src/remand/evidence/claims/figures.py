"""Cited figures: one row of a facts table each, with what it counts, of whom, and who says so."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from remand.errors import InputError, Problem
from remand.files.beside import read_rows

_DERIVED = re.compile(r"\b(COMPUTED|INFERRED|DOUBTFUL|UNRELIABLE|WRONG USE)\b")
_PER = re.compile(r"\bper ([1-9][\d,]{0,14})(?!\d)")

_STEP = re.compile(
    r"\brounded to (?:the nearest )?(one|two|three|ten|hundred|\d[\d,]{0,14}(?:\.\d{1,15})?)?s? ?"
    r"(decimal|significant|digit|figure|whole|thousand|million)?",
    re.IGNORECASE,
)
_NUMBERS = {"one": "1", "two": "2", "three": "3", "ten": "10", "hundred": "100"}
_TIMES = {"": 1.0, "whole": 1.0, "thousand": 1e3, "million": 1e6}

_SPAN = r"(\d{1,3})\s*(?:-|–|to)\s*(\d{1,3})(?![\d–-])"
_OLDER = r"(\d{1,3})(?:\+| (?:years )?(?:or|and) (?:older|over)\b)"
_AGES = re.compile(
    rf"\ball ages\b|\b(?:aged?|ages|residents|population) (?:{_SPAN}|{_OLDER})", re.IGNORECASE
)
_NAMED = re.compile(
    rf"(?:,|\bof|\baged?|\bages)? *(?:\ball ages\b|\b{_SPAN}|\b{_OLDER})", re.IGNORECASE
)

_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

LONGEST = 10_000
"""Characters that a text may have: a claim is a sentence."""
MOST = 1e18
"""No figure is larger than this, nor, unless it is nought, smaller than one of so many."""


@dataclass(frozen=True)
class Figure:
    """One cited figure.

    Attributes:
        id: its key in the table.
        place, quantity, unit, period, group, definition: what it counts.
        written: the value as it stands in the table.
        title, publisher, year, address: who says so, and where.
        note: what is known of it.
    """

    id: str
    place: str
    quantity: str
    written: str
    unit: str
    period: str
    group: str
    definition: str
    title: str
    publisher: str
    year: str
    address: str
    note: str

    @property
    def number(self) -> float | None:
        """The value; None where the table has words (``~67``, ``1 in 99.8``), or beyond `MOST`."""
        try:
            value = float(self.written.replace(",", ""))
        except ValueError:
            return None
        return value if value == 0 or 1 / MOST <= abs(value) <= MOST else None

    @property
    def _parts(self) -> tuple[str, float | None, str]:
        """The unit in three: what is counted, per how many, of whom."""
        if self.unit.startswith("%"):
            return "", 100.0, self.unit[1:].strip().removeprefix("of ")
        found = _PER.search(self.unit)
        if found is None:
            return self.unit, None, ""
        per = float(found[1].replace(",", ""))
        return self.unit[: found.start()].strip(), per, self.unit[found.end() :].strip()

    @property
    def counted(self) -> str:
        """What is counted: a count's unit; of a rate, what its unit says of it, often nothing."""
        return self._parts[0]

    @property
    def per(self) -> float | None:
        """What a rate is per: 100,000, or 100 for a percentage; None for a count.

        >>> import dataclasses
        >>> count = Figure(*("",) * 13)
        >>> dataclasses.replace(count, unit="per 100,000 residents, all ages").per
        100000.0
        >>> dataclasses.replace(count, unit="% of cases").per, count.per
        (100.0, None)
        """
        return self._parts[1]

    @property
    def whom(self) -> tuple[str | None, str]:
        """Whom a rate is of, as `whom` tells them apart; of a count, its ages alone."""
        return self.ages, whom(self._parts[2])[1]

    @property
    def half(self) -> float:
        """Half of the step it is rounded to, where its source says so; else 0."""
        return step(f"{self.definition} {self.note}", self.number or 0.0) / 2

    @property
    def ages(self) -> str | None:
        """The ages of the residents it is about, where it names any."""
        return ages(self.unit) or ages(self.quantity) or ages(self.definition)

    @property
    def derived(self) -> str | None:
        """How it was come by, where it is not published as such: computed, inferred, doubtful."""
        found = _DERIVED.search(f"{self.note} {self.definition}")
        return found[1].lower() if found else None

    def as_json(self) -> dict[str, str | float | None]:
        """The row as the stable shape of ``remand claims --json`` has it."""
        return {
            "id": self.id,
            "place": self.place,
            "quantity": self.quantity,
            "value": self.written if self.number is None else self.number,
            "unit": self.unit,
            "period": self.period,
            "group": self.group,
            "definition": self.definition,
            "title": self.title,
            "publisher": self.publisher,
            "year": self.year,
            "address": self.address,
            "note": self.note,
            "derived": self.derived,
        }


def step(text: str, number: float) -> float:
    """The step to which a text says that a number is rounded; 0 where it says none.

    >>> step("rounded to 1,000", 12_000), step("rounded to 1 decimal", 91.5)
    (1000.0, 0.1)
    >>> step("rounded to 2 significant figures", 670), step("as published", 670)
    (10.0, 0.0)
    """
    found = _STEP.search(text)
    if found is None or not any(found.groups()):
        return 0.0
    written, kind = (found[1] or "1").lower(), (found[2] or "").lower()
    count = float(_NUMBERS.get(written, written).replace(",", ""))
    if kind == "decimal":
        return math.pow(10, -count)
    if kind in {"significant", "digit", "figure"}:
        return math.pow(10, math.floor(math.log10(abs(number))) + 1 - count) if number else 0.0
    return count * _TIMES[kind]


def ages(text: str) -> str | None:
    """The ages of residents that a text names, so that two denominators can be told apart.

    Two numbers are ages only where the words say so: a date is none.

    >>> ages("residents aged 15–64"), ages("per 100,000 residents, all ages"), ages("arrests")
    ('15–64', 'all ages', None)
    >>> ages("people held on 2015-12-31") is ages("1 in 22-23 adults") is None
    True
    """
    found = _AGES.search(text)
    if found is None:
        return None
    since, until, older = found.groups()
    return f"{since}–{until}" if since else f"{older} or older" if older else "all ages"


def whom(text: str) -> tuple[str | None, str]:
    """Whom a denominator names: their ages, and the rest of its words.

    >>> whom("residents of all ages") == whom("residents, all ages")
    True
    >>> whom("residents aged 15-64"), whom("arrests")
    (('15–64', 'residents'), (None, 'arrests'))
    """
    named = ages(text)
    rest = _NAMED.sub(" ", text) if named else text
    return named, " ".join(re.findall(r"\w+", rest.casefold()))


def unprintable(text: str) -> tuple[str, str] | None:
    r"""Why a text cannot be printed, and what to do; None if it can.

    It may act on a terminal, turn a line about, be no text at all, or have no end.

    >>> unprintable("Pennsylvanians aged 15–64")
    >>> unprintable("\x1b[31mred")
    ('a character stands here that cannot be printed', 'type the words again')
    """
    if len(text) > LONGEST:
        return f"a text of {len(text):,} characters", f"keep to {LONGEST:,}"
    if _CONTROL.search(text):
        return "a character stands here that cannot be printed", "type the words again"
    return None


def read_figures(path: Path) -> dict[str, Figure]:
    """The figures of a facts table by id. Raises InputError with every problem if it is not one."""
    figures: dict[str, Figure] = {}
    problems: list[Problem] = []
    for line, row in read_rows(path, ("id", "value")):
        key = row["id"]
        wrong = {column: why for column, text in row.items() if (why := unprintable(text))}
        if key in figures:
            wrong["id"] = "a row above has the same id", "give each row an id of its own"
        problems += (
            Problem("error", (column,), message, fix=fix, file=str(path), line=line)
            for column, (message, fix) in wrong.items()
        )
        figures[key] = Figure(
            id=key,
            place=row.get("jurisdiction", ""),
            quantity=row.get("quantity", ""),
            written=row["value"],
            unit=row.get("unit", ""),
            period=row.get("period", ""),
            group=row.get("group", ""),
            definition=row.get("definition", ""),
            title=row.get("source_title", ""),
            publisher=row.get("publisher", ""),
            year=row.get("source_year", ""),
            address=row.get("source_address", ""),
            note=row.get("note", ""),
        )
    if problems:
        raise InputError(problems)
    return figures
