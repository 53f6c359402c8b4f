"""The sampler's loop in C (`sampler.c`), compiled here and handed the arrays of the Python loop."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

from remand.engine.plan import Plan
from remand.engine.sampled import Counts

SOURCE = Path(__file__).with_name("sampler.c")
FLAGS = ("-O3", "-march=native")
_SIZES = ("steps", "states", "moves", "exits", "reached", "arriving_states")
_ARRAYS = (
    "origin", "move", "into_start", "into", "exit_start", "exit_move", "exit_usual",
    "way_start", "way_channel", "law", "profile", "arriving", "arrivals_mode",
    "way_share", "reach", "profiles", "arrivals_mean", "arrivals_below", "arrivals_chance",
    "guide", "stale", "keys",
)  # fmt: skip


class _Struct(ctypes.Structure):
    """``Plan`` of sampler.c: sizes, then addresses."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in _SIZES),
        *((name, ctypes.c_void_p) for name in _ARRAYS),
    )


class Twin:
    """The C loop, over the arrays of a plan (contiguous copies of the few that are not).

    Raises:
        ValueError: the plan has what sampler.c leaves out.
    """

    def __init__(self, library: Path, plan: Plan) -> None:
        _within_reach(plan)
        arrays = {**plan._asdict()}
        for name in ("mean", "mode", "below", "chance"):
            arrays[f"arrivals_{name}"] = getattr(plan.arrivals, name)
        self._kept = {name: np.ascontiguousarray(arrays[name]) for name in _ARRAYS}
        self._plan = _Struct(
            plan.steps,
            plan.keys.shape[1],
            len(plan.origin),
            len(plan.exit_move),
            plan.reach.shape[1],
            len(plan.arriving),
            *(array.ctypes.data for array in self._kept.values()),
        )
        self._march = ctypes.CDLL(str(library)).march
        self._march.argtypes = (
            ctypes.POINTER(_Struct), ctypes.c_int64, ctypes.c_uint64, ctypes.c_void_p,
        )  # fmt: skip
        self._march.restype = ctypes.c_int64

    def march(self, g: int, key: np.uint64, moved: Counts) -> int:
        """Draw one stratum into ``moved`` (steps + 1, moves), zeros at first; how many moves."""
        records: int = self._march(ctypes.byref(self._plan), g, int(key), moved.ctypes.data)
        if records < 0:
            raise MemoryError("sampler.c found no memory for its tables")
        return records


def compiler() -> str | None:
    """The C compiler: CC, or else ``cc``; None where there is none."""
    return shutil.which(os.environ.get("CC", "cc"))


def build(command: str, folder: Path) -> Path:
    """Compile sampler.c into a folder."""
    library = folder / "sampler.so"
    words = [command, *FLAGS, "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    subprocess.run(words, check=True)
    return library


def _within_reach(plan: Plan) -> None:
    """Refuse what sampler.c leaves out: it would count something else."""
    share = plan.profiles[plan.profile[plan.way_channel]] * plan.way_share[:, None]
    if (
        len(plan.limits.state)
        or plan.inside.mean.any()
        or np.isfinite(plan.arrivals.size).any()
        or plan.sudden.any()
        or (np.diff(plan.way_start) != 1).any()
        or plan.opens.any()
        or (plan.closes != plan.steps).any()
        or not np.allclose(share, plan.profiles[plan.exit_usual], rtol=1e-12, atol=0)
    ):
        raise ValueError("sampler.c knows only models like workload W")
