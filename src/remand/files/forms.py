"""The form of a file: what pydantic found wrong, told in words a person can act on."""

from __future__ import annotations

import copy
import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Union, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from remand.errors import Path, Problem, did_you_mean

_SHOULD_BE = {
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "date_type": "a date, such as 2018-02-21",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "tuple_type": "a list",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}
_ADD = {
    "compliance": "add compliance: the share of cases in which it is kept, 0 to 1, or low and high",
    "authority": "add authority: who holds this lever",
    "starts": "add starts: the date from which it holds",
}
_LAWS = ["lognormal", "exponential", "gamma", "fixed", "uniform", "table"]
_STAND_IN = {
    "authority": "several",
    "inferred": "-",
    "starts": dt.date(2200, 1, 1),
    "compliance": 1,
    "no_edits": "-",
}
"""A policy that is nothing, for one that cannot be read."""
_NO_EDIT = {"admit": {"state": "-", "scale": 1}}
"""An edit for one that cannot be read; nothing found of it means anything."""


@dataclass(frozen=True)
class Fault:
    """A fault of form and, where one can be guessed, what was meant.

    Attributes:
        problem: what is told.
        key: the key that was meant; empty if the key should go.
        value: the value that was meant.
        lacking: whether a field is missing here.
    """

    problem: Problem
    key: str | None = None
    value: Any = None
    lacking: bool = False


def faults(cls: type[BaseModel], error: ValidationError, plain: dict[str, Any]) -> list[Fault]:
    """One fault for each place of the document that pydantic objects to."""
    places: dict[Path, list[ErrorDetails]] = {}
    for item in error.errors():
        places.setdefault(_place(item, plain), []).append(item)
    found = []
    for place, items in places.items():
        if any(len(other) > len(place) and other[: len(place)] == place for other in places):
            # only the branches of a union that a mapping or a list did not take
            items = [i for i in items if not isinstance(i["input"], dict | list)]  # noqa: PLW2901
        if items:
            found.append(_fault(cls, place, items))
    found = _paired(found)
    meant = {(*fault.problem.path[:-1], fault.key) for fault in found if fault.key}
    return [fault for fault in found if fault.problem.path not in meant]


def _paired(found: list[Fault]) -> list[Fault]:
    """An unknown key, where a single one is missing beside it, was meant for that one."""
    missing, unknown = dict[Path, list[str]](), dict[Path, list[Fault]]()
    meant = {(*fault.problem.path[:-1], fault.key) for fault in found if fault.key}
    for fault in found:
        *parent, name = fault.problem.path or ("",)
        if fault.lacking and fault.problem.path not in meant:
            missing.setdefault(tuple(parent), []).append(str(name))
        elif fault.key == "":
            unknown.setdefault(tuple(parent), []).append(fault)
    for place, names in missing.items():
        if len(names) == 1 and len(own := unknown.get(place, [])) == 1:
            told = replace(own[0].problem, fix=f"did you mean '{names[0]}'?")
            found[found.index(own[0])] = replace(own[0], problem=told, key=names[0])
    return found


def mended(
    plain: dict[str, Any], found: Sequence[Fault]
) -> tuple[dict[str, Any], list[Path]] | None:
    """The document as it was probably meant, so that what is beyond its form can be checked too.

    Returns the places that were touched as well: nothing found there means anything. None if
    a fault leaves nothing to guess.
    """
    plain = copy.deepcopy(plain)
    touched: list[Path] = []
    for fault in found:
        place = fault.problem.path
        if any(place[: len(given_up)] == given_up for given_up in touched):
            continue
        node: Any = plain
        for part in place[:-1]:
            node = node[part]
        if fault.key is not None:
            value = node.pop(place[-1])
            if fault.key:
                node.setdefault(fault.key, value)
        elif fault.value is not None:
            node[place[-1]] = fault.value
        elif len(place) >= 2 and place[0] == "policies" and isinstance(place[1], int):
            touched += _given_up(plain["policies"], place)
            continue
        else:
            return None
        touched.append(place)
    return plain, touched


def _given_up(policies: Any, place: Path) -> list[Path]:
    """Put something sound in as little of a policy as a fault spoils: the places touched.

    A policy, one of its edits, or a field of its own.
    """
    i = place[1]
    policy, name, edit = policies[i], place[2:3], place[3:4]
    own = policy if isinstance(policy, dict) else {}
    if name == ("edits",) and edit and isinstance(own.get("edits"), list):
        own["edits"][edit[0]] = copy.deepcopy(_NO_EDIT)
        return [place[:4]]
    for field in name:
        if field in _STAND_IN:
            own[field] = _STAND_IN[field]
        elif field in own and field != "name":
            del own[field]
        else:
            break
        # who starts on another day may end before it
        return [place[:3], *([(*place[:2], "ends")] if field == "starts" else [])]
    policies[i] = {"name": f"unread {i}", **_STAND_IN}
    return [place[:2]]


# -- places ---------------------------------------------------------------------------------


def as_written(path: Path, plain: Any) -> tuple[Path, Any]:
    """A path without what the document does not spell out, and the value it leads to.

    Unwritten are the tags of unions and the parts of full forms that a short one leaves out.
    """
    node: Any = plain
    kept: list[str | int] = []
    for part in path:
        parts = dict(enumerate(node)) if isinstance(node, list) else node
        if isinstance(parts, dict) and part in parts:
            node = parts[part]
            kept.append(part)
    return tuple(kept), node


def _place(item: ErrorDetails, plain: Any) -> Path:
    """Where an error stands in the document, down to the field it is about."""
    path, node = as_written(item["loc"], plain)
    if item["type"] == "missing":
        return (*path, item["loc"][-1])
    if item["type"] == "value_error" and isinstance(node, dict):
        # the message names the field it is about
        words = re.findall(r"\w+", str(item["ctx"]["error"]))
        return (*path, *[key for w in words for key in (w, f"{w}s") if key in node][:1])
    return path


def _fields_at(cls: type[BaseModel], place: Path) -> list[str]:
    """Names of the fields a mapping at ``place`` may have."""
    found: list[str] = []

    def visit(annotation: Any, rest: Path) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = annotation.model_fields
            if not rest:
                found.extend(f.alias or n for n, f in fields.items() if not f.exclude)
                return
            for name, field in fields.items():
                if rest[0] in (name, field.alias):
                    visit(field.annotation, rest[1:])
            if rest[0] in (*_own_tags(annotation), annotation.__name__):  # the branch of a union
                visit(annotation, rest[1:])
            return
        args = getattr(annotation, "__args__", ())
        if rest and get_origin(annotation) in (Union, UnionType):
            args = [part for part in args if rest[0] in _own_tags(part)] or args
        for part in args:
            visit(part, rest)
            if rest and not hasattr(annotation, "__metadata__"):
                visit(part, rest[1:])  # a position in a list, or a key of a mapping

    visit(cls, place)
    return list(dict.fromkeys(found))


def _own_tags(branch: Any) -> tuple[str, ...]:
    """The words by which a branch of a union is chosen."""
    fields = getattr(branch, "model_fields", {})
    tag = fields.get("edit") or fields.get("law")
    return getattr(tag.annotation, "__args__", ()) if tag is not None else ()


# -- words ----------------------------------------------------------------------------------


def _fault(  # noqa: PLR0911 - a return for each kind of fault
    cls: type[BaseModel], place: Path, items: list[ErrorDetails]
) -> Fault:
    """One fault for what pydantic says of one place, in as many errors as it has branches."""
    first = items[0]
    kind, value = first["type"], first["input"]
    name = Problem("error", place[-2:], "").field.rpartition(".")[2] or "the file"

    correct = f"correct '{name}'" if place else "correct the file"

    def fault(message: str, fix: str = correct, *, of: Any = value, **guess: Any) -> Fault:
        finite = not isinstance(of, float) or math.isfinite(of)
        shown = of if isinstance(of, str | int | float) and finite else None
        return Fault(Problem("error", place, message, value=shown, fix=fix), **guess)

    if kind == "missing":
        fix = _ADD.get(name, f"add '{name}'")
        return fault(f"'{name}' is missing", fix, of=None, lacking=True)
    if kind == "extra_forbidden" or first["loc"][-1:] == ("[key]",):
        options = _options(first) or _fields_at(cls, first["loc"][:-1])
        fix = did_you_mean(name, options)
        return fault(f"'{name}' is not a field here", fix, key=_closest(name, options) or "")
    if kind == "value_error":
        message, _, fix = str(first["ctx"]["error"]).partition(". Fix: ")
        return fault(message, fix or correct)
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        what, tags = first["ctx"]["discriminator"].strip("'"), _tags(first)
        if kind == "union_tag_not_found":
            return fault(f"'{name}' does not say its {what}", f"add '{what}': {', '.join(tags)}")
        tag = first["ctx"]["tag"]
        return fault(f"there is no {what} '{tag}'", did_you_mean(tag, tags), of=tag)
    if value is None or kind == "too_short":
        return fault(f"'{name}' is empty", f"give '{name}', or remove it")
    if kind == "finite_number":
        return fault(f"'{name}' is not a finite number: {value}", value=1)
    for item in items:
        if item["type"] in _BOUNDS:
            sign, key = _BOUNDS[item["type"]]
            bound = item["ctx"][key]
            allowed = bound if key in {"ge", "le"} else 1
            message = f"'{name}' must be {sign} {bound:g}, not {value!r}"
            return fault(message, f"correct '{name}'", value=allowed)
    return _wrong_kind(fault, name, value, items)


def _wrong_kind(
    fault: Callable[..., Fault], name: str, value: Any, items: list[ErrorDetails]
) -> Fault:
    """A value that is none of the things it may be."""
    options = [option for item in items for option in _options(item)]
    wanted = [_SHOULD_BE[item["type"]] for item in items if item["type"] in _SHOULD_BE]
    close = _closest(value, options) if isinstance(value, str) else None
    shown = repr(value) if isinstance(value, str) else str(value).lower()
    if not wanted:
        message = f"'{name}' cannot be {shown}"
        return fault(message, did_you_mean(value, options), value=close)
    choices = " or ".join(dict.fromkeys([*wanted, *(f"'{option}'" for option in options)]))
    told = "" if isinstance(value, dict | list | tuple) else f", not {shown}"
    fix = f"did you mean '{close}'?" if close else f"correct '{name}'"
    if wanted == ["text"] and told:
        fix = "write it in quotes, if that is meant"
    guess = close or (1 if {"a number", "a whole number"} & set(wanted) else None)
    return fault(f"'{name}' should be {choices}{told}", fix, value=guess)


def _options(item: ErrorDetails) -> list[str]:
    """The values a literal may have."""
    if item["type"] != "literal_error":
        return []
    return [o.strip().strip("'") for o in item["ctx"]["expected"].replace(" or ", ", ").split(",")]


def _tags(item: ErrorDetails) -> list[str]:
    """The branches a union may take."""
    told = item["ctx"].get("expected_tags")
    return [tag.strip().strip("'") for tag in told.split(",")] if told else _LAWS


def _closest(name: object, options: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(str(name), [str(option) for option in options], n=1)
    return close[0] if close else None
