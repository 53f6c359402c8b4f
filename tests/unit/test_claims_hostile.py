"""Claims: files written to break or to mislead: a message, or their words printed as they are."""

import json
from contextlib import suppress

import pytest
import typer
from typer.testing import CliRunner

from remand.cli.claims import claims
from remand.errors import InputError
from remand.evidence.claims.answers import check_claims

HEAD = "id,quantity,value,unit,source_title,publisher,source_address,note"
ROW = "{id},people in jail,{value},people,Report,Bureau,https://example.org/a,{note}"


@pytest.fixture
def written(tmp_path):
    """A writer of a file of one claim, changed at some places, and of its table: → path."""

    def write(changes=None, *, rows=(("A", 100), ("B", 50)), text=None, note=""):
        lines = [ROW.format(id=key, value=value, note=note) for key, value in rows]
        (tmp_path / "facts.csv").write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
        path = tmp_path / "claims.yaml"
        path.write_text(text or json.dumps(changed(FILE, changes or {})), encoding="utf-8")
        return path

    return write


FILE = {
    "name": "here",
    "title": "Here",
    "sources_file": "facts.csv",
    "claims": [
        {
            "id": "many", "paraphrase": "many", "by": "somebody", "date": 2017,
            "quantity": "people", "comparison": "more than",
            "stated": {"value": 10, "unit": "people"},
            "computed": [{"definition": "all", "from": [{"figure": "A"}]}],
        }
    ],
}  # fmt: skip


def changed(node, changes):
    """A copy with other values, by dotted places: ``claims.0.by``."""
    copy = json.loads(json.dumps(node))
    for place, value in changes.items():
        *path, last = (int(part) if part.isdigit() else part for part in place.split("."))
        inside = copy
        for part in path:
            inside = inside[part]
        inside[last] = value
    return copy


def shown(*args):
    """What ``remand claims`` prints, or the error it ends with."""
    app = typer.Typer()
    app.command()(claims)
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(arg) for arg in args])


READING = "claims.0.computed.0.from.0"
RATIO = {"ratio": {"of": "A", "to": "B"}}
TIMES = {"times": {"of": {"figure": "A"}, "to": {"figure": "B"}}}
RELATIVE = {"change": {"from": "B", "to": "A", "relative": True}}
SHARE = {"claims.0.stated": {"value": 1, "per": 100, "denominator": "people in jail"}}
NUMBERS = [
    "inf", "-inf", "nan", "1e400", "1e308", "-1e308", "1e-308", "5e-324", "1e18", "1e-18", "0",
    "-0", "-5", "1" + "0" * 400, "1_0", "١٢", "0x10", "1e", "", "--1", "1e18,1",
]  # fmt: skip
WAYS = {
    "figure": {},
    "ratio": {READING: RATIO, **SHARE},
    "times": {READING: TIMES, "claims.0.comparison": "higher than", "claims.0.stated": {}},
    "lower": {READING: TIMES, "claims.0.comparison": "lower than", "claims.0.stated": {"value": 3}},
    "relative": {READING: RELATIVE, "claims.0.stated": {"value": 5, "per": 100}},
    "rank": {READING: {"rank": {"of": "A", "among": "B"}}, "claims.0.stated": {},
             "claims.0.comparison": "lowest of"},
    "rose": {READING: {"change": {"from": "A", "to": "B"}}, "claims.0.stated": {},
             "claims.0.comparison": "rose"},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_no_number_of_a_table_breaks_the_arithmetic(written, way):
    """Above and below the line: a verdict in finite numbers, or a message."""
    for number in NUMBERS:
        for rows in ((("A", number), ("B", 50)), (("A", 100), ("B", number))):
            quoted = [(key, f'"{value}"') for key, value in rows]
            for note in ("", "rounded to 100", "rounded to 999999999999 decimals"):
                path = written(WAYS[way], rows=quoted, note=note)
                with suppress(InputError):
                    json.dumps(check_claims(path).as_json(), allow_nan=False)
                    assert shown(path).exit_code == 0


@pytest.mark.parametrize("way", ["ratio", "times", "relative"])
@pytest.mark.parametrize("below", ["0", "-50"])
def test_nothing_is_divided_by_nought_or_less(written, way, below):
    """And it is said which figure."""
    with pytest.raises(InputError) as caught:
        check_claims(written(WAYS[way], rows=(("A", 100), ("B", below))))
    assert any("noth" in problem.message for problem in caught.value.problems)


@pytest.mark.parametrize(
    "value", [".inf", "-.inf", ".nan", "1e400", "1e300", "1e-300", "0", "9" * 400, "9" * 5000,
              "1e-324", "'10'", "0x7fffffffffffffffffff", "1:30", "2017-01-01"]
)  # fmt: skip
@pytest.mark.parametrize("key", ["value: 10", "per: 1000"])
def test_no_number_that_was_said_breaks_a_file(written, key, value):
    """It is told with its line, or is a number."""
    text = (
        "name: here\ntitle: Here\nsources_file: facts.csv\nclaims:\n- id: x\n  paraphrase: x\n"
        "  by: x\n  date: 2017\n  quantity: x\n  comparison: more than\n"
        "  stated: {value: 10, per: 1000, denominator: people in jail}\n"
        "  computed: [{definition: x, from: [{ratio: {of: A, to: B}}]}]\n"
    )
    assert check_claims(written(text=text)).checked[0].verdict == "understated"
    name = key.partition(":")[0]
    path = written(text=text.replace(key, f"{name}: {value}"))
    with suppress(InputError):
        json.dumps(check_claims(path).as_json(), allow_nan=False)
        assert shown(path).exit_code == 0


def test_aliases_that_unfold_into_very_much_are_told(written):
    """A few lines of YAML do not fill the memory."""
    text = "a0: &a0 [x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    with pytest.raises(InputError, match="aliases unfold into more than"):
        check_claims(written(text=text))


@pytest.mark.parametrize("depth", [20, 60, 90, 120, 200, 400])
@pytest.mark.parametrize("place", ["x", "claims", "title"])
def test_a_file_nested_very_deeply_is_told(written, place, depth):
    """As deep as a parser goes, and deeper."""
    with pytest.raises(InputError):
        check_claims(written(text=f"{place}: {'[' * depth}{']' * depth}\n"))


def test_a_thousand_claims_are_checked_or_told_of(written):
    """Each has its verdict; each that is wrong has its line."""
    one = json.dumps(FILE["claims"][0])
    many = [one.replace('"many"', f'"many{i}"', 1) for i in range(1_000)]
    text = "{name: x, title: x, sources_file: facts.csv, claims: [\n" + ",\n".join(many) + "]}\n"
    assert len(check_claims(written(text=text)).checked) == 1_000
    with pytest.raises(InputError) as caught:
        check_claims(written(text=text.replace('"figure": "A"', '"figure": "C"')))
    assert [problem.line for problem in caught.value.problems] == [*range(2, 1_002)]


HOSTILE = "[/] [red]x[/red] :warning: {x} %s \\ [link=file:///etc]y[/link]"


@pytest.mark.parametrize(
    "place",
    ["title", "about", "claims.0.id", "claims.0.paraphrase", "claims.0.by", "claims.0.published",
     "claims.0.quantity", "claims.0.note", "claims.0.computed.0.definition", f"{READING}.period",
     "claims.0.stated.inferred"],
)  # fmt: skip
def test_nothing_in_a_file_is_read_as_markup(written, place):
    """It is printed as it was written."""
    printed = shown(written({place: HOSTILE}))
    assert printed.exit_code == 0, printed.exception
    assert HOSTILE in " ".join(printed.stdout.split())


def test_nothing_in_a_table_is_read_as_markup(written):
    """Nor there."""
    path = written()
    table = path.with_name("facts.csv")
    words = table.read_text(encoding="utf-8").replace("Bureau", HOSTILE).replace("Report", "[/]")
    table.write_text(words, encoding="utf-8")
    assert f"{HOSTILE}, [/]" in " ".join(shown(path).stdout.split())


@pytest.mark.parametrize("character", ["\x1b[31m", "\x07", "\0", "\x9b", "\u202e", "\ud800"])
@pytest.mark.parametrize("place", ["title", "claims.0.by", "sources_file", f"{READING}.figure"])
def test_characters_that_act_on_a_terminal_are_told_and_not_printed(written, place, character):
    """A colour, a bell, a line that runs backwards, half a character."""
    with pytest.raises(InputError) as caught:
        check_claims(written({place: f"a{character}b"}))
    assert ["cannot be printed" in problem.message for problem in caught.value.problems] == [True]
    assert all(problem.line for problem in caught.value.problems)


def test_a_text_without_end_is_told_and_not_printed(written):
    """Said in a thousand places by an alias."""
    text = f'title: &a "{"x" * 100_000}"\nclaims: [{", ".join(["*a"] * 1000)}]\n'
    with pytest.raises(InputError) as caught:
        check_claims(written(text=text))
    assert len(caught.value.problems) == 1001
    assert all("100,000 characters" in problem.message for problem in caught.value.problems)
    assert len(str(caught.value)) < 300 * 1001


@pytest.mark.parametrize("place", ["claims.0.id", "claims.0.date"])
def test_nothing_is_not_the_word_none(written, place):
    """An id that is not there is told."""
    with pytest.raises(InputError, match=r"is empty|should be text"):
        check_claims(written({place: None}))


def test_nor_are_those_of_a_table(written):
    """By their line and column."""
    path = written()
    table = path.with_name("facts.csv")
    words = table.read_text(encoding="utf-8").replace("Bureau", "Bu\x1b[2Jreau", 1)
    table.write_text(words, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_claims(path)
    assert [(p.line, p.field) for p in caught.value.problems] == [(2, "publisher")]


def test_a_title_cannot_pass_for_a_verdict(written):
    """A line break in it begins no line of its own."""
    printed = shown(written({"title": "Here\n\nSUPPORTED      all of it\n"}))
    assert printed.stdout.splitlines()[0] == "Here  SUPPORTED      all of it"


def test_a_figure_told_twice_in_a_table_is_refused(written):
    """Else whichever stands last would count."""
    with pytest.raises(InputError) as caught:
        check_claims(written(rows=(("A", 100), ("A", 1))))
    problem = caught.value.problems[0]
    assert (problem.line, problem.field) == (3, "id")
    assert "a row above has the same id" in problem.message


def test_the_json_of_an_effect_nobody_detected_holds_no_number(written):
    """Null, and not nought."""
    path = written({READING: {"undetected": "A"}}, rows=(("A", 0),))
    table = path.with_name("facts.csv")
    words = table.read_text(encoding="utf-8").replace(",people,", ",no detectable effect,")
    table.write_text(words, encoding="utf-8")
    told = json.loads(shown(path, "--json").stdout)["claims"][0]
    assert told["verdict"] == "not supported"
    assert told["true"] is None
    assert [told["computed"][key] for key in ("value", "low", "high")] == [None] * 3
