"""Forms of dates: how a column writes them, found by what parses, as SQL that reads them.

A column has one form, and ISO is read beside it. What no form reads is not a date.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

EARLIEST, LATEST = 1900, 2100
"""Years a date of jail records can have: the first, and the one before which the last ends."""

_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I:%M%p", " %I:%M:%S%p",
          " %H:%M:%S.%f", "T%H:%M:%S", " %H%M")  # fmt: skip
_EXAMPLE = dt.datetime(2016, 1, 31, 14, 5, 9)  # noqa: DTZ001 - the jail's own clock
_TIME_OF_DAY = r"^\d{1,2}:\d{2}(:\d{2})?(\s*[AaPp][Mm])?$"


@dataclass(frozen=True)
class Form:
    """A way to write dates.

    Attributes:
        name: what a mapping calls it.
        shown: an example, for people: the 31st of January 2016, five past two.
        days: the day in strptime's signs, each of the ways it may be written.
        order: ``month`` or ``day`` where the two could be mistaken for each other.
        ways: the ways to write day and time, the likeliest first; worked out if not given.
    """

    name: str
    shown: str
    days: tuple[str, ...] = ()
    order: str = ""
    ways: tuple[str, ...] = ()

    def sql(self, text: str) -> str:
        """SQL of the moment that a text means, or NULL. ``text`` is SQL too."""
        iso = f"try_cast({text} AS TIMESTAMP)"
        if self.name == "iso":
            # the jail's own clock: what stands there, without the offset behind it
            local = f"try_cast(regexp_replace({text}, '(:\\d\\d(\\.\\d+)?) ?([+-]\\d\\d(:?\\d\\d)?|Z)$', '\\1') AS TIMESTAMP)"  # noqa: E501
            return _in_range(f"CASE WHEN length({text}) > 19 THEN {local} ELSE {iso} END")
        if self.name == "excel":
            days = f"try_cast({text} AS DOUBLE)"
            moment = (
                f"CASE WHEN {days} BETWEEN 10000 AND 73050 THEN TIMESTAMP '1899-12-30' + "
                f"to_seconds(CAST(round({days} * 86400) AS BIGINT)) END"
            )
            return _in_range(f"coalesce({moment}, {iso})")
        ways = "[" + ", ".join(_quoted(way) for way in self.all_ways()) + "]"
        late = (
            f"CASE WHEN contains({text}, ' 24:00') THEN "
            f"try_strptime(replace({text}, ' 24:00', ' 00:00'), {ways}) + INTERVAL 1 DAY END"
        )
        return _in_range(f"coalesce(try_strptime({text}, {ways}), {iso}, {late})")

    def all_ways(self) -> tuple[str, ...]:
        """Every way in which day and time may stand."""
        if self.ways or any("%H" in day or "%I" in day for day in self.days):
            return self.ways or self.days
        return tuple(day + time for time in _TIMES for day in self.days)


def _in_range(moment: str) -> str:
    # named once, so that it is worked out once
    floor = f"TIMESTAMP '{EARLIEST - 1}-12-31'"
    return f"nullif(greatest({moment}, {floor}), {floor})"


def _numeric(name: str, shown: str, first: str, second: str, order: str, year: str) -> Form:
    return Form(name, shown, tuple(f"{first}{s}{second}{s}{year}" for s in "/-."), order)


FORMS = (
    Form("iso", "2016-01-31 14:05"),
    _numeric("month-first", "01/31/2016", "%m", "%d", "month", "%Y"),
    _numeric("day-first", "31.01.2016", "%d", "%m", "day", "%Y"),
    _numeric("month-first-short", "1/31/16", "%m", "%d", "month", "%y"),
    _numeric("day-first-short", "31/1/16", "%d", "%m", "day", "%y"),
    Form("year-first", "2016.01.31", ("%Y/%m/%d", "%Y.%m.%d")),
    Form(
        "compact",
        "20160131",
        ("%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d %H:%M", "%Y%m%d %H:%M:%S",
         "%Y%m%d %H%M", "%Y%m%dT%H%M%S", "%Y%m%dT%H:%M:%S"),
    ),
    Form(
        "month-name",
        "31 Jan 2016",
        ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
         "%B %d %Y", "%d%b%Y", "%d. %B %Y", "%a, %d %b %Y", "%a %b %d %Y", "%A, %B %d, %Y"),
    ),
    Form("sas", "31JAN2016:14:05:00", ("%d%b%Y:%H:%M:%S", "%d%b%y:%H:%M:%S")),
    Form("year-month", "2016-01", ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y")),
    Form("excel", "42400.587"),
)  # fmt: skip
BY_NAME = {form.name: form for form in FORMS}


def named(text: str) -> Form | None:
    """A form by its name, or by strptime's signs (``%d.%m.%y %H:%M``)."""
    if text in BY_NAME:
        return BY_NAME[text]
    if "%" in text:
        return Form(text, _EXAMPLE.strftime(text), (text,))
    return None


@dataclass(frozen=True)
class Found:
    """The form of a column: the form, and how many of the values it was tried on it reads.

    ``unsettled``: day-first would read them just as well.
    """

    form: Form
    read: int
    tried: int
    unsettled: bool = False
    times_only: bool = False


TRIED = 1_000
"""Different values on which forms are tried."""


def found(con: duckdb.DuckDBPyConnection, relation: str, text: str) -> Found | None:
    """The form that reads most of a column, the likelier first; None where none reads a quarter.

    ``relation`` and ``text`` are SQL. Excel's numbers are believed only where nothing else reads.
    """
    try_on(con, relation, text)
    tried, times, iso = _counts(
        con, ["v", f"CASE WHEN regexp_matches(v, '{_TIME_OF_DAY}') THEN 1 END", FORMS[0].sql("v")]
    )
    if not tried:
        return None
    if iso == tried:
        return Found(worn(con, FORMS[0]), iso, tried)
    read = _counts(con, [form.sql("v") for form in FORMS])
    best = max(range(len(FORMS)), key=lambda i: (read[i], -i))
    if 4 * read[best] < tried:
        return Found(FORMS[0], 0, tried, times_only=True) if 2 * times > tried else None
    form = FORMS[best]
    twin = _twin(form)
    tied = twin is not None and read[FORMS.index(twin)] == read[best] > iso
    ways = form.all_ways()
    if ways:
        often = _counts(con, [f"try_strptime(v, {_quoted(way)})" for way in ways])
        order = sorted(range(len(ways)), key=lambda i: -often[i])
        form = replace(form, ways=tuple(ways[i] for i in order))
    return Found(worn(con, form), read[best], tried, tied)


def worn(con: duckdb.DuckDBPyConnection, form: Form) -> Form:
    """The form with an example as the values in ``tried`` are written: signs, zeros, time.

    Where it is always midnight, no time is told.
    """
    signs = (r"\d:\d", r"[ T]0?0:00(:00(\.0+)?)?$", r"\d:\d+:\d", r"\dT\d", r"\.\d",
             r"^0\d|[/.-]0\d[/.-]", r"[ T]0\d:", r"[ T]\d:\d")  # fmt: skip
    marks = [f"CASE WHEN regexp_matches(v, '{sign}') THEN 1 END" for sign in signs]
    tried, timed, midnight, seconds, letter, point, zeros, early, bare = _counts(con, ["v", *marks])
    if not tried:
        return form
    if form.name == "excel":
        return form if point else replace(form, shown="42400")
    if form.name == "iso":
        hours = "" if 2 * timed <= tried else " %H:%M:%S" if 2 * seconds > timed else " %H:%M"
        way = "%Y-%m-%d" + (hours.replace(" ", "T") if 2 * letter > tried else hours)
    else:
        way = form.all_ways()[0]
    text = _EXAMPLE.strftime(way.replace(".%f", ""))
    if timed == midnight:
        text = re.sub(r"[ T]\d+:.*$", "", text)
    if form.order and not zeros:
        text = re.sub(r"\b0(\d)(?=[/.-])", r"\1", text)
    if bare and not early:
        text = re.sub(r" 0(\d:)", r" \1", text)
    return replace(form, shown=text)


def settled(con: duckdb.DuckDBPyConnection, relation: str, text: str, form: Form) -> Form | None:
    """Month or day first, by every value of a column; None if both read equally many."""
    twin = _twin(form)
    if twin is None:
        return form
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE tried AS SELECT DISTINCT {text} AS v FROM {relation}"  # noqa: S608
    )
    own, other = _counts(con, [form.sql("v"), twin.sql("v")])
    return None if own == other else form if own > other else twin


def turned(form: Form) -> Form:
    """The form that puts the day first where this one puts the month, or the other way round."""
    return _twin(form) or form


def _twin(form: Form) -> Form | None:
    return next(
        (f for f in FORMS if {f.order, form.order} == {"day", "month"}
         and f.days[0][-1] == form.days[0][-1]), None,
    )  # fmt: skip


def try_on(con: duckdb.DuckDBPyConnection, relation: str, text: str) -> None:
    """The temporary table ``tried``: different values of a column, as ``v``."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE tried AS SELECT v FROM (SELECT DISTINCT {text} AS v "  # noqa: S608
        f"FROM {relation}) WHERE v IS NOT NULL ORDER BY hash(v), v LIMIT {TRIED}"
    )


def _counts(con: duckdb.DuckDBPyConnection, values: list[str]) -> list[int]:
    row = con.execute(f"SELECT {', '.join(f'count({v})' for v in values)} FROM tried").fetchone()  # noqa: S608
    return list(row or ())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
