"""`remand starter`: a first model from a few published figures."""

from __future__ import annotations

import datetime as dt
from math import isnan, nan
from typing import TYPE_CHECKING, Annotated

import typer

from remand.cli.compare import DAYS

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from remand.runs.starter import Starter

BAR = 24
"""Characters of the longest bar."""


def starter(
    adp: Annotated[float | None, typer.Option(help="Average daily population of one year.")] = None,
    admissions: Annotated[float | None, typer.Option(help="People admitted in that year.")] = None,
    pretrial: Annotated[
        float | None, typer.Option(help="Share of people held before trial: 0.7.")
    ] = None,
    population: Annotated[float | None, typer.Option(help="Residents of the county.")] = None,
    per: Annotated[
        str | None, typer.Option(help='Who those are. Default: "residents (all ages)".')
    ] = None,
    by_race: Annotated[
        str | None, typer.Option(help="Shares of people held: Black=0.45,white=0.5,other=0.05.")
    ] = None,
    residents: Annotated[
        str | None, typer.Option(help="Residents by race: Black=9000,white=48000,other=4000.")
    ] = None,
    capacity: Annotated[float | None, typer.Option(help="Beds. Only shown.")] = None,
    title: Annotated[str | None, typer.Option(help="What the model is called.")] = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=DAYS, help="Day after that year. Default: 1 January of this year."),
    ] = None,
    start: Annotated[
        dt.datetime | None,
        typer.Option(formats=DAYS, help="The model's first day. Default: --as-of."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Where the figures were published, for the model's sources.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--from", help="Take figures from what measure --json printed, or a work file."
        ),
    ] = None,
    out: Annotated[str | None, typer.Option(help="The folder to write the model to.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a model written before.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a first model from published figures, and say what they cannot support.

    People held and people admitted give the mean stay. How stays are spread is borrowed, cited,
    and scaled to it; what nobody published is a range. The people held stay as published.
    """
    from remand.api.models import starter as run_starter

    found = run_starter(
        adp,
        admissions,
        out,
        pretrial=pretrial,
        population=population,
        per=per,
        by_race=levels(by_race, "--by-race", "Black=0.45,white=0.55"),
        residents=levels(residents, "--residents", "Black=9000,white=52000"),
        capacity=capacity,
        title=title,
        as_of=as_of.date() if as_of else None,
        start=start.date() if start else None,
        source=source,
        file=file,
        replace=replace,
    )
    if json:
        import json as encoder

        print(encoder.dumps({"model": out, **found.as_json()}, ensure_ascii=False))
    else:
        _show(found, out)


def levels(text: str | None, option: str, example: str) -> dict[str, float]:
    """Names with a number each, as an option has them. Raises InputError on any other form.

    >>> levels("Black=0.45, white=0.55", "--by-race", "")
    {'Black': 0.45, 'white': 0.55}
    """
    from remand.errors import InputError

    found: dict[str, float] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, _, number = (piece.strip() for piece in part.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = nan
        if not name or isnan(value) or name in found:
            raise InputError.of(
                f"{option} has '{part.strip()}'" + (" twice" if name in found else ""),
                fix=f"write {option} {example}",
                value=part.strip(),
            )
        found[name] = value
    return found


def _show(found: Starter, out: str | None) -> None:
    from remand.cli import show
    from remand.fitting.glance import example

    glance, given = found.glance, found.given
    held, bands = _held(glance.held), _bands(glance.bands)
    console = show.wide(held, bands)
    console.print(f"[bold]{given.title}, from {found.model.clock.start}[/bold]", highlight=False)
    console.print(
        f"{given.adp:,g} people held and {given.admissions:,g} admitted a year: a mean stay of "
        f"{given.stay:.1f} days."
    )
    for doubt in found.folder.trials:
        console.print(f"WARNING: {doubt}", style="yellow")
    console.print()
    console.print(held)
    console.print("\nPeople against beds, by nights stayed (how stays are spread is borrowed)")
    console.print(bands)
    console.print(few(glance.bands))
    for line in _sums(found):
        console.print(line)
    console.print("\nWhat these figures cannot support:", style="bold")
    for line in found.limits:
        console.print(f"  {line}", style="dim")
    console.print("\nRanges (chosen, not measured; those of one name move as one):", style="bold")
    console.print(_ranges(found.folder.parameters))
    if out is None:
        console.print("\nNothing was written: give --out county/ for a model to change and run.")
        return
    console.print(f"\nWritten to {out}. Check it: remand check {out}")
    console.print("A platform for it, say as a.yaml:\n")
    console.print(example(found.model), markup=False)
    console.print(f"Run it: remand compare {out} a.yaml")


def _empty(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        left = name in {"", "nights", "of people", "of beds", "number", "together"}
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    return table


def _held(frame: pl.DataFrame) -> Table:
    table = _empty("", "people", "share", "entering a year", "days there")
    for row in frame.iter_rows(named=True):
        table.add_row(row["label"], _few(row["people"]), f"{row['share']:.0%}",
                      _few(row["entering"]), f"{row['days']:.1f}")  # fmt: skip
    return table


def _few(people: float) -> str:
    """A count as it may be shown; below ten it is said so, for consistency with every page.

    >>> _few(5.6), _few(115.7)
    ('fewer than 10', '116')
    """
    from remand.cli import show

    return show.SMALL if people < 10 else f"{people:,.0f}"


def _bands(frame: pl.DataFrame) -> Table:
    table = _empty("nights", "admitted", "of people", "beds", "of beds")
    most = max(frame["admitted"].max(), frame["beds"].max())  # type: ignore[type-var]
    for row in frame.iter_rows(named=True):
        cells = []
        for column in ("admitted", "beds"):
            cells += [f"{100 * row[column]:.1f} %", "█" * round(BAR * row[column] / most)]
        table.add_row(row["nights"], *cells)
    return table


def few(frame: pl.DataFrame) -> str:
    """How few people use most of the beds, in a sentence."""
    people = beds = 0.0
    first = ""
    for row in reversed(frame.to_dicts()):
        people, beds, first = people + row["admitted"], beds + row["beds"], row["nights"]
        if beds > 0.5:
            break
    least = first.removeprefix("over ").partition("–")[0]
    return (
        f"{100 * people:.0f} % of the people admitted, those who stay {least} nights or more, use "
        f"{100 * beds:.0f} % of the beds."
    )


def _sums(found: Starter) -> list[str]:
    glance, given = found.glance, found.given
    low, high = glance.census
    lines = [
        f"It adds up: held for ever, these rates and stays fill {glance.steady:,.1f} beds, against "
        f"{glance.adp:,g} published ({100 * abs(glance.off):.1f} % off).",
        f"By chance alone {low:,} to {high:,} are there on nine nights of ten.",
    ]
    if given.capacity is not None:
        lines.append(f"Of {given.capacity:,.0f} beds, {given.adp / given.capacity:.0%} are used.")
    if glance.rate is not None:
        rate, denominator = glance.rate
        lines.append(f"{rate:,.0f} people held per 100,000 {denominator}.")
    return lines


def _ranges(frame: pl.DataFrame) -> Table:
    table = _empty("number", "low", "middle", "high", "together")
    for row in frame.iter_rows(named=True):
        table.add_row(row["parameter"], f"{row['low']:.3g}", f"{row['value']:.3g}",
                      f"{row['high']:.3g}", row["together"] or "")  # fmt: skip
    return table
