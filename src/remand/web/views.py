"""What each page shows, worked out from a state: contexts for the templates, and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from remand.model.platform import Platform, Scenario
from remand.present.brief import Brief
from remand.present.figures import Figures
from remand.runs.compare import uncertain
from remand.runs.quick import QUICK
from remand.runs.run import Run
from remand.runs.worlds import Worlds
from remand.web.desk import Desk
from remand.web.panel import panel
from remand.web.sketch import picture
from remand.web.state import State

TABS = (
    ("/", "Now"),
    ("/why", "Why"),
    ("/compare", "Compare"),
    ("/assumptions", "Assumptions"),
    ("/check", "Check the model"),
)


@dataclass(frozen=True)
class Stage:
    """How far an answer is.

    Attributes:
        name: ``quick``, ``exact`` or ``drawn``.
        draws: worlds behind it; None while it is quick.
        said: in words.
    """

    name: str
    draws: int | None
    said: str


def stage_of(run: Run) -> Stage:
    """How far a run is."""
    if run.identity == QUICK:
        return Stage("quick", None, "nearly exact; the last digits follow")
    draws = run.meta.get("draws", 0)
    if draws:
        return Stage("drawn", draws, f"{draws} worlds")
    return Stage("exact", 0, run.meta["engine"].partition(":")[0])


class Views:
    """Contexts of all pages, over one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def frame(self, state: State, tab: str) -> dict[str, Any]:
        """What every page has: place, tabs, addresses."""
        places = self.desk.places
        place = self.desk.place(state)
        query = state.query(places)
        return {
            "state": state,
            "place": place,
            "places": list(places),
            "query": query,
            "tab": tab,
            "tabs": [(path, name, _with(path, query)) for path, name in TABS],
            "at": lambda path, **changes: _with(path, state.query(places, **changes)),
        }

    def shell(self, state: State, tab: str) -> dict[str, Any]:
        """A page with its plan at the side, before any answer."""
        place = self.desk.place(state)
        origin = self._origin(state)
        since, until = state.period(place)
        return {
            **self.frame(state, tab),
            "origin": origin.platform if origin else None,
            "groups": panel(origin, None, state) if origin else (),
            "edited": bool(state.levers) or state.text is not None,
            "since": since,
            "until": until,
            "title": place.model.title,
        }

    def answer(self, state: State, run: Run) -> dict[str, Any]:
        """What a run says: the sentence, the chart, the cards, the foot."""
        brief = Brief.of(run)
        stage = stage_of(run)
        shown = state.but(draws=stage.draws or 0)
        return {
            **self.frame(state, "/"),
            "run": run,
            "brief": brief,
            "picture": picture(run, self.desk.place(state).history),
            "stage": stage,
            "shown": shown.query(self.desk.places),
            "links": lambda path: _with(path, shown.query(self.desk.places)),
        }

    def _origin(self, state: State) -> Scenario | None:
        """The plan whose levers are shown: as its file has it, whatever is set."""
        return self.desk.scenario(state.but(levers=()))

    def plan(self, state: State) -> Platform | None:
        """The plan at hand, levers set."""
        own = self.desk.scenario(state)
        return None if own is None else own.platform

    def assumptions(self, state: State) -> list[dict[str, Any]]:
        """Every number that is not known, of the model and the plans, as draws would take it."""
        from remand.files import read_draws  # noqa: PLC0415 - Polars reads a file

        scenarios = self.desk.scenarios(state)
        _, until = state.period(self.desk.place(state))
        worlds = Worlds(scenarios, until, 2, 0, read_draws(scenarios[0].base))
        found: list[dict[str, Any]] = uncertain(worlds)["uncertain"]
        return [{**one, "words": _worded(one["name"])} for one in found]

    def counted(self, run: Run) -> list[dict[str, Any]]:
        """What was counted beside what the model says of the same days, for the base."""
        figures = Figures(run)
        rows = []
        for count in figures.model.counted:
            series = run.series.filter(
                (pl.col("scenario") == figures.base.name)
                & (pl.col("quantity") == "population")
                & (pl.col("kind") == count.kind)
                & pl.all_horizontal(
                    [pl.col(a).is_null() for a in run.meta["by"] if a in run.series.columns]
                    or [pl.lit(value=True)]
                )
            )
            inside = [
                row["mean"]
                for row, window in zip(series.iter_rows(named=True), figures.windows, strict=False)
                if window.start < count.to and count.from_ < window.end and row["mean"] is not None
            ]
            said = sum(inside) / len(inside) if inside else None
            rows.append({
                "kind": count.kind,
                "from": str(count.from_),
                "to": str(count.to),
                "counted": float(count.value),
                "model": said,
                "off": None if said is None else said / float(count.value) - 1,
                "fitted": count.fitted,
                "source": ", ".join(count.source),
            })  # fmt: skip
        return rows


def _worded(name: str) -> str:
    """What an uncertain number is called, read from where it stands.

    >>> _worded("krasner-2017/cash-bail/compliance.value"), _worded("plan/arrests/edits.0.scale")
    ('cash bail: how far it is kept', 'arrests: scale of edit 1')
    """
    *_, owner, path = ("", *name.split("/"))
    owner = owner.replace("-", " ")
    if path.startswith("compliance"):
        return f"{owner}: how far it is kept"
    if path.startswith("edits."):
        _, number, field, *_ = path.split(".")
        return f"{owner}: {field} of edit {int(number) + 1}"
    text = path.removesuffix(".value").replace("_", " ").replace(".", " ")
    return text if owner in {"", "model"} else f"{owner}: {text}"


def _with(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
