"""The page of a chart: no word of a file can break it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import altair as alt
import polars as pl
import pytest

from remand.present.saving import save

NAMES = ["<!--<script>", "</script><script>window.ran = 1</script>", "plain"]
"""What a jail may be called in a file. After the first, HTML reads on as script to the end."""


@pytest.fixture
def page(tmp_path):
    """The page of a chart of jails that are called so."""
    rows = pl.DataFrame({"place": NAMES, "people": [1, 2, 3]})
    chart = alt.Chart(rows).mark_bar().encode(x="people:Q", y="place:N")
    return save(chart, tmp_path / "chart.html")


def test_no_word_of_a_file_opens_a_tag_in_the_page(page):
    """And every name is in it as it was."""
    made = page.read_text(encoding="utf-8")
    drawn = re.search(r'vegaEmbed\("#chart", (.*), \{actions: false', made, re.DOTALL)[1]
    assert "<" not in drawn
    (rows,) = json.loads(drawn)["datasets"].values()
    assert [row["place"] for row in rows] == NAMES


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium here")
def test_a_browser_draws_the_page(page, tmp_path):
    """Every name stands on its axis, and nothing of them ran."""
    found = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    (figure,) = re.findall(r"<figure.*?</figure>", found, re.DOTALL)
    assert "<svg" in figure
    for name in NAMES:
        assert html.escape(name, quote=False) in figure
