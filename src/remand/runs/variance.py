"""Why a jail holds more people than a year ago, or than a run had forecast."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from remand.errors import InputError, did_you_mean
from remand.outcomes import variance
from remand.outcomes.measured import Asked, counted, period
from remand.outcomes.windows import Windows
from remand.records.work import Records
from remand.runs.measurement import (
    HIDDEN,
    Measurement,
    Wanted,
    doubt,
    made_up,
    origin,
    span_of,
)

LAST_YEAR = "last-year"
"""What a change is against, if not a forecast."""

SAID = (
    "Days held for each admission: person-days of the period for each admission in it. That is "
    "none of the three stays: it sets the beds of one period against its own admissions.",
    "The parts are averaged over the two orders in which admissions and days held may change, and "
    "sum to the change. They say through what it came, not why.",
)


def explained(records: Records, wanted: Wanted, asked: Asked, meta: dict[str, Any]) -> Measurement:
    """The change asked for, in parts."""
    if wanted.every is not None:
        raise InputError.of("a change is of one period", fix="leave --every out")
    if str(wanted.variance) == LAST_YEAR:
        now, before = _last_year(records, wanted)
        against = "{} to {}".format(*span_of(before, records))
        frame, stays = variance.against(records, now, before, asked)
        than = "in the same period a year earlier"
    else:
        run = _run(Path(wanted.variance or ""))
        expected, now = _forecast(run, records, wanted, asked)
        against = f"the forecast of {Path(wanted.variance or '').name}"
        frame, stays = variance.forecast(records, now, expected, asked)
        than = "were forecast"
    since, until = span_of(now, records)
    hidden = [HIDDEN] if frame["suppressed"].any() else []
    return Measurement(
        meta | {"from": str(since), "to": str(until), "against": against},
        frame.clear(),
        variance=frame,
        says=variance.sentence(frame, than, stays.cells.groups.axes),
        notes=(*made_up(records), *SAID, *hidden, *doubt(asked), *origin(records)),
    )


def _last_year(records: Records, wanted: Wanted) -> tuple[Windows, Windows]:
    """A period, and the same a year earlier.

    As asked; else the last 12 full months, or the last full month where the records do not reach
    back far enough. InputError where they hold nothing of a year earlier.
    """
    since, until = wanted.since, wanted.until
    if since is None and until is None:
        until = records.until.replace(day=1)
        since = _year_before(until)
        if _year_before(since) < records.since:
            since = (until - dt.timedelta(1)).replace(day=1)
        since = max(since, records.since)
    earlier = _year_before(since or records.since)
    if earlier < records.since:
        first = _year_after(records.since)
        missing = first >= records.until
        what = "two years of records" if missing else "records of a year earlier"
        raise InputError.of(
            f"{LAST_YEAR} needs {what}: these begin on {records.since} and end on "
            f"{records.until}; the first period that has one before begins on {first}",
            fix="take in older records too, or set them against a run: --variance run.json"
            if missing
            else f"give --from {first} or later",
        )
    now = period(records, since, until, None)
    first, last = span_of(now, records)
    return now, period(records, _year_before(first), _year_before(last), None)


def _year_after(day: dt.date) -> dt.date:
    """The same day a year later; of a leap day the first of March."""
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year + 1, 3, 1)
    return day.replace(year=day.year + 1)


def _year_before(day: dt.date) -> dt.date:
    """The same day a year earlier; of a leap day the first of March."""
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year - 1, 3, 1)
    return day.replace(year=day.year - 1)


def _run(path: Path) -> dict[str, Any]:
    """A run that `remand compare` wrote as JSON."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.of(
            f"'{path}' cannot be read: {error.strerror}",
            fix=f"give {LAST_YEAR}, or a file written by: remand compare … --out run.json",
        ) from None
    except ValueError:
        found = None
    if not _is_run(found):
        raise InputError.of(
            f"'{path}' is no run", fix="write one: remand compare MODEL PLATFORM --out run.json"
        )
    run: dict[str, Any] = found
    return run


def _is_run(found: Any) -> bool:
    """Whether JSON has the shape that compare writes."""
    try:
        dt.date.fromisoformat(found["run"]["to"])
        list(found["run"]["by"])
        for scenario in found["scenarios"]:
            str(scenario["name"])
            for row in scenario["series"]:
                dt.date.fromisoformat(row["date"])
                _ = row["quantity"], row["mean"]
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _forecast(
    run: dict[str, Any], records: Records, wanted: Wanted, asked: Asked
) -> tuple[variance.Held, Windows]:
    """What a run's scenario says of the jail, over those of its windows that are asked for."""
    names = [scenario["name"] for scenario in run["scenarios"]]
    if not names:
        raise InputError.of("the run has no scenario", fix="run compare once more")
    chosen = wanted.scenario or names[0]
    if chosen not in names:
        raise InputError.of(f"the run has no scenario '{chosen}'", fix=did_you_mean(chosen, names))
    rows = [r for r in run["scenarios"][names.index(chosen)]["series"] if r.get("kind") == "jail"]
    dates = sorted({dt.date.fromisoformat(r["date"]) for r in rows})
    if not dates:
        raise InputError.of(
            f"the run says nothing of a jail under '{chosen}'", fix="give a run of a jail's model"
        )
    ends = [*dates[1:], dt.date.fromisoformat(run["run"]["to"])]
    first = max(wanted.since or records.since, records.since)
    last = min(wanted.until or records.until, records.until)
    spans = {d: e for d, e in zip(dates, ends, strict=True) if first <= d and e <= last}
    if not spans:
        raise InputError.of(
            f"no window of the run lies inside {first} to {last}",
            fix=f"give a period around one that begins on {', '.join(map(str, dates[:3]))}, …",
        )
    now = period(records, min(spans), max(spans.values()), None)
    axes = run["run"]["by"]
    said = {
        (r["quantity"], dt.date.fromisoformat(r["date"]), tuple(r.get(a) for a in axes)): r["mean"]
        for r in rows
    }
    groups = counted(records, replace(asked, residents=None, disparity=None)).cells.groups
    expected = np.zeros((2, len(groups.cells)))
    for i, cell in enumerate(groups.cells):
        where = dict(zip(groups.axes, cell, strict=False))
        key = tuple(where.get(axis) for axis in axes)
        for day, end in spans.items():
            people, admitted = (said.get((q, day, key)) for q in ("population", "admissions"))
            if people is None or admitted is None or set(where) - set(axes):
                who = ", ".join(f"{a} {v}" for a, v in where.items()) or "everyone"
                raise InputError.of(
                    f"the run tells nothing, or hides it, of {who} on {day}",
                    fix="leave --by out, or run compare by the same columns and levels",
                )
            expected[:, i] += people * (end - day).days, admitted
    return variance.Held(float((max(spans.values()) - min(spans)).days), *expected), now
