"""Which way is used, and how sure it is."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from remand.evidence.backtest.scores import BANDS
from remand.evidence.forecast.level import level, stock_and_flow
from remand.evidence.forecast.months import NAIVE, SEASONAL, forecast
from remand.evidence.laying import after, calendar
from remand.evidence.panel import LEVELS, Panel


def months(count):
    first = dt.date(2000, 1, 1)
    return tuple(calendar(first, after(first, "month", count - 1), "month"))


def walks(rng, series=12, steps=96, noise=0.03):
    """Counties whose only law is a random walk: nothing beats "as today" but by a little."""
    return Panel(
        tuple(f"county {i}" for i in range(series)),
        months(steps),
        "month",
        500 * np.exp(rng.normal(0, noise, (series, steps)).cumsum(axis=1)),
    )


def seasonal(rng, series=12, steps=120):
    """Counties with a strong season around a level that stays."""
    t = np.arange(steps)
    logs = 0.15 * np.sin(t * np.pi / 6) + rng.normal(0, 0.03, (series, steps))
    return Panel(
        tuple(f"county {i}" for i in range(series)), months(steps), "month", 500 * np.exp(logs)
    )


def chosen(panel, horizon):
    """What months and weeks are forecast by."""
    return forecast(panel, horizon).chosen[0]


def test_where_nothing_is_to_be_seen_but_a_random_walk_naive_is_used_or_nearly_as_good():
    """And whatever is used, the error told for it is the smallest told."""
    found = chosen(walks(np.random.default_rng(1)), 12)
    assert found.errors[found.way] == min(found.errors.values())


def test_a_random_walk_without_a_pool_is_forecast_as_today():
    """One series with nothing to it but its last value."""
    found = chosen(walks(np.random.default_rng(7), series=1, steps=160, noise=0.08), 12)
    assert found.way == NAIVE


def test_a_season_is_seen_and_used():
    """Naive forecasts of a strong season are far off."""
    found = chosen(seasonal(np.random.default_rng(2)), 24)
    assert found.way != NAIVE
    assert found.errors[found.way] < 0.5 * found.errors[NAIVE]
    assert found.errors["level"] < 0.6 * found.errors[NAIVE]


def test_stock_and_flow_is_tried_only_where_admissions_are_told():
    """Its errors stand beside the others'."""
    plain = seasonal(np.random.default_rng(3), steps=72)
    assert "stock and flow" not in chosen(plain, 6).errors
    told = Panel(plain.ids, plain.dates, "month", plain.y, {"bookings": plain.y / 2})
    assert "stock and flow" in chosen(told, 6).errors


def test_bands_cover_what_they_say_on_worlds_of_their_own_kind():
    """Sixty panels of random walks: 80 % and 95 % bands, every horizon together."""
    inside = {80: [], 95: []}
    for world in range(60):
        whole = walks(np.random.default_rng(world), series=6, steps=96)
        known = whole.until(whole.dates[84])
        said = forecast(known, 12).prediction.quantiles
        for percent, (low, high) in BANDS.items():
            truth = whole.y[:, 84:]
            inside[percent].append(
                (said[..., low] <= truth).mean() * 1.0 - (said[..., high] < truth).mean()
            )
    assert np.mean(inside[80]) == pytest.approx(0.80, abs=0.06)
    assert np.mean(inside[95]) == pytest.approx(0.95, abs=0.04)


def test_quantiles_rise_and_bands_widen():
    """Along the levels, and with the horizon."""
    said = forecast(walks(np.random.default_rng(4)), 18).prediction.quantiles
    assert (np.diff(said, axis=-1) >= 0).all()
    width = np.log(said[..., -1] / said[..., 0])
    assert (np.diff(width, axis=1) >= -1e-9).all()


def test_nothing_of_the_origin_or_after_it_is_read():
    """Poison it: not a bit moves."""
    whole = seasonal(np.random.default_rng(5), steps=84)
    whole = Panel(whole.ids, whole.dates, "month", whole.y, {"bookings": whole.y / 2})
    origin = whole.dates[60]
    before = forecast(whole.until(origin), 12).prediction
    y, bookings = whole.y.copy(), whole.signals["bookings"].copy()
    y[:, 60:], bookings[:, 60:] = 1e9, np.nan
    later = Panel(whole.ids, whole.dates, "month", y, {"bookings": bookings})
    after = forecast(later.until(origin), 12).prediction
    assert (before.point == after.point).all()
    assert (before.quantiles == after.quantiles).all()


@pytest.mark.parametrize("steps", [1, 2, 8, 37, 40])
def test_little_history_gives_wide_bands_and_no_claim_that_one_is_nearest(steps):
    """Finite numbers even from one month."""
    found = forecast(walks(np.random.default_rng(6), steps=steps), 12)
    assert np.isfinite(found.prediction.quantiles).all()
    if steps <= 36:
        assert (found.chosen[0].way, found.chosen[0].tried) == (NAIVE, False)
        assert found.chosen[0].says == "naive, for the past is too short to tell what is nearest"


@pytest.mark.parametrize("step", ["day", "week"])
def test_days_and_weeks_are_forecast_too(step):
    """Series by series."""
    days = 7 if step == "week" else 1
    rng = np.random.default_rng(8)
    dates = tuple(dt.date(2020, 1, 1) + dt.timedelta(days * k) for k in range(400))
    held = 800 * np.exp(rng.normal(0, 0.005, (1, 400)).cumsum(axis=1))
    found = forecast(Panel(("jail",), dates, step, held), 5)
    assert found.prediction.quantiles.shape == (1, 5, len(LEVELS))


def test_a_short_series_with_holes_has_bands_of_some_width():
    """Five months, two of them not reported."""
    held = np.array([[5.0, 7.0, np.nan, np.nan, 4.0]])
    found = forecast(Panel(("small",), months(5), "month", held), 3)
    assert (found.prediction.quantiles[..., -1] > found.prediction.quantiles[..., 0] + 1).all()


def test_what_all_did_at_once_and_seldom_widens_the_bands():
    """The same size of error, in one world every county's own and in the other all counties'."""
    rng = np.random.default_rng(10)
    own = rng.normal(0, 0.03, (12, 96))
    width = {}
    for name, steps in {"own": own, "common": np.tile(own[:1], (12, 1))}.items():
        held = 500 * np.exp(steps.cumsum(axis=1))
        whole = Panel(tuple("abcdefghijkl"), months(96), "month", held)
        said = forecast(whole, 24).prediction
        width[name] = np.log(said.quantiles[:, -1, -1] / said.quantiles[:, -1, 0]).mean()
    assert width["common"] > 1.15 * width["own"]


def admitted(rng, silent):
    """Counties with a season in what they admit too; some never told of it."""
    whole = seasonal(rng, series=6)
    bookings = whole.y / 2
    bookings[silent] = np.nan
    return Panel(whole.ids, whole.dates, "month", whole.y, {"bookings": bookings})


def test_a_county_that_never_told_of_bookings_is_forecast_all_the_same(monkeypatch):
    """Where the others go by stock and flow it goes by its level, in its past errors too."""
    whole = admitted(np.random.default_rng(11), silent=[2])
    far = {NAIVE: lambda known, horizon: np.ones((len(known.ids), horizon))}
    ways = {**far, "stock and flow": stock_and_flow}
    monkeypatch.setattr("remand.evidence.forecast.months.candidates", lambda _: ways)
    found = forecast(whole, 12)
    assert found.chosen[0].way == "stock and flow"
    assert np.isfinite(found.prediction.point).all()
    assert np.isfinite(found.prediction.quantiles).all()
    np.testing.assert_array_equal(found.prediction.point[2], level(whole, 12)[2])


def test_errors_that_are_told_are_those_the_way_was_chosen_by():
    """Of the same forecasts, whoever else could be forecast; the smallest is the one used."""
    whole = admitted(np.random.default_rng(12), silent=[2, 3, 4, 5])
    whole.y[3, ::7] = np.nan
    found = chosen(whole, 12)
    assert found.errors[found.way] == min(found.errors.values())
    assert f"{found.way}, nearest from {found.origins} origins of the past (off by" in found.says
    assert found.says.endswith(", geometric means)")


def test_the_error_told_is_a_geometric_mean_of_ratios():
    """A county that doubles every month: naive is off by twofold, fourfold: by 183 % on average."""
    held = np.exp2(np.arange(60.0) + 20)[None]  # so large that log(1 + y) is log y
    found = chosen(Panel(("a",), months(60), "month", held), 2)
    ahead = [1] * 24 + [2] * 23
    assert found.errors[NAIVE] == pytest.approx(100 * (2 ** np.mean(ahead) - 1), rel=1e-4)
    assert found.errors[SEASONAL] > found.errors[NAIVE]


@pytest.mark.parametrize("behind", [1, 7, 30])
def test_a_county_last_counted_some_months_ago_is_as_unsure_as_so_far_ahead(behind):
    """Its band one month ahead is that of a fresh one so many months further ahead, or wider."""
    whole = walks(np.random.default_rng(13), series=12, steps=120)
    fresh = forecast(whole, 1 + behind).prediction.quantiles
    whole.y[0, -behind:] = np.nan
    stale = forecast(whole, 1).prediction.quantiles
    width, near, far = (np.log(q[-1] / q[0]) for q in (stale[0, 0], fresh[0, 0], fresh[0, behind]))
    assert width == pytest.approx(far, rel=0.12)
    assert width > 1.3 * near
    assert np.log(stale[5, 0, -1] / stale[5, 0, 0]) == pytest.approx(
        np.log(fresh[5, 0, -1] / fresh[5, 0, 0]), rel=0.1
    )


def test_a_county_that_never_moved_is_not_certain_to_stay():
    """Nobody is promised to the head: one to either side at 95 %, and less inside."""
    said = forecast(Panel(("a",), months(60), "month", np.full((1, 60), 100.0)), 6)
    assert (said.prediction.point == 100).all()
    low, high = (said.prediction.quantiles[0, :, end] for end in BANDS[95])
    assert (low <= 99).all()
    assert (high >= 101).all()
    low, high = (said.prediction.quantiles[0, :, end] for end in BANDS[80])
    assert (high - low > 1).all()


def test_what_lies_further_ahead_than_the_past_tells_is_no_surer():
    """Forty months known, two years asked."""
    said = forecast(walks(np.random.default_rng(14), steps=40), 24).prediction
    width = np.log(said.quantiles[..., -1] / said.quantiles[..., 0])
    assert (np.diff(width, axis=1) >= -1e-9).all()
