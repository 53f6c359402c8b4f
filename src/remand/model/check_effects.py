"""What can be wrong with a file of effects beyond its form: above all, an effect with one side."""

from __future__ import annotations

from collections.abc import Iterator

from remand.errors import Problem
from remand.model.check_policies import check_edit
from remand.model.edits import Edit, ShareEdit
from remand.model.effects import NOTHING, Effects, size_of
from remand.model.findings import error, unsourced
from remand.model.model import Model
from remand.model.uncertain import EDGE, Uncertain


def check_effects(effects: Effects, model: Model | None = None) -> list[Problem]:
    """Every problem of a file of effects, and of its edits on a model, if there is one."""
    problems = list(unsourced(effects, effects.sources))
    names = [effect.name for effect in effects.effects]
    for i, effect in enumerate(effects.effects):
        if (first := names.index(effect.name)) < i:
            problems.append(
                error(
                    ("effects", i, "name"),
                    f"effect {first + 1} has the same name '{effect.name}'",
                    effect.name,
                    "give each effect a name of its own",
                )
            )
        for j, edit in enumerate(effect.edits):
            name: str = edit.edit
            found = [*_two_sided(edit), *(check_edit(edit, model) if model is not None else ())]
            problems += [p.at("effects", i, "edits", j, name) for p in found]
    return problems


def _two_sided(edit: Edit) -> Iterator[Problem]:
    """Whether the size of an edit may fall on either side of no effect."""
    field = size_of(edit)
    if field is None:
        name: str = getattr(edit, "edit", "")
        yield error(
            (edit.way,) if isinstance(edit, ShareEdit) else (),
            f"this '{name}' has no size at which it changes nothing, so it cannot be two-sided",
            None,
            "write an admit, share or dwell with 'scale', or a share with 'by'",
        )
        return
    number, none = getattr(edit, field), NOTHING[field]
    room = "{low: 0.9, high: 1.1}" if field == "scale" else "{low: -0.02, high: 0.02}"
    if not isinstance(number, Uncertain):
        yield error(
            (field,),
            f"the size of an effect needs a range, not {number:g} alone",
            float(number),
            f"write it on both sides of no effect ({none:g}): {field}: {room}",
        )
        return
    low, high = number.law.between(1 - 2 * EDGE)
    if not low < none < high:
        yield error(
            (field,),
            f"the range {low:.3g} to {high:.3g} lies on one side of no effect ({none:g})",
            None,
            f"an effect is two-sided: let the range hold {none:g}, with room on both sides",
        )
    elif number != none:
        yield Problem(
            "warning",
            (field,),
            f"the middle of this range is {number:.3g}, not {none:g}: without draws the run has "
            "that much of an effect",
            fix=f"add point: {none:g}, or let the range lie evenly around it",
        )
