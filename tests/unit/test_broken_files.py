"""Fifty broken files: each is told by file, line and column, and none loses a row in silence."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

HEAD = "Inmate ID,Booking No,Booked,Released,Race,Sex,Age"
ROWS = [
    "1001,B1,01/02/2016 10:00,01/13/2016 09:30,Black,M,23",
    "1002,B2,01/03/2016 11:00,02/14/2016 12:00,white,F,31",
    "1003,B3,01/15/2016 12:00,01/16/2016 01:00,Black,M,44",
    "1004,B4,01/20/2016 23:10,,white,M,19",
]


def text(*rows, head=HEAD, end="\n"):
    """A file of a header and rows (the good ones, and then these)."""
    return end.join([head, *ROWS, *rows, ""])


def changed(row, **cells):
    """A good row with other cells: ``changed(0, Booked="…")``."""
    names, values = HEAD.split(","), ROWS[row].split(",")
    for name, value in cells.items():
        values[names.index(name.replace("_", " "))] = value
    return ",".join(values)


@dataclass(frozen=True)
class Broken:
    """A file and what must be said of it.

    ``says`` are all in what is printed. ``rows`` are those in the file, ``aside`` those set aside;
    without ``rows`` the file cannot be used, and the exit code is 2.
    """

    name: str
    content: str | bytes
    says: tuple[str, ...]
    rows: int | None = None
    aside: int = 0
    suffix: str = ".csv"
    mapping: str = ""
    args: tuple[str, ...] = field(default=())


def png():
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def excel_bytes(tmp):
    import polars as pl

    path = tmp / "made.xlsx"
    pl.DataFrame({"Booked": ["2016-01-02", "2016-01-03"], "Released": ["2016-01-05", None]}
                 ).write_excel(path)  # fmt: skip
    return path.read_bytes()


def parquet_bytes(tmp):
    path = tmp / "made.parquet"
    duckdb.sql(f"COPY (SELECT DATE '2016-01-02' AS booked, DATE '2016-01-05' AS released) "
               f"TO '{path}'")  # fmt: skip
    return path.read_bytes()


BROKEN = [
    # -- dates
    Broken("mixed dates", text(changed(0, Booking_No="B5", Inmate_ID="7", Booked="2016-02-03",
                                       Released="9 Feb 2016")),
           ("unreadable_date: 1", "line 6, column 'Released'", "'9 Feb 2016'", "01/31/2016"), 5, 1),
    Broken("a thirteenth month", text(changed(0, Booking_No="B5", Booked="13/02/2016")),
           ("unreadable_date: 1", "line 6, column 'Booked'", "'13/02/2016'"), 5, 1),
    Broken("the 31st of February", text(changed(0, Booking_No="B5", Booked="02/31/2016")),
           ("unreadable_date: 1", "line 6, column 'Booked'", "'02/31/2016'"), 5, 1),
    Broken("the year 0201", text(changed(0, Booking_No="B5", Booked="01/02/0201")),
           ("unreadable_date: 1", "line 6, column 'Booked'", "'01/02/0201'"), 5, 1),
    Broken("a day to come", text(changed(0, Booking_No="B5", Booked="01/02/2099",
                                         Released="")),
           ("unreadable_date: 1", "line 6, column 'Booked'", "has not come yet"), 5, 1),
    Broken("a release to come", text(changed(0, Booking_No="B5", Inmate_ID="7",
                                             Released="01/02/2099")),
           ("unreadable_date: 1", "line 6, column 'Released'", "has not come yet"), 5, 1),
    Broken("out before in", text(changed(0, Booking_No="B5", Inmate_ID="7",
                                         Released="12/30/2015 10:00")),
           ("negative_stay: 1", "line 6, column 'Released'", "released before admitted"), 5, 1),
    Broken("no admission", text(changed(0, Booking_No="B5", Booked="")),
           ("missing_date: 1", "line 6, column 'Booked'", "there is no date"), 5, 1),
    Broken("midnight as 24:00", text(changed(0, Booking_No="B5", Inmate_ID="7",
                                             Booked="01/02/2016 24:00")),
           ("set aside 0", "5 new"), 5),
    Broken("hours beyond the day", text(changed(0, Booking_No="B5", Booked="01/02/2016 25:61")),
           ("unreadable_date: 1", "line 6, column 'Booked'", "25:61"), 5, 1),
    Broken("times without days", "id,booked,released\n1,10:00,11:00\n2,12:30,13:00\n",
           ("broken.csv:2", "column 'booked' holds times of day without a day ('10:00')", "Fix:")),
    Broken("day or month first", "id,booked,released\n1,01/02/2016,03/04/2016\n",
           ("DAY OR MONTH FIRST", "'booked'", "'01/02/2016'", "forms: {admitted: day-first}"), 1),
    Broken("serial numbers of Excel", "id,booked,released\n1,42371.5,42380\n2,42372,\n",
           ("excel (e.g. 42400.587)", "censuses from 2016-01-02"), 2),
    Broken("dates that are none", "id,booked,released\n1,soon,later\n2,never,ever\n",
           ("broken.csv:2", "booked: column 'booked' was taken as admitted, but holds no dates "
            "('soon')", "Fix: name another column in a mapping")),
    Broken("every stay negative", "id,booked,released\n1,2016-02-01,2016-01-01\n",
           ("broken.csv:2", "released: none of 1 row can be used", "released before admitted",
            "'2016-01-01'")),
    # -- rows and cells
    Broken("ragged rows", text("1005,B5,01/20/2016", "1006,B6,01/21/2016 10:00,,white,M,19,x,y"),
           ("unreadable_row: 2", "line 6", "it has 3 cells, the header 7"), 6, 2),
    Broken("blank lines", HEAD + "\n\n" + ROWS[0] + "\n\n\n" + changed(1, Booked="soon") + "\n",
           ("line 6, column 'Booked'", "'soon'"), 2, 1),
    Broken("lines of blanks only", text("   ", "\t", changed(0, Booking_No="B5", Booked="soon")),
           ("line 8, column 'Booked'", "'soon'"), 5, 1),
    Broken("a delimiter at the end of each row", text().replace("\n", ",\n"),
           ("set aside 0",), 4),
    Broken("a delimiter at the end of each row but the header's",
           HEAD + "\n" + "".join(row + ",\n" for row in ROWS), ("set aside 0",), 4),
    Broken("a delimiter at the end of one row", text(changed(0, Booking_No="B5", Inmate_ID="7")
                                                      + ",,"), ("set aside 0", "5 new"), 5),
    Broken("a total below", text("Total,,4,,,,"),
           ("unreadable_date: 1", "line 6, column 'Booked'", "'4'"), 5, 1),
    Broken("a total that is ragged", text("Total: 4 rows"),
           ("unreadable_row: 1", "line 6", "it has 1 cells"), 5, 1),
    Broken("a header in the middle", text(HEAD, changed(0, Booking_No="B5", Inmate_ID="7")),
           ("unreadable_date: 1", "line 6, column 'Booked'", "the header stands here again"), 6, 1),
    Broken("title lines above the header", "County Jail\nPrinted 2016-02-01\n" + text(),
           ("lines 1–2 stand above the header", "set aside 0"), 4),
    Broken("a missing quote", text('1005,"B5,01/20/2016,,white,M,19',
                                   changed(0, Booking_No="B6", Inmate_ID="7")),
           ("unreadable_row: 1", "line 6", "a quote is opened and not closed"), 6, 1),
    Broken("a quote in the middle", text(changed(0, Booking_No="B5", Inmate_ID="7",
                                                  Race='Bl"ack')),
           ("set aside 0",), 5),
    Broken("a line break inside quotes", text('7,B5,01/20/2016,,"white\nor other",M,19',
                                              changed(0, Booking_No="B6", Booked="soon")),
           ("line 8, column 'Booked'", "'soon'"), 6, 1),
    Broken("zero bytes", text().encode() + b"1005,B5\x00,01/20/2016,,white,M,19\n",
           ("unreadable_row: 1", "line 6", "zero bytes"), 5, 1),
    Broken("the same booking twice", text(changed(0, Released="01/14/2016 09:30")),
           ("duplicate_booking: 1", "line 2, column 'Booking No'", "'B1'", "the last, in line 6"),
           5, 1),
    Broken("the same person and admission twice", text(changed(0, Booking_No="")),
           ("duplicate_booking: 1", "line 2, column 'Inmate ID'", "'1001'"), 5, 1),
    Broken("old line ends", text(end="\r"), ("set aside 0",), 4),
    Broken("mixed line ends", text(end="\r\n").replace("\r\n", "\n", 2), ("set aside 0",), 4),
    Broken("thousands separators in ages",
           text(changed(0, Booking_No="B5", Inmate_ID="7", Age='"1,023"')),
           ("Age: 1 value left empty", "line 6: '1,023'"), 5),
    Broken("negative ages", text(changed(0, Booking_No="B5", Inmate_ID="7", Age="-4")),
           ("Age: 1 value left empty", "line 6: '-4'"), 5),
    # -- headers
    Broken("duplicate headers", text(head=HEAD.replace("Sex", "Race")),
           ("the header has 'Race' twice", "column 6", "set aside 0"), 4),
    Broken("a header without names", text(head="Inmate ID,,Booked,Released,,,"),
           ("'column 2'", "'column 5'", "set aside 0"), 4),
    Broken("no header", "\n".join(ROWS) + "\n",
           ("no header", "by its values: dates", "→ released"), 4),
    Broken("a header only", HEAD + "\n",
           ("broken.csv:1", "there is a header, and no row below it", "Fix:")),
    Broken("not of a jail", "colour,shape\nred,round\nblue,square\n",
           ("broken.csv:1", "nothing here looks like a jail's records", "'colour', 'shape'",
            "Fix:")),
    Broken("prose", "Dear Sheriff\nplease find enclosed\nthe records\n",
           ("broken.csv:1", "no table is in this file", "Fix:")),
    # -- encodings and kinds of files
    Broken("a byte order mark", b"\xef\xbb\xbf" + text().encode(),
           ("UTF-8 with a byte order mark", "'Inmate ID'", "set aside 0"), 4),
    Broken("semicolons", text(changed(0, Booking_No="B5", Booked="soon")).replace(",", ";"),
           ("line 6, column 'Booked'", "'soon'"), 5, 1),
    Broken("tabs", text().replace(",", "\t"), ("set aside 0",), 4),
    Broken("UTF-16", text().encode("utf-16"), ("encoding taken as UTF-16", "set aside 0"), 4),
    Broken("UTF-16 without a mark", text().encode("utf-16-le"),
           ("encoding taken as UTF-16", "set aside 0"), 4),
    Broken("Latin-1", text(changed(0, Booking_No="B5", Inmate_ID="7", Race="métis")
                           ).encode("latin-1"),
           ("Windows-1252", "set aside 0"), 5),
    Broken("an empty file", b"", ("broken.csv: error", "the file is empty", "Fix:")),
    Broken("blank lines only", b"\n\n\n", ("broken.csv:1", "blank lines only", "Fix:")),
    Broken("a picture", png(), ("broken.csv: error", "a PNG picture", "Fix:")),
    Broken("an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
           ("broken.xls: error", "cannot be read as Excel", "Fix:"), suffix=".xls"),
    Broken("a web page", b"<!DOCTYPE html><html>Log in</html>",
           ("broken.csv:1", "a web page", "Fix:")),
    Broken("JSON", b'[{"booked": "2016-01-02"}]', ("broken.csv:1", "this is JSON", "Fix:")),
    Broken("text named .parquet", text(), ("it is no Parquet file", "set aside 0"), 4,
           suffix=".parquet"),
    Broken("a damaged archive", gzip.compress(text().encode())[:-12],
           ("broken.csv.gz: error", "the gzip archive is damaged", "Fix:"), suffix=".csv.gz"),
    Broken("an archive that is none", b"\x1f\x8bnothing", ("broken.csv.gz", "damaged", "Fix:"),
           suffix=".csv.gz"),
    # -- mappings
    Broken("a mapping of a column that is not there", text(),
           ("map.yaml:2", "columns.admitted", "has no column 'Bookd'", "did you mean 'Booked'?"),
           mapping="columns:\n  admitted: Bookd\n"),
    Broken("a mapping of a field that is not there", text(),
           ("map.yaml:2", "there is no field 'admited'", "did you mean 'admitted'?"),
           mapping="columns:\n  admited: Booked\n"),
    Broken("a mapping of a position that is not there", text(),
           ("map.yaml:2", "there is no column 9", "it has 7"),
           mapping="columns:\n  admitted: 9\n"),
    Broken("a mapping with unknown keys", text(),
           ("map.yaml:1", "no key 'colums'", "did you mean 'columns'?", "map.yaml:2",
            "no key 'formz'", "did you mean 'forms'?"), mapping="colums: {}\nformz: {}\n"),
    Broken("a mapping with an unknown form", text(),
           ("map.yaml:1", "'dayfirst' is no form of dates", "did you mean 'day-first'?"),
           mapping="forms: {admitted: dayfirst}\n"),
    Broken("a mapping of a wrong form", text(),
           ("broken.csv:2", "Booked: none of 4 rows can be used", "'01/02/2016 10:00'"),
           mapping="forms: {admitted: '%Y!%m!%d'}\n"),
    Broken("a mapping of values of a field that is not there", text(),
           ("map.yaml:2", "'rase' has no values", "did you mean 'race'?"),
           mapping="values:\n  rase: {B: Black}\n"),
    Broken("a mapping that keeps names", text(head=HEAD.replace("Race", "Last Name")),
           ("'Last Name' says who somebody is, and is never kept", "Fix:"),
           args=("--keep", "Last Name")),
    Broken("a column to keep that is not there", text(),
           ("--keep names no column of broken.csv: 'Rase'", "did you mean 'Race'?"),
           args=("--keep", "Rase")),
    Broken("a kind that there is not", text(), ("--as boookings", "did you mean 'bookings'?"),
           args=("--as", "boookings")),
    Broken("the wrong kind", text(), ("broken.csv:1", "no column says a day and the people held",
           "Fix:"), args=("--as", "census")),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: b.name)
def test_a_broken_file_is_told_by_line_and_column_and_no_row_is_lost(broken, remand, tmp_path):
    """Exit 2 with a fix where nothing can be used; else each row is used, or set aside and said."""
    path = tmp_path / f"broken{broken.suffix}"
    content = broken.content if isinstance(broken.content, bytes) else broken.content.encode()
    path.write_bytes(content)
    args = list(broken.args)
    if broken.mapping:
        (tmp_path / "map.yaml").write_text(broken.mapping)
        args += ["--mapping", str(tmp_path / "map.yaml")]
    work = tmp_path / "work.duckdb"
    code, out, err = remand("ingest", path, "--into", work, *args)
    assert code == (2 if broken.rows is None else 0), out + err
    for said in broken.says:
        assert said in out + err
    assert "Traceback" not in out + err
    if broken.rows is None:
        assert not out
        assert not work.exists()
        assert "Fix:" in err
    else:
        said = f"rows {broken.rows} = used {broken.rows - broken.aside} + set aside {broken.aside}"
        assert said in out
        _kept(work, broken)
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def _kept(work, broken):
    """What is set aside stands in the work file, each row with its reason."""
    with duckdb.connect(str(work), read_only=True) as con:
        rows = con.execute("SELECT line, rule, reason, row FROM set_aside").fetchall()
        stays, rows_in_all, used = con.execute(
            "SELECT (SELECT count(*) FROM stays), rows, used FROM sources"
        ).fetchone()
    assert len(rows) == broken.aside
    assert all(line and rule and reason for line, rule, reason, _ in rows)
    assert (rows_in_all, used) == (broken.rows, broken.rows - broken.aside)
    assert stays == used


def test_there_are_fifty_broken_files_and_no_two_alike():
    """As many as were promised."""
    assert len({b.name for b in BROKEN}) == len(BROKEN) >= 50


def test_an_excel_file_named_csv_is_read_and_said(remand, tmp_path):
    """What a file is stands in its bytes."""
    path = tmp_path / "broken.csv"
    path.write_bytes(excel_bytes(tmp_path))
    code, out, _ = remand("ingest", path, "--into", tmp_path / "w.duckdb")
    assert code == 0
    assert "read as an Excel file, whatever its name says" in out
    assert "rows 2 = used 2 + set aside 0" in out


def test_a_damaged_parquet_file_is_told(remand, tmp_path):
    """Half a file is none."""
    path = tmp_path / "broken.parquet"
    path.write_bytes(parquet_bytes(tmp_path)[:-40])
    code, _, err = remand("ingest", path, "--into", tmp_path / "w.duckdb")
    assert code == 2
    assert re.search(r"broken\.parquet: error: cannot be read as Parquet: .*Fix: ", err)


def test_an_excel_file_that_is_damaged_is_told(remand, tmp_path):
    """Half a file is none."""
    path = tmp_path / "broken.xlsx"
    path.write_bytes(excel_bytes(tmp_path)[:400])
    code, _, err = remand("ingest", path, "--into", tmp_path / "w.duckdb")
    assert code == 2
    assert re.search(r"broken\.xlsx: error: cannot be read as Excel: .*Fix: ", err)


def test_one_enormous_line_is_told_before_it_is_read(remand, tmp_path):
    """Two megabytes of it are enough."""
    path = tmp_path / "broken.csv"
    path.write_bytes(text().encode() + b"x" * 5_000_000)
    code, _, err = remand("ingest", path, "--into", tmp_path / "w.duckdb")
    assert code == 2
    assert "broken.csv:6: error: this line is longer than 2,000,000 bytes" in err
    assert "Fix:" in err


def test_a_folder_and_a_file_that_is_not_there_are_told(remand, tmp_path):
    """Each in a line."""
    code, _, err = remand("ingest", tmp_path, "--into", tmp_path / "w.duckdb")
    assert (code, "this is a folder, not a file. Fix: name a file in it" in err) == (2, True)
    code, _, err = remand("ingest", tmp_path / "no.csv", "--into", tmp_path / "w.duckdb")
    assert (code, "cannot be read: there is no such file" in err) == (2, True)


def test_a_file_that_may_not_be_read_is_told(remand, tmp_path, monkeypatch):
    """As the system says it (whoever runs the tests may read everything, so it is made to)."""
    path = tmp_path / "broken.csv"
    path.write_text(text())
    real = Path.open

    def refused(self, *args, **kwargs):
        if self == path:
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refused)
    code, _, err = remand("ingest", path, "--into", tmp_path / "w.duckdb")
    assert code == 2
    assert "broken.csv: error: cannot be read: Permission denied. Fix: check the path" in err


def test_json_tells_the_same_rows(remand, tmp_path):
    """What was set aside, by rule, with the first line and value."""
    path = tmp_path / "broken.csv"
    path.write_text(text(changed(0, Booking_No="B5", Booked="soon")))
    code, out, _ = remand("ingest", path, "--into", tmp_path / "w.duckdb", "--json")
    assert code == 0
    (file,) = json.loads(out)["files"]
    assert (file["rows"], file["used"]) == (5, 4)
    assert file["set_aside"] == [{
        "rule": "unreadable_date", "rows": 1, "line": 6, "field": "Booked", "value": "soon",
        "reason": "no date as this column writes them (01/31/2016 14:05)",
    }]  # fmt: skip
