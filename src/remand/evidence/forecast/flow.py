"""Population ahead by stock and flow: who is inside tonight and goes on, and who is yet to come.

The census of a day ahead is expected to be::

    Σ people inside tonight of age a: S(a + h) / S(a)   +   Σ admissions to come × S(days since)

with ``S`` the product-limit law of the last half year's stays: a period law, as a life table's, of
everyone's days in those months whenever they were admitted, so it says how people leave now (left
truncation and censoring as in `remand.fitting.survival`). Tonight's people are therefore their own
leading signal: a jail whose long stays are leaving falls before its admissions do. So have prisons
been projected since A. Blumstein, J. Cohen & H. Miller, *Journal of Criminal Justice* 8, 1980.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from remand.errors import InputError
from remand.evidence.panel import Floats
from remand.fitting.pace import TREND_FROM, carried
from remand.fitting.survival import Observed, incidence
from remand.records.seen import Ints, Seen
from remand.records.work import Records

LAW_DAYS = 182
"""Days back in which leaving is watched. Chosen, as the next, on New York's origins of 2017."""

PACE_DAYS = 91
"""Days back whose admissions are the level of those to come."""

YEAR = 364
"""Days to the same day of the week a year before."""


class NobodyLeft(InputError):  # noqa: N818 - it says what is so
    """No stay has ended in the time that is watched, so there is no law of leaving."""


def ahead(records: Records, origin: dt.date, horizon: int) -> Floats:
    """Expected census (horizon,) of an origin and the days after it, by what was known before it.

    Nothing that any census from the origin on tells is read (`Records.known`). Raises InputError
    for an origin outside the window, and `NobodyLeft`.
    """
    known = records.known(origin)
    late = (origin - known.until).days  # no snapshot was taken just before the origin
    recent = known.since_day(max(known.since, known.until - dt.timedelta(LAW_DAYS)))
    seen, steps = Seen.of(known), horizon + late
    ages = (known.days - 1 - seen.into)[~seen.ended]
    leaving = hazard(Seen.of(recent), int(ages.max(initial=0)) + steps)
    staying = np.concatenate([[0.0], np.cumsum(np.log1p(-leaving))])
    return (still(ages, staying, steps) + entered(admitted(seen, steps), staying))[late:]


def hazard(seen: Seen, days: int) -> Floats:
    """The chance (days + 1,) of leaving after 0, 1, … days of those who were still inside then.

    Never quite 1: where the only one at risk left, others who have stayed longer still go on.
    Raises `NobodyLeft` if that is so.
    """
    # an end between two snapshots is taken at the first: nine days a year tell no law apart
    stay = seen.out - seen.into
    # who left on the first day, before its census, was never watched
    kept = stay >= seen.entry
    if not (kept & seen.ended).any():
        raise NobodyLeft.of("no stay has ended yet", fix="give records that go on longer")
    entry, stay, cause = seen.entry[kept], stay[kept], np.where(seen.ended[kept], 0, -1)
    one = np.zeros(len(stay), np.int64)
    law = incidence(Observed(one, one, entry, stay, stay, cause), 1, 1)
    near = law.durations <= days
    out = np.zeros(days + 1)
    out[law.durations[near]] = law.hazard[0, 0, near, 0]
    return np.minimum(out, 1.0 - 1e-12)


def still(ages: Ints, staying: Floats, steps: int) -> Floats:
    """People inside tonight who are expected to be inside still, 1 … ``steps`` days on.

    ``ages`` (people,): days since their first census; ``staying``: log P(D ≥ d), d = 0, 1, …

    >>> still(np.array([0, 0, 5]), np.log(0.5) * np.arange(9), 2)
    array([1.5 , 0.75])
    """
    age, people = np.unique(ages, return_counts=True)
    gone = staying[age[:, None] + np.arange(2, steps + 2)] - staying[age + 1, None]
    return np.asarray(people @ np.exp(gone))


def entered(arriving: Floats, staying: Floats) -> Floats:
    """People inside on each day of those who come on it and before it: (steps,) as ``arriving``."""
    steps = len(arriving)
    return np.convolve(arriving, np.exp(staying[1 : steps + 1]))[:steps]


def admitted(seen: Seen, steps: int) -> Floats:
    """Admissions expected on each day ahead: (steps,).

    The mean of the last `PACE_DAYS`, and of its growth on the same days a year before the share
    that a fitted model carries forward (`remand.fitting.pace.carried`); none without a year to
    look back on. Both sides of a year, so no season is taken for growth.
    """
    daily = np.bincount(seen.into[seen.into >= 0], minlength=seen.days)[: seen.days]
    level = daily[-PACE_DAYS:].mean()
    back = min(PACE_DAYS, seen.days - YEAR)
    before = daily[-YEAR - back : -YEAR].sum() if back > 0 and seen.days >= TREND_FROM + 28 else 0
    if not before:
        return np.full(steps, level)
    growth = carried(np.array(daily[-back:].sum() / before - 1.0))
    years = (np.arange(1, steps + 1) + PACE_DAYS / 2) / YEAR
    return np.asarray(level * np.exp(growth * years))
