"""The sampled engine: people drawn by chance, counted by cohort, in the order of time.

Nobody is an object. What is kept is how many people are due to make each move at each later step;
those who enter a state in a step take their slots of that state's stream one after another, draw
by which exit and after how long they leave, and are counted there. Rules that couple people are
applied as the steps go by.

An exit is drawn by an alias table (Walker, *ACM TOMS* 3, 1977; Vose, *IEEE TSE* 17, 1991) of the
shares no policy has touched, then thinned: a person moves to another exit only with the chance
that its share has fallen. A stay is drawn by inversion through a guide table (Chen & Asau, *AIIE
Transactions* 6, 1974), so that people keep their rank when a law is changed, and so are arrivals.
Scenarios drawn with one seed therefore differ only in the people a policy touches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.engine.book import INSIDE, Book, Lives
from remand.engine.cohorts import begin, march, over_windows
from remand.engine.kernel import Floats, Ints, Kernel
from remand.engine.plan import Plan, plan_of
from remand.engine.spells import inside_since, spells
from remand.engine.streams import world
from remand.engine.threads import in_threads

Counts = NDArray[np.int32]


@dataclass(frozen=True)
class Sample:
    """What the sampled engine answers: people counted in each replicate, over windows of steps.

    Attributes:
        kernel: what was run.
        bounds: first steps of adjacent windows, and the end (exclusive).
        origin: (moves,) the state left; the number of states for *outside*.
        target: (moves,) the state entered; the number of states for *gone*.
        held: (replicates, strata, states, windows) census summed over each window's steps.
        last: (replicates, strata, states, windows) census at each window's last step.
        moves: (replicates, strata, moves, windows) people who made each move.
        overflow: (replicates, limits, 3, windows) people discharged early, people refused, and
            person-steps above the limit all the same (kept for none of them, or nowhere to go).
        to_come: (replicates, strata, states, windows) steps in the kind, to its end, of those
            admitted to it into each state, all together; what lies beyond the run is expected.
        ended: (…) steps spent in the kind by those who leave the state for another kind.
        so_far: (…) steps in the kind so far of those inside at each window's last step.
    """

    kernel: Kernel
    bounds: tuple[int, ...]
    origin: Ints
    target: Ints
    held: Floats
    last: Floats
    moves: Floats
    overflow: Floats
    to_come: Floats | None = None
    ended: Floats | None = None
    so_far: Floats | None = None


@dataclass(frozen=True)
class Histories:
    """Lives, one row an event, by person and then in the order things happened.

    Attributes:
        kernel: what was run.
        person: 0, 1, …
        stratum: what the person is, for life.
        step: when; negative for people inside at the start (the model's mean for such people).
        origin: the state left; the number of states for *outside*, −1 for already inside.
        target: the state entered; the number of states for *gone*.
    """

    kernel: Kernel
    person: Ints
    stratum: Ints
    step: Ints
    origin: Ints
    target: Ints


def simulate(
    kernel: Kernel,
    replicates: int,
    seed: int,
    bounds: tuple[int, ...] | None = None,
    *,
    first: int = 0,
    stays: bool = False,
    threads: int | None = None,
) -> Sample:
    """Draw replicates ``first`` … ``first + replicates − 1`` and count people over windows.

    ``bounds`` are the windows' first steps and the end; by default every step is a window.
    ``stays`` also follows each person's time in a kind (twice the work). The same seed gives the
    same digits on any number of threads, and the same replicate whatever is drawn beside it.
    """
    plan = plan_of(kernel)
    edges = np.arange(kernel.steps + 1) if bounds is None else np.array(bounds, np.int64)

    def one(replicate: int) -> list[Floats]:
        drawn = _Replicate(plan, world(seed, replicate))
        counts = drawn.counts(edges)
        if stays:
            counts += spells(kernel, plan, drawn.lives(), edges)
        return counts

    results = in_threads(one, range(first, first + replicates), threads)
    stacked = [np.array(parts) for parts in zip(*results, strict=True)]
    return Sample(kernel, tuple(int(edge) for edge in edges), plan.origin, plan.target, *stacked)


def histories(kernel: Kernel, seed: int, replicate: int = 0) -> Histories:
    """The lives of exactly the people that `simulate` counts in a replicate."""
    plan = plan_of(kernel)
    lives = _Replicate(plan, world(seed, replicate)).lives()
    found = np.flatnonzero(lives.previous == INSIDE)
    happened = np.flatnonzero(lives.step < kernel.steps)
    person = np.concatenate([lives.person[found], lives.person[happened]])
    order = np.lexsort((np.arange(len(person)), person))
    return Histories(
        kernel=kernel,
        person=person[order],
        stratum=np.concatenate([lives.stratum[found], lives.stratum[happened]])[order],
        step=np.concatenate(
            [
                np.rint(inside_since(kernel, plan, lives, found)).astype(np.int64),
                lives.step[happened],
            ]
        )[order],
        origin=np.concatenate([np.full(len(found), -1), plan.origin[lives.move[happened]]])[order],
        target=np.concatenate([plan.origin[lives.move[found]], plan.target[lives.move[happened]]])[
            order
        ],
    )


class _Replicate:
    """One replicate: everyone, drawn as often as it is asked for, the same each time."""

    def __init__(self, plan: Plan, key: np.uint64) -> None:
        self.plan = plan
        self.key = key
        self.people = begin(plan, key)

    def _draw(self, low: int, high: int, book: Book | None) -> tuple[Counts, Ints, int]:
        plan = self.plan
        moved = np.zeros((high - low, plan.steps + 1, len(plan.origin)), np.int32)
        overflow = np.zeros((len(plan.limits.state), 3, plan.steps), np.int64)
        records = march(plan, low, high, self.key, self.people, moved, overflow, book)
        return moved, overflow, records

    def _blocks(self) -> list[tuple[int, int]]:
        """Strata go one by one, unless a rule couples them."""
        strata = len(self.people)
        if len(self.plan.limits.state):
            return [(0, strata)]
        return [(g, g + 1) for g in range(strata)]

    def counts(self, edges: Ints) -> list[Floats]:
        """held, last, moves and overflow over windows."""
        plan = self.plan
        strata, states = self.people.shape
        windows = len(edges) - 1
        held, last = np.zeros((2, strata, states, windows))
        moves = np.zeros((strata, len(plan.origin), windows))
        spilled = np.zeros((len(plan.limits.state), 3, windows))
        self.records = 0
        for low, high in self._blocks():
            moved, overflow, records = self._draw(low, high, None)
            self.records += records
            for g in range(low, high):
                over_windows(
                    moved[g - low], self.people[g], plan.origin, plan.target, edges,
                    held[g], last[g], moves[g],
                )  # fmt: skip
            for w in range(windows):
                spilled[..., w] += overflow[..., edges[w] : edges[w + 1]].sum(axis=-1)
        return [held, last, moves, spilled]

    def lives(self) -> Lives:
        """Every move of every person, in the order drawn."""
        if not hasattr(self, "records"):
            self.counts(np.array([0, self.plan.steps]))
        lives, used = Lives.empty(self.records), np.zeros(2, np.int64)
        for low, high in self._blocks():
            self._draw(low, high, Book.of(lives, used, high - low, self.plan))
        return lives
