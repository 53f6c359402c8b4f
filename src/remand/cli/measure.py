"""`remand measure`: what a jail's own records say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from remand.cli.compare import DAYS

if TYPE_CHECKING:
    import polars as pl

    from remand.runs.measurement import Measurement


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
        typer.Option(
            help="Only this quantity, such as adp; may be given more than once. Default: all."
        ),
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
        typer.Option(
            help="Why it changed: last-year, or a run of compare as .json. Default period of "
            "last-year: the last 12 full months against the 12 before, of records shorter than "
            "that the last full month against the same a year earlier; of a run: all of it that "
            "the records cover."
        ),
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
    from remand.api.records import measure as run_measure
    from remand.cli.compare import RUNS, known, one_form, written_as

    one_form(json=json, csv=csv)
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
    from remand.cli import show
    from remand.cli.measured import tables

    shown = tables(found)
    console = show.wide(*(table for _, table, _ in shown))
    meta = found.meta
    files = ", ".join(source["file"] for source in meta["sources"])
    made_up = " SYNTHETIC" if meta["synthetic"] else ""
    against = f" against {meta['against']}" if meta.get("against") else ""
    period = f"{meta['from']} to {meta['to']}{against}"
    console.print(f"[bold]{files}, {period}[/bold] (last days exclusive){made_up}")
    if found.says is not None:
        console.print(found.says)
    for title, table, under in shown:
        if title:
            console.print(f"\n{title}")
        console.print(table)
        if under:
            console.print(under, style="dim")
    if not shown:
        console.print("The records can tell none of the figures asked for in this period.")
    last = f"Measurement {found.identity}, remand {meta['versions']['remand']}."
    for line in (*found.notes, last):
        console.print(line, style="dim")
