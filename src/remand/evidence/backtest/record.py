"""What a forecast carries with it: how well forecasts like it did, and how far ahead."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from remand.errors import InputError
from remand.evidence.panel import Step
from remand.files.forms import faults
from remand.model.spec import Spec

Count = Annotated[int, Field(ge=0)]
Score = Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
Share = Annotated[float, Field(ge=0, le=1)] | None

Sight = Literal["skill", "no skill", "too few to tell", "not tried"]
"""What is known of so many steps ahead: that a forecast was better than the better of two naive
ones; that it could not be told from them; that the origins and series are too few to tell; or that
nobody has tried."""


class Skill(Spec):
    """The record of a backtest, in short.

    Attributes:
        format: of its file.
        skill_until: steps ahead up to which the forecast was worth more than the better of two
            naive ones, beyond doubt (`scores.skill`); 0: nowhere; None: too few to tell.
        horizon: steps ahead that were tried.
        step: how long a step is.
        mase, crps: mean scaled error and CRPS; None where none could be scored.
        naive_mase: MASE of the better of naive and seasonal naive.
        coverage_80, coverage_95: shares of truths inside the bands.
        origins: first and last origin, and how many.
        series: how many.
        file, sha256: what it was tried on.
        made: the day it was.
        remand: the version of the program.
    """

    format: Literal["remand-record-1"] = "remand-record-1"
    skill_until: Count | None
    horizon: Annotated[int, Field(ge=1)]
    step: Step
    mase: Score
    naive_mase: Score
    crps: Score
    coverage_80: Share
    coverage_95: Share
    origins: tuple[str, str, Count]
    series: Count
    file: str
    sha256: str
    made: str
    remand: str

    @model_validator(mode="after")
    def _tried(self) -> Skill:
        if self.skill_until is not None and self.skill_until > self.horizon:
            raise ValueError(f"skill_until {self.skill_until} is beyond horizon {self.horizon}")
        return self

    def at(self, ahead: int) -> Sight:
        """What the record tells of so many steps ahead."""
        if ahead > self.horizon:
            return "not tried"
        if self.skill_until is None:
            return "too few to tell"
        return "skill" if ahead <= self.skill_until else "no skill"

    @property
    def says(self) -> str:
        """In a sentence or two.

        >>> print(Skill(
        ...     skill_until=14, horizon=24, step="month", mase=1.04, naive_mase=1.13, crps=0.8,
        ...     coverage_80=0.81, coverage_95=0.94, origins=("2002-01-01", "2010-01-01", 9),
        ...     series=28, file="jails.csv", sha256="", made="2024-05-01", remand="0.1").says)
        Nearer than the better of two naive forecasts for 14 of 24 months ahead; MASE 1.04 against \
1.13 over 9 origins, 28 series. 80 % bands held 81 %, 95 % bands 94 %.
        """
        unit, naive = f"{self.step}s", "the better of two naive forecasts"
        first = (
            f"Too few origins and series to tell it from {naive}, {self.horizon} {unit} ahead"
            if self.skill_until is None
            else f"Not distinguishable from {naive} at any of {self.horizon} {unit} ahead"
            if self.skill_until == 0
            else f"Nearer than {naive} as far as was tried, {self.horizon} {unit} ahead"
            if self.skill_until >= self.horizon
            else f"Nearer than {naive} for {self.skill_until} of {self.horizon} {unit} ahead"
        )
        if self.mase is None or self.naive_mase is None:
            return f"{first}."
        count = self.origins[2]
        over = f"over {count} origin{'s' * (count != 1)}, {self.series} series"
        bands = (
            f" 80 % bands held {100 * self.coverage_80:.0f} %, "
            f"95 % bands {100 * self.coverage_95:.0f} %."
            if self.coverage_80 is not None and self.coverage_95 is not None
            else ""
        )
        return f"{first}; MASE {self.mase:.2f} against {self.naive_mase:.2f} {over}.{bands}"

    def as_json(self) -> dict[str, Any]:
        """The stable shape of a record's file, and of ``skill`` in ``--json``."""
        return self.model_dump(mode="json")

    def write(self, path: str | Path) -> None:
        """Write it to a JSON file. Raises InputError where that cannot be."""
        try:
            Path(path).write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise InputError.of(
                f"'{path}' cannot be written: {error.strerror}", fix="give another place"
            ) from None


def read_skill(path: str | Path) -> Skill:
    """The record in a file. Raises InputError with every problem found, if it is none."""
    fix = "make one: remand backtest FILE --record RECORD.json"
    try:
        text = Path(path).read_text(encoding="utf-8")
        said = json.loads(text)
    except OSError as error:
        raise InputError.of(f"'{path}' cannot be read: {error.strerror}", fix=fix) from None
    except (ValueError, RecursionError):
        raise InputError.of(f"'{path}' is no JSON", fix=fix) from None
    if not isinstance(said, dict) or said.get("format") != Skill.model_fields["format"].default:
        raise InputError.of(
            "this is no record of a backtest, or one of another version", fix=fix, file=str(path)
        )
    try:
        return Skill.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise InputError(
            replace(found.problem, file=str(path), fix=found.problem.fix or fix)
            for found in faults(Skill, error, said)
        ) from None


def today() -> str:
    """The day it is, as a record tells it."""
    return dt.datetime.now(tz=dt.UTC).date().isoformat()
