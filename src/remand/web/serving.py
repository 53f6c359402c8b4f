"""One process on this machine alone: a port, a server, and the first page worked out meanwhile."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn

from remand.errors import InputError
from remand.web.front import Front, keep, kept, key

HOST = "127.0.0.1"
PORT = 8724
HEADSTART = 0.4
"""Seconds that the kept page has before loading begins, which would hold it up."""

TRIED = 20
"""Ports after the first that are tried, where none was asked for."""


def bound(port: int | None) -> socket.socket:
    """A socket on the loopback: on the port asked for, or the first that is free.

    Raises InputError if there is none.
    """
    for at in [port] if port is not None else range(PORT, PORT + TRIED):
        own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            own.bind((HOST, at))
        except (OSError, OverflowError):
            own.close()
            continue
        return own
    raise InputError.of(
        f"port {port} is taken" if port is not None else "no port is free",
        fix="give another --port, or leave it out",
    )


def serve(
    model: str,
    platforms: Sequence[str] = (),
    port: int | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted; ``ready`` is told the address once it answers.

    Raises InputError for a model or a platform that there is not, or a port that is taken.
    """
    page = None if platforms else key(model)
    first = None if page is None else kept(page)
    with bound(port) as own:
        front = None if first is None else Front(first)
        loading = _Loading(model, platforms, page, front)
        if front is None:
            loading.load()
        server = Server(front or loading.app, own)

        def begun() -> None:
            ready(server.address)
            loading.start()

        try:
            server.run(begun)
        finally:
            loading.close()


class _Loading(threading.Thread):
    """Loads what answers, and works out the first page while the browser opens."""

    def __init__(
        self, model: str, platforms: Sequence[str], page: str | None, front: Front | None
    ) -> None:
        super().__init__(daemon=True)
        self.asked, self.page, self.front = (model, platforms), page, front
        self.app: Any = None

    def load(self) -> None:
        """Load it. Raises InputError for a model or a platform that there is not."""
        from remand.web.app import create  # noqa: PLC0415 - this is what takes so long
        from remand.web.places import Places  # noqa: PLC0415

        self.app = create(Places(*self.asked))

    def run(self) -> None:
        """Load it if it is not there, draw the first page, and keep that for the next time."""
        if self.front is not None:
            time.sleep(HEADSTART)  # the kept page is on its way: it comes first
            self.load()
            self.front.open(self.app)
        with contextlib.suppress(Exception):  # told on the page, when it is asked for
            html = self.app.state.pages.first()
            if self.page is not None:
                keep(self.page, html)

    def close(self) -> None:
        """Forget what was loaded in this process."""
        if self.app is not None:
            self.app.state.shelf.close()


class Server:
    """A server over a socket: in this thread, or in one of its own (`start`, `stop`)."""

    def __init__(self, app: object, own: socket.socket) -> None:
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        self._own, self._server = own, uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._own.getsockname()[1]}/"

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve in this thread until interrupted."""
        self._own.listen(128)
        ready()  # the socket listens: a browser that comes too soon waits, and is not turned away
        with contextlib.suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._own])

    def start(self) -> str:
        """Serve in a thread of its own; gives the address."""
        self._own.listen(128)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._own]}, daemon=True
        )
        self._thread.start()
        return self.address

    def stop(self) -> None:
        """End a server that was started."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=10)
