"""Models and platforms as files: found, read, checked and written, every problem with its line."""

from remand.files.draws import read_draws
from remand.files.io import (
    find,
    in_model,
    load_effects,
    load_model,
    load_platform,
    load_written,
    read_effects,
    read_model,
    read_platform,
    read_scenario,
    shipped,
    with_effects,
    write,
)
from remand.files.mapping import read_mapping

__all__ = [
    "find",
    "in_model",
    "load_effects",
    "load_model",
    "load_platform",
    "load_written",
    "read_draws",
    "read_effects",
    "read_mapping",
    "read_model",
    "read_platform",
    "read_scenario",
    "shipped",
    "with_effects",
    "write",
]
