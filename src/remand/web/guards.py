"""What keeps a page on this machine to itself.

A page on another site can make a browser call 127.0.0.1, and a name can be made to point here. So:
only this machine's own names are answered, nothing from another origin may change anything, nothing
may be framed or read from elsewhere, and no script runs but the page's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("127.0.0.1", "localhost", "[::1]")

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

SAFE = frozenset({"GET", "HEAD"})


class Guard:
    """Answers only requests that this machine's own pages can have made.

    ``largest`` bytes of a body are taken, and not one more.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = LOCAL, largest: int = 10**9) -> None:
        self.app, self.hosts, self.largest = app, frozenset(hosts), largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope["method"], headers)
        if refused is not None:
            await PlainTextResponse(refused[1], refused[0], HEADERS)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.largest:
                raise TooLarge(self.largest)
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for key, value in HEADERS.items():
                    own.setdefault(key, value)
                own.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, counted, guarded)

    def _refused(self, method: str, headers: Headers) -> tuple[int, str] | None:
        """The status and the reason, if a request is not to be answered."""
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return 421, "This page answers to its own machine alone.\n"
        if method not in {*SAFE, "POST"}:
            return 405, "There is nothing to do that with here.\n"
        site = headers.get("sec-fetch-site", "same-origin")
        if method in SAFE:
            return None
        origin = headers.get("origin")
        elsewhere = origin is not None and urlsplit(origin).netloc != host
        if elsewhere or site not in {"same-origin", "none"} or (
            origin is None and "sec-fetch-site" not in headers
        ):  # fmt: skip
            return 403, "Only the page itself may send something here.\n"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.largest:
            return 413, f"Larger than {self.largest // 10**6} MB.\n"
        return None


class TooLarge(Exception):  # noqa: N818 - named for what it says
    """A body went on past its limit."""


def _name(host: str) -> str:
    """A Host header without its port."""
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and ":" in host else host
