"""Who is booked again, and how soon: shares of the people released in a period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError
from remand.outcomes.counted import Counted
from remand.outcomes.measures import Measure
from remand.outcomes.product_limit import Watched
from remand.outcomes.suppression import few
from remand.outcomes.windows import Windows

Floats = NDArray[np.float64]

WITHIN = (30, 90, 180, 365)
"""Days within which returns are given unless asked otherwise."""


@dataclass(frozen=True)
class Returns:
    """People by their first release in each window, and the days until they were booked again.

    Attributes:
        within: days that returns are asked for, rising.
        watched: time to return; those not back are censored at the last day of the records.
        counts: (3 × within + 1, groups, windows) people that a share speaks of: back within each,
            back since the one before, not known to be back; at last all who were released.
    """

    within: tuple[int, ...]
    watched: Watched
    counts: Floats

    @classmethod
    def of(cls, stays: Counted, windows: Windows, within: tuple[int, ...] = WITHIN) -> Returns:
        """The returns in records. Raises InputError where nobody has two stays, or for no days."""
        if not within or min(within) < 1:
            raise InputError.of("returns are counted within 1 day or more", fix="write 30")
        own = stays.seen
        if not own.again.any():
            raise InputError.of(
                "returns cannot be measured: nobody in these records has two stays",
                fix="take the records in with the column that tells people apart (person)",
            )
        out = stays.day_in + stays.length
        known = stays.days - 1 - out
        back = own.again & (own.gap <= known)
        # who is booked again before a stay ended had not left
        left = own.ended & (own.gap >= 0) & (known >= 0)
        window = stays.moment(windows, out)
        pick = np.flatnonzero(left & (window >= 0))
        pick = pick[np.lexsort((out[pick], own.person[pick], window[pick]))]
        first = np.ones(len(pick), bool)
        first[1:] = (np.diff(own.person[pick]) != 0) | (np.diff(window[pick]) != 0)
        chosen = np.zeros(len(out), bool)
        chosen[pick[first]] = True
        days, ended = np.where(back, own.gap, known), back
        who, cell = stays.cohort(windows, out, chosen)
        shape = stays.groups, len(windows.starts)
        asked = tuple(sorted(set(within)))
        watched = Watched.of(cell, shape[0] * shape[1], np.full(len(who), -1), days[who],
                             ended[who], who)  # fmt: skip

        def people(which: NDArray[np.bool_]) -> Floats:
            found = np.bincount(cell[which], minlength=shape[0] * shape[1])
            return found.reshape(shape).astype(float)

        everyone = people(np.ones(len(who), bool))
        soon = [people(ended[who] & (days[who] <= n)) for n in asked]
        since = np.diff(np.array([0 * everyone, *soon]), axis=0)
        counts = [*soon, *since, *(everyone - n for n in soon), everyone]
        return cls(asked, watched, np.array(counts))

    def values(self, weight: Floats) -> Floats:
        """Shares back within each number of days, (within, groups, windows)."""
        longer = self.watched.beyond(self.watched.surviving(weight), self.within)
        return (1.0 - longer).reshape(len(self.within), *self.counts.shape[1:])

    def measures(self, values: Floats) -> Iterator[Measure]:
        """Shares (…, within, groups, windows) as measures of the only place there is.

        A share is hidden if it, or its step from the one before, speaks of fewer than ten people,
        or if so few are not back.
        """
        each = len(self.within)
        for i, days in enumerate(self.within):
            counts = tuple(c[None] for c in (*self.counts[i : 3 * each : each], self.counts[-1]))
            yield Measure(
                f"returned_{days}", "share", values[..., i, None, :, :], counts,
                f"of the people released in the period, by their first release in it: booked "
                f"again within {days} days (product limit, to the end of the records)",
                few=np.logical_or.reduce([few(c) for c in counts]),
            )  # fmt: skip
