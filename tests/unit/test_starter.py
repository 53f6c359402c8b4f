"""A first model from published figures: what is kept, what is said, and what is refused."""

from __future__ import annotations

import datetime as dt
import json

import duckdb
import pytest

import remand as rm
from remand.engine.compile import compile_model
from remand.fitting.glance import example
from remand.fitting.limits import chance
from remand.fitting.published import Published
from remand.fitting.shapes import NATION, SHAPES, SOURCES, UNSENTENCED
from remand.fitting.starter import Split
from remand.records.contracts import SPELLS_VIEW, TABLES, definition

DAY = dt.date(2024, 1, 1)
RACES = {"Black": 0.45, "white": 0.5, "other": 0.05}
RESIDENTS = {"Black": 9000, "white": 48000, "other": 4000}


def make(adp=212, admissions=4100, **more):
    """A starter as of 2024."""
    return rm.starter(adp, admissions, **{"pretrial": 0.7, "as_of": DAY, **more})


def limit(found, about):
    """The limit that begins with these words, or nothing."""
    return next((line for line in found.limits if line.startswith(about)), "")


def test_the_split_by_status_is_the_published_one():
    """Booked and held before trial are 70 % of people held, the sentenced the rest."""
    held = dict(make().glance.held.select("state", "share").rows())
    assert held["sentenced"] == pytest.approx(0.3, abs=1e-9)
    assert sum(held.values()) == pytest.approx(1)


def test_without_a_pretrial_share_the_nations_stands_in_as_a_range():
    """Its middle is the nation's; its ends reach no further than California's counties."""
    found = make(pretrial=None)
    assert found.glance.held["share"][-1] == pytest.approx(1 - NATION, abs=1e-9)
    low, high = Split.of(SHAPES["new-york"], found.given.stay, None).unconvicted
    assert low < UNSENTENCED[0] + 0.01
    assert NATION + 0.1 < high < UNSENTENCED[1] + 0.01
    assert limit(found, "Status:")
    assert not limit(make(), "Status:")


def test_a_jail_without_sentenced_people_has_no_state_for_them():
    """Nor an exit that leads there."""
    spec = make(pretrial=1.0).model
    assert list(spec.states) == ["booking", "held_weeks", "pretrial"]
    assert list(spec.arrivals) == ["booking"]


def test_every_source_that_a_state_names_is_in_the_file():
    """And what was given is among them."""
    spec = make(source="https://example.org/jail").model
    assert set(SOURCES) | {"published"} == set(spec.sources)
    assert spec.sources["published"].address == "https://example.org/jail"


def test_no_more_than_a_few_people_use_most_of_the_beds():
    """As the source says of a typical jail: short stays are most, and use few beds."""
    bands = make().glance.bands
    short = bands.head(3)
    assert short["admitted"].sum() > 0.65
    assert short["beds"].sum() < 0.05
    assert bands["admitted"].sum() == pytest.approx(1)
    assert bands["beds"].sum() == pytest.approx(1)


def test_residents_by_race_give_a_disparity_where_the_numbers_carry_it():
    """95 and 106 people held are enough."""
    found = make(by_race=RACES, residents=RESIDENTS)
    assert found.model.disparity.of == "Black"
    assert found.model.residents.axes == ("race",)
    assert not limit(found, "Disparity:")
    assert limit(found, "Why races differ:")


def test_a_county_of_twenty_beds_gets_no_ratio_but_a_reason_and_a_pooled_range():
    """The numbers of people of each race stay out of it."""
    found = make(20, 400, by_race={"Black": 0.4, "white": 0.6},
                 residents={"Black": 1000, "white": 8000})  # fmt: skip
    assert found.model.disparity.of == "Black"  # what compare withholds, and gives a range for
    told = limit(found, "Disparity:")
    assert "Fewer than 30 Black and 30 white people are held" in told
    assert "13 to 28 on nine nights of ten (222, 144 to 311, per 100,000" in told


@pytest.mark.parametrize(
    ("more", "about"),
    [
        ({"by_race": RACES, "population": 61000}, "needs residents by race"),
        ({"by_race": {"Latinx": 0.5, "white": 0.5}}, "Black and white, and not both"),
    ],
)
def test_a_disparity_that_cannot_be_said_has_its_reason(more, about):
    """Whatever is missing for it is named."""
    found = make(**more)
    assert about in limit(found, "Disparity:")
    assert found.model.disparity is None


def test_what_was_given_is_not_among_the_limits():
    """Rates, crowding and race are told of only while nothing was given for them."""
    bare, full = make(), make(population=61000, capacity=250, by_race=RACES)
    for about in ("Rates:", "Crowding:", "Race:"):
        assert limit(bare, about)
        assert not limit(full, about)
    assert bare.glance.rate is None
    assert full.glance.rate == (pytest.approx(212e5 / 61000), "residents (all ages)")


def test_a_capacity_below_the_population_is_a_warning():
    """It is possible, and the model does not hold anybody back."""
    found = make(capacity=200)
    assert "below the 212 people" in found.folder.trials[0]
    assert not make(capacity=212).folder.trials


def test_shares_that_were_rounded_are_divided_by_their_sum():
    """And it is said."""
    found = make(by_race={"Black": 0.45, "white": 0.552})
    assert sum(found.given.shares.values()) == pytest.approx(1)
    assert "add up to 1.002" in found.folder.trials[0]


@pytest.mark.parametrize(
    ("figures", "field", "message"),
    [
        ({"admissions": 100}, "adp", "212 is more than 100 admissions a year could fill"),
        ({"adp": 2, "admissions": 41000}, "adp", "a stay of 0.4 hours"),
        ({"adp": -3}, "adp", "-3 must be a number above 0"),
        ({"population": float("nan")}, "population", "must be a number above 0"),
        ({"pretrial": 70}, "pretrial", "70 is no share of people held"),
        ({"pretrial": 0}, "pretrial", "above 0"),
        ({"by_race": {"Black": 0.5, "white": 0.4}}, "by_race", "0.9 is what the shares"),
        ({"by_race": {"Black": 45, "white": 55}}, "by_race", "no share of people held (Black)"),
        ({"residents": RESIDENTS}, "residents", "need people held by race"),
        ({"by_race": {"Black": 0.5, "white": 0.5}, "residents": {"Black": 9, "whit": 2}},
         "residents", "whit is not among the races"),
        ({"by_race": RACES, "residents": RESIDENTS, "population": 50000}, "population", "61,000"),
        ({"start": "2023-06-01"}, "start", "is before 2024-01-01"),
        ({"adp": None}, "", "--adp is missing"),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused_with_the_value_and_a_fix(figures, field, message):
    """Each contradiction names its figure."""
    with pytest.raises(rm.InputError) as wrong:
        make(**figures)
    found = [p for p in wrong.value.problems if p.field == field and message in p.message]
    assert found
    assert all(problem.fix for problem in wrong.value.problems)


def test_every_contradiction_is_told_at_once():
    """Not only the first."""
    with pytest.raises(rm.InputError) as wrong:
        make(admissions=100, pretrial=2, by_race={"Black": 0.2})
    assert {p.field for p in wrong.value.problems} == {"adp", "pretrial", "by_race"}


def test_a_starter_is_written_checked_and_compared(remand, tmp_path):
    """The folder checks clean, and the platform that is printed moves its beds."""
    folder, plan = tmp_path / "county", tmp_path / "a.yaml"
    code, out, _ = remand("starter", "--adp", 212, "--admissions", 4100, "--pretrial", 0.7,
                          "--by-race", "Black=0.45,white=0.55", "--as-of", "2024-01-01",
                          "--out", folder)  # fmt: skip
    assert code == 0
    assert "a mean stay of 18.9 days" in out
    assert "What these figures cannot support" in out
    spec = rm.read_model(str(folder))
    plan.write_text(example(spec), encoding="utf-8")
    assert example(spec) in out
    assert remand("check", folder, plan)[:2] == (0, "no problems\n")
    run = rm.compare(spec, [plan], until="2026-01-01", every="year")
    base, other = run.summary.filter(quantity="population", kind="jail")["mean"].to_list()
    assert base == pytest.approx(212, rel=1e-6)
    assert other < base - 5


def test_the_file_says_first_what_it_is_and_what_it_cannot_support(tmp_path):
    """And no date in it is an alias of another."""
    make(out=tmp_path / "county", population=61000)
    text = (tmp_path / "county/model.yaml").read_text(encoding="utf-8")
    assert text.startswith("# A first model by remand starter")
    assert "# What the figures cannot support:" in text
    assert "&id" not in text
    assert not (tmp_path / "county/draws.parquet").exists()
    with pytest.raises(rm.InputError, match="--replace"):
        make(out=tmp_path / "county")
    make(out=tmp_path / "county", replace=True)


def test_json_holds_the_figures_the_ranges_and_the_limits(remand):
    """Its keys are stable."""
    code, out, _ = remand("starter", "--adp", 212, "--admissions", 4100, "--json")
    shape = json.loads(out)
    assert code == 0
    assert {"title", "start", "held", "bands", "steady", "adp", "stay", "census", "rate", "ranges",
            "doubts", "limits", "model"} == set(shape)  # fmt: skip
    assert shape["steady"] == pytest.approx(212)


@pytest.mark.parametrize("text", ["Black", "Black=x", "=0.5", "Black=0.5,Black=0.5"])
def test_races_in_another_form_are_refused(remand, text):
    """With the form they should have."""
    code, _, err = remand("starter", "--adp", 212, "--admissions", 4100, "--by-race", text)
    assert code == 2
    assert "write --by-race Black=0.45" in err


# -- figures from a file ---------------------------------------------------------------------


@pytest.fixture
def months(tmp_path):
    """A work file of the monthly figures of one jail, 2018 and 2019; the second year is fuller."""
    path = tmp_path / "months.duckdb"
    with duckdb.connect(str(path)) as con:
        for table in TABLES:
            con.execute(definition(table))
        con.execute("INSERT INTO about VALUES ('format', '1')")
        con.execute("INSERT INTO sources VALUES (1, 'm.csv', 'aggregates', 'ab', 1, 48, 48, '{}')")
        for year, people in ((2018, 100), (2019, 120)):
            for month in range(1, 13):
                for name, own in (("adp", people), ("admissions", 200)):
                    con.execute(
                        "INSERT INTO aggregates VALUES (?, 'Oak', ?, NULL, NULL, ?, 1)",
                        [dt.date(year, month, 1), name, own],
                    )
        con.execute(SPELLS_VIEW)
    return path


def test_a_work_file_of_months_gives_its_last_year(months):
    """People held and admissions of 2019; what is typed in goes before."""
    found = rm.starter(file=months)
    assert found.given.adp == pytest.approx(120)
    assert found.given.admissions == pytest.approx(2400 * 365.25 / 365)
    assert (found.given.first, found.given.as_of) == (dt.date(2019, 1, 1), dt.date(2020, 1, 1))
    assert found.given.title == "Oak"
    assert rm.starter(130, file=months).given.adp == 130


def test_what_measure_prints_is_a_source_of_figures(remand, months, tmp_path):
    """A quarter is taken as a year's, and said; by month, it is refused."""
    code, out, _ = remand("measure", months, "--from", "2019-01-01", "--to", "2019-04-01", "--json")
    assert code == 0
    written = tmp_path / "measure.json"
    written.write_text(out, encoding="utf-8")
    found = rm.starter(file=written)
    assert found.given.admissions == pytest.approx(600 * 365.25 / 90)
    assert "of 90 days" in found.folder.trials[0]
    written.write_text(remand("measure", months, "--every", "month", "--json")[1], "utf-8")
    with pytest.raises(rm.InputError, match="measured by the month"):
        rm.starter(file=written)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is not JSON"), ("[]", "no measurement"), ("{}", "no measurement")]
)
def test_a_file_that_is_no_measurement_is_refused(tmp_path, text, message):
    """Whatever else it may be."""
    file = tmp_path / "m.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(rm.InputError, match=message):
        rm.starter(file=file)


def measured(**rows):
    """A measurement by race, in its JSON shape."""
    figures = [{"quantity": "population", "mean": 200.0}, {"quantity": "admissions", "mean": 3000}]
    figures += [{"quantity": "population", "race": r, "mean": n} for r, n in rows.items()]
    return {"measure": {"from": "2022-12-31", "to": "2023-12-31", "by": ["race"]},
            "figures": figures}  # fmt: skip


def test_people_held_by_race_are_taken_from_a_measurement_unless_some_are_hidden(tmp_path):
    """A hidden count is not worked out from the others."""
    file = tmp_path / "m.json"
    file.write_text(json.dumps(measured(Black=80.0, white=120.0)), encoding="utf-8")
    assert rm.starter(file=file).given.shares == {"Black": 0.4, "white": 0.6}
    file.write_text(json.dumps(measured(Black=80.0, white=None)), encoding="utf-8")
    assert not rm.starter(file=file).given.by_race


def test_synthetic_records_stay_marked_and_files_keep_their_hash(tmp_path):
    """Whatever is made from them says so first."""
    file = tmp_path / "m.json"
    shape = measured(Black=80.0, white=120.0)
    shape["measure"] |= {"synthetic": True, "sources": [{"file": "b.csv", "sha256": "ab" * 32}]}
    file.write_text(json.dumps(shape), encoding="utf-8")
    found = rm.starter(file=file)
    assert found.folder.trials[0].startswith("SYNTHETIC")
    assert found.model.sources["published"].address == f"b.csv sha256:{'ab' * 32}"


def test_chance_alone_moves_a_census_as_a_poisson_count():
    """Counts at which the distribution function passes 5 and 95 %, summed by hand."""
    mean, total, term, ends = 7.5, 0.0, None, []
    for k in range(40):
        term = 2.718281828459045**-mean if term is None else term * mean / k
        ends += [k for share in (0.05, 0.95) if total < share <= total + term]
        total += term
    assert chance(mean) == tuple(ends)


def test_a_later_start_lets_admissions_drift_from_the_day_of_the_figures():
    """The drift begins where the figures end; without draws it moves nothing."""
    spec = make(start="2025-01-01").model
    assert spec.clock.start == dt.date(2025, 1, 1)
    assert spec.arrivals["booking"].drift.from_ == DAY
    assert compile_model(spec, dt.date(2025, 1, 2)).inside.sum() == pytest.approx(212)


def test_little_s_law_is_in_the_year_of_the_program():
    """A year of 365.25 days, as the model's rates have."""
    assert Published(1, 365.25, DAY).stay == 1
