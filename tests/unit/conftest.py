"""What the tests of files and of the command line share: a tiny county, and the command line."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

TINY_MODEL = """\
# A county small enough to read at a glance.
remand: 1
name: tiny
title: Tiny County
counts: in-facility
clock:
  start: 2020-01-01 # a Wednesday
  step: day
strata:
  race: [Black, white]
  charge: [felony, other]
states:
  booking:
    kind: booking
    inferred: made up
    dwell: {law: fixed, value: 0}
    exits:
      held: {to: jail, share: 0.6}
      released: {to: gone, share: 0.4}
  jail:
    kind: jail
    inferred: made up
    dwell:
      - {law: exponential, mean: 20} # days
      - {where: {charge: felony}, law: exponential, mean: 40}
    exits:
      out: {to: gone, share: 0.7}
      prison: {share: 0.3}
  prison:
    kind: prison
    inferred: made up
    dwell:
      law: table
      rows:
        - {duration: 100, probability: 0.5}
        - {duration: 200, probability: 0.5}
    exits: gone
residents: {inferred: made up, unit: residents aged 15–64, axes: race, people: 10000}
arrivals:
  booking:
    inferred: made up
    unit: people per day
    rate: 3
    split:
      charge: {felony: 0.25, other: 0.75}
"""

TINY_PLATFORM = """\
# Two promises.
remand: 1
name: plan
title: The plan
about: Made up for tests.
policies:
  - name: release-more
    authority: judge
    source: https://example.org/plan
    starts: 2020-03-01
    compliance: 0.5 # half of the time
    edits:
      - divert: {state: booking, exit: held, to: released, share: 0.2}
  - name: shorter-stays
    authority: prosecutor
    source: https://example.org/plan
    starts: 2020-06-01
    ends: 2021-06-01
    compliance: {low: 0.2, high: 0.8}
    edits:
      - dwell: {state: jail, scale: 0.9}
"""


@dataclass(frozen=True)
class Place:
    """A folder with a model and a platform, as texts that a test may change."""

    folder: object

    @property
    def model(self):
        """The model's file."""
        return self.folder / "model.yaml"

    @property
    def platform(self):
        """The platform's file."""
        return self.folder / "plan.yaml"

    def write(self, model=TINY_MODEL, platform=TINY_PLATFORM):
        """Write both files (text or bytes)."""
        for path, text in ((self.model, model), (self.platform, platform)):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self


@pytest.fixture
def place(tmp_path):
    """A folder with the tiny model and its platform."""
    return Place(tmp_path).write()


@pytest.fixture
def texts():
    """The tiny model and platform as texts."""
    return {"model": TINY_MODEL, "platform": TINY_PLATFORM}


@pytest.fixture
def remand(monkeypatch, capsys):
    """The command line, in this process: ``remand("check", "tiny")`` → (code, out, err)."""
    from remand.cli.app import main

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["remand", *map(str, args)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as left:
            code = left.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def ask(tmp_path):
    """Rows of a query to ``w.duckdb``, the work file of a test."""
    import duckdb

    def asked(sql):
        with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    return asked
