"""A plan written on the page: checked like a file, but it may name none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from remand.errors import InputError, Problem, did_you_mean
from remand.errors import Path as At
from remand.files import load_written, write
from remand.files.documents import Document
from remand.model.levers import EDITED
from remand.model.platform import Platform
from remand.web.places import Place
from remand.web.state import LONGEST

SHOWN = "plan.yaml"
"""What problems call the text."""

BLANK = """\
remand: 1
name: edited-plan
title: Edited plan
about: Written here, and proposed by nobody.
hypothetical: true

policies: []
"""


def check(text: str, place: Place, plan: str | None) -> tuple[Platform | None, list[Problem]]:
    """The plan a text is, with every problem of it, in the words of ``remand check``."""
    if len(text.encode()) > LONGEST:
        return None, [Problem("error", (), f"longer than {LONGEST:,} bytes", file=SHOWN)]
    origin = place.plans.get(plan or "")
    path = origin.path if origin else Path(place.model.folder or ".") / SHOWN
    try:
        document = Document.of(path, text)
    except InputError as error:
        return None, [replace(p, file=SHOWN) for p in error.problems]
    plain = document.plain()
    refused = [*_files(plain, (), _sources_file(origin.path if origin else None)),
               *_names(plain, place)]  # fmt: skip
    if refused:
        return None, [replace(document.locate(p), file=SHOWN) for p in refused]
    platform, problems = load_written(document, place.model)
    told = [replace(p, file=SHOWN) if p.file == str(path) else p for p in problems]
    return platform, told


def accepted(text: str, place: Place, plan: str | None) -> Platform:
    """The plan a text is. Raises InputError with every problem found."""
    platform, problems = check(text, place, plan)
    errors = [p for p in problems if p.severity == "error"]
    if platform is None or errors:
        raise InputError(errors)
    return platform


def text_of(platform: Platform, place: Place, plan: str | None) -> str:
    """A platform as YAML, in the form and with the comments of the file it comes from.

    Whole in itself: the sources it cites are written out.
    """
    origin = place.plans.get(plan or "")
    with tempfile.TemporaryDirectory(prefix="remand-") as folder:
        own = platform.replace(sources_file=None)
        path = write(own, Path(folder) / SHOWN, like=origin.path if origin else None)
        return path.read_text(encoding="utf-8")


def to_edit(platform: Platform) -> Platform:
    """A platform as somebody may begin to change it: under a name that is nobody's."""
    if platform.name == EDITED:
        return platform
    return platform.replace(
        name=EDITED,
        title="Edited plan",
        about=f"Written here, and proposed by nobody. It began as {platform.name}.",
        hypothetical=True,
    )


def _sources_file(path: Path | None) -> object:
    return None if path is None else Document.read(path).plain().get("sources_file")


def _files(node: Any, at: At, own: object) -> Iterator[Problem]:
    """Files that the text names, but for the sources that lie beside the plan it comes from."""
    if isinstance(node, dict):
        for key, value in node.items():
            here = (*at, key)
            if key == "file" or (key == "sources_file" and (at or value != own)):
                yield Problem("error", here, "a plan written here names no file", value,
                              "write out what it holds")  # fmt: skip
            else:
                yield from _files(value, here, own)
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from _files(value, (*at, i), own)


def _names(plain: dict[str, Any], place: Place) -> Iterator[Problem]:
    """A name that is another plan's, and plans to come after that there are not."""
    name, after = plain.get("name"), plain.get("after", [])
    if name in place.plans:
        yield Problem("error", ("name",), f"'{name}' is a plan that somebody proposed or carried "
                      "out, and this is another", name, f"write name: {EDITED}")  # fmt: skip
    for other in after if isinstance(after, list) else [after]:
        if other not in place.plans:
            yield Problem("error", ("after",), f"there is no platform '{other}' to come after",
                          other, did_you_mean(other, place.plans))  # fmt: skip
