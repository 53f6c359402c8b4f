"""`remand verify`: every number of a report, derived again on this machine."""

from __future__ import annotations

from typing import Annotated

import typer


def verify(
    file: Annotated[str, typer.Argument(help="A report that remand report wrote.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Derive every number of a report again, and name each that moved.

    Exit code 0: everything is as derived. 1: something moved. 2: the file is no report.
    """
    from json import dumps

    from remand.cli.looking import telling
    from remand.present.verify import verify as derive

    with telling("Deriving the report again"):
        found = derive(file)
    if json:
        print(dumps(found.as_json(), ensure_ascii=False))
    else:
        for moved in found.moved:
            print(moved)
        for note in found.notes:
            print(f"Note: {note}.")
        if found.carried:
            print(
                f"Note: {found.carried} numbers are of records or a backtest that the file does "
                "not hold: they agree with the file itself, and no more is known of them here."
            )
        if found.holds:
            print(f"{file}: every number re-derived ({found.numbers}; run {found.run}).")
        else:
            many = len(found.moved)
            print(f"{file}: {many} {'thing' if many == 1 else 'things'} moved.")
    if not found.holds:
        raise typer.Exit(1)
