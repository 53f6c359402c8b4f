"""Measure a work file: what is asked, its figures, and what must be said with them."""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from remand.errors import InputError, did_you_mean
from remand.model.values import Disparity, Residents
from remand.outcomes.aggregated import Monthly
from remand.outcomes.aggregated import figures as figures_of_months
from remand.outcomes.figures import STAY_BASIS
from remand.outcomes.measured import (
    BAND,
    CENSUSES,
    MEASURED,
    Asked,
    interval,
    measured,
    ordered,
    period,
    with_band,
)
from remand.outcomes.population import comparison, residents_in
from remand.outcomes.windows import Windows
from remand.provenance import versions
from remand.records.work import MISSING, NOT_AXES, Contents, Records, contents, read
from remand.runs.measurement import (
    HIDDEN,
    NAMES,
    Measurement,
    Wanted,
    doubt,
    made_up,
    origin,
    span_of,
)
from remand.runs.variance import explained

WITHHELD = (
    "Withheld: no disparity is given where fewer than 30 people of either level are held (chance "
    "alone would move such a ratio by a fifth or more), or where it would tell of a small group. "
    "Try a longer period or wider groups."
)
ALIASES = {"adp": "population"}
"""What the field calls a quantity."""
SNAPSHOTS = (
    "Snapshots: a stay that crosses no census is never seen, so that admissions and releases are "
    "too few and mean stays too long."
)


def measure(work: str | Path, wanted: Wanted) -> Measurement:
    """The figures of a work file. InputError where it, or what is asked, is wrong."""
    held = contents(work)
    if len(held.months) and (wanted.places or not held.stays):
        found = _of_months(held, wanted)
        if held.unreported:
            note = f"Set aside when read: {held.unreported:,} months of zero, for none reported."
            return replace(found, notes=(*found.notes, note))
        return found
    if wanted.places:
        raise InputError.of(
            "--place is of monthly figures, and this file holds stays alone",
            fix="leave it out; a column of the records groups stays: --by",
        )
    found = measure_records(read(work), wanted)
    back = found.figures["quantity"].str.starts_with("returned").any()
    if back and held.unnamed:
        note = (
            f"Returns: {held.unnamed:,} of {held.stays:,} stays have no person number. Each counts "
            "as somebody else, so returns are too few."
        )
        return replace(found, notes=(note, *found.notes))
    return found


def measure_records(records: Records, wanted: Wanted) -> Measurement:
    """The figures of records already read."""
    asked, notes = _asked(records, wanted)
    meta = {
        "sources": [vars(source) for source in records.sources],
        "every": wanted.every,
        "by": list(wanted.by),
        "basis": records.basis,
        "counts": records.counts,
        "synthetic": records.synthetic,
        "intervals": interval(asked) if asked.draws else None,
        "disparity": _pair(asked.disparity),
        "asked": _written(wanted),
        "versions": versions(),
    }
    if wanted.variance is not None:
        return explained(records, wanted, asked, meta)
    windows = period(records, wanted.since, wanted.until, wanted.every)
    figures, bands = measured(records, windows, asked), None
    if wanted.every is None and not wanted.by and wanted.quantities is None:
        beds = replace(asked, by=(BAND,), quantities=("admissions", "bed_days"), disparity=None)
        bands = measured(records, windows, beds)
    levels = None
    if (d := asked.disparity) and d.axis not in asked.by:
        alone = replace(asked, by=(d.axis,), quantities=("rate",), disparity=None)
        levels = measured(records, windows, alone)
    since, until = span_of(windows, records)
    said = [*made_up(records), *_about(records, figures, bands, windows, asked), *notes]
    return Measurement(
        meta | {"from": str(since), "to": str(until)},
        figures,
        bands,
        levels,
        notes=(*said, *doubt(asked), *origin(records)),
    )


def _pair(d: Disparity | None) -> dict[str, str] | None:
    """The two levels compared, as JSON has them."""
    return None if d is None else {"axis": d.axis, "of": d.of, "to": d.to}


def _written(wanted: Wanted) -> dict[str, Any]:
    """What was asked, as it would be written down; of a file its name and hash, not its folder."""
    said = {k: v if isinstance(v, tuple | int) else str(v) for k, v in asdict(wanted).items() if v}
    for key in ("population", "variance"):
        if key in said and (path := Path(str(said[key]))).is_file():
            said[key] = f"{path.name} (SHA-256 {sha256(path.read_bytes()).hexdigest()[:12]})"
    return said


def _asked(records: Records, wanted: Wanted) -> tuple[Asked, list[str]]:
    """What is measured, checked against the records; and what could not be."""
    notes: list[str] = []
    quantities = wanted.quantities
    if quantities is None:
        quantities = MEASURED
        if not records.stays["person"].is_duplicated().any():
            quantities = tuple(q for q in MEASURED if q != "returns")
            notes.append("Returns: nobody here has two stays, so nothing can be said of them.")
    else:
        quantities = tuple(ALIASES.get(name.lower(), name) for name in quantities)
        _possible(quantities, wanted)
    if wanted.draws < 0:
        raise InputError.of(f"--draws cannot be {wanted.draws}", fix="give 200, or 0 for none")
    residents, disparity = _compared(records, wanted)
    asked = Asked(wanted.by, quantities, residents, disparity, wanted.within, wanted.draws,
                  wanted.seed)  # fmt: skip
    return asked, notes


def _possible(quantities: tuple[str, ...], wanted: Wanted) -> None:
    """Refuse a quantity asked for by name that would be left out without a word."""
    for name in quantities:
        if name not in MEASURED:
            raise InputError.of(
                f"records have no quantity '{name}'", fix=did_you_mean(name, (*ALIASES, *MEASURED))
            )
        if name in CENSUSES and BAND in wanted.by:
            raise InputError.of(
                f"{name} is not given by {BAND}: thousands of stays of a day fill one bed",
                fix="ask for bed_days, or group by something else",
            )
        if name == "rate" and wanted.population is None:
            raise InputError.of(
                "a rate needs a table of residents", fix="add --population FILE.csv"
            )
        if name.startswith("disparity") and wanted.compare is None:
            raise InputError.of(
                f"{name} needs two levels to compare",
                fix="add --compare race=Black:white and --population FILE.csv",
            )


def _compared(records: Records, wanted: Wanted) -> tuple[Residents | None, Disparity | None]:
    """Whom rates are per, and the two levels set side by side."""
    if wanted.population is None:
        for option, value in {"--compare": wanted.compare, "--per": wanted.per}.items():
            if value:
                raise InputError.of(
                    f"{option} needs a table of residents", fix="add --population FILE.csv"
                )
        return None, None
    own = with_band(records) if BAND in wanted.by else records
    names = [column for column in own.stays.columns if column not in NOT_AXES]
    known = {name: ordered(name, own.axis(name)) for name in names}
    table = _table(Path(wanted.population))
    residents = residents_in(table, str(wanted.population), wanted.per, known)
    if not wanted.compare:
        return residents, None
    disparity = comparison(wanted.compare, known, MISSING)
    axis = disparity.axis
    there = {row.where[axis][0] for row in residents.people if axis in row.where}
    for level in (disparity.of, disparity.to):
        if level not in there:
            raise InputError.of(
                f"there are no residents of {axis} '{level}'",
                fix=f"add a row to {wanted.population}",
            )
    return residents, disparity


def _table(path: Path) -> pl.DataFrame:
    """A CSV as text, as it stands."""
    if not path.is_file():
        raise InputError.of(f"there is no file '{path}'", fix="give a CSV: axes, people, unit")
    try:
        return pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise InputError.of(
            f"'{path}' cannot be read: {str(error).splitlines()[0]}",
            fix="save it as CSV in UTF-8, with a header",
        ) from None


def _about(
    records: Records,
    figures: pl.DataFrame,
    bands: pl.DataFrame | None,
    windows: Windows,
    asked: Asked,
) -> list[str]:
    """What must be said of the figures of records."""
    there = set(figures["quantity"].unique())
    lines = [f"Counted: {records.counts}."]
    if "population" in there:
        lines.append(
            "ADP: average daily population, the mean of the period's daily censuses."
            if windows.lengths.max() > 1
            else "People: those held at the day's census."
        )
    if records.basis == "snapshots":
        lines.append(SNAPSHOTS)
    lines += [_sentence(name, basis) for name, basis in STAY_BASIS.items() if name in there]
    first, last = ((day - records.since).days for day in span_of(windows, records))
    cohort = records.stays.filter(pl.col("day_in").is_between(first, last, closed="left"))
    still = cohort["day_out"].null_count()
    if "stay_admission" in there and still:
        lines.append(
            f"{100 * still / len(cohort):.1f} % of those admitted were inside when the records "
            "end; they are given the further days of all stays of their group that lasted as long "
            "(by the product limit, to the longest stay on record)."
        )
    if "days_per_admission" in there:
        lines.append(
            _sentence("days_per_admission", "person-days of the period for each admission in it; "
                      "none of the three stays")
        )  # fmt: skip
    if any(name.startswith("returned") for name in there):
        lines.append(
            "Returns: shares of people, by their first release in the period; of those not yet "
            "watched for so long by the product limit."
        )
    if asked.residents:
        lines.append(f"Rates: people per 100,000 {asked.residents.unit}.")
    if bands is not None or BAND in asked.by:
        lines.append("Stay bands: by the whole stay; those still inside by their stay so far.")
    if figures.filter(pl.col("quantity").str.starts_with("disparity"))["suppressed"].any():
        lines.append(WITHHELD)
    if any(frame["suppressed"].any() for frame in (figures, bands) if frame is not None):
        lines.append(HIDDEN)
    if len(windows.starts) > 1:
        lines.append(
            "The whole period is not given beside its windows: a hidden one could be worked out "
            "from it."
        )
    return lines


def _sentence(quantity: str, basis: str) -> str:
    """A note on a quantity, under the name its column has."""
    name = NAMES[quantity]
    return f"{name[0].upper()}{name[1:]}: {basis}."


def _of_months(held: Contents, wanted: Wanted) -> Measurement:
    """The figures of a work file that holds monthly figures alone."""
    stays = {"--variance": wanted.variance, "--population": wanted.population,
             "--compare": wanted.compare, "--quantity": wanted.quantities}  # fmt: skip
    for option, value in stays.items():
        if value:
            raise InputError.of(
                f"{option} needs stays, and this file holds monthly figures alone",
                fix="take in bookings: remand ingest FILE --into WORK.duckdb",
            )
    monthly = Monthly.of(held.months, wanted.places)
    since, until = monthly.period(wanted.since, wanted.until)
    figures = figures_of_months(monthly, since, until, wanted.every, wanted.by)
    sources = [vars(source) for source in held.sources]
    notes = [
        "Counted: monthly figures as reported; ADP, the average daily population, is the mean of "
        "the months reported.",
        _sentence(
            "days_per_admission",
            "person-days over admissions, of months that have both. It is the mean stay of those "
            "admitted only while admissions and stays are steady (Little's law)",
        ),
        "Months cannot tell: the three stays, how they are spread, returns, or who is held.",
    ]
    if monthly.left_out:
        said = ", ".join(f"{place} {count}" for place, count in monthly.left_out.items())
        notes.append(
            f"Left out, since a zero there means that none were reported: {said} (months)."
        )
    if figures["suppressed"].any():
        notes.append(HIDDEN)
    notes += [f"Source: {s['file']} ({s['rows']:,} rows, SHA-256 {s['sha256'][:12]})."
              for s in sources]  # fmt: skip
    meta = {
        "sources": sources,
        "from": str(since),
        "to": str(until),
        "every": wanted.every,
        "by": list(wanted.by),
        "basis": "monthly figures",
        "counts": "as reported",
        "synthetic": False,
        "intervals": None,
        "asked": _written(wanted),
        "versions": versions(),
    }
    return Measurement(meta, figures, notes=tuple(notes))
