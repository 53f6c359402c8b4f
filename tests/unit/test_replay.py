"""Replays: what was known then, what is told of a reform, and how a forecast is scored."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import jsonschema
import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from remand.cli.replay import replay as verb
from remand.errors import InputError
from remand.evidence.replay.case import (
    Data,
    dumps_schema,
    json_schema,
    page,
    read_case,
    schema_path,
    sight,
)
from remand.evidence.replay.known import cut
from remand.evidence.replay.replay import replay
from remand.evidence.replay.replayed import EACH, NAIVE, Trail, summed
from remand.files import find, shipped
from remand.files.documents import Document

SHIPPED = shipped("replays")
LAW = dt.date(2012, 1, 10)
MARCH = dt.date(2012, 3, 1)
"""Announced here, in force there."""

PLATFORM = """\
remand: 1
name: told
title: A tenth to three tenths longer
about: Made up.
policies:
  - name: longer
    authority: legislature
    about: made up
    inferred: made up
    starts: 2012-03-01
    compliance: {low: 0.5, high: 1, inferred: made up}
    edits:
      - dwell: {state: STATE, scale: {low: 1.1, high: 1.3, inferred: made up}}
"""
CASE = """\
remand: 1
name: law
title: A law
place: Two counties
about: Made up.
announced: 2012-01-10
announced_by: it was passed
in_force: 2012-03-01
until: 2012-07-01
apart: {from: 2012-06-01, why: a flood}
data: DATA
told:
  - {name: expected, platform: told.yaml, knows: 2011-12-31, about: made up}
  - {name: projected, platform: told.yaml, knows: 2012-02-01, about: made up}
  - {name: measured, platform: told.yaml, knows: 2014-01-01, about: made up}
overlaps: [the weather]
caveats: [made up]
sources: {made: {title: Made up, publisher: Nobody, address: "https://example.org"}}
"""
MONTHS = "{kind: months, file: months.csv, source: made, month: date}"
STAYS = (
    "{kind: stays, file: stays.parquet, source: made, seen: [first_seen, last_seen], "
    "later: [status_last]}"
)


def a_case(folder, data, state):
    """A case and its platform in a folder."""
    (folder / "told.yaml").write_text(PLATFORM.replace("STATE", state), encoding="utf-8")
    path = folder / "law.yaml"
    path.write_text(CASE.replace("DATA", data), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """A case of monthly figures of two counties, 2008 to 2012, and its file."""
    return counties(tmp_path_factory.mktemp("months"), Ashe=400, Elm=90)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The same of three counties, of which one holds six people."""
    return counties(tmp_path_factory.mktemp("tiny"), Ashe=400, Elm=90, Oak=6)


def counties(folder, **sizes):
    """A case of monthly figures in a folder, and its file."""
    rng = np.random.default_rng(1)
    rows = [
        {
            "jurisdiction": place,
            "date": f"{2008 + month // 12}-{month % 12 + 1:02}-01",
            "avg_daily_pop_total_jurisdiction": round(size * (1 + 0.05 * rng.normal())),
            "total_num_persons_booked": round(1.2 * size * (1 + 0.05 * rng.normal())),
        }
        for place, size in sizes.items()
        for month in range(60)
    ]
    pl.DataFrame(rows).write_csv(folder / "months.csv")
    return a_case(folder, MONTHS, "jail"), folder / "months.csv"


@pytest.fixture(scope="module")
def stays(tmp_path_factory):
    """A case of stays from daily snapshots, 2011 to June 2012, and its file."""
    folder = tmp_path_factory.mktemp("stays")
    rng = np.random.default_rng(2)
    first, last = dt.date(2011, 1, 1), dt.date(2012, 6, 30)
    days = (last - first).days
    came = np.sort(rng.integers(0, days, 3000))
    gone = np.minimum(came + rng.geometric(0.05, 3000), days)
    begin = [first + dt.timedelta(int(day)) for day in came]
    frame = pl.DataFrame(
        {
            "id": [f"p{i}" for i in range(3000)],
            "adm": [dt.datetime.combine(day, dt.time(9)) for day in begin],
            "first_seen": begin,
            "last_seen": [first + dt.timedelta(int(day)) for day in gone],
            "status_first": rng.choice(["DE", "CS"], 3000, p=[0.8, 0.2]),
            "status_last": rng.choice(["DE", "CS"], 3000),
        }
    )
    frame.write_parquet(folder / "stays.parquet")
    return a_case(folder, STAYS, "de"), folder / "stays.parquet"


def forecasts(found):
    """Every number of the forecasts, as bytes."""
    return b"".join(trail.people.tobytes() + trail.today.tobytes() for trail in found.trails)


def foretold(found, every="span"):
    """The table without what happened, and without what it is held against."""
    return found.table(every, places=True).drop("actual", "actual_less", "inside_80", "inside_95")


def philadelphia(folder, old, new):
    """The shipped case on a shipped model, with something changed."""
    source = find("philadelphia/policies-2018", "replays")
    text = source.read_text(encoding="utf-8")
    assert old in text
    path = folder / "case.yaml"
    facts = str(source.parents[1] / "facts.csv")
    path.write_text(text.replace("../facts.csv", facts).replace(old, new), encoding="utf-8")
    return path


# -- nothing of the day or later ------------------------------------------------------------


@pytest.mark.parametrize("poison", ["multiplied", "empty", "garbage", "dropped"])
def test_months_of_the_cut_off_or_later_move_no_bit_of_the_forecast(months, tmp_path, poison):
    """January 2012 is not over on the 10th, so it is unknown too; only the scores differ."""
    path, file = months
    clean = replay(path, data=file, draws=8)
    frame = pl.read_csv(file, infer_schema=False)
    late = pl.col("date") >= "2012-01-01"
    spoiled = {
        "multiplied": lambda c: (pl.col(c).cast(pl.Float64) * 7).cast(pl.String),
        "empty": lambda _: pl.lit(None, pl.String),
        "garbage": lambda _: pl.lit("n/a;\n"),
    }
    if poison == "dropped":
        frame = frame.filter(~late)
    else:
        columns = frame.columns[2:]
        frame = frame.with_columns(
            pl.when(late).then(spoiled[poison](c)).otherwise(pl.col(c)).alias(c) for c in columns
        )
    frame.write_csv(tmp_path / "months.csv")
    found = replay(path, data=tmp_path / "months.csv", draws=8)
    assert forecasts(found) == forecasts(clean)
    for every in ("span", "quarter", "year"):
        assert foretold(found, every).equals(foretold(clean, every))
    assert found.known == clean.known
    if poison == "multiplied":
        assert found.total.truth[0] == pytest.approx(7 * clean.total.truth[0])
        assert not found.scores.equals(clean.scores)
    else:
        assert np.isnan(found.total.truth).all()
        assert found.scores.is_empty()


@pytest.mark.parametrize("places", [["Ashe", "Elm"], ["Elm"]])
def test_months_of_which_nothing_is_known_yet_are_forecast_all_the_same(months, tmp_path, places):
    """A file that ends in February: March to June as if it went on, of one county or of two."""
    path, file = months
    frame = pl.read_csv(file, infer_schema=False).filter(pl.col("jurisdiction").is_in(places))
    tables = []
    for name, kept in (("whole", frame), ("short", frame.filter(pl.col("date") < "2012-03-01"))):
        (tmp_path / name).mkdir()
        kept.write_csv(tmp_path / name / "months.csv")
        found = replay(path, data=tmp_path / name / "months.csv", draws=8)
        tables.append([foretold(found, every) for every in ("span", "quarter")])
        assert (found.table()["q10"] > 50).all()
    (whole, quarters), (short, _) = tables
    assert short.equals(whole)
    second = pl.col("from") == dt.date(2012, 4, 1)
    assert tables[1][1].filter(second).equals(quarters.filter(second))


def test_months_before_the_cut_off_do_move_the_forecast(months, tmp_path):
    """The test above can fail: December 2011 is read."""
    path, file = months
    frame = pl.read_csv(file, infer_schema=False)
    held = "avg_daily_pop_total_jurisdiction"
    december = pl.col("date") == "2011-12-01"
    frame.with_columns(
        pl.when(december).then(pl.lit("500")).otherwise(pl.col(held)).alias(held)
    ).write_csv(tmp_path / "months.csv")
    spoiled = replay(path, data=tmp_path / "months.csv", draws=8)
    assert forecasts(spoiled) != forecasts(replay(path, data=file, draws=8))


def test_what_becomes_of_a_stay_after_the_cut_off_moves_no_bit_of_the_forecast(stays, tmp_path):
    """Ends moved, last statuses garbled, later people changed; the same people were inside."""
    path, file = stays
    clean = replay(path, data=file, draws=8)
    frame = pl.read_parquet(file)
    goes_on, later = pl.col("last_seen") >= LAW, pl.col("first_seen") >= LAW
    spoiled = frame.with_columns(
        pl.when(goes_on).then(pl.lit(dt.date(2012, 6, 30))).otherwise("last_seen")
        .alias("last_seen"),
        pl.when(goes_on).then(pl.lit("garbage")).otherwise("status_last").alias("status_last"),
        pl.when(later).then(pl.lit("SSR")).otherwise("status_first").alias("status_first"),
        pl.when(later).then(pl.lit("p0")).otherwise("id").alias("id"),
        pl.when(later).then(None).otherwise("adm").alias("adm"),
    )  # fmt: skip
    spoiled.write_parquet(tmp_path / "stays.parquet")
    found = replay(path, data=tmp_path / "stays.parquet", draws=8)
    assert forecasts(found) == forecasts(clean)
    assert found.total.truth[-2] > clean.total.truth[-2]


def test_the_truth_of_stays_is_the_mean_census_of_each_month(stays):
    """Counted again, person by person."""
    path, file = stays
    found = replay(path, data=file, draws=2)
    frame = pl.read_parquet(file)
    for (first, end), truth in zip(found.spans, found.total.truth, strict=True):
        days = [first + dt.timedelta(i) for i in range((end - first).days)]
        held = [((frame["first_seen"] <= day) & (frame["last_seen"] >= day)).sum() for day in days]
        assert truth == pytest.approx(np.mean(held))
    assert found.spans[0] == (LAW, dt.date(2012, 2, 1))


def test_a_stay_that_goes_on_is_cut_at_the_last_snapshot_known():
    """Not at the eve, if no snapshot was taken then; a day that cannot be read is no known day."""
    data = Data(kind="stays", file="f", source=["s://"], seen=["a", "b"], later=["how"])
    frame = pl.DataFrame(
        {
            "a": ["2012-01-01", "2012-01-02", "2012-01-10", "nonsense"],
            "b": ["2012-01-05", "2012-03-01", "2012-03-01", "2012-01-03"],
            "how": ["x", "y", "z", "w"],
        }
    )
    assert cut(frame, data, LAW).rows() == [
        ("2012-01-01", "2012-01-05", "x"),
        ("2012-01-02", "2012-01-05", None),
    ]


def test_counts_after_the_cut_off_are_no_part_of_a_forecast_on_a_shipped_model(tmp_path):
    """Philadelphia's counts doubled: the same forecasts, another score."""
    spoiled = philadelphia(tmp_path, "value: 5357", "value: 10714")
    found, clean = (replay(path, draws=2) for path in (spoiled, "philadelphia/policies-2018"))
    assert forecasts(found) == forecasts(clean)
    assert not found.scores.equals(clean.scores)


@pytest.mark.parametrize(("args", "to"), [((), "2018-07-19"), ((dt.date(2017, 6, 1),), None)])
def test_a_model_without_a_count_before_the_cut_off_is_one_message(tmp_path, args, to):
    """Nothing says what "as today" would be: the only count ends later than the day."""
    path = philadelphia(tmp_path, "to: 2017-07-19", f"to: {to or '2017-07-19'}")
    with pytest.raises(InputError, match="no count in 'known' ends by") as caught:
        replay(path, *args, draws=2)
    assert caught.value.problems[0].line


# -- tellings -------------------------------------------------------------------------------


def test_a_telling_is_blind_only_if_all_it_rests_on_was_known_that_day(months):
    """Told in December, in February before the law began, and two years later."""
    path, file = months
    sights = replay(path, data=file, draws=2).sights
    assert sights == ("blind", "blind", "before it began", "in hindsight")
    earlier = replay(path, dt.date(2011, 10, 1), data=file, draws=2)
    assert earlier.sights[1] == "before it began"
    assert earlier.spans[0][0] == dt.date(2011, 10, 1)
    assert earlier.warnings == ()


def test_what_is_known_on_the_very_day_of_a_forecast_is_not_known_before_it():
    """Nothing of that day is read either; nor of the day the reform began."""
    assert sight(LAW - dt.timedelta(1), LAW, MARCH) == "blind"
    assert sight(LAW, LAW, MARCH) == "before it began"
    assert sight(MARCH, LAW, MARCH) == "in hindsight"


def test_a_telling_is_as_late_as_the_latest_source_of_its_platform(months, tmp_path):
    """It says 2011, and cites a study of 2014: what a file says of itself is not believed."""
    path, file = months
    cited = PLATFORM.replace("STATE", "jail").replace("inferred: made up\n    starts", "source: s\n"
                                                      "    starts")  # fmt: skip
    cited += "sources: {s: {title: A study, publisher: Nobody, year: 'May 2014'}}\n"
    (tmp_path / "told.yaml").write_text(cited, encoding="utf-8")
    shutil.copy(path, tmp_path)
    found = replay(tmp_path / path.name, data=file, draws=2)
    assert found.sights == ("blind", *["in hindsight"] * 3)
    assert found.knows[1] == dt.date(2014, 12, 31)


def test_nothing_on_the_model_of_philadelphia_is_blind():
    """It leans on sources up to 2022, whoever tells the reform, no change included."""
    found = replay("philadelphia/policies-2018", draws=2)
    assert set(found.sights) == {"in hindsight"}
    assert found.knows[0] == dt.date(2022, 12, 31)
    assert "'philadelphia'" in found.warnings[0]
    assert "of 2018 to 2022" in found.warnings[0]


def test_a_telling_adds_to_no_change_in_the_same_worlds_and_nothing_before_it_begins(months):
    """10 to 30 % longer stays, half to all kept: 5 to 30 % more people once it has settled."""
    path, file = months
    found = replay(path, data=file, draws=20)
    none, told = found.total.people[:2]
    assert np.abs(told[:, :2] - none[:, :2]).max() < 0.5  # bins of eight days
    share = told[:, -1] / none[:, -1] - 1
    assert share.min() > 0.03
    assert 0.05 < share.mean() < 0.3
    np.testing.assert_array_equal(found.total.people[1], found.total.people[2])


def test_a_forecast_later_than_the_announcement_says_that_it_is_not_blind(months):
    """And one that begins with the law is refused."""
    path, file = months
    found = replay(path, dt.date(2012, 2, 2), data=file, draws=2)
    assert found.warnings[0].startswith("not blind: the forecast knows 23 days after")
    with pytest.raises(InputError, match="not before the reform began"):
        replay(path, dt.date(2012, 3, 1), data=file, draws=2)


# -- tables and scores ----------------------------------------------------------------------


def test_places_are_added_draw_by_draw_where_their_truth_is_known():
    """Two places, the second silent in the last month."""
    one = Trail("a", np.array([1.0, 1.0]), np.full((1, 2, 2), 10.0), np.array([9.0, 8.0]))
    two = Trail("b", np.array([2.0, 2.0]), np.arange(4.0).reshape(1, 2, 2), np.array([1.0, np.nan]))
    both = summed([one, two])
    assert both.truth.tolist() == [10.0, 8.0]
    assert both.today.tolist() == [3.0, 1.0]
    assert both.people.tolist() == [[[10.0, 10.0], [12.0, 10.0]]]


def test_scores_are_those_a_reader_can_work_out(months):
    """Bias, error, coverage and interval score of no change, from the table of the sum."""
    path, file = months
    found = replay(path, data=file, draws=50)
    rows = found.table().filter((pl.col("telling") == "no change") & pl.col("scored"))
    assert len(rows) == 5
    off = (rows["q50"] - rows["actual"]).to_numpy()
    low, high, truth = (rows[c].to_numpy() for c in ("q10", "q90", "actual"))
    missed = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    score = found.scores.filter(pl.col("telling") == "no change").row(0, named=True)
    assert (score["place"], score["part"], score["n"]) == ("all", "all", 5)
    assert score["bias"] == pytest.approx(off.mean())
    assert score["mae_percent"] == pytest.approx(100 * np.abs(off).sum() / truth.sum())
    assert score["interval_score_80"] == pytest.approx((high - low + 10 * missed).mean())
    assert score["coverage_80"] == pytest.approx(100 * rows["inside_80"].mean())


def test_months_set_apart_are_shown_and_not_scored_and_as_today_stands_beside(months):
    """June is a flood's; 'as today' is December's figure, its CRPS the error."""
    path, file = months
    found = replay(path, data=file, draws=10)
    june = found.table().filter(pl.col("from") == dt.date(2012, 6, 1))
    assert june["scored"].to_list() == [False] * 4
    known = pl.read_csv(file).filter(pl.col("date") == "2011-12-01")
    assert found.total.today[0] == known["avg_daily_pop_total_jurisdiction"].sum()
    naive = found.scores.filter((pl.col("telling") == NAIVE) & (pl.col("place") == "all"))
    assert naive["crps"].to_list() == pytest.approx(naive["mae"].to_list())
    assert naive["interval_score_80"].to_list() == [None] * 3
    each = found.scores.filter(pl.col("place") == EACH)
    assert each["n"].to_list()[0] == 10
    quarters = found.table("quarter")["from"].unique().sort().to_list()
    assert quarters == [dt.date(2012, m, 1) for m in (1, 4, 6)]


def test_fewer_than_ten_people_are_hidden_with_what_would_tell_of_them(tiny):
    """Oak holds six, so Elm, the next, is hidden too; Ashe and the sum of all are shown."""
    path, file = tiny
    found = replay(path, data=file, draws=20)
    shown = ["today", "mean", "q10", "q50", "q90", "actual"]
    for every in ("span", "year"):
        table = found.table(every, places=True)
        hidden = table.filter("suppressed")
        assert set(hidden["place"]) == {"Elm", "Oak"}
        assert not {"Elm", "Oak"} & set(table.filter(~pl.col("suppressed"))["place"])
        assert hidden.select(*shown, "less_q50", "actual_less").null_count().row(0) == (
            len(hidden), *[len(hidden)] * 7,
        )  # fmt: skip
        rest = table.filter(~pl.col("suppressed")).select(shown)
        assert rest.null_count().sum_horizontal().item() == 0
    scores = found.scores
    assert set(scores.filter("suppressed")["place"]) == {"Elm", "Oak"}
    assert scores.filter("suppressed").select("bias", "mae", "crps").null_count().row(0)[0] > 0
    assert scores.filter(~pl.col("suppressed")).select("bias", "mae").null_count().row(0) == (0, 0)


def test_a_jail_by_itself_that_holds_fewer_than_ten_shows_nothing(tiny, tmp_path):
    """Oak alone: its forecast is of as few."""
    path, file = tiny
    frame = pl.read_csv(file, infer_schema=False).filter(pl.col("jurisdiction") == "Oak")
    frame.write_csv(tmp_path / "months.csv")
    found = replay(path, data=tmp_path / "months.csv", draws=4)
    assert found.table()["suppressed"].all()
    assert found.table()["q50"].null_count() == len(found.table())
    assert found.scores["suppressed"].all()


# -- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_case_has_a_page_and_cites_what_it_uses(name):
    """Every telling names what it rests on; on records some telling is blind; the page explains."""
    case, path = read_case(name)
    assert page(path) is not None
    sights = {sight(one.knows, case.announced, case.in_force) for one in case.told}
    assert case.model is not None or "blind" in sights
    assert case.overlaps
    schema = json_schema()
    plain = json.loads(json.dumps(Document.read(path).plain(), default=str))
    jsonschema.validate(plain, schema)
    assert str(case.announced) in (page(path) or path).read_text(encoding="utf-8")


def test_the_shipped_schema_is_up_to_date():
    """When this fails: python -m remand.evidence.replay.case."""
    assert schema_path().read_text(encoding="utf-8") == dumps_schema()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("in_force: 2012-03-01", "in_force: 2011-03-01"), "before it was announced"),
        (("source: made", "source: mode"), "there is no source 'mode'"),
        (("name: projected", "name: expected"), "is told twice"),
        (("month: date", "mont: date"), "month"),
        (("until: 2012-07-01", "until: soon"), "until"),
        (("  - {name: expected", "  - {nome: expected"), "name"),
    ],
)
def test_what_is_wrong_with_a_case_is_told_with_its_file_and_line(
    months, tmp_path, change, message
):
    """A slip in each part of the file."""
    path, _ = months
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    spoiled = tmp_path / "case.yaml"
    spoiled.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_case(spoiled)
    assert all(problem.file == str(spoiled) for problem in caught.value.problems)
    assert all(problem.line for problem in caught.value.problems)


def test_a_misspelt_case_is_suggested_another():
    """By shipped name."""
    with pytest.raises(InputError, match="realignment-2011"):
        read_case("california/realigment-2011")


def test_a_place_with_too_few_months_is_left_out_by_name(months, tmp_path):
    """Elm began to report in June 2011."""
    path, file = months
    late = (pl.col("jurisdiction") == "Ashe") | (pl.col("date") >= "2011-06-01")
    pl.read_csv(file, infer_schema=False).filter(late).write_csv(tmp_path / "months.csv")
    found = replay(path, data=tmp_path / "months.csv", draws=2)
    assert [trail.place for trail in found.trails] == ["Ashe"]
    assert "7 adjoining months" in found.left_out["Elm"]
    assert found.warnings == ("no forecast for Elm",)


# -- the command line -----------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch):
    """The verb by itself: arguments → the result; input errors are raised."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(verb)
    monkeypatch.delenv("REMAND_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*args):
        result = CliRunner().invoke(app, [str(arg) for arg in args])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_without_its_file_a_case_says_which_one_and_where_it_is_from(run, monkeypatch, tmp_path):
    """No folder named; a folder without it; and a file that is not there."""
    with pytest.raises(InputError) as caught:
        run("new-york-city/bail-limits")
    text = str(caught.value)
    assert "nyc_custody_spells.parquet" in text
    assert "does not come with remand" in text
    assert "--data FILE" in text
    assert "https://data.cityofnewyork.us" in text
    monkeypatch.setenv("REMAND_DATA", str(tmp_path))
    with pytest.raises(InputError, match="there is no file"):
        run("new-york-city/bail-limits")
    with pytest.raises(InputError, match="reads no file"):
        run("philadelphia/policies-2018", "--data", "x.csv")


def test_the_table_shows_band_truth_and_side_and_what_else_moved_the_jail(run, months):
    """For people."""
    path, file = months
    out = run(path, "--data", file, "--draws", 20, "--by-place").stdout
    assert "expected (blind)" in out
    assert "measured (in hindsight)" in out
    assert "2012-06-01 *" in out
    assert "the weather" in out
    assert "Elm" in out
    assert "How much of that is the reform's no run says." in out
    assert "attribut" not in out


def test_hidden_figures_are_said_to_be_hidden_in_every_form(run, tiny, tmp_path):
    """Text, JSON, CSV: a word, null, an empty cell; and what the word means."""
    path, file = tiny
    args = (path, "--data", file, "--draws", 4)
    out = run(*args, "--by-place").stdout
    (row,) = [line for line in out.splitlines() if line.startswith("Oak ")]
    assert row.split()[1:] == ["hidden"] * 4 + ["–"]
    assert "hidden: fewer than 10 people, or what would tell of them" in " ".join(out.split())
    series = json.loads(run(*args, "--json").stdout)["series"]
    oak = [one for one in series if one["place"] == "Oak"]
    assert oak
    assert all(one["q50"] is None and one["suppressed"] for one in oak)
    run(*args, "--out", tmp_path / "out.csv")
    written = pl.read_csv(tmp_path / "out.csv")
    assert written.filter(pl.col("place") == "Oak")["today"].null_count() > 0
    assert set(written.filter("suppressed")["place"]) == {"Elm", "Oak"}
    alone = pl.read_csv(file, infer_schema=False).filter(pl.col("jurisdiction") == "Oak")
    alone.write_csv(tmp_path / "months.csv")
    out = run(path, "--data", tmp_path / "months.csv", "--draws", 4).stdout
    (row,) = [line for line in out.splitlines() if line.startswith("2012-02-01")]
    assert row.split()[1:] == ["hidden"] * 6


def test_names_and_titles_are_words_and_no_markup(run, months, tmp_path):
    """`[/]` would end the program, `[red]` vanish."""
    path, file = months
    spoiled = tmp_path / "months.csv"
    text = file.read_text(encoding="utf-8")
    spoiled.write_text(text.replace("Elm", "Elm [/]"), encoding="utf-8")
    case = path.read_text(encoding="utf-8")
    for old, new in (
        ("title: A law", "title: 'A law [/b] [red]'"),
        ("name: expected", "name: 'expected [/]'"),
        ("[the weather]", "['the [/] weather']"),
        ("why: a flood", "why: 'a [/] b'"),
    ):
        assert old in case
        case = case.replace(old, new)
    (tmp_path / "law.yaml").write_text(case, encoding="utf-8")
    shutil.copy(path.with_name("told.yaml"), tmp_path)
    out = run(tmp_path / "law.yaml", "--data", spoiled, "--draws", 4, "--by-place").stdout
    for said in ("A law [/b] [red]", "expected [/] (blind)", "Elm [/]", "[/] weather", "a [/] b"):
        assert said in out


def test_a_spreadsheet_runs_nothing_that_a_file_says(run, months, tmp_path):
    """A county called like a formula."""
    path, file = months
    spoiled = tmp_path / "months.csv"
    text = file.read_text(encoding="utf-8")
    spoiled.write_text(text.replace("Elm", "=1+1"), encoding="utf-8")
    run(path, "--data", spoiled, "--draws", 4, "--out", tmp_path / "out.csv")
    assert "'=1+1" in pl.read_csv(tmp_path / "out.csv")["place"].to_list()


def test_json_and_files_hold_every_figure(run, months, tmp_path, monkeypatch):
    """The data found in the folder that REMAND_DATA names."""
    path, file = months
    shutil.copy(file, tmp_path)
    monkeypatch.setenv("REMAND_DATA", str(tmp_path))
    found = json.loads(run(path, "--draws", 4, "--json").stdout)
    assert {row["place"] for row in found["series"]} == {"all", "Ashe", "Elm"}
    assert [one["sight"] for one in found["tellings"]][1:3] == ["blind", "before it began"]
    assert found["tellings"][1]["knows"] == "2011-12-31"
    assert {"telling", "mae_percent", "crps", "coverage_80"} <= set(found["scores"][0])
    for name in ("out.csv", "out.parquet"):
        run(path, "--draws", 4, "--out", tmp_path / name)
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert len(table) == len(found["series"]) == len(pl.read_csv(tmp_path / "out.csv"))
    with pytest.raises(InputError, match="cannot write"):
        run(path, "--out", "out.xlsx")
