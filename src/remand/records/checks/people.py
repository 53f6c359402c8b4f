"""What is recorded of people: contradictions and gaps."""

from __future__ import annotations

from remand.records.checks.check import SPELLS, WHERE, Case, Check, counted, listed, percent

UNKNOWN = ("u", "unk", "unknown", "x", "n/a", "na", "none", "not recorded", "missing", "")
"""Levels, in lower case, that say that a race was not recorded."""

_UNKNOWN = ", ".join(f"'{level}'" for level in UNKNOWN)

BORN = "coalesce(birth_year, year(coalesce(CAST(first_seen AS TIMESTAMP), admitted)) - age)"
"""SQL: year of birth; from age at a day it is right or one too late."""


def conflicting_people(case: Case) -> Check:
    """One person with two races, or with birth years that no birthday explains."""
    title = "one person with two races, or born in two years"
    races, ages, named = case.one(
        "SELECT count(race), count(birth_year) + count(age), count(person) FROM stays"
    )
    if not named or not (races or ages):
        lacks = "one person from another" if not named else "race, age and year of birth"
        return Check("conflicting_people", title, "note", None, None, None, "left as recorded",
                     f"Not looked for: the records do not tell {lacks}.")  # fmt: skip
    case.con.execute(f"""
    CREATE OR REPLACE TEMP TABLE settled_people AS
    WITH unsaid AS (
        SELECT DISTINCT race, lower(trim(race)) IN ({_UNKNOWN}) AS unknown FROM stays
    ),
    told AS (
        SELECT person, {BORN} AS born, CASE WHEN NOT unknown THEN stays.race END AS race
        FROM stays LEFT JOIN unsaid ON stays.race = unsaid.race WHERE person IS NOT NULL
    )
    SELECT person, coalesce(min(race) <> max(race), false) AS races,
        coalesce(max(born) - min(born) > 1, false) AS births
    FROM told GROUP BY person
    """)  # noqa: S608 - of the contract
    (people,) = case.one("SELECT count(*) FROM settled_people")
    case.con.execute(
        "CREATE OR REPLACE TEMP TABLE settled_conflicts AS "
        "SELECT * FROM settled_people WHERE races OR births"
    )
    found, two_races, two_births = case.one(
        "SELECT count(*), count(*) FILTER (WHERE races), count(*) FILTER (WHERE births) "
        "FROM settled_conflicts"
    )
    if not found:
        looked = [n for n, had in (("race", races), ("year of birth", ages)) if had]
        says = f"Nobody of {people:,} has more than one {' or one '.join(looked)}."
        return Check("conflicting_people", title, "ok", 0, people, 0.0, "nothing to do", says)
    (held,) = case.one(f"""
        SELECT coalesce(sum(greatest(0,
            coalesce(day_out, DATE '{case.until}') - greatest(day_seen, DATE '{case.since}'))), 0)
        FROM {SPELLS} AS spelled JOIN stays ON spelled.stay = stays.stay
        SEMI JOIN settled_conflicts USING (person)
    """)  # noqa: S608 - of the contract
    says = (
        f"{counted(found, 'person', 'people')} of {people:,}: {two_races:,} with two races "
        f"(unknown not counted), {two_births:,} with years of birth more than one apart, as "
        f"recorded or as age implies. The ADP as a whole does not move; "
        f"{float(held) / case.days:,.0f} people of it are theirs, and may "
        "stand under another race or age."
    )
    return Check("conflicting_people", title,
                 "warning" if found > people / 100 else "note", found, people, 0.0,
                 "kept: each stay goes by what was recorded at its own booking", says,
                 _conflicts(case))  # fmt: skip


def _conflicts(case: Case) -> tuple[str, ...]:
    """Examples: what stands in one row of a person, and in another."""
    return case.texts(f"""
        WITH shown AS (SELECT * FROM settled_conflicts ORDER BY NOT races, person LIMIT 3),
        told AS (
            SELECT person, stays.line, race, {BORN} AS born, {WHERE.format("stays")} AS place,
                races
            FROM stays JOIN shown USING (person)
            LEFT JOIN sources ON sources.source = stays.source
        )
        SELECT CASE WHEN any_value(races)
            THEN arg_min(place, (race, line)) || ': race ' || min(race)
                || '; line ' || coalesce(CAST(arg_max(line, (race, line)) AS VARCHAR), '?')
                || ': race ' || max(race)
            ELSE arg_min(place, (born, line)) || ': born about ' || min(born)
                || '; line ' || coalesce(CAST(arg_max(line, (born, line)) AS VARCHAR), '?')
                || ': ' || max(born) END
        FROM told WHERE NOT races OR lower(trim(race)) NOT IN ({_UNKNOWN})
        GROUP BY person ORDER BY person
    """)  # noqa: S608 - of the contract


NOT_ASKED = ("stay", "synthetic", "source", "line", "first_seen", "last_seen")
"""Columns that the work file fills itself."""


def missing_fields(case: Case) -> Check:
    """Cells left empty, column by column."""
    title = "empty fields"
    columns = [
        row[0] for row in case.con.execute("DESCRIBE stays").fetchall() if row[0] not in NOT_ASKED
    ]
    if not case.stays:
        return Check("missing_fields", title, "note", None, None, None, "nothing to do",
                     "Not looked for: there are no stays.")  # fmt: skip
    filled = dict(
        zip(
            columns,
            case.one(f"SELECT {', '.join(_count(c, case) for c in columns)} FROM stays"),  # noqa: S608
            strict=True,
        )
    )
    told = _told(case)
    never = [c for c, (full, due) in filled.items() if due and not full and c not in told]
    gaps = {
        c: (due - full) / due
        for c, (full, due) in filled.items()
        if full < due and (full or c in told)
    }
    if not gaps:
        says = "Every column that these files fill is full."
        return Check("missing_fields", title, "ok", 0, case.stays, 0.0, "nothing to do",
                     says + _never(never))  # fmt: skip
    some = " OR ".join(_empty(c, case) for c in gaps)
    (found,) = case.one(f"SELECT count(*) FROM stays WHERE {some}")  # noqa: S608 - own columns
    worst = sorted(gaps, key=lambda c: -gaps[c])
    says = (
        f"{counted(found, 'stay')} ({percent(found / case.stays)}) with something empty. By "
        f"column: {', '.join(f'{c} {percent(gaps[c])}' for c in worst)}.{_never(never)} "
        "The ADP counts them all."
    )
    named = " || ', ' || ".join(
        f"CASE WHEN {_empty(c, case)} THEN ' {c}' ELSE '' END" for c in worst
    )
    examples = case.texts(f"""
        SELECT {WHERE.format("stays")} || ': no'
            || rtrim(regexp_replace({named}, '(, )+', ',', 'g'), ',')
        FROM stays LEFT JOIN sources ON sources.source = stays.source WHERE {some} ORDER BY stay
    """)  # noqa: S608 - own columns
    return Check("missing_fields", title, "warning" if max(gaps.values()) > 0.05 else "note",
                 found, case.stays, 0.0, "kept, under 'not recorded' in any breakdown", says,
                 tuple(text.replace(": no,", ": no") for text in examples))  # fmt: skip


def _told(case: Case) -> set[str]:
    """Columns of ``stays`` that a column of the files was read as, be it empty throughout."""
    rows = case.con.execute("""
        SELECT DISTINCT unnest([name->>'$.field', name->>'$.kept']) FROM (
            SELECT unnest(CAST(mapping->'$.columns' AS JSON[])) AS name FROM sources)
    """).fetchall()
    return {row[0] for row in rows if row[0]}


def _due(column: str, case: Case) -> str:
    """SQL: whether a stay should have a column: how it ended only once it has."""
    if column == "released":
        return "first_seen IS NULL AND false"  # empty: still inside; see window_edges
    if column == "release_reason":
        return f"last_seen < DATE '{case.until}' - 1" if case.snapshots else "released IS NOT NULL"
    return "true"


def _count(column: str, case: Case) -> str:
    """SQL: how many stays have a column, of how many that should."""
    due = _due(column, case)
    full = f"NOT ({_empty(column, case)})"
    return f"(count(*) FILTER (WHERE {due} AND {full}), count(*) FILTER (WHERE {due}))"


def _empty(column: str, case: Case) -> str:
    return f'({_due(column, case)} AND ("{column}" IS NULL OR CAST("{column}" AS VARCHAR) = \'\'))'


def _never(columns: list[str]) -> str:
    return f" Not in these files: {listed(columns, most=20)}." if columns else ""
