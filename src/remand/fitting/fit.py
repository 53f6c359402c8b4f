"""From records to a model: laws of stays, arrivals, returns, and who is inside.

Everything is estimated once from the people as they are, and again under each draw of weights on
them: the Bayesian bootstrap (D. Rubin, *Annals of Statistics* 9, 1981), with a weight a person and
not a stay, since a person's stays are not independent. Weights are exponential and are not made to
add up, so that the number of people varies as a count of independent people does; what days vary
beyond that (the dispersion of arrivals) widens the draws of rates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.errors import InputError
from remand.fitting.admitted import Admitted, New, admitted, new
from remand.fitting.layout import Layout
from remand.fitting.returns import Releases, releases
from remand.fitting.stays import STRENGTH, Laws, returns, stays
from remand.fitting.tonight import Aged, inside_on, not_back
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
    out: Aged


@dataclass(frozen=True)
class Fitted:
    """All that records say of a model.

    Attributes:
        records: as known on the day asked for.
        layout: states, exits, strata.
        start: the model's first day.
        laws: stays and exits.
        admitted: arrivals.
        inside: people inside each state on the eve of ``start``.
        back: returns; None where nobody is known to have come back.
        seed: of the weights.
    """

    records: Records
    layout: Layout
    start: dt.date
    laws: Laws
    admitted: Admitted
    inside: tuple[Aged, ...]
    back: Back | None
    seed: int

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
        frame, first = self.records.stays, self.records.days - days
        seen = frame["day_seen"].to_numpy().astype(np.int64)
        out = frame["day_out"].fill_null(self.records.days).to_numpy().astype(np.int64)
        held = np.maximum(out - np.maximum(seen, first), 0)
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
    start = _start(records, start)
    layout = Layout.of(records, by)
    people = int(records.stays["person"].to_numpy().max()) + 1
    weights = np.random.default_rng(seed).exponential(size=(draws, people))
    laws = stays(records, layout, weights, strength, start)
    own = admitted(records, layout, weights, start)
    groups = laws.groups(layout, len(layout.states))
    inside = inside_on(records, layout, start, own.rate[0] * laws.joint.mean[0, groups].T)
    back = _back(records, layout, own, weights, strength, start)
    return Fitted(records, layout, start, laws, own, inside, back, seed)


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
    records: Records,
    layout: Layout,
    own: Admitted,
    weights: Floats,
    strength: float,
    start: dt.date,
) -> Back | None:
    found = releases(records, layout)
    if found is None:
        return None
    laws = returns(found, records, layout, weights, strength)
    groups = laws.groups(layout, 1)[0]
    law = np.zeros((len(layout.strata), len(layout.states), found.horizon))
    within = laws.joint.durations < found.horizon
    days = laws.joint.durations[within]
    law[:, :, days] = laws.joint.mass[0, groups][:, within, :-1].swapaxes(1, 2)
    released = np.zeros((len(layout.strata), records.days))
    np.add.at(released, (layout.stratum[found.stay], found.day), 1.0)
    fresh = new(records, own, released, law)
    out = not_back(found, records, layout, start, law.sum(axis=1).cumsum(axis=1))
    return Back(found, laws, fresh, out)
