"""New York City's jails, fitted to what was known on the last day of 2018 (REMAND_DATA)."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import remand as rm
from remand.files import load_model
from remand.model.states import KINDS
from remand.records.work import read

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
AS_OF, BEGIN, END = dt.date(2019, 1, 1), dt.date(2017, 1, 1), dt.date(2019, 7, 1)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A work file of the stays."""
    path = tmp_path_factory.mktemp("nyc") / "nyc.duckdb"
    rm.ingest(Path(DATA or "") / "nyc_custody_spells.parquet", path)
    return path


@pytest.fixture(scope="module")
def census(work):
    """People inside on every day of the records, as the stays have them."""
    stays = read(work).stays
    days = (dt.date(2022, 1, 1) - dt.date(2016, 6, 2)).days
    seen, out = (stays[c].fill_null(days).to_numpy() for c in ("day_seen", "day_out"))
    moves = np.bincount(seen, minlength=days + 1) - np.bincount(out, minlength=days + 1)
    return {dt.date(2016, 6, 2) + dt.timedelta(i): n for i, n in enumerate(np.cumsum(moves))}


def path_of(model, until):
    """People in jail at the end of each day."""
    path = rm.solve(model, until)
    return path.census[:, path.kernel.kind == KINDS.index("jail")].sum(axis=(0, 1))


def actual(census, first, last):
    """The same as it was."""
    return np.array([census[first + dt.timedelta(i)] for i in range((last - first).days)])


def test_the_fitted_path_is_within_two_percent_of_the_census_on_average(work, census):
    """Begun on 1 January 2017 with the people then inside, over the two years fitted to."""
    model = rm.fit(work, by="race", as_of=AS_OF, start=BEGIN, draws=0).model
    off = path_of(model, AS_OF) / actual(census, BEGIN, AS_OF) - 1
    assert np.abs(off).mean() < 0.02
    assert abs(off.mean()) < 0.01


def test_the_half_year_after_is_forecast_better_than_by_tomorrow_equals_today(work, census, capsys):
    """The first half of 2019, which the fit had not seen: printed beside the truth."""
    model = rm.fit(work, by="race", as_of=AS_OF, draws=0).model
    forecast, truth = path_of(model, END), actual(census, AS_OF, END)
    today = census[AS_OF - dt.timedelta(1)]
    error, naive = np.abs(forecast - truth).mean(), np.abs(today - truth).mean()
    with capsys.disabled():
        sys.stdout.write(
            f"\nNew York City, January–June 2019: {truth.mean():,.0f} people held, forecast "
            f"{forecast.mean():,.0f}; mean absolute error {error:,.0f}, of 'tomorrow equals today' "
            f"{naive:,.0f}\n"
        )
    assert error < naive


def test_the_whole_fit_is_a_model_that_check_finds_clean(work, tmp_path):
    """By race and sex, with draws, written and read again."""
    found = rm.fit(work, tmp_path / "nyc", by=["race", "sex"], as_of=AS_OF, draws=10)
    assert found.trials[0].startswith("Tried on 2018-07-03 to 2019-01-01, without looking:")
    model, problems = load_model(tmp_path / "nyc")
    assert problems == []
    assert model.clock.start == AS_OF
    assert "not seen by snapshots" in found.document["states"]["de"]["note"]
