"""Survival estimates that a reader can work out with a pencil."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from remand.errors import InputError
from remand.fitting.joint import closed, knots
from remand.fitting.pooling import pooled
from remand.fitting.survival import Observed, incidence


def seen(*stays, cell=None):
    """Stays (entry, low, high, cause), each of another person."""
    entry, low, high, cause = np.array(stays, np.int64).T
    cell = np.zeros(len(stays), np.int64) if cell is None else np.array(cell)
    return Observed(cell, np.arange(len(stays)), entry, low, high, cause)


def test_six_people_with_late_entry_and_censoring_and_two_exits():
    """At risk at 1: four (one comes at 2, one at 3), of whom one leaves by exit 0. At 2: three and
    the late one, less who is censored at 2 and so was at risk at 1 only: three, of whom one leaves
    by exit 1. At 4: the two left and the one from 3: three, two by exit 0 and one censored after.
    """
    law = incidence(
        seen((0, 1, 1, 0), (0, 2, 2, -1), (0, 2, 2, 1), (0, 4, 4, 0), (2, 4, 4, 0), (3, 5, 5, -1)),
        cells=1,
        causes=2,
    )
    assert law.durations.tolist() == [1, 2, 4]
    assert law.at_risk[0, 0].tolist() == [4, 3, 3]
    np.testing.assert_array_equal(law.hazard[0, 0], [[1 / 4, 0], [0, 1 / 3], [2 / 3, 0]])
    np.testing.assert_allclose(law.survival[0, 0], [3 / 4, 1 / 2, 1 / 6], rtol=1e-15)
    expected = [[1 / 4, 0], [1 / 4, 1 / 4], [1 / 4 + 1 / 3, 1 / 4]]
    np.testing.assert_allclose(law.cumulative[0, 0], expected, rtol=1e-15)
    assert law.known.tolist() == [4]
    np.testing.assert_allclose(
        law.survival_at(np.array([0, 1, 3, 9]))[0, 0], [1, 3 / 4, 1 / 2, 1 / 6], rtol=1e-15
    )
    assert law.cumulative_at(np.array([0, 3]))[0, 0].tolist() == [[0, 0], [1 / 4, 1 / 4]]
    # days 0 … 4 are lived through by 1, 3/4, 1/2, 1/2 and 1/6 of people
    assert law.restricted_mean(5)[0, 0] == pytest.approx(1 + 3 / 4 + 1 / 2 + 1 / 2 + 1 / 6)


def test_a_weight_of_two_is_two_people():
    """One person counted twice, one not at all, against the same people written out."""
    stays = [(0, 1, 1, 0), (0, 2, 2, 0), (0, 3, 3, 0)]
    weighed = incidence(seen(*stays), 1, 1, np.array([[2.0, 1.0, 0.0]]))
    written = incidence(seen(stays[0], stays[0], stays[1]), 1, 1)
    assert weighed.hazard[0, 0, :2].tolist() == written.hazard[0, 0].tolist()


def test_a_median_moves_evenly_through_the_day():
    """Half leave at 3, half at 10: up to a quarter is reached in the middle of the day around 3."""
    law = incidence(seen((0, 3, 3, 0), (0, 10, 10, 0), (0, 3, 3, 0), (0, 10, 10, 0)), 1, 1)
    assert [law.quantile(q)[0, 0] for q in (0.25, 0.5, 0.75)] == [3.0, 3.5, 10.0]
    sure = incidence(seen((0, 0, 0, 0), (0, 5, 5, -1)), 1, 1)
    assert sure.quantile(0.25)[0, 0] == 0.25  # of a stay without a census half a day is left
    assert np.isnan(sure.quantile(0.75)[0, 0])


def test_an_uncertain_end_is_shared_out_as_the_others_left():
    """One left at 1, one at 2, one at either, with share x at 1. The law then has (1 + x) / 3 at 1
    and (2 − x) / 3 at 2, and agrees with itself where x = (1 + x) / 3: one half. With two at 1 and
    one at 2, x = (2 + x) / 4: two thirds."""
    law = incidence(seen((0, 1, 1, 0), (0, 2, 2, 0), (0, 1, 2, 0)), 1, 1)
    np.testing.assert_allclose(law.mass[0, 0, :, 0], [1 / 2, 1 / 2], rtol=1e-11)
    two_to_one = incidence(seen((0, 1, 1, 0), (0, 1, 1, 0), (0, 2, 2, 0), (0, 1, 2, 0)), 1, 1)
    np.testing.assert_allclose(two_to_one.mass[0, 0, :, 0], [2 / 3, 1 / 3], rtol=1e-11)
    np.testing.assert_allclose(two_to_one.at_risk[0, 0], [4, 1 + 1 / 3], rtol=1e-11)


def test_uncertain_ends_stay_with_their_exit_and_after_their_entry():
    """Exit 1 was seen only at 2, so all of the uncertain one is put there; of one that could only
    be seen from 2 on, nothing is put at 1."""
    law = incidence(seen((0, 1, 1, 0), (0, 2, 2, 1), (0, 1, 2, 1)), 1, 2)
    np.testing.assert_allclose(law.mass[0, 0], [[1 / 3, 0], [0, 2 / 3]], atol=1e-11)
    late = incidence(seen((0, 1, 1, 0), (0, 2, 2, 0), (2, 1, 2, 0)), 1, 1)
    assert late.hazard[0, 0, :, 0].tolist() == [1 / 2, 1]


def test_a_thin_cell_leans_on_its_parent():
    """The parent's hazards are 1/4 and 1; three people of it stand beside the one who left at 1:
    (3 × 1/4 + 1) / (3 + 1) = 7/16, and at 2, where no one of the cell is at risk, the parent's 1.
    The other cell has three people at risk at both: (3/4 + 0) / 6 and (3 × 3/4 + 3) / (9/4 + 3).
    """
    observed = seen((0, 1, 1, 0), *[(0, 2, 2, 0)] * 3, cell=[0, 1, 1, 1])
    law = pooled(observed, 2, 1, [np.zeros(2, np.int64)], strength=3)
    np.testing.assert_allclose(law.hazard[0, :, :, 0], [[7 / 16, 1], [1 / 8, 1]], rtol=1e-15)


def test_a_chain_leans_level_by_level():
    """Everyone (two of six leave at 1): 1/3. The pair (one of two): (2/3 + 1) / 4 = 5/12. The
    person who left: (2 × 5/12 + 1) / 3 = 11/18; the empty cell of the pair: 5/12."""
    observed = seen(
        *[(0, 1, 1, 0)] * 2, *[(0, 2, 2, 0)] * 4, cell=[0, 3, 1, 3, 3, 3]
    )  # cells 0, 1, 2 are of the pair
    law = pooled(observed, 4, 1, [np.array([0, 0, 0, 1]), np.array([0, 0])], strength=2)
    everyone = Fraction(2, 6)
    pair = (2 * everyone + 1) / 4
    first, second = (2 * pair + 1) / 3, 2 * pair / 3
    rest = (2 * ((2 * everyone + 1) / 6) + 1) / 6
    expected = [float(h) for h in (first, second, pair, rest)]
    np.testing.assert_allclose(law.hazard[0, :, 0, 0], expected, rtol=1e-15)


def test_the_tail_leaves_as_the_last_did():
    """Ten people: one leaves a day from 1 to 9, the tenth is still there on day 20, so was at risk
    until 19. Of the tenth left over, the exits back to where 15 % were inside number one, the last
    (before it 2 were inside): 1 exit. Days spent since day 8: 2 people one day, 1 person ten days.
    Hazard 1 / 12 a day, by that exit; whoever would outstay the table leaves at its end.
    """
    stays = [(0, d, d, int(d == 9)) for d in range(1, 10)]
    law = incidence(seen(*stays, (0, 20, 20, -1)), 1, 2)
    whole = closed(law, longest=30)
    assert whole.extrapolated[0, 0] == pytest.approx(0.1)
    assert whole.mass.sum() == pytest.approx(1, abs=1e-15)
    assert whole.durations[-1] == 61  # as long again, and a day
    beyond = whole.durations > 19
    np.testing.assert_allclose(whole.mass[0, 0, beyond, 0], 0)
    tail = whole.mass[0, 0, beyond, 1]
    assert whole.durations[beyond][:30].tolist() == list(range(20, 50))
    np.testing.assert_allclose(tail[:30], 0.1 / 12 * (11 / 12) ** np.arange(30), rtol=1e-12)
    assert whole.mass[0, 0, -1, 1] > tail[-2]
    inside = whole.mass[0, 0, whole.durations > 30].sum()
    assert inside == pytest.approx(0.1 * (11 / 12) ** 11)  # someone outlasts the longest so far


def test_a_law_whose_last_person_left_has_no_tail():
    """Nothing is put beyond."""
    whole = closed(incidence(seen((0, 1, 1, 0), (0, 4, 4, 0)), 1, 1), longest=3)
    assert whole.extrapolated.tolist() == [[0]]
    assert whole.mean.tolist() == [[2.5]]


def test_thinning_keeps_totals_shares_and_means():
    """Mass at 60 of knots 56 and 64 is halved; bands are those of the whole law."""
    whole = closed(incidence(seen((0, 60, 60, 0), (0, 2, 2, 1), (0, 730, 731, 0)), 1, 2))
    thin = whole.thinned(np.array([0, 4, 56, 64, 700, 800]))
    np.testing.assert_allclose(thin.mass[0, 0, :4, 0], [0, 0, 1 / 6, 1 / 6], rtol=1e-12)
    np.testing.assert_allclose(thin.mass[0, 0, :2, 1], [1 / 6, 1 / 6], rtol=1e-12)
    np.testing.assert_allclose(thin.mean, whole.mean, rtol=1e-14)
    np.testing.assert_allclose(thin.shares, [[[2 / 3, 1 / 3]]], rtol=1e-12)
    assert whole.bands[0, 0, 1].tolist() == pytest.approx([0, 0, 1 / 3, *[0] * 9])
    assert whole.bands[0, 0, 0].tolist() == pytest.approx([*[0] * 6, 1 / 3, *[0] * 3, 1 / 6, 1 / 6])


def test_knots_are_whole_days_and_reach_the_longest_stay():
    """Ascending, every day at first, steps of about 2 % later."""
    found = knots(5000)
    assert found[:51].tolist() == list(range(51))
    assert found[-2] < 5000 <= found[-1]
    assert (np.diff(found) >= 1).all()
    assert (np.diff(found)[200:] / found[200:-1]).max() < 0.022


def test_records_in_which_nobody_left_say_so():
    """There is no law to be had, in all or in one group."""
    with pytest.raises(InputError, match="no stay has ended yet"):
        incidence(seen((0, 3, 3, -1)), 1, 1)
    alone = incidence(seen((0, 3, 3, -1), (0, 3, 3, 0), cell=[0, 1]), 2, 1)
    with pytest.raises(InputError, match="nobody was ever seen to leave"):
        closed(alone)
