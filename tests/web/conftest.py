"""What the tests of the page share: a tiny county, its application, a server, a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remand.web.app import create
from remand.web.places import Places
from remand.web.serving import Server, bound

MODEL = """\
# A county small enough to solve at once.
remand: 1
name: tiny
title: Tiny County
counts: in-facility
clock: {start: 2020-01-01, step: day}
strata: {race: [Black, white]}
disparity: {axis: race, of: Black, to: white}
residents:
  inferred: made up
  unit: residents aged 15–64
  axes: race
  people: [{where: {race: Black}, value: 20000}, {where: {race: white}, value: 40000}]
counted:
  - {kind: jail, from: 2020-06-01, to: 2020-07-01, value: 240, inferred: made up, fitted: true}
  - {kind: jail, from: 2021-03-01, to: 2021-03-02, value: 231, inferred: made up}
states:
  booking:
    kind: booking
    inferred: made up
    dwell: {law: fixed, value: 0}
    exits: {held: {to: jail, share: 0.6}, released: {to: gone, share: 0.4}}
  jail:
    kind: jail
    inferred: made up
    dwell: {law: exponential, mean: {low: 15, high: 25, inferred: made up}}
    exits: {out: {to: gone, share: 0.7}, prison: {share: 0.3}}
  prison:
    kind: prison
    inferred: made up
    dwell: {law: exponential, mean: 150}
    exits: gone
arrivals:
  booking: {inferred: made up, unit: people per day, rate: 10}
"""

PLAN = """\
# Two promises, and one that no edit can express.
remand: 1
name: fewer
title: Fewer
about: Made up for tests.
policies:
  - name: release-more
    authority: judge
    quote: Let them go home
    source: https://example.org/plan
    starts: 2020-03-01
    compliance: {low: 0.2, high: 0.8, inferred: nobody knows} # their own range
    edits:
      - divert: {state: booking, exit: held, to: released, share: 0.3}
  - name: shorter-stays
    authority: prosecutor
    source: https://example.org/plan
    starts: 2020-06-01
    compliance: 0.5
    edits:
      - dwell: {state: jail, scale: {low: 0.7, high: 0.9, inferred: made up}}
not_modelled:
  - {about: kinder words, why: no figure, source: https://example.org/plan}
"""

AFTER = """\
remand: 1
name: tougher
title: A tougher one
about: Made up for tests, after the other.
hypothetical: true
after: fewer
policies:
  - name: more-cases
    authority: prosecutor
    inferred: made up
    starts: 2020-09-01
    compliance: 1
    edits:
      - admit: {state: booking, scale: 1.2}
"""

NOTHING = "remand: 1\nname: status-quo\ntitle: No change\nabout: Nothing is enacted.\n"

SAME = {"origin": "http://127.0.0.1"}
"""What a browser sends along when the page itself sends something."""


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and three plans."""
    folder = tmp_path_factory.mktemp("web") / "tiny"
    (folder / "platforms").mkdir(parents=True)
    (folder / "model.yaml").write_text(MODEL, encoding="utf-8")
    for name, text in (("fewer", PLAN), ("tougher", AFTER), ("status-quo", NOTHING)):
        (folder / "platforms" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def app(county: Path) -> Iterator[Any]:
    """The application over the tiny county (and what is shipped)."""
    made = create(Places(str(county)))
    yield made
    made.state.shelf.close()


@pytest.fixture(scope="session")
def client(app: Any) -> Any:
    """Requests to it, without a server."""
    testing = pytest.importorskip("starlette.testclient")
    return testing.TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=True)


@pytest.fixture(scope="session")
def site(app: Any) -> Iterator[str]:
    """Its address, served from this process."""
    with bound(_free()) as own:
        server = Server(app, own)
        yield server.start().rstrip("/")
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium of the machine's own."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("REMAND_CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        pytest.skip("no Chromium: set REMAND_CHROMIUM to one")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with sync.sync_playwright() as play:
        found = play.chromium.launch(executable_path=path, args=flags)
        yield found
        found.close()


@pytest.fixture
def page(browser: Any, site: str) -> Iterator[Any]:
    """A new page, with what its console said and what it asked of other places."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    found = context.new_page()
    found.set_default_timeout(90_000)
    said: list[str] = []
    asked: list[str] = []
    found.on("console", lambda message: said.append(message.text))
    found.on("pageerror", lambda error: said.append(str(error)))
    found.on("request", lambda request: asked.append(request.url))
    yield found
    assert [text for text in said if "status of 4" not in text] == []
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
    context.close()


def _free() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])
