"""Files as panels: what is read, what is noted, and every message a person can meet."""

from __future__ import annotations

import datetime as dt
import gzip

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.errors import InputError
from remand.evidence.laying import Faults, lay
from remand.evidence.reading import read_panel


@pytest.fixture
def csv(tmp_path):
    """Write a file of counts and give its path."""

    def write(text, name="counts.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def problems(path, places=()):
    """Every problem of a file, as (line, field, message)."""
    with pytest.raises(InputError) as told:
        read_panel(path, places)
    assert all(problem.fix for problem in told.value.problems)
    return [(p.line, p.field, p.message) for p in told.value.problems]


def test_a_single_series_needs_no_name(csv):
    """It is called what the file is; a month that is not there is not known."""
    found = read_panel(csv("ds,y\n2020-01,50\n2020-02,52\n2020-04,NA\n2020-05,49\n", "adams.csv"))
    assert found.panel.ids == ("adams",)
    assert found.panel.step == "month"
    assert found.panel.dates[0] == dt.date(2020, 1, 1)
    np.testing.assert_array_equal(found.panel.y, [[50, 52, np.nan, np.nan, 49]])
    assert found.notes == ("2 months inside the series not reported: left unknown",)


def test_series_of_different_times_lie_on_one_calendar(csv):
    """From the first date of any to the last of any; signals lie beside them."""
    rows = "unique_id,ds,y,bookings,comment\nb,2020-01-02,5,1,\na,2020-01-01,7,3,moved\n"
    found = read_panel(csv(rows + "b,2020-01-03,6,2,\na,2020-01-02,8,4,\n")).panel
    assert (found.ids, found.step) == (("b", "a"), "day")
    np.testing.assert_array_equal(found.y, [[np.nan, 5, 6], [7, 8, np.nan]])
    assert list(found.signals) == ["bookings"]
    np.testing.assert_array_equal(found.signals["bookings"], [[np.nan, 1, 2], [3, 4, np.nan]])


def test_the_same_table_reads_alike_packed_as_parquet_and_as_excel(csv, tmp_path):
    """Whatever it is kept in."""
    text = "unique_id,ds,y\na,2020-01-31,50\na,2020-02-29,60\na,2020-03-31,55.5\n"
    plain = read_panel(csv(text)).panel
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    frame = pl.read_csv(text.encode(), try_parse_dates=True)
    frame.write_parquet(tmp_path / "counts.parquet")
    frame.write_excel(tmp_path / "counts.xlsx")
    assert plain.dates == tuple(dt.date(2020, m, 1) for m in (1, 2, 3))
    for name in ("packed.csv.gz", "counts.parquet", "counts.xlsx"):
        other = read_panel(tmp_path / name)
        assert (other.panel.ids, other.panel.dates) == (plain.ids, plain.dates)
        np.testing.assert_array_equal(other.panel.y, plain.y)
        assert "3 dates inside a month stand for their month" in other.notes


def test_weeks_are_told_by_their_gap(csv):
    """Seven days apart, whatever the weekday."""
    days = [dt.date(2020, 1, 6) + dt.timedelta(7 * i) for i in (0, 1, 3)]
    found = read_panel(csv("ds,y\n" + "".join(f"{d},40\n" for d in days))).panel
    assert (found.step, found.y.shape) == ("week", (1, 4))


def test_a_zero_of_a_jail_that_holds_people_is_no_count(csv):
    """Of a jail of a few, it may well be one."""
    rows = "".join(f"big,2020-{m:02},{0 if m == 3 else 300}\n" for m in range(1, 7))
    rows += "".join(f"tiny,2020-{m:02},{0 if m == 3 else 2}\n" for m in range(1, 7))
    found = read_panel(csv("unique_id,ds,y\n" + rows))
    assert np.isnan(found.panel.y[0, 2])
    assert found.panel.y[1, 2] == 0
    assert (
        "1 zero in y of big: taken as not reported (the first 3 in a row; later ones are believed)"
        in found.notes
    )


def test_a_jail_that_says_for_the_fourth_time_that_it_is_empty_is_believed(csv):
    """It has closed; when it opens again, the next zeros are holes again."""
    held = [300, 310, 0, 0, 0, 0, 0, 290, 0, 280]
    rows = "".join(f"2020-{m:02},{people}\n" for m, people in enumerate(held, 1))
    found = read_panel(csv("ds,y\n" + rows)).panel.y[0]
    hole = np.nan
    np.testing.assert_array_equal(found, [300, 310, hole, hole, hole, 0, 0, 290, hole, 280])


def test_what_a_zero_means_does_not_hang_on_what_came_later(csv):
    """A jail of four that grew to four hundred was empty once, and a large one was not."""
    held = [4, 0, 3, 5, 400, 0, 410, 420, 430, 440]
    rows = "".join(f"2020-{m:02},{people}\n" for m, people in enumerate(held, 1))
    found = read_panel(csv("ds,y\n" + rows)).panel.y[0]
    assert found[1] == 0
    assert found[5] == 0  # half of what had been counted was below ten
    early = read_panel(csv("ds,y\n" + "\n".join(rows.splitlines()[:5]))).panel.y[0]
    np.testing.assert_array_equal(found[:5], early)


def test_a_place_is_picked_in_capitals_or_not(csv):
    """And one that is not there gives a suggestion."""
    path = csv("unique_id,ds,y\nAdams,2020-01,5\nAdams,2020-02,5\nYork,2020-01,9\nYork,2020-02,9\n")
    assert read_panel(path, ["york"]).panel.ids == ("York",)
    with pytest.raises(InputError) as told:
        read_panel(path, ["Addams", "Kent"])
    first, second = told.value.problems
    assert "Addams" in first.message
    assert first.fix == "did you mean 'Adams'?"
    assert second.fix == "use one of: Adams, York"


def test_everything_wrong_in_a_file_is_told_at_once(csv):
    """Each with its line and field."""
    found = problems(
        csv(
            "unique_id,ds,y\na,2020-01-01,50\na,2020-01-02,-7\na,2020-01-02,51\na,20x0,50\n"
            ",2020-01-04,50\na,2020-01-05,many\na,,50\n"
        )
    )
    assert (3, "y", "-7.0 people cannot be held") in found
    assert (4, "ds", "2020-01-02 stands twice in the same series") in found
    assert (5, "ds", "'20x0' is no date") in found
    assert (6, "unique_id", "a row that does not say which series it is of") in found
    assert (7, "y", "'many' is no number of people") in found
    assert (8, "ds", "a row without a date") in found
    assert len(found) == 6


def test_many_problems_of_a_kind_are_counted(csv):
    """Five are told; a thousand would hide the others."""
    rows = "".join(f"2020-01-{d:02},-1\n" for d in range(1, 31))
    found = problems(csv("ds,y\n" + rows))
    assert [line for line, _, _ in found] == [2, 3, 4, 5, 6, None]
    assert found[-1][2] == "25 further rows like the last"


def test_steps_that_are_mixed_are_refused(csv):
    """In one series, or between two."""
    daily = "".join(f"a,2020-01-{d:02},50\n" for d in range(1, 20))
    monthly = "".join(f"b,2020-{m:02}-01,50\n" for m in range(1, 9))
    (_, field, message), *_ = problems(csv("unique_id,ds,y\n" + daily + monthly))
    assert (field, message) == ("ds", "steps are mixed: 'a' is by the day but 'b' is by the month")
    early = "".join(f"a,2019-{m:02}-01,50\n" for m in range(1, 13))
    ((_, _, message),) = problems(csv("unique_id,ds,y\n" + early + daily))
    assert message == (
        "'a' is by the day in part, but 353 days of 2019-01-01 to 2020-01-19 are not there"
    )
    twice = "".join(f"a,2019-{m:02}-01,50\n" for m in range(1, 10)) + "a,2019-04-15,50\n"
    ((line, _, message),) = problems(csv("unique_id,ds,y\n" + twice))
    assert (line, message) == (11, "2019-04-15 is a second date of the same month and series")


def test_steps_that_are_none_are_refused(csv):
    """Quarters, weeks on another weekday, a single date, and no counts at all."""
    quarters = "".join(f"2020-{m:02}-01,50\n" for m in (1, 4, 7, 10))
    ((_, _, message),) = problems(csv("ds,y\n" + quarters))
    assert message == "dates of 'counts' are mostly 91 days apart"
    weeks = "2020-01-06,5\n2020-01-13,5\n2020-01-20,5\n2020-01-28,5\n"
    ((line, _, message),) = problems(csv("ds,y\n" + weeks))
    assert (line, message) == (5, "2020-01-28 is not on the weekday of the other weeks")
    ((_, _, message),) = problems(csv("ds,y\n2020-01-06,5\n"))
    assert message == "no series has two dates, so there is no step"
    ((_, _, message),) = problems(csv("ds,y\n2020-01-06,\n2020-01-07,\n"))
    assert message == "no row tells how many people are held"


def test_days_and_months_that_cannot_be_told_apart_are_refused(csv):
    """Until one date settles it."""
    found = problems(csv("ds,y\n01/02/2020,5\n02/02/2020,5\n03/02/2020,5\n"))
    assert found[0][2] == "every date can be read with the day first or the month first"
    rows = "".join(f"{d:02}/02/2020,5\n" for d in range(1, 15))
    assert read_panel(csv("ds,y\n" + rows)).panel.step == "day"


def test_a_table_of_something_else_says_what_is_needed(csv):
    """The columns it has, and those it should."""
    ((_, _, message),) = problems(csv("when,count\n2020-01-01,5\n2020-01-02,5\n"))
    assert "no columns ds and y" in message
    assert "when, count" in message


def test_a_file_that_is_not_there_is_no_traceback(tmp_path):
    """It says which."""
    ((_, _, message),) = problems(tmp_path / "gone.csv")
    assert "there is no such file" in message


def test_a_census_is_rebuilt_from_the_stays_of_a_work_file(csv, tmp_path):
    """Of three people, by the day, with who came."""
    csv(
        "booking,booked,released\n1,2020-01-01 10:00,2020-01-04 09:00\n"
        "2,2020-01-02 12:00,2020-01-03 12:00\n3,2020-01-03 08:00,2020-01-06 08:00\n",
        "bookings.csv",
    )
    rm.ingest(tmp_path / "bookings.csv", tmp_path / "work.duckdb")
    found = read_panel(tmp_path / "work.duckdb")
    inside = dict(zip(found.panel.dates, found.panel.y[0], strict=True))
    assert inside[dt.date(2020, 1, 2)] == 2
    assert inside[dt.date(2020, 1, 3)] == 2
    assert inside[dt.date(2020, 1, 4)] == 1
    assert found.panel.signals["bookings"].sum() == 3
    assert found.notes[0] == "the census of each day is rebuilt from stays"


def test_monthly_figures_of_a_work_file_are_its_panel(csv, tmp_path):
    """The ADP is what is held; admissions are bookings."""
    rows = "".join(f"2020-{m:02},{c},{100 + m},{10 * m}\n" for c in ("A", "B") for m in range(1, 7))
    csv("month,county,adp,admissions\n" + rows, "months.csv")
    rm.ingest(tmp_path / "months.csv", tmp_path / "work.duckdb")
    found = read_panel(tmp_path / "work.duckdb").panel
    assert (found.ids, found.step) == (("A", "B"), "month")
    np.testing.assert_array_equal(found.y[1], np.arange(101, 107))
    np.testing.assert_array_equal(found.signals["bookings"][0], 10 * np.arange(1, 7))


def test_rows_before_the_first_count_of_anybody_are_no_steps():
    """The calendar begins where people are first counted."""
    rows = pl.DataFrame(
        {
            "unique_id": ["a"] * 4,
            "ds": [dt.date(2020, m, 1) for m in range(1, 5)],
            "y": [None, 20.0, 30.0, None],
            "_line": [2, 3, 4, 5],
        }
    )
    panel, _ = lay(rows, Faults("counts.csv"))
    assert panel.dates == (dt.date(2020, 2, 1), dt.date(2020, 3, 1))
