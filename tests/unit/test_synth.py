"""Synthetic records: the sampled engine's people as a jail would write them down."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from remand.engine.compile import compile_model
from remand.engine.sampled import simulate
from remand.errors import InputError
from remand.files import read_model
from remand.fitting.synth import COLUMNS, synth, write


@pytest.fixture
def county(build):
    """A jail of two states with tonight's people, a way back, and transfers within a step."""

    def make(**more):
        return build.model(
            {
                "detained": build.state(
                    build.table({0: 0.2, 1: 0.2, 6: 0.6}),
                    {"sentence": 0.3, "back": 0.4, "gone": 0.2, "prison": 0.1},
                    statuses=["unconvicted", "pretrial_only"],
                ),
                "sentence": build.state(build.table({0: 0.3, 4: 0.7}), "back", label="County term"),
                "back": build.state(
                    build.table({0: 0.3, 3: 0.7}), {"detained": 0.5, "gone": 0.5}, kind="community"
                ),
                "prison": build.state(build.fixed(9), "gone", kind="prison", label="State prison"),
            },
            {"detained": 8.0, "sentence": 1.0},
            strata={"race": ["Black", "white"], "offence": ["drug", "other"]},
            tonight={"detained": build.stock(25, {1: 0.5, 4: 0.5}), "sentence": build.stock(10)},
            **more,
        )

    return make


def census(bookings, midnights):
    """People inside at each midnight, counted from the records alone."""
    return [
        bookings.filter(
            (pl.col("in") < night) & (pl.col("out").is_null() | (pl.col("out") >= night))
        ).height
        for night in midnights
    ]


def jailed(model, until, seed):
    """People in jail at the end of each step of replicate 0: (strata, steps), and those dates."""
    kernel = compile_model(model, until)
    jail = [i for i, state in enumerate(model.states.values()) if state.kind == "jail"]
    nights = [dt.datetime.combine(model.clock.date(i + 1), dt.time()) for i in range(kernel.steps)]
    return simulate(kernel, 1, seed).last[0][:, jail].sum(axis=1), nights


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_the_census_of_the_records_is_the_engines_to_the_person(county, step):
    """At the end of every step, in every stratum, whatever a step is."""
    model = county(step=step)
    until = model.clock.date(24)
    bookings = synth(model, until=until, seed=4).bookings
    people, nights = jailed(model, until, 4)
    assert people.sum() > 0
    for (race, offence), expected in zip(model.strata.cells, people, strict=True):
        own = bookings.filter((pl.col("race") == race) & (pl.col("charge") == offence))
        assert census(own, nights) == expected.tolist()


def test_the_census_agrees_where_a_full_jail_discharges_people(county, build):
    """Early discharge moves people between steps; the records follow."""
    to = {"discharge": {"order": "random", "to": "gone"}}
    full = {"capacity": {"state": "detained", "places": 20, "when_full": to}}
    model = county(policies=(build.policy(full, starts=3),))
    until = build.day(40)
    people, nights = jailed(model, until, 1)
    assert census(synth(model, until=until, seed=1).bookings, nights) == people.sum(0).tolist()


def test_the_census_agrees_in_a_shipped_county():
    """Philadelphia's first month, from its steady state."""
    model, until = read_model("philadelphia"), dt.date(2014, 2, 1)
    people, nights = jailed(model, until, 0)
    assert census(synth(model, until=until).bookings, nights) == people.sum(0).tolist()


def test_stays_are_as_long_as_the_engine_says(county, build):
    """Person-days of those released, day by day, in a county that is empty at first: dates of the
    records against the engine's own count of time in the kind."""
    model, until = county().replace(tonight={}), build.day(60)
    closed = synth(model, until=until, seed=2).bookings.drop_nulls("out")
    days = (closed["out"].dt.date() - closed["in"].dt.date()).dt.total_days()
    left = (closed["out"].dt.date() - build.START).dt.total_days()
    ended = simulate(compile_model(model, until), 1, 2, stays=True).ended[0]
    jail = [i for i, state in enumerate(model.states.values()) if state.kind == "jail"]
    counted = np.bincount(left.to_numpy(), days.to_numpy(), minlength=60)
    np.testing.assert_array_equal(counted, ended[:, jail].sum(axis=(0, 1)))


def test_detention_and_a_county_sentence_are_one_stay(build):
    """Two days and then three: out five days after in, with both statuses."""
    model = build.model(
        {
            "detained": build.state(build.fixed(2), "sentence", statuses=["unconvicted"]),
            "sentence": build.state(build.fixed(3), "gone", statuses=["sentenced", "county"]),
        },
        {"detained": 5.0},
    )
    closed = synth(model, until=build.day(30)).bookings.drop_nulls("out")
    assert (closed["out"].dt.date() - closed["in"].dt.date()).unique().to_list() == [
        dt.timedelta(days=5)
    ]
    assert closed["status"].unique().to_list() == ["unconvicted"]
    assert closed["status_last"].unique().to_list() == ["sentenced; county"]
    assert closed["release_reason"].unique().to_list() == ["released"]


def test_a_stay_of_no_days_ends_on_its_day_and_not_before_it_began(build):
    """Everyone leaves in the step they came in."""
    model = build.one_state(build.fixed(0), 20.0)
    bookings = synth(model, until=build.day(10)).bookings
    assert (bookings["out"].dt.date() == bookings["in"].dt.date()).all()
    assert (bookings["out"] >= bookings["in"]).all()


def test_moments_fill_the_step(build):
    """All hours of the day, and all days of a month, are alike: no hour twice as full as another
    among 24 (some 1,000 people an hour)."""
    model = build.one_state(build.fixed(0), 800.0)
    day = synth(model, until=build.day(30)).bookings["in"]
    hours = day.dt.hour().value_counts()["count"]
    assert len(hours) == 24
    assert hours.max() < 1.3 * hours.min()
    monthly = build.one_state(build.fixed(0), 30.0, step="month")
    assert synth(monthly, until=build.day(1, "month")).bookings["in"].dt.day().n_unique() == 28


def test_people_come_back_as_who_they_are_and_never_twice_at_once(county, build):
    """One race and charge for life; a stay begins after the one before it ended."""
    bookings = synth(county(), until=build.day(60)).bookings
    again = bookings.group_by("person").agg(pl.col("race", "charge").n_unique(), pl.len())
    assert again["len"].max() > 1
    assert (again["race"] == 1).all()
    assert (again["charge"] == 1).all()
    ordered = bookings.sort("person", "in").with_columns(
        previous=pl.col("out").shift().over("person"),
        nth=pl.int_range(pl.len()).over("person"),
    )
    later = ordered.filter(pl.col("nth") > 0)
    assert later["previous"].null_count() == 0
    assert (later["in"] >= later["previous"]).all()


def test_bookings_are_numbered_as_they_come_and_persons_are_not(county, build):
    """Booking 1, 2, … in the order of `in`; a person's number says nothing of when they came."""
    records = synth(county(), until=build.day(90))
    bookings = records.bookings
    assert bookings["in"].is_sorted()
    assert bookings["booking"].to_list() == list(range(1, len(bookings) + 1))
    assert sorted(bookings["person"].unique()) == list(range(1, records.people + 1))
    firsts = bookings.unique("person", keep="first", maintain_order=True)["person"].to_numpy()
    assert abs(np.corrcoef(firsts, np.arange(len(firsts)))[0, 1]) < 0.2


def test_open_stays_say_neither_when_nor_why_they_end(county, build):
    """Inside on the last day: no out, no reason, but a status; the others have both."""
    bookings = synth(county(), until=build.day(30)).bookings
    inside = bookings.filter(pl.col("out").is_null())
    assert 0 < len(inside) < len(bookings)
    assert inside["release_reason"].null_count() == len(inside)
    assert bookings["status_last"].null_count() == 0
    assert set(bookings.drop_nulls("out")["release_reason"]) == {"released", "State prison"}
    assert (bookings.drop_nulls("out")["out"] < dt.datetime.combine(build.day(30), dt.time())).all()


def test_people_inside_at_the_start_have_a_mean_and_perhaps_no_status(county, build):
    """Whoever is detained was booked so; who serves a sentence may have been detained first."""
    records = synth(county(), until=build.day(10))
    start = dt.datetime.combine(build.START, dt.time())
    before = records.bookings.filter(pl.col("in") < start)
    assert records.before == len(before) == 140  # 35 in each of four strata
    assert before["status"].null_count() == 40
    later = records.bookings.filter(pl.col("in") >= start)
    assert set(later["status"]) == {"unconvicted; pretrial_only", "County term"}


def test_the_period_takes_every_stay_that_overlaps_it(county, build):
    """The same stays as the whole run's, less those over before it begins."""
    since, until = build.day(20), build.day(40)
    whole = synth(county(), until=until).bookings
    part = synth(county(), since, until).bookings
    midnight = dt.datetime.combine(since, dt.time())
    left = whole.filter(pl.col("out").is_null() | (pl.col("out") >= midnight))
    shown = ["in", "out", "race", "charge", "status", "release_reason"]
    assert part.select(shown).sort(shown).equals(left.select(shown).sort(shown))
    assert 0 < len(part) < len(whole)


def test_a_period_may_end_inside_a_step(county, build):
    """A month's people, asked for on its tenth day: nothing after that day is known."""
    until = build.START.replace(day=10)
    whole = synth(county(step="month"), until=build.day(1, "month")).bookings
    part = synth(county(step="month"), until=until).bookings
    midnight = dt.datetime.combine(until, dt.time())
    assert part["in"].to_list() == whole.filter(pl.col("in") < midnight)["in"].to_list()
    assert (part["out"].drop_nulls() < midnight).all()


def test_by_default_the_period_is_a_year(build):
    """From the model's start, and from a leap day too."""
    model = build.one_state(build.fixed(1), 0.1)
    assert synth(model).until == dt.date(2022, 2, 1)
    assert synth(model, dt.date(2024, 2, 29)).until == dt.date(2025, 2, 28)


def test_columns_without_an_axis_are_empty_and_named(county, build):
    """Values are never made up; what has no column is said too."""
    records = synth(county(), until=build.day(5))
    assert tuple(records.bookings.columns) == COLUMNS
    assert records.empty == ("sex", "age")
    assert records.bookings["sex"].null_count() == len(records.bookings)
    town = county().replace(strata_axes={"age": ("young", "old"), "town": ("A", "B")})
    records = synth(town, until=build.day(5))
    assert records.empty == ("charge", "race", "sex")
    assert records.left_out == ("town",)
    assert set(records.bookings["age"]) == {"young", "old"}


def test_a_jail_nobody_enters_has_no_records(build, tmp_path):
    """An empty table with every column, which can be written."""
    bookings = synth(build.one_state(build.fixed(1), 0.0), until=build.day(3)).bookings
    assert bookings.is_empty()
    assert tuple(bookings.columns) == COLUMNS
    assert write(bookings, tmp_path / "none.csv").read_text().startswith("person,booking,in,out,")


def test_one_seed_gives_one_file_and_another_another(place, remand, tmp_path):
    """Byte for byte, in both formats."""
    for suffix in ("csv", "parquet"):
        files = [tmp_path / f"{name}.{suffix}" for name in "abc"]
        for file, seed in zip(files, (1, 1, 2), strict=True):
            assert remand("synth", place.model, "--out", file, "--seed", seed)[0] == 0
        one, same, other = (file.read_bytes() for file in files)
        assert one == same
        assert one != other


def test_every_row_and_the_parquet_file_itself_are_marked(county, build, tmp_path):
    """So is whatever is derived from either."""
    bookings = synth(county(), until=build.day(5)).bookings
    read = pl.read_csv(write(bookings, tmp_path / "b.csv"), try_parse_dates=True)
    assert read["synthetic"].all()
    assert read["in"].to_list() == bookings["in"].to_list()
    path = write(bookings, tmp_path / "b.parquet")
    assert pl.read_parquet(path).equals(bookings)
    assert pl.read_parquet_metadata(path)["synthetic"] == "true"


def test_the_command_says_what_the_records_are(place, remand, tmp_path):
    """How many, that nobody exists, what is a mean, what is empty, and 2020."""
    file = tmp_path / "bookings.csv"
    code, out, err = remand("synth", place.model, "--out", file, "--to", "2020-04-01")
    assert (code, err) == (0, "")
    rows = pl.read_csv(file, try_parse_dates=True)
    assert f"{len(rows):,} stays of {rows['person'].n_unique():,} people who do not exist" in out
    before = rows.filter(pl.col("in") < dt.datetime(2020, 1, 1)).height  # noqa: DTZ001
    assert f"Inside before 2020-01-01: {before:,} stays" in out
    assert "no such axis: sex, age" in out
    assert "every row says so" in out
    assert "knows nothing of 2020" in out
    assert [found.name for found in tmp_path.iterdir() if "bookings" in found.name] == [file.name]


@pytest.mark.parametrize(
    ("options", "message", "fix"),
    [
        (("--to", "2019-01-01"), "--to 2019-01-01 is not after --from 2020-01-01", "later --to"),
        (
            ("--from", "2020-03-01", "--to", "2020-03-01"),
            "--to 2020-03-01 is not after --from 2020-03-01",
            "later --to",
        ),
        (
            ("--from", "2019-12-31"),
            "--from 2019-12-31 is before the model's first day (2020-01-01)",
            "--from of 2020-01-01 or later",
        ),
        (("--out", "b.xlsx"), "--out cannot write '.xlsx'", "end it in .csv or .parquet"),
        (("--out", "bookings"), "--out cannot write 'bookings'", "end it in .csv or .parquet"),
        (("--out", "nowhere/b.csv"), "there is no folder 'nowhere'", "give another place"),
    ],
)
def test_wrong_input_says_what_to_type_and_writes_nothing(
    place, remand, monkeypatch, options, message, fix
):
    """Exit 2, one line, an untouched folder."""
    monkeypatch.chdir(place.folder)
    before = sorted(place.folder.iterdir())
    out = () if "--out" in options else ("--out", "b.csv")
    code, _, err = remand("synth", place.model, *out, *options)
    assert code == 2
    assert message in err
    assert fix in err
    assert sorted(place.folder.iterdir()) == before


def test_a_model_without_a_jail_has_no_bookings(build):
    """There is nobody to write down."""
    model = build.model({"out": build.state(build.fixed(1), kind="community")}, {"out": 1.0})
    with pytest.raises(InputError, match="'tiny' has no state of kind jail"):
        synth(model)


def test_a_file_that_cannot_be_finished_leaves_the_old_one(county, build, tmp_path, monkeypatch):
    """The disk fills up half-way: what was there is there still, and nothing else."""

    def full(_, file, **_more):
        file.write(b"person,boo")
        raise OSError(28, "No space left on device")

    bookings = synth(county(), until=build.day(5)).bookings
    file = tmp_path / "b.csv"
    file.write_text("mine\n")
    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write(bookings, file)
    assert file.read_text() == "mine\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_is_not_written_over(county, build, tmp_path):
    """A folder of that name stays what it is."""
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write(synth(county(), until=build.day(5)).bookings, tmp_path / "b.csv")
    assert [found.name for found in tmp_path.iterdir()] == ["b.csv"]
