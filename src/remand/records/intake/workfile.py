"""The work file while it is written: a copy beside it, put in its place whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from remand import provenance
from remand.errors import InputError
from remand.records import contracts, work

if TYPE_CHECKING:
    import duckdb

MEMORY = "3GB"
"""What DuckDB may hold in memory; beyond it, it writes beside the work file."""


@contextlib.contextmanager
def rewritten(path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A connection to a copy of the work file, and a scratch folder beside it.

    The copy takes the file's place when the block ends; after an error, or a kill, the file is as
    it was. Raises InputError for a file that is none of ours, or that another process writes.
    """
    import duckdb  # noqa: PLC0415 - slow to import, needed only here

    _writable(path)
    if path.exists() and (what := work.not_a_database(path)):
        raise InputError.of(
            f"'{path}' cannot be read as a work file: this is {what}",
            fix="swap FILE and --into? Or name another work file",
        )
    _clear(path)
    scratch = _part(path, os.getpid())
    try:
        scratch.mkdir()
        if writer := _another(path):
            raise InputError.of(
                f"another remand ingest (process {writer}) is writing '{path}'",
                fix="wait until it is done",
            )
        copy = scratch / "work.duckdb"
        if path.exists():
            work.opened(path).close()
            shutil.copyfile(path, copy)
        con = duckdb.connect(
            str(copy),
            config={"memory_limit": MEMORY, "temp_directory": str(scratch / "spilled")},
        )
        try:
            con.execute("SET enable_progress_bar = false")
            if not path.exists():
                _make(con)
            yield con, scratch
            con.execute("CHECKPOINT")
        finally:
            con.close()
        _in_place(copy, path)
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        said = str(getattr(error, "strerror", None) or error).splitlines()[0]
        raise InputError.of(
            f"'{path}' cannot be written: {said}",
            fix="make room on the disk, or give another place",
        ) from None
    except RuntimeError as error:
        if "interrupted" in str(error):  # what DuckDB makes of Ctrl-C
            raise KeyboardInterrupt from None
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _make(con: duckdb.DuckDBPyConnection) -> None:
    for table in contracts.TABLES:
        con.execute(contracts.definition(table))
    con.execute(
        "INSERT INTO about VALUES ('format', ?), ('remand', ?)",
        [contracts.FORMAT, provenance.version()],
    )


def _writable(path: Path) -> None:
    if path.is_dir():
        raise InputError.of(f"'{path}' is a folder", fix="name a file: --into WORK.duckdb")
    if not path.parent.is_dir():
        raise InputError.of(
            f"'{path}' cannot be written: there is no folder '{path.parent}'",
            fix="give another place",
        )
    if not os.access(path.parent, os.W_OK):
        raise InputError.of(
            f"'{path}' cannot be written: its folder may not be written to",
            fix="give another place",
        )
    if path.with_name(path.name + ".wal").exists():
        raise InputError.of(
            f"'{path}' has changes of another program that are not finished ('{path.name}.wal')",
            fix="open it once in that program, and close it",
        )


def _in_place(copy: Path, path: Path) -> None:
    """Put the copy in place, on disk before its name is."""
    _to_disk(copy, os.O_RDWR)
    copy.replace(path)
    _to_disk(path.parent, os.O_RDONLY)


def _to_disk(place: Path, flags: int) -> None:
    handle = os.open(place, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- other processes ------------------------------------------------------------------------


def _part(path: Path, process: int) -> Path:
    return path.with_name(f".{path.name}.{process}.part")


def _parts(path: Path) -> Iterator[tuple[int, Path]]:
    for part in path.parent.glob(f".{path.name}.*.part"):
        number = part.name.removeprefix(f".{path.name}.").removesuffix(".part")
        if number.isdigit():
            yield int(number), part


def _clear(path: Path) -> None:
    """Remove what processes that are no more left behind."""
    for process, part in _parts(path):
        if process == os.getpid() or not _alive(process):
            shutil.rmtree(part, ignore_errors=True)


def _another(path: Path) -> int | None:
    return next((p for p, _ in _parts(path) if p != os.getpid() and _alive(p)), None)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
