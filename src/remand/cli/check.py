"""`remand check`: every problem of a model and its platforms at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from remand.errors import Problem
    from remand.model.model import Model


def check(
    model: Annotated[
        str, typer.Argument(help="A shipped name (philadelphia), a file or a folder.")
    ],
    platforms: Annotated[
        list[str] | None, typer.Argument(help="Platforms to check on that model.")
    ] = None,
    effects: Annotated[
        str | None, typer.Option(help="A file of behavioural effects to check with them.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Show every problem at once, each with file, line, field, value and fix.

    Exit code 2 if there is an error; warnings alone leave 0.
    """
    from remand.files import load_effects, load_model, load_platform

    loaded, problems = load_model(model)
    for name in platforms or []:
        problems += load_platform(name, loaded)[1]
    if effects is not None:
        problems += load_effects(effects, loaded)[1]
    if loaded is not None and not any(p.severity == "error" for p in problems):
        problems += _when_run(model, loaded, platforms or [])
        if effects is not None and platforms and not any(p.severity == "error" for p in problems):
            problems += _answered(effects, loaded, platforms)
    errors = sum(problem.severity == "error" for problem in problems)
    if json:
        import json as encoder

        print(encoder.dumps({"problems": [p.as_json() for p in problems]}, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(_counted(errors, len(problems) - errors))
    raise typer.Exit(2 if errors else 0)


def _when_run(name: str, model: Model, platforms: list[str]) -> list[Problem]:
    """What shows only when dates become steps: circles, shares that cannot move, no steady state.

    Platforms are tried once the model itself runs: until then they would only repeat it.
    """
    from remand.errors import InputError, Refusal
    from remand.files import find, in_model, read_scenario

    try:
        _try_run(model)
    except InputError as error:
        return [in_model(name, problem) for problem in error.problems]
    except Refusal:  # a rule for the sampled engine; nothing is wrong with it
        pass
    problems: list[Problem] = []
    for platform in platforms:
        try:
            _try_run(read_scenario(platform, model).model)
        except InputError as error:
            from dataclasses import replace

            file = str(find(platform.partition("#")[0], "platforms"))
            problems += [p if p.file else replace(p, file=file) for p in error.problems]
        except Refusal:
            continue
    return problems


def _answered(effects: str, model: Model, platforms: list[str]) -> list[Problem]:
    """What shows only when effects are as small or as large as they may be."""
    from dataclasses import replace

    from remand.errors import InputError, Refusal
    from remand.files import find, read_scenario, with_effects

    scenarios = [read_scenario(platform, model) for platform in platforms]
    try:
        answering = with_effects(scenarios, effects)
    except InputError as error:
        return list(error.problems)
    problems: list[Problem] = []
    for scenario in answering:
        for rank, end in ((0.0, "low"), (1.0, "high")):
            assert scenario.effects is not None  # noqa: S101 - just given
            try:
                _try_run(replace(scenario, effects=scenario.effects.at(rank)).model)
            except InputError as error:
                for p in error.problems:
                    said = f"{scenario.name}, at the {end} end: {p.message}"
                    problems.append(replace(p, message=said, file=str(find(effects, "effects"))))
            except Refusal:
                continue
    return problems


def _try_run(model: Model) -> None:
    """Compile a model to two steps past the last date on which a policy begins or ends."""
    from remand.engine.compile import compile_model

    changes = [d for p in model.policies for d in (p.starts, p.ends) if d is not None]
    last = max([model.clock.start, *changes])
    compile_model(model, model.clock.date(max(model.clock.index(last), 0) + 2))


def _counted(errors: int, warnings: int) -> str:
    """The last line.

    >>> _counted(1, 2)
    '1 error, 2 warnings'
    """
    if not errors and not warnings:
        return "no problems"
    counts = ((errors, "error"), (warnings, "warning"))
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
