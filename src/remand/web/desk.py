"""Where answers are worked out and kept: a quick one, the exact one, and how sure it is.

While a hand is on a lever the quick solver answers. What then stands still is a run of
`compare_scenarios`, the same that the command line and the library make: first without bands, then
with 20 and with 200 worlds behind it. Work for a state that a page has left is stopped.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from remand.engine.cache import folder as compiled_in
from remand.errors import Refusal
from remand.files import read_draws
from remand.model.levers import adjusted
from remand.model.platform import Scenario
from remand.outcomes.figures import QUANTITIES, STAY_BASIS
from remand.runs.compare import NO_CHANGE, compare_scenarios
from remand.runs.explain import Explanation, explain_scenario
from remand.runs.quick import Quick
from remand.runs.run import Run
from remand.web.places import Place, Places
from remand.web.state import SEED, State
from remand.web.written import accepted

T = TypeVar("T")

SHOWN = tuple(q for q in QUANTITIES if q not in {*STAY_BASIS, "admissions", "releases"})
"""What every page works out: all that stands on it, and nothing that takes a second more."""

DRAWN = tuple(q for q in SHOWN if q in {"population", "rate"} or q.startswith("disparity"))
"""Those of them that a page shows window by window while a hand is on a lever."""

RUNS, SOLVERS = 96, 6
"""Answers and solvers that are kept."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The page that asked has gone on to something else."""


@dataclass
class Turn:
    """One page's wish for an answer, until it wishes for another."""

    over: bool = False

    def say(self, _: str) -> None:
        """Called by long work; ends it if nobody waits any more."""
        if self.over:
            raise Stopped


class Kept:
    """The last few things that were worked out, each only once however many ask."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._all: OrderedDict[Hashable, Any] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._turn = threading.Lock()

    def known(self, key: Hashable) -> Any | None:
        """What is kept under a key, if it is."""
        with self._turn:
            if key in self._all:
                self._all.move_to_end(key)
            return self._all.get(key)

    def get(self, key: Hashable, work: Callable[[], T]) -> T:
        """What is kept under a key, or worked out now. What fails is not kept."""
        with self._turn:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            found = self.known(key)
            if found is None:
                found = work()
                with self._turn:
                    self._all[key] = found
                    while len(self._all) > self.most:
                        self._all.popitem(last=False)
        with self._turn:
            self._locks.pop(key, None)
        return found


class Desk:
    """Answers for all pages of one process."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._runs, self._quick = Kept(RUNS), Kept(SOLVERS)
        self._plans, self._why = Kept(RUNS), Kept(SOLVERS)
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._heavy = threading.Lock()

    # -- what is asked ----------------------------------------------------------------------

    def place(self, state: State) -> Place:
        """The place of a state."""
        return self.places.get(state.place)

    def scenario(self, state: State) -> Scenario | None:
        """The plan at hand on its model, levers set; None where a place has no plan."""
        place = self.place(state)
        if state.plan is None and state.text is None:
            return None

        def read() -> Scenario:
            if state.text is None:
                assert state.plan is not None  # noqa: S101 - asked above
                found = place.scenario(state.plan)
            else:
                own = accepted(state.text, place, state.plan)
                earlier = [p for name in own.after for p in place.scenario(name).chain]
                found = Scenario.of(place.model, [*{p.name: p for p in earlier}.values(), own])
            if not state.levers:
                return found
            own = adjusted(found.platform, dict(state.levers))
            return Scenario.of(place.model, [*found.chain[:-1], own])

        return self._plans.get((state.place, state.plan, state.text, state.levers), read)

    def scenarios(self, state: State) -> list[Scenario]:
        """What is compared: the plan at hand and those beside it, against what they come after."""
        place, own = self.place(state), self.scenario(state)
        found = [] if own is None else [own]
        found += [place.scenario(name) for name in state.beside]
        found = list({s.name: s for s in found}.values())
        found.sort(key=lambda s: bool(s.platform.policies or s.after))  # what changes nothing first
        if not found:
            return [Scenario.of(place.model, [NO_CHANGE])]
        if all(s.platform.policies or s.after for s in found):
            chains = {s.after: s.chain[:-1] for s in found}
            shared = next(iter(chains.values())) if len(chains) == 1 else ()
            found = [self._base(place, shared), *found]
        return found

    def _base(self, place: Place, shared: Sequence[Any]) -> Scenario:
        """What plans are measured against: one object, so that its answer is known."""
        key = (place.key, tuple(p.name for p in shared), "base")
        return self._plans.get(key, lambda: Scenario.of(place.model, shared or [NO_CHANGE]))

    def by(self, state: State) -> tuple[str, ...]:
        """The axis whose disparity is shown: level, ratio and difference stand together."""
        shown = self.place(state).model.disparity
        return (shown.axis,) if shown is not None else ()

    # -- answers ----------------------------------------------------------------------------

    def quick(self, state: State) -> Run:
        """An answer at once, in blocks of eight days; the exact one where it is known, or no other.

        Raises InputError for a state that cannot be run.
        """
        known = self.best(state)
        if known is not None:
            return known
        scenarios = self.scenarios(state)
        since, until = state.period(self.place(state))
        form = state.but(levers=(), draws=None)

        def made() -> tuple[Quick, threading.Lock]:
            first = self.scenarios(form)
            return Quick(
                first, until, SHOWN, since, by=self.by(state), series=DRAWN
            ), threading.Lock()

        try:
            solver, turn = self._quick.get(form, made)
        except Refusal:
            return self.exact(state)
        with turn:
            return solver.run(scenarios)

    def exact(self, state: State) -> Run:
        """The run that ``remand compare`` makes, without its bands."""
        return self._runs.get((state.but(draws=None), 0), lambda: self._compared(state))

    def drawn(self, state: State, draws: int, turn: Turn) -> Run:
        """The same over so many worlds. Raises Stopped when its page has gone on."""

        def work() -> Run:
            with self._heavy:
                turn.say("")
                fit = read_draws(self.place(state).model)
                return self._compared(state, draws=draws, seed=SEED, fit=fit, say=turn.say)

        return self._runs.get((state.but(draws=None), draws), work)

    def best(self, state: State) -> Run | None:
        """The run known so far with the most worlds behind it, or the one an address asks for."""
        wanted = (200, 20, 0) if state.draws is None else (state.draws,)
        bare = state.but(draws=None)
        return next((r for n in wanted if (r := self._runs.known((bare, n))) is not None), None)

    def settled(self, state: State) -> Run:
        """The run an address stands for, worked out if need be."""
        if state.draws:
            return self.drawn(state, state.draws, Turn())
        return self.exact(state)

    def why(self, state: State) -> Explanation | None:
        """What the plan's change is made of; None where there is no plan."""
        own = self.scenario(state)
        if own is None:
            return None
        _, until = state.period(self.place(state))

        def work() -> Explanation:
            with self._heavy:
                return explain_scenario(own, until)

        return self._why.get(state.but(draws=None, beside=()), work)

    def turn(self, page: str) -> Turn:
        """A page's new wish; its last one is over."""
        if before := self._turns.pop(page, None):
            before.over = True
        self._turns[page] = turn = Turn()
        while len(self._turns) > RUNS:
            self._turns.popitem(last=False)[1].over = True
        return turn

    def _compared(self, state: State, **more: Any) -> Run:
        since, until = state.period(self.place(state))
        return compare_scenarios(
            self.scenarios(state), until, since, by=self.by(state), quantities=SHOWN,
            bands="none", **more,
        )  # fmt: skip


def ready() -> bool:
    """Whether the compiled loops are kept from an earlier run."""
    return any(compiled_in().rglob("*.nbi"))
