"""What a person asked of a file: kept with it, held against what is asked later, used again.

A mapping that one month's export needed is what the next one needs, unless another is given.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remand.errors import InputError
from remand.records.intake import reading
from remand.records.intake.columns import Corrections, Read
from remand.records.intake.looking import Look
from remand.records.intake.mapping import mapped
from remand.records.intake.names import words

if TYPE_CHECKING:
    import duckdb

NOTHING = Corrections()


@dataclass(frozen=True)
class Understood:
    """A file as a table, how its columns are read, and the corrections behind it."""

    table: reading.Table
    read: Read
    corrections: Corrections
    notes: tuple[str, ...] = ()


def as_json(corrections: Corrections, keep: Sequence[str] = ()) -> dict[str, Any]:
    """What is asked of the columns of a file, without what is left open.

    >>> as_json(Corrections(header=False, kind="bookings"), ["cell"])
    {'keep': ['cell'], 'header': False}
    """
    said: dict[str, Any] = {
        "columns": dict(sorted(corrections.columns.items())),
        "forms": dict(sorted(corrections.forms.items())),
        "values": {name: dict(at) for name, at in sorted(corrections.values.items())},
        "keep": sorted({*corrections.keep, *keep}),
        "header": corrections.header,
        "delimiter": corrections.delimiter,
        "sheet": corrections.sheet,
    }
    return {
        key: value for key, value in said.items() if value is not None and value not in ({}, [])
    }


def of_json(said: dict[str, Any]) -> Corrections:
    """The corrections that were kept as JSON."""
    return Corrections(**said | {"keep": tuple(said.get("keep", ()))})


def differs(
    mapping: str | None, was: str, corrections: Corrections, kind: str | None, keep: Sequence[str]
) -> bool:
    """Whether a file that was read as ``mapping`` and kind ``was`` is asked to be read otherwise.

    Nothing asked is nothing asked otherwise; --keep or --as alone leave the rest as it was.
    """
    kind = kind or corrections.kind
    if kind is not None and kind != was:
        return True
    if corrections == NOTHING and not keep:
        return False
    before = json.loads(mapping or "{}").get("asked", {})
    if corrections == NOTHING:
        corrections = earlier(mapping, keep)
    # texts, for the order of patterns tells
    return json.dumps(before) != json.dumps(as_json(corrections, keep))


def earlier(mapping: str | None, keep: Sequence[str]) -> Corrections:
    """The corrections that were kept of a file, but for columns to keep if others are named."""
    kept = json.loads(mapping or "{}")
    said = kept.get("asked", {})
    since = kept.get("window", {}).get("from")
    found = of_json({k: v for k, v in said.items() if k != "keep" or not keep})
    return replace(found, since=dt.date.fromisoformat(since)) if since else found


def understood(
    con: duckdb.DuckDBPyConnection,
    seen: Look,
    scratch: Path,
    corrections: Corrections,
    kind: str | None,
    keep: Sequence[str],
) -> Understood:
    """A file as it is to be read: as asked, or where nothing is, as an earlier one of its kind."""
    if corrections != NOTHING:
        return _under(con, seen, scratch, corrections, kind, keep)
    misfits: dict[str, str] = {}
    for file, was, mapping in _earlier(con, kind):
        said = json.loads(mapping)
        given = of_json(said["asked"])
        try:
            found = _under(con, seen, scratch, given, kind, keep)
            if found.read.kind != was:
                continue
            _same_places(found.table, given, [column["column"] for column in said["columns"]])
        except InputError as error:
            misfits[was] = (
                f"'{file}' WAS READ WITH A MAPPING THAT DOES NOT FIT THIS FILE: "
                f"{error.problems[0].message}. It is read without one: look at its columns, and "
                "give --mapping if they are wrong"
            )
            continue
        note = f"read as mapped for '{file}'; give --mapping to change it"
        return Understood(found.table, found.read, given, (note,))
    found = _under(con, seen, scratch, corrections, kind, keep)
    notes = (misfits[found.read.kind],) if found.read.kind in misfits else ()
    return Understood(found.table, found.read, corrections, notes)


def _under(
    con: duckdb.DuckDBPyConnection,
    seen: Look,
    scratch: Path,
    corrections: Corrections,
    kind: str | None,
    keep: Sequence[str],
) -> Understood:
    table = reading.table(
        con, seen, scratch, delimiter=corrections.delimiter, header=corrections.header,
        sheet=corrections.sheet,
    )  # fmt: skip
    reading.sample(con, table)
    return Understood(table, mapped(con, table, corrections, kind, keep), corrections)


def _earlier(con: duckdb.DuckDBPyConnection, kind: str | None) -> list[tuple[str, str, str]]:
    """Of each kind, the last file that was read with a mapping: name, kind, what was kept of it."""
    rows = con.execute(
        "SELECT arg_max(file, source), kind, arg_max(mapping, source) FROM sources "
        "WHERE json_array_length(json_keys(mapping, '$.asked')) > 0 AND coalesce(kind = ?, true) "
        "GROUP BY kind ORDER BY max(source) DESC",
        [kind],
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


def _same_places(table: reading.Table, given: Corrections, before: Sequence[str]) -> None:
    """Raise InputError if columns are known by position and stand elsewhere in this file."""
    if not any(isinstance(column, int) for column in given.columns.values()):
        return
    if list(map(words, table.columns)) != list(map(words, before)):
        raise InputError.of("it names columns by position, and they are others here")
