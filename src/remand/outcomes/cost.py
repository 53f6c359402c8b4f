"""What custody costs, three ways, since no one number is honest.

*Marginal* cost is what each person-day more or less costs at once. *Step-fixed* cost is that of the
wings that are open: staff and upkeep are saved only when a wing is empty and can close. *Average*
cost is a budget over all people in it; a difference of averages is nobody's saving.

With ``N`` people, wings of ``p`` places of which a share ``m`` must stay free, and::

    K(t) = min( max N(u), u ≤ t;  max N(u), u ≥ t )        people whose beds must be kept at t
    wings(t) = ceil( K(t) / (p · (1 − m)) )

a wing stays open for as long as anyone will need it again, and one more opens when it is first
needed. The later maximum always takes in the period's last year (all of a shorter period): a wing
that only a last low month would empty does not close. ``N`` is the census of each part of a tally,
a step where the model is solved, a window where it is drawn. An expected census has no peaks of
chance; those are what the margin is for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from remand.engine.kernel import Floats
from remand.model.clock import Clock
from remand.model.model import Model, Price
from remand.outcomes.tally import Tally

YEAR = 365.25
LONGEST = {"day": 1, "week": 7, "month": 31, "year": 366}
"""Days of the longest part that has such a name."""
ROUNDING = 1e-3
"""People that need no wing of their own, and no whole number either: a thousandth of one."""


@dataclass(frozen=True)
class Priced:
    """Prices of one kind, basis and payer, earliest first; a year is 365.25 days.

    A price may have been drawn: an array over the leading axis of the tally it meets.
    """

    prices: tuple[Price, ...]

    @property
    def kind(self) -> str:
        """The kind of custody."""
        return self.prices[0].kind

    @property
    def label(self) -> str:
        """Basis and payer."""
        return f"{self.prices[0].basis}, {self.prices[0].payer}"

    @property
    def stepped(self) -> bool:
        """Whether it is of wings."""
        return self.prices[0].basis == "step-fixed"

    def basis(self, tally: Tally) -> str:
        """What must be said with a figure of this cost."""
        if self.stepped:
            wings = ", then ".join(dict.fromkeys(_wing(price) for price in self.prices))
            return f"{self.label}; wings of {wings}; by the highest {_part(tally)}"
        if self.prices[0].basis == "average":
            return f"{self.label}; a difference of averages is not a saving"
        return self.label

    def at(self, date: dt.date) -> Price | None:
        """The price that holds on a date, if any does."""
        begun = [price for price in self.prices if price.from_ is None or price.from_ <= date]
        return begun[-1] if begun else None

    def by_part(self, of: Callable[[Price], float], tally: Tally) -> Floats:
        """A number of the prices, its mean over the days of each part: (…, parts).

        A price begins with the first step on or after its date, as policies do. NaN where none
        holds yet.
        """
        parts = tally.by_part[1].astype(np.int64)
        clock, steps = tally.clock, int(parts.sum())
        begins = [clock.index(p.from_ or dt.date.min) for p in self.prices]
        which = np.searchsorted(np.array(begins), tally.first + np.arange(steps), "right")
        values = [np.asarray(of(price), float) for price in self.prices]
        known = np.stack([np.full_like(values[0], np.nan), *values], axis=-1)
        sums = np.add.reduceat(known[..., which], np.cumsum(parts) - parts, axis=-1)
        return np.asarray(sums / parts)


def priced(model: Model) -> tuple[Priced, ...]:
    """A model's prices by kind, basis and payer, in file order."""
    found: dict[tuple[str, str, str], list[Price]] = {}
    for price in model.prices:
        found.setdefault((price.kind, price.basis, price.payer), []).append(price)
    return tuple(
        Priced(tuple(sorted(prices, key=lambda price: price.from_ or dt.date.min)))
        for prices in found.values()
    )


def by_person(tally: Tally, prices: Priced) -> Floats:
    """Dollars of all person-days, (…, places, groups, windows)."""
    held, _ = tally.by_part
    a_day = prices.by_part(lambda price: price.per_day, tally)[..., None, None, :]
    return _over_windows(tally, held * tally.clock.days * a_day)


@dataclass(frozen=True)
class Wings:
    """The wings of one kind over (…, windows).

    Attributes:
        beds: places that must be kept at the end of the window, the margin among them.
        open: wings that hold them.
        cost: dollars of all wings open over the window.
    """

    beds: Floats
    open: Floats
    cost: Floats


def wings(tally: Tally, prices: Priced, place: int) -> Wings:
    """Which wings stay open for everyone in a place (its position among the tally's)."""
    held, parts = tally.by_part
    people = _kept(held[..., place, 0, :] / parts, parts, tally.clock)
    free = prices.by_part(lambda price: price.margin or 0.0, tally)
    places = prices.by_part(lambda price: price.places or 0.0, tally)
    count = np.ceil(np.maximum(people - ROUNDING, 0.0) / (places * (1.0 - free)))
    a_day = prices.by_part(lambda price: price.per_day, tally)
    ends = np.searchsorted(np.cumsum(parts), np.cumsum(tally.lengths))
    return Wings(
        (people / (1.0 - free))[..., ends],
        count[..., ends],
        _over_windows(tally, count * a_day * parts * tally.clock.days),
    )


def may_be_subtracted() -> pl.Expr:
    """Rows of figures whose differences mean something: all but averages of cost."""
    average = pl.col("basis").str.starts_with("average").fill_null(value=False)
    return ~((pl.col("quantity") == "cost") & average)


def closing(
    prices: Priced, until: dt.date, beds: tuple[float, float], wings: tuple[float, float]
) -> str:
    """Whether a plan closes a wing, with the number of people at which it would.

    ``beds`` and ``wings`` are ``beds_needed`` and ``wings`` at the end of the period, without the
    plan and with it; people are those of the highest day, or of what the figures' basis names.

    >>> wing = Price(kind="jail", basis="step-fixed", value=4e6, places=96, margin=0.1,
    ...              unit="USD per wing-year")
    >>> closing(Priced((wing,)), dt.date(2020, 1, 1), (6200, 6100), (65, 64))
    'a wing of 96 places (10 % kept free) closes at 5,529 people or fewer; here 5,490: one closes'
    """
    price = prices.at(until - dt.timedelta(1))
    if price is None or price.places is None:
        return "no price of a wing holds at the end"
    now, then = (value * (1.0 - (price.margin or 0.0)) for value in beds)
    threshold = max(np.ceil((now - ROUNDING) / price.usable) - 1.0, 0.0) * price.usable
    return (
        f"a wing of {_wing(price)} closes at {np.floor(threshold + ROUNDING):,.0f} people or "
        f"fewer; here {np.ceil(then - ROUNDING):,.0f}: {_closed(wings[0] - wings[1])}"
    )


def _closed(count: float) -> str:
    """How many wings close, or must open; over replicates on average.

    >>> _closed(0.0), _closed(1.0), _closed(-2.0), _closed(0.4)
    ('none closes', 'one closes', '2 more open', '0.4 close on average')
    """
    if not count:
        return "none closes"
    if count != round(count):
        return f"{abs(count):.1f} {'close' if count > 0 else 'more open'} on average"
    many = "one" if abs(count) == 1 else f"{abs(count):,.0f}"
    verb = ("close" if count > 0 else "more open") + ("s" if many == "one" else "")
    return f"{many} {verb}"


def _wing(price: Price) -> str:
    free = f" ({100 * price.margin:.3g} % kept free)" if price.margin else ""
    return f"{price.places:,.0f} places{free}"


def _part(tally: Tally) -> str:
    """What the highest census is the mean of."""
    days = tally.by_part[1].max() * tally.clock.days
    return next((name for name, most in LONGEST.items() if days <= most), "window")


def _kept(people: Floats, parts: Floats, clock: Clock) -> Floats:
    """People whose beds must be kept in each part, (…, parts)."""
    before = np.maximum.accumulate(people, axis=-1)
    later = np.maximum.accumulate(people[..., ::-1], axis=-1)[..., ::-1]
    last_year = np.cumsum(parts) * clock.days > parts.sum() * clock.days - YEAR
    since = np.minimum(np.arange(len(parts)), int(np.argmax(last_year)))
    return np.minimum(before, later[..., since])


def _over_windows(tally: Tally, by_part: Floats) -> Floats:
    """Sums of parts over each window."""
    ends = np.searchsorted(np.cumsum(tally.by_part[1]), np.cumsum(tally.lengths)) + 1
    sums: Floats = np.add.reduceat(by_part, np.append(0, ends[:-1]), axis=-1)
    return sums
