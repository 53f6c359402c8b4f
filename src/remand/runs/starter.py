"""A starter from what is at hand: figures typed in, those of a measurement, or of a work file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remand.errors import InputError
from remand.fitting.document import Folder
from remand.fitting.glance import Glance, glance
from remand.fitting.published import YEAR, Published, year_before
from remand.fitting.starter import starter
from remand.model.model import Model
from remand.runs.measure import measure
from remand.runs.measurement import Wanted

RACE = "race"


@dataclass(frozen=True)
class Starter:
    """A first model, what it was made from, and how it looks.

    Attributes:
        given: the published figures.
        folder: the model as it is written.
        glance: who is held, people against beds, whether it adds up.
    """

    given: Published
    folder: Folder
    glance: Glance

    @property
    def model(self) -> Model:
        """The model itself."""
        return self.folder.model

    @property
    def limits(self) -> tuple[str, ...]:
        """What the figures cannot support, a sentence each."""
        return self.folder.limits

    def as_json(self) -> dict[str, Any]:
        """``{title, start, …glance, ranges: [row], doubts: [text], limits: [text]}``."""
        return {
            "title": self.given.title,
            "start": str(self.model.clock.start),
            **self.glance.as_json(),
            "ranges": self.folder.parameters.to_dicts(),
            "doubts": list(self.folder.trials),
            "limits": list(self.limits),
        }


def first_model(figures: Mapping[str, Any], source: str | Path | None = None) -> Starter:
    """A starter from figures (fields of `Published`), and from a file for those not given.

    Raises InputError if a figure is missing, if they contradict each other, or if the file holds
    none.
    """
    told = {} if source is None else published_in(source)
    told |= {name: value for name, value in figures.items() if value not in (None, {})}
    for name in ("adp", "admissions"):
        if name not in told:
            raise InputError.of(
                f"--{name} is missing, and a starter needs both people held and people admitted",
                fix="remand starter --adp 212 --admissions 4100",
            )
    told.setdefault("as_of", dt.date.today().replace(month=1, day=1))  # noqa: DTZ011 - a date
    given = Published(**told).checked()
    found = starter(given)
    return Starter(given, found, glance(given, found))


def published_in(source: str | Path) -> dict[str, Any]:
    """The figures of a measurement written as JSON, or of the last year of a work file."""
    path = Path(source)
    try:
        if path.suffix == ".json":
            return _figures(json.loads(path.read_text(encoding="utf-8")), str(source))
    except OSError as error:
        raise InputError.of(
            f"'{source}' cannot be read: {error.strerror or error}",
            fix="give a file that remand measure --json wrote, or a work file",
        ) from None
    except ValueError:
        raise InputError.of(
            f"'{source}' is not JSON", fix="write it with remand measure WORK --json"
        ) from None
    whole = measure(source, Wanted(draws=0)).as_json()["measure"]
    first, until = (dt.date.fromisoformat(whole[end]) for end in ("from", "to"))
    since = max(first, year_before(until))
    return _figures(measure(source, Wanted(since, until, draws=0)).as_json(), str(source))


def _figures(found: Any, source: str) -> dict[str, Any]:
    """The figures of a measurement in its JSON shape, over one period."""
    about = found.get("measure") if isinstance(found, dict) else None
    if not isinstance(about, dict) or not isinstance(found.get("figures"), list):
        raise InputError.of(
            f"'{source}' is no measurement of remand",
            fix="write it with remand measure WORK --json",
        )
    if about.get("every"):
        raise InputError.of(
            f"'{source}' is measured by the {about['every']}, and a starter needs one period",
            fix="measure a year without --every",
        )
    places = {row["place"] for row in found["figures"] if row.get("place")}
    if len(places) > 1:
        raise InputError.of(
            f"'{source}' holds figures of {len(places)} places, and a model is of one",
            fix="measure one: remand measure WORK --place NAME --json",
        )
    until = dt.date.fromisoformat(about["to"])
    since = dt.date.fromisoformat(about["from"])
    days = (until - since).days
    by = about.get("by") or []
    rows = {
        (row["quantity"], *(row.get(axis) for axis in by)): row.get("mean")
        for row in found["figures"]
    }
    everyone = [None] * len(by)
    adp = rows.get(("population", *everyone))
    admitted, monthly = (
        rows.get((name, *everyone)) for name in ("admissions", "admissions_a_month")
    )
    if (admitted is None and monthly is None) or adp is None:
        raise InputError.of(
            f"'{source}' does not tell both people held and people admitted",
            fix="give what is missing with --adp and --admissions, without --from",
        )
    yearly = admitted * YEAR / days if admitted is not None else (monthly or 0.0) * 12
    told: dict[str, Any] = {"adp": adp, "admissions": yearly, "as_of": until, "since": since}
    told["synthetic"] = bool(about.get("synthetic"))
    files = [f"{file['file']} sha256:{file['sha256']}" for file in about.get("sources") or ()]
    if files:
        told["source"] = "; ".join(files)
    if about.get("counts") in {"in-facility", "jurisdiction"}:
        told["counts"] = about["counts"]
    held = {key[1]: mean for key, mean in rows.items()
            if by == [RACE] and key[0] == "population" and key[1] is not None}  # fmt: skip
    if held and adp and all(mean is not None for mean in held.values()):
        told["by_race"] = {race: mean / adp for race, mean in held.items()}
    if places:
        told["title"] = places.pop()
    return told
