"""One plain sentence a policy: whom it reaches, what they would have served anyway, what is left.

All that is said is read off the model's own flows (`remand.runs.explain_levers`); nothing here
knows any policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from remand.model.model import Model
from remand.model.policy import Policy
from remand.outcomes.suppression import SMALL
from remand.runs.explain_levers import Change, Lever

HOLDERS = {"jail": "the jail holds", "prison": "prisons hold", "supervision": "supervision has"}
WITHIN = {"jail": "in jail", "prison": "in prison", "supervision": "under supervision"}

ONLY = 1 / 3
"""Days below this part of the mean stay of all admitted are *only* so many."""

APART = 0.25, 10.0
"""By how much (a share, and people) the beds at a lever must differ from what is left of them in
the run before the sentence tells both."""


def nothing(policy: Policy, until: object) -> str:
    """Why a policy without effect has none."""
    if policy.edits:
        return f"Nothing yet: it starts on {policy.starts}, and the period ends on {until}."
    return f"Nothing: {str(policy.no_edits).rstrip('.')}."


def sentence(lever: Lever, model: Model, change: float | None, before: float) -> str:
    """What one policy does to one kind, in one sentence.

    Args:
        lever: whom it reaches.
        model: what the states are called.
        change: its part of the change in people held; None if that may not be shown.
        before: people held without the platform.
    """
    found = (_exits(lever, model), _stays(lever), _elsewhere(lever, model), _arrivals(lever, model),
             _released(lever, model))  # fmt: skip
    said = (
        "; ".join(dict.fromkeys(clause for clause in found if clause))
        or "nobody is reached in this period"
    )
    return f"{said[0].upper()}{said[1:]}: {_effect(lever, change, before)}."


def about(people: float) -> str:
    """A number of people as one would say it: two figures that matter.

    >>> about(3912.4), about(87.2), about(4.0)
    ('about 3,900', 'about 87', 'fewer than 10')
    """
    size = abs(people)
    if size < SMALL:
        return "fewer than 10"
    unit = 10 ** max(len(str(int(size))) - 2, 0)
    return f"about {round(size / unit) * unit:,}"


def days(number: float) -> str:
    """Days as one would say them.

    >>> days(1.04), days(0.3), days(61.8)
    ('1 day', '0.3 days', '62 days')
    """
    shown = f"{number:.0f}" if round(number, 1) >= 10 else f"{number:.1f}".removesuffix(".0")
    return f"{shown} {'day' if shown == '1' else 'days'}"


# -- clauses ---------------------------------------------------------------------------------


def _exits(lever: Lever, model: Model) -> str:
    """People who leave a state by another exit."""
    changes = lever.of("exit")
    people, before, after = _sums(changes)
    if people < SMALL:
        return _few(people)
    gained, lost = (_exit_names(changes, side) for side in ("gained", "lost"))
    instead = f" instead of {lost}" if lost else ""
    where = f" {_states(changes, model)}" if len(changes) == 1 else ""
    said = f"{about(people)} more people a year leave{where} by {gained}{instead}"
    within, everyone = WITHIN[lever.kind], f"all who are admitted: {days(lever.stay)} on average"
    if max(before, after) < NO_TIME:
        return f"{said}, and nobody goes straight to {lever.kind} either way"
    if after >= before:
        only = "only " if after - before < ONLY * lever.stay else ""
        than = f" instead of {days(before)}" if before >= NO_TIME else ""
        only = "" if than else only
        joint = "but" if only else "and"
        return f"{said}, {joint} are held {only}{days(after)} {within}{than} ({everyone})"
    if before - after < ONLY * lever.stay:
        even = f" and are still held {days(after)}" if after >= NO_TIME else ""
        return (f"{said}, but they would have been held only {days(before)} {within} otherwise"
                f"{even} ({everyone})")  # fmt: skip
    even = f" and now are held {days(after)}" if after >= NO_TIME else ""
    return f"{said}, who would have been held {days(before)} {within}{even} ({everyone})"


def _few(people: float) -> str:
    """All that is said of fewer than ten: with their days, the effect would tell how many."""
    return "fewer than 10 people a year are reached" if people else ""


def _stays(lever: Lever) -> str:
    """People held in the kind for longer or shorter."""
    changes = [c for c in lever.of("stay") if c in lever.yearly]
    people, before, after = _sums(changes)
    if people < SMALL:
        return _few(people)
    return (f"{about(people)} people a year are held {days(after)} {WITHIN[lever.kind]} "
            f"instead of {days(before)}")  # fmt: skip


def _elsewhere(lever: Lever, model: Model) -> str:
    """People whose stay changes in places that are not of the kind."""
    changes = [c for c in lever.of("stay") if c not in lever.yearly]
    people, _, _ = _sums(changes)
    if people < SMALL:
        return _few(people)
    here = [
        sum(getattr(c, side) for c in changes) / people for side in ("here_before", "here_after")
    ]
    return (f"{about(people)} people a year stay {days(here[1])} instead of {days(here[0])} in "
            f"{_states(changes, model)}, which is not {lever.kind}")  # fmt: skip


def _arrivals(lever: Lever, model: Model) -> str:
    """People who arrive, or no longer do."""
    changes = lever.of("arrival")
    more = sum(change.people for change in changes)
    if abs(more) < SMALL:
        return _few(more)
    way = "more" if more > 0 else "fewer"
    each = sum(c.days_before + c.days_after for c in changes) / sum(abs(c.people) for c in changes)
    return (f"{about(more)} {way} people a year arrive in {_states(changes, model)}, "
            f"which leads to {days(each)} {WITHIN[lever.kind]} each (all who are admitted: "
            f"{days(lever.stay)} on average)")  # fmt: skip


def _released(lever: Lever, model: Model) -> str:
    """People let go once."""
    changes = lever.of("release")
    if not changes:
        return ""
    people = sum(change.people for change in changes)
    return f"{about(people)} people inside {_states(changes, model)} are let go once"


def _effect(lever: Lever, change: float | None, before: float) -> str:
    """What is left of it in people held."""
    holds = HOLDERS[lever.kind]
    if change is None:
        return "what it changes is hidden (fewer than 10 people are held)"
    if round(abs(change)) == 0:
        return f"{holds} as many people as without it, to the nearest person"
    way = "more" if change > 0 else "fewer"
    who = "person" if round(abs(change)) == 1 else "people"
    told = [f"{100 * change / before:+.1f} %"] if before > 0 else []
    if lever.reached >= SMALL and abs(lever.beds + change) > max(APART[0] * abs(change), APART[1]):
        told.append(f"{-lever.beds:+,.0f} by these stays alone, in the long run")
    share = f" ({'; '.join(told)})".replace("-", "−") if told else ""
    return f"{holds} {round(abs(change)):,} {way} {who}{share}"


# -- words -----------------------------------------------------------------------------------

NO_TIME = 0.05
"""Mean days below this are none."""


def _sums(changes: Sequence[Change]) -> tuple[float, float, float]:
    """People, and days of each of them before and after."""
    people = sum(change.people for change in changes)
    if not people:
        return 0.0, 0.0, 0.0
    before = sum(change.days_before for change in changes) / people
    return people, before, sum(change.days_after for change in changes) / people


def _exit_names(changes: Sequence[Change], side: str) -> str:
    """The exits most people gain or lose, in words."""
    total: Counter[str] = Counter()
    for change in changes:
        total.update(getattr(change, side))
    return _listed([_words(name) for name, _ in total.most_common()])


def _states(changes: Sequence[Change], model: Model) -> str:
    """The states of some changes, in words."""
    labels = {c.state: model.states[c.state].label or _words(c.state) for c in changes}
    if len(labels) == 1:
        return f"“{next(iter(labels.values()))}”"
    return _listed([_words(name) for name in labels])


def _listed(names: Sequence[str]) -> str:
    """Names in a row; of many, the first two."""
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} others"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _words(name: str) -> str:
    return name.replace("_", " ")
