"""What a mapping's patterns did: which raw values became which level, and what fitted nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remand.records.intake.columns import Read
from remand.records.intake.reading import Table
from remand.records.intake.staging import Values, fits, patterns_of

if TYPE_CHECKING:
    import duckdb

SHOWN = 8
"""Levels of a field that are told one by one."""

EXAMPLES = 3


@dataclass(frozen=True)
class Level:
    """A level: how many different raw values it has, in how many rows, and the commonest."""

    level: str
    distinct: int
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Leveled:
    """What became of the raw values of one column.

    Attributes:
        field, column: as in the work file, and in the file.
        levels: the commonest first.
        unused: patterns that no value came to.
        unfitted: values that fit no pattern and stay as they are; None if there are none.
    """

    field: str
    column: str
    levels: tuple[Level, ...]
    unused: tuple[str, ...]
    unfitted: Level | None

    def as_json(self) -> dict[str, Any]:
        """The stable shape of ``remand ingest --json``."""
        return {
            "field": self.field,
            "column": self.column,
            "levels": [vars(level) for level in self.levels],
            "unused": list(self.unused),
            "unfitted": vars(self.unfitted) if self.unfitted else None,
        }

    def lines(self) -> list[str]:
        """The same as text, a level a line."""
        said = [
            f"{_few(item)} → '{item.level}' ({item.rows:,} row{'s' * (item.rows != 1)})"
            for item in self.levels[:SHOWN]
        ]
        if len(self.levels) > SHOWN:
            said.append(f"and {len(self.levels) - SHOWN} more levels")
        if self.unused:
            named = ", ".join(f"'{p}'" for p in self.unused[:SHOWN])
            more = len(self.unused) - SHOWN
            said.append(
                f"WARNING: no value came to {named}{f' and {more} more' if more > 0 else ''} (none "
                "fits, or one above takes them)"
            )
        if self.unfitted:
            one = self.unfitted.distinct == 1
            said.append(
                f"WARNING: {_few(self.unfitted)} {'fits' if one else 'fit'} no pattern and "
                f"{'stays as it is' if one else 'stay as they are'}"
            )
        return said


def _few(item: Level) -> str:
    shown = ", ".join(f"'{value}'" for value in item.examples)
    more = item.distinct - len(item.examples)
    what = f"{item.distinct:,} value{'s' * (item.distinct != 1)}"
    return f"{what} ({shown}{f' and {more:,} more' if more else ''})"


def leveled(
    con: duckdb.DuckDBPyConnection, table: Table, read: Read, values: Values
) -> tuple[Leveled, ...]:
    """What patterns did to each column that a mapping has values for."""
    found = []
    for column in read.columns:
        field = column.field or column.kept
        own = patterns_of(values, field) if field else None
        if not own:
            continue
        rows = con.execute(
            f"SELECT {fits(f'c{column.position}', own)} AS pattern, c{column.position} AS raw, "  # noqa: S608
            f"count(*) FROM ({table.sql}) WHERE raw IS NOT NULL GROUP BY ALL "
            f"ORDER BY count(*) DESC, raw"
        ).fetchall()
        names = list(own)
        by_level: dict[str, list[tuple[str, int]]] = {}
        for pattern, raw, count in rows:
            if pattern is not None:
                by_level.setdefault(own[names[pattern]], []).append((raw, count))
        levels = sorted((_level(at, of) for at, of in by_level.items()), key=lambda lv: -lv.rows)
        used = {row[0] for row in rows}
        rest = [(raw, count) for pattern, raw, count in rows if pattern is None]
        found.append(Leveled(
            field, column.name, tuple(levels),
            tuple(name for i, name in enumerate(names) if i not in used),
            _level("", rest) if rest else None,
        ))  # fmt: skip
    return tuple(found)


def _level(level: str, rows: list[tuple[str, int]]) -> Level:
    examples = tuple(raw[:40] for raw, _ in rows[:EXAMPLES])
    return Level(level, len(rows), sum(count for _, count in rows), examples)
