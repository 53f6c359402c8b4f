"""The command line: its verbs, its shapes, its exit codes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import polars as pl
import pytest

from remand.files import shipped

VERBS = ["demo", "check", "compare", "explain", "simulate", "synth", "starter", "measure", "fit",
         "ingest", "doctor"]  # fmt: skip
ROW = {"date", "quantity", "unit", "mean", "suppressed"}
QUANTITIES = {
    "population", "admissions", "releases", "stay_admission", "stay_release", "bed_days", "rate",
}  # fmt: skip
"""Those that a model without prices and without compared levels has too."""


@pytest.fixture
def compared(place, remand):
    """`remand compare` on the tiny county over three months, with more options."""

    def run(*more):
        days = ("--from", "2020-03-01", "--to", "2020-06-01")
        return remand("compare", place.model, place.platform, *days, *more)

    return run


def test_help_lists_every_verb_and_every_verb_has_help(remand):
    """`remand --help`, then `remand VERB --help`."""
    code, out, _ = remand("--help")
    assert code == 0
    for verb in VERBS:
        assert f"  {verb} " in out
        code, text, _ = remand(verb, "--help")
        assert code == 0
        assert f"remand {verb} [" in text


def test_help_imports_nothing_heavy():
    """numpy, numba, polars and pydantic wait for the verb that needs them."""
    code = (
        "import sys; sys.argv = ['remand', '--help']\n"
        "from remand.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'numba', 'polars', 'pydantic', 'ruamel.yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_printed(remand):
    """`remand --version`."""
    from remand.provenance import version

    assert remand("--version") == (0, f"{version()}\n", "")


def test_an_unknown_verb_or_option_exits_2(remand):
    """The parser's own errors have the same exit code."""
    assert remand("chekc")[0] == 2
    assert remand("check")[0] == 2
    assert remand("compare", "--nonsense")[0] == 2


def test_the_shipped_model_and_platforms_are_without_error(remand):
    """`remand check philadelphia` with everything shipped for it."""
    platforms = [name for name in shipped("platforms") if name.startswith("philadelphia/")]
    code, out, err = remand("check", "philadelphia", *platforms)
    assert code == 0, out
    assert err == ""
    assert " error: " not in out


def test_check_as_json_has_the_documented_keys(place, texts, remand):
    """Each problem: severity, file, line, field, value, message, fix."""
    place.write(model=texts["model"].replace("share: 0.3}", "share: .nan}"))
    code, out, err = remand("check", place.model, "--json")
    assert (code, err) == (2, "")

    def refuse(constant):
        pytest.fail(f"{constant} is no JSON")

    (problem,) = json.loads(out, parse_constant=refuse)["problems"]
    assert problem == {
        "severity": "error",
        "file": str(place.model),
        "line": 28,
        "field": "states.jail.exits.prison.share",
        "value": None,
        "message": "'share' is not a finite number: nan",
        "fix": "correct 'share'",
    }
    place.write()
    assert remand("check", place.model, place.platform, "--json") == (0, '{"problems": []}\n', "")
    assert remand("check", place.model, place.platform) == (0, "no problems\n", "")


def test_warnings_alone_leave_exit_code_0(place, texts, remand):
    """A long tail is said, and stops nothing."""
    place.write(model=texts["model"].replace("mean: 40", "mean: 4000"))
    code, out, _ = remand("check", place.model)
    assert code == 0
    assert "warning: states.jail.dwell[2]: a long tail" in out
    assert out.splitlines()[-1] == "0 errors, 1 warning"


def test_compare_as_json_has_the_documented_shape(compared):
    """`{run, scenarios: [{name, platform, base, series, summary}], differences, warnings}`."""
    code, out, err = compared("--json", "--by", "race")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert set(answer) >= {"run", "scenarios", "differences", "warnings"}
    assert [s["name"] for s in answer["scenarios"]] == ["no-change", "plan"]
    for scenario in answer["scenarios"]:
        assert set(scenario) >= {"name", "platform", "base", "series", "summary"}
        for row in scenario["series"] + scenario["summary"]:
            assert set(row) >= ROW
        assert {row["quantity"] for row in scenario["series"]} >= QUANTITIES
        months = {row["date"] for row in scenario["series"]}
        assert months == {"2020-03-01", "2020-04-01", "2020-05-01"}
        assert {row["date"] for row in scenario["summary"]} == {"2020-03-01"}
        assert {row.get("race") for row in scenario["series"]} == {None, "Black", "white"}
    assert {(row["a"], row["b"]) for row in answer["differences"]} == {("no-change", "plan")}
    for row in answer["differences"]:
        assert set(row) >= {"a", "b", "p_a_less_b", "includes", "quantity", "mean"}
    assert "range is run at its midpoint" in " ".join(answer["warnings"])


def test_compare_as_csv_has_one_line_a_figure(compared):
    """The series of the JSON, as CSV."""
    code, out, err = compared("--csv", "--quantity", "population")
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["scenario"] for row in rows} == {"no-change", "plan"}
    assert {row["quantity"] for row in rows} == {"population"}


def test_compare_prints_a_table_by_default(compared):
    """People first; what must stand under every table below."""
    code, out, err = compared("--quantity", "population")
    assert (code, err) == (0, "")
    assert "Tiny County, 2020-03-01 to 2020-06-01" in out
    assert "Note: " in out


@pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])
def test_compare_writes_the_file_it_is_asked_for(suffix, compared, tmp_path):
    """`--out` takes the format from the name."""
    path = tmp_path / f"run.{suffix}"
    code, out, _ = compared("--out", path, "--quantity", "population")
    assert code == 0
    assert str(path) in out
    if suffix == "json":
        assert set(json.loads(path.read_text())) >= {"run", "scenarios"}
    else:
        frame = pl.read_csv(path) if suffix == "csv" else pl.read_parquet(path)
        assert set(frame["scenario"]) == {"no-change", "plan"}


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--every", "moth", "--every cannot be 'moth'. Fix: did you mean 'month'?"),
        ("--by", "rase", "figures cannot be given by 'rase'. Fix: did you mean 'race'?"),
        ("--engine", "exakt", "--engine cannot be 'exakt'. Fix: did you mean 'exact'?"),
        ("--quantity", "popul", "there is no quantity 'popul'. Fix: did you mean 'population'?"),
        ("--out", "run.docx", "--out cannot write '.docx'. Fix: end it in .json, .csv or .parquet"),
        ("--out", "nowhere/run.json", "cannot be written: No such file or directory"),
        ("--out", "nowhere/run.csv", "cannot be written: No such file or directory"),
        ("--to", "2019-01-01", "Fix: give"),
        ("--json", "--csv", "--json and --csv are two forms. Fix: give one of the two"),
    ],
)
def test_a_wrong_option_is_told_with_its_fix(option, value, says, compared):
    """Exit code 2, nothing on stdout, one line on stderr."""
    code, out, err = compared(option, value)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_an_unknown_model_or_platform_is_told_with_what_there_is(place, remand):
    """A misspelt shipped name, for either."""
    code, out, err = remand("compare", "philadelpia", "philadelphia/krasner-2017")
    assert (code, out) == (2, "")
    assert "no model of that name" in err
    assert "did you mean 'philadelphia'?" in err
    code, out, err = remand("compare", place.model, "philadelphia/krasner-2018")
    assert (code, out) == (2, "")
    assert "did you mean 'philadelphia/krasner-2017'?" in err


def test_a_single_policy_of_a_platform_can_be_compared(place, remand):
    """`plan.yaml#shorter-stays` keeps that policy alone."""
    code, out, _ = remand(
        "compare", place.model, f"{place.platform}#shorter-stays", "--to", "2020-02-01", "--json"
    )
    assert code == 0
    assert [s["name"] for s in json.loads(out)["scenarios"]] == ["no-change", "plan#shorter-stays"]


def test_doctor_finds_this_installation_sound(remand):
    """`remand doctor --json`: each check with a name, a verdict and a detail."""
    code, out, _ = remand("doctor", "--json")
    answer = json.loads(out)
    assert code == 0, answer
    assert answer["good"] is True
    assert all(set(item) == {"check", "good", "detail"} for item in answer["checks"])
    names = [item["check"] for item in answer["checks"]]
    assert "model philadelphia" in names
    assert "exact engine on philadelphia" in names


def test_bands_of_arrivals_that_come_in_clumps_say_so(place, texts, remand):
    """Arrivals that scatter more than a Poisson process have an approximate band."""
    place.write(model=texts["model"].replace("    rate: 3\n", "    rate: 3\n    spread: 2\n"))
    code, out, _ = remand("compare", place.model, place.platform, "--to", "2020-06-01")
    assert code == 0
    assert "Bands: chance only (arrivals come in clumps; approximate)" in " ".join(out.split())
