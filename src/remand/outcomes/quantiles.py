"""How stays are spread: the lengths that given shares of people do not exceed, on two bases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.outcomes.counted import Counted
from remand.outcomes.measures import Measure
from remand.outcomes.product_limit import Watched
from remand.outcomes.suppression import few
from remand.outcomes.windows import Windows

Floats = NDArray[np.float64]

SHARES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95,
          "p99": 0.99}  # fmt: skip
BASES = {
    "stay_admission": "of those admitted in the period, to its end (product limit)",
    "stay_release": "of those released in the period",
}


@dataclass(frozen=True)
class Spreads:
    """The stays of each group and window, sorted: of those admitted, and of those released."""

    cohorts: tuple[Watched, Watched]
    shape: tuple[int, int]

    @classmethod
    def of(cls, stays: Counted, windows: Windows) -> Spreads:
        """The cohorts of records."""
        shape = stays.groups, len(windows.starts)
        who, cell = stays.cohort(windows, stays.day_in)
        admitted = Watched.of(cell, shape[0] * shape[1], stays.after[who], stays.length[who],
                              stays.ended[who], who)  # fmt: skip
        who, cell = stays.cohort(windows, stays.day_in + stays.length, stays.ended)
        length = stays.length[who]
        released = Watched.of(cell, shape[0] * shape[1], np.full(len(who), -1), length,
                              np.ones(len(who), bool), who)  # fmt: skip
        return cls((admitted, released), shape)

    def values(self, weight: Floats) -> Floats:
        """Quantiles in days, (bases, shares, groups, windows); each stay weighted."""
        shares = tuple(SHARES.values())
        found = [own.quantiles(own.surviving(weight), shares) for own in self.cohorts]
        return np.array(found).reshape(len(found), len(shares), *self.shape)


def stay_quantiles(values: Floats, admitted: Floats, released: Floats) -> Iterator[Measure]:
    """Quantiles (…, bases, shares, groups, windows) as measures of the only place there is.

    One is hidden unless ten people or more lie on either side of it: else it tells of one of them.
    ``admitted`` and ``released`` are people (1, groups, windows).
    """
    for b, (basis, count) in enumerate(zip(BASES, (admitted, released), strict=True)):
        for s, (name, share) in enumerate(SHARES.items()):
            own = values[..., b, s, None, :, :]
            yield Measure(f"{basis}_{name}", "days", own, (count,),
                          f"{100 * share:.0f} % {BASES[basis]} stay no longer",
                          few=few(count * min(share, 1 - share)))  # fmt: skip
