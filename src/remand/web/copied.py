"""*Copy as Python*: code that gives the very digits of a page."""

from __future__ import annotations

from remand.web.desk import SHOWN, Desk
from remand.web.state import SEED, State


def code(desk: Desk, state: State) -> str:
    """The run an address stands for, as code that anyone can run."""
    place = desk.place(state)
    since, until = state.period(place)
    lines = ["import remand as rm", "", f"model = rm.read_model({place.name!r})"]
    if state.text is not None:
        text = state.text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        lines += [
            "",
            'with open("plan.yaml", "w", encoding="utf-8") as file:',
            f'    file.write("""\\\n{text}""")',
            'plan = rm.read_platform("plan.yaml", model)',
        ]
    elif state.plan is not None:
        lines.append(f"plan = rm.read_platform({place.plan(state.plan).name!r}, model)")
    if state.levers and (state.text is not None or state.plan is not None):
        told = ", ".join(f"{key!r}: {value!r}" for key, value in state.levers)
        lines.append(f"plan = rm.adjusted(plan, {{{told}}})")
    own = desk.scenario(state)
    called = {place.scenario(name).name: repr(place.plan(name).name) for name in state.beside}
    if own is not None:
        called[own.name] = "plan"
    plans = [called[s.name] for s in desk.scenarios(state) if s.name in called]
    if not plans:
        lines += ["from remand.runs.compare import NO_CHANGE"]
        plans = ["NO_CHANGE"]
    asked = [f"until={str(until)!r}", f"since={str(since)!r}"]
    if by := desk.by(state):
        asked.append(f"by={list(by)!r}")
    asked.append(f"quantities={list(SHOWN)!r}")
    if state.draws:
        asked += [f"draws={state.draws}", f"seed={SEED}"]
    lines += [
        "",
        "run = rm.compare(",
        f"    model, [{', '.join(plans)}],",
        *(f"    {one}," for one in asked),
        ")",
        "print(run.identity)",
        'print(run.population().filter(kind="jail"))',
    ]
    return "\n".join(lines) + "\n"
