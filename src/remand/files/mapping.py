"""A mapping: what a person says of a file of records, in YAML, every problem with its line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from remand.errors import InputError, Problem, did_you_mean
from remand.files.documents import Document
from remand.records.intake.columns import FIELDS_OF, KIND_NAMES, Corrections
from remand.records.intake.dates import no_forms

_KEYS = ("columns", "forms", "values", "keep", "window", "counts", "header", "delimiter", "kind",
         "sheet")  # fmt: skip
PATTERNS = ("shell patterns (* is any text, ? one sign, [ab] a or b), of which the first that fits "
            "holds, in capitals or not")  # fmt: skip
"""The language of ``values``, for messages."""

_FIELDS = sorted({name for names in FIELDS_OF.values() for name in names})
_COUNTS = ("in-facility", "jurisdiction")


def read_mapping(path: str | Path) -> Corrections:
    """The corrections in a YAML file. Raises InputError with every problem found.

    ``columns`` gives the column of a field, by name or position counted from 1; ``forms`` how its
    dates are written; ``values`` what its raw values mean, shell patterns allowed; ``keep`` further
    columns; ``window`` the first day and the day after the last, ``from`` and ``to``; ``counts``
    whether records are in-facility or of the jurisdiction; ``header`` (false, or its
    line), ``delimiter``, ``sheet`` and ``kind`` how the file is made.
    """
    path = Path(path)
    if not path.exists():
        raise InputError.of(f"there is no mapping '{path}'", fix="check the path")
    document = Document.read(path)
    plain = document.plain()
    problems: list[Problem] = []

    def wrong(message: str, fix: str, *place: str, value: Any = None) -> None:
        problems.append(document.locate(Problem("error", place, message, value, fix)))

    for key in plain:
        if key not in _KEYS:
            wrong(f"a mapping has no key '{key}'", did_you_mean(key, _KEYS), key)
    for key in ("columns", "forms", "values", "window"):
        if not isinstance(plain.get(key) or {}, dict):
            wrong(f"'{key}' must hold keys with values", f"write {key}: {{…: …}}", key)
            plain[key] = {}
    for key in ("delimiter", "sheet"):
        if plain.get(key) is not None and not isinstance(plain[key], str):
            wrong(f"'{key}' must be text", "write text", key, value=plain[key])
    header = plain.get("header")
    if header is not None and (not isinstance(header, int) or (header is not True and header < 0)
                               or (header == 0 and header is not False)):  # fmt: skip
        wrong("'header' must be true, false or the line of the header, counted from 1",
              "write header: 3", "header", value=header)  # fmt: skip
    if isinstance(plain.get("delimiter"), str) and len(plain["delimiter"]) != 1:
        wrong("a delimiter is a single sign", "write ';' or \"\\t\"", "delimiter",
              value=plain["delimiter"])  # fmt: skip
    for key, options in (("counts", _COUNTS), ("kind", KIND_NAMES)):
        if plain.get(key) is not None and plain[key] not in options:
            wrong(f"'{plain[key]}' is none of the {key} there are",
                  did_you_mean(plain[key], options), key, value=plain[key])  # fmt: skip
    columns, values = _columns(plain, wrong), _values(plain, wrong)
    forms = _forms(plain, wrong)
    keep = _keep(plain, wrong)
    since, until = _window(plain, wrong)
    if problems:
        raise InputError(problems)
    return Corrections(
        columns=columns,
        forms=forms,
        values=values,
        keep=keep,
        since=since,
        until=until,
        counts=plain.get("counts"),
        header=plain.get("header"),
        delimiter=plain.get("delimiter"),
        sheet=plain.get("sheet"),
        kind=plain.get("kind"),
        locate=document.locate,
    )


Wrong = Callable[..., None]


def _columns(plain: Mapping[str, Any], wrong: Wrong) -> dict[str, str | int | None]:
    columns = dict[str, str | int | None]()
    for name, column in (plain.get("columns") or {}).items():
        if isinstance(column, bool) or not isinstance(column, str | int | None):
            wrong("a column is a name, or a position counted from 1", "write the column's name",
                  "columns", name, value=column)  # fmt: skip
        elif name not in _FIELDS:
            wrong(f"there is no field '{name}'", did_you_mean(name, _FIELDS), "columns", name)
        else:
            columns[name] = column
    return columns


def _forms(plain: Mapping[str, Any], wrong: Wrong) -> dict[str, str]:
    forms = {name: str(form) for name, form in (plain.get("forms") or {}).items()}
    for problem in no_forms(Corrections(forms=forms)):
        wrong(problem.message, problem.fix, *problem.path, value=problem.value)
    return forms


def _values(plain: Mapping[str, Any], wrong: Wrong) -> dict[str, dict[str, str]]:
    values = dict[str, dict[str, str]]()
    for name, levels in (plain.get("values") or {}).items():
        if not isinstance(levels, dict) or any(isinstance(v, dict | list) for v in levels.values()):
            wrong("values must say what each raw value means",
                  'write {B: Black, "220.*": drugs, "*": other}: ' + PATTERNS,
                  "values", name)  # fmt: skip
        else:
            values[name] = {str(k): str(v) for k, v in levels.items()}
    return values


def _keep(plain: Mapping[str, Any], wrong: Wrong) -> tuple[str, ...]:
    keep = plain.get("keep") or []
    if isinstance(keep, str):
        keep = [keep]
    if not isinstance(keep, list) or any(isinstance(k, dict | list) for k in keep):
        wrong("'keep' must be a list of columns", "write keep: [facility, custody]", "keep")
        return ()
    return tuple(str(k) for k in keep)


def _window(plain: Mapping[str, Any], wrong: Wrong) -> tuple[dt.date | None, dt.date | None]:
    ends: dict[str, dt.date | None] = {"from": None, "to": None}
    for key, value in (plain.get("window") or {}).items():
        if key not in ends:
            wrong(f"a window has no '{key}'", did_you_mean(key, ends), "window", key)
        elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            ends[key] = value
        elif value is not None:
            wrong(f"'{value}' is not a day", "write 2018-02-21", "window", key, value=value)
    since, until = ends["from"], ends["to"]
    if since and until and since >= until:
        wrong(f"the window from {since} to {until} holds no day", "'to' is the day after the last",
              "window", "to", value=str(until))  # fmt: skip
    return since, until
