"""Reports: one file that holds all it says, and says nothing that is hidden."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

import pytest

import remand as rm
from remand.errors import InputError
from remand.evidence.backtest.record import Skill
from remand.present.brief import Brief
from remand.present.days import Capacity
from remand.present.packet import Beside, Packet
from remand.present.report import BLOCK, report

MORE = """\
disparity: {axis: race, of: Black, to: white}
prices:
  - {kind: jail, basis: marginal, payer: county, value: 12, unit: USD per person-day, inferred: x}
  - {kind: jail, basis: step-fixed, payer: county, value: 4000000, unit: USD per wing-year,
     places: 10, margin: 0.1, inferred: made up}
  - {kind: jail, basis: average, payer: state, value: {low: 100, high: 160},
     unit: USD per person-day, inferred: made up}
counted:
  - {kind: jail, from: 2020-01-01, to: 2021-01-01, value: 70, inferred: made up}
"""
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def run(place, texts):
    """The tiny county under its plan, over two years, by race."""
    platform = texts["platform"] + (
        "    quote: Shorter stays for all\n"
        "not_modelled:\n"
        "  - {quote: A kinder county, source: https://example.org/kind, why: no lever}\n"
    )
    place.write(model=texts["model"] + MORE, platform=platform)
    return compared(place)


def compared(place, **more):
    """The plan of a place against no change, from January 2020 on."""
    asked = {"until": "2022-03-01", "by": ["race"], **more}
    return rm.compare(str(place.model), [place.platform], **asked)


class Words(HTMLParser):
    """Text of a page outside its styles and its block, and every address it names."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tags, self.silent = "", [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """A tag, and whether what follows it is shown."""
        self.tags.append((tag, dict(attrs)))
        self.silent = tag in {"style", "script"}

    def handle_endtag(self, _):
        """What follows is shown again."""
        self.silent = False

    def handle_data(self, data):
        """Text that is shown."""
        self.text += "" if self.silent else data


def block(page):
    """The JSON that a report carries."""
    return json.loads(re.search(rf'id="{BLOCK}">(.*?)</script>', page, re.DOTALL)[1])


def test_the_sentence_says_now_and_later_under_each_plan(run):
    """The headline is of the design: people now, then a range for the plan and for no change."""
    said = str(Brief.of(run).sentence)
    assert re.fullmatch(
        r"About \d+ people are in jail on an average day of February 2020\. Under The plan, in two "
        r"years: \d+–\d+; with no change: \d+–\d+\.",
        said,
    )


def test_a_ceiling_is_never_the_headline(place, texts):
    """A plan kept for everyone is named as a ceiling, and gives the sentence no range."""
    place.write(platform=texts["platform"].replace("compliance: 0.5", "compliance: 1.0"))
    brief = Brief.of(compared(place))
    assert "Under The plan" not in str(brief.sentence)
    assert "The plan is a ceiling, no forecast" in str(brief.sentence)
    assert brief.plans[0].ceiling


def test_plans_that_begin_on_other_days_are_looked_at_once_all_have_begun(place, texts):
    """A plan of last year and one of next year: both are seen a year or two after the later."""
    later = (
        texts["platform"].replace("2020-03-01", "2021-01-01").replace("2020-06-01", "2021-01-05")
    )
    other = place.folder / "later.yaml"
    other.write_text(later.replace("name: plan", "name: later").replace("The plan", "Later"))
    run = rm.compare(str(place.model), [place.platform, other], until="2023-02-01")
    said = str(Brief.of(run).sentence)
    assert "on an average day of February 2020. Under Later, in December 2022: " in said
    assert "two years" not in said


def test_a_run_that_ends_before_two_years_shows_its_end(place):
    """A year and a half after the plan begins there is one year ahead, then the last month."""
    columns = Packet.of(compared(place, until="2021-09-01"), Beside(explained=False)).ahead.table
    assert columns.columns[1:3] == ("12 months, February 2021", "August 2021")


def test_every_figure_of_the_cards_stands_in_the_run(run):
    """A number's path leads to a row of the run that holds its value, to the last digit."""
    rows = {}
    for row in [*run.series.iter_rows(named=True), *run.summary.iter_rows(named=True)]:
        for column, value in row.items():
            if isinstance(value, float):
                rows.setdefault(value, set()).add((row["scenario"], row["quantity"], column))
    told = [n for n in Brief.of(run).people.table.rows[1][1].numbers if " less " not in n.path]
    assert len(told) == 3
    for number in told:
        scenario, quantity, *_, column = number.path.split("/")
        assert (scenario, quantity, column) in rows[number.value]


def test_prison_stands_on_the_card_of_the_jail_and_what_is_lacking_is_said(run):
    """People who go elsewhere are on the card; supervision, which the model lacks, is named."""
    card = Brief.of(run).people
    assert card.table.columns == ("", "jail", "prison")
    assert any("no supervision" in str(note) for note in card.notes)


def test_averages_of_cost_are_never_subtracted_and_a_wing_has_its_threshold(run):
    """Marginal and step-fixed cost have a difference, an average none; the threshold is told."""
    card = Brief.of(run).cost
    assert card.table.columns[2:] == ("jail, marginal, county", "jail, step-fixed, county",
                                      "jail, average, state")  # fmt: skip
    base, plan = card.table.rows
    assert [len(str(cell).split("\n")) for cell in base[2:]] == [1, 1, 2]
    marginal, step, average = plan[2:]
    assert str(marginal).split("\n")[-1].startswith("−$")
    assert step.numbers[-1].path.endswith("less no-change")
    assert not any("less" in number.path for number in average.numbers)
    assert any("closes at" in str(note) for note in card.notes)


def test_without_a_wing_there_is_no_savings_figure(place, texts):
    """A model of averages alone says that it has no savings figure."""
    prices = MORE.split("prices:", maxsplit=1)[0] + (
        "prices:\n  - {kind: jail, basis: average, payer: state, value: 100, "
        "unit: USD per person-day, inferred: made up}\n"
    )
    place.write(model=texts["model"] + prices)
    assert any("No savings figure" in str(note) for note in Brief.of(compared(place)).cost.notes)


def test_ratio_and_difference_stand_together(run):
    """The card of disparity has both groups' levels, the ratio, and the difference."""
    card = Brief.of(run).disparity
    assert card.table.columns == ("", "Black", "white", "ratio", "difference")
    assert all(cell.numbers for row in card.table.rows for cell in row[1:])


def test_a_ratio_of_few_is_withheld_with_its_reason_and_a_pooled_range(place, texts):
    """A county of few people gets no ratio, but why, and a range that leans on a wider one."""
    place.write(model=texts["model"].replace("rate: 3", "rate: 1") + MORE)
    card = Brief.of(compared(place)).disparity
    assert str(card.table.rows[0][3]) == "withheld"
    notes = " ".join(str(note) for note in card.notes)
    assert "fewer than 30 people in one of the two groups" in notes
    assert "Ratio withheld: " in notes


def test_the_page_asks_nothing_of_any_network_and_runs_no_script(run, tmp_path):
    """No tag loads anything, styles hold no address, and the one script block is inert."""
    text = report(run, tmp_path / "brief.html").read_text()
    page = Words(text)
    for tag, attrs in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "video", "audio", "form"}
        assert "src" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        if "href" in attrs:
            assert (tag, attrs["href"][:8]) == ("a", "https://")
    assert [a["type"] for tag, a in page.tags if tag == "script"] == ["application/json"]
    assert "url(http" not in text
    assert "@import" not in text
    assert len(text.encode()) < 3_000_000


def test_the_page_holds_the_packet(run, tmp_path):
    """Sentence, cards, plans with quote and authority, what is not modelled, limits, identity."""
    page = Words(report(run, tmp_path / "brief.html").read_text()).text
    for words in (
        str(Brief.of(run).sentence).replace("–", "\u2060–\u2060"),
        "People held", "Black–white disparity, jail", "Cost, 2020-01-01 to 2022-03-01",
        "Beds under each plan, jail", "95th-percentile day", "What was counted",
        "Shorter stays for all", "prosecutor, from 2020-06-01 to 2021-06-01",
        "kept for 20–80 %, assumed", "Not modelled:", "A kinder county", "no lever",
        "No backtest stands behind these figures", "steady state",
        run.identity,
    ):  # fmt: skip
        assert words in page, words


def test_what_is_not_there_says_what_it_would_need_in_one_line(run, tmp_path):
    """A report without records, capacity or statuses names what would have to be given."""
    page = Words(report(run, tmp_path / "brief.html").read_text()).text
    assert "What this report cannot show yet" in page
    for needs in ("--records WORK.duckdb", "--capacity PLACES", "no statuses"):
        assert needs in page


def test_capacity_and_the_record_of_a_backtest_stand_in_the_page(run, tmp_path):
    """Places that are left on the 95th-percentile day, and how such forecasts did."""
    record = Skill(skill_until=14, horizon=24, step="month", mase=1.04, naive_mase=1.13, crps=0.8,
                   coverage_80=0.81, coverage_95=0.94, origins=("2002-01-01", "2010-01-01", 9),
                   series=28, file="jails.csv", sha256="", made="2024-05-01",
                   remand="0.1")  # fmt: skip
    beside = Beside(record=record, capacity=Capacity(120, "rated", 0.1), explained=False)
    page = Words(report(run, tmp_path / "brief.html", beside=beside).read_text()).text
    assert "Rated capacity: 120 places, 10 % kept free." in page
    assert "places left then" in page
    assert record.says in page


def test_names_of_a_file_are_text_and_nothing_else(place, texts, tmp_path):
    """Markup in titles, quotes and reasons is shown as it was written, in page and block."""
    platform = texts["platform"].replace("title: The plan", f"title: {json.dumps(EVIL)}")
    model = texts["model"].replace("title: Tiny County", f"title: {json.dumps('T ' + EVIL)}")
    place.write(model=model, platform=platform)
    text = report(compared(place), tmp_path / "b.html", beside=Beside(explained=False)).read_text()
    page = Words(text)
    assert EVIL in page.text
    assert html.escape(EVIL) not in page.text
    assert [a.get("type") for tag, a in page.tags if tag == "script"] == ["application/json"]
    assert not any(tag == "img" for tag, _ in page.tags)
    assert block(text)["question"]["platforms"][-1]["title"] == EVIL


def test_an_address_that_is_no_web_page_is_no_link(place, texts, tmp_path):
    """A source whose address is a script's is named, and cannot be followed."""
    sources = "sources:\n  S1: {title: A letter, address: 'javascript:boo()'}\n"
    plan = texts["platform"].replace("source: https://example.org/plan", "source: S1")
    place.write(platform=plan + sources)
    page = Words(report(compared(place), tmp_path / "b.html").read_text())
    assert "A letter" in page.text
    assert not any("href" in attrs for _, attrs in page.tags)


def test_hidden_cells_stand_nowhere_in_the_file(place, texts, tmp_path):
    """Figures of fewer than ten people are in neither the page nor its block, in no form."""
    model = texts["model"].replace("rate: 3", "rate: 0.5") + MORE
    place.write(model=model)
    hidden = compared(place)
    open_ = rm.solve(str(place.model), until="2022-03-01")
    text = report(hidden, tmp_path / "b.html").read_text()
    jail = open_.census[:, 1].sum(axis=0)[28:40]
    small = hidden.series.filter(hidden.series["suppressed"])
    assert len(small)
    assert jail.max() < 20
    values = [value for _, value, _ in block(text)["numbers"]]
    for row in small.iter_rows(named=True):
        assert row["mean"] is None
    by_level = open_.census[:2, 1].sum(axis=0)
    assert not set(values) & set(by_level.tolist())


def test_the_same_run_is_the_same_file(run, tmp_path):
    """A report has no clock and no chance in it: byte for byte the same twice."""
    one, other = (report(run, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert one == other


def test_a_report_is_no_picture_and_needs_a_folder(run, tmp_path):
    """Another ending, or a place that is not there, is told before or as it is written."""
    with pytest.raises(InputError, match=r"end the file in \.html"):
        report(run, tmp_path / "brief.pdf")
    with pytest.raises(InputError, match="cannot be written"):
        report(run, tmp_path / "nowhere" / "brief.html")


def test_ids_are_used_once_and_labels_lead_to_them(run, tmp_path):
    """Several pictures in one page keep the names of their parts apart."""
    page = Words(report(run, tmp_path / "brief.html").read_text())
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        assert attrs.get("aria-labelledby", ids[0]) in ids


def test_every_picture_says_what_it_shows(run, tmp_path):
    """Pictures have a text for those who do not see them, with the plans' names in it."""
    page = Words(report(run, tmp_path / "brief.html").read_text())
    told = [attrs["aria-label"] for tag, attrs in page.tags if tag == "svg"]
    assert len(told) == 2
    assert all("The plan" in text for text in told)
