"""A public data set: who publishes it, on what terms, what is wrong with it, how it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from remand.errors import InputError
from remand.outcomes.suppression import hide

if TYPE_CHECKING:
    from remand.records.intake.looking import Look

Table = Literal["stays", "census", "aggregates"]
Step = Literal["day", "month", "quarter", "year"]

EVERY: Mapping[Step, str] = {"day": "1d", "month": "1mo", "quarter": "3mo", "year": "1y"}
"""Steps as Polars writes them."""

AGGREGATES = {"month": pl.Date, "place": pl.String, "measure": pl.String, "axis": pl.String,
              "level": pl.String, "value": pl.Float64}  # fmt: skip
"""Columns of a frame of aggregates: those of the work file's table without ``source``."""

CENSUS = {"day": pl.Date, "axis": pl.String, "level": pl.String, "people": pl.Float64}
"""Columns of a frame of censuses, likewise."""


@dataclass(frozen=True)
class Flag:
    """Something to know of this very file before its figures are used.

    Attributes:
        name: in a word, such as ``bookings_missing``.
        count: cases found, never 0.
        done: what was done about them.
        says: a sentence with the figures.
    """

    name: str
    count: int
    done: str
    says: str

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand sources read --json``."""
        return dict(vars(self))


@dataclass(frozen=True)
class File:
    """A file that the publisher gives to anybody who asks for its address.

    Attributes:
        name: what it is called here, with the day it came.
        address: where it is.
        most: bytes; what is longer is another file, or none.
    """

    name: str
    address: str
    most: int = 50_000_000


@dataclass(frozen=True)
class Raw:
    """A file before anybody knows what it is.

    Attributes:
        look: its bytes, as `remand ingest` looks at them.
        header: the cells of its first line, in lower case; of Parquet, its columns.
        top: the first lines of a text.
    """

    look: Look
    header: tuple[str, ...]
    top: tuple[str, ...] = ()

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Every cell as text (of Parquet, as stored), columns in lower case, with ``line``.

        Raises InputError if the rows are no table.
        """
        try:
            if self.look.kind == "parquet":
                frame = pl.read_parquet(self.look.path)
            else:
                frame = pl.read_csv(self.look.text or self.look.path, infer_schema=False)
            frame = frame.rename({name: name.strip().lower() for name in frame.columns})
        except pl.exceptions.PolarsError as error:
            raise self.wrong(
                f"its rows cannot be read as a table: {str(error).splitlines()[0]}",
                "download it again: a cell may hold a line break, or a row too many cells",
            ) from None
        if frame.is_empty():
            raise self.wrong("it has a header and no rows", "download it again")
        first = 1 if self.look.kind == "parquet" else 2
        return frame.with_row_index("line", offset=first)

    def wrong(self, message: str, fix: str, line: int | None = None) -> InputError:
        """An input error in this file."""
        return InputError.of(message, fix=fix, file=str(self.look.path), line=line)


@dataclass(frozen=True)
class Found:
    """What a reader made of a file: the contract's rows, their step, what is to be known."""

    frame: pl.DataFrame
    step: Step
    flags: tuple[Flag | None, ...] = ()


@dataclass(frozen=True)
class Source:
    """A public data set and its card.

    Attributes:
        name: how it is called here.
        title, publisher, address: of the data set, and of the page that tells of it.
        covers: the dates, in words.
        terms: what its publisher allows, and what not.
        table: what its rows become: stays, census or aggregates.
        definitions: each quantity (a measure, or a column of the table) and what it counts.
        traps: what has misled people, by a name; a file is searched for those that can be found.
        access: how a person gets a file.
        files: addresses that give one without a login.
        columns: names, in lower case, that tell its file.
        take: the reader.
        fits: tells its file where there is no header line; None: by ``columns``.
        ingested: the kind as which `remand ingest` reads its file; None: it holds nothing that
            measure or fit use, for the reason in ``not_ingested``.
        mapped: field → column, for `remand ingest`, where names alone would mislead it.
        published: whether its figures are the publisher's; else somebody counted them from rows of
            people, and small groups are not passed on (`Taken.passed_on`).
    """

    name: str
    title: str
    publisher: str
    address: str
    covers: str
    terms: str
    table: Table
    definitions: Mapping[str, str]
    traps: Mapping[str, str]
    access: str
    take: Callable[[Raw], Found] = field(repr=False)
    columns: tuple[str, ...] = ()
    fits: Callable[[Raw], bool] | None = field(default=None, repr=False)
    files: tuple[File, ...] = ()
    ingested: str | None = None
    not_ingested: str = ""
    mapped: Mapping[str, str | None] = field(default_factory=dict)
    published: bool = True

    @property
    def instead(self) -> str:
        """What to do with a file that goes into no work file."""
        return {
            "stays": "put several days together, as its card tells: remand sources terms "
            + self.name,
            "census": "write its rows, --out F.csv, and take those in: remand ingest F.csv --as "
            "census",
            "aggregates": "write its rows: --out F.parquet, or F.csv",
        }[self.table]

    def is_in(self, raw: Raw) -> bool:
        """Whether a file is one of these."""
        if self.fits is not None:
            return self.fits(raw)
        return set(self.columns) <= set(raw.header)

    def likeness(self, raw: Raw) -> float:
        """The share of its columns that a file has."""
        return len(set(self.columns) & set(raw.header)) / max(len(self.columns), 1)


@dataclass(frozen=True)
class Taken:
    """A file of a public data set, as rows of the records' contract.

    Attributes:
        source: whose file it is.
        file: its name, without folders.
        table: stays, census or aggregates.
        frame: the columns of that table in the work file without ``source``. Measures beside
            those of the work file are told in the card.
        step: how long a row's period is.
        period: first day, and the day after the last: half-open.
        flags: what to know of this file.
        sha256: hash of its bytes.
    """

    source: Source
    file: str
    frame: pl.DataFrame = field(repr=False)
    step: Step
    period: tuple[dt.date, dt.date]
    flags: tuple[Flag, ...]
    sha256: str

    @property
    def table(self) -> Table:
        """What its rows are."""
        return self.source.table

    @cached_property
    def passed_on(self) -> pl.DataFrame:
        """The rows that may be written: none of single people, and all that are as published.

        Else without groups of fewer than ten people, and without those by which the total of a day
        would tell of them.
        """
        if self.table == "stays":
            return self.frame.clear()
        if self.source.published:
            return self.frame
        rows = self.frame.with_row_index("row")
        groups = rows.filter(pl.col("axis").is_not_null()).partition_by("day", "axis")
        hidden = [
            row for group in groups
            for row in group["row"].filter(pl.Series(hide(group["people"].to_numpy())))
        ]  # fmt: skip
        return rows.filter(~pl.col("row").is_in(hidden)).drop("row")
