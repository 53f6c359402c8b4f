"""A case to replay: a reform that happened, what it was told to be, and what followed."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from remand.errors import InputError, Problem
from remand.errors import Path as Place
from remand.files import find
from remand.files.beside import cited_figures
from remand.files.documents import Document
from remand.files.forms import faults
from remand.files.schema import shipped_schema
from remand.model.policy import Source
from remand.model.spec import Date, FrozenDict, Names, Spec

Sight = Literal["blind", "before it began", "in hindsight"]
"""What a forecast rests on: what was known before its day; what was published between then and the
day the reform began; or what was out only when it had begun. Only the first is a forecast, and the
last says how the mechanism does once its size is known."""


def sight(knows: dt.date, as_of: dt.date, in_force: dt.date) -> Sight:
    """How blind a forecast of a day is, by the day of the latest thing that it rests on.

    >>> sight(dt.date(2011, 4, 4), dt.date(2011, 4, 4), dt.date(2011, 10, 1))
    'before it began'
    """
    if knows < as_of:
        return "blind"
    return "before it began" if knows < in_force else "in hindsight"


def rests_on(sources: Iterable[Source], told: dt.date = dt.date.min) -> dt.date:
    """The day by which all sources were out: the one told, or the last day of a later year.

    >>> str(rests_on([Source(title="A count", year="c. 2017")], dt.date(2017, 2, 1)))
    '2017-02-01'
    >>> str(rests_on([Source(title="A count", year="2019")], dt.date(2017, 2, 1)))
    '2019-12-31'
    """
    years = [int(year) for one in sources for year in re.findall(r"\b[12]\d{3}\b", one.year)]
    latest = max(years, default=0)
    return dt.date(latest, 12, 31) if latest > told.year else told


class Data(Spec):
    """The records a case is fitted to, which the user has: none are shipped.

    Attributes:
        kind: ``stays`` (one row a stay, from daily snapshots) or ``months`` (figures by place).
        file: what the file is usually called.
        source: where it comes from.
        month: column of a month's first day, of ``months``.
        seen: columns of the first and the last day somebody was seen, of ``stays``.
        later: columns that say how a stay ended or is now: unknown while it lasts.
    """

    kind: Literal["stays", "months"]
    file: str
    source: Names = Field(min_length=1)
    month: str | None = None
    seen: Names = ()
    later: Names = ()

    @model_validator(mode="after")
    def _columns(self) -> Data:
        if self.kind == "months" and self.month is None:
            raise ValueError("name the column of the month: 'month'")
        if self.kind == "stays" and len(self.seen) != 2:
            raise ValueError("name the columns of the first and the last day: 'seen'")
        return self


class Counted(Spec):
    """How many people were held, by a published count: the mean of [from, to).

    ``inferred`` says why where the count was derived, or is round.
    """

    from_: Date = Field(alias="from")
    to: Date
    value: float = Field(ge=0)
    source: Names = Field(min_length=1)
    inferred: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Counted:
        if self.to <= self.from_:
            raise ValueError(f"to {self.to} is not after from {self.from_}")
        return self


class Told(Spec):
    """The reform as somebody told it at some time: a platform, and when what it rests on was known.

    Attributes:
        name: what the forecast is called.
        platform: its file, beside the case, or a shipped name.
        knows: the day of the latest thing its edits rest on. A platform that cites a source of a
            later year rests on that.
        about: what it supposes, in a sentence.
    """

    name: str
    platform: str
    knows: Date
    about: str


class Apart(Spec):
    """From when on figures are shown but not scored, and why."""

    from_: Date = Field(alias="from")
    why: str


class Case(Spec):
    """A reform to replay.

    Attributes:
        name: what commands call it, without its place.
        title, about: what pages say.
        place: whose jails these are.
        announced: the cut-off: nothing of this day or later is read for the forecast.
        announced_by: what happened on that day, and why it is the day.
        in_force: the day the reform began.
        until: the day after the last forecast.
        apart: from when on nothing is scored.
        model: a shipped model, where there are no records to fit. It rests on the sources it cites.
        base: the platform that held already.
        data: else, the records.
        by: their columns that become axes.
        known: counts before the cut-off, of a shipped model; the last is "no change".
        counted: counts after it.
        told: the reform, told in one way or several.
        overlaps: what else happened, so that the reform may not be credited with all of it.
        caveats: what a reader must know before trusting the replay.
    """

    remand: Literal[1] = 1
    name: str
    title: str
    place: str
    about: str
    announced: Date
    announced_by: str
    in_force: Date
    until: Date
    apart: Apart | None = None
    model: str | None = None
    base: str | None = None
    data: Data | None = None
    by: Names = ()
    known: tuple[Counted, ...] = ()
    counted: tuple[Counted, ...] = ()
    told: tuple[Told, ...] = Field(min_length=1)
    overlaps: tuple[str, ...] = Field(min_length=1)
    caveats: tuple[str, ...] = ()
    sources_file: str | None = None
    sources: FrozenDict[str, Source] = FrozenDict()


def read_case(name: str | Path) -> tuple[Case, Path]:
    """A case by shipped name or file, and where it stands. InputError with every problem found.

    >>> read_case("california/realignment-2011")[0].announced
    datetime.date(2011, 4, 4)
    """
    document = Document.read(find(name, "replays"))
    plain = document.plain()
    figures = cited_figures(plain.get("sources_file"), document.path.parent)
    try:
        case = Case.model_validate(plain)
    except ValidationError as error:
        raise InputError(
            document.locate(fault.problem) for fault in faults(Case, error, plain)
        ) from None
    problems = [*_incoherent(case), *_uncited(case, {*figures, *case.sources})]
    if problems:
        raise InputError(document.locate(problem) for problem in problems)
    cited = {key: Source(**figures[key]) for key in _keys(case) if key in figures}
    return case.replace(sources={**cited, **case.sources}), document.path


def page(path: Path) -> Path | None:
    """The page beside a case, which says what came of it and why; None if there is none."""
    beside = path.with_suffix(".md")
    return beside if beside.exists() else None


def _keys(case: Case) -> list[str]:
    counted = [key for row in (*case.known, *case.counted) for key in row.source]
    return [*counted, *(case.data.source if case.data else ())]


def _incoherent(case: Case) -> Iterator[Problem]:
    """What does not go together."""

    def wrong(field: str, message: str, fix: str, *rest: str | int) -> Problem:
        return Problem("error", (field, *rest), message, fix=fix)

    if case.model is None and case.data is None:
        yield wrong("data", "there is nothing to forecast from", "add 'data', or a shipped 'model'")
    if case.model is not None and case.data is not None:
        yield wrong("data", "a case has records or a shipped model, not both", "remove one of them")
    if case.model is not None:
        for field in ("known", "counted"):
            if not getattr(case, field):
                yield wrong(field, f"a shipped model needs '{field}'", f"add '{field}'")
    if case.in_force < case.announced:
        yield wrong("in_force", f"in force before it was announced ({case.announced})", "swap them")
    if case.until <= case.in_force:
        yield wrong("until", f"not after it was in force ({case.in_force})", "give a later day")
    names = [one.name for one in case.told]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield wrong("told", f"'{name}' is told twice", "give it another name", i, "name")


def _uncited(case: Case, known: set[str]) -> list[Problem]:
    """Sources that are no key of the file's and hold no address."""
    missing = Problem("error", (), "", fix="add it to 'sources', or write an address")
    rows = {"known": case.known, "counted": case.counted}
    places: list[tuple[Place, str]] = [
        ((name, i, "source"), key)
        for name, counts in rows.items()
        for i, row in enumerate(counts)
        for key in row.source
    ]
    places += [(("data", "source"), key) for key in (case.data.source if case.data else ())]
    return [
        replace(missing, path=place, value=key, message=f"there is no source '{key}'")
        for place, key in places
        if key not in known and "://" not in key
    ]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a case, for editors that complete and check while one types."""
    schema = Case.model_json_schema(by_alias=True)
    lists = {"by": schema, "source": schema["$defs"]["Data"], "later": schema["$defs"]["Data"]}
    for name, holder in lists.items():
        holder["properties"][name] = {"anyOf": [holder["properties"][name], {"type": "string"}]}
    counted = schema["$defs"]["Counted"]["properties"]
    counted["source"] = {"anyOf": [counted["source"], {"type": "string"}]}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "remand replay"
    return schema


def dumps_schema() -> str:
    """The schema as text, as it is shipped."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def schema_path() -> Path:
    """Where the schema stands: beside those of models and platforms."""
    return shipped_schema("model").with_name("replay.schema.json")


if __name__ == "__main__":
    schema_path().write_text(dumps_schema(), encoding="utf-8")
