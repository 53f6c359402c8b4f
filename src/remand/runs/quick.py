"""A quick answer while a hand is still on a lever: a comparison in bins of eight days, no bands.

Its figures are within 0.06 % of the exact run's on the shipped model, a few tenths of a per cent in
the month in which a policy begins where people stay for days. It is for drawing, never for keeping:
what stands still, is written down or copied is `compare_scenarios`'.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from remand.engine.binned import Solver
from remand.engine.draft import Draft
from remand.engine.kernel import Floats
from remand.model.model import Model
from remand.model.platform import Scenario
from remand.outcomes.cells import Cells
from remand.outcomes.figures import plain
from remand.outcomes.measures import measures
from remand.outcomes.tally import Tally
from remand.outcomes.windows import Every, Windows
from remand.runs.compare import told_of, warnings
from remand.runs.differences import Answer, differences
from remand.runs.draws import refuse_coupled
from remand.runs.engines import Chosen
from remand.runs.run import Run

QUICK = "quick"
"""The identity of every quick run: it has none of its own."""


class Quick:
    """Scenarios compiled once, then answered again and again with other numbers in their policies.

    Not to be used by several threads at once. Raises Refusal where a rule couples people.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        until: dt.date,
        quantities: Collection[str],
        since: dt.date | None = None,
        every: Every = "month",
        by: Sequence[str] = (),
        *,
        series: Collection[str] | None = None,
    ) -> None:
        """Compile scenarios; only the quantities of ``series`` are told window by window."""
        refuse_coupled(scenarios)
        self.model = model = scenarios[0].base
        self.until, self.by = until, tuple(by)
        self.told = (quantities if series is None else series), quantities
        first = since or model.clock.start
        self.windows = Windows.over(model.clock, first, until, every)
        self.period = Windows.over(model.clock, first, until, None)
        self.cells = Cells.of(model, by)
        models = [scenario.model for scenario in scenarios]
        self.draft = Draft(models, until)
        states = len(model.states) + 1
        self._solver = Solver(
            self.draft, self.windows.bounds, self.cells.members.astype(float),
            np.zeros((0, states, states)),
        )  # fmt: skip
        chosen = Chosen(exact=True, why="quick: in blocks of eight days", replicates=0, seed=0)
        self._meta = told_of(model, first, until, every, by, chosen)
        self._alive = models  # the draft knows their parts by identity
        self._known: dict[int, tuple[Scenario, Answer]] = {}
        for scenario, answer in zip(scenarios, self._answers(scenarios, models), strict=True):
            self._known[id(scenario)] = scenario, answer

    def run(self, scenarios: Sequence[Scenario]) -> Run:
        """Figures of scenarios that differ from the first ones in numbers alone."""
        new = [s for s in scenarios if id(s) not in self._known]
        found = {id(s): a for s, a in self._known.values()}
        answered = self._answers(new, [s.model for s in new])
        found |= {id(s): a for s, a in zip(new, answered, strict=True)}
        answers = [found[id(s)] for s in scenarios]
        names = [s.name for s in scenarios]
        return Run(
            identity=QUICK,
            meta=self._meta,
            scenarios=tuple(scenarios),
            series=pl.concat([a.series for a in answers], how="diagonal"),
            summary=pl.concat([a.summary for a in answers], how="diagonal"),
            differences=differences(answers, names, self.by),
            warnings=tuple(warnings(scenarios, self.until)),
        )

    def _answers(self, scenarios: Sequence[Scenario], models: Sequence[Model]) -> list[Answer]:
        return [
            Answer(
                self._frame(scenario, self.windows, tally, self.told[0]),
                self._frame(scenario, self.period, tally.whole(), self.told[1]),
            )
            for scenario, tally in zip(scenarios, self._solved(models), strict=True)
        ]

    def _frame(
        self, scenario: Scenario, windows: Windows, tally: Tally, quantities: Collection[str]
    ) -> pl.DataFrame:
        """Figures of a scenario over some windows."""
        found = measures(tally, self.model, self.cells, quantities)
        rows = plain(self.model, windows, self.cells, found)
        return rows.select(pl.lit(scenario.name).alias("scenario"), pl.all())

    def _solved(self, models: Sequence[Model]) -> list[Tally]:
        """The tally of each model."""
        if not models:
            return []
        group = self.cells.groups.members.astype(float)
        level = self.cells.levels.members.astype(float)
        overflow: Floats = np.zeros((0, 3, len(self.windows.starts)))
        return [
            Tally(
                clock=self.model.clock,
                limits=(),
                lengths=self.windows.lengths.astype(float),
                held=group @ held,
                by_level=level @ held,
                overflow=overflow,
                first=self.windows.starts[0],
            )
            for held in self._solver.solve(self.draft.lanes(models)).held.astype(float)
        ]
