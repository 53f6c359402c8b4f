"""What one scenario has that another has not: differences, in pairs of replicates if drawn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from remand.outcomes import bands
from remand.outcomes.cost import may_be_subtracted

Floats = NDArray[np.float64]

KEYS = ("date", "kind", "state", "status", "quantity", "unit", "basis", "denominator")


@dataclass(frozen=True)
class Answer:
    """What one scenario answers.

    Attributes:
        series: figures by window.
        summary: the same over the whole period.
        each: (rows of ``summary``, replicates) their value in each replicate; None if exact.
    """

    series: pl.DataFrame
    summary: pl.DataFrame
    each: Floats | None = None


SURE = 0.975
"""Share of draws in which one must lie below the other for the two to be told apart."""


def differences(
    answers: Sequence[Answer],
    names: Sequence[str],
    by: Sequence[str],
    includes: Sequence[str] = ("chance",),
) -> pl.DataFrame:
    """Summary rows of a less those of b, every pair in the order asked: a swap negates exactly.

    Rows of both alone; averages of cost are left out. Where scenarios are drawn, a row also says
    how the difference is spread over replicates or draws (sd, quantiles), in which share of them a
    lies below b, ties counted half, and whether the two can be told apart: whether one lies below
    the other in at least 97.5 % of them. ``includes`` is what replicates or draws differ by.
    """
    columns = {column for answer in answers for column in answer.summary.columns}
    keys = list(dict.fromkeys(key for key in (*KEYS[:4], *by, *KEYS[4:]) if key in columns))
    rows = [_rows(answer.summary, keys) for answer in answers]
    parts = []
    for (i, a), (j, b) in itertools.combinations(enumerate(names), 2):
        both = rows[i].join(rows[j], on=keys, how="inner", suffix="_b", nulls_equal=True,
                            maintain_order="left")  # fmt: skip
        hidden = pl.col("suppressed") | pl.col("suppressed_b")
        one, other = answers[i].each, answers[j].each
        chance: list[pl.Series] = []
        probability = pl.Series("p_a_less_b", [None] * len(both), dtype=pl.Float64)
        if one is not None and other is not None:
            chance, probability = _chance(
                one[both["row"].to_numpy()], other[both["row_b"].to_numpy()]
            )
        shown = [pl.when(~hidden).then(series).alias(series.name)
                 for series in (*chance, probability)]  # fmt: skip
        covers = list(includes) if chance else []
        apart = (pl.col("p_a_less_b") >= SURE) | (pl.col("p_a_less_b") <= 1 - SURE)
        if not covers:
            apart = pl.lit(None, dtype=pl.Boolean)
        parts.append(
            both.select(
                pl.lit(a).alias("a"),
                pl.lit(b).alias("b"),
                *keys,
                (pl.col("mean") - pl.col("mean_b")).alias("mean"),
                *shown[:-1],
                hidden.alias("suppressed"),
                shown[-1],
                pl.lit(covers, dtype=pl.List(pl.String)).alias("includes"),
            ).with_columns(apart.alias("distinguishable"))
        )
    return pl.concat(parts) if parts else pl.DataFrame()


def _rows(summary: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Rows that can be subtracted, with all keys and their place in the summary."""
    missing = [pl.lit(None, dtype=pl.String).alias(k) for k in keys if k not in summary.columns]
    some = pl.col("mean").is_not_null() | pl.col("suppressed")
    known = summary.with_row_index("row").filter(may_be_subtracted() & some)
    return known.with_columns(missing).select(*keys, "mean", "suppressed", "row")


def _chance(one: Floats, other: Floats) -> tuple[list[pl.Series], pl.Series]:
    """Sd and quantiles of a less b, and the share of a below b; (rows, replicates) each."""
    with np.errstate(invalid="ignore"):
        less = one - other
    less = np.where(np.isfinite(less), less, np.nan).T
    below = np.where(np.isnan(less), np.nan, (less < 0) + 0.5 * (less == 0)).mean(axis=0)
    columns = {"sd": less.std(axis=0, ddof=1), **bands.drawn(less)}
    series = [pl.Series(name, values, nan_to_null=True) for name, values in columns.items()]
    return series, pl.Series("p_a_less_b", below, nan_to_null=True)
