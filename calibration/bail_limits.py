"""Whom New York's bail law of 2019 would no longer have held: read off the jail of the day before.

``python calibration/bail_limits.py nyc_custody_spells.parquet`` prints the range that the platform
``new-york-city/replays/platforms/bail-limits-expected.yaml`` takes: of the people detained on 31
March 2019 (status ``DE`` when they came), those whose charge is no violent felony. Nothing of 1
April 2019 or later is read.

The lower end leaves out what the law, as passed on 1 April 2019, also kept open to bail: sexual
offences, criminal contempt, conspiracy and a drug kingpin's charge. The upper end adds those whose
charge names no section of the Penal Law.
"""

from __future__ import annotations

import datetime as dt
import re
import sys

import polars as pl

EVE = dt.date(2019, 3, 31)

VIOLENT = frozenset(
    """
125.10 125.11 125.12 125.13 125.14 125.15 125.20 125.21 125.22 125.25 125.26 125.27 130.30
130.35 130.45 130.50 130.53 130.65 130.66 130.67 130.70 130.75 130.80 130.95 130.96 135.20 135.25
120.05 120.06 120.07 120.08 120.09 120.10 120.11 120.12 120.18 120.60 121.12 121.13 140.25 140.30
150.15 150.20 160.10 160.15 265.02 265.03 265.04 265.08 265.09 265.11 265.12 265.13 265.14 265.16
265.19 215.16 215.17 240.55 240.60 240.61 240.62 240.63 255.26 255.27 405.18 490.10 490.25 490.30
""".split()  # noqa: SIM905 - as the law lists them
)
"""Sections of the Penal Law that § 70.02 (1) calls violent felonies, or that are class A felonies
other than of drugs. An attempt (``110-…``) is taken as the crime attempted."""

KEPT = re.compile(r"130\.|215\.5|105\.|220\.77")
"""Sections that the law kept open to bail besides."""

SECTION = re.compile(r"^(?:\d{3}-)?(\d{3}\.\d{2})$")


def shares(path: str) -> dict[str, float]:
    """People by what the law would have made of their charge, as shares of those detained."""
    spells = pl.read_parquet(
        path, columns=["first_seen", "last_seen", "status_first", "charge_first"]
    )
    inside = (pl.col("first_seen") <= EVE) & (pl.col("last_seen") >= EVE)
    charges = spells.filter(inside & (pl.col("status_first") == "DE"))["charge_first"].to_list()
    found = {"held": 0, "kept open": 0, "let go": 0, "not told": 0}
    for charge in charges:
        section = SECTION.match((charge or "").strip())
        if section is None:
            found["not told"] += 1
        elif section[1] in VIOLENT:
            found["held"] += 1
        elif KEPT.match(section[1]):
            found["kept open"] += 1
        else:
            found["let go"] += 1
    return {key: count / len(charges) for key, count in found.items()}


if __name__ == "__main__":
    own = shares(sys.argv[1])
    print({key: round(share, 3) for key, share in own.items()})
    low, high = own["let go"], own["let go"] + own["kept open"] + own["not told"]
    print(f"no longer held: {low:.2f} to {high:.2f} of the people detained")
