"""The tables of `remand measure`: figures, disparity, stays, returns, beds, and why it changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl
from rich.table import Table

from remand.cli import show
from remand.outcomes.variance import whole
from remand.runs.measurement import NAMES, Measurement

Column = tuple[str, str, str]
"""A heading, the quantity below it, and how it is written."""

Rows = dict[tuple[Any, ...], dict[str, dict[str, Any]]]
"""Rows of figures by the cell they are of, and by quantity."""

COLUMNS = (
    ("population", "people"),
    ("population", "band"),
    ("admissions", "people"),
    ("admissions_a_month", "people"),
    ("releases", "people"),
    ("bed_days", "people"),
    ("stay_admission", "days"),
    ("stay_release", "days"),
    ("stay_so_far", "days"),
    ("days_per_admission", "days"),
    ("rate", "people"),
)
"""Columns of the first table: a quantity, and how it is written."""

PARTS = (
    ("before", "population_before", "people"),
    ("change", "change", "signed"),
    (show.INTERVAL, "change", "signed band"),
    ("admissions", "change_by_admissions", "signed"),
    ("mix", "change_by_mix", "signed"),
    ("days held", "change_by_days", "signed"),
)
"""Columns of a change, after the people held."""

BASES = {"stay_admission": "of those admitted", "stay_release": "of those released"}
QUANTILES = {"p10": "10 %", "p25": "25 %", "p50": "half", "p75": "75 %", "p90": "90 %",
             "p95": "95 %", "p99": "99 %"}  # fmt: skip


class Shown(NamedTuple):
    """A table with its title, and what must stand right under it."""

    title: str
    table: Table
    under: str = ""


def tables(found: Measurement) -> list[Shown]:
    """Everything there is to see of a measurement; of one period also how stays are spread."""
    if found.variance is not None:
        return _changes(found, found.variance)
    axes = [c for c in ("place", *found.meta["by"]) if c in found.figures.columns]
    if found.meta["every"]:
        axes = ["date", *axes]
    rows = _by(found.figures, axes)
    there = found.figures["quantity"].unique(maintain_order=True).to_list()
    first = [(_heading(quantity, how, found), quantity, how) for quantity, how in COLUMNS]
    shown = [*_table("", axes, first, rows), *_disparity(found)]
    if found.meta["every"]:
        return shown
    for basis, whose in BASES.items():
        columns = [(words, f"{basis}_{p}", "count") for p, words in QUANTILES.items()]
        title = f"Days that a share {whose} stay no longer than"
        shown += _table(title, axes, columns, rows, "longer than the records can tell")
    returns = [(f"{q.removeprefix('returned_')} days", q, "share")
               for q in there if q.startswith("returned_")]  # fmt: skip
    title = "Booked again, of the people released, by their first release in the period, within"
    shown += _table(title, axes, returns, rows, "the records end too soon to tell")
    if found.stay_bands is not None:
        title = "People admitted and bed-days used, by the length of the stay in days"
        shown.append(Shown(title, _bands(found.stay_bands)))
    return shown


def _heading(quantity: str, how: str, found: Measurement) -> str:
    if how == "band":
        return show.INTERVAL
    return "ADP" if quantity == "population" and found.averages else NAMES.get(quantity, quantity)


def _by(frame: pl.DataFrame, axes: Sequence[str]) -> Rows:
    rows: Rows = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(tuple(row[axis] for axis in axes), {})[row["quantity"]] = row
    return rows


def _empty(words: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for heading in words:
        table.add_column(heading, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _table(
    title: str, axes: Sequence[str], columns: Sequence[Column], rows: Rows, lacking: str = ""
) -> list[Shown]:
    """Cells with any figure, under the columns that have any; none if there are none.

    ``lacking`` says what a dash means, if one is shown.
    """
    there = {quantity for found in rows.values() for quantity in found}
    columns = [column for column in columns if column[1] in there]
    cells = {
        key: [_written(found.get(quantity), how) for _, quantity, how in columns]
        for key, found in rows.items()
    }
    cells = {key: own for key, own in cells.items() if set(own) - {"", "–"}}
    kept = [i for i in range(len(columns)) if any(own[i] for own in cells.values())]
    if not kept:
        return []
    table = _empty(axes, [columns[i][0] for i in kept])
    for key, own in cells.items():
        table.add_row(*_named(key), *(own[i] for i in kept))
    dashed = lacking and any("–" in own for own in cells.values())
    return [Shown(title, table, f"–: {lacking}." if dashed else "")]


def _named(key: tuple[Any, ...]) -> list[str]:
    return ["all" if part is None else str(part) for part in key]


def _written(row: dict[str, Any] | None, how: str) -> str:  # noqa: PLR0911 - one for each form
    """A figure as its column has it."""
    if how.endswith("bounds"):
        certain = row is None or row["low"] is None or row["low"] == row["high"]
        return "" if certain else _between(row, "low", "high", how)
    if how.endswith("band"):
        return "" if row is None or row["q05"] is None else _between(row, "q05", "q95", how)
    if row is None or row["mean"] is None:
        hidden = row is not None and row["suppressed"]
        return show.withheld(row) if row is not None and hidden else "–"
    if how == "signed":
        return show.signed(row["mean"])
    if how == "share":
        return f"{100 * row['mean']:.1f} %"
    if how == "ratio":
        return f"{row['mean']:,.2f}"
    return show.days(row) if how == "days" else show.people(row)


def _between(row: dict[str, Any] | None, low: str, high: str, how: str) -> str:
    """Two ends of an interval."""
    assert row is not None  # noqa: S101 - whoever asks has looked
    if how.startswith("signed"):
        return f"{show.signed(row[low])} to {show.signed(row[high])}"
    places = 2 if how.startswith("ratio") else 0
    return f"{row[low]:,.{places}f}–{row[high]:,.{places}f}"


def _disparity(found: Measurement) -> list[Shown]:
    """The two rates compared, their ratio and their difference, in one table."""
    pair = found.meta.get("disparity")
    told = found.figures.filter(pl.col("quantity").str.starts_with("disparity"))
    if not pair or not len(told):
        return []
    axes = ["date"] if found.meta["every"] else []
    rows = _by(told, axes)
    columns: list[Column] = []
    own = found.figures if found.levels is None else found.levels
    alone = found.levels is not None or found.meta["by"] == [pair["axis"]]
    for level in (pair["of"], pair["to"]) if alone else ():
        rates = own.filter((pl.col("quantity") == "rate") & (pl.col(pair["axis"]) == level))
        for key, row in _by(rates, axes).items():
            rows.get(key, {})[f"rate {level}"] = row["rate"]
        columns += [(level, f"rate {level}", "people"), (show.INTERVAL, f"rate {level}", "band")]
    for heading, how in (("ratio", "ratio"), ("difference", "people")):
        quantity = f"disparity_{heading}"
        columns += [(heading, quantity, how), (show.INTERVAL, quantity, f"{how} band"),
                    ("bounds", quantity, f"{how} bounds")]  # fmt: skip
    title = f"{pair['of']} to {pair['to']}, people held per 100,000 {told['denominator'][0]}"
    shown = _table(title, axes, columns, rows)
    bounds = (told["low"] != told["high"]).any()
    under = show.pooled(told)
    if bounds:
        under.append(f"Bounds: with everyone whose {pair['axis']} is not recorded on one side.")
    return [one._replace(under=" ".join(under)) for one in shown]


def _bands(frame: pl.DataFrame) -> Table:
    """People admitted and the beds they used, by how long they stay."""
    table = _empty(["days"], ["admitted", "share", "bed-days", "share"])
    rows = _by(frame, ("stay_band",))
    everyone = rows[(None,)]
    for key, found in rows.items():
        cells = []
        for quantity in ("admissions", "bed_days"):
            row = found.get(quantity)
            share = ""
            if row is not None and row["mean"] is not None and everyone[quantity]["mean"]:
                share = f"{100 * row['mean'] / everyone[quantity]['mean']:.1f} %"
            cells += [_written(row, "people"), share]
        table.add_row(*_named(key), *cells)
    return table


def _changes(found: Measurement, frame: pl.DataFrame) -> list[Shown]:
    """A change and its parts, a row a group, rounded so that what is shown adds up."""
    axes = [axis for axis in found.meta["by"] if axis in frame.columns]
    rows = _by(frame, axes)
    for own in rows.values():
        for quantity, number in whole({q: row["mean"] for q, row in own.items()}).items():
            own[quantity] = {**own[quantity], "mean": number}
    people = (_heading("population", "people", found), "population", "people")
    return _table("", axes, [people, *PARTS], rows)
