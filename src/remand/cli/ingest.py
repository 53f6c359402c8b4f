"""`remand ingest`: a jail's own records into a work file."""

from __future__ import annotations

import json as as_json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from remand.records.ingest import Ingested, Taken
    from remand.records.intake.columns import Column
    from remand.records.intake.forms import Form
    from remand.records.quality import Check


def ingest(
    files: Annotated[
        list[Path], typer.Argument(help="CSV (also packed with gzip), Parquet or Excel files.")
    ],
    into: Annotated[Path, typer.Option(help="The work file to make, or to add to.")],
    kind: Annotated[
        str | None,
        typer.Option(
            "--as", help="bookings, snapshots, census or aggregates. Default: by its columns."
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="A YAML file of corrections: columns, forms, values, …")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="A further column to keep; may be given more than once."),
    ] = None,
    strict: Annotated[
        list[str] | None,
        typer.Option(help="Fail (exit 2) if this check finds anything; 'all' for every check."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read booking records, snapshots, a census or monthly figures into one file.

    Says what each column was taken for, which rows were set aside and why, and what twelve checks
    of quality found. Next month's export updates the stays that are known, and is read as this
    one was mapped. A file that was read before is passed over, or read again under another mapping.

    A mapping (YAML) may hold columns: {admitted: "Book Date"}, forms: {admitted: month-first},
    values: {charge: {"220.*": drugs, "*": other}}, keep: [facility], window: {from: 2016-01-01},
    header: 3 (its line, or false), delimiter, sheet, kind and counts. Values are shell patterns
    (* is any text, ? one sign, [ab] a or b): the first that fits holds, in capitals or not.
    """
    from remand.files import read_mapping
    from remand.records.ingest import ingest as run_ingest
    from remand.records.intake.columns import Corrections

    chosen = _checks(strict or [])
    corrections = read_mapping(mapping) if mapping else Corrections()
    with _telling(quiet=json) as say:
        found = run_ingest(files, into, kind, corrections, keep or [], say=say)
    failed = found.failed(chosen)
    if json:
        print(as_json.dumps(_json(found, failed), ensure_ascii=False, indent=2))
    else:
        for line in _lines(found):
            print(line)
    for reason in failed:
        print(f"{found.into} is written, but {reason}", file=sys.stderr)
    if failed:
        raise typer.Exit(2)


def _checks(names: Sequence[str]) -> list[str]:
    """The checks that --strict names. Raises InputError for one that there is not."""
    from remand.errors import InputError, did_you_mean
    from remand.records.quality import CHECKS

    for name in names:
        if name != "all" and name not in CHECKS:
            raise InputError.of(
                f"--strict {name}: there is no such check",
                fix=did_you_mean(name, [*CHECKS, "all"]),
                value=name,
            )
    return list(CHECKS) if "all" in names else list(names)


@contextmanager
def _telling(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Progress on a terminal, and nothing anywhere else."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("ingest") as status:
        yield status.update


# -- as text --------------------------------------------------------------------------------


def _lines(found: Ingested) -> Iterator[str]:
    from remand.records.checks.check import counted
    from remand.records.quality import lines

    warnings = [taken.warning for taken in found.files if taken.warning]
    yield from (f"WARNING: {warning}." for warning in warnings)
    if warnings:
        yield ""
    for taken in found.files:
        yield from _file(taken)
        if not taken.known:
            yield ""
    if found.again:
        yield f"{found.again}. Numbers of stays are kept."
    if found.since and found.until:
        basis = found.basis
        if found.snapshot_time:
            basis += f", taken at about {found.snapshot_time}"
        yield (
            f"{found.into}: {counted(found.stays, 'stay')} from {basis}; censuses from "
            f"{found.since} to {found.until} (exclusive)"
        )
    else:
        yield f"{found.into}: no stays yet, so nothing to check"
    if found.checks and not all(taken.known for taken in found.files):
        yield ""
        yield from lines(list(found.checks))
        yield ""
        yield (
            "No published census to set the rebuilt one against: take one in with --as census."
            if found.off is None
            else f"Rebuilt census against the published one: {100 * found.off:.2f} % off on "
            f"average over {counted(found.days, 'day')}."
        )


def _file(taken: Taken) -> Iterator[str]:
    if taken.known or taken.read is None:
        yield f"{taken.file}: read before (the same bytes), passed over"
        return
    yield f"{taken.file}: {taken.kind}"
    yield from (f"  note: {note}" for note in taken.notes)
    columns = taken.read.columns
    used = [c for c in columns if c.field or c.kept]
    yield from _table([_used(c) for c in used])
    for what, which in (
        ("dropped", [c for c in columns if c.dropped and not c.field]),
        ("left out", [c for c in columns if not (c.field or c.kept or c.dropped)]),
    ):
        for column in which:
            yield f"  {what}: '{column.name}': {column.why.replace(': left out', '')}"
    for leveled in taken.values:
        yield f"  levels of {leveled.field}, from '{leveled.column}':"
        yield from (f"    {line}" for line in leveled.lines())
    aside = taken.rows - taken.used
    yield f"  rows {taken.rows:,} = used {taken.used:,} + set aside {aside:,}"
    for rule in taken.set_aside:
        where = f"line {rule.line}" + (f", column '{rule.field}'" if rule.field else "")
        value = f" '{rule.value}'" if rule.value else ""
        yield f"    {rule.rule}: {rule.rows:,}, first in {where}:{value} {rule.reason}"
    if taken.kind in {"bookings", "snapshots"}:
        yield (
            f"  stays: {taken.new:,} new, {taken.updated:,} updated, {taken.unchanged:,} as known"
        )


def _used(column: Column) -> tuple[str, str, str]:
    form = _form(column.form) if column.form else ""
    empty = f"{100 * column.empty:.1f} % empty" if column.empty > 0 else ""
    shown = ", ".join(column.examples[: 1 if column.form else None])
    why = column.why
    parts = [part for part in (form, empty, why, f"e.g. {shown}" if shown else "") if part]
    return f"'{column.name}'", column.field or f"kept as {column.kept}", "; ".join(parts)


def _form(form: Form) -> str:
    """The form by the name that a mapping takes, and how this column writes it."""
    return f"{form.name} (e.g. {form.shown})"


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    if not rows:
        return
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    for name, field, rest in rows:
        yield f"  {name:<{first}} → {field:<{second}}  {rest}".rstrip()


# -- as JSON --------------------------------------------------------------------------------


def _json(found: Ingested, failed: Sequence[str]) -> dict[str, Any]:
    return {
        "into": str(found.into),
        "files": [taken.as_json() for taken in found.files],
        "stays": found.stays,
        "window": {
            "from": str(found.since) if found.since else None,
            "to": str(found.until) if found.until else None,
        },
        "basis": found.basis or None,
        "snapshot_time": found.snapshot_time,
        "again": vars(found.again) if found.again else None,
        "checks": [_check(check) for check in found.checks],
        "census": {"days": found.days, "off": found.off},
        "failed": list(failed),
    }


def _check(check: Check) -> dict[str, Any]:
    from remand.records.contracts import QUALITY

    return {
        column.name: list(check.examples) if column.name == "examples" else value
        for column, value in zip(QUALITY, check.row, strict=True)
    }
