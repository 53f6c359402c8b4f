"""What a county publishes of its jail: a handful of figures, checked against each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from remand.errors import InputError, Problem, did_you_mean

YEAR = 365.25

SHORTEST = 0.25
"""Days: a mean stay below it is a slip of the pen."""

ROUNDED = 0.005
"""How far from 1 shares that were rounded when published may add up."""

SEASONS = 330
"""Days below which figures may be of a season."""

MISCOUNTED = 0.02
"""How far apart residents and the sum of their groups may be, as a share."""


@dataclass(frozen=True)
class Published:
    """The figures of a jail over one year.

    Attributes:
        adp: average daily population.
        admissions: people admitted a year.
        pretrial: the share of people held who are not convicted, if known.
        population: residents of the county.
        per: who those are.
        by_race: the share of people held by race.
        residents: residents by race.
        capacity: beds.
        title: what the model is called.
        as_of: the day after the last that the figures are of.
        since: the first; a year earlier by default. Admissions are a year's all the same.
        start: the model's first day.
        source: where they were published.
        synthetic: whether a model made the records behind them.
        counts: whom the jail counts: ``in-facility`` or ``jurisdiction``.
    """

    adp: float
    admissions: float
    as_of: dt.date
    pretrial: float | None = None
    population: float | None = None
    per: str = "residents (all ages)"
    by_race: Mapping[str, float] = field(default_factory=dict)
    residents: Mapping[str, float] = field(default_factory=dict)
    capacity: float | None = None
    title: str = "A county"
    since: dt.date | None = None
    start: dt.date | None = None
    source: str | None = None
    counts: str = "in-facility"
    synthetic: bool = False

    @property
    def stay(self) -> float:
        """The mean stay in days, by Little's law: N = λL (J. Little, *Op. Research* 9, 1961).

        >>> round(Published(212, 4100, dt.date(2024, 1, 1)).stay, 2)
        18.89
        """
        return self.adp * YEAR / self.admissions

    @property
    def first(self) -> dt.date:
        """The first day that the figures are of."""
        return self.since or year_before(self.as_of)

    @property
    def shares(self) -> dict[str, float]:
        """Shares of people held by race that add up to 1, as published ones may not quite."""
        total = sum(self.by_race.values())
        return {race: share / total for race, share in self.by_race.items()}

    @property
    def everyone(self) -> float | None:
        """All residents."""
        return sum(self.residents.values()) or self.population

    def checked(self) -> Published:
        """The same figures. Raises InputError with every contradiction among them."""
        problems = [*self._positive()] or [*self._stay()]
        if self.pretrial is not None and not 0 < self.pretrial <= 1:
            problems.append(
                _wrong("pretrial", self.pretrial, "is no share of people held: above 0, at most 1",
                       "write 0.7 for 70 %")
            )  # fmt: skip
        problems += self._races()
        problems += self._residents()
        if self.start is not None and self.start < self.as_of:
            problems.append(
                _wrong("start", self.start,
                       f"is before {self.as_of}, the day after the year these figures are of",
                       "start then or later")
            )  # fmt: skip
        if problems:
            raise InputError(problems)
        return self

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is odd about the figures, but possible."""
        said = []
        if self.synthetic:
            said.append("SYNTHETIC: the records behind these figures were made by a model.")
        if self.capacity is not None and self.capacity < self.adp:
            said.append(
                f"The capacity of {self.capacity:,.0f} is below the {self.adp:,.0f} people held on "
                "an average day: look which of the two is meant (rated or operational beds, people "
                "housed elsewhere). Nothing in the model holds the jail at its capacity."
            )
        if self.population is not None and self.admissions > self.population:
            said.append(
                f"{self.admissions:,.0f} admissions a year are more than the "
                f"{self.population:,.0f} residents."
            )
        if (days := (self.as_of - self.first).days) < SEASONS:
            said.append(
                f"The figures are of {days} days and taken as a year's: a season may be in them."
            )
        off = sum(self.by_race.values())
        if self.by_race and abs(off - 1) > 1e-9:
            said.append(f"The shares by race add up to {off:.4g}; they were divided by that.")
        return tuple(said)

    def _positive(self) -> Iterator[Problem]:
        given = {"adp": self.adp, "admissions": self.admissions, "population": self.population,
                 "capacity": self.capacity}  # fmt: skip
        for name, value in given.items():
            if value is not None and not 0 < value < 1e9:
                yield _wrong(name, value, "must be a number above 0", "give the published figure")

    def _stay(self) -> Iterator[Problem]:
        if self.stay > YEAR:
            yield _wrong(
                "adp", self.adp,
                f"is more than {self.admissions:,.0f} admissions a year could fill: each would "
                f"have to stay {self.stay:,.0f} days, over a year",
                "look whether the admissions are of a month, or of a part of the jail",
            )  # fmt: skip
        elif self.stay < SHORTEST:
            yield _wrong(
                "adp", self.adp,
                f"with {self.admissions:,.0f} admissions a year leaves each a stay of "
                f"{24 * self.stay:.1f} hours",
                "look whether the admissions are of several years, or of several jails",
            )  # fmt: skip

    def _races(self) -> Iterator[Problem]:
        if not self.by_race:
            return
        wrong = [race for race, share in self.by_race.items() if not 0 <= share <= 1]
        for race in wrong:
            yield _wrong("by_race", self.by_race[race], f"is no share of people held ({race})",
                         "write shares, such as Black=0.45")  # fmt: skip
        total = sum(self.by_race.values())
        if not wrong and abs(total - 1) > ROUNDED:
            yield _wrong(
                "by_race", round(total, 6), "is what the shares by race add up to, not 1",
                f"correct one, or add other={1 - total:.4g} for the rest"
                if total < 1 else "correct one",
            )  # fmt: skip

    def _residents(self) -> Iterator[Problem]:
        if not self.residents:
            return
        if not self.by_race:
            yield _wrong("residents", None, "by race need people held by race",
                         "give --by-race too, or --population alone")  # fmt: skip
            return
        for race, people in self.residents.items():
            if race not in self.by_race:
                yield _wrong("residents", race, "is not among the races of people held",
                             did_you_mean(race, self.by_race))  # fmt: skip
            if not 0 <= people < 1e9:
                yield _wrong("residents", people, f"is no number of residents ({race})",
                             "write Black=9000")  # fmt: skip
        for race in self.by_race:
            if race not in self.residents:
                yield _wrong("residents", race, "has people held but no residents",
                             f"add {race}=…, or 0 if nobody is counted so")  # fmt: skip
        total = sum(self.residents.values())
        if self.population and abs(total / self.population - 1) > MISCOUNTED:
            yield _wrong(
                "population", self.population,
                f"is not what the residents by race add up to: {total:,.0f}",
                "leave --population out, or correct one of them",
            )  # fmt: skip


def year_before(day: dt.date) -> dt.date:
    """The same day a year earlier; 28 February for the 29th.

    >>> year_before(dt.date(2024, 2, 29))
    datetime.date(2023, 2, 28)
    """
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _wrong(name: str, value: object, message: str, fix: str) -> Problem:
    shown = f"{value:,.10g}" if isinstance(value, int | float) else str(value or "")
    return Problem("error", (name,), f"{shown} {message}".strip(), value=value, fix=fix)
