"""When a claim is supported: the rules, as pure functions of what was said and what was counted.

**Taken at its word.** “More than 98 per cent” is true if the value is above 98 and false if it is
not: no margin is given to the number, only to the sources. What a source leaves open (rounding,
people of unknown race) is a range; where a claim is true at one end of it and false at the other,
it cannot be told, and is *not supported*.

**About.** “About 670” is true within half of the last digit said (665 to 675), or within a
twentieth of the number, whichever is wider (`ABOUT`); “is” within half of the last digit alone.
Zeros at the end of a whole number are not taken to be digits said.

**True and yet misleading.** “More than one in every 1,000” where it is one in 100 is true, and says
far less than is so. Beyond a factor of two (`FAR`) the verdict is *understated*, in so many words:
true, and understated. The same of “fewer than” a number more than twice as large as what was
counted: true, and *overstated*.

**False.** If the value is below what was said, the claim is *overstated*; above it, *understated*.
So, whatever the comparison, *understated* means that there is more of it than was said. If what was
claimed to change did not, or went the other way, or the one said to be first is not, the claim is
*not supported*.

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
from typing import Literal

from remand.evidence.claims.form import Comparison

Verdict = Literal["supported", "understated", "overstated", "not supported", "outside the data"]

FAR = 2.0
"""A true claim that is off by this factor or more misleads."""
ABOUT = 0.05
"""“About” reaches this far to either side, as a share of the number."""


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
    >>> tolerance("more than", 98)
    0.0
    """
    if comparison not in {"is", "is about"}:
        return 0.0
    exponent = Decimal(repr(float(stated))).normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the number is finite
    half = float(Decimal(5).scaleb(exponent - 1))
    return max(half, ABOUT * abs(stated)) if comparison == "is about" else half


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
    near, far = _sides(comparison, stated, low), _sides(comparison, stated, high)
    if near.true != far.true:
        return CANNOT_BE_TOLD
    if near.true:
        return near if near == far else SUPPORTED
    if near == far:
        return near
    across = {near.verdict, far.verdict} == {"overstated", "understated"}
    return CANNOT_BE_TOLD if across else CONTRARY


def _sides(comparison: Comparison, stated: float, value: float) -> Judged:
    """Judge a single value against a stated number above zero."""
    if comparison in {"is", "is about"}:
        margin = tolerance(comparison, stated)
        margin *= 1 + 1e-9  # a value on the edge is inside, whatever its last bit
        if abs(value - stated) <= margin:
            return SUPPORTED
    elif comparison in {"more than", "at least"}:
        if value > stated or (comparison == "at least" and value == stated):
            far = value >= FAR * stated > 0
            return Judged("understated", true=True) if far else SUPPORTED
    elif value < stated or (comparison == "at most" and value == stated):
        if value < 0:
            return CONTRARY
        return Judged("overstated", true=True) if FAR * value <= stated else SUPPORTED
    if value <= 0:
        return CONTRARY
    short = comparison in {"more than", "at least"} or (
        comparison not in {"less than", "at most"} and value < stated
    )
    return Judged("overstated" if short else "understated", true=False)


def judge_times(
    comparison: Comparison, stated: float, low: float, high: float, *, said: bool
) -> Judged:
    """Judge how many times one amount is another, known to lie in [low, high].

    ``stated`` is how many times it was said to be, at least: 1 for a plain “higher than”. One that
    was not ``said`` but read into the words is never understated.
    """
    if comparison == "lower than":
        low, high = 1 / high if high else 0.0, 1 / low if low else float("inf")
    if high <= 1:
        return CONTRARY
    if low > stated:
        far = said and low >= FAR * stated
        return Judged("understated", true=True) if far else SUPPORTED
    if high <= stated and low > 1:
        return Judged("overstated", true=False)
    return CANNOT_BE_TOLD


def judge_rank(best: float, worst: float) -> Judged:
    """Judge whether something is first, given the best and the worst place it may have."""
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
