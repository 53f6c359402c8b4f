"""Stays as numbers: when each was seen, how long it lasted as far as anybody knows, what followed.

What measuring and fitting start from, so that neither can have another idea of a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from remand.records.work import Records

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """Arrays (stays,), in days since the window's first.

    Attributes:
        days: length of the window.
        person: whose stay it is, numbered from 0.
        into: first day whose census can count it; below 0: before the window.
        seen: first day on which it is known.
        out: first day whose census no longer counts it; the window's length while inside.
        out_by: the latest day that may have been.
        ended: whether its end is known.
        entry: the least duration with which it could be seen at all: 0 for a booking from its first
            moment, 1 for a snapshot (which shows only who crosses it), and one day more than it
            had lasted for a stay known only later (left-truncated).
    """

    days: int
    person: Ints
    into: Ints
    seen: Ints
    out: Ints
    out_by: Ints
    ended: Bools
    entry: Ints

    @classmethod
    def of(cls, records: Records) -> Seen:
        """The stays of records, in their order."""
        stays, days = records.stays, records.days

        def column(name: str) -> Ints:
            found: Ints = stays[name].fill_null(days).to_numpy().astype(np.int64)
            return found

        into, seen, out = column("day_in"), column("day_seen"), column("day_out")
        first = 0 if records.basis == "bookings" else 1
        return cls(
            days=days,
            person=column("person"),
            into=into,
            seen=seen,
            out=out,
            out_by=np.maximum(column("day_out_by"), out),
            ended=stays["day_out"].is_not_null().to_numpy(),
            entry=np.where(seen > into, seen - into + 1, first),
        )

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.person.max(initial=-1)) + 1

    def held(self, first: int, last: int) -> Ints:
        """Person-days of each stay that the censuses of [first, last) count."""
        inside: Ints = np.minimum(self.out, last) - np.maximum(self.seen, first)
        return np.maximum(inside, 0)

    def census(self) -> Ints:
        """People inside on each day of the window."""
        into, out = (np.bincount(x, minlength=self.days + 1) for x in (self.seen, self.out))
        people: Ints = np.cumsum(into - out)[: self.days]
        return people

    @cached_property
    def following(self) -> Ints:
        """The next stay of the same person by admission; −1 without one."""
        order = np.lexsort((self.out, self.into, self.person))
        again = self.person[order[1:]] == self.person[order[:-1]]
        found = np.full(len(order), -1, np.int64)
        found[order[:-1][again]] = order[1:][again]
        return found

    @property
    def again(self) -> Bools:
        """Whether the same person was booked once more."""
        return self.following >= 0

    @property
    def gap(self) -> Ints:
        """Days from the end of a stay to the next booking, or else to the end of the window.

        Below 0 where the next one began before this one ended: nobody was let out then.
        """
        return np.where(self.again, self.into[self.following], self.days) - self.out
