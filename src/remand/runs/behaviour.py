"""What a run says of the behavioural effects that are in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from remand.model.platform import Scenario


def effects_of(scenarios: Sequence[Scenario]) -> list[dict[str, Any]]:
    """Each effect that is in some scenario, as its file has it, with its file and scenarios.

    ``size`` is what is said of it in words.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for scenario in scenarios:
        for effect in scenario.answers:
            assert scenario.effects is not None  # noqa: S101 - they are its own
            file = scenario.effects.name
            entry = {"file": file, "size": effect.words, **effect.as_document(), "scenarios": []}
            found.setdefault((file, effect.name), entry)["scenarios"].append(scenario.name)
    return list(found.values())


def effects_told(scenarios: Sequence[Scenario], *, drawn: bool = True) -> list[str]:
    """Warnings: which effects are in which scenarios, and which are in none."""
    said = [
        f"with behavioural effects from {scenario.effects.name}: "
        + ", ".join(effect.words for effect in scenario.answers)
        for scenario in scenarios
        if scenario.effects is not None and scenario.answers
    ]
    answering = {effect.name for scenario in scenarios for effect in scenario.answers}
    if answering and not drawn:
        said.append(
            "effects are run at the middle of their ranges, which is near no effect; --draws lets "
            "them vary"
        )
    left_out = [
        f"{effect.name} ({', '.join(effect.with_)})"
        for effects in {s.effects.name: s.effects for s in scenarios if s.effects}.values()
        for effect in effects.effects
        if effect.name not in answering
    ]
    if left_out:
        said.append(f"effects that go with no policy compared here: {', '.join(left_out)}")
    return list(dict.fromkeys(said))
