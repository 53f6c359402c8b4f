"""What a handful of published figures cannot support, worked out from what was not given."""

from __future__ import annotations

from collections.abc import Iterator

from remand.fitting.published import Published
from remand.outcomes.suppression import RATIO_SMALL

LISTED = "assumption ranges, chosen by remand; no data of this county stand behind them"

HEAD = (
    "A first model by remand starter, from published figures alone. parameters.csv lists every "
    "number that is not known, with its range; ranges of one name (together) move as one. What is "
    "known stays known: in every draw the steady state holds the published number of people. "
    "Change what you know better."
)


def limits(given: Published, *, compared: bool) -> Iterator[str]:
    """What the figures cannot support, a sentence each."""
    yield (
        "How stays are spread: only their mean is this county's. How many leave within days, and "
        "how long the longest stay, is borrowed. A file of the jail's bookings replaces it: "
        "remand ingest, then remand fit."
    )
    yield (
        "Whom a promise reaches: a share taken off 'held' is taken off at random. Those easiest to "
        "release would have left soonest, so it frees fewer beds than the model says unless the "
        "promise reaches those held for months."
    )
    if given.pretrial is None:
        yield (
            "Status: how many are held before trial was not given. The nation's share stands in, "
            "as a range; give --pretrial."
        )
    yield (
        "How many come from liberty to serve a sentence, and how many are sentenced out of "
        "detention: not given, and supposed. In the model whoever is released before trial serves "
        "no sentence afterwards; some would."
    )
    yield (
        "Holds: detainers, probation and parole violations and people held for others are not "
        "told apart."
    )
    yield "Charges and bail: no figure is by charge, and none is of bail or its amount."
    yield "State prison and supervision: whoever leaves the jail leaves the model."
    yield "Returns and appearance: nobody is known to come back, so no policy changes how many do."
    yield from _races(given, compared=compared)
    if given.everyone is None:
        yield "Rates: no residents were given; give --population."
    yield "Cost: no prices were given; add them to model.yaml under 'prices'."
    if given.capacity is None:
        yield "Crowding: no capacity was given; give --capacity."
    yield (
        "Growth and seasons: one year shows none. Admissions are level, within a range of 5 % a "
        "year either way that was chosen."
    )


def _races(given: Published, *, compared: bool) -> Iterator[str]:
    if not given.by_race:
        yield "Race: no figure is by race, so nothing can be said of any disparity."
        return
    yield (
        "Why races differ: shares are of people held, and all are taken to stay as long. Whether "
        "one is booked more often or held for longer these figures cannot tell."
    )
    held = {race: share * given.adp for race, share in given.shares.items()}
    pair = [next((r for r in held if r.casefold() == p), None) for p in ("black", "white")]
    small = [race for race in pair if race is not None and held[race] < RATIO_SMALL]
    if small:
        low, high = chance(given.adp)
        told = " and ".join(f"{RATIO_SMALL:.0f} {race}" for race in small)
        pooled = f"Over all races: {given.adp:,.0f} people held, and by chance alone {low:,} to "
        pooled += f"{high:,} on nine nights of ten"
        if given.everyone:
            per = 100_000 / given.everyone
            pooled += f" ({given.adp * per:,.0f}, {low * per:,.0f} to {high * per:,.0f}, per "
            pooled += f"100,000 {given.per})"
        yield (
            f"Disparity: withheld. Fewer than {told} people are held, so few that chance alone "
            f"would move a ratio by a fifth or more; compare gives a pooled range. {pooled}."
        )
    elif compared:
        return
    elif None in pair:
        yield (
            "Disparity: it is worked out for Black and white, and not both were given. Name two "
            "levels under 'disparity' in model.yaml."
        )
    else:
        yield "Disparity: a ratio of rates needs residents by race; give --residents."


def chance(mean: float) -> tuple[int, int]:
    """The middle 90 % of a census that is Poisson, as of people who come and stay by themselves.

    >>> chance(20.0)
    (13, 28)
    """
    from scipy.special import pdtrik  # noqa: PLC0415 - slow to import

    low, high = (int(-(-float(pdtrik(q, mean)) // 1)) for q in (0.05, 0.95))
    return max(low, 0), high
