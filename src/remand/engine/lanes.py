"""A model compiled for draws: the channels of all strata side by side, on spans of entry steps.

A channel is everyone who leaves one state by one law in one window, and its *lanes* are the strata
that have any. Blocks of channels, a state each, are kept: scenarios of one draw share those of
states that no policy of theirs touches, and draws share those without any uncertain number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from remand.engine.kernel import Floats, Ints
from remand.engine.windows import Piece
from remand.model import laws

ROUNDING = 1e-14
"""Shares that differ by no more are in one proportion."""

WIDTH = 8
"""Lanes come in groups of so many, as a processor multiplies them; some are empty."""


@dataclass(frozen=True)
class Channel:
    """Everyone who leaves one state by one law in one window, in one proportion to its targets.

    Attributes:
        law: None: everyone left leaves in the window's only step.
        opens, closes: half-open window of leaving steps.
        lane, lanes: the first stratum and how many; those between that have nobody are empty.
        past: (lanes, steps back) of those who entered before the start; one column if alike.
        profile: (spans or steps, lanes) share of those who enter.
        daily: whether ``profile`` is by step.
        targets: states entered, or the number of states.
        share: (targets, lanes).
        held: first and last span (or step) at which anyone enters; (1, 0) if never.
    """

    law: laws.Law | None
    opens: int
    closes: int
    lane: int
    lanes: int
    past: Floats
    profile: Floats
    daily: bool
    targets: tuple[int, ...]
    share: Floats
    held: tuple[int, int]

    @cached_property
    def way(self) -> tuple[object, ...]:
        """What channels of a state must have in common to share their way out."""
        return (self.lane, self.lanes, self.targets, self.share.tobytes())


@dataclass(frozen=True)
class Block:
    """The channels of one state, in one scenario.

    Attributes:
        channels: of the state.
        onward: (strata, states + 1) where those go who entered before the start.
        mean: (strata,) how many steps they stay.
        mixture: their laws, each with its share by stratum.
        kept: what the block was made of, so that its address is not given to anything else.
    """

    channels: tuple[Channel, ...]
    onward: Floats
    mean: Floats
    mixture: tuple[tuple[laws.Law, Floats], ...]
    kept: tuple[object, ...]


class Given(NamedTuple):
    """People inside at the start who leave by one channel and lane, by step."""

    channel: int
    lane: int
    people: Floats


@dataclass(frozen=True)
class Run:
    """One channel of one state, of as many scenarios as have it alike.

    Attributes:
        state: the state left.
        channel: with lanes counted over all scenarios.
        steady: (lanes,) entries a step, for ever back, of those inside who leave by the channel.
    """

    state: int
    channel: Channel
    steady: Floats


@dataclass(frozen=True)
class Lanes:
    """All scenarios of one draw, ready to be solved at once.

    Strata are counted over the scenarios, ``width`` to each; the last may be empty.

    Attributes:
        runs: channels of all states.
        given: those inside whose entries before the start are not so plain.
        inside: (states, scenarios × width) people at the boundary before step 0.
        levels: by state, (spans, scenarios × width) arrivals a step before the calendar.
        calendar: by state, (steps,).
        width: strata of a scenario, with its empty places.
        parts: first step at which the scenarios may differ.
        together: the first scenario by itself, which stands for all until then; None if that is
            not worth while.
    """

    runs: tuple[Run, ...]
    given: tuple[Given, ...]
    inside: Floats
    levels: dict[int, Floats]
    calendar: dict[int, Floats]
    width: int
    parts: int
    together: Lanes | None


def side_by_side(blocks: Sequence[Block], width: int) -> Iterator[tuple[Channel, list[int]]]:
    """Channels of one state in every scenario, and whose they are.

    Those that all have stand as one, and those of neighbours whose channels are of one form. What
    a scenario is summed from, and in which order, must not depend on where it stands, so that two
    that are equal give equal numbers.
    """
    same: dict[object, dict[int, Channel]] = {}
    forms = []
    for k, block in enumerate(blocks):
        seen: dict[object, int] = {}
        ways: dict[object, int] = {}
        form = []
        for channel in block.channels:
            key = (channel.law, channel.opens, channel.closes, channel.daily, channel.targets,
                   channel.lane, channel.lanes, channel.past.shape[1])  # fmt: skip
            seen[key] = seen.get(key, 0) + 1
            same.setdefault((key, seen[key]), {})[k] = channel
            form.append((key, ways.setdefault(channel.way, len(ways))))
        forms.append(form)
    neighbours = [[0]]
    for k in range(1, len(blocks)):
        if forms[k] == forms[k - 1]:
            neighbours[-1].append(k)
        else:
            neighbours.append([k])
    for of in same.values():
        groups = [group for group in neighbours if group[0] in of]
        if len(of) == len(blocks):
            groups = [list(of)]
        if any(channel.lanes != width for channel in of.values()):
            groups = [[k] for k in of]
        for group in groups:
            yield _beside([of[k] for k in group], group[0] * width), group


def _beside(channels: Sequence[Channel], lane: int) -> Channel:
    """One channel of so many scenarios, the first of which begins at ``lane``."""
    first = channels[0]
    if len(channels) == 1:
        return replace(first, lane=first.lane + lane)
    ever = [channel.held for channel in channels if channel.held[0] <= channel.held[1]]
    return replace(
        first,
        held=(min(a for a, _ in ever), max(b for _, b in ever)) if ever else first.held,
        lane=lane,
        lanes=sum(channel.lanes for channel in channels),
        past=np.concatenate([channel.past for channel in channels]),
        profile=np.concatenate([channel.profile for channel in channels], axis=1),
        share=np.concatenate([channel.share for channel in channels], axis=1),
    )


@dataclass(frozen=True)
class Form:
    """How pieces of one state make channels of the same lanes.

    Attributes:
        members: by channel, which pieces go together, end to end, and ``starts`` of each.
        who: (lanes,) the group of each lane from ``lane`` on, ``empty`` ones behind.
    """

    members: Ints
    starts: Ints
    lane: int
    who: Ints
    empty: int

    @property
    def many(self) -> Ints:
        """(channels,) pieces in each."""
        return np.diff(self.starts, append=len(self.members))

    def parted(self, weight: Floats) -> tuple[Floats, Floats] | None:
        """Weight of each channel, (channels, groups, spans), and each member's share of it.

        ``weight`` is that of every piece. None where these do not keep one proportion.
        """
        own, many = weight[self.members], self.many
        total = np.add.reduceat(own, self.starts, axis=0)
        every = np.repeat(total, many, axis=0)
        at = every.argmax(axis=2)[..., None]  # shares are told from where most enter
        most = np.take_along_axis(every, at, axis=2)
        share = np.take_along_axis(own, at, axis=2) / np.where(most > 0, most, 1.0)
        alike = np.abs(own - share * every).max() <= ROUNDING
        return (total, share[..., 0]) if alike else None

    def channels(
        self,
        total: Floats,
        share: Floats,
        pieces: Sequence[Piece],
        index: dict[str, int],
        spans: int,
        *,
        daily: bool,
    ) -> Iterator[Channel]:
        """The channels, given their weights and shares as `parted` gives them."""
        lanes = len(self.who) + self.empty
        shares = np.zeros((len(share), lanes))
        shares[:, : len(self.who)] = share[:, self.who]
        before = total.shape[2] - spans
        each = np.zeros((len(total), total.shape[2], lanes))
        each[..., : len(self.who)] = total.transpose(0, 2, 1)[..., self.who]
        profiles = each[:, before:]
        pasts = each[:, :before].transpose(0, 2, 1)[..., ::-1]
        some = np.asarray(profiles.any(axis=2))
        firsts, lasts = some.argmax(axis=1), spans - 1 - some[:, ::-1].argmax(axis=1)
        ever = np.asarray(some.any(axis=1))
        for c, (start, count) in enumerate(zip(self.starts, self.many, strict=True)):
            piece = pieces[self.members[start]]
            to = tuple(index[pieces[m].target] for m in self.members[start : start + count])
            held = (int(firsts[c]), int(lasts[c])) if ever[c] else (1, 0)
            yield Channel(
                piece.law, piece.opens, piece.closes, self.lane, lanes, pasts[c], profiles[c],
                daily, to, shares[start : start + count], held,
            )  # fmt: skip


def filled(forms: Sequence[Form], weight: Floats) -> list[tuple[Form, Floats, Floats]] | None:
    """Each form with its weights and shares; None where they are not the forms of these pieces."""
    found = []
    lost = np.asarray(weight.any(axis=2))
    for form in forms:
        parted = form.parted(weight)
        if parted is None:
            return None
        found.append((form, *parted))
        lost[form.members[:, None], np.unique(form.who)] = False
    return None if lost.any() else found


def forms_of(weight: Floats, of: Sequence[int], pieces: Sequence[Piece], kin: Ints) -> list[Form]:
    """Pieces of one law whose weights keep one proportion at every entry go together."""
    found: dict[tuple[int, bytes, int], list[list[int]]] = {}
    for law in range(max(of) + 1):
        left = [i for i, own in enumerate(of) if own == law and weight[i].any()]
        while left:
            lead = weight[left[0]]
            peak = lead.argmax(axis=1)
            at = (np.arange(len(lead)), peak)
            most = np.where(lead[at] > 0, lead[at], 1.0)
            same = [
                i for i in left
                if np.abs(weight[i] - (weight[i][at] / most)[:, None] * lead).max() <= ROUNDING
                and pieces[i].target not in {pieces[j].target for j in left if j < i}
            ]  # fmt: skip
            active = np.flatnonzero(np.asarray(lead.any(axis=1))[kin])
            lane = int(active[0]) // WIDTH * WIDTH
            who = kin[lane : int(active[-1]) + 1]
            found.setdefault((lane, who.tobytes(), len(who)), []).append(same)
            left = [i for i in left if i not in same]
    return [
        Form(
            np.array([i for same in own for i in same]),
            np.cumsum([0, *(len(same) for same in own[:-1])]),
            lane,
            np.frombuffer(who, np.int64),
            -count % WIDTH,
        )
        for (lane, who, count), own in found.items()
    ]
