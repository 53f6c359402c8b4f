"""Deriving a report again: every number in it, from what the file carries.

The question in the file is run once more in this installation, and the page is drawn once more.
Each printed number must be the text in the page, the text and the digits in the file's block, and
what is derived now: its value to 1e-9 and its text to the printed precision. Where the same version
of the program wrote the file, every other word of the page must be the same as well, and its
pictures to a millionth of a pixel's place.

Nothing of the file is run, and nothing written. What a file may ask for is bounded
(`remand.present.question.MOST`).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any

from remand.errors import InputError
from remand.present.question import asked
from remand.present.report import BLOCK, FORMAT, beside_of, rendered
from remand.provenance import version

MOST_BYTES = 20_000_000
"""No report is longer; a file that is, is not read."""

WITHIN = 1e-9
"""How far a value may lie from the one derived, of itself: processors differ in the last bits."""

PLACE = 1e-6
"""The same for places in a picture."""

SHOWN = 90
"""Characters of a text that is told."""

REPORT = "give a file that was written by: remand report MODEL PLATFORM --out brief.html"
FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True)
class Moved:
    """Something in a report that is not what is derived.

    Attributes:
        path: which number, or where in the page.
        printed: what the file says.
        derived: what it should say.
    """

    path: str
    printed: str
    derived: str

    def __str__(self) -> str:
        return f"{self.path}: printed {self.printed}, derived {self.derived}"


@dataclass(frozen=True)
class Verdict:
    """What deriving a report again came to.

    Attributes:
        run: identity of the run that was derived.
        numbers: how many numbers were derived.
        carried: how many of them are of records or a backtest that the file does not hold: those
            are only held against the file itself.
        moved: all that is not as derived; numbers first.
        notes: what was not compared, and why.
    """

    run: str
    numbers: int
    carried: int
    moved: tuple[Moved, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as derived."""
        return not self.moved

    def as_json(self) -> dict[str, Any]:
        """The shape of ``remand verify --json``: keys may be added, never renamed."""
        return {
            "run": self.run,
            "holds": self.holds,
            "numbers": self.numbers,
            "carried": self.carried,
            "moved": [{"path": m.path, "printed": m.printed, "derived": m.derived}
                      for m in self.moved],
            "notes": list(self.notes),
        }  # fmt: skip


def verify(path: str | Path) -> Verdict:
    """Derive every number of a report again.

    Raises InputError for a file that is no report, holds a question that cannot be run, or asks for
    more than is run for a file that someone sent.
    """
    page = _Page.of(_read(Path(path)))
    told = page.told
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise InputError.of("this is no report, or one of another version", fix=REPORT)
    question = asked(told.get("question"))
    try:
        beside = beside_of(told["beside"])
        written = [(str(path), float(value), str(text)) for path, value, text in told["numbers"]]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise InputError.of("the report's block lacks something", fix=REPORT) from None
    known = ("records/", "backtest/") if beside.record else ("records/",)
    run = question.run()
    again = _Page.of(rendered(run, beside))
    derived = [(str(path), float(value), str(text)) for path, value, text in again.told["numbers"]]
    moved = list(_numbers(page, written, derived))
    notes = []
    same = told.get("remand") == version() and _alike(page, again)
    if same:
        moved += _words(page, again)
    else:
        notes.append(
            f"written by remand {_shown(told.get('remand'))} or with other libraries, and this is "
            f"{version()}: numbers are compared, words and pictures are not"
        )
    if told.get("run") != run.identity and same:
        moved.append(Moved("the run", _shown(told.get("run")), run.identity))
    return Verdict(
        run.identity,
        len(derived),
        sum(path.startswith(known) for path, _, _ in derived),
        tuple(moved),
        tuple(notes),
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError.of(f"'{path}' cannot be read: {error.strerror}", fix=REPORT) from None
    if len(raw) > MOST_BYTES:
        raise InputError.of(f"'{path}' is longer than any report", fix=REPORT)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError.of(f"'{path}' is no report", fix=REPORT) from None


class _Page(HTMLParser):
    """A page as what it shows, in order: marked numbers apart, and the block of JSON apart.

    Attributes:
        marked: text of each marked number by its position; every text it has, if several claim it.
        shown: tags with their attributes, and texts, in order; marked numbers as their position.
        blocks: texts of blocks of JSON with the report's id.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.marked: dict[str, list[str]] = {}
        self.shown: list[tuple[str, str]] = []
        self.blocks: list[str] = []
        self._inside = ""
        self._open: list[str] = []

    @classmethod
    def of(cls, text: str) -> _Page:
        """A page that was read. Raises InputError unless it holds one block that is JSON."""
        page = cls()
        page.feed(text)
        page.close()
        if len(page.blocks) != 1:
            raise InputError.of("this is no report", fix=REPORT)
        try:
            page.told = json.loads(page.blocks[0], parse_constant=_refused)
        except (ValueError, RecursionError):
            raise InputError.of("the report's block is no JSON", fix=REPORT) from None
        return page

    told: Any = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag: a marked number, the block, or one of the page's."""
        own = dict(attrs)
        if tag == "script" and own.get("id") == BLOCK:
            self._inside = "block"
            self.blocks.append("")
        elif tag == "data" and "data-n" in own:
            self._inside = str(own["data-n"])
            self.marked.setdefault(self._inside, []).append("")
            self.shown.append(("number", self._inside))
            self.shown.append(("its value", str(own.get("value"))))
        else:
            self._add("tag", " ".join([tag, *(f'{k}="{v}"' for k, v in attrs)]))

    def handle_endtag(self, tag: str) -> None:
        """The end of a number, of the block, or of something else."""
        if tag in {"data", "script"}:
            self._inside = ""
        self._add("tag", f"/{tag}")

    def handle_data(self, data: str) -> None:
        """Text: of a number, of the block, or of the page."""
        if self._inside == "block":
            self.blocks[-1] += data
        elif self._inside:
            self.marked[self._inside][-1] += data
        else:
            self._add("words", data)

    def handle_comment(self, data: str) -> None:
        """A comment: none belongs into a report."""
        self._add("comment", data)

    def _add(self, what: str, text: str) -> None:
        if what == "words" and self.shown and self.shown[-1][0] == "words":
            self.shown[-1] = ("words", self.shown[-1][1] + text)
        else:
            self.shown.append((what, text))


Written = list[tuple[str, float, str]]


def _numbers(page: _Page, written: Written, derived: Written) -> list[Moved]:
    """Numbers that are not as derived: in the page, or in the file's block."""
    moved = []
    for i, (own, now) in enumerate(zip_longest(written, derived)):
        texts = page.marked.pop(str(i), [])
        path = now[0] if now else own[0] if own else ""
        if own is None or now is None:
            moved.append(_moved(path, own[2] if own else "nothing", now[2] if now else "nothing"))
            continue
        seen = texts[0] if len(texts) == 1 else " and ".join(texts) or "nothing"
        near = math.isclose(own[1], now[1], rel_tol=WITHIN, abs_tol=WITHIN)
        if seen != own[2] or not (own[2] == now[2] or (near and _torn(own[2], now[2], now[1]))):
            moved.append(_moved(path, seen, now[2]))
        elif not near:
            moved.append(_moved(path, repr(own[1]), repr(now[1])))
        elif own[0] != now[0]:
            moved.append(_moved(path, own[0], now[0]))
    moved += [_moved(f"number {i}", " and ".join(texts), "nothing")
              for i, texts in page.marked.items()]  # fmt: skip
    return moved


def _torn(printed: str, derived: str, value: float) -> bool:
    """Whether a value lies so near the middle of two texts that either may be printed."""
    one, other = (_value(text) for text in (printed, derived))
    if one is None or other is None:
        return False
    gap = abs(abs(one - value) - abs(other - value))
    return gap <= 4 * WITHIN * max(1.0, abs(value))


def _value(text: str) -> float | None:
    try:
        return float(re.sub(r"[,$+]", "", text).replace("−", "-"))
    except ValueError:
        return None


def _words(page: _Page, again: _Page) -> list[Moved]:
    """Words, tags and pictures that are not those of the page as it is drawn now."""
    moved, where = [], "the page"
    for one, now in zip_longest(page.shown, again.shown, fillvalue=("nothing", "nothing")):
        if now[0] == "tag" and (found := re.search(r'\bid="([^"]+)"', now[1])):
            where = f"the page, {found[1]}"
        if one == now or (one[0] == now[0] and _near(one[1], now[1])):
            continue
        moved.append(_moved(f"{where} ({now[0]})", *_apart(one[1], now[1])))
        if one[0] != now[0]:
            break
    return moved


def _near(one: str, now: str) -> bool:
    """Whether two texts are alike but for numbers that differ by less than can be seen."""
    if FLOAT.sub("#", one) != FLOAT.sub("#", now):
        return False
    pairs = zip(FLOAT.findall(one), FLOAT.findall(now), strict=True)
    return all(
        a == b or ("." in a + b and math.isclose(float(a), float(b), rel_tol=PLACE, abs_tol=PLACE))
        for a, b in pairs
    )


def _apart(one: str, now: str) -> tuple[str, str]:
    """Two texts from a little before where they part."""
    at = next((i for i, (a, b) in enumerate(zip(one, now, strict=False)) if a != b),
              min(len(one), len(now)))  # fmt: skip
    at = max(at - 30, 0)
    return one[at:].strip(), now[at:].strip()


def _moved(path: str, printed: str, derived: str) -> Moved:
    return Moved(_shown(path), _shown(printed), _shown(derived))


def _shown(text: Any) -> str:
    """A text of the file as a terminal may show it: short, and without any of its controls."""
    clean = "".join(c if c.isprintable() else " " for c in str(text))
    return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"


def _alike(page: _Page, again: _Page) -> bool:
    """Whether the same libraries drew both, so that words and pictures can be compared."""
    return bool(page.told.get("drawn") == again.told["drawn"])


def _refused(_: str) -> Any:
    raise ValueError("not a number")
