"""How long people stay, how they leave, and how soon they come back: laws by group.

Laws are of people booked in the same half of a year where enough of them were and their stays are
not those of all dates, by a test: stays change while records grow. Such a group leans on the people
of all dates, above all for the long stays that nobody booked lately has yet ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remand.fitting.joint import Joint, closed, knots
from remand.fitting.layout import FEW, Layout
from remand.fitting.nodes import REST, Nodes
from remand.fitting.pooling import Pool
from remand.fitting.releases import Releases
from remand.fitting.survival import Incidence, Observed, incidence
from remand.outcomes.bootstrap import weights
from remand.records.seen import Seen
from remand.records.stay_bands import BANDS
from remand.records.work import Records

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STRENGTH = 25.0
"""People that the law of the wider group counts for in the law of a group."""

PERIOD_FEW = 50
"""People that a group needs in half a year to have a law of that half year."""

PERIOD_DAYS = 120
"""Days of a half year that the records must hold for it to stand alone."""


CHANCE = 0.01
"""A half year stands alone if chance alone would make it differ so much less often than this."""


@dataclass(frozen=True)
class Draws:
    """Draws of weights on people: how many, and of which seed."""

    people: int
    count: int
    seed: int

    def weights(self, draw: int) -> Floats:
        """Those of one draw, (people,)."""
        return weights(self.people, self.seed, draw)


@dataclass(frozen=True)
class Laws:
    """Laws of every group, and how sure they are.

    Attributes:
        nodes: the groups; their last axis is the period, 0 for the one in force at the start.
        joint: exit × duration, one draw: the people as they are.
        bands: (groups, exits, bands) mass by stay band, of the people as they are.
        median: (groups,) days, of the people as they are.
        drawn: (draws, groups, exits, bands) mass by stay band; what it is to ``bands`` a drawn law
            is to the fitted one.
        drawn_median, drawn_mean: (draws, groups) days.
    """

    nodes: Nodes
    joint: Joint
    bands: Floats
    median: Floats
    drawn: Floats
    drawn_median: Floats
    drawn_mean: Floats

    def groups(self, layout: Layout, states: int, period: int = 0) -> Ints:
        """The group whose law each stratum of each state takes in a period: (states, strata)."""
        levels = layout.levels(np.arange(len(layout.strata)))
        return np.array(
            [[self.nodes.of_levels(s, (*own, period)) for own in levels.tolist()]
             for s in range(states)]
        )  # fmt: skip

    def in_force(self, period: int = 0) -> Ints:
        """The groups whose law holds in a period: of the same state and levels one."""
        best: dict[tuple[int, ...], int] = {}
        for group, key in enumerate(self.nodes.keys.tolist()):
            *prefix, when = key
            if when == period or (when == REST and tuple(prefix) not in best):
                best[tuple(prefix)] = group
        return np.array(sorted(best.values()), np.int64)


def periods(since: dt.date, until: dt.date) -> tuple[dt.date, ...]:
    """First days of the periods laws are told apart by: half years, short ones at the edges joined.

    >>> [str(day) for day in periods(dt.date(2016, 6, 2), dt.date(2018, 2, 1))]
    ['2016-06-02', '2017-01-01', '2017-07-01']
    """
    halves = [dt.date(y, m, 1) for y in range(since.year, until.year + 1) for m in (1, 7)]
    inner = [day for day in halves if (day - since).days >= PERIOD_DAYS]
    return (since, *(day for day in inner if (until - day).days >= PERIOD_DAYS))


def observed(seen: Seen, layout: Layout, cell: Ints) -> Observed:
    """Stays as the estimator of laws sees them, each in a cell."""
    return Observed(
        cell=cell,
        person=seen.person,
        entry=seen.entry,
        low=seen.out - seen.into,
        high=seen.out_by - seen.into,
        cause=layout.exit,
    )


def stays(
    records: Records, seen: Seen, layout: Layout, strength: float, start: dt.date, draws: Draws
) -> Laws:
    """Stays and exits by state, stratum and period from ``start`` on."""
    edges = np.array([(day - records.since).days for day in periods(records.since, records.until)])
    first = int(np.searchsorted(edges, (start - records.since).days, "right"))
    period = np.maximum(np.searchsorted(edges, seen.into, "right") - first, REST)
    period = np.where(_differ(seen, layout, period)[layout.state, period], period, REST)
    levels = np.column_stack([layout.levels(layout.stratum), period])
    few = [*[FEW] * (levels.shape[1] - 1), PERIOD_FEW]
    nodes = Nodes.over(layout.state, levels, seen.person, len(layout.states), few)
    own = observed(seen, layout, nodes.of)
    pool = Pool.of(own, len(nodes.keys), len(layout.exits), nodes.chain, strength)
    longest = (start - records.since).days - int(seen.into.min()) + 1
    return _told(nodes, pool, draws, lambda law: closed(law, longest))


def _differ(seen: Seen, layout: Layout, period: Ints) -> NDArray[np.bool_]:
    """Whether stays of a state and period are unlike those of its other dates: (states, periods).

    The exits of a period are set against those expected of the same people at risk under the law of
    all dates, summed by stay band: the log-rank statistic (N. Mantel, *Cancer Chemotherapy Reports*
    50, 1966) band by band, so that short stays grown longer do not make up for long ones cut short.
    The last column stands for `REST`, which is never told apart.
    """
    from scipy.special import gammaincc  # noqa: PLC0415 - slow to import, needed only here

    states, count = len(layout.states), int(period.max(initial=REST)) + 2
    own = observed(seen, layout, layout.state * count + period % count)
    law = incidence(own, states * count, len(layout.exits))
    at_risk = law.at_risk[0].reshape(states, count, -1)
    left = law.hazard[0].sum(axis=2).reshape(at_risk.shape) * at_risk
    all_risk, all_left = at_risk.sum(axis=1), left.sum(axis=1)
    hazard = np.divide(all_left, all_risk, out=np.zeros_like(all_left), where=all_risk > 0)
    part = np.divide(at_risk, all_risk[:, None], out=np.zeros_like(at_risk), where=at_risk > 0)
    expected = at_risk * hazard[:, None]
    spread = expected * (1 - hazard[:, None]) * (1 - part)
    edges = np.unique(np.minimum(np.searchsorted(law.durations, BANDS), len(law.durations) - 1))
    off, expected, spread = (
        np.add.reduceat(x, edges, axis=2) for x in (left - expected, expected, spread)
    )
    counted = (expected >= 5) & (spread > 0)
    square = np.where(counted, off**2 / np.where(counted, spread, 1.0), 0.0).sum(axis=2)
    freedom = counted.sum(axis=2)
    differ: NDArray[np.bool_] = gammaincc(np.maximum(freedom, 1) / 2, square / 2) < CHANCE
    differ[:, -1] = False
    return differ


def returns(found: Releases, seen: Seen, layout: Layout, strength: float, draws: Draws) -> Laws:
    """How soon people come back, by stratum and the state they come back to.

    The exit after the states is for those who are not back at the horizon.
    """
    stratum, person = layout.stratum[found.stay], seen.person[found.stay]
    levels = np.column_stack([layout.levels(stratum), np.zeros(len(stratum), np.int64)])
    nodes = Nodes.over(np.zeros(len(stratum), np.int64), levels, person, 1, [FEW] * levels.shape[1])
    never = len(layout.states)
    own = Observed(
        cell=nodes.of,
        person=person,
        entry=np.zeros(len(stratum), np.int64),
        low=found.gap,
        high=found.gap,
        cause=found.back,
    )

    def whole(law: Incidence) -> Joint:
        durations = np.append(law.durations, found.horizon)
        mass = np.pad(law.mass, ((0, 0), (0, 0), (0, 1), (0, 1)))
        mass[:, :, -1, never] = 1.0 - mass.sum(axis=(2, 3))
        return Joint(durations, mass, np.zeros(mass.shape[:2]))

    pool = Pool.of(own, len(nodes.keys), never, nodes.chain, strength)
    return _told(nodes, pool, draws, whole, [found.horizon])


def _told(
    nodes: Nodes,
    pool: Pool,
    draws: Draws,
    whole: Callable[[Incidence], Joint],
    onto: Sequence[int] = (),
) -> Laws:
    """The laws of a pool: whole as the people are, and read off in every draw.

    Their tables stand on knots, and on the durations in ``onto``.
    """

    def read(law: Incidence) -> tuple[Floats, Floats, Floats]:
        joint = whole(law)
        return joint.bands[0], law.quantile(0.5)[0], joint.mean[0]

    own = pool.incidence()
    joint = whole(own)
    drawn = pool.each(draws.weights, draws.count, read)
    none = np.zeros((0, len(nodes.keys)))
    all_knots = np.union1d(knots(int(joint.durations[-1])), np.array(onto, np.int64))
    return Laws(
        nodes=nodes,
        joint=joint.thinned(all_knots),
        bands=joint.bands[0],
        median=own.quantile(0.5)[0],
        drawn=np.array([bands for bands, _, _ in drawn]) if drawn else joint.bands[:0],
        drawn_median=np.array([median for _, median, _ in drawn]) if drawn else none,
        drawn_mean=np.array([mean for _, _, mean in drawn]) if drawn else none,
    )
