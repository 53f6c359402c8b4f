"""A jail of three people, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest


def test_three_people_of_whom_each_has_been_inside_for_another_time(build):
    """Everyone stays 4 days, then is supervised for 2.

    Ann came in yesterday (elapsed 0: she entered at step −1), Ben the day before (−2), Cy on the
    third (−3). Who enters at u is counted on days u … u+3 and supervised from u+4 to u+5::

        step          0  1  2  3  4  5
        Ann  (−1)     J  J  J  S  S  .
        Ben  (−2)     J  J  S  S  .  .
        Cy   (−3)     J  S  S  .  .  .
        jail          3  2  1  0  0  0
        supervised    0  1  2  2  1  0
    """
    county = build.model(
        {
            "jail": build.state(build.fixed(4), "supervision"),
            "supervision": build.state(build.fixed(2), kind="supervision"),
        },
        tonight={"jail": build.stock(3.0, {0.0: 0.25, 1.0: 0.25, 2.0: 0.5})},
    )
    equal = build.stock(1.0, {0.0: 1.0}), build.stock(1.0, {1.0: 1.0}), build.stock(1.0, {2.0: 1.0})
    alone = [build.run(county.replace(tonight={"jail": person}), 6) for person in equal]
    by_person = np.array([solved.census("jail") for solved in alone])
    np.testing.assert_allclose(
        by_person, [[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]], atol=1e-12
    )
    thirds = build.stock(3.0, {0.0: 1 / 3, 1.0: 1 / 3, 2.0: 1 / 3})
    solved = build.run(county.replace(tonight={"jail": thirds}), 6)
    assert solved.inside("jail") == 3
    np.testing.assert_allclose(solved.census("jail"), [3, 2, 1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(solved.census("supervision"), [0, 1, 2, 2, 1, 0], atol=1e-12)
    np.testing.assert_allclose(solved.gone(), [0, 0, 0, 1, 1, 1], atol=1e-12)


def test_three_people_and_one_more_each_day(build):
    """The three of above go on leaving while one more comes in each day from step 0.

    Newcomers inside: 1, 2, 3, 4, then 4 for good (each stays 4 days); with the three: 4 each day.
    """
    county = build.one_state(
        build.fixed(4),
        tonight={"jail": build.stock(3.0, {0.0: 1 / 3, 1.0: 1 / 3, 2.0: 1 / 3})},
    )
    np.testing.assert_allclose(build.run(county, 8).census("jail"), 4.0, rtol=1e-12)


def test_time_inside_so_far_conditions_the_rest_of_the_stay(build):
    """Half stay 2 days, half 5. Someone inside for a day (entered at −2, so at least 2 crossings
    are due: the 2-day stay ends at step 0) may be either: P(D > 1) = 1, so half leave at step 0 and
    half at step 3. Someone inside for two days (−3) must be a 5-day stay: leaves at step 2."""
    law = build.table({2: 0.5, 5: 0.5})
    one_day = build.one_state(law, 0.0, tonight={"jail": build.stock(8.0, {1.0: 1.0})})
    np.testing.assert_allclose(build.run(one_day, 5).census("jail"), [4, 4, 4, 0, 0], atol=1e-12)
    two_days = build.one_state(law, 0.0, tonight={"jail": build.stock(8.0, {2.0: 1.0})})
    np.testing.assert_allclose(build.run(two_days, 5).census("jail"), [8, 8, 0, 0, 0], atol=1e-12)


def test_an_unknown_time_inside_is_that_of_a_steady_state(build):
    """Everyone stays 5 days, ten people tonight: two of each age, so two leave a day."""
    jail = build.one_state(build.fixed(5), 0.0, tonight={"jail": build.stock(10.0)})
    np.testing.assert_allclose(build.run(jail, 6).census("jail"), [8, 6, 4, 2, 0, 0], atol=1e-12)


def test_a_memoryless_stock_forgets_how_long_it_has_been_inside(build):
    """With exponential stays tonight's 100 decay as exp(−t/9), steady ages or not."""
    jail = build.one_state(build.exponential(9), 0.0, tonight={"jail": build.stock(100.0)})
    expected = 100 * np.exp(-np.arange(1, 31) / 9)
    np.testing.assert_allclose(build.run(jail, 30).census("jail"), expected, rtol=1e-11)


def test_a_counted_state_beside_a_steady_one(build):
    """The jail is counted (10, steady ages of 5 days), supervision steady at 2 a day × 3 days = 6.

    Two a day arrive in jail and move on, so the jail stays at 10 and supervision at 6.
    """
    county = build.model(
        {
            "jail": build.state(build.fixed(5), "supervision"),
            "supervision": build.state(build.fixed(3), kind="supervision"),
        },
        {"jail": 2.0},
        tonight={"jail": build.stock(10.0), "supervision": "steady"},
    )
    solved = build.run(county, 12)
    assert solved.path.kernel.counted.tolist() == [True, False]
    np.testing.assert_allclose(solved.census("jail"), 10.0, rtol=1e-12)
    np.testing.assert_allclose(solved.census("supervision"), 6.0, rtol=1e-12)


def test_a_stock_spreads_over_strata_by_row_and_split(build):
    """90 women and 10 men, a third of each on a felony: 30, 60, 10/3, 20/3."""
    rows = [{"value": 90.0, "where": {"sex": "women"}}, {"value": 10.0, "where": {"sex": "men"}}]
    jail = build.model(
        {"jail": build.state(build.exponential(9))},
        strata={"sex": ["women", "men"], "charge": ["felony", "other"]},
        tonight={"jail": {"people": rows, "split": {"charge": {"felony": 1 / 3, "other": 2 / 3}}}},
    )
    inside = build.run(jail, 2).path.kernel.inside[:, 0]
    np.testing.assert_allclose(inside, [30, 60, 10 / 3, 20 / 3], rtol=1e-12)


def test_people_cannot_have_been_inside_longer_than_anyone_stays(build):
    """Elapsed time of 9 days in a state of 5-day stays is an input error that names the state."""
    from remand.errors import InputError

    jail = build.one_state(build.fixed(5), 0.0, tonight={"jail": build.stock(1.0, {9.0: 1.0})})
    with pytest.raises(InputError, match="longer than anyone stays"):
        build.run(jail, 3)
