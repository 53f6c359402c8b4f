"""Synthetic lives as a table: whom the sampled engine counts in one replicate."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from remand.engine.compile import compile_model
from remand.engine.sampled import histories
from remand.model.platform import Scenario

OUTSIDE, GONE = "outside", "gone"


def lives(scenario: Scenario, until: dt.date, seed: int, replicate: int = 0) -> pl.DataFrame:
    """One row an event, by person and then in the order things happened.

    Columns: person, date, from (null for those inside at the start, whose date is when the model
    expects them to have come), to, the axes, synthetic.
    """
    model = scenario.model
    kernel = compile_model(model, until)
    found = histories(kernel, seed, replicate)
    n, clock = len(kernel.states), kernel.clock
    steps, step = np.unique(found.step, return_inverse=True)
    dates = pl.Series([clock.date(int(s)) for s in steps], dtype=pl.Date)
    left = pl.Series([*kernel.states, OUTSIDE, None], dtype=pl.String)
    entered = pl.Series([*kernel.states, GONE], dtype=pl.String)
    cells = [pl.Series(axis, levels, dtype=pl.String)
             for axis, levels in zip(kernel.strata.axes, zip(*kernel.strata.cells, strict=True),
                                     strict=True)]  # fmt: skip
    return pl.DataFrame(
        [
            pl.Series("person", found.person),
            dates[step].alias("date"),
            left[np.where(found.origin < 0, n + 1, found.origin)].alias("from"),
            entered[found.target].alias("to"),
            *(levels[found.stratum] for levels in cells),
            pl.Series("synthetic", np.ones(len(found.person), bool)),
        ]
    )
