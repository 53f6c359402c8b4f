"""Charts: what is drawn, what is said, and what a file carries."""

from __future__ import annotations

import datetime as dt
import json
import re

import numpy as np
import polars as pl
import pytest

from remand.errors import InputError
from remand.evidence.panel import LEVELS
from remand.present import theme
from remand.present.charts import NO_SKILL, ahead, foretold
from remand.present.marks import Plane
from remand.present.saving import save

START = dt.date(2019, 1, 1)


def frames(days=60, steps=40, level=1000.0, fall=0.0):
    """Counts and a forecast that widens, from one day to the next."""
    h = np.arange(1, steps + 1)
    dates = [START + dt.timedelta(i) for i in range(days + steps)]
    history = pl.DataFrame({"date": dates[:days], "people": level + np.arange(days) % 5.0})
    offsets = (np.array(LEVELS) - 0.5)[None] * np.sqrt(h)[:, None] * level / 20
    quantiles = history["people"][-1] - fall * h[:, None] + offsets
    return history, foretold(dates[days:], quantiles)


def layers(chart, kind):
    """Layers of one kind of mark, as they are written."""
    return [one for one in chart.to_dict()["layer"] if one["mark"]["type"] == kind]


def words(chart):
    """All texts of a chart, without their white rims."""
    marks = [one["mark"] for one in layers(chart, "text")]
    return [" ".join(mark["text"]) for mark in marks if "stroke" not in mark]


def domain(chart):
    """Where the axis of people begins and ends."""
    (low, high), *_ = [one["encoding"]["y"]["scale"]["domain"] for one in layers(chart, "area")]
    return low, high


def test_bands_are_areas_of_80_and_95_percent_under_a_median_and_the_counts():
    """The widest first; and their ends are the quantiles given."""
    history, forecast = frames()
    chart = ahead(history, forecast)
    kinds = [one["mark"]["type"] for one in chart.to_dict()["layer"]]
    assert kinds[:4] == ["area", "area", "line", "line"]
    wide, narrow = (one["data"]["name"] for one in layers(chart, "area"))
    data = chart.to_dict()["datasets"]
    assert data[wide][-1]["low"] == forecast["q025"][-1]
    assert data[wide][-1]["people"] == forecast["q975"][-1]
    assert data[narrow][-1]["low"] == forecast["q10"][-1]


def test_the_forecast_begins_at_the_last_count():
    """Where nothing is uncertain yet: the band opens from a point."""
    history, forecast = frames()
    chart = ahead(history, forecast)
    first = chart.to_dict()["datasets"][layers(chart, "area")[0]["data"]["name"]][0]
    assert first["low"] == first["people"] == history["people"][-1]


def test_beyond_the_mark_the_forecast_is_grey_and_the_chart_says_why():
    """A rule on the day, the words beside it, and no colour after it."""
    history, forecast = frames()
    day = START + dt.timedelta(75)
    chart = ahead(history, forecast, skill_until=day)
    colours = [one["mark"]["color"] for one in layers(chart, "area")]
    assert colours == [
        theme.FORETOLD["95 %"], theme.SPENT["95 %"], theme.FORETOLD["80 %"], theme.SPENT["80 %"]
    ]  # fmt: skip
    (rule,) = layers(chart, "rule")
    written = chart.to_dict()["datasets"]
    assert written[rule["data"]["name"]][0]["date"].startswith("2019-03-17")
    assert NO_SKILL in words(chart)
    beyond = written[layers(chart, "area")[1]["data"]["name"]]
    assert beyond[0]["date"].startswith("2019-03-17")
    assert "From 17 March 2019 on it is drawn in grey" in chart.description


@pytest.mark.parametrize("day", [None, START + dt.timedelta(200)])
def test_where_skill_lasts_as_long_as_the_forecast_there_is_no_mark(day):
    """None lost, or lost only further ahead."""
    chart = ahead(*frames(), skill_until=day)
    assert not layers(chart, "rule")
    assert NO_SKILL not in words(chart)
    assert "grey" not in chart.description


def test_a_forecast_without_skill_from_its_first_day_is_grey_throughout():
    """Nothing of it has a colour."""
    chart = ahead(*frames(), skill_until=START + dt.timedelta(60))
    looks = [one["mark"]["color"] for kind in ("area", "line") for one in layers(chart, kind)]
    assert looks == [theme.SPENT["95 %"], theme.SPENT["80 %"], theme.INK, theme.SPENT["q50"]]


def test_the_axis_begins_at_zero_where_that_leaves_less_than_half_of_it_empty():
    """Falling from 1,000 to 200."""
    low, high = domain(ahead(*frames(fall=20.0)))
    assert low == 0
    assert high > 1000


def test_an_axis_that_begins_elsewhere_says_where():
    """About 1,000 all along: it is cut, and the title and the description own up to it."""
    chart = ahead(*frames())
    low, _ = domain(chart)
    assert low > 0
    assert f"The axis begins at {low:,.0f}" in " ".join(chart.to_dict()["title"]["subtitle"])
    assert f"The axis begins at {low:,.0f}" in chart.description


def test_who_does_not_see_it_is_told_the_same():
    """Place, source, first and last count, and the forecast with its bands, in whole people."""
    history, forecast = frames(level=300.0)
    chart = ahead(history, forecast, title="A county’s jail", subtitle="Source: its sheriff")
    says = chart.description
    assert says.startswith("A county’s jail. People held.")
    assert "Source: its sheriff" in says
    assert "from 300 on 1 January 2019 to 304 on 1 March 2019" in says
    assert re.search(
        r"Forecast for 10 April 2019: 304, four times in five between \d+ and \d+", says
    )
    assert "." not in re.sub(r"\. |\.$", "", says)


def test_days_too_close_to_tell_apart_are_drawn_as_means_of_seven():
    """And the chart says so; a shorter one shows every day."""
    history, forecast = frames(days=700, steps=180)
    chart = ahead(history, forecast)
    assert "means of seven days" in chart.description
    drawn = chart.to_dict()["datasets"][layers(chart, "line")[0]["data"]["name"]]
    people = [row["people"] for row in drawn if row["people"] is not None]
    assert np.ptp(people) < np.ptp(history["people"].to_numpy())
    assert "means of seven days" not in ahead(*frames()).description


def test_days_that_nobody_counted_break_the_line():
    """It is not drawn through; of means of seven days, one missing breaks none."""
    history, forecast = frames(days=700, steps=180)
    lost = pl.col("date").is_between(START + dt.timedelta(300), START + dt.timedelta(309))
    lost |= pl.col("date") == START + dt.timedelta(500)
    holed = history.with_columns(pl.when(~lost).then(pl.col("people")).alias("people"))
    chart = ahead(holed, forecast)
    drawn = chart.to_dict()["datasets"][layers(chart, "line")[0]["data"]["name"]]
    assert drawn[305]["people"] is None
    assert drawn[290]["people"] is not None
    assert drawn[500]["people"] is not None
    daily, forecast = frames()
    ninth = pl.col("date").dt.day() == 9
    chart = ahead(daily.with_columns(people=pl.when(~ninth).then("people")), forecast)
    drawn = chart.to_dict()["datasets"][layers(chart, "line")[0]["data"]["name"]]
    assert drawn[8]["people"] is None


def test_bands_have_their_names_at_their_ends_and_on_a_telephone_no_more():
    """Figures only where there is room; a forecast says tens above a thousand."""
    history, forecast = frames(level=2000.0)
    page, phone = ahead(history, forecast), ahead(history, forecast, width=theme.PHONE)
    assert any(re.fullmatch(r"95 %: [\d,]+0–[\d,]+0", text) for text in words(page))
    assert {"95 %", "80 %"} <= set(words(phone))
    assert all(len(text) < 24 for text in words(phone))


def test_labels_at_the_end_do_not_lie_on_one_another():
    """A band no wider than its name."""
    history, forecast = frames(level=2000.0)
    narrow = forecast.with_columns(pl.col(f"q{q}") * 0 + 2000.0 for q in ("025", "10", "90", "975"))
    heights = sorted(
        one["encoding"]["y"]["value"] for one in layers(ahead(history, narrow), "text")
        if one["encoding"]["x"]["value"] > theme.WIDTH and "stroke" not in one["mark"]
    )  # fmt: skip
    assert len(heights) == 3
    assert min(np.diff(heights)) >= theme.LINE


def test_a_plane_turns_dates_and_people_into_pixels():
    """The first day at the left, the most people at the top."""
    plane = Plane(START, START + dt.timedelta(10), 100.0, 200.0, 500, 300)
    assert plane.across(START + dt.timedelta(5)) == 250
    assert plane.down(np.array([200.0, 100.0])).tolist() == [0.0, 300.0]


@pytest.mark.parametrize(
    ("history", "forecast", "says"),
    [
        (pl.DataFrame({"date": [START]}), frames()[1], "the history has no column people"),
        (frames()[0], frames()[1].drop("q10", "q90"), "the forecast has no column q10, q90"),
        (frames()[0].with_columns(people=None), frames()[1], "the history has no people in it"),
        (frames()[0], frames()[1].clear(), "the forecast has no people in it"),
    ],
)
def test_a_frame_that_cannot_be_drawn_is_told(history, forecast, says):
    """Which one, and what it lacks."""
    with pytest.raises(InputError, match=says):
        ahead(history, forecast)


@pytest.fixture(scope="module")
def chart():
    """A chart with everything on it."""
    return ahead(*frames(), skill_until=START + dt.timedelta(75), title="A county’s <jail> & more")


def test_a_picture_is_written_in_twice_the_pixels(chart, tmp_path):
    """A PNG of the plot and its margins."""
    made = save(chart, tmp_path / "chart.png").read_bytes()
    assert made.startswith(b"\x89PNG")
    assert int.from_bytes(made[16:20], "big") > 2 * theme.WIDTH


def test_a_drawing_keeps_its_words_and_its_description(chart, tmp_path):
    """SVG: text as text, and the text alternative with it."""
    made = save(chart, tmp_path / "chart.svg").read_text(encoding="utf-8")
    assert made.startswith("<svg")
    assert "counted" in made
    assert 'role="img" aria-label="A county’s &lt;jail&gt; &amp; more. People held' in made


def test_a_page_carries_its_scripts_and_asks_for_nothing(chart, tmp_path):
    """No address is loaded: no src, no link, no import, no style from elsewhere."""
    made = save(chart, tmp_path / "chart.html").read_text(encoding="utf-8")
    outside = re.sub(r"<script>.*?</script>", "", made, flags=re.DOTALL)
    assert "http" not in outside
    assert made.count("<script") == made.count("</script>") == 2
    assert not re.search(r"src=|href=|@import|url\(", outside)
    assert '<html lang="en">' in outside
    assert "<title>A county’s &lt;jail&gt; &amp; more</title>" in outside
    spec = json.loads(re.search(r'vegaEmbed\("#chart", (.*), \{actions: false', made, re.DOTALL)[1])
    assert spec["layer"]
    assert not re.search(r'"url":', json.dumps(spec))


@pytest.mark.parametrize("name", ["chart.pdf", "chart"])
def test_another_ending_is_refused_with_those_there_are(chart, tmp_path, name):
    """And nothing is written."""
    with pytest.raises(InputError, match=r"end the file in \.png, \.svg or \.html"):
        save(chart, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_told(chart, tmp_path):
    """A folder that is not there."""
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        save(chart, tmp_path / "nowhere" / "chart.svg")
