"""Downloading: a separate act, at a person's word, from the publisher's own address."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO

from remand.errors import InputError
from remand.provenance import version
from remand.sources.source import File, Source

PIECE = 1 << 18
WEB = ("https://", "http://")
TIMEOUT = 60
"""Seconds without an answer after which the publisher counts as out of reach."""


class NotReached(Exception):  # noqa: N818 - nobody's mistake
    """The publisher's file did not come: offline, moved, or cut off. Nothing was kept."""


class Onward(urllib.request.HTTPRedirectHandler):
    """Goes where a publisher sends on to, if that is of the web too, and over https as before."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request for the new address. Raises NotReached for one that is not followed."""
        safe = req.full_url.startswith("https://")
        if not newurl.startswith("https://" if safe else WEB):
            fp.close()
            why = "not over https" if safe else "not of the web"
            raise NotReached(f"{req.full_url} sends on to {newurl}, which is {why}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class Got:
    """A file that came: where it is, how long, and the SHA-256 of its bytes."""

    path: Path
    size: int
    sha256: str


def targets(source: Source, to: str | Path) -> list[Path]:
    """Where the files of a data set would be put.

    Raises InputError if its publisher gives no file without a login, if there is no such folder,
    or if a file of that name is there already.
    """
    if not source.files:
        raise InputError.of(
            f"{source.publisher.rstrip('.')} gives no address of a file that anybody may fetch",
            fix=f"{source.access[0].lower()}{source.access[1:]}: {source.address}",
        )
    folder = Path(to)
    if not folder.is_dir():
        raise InputError.of(f"--to {to}: there is no such folder", fix="make it, or name another")
    today = dt.datetime.now(tz=dt.UTC).date()
    paths = [folder / file.name.format(today=today) for file in source.files]
    for path in paths:
        if path.exists():
            raise InputError.of(
                f"'{path}' is there already, and is not written over",
                fix="remove it, or name another folder: --to DIR",
            )
    return paths


def download(
    source: Source, to: str | Path, say: Callable[[str], None] = lambda _: None
) -> list[Got]:
    """Fetch the files of a data set into a folder, each whole or not at all.

    Raises InputError as `targets` does, and NotReached.
    """
    paths = targets(source, to)
    return [fetched(file, path, say) for file, path in zip(source.files, paths, strict=True)]


def fetched(file: File, path: Path, say: Callable[[str], None] = lambda _: None) -> Got:
    """One file, under a name of its own until all of it is there. Raises NotReached."""
    if not file.address.startswith(WEB):
        raise NotReached(f"'{file.address}' is no address of the web")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    asked = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        file.address, headers={"User-Agent": f"remand/{version()}"}
    )
    digest, size = hashlib.sha256(), 0
    longer = NotReached(
        f"{file.address} is longer than the {file.most:,} bytes that such a file has: it is another"
    )
    try:
        opener = urllib.request.build_opener(Onward)
        with opener.open(asked, timeout=TIMEOUT) as answer, part.open("wb") as out:
            said = answer.headers.get("Content-Length", "")
            length = int(said) if said.isdecimal() else None
            if length is not None and length > file.most:
                raise longer
            if answer.headers.get_content_type() == "text/html":
                raise NotReached(
                    f"{file.address} answers with a web page, not with the file: it may have moved"
                )
            while piece := answer.read(PIECE):
                digest.update(piece)
                size += out.write(piece)
                if size > file.most:
                    raise longer
                say(f"{path.name}: {size / 1e6:,.1f} MB")
        if size == 0 or length not in {None, size}:
            raise NotReached(f"{file.address} broke off after {size:,} bytes: try again")
        part.replace(path)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotReached(f"{file.address} answers {error.code} {error.reason}") from None
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise NotReached(
            f"{file.address} cannot be reached ({why}): is this computer online? Everything else "
            "in remand works without"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return Got(path, size, digest.hexdigest())
