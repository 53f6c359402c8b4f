"""Sources as a reader can follow them: words, and an address on the web where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from remand.model.policy import Source
from remand.present.said import Cite

WEB = ("https://", "http://")


def cites(owner: Any, blocks: Iterable[Any]) -> tuple[Cite, ...]:
    """What some sourced blocks of a model or platform name, each document once, in order."""
    keys = [key for block in blocks for key in block.source]
    return cited(keys, owner.sources)


def cited(keys: Iterable[str], sources: Mapping[str, Source]) -> tuple[Cite, ...]:
    """Keys of ``sources``, or texts that hold an address, as words and addresses.

    >>> cited(["https://example.org/plan", "a letter"], {})
    (Cite(words='example.org/plan', address='https://example.org/plan'), Cite(words='a letter', \
address=''))
    """
    return tuple(dict.fromkeys(_cite(key, sources.get(key)) for key in keys))


def _cite(key: str, source: Source | None) -> Cite:
    if source is not None:
        parts = (source.title, source.publisher, source.year)
        return Cite(", ".join(p for p in parts if p), _web(source.address))
    found = _web(key)
    short = found.partition("://")[2].rstrip("/")
    said = key.replace(found, short).strip() if found else key
    return Cite(said, found)


def _web(text: str) -> str:
    """The first address that a page may link to; a file's or a script's never."""
    words = (word.strip("()<>,;") for word in text.split())
    return next((word for word in words if word.startswith(WEB)), "")
