"""The book of a replicate: who made which move, kept while the sampled engine counts.

The engine itself knows only how many are due to make a move at a step. Where lives are wanted, a
chain of records for every such number says who they are; slots of a state are taken in the order
of the chains, so that a book changes no draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remand.engine.cache import compiled
from remand.engine.kernel import Ints
from remand.engine.plan import Plan

ARRIVED, INSIDE = -1, -2
"""What stands for the previous record of people from outside, and of those inside at the start."""


class Lives(NamedTuple):
    """Every move of every person, in the order drawn: (records,) each.

    Attributes:
        move: which of the plan's moves; ``way`` how the stay before it was drawn, −1 if not.
        step: when, at most the number of steps (after the run).
        entered: the step at which the state was entered; −1 for people inside at the start.
        previous: the record of the move that led there, ``ARRIVED`` or ``INSIDE``.
        person, stratum: who.
    """

    move: Ints
    way: Ints
    step: Ints
    entered: Ints
    previous: Ints
    person: Ints
    stratum: Ints

    @classmethod
    def empty(cls, records: int) -> Lives:
        """Room for so many records."""
        return cls(*(np.empty(records, np.int64) for _ in cls._fields))


class Book(NamedTuple):
    """`Lives` being written, and the chains of records by stratum, due step and move.

    ``used`` counts records and people so far; −1 ends a chain.
    """

    lives: Lives
    used: Ints
    head: NDArray[np.int32]
    tail: NDArray[np.int32]
    after: NDArray[np.int32]
    cursor: NDArray[np.int32]

    @classmethod
    def of(cls, lives: Lives, used: Ints, strata: int, plan: Plan) -> Book:
        """A book that goes on writing into ``lives``, for so many strata at once."""
        shape = (strata, plan.steps + 1, len(plan.origin))
        return cls(
            lives=lives,
            used=used,
            head=np.full(shape, -1, np.int32),
            tail=np.full(shape, -1, np.int32),
            after=np.full(len(lives.move), -1, np.int32),
            cursor=np.full((strata, len(plan.origin)), -1, np.int32),
        )


@compiled
def append(book, i, g, step, move, entered, previous, way):  # type: ignore[no-untyped-def]
    """Write a move down and put it at the end of its chain."""
    record = book.used[0]
    book.used[0] += 1
    book.lives.move[record] = move
    book.lives.way[record] = way
    book.lives.entered[record] = entered
    book.lives.previous[record] = previous
    book.lives.stratum[record] = g
    if previous >= 0:
        book.lives.person[record] = book.lives.person[previous]
    else:
        book.lives.person[record] = book.used[1]
        book.used[1] += 1
    _join(book, i, step, move, record)


@compiled
def _join(book, i, step, move, record):  # type: ignore[no-untyped-def]
    book.lives.step[record] = step
    book.after[record] = -1
    end = book.tail[i, step, move]
    if end < 0:
        book.head[i, step, move] = record
    else:
        book.after[end] = record
    book.tail[i, step, move] = record


@compiled
def following(book, i, step, move):  # type: ignore[no-untyped-def]
    """The first record of a chain that has not been followed in this step."""
    last = book.cursor[i, move]
    return book.head[i, step, move] if last < 0 else book.after[last]


@compiled
def forward(book, i, step, move):  # type: ignore[no-untyped-def]
    """The same, and it is followed now."""
    record = following(book, i, step, move)
    book.cursor[i, move] = record
    return record


@compiled
def nth(book, i, step, move, index):  # type: ignore[no-untyped-def]
    """A record of a chain by its place."""
    record = book.head[i, step, move]
    for _ in range(index):
        record = book.after[record]
    return record


@compiled
def take(book, i, step, move, now, on, record):  # type: ignore[no-untyped-def]
    """Move a record from its chain to another: the person makes move ``on`` now instead."""
    before, here = -1, book.head[i, step, move]
    while here != record:
        before, here = here, book.after[here]
    if before < 0:
        book.head[i, step, move] = book.after[record]
    else:
        book.after[before] = book.after[record]
    if book.tail[i, step, move] == record:
        book.tail[i, step, move] = before
    book.lives.move[record] = on
    _join(book, i, now, on, record)
