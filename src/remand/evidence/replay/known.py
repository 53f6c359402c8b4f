"""The door between a forecast and what came after it: what was known on a day, and nothing else.

A forecast of the past reads records through `cut` alone. A row of that day or later is dropped; of
a stay that goes on across it only the beginning is kept. So what such rows say, be it multiplied,
empty or nonsense, cannot reach the forecast (`tests/unit/test_replay.py` tries). They are cut from
the file itself, before anything is guessed of its columns or of the hour of its snapshots.

Known is what had happened. That a survey's month is published some months after its end is not
held against it: the county knew its own.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import numpy as np
import polars as pl

from remand.errors import InputError
from remand.evidence.panel import Floats
from remand.evidence.replay.case import Case, Data

FOLDER = "REMAND_DATA"
"""The environment variable that may name the folder where a case's file is."""


def located(case: Case, given: str | Path | None) -> Path | None:
    """The file of a case: the one given, or the usual one in `FOLDER`; None if it needs none.

    Raises InputError that says which file is needed and where it comes from.
    """
    data = case.data
    if data is None:
        if given is not None:
            raise InputError.of(
                f"'{case.name}' runs on a model that comes with remand and reads no file",
                fix="leave out --data",
            )
        return None
    folder = os.environ.get(FOLDER)
    path = Path(given) if given is not None else Path(folder or "") / data.file
    if path.is_file() and (given is not None or folder):
        return path
    sources = [case.sources[key] for key in data.source if key in case.sources]
    where = "; ".join(f"{s.title}, {s.publisher}, {s.address}" for s in sources)
    asked = given is not None or folder is not None
    missing = f"there is no file '{path}'" if asked else "it does not come with remand"
    raise InputError.of(
        f"'{case.name}' is fitted to '{data.file}', and {missing}",
        fix=f"give it with --data FILE, or name its folder in {FOLDER}. It is from: {where}",
    )


def table(path: Path, data: Data) -> pl.DataFrame:
    """A case's file as it is; of a CSV every cell as text, so that none can change another's type.

    Raises InputError if it cannot be read, or lacks a column that the case names.
    """
    try:
        frame = (
            pl.read_parquet(path)
            if path.suffix == ".parquet"
            else pl.read_csv(path, infer_schema=False)
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError.of(
            "cannot be read as a table", fix="give a CSV or a Parquet file", file=str(path)
        ) from error
    wanted = [*data.seen, *data.later, *([data.month] if data.month else [])]
    if lost := [name for name in wanted if name not in frame.columns]:
        raise InputError.of(
            f"there is no column '{lost[0]}'",
            fix="give the file of the case, or change its column names",
            file=str(path),
        )
    return frame


def cut(frame: pl.DataFrame, data: Data, as_of: dt.date) -> pl.DataFrame:
    """What was known on a day, before it: months that were over, stays as far as they had gone.

    A stay that goes on is last seen in the last snapshot before the day, and its columns ``later``
    are empty. A row whose day cannot be read is not known to be earlier, and is dropped.

    >>> data = Data(kind="months", file="f.csv", source=["s://"], month="m")
    >>> frame = pl.DataFrame({"m": ["2011-02-01", "2011-03-01", "2011-04-01"], "y": [1, 2, 3]})
    >>> cut(frame, data, dt.date(2011, 4, 4))["y"].to_list()
    [1, 2]
    """
    if data.month is not None:
        return frame.filter(day(frame, data.month) < as_of.replace(day=1))
    first, last = (day(frame, name) for name in data.seen)
    known = frame.with_columns(first.alias("_first"), last.alias("_last")).filter(
        pl.col("_first") < as_of
    )
    over = pl.col("_last").is_not_null() & (pl.col("_last") < as_of)
    eve = known.select(
        pl.max_horizontal(pl.col("_first").max(), pl.col("_last").filter(over).max())
    ).item()
    name = data.seen[1]
    text = known.schema[name] == pl.String
    ended = pl.lit(str(eve) if text else eve).cast(known.schema[name])
    return known.with_columns(
        pl.when(over).then(pl.col(name)).otherwise(ended).alias(name),
        *(pl.when(over).then(pl.col(later)).otherwise(None).alias(later) for later in data.later),
    ).drop("_first", "_last")


def census(frame: pl.DataFrame, data: Data, since: dt.date, until: dt.date) -> Floats:
    """People inside on each day of [since, until), counted from stays and nothing else."""
    days = (until - since).days
    seen = frame.select(
        *(
            day(frame, name).dt.epoch("d").alias(end)
            for name, end in zip(data.seen, "ab", strict=True)
        )
    ).drop_nulls()
    first, last = (seen[end].to_numpy() - (since - dt.date(1970, 1, 1)).days for end in "ab")
    there = (last >= np.maximum(first, 0)) & (first < days)
    into = np.bincount(np.maximum(first[there], 0), minlength=days + 1)
    out = np.bincount(np.minimum(last[there] + 1, days), minlength=days + 1)
    return np.asarray(np.cumsum(into - out)[:days], np.float64)


def day(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as a date; null where it is none."""
    column = pl.col(name)
    if frame.schema[name] == pl.String:
        return column.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return column.cast(pl.Date)
