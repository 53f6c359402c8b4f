"""Time the laws of leaving against lifelines: `python benchmarks/survival.py`.

The stays of New York City's jails where REMAND_DATA names the folder of real data, else synthetic
stays of the same number, strata and skew. Both sides fit every stratum of race × status under each
of 200 weights of a Bayesian bootstrap, on one thread. lifelines is timed on a few of the weights
and scaled to 200: its time is the same for each. It has Kaplan–Meier with late entry, and
Aalen–Johansen (one fit an exit) only without, so it is given the stays seen from their first day
for that. Exit code 1 if a bar is missed.
"""

from __future__ import annotations

import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # before numpy is imported

import argparse
import datetime as dt
import statistics
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import lifelines
import numpy as np
import polars as pl
from timing import Line, alternate, barred, machine, middle, ms, peak, show

from remand.fitting.joint import closed
from remand.fitting.pooling import Pool
from remand.fitting.survival import Floats, Incidence, Ints, Observed, incidence

DRAWS, CAUSES, STAYS = 200, 3, 193_402
UNTIL = dt.date(2022, 1, 1)
Stays = tuple[Observed, Ints, Ints, Ints]
"""Stays, and the race, status and charge group of each as numbers from 0."""


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description="Time the laws of leaving.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument(
        "--fits", type=int, default=2, help="weights lifelines is timed on (default 2)"
    )
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # lifelines warns of every set of weights that is not whole
    folder = os.environ.get("REMAND_DATA")
    stays = new_york(Path(folder)) if folder else synthetic()
    print(machine(asked.runs))
    print(f"{'New York City' if folder else 'synthetic'}: {len(stays[1]):,} stays")
    lines = [*against_lifelines(stays, asked.runs, asked.fits), *whole(stays, asked.runs)]
    show(lines)
    raise SystemExit(any(line.met is False for line in lines))


def new_york(folder: Path) -> Stays:
    """The stays of the daily snapshots, by the statuses that people leave with."""
    first, last = pl.col("first_seen").cast(pl.Date), pl.col("last_seen").cast(pl.Date)
    began = pl.min_horizontal(first, pl.col("adm").cast(pl.Date))
    charge = pl.col("charge_first").str.slice(0, 3)
    frame = pl.read_parquet(folder / "nyc_custody_spells.parquet").with_columns(charge=charge)
    common = frame["charge"].drop_nulls().value_counts().sort("count", descending=True)
    table = frame.select(
        person=pl.col("id").rank("dense") - 1,
        race=pl.col("race").fill_null("").rank("dense") - 1,
        status=pl.col("status_first").fill_null("").rank("dense") - 1,
        charge=pl.when(pl.col("charge").is_in(common["charge"][:8].to_list()))
        .then(pl.col("charge")).otherwise(pl.lit("")).rank("dense") - 1,
        entry=(first - began).dt.total_days() + 1,
        end=pl.when("censored").then((UNTIL - began).dt.total_days())
        .otherwise((last - began).dt.total_days() + 1),
        cause=pl.when("censored").then(-1)
        .otherwise((pl.col("status_last").fill_null("").rank("dense") - 1) % CAUSES),
    ).cast(pl.Int64)  # fmt: skip
    names = ("person", "race", "status", "charge", "entry", "end", "cause")
    person, race, status, group, entry, end, cause = (table[name].to_numpy() for name in names)
    return Observed(race, person, entry, end, end, cause), race, status, group


def synthetic() -> Stays:
    """As many stays, as skewed, some late and some censored."""
    rng = np.random.default_rng(0)
    race, status, charge = (
        rng.choice(n, STAYS, p=share / share.sum())
        for n, share in ((6, 0.4 ** np.arange(6)), (8, 0.4 ** np.arange(8)), (9, np.ones(9)))
    )
    stay = 1 + np.rint(rng.lognormal(2.8, 1.7, STAYS)).astype(np.int64)
    entry = np.where(rng.random(STAYS) < 0.05, rng.integers(1, 1 + stay), 1)
    inside = entry + rng.integers(1, 2039, STAYS)
    ended = stay < inside
    end = np.where(ended, stay, inside)
    cause = np.where(ended, rng.integers(0, CAUSES, STAYS), -1)
    person = rng.integers(0, STAYS // 2, STAYS)
    return Observed(race, person, entry, end, end, cause), race, status, charge


def weights_of(observed: Observed) -> Floats:
    """Weights of people: a flat Dirichlet law, times their number.

    In multiples of 1/1024, whose sums are exact: lifelines fails where rounding leaves less than
    nobody at risk.
    """
    people = int(observed.person.max()) + 1
    drawn = np.random.default_rng(1).exponential(size=(DRAWS, people))
    return np.asarray(np.ceil(1024 * drawn / drawn.mean(axis=1, keepdims=True)) / 1024)


def part(observed: Observed, which: Floats | Ints) -> Observed:
    """Some of the stays."""
    return Observed(*(values[which] for values in vars(observed).values()))


def kaplan_meier(observed: Observed, weight: Floats) -> None:
    """Survival of one stratum by lifelines, which refuses some where few came early."""
    ended = observed.cause >= 0
    end = np.where(ended, observed.low, observed.low - 0.5)
    fitter = lifelines.KaplanMeierFitter()
    try:
        fitter.fit(end, ended, entry=observed.entry - 0.5, weights=weight[observed.person])
    except lifelines.exceptions.StatError:
        return


def aalen_johansen(observed: Observed, weight: Floats) -> None:
    """Incidence of every exit of one stratum by lifelines.

    Ends are moved apart by exit, as it would move them by chance and warn.
    """
    end = observed.low + np.maximum(observed.cause, 0) / CAUSES
    for cause in range(CAUSES):
        lifelines.AalenJohansenFitter(calculate_variance=False).fit(
            end, observed.cause + 1, event_of_interest=cause + 1, weights=weight[observed.person]
        )


def against_lifelines(stays: Stays, runs: int, fits: int) -> list[Line]:
    """200 weights of every stratum of race × status: lifelines and here, in turn."""
    observed, race, status, _ = stays
    cell = np.unique(race * 100 + status, return_inverse=True)[1]
    observed = replace(observed, cell=cell)
    first = part(observed, observed.entry == 1)
    alike = replace(observed, cause=np.minimum(observed.cause, 0))
    weights, cells = weights_of(observed), int(cell.max()) + 1
    lines = [Line(f"{DRAWS} weights of {cells} strata (race × status), one thread")]
    for name, seen, causes, theirs in (
        ("Kaplan–Meier with late entry", alike, 1, kaplan_meier),
        ("Aalen–Johansen, three exits", first, CAUSES, aalen_johansen),
    ):
        strata = [part(seen, seen.cell == c) for c in range(cells)]
        strata = [stratum for stratum in strata if (stratum.cause >= 0).any()]

        def here(seen: Observed = seen, causes: int = causes) -> Incidence:
            return incidence(seen, cells, causes, weights, threads=1)

        def there(strata: list[Observed] = strata, theirs: Callable[..., None] = theirs) -> None:
            for weight in weights[:fits]:
                for stratum in strata:
                    theirs(stratum, weight)

        incidence(seen, cells, causes, weights[:1])
        ours, took = alternate([here, there], runs)
        scaled = [each * DRAWS / fits for each in took]
        ratios = [a / b for a, b in zip(scaled, ours, strict=True)]
        lines += [
            Line(f"  {name}: here", ms(ours), peak(here)),
            Line(f"    lifelines, {fits} weights scaled to {DRAWS}", ms(scaled)),
            Line(
                "    lifelines over here",
                middle(ratios, "×", 0),
                bar="≥ 50 ×",
                met=statistics.median(ratios) >= 50,
            ),
        ]
    return lines


def whole(stays: Stays, runs: int) -> list[Line]:
    """Everything a fit reads of a jail: pooled laws with tails, by race × charge × status."""
    observed, race, status, group = stays
    races, groups, statuses = (int(axis.max()) + 1 for axis in (race, group, status))
    cells = np.arange(statuses * races * groups)
    observed = replace(observed, cell=(status * races + race) * groups + group)
    chain = [cells // groups, np.arange(statuses * races) // races, np.zeros(statuses, np.int64)]
    weights = weights_of(observed)
    longest = int(observed.high.max())

    def read(law: Incidence) -> tuple[Floats, Floats, Floats]:
        joint = closed(law, longest)
        return joint.bands, joint.mean, law.quantile(0.5)

    def fit() -> list[tuple[Floats, Floats, Floats]]:
        pool = Pool.of(observed, len(cells), CAUSES, chain, 20.0)
        return pool.each(weights.__getitem__, len(weights), read, threads=2)

    fit()
    took = alternate([fit], runs)[0]
    return [
        Line(f"{DRAWS} draws of {len(cells)} cells (race × charge × status), pooled, with tails"),
        barred("  bands, means and medians, two threads", took, 10.0, peak(fit)),
    ]


if __name__ == "__main__":
    main()
