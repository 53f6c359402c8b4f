"""`remand replay`: a reform forecast from what was known then, held against what happened."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from remand.cli.compare import DAYS
from remand.cli.looking import TABLES, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from rich.table import Table

    from remand.evidence.replay.replayed import Every, Replay

MANY = 16
"""More spans than this are shown by quarter."""

EVERY = ("span", "quarter", "year")

HIDDEN = "hidden"
"""Stands for a figure of few people, or one that would tell of them."""


def replay(
    case: Annotated[
        str, typer.Argument(help="A shipped name (california/realignment-2011) or a file.")
    ],
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=DAYS, help="Day of the forecast. Default: the announcement."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The file of records. Default: in the folder REMAND_DATA names."),
    ] = None,
    draws: Annotated[int, typer.Option(min=2, help="Worlds of the forecast.")] = 200,
    seed: Annotated[int, typer.Option(help="Which worlds.")] = 0,
    every: Annotated[
        str | None, typer.Option(help="Rows of the table: span, quarter or year.")
    ] = None,
    by_place: Annotated[
        bool, typer.Option("--by-place", help="Also a row for each place.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print figures and scores as JSON.")] = False,
    out: Annotated[
        str | None, typer.Option(help="Write every figure of every place: .csv or .parquet.")
    ] = None,
) -> None:
    """Forecast a reform that happened from what was known when it was announced, and score it.

    Nothing of that day or later is read for the forecast. Beside it stand no change, and the last
    known figure.
    """
    from remand.api.evidence import replay as run_replay
    from remand.cli.compare import known, written_as

    shown = None if every is None else known(every, EVERY, "--every")
    written_as(out, "--out", TABLES)
    found = run_replay(case, as_of.date() if as_of else None, data=data, draws=draws, seed=seed)
    if out is not None:
        write(found.table(places=True), out)
    if json:
        import json as encoder

        print(encoder.dumps(found.as_json(), ensure_ascii=False, indent=1))
    elif out is None:
        _show(found, case, shown, by_place=by_place)


def _show(found: Replay, name: str, every: Every | None, *, by_place: bool) -> None:
    from rich.console import Console

    from remand.cli import show

    case = found.case
    frame = found.table(every or ("quarter" if len(found.spans) > MANY else "span"))
    paths = _paths(found, frame)
    console = show.wide(paths)
    console.print(f"{case.title}: replayed as of {found.as_of}", style="bold", markup=False)
    console.print(
        f"Announced on {case.announced}, in force from {case.in_force}. People held, median and "
        "80 % band; in or out: whether what happened lies in the band."
    )
    console.print(paths)
    for table in (_scores(found), *([_by_place(found)] if by_place else [])):
        show.wide(table).print(table)
    plain = Console(highlight=False, markup=False, width=console.width)
    seen = [frame, *([found.table("year", places=True)] if by_place else [])]
    if any(rows["suppressed"].any() for rows in seen):
        plain.print(f"{HIDDEN}: {show.SMALL} people, or what would tell of them.", style="dim")
    for line in _lines(found, name, frame):
        plain.print(line, style="dim")


def _table(*columns: str, words: int = 1) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for i, column in enumerate(columns):
        side: Literal["left", "right"] = "left" if i < words else "right"
        table.add_column(Text(column), justify=side, no_wrap=True)
    return table


def _paths(found: Replay, frame: pl.DataFrame) -> Table:
    """A row a span: every telling's band, and what happened."""
    heads = [
        f"{telling} ({sight})" if i or sight != "blind" else telling
        for i, (telling, sight) in enumerate(zip(found.tellings, found.sights, strict=True))
    ]
    table = _table("from", *heads, "as today", "happened", words=1)
    for rows in frame.partition_by("from", "to", maintain_order=True):
        own = rows.to_dicts()
        mark = "" if own[0]["scored"] else " *"
        table.add_row(
            f"{own[0]['from']}{mark}" if found.case.data else f"{own[0]['from']} to {own[0]['to']}",
            *(f"{_band(row)}{_side(row)}" for row in own),
            _people(own[0], "today"),
            _people(own[0], "actual"),
        )
    return table


def _band(row: dict[str, Any]) -> str:
    if row["suppressed"]:
        return HIDDEN
    return f"{row['q50']:,.0f} ({row['q10']:,.0f}–{row['q90']:,.0f})"


def _people(row: dict[str, Any], figure: str) -> str:
    if row["suppressed"]:
        return HIDDEN
    return "not reported" if row[figure] is None else f"{row[figure]:,.0f}"


def _side(row: dict[str, Any]) -> str:
    inside = row["inside_80"]
    return "" if inside is None else "  in" if inside else " out"


def _scores(found: Replay) -> Table:
    """A row a part and telling: of the sum, then of each place by itself."""
    from rich.text import Text

    table = _table(
        "scored", "months" if found.case.data else "figures", "telling", "bias", "off by", "CRPS",
        "interval", "80 % held", "95 % held",
    )  # fmt: skip
    several = len(found.trails) > 1
    labels = {"all": "whole", "before": "before it began", "after": "since it began"}
    views = [("all" if several else found.trails[0].place, part) for part in labels]
    views += [("each place", part) for part in labels] if several else []
    rows = {(r["place"], r["part"], r["telling"]): r for r in found.scores.to_dicts()}
    for place, part in views:
        own = [row for (p, q, _), row in rows.items() if (p, q) == (place, part)]
        for i, row in enumerate(own):
            which = f"{labels[part]}, each place" if place == "each place" else labels[part]
            head = which if i == 0 else "", f"{row['n']:,}" if i == 0 else "", Text(row["telling"])
            if row["suppressed"]:
                table.add_row(*head, *[HIDDEN] * 6)
                continue
            table.add_row(
                *head,
                f"{row['bias_percent']:+.1f} %",
                f"{row['mae_percent']:.1f} %",
                f"{row['crps']:,.0f}",
                *(
                    "–" if row[key] is None else f"{row[key]:,.0f}{unit}"
                    for key, unit in (
                        ("interval_score_80", ""), ("coverage_80", " %"), ("coverage_95", " %")
                    )
                ),
            )  # fmt: skip
    table.columns[2].justify = "left"
    return table


def _by_place(found: Replay) -> Table:
    """A row a place: the last year's forecast under the first telling, and what happened."""
    from rich.text import Text

    last = found.table("year", places=True).filter("scored")
    told = found.tellings[1]
    end = last["to"].max()
    table = _table("place", "as today", "no change", f"{told}", "happened", "80 % held")
    coverage = {
        row["place"]: row["coverage_80"]
        for row in found.scores.to_dicts()
        if row["part"] == "all" and row["telling"] == told
    }
    rows = {(r["place"], r["telling"]): r for r in last.to_dicts() if r["to"] == end}
    for place in dict.fromkeys(place for place, _ in rows):
        none, own = rows[place, found.tellings[0]], rows[place, told]
        held = coverage.get(place)
        table.add_row(
            Text(place),
            _people(own, "today"),
            _band(none),
            _band(own),
            _people(own, "actual"),
            "–" if held is None else f"{held:.0f} %",
        )
    return table


def _lines(found: Replay, name: str, frame: pl.DataFrame) -> Iterator[str]:
    """What must stand under the tables."""
    from remand.evidence.replay.case import page, read_case

    case = found.case
    counted = [row for row in frame.to_dicts() if row["scored"] and row["actual"] is not None]
    if counted:
        last = [row for row in counted if row["from"] == counted[-1]["from"]]
        for row in last[1:]:
            yield (
                f"From {row['from']}: {row['telling']}, {row['less_q50']:+,.0f} people against no "
                f"change ({row['less_q10']:+,.0f} to {row['less_q90']:+,.0f}); what happened, "
                f"{row['actual_less']:+,.0f}. How much of that is the reform's no run says."
            )
    if case.apart is not None:
        yield f"* from {case.apart.from_}, not scored: {case.apart.why}."
    if len(found.trails) > 1:
        yield (
            f"Sum of {len(found.trails)} places, draw by draw, their growth and stays moving as "
            "one: the band of the sum is rather too wide, that of each place its own."
        )
    yield (
        "Off by: mean absolute error, of people held. CRPS and interval (score of the 80 % band): "
        "in people, smaller is better. as today: the last figure known."
    )
    for one, sight, day in zip(case.told, found.sights[1:], found.knows[1:], strict=True):
        yield f"{one.name}: {sight}, resting on what was known by {day}: {one.about}."
    yield "Also moved the jail:"
    yield from (f"  {other}" for other in case.overlaps)
    yield "Read with care:"
    yield from (f"  {caveat}" for caveat in case.caveats)
    for warning in found.warnings:
        yield f"Note: {warning}."
    beside = page(read_case(name)[1])
    if beside is not None:
        yield f"What came of it, and why: {beside}"
