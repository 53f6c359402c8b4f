"""`remand sources`: public data sets, their terms, and their files."""

from __future__ import annotations

import json as as_json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl

    from remand.sources import Source, Taken

app = typer.Typer(
    name="sources",
    help="Public data sets: what there is, on what terms, and what a file of one holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SHOWN = ("least", "mean", "most")
"""Figures of the summary that tell of people."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="A data set, as 'remand sources list' names it.")]


@app.command("list")
def listing(json: Json = False) -> None:
    """List the public data sets whose files can be read."""
    from remand.sources import SOURCES

    if json:
        _print([_card(source) for source in SOURCES])
        return
    width = max(len(source.name) for source in SOURCES)
    for source in SOURCES:
        print(f"{source.name:<{width}}  {source.table:<10}  {source.title}; {source.covers}")
    print("\nTerms, definitions and traps of one: remand sources terms NAME")


@app.command()
def terms(name: Name, json: Json = False) -> None:
    """Show the card of a data set: publisher, terms, dates, definitions, traps."""
    from remand.sources import find

    source = find(name)
    if json:
        _print(_card(source))
        return
    for line in _terms(source):
        print(line)


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="A file of a public data set, packed or not.")],
    into: Annotated[
        Path | None, typer.Option(help="The work file to make, or to add to, for measure and fit.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The .csv or .parquet file to write.")] = None,
    json: Json = False,
) -> None:
    """Tell which data set a file is of, what to know of it, and what it holds.

    The file is told by its columns. Flags count what has misled people in this very file; nothing
    is left out that no flag tells of.
    """
    from remand.cli.compare import written_as
    from remand.cli.looking import TABLES, write
    from remand.errors import InputError
    from remand.sources import into as taken_into
    from remand.sources import read as read_source

    written_as(None if out is None else str(out), "--out", TABLES)
    if out is not None and not out.parent.is_dir():
        raise InputError.of(f"--out {out}: there is no folder '{out.parent}'", fix="name another")
    if out is not None and out.resolve() == file.resolve():
        raise InputError.of(f"--out {out} is FILE itself", fix="name another file")
    taken = read_source(file)
    if out is not None and taken.table == "stays":
        raise InputError.of(
            "--out: rows of people stay in a work file, and are written nowhere else",
            fix="take them in: --into WORK.duckdb",
        )
    if into is not None:
        taken_into(file, into, taken.source)
    if out is not None:
        write(taken.passed_on, str(out))
    if json:
        written = {"into": str(into) if into else None, "out": str(out) if out else None}
        _print(_taken(taken) | written)
        return
    for line in _lines(taken):
        print(line)
    if into is not None:
        print(f"\n{into}: taken in as {taken.source.ingested}. Next: remand measure {into}")
    if out is not None:
        print(f"\n{out}: {taken.passed_on.height:,} rows written. {_short(taken.source)}")


@app.command()
def download(
    name: Name,
    to: Annotated[Path, typer.Option(help="The folder to put it into.")],
    yes: Annotated[bool, typer.Option("--yes", help="The terms are known, and agreed to.")] = False,
) -> None:
    """Fetch a data set from its publisher: shows its terms first, and asks."""
    from remand.sources import find
    from remand.sources.download import NotReached, targets
    from remand.sources.download import download as fetch

    source = find(name)
    for line in _terms(source):
        print(line)
    print()
    for file, path in zip(source.files, targets(source, to), strict=True):
        print(f"{file.address}\n  → {path}")
    if not yes:
        if not sys.stdin.isatty():
            print("Nothing is downloaded. To agree to the terms, and fetch it: --yes")
            raise typer.Exit(1)
        typer.confirm("Fetch it on these terms?", abort=True)
    try:
        for got in fetch(source, to):
            print(f"{got.path}: {got.size:,} bytes, SHA-256 {got.sha256}")
    except NotReached as error:
        print(f"nothing is kept: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


# -- as text --------------------------------------------------------------------------------


def _terms(source: Source) -> Iterator[str]:
    from remand.sources.cards import lines

    yield f"{source.name}: {source.title}"
    yield ""
    yield from (line.replace("**", "").replace("`", "") for line in lines(source))


def _short(source: Source) -> str:
    return f"Terms: remand sources terms {source.name}"


def _lines(taken: Taken) -> Iterator[str]:
    source = taken.source
    since, until = taken.period
    yield f"{taken.file}: {source.name}, {source.title} ({source.publisher})"
    yield f"  {taken.frame.height:,} rows of {taken.table}, {since} to {until} (exclusive)"
    yield f"  SHA-256 {taken.sha256}"
    yield ""
    for flag in taken.flags:
        yield f"  {flag.name}: {flag.says}. {flag.done[0].upper()}{flag.done[1:]}."
    if not taken.flags:
        yield "  no flags"
    yield ""
    header = tuple(name for name in summary(taken).columns if name != "suppressed")
    rows = [
        tuple("hidden" if row.get("suppressed") and name in SHOWN else _cell(row[name])
              for name in header)
        for row in summary(taken).to_dicts()
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        yield (
            "  "
            + "  ".join(
                f"{cell:<{w}}" if i < 3 else f"{cell:>{w}}"
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
        )
    yield ""
    if not source.published:
        yield (
            f"  {_hidden(taken):,} rows of groups of fewer than 10 people, or that would tell of "
            "them, are not passed on: they were counted from rows of people, not published"
        )
    elif taken.table != "stays":
        yield "  Figures are passed on as published, small ones too"
    yield f"  {_short(source)}"


def _hidden(taken: Taken) -> int:
    """Rows that are not passed on."""
    return taken.frame.height - taken.passed_on.height


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value if value is not None else "")


# -- as JSON --------------------------------------------------------------------------------


def summary(taken: Taken) -> pl.DataFrame:
    """A few figures: by measure, axis and level, how many rows, and the least and the most.

    Those of a level of which any row is not passed on are left out: ``suppressed``.
    """
    import polars as pl

    frame = taken.frame
    keys = ("measure", "axis", "level")
    if taken.table == "stays":
        found = [
            {"measure": name, "axis": None, "level": None, "rows": frame[name].count()}
            for name in ("stay", "person", "admitted", "released", "race", "sex", "status")
        ]
        return pl.DataFrame(found)
    when, value = ("day", "people") if taken.table == "census" else ("month", "value")
    shown = taken.passed_on
    if taken.table == "census":
        named = {"measure": pl.lit("people"), "place": pl.lit(None, pl.String)}
        frame, shown = frame.with_columns(**named), shown.with_columns(**named)
    kept = shown.group_by(keys).agg(kept=pl.len())
    return (
        frame.sort(when, maintain_order=True)
        .group_by(keys, maintain_order=True)
        .agg(
            rows=pl.len(), places=pl.col("place").n_unique(),
            least=pl.col(value).min(), mean=pl.col(value).mean(), most=pl.col(value).max(),
        )
        .join(kept, on=keys, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(suppressed=pl.col("kept").fill_null(0) < pl.col("rows"))
        .with_columns(pl.when(~pl.col("suppressed")).then(name).alias(name) for name in SHOWN)
        .drop("kept")
        .sort(keys, nulls_last=False, maintain_order=True)
    )  # fmt: skip


def _taken(taken: Taken) -> dict[str, Any]:
    since, until = taken.period
    return {
        "file": taken.file,
        "source": taken.source.name,
        "table": taken.table,
        "step": taken.step,
        "rows": taken.frame.height,
        "period": {"from": str(since), "to": str(until)},
        "sha256": taken.sha256,
        "flags": [flag.as_json() for flag in taken.flags],
        "summary": summary(taken).to_dicts(),
        "hidden_rows": _hidden(taken),
        "terms": taken.source.terms,
    }


def _card(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "title": source.title,
        "publisher": source.publisher,
        "address": source.address,
        "terms": source.terms,
        "covers": source.covers,
        "table": source.table,
        "access": source.access,
        "files": [file.address for file in source.files],
        "ingested": source.ingested,
        "definitions": dict(source.definitions),
        "traps": dict(source.traps),
    }


def _print(found: object) -> None:
    print(as_json.dumps(found, ensure_ascii=False, indent=2))
