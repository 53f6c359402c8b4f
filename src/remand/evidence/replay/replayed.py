"""What a replay gives: forecasts beside what happened, and their scores.

Scores are T. Gneiting & A. Raftery's (*Journal of the American Statistical Association* 102, 2007):
the CRPS, and the interval score of the 80 % band, which is its width and ten times whatever it
missed by. Both are in people, and smaller is better; of a single number the CRPS is the error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl

from remand.evidence.backtest.scores import BANDS, covered, crps, pinball, width
from remand.evidence.panel import LEVELS, Floats
from remand.evidence.replay.case import Case, Sight, sight
from remand.outcomes.suppression import Bools, few, hide
from remand.provenance import versions

Every = Literal["span", "quarter", "year"]
NAIVE, NO_CHANGE = "as today", "no change"
ALL, EACH = "all", "each place"
Span = tuple[dt.date, dt.date]

SCORES = (
    "bias", "mae", "bias_percent", "mae_percent", "crps", "interval_score_80", "width_80",
    *(f"coverage_{band}" for band in BANDS),
)  # fmt: skip

QUANTILES = {"q025": 0.025, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q975": 0.975}
LESS = {"less_q10": 0.1, "less_q50": 0.5, "less_q90": 0.9}
TABLE: dict[str, type[pl.DataType]] = {
    "place": pl.String, "from": pl.Date, "to": pl.Date, "telling": pl.String, "sight": pl.String,
    "today": pl.Float64, "mean": pl.Float64, **dict.fromkeys(QUANTILES, pl.Float64),
    "actual": pl.Float64, **{f"inside_{band}": pl.Boolean for band in BANDS},
    "scored": pl.Boolean, **dict.fromkeys(LESS, pl.Float64), "actual_less": pl.Float64,
    "suppressed": pl.Boolean,
}  # fmt: skip
"""Columns of `Replay.table`."""
SHOWN = ("place", "from", "to", "telling", "sight", "scored", "suppressed")
"""Those that a suppressed row has."""


@dataclass(frozen=True)
class Trail:
    """One place's forecast and what happened.

    Attributes:
        place: its name.
        today: (spans,) the last figure known at the cut-off.
        people: (tellings, draws, spans), no change first.
        truth: (spans,) people held; NaN where it is not known.
    """

    place: str
    today: Floats
    people: Floats
    truth: Floats

    def over(self, weights: Floats) -> Trail:
        """Means over groups of spans, (groups, spans) of days, as far as the truth is known.

        Of a group without any truth, over all of its days.
        """
        known = weights * np.isfinite(self.truth)
        days = known.sum(axis=1)
        own = np.where(days[:, None] > 0, known, weights)
        own /= own.sum(axis=1, keepdims=True)
        truth = np.where(days > 0, own @ np.nan_to_num(self.truth), np.nan)
        return Trail(self.place, own @ self.today, self.people @ own.T, truth)

    @property
    def figures(self) -> Floats:
        """Counts of people, (what is counted, spans): today, the truth (0: not known), means."""
        return np.array([self.today, np.nan_to_num(self.truth), *self.people.mean(axis=1)])

    @cached_property
    def quantiles(self) -> Floats:
        """Of the draws: (tellings, spans, `LEVELS`)."""
        found = np.quantile(self.people, LEVELS, axis=1, method="averaged_inverted_cdf")
        return np.asarray(np.moveaxis(found, 0, -1))


def summed(trails: Sequence[Trail]) -> Trail:
    """All places as one, draw by draw: at each span, those `together`."""
    if len(trails) == 1:
        return trails[0]
    pairs = list(zip(trails, together(trails), strict=True))
    return Trail(
        ALL,
        np.sum([np.where(added, t.today, 0.0) for t, added in pairs], axis=0),
        np.sum([np.where(added, t.people, 0.0) for t, added in pairs], axis=0),
        np.sum([np.where(added, t.truth, 0.0) for t, added in pairs], axis=0),
    )


def together(trails: Sequence[Trail]) -> Bools:
    """Which places a sum has, (places, spans): those whose truth is known; where none is, all."""
    known = np.isfinite([t.truth for t in trails])
    added: Bools = known | (known.sum(axis=0) == 0)
    return added


def small(trails: Sequence[Trail]) -> Bools:
    """Figures of fewer than ten people, and those by which a sum tells of them: (places, spans)."""
    figures = np.array([t.figures for t in trails])
    found: Bools = few(figures).sum(axis=1) > 0
    for span, added in enumerate(together(trails).T):
        for counts in figures[added, :, span].T:
            found[added, span] |= hide(counts)
    return found


@dataclass(frozen=True)
class Replay:
    """A case replayed.

    Attributes:
        case: what was replayed.
        as_of: the day of the forecast: nothing of it or later was read for it.
        tellings: names of the forecasts, no change first.
        knows: the day of the latest thing each rests on.
        spans: [from, to) of each figure.
        trails: forecasts and truths by place.
        left_out: places without a forecast, and why.
        known: ``file``, the name of the one behind the forecast, and ``sha256_of_what_was_known``,
            of what was cut from it; empty for a shipped model.
        draws, seed: of the forecasts.
        warnings: what a reader must be told.
    """

    case: Case
    as_of: dt.date
    tellings: tuple[str, ...]
    knows: tuple[dt.date, ...]
    spans: tuple[Span, ...]
    trails: tuple[Trail, ...]
    left_out: dict[str, str]
    known: dict[str, str]
    draws: int
    seed: int
    warnings: tuple[str, ...]

    @property
    def sights(self) -> tuple[Sight, ...]:
        """How blind each forecast is."""
        return tuple(sight(day, self.as_of, self.case.in_force) for day in self.knows)

    @cached_property
    def total(self) -> Trail:
        """All places as one."""
        return summed(self.trails)

    @cached_property
    def shown(self) -> tuple[tuple[Trail, Bools], ...]:
        """The sum, and the places if there are several; each with the spans that are hidden."""
        hidden = small(self.trails)
        if len(self.trails) == 1:
            return ((self.total, hidden[0]),)
        return (
            (self.total, few(self.total.figures).any(axis=0)),
            *zip(self.trails, hidden, strict=True),
        )

    def scored(self, span: Span) -> bool:
        """Whether a figure counts, or is only shown."""
        return self.case.apart is None or span[0] < self.case.apart.from_

    def table(self, every: Every = "span", *, places: bool = False) -> pl.DataFrame:
        """A row a place, span and telling: quantiles, what happened, and whether it is inside.

        Columns: place, from, to, telling, sight, today, mean, q025, q10, q50, q90, q975, actual,
        inside_80, inside_95, scored, and less_q10, less_q50, less_q90: what the telling adds to no
        change in the same worlds (null for no change itself), with actual_less, what happened less
        the median of no change. That is not the reform's effect: whatever else moved is in it.
        Of fewer than ten people nothing is told, nor what would tell of them: ``suppressed``.
        """
        groups, spans = self._groups(every)
        rows = (
            row
            for trail, hidden in self.shown[: None if places else 1]
            for row in self._rows(trail.over(groups), spans, groups @ hidden > 0)
        )
        return pl.DataFrame(list(rows), schema=TABLE)

    def _groups(self, every: Every) -> tuple[Floats, list[Span]]:
        """Days of each span in each group, and the groups' spans."""
        days = np.array([(b - a).days for a, b in self.spans], float)
        if every == "span" or self.case.counted:
            return np.diag(days), list(self.spans)
        size = 3 if every == "quarter" else 12
        keys = [(a.year, (a.month - 1) // size, self.scored((a, b))) for a, b in self.spans]
        each = list(dict.fromkeys(keys))
        of = np.array([[key == one for key in keys] for one in each])
        ends = [
            (min(self.spans[i][0] for i in own), max(self.spans[i][1] for i in own))
            for own in (np.flatnonzero(row) for row in of)
        ]
        return of * days, ends

    def _rows(self, trail: Trail, spans: Sequence[Span], hidden: Bools) -> Iterator[dict[str, Any]]:
        hidden = hidden | few(trail.figures).any(axis=0)
        named = {name: LEVELS.index(level) for name, level in QUANTILES.items()}
        less = trail.people - trail.people[:1]
        apart = np.quantile(less, tuple(LESS.values()), axis=1, method="averaged_inverted_cdf")
        median = trail.quantiles[0, :, LEVELS.index(0.5)]
        inside = {band: covered(trail.truth, trail.quantiles, band) for band in BANDS}
        for s, span in enumerate(spans):
            for t, telling in enumerate(self.tellings):
                known = bool(np.isfinite(trail.truth[s]))
                row = {
                    "place": trail.place, "from": span[0], "to": span[1], "telling": telling,
                    "sight": self.sights[t], "today": float(trail.today[s]),
                    "mean": float(trail.people[t, :, s].mean()),
                    **{name: float(trail.quantiles[t, s, i]) for name, i in named.items()},
                    "actual": float(trail.truth[s]) if known else None,
                    **{f"inside_{b}": bool(inside[b][t, s]) if known else None for b in BANDS},
                    "scored": self.scored(span),
                    **{name: float(apart[i, t, s]) if t else None for i, name in enumerate(LESS)},
                    "actual_less": float(trail.truth[s] - median[s]) if known else None,
                    "suppressed": bool(hidden[s]),
                }  # fmt: skip
                yield {name: row[name] for name in SHOWN} if hidden[s] else row

    @cached_property
    def scores(self) -> pl.DataFrame:
        """A row a place, part and telling, over the spans that are scored.

        ``part`` is ``all``, ``before`` or ``after`` the reform began (by the middle of a span). Of
        several places there are the sum (``all``), every one, and their mean (``each place``).
        Columns: n, bias and mae in people (forecast less actual, of medians) and percent of the
        people held, crps, interval_score_80, width_80, coverage_80, coverage_95 (percent).
        ``as today`` is the last known figure. Where a figure is hidden, its scores are
        (``suppressed``).
        """
        rows = [row for trail, hidden in self.shown for row in self._scores(trail, hidden)]
        named = dict.fromkeys(("place", "part", "telling"), pl.String)
        scores = dict.fromkeys(SCORES, pl.Float64)
        frame = pl.DataFrame(
            rows, schema={**named, "n": pl.Int64, **scores, "suppressed": pl.Boolean}
        )
        if len(self.trails) > 1:
            each = (
                frame.filter(pl.col("place") != ALL)
                .group_by("part", "telling", maintain_order=True)
                .agg(pl.lit(EACH).alias("place"), pl.col("n").sum(), pl.col("suppressed").all(),
                     *((pl.col(c) * pl.col("n")).mean() / pl.col("n").mean() for c in SCORES))
            )  # fmt: skip
            frame = pl.concat([frame, each.select(frame.columns)])
        return frame.with_columns(
            pl.when(~pl.col("suppressed")).then(pl.col(score)).alias(score) for score in SCORES
        )

    def _scores(self, trail: Trail, hidden: Bools) -> Iterator[dict[str, Any]]:
        began = np.array([a + (b - a) / 2 >= self.case.in_force for a, b in self.spans])
        counts = np.isfinite(trail.truth) & np.array([self.scored(span) for span in self.spans])
        single = np.repeat(trail.today[None, :, None], len(LEVELS), axis=2)
        every = np.concatenate([trail.quantiles, single])
        for part, own in (("all", counts), ("before", counts & ~began), ("after", counts & began)):
            if not own.any():
                continue
            truth = trail.truth[own]
            for telling, quantiles in zip((*self.tellings, NAIVE), every[:, own], strict=True):
                off = quantiles[:, LEVELS.index(0.5)] - truth
                ends = [LEVELS[i] for i in BANDS[80]]
                loss = pinball(truth, quantiles[:, list(BANDS[80])], tuple(ends)).sum(axis=-1)
                banded = telling != NAIVE
                yield {
                    "place": trail.place, "part": part, "telling": telling, "n": int(own.sum()),
                    "bias": float(off.mean()), "mae": float(np.abs(off).mean()),
                    "bias_percent": float(100 * off.sum() / truth.sum()),
                    "mae_percent": float(100 * np.abs(off).sum() / truth.sum()),
                    "crps": float(crps(truth, quantiles).mean()),
                    "interval_score_80": float(10 * loss.mean()) if banded else None,
                    "width_80": float(width(quantiles, 80).mean()) if banded else None,
                    **{f"coverage_{b}": float(100 * covered(truth, quantiles, b).mean())
                       if banded else None for b in BANDS},
                    "suppressed": bool(hidden[own].any()),
                }  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand replay --json``."""
        case = self.case
        return {
            "case": {
                "name": case.name, "title": case.title, "announced": str(case.announced),
                "announced_by": case.announced_by, "in_force": str(case.in_force),
                "until": str(case.until),
                "apart": {"from": str(case.apart.from_), "why": case.apart.why}
                if case.apart else None,
                "overlaps": list(case.overlaps), "caveats": list(case.caveats),
            },
            "as_of": str(self.as_of),
            "tellings": [
                {"name": name, "sight": seen, "knows": str(day), "about": about}
                for name, seen, day, about in zip(
                    self.tellings, self.sights, self.knows,
                    (NO_CHANGE, *(one.about for one in case.told)), strict=True)
            ],
            "known": self.known,
            "draws": self.draws,
            "seed": self.seed,
            "left_out": self.left_out,
            "series": _plain(self.table(places=True)),
            "scores": _plain(self.scores),
            "warnings": list(self.warnings),
            "versions": versions(),
        }  # fmt: skip


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {k: str(v) if isinstance(v, dt.date) else v for k, v in row.items()}
        for row in frame.iter_rows(named=True)
    ]
