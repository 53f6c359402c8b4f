"""Fitting records: what a person gets, what they are told, and what must not get out."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.errors import InputError
from remand.files import load_model
from remand.fitting.document import folder
from remand.fitting.fit import fit
from remand.fitting.stays import periods
from remand.fitting.synth import write
from remand.runs.fit import trials

DAYS = 800


@pytest.fixture(scope="module")
def jail(build):
    """Two statuses, three races (nine people of one), two exits; steady, some come back."""
    rng = np.random.default_rng(5)
    n = 6000
    person = rng.integers(0, 4000, n)
    into = rng.integers(-300, DAYS, n)
    status = np.where(rng.random(n) < 0.7, "Held for trial", "Sentenced")
    way = np.where(rng.random(n) < 0.4, "dismissed", "bail")
    stay = rng.geometric(np.where(status == "Sentenced", 1 / 60, 1 / 20)) - 1
    race = np.where(rng.random(n) < 0.6, "Black", "white").astype(object)
    race[:9] = "other"
    order = np.lexsort((into, person))
    person, into, stay, status, way, race = (
        x[order] for x in (person, into, stay, status, way, race)
    )
    for i in range(1, n):  # nobody is inside twice at a time
        if person[i] == person[i - 1] and into[i] <= into[i - 1] + stay[i - 1]:
            into[i] = into[i - 1] + stay[i - 1] + 1
    kept = (into + stay >= 0) & (into < DAYS)
    out = np.where(into + stay < DAYS, into + stay, -1)
    reason = np.where(out < 0, "not recorded", way)
    return build.records(
        person[kept], into[kept], out[kept], DAYS, status=status[kept], race=race[kept],
        release_reason=reason[kept],
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(jail):
    """The jail fitted by race."""
    return folder(fit(jail, ["race"], draws=40), "jail", "Jail")


def test_a_fitted_model_has_states_by_status_and_exits_by_reason(found):
    """And a place for those who were let out, who come back as one status or the other."""
    model = found.model
    assert list(model.states) == ["held_for_trial", "sentenced", "released"]
    assert set(model.states["sentenced"].exits) == {"bail", "dismissed"}
    assert set(model.states["released"].exits) == {
        "back_held_for_trial",
        "back_sentenced",
        "not_back",
    }
    assert model.states["released"].kind == "community"


def test_a_fitted_model_holds_tonight_whom_the_records_hold(found, jail):
    """To the person, though small groups are spread."""
    kernel = compile_model(found.model, jail.until + dt.timedelta(5))
    inside = int(jail.stays["day_out"].is_null().sum())
    assert kernel.inside[:, :2].sum() == pytest.approx(inside, abs=1e-3)


def test_a_fitted_model_goes_on_as_the_records_did(found, jail):
    """A steady jail stays as it is: within a twentieth over half a year."""
    path = solve(compile_model(found.model, jail.until + dt.timedelta(180)))
    held = path.census[:, :2].sum(axis=(0, 1))
    seen, out = (jail.stays[c].fill_null(DAYS).to_numpy() for c in ("day_seen", "day_out"))
    actual = np.mean([((seen <= d) & (out > d)).sum() for d in range(DAYS - 360, DAYS)])
    assert held.mean() == pytest.approx(actual, rel=0.05)


def test_every_number_says_which_file_it_came_from_and_on_how_many_stays(found):
    """The hash of the file stands among the sources, and n in every note."""
    document = found.document
    assert document["sources"]["records_1"]["address"] == "sha256:" + "ab" * 32
    for told in document["states"].values():
        assert told["source"] == ["records_1"]
        assert told["note"].startswith("n = ")
    for told in document["arrivals"].values():
        assert told["note"].startswith("n = ")
    assert set(found.parameters["parameter"]) >= {
        "admissions", "growth", "season", "weekday", "stay_median", "stay_mean", "exit_share",
        "return_share", "steady_census", "within_a_week",
    }  # fmt: skip
    assert found.parameters["q05"].null_count() == 0
    assert (found.parameters["q05"] <= found.parameters["q95"]).all()


def test_no_count_of_few_people_is_told(found, jail):
    """Nine people of one race: no n below ten, no law of their own, nobody inside told alone."""
    assert found.parameters["n"].drop_nulls().min() >= 10
    inside = jail.stays.filter(pl.col("day_out").is_null())
    for name, table in found.tables.items():
        if "duration" in table.columns:
            assert "other" not in table["race"].to_list(), name
        if name.startswith("inside_"):
            status = {"inside_sentenced.csv": "Sentenced"}.get(name, "Held for trial")
            own = inside.filter(pl.col("status") == status)
            for (race,), rows in table.group_by("race"):
                if rows["people"].min() < 10:  # spread by what is expected, and so not their count
                    assert rows["people"].sum() != pytest.approx((own["race"] == race).sum())


def test_draws_are_by_people_and_the_same_for_the_same_seed(jail):
    """Another seed gives others; no draws give numbers without intervals."""
    one, same, other = (fit(jail, draws=5, seed=s).laws.drawn_mean for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    none = folder(fit(jail, draws=0), "jail", "Jail")
    assert none.parameters["q05"].null_count() == len(none.parameters)
    assert none.draws.is_empty()


def test_what_came_later_is_not_read(jail):
    """Whatever the records say of days after --as-of, the fit is the same to the last bit."""
    as_of = jail.since + dt.timedelta(600)
    later = jail.stays.with_columns(
        day_out=pl.when(pl.col("day_out") >= 600).then(None).otherwise(pl.col("day_out")),
        day_out_by=pl.when(pl.col("day_out") >= 600).then(None).otherwise(pl.col("day_out_by")),
        release_reason=pl.when(pl.col("day_out") >= 600)
        .then(pl.lit("rewritten"))
        .otherwise(pl.col("release_reason")),
    ).filter(pl.col("day_in") < 650)
    one, other = (
        folder(fit(r.known(as_of), ["race"], draws=3), "jail", "Jail")
        for r in (jail, replace(jail, stays=later))
    )
    assert one.parameters.equals(other.parameters)
    assert one.draws.equals(other.draws)
    for name, table in one.tables.items():
        assert table.equals(other.tables[name])


def test_records_from_a_later_day_are_left_truncated(jail):
    """Those who were inside then count from then on; those who had left are not there."""
    later = jail.since_day(jail.since + dt.timedelta(100))
    assert later.days == DAYS - 100
    stays = later.stays
    assert stays["day_seen"].min() == 0
    assert (stays["day_in"] < 0).any()
    assert (stays["day_out"].drop_nulls() >= 0).all()
    mean = fit(jail, draws=0).laws.joint.mean
    assert fit(later, draws=0).laws.joint.mean == pytest.approx(mean, rel=0.1)


def test_a_model_begun_inside_the_records_follows_how_many_came(build):
    """Half as many people from the middle on: the path of arrivals halves too."""
    day = np.concatenate([np.repeat(np.arange(0, 400), 8), np.repeat(np.arange(400, DAYS), 4)])
    records = build.records(np.arange(len(day)), day, np.where(day + 5 < DAYS, day + 5, -1), DAYS)
    start = records.since + dt.timedelta(100)
    model = folder(fit(records, start=start, draws=0), "jail", "Jail").model
    kernel = compile_model(model, records.until)
    came = kernel.arrivals.sum(axis=(0, 1))
    assert came[:200].mean() == pytest.approx(8, rel=0.15)
    assert came[-200:].mean() == pytest.approx(4, rel=0.15)
    assert came.sum() == pytest.approx((day >= 100).sum(), rel=0.02)


def test_stays_that_changed_are_told_apart_by_half_years(build):
    """Stays twice as long in the last half year: the model's law is theirs, not the mean of all."""
    rng = np.random.default_rng(3)
    day = np.repeat(np.arange(0, 730), 10)
    stay = rng.geometric(np.where(day < 515, 1 / 10, 1 / 20))
    out = np.where(day + stay < 730, day + stay, -1)
    records = build.records(np.arange(len(day)), day, out, 730)
    fitted = fit(records, draws=0)
    now = fitted.laws.groups(fitted.layout, 1)[0, 0]
    assert fitted.laws.nodes.keys[now].tolist() == [0, 0]
    assert fitted.laws.joint.mean[0, now] == pytest.approx(20, rel=0.1)


def test_stays_that_did_not_change_are_taken_together(jail):
    """A half year that differs by chance alone has no law of its own."""
    keys = fit(jail, draws=0).laws.nodes.keys
    assert (keys[:, -1] == -1).all()


def test_half_years_at_the_edges_are_joined_to_their_neighbours():
    """A month of a half year is no law."""
    found = periods(dt.date(2016, 6, 2), dt.date(2018, 12, 31))
    assert [str(day) for day in found] == [
        "2016-06-02", "2017-01-01", "2017-07-01", "2018-01-01", "2018-07-01",
    ]  # fmt: skip
    assert periods(dt.date(2020, 1, 10), dt.date(2020, 5, 1)) == (dt.date(2020, 1, 10),)


def test_records_without_persons_have_nobody_come_back(build):
    """Everyone is new, and it is said."""
    day = np.repeat(np.arange(0, 200), 3)
    records = build.records(np.arange(600), day, np.where(day < 190, day + 4, -1), 200)
    found = folder(fit(records, draws=2), "jail", "Jail")
    assert "released" not in found.document["states"]
    assert any(line.startswith("Returns: nobody is known") for line in found.limits)
    assert found.model.states["held"].exits["let_go"].to == "gone"


# -- what must not be told ------------------------------------------------------------------


def test_a_small_count_cannot_be_had_from_a_rate_a_draw_or_a_difference(build):
    """One axis, one state, four levels of 8, 3, 30 and 4,000 people: 8 and 3 do not come back."""
    rng = np.random.default_rng(1)
    race = np.repeat(["a", "b", "c", "d"], [8, 3, 30, 4000])
    day = rng.integers(0, 400, len(race))
    out = np.where(day + 9 < 400, day + 9, -1)
    records = build.records(np.arange(len(race)), day, out, 400, race=race.tolist())
    found = folder(fit(records, ["race"], draws=60), "jail", "Jail")
    groups = pl.col("state").is_not_null() & pl.col("race").is_not_null()
    rows = found.parameters.filter((pl.col("parameter") == "admissions") & groups)
    total = rows["value"].sum()
    told = {r["race"]: r["value"] / total * len(race) for r in rows.iter_rows(named=True)}
    for level, count in (("a", 8), ("b", 3)):
        assert told[level] != pytest.approx(count, rel=0.02)
    assert told["d"] == pytest.approx(4000, rel=1e-6)
    # no n from which the hidden ones follow: two or more are left out, and they move together
    assert rows["n"].null_count() >= 2
    drawn = found.draws.filter((pl.col("parameter") == "admissions") & pl.col("race").is_not_null())
    a, b = (
        drawn.filter(pl.col("race").cast(pl.String) == level)["value"].to_numpy()
        for level in ("a", "b")
    )
    assert np.allclose(a / b, a[0] / b[0], rtol=1e-5)


def test_a_state_with_few_people_inside_is_not_told_of(build):
    """One person inside for 94 days must not stand in a file that gets mailed."""
    day = np.concatenate([np.repeat(np.arange(0, 300), 3), np.arange(0, 200, 2), [206]])
    status = ["held"] * 900 + ["federal"] * 101
    out = np.where(day + 4 < 300, day + 4, -1)
    out[-1] = -1
    records = build.records(np.arange(len(day)), day, out, 300, status=status)
    document = folder(fit(records, draws=0), "jail", "Jail").document
    assert document["tonight"]["federal"] == "steady"
    assert "inside_federal.csv" not in folder(fit(records, draws=0), "jail", "Jail").tables


def test_a_group_is_of_people_and_not_of_stays(build):
    """Twelve stays of one person are no group."""
    n = 500
    person = np.append(np.arange(n), np.repeat(n, 12))
    day = np.append(np.arange(n) % 380, np.arange(12) * 30)
    race = ["a"] * n + ["b"] * 12
    records = build.records(person, day, np.minimum(day + 5, 399), 400, race=race)
    fitted = fit(records, ["race"], draws=0)
    assert [1] not in fitted.laws.nodes.keys[:, 1:2].tolist()


def test_a_status_of_one_person_is_not_a_state(build):
    """Twelve stays under a status nobody else has go with the commonest one."""
    person = np.append(np.arange(300), np.repeat(300, 12))
    day = np.append(np.arange(300), np.arange(12) * 25)
    status = ["held"] * 300 + ["federal"] * 12
    records = build.records(person, day, np.minimum(day + 5, 399), 400, status=status)
    assert fit(records, draws=0).layout.states == ("held",)


def test_a_handful_of_people_is_no_law(build):
    """Nine people let out: their stays would be told one by one."""
    day = np.arange(9)
    records = build.records(day, day, day + 2, 100)
    with pytest.raises(InputError, match="fewer than 10 people"):
        fit(records, draws=0)


def test_a_status_of_few_people_is_taken_as_five(build):
    """Neither its rate nor a note nor the n of the others gives its eight bookings away."""
    day = np.concatenate([np.repeat(np.arange(0, 300), 3), np.repeat(np.arange(0, 300), 2),
                          np.arange(-40, 0), np.arange(8)])  # fmt: skip
    status = ["held"] * 900 + ["served"] * 600 + ["old"] * 48
    out = np.where(day + 40 < 300, day + 40, -1)
    records = build.records(np.arange(len(day)), day, out, 300, status=status)
    found = folder(fit(records, draws=0), "jail", "Jail")
    old = found.document["arrivals"]["old"]
    assert old["note"].startswith("fewer than 10 admissions")
    assert old["rate"][0]["value"] == pytest.approx(5 / 300, rel=0.05)
    told = found.parameters.filter(pl.col("parameter") == "admissions")
    assert told.filter(pl.col("state").is_null())["n"][0] is None
    assert told.filter(pl.col("state") == "old")["n"][0] is None


# -- what chance does -----------------------------------------------------------------------


def test_draws_scatter_around_the_people_as_they_are(jail):
    """Of every band of every law: the mean of many draws is the point, within its error."""
    fitted = fit(jail, draws=300)
    laws = fitted.laws
    error = laws.drawn.std(axis=0) / np.sqrt(300)
    off = np.abs(laws.drawn.mean(axis=0) - laws.bands)
    assert (off <= 5 * error + 1e-3).all()
    assert laws.bands.sum(axis=(1, 2)) == pytest.approx(1)


def test_a_new_status_does_not_grow_for_ever(build):
    """Sixty bookings in the last three months, none before: no growth a year of thousands."""
    rng = np.random.default_rng(2)
    day = np.concatenate([rng.integers(0, 800, 3000), rng.integers(710, 800, 60)])
    status = ["held"] * 3000 + ["new code"] * 60
    out = np.where(day + 12 < 800, day + 12, -1)
    records = build.records(np.arange(3060), day, out, 800, status=status)
    model = folder(fit(records, draws=0), "jail", "Jail").model
    assert abs(model.arrivals["new_code"].drift.growth) < 0.5
    path = solve(compile_model(model, records.until + dt.timedelta(730)))
    assert path.census[:, 1].sum(axis=0).max() < 60


def test_snapshots_cut_at_an_edge_keep_their_law(build):
    """From a later day on, and as of an earlier one: the same survival, within chance."""
    rng = np.random.default_rng(4)
    day = np.sort(rng.integers(-200, 800, 40_000))
    stay = rng.geometric(1 / 30, len(day))
    kept = day + stay > 0
    day, stay = day[kept], stay[kept]
    out = np.where(day + stay < 800, day + stay, -1)
    records = build.records(np.arange(len(day)), day, out, 800, "snapshots")
    whole, later, earlier = (
        fit(r, draws=0).laws.joint.mean[0, 0]
        for r in (
            records,
            records.since_day(records.since + dt.timedelta(600)),
            records.known(records.since + dt.timedelta(200)),
        )
    )
    assert whole == pytest.approx(30, rel=0.02)
    assert later == pytest.approx(30, rel=0.03)
    assert earlier == pytest.approx(30, rel=0.03)


def test_as_of_a_day_after_a_missing_snapshot_knows_no_ends_that_only_a_later_one_tells(build):
    """Last seen on day 49, no snapshot on day 50: on day 51 nobody knows who has left."""
    day = np.repeat(np.arange(0, 100), 5)
    out = np.where(day + 10 < 100, day + 10, -1)
    records = build.records(np.arange(500), day, out, 100, "snapshots")
    gap = records.stays.with_columns(
        day_out=pl.when(pl.col("day_out") == 51).then(50).otherwise(pl.col("day_out")),
        day_out_by=pl.when(pl.col("day_out") == 50).then(51).otherwise(pl.col("day_out_by")),
        day_seen=pl.when(pl.col("day_seen") == 50).then(51).otherwise(pl.col("day_seen")),
    )
    known = replace(records, stays=gap).known(records.since + dt.timedelta(51))
    assert known.until == records.since + dt.timedelta(50)
    assert known.stays.filter(pl.col("day_out") == 50).is_empty()
    assert (known.stays["day_out"].is_null() | (known.stays["day_out"] < 50)).all()


# -- how it does ----------------------------------------------------------------------------


def test_a_fit_is_tried_on_half_a_year_held_back(jail):
    """A fairly steady jail is foretold within a tenth; the sentence says both figures."""
    (said,) = trials(jail, fit(jail, draws=0))
    assert said.startswith("Tried on 2022-10-12 to 2023-04-12, without looking:")
    foretold, there = (
        float(x.replace(",", ""))
        for x in re.findall(r"([\d,]+) (?:people foretold|were there)", said)
    )
    assert foretold == pytest.approx(there, rel=0.1)


def test_a_fit_that_does_not_add_up_is_warned_of(build):
    """A tenth as many admissions in the last months: rates of today and last year's jail differ."""
    day = np.concatenate([np.repeat(np.arange(0, 500), 20), np.repeat(np.arange(500, 600), 2)])
    out = np.where(day + 30 < 600, day + 30, -1)
    records = build.records(np.arange(len(day)), day, out, 600)
    warned, _ = trials(records, fit(records, draws=0))
    assert warned.startswith("WARNING: held for ever")


# -- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said", "fix"),
    [
        ({"by": ["rase"]}, "no column 'rase'", "did you mean 'race'?"),
        ({"by": ["status"]}, "cannot be a stratum", "statuses become states"),
        ({"start": dt.date(2030, 1, 1)}, "not within the records", "give a day from"),
        ({"seed": -1}, "--seed cannot be -1", "give 0 or more"),
        ({"strength": np.inf}, "--strength cannot be inf", "0 or more"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_a_fix(jail, asked, said, fix):
    """Each says what is wrong, and what to write instead."""
    with pytest.raises(InputError) as refused:
        fit(jail, **{"draws": 0, **asked})
    assert said in str(refused.value)
    assert fix in refused.value.problems[0].fix


def test_codes_are_not_groups(build):
    """Six hundred charge codes must be grouped first."""
    n = 600
    records = build.records(
        np.arange(n), np.arange(n) % 100, np.arange(n) % 100 + 3, 120,
        charge=[f"code {i}" for i in range(n)],
    )  # fmt: skip
    with pytest.raises(InputError, match="has 600 levels") as refused:
        fit(records, ["charge"], draws=0)
    assert "values: charge:" in refused.value.problems[0].fix


def test_a_column_that_means_something_else_in_a_model_is_refused(build):
    """People inside would be read as doubled by ``check`` without a word."""
    n = 200
    records = build.records(
        np.arange(n), np.arange(n) % 100, np.arange(n) % 100 + 3, 120, people=["a", "b"] * 100
    )
    with pytest.raises(InputError, match="'people' cannot be grouped by"):
        fit(records, ["people"], draws=0)


def test_a_level_that_stands_for_everyone_is_refused(build):
    """A star in a table is everybody."""
    n = 200
    records = build.records(
        np.arange(n), np.arange(n) % 100, np.arange(n) % 100 + 3, 120, charge=["*", "b"] * 100
    )
    with pytest.raises(InputError, match=r"the level '\*'"):
        fit(records, ["charge"], draws=0)


def test_a_month_of_records_is_too_short(build):
    """Nothing is fitted to four weeks."""
    records = build.records([0, 1], [1, 2], [3, 4], 28)
    with pytest.raises(InputError, match="28 days"):
        fit(records, draws=0)


# -- the command ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A work file of half a year of synthetic bookings."""
    folder_ = tmp_path_factory.mktemp("fit")
    write(rm.synth("philadelphia", "2014-01-01", "2014-07-01"), folder_ / "bookings.csv")
    rm.ingest(folder_ / "bookings.csv", folder_ / "my-county.duckdb")
    return folder_ / "my-county.duckdb"


def test_fit_writes_a_folder_that_check_finds_clean(remand, work, tmp_path):
    """Two commands from records to a checked model, and what it cannot support."""
    code, out, err = remand("fit", work, "--out", tmp_path / "county", "--by", "race", "--draws", 9)
    assert (code, err) == (0, "")
    assert "What these records cannot support:" in out
    assert "My county, from 2014-07-01" in out
    assert "Not tried: 181 days of records" in " ".join(out.split())
    assert "(" in out.split("sentenced")[1].splitlines()[0]
    model, problems = load_model(tmp_path / "county")
    assert problems == []
    assert model.sources["records_1"].note.endswith("Synthetic: nobody in it exists")
    assert remand("check", tmp_path / "county")[0] == 0
    assert not list(tmp_path.glob(".*"))


def test_fit_does_not_write_over_a_model_unless_told(remand, work, tmp_path):
    """Somebody may have worked on it; and a folder of other things is never touched."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years of work")
    code, _, err = remand("fit", work, "--out", tmp_path / "other", "--replace")
    assert code == 2
    assert "is not empty" in err
    assert (tmp_path / "other" / "thesis.txt").read_text() == "years of work"
    assert remand("fit", work, "--out", tmp_path / "a", "--draws", 0)[0] == 0
    (tmp_path / "a" / "model.yaml").write_text("mine")
    code, _, err = remand("fit", work, "--out", tmp_path / "a", "--draws", 0)
    assert code == 2
    assert "--replace" in err
    assert (tmp_path / "a" / "model.yaml").read_text() == "mine"
    assert remand("fit", work, "--out", tmp_path / "a", "--draws", 0, "--replace")[0] == 0
    assert load_model(tmp_path / "a")[1] == []


def test_fit_gives_parameters_as_json(remand, work, tmp_path):
    """Every number, its interval and n."""
    code, out, _ = remand("fit", work, "--out", tmp_path / "b", "--draws", 5, "--json")
    assert code == 0
    rows = json.loads(out)["parameters"]
    assert {"parameter", "unit", "state", "value", "q05", "q95", "n"} <= set(rows[0])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.duckdb", "--out", "x"], "there is no work file"),
        (["WORK", "--out", "x", "--as-of", "2031-01-01"], "outside the window"),
        (["WORK", "--out", "x", "--from", "2001-01-01"], "outside the window"),
        (["WORK", "--out", "x", "--place", "Kern"], "stays are of one place"),
        (["WORK", "--out", "no/such/x"], "there is no folder"),
    ],
)
def test_fit_says_what_is_wrong_with_what_it_is_asked(remand, work, words, said):
    """Exit code 2 and a message, before any work is done."""
    code, _, err = remand("fit", *(work if word == "WORK" else word for word in words))
    assert code == 2
    assert said in err
    assert "Fix:" in err


# -- monthly figures ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """A work file of four years of two jails' monthly figures: 300 inside, 10 booked a day."""
    lines = ["Jurisdiction,Date,ADP,Bookings"]
    rng = np.random.default_rng(6)
    for place, people in (("Adams County", 300), ("Bell County", 60)):
        for i in range(48):
            month = dt.date(2014 + i // 12, i % 12 + 1, 1)
            days = ((month.replace(day=28) + dt.timedelta(4)).replace(day=1) - month).days
            booked = rng.poisson(people / 30 * days)
            lines.append(f"{place},{month},{people + rng.normal(0, 2):.2f},{booked}")
    folder_ = tmp_path_factory.mktemp("months")
    (folder_ / "profile.csv").write_text("\n".join(lines) + "\n")
    rm.ingest(folder_ / "profile.csv", folder_ / "months.duckdb")
    return folder_ / "months.duckdb"


@pytest.mark.parametrize("draws", [0, 40])
def test_monthly_figures_give_a_first_model_and_what_they_cannot_support(
    remand, months, tmp_path, draws
):
    """Mean stay by Little's law: 300 people, 10 a day, 30 days."""
    out = tmp_path / "adams"
    code, said, err = remand(
        "fit", months, "--place", "Adams County", "--out", out, "--draws", draws
    )
    assert (code, err) == (0, "")
    assert "How stays differ: only their mean follows" in said
    model, problems = load_model(out)
    assert problems == []
    assert model.clock.start == dt.date(2018, 1, 1)
    assert model.name == "adams-county"
    assert model.states["jail"].dwell[0].mean == pytest.approx(30, rel=0.05)
    kernel = compile_model(model, dt.date(2019, 1, 1))
    assert solve(kernel).census.sum(axis=(0, 1)).mean() == pytest.approx(300, rel=0.1)
    rows = pl.read_csv(out / "parameters.csv").filter(pl.col("parameter") == "stay_mean")
    assert rows["q05"].null_count() == (draws == 0)
    if draws:
        assert rows["q05"][0] < 30 < rows["q95"][0]


def test_monthly_figures_of_several_jails_need_a_place(remand, months, tmp_path):
    """A model is of one."""
    code, _, err = remand("fit", months, "--out", tmp_path / "x")
    assert code == 2
    assert "--place" in err
    assert "Adams County" in err
    code, _, err = remand("fit", months, "--out", tmp_path / "x", "--place", "Adam County")
    assert code == 2
    assert "did you mean 'Adams County'?" in err
