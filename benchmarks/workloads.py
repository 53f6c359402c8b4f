"""The models that are timed, and workload W stepped in plain NumPy."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from remand.model.model import Model
from remand.model.policy import Policy

Floats = NDArray[np.float64]

W: dict[str, Any] = {
    "horizon_days": 3650,
    "groups": ["g0", "g1", "g2", "g3", "g4"],
    "bookings_per_day": [40.0, 25.0, 20.0, 10.0, 5.0],
    "dwell_lognormal_median_mean": {
        "pretrial_detained": [4.0, 25.0],
        "pretrial_released": [120.0, 180.0],
        "jail_sentenced": [40.0, 60.0],
        "prison": [600.0, 900.0],
        "probation": [300.0, 400.0],
        "parole": [365.0, 500.0],
        "free": [250.0, 400.0],
    },
    "exit_probabilities": {
        "pretrial_detained": {
            "pretrial_released": 0.6, "jail_sentenced": 0.15, "prison": 0.1, "free": 0.15,
        },
        "pretrial_released": {
            "free": 0.7, "probation": 0.15, "jail_sentenced": 0.1, "pretrial_detained": 0.05,
        },
        "jail_sentenced": {"probation": 0.6, "free": 0.4},
        "prison": {"parole": 1.0},
        "probation": {"free": 0.8, "jail_sentenced": 0.2},
        "parole": {"free": 0.7, "prison": 0.3},
        "free": {"pretrial_detained": 0.35, "gone": 0.65},
    },
}  # fmt: skip
"""Workload W: bookings enter ``pretrial_detained``; whole days, rounded up; an empty start.

The 0.65 of ``free`` leave for good *on entry* and are not counted; the others stay, then return.
"""

KINDS = {
    "pretrial_detained": "jail",
    "jail_sentenced": "jail",
    "prison": "prison",
    "probation": "supervision",
    "parole": "supervision",
}


def read(file: Path | None) -> dict[str, Any]:
    """Workload W from its file, or as it stands above."""
    found: dict[str, Any] = W if file is None else json.loads(file.read_text(encoding="utf-8"))
    return found


def exits(w: dict[str, Any], state: str) -> dict[str, float]:
    """Shares by target of who leaves a state, the thinning on entry into ``free`` applied."""
    stay = w["exit_probabilities"]["free"]["pretrial_detained"]
    if state == "free":
        return {"pretrial_detained": 1.0}
    shares: dict[str, float] = {}
    for to, share in w["exit_probabilities"][state].items():
        if to == "free":
            shares |= {"free": share * stay, "gone": share * (1 - stay)}
        else:
            shares[to] = share
    return shares


def model_of(w: dict[str, Any]) -> tuple[Model, dt.date]:
    """Workload W as a model, and the day it runs until."""
    start = dt.date(2000, 1, 1)
    spec = {
        "name": "w",
        "title": "Workload W",
        "counts": "jurisdiction",
        "inferred": "a benchmark",
        "clock": {"start": start, "partial": "up"},
        "strata": {"group": w["groups"]},
        "states": {
            state: {
                "kind": KINDS.get(state, "community"),
                "dwell": {"law": "lognormal", "median": median, "mean": mean},
                "exits": {to: {"share": share} for to, share in exits(w, state).items()},
            }
            for state, (median, mean) in w["dwell_lognormal_median_mean"].items()
        },
        "arrivals": {
            "pretrial_detained": {
                "unit": "people per day",
                "rate": [
                    {"where": {"group": group}, "value": value}
                    for group, value in zip(w["groups"], w["bookings_per_day"], strict=True)
                ],
            }
        },
        "tonight": {},
    }
    return Model.model_validate(spec), start + dt.timedelta(days=w["horizon_days"])


def tables(w: dict[str, Any]) -> tuple[Floats, Floats, Floats]:
    """What both NumPy steppings start from: chance (states, T + 1), moves (states, states), flow.

    ``chance[s, d]`` is the chance of a stay of ``d`` days; ``flow`` is (groups, states) a day.
    """
    states = list(w["dwell_lognormal_median_mean"])
    days = np.arange(w["horizon_days"] + 1.0)
    chance = np.zeros((len(states), len(days)))
    for i, (median, mean) in enumerate(w["dwell_lognormal_median_mean"].values()):
        with np.errstate(divide="ignore"):
            beyond = ndtr(np.log(median / days) / np.sqrt(2 * np.log(mean / median)))
        chance[i, 1:] = beyond[:-1] - beyond[1:]
    moves = np.array([[exits(w, a).get(b, 0.0) for b in states] for a in states])
    flow = np.zeros((len(w["groups"]), len(states)))
    flow[:, 0] = w["bookings_per_day"]
    return chance, moves, flow


def plain(chance: Floats, moves: Floats, flow: Floats) -> Floats:
    """Census (groups, states, T), stepped in NumPy as one would write it down."""
    steps = chance.shape[1] - 1
    entries = np.zeros((*flow.shape, steps))
    left = np.zeros_like(entries)
    for t in range(steps):
        left[..., t] = (entries[..., :t] * chance[..., t:0:-1]).sum(-1)
        entries[..., t] = flow + left[..., t] @ moves
    return np.cumsum(entries - left, axis=-1)


def short(chance: Floats, moves: Floats, flow: Floats) -> Floats:
    """The same, the best short NumPy known here: products of matrices over a reversed copy."""
    steps = chance.shape[1] - 1
    backward = np.ascontiguousarray(chance[:, ::-1])  # backward[s, steps − d] = chance[s, d]
    entries = np.zeros((flow.shape[1], flow.shape[0], steps))
    left = np.zeros_like(entries)
    for t in range(steps):
        out = np.matmul(entries[:, :, :t], backward[:, steps - t : steps, None])[..., 0]
        left[:, :, t] = out
        entries[:, :, t] = flow.T + moves.T @ out
    return np.cumsum(entries - left, axis=-1).transpose(1, 0, 2)


def monthly() -> tuple[Model, Policy, dt.date]:
    """Ten groups, four states, 240 months, and a policy: the size of the one public peer."""
    groups = [f"g{i}" for i in range(10)]
    start = dt.date(2020, 1, 1)
    spec = {
        "name": "monthly",
        "title": "Ten groups, four states",
        "counts": "jurisdiction",
        "inferred": "a benchmark",
        "clock": {"start": start, "step": "month"},
        "strata": {"group": groups},
        "states": {
            "jail": {
                "kind": "jail",
                "dwell": {"law": "lognormal", "median": 20, "mean": 60},
                "exits": {"prison": {"share": 0.2}, "probation": {"share": 0.5}, "gone": {}},
            },
            "prison": {
                "kind": "prison",
                "dwell": {"law": "lognormal", "median": 500, "mean": 800},
                "exits": {"parole": {"share": 0.7}, "gone": {}},
            },
            "probation": {
                "kind": "supervision",
                "dwell": {"law": "gamma", "mean": 540, "shape": 3},
                "exits": {"jail": {"share": 0.2}, "gone": {}},
            },
            "parole": {
                "kind": "supervision",
                "dwell": {"law": "gamma", "mean": 700, "shape": 2},
                "exits": {"prison": {"share": 0.3}, "gone": {}},
            },
        },
        "arrivals": {
            "jail": {
                "unit": "people per month",
                "rate": [
                    {"where": {"group": group}, "value": 100.0 + 40 * i}
                    for i, group in enumerate(groups)
                ],
            }
        },
    }
    policy = {
        "name": "shorter",
        "authority": "legislature",
        "inferred": "a benchmark",
        "starts": dt.date(2024, 1, 1),
        "phase_in": 365.0,
        "compliance": 0.8,
        "edits": [
            {"dwell": {"state": "prison", "scale": 0.8}},
            {"divert": {"state": "jail", "exit": "prison", "to": "probation", "share": 0.1}},
        ],
    }
    return Model.model_validate(spec), Policy.model_validate(policy), dt.date(2040, 1, 1)
