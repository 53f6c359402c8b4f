"""From records to a model: laws of stays, arrivals, returns, and who is inside.

Everything is estimated once from the people as they are, and again under each draw of weights on
them: the Bayesian bootstrap (`remand.outcomes.bootstrap`), with a weight a person and not a stay,
since a person's stays are not independent. What days vary beyond what independent people would (the
dispersion of arrivals) widens the draws of rates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError
from remand.fitting.admitted import Admitted, New, admitted, new
from remand.fitting.layout import FEW, Layout
from remand.fitting.releases import Releases, releases
from remand.fitting.stays import STRENGTH, Draws, Laws, returns, stays
from remand.fitting.tonight import Aged, inside_on, not_back
from remand.outcomes.bootstrap import check_draws
from remand.records.seen import Seen
from remand.records.work import Records

Floats = NDArray[np.float64]

SHORTEST = 56
"""Days of records below which nothing is fitted."""


@dataclass(frozen=True)
class Back:
    """Returns: who was let out, the law by which they come back, and who is out at the start."""

    found: Releases
    laws: Laws
    new: New
    out: Aged | None


@dataclass(frozen=True)
class Fitted:
    """All that records say of a model.

    Attributes:
        records: as known on the day asked for.
        layout: states, exits, strata.
        start: the model's first day.
        laws: stays and exits.
        admitted: arrivals.
        inside: people inside each state on the eve of ``start``; None where they are too few.
        back: returns; None where nobody is known to have come back.
        seed: of the weights.
        strength: people that a wider group counts for in a small one.
    """

    records: Records
    layout: Layout
    start: dt.date
    laws: Laws
    admitted: Admitted
    inside: tuple[Aged | None, ...]
    back: Back | None
    seed: int
    strength: float

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return len(self.laws.drawn_mean)

    @property
    def steady(self) -> float:
        """People inside if rates of the first day and fitted stays held for ever (N = λL)."""
        groups = self.laws.groups(self.layout, len(self.layout.states))
        return float((self.admitted.rate[0].T * self.laws.joint.mean[0, groups]).sum())

    @property
    def adp(self) -> tuple[float, int]:
        """Mean census of the last year of the records, or of all if shorter, and its days."""
        days = min(365, self.records.days)
        held = Seen.of(self.records).held(self.records.days - days, self.records.days)
        return float(held.sum() / days), days


def fit(
    records: Records,
    by: Sequence[str] = (),
    *,
    start: dt.date | None = None,
    draws: int = 200,
    seed: int = 0,
    strength: float = STRENGTH,
) -> Fitted:
    """Fit a model to records.

    Args:
        records: stays, as `remand.records.work.read` gives them (and `Records.known` cuts them).
        by: columns that become axes; small groups let go of the last one first.
        start: the model's first day, by default the day after the records' last; a day inside
            them gives a model whose path can be held against them.
        draws: of parameters, by weights on people.
        seed: of the weights.
        strength: people that a wider group's law counts for in a group's own.

    Raises InputError for a window too short, an unknown column, or records in which nobody leaves.
    """
    check_draws(draws, seed)
    if not 0 <= strength < np.inf:
        raise InputError.of(f"--strength cannot be {strength:g}", fix="give people: 0 or more")
    start, seen = _start(records, start), Seen.of(records)
    if len(np.unique(seen.person[seen.ended])) < FEW:
        raise InputError.of(
            f"fewer than {FEW} people were let out, so their stays are no law but theirs",
            fix="take in more records",
        )
    layout = Layout.of(records, by)
    weighed = Draws(seen.people, draws, seed)
    laws = stays(records, seen, layout, strength, start, weighed)
    own = admitted(records, seen, layout, start, weighed)
    eve = (start - records.since).days - 1
    inside = inside_on(seen, layout, eve)
    back = _back(seen, layout, own, strength, eve, weighed)
    return Fitted(records, layout, start, laws, own, inside, back, seed, strength)


def _start(records: Records, start: dt.date | None) -> dt.date:
    if records.days < SHORTEST:
        raise InputError.of(
            f"the records hold {records.days} days, and nothing can be fitted to fewer than "
            f"{SHORTEST}",
            fix="take in more months, or give a later --as-of",
        )
    start = start or records.until
    if not records.since < start <= records.until:
        raise InputError.of(
            f"--start {start} is not within the records",
            fix=f"give a day from {records.since + dt.timedelta(1)} to {records.until}",
        )
    return start


def _back(
    seen: Seen, layout: Layout, own: Admitted, strength: float, eve: int, draws: Draws
) -> Back | None:
    found = releases(seen, layout)
    if found is None:
        return None
    laws = returns(found, seen, layout, strength, draws)
    groups = laws.groups(layout, 1)[0]
    law = np.zeros((len(layout.strata), len(layout.states), found.horizon))
    within = laws.joint.durations < found.horizon
    days = laws.joint.durations[within]
    law[:, :, days] = laws.joint.mass[0, groups][:, within, :-1].swapaxes(1, 2)
    released = np.zeros((len(layout.strata), seen.days))
    np.add.at(released, (layout.stratum[found.stay], found.day), 1.0)
    fresh = new(own, released, law)
    out = not_back(found, layout, seen.days, eve, law.sum(axis=1).cumsum(axis=1))
    return Back(found, laws, fresh, out)
