"""A county too small for a ratio: why, the pooled range, and that it tells no hidden count."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.outcomes.measured import Asked, measured, period
from remand.outcomes.pooled import Evidence, Wider, basis, evidence, part, pooled
from remand.outcomes.population import comparison, residents_in
from remand.outcomes.suppression import SMALL

NATION = Wider(3.0, 3.0, "a nation")
RESIDENTS = {"Black": 1_000.0, "white": 9_000.0}


def county(build, held, residents=None, kind="jail", **more):
    """A steady place of so many people of each race."""
    rows = [{"value": n / 10, "where": {"race": race}} for race, n in held.items()]
    people = [{"value": n, "where": {"race": race}} for race, n in (residents or RESIDENTS).items()]
    return build.model(
        {"jail": build.state(build.fixed(10), kind=kind)},
        {"jail": {"unit": "people per day", "rate": rows}},
        strata={"race": list(held)},
        tonight="steady",
        residents={"unit": "residents aged 15–64", "axes": "race", "people": people},
        disparity={"axis": "race", "of": "Black", "to": "white"},
        **more,
    )


def plans(build):
    """Two that change nothing."""
    return [build.platform(name="a"), build.platform(name="b")]


def rows_of(build, spec, quantity, **more):
    """Rows of one quantity over February 2021."""
    run = rm.compare(spec, plans(build), until=build.day(28), **more)
    assert "population" in run.differences["quantity"].to_list()
    assert "disparity_pooled" not in run.differences["quantity"].to_list()
    return run.series.filter(
        (pl.col("quantity") == quantity) & (pl.col("scenario") == run.scenarios[0].name)
    ).to_dicts()


def test_a_county_of_twenty_beds_gets_no_ratio_a_reason_and_a_pooled_range(build):
    """Five of its twenty people are Black: the nation's 3.26, within a factor of 3, moved a little
    by "fewer than ten of twenty"."""
    spec = county(build, {"Black": 5.0, "white": 15.0})
    (ratio,) = rows_of(build, spec, "disparity_ratio")
    assert ratio["suppressed"]
    assert ratio["mean"] is None
    (row,) = rows_of(build, spec, "disparity_pooled")
    assert (row["mean"], row["sd"], row["q50"], row["suppressed"]) == (None, None, None, False)
    assert 1.0 <= row["q05"] < 3.26 < row["q95"] <= 9.8
    assert "not this county's ratio" in row["band"]
    assert "fewer than 30 people of one of the two are held" in row["basis"]
    assert "Bureau of Justice Statistics" in row["basis"]
    assert "an assumption range" in row["basis"]
    assert "is the county's own figures" in row["basis"]


@pytest.mark.parametrize("engine", ["exact", "sampled"])
def test_both_engines_give_a_pooled_range(build, engine):
    """Twelve of fifty: shown counts, so the range leans on them; the sampled engine's a little
    elsewhere, by the mean of its replicates."""
    spec = county(build, {"Black": 12.0, "white": 38.0})
    (row,) = rows_of(build, spec, "disparity_pooled", engine=engine, replicates=50)
    assert 1.0 < row["q05"] < 12 / 38 * 9 < row["q95"] < 6
    assert "parts in 10 of it is the county's own" in row["basis"]


@pytest.mark.parametrize(
    ("held", "kind"),
    [({"Black": 40.0, "white": 60.0}, "jail"), ({"Black": 5.0, "white": 15.0}, "prison"),
     ({"Black": 0.0, "white": 0.0}, "jail")],
)  # fmt: skip
def test_no_range_is_pooled_where_there_is_a_ratio_or_nobody_or_nothing_wider(build, held, kind):
    """Forty and sixty have a ratio of their own; the nation's figures are of jails."""
    assert rows_of(build, county(build, held, kind=kind), "disparity_pooled") == []


def test_levels_that_no_wider_population_is_on_file_for_get_none(build):
    """Black to Asian: the data file has no such pair."""
    spec = county(build, {"Black": 5.0, "Asian": 15.0}, {"Black": 1_000.0, "Asian": 500.0})
    disparity = spec.disparity.replace(to="Asian")
    assert rows_of(build, spec.replace(disparity=disparity), "disparity_pooled") == []


# -- the range -------------------------------------------------------------------------------


def test_without_figures_of_its_own_it_is_the_wider_population():
    """3 ÷ 3 and 3 × 3, and none of it the county's."""
    low, high, own = pooled(Evidence(), 0.2, NATION)
    assert (low, high) == (pytest.approx(1, rel=1e-4), pytest.approx(9, rel=1e-4))
    assert own == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("top", "bottom"), [(20, 25), (25, 200), (400, 500)])
def test_it_is_near_the_precision_weighted_mean_of_logarithms(top, bottom):
    """Both normal: weights 1/τ² and 1/(1/top + 1/bottom), for counts that are not tiny."""
    odds = 0.25
    low, high, own = pooled(Evidence(top, bottom), odds, NATION)
    tau, chance = (np.log(3) / 1.645) ** 2, 1 / top + 1 / bottom
    weight = tau / (tau + chance)
    middle = weight * np.log(top / bottom / odds) + (1 - weight) * np.log(3)
    half = 1.645 * np.sqrt(tau * (1 - weight))
    assert np.log([low, high]) == pytest.approx([middle - half, middle + half], abs=0.05)
    assert own == pytest.approx(weight, abs=0.02)


def test_more_people_make_it_narrower_and_more_the_county_s_own():
    """From ten and ten to forty and forty, of as many residents: towards a ratio of 1."""
    found = [pooled(Evidence(n, n), 1.0, NATION) for n in (0, 10, 20, 40)]
    assert all(np.diff([np.log(r.high / r.low) for r in found]) < 0)
    assert all(np.diff([r.own for r in found]) > 0)
    assert all(np.diff([abs(np.log(r.low * r.high)) for r in found]) < 0)


def test_its_part_is_told_in_words_and_never_as_a_ratio():
    """No figure of the county stands in the text."""
    assert part(1 / 9) == "one part in nine of it"
    said = basis("Black", "white", 1 / 9, NATION, "not_listed")
    assert "one part in nine of it is the county's own figures" in said
    assert "those whose level is not listed left out" in said


# -- nothing hidden is told ------------------------------------------------------------------


def told(levels):
    """What may be told of the first two levels after a total."""
    return evidence(np.array([sum(levels), *levels], float), 1, 2)


def test_every_hidden_count_gives_the_same_range_as_every_other():
    """For every total of two levels: whichever of 1 … 9 is hidden, what is told is the same."""
    for people in range(2, 90):
        for flip in (False, True):
            cells = [(x, people - x) for x in range(1, min(int(SMALL), people))]
            cells = [c for c in cells if people >= 19 or min(c) < SMALL]
            same = {told(c[::-1] if flip else c) for c in cells}
            assert len(same) == 1, people


def test_nothing_is_told_where_a_third_level_is_hidden_too():
    """Its people would come out as the rest of a total."""
    for other in range(1, 10):
        for top in range(1, 10):
            assert told((top, 40 - top, other)) == Evidence()


def test_shown_counts_enter_in_round_fives():
    """Ten and more people of both: a single person seldom moves the range."""
    assert told((11, 24)) == told((12, 27)) == Evidence(10, 25)
    assert {told((n, 40)) for n in range(10, 30)} == {Evidence(n, 40) for n in (10, 15, 20, 25, 30)}


@pytest.mark.parametrize("draws", [0, 20])
def test_records_that_differ_by_a_hidden_person_have_the_same_rows(build, draws):
    """Three or nine Black people of twenty, by any period: the pooled rows are the same text, with
    and without intervals."""
    texts = []
    for black in (3, 9):
        race = ["Black"] * black + ["white"] * (20 - black)
        held = build.records(range(20), [0] * 20, [-1] * 20, 90, race=race)
        table = pl.DataFrame({"race": list(RESIDENTS), "people": list(RESIDENTS.values())})
        levels = {"race": ("Black", "white")}
        asked = Asked(
            quantities=("disparity_ratio", "disparity_difference", "disparity_pooled"),
            residents=residents_in(table, "p.csv", "adults", levels),
            disparity=comparison("race=Black:white", levels, "not recorded"),
            draws=draws,
        )
        frames = [measured(held, period(held, None, None, every), asked)
                  for every in (None, "month", "week")]  # fmt: skip
        found = pl.concat(frames)
        assert len(found.filter(pl.col("q05").is_not_null())) == len(found) / 3
        texts.append(json.dumps(found.to_dicts(), default=str))
    assert texts[0] == texts[1]


def test_compare_says_so_in_place_of_a_bare_word(build):
    """One line under the table, for both plans at once since they lean on the same."""
    from remand.present.words import notes

    spec = county(build, {"Black": 5.0, "white": 15.0})
    run = rm.compare(spec, plans(build), until=build.day(28))
    (line,) = [line for line in notes(run) if "pooled range" in line]
    assert line.startswith("Ratio withheld: ")
    assert "(a)" in line
    assert "(b)" in line
    assert "not this county's ratio" in line
