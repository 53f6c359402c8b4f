"""`remand forecast`: populations ahead, with the record of such forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from remand.evidence.forecast.ahead import Ahead
    from remand.evidence.panel import Panel

SERIES = 20
"""Series that are shown; of the rest, how many."""


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
    import polars as pl

    from remand.present.charts import ahead
    from remand.present.saving import save

    (name,), meta = found.panel.ids, found.meta
    history = pl.DataFrame({"date": list(found.panel.dates), "people": found.panel.y[0]})
    says = "Its past is too short for a record" if found.skill is None else found.skill.says
    drawn = ahead(
        history,
        found.forecast.rename({"ds": "date"}),
        skill_until=min(found.forecast.filter("beyond_skill")["ds"].to_list(), default=None),
        title=name,
        subtitle=f"{meta['file']}. {says.split(';')[0]}",
    )
    save(drawn, path)


def _show(found: Ahead, written: list[str]) -> None:
    from remand.cli import show

    meta = found.meta
    table = _table(found)
    console = show.wide(table)
    console.print(
        f"[bold]{meta['file']}, {meta['series']} series by the {meta['step']}[/bold], forecast "
        f"from {_when(meta['origin'], meta['step'])}, {meta['horizon']} {meta['step']}s ahead"
    )
    console.print(table)
    if (more := meta["series"] - SERIES) > 0:
        console.print(f"and {more:,} series more: --place, --out or --json")
    if found.skill is not None:
        console.print(found.skill.says)
        if found.skill.skill_until < meta["horizon"]:
            console.print("*: so far ahead, it has been no better than a naive forecast.")
    lines = [
        *(f"{line[:1].upper()}{line[1:]}." for line in found.by),
        *(f"Note: {line}." for line in meta["notes"]),
        *(f"{name} written." for name in written),
        f"Forecast {found.identity}, remand {meta['versions']['remand']}.",
    ]
    for line in lines:
        console.print(line, style="dim")


def _table(found: Ahead) -> Table:
    """A row a series and step ahead; of several series, fewer steps."""
    from rich.table import Table

    from remand.cli.looking import SHOWN

    step, last = found.meta["step"], found.meta["horizon"]
    one = len(found.panel.ids) == 1
    steps = {h for h in SHOWN[step] if h <= last} if one else {max(last // 2, 1)}
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for heading in (*(() if one else ("series",)), step):
        table.add_column(heading, no_wrap=True)
    for heading in ("people", "80 % band", "95 % band"):
        table.add_column(heading, justify="right", no_wrap=True)
    shown = set(found.panel.ids[:SERIES])
    before = ""
    for row in found.forecast.iter_rows(named=True):
        if row["unique_id"] not in shown or row["horizon"] not in steps | {last}:
            continue
        mark = "*" if row["beyond_skill"] and found.skill is not None else ""
        name = row["unique_id"] if row["unique_id"] != before else ""
        before = row["unique_id"]
        table.add_row(
            *(() if one else (name,)),
            _when(str(row["ds"]), step) + mark,
            "–" if row["point"] is None else f"{row['point']:,.0f}",
            _band(row, "q10", "q90"),
            _band(row, "q025", "q975"),
        )
    return table


def _band(row: dict[str, Any], low: str, high: str) -> str:
    return "" if row[low] is None else f"{row[low]:,.0f}–{row[high]:,.0f}"


def _when(day: str, step: str) -> str:
    return day[:7] if step == "month" else day
