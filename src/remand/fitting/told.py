"""What a fitted model says of itself: where each number came from, and on how many stays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.fitting.fit import Fitted
from remand.fitting.layout import FEW, RELEASED
from remand.fitting.pace import carried
from remand.fitting.tonight import Aged
from remand.records.work import MISSING

Ints = NDArray[np.int64]


def sources(fitted: Fitted) -> Iterator[dict[str, str]]:
    """The files behind a fit, by hash."""
    records = fitted.records
    for source in records.sources:
        yield {
            "title": source.file,
            "address": f"sha256:{source.sha256}",
            "period": f"{records.since} to {records.until} (exclusive)",
            "note": f"{source.kind}, {source.rows:,} rows, as known on {records.until}"
            + (". Synthetic: nobody in it exists" if records.synthetic else ""),
        }


def model(fitted: Fitted) -> str:
    """What the whole model rests on."""
    adp, days = fitted.adp
    return (
        f"Fitted by remand to {len(fitted.records.stays):,} stays known on "
        f"{fitted.records.until}; {fitted.draws} draws, seed {fitted.seed}. If the rates of "
        f"{fitted.start} and these stays held for ever, {fitted.steady:,.0f} people would be "
        f"inside; on an average day of the last {days} days of the records {adp:,.0f} were."
    )


def stays(fitted: Fitted, groups: Ints) -> str:
    """What the laws of a state rest on."""
    count = int(fitted.laws.nodes.stays[groups].sum())
    beyond = float(fitted.laws.joint.extrapolated[0, groups].max(initial=0.0))
    lean = f"small groups lean on wider ones as on {fitted.strength:g} people more"
    said = [f"n = {count:,} stays; {lean}"]
    if fitted.records.basis == "snapshots":
        said.append("stays of less than a day are not seen by snapshots and not in it")
    if beyond > 0.001:
        said.append(
            f"up to {100 * beyond:.1f} % of a group is still inside after the longest stay known, "
            "and supposed to leave as the last ones did"
        )
    return "; ".join(said)


def returns(fitted: Fitted) -> str:
    """What the law of returns rests on."""
    if fitted.back is None:
        return ""
    found = fitted.back.found
    return (
        f"n = {len(found.gap):,} releases, {int((found.back >= 0).sum()):,} of them booked again "
        f"within {found.horizon} days; who comes later counts as new"
    )


def arrivals(fitted: Fitted, state: int) -> str:
    """What the arrivals of a state rest on."""
    own, records = fitted.admitted, fitted.records
    span = f"admissions, {records.since} to {records.until}"
    few = 0 < own.counts[state] < FEW
    shown = f"n = {own.shown[state]:,} {span}" if own.shown[state] else span
    said = [f"fewer than {FEW} {span}: taken as 5" if few else shown]
    if fitted.back is not None:
        rate, new = own.rate[0, :, state], fitted.back.new
        share = float(rate @ new.share[:, state] / max(rate.sum(), 1e-300))
        said.append(f"{100 * share:.0f} % of them new, the rest come back out of '{RELEASED}'")
        if new.moved[state] > 0.02:
            said.append(
                f"{100 * new.moved[state]:.0f} % of them moved between groups, for a person's "
                "group is held fixed and some come back in another"
            )
    growth = own.pace[state].trend[:1]
    if growth[0]:
        ahead = np.expm1(carried(growth))[0]
        said.append(
            f"{100 * growth[0]:+.0f} % in the records' last year; the year after is taken to bring "
            f"{100 * ahead:+.0f} %, and each later one half of the one before"
        )
    if own.borrowed[state]:
        said.append("too few for a growth, season and weekdays of their own: the whole jail's")
    return "; ".join(said)


def inside(aged: Aged) -> str:
    """What the census of a state rests on."""
    return (
        f"{aged.people.sum():,.0f} people; small groups told only together, times since booking as "
        "means of ten people or more"
    )


def released_before(fitted: Fitted) -> str:
    """What the people out at the start rest on."""
    known = (fitted.start - fitted.records.since).days
    if fitted.back is None or known >= fitted.back.found.horizon:
        return "counted in the records: let out before, and not yet booked again"
    return (
        f"counted for the {known} days that the records hold before {fitted.start}; for those let "
        "out earlier, the records' mean pace of releases and the law of returns"
    )


def limits(fitted: Fitted) -> Iterator[str]:
    """What the records cannot support, a sentence each."""
    records, frame = fitted.records, fitted.records.stays
    if records.basis == "snapshots":
        yield (
            "Stays of less than a day: a snapshot shows only stays that it crosses. Admissions are "
            "of people who stayed for one; the census is whole."
        )
    if not _recorded(frame, "release_reason"):
        yield (
            "Why people are released: no reason is recorded. Exits are the statuses people left "
            "with, so dismissal, bail and transfer cannot be told apart."
        )
    yield (
        "When a status changes inside: records say how a stay began and ended. A state is the "
        "status at booking, and a sentence served after detention is part of the same stay."
    )
    if fitted.back is None:
        yield (
            "Returns: nobody is known to have been booked twice, so everyone admitted is new, and "
            "a policy that changes how many come back has nothing to act on."
        )
    else:
        yield "A change of group: people keep the race, charge and age of their release for life."
    yield "Prison and supervision: a jail's records end at its door."
    yield "Rates and cost: bookings hold no residents and no prices; add them to model.yaml."
    missing = [
        name
        for name in ("race", "sex", "age", "charge")
        if name in fitted.layout.strata.axes and not _recorded(frame, name)
    ]
    if missing:
        yield f"Groups by {', '.join(missing)}: nothing is recorded there."


def _recorded(frame: pl.DataFrame, column: str) -> bool:
    return column in frame.columns and bool((frame[column] != MISSING).any())
