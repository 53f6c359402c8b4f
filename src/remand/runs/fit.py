"""A work file fitted: to its bookings, or to its monthly figures where it holds no others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.errors import InputError, did_you_mean
from remand.fitting.document import Folder, folder
from remand.fitting.fit import Fitted, fit
from remand.fitting.monthly import Months, fit_months
from remand.fitting.stays import STRENGTH
from remand.model.states import KINDS
from remand.outcomes.aggregated import Monthly
from remand.records.seen import Seen
from remand.records.work import Records, contents, read


@dataclass(frozen=True)
class Terms:
    """On what terms a work file is fitted: see `remand.fit`."""

    by: tuple[str, ...] = ()
    since: dt.date | None = None
    as_of: dt.date | None = None
    start: dt.date | None = None
    place: str | None = None
    title: str | None = None
    draws: int = 200
    seed: int = 0
    strength: float = STRENGTH


def fit_work(work: str | Path, asked: Terms) -> Folder:
    """Fit a work file. Raises InputError where it, or what is asked of it, is wrong."""
    held = contents(work)
    name = Path(work).name.strip(".").partition(".")[0] or "county"
    if held.stays:
        if asked.place is not None:
            raise InputError.of("stays are of one place", fix="leave --place out")
        return _to_stays(work, asked, name)
    if not len(held.months):
        raise InputError.of(
            f"'{work}' holds neither stays nor monthly figures",
            fix="take in a file of either: remand ingest",
        )
    if asked.by or asked.start is not None:
        option = "--by" if asked.by else "--start"
        raise InputError.of(
            f"{option} needs stays, and '{work}' holds monthly figures only",
            fix=f"leave {option} out, or take in a file of bookings",
        )
    monthly = Monthly.of(held.months, [] if asked.place is None else [asked.place])
    place = _place(monthly, asked)
    found = Months.of(monthly, place, asked.since, asked.as_of)
    title = asked.title or (name if len(monthly.places) == 1 and asked.place is None else place)
    return fit_months(found, _titled(title), held.sources, held.counts, asked.draws, asked.seed)


def _to_stays(work: str | Path, asked: Terms, name: str) -> Folder:
    records = read(work)
    if asked.as_of is not None:
        records = records.known(asked.as_of)
    if asked.since is not None:
        records = records.since_day(asked.since)
    found = fit(
        records,
        asked.by,
        start=asked.start,
        draws=asked.draws,
        seed=asked.seed,
        strength=asked.strength,
    )
    made = folder(found, name, _titled(asked.title or name))
    return replace(made, trials=tuple(trials(records, found)))


HELD_BACK, LEAST = 182, 365
"""Days at the end of the records that a fit is tried on, and days it must have before them."""


def trials(records: Records, found: Fitted) -> Iterator[str]:
    """How a fit does where the truth is known: half a year held back, and whether it adds up."""
    adp, days = found.adp
    if adp and not 2 / 3 < found.steady / adp < 1.5:
        yield (
            f"WARNING: held for ever, these rates and stays would fill the jail with "
            f"{found.steady:,.0f} people, and {adp:,.0f} were in it in the last {days} days: look "
            "at the dates and the checks of the records before using this model."
        )
    if records.days < HELD_BACK + LEAST:
        yield (
            f"Not tried: {records.days} days of records are too few to hold {HELD_BACK} back and "
            "see how well the rest foretells them."
        )
        return
    known = records.known(records.until - dt.timedelta(HELD_BACK))
    path = solve(compile_model(folder(fit(known, draws=0), "trial", "Trial").model, records.until))
    held = path.census[:, path.kernel.kind == KINDS.index("jail")].sum(axis=(0, 1))
    truth = Seen.of(records).census()[known.days :]
    today = Seen.of(records).census()[known.days - 1]
    off, naive = (float(np.abs(x - truth).mean()) for x in (held, today))
    yield (
        f"Tried on {known.until} to {records.until}, without looking: {held.mean():,.0f} people "
        f"foretold, {truth.mean():,.0f} were there; {off:,.0f} off on average (tomorrow as today: "
        f"{naive:,.0f})."
    )


def _place(monthly: Monthly, asked: Terms) -> str:
    if asked.place is not None:
        return asked.place
    if len(monthly.places) > 1:
        raise InputError.of(
            f"the monthly figures are of {len(monthly.places)} places, and a model is of one",
            fix=f"give one with --place; {did_you_mean('', monthly.places)}",
        )
    return monthly.places[0]


def _titled(name: str) -> str:
    """A title from a name.

    >>> _titled("my-county")
    'My county'
    """
    plain = name.replace("-", " ").replace("_", " ").strip() or "County"
    return plain[0].upper() + plain[1:]
