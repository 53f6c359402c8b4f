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
from remand.records.work import Records

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


def releases(records: Records, layout: Layout) -> Releases | None:
    """Releases with the return that followed; None if nobody is known to have come back."""
    stays = records.stays
    person = stays["person"].to_numpy().astype(np.int64)
    into = stays["day_in"].to_numpy().astype(np.int64)
    out = stays["day_out"].fill_null(records.days).to_numpy().astype(np.int64)
    horizon = min(LONGEST, records.days // 2)
    order = np.lexsort((out, into, person))
    following = np.append(order[1:], -1)
    again = np.append(person[order[1:]] == person[order[:-1]], False)
    if not again.any() or horizon < SHORTEST:
        return None
    ended = (out[order] < records.days) & (out[order] >= 0)
    stay, following, again = order[ended], following[ended], again[ended]
    known = records.days - out[stay]
    gap = np.where(again, into[following] - out[stay], known)
    # who is booked again before an overlapping stay ended never left
    left = gap >= 0
    stay, following, again, gap, known = (x[left] for x in (stay, following, again, gap, known))
    back = again & (gap < np.minimum(known, horizon))
    return Releases(
        stay=stay,
        day=out[stay],
        gap=np.where(back, gap, np.minimum(known, horizon)),
        back=np.where(back, layout.state[following], -1),
        horizon=horizon,
    )
