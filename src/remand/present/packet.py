"""The packet a county board gets: the brief, and six tables that a board asks for.

What a run can tell is worked out from it; what only the jail's own records can tell is brought in
as `Beside`. A table whose figures are not there says what they would need.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from remand.errors import Refusal
from remand.evidence.backtest.record import Skill
from remand.model.platform import Scenario
from remand.outcomes.suppression import SMALL
from remand.present import words
from remand.present.brief import Brief
from remand.present.cited import cites
from remand.present.days import Capacity, by_day_of
from remand.present.figures import Figures, When, cell, people, titled
from remand.present.said import Card, Number, Said, Table
from remand.runs.explain import Explanation, explain_scenario
from remand.runs.run import Run

KIND_OF_CAPACITY = {
    "design": "design capacity",
    "rated": "rated capacity",
    "operational": "operational capacity",
    "court_cap": "the court's cap",
}


@dataclass(frozen=True)
class Beside:
    """What goes into a report beside its run.

    Attributes:
        record: of a backtest of such forecasts.
        capacity: how many places the jail has.
        explained: whether each plan is taken apart, which takes a while.
        stays: people against beds by length of stay, from the jail's records.
        last_year: the change since last year, from the jail's records.
    """

    record: Skill | None = None
    capacity: Capacity | None = None
    explained: bool = True
    stays: Card | None = None
    last_year: Card | None = None


@dataclass(frozen=True)
class Packet:
    """A report's content.

    Attributes:
        brief: the sentence, the cards, the plans, and what must be said with them.
        ahead: beds under each plan after one and two years.
        days: average, highest and 95th-percentile day, against capacity.
        statuses: people held by status.
        stays: people against beds by length of stay.
        last_year: why there are more or fewer people than last year.
        parts: what each plan's change is made of: admissions × days.
        tried: what the model says of times that were counted, and how well forecasts did.
        explanations: of each plan that acts, for charts.
    """

    brief: Brief
    ahead: Card
    days: Card
    statuses: Card
    stays: Card
    last_year: Card
    parts: Card
    tried: Card
    explanations: tuple[Explanation, ...] = field(default=(), compare=False)

    @property
    def tables(self) -> tuple[Card, ...]:
        """What stands below the three cards, in order."""
        return (self.ahead, self.days, self.statuses, self.stays, self.last_year, self.parts,
                self.tried)  # fmt: skip

    @classmethod
    def of(cls, run: Run, beside: Beside | None = None) -> Packet:
        """The packet of a run of `remand.compare`."""
        beside = beside or Beside()
        figures = Figures(run)
        explanations = _explained(figures) if beside.explained else ()
        return cls(
            brief=Brief.of(run, record=beside.record),
            ahead=ahead(figures),
            days=highest(figures, beside.capacity),
            statuses=statuses(figures),
            stays=beside.stays or NO_STAYS,
            last_year=beside.last_year or NO_LAST_YEAR,
            parts=parts(figures, explanations, asked=beside.explained),
            tried=tried(figures),
            explanations=explanations,
        )


NO_STAYS = Card(
    "stays",
    "People against beds, by length of stay",
    needs="The jail's own bookings tell it: remand ingest FILE --into WORK.duckdb, then --records "
    "WORK.duckdb.",
)
NO_LAST_YEAR = Card(
    "last-year",
    "Why the jail is larger or smaller than last year",
    needs="Two years of the jail's bookings or counts tell it: --records WORK.duckdb.",
)


def ahead(figures: Figures) -> Card:
    """Beds under each plan after one and two years, and what is more or less than in the base."""
    rows = []
    for scenario in figures.everyone:
        cells = []
        for when in figures.ahead:
            row = figures.row(scenario, "population", when)
            base = figures.row(figures.base, "population", when)
            cells.append(cell(figures, row, None if scenario is figures.base else base))
        held = [authority for authority, _ in _held(scenario)]
        who = ", ".join(dict.fromkeys(held)) or "nobody"
        rows.append((Said.of(titled(scenario)), *cells, Said.of(who)))
    whens = [f"{w.months} months, {w.says}" if w.months else w.says for w in figures.ahead]
    return Card(
        "ahead",
        f"Beds under each plan, {figures.kind}",
        Table(("", *whens, "who must act"), tuple(rows), "Beds under each plan, and who must act"),
        (Said.of("What must be true for it stands with each plan below: who keeps which promise, "
                 "for how many."),),
    )  # fmt: skip


def highest(figures: Figures, capacity: Capacity | None) -> Card:
    """Average, highest and 95th-percentile day under each plan, against the places there are."""
    title, kind = "Average, peak and the 95th-percentile day", figures.kind
    first, last = figures.begins, figures.windows[-1].end
    try:
        found = by_day_of(figures.everyone, kind, first, last)
    except Refusal:
        return Card(
            "days",
            title,
            needs="A rule about full places couples people, so single days "
            "have no expected census: remand simulate draws them.",
        )
    rows = []
    for scenario in figures.everyone:
        days = found[scenario.name]
        values = {
            "average": days.mean,
            "highest expected": days.highest,
            "95th percentile": days.most,
        }
        cells = [_whole(f"{scenario.name}/days/{kind}/{name}", value)
                 for name, value in values.items()]  # fmt: skip
        if capacity is not None:
            cells.append(_free(f"{scenario.name}/days/{kind}", days.most, capacity))
        rows.append((Said.of(titled(scenario)), *cells))
    step = figures.model.clock.step
    columns: tuple[str, ...] = ("", "average (ADP)", f"highest {step}", f"95th-percentile {step}")
    notes = [f"{first} to {last - dt.timedelta(1)}. The highest {step} is the highest expected "
             f"one; the last leaves 19 {step}s in 20 at or below it, chance included."]  # fmt: skip
    if figures.run.meta["asked"]["draws"]:
        notes.append("What is uncertain is at its middle here; other figures are of draws.")
    if capacity is None:
        notes.append("Against which capacity? Give the jail's: --capacity PLACES (and "
                     "--capacity-margin, the share that must stay free).")  # fmt: skip
    else:
        columns = (*columns, "places left then")
        free = f", {100 * capacity.margin:.3g} % kept free" if capacity.margin else ""
        from_ = f" ({capacity.source})" if capacity.source else ""
        notes.append(f"{KIND_OF_CAPACITY[capacity.kind].capitalize()}: {capacity.places:,.0f} "
                     f"places{free}{from_}.")  # fmt: skip
    return Card(
        "days",
        title,
        Table(columns, tuple(rows), f"People in {kind} by day under each plan"),
        tuple(Said.line(note, f"days/{i}") for i, note in enumerate(notes, 1)),
    )


def statuses(figures: Figures) -> Card:
    """People held by status under each plan, holds with them."""
    model, when, title = figures.model, figures.last, "Who is held: status and holds"
    own = [
        status
        for status in model.statuses
        if any(status in s.statuses and s.kind == figures.kind for s in model.states.values())
    ]
    if not own:
        return Card("statuses", title, needs="The model's states have no statuses.")
    if "status" not in figures.run.meta["by"]:
        return Card("statuses", title, needs="A run by status tells it: --by status.")
    rows = []
    for scenario in figures.everyone:
        found = [figures.row(scenario, "population", when, status=status) for status in own]
        said = [Said.of("–") if row is None else
                Said.of(words.people(row)) if row["mean"] is None else
                Said.of(figures.number(row, "mean", people)) for row in found]  # fmt: skip
        rows.append((Said.of(titled(scenario)), *said))
    holds = [set(s.statuses) for s in model.states.values()]
    notes = [f"On an average day of {when.says}, every state of that status."]
    if any(len(statuses) > 1 for statuses in holds):
        notes.append("A person may have two of them, so they do not add up to everyone.")
    return Card(
        "statuses",
        title,
        Table(("", *(s.replace("_", " ") for s in own)), tuple(rows), "People held by status"),
        tuple(Said.of(note) for note in notes),
    )


def parts(figures: Figures, explanations: Sequence[Explanation], *, asked: bool) -> Card:
    """What each plan's change in beds is made of: admissions × days held."""
    title = "What each plan's change is made of: admissions × days"
    if not asked:
        return Card("parts", title, needs="It was left out of this report: --explain.")
    if not explanations:
        return Card("parts", title, needs="No plan here changes anything that can be taken apart.")
    names = {s.name: titled(s) for s in figures.plans}
    rows = []
    for found in explanations:
        name, kind = found.meta["platform"], found.meta["kind"]
        path = f"{name}/explain/{kind}"
        values = {"total": found.total[kind], "admissions": found.by_admissions,
                  "days": found.by_days}  # fmt: skip
        cells = [_change(f"{path}/{part}", value) for part, value in values.items()]
        rows.append((Said.of(names[name]), *cells))
    first = explanations[0].meta
    after = {found.scenario.chain[:-1] for found in explanations}
    base = _base_words(next(iter(after))) if len(after) == 1 else "what each plan comes after"
    notes = (
        f"Mean of {first['from']} to {first['to']} (exclusive), against {base}; without bands.",
        "Through admissions: people who come in or no longer do; through days held: the rest. "
        "Averaged over the orders in which policies could be added. They say what the model's "
        "change is made of, not what caused anything in the world.",
    )
    return Card(
        "parts",
        title,
        Table(("", "change in beds", "by admissions", "by days held"), tuple(rows), title),
        tuple(Said.line(note, f"parts/{i}") for i, note in enumerate(notes, 1)),
    )


def tried(figures: Figures) -> Card:
    """What the model says of times that were counted, those it was not fitted to among them."""
    title = "What was counted, and what the model says of it"
    counts = [
        (count, f"counted/{i}", windows)
        for i, count in enumerate(figures.model.counted, 1)
        if count.kind == figures.kind
        and (windows := _covering(figures.windows, count.from_, count.to))
    ]
    if not counts:
        return Card(
            "tried",
            title,
            needs="The model's file holds no count of these dates "
            "(counted: {kind, from, to, value, source}).",
        )
    whens = [When(c.from_, c.to).says + (" (fitted to)" if c.fitted else "") for c, *_ in counts]
    rows = [(Said.of("counted"), *(Said.of(Number(path, float(count.value), people(count.value)))
                                   for count, path, _ in counts))]  # fmt: skip
    rows += [
        (Said.of(titled(s)), *(_against(figures, s, windows, c.value) for c, _, windows in counts))
        for s in figures.everyone
    ]
    return Card(
        "tried",
        title,
        Table(("", *whens), tuple(rows), title),
        (Said.of("Where a count was fitted to, agreement proves nothing. A plan that was not "
                 "enacted need not agree with what was counted."),),
        cites(figures.model, [count for count, *_ in counts]),
    )  # fmt: skip


def _explained(figures: Figures) -> tuple[Explanation, ...]:
    """Every plan that acts taken apart, over the year that ends where headlines look."""
    until = figures.last.end
    found = []
    for scenario in figures.plans:
        if not any(p.edits for p in scenario.platform.policies) or scenario.answers:
            continue
        try:
            found.append(explain_scenario(scenario, until))
        except Refusal:
            continue
    return tuple(found)


def _held(scenario: Scenario) -> list[tuple[str, str]]:
    """Who must act, and on what."""
    return [(p.authority, p.name) for p in scenario.platform.policies if p.edits]


def _base_words(chain: Any) -> str:
    titles = [platform.title for platform in chain if platform.policies]
    return f"“{titles[-1]}”" if titles else "no change"


def _whole(path: str, value: float) -> Said:
    """A census of a day; what is below ten is hidden."""
    if value < SMALL:
        return Said.of(words.SMALL)
    return Said.of(Number(path, value, people(value)))


def _free(path: str, most: float, capacity: Capacity) -> Said:
    left = capacity.usable - most
    return Said.of(Number(f"{path}/left", left, words.signed(left)))


def _change(path: str, value: float | None) -> Said:
    if value is None:
        return Said.of("hidden")
    return Said.of(Number(path, value, words.signed(value)))


def _covering(windows: Sequence[When], first: dt.date, last: dt.date) -> list[When]:
    """The windows that make up a period, or the one that holds it; none where neither is so."""
    inside = [w for w in windows if first <= w.start and w.end <= last]
    if inside and sum((w.end - w.start).days for w in inside) == (last - first).days:
        return inside
    return [w for w in windows if w.start <= first and last <= w.end]


def _against(figures: Figures, scenario: Scenario, windows: list[When], counted: float) -> Said:
    """What a scenario says of some windows, and by how much that is off."""
    rows = [figures.row(scenario, "population", window) for window in windows]
    values = [row["mean"] for row in rows if row is not None and row["mean"] is not None]
    if len(values) < len(windows) or not counted:
        return Said.of("–")
    days = [(w.end - w.start).days for w in windows]
    value = sum(v * d for v, d in zip(values, days, strict=True)) / sum(days)
    path = f"{scenario.name}/population/{figures.kind}/{windows[0].start}…{windows[-1].end}"
    off = 100 * (value / counted - 1)
    sign = "+" if round(off) > 0 else "−" if round(off) < 0 else ""
    return Said.of(
        Number(f"{path}/mean", value, people(value)),
        "\n",
        Number(f"{path}/off", off, f"{sign}{abs(off):.0f}"),
        "\u00a0%",
    )
