"""Files that cannot be read at all, faults that show late or elsewhere, and several at once."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remand.files import load_model, load_platform
from remand.files.documents import Document, dumped

FILES = {
    "an empty file": (b"", "the file is empty"),
    "a file of blanks": (b" \n\n", "the file is empty"),
    "a PNG": (b"\x89PNG\r\n\x1a\n\x00\x00", "this is a PNG picture, not YAML"),
    "a file in UTF-16": ("name: x".encode("utf-16"), "this is text in UTF-16"),
    "a file in Latin-1": ("a: 1\nname: Cañon".encode("latin-1"), "not text in UTF-8"),
    "a file with a NUL": (b"name: \x00", "not valid YAML"),
    "a list": (b"- name: x\n", "holds a list, not keys with values"),
    "plain words": (b"a model\n", "holds a single value, not keys with values"),
    "two documents": (b"name: a\n---\nname: b\n", "'---' begins a second document"),
    "aliases that explode": (
        b"a0: &a0 [x]\n"
        + b"".join(
            b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 9)
        ),
        "aliases unfold into more than 1,000,000 parts",
    ),
    "an alias of nothing": (b"a: *a\n", "not valid YAML: found undefined alias"),
}


@pytest.mark.parametrize(("raw", "says"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("which", ["model", "platform"])
def test_what_is_not_a_yaml_mapping_is_told_so(which, raw, says, place, remand):
    """Bytes that are no model or platform give one line and exit code 2."""
    place.write(**{which: raw})
    code, out, err = remand("check", place.model, place.platform)
    assert code == 2
    assert says in out
    assert str(getattr(place, which)) in out
    assert "Traceback" not in out + err


def test_a_folder_or_a_missing_file_is_told_so(place, tmp_path, remand):
    """A folder without a model, a folder for a platform, and a name that is nowhere."""
    (tmp_path / "bare").mkdir()
    for args, says in (
        ([tmp_path / "bare"], "holds no model.yaml"),
        ([place.model, tmp_path / "bare"], "this is a folder, not a file"),
        ([tmp_path / "none.yaml"], "there is no file"),
        (["philadelpia"], "did you mean 'philadelphia'?"),
        ([place.model, "philadelphia/krasner-2018"], "did you mean 'philadelphia/krasner-2017'?"),
        ([place.model, f"{place.platform}#release-mor"], "did you mean 'release-more'?"),
    ):
        code, out, err = remand("check", *args)
        assert code == 2
        assert says in out
        assert "Traceback" not in out + err


def test_platforms_after_one_another_in_a_circle_are_told_where(place, texts, remand):
    """One after the other after the one: the circle is spelt out at the line of an 'after'."""
    place.write(platform=texts["platform"].replace("about:", "after: other\nabout:"))
    other = place.folder / "other.yaml"
    other.write_text("remand: 1\nname: other\ntitle: o\nabout: o\nafter: [plan]\n")
    code, out, _ = remand("check", place.model, place.platform)
    assert code == 2
    assert f"{other}:5: error: after: these platforms come after one another in a circle" in out
    assert "plan → other → plan" in out


def test_after_an_unknown_platform_is_told_where(place, texts, remand):
    """``after`` names neither a file beside the platform nor a shipped one."""
    place.write(platform=texts["platform"].replace("about:", "after: othr\nabout:"))
    code, out, _ = remand("check", place.model, place.platform)
    assert code == 2
    assert f"{place.platform}:5: error: after: there is no platform 'othr' to come after" in out


def test_a_circle_of_stays_of_no_length_is_told_where(place, texts, remand):
    """Booking to jail and back, both in no time: nobody would ever get out of the step."""
    text = texts["model"].replace("held: {to: jail, share: 0.6}", "held: {to: jail, share: 1}")
    text = text.replace("released: {to: gone, share: 0.4}", "released: {to: gone, share: 0}")
    text = text.replace(
        "      - {law: exponential, mean: 20} # days\n"
        "      - {where: {charge: felony}, law: exponential, mean: 40}\n",
        "      - {law: fixed, value: 0}\n",
    )
    text = text.replace("out: {to: gone, share: 0.7}", "out: {to: booking, share: 1}")
    text = text.replace("prison: {share: 0.3}", "prison: {share: 0}")
    text += "tonight: {prison: {people: 0, inferred: made up}}\n"
    place.write(model=text)
    code, out, _ = remand("check", place.model)
    assert code == 2
    line = text[: text.index("dwell:")].count("\n") + 1
    assert f"{place.model}:{line}: error: states.booking.dwell: people would circle" in out
    assert "booking → jail → booking" in out


CSVS = {
    "a duration is no whole number": (
        "duration,probability\n100,0.5\n2.5,0.5\n", 3, "duration", "whole number, not '2.5'",
    ),
    "a probability is a word": (
        "duration,probability\n100,half\n200,0.5\n", 2, "probability", "number, not 'half'",
    ),
    "a column is missing": ("duration,share\n1,1\n", 1, "probability", "no column 'probability'"),
    "it adds up to 0.98": ("duration,probability\n1,0.5\n\n2,0.48\n", 2, "", "add up to 0.98"),
    "a comma is not quoted": ("duration,probability\n1,0,5\n", 2, "", "more cells than columns"),
    "it has no rows": ("duration,probability\n", 1, "", "no rows below the header"),
    "it is empty": ("", 1, "duration", "no column 'duration'"),
    "it has an axis": (
        "race,duration,probability\nBlack,1,1\n", 2, "", "single law cannot have 'where'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "field", "says"), CSVS.values(), ids=CSVS)
def test_a_fault_in_a_csv_is_told_with_the_line_of_the_csv(text, line, field, says, place, texts):
    """Stays from a CSV: the file named is the CSV, the field its column."""
    (place.folder / "stays.csv").write_text(text)
    rows = texts["model"].index("      rows:"), texts["model"].index("    exits: gone")
    place.write(
        model=texts["model"][: rows[0]] + "      file: stays.csv\n" + texts["model"][rows[1] :]
    )
    _, problems = load_model(place.model)
    (problem,) = problems
    assert (problem.file, problem.line) == (str(place.folder / "stays.csv"), line)
    assert problem.field == field
    assert says in problem.message


def test_five_faults_give_five_messages_in_the_order_of_their_lines(place, texts, remand):
    """A misspelt word, a share in words, an unknown state, a misspelt level, a bad sum."""
    text = texts["model"]
    for old, new in (
        ("counts: in-facility", "counts: in-facilty"),
        ("to: jail, share: 0.6", "to: jial, share: 0.6"),
        ("share: 0.3}", "share: lots}"),
        ("charge: felony}", "charge: felonny}"),
        ("200, probability: 0.5", "200, probability: 0.48"),
    ):
        text = text.replace(old, new, 1)
    place.write(model=text)
    code, out, _ = remand("check", place.model)
    assert code == 2
    *lines, last = out.splitlines()
    assert last == "5 errors, 0 warnings"
    numbers = [int(line.removeprefix(f"{place.model}:").partition(":")[0]) for line in lines]
    assert len(lines) == 5
    assert numbers == sorted(numbers)


def test_a_policy_that_cannot_be_read_does_not_hide_the_others_faults(place, texts):
    """One policy lacks its compliance, the other names an unknown exit: both are told."""
    text = texts["platform"].replace("    compliance: {low: 0.2, high: 0.8}\n", "")
    place.write(platform=text.replace("exit: held", "exit: helt"))
    _, problems = load_platform(place.platform, load_model(place.model)[0])
    assert [p.field for p in problems] == [
        "policies[1].edits[1].divert.exit",
        "policies[2].compliance",
    ]


def test_every_fault_inside_one_policy_is_told_at_once(place, texts):
    """A date before its start, a share too large, a key unknown, an exit and a state unknown."""
    edits = (
        "release: {state: jail, share: 1.5, to: out}\n"
        "      - divert: {state: booking, exit: helt, to: released, share: 0.2}\n"
        "      - dwell: {state: jail, scale: 0.9, cap: 3}\n"
        "      - dwell: {state: jial, scale: 0.9}"
    )
    text = texts["platform"].replace("dwell: {state: jail, scale: 0.9}", edits)
    place.write(platform=text.replace("2021-06-01", "2020-05-01"))
    _, problems = load_platform(place.platform, load_model(place.model)[0])
    assert [(p.field.removeprefix("policies[2]."), p.fix) for p in problems] == [
        ("ends", "correct 'ends'"),
        ("edits[1].release.share", "correct 'share'"),
        ("edits[1].release.to", "did you mean 'exit'?"),
        ("edits[2].divert.exit", "did you mean 'held'?"),
        ("edits[3].dwell.scale", "correct 'scale'"),
        ("edits[4].dwell.state", "did you mean 'jail'?"),
    ]


def test_a_policy_without_its_start_still_has_its_edits_checked(place, texts):
    """The day it would end says nothing then; the state it names does."""
    text = (
        texts["platform"]
        .replace("    starts: 2020-06-01\n", "")
        .replace("state: jail", "state: jial")
    )
    place.write(platform=text)
    _, problems = load_platform(place.platform, load_model(place.model)[0])
    assert [p.field for p in problems] == ["policies[2].starts", "policies[2].edits[1].dwell.state"]


def test_a_work_file_is_told_from_a_model(tmp_path, remand):
    """What ingest wrote must be fitted before it can be checked."""
    work = tmp_path / "work.duckdb"
    duckdb.connect(str(work)).close()
    code, out, _ = remand("check", work)
    assert code == 2
    assert "this is a work file of records, not a model" in out
    assert f"Fix: fit it: remand fit {work} --out county/" in out


def test_capacity_is_sound_input_that_the_exact_engine_refuses(place, texts, remand):
    """`check` has nothing against it; `compare` says which engine runs it."""
    capacity = "capacity: {state: jail, places: 9, when_full: {refuse: {to: gone}}}"
    text = texts["platform"].replace("dwell: {state: jail, scale: 0.9}", capacity)
    place.write(platform=text)
    assert remand("check", place.model, place.platform)[0] == 0
    asked = ("compare", place.model, place.platform, "--to", "2020-02-01", "--engine", "exact")
    code, out, err = remand(*asked)
    assert (code, out) == (2, "")
    assert err.startswith("refused: plan: policy 'shorter-stays' holds 'jail' at 9 places")
    assert "Traceback" not in err


def test_the_installed_command_prints_no_traceback(place):
    """In a process of its own: exit code 2, the message on stderr, nothing on stdout."""
    place.write(model="name: [")
    done = subprocess.run(
        [sys.executable, "-m", "remand", "compare", place.model, place.platform],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"{place.model}:1: error: not valid YAML")
    assert "Traceback" not in done.stderr


ODD = [
    None, True, -1, 0, 2.5, 10**30, float("nan"), float("inf"), "", "x", "rest", [], ["x"], [[]],
    [None], {}, {"x": 1}, [{}], [{"value": 0.5}], dt.date(2020, 1, 1),
    dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC), {"law": "x"}, {"law": "table"}, [{"admit": None}],
    {"law": "table", "file": "no.csv"}, {"law": "lognormal", "median": 1e-300, "mean": 1e300},
]  # fmt: skip
"""Values that belong nowhere, or seldom."""
JARGON = ("input should", "value error", "union", "literal", "constrained", "function-", "errno")


def places(node, path=()):
    """The path of every value of a document."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(child, dict | list):
            yield from places(child, (*path, key))


@pytest.mark.parametrize("which", ["model", "platform"])
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_stands_anywhere_is_taken_or_told(which, data, place):
    """Any value of the file becomes an odd one: problems with file and line, never an exception."""
    place.write()
    model, _ = load_model(place.model)
    path = getattr(place, which)
    document = Document.read(path).plain()
    *way, last = data.draw(st.sampled_from(list(places(document))))
    node = document
    for part in way:
        node = node[part]
    node[last] = data.draw(st.sampled_from(ODD))
    path.write_text(dumped(document), encoding="utf-8")
    problems = load_model(path)[1] if which == "model" else load_platform(path, model)[1]
    for problem in problems:
        assert problem.line is not None or problem.file != str(path)
        assert not any(word in problem.message.lower() for word in JARGON)
