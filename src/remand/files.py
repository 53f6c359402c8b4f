"""Reading and writing models and platforms; every problem gets its file and line here."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from remand.errors import InputError, Problem, did_you_mean
from remand.errors import Path as Place
from remand.model.check import check_model
from remand.model.check_policies import check_platform
from remand.model.edits import EDITS
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.model.spec import Spec
from remand.model.values import TableDwell

SpecT = TypeVar("SpecT", Model, Platform)
LARGEST = 50_000_000
"""Bytes a YAML file may have."""


# -- where things are -----------------------------------------------------------------------


def shipped(kind: Literal["models", "platforms"]) -> list[str]:
    """Names of what comes with the package (``philadelphia``, ``philadelphia/krasner-2017``)."""
    root = Path(str(resources.files("remand") / "places"))
    if kind == "models":
        return sorted(p.parent.name for p in root.glob("*/model.yaml"))
    return sorted(f"{p.parent.parent.name}/{p.stem}" for p in root.glob("*/platforms/*.yaml"))


def find(name: str | Path, kind: Literal["models", "platforms"]) -> Path:
    """The file a shipped name or a path stands for. Raises InputError with a suggestion."""
    text = str(name)
    root = Path(str(resources.files("remand") / "places"))
    if text in shipped(kind):
        place, _, platform = text.partition("/")
        inside = f"platforms/{platform}.yaml" if platform else "model.yaml"
        return root / place / inside
    path = Path(text)
    if kind == "models" and path.is_dir():
        path = path / "model.yaml"
    if not path.exists():
        what = kind.removesuffix("s")
        raise InputError.of(
            f"there is no file '{text}', and no {what} of that name comes with remand",
            fix=did_you_mean(text, shipped(kind)),
            value=text,
        )
    return path


# -- documents ------------------------------------------------------------------------------


class Document:
    """A YAML file as written: its values, its comments, and the line of everything in it."""

    def __init__(self, path: Path, tree: Any) -> None:
        self.path = path
        self.tree = tree

    @classmethod
    def read(cls, path: Path) -> Document:
        """Parse a file. Raises InputError for anything that is not a YAML mapping."""

        def wrong(message: str, fix: str, line: int | None = None) -> InputError:
            return InputError.of(message, fix=fix, file=str(path), line=line)

        try:
            if path.stat().st_size > LARGEST:
                raise wrong(f"larger than {LARGEST // 10**6} MB", "give a YAML file")
            raw = path.read_bytes()
        except OSError as error:
            raise wrong(f"cannot be read: {error.strerror}", "check the path") from None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            what = "a PNG picture" if raw.startswith(b"\x89PNG") else "not text in UTF-8"
            raise wrong(f"this is {what}, not YAML", "give a YAML text file") from None
        if not text.strip():
            raise wrong("the file is empty", "start from a shipped model: see `remand doctor`")
        try:
            tree = _yaml().load(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else None
            if "\t" in (text.splitlines() or [""])[line - 1 if line else 0]:
                raise wrong(
                    "a tab stands where YAML needs spaces", "indent with spaces only", line
                ) from None
            raise wrong(f"not valid YAML: {error.problem}", "mend this line", line) from None
        except (YAMLError, ValueError, RecursionError) as error:
            first = str(error).splitlines()[0]
            raise wrong(f"not valid YAML: {first}", "mend the file") from None
        if not isinstance(tree, CommentedMap):
            raise wrong(
                f"holds {type(tree).__name__}, not keys with values",
                "a model or platform is a mapping: 'name: …', 'states: …'",
            )
        return cls(path, tree)

    def plain(self) -> dict[str, Any]:
        """The values as plain Python objects."""
        value: dict[str, Any] = _plain(self.tree)
        return value

    def locate(self, problem: Problem) -> Problem:
        """The same problem with file and line; path elements not in the file are dropped."""
        node, line = self.tree, 1
        kept: list[str | int] = []
        for part in problem.path:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0] + 1
                node = node[part]
                kept.append(part)
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0] + 1
                node = node[part]
                kept.append(part)
            elif part == problem.path[-1] and isinstance(part, str):
                kept.append(part)  # a key that should be there
        return Problem(
            problem.severity,
            tuple(kept),
            problem.message,
            value=problem.value,
            fix=problem.fix,
            file=str(self.path),
            line=line,
        )


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, float):
        return float(node)
    if isinstance(node, int):
        return int(node)
    if isinstance(node, dt.datetime):
        return dt.datetime.fromisoformat(node.isoformat())
    if isinstance(node, dt.date):
        return node
    return str(node)


# -- form -----------------------------------------------------------------------------------

_SAYS = {
    "missing": "is missing",
    "finite_number": "is not a finite number",
    "float_type": "should be a number",
    "int_type": "should be a whole number",
    "string_type": "should be text",
    "date_type": "should be a date, such as 2018-02-21",
    "too_short": "should not be empty",
}


def form_problems(cls: type[BaseModel], error: ValidationError) -> list[Problem]:
    """Pydantic's findings in words a person can act on."""
    problems: list[Problem] = []
    for item in error.errors():
        kind, place = item["type"], tuple(item["loc"])
        value, context = item["input"], item.get("ctx", {})
        name = str(place[-1]) if place else cls.__name__
        shown = value if isinstance(value, str | int | float | bool) else None
        message, fix = f"'{name}' {item['msg'].lower()}", "see the field in the file reference"
        if kind in _SAYS:
            told = f", not {value!r}" if shown is not None and kind != "missing" else ""
            message = f"'{name}' {_SAYS[kind]}{told}"
            fix = f"add '{name}'" if kind == "missing" else "correct the value"
        elif kind == "extra_forbidden":
            message = f"'{name}' is not a field here"
            fix = did_you_mean(name, _fields_at(cls, place[:-1]))
        elif kind in {"greater_than_equal", "greater_than", "less_than_equal", "less_than"}:
            sign = {"greater_than_equal": "at least", "greater_than": "above",
                    "less_than_equal": "at most", "less_than": "below"}[kind]  # fmt: skip
            bound = context.get("ge", context.get("gt", context.get("le", context.get("lt"))))
            message = f"'{name}' must be {sign} {bound:g}, not {value!r}"
            fix = "correct the number"
        elif kind == "literal_error":
            options = [
                o.strip().strip("'")
                for o in str(context["expected"]).replace(" or ", ", ").split(",")
            ]
            message = f"'{name}' cannot be {value!r}"
            fix = did_you_mean(value, options)
        elif kind in {"union_tag_invalid", "union_tag_not_found"}:
            options = [
                o.strip().strip("'")
                for o in str(
                    context.get(
                        "expected_tags", "lognormal, exponential, gamma, fixed, uniform, table"
                    )
                ).split(",")
            ]
            tag = context.get("tag")
            message = (
                f"there is no law '{tag}'" if tag else f"'{name}' does not say which law it is"
            )
            fix = did_you_mean(tag, options) if tag else f"add 'law: …' ({', '.join(options)})"
            shown = tag
        elif kind == "value_error":
            message, fix = str(context["error"]), "correct one of them"
        problems.append(Problem("error", place, message, value=shown, fix=fix))
    return _once(problems)


def _once(problems: list[Problem]) -> list[Problem]:
    """Drop the echoes a union makes: several findings for one place."""
    seen: set[Place] = set()
    kept = []
    for problem in problems:
        place = tuple(p for p in problem.path if not _is_tag(p))
        if place not in seen:
            seen.add(place)
            kept.append(problem)
    return kept


def _is_tag(part: str | int) -> bool:
    return isinstance(part, str) and (
        part.startswith(("literal[", "constrained-", "function-")) or part in {"float", "tuple"}
    )


def _fields_at(cls: type[BaseModel], place: Place) -> list[str]:
    """Names of the fields a mapping at ``place`` may have."""
    found: list[str] = []

    def visit(annotation: Any, rest: Place) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = annotation.model_fields
            if not rest:
                found.extend(f.alias or n for n, f in fields.items() if not f.exclude)
                return
            for name, field in fields.items():
                if rest[0] in (name, field.alias):
                    visit(field.annotation, rest[1:])
            tag = annotation.model_fields.get("law") or annotation.model_fields.get("edit")
            if tag is not None and rest[0] in getattr(tag.annotation, "__args__", ()):
                visit(annotation, rest[1:])
            return
        for part in getattr(annotation, "__args__", ()):
            visit(part, rest)
        if rest and getattr(annotation, "__args__", ()):
            origin = getattr(annotation, "__origin__", None)
            if isinstance(rest[0], int) or (isinstance(origin, type) and issubclass(origin, dict)):
                for part in annotation.__args__:
                    visit(part, rest[1:])

    visit(cls, place)
    return list(dict.fromkeys(found))


# -- reading --------------------------------------------------------------------------------


def read_model(name: str | Path) -> Model:
    """A model by shipped name, file or folder. Raises InputError with every problem found.

    >>> read_model("philadelphia").clock.start
    datetime.date(2014, 1, 1)
    """
    model, problems = load_model(name)
    return _accept(model, problems)


def read_platform(name: str | Path, model: Model | None = None) -> Platform:
    """A platform by shipped name or file; ``NAME#POLICY`` keeps one of its policies.

    With a model, what the platform says is checked against it.

    >>> read_platform("philadelphia/dao-2018-19#no-cash-bail").name
    'dao-2018-19#no-cash-bail'
    """
    platform, problems = load_platform(name, model)
    return _accept(platform, problems)


def read_scenario(name: str | Path | Platform, model: Model) -> Scenario:
    """A platform with every platform it comes after, on a model."""
    if isinstance(name, Platform):
        own, beside = name, None
        problems = [p for p in check_platform(own, model) if p.severity == "error"]
        if problems:
            raise InputError(problems)
    else:
        own = read_platform(name, model)
        text = str(name).partition("#")[0]
        beside = find(text, "platforms").parent
    chain: list[Platform] = []
    _collect(own, beside, model, chain, ())
    return Scenario.of(model, chain)


def _collect(
    platform: Platform,
    beside: Path | None,
    model: Model,
    chain: list[Platform],
    waiting: tuple[str, ...],
) -> None:
    if platform.name in waiting:
        ring = " → ".join([*waiting, platform.name])
        raise InputError.of(f"these platforms come after one another in a circle: {ring}",
                            fix="remove one 'after'", path=("after",))  # fmt: skip
    for earlier in platform.after:
        near = beside / f"{earlier}.yaml" if beside is not None else None
        name = near if near is not None and near.exists() else f"{model.name}/{earlier}"
        if near is None or not near.exists():
            name = earlier if earlier in shipped("platforms") else name
        other = read_platform(name, model)
        _collect(other, beside, model, chain, (*waiting, platform.name))
    if platform.name not in [p.name for p in chain]:
        chain.append(platform)


def load_model(name: str | Path) -> tuple[Model | None, list[Problem]]:
    """A model with all its problems, warnings too; None if the form is wrong."""
    document = Document.read(find(name, "models"))
    return _load(Model, document, check_model)


def load_platform(
    name: str | Path, model: Model | None = None
) -> tuple[Platform | None, list[Problem]]:
    """A platform with all its problems, warnings too; None if the form is wrong."""
    text, _, policy = str(name).partition("#")
    document = Document.read(find(text, "platforms"))
    platform, problems = _load(
        Platform, document, lambda p: check_platform(p, model) if model is not None else []
    )
    if platform is None or not policy:
        return platform, problems
    try:
        return platform.only(policy), problems
    except KeyError:
        return None, [
            Problem(
                "error",
                ("policies",),
                f"there is no policy '{policy}'",
                value=policy,
                fix=did_you_mean(policy, [p.name for p in platform.policies]),
                file=str(document.path),
            )
        ]


def _load(cls: type[SpecT], document: Document, check: Any) -> tuple[SpecT | None, list[Problem]]:
    plain = document.plain()
    problems: list[Problem] = []
    cited = _sources_beside(plain, document.path, problems)
    _tables_beside(plain, document.path, problems, ())
    try:
        spec = cls.model_validate(plain)
    except ValidationError as error:
        problems += form_problems(cls, error)
        return None, [document.locate(p) for p in problems]
    if cited:
        known = {**cited, **spec.sources}
        problems += check(spec.replace(sources=known))
        spec = spec.replace(
            sources={k: v for k, v in known.items() if k in _keys(spec)} | dict(spec.sources)
        )
    else:
        problems += check(spec)
    located = [p if p.file else document.locate(p) for p in problems]
    return spec, located


def _keys(spec: Spec) -> set[str]:
    """Every source key that stands anywhere in a spec."""
    found: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "source":
                    found.update(value)
                else:
                    visit(value)
        elif isinstance(node, list | tuple):
            for value in node:
                visit(value)

    visit(spec.model_dump(exclude={"sources"}))
    return found


def _accept(spec: SpecT | None, problems: Sequence[Problem]) -> SpecT:
    errors = [p for p in problems if p.severity == "error"]
    if errors or spec is None:
        raise InputError(errors)
    return spec


def _sources_beside(
    plain: dict[str, Any], path: Path, problems: list[Problem]
) -> dict[str, dict[str, str]]:
    name = plain.get("sources_file")
    if not isinstance(name, str):
        return {}
    rows = _read_csv(path.parent / name, ("sources_file",), problems)
    return {
        row.get("id", ""): {
            "title": row.get("source_title", ""),
            "publisher": row.get("publisher", ""),
            "year": row.get("source_year", ""),
            "address": row.get("source_address", ""),
            "value": row.get("value", ""),
            "unit": row.get("unit", ""),
            "period": row.get("period", ""),
            "definition": ": ".join(
                part
                for part in (row.get("quantity"), row.get("group"), row.get("definition"))
                if part
            ),
            "note": row.get("note", ""),
        }
        for row in rows
    }


def _tables_beside(node: Any, path: Path, problems: list[Problem], place: Place) -> None:
    """Put the rows of every table's CSV into the document."""
    if isinstance(node, dict):
        if node.get("law") == "table" and isinstance(node.get("file"), str) and "rows" not in node:
            node["rows"] = _table_rows(path.parent / node["file"], (*place, "file"), problems)
        for key, value in node.items():
            _tables_beside(value, path, problems, (*place, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            _tables_beside(value, path, problems, (*place, i))


def _table_rows(path: Path, place: Place, problems: list[Problem]) -> list[dict[str, Any]]:
    rows = []
    for line, row in enumerate(_read_csv(path, place, problems), start=2):
        cell: dict[str, Any] = {}
        where = {}
        for column, text in row.items():
            value = (text or "").strip()
            if column in {"duration", "probability"}:
                try:
                    cell[column] = int(value) if column == "duration" else float(value)
                except ValueError:
                    what = "a whole number of steps" if column == "duration" else "a number"
                    problems.append(
                        Problem("error", place, f"column '{column}' holds {value!r}, not {what}",
                                value=value, fix="correct the cell", file=str(path), line=line)
                    )  # fmt: skip
                    return []
            elif column == "exit":
                cell["exit"] = value
            elif value not in {"", "*"}:
                where[column] = value
        rows.append({**cell, **({"where": where} if where else {})})
    return rows


def _read_csv(path: Path, place: Place, problems: list[Problem]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            return list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(
            Problem("error", place, f"the file '{path.name}' beside it cannot be read: {error}",
                    value=path.name, fix="check its name and that it is a CSV in UTF-8")
        )  # fmt: skip
        return []


# -- writing --------------------------------------------------------------------------------


def write(spec: Model | Platform, path: str | Path, like: str | Path | None = None) -> Path:
    """Write a model or platform as YAML.

    Where a file already stands (or ``like`` names another), its comments, order and form are
    kept, and only values that differ are replaced. Cited figures stay in their ``sources_file``.
    """
    path = Path(path)
    model = Path(like) if like is not None else path
    wanted = _without_beside(spec)
    if model.exists():
        document = Document.read(model)
        before, _ = _load(type(spec), document, lambda _: [])
        tree = document.tree
        if before is not None:
            _merge(tree, _without_beside(before), wanted)
        else:
            tree = wanted
    else:
        tree = wanted
    out = io.StringIO()
    _yaml().dump(tree, out)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def _without_beside(spec: Model | Platform) -> dict[str, Any]:
    """The document of a spec, less what stands in files beside it."""
    document = spec.as_document()
    if spec.sources_file is not None:
        document.pop("sources", None)

    def visit(node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("law") == "table" and "file" in node:
                node = {k: v for k, v in node.items() if k != "rows"}
            return {k: visit(v) for k, v in node.items()}
        return [visit(v) for v in node] if isinstance(node, list) else _dated(node)

    result: dict[str, Any] = visit(document)
    return result


def _dated(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 10:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _merge(tree: Any, before: Any, after: Any) -> None:
    """Change ``tree``, which reads as ``before``, so that it reads as ``after``."""
    for key in list(before):
        if key not in after:
            tree.pop(key, None)
    for key, value in after.items():
        if key in before and before[key] == value:
            continue
        inside = tree.get(key) if isinstance(tree, Mapping) else None
        if (
            isinstance(value, dict)
            and isinstance(before.get(key), dict)
            and isinstance(inside, CommentedMap)
        ):
            _merge(inside, before[key], value)
        else:
            tree[key] = value


# -- schema ---------------------------------------------------------------------------------


def json_schema(kind: Literal["model", "platform"]) -> dict[str, Any]:
    """The JSON Schema of a file, for editors that complete and check while one types."""
    schema = (Model if kind == "model" else Platform).model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    choices = []
    for name, cls in EDITS.items():
        definitions[cls.__name__].get("properties", {}).pop("edit", None)
        choices.append({
            "type": "object",
            "required": [name],
            "additionalProperties": False,
            "properties": {name: {"$ref": f"#/$defs/{cls.__name__}"}},
        })  # fmt: skip
    definitions["Policy"]["properties"]["edits"]["items"] = {"oneOf": choices}
    _allow_short_forms(schema)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"remand {kind}"
    return schema


def _allow_short_forms(schema: dict[str, Any]) -> None:
    """Say in the schema that a lone row may stand for a list, a name for names, and so on."""
    definitions = schema["$defs"]

    def visit(node: Any) -> Any:
        if isinstance(node, dict):
            node = {key: visit(value) for key, value in node.items()}
            items = node.get("items")
            if node.get("type") == "array" and isinstance(items, dict):
                if items == {"type": "string"}:
                    return {"anyOf": [node, {"type": ["string", "number"]}]}
                text = json.dumps(items)
                if "ShareRow" in text or "NumberRow" in text:
                    return {"anyOf": [node, items, {"type": ["number", "string"]}]}
                if "Dwell" in text:
                    return {"anyOf": [node, items]}
        elif isinstance(node, list):
            return [visit(value) for value in node]
        return node

    for name in list(definitions):
        definitions[name] = visit(definitions[name])
    schema["properties"] = visit(schema["properties"])
    policy = definitions["Policy"]["properties"]
    policy["compliance"] = {"anyOf": [policy["compliance"], {"type": "number"}]}
    for holder in ("Arrivals", "Stock"):
        if holder in definitions:
            definitions[holder]["properties"]["split"] = {"type": "object"}
    if "State" in definitions:
        exits = definitions["State"]["properties"]["exits"]
        definitions["State"]["properties"]["exits"] = {"anyOf": [exits, {"type": "string"}]}


def dumps_schema(kind: Literal["model", "platform"]) -> str:
    """The schema as text, as it is shipped."""
    return json.dumps(json_schema(kind), indent=1, ensure_ascii=False) + "\n"


__all__ = [
    "Document",
    "TableDwell",
    "dumps_schema",
    "find",
    "json_schema",
    "load_model",
    "load_platform",
    "read_model",
    "read_platform",
    "read_scenario",
    "shipped",
    "write",
]
