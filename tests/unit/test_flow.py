"""Stock and flow: who is inside tonight and goes on, and who is yet to come."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from remand.errors import InputError
from remand.evidence.forecast.flow import (
    LAW_DAYS,
    PACE_DAYS,
    NobodyLeft,
    admitted,
    ahead,
    entered,
    still,
)
from remand.records.seen import Seen
from remand.records.work import Records

START = dt.date(2018, 1, 1)


def records(day_in, stay, days, basis="bookings"):
    """Stays by their first day and their length, as they were known after so many days."""
    day_in, stay = np.asarray(day_in), np.asarray(stay)
    kept = day_in + stay >= 0
    day_in, day_out = day_in[kept], (day_in + stay)[kept]
    out = pl.Series(day_out, dtype=pl.Int32)
    frame = pl.DataFrame(
        {
            "person": pl.Series(np.arange(len(day_in)), dtype=pl.UInt32),
            "day_in": pl.Series(day_in, dtype=pl.Int32),
            "day_seen": pl.Series(np.maximum(day_in, 0), dtype=pl.Int32),
            "day_out": out,
            "day_out_by": out,
        }
    ).with_columns(
        pl.when(pl.col("day_out") < days).then(pl.col(name)).alias(name)
        for name in ("day_out", "day_out_by")
    )
    frame = frame.filter(pl.col("day_seen") < days)
    until = START + dt.timedelta(days)
    return Records(frame, START, until, basis, "in-facility", (), synthetic=True)


def halving(days):
    """64 admitted a day, of whom half are let out by each census: 64 inside on every night."""
    stays = np.repeat(np.arange(7), [32, 16, 8, 4, 2, 1, 1])
    day_in = np.repeat(np.arange(-10, days), len(stays))
    return records(day_in, np.tile(stays, days + 10), days)


def counted(found, days):
    """The census of stays that are all known to their end."""
    stays = found.stays
    return np.array([stays.filter((pl.col("day_seen") <= d) & (pl.col("day_out") > d)).height
                     for d in days])  # fmt: skip


def test_a_jail_in_its_steady_state_stays_there():
    """Every day 64 come and half of all leave: 63 inside, as Little's law has it (64 × 63/64)."""
    found = halving(300)
    assert Seen.of(found).census()[-1] == 63
    path = ahead(found, found.until, 200)
    np.testing.assert_allclose(path, 63.0, rtol=0, atol=1e-9)


def test_records_that_begin_while_stays_are_under_way_say_the_same():
    """Left truncation: whoever was inside on the first day is at risk from then on only."""
    found = halving(300).since_day(START + dt.timedelta(280))
    path = ahead(found, found.until, 50)
    level = admitted(Seen.of(found), 50)[0]
    assert level == 64
    np.testing.assert_allclose(path, 63.0, rtol=0, atol=1e-9)


def test_with_exponential_stays_the_path_is_the_textbook_one():
    """A leaving of p a day: N(h) = N q^h + λ q (1 − q^h) / p, with q = 1 − p."""
    p, people, pace, steps = 0.02, 500, 8.0, 180
    q = 1 - p
    staying = np.log(q) * np.arange(400)
    ages = np.random.default_rng(3).integers(0, 200, people)
    path = still(ages, staying, steps) + entered(np.full(steps, pace), staying)
    h = np.arange(1, steps + 1)
    textbook = people * q**h + pace * q * (1 - q**h) / p
    np.testing.assert_allclose(path, textbook, rtol=1e-12)


def test_geometric_stays_drawn_by_chance_give_the_textbook_path_but_for_chance():
    """The law is read off 20 people a day for a year and a half; 2 % is four standard errors."""
    rng, p, pace, days = np.random.default_rng(8), 0.05, 20, 540
    day_in = np.repeat(np.arange(days), pace)
    stay = rng.geometric(p, len(day_in)) - 1
    found = records(day_in, stay, days)
    tonight = Seen.of(found).census()[-1]
    h = np.arange(1, 91)
    textbook = tonight * (1 - p) ** h + pace * (1 - p) * (1 - (1 - p) ** h) / p
    np.testing.assert_allclose(ahead(found, found.until, 90), textbook, rtol=0.02)


def test_where_every_stay_is_known_to_the_day_so_is_the_path():
    """All stay 30 days. A hundred came at once five days ago: they leave at once in 25."""
    days, crowd = 380, PACE_DAYS
    day_in = np.concatenate([np.repeat(np.arange(days + 60), 7), np.full(crowd, days - 5)])
    whole = records(day_in, np.full(len(day_in), 30), days + 120)
    found = whole.known(START + dt.timedelta(days))
    path = ahead(found, found.until, 60)
    truth = counted(whole, range(days, days + 60)).astype(float)
    more = crowd / PACE_DAYS  # a day, for they are part of the pace of the last 91
    # nobody had yet been seen a year before, so there is no growth to carry on
    assert path[0] == pytest.approx(7 * 30 + crowd + more)
    growth = admitted(Seen.of(found), 60) - 7
    extra = np.convolve(growth, np.ones(30))[:60]
    np.testing.assert_allclose(path, truth + extra, rtol=0, atol=1e-6)


def test_admissions_that_grew_over_a_year_go_on_with_half_of_that():
    """20 a day, and 40 from a year later on: at 50 % growth a year ahead, less as it is nearer."""
    day_in = np.repeat(np.arange(728), np.where(np.arange(728) < 364, 20, 40))
    seen = Seen.of(records(day_in, np.full(len(day_in), 3), 728))
    pace = admitted(seen, 364)
    ends = np.array([1, 364]) + PACE_DAYS / 2
    np.testing.assert_allclose(pace[[0, -1]], 40 * np.sqrt(2.0) ** (ends / 364))
    of_a_year = admitted(Seen.of(records(day_in, np.full(len(day_in), 3), 380)), 9)
    assert (of_a_year == (75 * 20 + 16 * 40) / PACE_DAYS).all()


def test_nothing_from_the_origin_on_is_read():
    """Poison: later stays, later ends and later snapshots are replaced by nonsense."""
    rng = np.random.default_rng(4)
    day_in = np.sort(rng.integers(-50, 600, 9000))
    stay = rng.geometric(0.03, 9000)
    whole, at = records(day_in, stay, 600), 420
    origin = START + dt.timedelta(at)
    stays = whole.stays
    late = stays["day_in"] >= at
    gone = pl.col("day_out").fill_null(10**6) >= at
    poisoned = stays.with_columns(
        pl.when(late).then(at).otherwise(pl.col("day_in")).cast(pl.Int32).alias("day_in"),
        pl.when(late).then(at).otherwise(pl.col("day_seen")).cast(pl.Int32).alias("day_seen"),
        *(pl.when(gone).then(at + 7).otherwise(pl.col(c)).cast(pl.Int32).alias(c)
          for c in ("day_out", "day_out_by")),
    )  # fmt: skip
    for basis in ("bookings", "snapshots"):
        clean = Records(stays, whole.since, whole.until, basis, "in-facility", (), synthetic=True)
        dirty = Records(
            poisoned, whole.since, whole.until, basis, "in-facility", (), synthetic=True
        )
        assert not clean.stays.equals(dirty.stays)
        assert (ahead(clean, origin, 180) == ahead(dirty, origin, 180)).all()


def test_a_day_without_a_snapshot_before_the_origin_only_moves_the_view():
    """Nothing is known of the day before: the path is that of a day earlier, a day further on."""
    rng = np.random.default_rng(5)
    day_in = np.sort(rng.integers(0, 400, 4000))
    stay = rng.geometric(0.05, 4000)
    hole = 350
    seen_by = day_in + stay - 1  # the last day of each stay
    keep = (day_in != hole) & (seen_by != hole)
    found = records(day_in[keep], stay[keep], 400, "snapshots")
    frame = found.stays.filter((pl.col("day_seen") != hole) & (pl.col("day_out") != hole + 1))
    found = Records(frame, found.since, found.until, "snapshots", "in-facility", (), synthetic=True)
    day = START + dt.timedelta(hole)
    later, sooner = ahead(found, day + dt.timedelta(1), 30), ahead(found, day, 31)
    assert (later == sooner[1:]).all()


def test_an_origin_outside_the_records_is_told():
    """Before their second day, or after their end."""
    found = halving(LAW_DAYS)
    for day in (START, found.until + dt.timedelta(1)):
        with pytest.raises(InputError, match="outside the window"):
            ahead(found, day, 10)


def test_a_jail_that_nobody_has_left_yet_is_told():
    """Without an end there is no law of leaving."""
    found = records(np.arange(50), np.full(50, 900), 60)
    with pytest.raises(NobodyLeft, match="no stay has ended yet"):
        ahead(found, found.until, 10)


def test_the_longest_stays_go_on_after_the_only_one_at_risk_left():
    """The one person watched at 40 days left; others are longer inside, and do not vanish."""
    found = records([0, -300, -301, 45], [40, 900, 900, 2], 60)
    path = ahead(found, found.until, 30)
    assert path[-1] >= 2
