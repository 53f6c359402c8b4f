"""What must hold of any records: conservation, sums, parts, and hidden cells that stay hidden."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remand.outcomes.measured import BAND, MEASURED, Asked, counted, measured, period
from remand.outcomes.variance import Held, against, split
from remand.records.work import Records

QUICK = settings(deadline=None, max_examples=40)
START, DAYS = dt.date(2020, 1, 1), 60
SOME = tuple(q for q in MEASURED if q != "returns")


@st.composite
def jails(draw, many=60):
    """Bookings of people of three groups; some before the window, some still inside."""
    size = draw(st.integers(1, many))
    into = draw(st.lists(st.integers(-20, DAYS - 1), min_size=size, max_size=size))
    stay = draw(st.lists(st.integers(0, 90), min_size=size, max_size=size))
    group = draw(st.lists(st.sampled_from("abc"), min_size=size, max_size=size))
    person = draw(st.lists(st.integers(0, size), min_size=size, max_size=size))
    out = [i + s if i + s < DAYS else None for i, s in zip(into, stay, strict=True)]
    rows = [i for i in range(size) if out[i] is None or out[i] >= 0]
    day = pl.Series([out[i] for i in rows], dtype=pl.Int32)
    into = pl.Series([into[i] for i in rows], dtype=pl.Int32)
    frame = pl.DataFrame(
        {
            "person": pl.Series([person[i] for i in rows], dtype=pl.UInt32),
            "day_in": into,
            "day_seen": into.clip(0),
            "day_out": day,
            "day_out_by": day,
            "race": pl.Series([group[i] for i in rows], dtype=pl.String),
        }
    )
    return Records(frame, START, START + dt.timedelta(DAYS), "bookings", "in-facility", (), False)


def tally(records, every, **asked):
    """Counts before anything is hidden."""
    stays = counted(records, Asked(**asked))
    windows = period(records, None, None, every)
    return stays.tally(windows, np.ones(len(stays.person)))


@QUICK
@given(jails())
def test_the_census_changes_by_admissions_less_releases(records):
    """Every day, in every group: nobody appears or vanishes."""
    found = tally(records, "day", by=("race",))
    change = np.diff(found.held, axis=-1)
    assert (change == (found.admissions - found.releases)[..., 1:]).all()


@QUICK
@given(jails())
def test_the_census_is_a_naive_count_to_the_person(records):
    """``day_seen <= day < day_out``, day by day."""
    stays = records.stays
    end = stays["day_out"].fill_null(DAYS)
    naive = [((stays["day_seen"] <= day) & (day < end)).sum() for day in range(DAYS)]
    assert tally(records, "day").held[0, 0].tolist() == naive


@QUICK
@given(jails(), st.sampled_from(["week", "month", None]))
def test_groups_sum_to_totals_and_bands_to_all_bed_days(records, every):
    """Before anything is hidden, and whatever the windows."""
    for by in (("race",), (BAND,), ("race", BAND)):
        found = tally(records, every, by=by)
        for part in (found.held, found.admissions, found.releases, found.last, found.ended):
            assert (part[:, 1:].sum(axis=1) == part[:, 0]).all()
        assert found.held[0, 0].sum() == tally(records, "day").held.sum()


@QUICK
@given(jails())
def test_windows_sum_to_the_whole_period(records):
    """Admissions, releases and bed-days of weeks are those of all weeks."""
    weeks, whole = tally(records, "week", by=("race",)), tally(records, None, by=("race",))
    for name in ("held", "admissions", "releases", "ended"):
        sums = getattr(weeks, name).sum(axis=-1)
        assert sums == pytest.approx(getattr(whole, name)[..., 0])


amounts = st.lists(st.integers(0, 50), min_size=4, max_size=4)


@QUICK
@given(amounts, amounts, amounts, amounts)
def test_parts_of_a_change_sum_to_it_and_a_swap_negates_them(held, came, held_b, came_b):
    """In every group and in total; with periods of unequal length."""
    one = Held(30.0, np.array(held, float), np.array(came, float))
    two = Held(31.0, np.array(held_b, float), np.array(came_b, float))
    moved, days = split(one, two)
    assert moved + days == pytest.approx(two.people - one.people, abs=1e-12)
    back, back_days = split(two, one)
    assert (back == -moved).all()
    assert back_days == pytest.approx(-days, abs=1e-12)


@QUICK
@given(jails(400))
def test_parts_and_mix_of_all_groups_sum_to_the_change(records):
    """Admissions, mix and days held of the total row; days held are those of the groups."""
    half = START + dt.timedelta(DAYS // 2)
    now, before = (
        period(records, half, None, None),
        period(records, None, half, None),
    )
    frame, _ = against(records, now, before, Asked(by=("race",), draws=0))
    total = frame.filter(pl.col("race").is_null()) if "race" in frame.columns else frame
    of = dict(zip(total["quantity"], total["mean"], strict=True))
    parts = of["change_by_admissions"] + of["change_by_mix"] + of["change_by_days"]
    assert parts == pytest.approx(of["change"], abs=1e-9)
    assert of["population"] - of["population_before"] == pytest.approx(of["change"], abs=1e-9)


@QUICK
@given(jails(400), st.sampled_from(["month", None]))
def test_no_hidden_count_follows_from_the_total_and_what_is_shown(records, every):
    """In each window at least two groups are hidden, or none; and no shown count is small."""
    windows = period(records, None, None, every)
    frame = measured(records, windows, Asked(by=("race",), draws=0, quantities=SOME))
    for quantity in ("population", "admissions", "releases", "bed_days"):
        own = frame.filter((pl.col("quantity") == quantity) & pl.col("race").is_not_null())
        for _, rows in own.group_by("date"):
            shown = rows.filter(~pl.col("suppressed"))["mean"]
            assert rows["suppressed"].sum() != 1 or shown.sum() == 0
            if quantity != "bed_days":
                assert ((shown == 0) | (shown >= 10)).all()
    assert frame.filter(pl.col("suppressed"))["mean"].null_count() == frame["suppressed"].sum()


@QUICK
@given(jails(400), st.sampled_from(["month", None]))
def test_no_hidden_count_is_a_product_of_what_is_shown(records, every):
    """Days held for each admission, times admissions, are bed-days: hidden wherever those are."""
    windows = period(records, None, None, every)
    frame = measured(records, windows, Asked(by=("race",), draws=0, quantities=SOME))
    hidden = {
        quantity: set(rows.filter("suppressed").select("date", "race").rows())
        for (quantity,), rows in frame.group_by("quantity")
    }
    none = set()
    assert hidden["population"] == hidden["bed_days"]
    assert hidden["admissions"] == hidden["releases"]
    for quantity, of in (("days_per_admission", ("bed_days", "admissions")),
                         ("stay_admission", ("admissions",)),
                         ("stay_release", ("releases",))):  # fmt: skip
        there = frame.filter((pl.col("quantity") == quantity) & ~pl.col("suppressed"))
        for name in of:
            assert not set(there.select("date", "race").rows()) & hidden.get(name, none)


def test_records_of_nobody_are_measured_without_a_word_of_groups():
    """An axis that nobody is a level of: totals of nought, and no failure."""
    nobody = pl.DataFrame(
        schema={
            "person": pl.UInt32, "day_in": pl.Int32, "day_seen": pl.Int32, "day_out": pl.Int32,
            "day_out_by": pl.Int32, "race": pl.String,
        }
    )  # fmt: skip
    end = START + dt.timedelta(DAYS)
    records = Records(nobody, START, end, "bookings", "in-facility", (), synthetic=False)
    windows = period(records, None, None, "month")
    frame = measured(records, windows, Asked(by=("race",), draws=0, quantities=SOME))
    assert set(frame.filter(pl.col("quantity") == "population")["mean"]) <= {0.0, None}
