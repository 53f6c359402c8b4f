"""The first page at once: as it was kept last time, guarded like any other; then the real one."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from remand.web import front
from remand.web.front import Front, keep, kept, key


def asked(app: Any) -> Any:
    """Requests to an application, without a server."""
    testing = pytest.importorskip("starlette.testclient")
    return testing.TestClient(app, base_url="http://127.0.0.1")


def test_the_kept_page_is_shown_while_the_program_loads(app: Any) -> None:
    """Under the same guards, with its style and script; nothing else is answered from it."""
    waiting = Front("<p>as it was</p>")
    client = asked(waiting)
    answer = client.get("/")
    assert answer.text == "<p>as it was</p>"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get("/static/page.js").status_code == 200
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    threading.Timer(0.3, waiting.open, [app]).start()
    assert "Fewer" in client.get("/?plan=fewer").text  # this one waited
    assert "as it was" not in client.get("/").text


def test_a_page_is_kept_for_what_it_was_drawn_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page, for shipped places alone, under a name that changes with every file behind it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    name = key("philadelphia")
    assert name is not None
    assert name == key("philadelphia")
    assert kept(name) is None
    keep(name, "<p>“a page”</p>")
    keep("another", "<p>newer</p>")
    assert kept("another") == "<p>newer</p>"
    assert kept(name) is None
    assert [p.name for p in (tmp_path / "remand").iterdir()] == ["first-another.html"]
    for other in ("../philadelphia", "nowhere", str(tmp_path), ""):
        assert key(other) is None


def test_where_nothing_can_be_kept_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that cannot be written to is no error."""
    monkeypatch.setattr(front, "_file", lambda name: Path("/proc/nowhere") / name)
    keep("page", "text")
    assert kept("page") is None
