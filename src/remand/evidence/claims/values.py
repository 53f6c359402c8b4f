"""What cited figures come to: ratios, changes, ranks, how many times. Nothing else is ever run.

A value is per one (a rate of 670 per 100,000 is 0.0067), with the range that its sources leave
open: half of the step a figure is rounded to, and people who may be on either side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from remand.evidence.claims.figures import Figure
from remand.evidence.claims.form import Change, Part, Rank, Ratio, Reading, Times

Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Value:
    """What one reading comes to.

    Attributes:
        value, low, high: per one; for a rank the place (1 is the highest), for times the factor.
        period: when it holds.
        arithmetic: how it was worked out, in figures.
        rows: the figures it rests on.
        detail: what must be told with it: the levels compared, or who comes next.
        undetected: whether it is nil because a study could detect nothing.
        at: for a change, the two ends; for times, the two levels; for a rank, the own amount and
            the nearest other.
        lacks: of a rank, places that have no figure.
        file: the user's file it was read from, if any.
    """

    value: float
    low: float
    high: float
    period: str
    arithmetic: str
    rows: tuple[Figure, ...]
    detail: str = ""
    undetected: bool = False
    at: tuple[float, float] | None = None
    lacks: tuple[str, ...] = ()
    file: str | None = None


def value_of(reading: Reading, figures: Figures) -> Value:
    """Work out a reading whose figures have been checked (`claims_checks`)."""
    period = reading.period
    if reading.figure is not None:
        found = _figure(figures[reading.figure])
    elif reading.undetected is not None:
        row = figures[reading.undetected]
        found = Value(0.0, 0.0, 0.0, row.period, row.unit, (row,), row.quantity, undetected=True)
    elif reading.ratio is not None:
        found = _ratio(reading.ratio, figures)
    elif reading.change is not None:
        found = _change(reading.change, figures)
    elif reading.rank is not None:
        found = _rank(reading.rank, figures)
    else:
        assert reading.times is not None  # noqa: S101 - a reading is one of these
        found = _times(reading.times, figures)
    return found if period is None else replace(found, period=period)


def amount(row: Figure) -> float:
    """A figure per one."""
    assert row.number is not None  # noqa: S101 - checked
    return row.number / (row.per or 1.0)


def _half(row: Figure) -> float:
    return row.half / (row.per or 1.0)


def _figure(row: Figure) -> Value:
    value, half = amount(row), _half(row)
    return Value(value, value - half, value + half, row.period, "", (row,))


def _periods(rows: Sequence[Figure]) -> str:
    """The period that figures share, or all of theirs.

    >>> from dataclasses import replace
    >>> row = Figure(*("",) * 13)
    >>> _periods([replace(row, period="2015"), replace(row, period="2016")])
    '2015, 2016'
    """
    return ", ".join(dict.fromkeys(row.period for row in rows if row.period))


def _sum(rows: Sequence[Figure]) -> str:
    terms = " + ".join(f"{row.number or 0:,.0f}" for row in rows)
    return f"({terms})" if len(rows) > 1 else terms


def ratio(of: Sequence[Figure], to: Sequence[Figure]) -> Value:
    """The sum of some figures over the sum of others."""
    over, under = sum(map(amount, of)), sum(map(amount, to))
    low = (over - sum(map(_half, of))) / (under + sum(map(_half, to)))
    high = (over + sum(map(_half, of))) / (under - sum(map(_half, to)))
    words = f"{_sum(of)} / {_sum(to)}"
    return Value(over / under, low, high, _periods(of), words, (*of, *to))


def _ratio(spec: Ratio, figures: Figures) -> Value:
    return ratio([figures[key] for key in spec.of], [figures[key] for key in spec.to])


def _change(spec: Change, figures: Figures) -> Value:
    first, last = figures[spec.from_], figures[spec.to]
    start, end = amount(first), amount(last)
    half = _half(first) + _half(last)
    period = f"{first.period} to {last.period}"
    at = (start, end)
    if not spec.relative:
        words = f"{last.written} − {first.written}"
        value = end - start
        return Value(value, value - half, value + half, period, words, (first, last), at=at)
    low = (end - _half(last)) / (start + _half(first)) - 1
    high = (end + _half(last)) / (start - _half(first)) - 1
    words = f"{last.written} / {first.written} − 1"
    return Value(end / start - 1, low, high, period, words, (first, last), at=at)


def _rank(spec: Rank, figures: Figures) -> Value:
    """The place among others; low and high are the places that rounding leaves open."""
    own, others = figures[spec.of], [figures[key] for key in spec.among]
    mine, half = amount(own), _half(own)
    place = 1 + sum(amount(row) > mine for row in others)
    best = 1 + sum(amount(row) - _half(row) > mine + half for row in others)
    worst = 1 + sum(amount(row) + _half(row) > mine - half for row in others)
    nearest = min(others, key=lambda row: abs(amount(row) - mine))
    near = f"{nearest.place} {nearest.written}"
    if nearest.period != own.period:
        near += f" ({nearest.period})"
    words = f"{own.place} {own.written}; nearest of {len(others)} others {near}"
    at = (mine, amount(nearest))
    rows = (own, *others)
    return Value(place, best, worst, own.period, words, rows, at=at, lacks=spec.without)


def _part(part: Part, figures: Figures) -> Value:
    if part.figure is not None:
        return _figure(figures[part.figure])
    assert part.ratio is not None  # noqa: S101 - a part is one of the two
    return _ratio(part.ratio, figures)


def _times(spec: Times, figures: Figures) -> Value:
    of, to = _part(spec.of, figures), _part(spec.to, figures)
    low, high = of.low / to.high, of.high / to.low
    missing = [figures[key] for key in spec.missing]
    detail = ""
    if missing and spec.of.ratio is not None and spec.to.ratio is not None:
        people = sum(map(amount, missing))
        base_of = sum(amount(figures[key]) for key in spec.of.ratio.to)
        base_to = sum(amount(figures[key]) for key in spec.to.ratio.to)
        low = of.low / (to.high + people / base_to)
        high = (of.high + people / base_of) / to.low
        whom = ", ".join(row.group for row in missing)
        detail = f"{people:,.0f} people of {whom}, all on one side and then on the other, bound it"
    words = f"({of.arithmetic or of.rows[0].written}) / ({to.arithmetic or to.rows[0].written})"
    rows = tuple(dict.fromkeys((*of.rows, *to.rows, *missing)))
    at = (of.value, to.value)
    return Value(of.value / to.value, low, high, _periods(of.rows), words, rows, detail, at=at)
