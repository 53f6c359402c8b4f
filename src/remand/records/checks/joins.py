"""Stays that only go on with an earlier one: what is counted as one, and why."""

from __future__ import annotations

from remand.records.checks.check import WHERE, Case, Check, counted, percent

MINUTES = 60
"""Booked again within this long of a release, a person is taken not to have left."""


def join(case: Case) -> None:
    """Fill the table ``joined`` anew, and keep what it does to the census for the checks.

    A person's stays are put in order and run through once: a stay that begins before all earlier
    ones have ended overlaps them; one that begins within an hour of the last end, or on its day
    after a transfer, goes on with them. A stay that has been open for longer than the bound joins
    nothing after it: its release was probably never written down, and it would swallow the rest.
    """
    began = "coalesce(CAST(first_seen AS TIMESTAMP), admitted)"
    ended = f"""CASE
        WHEN first_seen IS NOT NULL THEN CAST(last_seen + 1 AS TIMESTAMP)
        WHEN released IS NOT NULL THEN released
        WHEN admitted >= DATE '{case.until}' - {case.old_open_days} THEN TIMESTAMP '9999-12-31'
        ELSE admitted
    END"""
    case.con.execute("DELETE FROM joined")
    # whoever has a stay that goes on with any earlier one has one that goes on with the one before
    case.con.execute(f"""
    CREATE OR REPLACE TEMP TABLE settled_joins AS
    WITH timed AS (
        SELECT source FROM stays WHERE first_seen IS NULL GROUP BY source
        HAVING bool_or(CAST(admitted AS TIME) <> TIME '00:00')
            AND bool_or(CAST(released AS TIME) <> TIME '00:00')
    ),
    near AS (
        SELECT DISTINCT person FROM (
            SELECT person, began, lag(ended) OVER (PARTITION BY person ORDER BY began) AS before
            FROM (SELECT person, {began} AS began, {ended} AS ended FROM stays
                  WHERE person IS NOT NULL)
        ) WHERE CAST(began - INTERVAL {MINUTES} MINUTE AS DATE) <= CAST(before AS DATE)
    ),
    recorded AS (
        SELECT stay, person, {began} AS began, {ended} AS ended,
            first_seen IS NULL AND released IS NULL AS open,
            first_seen IS NULL AND contains(lower(release_reason), 'transfer') AS transferred,
            source IN (SELECT source FROM timed) AS timed
        FROM stays SEMI JOIN near USING (person)
    ),
    followed AS (
        SELECT *,
            max(ended) OVER earlier AS reached,
            lag(ended) OVER ordered AS before,
            timed AND lag(timed) OVER ordered AS to_the_minute,
            lag(transferred) OVER ordered AS after_transfer
        FROM recorded
        WINDOW ordered AS (PARTITION BY person ORDER BY began, ended, stay),
            earlier AS (ordered ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),
    ruled AS (
        SELECT *, CASE
            WHEN began < reached THEN 'overlapping_stays'
            WHEN to_the_minute AND began <= reached + INTERVAL {MINUTES} MINUTE THEN 'split_stays'
            WHEN after_transfer AND before = reached
                AND CAST(began AS DATE) = CAST(reached AS DATE) THEN 'split_stays'
        END AS rule
        FROM followed
    ),
    chained AS (
        SELECT *, last_value(CASE WHEN rule IS NULL THEN stay END IGNORE NULLS)
            OVER (PARTITION BY person ORDER BY began, ended, stay) AS first
        FROM ruled WHERE person IN (SELECT person FROM ruled WHERE rule IS NOT NULL)
    ),
    days AS (
        SELECT stay, first, rule, {_clipped("began", case)} AS day_in,
            CASE WHEN open THEN DATE '{case.until}' ELSE {_clipped("ended", case)} END AS day_out,
            {_clipped("reached", case)} AS reached
        FROM chained WHERE rule IS NOT NULL
    )
    SELECT stay, first, rule,
        (day_out - day_in) - greatest(0, day_out - greatest(day_in, reached)) AS twice,
        greatest(0, day_in - reached) AS between_them
    FROM days
    """)  # noqa: S608 - of the contract and the window
    case.con.execute("INSERT INTO joined SELECT stay, first, rule FROM settled_joins")


def _clipped(moment: str, case: Case) -> str:
    """SQL: the day of a moment, within the window."""
    return f"least(greatest(CAST({moment} AS DATE), DATE '{case.since}'), DATE '{case.until}')"


def overlapping_stays(case: Case) -> Check:
    """One person in two stays at once: counted once."""
    (stays,) = case.one("SELECT count(person) FROM stays")
    title = "one person in two stays at a time"
    if not stays:
        return _nobody("overlapping_stays", title)
    found, days = _of(case, "overlapping_stays", "twice")
    effect = -days / case.days
    says = (
        "Nobody is in two stays at once."
        if not found
        else f"{counted(found, 'stay')} began before an earlier stay of the same person had ended. "
        f"Counted apart, they would add {-effect:.2f} people to the ADP."
    )
    done = (
        "counted as one with the stay they overlap (table joined); stays keeps both" if found else
        "nothing to do"
    )  # fmt: skip
    return Check("overlapping_stays", title, "warning" if found and found > stays / 100 else
                 "note" if found else "ok", found, stays, effect, done, says,
                 _examples(case, "overlapping_stays"))  # fmt: skip


def split_stays(case: Case) -> Check:
    """A release and a booking that are one stay: a transfer, a change of case, a correction."""
    title = f"let out and booked again within {MINUTES} minutes, or on the day of a transfer"
    (stays,) = case.one("SELECT count(person) FROM stays")
    if not stays:
        return _nobody("split_stays", title)
    if case.snapshots:
        return Check("split_stays", title, "note", None, None, None, "left apart",
                     _next_day(case))  # fmt: skip
    (able,) = case.one(
        "SELECT (bool_or(CAST(admitted AS TIME) <> TIME '00:00') AND "
        "bool_or(CAST(released AS TIME) <> TIME '00:00')) OR count(release_reason) > 0 FROM stays"
    )
    if not able:
        return Check("split_stays", title, "note", None, None, None, "left apart",
                     "Not looked for: the records have neither times of day nor reasons of "
                     "release, and people may be let out and booked anew on one day.")  # fmt: skip
    found, days = _of(case, "split_stays", "between_them")
    says = "No stay goes straight on with an earlier one."
    if found:
        says = (
            f"{counted(found, 'stay')} ({percent(found / stays)}) only "
            f"{'go' if found > 1 else 'goes'} on with an earlier one of the same person. "
            f"Counted apart, admissions would be {percent(found / max(stays - found, 1))} too many "
            f"and stays too short; the ADP would lack {days / case.days:.2f} people."
        )
    done = "counted as one stay (table joined); stays keeps both" if found else "nothing to do"
    return Check("split_stays", title, "warning" if found > stays / 20 else "note" if found else
                 "ok", found, stays, days / case.days, done, says,
                 _examples(case, "split_stays"))  # fmt: skip


def _of(case: Case, rule: str, days: str) -> tuple[int, float]:
    """Stays joined by a rule, and days of the census that this changed."""
    found, changed = case.one(
        f"SELECT count(*), coalesce(sum({days}), 0) FROM settled_joins WHERE rule = '{rule}'"  # noqa: S608
    )
    return int(found), float(changed)


def _next_day(case: Case) -> str:
    """What snapshots show of split stays: a person's next stay in the very next snapshot."""
    (near,) = case.one("""
        WITH following AS (SELECT day, lead(day) OVER (ORDER BY day) AS next FROM snapshots)
        SELECT count(*) FROM stays AS later JOIN following ON later.first_seen = following.next
        SEMI JOIN stays AS earlier
            ON earlier.person = later.person AND earlier.last_seen = following.day
    """)
    return (
        "Not looked for: snapshots do not tell when people were let out. "
        f"{counted(near, 'stay')} of people whom the snapshot just before still saw in an earlier "
        "stay, booked anew in between, may be either."
    )


def _nobody(name: str, title: str) -> Check:
    return Check(name, title, "note", None, None, None, "left apart",
                 "Not looked for: the records do not tell one person from another.")  # fmt: skip


def _examples(case: Case, rule: str) -> tuple[str, ...]:
    when = (
        "'seen ' || {0}.first_seen || ' to ' || {0}.last_seen"
        if case.snapshots
        else "'in ' || strftime({0}.admitted, '%Y-%m-%d %H:%M') || ', out ' || "
        "coalesce(strftime({0}.released, '%Y-%m-%d %H:%M'), 'not yet')"
    )
    return case.texts(f"""
        SELECT {WHERE.format("later")} || ': ' || {when.format("later")}
            || '; line ' || coalesce(CAST(earlier.line AS VARCHAR), '?') || ': '
            || {when.format("earlier")}
        FROM joined JOIN stays AS later ON later.stay = joined.stay
        JOIN stays AS earlier ON earlier.stay = joined.first
        LEFT JOIN sources ON sources.source = later.source
        WHERE rule = '{rule}' ORDER BY joined.stay
    """)  # noqa: S608 - of the contract
