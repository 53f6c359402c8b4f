"""Why a jail holds more people than it did, or than was forecast: admissions × stay.

With ``a`` admissions a day and ``h`` person-days held for each of them, ``ADP = a · h`` exactly,
whatever the period. ``h`` is none of the three stays: it sets the beds of one period against the
admissions of the same one, and moves with both who comes and how long they stay. A change in the
product is split by its two factors, averaged over the two orders in which they may change (L.
Shapley's value for two players), so that the parts sum to the change and a swap negates them::

    ΔADP = Δa · (h₀ + h₁) / 2  +  Δh · (a₀ + a₁) / 2

By groups the same holds in each. Their admission parts, less that of everyone together, are the
*mix*: that people came from groups whose stays are longer or shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.errors import InputError
from remand.outcomes.counted import Counted
from remand.outcomes.figures import banded, plain
from remand.outcomes.measured import Asked, affordable, bootstrapped, counted, interval
from remand.outcomes.measures import Measure
from remand.outcomes.windows import Windows
from remand.records.work import Records

Floats = NDArray[np.float64]

PARTS = {
    "population": "people held, mean of the period's censuses",
    "population_before": "people held in what it is set against",
    "change": "the one less the other",
    "change_by_admissions": "through more or fewer admissions a day",
    "change_by_mix": "through admissions from groups of longer or shorter stays",
    "change_by_days": "through person-days held for each admission of the period (not a mean stay)",
}
"""Quantities of this module, and what they are; all in people. Only a total has a mix."""


@dataclass(frozen=True)
class Held:
    """One period: person-days and admissions of groups, everyone first, and its length in days.

    Attributes:
        days: length.
        held, admissions: (…, groups).
    """

    days: float
    held: Floats
    admissions: Floats

    @property
    def people(self) -> Floats:
        """Mean census."""
        return self.held / self.days

    @property
    def pace(self) -> Floats:
        """Admissions a day."""
        return self.admissions / self.days


def split(before: Held, after: Held) -> tuple[Floats, Floats]:
    """The parts of a change by admissions and by days held for each: (…, groups) both.

    Where a group has no admissions in one period, but holds people, there is no such factor: all
    of its change is then through days held (who is there came earlier); where it holds nobody
    either, all is through admissions.

    >>> before, after = (Held(1.0, np.array([h]), np.array([a])) for h, a in ((100, 10), (108, 9)))
    >>> [float(part[0]) for part in split(before, after)]
    [-11.0, 19.0]
    """
    pace = [period.pace for period in (before, after)]
    change = after.people - before.people
    none = [p <= 0 for p in pace]
    with np.errstate(divide="ignore", invalid="ignore"):
        each = [np.where(n, np.nan, period.people / p)
                for n, period, p in zip(none, (before, after), pace, strict=True)]  # fmt: skip
    moved = (pace[1] - pace[0]) * (each[0] + each[1]) / 2
    stuck = [n & (period.held > 0) for n, period in zip(none, (before, after), strict=True)]
    moved = np.where(none[0] | none[1], np.where(stuck[0] | stuck[1], 0.0, change), moved)
    return moved, change - moved


def against(
    records: Records, now: Windows, earlier: Windows, asked: Asked
) -> tuple[pl.DataFrame, Counted]:
    """A period of the records against an earlier one, with intervals if draws are asked for.

    Columns are those of all figures; quantities those of `PARTS`.
    """
    stays = counted(records, asked)
    affordable(stays, now, asked.draws)

    def pair(weight: Floats) -> tuple[Held, Held]:
        return _held(stays, earlier, weight), _held(stays, now, weight)

    point = pair(np.ones(len(stays.person)))
    drawn = [] if not asked.draws else bootstrapped(pair, stays, asked)
    sides = tuple(
        Held(point[i].days, np.array([d[i].held for d in drawn]),
             np.array([d[i].admissions for d in drawn]))
        for i in (0, 1)
    )  # fmt: skip
    return _figures(stays, now, point, (sides[0], sides[1]) if drawn else None, asked), stays


def forecast(
    records: Records, now: Windows, expected: Held, asked: Asked
) -> tuple[pl.DataFrame, Counted]:
    """A period of the records against what was forecast for it, groups as `counted` has them."""
    stays = counted(records, asked)
    affordable(stays, now, asked.draws)
    if expected.held.shape != (stays.groups,):
        raise InputError.of("the forecast has other groups than the records", fix="leave --by out")
    actual = _held(stays, now, np.ones(len(stays.person)))
    drawn = [] if not asked.draws else bootstrapped(lambda w: _held(stays, now, w), stays, asked)
    own = Held(actual.days, np.array([d.held for d in drawn]),
               np.array([d.admissions for d in drawn]))  # fmt: skip
    pair = (expected, own) if drawn else None
    return _figures(stays, now, (expected, actual), pair, asked), stays


def whole(of: Mapping[str, float | None]) -> dict[str, int]:
    """A change and its parts as whole numbers that add up as they are shown; none if hidden.

    People are rounded; the change is the difference of what is then shown; the parts are rounded
    to its sum, those that were rounded furthest moved first.

    >>> found = whole({"population": 7376.4, "population_before": 7943.6, "change": -567.2,
    ...                "change_by_admissions": -300.6, "change_by_days": -266.6})
    >>> list(found.values())
    [7376, 7944, -568, -301, -267]
    """
    told = {name: value for name, value in of.items() if value is not None}
    if not {"population", "population_before", "change"} <= set(told):
        return {}
    found = {name: round(told[name]) for name in ("population", "population_before")}
    found["change"] = found["population"] - found["population_before"]
    parts = {name: told[name] for name in told if name.startswith("change_by")}
    rounded = {name: round(value) for name, value in parts.items()}
    while parts and (short := found["change"] - sum(rounded.values())):
        step = 1 if short > 0 else -1
        furthest = max(parts, key=lambda name: step * (parts[name] - rounded[name]))
        rounded[furthest] += step
    return found | rounded


def sentence(frame: pl.DataFrame, than: str, axes: Sequence[str] = ()) -> str:
    """A change and its parts in words, of the total rows of a frame of `PARTS`."""
    total = frame
    for axis in axes:
        total = total.filter(pl.col(axis).is_null())
    of = whole({row["quantity"]: row["mean"] for row in total.iter_rows(named=True)})
    change = of["change"]
    held = f"The jail held {of['population']:,} people on an average day"
    if change == 0:
        said = f"{held}, as many as {than}"
    else:
        more = "more" if change > 0 else "fewer"
        said = f"{held}, {abs(change):,} {more} than {than} ({of['population_before']:,})"
    parts = [(of["change_by_admissions"], "through the number of admissions"),
             (of.get("change_by_mix"), "through who was admitted"),
             (of["change_by_days"], "through the days held for each admission")]  # fmt: skip
    words = [f"{'+' if part > 0 else '−' if part else ''}{abs(part):,} {how}"
             for part, how in parts if part is not None]  # fmt: skip
    return f"{said}: {', '.join(words[:-1])} and {words[-1]}."


def _held(stays: Counted, windows: Windows, weight: Floats) -> Held:
    tally = stays.tally(windows, weight)
    assert tally.admissions is not None  # noqa: S101 - records have them
    return Held(float(tally.lengths[0]), tally.held[0, :, 0], tally.admissions[0, :, 0])


def _figures(
    stays: Counted,
    windows: Windows,
    point: tuple[Held, Held],
    drawn: tuple[Held, Held] | None,
    asked: Asked,
) -> pl.DataFrame:
    # one cell hidden in either period, by people held or admitted, hides its change and its parts
    shown = [c[None, :, None] for p in point for c in (p.people, p.admissions)]
    points = (replace(m, counts=tuple(shown)) for m in _measures(*point, stays.groups))
    if drawn is None:
        return plain(stays.model, windows, stays.cells, points)
    each = _measures(*drawn, stays.groups)
    return banded(stays.model, windows, stays.cells, points, each, interval(asked)).frame


def _measures(before: Held, after: Held, groups: int) -> Iterator[Measure]:
    moved, days = split(before, after)
    values = {
        "population": after.people,
        "population_before": before.people + 0 * after.people,
        "change": after.people - before.people,
        "change_by_admissions": moved,
        "change_by_mix": np.full(moved.shape, np.nan),
        "change_by_days": days,
    }
    if groups > 1:
        mix = moved[..., 1:].sum(axis=-1) - moved[..., 0]
        values["change_by_mix"][..., 0] = mix
        days = days.copy()
        days[..., 0] -= mix
        values["change_by_days"] = days
    for name, value in values.items():
        yield Measure(name, "people", value[..., None, :, None], basis=PARTS[name])
