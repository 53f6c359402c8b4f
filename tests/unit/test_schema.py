"""The JSON Schema that editors read: up to date, and of one mind with the reader."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest

from remand.files import find, shipped
from remand.files.documents import Document
from remand.files.schema import KINDS, dumps_schema, json_schema, shipped_schema

FOLDERS = {"model": "models", "platform": "platforms", "effects": "effects"}
FILES = [(kind, name) for kind, folder in FOLDERS.items() for name in shipped(folder)]


def document(kind, name):
    """A shipped file as JSON has it: dates as text."""
    plain = Document.read(find(name, FOLDERS[kind])).plain()
    return json.loads(json.dumps(plain, default=str))


def mappings(node, path=()):
    """Every mapping of a document, with its path."""
    if isinstance(node, dict):
        yield path, node
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, dict | list):
            yield from mappings(child, (*path, key))


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_schema_is_up_to_date(kind):
    """When this fails: python -m remand.files.schema."""
    written = shipped_schema(kind).read_text(encoding="utf-8")
    assert written == dumps_schema(kind), "renew it with: python -m remand.files.schema"


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_a_schema(kind):
    """It keeps the rules of its own draft."""
    jsonschema.Draft202012Validator.check_schema(json_schema(kind))


@pytest.mark.parametrize(("kind", "name"), FILES, ids=[name for _, name in FILES])
def test_every_shipped_file_keeps_to_the_schema(kind, name):
    """What the reader takes, the editor does not underline."""
    validator = jsonschema.Draft202012Validator(json_schema(kind))
    assert [error.message for error in validator.iter_errors(document(kind, name))] == []


def test_the_tiny_files_keep_to_the_schema(place):
    """Short forms too: a bare rate, a lone law, a split, ``exits: gone``, a bare compliance."""
    for kind in ("model", "platform"):
        plain = Document.read(getattr(place, kind)).plain()
        plain = json.loads(json.dumps(plain, default=str))
        jsonschema.validate(plain, json_schema(kind), jsonschema.Draft202012Validator)


NAMED_BY_THE_AUTHOR = {
    "strata",
    "states",
    "exits",
    "arrivals",
    "tonight",
    "split",
    "where",
    "sources",
}
"""Mappings whose keys are names, not fields: a misspelt one is a name like any other."""


@pytest.mark.parametrize(("kind", "name"), FILES, ids=[name for _, name in FILES])
def test_a_misspelt_key_anywhere_breaks_the_schema(kind, name):
    """A key more in any mapping that has fields is underlined."""
    validator = jsonschema.Draft202012Validator(json_schema(kind))
    whole = document(kind, name)
    tried = set()
    for path, _ in mappings(whole):
        shape = tuple(part for part in path if isinstance(part, str))
        named = path and path[-1] in NAMED_BY_THE_AUTHOR
        if named or "split" in path or shape in tried:
            continue
        tried.add(shape)
        broken = copy.deepcopy(whole)
        node = broken
        for part in path:
            node = node[part]
        node["misspelt"] = 1
        assert not validator.is_valid(broken), path
