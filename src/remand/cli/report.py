"""`remand report`: a comparison as one HTML file, to read, to print and to derive again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from remand.cli.compare import DAYS

if TYPE_CHECKING:
    from remand.model.model import Model
    from remand.present.days import Capacity
    from remand.present.packet import Beside
    from remand.present.said import Card

REPORTED = ("population", "bed_days", "person_years", "rate", "disparity_ratio",
            "disparity_difference", "disparity_pooled", "beds_needed", "wings", "cost",
            "early_releases", "refused", "over_capacity")  # fmt: skip
"""Quantities a report shows; the others only take time."""

CAPACITIES = ("design", "rated", "operational", "court_cap")


def report(
    model: Annotated[str, typer.Argument(help="A shipped name, a file or a folder.")],
    platforms: Annotated[
        list[str], typer.Argument(help="Platforms; NAME#POLICY keeps a single policy of one.")
    ],
    out: Annotated[str, typer.Option(help="The file to write, .html.")],
    since: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=DAYS, help="First day of the figures."),
    ] = None,
    to: Annotated[
        dt.datetime | None,
        typer.Option("--to", formats=DAYS, help="Day after the last. Default: 6 years on."),
    ] = None,
    engine: Annotated[str, typer.Option(help="auto, exact or sampled.")] = "auto",
    draws: Annotated[
        int, typer.Option(help="How many worlds to draw what is uncertain for; 500 is usual.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Which chance or worlds, if any are drawn.")] = 0,
    effects: Annotated[
        str | None, typer.Option(help="A file of behavioural effects. Default: none.")
    ] = None,
    explain: Annotated[
        bool, typer.Option(help="Take each plan apart: admissions × days. It takes a while.")
    ] = True,
    capacity: Annotated[float | None, typer.Option(help="How many places the jail has.")] = None,
    capacity_kind: Annotated[
        str, typer.Option(help="design, rated, operational or court_cap.")
    ] = "operational",
    capacity_margin: Annotated[
        float, typer.Option(help="The share of places that must stay free.")
    ] = 0.0,
    capacity_source: Annotated[str, typer.Option(help="Who says so.")] = "",
    record: Annotated[
        str | None, typer.Option(help="The record of a backtest: backtest COUNTS --record FILE.")
    ] = None,
    records: Annotated[
        str | None, typer.Option(help="A work file of the jail's own records, for its stays.")
    ] = None,
) -> None:
    """Write what a comparison says into one HTML file.

    It holds its pictures and all that is needed to derive every number again (remand verify), asks
    nothing of any network, needs no script, and prints on two pages.
    """
    from remand.api.models import compare
    from remand.cli.compare import known, last_day, written_as
    from remand.cli.looking import telling
    from remand.files import read_model
    from remand.present.report import report as write

    written_as(out, "--out", (".html", ".htm"))
    spec = read_model(model)
    places = _capacity(capacity, capacity_kind, capacity_margin, capacity_source)
    beside = _beside(record, records, explain, places)
    with telling("Comparing the plans"):
        run = compare(
            spec,
            platforms,
            until=last_day(spec, to),
            since=since.date() if since else None,
            by=_groups(spec),
            quantities=REPORTED,
            engine=known(engine, ("auto", "exact", "sampled"), "--engine"),
            draws=draws,
            seed=seed,
            effects=effects,
        )
    with telling("Writing the report"):
        path = write(run, out, beside=beside)
    print(f"{path} written ({path.stat().st_size / 1000:,.0f} kB, run {run.identity})")
    print(f"To derive every number again: remand verify {path}")


def _groups(model: Model) -> list[str]:
    """What figures are given by: the axis of the model's disparity, and its statuses."""
    axis = model.disparity.axis if model.disparity else None
    shown = axis is not None and axis in model.strata_axes
    return [*([axis] if shown and axis else []), *(["status"] if model.statuses else [])]


def _capacity(places: float | None, kind: str, margin: float, source: str) -> Capacity | None:
    from remand.cli.compare import known
    from remand.errors import InputError
    from remand.present.days import Capacity

    known(kind, CAPACITIES, "--capacity-kind")
    if places is None:
        return None
    if not places > 0 or not 0 <= margin < 1:
        raise InputError.of(
            f"a capacity of {places:g} places with {margin:g} of them free cannot be",
            fix="give --capacity above 0, and --capacity-margin from 0 to below 1 (0.1 is a tenth)",
        )
    return Capacity(places, kind, margin, source)


def _beside(
    record: str | None, records: str | None, explained: bool, capacity: Capacity | None
) -> Beside:
    """What goes into the report beside the run."""
    from remand.evidence.backtest.record import read_skill
    from remand.present.packet import Beside

    stays, last_year = (None, None) if records is None else _of_records(records)
    return Beside(
        record=None if record is None else read_skill(record),
        capacity=capacity,
        explained=explained,
        stays=stays,
        last_year=last_year,
    )


def _of_records(work: str) -> tuple[Card | None, Card | None]:
    """Stays, and the change since last year, of a work file; None for what it cannot tell."""
    from remand.api.records import measure
    from remand.errors import InputError
    from remand.present.records import last_year_card, stays_card

    measured = measure(work, draws=0)
    stays = stays_card(measured) if measured.stay_bands is not None else None
    try:
        return stays, last_year_card(measure(work, variance="last-year", draws=0))
    except InputError:
        return stays, None
