"""Records into a work file: looked at, mapped, staged, merged, settled. Whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remand.errors import InputError, did_you_mean
from remand.records import census, quality
from remand.records.intake import again, asked, counts, merging, reading, snapshots, staging
from remand.records.intake.columns import KIND_NAMES, Corrections, Read
from remand.records.intake.facts import facts
from remand.records.intake.leveled import Leveled, leveled
from remand.records.intake.looking import LONGEST, Look, look
from remand.records.intake.workfile import rewritten

if TYPE_CHECKING:
    import duckdb

OFF = 0.05
"""How far the rebuilt census may be off the published one, as a mean share of it."""

MOST = 0.5
"""The share of rows of stays that may be set aside; repeated bookings are not counted."""

MANY = 0.05
"""The share from which setting aside is a warning."""

REPEATED = "duplicate_booking"

STAYS = {"bookings", "snapshots"}


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
        values: what the patterns of a mapping did, column by column.
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
    values: tuple[Leveled, ...] = ()

    @property
    def warning(self) -> str | None:
        """What to say at the top, if many rows of stays are set aside as unreadable."""
        rules = [rule for rule in self.set_aside if rule.rule != REPEATED]
        aside = sum(rule.rows for rule in rules)
        if self.kind not in STAYS or aside <= MANY * self.rows:
            return None
        return (
            f"{aside:,} of {self.rows:,} rows of {self.file} ({100 * aside / self.rows:.0f} %) are "
            f"SET ASIDE, most for this: {rules[0].reason} ({rules[0].rule}). Every figure lacks "
            "them: look at the mapping"
        )

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
            "values": [column.as_json() for column in self.values],
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
        again: what became of stays whose files were read again; None: none were.
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
    again: again.Again | None = None

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
                f"{self.days:,} day{'s' * (self.days != 1)}: more than {100 * OFF:.0f} %"
            )
        return reasons


def ingest(
    files: Sequence[str | Path],
    into: str | Path,
    kind: str | None = None,
    corrections: Corrections = asked.NOTHING,
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
    path, paths = Path(into), [Path(file) for file in files]
    with rewritten(path) as (con, scratch):
        forgotten = again.forget(con, paths, corrections, kind, keep)
        taken = tuple(
            _take(con, file, scratch, kind, corrections, keep, say, longest, forgotten)
            for file in paths
        )
        changed = again.compared(con)
        say("checking")
        about = facts(con, corrections)
        has_stays = "window_from" in about
        checks = quality.settle(con) if has_stays else []
        compared = census.rebuilt(con) if has_stays else None
        off = None if compared is None else census.off(compared)
        days = 0 if compared is None else compared["published"].drop_nulls().len()
        say("writing")
        return Ingested(
            path, taken, _count(con, "stays"), _day(about.get("window_from")),
            _day(about.get("window_to")), about.get("basis", ""), about.get("snapshot_time"),
            tuple(checks), days, off, changed,
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
    forgotten: Mapping[str, Corrections],
) -> Taken:
    """Read one file into the open work file."""
    say(f"looking at {path.name}")
    seen = look(path, scratch, longest)
    known = con.execute("SELECT kind FROM sources WHERE sha256 = ?", [seen.sha256]).fetchone()
    if known:
        _window_said(con, seen.sha256, corrections)
        return Taken(seen.name, known[0], seen.sha256, known=True)
    corrections = forgotten.get(seen.sha256, corrections)
    known_as = asked.understood(con, seen, scratch, corrections, kind, keep)
    table, read, corrections = known_as.table, known_as.read, known_as.corrections
    say(f"reading {table.rows:,} rows of {path.name}")
    source = 1 + _highest(con)
    before = _count(con, "set_aside")
    notes = [*known_as.notes, *seen.notes, *table.notes, *read.notes]
    if seen.sha256 in forgotten:
        notes.insert(0, "read again under another mapping")
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
    rules = _rules(con, source)
    if aside == table.rows:
        raise _nothing_used(read, seen, rules, table.rows)
    misread = sum(rule.rows for rule in rules if rule.rule != REPEATED)
    if read.kind in STAYS and misread > MOST * table.rows:
        raise _mostly_aside(read, seen, rules, table.rows)
    values = leveled(con, table, read, corrections.values) if read.kind in STAYS else ()
    con.execute(
        "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [source, seen.name, read.kind, seen.sha256, seen.size, table.rows, table.rows - aside,
         _as_json(read, corrections, keep)],
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
        rules, merged.new, merged.updated, merged.unchanged, tuple(notes), values,
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


def _nothing_used(read: Read, seen: Look, rules: Sequence[Rule], rows: int) -> InputError:
    rule = rules[0]
    return InputError.of(
        f"none of {rows:,} row{'s' * (rows != 1)} can be used; the first: {rule.reason}"
        + (f" ('{rule.value}')" if rule.value else ""),
        fix=_how_to_read(read, rule),
        file=str(seen.path),
        line=rule.line,
        path=(rule.field,) if rule.field else (),
        value=rule.value,
    )


def _mostly_aside(read: Read, seen: Look, rules: Sequence[Rule], rows: int) -> InputError:
    rule = next(rule for rule in rules if rule.rule != REPEATED)
    aside = sum(r.rows for r in rules if r.rule != REPEATED)
    return InputError.of(
        f"{aside:,} of {rows:,} rows would be set aside, more than half: the file is not read as "
        f"it is meant, and nothing is written. {rule.rows:,} for this: {rule.reason}"
        + (f" ('{rule.value}')" if rule.value else ""),
        fix=_how_to_read(read, rule) + "; if they are truly so, take them out of the file",
        file=str(seen.path),
        line=rule.line,
        path=(rule.field,) if rule.field else (),
        value=rule.value,
    )


def _how_to_read(read: Read, rule: Rule) -> str:
    admitted, released = read.of("admitted"), read.of("released")
    if rule.rule == "negative_stay" and admitted and released:
        names = (json.dumps(c.name, ensure_ascii=False) for c in (released, admitted))
        return (
            "released looks like admitted: swap them in the mapping, "
            "columns: {{admitted: {}, released: {}}}".format(*names)
        )
    return "correct how the columns are read in a mapping (columns:, forms:)"


def _rules(con: duckdb.DuckDBPyConnection, source: int) -> tuple[Rule, ...]:
    rows = con.execute(
        "SELECT rule, count(*), min(line), arg_min(coalesce(field, ''), line), "
        "arg_min(coalesce(value, ''), line), arg_min(reason, line) "
        "FROM set_aside WHERE source = ? GROUP BY rule ORDER BY 2 DESC, 1",
        [source],
    ).fetchall()
    return tuple(Rule(r[0], r[1], r[2], r[3] or None, r[4] or None, r[5]) for r in rows)


def _as_json(read: Read, corrections: Corrections, keep: Sequence[str]) -> str:
    window = {k: str(v) for k, v in (("from", corrections.since), ("to", corrections.until)) if v}
    return json.dumps(
        {
            "columns": [c.as_json() | {"examples": []} for c in read.columns],
            "asked": asked.as_json(corrections, keep),
            "values": {name: dict(levels) for name, levels in corrections.values.items()},
            "window": window,
        },
        ensure_ascii=False,
    )


def _window_said(con: duckdb.DuckDBPyConnection, sha256: str, corrections: Corrections) -> None:
    """Note a window that is given with a file that needs no reading."""
    if corrections.since:
        con.execute(
            "UPDATE sources SET mapping = json_merge_patch(mapping, ?) WHERE sha256 = ?",
            [json.dumps({"window": {"from": str(corrections.since)}}), sha256],
        )


def _highest(con: duckdb.DuckDBPyConnection) -> int:
    """The highest number of a file so far."""
    row = con.execute("SELECT coalesce(max(source), 0) FROM sources").fetchone()
    return int(row[0]) if row else 0


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
