"""What the edges of the window cut off, and what no snapshot can see."""

from __future__ import annotations

import math

import polars as pl

from remand.records.checks.check import SPELLS, WHERE, Case, Check, counted, percent

WEEKS = 8
"""Weeks that recent admissions are compared with."""


def window_edges(case: Case) -> Check:
    """Truncation: stays open at either edge, a census that only fills up, a lag in reporting."""
    title = "stays cut off at the window's edges"
    found, spelled, before, late, open_at_end, passed = case.one(f"""
        SELECT count(*) FILTER (WHERE day_seen > day_in OR day_out IS NULL), count(*),
            count(*) FILTER (WHERE day_seen > day_in AND day_in < DATE '{case.since}'
                AND day_seen = DATE '{case.since}'),
            count(*) FILTER (WHERE day_seen > day_in AND day_seen > DATE '{case.since}'),
            count(*) FILTER (WHERE day_out IS NULL),
            count(*) FILTER (WHERE day_in = day_out)
        FROM {SPELLS}
    """)  # noqa: S608 - of the contract
    if not spelled:
        return Check("window_edges", title, "note", None, None, None, "nothing to do",
                     "Not looked for: there are no stays.")  # fmt: skip
    says = []
    if before:
        says.append(
            f"{counted(before, 'stay')} {'were' if before > 1 else 'was'} already open on "
            f"{case.since}, so left-truncated: who came as early and left before is not in here."
        )
    if late:
        says.append(
            f"{counted(late, 'stay')} {'are' if late > 1 else 'is'} first seen in a later "
            "snapshot than the first that could have (also left-truncated)."
        )
    if open_at_end:
        says.append(f"{counted(open_at_end, 'stay')} still inside at the end (right-censored).")
    ramp, lacks = _ramp(case)
    lag = "" if case.snapshots else _lag(case)  # no snapshot is written up late
    silent = _silent(case)
    says += [text for text in (ramp, silent, lag, _unseen(case) if case.snapshots else "") if text]
    if passed and not case.snapshots:
        says.append(
            f"{counted(passed, 'stay')} ({percent(passed / spelled)}) crossed no midnight: "
            "admissions that no census counts."
        )
    if not says:
        says.append("Every stay begins and ends inside the window.")
    elif not lacks:
        says.append("Effect on ADP: none, for who is inside is counted while inside.")
    done = "kept; fits count them from the day they were seen, to the day they last were"
    examples = case.texts(f"""
        SELECT {WHERE.format("stays")} || CASE
            WHEN spelled.day_seen > spelled.day_in
            THEN ': in ' || spelled.day_in || ', seen from ' || spelled.day_seen
            ELSE ': in ' || spelled.day_in || ', still inside' END
        FROM {SPELLS} AS spelled JOIN stays ON spelled.stay = stays.stay
        LEFT JOIN sources ON sources.source = stays.source
        WHERE spelled.day_seen > spelled.day_in OR spelled.day_out IS NULL
        ORDER BY spelled.day_in, spelled.stay
    """)  # noqa: S608 - of the contract
    return Check("window_edges", title, "warning" if ramp or lag or silent else "note" if found or
                 case.snapshots else "ok", found, spelled, lacks, done if found else
                 "nothing to do", " ".join(says), examples)  # fmt: skip


def _ramp(case: Case) -> tuple[str, float]:
    """A census that starts near nothing: only those admitted inside the window were exported."""
    people = case.calendar["people"]
    settled = float(people[case.days // 2 :].median() or 0.0)  # type: ignore[arg-type]
    if case.days < 2 * WEEKS * 7 or float(people[0]) >= settled / 2:
        return "", 0.0
    full = case.calendar.filter(pl.col("people") >= 0.95 * settled)["day"][0]
    days = (full - case.since).days
    lacks = float((settled - people[:days]).sum()) / case.days
    return (
        f"The census starts at {people[0]:,} and takes {counted(days, 'day')} to reach its later "
        f"level of {settled:,.0f}: the export seems to hold only those admitted inside the window. "
        f"ADP before {full} is too low, by {lacks:.1f} people over the whole window; ask for "
        "everyone inside on the first day, or measure from that day on.",
        -lacks,
    )


def _silent(case: Case) -> str:
    """Weeks at the beginning in which nobody came: the window begins before the admissions do."""
    came = case.calendar.filter(pl.col("admissions") > 0)["day"]
    days = (came[0] - case.since).days if len(came) else 0
    if days < 7 * WEEKS:
        return ""
    return (
        f"Nobody was booked in before {came[0]}, {counted(days, 'day')} into the window: the "
        "export seems to begin there; let the window begin there too (mapping, window: from)."
    )


def _lag(case: Case) -> str:
    """Few admissions in the last week: some are perhaps not entered yet."""
    weeks = case.calendar["admissions"].to_numpy()[-7 * (WEEKS + 1) :]
    if len(weeks) < 7 * (WEEKS + 1):
        return ""
    *earlier, last = weeks.reshape(WEEKS + 1, 7).sum(axis=1).tolist()
    usual = sorted(earlier)[WEEKS // 2 - 1 : WEEKS // 2 + 1]
    level = sum(usual) / 2
    if last >= level / 2 or level - last < 4 * math.sqrt(level):
        return ""
    return (
        f"Only {counted(last, 'admission')} in the last 7 days, against {level:,.0f} a week in the "
        f"{WEEKS} weeks before: some of these days may not be entered yet."
    )


def _unseen(case: Case) -> str:
    """Stays between two snapshots: how many, if people leave as fast on day one as on day two.

    With snapshots a day apart, admissions at any moment between them and survival S, stays seen at
    least once are λ∫₀¹S and at least twice λ∫₁²S. At a constant rate the ratio r of the two is
    S(1), and the share seen is (1 − r) / −ln r.
    """
    seen, again = case.one(f"""
        SELECT count(*), count(*) FILTER (WHERE last_seen > first_seen) FROM stays
        WHERE first_seen > DATE '{case.since}' AND first_seen < DATE '{case.until}' - 1
            AND (admitted IS NULL OR first_seen - CAST(admitted AS DATE) <= 1)
    """)  # noqa: S608 - of the contract
    text = "Stays of less than a day are missed unless a snapshot falls into them"
    if not seen or not 0 < again < seen:
        return f"{text}; how many cannot be said."
    ratio = again / seen
    missed = -math.log(ratio) / (1 - ratio) - 1
    return (
        f"{text}. {percent(1 - ratio)} of those who came were seen once only; if people leave as "
        f"fast on their first day, about {missed * seen:,.0f} more stays ({percent(missed)} of "
        "admissions) were never seen, and more if they leave faster. The census of a snapshot "
        "is right without them; admissions are too few and mean stays too long."
    )
