"""Verbs that ask whether it comes true: forecast, backtest, replay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from remand.api.days import Day, day_of
from remand.evidence.backtest.backtest import Record
from remand.evidence.backtest.backtest import backtest as score
from remand.evidence.backtest.baselines import BASELINES, PARTS
from remand.evidence.backtest.origins import HORIZON, given, rolling
from remand.evidence.backtest.record import read_skill
from remand.evidence.backtest.tried import OWN
from remand.evidence.forecast.ahead import Ahead, ahead
from remand.evidence.forecast.own import own
from remand.evidence.panel import Method, Panel
from remand.evidence.reading import read_panel
from remand.evidence.replay.replay import DRAWS
from remand.evidence.replay.replay import replay as replay_case
from remand.evidence.replay.replayed import Replay


def forecast(
    file: str | Path,
    horizon: int | None = None,
    *,
    places: str | Sequence[str] = (),
    record: str | Path | None = None,
    check: Callable[[Panel], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Ahead:
    """Populations ahead, from the step after the file's last, with the record of such forecasts.

    Args:
        file: a table with columns ``unique_id, ds, y`` and signals such as ``bookings``; a file
            that `remand.sources` knows; or a work file.
        horizon: steps ahead; by default `remand.evidence.backtest.origins.HORIZON`.
        places: only these series are told of. Months and weeks of the others are still read, for
            what all of them share.
        record: the file that ``remand backtest --record`` wrote; by default one is made now.
        check: is handed what was read, and may raise before the work is done.
        say: told in a few words what is being done.

    Raises InputError with every problem found, if the file or what is asked of it is wrong.
    """
    skill = None if record is None else read_skill(record)
    reading = read_panel(file)
    picked = reading.of(_several(places))
    check(picked.panel)
    if reading.panel.step == "day":  # days are forecast jail by jail
        reading = picked
    steps = HORIZON[reading.panel.step] if horizon is None else horizon
    method = own(file, reading.panel)
    named = picked.panel.ids if places else ()
    return ahead(reading, method, steps, places=named, skill=skill, say=say)


def backtest(
    file: str | Path,
    horizon: int | None = None,
    origins: Day | Sequence[Day] | None = None,
    *,
    since: Day | None = None,
    until: Day | None = None,
    every: str | None = None,
    places: str | Sequence[str] = (),
    baselines: Sequence[str] = PARTS,
    apart: tuple[Day, Day] | None = None,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Record:
    """Forecasts from origins in the past, each by what was known then, scored by what came.

    Args:
        file: as for `forecast`.
        horizon: steps ahead; by default `remand.evidence.backtest.origins.HORIZON`.
        origins: first steps to be forecast; by default they roll over the file.
        since: the first origin, if they roll.
        until: the last one.
        every: how far apart: ``month``, ``quarter`` or ``year``.
        places: only these series are scored. Months and weeks of the others are still read, for
            what all of them share, as `forecast` reads them.
        baselines: of Naive, SeasonalNaive, AutoETS, AutoTheta; of all four, their mean too. The
            last two need statsforecast (``pip install 'remand[forecast]'``).
        apart: a period [from, to) whose dates are scored apart from all others.
        seed: of the bootstrap behind the intervals.
        say: told in a few words what is being done.

    Raises InputError with every problem found, if the file or what is asked of it is wrong.
    """
    reading = read_panel(file)
    picked = reading.of(_several(places)).panel.ids if places else ()
    if reading.panel.step == "day":  # days are forecast jail by jail
        reading = reading.of(picked)
    panel = reading.panel
    ahead_ = HORIZON[panel.step] if horizon is None else horizon
    if origins is None:
        first, last = (None if day is None else day_of(day) for day in (since, until))
        from_ = rolling(panel, ahead_, first, last, every)
    else:
        each = [origins] if isinstance(origins, str | dt.date) else origins
        from_ = given(panel, [day_of(day) for day in each])
    methods: dict[str, Method] = {OWN: own(file, panel)}
    methods |= {name: BASELINES[name] for name in baselines}
    period = None if apart is None else (day_of(apart[0]), day_of(apart[1]))
    return score(reading, methods, from_, ahead_, places=picked, apart=period, seed=seed, say=say)


def _several(places: str | Sequence[str]) -> Sequence[str]:
    """One name is a list of one."""
    return [places] if isinstance(places, str) else places


def replay(
    case: str | Path,
    as_of: Day | None = None,
    *,
    data: str | Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Replay:
    """A past reform, forecast from what was known when it was announced, against what happened.

    Arguments and errors: `remand.evidence.replay.replay`.
    """
    day: dt.date | None = None if as_of is None else day_of(as_of)
    return replay_case(case, day, data=data, draws=draws, seed=seed)
