"""A starter at a glance: who is held, how few use most of the beds, and whether it adds up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.fitting.document import Folder
from remand.fitting.limits import chance
from remand.fitting.published import YEAR, Published
from remand.model.model import Model
from remand.outcomes.measures import PER
from remand.records.stay_bands import LABELS, band

Floats = NDArray[np.float64]

LONGEST = 8000
"""Nights that stays are followed for."""


@dataclass(frozen=True)
class Glance:
    """What a starter's model says before any policy.

    Attributes:
        held: a row a state: state, label, people, share, entering (people a year), days (mean).
        bands: a row a band of nights: nights, admitted and beds (shares that sum to 1).
        steady: people the model holds if nothing changes.
        adp: people that were published.
        stay: mean stay in days.
        census: the middle 90 % of a night's census, by chance alone.
        rate: people held per 100,000, and of whom; absent without residents.
    """

    held: pl.DataFrame
    bands: pl.DataFrame
    steady: float
    adp: float
    stay: float
    census: tuple[int, int]
    rate: tuple[float, str] | None

    @property
    def off(self) -> float:
        """How far the model's population is from the published one, as a share of it."""
        return self.steady / self.adp - 1

    def as_json(self) -> dict[str, Any]:
        """``{held: [row], bands: [row], steady, adp, stay, census: [low, high], rate}``."""
        return {
            "held": self.held.to_dicts(),
            "bands": self.bands.to_dicts(),
            "steady": self.steady,
            "adp": self.adp,
            "stay": self.stay,
            "census": list(self.census),
            "rate": self.rate and {"value": self.rate[0], "denominator": self.rate[1]},
        }


EXAMPLE = """\
remand: 1
name: {name}
title: An example
about: Nobody's promise; it shows which levers this model has.
policies:
  - name: fewer-held-for-months
    authority: judge
    inferred: an example
    starts: {starts}
    compliance: {{low: 0.5, high: 0.9}}
    edits:
      - divert: {{state: booking, exit: held, to: released, share: 0.1}}
  - name: quicker-cases
    authority: several
    inferred: an example
    starts: {starts}
    compliance: {{low: 0.5, high: 0.9}}
    edits:
      - dwell: {{state: pretrial, scale: 0.9}}
"""


def example(spec: Model, name: str = "a") -> str:
    """A platform that works on a starter, as its file would be."""
    return EXAMPLE.format(name=name, starts=spec.clock.start + dt.timedelta(days=90))


def glance(given: Published, found: Folder) -> Glance:
    """Solve a starter's model for its steady state, and follow one day's admissions out."""
    spec = found.model
    kernel = compile_model(spec, spec.clock.date(1))
    inside = kernel.inside.sum(axis=0)
    entering = solve(kernel).entries.sum(axis=(0, 2)) * YEAR
    held = pl.DataFrame(
        {
            "state": list(spec.states),
            "label": [state.label for state in spec.states.values()],
            "people": inside,
            "share": inside / inside.sum(),
            "entering": entering,
            "days": inside / entering * YEAR,
        }
    )
    people = given.everyone
    return Glance(
        held,
        _bands(nights(spec)),
        float(inside.sum()),
        given.adp,
        given.stay,
        chance(given.adp),
        None if not people else (PER * given.adp / people, given.per),
    )


def nights(spec: Model) -> Floats:
    """Chances of a stay of 0, 1, 2 … nights in all, of those admitted on a day, all states."""
    start = spec.clock.start
    document = spec.as_document()
    for arrivals in document["arrivals"].values():
        arrivals.pop("drift", None)
        arrivals["pace"] = [{"value": 1.0}, {"value": 0.0, "from": start + dt.timedelta(1)}]
    document |= {"tonight": {}, "clock": spec.clock, "counted": []}
    cohort = Model.model_validate(document)
    path = solve(compile_model(cohort, spec.clock.date(LONGEST)))
    admitted = path.kernel.arrivals.sum()
    still = np.concatenate([[1.0], path.census.sum(axis=(0, 1)) / admitted])
    return np.append(still[:-1] - still[1:], still[-1])


def _bands(chances: Floats) -> pl.DataFrame:
    length = np.arange(len(chances))
    which = band(length)
    admitted = np.bincount(which, chances, len(LABELS))
    beds = np.bincount(which, chances * length, len(LABELS))
    return pl.DataFrame({"nights": LABELS, "admitted": admitted, "beds": beds / beds.sum()})
