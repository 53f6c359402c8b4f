"""Reading and writing: values equal, comments kept, only what changed is changed."""

from __future__ import annotations

import datetime as dt
import difflib
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remand.errors import InputError
from remand.files import (
    find,
    load_model,
    read_model,
    read_platform,
    read_scenario,
    shipped,
    write,
)
from remand.model.model import Model
from remand.model.platform import Platform


@pytest.fixture
def county(tmp_path):
    """A copy of the shipped county's folder."""
    return shutil.copytree(find("philadelphia", "models").parent, tmp_path / "philadelphia")


def changed_lines(before, after):
    """Lines taken out of a text, and lines put in."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0))[2:]
    return (
        [line[1:] for line in lines if line.startswith("-")],
        [line[1:] for line in lines if line.startswith("+")],
    )


# -- shipped files --------------------------------------------------------------------------


def test_writing_the_shipped_model_back_leaves_its_text_as_it_is(county):
    """Read, write over, compare byte for byte."""
    path = county / "model.yaml"
    text = path.read_text(encoding="utf-8")
    write(read_model(path), path)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", shipped("platforms"))
def test_writing_a_shipped_platform_back_leaves_its_text_as_it_is(name, county):
    """Anchors, long lines, quotes and comments too."""
    path = county / "platforms" / f"{name.partition('/')[2]}.yaml"
    text = path.read_text(encoding="utf-8")
    write(read_platform(path), path)
    assert path.read_text(encoding="utf-8") == text


def test_a_changed_number_of_the_shipped_model_changes_one_line(county):
    """One price is doubled: its line alone differs, and every comment stands."""
    path = county / "model.yaml"
    text = path.read_text(encoding="utf-8")
    model = read_model(path)
    dearer = model.replace(prices=[model.prices[0].replace(value=84000), *model.prices[1:]])
    write(dearer, path)
    assert changed_lines(text, path.read_text(encoding="utf-8")) == (
        ["    value: {low: 42000, high: 60000}"],
        ["    value: 84000"],
    )
    assert read_model(path) == dearer


def test_a_changed_number_of_a_shipped_platform_changes_one_line(county):
    """The lower end of one compliance moves: long lines elsewhere are not wrapped."""
    path = county / "platforms" / "krasner-2017.yaml"
    text = path.read_text(encoding="utf-8")
    platform = read_platform(path)
    first = platform.policies[0]
    kept = first.replace(compliance=first.compliance.replace(low=0.25))
    write(platform.replace(policies=[kept, *platform.policies[1:]]), path)
    out, came = changed_lines(text, path.read_text(encoding="utf-8"))
    assert len(out) == len(came) == 1
    assert came == [out[0].replace("low: 0.3", "low: 0.25")]


def test_a_shipped_model_is_written_elsewhere_with_what_stood_beside_it(county, tmp_path):
    """A new folder has no CSV: cited figures and tables are written out, and read back equal."""
    model = read_model(county / "model.yaml")
    path = write(model, tmp_path / "alone.yaml")
    again = read_model(path)
    assert again.sources == model.sources
    assert again.sources_file is None
    assert again.strata == model.strata
    assert again.arrivals == model.arrivals
    assert {name: s.exits for name, s in again.states.items()} == {
        name: s.exits for name, s in model.states.items()
    }
    booking = again.states["arraignment_listed"].dwell[0]
    assert booking.file is None
    assert booking.rows == model.states["arraignment_listed"].dwell[0].rows


def test_a_model_written_like_another_keeps_its_comments(county):
    """``like`` gives the form and the comments, ``path`` the place."""
    path = write(read_model(county / "model.yaml"), county / "copy.yaml", county / "model.yaml")
    assert path.read_text(encoding="utf-8") == (county / "model.yaml").read_text(encoding="utf-8")


# -- changing a file in place ---------------------------------------------------------------


def test_the_tiny_files_come_back_as_they_are(place, texts):
    """Short forms (a bare number, a lone row, a split, ``exits: gone``) are kept."""
    model = read_model(place.model)
    write(model, place.model)
    write(read_platform(place.platform, model), place.platform)
    assert place.model.read_text() == texts["model"]
    assert place.platform.read_text() == texts["platform"]


def test_values_in_short_forms_are_changed_where_they_stand(place, texts):
    """A lone law, a bare rate, a split and a bare compliance each change on their own line."""
    model = read_model(place.model)
    booking, jail = model.states["booking"], model.states["jail"]
    arrivals = model.arrivals["booking"]
    split = arrivals.split["charge"].replace(levels={"felony": 0.5, "other": 0.5})
    changed = model.replace(
        states={
            **model.states,
            "booking": booking.replace(dwell=[booking.dwell[0].replace(value=1)]),
            "jail": jail.replace(dwell=[jail.dwell[0].replace(mean=21), jail.dwell[1]]),
        },
        arrivals={"booking": arrivals.replace(rate=[{"value": 4}], split={"charge": split})},
    )
    write(changed, place.model)
    assert changed_lines(texts["model"], place.model.read_text()) == (
        [
            "    dwell: {law: fixed, value: 0}",
            "      - {law: exponential, mean: 20} # days",
            "    rate: 3",
            "      charge: {felony: 0.25, other: 0.75}",
        ],
        [
            "    dwell: {law: fixed, value: 1}",
            "      - {law: exponential, mean: 21} # days",
            "    rate: 4",
            "      charge: {felony: 0.5, other: 0.5}",
        ],
    )
    assert read_model(place.model) == changed

    plan = read_platform(place.platform, model)
    first = plan.policies[0]
    sooner = plan.replace(policies=[first.replace(compliance=0.6), plan.policies[1]])
    write(sooner, place.platform)
    assert changed_lines(texts["platform"], place.platform.read_text()) == (
        ["    compliance: 0.5 # half of the time"],
        ["    compliance: 0.6 # half of the time"],
    )


def test_policies_that_come_and_go_leave_the_others_comments(place):
    """The first of two policies goes, a third comes: the second stands as it stood."""
    place.write(platform=PLAN)
    plan = read_platform(place.platform)
    third = plan.policies[1].replace(name="third")
    later = plan.replace(policies=[plan.policies[1], third])
    write(later, place.platform)
    text = place.platform.read_text()
    assert read_platform(place.platform) == later
    assert "# kept" in text
    assert "# on top" in text
    assert "name: first" not in text


PLAN = """\
# on top
name: plan
title: Plan
about: made up
policies:
  - {name: first, authority: judge, inferred: x, starts: 2020-03-01, compliance: 1, no_edits: a}
  - name: second # kept
    authority: judge
    source: https://x.org
    starts: 2020-03-01 # kept too
    compliance: 1
    no_edits: b
"""


def test_what_changes_under_an_alias_does_not_change_under_its_anchor(place, texts):
    """Two states share their exits by an alias; one of them gets shares of its own."""
    text = texts["model"].replace("exits:\n      out", "exits: &ways\n      out", 1)
    text = text.replace("    exits: gone\n", "    exits: *ways\n").replace(
        "prison: {share: 0.3}", "again: {to: jail, share: 0.3} # comes back"
    )
    place.write(model=text)
    model = read_model(place.model)
    prison = model.states["prison"]
    exits = {"out": {"to": "gone", "share": 0.9}, "again": {"to": "jail", "share": 0.1}}
    changed = model.replace(states={**model.states, "prison": prison.replace(exits=exits)})
    write(changed, place.model)
    assert read_model(place.model) == changed
    assert "again: {to: jail, share: 0.3} # comes back" in place.model.read_text()


def test_a_key_set_back_to_its_default_or_given_anew_is_written(place):
    """A policy loses its end and gains a phase-in."""
    model = read_model(place.model)
    plan = read_platform(place.platform, model)
    second = plan.policies[1].replace(ends=None, phase_in=30)
    write(plan.replace(policies=[plan.policies[0], second]), place.platform)
    again = read_platform(place.platform, model)
    assert again.policies[1].ends is None
    assert again.policies[1].phase_in == 30
    assert "# half of the time" in place.platform.read_text()


def test_levels_and_keys_written_as_numbers_are_names(place, texts):
    """Ages as levels: 18 and 25 are the names '18' and '25', also in a split."""
    text = texts["model"].replace("charge: [felony, other]", "charge: [18, 25]")
    text = text.replace("{felony: 0.25, other: 0.75}", "{18: 0.25, 25: 0.75}")
    place.write(model=text.replace("charge: felony", "charge: 18"))
    model = read_model(place.model)
    assert model.strata_axes["charge"] == ("18", "25")
    split = model.arrivals["booking"].split["charge"].replace(levels={"18": 0.5, "25": 0.5})
    arrivals = model.arrivals["booking"].replace(split={"charge": split})
    changed = model.replace(arrivals={"booking": arrivals})
    write(changed, place.model)
    assert read_model(place.model) == changed


def test_a_place_that_cannot_be_written_is_told(place, tmp_path):
    """A folder that is not there: one message, no OSError."""
    with pytest.raises(InputError, match="cannot be written: No such file"):
        write(read_model(place.model), tmp_path / "nowhere" / "model.yaml")


# -- tables beside --------------------------------------------------------------------------


def test_stays_are_read_from_a_csv_beside_the_model(place, texts):
    """A joint table by charge: exits and stays come from the CSV, and stay there when written."""
    (place.folder / "jail.csv").write_text(
        "charge,exit,duration,probability\n"
        "felony,out,10,0.5\nfelony,prison,40,0.5\n*,out,5,0.75\n,out,6,0.25\n"
    )
    text = texts["model"]
    first, last = text.index("    dwell:\n      - {law: exp"), text.index("  prison:\n    kind")
    text = (
        text[:first]
        + "    dwell: {law: table, file: jail.csv}\n"
        + "    exits:\n      out: {to: gone}\n      prison: {}\n"
        + text[last:]
    )
    place.write(model=text)
    model = read_model(place.model)
    cells = model.states["jail"].dwell[0].rows
    assert [(dict(c.where), c.exit, c.duration, c.probability) for c in cells] == [
        ({"charge": ("felony",)}, "out", 10, 0.5),
        ({"charge": ("felony",)}, "prison", 40, 0.5),
        ({}, "out", 5, 0.75),
        ({}, "out", 6, 0.25),
    ]
    write(model, place.model)
    assert place.model.read_text() == text

    half = [cell.replace(probability=0.5) for cell in cells]
    table = model.states["jail"].dwell[0].replace(rows=half)
    changed = model.replace(
        states={**model.states, "jail": model.states["jail"].replace(dwell=[table])}
    )
    write(changed, place.model)
    again = read_model(place.model).states["jail"].dwell[0]
    assert again.rows == tuple(half)
    assert again.file is None  # the CSV says otherwise, so the rows stand in the file


# -- names ----------------------------------------------------------------------------------


def test_shipped_names_paths_and_folders_lead_to_the_same_model():
    """``philadelphia``, its folder and its file."""
    path = find("philadelphia", "models")
    assert find(path.parent, "models") == path
    assert find(path, "models") == path
    assert "philadelphia/status-quo" in shipped("platforms")


def test_platforms_come_after_one_another_from_files_and_from_the_shipped(county):
    """A platform beside the shipped ones says ``after``; the chain holds each once."""
    model = read_model("philadelphia")
    chain = read_scenario("philadelphia/krasner-2017", model).chain
    assert [p.name for p in chain] == ["reduction-plan-2016", "krasner-2017"]
    own = county / "platforms" / "mine.yaml"
    own.write_text(
        "name: mine\ntitle: Mine\nabout: x\nafter: [krasner-2017, reduction-plan-2016]\n"
    )
    names = [p.name for p in read_scenario(own, model).chain]
    assert names == ["reduction-plan-2016", "krasner-2017", "mine"]
    own = Platform(name="kept", title="t", about="a", after=["dao-2018-19"])
    names = [p.name for p in read_scenario(own, model).chain]
    assert names == ["reduction-plan-2016", "dao-2018-19", "kept"]


# -- any model ------------------------------------------------------------------------------

WORDS = st.one_of(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Cf", "Zl", "Zp"]),
        min_size=1,
        max_size=130,
    ),
    st.sampled_from(
        ["true", "null", "1", "1e3", ".nan", "2018-02-21", "a: b", "- a", "# a", "'", '"', " x "]
    ),
)
NAMES = st.sampled_from(["jail", "no", "2013", "état", "a b", "x-y_z"])
NUMBERS = st.floats(1e-9, 1e9) | st.integers(1, 10**6)
SHARES = st.floats(0, 1)
DATES = st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1))
WHERE = st.dictionaries(st.just("race"), st.lists(NAMES, min_size=1, max_size=2), max_size=1)


def rows(**fields):
    """A list of rows with these fields, each perhaps for some strata or from some date."""
    more = {"where": WHERE, "from": DATES, "note": WORDS, "source": st.lists(WORDS, max_size=2)}
    return st.lists(st.fixed_dictionaries(fields, optional=more), min_size=1, max_size=3)


DWELLS = st.one_of(
    rows(law=st.just("exponential"), mean=NUMBERS),
    rows(
        law=st.just("gamma"), mean=NUMBERS, shape=NUMBERS, unit=st.sampled_from(["days", "years"])
    ),
    rows(law=st.just("fixed"), value=NUMBERS),
    rows(
        law=st.just("table"),
        rows=st.lists(
            st.fixed_dictionaries(
                {"duration": st.integers(0, 99), "probability": SHARES, "exit": NAMES},
                optional={"where": WHERE},
            ),
            min_size=1,
            max_size=3,
        ),
    ),
)
EXITS = st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {}, optional={"share": rows(value=SHARES | st.just("rest")), "dwell": DWELLS, "to": NAMES}
    ),
    min_size=1,
    max_size=3,
)
POLICIES = st.lists(
    st.fixed_dictionaries(
        {
            "name": WORDS,
            "authority": st.just("judge"),
            "starts": DATES,
            "compliance": SHARES | st.just({"measured": True}),
            "no_edits": WORDS,
            "edits": st.lists(
                st.fixed_dictionaries(
                    {
                        "divert": st.fixed_dictionaries(
                            {
                                "state": NAMES,
                                "exit": NAMES,
                                "to": NAMES,
                                "share": SHARES,
                                "where": WHERE,
                            }
                        )
                    }
                ),
                max_size=2,
            ),
        },
        optional={"quote": WORDS},
    ),
    max_size=2,
)
MODELS = st.builds(
    Model.model_validate,
    st.fixed_dictionaries(
        {
            "name": WORDS,
            "title": WORDS,
            "counts": st.just("in-facility"),
            "clock": st.fixed_dictionaries({"start": DATES}, optional={"step": st.just("week")}),
            "strata": st.dictionaries(st.just("race"), st.lists(NAMES, max_size=2), max_size=1),
            "states": st.dictionaries(
                NAMES,
                st.fixed_dictionaries(
                    {"kind": st.just("jail"), "exits": EXITS | NAMES},
                    optional={"dwell": DWELLS, "label": WORDS, "statuses": st.lists(WORDS)},
                ),
                max_size=2,
            ),
            "arrivals": st.dictionaries(
                NAMES,
                st.fixed_dictionaries(
                    {"unit": st.just("people per year"), "rate": rows(value=NUMBERS)},
                    optional={"split": st.just({"race": {"no": 0.4, "jail": 0.6}})},
                ),
                max_size=1,
            ),
        },
        optional={
            "policies": POLICIES,
            "sources": st.dictionaries(WORDS, st.fixed_dictionaries({"title": WORDS})),
            "tonight": st.dictionaries(NAMES, st.just("steady"), max_size=2),
            "inferred": WORDS,
        },
    ),
)  # fmt: skip


@pytest.mark.parametrize("number", ["1.909057850129416e-247", "2.2250738585072014e-308", "3.0e5"])
def test_a_number_in_powers_of_ten_keeps_its_last_digit(place, texts, number):
    """When something else of the file changes."""
    place.write(model=texts["model"].replace("rate: 3\n", f"rate: {number}\n"))
    model = read_model(place.model)
    write(model.replace(title="Another"), place.model)
    assert read_model(place.model).arrivals == model.arrivals
    assert float(number) == model.arrivals["booking"].rate[0].value


@given(MODELS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_model_survives_writing_and_reading(tmp_path, model):
    """Odd names, tricky texts, tiny and huge numbers: what is read is what was written."""
    path = write(model, tmp_path / "fresh.yaml")
    assert load_model(path)[0] == model
    path.unlink()


@given(MODELS, MODELS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_model_can_be_written_over_any_other(tmp_path, one, other):
    """Changing a file in place says the same as writing it afresh, and its comment stays."""
    path = write(one, tmp_path / "over.yaml")
    path.write_text("# a comment on top\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    write(other, path)
    assert load_model(path)[0] == other
    assert path.read_text(encoding="utf-8").startswith("# a comment on top\n")
    path.unlink()
