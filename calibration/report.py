"""Print the figures of the Philadelphia model card: what was fitted, what was predicted, misses.

    python calibration/report.py

Nothing is written: paste the tables into MODEL_CARD.md when the model changes.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remand.engine.compile import compile_model
from remand.engine.expected import Path as Solved
from remand.engine.expected import solve
from remand.engine.stays import stays
from remand.files import read_model, read_scenario
from remand.model.model import Model
from remand.model.policy import Compliance, Policy

PLACE = Path(__file__).parents[1] / "src/remand/places/philadelphia"
UNTIL = dt.date(2020, 1, 1)
Floats = NDArray[np.float64]


def days() -> list[tuple[dt.date, int]]:
    """The city's census days, the one before the model's start too."""
    with (PLACE / "census.csv").open(encoding="utf-8") as handle:
        return [(dt.date.fromisoformat(r["date"]), int(r["total"])) for r in csv.DictReader(handle)]


def solved(name: str, model: Model) -> Solved:
    """A shipped platform, to the end of 2019."""
    edited = read_scenario(f"philadelphia/{name}", model).model
    return solve(compile_model(edited, UNTIL))


def held(model: Model, path: Solved, kind: str) -> Floats:
    """Expected census of a kind at each step."""
    members = [state.kind == kind for state in model.states.values()]
    total: Floats = path.census[:, members].sum(axis=(0, 1))
    return total


def year(model: Model, series: Floats, of: int) -> Floats:
    """The steps of a calendar year."""
    index = model.clock.index
    return series[index(dt.date(of, 1, 1)) : index(dt.date(of + 1, 1, 1))]


def last_year(counted: list[tuple[dt.date, int]], day: dt.date) -> float:
    """The census a year before, between the census days around it."""
    before = day.toordinal() - 365
    return float(np.interp(before, [d.toordinal() for d, _ in counted], [n for _, n in counted]))


def quarters(model: Model, jail: Floats, counted: list[tuple[dt.date, int]]) -> None:
    """Fit and prediction by quarter, beside "same as last year"."""
    print("| quarter | days | counted | model | off by | same as last year, off by |")
    print("|---|---|---|---|---|---|")
    groups: dict[str, list[tuple[dt.date, int]]] = {}
    for day, total in counted:
        if day >= model.clock.start:
            groups.setdefault(f"{day.year} Q{(day.month + 2) // 3}", []).append((day, total))
    for name, own in groups.items():
        truth = np.array([total for _, total in own])
        said = np.array([jail[model.clock.index(day)] for day, _ in own])
        past = np.array([last_year(counted, day) for day, _ in own])
        known = own[0][0] >= dt.date(2015, 1, 1)
        lagged = f"{np.mean(np.abs(past / truth - 1)):.1%}" if known else "no census a year before"
        print(f"| {name} | {len(own)} | {truth.mean():,.0f} | {said.mean():,.0f} | "
              f"{np.mean(np.abs(said / truth - 1)):.1%} | {lagged} |")  # fmt: skip


def errors(model: Model, jail: Floats, counted: list[tuple[dt.date, int]]) -> None:
    """Mean absolute errors over the fitted days and over the days after them."""
    for name, first, last in (
        ("fitted, 2014–2016", dt.date(2014, 1, 1), dt.date(2017, 1, 1)),
        ("predicted, January–July 2017", dt.date(2017, 1, 1), dt.date(2018, 1, 1)),
    ):
        own = [(d, n) for d, n in counted if first <= d < last]
        off = np.mean([abs(jail[model.clock.index(d)] / n - 1) for d, n in own])
        past = [abs(last_year(counted, d) / n - 1) for d, n in own if d >= dt.date(2015, 1, 1)]
        print(f"- {name}: {len(own)} days, mean absolute error {off:.2%} "
              f"(same as last year, where there is one: {np.mean(past):.2%})")  # fmt: skip


def implied(model: Model, path: Solved) -> None:
    """Admissions and stays by status, 2015: implied by the fit, not measured."""
    print("| status, 2015 | admissions | mean stay in the state, days | people |")
    print("|---|---|---|---|")
    at = {name: i for i, name in enumerate(model.states)}
    groups = {
        "pretrial only, over 3 days": [s for s in at if s.startswith("detained_")],
        "pretrial only, bail posted": ["posting_bail"],
        "detainer with an open case": ["detainer_open_case"],
        "detainer only": ["detainer_only"],
        "county sentence": ["county_sentence"],
        "other holds": ["other_holds"],
    }
    total = 0.0
    for name, states in groups.items():
        rows = [at[s] for s in states]
        entered = float(sum(year(model, path.entries[:, r].sum(axis=0), 2015).sum() for r in rows))
        people = float(sum(year(model, path.census[:, r].sum(axis=0), 2015).mean() for r in rows))
        total += people
        print(f"| {name} | {entered:,.0f} | {people * 365 / entered:.0f} | {people:,.0f} |")
    print(f"| all | | | {total:,.0f} |\n")
    lengths = stays(path)
    members = np.array([state.kind == "jail" for state in model.states.values()])
    n = len(members)
    into = np.outer(~np.append(members, False), np.append(members, False)).astype(float)
    flow = np.zeros((n, n + 1, n + 1))
    for s in range(n):
        flow[s, :, s] = into[:, s]
    admitted = path.moves(flow).transpose(1, 0, 2)
    for of in (2015, 2018):
        came = year(model, admitted.sum(axis=(0, 1)), of).sum()
        stay = year(model, (admitted * lengths.to_come).sum(axis=(0, 1)), of).sum() / came
        print(f"- {of}: {came:,.0f} admissions to jail, staying {stay:.0f} days on average")


def main() -> None:
    """Print the card's tables."""
    model = read_model("philadelphia")
    counted = days()
    plan = solved("reduction-plan-2016", model)
    jail = held(model, plan, "jail")
    errors(model, jail, counted)
    quarters(model, jail, counted)
    implied(model, plan)
    detained = [("detainer" in s.statuses) for s in model.states.values()]
    on_detainers = plan.census[:, detained].sum(axis=(0, 1))
    share = year(model, on_detainers, 2016).mean() / year(model, jail, 2016).mean()
    print(f"- on detainers, 2016: {share:.1%}")
    supervision = held(model, plan, "supervision")
    last = model.clock.index(dt.date(2017, 12, 31))
    print(f"- under supervision on 31 December 2017: {supervision[last]:,.0f}")
    did = held(model, solved("dao-2018-19", model), "jail")
    with_arrests = held(model, solved("dao-2018-19", model.enact(arrests_of_2018())), "jail")
    kept = model_with_plan_in_full(model)
    print(
        "| date | counted | same as last year | model | model, arrests of 2018 known | "
        "and the plan kept in full |"
    )
    print("|---|---|---|---|---|---|")
    for label, count, past, at in (
        ("21 February 2018", 6100, last_year(counted, dt.date(2018, 2, 21)), dt.date(2018, 2, 21)),
        ("2018, average day", 5357, 6627, None),
        ("31 March 2019", 4537, None, dt.date(2019, 3, 31)),
    ):
        said = [year(model, s, 2018).mean() if at is None else s[model.clock.index(at)]
                for s in (did, with_arrests, kept)]  # fmt: skip
        lagged = f"{past:,.0f}" if past is not None else "no count"
        print(f"| {label} | {count:,} | {lagged} | " + " | ".join(f"{x:,.0f}" for x in said) + " |")


def arrests_of_2018() -> Policy:
    """The fall of arrests in 2018, which the model cannot know and the office did not make."""
    doors = ("arraignment_listed", "arraignment_unlisted")
    return Policy.model_validate(
        {
            "name": "arrests of 2018",
            "authority": "police",
            "starts": dt.date(2018, 1, 1),
            "compliance": {"measured": True},
            "source": ["F0052", "F0053"],
            "edits": [{"admit": {"state": door, "scale": 38456 / 42642}} for door in doors],
        }
    )


def model_with_plan_in_full(model: Model) -> Floats:
    """The jail with what the office did, the arrests of 2018, and every compliance at its high."""
    scenario = read_scenario("philadelphia/dao-2018-19", model)
    policies = []
    for platform in scenario.chain:
        for policy in platform.policies:
            high = policy.compliance.high
            full = policy if high is None else policy.replace(
                compliance=Compliance(value=high, inferred="the top of the range")
            )  # fmt: skip
            policies.append(full)
    return held(
        model, solve(compile_model(model.enact(*policies, arrests_of_2018()), UNTIL)), "jail"
    )


if __name__ == "__main__":
    main()
