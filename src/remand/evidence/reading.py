"""Files as panels: tables of counts, public sources, and work files of records."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from remand.errors import InputError
from remand.evidence.laying import KEYS, LINE, Faults, lay, named
from remand.evidence.panel import Panel
from remand.records.checks.check import counted
from remand.records.intake.looking import hashed

if TYPE_CHECKING:
    import duckdb

NOTHING = ("", "na", "n/a", "nan", "null", "none", ".", "-")
"""What stands in a cell, in capitals or not, where there is no number."""

MEASURES = {"adp": "y", "admissions": "bookings"}
"""What measures of the records' contract are called in a panel; others keep their names."""


@dataclass(frozen=True)
class Reading:
    """A file as a panel.

    Attributes:
        panel: its series.
        notes: what was done to read it, a sentence each.
        file: its name, without folders.
        sha256: hash of its bytes.
    """

    panel: Panel
    notes: tuple[str, ...]
    file: str
    sha256: str

    def of(self, places: Sequence[str]) -> Reading:
        """The series named, in capitals or not. Raises InputError for one there is not."""
        kept = set(named(self.panel.ids, places))
        rows = [i for i, name in enumerate(self.panel.ids) if name in kept]
        return replace(self, panel=self.panel.of(rows)) if places else self


def read_panel(path: str | Path, places: Sequence[str] = ()) -> Reading:
    """The populations in a file, over time.

    A table (CSV, also packed with gzip, Parquet or Excel) with columns ``unique_id`` (may be left
    out if there is one series), ``ds`` (a date), ``y`` (people held) and signals such as
    ``bookings``; a file that `remand.sources` knows; or a work file of `remand ingest`, whose
    census is rebuilt day by day, or whose monthly figures are taken. ``places`` keeps some series.

    Raises InputError with every problem found, if the file is none of these or its rows are wrong.
    """
    path = Path(path)
    faults = Faults(str(path))
    if is_database(path):
        rows, notes = _work(path)
    else:
        rows, notes = _table(path, faults)
    panel, more = lay(rows, faults, places)
    return Reading(panel, (*notes, *more), path.name, hashed(path))


def is_database(path: Path) -> bool:
    """Whether a file is a database, such as `remand ingest` writes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


# -- tables ---------------------------------------------------------------------------------


def _table(path: Path, faults: Faults) -> tuple[pl.DataFrame, list[str]]:
    """Rows of a table of counts, or else of a file of public data."""
    import duckdb  # noqa: PLC0415 - slow to import

    from remand.records.intake.looking import look  # noqa: PLC0415
    from remand.records.intake.reading import table as read  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        scratch = Path(folder)
        table = read(con, look(path, scratch), scratch)
        names = [name.strip().lower() for name in table.columns]
        if "ds" not in names or "y" not in names:
            return _source(path, table.columns)
        con.execute(f"CREATE TEMP TABLE cells AS {table.numbered}")
        for row in table.unreadable:
            faults.say(f"the row cannot be read: {row.trouble}", "mend the row", line=row.line)
        return _read(con, names, faults, path), [*table.look.notes, *table.notes]


def _read(
    con: duckdb.DuckDBPyConnection, names: list[str], faults: Faults, path: Path
) -> pl.DataFrame:
    """The rows that can be used; what is wrong with the others is among the faults."""
    at = {name: f"c{i}" for i, name in reversed(list(enumerate(names))) if name[:1] != "_"}
    moment = _moment(con, at["ds"], faults)
    rows = pl.DataFrame(
        con.sql(f"SELECT *, CAST({moment} AS DATE) AS _ds FROM cells ORDER BY line")  # noqa: S608
    ).select(
        pl.col("line").alias(LINE), "_ds", *(pl.col(cell).alias(name) for name, cell in at.items())
    )
    faults.add(
        rows.filter(pl.col("ds").is_null()),
        "ds", "a row without a date", "give the first day of its step",
    )  # fmt: skip
    faults.add(
        rows.filter(pl.col("ds").is_not_null() & pl.col("_ds").is_null()),
        "ds", "{} is no date", "write dates like 2019-01-31, or months like 2019-01",
    )  # fmt: skip
    if "unique_id" in at:
        faults.add(
            rows.filter(pl.col("unique_id").is_null()),
            "unique_id", "a row that does not say which series it is of", "name the series",
        )  # fmt: skip
    else:
        rows = rows.with_columns(pl.lit(_name(path)).alias("unique_id"))
    faults.add(
        rows.filter(_text("y").is_not_null() & ~_number("y").is_finite().fill_null(value=False)),
        "y", "{} is no number of people", "give digits alone, or leave the cell empty",
    )  # fmt: skip
    signals = [name for name in at if name not in KEYS and _is_signal(rows, name)]
    return rows.select(
        "unique_id",
        pl.col("_ds").alias("ds"),
        *(_number(name).alias(name) for name in ("y", *signals)),
        LINE,
    ).drop_nulls(["unique_id", "ds"])


def _name(path: Path) -> str:
    """What a series is called that has no name: the file's, without its endings."""
    return path.name.split(".")[0]


def _text(name: str) -> pl.Expr:
    """A cell's text; null where it says that there is no number."""
    cell = pl.col(name).str.strip_chars()
    return pl.when(cell.str.to_lowercase().is_in(NOTHING).not_()).then(cell)


def _number(name: str) -> pl.Expr:
    return _text(name).cast(pl.Float64, strict=False)


def _is_signal(rows: pl.DataFrame, name: str) -> bool:
    """Whether every cell of a column that is filled is a number, and any is."""
    filled, numbers = rows.select(
        _text(name).is_not_null().sum().alias("filled"),
        _number(name).is_finite().sum().alias("numbers"),
    ).row(0)
    return bool(filled) and filled == numbers


def _moment(con: duckdb.DuckDBPyConnection, cell: str, faults: Faults) -> str:
    """SQL of the moment a cell tells; a fault if the day and the month cannot be told apart."""
    from remand.records.intake import forms  # noqa: PLC0415

    found = forms.found(con, "cells", cell)
    if found is None:
        return "NULL"
    form = found.form
    if found.unsettled:
        settled = forms.settled(con, "cells", cell, form)
        if settled is None:
            faults.say(
                "every date can be read with the day first or the month first",
                "write dates like 2019-01-31", "ds", value=found.form.shown,
            )  # fmt: skip
            return form.sql(cell)
        form = settled
    return form.sql(cell)


# -- sources and work files -----------------------------------------------------------------


def _source(path: Path, columns: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Rows of a file of public data that `remand.sources` knows."""
    from remand import sources  # noqa: PLC0415 - only where the file is no table of counts

    try:
        taken = sources.read(path)
    except InputError:
        shown = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        raise InputError.of(
            f"there are no columns ds and y (its columns: {shown}), and no source that remand "
            "knows looks like this",
            fix="name the columns unique_id (which jail), ds (date) and y (people held), or see "
            "what is known: remand sources list",
            file=str(path),
        ) from None
    if taken.table == "stays":
        raise InputError.of(
            "these are stays of single people, not counts",
            fix=f"take them in first: remand ingest {path} --into work.duckdb",
            file=str(path),
        )
    rows = {"census": _census, "aggregates": _aggregates}[taken.table]
    note = f"{taken.source.title} ({taken.source.name})"
    if taken.flags:
        note += f"; {counted(len(taken.flags), 'thing')} to know of it: remand sources read {path}"
    return rows(taken.frame, _name(path)), [note]


def _work(path: Path) -> tuple[pl.DataFrame, list[str]]:
    """Rows of a work file: its census rebuilt from stays, else its monthly figures."""
    from remand.records import census, work  # noqa: PLC0415

    inside = work.contents(path)
    name = _name(path)
    if inside.stays:
        with work.opened(path) as con:
            days = census.rebuilt(con)
            into = pl.DataFrame(
                con.sql("SELECT day_in AS day, count(*) AS bookings FROM spells GROUP BY ALL")
            )
        rows = days.join(into, on="day", how="left").select(
            pl.lit(name).alias("unique_id"), pl.col("day").alias("ds"),
            pl.col("people").cast(pl.Float64).alias("y"),
            pl.lit(None, pl.Int64).alias(LINE),
            pl.col("bookings").fill_null(0).cast(pl.Float64),
        )  # fmt: skip
        made_up = ["SYNTHETIC records: nobody in them exists"] if _synthetic(path) else []
        return rows, [*made_up, "the census of each day is rebuilt from stays"]
    if len(inside.months):
        return _aggregates(inside.months, name), []
    with work.opened(path) as con:
        days = pl.DataFrame(con.sql(f"SELECT day, published AS people FROM ({census.PUBLISHED})"))  # noqa: S608
    if not len(days):
        raise InputError.of(
            f"'{path}' holds no stays, no census and no monthly figures",
            fix=f"take some in first: remand ingest FILE --into {path}",
        )
    return _census(days, name), []


def _synthetic(path: Path) -> bool:
    """Whether a model made the stays of a work file."""
    from remand.records import work  # noqa: PLC0415

    with work.opened(path) as con:
        found = con.execute("SELECT coalesce(bool_or(synthetic), false) FROM stays").fetchone()
    return bool(found and found[0])


def _census(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows of the table ``census``: totals, and the levels of axes as signals."""
    place = pl.col("place").fill_null(name) if "place" in frame.columns else pl.lit(name)
    return _wide(frame.with_columns(place.alias("place"), measure=pl.lit("y")), "day", "people")


def _aggregates(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows of the table ``aggregates``: the ADP, and other measures and levels as signals."""
    named = pl.col("measure").replace(MEASURES)
    return _wide(
        frame.with_columns(pl.col("place").fill_null(name), named.alias("measure")),
        "month", "value",
    )  # fmt: skip


def _wide(frame: pl.DataFrame, day: str, value: str) -> pl.DataFrame:
    """A row a place and date, with a column a measure (``bookings``) and level (``y_sex_male``)."""
    parts = ["measure", *(c for c in ("axis", "level") if c in frame.columns)]
    wide = (
        frame.select(
            pl.col("place").alias("unique_id"),
            pl.col(day).cast(pl.Date).alias("ds"),
            pl.concat_str(parts, separator="_", ignore_nulls=True).alias("column"),
            pl.col(value).cast(pl.Float64).alias("value"),
        )
        .pivot(on="column", index=["unique_id", "ds"], values="value", aggregate_function="last")
        .sort("unique_id", "ds")
        .with_columns(pl.lit(None, pl.Int64).alias(LINE))
    )
    return wide if "y" in wide.columns else wide.with_columns(pl.lit(None, pl.Float64).alias("y"))
