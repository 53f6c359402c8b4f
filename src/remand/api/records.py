"""Verbs on a jail's records: ingest, measure, fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from remand.api.days import Day, day_of
from remand.files import read_mapping
from remand.files.folder import write_folder
from remand.fitting.document import Folder
from remand.fitting.stays import STRENGTH
from remand.outcomes.returns import WITHIN
from remand.outcomes.windows import Every
from remand.records.ingest import Ingested
from remand.records.ingest import ingest as take_in
from remand.records.intake.columns import Corrections
from remand.runs.fit import Terms, fit_work
from remand.runs.measure import measure as measure_work
from remand.runs.measurement import Measurement, Wanted


def ingest(
    files: str | Path | Sequence[str | Path],
    into: str | Path,
    kind: str | None = None,
    *,
    mapping: str | Path | Corrections | None = None,
    keep: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Ingested:
    """Read a jail's records into a work file, which is made, or added to; whole or not at all.

    Args:
        files: CSV (of any delimiter, also packed with gzip), Parquet or Excel. A file whose bytes
            were read before is passed over.
        into: the work file, in DuckDB; its tables: `remand.records.contracts`.
        kind: ``bookings``, ``snapshots``, ``census`` or ``aggregates``; by its columns if None.
        mapping: corrections to what is guessed, or a YAML file of them.
        keep: columns to keep beside the known ones; health and immigration only so.
        say: told in a few words what is being done.

    Raises InputError if a file cannot be used; the work file is then as it was.
    """
    if isinstance(mapping, str | Path):
        mapping = read_mapping(mapping)
    chosen = [files] if isinstance(files, str | Path) else files
    return take_in(chosen, into, kind, mapping or Corrections(), keep, say=say)


def measure(
    work: str | Path,
    since: Day | None = None,
    until: Day | None = None,
    every: Every | None = None,
    by: str | Sequence[str] = (),
    quantities: Sequence[str] | None = None,
    *,
    population: str | Path | None = None,
    per: str | None = None,
    compare: str | None = None,
    within: Sequence[int] | None = None,
    variance: str | Path | None = None,
    scenario: str | None = None,
    places: Sequence[str] = (),
    draws: int = 200,
    seed: int = 0,
) -> Measurement:
    """What the records in a work file say.

    Args:
        work: the file that ingest wrote.
        since: the first day; by default that of the records.
        until: the day after the last, exclusive; by default the end of the records.
        every: ``day``, ``week``, ``month`` or ``year``; by default the period as one.
        by: columns of the records, or ``stay_band``; several are crossed.
        quantities: which figures (all by default); see `remand.outcomes.measured.MEASURED`.
        population: a CSV of residents for rates: columns to group by, ``people``, ``unit``.
        per: who those are, if the file does not say.
        compare: two levels whose rates are compared: ``race=Black:white``.
        within: days for returns (30, 90, 180 and 365).
        variance: ``last-year``, or a run that compare wrote as JSON: why the jail holds more.
        scenario: which of that run's scenarios (its first).
        places: of monthly figures of several jails, these.
        draws: of the bootstrap behind the intervals; 0: none.
        seed: which draws; the same seed gives the same digits.

    Raises:
        InputError: if the file, or what is asked of it, is wrong.
    """
    wanted = Wanted(
        since=None if since is None else day_of(since),
        until=None if until is None else day_of(until),
        every=every,
        by=(by,) if isinstance(by, str) else tuple(by),
        quantities=None if quantities is None else tuple(quantities),
        population=population,
        per=per,
        compare=compare,
        within=WITHIN if within is None else tuple(within),
        draws=draws,
        seed=seed,
        variance=variance,
        scenario=scenario,
        places=tuple(places),
    )
    return measure_work(work, wanted)


def fit(
    work: str | Path,
    out: str | Path | None = None,
    *,
    by: str | Sequence[str] = (),
    since: Day | None = None,
    as_of: Day | None = None,
    start: Day | None = None,
    place: str | None = None,
    title: str | None = None,
    draws: int = 200,
    seed: int = 0,
    strength: float = STRENGTH,
    replace: bool = False,
) -> Folder:
    """A model fitted to the records in a work file: to its stays, or to monthly figures alone.

    Args:
        work: the file that ingest wrote.
        out: the folder to write it to; without one nothing is written.
        by: columns of the records that become axes; small groups let go of the last one first.
        since: the first day used; by default all.
        as_of: only what was known on this day is used; by default all.
        start: the model's first day, by default the day after the records' last; a day inside them
            gives a model whose path can be held against what happened.
        place: which jail, where monthly figures are of several.
        title: what the model is called; by default the file's name.
        draws: of the parameters, behind the intervals; 0: none.
        seed: which draws; the same seed gives the same digits.
        strength: people that a wider group's law counts for in that of a small group.
        replace: write over a model fitted before.

    Returns:
        The model (``.model``), every number with its interval (``.parameters``), the draws behind
        them (``.draws``) and what the records cannot support (``.limits``).

    Raises:
        InputError: if the file, or what is asked of it, is wrong, or ``out`` cannot be written.
    """
    asked = Terms(
        by=(by,) if isinstance(by, str) else tuple(by),
        since=None if since is None else day_of(since),
        as_of=None if as_of is None else day_of(as_of),
        start=None if start is None else day_of(start),
        place=place,
        title=title,
        draws=draws,
        seed=seed,
        strength=strength,
    )
    found = fit_work(work, asked)
    if out is not None:
        write_folder(found, out, replace=replace)
    return found
