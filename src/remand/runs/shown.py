"""An answer as a table in a notebook: plain HTML, no script, no style, nothing left unescaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

HIDDEN = "fewer than 10, or hidden with them"


def table(
    caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]
) -> str:
    """A table whose first column names its rows, with notes under it.

    >>> made = table("A & B", ["plan", "jail"], [["<b>", "6,123"]], ["a note"])
    >>> made.partition("<tbody>")[2]
    '<tr><th scope="row">&lt;b&gt;</th><td>6,123</td></tr></tbody></table><p>a note</p>'
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    under = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{under}"
    )


def people(value: float | None) -> str:
    """People in whole numbers, or that they are not told.

    >>> people(6123.4), people(None)
    ('6,123', 'fewer than 10, or hidden with them')
    """
    return HIDDEN if value is None else f"{value:,.0f}"


def change(value: float | None) -> str:
    """A change in people with its sign, a true minus; or that it is not told.

    >>> change(-123.6), change(0.2)
    ('−124', '0')
    """
    if value is None:
        return HIDDEN
    whole = round(value)
    return "0" if whole == 0 else f"{'+' if whole > 0 else '−'}{abs(whole):,}"
