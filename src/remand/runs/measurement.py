"""What measuring the records of a jail answers: figures, a change, and what is said with them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from remand.outcomes.figures import as_rows
from remand.outcomes.measured import Asked
from remand.outcomes.returns import WITHIN
from remand.outcomes.windows import Every, Windows
from remand.provenance import identity
from remand.records.work import Records

NAMES = {
    "population": "people",
    "admissions": "admitted",
    "admissions_a_month": "a month",
    "releases": "released",
    "bed_days": "bed-days",
    "stay_admission": "stay (admitted)",
    "stay_release": "stay (released)",
    "stay_so_far": "stay so far",
    "days_per_admission": "days/admission",
}
"""What tables and notes call a quantity."""

HIDDEN = "Hidden: figures of fewer than 10 people, and what would give them away."


@dataclass(frozen=True)
class Wanted:
    """What is asked of a work file: the arguments of `remand.measure`."""

    since: dt.date | None = None
    until: dt.date | None = None
    every: Every | None = None
    by: tuple[str, ...] = ()
    quantities: tuple[str, ...] | None = None
    population: str | Path | None = None
    per: str | None = None
    compare: str | None = None
    within: tuple[int, ...] = WITHIN
    draws: int = 200
    seed: int = 0
    variance: str | Path | None = None
    scenario: str | None = None
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """What the records of a jail say over a period.

    Attributes:
        meta: what was measured: files with their hashes, period, groups, intervals.
        figures: a row a quantity, group and window, as `remand.outcomes.figures` has them.
        stay_bands: admissions and bed-days by length of stay, where one period is measured.
        levels: rates of the levels compared, where figures are not given by them anyway.
        variance: the change against another period or a forecast, in parts.
        says: that change in a sentence.
        notes: what must be said with the figures.
    """

    meta: dict[str, Any]
    figures: pl.DataFrame
    stay_bands: pl.DataFrame | None = None
    levels: pl.DataFrame | None = None
    variance: pl.DataFrame | None = None
    says: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Changes whenever the files, the period, what is asked or the program does."""
        return identity(self.meta)

    @property
    def averages(self) -> bool:
        """Whether people held are means of several censuses: average daily populations."""
        since, until = (dt.date.fromisoformat(self.meta[end]) for end in ("from", "to"))
        return self.meta["every"] != "day" and (until - since).days > 1

    def as_json(self) -> dict[str, Any]:
        """The shape of ``remand measure --json``: keys may be added, never renamed.

        ``{measure: {id, sources: [{file, kind, sha256, rows}], from, to, against, every, by, basis,
        counts, synthetic, intervals, disparity: {axis, of, to}, asked, versions}, figures: [row],
        stay_bands: [row], levels: [row], variance: [row], says, notes: [text]}``. A row is that of
        ``remand compare``: ``{date, quantity, unit, mean, suppressed}`` and, where they apply,
        ``kind, place``, the columns grouped by, ``sd``, quantiles, ``band, basis, denominator,
        low, high``. A total has none of the columns.
        """
        frames = {"figures": self.figures, "stay_bands": self.stay_bands,
                  "levels": self.levels, "variance": self.variance}  # fmt: skip
        rows = {name: [] if f is None else as_rows(f) for name, f in frames.items()}
        own = {"id": self.identity, **self.meta}
        return {"measure": own, **rows, "says": self.says, "notes": list(self.notes)}

    def to_json(self) -> str:
        """`as_json` as text; dates in ISO form, hidden figures null."""
        return json.dumps(self.as_json(), default=str, ensure_ascii=False)


def span_of(windows: Windows, records: Records) -> tuple[dt.date, dt.date]:
    """First day of some windows, and the day after the last."""
    return windows.dates[0], records.since + dt.timedelta(windows.end)


def origin(records: Records) -> list[str]:
    """Where figures come from."""
    return [
        *(f"Source: {s.file} ({s.kind}, {s.rows:,} rows, SHA-256 {s.sha256[:12]})."
          for s in records.sources),
        f"Window of the records: {records.since} to {records.until} (exclusive).",
    ]  # fmt: skip


def made_up(records: Records) -> list[str]:
    """That nobody in synthetic records exists."""
    if not records.synthetic:
        return []
    return ["SYNTHETIC: these records were made by a model; nobody in them exists."]


def doubt(asked: Asked) -> list[str]:
    """What intervals cover."""
    if not asked.draws:
        return []
    return [f"Intervals: Bayesian bootstrap over people, {asked.draws:,} draws, seed {asked.seed}: "
            "how far chance alone moves a figure; not errors of the records."]  # fmt: skip
