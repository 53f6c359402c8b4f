"""Charts of a comparison: plans side by side, groups, and how unequally people are held."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from html import escape

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.errors import InputError
from remand.present import theme
from remand.present.charts import NO_SKILL, disparity, multiples, scenarios
from remand.present.plans import plans

RATE = {"value": {"low": 5.0, "high": 7.0, "inferred": "somebody's guess"}}
MEASURED = {"value": {"law": "normal", "mean": 6.0, "sd": 0.2, "source": "https://example.org"}}
SHARES = {"Black": 0.5, "White": 0.4, "Other": 0.1}


def county(build, scale=1.0, rate=None, shares=None):
    """A jail of 240 people, half of them Black, at scale 1; how many come in may be uncertain."""
    coming = rate or 6.0 * scale
    return build.model(
        {"jail": build.state(build.exponential(40), kind="jail")},
        {
            "jail": {
                "unit": "people per day",
                "rate": coming,
                "split": {"race": {**(shares or SHARES), "inferred": "made up"}},
            }
        },
        strata={"race": ["Black", "White", "Other"]},
        residents={
            "unit": "residents",
            "axes": "race",
            "people": [
                {"where": {"race": "Black"}, "value": 20_000},
                {"where": {"race": "White"}, "value": 80_000},
                {"where": {"race": "Other"}, "value": 10_000},
            ],
        },
        disparity={"axis": "race", "of": "Black", "to": "White"},
        tonight="steady",
    )


def cut(build, name, scale, **more):
    """A plan that makes stays shorter."""
    edit = {"dwell": {"state": "jail", "scale": scale}}
    own = build.policy(
        edit, name=f"{name}-policy", applies_to="everyone", **{"compliance": 0.9, **more}
    )
    return build.platform(own, name=name)


def compared(build, model=None, names=("b-plan", "a-plan"), **more):
    """A run of a year under plans that keep 90, 80 … % of all stays."""
    spec = model or county(build)
    own = [cut(build, name, 0.9 - 0.1 * i) for i, name in enumerate(names)]
    return rm.compare(spec, own, until=build.day(365), **more)


@pytest.fixture(scope="module")
def run(build):
    """Exact, by race."""
    return compared(build, by=["race"])


@pytest.fixture(scope="module")
def chosen(build):
    """Draws of a range that someone chose."""
    return compared(build, county(build, rate=RATE), draws=40, seed=1)


@pytest.fixture(scope="module")
def measured(build):
    """Draws of an interval."""
    return compared(build, county(build, rate=MEASURED), draws=40, seed=1)


def held(run, name, column="mean"):
    """A plan's people in jail, window by window."""
    frame = run.series.filter(scenario=name, quantity="population", kind="jail")
    for axis in run.meta["by"]:
        frame = frame.filter(pl.col(axis).is_null())
    return frame[column].to_list()


# -- scenarios ---------------------------------------------------------------------------------


def test_each_plan_is_a_line_of_the_run_s_own_figures(run, spec):
    """Every mean is that of the series, and no other line is drawn."""
    lines = [
        [row["people"] for row in one["rows"]]
        for one in spec.units(scenarios(run), "line")
        if one["mark"]["strokeWidth"] > 2
    ]
    assert lines == [held(run, plan.name) for plan in plans(run)]


def test_a_band_is_that_of_the_run(run, spec):
    """Nine in ten: from q05 to q95."""
    areas = spec.units(scenarios(run), "area")
    for one, plan in zip(areas, plans(run), strict=True):
        assert [row["low"] for row in one["rows"]] == held(run, plan.name, "q05")
        assert [row["people"] for row in one["rows"]] == held(run, plan.name, "q95")


def test_means_of_a_month_stand_in_its_middle(run, spec):
    """The first month from 1 February: the 15th."""
    first = spec.units(scenarios(run), "line")[0]["rows"][0]
    assert first["date"].startswith("2021-02-15")


def test_the_base_comes_first_and_plans_by_name(run):
    """Whatever order they were asked in."""
    assert [plan.name for plan in plans(run)] == ["no-change", "a-plan", "b-plan"]


def test_an_assumption_range_is_hatched_and_an_interval_is_filled(chosen, measured, spec):
    """Areas for the one, strokes and dashed edges for the other; and the words say which."""
    hatched, filled = scenarios(chosen), scenarios(measured)
    assert not spec.units(hatched, "area")
    strokes = [one for one in spec.units(hatched, "rule") if "low" in one["rows"][0]]
    assert len(strokes) == 3
    edges = [one for one in spec.units(hatched, "line") if one["mark"]["strokeWidth"] < 1]
    assert all(one["mark"]["strokeDash"] for one in edges)
    assert [row["people"] for row in edges[0]["rows"]] == held(chosen, "no-change", "q05")
    assert "Hatched: the 90 % assumption range" in spec.titles(hatched)
    assert "an assumption, not a measurement" in hatched.description
    assert len(spec.units(filled, "area")) == 3
    assert "Filled: the 90 % interval" in spec.titles(filled)
    assert "Hatched" not in spec.titles(filled)


def test_bands_of_chance_say_what_they_leave_out(run, spec):
    """Nothing uncertain but chance."""
    assert "Filled: the 90 % band, chance only" in spec.titles(scenarios(run))


def test_of_more_than_three_plans_only_the_last_bands_are_drawn(build, spec):
    """As bars at the right, so that no band hides another; outlined where somebody chose them."""
    names = ("a", "b", "c")
    crowd = compared(build, names=names)
    chart = scenarios(crowd)
    assert not spec.units(chart, "area")
    thick = [one for one in spec.units(chart, "rule") if one["mark"]["strokeWidth"] == 5]
    assert len(thick) == 4
    assert "Filled bars" in spec.titles(chart)
    drawn = scenarios(compared(build, county(build, rate=RATE), names, draws=20))
    assert not [one for one in spec.units(drawn, "rule") if one["mark"]["strokeWidth"] == 5]
    assert "Outlined bars: the 90 % assumption range" in spec.titles(drawn)


def test_names_stand_at_the_right_and_none_lies_on_another(run, spec):
    """Each with its people and its band; a sample of its line beside it."""
    chart = scenarios(run)
    names = {plan.label for plan in plans(run)}
    said = [one for one in spec.units(chart, "text")
            if " ".join(one["mark"]["text"]) in names and "stroke" not in one["mark"]]  # fmt: skip
    assert len(said) == 3
    assert all(one["encoding"]["x"]["value"] > theme.WIDTH for one in said)
    heights = sorted(one["encoding"]["y"]["value"] for one in said)
    assert min(np.diff(heights)) >= 2 * theme.LINE
    assert any(re.fullmatch(r"\d+ \(\d+–\d+\)", text) for text in spec.words(chart))


def test_on_a_telephone_names_stand_below(run, spec):
    """Where there is no room beside the plot."""
    chart = scenarios(run, width=theme.PHONE)
    said = [one for one in spec.units(chart, "text") if one["mark"]["text"] == ["A-Plan"]]
    assert said
    assert all(one["encoding"]["y"]["value"] > 340 for one in said)


def test_plans_differ_by_dash_and_neighbours_by_lightness():
    """So they hold on a grey printer."""
    dashes = [look.dash for look in theme.PLANS]
    assert len(set(dashes)) == len(dashes)
    light = [theme.lightness(look.colour) for look in theme.PLANS]
    assert min(abs(np.diff(light))) >= 20


def test_shades_from_few_to_many_darken_throughout():
    """A map on grey paper keeps its order."""
    from remand.present.charts.counties import SHADES

    light = [theme.lightness(shade) for shade in SHADES]
    assert light == sorted(light, reverse=True)
    assert min(-np.diff(light)) > 8


@pytest.mark.parametrize("width", [theme.WIDTH, theme.PHONE])
def test_words_are_dark_enough_to_read(run, spec, width):
    """4.5 to 1 on white, whatever the colour of their line."""
    texts = spec.units(scenarios(run, width=width), "text")
    colours = {one["mark"].get("color", theme.QUIET) for one in texts}
    assert max(theme.lightness(colour) for colour in colours) < 50


def test_history_is_drawn_as_counted_and_gaps_stay_gaps(run, spec):
    """In ink, with nothing where nobody counted."""
    days = [dt.date(2020, 6, 1) + dt.timedelta(i) for i in range(5)]
    history = pl.DataFrame({"date": days, "people": [240.0, 241.0, None, 239.0, 238.0]})
    chart = scenarios(run, history)
    (line,) = [one for one in spec.units(chart, "line") if one["mark"]["color"] == theme.INK]
    assert [row["people"] for row in line["rows"]] == [240.0, 241.0, None, 239.0, 238.0]
    assert "Counted: 240 on 1 June 2020, 238 on 5 June 2020" in chart.description


def test_without_a_history_the_model_s_own_counts_are_shown(build, spec):
    """A mean over its period as a stroke, a single night as a dot."""
    counts = [
        {"kind": "jail", "from": build.day(0), "to": build.day(200), "value": 250},
        {"kind": "jail", "from": build.day(210), "to": build.day(211), "value": 230},
        {"kind": "prison", "from": build.day(0), "to": build.day(200), "value": 9999},
    ]
    model = county(build).replace(counted=counts)
    chart = scenarios(compared(build, model))
    assert spec.rows(chart, "until", "people", kind="rule") == [("2021-08-20T00:00:00", 250.0)]
    assert [people for _, people in spec.rows(chart, "until", "people", kind="point")] == [230.0]
    assert not spec.holds(chart, 9999.0)


def test_capacity_is_a_line_with_its_name(run, spec):
    """And the axis reaches it."""
    chart = scenarios(run, capacity=300)
    assert "capacity 300" in spec.words(chart)
    assert [row["people"] for one in spec.units(chart, "rule") for row in one["rows"]
            if set(row) == {"people"}] == [300]  # fmt: skip
    assert "Capacity is 300" in chart.description


def test_beyond_skill_lines_keep_their_dash_and_lose_their_colour(run, spec):
    """Grey, with a rule and the reason; the figures stay the run's."""
    chart = scenarios(run, skill_until=dt.date(2021, 8, 1))
    lines = [one for one in spec.units(chart, "line") if one["mark"]["strokeWidth"] > 2]
    assert len(lines) == 6
    grey = [one for one in lines if one["mark"]["color"] == theme.SPENT["q50"]]
    assert [one["mark"].get("strokeDash", []) for one in grey] == [
        list(plan.look.dash) for plan in plans(run)
    ]
    assert all(row["date"] > "2021-08" for one in grey for row in one["rows"][1:])
    assert NO_SKILL in spec.words(chart)
    assert "From 1 August 2021 on lines are grey" in chart.description


def test_a_ceiling_is_called_one(build, spec):
    """Perfect compliance is no forecast."""
    run = rm.compare(
        county(build), [cut(build, "perfect", 0.5, compliance=1.0)], until=build.day(90)
    )
    assert any("a ceiling, kept by everyone" in text for text in spec.words(scenarios(run)))


def test_who_does_not_see_it_is_told_each_plan(run):
    """Where it begins and ends, with its band."""
    said = scenarios(run).description
    assert re.search(r"No change: \d+ about 15 February 2021, \d+ \(\d+–\d+\) about", said)
    assert "A-Plan: " in said


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda run: scenarios(run, kind="prison"), "no population of 'prison'"),
        (lambda run: scenarios(run, pl.DataFrame({"day": []})), "the history has no column date"),
        (lambda run: multiples(run, "sex"), "the run is not by 'sex'"),
        (lambda run: disparity(run, kind="prison"), "no disparity ratio of 'prison'"),
        (
            lambda run: disparity(run, date=dt.date(2020, 1, 1)),
            "no window that begins on 2020-01-01",
        ),
    ],
)
def test_what_a_run_does_not_hold_is_told(run, ask, says):
    """With what it does hold."""
    with pytest.raises(InputError, match=says):
        ask(run)


# -- groups ------------------------------------------------------------------------------------


def test_each_group_has_its_own_small_chart_on_one_scale(run, spec):
    """With the run's figures, and where its lines end."""
    chart = multiples(run, "race")
    domains = {tuple(one["encoding"]["y"]["scale"]["domain"]) for one in spec.units(chart, "line")}
    assert len(domains) == 1
    frame = run.series.filter(quantity="population", kind="jail", race="Black", scenario="a-plan")
    drawn = [[row["people"] for row in one["rows"]] for one in spec.units(chart, "line")]
    assert frame["mean"].to_list() in drawn
    assert re.search(r"Black \(\d+–\d+\)", spec.titles(chart))


def test_groups_may_have_a_scale_each_and_then_it_is_said(run, spec):
    """Small groups can be read so, but not compared."""
    chart = multiples(run, "race", alike=False)
    domains = {tuple(one["encoding"]["y"]["scale"]["domain"]) for one in spec.units(chart, "line")}
    assert len(domains) == 3
    assert "each on its own scale" in spec.titles(chart)


@pytest.mark.parametrize("share", [0.9, 0.95, 0.99])
def test_no_suppressed_figure_is_in_a_chart(build, spec, share):
    """Not in its data, nor in its words, however small the group; and the chart says so."""
    shares = {"Black": 1 - share, "White": share * 0.93, "Other": share * 0.07}
    small = county(build, scale=0.12, shares=shares)
    full = rm.solve(small, build.day(365)).census[:, 0].mean(axis=1)
    run = compared(build, small, names=("plan",), by=["race"])
    hidden = run.series.filter("suppressed")
    assert len(hidden)
    by_race = multiples(run, "race")
    few = [level for level, people in zip(shares, full, strict=True) if 0 < people < 10]
    assert few
    for level, people in zip(shares, full, strict=True):
        if level in few:
            drawn = [one for one in spec.numbers(by_race) if abs(one - people) < 0.3]
            assert not drawn
            assert re.search(rf"{level}: No change hidden", by_race.description)
    assert "Hidden: fewer than 10 people, or what would give them away" in spec.titles(by_race)


@pytest.mark.parametrize("draw", [scenarios, lambda run: multiples(run, "race"), disparity])
def test_a_figure_marked_as_suppressed_is_left_out_whatever_it_holds(run, spec, draw):
    """Even where somebody hands in a frame that still has it."""
    figures = pl.col("mean", "q05", "q95", "low", "high")
    leaky = run.series.with_columns(
        pl.when(pl.col("scenario") == "a-plan").then(7.25).otherwise(figures).name.keep(),
        suppressed=pl.col("scenario") == "a-plan",
    )
    chart = draw(dataclasses.replace(run, series=leaky))
    assert 7.25 not in spec.numbers(chart)
    assert "7.2" not in chart.description


# -- disparity ---------------------------------------------------------------------------------


def test_level_ratio_and_difference_stand_together(run, spec):
    """Three panels, with the run's own figures."""
    chart = disparity(run)
    assert len(chart.to_dict()["concat"]) == 3
    last = run.series.filter(pl.col("date") == pl.col("date").max(), scenario="a-plan", kind="jail")
    for quantity in ("disparity_ratio", "disparity_difference"):
        value = last.filter(quantity=quantity)["mean"][0]
        assert value in spec.numbers(chart)
    rates = dict(last.filter(quantity="rate").select("race", "mean").iter_rows())
    assert {rates["Black"], rates["White"]} <= spec.numbers(chart)
    assert "Unequal rates do not say why" in spec.titles(chart)


def test_where_the_run_is_not_by_race_the_level_is_everyone_s(build, spec):
    """And never the ratio alone."""
    chart = disparity(compared(build))
    assert "Held per 100,000: everyone" in spec.titles(chart)


def test_bounds_are_drawn_where_some_people_s_race_is_missing(build, spec):
    """From the lowest ratio that is possible to the highest."""
    model = county(build).replace(
        disparity={"axis": "race", "of": "Black", "to": "White", "missing": "Other"}
    )
    run = compared(build, model, names=("plan",))
    chart = disparity(run)
    last = run.series.filter(
        pl.col("date") == pl.col("date").max(), scenario="plan", quantity="disparity_ratio"
    )
    assert (last["low"][0], last["high"][0]) in spec.rows(chart, "low", "high", kind="rule")
    assert "Thin lines: low and high give everyone Other to one side" in spec.titles(chart)
    assert f"between {last['low'][0]:.1f} and {last['high'][0]:.1f}" in chart.description


def test_a_ratio_on_tiny_counts_is_withheld_with_its_reason_and_a_pooled_range(build, spec):
    """Nine Black people: no ratio and no rate, but the range of a wider place, marked as such."""
    small = county(build, scale=0.08)
    run = compared(build, small, names=("plan",), by=["race"])
    chart = disparity(run)
    people = rm.solve(small, build.day(365)).census[:, 0].mean(axis=1)
    true = people[0] / 20_000 / (people[1] / 80_000)
    assert not [n for n in spec.numbers(chart) if abs(n - true) < 0.05]
    assert not [n for n in spec.numbers(chart) if abs(n - people[0] * 5) < 0.3]
    assert "Ratio and difference withheld: fewer than 30 of one of the two" in spec.titles(chart)
    assert "Dotted: a pooled range, not this county's ratio" in spec.titles(chart)
    wide = run.series.filter(pl.col("date") == pl.col("date").max(), scenario="plan",
                             quantity="disparity_pooled")  # fmt: skip
    assert (wide["q05"][0], wide["q95"][0]) in spec.rows(chart, "from", "to", kind="rule")
    assert "withheld" in spec.words(chart)
    assert "not for comparing plans or periods" in chart.description


def test_a_run_of_assumptions_outlines_its_ratios_and_an_interval_fills_them(
    chosen, measured, spec
):
    """As everywhere."""
    assert "Outlined bars: the 90 % assumption range" in spec.titles(disparity(chosen))
    assert "Filled bars: the 90 % interval" in spec.titles(disparity(measured))
    filled = [one["mark"].get("filled") for one in spec.units(disparity(chosen), "rect")]
    assert set(filled) == {False}
    assert {one["mark"].get("filled") for one in spec.units(disparity(measured), "rect")} == {None}


# -- notebook ----------------------------------------------------------------------------------


def test_a_notebook_shows_a_run_as_a_table_of_all_kinds_with_its_warnings(run):
    """People with their band, what the bands are, and the run's name; no script."""
    shown = run._repr_html_()
    summary = run.summary.filter(pl.col("race").is_null(), scenario="a-plan", quantity="population")
    assert f"<td>{summary['mean'][0]:,.0f} (" in shown
    assert "<script" not in shown
    assert f"Run {run.identity}" in shown
    assert "chance only" in shown
    assert all(f"<p>Note: {escape(warning)}.</p>" in shown for warning in run.warnings)


def test_what_a_file_says_is_escaped_in_a_notebook(build):
    """A title is text."""
    model = county(build).replace(title="<img src=x>")
    shown = dataclasses.replace(compared(build, model))._repr_html_()
    assert "<img" not in shown
    assert "&lt;img src=x&gt;" in shown


def test_one_word_draws_any_answer(run, build, spec):
    """What it cannot draw is told."""
    assert spec.numbers(rm.chart(run)) == spec.numbers(scenarios(run))
    assert rm.chart(county(build), width=theme.PHONE).description.startswith("Tiny")
    with pytest.raises(InputError, match="there is no chart of a str"):
        rm.chart("run")
