"""Shipped claims against whole files of the same publishers (REMAND_DATA)."""

import os
from pathlib import Path

import pytest

from remand.errors import InputError
from remand.evidence.claims.answers import check_claims

DATA = os.environ.get("REMAND_DATA")
pytestmark = pytest.mark.skipif(
    not DATA, reason="REMAND_DATA is not set: it names the folder of real data"
)
FOLDER = Path(DATA or "")
CLAIMS = "philadelphia/claims-2017"


def readings(claim, *files):
    """What a claim comes to by cited figures, and by files; and the claim."""
    checked = check_claims(CLAIMS, [FOLDER / file for file in files]).checked
    told = next(each for each in checked if each.claim.id == claim)
    values = told.answers[0].values
    return [v.value for v in values if not v.file], [v.value for v in values if v.file], told


def test_the_national_rate_stands_in_the_bureau_s_own_tables():
    """670 in table 4; 660 in appendix table 1, which counts jails on another day."""
    cited, own, told = readings("nation", "bjs_2016/cpus16t04.csv", "bjs_2016/cpus16at01.csv")
    assert [round(1e5 * value) for value in own] == [670, 660]
    assert set(own) <= set(cited)
    assert told.verdict == "supported"


def test_cases_charged_of_arrests_is_the_sum_of_the_dashboard_s_months():
    """91.5 % of 2015, as cited by the year."""
    cited, own, told = readings("prosecuted", "philadelphia_dao_monthly.csv.gz")
    assert own == [pytest.approx(cited[0], abs=2e-4)]
    assert told.verdict == "overstated"


def test_a_file_of_another_subject_is_refused():
    """California's jails bear on no claim of Philadelphia's."""
    with pytest.raises(InputError, match="california-monthly"):
        readings("nation", "california_jail_profile_monthly.csv.gz")
