"""A report: one HTML file that needs no network and no script, and can be derived again.

The file carries, as an inert block of JSON, the question it answers (`remand.present.question`),
what stood beside the run, and every printed number with its place and all its digits; in the page
each number is marked with its position in that list. `remand.present.verify` derives all of it
again. The page is a pure function of the run and of what stands beside it: no clock, no chance.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import altair as alt
import jinja2
import vl_convert
from markupsafe import Markup

from remand.errors import InputError
from remand.evidence.backtest.record import Skill
from remand.present import charts as draw
from remand.present import theme
from remand.present.days import Capacity
from remand.present.figures import Figures, months_after
from remand.present.packet import Beside, Packet
from remand.present.question import question
from remand.present.said import Card, Cite, Number, Said, Table
from remand.provenance import version
from remand.runs.run import Run

FORMAT = "remand-report-1"

BLOCK = "remand-report"
"""The id of the block of JSON in the page."""

DRAWN_WITH = ("altair", "jinja2", "vl-convert-python", "polars", "numpy")
"""What touches a page beside its numbers: with other versions words and pictures may differ."""

MOST_BYTES = 3_000_000
"""What a report may weigh."""

Chart = Callable[[int], alt.TopLevelMixin]
"""A chart of a width in pixels."""


@dataclass(frozen=True)
class Drawn:
    """A chart as a page shows it: for a page's width and for a telephone's."""

    wide: Markup
    phone: Markup


def report(
    run: Run,
    path: str | Path,
    *,
    beside: Beside | None = None,
    charts: Sequence[Chart] | None = None,
) -> Path:
    """Write the report of a run of `remand.compare` to an HTML file.

    Args:
        run: by the axis of its disparity and by status it tells most.
        path: ends in ``.html``.
        beside: what else goes in: a backtest's record, the jail's capacity, its own records.
        charts: what is drawn at the top, each as a function of a width; by default the plans.

    Raises InputError where the file cannot be written, or would weigh more than 3 MB.
    """
    to = Path(path)
    if to.suffix not in {".html", ".htm"}:
        raise InputError.of(
            f"a report cannot be written as '{to.suffix or to.name}'", fix="end the file in .html"
        )
    page = rendered(run, beside or Beside(), charts)
    if len(page.encode()) > MOST_BYTES:
        raise InputError.of(
            f"the report would weigh {len(page.encode()) / 1e6:.1f} MB, more than 3",
            fix="compare fewer plans, or leave out --draws",
        )
    try:
        to.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError.of(
            f"'{path}' cannot be written: {error.strerror}", fix="give another place"
        ) from None
    return to


def rendered(run: Run, beside: Beside, charts: Sequence[Chart] | None = None) -> str:
    """The page as text."""
    packet = Packet.of(run, beside)
    brief, marked = packet.brief, list[Number]()

    def say(said: Said | str) -> Markup:
        """A sentence with its numbers marked by the order in which the page shows them."""
        parts = []
        for part in said.parts if isinstance(said, Said) else (said,):
            if isinstance(part, Number):
                parts.append(Markup('<data data-n="{}" value="{}">{}</data>').format(
                    len(marked), repr(float(part.value)), part.text))  # fmt: skip
                marked.append(part)
            else:
                parts.append(Markup.escape(part.replace("–", KEPT) if part == "–" else part))
        return Markup("").join(parts)

    own = charts if charts is not None else [plans_ahead(run, beside)]
    page = _template().render(
        brief=brief,
        packet=packet,
        charts=[drawn(chart, f"c{i}") for i, chart in enumerate(own)],
        limits=[brief.backtest, *brief.warnings, *brief.doubt, *brief.notes],
        css=Markup(_text("report.css")),  # noqa: S704 - our own file
        say=say,
        split=split,
        carried=MARK,
    )
    return page.replace(MARK, _block(carried(run, beside, marked)))


MARK = "\x00carried\x00"
"""Where the block of JSON goes, once the numbers before it are known."""

INNER = re.compile(r' (?:role="graphics-\w+"|aria-\w+="[^"]*")')
"""What a picture says of its parts, which one text for the whole says better."""

KEPT = "\u2060–\u2060"
"""A dash between two ends that no line is broken at."""


def plans_ahead(run: Run, beside: Beside) -> Chart:
    """The first chart: what was counted, a band for each plan, and the capacity."""
    capacity = beside.capacity.usable if beside.capacity else None
    figures = Figures(run)
    skill = skill_ends(figures.windows[0].start, beside.record)

    def chart(width: int) -> alt.TopLevelMixin:
        return draw.scenarios(
            run, kind=figures.kind, capacity=capacity, skill_until=skill, width=width,
            height=300 if width > theme.PHONE else 280,
        )  # fmt: skip

    return chart


def skill_ends(first: dt.date, record: Skill | None) -> dt.date | None:
    """The day from which a record knows of no more skill, if it knows of one."""
    if record is None or record.skill_until is None:
        return None
    if record.step == "month":
        return months_after(first, record.skill_until)
    return first + dt.timedelta(record.skill_until * {"day": 1, "week": 7}[record.step])


def drawn(chart: Chart, name: str) -> Drawn:
    """A chart as two pictures; ``name`` keeps what they call their parts apart."""
    return Drawn(svg(chart(880), f"{name}w"), svg(chart(theme.PHONE), f"{name}p"))


def svg(chart: alt.TopLevelMixin, name: str) -> Markup:
    """A chart as a picture inside a page, with what it shows in words."""
    spec = chart.to_dict()
    picture = vl_convert.vegalite_to_svg(spec)
    picture = INNER.sub("", picture)
    picture = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", picture)
    picture = re.sub(r"^<svg([^>]*?) width=\"[^\"]*\" height=\"[^\"]*\"", r"<svg\1", picture)
    told = Markup.escape(str(spec.get("description", "A chart")))
    return Markup(picture.replace("<svg", f'<svg role="img" aria-label="{told}"', 1))  # noqa: S704


def split(said: Said) -> list[Said]:
    """The lines of a cell."""
    lines: list[list[str | Number]] = [[]]
    for part in said.parts:
        if isinstance(part, Number):
            lines[-1].append(part)
            continue
        first, *others = part.split("\n")
        lines[-1].append(first)
        lines += [[other] for other in others]
    return [Said.of(*line) for line in lines]


# -- what the file carries ------------------------------------------------------------------


def carried(run: Run, beside: Beside, marked: Sequence[Number]) -> dict[str, Any]:
    """Everything `verify` needs, as JSON can hold it."""
    return {
        "format": FORMAT,
        "remand": version(),
        "drawn": {name: metadata.version(name) for name in DRAWN_WITH},
        "run": run.identity,
        "question": question(run),
        "beside": _written(beside),
        "numbers": [[n.path, float(n.value), n.text] for n in marked],
    }


def beside_of(told: Any) -> Beside:
    """What stood beside a run, from what a file carries. Raises what a wrong shape raises."""
    record, capacity = told["record"], told["capacity"]
    return Beside(
        record=None if record is None else Skill.model_validate(record),
        capacity=None if capacity is None else Capacity(**capacity),
        explained=bool(told["explained"]),
        stays=None if told["stays"] is None else _card(told["stays"]),
        last_year=None if told["last_year"] is None else _card(told["last_year"]),
    )  # fmt: skip


def _written(beside: Beside) -> dict[str, Any]:
    return {
        "record": beside.record.as_json() if beside.record else None,
        "capacity": asdict(beside.capacity) if beside.capacity else None,
        "explained": beside.explained,
        "stays": _plain(beside.stays),
        "last_year": _plain(beside.last_year),
    }


def _plain(card: Card | None) -> dict[str, Any] | None:
    if card is None:
        return None
    table = card.table
    return {
        "key": card.key,
        "title": card.title,
        "columns": list(table.columns) if table else None,
        "caption": table.caption if table else "",
        "rows": [[_parts(cell) for cell in row] for row in table.rows] if table else [],
        "notes": [_parts(note) for note in card.notes],
        "sources": [[cite.words, cite.address] for cite in card.sources],
    }


def _card(told: Any) -> Card:
    rows = tuple(tuple(_said(cell) for cell in row) for row in told["rows"])
    table = None
    if told["columns"] is not None:
        table = Table(tuple(map(str, told["columns"])), rows, str(told["caption"]))
    return Card(
        str(told["key"]),
        str(told["title"]),
        table,
        tuple(_said(note) for note in told["notes"]),
        tuple(Cite(str(words), "") for words, _ in told["sources"]),
    )


def _parts(said: Said) -> list[Any]:
    return [list(part) if isinstance(part, Number) else part for part in said.parts]


def _said(told: Any) -> Said:
    return Said.of(*(Number(str(part[0]), float(part[1]), str(part[2]))
                     if isinstance(part, list) else str(part) for part in told))  # fmt: skip


def _block(told: dict[str, Any]) -> str:
    """JSON that ends no script and begins no comment, whatever it holds."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{BLOCK}">{text}</script>'


# -- the template ---------------------------------------------------------------------------


def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("remand.present", "templates")
    house = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return house.get_template("report.html")


def _text(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
