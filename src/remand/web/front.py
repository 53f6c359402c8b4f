"""The first page at once: as it was drawn last time, while what draws it is still being loaded.

Loading NumPy, Polars and compiled loops takes seconds; a page that was drawn of the same files by
the same program is the same page. It is kept for places that come with remand alone, under a hash
of the place's files and of all that draws it, and its figures are worked out anew as soon as the
program can: the page asks for them itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from importlib import metadata, resources
from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from remand.web.guards import Guard

HERE = Path(__file__).parent


def key(model: str) -> str | None:
    """What the first page of a shipped place hangs on; None for any other."""
    home = Path(str(resources.files("remand"))) / "places" / model
    if not model.isidentifier() or not (home / "model.yaml").is_file():
        return None
    told = hashlib.sha256(metadata.version("remand").encode())
    for folder in (home, HERE, HERE.parent / "present"):
        for path in sorted(folder.rglob("*.*")):
            if path.is_file() and path.suffix != ".pyc":
                told.update(path.name.encode() + path.read_bytes())
    return told.hexdigest()[:32]


def kept(name: str) -> str | None:
    """The page kept under a key."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return _file(name).read_text(encoding="utf-8")
    return None


def keep(name: str, html: str) -> None:
    """Keep a page, and no older one; where that cannot be, nothing is kept."""
    path = _file(name)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in path.parent.glob("first-*.html"):
            old.unlink()
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(html, encoding="utf-8")
        new.replace(path)


class Front:
    """Shows the kept page until the application is there; everything else waits for it."""

    def __init__(self, html: str) -> None:
        self._app: ASGIApp | None = None
        self._there: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._static = StaticFiles(directory=HERE / "static")
        self._guarded = Guard(self._waiting)
        self._html = html

    def open(self, app: ASGIApp) -> None:
        """The application is there: from now on it answers. Called from another thread."""
        self._app = app
        if self._loop is not None and self._there is not None:
            self._loop.call_soon_threadsafe(self._there.set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        await (self._app or self._guarded)(scope, receive, send)

    async def _waiting(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            if scope["path"] == "/" and not scope["query_string"]:
                await HTMLResponse(self._html)(scope, receive, send)
                return
            if scope["path"].startswith("/static/"):
                inner = {**scope, "root_path": "/static"}
                await self._static(inner, receive, send)
                return
        if self._there is None:
            self._there, self._loop = asyncio.Event(), asyncio.get_running_loop()
        while self._app is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._there.wait(), 0.2)
        await self._app(scope, receive, send)


def _file(name: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "remand" / f"first-{name}.html"
