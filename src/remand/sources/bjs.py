"""Bureau of Justice Statistics, Correctional Populations in the United States, 2016: its tables.

The publisher's CSV files are printed tables: a heading of eight lines, cells merged by hand,
footnote letters after a slash, stars for significance, and notes below.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from remand.records.checks.check import listed
from remand.sources.rows import flag, left_out
from remand.sources.source import AGGREGATES, Flag, Found, Raw, Source

NATION = "United States"
Row = list[str]
Cells = Iterator[tuple[str, str, str, str | None, str | None, str]]
"""Year, place, measure, axis, level, the cell as printed."""

COUNTS = {
    2: "correctional_population", 4: "community_supervision", 6: "probation", 8: "parole",
    11: "incarcerated", 13: "jail_population", 15: "prison_population",
}  # fmt: skip
RATES = {
    1: "correctional_rate_adults", 3: "correctional_rate_all_ages",
    5: "community_supervision_rate_adults", 6: "community_supervision_rate_all_ages",
    8: "incarceration_rate_adults", 9: "incarceration_rate_all_ages",
}  # fmt: skip
STATES = {
    2: "correctional_population", 3: "correctional_rate_adults", 4: "correctional_rate_all_ages",
    6: "community_supervision", 7: "community_supervision_rate_adults",
    8: "community_supervision_rate_all_ages", 10: "incarcerated", 11: "incarceration_rate_adults",
    12: "incarceration_rate_all_ages",
}  # fmt: skip
CUSTODY = {
    "Total": ("custody", None, None),
    "Federal prisoners": ("custody", "holder", "federal"),
    "State prisoners": ("custody", "holder", "state"),
    "Local jails": ("custody", "holder", "local jails"),
    "Incarceration rate": ("custody_rate_all_ages", None, None),
    "Adult incarceration rate": ("custody_rate_adults", None, None),
}
"""Rows of the table of custody; those below a holder are its facilities."""


def _plain(cell: str) -> str:
    """A label without footnotes: letters after a slash, stars.

    >>> _plain("Total/a,c"), _plain("2016*"), _plain(" U.S. total/e")
    ('Total', '2016', 'U.S. total')
    """
    return re.sub(r"(/[a-z](,[a-z])*|\*+)$", "", cell.strip()).strip()


def _national(rows: list[Row], columns: dict[int, str]) -> Cells:
    """Years down the page; a year in parts (2016) gives its last day."""
    year = ""
    for row in rows:
        if re.fullmatch(r"\d{4}\*?", row[0].strip()):
            year = _plain(row[0])
        elif row[0].strip():
            continue  # changes in percent
        when = f"{year} {row[1].strip()}" if columns is COUNTS and row[1].strip() else year
        for i, measure in columns.items():
            yield when, NATION, measure, None, None, row[i]


def _states(rows: list[Row], columns: dict[int, str]) -> Cells:
    for row in rows:
        name = _plain(row[0]) or _plain(row[1])
        place = {"U.S. total": NATION, "State": "States together"}.get(name, name)
        for i, measure in columns.items():
            yield "2016", place, measure, None, None, row[i]


def _custody(rows: list[Row], columns: dict[int, str]) -> Cells:
    holder = ""
    for row in rows:
        label = next((_plain(cell) for cell in row[:3] if cell.strip()), "")
        if label in CUSTODY:
            measure, axis, level = CUSTODY[label]
            holder = level or ""
        else:
            measure, axis, level = "custody", "facility", f"{holder}: {label.lower()}"
        for i, year in columns.items():
            yield year, NATION, measure, axis, level, row[i]


@dataclass(frozen=True)
class Layout:
    """How one table is printed: the first cell of its header, where its figures stand."""

    begins: str
    width: int
    columns: dict[int, str]
    read: Callable[[list[Row], dict[int, str]], Cells]
    left_out: tuple[str, ...] = ()


LAYOUTS = {
    "cpus16t01": Layout("Year", 17, COUNTS, _national),
    "cpus16t04": Layout("Year", 10, RATES, _national, ("1 in 38 adults",)),
    "cpus16at01": Layout("Jurisdiction", 13, STATES, _states),
    "cpus16at03": Layout(
        "Persons in custody", 11, {3: "2000", 4: "2010", 5: "2015", 6: "2016"}, _custody,
        ("changes in percent, 2000–2015", "and 2015–2016"),
    ),
}  # fmt: skip


def _named(raw: Raw) -> str:
    """The table's name in the heading, or nothing."""
    found = re.search(r"File name: (\w+)\.csv", "\n".join(raw.top[:4]))
    return found[1].lower() if found else ""


def fits(raw: Raw) -> bool:
    """Whether the heading is the bureau's, of one of the four tables."""
    head = raw.top[0] if raw.top else ""
    return head.startswith("Bureau of Justice Statistics") and _named(raw) in LAYOUTS


def take(raw: Raw) -> Found:
    """The figures of one table, by year (its first day) and place."""
    name = _named(raw)
    layout = LAYOUTS[name]
    text = raw.look.text or raw.look.path
    with text.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    head = next((i for i, row in enumerate(rows) if row and row[0].strip() == layout.begins), None)
    if head is None or len(rows[head]) != layout.width:
        raise raw.wrong(
            f"its heading is that of {name}.csv, and its columns are others",
            "take the file as the bureau gives it, not opened and saved by another program",
            None if head is None else head + 1,
        )
    end = next((i for i, row in enumerate(rows) if row and row[0].startswith("Note:")), len(rows))
    under = rows[head + 1 : end]
    body = [row for row in under if len(row) == layout.width]
    cells = list(layout.read(body, layout.columns))
    january = [c for c in cells if "January 1" in c[0]]
    cells = [c for c in cells if "January 1" not in c[0]]
    frame = pl.DataFrame(
        [
            (dt.date(int(when[:4]), 1, 1), place, measure, axis, level, _number(cell))
            for when, place, measure, axis, level, cell in cells
        ],
        schema=AGGREGATES, orient="row",
    )  # fmt: skip
    unknown = frame["value"].null_count()
    stars = sum(cell.strip().endswith("*") for *_, cell in cells)
    left = sum(1 for row in body if row[0].lower().startswith(("average", "percent")))
    flags = (
        flag("not_known", unknown, "cell", "left missing",
             "printed '..' (not known) or '~' (not applicable)"),
        flag("first_of_january", len(january), "cell", "left out",
             "of 1 January 2016: the people of 31 December 2015, counted anew"),
        flag("starred", stars, "figure", "read without their stars",
             "printed with stars, for significance"),
        flag("rows_unreadable", len(under) - len(body), "row", "set aside",
             f"without the {layout.width} cells of this table"),
        flag("rows_left_out", left, "row", "left out", "of changes in percent"),
        flag("rounded", frame.height - unknown, "figure", "kept as printed",
             "rounded, counts to the nearest 100 and rates to the nearest 10"),
        left_out(layout.left_out, "worked out from the figures beside them"),
        _total_differs(frame) if name == "cpus16at03" else None,
    )  # fmt: skip
    return Found(frame.drop_nulls("value"), "year", flags)


def _total_differs(frame: pl.DataFrame) -> Flag | None:
    """Years whose total is not that of its holders."""
    people = frame.filter(pl.col("measure") == "custody")
    total = people.filter(pl.col("axis").is_null()).select("month", "value")
    parts = people.filter(pl.col("axis") == "holder").group_by("month").agg(pl.col("value").sum())
    off = (
        total.join(parts, on="month", suffix="_parts")
        .sort("month")
        .filter((pl.col("value") - pl.col("value_parts")).abs() > 500)
    )
    said = (f"{m.year}: {all_:,.0f} printed, {by:,.0f} by holder" for m, all_, by in off.rows())
    return flag(
        "total_differs", off.height, "year", "kept as printed: add up the holders",
        f"with a total that is not the sum of its parts ({listed(said, sign='; ')})",
    )  # fmt: skip


def _number(cell: str) -> float | None:
    """A printed figure; None for '..' and '~'.

    >>> _number("621,100**"), _number(" .. ")
    (621100.0, None)
    """
    text = cell.strip().rstrip("*").replace(",", "")
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


SOURCE = Source(
    name="bjs-2016",
    title="Correctional Populations in the United States, 2016 (NCJ 251211), tables 1 and 4, "
    "appendix tables 1 and 3",
    publisher="Bureau of Justice Statistics, US Department of Justice",
    address="https://bjs.ojp.gov/library/publications/correctional-populations-united-states-2016",
    covers="years 2000 and 2006–2016; states in 2016",
    terms="A work of the US Government, in the public domain; cite the bureau and the table",
    table="aggregates",
    definitions={
        "correctional_population": "people in prison or jail, on probation or on parole, on "
        "31 December (jails: in June, but in figures by state)",
        "community_supervision, probation, parole": "people on either, or on each",
        "incarcerated": "people in local jails or under the jurisdiction of state or federal "
        "prisons",
        "jail_population": "people in local jails on the last weekday in June",
        "prison_population": "people under the jurisdiction of state or federal prisons on "
        "31 December",
        "incarceration_rate_all_ages": "incarcerated per 100,000 US residents of all ages, "
        "federal prisons included (670 in 2016)",
        "incarceration_rate_adults": "incarcerated per 100,000 residents aged 18 or older",
        "correctional_rate_…, community_supervision_rate_…": "the same of those populations",
        "custody": "people held in prisons or local jails, whoever has jurisdiction; by holder, "
        "and by facility below it",
        "custody_rate_all_ages, custody_rate_adults": "people in custody per 100,000: another "
        "basis than incarceration_rate, though both round to 670 in 2016",
    },
    traps={
        "per_whom": "these rates are per residents of all ages, or per adults; rates of counties "
        "are often per residents aged 15–64, half as many again. Never side by side unlabelled",
        "federal": "the national figures include federal prisons; a state's do not",
        "states_at_year_end": "figures by state count jails on 31 December, so the national total "
        "(660) is not that of the national table (670)",
        "dual_status": "people with two statuses are taken out of totals: parts add up to more",
        "total_differs": "in appendix table 3 the total of 2010 lacks local jails",
        "rounded": "counts are rounded to 100, rates to 10",
    },
    access="The report's page gives an archive of its tables as CSV: unpack it. The reader takes "
    "cpus16t01.csv, cpus16t04.csv, cpus16at01.csv and cpus16at03.csv, one at a time",
    take=take,
    fits=fits,
    not_ingested="figures of a nation's years are no days or months of a jail",
)
