"""Days ahead: which way is chosen, how wide the bands are, and what is never read."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from remand.errors import InputError
from remand.evidence.backtest.scores import BANDS
from remand.evidence.forecast.days import (
    AS_TODAY,
    DRIFT,
    EVERY,
    FLOW,
    HALVES,
    LEAST,
    from_counts,
    from_stays,
    moved,
)
from remand.evidence.forecast.own import Own
from remand.evidence.panel import LEVELS, Panel
from remand.records.work import Records

START = dt.date(2017, 1, 1)


def panel(*series):
    """Daily counts from the first day of 2017."""
    y = np.array(series, float)
    dates = tuple(START + dt.timedelta(i) for i in range(y.shape[1]))
    return Panel(tuple(f"jail {i}" for i in range(len(y))), dates, "day", y)


def wandering(days, seed=1, step=3.0):
    """A jail whose only law is a random walk."""
    return 1000 + np.cumsum(np.random.default_rng(seed).normal(0, step, days))


def width(told, low=0, high=-1):
    """People between two quantiles, by day ahead."""
    quantiles = told.prediction.quantiles[0]
    return quantiles[:, high] - quantiles[:, low]


def test_a_jail_that_never_moves_is_forecast_as_it_is():
    """No error so far, so the least is expected that can be; nothing is better than "as today"."""
    told = from_counts().told(panel(np.full(500, 88.0)), 120)
    assert (told.prediction.point == 88).all()
    assert (told.prediction.quantiles[..., [0, -1]] == [87, 89]).all()
    assert (width(told, *BANDS[80]) > 1).all()
    assert [one.way for one in told.chosen] == [AS_TODAY] * 3
    assert [(one.since, one.until) for one in told.chosen] == [(1, 30), (31, 90), (91, 120)]


def test_a_fall_that_lasted_for_years_goes_on_at_half_its_pace():
    """Two a day for three years: half of it was nearest in the past, and is used, and said."""
    told = from_counts().told(panel(5000 - 2.0 * np.arange(1100)), 180)
    assert [one.way for one in told.chosen] == [DRIFT] * 3
    last = 5000 - 2.0 * 1099
    np.testing.assert_allclose(told.prediction.point[0], last - np.arange(1, 181))
    far = told.chosen[-1]
    assert far.errors[DRIFT] < far.errors[HALVES] < far.errors[AS_TODAY]
    assert far.origins >= 180 / EVERY


def test_where_a_trend_always_turned_naive_is_used():
    """A jail that rises for half a year and falls for the next: a year's change says nothing."""
    wave = 1000 + 300 * np.sin(2 * np.pi * np.arange(1500) / 500)
    told = from_counts().told(panel(wave), 180)
    assert told.chosen[0].way == AS_TODAY
    np.testing.assert_allclose(told.prediction.point[0, :20], wave[-1], atol=0.01)


def test_until_the_past_can_tell_it_is_half_of_each():
    """Forty days known: no origin lies so far back that 90 days ahead of it had come."""
    told = from_counts().told(panel(wandering(40)), 90)
    assert told.chosen[-1].way == HALVES
    assert told.chosen[-1].origins == 0
    assert np.isnan(told.chosen[-1].errors[AS_TODAY])


def test_stays_are_believed_until_the_past_can_tell(jail):
    """A hundred days of records: too few to try half a year ahead."""
    found, whole = jail
    told = from_stays(found).told(whole.until(START + dt.timedelta(100)), 180)
    assert told.chosen[-1].way == FLOW
    assert told.chosen[-1].origins == 0


def test_before_there_is_a_past_bands_widen_as_a_random_walk():
    """Beyond every known error the width is the √h law's: four times as far, twice as wide."""
    told = from_counts().told(panel(wandering(60)), 200)
    wide = width(told)
    assert wide[199] == pytest.approx(2 * wide[49], rel=0.05)
    assert (np.diff(wide) >= -1e-9).all()


def test_a_jail_of_three_days_has_a_forecast_and_a_band():
    """Nothing but the last count and how it moved."""
    told = from_counts().told(panel([50.0, 52.0, 51.0]), 10)
    assert (told.prediction.point == 51).all()
    assert (width(told) > 0).all()


def test_quantiles_rise_and_are_never_below_nobody():
    """Also where a small jail may empty."""
    y = np.maximum(wandering(300, 3, 2.0) - 995, 0)
    quantiles = Own(from_counts())(panel(y, y[::-1].copy()), 180).quantiles
    assert quantiles.shape == (2, 180, len(LEVELS))
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert (quantiles >= 0).all()


def test_the_shape_of_the_week_goes_on():
    """Forty fewer on every Sunday and Saturday of the past, and of the time to come."""
    days = np.arange(399)
    y = 1000 - 40.0 * (days % 7 >= 5)
    told = from_counts().told(panel(y), 28)
    ahead = np.arange(399, 427)
    np.testing.assert_allclose(told.prediction.point[0], 1000 - 40.0 * (ahead % 7 >= 5))


def test_days_that_nobody_counted_are_no_errors():
    """Every tenth day, the last ones too; the forecast goes on from the last that was counted."""
    y = np.full(400, 70.0)
    y[::10] = np.nan
    y[-3:] = np.nan
    told = from_counts().told(panel(y), 60)
    assert (told.prediction.point == 70).all()
    assert {error for one in told.chosen for error in one.errors.values()} == {0.0}


def test_a_jail_last_counted_some_days_ago_is_as_unsure_as_so_far_ahead():
    """Its band tomorrow is that of a day further ahead by so much."""
    y = wandering(900)
    fresh = from_counts().told(panel(y), 60)
    y[-30:] = np.nan
    stale = from_counts().told(panel(y), 30)
    assert width(stale)[0] == pytest.approx(width(fresh)[30], rel=0.1)
    assert width(stale)[0] > 3 * width(fresh)[0]


def test_what_was_not_tried_is_not_called_nearest():
    """Forty days known and ninety asked: a way is used that nobody has tried, and that is said."""
    _, (near, far) = Own(from_counts()).told(panel(wandering(40)), 90)
    assert far == (f"days 31 to 90: {HALVES}, for the past is too short to tell what is nearest")
    _, (near, *_) = Own(from_counts()).told(panel(wandering(400)), 90)
    assert "origins of the past (off by" in near


def test_a_series_without_a_count_has_no_forecast_and_stops_no_other():
    """NaN for it alone."""
    made = Own(from_counts())(panel(np.full(90, np.nan), np.full(90, 5.0)), 7)
    assert np.isnan(made.point[0]).all()
    assert np.isnan(made.quantiles[0]).all()
    assert (made.point[1] == 5).all()


def test_counts_by_the_month_are_refused():
    """Another design is for them."""
    whole = panel(np.full(30, 9.0))
    months = Panel(whole.ids, whole.dates, "month", whole.y)
    with pytest.raises(InputError, match="give one series of daily counts"):
        from_counts().told(months, 5)


def test_changes_within_the_week_are_not_the_jails_walk():
    """A jail that empties every weekend and fills again has gone nowhere."""
    week = np.tile([90.0, 95, 99, 100, 98, 60, 50], 10)
    assert (moved(week) == 0).all()
    assert len(moved(week[: LEAST - 1])) == LEAST - 2


def stays(rng, days, pace, mean):
    """A jail of geometric stays, with its census."""
    day_in = np.sort(rng.integers(-300, days, (days + 300) * pace))
    out = day_in + rng.geometric(1 / mean, len(day_in))
    day_in, out = day_in[out > 0], out[out > 0]
    inside = pl.Series(np.where(out < days, out, -1), dtype=pl.Int32)
    inside = inside.set(inside == -1, None)
    frame = pl.DataFrame(
        {
            "person": pl.Series(np.arange(len(out)), dtype=pl.UInt32),
            "day_in": pl.Series(day_in, dtype=pl.Int32),
            "day_seen": pl.Series(np.maximum(day_in, 0), dtype=pl.Int32),
            "day_out": inside,
            "day_out_by": inside,
        }
    )
    until = START + dt.timedelta(days)
    found = Records(frame, START, until, "bookings", "in-facility", (), synthetic=True)
    change = (
        np.bincount(np.maximum(day_in, 0), minlength=days)
        - np.bincount(np.minimum(out, days), minlength=days + 1)[:days]
    )
    return found, panel(np.cumsum(change))


@pytest.fixture(scope="module")
def jail():
    """Two years of a jail of about 300 people."""
    return stays(np.random.default_rng(11), 700, 10, 30.0)


def test_stock_and_flow_knows_the_level_that_chance_goes_back_to(jail):
    """A jail in its steady state wanders about λL; "as today" is off by whatever chance did today.

    So stock and flow is nearest in the far stretches, and its far forecast is about λL.
    """
    found, whole = jail
    told = from_stays(found).told(whole, 180)
    assert told.chosen[-1].way == FLOW
    assert told.prediction.point[0, -1] == pytest.approx(290, rel=0.05)
    assert (np.diff(told.prediction.quantiles, axis=-1) >= 0).all()


def test_no_forecast_reads_a_count_or_a_stay_of_its_future(jail):
    """Counts, stays, ends from the origin on are poisoned; the bits stay the same."""
    found, whole = jail
    origin = START + dt.timedelta(600)
    y = whole.y.copy()
    y[0, 600:] = -1e9
    poisoned = Panel(whole.ids, whole.dates, "day", y)
    late = pl.col("day_seen") >= 600
    ends = pl.col("day_out").fill_null(10**6) >= 600
    dirty = found.stays.with_columns(
        pl.when(late).then(pl.col("person") * 0).otherwise(pl.col("person")).alias("person"),
        pl.when(late).then(600).otherwise(pl.col("day_in")).cast(pl.Int32).alias("day_in"),
        *(pl.when(ends).then(699).otherwise(pl.col(c)).cast(pl.Int32).alias(c)
          for c in ("day_out", "day_out_by")),
    )  # fmt: skip
    worse = Records(dirty, found.since, found.until, found.basis, found.counts, (), synthetic=True)
    for clean_way, dirty_way in (
        (from_stays(found), from_stays(worse)),
        (from_counts(), from_counts()),
    ):
        clean = clean_way.told(whole.until(origin), 90)
        spoilt = dirty_way.told(poisoned.until(origin), 90)
        assert (clean.prediction.point == spoilt.prediction.point).all()
        assert (clean.prediction.quantiles == spoilt.prediction.quantiles).all()
        assert clean.chosen == spoilt.chosen


def test_what_was_learnt_at_one_origin_does_not_change_the_next(jail):
    """Paths of past origins are kept; asked in another order, or alone, the answer is the same."""
    found, whole = jail
    early, late = (whole.until(START + dt.timedelta(d)) for d in (500, 650))
    both = from_stays(found)
    both.told(late, 60)
    after, alone = both.told(early, 60), from_stays(found).told(early, 60)
    assert (after.prediction.quantiles == alone.prediction.quantiles).all()


def test_before_the_records_have_anything_to_say_it_is_as_today(jail):
    """Counts may begin before the stays do."""
    found, _ = jail
    path = from_stays(found).own(np.full(9, 250.0), found.since + dt.timedelta(LEAST - 1), 5)
    assert (path == 250).all()


def test_where_nobody_has_left_yet_it_is_as_today():
    """A jail that opened and has kept everyone: no law of leaving, and yet a forecast."""
    day_in = np.arange(60)
    frame = pl.DataFrame(
        {
            "person": pl.Series(day_in, dtype=pl.UInt32),
            "day_in": pl.Series(day_in, dtype=pl.Int32),
            "day_seen": pl.Series(day_in, dtype=pl.Int32),
            "day_out": pl.Series([None] * 60, dtype=pl.Int32),
            "day_out_by": pl.Series([None] * 60, dtype=pl.Int32),
        }
    )
    until = START + dt.timedelta(60)
    found = Records(frame, START, until, "bookings", "in-facility", (), synthetic=True)
    told = from_stays(found).told(panel(np.arange(1.0, 61.0)), 20)
    assert (told.prediction.point == 60).all()
    with pytest.raises(InputError, match="outside the window"):
        from_stays(found).own(np.full(9, 1.0), until + dt.timedelta(1), 5)
