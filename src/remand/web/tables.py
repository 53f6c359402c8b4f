"""Rows as files: CSV that no spreadsheet takes for formulas, and the JSON of the library."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def safe(value: Any) -> Any:
    """A text that a spreadsheet shows as it stands; numbers pass as they are.

    >>> safe("=1+1"), safe("jail"), safe(-1.5)
    ("'=1+1", 'jail', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def csv_of(frame: pl.DataFrame) -> str:
    """A frame as CSV, its digits those of ``remand compare --csv``."""
    shown = [
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]"))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.String
    ]
    return frame.with_columns(shown).write_csv()


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Mappings as CSV under some columns; what is missing stays empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(row.get(column)) for column in columns])
    return out.getvalue()
