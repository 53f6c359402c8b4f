"""Data cards: what a person must know of a public data set before a figure of it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remand.sources.reading import SOURCES
from remand.sources.source import Source


def lines(source: Source) -> Iterator[str]:
    """A card as lines of Markdown without its heading: for the terminal, and for the page."""
    yield f"- **Publisher:** {source.publisher}"
    yield f"- **Address:** {source.address}"
    yield f"- **Terms:** {_ended(source.terms)}"
    yield f"- **Dates:** {source.covers}"
    yield f"- **How to get it:** {_ended(source.access)}"
    yield from (f"- **File:** {file.address}" for file in source.files)
    use = (
        f"`remand sources read FILE --into WORK.duckdb`, as {source.ingested}" if source.ingested
        else f"no, for {source.not_ingested}. Instead {source.instead}"
    )  # fmt: skip
    yield f"- **Read as:** {source.table}; into a work file: {_ended(use)}"
    yield from ("", "Definitions:", "")
    yield from _pairs(source.definitions)
    yield from ("", "Traps:", "")
    yield from _pairs(source.traps)


def _pairs(items: Mapping[str, str]) -> Iterator[str]:
    yield from (f"- `{name}`: {_ended(text)}" for name, text in items.items())


def _ended(text: str) -> str:
    """A text as a sentence: with a full stop, unless it ends with an address."""
    return text if text.endswith(".") or text.rsplit(None, 1)[-1].startswith("http") else text + "."


def page() -> str:
    """Every card as a page to read: docs/data-cards.md, written by this module when it is run."""
    found = [
        "# Public data sets",
        "",
        "What `remand sources` reads, one card a data set. No row of them comes with remand, but",
        "where a card says CC0; a file is read where you have it, and downloaded only when you ask",
        "(`remand sources download NAME --to DIR`), after its terms were shown. A trap that can be",
        "seen in a file is counted when it is read: `remand sources read FILE`.",
        "",
        "Every row of a longer period stands at its first day. An empty axis means everyone.",
        "",
        "This page is written from `src/remand/sources` by `python -m remand.sources.cards`.",
    ]
    for source in SOURCES:
        found += ["", f"## {source.name}", "", f"{source.title}.", "", *lines(source)]
    return "\n".join(found) + "\n"


if __name__ == "__main__":
    from pathlib import Path

    Path("docs/data-cards.md").write_text(page(), encoding="utf-8")
