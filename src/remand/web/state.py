"""All that an address says, read as strictly as any other input, and written again."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import quote, urlencode

from remand.errors import InputError, did_you_mean
from remand.web.places import Place, Places

KEYS = ("place", "plan", "set", "text", "from", "to", "with", "draws")
"""What an address may hold. ``set`` and ``with`` may stand several times."""

LONGEST = 200_000
"""Bytes of a plan written on the page."""

DRAWS = (0, 20, 200)
"""Worlds that a page draws, one after the other."""

SEED = 7
"""Which worlds: the same on every page."""

YEARS = 6
"""From the model's start to the end of figures, where nothing else is asked: as `compare` does."""


@dataclass(frozen=True)
class State:
    """What a page shows.

    Attributes:
        place: which model, by key.
        plan: the plan at hand, by key; None of a place without any.
        levers: what is set by hand, by lever, in order of their names.
        text: a plan written on the page, in YAML, in place of the plan's own file.
        since, until: the period of figures, half-open.
        beside: other plans, for views that set several side by side.
        draws: how many worlds its figures are drawn from; None: as many as there is time for.
    """

    place: str
    plan: str | None
    levers: tuple[tuple[str, float], ...] = ()
    text: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    beside: tuple[str, ...] = ()
    draws: int | None = None

    @classmethod
    def read(cls, items: Iterable[tuple[str, str]], places: Places) -> Self:
        """The state of an address. Raises InputError for anything it cannot mean."""
        given: dict[str, list[str]] = {}
        for key, value in items:
            if key not in KEYS:
                raise InputError.of(
                    f"the address says '{key}', which means nothing here",
                    fix=did_you_mean(key, KEYS),
                )
            if value:
                given.setdefault(key, []).append(value)
        for key, values in given.items():
            if len(values) > 1 and key not in {"set", "with"}:
                raise InputError.of(f"the address says '{key}' twice", fix="keep one of the two")
        one = {key: values[0] for key, values in given.items()}
        place = places.get(one.get("place"))
        plan = one.get("plan", place.first)
        if plan is not None:
            place.plan(plan)
        for other in given.get("with", []):
            place.plan(other)
        return cls(
            place=place.key,
            plan=plan,
            levers=tuple(sorted(dict(map(_lever, given.get("set", []))).items())),
            text=unpacked(one["text"]) if "text" in one else None,
            since=_day("from", one.get("from")),
            until=_day("to", one.get("to")),
            beside=tuple(dict.fromkeys(given.get("with", []))),
            draws=_draws(one.get("draws")),
        )

    def but(self, **changes: Any) -> State:
        """The same with some parts changed."""
        return replace(self, **changes)

    def query(self, places: Places, **changes: Any) -> str:
        """The address of this state, or of one like it, after the question mark."""
        state = self.but(**changes) if changes else self
        place = places.get(state.place)
        items: list[tuple[str, str]] = []
        if state.place != places.first:
            items.append(("place", state.place))
        if state.plan is not None and state.plan != place.first:
            items.append(("plan", state.plan))
        items += [("set", f"{key}:{value!r}".removesuffix(".0")) for key, value in state.levers]
        items += [("with", name) for name in state.beside]
        for key, day in (("from", state.since), ("to", state.until)):
            if day is not None:
                items.append((key, str(day)))
        if state.draws is not None:
            items.append(("draws", str(state.draws)))
        if state.text is not None:
            items.append(("text", packed(state.text)))
        return urlencode(items, safe=":", quote_via=quote)

    def period(self, place: Place) -> tuple[dt.date, dt.date]:
        """The first day of figures, and the day after the last."""
        start = place.model.clock.start
        leap = (start.month, start.day) == (2, 29)
        last = start.replace(year=start.year + YEARS, **({"month": 3, "day": 1} if leap else {}))
        return self.since or start, self.until or last


def packed(text: str) -> str:
    """A text as it can stand in an address.

    >>> unpacked(packed("name: a plan"))
    'name: a plan'
    """
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpacked(value: str) -> str:
    """The text again. Raises InputError if it is none, or unfolds into too much."""
    wrong = InputError.of("the plan in this address is damaged", fix="write it again", value=None)
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        text = inflate.decompress(raw, LONGEST)
        if inflate.unconsumed_tail:
            raise wrong
        return text.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError, ValueError):
        raise wrong from None


def _lever(value: str) -> tuple[str, float]:
    key, _, number = value.rpartition(":")
    try:
        found = float(number)
    except ValueError:
        found = math.nan
    if not key or not math.isfinite(found):
        raise InputError.of(f"'set={value}' sets no lever", fix="write set=cash-bail:0.4")
    return key, found


def _day(key: str, value: str | None) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise InputError.of(f"'{key}={value}' is no date", fix=f"write {key}=2019-12-31") from None


def _draws(value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isdecimal() or int(value) not in DRAWS:
        raise InputError.of(f"'draws={value}'", fix=f"use one of: {', '.join(map(str, DRAWS))}")
    return int(value)
