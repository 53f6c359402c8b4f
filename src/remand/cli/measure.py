"""`remand measure`: what a jail's own records say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from remand.cli.compare import DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from rich.table import Table

    from remand.runs.measurement import Measurement

BASES = {"stay_admission": "of those admitted", "stay_release": "of those released"}
QUANTILES = {"p10": "10 %", "p25": "25 %", "p50": "half", "p75": "75 %", "p90": "90 %",
             "p95": "95 %", "p99": "99 %"}  # fmt: skip

COLUMNS = (
    ("people", "population", "people"),
    ("90 % interval", "population", "band"),
    ("admitted", "admissions", "people"),
    ("a month", "admissions_a_month", "people"),
    ("released", "releases", "people"),
    ("bed-days", "bed_days", "people"),
    ("stay (admitted)", "stay_admission", "days"),
    ("stay (released)", "stay_release", "days"),
    ("stay so far", "stay_so_far", "days"),
    ("days/admission", "days_per_admission", "days"),
    ("rate", "rate", "people"),
    ("ratio", "disparity_ratio", "ratio"),
    ("difference", "disparity_difference", "people"),
)
"""Columns of the first table: heading, quantity, and how it is written."""

PARTS = (
    ("people", "population", "people"),
    ("before", "population_before", "people"),
    ("change", "change", "signed"),
    ("90 % interval", "change", "signed band"),
    ("admissions", "change_by_admissions", "signed"),
    ("mix", "change_by_mix", "signed"),
    ("days held", "change_by_days", "signed"),
)
"""Columns of a change."""


def measure(
    work: Annotated[str, typer.Argument(help="A work file, as remand ingest wrote it.")],
    since: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=DAYS, help="First day. Default: the records' first."),
    ] = None,
    to: Annotated[
        dt.datetime | None,
        typer.Option("--to", formats=DAYS, help="Day after the last. Default: the records' end."),
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="day, week, month or year. Default: the period as one.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Column of the records, or stay_band; may be given more than once."),
    ] = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="Only this quantity; may be given more than once. Default: all."),
    ] = None,
    population: Annotated[
        str | None, typer.Option(help="A CSV of residents: columns to group by, people, unit.")
    ] = None,
    per: Annotated[
        str | None, typer.Option(help='Who those are, such as "residents aged 15–64".')
    ] = None,
    compare: Annotated[
        str | None, typer.Option(help="Two levels of a column: race=Black:white.")
    ] = None,
    within: Annotated[
        list[int] | None,
        typer.Option(help="Days to a return. Default: 30, 90, 180 and 365."),
    ] = None,
    variance: Annotated[
        str | None,
        typer.Option(help="Why it changed: last-year, or a run of compare as .json."),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="Which scenario of that run. Default: its first.")
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(help="Of monthly figures of several jails, only this one; may be repeated."),
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws behind the intervals; 0: none.")] = 200,
    seed: Annotated[int, typer.Option(help="Which draws.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the figures as CSV.")] = False,
    out: Annotated[
        str | None, typer.Option(help="Write to a .json, .csv or .parquet file instead.")
    ] = None,
) -> None:
    """Measure records: people held, admissions, releases, stays, returns, rates, disparity.

    Figures of fewer than ten people are hidden, with what would give them away.
    """
    from remand.api import measure as run_measure
    from remand.cli.compare import RUNS, known, written_as

    written_as(out, "--out", RUNS)
    found = run_measure(
        work,
        since=since.date() if since else None,
        until=to.date() if to else None,
        every=known(every, ("day", "week", "month", "year"), "--every") if every else None,
        by=by or [],
        quantities=quantity,
        population=population,
        per=per,
        compare=compare,
        within=within or None,
        variance=variance,
        scenario=scenario,
        places=place or [],
        draws=draws,
        seed=seed,
    )
    if out is not None:
        _write(found, out)
    elif json:
        print(found.to_json())
    elif csv:
        print(_rows(found).write_csv(), end="")
    else:
        _show(found)


def _rows(found: Measurement) -> pl.DataFrame:
    """What is written as a table: the change if one is asked for, else the figures."""
    return found.figures if found.variance is None else found.variance


def _write(found: Measurement, out: str) -> None:
    from pathlib import Path

    from remand.cli.compare import opened

    path = Path(out)
    with opened(path) as file:
        if path.suffix == ".json":
            file.write(found.to_json().encode())
        elif path.suffix == ".csv":
            _rows(found).write_csv(file)
        else:
            _rows(found).write_parquet(file)
    print(f"{path} written (measurement {found.identity})")


def _show(found: Measurement) -> None:
    from rich.console import Console

    from remand.cli import show

    console = Console(highlight=False)
    meta = found.meta
    files = ", ".join(source["file"] for source in meta["sources"])
    made_up = " SYNTHETIC" if meta["synthetic"] else ""
    console.print(f"[bold]{files}, {meta['from']} to {meta['to']}[/bold] (exclusive){made_up}")
    if found.variance is not None:
        console.print(found.says)
        show.wide(console, _changes(found.variance, meta["by"]))
    for title, table in [] if found.variance is not None else _tables(found):
        if title:
            console.print(f"\n{title}")
        show.wide(console, table)
    last = f"Measurement {found.identity}, remand {meta['versions']['remand']}."
    for line in (*found.notes, last):
        console.print(line, style="dim")


def _tables(found: Measurement) -> list[tuple[str, Table]]:
    """The figures; of one period also how stays are spread and who comes back; with titles."""
    axes = [c for c in ("place", *found.meta["by"]) if c in found.figures.columns]
    if found.meta["every"]:
        axes = ["date", *axes]
    rows = _by(found.figures, axes)
    there = found.figures["quantity"].unique(maintain_order=True).to_list()
    plain = found.meta["intervals"] is None
    columns = [c for c in COLUMNS if c[1] in there and not (plain and c[2] == "band")]
    tables = [("", _table(axes, columns, rows))]
    if found.meta["every"]:
        return tables
    for basis, whose in BASES.items():
        columns = [(words, f"{basis}_{p}", "days") for p, words in QUANTILES.items()]
        if columns[0][1] in there:
            title = f"Days that a share {whose} stay no longer than"
            tables.append((title, _table(axes, columns, rows)))
    returns = [(f"{q.removeprefix('returned_')} days", q, "share")
               for q in there if q.startswith("returned_")]  # fmt: skip
    if returns:
        title = "Booked again, of the people released, within"
        tables.append((title, _table(axes, returns, rows)))
    if found.stay_bands is not None:
        title = "People admitted and bed-days used, by the length of the stay in days"
        tables.append((title, _bands(found.stay_bands)))
    return tables


def _by(frame: pl.DataFrame, axes: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by the cell they are of, and by quantity."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(tuple(row[axis] for axis in axes), {})[row["quantity"]] = row
    return rows


def _empty(words: Sequence[str], numbers: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for heading in words:
        table.add_column(heading, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _table(
    axes: Sequence[str],
    columns: Sequence[tuple[str, str, str]],
    rows: dict[tuple[Any, ...], dict[str, Any]],
) -> Table:
    table = _empty(axes, [heading for heading, _, _ in columns])
    for key, found in rows.items():
        cells = [_written(found.get(quantity), how) for _, quantity, how in columns]
        if any(cell not in {"", "–"} for cell in cells):
            table.add_row(*_named(key), *cells)
    return table


def _named(key: tuple[Any, ...]) -> list[str]:
    return ["all" if part is None else str(part) for part in key]


def _written(row: dict[str, Any] | None, how: str) -> str:
    """A figure as its column has it: days, a share, a ratio, a signed change, a band of people."""
    from remand.cli import show

    if how == "band":
        return show.band(row)
    if row is None or row["mean"] is None:
        return show.withheld(row) if row is not None and row["suppressed"] else "–"
    if how == "signed":
        return show.signed(row["mean"])
    if how == "signed band":
        known = row["q05"] is not None
        return f"{show.signed(row['q05'])} to {show.signed(row['q95'])}" if known else ""
    if how == "share":
        return f"{100 * row['mean']:.1f} %"
    return f"{row['mean']:,.2f}" if how == "ratio" else show.people(row)


def _bands(frame: pl.DataFrame) -> Table:
    """People admitted and the beds they used, by how long they stay."""
    table = _empty(["days"], ["admitted", "share", "bed-days", "share"])
    rows = _by(frame, ("stay_band",))
    whole = rows[(None,)]
    for key, found in rows.items():
        cells = []
        for quantity in ("admissions", "bed_days"):
            row = found.get(quantity)
            share = ""
            if row is not None and row["mean"] is not None and whole[quantity]["mean"]:
                share = f"{100 * row['mean'] / whole[quantity]['mean']:.1f} %"
            cells += [_written(row, "people"), share]
        table.add_row(*_named(key), *cells)
    return table


def _changes(frame: pl.DataFrame, by: Sequence[str]) -> Table:
    """A change and its parts, a row a group."""
    axes = [axis for axis in by if axis in frame.columns]
    there = set(frame["quantity"].unique())
    return _table(axes, [c for c in PARTS if c[1] in there], _by(frame, axes))
