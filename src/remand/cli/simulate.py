"""`remand simulate`: one scenario, its people drawn by chance."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from remand.cli.compare import DAYS

if TYPE_CHECKING:
    import polars as pl


def simulate(
    model: Annotated[str, typer.Argument(help="A shipped name, a file or a folder.")],
    platform: Annotated[
        str | None, typer.Argument(help="A platform; without one, the model as it is.")
    ] = None,
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
    replicates: Annotated[int, typer.Option(help="How often chance is drawn.")] = 200,
    seed: Annotated[int, typer.Option(help="Which chance.")] = 0,
    histories: Annotated[
        str | None,
        typer.Option(help="Write the first replicate's lives to a .csv or .parquet file too."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the series as CSV.")] = False,
    out: Annotated[
        str | None, typer.Option(help="Write to a .json, .csv or .parquet file instead.")
    ] = None,
) -> None:
    """Draw people by chance: the figures of compare for one scenario, bands from replicates.

    It runs rules that couple people, such as a jail held at a number of places.
    """
    from remand.api.models import histories as run_histories
    from remand.api.models import simulate as run_simulate
    from remand.cli.compare import RUNS, give, known, last_day, one_form, written_as
    from remand.files import read_model
    from remand.outcomes.figures import QUANTITIES

    one_form(json=json, csv=csv)
    written_as(out, "--out", RUNS)
    written_as(histories, "--histories", (".csv", ".parquet"))
    spec = read_model(model)
    until = last_day(spec, to)
    if histories is not None:
        _write(run_histories(spec, platform, until=until, seed=seed), histories)
    run = run_simulate(
        spec,
        platform,
        until=until,
        since=since.date() if since else None,
        every=known(every, ("day", "week", "month", "year"), "--every"),
        by=by or [],
        quantities=quantity or QUANTITIES,
        replicates=replicates,
        seed=seed,
    )
    give(run, json=json, csv=csv, out=out)


def _write(lives: pl.DataFrame, name: str) -> None:
    from pathlib import Path

    from remand.cli.compare import opened

    path = Path(name)
    with opened(path) as file:
        if path.suffix == ".csv":
            lives.write_csv(file)
        else:
            lives.write_parquet(file)
