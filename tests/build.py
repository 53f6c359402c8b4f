"""Tiny models, named. Every builder returns plain values or frozen objects; none reads a file.

Policies are dated by step, so that a test can be worked by hand: ``starts=3`` is step 3.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from remand.engine.compile import compile_model
from remand.engine.expected import Path, solve
from remand.model.clock import Clock
from remand.model.model import Model
from remand.model.platform import Platform
from remand.model.policy import Policy
from remand.records.work import Records, Source

START = dt.date(2021, 2, 1)
"""A Monday, and the first of a month, so that all three clocks can start on it."""


def day(step: int, clock: str = "day") -> dt.date:
    """The date on which a step begins."""
    return Clock(start=START, step=clock).date(step)


# -- laws ------------------------------------------------------------------------------------


def fixed(value: float, **more: Any) -> dict[str, Any]:
    """Everyone stays so long."""
    return {"law": "fixed", "value": value, **more}


def exponential(mean: float, **more: Any) -> dict[str, Any]:
    """Memoryless stays."""
    return {"law": "exponential", "mean": mean, **more}


def table(chances: dict[Any, float], **more: Any) -> dict[str, Any]:
    """Whole steps: ``{2: 0.5, 5: 0.5}``, or joint ``{("out", 2): 0.5, …}``."""
    rows = []
    for key, chance in chances.items():
        exit_name, duration = key if isinstance(key, tuple) else (None, key)
        rows.append({"exit": exit_name, "duration": duration, "probability": chance})
    return {"law": "table", "rows": rows, **more}


# -- models ----------------------------------------------------------------------------------


def state(
    dwell: Any = None, exits: Any = "gone", kind: str = "jail", **more: Any
) -> dict[str, Any]:
    """A state; exits as ``{name: share}`` or ``{name: {share, to, dwell}}``."""
    if isinstance(exits, dict):
        exits = {e: x if isinstance(x, dict) else {"share": x} for e, x in exits.items()}
    given = {} if dwell is None else {"dwell": dwell}
    return {"kind": kind, "exits": exits, **given, **more}


def model(
    states: dict[str, Any],
    arrivals: dict[str, Any] | None = None,
    *,
    step: str = "day",
    partial: str = "exact",
    tonight: Any = None,
    policies: tuple[Policy, ...] = (),
    **more: Any,
) -> Model:
    """A model from ``START``; empty at first unless ``tonight`` says otherwise.

    ``arrivals`` are people a day by state, or a whole block.
    """
    coming = {
        name: rate if isinstance(rate, dict) else {"unit": "people per day", "rate": rate}
        for name, rate in (arrivals or {}).items()
    }
    return Model.model_validate(
        {
            "name": "tiny",
            "title": "Tiny",
            "counts": "in-facility",
            "clock": {"start": START, "step": step, "partial": partial},
            "states": states,
            "arrivals": coming,
            "tonight": {} if tonight is None else tonight,
            "policies": policies,
            "inferred": "made up for a test",
            **more,
        }
    )


def one_state(dwell: Any, rate: float = 1.0, **more: Any) -> Model:
    """A jail that everyone leaves for good."""
    return model({"jail": state(dwell)}, {"jail": rate}, **more)


def one_cohort(
    dwell: Any, entered: int, people: float = 1.0, exits: Any = "gone", **more: Any
) -> Model:
    """A jail that people enter on a single day; each exit leads to a state that nobody leaves
    within the run, so that entries to it are the leavers."""
    rates = [
        {"value": 0.0},
        {"value": people, "from": day(entered)},
        {"value": 0.0, "from": day(entered + 1)},
    ]
    names = ["out"] if exits == "gone" else list(exits)
    for_good = {name: state(fixed(10_000), kind="community") for name in names}
    return model(
        {"jail": state(dwell, {"out": 1.0} if exits == "gone" else exits), **for_good},
        {"jail": {"unit": "people per day", "rate": rates}},
        **more,
    )


def stock(people: Any, elapsed: dict[float, float] | None = None) -> dict[str, Any]:
    """A counted census; ``elapsed`` is {days: share}."""
    rows = [{"days": d, "share": s} for d, s in (elapsed or {}).items()]
    return {"people": people, "elapsed": rows}


# -- policies --------------------------------------------------------------------------------


def policy(
    *edits: dict[str, Any],
    starts: int = 0,
    ends: int | None = None,
    compliance: Any = 1.0,
    clock: str = "day",
    name: str = "policy",
    **more: Any,
) -> Policy:
    """A policy of edits written as in a file: ``{"dwell": {"state": "jail", "cap": 2}}``."""
    return Policy.model_validate(
        {
            "name": name,
            "authority": "prosecutor",
            "starts": day(starts, clock),
            "ends": None if ends is None else day(ends, clock),
            "compliance": compliance,
            "edits": edits,
            "inferred": "made up for a test",
            **more,
        }
    )


def everyone(*edits: dict[str, Any], **more: Any) -> Policy:
    """A policy that also reaches those already inside."""
    return policy(*edits, applies_to="everyone", **more)


def platform(*policies: Policy, name: str = "plan") -> Platform:
    """A platform of policies."""
    return Platform(name=name, title=name.title(), about="made up for a test", policies=policies)


# -- answers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Solved:
    """A solved model, read by the names of its states."""

    model: Model
    path: Path

    def _of(self, values: np.ndarray, name: str) -> np.ndarray:
        return values[:, self.model.state_names.index(name)].sum(axis=0)

    def census(self, name: str) -> np.ndarray:
        """People in a state at the end of each step, all strata."""
        return self._of(self.path.census, name)

    def entries(self, name: str) -> np.ndarray:
        """People who enter a state at each step, all strata."""
        return self._of(self.path.entries, name)

    def inside(self, name: str) -> float:
        """People in a state at the boundary before step 0, all strata."""
        return float(self.path.kernel.inside[:, self.model.state_names.index(name)].sum())

    def leavers(self, name: str) -> np.ndarray:
        """People who leave a state at each step, all strata."""
        before = np.concatenate([[self.inside(name)], self.census(name)[:-1]])
        return before + self.entries(name) - self.census(name)

    def gone(self) -> np.ndarray:
        """People who leave the model for good at each step, all strata."""
        kernel, total = self.path.kernel, np.zeros(self.path.kernel.steps)
        for channels, left in zip(kernel.channels, self.path.left, strict=True):
            for c in range(len(channels)):
                links = slice(channels.start[c], channels.start[c + 1])
                out = channels.target[links] == len(kernel.states)
                total += left[c] * channels.share[links][out].sum()
        return total


def run(spec: Model, steps: int, *policies: Policy, **more: Any) -> Solved:
    """Solve so many steps of a model, with policies enacted."""
    enacted = spec.enact(*policies)
    kernel = compile_model(enacted, enacted.clock.date(steps))
    return Solved(enacted, solve(kernel, **more))


# -- records ---------------------------------------------------------------------------------


def records(
    person: Any, day_in: Any, day_out: Any, days: int, basis: str = "bookings", **columns: Any
) -> Records:
    """Records of a window of so many days from `START`; ``day_out`` below 0 is still inside.

    Stays begun before the window are first seen on its first day. Columns not given are of one
    level.
    """
    into, out = np.asarray(day_in), np.asarray(day_out)
    ended = [int(d) if d >= 0 else None for d in out]
    frame = pl.DataFrame(
        {
            "person": pl.Series(np.asarray(person), dtype=pl.UInt32),
            "day_in": pl.Series(into, dtype=pl.Int32),
            "day_seen": pl.Series(np.maximum(into, 0), dtype=pl.Int32),
            "day_out": pl.Series(ended, dtype=pl.Int32),
            "day_out_by": pl.Series(ended, dtype=pl.Int32),
            "status": pl.repeat("held", len(into), eager=True),
            "status_last": pl.repeat("held", len(into), eager=True),
            "release_reason": pl.repeat("let go", len(into), eager=True),
        }
        | {name: pl.Series(values, dtype=pl.String) for name, values in columns.items()}
    )
    source = Source("jail.csv", basis, "ab" * 32, len(into))
    until = START + dt.timedelta(days)
    return Records(frame, START, until, basis, "in-facility", (source,), synthetic=False)
