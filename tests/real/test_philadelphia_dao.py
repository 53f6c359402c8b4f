"""The cited figures of Philadelphia against the office's own monthly series (REMAND_DATA)."""

import csv
import gzip
import os
from pathlib import Path

import pytest

from remand.files import find

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
OFFENCES = {"Violent": "F0057", "Property": "F0065", "Drugs": "F0073", "Firearms": "F0081"}


@pytest.fixture(scope="module")
def monthly():
    """Every row of the monthly series."""
    with gzip.open(Path(DATA or "") / "philadelphia_dao_monthly.csv.gz", "rt") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def cited():
    """The shipped figures by key."""
    with (find("philadelphia", "models").parent / "facts.csv").open(encoding="utf-8") as handle:
        return {row["id"]: row for row in csv.DictReader(handle)}


def test_cases_charged_that_arrivals_follow_are_the_sums_of_the_months(monthly, cited):
    """Each year’s cases as cited are the sum of twelve published months (one drug case apart)."""
    for offence, first in OFFENCES.items():
        for year in (2014, 2015, 2016, 2017):
            key = f"F{int(first[1:]) + year - 2014:04d}"
            months = sum(
                float(row["value"])
                for row in monthly
                if row["report"] == "charge"
                and row["offence"] == offence
                and row["month"].startswith(str(year))
            )
            assert cited[key]["period"] == str(year)
            assert float(cited[key]["value"]) == pytest.approx(months, abs=1)


def test_bail_types_of_2015_are_the_shares_of_the_published_months(monthly, cited):
    """Release without bail in 2015, as cited, is its share of all cases in the monthly series."""
    rows = [
        row
        for row in monthly
        if row["report"] == "bail"
        and row["offence"] == "All Offenses"
        and row["month"].startswith("2015")
    ]
    total = sum(float(row["value"]) for row in rows)
    free = sum(float(row["value"]) for row in rows if row["measure"] == "No bail (ROR)")
    assert 100 * free / total == pytest.approx(float(cited["F0289"]["value"]), abs=0.1)
