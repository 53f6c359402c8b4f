"""What a file is, by its bytes: kind, hash, encoding, how its lines end; as UTF-8 text if text.

One pass in pieces, so that a file of any size needs no more memory than a piece, and a line
without end is told before it is read.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from remand.errors import InputError
from remand.records import work

PIECE = 1 << 20
LONGEST = 2_000_000
"""Bytes a line may have."""

Kind = Literal["text", "parquet", "excel"]

_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a SQLite database"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x7fELF", "a program"),
    (b"$FL2", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"ARROW1", "an Arrow file"),
)
_EXPORT = "export the records as CSV, Parquet or Excel"


@dataclass(frozen=True)
class Look:
    """A file as its bytes show it.

    Attributes:
        path: as given; ``name`` is without folders.
        kind: text (any delimiter), parquet or excel.
        sha256, size: of its bytes as they are.
        text: where its text stands in UTF-8 (the file itself, or a copy), for text.
        lines: how many, for text.
        newline: the sign between lines.
        regular: no blank line, no zero byte, one kind of line end.
        notes: what was taken for granted.
    """

    path: Path
    kind: Kind
    sha256: str
    size: int
    text: Path | None = None
    lines: int = 0
    newline: str = "\n"
    regular: bool = True
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name without folders."""
        return self.path.name


def look(path: Path, scratch: Path, longest: int = LONGEST) -> Look:
    """What a file is. Raises InputError if it cannot hold records."""
    if path.is_dir():
        raise _wrong(path, "this is a folder, not a file", "name a file in it")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise _wrong(path, f"cannot be read: {why}", "check the path and who may read it") from None
    if not head:
        raise _wrong(path, "the file is empty", "export it again, with its rows")
    notes: list[str] = []
    kind = _kind(path, head, notes)
    if kind != "text":
        return Look(path, kind, hashed(path), size, notes=tuple(notes))
    packed = head.startswith(b"\x1f\x8b")
    if packed:
        notes.append("unpacked from gzip")
        with _unpacking(path), gzip.open(path) as file:
            head = file.read(4096)
        if not head:
            raise _wrong(path, "the packed file is empty", "export it again, with its rows")
        if _kind(path, head, notes) != "text":
            raise _wrong(path, "the packed file is no text", "unpack it first")
    return _as_text(path, size, head, scratch, longest, notes, packed=packed)


def _kind(path: Path, head: bytes, notes: list[str]) -> Kind:
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise _wrong(path, f"this is {what}, not a table", _EXPORT)
    if head[8:12] == b"DUCK":
        try:
            work.opened(path).close()
        except InputError:
            raise _wrong(path, "this is a DuckDB database, not an export", _EXPORT) from None
        raise _wrong(
            path, "this is a work file, not an export",
            f"measure or fit it (remand measure {path}), or swap FILE and --into",
        )  # fmt: skip
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        raise _wrong(path, "this is a web page or XML, not a table", _EXPORT, 1)
    if start.startswith((b"{", b"[{")):
        raise _wrong(path, "this is JSON, not a table", _EXPORT, 1)
    for magic, kind, suffixes, what in (
        (b"PAR1", "parquet", {".parquet", ".pq"}, "a Parquet file"),
        (b"PK\x03\x04", "excel", {".xlsx", ".xlsm", ".xlsb"}, "an Excel file"),
        (b"\xd0\xcf\x11\xe0", "excel", {".xls"}, "an old Excel file"),
    ):
        if head.startswith(magic):
            if path.suffix.lower() not in suffixes:
                notes.append(f"read as {what}, whatever its name says")
            return kind  # type: ignore[return-value]
    if path.suffix.lower() in {".parquet", ".pq", ".xlsx", ".xls"}:
        what = "Parquet" if path.suffix.lower() in {".parquet", ".pq"} else "Excel"
        if b"\0" in head or not _printable(head):
            raise _wrong(path, f"this is no {what} file, or a damaged one", "export it again")
        notes.append(f"read as text: it is no {what} file")
    return "text"


def _printable(head: bytes) -> bool:
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)


def hashed(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- text -----------------------------------------------------------------------------------


def _encoding(head: bytes) -> tuple[str, str]:
    """The encoding by the first bytes, and what to say of it."""
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", "UTF-8 with a byte order mark"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "UTF-16"
    even, odd = head[::2].count(0), head[1::2].count(0)
    if 4 * max(even, odd) > len(head):
        return ("utf-16-le", "UTF-16") if odd > even else ("utf-16-be", "UTF-16")
    return "utf-8", ""


def _as_text(
    path: Path,
    size: int,
    head: bytes,
    scratch: Path,
    longest: int,
    notes: list[str],
    *,
    packed: bool,
) -> Look:
    encoding, said = _encoding(head)
    copied = packed or encoding != "utf-8"
    digest = hashlib.sha256()
    lines = _Lines(path, longest)
    target = scratch / "text.csv"
    try:
        with _opened(path, digest, packed=packed) as pieces, contextlib.ExitStack() as stack:
            out = stack.enter_context(target.open("wb")) if copied else None
            _through(pieces, codecs.getincrementaldecoder(encoding)(), lines, out)
    except UnicodeDecodeError:
        encoding, said, copied = "cp1252", "Windows-1252, for it is no UTF-8", True
        digest, lines = hashlib.sha256(), _Lines(path, longest)
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        with _opened(path, digest, packed=packed) as pieces, target.open("wb") as out:
            _through(pieces, decoder, lines, out)
    if said:
        notes.append(f"encoding taken as {said}")
    if packed:
        size = path.stat().st_size
    return Look(
        path, "text", digest.hexdigest(), size, target if copied else path, lines.count,
        lines.newline, lines.regular, tuple(notes),
    )  # fmt: skip


def _through(
    pieces: Iterator[bytes],
    decoder: codecs.IncrementalDecoder,
    lines: _Lines,
    out: IO[bytes] | None,
) -> None:
    """Decode every piece, count its lines, and write it as UTF-8 if it is to be copied."""
    for piece in pieces:
        text = decoder.decode(piece)
        encoded = piece if out is None else text.encode()
        lines.take(encoded)
        if out is not None:
            out.write(encoded)
    decoder.decode(b"", final=True)
    lines.end()


@contextlib.contextmanager
def _opened(path: Path, digest: hashlib._Hash, *, packed: bool) -> Iterator[Iterator[bytes]]:
    """The pieces of a file, unpacked if packed, while the bytes on disk are hashed."""
    with path.open("rb") as raw:
        if not packed:

            def plain() -> Iterator[bytes]:
                while piece := raw.read(PIECE):
                    digest.update(piece)
                    yield piece

            yield plain()
        else:
            while piece := raw.read(PIECE):
                digest.update(piece)
            with _unpacking(path), gzip.open(path) as file:
                yield iter(lambda: file.read(PIECE), b"")


@contextlib.contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _wrong(path, "the gzip archive is damaged", "copy or export it again") from None


class _Lines:
    """Counts lines piece by piece, and sees what is irregular about them."""

    def __init__(self, path: Path, longest: int) -> None:
        self.path, self.longest = path, longest
        self.count = self.crlf = self.bare = self.since = 0
        self.irregular = False
        self.tail = b"\n"  # so that a blank first line is seen

    def take(self, piece: bytes) -> None:
        if not piece:
            return
        joined = self.tail[-2:] + piece
        before = len(self.tail[-2:])
        feeds = piece.count(b"\n")
        returns = piece.count(b"\r")
        self.crlf += joined.count(b"\r\n") - (self.tail[-2:] == b"\r\n")
        self.bare += returns
        if b"\0" in piece or b"\n\n" in joined or b"\n\r\n" in joined:
            self.irregular = True
        first = min((at for at in (piece.find(b"\n"), piece.find(b"\r")) if at >= 0), default=-1)
        reach = self.since + (len(piece) if first < 0 else first)
        if reach > self.longest:
            raise _wrong(
                self.path,
                f"this line is longer than {self.longest:,} bytes",
                "is the file a table with line ends? Export it again",
                self.count + 1,
            )
        last = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        self.since = reach if last < 0 else len(piece) - 1 - last
        self.count += feeds
        self.tail = joined[-2:] if before or piece else self.tail

    def end(self) -> None:
        if not self.tail.endswith(b"\n"):
            self.count += 1

    @property
    def newline(self) -> str:
        return "\r\n" if self.crlf else "\n"

    @property
    def regular(self) -> bool:
        feeds = self.count if self.tail.endswith(b"\n") else self.count - 1
        return not self.irregular and self.bare in (0, self.crlf) and self.crlf in (0, feeds)


def _wrong(path: Path, message: str, fix: str, line: int | None = None) -> InputError:
    return InputError.of(message, fix=fix, file=str(path), line=line)
