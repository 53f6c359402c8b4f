"""Records made by a model, taken in and fitted, give the model back.

The truth is the exact engine's: people are let into the jail on one day, and what is left of them
each night, and where the others went, are the law of their stay and their exits.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.fitting.synth import write
from remand.model.states import KINDS

SINCE, UNTIL, LATER = dt.date(2018, 1, 1), dt.date(2021, 1, 1), dt.date(2024, 1, 1)
LAST_YEAR = dt.date(2020, 1, 1)


@pytest.fixture(scope="module")
def county():
    """Philadelphia, ten times as large: a million bookings in three years without a change."""
    model = rm.read_model("philadelphia")

    def more(values):
        return [row.replace(value=10 * row.value) for row in values]

    arrivals = {name: a.replace(rate=more(a.rate)) for name, a in model.arrivals.items()}
    tonight = {
        name: stock if isinstance(stock, str) else stock.replace(people=more(stock.people))
        for name, stock in model.tonight.items()
    }
    return model.replace(arrivals=arrivals, tonight=tonight)


@pytest.fixture(scope="module")
def work(county, tmp_path_factory):
    """A work file of the county's synthetic bookings."""
    folder = tmp_path_factory.mktemp("round")
    bookings = rm.synth(county, SINCE, UNTIL, seed=1)
    assert len(bookings) > 1_000_000
    write(bookings, folder / "bookings.parquet")
    rm.ingest(folder / "bookings.parquet", folder / "work.duckdb")
    return folder / "work.duckdb"


@pytest.fixture(scope="module")
def truth(county):
    """Of every status at booking and charge: survival by day, and shares of exits by reason."""
    kernel = compile_model(county, LATER)
    first, n = county.clock.index(SINCE), len(kernel.states)
    jail = kernel.kind == KINDS.index("jail")
    outside = np.append(~jail, True)
    entering = np.zeros((n, n + 1, n + 1))
    for s in np.flatnonzero(jail):
        entering[s, :, s] = outside
    path = solve(kernel)
    came = path.moves(entering)[:, :, first : county.clock.index(UNTIL)].sum(axis=2)
    assert came.shape == (n, len(county.strata))
    # who is out of jail stays out: only the stay they came for is followed
    channels = tuple(
        replace(
            c,
            target=np.where(jail[np.repeat(c.state, np.diff(c.start))], c.target, n),
            tonight=np.zeros_like(c.tonight),
            tonight_time=np.zeros_like(c.tonight_time),
        )
        for c in kernel.channels
    )
    statuses = {}
    for s in np.flatnonzero(jail):
        state = county.states[kernel.states[s]]
        statuses.setdefault("; ".join(state.statuses) or state.label, []).append(s)
    reasons = {}
    for x, name in enumerate(kernel.states):
        state = county.states[name]
        if not jail[x]:
            free = state.kind == "community"
            reasons.setdefault("released" if free else state.label or name, []).append(x)
    reasons["released"].append(n)
    leaving = np.zeros((len(reasons), n + 1, n + 1))
    for i, targets in enumerate(reasons.values()):
        for x in targets:
            leaving[i, np.flatnonzero(jail), x] = 1
    charges = np.array([cell[1] for cell in county.strata.cells])
    found = {}
    for status, states in statuses.items():
        arrivals = np.zeros_like(kernel.arrivals)
        arrivals[:, states, first] = came[states].T
        alone = solve(
            replace(
                kernel, arrivals=arrivals, inside=np.zeros_like(kernel.inside), channels=channels
            )
        )
        left = alone.census[:, jail].sum(axis=1)[:, first:]
        gone = alone.moves(leaving).sum(axis=2)
        for charge in dict.fromkeys(charges):
            own = charges == charge
            people = came[states][:, own].sum()
            found[status, charge] = (
                left[own].sum(axis=0) / people,
                dict(zip(reasons, gone[:, own].sum(axis=1) / people, strict=True)),
            )
    return found


def median(survival):
    """The median by the fit's own convention: a day's leavers are spread over the day around it."""
    d = int(np.argmax(survival <= 0.5))
    before = survival[d - 1] if d else 1.0
    begin = max(d - 0.5, 0.0)
    return begin + (before - 0.5) / (before - survival[d]) * (d + 0.5 - begin)


@pytest.fixture(scope="module")
def fitted(work):
    """The county fitted by charge."""
    return rm.fit(work, by="charge", draws=20)


def test_medians_of_stays_come_back_within_three_percent(fitted, truth):
    """Of every status at booking and charge with a law of its own."""
    labels = {state: told["label"] for state, told in fitted.document["states"].items()}
    rows = fitted.parameters.filter(
        (pl.col("parameter") == "stay_median") & (pl.col("n") >= 10_000)
    )
    assert len(rows) >= 15
    for row in rows.iter_rows(named=True):
        survival, _ = truth[labels[row["state"]], row["charge"]]
        assert row["value"] == pytest.approx(median(survival), rel=0.03)


def test_shares_of_exits_come_back_within_one_point(fitted, truth):
    """By reason of release, of every status at booking and charge."""
    labels = {state: told["label"] for state, told in fitted.document["states"].items()}
    rows = fitted.parameters.filter((pl.col("parameter") == "exit_share") & (pl.col("n") >= 10_000))
    assert len(rows) >= 60
    for row in rows.iter_rows(named=True):
        _, shares = truth[labels[row["state"]], row["charge"]]
        share = next(v for k, v in shares.items() if k.casefold().replace(" ", "_") == row["exit"])
        assert row["value"] == pytest.approx(share, abs=0.01)


def test_the_population_comes_back_within_one_percent(work, county):
    """The fitted model, begun a year before the records end, holds whom the true one held."""
    model = rm.fit(work, by="charge", draws=0, start=LAST_YEAR).model

    def adp(model, first):
        path = rm.solve(model, UNTIL)
        jail = path.kernel.kind == KINDS.index("jail")
        return path.census[:, jail].sum(axis=(0, 1))[first:].mean()

    assert adp(model, 0) == pytest.approx(adp(county, county.clock.index(LAST_YEAR)), rel=0.01)
