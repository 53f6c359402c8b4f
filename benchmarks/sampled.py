"""Time the sampled engine and print one table: `python benchmarks/sampled.py`.

Workload W, drawn by chance, against SimPy, NumPy and the same loop in C. A move is one state left:
bookings are not counted. Every ratio is of times a move, since peers meet other luck and so make
other moves. Rows of one thread take processor time, those of two the clock on the wall. Exit code 1
if a bar is missed. Bars are never tests: see README.md beside this file.
"""

from __future__ import annotations

import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # before numpy is imported

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import peers
import twin
import workloads
from timing import Line, alternate, machine, middle, peak, show
from workloads import Floats

from remand.engine.cohorts import begin, march
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.engine.kernel import Kernel
from remand.engine.plan import Plan, plan_of
from remand.engine.sampled import Counts, Sample, simulate
from remand.engine.streams import world
from remand.model.policy import Policy

SEED = 1
REPLICATES = 20
"""Drawn in one timed call: its plan is made once, as for anyone who asks for many."""

PAIRS = 200
"""Replicates of the diversion, in four parts whose range is shown."""

YEAR = 365


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description="Time the sampled engine.")
    known = os.environ.get("REMAND_BENCH")
    parser.add_argument(
        "--workload",
        type=Path,
        default=Path(known) if known else None,
        help="JSON file of workload W; by default REMAND_BENCH, or else as in workloads.py",
    )
    parser.add_argument("--runs", type=int, default=9, help="runs of each row (default 9)")
    parser.add_argument("--slow", type=int, default=3, help="runs of SimPy (default 3)")
    asked = parser.parse_args()
    print(machine(asked.runs), end="")
    print(f"(SimPy: {asked.slow}). A move is one state left.\n")
    w = workloads.read(asked.workload)
    kernel = compile_model(*workloads.model_of(w))
    size = f"{len(kernel.channels)} groups × {len(kernel.states)} states × {kernel.steps} steps"
    lines = [
        Line(f"workload W: {size}, {REPLICATES} replicates a call, counted by the year"),
        *against_peers(w, kernel, asked.runs, asked.slow),
        Line("the loop alone, one replicate, one thread"),
        *against_c(kernel, asked.runs),
        Line("a fifth of those sentenced to jail released before trial instead"),
        *paired(w),
    ]
    show(lines)
    raise SystemExit(any(line.met is False for line in lines))


def against_peers(w: dict[str, Any], kernel: Kernel, runs: int, slow: int) -> list[Line]:
    """The sampler on one and two threads, NumPy and SimPy, in turn."""
    seeds = iter(range(1, 10**6))

    def drawn(threads: int) -> Sample:
        bounds = (*range(0, kernel.steps, YEAR), kernel.steps)
        return simulate(kernel, REPLICATES, SEED, bounds, threads=threads)

    one = drawn(1)
    check("the sampler", one.held.sum(axis=(1, 3)).mean(axis=0), kernel)
    left = float(one.moves[:, :, one.origin < len(kernel.states)].sum())
    numpy = Tried(lambda: peers.day_by_day(w, next(seeds)), "NumPy", kernel)
    numpy()  # warm
    numpy.moves.clear()
    walls = alternate([lambda: drawn(1), lambda: drawn(2)], runs)
    one_thread, two_threads = ([t / left for t in each] for each in walls)
    times = alternate([lambda: drawn(1), numpy], runs, time.process_time)
    ours = [t / left for t in times[0]]
    theirs = [t / moves for t, moves in zip(times[1], numpy.moves, strict=True)]
    lines = [
        Line("  simulate, one thread", rate(ours), peak(lambda: drawn(1))),
        Line("    a move", ns(ours)),
        Line("  simulate, two threads", rate(two_threads), peak(lambda: drawn(2))),
        over("    the wall, one thread over two", one_thread, two_threads),
        state_of(plan_of(kernel)),
        Line("  plain NumPy, day by day", rate(theirs), peak(numpy)),
        over("    a move, over simulate on one thread", theirs, ours),
    ]
    try:
        simpy = Tried(lambda: peers.processes(w, next(seeds)), "SimPy", kernel)
        times = alternate([lambda: drawn(1), simpy], slow, time.process_time)
    except ModuleNotFoundError:
        return [*lines, Line("  SimPy", "not installed")]
    ours = [t / left for t in times[0]]
    theirs = [t / moves for t, moves in zip(times[1], simpy.moves, strict=True)]
    return [
        *lines,
        Line("  SimPy, one process a person", rate(theirs)),
        over("    a move, over simulate on one thread", theirs, ours, at_least=1000.0),
    ]


class Tried:
    """A peer to be timed: keeps the moves of each run, and stops if its census is another's."""

    def __init__(self, way: Callable[[], peers.Drawn], name: str, kernel: Kernel) -> None:
        self.way, self.name, self.kernel = way, name, kernel
        self.moves: list[int] = []

    def __call__(self) -> None:
        """Draw one replicate."""
        left, census = self.way()
        check(self.name, census.sum(axis=(0, 2)), self.kernel)
        self.moves.append(left)


def check(name: str, days: Floats, kernel: Kernel) -> None:
    """Stop if person-days by state are not the exact engine's, but for chance."""
    exact = solve(kernel, threads=1).census.sum(axis=(0, 2))
    off = float(np.abs(days / exact - 1).max())
    if off > 0.05:
        raise SystemExit(f"{name} runs another model: a state's person-days are off by {off:.0%}")


def against_c(kernel: Kernel, runs: int) -> list[Line]:
    """The compiled Python loop and its twin in C, in turn; equal counts are a condition."""
    plan, key = plan_of(kernel), world(SEED, 0)
    people = begin(plan, key)  # type: ignore[no-untyped-call]
    none = np.zeros((0, 3, plan.steps), np.int64)

    def python(g: int, moved: Counts) -> None:
        march(plan, g, g + 1, key, people, moved[None], none, None)  # type: ignore[no-untyped-call]

    answer = every(plan, python)
    left = float(answer[:, :-1, plan.origin < len(kernel.states)].sum())
    command = twin.compiler()
    if command is None:
        times = alternate([lambda: every(plan, python)], runs, time.process_time)
        return [
            Line("  march", ns([t / left for t in times[0]])),
            Line(f"  cc {' '.join(twin.FLAGS)}", "no compiler here"),
        ]
    with tempfile.TemporaryDirectory() as folder:
        c = twin.Twin(twin.build(command, Path(folder)), plan)

        def in_c(g: int, moved: Counts) -> None:
            c.march(g, key, moved)

        if not np.array_equal(every(plan, in_c), answer):
            raise SystemExit("the loop in C counts other people than ours")
        ways = [lambda: every(plan, python), lambda: every(plan, in_c)]
        times = alternate(ways, runs, time.process_time)
    ours, theirs = ([t / left for t in each] for each in times)
    version = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    print(f"C: {version.stdout.splitlines()[0]}\n")
    return [
        Line("  march, compiled by numba", ns(ours)),
        Line(f"  its twin, cc {' '.join(twin.FLAGS)}", ns(theirs)),
        over("    ours over C, counts equal to the last digit", ours, theirs, at_most=1.3),
    ]


def every(plan: Plan, loop: Callable[[int, Counts], None]) -> Counts:
    """All strata, one by one: (strata, steps + 1, moves)."""
    moved = np.zeros((len(plan.keys), plan.steps + 1, len(plan.origin)), np.int32)
    for g in range(len(moved)):
        loop(g, moved[g])
    return moved


def state_of(plan: Plan) -> Line:
    """What the sampler keeps for one replicate of one stratum while it is drawn."""
    moved = 4 * (plan.steps + 1) * len(plan.origin)
    overflow = 8 * 3 * plan.steps * len(plan.limits.state)
    tables = 8 * (7 * len(plan.exit_move) + len(plan.way_channel))
    kept = float(moved + overflow + tables)
    what = f"{len(plan.origin)} moves due × {plan.steps + 1} steps"
    return Line("    state, a replicate × stratum", what, kept, "< 1 MB", kept < 1e6)


def paired(w: dict[str, Any]) -> list[Line]:
    """How much quieter an effect is between two scenarios of one seed than of two."""
    model, until = workloads.model_of(w)
    policy = Policy.model_validate(
        {
            "name": "diversion",
            "authority": "prosecutor",
            "inferred": "a benchmark",
            "starts": model.clock.start,
            "compliance": 1.0,
            "edits": [
                {
                    "divert": {
                        "state": "pretrial_detained",
                        "exit": "jail_sentenced",
                        "to": "pretrial_released",
                        "share": 0.2,
                    }
                }
            ],
        }
    )
    before, after = (compile_model(each, until) for each in (model, model.enact(policy)))
    base, same, other = jailed(before, SEED), jailed(after, SEED), jailed(after, SEED + 1)
    quiet, loud = same - base, other - base
    ratios = [
        float(loud[part].var(ddof=1) / quiet[part].var(ddof=1))
        for part in np.split(np.arange(PAIRS), 4)
    ]
    ratio = float(loud.var(ddof=1) / quiet.var(ddof=1))
    exact = float(expected(after) - expected(before))
    error = float(quiet.std(ddof=1) / np.sqrt(PAIRS))
    if abs(quiet.mean() - exact) > 5 * error:
        raise SystemExit(f"the effect is {quiet.mean():.2f} ± {error:.2f}, and exactly {exact:.2f}")
    return [
        Line("  effect on the last year's mean jail", f"{quiet.mean():.2f} ± {error:.2f} people"),
        Line("    solved exactly", f"{exact:.2f} people"),
        Line("  variance, two seeds", f"{loud.var(ddof=1):.1f}"),
        Line("  variance, one seed", f"{quiet.var(ddof=1):.1f}"),
        Line(
            f"    two seeds over one, {PAIRS} replicates",
            f"{ratio:.1f} × ({min(ratios):.1f}–{max(ratios):.1f})",
            bar="≥ 4 ×",
            met=ratio >= 4,
        ),
    ]


def jailed(kernel: Kernel, seed: int) -> Floats:
    """People in jail on the mean day of the last year: (replicates,)."""
    drawn = simulate(kernel, PAIRS, seed, (kernel.steps - YEAR, kernel.steps))
    held: Floats = drawn.held[:, :, jail(kernel)].sum(axis=(1, 2, 3)) / YEAR
    return held


def expected(kernel: Kernel) -> float:
    """The same, solved exactly."""
    return float(solve(kernel).census[:, jail(kernel), -YEAR:].sum() / YEAR)


def jail(kernel: Kernel) -> list[int]:
    """Indices of the states of a jail."""
    return [i for i, state in enumerate(kernel.states) if workloads.KINDS.get(state) == "jail"]


def rate(times: Sequence[float]) -> str:
    """Seconds a move as millions of moves a second: a median, and the range."""
    per_second = [1e-6 / t for t in times]
    return middle(per_second, "M/s", 1 if statistics.median(per_second) > 10 else 2)


def ns(times: Sequence[float]) -> str:
    """Seconds a move as nanoseconds: a median, and the range."""
    return middle([1e9 * t for t in times], "ns")


def over(
    what: str,
    one: Sequence[float],
    other: Sequence[float],
    at_least: float | None = None,
    at_most: float | None = None,
) -> Line:
    """The ratio of two ways run in turn, against a bar."""
    ratios = [a / b for a, b in zip(one, other, strict=True)]
    ratio = statistics.median(ratios)
    took = middle(ratios, "×", 0 if ratio > 10 else 2)
    if at_least is not None:
        return Line(what, took, bar=f"≥ {at_least:,.0f} ×", met=ratio >= at_least)
    if at_most is not None:
        return Line(what, took, bar=f"≤ {at_most:g} ×", met=ratio <= at_most)
    return Line(what, took)


if __name__ == "__main__":
    main()
