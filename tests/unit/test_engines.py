"""One question, two engines: which runs, and that figures and differences mean the same."""

from __future__ import annotations

import csv
import datetime as dt

import numpy as np
import polars as pl
import pytest

import remand as rm
from remand.errors import InputError, Refusal
from remand.outcomes.figures import OVERFLOW, QUANTITIES

DAYS = 56
"""All of February 2021 and most of March: two windows, each of 28 days."""
KEYS = ["date", "kind", "state", "race", "quantity", "unit"]
RESIDENTS = {"Black": 40_000.0, "white": 50_000.0}
BANDS = ("q025", "q05", "q10", "q50", "q90", "q95", "q975")


@pytest.fixture
def county(build):
    """Two states of one jail, then supervision, from which some come back; two races."""

    def rows(counts):
        return [{"value": n, "where": {"race": race}} for race, n in counts.items()]

    return build.model(
        {
            "pretrial": build.state(build.exponential(9), {"sentenced": 0.4, "watched": 0.6}),
            "sentenced": build.state(build.fixed(12), "watched"),
            "watched": build.state(
                build.exponential(20), {"pretrial": 0.2, "gone": 0.8}, kind="supervision"
            ),
        },
        {"pretrial": {"unit": "people per day", "rate": rows({"Black": 9.0, "white": 6.0})}},
        strata={"race": list(RESIDENTS)},
        tonight="steady",
        residents={"unit": "residents", "axes": "race", "people": rows(RESIDENTS)},
        disparity={"axis": "race", "of": "Black", "to": "white"},
        prices=[{"kind": "jail", "basis": "average", "value": 100.0, "unit": "USD per person-day"}],
    )


@pytest.fixture
def plans(build):
    """Half of the Black people stay away from step 20 on; or 40 people at most serve a sentence."""
    fewer = build.policy(
        {"admit": {"state": "pretrial", "scale": 0.5, "where": {"race": "Black"}}},
        starts=20, name="fewer",
    )  # fmt: skip
    full = {"state": "sentenced", "places": 40, "when_full": {"refuse": {"to": "watched"}}}
    return {
        "none": build.platform(name="none"),
        "fewer": build.platform(fewer, name="fewer"),
        "full": build.platform(build.policy({"capacity": full}, name="full"), name="full"),
    }


@pytest.fixture
def compare(build, county, plans):
    """A comparison of plans by name over the first 56 days."""

    def run(*names, **more):
        return rm.compare(county, [plans[name] for name in names], until=build.day(DAYS), **more)

    return run


# -- which engine ----------------------------------------------------------------------------------


def test_auto_is_exact_where_no_rule_couples_people(compare):
    """And says so."""
    assert compare("none", "fewer").meta["engine"] == "exact: no rule couples people"
    assert compare("none", "fewer", engine="exact").meta["engine"] == "exact: asked for"


def test_auto_samples_every_scenario_where_one_has_full_places(compare):
    """The plan without a limit is sampled too, so that differences are of pairs."""
    run = compare("none", "full", replicates=3, seed=5, quantities=["population"])
    assert run.meta["engine"] == (
        "sampled, 3 replicates, seed 5: policy 'full' holds 'sentenced' at 40 places"
    )
    assert set(run.series["band"]) == {"chance, 3 replicates"}
    assert "3 replicates" in run.meta["bands"]
    asked = compare("none", engine="sampled", replicates=3, quantities=["population"])
    assert asked.meta["engine"] == "sampled, 3 replicates, seed 0: asked for"


def test_the_exact_engine_refuses_full_places_with_its_reason(compare):
    """Who gets a place depends on who else is inside."""
    with pytest.raises(Refusal, match=r"full: policy 'full' holds 'sentenced'.*sampled engine"):
        compare("none", "full", engine="exact")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"engine": "exakt"}, "there is no engine 'exakt'. Fix: did you mean 'exact'"),
        ({"engine": "sampled", "replicates": 1}, "1 replicates show nothing.*Fix: give at least 2"),
        ({"quantities": ["refused"]}, "no scenario here has any figure of: refused. Fix: ask for"),
    ],
)
def test_what_no_engine_can_answer_is_told_with_its_fix(compare, asked, says):
    """An unknown engine, too few replicates, a quantity that only capped models have."""
    with pytest.raises(InputError, match=says):
        compare("none", **asked)


def test_only_a_sampled_run_is_named_by_its_chance(compare):
    """Another seed is another run if chance is drawn, and the same one if not."""
    few = {"quantities": ["population"], "replicates": 2}
    assert compare("none", seed=1, **few).identity == compare("none", seed=2, **few).identity
    drawn = [compare("none", seed=s, engine="sampled", **few) for s in (1, 1, 2)]
    assert drawn[0].identity == drawn[1].identity != drawn[2].identity
    assert drawn[0].series.equals(drawn[1].series)
    assert not drawn[0].series.equals(drawn[2].series)


# -- the same figures ------------------------------------------------------------------------------


@pytest.fixture
def both(compare):
    """One comparison by both engines, with 400 replicates."""
    by = ["state", "race"]
    return compare("none", "fewer", by=by, engine="exact"), compare(
        "none", "fewer", by=by, engine="sampled", replicates=400
    )


def test_sampled_figures_agree_with_exact_ones(both):
    """Every row of both frames stands in the other; means lie within 4.5 standard errors, for
    ratios too, whose formulas are one and the same."""
    exact, sampled = both
    for frame in ("series", "summary"):
        one, other = getattr(exact, frame), getattr(sampled, frame)
        assert one.columns == other.columns
        keys = ["scenario", *KEYS]
        joined = one.join(other, on=keys, nulls_equal=True, suffix="_drawn")
        assert len(joined) == len(one) == len(other)
        # no wing has a price here, and every ratio is on counts that carry it
        absent = {*OVERFLOW, "beds_needed", "wings", "disparity_pooled"}
        assert set(one["quantity"]) == set(QUANTITIES) - absent
        shown = joined.filter(pl.col("mean").is_not_null() & pl.col("mean_drawn").is_not_null())
        assert len(shown) > 0.9 * len(joined)
        error = shown["sd_drawn"].to_numpy() / np.sqrt(400)
        z = (shown["mean_drawn"] - shown["mean"]).to_numpy() / error
        assert np.abs(z).max() < 4.5, shown[int(np.abs(z).argmax())].to_dicts()


def test_sampled_spreads_agree_with_exact_ones(both):
    """Of 400 replicates an sd is known to 3.5 %, and the mean of all rows, which move together,
    to 1.5 % (its spread over 14 seeds); for counts, whose exact sd is no approximation."""
    exact, sampled = both
    counts = pl.col("quantity").is_in(["population", "admissions", "releases", "bed_days", "rate"])
    joined = exact.series.filter(counts, pl.col("sd") > 0).join(
        sampled.series, on=["scenario", *KEYS], nulls_equal=True, suffix="_drawn"
    )
    ratio = (joined["sd_drawn"] / joined["sd"]).drop_nulls().to_numpy()
    assert len(ratio) > 40
    assert np.abs(ratio - 1).max() < 0.16
    assert abs(ratio.mean() - 1) < 0.06


def test_the_whole_period_is_the_sum_of_its_windows(compare):
    """Of the same people: flows add up to the digit."""
    run = compare("none", engine="sampled", replicates=5, every="week")
    for quantity in ("admissions", "releases", "bed_days"):
        weeks = run.series.filter(quantity=quantity).group_by("kind").agg(pl.col("mean").sum())
        whole = run.summary.filter(quantity=quantity).select("kind", "mean")
        assert weeks.sort("kind").equals(whole.sort("kind")) or np.allclose(
            weeks.sort("kind")["mean"], whole.sort("kind")["mean"], rtol=1e-12
        )


def test_drawing_in_batches_changes_no_digit(compare, monkeypatch):
    """Long samples are drawn eight replicates at a time; 20 of them are the same 20."""
    more = {"engine": "sampled", "replicates": 20, "by": "race"}
    once = compare("none", "full", **more)
    monkeypatch.setattr("remand.runs.compare.AT_ONCE", 1)
    batched = compare("none", "full", **more)
    assert once.series.equals(batched.series)
    assert once.differences.equals(batched.differences)


# -- differences -----------------------------------------------------------------------------------


def test_a_swap_of_scenarios_negates_every_difference_exactly(compare):
    """In b − a as in a − b: means, sd, quantiles mirrored, and the chances sum to one."""
    more = {"by": "race", "engine": "sampled", "replicates": 37}
    one = compare("none", "fewer", **more).differences
    other = compare("fewer", "none", **more).differences
    assert one.select([*KEYS[:2], "race", "quantity"]).equals(
        other.select([*KEYS[:2], "race", "quantity"])
    )
    assert (one["mean"] + other["mean"]).drop_nulls().unique().to_list() == [0.0]
    assert one["sd"].equals(other["sd"])
    for name, mirrored in zip(BANDS, reversed(BANDS), strict=True):
        assert set((one[name] + other[mirrored]).drop_nulls()) == {0.0}
    assert set((one["p_a_less_b"] + other["p_a_less_b"]).drop_nulls()) == {1.0}


def test_differences_are_of_pairs_and_say_what_they_include(compare):
    """White people, whom the plan does not touch, differ in no replicate; the rest differ by far
    less than two draws of their own would."""
    run = compare("none", "fewer", by="race", engine="sampled", replicates=50)
    held = run.differences.filter(quantity="population", kind="jail")
    white = held.filter(race="white").row(0, named=True)
    assert (white["mean"], white["sd"], white["q025"], white["q975"]) == (0, 0, 0, 0)
    assert white["p_a_less_b"] == 0.5
    black = held.filter(race="Black").row(0, named=True)
    alone = run.summary.filter(quantity="population", kind="jail", race="Black")["sd"].to_list()
    assert 0 < black["sd"] < 0.8 * np.hypot(*alone)
    assert black["p_a_less_b"] == 0
    assert black["q05"] < black["mean"] < black["q95"]
    assert white["includes"] == black["includes"] == ["chance"]


def test_exact_differences_know_no_chance(compare):
    """Neither quantiles nor a probability; nothing is included."""
    frame = compare("none", "fewer").differences
    assert not set(BANDS) & set(frame.columns)
    assert frame["p_a_less_b"].null_count() == len(frame)
    assert frame["includes"].to_list() == [[]] * len(frame)


# -- full places -----------------------------------------------------------------------------------


def test_full_places_have_rows_of_their_own(compare):
    """Refused people and person-days over the limit, of the state held, for the plan alone."""
    run = compare("none", "full", replicates=20, by="race")
    rows = run.series.filter(pl.col("quantity").is_in(list(OVERFLOW)))
    assert set(rows["scenario"]) == {"full"}
    assert set(rows["state"]) == {"sentenced"}
    assert rows["race"].null_count() == len(rows)
    whole = {row["quantity"]: row for row in run.summary.iter_rows(named=True)
             if row["scenario"] == "full" and row["state"]}  # fmt: skip
    assert whole["refused"]["mean"] > 10
    assert whole["refused"]["q05"] < whole["refused"]["mean"] < whole["refused"]["q95"]
    assert whole["early_releases"]["mean"] == 0
    assert whole["over_capacity"]["unit"] == "person-days"
    assert not set(run.differences["quantity"]) & set(OVERFLOW)


# -- the command line ------------------------------------------------------------------------------


def test_simulate_has_the_shape_of_compare(place, remand):
    """One scenario with bands from replicates, as JSON, and a table that says which engine ran."""
    import json

    few = ("--to", "2020-04-01", "--replicates", "4", "--seed", "3")
    code, out, err = remand("simulate", place.model, place.platform, *few, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert [s["name"] for s in answer["scenarios"]] == ["plan"]
    assert answer["differences"] == []
    assert {row["band"] for row in answer["scenarios"][0]["series"] if "band" in row} == {
        "chance, 4 replicates"
    }
    code, out, _ = remand("simulate", place.model, *few)
    assert code == 0
    assert "Engine: sampled, 4 replicates, seed 3: asked for." in out


def test_compare_says_under_its_table_which_engine_ran_and_why(place, texts, remand):
    """With a limit in the platform: sampled, and what it led to."""
    capacity = "capacity: {state: jail, places: 9, when_full: {refuse: {to: gone}}}"
    place.write(platform=texts["platform"].replace("dwell: {state: jail, scale: 0.9}", capacity))
    asked = ("compare", place.model, place.platform, "--to", "2020-09-01", "--replicates", "4")
    code, out, _ = remand(*asked)
    said = " ".join(out.split())
    assert code == 0
    assert "Engine: sampled, 4 replicates, seed 0: policy 'shorter-stays' holds 'jail'" in said
    assert "plan, jail: 0 people discharged early" in said
    code, out, _ = remand("compare", place.model, "plan", "--engine", "exact")
    assert code == 2


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_histories_are_the_people_whom_simulate_counts(suffix, place, remand, tmp_path):
    """One row an event, marked synthetic; arrivals are the admissions of the first replicate."""
    path = tmp_path / f"lives.{suffix}"
    asked = ("--to", "2020-04-01", "--replicates", "2", "--histories", path)
    code, _, err = remand("simulate", place.model, *asked)
    assert (code, err) == (0, "")
    lives = pl.read_parquet(path) if suffix == "parquet" else pl.read_csv(path)
    assert lives.columns == ["person", "date", "from", "to", "race", "charge", "synthetic"]
    assert lives["synthetic"].all()
    assert lives["person"].is_sorted()
    assert set(lives["race"]) == {"Black", "white"}
    assert set(lives["from"].drop_nulls()) >= {"outside", "booking", "jail"}
    assert set(lives["to"]) >= {"booking", "jail", "gone"}
    arrived = [str(day) for day in lives.filter(pl.col("from") == "outside")["date"]]
    assert min(arrived) >= "2020-01-01"
    assert max(arrived) < "2020-04-01"


def test_histories_count_the_same_people(build, county):
    """Arrivals and returns to the jail in replicate 0 and 1, averaged, are its admissions."""
    until = build.day(30)
    run = rm.simulate(county, until=until, replicates=2, seed=9, quantities=["admissions"])
    admitted = [
        len(rm.histories(county, until=until, seed=9, replicate=r).filter(
            pl.col("from").is_in(["outside", "watched"]) & (pl.col("to") == "pretrial")
        ))
        for r in (0, 1)
    ]  # fmt: skip
    counted = run.summary.filter(kind="jail")["mean"].item()
    assert counted == np.mean(admitted)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lives.docx", "--histories cannot write '.docx'. Fix: end it in .csv or .parquet"),
        ("nowhere/lives.csv", "cannot be written: No such file or directory. Fix: give another"),
    ],
)
def test_a_histories_file_that_cannot_be_is_told_with_its_fix(name, says, place, remand):
    """Before any figure is worked out; nothing on stdout."""
    asked = ("--to", "2020-02-01", "--replicates", "2", "--histories", name)
    code, out, err = remand("simulate", place.model, *asked)
    assert (code, out) == (2, "")
    assert says in err


def test_a_csv_of_histories_has_a_header_and_dates(place, remand, tmp_path):
    """ISO dates; people inside at the start come from nowhere known, before it."""
    path = tmp_path / "lives.csv"
    remand("simulate", place.model, "--to", "2020-02-01", "--replicates", "2", "--histories", path)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    arrived = next(row for row in rows if row["from"] == "outside")
    assert arrived["date"].startswith("2020-01-")
    assert arrived["synthetic"] == "true"
    found = next(row for row in rows if not row["from"])
    assert found["date"] < "2020-01-01"


def test_six_years_from_a_leap_day_end_on_the_first_of_march(build):
    """There is no 29 February six years on."""
    from remand.cli.compare import last_day

    spec = build.one_state(build.fixed(2), clock={"start": dt.date(2020, 2, 29)})
    assert last_day(spec, None) == dt.date(2026, 3, 1)
