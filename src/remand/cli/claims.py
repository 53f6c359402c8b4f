"""`remand claims`: what was said in public, beside what cited figures come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from remand.evidence.claims.answers import Answer, Checked, Checks
    from remand.evidence.claims.figures import Figure

LABELS = 13
"""Columns that the labels take."""
FEW = 8
"""Rows of one source that are told with their values; of more, only the ids."""


def claims(
    file: Annotated[
        str, typer.Argument(help="A shipped name (philadelphia/claims-2017) or a file.")
    ],
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="A file of public data (remand sources list) to compute from as well; may be "
            "given more than once.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check public claims: what was said, what cited figures come to, and a verdict with sources.

    Verdicts: supported, understated, overstated, not supported, outside the data. The rules are
    the same whoever made the claim.
    """
    from remand.api.claims import claims as run_claims

    checks = run_claims(file, with_ or ())
    if json:
        import json as encoder

        print(encoder.dumps(checks.as_json(), ensure_ascii=False))
    else:
        _show(checks)


def _show(checks: Checks) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    width = min(console.width, 100)
    for line in _wrapped(checks.claims.title, width):
        console.print(line, style="bold")
    for line in _wrapped(checks.claims.about, width):
        console.print(line)
    for checked in checks.checked:
        console.print()
        before = ""
        for label, text in told(checked):
            _line(label, text, width, console.print, again=label == before)
            before = label
    console.print()
    for line in _wrapped(_rules(), width):
        console.print(line, style="dim")


def _line(label: str, text: str, width: int, write: Callable[..., None], *, again: bool) -> None:
    """One labelled paragraph; a verdict stands at the margin, in bold."""
    indent = " " * (LABELS + 2)
    head = label if label.isupper() else "" if again else f"  {label}"
    first = f"{head:<{LABELS + 2}}" if len(head) < LABELS + 2 else f"{head}  "
    style = "bold" if label.isupper() else "dim" if label in {"sources", "rests on"} else None
    lines = _wrapped(text, width - len(indent)) or [""]
    if len(first) > len(indent):  # a long verdict leaves less room on its own line
        lines = _wrapped(text, width - len(indent), first=width - len(first)) or [""]
    write(first + lines[0], style=style)
    for line in lines[1:]:
        write(indent + line, style=style)


def _wrapped(text: str, width: int, first: int | None = None) -> list[str]:
    from textwrap import wrap

    skipped = " " * (width - first) if first is not None else ""
    lines = wrap(
        text, width, initial_indent=skipped, break_long_words=False, break_on_hyphens=False
    )
    return [lines[0][len(skipped) :], *lines[1:]] if lines else []


def told(checked: Checked) -> Iterator[tuple[str, str]]:
    """A checked claim as labelled paragraphs, the verdict first."""
    from remand.evidence.claims import words

    claim = checked.claim
    yield checked.verdict.upper(), checked.says
    said = f"“{claim.quote}”" if claim.quote else f"{claim.paraphrase} (a paraphrase)"
    yield "claim", f"{claim.id}: {said}"
    where = "; ".join(part for part in (claim.published, claim.address) if part)
    yield "said by", "; ".join(part for part in (f"{claim.by}, {claim.date}", where) if part)
    yield "stated", words.stated(claim)
    for i, answer in enumerate(checked.answers):
        if i == 0:
            yield "counted", f"{claim.quantity}; {answer.definition}"
            yield from _readings(checked, answer)
        else:
            also = words.says(claim, answer.values, answer.judged)
            also = also if also.startswith("true,") else f"{answer.judged.verdict}, {also}"
            yield "otherwise", f"{answer.definition}: {also}"
    for beside, value in checked.aside:
        yield "beside", words.aside(beside, value)
    if checked.answers and checked.answers[0].divided:
        yield "sources", "do not agree with one another"
    if checked.derived:
        yield "rests on", _derived(checked.derived)
    if claim.note:
        yield "note", claim.note
    for source in _sources(checked.rows):
        yield "sources", source


def _readings(checked: Checked, answer: Answer) -> Iterator[tuple[str, str]]:
    """Every reading of the definition that the verdict is by, with its arithmetic."""
    from remand.evidence.claims import words
    from remand.evidence.claims.form import OF_MANY, OVER_TIME

    for value, judged in zip(answer.values, answer.each, strict=True):
        text = f"{value.period}: {words.reading(checked.claim, value)}"
        if checked.claim.comparison in OF_MANY:
            text += f" ({value.arithmetic})"
        elif (
            checked.claim.comparison not in OVER_TIME and value.arithmetic and not value.undetected
        ):
            text += f" = {value.arithmetic}"
        if value.detail and not value.undetected:
            text += f"; {value.detail}"
        if answer.divided:
            text += f" → {judged.verdict}"
        yield "computed", text


def _derived(derived: dict[str, str]) -> str:
    """Figures that nobody published as such.

    >>> _derived({"X0020": "computed", "X0028": "computed", "P0004": "inferred"})
    'figures not published as such: X0020, X0028 computed; P0004 inferred'
    """
    ways: dict[str, list[str]] = {}
    for key, way in derived.items():
        ways.setdefault(way, []).append(key)
    said = [f"{_ids(keys)} {way}" for way, keys in ways.items()]
    return f"figures not published as such: {'; '.join(said)}"


def _ids(keys: list[str]) -> str:
    return ", ".join(keys) if len(keys) <= FEW else f"{len(keys)} of them ({keys[0]} to {keys[-1]})"


def _sources(rows: Iterable[Figure]) -> Iterator[str]:
    """Cited rows, a line a source: which, what they say, who says so, and where."""

    def source(row: Figure) -> tuple[str, ...]:
        return (row.publisher, row.title, row.year, row.address)

    for (publisher, title, year, address), group in groupby(sorted(rows, key=source), key=source):
        cited = list(group)
        if len(cited) <= FEW:
            figures = "; ".join(
                f"{r.id} {f'{r.written} {r.unit}'.strip()}, {r.period}" for r in cited
            )
        else:
            figures = f"{cited[0].id} to {cited[-1].id}, {len(cited)} rows"
        yield f"{publisher}, {title}{f' ({year})' if year else ''}: {figures}. {address}"


def _rules() -> str:
    """What the verdicts mean, in the foot."""
    from remand.evidence.claims.verdicts import ABOUT, FAR

    return (
        f"True means true as it was put. A true claim that is off by {FAR:g} times or more is told "
        f"as understated or overstated all the same; “about” reaches {100 * ABOUT:.0f} % to either "
        "side, “is” half of the last digit said, and no further than that. Sources are given no "
        "more room than they state. "
        "Rules: docs/claims-file.md. All rows: --json."
    )
