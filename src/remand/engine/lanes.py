"""A model compiled for draws: the channels of all strata side by side, on spans of entry steps.

A channel is everyone who leaves one state by one law in one window, and its *lanes* are the strata
that have any. Blocks of channels, a state each, are kept: scenarios of one draw share those of
states that no policy of theirs touches, and draws share those without any uncertain number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from remand.engine.arriving import Arriving, arriving
from remand.engine.entries import PHASE, Entries
from remand.engine.inside import cohorts_of, counted_people, leaving, steady_flux
from remand.engine.kernel import Floats, Ints
from remand.engine.steps import mean_steps
from remand.engine.tables import Table, edited_table, unedited
from remand.engine.windows import Event, Piece, Reach, events_of, pieces_of
from remand.model import laws
from remand.model.edits import Admit
from remand.model.model import Model
from remand.model.policy import Policy
from remand.model.spec import Row
from remand.model.states import GONE
from remand.model.strata import Some, Strata
from remand.model.uncertain import parts_of
from remand.model.values import Stock

WIDTH = 4
"""Lanes of a channel come in groups of so many, as a processor multiplies them; some are empty."""


@dataclass(frozen=True)
class Channels:
    """Channels, with ragged arrays of their lanes end to end.

    Attributes:
        law: (channels,) row among the laws; −1: everyone left leaves in the window's only step.
        state, opens, closes: (channels,) as in `remand.engine.kernel.Channels`.
        daily: (channels,) whether profiles are by step, not by span.
        lanes: (channels,) how many strata each has.
        stratum: (lanes,) which; the number of strata for an empty lane.
        past: (lanes,) share of those who entered before the start.
        profile: by channel, span (or step) and lane: share of those who enter.
        begins, ends: (channels,) first and last span (or step) at which anyone enters.
        links: (channels,) how many ways out each has.
        target: (links,) the state entered, or the number of states.
        share: by link and lane.
    """

    law: Ints
    state: Ints
    opens: Ints
    closes: Ints
    daily: Ints
    lanes: Ints
    stratum: Ints
    past: Floats
    profile: Floats
    begins: Ints
    ends: Ints
    links: Ints
    target: Ints
    share: Floats

    def __len__(self) -> int:
        return len(self.law)

    @classmethod
    def joined(cls, parts: Sequence[Channels]) -> Channels:
        """Channels one after the other; laws keep their numbers."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True)
class Block:
    """The channels of one state.

    Attributes:
        laws: the laws that ``channels.law`` counts.
        channels: of the state.
        onward: (strata, states + 1) where those go who entered before the start.
        mean: (strata,) how many steps they stay.
        mixture: their laws, each with its share by stratum.
        histories: by channel, the profile of single entry steps before the start (lanes, steps
            back), where an event tells them apart.
        kept: what the block was made of, so that its address is not given to anything else.
    """

    laws: tuple[laws.Law, ...]
    channels: Channels
    onward: Floats
    mean: Floats
    mixture: tuple[tuple[laws.Law, Floats], ...]
    histories: dict[int, Floats]
    kept: tuple[object, ...]


class Given(NamedTuple):
    """People inside at the start who leave by one channel and lane, by step."""

    channel: int
    lane: int
    people: Floats


@dataclass(frozen=True)
class Lanes:
    """One scenario of one draw, ready to be solved.

    Attributes:
        laws: in the order of ``channels.law``.
        channels: of all states.
        steady: (lanes,) entries a step, for ever back, of those inside who leave by the channel.
        given: those inside whose entries are not so plain.
        inside: (states, strata) people at the boundary before step 0.
        arrivals: by state.
    """

    laws: tuple[laws.Law, ...]
    channels: Channels
    steady: Floats
    given: tuple[Given, ...]
    inside: Floats
    arrivals: dict[int, Arriving]


class Draft:
    """What all draws of some models share: their time, spans, and whom each state tells apart.

    The models differ in policies and in values, never in form: same states, strata and dates.
    """

    def __init__(self, models: Sequence[Model], until: dt.date) -> None:
        model = models[0]
        self.clock, self.strata = model.clock, model.strata
        self.steps = model.clock.index(until)
        self.names = model.state_names
        self.index = {name: i for i, name in enumerate(self.names)} | {GONE: len(self.names)}
        policies = list({id(p): p for m in models for p in m.policies}.values())
        self.entries = Entries.between(self.clock, self.steps, self._edges(model, policies))
        self.kin = {name: self._kin(model, name, policies) for name in self.names}
        everyone = (self.strata, np.arange(len(self.strata)))
        self.reach = {
            name: Reach(self.clock, kin[0], self.entries)
            for name, kin in {**self.kin, "": everyone}.items()
        }
        self._lasting = {id(part) for m in models for part in (*m.states.values(), *m.policies)}
        self._kept: dict[tuple[int, ...], Block] = {}

    def _edges(self, model: Model, policies: Sequence[Policy]) -> Iterator[int]:
        """Steps at which anything begins to hold or ends."""
        for part in parts_of(model):
            if isinstance(part, Row) and part.from_ is not None:
                yield self.clock.index(part.from_)
        reach = Reach(self.clock, self.strata, Entries.between(self.clock, self.steps, ()))
        for policy in policies:
            first, ends = reach.window(policy)
            yield first
            if np.isfinite(ends):
                yield int(ends)
            length = int(np.ceil(policy.phase_in / self.clock.days))
            yield from range(first, first + length, PHASE)
            yield first + length

    def _kin(self, model: Model, name: str, policies: Sequence[Policy]) -> tuple[Strata, Ints]:
        """One stratum of each kind that the state tells apart, and which kind each stratum is."""
        wheres = {part.where for part in parts_of(model.states[name]) if hasattr(part, "where")}
        wheres |= {e.where for p in policies for e in p.edits if e.state == name}
        masks = np.array([self.strata.mask(where) for where in sorted(wheres, key=repr)])
        _, first, of = np.unique(
            masks.reshape(-1, len(self.strata)), axis=1, return_index=True, return_inverse=True
        )
        return Some(self.strata.axes, tuple(int(i) for i in first)), of.ravel()

    def lanes(self, models: Sequence[Model]) -> list[Lanes]:
        """The models of one draw, which share what is alike. Raises InputError as compile does."""
        own: dict[tuple[int, ...], Block] = {}
        return [self._lanes(model, own) for model in models]

    def _lanes(self, model: Model, own: dict[tuple[int, ...], Block]) -> Lanes:
        policies = sorted(model.policies, key=lambda policy: policy.starts)
        blocks = []
        for name in self.names:
            touching = [p for p in policies if any(e.state == name for e in p.edits)]
            key = (id(model.states[name]), *map(id, touching))
            kept = self._kept if self._lasting.issuperset(key) else own
            if key not in kept:
                kept[key] = self._block(model, name, touching)
            blocks.append(kept[key])
        known: dict[laws.Law, int] = {}
        parts = []
        for block in blocks:
            rows = np.array([known.setdefault(law, len(known)) for law in block.laws] + [-1])
            parts.append(_relabelled(block.channels, rows))
        channels = Channels.joined(parts)
        arrivals = {
            self.index[name]: arriving(
                model, name, self.strata, self.entries,
                [p for p in policies if any(isinstance(e, Admit) for e in p.edits)],
                self.reach[""].entrants,
            )
            for name in model.arrivals
        }  # fmt: skip
        inside, steady, given = self._inside(model, blocks, channels, arrivals)
        return Lanes(tuple(known), channels, steady, given, inside, arrivals)

    # -- states -----------------------------------------------------------------------------

    def _block(self, model: Model, name: str, policies: list[Policy]) -> Block:
        strata, kin = self.kin[name]
        reach = self.reach[name]
        state = model.states[name]
        base = unedited(state, strata, self.entries)

        def table_as_of(step: int) -> Table:
            if not policies:
                return base
            return edited_table(
                base, name, strata, self.clock.days, policies,
                lambda policy, edit: reach.as_of(step, policy, edit),
            )  # fmt: skip

        table = table_as_of(-1)
        events = events_of(name, policies, reach)
        pieces = pieces_of(model, name, table, events, table_as_of, reach)
        onward = np.zeros((len(strata), len(self.names) + 1))
        mean = np.zeros(len(strata))
        mixture = []
        for (exit_name, law), weight in table.weight.items():
            now = np.broadcast_to(weight, (len(strata), len(self.entries.first)))[:, 0]
            onward[:, self.index[state.target(exit_name)]] += now
            mean += now * mean_steps(law, self.clock)
            mixture.append((law, now[kin]))
        own, channels, histories = self._channels(name, pieces, events, kin)
        return Block(
            own, channels, onward[kin], mean[kin], tuple(mixture), histories, (state, *policies)
        )

    def _channels(
        self, name: str, pieces: Sequence[Piece], events: Sequence[Event], kin: Ints
    ) -> tuple[tuple[laws.Law, ...], Channels, dict[int, Floats]]:
        grouped: dict[tuple[laws.Law | None, int, int], dict[str, Floats]] = {}
        for piece in pieces:
            to = grouped.setdefault((piece.law, piece.opens, piece.closes), {})
            to[piece.target] = to.get(piece.target, 0.0) + piece.weight
        rows: dict[laws.Law, int] = {}
        one: list[list[Any]] = []
        many: list[tuple[NDArray[Any], ...]] = []
        histories: dict[int, Floats] = {}
        spans = self.steps if events else len(self.entries.first) - 1
        for (law, opens, closes), weights in grouped.items():
            row = -1 if law is None else rows.setdefault(law, len(rows))
            for targets, weight, share in _bundles(weights):
                active = np.flatnonzero(weight.any(axis=1)[kin])
                if 2 * len(active) > len(kin):
                    active = np.arange(len(kin))
                held = np.flatnonzero(weight.any(axis=0)[-spans:])
                pad = np.zeros(-len(active) % WIDTH, np.int64)
                who = np.concatenate([kin[active], pad])
                real = np.concatenate([np.ones(len(active)), 0.0 * pad])
                past = weight[who, : weight.shape[1] - spans] * real[:, None]
                if past.shape[1] > 1:
                    histories[len(one)] = past[:, ::-1]
                begins, ends = (held[0], held[-1]) if len(held) else (1, 0)
                one.append([row, self.index[name], opens, closes, int(bool(events)), len(who),
                            begins, ends, len(targets)])  # fmt: skip
                many.append((
                    np.concatenate([active, pad + len(kin)]),
                    past[:, 0] if past.shape[1] == 1 else np.zeros(len(who)),
                    (weight[who, -spans:].T * real).ravel(),
                    np.array([self.index[to] for to in targets]),
                    (share[:, who] * real).ravel(),
                ))  # fmt: skip
        law_, state, opened, closed, daily, lanes, begin, end, links = np.array(
            one, np.int64
        ).reshape(-1, 9).T  # fmt: skip
        stratum, past_, profile, target, share_ = (
            np.concatenate(part) for part in zip(*many, strict=True)
        )
        return tuple(rows), Channels(
            law_, state, opened, closed, daily, lanes, stratum, past_, profile, begin, end, links,
            target, share_,
        ), histories  # fmt: skip

    # -- inside -----------------------------------------------------------------------------

    def _inside(
        self,
        model: Model,
        blocks: Sequence[Block],
        channels: Channels,
        arrivals: dict[int, Arriving],
    ) -> tuple[Floats, Floats, tuple[Given, ...]]:
        """People inside at the start, and how they leave."""
        shape = (len(self.names), len(self.strata))
        tonight = model.tonight
        stocks = [tonight if isinstance(tonight, str) else tonight.get(n) for n in self.names]
        flux = np.zeros(shape)
        if "steady" in stocks:
            flow = np.zeros(shape)
            for state, came in arrivals.items():
                flow[state] = came.level[:, 0]
            onward = np.array([block.onward for block in blocks]).transpose(1, 0, 2)
            flux = steady_flux(onward, flow.T, self.strata).T
        inside = np.zeros(shape)
        cohorts: dict[int, list[Floats]] = {}
        for s, (stock, block) in enumerate(zip(stocks, blocks, strict=True)):
            if stock == "steady":
                inside[s] = flux[s] * block.mean
                continue
            flux[s] = 0.0
            if isinstance(stock, Stock):
                given = counted_people(model, stock)
                inside[s] = given.people
                cohorts[s] = [
                    cohorts_of(
                        model, self.names[s], given, g,
                        [(law, w[g]) for law, w in block.mixture if w[g] > 0], block.mean[g],
                    )
                    for g in range(shape[1])
                ]  # fmt: skip
                if all(len(c) == 1 for c in cohorts[s]):
                    flux[s] = [float(c[0]) for c in cohorts.pop(s)]
        state = np.repeat(channels.state, channels.lanes)
        steady = channels.past * np.pad(flux, ((0, 0), (0, 1)))[state, channels.stratum]
        return inside, steady, tuple(self._given(blocks, channels, cohorts, flux))

    def _given(
        self,
        blocks: Sequence[Block],
        channels: Channels,
        cohorts: dict[int, list[Floats]],
        flux: Floats,
    ) -> Iterator[Given]:
        """Leavers of states whose entries before the start, or whose channels, are told apart."""
        start = 0
        lanes = np.concatenate([[0], np.cumsum(channels.lanes)])
        for s, block in enumerate(blocks):
            for c in range(start, start + len(block.channels)):
                history = block.histories.get(c - start)
                if history is None and s not in cohorts:
                    continue
                row = block.channels.law[c - start]
                window = slice(int(channels.opens[c]), int(channels.closes[c]))
                for j in range(channels.lanes[c]):
                    g = channels.stratum[lanes[c] + j]
                    if g == len(self.strata):
                        continue
                    came = cohorts[s][g] if s in cohorts else flux[s, g : g + 1]
                    past = channels.past[lanes[c] + j : lanes[c] + j + 1]
                    past = past if history is None else history[j]
                    if came.any() and past.any():
                        law = None if row < 0 else block.laws[row]
                        people, _ = leaving(law, past, came, window, self.steps, self.clock)
                        yield Given(c, j, people)
            start += len(block.channels)


def _relabelled(channels: Channels, rows: Ints) -> Channels:
    """The same channels with laws numbered anew; the last of ``rows`` is for none."""
    parts = {f.name: getattr(channels, f.name) for f in fields(Channels)}
    return Channels(**{**parts, "law": rows[channels.law]})


def _bundles(weights: dict[str, Floats]) -> Iterator[tuple[tuple[str, ...], Floats, Floats]]:
    """Targets whose weights keep one proportion at every entry, the weight of all, and shares.

    Shares are (targets, groups); nothing for nobody.
    """
    targets = tuple(weights)
    each = np.array(np.broadcast_arrays(*weights.values()))
    left = [i for i in range(len(targets)) if each[i].any()]
    while left:
        lead = each[left[0]]
        peak = lead.argmax(axis=1)[:, None]
        most = np.take_along_axis(lead, peak, axis=1)
        scale = np.take_along_axis(each[left], peak[None], axis=2) / np.where(most > 0, most, 1.0)
        alike = np.abs(each[left] - scale * lead).max(axis=(1, 2)) <= 1e-15
        total = lead * scale[alike].sum(axis=0)
        share = (scale[alike] / np.where(most > 0, scale[alike].sum(axis=0), 1.0))[..., 0]
        yield tuple(targets[i] for i, own in zip(left, alike, strict=True) if own), total, share
        left = [i for i, own in zip(left, alike, strict=True) if not own]
