"""A range for a ratio of rates where a county is too small to have one: it leans on a wider place.

The log of a county's ratio is normal about that of the wider population, as counties differ; the
county's own people, given how many there are of both levels, are binomial (the logarithm of the
odds is that of the ratio and of the residents). Bayes' theorem joins the two (D. Clayton & J.
Kaldor, *Biometrics* 43, 1987, who shrink log relative risks so), by sums over a grid. The range is
that of the middle 90 %. It is not the county's ratio, and has no middle.

Nothing can be worked out from it that is not published. A county's counts enter as they may be
shown: in round fives; as "fewer than ten of so many" where one of the two is hidden; and not at all
where more is. Whatever is done with numbers that everybody may see, it tells nothing new.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from remand.outcomes.suppression import SMALL, hide_with_totals

Floats = NDArray[np.float64]

BAND = "pooled range (90 %), not this county's ratio"
WHY = (
    "fewer than 30 people of one of the two are held, so that chance alone would move a ratio by "
    "a fifth or more"
)
NINE_IN_TEN = 1.6448536269514722
"""Standard deviations to either side that hold nine tenths of a normal law."""


@dataclass(frozen=True)
class Wider:
    """What is known of two levels in a wider population.

    Attributes:
        ratio: of the two rates there.
        factor: nine counties in ten are within this factor of it.
        said: both in words, with their source.
    """

    ratio: float
    factor: float
    said: str

    @classmethod
    @cache
    def of(cls, kind: str, axis: str, of: str, to: str) -> Self | None:
        """What there is for a kind of custody and two levels of an axis, whatever their case.

        >>> round(Wider.of("jail", "race", "Black", "White").ratio, 2)
        3.26
        >>> Wider.of("jail", "sex", "men", "women") is None
        True
        """
        text = files("remand.places").joinpath("wider.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            names = [{name.lower() for name in row[side].split(";")} for side in ("of", "to")]
            there = of.lower() in names[0] and to.lower() in names[1]
            if there and (row["kind"], row["axis"]) == (kind, axis):
                ratio = float(row["rate_of"]) / float(row["rate_to"])
                said = (
                    f"{row['whom']} ({of} {row['rate_of']}, {to} {row['rate_to']} per "
                    f"{row['per']}; {row['source']}) and {row['factor_source']}"
                )
                return cls(ratio, float(row["factor"]), said)
        return None


class Evidence(NamedTuple):
    """What a county's own figures may tell: two counts in round fives, or less.

    Attributes:
        of, to: people of each level; of one that is hidden, nothing but that it is below ten.
        people: of both, if one is hidden; 0 if both counts are known, or nothing is.
    """

    of: int = 0
    to: int = 0
    people: int = 0


class Range(NamedTuple):
    """The ends of a pooled range, and which part of what is known is the county's own."""

    low: float
    high: float
    own: float


def evidence(levels: Floats, of: int, to: int) -> Evidence:
    """What may be told of two positions of ``levels``: a total, and the people of each level.

    >>> evidence(np.array([45.0, 32.0, 13.0]), 1, 2)
    Evidence(of=30, to=15, people=0)
    >>> evidence(np.array([20.0, 4.0, 16.0]), 1, 2) == evidence(np.array([20.0, 9.0, 11.0]), 1, 2)
    True
    >>> evidence(np.array([24.0, 4.0, 16.0, 4.0]), 1, 2)  # nobody knows how many are of the two
    Evidence(of=0, to=0, people=0)
    """
    hidden = hide_with_totals(levels)
    top, bottom = float(levels[of]), float(levels[to])
    if not (hidden[of] or hidden[to]):
        return Evidence(_fives(top), _fives(bottom))
    both = top + bottom
    # from 19 people on, one below ten leaves ten or more, whichever number it is
    if hidden.sum() == 2 and hidden[of] and hidden[to] and both >= 2 * SMALL - 1:
        people = _fives(both)
        return Evidence(0, people, people) if top < SMALL else Evidence(people, 0, people)
    return Evidence()


@cache
def pooled(told: Evidence, odds: float, wider: Wider) -> Range:
    """The range, from what may be told and the residents of one level over those of the other.

    >>> spread = Wider(3.0, 3.0, "")
    >>> [round(x, 3) for x in pooled(Evidence(), 0.1, spread)]
    [1.0, 9.0, 0.0]
    """
    from scipy.special import bdtr, expit  # noqa: PLC0415 - slow to import, needed only here

    sd = np.log(wider.factor) / NINE_IN_TEN
    z = np.linspace(-6, 6, 2401)
    log_ratio = np.log(wider.ratio) + sd * z
    share = expit(log_ratio + np.log(odds))
    weight = np.exp(-(z**2) / 2)
    if told.people:
        small = share if told.of == 0 else 1 - share
        weight = weight * bdtr(SMALL - 1, told.people, small)
    else:
        weight = weight * share**told.of * (1 - share) ** told.to
    weight /= weight.sum()
    mean = weight @ z
    upto = np.cumsum(weight) - weight / 2
    low, high = np.exp(np.interp([0.05, 0.95], upto, log_ratio))
    return Range(float(low), float(high), max(0.0, float(1 - weight @ (z - mean) ** 2)))


def rounded(value: float) -> float:
    """An end of a range, in two figures.

    >>> rounded(9.784), rounded(12.34)
    (9.8, 12.0)
    """
    return float(f"{value:.2g}")


def part(own: float) -> str:
    """Which part of a pooled range is a county's own.

    >>> part(0.0), part(0.11), part(0.7)
    ('nothing of it', 'one part in nine of it', 'about 7 parts in 10 of it')
    """
    names = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    if own < 1 / 40:
        return "nothing of it" if own < 1e-6 else "next to nothing of it"
    if own < 2 / 5:
        parts = round(1 / own)
        return f"one part in {names[parts - 2] if parts <= 10 else parts} of it"
    return f"about {round(10 * own)} parts in 10 of it"


def basis(of: str, to: str, own: float, wider: Wider, missing: str | None) -> str:
    """What must be said with a range."""
    left_out = f", those whose level is {missing.replace('_', ' ')} left out" if missing else ""
    return (
        f"{of} to {to}: {WHY}; {part(own)} is the county's own figures{left_out}, the rest is "
        f"that of {wider.said}; not for comparing plans or periods"
    )


def _fives(people: float) -> int:
    return 5 * round(people / 5)
