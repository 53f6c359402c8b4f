"""The kernel: a model compiled to arrays. Both engines read it; users never see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.model.clock import Clock
from remand.model.strata import Strata

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Channels:
    """Ways out of states for one stratum. A channel is everyone who leaves one state together.

    Of those who enter ``state`` at step ``u``, ``profile[u]`` belong to the channel; they leave
    at ``u + d`` with chance ``pmf[d]`` for ``u + d`` inside ``[opens, closes)``, and spread over
    the channel's targets by ``share``. Windows let an edit that reaches people already inside
    hand them from one set of channels to another, so no engine needs to know such edits exist.

    Attributes:
        state: (channels,) the state left.
        pmf: (channels,) row of `Kernel.pmf`.
        profile: (channels,) row of `Kernel.profiles`.
        opens, closes: (channels,) half-open window of leaving steps.
        start: (channels + 1,) where each channel's targets begin in ``target`` and ``share``.
        target: (links,) the state entered, or the number of states for ``gone``.
        share: (links,) of the channel's people, summing to 1 a channel.
        tonight: (channels, steps) people already inside at the start, by the step they leave.
        tonight_time: (channels, steps) the time they will have spent in the state, all together.
        exit_state, exit_target: (exits,) every way from a state to another that the model names.
        exit_usual: (exits,) row of `Kernel.profiles`: the share of entrants who would take it if
            no policy acted. Scenarios that are drawn together thin their draws from it.
    """

    state: Ints
    pmf: Ints
    profile: Ints
    opens: Ints
    closes: Ints
    start: Ints
    target: Ints
    share: Floats
    tonight: Floats
    tonight_time: Floats
    exit_state: Ints
    exit_target: Ints
    exit_usual: Ints

    def __len__(self) -> int:
        return len(self.state)


@dataclass(frozen=True)
class Limit:
    """A state held at a number of places: people depend on each other, so only chance can run it.

    Attributes:
        policy: whose rule it is.
        state: the state held; ``target`` is entered instead, or on early discharge.
        places: people who fit.
        kept: (steps,) chance that the rule is kept for one person too many; 0 where not in force.
        refuse: whether those at the door are sent on; otherwise people inside are discharged.
        rank: (strata,) discharged in rising order; −1 is neither counted nor touched, and
            ``LAST`` is counted but never discharged.
        random: discharge anyone; otherwise whoever is nearest to release.
    """

    policy: str
    state: int
    target: int
    places: int
    kept: Floats
    refuse: bool
    rank: Ints
    random: bool

    LAST = 10**6


@dataclass(frozen=True)
class Kernel:
    """Everything a run needs, as arrays.

    Attributes:
        clock, strata, states: what the axes of the arrays mean.
        kind: (states,) index of each state's kind in `remand.model.states.KINDS`.
        steps: number of steps, 0 … steps − 1.
        pmf: (laws, steps + 1) chance of a stay of d steps.
        mean: (laws,) mean stay in steps, tails beyond the horizon included.
        tail: (laws,) chance of a stay longer than ``steps``. A row of ones with mean and tail 0
            stands for everyone leaving in the only step of a channel's window.
        profiles: (profiles, steps) share of entrants at each step.
        channels: one a stratum.
        arrivals: (strata, states, steps) expected people from outside.
        size: (strata, states) negative-binomial size of arrivals; infinity is Poisson.
        inside: (strata, states) people at the boundary before step 0.
        inside_so_far: (strata, states) their mean time since entering the state, in steps.
        counted: (states,) whether ``inside`` is a given census (True) or a steady state's mean.
        limits: states held at a number of places, in the order they act.
    """

    clock: Clock
    strata: Strata
    states: tuple[str, ...]
    kind: Ints
    steps: int
    pmf: Floats
    mean: Floats
    tail: Floats
    profiles: Floats
    channels: tuple[Channels, ...]
    arrivals: Floats
    size: Floats
    inside: Floats
    inside_so_far: Floats
    counted: NDArray[np.bool_]
    limits: tuple[Limit, ...] = ()
