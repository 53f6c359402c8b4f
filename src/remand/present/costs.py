"""What a comparison costs, in lines: three honest figures a payer, and which wings close."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from remand.model.uncertain import Uncertain
from remand.outcomes.cost import Priced, closing, priced
from remand.present import words

if TYPE_CHECKING:
    import polars as pl

    from remand.runs.run import Run

NO_WING = "No savings figure: the model names no wing that could close."
UNITS = ((1e9, " billion"), (1e6, " million"))
Rows = dict[tuple[Any, ...], dict[str, Any]]


def lines(run: Run) -> list[str]:
    """Costs of every scenario over the whole period, and of each against the first.

    Person-days stand beside them. Averages are not subtracted; a difference of step-fixed cost
    stands with the number of people at which a wing closes. A model without prices gets one line,
    a run that was not asked for costs none.
    """
    model, names = run.scenarios[0].base, [scenario.name for scenario in run.scenarios]
    if not model.prices:
        asked = "bed_days" in run.summary["quantity"]
        return ["Cost: the model names no prices."] if asked else []
    if "cost" not in run.summary["quantity"]:
        return []
    prices = [p for p in priced(model) if p.kind in run.summary["kind"]]
    held, less = totals(run.summary, run, "scenario"), totals(run.differences, run, "b")
    kinds = list(dict.fromkeys(p.kind for p in prices))
    told = ["Cost of the period, in dollars of each price's date:"]
    for kind in kinds:
        own = [p for p in prices if p.kind == kind]
        told += [f"  {name}, {kind}: {_spent(held, name, own)}." for name in names]
        for name in names[1:]:
            told.append(f"  {name} against {names[0]}, {kind}: {_changed(less, name, own)}.")
            told += [
                f"  {name}, {kind}, {p.prices[0].payer}, by {highest(run, held, name, p)}: "
                f"{closes(run, held, name, p)}."
                for p in own
                if p.stepped
            ]
    if len(names) > 1 and not any(p.stepped for p in prices):
        told.append(NO_WING)
    return told


def dollars(value: float, *, signed: bool = False) -> str:
    """An amount to three figures; a difference with its sign, a true minus.

    >>> dollars(1234567.0), dollars(2.5e9), dollars(0.2)
    ('$1.23 million', '$2.5 billion', '$0')
    >>> dollars(-45678.0, signed=True), dollars(45678.0, signed=True)
    ('−$45,700', '+$45,700')
    """
    if abs(value) < 0.5:
        return "$0"
    size = float(f"{abs(value):.3g}")
    unit, name = next(((u, n) for u, n in UNITS if size >= u), (1.0, ""))
    return f"{'−' if value < 0 else '+' if signed else ''}${size / unit:,g}{name}"


def totals(frame: pl.DataFrame, run: Run, column: str) -> Rows:
    """Rows of everyone in a kind, by scenario, kind, quantity and basis; b against the first."""
    if not len(frame):
        return {}
    parts = [p for p in (*run.meta["by"], "state", "status") if p in frame.columns]
    return {
        (row[column], row["kind"], row["quantity"], label(row)): row
        for row in frame.iter_rows(named=True)
        if all(row[part] is None for part in parts)
        and (column == "scenario" or row["a"] == run.scenarios[0].name)
    }


def label(row: dict[str, Any]) -> str:
    """Basis and payer of a row of cost or of wings; nothing for others."""
    priced = row["quantity"] in {"cost", "wings", "beds_needed"}
    return str(row["basis"]).partition(";")[0] if priced else ""


def _spent(held: Rows, name: str, own: list[Priced]) -> str:
    kind = own[0].kind
    days, years = (held.get((name, kind, q, "")) for q in ("bed_days", "person_years"))
    said = []
    if days is not None:
        said.append(f"{words.people(days)} bed-days")
    if years is not None:
        said.append(f"{words.people(years)} person-years")
    for prices in own:
        row = held.get((name, kind, "cost", prices.label))
        if row is None:
            said.append(f"{prices.label}: no price holds for all of the period")
            continue
        wings = held.get((name, kind, "wings", prices.label))
        many = "" if wings is None else f" ({words.people(wings)} wings open at the end)"
        said.append(f"{prices.label} {_amount(row)}{ranged(row, prices)}{many}")
    return "; ".join(said)


def _changed(less: Rows, name: str, own: list[Priced]) -> str:
    kind, said = own[0].kind, []
    for quantity, unit in (("bed_days", "bed-days"), ("person_years", "person-years")):
        row = less.get((name, kind, quantity, ""))
        if row is not None and row["mean"] is not None:
            said.append(f"{words.signed(-row['mean'])} {unit}")
    for prices in own:
        row = less.get((name, kind, "cost", prices.label))
        if row is not None:
            said.append(f"{prices.label} {_amount(row, -1)}")
    if any(prices.prices[0].basis == "average" for prices in own):
        said.append("averages are not subtracted")
    return "; ".join(said)


def _amount(row: dict[str, Any], sign: int = 0) -> str:
    """Dollars of a row with their band; a difference turned round by a sign of −1."""
    turn, signed = sign or 1, sign != 0

    def told(key: str) -> str:
        return dollars(turn * row[key], signed=signed)

    if row["mean"] is None:
        return "not shown"
    if row.get("q05") is None or row.get("q95") is None:
        return told("mean")
    low, high = ("q05", "q95")[::turn]
    return f"{told('mean')} ({told(low)} to {told(high)})"


def ranged(row: dict[str, Any], prices: Priced) -> str:
    """The ends of a single price that is not known, where no band of the figure tells them."""
    ends = between(row, prices)
    if ends is None:
        return ""
    return f" ({dollars(ends[0])} to {dollars(ends[1])}: {ends[2]})"


def between(row: dict[str, Any], prices: Priced) -> tuple[float, float, str] | None:
    """The ends that the doubt about a single price gives a cost, and what they are."""
    value = prices.prices[0].value
    if not isinstance(value, Uncertain) or len(prices.prices) > 1:
        return None
    if row["mean"] is None or row.get("q05") is not None:
        return None
    low, high = (row["mean"] * end / value for end in value.law.between())
    return low, high, "assumption range" if value.law.assumed else "interval"


def highest(run: Run, held: Rows, name: str, prices: Priced) -> str:
    """Which census says how many wings are open at the end."""
    first, last = (dt.date.fromisoformat(run.meta[end]) for end in ("from", "to"))
    row = held.get((name, prices.kind, "wings", prices.label))
    what = row["basis"].rpartition("; by ")[2] if row else "the highest day"
    return f"{what} of {'the last year of ' if (last - first).days > 366 else ''}the period"


def closes(run: Run, held: Rows, name: str, prices: Priced) -> str:
    """Whether a plan closes a wing, with the number of people at which one would."""

    def pair(quantity: str) -> tuple[float, float] | None:
        now, then = (held.get((one, prices.kind, quantity, prices.label))
                     for one in (run.scenarios[0].name, name))  # fmt: skip
        return (now["mean"], then["mean"]) if now and then else None

    beds, wings = pair("beds_needed"), pair("wings")
    if beds is None or wings is None:
        return "no wing has a price at the end"
    return closing(prices, dt.date.fromisoformat(run.meta["to"]), beds, wings)
