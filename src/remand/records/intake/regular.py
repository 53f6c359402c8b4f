"""Irregular text written out regular: a line at a time, with the line each row stands on.

What DuckDB reads fast it reads strictly. A file with blank lines, quoted line breaks, ragged rows
or a missing quote comes through here first; rows that cannot be read are kept beside, with a
reason, and the next line is begun afresh.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SEPARATOR = "\x1f"
"""Between cells of a regular file: a sign that no text holds."""

_CONTROL = re.compile(r"[\x00\x1f\r\n]+")
MOST_JOINED = 50
"""Lines a quoted cell may run over."""


@dataclass(frozen=True)
class Row:
    """A row: the line it begins on, its cells, and why it cannot be read (or nothing)."""

    line: int
    cells: list[str]
    text: str = ""
    trouble: str = ""


def rows(path: Path, delimiter: str, width: int, after: int) -> Iterator[Row]:
    """Rows of a UTF-8 text of ``width`` columns, below line ``after``. Blank lines are no rows."""
    lines = _lines(path)
    opens = re.compile(rf'(?:^|{re.escape(delimiter)})\s*"')
    held: list[tuple[int, str]] = []

    def following() -> tuple[int, str] | None:
        return held.pop(0) if held else next(lines, None)

    while (item := following()) is not None:
        line, text = item
        if line <= after or not text.strip():
            continue
        if "\0" in text:
            yield Row(line, [], text.replace("\0", "␀"), "it holds zero bytes: it is no text")
            continue
        if text.count('"') % 2 == 0 or not opens.search(text):
            yield _row(line, text, delimiter, width)
            continue
        # a quote is open: the cell may go on below, if the whole then has the right width
        joined, taken = text, list[tuple[int, str]]()
        whole = None
        while len(taken) < MOST_JOINED and (more := following()) is not None:
            taken.append(more)
            joined += "\n" + more[1]
            if joined.count('"') % 2 == 0:
                whole = _row(line, joined, delimiter, width)
                break
        if whole is not None and not whole.trouble:
            yield whole
        else:
            held[:0] = taken
            yield Row(line, [], text, "a quote is opened and not closed")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8-sig", newline=None) as file:
        for number, text in enumerate(file, 1):
            yield number, text.rstrip("\n")


def cells(text: str, delimiter: str) -> list[str]:
    """The cells of one line. Raises csv.Error if quotes stand where none may."""
    if '"' not in text:
        return text.split(delimiter)
    return next(csv.reader([text], delimiter=delimiter, strict=True))


def _row(line: int, text: str, delimiter: str, width: int) -> Row:
    try:
        if '"' in text and "\n" in text:
            found = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
        else:
            found = cells(text, delimiter)
    except csv.Error:
        found = next(csv.reader([text], delimiter=delimiter))
    more = found[width:]
    if len(found) > width and not any(cell.strip() for cell in more):
        found = found[:width]  # empty cells at the end are a delimiter too many, not a value
    if len(found) != width:
        return Row(line, found, text, f"it has {len(found)} cells, the header {width}")
    return Row(line, found, text)


@dataclass(frozen=True)
class Written:
    """A regular copy: where it stands, its rows, and those that could not be read."""

    path: Path
    rows: int
    unreadable: tuple[Row, ...]


def write(found: Iterable[Row], target: Path) -> Written:
    """Write rows out regular, their line first; those in trouble are handed back."""
    count, bad = 0, list[Row]()
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for row in found:
            if row.trouble:
                bad.append(row)
                continue
            count += 1
            line = SEPARATOR.join([str(row.line), *(_CONTROL.sub(" ", c) for c in row.cells)])
            out.write(line + "\n")
    return Written(target, count, tuple(bad))
