"""Sentences and tables whose numbers know where they come from.

A `Number` is a printed figure with its place in the run, so that a page can mark it and `verify`
can derive it again. `Said` is a sentence of words and numbers; ``str`` gives it as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

FIGURE = re.compile(r"(?<![\w-])[−+-]?\$?\d(?:[\d,]*\d)?(?:\.\d+)?")
"""A figure inside a sentence that was written elsewhere."""


class Number(NamedTuple):
    """One printed number.

    Attributes:
        path: where it stands in the run, for example ``plan/population/jail/2019-12-01/q05``.
        value: what it is, to the last digit.
        text: how it is printed.
    """

    path: str
    value: float
    text: str


@dataclass(frozen=True)
class Said:
    """Words and numbers in the order they are read.

    >>> print(Said.of("About ", Number("plan/population/jail/2019-12-01/mean", 5412.3, "5,400"),
    ...               " people."))
    About 5,400 people.
    """

    parts: tuple[str | Number, ...] = ()

    @classmethod
    def of(cls, *parts: str | Number | Said) -> Said:
        """Words, numbers and sentences, one after the other."""
        flat: list[str | Number] = []
        for part in parts:
            flat.extend(part.parts if isinstance(part, Said) else [part])
        return cls(tuple(part for part in flat if part != ""))

    @classmethod
    def joined(cls, said: list[Said], between: str) -> Said:
        """Sentences with the same words between any two."""
        parts: list[str | Said] = []
        for one in said:
            parts += [between, one] if parts else [one]
        return cls.of(*parts)

    @classmethod
    def line(cls, text: str, path: str) -> Said:
        """A sentence written elsewhere, with its figures marked by the order they stand in.

        >>> Said.line("a wing of 96 places closes at 5,529 people.", "cost").numbers[1]
        Number(path='cost/2', value=5529.0, text='5,529')
        """
        parts: list[str | Number] = []
        at = 0
        for i, found in enumerate(FIGURE.finditer(text), start=1):
            value = float(re.sub(r"[,$+]", "", found[0]).replace("−", "-"))
            parts += [text[at : found.start()], Number(f"{path}/{i}", value, found[0])]
            at = found.end()
        return cls.of(*parts, text[at:])

    @property
    def numbers(self) -> list[Number]:
        """Its numbers, in order."""
        return [part for part in self.parts if isinstance(part, Number)]

    def __str__(self) -> str:
        return "".join(p.text if isinstance(p, Number) else p for p in self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)


@dataclass(frozen=True)
class Table:
    """Rows under columns. The first column names the row; cells are printed as they are.

    Attributes:
        columns: names, the first that of the rows.
        rows: cells by row.
        caption: what is shown, for someone who does not see where it stands.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Said, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Cite:
    """Where something comes from: words, and an address if it has one on the web."""

    words: str
    address: str = ""


@dataclass(frozen=True)
class Card:
    """One thing that is shown, with where it comes from and what it leans on.

    Attributes:
        key: its name in addresses and in the page (``people``, ``disparity``, ``cost``, …).
        title: its heading.
        table: figures; None where there are none.
        notes: what must be said with them.
        sources: where they come from.
        assumptions: what was supposed where nothing measures it.
        needs: in place of figures: what would have to be given for them.
    """

    key: str
    title: str
    table: Table | None = None
    notes: tuple[Said, ...] = ()
    sources: tuple[Cite, ...] = ()
    assumptions: tuple[str, ...] = ()
    needs: str = ""


def numbers(node: Any) -> Iterator[Number]:
    """Every number in a brief or a part of one, in the order it is read."""
    if isinstance(node, Number):
        yield node
    elif isinstance(node, tuple | list):
        for child in node:
            yield from numbers(child)
    elif is_dataclass(node):
        for field in fields(node):
            yield from numbers(getattr(node, field.name))


def plain(node: Any) -> Any:
    """The same as mappings, lists and texts, for JSON: a sentence becomes its text."""
    if isinstance(node, Said):
        return str(node)
    if isinstance(node, Number):
        return node._asdict()
    if isinstance(node, tuple | list):
        return [plain(child) for child in node]
    if is_dataclass(node):
        return {field.name: plain(getattr(node, field.name)) for field in fields(node)}
    return node
