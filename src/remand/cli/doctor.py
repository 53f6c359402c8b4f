"""`remand doctor`: is this installation sound?"""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Check the installation: versions, shipped models, the exact engine, a writable cache."""
    import os
    import time

    from remand.engine.cache import folder
    from remand.files import load_model, load_platform, shipped
    from remand.provenance import versions

    checks: list[dict[str, object]] = []

    def note(what: str, good: bool, detail: str) -> None:
        checks.append({"check": what, "good": good, "detail": detail})

    found = versions()
    note("versions", True, ", ".join(f"{name} {number}" for name, number in found.items()))
    note("processors", True, f"{os.cpu_count()} (strata are solved in as many threads)")
    place = folder()
    note("machine code is kept in", os.access(place, os.W_OK), str(place))
    for name in shipped("models"):
        model, problems = load_model(name)
        errors = [str(p) for p in problems if p.severity == "error"]
        note(f"model {name}", not errors, "; ".join(errors) or "no errors")
        for platform in shipped("platforms"):
            if platform.startswith(f"{name}/"):
                _, problems = load_platform(platform, model)
                errors = [str(p) for p in problems if p.severity == "error"]
                note(f"platform {platform}", not errors, "; ".join(errors) or "no errors")
        if model is not None:
            from remand.api.models import solve

            begin = time.perf_counter()
            path = solve(model, model.clock.date(400))
            came = path.kernel.inside.sum() + path.kernel.arrivals.sum()
            n = len(path.kernel.states)
            import numpy as np

            gone = np.zeros((n + 1, n + 1))
            gone[:n, n] = 1
            left = path.moves(gone).sum() + path.census[:, :, -1].sum()
            note(
                f"exact engine on {name}",
                bool(abs(left / came - 1) < 1e-9),
                f"{came:,.0f} people in, {left:,.0f} out or inside, 400 steps in "
                f"{time.perf_counter() - begin:.2f} s",
            )
    good = all(item["good"] for item in checks)
    if json:
        import json as encoder

        print(encoder.dumps({"good": good, "checks": checks}))
    else:
        for item in checks:
            print(f"{'ok  ' if item['good'] else 'BAD '} {item['check']}: {item['detail']}")
    raise typer.Exit(0 if good else 1)
