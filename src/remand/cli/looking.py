"""What `forecast` and `backtest` share: progress, and tables written down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from remand.evidence.panel import Step

SHOWN: dict[Step, tuple[int, ...]] = {
    "day": (1, 7, 30, 60, 90, 120, 150, 180, 365),
    "week": (1, 4, 8, 13, 26, 52),
    "month": (1, 3, 6, 12, 18, 24, 36, 48, 60),
}
"""Steps ahead that a table shows, beside the last."""

TABLES = (".csv", ".parquet")
"""What forecasts can be written as."""

FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet takes for a formula."""


def spare(file: str, *written: str | None) -> None:
    """Refuse to write over the file that is read, before the work is done."""
    from remand.errors import InputError

    for name in written:
        if name is not None and Path(name).resolve() == Path(file).resolve():
            raise InputError.of(
                f"'{name}' is the file that is read, and would be lost", fix="name another file"
            )


@contextmanager
def telling(what: str, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Progress on a terminal, and nothing anywhere else."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda said: status.update(f"{what}: {said}")


def write(frame: pl.DataFrame, out: str) -> None:
    """Write forecasts to a .csv or .parquet file. Raises InputError where that cannot be.

    In CSV no text begins as a formula would: a spreadsheet that opens it runs nothing.
    """
    import polars as pl

    from remand.cli.compare import opened

    path = Path(out)
    with opened(path) as file:
        if path.suffix == ".parquet":
            frame.write_parquet(file)
            return
        frame.with_columns(pl.col(pl.String).str.replace(FORMULA, "'$0")).write_csv(file)
