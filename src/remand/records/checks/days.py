"""Days on which nothing happened, and days after which everything did."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.records.checks.check import SHOWN, Case, Check, counted, listed, percent

WINDOW = 56
"""Days on either side of a level shift: eight weeks, so that weekdays weigh alike."""

SPREADS = 4.0
"""Spreads that make a shift."""

LEAST = 0.1
"""Shifts of less than this share of the level before them are not told."""

NOBODY = 0.05
"""People or admissions a day below which there is no level."""

Floats = NDArray[np.float64]


def days_without_admissions(case: Case) -> Check:
    """Days on which nobody came, and days on which no snapshot was taken."""
    title = "days without an admission" + (" or a snapshot" if case.snapshots else "")
    calendar = case.calendar
    empty = calendar.filter(pl.col("admissions") == 0)["day"].to_list()
    blind = calendar.filter(~pl.col("snapshot"))["day"].to_list() if case.snapshots else []
    mean = float(calendar["admissions"].mean() or 0.0)  # type: ignore[arg-type]
    by_chance = case.days * np.exp(-mean)
    many = len(empty) > by_chance + 4 * np.sqrt(by_chance) + 0.01
    found = len(set(empty) | set(blind))
    says = [
        f"Nobody was booked in on {counted(len(empty), 'day')}"
        + (f" ({_spans(empty)})" if empty else "")
        + (
            f"; at {mean:.1f} admissions a day, chance alone would leave {by_chance:.1f}."
            if empty or by_chance >= 1
            else "."
        )
    ]
    if case.snapshots:
        says.append(_blind_days(case, blind))
    lost = case.adp * (len(empty) - by_chance) / case.days if many else 0.0
    if many:
        says.append(f"If admissions of those days are missing, the ADP lacks about {lost:.1f}.")
    elif found:
        says.append("Effect on ADP: none.")
    done = "nothing to do"
    if blind:
        done = "who was seen before and after such a day is counted as inside on it"
    elif empty:
        done = "counted as they stand"
    return Check("days_without_admissions", title,
                 "warning" if many else "note" if found else "ok", found, case.days, -lost, done,
                 " ".join(says),
                 tuple(str(day) for day in sorted(set(empty) | set(blind))[:SHOWN]))  # fmt: skip


def _blind_days(case: Case, blind: list[dt.date]) -> str:
    """What the days without a snapshot hide."""
    if not blind:
        return "A snapshot was taken on every day."
    alone = sum(first == last for first, last in _runs(blind))
    single = "a single day" if len(blind) == 1 else f"{counted(alone, 'single day')} among them"
    text = f"No snapshot was taken on {counted(len(blind), 'day')}: {_spans(blind)}; {single}."
    (once,) = case.one("SELECT count(*) FROM stays WHERE first_seen = last_seen")
    taken = case.days - len(blind)
    daily = once / max(taken, 1)
    missing = round(len(blind) * daily)
    return (
        f"{text} About {counted(missing, 'stay')} that only those days' snapshots would have seen "
        f"{'is' if missing == 1 else 'are'} missing ({daily:.1f} a day are seen once)."
    )


def _runs(days: list[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Days on end, as first and last."""
    runs: list[tuple[dt.date, dt.date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == dt.timedelta(1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _spans(days: list[dt.date]) -> str:
    """Days as text, those on end together."""
    return listed(str(a) if a == b else f"{a} to {b}" for a, b in _runs(days))


@dataclass(frozen=True)
class Shift:
    """A sudden lasting change: from one day on, from one median level to another."""

    day: int
    before: float
    after: float


def shifts(series: Floats, floor: float) -> list[Shift]:
    """Sudden lasting changes of level in a daily series, by day.

    Medians of adjoining windows are compared (D. A. Smith, "A quantitative method for the detection
    of edges in noisy time-series", Phil. Trans. R. Soc. B 353, 1998, with medians for means:
    holidays and outliers do not move them) with the spread of such differences over the whole
    series. The spread is the lower quartile of their absolute values, × 3.14 for a normal law (a
    shift in a short series must not widen its own yardstick, as it would a median), or ``floor``
    (what chance gives) if that is more; a steady drift widens it too. A peak beyond
    `SPREADS` of them, and of at least `LEAST` of the level, is a shift. It is dated where the
    absolute deviations from the two medians are least (J. Bai, "Least absolute deviation estimation
    of a shift", Econometric Theory 11, 1995).

    >>> found = shifts(np.repeat([10.0, 4.0], 200), floor=0.5)
    >>> [(shift.day, shift.before, shift.after) for shift in found]
    [(200, 10.0, 4.0)]
    """
    if len(series) < 2 * WINDOW:
        return []
    medians = np.median(np.lib.stride_tricks.sliding_window_view(series, WINDOW), axis=1)
    change = medians[WINDOW:] - medians[:-WINDOW]  # at day i + WINDOW
    spread = max(3.14 * float(np.quantile(np.abs(change), 0.25)), floor)
    level = np.maximum(medians[:-WINDOW], 1e-9)
    size = np.where(np.abs(change) / level >= LEAST, np.abs(change) / spread, 0.0)
    found = []
    while size.max() > SPREADS:
        tops = np.flatnonzero(size == size.max())
        peak = int(tops[len(tops) // 2])
        day = _dated(series, peak + WINDOW)
        at = day - WINDOW
        found.append(Shift(day, float(medians[at]), float(medians[day])))
        size[max(0, min(at, peak) - WINDOW) : max(at, peak) + WINDOW] = 0.0
    return sorted(found, key=lambda shift: shift.day)


def _level(people: float) -> str:
    return f"{people:,.0f}" if people >= 20 else f"{people:.1f}"


def _dated(series: Floats, day: int) -> int:
    """The first day of the new level, within four weeks of the peak."""
    options = range(
        max(WINDOW, day - WINDOW // 2), min(len(series) - WINDOW, day + WINDOW // 2) + 1
    )
    low, high = options[0] - WINDOW, options[-1] + WINDOW

    def apart(option: int) -> float:
        halves = series[low:option], series[option:high]
        return sum(float(np.abs(half - np.median(half)).sum()) for half in halves)

    return min(options, key=apart)


def level_shifts(case: Case) -> Check:
    """Sudden lasting shifts of daily admissions or of the census."""
    title = "sudden lasting shifts of admissions or census"
    if case.days < 2 * WINDOW:
        return Check("level_shifts", title, "note", None, None, None, "nothing to do",
                     f"Not looked for: that takes {2 * WINDOW // 7} weeks, and the window is "
                     f"{counted(case.days, 'day')}.")  # fmt: skip
    calendar, told = case.calendar, []
    # a day's admissions are few and depend on the weekday: each day stands for the week around it
    weekly = pl.col("admissions").rolling_mean(7, center=True, min_samples=1)
    for what, column, independent in (("admissions", weekly, WINDOW), ("census", "people", 1)):
        series = calendar.select(column).to_series().to_numpy().astype(np.float64)
        # chance moves a median of n Poisson counts by √(π/2 · level / n); censuses of eight weeks
        # are one count rather than 56, for the same people stand in most of them
        floor = float(np.sqrt(np.pi * max(float(series.mean()), 1 / WINDOW) / independent))
        for shift in shifts(series, floor):
            if shift.before < NOBODY:
                continue  # from nobody no level has shifted: see window_edges
            day = calendar["day"][shift.day]
            change = shift.after / shift.before - 1
            told.append(
                (day, f"{day}: {what} {'a day ' if what == 'admissions' else ''}from "
                 f"{_level(shift.before)} to {_level(shift.after)} ({'+' if change > 0 else ''}"
                 f"{percent(change)})")
            )  # fmt: skip
    lines = [text for _, text in sorted(told)]
    of = case.days - 2 * WINDOW + 1
    says = (
        "No shift beyond what chance and the usual drift explain."
        if not lines
        else f"{counted(len(lines), 'shift')}: {listed(lines, sign='; ')}. Medians of the eight "
        "weeks before and after. If a system changed, nothing is wrong; if a file did, it is. The "
        "ADP is a mean over both levels: give figures for each side, and fit to one."
    )
    return Check("level_shifts", title, "note" if lines else "ok", len(lines), of, 0.0,
                 "kept" if lines else "nothing to do", says, tuple(lines[:SHOWN]))  # fmt: skip
