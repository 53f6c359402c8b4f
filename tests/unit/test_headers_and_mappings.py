"""What an analyst meets on the first day: titles above the header, a mapping changed twice."""

from __future__ import annotations

import datetime as dt
import json

import pytest

HEAD = "Inmate No,Booked,Released,DOB,Race"
ROWS = [
    "1,01/31/2015 2:05 PM,02/01/2015 1:00 AM,03/05/1980,B",
    "2,02/02/2015 3:15 PM,02/09/2015 8:00 AM,03/05/1991,W",
    "3,02/03/2015 4:25 PM,,12/31/1972,W",
]
TITLES = "County Jail,,,,\n,,,,\n"


def table(*rows, head=HEAD, above=""):
    """A file of a header and rows, below what stands above."""
    return above + "\n".join([head, *(rows or ROWS), ""])


@pytest.fixture
def take(tmp_path, remand):
    """Write a text as a file and run ``remand ingest`` on it: (code, out, err)."""

    def taken(text, *args, name="m1.csv", mapping=None):
        if text is not None:
            (tmp_path / name).write_text(text)
        if mapping is not None:
            (tmp_path / "map.yaml").write_text(mapping)
            args = (*args, "--mapping", tmp_path / "map.yaml")
        return remand("ingest", tmp_path / name, "--into", tmp_path / "w.duckdb", *args)

    return taken


# -- the header -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "above", [TITLES, "County Jail\n\n", "\n\nCounty Jail\nas of 02/01/2015\n"]
)
def test_titles_and_blank_rows_above_the_header_are_passed_over(take, ask, above):
    """The header is the row that names fields; what is above it is said."""
    code, out, err = take(table(above=above))
    assert code == 0, err
    lines = above.count("\n")
    assert f"lines 1–{lines} stand above the header and were passed over" in out
    first = ask("SELECT person, admitted, birth_year, line FROM stays ORDER BY stay LIMIT 1")
    assert first == [("1", dt.datetime(2015, 1, 31, 14, 5), 1980, lines + 2)]  # noqa: DTZ001


def test_titles_and_blank_rows_of_a_sheet_are_passed_over_and_lines_are_its_own(
    tmp_path, remand, ask
):
    """A title in one cell, blank rows above and between: lines are as Excel counts them."""
    import xlsxwriter

    path = tmp_path / "m1.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Bookings")
        sheet.write(1, 0, "County Jail, 2015")
        sheet.write_row(3, 0, HEAD.split(","))
        sheet.write_row(4, 0, ROWS[0].split(","))
        sheet.write_row(6, 0, ROWS[1].split(","))
    code, out, err = remand("ingest", path, "--into", tmp_path / "w.duckdb")
    assert code == 0, err
    assert "lines 1–3 stand above the header and were passed over" in out
    assert "rows 2 = used 2 + set aside 0" in out
    assert ask("SELECT person, line FROM stays ORDER BY line") == [("1", 5), ("2", 7)]


def test_a_header_that_is_not_understood_is_shown_and_nothing_is_guessed(take, tmp_path):
    """Columns of dates are admissions by their names or a mapping, never by their values."""
    text = table(head="Nr,Eintritt,Austritt,Geboren,Gruppe", above=TITLES)
    code, out, err = take(text)
    assert (code, out) == (2, "")
    assert "m1.csv:3: error: the header is not understood" in err
    assert "'Eintritt', 'Austritt', 'Geboren'" in err
    assert 'columns: {admitted: "Eintritt", released: "Austritt"}' in err
    assert not (tmp_path / "w.duckdb").exists()


def test_dates_long_before_the_others_are_of_birth(take, ask):
    """Without a header too: the year is kept, and the date is no admission."""
    code, out, err = take("\n".join(ROWS) + "\n")
    assert code == 0, err
    assert "'column 4' → birth_date" in out
    assert "03/05/1991" not in out
    years = ask("SELECT birth_year, year(admitted) FROM stays ORDER BY line LIMIT 2")
    assert years == [(1980, 2015), (1991, 2015)]


def test_a_mapping_may_say_on_which_line_the_header_stands(take, ask):
    """Then columns are called by the names there."""
    text = "of the county\nNr,Eintritt\nNr,Ein,Aus\n1,2015-01-02,2015-01-03\n"
    code, out, err = take(text, mapping="header: 3\ncolumns: {admitted: Ein, released: Aus}\n")
    assert code == 0, err
    assert "lines 1–2 stand above the header" in out
    assert ask("SELECT CAST(released AS DATE), line FROM stays") == [(dt.date(2015, 1, 3), 4)]
    code, _, err = take(text, mapping="header: 0\n")
    assert (code, "map.yaml:1: error: header: 'header' must be true, false or the line" in err) == (
        2, True)  # fmt: skip
    code, _, err = take("Nr,In\n\n1,2015-01-02\n", name="b.csv", mapping="header: 2\n")
    assert (code, "line 2 is the header, but nothing stands there" in err) == (2, True)


# -- read again -----------------------------------------------------------------------------

RACES = 'values: {race: {B: Black, "*": other}}\n'


def test_the_same_bytes_under_another_mapping_are_read_again(take, ask):
    """Levels change, numbers of stays do not, and it is said how many stays changed."""
    take(table())
    before = ask("SELECT stay, person FROM stays ORDER BY stay")
    code, out, err = take(table(), mapping=RACES)
    assert code == 0, err
    assert "read again under another mapping: 3 stays changed, 0 as before, 0 new, 0 gone" in out
    assert ask("SELECT stay, person FROM stays ORDER BY stay") == before
    assert ask("SELECT race FROM stays ORDER BY stay") == [("Black",), ("other",), ("other",)]
    assert ask("SELECT count(*) FROM sources") == [(1,)]
    code, out, _ = take(table(), mapping=RACES)
    assert (code, "read before (the same bytes), passed over" in out) == (0, True)
    code, out, _ = take(table())
    assert "passed over" in out
    assert ask("SELECT DISTINCT race FROM stays ORDER BY 1") == [("Black",), ("other",)]


def test_the_order_of_patterns_is_another_mapping(take):
    """The first that fits holds."""
    take(table(), mapping='values: {race: {B: Black, "*": other}}\n')
    _, out, _ = take(table(), mapping='values: {race: {"*": other, B: Black}}\n')
    assert "1 stay changed, 2 as before" in out


def test_a_column_to_keep_is_read_again_and_the_mapping_stays(take, ask):
    """--keep alone; then --as alone changes what the file is."""
    text = table(*(f"{row},{cell}" for row, cell in zip(ROWS, "ABC", strict=True)),
                 head=HEAD + ",Cell")  # fmt: skip
    take(text, mapping=RACES)
    code, out, err = take(None, "--keep", "Cell")
    assert code == 0, err
    assert "read again under another mapping: 3 stays changed" in out
    assert ask("SELECT race, cell FROM stays ORDER BY stay")[:2] == [("Black", "A"), ("other", "B")]


def test_rows_that_another_mapping_lets_in_or_out_get_new_numbers_or_none(take, ask):
    """A day-first file whose 13th could not be read month-first."""
    rows = [f"{i},0{i}/02/2015,,," for i in range(1, 8)] + ["8,13/02/2015,,,"]
    take(table(*rows), mapping="forms: {admitted: month-first}\n")
    assert ask("SELECT count(*), max(stay) FROM stays") == [(7, 7)]
    _, out, _ = take(table(*rows), mapping="forms: {admitted: day-first}\n")
    assert "6 stays changed, 1 as before, 1 new, 0 gone" in out
    assert ask("SELECT stay, person FROM stays ORDER BY stay")[-1] == (8, "8")
    assert ask("SELECT count(*) FROM set_aside") == [(0,)]


def test_what_two_files_told_is_read_again_together_or_not_at_all(take, ask, tmp_path):
    """Alone it is refused, with what to do; given all of them it is done."""
    take(table(*ROWS[:2]))
    take(table(*ROWS[1:]), name="m2.csv")
    before = (tmp_path / "w.duckdb").read_bytes()
    code, out, err = take(None, mapping=RACES)
    assert (code, out) == (2, "")
    assert "start a new work file" in err
    assert "m2.csv" in err
    assert (tmp_path / "w.duckdb").read_bytes() == before
    code, out, err = take(None, tmp_path / "m2.csv", mapping=RACES)
    assert code == 0, err
    assert "read again under another mapping: 3 stays changed, 0 as before, 0 new, 0 gone" in out
    assert ask("SELECT person, race FROM stays ORDER BY stay") == [
        ("1", "Black"), ("2", "other"), ("3", "other")]  # fmt: skip


def test_a_census_is_read_again_too(take, ask):
    """Other columns of it."""
    text = "date,total,held\n2015-01-02,10,8\n"
    take(text)
    code, out, err = take(text, mapping="columns: {people: held}\n")
    assert code == 0, err
    assert "read again under another mapping" in out
    assert ask("SELECT people FROM census WHERE axis IS NULL") == [(8,)]


def test_the_same_bytes_as_another_kind_are_read_again(take, ask):
    """Monthly figures that are a census after all: what they told as such is gone."""
    text = "date,adp,people\n2015-01-01,10,8\n"
    take(text)
    assert ask("SELECT count(*) FROM aggregates") == [(1,)]
    code, out, err = take(text, "--as", "census")
    assert code == 0, err
    assert "m1.csv: census" in out
    assert ask("SELECT count(*) FROM aggregates") == [(0,)]
    assert ask("SELECT people FROM census") == [(8,)]
    assert ask("SELECT file, kind FROM sources") == [("m1.csv", "census")]


def test_a_window_given_with_a_file_that_was_read_holds(take, ask):
    """It needs no reading, and the next export keeps it."""
    take(table())
    _, out, _ = take(table(), mapping="window: {from: 2015-02-01}\n")
    assert "passed over" in out
    take(table(*ROWS[1:]), name="m2.csv")
    assert ask("SELECT value FROM about WHERE key = 'window_from'") == [("2015-02-01",)]


# -- the next file --------------------------------------------------------------------------


def test_a_later_file_is_read_as_an_earlier_one_was_mapped(take, ask):
    """It is said, and so is how to change it."""
    mapping = "columns: {race: Grp}\n" + RACES
    head = HEAD.replace("Race", "Grp")
    take(table(*ROWS[:1], head=head), mapping=mapping)
    code, out, err = take(table(*ROWS[1:], head=head), name="m2.csv")
    assert code == 0, err
    assert "read as mapped for 'm1.csv'; give --mapping to change it" in out
    assert ask("SELECT race FROM stays ORDER BY stay") == [("Black",), ("other",), ("other",)]


def test_an_earlier_mapping_that_does_not_fit_is_told_loudly(take, ask):
    """The column that it names is not there."""
    take(table(*ROWS[:1], head=HEAD.replace("Race", "Grp")), mapping="columns: {race: Grp}\n")
    _, out, _ = take(table(*ROWS[1:]), name="m2.csv")
    assert "'m1.csv' WAS READ WITH A MAPPING THAT DOES NOT FIT THIS FILE" in out
    assert "m2.csv has no column 'Grp'" in out
    assert ask("SELECT race FROM stays ORDER BY stay") == [("B",), ("W",), ("W",)]


def test_columns_by_position_are_used_again_only_where_the_same_ones_stand(take):
    """Another header, another file."""
    take(table(*ROWS[:1]), mapping="columns: {race: 5}\n")
    _, out, _ = take(table(*ROWS[1:]), name="m2.csv")
    assert "read as mapped for 'm1.csv'" in out
    _, out, _ = take(table("1,a,02/03/2015,02/04/2015,x", head="Inmate No,Race,In,Out,Cell"),
                     name="m3.csv")  # fmt: skip
    assert "DOES NOT FIT THIS FILE: it names columns by position" in out


def test_a_census_is_no_file_of_the_same_kind(take):
    """A mapping of bookings is neither used for it nor missed."""
    take(table(), mapping="columns: {race: Race}\n" + RACES)
    _, out, _ = take("date,total\n2015-02-02,2\n", name="census.csv")
    assert "census.csv: census\n" in out
    assert "mapped for" not in out
    assert "DOES NOT FIT" not in out


# -- rows set aside -------------------------------------------------------------------------


def test_more_than_half_of_the_rows_set_aside_is_an_error_and_nothing_is_written(take, tmp_path):
    """A wrong form of dates; corrected, the same file goes in."""
    rows = ["1,01/02/2015,,,", *(f"{i},{i}/02/2015,,," for i in range(13, 20))]
    code, out, err = take(table(*rows), mapping="forms: {admitted: month-first}\n")
    assert (code, out) == (2, "")
    assert "7 of 8 rows would be set aside, more than half" in err
    assert "m1.csv:3" in err
    assert not (tmp_path / "w.duckdb").exists()
    code, out, err = take(table(*rows), mapping="forms: {admitted: day-first}\n")
    assert (code, "used 8 + set aside 0" in out) == (0, True)


def test_in_and_out_the_wrong_way_round_are_recognised(take):
    """Released looks like admitted: all of them, or all but one."""
    swapped = [",".join([r.split(",")[i] for i in (0, 2, 1, 3, 4)]) for r in ROWS[:2]]
    fix = 'swap them in the mapping, columns: {admitted: "Released", released: "Booked"}'
    for rows in (swapped, [*swapped, "9,02/02/2015,02/03/2015,,"]):
        code, _, err = take(table(*rows), name=f"m{len(rows)}.csv")
        assert (code, fix in err) == (2, True), err


def test_many_rows_set_aside_are_told_at_the_top(take):
    """Between a twentieth and a half; repeated bookings are no fault of reading."""
    code, out, _ = take(table(*ROWS, "4,soon,,,"))
    assert code == 0
    assert out.startswith("WARNING: 1 of 4 rows of m1.csv (25 %) are SET ASIDE")
    _, out, _ = take(table(*ROWS, ROWS[0]), name="m2.csv")
    assert not out.startswith("WARNING")


# -- what is told ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("01/31/2015 2:05 PM", "02/01/2015 12:15 PM", "month-first (e.g. 01/31/2016 2:05 PM)"),
        ("1/31/2015", "2/1/2015", "month-first (e.g. 1/31/2016)"),
        ("31.01.2015", "01.02.2015", "day-first (e.g. 31.01.2016)"),
        ("31-01-15 04:05", "01-02-15 12:05", "day-first-short (e.g. 31-01-16 14:05)"),
        ("2015-01-31", "2015-02-01", "iso (e.g. 2016-01-31)"),
        ("2015-01-31T10:11:12", "2015-02-01T10:11:12", "iso (e.g. 2016-01-31T14:05:09)"),
        ("2015-01-31 00:00:00", "2015-02-01 00:00:00", "iso (e.g. 2016-01-31)"),
        ("1/31/2015 0:00", "2/1/2015 0:00", "month-first (e.g. 1/31/2016)"),
        ("31-Jan-2015", "01-Feb-2015", "month-name (e.g. 31-Jan-2016)"),
        ("42035", "42036", "excel (e.g. 42400)"),
    ],
)
def test_a_form_is_told_by_its_name_as_the_file_writes_it(take, first, second, said):
    """Its separators, its zeros, and its time only where there is one."""
    code, out, err = take(f"id,booked\n1,{first}\n2,{second}\n")
    assert code == 0, err
    assert f"→ admitted  {said}; e.g." in out


def test_a_form_given_in_a_mapping_is_told_alike(take):
    """By name, or in strptime's signs."""
    text = "id,booked\n1,31/01/2015\n2,01/02/2015\n"
    _, out, _ = take(text, mapping="forms: {admitted: day-first}\n")
    assert "day-first (e.g. 31/01/2016)" in out
    _, out, _ = take(text, mapping="forms: {admitted: '%d/%m/%Y'}\n")
    assert "%d/%m/%Y (e.g. 31/01/2016)" in out


def test_what_patterns_did_is_told_level_by_level(take):
    """Raw values and rows of each level, patterns that took nothing, values that fit none."""
    rows = [f"{i},02/0{i}/2015,,,{race}" for i, race in enumerate(("B", "b", "BL", "W", "Q"), 1)]
    _, out, _ = take(table(*rows), mapping='values: {race: {"b*": Black, w: white, x: other}}\n')
    assert "levels of race, from 'Race':" in out
    assert "3 values ('B', 'BL', 'b') → 'Black' (3 rows)" in out
    assert "1 value ('W') → 'white' (1 row)" in out
    assert "WARNING: no value came to 'x' (none fits, or one above takes them)" in out
    assert "WARNING: 1 value ('Q') fits no pattern and stays as it is" in out


def test_what_patterns_did_is_in_json(take):
    """With the same counts."""
    _, out, _ = take(table(), "--json", mapping="values: {race: {B: Black}}\n")
    (told,) = json.loads(out)["files"][0]["values"]
    assert told["levels"] == [
        {"level": "Black", "distinct": 1, "rows": 1, "examples": ["B"]}]  # fmt: skip
    assert told["unused"] == []
    assert told["unfitted"]["examples"] == ["W"]


def test_a_file_that_was_read_before_takes_two_lines(take):
    """Nothing has changed, so there is no report."""
    take(table())
    _, out, _ = take(None)
    assert len(out.splitlines()) == 2


def test_checks_that_found_nothing_or_could_not_look_take_one_line(take):
    """A paragraph is for what was found."""
    _, out, _ = take(table())
    assert "could not look" in out
    assert "Not looked for" not in out
    assert "Done: nothing to do." not in out


def test_a_jail_without_admissions_is_no_shift_from_zero(take):
    """Ten weeks of nobody at the window's beginning are told by window_edges."""
    days = [dt.date(2015, 1, 1) + dt.timedelta(i) for i in range(400)]
    rows = [f"{i},{day},{day + dt.timedelta(3)}" for i, day in enumerate(days[80:])]
    text = "\n".join(["id,in,out", *rows, ""])
    code, out, err = take(text, mapping="window: {from: 2015-01-01}\n")
    assert code == 0, err
    assert "from 0" not in out
    assert "inf" not in out
    flat = " ".join(out.split())
    assert "Nobody was booked in before 2015-03-22, 80 days into the window" in flat


def test_a_long_list_of_dates_is_cut_at_three(take):
    """And the rest counted."""
    rows = [f"{i}-{k},2015-01-{d:02},2015-02-01"
            for i, d in enumerate(range(1, 28, 2)) for k in range(9)]  # fmt: skip
    _, out, _ = take("\n".join(["id,in,out", *rows, ""]))
    assert "(2015-01-02, 2015-01-04, 2015-01-06 and 11 more)" in " ".join(out.split())


def test_repeated_bookings_are_said_to_be_taken_from_the_last_row(take):
    """In the report of the file and in the check."""
    _, out, _ = take(table(*ROWS, ROWS[0].replace(",B", ",X")))
    assert "the last, in line 5, is used" in out
    assert "Done: set aside (table set_aside); the last row of each is used." in out
    assert "first is kept" not in out


def test_a_column_that_is_there_and_empty_is_not_said_to_be_missing(take):
    """Legal status, without a single entry."""
    rows = [f"{row}," for row in ROWS]
    _, out, _ = take(table(*rows, head=HEAD + ",Legal Status"))
    flat = " ".join(out.split())
    assert "status 100 %" in flat
    missing = flat.partition("Not in these files:")[2].partition(".")[0]
    assert "booking" in missing
    assert "status" not in missing.replace("status_last", "")


# -- mistakes -------------------------------------------------------------------------------


def test_every_mistake_of_a_mapping_is_told_at_once_with_its_line(take):
    """Those that the mapping shows by itself; then those that the file shows."""
    code, _, err = take(table(), mapping="colums: {}\ncounts: people\ncolumns:\n  admited: Booked\n"
                        "forms:\n  admitted: dayfirst\nvalues:\n  race: B\n")  # fmt: skip
    assert code == 2
    assert [line.partition("map.yaml:")[2].partition(":")[0] for line in err.splitlines()
            if "map.yaml:" in line] == ["1", "2", "4", "8", "6"]  # fmt: skip
    assert "shell patterns (* is any text" in err
    code, _, err = take(table(), mapping="columns:\n  admitted: Bookd\n  released: 9\nvalues:\n"
                        "  rase: {B: b}\nkeep: [cel]\n")  # fmt: skip
    assert code == 2
    for line, said in ((2, "no column 'Bookd'"), (3, "no column 9"), (5, "'rase' has no values"),
                       (6, "no column 'cel' to keep")):  # fmt: skip
        assert any(f"map.yaml:{line}: error" in t and said in t for t in err.splitlines())


@pytest.mark.parametrize("name", ["Legal Status at Release", "Status at Release", "Release Status"])
def test_a_status_at_release_is_the_last_status(take, ask, name):
    """However it is called."""
    take(table(*(f"{row},CS" for row in ROWS), head=f"{HEAD},{name}"))
    assert ask("SELECT DISTINCT status_last FROM stays") == [("CS",)]


def test_a_column_that_is_left_out_is_offered_the_nearest_field(take):
    """Where the words overlap; and none where they do not."""
    _, out, _ = take(table(*(f"{row},CS,A" for row in ROWS), head=HEAD + ",Legal Sts at Rel,Cell"))
    assert "left out: 'Legal Sts at Rel': not known: status_last? say so in a mapping" in out
    assert "left out: 'Cell': not known" in out
    assert "'Cell': not known: " not in out.replace("not known: left out", "")


def test_a_table_given_as_a_work_file_is_told_what_it_is(take, remand, tmp_path):
    """And a work file given as a table."""
    take(table())
    csv, work = tmp_path / "m1.csv", tmp_path / "w.duckdb"
    code, _, err = remand("ingest", work, "--into", csv)
    assert code == 2
    assert "this is a CSV file. Fix: swap FILE and --into?" in err
    assert csv.read_text() == table()
    code, _, err = remand("ingest", work, "--into", tmp_path / "x.duckdb")
    assert code == 2
    assert "this is a work file, not an export. Fix: measure or fit it" in err
    code, _, err = remand("measure", csv)
    assert code == 2
    assert f"this is a CSV file. Fix: take it in first: remand ingest {csv} --into" in err
    (tmp_path / "broken.duckdb").write_bytes(work.read_bytes()[:5000])
    code, _, err = remand("measure", tmp_path / "broken.duckdb")
    assert code == 2
    assert "it is damaged, or of another version" in err


def test_help_tells_the_language_of_patterns(remand):
    """What signs mean, which of several holds, and whether capitals matter."""
    code, out, _ = remand("ingest", "--help")
    flat = " ".join(out.split())
    assert code == 0
    assert "shell patterns (* is any text, ? one sign, [ab] a or b)" in flat


def test_names_that_are_shortened_or_say_a_time_too_are_known(take, ask):
    """Book Date/Time, Rel Dttm, Race Cd."""
    take(table(head="Inm No,Book Date/Time,Rel Dttm,DOB,Race Cd"))
    told = ask("SELECT count(person), count(admitted), count(released), count(race) FROM stays")
    assert told == [(3, 3, 2, 3)]
