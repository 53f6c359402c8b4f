"""Where the header of a file stands: below titles and blank rows, or nowhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from remand.errors import InputError
from remand.records.intake.names import field_of

LOOKED_AT = 30
"""Lines in which a delimiter and a header are looked for."""

WITHIN = 20
"""Rows of which one may be the header."""

Row = tuple[int, Sequence[str]]
"""A line of the file that is not blank, and its cells."""


@dataclass(frozen=True)
class Header:
    """The header of a file.

    Attributes:
        line: on which it stands, counted from 1; 0: there is none.
        names: of the columns; ``column 1`` … where there is no header.
        after: the line below which the rows begin.
        notes: what was taken for granted.
    """

    line: int
    names: tuple[str, ...]
    after: int
    notes: tuple[str, ...] = ()


def find(file: str, split: Sequence[Sequence[str]], wanted: bool | int | None) -> Header:  # noqa: FBT001
    """The header among the first lines, given as cells: as ``wanted`` says, or as it looks.

    It is the row that names most fields, if any names two; else the first of full width that is
    all text. ``wanted`` is its line, or whether there is one. Raises InputError if the lines hold
    nothing.
    """
    full = [(line, cells) for line, cells in enumerate(split, 1) if any(c.strip() for c in cells)]
    if not full:
        raise _wrong(file, "no cell of the first rows holds anything", "export it again", 1)
    if wanted is not None and not isinstance(wanted, bool):
        found = next((row for row in full if row[0] == wanted), None)
        if found is None:
            raise _wrong(
                file, f"the mapping says that line {wanted} is the header, but nothing stands "
                "there", "give the line of the header, counted from 1", wanted,
            )  # fmt: skip
        return _header(found, full)
    width = _width(full)
    first = next(row for row in full if len(row[1]) == width)
    if wanted is False:
        return _none(first, full)
    found = _named(full) or _one_longer(full) or _textual(full, width)
    if found is not None:
        return _header(found, full)
    return (
        _header(full[0] if len(full[0][1]) > 1 else first, full) if wanted else _none(first, full)
    )


def _header(found: Row, full: Sequence[Row]) -> Header:
    line, cells = found
    notes = _above(line, full, "header")
    below = [c for at, c in full if at > line]
    if below and all(len(c) == len(cells) + 1 and not c[-1].strip() for c in below):
        notes.append("each row ends in a delimiter")
    return Header(line, _unlike(cells, notes), line, tuple(notes))


def _none(first: Row, full: Sequence[Row]) -> Header:
    line, cells = first
    notes = [*_above(line, full, "table"), "no header: columns are known by their position"]
    return Header(0, tuple(f"column {i + 1}" for i in range(len(cells))), line - 1, tuple(notes))


def _above(line: int, full: Sequence[Row], what: str) -> list[str]:
    if full[0][0] >= line:
        return []
    stand = "line 1 stands" if line == 2 else f"lines 1–{line - 1} stand"
    return [f"{stand} above the {what} and {'was' if line == 2 else 'were'} passed over"]


def _width(full: Sequence[Row]) -> int:
    """How many cells most rows have."""
    widths = Counter(len(cells) for _, cells in full)
    return max(widths.items(), key=lambda item: (item[1], item[0]))[0]


def _named(full: Sequence[Row]) -> Row | None:
    """The row that names most fields, two of them at least, and holds no date."""

    def fields(row: Row) -> int:
        if any(_LIKE_A_DATE.match(cell.strip()) for cell in row[1]):
            return 0
        return len({known[0] for cell in row[1] if (known := field_of(cell))})

    best = max(full[:WITHIN], key=fields)  # of equals the first
    return best if fields(best) >= 2 else None


def _one_longer(full: Sequence[Row]) -> Row | None:
    """The first row, if each below it ends in a delimiter too many."""
    (_, first), rest = full[0], [cells for _, cells in full[1:]]
    alike = rest and all(len(c) == len(first) + 1 and not c[-1].strip() for c in rest)
    return full[0] if alike and looks_like_one(first) else None


def _textual(full: Sequence[Row], width: int) -> Row | None:
    """The first row of full width, if it looks like a header.

    Rows of a sheet all have its width: those that fill half of it or less are titles.
    """
    filled = [sum(bool(c.strip()) for c in cells) * (len(cells) == width) for _, cells in full]
    row = next(row for row, n in zip(full, filled, strict=True) if 2 * n > max(filled))
    return row if row in full[:WITHIN] and looks_like_one(row[1]) else None


def looks_like_one(cells: Sequence[str]) -> bool:
    """Whether a row names fields, or at least holds no date and not mostly numbers."""
    filled = [cell for cell in cells if cell.strip()]
    if any(_LIKE_A_DATE.match(cell.strip()) for cell in filled):
        return False
    if 2 * sum(field_of(cell) is not None for cell in filled) >= len(filled):
        return True
    return 2 * sum(any(sign.isdigit() for sign in cell) for cell in filled) < len(filled)


_LIKE_A_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[ -]?[A-Za-z]{3}[ -]?\d{2,4}")


def _unlike(cells: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """Names of columns, made unlike each other where the header repeats itself."""
    names = list[str]()
    for position, cell in enumerate(cells, 1):
        name = cell.strip() or f"column {position}"
        if name in names:
            twice = f"{name} ({position})"
            notes.append(
                f"the header has '{name}' twice: the one in column {position} is '{twice}'"
            )
            name = twice
        names.append(name)
    return tuple(names)


def _wrong(file: str, message: str, fix: str, line: int) -> InputError:
    return InputError.of(message, fix=fix, file=file, line=line)
