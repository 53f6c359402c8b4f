"""Deriving a report again: what holds passes, and what was altered is named."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import remand as rm
from remand.errors import InputError
from remand.present.days import Capacity
from remand.present.packet import Beside
from remand.present.report import BLOCK, report
from remand.present.verify import verify

MARKED = re.compile(r'<data data-n="(\d+)" value="([^"]+)">([^<]+)</data>')


@pytest.fixture(scope="module")
def page(tmp_path_factory, request):
    """A report of the tiny county, and its text."""
    from remand.files import read_model

    texts = _texts(request)
    folder = tmp_path_factory.mktemp("county")
    (folder / "model.yaml").write_text(texts["model"])
    (folder / "plan.yaml").write_text(texts["platform"])
    model = read_model(folder / "model.yaml")
    run = rm.compare(model, [folder / "plan.yaml"], until="2021-03-01", by=["race"])
    path = report(run, folder / "brief.html", beside=Beside(capacity=Capacity(90), explained=False))
    return path.read_text()


def _texts(request):
    """The tiny county of `conftest`, for a fixture that lives longer than a test."""
    module = next(plugin for plugin in request.config.pluginmanager.get_plugins()
                  if hasattr(plugin, "TINY_MODEL"))  # fmt: skip
    return {"model": module.TINY_MODEL, "platform": module.TINY_PLATFORM}


@pytest.fixture
def verdict(tmp_path):
    """The verdict on a page's text."""

    def of(text):
        path = tmp_path / "brief.html"
        path.write_text(text)
        return verify(path)

    return of


def block(page):
    """The JSON that a report carries."""
    return json.loads(re.search(rf'id="{BLOCK}">(.*?)</script>', page, re.DOTALL)[1])


def with_block(page, told):
    """A report that carries something else."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = text.replace(">", "\\u003e").replace("&", "\\u0026")
    start = page.index(f'id="{BLOCK}">') + len(f'id="{BLOCK}">')
    return page[:start] + text + page[page.index("</script>", start) :]


def test_a_report_as_it_was_written_holds(page, verdict):
    """Every number is derived again, and no word moved."""
    found = verdict(page)
    assert found.holds
    assert found.numbers == len(MARKED.findall(page)) == len(block(page)["numbers"])
    assert found.notes == ()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(which=st.integers(0, 10_000), by=st.integers(1, 9), digit=st.integers(0, 20))
def test_one_digit_altered_by_hand_is_named(page, verdict, which, by, digit):
    """Whichever digit of whichever number is altered, its path is told, with both texts."""
    marks = list(MARKED.finditer(page))
    mark = marks[which % len(marks)]
    text = mark[3]
    places = [i for i, sign in enumerate(text) if sign.isdigit()]
    at = places[digit % len(places)]
    altered = f"{text[:at]}{(int(text[at]) + by) % 10}{text[at + 1 :]}"
    found = verdict(page[: mark.start(3)] + altered + page[mark.end(3) :])
    path = block(page)["numbers"][int(mark[1])][0]
    assert [(m.path, m.printed, m.derived) for m in found.moved] == [(path, altered, text)]


def test_a_number_altered_in_page_and_block_alike_is_named(page, verdict):
    """Who alters both the text and the block alters not what is derived."""
    told = block(page)
    path, value, text = told["numbers"][1]
    told["numbers"][1] = [path, value + 1000.0, "9,999"]
    mark = list(MARKED.finditer(page))[1]
    altered = page[: mark.start(3)] + "9,999" + page[mark.end(3) :]
    found = verdict(with_block(altered, told))
    assert ("9,999", text) in [(m.printed, m.derived) for m in found.moved if m.path == path]


def test_a_digit_beyond_those_printed_is_named_too(page, verdict):
    """A value that is off by a hundred millionth is told, though no printed digit is."""
    told = block(page)
    told["numbers"][0][1] *= 1 + 1e-8
    found = verdict(with_block(page, told))
    assert found.moved[0].path == told["numbers"][0][0]


def test_the_last_bit_of_a_value_may_differ(page, verdict):
    """Processors differ in the last bits: 1e-12 of a value is no change."""
    told = block(page)
    told["numbers"][0][1] *= 1 + 1e-12
    assert verdict(with_block(page, told)).holds


def test_another_model_is_named_by_every_number_it_moves(page, verdict):
    """Who alters the model that the file carries moves numbers."""
    told = block(page)
    told["question"]["model"]["arrivals"]["booking"]["rate"][0]["value"] *= 1.1
    found = verdict(with_block(page, told))
    paths = {m.path for m in found.moved}
    assert told["numbers"][0][0] in paths
    assert len(paths) > 20


def test_another_plan_is_named_as_well(page, verdict):
    """A promise that is kept for more people than the report says gives other numbers."""
    told = block(page)
    policy = told["question"]["platforms"][-1]["policies"][0]
    policy["compliance"]["value"] = 0.6
    assert any(m.path.startswith("plan/") for m in verdict(with_block(page, told)).moved)


def test_words_altered_by_hand_are_named(page, verdict):
    """A title, a promise or an authority that was changed in the page is told with its place."""
    assert "judge, from 2020-03-01" in page
    found = verdict(page.replace("judge, from 2020-03-01", "prosecutor, from 2020-03-01"))
    (moved,) = found.moved
    assert moved.path == "the page, promises (words)"
    assert "prosecutor" in moved.printed
    assert "judge" in moved.derived


def test_a_line_moved_in_a_picture_is_named(page, verdict):
    """Places in a picture are compared as well: one of the line's ends a pixel higher is told."""
    at = re.search(r'<path [^>]*?d="M0,(\d+\.\d+)', page)
    altered = page[: at.start(1)] + f"{float(at[1]) + 1:.3f}" + page[at.end(1) :]
    assert not verdict(altered).holds


def test_a_number_added_to_the_page_is_named(page, verdict):
    """A figure that the run does not have is told."""
    added = '<data data-n="99999" value="1">1</data></footer>'
    assert not verdict(page.replace("</footer>", added, 1)).holds


def test_a_report_of_draws_holds_and_another_seed_does_not(place, texts, verdict):
    """The seed is part of what is carried: with another one bands move."""
    place.write(model=texts["model"])
    run = rm.compare(str(place.model), [place.platform], until="2020-12-01", draws=20, seed=7)
    page = report(run, place.folder / "b.html", beside=Beside(explained=False)).read_text()
    assert verdict(page).holds
    told = block(page)
    assert told["question"]["seed"] == 7
    told["question"]["seed"] = 8
    found = verdict(with_block(page, told))
    assert any(m.path.endswith(("q05", "q95")) for m in found.moved)


def test_the_model_that_is_carried_says_all_that_its_file_says(place, texts):
    """A law whose point is the default is carried as well: it would be lost among defaults."""
    from remand.files import read_model
    from remand.model.model import Model
    from remand.present.question import _undated, written

    drift = "    drift: {from: 2020-01-01, growth: {law: normal, mean: 0, sd: 0.02, source: https://example.org}}\n"
    place.write(model=texts["model"] + drift)
    model = read_model(place.model)
    again = Model.model_validate(_undated(written(model)))
    assert again.arrivals["booking"].drift.growth.law == model.arrivals["booking"].drift.growth.law
    assert again == model


HOSTILE = {
    "no report": "<p>Hello</p>",
    "two blocks": None,
    "not JSON": f'<script type="application/json" id="{BLOCK}">{{</script>',
    "not a mapping": f'<script type="application/json" id="{BLOCK}">[1]</script>',
    "deep": f'<script type="application/json" id="{BLOCK}">{"[" * 200_000}</script>',
    "not a number": f'<script type="application/json" id="{BLOCK}">{{"format": NaN}}</script>',
    "no question": f'<script type="application/json" id="{BLOCK}">'
    '{"format":"remand-report-1","question":null}</script>',
    "another format": f'<script type="application/json" id="{BLOCK}">'
    '{"format":"remand-report-9"}</script>',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_no_report_is_refused(page, verdict, what):
    """Whatever else a file holds is told in one message."""
    text = HOSTILE[what] or page.replace("</body>", f'<script id="{BLOCK}">{{}}</script></body>')
    with pytest.raises(InputError):
        verdict(text)


@pytest.mark.parametrize(
    "change",
    [
        ("draws", 10**9), ("draws", -1), ("replicates", 10**9), ("to", "9999-01-01"),
        ("to", "yes"), ("by", 3), ("scenarios", []), ("scenarios", [["nobody"]]), ("every", "hour"),
        ("model", {}), ("platforms", [{}]), ("fit", "AAAA"), ("quantities", ["wealth"]),
    ],
)  # fmt: skip
def test_a_question_that_asks_too_much_or_nothing_is_refused(page, verdict, change):
    """What a file asks for is checked before anything is run."""
    told = block(page)
    told["question"][change[0]] = change[1]
    with pytest.raises(InputError):
        verdict(with_block(page, told))


def test_a_model_of_a_size_that_fills_a_machine_is_refused(page, verdict):
    """Axes whose combinations nobody could hold are refused before they are combined."""
    told = block(page)
    axes = {f"axis{i}": [str(level) for level in range(100)] for i in range(6)}
    told["question"]["model"]["strata"] |= axes
    with pytest.raises(InputError, match="too many"):
        verdict(with_block(page, told))


def test_controls_of_a_terminal_in_a_file_are_not_printed(page, verdict):
    """What was altered is shown without the signs that would move a terminal's cursor."""
    found = verdict(page.replace("judge, from 2020-03-01", "\x1b[2Jjudge"))
    assert not any("\x1b" in str(moved) for moved in found.moved)


def test_a_file_that_is_not_there_or_far_too_long_is_told(tmp_path):
    """Neither ends in a traceback, and the long one is not read to its end."""
    with pytest.raises(InputError, match="cannot be read"):
        verify(tmp_path / "nothing.html")
    long = tmp_path / "long.html"
    with long.open("wb") as file:
        file.truncate(30_000_000)
    with pytest.raises(InputError, match="longer than any report"):
        verify(long)
