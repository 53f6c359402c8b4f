"""How wide tables print; what they say is in `remand.present.words`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remand.present.words import (
    INTERVAL,
    SMALL,
    band,
    claims,
    days,
    kept,
    overflow,
    people,
    plan,
    pooled,
    rounded,
    signed,
    withheld,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["INTERVAL", "SMALL", "band", "claims", "days", "kept", "overflow", "people", "plan",
           "pooled", "rounded", "signed", "wide", "withheld"]  # fmt: skip


def wide(*tables: Table) -> Console:
    """Where tables print whole, and text as wide: a figure cut short is a wrong figure."""
    from rich.console import Console

    needed = [Console(width=1000).measure(table).maximum for table in tables]
    return Console(highlight=False, width=max([Console().width, *needed]))
