"""What a check says, and what all checks look at."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from remand.records.census import DAYS, rebuilt

if TYPE_CHECKING:
    import duckdb

Severity = Literal["ok", "note", "warning"]

SHOWN = 3
"""Example rows of a check."""

SPELLS = "temp.settled_spells"
"""The view spells, worked out once for all checks."""


@dataclass(frozen=True)
class Check:
    """What one check found; a row of the table ``quality``.

    Attributes:
        name: such as ``overlapping_stays``.
        title: what it looks for, in a few words.
        severity: ``ok``, ``note`` (to know) or ``warning`` (to mend, or to keep in mind).
        found: cases; None: what it needs is not in the records.
        of: of how many; None if it could not look.
        adp_effect: people, mean over the window: with what was done minus without; where nothing
            was done, what the cases hold of the ADP. None where nobody can say.
        done: what was done about them.
        says: what was found.
        examples: up to three, by file and line.
    """

    name: str
    title: str
    severity: Severity
    found: int | None
    of: int | None
    adp_effect: float | None
    done: str
    says: str
    examples: tuple[str, ...] = ()

    @property
    def share(self) -> float | None:
        """``found / of``."""
        return self.found / self.of if self.of and self.found is not None else None

    @property
    def row(self) -> tuple[Any, ...]:
        """The row of the table ``quality``."""
        return (
            self.name, self.title, self.severity, self.found, self.of, self.share,
            self.adp_effect, self.done, self.says, json.dumps(self.examples, ensure_ascii=False),
        )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A work file under examination.

    Attributes:
        con: open to read and write.
        since, until: the window, half-open.
        snapshots: whether stays come from daily snapshots (else from bookings).
        moment: the usual time of day of a snapshot, as HH:MM.
        old_open_days: stays open for longer are suspect.
    """

    con: duckdb.DuckDBPyConnection
    since: dt.date
    until: dt.date
    snapshots: bool
    moment: str | None
    old_open_days: int

    @property
    def days(self) -> int:
        """Length of the window."""
        return (self.until - self.since).days

    def one(self, sql: str) -> tuple[Any, ...]:
        """The only row of a query."""
        row = self.con.execute(sql).fetchone()
        if row is None:
            raise AssertionError(f"no row: {sql}")
        return row

    def texts(self, sql: str) -> tuple[str, ...]:
        """The first column of the first rows."""
        return tuple(str(row[0]) for row in self.con.execute(f"{sql} LIMIT {SHOWN}").fetchall())

    @cached_property
    def stays(self) -> int:
        """Rows of the table ``stays``."""
        return int(self.one("SELECT count(*) FROM stays")[0])

    @cached_property
    def calendar(self) -> pl.DataFrame:
        """A row a day: day, people (rebuilt), published, admissions, snapshot (taken or not)."""
        began = pl.DataFrame(
            self.con.sql(f"""
            WITH began AS (
                SELECT coalesce(CAST(admitted AS DATE), first_seen) AS day, count(*) AS admissions
                FROM stays ANTI JOIN joined USING (stay) GROUP BY ALL
            )
            SELECT day, coalesce(admissions, 0) AS admissions, s.day IS NOT NULL AS snapshot
            FROM ({DAYS}) LEFT JOIN began USING (day)
            LEFT JOIN (SELECT DISTINCT day FROM snapshots) AS s USING (day)
            """)  # noqa: S608 - of relations of the contract
        )
        return rebuilt(self.con, SPELLS).join(began, on="day", how="left").sort("day")

    @cached_property
    def adp(self) -> float:
        """Mean of the rebuilt census over the window."""
        return float(self.calendar["people"].sum()) / max(self.days, 1)


WHERE = "coalesce(sources.file, 'a file') || ', line ' || coalesce(CAST({0}.line AS VARCHAR), '?')"
"""SQL: where a row of a table stands, beside a join with sources."""


def counted(number: float, what: str, more: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "stay"), counted(2500, "stay"), counted(2, "person", "people")
    ('1 stay', '2,500 stays', '2 people')
    """
    return f"{number:,} {what if number == 1 else more or what + 's'}"


def listed(items: Iterable[str], most: int = SHOWN, sign: str = ", ") -> str:
    """Words in a row, the rest counted.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    known = list(items)
    rest = len(known) - most
    return sign.join(known[:most]) + (f" and {rest} more" if rest > 0 else "")


def percent(share: float) -> str:
    """A share as text, of as many digits as it needs.

    >>> percent(0.5), percent(0.0031), percent(0.00004), percent(0.0)
    ('50 %', '0.3 %', '0.004 %', '0 %')
    """
    per = abs(share) * 100
    digits = 0 if per >= 10 or per == 0 else 1 if per >= 0.1 else 3
    return f"{share * 100:.{digits}f} %"
