"""Rolling origins: nothing is seen ahead, what is compared is comparable, scores are right."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from remand.errors import InputError
from remand.evidence.backtest import origins, summary
from remand.evidence.backtest.backtest import backtest
from remand.evidence.backtest.baselines import BASELINES, MEAN, PARTS, naive, seasonal_naive
from remand.evidence.backtest.record import read_skill
from remand.evidence.backtest.scores import FEW
from remand.evidence.backtest.tried import QUANTILES, SCORED, forecasts
from remand.evidence.forecast import days as daily
from remand.evidence.forecast.own import Own
from remand.evidence.laying import after, calendar
from remand.evidence.panel import LEVELS, Panel, Prediction
from remand.evidence.reading import Reading, read_panel

NAIVE = {"Naive": naive, "SeasonalNaive": seasonal_naive}


def panel_of(step, steps, series=3, seed=0):
    """Jails that wander, with bookings beside them."""
    chance = np.random.default_rng(seed)
    start = dt.date(2010, 1, 1)
    dates = tuple(calendar(start, after(start, step, steps - 1), step))
    level = 300 + 200 * np.arange(series)[:, None]
    y = level + chance.normal(0, 6, (series, steps)).cumsum(axis=1)
    return Panel(
        tuple(f"jail {i}" for i in range(series)), dates, step, y,
        {"bookings": chance.poisson(400, (series, steps)).astype(float)},
    )  # fmt: skip


def read(panel):
    """The panel as if a file had been read."""
    return Reading(panel, ("a note",), "jails.csv", "hash")


def sure(panel, horizon):
    """A forecast of last values without any doubt."""
    last = np.repeat(panel.y[:, -1:], horizon, axis=1)
    return Prediction(last, np.repeat(last[..., None], len(LEVELS), axis=2))


def told(frame):
    """What was forecast, without what happened."""
    return frame.select("origin", "unique_id", "horizon", "model", "point", *QUANTILES, "scale")


@pytest.mark.parametrize("poison", [np.nan, 1000.0, -3.0])
@pytest.mark.parametrize(
    ("own", "step", "steps", "series", "at"),
    [
        (Own(), "month", 66, 2, (50, 59)),
        (Own(daily.from_counts()), "day", 220, 2, (150, 200)),
    ],
    ids=["months", "days"],
)
def test_no_forecast_moves_by_a_bit_when_the_future_is_poisoned(
    own, step, steps, series, at, poison
):
    """From each origin on: counts gone, a thousandfold or below zero, signals garbage."""
    if poison == 1000.0:
        pytest.importorskip("statsforecast")
    methods = {"remand": own, **(BASELINES if poison == 1000.0 else NAIVE)}
    panel = panel_of(step, steps, series)
    for i in at:
        origin = panel.dates[i]
        y, bookings = panel.y.copy(), panel.signals["bookings"].copy()
        y[:, i:] *= poison
        bookings[:, i:] = np.random.default_rng(1).normal(0, 1e6, bookings[:, i:].shape)
        poisoned = replace(panel, y=y, signals={"bookings": bookings, "new": y})
        before = told(forecasts(panel, methods, [origin], 6).forecasts)
        assert before["point"].null_count() == 0
        assert before.equals(told(forecasts(poisoned, methods, [origin], 6).forecasts))


@pytest.mark.parametrize("poison", ["0", "4000", "1"])
def test_no_forecast_moves_by_a_bit_when_the_future_of_a_file_is_poisoned(poison, tmp_path):
    """What a file is read as before an origin does not hang on its later rows either.

    A jail that was small and at times empty, and one of hundreds that did not report at times.
    """
    chance = np.random.default_rng(3)
    held = np.round(np.abs(chance.normal([[6.0], [300.0]], [[2.0], [20.0]], (2, 66))))
    held[0, ::9] = held[1, 20:22] = 0
    held[1, 60:] = 0
    at = 30

    def read_until(later):
        path = tmp_path / "jails.csv"
        rows = [
            f"{name},{2010 + m // 12}-{m % 12 + 1:02},{v},{v}"
            for name, row in zip("ab", held, strict=True)
            for m, people in enumerate(row)
            for v in [later if later and m >= at else f"{people:.0f}"]
        ]
        path.write_text("unique_id,ds,y,bookings\n" + "\n".join(rows) + "\n")
        return read_panel(path).panel

    before, after = read_until(""), read_until(poison)
    origin = dt.date(2012, 7, 1)
    for clean, spoilt in zip(
        *(p.until(origin).signals.values() for p in (before, after)), strict=True
    ):
        np.testing.assert_array_equal(clean, spoilt)
    methods = {"remand": Own(), **NAIVE}
    clean, spoilt = (told(forecasts(p, methods, [origin], 6).forecasts) for p in (before, after))
    assert clean["point"].null_count() == 0
    assert clean.equals(spoilt)


def test_a_method_that_looks_ahead_would_be_found_out():
    """The test above can fail: a method that holds on to the whole panel gives other digits."""

    def cheat(whole):
        return lambda known, horizon: Prediction(
            (ahead := whole.y[:, len(known.dates) : len(known.dates) + horizon]),
            np.repeat(ahead[..., None], len(LEVELS), axis=2),
        )

    panel = panel_of("month", 60)
    poisoned = replace(panel, y=np.where(np.arange(60) >= 48, 1e3 * panel.y, panel.y))
    one, two = (
        told(forecasts(p, {"cheat": cheat(p)}, [panel.dates[48]], 6).forecasts)
        for p in (panel, poisoned)
    )
    assert not one.equals(two)


def test_scores_of_a_record_are_those_of_a_plain_loop():
    """MASE over two jails, two origins and three months, by hand."""
    panel = panel_of("month", 60, series=2)
    at = (40, 50)
    found = backtest(read(panel), {"remand": sure}, [panel.dates[i] for i in at], 3)
    errors = []
    for i in at:
        for y in panel.y:
            scale = np.mean([abs(y[t] - y[t - 12]) for t in range(12, i)])
            errors += [abs(y[i + h] - y[i - 1]) / scale for h in range(3)]
    row = found.overall.row(0, named=True)
    assert row["mase"] == pytest.approx(np.mean(errors))
    assert row["crps"] == pytest.approx(row["mase"])
    assert (row["coverage_80"], row["width_80"], row["forecasts"]) == (0, 0, 12)


def test_what_any_method_did_not_forecast_counts_for_none():
    """Else a method could look good by leaving out what is hard."""

    def shy(panel, horizon):
        made = naive(panel, horizon)
        return Prediction(np.where(np.arange(horizon) < 2, made.point, np.nan), made.quantiles)

    panel = panel_of("month", 60)
    found = backtest(read(panel), {"remand": shy, "Naive": naive}, [panel.dates[48]], 6)
    assert found.overall["forecasts"].to_list() == [6, 6]
    assert (found.meta["forecasts"], found.meta["scored"]) == (18, 6)


def test_an_unknown_truth_is_skipped_and_counted():
    """Also what lies beyond the end of the data."""
    panel = panel_of("month", 60)
    panel.y[1, 50] = np.nan
    found = backtest(read(panel), NAIVE, [panel.dates[48], panel.dates[57]], 6)
    assert found.meta["forecasts"] == 36
    assert found.meta["scored"] == 36 - 1 - 9
    assert found.forecasts.filter(ds=panel.dates[50])["y"].null_count() == 2


def test_a_series_with_a_short_past_is_left_out_with_a_word():
    """One that began late, and one that never moved."""
    panel = panel_of("month", 60, series=3)
    panel.y[0, :30] = np.nan
    panel.y[1] = 40.0
    first, last = panel.dates[48], panel.dates[54]
    found = backtest(read(panel), NAIVE, [first, last], 3)
    assert found.meta["skipped"] == [
        "jail 0: less than 2 seasons of 12 months are known before 2014-01-01",
        "jail 1: it never changed from season to season before 2014-01-01, 2014-07-01",
    ]
    assert found.by_series["unique_id"].unique().sort().to_list() == ["jail 0", "jail 2"]
    with pytest.raises(InputError, match="no series has a past long enough"):
        backtest(read(panel.of([0, 1])), NAIVE, [panel.dates[20]], 3)


def test_the_mean_of_the_four_joins_them_and_is_no_fifth_run():
    """It is made of what they gave; without one of them there is none."""
    pytest.importorskip("statsforecast")
    panel = panel_of("month", 60, series=1)
    found = backtest(read(panel), BASELINES, [panel.dates[48]], 2).forecasts
    points = found.filter(horizon=2)
    mean = points.filter(model=MEAN)["point"].item()
    assert mean == pytest.approx(points.filter(pl.col("model").is_in(PARTS))["point"].mean())
    assert MEAN not in backtest(read(panel), NAIVE, [panel.dates[48]], 2).meta["models"]


def test_a_period_set_apart_is_scored_apart():
    """None of its dates moves another table; all of them are in its own."""
    panel = panel_of("month", 72)
    since, until = panel.dates[50], panel.dates[56]
    panel.y[:, 50:56] *= 0.4
    made = [panel.dates[i] for i in (40, 48)]
    whole = backtest(read(panel), NAIVE, made, 12)
    found = backtest(read(panel), NAIVE, made, 12, apart=(since, until))
    aside = found.forecasts.filter("apart")
    assert (aside["ds"].min(), aside["ds"].max()) == (since, panel.dates[55])
    assert found.apart["forecasts"][0] + found.overall["forecasts"][0] == 72
    assert found.apart["mase"][0] > whole.overall["mase"][0] > found.overall["mase"][0]
    assert found.by_series["forecasts"].sum() == found.overall["forecasts"].sum()
    assert found.by_horizon["forecasts"].sum() == found.overall["forecasts"].sum()


def test_days_ahead_are_told_by_the_month():
    """Sixty-five days: two of thirty, and what is left."""
    panel = panel_of("day", 200, series=2)
    found = backtest(read(panel), NAIVE, [panel.dates[120]], 65).by_horizon
    rows = found.filter(model="Naive").select("horizon_from", "horizon", "forecasts").rows()
    assert rows == [(1, 30, 60), (31, 60, 60), (61, 65, 10)]


def test_differences_are_paired_and_name_their_clusters():
    """By series where there are enough; else by origin; against itself nothing."""
    many, few = panel_of("month", 72, series=8), panel_of("month", 72, series=2)
    at = [many.dates[i] for i in (48, 54, 60)]
    methods = {"remand": seasonal_naive, "Naive": naive, "SeasonalNaive": seasonal_naive}
    found = backtest(read(many), methods, at, 6, seed=4)
    row, same = found.differences.filter(score="mase").iter_rows(named=True)
    scores = dict(found.overall.select("model", "mase").rows())
    assert row["difference"] == pytest.approx(scores["remand"] - scores["Naive"])
    assert row["percent"] == pytest.approx(100 * row["difference"] / scores["Naive"])
    assert row["low"] <= row["difference"] <= row["high"]
    assert (row["clusters"], row["clustered_by"]) == (8, "unique_id")
    assert (same["difference"], same["low"], same["high"]) == (0, 0, 0)
    other = backtest(read(few), methods, at, 6).differences
    assert other.select("clusters", "clustered_by").row(0) == (3, "origin")
    assert other["low"].null_count() == other.height
    assert backtest(read(many), methods, at, 6, seed=4).to_json() == found.to_json()


@pytest.mark.parametrize(("apart", "blocks"), [(12, 8), (6, 4), (1, 1), (5, 3)])
def test_origins_whose_forecasts_overlap_are_drawn_together(apart, blocks):
    """A year ahead, eight origins: a year apart each is its own, half a year apart two are one."""
    panel = panel_of("month", 150, series=2)
    at = [panel.dates[i] for i in range(40, 40 + 8 * apart, apart)]
    methods = {"remand": seasonal_naive, **NAIVE}
    found = backtest(read(panel), methods, at, 12)
    row = found.differences.filter(score="mase", b="Naive").row(0, named=True)
    assert (row["clusters"], row["clustered_by"]) == (blocks, "origin")
    assert (row["low"] is None) == (blocks < FEW)
    assert (found.skill.skill_until is None) == (blocks < FEW)
    assert found.skill.says.startswith("Too few origins") == (blocks < FEW)


def test_skill_is_that_of_mean_errors_over_everything():
    """One that knows the truth for four months and is far off after them."""
    panel = panel_of("month", 72, series=6)

    def four(known, horizon):
        at = len(known.dates)
        truth = panel.y[:, at : at + horizon]
        point = np.where(np.arange(horizon) < 4, truth, 5 * truth)
        return Prediction(point, np.repeat(point[..., None], len(LEVELS), axis=2))

    found = backtest(read(panel), {"remand": four, **NAIVE}, [panel.dates[48]], 10)
    assert found.skill.skill_until == 4
    better = "Nearer than the better of two naive forecasts"
    assert f"{better} for 4 of 10 months ahead; MASE" in found.skill.says
    assert [found.skill.at(h) for h in (4, 5, 10, 11)] == [
        "skill", "no skill", "no skill", "not tried",
    ]  # fmt: skip
    never = backtest(read(panel), {"remand": naive, **NAIVE}, [panel.dates[48]], 10)
    assert never.skill.skill_until == 0
    assert never.skill.says.startswith("Not distinguishable from the better of two naive forecasts")
    few = read(panel.of([0, 1, 2, 3, 4]))
    few = backtest(few, {"remand": seasonal_naive, **NAIVE}, [panel.dates[48]], 10)
    assert few.skill.skill_until is None
    assert few.skill.at(1) == "too few to tell"
    assert few.skill.says.startswith("Too few origins and series to tell it from the better of two")
    assert backtest(read(panel), {"remand": four}, [panel.dates[48]], 10).skill is None


def test_a_place_is_tested_as_it_is_forecast():
    """The program's own method sees every series, also a short one; others the scored ones."""
    panel = panel_of("month", 72, series=6)
    panel.y[5, :50] = np.nan
    seen = {}

    def watched(name, method):
        def run(known, horizon):
            seen[name] = known.ids
            return method(known, horizon)

        return run

    methods = {"remand": watched("remand", Own()), "Naive": watched("Naive", naive)}
    origin = panel.dates[60]
    alone = backtest(read(panel), methods, [origin], 6, places=["jail 2"])
    assert seen == {"remand": panel.ids, "Naive": ("jail 2",)}
    assert alone.by_series["unique_id"].unique().to_list() == ["jail 2"]
    point = Own()(panel.until(origin), 6).point[2]
    own = alone.forecasts.filter(model="remand")
    np.testing.assert_array_equal(own["point"], point)
    whole = backtest(read(panel), methods, [origin], 6)
    assert own.equals(whole.forecasts.filter(model="remand", unique_id="jail 2"))
    assert "5 more series of the file were read for the course they share" in alone.meta["notes"]
    assert alone.identity != whole.identity


def test_figures_of_fewer_than_ten_people_are_scored_and_not_shown():
    """Nor the scores that would tell them; a jail of nobody is shown as such."""
    panel = panel_of("month", 60, series=2)
    chance = np.random.default_rng(7)
    panel.y[0] = chance.integers(0, 16, 60)
    found = backtest(read(panel), {"remand": naive, **NAIVE}, [panel.dates[48]], 12)
    frame = found.forecasts
    for name in ("y", "point", *QUANTILES):
        shown = frame[name].drop_nulls()
        assert ((shown == 0) | (shown >= 10)).all()
    assert (frame["y"] == 0).any()
    small = (panel.y[0, 48:] > 0) & (panel.y[0, 48:] < 10)
    rows = frame.filter(model="remand", unique_id="jail 0")
    assert rows["y"].is_null().to_list() == small.tolist()
    hidden = frame.filter("suppressed")
    assert hidden.select(SCORED).null_count().row(0) == (hidden.height,) * len(SCORED)
    assert not frame.filter(unique_id="jail 1")["suppressed"].any()
    scale = np.abs(panel.y[:, 12:48] - panel.y[:, :36]).mean(axis=1)
    errors = np.abs(panel.y[:, 48:] - panel.y[:, 47:48]) / scale[:, None]
    assert found.overall["mase"][0] == pytest.approx(errors.mean())


def test_jails_that_never_moved_are_told_apart_from_short_ones():
    """Both cannot be scored, for reasons of their own."""
    panel = panel_of("month", 60)
    panel.y[:] = 50.0
    with pytest.raises(InputError, match="no series ever changed from season to season"):
        backtest(read(panel), NAIVE, [panel.dates[48]], 3)


def test_json_has_the_documented_shape():
    """Keys may be added, never renamed."""
    panel = panel_of("month", 60)
    methods = {"remand": seasonal_naive, **NAIVE}
    found = json.loads(backtest(read(panel), methods, [panel.dates[48]], 4).to_json())
    tables = {"overall", "by_horizon", "by_series", "by_origin", "differences", "apart"}
    assert tables | {"skill", "run"} == set(found)
    assert list(found["overall"][0]) == ["model", *summary.SCORES, "forecasts"]
    assert found["overall"][0]["model"] == "remand"
    assert found["by_series"][0]["unique_id"] == "jail 0"
    assert found["by_origin"][0]["origin"] == "2014-01-01"
    assert found["run"]["origins"] == ["2014-01-01"]
    assert len(found["run"]["id"]) == 12


def test_a_method_that_gives_something_else_is_refused():
    """By name."""
    panel = panel_of("month", 60)
    with pytest.raises(InputError, match="remand gave forecasts of shape"):
        backtest(read(panel), {"remand": lambda p, h: sure(p, h + 1)}, [panel.dates[48]], 4)


def test_questions_without_an_answer_say_why():
    """No horizon, a seed below zero, and nothing that could be scored."""
    panel = panel_of("month", 60)
    at = [panel.dates[48]]
    with pytest.raises(InputError, match="--horizon cannot be 0"):
        backtest(read(panel), NAIVE, at, 0)
    with pytest.raises(InputError, match="--seed cannot be -1"):
        backtest(read(panel), NAIVE, at, 3, seed=-1)
    with pytest.raises(InputError, match="nothing can be scored"):
        backtest(read(panel), NAIVE, at, 3, apart=(dt.date(2010, 1, 1), dt.date(2020, 1, 1)))


def test_origins_that_are_given_move_to_the_next_step():
    """And must have something before them and after."""
    panel = panel_of("month", 60)
    days = [dt.date(2013, 5, 20), dt.date(2013, 6, 1), dt.date(2012, 1, 1)]
    assert origins.given(panel, days) == (dt.date(2012, 1, 1), dt.date(2013, 6, 1))
    with pytest.raises(InputError) as wrong:
        origins.given(panel, [dt.date(2010, 1, 1), dt.date(2015, 2, 1), dt.date(2013, 1, 1)])
    assert [p.value for p in wrong.value.problems] == ["2010-01-01", "2015-02-01"]


def test_rolling_origins_leave_a_past_and_the_whole_horizon():
    """Twelve at most, or all between two ends."""
    months, days = panel_of("month", 240, series=1), panel_of("day", 900, series=1)
    found = origins.rolling(months, 24)
    assert (len(found), found[-1]) == (12, dt.date(2028, 1, 1))
    assert {(b - a).days for a, b in itertools.pairwise(found)} <= {365, 366}
    found = origins.rolling(days, 180)
    assert {day.day for day in found} == {1}
    assert days.dates.index(found[0]) >= 366
    assert days.dates.index(found[-1]) + 180 <= 900
    ends = dt.date(2012, 1, 1), dt.date(2027, 6, 1)
    assert len(origins.rolling(months, 24, *ends, "quarter")) == 62
    late = dt.date(2011, 1, 31), dt.date(2011, 6, 30)
    assert [d.day for d in origins.rolling(days, 30, *late, "month")] == [31, 28, 31, 30, 31, 30]
    with pytest.raises(InputError, match="40 months leave no origin"):
        origins.rolling(panel_of("month", 40, series=1), 24)


def test_a_record_is_read_as_it_was_written(tmp_path):
    """And anything else is refused in a sentence."""
    panel = panel_of("month", 60)
    methods = {"remand": seasonal_naive, **NAIVE}
    skill = backtest(read(panel), methods, [panel.dates[48]], 4).skill
    path = tmp_path / "record.json"
    skill.write(path)
    assert read_skill(path) == skill
    said = json.loads(path.read_text())
    for name, text, message in (
        ("other.json", '{"format": "else"}', "no record of a backtest"),
        ("list.json", "[1]", "no record of a backtest"),
        ("text.json", "better", "is no JSON"),
        ("deep.json", "[" * 100_000, "is no JSON"),
        ("far.json", json.dumps(said | {"skill_until": 99}), "far.json: .*99 is beyond horizon 4"),
        ("word.json", json.dumps(said | {"skill_until": "4"}), "'skill_until' should be a whole"),
        ("two.json", json.dumps(said | {"origins": ["2014-01-01"]}), r"origins\[2\]"),
        ("text.json", json.dumps(said | {"mase": "low"}), "'mase' should be a number"),
        ("step.json", json.dumps(said | {"step": "year"}), "'step' cannot be 'year'"),
        ("less.json", json.dumps({**said, "made": None}), "'made' is empty"),
        ("nan.json", json.dumps(said | {"crps": float("nan")}), "'crps' is not a finite number"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match=message):
            read_skill(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_skill(tmp_path / "gone.json")
    with pytest.raises(InputError, match="cannot be written"):
        skill.write(tmp_path / "no folder" / "record.json")
