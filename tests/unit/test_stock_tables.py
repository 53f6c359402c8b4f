"""People inside by stratum, each with their own time so far: rows, and the CSV they come from."""

from __future__ import annotations

import numpy as np
import pytest

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.errors import InputError
from remand.files import load_model, read_model, write

ROWS = [
    {"where": {"race": "Black"}, "days": 0, "people": 6},
    {"where": {"race": "Black"}, "days": 3, "people": 2},
    {"where": {"race": "white"}, "days": 2, "people": 5},
]


@pytest.fixture
def county(build):
    """A jail of two strata whose stays are two or six nights, with people inside as given."""

    def make(tonight):
        return build.model(
            {"jail": build.state(build.table({2: 0.5, 6: 0.5}))},
            {"jail": 1.0},
            strata={"race": ["Black", "white"]},
            tonight={"jail": tonight},
        )

    return make


def census(model, build, steps=8):
    """People inside at the end of each step, by stratum."""
    return solve(compile_model(model, build.day(steps))).census[:, 0]


def test_every_stratum_completes_the_stays_its_own_people_began(county, build):
    """Worked by hand: of those in for 0 days half leave on the day after next."""
    model = county({"rows": ROWS})
    empty = census(county({"people": 0}), build)
    found = census(model, build) - empty
    # 6 people one night in: half stay two nights, half six; 2 people four nights in: six nights
    assert found[0] == pytest.approx([6 + 2, 3 + 2, 3, 3, 3, 0, 0, 0])
    # 5 people three nights in, who all stay for six
    assert found[1] == pytest.approx([5, 5, 5, 0, 0, 0, 0, 0])


def test_rows_alike_in_all_strata_are_people_with_elapsed_times(county, build):
    """One way of writing must mean what the other does."""
    rows = [{"days": 0, "people": 6}, {"days": 3, "people": 2}]
    elapsed = {"people": 8, "elapsed": [{"days": 0, "share": 0.75}, {"days": 3, "share": 0.25}]}
    assert np.array_equal(census(county({"rows": rows}), build), census(county(elapsed), build))


def test_people_and_rows_together_are_refused(county):
    """Nobody could say which counts."""
    with pytest.raises(ValueError, match="either 'people' or 'rows'"):
        county({"people": 3, "rows": ROWS})
    with pytest.raises(ValueError, match="either 'people' or 'rows'"):
        county({})


CSV = "race,days,people\nBlack,0,6\nBlack,3,2\nwhite,2,5\n"


@pytest.fixture
def with_csv(place, texts):
    """The tiny county with its jail counted in a CSV beside it."""
    text = texts["model"] + "tonight:\n  jail: {source: https://example.org/x, file: inside.csv}\n"
    place.write(model=text)
    (place.folder / "inside.csv").write_text(CSV)
    return place


def test_a_csv_says_who_is_inside(with_csv):
    """Axes it does not name are shared by all their levels."""
    stock = read_model(with_csv.model).tonight["jail"]
    assert [(dict(row.where), row.days, row.people) for row in stock.rows] == [
        ({"race": ("Black",)}, 0, 6), ({"race": ("Black",)}, 3, 2), ({"race": ("white",)}, 2, 5),
    ]  # fmt: skip


def test_a_wrong_cell_is_told_with_its_line_and_column(with_csv):
    """The file, the line and the column are those of the CSV."""
    (with_csv.folder / "inside.csv").write_text(CSV.replace("white,2,5", "white,2,many"))
    _, problems = load_model(with_csv.model)
    assert [(p.file, p.line, p.field) for p in problems] == [
        (str(with_csv.folder / "inside.csv"), 4, "people")
    ]


def test_an_unknown_level_in_the_csv_is_told_once(with_csv):
    """With what was probably meant."""
    (with_csv.folder / "inside.csv").write_text(CSV.replace("Black", "Blakc"))
    _, problems = load_model(with_csv.model)
    assert [(p.line, p.value) for p in problems] == [(2, "Blakc")]
    assert "did you mean 'Black'?" in problems[0].fix


def test_a_stratum_in_two_groups_of_rows_is_an_error(with_csv):
    """Its people would be held twice."""
    (with_csv.folder / "inside.csv").write_text(CSV + "*,9,1\n")
    _, problems = load_model(with_csv.model)
    assert [p.line for p in problems] == [5]
    assert "added to them" in problems[0].message


def test_a_csv_without_rows_is_told(with_csv):
    """A header and blank lines."""
    (with_csv.folder / "inside.csv").write_text("race,days,people\n\n\n")
    assert load_model(with_csv.model)[1]


def test_a_model_written_again_leaves_the_csv_to_speak(with_csv):
    """Nothing is said twice, and what is read is the same."""
    model = read_model(with_csv.model)
    again = with_csv.folder / "again.yaml"
    write(model, again)
    assert "inside.csv" in again.read_text()
    assert "rows:" not in again.read_text().partition("tonight:")[2]
    assert read_model(again).tonight == model.tonight


def test_people_in_longer_than_anyone_stays_are_an_error(county, build):
    """The law and the census contradict each other."""
    with pytest.raises(InputError, match="longer than anyone stays"):
        census(county({"rows": [{"days": 9, "people": 1}]}), build)


def test_a_pace_lifts_and_lowers_arrivals_by_date(build):
    """A factor of the rate, from its date on."""
    arrivals = {
        "jail": {
            "unit": "people per day",
            "rate": 4.0,
            "pace": [{"value": 1.0}, {"from": build.day(3), "value": 0.5}],
        }
    }
    model = build.model({"jail": build.state(build.fixed(2))}, {"jail": 1.0})
    model = model.replace(arrivals=arrivals)
    kernel = compile_model(model, build.day(6))
    assert kernel.arrivals[0, 0].tolist() == [4, 4, 4, 2, 2, 2]
