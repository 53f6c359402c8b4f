"""Prices in a model's file, and what a comparison says of money."""

from __future__ import annotations

import datetime as dt
import re

import pytest

import remand as rm
from remand.files import load_model, read_model
from remand.model.uncertain import Uncertain
from remand.outcomes import cost
from remand.present import costs

PRICES = """\
prices:
  - kind: jail
    basis: marginal
    payer: county
    value: 12
    unit: USD per person-day
    source: https://example.org/budget
  - {kind: jail, basis: step-fixed, payer: county, value: 4000000, unit: USD per wing-year,
     places: 10, margin: 0.1, inferred: made up}
  - {kind: jail, basis: average, payer: state, value: {low: 100, high: 160}, from: 2019-01-01,
     unit: USD per person-day, inferred: made up}
"""


@pytest.fixture
def told(place, texts):
    """Problems of the tiny model with a block of prices."""

    def problems(prices):
        place.write(model=texts["model"] + prices)
        return load_model(place.model)[1]

    return problems


# -- the file ------------------------------------------------------------------------------------


def test_prices_of_every_basis_are_read_with_payer_date_and_range(place, told):
    """A file with all three is clean; an assumption range counts as its middle, 130."""
    assert told(PRICES) == []
    marginal, step, average = read_model(place.model).prices
    assert (marginal.payer, step.places, step.usable) == ("county", 10, 9)
    assert average.from_ == dt.date(2019, 1, 1)
    assert isinstance(average.value, Uncertain)
    assert average.per_day == 130


FAULTS = {
    "two prices from one date": (
        "basis: marginal", "basis: average\n    from: 2019-01-01", "payer: county", "payer: state",
        "prices 1 and 3 are both average prices of jail for one payer (state) from one date",
        "name its own 'payer'",
    ),
    "a wing without places": (
        "places: 10, ", "", "", "", "give its 'places', and 'unit: USD per wing-year'", "",
    ),
    "a wing by the person-day": (
        "USD per wing-year", "USD per person-day", "", "", "a step-fixed price is that of a wing",
        "",
    ),
    "a person-day of a wing": (
        "12\n    unit: USD per person-day", "12\n    unit: USD per wing-year", "", "",
        "a price of basis marginal is per person-day or person-year", "",
    ),
    "places of a person-day": (
        "value: 12", "value: 12\n    places: 96", "", "",
        "'places' and 'margin' belong to a step-fixed price alone", "",
    ),
    "everything stays free": (
        "margin: 0.1", "margin: 1.0", "", "", "'margin' must be below 1, not 1", "correct 'margin'",
    ),
    "an unknown basis": (
        "basis: marginal", "basis: marginel", "", "", "'basis' cannot be 'marginel'", "marginal",
    ),
    "no source": (
        "    source: https://example.org/budget\n", "", "", "", "the number 12 has no source",
        "add source",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_price_is_told_once_with_its_fix(fault, told):
    """At a line of the file, in words without jargon."""
    old, new, also, then, says, fix = fault
    text = PRICES.replace(old, new, 1)
    (problem,) = told(text.replace(also, then, 1) if also else text)
    assert problem.severity == "error"
    assert problem.line
    assert says in problem.message
    assert fix in problem.fix
    for jargon in ("input should", "value error", "union", "literal"):
        assert jargon not in str(problem).lower()


def test_a_price_that_no_figure_uses_is_warned_of(told):
    """The tiny model supervises nobody; community is where people live between stays."""
    for kind in ("supervision", "community"):
        (problem,) = told(PRICES.replace("kind: jail", f"kind: {kind}", 1))
        assert problem.severity == "warning"
        assert f"no figure is given for {kind}" in problem.message
        assert problem.fix == "price a kind that has states: booking, jail, prison"


def test_a_time_without_any_price_is_warned_of(told):
    """The model starts in 2020, the average price in 2021."""
    (problem,) = told(PRICES.replace("from: 2019", "from: 2021"))
    assert problem.severity == "warning"
    assert "no average price (state) holds before 2021-01-01" in problem.message
    assert problem.fix.startswith("give a price from 2020-01-01")


# -- what is said --------------------------------------------------------------------------------


@pytest.fixture
def county(build):
    """A steady jail of 600 people: 20 a day for 30 days, and prices of three bases."""
    per = {"kind": "jail", "payer": "county", "unit": "USD per person-day"}
    return build.one_state(
        build.exponential(30), 20.0, tonight="steady",
        prices=[
            {**per, "basis": "marginal", "value": 10.0},
            {**per, "basis": "average", "value": 100.0},
            {**per, "basis": "step-fixed", "value": 365_250.0, "unit": "USD per wing-year",
             "places": 100, "margin": 0.1},
        ],
    )  # fmt: skip


def lines(build, spec, scale, until=1000, **more):
    """What a comparison with a plan that scales arrivals from the first day says of costs."""
    plan = build.platform(build.policy({"admit": {"state": "jail", "scale": scale}}))
    return costs.lines(rm.compare(spec, [plan], until=build.day(until), every="year", **more))


def test_three_costs_stand_with_their_payer_and_person_days_beside(build, county):
    """600 people × 1,000 days; 7 wings of 90 usable places at 1,000 dollars a day."""
    said = lines(build, county, 1.0)
    assert said[0] == "Cost of the period, in dollars of each price's date:"
    assert said[1] == (
        "  no-change, jail: 600,000 bed-days; 1,643 person-years; marginal, county $6 million; "
        "average, county $60 million; step-fixed, county $7 million (7 wings open at the end)."
    )


def test_a_plan_that_empties_no_wing_saves_none(build, county):
    """570 people are fewer, but more than 540: 6 wings do not hold them."""
    said = lines(build, county, 0.95)
    assert said[3].startswith("  plan against no-change, jail: −29,")
    assert "step-fixed, county $0; averages are not subtracted." in said[3]
    assert said[4] == (
        "  plan, jail, county, by the highest day of the last year of the period: a wing of 100 "
        "places (10 % kept free) closes at 540 people or fewer; here 570: none closes."
    )


@pytest.mark.parametrize(("scale", "here", "what"),
                         [(0.85, 510, "one closes"), (0.5, 300, "3 close"),
                          (1.2, 720, "one more opens")])  # fmt: skip
def test_how_many_wings_close_or_open_is_said(build, county, scale, here, what):
    """Usable places 90 a wing: 510 people need 6, 300 need 4, 720 need 8."""
    closing = lines(build, county, scale)[4]
    assert closing.endswith(f"closes at 540 people or fewer; here {here}: {what}.")


def test_differences_of_marginal_and_step_fixed_cost_stand_in_the_run_averages_do_not(
    build, county
):
    """A predicate, not a name, decides: every other row of the summary has its difference."""
    plan = build.platform(build.policy({"admit": {"state": "jail", "scale": 0.5}}))
    run = rm.compare(county, [plan], until=build.day(1000))
    bases = run.differences.filter(quantity="cost")["basis"].to_list()
    assert [basis.partition(",")[0] for basis in bases] == ["marginal", "step-fixed"]
    kept = run.summary.filter(cost.may_be_subtracted())
    assert len(kept) == len(run.summary) - 2
    assert len(run.differences) == len(kept) / 2


def test_without_a_wing_there_is_no_savings_figure(build, county):
    """It is said what the model lacks."""
    said = lines(build, county.replace(prices=county.prices[:2]), 0.5)
    assert said[-1] == "No savings figure: the model names no wing that could close."
    assert not any("wings open" in line for line in said)


def test_without_prices_one_line_says_so_and_unasked_none(build, county):
    """Nothing is said of costs where a run was not asked for them."""
    bare = county.replace(prices=[])
    assert lines(build, bare, 0.5, until=40) == ["Cost: the model names no prices."]
    assert lines(build, bare, 0.5, until=40, quantities=["population"]) == []
    assert lines(build, county, 0.5, until=40, quantities=["population"]) == []


def test_a_period_that_begins_before_the_first_price_has_no_such_cost(build, county):
    """The marginal price begins on day 20 of 40: it is said, not shown as nothing."""
    late = county.prices[0].replace(from_=build.day(20))
    said = lines(build, county.replace(prices=[late, *county.prices[1:]]), 1.0, until=40)
    assert "marginal, county: no price holds for all of the period" in said[1]


def test_drawn_costs_carry_bands_and_wings_are_those_of_each_replicate(build, county):
    """The mean of stepped figures is the mean over replicates, so it lies inside their band."""
    said = lines(build, county, 0.9, engine="sampled", replicates=20, until=800)
    assert "million (" in said[1]
    assert "by the highest year of the last year of the period" in said[4]
    run = rm.simulate(county, until=build.day(800), every="month", replicates=20)
    for quantity in ("beds_needed", "wings", "cost"):
        for row in run.summary.filter(quantity=quantity).iter_rows(named=True):
            assert row["q025"] <= row["mean"] <= row["q975"]


def test_the_shipped_model_says_what_it_lacks(remand):
    """Philadelphia has a cited average and nothing else: no saving can be told."""
    code, printed, _ = remand("compare", "philadelphia", "philadelphia/krasner-2017",
                              "--to", "2014-03-01", "--every", "year",
                              "--quantity", "cost")  # fmt: skip
    assert code == 0
    out = " ".join(printed.split())
    average = re.search(r"average, city \$(\S+) million \(\$(\S+) million to \$(\S+) million: "
                        r"assumption range\)", out)  # fmt: skip
    assert average
    middle, low, high = map(float, average.groups())
    assert (low / middle, high / middle) == pytest.approx((42 / 51, 60 / 51), rel=0.01)
    assert "averages are not subtracted" in out
    assert costs.NO_WING in out


def test_person_years_are_bed_days_by_years_of_365_and_a_quarter_days(build, county):
    """600 people for 1,000 days, with the band of the bed-days."""
    run = rm.compare(county, [build.platform()], until=build.day(1000), every="year")
    days, years = (
        run.summary.filter(quantity=name).row(0, named=True)
        for name in ("bed_days", "person_years")
    )
    for key in ("mean", "sd", "q05", "q95"):
        assert years[key] == pytest.approx(days[key] / 365.25)
