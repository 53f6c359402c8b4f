"""`remand synth`: synthetic booking records from a model."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from remand.cli.compare import DAYS

if TYPE_CHECKING:
    from remand.fitting.synth import Records
    from remand.model.model import Model


def synth(
    model: Annotated[str, typer.Argument(help="A shipped name, a file or a folder.")],
    out: Annotated[str, typer.Option(help="The .csv or .parquet file to write.")],
    since: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=DAYS, help="First day. Default: the model's start."),
    ] = None,
    to: Annotated[
        dt.datetime | None,
        typer.Option("--to", formats=DAYS, help="Day after the last. Default: a year on."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which chance.")] = 0,
) -> None:
    """Write made-up booking records, one row a stay in jail, shaped like a jail's own export.

    The people are those that simulate counts with the same seed. Nobody in them exists: every row
    says synthetic.
    """
    from remand.files import read_model
    from remand.fitting.synth import synth as draw
    from remand.fitting.synth import writable, write

    writable(out)  # a minute's work should not end in a misspelt suffix
    spec = read_model(model)
    records = draw(spec, since.date() if since else None, to.date() if to else None, seed)
    path = write(records.bookings, out)
    print(
        f"{path} written: {len(records.bookings):,} stays of {records.people:,} people who do not "
        f"exist, {records.since} to {records.until} (exclusive), seed {seed}."
    )
    for line in notes(records, spec):
        print(line)


def notes(records: Records, model: Model) -> list[str]:
    """What must be said with synthetic records."""
    from remand.runs.compare import KNOWS_NOTHING_OF_2020

    own = "Everyone is synthetic: drawn by chance from the model; every row says so."
    lines = [own]
    if records.before:
        lines.append(
            f"Inside before {model.clock.start}: {records.before:,} stays. Their 'in' is the "
            "model's mean for such people, and 'status' is empty where they may have been booked "
            "with another."
        )
    if records.empty:
        lines.append(f"Empty, for the model has no such axis: {', '.join(records.empty)}.")
    if records.left_out:
        lines.append(f"Axes of the model without a column: {', '.join(records.left_out)}.")
    if records.until > KNOWS_NOTHING_OF_2020:
        lines.append("Note: dates past February 2020: this model knows nothing of 2020.")
    return lines
