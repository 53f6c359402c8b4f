"""Draws put into a model, whatever its tables and whatever is drawn."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remand.fitting.drawn import FitDraws
from remand.model.model import Model
from remand.records.stay_bands import LABELS, band

LONGEST = 900


@st.composite
def jails(draw):
    """A model of one state and two groups with random tables, and its draws' frame."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    exits, count = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cells, frame = [], []
    for race in ("Black", "white"):
        mass = rng.dirichlet(np.full(exits * 6, draw(st.sampled_from([0.05, 1.0]))))
        own: dict[tuple[int, int], float] = {}
        for i, chance in enumerate(mass.tolist()):
            duration = int(rng.integers(0, LONGEST))
            where = {"where": {"race": race}, "exit": f"way_{i % exits}"}
            cells.append({**where, "duration": duration, "probability": chance})
            key = (i % exits, int(band(np.array([duration]))[0]))
            own[key] = own.get(key, 0.0) + chance
        drawn = rng.gamma(draw(st.sampled_from([0.2, 5.0])), size=(count, len(own)))
        drawn = (drawn + 1e-9) * np.array(list(own.values()))  # nobody where the fit has nobody
        drawn /= drawn.sum(axis=1, keepdims=True)
        for j, ((way, at), point) in enumerate(own.items()):
            frame += [
                {"draw": d, "parameter": "stays", "state": "jail", "exit": f"way_{way}",
                 "race": race, "band": LABELS[at], "value": float(drawn[d, j]), "point": point}
                for d in range(count)
            ]  # fmt: skip
    model = Model.model_validate(
        {
            "name": "jail",
            "title": "Jail",
            "counts": "in-facility",
            "clock": {"start": dt.date(2020, 1, 1), "step": "day"},
            "strata": {"race": ["Black", "white"]},
            "states": {
                "jail": {
                    "kind": "jail",
                    "dwell": {"law": "table", "rows": cells},
                    "exits": {f"way_{e}": {"to": "gone"} for e in range(exits)},
                }
            },
            "arrivals": {"jail": {"unit": "people per day", "rate": 1.0}},
        }
    )
    return model, pl.DataFrame(frame)


def cells_of(model):
    """Probability by race, exit and duration."""
    found = {}
    for way in model.states["jail"].dwell[0].rows:
        for duration, chance in zip(way.law.durations, way.law.chances, strict=True):
            key = (way.where["race"], way.exit, duration)
            found[key] = found.get(key, 0.0) + way.probability * chance
    return found


@given(jails())
def test_drawn_laws_are_laws_on_the_same_stays_with_the_drawn_shares(jail):
    """No chance below 0, sums of 1, no new duration; exits leave as often as drawn."""
    model, frame = jail
    fitted = {
        (cell.where["race"], cell.exit, cell.duration)
        for cell in model.states["jail"].dwell[0].rows
    }
    drawn = FitDraws.of(model, frame)
    for i in range(drawn.count):
        cells = cells_of(drawn.model(i))
        assert set(cells) <= fitted
        assert min(cells.values()) >= 0
        for race in ("Black", "white"):
            assert sum(p for k, p in cells.items() if k[0] == (race,)) == pytest.approx(
                1, abs=1e-12
            )
        told = frame.filter(pl.col("draw") == i).group_by("race", "exit").agg(pl.col("value").sum())
        for race, exit_, share in told.iter_rows():
            own = sum(p for k, p in cells.items() if k[:2] == ((race,), exit_))
            assert own == pytest.approx(share, abs=1e-4)


@given(jails())
def test_a_draw_that_is_the_fit_gives_the_fitted_law(jail):
    """Cell by cell."""
    model, frame = jail
    same = FitDraws.of(model, frame.with_columns(value="point")).model(0)
    fitted = {}
    for cell in model.states["jail"].dwell[0].rows:
        key = (cell.where["race"], cell.exit, cell.duration)
        fitted[key] = fitted.get(key, 0.0) + cell.probability
    cells = cells_of(same)
    for key, chance in fitted.items():
        assert cells.get(key, 0.0) == pytest.approx(chance, abs=1e-9)
