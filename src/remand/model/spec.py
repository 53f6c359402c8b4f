"""The ground every part of a model or platform file stands on: frozen, strict, sourced.

A number is written with where it comes from::

    share: {value: 0.41, source: F0515}
    share: {value: 0.30, inferred: "set so that the bail classes add up to F0515"}

A value that differs by stratum or by date is a list of such rows; `Row` says which rows apply.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict that cannot be changed and can be hashed.

    >>> FrozenDict(a=1)["a"]
    1
    >>> FrozenDict(a=1)["a"] = 2
    Traceback (most recent call last):
    TypeError: this mapping is frozen: edits return a new model
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this mapping is frozen: edits return a new model")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[Self], tuple[dict[K, V]]]:
        return type(self), (dict(self),)

    def __deepcopy__(self, _: object) -> Self:
        return self

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        args = getattr(source, "__args__", (Any, Any))
        plain = handler.generate_schema(dict[args])  # type: ignore[misc, valid-type]
        return core_schema.no_info_after_validator_function(cls, plain)


Date = Annotated[dt.date, Field(strict=True)]


def _as_tuple(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


def _texts(value: Any) -> Any:
    """Levels may be written as numbers or ``true``; they are names all the same."""
    return [str(item) for item in value] if isinstance(value, list | tuple) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_texts), BeforeValidator(_as_tuple)]
"""One name or a list of them."""

Where = FrozenDict[str, Names]
"""Which strata: for each axis named, one level or a list of levels."""


class Spec(BaseModel):
    """A frozen piece of a file. Unknown keys are errors; `replace` returns a checked copy."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def replace(self, **changes: Any) -> Self:
        """A new object with some fields changed, validated again."""
        fields = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self).model_validate({**fields, **changes})

    def as_document(self) -> dict[str, Any]:
        """Plain values as they would be written in a file, defaults left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class Sourced(Spec):
    """Something that must say where its numbers come from, itself or in a block around it.

    Attributes:
        source: keys of the file's ``sources``, or texts that hold an address.
        inferred: why this number was chosen where no source measures it.
        note: anything a reader should know.
    """

    source: Names = ()
    inferred: str | None = None
    note: str | None = None

    @property
    def grounded(self) -> bool:
        """Whether this block itself says where its numbers come from."""
        return bool(self.source) or self.inferred is not None


class Row(Sourced):
    """One row of a value that may differ by stratum and by date.

    Attributes:
        where: the strata it covers; empty means all of them.
        from_: the first date on which it holds (written ``from``); absent means always.

    The row naming more axes wins; among rows with the same ``where``, the latest ``from`` not
    after the date. Two equally specific rows for one stratum are an error.
    """

    where: Where = FrozenDict()
    from_: Date | None = Field(None, alias="from")


RowT = TypeVar("RowT", bound=Row)


def as_rows(value: Any) -> Any:
    """Let a lone number or a lone mapping stand for a list of one row.

    >>> as_rows(0.4)
    [{'value': 0.4}]
    """
    if isinstance(value, list | tuple):
        return value
    return [value] if isinstance(value, Mapping | Row) else [{"value": value}]
