"""The form of a file of claims: what was said, and how it is worked out from cited figures.

``python -m remand.evidence.claims.form`` writes its JSON Schema where shipped files look for it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from remand.evidence.claims.figures import MOST
from remand.files.schema import shipped_schema
from remand.model.spec import FrozenDict, Names, Spec

Comparison = Literal[
    "is",
    "is about",
    "more than",
    "at least",
    "less than",
    "at most",
    "higher than",
    "lower than",
    "highest of",
    "lowest of",
    "rose",
    "fell",
]
OF_AMOUNTS = ("is", "is about", "more than", "at least", "less than", "at most")
"""Comparisons of an amount with a number."""
OF_TWO = ("higher than", "lower than")
"""Comparisons of one amount with another, by how many times it is as large."""
OF_MANY = ("highest of", "lowest of")
"""Comparisons of one amount with many."""
OVER_TIME = ("rose", "fell")
"""Comparisons of an amount with itself at another time."""

READINGS = {
    **dict.fromkeys(OF_AMOUNTS, ("figure", "ratio", "change", "undetected")),
    **dict.fromkeys(OF_TWO, ("times",)),
    **dict.fromkeys(OF_MANY, ("rank",)),
    **dict.fromkeys(OVER_TIME, ("change",)),
}
"""The arithmetic that can answer each comparison."""

Finite = Annotated[float, Field(ge=-MOST, le=MOST, allow_inf_nan=False)]
Per = Annotated[float, Field(ge=1, le=MOST, allow_inf_nan=False)]

Text = Annotated[
    str, BeforeValidator(lambda v: v if v is None or isinstance(v, dict | list) else str(v))
]
"""Text, which may look like a number or a date (``date: 2017``)."""


class Ratio(Spec):
    """The sum of some figures over the sum of others."""

    of: Annotated[Names, Field(min_length=1)]
    to: Annotated[Names, Field(min_length=1)]


class Change(Spec):
    """From one figure to another: the difference, or with ``relative`` its share of the first."""

    from_: str = Field(alias="from")
    to: str
    relative: bool = False


class Rank(Spec):
    """Where one figure stands among others of the same kind.

    Attributes:
        of, among: that figure, and the others.
        without: places that belong among them and have no figure; said wherever the rank is.
    """

    of: str
    among: Annotated[Names, Field(min_length=1)]
    without: Names = ()


class Part(Spec):
    """One side of a comparison of two: a figure, or a ratio."""

    figure: str | None = None
    ratio: Ratio | None = None

    @model_validator(mode="after")
    def _one(self) -> Part:
        if (self.figure is None) == (self.ratio is None):
            raise ValueError("give one of: figure, ratio")
        return self


class Times(Spec):
    """How many times one amount is another.

    Attributes:
        of, to: the two.
        missing: people who may belong to either: all of them on one side, then on the other, bound
            the answer. Both sides are then ratios.
    """

    of: Part
    to: Part
    missing: Names = ()

    @model_validator(mode="after")
    def _bounded(self) -> Times:
        if self.missing and (self.of.ratio is None or self.to.ratio is None):
            raise ValueError("missing people can bound ratios only. Fix: give of and to as ratios")
        return self


class Reading(Spec):
    """One computation from cited figures, named by their ids in the facts table: one of these.

    Attributes:
        figure: the figure itself.
        ratio, change, rank, times: see there.
        undetected: the effect that a study looked for and could not detect; how large it may be
            cannot be told.
        period: when it holds; by default the figures' own period.
    """

    figure: str | None = None
    ratio: Ratio | None = None
    change: Change | None = None
    rank: Rank | None = None
    times: Times | None = None
    undetected: str | None = None
    period: Text | None = None

    @property
    def way(self) -> str:
        """Which of them it is."""
        return next(way for way in WAYS if getattr(self, way) is not None)

    @model_validator(mode="after")
    def _one(self) -> Reading:
        if sum(getattr(self, way) is not None for way in WAYS) != 1:
            raise ValueError(f"give one of: {', '.join(WAYS)}")
        return self


WAYS = ("figure", "ratio", "change", "rank", "times", "undetected")


class FromFile(Spec):
    """The same from a file that the user has: measures of one place and period.

    Attributes:
        source: the reader that takes the file (``remand sources list``).
        place: the place as the file names it; none where it is about one place.
        year: the year; measures are averaged over what the file has of it.
        of: measures that are added up.
        to: measures that they are divided by; without any, ``of`` is itself per ``per``.
        per: the number of residents (or cases) that ``of`` is a rate for; 1 for counts.
        rounded: the step to which the file rounds it.
    """

    source: str
    place: Text = ""
    year: Annotated[int, Field(ge=1, le=9999)]
    of: Annotated[Names, Field(min_length=1)]
    to: Names = ()
    per: Per = 1
    rounded: Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)] = 0


class Definition(Spec):
    """One way to understand the claim.

    Attributes:
        definition: what is counted, of whom, by whom; in words.
        from_: the same quantity read from one or several years, editions or sources.
        from_file: the same from files that the user may have.
    """

    definition: str
    from_: Annotated[tuple[Reading, ...], Field(alias="from", min_length=1)]
    from_file: tuple[FromFile, ...] = ()


class ModelRun(Spec):
    """What a model of this program says: never what happened.

    Attributes:
        command: how to see it again.
        values: its answer by kind of custody: less jail with more prison or supervision is told
            in one breath.
        unit: what is counted.
        about: when, and against what.
    """

    command: str
    values: Annotated[FrozenDict[str, Finite], Field(min_length=1)]
    unit: str
    about: str


class Beside(Spec):
    """Something a reader should see beside the claim; it is not judged.

    Attributes:
        what: what it is, and why it is not what was claimed.
        from_: a computation, or
        run: a model's answer.
    """

    what: str
    from_: Reading | None = Field(None, alias="from")
    run: ModelRun | None = None

    @model_validator(mode="after")
    def _one(self) -> Beside:
        if (self.from_ is None) == (self.run is None):
            raise ValueError("give one of: from, run")
        return self


class Stated(Spec):
    """The number that was said.

    Attributes:
        value: as it was said; for ``higher than`` how many times, 1 unless said.
        unit: what is counted.
        per, denominator: for a rate: per how many of whom. A share in per cent is per 100; so is a
            relative change, which has no denominator.
        inferred: why this number, where the words held none (“much higher”).
    """

    value: Finite | None = None
    unit: str | None = None
    per: Per = 1
    denominator: str | None = None
    inferred: str | None = None

    @model_validator(mode="after")
    def _rate(self) -> Stated:
        if self.per not in {1, 100} and self.denominator is None:
            raise ValueError(
                f"a rate per {self.per:,.0f} needs its denominator. "
                "Fix: add denominator: residents aged 15–64, or whoever it is"
            )
        return self


class Claim(Spec):
    """Something that somebody said in public.

    Attributes:
        id: short, unique in its file.
        quote: the words, as a source that can be looked up has them, with its ``address``; or
        paraphrase: what was said, where the words are not at hand.
        by, published, address, date: who said it, where, its address, when.
        quantity: what it is about.
        comparison: how it puts it.
        stated: the number it gives.
        computed: how it is worked out: first the definition that the words ask for, then others.
        outside: why no figure here can tell.
        beside: what is shown and not judged.
        note: anything a reader should know.
    """

    id: Text
    quote: str | None = None
    paraphrase: str | None = None
    by: str
    published: str = ""
    address: str = ""
    date: Text
    quantity: str
    comparison: Comparison
    stated: Stated = Stated()
    computed: tuple[Definition, ...] = ()
    outside: str | None = None
    beside: tuple[Beside, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _quoted(self) -> Claim:
        if (self.quote is None) == (self.paraphrase is None):
            raise ValueError("give one of: quote, paraphrase")
        if self.quote is not None and not self.address:
            raise ValueError(
                "a quote needs the address where it stands. Fix: add address, or tell it as "
                "paraphrase"
            )
        if bool(self.computed) == (self.outside is not None):
            raise ValueError("give one of: computed, outside")
        return self


class Claims(Spec):
    """A file of claims.

    Attributes:
        name, title, about: as in a platform.
        sources_file: the table of cited figures.
        claims: in file order.
    """

    remand: Literal[1] = 1
    name: str
    title: str
    about: str = ""
    sources_file: str
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a file of claims, for editors that complete and check."""

    def visit(node: Any) -> Any:
        if isinstance(node, list):
            return [visit(child) for child in node]
        if not isinstance(node, dict):
            return node
        node = {key: visit(child) for key, child in node.items()}
        if node.get("type") == "array" and node.get("items") == {"type": "string"}:
            return {"anyOf": [node, {"type": "string"}]}  # one name for a list of them
        return node

    schema: dict[str, Any] = visit(Claims.model_json_schema(by_alias=True))
    for holder, name in (("Claim", "id"), ("Claim", "date"), ("FromFile", "place")):
        schema["$defs"][holder]["properties"][name]["type"] = ["string", "number"]
    period = schema["$defs"]["Reading"]["properties"]["period"]
    period["anyOf"] = [{"type": ["string", "number"]}, {"type": "null"}]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "remand claims"
    return schema


def dumps_schema() -> str:
    """The schema as text, as it is shipped."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def schema_path() -> Path:
    """Where the schema stands: beside those of models and platforms."""
    return shipped_schema("model").with_name("claims.schema.json")


if __name__ == "__main__":
    schema_path().write_text(dumps_schema(), encoding="utf-8")
