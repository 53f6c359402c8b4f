"""Time comparisons over draws: `python benchmarks/draws.py`.

Philadelphia, four platforms (one of them empty), 2015–2022, by race, 500 draws, by month and by
day, each in a process of its own, with a profile of where the time goes; and one draw of workload W
against one SimPy replicate of it. Exit code 1 if a bar is missed. Bars are never tests: see
README.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import peers
import workloads
from timing import Line, alternate, machine, middle, show

import remand as rm
from remand.engine.binned import Solver
from remand.engine.compile import compile_model
from remand.engine.draft import Draft
from remand.engine.expected import solve
from remand.outcomes.cells import Cells
from remand.outcomes.figures import QUANTITIES
from remand.outcomes.spread import Chance
from remand.outcomes.windows import Every, Windows
from remand.runs.worlds import Worlds

PLANS = tuple(
    f"philadelphia/{name}"
    for name in ("status-quo", "reduction-plan-2016", "dao-2018-19", "krasner-2017")
)
SINCE, UNTIL = dt.date(2015, 1, 1), dt.date(2023, 1, 1)
DRAWS, SEED = 500, 7
BARS: dict[Every, float] = {"month": 20.0, "day": 30.0}
"""Seconds a comparison may take, by what it reports."""
DAILY = ("population",)
"""What is asked for by day; by month everything is."""
MEMORY = 3e9
TIMES_SIMPY = 500
"""How many times as fast as a SimPy replicate a draw must be."""


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description="Time comparisons over draws.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument("--workload", type=Path, help="JSON file of workload W")
    parser.add_argument("--once", choices=tuple(BARS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.once:
        compare(asked.once)
        return
    print(machine(asked.runs))
    lines = [*whole(asked.runs), *profile(), simpy(asked.workload)]
    show(lines)
    raise SystemExit(any(line.met is False for line in lines))


def compare(every: Every) -> None:
    """One comparison, in this process; prints its seconds and the most it held."""
    import resource  # noqa: PLC0415 - not on every platform

    begin = time.perf_counter()
    asked = DAILY if every == "day" else QUANTITIES
    rm.compare("philadelphia", PLANS, UNTIL, SINCE, every, "race", asked, draws=DRAWS, seed=SEED)
    took = time.perf_counter() - begin
    print(took, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def whole(runs: int) -> Iterator[Line]:
    """Comparisons as a user asks for them, imports apart."""
    for every, bar in BARS.items():
        found = [
            subprocess.run(
                [sys.executable, __file__, "--once", every],
                check=True, capture_output=True, text=True,
            ).stdout.split()
            for _ in range(runs)
        ]  # fmt: skip
        times, memory = ([float(row[i]) for row in found] for i in (0, 1))
        met = statistics.median(times) < bar and max(memory) < MEMORY
        yield Line(f"500 draws, four platforms by race, by {every}", middle(times, "s"),
                   max(memory), f"< {bar:.0f} s, 3 GB", met)  # fmt: skip


def profile() -> list[Line]:
    """Processor time of each stage of one draw by month, and of what is done once."""
    model = rm.read_model("philadelphia")
    scenarios = [rm.read_scenario(plan, model) for plan in PLANS]
    windows = Windows.over(model.clock, SINCE, UNTIL, "month")
    cells = Cells.of(model, ["race"])
    worlds = Worlds(scenarios, UNTIL, DRAWS, SEED)
    draft = Draft([scenario.model for scenario in worlds.scenarios], UNTIL)
    solver = Solver(draft, windows.bounds, cells.members.astype(float), moves(cells))
    stages: dict[str, list[float]] = {}

    def timed(name: str, begin: float) -> float:
        now = time.thread_time()
        stages.setdefault(name, []).append(now - begin)
        return now

    for draw in range(12):
        at = time.thread_time()
        models = worlds.models(draw)
        at = timed("put its numbers into the models", at)
        lanes = draft.lanes(models)
        at = timed("compile the scenarios side by side", at)
        solver.solve(lanes)
        timed("solve them", at)
    at = time.thread_time()
    kernel = compile_model(model, UNTIL)
    path = solve(kernel, [windows.marks(kernel.steps)], threads=1)
    Chance.of(path, model, cells, windows, ("population", "admissions", "releases"))
    timed("once: how chance scatters", at)
    rows = [Line("where the time goes, one draw of four scenarios, one thread")]
    return rows + [
        Line(f"  {name}", middle([1e3 * t for t in took[2 if len(took) > 2 else 0 :]], "ms"))
        for name, took in stages.items()
    ]


def moves(cells: Cells) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Admissions to and releases from every place."""
    from remand.engine.moments import Reward  # noqa: PLC0415

    counted = [how(m).move for how in (Reward.admissions, Reward.releases) for m in cells.members]
    return np.array(counted)


def simpy(workload: Path | None) -> Line:
    """One draw of workload W against one SimPy replicate, turn by turn, processor time."""
    known = os.environ.get("REMAND_BENCH")
    w = workloads.read(workload or (Path(known) if known else None))
    model, until = workloads.model_of(w)
    steps = model.clock.index(until)
    draft = Draft([model], until)
    places = np.eye(len(model.states))
    nothing = np.zeros((1, len(places) + 1, len(places) + 1))
    solver = Solver(draft, (0, steps), places, nothing)
    solver.solve(draft.lanes([model]))  # compiled before the clock starts
    draws, replicates = alternate(
        [lambda: solver.solve(draft.lanes([model])), lambda: peers.processes(w, SEED)],
        2,
        time.process_time,
    )
    ratios = [theirs / ours for ours, theirs in zip(draws, replicates, strict=True)]
    return Line("a draw of W against a SimPy replicate of it", middle(ratios, "×", 0),
                bar=f"> {TIMES_SIMPY} ×", met=min(ratios) > TIMES_SIMPY)  # fmt: skip


if __name__ == "__main__":
    main()
