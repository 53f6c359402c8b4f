"""`remand forecast` and `remand backtest` as a person meets them."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import typer

from remand.cli.backtest import backtest
from remand.cli.forecast import forecast


@pytest.fixture
def verbs(remand, monkeypatch):
    """The command line with these two verbs."""
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(backtest)
    app.command()(forecast)
    monkeypatch.setattr("remand.cli.app.app", app)
    monkeypatch.setenv("COLUMNS", "80")
    return remand


@pytest.fixture
def jails(tmp_path):
    """Six jails by the month, eight years; the first with a name that is a formula."""
    chance = np.random.default_rng(2)
    names = ["=1+1", "Adams", "Kent", "York", "Lee", "Polk"]
    months = [f"{2010 + m // 12}-{m % 12 + 1:02}" for m in range(96)]
    rows = [
        (name, month, round(value, 1))
        for name, base in zip(names, (90, 200, 350, 500, 900, 1500), strict=True)
        for month, value in zip(months, base + chance.normal(0, 4, 96).cumsum(), strict=True)
    ]
    path = tmp_path / "jails.csv"
    pl.DataFrame(rows, ["unique_id", "ds", "y"], orient="row").write_csv(path)
    return path


def test_a_backtest_shows_scores_within_eighty_columns(verbs, jails):
    """Every model, how far skill reaches, and what the numbers are in."""
    pytest.importorskip("statsforecast")
    code, out, err = verbs("backtest", jails, "--origins", "2015-01,2016-01", "--horizon", 12)
    assert (code, err) == (0, "")
    for name in ("remand", "Naive", "SeasonalNaive", "AutoETS", "AutoTheta", "Mean"):
        assert f"\n{name} " in out
    assert "6 series by the month; 2 origins, 2015-01 to 2016-01; 12 months ahead" in " ".join(
        out.split()
    )
    assert "naive" in out
    assert "draw 6 series again" in out
    assert max(map(len, out.splitlines())) <= 80


def test_every_forecast_and_the_record_are_written(verbs, jails, tmp_path):
    """A row a jail, origin, month and model; the record then marks a later forecast."""
    out, record = tmp_path / "all.parquet", tmp_path / "record.json"
    code, said, _ = verbs(
        "backtest", jails, "--from", "2013-01", "--to", "2016-01", "--every", "year", "--horizon",
        6, "--baseline", "Naive", "--baseline", "SeasonalNaive", "--out", out, "--record", record,
        "--json",
    )  # fmt: skip
    assert code == 0
    told = json.loads(said)
    frame = pl.read_parquet(out)
    assert frame.height == 6 * 4 * 6 * 3
    assert {"origin", "unique_id", "ds", "horizon", "model", "y", "point", "q025"} <= set(
        frame.columns
    )
    mean = frame.filter(model="remand")["error"].mean()
    assert mean == pytest.approx(told["overall"][0]["mase"])
    until = json.loads(record.read_text())["skill_until"]
    assert told["skill"]["skill_until"] == until

    code, said, _ = verbs("forecast", jails, "--record", record, "--horizon", 9, "--json")
    told = json.loads(said)
    assert code == 0
    assert told["skill_recorded"] is True
    assert len(told["forecast"]) == 54
    beyond = {row["horizon"] for row in told["forecast"] if row["beyond_skill"]}
    assert beyond == set(range(until + 1, 10))
    untried = {row["horizon"] for row in told["forecast"] if row["skill"] == "not tried"}
    assert untried == {7, 8, 9}
    assert "nothing beyond 6 months ahead has been tried" in told["run"]["notes"]
    first = told["forecast"][0]
    assert (first["unique_id"], first["ds"]) == ("=1+1", "2018-01-01")
    assert first["q025"] <= first["q10"] <= first["point"] <= first["q90"] <= first["q975"]


def test_a_forecast_without_a_record_makes_one_and_says_so(verbs, jails):
    """From the file's own past; and says what it went by."""
    code, out, _ = verbs("forecast", jails, "--place", "Kent", "--horizon", 12)
    said = " ".join(out.split())
    assert code == 0
    assert "the record was made now, from this file's own past" in said
    assert "the better of two naive forecasts" in said
    assert "origins of the past (off by" in said
    assert "2018-12" in said
    assert max(map(len, out.splitlines())) <= 80


def test_a_past_too_short_for_a_record_is_said(verbs, tmp_path):
    """And every row counts as beyond skill."""
    path = tmp_path / "new.csv"
    path.write_text("ds,y\n" + "".join(f"2020-{m:02},{60 + m}\n" for m in range(1, 13)))
    code, out, _ = verbs("forecast", path, "--horizon", 3, "--json")
    told = json.loads(out)
    assert (code, told["skill"]) == (0, None)
    assert all(row["beyond_skill"] for row in told["forecast"])
    assert {row["skill"] for row in told["forecast"]} == {"not tried"}
    assert (
        "nobody has tried how far ahead this can be trusted: 12 months leave no origin with "
        "36 months before it and 3 after"
    ) in told["run"]["notes"]
    code, out, _ = verbs("forecast", path, "--horizon", 3)
    assert code == 0
    assert "2021-01?" in out
    assert "?: so far ahead, nobody has tried it." in out
    assert "naive forecast" not in out


def written(path, series, start=2010):
    """A file of jails by the month."""
    rows = [
        (name, f"{start + m // 12}-{m % 12 + 1:02}", people)
        for name, values in series.items()
        for m, people in enumerate(values)
    ]
    pl.DataFrame(rows, ["unique_id", "ds", "y"], orient="row", strict=False).write_csv(path)
    return path


def test_a_record_that_found_no_skill_is_told_apart_from_one_that_did_not_look(
    verbs, jails, tmp_path
):
    """Up to a year ahead it could not be told from naive; beyond it nobody has tried."""
    record = tmp_path / "record.json"
    code, _, _ = verbs("backtest", jails, "--origins", "2015-01", "--horizon", 6, "--record",
                       record, "--baseline", "Naive", "--baseline", "SeasonalNaive")  # fmt: skip
    assert code == 0
    said = json.loads(record.read_text())
    for until, mark, legend in (
        (0, "*", "*: so far ahead, it could not be told from a naive forecast."),
        (None, "?", "?: too few have been tried to tell it from a naive forecast."),
    ):
        record.write_text(json.dumps(said | {"skill_until": until}))
        code, out, _ = verbs(
            "forecast", jails, "--record", record, "--horizon", 12, "--place", "Kent"
        )
        assert code == 0
        assert f"2018-06{mark}" in out
        assert "2018-12?" in out
        assert legend in out
        assert "?: so far ahead, nobody has tried it." in out


def test_a_jail_that_never_moved_has_no_record_and_is_not_certain(verbs, tmp_path):
    """The note says why, and the band is of some width."""
    path = written(tmp_path / "still.csv", {"Still": [100.0] * 96})
    code, out, _ = verbs("forecast", path, "--horizon", 6, "--json")
    told = json.loads(out)
    assert code == 0
    why = "no series ever changed from season to season, so its errors have no scale"
    assert f"nobody has tried how far ahead this can be trusted: {why}" in told["run"]["notes"]
    assert {row["q975"] - row["q025"] for row in told["forecast"]} == {2.0}


def test_figures_of_fewer_than_ten_people_are_nowhere_shown(verbs, tmp_path):
    """Text, JSON, a table and a backtest's: null, or "fewer than 10"."""
    chance = np.random.default_rng(4)
    small = {"Small": chance.integers(4, 8, 96), "Mid": chance.integers(9, 24, 96)}
    path, out = written(tmp_path / "few.csv", small), tmp_path / "ahead.parquet"
    code, said, _ = verbs("forecast", path, "--horizon", 6, "--out", out)
    assert code == 0
    assert "fewer than 10" in said
    code, said, _ = verbs("forecast", path, "--horizon", 6, "--json")
    rows = json.loads(said)["forecast"]
    figures = [name for name in rows[0] if name == "point" or name[:2] in {"q0", "q1", "q5", "q9"}]
    assert all(row[name] is None or row[name] == 0 or row[name] >= 10
               for row in rows for name in figures)  # fmt: skip
    assert {row["suppressed"] for row in rows if row["unique_id"] == "Small"} == {True}
    assert pl.read_parquet(out)["point"].to_list() == [row["point"] for row in rows]
    tried = tmp_path / "all.csv"
    code, _, _ = verbs("backtest", path, "--origins", "2016-01", "--horizon", 6, "--out", tried,
                       "--baseline", "Naive")  # fmt: skip
    assert code == 0
    frame = pl.read_csv(tried).filter(unique_id="Small")
    assert frame.select("y", "point", "error").null_count().row(0) == (12, 12, 12)
    assert frame["suppressed"].all()


def test_a_chart_draws_nothing_of_fewer_than_ten_people(verbs, tmp_path, monkeypatch):
    """What is fewer is drawn at ten, and that is said."""
    pytest.importorskip("altair")
    from remand.present import charts

    handed, draw = [], charts.ahead

    def watched(history, forecast, **how):
        handed.append((history, forecast))
        return draw(history, forecast, **how)

    monkeypatch.setattr(charts, "ahead", watched)
    held = np.random.default_rng(5).integers(3, 18, 96)
    path, chart = written(tmp_path / "few.csv", {"Small": held}), tmp_path / "few.html"
    code, _, _ = verbs("forecast", path, "--horizon", 6, "--chart", chart)
    assert code == 0
    ((history, forecast),) = handed
    np.testing.assert_array_equal(history["people"], np.maximum(held, 10))
    figures = forecast.select("q025", "q10", "q50", "q90", "q975").to_numpy()
    assert ((figures == 0) | (figures >= 10)).all()
    assert "fewer than 10 is drawn at 10" in chart.read_text()


def test_a_name_that_looks_like_markup_is_text(verbs, tmp_path):
    """Neither a traceback nor a word lost."""
    chance = np.random.default_rng(6)
    names = ["A [/]", "[east] wing", ":+1: [bold]"]
    held = {name: 200 + chance.normal(0, 3, 96).cumsum() for name in names}
    path = written(tmp_path / "[red]x.csv", held)
    few = ("--horizon", 6)
    for args in (
        ("forecast", path, *few),
        ("backtest", path, *few, "--baseline", "Naive", "--by", "series"),
    ):
        code, out, _ = verbs(*args)
        assert code == 0
        assert "[red]x.csv, 3 series" in out
        for name in names:
            assert f"\n{name} " in out
    code, out, _ = verbs("forecast", path, *few, "--place", "[EAST] wing")
    assert code == 0
    code, out, _ = verbs(
        "forecast", written(path, {"A [/]": [9.0] * 40 + [None] * 2, "B": [50.0] * 42}), *few
    )
    assert code == 0
    assert "Note: A [/] was last counted in 2013-04." in " ".join(out.split())


def test_the_name_of_a_forecast_changes_with_its_place_and_its_record(verbs, jails, tmp_path):
    """Whoever cites it cites what was asked."""
    record = tmp_path / "record.json"
    code, _, _ = verbs("backtest", jails, "--origins", "2015-01", "--horizon", 6, "--record",
                       record, "--baseline", "Naive", "--baseline", "SeasonalNaive")  # fmt: skip
    assert code == 0
    names = set()
    for args in ((), ("--record", record), ("--place", "Kent"), ("--place", "York")):
        code, out, _ = verbs("forecast", jails, "--horizon", 6, "--json", *args)
        assert code == 0
        names.add(json.loads(out)["run"]["id"])
    assert len(names) == 4


def test_a_place_is_scored_as_it_is_forecast_among_the_others(verbs, jails, tmp_path):
    """A backtest of one jail has the same figures as that jail has in a backtest of all."""
    tables = []
    for args in ((), ("--place", "kent")):
        out = tmp_path / "all.parquet"
        code, said, _ = verbs("backtest", jails, "--origins", "2015-01", "--horizon", 6,
                              "--baseline", "Naive", "--out", out, *args)  # fmt: skip
        assert code == 0
        tables.append(pl.read_parquet(out).filter(unique_id="Kent"))
    assert tables[0].equals(tables[1])
    assert "5 more series of the file were read" in " ".join(said.split())


def test_no_cell_of_a_csv_is_a_formula(verbs, jails, tmp_path):
    """A jail that is called =1+1 is text to a spreadsheet."""
    path = tmp_path / "ahead.csv"
    code, out, _ = verbs("forecast", jails, "--place", "=1+1", "--horizon", 2, "--out", path)
    assert code == 0
    assert "ahead.csvwritten" in "".join(out.split())  # a long path is broken anywhere
    lines = path.read_text().splitlines()
    assert lines[1].startswith("'=1+1,2018-01-01,1,")


def test_a_chart_is_drawn_of_one_series(verbs, jails, tmp_path):
    """Of several, the first is offered."""
    pytest.importorskip("altair")
    path = tmp_path / "kent.svg"
    args = ("forecast", jails, "--horizon", 6, "--chart", path)
    code, _, _ = verbs(*args, "--place", "Kent")
    assert code == 0
    assert "Kent" in path.read_text()
    code, _, err = verbs(*args)
    assert code == 2
    assert '--chart draws one series, and there are 6. Fix: name one: --place "=1+1"' in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--origins", "soon"), "--origins: 'soon' is not a date"),
        (("--origins", "2009-01"), "there is no forecast to check from 2009-01-01"),
        (("--origins", "2014-01", "--every", "year"), "--origins names each origin"),
        (("--every", "decade"), "--every cannot be 'decade'"),
        (("--apart", "2015-01"), "--apart: '' is not a date"),
        (("--apart", "2015-01:2014-01"), "--apart 2015-01:2014-01 ends before it begins"),
        (("--baseline", "Prophet"), "--baseline cannot be 'Prophet'"),
        (("--by", "month"), "--by cannot be 'month'"),
        (("--out", "all.xlsx"), "--out cannot write '.xlsx'"),
        (("--record", "skill.yaml"), "--record cannot write '.yaml'"),
        (("--place", "Yrok"), "did you mean 'York'?"),
        (("--horizon", 0, "--baseline", "Naive"), "--horizon cannot be 0"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(verbs, jails, args, message):
    """Exit 2, and what to type instead."""
    code, out, err = verbs("backtest", jails, *args)
    assert (code, out) == (2, "")
    assert message in err
    assert "Fix: " in err


def test_a_record_of_another_step_is_refused(verbs, jails, tmp_path):
    """Skill over months says nothing of days."""
    record, days = tmp_path / "record.json", tmp_path / "days.csv"
    verbs("backtest", jails, "--origins", "2015-01", "--horizon", 3, "--baseline", "Naive",
          "--baseline", "SeasonalNaive", "--record", record)  # fmt: skip
    days.write_text("ds,y\n" + "".join(f"2020-01-{d:02},{60 + d}\n" for d in range(1, 31)))
    code, _, err = verbs("forecast", days, "--record", record)
    assert code == 2
    assert "the record is of months, and days.csv is by the day" in err


def test_a_place_is_forecast_with_all_the_file_tells(verbs, jails):
    """--place shows one of several, and its figures are those it has among them."""
    code, out, _ = verbs("forecast", jails, "--horizon", 6, "--json")
    assert code == 0
    every = {(r["unique_id"], r["ds"]): r for r in json.loads(out)["forecast"]}
    code, out, _ = verbs("forecast", jails, "--horizon", 6, "--json", "--place", "york")
    told = json.loads(out)
    assert {row["unique_id"] for row in told["forecast"]} == {"York"}
    for row in told["forecast"]:
        assert row["point"] == every[row["unique_id"], row["ds"]]["point"]
    assert any("read for the course they share" in note for note in told["run"]["notes"])


def test_the_file_that_is_read_is_never_written_over(verbs, jails):
    """By neither verb, under any option."""
    before = jails.read_bytes()
    for verb, option in (("forecast", "--out"), ("backtest", "--out")):
        code, _, err = verbs(verb, jails, option, jails)
        assert code == 2
        assert "is the file that is read" in err
    assert jails.read_bytes() == before


def test_a_horizon_no_past_can_speak_of_is_refused(verbs, jails):
    """Not a date beyond the calendar's end, and no hour of waiting."""
    code, _, err = verbs("forecast", jails, "--horizon", 100_000)
    assert code == 2
    assert "--horizon cannot be 100000. Fix: give 1 to 120 months" in err


def test_the_record_is_one_however_far_is_asked(verbs, jails):
    """What lies beyond it is said to be untried."""
    skills = set()
    for horizon in (24, 30, 48):
        _, out, _ = verbs("forecast", jails, "--horizon", horizon, "--json")
        told = json.loads(out)
        skills.add((told["skill"]["horizon"], told["skill"]["skill_until"]))
        late = [r["skill"] for r in told["forecast"] if r["horizon"] > 24]
        assert set(late) <= {"not tried"}
    assert len(skills) == 1
