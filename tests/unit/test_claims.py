"""Claims: the rules of verdicts, the shipped file, and what is said of a wrong one."""

import json
import shlex
import socket
import subprocess
import sys
from contextlib import suppress
from functools import cache

import jsonschema
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import remand as rm
from remand.errors import InputError
from remand.evidence.claims.answers import check_claims, judge, read_claims
from remand.evidence.claims.checks import check_claim
from remand.evidence.claims.form import (
    OF_AMOUNTS,
    dumps_schema,
    json_schema,
    schema_path,
)
from remand.evidence.claims.values import value_of
from remand.evidence.claims.verdicts import (
    SUPPORTED,
    Judged,
)
from remand.files import find, shipped
from remand.files.documents import Document

SHIPPED = "philadelphia/claims-2017"
ORDER = {
    Judged("not supported", true=False): 0,
    Judged("overstated", true=False): 1,
    Judged("overstated", true=True): 2,
    SUPPORTED: 3,
    Judged("understated", true=True): 4,
    Judged("understated", true=False): 5,
}
"""From far less than was said to far more; what cannot be told has no place."""


@cache
def shipped_claims():
    """The shipped claims and the figures they cite, read once."""
    return read_claims(SHIPPED)


positive = st.floats(0.001, 1e6)
amounts = st.sampled_from(OF_AMOUNTS)
bounds = st.sampled_from(("more than", "at least", "less than", "at most"))


# -- the shipped file -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def checked():
    """The shipped claims by id."""
    return {each.claim.id: each for each in check_claims(SHIPPED).checked}


VERDICTS = {
    "nation": "supported",
    "pennsylvania": "understated",
    "largest-cities": "supported",
    "people-of-colour": "supported",
    "african-americans": "supported",
    "since-the-1970s": "supported",
    "margin": "outside the data",
    "doors": "outside the data",
    "voters": "outside the data",
    "money": "outside the data",
    "no-cash-bail": "not supported",
    "prosecuted": "overstated",
}


def test_the_shipped_claims_have_the_verdicts_of_their_figures(checked):
    """All of them, in file order."""
    assert {key: each.verdict for key, each in checked.items()} == VERDICTS


def test_one_in_a_thousand_is_true_and_understated_ten_times(checked):
    """In so many words; with the jails alone it is understated too."""
    says = "true, and understated about ten times: about 1 in 100 (2015; 1 in 101 in 2016)"
    assert checked["pennsylvania"].says == says
    assert checked["pennsylvania"].answers[0].judged.true is True


def test_the_national_rate_is_told_with_its_definition_and_with_the_others(checked):
    """All ages and federal prisons; without them it is lower, which is said in the verdict."""
    nation = checked["nation"]
    assert nation.answers[0].definition.startswith("all ages, with federal prisons")
    assert "By another definition it is overstated" in nation.says
    assert "all ages, without federal prisons" in nation.says
    assert [round(100_000 * v.value) for v in nation.answers[0].values] == [670, 680, 660]


def test_the_largest_cities_are_told_year_by_year_and_whose_figure_lacks(checked):
    """First in 2013 to 2018; New York City has no figure in four of these years."""
    cities = checked["largest-cities"]
    assert cities.says.startswith("2013–2018: first each time")
    assert "no figure of New York City in 2013–2015, 2017" in cities.says
    for value in cities.answers[0].values:
        others = {row.place for row in value.rows[1:]}
        assert ("New York City" in others) == (not value.lacks)
        assert len(others | set(value.lacks)) == 10  # the other nine, and Austin


def test_disparity_is_told_with_levels_difference_and_bounds(checked):
    """5.2 times, between 2.8 and 6.0 with people of no listed race; 1,257 against 241."""
    says = checked["african-americans"].says
    assert says.startswith("5.2 times (2.8 to 6.0): 1,257 against 241 per 100,000")
    assert "1,016 more" in says


def test_an_effect_that_was_not_detected_is_not_called_none(checked):
    """And the model's answer is labelled as a run, with all kinds of custody, unjudged."""
    bail = checked["no-cash-bail"]
    assert "Not detected is not none" in bail.says
    text = json.dumps(bail.as_json(), ensure_ascii=False)
    assert "This is a model run" in text
    assert "attributed" not in text
    assert all(answer.values[0].undetected for answer in bail.answers)


def test_the_model_s_answer_is_what_its_command_prints(checked, remand):
    """The run beside the claim is no number somebody typed."""
    run = next(b.run for b, _ in checked["no-cash-bail"].aside if b.run is not None)
    _, verb, model, before, after, *rest = shlex.split(run.command)
    code, out, err = remand(verb, model, before, after, *rest, "--json")
    assert code == 0, err
    pair = {before.rpartition("/")[2], after.rpartition("/")[2]}
    moved = {
        row["kind"]: -row["mean"]
        for row in json.loads(out)["differences"]
        if {row["a"], row["b"]} == pair and row["quantity"] == "population"
    }
    assert {kind: round(moved[kind]) for kind in run.values} == dict(run.values)


def test_every_figure_of_a_shipped_claim_can_be_looked_up(checked):
    """Each has an address; derived ones say so."""
    for each in checked.values():
        assert bool(each.rows) == (each.verdict != "outside the data")
        assert all(row.address for row in each.rows)
        marked = {r.id for r in each.rows if {"COMPUTED", "INFERRED"} & set(r.note.split())}
        assert marked <= set(each.derived)


def test_a_quote_has_an_address_and_one_that_a_platform_has_is_the_same():
    """Words in quotation marks are somebody's; the rest is told as a paraphrase."""
    claims, _ = shipped_claims()
    quotes = {claim.quote: claim for claim in claims.claims if claim.quote}
    assert all(claim.address.startswith("https://") for claim in quotes.values())
    policies = rm.read_platform("philadelphia/dao-2018-19#no-cash-bail").policies
    assert policies[0].claimed.quote in quotes
    assert all(claim.paraphrase for claim in claims.claims if not claim.quote)


def test_rates_of_different_people_are_beside_a_claim_and_never_judged(checked):
    """Whatever a rate is judged by is of the residents of the claim."""
    for each in checked.values():
        if each.claim.comparison not in OF_AMOUNTS or not each.answers:
            continue
        said = each.claim.stated.denominator or ""
        for value in (value for answer in each.answers for value in answer.values):
            named = {row.ages for row in value.rows if row.ages}
            assert len(named) <= 1
            assert all(age in said or age == "all ages" for age in named)


def test_every_shipped_file_of_claims_reads_without_a_problem():
    """Nobody meets an error in what comes with the package."""
    for name in shipped("claims"):
        assert check_claims(name).checked


# -- files ----------------------------------------------------------------------------------

TABLE = """\
id,jurisdiction,quantity,value,unit,period,group,definition,source_title,publisher,source_year,source_address,note
A1,Here,people in jail,300,people,2015,all,,Report,Bureau,2016,https://example.org/a,
A2,Here,people in jail,90,people,2016,all,,Report,Bureau,2016,https://example.org/a,
A3,Here,rate,700,"per 100,000 residents, all ages",2015,all,rounded to 10,Report,Bureau,2016,https://example.org/a,
A4,Here,rate,1000,per 100000 residents aged 15-64,2015,all,,Report,Bureau,2016,https://example.org/a,COMPUTED
A5,Here,residents aged 15-64,1000,people,2015,all,,Report,Bureau,2016,https://example.org/a,
A6,Here,people in jail,~67,people,2015,all,,Report,Bureau,2016,https://example.org/a,
A7,Here,people in jail,10,people,2015,all,,Report,Bureau,2016,,
A8,Here,"residents, all ages",40000,people,2015,all,,Report,Bureau,2016,https://example.org/a,
"""
FILE = """\
remand: 1
name: claims-here
title: Here
sources_file: facts.csv
claims:
  - id: many
    quote: more than 100 people are in jail
    by: somebody
    address: https://example.org/said
    date: 2017
    quantity: people in jail
    comparison: more than
    stated: {value: 100, unit: people}
    computed:
      - definition: all people in jail
        from:
          - figure: A1
          - figure: A2
  - id: rate
    paraphrase: about 700 of 100,000
    by: somebody else
    date: 2017
    quantity: people in jail
    comparison: is about
    stated: {value: 700, per: 100000, denominator: residents of all ages}
    computed:
      - definition: all ages
        from:
          - figure: A3
"""


@pytest.fixture
def written(tmp_path):
    """A writer of a file of claims with its table: (text) → path."""
    (tmp_path / "facts.csv").write_text(TABLE, encoding="utf-8")

    def write(text=FILE):
        path = tmp_path / "claims.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_sources_on_both_sides_support_nothing_and_are_all_shown(written):
    """300 people in one year and 90 in the next: more than 100?"""
    many = check_claims(written()).checked[0]
    assert many.verdict == "not supported"
    assert many.as_json()["true"] is None
    assert "300 people (2015; 90 people in 2016)" in many.says
    assert "sources do not agree" in many.says


def test_the_lowest_of_a_file_is_the_lowest(written):
    """300 people are not the lowest of 300 and 90; 90 are."""
    for own, other, verdict in (("A1", "A2", "not supported"), ("A2", "A1", "supported")):
        text = FILE.replace("comparison: more than", "comparison: lowest of")
        text = text.replace("{value: 100, unit: people}", "{unit: the two years}")
        text = text.replace("- figure: A1", f"- rank: {{of: {own}, among: {other}}}")
        text = text.replace("          - figure: A2\n", "")
        assert check_claims(written(text)).checked[0].verdict == verdict


@given(who=st.text(min_size=1, max_size=20), words=st.text(min_size=1, max_size=20))
def test_a_verdict_does_not_depend_on_who_said_it(who, words):
    """The same numbers from anybody are judged alike."""
    claims, figures = shipped_claims()
    for claim in claims.claims:
        same = claim.replace(by=who, published=words, note=words)
        for definition in claim.computed:
            for reading in definition.from_:
                value = value_of(reading, figures)
                assert judge(same, value) == judge(claim, value)


# fmt: off
WRONG = {
    "an id is misspelt": ("figure: A1", "figure: A11", "claims[1].computed[1].from[1].figure",
        "there is no figure 'A11'", "did you mean 'A1'?"),
    "a figure is words": ("figure: A1", "figure: A6", "claims[1].computed[1].from[1].figure",
        "A6 is not a number: '~67'", "cite a row"),
    "a figure has no address": ("figure: A1", "figure: A7",
        "claims[1].computed[1].from[1].figure", "A7 has no address", "source_address"),
    "ages are confused": ("figure: A3", "figure: A4", "claims[2].computed[1].from[1].figure",
        "A4 is of residents aged 15–64, and what was said of residents of all ages",
        "under beside"),
    "a ratio is of other ages": ("figure: A3", "ratio: {of: A1, to: A5}",
        "claims[2].computed[1].from[1].ratio.to", "never compared", "under beside"),
    "a number where a rate was said": ("figure: A3", "figure: A1",
        "claims[2].computed[1].from[1].figure", "gives a number, and what was said is a rate",
        "divide"),
    "a rate where a number was said": ("figure: A1", "figure: A3",
        "claims[1].computed[1].from[1].figure", "gives a rate, and what was said is a number",
        "denominator"),
    "units differ": ("unit: people}", "unit: beds}", "claims[1].computed[1].from[1].figure",
        "counts 'people', and what was said is in 'beds'", "state the unit"),
    "sums of different things": ("figure: A3", "ratio: {of: [A1, A3], to: A5}",
        "claims[2].computed[1].from[1].ratio.of", "they are not of a kind", "one unit"),
    "a rank without others of a kind": ("      - definition: all ages\n        from:\n          "
        "- figure: A3", "      - definition: all ages\n        from:\n          "
        "- rank: {of: A3, among: [A4]}", "claims[2].computed[1].from[1].rank",
        "'is about' cannot be read from a rank", "figure or ratio"),
    "a detected effect": ("figure: A1", "undetected: A1",
        "claims[1].computed[1].from[1].undetected", "not an effect that a study could not detect",
        "value 0"),
    "no number was said": ("stated: {value: 100, unit: people}", "stated: {unit: people}",
        "claims[1].stated.value", "needs the number that was said", "add stated"),
    "a rate without residents": (", denominator: residents of all ages", "",
        "claims[2].stated.per", "a rate per 100,000 needs its denominator", "add denominator"),
    "a comparison is misspelt": ("comparison: more than", "comparison: more then",
        "claims[1].comparison", "'more then'", "did you mean 'more than'?"),
    "a key is misspelt": ("quantity: people in jail\n    comparison: more",
        "quantitty: people in jail\n    comparison: more", "claims[1].quantitty",
        "'quantitty' is not a field here", "did you mean 'quantity'?"),
    "a quote without an address": ("    address: https://example.org/said\n", "",
        "claims[1].quote", "a quote needs the address", "paraphrase"),
    "quote and paraphrase": ("    by: somebody else", "    quote: x\n    by: somebody else",
        "claims[2].quote", "one of: quote, paraphrase", ""),
    "two ways at once": ("- figure: A1", "- figure: A1\n            undetected: A2",
        "claims[1].computed[1].from[1].figure", "give one of: figure, ratio", ""),
    "computed and outside": ("    computed:\n      - definition: all ages",
        "    outside: no\n    computed:\n      - definition: all ages", "claims[2].computed",
        "one of: computed, outside", ""),
    "two claims of one id": ("id: rate", "id: many", "claims[2].id", "the same id 'many'",
        "id of its own"),
}
# fmt: on


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_told_with_line_field_and_fix(written, case):
    """One fault at a time: what is said of it."""
    old, new, field, says, fix = WRONG[case]
    assert FILE.count(old) == 1
    path = written(FILE.replace(old, new))
    with pytest.raises(InputError) as caught:
        check_claims(path)
    problem = next((p for p in caught.value.problems if says in p.message), None)
    assert problem is not None, str(caught.value)
    assert problem.file == str(path)
    assert problem.line
    assert problem.field == field
    assert fix in problem.fix


def test_all_that_is_wrong_is_told_at_once(written):
    """A fault of form in one claim hides nothing of the other."""
    text = FILE.replace("comparison: more than", "comparison: more then")
    text = text.replace("figure: A3", "figure: A33").replace("name: claims-here\n", "")
    with pytest.raises(InputError) as caught:
        check_claims(written(text))
    told = [problem.message for problem in caught.value.problems]
    assert len(told) == 3
    assert any("more then" in message for message in told)
    assert any("'A33'" in message for message in told)
    assert any("'name' is missing" in message for message in told)


def places(node, path=()):
    """Every place of a document."""
    yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, dict | list):
            yield from places(child, (*path, key))
        else:
            yield (*path, key)


JUNK = (
    None,
    "",
    "x",
    0,
    -1,
    7,
    1e300,
    1e-300,
    10**400,
    "\ud800\x1b",
    True,
    [],
    [1],
    {},
    {"a": 1},
    "2017-01-01",
)


def test_whatever_stands_anywhere_in_a_file_nobody_meets_a_traceback(written):
    """Each value of a sound file in turn becomes some nonsense: a verdict, or an input error."""
    sound = Document.read(written()).plain()
    sound["claims"][1]["computed"][0]["from"] += [
        {"ratio": {"of": ["A1"], "to": "A8"}, "period": 2015},
        {"change": {"from": "A3", "to": "A3"}},
    ]
    sound["claims"][0]["beside"] = [
        {"what": "x", "from": {"rank": {"of": "A1", "among": ["A2"]}}},
        {"what": "x", "from": {"times": {"of": {"figure": "A1"}, "to": {"figure": "A2"}}}},
    ]
    relative = {"change": {"from": "A1", "to": "A2", "relative": True}}
    sound["claims"].append(
        {
            "id": "relative", "paraphrase": "x", "by": "x", "date": 2017, "quantity": "x",
            "comparison": "at most", "stated": {"value": -7, "per": 100},
            "computed": [{"definition": "x", "from": [relative]}],
        }
    )  # fmt: skip
    sound = json.loads(json.dumps(sound, default=str))
    assert len(check_claims(written(json.dumps(sound))).checked) == 3
    for i, path in enumerate(places(sound)):
        for junk in JUNK[i % 2 :: 2]:
            spoilt = json.loads(json.dumps(sound))
            node = spoilt
            for part in path[:-1]:
                node = node[part]
            if path:
                node[path[-1]] = junk
            with suppress(InputError):
                json.dumps(check_claims(written(json.dumps(spoilt))).as_json())


def test_a_table_that_is_not_there_is_told_once(written):
    """Not once for every figure."""
    with pytest.raises(InputError) as caught:
        check_claims(written(FILE.replace("facts.csv", "fcats.csv")))
    assert len(caught.value.problems) == 1
    assert "cannot be read" in caught.value.problems[0].message


@given(st.data())
def test_no_rate_of_other_residents_can_be_slipped_into_a_claim(data):
    """Any rate of the shipped table under any rate that was said: judged only if ages agree."""
    claims, figures = shipped_claims()
    rates = [row for row in figures.values() if row.per and row.number is not None and row.ages]
    said = [c for c in claims.claims if c.computed and c.stated.per > 100]
    row = data.draw(st.sampled_from(rates))
    claim = data.draw(st.sampled_from(said))
    computed = [{"definition": "another", "from": [{"figure": row.id}]}]
    problems = list(check_claim(claim.replace(computed=computed), figures))
    allowed = row.ages in (claim.stated.denominator or "") or (
        row.ages == "all ages" and "all ages" in (claim.stated.denominator or "")
    )
    assert bool(problems) != allowed


# -- a user's files -------------------------------------------------------------------------

STATES = """\
year,quarter,state_abbr,state_name,total_pop_15to64,total_jail_pop,total_prison_pop
2015,1,PA,Pennsylvania,8000000,{jail},50000
2016,1,PA,Pennsylvania,8000000,30000,50000
"""


def test_a_file_the_user_has_is_computed_beside_the_cited_figures(tmp_path):
    """Both are readings of one definition, and both are shown."""
    path = tmp_path / "states.csv"
    path.write_text(STATES.format(jail=30_000), encoding="utf-8")
    checked = check_claims(SHIPPED, [path]).checked
    told = next(each for each in checked if each.claim.id == "pennsylvania")
    own = [value for value in told.answers[0].values if value.file]
    assert [value.value for value in own] == [pytest.approx(0.01)] * 2
    assert own[0].arithmetic == "(30,000 + 50,000) / 8,000,000"
    assert "1 in 100 in 2015 by states.csv" in told.says
    assert "states.csv:jail_population" in {row["id"] for row in told.as_json()["sources"]}


def test_a_file_that_says_otherwise_is_not_outvoted(tmp_path):
    """Cited figures bear the claim out and the file does not: not supported, and said so."""
    path = tmp_path / "states.csv"
    path.write_text(STATES.replace("50000", "0").format(jail=0), encoding="utf-8")
    checked = check_claims(SHIPPED, [path]).checked
    told = next(each for each in checked if each.claim.id == "pennsylvania")
    assert told.verdict == "not supported"
    assert told.answers[0].divided


def test_a_file_that_answers_no_claim_is_refused(tmp_path):
    """Else it would pass for one that agrees."""
    path = tmp_path / "states.csv"
    path.write_text(STATES.replace("Pennsylvania", "Ohio").format(jail=1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_claims(SHIPPED, [path])
    problem = caught.value.problems[0]
    assert "nothing that a claim of 'claims-2017' is computed from" in problem.message
    assert "jail_population" in problem.fix


@pytest.fixture
def of_states(tmp_path):
    """A claim by a file, and files of states: (of the claim's file, rows) → the checked claim."""

    def check(spec, *rows):
        head = "id,value,unit,source_address\nA,0,no detectable effect,https://example.org\n"
        (tmp_path / "facts.csv").write_text(head, encoding="utf-8")
        spec = {
            "source": "incarceration-trends-state",
            "year": 2015,
            "of": "jail_population",
        } | spec
        rate = {"per": 100, "denominator": "residents aged 15–64"} if "to" in spec else {}
        claims = {
            "name": "x", "title": "x", "sources_file": "facts.csv",
            "claims": [{
                "id": "x", "paraphrase": "x", "by": "x", "date": 2017, "quantity": "x",
                "comparison": "is", "stated": {"value": 100, **(rate or {"unit": "people"})},
                "computed": [{
                    "definition": "x", "from": [{"undetected": "A"}], "from_file": [spec],
                }],
            }],
        }  # fmt: skip
        file, states = tmp_path / "claims.yaml", tmp_path / "states.csv"
        file.write_text(json.dumps(claims), encoding="utf-8")
        head, *_ = STATES.splitlines()
        states.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
        return check_claims(file, [states]).checked[0]

    return check


HERE, THERE = "2015,1,PA,Pennsylvania,100,100,50", "2015,1,OH,Ohio,100,300,50"


def test_a_file_of_several_places_is_never_averaged_over_them(of_states):
    """100 people in one state and 300 in another are not 200 in either."""
    told = of_states({"place": "Ohio"}, HERE, THERE)
    assert [value.value for value in told.answers[0].values if value.file] == [300]
    told = of_states({}, HERE)
    assert [value.value for value in told.answers[0].values if value.file] == [100]
    with pytest.raises(InputError) as caught:
        of_states({}, HERE, THERE)
    problem = caught.value.problems[0]
    assert "states.csv has 2 places, and no place is named" in problem.message
    assert problem.field == "claims[1].computed[1].from_file[1].place"
    assert "Ohio" in problem.fix
    assert problem.file.endswith("claims.yaml")


@pytest.mark.parametrize("residents", ["0", "-100"])
def test_a_file_whose_residents_are_none_is_told_and_not_divided_by(of_states, residents):
    """Nothing is a share of nought."""
    with pytest.raises(InputError) as caught:
        of_states({"to": "population_15_64"}, f"2015,1,PA,Pennsylvania,{residents},100,50")
    assert "may add up to nothing" in caught.value.problems[0].message


def test_a_number_in_a_file_that_nobody_counts_to_is_told(of_states):
    """1e300 people, and more than a computer's number holds."""
    for number in ("1e300", "-1e19", "1e-300"):
        with pytest.raises(InputError) as caught:
            of_states({}, f"2015,1,PA,Pennsylvania,100,{number},50")
        assert "no number that can be counted with" in caught.value.problems[0].message


# -- schema ---------------------------------------------------------------------------------


def test_the_shipped_schema_of_claims_is_up_to_date():
    """When this fails: python -m remand.evidence.claims.form."""
    assert schema_path().read_text(encoding="utf-8") == dumps_schema()


def test_shipped_claims_keep_to_the_schema_and_misspelt_keys_break_it():
    """What the reader takes, the editor does not underline, and the reverse."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name in shipped("claims"):
        plain = Document.read(find(name, "claims")).plain()
        plain = json.loads(json.dumps(plain, default=str))
        assert [error.message for error in validator.iter_errors(plain)] == []
        plain["claims"][0]["misspelt"] = 1
        assert not validator.is_valid(plain)


# -- the command line -----------------------------------------------------------------------


@pytest.fixture
def run():
    """``remand claims …`` in this process, with the network unplugged."""
    from remand.cli.claims import claims

    app = typer.Typer()
    app.command()(claims)

    def refuse(*_, **__):
        raise AssertionError("the network is not to be used")

    def ran(*args):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(socket, "socket", refuse)
            return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(arg) for arg in args])

    return ran


def test_the_command_prints_the_verdict_first_within_80_columns(run):
    """Only addresses may be longer: cut, they lead nowhere."""
    shown = run(SHIPPED)
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    heads = [line for line in lines if line[:1].isupper() and line.split("  ")[0].isupper()]
    assert [line.split("  ")[0].lower() for line in heads] == list(VERDICTS.values())
    assert all(len(line) <= 80 or "http" in line for line in lines)
    assert "OUTSIDE THE DATA  no figure here counts votes" in shown.output


def test_the_json_has_the_stable_keys(run):
    """Those of the contract, and every figure with its source."""
    told = json.loads(run(SHIPPED, "--json").stdout)
    keys = {"id", "quote", "stated", "computed", "definition", "sources", "verdict", "note"}
    assert all(keys <= claim.keys() for claim in told["claims"])
    pennsylvania = next(claim for claim in told["claims"] if claim["id"] == "pennsylvania")
    assert pennsylvania["computed"]["value"] == pytest.approx(10.02, abs=0.01)
    assert pennsylvania["computed"]["denominator"] == "residents aged 15–64"
    assert {"F0490", "F0491", "X0008"} <= {row["id"] for row in pennsylvania["sources"]}
    assert all(row["address"] for claim in told["claims"] for row in claim["sources"])


def test_a_name_that_is_not_there_is_told_with_a_suggestion():
    """The shipped names are offered."""
    with pytest.raises(InputError) as caught:
        check_claims("philadelphia/claims-2071")
    assert caught.value.problems[0].fix == "did you mean 'philadelphia/claims-2017'?"


def test_nothing_heavy_is_imported_where_no_file_is_given():
    """Cited figures need no database and no compiler."""
    script = (
        "import sys; from remand.evidence.claims.answers import check_claims; "
        f"check_claims('{SHIPPED}'); "
        "print(sorted({'duckdb', 'numba', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"
