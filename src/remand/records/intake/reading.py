"""A file of rows as a table of texts in DuckDB: CSV of any dialect, Parquet, or Excel."""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remand.errors import InputError, did_you_mean
from remand.records.intake import headers, regular
from remand.records.intake.looking import Look

if TYPE_CHECKING:
    import duckdb

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 20_000
"""Rows from which names and forms are guessed."""


@dataclass(frozen=True)
class Table:
    """Rows of one file, as text.

    Attributes:
        look: the file.
        columns: names as in the header; ``column 1`` … where there is none.
        sql: a SELECT of cells ``c0 … cN`` (trimmed, NULL if empty), with ``line`` where numbered.
        line: SQL of the line of a row in a table made from ``sql`` in its order.
        rows: rows below the header, those that cannot be read too.
        filled: cells that are not empty, by column.
        unreadable: rows that cannot be read.
        delimiter: between cells, in text.
        header: the line of the header, counted from 1; 0: there is none.
        notes: what was taken for granted.
    """

    look: Look
    columns: tuple[str, ...]
    sql: str
    line: str
    rows: int
    filled: tuple[int, ...] = ()
    unreadable: tuple[regular.Row, ...] = ()
    delimiter: str = ","
    header: int = 1
    notes: tuple[str, ...] = ()

    @property
    def numbered(self) -> str:
        """The SELECT of its cells with the line of each row."""
        if self.line == "line":
            return self.sql
        before = int(self.line.removeprefix("rowid + ")) - 1
        return f"SELECT *, row_number() OVER () + {before} AS line FROM ({self.sql})"  # noqa: S608


def table(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    scratch: Path,
    *,
    delimiter: str | None = None,
    header: bool | int | None = None,
    sheet: str | None = None,
) -> Table:
    """A file as a table. Raises InputError if it holds none."""
    if look.kind == "parquet":
        return _profiled(con, _parquet(con, look))
    if look.kind == "excel":
        return _profiled(con, _excel(look, scratch, header, sheet))
    return _text(con, look, scratch, delimiter, header)


def sample(con: duckdb.DuckDBPyConnection, found: Table) -> None:
    """The first rows as the temporary table ``sample``."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE sample AS {found.sql} LIMIT {SAMPLE}")


# -- text -----------------------------------------------------------------------------------


def _text(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    scratch: Path,
    delimiter: str | None,
    header: bool | int | None,  # noqa: FBT001
) -> Table:
    path = look.text or look.path
    with path.open(encoding="utf-8-sig", newline=None) as file:
        head = [line.rstrip("\n") for line in islice(file, headers.LOOKED_AT + int(header or 0))]
    if "\0" in "".join(head[:1]):
        raise _wrong(
            look, "the first line holds zero bytes: this is no text", "export it as CSV", 1
        )
    if not any(line.strip() for line in head):
        raise _wrong(look, "the file begins with blank lines only", "export it again", 1)
    delimiter = delimiter or _delimiter(look, head)
    split = [_cells(line, delimiter) for line in head]
    top = headers.find(str(look.path), split, header)
    found = Table(look, top.names, "", "", 0, delimiter=delimiter, header=top.line, notes=top.notes)
    names, after = top.names, top.after
    if look.regular:
        quick = replace(
            found,
            sql=_csv(path, len(names), delimiter, after, look.newline),
            line=f"rowid + {after + 1}",
        )
        import duckdb  # noqa: PLC0415

        with contextlib.suppress(duckdb.Error):
            quick = _profiled(con, quick)
            if quick.rows == look.lines - after:
                return _with_rows(quick)
    written = regular.write(
        regular.rows(path, delimiter, len(names), after), scratch / "regular.csv"
    )
    return _with_rows(_numbered(con, found, written))


def _numbered(con: duckdb.DuckDBPyConnection, found: Table, written: regular.Written) -> Table:
    """A table whose rows stand in a regular copy, each with its line."""
    if not written.rows and written.unreadable:
        first = written.unreadable[0]
        raise _wrong(
            found.look,
            f"no row can be read: {first.trouble}",
            "does the file have one header, and one delimiter?",
            first.line,
        )
    sql = _csv(written.path, len(found.columns), regular.SEPARATOR, 0, "\n", numbered=True)
    numbered = replace(found, sql=sql, line="line", unreadable=written.unreadable)
    return _profiled(con, numbered)


def _with_rows(found: Table) -> Table:
    if not found.rows:
        raise _wrong(found.look, "there is a header, and no row below it", "export it again", 1)
    return found


def _csv(
    path: Path, width: int, delimiter: str, skip: int, newline: str, *, numbered: bool = False
) -> str:
    """A SELECT of the cells of regular text."""
    names = [*(["line"] if numbered else []), *(f"c{i}" for i in range(width))]
    types = ", ".join(f"'{n}': '{'BIGINT' if n == 'line' else 'VARCHAR'}'" for n in names)
    quote = "" if numbered else '"'
    ends = newline.replace("\r", "\\r").replace("\n", "\\n")
    cells = ", ".join(n if n == "line" else f"nullif(trim({n}), '') AS {n}" for n in names)
    return (
        f"SELECT {cells} FROM read_csv({_quoted(str(path))}, auto_detect=false, "  # noqa: S608
        f"delim={_quoted(delimiter)}, quote='{quote}', escape='{quote}', header=false, "
        f"skip={skip}, new_line='{ends}', max_line_size=4000000, columns={{{types}}})"
    )


def _delimiter(look: Look, head: Sequence[str]) -> str:
    """The delimiter that splits most lines into equally many cells, more than one."""

    def score(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(_cells(line, delimiter)) for line in head if line.strip())
        width, alike = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        return (alike if width > 1 else 0), width

    best = max(DELIMITERS, key=score)
    if score(best)[0] == 0:
        raise _wrong(
            look,
            "no table is in this file: no comma, semicolon, tab or bar parts its lines into "
            "equally many columns",
            "export the records as CSV; or name the delimiter in a mapping (delimiter: '^')",
            1,
        )
    return best


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return regular.cells(line, delimiter)
    except (csv.Error, StopIteration):
        return next(csv.reader([line], delimiter=delimiter), [""])


# -- Parquet and Excel ----------------------------------------------------------------------


def _parquet(con: duckdb.DuckDBPyConnection, look: Look) -> Table:
    import duckdb  # noqa: PLC0415

    source = f"read_parquet({_quoted(str(look.path))}, file_row_number=true)"
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise _damaged(look, "Parquet", error) from None
    columns = tuple(row[0] for row in described if row[0] != "file_row_number")
    cells = ", ".join(
        f"nullif(trim(CAST({_name(c)} AS VARCHAR)), '') AS c{i}" for i, c in enumerate(columns)
    )
    sql = f"SELECT file_row_number + 1 AS line, {cells} FROM {source}"  # noqa: S608
    return Table(look, columns, sql, "line", 0)


def _excel(
    look: Look,
    scratch: Path,
    header: bool | int | None,  # noqa: FBT001
    sheet: str | None,
) -> Table:
    import fastexcel  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415

    try:
        sheets = list(fastexcel.read_excel(look.path).sheet_names)
    except Exception as error:  # noqa: BLE001 - the reader raises what it likes
        raise _damaged(look, "Excel", error) from None
    if sheet is not None and sheet not in sheets:
        raise _wrong(look, f"there is no sheet '{sheet}'", did_you_mean(sheet, sheets))
    name = sheet or sheets[0]
    notes = []
    if len(sheets) > 1:
        others = ", ".join(f"'{s}'" for s in sheets if s != name)
        notes.append(f"read sheet '{name}' (mapping 'sheet:' names another: {others})")
    try:
        frame = pl.read_excel(
            look.path, sheet_name=name, has_header=False, infer_schema_length=0,
            drop_empty_rows=False, drop_empty_cols=False, raise_if_empty=False,
            read_options={"skip_rows": 0},  # blank rows above are rows: lines are counted from 1
        )  # fmt: skip
    except Exception as error:  # noqa: BLE001
        raise _damaged(look, "Excel", error) from None
    looked_at = headers.LOOKED_AT + int(header or 0)
    head = [[str(c or "") for c in row] for row in frame.head(looked_at).rows()]
    if not head:
        raise _wrong(look, f"sheet '{name}' is empty", "name another sheet in a mapping (sheet:)")
    top = headers.find(str(look.path), head, header)
    written = regular.write(_sheet_rows(frame, top.after), scratch / "regular.csv")
    sql = _csv(written.path, len(top.names), regular.SEPARATOR, 0, "\n", numbered=True)
    return Table(look, top.names, sql, "line", 0, header=top.line, notes=(*notes, *top.notes))


def _sheet_rows(frame: Any, after: int) -> Iterator[regular.Row]:
    for line, row in enumerate(frame.iter_rows(), 1):
        if line > after and any(cell is not None and str(cell).strip() for cell in row):
            yield regular.Row(line, [str(cell or "") for cell in row])


def _damaged(look: Look, what: str, error: Exception) -> InputError:
    said = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")[:120]
    return _wrong(look, f"cannot be read as {what}: {said}", "copy or export it again")


def _profiled(con: duckdb.DuckDBPyConnection, found: Table) -> Table:
    """The same table with its rows and filled cells counted: every cell is read once."""
    import duckdb  # noqa: PLC0415

    counts = ", ".join(f"count(c{i})" for i in range(len(found.columns)))
    try:
        row = con.execute(f"SELECT count(*), {counts} FROM ({found.sql})").fetchone() or (0,)  # noqa: S608
    except duckdb.Error as error:
        if found.look.kind == "text":
            raise
        raise _damaged(found.look, found.look.kind.title(), error) from None
    found = replace(found, rows=row[0] + len(found.unreadable), filled=tuple(row[1:]))
    return found if found.look.kind == "text" else _with_rows(found)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _wrong(look: Look, message: str, fix: str, line: int | None = None) -> InputError:
    return InputError.of(message, fix=fix, file=str(look.path), line=line)
