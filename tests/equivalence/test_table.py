"""The table of features through both engines: what is drawn has the mean that is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from remand.engine.compile import compile_model


def test_the_engines_agree_on(row, judged):
    """Censuses, moves and stays of 300 replicates: no |z| above what chance gives once in 10⁴ rows,
    and cells without chance agree exactly."""
    verdict = judged(row)
    assert (verdict.cells > 40) is (row != "nothing_left_to_chance")
    assert verdict.broken == []
    assert verdict.worst[0] < verdict.bound


def test_distances_are_spread_as_chance_spreads_them(rows, judged):
    """Moves of all rows together: z-scores have mean 0 and standard deviation 1.

    People who come as a Poisson process make different moves, and moves in different windows,
    independently, but for returns; some thousand cells then give a mean within ±4/√n and a standard
    deviation within ±4/√(2n), here twice that for the cells that do depend on each other.
    """
    z = np.concatenate([judged(name).z["moves"] for name in rows])
    assert len(z) > 1_500
    assert abs(z.mean()) < 8 / np.sqrt(len(z))
    assert abs(z.std() - 1) < 8 / np.sqrt(2 * len(z))


def crowd(build, stay=5.0, steps=30):
    """Five hundred a day, three tenths of whom go on to supervision."""
    spec = build.model(
        {
            "jail": build.state(build.exponential(stay), {"supervision": 0.3, "gone": 0.7}),
            "supervision": build.state(build.exponential(20), kind="supervision"),
        },
        {"jail": 500.0},
    )
    return compile_model(spec, spec.clock.date(steps))


@pytest.mark.parametrize(("change", "caught"), [(0.0, False), (0.01, True)])
def test_one_share_wrong_by_a_hundredth_is_caught(build, both, change, caught):
    """0.3 drawn as 0.303: 6,000 people more on 600,000 in the last ten days of 400 replicates, or
    7.7 standard errors; the same kernel unbroken is not blamed."""
    kernel = crowd(build)
    channels = kernel.channels[0]
    to = kernel.states.index("supervision")
    link = int(np.flatnonzero(channels.target == to)[0])
    first, last = (
        channels.start[np.searchsorted(channels.start, link, side="right") + i] for i in (-1, 0)
    )
    share = channels.share.copy()
    share[first:last] *= (1 - share[link] * (1 + change)) / (1 - share[link])
    share[link] = channels.share[link] * (1 + change)
    broken = replace(kernel, channels=(replace(channels, share=share),))
    verdict = both.compare(kernel, 400, 11, drawn=broken)
    assert verdict.known
    assert verdict.holds is not caught


def test_stays_longer_by_a_hundredth_are_caught(build, both):
    """Five days drawn as 5.05: the stays of those released and admitted give it away."""
    kernel, longer = crowd(build), crowd(build, stay=5.05)
    broken = replace(kernel, pmf=longer.pmf, mean=longer.mean, tail=longer.tail)
    verdict = both.compare(kernel, 400, 12, drawn=broken)
    assert not verdict.holds
    for name in ("ended", "to_come", "so_far", "last"):
        assert np.abs(verdict.z[name]).max() > verdict.bound
