"""`remand backtest`: what forecasts from the past come to, beside those they must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    import polars as pl
    from rich.table import Table

    from remand.evidence.backtest.backtest import Record

BY = ("horizon", "series", "origin")


def backtest(
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
    origins: Annotated[
        str | None,
        typer.Option(help="First steps to be forecast, such as 2012-01,2014-01."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="First origin, of several at even distances.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="Last origin. Default: as late as the horizon allows.")
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            help="How far origins are apart: month, quarter or year. Default: a year for months, "
            "a quarter for weeks, a month for days."
        ),
    ] = None,
    apart: Annotated[
        str | None,
        typer.Option(help="Dates scored apart from all others: 2020-03-01:2021-07-01 (exclusive)."),
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(
            help="Score only this series; may be given more than once. The others are still read, "
            "as remand forecast does."
        ),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this baseline: Naive, SeasonalNaive, AutoETS or AutoTheta; may be given "
            "more than once. Default: all, and their mean."
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Show scores by horizon, series or origin. Default: horizon."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which draws are behind the intervals.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    out: Annotated[
        str | None, typer.Option(help="Write every forecast to a .csv or .parquet file.")
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="Write the record that remand forecast --record reads.")
    ] = None,
) -> None:
    """Forecast from origins in the past, by what was known then, and score that by what came.

    Errors (MASE), CRPS and widths are in units of each series' own mean change from season to
    season before the origin, so that jails of every size count alike. Lower is better; an 80 %
    band should hold 80 % of what came.
    """
    from remand.api.days import day_of
    from remand.api.evidence import backtest as run_backtest
    from remand.cli import looking
    from remand.cli.compare import known, written_as
    from remand.errors import InputError
    from remand.evidence.backtest.baselines import BASELINES, available
    from remand.evidence.backtest.origins import EVERY

    written_as(out, "--out", looking.TABLES)
    written_as(record, "--record", (".json",))
    looking.spare(file, out, record)
    shown = [known(one, BY, "--by") for one in by or ["horizon"]]
    chosen = [known(one, tuple(BASELINES), "--baseline") for one in baseline or BASELINES]
    if any(name.startswith("Auto") for name in chosen):
        available()
    if origins is not None and (since or to or every):
        raise InputError.of(
            "--origins names each origin, and --from, --to and --every roll them",
            fix="give the one or the others",
        )
    with looking.telling("backtest", quiet=json) as say:
        found = run_backtest(
            file,
            horizon,
            None
            if origins is None
            else [day_of(t.strip(), "--origins") for t in origins.split(",")],
            since=None if since is None else day_of(since, "--from"),
            until=None if to is None else day_of(to, "--to"),
            every=None if every is None else known(every, tuple(EVERY), "--every"),
            places=place or [],
            baselines=chosen,
            apart=None if apart is None else _period(apart),
            seed=seed,
            say=say,
        )
    if out is not None:
        looking.write(found.forecasts, out)
    if record is not None and found.skill is not None:
        found.skill.write(record)
    if json:
        print(found.to_json())
    else:
        _show(found, shown, [name for name in (out, record) if name is not None])


def _period(text: str) -> tuple[dt.date, dt.date]:
    from remand.api.days import day_of
    from remand.errors import InputError

    since, _, until = text.partition(":")
    period = day_of(since, "--apart"), day_of(until, "--apart")
    if period[0] >= period[1]:
        raise InputError.of(
            f"--apart {text} ends before it begins", fix="give FROM:TO, such as 2020-03:2021-07"
        )
    return period


# -- as text --------------------------------------------------------------------------------


def _show(found: Record, by: Sequence[str], written: Sequence[str]) -> None:
    from rich.text import Text

    from remand.cli import show
    from remand.evidence.laying import written as dated

    meta = found.meta
    shown = list(_tables(found, by))
    console = show.wide(*(table for _, table in shown))
    origins = meta["origins"]
    first, last = (dated(origins[i], meta["step"]) for i in (0, -1))
    when = f"{len(origins)} origins, {first} to {last}" if len(origins) > 1 else f"from {first}"
    console.print(
        Text(f"{meta['file']}, {meta['series']} series by the {meta['step']}", "bold")
        + Text(f"; {when}; {meta['horizon']} {meta['step']}s ahead")
    )
    for title, table in shown:
        if title:
            console.print(f"\n{title}")
        console.print(table)
    console.print()
    if found.skill is not None:
        console.print(found.skill.says)
    for line in (*_notes(found), *(f"{name} written." for name in written)):
        console.print(Text(line), style="dim")


def _tables(found: Record, by: Sequence[str]) -> Iterator[tuple[str, Table]]:
    yield "", _scores(found.overall, found.differences)
    if found.apart.height:
        since, until = found.meta["apart"]
        title = f"{since} to {until} (exclusive), scored apart: what no model foresaw"
        yield title, _scores(found.apart, None)
    frames = {
        "horizon": (found.by_horizon, f"MASE by {found.meta['step']}s ahead, and what bands held"),
        "series": (found.by_series, "MASE by series, and what bands held"),
        "origin": (found.by_origin, "MASE by origin, and what bands held"),
    }
    for name in by:
        frame, title = frames[name]
        yield title, _crossed(frame, name, found.meta)


def _scores(frame: pl.DataFrame, differences: pl.DataFrame | None) -> Table:
    """A row a model: scores, and by how much the program's own error is below it."""
    from remand.evidence.backtest.tried import OWN

    table = _empty(["model"], ["MASE", "CRPS", "in 80 %", "in 95 %", "width"])
    against: dict[str, str] = {}
    if differences is not None and differences.height:
        table.add_column(f"{OWN}'s MASE against it", justify="right", no_wrap=True)
        for row in differences.filter(score="mase").iter_rows(named=True):
            against[row["b"]] = _percent(row)
    for row in frame.iter_rows(named=True):
        cells = [row["model"], f"{row['mase']:.3f}", f"{row['crps']:.3f}"]
        cells += [f"{100 * row[c]:.1f} %" for c in ("coverage_80", "coverage_95")]
        cells.append(f"{row['width_80']:.2f}")
        table.add_row(*cells, *([against.get(row["model"], "")] if against else []))
    return table


def _percent(row: dict[str, Any]) -> str:
    """A difference in percent with its interval; a true minus."""
    text = f"{row['percent']:+.1f} %"
    if row["percent_low"] is not None:
        text += f" ({row['percent_low']:+.1f} to {row['percent_high']:+.1f})"
    return text.replace("-", "−")


def _crossed(frame: pl.DataFrame, by: str, meta: dict[str, Any]) -> Table:
    """A row a horizon, series or origin: the MASE of each model, the first model's coverage."""
    from rich.text import Text

    from remand.cli.looking import SHOWN
    from remand.evidence.laying import written as dated

    models = meta["models"]
    table = _empty([f"{meta['step']}s" if by == "horizon" else by], [*models, "80 %", "95 %"])
    key = "unique_id" if by == "series" else by
    last = meta["horizon"]
    for cell in frame.partition_by(key, maintain_order=True):
        rows = {row["model"]: row for row in cell.iter_rows(named=True)}
        first = next(iter(rows.values()))
        if by == "horizon":
            since, until = first["horizon_from"], first["horizon"]
            if until not in SHOWN[meta["step"]] and until != last:
                continue
            name = str(until) if since == until else f"{since}–{until}"
        else:
            name = dated(first[key], meta["step"]) if by == "origin" else first[key]
        own = rows[models[0]]
        bands = [f"{100 * own[c]:.0f} %" for c in ("coverage_80", "coverage_95")]
        table.add_row(Text(name), *(f"{rows[model]['mase']:.2f}" for model in models), *bands)
    return table


def _empty(words: Sequence[str], numbers: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for heading in words:
        table.add_column(heading, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _notes(found: Record) -> Iterator[str]:
    """What must stand under the tables."""
    from remand.evidence.backtest.scores import FEW

    meta = found.meta
    yield (
        f"MASE, CRPS and width are per mean change over {meta['season']} {meta['step']}s before "
        f"the origin. In 80 %, 95 %: truths inside the bands."
    )
    if found.differences.height:
        clusters, of = found.differences.select("clusters", "clustered_by").row(0)
        yield (
            f"No intervals: they need {FEW} series, or {FEW} origins a whole horizon apart."
            if clusters < FEW
            else f"Intervals (95 %) draw {clusters} series again, paired; what all share at an "
            "origin is not in them."
            if of == "unique_id"
            else f"Intervals (95 %) draw {clusters} blocks of origins again, each a horizon long."
        )
    unknown = meta["forecasts"] - meta["scored"]
    if unknown:
        yield (
            f"{unknown:,} of {meta['forecasts']:,} dates ahead are not scored: no count is "
            "known, or a model gave no forecast."
        )
    for line in meta["skipped"]:
        yield f"Left out: {line}."
    for line in meta["notes"]:
        yield f"Note: {line}."
    yield f"Backtest {found.identity}, remand {meta['versions']['remand']}."
