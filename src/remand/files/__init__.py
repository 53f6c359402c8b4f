"""Models and platforms as files: found, read, checked and written, every problem with its line."""

from remand.files.io import (
    find,
    in_model,
    load_model,
    load_platform,
    read_model,
    read_platform,
    read_scenario,
    shipped,
    write,
)
from remand.files.mapping import read_mapping

__all__ = [
    "find",
    "in_model",
    "load_model",
    "load_platform",
    "read_mapping",
    "read_model",
    "read_platform",
    "read_scenario",
    "shipped",
    "write",
]
