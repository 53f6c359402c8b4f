"""Cited figures: one row of a facts table each, with what it counts, of whom, and who says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from remand.files.beside import read_rows

_DERIVED = re.compile(r"\b(COMPUTED|INFERRED|DOUBTFUL|UNRELIABLE|WRONG USE)\b")
_ROUNDED = re.compile(r"rounded to (\d+)")
_PER = re.compile(r"\bper ([1-9][\d,]*)")
_AGES = re.compile(r"\b(\d\d)\s*(?:-|–|to)\s*(\d\d)\b")
_OLDER = re.compile(r"\b(\d\d) (?:or|and) (?:older|over)\b")


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
        """The value; None where the table has words (``~67``, ``1 in 99.8``)."""
        try:
            value = float(self.written.replace(",", ""))
        except ValueError:
            return None
        return value if isfinite(value) else None

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
        if self.unit.startswith("%"):
            return 100.0
        found = _PER.search(self.unit)
        return float(found[1].replace(",", "")) if found else None

    @property
    def half(self) -> float:
        """Half of the step it is rounded to, where its source says so; else 0."""
        found = _ROUNDED.search(f"{self.definition} {self.note}")
        return float(found[1]) / 2 if found else 0.0

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


def ages(text: str) -> str | None:
    """The ages of residents that a text names, so that two denominators can be told apart.

    >>> ages("residents aged 15–64"), ages("per 100,000 residents, all ages"), ages("arrests")
    ('15–64', 'all ages', None)
    """
    if found := _AGES.search(text):
        return f"{found[1]}–{found[2]}"
    if "all ages" in text:
        return "all ages"
    found = _OLDER.search(text)
    return f"{found[1]} or older" if found else None


def read_figures(path: Path) -> dict[str, Figure]:
    """The figures of a facts table by id. Raises InputError if it is not one."""
    return {
        row["id"]: Figure(
            id=row["id"],
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
        for _, row in read_rows(path, ("id", "value"))
    }
