"""The command line: parse, call the library, print. One file a verb.

Nothing heavy is imported here; each verb imports what it needs, so `remand --help` is quick.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from remand.cli.backtest import backtest
from remand.cli.check import check
from remand.cli.claims import claims
from remand.cli.compare import compare
from remand.cli.demo import demo
from remand.cli.doctor import doctor
from remand.cli.explain import explain
from remand.cli.fit import fit
from remand.cli.forecast import forecast
from remand.cli.ingest import ingest
from remand.cli.measure import measure
from remand.cli.replay import replay
from remand.cli.report import report
from remand.cli.serve import serve
from remand.cli.simulate import simulate
from remand.cli.sources import app as sources
from remand.cli.starter import starter
from remand.cli.synth import synth
from remand.cli.verify import verify

app = typer.Typer(
    name="remand",
    help="What would a prosecutor's promises do to the people in a county's jail?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from remand.provenance import version

        print(version())
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


VERBS = (
    (demo, "Compare the shipped plans for Philadelphia, 2016–2019."),
    (check, "Show every problem of a model and its plans, each with its fix."),
    (compare, "Set plans side by side: people held, rates, disparity, cost."),
    (explain, "Take a plan apart: which promise does how much, and why."),
    (simulate, "Draw people by chance, with bands from replicates."),
    (synth, "Write made-up booking records of people who do not exist."),
    (starter, "Make a first model from a few published figures."),
    (ingest, "Read a jail's own records into one file, with checks."),
    (measure, "Measure records: people held, stays, rates, disparity."),
    (fit, "Fit a model to records."),
    (forecast, "Forecast how many will be held, and how far that is any good."),
    (backtest, "Forecast from the past, and score that by what came."),
    (replay, "Forecast a past reform from what was known when announced."),
    (claims, "Check public claims against cited figures."),
    (report, "Write a comparison as one page, to mail, to print, to check."),
    (verify, "Derive every number of such a page again."),
    (serve, "Show a model and its plans in the browser, on this machine alone."),
    (doctor, "Check this installation."),
)
"""Every verb with what it is for, in a line that fits a narrow screen."""

for verb, what in VERBS:
    app.command(short_help=what)(verb)
app.add_typer(sources, name="sources", short_help="Public data sets it reads: terms and traps.")


def main() -> None:
    """Entry point. Wrong input ends with its message alone and exit code 2, never a traceback."""
    from remand.errors import InputError, Refusal

    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a sign shows another
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except InputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        raise SystemExit(2) from None
    except Refusal as error:
        print(f"refused: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        raise SystemExit(1) from None
