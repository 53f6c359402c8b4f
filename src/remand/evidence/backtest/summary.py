"""What a backtest comes to: scores by model, horizon, series and origin, and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from remand.evidence.backtest.scores import FEW, paired, skill
from remand.evidence.backtest.tried import OWN
from remand.evidence.panel import Ints, Step

SCORES = ("mase", "crps", "coverage_80", "coverage_95", "width_80")
"""Columns of a table of scores, after what they are of and ``model``; then ``forecasts``."""

BAND: Mapping[Step, int] = {"day": 30, "week": 4, "month": 1}
"""Steps ahead that share a row by horizon."""

NAIVE = ("Naive", "SeasonalNaive")
"""What skill is measured against."""


def scored(forecasts: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Mean scores of the forecasts that every model made: a row for each of ``by`` and model.

    MASE, CRPS and the width of the 80 % band are in scales of their series, coverages are shares
    (0 … 1), ``forecasts`` is how many. Every forecast counts alike.
    """
    order = forecasts["model"].unique(maintain_order=True)
    place = pl.col("model").replace_strict(order, range(len(order)), return_dtype=pl.Int64)
    return (
        forecasts.filter("scored")
        .group_by(*by, "model", maintain_order=True)
        .agg(
            pl.col("error").mean().alias("mase"),
            pl.col("crps").mean(),
            pl.col("covered_80").mean().alias("coverage_80"),
            pl.col("covered_95").mean().alias("coverage_95"),
            pl.col("width_80").mean(),
            pl.len().alias("forecasts"),
        )
        .sort(*by, place)
    )


def by_horizon(forecasts: pl.DataFrame, step: Step) -> pl.DataFrame:
    """Scores by steps ahead: ``horizon_from`` to ``horizon``, both included, as `BAND` says."""
    size = BAND[step]
    first = (pl.col("horizon") - 1) // size * size + 1
    longest = pl.col("horizon").max()
    banded = forecasts.with_columns(
        first.alias("horizon_from"), pl.min_horizontal(first + size - 1, longest).alias("horizon")
    )
    return scored(banded, ("horizon_from", "horizon"))


def differences(forecasts: pl.DataFrame, seed: int, own: str = OWN) -> pl.DataFrame:
    """What ``own`` differs by from each other model, a row a model and score.

    Columns: ``score`` (mase or crps), ``a`` (``own``), ``b``, ``difference`` (below 0: ``own`` is
    better) with its 95 % interval ``low``, ``high``; the same in percent of b's score
    (``percent``, ``percent_low``, ``percent_high``); ``clusters``, of ``clustered_by``, as
    `clusters` has them: below `FEW` of them there is no interval. Empty without a model of that
    name.
    """
    told = forecasts.filter("scored")
    keys = ["origin", "unique_id", "horizon"]
    models = [m for m in forecasts["model"].unique(maintain_order=True) if m != own]
    rows = []
    for score, column in (("mase", "error"), ("crps", "crps")):
        wide = told.pivot(on="model", index=keys, values=column).sort(keys)
        if own not in wide.columns:
            return pl.DataFrame()
        clustered, cluster = clusters(forecasts, wide)
        for other in models:
            # the same series are drawn for every pair: each interval can be had alone
            found = paired(
                wide[own].to_numpy(), wide[other].to_numpy(), cluster, np.random.default_rng(seed)
            )
            rows.append(
                {
                    "score": score, "a": own, "b": other,
                    "difference": found.mean, "low": found.low, "high": found.high,
                    "percent": found.percent, "percent_low": found.percent_low,
                    "percent_high": found.percent_high, "clusters": found.clusters,
                    "clustered_by": clustered,
                }
            )  # fmt: skip
    return pl.DataFrame(rows).with_columns(pl.col(pl.Float64).fill_nan(None))


def skill_until(forecasts: pl.DataFrame, seed: int, own: str = OWN) -> int | None:
    """Steps ahead up to which ``own`` is worth more than the better of two naive forecasts.

    As `scores.skill` says, of scaled errors; the better at a step is the one that was nearer at
    it on average. None where there are too few to tell.
    """
    told = forecasts.filter("scored")
    wide = told.pivot(on="model", index=["origin", "unique_id", "horizon"], values="error")
    first, second = (pl.col(name) for name in NAIVE)
    nearer = (first.mean() <= second.mean()).over("horizon")
    gained = wide.select(pl.when(nearer).then(first).otherwise(second) - pl.col(own)).to_series()
    _, cluster = clusters(forecasts, wide)
    chance = np.random.default_rng(seed)
    return skill(gained.to_numpy(), wide["horizon"].to_numpy(), cluster, chance)


def clusters(forecasts: pl.DataFrame, told: pl.DataFrame) -> tuple[str, Ints]:
    """Which of some forecasts have their luck in common, and by what: a number each.

    Those of a series (``unique_id``), if there are `FEW` series; else those of a block of origins
    (``origin``). A block begins with the first origin that lies past all that the first one of the
    block before looked ahead to: two forecasts half a year ahead, made a month apart, live through
    five of their six months together.
    """
    if told["unique_id"].n_unique() >= FEW:
        return "unique_id", told["unique_id"].rank("dense").cast(pl.Int64).to_numpy()
    block, until, blocks = -1, None, {}
    for origin, last in forecasts.group_by("origin").agg(pl.col("ds").max()).sort("origin").rows():
        if until is None or origin > until:
            block, until = block + 1, last
        blocks[origin] = block
    return "origin", told["origin"].replace_strict(blocks, return_dtype=pl.Int64).to_numpy()
