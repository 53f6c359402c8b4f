"""By which door people came: a kernel in which each stay in a kind remembers how it began.

Someone sentenced to the county's jail may have come from its detention cells or from the street.
The census cannot tell; but if every state of the kind is held once for each *door* (the state by
which the kind was entered), it can, and nothing else changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from remand.engine.kernel import Channels, Ints, Kernel
from remand.engine.kinds import within_kind


@dataclass(frozen=True)
class ByDoor:
    """A kernel whose states of one kind stand once for each door.

    Attributes:
        kernel: equal to the one it was made of in every count over the states of ``origin``.
        origin: (states,) which state of the first kernel each one is.
        door: (states,) the state by which the kind was entered; −1 outside the kind.
    """

    kernel: Kernel
    origin: Ints
    door: Ints


def by_door(kernel: Kernel, kind: int) -> ByDoor:
    """A kernel that tells those inside a kind apart by the state they entered it by.

    People inside at the start came by the state they are in: what was before is not known.
    Its census of one door is that of the stays begun there. Capacity limits, which no exact
    solution has, and what only paired samples need are left out.
    """
    n = len(kernel.states)
    pairs = [(-1 if kernel.kind[s] != kind else s, s) for s in range(n)]
    for d in np.flatnonzero(kernel.kind == kind):
        pairs += [(int(d), int(s)) for s in _beyond(kernel, int(d)) if s != d]
    door, origin = np.array(pairs, np.int64).T
    goes = np.tile(np.append(np.arange(n), len(pairs)), (n + 1, 1))  # by door (last: none), target
    goes[door, origin] = np.arange(len(pairs))
    first = np.arange(len(pairs)) < n
    names = [kernel.states[s] if s == d or d < 0 else f"{kernel.states[s]} by {kernel.states[d]}"
             for d, s in pairs]  # fmt: skip
    return ByDoor(
        replace(
            kernel,
            states=tuple(names),
            kind=kernel.kind[origin],
            channels=tuple(_channels(c, door, origin, goes) for c in kernel.channels),
            arrivals=kernel.arrivals[:, origin] * first[:, None],
            size=kernel.size[:, origin],
            inside=kernel.inside[:, origin] * first,
            inside_so_far=kernel.inside_so_far[:, origin],
            counted=kernel.counted[origin],
            limits=(),
        ),
        origin,
        door,
    )


def _beyond(kernel: Kernel, door: int) -> NDArray[np.int64]:
    """States that a stay begun at a door may come to, the door included."""
    n = len(kernel.states)
    step = np.eye(n + 1, dtype=bool)
    for channels in kernel.channels:
        inner = within_kind(kernel, channels)
        step[np.repeat(inner.state, np.diff(inner.start)), inner.target] = True
    reached = step[door]
    for _ in range(n):
        reached = step[reached].any(axis=0)
    return np.flatnonzero(reached[:n])


def _channels(channels: Channels, door: Ints, origin: Ints, goes: Ints) -> Channels:
    """One stratum's channels, once for each pair of door and state."""
    own = [np.flatnonzero(channels.state == s) for s in origin]
    chosen = np.concatenate(own)
    state = np.repeat(np.arange(len(origin)), [len(c) for c in own])
    many = np.diff(channels.start)[chosen]
    start = np.concatenate([[0], np.cumsum(many)])
    links = np.arange(start[-1]) + np.repeat(channels.start[chosen] - start[:-1], many)
    first = (state < len(goes) - 1)[:, None]  # people inside at the start
    none = np.zeros(0, np.int64)
    return replace(
        channels,
        state=state,
        pmf=channels.pmf[chosen],
        profile=channels.profile[chosen],
        opens=channels.opens[chosen],
        closes=channels.closes[chosen],
        start=start,
        target=goes[np.repeat(door[state], many), channels.target[links]],
        share=channels.share[links],
        tonight=channels.tonight[chosen] * first,
        tonight_time=channels.tonight_time[chosen] * first,
        exit_state=none,
        exit_target=none,
        exit_usual=none,
    )
