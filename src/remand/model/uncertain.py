"""Numbers as a file may write them: known, or a law that says how well they are known.

A number that is not known is written where the number would stand::

    share: {value: {low: 0.36, high: 0.45, inferred: two of three sources}}
    scale: {law: lognormal, median: 1, factor: 1.1, together: stays, source: F0515}

Everything that needs one number takes its *point*; `places_of` finds such numbers in a model or
platform, and `resolved` puts other values in their places. A range that someone chose is an
*assumption range*; a law with a source of its own is an *interval*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from remand.errors import Path
from remand.model.spec import FrozenDict, Sourced

Floats = NDArray[np.float64]

EDGE = 0.001
"""Ranks of laws without bounds are kept this far from 0 and 1; a file's bounds must hold there."""

FIELDS = {
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "sd"),
    "beta": ("mean", "sd"),
    "lognormal": ("median", "factor"),
}
"""The laws of a number, and what each is given by."""
NUMBERS = ("low", "high", "mode", "mean", "sd", "median", "factor")


Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Uncertainty(Sourced):
    """How well a number is known.

    Attributes:
        law: ``uniform`` (any value from low to high, equally likely), ``triangular``, ``normal``,
            ``beta`` (of a share) or ``lognormal`` (two in three lie between median / factor and
            median × factor).
        low, high, mode, mean, sd, median, factor: what the law is given by.
        point: the value where one is needed; by default the law's mean, or a lognormal's median.
        together: a name; all numbers of that name take the same rank, so they rise and fall as one.
        falls: this one falls where the others of its name rise: it takes 1 minus their rank.

    >>> more = Uncertainty(law="lognormal", median=1, factor=1.2, together="admissions")
    >>> shorter = more.replace(falls=True)
    >>> ranks = np.array([0.1, 0.5, 0.8])
    >>> bool(np.allclose(more.quantile(ranks) * shorter.quantile(ranks), 1))
    True
    """

    law: Literal["uniform", "triangular", "normal", "beta", "lognormal"] = "uniform"
    low: Real | None = None
    high: Real | None = None
    mode: Real | None = None
    mean: Real | None = None
    sd: Annotated[Real | None, Field(gt=0)] = None
    median: Annotated[Real | None, Field(gt=0)] = None
    factor: Annotated[Real | None, Field(gt=1)] = None
    point: Real | None = None
    together: str | None = None
    falls: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = tuple(name for name in NUMBERS if getattr(self, name) is not None)
        if set(given) != set(FIELDS[self.law]):
            raise ValueError(
                f"a {self.law} law is given by {' and '.join(FIELDS[self.law])} "
                f"(here: {' and '.join(given) or 'nothing'})"
            )
        if self.falls and self.together is None:
            raise ValueError("'falls' needs 'together': it says against which numbers")
        rising = [v for v in (self.low, self.mode, self.high) if v is not None]
        if rising != sorted(rising) or (rising and rising[0] == rising[-1]):
            raise ValueError("a range needs 'low' below 'high', and 'mode' between them")
        if rising and self.point is not None and not rising[0] <= self.point <= rising[-1]:
            raise ValueError("'point' must lie between 'low' and 'high'")
        if self.law == "beta" and not 0 < self._mean_sd[0] * (1 - self._mean_sd[0]) > (
            self._mean_sd[1] ** 2
        ):
            raise ValueError(
                "a beta law needs a mean between 0 and 1 and sd² below mean (1 − mean)"
            )
        return self

    @property
    def _mean_sd(self) -> tuple[float, float]:
        return self.mean or 0.0, self.sd or 0.0

    @property
    def assumed(self) -> bool:
        """Whether someone chose this (an assumption range), or it was computed (an interval)."""
        return self.law in {"uniform", "triangular"} or not self.source

    @property
    def central(self) -> float:
        """The value where one is needed."""
        if self.point is not None:
            return self.point
        if self.law == "lognormal":
            return self.median or 0.0
        if self.mean is not None:
            return self.mean
        ends = [v for v in (self.low, self.mode, self.high) if v is not None]
        return sum(ends) / len(ends)

    def quantile(self, rank: Floats) -> Floats:
        """The value at each rank (0–1), elementwise: the inverse of the distribution function.

        Of a law that ``falls``, that of 1 − rank.
        """
        from scipy.special import betaincinv, ndtri  # noqa: PLC0415 - slow to import

        rank = 1.0 - rank if self.falls else rank
        if self.law == "uniform":
            low, high = self.low or 0.0, self.high or 0.0
            return low + (high - low) * rank
        if self.law == "triangular":
            low, mode, high = self.low or 0.0, self.mode or 0.0, self.high or 0.0
            width = high - low
            rising = low + np.sqrt(rank * width * (mode - low))
            falling = high - np.sqrt((1 - rank) * width * (high - mode))
            return np.where(rank * width < mode - low, rising, falling)
        inner = np.clip(rank, EDGE, 1 - EDGE)
        mean, sd = self._mean_sd
        if self.law == "normal":
            return np.asarray(mean + sd * ndtri(inner))
        if self.law == "lognormal":
            return np.asarray(
                (self.median or 0.0) * np.exp(np.log(self.factor or 1) * ndtri(inner))
            )
        size = mean * (1 - mean) / sd**2 - 1
        return np.asarray(betaincinv(mean * size, (1 - mean) * size, inner))

    def between(self, share: float = 0.9) -> tuple[float, float]:
        """The ends of the law: all of an assumed range, the middle ``share`` of any other."""
        tail = 0.0 if self.law in {"uniform", "triangular"} else (1 - share) / 2
        low, high = sorted(self.quantile(np.array([tail, 1 - tail])).tolist())
        return low, high


class Uncertain(float):
    """A number that is not known. It counts as its point wherever one number is needed.

    >>> share = Uncertain(Uncertainty(low=0.3, high=0.5))
    >>> share + 0, [float(x) for x in share.law.between()]
    (0.4, [0.3, 0.5])
    """

    law: Uncertainty

    def __new__(cls, law: Uncertainty) -> Self:
        """A number of this law, at its point."""
        number = super().__new__(cls, law.central)
        number.law = law
        return number

    def __reduce__(self) -> tuple[type[Self], tuple[Uncertainty]]:
        return type(self), (self.law,)


class _MayBeUncertain:
    """Lets a mapping stand for a number; the number's own bounds hold at the ends of its law."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, plain: Any) -> Any:
            if not isinstance(value, Mapping | Uncertain):
                return plain(value)
            number = value if isinstance(value, Uncertain) else Uncertain(_law(value))
            for end in (*number.law.between(1 - 2 * EDGE), float(number)):
                plain(float(end))
            return number

        def told(value: Any, plain: Any) -> Any:
            return value.law.as_document() if isinstance(value, Uncertain) else plain(value)

        return core_schema.no_info_wrap_validator_function(
            read,
            handler(source),
            serialization=core_schema.wrap_serializer_function_ser_schema(told),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema["schema"]), {"title": Uncertainty.__name__}]}


def _law(value: Mapping[str, Any]) -> Uncertainty:
    try:
        return Uncertainty.model_validate(value)
    except ValidationError as wrong:
        said = "; ".join(dict.fromkeys(_told(fault) for fault in wrong.errors()))
        raise ValueError(f"{said}. Fix: write a number, or {{low: 0.3, high: 0.5}}") from None


def _told(fault: ErrorDetails) -> str:
    """What is wrong with a law, in plain words."""
    name = fault["loc"][0] if fault["loc"] else ""
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    if fault["type"] == "extra_forbidden":
        return f"'{name}' says nothing of how well a number is known"
    if name == "law":
        return f"a number has no law '{fault['input']}': {', '.join(FIELDS)}"
    bound = {"greater_than": "above {gt:g}"}.get(fault["type"], "")
    what = (
        f"a number {bound.format(**fault.get('ctx', {}))}".strip()
        if name in {*NUMBERS, "point"}
        else "text"
    )
    return f"'{name}' should be {what}"


Number = Annotated[Real, _MayBeUncertain]
Share = Annotated[Real, Field(ge=0, le=1), _MayBeUncertain]
Positive = Annotated[Real, Field(gt=0), _MayBeUncertain]
NotNegative = Annotated[Real, Field(ge=0), _MayBeUncertain]


# -- finding them, and putting values in their places ---------------------------------------

PartT = TypeVar("PartT")


@dataclass(frozen=True)
class Place:
    """Where an uncertain number stands.

    Attributes:
        path: attributes, keys and positions that lead to it.
        law: how well it is known.
    """

    path: Path
    law: Uncertainty


def places_of(node: object, path: Path = ()) -> Iterator[Place]:
    """Every uncertain number in a model, a platform or a part of one, in file order.

    A part may say by ``uncertain()`` which of its numbers are (`Compliance` does).
    """
    if isinstance(node, Uncertain):
        yield Place(path, node.law)
    elif isinstance(node, BaseModel):
        for name, law in getattr(node, "uncertain", dict)().items():
            yield Place((*path, name), law)
        for name in type(node).model_fields:
            if name in node.model_fields_set:
                yield from places_of(getattr(node, name), (*path, name))
    elif isinstance(node, Mapping):
        for key, child in node.items():
            yield from places_of(child, (*path, key))
    elif isinstance(node, tuple):
        for position, child in enumerate(node):
            yield from places_of(child, (*path, position))


def parts_of(node: object) -> Iterator[BaseModel]:
    """Every block of a model, a platform or a part of one, itself first, in file order."""
    if isinstance(node, BaseModel):
        yield node
        for name in type(node).model_fields:
            if name in node.model_fields_set:
                yield from parts_of(getattr(node, name))
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from parts_of(child)
    elif isinstance(node, tuple):
        for child in node:
            yield from parts_of(child)


def resolved(node: PartT, values: Mapping[Path, object]) -> PartT:
    """A copy with other values at some places; everything else is shared, nothing is changed."""
    if not values:
        return node
    tree: dict[Any, Any] = {}
    for path, value in values.items():
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = value
    return _with(node, tree)  # type: ignore[no-any-return]


def _with(node: Any, tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if isinstance(node, BaseModel):
        changed = {name: _with(getattr(node, name), part) for name, part in tree.items()}
        return node.model_copy(update=changed)
    if isinstance(node, FrozenDict):
        return FrozenDict({**node, **{key: _with(node[key], part) for key, part in tree.items()}})
    parts = list(node)
    for position, part in tree.items():
        parts[position] = _with(parts[position], part)
    return tuple(parts)


def numbers_without_source(
    spec: object, path: Path = (), *, grounded: bool = False
) -> Iterator[tuple[Path, float]]:
    """Walk a spec and yield every number that nothing around it grounds."""
    if isinstance(spec, Sourced):
        grounded = grounded or spec.grounded
    if isinstance(spec, Uncertain):
        grounded = grounded or spec.law.grounded
    if isinstance(spec, BaseModel):
        for name, field in type(spec).model_fields.items():
            if name in spec.model_fields_set and not (field.exclude or name == "remand"):
                child = getattr(spec, name)
                yield from numbers_without_source(
                    child, (*path, field.alias or name), grounded=grounded
                )
    elif isinstance(spec, Mapping):
        for key, child in spec.items():
            yield from numbers_without_source(child, (*path, key), grounded=grounded)
    elif isinstance(spec, list | tuple):
        for position, child in enumerate(spec):
            yield from numbers_without_source(child, (*path, position), grounded=grounded)
    elif isinstance(spec, int | float) and not isinstance(spec, bool) and not grounded:
        yield path, float(spec)
