"""Files beside a model or platform: cited figures, tables of stays, people inside, draws."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from remand.errors import InputError, Problem, did_you_mean
from remand.errors import Path as Place
from remand.files.documents import Document, Table
from remand.model.model import Model

CITED = {
    "title": "source_title",
    "publisher": "publisher",
    "year": "source_year",
    "address": "source_address",
    "value": "value",
    "unit": "unit",
    "period": "period",
    "note": "note",
}
"""The fields of a source, and the column of ``sources_file`` each is read from."""
DEFINED_BY = ("quantity", "group", "definition")
COLUMNS: dict[str, dict[str, type[int | float]]] = {
    "stays": {"duration": int, "probability": float},
    "inside": {"days": float, "people": float},
}
"""Columns a table must have, by what it tells. ``exit`` it may have; any other is an axis."""


def cited_figures(name: object, folder: Path) -> dict[str, dict[str, str]]:
    """The figures of a ``sources_file`` by ``id``. Raises InputError if it cannot be read."""
    if not isinstance(name, str):
        return {}
    figures = {}
    for _, row in read_rows(folder / name, ("id",)):
        figure = {field: row.get(column, "") for field, column in CITED.items()}
        parts = (row.get(column, "") for column in DEFINED_BY)
        figures[row["id"]] = {**figure, "definition": ": ".join(part for part in parts if part)}
    return figures


def read_tables(plain: dict[str, Any], document: Document) -> list[tuple[Place, Problem]]:
    """Put the rows of every table's CSV into ``plain``; what could not be read, by place."""
    unread: list[tuple[Place, Problem]] = []
    for place, node, columns in list(_tables(plain, ())):
        if not isinstance(node.get("file"), str) or "rows" in node:
            continue
        path = document.path.parent / node["file"]
        try:
            cells = list(_cells(path, columns))
        except InputError as error:
            unread += [(place, problem) for problem in error.problems]
            cells = []
        document.tables[place] = Table(path, tuple(line for line, _ in cells))
        node["rows"] = [cell for _, cell in cells]
    return unread


def lost_draws(model: Model, folder: Path) -> Iterator[Problem]:
    """A warning if the file of draws that a model names is not there; no more is looked at."""
    if model.draws_file is not None and not (folder / model.draws_file).exists():
        yield Problem(
            "warning",
            ("draws_file",),
            f"there is no '{model.draws_file}' beside the model, so nothing can be drawn from it",
            model.draws_file,
            "put the file beside the YAML, or remove 'draws_file'",
        )


def left_beside(written: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A spec's full document for a file in ``folder``: what a CSV there says is not said twice.

    Figures and tables whose CSV is not there, or says otherwise, are written out; draws that are
    not there are not spoken of.
    """
    try:
        figures = cited_figures(written.get("sources_file"), folder)
    except InputError:
        figures = {}
        written.pop("sources_file")
    if not (folder / str(written.get("draws_file"))).exists():
        written.pop("draws_file", None)
    own = {
        key: source
        for key, source in written.pop("sources", {}).items()
        if source != {field: text for field, text in figures.get(key, {}).items() if text}
    }
    if own:
        written["sources"] = own
    for _, table, columns in _tables(written, ()):
        if "file" in table:
            try:
                beside = [row for _, row in _cells(folder / table["file"], columns)]
            except InputError:
                beside = []
            table.pop("rows" if beside == _as_read(table["rows"]) else "file", None)
    return written


def _as_read(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as a CSV gives them, which has one level a cell."""
    return [
        {**row, "where": {axis: levels[0] for axis, levels in row["where"].items()}}
        if "where" in row and all(len(levels) == 1 for levels in row["where"].values())
        else row
        for row in rows
    ]


def _tables(node: Any, place: Place) -> Iterator[tuple[Place, dict[str, Any], dict[str, Any]]]:
    """Every table in a document, with its place and the columns it must have."""
    if isinstance(node, dict):
        if node.get("law") == "table":
            yield place, node, COLUMNS["stays"]
        elif "file" in node and place[:1] == ("tonight",):
            yield place, node, COLUMNS["inside"]
        for key, value in node.items():
            yield from _tables(value, (*place, key))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _tables(value, (*place, position))


def _cells(
    path: Path, columns: dict[str, type[int | float]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The cells of a table with their lines. What should be a number and is not stays text."""
    for line, row in read_rows(path, tuple(columns)):
        cell: dict[str, Any] = {}
        for column, text in row.items():
            if column in columns:
                cell[column] = _number(text, columns[column])
            elif column == "exit":
                cell[column] = text
            elif text not in {"", "*"}:
                cell.setdefault("where", {})[column] = text
        yield line, cell


def _number(text: str, kind: type[int | float]) -> int | float | str:
    try:
        return kind(text)
    except ValueError:
        return text


def read_rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV with their lines. Raises InputError if it is not such a CSV."""

    def wrong(message: str, fix: str, line: int | None = None, column: str = "") -> InputError:
        at = (column,) if column else ()
        return InputError.of(message, fix=fix, path=at, file=str(path), line=line)

    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle, restval="")
            names = reader.fieldnames or []
            for name in needed:
                if name not in names:
                    others = [n for n in names if n not in needed]
                    fix = (
                        f"name its columns …, {', '.join(needed)}"
                        if not others
                        else (did_you_mean(name, others))
                    )
                    raise wrong(f"there is no column '{name}'", fix, 1, name)
            rows = 0
            for rows, row in enumerate(reader, start=1):  # noqa: B007 - counted to the last
                if None in row:
                    raise wrong(
                        "more cells than columns", "quote cells with commas", reader.line_num
                    )
                yield reader.line_num, {key: text.strip() for key, text in row.items()}
            if not rows:
                raise wrong("no rows below the header", "fill the table", 1)
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}", "put the file beside the YAML") from None
    except (UnicodeDecodeError, csv.Error):
        raise wrong("not a CSV in UTF-8", "save it as CSV, UTF-8") from None
