"""Malformed models and platforms: each gets the message a person needs, with line and fix."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import ValidationError, model_validator

from remand.files import load_model, load_platform
from remand.files.forms import faults
from remand.model.spec import Spec


@dataclass(frozen=True)
class Case:
    """One edit of the tiny model's or platform's text, and what must be said of it.

    Attributes:
        old, new: the text that is replaced.
        at: text on the line that must be named.
        field: the field that must be named.
        says: words that must be in the message.
        fix: words that must be in the fix.
    """

    old: str
    new: str
    at: str
    field: str
    says: str
    fix: str


# fmt: off
MODELS = {
    "a source is missing": Case(
        "{inferred: made up, ", "{", "residents", "residents.people",
        "the number 10000 has no source", "add source: <key>, or inferred",
    ),
    "exits add up to 0.98": Case(
        "share: 0.4}", "share: 0.38}", "exits:", "states.booking.exits",
        "the exits of 'booking' add up to 0.98", "share: rest",
    ),
    "a table adds up to 0.98": Case(
        "200, probability: 0.5", "200, probability: 0.48", "duration: 100",
        "states.prison.dwell.rows[1]", "probabilities add up to 0.98, not 1", "normalise: true",
    ),
    "a stratum level is misspelt": Case(
        "charge: felony}", "charge: felonny}", "felonny", "states.jail.dwell[2].where.charge",
        "axis 'charge' has no level 'felonny'", "did you mean 'felony'?",
    ),
    "an axis is misspelt": Case(
        "{charge: felony}", "{chrage: felony}", "chrage", "states.jail.dwell[2].where.chrage",
        "there is no axis 'chrage'", "did you mean 'charge'?",
    ),
    "a key is misspelt": Case(
        "kind: jail", "knid: jail", "knid", "states.jail.knid", "'knid' is not a field here",
        "did you mean 'kind'?",
    ),
    "a key at the top is misspelt": Case(
        "arrivals:", "arivals:", "arivals", "arivals", "'arivals' is not a field here",
        "did you mean 'arrivals'?",
    ),
    "a key of a law is misspelt": Case(
        "mean: 20", "maen: 20", "maen", "states.jail.dwell[1].maen", "'maen' is not a field here",
        "did you mean 'mean'?",
    ),
    "a law is unknown": Case(
        "exponential, mean: 20", "exponental, mean: 20", "exponental", "states.jail.dwell[1]",
        "there is no law 'exponental'", "did you mean 'exponential'?",
    ),
    "a law is not said": Case(
        "law: exponential, mean: 20", "mean: 20", "mean: 20", "states.jail.dwell[1]",
        "does not say its law", "lognormal, exponential",
    ),
    "a kind is unknown": Case(
        "kind: jail", "kind: gaol", "gaol", "states.jail.kind", "'kind' cannot be 'gaol'", "jail",
    ),
    "two rows are equally specific": Case(
        "{where: {charge: felony}, law", "{law", "mean: 40", "states.jail.dwell[2].where",
        "rows 1 and 2 are equally specific", "'from' date",
    ),
    "a stratum is not covered": Case(
        "      - {law: exponential, mean: 20} # days\n", "", "dwell:\n      - {where",
        "states.jail.dwell", "no row covers race Black, charge other", "without 'where'",
    ),
    "an exit leads to an unknown state": Case(
        "to: jail, share: 0.6", "to: jial, share: 0.6", "jial", "states.booking.exits.held",
        "leads to 'jial', which is not a state", "did you mean 'jail'?",
    ),
    "an exit is named after no state": Case(
        "prison: {share: 0.3}", "prisson: {share: 0.3}", "prisson", "states.jail.exits.prisson",
        "leads to 'prisson', which is not a state", "did you mean 'prison'? Or say where it leads",
    ),
    "a number is not a number": Case(
        "mean: 20", "mean: .nan", ".nan", "states.jail.dwell[1].mean",
        "'mean' is not a finite number", "correct 'mean'",
    ),
    "a share is negative": Case(
        "share: 0.3}", "share: -0.3}", "-0.3", "states.jail.exits.prison.share",
        "'share' must be at least 0, not -0.3", "correct 'share'",
    ),
    "a share is above 1": Case(
        "share: 0.3}", "share: 1.2}", "1.2", "states.jail.exits.prison.share",
        "'share' must be at most 1, not 1.2", "correct 'share'",
    ),
    "a share is a word": Case(
        "share: 0.3}", "share: some}", "some}", "states.jail.exits.prison.share",
        "'share' should be a number or 'rest', not 'some'", "correct 'share'",
    ),
    "a mean is zero": Case(
        "mean: 20", "mean: 0", "mean: 0", "states.jail.dwell[1].mean",
        "'mean' must be above 0, not 0", "correct 'mean'",
    ),
    "text stands for a number": Case(
        "mean: 20", "mean: twenty", "twenty", "states.jail.dwell[1].mean",
        "'mean' should be a number, not 'twenty'", "correct 'mean'",
    ),
    "a number stands for text": Case(
        "title: Tiny County", "title: 1790", "title:", "title",
        "'title' should be text, not 1790", "write it in quotes",
    ),
    "true stands for a number": Case(
        "mean: 20", "mean: true", "mean: true", "states.jail.dwell[1].mean",
        "'mean' should be a number, not true", "correct 'mean'",
    ),
    "a number is left out": Case(
        "rate: 3", "rate:", "rate:", "arrivals.booking.rate", "'rate' is empty", "give 'rate'",
    ),
    "a lognormal mean is below its median": Case(
        "law: exponential, mean: 20", "law: lognormal, median: 30, mean: 20", "median: 30",
        "states.jail.dwell[1].mean", "a lognormal mean (20) must be above its median (30)",
        "correct 'mean'",
    ),
    "a date has a 13th month": Case(
        "2020-01-01", "2020-13-01", "2020-13-01", "clock.start",
        "'start' should be a date, such as 2018-02-21, not '2020-13-01'", "correct 'start'",
    ),
    "a state has no exits": Case(
        "    exits: gone\n", "    exits: {}\n", "exits: {}", "states.prison.exits",
        "a state needs at least one exit", "",
    ),
    "nothing says how long people stay": Case(
        "    dwell: {law: fixed, value: 0}\n", "", "booking:", "states.booking.dwell",
        "nothing says how long people stay before they leave by held, released", "dwell law",
    ),
    "people arrive in an unknown state": Case(
        "arrivals:\n  booking:", "arrivals:\n  bokking:", "bokking", "arrivals.bokking",
        "nobody can arrive in 'bokking'", "did you mean 'booking'?",
    ),
    "a split does not add up": Case(
        "felony: 0.25", "felony: 0.2", "felony: 0.2,", "arrivals.booking.split.charge",
        "the shares over 'charge' add up to 0.95", "correct a share",
    ),
    "a split names an unknown level": Case(
        "{felony: 0.25", "{felon: 0.25", "felon:", "arrivals.booking.split.charge",
        "axis 'charge' has no level 'felon'", "did you mean 'felony'?",
    ),
    "a source key is unknown": Case(
        "rate: 3", "rate: {value: 3, source: F0001}", "F0001", "arrivals.booking.rate.source",
        "'F0001' is neither one of the file's sources nor an address", "",
    ),
    "a key stands twice": Case(
        "title: Tiny County", "title: Tiny County\nname: other", "name: other", "",
        "the key 'name' stands twice", "keep one",
    ),
    "a tab indents": Case(
        "    kind: jail", "\tkind: jail", "\tkind", "", "a tab stands where YAML needs spaces",
        "spaces only",
    ),
    "a bracket is not closed": Case(
        "[Black, white]", "[Black, white", "charge: [", "", "not valid YAML",
        "mend this line, or the one above",
    ),
    "the CSV beside is missing": Case(
        "      rows:\n        - {duration: 100, probability: 0.5}\n"
        "        - {duration: 200, probability: 0.5}\n", "      file: stays.csv\n", "", "",
        "cannot be read: No such file", "beside the YAML",
    ),
    "the sources file is missing": Case(
        "clock:", "sources_file: facts.csv\nclock:", "", "", "cannot be read: No such file",
        "beside the YAML",
    ),
    "disparity compares an unknown level": Case(
        "arrivals:", "disparity: {axis: race, of: Blak, to: white}\narrivals:", "disparity:",
        "disparity.of", "axis 'race' has no level 'Blak'", "did you mean 'Black'?",
    ),
    "tonight misspells steady": Case(
        "arrivals:", "tonight: {jail: stedy}\narrivals:", "tonight:", "tonight.jail",
        "'jail' should be keys with values or 'steady', not 'stedy'", "did you mean 'steady'?",
    ),
}

PLATFORMS = {
    "it starts before the model": Case(
        "2020-03-01", "2019-03-01", "2019-03-01", "policies[1].starts",
        "starts 2019-03-01, before the model does (2020-01-01)", "model's own policies",
    ),
    "it ends before it starts": Case(
        "2021-06-01", "2020-05-01", "ends:", "policies[2].ends",
        "ends 2020-05-01, which is not after it starts (2020-06-01)", "correct 'ends'",
    ),
    "the compliance is missing": Case(
        "    compliance: 0.5 # half of the time\n", "", "- name: release-more",
        "policies[1].compliance", "'compliance' is missing", "the share of cases",
    ),
    "the compliance is a range without a low": Case(
        "{low: 0.2, high: 0.8}", "{high: 0.8}", "high: 0.8", "policies[2].compliance.high",
        "a range needs 'low' and 'high'", "",
    ),
    "an authority is unknown": Case(
        "authority: judge", "authority: jugde", "jugde", "policies[1].authority",
        "'authority' cannot be 'jugde'", "did you mean 'judge'?",
    ),
    "it is phased in for everyone": Case(
        "    compliance: {low", "    phase_in: 30\n    applies_to: everyone\n    compliance: {low",
        "phase_in: 30", "policies[2].phase_in", "phase_in cannot go with 'applies_to: everyone'",
        "",
    ),
    "a cap does not say by which exit": Case(
        "scale: 0.9", "cap: 30", "cap: 30", "policies[2].edits[1].dwell.cap",
        "people who would stay past 30 days leave by several exits (out, prison)", "add exit: out",
    ),
    "an edit names an unknown exit": Case(
        "exit: held", "exit: helt", "helt", "policies[1].edits[1].divert.exit",
        "state 'booking' has no exit 'helt'", "did you mean 'held'?",
    ),
    "an edit names an unknown state": Case(
        "state: jail", "state: jial", "jial", "policies[2].edits[1].dwell.state",
        "there is no state 'jial'", "did you mean 'jail'?",
    ),
    "an edit is misspelt": Case(
        "- divert:", "- dvert:", "dvert", "policies[1].edits[1].dvert", "there is no edit 'dvert'",
        "did you mean 'divert'?",
    ),
    "a field of an edit is misspelt": Case(
        "share: 0.2}", "shar: 0.2}", "shar:", "policies[1].edits[1].divert.shar",
        "'shar' is not a field here", "did you mean 'share'?",
    ),
    "a release has 'to' for 'exit'": Case(
        "dwell: {state: jail, scale: 0.9}", "release: {state: jail, share: 0.1, to: out}",
        "release: {", "policies[2].edits[1].release.to", "'to' is not a field here",
        "did you mean 'exit'?",
    ),
    "two keys stand in one edit": Case(
        "      - dwell: {state: jail, scale: 0.9}",
        "      - dwell: {state: jail, scale: 0.9}\n        admit: {state: booking, scale: 0.9}",
        "- dwell", "policies[2].edits[1].dwell", "'dwell' and 'admit' stand in one edit",
        "its own '- '",
    ),
    "an edit changes two things": Case(
        "scale: 0.9", "scale: 0.9, cap: 3", "cap: 3", "policies[2].edits[1].dwell.scale",
        "give exactly one of scale, floor, cap, law (here: scale and cap)", "",
    ),
    "arrivals are scaled where nobody arrives": Case(
        "dwell: {state: jail, scale: 0.9}", "admit: {state: jail, scale: 0.9}", "admit",
        "policies[2].edits[1].admit.state", "nobody arrives in 'jail' from outside", "booking",
    ),
    "a policy has neither edits nor a reason": Case(
        "    edits:\n      - dwell: {state: jail, scale: 0.9}\n", "    edits: []\n", "edits: []",
        "policies[2].edits", "a policy without edits must say why in 'no_edits'", "",
    ),
    "a policy has no source": Case(
        "    authority: judge\n    source: https://example.org/plan\n", "    authority: judge\n",
        "- name: release-more", "policies[1].source", "policy 'release-more' has no source",
        "add source",
    ),
    "two policies share a name": Case(
        "name: shorter-stays", "name: release-more", "name: release-more\n    authority: pros",
        "policies[2].name", "policy 1 has the same name", "a name of its own",
    ),
    "edits are no list": Case(
        "      - dwell: {state", "        dwell: {state", "edits:\n        dwell",
        "policies[2].edits", "'edits' should be a list", "correct 'edits'",
    ),
    "a release is for everyone": Case(
        "    compliance: {low: 0.2, high: 0.8}\n    edits:\n"
        "      - dwell: {state: jail, scale: 0.9}",
        "    applies_to: everyone\n    compliance: 1\n    edits:\n"
        "      - release: {state: jail, share: 0.1, exit: out}", "- release",
        "policies[2].edits[1].release", "'release' already says whom it reaches",
        "remove 'applies_to: everyone'",
    ),
    "a full state sends people nowhere": Case(
        "dwell: {state: jail, scale: 0.9}",
        "capacity: {state: jail, places: 9, when_full: {refuse: {to: jial}}}", "jial",
        "policies[2].edits[1].capacity.when_full.refuse.to", "people cannot go to 'jial'",
        "did you mean 'jail'?",
    ),
    "a full state sends people to itself": Case(
        "dwell: {state: jail, scale: 0.9}",
        "capacity: {state: jail, places: 9, when_full: {refuse: {to: jail}}}", "to: jail",
        "policies[2].edits[1].capacity.when_full.refuse.to", "would come straight back",
        "name another state",
    ),
    "an order of nobody": Case(
        "dwell: {state: jail, scale: 0.9}",
        "capacity: {state: jail, places: 9, when_full: {discharge: {order: [nobody], to: out}}}",
        "nobody", "policies[2].edits[1].capacity.when_full.discharge.order",
        "'nobody' is no level of any axis", "or write nearest or random",
    ),
}
# fmt: on

CASES = [("model", name, case) for name, case in MODELS.items()] + [
    ("platform", name, case) for name, case in PLATFORMS.items()
]


@pytest.mark.parametrize(
    ("which", "case"), [(w, c) for w, _, c in CASES], ids=[f"{w}: {n}" for w, n, _ in CASES]
)
def test_a_fault_is_told_once_with_its_line_field_and_fix(which, case, place, texts, remand):
    """Each edit of a sound file gives one error, at its line; `check` shows it and exits 2."""
    assert texts[which].count(case.old) >= 1
    text = texts[which].replace(case.old, case.new, 1)
    place.write(**{which: text})
    model, problems = load_model(place.model)
    if which == "platform":
        assert problems == []
        _, problems = load_platform(place.platform, model)
    errors = [p for p in problems if p.severity == "error"]
    assert len(errors) == 1, [str(p) for p in errors]
    (problem,) = errors
    assert case.says in problem.message
    assert case.fix in problem.fix
    if case.at:
        assert problem.field == case.field
        assert problem.file == str(getattr(place, which))
        assert problem.line == text[: text.index(case.at)].count("\n") + 1
    for jargon in ("input should", "value error", "union", "literal", "NoneType", "Errno"):
        assert jargon not in str(problem).lower()

    code, out, err = remand("check", place.model, place.platform)
    assert code == 2
    assert str(problem) in out.splitlines()
    assert "Traceback" not in out + err
    code, out, err = remand("compare", place.model, place.platform, "--to", "2020-03-01")
    assert code == 2
    assert out == ""
    assert str(problem) in err.splitlines()


def test_a_fault_of_the_whole_file_is_told_of_the_file():
    """What a check of the root says names no field, so there is none to point at."""

    class Root(Spec):
        low: float
        high: float

        @model_validator(mode="after")
        def _rising(self):
            raise ValueError("these two are swapped")

    written = {"low": 2.0, "high": 1.0}
    with pytest.raises(ValidationError) as refused:
        Root.model_validate(written)
    (fault,) = faults(Root, refused.value, written)
    assert str(fault.problem) == "error: these two are swapped. Fix: correct the file"
