"""How sure a comparison is, in lines: differences in the same worlds, and whence the doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from remand.present import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remand.runs.run import Run

NAMES = {
    "chance": "chance",
    "parameters": "what records and sources leave open",
    "promise": "how far promises are kept and what they do",
    "baseline": "how arrivals drift by themselves",
    "behaviour": "how people answer",
}


SHOWN = 0.005
"""The least share of a variance that is worth a word."""


def lines(run: Run, *, pairs: bool = True) -> list[str]:
    """Plans against each other over the whole period, and sources of doubt; none if exact.

    Without ``pairs`` each plan is set against the first scenario alone.
    """
    if run.sources is None:
        return []
    kinds = [k for k in ("jail", "prison", "supervision") if k in run.summary["kind"]]
    first = run.scenarios[0].name
    told = [
        _against(row)
        for kind in kinds[:1]
        for row in _differences(run, kind)
        if pairs or row["b"] == first
    ]
    if told:
        told.insert(0, f"People in {kinds[0]} in the same worlds, chance left out "
                       f"(90 % {run.meta['band']}):")  # fmt: skip
    told += [] if told or len(run.scenarios) > 1 else ["One scenario: nothing to compare."]
    doubt = list(_doubt(run, kinds[0])) if kinds and len(run.sources) else []
    return [*told, *doubt]


def verdict(row: dict[str, Any]) -> str:
    """Whether two plans can be told apart.

    >>> verdict({"mean": -40.0, "p_a_less_b": 0.81, "distinguishable": False})
    'fewer in 81 % of worlds: not distinguishable'
    >>> verdict({"mean": 0.0, "p_a_less_b": 0.5, "distinguishable": False})
    'no difference in any world'
    """
    below = row["p_a_less_b"]
    if row["mean"] == 0.0 and below == 0.5:
        return "no difference in any world"
    which, share = ("fewer", below) if below >= 1 - below else ("more", 1 - below)
    often = "all" if share == 1 else f"{100 * share:.0f} % of"
    told = "" if row["distinguishable"] else ": not distinguishable"
    return f"{which} in {often} worlds{told}"


def _against(row: dict[str, Any]) -> str:
    if row["suppressed"]:
        return f"  {row['a']} against {row['b']}: {words.SMALL}"
    change, low, high = (words.signed(row[key]) for key in ("mean", "q05", "q95"))
    return f"  {row['a']} against {row['b']}: {change} ({low} to {high}), {verdict(row)}."


def _differences(run: Run, kind: str) -> Iterator[dict[str, Any]]:
    """Rows of each plan less every one before it, of the kind's total."""
    if not len(run.differences):
        return
    axes = [c for c in (*run.meta["by"], "state", "status") if c in run.differences.columns]
    own = run.differences.filter(
        (pl.col("quantity") == "population")
        & (pl.col("kind") == kind)
        & pl.all_horizontal([pl.col(axis).is_null() for axis in axes] or [pl.lit(value=True)])
    )
    for row in own.iter_rows(named=True):
        turned = {"a": row["b"], "b": row["a"], "p_a_less_b": 1.0 - row["p_a_less_b"]}
        ends = {"mean": -row["mean"], "q05": -row["q95"], "q95": -row["q05"]}
        yield {**row, **turned, **ends}


def _doubt(run: Run, kind: str) -> Iterator[str]:
    """Where the doubt about the level comes from, and about each difference from the first."""
    assert run.sources is not None  # noqa: S101 - asked before
    first = run.scenarios[0].name
    by: dict[tuple[str, str | None], list[tuple[float, str]]] = {}
    for row in run.sources.iter_rows(named=True):
        if row["kind"] == kind:
            key = (row["scenario"], row["less"])
            by.setdefault(key, []).append((row["share"], row["source"]))
    yield "Where the doubt comes from (share of the variance; the rest is what they do together):"
    for scenario in run.scenarios:
        name = scenario.name
        yield f"  {name}: {_shares(by.get((name, None), []))}."
        if name != first:
            yield f"  {name} against {first}: {_shares(by.get((first, name), []))}."


def _shares(found: list[tuple[float, str]]) -> str:
    ordered = sorted(found, reverse=True)
    said = [f"{100 * share:.0f} % {NAMES[source]}" for share, source in ordered if share >= SHOWN]
    return ", ".join(said) or "none"
