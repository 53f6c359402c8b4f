"""Readers of what a chart holds: its marks, its data, its words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any


def units(chart: Any, kind: str | None = None) -> list[dict[str, Any]]:
    """All single charts of a chart that have one kind of mark, each with its data as ``rows``."""
    whole = chart.to_dict()
    sets = whole.get("datasets", {})

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for inner in (*node.get("layer", ()), *node.get("concat", ())):
            yield from walk(inner)
        if "mark" in node:
            data = node["data"]
            yield {**node, "rows": data["values"] if "values" in data else sets[data["name"]]}

    return [one for one in walk(whole) if kind in {None, one["mark"]["type"]}]


def rows(chart: Any, *columns: str, kind: str | None = None) -> list[tuple[Any, ...]]:
    """Distinct rows of all data that have these columns, in order."""
    found = [
        tuple(row[c] for c in columns)
        for one in units(chart, kind)
        for row in one["rows"]
        if set(columns) <= set(row)
    ]
    return list(dict.fromkeys(found))


def numbers(chart: Any) -> set[float]:
    """Every number in a chart's data."""
    return {
        float(value)
        for one in units(chart)
        for row in one["rows"]
        for value in row.values()
        if isinstance(value, int | float)
    }


def holds(chart: Any, value: float) -> bool:
    """Whether a number stands in a chart's data, or in its words as whole people or one decimal."""
    said = " ".join([*words(chart), chart.description, json.dumps(chart.to_dict()["title"])])
    told = {f"{value:,.0f}", f"{value:.1f}"}
    spoken = set(re.findall(r"\d[\d,]*(?:\.\d+)?", said))
    return any(math.isclose(n, value, rel_tol=1e-6) for n in numbers(chart)) or bool(told & spoken)


def words(chart: Any) -> list[str]:
    """All texts, each once: those of marks, and those that data hold for text marks."""
    found: list[str] = []
    for one in units(chart, "text"):
        text = one["mark"].get("text")
        if text is not None:
            found.append(" ".join(text) if isinstance(text, list) else text)
            continue
        column = one["encoding"]["text"]["field"]
        found += [row[column] for row in one["rows"]]
    return list(dict.fromkeys(found))


def titles(chart: Any) -> str:
    """Title, line under it, and the names of panels."""

    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            title = node.get("title")
            if isinstance(title, dict):
                for part in ("text", "subtitle"):
                    yield " ".join(title.get(part) or [])
            for name, inner in node.items():
                if name in {"layer", "concat"}:
                    for one in inner:
                        yield from walk(one)

    return " ".join(walk(chart.to_dict()))


def addresses(chart: Any) -> list[str]:
    """Whatever a browser would ask of a network, by the spec."""
    text = json.dumps({k: v for k, v in chart.to_dict().items() if k != "$schema"})
    return re.findall(r'"url"|https?://|//cdn', text)
