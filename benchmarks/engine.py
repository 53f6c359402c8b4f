"""Time the exact engine and print one table: `python benchmarks/engine.py`.

One process; one thread unless a row says otherwise; medians of alternating runs after a warm-up,
so that a machine that slows down slows both sides of a ratio. Memory is the peak of the arrays a
row allocates (tracemalloc, in a run that is not timed), or of a whole process (its resident set).
Exit code 1 if a bar is missed. Bars are never tests: see README.md beside this file.
"""

from __future__ import annotations

import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # before numpy is imported

import argparse
import datetime as dt
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import workloads
from timing import Line, alternate, barred, machine, ms, peak, show

from remand.engine import tables
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.kernel import Kernel
from remand.files import read_model, read_scenario
from remand.model.model import Model

PLACE, UNTIL = "philadelphia", dt.date(2020, 1, 1)
CHILD = """
import resource, subprocess, sys, time
begin = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - begin
print(code, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command from a small process: a child's peak counts its parent's at the fork."""


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description="Time the exact engine.")
    known = os.environ.get("REMAND_BENCH")
    parser.add_argument(
        "--workload",
        type=Path,
        default=Path(known) if known else None,
        help="JSON file of workload W; by default REMAND_BENCH, or else as in workloads.py",
    )
    parser.add_argument("--runs", type=int, default=15, help="runs of each row (default 15)")
    asked = parser.parse_args()
    print(machine(asked.runs))
    lines = [
        *against_numpy(asked.workload, asked.runs),
        *shipped(asked.runs),
        *monthly(asked.runs),
        *whole(min(asked.runs, 5)),
    ]
    show(lines)
    raise SystemExit(any(line.met is False for line in lines))


def against_numpy(file: Path | None, runs: int) -> list[Line]:
    """Workload W: the engine and two NumPy steppings, in turn."""
    w = workloads.read(file)
    model, until = workloads.model_of(w)
    kernel = compile_model(model, until)
    given = workloads.tables(w)
    ways: list[Callable[[], workloads.Floats]] = [
        lambda: solve(kernel, threads=1).census,
        lambda: workloads.plain(*given),
        lambda: workloads.short(*given),
    ]
    answers = [way() for way in ways]
    off = [relative(answers[0], other) for other in answers[1:]]
    if max(off) > 1e-12:
        raise SystemExit(f"the engine and NumPy disagree: {max(off):.1e} relative")
    times = alternate(ways, runs)
    size = f"{len(w['groups'])} groups × {len(kernel.states)} states × {kernel.steps} steps"
    lines = [
        Line(f"workload W: {size}, one thread"),
        Line("  solve", ms(times[0]), peak(ways[0])),
    ]
    for name, bar, other, way, apart in (
        ("plain NumPy", 7.0, times[1], ways[1], off[0]),
        ("best short NumPy", None, times[2], ways[2], off[1]),
    ):
        ratios = [theirs / ours for theirs, ours in zip(other, times[0], strict=True)]
        ratio = statistics.median(ratios)
        lines += [
            Line(f"  {name}", ms(other), peak(way)),
            Line(
                f"    over solve, agreeing to {apart:.0e}",
                f"{ratio:.1f} × ({min(ratios):.1f}–{max(ratios):.1f})",
                np.nan,
                f"≥ {bar:g} ×" if bar else "",
                ratio >= bar if bar else None,
            ),
        ]
    return lines


def shipped(runs: int) -> list[Line]:
    """The shipped model, as it is and under the county's plan."""
    model = read_model(PLACE)
    lines = []
    for name in ("status-quo", "reduction-plan-2016"):
        edited = read_scenario(f"{PLACE}/{name}", model).model
        kernel = compile_model(edited, UNTIL)
        ways: list[Callable[[], object]] = [
            lambda edited=edited: first_compiled(edited, UNTIL),  # type: ignore[misc]
            lambda edited=edited: compile_model(edited, UNTIL),  # type: ignore[misc]
            lambda kernel=kernel: solve(kernel, threads=1),  # type: ignore[misc]
            lambda kernel=kernel: solve(kernel, threads=2),  # type: ignore[misc]
        ]
        for way in ways:
            way()
        times = alternate(ways, runs)
        size = f"{len(kernel.channels)} strata × {len(kernel.states)} states × {kernel.steps} steps"
        lines += [
            Line(f"{PLACE}, {name}: {size}"),
            Line("  compile, for the first time", ms(times[0]), peak(ways[0])),
            Line("  compile, base tables known", ms(times[1]), peak(ways[1])),
            barred("  solve, one thread", times[2], 0.25, peak(ways[2])),
            barred("  solve, two threads", times[3], 0.25, peak(ways[3])),
        ]
    return lines


def first_compiled(model: Model, until: dt.date) -> Kernel:
    """Compile as in a fresh process: without the base tables kept from earlier compiles."""
    tables.base_table.cache_clear()
    return compile_model(model, until)


def monthly(runs: int) -> list[Line]:
    """The monthly model and a policy, both solved."""
    model, policy, until = workloads.monthly()
    models = [model, model.enact(policy)]
    kernels = [compile_model(each, until) for each in models]

    def both() -> None:
        for kernel in kernels:
            solve(kernel, threads=1)

    def compiled() -> None:
        for each in models:
            first_compiled(each, until)

    both()
    times = alternate([both, compiled], runs)
    size = f"{len(kernels[0].channels)} groups × {len(kernels[0].states)} states × "
    size += f"{kernels[0].steps} months"
    return [
        Line(f"monthly, with no change and with a policy: {size}, one thread"),
        Line("  compile both", ms(times[1]), peak(compiled)),
        barred("  solve both", times[0], 0.05, peak(both)),
    ]


def whole(runs: int) -> list[Line]:
    """Whole processes, warm."""
    lines = [Line("whole processes, warm")]
    for verb, bar, times in (("--help", 0.3, runs), ("demo", 10.0, min(runs, 3))):
        child([verb])
        found = [child([verb]) for _ in range(times)]
        took = [seconds for seconds, _ in found]
        lines.append(barred(f"  remand {verb}", took, bar, found[-1][1]))
    return lines


def child(words: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak bytes of a `remand` command in a process of its own."""
    command = [sys.executable, "-c", CHILD, sys.executable, "-m", "remand", *words]
    free = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=free)
    code, seconds, kilobytes = done.stdout.split()
    if code != "0":
        raise SystemExit(f"remand {' '.join(words)} failed: {done.stderr}")
    return float(seconds), float(kilobytes) * (1 if sys.platform == "darwin" else 1024)


def relative(one: workloads.Floats, other: workloads.Floats) -> float:
    """Largest difference of two censuses, relative to the count itself wherever there is one."""
    some = other > 1e-6
    return float((np.abs(one - other)[some] / other[some]).max())


if __name__ == "__main__":
    main()
