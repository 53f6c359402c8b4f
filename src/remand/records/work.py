"""A work file as figures and fits read it: stays as days, and where they came from."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from remand.errors import InputError, did_you_mean
from remand.records.contracts import FORMAT

if TYPE_CHECKING:
    import duckdb

LATER = ("status_last", "charge_last", "release_reason")
"""Columns that say how a stay ended: unknown while it lasts."""

AGES = (18, 25, 35, 45, 55)
"""Lower ends of the age groups: under 18, 18–24, 25–34, 35–44, 45–54, 55 and over."""

MISSING = "not recorded"
"""The level of people whose column is empty."""


@dataclass(frozen=True)
class Source:
    """A file that was read: its name, kind, SHA-256 and rows."""

    file: str
    kind: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Records:
    """The stays of a work file, in days of the census.

    Attributes:
        stays: one row a stay. ``person`` (UInt32: people numbered from 0; a stay without a person
            is a person of its own), ``day_in``, ``day_seen``, ``day_out``, ``day_out_by`` (Int32,
            days since ``since``, as in the view ``spells``; ``day_out`` is null for those still
            inside at the end), and every column of ``stays`` that may be an axis, as text with
            `MISSING` for what is empty.
        since, until: the window, half-open: the censuses that the records can rebuild.
        basis: ``bookings`` or ``snapshots`` (stays of less than a day are then not seen).
        counts: ``in-facility`` or ``jurisdiction``.
        sources: the files behind them.
        synthetic: whether a model made them.
    """

    stays: pl.DataFrame
    since: dt.date
    until: dt.date
    basis: str
    counts: str
    sources: tuple[Source, ...]
    synthetic: bool

    @property
    def days(self) -> int:
        """Length of the window in days."""
        return (self.until - self.since).days

    def known(self, as_of: dt.date) -> Records:
        """What was known on a day, before its own census: later stays and ends are not there.

        ``until`` becomes ``as_of``, or the day after the last snapshot before it. Raises InputError
        if that is outside the window.
        """
        if not self.since < as_of <= self.until:
            raise InputError.of(
                f"--as-of {as_of} is outside the window of the records",
                fix=f"give a day from {self.since + dt.timedelta(1)} to {self.until}",
            )
        cut = (as_of - self.since).days
        stays = self.stays.filter(pl.col("day_seen") < cut)
        if self.basis == "snapshots":
            # only a later snapshot tells that somebody is gone: what is known ends with the last
            on = pl.col("day_seen").append(pl.col("day_out") - 1)
            seen = stays.select(on.filter(on < cut).max()).item()
            cut = cut if seen is None else int(seen) + 1
            as_of = self.since + dt.timedelta(cut)
        unknown = pl.col("day_out").is_null() | (pl.col("day_out_by") >= cut)
        later = [c for c in LATER if c in stays.columns]
        stays = stays.with_columns(
            *(pl.when(unknown).then(None).otherwise(pl.col(c)).alias(c)
              for c in ("day_out", "day_out_by")),
            *(pl.when(unknown).then(pl.lit(MISSING)).otherwise(pl.col(c)).alias(c) for c in later),
        )  # fmt: skip
        return replace(self, stays=stays, until=as_of)

    def since_day(self, since: dt.date) -> Records:
        """The same from a later first day: stays that ended before it are not there.

        Those that go on across it are left-truncated. Raises InputError for a day outside the
        window.
        """
        if not self.since <= since < self.until:
            raise InputError.of(
                f"--from {since} is outside the window of the records",
                fix=f"give a day from {self.since} to {self.until - dt.timedelta(1)}",
            )
        cut = (since - self.since).days
        # who left that day is in no snapshot of the window, but in an export of bookings
        least = cut + (self.basis == "snapshots")
        kept = pl.col("day_out").is_null() | (pl.col("day_out") >= least)
        days = [c for c in NOT_AXES if c != "person"]
        stays = (
            self.stays.filter(kept)
            .with_columns(
                pl.max_horizontal(pl.col("day_seen"), pl.lit(cut, pl.Int32)).alias("day_seen")
            )
            .with_columns(*(pl.col(c) - cut for c in days))
        )
        return replace(self, stays=stays, since=since)

    def axis(self, name: str) -> pl.Series:
        """A column as an axis. InputError if there is none, or figures mean another thing by it."""
        if name in RESERVED and name in self.stays.columns:
            raise InputError.of(
                f"'{name}' cannot be grouped by: in a model and its figures the word means more",
                fix="take the file in with the column under another name",
                value=name,
            )
        if name not in self.stays.columns or name in NOT_AXES:
            raise InputError.of(
                f"the records have no column '{name}' to group by",
                fix=did_you_mean(name, [c for c in self.stays.columns if c not in NOT_AXES]),
                value=name,
            )
        return self.stays[name]


RESERVED = frozenset({"date", "kind", "state", "quantity", "unit", "mean", "sd", "band", "basis",
    "denominator", "low", "high", "suppressed", "exit", "duration", "probability", "days", "people",
    "parameter", "when", "value", "q05", "q95", "n", "draw", "point", "scenario", "place",
    "from"})  # fmt: skip
"""Columns of tables and figures, so no axes of them."""

NOT_AXES = ("person", "day_in", "day_seen", "day_out", "day_out_by")
_LEFT_OUT = {"stay", "person", "booking", "admitted", "released", "first_seen", "last_seen",
             "birth_year", "synthetic", "source", "line"}  # fmt: skip


@dataclass(frozen=True)
class Contents:
    """What a work file holds, before any of it is read for figures.

    Attributes:
        stays: how many stays; ``unnamed`` of them without a person.
        months: the monthly figures: month, place, measure, axis, level, value.
        unreported: monthly figures set aside because a zero meant that nothing was reported.
        sources: the files behind it all.
        counts: ``in-facility`` or ``jurisdiction``.
    """

    stays: int
    unnamed: int
    months: pl.DataFrame
    unreported: int
    sources: tuple[Source, ...]
    counts: str


def contents(path: str | Path) -> Contents:
    """What is in a work file. Raises InputError if it is none."""
    with opened(path) as con:

        def count(sql: str) -> int:
            found = con.execute(f"SELECT count(*) FROM {sql}").fetchone()  # noqa: S608 - below
            return int(found[0]) if found else 0

        months = con.sql("SELECT month, place, measure, axis, level, value FROM aggregates")
        counts = con.execute("SELECT value FROM about WHERE key = 'counts'").fetchone()
        return Contents(
            stays=count("stays"),
            unnamed=count("stays WHERE person IS NULL"),
            months=pl.DataFrame(months),
            unreported=count("set_aside WHERE rule = 'not_reported'"),
            sources=_sources(con),
            counts=counts[0] if counts else "jurisdiction",
        )


def read(path: str | Path) -> Records:
    """The stays of a work file. Raises InputError if it is none, or holds no stays."""
    with opened(path) as con:
        about = dict(con.execute("SELECT key, value FROM about").fetchall())
        if "window_from" not in about:
            raise InputError.of(
                f"'{path}' holds no stays", fix="take in a file of bookings first: remand ingest"
            )
        since, until = (dt.date.fromisoformat(about[k]) for k in ("window_from", "window_to"))
        columns = [row[0] for row in con.execute("DESCRIBE stays").fetchall()]
        axes = [c for c in columns if c not in _LEFT_OUT and c != "age"]
        known = ", ".join(
            f"coalesce(CAST({'ended' if c in LATER else 'began'}.\"{c}\" AS VARCHAR), '{MISSING}') "
            f'AS "{c}"'
            for c in axes
        )
        spelled = con.sql(
            f"SELECT CAST(dense_rank() OVER (ORDER BY began.person, "  # noqa: S608 - of a contract
            f"CASE WHEN began.person IS NULL THEN began.stay END) - 1 AS UINTEGER) AS person, "
            f"{_days(since)}, {_age()} AS age, {known} FROM spells "
            f"JOIN stays AS began ON spells.stay = began.stay "
            f"JOIN stays AS ended ON spells.stay_last = ended.stay ORDER BY spells.stay"
        )
        frame = pl.DataFrame(spelled)
        found = con.execute("SELECT coalesce(bool_or(synthetic), false) FROM stays").fetchone()
        return Records(
            frame,
            since,
            until,
            about["basis"],
            about["counts"],
            _sources(con),
            bool(found and found[0]),
        )


def opened(path: str | Path) -> duckdb.DuckDBPyConnection:
    """A work file to read from. Raises InputError if it is not there, or is no work file."""
    import duckdb  # noqa: PLC0415 - slow to import, needed only here

    if not Path(path).is_file():
        raise InputError.of(
            f"there is no work file '{path}'", fix="make one: remand ingest FILE --into WORK.duckdb"
        )
    if what := not_a_database(Path(path)):
        raise InputError.of(
            f"'{path}' cannot be read as a work file: this is {what}",
            fix=f"take it in first: remand ingest {path} --into work.duckdb",
        )
    con = None
    try:
        con = duckdb.connect(str(path), read_only=True)
        found = con.execute("SELECT value FROM about WHERE key = 'format'").fetchone()
    except duckdb.Error as error:
        if con is not None:
            con.close()
        why = (
            "another program has it open" if "lock" in str(error)
            else "it is a database, but none that remand ingest wrote" if con is not None
            else "it is damaged, or of another version of DuckDB"
        )  # fmt: skip
        raise InputError.of(
            f"'{path}' cannot be read as a work file: {why}",
            fix="give the file that remand ingest wrote, open in no other program",
        ) from None
    if found is None or found[0] != FORMAT:
        con.close()
        raise InputError.of(
            f"'{path}' was written by another version of remand", fix="ingest the records again"
        )
    return con


def not_a_database(path: Path) -> str | None:
    """What a file is that is no database, by its bytes and its name; None for a database."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[8:] == b"DUCK":
        return None
    if head.startswith(b"PAR1"):
        return "a Parquet file"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "an Excel file"
    name = path.name.lower()
    return "a CSV file" if name.endswith((".csv", ".csv.gz", ".tsv", ".txt")) else "no database"


def _sources(con: duckdb.DuckDBPyConnection) -> tuple[Source, ...]:
    rows = con.execute("SELECT file, kind, sha256, rows FROM sources ORDER BY source").fetchall()
    return tuple(Source(*row) for row in rows)


def levels(column: pl.Series) -> tuple[str, ...]:
    """The levels of an axis, the commonest first, `MISSING` last.

    >>> levels(pl.Series(["a", "b", "b", "not recorded"]))
    ('b', 'a', 'not recorded')
    """
    counted = column.value_counts().sort("count", column.name, descending=[True, False])
    found: Sequence[str] = counted[column.name].to_list()
    return tuple(sorted(found, key=lambda level: level == MISSING))


def _days(since: dt.date) -> str:
    """The days of the view spells as numbers since a day."""
    names = ("day_in", "day_seen", "day_out", "day_out_by")
    return ", ".join(f"CAST({name} - DATE '{since}' AS INTEGER) AS {name}" for name in names)


def _age() -> str:
    """SQL of the age group at booking."""
    first, last = AGES[0], AGES[-1]
    middle = [
        f"WHEN began.age < {high} THEN '{low}–{high - 1}'" for low, high in itertools.pairwise(AGES)
    ]
    whens = [
        f"WHEN began.age IS NULL THEN '{MISSING}'",
        f"WHEN began.age < {first} THEN 'under {first}'",
    ]
    return f"CASE {' '.join([*whens, *middle])} ELSE '{last} and over' END"
