"""What a comparison answers: scenarios, figures, differences, warnings, and its identity."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from remand.model.platform import Scenario
from remand.model.policy import Policy
from remand.outcomes.figures import as_rows
from remand.runs import shown


@dataclass(frozen=True)
class Run:
    """A comparison of scenarios on one model.

    Attributes:
        identity: changes whenever the model, a platform, the period or the program does.
        meta: what was run: model, period, engine, versions, how much of the model is inferred;
            ``asked`` holds the other arguments, so that it can be run again.
        scenarios: in the order asked; the first is the base.
        series: figures by window, with a ``scenario`` column (see `remand.outcomes.figures`).
        summary: the same over the whole period.
        differences: summary rows of a − b for every pair, with ``includes`` (which doubts the
            comparison covers; none if exact). If chance was drawn, also with sd and quantiles
            over pairs of replicates, and ``p_a_less_b``, the share of them in which a < b.
        warnings: what a reader must know.
        sources: of draws, where the doubt about people held comes from, see `remand.runs.draws`.
    """

    identity: str
    meta: dict[str, Any]
    scenarios: tuple[Scenario, ...]
    series: pl.DataFrame
    summary: pl.DataFrame
    differences: pl.DataFrame
    warnings: tuple[str, ...]
    sources: pl.DataFrame | None = None

    def figures(self, quantity: str, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """The series of one quantity: its totals, or its rows by the axes named."""
        axes = [by] if isinstance(by, str) else list(by)
        frame = self.series.filter(pl.col("quantity") == quantity)
        for column in self.meta["by"]:
            if column in frame.columns:
                wanted = (
                    pl.col(column).is_not_null() if column in axes else pl.col(column).is_null()
                )
                frame = frame.filter(wanted)
        return frame

    def population(self, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """Mean census by scenario, kind and window."""
        return self.figures("population", by)

    def admissions(self, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """People who entered each kind from outside it, by scenario and window."""
        return self.figures("admissions", by)

    def rates(self, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """People held per 100,000 residents, by scenario, kind and window."""
        return self.figures("rate", by)

    def as_json(self) -> dict[str, Any]:
        """The documented shape of ``remand compare --json``."""
        scenarios = []
        for scenario in self.scenarios:
            own = pl.col("scenario") == scenario.name
            scenarios.append(
                {
                    "name": scenario.name,
                    "platform": scenario.platform.title,
                    "base": list(scenario.after),
                    "policies": [_promise(policy) for policy in scenario.platform.policies],
                    "not_modelled": [
                        promise.as_document() for promise in scenario.platform.not_modelled
                    ],
                    "series": as_rows(self.series.filter(own).drop("scenario")),
                    "summary": as_rows(self.summary.filter(own).drop("scenario")),
                }
            )
        return {
            "run": {"id": self.identity, **self.meta},
            "scenarios": scenarios,
            "differences": as_rows(self.differences),
            "sources": [] if self.sources is None else self.sources.to_dicts(),
            "warnings": list(self.warnings),
        }

    def _repr_html_(self) -> str:
        """How a notebook shows it: people held under each plan, all kinds of custody together."""
        meta = self.meta
        whole = len(self.summary) > 0
        frame = self.summary if whole else self.series.filter(date=self.series["date"].max())
        axes = [a for a in (*meta["by"], "state", "status") if a in frame.columns]
        total = frame.filter(
            pl.col("quantity") == "population",
            pl.col("kind").is_not_null(),
            *(pl.col(axis).is_null() for axis in axes),
        )
        kinds = list(dict.fromkeys(total["kind"]))
        held = {(row["scenario"], row["kind"]): row for row in total.iter_rows(named=True)}
        rows = []
        for scenario in self.scenarios:
            cells = []
            for kind in kinds:
                row = held.get((scenario.name, kind), {"mean": None, "q05": None})
                band = f" ({row['q05']:,.0f}–{row['q95']:,.0f})" if row["q05"] is not None else ""
                cells.append(shown.people(row["mean"]) + band)
            rows.append([f"{scenario.platform.title} ({scenario.name})", *cells])
        period = "mean of the period" if whole else f"mean of the last {meta['every']}"
        return shown.table(
            f"{meta['title']}, {meta['from']} to {meta['to']} (exclusive): people held, {period}, "
            f"with the 90 % {meta.get('band', 'band of chance')} in brackets",
            ["plan", *kinds],
            rows,
            [
                f"Bands: {meta['bands']}.",
                *(f"Note: {warning}." for warning in self.warnings),
                f"Run {self.identity}, remand {meta['versions']['remand']}.",
            ],
        )

    def to_json(self) -> str:
        """`as_json` as text; dates in ISO form, suppressed figures null."""
        return json.dumps(self.as_json(), default=str, ensure_ascii=False)


def _promise(policy: Policy) -> dict[str, Any]:
    """Who does what from when, how well it is kept, and in whose words."""
    return {
        "name": policy.name,
        "authority": policy.authority,
        "starts": str(policy.starts),
        "ends": str(policy.ends) if policy.ends else None,
        "compliance": policy.compliance.as_document(),
        "quote": policy.quote,
        "about": policy.about,
        "source": list(policy.source),
        "inferred": policy.inferred,
        "no_edits": policy.no_edits,
        "claimed": policy.claimed.as_document() if policy.claimed else None,
    }
