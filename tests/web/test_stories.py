"""The page in a real browser: what people do with it, by hand and by keyboard."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import pytest

PAGES = ("/", "/?plan=tougher", "/why", "/compare", "/assumptions", "/check", "/text", "/load")


def settle(page: Any) -> None:
    """Wait until the page has its last answer."""
    if page.locator("#answer").count():
        page.locator("body[data-settled]").wait_for(state="attached")
    page.locator("[data-later]").wait_for(state="detached")


def figure(page: Any, path: str) -> float:
    """A number on the page, by what it is of."""
    return float(page.locator(f'data[data-path="{path}"]').first.get_attribute("value"))


def jail(page: Any) -> float:
    """People in jail under the plan at hand, as the card has them."""
    cells = page.locator('.card tbody tr:first-child td:last-child data[data-path$="/mean"]')
    return float(cells.first.get_attribute("value"))


def test_a_sceptic_drags_compliance_and_gets_the_same_digits_by_code(
    page: Any, site: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Story 8: the answer moves, the address changes, a reload restores it, code reproduces it."""
    page.goto(f"{site}/?set=release-more:1")
    settle(page)
    before = jail(page)
    lever = page.get_by_label("kept for").first
    lever.focus()
    for _ in range(6):
        page.keyboard.press("PageDown")  # a tenth of its range each
    page.locator("body:not([data-settled])").wait_for(state="attached")
    settle(page)
    after = jail(page)
    assert after > before + 5
    assert "set=release-more:0.4" in page.url
    assert lever.input_value() == "0.4"

    page.reload()
    settle(page)
    assert page.get_by_label("kept for").first.input_value() == "0.4"
    assert jail(page) == after
    shown = page.locator("[data-run]").get_attribute("data-run")

    page.get_by_role("link", name="Copy as Python").click()
    page.get_by_role("link", name="Copied").wait_for()
    code = page.evaluate("navigator.clipboard.readText()")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, names)  # noqa: S102 - the very code the page hands out
    run = names["run"]
    assert run.identity == shown
    place = page.locator(".card tbody tr:first-child td:last-child data").first.get_attribute(
        "data-path")  # fmt: skip
    date = re.search(r"\d{4}-\d\d-\d\d", place)[0]
    rows = run.population().filter(kind="jail", scenario="edited-plan").to_dicts()
    assert next(row["mean"] for row in rows if str(row["date"]) == date) == after


def test_a_drag_answers_at_once_and_worlds_follow(page: Any, site: str) -> None:
    """First nearly exact, then exact, then with 20 and 200 worlds behind it."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/?plan=fewer&set=release-more:0.3")
    settle(page)
    stages = [re.search(r"draws=(\d+)", url)[1] for url in asked if "/answer" in url]
    assert stages == ["0", "20", "200"]
    assert page.locator("[data-part=chart]").get_attribute("data-draws") == "200"
    assert page.locator(".chart .wide .band").count() == 2  # a band a scenario
    assert "–" in page.locator("[data-part=sentence]").inner_text()
    assert page.locator("#heard").inner_text()  # heard too


def test_a_journalist_finds_who_and_whence(page: Any, site: str) -> None:
    """Story 1: every card has its source and assumptions; the plan its quote and who must act."""
    page.goto(site)
    settle(page)
    assert page.get_by_text("“Let them go home”").is_visible()
    assert page.get_by_text("judge · from 2020-03-01").is_visible()
    page.get_by_text("Source and assumptions: People held").click(force=True)
    assert page.locator("#i-people .told").is_visible()
    assert "inferred" in page.locator("#i-people .told").inner_text()
    page.get_by_text("1 promise the model cannot express").click()
    assert page.get_by_text("kinder words").is_visible()


def test_a_defender_sees_which_promise_does_how_much(page: Any, site: str) -> None:
    """Story 7: parts that sum to the whole, through admissions and days, and what they hang on."""
    page.goto(f"{site}/why")
    settle(page)
    rows = page.locator("[data-part=why] table").first.locator("tbody tr").all_inner_texts()
    found = [[int(cell.replace("−", "-")) for cell in row.split("\t")[2:5]] for row in rows]
    *parts, total = found
    assert len(parts) == 2
    for i in range(3):
        assert abs(sum(part[i] for part in parts) - total[i]) <= 1
    assert page.get_by_role("heading", name="The five assumptions that matter most").is_visible()
    told = page.request.get(f"{site}/why.json").json()
    assert round(told["total"]["change"]["jail"]) == total[0]
    for picture in page.locator("img").all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("i => i.decode().then(() => i.naturalWidth)") > 100


def test_the_plan_can_be_written_as_text(page: Any, site: str) -> None:
    """Live checking with lines, then the same first screen, held by the address alone."""
    page.goto(f"{site}/text?plan=fewer")
    text = page.get_by_label("The plan in YAML")
    good = text.input_value()
    assert "name: edited-plan" in good
    assert "# their own range" in good
    text.fill(good.replace("exit: held", "exit: hld"))
    problem = page.locator("#problems .error")
    problem.wait_for()
    assert "line" in problem.inner_text()
    assert "did you mean 'held'?" in problem.inner_text()
    text.fill(good.replace("share: 0.3", "share: 0.9"))
    page.locator("#problems .fine").wait_for()
    page.get_by_role("button", name="Run this plan").click()
    settle(page)
    assert "text=" in page.url
    assert "Edited plan" in page.locator("[data-part=sentence]").inner_text()


def test_an_error_is_told_on_the_page(page: Any, site: str) -> None:
    """In the words of the command line, with a way back."""
    page.goto(f"{site}/?plan=fewr")
    assert page.get_by_text("did you mean 'fewer'?").is_visible()
    page.get_by_role("link", name="To the first page").click()
    settle(page)
    assert page.locator("[data-part=chart]").is_visible()


def test_everything_can_be_reached_and_done_by_keyboard(page: Any, site: str) -> None:
    """Tab alone: the skip link, tabs, details, every lever, the files; focus is always seen."""
    page.goto(site)
    settle(page)
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            "return [e.tagName, e.textContent.trim().slice(0, 40) || e.id,"
            " s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0]; }"
        )
        if here[0] == "BODY":
            break
        assert here[2], f"no focus is seen on {here}"
        seen.append(here[1])
    words = " | ".join(seen)
    for wanted in ("Skip to the answer", "Now", "Why", "Compare", "Assumptions", "Check the model",
                   "Source and assumptions", "Download CSV", "Copy as Python", "Load my data",
                   "s-release-more", "what it does", "Edit as text"):  # fmt: skip
        assert wanted in words, wanted
    page.goto(site)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#main")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_serious_barrier(page: Any, site: str, path: str) -> None:
    """Axe finds nothing serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.goto(site + path)
    settle(page)
    found = axe.Axe().run(page).response["violations"]
    grave = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found
             if v["impact"] in {"serious", "critical"}]  # fmt: skip
    assert grave == []


@pytest.mark.parametrize("path", PAGES)
def test_a_telephone_never_scrolls_sideways(page: Any, site: str, path: str) -> None:
    """360 pixels are enough."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(site + path)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_prints_on_two_pages(page: Any, site: str) -> None:
    """A4, with the chart and the cards on the first."""
    page.goto(site)
    settle(page)
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 2


def test_the_chart_says_in_words_what_it_shows(page: Any, site: str) -> None:
    """For somebody who does not see it: counts, scenarios, and their last figures."""
    page.goto(site)
    settle(page)
    told = page.get_by_role("img").first.get_attribute("aria-label")
    for words in ("Tiny County", "Counted", "Fewer", "No change"):
        assert words in told


def test_own_records_become_a_chart(page: Any, site: str, tmp_path: Any) -> None:
    """Loaded, mapped, checked, fitted, drawn; no row about a person is shown on the way."""
    from remand import read_model, synth

    bookings = synth(read_model("philadelphia"), "2015-01-01", "2015-03-01", 3)
    path = tmp_path / "our jail.csv"
    bookings.write_csv(path)
    page.goto(f"{site}/load")
    page.get_by_label("Booking records").set_input_files(str(path))
    page.get_by_role("button", name="Load").click()
    page.locator("[data-done]").wait_for(timeout=60_000)
    told = page.locator("main").inner_text()
    assert "our jail.csv" in told
    assert "What each column was taken for" in told
    assert "Checks of quality" in told
    shown = set(told.replace(",", " ").split())
    assert not shown & {str(person) for person in bookings["person"] if person >= 10_000}
    page.get_by_role("link", name="See the chart").click()
    settle(page)
    assert "people are in jail" in page.locator("[data-part=sentence]").inner_text()
    assert "place=own-" in page.url


def test_what_is_no_records_says_so(page: Any, site: str, tmp_path: Any) -> None:
    """A file that nobody can read as bookings is refused in words."""
    path = tmp_path / "notes.csv"
    path.write_text("apples,pears\n1,2\n", encoding="utf-8")
    page.goto(f"{site}/load")
    page.get_by_label("Booking records").set_input_files(str(path))
    page.get_by_role("button", name="Load").click()
    page.locator("[data-done] .problems").wait_for(timeout=30_000)
    assert "notes.csv" in page.locator("main").inner_text()
    assert str(tmp_path.parent.parent) not in page.locator("main").inner_text()
