"""`remand forecast`: populations ahead, with the record of such forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from remand.evidence.backtest.record import Sight
    from remand.evidence.forecast.ahead import Ahead
    from remand.evidence.panel import Panel

SERIES = 20
"""Series that are shown; of the rest, how many."""

MARK: dict[Sight, str] = {"skill": "", "no skill": "*", "too few to tell": "?", "not tried": "?"}
"""How steps ahead are marked, by what is known of them."""

LEGEND: dict[Sight, str] = {
    "no skill": "so far ahead, it could not be told from a naive forecast",
    "too few to tell": "too few have been tried to tell it from a naive forecast",
    "not tried": "so far ahead, nobody has tried it",
}
"""What a mark means."""


def forecast(
    file: Annotated[
        str,
        typer.Argument(
            help="A table with columns unique_id, ds, y; a file of a known source (remand sources "
            "list); or a work file."
        ),
    ],
    horizon: Annotated[
        int | None, typer.Option(help="Steps ahead. Default: 24 months, 26 weeks or 180 days.")
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            help="The record that remand backtest --record wrote. Default: one made now, from "
            "this file's own past."
        ),
    ] = None,
    place: Annotated[
        list[str] | None, typer.Option(help="Only this series; may be given more than once.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    out: Annotated[
        str | None, typer.Option(help="Write the forecast to a .csv or .parquet file.")
    ] = None,
    chart: Annotated[
        str | None, typer.Option(help="Draw it to a .png, .svg or .html file.")
    ] = None,
) -> None:
    """Forecast how many people will be held, with bands, and say how far ahead that is any good.

    The way that was nearest from many origins of the past is used, be it a naive one, and said.
    Knows nothing but the counts and what stands beside them: no law to come, no epidemic.
    """
    from remand.api.evidence import forecast as run_forecast
    from remand.cli import looking
    from remand.cli.compare import written_as

    written_as(out, "--out", looking.TABLES)
    written_as(chart, "--chart", (".png", ".svg", ".html"))
    looking.spare(file, out, chart)
    with looking.telling("forecast", quiet=json) as say:
        found = run_forecast(
            file,
            horizon,
            places=place or [],
            record=record,
            check=_any if chart is None else _one,
            say=say,
        )
    if chart is not None:
        _draw(found, chart)
    if out is not None:
        looking.write(found.forecast, out)
    if json:
        print(found.to_json())
    else:
        _show(found, [name for name in (out, chart) if name is not None])


def _any(_: Panel) -> None:
    """A table holds any number of series."""


def _one(panel: Panel) -> None:
    """Refuse a chart of several series before the work is done."""
    from remand.errors import InputError

    if len(panel.ids) > 1:
        raise InputError.of(
            f"--chart draws one series, and there are {len(panel.ids)}",
            fix=f'name one: --place "{panel.ids[0]}"',
        )


def _draw(found: Ahead, path: str) -> None:
    """The counts and the forecast, with a mark where the record found no more skill."""
    import numpy as np
    import polars as pl

    from remand.cli.show import SMALL
    from remand.evidence.backtest.tried import QUANTILES
    from remand.outcomes import suppression
    from remand.present.charts import ahead
    from remand.present.saving import save

    (name,), (held,), meta = found.panel.ids, found.panel.y, found.meta
    says = "Nobody has tried it" if found.skill is None else found.skill.says.split(";")[0]
    # what may not be shown is drawn at the least that may
    least, few = suppression.SMALL, suppression.few(held)
    figures = pl.col(QUANTILES)
    hidden = few.any() or found.forecast["suppressed"].any()
    drawn = ahead(
        pl.DataFrame({"date": list(found.panel.dates), "people": np.where(few, least, held)}),
        found.forecast.rename({"ds": "date"}).with_columns(
            pl.when("suppressed").then(figures.fill_null(least)).otherwise(figures)
        ),
        skill_until=min(found.forecast.filter("beyond_skill")["ds"].to_list(), default=None),
        title=name,
        subtitle=f"{meta['file']}. {says}"
        + (f". What is {SMALL} is drawn at {least:.0f}" if hidden else ""),
    )
    save(drawn, path)


def _show(found: Ahead, written: list[str]) -> None:
    from rich.text import Text

    from remand.cli import show
    from remand.evidence.laying import written as dated

    meta = found.meta
    table = _table(found)
    console = show.wide(table)
    console.print(
        Text(f"{meta['file']}, {meta['series']} series by the {meta['step']}", "bold")
        + Text(
            f", forecast from {dated(meta['origin'], meta['step'])}, "
            f"{meta['horizon']} {meta['step']}s ahead"
        )
    )
    console.print(table)
    if (more := meta["series"] - SERIES) > 0:
        console.print(f"and {more:,} series more: --place, --out or --json")
    if found.skill is not None:
        console.print(found.skill.says)
    for sight in found.forecast["skill"].unique(maintain_order=True):
        if sight in LEGEND:
            console.print(f"{MARK[sight]}: {LEGEND[sight]}.")
    lines = [
        *(f"{line[:1].upper()}{line[1:]}." for line in found.by),
        *(f"Note: {line}." for line in meta["notes"]),
        *(f"{name} written." for name in written),
        f"Forecast {found.identity}, remand {meta['versions']['remand']}.",
    ]
    for line in lines:
        console.print(Text(line), style="dim")


def _table(found: Ahead) -> Table:
    """A row a series and step ahead; of several series, fewer steps."""
    from rich.table import Table
    from rich.text import Text

    from remand.cli import show
    from remand.cli.looking import SHOWN
    from remand.evidence.backtest.scores import BANDS
    from remand.evidence.backtest.tried import QUANTILES
    from remand.evidence.laying import written as dated

    step, last = found.meta["step"], found.meta["horizon"]
    one = len(found.panel.ids) == 1
    steps = {h for h in SHOWN[step] if h <= last} if one else {max(last // 2, 1)}
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for heading in (*(() if one else ("series",)), step):
        table.add_column(heading, no_wrap=True)
    for heading in ("people", *(f"{percent} % band" for percent in BANDS)):
        table.add_column(heading, justify="right", no_wrap=True)
    shown = set(found.panel.ids[:SERIES])
    before = ""
    for row in found.forecast.iter_rows(named=True):
        if row["unique_id"] not in shown or row["horizon"] not in steps | {last}:
            continue
        name = row["unique_id"] if row["unique_id"] != before else ""
        before = row["unique_id"]
        table.add_row(
            *(() if one else (Text(name),)),
            dated(row["ds"], step) + MARK[row["skill"]],
            show.people(row, "point"),
            *(_band(row, *(QUANTILES[end] for end in ends)) for ends in BANDS.values()),
        )
    return table


def _band(row: dict[str, Any], low: str, high: str) -> str:
    """A band; what is fewer than ten people of it is not shown.

    >>> few = {"q10": None, "q90": 14.2, "suppressed": True}
    >>> _band(few, "q10", "q90"), _band({**few, "q90": None}, "q10", "q90")
    ('fewer than 10 to 14', 'fewer than 10')
    >>> _band({"q10": 1310.0, "q90": 1420.0, "suppressed": False}, "q10", "q90")
    '1,310–1,420'
    """
    from remand.cli.show import SMALL

    least, most = row[low], row[high]
    if least is None:
        words = SMALL if row["suppressed"] else ""
        return words if most is None else f"{words} to {most:,.0f}"
    return f"{least:,.0f} to {SMALL}" if most is None else f"{least:,.0f}–{most:,.0f}"
