"""Laws of leaving of New York City's jails against lifelines, to 1e-9 (REMAND_DATA).

Stays come from daily snapshots: one that crosses no census was never seen (so every stay is at risk
from its first census on, or from 2 June 2016 where that is later), and whoever was still inside
on 31 December 2021 is censored. Strata are races by status at booking.
"""

import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from remand.fitting.joint import closed
from remand.fitting.pooling import pooled
from remand.fitting.survival import Observed, incidence

DATA = os.environ.get("REMAND_DATA")
pytestmark = [
    pytest.mark.skipif(not DATA, reason="REMAND_DATA is not set: it names the folder of real data"),
    pytest.mark.filterwarnings("ignore:It looks like your weights are not integers"),
]
lifelines = pytest.importorskip("lifelines")
UNTIL = dt.date(2022, 1, 1)
EXITS = ("DE", "CS")
"""The statuses that people leave with; any other is a third."""


@pytest.fixture(scope="module")
def strata():
    """Stays as observed, in cells of race × status, and the number of cells."""
    first, last = pl.col("first_seen").cast(pl.Date), pl.col("last_seen").cast(pl.Date)
    began = pl.min_horizontal(first, pl.col("adm").cast(pl.Date))
    stays = pl.read_parquet(Path(DATA or "") / "nyc_custody_spells.parquet").select(
        cell=pl.struct("race", "status_first").rank("dense").cast(pl.Int64) - 1,
        person=pl.col("id").rank("dense").cast(pl.Int64) - 1,
        entry=(first - began).dt.total_days() + 1,
        stay=(last - began).dt.total_days() + 1,
        inside=(UNTIL - began).dt.total_days(),
        cause=pl.when("censored").then(-1)
        .when(pl.col("status_last") == EXITS[0]).then(0)
        .when(pl.col("status_last") == EXITS[1]).then(1)
        .otherwise(2).cast(pl.Int64),
    )  # fmt: skip
    cell, person, entry, stay, inside, cause = (stays[name].to_numpy() for name in stays.columns)
    end = np.where(cause < 0, inside, stay)
    return Observed(cell, person, entry, end, end, cause), int(cell.max()) + 1


def part(observed, which):
    """Some of the stays."""
    return Observed(*(values[which] for values in vars(observed).values()))


def some_weights(observed):
    """Weights about 1, of which any sum is exact: rounding in lifelines is none of our business."""
    people = int(observed.person.max()) + 1
    return np.random.default_rng(5).integers(1, 128, people) / 64


def test_survival_by_race_and_status_equals_lifelines(strata):
    """Kaplan–Meier of every stratum, with left truncation, plain and under weights."""
    observed, cells = strata
    weights = np.stack([np.ones(int(observed.person.max()) + 1), some_weights(observed)])
    law = incidence(observed, cells, len(EXITS) + 1, weights)
    compared = 0
    for cell in range(cells):
        own = part(observed, observed.cell == cell)
        ended = own.cause >= 0
        days = np.unique(own.low[ended])
        ours = law.survival_at(days)[:, cell]
        for draw, weight in enumerate(weights):
            try:
                fitted = lifelines.KaplanMeierFitter().fit(
                    np.where(ended, own.low, own.low - 0.5),
                    ended,
                    entry=own.entry - 0.5,
                    weights=weight[own.person],
                )
            except lifelines.exceptions.StatError:  # the few at risk early on have all left
                assert ours[draw, len(days) // 2] == 0
                continue
            theirs = fitted.survival_function_at_times(days).to_numpy()
            np.testing.assert_allclose(ours[draw], theirs, rtol=0, atol=1e-9)
            compared += 1
    assert compared > 1.5 * cells


def test_incidence_of_stays_seen_from_their_first_day_equals_lifelines(strata):
    """Aalen–Johansen of the larger strata. lifelines takes no ties between exits, so here a day has
    three parts, one for each exit: the same clock for both."""
    observed, cells = strata
    observed = part(observed, observed.entry == 1)
    parts = len(EXITS) + 1
    time = parts * observed.low + np.maximum(observed.cause, 0)
    observed = Observed(
        observed.cell, observed.person, parts * observed.entry, time, time, observed.cause
    )
    weight = some_weights(observed)
    law = incidence(observed, cells, parts, weight[None])
    large = np.flatnonzero(np.bincount(observed.cell, minlength=cells) >= 1000)
    assert len(large) > 5
    for cell in large:
        own = part(observed, observed.cell == cell)
        ended = own.cause >= 0
        days = np.unique(own.low[ended])
        ours = law.cumulative_at(days)[0, cell]
        for cause in range(parts):
            curve = lifelines.AalenJohansenFitter(calculate_variance=False).fit(
                np.where(ended, own.low, own.low - 0.5),
                own.cause + 1,
                event_of_interest=cause + 1,
                weights=weight[own.person],
            ).cumulative_density_.iloc[:, 0]  # fmt: skip
            theirs = curve.to_numpy()[np.searchsorted(curve.index, days, "right") - 1]
            np.testing.assert_allclose(ours[:, cause], theirs, rtol=0, atol=1e-9)


def test_incidence_with_late_entry_equals_the_textbook(strata):
    """All strata and exits: at every duration, exits over those at risk, from sums of those who
    came by then less those who had left before."""
    observed, cells = strata
    weight = np.random.default_rng(6).exponential(size=int(observed.person.max()) + 1)
    causes = len(EXITS) + 1
    law = incidence(observed, cells, causes, weight[None])
    until = np.where(observed.cause < 0, observed.low - 1, observed.low)
    for cell in range(cells):
        kept = (observed.cell == cell) & (observed.entry <= until)
        own, last, w = part(observed, kept), until[kept], weight[observed.person[kept]]
        days = np.unique(own.low[own.cause >= 0])

        def by_day(at, w, days=days):
            return np.bincount(np.searchsorted(days, at), w, len(days) + 1)[:-1]

        risk = np.cumsum(by_day(own.entry, w) - by_day(last + 1, w))
        exits = np.stack(
            [by_day(own.low[own.cause == k], w[own.cause == k]) for k in range(causes)], axis=1
        )
        survival = np.cumprod(1 - exits.sum(axis=1) / risk)
        before = np.append(1.0, survival[:-1])[:, None]
        theirs = np.cumsum(before * exits / risk[:, None], axis=0)
        np.testing.assert_allclose(law.cumulative_at(days)[0, cell], theirs, rtol=0, atol=1e-9)


def test_no_stratum_is_stuck_or_emptied_by_its_own_few(strata):
    """Every stratum has a law that sums to one once it leans on everyone, and none ends sooner."""
    observed, cells = strata
    law = pooled(observed, cells, 3, [np.zeros(cells, np.int64)], strength=20.0)
    whole = closed(law)
    np.testing.assert_allclose(whole.mass.sum(axis=(2, 3)), 1, rtol=0, atol=1e-12)
    everyone = incidence(replace(observed, cell=0 * observed.cell), 1, 3)
    alive = everyone.survival[0, 0] > 1e-3
    assert (law.survival[0][:, alive] > 0).all()
