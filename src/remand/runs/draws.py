"""Scenarios over many worlds: how sure each figure is, and which kind of doubt it comes from."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from remand.engine.binned import Binned, Solver
from remand.engine.compile import compile_model
from remand.engine.draft import Draft
from remand.engine.expected import solve
from remand.engine.kernel import Floats
from remand.engine.moments import Reward
from remand.engine.threads import in_threads
from remand.errors import InputError, Refusal
from remand.model.edits import Capacity
from remand.model.platform import Scenario
from remand.outcomes.cells import Cells
from remand.outcomes.figures import uncertain_figures
from remand.outcomes.spread import AND_CHANCE, Chance
from remand.outcomes.tally import MOVED, Tally
from remand.outcomes.windows import Windows
from remand.runs.differences import Answer
from remand.runs.worlds import Worlds

ENOUGH = 3
"""Draws for each number drawn, below which nothing is said of where the doubt comes from."""

COARSE = 2**24
"""Numbers of one scenario beyond which draws are kept in single precision: seven digits."""

CLEAR = 3.0
"""Standard errors a number's part must be from nothing to count: dozens are tried."""

STAYS = ("stay_admission", "stay_release", "stay_so_far")


@dataclass(frozen=True)
class Draws:
    """What draws answer.

    Attributes:
        answers: one a scenario; ``each`` holds the summary's rows in every draw, without chance.
        sources: where the doubt about people held over the whole period comes from: scenario (and
            ``less``, for a difference), kind, source, sd, and its share of the variance. Shares
            need not add up to 1: what bends, or what sources do together, is in none. Empty where
            there are too few draws to tell.
    """

    answers: list[Answer]
    sources: pl.DataFrame


def refuse_coupled(scenarios: Sequence[Scenario]) -> None:
    """Raise Refusal where a rule couples people: draws are solved, such rules have to be run."""
    for scenario in scenarios:
        for policy in scenario.model.policies:
            if any(isinstance(edit, Capacity) for edit in policy.edits):
                raise Refusal(
                    f"{scenario.name}: policy '{policy.name}' holds a state at a number of places, "
                    "which has no exact solution, and draws are solved exactly. Run it by chance "
                    "(without --draws), or without the policy"
                )


def draw(
    worlds: Worlds,
    until: dt.date,
    windows: Windows,
    period: Windows,
    by: Sequence[str],
    quantities: Collection[str],
    names: Sequence[str],
    say: Callable[[str], None] = lambda _: None,
) -> Draws:
    """Run every scenario in every world; figures over the windows, and over the whole period.

    ``say`` is told of every draw, from the threads that draw; if it raises, the rest is left.
    Raises InputError where a world cannot be run, naming it.
    """
    scenarios = worlds.scenarios
    model = scenarios[0].base
    cells = Cells.of(model, by)
    wanted = [quantity for quantity in quantities if quantity not in STAYS]
    if not wanted:
        raise InputError.of(
            "stays are not given with draws: they would have to be followed to their end in each",
            fix="ask for other quantities, or leave out --draws",
        )
    run = _Run(worlds, until, windows, cells, wanted)
    tallies = run.tallies(say)
    label = ", ".join(worlds.sources) or "nothing uncertain"
    band = f"{worlds.draws:,} draws: {label}{AND_CHANCE}"
    answers = []
    chances = []
    for scenario, tally, name in zip(scenarios, tallies, names, strict=True):
        kernel = compile_model(scenario.model, until)
        path = solve(kernel, marks=[w.marks(kernel.steps) for w in (windows, period)])
        frames, each = [], []
        for windowed, own in ((windows, tally), (period, tally.whole())):
            chance = Chance.of(path, model, cells, windowed, wanted)
            found = list(
                uncertain_figures(
                    model,
                    own,
                    windowed,
                    cells,
                    wanted,
                    chance,
                    worlds.beside(model),
                    band,
                    each=windowed is period,
                )
            )
            if not found:
                raise InputError.of(
                    f"no scenario here has any figure of: {', '.join(wanted)}",
                    fix="ask for a quantity of this model: population, admissions, bed_days",
                )
            frame = pl.concat([part.frame for part in found], how="diagonal")
            frames.append(frame.select(pl.lit(name).alias("scenario"), pl.all()))
            each = [part.each for part in found]
        chances.append(chance.dispersion["population"][:, 0, 0])
        answers.append(Answer(frames[0], frames[1], np.concatenate(each)))
    return Draws(answers, _by_source(worlds, tallies, chances, cells, names))


def held(
    worlds: Worlds, until: dt.date, windows: Windows, kind: str = "jail"
) -> tuple[Floats, Floats]:
    """People of one kind in every world: mean census and the variance that chance adds to it.

    Both are (scenarios, draws, windows). Raises InputError if the model has no such kind, or where
    a world cannot be run.
    """
    model = worlds.scenarios[0].base
    cells = Cells.of(model, ())
    place = next((i for i in cells.kinds if cells.places[i].name == kind), None)
    if place is None:
        raise InputError.of(f"'{model.name}' holds nobody in any {kind}", fix="give another model")
    wanted = ["population"]
    tallies = _Run(worlds, until, windows, cells, wanted).tallies()
    people = np.array([tally.held[:, place, 0] / tally.lengths for tally in tallies], np.float64)
    each = []
    for scenario in worlds.scenarios:
        kernel = compile_model(scenario.model, until)
        path = solve(kernel, marks=[windows.marks(kernel.steps)])
        chance = Chance.of(path, model, cells, windows, wanted)
        each.append(chance.dispersion["population"][place, 0])
    return people, np.array(each)[:, None] * people


def draws_to_tell(worlds: Worlds) -> int:
    """Draws from which on it is told where the doubt comes from."""
    return ENOUGH * (len(worlds.scores()[0]) + 1)


class _Run:
    """Solves worlds, a few at a time, and keeps what figures need."""

    def __init__(
        self,
        worlds: Worlds,
        until: dt.date,
        windows: Windows,
        cells: Cells,
        wanted: Collection[str],
    ) -> None:
        self.worlds, self.windows, self.cells = worlds, windows, cells
        self.draft = Draft([scenario.model for scenario in worlds.scenarios], until)
        self.moving = bool(MOVED & set(wanted))
        rewards = [Reward.admissions(m).move for m in cells.members]
        rewards += [Reward.releases(m).move for m in cells.members]
        states = len(worlds.scenarios[0].base.states)
        self.moves = np.array(rewards if self.moving else [], float).reshape(
            -1, states + 1, states + 1
        )
        self.levelled = any(quantity.startswith("disparity") for quantity in wanted)
        self._own = threading.local()
        self._turn = threading.Lock()

    def solved(self, draw: int) -> Binned:
        """One world, in every scenario."""
        solver = getattr(self._own, "solver", None)
        if solver is None:
            places = self.cells.members.astype(float)
            solver = Solver(self.draft, self.windows.bounds, places, self.moves, self._turn)
            self._own.solver = solver
        try:
            with self._turn:
                return solver.solve(self.draft.lanes(self.worlds.models(draw)))
        except InputError as error:
            raise InputError(
                replace(p, message=f"in draw {draw + 1} of {self.worlds.draws}: {p.message}")
                for p in error.problems
            ) from None

    def tallies(self, say: Callable[[str], None] = lambda _: None) -> list[Tally]:
        """Each scenario's tally, with an axis of draws in front."""
        places, windows = len(self.cells.places), len(self.windows.starts)
        groups, levels = len(self.cells.groups.cells), len(self.cells.levels.cells)
        shape = (len(self.worlds.scenarios), self.worlds.draws, places)
        exact = np.prod(shape[1:]) * groups * windows <= COARSE
        kind = np.float64 if exact else np.float32
        held = np.zeros((*shape, groups, windows), kind)
        by_level = np.zeros((*shape, levels if self.levelled else 0, windows), kind)
        moved = np.zeros((*shape[:2], len(self.moves), groups, windows), kind)
        member = self.cells.groups.members.astype(float)
        of_level = self.cells.levels.members.astype(float)

        def one(draw: int) -> None:
            say(f"draw {draw + 1} of {self.worlds.draws:,}")
            found = self.solved(draw)
            held[:, draw] = member @ found.held
            moved[:, draw] = member @ found.moved
            if self.levelled:
                by_level[:, draw] = of_level @ found.held

        in_threads(one, range(self.worlds.draws), threads=None)
        return [
            Tally(
                clock=self.worlds.scenarios[0].base.clock,
                limits=(),
                lengths=self.windows.lengths.astype(float),
                held=held[k],
                by_level=by_level[k],
                overflow=np.zeros((self.worlds.draws, 0, 3, windows)),
                admissions=moved[k][:, :places] if self.moving else None,
                releases=moved[k][:, places:] if self.moving else None,
                first=self.windows.starts[0],
            )
            for k in range(len(self.worlds.scenarios))
        ]


def _by_source(
    worlds: Worlds,
    tallies: Sequence[Tally],
    dispersions: Sequence[Floats],
    cells: Cells,
    names: Sequence[str],
) -> pl.DataFrame:
    """How much of the variance of people held is each source's, for scenarios and differences.

    By a linear regression on the normal scores of all numbers drawn, whose squared coefficients
    are each number's part of the variance (J. Helton & F. Davis, *Reliability Engineering & System
    Safety* 81, 2003), less what chance would give them. A fit's draws have no scores: what is left
    over is theirs.
    """
    of, scores = worlds.scores()
    schema = {"scenario": pl.String, "less": pl.String, "kind": pl.String, "quantity": pl.String,
              "source": pl.String, "sd": pl.Float64, "share": pl.Float64}  # fmt: skip
    if worlds.draws < draws_to_tell(worlds):
        return pl.DataFrame(schema=schema)
    held = np.array([t.held[:, :, 0].sum(axis=-1) / t.lengths.sum() for t in tallies])
    rows: list[dict[str, object]] = []

    def tell(first: str, less: str | None, people: Floats, scatter: Floats | None) -> None:
        for i in cells.kinds:
            parts = _parts(people[:, i].astype(float), of, scores, fitted=worlds.fit is not None)
            total = float(people[:, i].var(ddof=1))
            if scatter is not None:  # a difference is taken in the same worlds, without chance
                parts["chance"] = max(float(scatter[i]), 0.0)  # of nobody held, a rounding below 0
                total += parts["chance"]
            rows.extend({
                "scenario": first, "less": less, "kind": cells.places[i].name,
                "quantity": "population", "source": source, "sd": variance**0.5,
                "share": variance / total if total > 0 else 0.0,
            } for source, variance in parts.items())  # fmt: skip

    for k, name in enumerate(names):
        tell(name, None, held[k], dispersions[k] * held[k].mean(axis=0))
        for j in range(k + 1, len(names)):
            tell(name, names[j], held[k] - held[j], None)
    return pl.DataFrame(rows, schema=schema)


def _parts(people: Floats, of: Sequence[str], scores: Floats, *, fitted: bool) -> dict[str, float]:
    """The variance of some draws by source."""
    spread = people - people.mean()
    design = scores - scores.mean(axis=0)
    slopes, *_ = np.linalg.lstsq(design, spread, rcond=None)
    free = len(people) - 1 - len(of)
    left = float(((spread - design @ slopes) ** 2).sum() / free)
    own = slopes**2 * design.var(axis=0, ddof=1)
    noise = left / (len(people) - 1)
    own = np.where(own > CLEAR**2 * noise, own - noise, 0.0)
    parts = {source: float(own[[o == source for o in of]].sum()) for source in dict.fromkeys(of)}
    if fitted:
        parts["parameters"] = parts.get("parameters", 0.0) + left
    return parts
