"""How often the next year lies in the bands of a fit: `python benchmarks/calibration.py`.

Made-up counties whose numbers each differ: four years of people are drawn by chance, records begin
with the second, a model is fitted to two years of them, and its bands of the fourth are held
against what the records of that year measure. The fit knows nothing past its own day. Admissions
of some counties wander by themselves as the fit supposes, those of others hold steady.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import remand as rm
from remand.fitting.drift import DAILY
from remand.fitting.synth import write
from remand.model.model import Model

BEGIN, SINCE, AS_OF, UNTIL = (dt.date(year, 1, 1) for year in (2014, 2015, 2017, 2018))
WHAT = ("population", "admissions")
BANDS = {"80 %": ("q10", "q90"), "95 %": ("q025", "q975")}


def main() -> None:
    """Fit the counties and print how often each band held the truth."""
    parser = argparse.ArgumentParser(description="Hold bands of a fit against the next year.")
    parser.add_argument("--counties", type=int, default=30, help="of each kind (default 30)")
    parser.add_argument("--draws", type=int, default=100, help="of each comparison (default 100)")
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} processors, {asked.draws} draws")
    for kind, (low, high) in {"wandering": DAILY.shocks, "steady": (0.0, 0.0)}.items():
        frames = []
        for seed in range(asked.counties):
            rng = np.random.default_rng([seed, 2017])
            with tempfile.TemporaryDirectory() as folder:
                frames.append(year(county(rng, rng.uniform(low, high)), Path(folder), seed,
                                   asked.draws))  # fmt: skip
            print(f"{kind} county {seed + 1} of {asked.counties}", end="\r", file=sys.stderr)
        report(f"{asked.counties} {kind} counties", pl.concat(frames))


def county(rng: np.random.Generator, shocks: float) -> Model:
    """A jail of some 300 people with a season, returns, and growth of its own each year."""

    def stays(median: float, mean: float, **where: str) -> dict[str, Any]:
        law = {"law": "lognormal", "median": median, "mean": mean}
        return {"where": where, **law, "scale": float(rng.lognormal(0, 0.1))}

    made_up = {"inferred": "made up"}
    back = float(rng.uniform(0.1, 0.3))
    return Model.model_validate(
        {
            "name": "county",
            "title": "County",
            "counts": "in-facility",
            "clock": {"start": BEGIN, "step": "day"},
            "strata": {"charge": ["felony", "other"]},
            "states": {
                "pretrial": {
                    "kind": "jail",
                    "dwell": [stays(9, 45, charge="felony"), stays(3, 14, charge="other")],
                    "exits": {"sentenced": {"share": 0.15},
                              "out": {"to": "community", "share": "rest"}},
                },
                "sentenced": {"kind": "jail", "dwell": stays(30, 45),
                              "exits": {"out": {"to": "community"}}},
                "community": {
                    "kind": "community",
                    "dwell": {"law": "exponential", "mean": 150},
                    "exits": {"back": {"to": "pretrial", "share": back}, "gone": {"share": "rest"}},
                },
            },
            "arrivals": {
                "pretrial": {
                    "unit": "people per day",
                    "rate": float(8 * rng.lognormal(0, 0.15)),
                    "split": {"charge": {"felony": 0.35, "other": 0.65, **made_up}},
                    "season": {"jan": 0.95, "jul": 1.08, "aug": 1.07, "dec": 0.9},
                    "drift": {"from": BEGIN, "damping": 0.5,
                              "years": (shocks * rng.standard_normal(4)).tolist()},
                    **made_up,
                }
            },
            "tonight": "steady",
            "inferred": "made up",
        }
    )  # fmt: skip


def year(model: Model, folder: Path, seed: int, draws: int) -> pl.DataFrame:
    """Months of the year after the fit: each figure's band, and ``truth`` as measured."""
    write(rm.synth(model, SINCE, UNTIL, seed), folder / "bookings.parquet")
    rm.ingest(folder / "bookings.parquet", folder / "work.duckdb")
    rm.fit(folder / "work.duckdb", folder / "model", as_of=AS_OF, seed=seed)
    run = rm.compare(str(folder / "model"), [], UNTIL, quantities=WHAT, draws=draws, seed=seed,
                     whole=False)  # fmt: skip
    found = rm.measure(folder / "work.duckdb", AS_OF, UNTIL, "month", quantities=WHAT, draws=0)
    truth = found.figures.filter(pl.col("kind") == "jail").select(
        "date", "quantity", truth=pl.col("mean")
    )
    bands = run.series.filter(pl.col("kind") == "jail").drop("scenario")
    return bands.join(truth, on=["date", "quantity"]).sort("quantity", "date")


def report(title: str, months: pl.DataFrame) -> None:
    """Print how often each band held a month, by figure and by how far ahead the month is.

    ± is a standard error over counties, since months of one county go together. What the truth is
    off by is told in sd of the band: its mean and sd should be 0 and 1.
    """
    size = months.filter(quantity="population")["truth"].to_numpy()
    print(f"\n{title}, {size.min():,.0f} to {size.max():,.0f} people")
    spans = {"the year": (1, 12), "first quarter": (1, 3), "last quarter": (10, 12)}
    for what, (span, (first, last)) in itertools.product(WHAT, spans.items()):
        own = months.filter(pl.col("date").dt.month().is_between(first, last), quantity=what)
        truth, mean, sd = (own[c].to_numpy() for c in ("truth", "mean", "sd"))
        told = [f"{what:>10}, {span:<13}"]
        for name, (low, high) in BANDS.items():
            inside = (own[low].to_numpy() <= truth) & (truth <= own[high].to_numpy())
            each = inside.reshape(-1, last - first + 1).mean(axis=1)
            doubt = each.std(ddof=1) / len(each) ** 0.5
            told.append(f"{name} band {each.mean():5.1%} ± {doubt:.1%}")
        off = (truth - mean) / sd
        told.append(f"off by {off.mean():+.2f} (sd {off.std():.2f})")
        print("   ".join(told))


if __name__ == "__main__":
    main()
