"""Print how far the Philadelphia model's ranges move what was counted, one name at a time.

    python calibration/ranges.py

Nothing is written, and nothing is fitted to it: it shows that the ranges of `model.yaml`, taken
together as their `together` and `falls` say, keep the people counted in 2014–2017 while admissions,
stays and the split of the jail differ. Each name is set to ranks 0.02 and 0.98, the rest stays at
its points; the plan of 2016 is enacted.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.files import read_model, read_scenario
from remand.model.model import Model
from remand.model.uncertain import places_of, resolved

YEARS = (2014, 2015, 2016, 2017, 2018, 2019)
SHOWN = ("jail", "on detainers", "sentenced", "supervision", "prison")


def held(model: Model) -> dict[str, NDArray[np.float64]]:
    """Mean number of people a year in what is shown."""
    path = solve(compile_model(model, dt.date(YEARS[-1] + 1, 1, 1)))
    first = [model.clock.index(dt.date(year, 1, 1)) for year in (*YEARS, YEARS[-1] + 1)]
    found = {}
    for what in SHOWN:
        members = [
            what == state.kind or what.removeprefix("on ").rstrip("s") in state.statuses
            for state in model.states.values()
        ]
        census = path.census[:, members].sum(axis=(0, 1))
        found[what] = np.array([census[a:b].mean() for a, b in pairwise(first)])
    return found


def main() -> None:
    """Print a table: per cent off the points, by name, rank and year."""
    base = read_model("philadelphia")
    acts = read_scenario("philadelphia/reduction-plan-2016", base).chain[-1].policies
    places = [p for p in places_of(base) if p.path[0] in {"states", "arrivals"}]
    points = held(base.enact(*acts))
    print(f"| name | rank | what | {' | '.join(map(str, YEARS))} |")
    print("|---|---|---|" + "---|" * len(YEARS))
    for name in dict.fromkeys(place.law.together for place in places):
        for rank in (0.02, 0.98):
            values = {
                p.path: float(p.law.quantile(np.array(rank)))
                for p in places
                if p.law.together == name
            }
            for what, people in held(resolved(base, values).enact(*acts)).items():
                off = " | ".join(f"{x:+.1%}" for x in people / points[what] - 1)
                print(f"| {name or 'other holds'} | {rank} | {what} | {off} |")


if __name__ == "__main__":
    main()
