"""How figures look in a terminal."""

from __future__ import annotations

from typing import Any

SMALL = "fewer than 10"


def people(row: dict[str, Any] | None, key: str = "mean") -> str:
    """A count without decimals, or why there is none.

    >>> people({"mean": 6123.4, "suppressed": False})
    '6,123'
    >>> people({"mean": None, "suppressed": True})
    'fewer than 10'
    """
    if row is None or row[key] is None:
        return SMALL if row is not None and row["suppressed"] else "–"
    return f"{row[key]:,.0f}"


def rounded(value: float) -> str:
    """A count as one would say it: two or three figures that matter.

    >>> rounded(6123.4), rounded(87.2)
    ('6,100', '87')
    """
    unit = 100 if value >= 1000 else 10 if value >= 100 else 1
    return f"{round(value / unit) * unit:,}"


def band(row: dict[str, Any] | None) -> str:
    """The 90 % band of a figure, in people."""
    if row is None or row.get("q05") is None:
        return ""
    return f"{row['q05']:,.0f}–{row['q95']:,.0f}"


def signed(value: float) -> str:
    """A difference with its sign; a true minus.

    >>> signed(-1234.0), signed(0.2)
    ('−1,234', '0')
    """
    whole = round(value)
    if whole == 0:
        return "0"
    return f"{'+' if whole > 0 else '−'}{abs(whole):,}"
