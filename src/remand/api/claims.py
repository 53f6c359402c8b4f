"""The verb that checks what was said in public: claims. It reads no more than it needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from remand.evidence.claims.answers import Checks, check_claims


def claims(file: str | Path, files: Sequence[str | Path] = ()) -> Checks:
    """Public claims (a shipped name or a file) beside what cited figures come to, with verdicts.

    ``files`` of public data that the user has are computed from as well. Raises InputError with
    every problem found.
    """
    return check_claims(file, files)
