"""`remand fit`: records → a model."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from remand.cli.compare import DAYS

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from remand.fitting.document import Folder


def fit(
    work: Annotated[str, typer.Argument(help="A work file, as remand ingest wrote it.")],
    out: Annotated[str, typer.Option(help="The folder to write the model to.")],
    by: Annotated[
        list[str] | None,
        typer.Option(help="Column that becomes an axis of the model; may be given more than once."),
    ] = None,
    since: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=DAYS, help="First day used. Default: the records' first."),
    ] = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=DAYS, help="Use only what was known on this day. Default: all."),
    ] = None,
    start: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=DAYS,
            help="The model's first day. Default: the day after the records. A day inside them "
            "gives a model whose path can be held against what happened.",
        ),
    ] = None,
    place: Annotated[
        str | None, typer.Option(help="Which jail, where monthly figures are of several.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="What the model is called. Default: the file's name.")
    ] = None,
    draws: Annotated[
        int, typer.Option(min=0, help="Draws of the parameters; 0: no intervals.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="Which draws.")] = 0,
    strength: Annotated[
        float, typer.Option(min=0, help="People a wider group counts for in a small one.")
    ] = 25,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a model fitted before.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the parameters as JSON.")] = False,
) -> None:
    """Fit a model to records: stays, exits, arrivals, returns and who is inside.

    The folder holds model.yaml with its tables, parameters.csv (every number with its interval)
    and draws.parquet. Monthly figures alone give a first model, with what they cannot support.
    """
    from remand.api.records import fit as run_fit
    from remand.files.folder import writable_folder

    writable_folder(out, replace=replace)  # a minute's work should not end in a full folder
    found = run_fit(
        work,
        out,
        by=by or [],
        since=since.date() if since else None,
        as_of=as_of.date() if as_of else None,
        start=start.date() if start else None,
        place=place,
        title=title,
        draws=draws,
        seed=seed,
        strength=strength,
        replace=replace,
    )
    if json:
        import json as encoder

        print(encoder.dumps({"model": out, "parameters": found.parameters.to_dicts(),
                             "limits": list(found.limits)}, ensure_ascii=False))  # fmt: skip
    else:
        _show(found, out)


COLUMNS = (
    ("admitted a day", "admissions", 1.0, 1),
    ("mean stay", "stay_mean", 1.0, 1),
    ("out in a week", "within_a_week", 100.0, 0),
    ("inside, if held", "steady_census", 1.0, 0),
)
"""Columns of the table: heading, parameter, factor and decimals."""


def _show(found: Folder, out: str) -> None:
    from rich.console import Console

    document = found.document
    console = Console(highlight=False)
    console.print(f"[bold]{document['title']}, from {document['clock']['start']}[/bold]")
    states = {
        told["label"]: {"state": state}
        for state, told in document["states"].items()
        if told["kind"] == "jail"
    }
    views: list[tuple[str, dict[str, dict[str, str]]]] = [("booked as", {"all": {}, **states})]
    views += [
        (axis, {level: {axis: level} for level in levels})
        for axis, levels in document.get("strata", {}).items()
    ]
    for heading, rows in views:
        _table(console, heading, rows, found)
    for line in _notes(found):
        console.print(line, style="dim")
    console.print(f"Written to {out}. Check it: remand check {out}")


def _table(console: Console, heading: str, rows: dict[str, dict[str, str]], found: Folder) -> None:
    """A row a label: what is selected of the parameters, each value with its interval."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(heading, no_wrap=True)
    for name, *_ in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for label, of in rows.items():
        if cells := _row(found.parameters, of):
            table.add_row(label, *cells)
    needed = Console(width=1000).measure(table).maximum
    Console(highlight=False, width=max(console.width, needed)).print(table)
    console.print()


def _row(parameters: pl.DataFrame, of: dict[str, str]) -> list[str]:
    """Each value of a row with its interval; nothing where nobody is admitted."""
    import polars as pl

    from remand.cli import show

    plain = {"parameter", "unit", "value", "q05", "q95", "n"}
    labels = [column for column in parameters.columns if column not in plain]
    rows = parameters.filter(
        *(pl.col(x).eq_missing(pl.lit(of.get(x), dtype=pl.String)) for x in labels)
    )
    values = {row["parameter"]: row for row in rows.iter_rows(named=True)}
    if not values.get("admissions", {"value": 0.0})["value"]:
        return []
    cells = []
    for _, name, factor, digits in COLUMNS:
        row = values.get(name)
        if row is None:
            cells.append(show.SMALL if name == "steady_census" else "–")
            continue
        cell = f"{factor * row['value']:,.{digits}f}"
        if row["q05"] is not None:
            cell += f" ({factor * row['q05']:,.{digits}f}–{factor * row['q95']:,.{digits}f})"
        cells.append(cell + (" %" if factor == 100 else ""))
    return cells


def _notes(found: Folder) -> list[str]:
    """What must stand under the table."""
    states = found.document["states"]
    lines = ["Stays in days; 'inside, if held': if these rates and stays held for ever."]
    if len(found.draws):
        lines.append(f"In brackets: {found.intervals}.")
    lines.append(found.document["note"])
    if "released" in states:
        lines.append(f"Returns: {states['released']['note']}.")
    lines += found.trials
    return [*lines, "What these records cannot support:", *(f"  {x}" for x in found.limits)]
