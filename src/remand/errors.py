"""What can go wrong, and how it is said.

::

    RemandError
    ├── InputError   the input is wrong: every problem at once, each with file, line and fix
    └── Refusal      the input is right, but this engine cannot answer it; says which can

Nothing here prints. The command line prints the message alone and leaves with exit code 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Path = tuple[str | int, ...]
"""Where a value stands inside a document: the keys and list positions that lead to it."""


class RemandError(Exception):
    """The root of every error this package raises on purpose."""


class Refusal(RemandError):  # noqa: N818 - a refusal is no mistake of anyone's
    """A valid question that the chosen engine cannot answer."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong (or doubtful) in an input, told so that a person can mend it.

    Attributes:
        severity: ``error`` stops a run; ``warning`` does not.
        path: keys that lead to the value inside its document.
        value: the offending value as it was written, if it can be shown.
        message: what is wrong, in a sentence.
        fix: what to type instead.
        file: the file it stands in, once known.
        line: the line in that file, counted from 1, once known.
        field: the path in readable form (``states.pretrial.exits.dismissed.share``).

    >>> print(Problem("error", ("states", "jail"), "a state nobody reaches", fix="remove it"))
    error: states.jail: a state nobody reaches. Fix: remove it
    """

    severity: Literal["error", "warning"]
    path: Path
    message: str
    value: Any = None
    fix: str = ""
    file: str | None = None
    line: int | None = None

    @property
    def field(self) -> str:
        """The path in readable form: names joined by dots, list positions counted from 1."""
        text = ""
        for part in self.path:
            text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
        return text.lstrip(".")

    def at(self, *prefix: str | int) -> Problem:
        """The same problem, seen from further out."""
        return replace(self, path=(*prefix, *self.path))

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand check --json``."""
        shown = self.value if isinstance(self.value, str | int | float | None) else str(self.value)
        return {
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "value": shown,
            "message": self.message,
            "fix": self.fix,
        }

    def __str__(self) -> str:
        where = ""
        if self.file:
            where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        field = f"{self.field}: " if self.field else ""
        fix = f". Fix: {self.fix}" if self.fix else ""
        return f"{where}{self.severity}: {field}{self.message.rstrip('.')}{fix}"


class InputError(RemandError):
    """The input is wrong. Carries every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, message: str, *, fix: str = "", path: Path = (), **known: Any) -> InputError:
        """An input error with a single problem.

        >>> InputError.of("there is no model named 'philly'", fix="philadelphia").problems[0].fix
        'philadelphia'
        """
        return cls([Problem("error", path, message, fix=fix, **known)])


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A suggestion for a misspelt name, or the list of what there is.

    >>> did_you_mean("pretrail", ["pretrial", "prison"])
    "did you mean 'pretrial'?"
    >>> did_you_mean("xyz", ["pretrial", "prison"])
    'use one of: pretrial, prison'
    """
    options = [str(option) for option in known]
    close = difflib.get_close_matches(str(name).lower(), [o.lower() for o in options], n=1)
    for option in options:
        if close and option.lower() == close[0]:
            return f"did you mean '{option}'?"
    if not options:
        return "there is nothing to choose from here"
    shown = ", ".join(options[:20]) + (", …" if len(options) > 20 else "")
    return f"use one of: {shown}"
