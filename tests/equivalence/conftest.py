"""What these tests may ask for: `both`, the two engines compared, and `row`, one of the table."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from functools import cache
from pathlib import Path

import pytest

from remand.engine.compile import compile_model

REPLICATES = 300


def _beside(name: str):
    """A plain module beside this file."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def pytest_generate_tests(metafunc):
    """A test that takes a ``row`` runs for each row of the table."""
    if "row" in metafunc.fixturenames:
        metafunc.parametrize("row", list(_beside("rows").ROWS))


@pytest.fixture(scope="session")
def both():
    """The two engines compared: see `both.py`."""
    return _beside("both")


@pytest.fixture(scope="session")
def rows():
    """The table of features: name → what makes the model. See `rows.py`."""
    return _beside("rows").ROWS


@pytest.fixture(scope="session")
def kernel_of(build, rows):
    """The kernel of a row by its name."""

    @cache
    def compiled(name):
        spec, steps = rows[name](build)
        return compile_model(spec, spec.clock.date(steps))

    return compiled


@pytest.fixture(scope="session")
def judged(kernel_of, both):
    """The verdict on a row, drawn once a session; no two rows share their luck."""
    return cache(lambda name: both.compare(kernel_of(name), REPLICATES, zlib.crc32(name.encode())))
