"""What a page can be of: models with their plans. Nothing a visitor types is ever a path."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from remand.errors import InputError, did_you_mean
from remand.files import find, read_model, read_scenario, shipped
from remand.model.model import Model
from remand.model.platform import Scenario

TITLE = re.compile(r"^(title|hypothetical):[ \t]*(.+?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Plan:
    """A platform that a page offers.

    Attributes:
        key: its name in addresses.
        name: what the library calls it: a shipped name, or a path.
        path: its file.
        title: as its file has it, unread.
        hypothetical: whether nobody proposed it.
    """

    key: str
    name: str
    path: Path
    title: str
    hypothetical: bool


@dataclass
class Place:
    """A model and its plans, read when first asked for.

    Attributes:
        key: its name in addresses.
        name: what the library calls it: a shipped name, or a path.
        plans: by key, alphabetical by title.
        own: whether it was made from records loaded here, which end with the process.
        told: of such, what was taken in and found, for the page that shows it.
        history: of such, people held by month: its first day, and the mean.
    """

    key: str
    name: str
    plans: dict[str, Plan] = field(default_factory=dict)
    own: bool = False
    told: object = None
    history: tuple[tuple[dt.date, float], ...] = ()
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _scenarios: dict[str, Scenario] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, name: str, platforms: Sequence[str] = ()) -> Place:
        """A place by a model's shipped name or path, with the plans that come with it, or beside.

        Raises InputError if there is no such file.
        """
        path = find(name, "models")
        known = [n for n in shipped("platforms") if n.startswith(f"{name}/")]
        if not known:
            known = [str(p) for p in sorted(path.parent.glob("platforms/*.yaml"))]
        plans = [_plan(n) for n in dict.fromkeys([*known, *platforms])]
        key = name if name in shipped("models") else path.parent.name if (
            path.name == "model.yaml") else path.stem  # fmt: skip
        ordered = sorted(plans, key=lambda p: (p.hypothetical, p.title.casefold()))
        return cls(key or "model", name, {p.key: p for p in ordered})

    @cached_property
    def model(self) -> Model:
        """The model. Raises InputError with every problem found."""
        return read_model(self.name)

    def scenario(self, key: str) -> Scenario:
        """A plan on the model, after the plans it comes after."""
        with self._turn:
            if key not in self._scenarios:
                self._scenarios[key] = read_scenario(self.plan(key).name, self.model)
            return self._scenarios[key]

    def plan(self, key: str) -> Plan:
        """A plan by its key. Raises InputError with a suggestion."""
        if key not in self.plans:
            raise InputError.of(
                f"'{self.key}' has no plan '{key}'", fix=did_you_mean(key, self.plans), value=key
            )
        return self.plans[key]

    @property
    def first(self) -> str | None:
        """The plan a page opens with: the first that somebody proposed and that does something."""
        for key in self.plans:
            if key != "status-quo":
                return key
        return next(iter(self.plans), None)


class Places:
    """The places one process serves: what it was started with, what is shipped, what is loaded."""

    def __init__(self, name: str, platforms: Sequence[str] = ()) -> None:
        first = Place.of(name, platforms)
        self.first = first.key
        self._all = {first.key: first}
        for known in shipped("models"):
            if known not in self._all:
                self._all[known] = Place.of(known)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._all.values())

    def get(self, key: str | None) -> Place:
        """A place by its key; the first without one. Raises InputError with a suggestion."""
        if key is None:
            return self._all[self.first]
        if key not in self._all:
            raise InputError.of(
                f"there is no place '{key}' here", fix=did_you_mean(key, self._all), value=key
            )
        return self._all[key]

    def add(self, place: Place) -> None:
        """One more place, as long as the process lives."""
        self._all[place.key] = place


def _plan(name: str) -> Plan:
    path = find(name, "platforms")
    known = name.rpartition("/")[2] if name in shipped("platforms") else path.stem
    told = dict(TITLE.findall(path.read_text(encoding="utf-8", errors="replace")))
    title = told.get("title", known).strip("'\"")
    return Plan(known, name, path, title, told.get("hypothetical") == "true")
