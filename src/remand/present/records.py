"""What only a jail's own records can tell a report: stays against beds, and last year's change.

The cards hold the printed figures and no more: no row of the records, and nothing that is hidden.
"""

from __future__ import annotations

from typing import Any

from remand.outcomes.variance import whole
from remand.present import words
from remand.present.figures import people
from remand.present.packet import NO_LAST_YEAR, NO_STAYS
from remand.present.said import Card, Cite, Number, Said, Table
from remand.runs.measurement import Measurement

PARTS = {
    "population_before": "people held then",
    "change_by_admissions": "through admissions",
    "change_by_days": "through days held for each",
    "population": "people held now",
}


def stays_card(measured: Measurement) -> Card:
    """Who comes in against whose beds they are, by length of stay."""
    assert measured.stay_bands is not None  # noqa: S101 - asked before
    of: dict[str, dict[str, float | None]] = {}
    for row in measured.stay_bands.drop_nulls("stay_band").iter_rows(named=True):
        of.setdefault(row["stay_band"], {})[row["quantity"]] = row["mean"]
    whole_of = {
        quantity: sum(found.get(quantity) or 0.0 for found in of.values())
        for quantity in ("admissions", "bed_days")
    }
    rows = tuple(
        (
            Said.of(f"{band} {'day' if band == '1' else 'days'}"),
            *(_share(band, q, found.get(q), total) for q, total in whole_of.items()),
        )
        for band, found in of.items()
    )
    period = f"{measured.meta['from']} to {measured.meta['to']} (exclusive)"
    return Card(
        NO_STAYS.key,
        NO_STAYS.title,
        Table(("stay", "people admitted", "bed-days"), rows, NO_STAYS.title),
        (Said.line(f"{period}, of the jail's own records.", "records/period"), *_made_up(measured)),
        _files(measured),
    )


def last_year_card(measured: Measurement) -> Card:
    """The change since last year: admissions × days held."""
    assert measured.variance is not None  # noqa: S101 - asked before
    axes = [axis for axis in measured.meta["by"] if axis in measured.variance.columns]
    of: dict[str, Any] = {
        row["quantity"]: row["mean"]
        for row in measured.variance.iter_rows(named=True)
        if all(row[axis] is None for axis in axes)
    }
    shown = whole(of)
    rows = tuple(
        (Said.of(name), _figure(quantity, of[quantity], shown.get(quantity)))
        for quantity, name in PARTS.items()
        if quantity in of
    )
    return Card(
        NO_LAST_YEAR.key,
        NO_LAST_YEAR.title,
        Table(("", "people"), rows, NO_LAST_YEAR.title),
        (Said.line(measured.says or "", "records/says"), *_made_up(measured)),
        _files(measured),
    )


def _share(band: str, quantity: str, value: float | None, total: float) -> Said:
    if value is None or not total:
        return Said.of("hidden" if value is None else "–")
    share = 100 * value / total
    path = f"records/{quantity}/{band}"
    text = f"{share:.0f}" if share >= 1 or not value else "under 1"
    return Said.of(Number(path, value, people(value)), " (", Number(f"{path}/share", share, text),
                   " %)")  # fmt: skip


def _figure(quantity: str, value: float | None, shown: int | None) -> Said:
    if value is None or shown is None:
        return Said.of("hidden")
    text = people(shown) if quantity.startswith("population") else words.signed(shown)
    return Said.of(Number(f"records/{quantity}", value, text))


def _made_up(measured: Measurement) -> tuple[Said, ...]:
    """That nobody in synthetic records exists."""
    return tuple(Said.of(note) for note in measured.notes if note.startswith("SYNTHETIC"))


def _files(measured: Measurement) -> tuple[Cite, ...]:
    return tuple(
        Cite(f"{s['file']} ({s['kind']}, SHA-256 {s['sha256'][:12]})")
        for s in measured.meta["sources"]
    )
