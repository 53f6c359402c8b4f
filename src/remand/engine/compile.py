"""Model → kernel.

Dates become steps, rows become arrays, policies become the people they reach, and edits that act
on people already inside become windows of channels: after `compile` no engine meets a policy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from remand.engine.kernel import Channels, Floats, Ints, Kernel
from remand.engine.tables import Table, days_of, edited_table
from remand.errors import InputError, Refusal
from remand.model import laws
from remand.model.clock import Clock
from remand.model.edits import Admit, Capacity, Divert, DwellEdit, Edit, Release, ShareEdit
from remand.model.model import Model
from remand.model.policy import Policy
from remand.model.states import GONE, KINDS
from remand.model.strata import Strata, choose
from remand.model.values import Arrivals, Counts, Splits, Stock

OLDEST_DAYS = 40 * 365.25
"""How far back entries of people already inside are told apart, where an edit reaches them."""


class Piece(NamedTuple):
    """People of one state, law and exit target inside one window of leaving steps."""

    law: laws.Law | None  # None: everyone left leaves in the window's only step
    target: str
    weight: Floats  # (strata, oldest + steps): by entry step, those before the start first
    opens: int
    closes: int
    reaches: NDArray[np.bool_]  # (strata,): anybody at all

    @classmethod
    def of(cls, law: laws.Law | None, target: str, weight: Floats, opens: int, closes: int) -> Self:
        return cls(law, target, weight, opens, closes, weight.any(axis=1))


@dataclass(frozen=True)
class Event:
    """A step at which people inside a state are touched."""

    step: int
    release: tuple[tuple[Policy, Release], ...]
    relaw: bool


def compile_model(model: Model, until: dt.date) -> Kernel:
    """Compile a model for the steps that begin before ``until`` (half-open).

    Raises Refusal for rules that couple people (``capacity``), and InputError where an edit
    cannot be applied or people would circle for ever.
    """
    steps = model.clock.index(until)
    if steps < 1:
        raise InputError.of(
            f"the run ends on {until}, before the model's first step ({model.clock.start})",
            fix="give a later --to",
        )
    _refuse_coupled(model)
    days = days_of(model, steps)
    policies = sorted(model.policies, key=lambda policy: policy.starts)
    reach = _Reach(model.clock, model.strata, steps)
    mixtures: dict[str, Table] = {}
    pieces: dict[str, list[Piece]] = {}
    for name in model.state_names:

        def table_as_of(step: int, name: str = name) -> Table:
            return edited_table(
                model, name, days, policies, lambda policy, edit: reach.as_of(step, policy, edit)
            )

        mixtures[name] = table_as_of(-1)
        events = _events(name, policies, reach)
        pieces[name] = _windows(model, name, mixtures[name], events, table_as_of, steps)
    return _Builder(model, steps, days, policies, reach).kernel(mixtures, pieces)


def _refuse_coupled(model: Model) -> None:
    for policy in model.policies:
        for edit in policy.edits:
            if isinstance(edit, Capacity):
                raise Refusal(
                    f"policy '{policy.name}' holds '{edit.state}' at {edit.places:g} places: who "
                    "gets a place depends on who else is inside, so expected counts have no "
                    "exact solution, and solving on averages would hide every full day. "
                    "The sampled engine runs such rules"
                )


class _Reach:
    """The share of people an edit reaches, by stratum and entry step (entry −1 first)."""

    def __init__(self, clock: Clock, strata: Strata, steps: int) -> None:
        self.clock = clock
        self.strata = strata
        self.steps = np.arange(-1, steps)

    def window(self, policy: Policy) -> tuple[int, float]:
        """First step of a policy and first step after it (infinity without an end)."""
        ends = np.inf if policy.ends is None else self.clock.index(policy.ends)
        return self.clock.index(policy.starts), ends

    def ramp(self, policy: Policy) -> Floats:
        """How far a policy is phased in: its mean over each step, 0 outside [starts, ends)."""
        first, ends = self.window(policy)
        length = policy.phase_in / self.clock.days
        since = (self.steps - first).astype(float)
        grown = np.ones(len(since))
        if length > 0:
            # mean of min(x / length, 1) over [since, since + 1]
            area = [
                np.where(x < length, x**2 / (2 * length), x - length / 2)
                for x in (np.maximum(since, 0), np.maximum(since + 1, 0))
            ]
            grown = np.minimum(area[1] - area[0], 1.0)
        return np.where((since >= 0) & (self.steps < ends), grown, 0.0)

    def entrants(self, policy: Policy, edit: Edit) -> Floats:
        """Reach on people who enter (or arrive) at each step."""
        mask = self.strata.mask(edit.where).astype(float)
        return mask[:, None] * (policy.compliance.point * self.ramp(policy))

    def as_of(self, step: int, policy: Policy, edit: Edit) -> Floats:
        """Reach as it stands from ``step`` on: policies for everyone hold for all entries."""
        if policy.applies_to == "entrants":
            return self.entrants(policy, edit)
        first, ends = self.window(policy)
        mask = self.strata.mask(edit.where).astype(float)[:, None] * np.ones(len(self.steps))
        holds = first <= step < ends
        return mask * policy.compliance.point if holds else np.zeros_like(mask)


def _events(name: str, policies: list[Policy], reach: _Reach) -> list[Event]:
    """Steps inside the run at which people inside a state are touched, in order."""
    last = int(reach.steps[-1])
    release: dict[int, list[tuple[Policy, Release]]] = {}
    relaw: set[int] = set()
    for policy in policies:
        first, ends = reach.window(policy)
        for edit in policy.edits:
            if edit.state != name:
                continue
            if isinstance(edit, Release) and 0 <= first <= last:
                release.setdefault(first, []).append((policy, edit))
            everyone = policy.applies_to == "everyone"
            if everyone and isinstance(edit, Divert | ShareEdit | DwellEdit):
                relaw |= {int(s) for s in (first, ends) if 0 <= s <= last}
    return [
        Event(step, tuple(release.get(step, ())), step in relaw)
        for step in sorted(relaw | set(release))
    ]


def _windows(
    model: Model,
    name: str,
    table: Table,
    events: list[Event],
    table_as_of: Callable[[int], Table],
    steps: int,
) -> list[Piece]:
    """Pieces of a state: one window of the whole run, or one between each two events.

    Follows every entry step ``u`` (those before the start too) through the events. ``left`` is
    the size of the cohort *as if* the law now in force had held since it came; the people of the
    cohort still inside are ``left × P(D > age)``.
    """
    clock, state = model.clock, model.states[name]
    if not events:
        return [
            Piece.of(law, state.target(exit_name), weight, 0, steps)
            for (exit_name, law), weight in table.weight.items()
        ]
    oldest = int(np.ceil(OLDEST_DAYS / clock.days))
    entry = np.arange(-oldest, steps)
    cache: dict[laws.Law, Floats] = {}

    def beyond(law: laws.Law, stay: Ints) -> Floats:
        """P(D > stay); 1 below zero."""
        if law not in cache:
            cache[law] = law.surviving(oldest + steps + 1, clock.days, clock.partial)
        return np.where(stay < 0, 1.0, cache[law][np.maximum(stay, 0)])

    def by_entry(weight: Floats) -> Floats:
        full = np.broadcast_to(weight, (len(model.strata), steps + 1))
        return np.concatenate([np.repeat(full[:, :1], oldest, axis=1), full[:, 1:]], axis=1)

    def gone_by(table: Table, stay: Ints) -> dict[str, Floats]:
        """Chance of having left by each exit within ``stay`` steps, by entry step."""
        left: dict[str, Floats] = {}
        for (exit_name, law), weight in table.weight.items():
            part = by_entry(weight) * (1.0 - beyond(law, stay))
            left[exit_name] = left.get(exit_name, 0.0) + part
        return left

    pieces: list[Piece] = []
    left = np.ones((len(model.strata), len(entry)))

    def emit(opens: int, closes: int, cohorts: NDArray[np.bool_]) -> None:
        if closes > opens:
            for (exit_name, law), weight in table.weight.items():
                people = by_entry(weight) * left * cohorts
                pieces.append(Piece.of(law, state.target(exit_name), people, opens, closes))

    starts = 0  # first leaving step of the old cohorts in this window
    since = -oldest  # first cohort that entered under this window's law as its own
    for event in events:
        emit(starts, event.step, entry < since)
        emit(max(since, 0), event.step, (entry >= since) & (entry < event.step))
        old = entry < event.step
        age = np.where(old, event.step - entry, 0)
        before = np.clip(1.0 - sum(gone_by(table, age - 1).values()), 0.0, 1.0)
        for policy, edit in event.release:
            mask = model.strata.mask(edit.where).astype(float)[:, None]
            share = mask * policy.compliance.point * edit.share * old
            pieces.append(
                Piece.of(
                    None, state.target(edit.exit), left * before * share, event.step, event.step + 1
                )
            )
            left = left * (1.0 - share)
        starts, since = event.step, event.step
        if event.relaw:
            new = table_as_of(event.step)
            was, will = gone_by(table, age - 1), gone_by(new, age)
            after = np.clip(1.0 - sum(will.values()), 0.0, 1.0)
            lost = np.maximum(before - after, 0.0)
            excess = {
                e: np.maximum(will.get(e, 0.0) - was.get(e, 0.0), 0.0) for e in {**was, **will}
            }
            total = sum(excess.values())
            for exit_name, part in excess.items():
                share = np.where(total > 0, part / np.where(total > 0, total, 1.0), 0.0)
                pieces.append(
                    Piece.of(
                        None,
                        state.target(exit_name),
                        left * lost * share * old,
                        event.step,
                        event.step + 1,
                    )
                )
            kept = np.where(after > 0, np.minimum(before, after) / np.where(after > 0, after, 1), 0)
            left = np.where(old, left * kept, 1.0)
            table = new
            starts = event.step + 1  # who stays on leaves at a later age than this
    emit(starts, steps, entry < since)
    emit(max(since, 0), steps, entry >= since)
    return [piece for piece in pieces if piece.reaches.any()]


class _Builder:
    """Packs pieces into channels, and adds arrivals and the people inside at the start."""

    def __init__(
        self, model: Model, steps: int, days: Ints, policies: list[Policy], reach: _Reach
    ) -> None:
        self.model = model
        self.clock = model.clock
        self.steps = steps
        self.days = days
        self.policies = policies
        self.reach = reach
        self.index = {name: i for i, name in enumerate(model.state_names)} | {
            GONE: len(model.states)
        }
        self.laws: dict[laws.Law | None, int] = {}
        self.evaluated: dict[tuple[laws.Law, int], Floats] = {}
        self.profiles: dict[bytes, int] = {}
        self.profile_rows: list[Floats] = []

    def kernel(self, tables: dict[str, Table], pieces: dict[str, list[Piece]]) -> Kernel:
        model, strata = self.model, self.model.strata
        flow, size = self._arrivals()
        inside, so_far, counted, cohorts = self._inside(tables, flow[:, :, 0])
        channels = tuple(self._channels(pieces, g, cohorts[g]) for g in range(len(strata)))
        pmf = np.array([self._pmf(law) for law in self.laws])
        mean = np.array([self._mean(law) for law in self.laws])
        tail = np.array(
            [0.0 if law is None else self._surviving(law, self.steps + 1)[-1] for law in self.laws]
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
            inside=inside,
            inside_so_far=so_far,
            counted=counted,
        )
        refuse_endless(kernel)
        return kernel

    def _surviving(self, law: laws.Law, steps: int) -> Floats:
        """P(D > d) for d below ``steps``; each law is evaluated once at each length."""
        if (law, steps) not in self.evaluated:
            self.evaluated[law, steps] = law.surviving(steps, self.clock.days, self.clock.partial)
        return self.evaluated[law, steps]

    def _pmf(self, law: laws.Law | None) -> Floats:
        if law is None:
            return np.ones(self.steps + 1)
        left = self._surviving(law, self.steps + 1)
        return np.concatenate([[1.0], left[:-1]]) - left

    def _mean(self, law: laws.Law | None) -> float:
        return 0.0 if law is None else law.mean_steps(self.clock.days, self.clock.partial)

    # -- arrivals ---------------------------------------------------------------------------

    def _arrivals(self) -> tuple[Floats, Floats]:
        """Expected arrivals (strata, states, 1 + steps), entry −1 being the steady level that
        tonight's people came at; and their negative-binomial size (strata, states)."""
        model = self.model
        flow = np.zeros((len(model.strata), len(model.states), self.steps + 1))
        size = np.full(flow.shape[:2], np.inf)
        for name, arrivals in model.arrivals.items():
            state = self.index[name]
            level = self._spread(arrivals.rate, arrivals.split) * (
                arrivals.per_day * self.clock.days
            )
            factor = self._calendar(arrivals)
            for policy in self.policies:
                for edit in policy.edits:
                    if isinstance(edit, Admit) and edit.state == name:
                        reached = self.reach.entrants(policy, edit)
                        level = level * (1.0 - reached * (1.0 - edit.scale))
            flow[:, state] = level * factor
            if arrivals.spread != "poisson":
                size[:, state] = float(arrivals.spread)
        return flow, size

    def _spread(self, rows: Counts, splits: Splits) -> Floats:
        """Counts by stratum and entry step, spread over the levels of the split axes."""
        strata = self.model.strata
        chosen, _ = choose(rows, strata, self.days)
        values = np.array([row.value for row in rows] + [0.0])[chosen]
        for axis, split in splits.items():
            position = list(strata.axes).index(axis)
            shares = [split.levels.get(cell[position], 0.0) for cell in strata.cells]
            values = values * np.array(shares)[:, None]
        return values

    def _calendar(self, arrivals: Arrivals) -> Floats:
        """Season, weekday and trend at each entry step; 1 at entry −1."""
        dates = [dt.date.fromordinal(int(day)) for day in self.days[1:]]
        factor = np.ones(len(dates))
        if arrivals.season:
            months = (
                "jan",
                "feb",
                "mar",
                "apr",
                "may",
                "jun",
                "jul",
                "aug",
                "sep",
                "oct",
                "nov",
                "dec",
            )
            by_month = np.array([arrivals.season.get(m, 1.0) for m in months])  # type: ignore[call-overload]
            factor = factor * by_month[[d.month - 1 for d in dates]]
        if arrivals.weekdays and self.clock.step == "day":
            names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
            by_day = np.array([arrivals.weekdays.get(d, 1.0) for d in names])  # type: ignore[call-overload]
            factor = factor * by_day[[d.weekday() for d in dates]]
        if arrivals.trend:
            years = np.arange(self.steps) * self.clock.days / 365.25
            factor = factor * (1.0 + arrivals.trend) ** years
        return np.concatenate([[1.0], factor])

    # -- people inside at the start ---------------------------------------------------------

    def _inside(
        self, tables: dict[str, Table], flow: Floats
    ) -> tuple[Floats, Floats, NDArray[np.bool_], list[list[Floats]]]:
        """People inside at the boundary before step 0, their mean steps so far, whether they
        were counted, and their *cohorts*: entries by steps back (1, 2, …), as if none had left.

        A cohort array of length 1 stands for a constant flow of entries since ever.
        """
        model = self.model
        strata, names = model.strata, model.state_names
        shape = (len(strata), len(names))
        inside, so_far = np.zeros(shape), np.zeros(shape)
        cohorts = [[np.zeros(1) for _ in names] for _ in range(len(strata))]
        counted = np.zeros(len(names), bool)
        mixtures = {
            name: [
                (law, model.states[name].target(exit_name), weight[:, 0])
                for (exit_name, law), weight in tables[name].weight.items()
            ]
            for name in names
        }
        tonight = model.tonight
        steady = [tonight == "steady" or tonight.get(name) == "steady" for name in names]
        flux = self._flux(mixtures, flow, steady) if any(steady) else np.zeros(shape)
        for state, name in enumerate(names):
            stock = None if isinstance(tonight, str) else tonight.get(name)
            for g in range(len(strata)):
                mixture = [(law, w[g]) for law, _, w in mixtures[name] if w[g] > 0]
                mean = sum(w * self._mean(law) for law, w in mixture)
                if steady[state]:
                    inside[g, state] = flux[g, state] * mean
                    cohorts[g][state] = flux[g, state : state + 1]
                elif isinstance(stock, Stock):
                    counted[state] = True
                    people = float(self._spread(stock.people, stock.split)[g, 0])
                    inside[g, state] = people
                    cohorts[g][state] = self._cohorts(stock, people, mixture, mean, name)
                so_far[g, state] = self._mean_so_far(stock, mixture, mean)
        return inside, so_far, counted, cohorts

    def _flux(
        self,
        mixtures: dict[str, list[tuple[laws.Law, str, Floats]]],
        flow: Floats,
        steady: list[bool],
    ) -> Floats:
        """Entries a step into each state in a steady state: φ = (I − Pᵀ)⁻¹ λ.

        Kemeny & Snell, *Finite Markov Chains*, 1960, ch. 3 (the fundamental matrix).
        """
        names = self.model.state_names
        flux = np.zeros_like(flow)
        for g in range(len(flow)):
            p = np.zeros((len(names), len(names) + 1))
            for state, name in enumerate(names):
                for _, target, weight in mixtures[name]:
                    p[state, self.index[target]] += weight[g]
            matrix = np.eye(len(names)) - p[:, :-1].T
            used = _reached(p[:, :-1], flow[g])
            try:
                flux[g, used] = np.linalg.solve(matrix[np.ix_(used, used)], flow[g, used])
            except np.linalg.LinAlgError:
                flux[g, used] = np.nan
            if not np.isfinite(flux[g]).all() or (flux[g] < -1e-9).any() or flux[g].max() > 1e12:
                raise InputError.of(
                    "there is no steady state to start from: people who come in never leave for "
                    f"good ({self.model.strata.named(g)})",
                    fix=f"give tonight's census by state, or let some exits lead to '{GONE}'",
                    path=("tonight",),
                )
        return flux

    def _cohorts(
        self,
        stock: Stock,
        people: float,
        mixture: list[tuple[laws.Law, float]],
        mean: float,
        name: str,
    ) -> Floats:
        """Entries by steps back for a counted stock."""
        if not people:
            return np.zeros(1)
        if not stock.elapsed:
            if mean <= 0:
                raise InputError.of(
                    "people are counted in a state that everyone passes through within a step",
                    fix="give the state a longer stay, or no people",
                    path=("tonight", name, "people"),
                    value=people,
                )
            return np.array([people / mean])
        backs = [int(row.days // self.clock.days) + 1 for row in stock.elapsed]
        cohorts = np.zeros(max(max(backs), 2))
        alive = sum(w * self._surviving(law, max(backs)) for law, w in mixture)
        for row, back in zip(stock.elapsed, backs, strict=True):
            if row.share and not alive[back - 1] > 0:
                raise InputError.of(
                    f"people have been in '{name}' for {row.days:g} days, longer than anyone stays",
                    fix="lengthen the state's law, or correct the elapsed time",
                    path=("tonight", name, "elapsed"),
                    value=row.days,
                )
            if row.share:
                cohorts[back - 1] += people * row.share / alive[back - 1]
        return cohorts

    def _mean_so_far(
        self, stock: object, mixture: list[tuple[laws.Law, float]], mean: float
    ) -> float:
        """Mean steps since entering, of those inside at the boundary before step 0."""
        if isinstance(stock, Stock) and stock.elapsed:
            return sum(row.share * (row.days // self.clock.days + 1) for row in stock.elapsed)
        if mean <= 0:
            return 0.0
        ages = int(OLDEST_DAYS / self.clock.days)
        alive = sum(w * self._surviving(law, ages) for law, w in mixture)
        return float(np.dot(alive, np.arange(1, ages + 1)) / np.sum(alive))

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
            self._leaving(law, past, cohorts[state[c]], slice(*rows[c][2:]), tonight[:, c])
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
        )

    def _leaving(
        self, law: laws.Law | None, past: Floats, cohorts: Floats, window: slice, out: Floats
    ) -> None:
        """People inside at the start who leave by a channel, by step, and their time in the state.

        ``past`` is the channel's profile by steps back, ``cohorts`` entries by steps back; either
        may have length 1 and then holds for ever back. Both answers are written into ``out``.
        """
        people, time = out
        if len(past) == 1 and len(cohorts) == 1 and law is not None:
            left = self._surviving(law, self.steps + 1)[:-1]
            steady = past[0] * cohorts[0]
            people[window] = steady * left[window]
            # Σ over stays longer than t of the stay: (t + 1) P(D > t) + Σ_{d > t} P(D > d)
            beyond = self._mean(law) - np.cumsum(left)
            length = np.maximum(np.arange(1, self.steps + 1) * left + beyond, 0.0)
            time[window] = steady * length[window]
            return
        backs = len(past) if len(cohorts) == 1 else len(cohorts)
        weighed = np.broadcast_to(cohorts, backs) * (past[0] if len(past) == 1 else past[:backs])
        since = np.arange(1, backs + 1)
        if law is None:
            people[window] = weighed.sum()
            time[window] = np.dot(weighed, since + window.start)
            return
        left = self._surviving(law, backs + self.steps + 1)
        chance = np.concatenate([[1.0], left[:-1]]) - left
        # who entered k steps back leaves at step t with chance[t + k], after t + k steps
        people[window] = _correlate(chance[1:], weighed)[: self.steps][window]
        weighted = (chance * np.arange(len(chance)))[1:]
        time[window] = _correlate(weighted, weighed)[: self.steps][window]

    def _law(self, law: laws.Law | None) -> int:
        return self.laws.setdefault(law, len(self.laws))

    def _profile(self, weight: Floats) -> int:
        row = np.ascontiguousarray(weight)
        key = row.tobytes()
        if key not in self.profiles:
            self.profiles[key] = len(self.profile_rows)
            self.profile_rows.append(row)
        return self.profiles[key]


def _correlate(long: Floats, short: Floats) -> Floats:
    """Sum over k of long[t + k] × short[k], for every t where all of ``short`` fits."""
    if len(long) * len(short) < 2**20:
        return np.correlate(long, short, mode="valid")
    size = 1 << (len(long) - 1).bit_length()
    spectrum = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    return np.fft.irfft(spectrum, size)[: len(long) - len(short) + 1]


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


def _reached(p: Floats, flow: Floats) -> NDArray[np.bool_]:
    """States that anyone who arrives can reach."""
    reached = flow > 0
    for _ in range(len(reached)):
        reached = reached | (p[reached].sum(axis=0) > 0)
    return reached


def refuse_endless(kernel: Kernel) -> None:
    """Raise InputError if some people would circle through zero-length stays for ever."""
    n = len(kernel.states)
    for g, channels in enumerate(kernel.channels):
        instant = kernel.pmf[channels.pmf, 0]
        if not instant.any():
            continue
        z = np.zeros((n, n + 1))
        for c in np.flatnonzero(instant > 0):
            links = slice(channels.start[c], channels.start[c + 1])
            weight = kernel.profiles[channels.profile[c]].max() * instant[c]
            np.add.at(z[channels.state[c]], channels.target[links], weight * channels.share[links])
        radius = np.abs(np.linalg.eigvals(z[:, :-1])).max()
        if radius > 1 - 1e-9:
            ring = [kernel.states[i] for i in _ring(z[:, :-1])]
            raise InputError.of(
                "people would circle for ever within one step: everyone passes at once through "
                f"{' → '.join([*ring, ring[0]])} ({kernel.strata.named(g)})",
                fix="give one of these states a stay longer than zero, or an exit that leaves",
                path=("states", ring[0], "dwell"),
            )


def _ring(z: Floats) -> list[int]:
    """States of the circle that everyone in it passes through, in order."""
    seen: list[int] = []
    state = int(np.argmax(z.max(axis=1)))
    while state not in seen:
        seen.append(state)
        state = int(np.argmax(z[state]))
    return seen[seen.index(state) :]
