"""What every test may ask for: tiny models (`build`), and readers of charts (`spec`)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _beside(name: str):
    """A plain module beside this file (pytest's importlib mode puts no folder on the path)."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def build():
    """Builders of tiny models: see `tests/build.py`."""
    return _beside("build")


@pytest.fixture(scope="session")
def spec():
    """Readers of what a chart holds: see `tests/spec.py`."""
    return _beside("spec")
