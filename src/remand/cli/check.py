"""`remand check`: every problem of a model and its platforms at once."""

from __future__ import annotations

from typing import Annotated

import typer


def check(
    model: Annotated[
        str, typer.Argument(help="A shipped name (philadelphia), a file or a folder.")
    ],
    platforms: Annotated[
        list[str] | None, typer.Argument(help="Platforms to check on that model.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Show every problem at once, each with file, line, field, value and fix.

    Exit code 2 if there is an error; warnings alone leave 0.
    """
    from remand.engine.compile import compile_model
    from remand.errors import InputError, Problem, Refusal
    from remand.files import load_model, load_platform, read_scenario

    loaded, problems = load_model(model)
    for name in platforms or []:
        problems += load_platform(name, loaded)[1]
    if loaded is not None and not any(p.severity == "error" for p in problems):
        # what only shows when dates become steps: circles, shares that cannot move, no steady state
        for scenario in [None, *(platforms or [])]:
            try:
                edited = read_scenario(scenario, loaded).model if scenario else loaded
                changes = [d for p in edited.policies for d in (p.starts, p.ends) if d is not None]
                last = max([edited.clock.start, *changes])
                compile_model(edited, edited.clock.date(max(edited.clock.index(last), 0) + 2))
            except InputError as error:
                problems += [
                    p if p.file else Problem(
                        p.severity, p.path, p.message, p.value, p.fix, file=str(scenario or model)
                    )
                    for p in error.problems
                ]  # fmt: skip
            except Refusal:
                continue
    wrong = any(problem.severity == "error" for problem in problems)
    if json:
        import json as encoder

        print(encoder.dumps({"problems": [p.as_json() for p in problems]}, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        errors = sum(p.severity == "error" for p in problems)
        warnings = len(problems) - errors
        print(f"{errors} errors, {warnings} warnings" if problems else "no problems")
    raise typer.Exit(2 if wrong else 0)
