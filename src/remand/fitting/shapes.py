"""Shapes of stays to borrow where a county knows only their mean, each with where it comes from.

People admitted fall into three groups: out within days, within weeks, after months. A shape says
how many are in each and how their stays are spread; all its durations are scaled by one factor, so
that a county's own mean comes out. Every figure here is cited, or computed from a cited source.

How many are out within days is a range. Its ends keep the mean stay, and so the people held: more
people out within days and more held for months, fewer in between (a mean-preserving spread:
M. Rothschild & J. Stiglitz, *Journal of Economic Theory* 2, 1970). All three shares are straight
lines in the rank of a draw, so that the mean is kept in every draw, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Law = Mapping[str, Any]
"""A law of stays as a model's file writes it, in days, before it is scaled."""


@dataclass(frozen=True)
class Shape:
    """How stays are spread, up to a factor.

    Attributes:
        title: what it is called.
        first: the law of everyone's first days, after which those of the first group are out.
        weeks, months: the laws of the two other groups from then on.
        released: the share out after the first days, of those booked for a new case: low, high.
        of_the_rest: the share of the others who are out within weeks, at the middle of the range.
        sentenced: the share of those held for months who are sentenced to the jail, most.
        served: what of their stay they then serve sentenced, as a share of the months' mean. Those
            who come to serve a sentence stay so long too.
        sources: keys of `SOURCES` by attribute.
    """

    title: str
    first: Law
    weeks: Law
    months: Law
    released: tuple[float, float]
    of_the_rest: float
    sentenced: float
    served: float
    sources: Mapping[str, tuple[str, ...]]


SHAPES = {
    "new-york": Shape(
        title="New York City, 2016–2018, with the first days of Philadelphia and of a typical jail",
        first={"law": "exponential", "mean": 1.0},
        weeks={"law": "exponential", "mean": 20.0},
        months={"law": "lognormal", "median": 211.0, "mean": 275.5, "max": 1967.0},
        released=(0.55, 0.80),
        of_the_rest=0.737,
        sentenced=0.24,
        served=0.5,
        sources={
            "released": ("detained_in_philadelphia", "typical_jail"),
            "weeks": ("new_york",),
            "months": ("new_york",),
        },
    )
}
"""By name."""

NATION = 0.65
"""The share of people in jail who were not convicted, mid-2019 (``nation``)."""

UNSENTENCED = (0.53, 0.77)
"""The same in counties, from the lowest tenth to the highest (``california``)."""

SOURCES: dict[str, dict[str, str]] = {
    "new_york": {
        "title": "Daily Inmates In Custody",
        "publisher": "New York City Department of Correction, NYC Open Data",
        "period": "admitted July 2016 to December 2018, followed to the end of 2021",
        "address": "https://data.cityofnewyork.us/Public-Safety/Daily-Inmates-In-Custody/7479-ugqb",
        "note": "computed: among 92,694 stays begun in detention, of those longer than 3 days "
        "73.7 % ended within 90 (mean 21.2, median 12, sd 21.3 days), the others later (mean "
        "275.5, median 211, longest 1,967 days); 24 % of these left as city-sentenced",
    },
    "detained_in_philadelphia": {
        "title": "Distortion of Justice: How the Inability to Pay Bail Affects Case Outcomes",
        "publisher": "M. Stevenson, Journal of Law, Economics & Organization 34(4)",
        "year": "2018",
        "address": "https://academic.oup.com/jleo/article/34/4/511/5100740",
        "period": "September 2006 to February 2013",
        "note": "59 % of cases out within 3 days of the bail hearing: 33 % without payment, 26 % "
        "on bail posted",
    },
    "typical_jail": {
        "title": "Beware of “Average Length of Stay!”",
        "publisher": "CRS, Inc.",
        "address": "http://www.correction.org/Secondary%20Pages/AverageLengthOfStay.html",
        "note": "over 75 % of releases of a typical jail are within 72 hours, and use under 5 % of "
        "its beds: the author's judgement",
    },
    "nation": {
        "title": "Jail Inmates in 2019",
        "publisher": "Bureau of Justice Statistics, NCJ 255608",
        "year": "2021",
        "address": "https://uat.bjs.ojp.gov/library/publications/jail-inmates-2019",
        "note": "65 % not convicted at mid-year 2019",
    },
    "california": {
        "title": "Jail Profile Survey",
        "publisher": "California Board of State and Community Corrections, compiled by J. Kaplan",
        "period": "2016",
        "address": "https://www.openicpsr.org/openicpsr/project/104560",
        "note": "computed: of 28 counties, unsentenced 53 % (lowest tenth), 63 % (half), 77 % "
        "(highest tenth) of people held",
    },
}
"""As a model's file lists them."""
