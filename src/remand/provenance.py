"""Where a number came from: versions, hashes, and the identity of a run."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib import metadata
from typing import Any

LIBRARIES = ("numpy", "numba", "scipy", "polars", "duckdb", "pydantic")


def version() -> str:
    """The installed version of remand."""
    return metadata.version("remand")


def versions() -> dict[str, str]:
    """Versions of Python and of every library that touches a number."""
    found = {"remand": version(), "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in LIBRARIES}


def identity(*parts: Any) -> str:
    """A short name that changes whenever anything a run depends on does.

    >>> identity({"a": 1}) == identity({"a": 1}), identity({"a": 1}) == identity({"a": 2})
    (True, False)
    """
    text = json.dumps([version(), *parts], sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
