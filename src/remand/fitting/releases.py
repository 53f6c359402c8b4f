"""How soon people come back, and how many never do.

A return is a booking of somebody who was let out before, at most `horizon` days ago; who comes
later than that counts as new. Time to return is known only in part for the people let out last,
who are censored at the end of the records.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.fitting.layout import Layout
from remand.records.seen import Seen

Ints = NDArray[np.int64]

LONGEST = 1096
"""Days after which nobody is said to return, however long the records are: three years."""

SHORTEST = 90
"""Records in which no return of so many days can be seen have no law of returns."""


@dataclass(frozen=True)
class Releases:
    """Everyone let out inside the window, and what became of them: (releases,) arrays.

    Attributes:
        stay: position of the stay that ended.
        day: of the release, since the window's first.
        gap: days from the release to the next booking; for those not back, to the end of what is
            known or to the horizon.
        back: the state they were booked into; −1 if they are not back within the horizon.
        horizon: in days.
    """

    stay: Ints
    day: Ints
    gap: Ints
    back: Ints
    horizon: int


def releases(seen: Seen, layout: Layout) -> Releases | None:
    """Releases with the return that followed; None if nobody came back within the horizon."""
    horizon = min(LONGEST, seen.days // 2)
    # who is booked again before a stay ended was not let out
    stay = np.flatnonzero(seen.ended & (seen.out >= 0) & (seen.gap >= 0))
    gap, known = seen.gap[stay], seen.days - seen.out[stay]
    back = seen.again[stay] & (gap < np.minimum(known, horizon))
    if horizon < SHORTEST or not back.any():
        return None
    return Releases(
        stay=stay,
        day=seen.out[stay],
        gap=np.where(back, gap, np.minimum(known, horizon)),
        back=np.where(back, layout.state[seen.following[stay]], -1),
        horizon=horizon,
    )
