"""`remand report` and `remand verify`, as they are typed."""

from __future__ import annotations

import json
import re

import pytest

from remand.present.report import BLOCK

PERIOD = ("--from", "2020-01-01", "--to", "2021-03-01")


@pytest.fixture
def written(place, remand):
    """A report of the tiny county as the command line writes it: (path, what was printed)."""

    def of(*more):
        out = place.folder / "brief.html"
        code, said, told = remand("report", place.model, place.platform, "--out", out, *PERIOD,
                                  *more)  # fmt: skip
        assert (code, told) == (0, "")
        return out, said

    return of


def block(page):
    """The JSON that a report carries."""
    return json.loads(re.search(rf'id="{BLOCK}">(.*?)</script>', page, re.DOTALL)[1])


def test_a_report_is_written_and_derived_again(written, remand):
    """Both name the run; the second says that every number was derived, and leaves with 0."""
    path, said = written()
    run = block(path.read_text())["run"]
    assert f"run {run})" in said
    code, out, _ = remand("verify", path)
    assert code == 0
    assert f"every number re-derived ({len(block(path.read_text())['numbers'])}; run {run})" in out


def test_an_altered_digit_leaves_with_1_and_its_name(written, remand):
    """The number that moved is told with what is printed and what was derived."""
    path, _ = written("--no-explain")
    page = path.read_text()
    number, _, text = block(page)["numbers"][0]
    path.write_text(page.replace(f">{text}</data>", ">7</data>", 1))
    code, out, _ = remand("verify", path)
    assert code == 1
    assert f"{number}: printed 7, derived {text}" in out
    assert "1 thing moved" in out
    code, out, _ = remand("verify", path, "--json")
    found = json.loads(out)
    assert (code, found["holds"]) == (1, False)
    assert found["moved"] == [{"path": number, "printed": "7", "derived": text}]


def test_a_file_that_is_no_report_leaves_with_2(place, remand):
    """A model is no report, and the message says what is."""
    code, out, told = remand("verify", place.model)
    assert (code, out) == (2, "")
    assert "this is no report. Fix: give a file that was written by: remand report" in told


FAULTS = {
    "another ending": (("--out", "brief.pdf"), "--out cannot write '.pdf'"),
    "a capacity of nobody": (("--out", "b.html", "--capacity", "0"), "give --capacity above 0"),
    "a capacity that is no kind": (
        ("--out", "b.html", "--capacity", "5", "--capacity-kind", "ratd"), "did you mean 'rated'?",
    ),
    "a record that is not there": (("--out", "b.html", "--record", "r.json"), "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_what_cannot_be_is_told_before_anything_is_run(place, remand, what):
    """One message, and exit code 2."""
    options, message = FAULTS[what]
    code, out, told = remand("report", place.model, place.platform, *options, *PERIOD)
    assert (code, out) == (2, "")
    assert message in told


def test_the_jails_own_records_bring_stays_and_last_years_change(written, remand, place):
    """Their figures are printed, marked as the records', and are of ten people or more."""
    bookings, work = place.folder / "bookings.csv", place.folder / "w.duckdb"
    made = ("synth", place.model, "--from", "2020-01-01", "--to", "2022-02-01", "--out", bookings)
    assert remand(*made)[0] == 0
    assert remand("ingest", bookings, "--into", work)[0] == 0
    path, _ = written("--no-explain", "--records", work)
    page = path.read_text()
    assert "People against beds, by length of stay" in page
    assert "through admissions" in page
    assert "SYNTHETIC" in page
    assert "None days" not in page
    paths = [number[0] for number in block(page)["numbers"] if number[0].startswith("records/")]
    assert "records/change_by_days" in paths
    figure = (
        r"records/((admissions|bed_days)/[0-9–over ]+(/share)?|population(_before)?|change_by_\w+"
    )
    assert all(re.fullmatch(figure + r"|says/\d+|period/\d+)", path) for path in paths)
    counts = [v for path, v, _ in block(page)["numbers"]
              if re.fullmatch("records/admissions/[^/]+", path)]  # fmt: skip
    assert counts
    assert not any(0 < count < 10 for count in counts)
    code, out, _ = remand("verify", path)
    assert code == 0
    assert f"Note: {len(paths)} numbers are of records or a backtest" in out


def test_a_fitted_model_brings_its_draws(remand, place, tmp_path):
    """A report of draws of a fitted model is derived again from the file alone."""
    bookings, work = tmp_path / "bookings.csv", tmp_path / "w.duckdb"
    remand("synth", place.model, "--from", "2020-01-01", "--to", "2021-02-01", "--out", bookings)
    remand("ingest", bookings, "--into", work)
    county = tmp_path / "county"
    assert remand("fit", work, "--out", county, "--draws", 25)[0] == 0
    nothing = tmp_path / "nothing.yaml"
    nothing.write_text("remand: 1\nname: nothing\ntitle: No change\nabout: Nothing is enacted.\n")
    out = tmp_path / "fitted.html"
    options = ("--draws", 20, "--seed", 3, "--to", "2022-06-01", "--out", out)
    code, _, told = remand("report", county, nothing, *options)
    assert (code, told) == (0, "")
    assert block(out.read_text())["question"]["fit"]
    for file in county.iterdir():
        file.unlink()
    assert remand("verify", out)[0] == 0
