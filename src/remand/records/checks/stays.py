"""Stays that cannot be, or that should have ended."""

from __future__ import annotations

from remand.records.checks.check import SPELLS, WHERE, Case, Check, counted, percent


def negative_stays(case: Case) -> Check:
    """Out before in; of snapshots, seen before booked in."""
    title = "out before in" + ("; or seen before booked in" if case.snapshots else "")
    aside = _aside(case, "negative_stay")
    found, says = aside, f"{counted(aside, 'row')} set aside: released before being admitted."
    done = "set aside (table set_aside)" if aside else "nothing to do"
    examples = _aside_rows(case, "negative_stay")
    if case.snapshots:
        early = _seen_early(case)
        found += early[0]
        says = f"{says} {early[1]}" if aside else early[1]
        examples = (*examples, *early[2])[:3]
        if early[0]:
            done = "first seen counts, not the admission" + (f"; {done}" if aside else "")
    elif not aside:
        says = "No row was released before being admitted."
    of = case.stays + aside
    worrying = found > of / 100
    return Check("negative_stays", title, "warning" if worrying else "note" if found else "ok",
                 found, of, 0.0, done,
                 says + (" Effect on ADP: none, for such rows hold no day that a census "
                         "could count." if found else ""), examples)  # fmt: skip


def _seen_early(case: Case) -> tuple[int, str, tuple[str, ...]]:
    """Admissions on a later day than the first sight, or hours after that day's snapshot."""
    late = "false"
    if case.moment:
        late = f"admitted > first_seen + TIME '{case.moment}' + INTERVAL 1 HOUR"
    found, days_before, days, after = case.one(f"""
        SELECT count(*) FILTER (WHERE {late} OR CAST(admitted AS DATE) > first_seen),
            count(*) FILTER (WHERE CAST(admitted AS DATE) > first_seen),
            count(DISTINCT first_seen) FILTER (WHERE {late}),
            count(*) FILTER (WHERE CAST(admitted AS DATE) = first_seen
                AND admitted > first_seen + TIME '{case.moment or "23:59:59"}')
        FROM stays WHERE first_seen IS NOT NULL
    """)  # noqa: S608 - of the contract
    examples = case.texts(f"""
        SELECT {WHERE.format("stays")} || ': first seen ' || first_seen || ', booked in '
            || strftime(admitted, '%Y-%m-%d %H:%M')
        FROM stays LEFT JOIN sources ON sources.source = stays.source
        WHERE first_seen IS NOT NULL AND ({late} OR CAST(admitted AS DATE) > first_seen)
        ORDER BY admitted - first_seen DESC, stay
    """)  # noqa: S608 - of the contract
    if not found:
        return 0, "No stay was seen before it was booked in.", ()
    says = (
        f"{counted(found, 'stay')} first seen before being booked in: {days_before:,} on an "
        f"earlier day, {found - days_before:,} on the same day but over an hour before"
    )
    if case.moment and found > days_before:
        says += (
            f" (it is usually taken at about {case.moment}; these lie on {counted(days, 'day')}, "
            f"when it was perhaps taken later; {after:,} came after {case.moment} by any margin)"
        )
    return int(found), says + ". The day first seen counts.", examples


def old_open_stays(case: Case) -> Check:
    """Open for longer than the bound: the release was probably never written down."""
    years = f"{case.old_open_days / 365:.1f}".rstrip("0").rstrip(".")
    title = f"open for over {years} years ({case.old_open_days:,} days)"
    (inside,) = case.one(f"SELECT count(*) FROM {SPELLS} WHERE day_out IS NULL")  # noqa: S608
    old = f"day_out IS NULL AND day_in < DATE '{case.until}' - {case.old_open_days}"
    found, days = case.one(f"""
        SELECT count(*),
            coalesce(sum(DATE '{case.until}' - greatest(day_seen, DATE '{case.since}')), 0)
        FROM {SPELLS} WHERE {old}
    """)  # noqa: S608 - of the contract
    effect = days / case.days
    examples = case.texts(f"""
        SELECT {WHERE.format("stays")} || ': booked in '
            || coalesce(strftime(admitted, '%Y-%m-%d'), 'unknown')
            || CASE WHEN last_seen IS NULL THEN ', not released'
                ELSE ', seen to ' || last_seen END
        FROM {SPELLS} AS spelled JOIN stays ON spelled.stay = stays.stay
        LEFT JOIN sources ON sources.source = stays.source
        WHERE {old} ORDER BY admitted, spelled.stay
    """)  # noqa: S608 - of the contract
    if not found:
        says = f"None of the {counted(inside, 'stay')} still open has been so for longer."
        return Check("old_open_stays", title, "ok", 0, inside, 0.0, "nothing to do", says)
    holds = f"They hold {effect:.1f} people ({percent(effect / max(case.adp, 1e-9))}) of the ADP."
    says = f"{counted(found, 'stay')} of {inside:,} still open began over {years} years earlier. "
    if case.snapshots:
        says += f"The last snapshot saw every one of them, so they are inside. {holds}"
        return Check("old_open_stays", title, "note", found, inside, effect,
                     "kept as still inside", says, examples)  # fmt: skip
    says += f"Their release may never have been written down. {holds}"
    return Check("old_open_stays", title, "warning", found, inside, effect,
                 "counted as still inside, and joined with nothing after them; look each one up",
                 says, examples)  # fmt: skip


def duplicate_bookings(case: Case) -> Check:
    """The same booking twice: ingest uses the last row and sets the others aside."""
    found = _aside(case, "duplicate_booking")
    of = case.stays + found
    effect = -found / max(case.stays, 1) * case.adp
    says, done = "No booking stands in the records twice.", "nothing to do"
    if found:
        says = (
            f"{counted(found, 'row')} set aside: the same booking stands again below. If they last "
            f"as long as the others, counting them would add about {-effect:.1f} people to the ADP."
        )
        done = "set aside (table set_aside); the last row of each is used"
    return Check("duplicate_bookings", "one booking in several rows",
                 "warning" if found > of / 100 else "note" if found else "ok", found, of, effect,
                 done, says, _aside_rows(case, "duplicate_booking"))  # fmt: skip


def _aside(case: Case, rule: str) -> int:
    """Rows that ingest set aside by a rule."""
    return int(case.one(f"SELECT count(*) FROM set_aside WHERE rule = '{rule}'")[0])  # noqa: S608


def _aside_rows(case: Case, rule: str) -> tuple[str, ...]:
    return case.texts(f"""
        SELECT {WHERE.format("set_aside")} || ': ' || coalesce(field || ' ', '')
            || coalesce('''' || value || '''', reason)
        FROM set_aside LEFT JOIN sources ON sources.source = set_aside.source
        WHERE rule = '{rule}' ORDER BY set_aside.source, line
    """)  # noqa: S608 - of the contract
