"""`remand sources`: list, terms, read, and a download that shows the terms and asks first."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import threading
from contextlib import suppress
from dataclasses import replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request

import polars as pl
import pytest
import typer

from remand.sources import SOURCES, File, download, reading

COUNTS = """\
date,jail_population,community_corrections,total
2018-01-01,5993.0,2153,8146.0
2018-01-02,6009.0,2163,8172.0
"""
MONTHS = """\
jurisdiction,date,avg_daily_pop_unsentenced_male,avg_daily_pop_unsentenced_female,\
avg_daily_pop_sentenced_male,avg_daily_pop_sentenced_female,avg_daily_pop_total_jurisdiction,\
total_num_persons_booked
Mono Sheriff's Department,2015-01-01,100,20,50,10,180,400
Mono Sheriff's Department,2015-02-01,110,20,50,10,190,380
"""
STATES = """\
year,state_abbr,state_name,total_pop_15to64,total_jail_pop,total_prison_pop
2015,PA,Pennsylvania,8000,40,50
"""
DAYS = """\
date,n,n_unique_id,s_CS,s_DE,s_CSP
2016-06-02,100,100,12,88,
2016-06-04,98,98,12,80,6
"""
SPELLS = """\
id,adm,first_seen,last_seen,race,sex,age,status_first,status_last,charge_first,charge_last
1,2016-05-01 09:00:00,2016-06-02,2016-06-03,B,M,30,DE,CS,120.05,120.05
2,2016-06-02 22:00:00,2016-06-03,2016-06-04,W,F,31,DE,DE,120.05,120.05
"""


@pytest.fixture
def sources(monkeypatch, remand):
    """``sources("list")`` → (code, out, err), through the program's own way out of errors."""
    from remand.cli.sources import app

    whole = typer.Typer(pretty_exceptions_enable=False)
    whole.add_typer(app, name="sources")
    whole.command("nothing")(lambda: None)
    monkeypatch.setattr("remand.cli.app.app", whole)
    return lambda *args: remand("sources", *args)


@pytest.fixture
def put(tmp_path):
    """Write a file and give its path."""

    def write(content, name="file.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# -- list and terms --------------------------------------------------------------------------


def test_the_list_names_every_data_set(sources):
    """In lines, and as JSON with the whole card."""
    code, out, _ = sources("list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[: len(SOURCES)]] == [
        source.name for source in SOURCES
    ]
    cards = json.loads(sources("list", "--json")[1])
    assert {card["name"] for card in cards} == {source.name for source in SOURCES}
    assert all(card["terms"] and card["traps"] and card["definitions"] for card in cards)


def test_terms_show_the_card(sources):
    """Publisher, terms, how to get it, definitions and traps."""
    code, out, _ = sources("terms", "incarceration-trends-state")
    assert code == 0
    for said in ("Vera Institute of Justice", "NO REDISTRIBUTION", "races_do_not_add_up", "Traps:"):
        assert said in out
    assert json.loads(sources("terms", "cook-county", "--json")[1])["table"] == "census"


def test_a_misspelt_name_gets_the_nearest(sources):
    """On standard error, with exit code 2."""
    code, out, err = sources("terms", "california-monthy")
    assert (code, out) == (2, "")
    assert "did you mean 'california-monthly'?" in err


# -- read --------------------------------------------------------------------------------------


def test_read_says_what_a_file_is_what_to_know_of_it_and_what_it_holds(sources, put):
    """Flags with what was done; a few figures; where the terms are."""
    code, out, err = sources("read", put(COUNTS))
    assert (code, err) == (0, "")
    assert "cook-county" in out
    assert "2018-01-01 to 2018-01-03 (exclusive)" in out
    assert "outside_the_jail: 2 days" in out
    assert "5,993.0  6,001.0  6,009.0" in out
    assert "remand sources terms cook-county" in out


def test_read_as_json_has_the_flags_and_the_hash(sources, put):
    """The hash is of the bytes as they are."""
    path = put(COUNTS)
    found = json.loads(sources("read", path, "--json")[1])
    assert found["source"] == "cook-county"
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["period"] == {"from": "2018-01-01", "to": "2018-01-03"}
    assert [flag["name"] for flag in found["flags"]] == ["outside_the_jail"]
    assert found["summary"][0]["mean"] == 6001


def test_a_file_goes_into_a_work_file_that_measure_can_use(sources, put, tmp_path):
    """The months of a jail: an ADP of 184.7 over January and February, by their days."""
    from remand.runs.measure import measure
    from remand.runs.measurement import Wanted

    work = tmp_path / "work.duckdb"
    code, out, _ = sources("read", put(MONTHS), "--into", work)
    assert code == 0
    assert "Next: remand measure" in out
    figures = measure(work, Wanted()).figures
    adp = figures.filter(pl.col("quantity") == "population")["mean"].item()
    assert adp == pytest.approx((31 * 180 + 28 * 190) / 59)


def test_rows_can_be_written_as_csv_and_parquet(sources, put, tmp_path):
    """The columns of the contract."""
    code, out, _ = sources("read", put(STATES), "--out", tmp_path / "rows.csv")
    assert code == 0
    assert "3 rows written" in out
    with (tmp_path / "rows.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert rows[0] == {"month": "2015-01-01", "place": "Pennsylvania", "axis": "", "level": "",
                       "measure": "population_15_64", "value": "8000.0"}  # fmt: skip
    sources("read", tmp_path / "file.csv", "--out", tmp_path / "rows.parquet")
    assert pl.read_parquet(tmp_path / "rows.parquet").height == 3


def test_what_a_publisher_published_is_passed_on_as_it_is(sources, put, tmp_path):
    """Small figures too: it is the publisher's word, and the program says so."""
    small = MONTHS.replace("100,20,50,10,180", "3,2,1,1,7")
    code, out, _ = sources("read", put(small), "--out", tmp_path / "rows.csv")
    assert code == 0
    assert "as published, small ones too" in out
    rows = pl.read_csv(tmp_path / "rows.csv")
    assert 7 in rows["value"].to_list()
    assert json.loads(sources("read", put(small), "--json")[1])["hidden_rows"] == 0


def test_groups_that_a_collector_counted_are_not_passed_on_where_they_are_small(
    sources, put, tmp_path
):
    """New York gives a day's people, and no count: six of a status, and the next, which tells."""
    code, out, _ = sources("read", put(DAYS), "--out", tmp_path / "rows.csv")
    assert code == 0
    assert "2 rows of groups of fewer than 10 people, or that would tell of them" in out
    assert "as published" not in out
    with (tmp_path / "rows.csv").open(encoding="utf-8") as handle:
        rows = [(row["day"][-2:], row["level"], row["people"]) for row in csv.DictReader(handle)]
    assert set(rows) == {
        ("02", "", "100.0"), ("04", "", "98.0"), ("02", "CS", "12.0"), ("02", "DE", "88.0"),
        ("04", "DE", "80.0"),
    }  # fmt: skip
    (line,) = [line for line in out.splitlines() if "CSP" in line]
    assert line.split()[-3:] == ["hidden"] * 3
    found = json.loads(sources("read", put(DAYS), "--json")[1])
    assert found["hidden_rows"] == 2
    by = {row["level"]: row for row in found["summary"]}
    assert by["CSP"]["suppressed"]
    assert by["CSP"]["least"] is by["CSP"]["mean"] is by["CSP"]["most"] is None
    assert by[None]["mean"] == 99


def test_a_spreadsheet_runs_nothing_that_a_file_says(sources, put, tmp_path):
    """A jail called like a formula."""
    path = put(MONTHS.replace("Mono Sheriff's Department", "=1+1"))
    assert sources("read", path, "--out", tmp_path / "rows.csv")[0] == 0
    assert set(pl.read_csv(tmp_path / "rows.csv")["place"]) == {"'=1+1"}


def test_names_in_a_file_are_words_and_no_markup(sources, put):
    """`[/]` stands as it is, in lines and in the table."""
    text = "date,n,n_unique_id,s_CS,s_[/]\n2016-06-02,100,99,20,80\n"
    code, out, err = sources("read", put(text))
    assert (code, err) == (0, "")
    assert "[/]" in out


@pytest.mark.parametrize(
    ("content", "args", "says"),
    [
        (STATES, ("--into", "w.duckdb"), "goes into no work file"),
        (STATES, ("--out", "rows.xlsx"), "cannot write '.xlsx'"),
        (STATES, ("--out", "nowhere/rows.csv"), "there is no folder"),
        (STATES, ("--out", "file.csv"), "is FILE itself"),
        (SPELLS, ("--out", "rows.csv"), "rows of people stay in a work file"),
        (COUNTS, ("--into", "nowhere/w.duckdb"), "there is no folder"),
        (b"", (), "the file is empty"),
        ("a,b\n1,2\n", (), "not those of a public data set"),
        (b"\x1f\x8b\x08\x00\x00", (), "the gzip archive is damaged"),
    ],
)
def test_what_cannot_be_done_is_one_message_and_exit_code_2(
    sources, put, tmp_path, monkeypatch, content, args, says
):
    """Never a traceback, nothing half written."""
    monkeypatch.chdir(tmp_path)
    put(content)
    code, out, err = sources("read", "file.csv", *args)
    assert (code, out) == (2, "")
    assert says in err
    assert "Fix: " in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["file.csv"]


def test_a_folder_and_a_missing_file_are_exit_code_2(sources, tmp_path):
    """As everywhere."""
    for path, says in ((tmp_path, "this is a folder"), (tmp_path / "x.csv", "no such file")):
        code, _, err = sources("read", path)
        assert code == 2
        assert says in err


# -- download ----------------------------------------------------------------------------------


class Publisher(BaseHTTPRequestHandler):
    """A publisher with one file, a page where a file was, and a file that breaks off."""

    def do_GET(self):
        """Answer by path."""
        body = COUNTS.encode()
        if self.path == "/gone.csv":
            self.send_error(404)
            return
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kind = "text/html; charset=utf-8" if self.path == "/moved.csv" else "text/csv"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if self.path == "/endless.csv":  # says no length, and goes on
            body *= 1000
        elif self.path == "/huge.csv":
            self.send_header("Content-Length", "9" * 12)
        else:
            self.send_header("Content-Length", str(len(body) + 9 * (self.path == "/short.csv")))
        self.end_headers()
        with suppress(OSError):  # whoever asked has gone
            self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def publisher(monkeypatch):
    """``publisher("/file.csv")`` puts Cook County's file at that path of a server of ours."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def at(path, address=None):
        address = address or f"http://127.0.0.1:{server.server_port}"
        ours = tuple(
            replace(s, files=(File("cook-{today}.csv", address + path, most=10_000),))
            if s.name == "cook-county" else s
            for s in SOURCES
        )  # fmt: skip
        monkeypatch.setattr(reading, "SOURCES", ours)

    yield at
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_shows_the_terms_and_the_address_before_anything_is_fetched(
    sources, publisher, tmp_path
):
    """Without a yes, and nobody there to ask, nothing happens."""
    publisher("/file.csv")
    code, out, _ = sources("download", "cook-county", "--to", tmp_path)
    assert code == 1
    assert out.index("Terms:") < out.index("/file.csv") < out.index("Nothing is downloaded")
    assert not list(tmp_path.iterdir())


def test_a_download_on_the_terms_gives_the_file_and_its_hash(sources, publisher, tmp_path):
    """Whole, under the day's name, and read at once."""
    publisher("/file.csv")
    code, out, err = sources("download", "cook-county", "--to", tmp_path, "--yes")
    assert (code, err) == (0, "")
    (path,) = tmp_path.iterdir()
    assert path.read_text(encoding="utf-8") == COUNTS
    assert f"SHA-256 {hashlib.sha256(COUNTS.encode()).hexdigest()}" in out
    assert reading.read(path).source.name == "cook-county"
    code, _, err = sources("download", "cook-county", "--to", tmp_path, "--yes")
    assert code == 2
    assert "is there already" in err


def test_a_person_at_a_terminal_is_asked(sources, publisher, tmp_path, monkeypatch):
    """No is no."""
    publisher("/file.csv")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: (_ for _ in ()).throw(typer.Abort))
    assert sources("download", "cook-county", "--to", tmp_path)[0] == 1
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    assert sources("download", "cook-county", "--to", tmp_path)[0] == 0
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("path", "address", "says"),
    [
        ("/gone.csv", None, "answers 404"),
        ("/moved.csv", None, "answers with a web page"),
        ("/short.csv", None, "broke off"),
        ("/x.csv", "http://127.0.0.1:9", "cannot be reached"),
        ("/x.csv", "file://", "no address of the web"),
        ("/endless.csv", None, "longer than the 10,000 bytes"),
        ("/huge.csv", None, "longer than the 10,000 bytes"),
        ("/to/ftp://127.0.0.1/x.csv", None, "sends on to ftp://127.0.0.1/x.csv"),
        ("/to/file:///etc/hostname", None, "answers 302"),
    ],
)
def test_what_does_not_come_whole_is_not_kept(sources, publisher, tmp_path, path, address, says):
    """A failure, not a wrong input: exit code 1, one message, an empty folder."""
    publisher(path, address)
    code, _, err = sources("download", "cook-county", "--to", tmp_path, "--yes")
    assert code == 1
    assert err.startswith("nothing is kept: ")
    assert says in err
    assert not list(tmp_path.iterdir())


def test_a_publisher_may_send_on_to_another_address_of_its_kind(sources, publisher, tmp_path):
    """As clouds of files do."""
    publisher("/to//file.csv")
    assert sources("download", "cook-county", "--to", tmp_path, "--yes")[0] == 0
    (path,) = tmp_path.iterdir()
    assert path.read_text(encoding="utf-8") == COUNTS


@pytest.mark.parametrize("to", ["http://b.org/x", "ftp://b.org/x", "file:///x", "data:,x"])
def test_what_was_asked_for_in_secret_is_sent_on_to_nothing_open(to):
    """Over https nobody on the way can change the file; so it stays with every step."""
    asked = Request("https://a.org/x")
    send_on = download.Onward().redirect_request
    with pytest.raises(download.NotReached, match="not over https"):
        send_on(asked, io.BytesIO(), 302, "Found", Message(), to)
    new = send_on(asked, io.BytesIO(), 302, "Found", Message(), "https://b.org/x")
    assert new is not None
    assert new.full_url == "https://b.org/x"


def test_a_publisher_without_an_address_is_told_how_to_get_it(sources, tmp_path):
    """A login is asked for, or a licence wants its reader."""
    for name, says in (
        ("california-monthly", "free account"),
        ("incarceration-trends-county", "licence"),
    ):
        code, out, err = sources("download", name, "--to", tmp_path, "--yes")
        assert code == 2
        assert "Terms:" in out
        assert says in err


def test_a_download_needs_a_folder_that_is_there(sources, publisher, tmp_path):
    """It makes none."""
    publisher("/file.csv")
    code, _, err = sources("download", "cook-county", "--to", tmp_path / "new", "--yes")
    assert code == 2
    assert "there is no such folder" in err


def test_addresses_are_of_the_web_and_names_say_the_day():
    """Those shipped, without asking them."""
    files = [file for source in SOURCES for file in source.files]
    assert files
    for file in files:
        assert file.address.startswith("https://")
        assert "{today}" in file.name
    assert download.TIMEOUT > 0
