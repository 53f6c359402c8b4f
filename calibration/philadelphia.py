"""Fit the shipped Philadelphia model, and write what was fitted into its files.

    python calibration/philadelphia.py [--check]

Reads the cited figures of `places/philadelphia/facts.csv` and the city's own census days; writes
`arraignment.csv` and the arrivals and stays of `model.yaml` (comments kept), and prints the table
of `MODEL_CARD.md`. `--check` writes nothing and exits 1 if the files are not what it would write.

Order of work, each step exact before the next:

1. bail by offence and race, so that all cases match the bail types of 2015 and the shares held;
2. arrivals by offence and race, so that the model's cases of 2015 are the cases charged and the
   jail of the first night is the one-day count by race (nine numbers to nine figures);
3. four multipliers of the jail's stays, by least squares on the census days of 2014–2016;
4. the compliance of early bail review, so that it saves the cited bed-days (one to one);
5. how arrivals may drift from 2018 on, from the yearly changes of the cases charged.

All numbers are fitted at their points. How sure each is (laws on the arrivals' pace and on the
scale of stays) was chosen by hand: it is kept as the files have it, and `calibration/ranges.py`
shows that every draw keeps to the census.

Nothing here is drawn at random, so there is no seed: the same files come out every time. Policy
effects are never fitted to the census: they are cited, or inferred from a plan's own target.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from remand.engine.compile import compile_model
from remand.engine.expected import Path as Solved
from remand.engine.expected import solve
from remand.files import read_model, read_platform, write
from remand.model.model import Model
from remand.model.platform import Platform
from remand.model.uncertain import Uncertain

Floats = NDArray[np.float64]
PLACE = Path(__file__).parents[1] / "src/remand/places/philadelphia"
OFFENCES = ("violent", "firearm", "drug", "property", "other")
RACES = ("Black", "white", "Latinx", "other", "not_listed")
YEARS = (2014, 2015, 2016, 2017)

# Rows of facts.csv: cases charged by offence, 2014–2017 ("other" joins other and uncategorised).
CASES: dict[str, list[tuple[str, ...]]] = {
    "violent": [("F0057",), ("F0058",), ("F0059",), ("F0060",)],
    "firearm": [("F0081",), ("F0082",), ("F0083",), ("F0084",)],
    "drug": [("F0073",), ("F0074",), ("F0075",), ("F0076",)],
    "property": [("F0065",), ("F0066",), ("F0067",), ("F0068",)],
    "other": [("F0089", "F0097"), ("F0090", "F0098"), ("F0091", "F0099"), ("F0092", "F0100")],
}

# Inferred: how bail differs by offence. Columns: released without payment (recognizance, unsecured
# and unknown), under $10k, $10–25k, $25–100k, $100k and more or none.
BAIL = {
    "violent": (0.27, 0.25, 0.13, 0.15, 0.20),
    "firearm": (0.03, 0.10, 0.17, 0.33, 0.37),
    "drug": (0.50, 0.31, 0.09, 0.05, 0.05),
    "property": (0.48, 0.34, 0.07, 0.05, 0.06),
    "other": (0.53, 0.37, 0.05, 0.03, 0.02),
}
CLASSES = ("bail_under_10k", "bail_10k_25k", "bail_25k_100k", "bail_100k_plus")
# Inferred: held over three days by bail class, people under supervision aside (they are held on
# detainers). Stevenson's 41 % of all cases (F0515) with one case in five or six on a detainer.
HELD = (0.27, 0.40, 0.55, 0.75)
# Held given race over held overall: Stevenson, 65 % of detained and 57 % of defendants are Black,
# 41 % are detained (F0515, F0555, F0556).
BLACK = 0.65 / 0.57
OTHERS = (1 - 0.65) / (1 - 0.57)
HELD_BY_RACE = {"Black": BLACK, "white": OTHERS, "Latinx": OTHERS, "other": OTHERS,
                "not_listed": 1.0}  # fmt: skip
# One-day count by race, 2013 (F0459, F0462–F0464; F0482: 833 have none listed).
JAIL_BY_RACE = {"Black": 5632, "white": 982, "Latinx": 1416, "other": 67, "not_listed": 833}
LISTED = {"violent": 0.0, "firearm": 0.0, "drug": 0.9, "property": 0.9, "other": 0.9}

# The parameter table's stays in days (mean, median) that the multipliers act on.
STAYS = {
    "detained_under_10k": (50.0, 26.7),
    "detained_10k_25k": (75.0, 40.0),
    "detained_25k_100k": (115.0, 61.4),
    "detained_100k_plus": (160.0, 85.5),
    "detainer_open_case": (163.0, 87.0),
    "detainer_only": (58.0, 20.0),
    "county_sentence": (142.0, 100.0),
}
# Early bail review: bed-days saved from its start in July 2016 to May 2017 (F0428).
REVIEW, SAVED = "early-bail-review", 50_000.0
REVIEWED = (dt.date(2016, 7, 1), dt.date(2017, 6, 1))
# All cases charged, 2014–2017; and how much of a year's change is taken to last into the next.
ALL_CASES, DAMPING = ("F0105", "F0106", "F0107", "F0108"), 0.5
KNOTS = ("2014-01-01", "2015-01-01", "2015-10-01", "2016-07-01")


def facts() -> dict[str, float]:
    """Value of every cited figure that is a number."""
    with (PLACE / "facts.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    found = {}
    for row in rows:
        try:
            found[row["id"]] = float(row["value"])
        except ValueError:
            continue
    return found


def census() -> list[tuple[dt.date, int]]:
    """The city's census days inside the model's time."""
    with (PLACE / "census.csv").open(encoding="utf-8") as handle:
        days = [(dt.date.fromisoformat(r["date"]), int(r["total"])) for r in csv.DictReader(handle)]
    return [(day, total) for day, total in days if day >= dt.date(2014, 1, 1)]


def arraignment() -> str:
    """Step 1: the joint table of both doors, as CSV text. Everyone is arraigned within a day."""
    lines = ["race,offence,exit,duration,probability"]
    for race in RACES:
        for offence in OFFENCES:
            free, *classes = BAIL[offence]
            held = [min(1.0, h * HELD_BY_RACE[race]) for h in HELD]
            exits = {"recognizance": free}
            exits["bail_posted"] = sum(c * (1 - h) for c, h in zip(classes, held, strict=True))
            exits |= {n: c * h for n, c, h in zip(CLASSES, classes, held, strict=True)}
            rounded = {name: round(share, 5) for name, share in exits.items()}
            rounded["recognizance"] = round(rounded["recognizance"] + 1 - sum(rounded.values()), 5)
            rounded["not_charged"] = 0.0
            lines += [f"{race},{offence},{name},1,{share:g}" for name, share in rounded.items()]
    return "\n".join(lines) + "\n"


def arrivals(
    known: dict[str, float], outside: dict[str, float], races: dict[str, float]
) -> dict[str, dict[str, object]]:
    """People from outside by door: cases charged × the share that comes from outside."""
    set_so = (
        "set so that the jail at the start is as in the one-day count of 2013 (F0459–F0464, "
        "F0482), held as often as in F0555–F0556"
    )
    split = {"race": {**races, "inferred": set_so}}
    doors: dict[str, dict[str, object]] = {}
    for door, listed in (("arraignment_listed", True), ("arraignment_unlisted", False)):
        rows = []
        for offence in OFFENCES:
            part = LISTED[offence] if listed else 1 - LISTED[offence]
            for year, ids in zip(YEARS, CASES[offence], strict=True):
                cases = sum(known[i] for i in ids)
                row: dict[str, object] = {"where": {"offence": offence}}
                if year > YEARS[0]:
                    row["from"] = dt.date(year, 1, 1)
                row["value"] = round(cases * outside[offence] * part, 1)
                row["source"] = list(ids)
                if part:
                    rows.append(row)
        if listed:
            rows.append({"value": 0, "inferred": "no violent or firearm charge is listed"})
        doors[door] = {
            "unit": "people per year",
            "inferred": "cases charged in the year, times the share that is neither a return nor "
            f"under supervision ({', '.join(f'{o} {v:.3f}' for o, v in outside.items())}) and the "
            "share of the charge that is listed (0.9 of drug, property and other: two thirds of "
            "all cases, V0602)",
            "rate": rows,
            "split": split,
        }
    doors["other_holds"] = {
        "unit": "people per year",
        "inferred": "1,430 a year (parameter table), as the cases of 2015 by offence",
        "rate": 1430.0,
        "split": {
            "offence": {**_by_offence(known), "inferred": "cases charged, 2015"},
            "race": split["race"],
        },
    }
    return doors


def _by_offence(known: dict[str, float]) -> dict[str, float]:
    cases = {o: sum(known[i] for i in CASES[o][1]) for o in OFFENCES}
    shares = {o: round(c / sum(cases.values()), 4) for o, c in cases.items()}
    shares["other"] = round(1 - sum(v for k, v in shares.items() if k != "other"), 4)
    return shares


def drift(known: dict[str, float]) -> tuple[float, float]:
    """Step 5: sd of the growth that 2017 leaves to 2018, and of what each year adds.

    Three changes of differing sign tell how large one is, not where the next one goes: the root
    mean square of the changes of the log, of which `DAMPING` lasts and the rest is new.
    """
    changes = np.diff(np.log([known[key] for key in ALL_CASES]))
    size = float(np.sqrt(np.mean(changes**2)))
    return round(DAMPING * size, 3), round(size * float(np.sqrt(1 - DAMPING**2)), 3)


def with_drift(model: Model) -> Model:
    """The model with the drift of its arrivals as the cases charged have it."""
    growth, shocks = drift(facts())
    doors = dict(model.arrivals)
    for name, door in model.arrivals.items():
        if door.drift is not None and isinstance(door.drift.growth, Uncertain):
            law = Uncertain(door.drift.growth.law.replace(sd=growth))
            doors[name] = door.replace(drift=door.drift.replace(growth=law, shocks=shocks))
    return model.replace(arrivals=doors)


def stays(factors: Floats) -> dict[str, list[dict[str, object]]]:
    """Dated laws of the jail's states for the four multipliers."""
    laws: dict[str, list[dict[str, object]]] = {}
    for state, (mean, median) in STAYS.items():
        rows = []
        for knot, factor in zip(KNOTS, factors, strict=True):
            row: dict[str, object] = {"law": "lognormal", "median": round(median * factor, 1),
                                      "mean": round(mean * factor, 1)}  # fmt: skip
            if state == "county_sentence":
                row["max"] = 730.0
            if knot != KNOTS[0]:
                row["from"] = dt.date.fromisoformat(knot)
            rows.append(row)
        laws[state] = rows
    return laws


def with_values(
    model: Model,
    doors: dict[str, dict[str, object]],
    laws: dict[str, list[dict[str, object]]],
) -> Model:
    """The model with new arrivals and stays; how sure it is of them stays as the file has it."""
    states = dict(model.states)
    for name, rows in laws.items():
        before = model.states[name].dwell or ()
        scaled = [
            {**row, "scale": old.scale} if "scale" in old.model_fields_set else row
            for row, old in zip(rows, before, strict=True)
        ]
        states[name] = states[name].replace(dwell=scaled)
    coming = {}
    for name, door in doors.items():
        old = model.arrivals[name]
        sure = {f: getattr(old, f) for f in ("pace", "drift") if getattr(old, f) is not None}
        coming[name] = {**door, **sure}
    return model.replace(arrivals=coming, states=states)


def cases_of_2015(path: Solved) -> dict[str, float]:
    """Cases of 2015 by offence in the model: arraignments and new cases under supervision."""
    kernel = path.kernel
    n = len(kernel.states)
    at = {name: i for i, name in enumerate(kernel.states)}
    moves = np.zeros((n + 1, n + 1))
    for door in ("arraignment_listed", "arraignment_unlisted"):
        moves[:, at[door]] = 1
    for state in ("probation", "parole"):
        moves[at[state], at["detainer_open_case"]] = 1
    flow = path.moves(moves)[:, 365:730].sum(axis=1)
    cells = kernel.strata.cells
    return {
        o: sum(f for f, cell in zip(flow, cells, strict=True) if cell[1] == o) for o in OFFENCES
    }


def with_review(plan: Platform, compliance: float) -> Platform:
    """The plan with another compliance of early bail review; its range stays."""
    review = next(policy for policy in plan.policies if policy.name == REVIEW)
    value = review.compliance.value
    if isinstance(value, Uncertain):
        compliance = Uncertain(value.law.replace(point=compliance))
    changed = review.replace(compliance=review.compliance.replace(value=compliance))
    return plan.replace(policies=tuple(changed if p is review else p for p in plan.policies))


def fit(model: Model) -> tuple[dict[str, float], dict[str, float], Floats, float]:
    """Steps 2, 3 and 4, in turn until none moves."""
    known, days = facts(), [d for d in census() if d[0].year <= 2016]
    outside = dict.fromkeys(OFFENCES, 0.47)
    counted = {race: n / sum(JAIL_BY_RACE.values()) for race, n in JAIL_BY_RACE.items()}
    races = dict(counted)
    factors = np.full(len(KNOTS), 0.9)
    plan = read_platform("philadelphia/reduction-plan-2016")
    review = 0.3
    index = [model.clock.index(day) for day, _ in days]
    jail = np.array([state.kind == "jail" for state in model.states.values()])
    # days are not evenly spread: each counts for the time it stands for
    weight = np.sqrt(np.gradient([day.toordinal() for day, _ in days]))

    def path(factors: Floats, until: dt.date = dt.date(2017, 1, 1), *without: str) -> Solved:
        edited = with_values(model, arrivals(known, outside, races), stays(factors))
        acts = [p for p in with_review(plan, review).policies if p.name not in without]
        return solve(compile_model(edited.enact(*acts), until))

    def reviewed(factors: Floats) -> float:
        """Bed-days that early bail review saves at the present compliance."""
        first, last = REVIEWED
        both = [
            path(factors, last, *without).census[:, jail, model.clock.index(first) :].sum()
            for without in ((REVIEW,), ())
        ]
        return float(both[0] - both[1])

    def residual(factors: Floats) -> Floats:
        held = path(factors).census[:, jail].sum(axis=(0, 1))[index]
        off: Floats = weight * (held / np.array([total for _, total in days]) - 1)
        return off

    for _ in range(5):
        solved = path(factors)
        found = cases_of_2015(solved)
        for offence in OFFENCES:
            cases = sum(known[i] for i in CASES[offence][1])
            outside[offence] *= 1 + (cases - found[offence]) / (cases * 0.55)
        inside = solved.kernel.inside[:, jail].sum(axis=1)
        for race in RACES:
            cells = [cell[0] == race for cell in solved.kernel.strata.cells]
            races[race] *= counted[race] / (inside[cells].sum() / inside.sum())
        total = sum(races.values())
        races = {race: share / total for race, share in races.items()}
        factors = least_squares(residual, factors, diff_step=1e-3, max_nfev=5).x
        review *= SAVED / reviewed(factors)
    rounded = {race: round(share, 4) for race, share in races.items()}
    rounded["Black"] = round(1 - sum(v for k, v in rounded.items() if k != "Black"), 4)
    shares = {o: round(float(v), 4) for o, v in outside.items()}
    return shares, rounded, np.round(factors, 4), round(review, 3)


def main() -> None:
    """Fit, write (or check), and print what was fitted."""
    table = PLACE / "arraignment.csv"
    check = "--check" in sys.argv
    before = table.read_text(encoding="utf-8") if table.exists() else ""
    if not check:
        table.write_text(arraignment(), encoding="utf-8")
    model, plan = read_model(PLACE), read_platform("philadelphia/reduction-plan-2016")
    outside, races, factors, review = fit(model)
    print("share of cases from outside:", outside)
    print("arrivals by race:", {race: float(share) for race, share in races.items()})
    print("multipliers of the jail's stays:", dict(zip(KNOTS, map(float, factors), strict=True)))
    print("compliance of early bail review:", review)
    fitted = with_drift(with_values(model, arrivals(facts(), outside, races), stays(factors)))
    reviewed = with_review(plan, review)
    print("drift of arrivals from 2018 on: growth, shocks", drift(facts()))
    if check:
        # as documents: an uncertain number equals its point, whatever its law
        same = (
            fitted.as_document() == model.as_document()
            and reviewed.as_document() == plan.as_document()
            and arraignment() == before
        )
        print("the files are as fitted" if same else "the files differ from the fit")
        raise SystemExit(not same)
    write(fitted, PLACE / "model.yaml")
    write(reviewed, PLACE / "platforms/reduction-plan-2016.yaml")


if __name__ == "__main__":
    main()
