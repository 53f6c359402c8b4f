"""Zero-length stays may pass people through several states in a step, but not round for ever."""

from __future__ import annotations

import numpy as np

from remand.engine.kernel import Channels, Floats, Kernel
from remand.errors import InputError


def refuse_endless(kernel: Kernel) -> None:
    """Raise InputError if some people would circle through zero-length stays for ever."""
    steps = np.arange(kernel.steps)
    for g, channels in enumerate(kernel.channels):
        instant = kernel.pmf[channels.pmf, 0][:, None]
        if not instant.any():
            continue
        open_ = (steps >= channels.opens[:, None]) & (steps < channels.closes[:, None])
        at_once = kernel.profiles[channels.profile] * open_ * instant
        if _radius(_passing(kernel, channels, at_once.max(axis=1))) <= 1 - 1e-9:
            continue  # not even with every channel at its largest
        for weight in np.unique(at_once, axis=1).T:
            z = _passing(kernel, channels, weight)
            if _radius(z) > 1 - 1e-9:
                ring = [kernel.states[i] for i in _ring(z)]
                raise InputError.of(
                    "people would circle for ever within one step: everyone passes at once through "
                    f"{' → '.join([*ring, ring[0]])} ({kernel.strata.named(g)})",
                    fix="give one of these states a stay longer than zero, or an exit that leaves",
                    path=("states", ring[0], "dwell"),
                )


def _passing(kernel: Kernel, channels: Channels, weight: Floats) -> Floats:
    """Share of those who enter a state (row) that enter another (column) within the same step."""
    n = len(kernel.states)
    z = np.zeros((n, n + 1))
    links = np.repeat(np.arange(len(channels)), np.diff(channels.start))
    np.add.at(z, (channels.state[links], channels.target), weight[links] * channels.share)
    return z[:, :-1]


def _radius(z: Floats) -> float:
    """How much of a round of people is left after another, in the long run."""
    return float(np.abs(np.linalg.eigvals(z)).max())


def _ring(z: Floats) -> list[int]:
    """States of the circle that everyone in it passes through, in order."""
    seen: list[int] = []
    state = int(np.argmax(z.max(axis=1)))
    while state not in seen:
        seen.append(state)
        state = int(np.argmax(z[state]))
    return seen[seen.index(state) :]
