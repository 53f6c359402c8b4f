"""Claims: the rules of verdicts, against a judge that was written apart from them."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remand.evidence.claims.form import OF_AMOUNTS, OF_TWO
from remand.evidence.claims.verdicts import (
    ABOUT,
    CANNOT_BE_TOLD,
    CONTRARY,
    FAR,
    SUPPORTED,
    Judged,
    judge_amount,
    judge_course,
    judge_rank,
    judge_times,
    together,
    tolerance,
)

ORDER = {
    Judged("not supported", true=False): 0,
    Judged("overstated", true=False): 1,
    Judged("overstated", true=True): 2,
    SUPPORTED: 3,
    Judged("understated", true=True): 4,
    Judged("understated", true=False): 5,
}
"""From far less than was said to far more; what cannot be told has no place."""

positive = st.floats(0.001, 1e6)
anything = st.floats(-1e6, 1e6)
amounts = st.sampled_from(OF_AMOUNTS)
scaled = st.sampled_from(("is about", "more than", "at least", "less than", "at most"))
"""Comparisons that know of no digits."""


# -- the whole table ------------------------------------------------------------------------


def plain_amount(comparison, said, counted):
    """A single exact number against what was said: the verdict, and whether it is true."""
    if said < 0:
        said, counted = -said, -counted
    true = {
        "is": abs(counted - said) <= min(half_of_last_digit(said), Fraction(said, 20)),
        "is about": abs(counted - said) <= Fraction(said, 20),
        "more than": counted > said,
        "at least": counted >= said,
        "less than": counted < said,
        "at most": counted <= said,
    }[comparison]
    lower, upper = comparison in {"more than", "at least"}, comparison in {"less than", "at most"}
    if true:
        too_little, too_much = lower and counted >= 2 * said, upper and 2 * counted <= said
        return "understated" if too_little else "overstated" if too_much else "supported", True
    if upper or (counted > said and not lower):
        return "understated", False
    return ("overstated" if counted > 0 else "not supported"), False


def half_of_last_digit(said):
    """Of a whole number: 670 gives 5, 98 gives a half."""
    step = 1
    while said % (10 * step) == 0:
        step *= 10
    return Fraction(step, 2)


def plain_times(comparison, said, times, *, inferred):
    """A single factor against how many times was said."""
    if comparison == "lower than":
        times = 1 / times if times > 0 else float("inf")
    if times <= 1:
        return "not supported", False
    if times < said:
        return "overstated", False
    return ("understated" if times >= 2 * said and not inferred else "supported"), True


def plain_range(single, low, high, marks):
    """The same of a range: whatever it may be of each mark from its low end to its high."""
    told = {single(mark) for mark in marks if low <= mark <= high}
    if len({true for _, true in told}) > 1:
        return Judged("not supported", true=None)
    if len(told) == 1:
        verdict, true = told.pop()
        return Judged(verdict, true=true)
    true = next(iter(told))[1]
    return Judged("supported" if true else "not supported", true=true)


MARKS = [
    Fraction(percent, 100)
    for percent in (-200, -50, 0, 40, 50, 90, 95, 99, 100, 101, 105, 110, 200, 300)
]
"""Ends of a range, as multiples of what was said: each edge of a rule, and either side of it."""
FACTORS = [
    Fraction(0),
    *(Fraction(4, n) for n in (32, 24, 16, 12, 10, 8, 5)),
    *(Fraction(n, 4) for n in (4, 5, 8, 10, 12, 16, 24, 32)),
]
"""None of one, an eighth of it, half, once, twice, eight times: either side of each edge again."""


def ranges(marks):
    """Every range of two of them."""
    return itertools.combinations_with_replacement(sorted(marks), 2)


@pytest.mark.parametrize("said", [100, 98, 670, 1000, -250])
@pytest.mark.parametrize("comparison", OF_AMOUNTS)
def test_amounts_are_judged_as_a_plain_judge_does(comparison, said):
    """Every comparison, every range of a source, on either side of every bound."""
    marks = [said * mark for mark in MARKS]
    for low, high in ranges(marks):
        expected = plain_range(lambda v: plain_amount(comparison, said, v), low, high, marks)
        assert judge_amount(comparison, said, float(low), float(high)) == expected, (low, high)


@pytest.mark.parametrize("inferred", [True, False])
@pytest.mark.parametrize("said", [1, 2, 3])
@pytest.mark.parametrize("comparison", OF_TWO)
def test_factors_are_judged_as_a_plain_judge_does(comparison, said, inferred):
    """Every number of times, and every range of them."""
    for low, high in ranges(FACTORS):
        expected = plain_range(
            lambda t: plain_times(comparison, said, t, inferred=inferred), low, high, FACTORS
        )
        told = judge_times(comparison, said, float(low), float(high), said=not inferred)
        assert told == expected, (low, high)


@pytest.mark.parametrize(
    ("comparison", "low", "high", "verdict", "true"),
    [
        ("rose", 1, 2, "supported", True),
        ("rose", -2, -1, "not supported", False),
        ("rose", 0, 0, "not supported", False),
        ("rose", -1, 0, "not supported", False),
        ("rose", 0, 1, "not supported", None),
        ("rose", -1, 1, "not supported", None),
        ("fell", -2, -1, "supported", True),
        ("fell", 1, 2, "not supported", False),
        ("fell", 0, 0, "not supported", False),
        ("fell", 0, 1, "not supported", False),
        ("fell", -1, 0, "not supported", None),
        ("fell", -1, 1, "not supported", None),
    ],
)
def test_a_course_is_up_or_down_and_nil_is_neither(comparison, low, high, verdict, true):
    """Of a range that touches nought nothing is said for sure but where all of it is false."""
    assert judge_course(comparison, low, high) == Judged(verdict, true=true)


@pytest.mark.parametrize(
    ("best", "worst", "verdict", "true"),
    [
        (1, 1, "supported", True),
        (1, 2, "not supported", None),
        (2, 2, "not supported", False),
        (2, 5, "not supported", False),
    ],
)
def test_second_is_not_first_and_what_may_be_either_cannot_be_told(best, worst, verdict, true):
    """The best and the worst place that ties and rounding leave."""
    assert judge_rank(best, worst) == Judged(verdict, true=true)


# -- what holds of any ----------------------------------------------------------------------


@given(amounts, positive, positive, positive)
def test_more_of_it_is_never_judged_as_less(comparison, stated, one, other):
    """As the counted value grows, the verdict moves from overstated towards understated."""
    less, more = sorted((one, other))
    first = judge_amount(comparison, stated, less, less)
    second = judge_amount(comparison, stated, more, more)
    assert ORDER[first] <= ORDER[second]


@given(scaled, positive, positive, st.integers(-8, 8))
def test_a_verdict_does_not_depend_on_the_unit(comparison, stated, value, power):
    """One in 1,000 and 100 in 100,000 are the same claim."""
    factor = 2.0**power
    here = judge_amount(comparison, stated, value, value)
    assert here == judge_amount(comparison, factor * stated, factor * value, factor * value)


@given(positive, anything)
@example(50.0, -20.0)
def test_more_than_and_at_most_are_never_both_true_nor_both_false(stated, value):
    """A bound is taken at its word, whatever was counted: “at most 50 more” of 20 fewer is true."""
    above = judge_amount("more than", stated, value, value).true
    assert above == (value > stated)
    assert judge_amount("at most", stated, value, value).true is not above
    at_least = judge_amount("at least", stated, value, value).true
    assert judge_amount("less than", stated, value, value).true is not at_least


@given(amounts, positive, st.lists(positive, min_size=4, max_size=4))
def test_a_wider_source_never_turns_a_false_claim_true(comparison, stated, values):
    """What is true of all that a source leaves open is true of each part of it."""
    low, inner_low, inner_high, high = sorted(values)
    wide = judge_amount(comparison, stated, low, high)
    narrow = judge_amount(comparison, stated, inner_low, inner_high)
    if wide.true is not None:
        assert narrow.true == wide.true
    if wide.true is None:
        assert wide == CANNOT_BE_TOLD


@given(amounts, positive)
def test_what_was_said_and_counted_alike_is_supported_where_it_can_be(comparison, stated):
    """A value equal to the number said: true but for “more than” and “less than”."""
    judged = judge_amount(comparison, stated, stated, stated)
    assert judged.true == (comparison not in {"more than", "less than"})
    assert (judged == SUPPORTED) == judged.true


@given(positive)
def test_a_true_claim_that_is_off_by_the_named_factor_misleads(stated):
    """Just under twice is supported; from twice on it is told as understated, and true."""
    within, beyond = 1.99 * stated, FAR * stated
    assert judge_amount("more than", stated, within, within) == SUPPORTED
    assert judge_amount("more than", stated, beyond, beyond) == Judged("understated", true=True)
    assert judge_amount("less than", beyond, stated, stated) == Judged("overstated", true=True)


@given(amounts, positive, positive)
def test_a_fall_is_judged_by_its_size(comparison, stated, value):
    """“250 fewer” is to a fall what “250 more” is to a rise."""
    fall = judge_amount(comparison, -stated, -value, -value)
    assert fall == judge_amount(comparison, stated, value, value)


@given(st.sampled_from(("is", "is about", "more than", "at least")), positive, positive)
def test_an_effect_of_the_other_sign_or_of_none_does_not_support_a_claim(comparison, stated, value):
    """Nil is not a small effect."""
    assert judge_amount(comparison, stated, -value, -value) == CONTRARY
    assert judge_amount(comparison, stated, 0.0, 0.0) == CONTRARY


@pytest.mark.parametrize(
    ("stated", "half"),
    [(670, 5), (1.45, 0.005), (98, 0.5), (15_000, 500), (-250, 5), (1450000, 5000)],
)
def test_a_number_is_known_to_half_of_its_last_digit(stated, half):
    """Zeros at the end of a whole number are not digits that were said."""
    assert tolerance("is", stated) == pytest.approx(half)
    assert judge_amount("is", abs(stated), abs(stated) + half, abs(stated) + half) == SUPPORTED
    assert not judge_amount("is", abs(stated), abs(stated) + 1.1 * half, 1e9).true


@given(st.integers(1, 9), st.integers(-3, 9), positive)
@example(1, 3, 1499.0)
@example(1, 2, 51.0)
def test_no_number_is_so_round_that_it_fits_what_is_far_from_it(digit, power, value):
    """“Is 1,000” is not 1,499, nor “about 100” 51: a twentieth to either side at most."""
    stated = digit * 10.0**power
    for comparison in ("is", "is about"):
        assert tolerance(comparison, stated) <= ABOUT * stated
        if judge_amount(comparison, stated, value, value) == SUPPORTED:
            assert abs(value - stated) <= 1.000001 * ABOUT * stated


@given(positive, positive)
def test_what_is_so_is_about_so(stated, value):
    """“About” asks for no more than “is”, and both for less than a bound on either side."""
    if judge_amount("is", stated, value, value) == SUPPORTED:
        assert judge_amount("is about", stated, value, value) == SUPPORTED


@given(st.integers(1, 200), st.integers(0, 200))
@example(29, 29)
@example(7, 7)
@example(29, 58)
def test_no_verdict_hangs_on_the_last_bit_of_a_number(said, counted):
    """29 in the hundred is 28.999999999999996 to a computer, and is at least 29 per cent."""
    value = counted / 100 * 100
    for comparison in OF_AMOUNTS:
        exact = judge_amount(comparison, said, counted, counted)
        assert judge_amount(comparison, said, value, value) == exact
    if counted:
        exact = judge_times("higher than", said, counted, counted, said=True)
        assert judge_times("higher than", said, value, value, said=True) == exact


@given(st.floats(1, 50), st.floats(0.02, 50), st.floats(0.02, 50), st.booleans())
def test_higher_than_is_lower_than_seen_from_the_other_side(stated, one, other, said):
    """Swapping the two that are compared changes no verdict."""
    low, high = sorted((one, other))
    above = judge_times("higher than", stated, low, high, said=said)
    below = judge_times("lower than", stated, 1 / high, 1 / low, said=said)
    assert above == below


@given(st.floats(1.001, 50))
def test_as_many_times_as_was_said_is_as_many_as_was_said(stated):
    """“Twice as high” of 200 against 100; a plain “higher than” is not borne out by a tie."""
    assert judge_times("higher than", stated, stated, stated, said=True) == SUPPORTED
    assert judge_times("lower than", stated, 1 / stated, 1 / stated, said=True) == SUPPORTED
    assert judge_times("higher than", 1, 1, 1, said=False) == CONTRARY
    assert judge_times("lower than", 1, 1, 1, said=False) == CONTRARY


def test_a_number_read_into_the_words_is_never_understated():
    """“Much higher”, taken as twice: five times bears it out."""
    assert judge_times("higher than", 2, 5, 5, said=False) == SUPPORTED
    assert judge_times("higher than", 2, 2, 2, said=False) == SUPPORTED
    assert judge_times("higher than", 2, 5, 5, said=True).verdict == "understated"
    assert judge_times("higher than", 2, 1.5, 1.5, said=False).verdict == "overstated"
    assert judge_times("higher than", 2, 0.9, 0.9, said=False) == CONTRARY
    assert judge_times("higher than", 2, 1.5, 2.5, said=False) == CANNOT_BE_TOLD


@given(st.lists(st.sampled_from([*ORDER, CANNOT_BE_TOLD]), min_size=1), st.randoms())
def test_readings_are_weighed_in_any_order_and_none_is_picked(readings, random):
    """One that disagrees about the truth is enough for 'not supported'."""
    judged = together(readings)
    shuffled = list(readings)
    random.shuffle(shuffled)
    assert together(shuffled) == judged
    truths = {reading.true for reading in readings}
    if len(truths) > 1:
        assert judged.verdict == "not supported"
        assert judged.true is None
    else:
        assert judged.true in truths
