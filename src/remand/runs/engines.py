"""Which engine runs, and why; and whose scenario it is that an engine cannot run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

from remand.errors import InputError, Refusal, did_you_mean
from remand.model.edits import Capacity
from remand.model.platform import Scenario

Engine = Literal["auto", "exact", "sampled"]


@dataclass(frozen=True)
class Chosen:
    """The engine of a run.

    Attributes:
        exact: expected counts, or else people drawn by chance.
        why: the engine, and why it was chosen, in one line.
        replicates, seed: of chance; without meaning if ``exact``.
    """

    exact: bool
    why: str
    replicates: int
    seed: int


def choose(engine: Engine, scenarios: Sequence[Scenario], replicates: int, seed: int) -> Chosen:
    """The engine for all scenarios alike. InputError for an unknown one or too few replicates."""
    if engine not in (known := get_args(Engine)):
        raise InputError.of(f"there is no engine '{engine}'", fix=did_you_mean(engine, known))
    rules = [rule for scenario in scenarios for rule in _coupled(scenario)]
    if engine == "exact" or (engine == "auto" and not rules):
        reason = "asked for" if engine == "exact" else "no rule couples people"
        return Chosen(exact=True, why=f"exact: {reason}", replicates=replicates, seed=seed)
    if replicates < 2:
        raise InputError.of(
            f"{replicates} replicates show nothing of chance", fix="give at least 2; 200 is usual"
        )
    how = f"sampled, {replicates:,} replicates, seed {seed}"
    reason = "asked for" if engine == "sampled" else rules[0]
    return Chosen(exact=False, why=f"{how}: {reason}", replicates=replicates, seed=seed)


def _coupled(scenario: Scenario) -> list[str]:
    """Rules by which people depend on each other, in words."""
    return [
        f"policy '{policy.name}' holds '{edit.state}' at {edit.places:,.0f} places"
        for policy in scenario.model.policies
        for edit in policy.edits
        if isinstance(edit, Capacity)
    ]


@contextmanager
def named(scenario: Scenario) -> Iterator[None]:
    """Problems and refusals say which scenario they are of."""
    try:
        yield
    except Refusal as error:
        raise Refusal(f"{scenario.name}: {error}") from None
    except InputError as error:
        raise InputError(p.at(scenario.name) for p in error.problems) from None
