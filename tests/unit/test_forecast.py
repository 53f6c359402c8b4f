"""Which way is used, how sure it is, and until when it has skill."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from remand.evidence.backtest.scores import BANDS
from remand.evidence.forecast.months import NAIVE, forecast, remand
from remand.evidence.panel import LEVELS, Panel


def months(count):
    return tuple(dt.date(2000 + m // 12, m % 12 + 1, 1) for m in range(count))


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


def test_where_nothing_is_to_be_seen_but_a_random_walk_naive_is_used_or_nearly_as_good():
    """And whatever is used, the error told for it is the smallest told."""
    found = forecast(walks(np.random.default_rng(1)), 12)
    means = {name: np.nanmean(errors) for name, errors in found.errors.items()}
    assert means[found.by] <= means[NAIVE] + 1e-9


def test_a_random_walk_without_a_pool_is_forecast_as_today():
    """One series with nothing to it but its last value."""
    found = forecast(walks(np.random.default_rng(7), series=1, steps=160, noise=0.08), 12)
    assert found.by == NAIVE
    assert found.skill_until == 0


def test_a_season_is_seen_and_used():
    """Naive forecasts of a strong season are far off."""
    found = forecast(seasonal(np.random.default_rng(2)), 24)
    assert found.by != NAIVE
    assert np.nanmean(found.errors[found.by]) < 0.5 * np.nanmean(found.errors[NAIVE])
    assert np.nanmean(found.errors["level"]) < 0.6 * np.nanmean(found.errors[NAIVE])


def test_stock_and_flow_is_tried_only_where_admissions_are_told():
    """Its errors stand beside the others'."""
    plain = seasonal(np.random.default_rng(3), steps=72)
    assert "stock and flow" not in forecast(plain, 6).errors
    told = Panel(plain.ids, plain.dates, "month", plain.y, {"bookings": plain.y / 2})
    assert "stock and flow" in forecast(told, 6).errors


def test_bands_cover_what_they_say_on_worlds_of_their_own_kind():
    """Sixty panels of random walks: 80 % and 95 % bands, every horizon together."""
    inside = {80: [], 95: []}
    for world in range(60):
        whole = walks(np.random.default_rng(world), series=6, steps=96)
        known = whole.until(whole.dates[84])
        said = remand(known, 12).quantiles
        for percent, (low, high) in BANDS.items():
            truth = whole.y[:, 84:]
            inside[percent].append(
                (said[..., low] <= truth).mean() * 1.0 - (said[..., high] < truth).mean()
            )
    assert np.mean(inside[80]) == pytest.approx(0.80, abs=0.06)
    assert np.mean(inside[95]) == pytest.approx(0.95, abs=0.04)


def test_quantiles_rise_and_bands_widen():
    """Along the levels, and with the horizon."""
    said = remand(walks(np.random.default_rng(4)), 18).quantiles
    assert (np.diff(said, axis=-1) >= 0).all()
    width = np.log(said[..., -1] / said[..., 0])
    assert (np.diff(width, axis=1) >= -1e-9).all()


def test_nothing_of_the_origin_or_after_it_is_read():
    """Poison it: not a bit moves."""
    whole = seasonal(np.random.default_rng(5), steps=84)
    whole = Panel(whole.ids, whole.dates, "month", whole.y, {"bookings": whole.y / 2})
    origin = whole.dates[60]
    before = remand(whole.until(origin), 12)
    y, bookings = whole.y.copy(), whole.signals["bookings"].copy()
    y[:, 60:], bookings[:, 60:] = 1e9, np.nan
    after = remand(
        Panel(whole.ids, whole.dates, "month", y, {"bookings": bookings}).until(origin), 12
    )
    assert (before.point == after.point).all()
    assert (before.quantiles == after.quantiles).all()


@pytest.mark.parametrize("steps", [1, 2, 8, 37, 40])
def test_little_history_gives_wide_bands_and_no_claim_of_skill(steps):
    """Finite numbers even from one month."""
    found = forecast(walks(np.random.default_rng(6), steps=steps), 12)
    assert np.isfinite(found.prediction.quantiles).all()
    if steps <= 36:
        assert (found.by, found.skill_until) == (NAIVE, 0)


@pytest.mark.parametrize("step", ["day", "week"])
def test_days_and_weeks_are_forecast_too(step):
    """On the dates that follow."""
    days = 7 if step == "week" else 1
    rng = np.random.default_rng(8)
    dates = tuple(dt.date(2020, 1, 1) + dt.timedelta(days * k) for k in range(400))
    held = 800 * np.exp(rng.normal(0, 0.005, (1, 400)).cumsum(axis=1))
    found = forecast(Panel(("jail",), dates, step, held), 5)
    assert found.dates[0] == dates[-1] + dt.timedelta(days)
    assert found.prediction.quantiles.shape == (1, 5, len(LEVELS))


def test_dates_of_months_follow_the_calendar():
    """Over the turn of a year."""
    found = forecast(walks(np.random.default_rng(9), steps=48), 2)
    assert found.dates == (dt.date(2004, 1, 1), dt.date(2004, 2, 1))


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
        said = remand(Panel(tuple("abcdefghijkl"), months(96), "month", held), 24)
        width[name] = np.log(said.quantiles[:, -1, -1] / said.quantiles[:, -1, 0]).mean()
    assert width["common"] > 1.15 * width["own"]
