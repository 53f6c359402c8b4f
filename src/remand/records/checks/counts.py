"""The jail's own counts: against the stays, and against themselves."""

from __future__ import annotations

import polars as pl

from remand.records.census import off, rebuilt
from remand.records.checks.check import SHOWN, SPELLS, Case, Check, counted, percent

CLOSE = 0.007
"""A rebuilt census within this of the published one is called the same."""

RAMP = 56
"""Days after the first in which gaps that were filled in show as an excess that grows."""


def census_differs(case: Case) -> Check:
    """The published census against the one rebuilt from stays."""
    title = "published census against the rebuilt one"
    both = case.calendar.filter(pl.col("published") > 0)
    if case.snapshots:
        both = both.filter(pl.col("snapshot"))
    if both.is_empty():
        return Check("census_differs", title, "note", None, None, None, "nothing to do",
                     "Not looked for: no published census covers these days. Take one in to see "
                     "how far the stays can be trusted.")  # fmt: skip
    both = both.with_columns(
        (pl.col("people") - pl.col("published")).alias("excess"),
        (pl.col("people") / pl.col("published") - 1).alias("apart"),
    )
    excess, apart = (float(both[c].mean()) for c in ("excess", "apart"))  # type: ignore[arg-type]
    worst = both.sort(pl.col("apart").abs(), descending=True).row(0, named=True)
    found = both.filter(pl.col("apart").abs() > CLOSE).height
    mean_off = off(both) or 0.0
    says = (
        f"Rebuilt minus published: {excess:+.1f} people a day on average ({_signed(apart)}), at "
        f"worst {_signed(worst['apart'])} on {worst['day']}; "
        f"{percent(found / both.height)} of {counted(both.height, 'day')} beyond {percent(CLOSE)}."
    )
    says += _gaps_filled(case, both)
    if case.snapshots:
        says += _by_admission(case)
    examples = [
        f"{row['day']}: published {row['published']:,.0f}, rebuilt {row['people']:,}"
        for row in both.sort(pl.col("apart").abs(), descending=True).head(SHOWN).to_dicts()
        if row["apart"]
    ]
    severity = "warning" if found > both.height / 20 else "note" if mean_off > 0.0005 else "ok"
    return Check("census_differs", title, "note" if found and severity == "ok" else severity,  # type: ignore[arg-type]
                 found, both.height, excess,
                 "none changed: figures follow the stays" if mean_off else "nothing to do", says,
                 tuple(examples) if found or severity != "ok" else ())  # fmt: skip


def _signed(share: float) -> str:
    return f"{'+' if share > 0 else ''}{percent(share)}"


def _gaps_filled(case: Case, both: pl.DataFrame) -> str:
    """The reason, where the excess has the shape that gaps filled in between sights give it.

    Who is missing from one snapshot but seen before and after it is inside by ``first_seen …
    last_seen`` and not in the published count. On the first day nobody can be such a case, so the
    excess starts at zero and grows over some weeks, and it is hardly ever below zero.
    """
    if not case.snapshots or both.height < 3 * RAMP or both["day"][0] != case.since:
        return ""
    excess = both["excess"]
    middle = float(excess[RAMP:-RAMP].mean())  # type: ignore[arg-type]
    first, days = float(excess[0]), both["day"]
    never_below = float((excess >= 0).mean()) > 0.99  # type: ignore[arg-type]
    if not (middle > 1 and never_below and abs(first) < 0.1 * middle):
        return ""
    week = both.filter(pl.col("day") == days[0] + pl.duration(days=7))["excess"]
    last, late = float(excess[-1]), float(excess[-RAMP:].mean())  # type: ignore[arg-type]
    ending = (
        " It does not fall to zero on the last day, so the stays seem to have been made from "
        "snapshots that go on after it."
        if last > 0.5 * late
        else " It falls to zero at the end, too."
    )
    return (
        f" Why: the excess is {first:.0f} on the first day"
        + (f", {week[0]:.0f} after a week" if len(week) else "")
        + f", {middle:.0f} on average from the ninth week on and {last:.0f} on the last day, and "
        "hardly ever below zero. So it is if people missing from a snapshot (at court, in "
        "hospital, out for a night) but seen before and after it are counted as inside by "
        f"first_seen … last_seen, and not by the published count.{ending}"
    )


def _by_admission(case: Case) -> str:
    """What the census would be if stays began at admission: the midnight shift."""
    (recorded,) = case.one("SELECT count(admitted) FROM stays WHERE first_seen IS NOT NULL")
    if not recorded:
        return ""
    shifted = f"""(SELECT coalesce(day_out, DATE '9999-12-31') AS ended,
        least(spelled.day_seen, coalesce(CAST(stays.admitted AS DATE), spelled.day_seen)) AS began,
        FROM {SPELLS} AS spelled JOIN stays ON spelled.stay = stays.stay)"""  # noqa: S608
    counted_so = rebuilt(
        case.con,
        f"(SELECT began AS day_seen, ended AS day_out FROM {shifted})",  # noqa: S608
    ).filter(pl.col("published") > 0)
    apart = float((counted_so["people"] / counted_so["published"] - 1).mean())  # type: ignore[arg-type]
    (next_day,) = case.one(
        "SELECT count(*) FILTER (WHERE first_seen > CAST(admitted AS DATE)) / count(*) "  # noqa: S608
        f"FROM stays WHERE first_seen > DATE '{case.since}'"
    )
    taken = f" at about {case.moment}" if case.moment else ""
    return (
        f" Rebuilt from the day of admission instead of the first snapshot it would be "
        f"{_signed(apart)} on average: the midnight shift. The snapshot is taken{taken}; who comes "
        f"in after it is first seen on a later day ({percent(next_day or 0.0)} of those who came)."
    )


def race_rows_differ(case: Case) -> Check:
    """Levels of an axis of the published census that do not add up to its total."""
    title = "published rows by race (or another axis) that do not add up"
    sums = case.con.execute("""
        WITH latest AS (
            SELECT day, axis, level, arg_max(people, source) AS people
            FROM census WHERE people IS NOT NULL GROUP BY ALL
        ),
        summed AS (
            SELECT day, axis, sum(people) AS people FROM latest WHERE axis IS NOT NULL GROUP BY ALL
        )
        SELECT summed.axis, count(*),
            count(*) FILTER (WHERE abs(summed.people - total.people) > 0.5),
            avg(summed.people - total.people), avg(summed.people) / avg(total.people) - 1,
            (SELECT string_agg(level, ', ' ORDER BY level)
             FROM (SELECT DISTINCT level FROM latest WHERE latest.axis = summed.axis))
        FROM summed JOIN latest AS total ON total.day = summed.day AND total.axis IS NULL
        GROUP BY summed.axis ORDER BY summed.axis
    """).fetchall()
    if not sums:
        return Check("race_rows_differ", title, "note", None, None, None, "nothing to do",
                     "Not looked for: no published census has a total and rows by race, or by "
                     "anything else.")  # fmt: skip
    of, found = sum(row[1] for row in sums), sum(row[2] for row in sums)
    says = " ".join(_axis(*row) for row in sums)
    says += _races(case)
    if found:
        says += " Effect on ADP: none, for it is counted from stays, not from these rows."
    examples = case.texts("""
        SELECT rows.day || ': ' || rows.axis || ' ' || string_agg(rows.level || ' '
            || CAST(rows.people AS BIGINT), ', ' ORDER BY rows.level) || '; total '
            || CAST(any_value(total.people) AS BIGINT)
        FROM census AS rows JOIN census AS total ON total.day = rows.day AND total.axis IS NULL
        WHERE rows.axis IS NOT NULL GROUP BY rows.day, rows.axis
        HAVING abs(sum(rows.people) - any_value(total.people)) > 0.5
        ORDER BY rows.axis, rows.day
    """)
    return Check("race_rows_differ", title, "warning" if found > of / 20 else "note" if found else
                 "ok", found, of, 0.0,
                 "kept; no share is taken of a total that its rows do not make" if found else
                 "nothing to do", says, examples)  # fmt: skip


def _axis(axis: str, days: int, wrong: int, apart: float, share: float, levels: str) -> str:
    if not wrong:
        every = f"all {days:,} days" if days > 1 else "the one day"
        return f"{axis.capitalize()} rows ({levels}) add up to the total on {every}."
    short = "are short of" if apart < 0 else "exceed"
    return (
        f"{axis.capitalize()} rows ({levels}) {short} the total by {abs(apart):,.0f} people "
        f"({percent(abs(share))}) on average, on {wrong:,} of {counted(days, 'day')}"
        + (": levels are left out." if share < -0.05 else ".")
    )


def _races(case: Case) -> str:
    """Races as recorded at booking against the races of the published census."""
    rows = case.con.execute(f"""
        WITH held AS (
            SELECT race AS level, sum(greatest(0, coalesce(day_out, DATE '{case.until}')
                - greatest(day_seen, DATE '{case.since}'))) / {case.days} AS people
            FROM {SPELLS} AS spelled JOIN stays ON spelled.stay = stays.stay GROUP BY race
        ),
        told AS (SELECT level, avg(people) AS people FROM census WHERE axis = 'race'
            AND day >= DATE '{case.since}' AND day < DATE '{case.until}' GROUP BY level)
        -- the same word, or one is the other's initial and nobody else's
        SELECT held.level, held.people, told.people FROM held JOIN told
        ON lower(held.level) = lower(told.level)
            OR (least(length(held.level), length(told.level)) = 1
                AND lower(held.level[1]) = lower(told.level[1]))
        QUALIFY count(*) OVER (PARTITION BY held.level) = 1
            AND count(*) OVER (PARTITION BY told.level) = 1
        ORDER BY told.people DESC, told.level
    """).fetchall()  # noqa: S608 - of the contract
    if not rows:
        return ""
    pairs = "; ".join(
        f"{level} {people:,.0f} against {told:,.0f} ({_signed(people / told - 1)})"
        for level, people, told in rows
        if told
    )
    return f" Mean census by race, from stays against published: {pairs}."
