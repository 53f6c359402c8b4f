"""Draws of a fit, put into its model: what they change, what they keep, what they refuse."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from remand.engine.compile import compile_model
from remand.engine.expected import solve
from remand.errors import InputError
from remand.files import load_model, read_draws, read_model, write
from remand.files.folder import write_folder
from remand.fitting.document import folder
from remand.fitting.drawn import FitDraws
from remand.fitting.drift import drift, shocks
from remand.fitting.fit import fit
from remand.fitting.monthly import Months, fit_months
from remand.fitting.pace import Calendar
from remand.model.uncertain import Uncertain, places_of
from remand.model.values import Drift

DAYS, DRAWS = 900, 60


@pytest.fixture(scope="module")
def jail(build):
    """Two statuses, two races and nine people of a third, two exits; some come back."""
    rng = np.random.default_rng(8)
    n = 5000
    person, into = rng.integers(0, 3500, n), np.sort(rng.integers(-300, DAYS, n))
    status = np.where(rng.random(n) < 0.7, "Held for trial", "Sentenced")
    race = np.where(person % 5 < 3, "Black", "white").astype(object)
    race[person < 9] = "other"
    stay = rng.geometric(np.where(status == "Sentenced", 1 / 60, 1 / 20)) - 1
    out = np.where(into + stay < DAYS, into + stay, -1)
    kept = into + stay >= 0
    way = np.where(rng.random(n) < 0.4, "dismissed", "bail")
    reason = np.where(out < 0, "not recorded", way)
    return build.records(
        person[kept], into[kept], out[kept], DAYS, status=status[kept], race=race[kept],
        release_reason=reason[kept],
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(jail):
    """The jail fitted by race."""
    return folder(fit(jail, ["race"], draws=DRAWS), "jail", "Jail")


@pytest.fixture(scope="module")
def drawn(found):
    """Its draws."""
    return FitDraws.of(found.model, found.draws)


def rows_of(model):
    """Every row of every joint table, by state."""
    return {name: state.dwell[0].rows for name, state in model.states.items()}


def shares(model, state):
    """Shares of a state by group and exit."""
    by = {}
    for row in rows_of(model)[state]:
        key = (row.where.get("race", ("",))[0], row.exit)
        by[key] = by.get(key, 0.0) + row.probability
    return by


def test_the_laws_of_every_draw_sum_to_one(drawn):
    """Exits of each group, and stays of each exit; the stays are those that the fit has."""
    for i in range(drawn.count):
        for rows in rows_of(drawn.model(i)).values():
            total = {}
            for row in rows:
                total[row.where] = total.get(row.where, 0.0) + row.probability
                assert abs(sum(row.law.chances) - 1) < 1e-12
            assert max(abs(t - 1) for t in total.values()) < 1e-12


def test_the_mean_over_draws_is_near_the_point(drawn, found):
    """Rates, exits and mean stays, each within five errors of the mean (and what tables round)."""
    models = [drawn.model(i) for i in range(drawn.count)]
    rates = np.array([[r.value for r in m.arrivals["sentenced"].rate] for m in models])
    point = np.array([r.value for r in found.model.arrivals["sentenced"].rate])
    assert (np.abs(rates.mean(axis=0) - point) <= 5 * rates.std(axis=0) / DRAWS**0.5 + 1e-9).all()
    for state in found.model.states:
        fitted = shares(found.model, state)
        for key, share in fitted.items():
            own = np.array([shares(m, state)[key] for m in models])
            assert abs(own.mean() - share) <= 5 * own.std() / DRAWS**0.5 + 1e-3, (state, key)


def test_a_drawn_law_has_the_mass_of_its_draw_by_exit(drawn, found):
    """The share of an exit is the sum of its bands in the frame of draws."""
    frame = found.draws.with_columns(pl.col(pl.Categorical).cast(pl.String))
    own = frame.filter(
        pl.col("draw") == 7, pl.col("state") == "sentenced", pl.col("parameter") == "stays",
        pl.col("race") == "Black", pl.col("exit") == "bail",
    )  # fmt: skip
    assert shares(drawn.model(7), "sentenced")["Black", "bail"] == pytest.approx(
        own["value"].sum(), abs=1e-5
    )


def test_mean_stays_of_draws_span_the_interval_the_fit_tells(drawn, found):
    """The middle 90 % of drawn mean stays against that of parameters.csv, within a tenth."""
    means = []
    for i in range(drawn.count):
        rows = [
            r for r in rows_of(drawn.model(i))["sentenced"] if r.where.get("race") == ("Black",)
        ]
        means.append(sum(r.probability * r.law.mean_steps(1.0, "exact") for r in rows))
    told = found.parameters.filter(
        pl.col("parameter") == "stay_mean",
        pl.col("state") == "sentenced",
        pl.col("race") == "Black",
    )
    low, high = np.quantile(means, [0.05, 0.95])
    wide = told["q95"][0] - told["q05"][0]
    assert abs(low - told["q05"][0]) < 0.15 * wide
    assert abs(high - told["q95"][0]) < 0.15 * wide


def test_a_draw_is_the_same_however_many_are_read(drawn, found):
    """The first ten alone give the same tenth; there is no draw beyond the last."""
    few = FitDraws.of(found.model, found.draws.filter(pl.col("draw") < 10))
    assert few.count == 10
    assert few.model(9) == drawn.model(9)
    assert few.model(9) != few.model(8)
    with pytest.raises(IndexError):
        few.model(10)


def test_a_draw_leaves_the_fitted_model_and_the_people_inside_as_they_are(drawn, found):
    """Nothing of the base changes, and what is not drawn is shared with it."""
    drawn.model(3)
    assert drawn.base == found.model
    assert drawn.model(3).tonight is drawn.base.tonight
    assert drawn.model(3).clock is drawn.base.clock


def test_a_drawn_model_runs(drawn):
    """Its path is near that of the fit, and not the same."""
    until = drawn.base.clock.start + dt.timedelta(90)
    fitted, other = (solve(compile_model(m, until)).census for m in (drawn.base, drawn.model(0)))
    total = other[:, :2].sum() / fitted[:, :2].sum()
    assert total != 1
    assert abs(total - 1) < 0.2


def test_growth_takes_its_draw_and_shocks_stay_uncertain(drawn):
    """The interval of growth gives way to the draw; an assumption range of shocks does not."""
    path = ("arrivals", "sentenced", "drift", "growth")
    assert path in {place.path for place in places_of(drawn.base)}
    assert {place.path[-1] for place in places_of(drawn.model(0))} == {"shocks"}
    growth = [drawn.model(i).arrivals["sentenced"].drift.growth for i in range(drawn.count)]
    law = drawn.base.arrivals["sentenced"].drift.growth.law
    assert np.std(growth) == pytest.approx(law.sd, rel=1e-3)
    assert abs(np.mean(growth) - law.mean) < 5 * law.sd / DRAWS**0.5


def test_a_number_that_the_file_makes_uncertain_is_left_to_the_file(found):
    """A range that someone wrote for a rate is not drawn over."""
    spec = found.model
    document = spec.as_document()
    document["arrivals"]["sentenced"]["rate"][1]["value"] = {
        "low": 1.0, "high": 2.0, "inferred": "someone's guess"
    }  # fmt: skip
    document.pop("draws_file")
    model = type(spec).model_validate({**document, "clock": spec.clock, "arrivals": {
        **{s: a.replace() for s, a in spec.arrivals.items()},
        "sentenced": spec.arrivals["sentenced"].replace(
            rate=document["arrivals"]["sentenced"]["rate"]
        ),
    }})  # fmt: skip
    drawn = FitDraws.of(model, found.draws)
    assert isinstance(drawn.model(0).arrivals["sentenced"].rate[1].value, Uncertain)
    assert not isinstance(drawn.model(0).arrivals["sentenced"].rate[2].value, Uncertain)


# -- files ----------------------------------------------------------------------------------


def test_what_is_written_and_read_draws_the_same(found, drawn, tmp_path):
    """From the folder by name and from the model read, changed or not; `check` finds nothing."""
    write_folder(found, tmp_path / "county")
    model, problems = load_model(tmp_path / "county")
    assert problems == []
    again = read_draws(tmp_path / "county")
    assert again.count == DRAWS
    assert again.model(5) == read_draws(model).model(5) == drawn.model(5)
    assert read_draws(model.replace(title="Other")).count == DRAWS
    assert model == found.model


def test_a_model_without_draws_has_none(jail, tmp_path):
    """Fitted with no draws, or shipped."""
    assert read_draws("philadelphia") is None
    write_folder(folder(fit(jail, draws=0), "jail", "Jail"), tmp_path / "county")
    assert read_draws(tmp_path / "county") is None


def test_draws_that_are_not_there_are_a_warning_until_they_are_wanted(found, tmp_path):
    """`check` warns with the line; reading them is an error; a copy elsewhere forgets them."""
    write_folder(found, tmp_path / "county")
    (tmp_path / "county" / "draws.parquet").unlink()
    model, problems = load_model(tmp_path / "county")
    assert [(p.severity, p.field) for p in problems] == [("warning", "draws_file")]
    assert problems[0].line
    with pytest.raises(InputError, match="there is no such file"):
        read_draws(model)
    written = write(model, tmp_path / "model.yaml")
    assert read_model(written).draws_file is None


def test_a_model_never_read_from_a_folder_says_so(found):
    """It names a file of draws, and nobody knows where."""
    with pytest.raises(InputError, match="not in which folder"):
        read_draws(found.model)


def test_a_file_that_holds_no_draws_is_refused(found, tmp_path):
    """Text under the name of the draws, or other columns."""
    path = write_folder(found, tmp_path / "county")
    (path / "draws.parquet").write_text("no parquet")
    with pytest.raises(InputError, match="not a file of draws"):
        read_draws(path)
    pl.DataFrame({"draw": [0]}).write_parquet(path / "draws.parquet")
    with pytest.raises(InputError, match="no draws of a fit"):
        read_draws(path)


def text(name, old, new):
    """Draws with one label changed."""
    return pl.col(name).cast(pl.String).replace(old, new)


LESS = pl.when(pl.col("exit") == "bail").then(pl.col("point") * 0.9).otherwise("point")
HOLE = (pl.col("draw") == 3) & (pl.col("parameter") == "growth")
GONE = (pl.col("race") == "Black") & (pl.col("exit") == "bail")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f.rename({"race": "sex"}), "draws by the axes sex, and the model has race"),
        (
            lambda f: f.with_columns(state=text("state", "sentenced", "serving")),
            "state 'serving': the model has no such state",
        ),
        (
            lambda f: f.with_columns(exit=text("exit", "bail", "bond")),
            "(the rest) leave by 'bail', by the draws 0.0000",
        ),
        (lambda f: f.with_columns(race=text("race", "Black", "B")), "of Black leave by"),
        (lambda f: f.with_columns(point=LESS), "leave by 'bail', by the draws"),
        (lambda f: f.filter(~HOLE), "some of the draws lack some of the numbers"),
        (lambda f: f.filter(~GONE.fill_null(value=False)), "leave by 'bail', by the draws 0.0000"),
    ],
)
def test_draws_of_another_model_are_refused_with_a_fix(found, change, told):
    """Other axes, states, exits or shares than the tables have, or draws cut short."""
    with pytest.raises(InputError) as refused:
        FitDraws.of(found.model, change(found.draws))
    assert told in str(refused.value)
    assert "fit again, or remove 'draws_file'" in str(refused.value)


# -- drift ----------------------------------------------------------------------------------


def fitted_drift(days, slopes):
    """The drift after so many days of records with some slopes."""
    calendar = Calendar.of(dt.date(2016, 1, 1), days)
    until = dt.date(2016, 1, 1) + dt.timedelta(days)
    return drift(
        np.array(slopes)[:, -calendar.bends.shape[1] or 9 :], calendar, until, ["records_1"]
    )


def test_short_records_get_assumption_ranges_and_long_ones_intervals():
    """Half a year, a year and a half, two and a half, four: less and less is assumed."""
    slopes = np.random.default_rng(0).normal(0.1, 0.02, (40, 4))
    assumed = []
    for days in (180, 540, 900, 1461):
        told = Drift.model_validate(fitted_drift(days, slopes))
        laws = [x.law for x in (told.growth, told.shocks) if isinstance(x, Uncertain)]
        assumed.append([law.assumed for law in laws])
        assert all(law.inferred.startswith("assumed: ") for law in laws if law.assumed)
    assert assumed == [[True, True], [True, True], [False, True], [False]]


def test_half_of_the_last_years_growth_is_carried_into_the_first_year_and_fades():
    """Growth of a tenth (in logs) brings a twentieth, then half of that, and so on."""
    told = Drift.model_validate(fitted_drift(1461, np.full((1, 4), 0.1)))
    begin = told.from_.toordinal()
    after = np.log(told.factor(begin + np.array([0, 365.25, 730.5, 3652.5]).astype(np.int64)))
    assert after == pytest.approx([0.0, 0.05, 0.075, 0.1], abs=2e-4)


def test_a_shock_acts_from_its_year_on_the_first_year_too():
    """A tenth in the first year, and half of that in the second, where nothing else grows."""
    told = Drift.model_validate({"from": dt.date(2020, 1, 1), "years": (0.1,)})
    days = told.from_.toordinal() + np.array([0, 366, 731])
    assert np.log(told.factor(days)) == pytest.approx([0.0, 0.1, 0.15], abs=2e-4)


def test_shocks_are_those_of_the_records_the_more_the_longer_they_are():
    """Growth that is alike each year tells of less than the usual jail's; chance is taken off."""
    rng = np.random.default_rng(1)
    calm, wild = np.full((1, 5), 0.0), rng.normal(0, 0.5, (1, 60))
    assert shocks(calm) < 0.1
    assert shocks(wild) == pytest.approx(0.5, rel=0.25)
    chance = np.vstack([[0.0, 0.2, -0.2], rng.normal([0.0, 0.2, -0.2], 0.3, (200, 3))])
    assert shocks(chance) < shocks(chance[:1])


def test_monthly_figures_give_a_drift_and_draws_too():
    """Three years of a steady jail: the mean stay and rate are drawn, growth is near none."""
    rng = np.random.default_rng(3)
    months = [dt.date(2016 + m // 12, m % 12 + 1, 1) for m in range(37)]
    days = np.diff([d.toordinal() for d in months]).astype(float)
    admitted = rng.poisson(10 * days).astype(float)
    figures = Months(months[0], months[-1], days, rng.normal(300, 5, 36), admitted)
    found = fit_months(figures, "Jail", (), "in-facility", 30, 0)
    found = replace(found, document={**found.document, "draws_file": "draws.parquet"})
    drawn = FitDraws.of(found.model, found.draws)
    stays = [drawn.model(i).states["jail"].dwell[0].mean for i in range(drawn.count)]
    assert np.mean(stays) == pytest.approx(found.model.states["jail"].dwell[0].mean, rel=0.05)
    assert np.std(stays) > 0
    assert abs(found.model.arrivals["jail"].drift.growth) < 0.1
    assert found.model.arrivals["jail"].drift.shocks > 0


def test_a_fit_says_what_it_carries_on(found):
    """In the note of the arrivals, in per cent."""
    note = found.document["arrivals"]["sentenced"]["note"]
    assert "the year after is taken to bring" in note
