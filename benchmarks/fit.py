"""Time fitting New York City's jails: `REMAND_DATA=FOLDER python benchmarks/fit.py`.

The whole of it, by race × charge group × status with 200 draws, from the work file to the written
folder, and the path it gives against the census it was fitted to. Exit code 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import Line, alternate, barred, machine, show

import remand as rm
from remand.model.states import KINDS
from remand.records.intake.columns import Corrections
from remand.records.work import read

GROUPS = {"120.*": "assault", "155.*": "larceny", "160.*": "robbery", "220.*": "drugs",
          "265.*": "weapons", "125.*": "homicide", "140.*": "burglary", "215.*": "contempt",
          "*": "other"}  # fmt: skip
AS_OF, BEGIN = dt.date(2019, 1, 1), dt.date(2017, 1, 1)
BAR, OFF = 30.0, 0.02
"""Seconds a fit may take, and how far from the census its path may be on average."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Time the fit of New York City's jails.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each row (default 3)")
    runs = parser.parse_args().runs
    data = os.environ.get("REMAND_DATA")
    if not data:
        sys.exit("REMAND_DATA is not set: it names the folder of real data")
    print(machine(runs))
    with tempfile.TemporaryDirectory() as folder:
        lines = list(rows(Path(data), Path(folder), runs))
    show(lines)
    raise SystemExit(any(line.met is False for line in lines))


def rows(data: Path, folder: Path, runs: int) -> list[Line]:
    """Every row of the table."""
    work = folder / "nyc.duckdb"
    rm.ingest(data / "nyc_custody_spells.parquet", work,
              mapping=Corrections(values={"charge": GROUPS}))  # fmt: skip
    (times,) = alternate(
        [lambda: rm.fit(work, folder / "model", by=["race", "charge"], draws=200, replace=True)],
        runs,
    )
    whole = barred("fit of 193,402 stays, race × charge × status, 200 draws", times, BAR, np.nan)
    found = rm.fit(work, by=["race"], as_of=AS_OF, start=BEGIN, draws=0)
    path = rm.solve(found.model, AS_OF)
    held = path.census[:, path.kernel.kind == KINDS.index("jail")].sum(axis=(0, 1))
    off = np.abs(held / census(work)[(BEGIN - read(work).since).days :][: len(held)] - 1).mean()
    close = Line("path of 2017–2018, by race, off the census", f"{off:.1%} on average",
                 bar=f"< {OFF:.0%}", met=bool(off < OFF))  # fmt: skip
    return [whole, close]


def census(work: Path) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """People inside on each day of the records."""
    records = read(work)
    seen, out = (
        records.stays[c].fill_null(records.days).to_numpy() for c in ("day_seen", "day_out")
    )
    counts = [np.bincount(x, minlength=records.days + 1) for x in (seen, out)]
    return np.cumsum(counts[0] - counts[1])[: records.days]


if __name__ == "__main__":
    main()
