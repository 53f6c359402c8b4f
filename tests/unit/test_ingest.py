"""Records come in: what is read, what is matched, what is kept out, what a kill leaves."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import signal
import subprocess
import sys

import duckdb
import polars as pl
import pytest

from remand.errors import InputError
from remand.files import read_mapping
from remand.fitting.synth import write as write_synth
from remand.records import quality
from remand.records.ingest import ingest
from remand.records.intake.columns import Corrections

JANUARY = """\
person,booking,in,out,race,sex,age,charge,status
7,B1,2016-01-01 10:00,2016-01-05 09:00,Black,M,30,theft,pretrial
8,B2,2016-01-02 11:00,,white,F,25,assault,pretrial
9,B3,2016-01-03 12:00,2016-01-04 08:00,white,M,41,theft,sentenced
"""
FEBRUARY = """\
person,booking,in,out,race,sex,age,charge,status
8,B2,2016-01-02 11:00,2016-02-03 10:00,white,F,25,assault,pretrial
9,B3,2016-01-03 12:00,2016-01-04 08:00,white,M,41,theft,sentenced
7,B4,2016-02-01 10:00,,Black,M,30,theft,pretrial
"""


def moment(*parts):
    """A moment on the jail's own clock."""
    return dt.datetime(*parts)  # noqa: DTZ001


@pytest.fixture
def take(tmp_path):
    """Write a text as a file and take it into ``w.duckdb``."""

    def taken(text, name="jail.csv", **more):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ingest([path], tmp_path / "w.duckdb", **more)

    return taken


def mapping(tmp_path, text):
    path = tmp_path / "map.yaml"
    path.write_text(text)
    return read_mapping(path)


# -- bookings -------------------------------------------------------------------------------


def test_synthetic_records_come_back_whole(build, tmp_path, ask):
    """What synth writes is read without a question, and stays marked."""
    from remand.fitting.synth import synth

    records = synth(build.one_state(build.fixed(3), 2.0), until=build.day(30))
    path = write_synth(records.bookings, tmp_path / "b.csv")
    found = ingest([path], tmp_path / "w.duckdb")
    (file,) = found.files
    assert (file.rows, file.used, file.new) == (len(records.bookings),) * 3
    assert ask("SELECT bool_and(synthetic), count(*) FROM stays") == [(True, len(records.bookings))]
    ins = [row[0] for row in ask("SELECT admitted FROM stays ORDER BY line")]
    assert ins == records.bookings["in"].to_list()


def test_every_field_and_line_is_where_the_contract_says(take, ask):
    """One row in full."""
    take(JANUARY)
    assert ask("SELECT stay, person, booking, admitted, released, race, sex, age, charge, status, "
               "synthetic, source, line FROM stays WHERE stay = 1") == [
        (1, "7", "B1", moment(2016, 1, 1, 10), moment(2016, 1, 5, 9), "Black", "M", 30,
         "theft", "pretrial", False, 1, 2)]  # fmt: skip
    about = dict(ask("SELECT key, value FROM about"))
    assert about.items() >= {"format": "1", "basis": "bookings", "counts": "in-facility"}.items()
    assert ask("SELECT source, file, kind, rows, used FROM sources") == [
        (1, "jail.csv", "bookings", 3, 3)]  # fmt: skip


def test_a_file_that_was_read_before_is_passed_over(take, ask):
    """The same bytes under another name add nothing."""
    take(JANUARY)
    found = take(JANUARY, "again.csv")
    assert found.files[0].known
    assert found.stays == 3
    assert ask("SELECT count(*) FROM sources") == [(1,)]


def test_next_months_export_updates_what_is_known_and_keeps_its_numbers(take, ask):
    """An open stay gets its release; a new one a new number; the counts say so."""
    take(JANUARY)
    before = ask("SELECT booking, stay FROM stays ORDER BY 1")
    (file,) = take(FEBRUARY, "february.csv").files
    assert (file.new, file.updated, file.unchanged) == (1, 1, 1)
    after = ask("SELECT booking, stay FROM stays ORDER BY 1")
    assert after == [*before, ("B4", 4)]
    assert ask("SELECT released, source, line FROM stays WHERE booking = 'B2'") == [
        (moment(2016, 2, 3, 10), 2, 2)]  # fmt: skip
    assert ask("SELECT value FROM about WHERE key = 'window_to'") == [("2016-02-04",)]


def test_without_a_booking_number_a_stay_is_known_by_person_and_admission(take):
    """The export has no booking number."""

    def without(text):
        return "\n".join(",".join(r.split(",")[:1] + r.split(",")[2:]) for r in text.splitlines())

    take(without(JANUARY))
    (file,) = take(without(FEBRUARY), "february.csv").files
    assert (file.new, file.updated, file.unchanged) == (1, 1, 1)


def test_without_persons_stays_alike_are_matched_one_to_one(take, ask):
    """Two-column files: of two admissions at one moment, one is released since."""
    take("admission,release\n2016-01-01,2016-01-03\n2016-01-02,\n2016-01-02,\n")
    (file,) = take(
        "admission,release\n2016-01-02,2016-01-09\n2016-01-02,\n2016-01-10,\n", "next.csv"
    ).files
    assert (file.new, file.updated, file.unchanged) == (1, 1, 1)
    assert ask("SELECT count(*), count(released), count(person) FROM stays") == [(4, 2, 0)]


def test_the_last_of_repeated_bookings_is_used_and_the_first_set_aside(take, ask):
    """A row a charge, as many exports have."""
    found = take(JANUARY + "7,B1,2016-01-01 10:00,2016-01-06 09:00,Black,M,30,arson,pretrial\n")
    assert [(r.rule, r.rows, r.line) for r in found.files[0].set_aside] == [
        ("duplicate_booking", 1, 2)]  # fmt: skip
    assert ask("SELECT charge, line FROM stays WHERE booking = 'B1'") == [("arson", 5)]
    assert found.files[0].rows == found.files[0].used + 1


def test_an_export_of_everyone_inside_begins_with_its_first_release(take):
    """Who was booked before is there only if still inside that day; earlier censuses are not."""
    found = take("in,out\n2014-05-01,2016-01-07\n2015-02-01,\n2016-01-07,\n2016-01-08,2016-01-09\n")
    assert (found.since, found.until) == (dt.date(2016, 1, 7), dt.date(2016, 1, 10))


def test_an_export_of_everyone_admitted_begins_with_its_first_admission(take):
    """However long the first of them stayed."""
    found = take("in,out\n2016-01-01,2016-01-20\n2016-01-02,2016-01-21\n2016-01-22,\n")
    assert found.since == dt.date(2016, 1, 1)


def test_a_mapping_sets_the_window_and_a_later_export_keeps_its_beginning(take, tmp_path):
    """Only its end moves on."""
    given = mapping(tmp_path, "window: {from: 2016-01-02, to: 2016-01-10}\n")
    found = take(JANUARY, corrections=given)
    assert (found.since, found.until) == (dt.date(2016, 1, 2), dt.date(2016, 1, 10))
    found = take(FEBRUARY, "february.csv")
    assert (found.since, found.until) == (dt.date(2016, 1, 2), dt.date(2016, 2, 4))


def test_a_release_of_the_year_9999_says_that_somebody_is_inside(take, ask):
    """A placeholder is no date to come."""
    take("in,out\n2016-01-01,9999-12-31\n2016-01-02,2016-01-03\n")
    assert ask("SELECT count(*), count(released) FROM stays") == [(2, 1)]


def test_a_release_without_its_hour_is_not_before_an_admission_of_that_day(take, ask):
    """In at 14:05 and out on the same day: a stay of no length, not a negative one."""
    found = take("in,out\n2016-01-01 14:05,2016-01-01\n2016-01-02 10:00,2016-01-03\n")
    assert found.files[0].set_aside == ()
    assert ask("SELECT released - admitted FROM stays WHERE line = 2") == [(dt.timedelta(0),)]


# -- forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "form"),
    [
        ("2016-01-31T14:05:00Z", "2016-02-01T00:00:00.250-05:00", "iso"),
        ("2016-01-31 14:05:00", "2016-02-01", "iso"),
        ("01/31/2016 02:05 PM", "02/01/2016 12:00 AM", "month-first"),
        ("1/31/16 14:05", "2/1/16 0:00", "month-first-short"),
        ("31.01.2016 14:05", "01.02.2016", "day-first"),
        ("31/1/16 14:05", "1/2/16", "day-first-short"),
        ("2016.01.31 14:05", "2016.02.01", "year-first"),
        ("20160131 1405", "20160201", "compact"),
        ("31-Jan-2016 14:05", "01-Feb-2016", "month-name"),
        ("Jan 31 2016 2:05PM", "Feb  1 2016 12:00AM", "month-name"),
        ("31JAN2016:14:05:00", "01FEB2016:00:00:00", "sas"),
        ("42400.586805555555", "42401", "excel"),
    ],
)
def test_any_common_form_of_dates_is_read(take, ask, first, second, form):
    """The 31st of January at five past two, and the night after it."""
    found = take(f"id|in|out\n1|{first}|{second}\n2|{first}|\n")
    forms = {c.field: c.form.name for c in found.files[0].read.columns if c.form}
    assert forms["admitted"] == form
    admitted, released = ask("SELECT admitted, released FROM stays WHERE line = 2")[0]
    assert admitted == moment(2016, 1, 31, 14, 5)
    assert released.replace(microsecond=0) == moment(2016, 2, 1)


def test_a_mapping_settles_what_the_dates_do_not(take, ask, tmp_path):
    """01/02/2016 is the first of February where the mapping says so."""
    text = "id,in,out\n1,01/02/2016,03/04/2016\n"
    assert "DAY OR MONTH FIRST" in take(text).files[0].notes[0]
    given = mapping(tmp_path, "forms: {admitted: day-first, released: '%d/%m/%Y'}\n")
    (tmp_path / "w.duckdb").unlink()
    assert take(text, corrections=given).files[0].notes == ()
    assert ask("SELECT admitted, released FROM stays") == [
        (moment(2016, 2, 1), moment(2016, 4, 3))]  # fmt: skip


def test_another_column_settles_whether_the_day_stands_first(take, ask):
    """Releases have a 13th, so admissions are read alike."""
    found = take("id,in,out\n1,01/02/2016,13/02/2016\n")
    assert found.files[0].notes == ()
    assert ask("SELECT admitted FROM stays") == [(moment(2016, 2, 1),)]


def test_the_time_of_day_may_stand_in_a_column_of_its_own(take, ask):
    """Booking date and booking time, as many exports have them."""
    take("Booking Date,Booking Time,Release Date,Release Time\n"
         "01/31/2016,14:05,02/01/2016,9:30 AM\n01/31/2016,,,\n")  # fmt: skip
    assert ask("SELECT admitted, released FROM stays ORDER BY line") == [
        (moment(2016, 1, 31, 14, 5), moment(2016, 2, 1, 9, 30)),
        (moment(2016, 1, 31), None)]  # fmt: skip


# -- columns --------------------------------------------------------------------------------


def test_health_and_immigration_are_dropped_unless_asked_for(take, ask, tmp_path):
    """By default neither is kept, not even in rows set aside; --keep keeps what it names."""
    text = ("in,out,bradh,ICE Hold,facility\n2016-01-02,2016-01-03,Y,ice!,A\n"
            "soon,2016-01-04,Y,ice!,A\n")  # fmt: skip
    found = take(text)
    why = {c.name: c.why for c in found.files[0].read.columns}
    assert why["bradh"].startswith("health")
    assert why["ICE Hold"].startswith("immigration")
    assert why["facility"].startswith("not known")
    assert "bradh" not in {row[0] for row in ask("DESCRIBE stays")}
    assert ask("SELECT row FROM set_aside") == [("soon,2016-01-04,…,…,A",)]
    (tmp_path / "w.duckdb").unlink()
    take(text, keep=["bradh", "facility"])
    assert ask("SELECT bradh, facility FROM stays") == [("Y", "A")]


def test_names_and_birthdays_are_never_kept(take, ask):
    """A date of birth becomes a year, and the age at booking."""
    found = take("Last Name,SSN,DOB,Booked,Released\nDoe,123,03/05/80,01/02/2016,01/03/2016\n"
                 "Roe,124,12/31/55,soon,01/03/2016\n")  # fmt: skip
    assert ask("SELECT birth_year, age FROM stays") == [(1980, 35)]
    raw = found.into.read_bytes()
    for private in (b"Doe", b"Roe", b"03/05/80", b"12/31/55"):
        assert private not in raw
    assert all(not c.examples for c in found.files[0].read.columns[:3])
    with pytest.raises(InputError, match="'Last Name' says who somebody is"):
        take("Last Name,Booked,Released\nDoe,2016-01-02,\n", "b.csv", keep=["last name"])


def test_a_birth_date_that_is_a_year_or_masked_is_no_obstacle(take, ask):
    """A year is kept as one; what cannot be read is dropped, and said."""
    take("DOB,Booked\n1980,2016-01-02\n1990,2016-01-03\n")
    assert ask("SELECT birth_year, age FROM stays ORDER BY line") == [(1980, None), (1990, None)]
    found = take("DOB,Booked\nXX/XX/1980,2016-02-02\n", "masked.csv")
    assert found.files[0].read.columns[0].why == "no dates that can be read: dropped"


def test_an_unreadable_row_of_a_file_with_names_is_not_kept(take, ask):
    """Nobody can say which of its cells is the name."""
    take("Name,In,Out\nDoe,2016-01-02,\nRoe,John,2016-01-02,2016-01-03\n")
    assert ask("SELECT line, row FROM set_aside") == [(3, None)]


def test_values_become_levels_by_the_first_pattern_that_fits(take, ask, tmp_path):
    """Shell patterns in the file's order, in any case of letters; * is the rest but for empty."""
    given = mapping(
        tmp_path, 'values:\n  charge: {"120.0*": homicide, "120.*": assault, "*": other}\n'
    )
    take("in,out,charge_first,charge_last\n2016-01-01,,120.05,120.05\n2016-01-02,,120.10,\n"
         "2016-01-03,,265,x\n2016-01-04,2016-01-05,,120.99\n", corrections=given)  # fmt: skip
    assert ask("SELECT charge, charge_last FROM stays ORDER BY line") == [
        ("homicide", "homicide"), ("assault", None), ("other", "other"),
        (None, "assault")]  # fmt: skip


def test_a_file_without_a_header_is_read_by_position(take, ask, tmp_path):
    """The mapping counts from 1."""
    given = mapping(tmp_path, "header: false\ncolumns: {admitted: 3, released: 2, person: 1}\n")
    take("x,2016-01-03,2016-01-02\ny,,2016-01-02\n", corrections=given)
    assert ask("SELECT person, admitted, released, line FROM stays ORDER BY line") == [
        ("x", moment(2016, 1, 2), moment(2016, 1, 3), 1),
        ("y", moment(2016, 1, 2), None, 2)]  # fmt: skip


def test_a_mapping_may_say_that_no_column_is_a_field(take, tmp_path):
    """A column that is called age but is not."""
    given = mapping(tmp_path, "columns: {age: null}\n")
    found = take(JANUARY, corrections=given)
    assert found.files[0].read.of("age") is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("kind: stays\n", 1, "'stays' is none of the kind there are"),
        ("window: {from: soon}\n", 1, "'soon' is not a day"),
        ("window:\n  from: 2016-02-01\n  to: 2016-01-01\n", 3, "holds no day"),
        ("window: {form: 2016-01-01}\n", 1, "did you mean 'from'?"),
        ("header: nope\n", 1, "'header' must be true, false or"),
        ("columns: [in]\n", 1, "'columns' must hold keys"),
        ("columns:\n  admitted: [in]\n", 2, "a column is a name, or a position"),
        ("values:\n  race: Black\n", 2, "values must say what each raw value means"),
        ("keep: {a: b}\n", 1, "'keep' must be a list"),
        ("delimiter: '::'\n", 1, "a delimiter is a single sign"),
        ("counts: people\n", 1, "use one of: in-facility, jurisdiction"),
    ],
)
def test_a_mapping_that_says_what_cannot_be_is_told_with_its_line(tmp_path, text, line, said):
    """Before any record is read."""
    with pytest.raises(InputError) as error:
        mapping(tmp_path, text)
    assert f"map.yaml:{line}: error" in str(error.value)
    assert said in str(error.value)


def test_a_row_that_holds_a_date_is_no_header(take, ask):
    """Even where one of its values is what a column may be called."""
    take("7,2016-01-02 10:00,2016-01-03 11:00,N,M\n8,2016-01-05 10:00,2016-01-06 11:00,N,F\n")
    assert ask("SELECT count(*), min(line) FROM stays") == [(2, 1)]


def test_a_column_that_is_empty_at_first_is_read_all_the_same(take, ask):
    """Nobody of the first twenty thousand has been released."""
    rows = ["2016-01-01,"] * 20_001 + ["2016-01-02,01/31/2016"]
    take("in,out\n" + "\n".join(rows) + "\n")
    assert ask("SELECT count(*), max(released) FROM stays") == [(20_002, moment(2016, 1, 31))]


def test_lines_are_true_however_large_the_file(take, ask):
    """The row that is wrong stands where it is said to, also after others that were ragged."""
    rows = [f"{i},2016-01-01,2016-01-02" for i in range(150_000)]
    rows[120_000] = "120000,soon,2016-01-02"
    take("id,in,out\n" + "\n".join(rows) + "\n", "even.csv")
    assert ask("SELECT line FROM set_aside") == [(120_002,)]
    assert ask("SELECT count(*) FROM stays WHERE line != CAST(person AS BIGINT) + 2") == [(0,)]


def test_an_irregular_file_has_true_lines_too(take, ask):
    """Ragged rows, blank lines and a quoted line break before what is asked for."""
    rows = [f"{i},2016-01-01,2016-01-02" for i in range(3_000)]
    rows[10], rows[20], rows[30] = "10,x", "", '30,2016-01-01,"2016-01-02\n"'
    take("id,in,out\n" + "\n".join(rows) + "\n")
    assert ask("SELECT line, rule, row FROM set_aside") == [(12, "unreadable_row", "10,x")]
    shifted = "line != CAST(person AS BIGINT) + 2 + CAST(CAST(person AS BIGINT) > 30 AS INTEGER)"
    assert ask(f"SELECT count(*) FROM stays WHERE {shifted}") == [(0,)]  # noqa: S608


def test_excel_is_read_and_its_other_sheets_are_named(tmp_path, ask):
    """The first sheet, or the one the mapping names."""
    import xlsxwriter

    path = tmp_path / "jail.xlsx"
    with xlsxwriter.Workbook(path) as book:
        cover, sheet = book.add_worksheet("Cover"), book.add_worksheet("Bookings")
        cover.write(0, 0, "County Jail")
        form = book.add_format({"num_format": "mm/dd/yyyy hh:mm"})
        sheet.write_row(0, 0, ["Booked", "Released", "Age"])
        sheet.write_datetime(1, 0, moment(2016, 1, 2, 10), form)
        sheet.write_datetime(1, 1, moment(2016, 1, 3, 11), form)
        sheet.write_number(1, 2, 33)
    with pytest.raises(InputError):
        ingest([path], tmp_path / "w.duckdb")
    found = ingest([path], tmp_path / "w.duckdb", corrections=Corrections(sheet="Bookings"))
    assert any("'Cover'" in note for note in found.files[0].notes)
    assert ask("SELECT admitted, released, age, line FROM stays") == [
        (moment(2016, 1, 2, 10), moment(2016, 1, 3, 11), 33, 2)]  # fmt: skip


def test_gzip_and_parquet_give_the_same_stays_as_csv(tmp_path):
    """By three ways in."""
    (tmp_path / "a.csv").write_text(JANUARY)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(JANUARY.encode()))
    pl.read_csv(tmp_path / "a.csv", try_parse_dates=True).write_parquet(tmp_path / "a.parquet")
    seen = []
    for name in ("a.csv", "a.csv.gz", "a.parquet"):
        work = tmp_path / f"{name}.duckdb"
        ingest([tmp_path / name], work)
        with duckdb.connect(str(work), read_only=True) as con:
            seen.append(con.execute("SELECT * EXCLUDE (line) FROM stays ORDER BY stay").fetchall())
    assert seen[0] == seen[1] == seen[2]


# -- snapshots and counts -------------------------------------------------------------------

DAILY = """\
snapshot_date,person,admitted,status,race
2016-01-01,1,2015-12-31 08:00,DE,B
2016-01-02,1,2015-12-31 08:00,CS,B
2016-01-04,1,2015-12-31 08:00,CS,B
2016-01-01,2,2016-01-01 09:00,DE,W
2016-01-04,2,2016-01-01 09:00,DE,W
2016-01-02,3,2016-01-01 15:00,DE,W
"""


def test_daily_snapshots_become_stays(take, ask):
    """A snapshot without the person ends a stay; a day without any (the 3rd) does not."""
    found = take(DAILY)
    assert found.basis == "snapshots"
    assert ask("SELECT person, first_seen, last_seen, status, status_last FROM stays "
               "ORDER BY person, first_seen") == [
        ("1", dt.date(2016, 1, 1), dt.date(2016, 1, 4), "DE", "CS"),
        ("2", dt.date(2016, 1, 1), dt.date(2016, 1, 1), "DE", "DE"),
        ("2", dt.date(2016, 1, 4), dt.date(2016, 1, 4), "DE", "DE"),
        ("3", dt.date(2016, 1, 2), dt.date(2016, 1, 2), "DE", "DE")]  # fmt: skip
    assert [str(day) for (day,) in ask("SELECT day FROM snapshots ORDER BY day")] == [
        "2016-01-01", "2016-01-02", "2016-01-04"]  # fmt: skip
    assert (found.since, found.until) == (dt.date(2016, 1, 1), dt.date(2016, 1, 5))


def test_the_next_days_snapshots_go_on_with_the_stays_of_the_days_before(take, ask):
    """Who is seen again has not come anew."""
    take(DAILY)
    head = DAILY.splitlines()[0]
    (file,) = take(f"{head}\n2016-01-05,1,2015-12-31 08:00,SSR,B\n"
                   "2016-01-05,4,2016-01-04 20:00,DE,B\n", "next.csv").files  # fmt: skip
    assert (file.new, file.updated) == (1, 1)
    assert ask("SELECT last_seen, status, status_last FROM stays WHERE person = '1'") == [
        (dt.date(2016, 1, 5), "DE", "SSR")]  # fmt: skip


def test_the_time_of_the_snapshot_parts_those_seen_at_once_from_the_others(take):
    """Booked at 9 and seen that day; booked at 15 and seen the next."""
    assert take(DAILY).snapshot_time == "09:00"


def test_bookings_and_snapshots_do_not_mix(take):
    """The same people would be counted twice."""
    take(JANUARY)
    with pytest.raises(InputError, match=r"daily.csv holds snapshots, the work file bookings"):
        take(DAILY, "daily.csv")


def test_a_published_census_may_be_wide_or_long(take, ask, tmp_path):
    """Columns of levels become rows; so do rows of levels."""
    take('date,total,males,n_black,s_CS,note\n2016-01-02,"1,010",900,500,70,x\n', "wide.csv")
    wide = ask("SELECT axis, level, people FROM census ORDER BY axis NULLS FIRST")
    assert wide == [(None, None, 1010), ("race", "black", 500), ("sex", "male", 900),
                    ("status", "CS", 70)]  # fmt: skip
    (tmp_path / "w.duckdb").unlink()
    take("day,axis,level,people\n2016-01-02,,,1010\n2016-01-02,race,black,500\n", "long.csv")
    assert ask("SELECT axis, level, people FROM census ORDER BY axis NULLS FIRST") == [
        (None, None, 1010), ("race", "black", 500)]  # fmt: skip


def test_monthly_figures_are_summed_where_no_column_gives_the_level(take, ask):
    """Men and women, sentenced and not, from their four cells; a zero month did not report."""
    found = take("jurisdiction,date,adp_sentenced_male,adp_sentenced_female,adp_unsentenced_male,"
                 "adp_unsentenced_female,adp_total,bookings,avg_length_stay_all\n"
                 "Amador,2016-01-01,10,2,20,4,36,100,12.5\n"
                 "Amador,2016-02-01,0,0,0,0,0,90,\nAmador,2016-03-01,10,2,20,4,36,,\n")  # fmt: skip
    rows = ask("SELECT measure, axis, level, value FROM aggregates WHERE month = '2016-01-01' "
               "ORDER BY ALL")  # fmt: skip
    assert rows == [
        ("admissions", None, None, 100), ("adp", "sex", "female", 6), ("adp", "sex", "male", 30),
        ("adp", "status", "sentenced", 12), ("adp", "status", "unsentenced", 24),
        ("adp", None, None, 36), ("stay_release", None, None, 12.5)]  # fmt: skip
    (rule,) = found.files[0].set_aside
    assert (rule.rule, rule.line, rule.field) == ("not_reported", 3, "adp_total")
    assert found.files[0].used == 2


def test_a_day_told_again_is_taken_from_the_last_file_and_row(take, ask):
    """Revised figures replace the first ones; a repeated row is set aside."""
    take("date,total\n2016-01-02,100\n2016-01-03,101\n2016-01-03,102\n", "a.csv")
    assert ask("SELECT rule, line, value FROM set_aside") == [("duplicate_day", 3, "2016-01-03")]
    take("date,total\n2016-01-03,110\n", "b.csv")
    assert ask("SELECT day, people FROM census ORDER BY day") == [
        (dt.date(2016, 1, 2), 100), (dt.date(2016, 1, 3), 110)]  # fmt: skip
    head = "jurisdiction,month,adp\n"
    take(f"{head}A,2016-01,10\nB,2016-01,20\n", "c.csv")
    take(f"{head}A,2016-01,11\n", "d.csv")
    assert ask("SELECT place, month, value FROM aggregates ORDER BY place") == [
        ("A", dt.date(2016, 1, 1), 11), ("B", dt.date(2016, 1, 1), 20)]  # fmt: skip


def test_quarters_are_told_by_their_first_month(take, ask):
    """A mean stay a quarter."""
    take("jurisdiction,year,quarter,avg_length_stay_pretrial\nA,2016,4,8.5\n")
    assert ask("SELECT month, measure, axis, level, value FROM aggregates") == [
        (dt.date(2016, 10, 1), "stay_release", "status", "pretrial", 8.5)]  # fmt: skip


# -- the command ----------------------------------------------------------------------------


def test_the_command_says_what_each_column_was_taken_for(remand, tmp_path):
    """Fields, forms, examples, what was left out, rows, stays, the twelve checks."""
    (tmp_path / "j.csv").write_text(JANUARY.replace("status", "cell"))
    code, out, err = remand("ingest", tmp_path / "j.csv", "--into", tmp_path / "w.duckdb")
    assert (code, err) == (0, "")
    assert "'in'      → admitted  iso (e.g. 2016-01-31 14:05); e.g. 2016-01-01 10:00" in out
    assert "left out: 'cell': not known" in out
    assert "rows 3 = used 3 + set aside 0" in out
    assert "stays: 3 new, 0 updated, 0 as known" in out
    assert "overlapping_stays" in out
    assert "No published census" in out
    code, out, _ = remand("ingest", tmp_path / "j.csv", "--into", tmp_path / "w.duckdb")
    assert code == 0
    assert "j.csv: read before (the same bytes), passed over" in out


def test_strict_makes_a_finding_a_failure_and_still_writes(remand, tmp_path):
    """Exit 2, the reason, and the file; a check that there is not is told."""
    (tmp_path / "j.csv").write_text(JANUARY + "7,B1,2016-01-01 10:00,,Black,M,30,arson,x\n")
    args = ("ingest", tmp_path / "j.csv", "--into", tmp_path / "w.duckdb", "--strict")
    code, _, err = remand(*args, "duplicate_bookings")
    assert code == 2
    assert "w.duckdb is written, but --strict duplicate_bookings: 1 found" in err
    assert (tmp_path / "w.duckdb").exists()
    code, _, err = remand(*args, "duplicates")
    assert (code, "did you mean 'duplicate_bookings'?" in err) == (2, True)


def test_a_rebuilt_census_more_than_five_percent_off_is_a_failure(remand, tmp_path):
    """Exit 2, with the share; within it, exit 0."""
    (tmp_path / "j.csv").write_text("in,out\n" + "2016-01-01,2016-02-01\n" * 100)
    for people, expected in ((100, 0), (96, 0), (90, 2)):
        (tmp_path / "c.csv").write_text(f"date,total\n2016-01-03,{people}\n2016-01-04,{people}\n")
        work = tmp_path / f"{people}.duckdb"
        code, out, err = remand("ingest", tmp_path / "j.csv", tmp_path / "c.csv", "--into", work)
        assert code == expected
        assert f"{100 * (100 / people - 1):.2f} % off on average over 2 days" in out
        assert ("more than 5 %" in err) == (expected == 2)
        assert work.exists()


def test_json_is_the_whole_of_it(remand, tmp_path):
    """Columns, rows, window, twelve checks."""
    (tmp_path / "j.csv").write_text(JANUARY)
    code, out, _ = remand("ingest", tmp_path / "j.csv", "--into", tmp_path / "w.duckdb", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["window"] == {"from": "2016-01-01", "to": "2016-01-06"}
    assert told["files"][0]["columns"][2]["field"] == "admitted"
    assert len(told["checks"]) == 12
    assert told["failed"] == []


# -- the work file --------------------------------------------------------------------------


def test_a_file_that_is_none_of_ours_is_not_written_over(take, tmp_path):
    """Neither a text nor another database."""
    work = tmp_path / "w.duckdb"
    work.write_text("my notes")
    with pytest.raises(InputError, match="cannot be read as a work file"):
        take(JANUARY)
    assert work.read_text() == "my notes"
    work.unlink()
    duckdb.connect(str(work)).execute("CREATE TABLE mine (a INTEGER)").close()
    with pytest.raises(InputError, match="cannot be read as a work file"):
        take(JANUARY)


def test_a_failure_leaves_the_file_byte_for_byte(take, tmp_path):
    """Of two files the second is broken: the first is not taken either."""
    take(JANUARY)
    before = (tmp_path / "w.duckdb").read_bytes()
    (tmp_path / "f.csv").write_text(FEBRUARY)
    (tmp_path / "x.csv").write_text("a,b\nc,d\n")
    with pytest.raises(InputError, match="nothing here looks like"):
        ingest([tmp_path / "f.csv", tmp_path / "x.csv"], tmp_path / "w.duckdb")
    assert (tmp_path / "w.duckdb").read_bytes() == before
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


KILLED = """
import sys, time
from remand.records import ingest, quality
def wait(con):
    print("settling", flush=True)
    time.sleep(60)
quality.settle = wait
ingest.ingest([sys.argv[1]], sys.argv[2])
"""


def test_a_kill_in_the_middle_leaves_the_file_and_the_next_run_cleans_up(take, tmp_path):
    """Killed with everything read and nothing in place."""
    take(JANUARY)
    work = tmp_path / "w.duckdb"
    before = work.read_bytes()
    (tmp_path / "f.csv").write_text(FEBRUARY)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "f.csv", work], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"settling\n"
    with pytest.raises(InputError, match=f"another remand ingest .process {process.pid}. is writ"):
        take(FEBRUARY, "f.csv")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert work.read_bytes() == before
    assert [p for p in tmp_path.iterdir() if p.name.endswith(".part")]
    assert take(FEBRUARY, "f.csv").stays == 4
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


def test_an_interruption_is_one_and_leaves_the_file(take, tmp_path, monkeypatch):
    """Ctrl-C inside a query reaches Python as an error of DuckDB's; nobody should see that."""
    take(JANUARY)
    before = (tmp_path / "w.duckdb").read_bytes()

    def interrupted(_):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(quality, "settle", interrupted)
    with pytest.raises(KeyboardInterrupt):
        take(FEBRUARY, "f.csv")
    assert (tmp_path / "w.duckdb").read_bytes() == before
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


LOCKED = """
import sys, time, duckdb
con = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


def test_a_file_that_another_program_has_open_is_told(take, tmp_path):
    """Whoever looks at it in DuckDB closes it first."""
    take(JANUARY)
    process = subprocess.Popen(
        [sys.executable, "-c", LOCKED, tmp_path / "w.duckdb"], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(InputError, match="open in no other program"):
            take(FEBRUARY, "f.csv")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_place_that_cannot_be_written_is_told_first(take, tmp_path):
    """A folder; a folder that is not there; a file with unfinished changes."""
    with pytest.raises(InputError, match="is a folder"):
        ingest([tmp_path / "j.csv"], tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        ingest([tmp_path / "j.csv"], tmp_path / "no" / "w.duckdb")
    (tmp_path / "w.duckdb.wal").write_text("")
    with pytest.raises(InputError, match="changes of another program"):
        take(JANUARY)
