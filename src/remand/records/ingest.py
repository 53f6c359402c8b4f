"""Records into a work file: looked at, mapped, staged, merged, settled. Whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remand.errors import InputError, did_you_mean
from remand.records import census, quality
from remand.records.contracts import SPELLS_VIEW
from remand.records.intake import counts, merging, reading, snapshots, staging
from remand.records.intake.columns import KIND_NAMES, Corrections, Read
from remand.records.intake.looking import LONGEST, Look, look
from remand.records.intake.mapping import mapped
from remand.records.intake.workfile import rewritten

if TYPE_CHECKING:
    import duckdb

OFF = 0.05
"""How far the rebuilt census may be off the published one, as a mean share of it."""

STAYS = {"bookings", "snapshots"}
_NOTHING = Corrections()


@dataclass(frozen=True)
class Rule:
    """Rows set aside for one reason: how many, and the first of them."""

    rule: str
    rows: int
    line: int
    field: str | None
    value: str | None
    reason: str


@dataclass(frozen=True)
class Taken:
    """What became of one file.

    Attributes:
        file, kind, sha256: as in ``sources``.
        known: the file had been read before: nothing was done.
        read: how its columns were read; None if it was known.
        rows, used: below the header, and of those, in tables now. The rest is set aside.
        set_aside: by rule.
        new, updated, unchanged: stays; of counts, ``new`` are rows of the table.
        notes: what was taken for granted, or left empty.
    """

    file: str
    kind: str
    sha256: str
    known: bool = False
    read: Read | None = None
    rows: int = 0
    used: int = 0
    set_aside: tuple[Rule, ...] = ()
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand ingest --json``."""
        return {
            "file": self.file,
            "kind": self.kind,
            "sha256": self.sha256,
            "known": self.known,
            "columns": [c.as_json() for c in self.read.columns] if self.read else [],
            "rows": self.rows,
            "used": self.used,
            "set_aside": [vars(rule) for rule in self.set_aside],
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Ingested:
    """What became of all files, and what the work file holds now.

    Attributes:
        into: the work file.
        files: one a file, in the order given.
        stays: how many it holds.
        since, until: its window, half-open; None without stays.
        basis, snapshot_time: as in ``about``.
        checks: the twelve, in their order; none without stays.
        days: days with a published and a rebuilt census.
        off: mean of how far the rebuilt one is off, as a share; None if nothing is published.
    """

    into: Path
    files: tuple[Taken, ...]
    stays: int
    since: dt.date | None
    until: dt.date | None
    basis: str
    snapshot_time: str | None
    checks: tuple[quality.Check, ...]
    days: int
    off: float | None

    def failed(self, strict: Sequence[str]) -> list[str]:
        """Reasons to call it a failure: chosen checks that found something, a census far off."""
        reasons = [
            f"--strict {check.name}: {check.found:,} found"
            for check in self.checks
            if check.name in strict and check.found
        ]
        if self.off is not None and self.off > OFF:
            reasons.append(
                f"the rebuilt census is {100 * self.off:.1f} % off the published one, over "
                f"{self.days:,} days: more than {100 * OFF:.0f} %"
            )
        return reasons


def ingest(
    files: Sequence[str | Path],
    into: str | Path,
    kind: str | None = None,
    corrections: Corrections = _NOTHING,
    keep: Sequence[str] = (),
    *,
    say: Callable[[str], None] = lambda _: None,
    longest: int = LONGEST,
) -> Ingested:
    """Read files into a work file, which is made, or added to. ``say`` is told of progress.

    Raises InputError, and leaves the work file as it was, if any of them cannot be used.
    """
    if kind is not None and kind not in KIND_NAMES:
        raise InputError.of(
            f"--as {kind}: there is no such kind", fix=did_you_mean(kind, KIND_NAMES)
        )
    path = Path(into)
    with rewritten(path) as (con, scratch):
        taken = tuple(
            _take(con, Path(file), scratch, kind, corrections, keep, say, longest) for file in files
        )
        say("checking")
        about = _facts(con, corrections)
        has_stays = "window_from" in about
        checks = quality.settle(con) if has_stays else []
        compared = census.rebuilt(con) if has_stays else None
        off = None if compared is None else census.off(compared)
        days = 0 if compared is None else compared["published"].drop_nulls().len()
        say("writing")
        return Ingested(
            path, taken, _count(con, "stays"), _day(about.get("window_from")),
            _day(about.get("window_to")), about.get("basis", ""), about.get("snapshot_time"),
            tuple(checks), days, off,
        )  # fmt: skip


def _take(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    scratch: Path,
    kind: str | None,
    corrections: Corrections,
    keep: Sequence[str],
    say: Callable[[str], None],
    longest: int,
) -> Taken:
    """Read one file into the open work file."""
    say(f"looking at {path.name}")
    seen = look(path, scratch, longest)
    known = con.execute("SELECT kind FROM sources WHERE sha256 = ?", [seen.sha256]).fetchone()
    if known:
        return Taken(seen.name, known[0], seen.sha256, known=True)
    table = reading.table(
        con, seen, scratch, delimiter=corrections.delimiter, header=corrections.header,
        sheet=corrections.sheet,
    )  # fmt: skip
    reading.sample(con, table)
    read = mapped(con, table, corrections, kind, keep)
    say(f"reading {table.rows:,} rows of {path.name}")
    source = 1 + _count(con, "sources")
    before = _count(con, "set_aside")
    notes = [*seen.notes, *table.notes, *read.notes]
    today = dt.datetime.now(tz=dt.UTC).date()
    if read.kind in STAYS:
        merged = _stays(con, table, read, corrections, source, today, notes)
    else:
        name = read.kind
        take = counts.take_census if name == "census" else counts.take_aggregates
        earlier = _count(con, name)
        taken = take(con, table, read, corrections.values, source, today)
        read = _counted(read, taken)
        merged = merging.Merged(_count(con, name) - earlier, 0, 0)
    aside = _count(con, "set_aside") - before
    if aside == table.rows:
        raise _nothing_used(con, seen, source, table.rows)
    con.execute(
        "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [source, seen.name, read.kind, seen.sha256, seen.size, table.rows, table.rows - aside,
         _as_json(read, corrections)],
    )  # fmt: skip
    for name in (
        "sample",
        "staged",
        "counted",
        "matches",
        "updates",
        "twice",
        "troubles",
        "again",
        "seen",
        "tried",
    ):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    return Taken(
        seen.name, read.kind, seen.sha256, False, read, table.rows, table.rows - aside,
        _rules(con, source), merged.new, merged.updated, merged.unchanged, tuple(notes),
    )  # fmt: skip


def _stays(
    con: duckdb.DuckDBPyConnection,
    table: reading.Table,
    read: Read,
    corrections: Corrections,
    source: int,
    today: dt.date,
    notes: list[str],
) -> merging.Merged:
    """Stage and merge the stays of a file."""
    basis = con.execute("SELECT value FROM about WHERE key = 'basis'").fetchone()
    if basis and basis[0] != read.kind:
        raise InputError.of(
            f"{table.look.name} holds {read.kind}, the work file {basis[0]}: the same people would "
            "be counted twice",
            fix="take it into a work file of its own (--into)",
            file=str(table.look.path),
        )
    staging.stage(con, table, read, corrections.values, today)
    notes += [str(doubt) for doubt in staging.doubts(con, table, read)]
    staging.set_aside(con, table, read, source)
    line = table.line
    if read.kind == "snapshots":
        if read.of("day") is not None:
            snapshots.collapse(con, read)
            line = "line"
        elif note := snapshots.note_days(con):
            notes.append(note)
    if not basis:
        con.execute("INSERT INTO about VALUES ('basis', ?)", [read.kind])
    return merging.merge(con, line, read, source)


def _counted(read: Read, taken: Sequence[counts.Counted]) -> Read:
    """The same with what each column was taken to count."""
    said: dict[int, list[str]] = {}
    for item in taken:
        of = f" ({item.axis} {item.level or ''})".replace(" )", ")") if item.axis else ""
        for i in item.columns:
            said.setdefault(i, []).append(f"{item.measure}{of}")
    columns = tuple(
        replace(c, field=" + ".join(said[c.position]), why="") if c.position in said else c
        for c in read.columns
    )
    return replace(read, columns=columns)


def _nothing_used(con: duckdb.DuckDBPyConnection, seen: Look, source: int, rows: int) -> InputError:
    rule = _rules(con, source)[0]
    return InputError.of(
        f"none of {rows:,} rows can be used; the first: {rule.reason}"
        + (f" ('{rule.value}')" if rule.value else ""),
        fix="correct how the columns are read in a mapping (columns:, forms:)",
        file=str(seen.path),
        line=rule.line,
        path=(rule.field,) if rule.field else (),
        value=rule.value,
    )


def _rules(con: duckdb.DuckDBPyConnection, source: int) -> tuple[Rule, ...]:
    rows = con.execute(
        "SELECT rule, count(*), min(line), arg_min(coalesce(field, ''), line), "
        "arg_min(coalesce(value, ''), line), arg_min(reason, line) "
        "FROM set_aside WHERE source = ? GROUP BY rule ORDER BY 2 DESC, 1",
        [source],
    ).fetchall()
    return tuple(Rule(r[0], r[1], r[2], r[3] or None, r[4] or None, r[5]) for r in rows)


# -- facts of the whole file ----------------------------------------------------------------


def _facts(con: duckdb.DuckDBPyConnection, corrections: Corrections) -> dict[str, str]:
    """Work out ``about`` anew: the window, the time of snapshots, what is counted."""
    about = dict(con.execute("SELECT key, value FROM about").fetchall())
    con.execute(SPELLS_VIEW)
    if not _count(con, "stays"):
        return about
    since, until = _window(con, about["basis"])
    about["window_from"] = str(corrections.since or _said(con) or since)
    about["window_to"] = str(corrections.until or until)
    about["counts"] = corrections.counts or about.get("counts", "in-facility")
    if about["basis"] == "snapshots" and (moment := snapshots.time_of_day(con)):
        about["snapshot_time"] = f"{moment:%H:%M}"
    if about["window_from"] >= about["window_to"]:
        raise corrections.wrong(
            f"the window from {about['window_from']} to {about['window_to']} holds no day",
            "give from a day before to", "window",
        )  # fmt: skip
    con.execute("DELETE FROM about")
    con.executemany("INSERT INTO about VALUES (?, ?)", list(about.items()))
    return about


def _window(con: duckdb.DuckDBPyConnection, basis: str) -> tuple[dt.date, dt.date]:
    """The days whose census the records can rebuild, half-open.

    An export of everyone admitted since some day begins with that admission. One of everyone
    *inside* since some day holds older admissions too, and far fewer of them a day, for who left
    in time is not there: its census is whole from the first release on.
    """
    if basis == "snapshots":
        sql = "SELECT min(day), max(day) + 1 FROM snapshots"
    else:
        sql = """
            WITH days AS (
                SELECT CAST(admitted AS DATE) AS came, CAST(released AS DATE) AS went FROM stays
            ),
            ends AS (
                SELECT min(came) AS came, min(went) AS went,
                    1 + greatest(max(came), coalesce(max(went), max(came))) AS until
                FROM days
            ),
            daily AS (
                SELECT count(*) FILTER (days.came < ends.went) / (ends.went - ends.came) AS before,
                    count(*) FILTER (days.came >= ends.went) / (ends.until - ends.went) AS after
                FROM days, ends GROUP BY ends.went, ends.came, ends.until
            )
            SELECT CASE WHEN 4 * before < after THEN went ELSE came END, until FROM ends, daily
        """
    row = con.execute(sql).fetchone()
    if row is None:
        raise InputError.of("there are no stays")
    return row[0], row[1]


def _said(con: duckdb.DuckDBPyConnection) -> str | None:
    """The beginning of the window that an earlier mapping set; its end moves on."""
    row = con.execute(
        "SELECT mapping->>'$.window.from' AS since FROM sources "
        "WHERE since IS NOT NULL ORDER BY source DESC LIMIT 1"
    ).fetchone()
    return row[0] if row else None


def _as_json(read: Read, corrections: Corrections) -> str:
    window = {k: str(v) for k, v in (("from", corrections.since), ("to", corrections.until)) if v}
    return json.dumps(
        {
            "columns": [c.as_json() | {"examples": []} for c in read.columns],
            "values": {name: dict(levels) for name, levels in corrections.values.items()},
            "window": window,
        },
        ensure_ascii=False,
    )


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
