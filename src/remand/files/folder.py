"""Writing a fitted model: a folder with its YAML, the CSVs it names, and its draws."""

from __future__ import annotations

import os
import shutil
import textwrap
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from remand.errors import InputError
from remand.files.documents import dumped
from remand.fitting.document import Folder
from remand.fitting.drawn import DRAWS

MODEL, PARAMETERS = "model.yaml", "parameters.csv"
ON_ONE_LINE = 88
"""Characters of a mapping of plain values that is written on one line."""


def writable_folder(name: str | Path, *, replace: bool = False) -> Path:
    """Where a folder may be written. Raises InputError if something else stands there."""
    path = Path(os.path.abspath(name))  # noqa: PTH100 - a link stays a link
    if path.exists() and not path.is_dir():
        raise InputError.of(f"'{name}' is a file, not a folder", fix="give another place")
    if path.is_dir() and any(path.iterdir()):
        fitted = (path / MODEL).exists() and (path / PARAMETERS).exists()
        if not fitted:
            raise InputError.of(f"the folder '{name}' is not empty", fix="give a new folder")
        if not replace:
            raise InputError.of(
                f"the folder '{name}' holds a fitted model already",
                fix="give a new folder, or --replace to lose that one with all changes made to it",
            )
    if not path.parent.is_dir():
        raise InputError.of(
            f"'{name}' cannot be written: there is no folder '{path.parent}'",
            fix="give another place",
        )
    return path


def write_folder(found: Folder, name: str | Path, *, replace: bool = False) -> Path:
    """Write a fitted model. Raises InputError as `writable_folder` does, or if that fails.

    It is made beside its place and then moved there, so that a folder is never half a model.
    """
    path = writable_folder(name, replace=replace)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        (beside / MODEL).write_text(_text(found), encoding="utf-8")
        for file, table in found.tables.items():
            table.write_csv(beside / file)
        found.parameters.write_csv(beside / PARAMETERS, float_precision=6)
        if len(found.draws):
            found.draws.write_parquet(beside / DRAWS)
        shutil.rmtree(path.resolve(), ignore_errors=True)
        beside.rename(path.resolve())
    except OSError as error:
        raise InputError.of(
            f"'{name}' cannot be written: {error.strerror or error}", fix="give another place"
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return path


def _text(found: Folder) -> str:
    head = [
        found.head
        or f"A model fitted to records by remand. {PARAMETERS} has every number with its "
        "interval, n and unit ('(the rest)': people of groups too small for a law of their own); "
        f"{DRAWS} has the draws behind them.",
        *found.trials,
        f"What the {'records' if found.head is None else 'figures'} cannot support:",
    ]
    lines = [
        *(part for line in head for part in textwrap.wrap(line, 98)),
        *(f"  {part}" for part in _wrapped(found.limits)),
    ]
    comment = "\n".join(f"# {line}" for line in lines)
    return f"{comment}\n{dumped(_laid_out(found.document))}"


def _wrapped(lines: tuple[str, ...]) -> list[str]:
    return [
        part for line in lines for part in textwrap.wrap(f"- {line}", 94, subsequent_indent="  ")
    ]


def _laid_out(node: Any, depth: int = 0) -> Any:
    """The same with short mappings of plain values on one line each."""
    if isinstance(node, dict):
        laid = CommentedMap({key: _laid_out(value, depth + 1) for key, value in node.items()})
        if depth > 1 and _plain(node) and len(str(node)) < ON_ONE_LINE:
            laid.fa.set_flow_style()
        return laid
    if isinstance(node, list):
        items = CommentedSeq([_laid_out(item, depth + 1) for item in node])
        words = all(not isinstance(item, list | dict) for item in node)
        if words and len(str(node)) < ON_ONE_LINE:
            items.fa.set_flow_style()
        return items
    return node


def _plain(node: Any, nested: int = 1) -> bool:
    """Whether a mapping holds nothing but plain values, or mappings of them."""
    return all(
        not isinstance(value, list | dict)
        or (isinstance(value, dict) and nested > 0 and _plain(value, nested - 1))
        for value in node.values()
    )
