"""What cited figures come to: ratios, changes, ranks, how many times. Nothing else is ever run.

A value is per one (a rate of 670 per 100,000 is 0.0067), with the range that its sources leave
open: half of the step a figure is rounded to, and people who may be on either side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isclose, isinf, nan

from remand.evidence.claims.figures import Figure
from remand.evidence.claims.form import Change, Part, Rank, Ratio, Reading, Times

Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Value:
    """What one reading comes to.

    Attributes:
        value, low, high: per one; for a rank the place (1 is the highest, or the lowest where that
            was said), for times the factor; of an effect that was not detected, no number, and no
            bounds.
        period: when it holds.
        arithmetic: how it was worked out, in figures.
        rows: the figures it rests on.
        detail: what must be told with it: the levels compared, or who comes next.
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
    at: tuple[float, float] | None = None
    lacks: tuple[str, ...] = ()
    file: str | None = None

    @property
    def undetected(self) -> bool:
        """Whether it is an effect that a study looked for and could not detect."""
        return isinf(self.high)


def value_of(reading: Reading, figures: Figures, *, lowest: bool = False) -> Value:
    """Work out a reading whose figures have been checked (`remand.evidence.claims.checks`).

    A rank is counted from the highest, or from the ``lowest``.
    """
    period = reading.period
    if reading.figure is not None:
        found = _figure(figures[reading.figure])
    elif reading.undetected is not None:
        row = figures[reading.undetected]
        found = Value(nan, -inf, inf, row.period, row.unit, (row,), row.quantity)
    elif reading.ratio is not None:
        found = _ratio(reading.ratio, figures)
    elif reading.change is not None:
        found = _change(reading.change, figures)
    elif reading.rank is not None:
        found = _rank(reading.rank, figures, -1 if lowest else 1)
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


Range = tuple[float, float]
"""The least and the most that something may be."""


def _range(rows: Sequence[Figure]) -> Range:
    """What figures may add up to, rounded as they are."""
    total, half = sum(map(amount, rows)), sum(map(_half, rows))
    return total - half, total + half


def _over(of: Range, to: Range) -> Range:
    """One range over another, which is above nought."""
    ends = [over / under for over in of for under in to]
    return min(ends), max(ends)


def _minus(value: float, other: float) -> float:
    """A difference: nought where only the last bit differs.

    >>> _minus(0.3, 0.1 + 0.2), _minus(5, 3)
    (0.0, 2)
    """
    return 0.0 if isclose(value, other) else value - other


def _figure(row: Figure) -> Value:
    return Value(amount(row), *_range([row]), row.period, "", (row,))


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
    """The sum of some figures over the sum of others, which is above nought."""
    value = sum(map(amount, of)) / sum(map(amount, to))
    low, high = _over(_range(of), _range(to))
    return Value(value, low, high, _periods(of), f"{_sum(of)} / {_sum(to)}", (*of, *to))


def _ratio(spec: Ratio, figures: Figures) -> Value:
    return ratio([figures[key] for key in spec.of], [figures[key] for key in spec.to])


def _change(spec: Change, figures: Figures) -> Value:
    first, last = figures[spec.from_], figures[spec.to]
    at = start, end = amount(first), amount(last)
    before, after = _range([first]), _range([last])
    period = f"{first.period} to {last.period}"
    if spec.relative:
        value = _minus(end / start, 1)
        low, high = (_minus(factor, 1) for factor in _over(after, before))
        words = f"{last.written} / {first.written} − 1"
    else:
        value = _minus(end, start)
        low, high = _minus(after[0], before[1]), _minus(after[1], before[0])
        words = f"{last.written} − {first.written}"
    return Value(value, low, high, period, words, (first, last), at=at)


def _rank(spec: Rank, figures: Figures, sign: int) -> Value:
    """The place among others; low and high are the places that ties and rounding leave open."""
    own, others = figures[spec.of], [figures[key] for key in spec.among]
    mine, theirs = amount(own), [amount(row) for row in others]
    least, most = sorted(sign * end for end in _range([own]))
    ranges = [sorted(sign * end for end in _range([row])) for row in others]
    place = 1 + sum(_minus(sign * other, sign * mine) > 0 for other in theirs)
    best = 1 + sum(_minus(low, most) > 0 for low, _ in ranges)
    worst = 1 + sum(_minus(high, least) >= 0 for _, high in ranges)
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
    of_most, to_most = of.high, to.high
    missing = [figures[key] for key in spec.missing]
    detail = ""
    if missing and spec.of.ratio is not None and spec.to.ratio is not None:
        people = sum(map(amount, missing))
        of_most += people / sum(amount(figures[key]) for key in spec.of.ratio.to)
        to_most += people / sum(amount(figures[key]) for key in spec.to.ratio.to)
        whom = ", ".join(row.group for row in missing)
        detail = f"{people:,.0f} people of {whom}, all on one side and then on the other, bound it"
    low, high = _over((of.low, of_most), (to.low, to_most))
    words = f"({of.arithmetic or of.rows[0].written}) / ({to.arithmetic or to.rows[0].written})"
    rows = tuple(dict.fromkeys((*of.rows, *to.rows, *missing)))
    at = (of.value, to.value)
    return Value(of.value / to.value, low, high, _periods(of.rows), words, rows, detail, at=at)
