"""Stays: who comes in for how long, and which beds that fills."""

from __future__ import annotations

import altair as alt
import polars as pl

from remand.errors import InputError
from remand.present import theme
from remand.present.rows import Rows
from remand.records.stay_bands import LABELS

HIDDEN = "hidden: few people, or what would give them away"
WHAT = {"admissions": "people", "bed_days": "beds"}
COLUMNS = ("stay_band", "quantity", "mean", "suppressed")


def stays(
    frame: pl.DataFrame,
    *,
    title: str = "People admitted, and the beds they fill",
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.LayerChart:
    """People against beds by length of stay: two bars a band, on one scale of per cent.

    The share of all people admitted, and the share of all bed-days, that each band has. A band
    that is suppressed has no bar, and says so.

    Args:
        frame: ``stay_band``, ``quantity`` (``admissions``, ``bed_days``), ``mean`` and
            ``suppressed``, as `Measurement.stay_bands` has them; the totals have no band.
        title: what is shown.
        subtitle: the source and its date.
        width: of the chart in pixels; `theme.PHONE` for a telephone's.

    Raises InputError if a column or a total is missing.
    """
    if lacking := [column for column in COLUMNS if column not in frame.columns]:
        raise InputError.of(
            f"the stays have no column {', '.join(lacking)}",
            fix="give the frame stay_bands of remand.measure",
        )
    shares = _shares(frame)
    present = [band for band in LABELS if band in set(shares["stay_band"])]
    rows = Rows(
        tuple(f"{band} day{'' if band == '1' else 's'}" for band in present),
        0.0,
        max(1.0, float(shares["share"].max() or 0.0) * 1.02),  # type: ignore[arg-type]
        width,
        bar=26,
        form=".0f",
        room=96 if width >= theme.ROOM else 66,
    )
    placed = shares.with_columns(
        pl.col("stay_band").replace_strict({b: i for i, b in enumerate(present)},
                                           return_dtype=pl.Int64).alias("row"),
        pl.lit(0.0).alias("zero"),
    )  # fmt: skip
    layers: list[alt.Chart] = []
    for quantity, colour, part in (("admissions", theme.BAR, (0.0, 0.48)),
                                   ("bed_days", theme.BEDS, (0.52, 1.0))):  # fmt: skip
        own = placed.filter(quantity=quantity).select("row", "stay_band", "share", "says", "zero")
        shown = own.drop_nulls("share")
        layers.append(rows.bars(shown, "zero", "share", colour, part))
        middle, word = sum(part) / 2, WHAT[quantity]
        layers += rows.says(shown, "share", "says", middle, align="left", dx=5, fontSize=11)
        hidden = own.filter(pl.col("share").is_null()).with_columns(
            pl.lit(f"{word}: hidden").alias("says")
        )
        layers += rows.says(hidden, "zero", "says", middle, align="left", dx=4, fontSize=11)
    layers += rows.named()
    key = "Per cent of all people admitted (grey, above) and of all bed-days (dark, below)"
    note = "" if placed["share"].null_count() == 0 else f"“Hidden”: {HIDDEN[8:]}"
    under = ". ".join(part for part in (key, note, subtitle) if part)
    return theme.dressed(
        layers,
        width=width,
        height=rows.height,
        title=theme.title(title, under, width),
        description=_said(placed, present, f"{title}. {under}"),
    )


def _shares(frame: pl.DataFrame) -> pl.DataFrame:
    """Each band's share of a quantity, in per cent, and how it is said; null if suppressed."""
    parts = []
    for quantity, word in WHAT.items():
        own = frame.filter(quantity=quantity)
        total = own.filter(pl.col("stay_band").is_null() & ~pl.col("suppressed"))["mean"]
        if total.is_empty() or not total[0]:
            raise InputError.of(
                f"the stays have no total of {quantity.replace('_', ' ')}",
                fix="give the frame stay_bands of remand.measure, totals and all",
            )
        shown = pl.when(~pl.col("suppressed")).then(pl.col("mean") / total[0] * 100)
        parts.append(
            own.filter(pl.col("stay_band").is_not_null())
            .select("stay_band", "quantity", shown.alias("share"))
            .with_columns(
                pl.col("share")
                .map_elements(_percent, return_dtype=pl.String)
                .add(f" of {word}")
                .alias("says")
            )
        )
    both = pl.concat(parts)
    empty = both.group_by("stay_band").agg(
        (pl.col("share").fill_null(1.0) == 0).all().alias("none")
    )
    return both.join(empty, on="stay_band", maintain_order="left").filter(~pl.col("none"))


def _percent(share: float) -> str:
    """A share in whole per cent, and how little where that would be none.

    >>> _percent(43.6), _percent(0.3)
    ('44 %', 'under 1 %')
    """
    return "under 1 %" if 0 < share < 1 else f"{share:.0f} %"


def _said(shares: pl.DataFrame, bands: list[str], title: str) -> str:
    """What the chart shows, for somebody who does not see it."""
    said = {(r["stay_band"], r["quantity"]): r["says"] for r in shares.iter_rows(named=True)}
    lines = [
        f"{band} days: " + ", ".join(
            said.get((band, quantity)) or f"{word} hidden" for quantity, word in WHAT.items()
        )
        for band in bands
    ]  # fmt: skip
    return f"{title.rstrip('.')}. {'. '.join(lines)}."
