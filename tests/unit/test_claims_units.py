"""Claims: what may be put together, and what it then comes to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remand.evidence.claims.answers import judge
from remand.evidence.claims.checks import check_claim
from remand.evidence.claims.figures import Figure, ages, whom
from remand.evidence.claims.form import Claim
from remand.evidence.claims.values import value_of
from remand.evidence.claims.verdicts import CANNOT_BE_TOLD, SUPPORTED, Judged
from remand.evidence.claims.words import says


def figure(key, value, unit="people", **more):
    """A figure of a table."""
    cells = dict.fromkeys(Figure.__dataclass_fields__, "")
    cells |= {"id": key, "written": str(value), "unit": unit, "address": "https://example.org"}
    return Figure(**cells | more)


def claim(comparison, stated, reading, **more):
    """A claim that is worked out by one reading, or by a file beside it."""
    definition = {"definition": "all", "from": [reading], **more}
    return Claim.model_validate(
        {
            "id": "x", "paraphrase": "x", "by": "x", "date": "2017", "quantity": "x",
            "comparison": comparison, "stated": stated, "computed": [definition],
        }
    )  # fmt: skip


def told(said, *figures):
    """What is wrong with a claim: field, message and fix of each problem."""
    table = {row.id: row for row in figures}
    return [str(problem) for problem in check_claim(said, table)]


def judged(said, *figures):
    """The verdict on a sound claim."""
    assert told(said, *figures) == []
    table = {row.id: row for row in figures}
    reading = said.computed[0].from_[0]
    return judge(said, value_of(reading, table, lowest=said.comparison == "lowest of"))


def refused(said, *figures, says):
    """Whether a claim is refused, and in these words."""
    problems = told(said, *figures)
    assert any(says in problem for problem in problems), problems
    return True


# -- ranks ----------------------------------------------------------------------------------


def ranked(comparison, own, others, **more):
    """The verdict on who is first of these."""
    rows = [figure(f"A{i}", value, **more) for i, value in enumerate((own, *others))]
    rank = {"of": "A0", "among": [row.id for row in rows[1:]]}
    return judged(claim(comparison, {"unit": "all"}, {"rank": rank}), *rows)


few = st.lists(st.integers(-9, 9), min_size=1, max_size=6)
steps = st.sampled_from(["", "rounded to 1", "rounded to 2", "rounded to 5"])


@given(st.integers(-9, 9), few, steps)
def test_the_lowest_is_the_highest_seen_in_a_mirror(own, others, note):
    """Of the same amounts with the other sign."""
    lowest = ranked("lowest of", own, others, note=note)
    assert lowest == ranked("highest of", -own, [-other for other in others], note=note)


@given(st.integers(-9, 9), few)
def test_the_first_is_alone_in_front_and_a_tie_cannot_be_told(own, others):
    """Said of exact amounts, from either end."""
    expected = CANNOT_BE_TOLD if own == max(others) else Judged("not supported", true=False)
    assert ranked("highest of", own, others) == (SUPPORTED if own > max(others) else expected)
    expected = CANNOT_BE_TOLD if own == min(others) else Judged("not supported", true=False)
    assert ranked("lowest of", own, others) == (SUPPORTED if own < min(others) else expected)


def test_nine_hundred_is_not_the_lowest_of_three():
    """And a tie is told as one, not as 1.0 times the next."""
    assert ranked("lowest of", 900, [10, 20]).true is False
    assert ranked("lowest of", 5, [10, 20]) == SUPPORTED
    rows = figure("A", 10, period="2015"), figure("B", 10, period="2015")
    said = claim("highest of", {}, {"rank": {"of": "A", "among": "B"}})
    value = value_of(said.computed[0].from_[0], {row.id: row for row in rows})
    assert "place 1 to 2 (2015)" in says(said, [value], judge(said, value))


def test_the_lowest_is_told_as_the_lowest():
    """In words too."""
    rows = figure("A", 5, period="2015"), figure("B", 10), figure("C", 20)
    said = claim("lowest of", {}, {"rank": {"of": "A", "among": ["B", "C"]}})
    value = value_of(said.computed[0].from_[0], {row.id: row for row in rows}, lowest=True)
    assert says(said, [value], judge(said, value)) == (
        "2015: the lowest each time, at 0.5 times the next"
    )


# -- relative changes -----------------------------------------------------------------------

HUNDRED = figure("A", 100, period="2015")
HALF_AS_MANY_AGAIN = figure("B", 150, period="2016")
BY_HALF = {"change": {"from": "A", "to": "B", "relative": True}}


@pytest.mark.parametrize("unit", [{}, {"unit": "%"}, {"unit": "people"}])
def test_a_relative_change_is_stated_per_hundred_and_of_nobody_else(unit):
    """From 100 to 150 is 50 per cent, of the first."""
    stated = {"value": 50, "per": 100, **unit}
    assert judged(claim("is", stated, BY_HALF), HUNDRED, HALF_AS_MANY_AGAIN) == SUPPORTED


@pytest.mark.parametrize(
    "stated",
    [
        {"value": 50, "unit": "%"},
        {"value": 50, "unit": "people"},
        {"value": 50, "per": 1000, "denominator": "people"},
        {"value": 50, "per": 100, "denominator": "arrests"},
    ],
)
def test_a_relative_change_in_any_other_unit_is_refused(stated):
    """It once was told as a hundred times less."""
    said = claim("is", stated, BY_HALF)
    assert refused(said, HUNDRED, HALF_AS_MANY_AGAIN, says="state value and per: 100")


def test_a_relative_change_of_something_else_than_was_said_is_refused():
    """The unit, where one is given, is that of the figures."""
    said = claim("is", {"value": 50, "per": 100, "unit": "beds"}, BY_HALF)
    assert refused(said, HUNDRED, HALF_AS_MANY_AGAIN, says="'beds'")


def test_per_hundred_of_nobody_is_only_a_relative_change():
    """A share needs its denominator as before."""
    said = claim("is", {"value": 50, "per": 100}, {"figure": "A"})
    assert refused(said, figure("A", 50, "% of arrests"), says="needs its denominator")
    said = claim("is", {"value": 50, "per": 100}, {"ratio": {"of": "A", "to": "B"}})
    assert refused(said, HUNDRED, HALF_AS_MANY_AGAIN, says="needs its denominator")


def test_the_difference_of_two_percentages_is_points_and_not_per_cent():
    """From 40 % to 45 % is 5 points, and an eighth more."""
    rows = figure("A", 40, "% of cases"), figure("B", 45, "% of cases")
    change = {"change": {"from": "A", "to": "B"}}
    stated = {"value": 5, "per": 100, "denominator": "cases"}
    assert refused(claim("is", stated, change), *rows, says="unit: points")
    said = claim("is", stated | {"unit": "points"}, change)
    assert judged(said, *rows) == SUPPORTED
    value = value_of(said.computed[0].from_[0], {row.id: row for row in rows})
    assert says(said, [value], SUPPORTED).startswith("5 points")
    share = claim("is", stated | {"unit": "points"}, {"figure": "A"})
    assert refused(share, *rows, says="points")
    by_an_eighth = {"change": {"from": "A", "to": "B", "relative": True}}
    assert judged(claim("is", {"value": 12.5, "per": 100}, by_an_eighth), *rows) == SUPPORTED


# -- whose rate -----------------------------------------------------------------------------

UNITS = (
    "people",
    "US dollars",
    "arrests",
    "% of arrests",
    "% of convictions",
    "%",
    "per 100,000",
    "per 100,000 residents, all ages",
    "per 100,000 residents aged 15-64",
    "per 1,000 residents aged 15-64",
    "deaths per 100,000 residents, all ages",
)
units = st.sampled_from(UNITS)


@given(units, units)
def test_only_what_is_of_one_unit_is_added_ranked_or_compared(one, other):
    """200 US dollars are not twice 100 people, nor 91 % of arrests above 80 % of convictions."""
    a, b = figure("A", 200, one), figure("B", 100, other)
    alike = one == other
    times = claim("higher than", {}, {"times": {"of": {"figure": "A"}, "to": {"figure": "B"}}})
    assert (told(times, a, b) == []) == alike
    rank = claim("highest of", {}, {"rank": {"of": "A", "among": "B"}})
    assert (told(rank, a, b) == []) == alike
    rose = claim("rose", {}, {"change": {"from": "A", "to": "B"}})
    assert (told(rose, a, b) == []) == alike
    c = figure("C", 1000, "residents")
    share = {"ratio": {"of": ["A", "B"], "to": "C"}}
    said = claim("is", {"value": 1, "per": 100, "denominator": "residents"}, share)
    assert (told(said, a, b, c) == []) == (alike and not is_rate(one))


def is_rate(unit):
    """Whether it is per so many."""
    return "%" in unit or "per " in unit


@given(units, units, units, units)
def test_two_ratios_are_compared_if_above_and_below_are_alike(of, of_base, to, to_base):
    """Dollars per resident are not so many times people per resident."""
    rows = [figure(k, 1, u) for k, u in zip("ABCD", (of, of_base, to, to_base), strict=True)]
    sides = {"of": {"ratio": {"of": "A", "to": "B"}}, "to": {"ratio": {"of": "C", "to": "D"}}}
    sound = told(claim("higher than", {}, {"times": sides}), *rows) == []
    numbers = not is_rate(of) and not is_rate(of_base)
    assert sound == (of == to and of_base == to_base and (numbers or of == of_base))


def test_a_figure_and_a_ratio_are_not_compared():
    """Nobody can tell whether they are of a kind."""
    rows = figure("A", 1, "% of people"), figure("B", 1), figure("C", 2)
    times = {"of": {"figure": "A"}, "to": {"ratio": {"of": "B", "to": "C"}}}
    assert refused(claim("higher than", {}, {"times": times}), *rows, says="both as ratios")


@pytest.mark.parametrize(
    ("comparison", "stated", "of", "verdict", "true"),
    [
        ("higher than", {"value": 2}, 200, "supported", True),
        ("higher than", {"value": 2, "inferred": "much"}, 200, "supported", True),
        ("higher than", {"value": 2}, 199, "overstated", False),
        ("higher than", {"value": 2}, 400, "understated", True),
        ("higher than", {"value": 2, "inferred": "much"}, 400, "supported", True),
        ("higher than", {}, 100, "not supported", False),
        ("higher than", {}, 101, "supported", True),
        ("higher than", {}, 900, "supported", True),
        ("higher than", {"value": 1}, 900, "supported", True),
        ("lower than", {"value": 2}, 50, "supported", True),
        ("lower than", {"value": 2}, 51, "overstated", False),
        ("lower than", {}, 0, "supported", True),
        ("lower than", {}, 100, "not supported", False),
    ],
)
def test_exactly_twice_is_twice_and_once_is_not_higher(comparison, stated, of, verdict, true):
    """Of so many people against 100."""
    times = {"times": {"of": {"figure": "A"}, "to": {"figure": "B"}}}
    said = claim(comparison, stated, times)
    assert judged(said, figure("A", of), figure("B", 100)) == Judged(verdict, true=true)


def test_missing_people_are_of_the_unit_of_those_they_may_belong_to():
    """833 dollars bound nothing, nor do fewer than none."""
    rows = [figure(key, value) for key, value in zip("ABCD", (30, 100, 10, 100), strict=True)]
    sides = {"of": {"ratio": {"of": "A", "to": "B"}}, "to": {"ratio": {"of": "C", "to": "D"}}}
    said = claim("higher than", {}, {"times": {**sides, "missing": "M"}})
    assert judged(said, *rows, figure("M", 5)) == SUPPORTED
    assert refused(said, *rows, figure("M", 5, "US dollars"), says="not of a kind")
    assert refused(said, *rows, figure("M", -5), says="below nought")


@given(units.filter(is_rate), units)
def test_a_rate_is_judged_by_rates_of_whom_it_was_said_and_no_other(said_of, unit):
    """The words of the denominator count, not only its ages."""
    whose = said_of.partition("% of " if "%" in said_of else "000")[2].strip() or "nobody"
    said = claim("is", {"value": 1, "per": 100, "denominator": whose}, {"figure": "A"})
    alike = "nobody" not in whose and unit.endswith(whose) and unit not in {"arrests", "people"}
    assert (told(said, figure("A", 1, unit)) == []) == alike


def test_ninety_one_per_cent_of_arrests_is_not_of_convictions():
    """Nor is a ratio to convictions."""
    stated = {"value": 91, "per": 100, "denominator": "arrests"}
    said = claim("is", stated, {"figure": "A"})
    assert refused(said, figure("A", 91, "% of convictions"), says="convictions")
    assert judged(said, figure("A", 91, "% of arrests")) == SUPPORTED
    said = claim("is", stated, {"ratio": {"of": "A", "to": "B"}})
    cases, arrests = figure("A", 91, "cases"), figure("B", 100, "arrests")
    assert judged(said, cases, arrests) == SUPPORTED
    assert refused(said, cases, replace(arrests, unit="convictions"), says="convictions")


def test_who_is_counted_is_compared_as_well_as_who_is_below_the_line():
    """A share of cases is not one of dollars."""
    stated = {"value": 91, "per": 100, "unit": "cases", "denominator": "arrests"}
    said = claim("is", stated, {"ratio": {"of": "A", "to": "B"}})
    rows = figure("A", 91, "US dollars"), figure("B", 100, "arrests")
    assert refused(said, *rows, says="'US dollars'")
    said = claim("is", stated | {"per": 100000, "denominator": "residents"}, {"figure": "A"})
    assert refused(said, figure("A", 91, "deaths per 100,000 residents"), says="'deaths'")


def test_denominators_are_alike_in_other_words_for_the_same_ages():
    """But not with other people in them."""
    assert whom("residents of all ages") == whom("residents, all ages")
    assert whom("residents aged 15–64") == whom("Residents ages 15 to 64")
    assert whom("residents aged 15-64") != whom("Black residents aged 15-64")
    assert whom("residents aged 15-64") != whom("residents aged 18-64")
    assert whom("arrests") != whom("arrests of adults")


def test_a_figure_counted_twice_is_refused():
    """Twice the same jail is not two jails."""
    said = claim("is", {"value": 2, "per": 100, "denominator": "arrests"},
                 {"ratio": {"of": ["A", "A"], "to": "B"}})  # fmt: skip
    assert refused(said, figure("A", 1), figure("B", 100, "arrests"), says="stands 2 times")


# -- what a text says -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("rounded to 10", 5),
        ("rounded to 1,000", 500),
        ("rounded to 100,000; other words", 50_000),
        ("rounded to the nearest 100", 50),
        ("rounded to the nearest hundred", 50),
        ("rounded to thousands", 500),
        ("rounded to 1 million", 500_000),
        ("rounded to 0.1", 0.05),
        ("rounded to 1 decimal", 0.05),
        ("rounded to one decimal", 0.05),
        ("rounded to 2 decimal places", 0.005),
        ("rounded to 0 decimals", 0.5),
        ("rounded to whole numbers", 0.5),
        ("rounded to 2 significant figures", 500),
        ("rounded to 10, in 2015", 5),
        ("rounded", 0),
        ("rounded to taste", 0),
    ],
)
def test_the_step_a_source_rounds_to_is_read_as_it_is_written(text, half):
    """Half of it to either side of 12,000."""
    assert figure("A", 12000, note=text).half == pytest.approx(half)
    assert figure("A", 12000, definition=text.capitalize()).half == pytest.approx(half)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("residents aged 15–64", "15–64"),
        ("per 100,000 residents aged 15-64", "15–64"),
        ("residents ages 15 to 64", "15–64"),
        ("resident population 15-64", "15–64"),
        ("children aged 5-17", "5–17"),
        ("residents, all ages", "all ages"),
        ("residents aged 18 or older", "18 or older"),
        ("residents 16 and over", "16 or older"),
        ("people held on 2015-12-31", None),
        ("people held on 31-12-15", None),
        ("population 2015-12-31", None),
        ("1 in 22-23 adults", None),
        ("held for 20 or over 30 days", None),
        ("stays of 10 to 20 days", None),
        ("arrests", None),
    ],
)
def test_ages_are_read_where_ages_are_meant(text, named):
    """A date is not an age, nor is one in 22 or 23."""
    assert ages(text) == named


# -- effects nobody detected ----------------------------------------------------------------


@given(
    st.sampled_from(["is", "is about", "more than", "at least", "less than", "at most"]),
    st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1e-6),
)
def test_an_effect_nobody_detected_bears_nothing_out_and_rules_nothing_out(comparison, value):
    """It is no effect of nought: “at most 50 more” may be so."""
    none = figure("A", 0, "no detectable effect")
    said = claim(comparison, {"value": value, "unit": "people"}, {"undetected": "A"})
    assert judged(said, none) == CANNOT_BE_TOLD


# -- ranges ---------------------------------------------------------------------------------

counts = st.integers(-50, 200)


@given(counts, counts.filter(lambda base: base > 5), steps, st.integers(1, 200), st.integers(6, 99))
def test_a_range_holds_its_value_whatever_its_sign(top, base, note, other, under):
    """Of a ratio, of a relative change, and of how many times."""
    row = {"A": figure("A", top, note=note), "B": figure("B", base, note=note),
           "C": figure("C", other), "D": figure("D", under)}  # fmt: skip
    readings = [
        {"ratio": {"of": "A", "to": "B"}},
        {"change": {"from": "B", "to": "A", "relative": True}},
        {"change": {"from": "B", "to": "A"}},
        {"times": {"of": {"ratio": {"of": "A", "to": "B"}},
                   "to": {"ratio": {"of": "C", "to": "D"}}}},
    ]  # fmt: skip
    for reading in readings:
        said = claim("is", {}, reading).computed[0].from_[0]
        value = value_of(said, row)
        assert value.low <= value.value <= value.high


@given(st.integers(1, 99), st.integers(1, 99))
def test_a_percentage_is_compared_as_it_is_printed(said, counted):
    """29 per cent is at least 29 per cent, and not more."""
    stated = {"value": said, "per": 100, "denominator": "arrests"}
    row = figure("A", counted, "% of arrests")
    truths = {
        "more than": counted > said,
        "at least": counted >= said,
        "less than": counted < said,
        "at most": counted <= said,
    }
    for comparison, true in truths.items():
        assert judged(claim(comparison, stated, {"figure": "A"}), row).true is true


@given(st.integers(1, 999), st.integers(1, 99), st.integers(1, 40))
def test_a_change_that_rounding_may_undo_to_nought_is_no_rise_for_sure(first, more, step):
    """In rates as in numbers: 290 to 300, each rounded to 10, may be no rise."""
    unit = "per 100,000 residents, all ages"
    rows = [figure(key, value, unit, note=f"rounded to {step}")
            for key, value in (("A", first), ("B", first + more))]  # fmt: skip
    said = claim("rose", {}, {"change": {"from": "A", "to": "B"}})
    assert judged(said, *rows) == (SUPPORTED if more > step else CANNOT_BE_TOLD)
    rank = claim("highest of", {}, {"rank": {"of": "B", "among": "A"}})
    assert judged(rank, *rows) == (SUPPORTED if more > step else CANNOT_BE_TOLD)


# -- a user's files -------------------------------------------------------------------------


def from_file(stated, **spec):
    """A claim that a file of the user may answer as well as a figure of the right kind."""
    spec = {"source": "incarceration-trends-state", "year": 2015, "of": "jail_population"} | spec
    reading = {"undetected": "A"}
    said = claim("is", stated, reading, from_file=[spec])
    return said, figure("A", 0, "no detectable effect")


WORKING_AGE = {"value": 1, "per": 1000, "denominator": "residents aged 15–64"}


@pytest.mark.parametrize(
    ("stated", "spec", "says"),
    [
        (WORKING_AGE, {"to": "population"}, "residents of all ages"),
        (WORKING_AGE, {"source": "bjs-2016", "of": "incarceration_rate_all_ages", "per": 100000},
         "residents of all ages"),
        (WORKING_AGE, {"source": "bjs-2016", "of": "incarceration_rate_adults", "per": 100000},
         "residents aged 18 or older"),
        (WORKING_AGE | {"denominator": "residents of all ages"}, {"to": "population_15_64"},
         "residents aged 15–64"),
        ({"value": 1, "per": 100, "denominator": "arrests"},
         {"source": "philadelphia-dao", "of": "cases_charged", "to": "cases_resolved"},
         "cases resolved"),
        (WORKING_AGE, {"to": "populatoin_15_64"}, "did you mean 'population_15_64'?"),
        (WORKING_AGE, {"to": "population_15_64", "of": "jail_populatoin"},
         "did you mean 'jail_population'?"),
        (WORKING_AGE, {"to": "population_15_64", "source": "incarceration-trends-stat"},
         "did you mean 'incarceration-trends-state'?"),
        (WORKING_AGE, {"to": "population_15_64", "source": "nyc-census", "of": "people"},
         "nyc-census"),
        (WORKING_AGE, {"to": "population_15_64", "of": ["jail_population", "jail_population"]},
         "stands 2 times"),
        (WORKING_AGE, {}, "a rate where a number was said, or the reverse"),
        ({"value": 1, "unit": "people"}, {"to": "population"},
         "a rate where a number was said, or the reverse"),
        ({"value": 1, "per": 100}, {}, "relative change"),
    ],
)  # fmt: skip
def test_a_file_is_not_asked_for_what_was_not_said(stated, spec, says):
    """The people of what was said, by measures that the source has."""
    said, none = from_file(stated, **spec)
    assert refused(said, none, says=says)


@pytest.mark.parametrize(
    ("stated", "spec"),
    [
        (WORKING_AGE, {"to": "population_15_64"}),
        (WORKING_AGE | {"denominator": "residents, all ages"}, {"to": "population"}),
        (WORKING_AGE | {"denominator": "residents of all ages"},
         {"source": "bjs-2016", "of": "correctional_rate_all_ages", "per": 100000}),
        ({"value": 1, "per": 100, "denominator": "arrests"},
         {"source": "philadelphia-dao", "of": "cases_charged", "to": "arrests"}),
        ({"value": 1, "unit": "people"}, {}),
    ],
)  # fmt: skip
def test_a_file_is_asked_for_what_was_said(stated, spec):
    """Nothing is wrong with these."""
    said, none = from_file(stated, **spec)
    assert told(said, none) == []
