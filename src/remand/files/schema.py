"""The JSON Schema of models, platforms and effects, for editors that complete and check.

``python -m remand.files.schema`` writes all three where the shipped files look for them.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from remand.model.edits import EDITS
from remand.model.effects import NOTHING, Effects
from remand.model.model import Model
from remand.model.platform import Platform
from remand.model.spec import Spec
from remand.model.uncertain import Uncertainty

Kind = Literal["model", "platform", "effects"]
KINDS: tuple[Kind, ...] = ("model", "platform", "effects")
SPECS: dict[Kind, type[Spec]] = {"model": Model, "platform": Platform, "effects": Effects}


def shipped_schema(kind: Kind) -> Path:
    """Where the schema of a kind of file stands."""
    return Path(str(resources.files("remand") / "places" / f"{kind}.schema.json"))


def json_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a file, for editors that complete and check while one types."""
    schema = SPECS[kind].model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    choices = []
    for name, cls in EDITS.items():
        definitions[cls.__name__].get("properties", {}).pop("edit", None)
        if kind == "effects" and not NOTHING.keys() & cls.model_fields.keys():
            continue  # no size, so nothing that could be two-sided
        choices.append(
            {
                "type": "object",
                "required": [name],
                "additionalProperties": False,
                "properties": {name: {"$ref": f"#/$defs/{cls.__name__}"}},
            }
        )
    holder = "Effect" if kind == "effects" else "Policy"
    definitions[holder]["properties"]["edits"]["items"] = {"oneOf": choices}
    definitions[Uncertainty.__name__] = Uncertainty.model_json_schema()
    _allow_short_forms(schema)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"remand {kind}"
    return schema


def _allow_short_forms(schema: dict[str, Any]) -> None:
    """Say in the schema that a lone row may stand for a list, a name for names, and so on."""
    definitions = schema["$defs"]

    def visit(node: Any) -> Any:
        if node == {"title": Uncertainty.__name__}:  # where a number may be uncertain
            return {"$ref": f"#/$defs/{Uncertainty.__name__}"}
        if isinstance(node, dict):
            node = {key: visit(value) for key, value in node.items()}
            items = node.get("items")
            if node.get("type") == "array" and isinstance(items, dict):
                if items == {"type": "string"}:
                    return {"anyOf": [node, {"type": ["string", "number"]}]}
                text = json.dumps(items)
                if "ShareRow" in text or "NumberRow" in text:
                    return {"anyOf": [node, items, {"type": ["number", "string"]}]}
                if "Dwell" in text:
                    return {"anyOf": [node, items]}
        elif isinstance(node, list):
            return [visit(value) for value in node]
        return node

    for name in list(definitions):
        definitions[name] = visit(definitions[name])
    schema["properties"] = visit(schema["properties"])
    if "Policy" in definitions:
        policy = definitions["Policy"]["properties"]
        policy["compliance"] = {"anyOf": [policy["compliance"], {"type": "number"}]}
    for holder in ("Arrivals", "Stock"):
        if holder in definitions:
            definitions[holder]["properties"]["split"] = {"type": "object"}
    if "State" in definitions:
        exits = definitions["State"]["properties"]["exits"]
        definitions["State"]["properties"]["exits"] = {"anyOf": [exits, {"type": "string"}]}


def dumps_schema(kind: Kind) -> str:
    """The schema as text, as it is shipped."""
    return json.dumps(json_schema(kind), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in KINDS:
        shipped_schema(each).write_text(dumps_schema(each), encoding="utf-8")
