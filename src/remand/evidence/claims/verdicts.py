"""When a claim is supported: the rules, as pure functions of what was said and what was counted.

**Taken at its word.** “More than 98 per cent” is true if the value is above 98 and false if it is
not: no margin is given to the number, only to the sources. What a source leaves open (rounding,
people of unknown race) is a range; where a claim is true at one end of it and false at the other,
it cannot be told, and is *not supported*.

**About.** “About 670” is true within a twentieth of the number to either side (`ABOUT`); “is 670”
within half of the last digit said (665 to 675), and never further than a twentieth: no number is so
round that it fits what is far from it. Zeros at the end of a whole number are not taken to be said.
A value within a billionth of an edge is on it (`EDGE`): no verdict hangs on a last bit.

**True and yet misleading.** “More than one in every 1,000” where it is one in 100 is true, and says
far less than is so. Beyond a factor of two (`FAR`) the verdict is *understated*, in so many words:
true, and understated. The same of “fewer than” a number twice as large as what was counted, or of
which nothing was counted, or the other way round: true, and *overstated*.

**False.** If the value is below what was said, the claim is *overstated*; above it, *understated*.
So, whatever the comparison, *understated* means that there is more of it than was said. If what was
claimed to change did not, or went the other way, or the one said to be first is not, the claim is
*not supported*. A tie is no first place and no second: it cannot be told.

**Not detected is not none.** An effect that a study looked for and could not detect has no bounds
here: whatever was said of it cannot be told.

**Several readings.** A definition may be read from several years, editions or sources. All must
agree: if the claim is true in some and false in others, it is *not supported*, and all are shown.
If it is true in all, and far from what was said only in some, it is *supported*.

**Several definitions.** The verdict is by the definition that the words ask for, which is printed
with it. By others the verdict may differ; that is printed too, never averaged or left out. Rates
per different residents are not definitions of one claim: they stand beside it, unjudged.

**Outside the data.** Where no figure can tell, nothing is said for or against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isclose
from typing import Literal

from remand.evidence.claims.form import Comparison

Verdict = Literal["supported", "understated", "overstated", "not supported", "outside the data"]

FAR = 2.0
"""A true claim that is off by this factor or more misleads."""
ABOUT = 0.05
"""“About” reaches this far to either side, as a share of the number; “is” reaches no further."""
EDGE = 1e-9
"""A value that differs from an edge by no more than this share of it is on the edge."""


@dataclass(frozen=True)
class Judged:
    """A verdict, and whether the claim is true as it was put; None where that cannot be told."""

    verdict: Verdict
    true: bool | None


SUPPORTED = Judged("supported", true=True)
CANNOT_BE_TOLD = Judged("not supported", true=None)
CONTRARY = Judged("not supported", true=False)


def tolerance(comparison: Comparison, stated: float) -> float:
    """How far from the number said a value may lie and still be what was said.

    >>> tolerance("is", 670), tolerance("is about", 670), tolerance("is", 1.45)
    (5.0, 33.5, 0.005)
    >>> tolerance("is", 1000), tolerance("more than", 98)
    (50.0, 0.0)
    """
    if comparison not in {"is", "is about"}:
        return 0.0
    about = ABOUT * abs(stated)
    if comparison == "is about":
        return about
    exponent = Decimal(repr(float(stated))).normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the number is finite
    return min(float(Decimal(5).scaleb(exponent - 1)), about)


def judge_amount(comparison: Comparison, stated: float, low: float, high: float) -> Judged:
    """Judge an amount known to lie in [low, high], in the unit of what was stated.

    A stated change below zero is compared by its size: “250 fewer” is overstated by 100 fewer.

    >>> judge_amount("more than", 1, 10.0, 10.0)
    Judged(verdict='understated', true=True)
    >>> judge_amount("more than", 98, 91.5, 91.5)
    Judged(verdict='overstated', true=False)
    >>> judge_amount("is about", -250, 0, 0)
    Judged(verdict='not supported', true=False)
    """
    if stated < 0:
        stated, low, high = -stated, -high, -low
    nearest = min(max(stated, low), high)  # where the ends are off to either side, it may be so
    return together([_amount(comparison, stated, value) for value in (low, nearest, high)])


def _amount(comparison: Comparison, stated: float, value: float) -> Judged:
    """Judge a single value against a stated number above zero."""
    value = _on_edge(value, stated, FAR * stated, stated / FAR)
    if comparison in {"more than", "at least"}:
        if value > stated or (comparison == "at least" and value == stated):
            return Judged("understated", true=True) if value >= FAR * stated else SUPPORTED
    elif comparison in {"less than", "at most"}:
        if value < stated or (comparison == "at most" and value == stated):
            return Judged("overstated", true=True) if FAR * value <= stated else SUPPORTED
        return Judged("understated", true=False)
    else:
        margin = tolerance(comparison, stated)
        if _on_edge(abs(value - stated), margin) <= margin:
            return SUPPORTED
        if value > stated:
            return Judged("understated", true=False)
    return Judged("overstated", true=False) if value > 0 else CONTRARY


def _on_edge(value: float, *edges: float) -> float:
    """The edge that a value is on, whatever its last bit; else the value.

    >>> _on_edge(28.999999999999996, 29.0, 58.0), _on_edge(28.9, 29.0)
    (29.0, 28.9)
    """
    return next((edge for edge in edges if isclose(value, edge, rel_tol=EDGE)), value)


def judge_times(
    comparison: Comparison, stated: float, low: float, high: float, *, said: bool
) -> Judged:
    """Judge how many times one amount is another, known to lie in [low, high].

    ``stated`` is how many times it was said to be, or more: exactly twice is twice. Of 1, for a
    plain “higher than”, it is more than once. One that was not ``said`` but read into the words is
    never understated.
    """
    if comparison == "lower than":
        low, high = (1 / end if end > 0 else inf for end in (high, low))
    return together([_times(stated, value, said=said) for value in (low, high)])


def _times(stated: float, value: float, *, said: bool) -> Judged:
    """Judge a single factor."""
    value = _on_edge(value, 1, stated, FAR * stated)
    if value <= 1:
        return CONTRARY
    if value < stated:
        return Judged("overstated", true=False)
    return Judged("understated", true=True) if said and value >= FAR * stated else SUPPORTED


def judge_rank(best: float, worst: float) -> Judged:
    """Judge whether something is first, given the best and the worst place it may have.

    Of a tie the best is the first place, and the worst the last that is shared.
    """
    if worst <= 1:
        return SUPPORTED
    return CANNOT_BE_TOLD if best <= 1 else CONTRARY


def judge_course(comparison: Comparison, low: float, high: float) -> Judged:
    """Judge whether something rose or fell, given the range of its change."""
    if comparison == "fell":
        low, high = -high, -low
    if low > 0:
        return SUPPORTED
    return CONTRARY if high <= 0 else CANNOT_BE_TOLD


def together(readings: Sequence[Judged]) -> Judged:
    """One verdict for several readings of one definition.

    >>> true, false = Judged("understated", true=True), Judged("overstated", true=False)
    >>> together([true, SUPPORTED]).verdict, together([SUPPORTED, false]).verdict
    ('supported', 'not supported')
    """
    first = readings[0]
    if all(each == first for each in readings):
        return first
    if all(each.true for each in readings):
        return SUPPORTED
    if all(each.true is False for each in readings):
        return CONTRARY
    return CANNOT_BE_TOLD
