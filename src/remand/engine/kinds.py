"""Time in a *kind* of custody at the edges of a run: before its start, and after its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from remand.engine.kernel import Channels, Floats, Kernel


def within_kind(kernel: Kernel, channels: Channels) -> Channels:
    """The same channels, with every target of another kind replaced by *gone*."""
    n = len(kernel.states)
    kind = np.append(kernel.kind, -1)
    origin = np.repeat(channels.state, np.diff(channels.start))
    same = kind[origin] == kind[channels.target]
    return replace(channels, target=np.where(same, channels.target, n))


def carried_at_start(kernel: Kernel) -> tuple[Floats, Floats]:
    """Time in the kind at the boundary before step 0.

    Returns the time so far by state, all together, and the mean time a person of the state had
    spent in the kind before entering the state. In a steady state ``flow × carried =
    Σ (carried + stay)`` of those who come from states of the same kind; of a counted census
    nothing earlier is known.
    """
    n = len(kernel.states)
    inner = [within_kind(kernel, channels) for channels in kernel.channels]
    earlier = np.zeros_like(kernel.inside)
    for g, channels in enumerate(inner):
        mean = _mean_stay(kernel, channels)
        flow = np.divide(kernel.inside[g], mean, out=np.zeros(n), where=mean > 0)
        p = np.zeros((n, n))
        weight = np.zeros((n, n))
        for c, state in enumerate(channels.state):
            share = kernel.profiles[channels.profile[c], 0] * (channels.opens[c] == 0)
            for link in range(channels.start[c], channels.start[c + 1]):
                to = channels.target[link]
                if to < n and not kernel.counted[state]:
                    part = share * channels.share[link]
                    p[state, to] += part
                    weight[state, to] += part * kernel.mean[channels.pmf[c]]
        arriving = flow @ weight
        total = np.linalg.solve(np.eye(n) - p.T, arriving)
        earlier[g] = np.divide(total, flow, out=np.zeros(n), where=(flow > 0) & ~kernel.counted)
    return kernel.inside * (kernel.inside_so_far + earlier), earlier


def _mean_stay(kernel: Kernel, channels: Channels) -> Floats:
    """Mean steps in each state for who enters at step 0."""
    mean = np.zeros(len(kernel.states))
    weight = kernel.profiles[channels.profile, 0] * (channels.opens == 0)
    np.add.at(mean, channels.state, weight * kernel.mean[channels.pmf])
    return mean


def endless(kernel: Kernel, channels: Channels) -> NDArray[np.bool_]:
    """(channels,) which of them go on after the run as they are then."""
    return np.asarray((channels.closes == kernel.steps) & (kernel.mean[channels.pmf] > 0))


def beyond(kernel: Kernel, channels: Channels) -> Floats:
    """Mean steps still to come in the kind of each state for who enters it after the run."""
    inner = within_kind(kernel, channels)
    n = len(kernel.states)
    p = np.zeros((n, n))
    base = np.zeros(n)
    for c in np.flatnonzero(endless(kernel, channels)):
        share = kernel.profiles[channels.profile[c], -1]
        base[channels.state[c]] += share * kernel.mean[channels.pmf[c]]
        for link in range(inner.start[c], inner.start[c + 1]):
            if inner.target[link] < n:
                p[channels.state[c], inner.target[link]] += share * inner.share[link]
    return np.asarray(np.linalg.solve(np.eye(n) - p, base))
