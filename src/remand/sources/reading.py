"""A file of a public data set: recognised by its columns, and read."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from remand.errors import InputError, did_you_mean
from remand.records.ingest import Ingested, ingest
from remand.records.intake.columns import Corrections
from remand.records.intake.looking import Look, look
from remand.sources import bjs, california, cook, newyork, philadelphia, vera
from remand.sources.source import EVERY, Found, Raw, Source, Taken

SOURCES: tuple[Source, ...] = (
    bjs.SOURCE,
    california.MONTHLY,
    california.QUARTERLY,
    cook.SOURCE,
    vera.COUNTY,
    vera.STATE,
    newyork.CENSUS,
    newyork.SNAPSHOT,
    newyork.SPELLS,
    philadelphia.CENSUS,
    philadelphia.DASHBOARD,
    philadelphia.JAILJAWN,
)
"""Every public data set that can be read, by name."""

TOP = 12
"""Lines of a text that are looked at to tell what it is."""


def read(path: str | Path) -> Taken:
    """A file of a known public data set, as rows of the records' contract.

    The file is told by its columns, whatever its name; gzip is unpacked. Nothing is dropped but
    what a flag counts. Raises InputError if it cannot be read, or is of no data set that is known.
    """
    with tempfile.TemporaryDirectory(prefix="remand-") as scratch:
        raw = _raw(look(Path(path), Path(scratch)))
        source = _recognised(raw)
        found = source.take(raw)
        if found.frame.is_empty():
            raise raw.wrong(
                f"it looks like {source.name}, and no row has a figure", "download it again"
            )
        flags = tuple(flag for flag in found.flags if flag is not None)
        return Taken(source, raw.look.name, found.frame, found.step, _period(source, found), flags,
                     raw.look.sha256)  # fmt: skip


def find(name: str) -> Source:
    """A data set by its name. Raises InputError, with the nearest, if there is none."""
    for source in SOURCES:
        if source.name == name:
            return source
    raise InputError.of(
        f"there is no public data set '{name}' here",
        fix=did_you_mean(name, [source.name for source in SOURCES]),
    )


def into(path: str | Path, work: str | Path, source: Source) -> Ingested:
    """A file of a data set into a work file, as `remand ingest` reads it.

    Raises InputError if it holds nothing that measure or fit use, and as `remand ingest` does.
    """
    if source.ingested is None:
        raise InputError.of(
            f"{source.name} goes into no work file: {source.not_ingested}",
            fix=source.instead,
        )
    return ingest([path], work, source.ingested, Corrections(columns=dict(source.mapped)))


def _raw(seen: Look) -> Raw:
    if seen.kind == "excel" and seen.path.suffix.lower() == ".zip":
        raise InputError.of(
            "this is an archive", fix="unpack it, and give one of its files", file=str(seen.path)
        )
    if seen.kind == "excel":
        raise InputError.of(
            "this is an Excel file, and the publishers of these data sets are read from CSV or "
            "Parquet",
            fix="save the sheet as CSV", file=str(seen.path),
        )  # fmt: skip
    if seen.kind == "parquet":
        try:
            columns = tuple(pl.read_parquet_schema(seen.path))
        except (pl.exceptions.PolarsError, OSError):
            raise InputError.of(
                "this is a damaged Parquet file", fix="download it again", file=str(seen.path)
            ) from None
        return Raw(seen, _bare(columns))
    with (seen.text or seen.path).open(encoding="utf-8-sig", newline="") as handle:
        top = tuple(line.rstrip("\r\n") for _, line in zip(range(TOP), handle, strict=False))
    return Raw(seen, _bare(next(csv.reader(top[:1]), [])), top)


def _bare(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in names)


def _recognised(raw: Raw) -> Source:
    """The data set whose columns a file has; of several, the one that asks for the most."""
    found = [source for source in SOURCES if source.is_in(raw)]
    if found:
        return max(found, key=lambda source: len(source.columns))
    near = max(SOURCES, key=lambda source: source.likeness(raw))
    known = [c for c in raw.header if c]
    shown = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    what = f"its columns ({shown}) are" if known else "its first line is empty: it is"
    if near.likeness(raw) >= 0.5:
        lacks = ", ".join(f"'{c}'" for c in near.columns if c not in raw.header)
        fix = f"did you mean {near.name}? Its files also have {lacks}"
    else:
        fix = (
            f"'remand sources list' shows the {len(SOURCES)} that are; a jail's own file goes to "
            "remand ingest"
        )
    raise raw.wrong(f"{what} not those of a public data set that is known here", fix, 1)


def _period(source: Source, found: Found) -> tuple[dt.date, dt.date]:
    """First day, and the day after the last."""
    frame = found.frame
    if source.table == "stays":
        first = pl.coalesce("first_seen", pl.col("admitted").dt.date())
        last = pl.coalesce("last_seen", pl.col("admitted").dt.date())
    else:
        first = last = pl.col("day" if source.table == "census" else "month")
    since, until = frame.select(first.min().alias("a"), last.max().dt.offset_by(
        EVERY[found.step]).alias("b")).row(0)  # fmt: skip
    return since, until
