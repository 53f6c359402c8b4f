"""Page, command line and library: one run, the same digits."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import polars as pl
import pytest
from tests.web.conftest import PLAN
from typer.testing import CliRunner

import remand as rm
from remand.cli.app import app as command
from remand.web.desk import SHOWN, Desk, Stopped, Turn
from remand.web.places import Places
from remand.web.state import State, packed

MINE = PLAN.replace("name: fewer", "name: mine").replace("share: 0.3", "share: 0.41")

SCENARIOS = (
    "plan=fewer",
    "plan=tougher",
    "plan=status-quo",
    "plan=fewer&set=release-more:0.4",
    "plan=fewer&set=release-more:1&set=release-more.share:0.73",
    "plan=fewer&set=shorter-stays.scale:0.81",
    "plan=tougher&set=more-cases.scale:1.07",
    "plan=fewer&from=2021-03-01&to=2022-03-01",
    "plan=fewer&draws=20",
    f"plan=fewer&text={packed(MINE)}",
)


def library(query: str, county: Path) -> tuple[Any, list[str]]:
    """The same run by the library, and the platforms as the command line would be given them."""
    state = State.read(parse_qsl(query), Places(str(county)))
    model = rm.read_model(str(county))
    name = str(county / "platforms" / f"{state.plan}.yaml")
    plan: Any = name
    if state.text is not None:
        (county / "platforms" / "mine.yaml").write_text(state.text, encoding="utf-8")
        plan = name = str(county / "platforms" / "mine.yaml")
    if state.levers:
        edited = rm.adjusted(rm.read_platform(name, model), dict(state.levers))
        plan = name = str(rm.write(edited, county / "platforms" / "edited.yaml"))
    more: dict[str, Any] = {"draws": state.draws, "seed": 7} if state.draws else {}
    run = rm.compare(
        model, [plan], until=state.until or "2026-01-01", since=state.since, by=["race"],
        quantities=SHOWN, **more,
    )  # fmt: skip
    asked = ["compare", str(county), name, "--by", "race", "--json"]
    asked += [part for quantity in SHOWN for part in ("--quantity", quantity)]
    asked += ["--to", str(state.until or "2026-01-01")]
    asked += ["--from", str(state.since)] if state.since else []
    asked += ["--draws", str(state.draws), "--seed", "7"] if state.draws else []
    return run, asked


@pytest.mark.parametrize("query", SCENARIOS)
def test_ten_scenarios_have_the_same_digits_three_ways(
    client: Any, county: Path, query: str
) -> None:
    """Every mean, and with draws every end of a band, to the last digit; and the run's own name."""
    try:
        run, asked = library(query, county)
        shown = client.get(f"/run.json?{query}").json()
        printed = json.loads(CliRunner().invoke(command, asked, catch_exceptions=False).stdout)
    finally:
        for name in ("mine.yaml", "edited.yaml"):
            (county / "platforms" / name).unlink(missing_ok=True)
    assert shown["run"]["id"] == printed["run"]["id"] == run.identity
    drawn = "draws=" in query
    columns = ("mean", "sd", "q05", "q50", "q95") if drawn else ("mean",)
    told = [digits(one, columns) for one in (shown, printed, json.loads(run.to_json()))]
    assert told[0] == told[1] == told[2]
    assert len(told[0]) > 500


def digits(told: dict[str, Any], columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """All figures of a run in JSON, with what each is of."""
    return [
        (scenario["name"], row["quantity"], row.get("kind"), row.get("race"), row["date"],
         row.get("basis"), *(row.get(column) for column in columns))
        for scenario in told["scenarios"]
        for row in (*scenario["series"], *scenario["summary"])
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query",
    ["plan=fewer", "plan=fewer&set=release-more:0.4", f"plan=fewer&text={packed(MINE)}",
     "with=status-quo&with=tougher"],
)  # fmt: skip
def test_copied_code_gives_the_run_that_was_shown(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """It runs as it stands, and prints the run's own name."""
    code = client.get(f"/python?{query}").text
    monkeypatch.chdir(tmp_path)
    out, names = io.StringIO(), dict[str, Any]()
    with contextlib.redirect_stdout(out):
        exec(code, names)  # noqa: S102 - the very code the page hands out
    shown = client.get(f"/run.json?{query}").json()
    assert out.getvalue().split()[0] == shown["run"]["id"]
    assert digits(names["run"].as_json() | {}, ("mean",)) == [
        (*row[:4], row_date(row[4]), *row[5:]) for row in digits(shown, ("mean",))
    ]


def row_date(text: str) -> Any:
    """A date as the library has it."""
    import datetime as dt

    return dt.date.fromisoformat(text)


def test_a_quick_answer_is_near_the_exact_one(county: Path) -> None:
    """Within half a per cent, in the month a policy begins too; and it says that it is quick."""
    desk = Desk(Places(str(county)))
    state = State.read([("plan", "fewer"), ("set", "release-more:0.4")], desk.places)
    quick, exact = desk.quick(state), desk.exact(state)
    assert quick.identity == "quick"
    keys = ["scenario", "quantity", "kind", "race", "date"]
    both = exact.series.join(quick.series, on=keys, nulls_equal=True, suffix="_quick")
    people = both.filter(quantity="population").filter(pl.col("mean") > 0)
    assert len(people) > 500
    off = (people["mean_quick"] / people["mean"] - 1).abs()
    assert off.max() < 5e-3
    assert off.median() < 1e-4
    assert desk.quick(state) is exact  # once known, the exact one is shown


def test_draws_end_when_the_page_goes_on(county: Path) -> None:
    """Nobody waits for what is no longer on screen; and it can be asked for again."""
    desk = Desk(Places(str(county)))
    state = State.read([("plan", "fewer")], desk.places)
    left = desk.turn("page")
    wanted = desk.turn("page")
    with pytest.raises(Stopped):
        desk.drawn(state, 20, left)
    assert desk.drawn(state, 20, wanted).meta["draws"] == 20
    assert not Turn().over


@pytest.mark.parametrize("query", [*SCENARIOS, "with=status-quo&with=tougher", ""])
def test_an_address_read_and_written_again_is_the_same(county: Path, query: str) -> None:
    """A reload restores all that an address holds."""
    places = Places(str(county))
    state = State.read(parse_qsl(query), places)
    assert State.read(parse_qsl(state.query(places)), places) == state
