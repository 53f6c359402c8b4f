"""Charts of `present.charts` as pictures: drawn once a state, at the page's two widths."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from remand.errors import InputError, Refusal
from remand.runs.explain import Explanation
from remand.web.desk import Desk, Kept
from remand.web.state import State

_drawn = Kept(64)
_one = threading.Lock()
"""One picture at a time: the renderer is not to be shared."""

NAMES = ("contributions", "tornado", "flow", "scenarios", "disparity")


def available(found: Explanation) -> list[str]:
    """The charts of an explanation that there is something to draw for."""
    shown = []
    if found.parts and found.total[found.meta["kind"]] is not None:
        shown.append("contributions")
    if any(one.swing for one in found.assumptions):
        shown.append("tornado")
    return shown


def drawn(desk: Desk, state: State, name: str, *, narrow: bool) -> Response:
    """A chart as SVG. 404 for one there is not, or that has nothing to show."""
    if name not in NAMES:
        raise HTTPException(404, f"there is no chart '{name}'")

    def work() -> bytes:
        return _svg(_chart(desk, state, name, narrow=narrow))

    try:
        svg = _drawn.get((name, state.but(draws=None), state.draws, narrow), work)
    except (InputError, Refusal) as error:
        raise HTTPException(404, str(error)) from None
    # a picture holds its own looks as attributes: inside it, and only there, style is allowed
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(svg, media_type="image/svg+xml", headers=headers)


def _chart(desk: Desk, state: State, name: str, *, narrow: bool) -> Any:
    from remand.present import charts, theme  # noqa: PLC0415 - Altair is slow to import

    width = theme.PHONE if narrow else theme.WIDTH
    made: dict[str, Callable[[], Any]] = {
        "contributions": lambda: charts.contributions(_why(desk, state), width=width),
        "tornado": lambda: charts.tornado(_why(desk, state), width=width),
        "flow": lambda: charts.flow(desk.place(state).model, width=width),
        "scenarios": lambda: charts.scenarios(desk.settled(state), width=width),
        "disparity": lambda: charts.disparity(desk.settled(state), width=width),
    }
    return made[name]()


def _why(desk: Desk, state: State) -> Explanation:
    found = desk.why(state)
    if found is None:
        raise InputError.of("there is no plan to take apart", fix="choose one")
    return found


def _svg(chart: Any) -> bytes:
    import vl_convert  # noqa: PLC0415 - slow to import

    with _one:
        return vl_convert.vegalite_to_svg(chart.to_json()).encode()
