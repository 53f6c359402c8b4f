"""Model → kernel.

Dates become steps, rows become arrays, policies become the people they reach, and edits that act
on people already inside become windows of channels: after `compile` no engine meets a policy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np

from remand.engine.arriving import arriving
from remand.engine.endless import refuse_endless
from remand.engine.entries import Entries
from remand.engine.inside import leaving, people_inside
from remand.engine.kernel import Channels, Floats, Ints, Kernel, Limit
from remand.engine.steps import mean_steps, surviving
from remand.engine.tables import Table, base_table, edited_table
from remand.engine.windows import Piece, Reach, events_of, pieces_of
from remand.errors import InputError
from remand.model import laws
from remand.model.edits import Capacity
from remand.model.model import Model
from remand.model.policy import Policy
from remand.model.states import GONE, KINDS


def compile_model(model: Model, until: dt.date) -> Kernel:
    """Compile a model for the steps that begin before ``until`` (half-open).

    Rules that couple people (``capacity``) become the kernel's limits. Raises InputError where an
    edit cannot be applied or people would circle for ever.
    """
    steps = model.clock.index(until)
    if steps < 1:
        raise InputError.of(
            f"the run ends on {until}, before the model's first step ({model.clock.start})",
            fix="give a later --to",
        )
    entries = Entries.each(model.clock, steps)
    policies = sorted(model.policies, key=lambda policy: policy.starts)
    reach = Reach(model.clock, model.strata, entries)
    mixtures: dict[str, Table] = {}
    pieces: dict[str, list[Piece]] = {}
    for name in model.state_names:
        base = base_table(model.states[name], model.strata, entries)

        def table_as_of(step: int, name: str = name, base: Table = base) -> Table:
            return edited_table(
                base, name, model.strata, model.clock.days, policies,
                lambda policy, edit: reach.as_of(step, policy, edit),
            )  # fmt: skip

        mixtures[name] = table_as_of(-1)
        events = events_of(name, policies, reach)
        pieces[name] = pieces_of(model, name, mixtures[name], events, table_as_of, reach)
    return _Builder(model, entries, policies, reach).kernel(mixtures, pieces)


class _Builder:
    """Packs pieces into channels, and adds arrivals and the people inside at the start."""

    def __init__(
        self, model: Model, entries: Entries, policies: list[Policy], reach: Reach
    ) -> None:
        self.model = model
        self.clock = model.clock
        self.entries = entries
        self.steps = entries.steps
        self.days = entries.days
        self.policies = policies
        self.reach = reach
        self.index = {name: i for i, name in enumerate(model.state_names)} | {
            GONE: len(model.states)
        }
        self.laws: dict[laws.Law | None, int] = {}
        self.profiles: dict[bytes, int] = {}
        self.profile_rows: list[Floats] = []
        self.usual = [
            (self.index[name], self.index[target], share)
            for name in model.state_names
            for target, share in self._usual(name).items()
        ]

    def _usual(self, name: str) -> dict[str, Floats]:
        """Shares of entrants by target, were no policy to act: (strata, 1 + steps) each."""
        state = self.model.states[name]
        table = base_table(state, self.model.strata, self.entries)
        shares: dict[str, Floats] = {state.target(e): np.zeros((1, 1)) for e in state.exits}
        for (exit_name, _), weight in table.weight.items():
            shares[state.target(exit_name)] = shares[state.target(exit_name)] + weight
        shape = (len(self.model.strata), self.steps + 1)
        return {to: np.broadcast_to(share, shape) for to, share in shares.items()}

    def kernel(self, tables: dict[str, Table], pieces: dict[str, list[Piece]]) -> Kernel:
        model, strata = self.model, self.model.strata
        flow, size = self._arrivals()
        inside = people_inside(model, tables, flow[:, :, 0])
        channels = tuple(self._channels(pieces, g, inside.cohorts[g]) for g in range(len(strata)))
        pmf = np.array([self._pmf(law) for law in self.laws])
        mean = np.array([mean_steps(law, self.clock) for law in self.laws])
        tail = np.array(
            [
                0.0 if law is None else surviving(law, self.steps + 1, self.clock)[-1]
                for law in self.laws
            ]
        )
        kinds = np.array([KINDS.index(state.kind) for state in model.states.values()])
        kernel = Kernel(
            clock=self.clock,
            strata=strata,
            states=model.state_names,
            kind=kinds,
            steps=self.steps,
            pmf=pmf,
            mean=mean,
            tail=tail,
            profiles=np.array(self.profile_rows),
            channels=channels,
            arrivals=flow[:, :, 1:],
            size=size,
            inside=inside.people,
            inside_so_far=inside.so_far,
            counted=inside.counted,
            limits=tuple(self._limits()),
        )
        refuse_endless(kernel)
        return kernel

    def _pmf(self, law: laws.Law | None) -> Floats:
        if law is None:
            return np.ones(self.steps + 1)
        left = surviving(law, self.steps + 1, self.clock)
        # far in a tail survival may rise by its own rounding, and a chance is never negative
        return np.maximum(np.concatenate([[1.0], left[:-1]]) - left, 0.0)

    # -- limits -----------------------------------------------------------------------------

    def _limits(self) -> Iterator[Limit]:
        """States held at a number of places, in the order policies act."""
        for policy in self.policies:
            for edit in policy.edits:
                if isinstance(edit, Capacity):
                    full = edit.when_full
                    way = full.discharge or full.refuse
                    assert way is not None  # noqa: S101 - one of the two, by its validator
                    exits = self.model.states[edit.state].exits
                    to = self.model.states[edit.state].target(way.to) if way.to in exits else way.to
                    order = full.discharge.order if full.discharge else ()
                    yield Limit(
                        policy=policy.name,
                        state=self.index[edit.state],
                        target=self.index[to],
                        places=int(edit.places),
                        kept=policy.compliance.point * self.reach.ramp(policy)[1:],
                        refuse=full.refuse is not None,
                        rank=self._rank(edit, () if isinstance(order, str) else order),
                        random=order == "random",
                    )

    def _rank(self, edit: Capacity, order: Sequence[str]) -> Ints:
        """In which order strata are discharged: by the levels named, all at once if none is."""
        strata = self.model.strata
        rank = np.zeros(len(strata), np.int64)
        for g, cell in enumerate(strata.cells):
            if order:
                named = [order.index(level) for level in cell if level in order]
                rank[g] = min(named, default=Limit.LAST)
        return np.where(strata.mask(edit.where), rank, -1)

    # -- arrivals ---------------------------------------------------------------------------

    def _arrivals(self) -> tuple[Floats, Floats]:
        """Expected arrivals (strata, states, 1 + steps) and their negative-binomial size.

        Entry −1 is the steady level that tonight's people came at; size is (strata, states).
        """
        model = self.model
        flow = np.zeros((len(model.strata), len(model.states), self.steps + 1))
        size = np.full(flow.shape[:2], np.inf)
        for name in model.arrivals:
            state = self.index[name]
            came = arriving(
                model, name, model.strata, self.entries, self.policies, self.reach.entrants
            )
            flow[:, state] = came.level * np.concatenate([[1.0], came.calendar])
            size[:, state] = came.size
        return flow, size

    # -- channels ---------------------------------------------------------------------------

    def _channels(self, pieces: dict[str, list[Piece]], g: int, cohorts: list[Floats]) -> Channels:
        state: list[int] = []
        rows: list[tuple[int, int, int, int]] = []
        start, target, share = [0], [], []
        inside: list[tuple[int, laws.Law | None, Floats]] = []
        for name, own in pieces.items():
            grouped: dict[tuple[laws.Law | None, int, int], dict[str, Floats]] = {}
            for piece in own:
                if piece.reaches[g]:
                    to = grouped.setdefault((piece.law, piece.opens, piece.closes), {})
                    to[piece.target] = to.get(piece.target, 0.0) + piece.weight[g]
            for (law, opens, closes), weights in grouped.items():
                for profile, links in _bundles(weights):
                    state.append(self.index[name])
                    entering = profile[-self.steps :]
                    rows.append((self._law(law), self._profile(entering), opens, closes))
                    target += [self.index[to] for to, _ in links]
                    share += [part for _, part in links]
                    start.append(len(target))
                    past = profile[: len(profile) - self.steps][::-1]
                    if past.any() and cohorts[self.index[name]].any():
                        inside.append((len(state) - 1, law, past))
        table = np.array(rows, np.int64).reshape(-1, 4)
        tonight = np.zeros((2, len(rows), self.steps))
        for c, law, past in inside:
            window = slice(*rows[c][2:])
            tonight[:, c] = leaving(law, past, cohorts[state[c]], window, self.steps, self.clock)
        return Channels(
            state=np.array(state, np.int64),
            pmf=table[:, 0].copy(),
            profile=table[:, 1].copy(),
            opens=table[:, 2].copy(),
            closes=table[:, 3].copy(),
            start=np.array(start, np.int64),
            target=np.array(target, np.int64),
            share=np.array(share),
            tonight=tonight[0],
            tonight_time=tonight[1],
            exit_state=np.array([state for state, _, _ in self.usual], np.int64),
            exit_target=np.array([to for _, to, _ in self.usual], np.int64),
            exit_usual=np.array([self._profile(share[g, 1:]) for _, _, share in self.usual]),
        )

    def _law(self, law: laws.Law | None) -> int:
        return self.laws.setdefault(law, len(self.laws))

    def _profile(self, weight: Floats) -> int:
        row = np.ascontiguousarray(weight)
        key = row.tobytes()
        if key not in self.profiles:
            self.profiles[key] = len(self.profile_rows)
            self.profile_rows.append(row)
        return self.profiles[key]


def _bundles(weights: dict[str, Floats]) -> list[tuple[Floats, list[tuple[str, float]]]]:
    """Targets whose weights keep one proportion at every entry travel together.

    Returns (profile, [(target, share)]) so that profile × share is the weight; people who leave
    one state under one law are then counted once, however many ways they go.
    """
    if len(weights) == 1:
        ((to, weight),) = weights.items()
        return [(weight, [(to, 1.0)])]
    bundles: list[tuple[Floats, list[tuple[str, Floats]]]] = []
    for to, weight in weights.items():
        for lead, members in bundles:
            peak = int(np.argmax(lead))
            if np.abs(weight - lead * (weight[peak] / lead[peak])).max() <= 1e-15:
                members.append((to, weight))
                break
        else:
            bundles.append((weight, [(to, weight)]))
    packed = []
    for lead, members in bundles:
        peak = int(np.argmax(lead))
        profile = np.sum([weight for _, weight in members], axis=0)
        packed.append((profile, [(to, float(w[peak] / profile[peak])) for to, w in members]))
    return packed
