"""The twelve checks: each finds its fault as often as it is there, and none in a clean file."""

from __future__ import annotations

import datetime as dt
import json

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remand.errors import InputError
from remand.records import contracts
from remand.records.census import off, rebuilt
from remand.records.checks.days import shifts
from remand.records.quality import CHECKS, lines, settle

SINCE, DAYS = dt.date(2024, 1, 1), 200
UNTIL = SINCE + dt.timedelta(DAYS)


def work(basis="bookings", since=SINCE, until=UNTIL):
    """A work file without stays."""
    con = duckdb.connect()
    for table in contracts.TABLES:
        con.execute(contracts.definition(table))
    con.execute("INSERT INTO sources VALUES (1, 'jail.csv', 'bookings', '', 0, 0, 0, '{}')")
    con.executemany(
        "INSERT INTO about VALUES (?, ?)",
        [("format", "1"), ("window_from", str(since)), ("window_to", str(until)),
         ("basis", basis), ("counts", "in-facility"), ("snapshot_time", "10:00")],
    )  # fmt: skip
    con.execute(contracts.SPELLS_VIEW)
    return con


@pytest.fixture
def jail():
    """A clean file: ten people booked in each morning, a day each; the census published is ten."""
    con = work()
    con.execute(f"""
        INSERT INTO stays SELECT i, 'P' || i, 'B' || i, came, came + INTERVAL 23 HOUR, NULL, NULL,
            CASE WHEN i % 2 = 0 THEN 'B' ELSE 'W' END, 'M', 30, 1993, 'theft', 'theft', 'pretrial',
            'pretrial', 'bail', false, 1, i + 1
        FROM (SELECT i, TIMESTAMP '{SINCE} 08:00' + to_days(CAST((i - 1) // 10 AS INTEGER)) AS came
              FROM range(1, {DAYS * 10 + 1}) AS t(i))
    """)  # noqa: S608
    con.execute(f"""
        INSERT INTO census SELECT day, axis, level, people, 1
        FROM (SELECT CAST(unnest(range(DATE '{SINCE}', DATE '{UNTIL}', INTERVAL 1 DAY)) AS DATE)
              AS day),
            (VALUES (NULL, NULL, 10), ('race', 'B', 5), ('race', 'W', 5)) AS t(axis, level, people)
    """)  # noqa: S608
    return con


@pytest.fixture
def seen():
    """A clean file of snapshots: ten people a day, each seen in two of them."""
    con = work("snapshots")
    con.execute(f"""
        INSERT INTO snapshots
        SELECT CAST(unnest(range(DATE '{SINCE}', DATE '{UNTIL}', INTERVAL 1 DAY)) AS DATE)
    """)
    con.execute(f"""
        INSERT INTO stays SELECT i, 'P' || i, 'B' || i, CAST(day AS TIMESTAMP) + INTERVAL 1 HOUR,
            NULL, day, least(day + 1, DATE '{UNTIL}' - 1), 'B', 'M', 30, NULL, 'theft', 'theft',
            'pretrial', 'pretrial', 'bail', false, 1, i + 1
        FROM (SELECT i, DATE '{SINCE}' + CAST((i - 1) // 10 AS INTEGER) AS day
              FROM range(1, {DAYS * 10 + 1}) AS t(i))
    """)  # noqa: S608
    return con


def add(con, person, came, went=None, **more):
    """One more stay of bookings."""
    row = {
        "stay": con.execute("SELECT max(stay) + 1 FROM stays").fetchone()[0], "person": person,
        "booking": "more", "admitted": came, "released": went, "race": "B", "sex": "M", "age": 30,
        "birth_year": 1993, "charge": "theft", "charge_last": "theft", "status": "pretrial",
        "status_last": "pretrial", "release_reason": "bail", "synthetic": False, "source": 1,
        "line": 9000,
    } | more  # fmt: skip
    names = ", ".join(row)
    con.execute(
        f"INSERT INTO stays ({names}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
        list(row.values()),
    )


def aside(con, rule):
    con.execute(
        "INSERT INTO set_aside VALUES (1, 77, 'out', '2020-01-01', ?, 'a reason', 'the row')",
        [rule],
    )


def found(con, name):
    return next(check for check in settle(con) if check.name == name)


def test_there_are_twelve_checks_and_a_clean_file_passes_them_all(jail):
    """No false alarm, and every effect on the ADP is nil."""
    checks = settle(jail)
    assert [check.name for check in checks] == list(CHECKS)
    assert len(CHECKS) == 12
    assert {check.name: check.severity for check in checks} == dict.fromkeys(CHECKS, "ok")
    assert [check.found for check in checks] == [0] * 12
    assert not any(check.adp_effect for check in checks)


def test_clean_snapshots_raise_nothing_but_their_own_limits(seen):
    """What snapshots cannot tell is said, never called in order."""
    told = {check.name: check for check in settle(seen)}
    assert told["split_stays"].found is None
    assert told["census_differs"].found is None
    noted = {name for name, check in told.items() if check.severity != "ok"}
    assert noted == {"split_stays", "census_differs", "race_rows_differ",
                     "window_edges"}  # fmt: skip


def test_overlapping_stays_are_counted_as_one(jail):
    """P1 is inside for 23 hours from 1 January; a stay from noon on goes with it."""
    add(jail, "P1", "2024-01-01 12:00", "2024-01-04 12:00")
    check = found(jail, "overlapping_stays")
    assert (check.found, check.of, check.severity) == (1, 2001, "note")
    assert check.adp_effect == pytest.approx(-1 / DAYS)
    assert jail.execute("SELECT * FROM joined").fetchall() == [(2001, 1, "overlapping_stays")]
    assert check.examples == (
        "jail.csv, line 9000: in 2024-01-01 12:00, out 2024-01-04 12:00; "
        "line 2: in 2024-01-01 08:00, out 2024-01-02 07:00",
    )


def test_a_stay_inside_another_does_not_hide_what_follows(jail):
    """The third begins after the second has ended, and before the first has."""
    add(jail, "X", "2024-02-01 08:00", "2024-02-20 08:00")
    add(jail, "X", "2024-02-02 08:00", "2024-02-03 08:00")
    add(jail, "X", "2024-02-10 08:00", "2024-02-25 08:00")
    check = found(jail, "overlapping_stays")
    assert check.found == 2
    assert check.adp_effect == pytest.approx(-(1 + 10) / DAYS)
    days = jail.execute("SELECT day_in, day_out FROM spells WHERE stay = 2001").fetchone()
    assert days == (dt.date(2024, 2, 1), dt.date(2024, 2, 25))


def test_negative_stays_are_those_set_aside(jail):
    """They are not in stays any more."""
    aside(jail, "negative_stay")
    check = found(jail, "negative_stays")
    assert (check.found, check.of, check.adp_effect) == (1, 2001, 0.0)
    assert "set aside" in check.done
    assert check.examples == ("jail.csv, line 77: out '2020-01-01'",)


def test_a_stay_seen_before_it_was_booked_in_counts_from_its_first_sight(seen):
    """One on an earlier day, one hours after the snapshot; a minute after is within its habits."""
    for stay, came in (
        (51, "2024-01-08 09:00"),
        (61, "2024-01-07 15:00"),
        (71, "2024-01-08 10:01"),
    ):
        seen.execute("UPDATE stays SET admitted = ? WHERE stay = ?", [came, stay])
    check = found(seen, "negative_stays")
    assert check.found == 2
    assert "1 on an earlier day, 1 on the same day" in check.says
    assert "first seen counts" in check.done


def test_an_open_stay_older_than_the_bound_is_told_and_joins_nothing_after_it(jail):
    """Its release was probably lost: a later booking stays a stay of its own."""
    add(jail, "P1500", "2020-01-01 08:00", release_reason=None)
    check = found(jail, "old_open_stays")
    assert (check.found, check.of, check.severity) == (1, 1, "warning")
    assert check.adp_effect == pytest.approx(1.0)
    assert jail.execute("SELECT count(*) FROM joined").fetchone() == (0,)
    assert next(c for c in settle(jail, 3000) if c.name == "old_open_stays").found == 0
    assert jail.execute("SELECT stay, first FROM joined").fetchall() == [(1500, 2001)]


def test_duplicate_bookings_are_those_set_aside(jail):
    """As long as the others, they would add as much."""
    aside(jail, "duplicate_booking")
    check = found(jail, "duplicate_bookings")
    assert (check.found, check.of) == (1, 2001)
    assert check.adp_effect == pytest.approx(-10 / 2000)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"race": "W"}, 1),
        ({"race": "unknown"}, 0),
        ({"birth_year": 1991}, 1),
        ({"birth_year": 1992}, 0),
        ({"birth_year": None, "age": 27}, 1),
        ({"birth_year": None, "age": 30}, 0),
    ],
)
def test_one_person_has_one_race_and_one_year_of_birth(jail, more, expected):
    """Person P2 is B and born in 1993; an age of 30 in 2024 says 1993 or 1994."""
    add(jail, "P2", "2024-02-01 08:00", "2024-02-02 07:00", **more)
    check = found(jail, "conflicting_people")
    assert (check.found, check.of) == (expected, 2000)
    assert check.adp_effect == 0.0
    assert len(check.examples) == expected
    assert not any("P2" in example for example in check.examples)


@pytest.mark.parametrize(("minute", "expected"), [("08:00", 1), ("08:01", 0)])
def test_an_hour_out_is_no_release(jail, minute, expected):
    """P1 leaves at 07:00 on 2 January."""
    add(jail, "P1", f"2024-01-02 {minute}", "2024-01-03 07:00")
    check = found(jail, "split_stays")
    assert (check.found, check.adp_effect) == (expected, 0.0)
    assert jail.execute("SELECT stay, first, rule FROM joined").fetchall() == (
        [(2001, 1, "split_stays")] if expected else []
    )


@pytest.mark.parametrize(("reason", "expected"), [("Transfer to Main Jail", 1), ("bail", 0)])
def test_without_times_of_day_a_transfer_on_the_day_goes_on(jail, reason, expected):
    """Dates alone: only a reason tells a transfer from a new arrest."""
    jail.execute("UPDATE stays SET admitted = CAST(admitted AS DATE), "
                 "released = CAST(released AS DATE)")  # fmt: skip
    jail.execute("UPDATE stays SET release_reason = ? WHERE stay = 1", [reason])
    add(jail, "P1", "2024-01-02", "2024-01-03")
    assert found(jail, "split_stays").found == expected


def test_without_times_or_reasons_split_stays_cannot_be_looked_for(jail):
    """And says so."""
    jail.execute("UPDATE stays SET admitted = CAST(admitted AS DATE), "
                 "released = CAST(released AS DATE), release_reason = NULL")  # fmt: skip
    check = found(jail, "split_stays")
    assert (check.found, check.severity) == (None, "note")
    assert "neither times of day nor reasons" in check.says


def test_days_on_which_nobody_came_are_told_with_their_dates(jail):
    """At ten a day chance leaves none."""
    jail.execute("DELETE FROM stays WHERE CAST(admitted AS DATE) IN "
                 "(DATE '2024-03-01', DATE '2024-03-02', DATE '2024-05-05')")  # fmt: skip
    check = found(jail, "days_without_admissions")
    assert (check.found, check.of, check.severity) == (3, DAYS, "warning")
    assert "2024-03-01 to 2024-03-02, 2024-05-05" in check.says
    assert check.adp_effect == pytest.approx(-9.85 * 3 / DAYS, rel=0.01)


def test_a_small_jail_may_have_days_without_admissions():
    """One admission every other day: half the days are empty, and chance alone leaves more."""
    con = work()
    con.execute(f"""
        INSERT INTO stays (stay, person, admitted, released, synthetic, source, line)
        SELECT i, 'P' || i, TIMESTAMP '{SINCE} 08:00' + to_days(CAST(2 * i AS INTEGER)),
            TIMESTAMP '{SINCE} 08:00' + to_days(CAST(2 * i + 1 AS INTEGER)), false, 1, i
        FROM range({DAYS // 2}) AS t(i)
    """)  # noqa: S608
    check = found(con, "days_without_admissions")
    assert (check.found, check.severity, check.adp_effect) == (100, "note", 0.0)


def test_days_without_a_snapshot_are_told_one_by_one(seen):
    """A single day is missing: who was seen on both sides is inside on it."""
    seen.execute("DELETE FROM snapshots WHERE day = DATE '2024-03-05'")
    check = found(seen, "days_without_admissions")
    assert (check.found, check.examples) == (1, ("2024-03-05",))
    assert "No snapshot was taken on 1 day: 2024-03-05; a single day" in check.says


def test_a_level_shift_is_told_with_its_day_and_size(jail):
    """From 1 April six of ten no longer come."""
    jail.execute("DELETE FROM stays WHERE admitted >= DATE '2024-04-01' AND stay % 10 >= 4")
    check = found(jail, "level_shifts")
    assert check.found == 1
    assert check.examples == ("2024-04-01: admissions a day from 10.0 to 4.0 (-60 %)",)


def test_a_short_window_has_no_level_to_shift(jail):
    """Sixteen weeks at least."""
    jail.execute("UPDATE about SET value = '2024-04-21' WHERE key = 'window_to'")
    check = found(jail, "level_shifts")
    assert check.found is None
    assert "16 weeks" in check.says


@pytest.mark.parametrize("rate", [0.5, 3.0, 40.0])
def test_a_steady_poisson_series_does_not_shift(rate):
    """Nor does a shift of equal size twice loop: the first of equal peaks is taken."""
    for seed in range(8):
        week = np.convolve(np.random.default_rng(seed).poisson(rate, 800), np.ones(7) / 7, "valid")
        assert shifts(week, floor=float(np.sqrt(np.pi * rate / 56))) == []


def test_two_equal_shifts_are_both_found():
    """A step down and back up by as much."""
    series = np.repeat([20.0, 5.0, 20.0], 150)
    assert [shift.day for shift in shifts(series, floor=1.0)] == [150, 300]


def test_a_published_census_that_differs_is_told_by_day(jail):
    """Three days of 200 are told as twelve."""
    jail.execute("UPDATE census SET people = 12 WHERE axis IS NULL AND day IN "
                 "(DATE '2024-02-01', DATE '2024-02-02', DATE '2024-02-03')")  # fmt: skip
    check = found(jail, "census_differs")
    assert (check.found, check.of, check.severity) == (3, DAYS, "note")
    assert check.adp_effect == pytest.approx(-6 / DAYS)
    assert "2024-02-01: published 12, rebuilt 10" in check.examples


@pytest.mark.parametrize(("gaps", "said"), [("20", True), ("0", False), ("40", False)])
def test_gaps_filled_in_are_named_only_where_the_pattern_is_there(seen, gaps, said):
    """The excess must begin at zero and grow: one there from the first day has another reason."""
    seen.execute(f"""
        INSERT INTO census SELECT day, NULL, NULL, 100 * people - excess, 1 FROM (
            SELECT day, count(*) AS people, CASE WHEN {gaps} = 40 THEN 40
                ELSE least({gaps}, {gaps} * (day - DATE '{SINCE}') / 10) END AS excess
            FROM snapshots JOIN stays ON day BETWEEN first_seen AND last_seen GROUP BY day)
    """)  # noqa: S608
    for offset in range(1, 100):
        seen.execute(
            "INSERT INTO stays SELECT stay + ? * 10000, person || '-' || ?, "
            "* EXCLUDE (stay, person) FROM stays WHERE stay < 10000",
            [offset, offset],
        )
    assert ("counted as inside" in found(seen, "census_differs").says) is said


def test_the_midnight_shift_is_told_of_snapshots(seen):
    """Everyone is booked in the evening before and seen the next day: a day more for each."""
    seen.execute("UPDATE stays SET admitted = admitted - INTERVAL 5 HOUR")
    seen.execute("INSERT INTO census SELECT day, NULL, NULL, count(*), 1 FROM snapshots "
                 "JOIN stays ON day BETWEEN first_seen AND last_seen GROUP BY day")  # fmt: skip
    check = found(seen, "census_differs")
    assert check.found == 0
    assert "midnight shift" in check.says
    assert "would be +50 % on average" in check.says


def test_rows_by_race_that_do_not_add_up_are_told(jail):
    """One day of 200 lacks a person."""
    jail.execute("UPDATE census SET people = 4 WHERE level = 'B' AND day = DATE '2024-02-01'")
    check = found(jail, "race_rows_differ")
    assert (check.found, check.of, check.adp_effect) == (1, DAYS, 0.0)
    assert check.examples == ("2024-02-01: race B 4, W 5; total 10",)
    assert "B 5 against 5 (+0.1 %)" in check.says


def test_empty_fields_are_told_by_column_and_row(jail):
    """Two rows, one of them with two gaps; a column no file has is no gap."""
    jail.execute("UPDATE stays SET charge = NULL WHERE stay IN (3, 4)")
    jail.execute("UPDATE stays SET race = NULL WHERE stay = 3")
    jail.execute("UPDATE stays SET birth_year = NULL")
    check = found(jail, "missing_fields")
    assert (check.found, check.of) == (2, 2000)
    assert "charge 0.1 %, race 0.050 %" in check.says
    assert "Not in these files: birth_year" in check.says
    assert check.examples == ("jail.csv, line 4: no charge, race", "jail.csv, line 5: no charge")


def test_stays_open_at_either_edge_are_counted(jail):
    """One came before the window, one is still inside, one is both."""
    add(jail, "X", "2023-12-20 08:00", "2024-01-20 08:00")
    add(jail, "Y", "2024-07-10 08:00", release_reason=None)
    add(jail, "Z", "2023-12-21 08:00", release_reason=None)
    check = found(jail, "window_edges")
    assert (check.found, check.of, check.severity) == (3, 2003, "note")
    assert "2 stays were already open on 2024-01-01" in check.says
    assert "2 stays still inside at the end" in check.says


def test_an_export_of_those_admitted_inside_the_window_is_noticed(jail):
    """Stays of fifty days: the census fills up from ten to five hundred."""
    jail.execute("UPDATE stays SET released = admitted + INTERVAL 50 DAY")
    check = found(jail, "window_edges")
    assert check.severity == "warning"
    assert "takes 47 days to reach its later level of 500" in check.says
    assert check.adp_effect == pytest.approx(-sum(500 - 10 * k for k in range(1, 48)) / DAYS)


def test_a_lag_in_reporting_is_noticed(jail):
    """In the last week eight of ten are not in yet."""
    jail.execute(f"DELETE FROM stays WHERE admitted >= DATE '{UNTIL}' - 7 AND stay % 10 >= 2")  # noqa: S608
    check = found(jail, "window_edges")
    assert check.severity == "warning"
    assert "Only 14 admissions in the last 7 days, against 70 a week" in check.says


def test_stays_that_no_snapshot_sees_are_estimated():
    """Half of those seen are seen again: with a constant rate, 1 / (½ / ln 2) − 1 = 39 % unseen."""
    con = work("snapshots")
    con.execute(f"""
        INSERT INTO snapshots
        SELECT CAST(unnest(range(DATE '{SINCE}', DATE '{UNTIL}', INTERVAL 1 DAY)) AS DATE)
    """)
    con.execute(f"""
        INSERT INTO stays (stay, person, first_seen, last_seen, synthetic, source, line)
        SELECT i, 'P' || i, DATE '{SINCE}' + 50, DATE '{SINCE}' + 50 + CAST(i % 2 AS INTEGER),
            false, 1, i FROM range(1000) AS t(i)
    """)  # noqa: S608
    check = found(con, "window_edges")
    assert "50 % of those who came were seen once only" in check.says
    assert "about 386 more stays (39 % of admissions) were never seen" in check.says


def test_without_people_nobody_can_be_in_two_places(jail):
    """What cannot be looked for is told, never passed."""
    jail.execute("UPDATE stays SET person = NULL")
    for check in settle(jail)[:6]:
        if check.name in {"overlapping_stays", "conflicting_people", "split_stays"}:
            assert (check.found, check.share, check.severity) == (None, None, "note")


def test_settling_twice_is_settling_once(jail):
    """And the table holds what was returned."""
    add(jail, "P1", "2024-01-01 12:00", "2024-01-03 12:00")
    once, again = settle(jail), settle(jail)
    assert once == again
    rows = jail.execute("SELECT * FROM quality").fetchall()
    assert rows == [check.row for check in once]
    assert json.loads(rows[0][-1]) == list(once[0].examples)
    assert jail.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_a_work_file_without_stays_cannot_be_settled():
    """No window, nothing to check."""
    con = work()
    con.execute("DELETE FROM about WHERE key = 'window_to'")
    with pytest.raises(InputError, match="holds no stays"):
        settle(con)


def test_the_command_line_shows_a_line_a_check_and_then_what_was_found(jail):
    """Aligned, and only what is not in order is told in full."""
    add(jail, "P1", "2024-01-01 12:00", "2024-01-03 12:00")
    text = lines(settle(jail))
    assert text[:3] == [
        "note  overlapping_stays        1 of 2,001 (0.050 %)  ADP -0.01",
        "ok    negative_stays           0",
        "ok    old_open_stays           0",
    ]
    assert "overlapping_stays: one person in two stays at a time" in text
    assert any(line.startswith("  Done: counted as one") for line in text)
    assert not any(line.startswith("negative_stays:") for line in text)


MORNING = dt.datetime.fromisoformat("2024-01-01 09:00")

STAYS = st.lists(
    st.tuples(st.integers(-20, 50), st.one_of(st.none(), st.integers(0, 40))), max_size=30
)


@settings(max_examples=60, deadline=None)
@given(STAYS)
def test_the_rebuilt_census_is_who_is_inside_at_each_midnight(stays):
    """Counted one by one, for any stays."""
    since = dt.date(2024, 1, 1)
    con = work(since=since, until=since + dt.timedelta(40))
    told = []
    for number, (came, length) in enumerate(stays):
        begin = MORNING + dt.timedelta(came)
        end = None if length is None else begin + dt.timedelta(length, hours=3)
        told.append((number, f"P{number}", begin, end))
    if told:
        con.executemany(
            "INSERT INTO stays (stay, person, admitted, released) VALUES (?, ?, ?, ?)", told
        )
    con.execute("INSERT INTO census VALUES (DATE '2024-01-03', NULL, NULL, 7, 1)")
    census = rebuilt(con)
    nights = [MORNING + dt.timedelta(day, hours=15) for day in range(40)]
    naive = [
        sum(a < night and (b is None or b >= night) for _, _, a, b in told) for night in nights
    ]
    assert census.schema == {"day": pl.Date, "people": pl.Int64, "published": pl.Float64}
    assert census["people"].to_list() == naive
    assert census["published"].drop_nulls().to_list() == [7.0]


def test_how_far_off_a_census_is(jail):
    """Nothing published, nothing off."""
    assert off(rebuilt(jail)) == 0.0
    jail.execute("UPDATE census SET people = 8 WHERE axis IS NULL")
    assert off(rebuilt(jail)) == pytest.approx(0.25)
    jail.execute("DELETE FROM census")
    assert off(rebuilt(jail)) is None


def test_a_file_of_no_stays_passes_nothing_that_it_cannot_show():
    """Nothing is there, so nothing is wrong with it but that."""
    told = {check.name: check for check in settle(work())}
    unseen = {name for name, check in told.items() if check.found is None}
    assert unseen == {"overlapping_stays", "conflicting_people", "split_stays", "census_differs",
                      "race_rows_differ", "missing_fields", "window_edges"}  # fmt: skip
