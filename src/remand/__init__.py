"""What would a prosecutor's promises do to the people in a county's jail?

>>> import remand as rm
>>> model = rm.read_model("philadelphia")
>>> plan = rm.read_platform("philadelphia/status-quo")
>>> run = rm.compare(model, [plan], until="2014-03-01")
>>> run.population().columns[:4]
['scenario', 'date', 'kind', 'quantity']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remand.api.claims import claims
    from remand.api.evidence import backtest, forecast, replay
    from remand.api.models import compare, explain, histories, simulate, solve, starter, synth
    from remand.api.records import fit, ingest, measure
    from remand.errors import InputError, Problem, Refusal, RemandError
    from remand.files import read_mapping, read_model, read_platform, read_scenario, write
    from remand.model.levers import adjusted
    from remand.model.model import Model
    from remand.model.platform import Platform, Scenario
    from remand.model.policy import Policy
    from remand.present.charts import chart
    from remand.present.report import report
    from remand.runs.explain import Explanation
    from remand.runs.measurement import Measurement
    from remand.runs.run import Run

_HOMES = {
    "Explanation": "remand.runs.explain",
    "InputError": "remand.errors",
    "Measurement": "remand.runs.measurement",
    "Model": "remand.model.model",
    "Platform": "remand.model.platform",
    "Policy": "remand.model.policy",
    "Problem": "remand.errors",
    "Refusal": "remand.errors",
    "RemandError": "remand.errors",
    "Run": "remand.runs.run",
    "Scenario": "remand.model.platform",
    "adjusted": "remand.model.levers",
    "backtest": "remand.api.evidence",
    "chart": "remand.present.charts",
    "claims": "remand.api.claims",
    "compare": "remand.api.models",
    "explain": "remand.api.models",
    "fit": "remand.api.records",
    "forecast": "remand.api.evidence",
    "histories": "remand.api.models",
    "ingest": "remand.api.records",
    "measure": "remand.api.records",
    "read_mapping": "remand.files",
    "read_model": "remand.files",
    "read_platform": "remand.files",
    "read_scenario": "remand.files",
    "replay": "remand.api.evidence",
    "report": "remand.present.report",
    "simulate": "remand.api.models",
    "solve": "remand.api.models",
    "starter": "remand.api.models",
    "synth": "remand.api.models",
    "write": "remand.files",
}

__all__ = [
    "Explanation",
    "InputError",
    "Measurement",
    "Model",
    "Platform",
    "Policy",
    "Problem",
    "Refusal",
    "RemandError",
    "Run",
    "Scenario",
    "adjusted",
    "backtest",
    "chart",
    "claims",
    "compare",
    "explain",
    "fit",
    "forecast",
    "histories",
    "ingest",
    "measure",
    "read_mapping",
    "read_model",
    "read_platform",
    "read_scenario",
    "replay",
    "report",
    "simulate",
    "solve",
    "starter",
    "synth",
    "write",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562): `remand --help` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'remand' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
