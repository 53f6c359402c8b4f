"""A YAML document as written: its values, its comments, and the line of everything in it."""

from __future__ import annotations

import copy
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarfloat import ScalarFloat

from remand.errors import InputError, Problem
from remand.errors import Path as Place

LARGEST = 50_000_000
"""Bytes a YAML file may have."""
MOST = 1_000_000
"""Mappings and lists a file may unfold into."""
NARROW, WIDE = 100, 100_000
"""Columns at which lines are wrapped: ours, and never."""


@dataclass(frozen=True)
class Table:
    """A CSV whose rows stand in for a part of the document."""

    path: Path
    lines: tuple[int, ...]


@dataclass
class Document:
    """A YAML file as written.

    Attributes:
        path: where it stands.
        text: what it says.
        tree: its values with their comments and lines.
        tables: CSVs beside it, by the place of the table that names them.
    """

    path: Path
    text: str
    tree: CommentedMap
    tables: dict[Place, Table] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Document:
        """Parse a file. Raises InputError for anything that is not a YAML mapping."""
        return cls.of(path, _text(path))

    @classmethod
    def of(cls, path: Path, text: str) -> Document:
        """Parse a text as if it stood in a file. Raises InputError as `read` does."""
        try:
            tree = _parsed(text)
            _plain(tree)
        except (YAMLError, ValueError, RecursionError) as error:
            raise _not_yaml(path, text, error) from None
        if not isinstance(tree, CommentedMap):
            what = "a list" if isinstance(tree, list) else "a single value"
            raise InputError.of(
                f"holds {what}, not keys with values",
                fix="begin with 'name: …', as the shipped models and platforms do",
                file=str(path),
                line=1,
            )
        return cls(path, text, tree)

    def plain(self) -> dict[str, Any]:
        """The values as plain Python objects, every key as text."""
        value: dict[str, Any] = _plain(self.tree)
        return value

    def locate(self, problem: Problem) -> Problem:
        """The same problem with its file and line, and its path as it stands in the file.

        A short form (a number for a list of one row) leaves parts of the path unwritten: they are
        dropped. A last key that is not there is kept, for it is what should be added.
        """
        node: Any = self.tree
        line, kept = 1, list[str | int]()
        for position, part in enumerate(problem.path):
            table = self.tables.get(tuple(kept))
            if part == "rows" and table is not None:
                return _in_table(problem, table, problem.path[position + 1 :])
            if (key := _key(node, part)) is not None:
                line = _line(node, key) or line
                node = node[key]
                kept.append(part)
            elif part == problem.path[-1] and position and isinstance(part, str):
                kept += [part] if isinstance(node, CommentedMap) else []
        return replace(problem, path=tuple(kept), file=str(self.path), line=line)

    def changed(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        """The text with what it says changed from ``before`` to ``after``, comments kept.

        Both are full forms of the document, which may hold short ones. Nothing is rewritten when
        nothing differs; otherwise lines keep their breaks wherever the writer can tell.
        """
        if before == after:
            return self.text
        # ruamel moves comments about while it writes: a tree is written once
        width = NARROW if dumped(_parsed(self.text), NARROW) == self.text else WIDE
        tree = _parsed(self.text)
        _change(tree, before, after, _shared(tree))
        return dumped(tree, width)


def dumped(tree: Any, width: int = NARROW) -> str:
    """A tree as YAML text."""
    out = io.StringIO()
    _yaml(width).dump(tree, out)
    return out.getvalue()


# -- parsing --------------------------------------------------------------------------------


class _Constructor(RoundTripConstructor):
    """Leaves a date that no calendar has as text, so that it is told with its field and line."""

    def construct_yaml_timestamp(self, node: Any, values: Any = None) -> Any:
        try:
            return super().construct_yaml_timestamp(node, values)
        except ValueError:
            return str(node.value)


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.construct_yaml_timestamp)


class _Representer(RoundTripRepresenter):
    """Writes a number as it was typed, unless that would lose its last digit."""

    def represent_scalar_float(self, data: Any) -> Any:
        node = super().represent_scalar_float(data)
        if float(node.value) != float(data):
            node.value = repr(float(data))
        return node


_Representer.add_representer(ScalarFloat, _Representer.represent_scalar_float)


def _yaml(width: int) -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = width
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _text(path: Path) -> str:
    def wrong(message: str, fix: str, line: int | None = None) -> InputError:
        return InputError.of(message, fix=fix, file=str(path), line=line)

    if path.is_dir():
        raise wrong("this is a folder, not a file", "name a file in it")
    try:
        if path.stat().st_size > LARGEST:
            raise wrong(f"larger than {LARGEST // 10**6} MB", "give a model or platform file")
        raw = path.read_bytes()
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}", "check the path") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise wrong("this is text in UTF-16", "save it as UTF-8")
    if raw.startswith(b"\x89PNG"):
        raise wrong("this is a PNG picture, not YAML", "give a YAML text file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise wrong("this line is not text in UTF-8", "save the file as UTF-8", line) from None
    if not text.strip():
        raise wrong("the file is empty", "start from a copy of a shipped one")
    return text


def _not_yaml(path: Path, text: str, error: Exception) -> InputError:
    """What the parser stumbled on, in words."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    lines = text.splitlines()
    line = min(mark.line + 1, len(lines)) if mark else None
    said = (error.problem or error.context) if isinstance(error, MarkedYAMLError) else None
    message = f"not valid YAML: {said or str(error).splitlines()[0]}"
    fix = "mend this line, or the one above it" if line else "mend the file"
    twice = re.match(r'found duplicate key "(.*?)" with', said or "")
    if twice:
        message, fix = f"the key '{twice[1]}' stands twice here", "keep one of the two"
    elif line and re.match(r"\s*\t", lines[line - 1]):
        message, fix = "a tab stands where YAML needs spaces", "indent with spaces only"
    elif isinstance(error, RecursionError):
        message, fix = "an alias stands inside its own anchor", "remove it"
    elif said == "but found another document":
        message, fix = "'---' begins a second document", "keep one document in a file"
    return InputError.of(message, fix=fix, file=str(path), line=line)


def _parsed(text: str) -> Any:
    """The tree of a text. Anchors nobody refers to are kept: a name is as good as a comment."""
    tree = _yaml(NARROW).load(text)
    for count, node in enumerate(_nodes(tree)):
        if count > MOST:
            raise ValueError(f"aliases unfold into more than {MOST:,} parts")
        anchor = node.yaml_anchor()
        if anchor is not None:
            anchor.always_dump = True
    return tree


def _nodes(tree: Any) -> Iterator[CommentedMap | CommentedSeq]:
    """Every mapping and list of a tree, aliased ones as often as they stand."""
    if isinstance(tree, CommentedMap | CommentedSeq):
        yield tree
        for child in tree.values() if isinstance(tree, CommentedMap) else tree:
            yield from _nodes(child)


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {str(_plain(key)): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, dt.datetime):
        return dt.datetime.fromisoformat(node.isoformat())
    if node is None or isinstance(node, bool | dt.date):
        return node
    kind = float if isinstance(node, float) else int if isinstance(node, int) else str
    return kind(node)


# -- places ---------------------------------------------------------------------------------


def _key(node: Any, part: str | int) -> Any:
    """The key by which ``node`` knows a part of a path, or None."""
    if isinstance(node, CommentedSeq):
        return part if isinstance(part, int) and part < len(node) else None
    if isinstance(node, CommentedMap) and isinstance(part, str):
        return part if part in node else next((k for k in node if str(_plain(k)) == part), None)
    return None


def _line(node: CommentedMap | CommentedSeq, key: Any) -> int | None:
    """The line of a key or an item; None where a merge key brought it in from elsewhere."""
    try:
        place = node.lc.key(key) if isinstance(node, CommentedMap) else node.lc.item(key)
    except (KeyError, TypeError):
        return None
    return int(place[0]) + 1


def _in_table(problem: Problem, table: Table, rest: Place) -> Problem:
    """A problem of a table's rows, told of its CSV: the line, and the column."""
    row = rest[0] if rest and isinstance(rest[0], int) else None
    columns = tuple(part for part in rest[1:2] if part != "where") or rest[2:3]
    line = 1 if row is None else table.lines[row]
    return replace(problem, path=columns, file=str(table.path), line=line)


# -- changing -------------------------------------------------------------------------------


def _shared(tree: Any) -> set[int]:
    """Nodes that stand in several places: an anchor and its aliases."""
    seen: set[int] = set()
    twice: set[int] = set()
    for node in _nodes(tree):
        (twice if id(node) in seen else seen).add(id(node))
    return twice


def _change(node: CommentedMap, before: Any, after: Any, shared: set[int]) -> None:
    """Change a mapping, which reads as ``before``, so that it reads as ``after``."""
    for name in [name for name in before if name not in after]:
        key = _key(node, name)
        if key is not None:
            del node[key]
    for name, value in after.items():
        key = _key(node, name)
        if key is None:
            node[name] = _short(None, value)
        elif name not in before or before[name] != value:
            node[key] = _replaced(node[key], before.get(name), value, shared)


def _replaced(node: Any, before: Any, after: Any, shared: set[int]) -> Any:
    """What should stand in place of ``node``, which reads as ``before``: itself where it can."""
    if id(node) in shared:  # an alias: what changes here does not change there
        node = copy.deepcopy(node)
        node.yaml_set_anchor(None)
        shared = _shared(node)
    if isinstance(node, CommentedMap):
        before, after = _as_shaped(node, before, after)
        if isinstance(before, dict) and isinstance(after, dict):
            _change(node, before, after, shared)
            return node
    elif isinstance(node, CommentedSeq) and isinstance(before, list) and isinstance(after, list):
        _change_list(node, before, after, shared)
        return node
    return _short(node, after)


def _as_shaped(node: CommentedMap, *forms: Any) -> tuple[Any, ...]:
    """Full forms in the short form a mapping has: a lone row for a list, a split's bare levels."""
    if all(isinstance(form, list) and len(form) == 1 for form in forms):
        forms = tuple(form[0] for form in forms)
    if "levels" not in node and all(isinstance(f, dict) and "levels" in f for f in forms):
        forms = tuple(
            {**form["levels"], **{key: form[key] for key in form if key != "levels"}}
            for form in forms
        )
    return forms


def _change_list(node: CommentedSeq, before: list[Any], after: list[Any], shared: set[int]) -> None:
    """Items alike at both ends stay; those between change in place, come, or go."""
    common = min(len(before), len(after))
    head = next((i for i in range(common) if before[i] != after[i]), common)
    tail = next((i for i in range(common - head) if before[-1 - i] != after[-1 - i]), common - head)
    if len(before) == len(after):
        for i in range(head, len(after) - tail):
            if before[i] != after[i]:
                node[i] = _replaced(node[i], before[i], after[i], shared)
        return
    for i in reversed(range(head, len(before) - tail)):
        del node[i]
    for i in range(head, len(after) - tail):
        node.insert(i, after[i])


def _short(node: Any, value: Any) -> Any:
    """A value in the short form that ``node`` has, where one says it all."""
    if node is None or isinstance(node, CommentedMap | CommentedSeq):
        return value
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value
