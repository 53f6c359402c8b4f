"""The chart of an answer, whichever it is: for a notebook, where one word is enough."""

from __future__ import annotations

from typing import Any

from remand.errors import InputError
from remand.evidence.backtest.backtest import Record
from remand.model.model import Model
from remand.present import theme
from remand.present.charts.contributions import contributions
from remand.present.charts.flow import flow
from remand.present.charts.horizon import horizon
from remand.present.charts.scenarios import scenarios
from remand.present.charts.stays import stays
from remand.runs.explain import Explanation
from remand.runs.measurement import Measurement
from remand.runs.run import Run


def chart(answer: Run | Explanation | Record | Measurement | Model, **how: Any) -> theme.Drawing:
    """Draw an answer: an Altair chart, which a notebook shows by itself.

    A comparison as its plans side by side, an explanation as a waterfall, a backtest by steps
    ahead, a measurement as stays against beds, a model as its states and flows. ``how`` goes to the
    chart of that kind; all kinds of charts are in `remand.present.charts`.

    Raises InputError for anything else, and as those charts do.

    >>> import remand as rm
    >>> run = rm.compare("philadelphia", ["philadelphia/status-quo"], until="2014-03-01")
    >>> type(rm.chart(run, width=300)).__name__
    'LayerChart'
    """
    match answer:
        case Run():
            return scenarios(answer, **how)
        case Explanation():
            return contributions(answer, **how)
        case Record():
            return horizon(answer, **how)
        case Measurement(stay_bands=frame) if frame is not None:
            return stays(frame, **how)
        case Model():
            return flow(answer, **how)
        case _:
            raise InputError.of(
                f"there is no chart of a {type(answer).__name__}",
                fix="give what compare, explain, backtest, measure (one period) or read_model "
                "answered, or use a chart of remand.present.charts",
            )
