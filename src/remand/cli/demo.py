"""`remand demo`: the main job, offline, on the shipped model."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from remand.model.model import Model
    from remand.runs.run import Run

PLACE = "philadelphia"
FIRST, LAST = dt.date(2016, 1, 1), dt.date(2020, 1, 1)
SHOWN = ("jail", "prison", "supervision")
FIRST_SHOWN = (f"{PLACE}/status-quo", f"{PLACE}/reduction-plan-2016")
QUANTITIES = ("population", "rate", "disparity_ratio")


def demo(
    json: Annotated[bool, typer.Option("--json", help="JSON as compare, years only.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the yearly series as CSV.")] = False,
) -> None:
    """Compare the shipped plans for Philadelphia, 2016–2019."""
    from remand.api.models import compare
    from remand.files import read_model, shipped

    model = read_model(PLACE)
    others = [name for name in shipped("platforms") if name.startswith(f"{PLACE}/")]
    names = [*FIRST_SHOWN, *(name for name in others if name not in FIRST_SHOWN)]
    run = compare(
        model,
        names,
        until=LAST,
        since=FIRST,
        every="year",
        quantities=QUANTITIES,
        whole=False,
        bands="last",
    )
    if json:
        print(run.to_json())
    elif csv:
        print(run.series.write_csv(), end="")
    else:
        _show(run, model)


def _show(run: Run, model: Model) -> None:
    from rich.console import Console
    from rich.table import Table

    from remand.cli import show
    from remand.present.words import notes

    rows: dict[tuple[str, str, str, int], dict[str, Any]] = {
        (row["scenario"], row["quantity"], row["kind"], row["date"].year): row
        for row in run.series.iter_rows(named=True)
    }
    last = LAST.year - 1
    years = range(FIRST.year, LAST.year)
    console = Console(highlight=False)
    console.print(f"[bold]{model.title}: people held on an average day[/bold]")
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="")
    table.add_column("\nplan", no_wrap=True)
    for year in years:
        table.add_column(f"{'jail' if year == FIRST.year else ''}\n{year}", justify="right")
    table.add_column(f"90 % chance\n{last}", justify="right")
    table.add_column("rate\n", justify="right")
    table.add_column(f"prison\n{last}", justify="right")
    table.add_column(f"superv.\n{last}", justify="right")
    for scenario in run.scenarios:
        name = scenario.name
        jail = [rows[name, "population", "jail", year] for year in years]
        table.add_row(
            name,
            *(show.people(row) for row in jail),
            show.band(jail[-1]),
            show.people(rows[name, "rate", "jail", last]),
            *(show.people(rows[name, "population", kind, last]) for kind in SHOWN[1:]),
        )
    known = {
        count.from_.year: f"{count.value:,.0f}{'*' if count.fitted else ''}"
        for count in model.counted
        if count.kind == "jail" and count.from_.year + 1 == count.to.year and count.to.month == 1
    }
    table.add_row("[italic]counted[/italic]", *(known.get(year, "") for year in years))
    console.print(table)
    console.print(
        "* of the days the model was fitted to; the others it had not seen\n", style="dim"
    )
    for line in _sentences(run, rows, last):
        console.print(line)
    console.print()
    for line in [*_disparity(rows, run, last), *notes(run)]:
        console.print(line, style="dim")


def _sentences(run: Run, rows: dict[Any, dict[str, Any]], last: int) -> list[str]:
    """One line a platform that a reporter could read aloud."""
    from remand.cli import show

    base = run.scenarios[0].name
    lines = []
    for scenario in run.scenarios:
        name = scenario.name
        now = {kind: rows[name, "population", kind, last]["mean"] for kind in SHOWN}
        held = f"about {show.rounded(now['jail'])} people in jail on an average day of {last}"
        if name == base:
            lines.append(f"[bold]{scenario.platform.title}[/bold]: {held}.")
            continue
        against = scenario.after[-1] if scenario.after else base
        before = {kind: rows[against, "population", kind, last]["mean"] for kind in SHOWN}
        change = {kind: now[kind] - before[kind] for kind in SHOWN}
        relation = (
            "no different"
            if abs(change["jail"]) < 0.5
            else f"{show.rounded(abs(change['jail']))} {'fewer' if change['jail'] < 0 else 'more'}"
        )
        lines.append(
            f"[bold]{scenario.platform.title}[/bold]: {held}, {relation} than under {against} alone"
            f" ({show.signed(change['prison'])} in state prison, "
            f"{show.signed(change['supervision'])} under supervision)."
        )
    return lines


def _disparity(rows: dict[Any, dict[str, Any]], run: Run, last: int) -> list[str]:
    row = rows.get((run.scenarios[0].name, "disparity_ratio", "jail", last))
    if row is None or row["mean"] is None:
        return []
    return [
        f"Jail rate, {row['basis'].partition(';')[0]}: {row['mean']:.1f} times, between "
        f"{row['low']:.1f} and {row['high']:.1f} as people whose race is not listed are one or the "
        "other. It is an input (the one-day count of 2013), not a finding."
    ]
