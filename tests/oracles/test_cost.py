"""Three costs, worked by hand on a monthly clock: 12 dollars a year are one a month."""

from __future__ import annotations

import numpy as np
import pytest

import remand as rm
from remand.outcomes import cost
from remand.outcomes.tally import Tally

MONTH = 30.4375


def price(**more):
    """A price of a jail."""
    return {"kind": "jail", "basis": "marginal", "payer": "county", "value": 2.0,
            "unit": "USD per person-day", **more}  # fmt: skip


def wing(places=4, value=12.0, **more):
    """A price of a wing."""
    return price(basis="step-fixed", value=value, unit="USD per wing-year", places=places, **more)


@pytest.fixture
def spent(build):
    """The tally of so many people in a jail by month, and prices as the formulas take them."""

    def of(people, *prices, windows=None):
        spec = build.one_state(build.exponential(40), step="month", prices=prices)
        held = np.asarray(people, float)[..., None, None, :]
        tally = Tally(spec.clock, (), np.ones(held.shape[-1]), held, held, np.zeros((0, 3, 1)))
        return (tally.whole() if windows == "one" else tally), cost.priced(spec)

    return of


def test_marginal_cost_is_person_days_times_the_price(spent):
    """Ten people for a month, then 20: 304.375 and 608.75 person-days at 2 dollars."""
    tally, (prices,) = spent([10, 20], price())
    found = cost.by_person(tally, prices)[0, 0]
    np.testing.assert_allclose(found, [2 * 10 * MONTH, 2 * 20 * MONTH])


def test_a_price_holds_from_its_date_on_and_months_add_up_to_the_whole(build, spent):
    """2 dollars in the first month, 3 from the second: 10 × 2 + 20 × 3 + 5 × 3 = 95 a day. The
    whole period costs what its months do, though its mean census (11.7) at its mean price (2.7)
    would say 93.3."""
    dated = price(), price(value=3.0, **{"from": build.day(1, "month")})
    tally, (prices,) = spent([10, 20, 5], *dated)
    np.testing.assert_allclose(cost.by_person(tally, prices)[0, 0], np.array([20, 60, 15]) * MONTH)
    whole, _ = spent([10, 20, 5], *dated, windows="one")
    np.testing.assert_allclose(cost.by_person(whole, prices)[0, 0], [95 * MONTH])


def test_a_price_that_begins_later_gives_no_cost_before(build, spent):
    """The first month has no price: it has no cost, and so the whole has none."""
    late = price(**{"from": build.day(1, "month")})
    tally, (prices,) = spent([10, 20], late)
    np.testing.assert_allclose(cost.by_person(tally, prices)[0, 0], [np.nan, 40 * MONTH])
    whole, _ = spent([10, 20], late, windows="one")
    assert np.isnan(cost.by_person(whole, prices)).all()


def test_a_wing_closes_once_nobody_will_need_it_again(spent):
    """Wings of 4 places; 10, 12 and 9 people, then 8 for a year: 3, 3, 3, then 2 wings.

    In month 0 nobody yet needs more than 10; in month 2 nobody will again need more than 9.
    3 × 3 + 12 × 2 = 33 wing-months, a dollar each.
    """
    tally, (prices,) = spent([10, 12, 9, *[8] * 12], wing())
    found = cost.wings(tally, prices, 0)
    assert found.beds.tolist() == [10, 12, 9, *[8] * 12]
    assert found.open.tolist() == [3, 3, 3, *[2] * 12]
    np.testing.assert_allclose(found.cost, found.open)
    whole, _ = spent([10, 12, 9, *[8] * 12], wing(), windows="one")
    all_of_it = cost.wings(whole, prices, 0)
    np.testing.assert_allclose(all_of_it.cost, [33])
    assert all_of_it.open.tolist() == [2]


def test_a_wing_that_is_needed_again_does_not_close(spent):
    """12 people, 4 for a year and a half, 12 again: three wings of 4 all along."""
    tally, (prices,) = spent([12, *[4] * 18, *[12] * 12], wing())
    assert cost.wings(tally, prices, 0).open.tolist() == [3] * 31


def test_a_wing_opens_when_it_is_first_needed_and_not_before(spent):
    """4 people, later 12: one wing, then three; the two are not charged in advance."""
    tally, (prices,) = spent([4, 4, *[12] * 12], wing())
    assert cost.wings(tally, prices, 0).open.tolist() == [1, 1, *[3] * 12]


def test_a_low_last_month_closes_nothing(spent):
    """12 people for two years but 4 in the last month: a wing must be empty for a year."""
    tally, (prices,) = spent([*[12] * 23, 4], wing())
    assert cost.wings(tally, prices, 0).open.tolist() == [3] * 24


def test_in_a_period_under_a_year_nothing_closes(spent):
    """12 people, then 4 for half a year: what comes after is not known."""
    tally, (prices,) = spent([12, *[4] * 6], wing())
    assert cost.wings(tally, prices, 0).open.tolist() == [3] * 7


def test_the_margin_must_stay_free(spent):
    """86.4 people fill a wing of 96 of which a tenth stays free; 87 need 96.7 places, so two."""
    full, (prices,) = spent([86.4] * 13, wing(96, margin=0.1))
    assert cost.wings(full, prices, 0).open.tolist() == [1] * 13
    more, _ = spent([87.0] * 13, wing(96, margin=0.1))
    found = cost.wings(more, prices, 0)
    assert found.open.tolist() == [2] * 13
    np.testing.assert_allclose(found.beds, 87 / 0.9)


def test_replicates_keep_their_own_wings(spent):
    """Two replicates of 13 months: 8 people need two wings of 4, 9 need three."""
    tally, (prices,) = spent([[8.0] * 13, [9.0] * 13], wing())
    assert cost.wings(tally, prices, 0).open[:, 0].tolist() == [2, 3]


def test_drawn_prices_meet_their_own_draws(spent):
    """A price of 2 in one draw and 3 in the other, for 10 people."""
    tally, (prices,) = spent([[10.0], [10.0]], price())
    drawn = cost.Priced((prices.prices[0].model_copy(update={"value": np.array([2.0, 3.0])}),))
    np.testing.assert_allclose(cost.by_person(tally, drawn)[:, 0, 0, 0], np.array([20, 30]) * MONTH)


@pytest.mark.parametrize("every", ["day", "month", None])
def test_windows_do_not_change_what_a_solved_period_costs(build, every):
    """30 people stay 10 days each; from day 40 on arrivals halve, so 15 are left from day 50.

    Wings of 6: 5 while anyone needs them (each day loses 1.5: 28.5 on day 40, … 15 on day 49), 3 in
    the end. Days 0–39: 5; day 40, 41, … : 28.5 → 5, 27 → 5, 25.5 → 5, 24 → 4, 22.5 → 4, 21 → 4,
    19.5 → 4, 18 → 3, 16.5 → 3, 15 → 3. Over 420 days: 43 × 5 + 4 × 4 + 373 × 3 = 1,350 wing-days.
    """
    spec = build.one_state(
        build.fixed(10), 3.0, tonight="steady",
        prices=[wing(6, value=365.25), price(value=36525.0, unit="USD per person-year")],
    )  # fmt: skip
    half = build.policy({"admit": {"state": "jail", "scale": 0.5}}, starts=40)
    run = rm.compare(spec, [build.platform(), build.platform(half, name="half")],
                     until=build.day(420), every=every or "year")  # fmt: skip
    frame = run.summary if every is None else run.series
    costs = frame.filter(scenario="half", quantity="cost")
    by_wing = costs.filter(costs["basis"].str.starts_with("step-fixed"))["mean"].sum()
    assert by_wing == pytest.approx(43 * 5 + 4 * 4 + 373 * 3)
    marginal = costs.filter(costs["basis"] == "marginal, county")["mean"].sum()
    lost = sum(min(1.5 * (day - 39), 15.0) for day in range(40, 420))
    assert marginal == pytest.approx(100 * (30 * 420 - lost))
    less = run.differences.filter(quantity="wings")["mean"].to_list()
    assert less == pytest.approx([2])
