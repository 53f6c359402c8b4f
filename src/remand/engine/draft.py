"""A draft: what all draws of some models share, and how one draw of them is compiled to lanes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np

from remand.engine.arriving import Arriving, arriving
from remand.engine.entries import PHASE, Entries
from remand.engine.inside import cohorts_of, counted_people, leaving, steady_flux
from remand.engine.kernel import Floats, Ints
from remand.engine.lanes import (
    WIDTH,
    Block,
    Channel,
    Form,
    Given,
    Lanes,
    Run,
    filled,
    forms_of,
    side_by_side,
)
from remand.engine.steps import mean_steps
from remand.engine.tables import Table, edited_table, unedited
from remand.engine.windows import Event, Piece, Reach, events_of, pieces_of
from remand.model.edits import Admit
from remand.model.model import Model
from remand.model.policy import Policy
from remand.model.spec import FrozenDict, Row
from remand.model.states import GONE
from remand.model.strata import Some, Strata
from remand.model.uncertain import Uncertain, parts_of
from remand.model.values import Stock

ALONE = 64
"""Scenarios that are equal for so many steps go as one until they differ."""


Inside = tuple[Floats, Floats, dict[int, list[Floats]]]
"""See `Draft._inside`."""


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
        self._tables: dict[int, Table] = {}
        self._forms: dict[object, list[Form]] = {}

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
            longest = policy.phase_in
            if isinstance(longest, Uncertain):
                longest = max(longest.law.between(1.0))
            length = int(np.ceil(longest / self.clock.days))
            yield from range(first, first + length, max(1, min(PHASE, length // 8)))
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

    def lanes(self, models: Sequence[Model]) -> Lanes:
        """The models of one draw, side by side. Raises InputError as compile does."""
        own: dict[tuple[int, ...], Block] = {}
        tables: dict[int, Table] = {}
        blocks = [self._blocks(model, own, tables) for model in models]
        arrivals = [self._arrivals(model) for model in models]
        within = [
            self._inside(model, row, came)
            for model, row, came in zip(models, blocks, arrivals, strict=True)
        ]
        parts = self._parts(models)
        together = None
        # where people inside are reached, their past is told apart, which rounds otherwise
        forms = {tuple(any(c.daily for c in block.channels) for block in row) for row in blocks}
        if len(models) > 1 and parts >= ALONE and len(forms) == 1:
            together = self._beside(blocks[:1], arrivals[:1], within[:1], self.steps, None)
        return self._beside(blocks, arrivals, within, parts, together)

    def _parts(self, models: Sequence[Model]) -> int:
        """The first step at which models may differ: when a policy begins that not all have."""
        first = models[0]
        if any(
            m.arrivals[name] is not came for m in models for name, came in first.arrivals.items()
        ) or any(m.states[name] is not first.states[name] for m in models for name in self.names):
            return 0
        if any(m.tonight is not first.tonight for m in models):
            return 0
        every = [{id(policy): policy for policy in m.policies} for m in models]
        own = [p for one in every for key, p in one.items() if any(key not in k for k in every)]
        return max(0, min((self.clock.index(p.starts) for p in own), default=self.steps))

    def _beside(
        self,
        blocks: Sequence[Sequence[Block]],
        arrivals: Sequence[dict[int, Arriving]],
        within: Sequence[Inside],
        parts: int,
        together: Lanes | None,
    ) -> Lanes:
        width = len(self.strata) + -len(self.strata) % WIDTH
        inside = np.zeros((len(self.names), len(blocks), width))
        flux = np.zeros_like(inside)
        for k, (people, flow, _) in enumerate(within):
            inside[:, k, : len(self.strata)] = people
            flux[:, k, : len(self.strata)] = flow
        cohorts = [apart for _, _, apart in within]
        flows = flux.reshape(len(flux), -1)
        runs: list[Run] = []
        given: list[Given] = []
        for s in range(len(self.names)):
            for channel, of in side_by_side([row[s] for row in blocks], width):
                given += self._given(len(runs), channel, s, of, cohorts, flux, width)
                steady = np.zeros(channel.lanes)
                if channel.past.shape[1] == 1:
                    steady = channel.past[:, 0] * flows[s, channel.lane :][: channel.lanes]
                runs.append(Run(s, channel, steady))
        levels = {state: np.zeros((len(self.entries.first) - 1, len(blocks), width))
                  for state in arrivals[0]}  # fmt: skip
        for k, came in enumerate(arrivals):
            for state, one in came.items():
                levels[state][:, k, : len(self.strata)] = one.level[:, 1:].T
        return Lanes(
            tuple(runs),
            tuple(given),
            inside.reshape(len(inside), -1),
            {state: level.reshape(len(level), -1) for state, level in levels.items()},
            {state: one.calendar for state, one in arrivals[0].items()},
            width,
            parts,
            together,
        )

    def _blocks(
        self, model: Model, own: dict[tuple[int, ...], Block], tables: dict[int, Table]
    ) -> list[Block]:
        policies = sorted(model.policies, key=lambda policy: policy.starts)
        blocks = []
        for name in self.names:
            touching = [p for p in policies if any(e.state == name for e in p.edits)]
            key = (id(model.states[name]), *map(id, touching))
            kept = self._kept if self._lasting.issuperset(key) else own
            if key not in kept:
                kept[key] = self._block(model, name, touching, tables)
            blocks.append(kept[key])
        return blocks

    def _arrivals(self, model: Model) -> dict[int, Arriving]:
        policies = sorted(model.policies, key=lambda policy: policy.starts)
        admitting = [p for p in policies if any(isinstance(e, Admit) for e in p.edits)]
        return {
            self.index[name]: arriving(
                model, name, self.strata, self.entries, admitting, self.reach[""].entrants
            )
            for name in model.arrivals
        }

    # -- states -----------------------------------------------------------------------------

    def _block(
        self, model: Model, name: str, policies: list[Policy], tables: dict[int, Table]
    ) -> Block:
        strata, kin = self.kin[name]
        reach = self.reach[name]
        state = model.states[name]
        known = self._tables if id(state) in self._lasting else tables
        base = known.get(id(state))
        if base is None:
            base = known[id(state)] = unedited(state, strata, self.entries)

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
        form = (name, *map(_form_of, policies))
        channels = tuple(self._channels(pieces, events, kin, form))
        return Block(channels, onward[kin], mean[kin], tuple(mixture), (state, *policies))

    def _channels(
        self, pieces: Sequence[Piece], events: Sequence[Event], kin: Ints, form: object
    ) -> Iterator[Channel]:
        """Pieces as channels. How they go together is worked out once for all draws of a form."""
        if not pieces:
            return
        rows: dict[object, int] = {}
        of = [rows.setdefault((p.law, p.opens, p.closes), len(rows)) for p in pieces]
        longest = max(piece.weight.shape[1] for piece in pieces)
        weight = np.array([
            # of strata that no event touches, those from before the start stand as one
            np.pad(p.weight, ((0, 0), (longest - p.weight.shape[1], 0)), mode="edge")
            if p.weight.shape[1] < longest
            else p.weight
            for p in pieces
        ])  # fmt: skip
        key = (form, tuple(of), tuple(p.target for p in pieces), (weight != 0).tobytes())
        spans = self.steps if events else len(self.entries.first) - 1
        known = None if events else self._forms.get(key)
        parted = None if known is None else filled(known, weight)
        if parted is None:
            self._forms[key] = forms_of(weight, of, pieces, kin)
            parted = filled(self._forms[key], weight)
            assert parted is not None  # noqa: S101 - forms fit what they were made of
        for one, total, share in parted:
            yield from one.channels(total, share, pieces, self.index, spans, daily=bool(events))

    # -- inside -----------------------------------------------------------------------------

    def _inside(
        self, model: Model, blocks: Sequence[Block], arrivals: dict[int, Arriving]
    ) -> Inside:
        """People inside at the start, (states, strata), and since when.

        That is a constant flow for ever back, (states, strata), or, for some states, cohorts by
        stratum as in `remand.engine.inside`.
        """
        shape = (len(self.names), len(self.strata))
        tonight = model.tonight
        stocks = [tonight if isinstance(tonight, str) else tonight.get(n) for n in self.names]
        flux = np.zeros(shape)
        if "steady" in stocks:
            flow = np.zeros(shape)
            for state, came in arrivals.items():
                flow[state] = came.level[:, 0]
            onward = np.array([block.onward for block in blocks]).transpose(1, 0, 2)
            flux = steady_flux(onward, flow.T, self.strata).T.copy()
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
        return inside, flux, cohorts

    def _given(
        self,
        position: int,
        channel: Channel,
        s: int,
        scenarios: Sequence[int],
        cohorts: Sequence[dict[int, list[Floats]]],
        flux: Floats,
        width: int,
    ) -> Iterator[Given]:
        """Leavers of a channel whose entries before the start are told apart."""
        if channel.past.shape[1] == 1 and not any(s in cohorts[k] for k in scenarios):
            return
        window = slice(channel.opens, channel.closes)
        for j in range(channel.lanes):
            k, g = divmod(channel.lane + j, width)
            if g < len(self.strata):
                came = cohorts[k][s][g] if s in cohorts[k] else flux[s, k, g : g + 1]
                if came.any() and channel.past[j].any():
                    people, _ = leaving(
                        channel.law, channel.past[j], came, window, self.steps, self.clock
                    )
                    yield Given(position, j, people)


def _form_of(policy: Policy) -> object:
    """What a policy does, whatever its numbers: policies of one form change tables alike."""
    words = (str, tuple, FrozenDict)
    edits = tuple(
        (type(edit), *((k, v) for k, v in edit if isinstance(v, words))) for edit in policy.edits
    )
    numbers = tuple(tuple(sorted(edit.model_fields_set)) for edit in policy.edits)
    return policy.starts, policy.ends, policy.applies_to, edits, numbers
