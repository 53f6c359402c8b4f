"""What figures are made of: people and their time, summed over places, groups and windows.

Both engines give the same tally: the exact one its expectation, the sampled one each replicate's;
so do a jail's records (`remand.outcomes.counted`): what happened.
What figures say of it stands in `measures`, once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from remand.engine.expected import Path
from remand.engine.kernel import Floats, Limit
from remand.engine.moments import Reward
from remand.engine.sampled import Sample
from remand.engine.stays import Stays
from remand.model.clock import Clock
from remand.outcomes.cells import Cells
from remand.outcomes.windows import Windows

MOVED = frozenset({"admissions", "releases", "stay_admission", "stay_release"})
"""Quantities that need moves counted."""

_LAST = ("last", "so_far")
_SUMMED = ("held", "by_level", "admissions", "releases", "to_come", "ended", "overflow")
_EVERY = (*_SUMMED, *_LAST, "course")


@dataclass(frozen=True)
class Tally:
    """Counts over (…, places, groups, windows); a sample's begin with an axis of replicates.

    Attributes:
        clock: how long a step is.
        limits: states held at a number of places.
        lengths: (windows,) steps in each window.
        held: person-steps.
        by_level: (…, places, levels, windows) person-steps, by everyone and by each level of the
            axis whose disparity is shown.
        overflow: (…, limits, 3, windows) people discharged early, people refused, and person-steps
            above the limit all the same.
        admissions, releases: people who enter and leave each place.
        last: (…, kinds, groups, windows) people inside at the last step.
        to_come: (…, kinds, groups, windows) steps in the kind, to its end, of those admitted.
        ended: (…, kinds, groups, windows) steps in the kind of those released.
        so_far: (…, kinds, groups, windows) steps in the kind so far of those inside at the last
            step. Only the kinds among the places have stays.
        first: the step the first window begins with.
        parts: (parts,) steps in each of the shortest periods that are told apart, which make up
            the windows: single steps of a solved path, the windows asked for of a sample.
        course: (…, places, groups, parts) person-steps in each part. Both stand for all windows
            taken as one too, so that what depends on dates or peaks is the same either way.
    """

    clock: Clock
    limits: tuple[Limit, ...]
    lengths: Floats
    held: Floats
    by_level: Floats
    overflow: Floats
    admissions: Floats | None = None
    releases: Floats | None = None
    last: Floats | None = None
    to_come: Floats | None = None
    ended: Floats | None = None
    so_far: Floats | None = None
    first: int = 0
    parts: Floats | None = None
    course: Floats | None = None

    @property
    def by_part(self) -> tuple[Floats, Floats]:
        """Person-steps in each part, and its steps; windows are the parts where none are told."""
        if self.course is None or self.parts is None:
            return self.held, self.lengths
        return self.course, self.parts

    def whole(self) -> Tally:
        """The same over all windows taken as one."""
        course, parts = self.by_part
        whole: dict[str, Any] = {"lengths": self.lengths.sum(keepdims=True)}
        whole |= {"course": course, "parts": parts}
        whole |= {name: part.sum(axis=-1, keepdims=True) for name, part in self._parts(_SUMMED)}
        whole |= {name: part[..., -1:] for name, part in self._parts(_LAST)}
        return replace(self, **whole)

    def mean(self) -> Tally:
        """The mean of all replicates."""
        parts = self._parts(_EVERY)
        means: dict[str, Any] = {name: part.mean(axis=0) for name, part in parts}
        return replace(self, **means)

    def _parts(self, names: Sequence[str]) -> list[tuple[str, Floats]]:
        found = [(name, getattr(self, name)) for name in names]
        return [(name, part) for name, part in found if part is not None]


def expected(
    path: Path,
    windows: Windows,
    cells: Cells,
    wanted: Collection[str],
    stays: Stays | None = None,
) -> Tally:
    """The tally of a solved path: expected people. Moves are counted only if ``wanted``."""
    kernel, n = path.kernel, len(path.kernel.states)
    group = cells.groups.members.astype(float)
    in_kind = cells.members[cells.kinds].astype(float)

    def over(series: Floats, member: Floats = group) -> Floats:
        sums: Floats = np.einsum("gs,psw->pgw", member, windows.sums(series))
        return sums

    def moved(rewards: list[Reward]) -> Floats:
        return over(path.moves(np.array([reward.move for reward in rewards])))

    census = np.einsum("ps,gst->pgt", cells.members.astype(float), path.census)
    tally = Tally(
        clock=kernel.clock,
        limits=kernel.limits,
        lengths=windows.lengths.astype(float),
        held=over(census),
        by_level=over(census, cells.levels.members.astype(float)),
        overflow=np.zeros((0, 3, len(windows.starts))),
        first=windows.starts[0],
        parts=np.ones(windows.end - windows.starts[0]),
        course=np.einsum("gs,pst->pgt", group, census[..., windows.starts[0] : windows.end]),
    )
    if MOVED & set(wanted):
        tally = replace(
            tally,
            admissions=moved([Reward.admissions(m) for m in cells.members]),
            releases=moved([Reward.releases(m) for m in cells.members]),
        )
    if stays is None:
        return tally
    kind = np.append(kernel.kind, -1)
    entering = np.zeros((n, n + 1, n + 1))
    for state in range(n):
        entering[state, :, state] = kind != kind[state]
    admitted = path.moves(entering).transpose(1, 0, 2)  # strata, states, steps

    def of_kind(series: Floats) -> Floats:
        times: Floats = np.einsum("ps,gst->pgt", in_kind, series)
        return times

    def at_last(series: Floats) -> Floats:
        inside: Floats = np.einsum("gs,psw->pgw", group, windows.last(of_kind(series)))
        return inside

    return replace(
        tally,
        last=at_last(path.census),
        to_come=over(of_kind(admitted * stays.to_come)),
        ended=over(of_kind(stays.ended)),
        so_far=at_last(stays.so_far),
    )


def drawn(sample: Sample, cells: Cells, wanted: Collection[str]) -> Tally:
    """The tally of each replicate of a sample. Moves are counted only if ``wanted``."""
    group = cells.groups.members.astype(float)
    member = cells.members.astype(float)
    in_kind = member[cells.kinds]

    def over(series: Floats, places: Floats = member, groups: Floats = group) -> Floats:
        sums: Floats = np.einsum("gs,pn,rsnw->rpgw", groups, places, series, optimize=True)
        return sums

    def moved(rewards: list[Reward]) -> Floats:
        counted = np.array([reward.move[sample.origin, sample.target] for reward in rewards])
        return over(sample.moves, counted)

    tally = Tally(
        clock=sample.kernel.clock,
        limits=sample.kernel.limits,
        lengths=np.diff(np.array(sample.bounds)).astype(float),
        held=over(sample.held),
        by_level=over(sample.held, groups=cells.levels.members.astype(float)),
        overflow=sample.overflow,
        first=sample.bounds[0],
    )
    if MOVED & set(wanted):
        tally = replace(
            tally,
            admissions=moved([Reward.admissions(m) for m in cells.members]),
            releases=moved([Reward.releases(m) for m in cells.members]),
        )
    if sample.to_come is None or sample.ended is None or sample.so_far is None:
        return tally
    return replace(
        tally,
        last=over(sample.last, in_kind),
        to_come=over(sample.to_come, in_kind),
        ended=over(sample.ended, in_kind),
        so_far=over(sample.so_far, in_kind),
    )


def joined(tallies: Sequence[Tally]) -> Tally:
    """Tallies of successive replicates of one kernel, as one."""
    return tallies[0] if len(tallies) == 1 else _together(tallies, np.concatenate)


def stacked(tallies: Sequence[Tally]) -> Tally:
    """Tallies of one replicate each, as one with an axis of replicates in front."""
    return _together(tallies, np.stack)


def _together(tallies: Sequence[Tally], how: Callable[[list[Floats]], Floats]) -> Tally:
    each = [dict(tally._parts(_EVERY)) for tally in tallies]  # noqa: SLF001 - its own
    whole: dict[str, Any] = {name: how([parts[name] for parts in each]) for name in each[0]}
    return replace(tallies[0], **whole)
