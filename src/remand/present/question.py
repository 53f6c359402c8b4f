"""What was asked of a run, whole: enough to run it again on another machine.

A question is plain JSON. It holds the model and the platforms as their files say them, tables and
cited figures with them, and the arguments of the run; of a fitted model that was drawn also its
draws, as Parquet. No row of it is of a person.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl
from pydantic import ValidationError

from remand.errors import InputError
from remand.files import read_draws
from remand.fitting.drawn import FitDraws
from remand.model.check import check_model
from remand.model.check_policies import check_platform
from remand.model.effects import Effects
from remand.model.model import Model
from remand.model.platform import Platform, Scenario
from remand.runs.compare import compare_scenarios
from remand.runs.run import Run

SpecT = TypeVar("SpecT", Model, Platform, Effects)

MOST = {"draws": 10_000, "replicates": 10_000, "platforms": 40, "years": 100, "rows": 20_000_000,
        "cells": 2_000_000}  # fmt: skip
"""More than this is not run again for a file that someone sent."""

WORDS = {
    "every": ("day", "week", "month", "year"),
    "bands": ("all", "last", "none"),
    "engine": ("auto", "exact", "sampled"),
    "whole": (True, False),
}
"""What some arguments may be."""

DATE = "$date"
"""How JSON tells a date from a text that looks like one."""


def question(run: Run) -> dict[str, Any]:
    """Everything that `answer` needs to run a run again."""
    scenarios = run.scenarios
    platforms = {p.name: p for scenario in scenarios for p in scenario.chain}
    effects = next((s.effects for s in scenarios if s.effects is not None), None)
    asked = run.meta["asked"]
    return {
        "model": written(scenarios[0].base),
        "platforms": [written(platform) for platform in platforms.values()],
        "scenarios": [[platform.name for platform in s.chain] for s in scenarios],
        "effects": None if effects is None else written(effects),
        "from": run.meta["from"],
        "to": run.meta["to"],
        "every": run.meta["every"],
        "by": run.meta["by"],
        **asked,
        "fit": _packed(scenarios[0].base) if asked["draws"] else None,
    }


@dataclass(frozen=True)
class Asked:
    """A question as it can be run: scenarios and arguments, all checked."""

    scenarios: tuple[Scenario, ...]
    arguments: dict[str, Any]

    def run(self) -> Run:
        """Run it. Raises InputError or Refusal as `remand.compare` does."""
        return compare_scenarios(self.scenarios, **self.arguments)


def asked(told: Any) -> Asked:
    """A question that a file holds. Raises InputError where it is none, or asks for too much."""
    try:
        model = _read(Model, told["model"], _problems)
        platforms = [_read(Platform, p, lambda p: check_platform(p, model))
                     for p in told["platforms"]]  # fmt: skip
        by_name = {p.name: p for p in platforms}
        effects = None if told["effects"] is None else _read(Effects, told["effects"], lambda _: [])
        scenarios = tuple(
            Scenario.of(model, [by_name[name] for name in chain], effects)
            for chain in told["scenarios"]
        )
        since, until = (dt.date.fromisoformat(told[end]) for end in ("from", "to"))
        arguments = {
            "until": until,
            "since": since,
            **{key: told[key] for key in ("every", "whole", "bands", "engine", "replicates",
                                          "draws", "seed")},
            "by": [str(axis) for axis in told["by"]],
            "quantities": [str(quantity) for quantity in told["quantities"]],
        }  # fmt: skip
        for what, known in WORDS.items():
            if told[what] not in known:
                raise InputError.of(f"the file asks for a '{what}' that there is not")
        years = until.year - model.clock.start.year
        sizes = {"draws": told["draws"], "replicates": told["replicates"],
                 "platforms": len(platforms) + len(scenarios), "years": years}  # fmt: skip
        for what, size in sizes.items():
            if not isinstance(size, int) or not 0 <= size <= MOST[what]:
                raise InputError.of(
                    f"the file asks for {size!s:.20} {what}, and at most {MOST[what]:,} are run",
                    fix="run it by hand: remand compare",
                )
        fit = _unpacked(told["fit"], model) if told["fit"] is not None else None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError.of(
            f"what the file holds is no question that can be run ({type(error).__name__}: "
            f"{str(error)[:80]})",
            fix="write the report once more: remand report",
        ) from None
    if not scenarios:
        raise InputError.of("the file compares nothing", fix="write the report once more")
    return Asked(scenarios, {**arguments, "fit": fit})


def written(spec: Model | Platform | Effects) -> Any:
    """A model, platform or effects as JSON can hold them.

    Defaults stay in: a number that is not known equals a default that its point happens to be.
    """
    return _dated(spec.model_dump(by_alias=True, exclude_none=True))


def _dated(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _dated(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_dated(value) for value in node]
    return {DATE: str(node)} if isinstance(node, dt.date) else node


def _undated(node: Any) -> Any:
    if isinstance(node, dict):
        if set(node) == {DATE}:
            return dt.date.fromisoformat(node[DATE])
        return {key: _undated(value) for key, value in node.items()}
    return [_undated(value) for value in node] if isinstance(node, list) else node


def _read(cls: type[SpecT], told: Any, check: Callable[[SpecT], list[Any]]) -> SpecT:
    try:
        spec = cls.model_validate(_undated(told))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError.of(
            f"the file holds no {cls.__name__.lower()}: {first['msg']}", value=place[:80],
            fix="write the report once more: remand report",
        ) from None  # fmt: skip
    if problems := [p for p in check(spec) if p.severity == "error"]:
        raise InputError(problems)
    return spec


def _problems(model: Model) -> list[Any]:
    """What is wrong with a model, once it is known to be of a size that can be looked at."""
    cells = math.prod(len(levels) for levels in model.strata_axes.values()) * len(model.states)
    if cells > MOST["cells"]:
        raise InputError.of(f"the file's model has {cells:,} strata and states, which are too many")
    return list(check_model(model))


def _packed(model: Model) -> str | None:
    """The draws of a fitted model, as they lie beside it."""
    fit = read_draws(model) if model.draws_file and model.folder else None
    if fit is None or model.folder is None or model.draws_file is None:
        return None
    frame = pl.read_parquet(f"{model.folder}/{model.draws_file}")
    packed = io.BytesIO()
    frame.write_parquet(packed, compression="zstd", compression_level=12)
    return base64.b64encode(packed.getvalue()).decode()


def _unpacked(packed: str, model: Model) -> FitDraws:
    """Draws that a file holds. Raises InputError where they are none."""
    try:
        raw = base64.b64decode(packed, validate=True)
        lazy = pl.scan_parquet(io.BytesIO(raw))
        rows = lazy.select(pl.len()).collect().item()
        if rows * len(lazy.collect_schema()) > MOST["rows"]:
            raise InputError.of(f"the file holds {rows:,} rows of draws, which are too many")
        return FitDraws.of(model, lazy.collect())
    except (binascii.Error, pl.exceptions.PolarsError, OSError):
        raise InputError.of(
            "the draws in the file cannot be read", fix="write the report once more"
        ) from None
