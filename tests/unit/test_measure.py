"""What records say: figures that a reader can count by hand, and what must not be told."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.errors import InputError
from remand.model.states import KINDS
from remand.outcomes.figures import figures
from remand.outcomes.measured import MEASURED, Asked, measured, period
from remand.outcomes.population import comparison, residents_in
from remand.outcomes.variance import Held, split, whole
from remand.outcomes.windows import Windows
from remand.records.contracts import SPELLS_VIEW, TABLES, definition
from remand.records.work import Records, Source
from remand.runs.measure import measure_records
from remand.runs.measurement import Wanted

START = dt.date(2020, 1, 1)
NO_RETURNS = tuple(q for q in MEASURED if q != "returns")
BEFORE, AFTER = START - dt.timedelta(1), START + dt.timedelta(1)


@pytest.fixture
def jail():
    """Records of a jail from rows of person, in, out (None: still inside) and further columns."""

    def make(rows, days=100, basis="bookings", *, synthetic=False, **columns):
        into = [row[1] for row in rows]
        out = [row[2] for row in rows]
        frame = pl.DataFrame(
            {
                "person": pl.Series([row[0] for row in rows], dtype=pl.UInt32),
                "day_in": pl.Series(into, dtype=pl.Int32),
                "day_seen": pl.Series([max(day, 0) for day in into], dtype=pl.Int32),
                "day_out": pl.Series(out, dtype=pl.Int32),
                "day_out_by": pl.Series(out, dtype=pl.Int32),
                **columns,
            }
        )
        until = START + dt.timedelta(days)
        source = (Source("jail.csv", basis, "f" * 64, len(rows)),)
        return Records(frame, START, until, basis, "in-facility", source, synthetic)

    return make


@pytest.fixture
def crowd(jail):
    """A hundred people who stay 20 days each, one in a day, then twelve who stay 40."""

    def make(**more):
        rows = [(i, i % 50, i % 50 + 20) for i in range(100)]
        rows += [(100 + i, 10 + i, 50 + i) for i in range(12)]
        race = ["Black"] * 60 + ["white"] * 40 + ["white"] * 12
        return jail(rows, race=race, **more)

    return make


def told(records, every=None, first=None, last=None, **asked):
    """Figures without intervals; returns if days are asked for."""
    if "within" not in asked:
        asked.setdefault("quantities", NO_RETURNS)
    return measured(records, period(records, first, last, every), Asked(draws=0, **asked))


def value(frame, quantity, **where):
    """One figure of a frame; without axes the total."""
    frame = frame.filter(pl.col("quantity") == quantity)
    for axis in ("race", "stay_band"):
        if axis in frame.columns:
            own = pl.col(axis)
            frame = frame.filter(own == where[axis] if axis in where else own.is_null())
    return frame["mean"].to_list()


def test_three_people_are_counted_as_a_reader_would(jail):
    """In on day 1 for 3 days, inside from before until day 2, in on day 5 and still there at 10."""
    records = jail([(0, 1, 4), (1, -3, 2), (2, 5, None)], days=10)
    days = told(records, "day", quantities=("population", "admissions", "releases"))
    assert value(days, "population") == [1, 2, 1, 1, 0, 1, 1, 1, 1, 1]
    assert value(days, "admissions") == [0, 1, 0, 0, 0, 1, 0, 0, 0, 0]
    assert value(days, "releases") == [0, 0, 1, 0, 1, 0, 0, 0, 0, 0]
    assert value(told(records, quantities=("bed_days",)), "bed_days") == [10.0]


def test_the_three_stays_are_three_figures(jail):
    """Thirty stays of 4 days, then twenty released after 30 that began before the window."""
    rows = [(i, 10, 14) for i in range(30)] + [(30 + i, -10, 20) for i in range(20)]
    rows += [(50 + i, 95, None) for i in range(10)]
    frame = told(jail(rows))
    assert value(frame, "stay_release") == [(30 * 4 + 20 * 30) / 50]
    assert value(frame, "stay_so_far") == [4.5]  # midnights of days 95 … 99, less half a day
    # ten are inside after 4 days: of those who stayed longer than 4, all others stayed 30
    assert value(frame, "stay_admission") == pytest.approx([(30 * 4 + 10 * 30) / 40])
    bases = frame.filter(pl.col("quantity").str.starts_with("stay_"))["basis"]
    assert bases.null_count() == 0


def test_stays_under_way_before_the_records_do_not_lengthen_the_others(jail):
    """Ten are inside after 4 days. Of twenty who were watched from then on, ten stayed 20 days and
    ten 60; twenty more who stayed 60 were only known of after 30, so they say nothing of day 20."""
    rows = [(i, 10, 14) for i in range(30)] + [(30 + i, 5, 25) for i in range(10)]
    rows += [(40 + i, 5, 65) for i in range(10)] + [(50 + i, -30, 30) for i in range(20)]
    rows += [(70 + i, 95, None) for i in range(10)]
    admitted = 30 * 4 + 10 * 20 + 10 * 60 + 10 * (20 + 60) / 2
    assert value(told(jail(rows)), "stay_admission") == pytest.approx([admitted / 60])


def test_someone_booked_in_and_out_on_one_day_is_admitted_and_never_counted(jail):
    """Ten such stays: ten admissions, ten releases, no bed-day, a stay of no days."""
    frame = told(jail([(i, 3, 3) for i in range(10)]))
    assert value(frame, "admissions") == value(frame, "releases") == [10]
    assert value(frame, "bed_days") == [0]
    assert value(frame, "stay_release") == [0]


def test_figures_of_records_have_the_columns_of_modelled_ones(crowd, build):
    """The same names, in the same order, but for state and status which records do not have."""
    model = build.model({"jail": build.state(build.fixed(5), "gone")}, {"jail": 2.0})
    end = model.clock.start + dt.timedelta(60)
    whole = Windows.over(model.clock, model.clock.start, end, None)
    path = solve(compile_model(model, end), marks=[whole.marks(60)])
    modelled = figures(model, path, whole)
    found = measured(
        crowd(), period(crowd(), None, None, None), Asked(draws=20, quantities=NO_RETURNS)
    )
    assert found.columns == modelled.columns
    assert found.schema == modelled.schema
    assert set(found["kind"]) == {"jail"} <= set(KINDS)


def test_the_point_is_what_was_counted_and_the_interval_lies_around_it(crowd):
    """Counts are whole numbers whatever the seed; the sd is that of a Poisson count of people."""
    records = crowd()
    one, other = (
        measured(
            records,
            period(records, None, None, None),
            Asked(draws=400, seed=seed, quantities=NO_RETURNS),
        )
        for seed in (1, 2)
    )
    assert one["mean"].to_list() == other["mean"].to_list()
    row = one.row(by_predicate=pl.col("quantity") == "admissions", named=True)
    assert row["mean"] == 112
    assert row["sd"] == pytest.approx(112**0.5, rel=0.15)
    assert row["q05"] < 112 < row["q95"]
    assert row["band"] == "interval, Bayesian bootstrap over people, 400 draws"
    assert one["q05"].to_list() != other["q05"].to_list()


def test_the_same_seed_gives_the_same_digits(crowd):
    """Draws are numbered, so that threads do not matter."""
    records = crowd()
    asked = Asked(by=("race",), draws=30, seed=5, quantities=NO_RETURNS)
    windows = period(records, None, None, "month")
    assert measured(records, windows, asked).equals(measured(records, windows, asked))


def test_stay_quantiles_are_of_those_admitted_or_of_those_released(crowd):
    """Of 112 people 12 stay 40 days, the rest 20: half stay no longer than 20, 90 % than 40."""
    frame = told(crowd())
    assert value(frame, "stay_admission_p50") == value(frame, "stay_release_p50") == [20]
    assert value(frame, "stay_admission_p90") == [40]
    row = frame.row(by_predicate=pl.col("quantity") == "stay_admission_p50", named=True)
    assert "admitted" in row["basis"]


def test_a_quantile_with_fewer_than_ten_people_beyond_it_is_hidden(crowd):
    """99 % of 112 people: the one left would be told apart."""
    frame = told(crowd())
    last = frame.filter(pl.col("quantity").str.ends_with("_p99"))
    assert last["suppressed"].all()
    assert last["mean"].null_count() == len(last) == 2


def test_returns_count_people_by_their_first_release(jail):
    """Forty are let out on day 10; fifteen are back after 20 days, and once more after 60."""
    rows = [(i, 0, 10) for i in range(40)]
    rows += [(i, 30, 40) for i in range(15)] + [(i, 70, 75) for i in range(15)]
    frame = told(jail(rows, days=200), within=(30, 90))
    assert value(frame, "returned_30") == pytest.approx([15 / 40])
    assert value(frame, "returned_90") == pytest.approx([15 / 40])


def test_returns_nobody_could_yet_have_made_are_not_told(jail):
    """Let out 20 days before the end: nothing is known of 30 days."""
    rows = [(i, 0, 80) for i in range(40)] + [(i, 85, 99) for i in range(15)]
    frame = told(jail(rows), within=(10, 30))
    assert value(frame, "returned_10") == pytest.approx([15 / 40])
    assert value(frame, "returned_30") == []


def test_returns_are_refused_where_nobody_has_two_stays(crowd):
    """Asked for alone it is an error that says why; by default they are left out, which is said."""
    with pytest.raises(InputError, match="nobody in these records has two stays"):
        told(crowd(), quantities=("returns",))
    found = measure_records(crowd(), Wanted(draws=0))
    assert not found.figures["quantity"].str.starts_with("returned").any()
    assert any(note.startswith("Returns: nobody here has two stays") for note in found.notes)


def test_few_returns_hide_the_share_and_its_step(jail):
    """Twelve are back within 30 days and three more within 90: both shares would tell the three."""
    rows = [(i, 0, 10) for i in range(40)] + [(i, 30, 40) for i in range(12)]
    rows += [(20 + i, 80, 90) for i in range(3)]
    frame = told(jail(rows, days=200), within=(30, 90))
    assert value(frame, "returned_30") == pytest.approx([12 / 40])
    assert value(frame, "returned_90") == [None]


def test_beds_by_length_of_stay_add_up(crowd):
    """100 stays of 20 days and 12 of 40: 2,000 and 480 bed-days; people held are not given."""
    found = measure_records(crowd(), Wanted(draws=0)).stay_bands
    assert value(found, "bed_days") == [2480]
    assert value(found, "bed_days", stay_band="15–30") == [2000]
    assert value(found, "bed_days", stay_band="31–60") == [480]
    assert value(found, "admissions", stay_band="31–60") == [12]
    assert "population" not in found["quantity"].to_list()


def test_beds_of_few_people_are_hidden_however_many_they_are(jail):
    """Four people who stay 60 days fill 240 bed-days; another band is hidden with them."""
    rows = [(i, i % 20, i % 20 + 3) for i in range(100)]
    rows += [(100 + i, 0, 20) for i in range(30)] + [(130 + i, 0, 60) for i in range(4)]
    found = measure_records(jail(rows), Wanted(draws=0)).stay_bands
    assert value(found, "bed_days", stay_band="31–60") == [None]
    assert value(found, "bed_days", stay_band="15–30") == [None]
    assert value(found, "bed_days", stay_band="2–3") == [300]


def test_small_groups_are_hidden_in_every_quantity(jail):
    """Five of 105 people: no mean stay, no quantile, no admissions of theirs; totals stand."""
    rows = [(i, i % 40, i % 40 + 30) for i in range(105)]
    race = ["Black"] * 60 + ["white"] * 40 + ["Asian"] * 5
    frame = told(jail(rows, race=race), by=("race",))
    few = frame.filter((pl.col("race") == "Asian") & (pl.col("quantity") != "bed_days"))
    assert few.filter(~pl.col("suppressed"))["mean"].to_list() in ([], [0.0])
    assert value(frame, "admissions") == [105]
    assert value(frame, "admissions", race="white") == [None]  # else it would tell the five


def test_releases_of_few_hide_the_admissions_of_that_day_too(jail):
    """With two censuses of adjoining days, admissions would tell who was released."""
    rows = [(i, 0, 50) for i in range(30)] + [(30 + i, 5, 60) for i in range(15)]
    rows += [(45 + i, 0, 5) for i in range(3)] + [(48 + i, 0, 5) for i in range(20)]
    race = ["a"] * 48 + ["b"] * 20
    day = told(
        jail(rows, race=race), "day", START + dt.timedelta(5), START + dt.timedelta(6),
        by=("race",), quantities=("admissions", "releases"),
    )  # fmt: skip
    assert value(day, "releases", race="a") == [None]
    assert value(day, "admissions", race="a") == [None]


def test_no_mean_stay_is_told_of_fewer_than_ten_people_not_even_in_total(jail):
    """A county of few beds: three releases in a month are three people's stays."""
    frame = told(jail([(i, 0, 10 + i) for i in range(3)] + [(3 + i, 0, 50) for i in range(20)]),
                 "month", quantities=("stay_release", "releases"))  # fmt: skip
    assert value(frame, "releases")[:2] == [3, 20]
    assert value(frame, "stay_release")[:2] == [None, 50]


def test_a_rate_says_whom_it_is_per(crowd):
    """Residents by race: 50 days of records hold as many person-days as counted above."""
    table = pl.DataFrame({"race": ["Black", "white"], "people": ["1,000", "4000"]})
    residents = residents_in(table, "p.csv", "residents aged 15–64", {"race": ("Black", "white")})
    frame = told(crowd(), by=("race",), residents=residents)
    rows = frame.filter(pl.col("quantity") == "rate")
    assert rows["denominator"].unique().to_list() == ["residents aged 15–64"]
    assert value(frame, "rate") == pytest.approx([2480 / 100 / 5000 * 100_000])
    assert value(frame, "rate", race="Black") == pytest.approx([1200 / 100 / 1000 * 100_000])


def test_level_ratio_and_difference_stand_together_with_bounds(jail):
    """40 Black, 40 white and 5 of unknown race held all the time; 1,000 and 4,000 residents."""
    rows = [(i, 0, 100) for i in range(95)]
    race = ["Black"] * 40 + ["white"] * 40 + ["not recorded"] * 15
    levels = {"race": ("Black", "white", "not recorded")}
    table = pl.DataFrame({"race": ["Black", "white"], "people": [1000, 4000]})
    frame = told(
        jail(rows, race=race),
        by=("race",),
        residents=residents_in(table, "p.csv", "adults", levels),
        disparity=comparison("race=Black:white", levels, "not recorded"),
    )
    row = frame.row(by_predicate=pl.col("quantity") == "disparity_ratio", named=True)
    assert row["mean"] == pytest.approx(4)
    assert (row["low"], row["high"]) == (pytest.approx(40 / 55 * 4), pytest.approx(55 / 40 * 4))
    assert value(frame, "disparity_difference") == pytest.approx([4000 - 1000])


def test_a_disparity_that_would_tell_of_a_small_group_is_withheld(jail):
    """Ratio and difference tell both levels, and with the total the five of the third."""
    rows = [(i, 0, 100) for i in range(125)]
    race = ["Black"] * 80 + ["white"] * 40 + ["Asian"] * 5
    levels = {"race": ("Black", "white", "Asian")}
    table = pl.DataFrame({"race": ["Black", "white"], "people": [1000, 4000]})
    frame = told(
        jail(rows, race=race),
        residents=residents_in(table, "p.csv", "adults", levels),
        disparity=comparison("race=Black:white", levels, "not recorded"),
    )
    rows = frame.filter(pl.col("quantity").str.starts_with("disparity"))
    assert rows["suppressed"].to_list() == [True, True]
    assert rows["mean"].null_count() == 2


def test_bounds_that_would_tell_how_many_are_of_unknown_race_are_hidden(jail):
    """Five people: the ratio stands, since they and a whole group are hidden; no bounds."""
    rows = [(i, 0, 100) for i in range(155)]
    race = ["Black"] * 80 + ["white"] * 40 + ["Asian"] * 30 + ["not recorded"] * 5
    levels = {"race": ("Black", "white", "Asian", "not recorded")}
    table = pl.DataFrame({"race": ["Black", "white"], "people": [1000, 4000]})
    frame = told(
        jail(rows, race=race),
        residents=residents_in(table, "p.csv", "adults", levels),
        disparity=comparison("race=Black:white", levels, "not recorded"),
    )
    rows = frame.filter(pl.col("quantity").str.starts_with("disparity"))
    assert rows["mean"].to_list() == pytest.approx([8, 7000])
    assert rows["low"].null_count() == rows["high"].null_count() == 2


def test_a_ratio_on_small_counts_is_withheld_and_the_reason_said(crowd, tmp_path):
    """Twelve held on average: no ratio, and a note that says why."""
    file = tmp_path / "p.csv"
    file.write_text("race,people,unit\nBlack,1000,adults\nwhite,4000,adults\n", encoding="utf-8")
    found = measure_records(crowd(), Wanted(population=file, compare="race=Black:white", draws=0))
    rows = found.figures.filter(
        pl.col("quantity").is_in(["disparity_ratio", "disparity_difference"])
    )
    assert len(rows) == 2
    assert rows["suppressed"].all()
    assert any("fewer than 30 people" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "per", "message", "fix"),
    [
        ("race,people\nBlack,1\n", None, "nothing says whom these residents are", "--per"),
        ("rase,people\nBlack,1\n", "adults", "no column 'rase'", "did you mean 'race'?"),
        (
            "race,count\nBlack,1\n",
            "adults",
            "no column 'count'",
            "name the column of counts 'people'",
        ),
        ("race,people\nblack,1\n", "adults", "no record has race 'black'", "did you mean 'Black'?"),
        ("race,people\nBlack,many\n", "adults", "'many' is not a count", "write 52000"),
        ("race,people\nBlack,1\nBlack,2\n", "adults", "Black stands twice", "one row a group"),
        ("people,unit\n1,adults\n2,everyone\n", None, "of 2 kinds", "one denominator a table"),
        ("", "adults", "cannot be read", "save it as CSV"),
    ],
)
def test_a_table_of_residents_that_cannot_be_used_says_what_to_mend(
    crowd, tmp_path, text, per, message, fix
):
    """Each with what is wrong and what to type instead."""
    file = tmp_path / "p.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        measure_records(crowd(), Wanted(population=file, per=per, draws=0))
    assert message in str(error.value)
    assert fix in str(error.value)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"by": ("rase",)}, "no column 'rase' to group by"),
        ({"by": ("race", "race")}, "asked for twice"),
        ({"quantities": ("apd",)}, "no quantity 'apd'. Fix: did you mean 'adp'?"),
        ({"quantities": ("tally",)}, "use one of: adp, population, .*, stay_quantiles, returns$"),
        ({"quantities": ("rate",)}, "a rate needs a table of residents"),
        ({"quantities": ("disparity_ratio",)}, "needs two levels to compare"),
        ({"quantities": ("population",), "by": ("stay_band",)}, "not given by stay_band"),
        ({"since": BEFORE}, "not inside the window"),
        ({"since": AFTER, "until": START}, "not inside the window"),
        ({"draws": 1}, "one draw shows nothing of chance"),
        ({"draws": -1}, "--draws cannot be -1"),
        ({"compare": "race=Black:white"}, "needs a table of residents"),
        (
            {"variance": "last-year"},
            "two years of records: these begin on 2020-01-01 and end on 2020-04-10; the first "
            "period that has one before begins on 2021-01-01",
        ),
        ({"variance": "last-year", "every": "month"}, "of one period"),
        ({"variance": "nowhere.json"}, "cannot be read"),
        ({"within": (0,), "quantities": ("returns",)}, "within 1 day or more"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_reason(crowd, asked, message):
    """One message, and what to type instead."""
    with pytest.raises(InputError, match=message) as error:
        measure_records(crowd(), Wanted(**asked))
    assert all(problem.fix for problem in error.value.problems)


def test_more_groups_than_can_be_given_are_refused_before_the_work(jail):
    """A column of codes, each person's own."""
    rows = [(i, 0, 5) for i in range(4000)]
    with pytest.raises(InputError, match="4,000 groups are more than figures can be given by"):
        told(jail(rows, charge=[f"c{i}" for i in range(4000)]), by=("charge",))


def test_a_change_is_split_in_words_that_say_what_moved(jail):
    """Twice the admissions, each for half as long: as many people, and both parts told."""
    rows = [(i, i % 20, i % 20 + 40) for i in range(100)]
    rows += [(100 + i, 366 + i % 20, 366 + i % 20 + 20) for i in range(200)]
    records = jail(rows, days=500)
    first = START + dt.timedelta(366)
    found = measure_records(
        records,
        Wanted(since=first, until=first + dt.timedelta(100), variance="last-year", draws=0),
    )
    assert found.says == (
        "The jail held 40 people on an average day, as many as in the same period a year earlier: "
        "+30 through the number of admissions and −30 through the days held for each admission."
    )
    assert found.meta["against"] == "2020-01-01 to 2020-04-11"


@pytest.mark.parametrize(
    ("days", "now", "before"),
    [
        (400, ("2021-01-01", "2021-02-01"), "2020-01-01 to 2020-02-01"),
        (740, ("2021-01-01", "2022-01-01"), "2020-01-01 to 2021-01-01"),
        (800, ("2021-03-01", "2022-03-01"), "2020-03-01 to 2021-03-01"),
    ],
)
def test_a_change_is_by_default_of_twelve_months_or_of_the_last(jail, days, now, before):
    """A year against the year before where the records hold both, else a month."""
    records = jail([(i, i % 700, i % 700 + 40) for i in range(700)], days=days)
    found = measure_records(records, Wanted(variance="last-year", draws=0))
    assert (found.meta["from"], found.meta["to"]) == now
    assert found.meta["against"] == before


def test_a_period_without_a_year_before_it_is_told_the_first_that_has_one(jail):
    """Three years of records, and a month of the first."""
    records = jail([(i, i, i + 40) for i in range(1000)], days=1096)
    asked = Wanted(since=AFTER, until=START + dt.timedelta(31), variance="last-year", draws=0)
    with pytest.raises(InputError, match="Fix: give --from 2021-01-01 or later"):
        measure_records(records, asked)


@given(
    before=st.floats(0, 9e3), moved=st.floats(-4e3, 4e3), mix=st.floats(-99, 99),
    days=st.floats(-4e3, 4e3),
)  # fmt: skip
def test_a_change_as_shown_adds_up(before, moved, mix, days):
    """The change is the difference of what is shown, and the sum of its parts; each within two."""
    change = moved + mix + days
    of = {"population": before + change, "population_before": before, "change": change,
          "change_by_admissions": moved, "change_by_mix": mix, "change_by_days": days}  # fmt: skip
    found = whole(of)
    assert found["change"] == found["population"] - found["population_before"]
    assert found["change"] == sum(
        found[f"change_by_{part}"] for part in ("admissions", "mix", "days")
    )
    assert all(abs(found[name] - of[name]) < 2 for name in of)


def test_a_group_without_admissions_changed_through_the_days_held():
    """Nobody came in the second period, and twelve were still held: there is no factor to blame."""
    before, after = (
        Held(10.0, np.array([held]), np.array([came])) for held, came in ((200, 10), (120, 0))
    )
    moved, days = split(before, after)
    assert (moved[0], days[0]) == (0.0, -8.0)


def test_a_run_written_by_compare_is_what_a_forecast_is(build, tmp_path, jail):
    """The first scenario of a run of a model, against records of the same months."""
    model = build.model({"jail": build.state(build.fixed(20), "gone")}, {"jail": 2.0})
    start = model.clock.start
    run = rm.compare(model, [], until=start + dt.timedelta(90), every="month")
    file = tmp_path / "run.json"
    file.write_text(run.to_json(), encoding="utf-8")
    shift = (start - START).days
    rows = [(i, shift + i % 60, shift + i % 60 + 20) for i in range(150)]
    found = measure_records(jail(rows, days=shift + 100), Wanted(variance=file, draws=0))
    expected = run.series.filter(pl.col("quantity") == "population")
    days = np.diff([(d - start).days for d in expected["date"]] + [90])
    before = found.variance.filter(pl.col("quantity") == "population_before")["mean"][0]
    assert before == pytest.approx((expected["mean"].to_numpy() * days).sum() / 90)
    assert "were forecast" in found.says
    with pytest.raises(InputError, match="no scenario 'plan-b'"):
        measure_records(jail(rows, days=shift + 100), Wanted(variance=file, scenario="plan-b"))


def test_synthetic_records_are_marked_first_and_people_never_come_out(crowd):
    """The first note says so; the JSON holds sums over people alone."""
    found = measure_records(crowd(synthetic=True), Wanted(draws=20))
    assert found.notes[0].startswith("SYNTHETIC")
    shape = json.loads(found.to_json())
    parts = {"measure", "figures", "stay_bands", "levels", "variance", "says", "notes"}
    assert set(shape) == parts
    assert shape["measure"]["synthetic"] is True
    assert shape["measure"]["sources"][0]["sha256"] == "f" * 64
    assert all("person" not in row for row in shape["figures"])
    assert {"date", "quantity", "unit", "mean", "suppressed"} <= set(shape["figures"][0])


@pytest.fixture
def months(tmp_path):
    """A work file of monthly figures: two jails over three months, one of which misses one."""
    import duckdb

    path = tmp_path / "months.duckdb"
    with duckdb.connect(str(path)) as con:
        for table in TABLES:
            con.execute(definition(table))
        con.execute("INSERT INTO about VALUES ('format', '1')")
        con.execute("INSERT INTO sources VALUES (1, 'm.csv', 'aggregates', 'ab', 1, 12, 12, '{}')")
        for place, adp in (("Oak", (100, 120, 110)), ("Elm", (50, 0, 70))):
            for month, people in zip((1, 2, 3), adp, strict=True):
                day = f"2019-0{month}-01"
                for name, own in (("adp", people), ("admissions", 60)):
                    con.execute(
                        "INSERT INTO aggregates VALUES (?, ?, ?, NULL, NULL, ?, 1)",
                        [day, place, name, own],
                    )
        con.execute(SPELLS_VIEW)
    return path


def test_monthly_figures_give_the_stay_they_imply_and_leave_out_months_not_reported(months):
    """Oak: ADP by days of the month; Elm reported no February."""
    found = rm.measure(months)
    oak, elm = (found.figures.filter(pl.col("place") == place) for place in ("Oak", "Elm"))
    held = 100 * 31 + 120 * 28 + 110 * 31
    assert value(oak, "population") == pytest.approx([held / 90])
    assert value(oak, "admissions") == [180]
    assert value(oak, "days_per_admission") == pytest.approx([held / 180])
    assert value(elm, "population") == pytest.approx([60])
    assert value(elm, "days_per_admission") == pytest.approx([31])
    assert any("Elm 1 (months)" in note for note in found.notes)
    assert any("steady (Little's law)" in note for note in found.notes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"places": ["Ok"]}, "no place 'Ok'"),
        ({"every": "week"}, "say nothing of a week"),
        ({"since": "2019-01-15"}, "cannot be read for"),
        ({"variance": "last-year"}, "needs stays"),
        ({"by": "race"}, "not given by 'race'"),
    ],
)
def test_what_months_cannot_tell_is_refused(months, more, message):
    """With what to type instead."""
    with pytest.raises(InputError, match=message) as error:
        rm.measure(months, **more)
    assert error.value.problems[0].fix


def test_the_command_line_prints_a_table_json_and_csv(months, remand, tmp_path):
    """`remand measure` in its four forms, and a place misspelt."""
    code, out, _ = remand("measure", str(months))
    assert code == 0
    assert "Oak" in out
    assert "days/admission" in out
    code, out, _ = remand("measure", str(months), "--json")
    assert json.loads(out)["measure"]["basis"] == "monthly figures"
    code, out, _ = remand("measure", str(months), "--csv", "--every", "month")
    assert out.splitlines()[0].startswith("date,place,kind,quantity,unit,mean")
    code, out, _ = remand("measure", str(months), "--out", str(tmp_path / "m.csv"))
    assert (tmp_path / "m.csv").exists()
    code, out, err = remand("measure", str(months), "--place", "Okk")
    assert (code, out) == (2, "")
    assert "did you mean 'Oak'?" in err


def work_file(path, rows, window):
    """A work file of bookings: rows of person, admitted, released (days of 2019), race."""
    import duckdb

    with duckdb.connect(str(path)) as con:
        for table in TABLES:
            con.execute(definition(table))
        about = {"format": "1", "window_from": window[0], "window_to": window[1],
                 "basis": "bookings", "counts": "in-facility"}  # fmt: skip
        con.executemany("INSERT INTO about VALUES (?, ?)", list(about.items()))
        con.execute("INSERT INTO sources VALUES (1, 'b.csv', 'bookings', 'ab', 1, 12, 12, '{}')")
        first = dt.datetime(2019, 1, 1, 12)  # noqa: DTZ001 - days of a jail have no zone
        days = pl.duration(days=pl.col("into")), pl.duration(days=pl.col("out"))
        stays = pl.DataFrame(rows, ["who", "into", "out", "race"], orient="row").select(
            pl.int_range(pl.len()).alias("stay"),
            pl.format("p{}", "who").alias("person"),
            (pl.lit(first) + days[0]).alias("admitted"),
            (pl.lit(first) + days[1]).alias("released"),
            "race",
            pl.lit(1).alias("source"),
            pl.int_range(pl.len()).alias("line"),
        )
        stays.write_parquet(path.with_suffix(".parquet"))
        table = str(path.with_suffix(".parquet"))
        con.execute("INSERT INTO stays BY NAME SELECT * FROM read_parquet(?)", [table])
        con.execute(SPELLS_VIEW)
    return path


@pytest.fixture(scope="module")
def bookings(tmp_path_factory):
    """Two years of a jail: eighty Black and eighty white people, each in for 2 of every 4 days."""
    rows = [
        (160 * turn + i, turn * 4 + i % 4, turn * 4 + i % 4 + 2, "Black" if i < 80 else "white")
        for turn in range(182)
        for i in range(160)
    ]
    folder = tmp_path_factory.mktemp("bookings")
    return work_file(folder / "w.duckdb", rows, ("2019-01-01", "2021-01-01"))


def lines(out):
    """Lines of a table as words."""
    return [line.split() for line in out.splitlines()]


def test_two_levels_stand_in_one_table_with_their_ratio(bookings, tmp_path, remand):
    """Black to white, level, ratio and difference, per whom, and intervals."""
    file = tmp_path / "p.csv"
    file.write_text("race,people,unit\nBlack,1000,adults\nwhite,4000,adults\n", encoding="utf-8")
    asked = ("measure", bookings, "--population", file, "--compare", "race=Black:white")
    code, out, err = remand(*asked, "--draws", "20")
    assert (code, err) == (0, "")
    shown = out.splitlines()
    at = shown.index("Black to white, people held per 100,000 adults")
    heads = "Black 90 % interval white 90 % interval ratio 90 % interval difference 90 % interval"
    assert shown[at + 1].split() == heads.split()
    cells = shown[at + 2].split()
    assert (cells[4], len(cells)) == ("4.00", 8)
    assert float(cells[0].replace(",", "")) - float(cells[2]) == float(cells[6].replace(",", ""))
    assert "ratio" not in shown[1]


def test_people_held_on_an_average_day_are_called_adp(bookings, remand):
    """By its name, in the heading and as --quantity; a single day has people."""
    code, out, _ = remand("measure", bookings, "--quantity", "ADP", "--draws", "0")
    assert code == 0
    assert lines(out)[1:3] == [["ADP"], ["80"]]
    assert "ADP: average daily population" in out
    days = ("--from", "2020-01-01", "--to", "2020-01-03", "--every", "day")
    out = remand("measure", bookings, "--quantity", "adp", "--draws", "0", *days)[1]
    assert lines(out)[1:][0] == ["date", "people"]


def test_a_short_mean_stay_has_a_decimal_and_people_have_none(bookings, remand):
    """Stays of two days."""
    asked = ("--quantity", "stay_release", "--quantity", "population", "--draws", "0")
    out = remand("measure", bookings, *asked)[1]
    assert lines(out)[1:3] == [["ADP", "stay", "(released)"], ["80", "2.0"]]
    assert "Stay (released): mean stay" in out
    assert "stay_release" not in out


def test_a_table_begins_at_once_and_a_dash_is_explained(tmp_path, remand):
    """Of one group a third is still inside: how long three quarters stay is known of the other."""
    rows = [(i, 0, 10, "a") for i in range(40)] + [(i, 40, 50, "a") for i in range(20)]
    rows += [(40 + i, 60, None, "a") for i in range(30)]
    rows += [(200 + i, 0, 10, "b") for i in range(40)]
    work = work_file(tmp_path / "w.duckdb", rows, ("2019-01-01", "2019-04-11"))
    out = remand("measure", work, "--quantity", "returns", "--within", "30", "--draws", "0")[1]
    first = "Booked again, of the people released, by their first release in the period, within"
    assert " ".join(word for line in lines(out)[2:4] for word in line) == first
    asked = ("--quantity", "stay_quantiles", "--by", "race", "--draws", "0")
    out = remand("measure", work, *asked)[1]
    assert "\n–: longer than the records can tell.\n" in out
    assert out.count("–: longer") == 1


def test_notes_are_as_wide_as_the_widest_table(bookings, remand):
    """A table wider than the screen, and a note that uses its width."""
    out = remand("measure", bookings, "--every", "year", "--draws", "20")[1]
    widest = max(len(line) for line in out.splitlines()[1:4])
    assert widest > 100
    note = next(line for line in out.splitlines() if line.startswith("Intervals: Bayesian"))
    assert 80 < len(note) <= widest


def test_json_and_csv_together_are_refused(bookings, remand):
    """One of them would be left out without a word."""
    code, out, err = remand("measure", bookings, "--json", "--csv")
    assert (code, out) == (2, "")
    assert "give one of the two" in err


def test_a_change_says_first_which_periods_it_compares(bookings, remand):
    """A year against the year before."""
    code, out, _ = remand("measure", bookings, "--variance", "last-year", "--draws", "0")
    assert code == 0
    first = " ".join(out.split("\n")[:2])
    assert "2020-01-01 to 2021-01-01 against 2019-01-01 to 2020-01-01" in first
    assert "Default" in remand("measure", "--help")[1].partition("--variance")[2][:120]
