"""What a comparison says, as plain data: the same words for a page, a report and a terminal.

>>> import remand as rm
>>> run = rm.compare("philadelphia", ["philadelphia/status-quo"], until="2014-03-01")
>>> print(Brief.of(run).sentence)
About 8,400 people are in jail on an average day of January 2014. With no change, in February \
2014: 8,200–8,500.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from remand.evidence.backtest.record import Skill
from remand.model.platform import Scenario
from remand.model.policy import Policy
from remand.present import sure, words
from remand.present.cards import cost_card, disparity_card, people_card
from remand.present.cited import cited
from remand.present.figures import AHEAD, Figures, Row, ceiling, titled
from remand.present.said import Card, Cite, Number, Said, numbers, plain
from remand.runs.compare import NO_CHANGE
from remand.runs.run import Run

NO_RECORD = (
    "No backtest stands behind these figures, so nobody has tried how far ahead they can be "
    "believed. To try the county's own counts: remand backtest COUNTS --record RECORD.json"
)

ELSEWHERE = ("Note:", "Run ", "Bands:")
"""How notes of a run begin that a brief has a place of its own for."""


@dataclass(frozen=True)
class Promise:
    """One policy of a plan, as its file has it.

    Attributes:
        name: short.
        authority: who must act.
        when: from which day, and to which, if it ends.
        kept: how well it is supposed to be kept.
        because: why it is supposed so.
        quote: the words of a stored source; empty where none is stored.
        about: what it does, in the file's own words.
        reading: how the quote was read as numbers.
        evidence: ``measured``, ``sourced`` or ``assumed``: what its compliance stands on.
        no_edits: why the model does nothing with it; empty if it does.
        claimed: what its authors said it would do.
        sources: where all that is from.
    """

    name: str
    authority: str
    when: str
    kept: str
    because: str
    quote: str
    about: str
    reading: str
    evidence: str
    no_edits: str
    claimed: str
    sources: tuple[Cite, ...]


@dataclass(frozen=True)
class NotModelled:
    """A promise that the model cannot express: its words, why, and who holds that lever."""

    words: str
    why: str
    authority: str
    sources: tuple[Cite, ...]


@dataclass(frozen=True)
class Plan:
    """One platform of the comparison.

    Attributes:
        name, title, about: as its file has them.
        hypothetical: no candidate proposed it.
        after: titles of the platforms that are part of its base.
        ceiling: some promise is taken as kept for everyone: no forecast, and never a headline.
        promises: its policies, in file order.
        not_modelled: promises the model cannot express.
    """

    name: str
    title: str
    about: str
    hypothetical: bool
    after: tuple[str, ...]
    ceiling: bool
    promises: tuple[Promise, ...]
    not_modelled: tuple[NotModelled, ...]

    @property
    def not_modelled_sources(self) -> tuple[Cite, ...]:
        """Where the promises that are not modelled are from, each document once."""
        return tuple(dict.fromkeys(cite for own in self.not_modelled for cite in own.sources))


@dataclass(frozen=True)
class Brief:
    """What a comparison says.

    Attributes:
        place: the model's title.
        title: what is compared.
        period: the days figures are of.
        sentence: the headline: people held now, and under each plan later.
        bands: what its ranges, and those on the cards, are.
        people, disparity, cost: the three cards.
        plans: the base, if it enacts anything, then the others alphabetically.
        doubt: how sure the differences are, and where the doubt comes from; empty without draws.
        backtest: how well such forecasts did.
        warnings: what a reader must know.
        notes: how things are counted, and what bands are.
        sources: of the model's figures on the cards, then of the plans; each document once.
        run: identity of the run.
        versions: of remand and of all that touches a number.
    """

    place: str
    title: str
    period: str
    sentence: Said
    bands: str
    people: Card
    disparity: Card
    cost: Card
    plans: tuple[Plan, ...]
    doubt: tuple[Said, ...]
    backtest: Said
    warnings: tuple[Said, ...]
    notes: tuple[Said, ...]
    sources: tuple[Cite, ...]
    run: str
    versions: dict[str, str]

    @classmethod
    def of(cls, run: Run, *, record: Skill | None = None) -> Brief:
        """The brief of a run of `remand.compare`; ``record`` is a backtest's, if there is one."""
        figures = Figures(run)
        cards = people_card(figures), disparity_card(figures), cost_card(figures)
        enacting = [s for s in figures.everyone if s.platform.policies or s.platform.not_modelled]
        plans = tuple(_plan(scenario) for scenario in enacting)
        of_cards = [cite for card in cards for cite in card.sources]
        named = [own.sources for plan in plans for own in plan.promises]
        named += [own.sources for plan in plans for own in plan.not_modelled]
        return cls(
            place=figures.model.title,
            title=_listed([titled(s) for s in figures.plans] or [titled(figures.base)]),
            period=f"{run.meta['from']} to {run.meta['to']} (exclusive)",
            sentence=headline(figures),
            bands=f"Ranges are of 90 %. They cover {run.meta['bands']}.",
            people=cards[0],
            disparity=cards[1],
            cost=cards[2],
            plans=plans,
            doubt=_lines(sure.lines(run, pairs=False), "doubt"),
            backtest=Said.line(record.says if record else NO_RECORD, "backtest"),
            warnings=_lines([f"{warning}." for warning in run.warnings], "warnings"),
            notes=_lines([n for n in words.notes(run) if not n.startswith(ELSEWHERE)], "notes"),
            sources=tuple(dict.fromkeys([*of_cards, *(cite for own in named for cite in own)])),
            run=run.identity,
            versions=run.meta["versions"],
        )  # fmt: skip

    @property
    def cards(self) -> tuple[Card, Card, Card]:
        """The three cards, in the order they stand."""
        return self.people, self.disparity, self.cost

    @property
    def numbers(self) -> list[Number]:
        """Every number in it, in the order it is read."""
        return list(numbers(self))

    def as_json(self) -> dict[str, Any]:
        """Mappings, lists and texts; a sentence is its text."""
        told: dict[str, Any] = plain(self)
        return told


def headline(figures: Figures) -> Said:
    """The sentence: people held now, and under each plan later; ceilings are no headline."""
    kind, last = figures.kind, figures.last
    where = {"jail": "in jail", "prison": "in prison"}.get(kind, f"in {kind}")
    now = figures.row(figures.base, "population", figures.now)
    held = Said.of("About ", _about(figures, now)) if now and now["mean"] is not None else (
        Said.of(words.people(now).capitalize()))  # fmt: skip
    when = AHEAD[last.months] if last.months else f"in {last.says}"
    forecasts = [s for s in figures.plans if not ceiling(s)]
    base = figures.base
    alone = " alone" if forecasts else ""
    unchanged = "with no change" if not base.platform.policies else f"under {titled(base)}{alone}"
    names = [*(f"under {titled(s)}" for s in forecasts), unchanged]
    clauses = [
        Said.of(f"{name[:1].upper()}{name[1:]}, {when}: " if i == 0 else f"{name}: ",
                _range(figures, figures.row(scenario, "population", last)))
        for i, (name, scenario) in enumerate(zip(names, (*forecasts, base), strict=True))
    ]  # fmt: skip
    at = figures.now.says
    on = "on" if at[0].isdigit() and " to " not in at and len(at) > 4 else "on an average day of"
    said = Said.of(held, f" people are {where} {on} {at}. ", Said.joined(clauses, "; "), ".")
    if left := [titled(s) for s in figures.plans if ceiling(s)]:
        verb = "is a ceiling, no forecast" if len(left) == 1 else "are ceilings, no forecasts"
        said = Said.of(said, f" {_listed(left)} {verb}: see the card.")
    return said


def _about(figures: Figures, row: Row) -> Number:
    return figures.number(row, "mean", words.rounded)


def _range(figures: Figures, row: Row | None) -> Said:
    """A band in round figures, or the figure where it has none."""
    if row is None or row["mean"] is None:
        return Said.of(words.people(row))
    if row.get("q05") is None:
        return Said.of("about ", _about(figures, row))
    low, high = (figures.number(row, end, words.rounded) for end in ("q05", "q95"))
    return Said.of("about ", low) if low.text == high.text else Said.of(low, "–", high)


def _plan(scenario: Scenario) -> Plan:
    platform = scenario.platform
    titles = {p.name: p.title for p in scenario.chain}
    return Plan(
        name=scenario.name,
        title=titled(scenario),
        about=platform.about,
        hypothetical=platform.hypothetical,
        after=tuple(titles[name] for name in scenario.after if name != NO_CHANGE.name),
        ceiling=ceiling(scenario),
        promises=tuple(_promise(policy, scenario) for policy in platform.policies),
        not_modelled=tuple(
            NotModelled(p.words, p.why, p.authority, cited(p.source, platform.sources))
            for p in platform.not_modelled
        ),
    )


def _promise(policy: Policy, scenario: Scenario) -> Promise:
    kept, claimed = policy.compliance, policy.claimed
    sources = [*policy.source, *kept.source, *(claimed.source if claimed else ())]
    return Promise(
        name=policy.name,
        authority=policy.authority,
        when=f"from {policy.starts}{f' to {policy.ends}' if policy.ends else ''}",
        kept=words.kept(kept),
        because=kept.inferred or "",
        quote=policy.quote or "",
        about=policy.about or "",
        reading=policy.inferred or "",
        evidence="measured" if kept.measured else "sourced" if kept.source else "assumed",
        no_edits=policy.no_edits or "",
        claimed=f"“{claimed.quote}”" if claimed else "",
        sources=cited(sources, scenario.platform.sources),
    )


def _lines(lines: list[str], path: str) -> tuple[Said, ...]:
    return tuple(
        Said.line(line[:1].upper() + line[1:], f"{path}/{i}") for i, line in enumerate(lines, 1)
    )


def _listed(names: list[str]) -> str:
    """Names as one would say them.

    >>> _listed(["Plan A", "Plan B", "Plan C"])
    'Plan A, Plan B and Plan C'
    """
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
