"""The command line: parse, call the library, print. One file a verb.

Nothing heavy is imported here; each verb imports what it needs, so `remand --help` is quick.
"""

from __future__ import annotations

import sys
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
from remand.cli.simulate import simulate
from remand.cli.sources import app as sources
from remand.cli.starter import starter
from remand.cli.synth import synth

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


app.command()(demo)
app.command()(check)
app.command()(compare)
app.command()(explain)
app.command()(simulate)
app.command()(synth)
app.command()(starter)
app.command()(ingest)
app.command()(measure)
app.command()(fit)
app.command()(forecast)
app.command()(backtest)
app.command()(replay)
app.command()(claims)
app.add_typer(sources, name="sources")
app.command()(doctor)


def main() -> None:
    """Entry point. Wrong input ends with its message alone and exit code 2, never a traceback."""
    from remand.errors import InputError, Refusal

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
