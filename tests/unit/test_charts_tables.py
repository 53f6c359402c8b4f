"""Charts of tables: stays, backtests, counties, and what every chart has in common."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import remand as rm
from remand.errors import InputError
from remand.present import theme
from remand.present.charts import counties, horizon, stays, tornado
from remand.present.marks import apart
from remand.present.saving import save


def bands(hidden=()):
    """A total of 100 people and 1,000 bed-days, in three bands."""
    rows = [
        (None, 100.0, 1000.0), ("1", 60.0, 20.0), ("2–3", 36.0, 380.0), ("over 730", 4.0, 600.0)
    ]  # fmt: skip
    return pl.DataFrame(
        [
            {"stay_band": band, "quantity": quantity, "suppressed": band in hidden,
             "mean": None if band in hidden else value}
            for band, people, beds in rows
            for quantity, value in (("admissions", people), ("bed_days", beds))
        ],
        schema_overrides={"mean": pl.Float64, "stay_band": pl.String},
    )  # fmt: skip


# -- stays -------------------------------------------------------------------------------------


def test_people_and_beds_are_shares_of_their_own_totals(spec):
    """60 of 100 people in 2 per cent of the beds."""
    chart = stays(bands())
    drawn = spec.rows(chart, "stay_band", "share", kind="rect")
    assert drawn == [("1", 60.0), ("2–3", 36.0), ("over 730", 4.0),
                     ("1", 2.0), ("2–3", 38.0), ("over 730", 60.0)]  # fmt: skip
    assert {"60 % of people", "2 % of beds"} <= set(spec.words(chart))
    assert "1 days: 60 % of people, 2 % of beds" in chart.description


def test_a_hidden_band_has_no_bar_and_says_so(spec):
    """Neither its people nor its beds can be read off, not by subtraction either."""
    chart = stays(bands(hidden={"2–3", "over 730"}))
    assert spec.rows(chart, "stay_band", "share", kind="rect") == [("1", 60.0), ("1", 2.0)]
    assert {"people: hidden", "beds: hidden"} <= set(spec.words(chart))
    assert "over 730 days: people hidden, beds hidden" in chart.description
    assert not {36.0, 38.0, 380.0, 600.0} & spec.numbers(chart)


def test_bars_of_people_and_beds_differ_on_grey_paper():
    """And from white."""
    light = sorted(theme.lightness(colour) for colour in (theme.BAR, theme.BEDS, "#ffffff"))
    assert min(np.diff(light)) > 20


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (bands().drop("suppressed"), "the stays have no column suppressed"),
        (bands().filter(pl.col("stay_band").is_not_null()), "have no total of admissions"),
    ],
)
def test_stays_that_cannot_be_drawn_are_told(frame, says):
    """With where such a frame comes from."""
    with pytest.raises(InputError, match=says):
        stays(frame)


# -- backtests ---------------------------------------------------------------------------------


def record(until=2, steps=3, says="Nearer than naive for 2 of 3 months ahead"):
    """The record of a program and a rival, three steps ahead."""
    frame = pl.DataFrame(
        [
            {"horizon_from": h, "horizon": h, "model": model, "mase": error * h,
             "coverage_80": 0.8 - 0.05 * h, "coverage_95": 0.95 - 0.02 * h}
            for h in range(1, steps + 1)
            for model, error in (("remand", 0.5), ("Naive", 0.8))
        ],
        schema_overrides={"mase": pl.Float64},
    )  # fmt: skip
    skill = None if until is None else SimpleNamespace(skill_until=until, says=f"{says}.")
    meta = {"file": "jails.csv", "scored": 30, "step": "month"}
    return SimpleNamespace(by_horizon=frame, skill=skill, meta=meta)


def test_errors_of_the_program_and_its_rivals_are_those_of_the_record(spec):
    """A line a model, and the program's alone in colour."""
    chart = horizon(record())
    errors = [one for one in spec.units(chart, "line") if one["rows"][0]["score"] < 0.85][:2]
    drawn = {row["model"]: [r["score"] for r in one["rows"]]
             for one in spec.units(chart, "line")[:2] for row in one["rows"]}  # fmt: skip
    assert drawn == {"Naive": [0.8, 1.6, 0.8 * 3], "remand": [0.5, 1.0, 1.5]}
    colours = {one["rows"][0]["model"]: one["mark"]["color"] for one in errors}
    assert colours == {"Naive": "#7a7a7a", "remand": theme.FORETOLD["q50"]}
    assert {"remand", "Naive"} <= set(spec.words(chart))


def test_what_bands_covered_stands_beside_what_they_should_have(spec):
    """Lines of 80 and 95 per cent, dashed, and the shares there were."""
    chart = horizon(record())
    aims = [row["score"] for one in spec.units(chart, "rule") for row in one["rows"]
            if set(row) == {"score"}]  # fmt: skip
    assert aims == [0.95, 0.8]
    covered = [[row["score"] for row in one["rows"]] for one in spec.units(chart, "line")[2:]]
    assert covered == [pytest.approx([0.93, 0.91, 0.89]), pytest.approx([0.75, 0.70, 0.65])]


@pytest.mark.parametrize(("until", "marks"), [(2, 2), (3, 0), (0, 0), (None, 0)])
def test_the_mark_where_skill_ends_is_drawn_in_both(spec, until, marks):
    """Where it ends within the record; and the record's own words stand under the title."""
    chart = horizon(record(until))
    rules = [row["horizon"] for one in spec.units(chart, "rule") for row in one["rows"]
             if set(row) == {"horizon"}]  # fmt: skip
    assert rules == [until] * marks
    assert (until is None) == ("Nearer than naive" not in spec.titles(chart))


def test_a_record_without_scores_is_told():
    """Nothing ahead was scored."""
    empty = record()
    empty.by_horizon = empty.by_horizon.with_columns(mase=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(InputError, match="the record scores no step ahead"):
        horizon(empty)


# -- counties ----------------------------------------------------------------------------------


def places(count=5, hidden=1):
    """Places of 100, 200, … people, the first of them of few."""
    return pl.DataFrame(
        {
            "place": [f"Place {i}" for i in range(count)],
            "value": [7.0 if i < hidden else 100.0 * i for i in range(count)],
            "suppressed": [i < hidden for i in range(count)],
        }
    )


def square(x, y, *, turned):
    """A county of one degree, wound as GeoJSON asks."""
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return {"type": "Polygon", "coordinates": [ring[::-1] if turned else ring]}


@pytest.fixture
def shapes(tmp_path):
    """Borders of the first four places, which also tell what nobody asked for."""
    features = [
        {"type": "Feature", "properties": {"name": f"Place {i}", "sheriff": "J. Doe"},
         "geometry": square(-100 + i, 40, turned=bool(i % 2))}
        for i in range(4)
    ]  # fmt: skip
    path = tmp_path / "shapes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_places_stand_in_order_and_few_people_are_not_shown(spec):
    """The highest first; of the hidden one, that there is one."""
    chart = counties(places())
    assert spec.rows(chart, "place", "value", kind="point") == [
        ("Place 4", 400.0), ("Place 3", 300.0), ("Place 2", 200.0), ("Place 1", 100.0)
    ]  # fmt: skip
    assert 7.0 not in spec.numbers(chart)
    assert "Place 0" not in spec.words(chart)
    assert "Hidden, being of few people: 1 of 5" in spec.titles(chart)


def test_of_many_places_only_those_at_the_ends_are_named(spec):
    """Every one has its dot."""
    chart = counties(places(200, hidden=0))
    assert len(spec.units(chart, "point")[0]["rows"]) == 200
    named = {word for word in " ".join(spec.words(chart)).split("  ") if word}
    assert "Place 199" in " ".join(named)
    assert "Place 100" not in " ".join(named)


def test_lines_reach_from_low_to_high(spec):
    """Where the frame has them."""
    frame = places(hidden=0).with_columns(low=pl.col("value") * 0.9, high=pl.col("value") * 1.1)
    assert ("Place 4", 360.0) in spec.rows(counties(frame), "place", "low", kind="rule")
    assert "Lines: from low to high" in counties(frame).description


def test_a_map_holds_the_reader_s_shapes_and_nothing_else_of_their_file(spec, shapes):
    """Names, borders and values; of few people no value, and a border that is dotted."""
    chart = counties(places(), shapes=shapes)
    found = {row["name"]: row.get("value") for one in spec.units(chart, "geoshape")
             for row in one["rows"]}  # fmt: skip
    assert found == {"Place 0": None, "Place 1": 100.0, "Place 2": 200.0, "Place 3": 300.0}
    assert "J. Doe" not in chart.to_json()
    assert "Without a shape: 1 of 4" in spec.titles(chart)
    assert "An area says nothing of how many people" in spec.titles(chart)


def test_every_outer_ring_is_wound_for_the_drawing_library(spec, shapes):
    """Clockwise, or all of the world but the county is filled."""
    chart = counties(places(), shapes=shapes)
    for one in spec.units(chart, "geoshape"):
        for row in one["rows"]:
            (ring,) = row["geometry"]["coordinates"]
            x, y = np.array(ring).T
            assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) < 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no GeoJSON"),
        ('{"features": []}', "holds no polygon"),
        ('{"features": [{"properties": null, "geometry": {"type": "Polygon"}}]}', "is no GeoJSON"),
    ],
)
def test_a_file_that_is_no_map_is_told(tmp_path, text, says):
    """And no traceback."""
    path = tmp_path / "shapes.geojson"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        counties(places(), shapes=path)


def test_a_missing_file_and_other_names_are_told(tmp_path, shapes):
    """With what each side calls its places."""
    with pytest.raises(InputError, match="cannot be read"):
        counties(places(), shapes=tmp_path / "none.geojson")
    other = places().with_columns(place=pl.lit("X ") + pl.col("place"))
    with pytest.raises(InputError, match="it has 'Place 0', the figures 'X Place 4'"):
        counties(other, shapes=shapes)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (places().drop("value"), "the counties have no column value"),
        (places(hidden=5), "no county has a value to show"),
        (pl.concat([places(), places()]), "is there twice"),
    ],
)
def test_counties_that_cannot_be_drawn_are_told(frame, says):
    """Which column, or which place."""
    with pytest.raises(InputError, match=says):
        counties(frame)


# -- all of them -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(build):
    """One of each answer that a chart is made of."""
    model = build.model(
        {
            "jail": build.state(build.exponential(30), {"prison": 0.1, "out": {"share": 0.9,
                                                                               "to": "gone"}}),
            "prison": build.state(build.exponential(300), kind="prison"),
        },
        {"jail": 20.0},
        tonight="steady",
    )  # fmt: skip
    plan = build.platform(build.policy({"dwell": {"state": "jail", "scale": 0.8}}, compliance={
        "low": 0.2, "high": 0.8, "inferred": "made up"}))  # fmt: skip
    run = rm.compare(model, [plan], until=build.day(365))
    why = rm.explain(model, plan, until=build.day(365))
    return {"run": run, "why": why, "model": model}


CHARTS = {
    "scenarios": lambda a, **how: rm.chart(a["run"], **how),
    "contributions": lambda a, **how: rm.chart(a["why"], **how),
    "tornado": lambda a, **how: tornado(a["why"], **how),
    "flow": lambda a, **how: rm.chart(a["model"], **how),
    "stays": lambda _, **how: stays(bands(), **how),
    "horizon": lambda _, **how: horizon(record(), **how),
    "counties": lambda _, **how: counties(places(), **how),
}


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("width", [theme.WIDTH, theme.PHONE])
def test_every_chart_says_what_it_shows_and_asks_nothing_of_a_network(answers, spec, name, width):
    """Its description holds its title and figures; its data are its own; it can be written."""
    chart = CHARTS[name](answers, width=width, title="A title", subtitle="Source: nobody")
    assert chart.description.startswith("A title. ")
    assert "Source: nobody" in chart.description
    assert re.search(r"\d", chart.description)
    assert "None" not in chart.description
    assert ".." not in chart.description
    assert spec.addresses(chart) == []


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_fits_on_a_telephone(answers, name, tmp_path):
    """400 pixels with all margins, which a telephone shows at nine tenths."""
    chart = CHARTS[name](answers, width=theme.PHONE)
    made = save(chart, tmp_path / "chart.png").read_bytes()
    assert int.from_bytes(made[16:20], "big") <= 2 * 400


@given(
    st.lists(st.floats(0, 300), min_size=1, max_size=8).map(sorted),
    st.floats(1, 30),
)
def test_labels_pushed_apart_keep_their_order_and_their_distance(places_, gap):
    """And stay on the plot as long as there is room for all of them."""
    found = apart(places_, gap, 0.0, 300.0)
    assert len(found) == len(places_)
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(found))
    assert max(found) <= 300.0
    if gap * (len(places_) - 1) <= 300.0:
        assert min(found) >= -1e-9
