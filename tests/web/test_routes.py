"""Requests without a browser: pages, files, bad input, and who may ask."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.web.conftest import PLAN, SAME

PAGES = ("/", "/why", "/why?wait=1", "/compare", "/assumptions", "/check?wait=1", "/text", "/load")
FILES = ("/run.csv", "/run.json", "/why.csv", "/why.json", "/compare.csv", "/compare.json",
         "/assumptions.csv", "/assumptions.json", "/check.csv", "/check.json")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_and_runs_no_script_but_its_own(client: Any, path: str) -> None:
    """A strict policy goes with each, and nothing in it would need a laxer one."""
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", answer.text)


@pytest.mark.parametrize("path", FILES)
def test_every_view_is_a_file_too(client: Any, path: str) -> None:
    """CSV that is a table, and JSON that is JSON."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    if path.endswith(".json"):
        assert json.loads(answer.text)
    else:
        assert len(pl.read_csv(io.BytesIO(answer.content))) > 0


def test_another_name_for_this_machine_is_not_answered(client: Any) -> None:
    """A site that points its own name at 127.0.0.1 learns nothing."""
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        assert client.get("/", headers={"host": host}).status_code == 421
    assert client.get("/load", headers={"host": "localhost:8724"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {**SAME, "sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1:99"},
    ],
)
def test_only_the_page_itself_may_send_something(client: Any, headers: dict[str, str]) -> None:
    """Neither another site nor another port can fill in its forms."""
    answer = client.post("/text", data={"text": PLAN, "run": "1"}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_else_can_be_done(client: Any, method: str) -> None:
    """There is nothing to put, delete or preflight."""
    assert client.request(method, "/", headers=SAME).status_code == 405


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("plan=fewr", "has no plan &#39;fewr&#39;"),
        ("place=nowhere", "there is no place &#39;nowhere&#39; here"),
        ("place=../../etc", "there is no place"),
        ("plan=../../../etc/passwd", "has no plan"),
        ("set=release-more", "sets no lever"),
        ("set=release-more:nan", "sets no lever"),
        ("set=release-mor:0.4", "did you mean &#39;release-more&#39;?"),
        ("set=release-more:1.4", "give 0 to 1"),
        ("from=yesterday", "is no date"),
        ("from=2019-01-01", "holds no step"),
        ("from=2021-01-01&to=2020-06-01", "give --from and --to"),
        ("draws=1000000", "use one of: 0, 20, 200"),
        ("plan=fewer&plan=tougher", "says &#39;plan&#39; twice"),
        ("pln=fewer", "did you mean &#39;plan&#39;?"),
        ("text=%%%", "is damaged"),
        ("with=<script>", "has no plan &#39;&lt;script&gt;&#39;"),
    ],
)
def test_an_address_is_checked_like_any_input(client: Any, query: str, said: str) -> None:
    """What is wrong, and what to write instead, in the words of the command line."""
    answer = client.get(f"/?{query}")
    assert answer.status_code == 400
    assert said in answer.text
    assert "Traceback" not in answer.text


def test_a_text_that_unfolds_without_end_is_refused(client: Any) -> None:
    """A few bytes of an address cannot fill the memory."""
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"a" * 50_000_000, 9)).decode().rstrip("=")
    assert "is damaged" in client.get("/", params={"text": bomb}).text


def test_no_file_of_a_visitor_s_choice_is_read(client: Any) -> None:
    """A plan written on the page names no file, and comes after nothing but known plans."""
    for old, new, line in (
        ("about: Made", "sources_file: /etc/passwd\nabout: Made", 5),
        ("about: Made", "after: ../../../../etc/passwd\nabout: Made", 5),
        ("scale: {low: 0.7, high: 0.9, inferred: made up}",
         "law: {law: table, file: /etc/passwd}", 21),
    ):  # fmt: skip
        text = PLAN.replace("name: fewer", "name: mine").replace(old, new)
        answer = client.post("/text", data={"text": text}, headers=SAME)
        assert answer.status_code == 200
        assert f"line {line}" in answer.text
        assert "root:" not in answer.text


def test_an_edited_plan_needs_a_name_of_its_own(client: Any) -> None:
    """Nothing hypothetical hangs on a name that is somebody's."""
    answer = client.post("/text", data={"text": PLAN, "run": "1"}, headers=SAME)
    assert answer.status_code == 422
    assert "is a plan that somebody proposed" in answer.text


def test_problems_of_a_text_are_in_the_words_of_check(client: Any, tmp_path: Path) -> None:
    """Message, field, fix and line are those of `remand check` on the same text in a file."""
    from remand.files import load_platform, read_model

    text = PLAN.replace("name: fewer", "name: mine").replace("exit: held", "exit: hld")
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    model = read_model(str(client.app.state.pages.desk.places.get(None).name))
    (problem,) = load_platform(path, model)[1]
    answer = client.post("/text", data={"text": text}, headers=SAME).text
    assert f"line {problem.line}" in answer
    assert problem.field in answer
    assert problem.message.replace("'", "&#39;") in answer
    assert problem.fix.replace("'", "&#39;") in answer


def test_a_written_plan_runs_and_its_address_holds_it(client: Any) -> None:
    """The answer of a form is an address; asked again, it is the same page."""
    text = PLAN.replace("name: fewer", "name: mine").replace("title: Fewer", "title: Mine")
    answer = client.post(
        "/text", data={"text": text, "run": "1"}, headers=SAME, follow_redirects=False
    )
    assert answer.status_code == 303
    address = answer.headers["location"]
    assert "Under Mine, in two years" in client.get(address).text
    assert "name: mine" in client.get(address.replace("/?", "/plan.yaml?")).text


def test_texts_in_csv_are_no_formulas() -> None:
    """A spreadsheet shows them as they stand; numbers keep their digits."""
    from remand.web.tables import csv_of, csv_rows

    frame = pl.DataFrame(
        {"name": ["=1+1", "@x", "jail", None], "mean": [-1.5, 0.1 + 0.2, 3.0, 4.0]}
    )
    assert csv_of(frame).splitlines() == [
        "name,mean", "'=1+1,-1.5", "'@x,0.30000000000000004", "jail,3.0", ",4.0",
    ]  # fmt: skip
    assert csv_rows(["a"], [{"a": "+cmd"}, {"a": -2}]) == "a\n'+cmd\n-2\n"


def test_colours_and_dashes_of_plans_are_the_theme_s() -> None:
    """The style sheet and the charts say the same."""
    from remand.present import theme

    css = (Path("src/remand/web/static") / "style.css").read_text(encoding="utf-8")
    for i, look in enumerate(theme.PLANS):
        assert f"--p{i}: {look.colour};" in css
        dash = " ".join(map(str, look.dash))
        assert not dash or f".line.p{i} {{ stroke-dasharray: {dash}; }}" in css
    assert f"--ink: {theme.INK}; --quiet: {theme.QUIET}; --faint: {theme.FAINT};" in css


def test_an_unknown_page_and_an_unknown_chart_say_so(client: Any) -> None:
    """404 on a page of its own."""
    assert client.get("/nothing").status_code == 404
    answer = client.get("/chart/secret.svg")
    assert answer.status_code == 404
    assert "there is no chart" in answer.text
    assert client.get("/static/../app.py").status_code == 404


def test_a_chart_is_a_picture_that_runs_nothing(client: Any) -> None:
    """SVG under a policy of its own."""
    answer = client.get("/chart/contributions.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "script" not in answer.headers["content-security-policy"]
    assert answer.text.startswith("<svg")
