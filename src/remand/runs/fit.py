"""A work file fitted: to its bookings, or to its monthly figures where it holds no others."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from remand.errors import InputError, did_you_mean
from remand.fitting.document import Folder, folder
from remand.fitting.fit import fit
from remand.fitting.monthly import Months, fit_months
from remand.fitting.stays import STRENGTH
from remand.outcomes.aggregated import Monthly
from remand.records.work import contents, read


@dataclass(frozen=True)
class Terms:
    """On what terms a work file is fitted: see `remand.api.fit`."""

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
    return folder(found, name, _titled(asked.title or name))


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
