"""Figures: periods, totals, rates, bounds, bands and hidden cells, on a county of known numbers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import numpy as np
import pytest

import remand as rm
from remand.errors import InputError
from remand.model.clock import Clock
from remand.outcomes.suppression import hide
from remand.outcomes.windows import Windows

FLOW = {"Black": 40.0, "white": 20.0, "not_listed": 2.0, "other": 0.4}
"""People a day; everyone is held 10 days, then supervised 30: all counts are these × 10, × 30."""
RESIDENTS = {"Black": 40_000.0, "white": 50_000.0, "not_listed": 0.0, "other": 10_000.0}


@pytest.fixture
def county(build):
    """A steady jail of 624 (400, 200, 20, 4) and three times as many under supervision."""

    def rows(counts):
        return [{"value": n, "where": {"race": race}} for race, n in counts.items()]

    return build.model(
        {
            "jail": build.state(build.fixed(10), "supervision", statuses=["unconvicted"]),
            "supervision": build.state(build.fixed(30), kind="supervision"),
        },
        {"jail": {"unit": "people per day", "rate": rows(FLOW)}},
        strata={"race": list(FLOW)},
        tonight="steady",
        residents={"unit": "residents aged 15–64", "axes": "race", "people": rows(RESIDENTS)},
        disparity={"axis": "race", "of": "Black", "to": "white", "missing": "not_listed"},
        prices=[{"kind": "jail", "basis": "average", "value": 36525.0,
                 "unit": "USD per person-year"}],
    )  # fmt: skip


def compare(build, spec, *platforms, until=28, **more):
    """A comparison from the start to a step; a month of 28 days, February 2021, by default."""
    return rm.compare(spec, platforms or [build.platform()], until=build.day(until), **more)


def one(frame, **where):
    """The single row that meets all conditions; None asks for no value."""
    for column, value in where.items():
        if column in frame.columns:
            keep = frame[column].is_null() if value is None else frame[column] == value
            frame = frame.filter(keep.fill_null(value=False))
    assert len(frame) == 1, frame
    return frame.row(0, named=True)


# -- periods -----------------------------------------------------------------------------------


def test_months_are_calendar_months_cut_at_the_period():
    """From 20 January to 10 March: 12, 28 and 9 days, beginning on the 20th and on the firsts."""
    clock = Clock(start=dt.date(2021, 1, 1))
    windows = Windows.over(clock, dt.date(2021, 1, 20), dt.date(2021, 3, 10), "month")
    assert windows.starts == (19, 31, 59)
    assert windows.lengths.tolist() == [12, 28, 9]
    assert windows.dates == (dt.date(2021, 1, 20), dt.date(2021, 2, 1), dt.date(2021, 3, 1))


def test_weeks_count_from_the_first_day_of_the_period():
    """Seventeen days from a Wednesday: weeks of 7, 7 and 3 days, each beginning on a Wednesday."""
    clock = Clock(start=dt.date(2021, 1, 1))
    windows = Windows.over(clock, dt.date(2021, 1, 6), dt.date(2021, 1, 23), "week")
    assert windows.lengths.tolist() == [7, 7, 3]
    assert {date.weekday() for date in windows.dates} == {2}


def test_years_days_and_the_whole_period():
    """2021-12-30 to 2022-01-02: two calendar years, three days, one whole."""
    clock = Clock(start=dt.date(2021, 1, 1))
    period = dt.date(2021, 12, 30), dt.date(2022, 1, 2)
    assert Windows.over(clock, *period, "year").lengths.tolist() == [2, 1]
    assert Windows.over(clock, *period, "day").lengths.tolist() == [1, 1, 1]
    assert Windows.over(clock, *period, None).lengths.tolist() == [3]


def test_a_monthly_clock_gives_one_window_a_step_when_asked_by_the_day():
    """Steps longer than the window asked for are not cut."""
    clock = Clock(start=dt.date(2021, 1, 1), step="month")
    windows = Windows.over(clock, dt.date(2021, 1, 1), dt.date(2021, 5, 1), "day")
    assert windows.starts == (0, 1, 2, 3)


@pytest.mark.parametrize("period", [("2020-12-01", "2021-02-01"), ("2021-03-01", "2021-03-01")])
def test_a_period_outside_the_model_s_time_is_refused(period):
    """Before the model's start, or of no days."""
    first, last = map(dt.date.fromisoformat, period)
    with pytest.raises(InputError, match="holds no step"):
        Windows.over(Clock(start=dt.date(2021, 1, 1)), first, last, "month")


def test_censuses_are_means_of_a_window_and_flows_sums(build):
    """A jail of 10-day stays from empty at 3 a day: census 3, 6, … 30, then 30. First week: mean
    12, 21 admitted, none released; second: mean (24 + 27 + 5 · 30)/7, released on 10–13."""
    run = compare(build, build.one_state(build.fixed(10), 3.0), until=14, every="week")
    census = run.population()["mean"].to_list()
    assert census == pytest.approx([12.0, (24 + 27 + 5 * 30) / 7])
    assert run.admissions()["mean"].to_list() == pytest.approx([21, 21])
    assert run.figures("releases")["mean"].to_list() == pytest.approx([0, 12], abs=1e-9)
    assert run.figures("bed_days")["mean"].to_list() == pytest.approx([84, 201])
    whole = one(run.summary, quantity="population")
    assert whole["mean"] == pytest.approx((84 + 201) / 14)


# -- totals, rates, costs -----------------------------------------------------------------------


def test_totals_have_no_axis_and_groups_sum_to_them(build, county):
    """624 in jail, 1,872 supervised; rows by race carry their level, totals none."""
    run = compare(build, county, by="race", quantities=["population", "admissions"])
    for kind, days in (("jail", 10), ("supervision", 30)):
        total = one(run.series, quantity="population", kind=kind, race=None)
        assert total["mean"] == pytest.approx(62.4 * days, rel=1e-9)
        for race in ("Black", "white"):
            row = one(run.series, quantity="population", kind=kind, race=race)
            assert row["mean"] == pytest.approx(FLOW[race] * days, rel=1e-9)
    admitted = one(run.series, quantity="admissions", kind="supervision", race=None)
    assert admitted["mean"] == pytest.approx(62.4 * 28, rel=1e-9)


def test_rates_are_per_100_000_of_the_residents_they_name(build, county):
    """624 of 100,000 residents; 400 of 40,000 Black residents are 1,000; none for people without a
    listed race, who have no residents."""
    run = compare(build, county, by="race", quantities=["rate"])
    total = one(run.series, kind="jail", race=None)
    assert total["mean"] == pytest.approx(624.0)
    assert total["denominator"] == "residents aged 15–64"
    assert total["unit"] == "people per 100,000"
    assert one(run.series, kind="jail", race="Black")["mean"] == pytest.approx(1000.0)
    assert one(run.series, kind="jail", race="white")["mean"] == pytest.approx(400.0)
    unlisted = run.series.filter(race="not_listed")
    assert unlisted["mean"].null_count() == len(unlisted)


def test_cost_is_person_days_times_the_price_with_its_basis(build, county):
    """624 people × 28 days × 36,525 / 365.25 = 100 dollars a day, for the jail alone."""
    run = compare(build, county, quantities=["cost"])
    cost = one(run.series, quantity="cost")
    assert cost["mean"] == pytest.approx(624 * 28 * 100.0)
    assert cost["kind"] == "jail"
    assert cost["basis"] == "average, payer not named; a difference of averages is not a saving"


def test_averages_of_cost_are_never_subtracted(build, county):
    """Differences of two plans leave them out: an average cost says nothing of a saving."""
    run = compare(build, county, build.platform(name="a"), build.platform(name="b"))
    assert "cost" in run.summary["quantity"].to_list()
    assert "cost" not in run.differences["quantity"].to_list()
    assert "population" in run.differences["quantity"].to_list()


# -- disparity -----------------------------------------------------------------------------------


def test_disparity_has_level_ratio_difference_and_bounds(build, county):
    """1,000 and 400 per 100,000: ratio 2.5, difference 600. All 20 unlisted white: 400 × 2.5 over
    (220 × 2) = 1000/440; all Black: 420 × 2.5 over 400 = 1050/400; likewise the difference."""
    run = compare(build, county)
    ratio = one(run.series, quantity="disparity_ratio", kind="jail")
    assert ratio["mean"] == pytest.approx(2.5)
    assert ratio["low"] == pytest.approx(1000 / 440)
    assert ratio["high"] == pytest.approx(1050 / 400)
    assert "Black to white" in ratio["basis"]
    assert "not listed" in ratio["basis"]
    difference = one(run.series, quantity="disparity_difference", kind="jail")
    assert difference["mean"] == pytest.approx(600.0)
    assert difference["low"] == pytest.approx(1000 - 440)
    assert difference["high"] == pytest.approx(1050 - 400)


@pytest.mark.parametrize(("white", "shown"), [(3.1, True), (2.9, False)])
def test_a_ratio_is_withheld_where_a_count_is_below_thirty(build, county, white, shown):
    """31 white people held carry a ratio; 29 do not, though the level itself is shown."""
    rows = [
        {"value": white if race == "white" else n, "where": {"race": race}}
        for race, n in FLOW.items()
    ]
    coming = county.arrivals["jail"].replace(rate=rows)
    run = compare(build, county.replace(arrivals={"jail": coming}), by="race")
    for quantity in ("disparity_ratio", "disparity_difference"):
        row = one(run.series, quantity=quantity, kind="jail")
        assert row["suppressed"] is not shown
        assert (row["mean"] is not None) is shown
        if not shown:
            numbers = ("sd", "low", "high", "q025", "q50", "q975")
            assert [row[key] for key in numbers] == [None] * len(numbers)
    assert one(run.series, quantity="population", kind="jail", race=None)["mean"] > 0


# -- bands ---------------------------------------------------------------------------------------


def test_bands_say_what_they_are(build, county):
    """A day's census is exactly Poisson, a month's mean is not: each band carries its label."""
    daily = compare(build, county, until=3, every="day", whole=False)
    assert set(daily.population()["band"]) == {"chance, exact (Poisson)"}
    assert all("approximate" in band for band in daily.admissions()["band"])
    monthly = compare(build, county)
    assert all("approximate" in band for band in monthly.population()["band"])
    ratio = one(monthly.series, quantity="disparity_ratio", kind="jail")
    assert "delta method" in ratio["band"]


def test_bands_of_clumped_arrivals_are_wider_and_say_so(build):
    """Negative-binomial arrivals: the mean stands, with an approximate band that says why."""
    coming = {"unit": "people per day", "rate": 20.0, "spread": 5.0}
    spec = build.model({"jail": build.state(build.fixed(10))}, {"jail": coming}, tonight="steady")
    even = build.one_state(build.fixed(10), 20.0, tonight="steady")
    row, other = (one(compare(build, m).series, quantity="population") for m in (spec, even))
    assert row["mean"] == pytest.approx(200)
    assert row["band"] == "chance, approximate (clumped arrivals)"
    assert row["sd"] > 1.3 * other["sd"]
    assert row["q05"] < other["q05"] < other["q95"] < row["q95"]


def test_quantiles_rise_and_hold_the_mean(build, county):
    """In every row that has them q025 ≤ q05 ≤ … ≤ q975, and the mean lies between the ends."""
    frame = compare(build, county, by="race").series
    names = ["q025", "q05", "q10", "q50", "q90", "q95", "q975"]
    given = frame.filter(frame["q50"].is_not_null())
    assert len(given) > 10
    values = given.select(names).to_numpy()
    assert (np.diff(values, axis=1) >= 0).all()
    assert (values[:, 0] <= given["mean"].to_numpy()).all()
    assert (values[:, -1] >= given["mean"].to_numpy()).all()


def test_a_month_s_band_is_narrower_than_a_day_s(build, county):
    """The mean of 28 correlated days varies less than one of them, but far more than 1/√28."""
    month = one(compare(build, county).series, quantity="population", kind="jail")["sd"]
    assert np.sqrt(624 / 28) < month < np.sqrt(624)


# -- hidden cells --------------------------------------------------------------------------------

NUMBERS = ("mean", "sd", "q025", "q05", "q10", "q50", "q90", "q95", "q975", "low", "high")


def test_a_small_cell_is_hidden_with_one_more_in_the_frame(build, county):
    """Four people of another race in jail are hidden, and with them the 20 unlisted, since the
    total of 624 would give them away; nothing of either row can be read."""
    run = compare(build, county, by="race", quantities=["population", "bed_days", "rate"])
    for quantity in ("population", "bed_days"):
        hidden = {}
        for race in (*FLOW, None):
            row = one(run.series, quantity=quantity, kind="jail", race=race)
            hidden[race] = row["suppressed"]
            if row["suppressed"]:
                assert [row[key] for key in NUMBERS] == [None] * len(NUMBERS)
            else:
                assert row["mean"] is not None
        assert hidden == {
            "Black": False, "white": False, "not_listed": True, "other": True, None: False
        }  # fmt: skip
    rate = one(run.series, quantity="rate", kind="jail", race="other")
    assert rate["suppressed"]
    assert rate["mean"] is None


def test_hidden_cells_are_hidden_in_json_and_csv_too(build, county):
    """JSON rows of hidden cells have mean null and no other number; CSV cells are empty."""
    run = compare(build, county, by="race")
    document = json.loads(run.to_json())
    (scenario,) = document["scenarios"]
    rows = [row for part in ("series", "summary") for row in scenario[part] if row["suppressed"]]
    assert len(rows) > 10
    for row in rows:
        assert row["mean"] is None
        assert not set(NUMBERS[1:]) & set(row)
    table = list(csv.DictReader(io.StringIO(run.series.write_csv())))
    secret = [row for row in table if row["suppressed"] == "true"]
    assert len(secret) == int(run.series["suppressed"].sum())
    for row in secret:
        assert [row[key] for key in NUMBERS] == [""] * len(NUMBERS)


def test_a_difference_of_a_hidden_cell_is_hidden(build, county):
    """What neither scenario shows, their difference does not show either."""
    fewer = build.policy({"admit": {"state": "jail", "scale": 0.5}}, starts=1)
    run = compare(build, county, build.platform(name="a"), build.platform(fewer, name="b"),
                  by="race")  # fmt: skip
    frame = run.differences.filter(quantity="population", race="other", kind="jail")
    assert frame["suppressed"].to_list() == [True]
    assert frame["mean"].to_list() == [None]
    shown = run.differences.filter(quantity="population", race="Black", kind="jail")
    assert shown["mean"][0] > 0


def test_small_counts_of_a_kind_s_whole_are_shown(build):
    """A jail of six in all is a public number; nobody is singled out by it."""
    spec = build.one_state(build.fixed(3), 2.0, tonight="steady")
    row = one(compare(build, spec).series, quantity="population")
    assert row["mean"] == pytest.approx(6)
    assert not row["suppressed"]


def test_the_state_column_stands_only_when_asked_for(build, county):
    """By state: each state's row beside its kind's; not asked: no such column."""
    assert "state" not in compare(build, county).series.columns
    run = compare(build, county, by=["state"], quantities=["population"])
    assert one(run.series, state="jail")["mean"] == pytest.approx(624)
    assert one(run.series, kind="jail")["mean"] == pytest.approx(624)
    by_status = compare(build, county, by=["status"], quantities=["population"])
    assert one(by_status.series, status="unconvicted")["mean"] == pytest.approx(624)


def test_unknown_axes_and_quantities_are_refused_with_a_suggestion(build, county):
    """A misspelt axis or quantity names the one that was meant."""
    with pytest.raises(InputError, match=r"'rase'.*did you mean 'race'"):
        compare(build, county, by="rase")
    with pytest.raises(InputError, match=r"'populations'.*did you mean 'population'"):
        compare(build, county, quantities=["populations"])


def test_hiding_is_by_line_of_a_table_with_two_axes():
    """A lone small cell takes one along with it in its row, in its column, and at the corner."""
    counts = np.array([[5.0, 40.0, 90.0], [30.0, 50.0, 60.0], [80.0, 70.0, 99.0]])
    expected = [[True, True, False], [True, True, False], [False, False, False]]
    assert hide(counts).tolist() == expected
