"""What a forecast carries with it: how well forecasts like it did, and how far ahead."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from remand.errors import InputError
from remand.evidence.panel import SEASON, Step

FORMAT = "remand-record-1"


@dataclass(frozen=True)
class Skill:
    """The record of a backtest, in short.

    Attributes:
        skill_until: steps ahead up to which the forecast was worth more than a naive one; 0: never.
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

    skill_until: int
    horizon: int
    step: Step
    mase: float | None
    naive_mase: float | None
    crps: float | None
    coverage_80: float | None
    coverage_95: float | None
    origins: tuple[str, str, int]
    series: int
    file: str
    sha256: str
    made: str
    remand: str

    @property
    def says(self) -> str:
        """In a sentence or two.

        >>> Skill(14, 24, "month", 1.04, 1.13, 0.8, 0.81, 0.94, ("2002-01-01", "2010-01-01", 9),
        ...       28, "jails.csv", "", "2024-05-01", "0.1").says
        'Better than naive for 14 of 24 months ahead; MASE 1.04 against 1.13 over 9 origins, 28 \
series. 80 % bands held 81 %, 95 % bands 94 %.'
        """
        unit = f"{self.step}s"
        first = (
            f"No better than naive at any of {self.horizon} {unit} ahead" if self.skill_until == 0
            else f"Better than naive as far as was tried, {self.horizon} {unit} ahead"
            if self.skill_until >= self.horizon
            else f"Better than naive for {self.skill_until} of {self.horizon} {unit} ahead"
        )  # fmt: skip
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
        return {"format": FORMAT, **asdict(self), "origins": list(self.origins)}

    def write(self, path: str | Path) -> None:
        """Write it to a JSON file. Raises InputError where that cannot be."""
        try:
            Path(path).write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise InputError.of(
                f"'{path}' cannot be written: {error.strerror}", fix="give another place"
            ) from None


def read_skill(path: str | Path) -> Skill:
    """The record in a file. Raises InputError if it is none."""
    fix = "make one: remand backtest FILE --record RECORD.json"
    try:
        said = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.of(f"'{path}' cannot be read: {error.strerror}", fix=fix) from None
    except ValueError:
        raise InputError.of(f"'{path}' is no JSON", fix=fix) from None
    names = {one.name for one in fields(Skill)}
    if not isinstance(said, dict) or said.get("format") != FORMAT or not names <= said.keys():
        raise InputError.of(
            "this is no record of a backtest, or one of another version", fix=fix, file=str(path)
        )
    until, horizon = said["skill_until"], said["horizon"]
    whole = isinstance(until, int) and isinstance(horizon, int)
    if not whole or not 0 <= until <= horizon or said["step"] not in SEASON:
        raise InputError.of(
            f"its skill_until ({until!r}) must be from 0 to its horizon ({horizon!r}), and its "
            f"step ({said['step']!r}) day, week or month",
            fix=fix,
            file=str(path),
        )
    return Skill(**{name: said[name] for name in names} | {"origins": tuple(said["origins"])})


def today() -> str:
    """The day it is, as a record tells it."""
    return dt.datetime.now(tz=dt.UTC).date().isoformat()
