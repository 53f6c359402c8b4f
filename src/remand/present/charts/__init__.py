"""The charts: a frame or a run in, an Altair chart out.

One look (`theme`) and one set of marks (`marks`, `rows`): the same chart in a notebook, a page, a
report and a file (`saving`). A chart says all it shows in its ``description``, holds no figure that
is suppressed, and asks nothing of any network. A range that was computed is filled; one that
somebody chose is hatched or outlined, and the line under the title says which.
"""

from remand.present.charts.ahead import NO_SKILL, ahead, foretold
from remand.present.charts.answer import chart
from remand.present.charts.contributions import contributions
from remand.present.charts.counties import counties
from remand.present.charts.disparity import disparity
from remand.present.charts.flow import flow
from remand.present.charts.horizon import horizon
from remand.present.charts.multiples import multiples
from remand.present.charts.scenarios import scenarios
from remand.present.charts.stays import stays
from remand.present.charts.tornado import tornado

__all__ = [
    "NO_SKILL",
    "ahead",
    "chart",
    "contributions",
    "counties",
    "disparity",
    "flow",
    "foretold",
    "horizon",
    "multiples",
    "scenarios",
    "stays",
    "tornado",
]
