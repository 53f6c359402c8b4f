"""What the benchmarks share: runs in turn, medians with their ranges, one table."""

from __future__ import annotations

import os
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

MB = 1e6


@dataclass(frozen=True)
class Line:
    """A row of the table, or with nothing taken a heading; ``met`` is None where no bar was set."""

    what: str
    took: str = ""
    memory: float = np.nan
    bar: str = ""
    met: bool | None = None


def machine(runs: int) -> str:
    """What was measured on, and how."""
    return (
        f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before; "
        f"Python {platform.python_version()}, NumPy {np.__version__}; medians of {runs} runs\n"
    )


def alternate(
    ways: Sequence[Callable[[], object]],
    runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Seconds of each way, run in turn, by a clock.

    `time.process_time` leaves out what the processor did for others meanwhile; it suits ways that
    keep to one thread.
    """
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(runs):
        for way, took in zip(ways, times, strict=True):
            begin = clock()
            way()
            took.append(clock() - begin)
    return times


def peak(way: Callable[[], object]) -> float:
    """Peak bytes of the arrays a call allocates."""
    tracemalloc.start()
    way()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def middle(numbers: Sequence[float], unit: str, digits: int = 1) -> str:
    """A median in a unit, and the range."""
    mid, low, high = statistics.median(numbers), min(numbers), max(numbers)
    return f"{mid:,.{digits}f} {unit} ({low:,.{digits}f}–{high:,.{digits}f})"


def ms(times: Sequence[float]) -> str:
    """A median in milliseconds, and the range."""
    digits = 1 if statistics.median(times) < 0.1 else 0
    return middle([1e3 * t for t in times], "ms", digits)


def barred(what: str, times: Sequence[float], bar: float, memory: float) -> Line:
    """A row that must stay under a bar in seconds."""
    return Line(what, ms(times), memory, f"< {1e3 * bar:,.0f} ms", statistics.median(times) < bar)


def show(lines: Sequence[Line]) -> None:
    """Print the table."""
    width = max(len(line.what) for line in lines if line.took)
    print(f"{'':{width}}  {'median (range)':>28}  {'bar':>11}  {'':4}  {'peak memory':>11}")
    for line in lines:
        if not line.took:
            print(line.what)
            continue
        verdict = {True: "PASS", False: "MISS", None: ""}[line.met]
        memory = "" if np.isnan(line.memory) else f"{line.memory / MB:,.1f} MB"
        print(f"{line.what:{width}}  {line.took:>28}  {line.bar:>11}  {verdict:4}  {memory:>11}")
