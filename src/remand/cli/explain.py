"""`remand explain`: which promise does how much, through what, and what that hangs on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from remand.cli.compare import DAYS, last_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from remand.model.states import Kind
    from remand.runs.explain import Explanation

TOP = 5
"""Assumptions printed; all of them are in the JSON."""


def explain(
    model: Annotated[str, typer.Argument(help="A shipped name, a file or a folder.")],
    platform: Annotated[
        str, typer.Argument(help="A platform; NAME#POLICY keeps a single policy of one.")
    ],
    since: Annotated[
        dt.datetime | None,
        typer.Option(
            "--from", formats=DAYS, help="First day of the period. Default: its last year."
        ),
    ] = None,
    to: Annotated[
        dt.datetime | None,
        typer.Option("--to", formats=DAYS, help="Day after the last. Default: 6 years on."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Which orders, where policies are too many to take them all.")
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take a platform apart: which policy does how much, through fewer people or shorter stays.

    Each policy's part is averaged over the orders in which they could be added, so that the parts
    sum to the whole.
    """
    from remand.api.models import explain as run_explain
    from remand.files import read_model

    spec = read_model(model)
    found = run_explain(
        spec,
        platform,
        until=last_day(spec, to),
        since=since.date() if since else None,
        seed=seed,
    )
    if json:
        print(found.to_json())
    else:
        _show(found)


def _show(found: Explanation) -> None:
    from rich.console import Group

    from remand.cli import show

    meta = found.meta
    tables = [_parts(found), *([_turns(found)] if found.turns else [])]
    if found.assumptions:
        tables.append(_assumptions(found))
    console = show.wide(*tables[:2])
    after = f", after {', '.join(meta['base'])}" if meta["base"] else ""
    console.print(f"[bold]{meta['platform_title']} ({meta['platform']}{after})[/bold]")
    console.print(
        f"{meta['title']}, {meta['from']} to {meta['to']} (exclusive). People held, mean."
    )
    console.print(tables[0])
    for part in found.parts:
        over = f" Overlaps with {', '.join(part.overlaps)}." if part.overlaps else ""
        console.print(
            f"{part.policy.name} ({show.kept(part.policy.compliance)}): {part.says}{over}"
        )
    for table in tables[1:]:
        console.print()
        console.print(table)
    console.print(Group(*_notes(found)), style="dim")


def _parts(found: Explanation) -> Table:
    """What each policy adds, and the whole."""
    kinds = list(found.total)
    table = _table("policy", "who acts", kinds[0], "through admissions", "through days held",
                   *kinds[1:])  # fmt: skip

    def row(
        name: str, who: str, change: Mapping[Kind, float | None], *halves: float | None
    ) -> None:
        first, *others = (_signed(change[kind]) for kind in kinds)
        table.add_row(name, who, first, *map(_signed, halves), *others)

    for part in found.parts:
        row(part.policy.name, part.policy.authority, part.change,
            part.by_admissions, part.by_days)  # fmt: skip
    row("all together", "", found.total, found.by_admissions, found.by_days)
    first, *others = (
        f"{_people(found.before[kind])} → {_people(found.after[kind])}" for kind in kinds
    )
    table.add_row("held", "", first, "", "", *others)
    return table


def _turns(found: Explanation) -> Table:
    """What each platform of the chain adds, in each order."""
    kind = found.meta["kind"]
    table = _table(f"platform ({kind})", "if first", "if last", "averaged")
    for turn in found.turns:
        table.add_row(turn.name, *map(_signed, (turn.alone, turn.last, turn.averaged)))
    return table


def _assumptions(found: Explanation) -> Table:
    """What matters most."""
    kind = found.meta["kind"]
    table = _table(
        "what it hangs on", "range", "what the platform does", f"people in {kind}", "why"
    )
    table.columns[1].justify = table.columns[4].justify = "left"
    for i in (0, 1, 4):  # words fold, so that the table keeps to the screen
        table.columns[i].no_wrap = False
    for one in found.assumptions[:TOP]:
        several = f" ({one.numbers} numbers)" if one.numbers > 1 else ""
        low, high = sorted((one.values[0], one.values[2]))
        table.add_row(
            f"{one.name}{several}",
            f"{one.label} {low:.3g} to {high:.3g}".replace("-", "−"),
            f"{_signed(one.difference[0])} … {_signed(one.difference[2])}",
            f"{_people(one.level[0])} … {_people(one.level[2])}",
            one.because,
        )
    return table


def _table(*names: str) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for i, name in enumerate(names):
        table.add_column(name, justify="left" if i == 0 else "right", no_wrap=True)
    return table


def _signed(value: float | None) -> str:
    """A difference with its sign; none that is hidden."""
    from remand.cli import show

    return "hidden" if value is None else show.signed(value)


def _people(value: float | None) -> str:
    from remand.cli import show

    return show.people({"mean": value, "suppressed": value is None})


def _notes(found: Explanation) -> list[str]:
    """What must stand under the tables."""
    meta = found.meta
    lines = [
        f"Averaged over the orders in which policies could be added ({meta['orders']}), the parts "
        "sum to the whole. They say what the model's change is made of, not what caused anything "
        "in the world. They are shown rounded; --json has them to the last digit.",
        f"Through admissions: people who come in by a door of the {meta['kind']} or no longer do, "
        "at the days of those who come by it; through days held: the rest.",
        "Sentences: each policy on its own, added to what comes before.",
        f"Inferred: {meta['inferred']}.",
        *(f"Note: {warning}." for warning in found.warnings),
        f"Explanation {found.identity}, remand {meta['versions']['remand']}.",
    ]
    if (more := len(found.assumptions) - TOP) > 0:
        lines.insert(3, f"{more} more assumption{'s' if more > 1 else ''} matter less: --json.")
    return lines
