"""Compiled loops, and where their machine code is kept between runs."""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config as numba_config
from numba import njit

F = TypeVar("F", bound=Callable[..., Any])
config: Any = numba_config  # its settings are made at run time

if not config.CACHE_DIR and not os.access(Path(__file__).parent, os.W_OK):
    # An installation nobody may write to, where even a home folder may be missing: numba would
    # refuse to start. A folder of the user's own under the system's temporary one always works.
    config.CACHE_DIR = str(Path(tempfile.gettempdir()) / f"remand-{getpass.getuser()}")


def folder() -> Path:
    """Where compiled loops are kept."""
    return Path(config.CACHE_DIR or Path(__file__).parent)


def compiled(function: F) -> F:
    """Compile a loop over arrays: released from the interpreter's lock, kept on disk.

    Sums may be reassociated and fused (that is what lets eight products share a pass); NaN and
    infinity keep their meaning.
    """
    return _jitted(function)


def within(function: F) -> F:
    """Compile a part of a loop, called from other loops only: quicker to compile."""
    return _jitted(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _jitted(function: F, **more: bool) -> F:
    jit: Any = njit
    fast = {"reassoc", "contract", "nsz"}
    return cast("F", jit(cache=True, nogil=True, fastmath=fast, **more)(function))
