"""`remand compare`: a model under several platforms, side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from remand.model.model import Model
    from remand.runs.run import Run

DAYS = ["%Y-%m-%d"]
RUNS = (".json", ".csv", ".parquet")
"""What a run can be written as."""


def compare(
    model: Annotated[str, typer.Argument(help="A shipped name, a file or a folder.")],
    platforms: Annotated[
        list[str], typer.Argument(help="Platforms; NAME#POLICY keeps a single policy of one.")
    ],
    since: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=DAYS, help="First day of the figures."),
    ] = None,
    to: Annotated[
        dt.datetime | None,
        typer.Option("--to", formats=DAYS, help="Day after the last. Default: 6 years on."),
    ] = None,
    every: Annotated[str, typer.Option(help="day, week, month or year.")] = "month",
    by: Annotated[
        list[str] | None,
        typer.Option(help="Axis of the model, state or status; may be given more than once."),
    ] = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="Only this quantity; may be given more than once. Default: all."),
    ] = None,
    engine: Annotated[str, typer.Option(help="auto, exact or sampled.")] = "auto",
    replicates: Annotated[int, typer.Option(help="How often chance is drawn, if it is.")] = 200,
    draws: Annotated[
        int, typer.Option(help="How many worlds to draw what is uncertain for; 500 is usual.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Which chance or worlds, if any are drawn.")] = 0,
    effects: Annotated[
        str | None, typer.Option(help="A file of behavioural effects. Default: none.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the series as CSV.")] = False,
    out: Annotated[
        str | None, typer.Option(help="Write to a .json, .csv or .parquet file instead.")
    ] = None,
) -> None:
    """Set platforms side by side: people, admissions, stays, bed-days, rates, disparity, cost.

    The exact engine runs, unless a policy couples people; then all are sampled. Bands are chance
    alone, unless --draws asks for what parameters, promises and the baseline leave open as well.
    """
    from remand.api.models import compare as run_compare
    from remand.files import read_model
    from remand.outcomes.figures import QUANTITIES

    one_form(json=json, csv=csv)
    written_as(out, "--out", RUNS)
    spec = read_model(model)
    run = run_compare(
        spec,
        platforms,
        until=last_day(spec, to),
        since=since.date() if since else None,
        every=known(every, ("day", "week", "month", "year"), "--every"),
        by=by or [],
        quantities=quantity or QUANTITIES,
        engine=known(engine, ("auto", "exact", "sampled"), "--engine"),
        replicates=replicates,
        draws=draws,
        seed=seed,
        effects=effects,
    )
    give(run, json=json, csv=csv, out=out)


def last_day(model: Model, to: dt.datetime | None) -> dt.date:
    """The day after the last: as asked, or six years after the model's start."""
    if to is not None:
        return to.date()
    start = model.clock.start
    if (start.month, start.day) == (2, 29):
        return dt.date(start.year + 6, 3, 1)
    return start.replace(year=start.year + 6)


def known(value: str, words: tuple[str, ...], option: str) -> Any:
    """The value of an option that must be one of some words; InputError if it is not."""
    from remand.errors import InputError, did_you_mean

    if value not in words:
        raise InputError.of(f"{option} cannot be '{value}'", fix=did_you_mean(value, words))
    return value


def written_as(name: str | None, option: str, suffixes: tuple[str, ...]) -> None:
    """Refuse a file name of the wrong kind before the work is done, not after."""
    from pathlib import Path

    from remand.errors import InputError

    if name is not None and (path := Path(name)).suffix not in suffixes:
        *some, last = suffixes
        raise InputError.of(
            f"{option} cannot write '{path.suffix or path.name}'",
            fix=f"end it in {', '.join(some)} or {last}",
        )


def one_form(*, json: bool, csv: bool) -> None:
    """Refuse two forms at once: one of them would be left out without a word."""
    from remand.errors import InputError

    if json and csv:
        raise InputError.of("--json and --csv are two forms", fix="give one of the two")


def give(run: Run, *, json: bool, csv: bool, out: str | None) -> None:
    """Hand a run over as asked: a file, JSON, CSV, or a table."""
    if out is not None:
        _write(run, out)
    elif json:
        print(run.to_json())
    elif csv:
        print(run.series.write_csv(), end="")
    else:
        _show(run)


def _write(run: Run, out: str) -> None:
    from pathlib import Path

    path = Path(out)
    with opened(path) as file:
        if path.suffix == ".json":
            file.write(run.to_json().encode())
        elif path.suffix == ".csv":
            run.series.write_csv(file)
        else:
            run.series.write_parquet(file)
    print(f"{path} written (run {run.identity})")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to write to; InputError where that cannot be."""
    from remand.errors import InputError

    try:
        with path.open("wb") as file:
            yield file
    except OSError as error:
        raise InputError.of(
            f"'{path}' cannot be written: {error.strerror}", fix="give another place"
        ) from None


def _show(run: Run) -> None:
    from rich.table import Table

    from remand.cli import show
    from remand.outcomes.figures import OVERFLOW
    from remand.present import costs, sure
    from remand.present.words import notes

    meta = run.meta
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    cells = [axis for axis in meta["by"] if axis in run.summary.columns]
    names = ["plan", "where", *cells]
    stays = "stay_admission" in run.summary["quantity"]
    figures = ["people", f"90 % {meta.get('band', 'chance')}", "admitted", "stay", "rate"]
    for column in (*names, *(f for f in figures if stays or f != "stay")):
        words = column in names
        table.add_column(column, justify="left" if words else "right", no_wrap=True)
    places = [c for c in ("kind", "state", "status") if c in run.summary.columns]
    rows: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in run.summary.filter(~run.summary["quantity"].is_in(list(OVERFLOW))).iter_rows(
        named=True
    ):
        where = next((row[p] for p in places if row[p] is not None), "")
        key = (row["scenario"], where, *(row.get(axis) for axis in cells))
        rows.setdefault(key, {})[row["quantity"]] = row
    last = None
    for key, found in rows.items():
        plan = key[0] if key[0] != last else ""
        last = key[0]
        table.add_row(
            plan,
            *(("all" if part is None else str(part)) for part in key[1:]),
            show.people(found.get("population")),
            show.band(found.get("population")),
            show.people(found.get("admissions")),
            *([show.days(found.get("stay_admission"))] if stays else []),
            show.people(found.get("rate")),
        )
    console = show.wide(table)
    console.print(f"[bold]{meta['title']}, {meta['from']} to {meta['to']}[/bold] (exclusive)")
    console.print(table)
    for line in sure.lines(run):
        console.print(line)
    for scenario in run.scenarios:
        if scenario.platform.policies or scenario.platform.not_modelled:
            for line in show.plan(scenario):
                console.print(line)
    for line in (*show.overflow(run), *costs.lines(run), f"Engine: {meta['engine']}.", *notes(run)):
        console.print(line, style="dim")
