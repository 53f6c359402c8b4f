"""Backtest what is forecast: `REMAND_DATA=FOLDER python benchmarks/backtest.py`.

California's counties 24 months ahead, on the origins its design was chosen on and on those after,
with the time each takes; New York and Cook County half a year ahead, 2018–2019, and 2020 apart.
Exit code 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from timing import Line, machine, show

import remand as rm
from remand.evidence.backtest.backtest import Record

CHOSEN_ON = tuple(f"{year}-01" for year in range(2002, 2011))
AFTER = ("2012-01", "2014-01")
BEFORE_2020 = ("2018-01", "2019-09")
APART = ("2020-03-01", "2022-01-01")
SPANS = (30, 90, 180)
"""Days ahead that are scored, from the first on."""

SECONDS, BETTER, BANDS = 300.0, 0.03, {80: (0.75, 0.85), 95: (0.92, 0.98)}
"""Bars: time of the whole backtest, error below every baseline's, share of truths in the bands."""


def main() -> None:
    """Measure and print the tables."""
    argparse.ArgumentParser(description="Backtest the forecasts on public data.").parse_args()
    data = os.environ.get("REMAND_DATA")
    if not data:
        sys.exit("REMAND_DATA is not set: it names the folder of real data")
    print(machine(1))
    lines = list(california(Path(data)))
    show(lines)
    with tempfile.TemporaryDirectory() as folder:
        days(Path(data), Path(folder))
    raise SystemExit(any(line.met is False for line in lines))


def california(data: Path) -> list[Line]:
    """28 counties, 24 months ahead."""
    file = data / "california_jail_profile_monthly.csv.gz"
    lines = []
    for name, origins in (("2002–2010 (chosen on)", CHOSEN_ON), ("2012, 2014 (after)", AFTER)):
        begun = time.perf_counter()
        found = rm.backtest(file, 24, origins)
        took = time.perf_counter() - begun
        print(f"\nCalifornia, Januaries of {name}")
        print(scores(found.overall))
        lines += judged(found, name, took)
    return lines


def judged(found: Record, name: str, took: float) -> list[Line]:
    """What is held against a bar."""
    rows = {row["model"]: row for row in found.overall.to_dicts()}
    own = rows.pop("remand")
    best = min(rows.values(), key=lambda row: row["mase"])
    gain = 1 - own["mase"] / best["mase"]
    sharp = min(row["crps"] for row in rows.values())
    lines = [
        Line(f"{name}: whole backtest", f"{took:.0f} s", bar=f"{SECONDS:.0f} s",
             met=took < SECONDS),
        Line(f"{name}: MASE {own['mase']:.3f} against {best['model']}'s {best['mase']:.3f}",
             f"{gain:.1%} lower", bar=f"{BETTER:.0%} lower", met=gain >= BETTER),
        Line(f"{name}: CRPS against the lowest of the others", f"{own['crps']:.3f}",
             bar=f"{sharp:.3f}", met=own["crps"] < sharp),
    ]  # fmt: skip
    for band, (low, high) in BANDS.items():
        held = own[f"coverage_{band}"]
        lines.append(
            Line(f"{name}: truths in the {band} % band", f"{held:.1%}", bar=f"{low:.0%}–{high:.0%}",
                 met=low <= held <= high)
        )  # fmt: skip
    return lines


def days(data: Path, folder: Path) -> None:
    """New York from stays and from counts, Cook County from counts."""
    work = folder / "nyc.duckdb"
    rm.ingest(data / "nyc_custody_spells.parquet", work)
    files = {
        "New York City, stays": work,
        "New York City, counts": data / "nyc_custody_daily.csv.gz",
        "Cook County, counts": data / "cook_county_jail_daily.csv.gz",
    }
    for name, file in files.items():
        since = BEFORE_2020[0] if "New York" in name else "2018-03"
        found = rm.backtest(
            file, SPANS[-1], since=since, until=BEFORE_2020[1], every="month", apart=APART
        )
        for span in SPANS:
            print(f"\n{name}, origins {since} to {BEFORE_2020[1]}, days 1 to {span}")
            kept = found.forecasts.filter(~pl.col("apart"), pl.col("scored"))
            print(scores(means(kept.filter(pl.col("horizon") <= span))))
        late = rm.backtest(file, SPANS[-1], since="2020-01", until="2020-12", every="month")
        print(f"\n{name}, origins of 2020, which no model foresaw")
        print(scores(late.overall))


def means(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Scores of some forecasts, a row a model."""
    return forecasts.group_by("model", maintain_order=True).agg(
        mase=pl.col("error").mean(),
        crps=pl.col("crps").mean(),
        coverage_80=pl.col("covered_80").mean(),
        coverage_95=pl.col("covered_95").mean(),
    )


def scores(frame: pl.DataFrame) -> str:
    """A table as text."""
    lines = [f"{'':14} {'MASE':>6} {'CRPS':>6} {'80 %':>6} {'95 %':>6}"]
    lines += [
        f"{r['model']:14} {r['mase']:6.3f} {r['crps']:6.3f} {r['coverage_80']:6.1%} "
        f"{r['coverage_95']:6.1%}"
        for r in frame.iter_rows(named=True)
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
