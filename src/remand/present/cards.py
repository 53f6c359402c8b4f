"""The three cards every comparison shows: people held, disparity, cost.

Prison and supervision stand on the same card as the jail, so that nobody is out of sight; ratio and
difference stand together; and averages of cost are never subtracted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from remand.outcomes.cost import Priced, priced
from remand.outcomes.suppression import RATIO_SMALL
from remand.present import costs, words
from remand.present.cited import cites
from remand.present.figures import Figures, Row, cell, people, titled
from remand.present.said import Card, Number, Said, Table
from remand.runs.run import Run

KINDS = ("jail", "prison", "supervision")


def people_card(figures: Figures) -> Card:
    """People held in each kind, with their bands and what is more or less than in the base."""
    run, model, when = figures.run, figures.model, figures.last
    kinds = figures.shown(*KINDS) or [figures.kind]
    rows = []
    for scenario in figures.everyone:
        cells = []
        for kind in kinds:
            row = figures.row(scenario, "population", when, kind=kind)
            base = figures.row(figures.base, "population", when, kind=kind)
            cells.append(cell(figures, row, None if scenario is figures.base else base))
        rows.append((Said.of(titled(scenario)), *cells))
    absent = [kind for kind in KINDS if kind not in kinds]
    notes = [Said.of(f"On an average day of {when.says}; below it {band_of(run)}, and the "
                     f"difference from “{titled(figures.base)}”.")]  # fmt: skip
    if absent:
        notes.append(Said.of(f"The model has no {' and no '.join(absent)}: it cannot say who goes "
                             "there instead."))  # fmt: skip
    return Card(
        "people",
        "People held",
        Table(("", *kinds), tuple(rows), f"People held under each plan, {when.says}"),
        tuple(notes),
        cites(model, [*model.counted, *_rows_of(model.arrivals), model]),
        tuple(dict.fromkeys(
            [f"{run.meta['inferred']}", f"bands: {run.meta['bands']}", f"counted: {model.counts}"]
        )),
    )  # fmt: skip


def disparity_card(figures: Figures) -> Card:
    """Levels, ratio and difference of two groups' rates, with bounds; or why they are withheld."""
    model, when, shown = figures.model, figures.last, figures.model.disparity
    title = "Disparity"
    if shown is None or model.residents is None:
        lacks = "two groups to compare" if shown is None else "residents that rates would be per"
        return Card("disparity", title, needs=f"The model names no {lacks}.")
    title = f"{shown.of}–{shown.to} disparity, {figures.kind}"
    level = shown.axis in figures.run.meta["by"]
    rows, withheld, unknown = [], False, False
    for scenario in figures.everyone:
        ratio = figures.row(scenario, "disparity_ratio", when)
        difference = figures.row(scenario, "disparity_difference", when)
        if ratio is None or difference is None:
            return Card("disparity", title, needs="Run it with the quantities disparity_ratio and "
                                                  "disparity_difference.")  # fmt: skip
        withheld |= ratio["mean"] is None
        unknown |= ratio["mean"] is not None and ratio["low"] != ratio["high"]
        rates = [figures.row(scenario, "rate", when, **{shown.axis: group})
                 for group in (shown.of, shown.to)] if level else []  # fmt: skip
        rows.append((
            Said.of(titled(scenario)),
            *(_rate(figures, row) for row in rates),
            _bounded(figures, ratio, lambda value: f"{value:.1f}"),
            _bounded(figures, difference, people),
        ))  # fmt: skip
    notes = [f"People held per 100,000 {model.residents.unit}, {when.says}."]
    if unknown and shown.missing:
        notes.append(f"Bounds: everyone {shown.missing.replace('_', ' ')} is one or the other.")
    if withheld:
        notes.append(f"Withheld: fewer than {RATIO_SMALL:.0f} people in one of the two groups; a "
                     "ratio of so few says nothing.")  # fmt: skip
        notes += words.pooled(figures.run.summary)
    notes.append("A ratio is no measure of bias, and fewer people need not mean less disparity.")
    if not level:
        notes.append(f"Levels of each group need a run by {shown.axis}.")
    columns = ("", *((shown.of, shown.to) if level else ()), "ratio", "difference")
    return Card(
        "disparity",
        title,
        Table(columns, tuple(rows), f"{title}, under each plan, {when.says}"),
        tuple(Said.line(note, f"disparity/{i}") for i, note in enumerate(notes, 1)),
        cites(model, [model.residents, *model.residents.people]),
        ("race, or what stands for it, is as the records have it: an input, not a finding",),
    )


def cost_card(figures: Figures) -> Card:
    """What the period costs each payer: marginal, step-fixed, average; and which wings close."""
    run, model = figures.run, figures.model
    if not model.prices:
        return Card("cost", "Cost", needs="The model names no prices, so no cost is shown.")
    prices = [p for p in priced(model) if p.kind in figures.model.kinds]
    held, less = costs.totals(run.summary, run, "scenario"), costs.totals(run.differences, run, "b")
    if not any(key[2] == "cost" for key in held):
        return Card("cost", "Cost", needs="Run it over a whole period with the quantity cost.")
    rows = [
        (
            Said.of(titled(s)),
            _bed_days(held, less, s.name, figures),
            *(_spent(held, less, s.name, own) for own in prices),
        )
        for s in figures.everyone
    ]
    stepped = [p for p in prices if p.stepped]
    notes = [
        f"{titled(s)}, {p.prices[0].payer}, by {costs.highest(run, held, s.name, p)}: "
        f"{costs.closes(run, held, s.name, p)}."
        for s in figures.plans
        for p in stepped
    ]
    if figures.plans and not stepped:
        notes.append(costs.NO_WING)
    if any(p.prices[0].basis == "average" for p in prices):
        notes.append("An average is a budget over all people in it. Averages are never subtracted: "
                     "what custody costs is not what fewer people would save.")  # fmt: skip
    ranged = {costs.between(row, p) for p in prices for key, row in held.items()
              if key[2] == "cost" and key[3] == p.label}  # fmt: skip
    kinds = sorted({ends[2] for ends in ranged if ends})
    notes.append(
        "In dollars of each price's date"
        + (f"; below each figure its {' or '.join(kinds)}, as the price's." if kinds else ".")
    )
    columns = ("", f"bed-days, {figures.kind}", *(f"{p.kind}, {p.label}" for p in prices))
    return Card(
        "cost",
        f"Cost, {run.meta['from']} to {run.meta['to']}",
        Table(columns, tuple(rows), "What the whole period costs under each plan"),
        tuple(Said.line(note, f"cost/{i}") for i, note in enumerate(notes, 1)),
        cites(model, model.prices),
        tuple(dict.fromkeys(p.inferred for p in model.prices if p.inferred)),
    )


def band_of(run: Run) -> str:
    """What the ends below a figure are, in a few words."""
    return f"its 90 % {run.meta.get('band', 'range of chance alone')}"


def _rate(figures: Figures, row: Row | None) -> Said:
    if row is None or row["mean"] is None:
        return Said.of("–" if row is None else words.withheld(row))
    return Said.of(figures.number(row, "mean", people))


def _bounded(figures: Figures, row: Row, say: Any) -> Said:
    """A disparity with its bounds below it; a word where it is withheld."""
    if row["mean"] is None:
        return Said.of(words.withheld(row))
    told = Said.of(figures.number(row, "mean", say))
    if row["low"] is None or row["low"] == row["high"]:
        return told
    low, high = (figures.number(row, end, say) for end in ("low", "high"))
    return Said.of(told, "\n", low, "–", high)


def _bed_days(held: costs.Rows, less: costs.Rows, name: str, figures: Figures) -> Said:
    row = held.get((name, figures.kind, "bed_days", ""))
    if row is None or row["mean"] is None:
        return Said.of(words.people(row))
    told = Said.of(figures.number(row, "mean", people))
    gap = less.get((name, figures.kind, "bed_days", ""))
    if gap is None or gap["mean"] is None:
        return told
    path = f"{name} less {gap['a']}/bed_days/{figures.kind}/{row['date']}/mean"
    return Said.of(told, "\n", Number(path, -gap["mean"], words.signed(-gap["mean"])))


def _spent(held: costs.Rows, less: costs.Rows, name: str, own: Priced) -> Said:
    """A cost with its band; below it, if it may be subtracted, what is more than in the base."""
    row = held.get((name, own.kind, "cost", own.label))
    if row is None:
        return Said.of("no price for all of the period")
    if row["mean"] is None:
        return Said.of("not shown")
    path = f"{name}/cost/{own.kind}/{own.label}"

    def told(column: str, value: float, *, signed: bool = False) -> Number:
        return Number(f"{path}/{column}", value, costs.dollars(value, signed=signed))

    lines = [Said.of(told("mean", row["mean"]))]
    if row.get("q05") is not None:
        lines.append(Said.of(told("q05", row["q05"]), " to ", told("q95", row["q95"])))
    elif ends := costs.between(row, own):
        lines.append(Said.of(told("low", ends[0]), " to ", told("high", ends[1])))
    gap = less.get((name, own.kind, "cost", own.label))
    if gap is not None and gap["mean"] is not None:
        lines.append(Said.of(told(f"less {gap['a']}", -gap["mean"], signed=True)))
    return Said.joined(lines, "\n")


def _rows_of(blocks: Any) -> Iterable[Any]:
    """The sourced rows of a mapping of arrivals, and the blocks themselves."""
    for block in blocks.values():
        yield block
        yield from block.rate
