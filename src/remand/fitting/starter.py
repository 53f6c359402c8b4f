"""A first model from a handful of published figures: what they say, and a borrowed shape of stays.

By Little's law people held over people admitted is the mean stay. How stays are spread around it
no two figures tell: the shape is borrowed (`remand.fitting.shapes`), and scaled until the mean is
the county's. What nobody published is an assumption range; the ranges are tied, so that in every
draw the people held are those that were published.

People are booked and in their first days; then released, held for weeks, or held for months before
trial. A conviction changes the status of a stay and not its length: who is sentenced after months
stays as long as who is not. Others come from liberty to serve a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from remand.fitting.document import Folder
from remand.fitting.limits import HEAD, LISTED, limits
from remand.fitting.published import Published
from remand.fitting.shapes import NATION, SHAPES, SOURCES, UNSENTENCED, Law, Shape
from remand.model.model import Model
from remand.model.uncertain import places_of
from remand.model.values import AnyDwell

NOBODY = 1e-6
"""A share of people held below which it is written as nobody: files keep ten figures."""

BOOKING, WEEKS, PRETRIAL, SENTENCED = "booking", "held_weeks", "pretrial", "sentenced"
STAYS, STATUS = "stays", "status"
"""Names under which assumption ranges move together."""

GIVEN = "published"
"""The key of what the user gave, in the model's sources."""

GROWTH, DAMPING, SHOCKS = 0.05, 0.5, 0.03
"""Of arrivals that nobody has looked at: a year's growth at most, how much of it is left in the
next year, and what each later year may add."""

PAIR = ("Black", "white")
"""The races compared, where the figures are given of both."""


def starter(published: Published, shape: str = "new-york") -> Folder:
    """A model of four states whose steady state holds the published population, exactly.

    Raises InputError with every contradiction among the figures.
    """
    given = published.checked()
    split = Split.of(SHAPES[shape], given.stay, given.pretrial)
    document = _document(given, split)
    spec = Model.model_validate(document)
    lines = tuple(limits(given, compared="disparity" in document))
    draws = pl.DataFrame(schema={"draw": pl.Int32})
    return Folder(document, {}, _ranges(spec), draws, lines, LISTED, given.doubts, HEAD)


@dataclass(frozen=True)
class Split:
    """A shape of stays brought to a county's mean, at the middle of every range.

    Attributes:
        shape: what is borrowed.
        scale: what its durations are multiplied by.
        serving: the share of the admitted who come to serve a sentence.
        released, held: shares of those booked who are out after the first days, and who are held
            for months; the others are held for weeks.
        wider: how far ``released`` and ``held`` may be off, together, with the mean stay kept.
        sentenced: the share of those held for months who are sentenced to the jail: low, point
            and high.
        tied: whether that share falls as ``held`` rises, so that the status split is kept too.
        means: days of the first days, weeks and months, and of a sentence served; scaled.
    """

    shape: Shape
    scale: float
    serving: float
    released: float
    held: float
    wider: tuple[float, float]
    sentenced: tuple[float, float, float]
    tied: bool
    means: tuple[float, float, float, float]

    @classmethod
    def of(cls, shape: Shape, stay: float, pretrial: float | None) -> Split:
        """Solve for the scale and the shares at which the mean stay and the status come out.

        With c of the admitted serving, days held a booked person Q, a sentence S, and h·a of the
        booked sentenced after months: (1 − c)·Q + c·S is the mean stay, of which (1 − c)·h·a·S
        + c·S is spent sentenced.
        """
        convicted = 1 - (NATION if pretrial is None else pretrial)
        if convicted < NOBODY:
            convicted = 0.0
        first, weeks, months = (_mean(x) for x in (shape.first, shape.weeks, shape.months))
        served = shape.served * months
        low, high = shape.released
        released = (low + high) / 2
        held = (1 - released) * (1 - shape.of_the_rest)
        off = (high - low) / 2
        wider = (off, off * weeks / (months - weeks))
        booked = first + (1 - released - held) * weeks + held * months
        half = convicted * booked / (2 * held * served)
        sentenced = half if pretrial is None else min(shape.sentenced, half)
        after = held * sentenced * served
        serving = (convicted * booked - after) / (served - after - convicted * (served - booked))
        mean = (1 - serving) * booked + serving * served
        if pretrial is None:
            reach = [
                ((1 - p) * mean - serving * served) / ((1 - serving) * held * served)
                for p in UNSENTENCED
            ]
            width = min(abs(x - sentenced) for x in (*reach, 0.02, 0.98))
        else:
            width = sentenced * wider[1] / held
        scale = stay / mean
        return cls(
            shape, scale, serving, released, held, wider,
            (sentenced - width, sentenced, sentenced + width), pretrial is not None,
            (first * scale, weeks * scale, months * scale, served * scale),
        )  # fmt: skip

    @property
    def unconvicted(self) -> tuple[float, float]:
        """The share of people held before trial over the ranges: least and most."""
        low, point, high = self.sentenced
        ends = ((-1, high), (0, point), (1, low)) if self.tied else ((-1, low), (1, high))
        found = [self._unconvicted(turn, a) for turn, a in ends]
        return min(found), max(found)

    def _unconvicted(self, turn: int, sentenced: float) -> float:
        first, weeks, months, served = self.means
        held = self.held + turn * self.wider[1]
        briefly = 1 - held - self.released - turn * self.wider[0]
        booked = first + briefly * weeks + held * months
        after = (1 - self.serving) * held * sentenced * served
        stay = (1 - self.serving) * booked + self.serving * served
        return 1 - (after + self.serving * served) / stay


def _mean(law: Law) -> float:
    row = TypeAdapter(AnyDwell).validate_python(dict(law))
    return float(row.numeric.mean)


def _digits(value: float) -> float:
    """As many figures as keep the published population to a millionth."""
    return float(f"{value:.10g}")


# -- the document ---------------------------------------------------------------------------


def _document(given: Published, split: Split) -> dict[str, Any]:
    races = {race: share for race, share in given.shares.items() if share > 0}
    doors = {BOOKING: 1 - split.serving, SENTENCED: split.serving}
    doors = {door: share for door, share in doors.items() if share > 1e-12}
    document = {
        "remand": 1,
        "name": re.sub(r"\W+", "-", given.title.casefold()).strip("-") or "county",
        "title": given.title,
        "counts": given.counts,
        "note": _note(given, split),
        "clock": {"start": (given.start or given.as_of).replace(), "step": "day"},
        "strata": {"race": list(given.by_race)} if given.by_race else None,
        "residents": _residents(given),
        "disparity": _disparity(given),
        "counted": [
            {"kind": "jail", "from": given.first, "to": given.as_of.replace(),
             "value": given.adp, "source": GIVEN, "fitted": True}
        ],
        "states": _states(split),
        "arrivals": {door: _arrivals(given, share, races) for door, share in doors.items()},
        "tonight": "steady",
        "sources": {GIVEN: _as_source(given)} | SOURCES,
    }  # fmt: skip
    return {key: value for key, value in document.items() if value}


def _states(split: Split) -> dict[str, Any]:
    shape, (low, point, high) = split.shape, split.sentenced
    scaled = (
        f"durations are those of the sources times {split.scale:.3g}, at which the mean stay of "
        "everyone admitted is people held over people admitted"
    )
    keep = "rises and falls with the others named stays, so that the mean stay is kept"
    booking = {
        "kind": "jail",
        "label": "Booked, the first days",
        "statuses": ["unconvicted"],
        "source": [GIVEN, *shape.sources["released"]],
        "inferred": f"first days are short by supposition; {scaled}",
        "dwell": {**shape.first, "scale": _digits(split.scale)},
        "exits": {
            "released": {"to": "gone", "share": _range(
                split.released, split.wider[0], STAYS,
                f"sources say 0.59, and over 0.75; {keep}")},
            WEEKS: {"share": "rest"},
            "held": {"to": PRETRIAL, "share": _range(split.held, split.wider[1], STAYS, keep)},
        },
    }  # fmt: skip
    states: dict[str, Any] = {
        BOOKING: booking,
        WEEKS: {
            "kind": "jail",
            "label": "Before trial, held for weeks",
            "statuses": ["unconvicted"],
            "source": [GIVEN, *shape.sources["weeks"]],
            "inferred": f"{scaled}; exponential, as their sd is their mean",
            "dwell": {**shape.weeks, "scale": _digits(split.scale)},
            "exits": "gone",
        },
        PRETRIAL: {
            "kind": "jail",
            "label": "Before trial, held for months",
            "statuses": ["unconvicted"],
            "source": [GIVEN, *shape.sources["months"]],
            "inferred": f"{scaled}; who is sentenced stays as long in all as who is not",
            "dwell": {**shape.months, "scale": _digits(split.scale)},
            "exits": {
                "released": {
                    "to": "gone",
                    "note": "bail, dismissal, probation, or on to a prison or another jail",
                    "share": 1.0,
                }
            },
        },
    }
    if point <= 0:
        return states
    tied = (
        "about one in four is sentenced, as in New York, or fewer; their share falls as more are "
        "held, so that the split by status is kept"
        if split.tied
        else f"so that {100 * UNSENTENCED[0]:.0f} to {100 * UNSENTENCED[1]:.0f} % of people held "
        "are before trial, where these ranges reach"
    )
    states[PRETRIAL]["exits"]["released"]["share"] = {
        "value": {"low": _digits(1 - high), "high": _digits(1 - low),
                  "together": STAYS if split.tied else STATUS, "inferred": tied}
    }  # fmt: skip
    states[PRETRIAL]["exits"][SENTENCED] = {
        "share": "rest",
        "dwell": {**shape.months, "scale": _digits(split.scale * (1 - shape.served))},
    }
    states[SENTENCED] = {
        "kind": "jail",
        "label": "Sentenced, or otherwise not before trial",
        "statuses": ["sentenced"],
        "source": [GIVEN, *shape.sources["months"]],
        "inferred": f"a sentence is {shape.served:.0%} of the stay of those held for months, "
        "spread alike; a supposition",
        "dwell": {**shape.months, "scale": _digits(split.scale * shape.served)},
        "exits": "gone",
    }
    return states


def _range(point: float, off: float, together: str, why: str) -> dict[str, Any]:
    return {
        "value": {"low": _digits(point - off), "high": _digits(point + off),
                  "together": together, "inferred": why}
    }  # fmt: skip


def _arrivals(given: Published, share: float, races: dict[str, float]) -> dict[str, Any]:
    rate: Any = _digits(given.admissions * share)
    said = f"{share:.1%} of admissions, at which the split by status comes out"
    if given.by_race:
        rate = [{"value": 0.0}] + [
            {"where": {"race": race}, "value": _digits(given.admissions * share * part)}
            for race, part in races.items()
        ]
        said += "; by race as people held are, as if all stayed as long"
    return {
        "source": GIVEN,
        "inferred": said,
        "unit": "people per year",
        "rate": rate,
        "drift": {
            "inferred": "nobody has looked at how admissions moved: a range wide enough for most",
            "from": given.as_of.replace(),
            "growth": {"low": -GROWTH, "high": GROWTH, "together": "growth",
                       "inferred": "5 % a year either way, chosen"},
            "damping": DAMPING,
            "shocks": SHOCKS,
        },
    }  # fmt: skip


def _residents(given: Published) -> dict[str, Any] | None:
    if given.residents:
        rows = [{"where": {"race": r}, "value": float(n)} for r, n in given.residents.items()]
        return {"unit": given.per, "axes": "race", "source": GIVEN, "people": rows}
    if given.population:
        return {"unit": given.per, "source": GIVEN, "people": float(given.population)}
    return None


def _disparity(given: Published) -> dict[str, Any] | None:
    """The two races compared, if the figures are of both and carry it."""
    levels = [next((r for r in given.by_race if r.casefold() == p.casefold()), None) for p in PAIR]
    of, to = levels
    if of is None or to is None or not given.residents.get(of) or not given.residents.get(to):
        return None
    return {"axis": "race", "of": of, "to": to}


def _note(given: Published, split: Split) -> str:
    low, high = split.unconvicted
    known = f"{100 * (NATION if given.pretrial is None else given.pretrial):.3g} %"
    status = (
        f"The share before trial was not given; {known}, the nation's, is the middle of a range "
        f"that reaches from {100 * low:.0f} to {100 * high:.0f} %."
        if given.pretrial is None
        else f"{known} of people held are before trial, {100 * low:.1f} to {100 * high:.1f} % "
        "within the ranges."
    )
    beds = f" The jail has {given.capacity:,.0f} beds." if given.capacity else ""
    return (
        f"A starter of remand: {given.adp:,g} people held and {given.admissions:,g} admitted a "
        f"year are known, and so the mean stay of {given.stay:.1f} days. The shape of stays is "
        f"borrowed from elsewhere. Every range keeps the people held. {status}{beds}"
    )


def _as_source(given: Published) -> dict[str, str]:
    figures = [f"ADP {given.adp:,g}", f"{given.admissions:,g} admissions a year"]
    if given.pretrial is not None:
        figures.append(f"{100 * given.pretrial:.3g} % before trial")
    figures += [f"{100 * share:.3g} % {race}" for race, share in given.by_race.items()]
    if given.everyone:
        figures.append(f"{given.everyone:,.0f} {given.per}")
    where = {"address": given.source} if given.source else {}
    return {
        "title": "Figures given to remand starter",
        "period": f"{given.first} to {given.as_of} (exclusive)",
        "note": "; ".join(figures),
        **where,
    }


def _ranges(spec: Model) -> pl.DataFrame:
    """Every number of the model that is not known: parameter, value, low, high, together, why."""
    rows = [
        {"parameter": ".".join(str(x) for x in place.path if x not in {0, "value"}),
         "value": place.law.central, "low": low, "high": high, "together": place.law.together,
         "why": place.law.inferred}
        for place in places_of(spec) for low, high in [place.law.between()]
    ]  # fmt: skip
    return pl.DataFrame(rows)
