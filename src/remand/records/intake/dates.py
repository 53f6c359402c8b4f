"""How each column of dates is written: told by a mapping, or found by what parses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remand.errors import InputError, Problem, did_you_mean
from remand.records.intake.columns import TIMES, Column, Corrections, Read
from remand.records.intake.forms import (
    FORMS,
    Form,
    Found,
    found,
    named,
    settled,
    try_on,
    turned,
    worn,
)
from remand.records.intake.reading import Table

if TYPE_CHECKING:
    import duckdb


def with_forms(
    con: duckdb.DuckDBPyConnection, table: Table, read: Read, corrections: Corrections
) -> Read:
    """The same with the form of each column of dates, of which ``sample`` holds the first rows.

    Raises InputError if a column holds no dates, or a correction does not fit.
    """
    dates = [c for c in read.columns if c.field in {*TIMES, "month"}]
    problems = [
        corrections.problem(
            f"'{name}' is no date of {table.look.name}",
            did_you_mean(name, [str(c.field) for c in dates]), "forms", name,
        )
        for name in corrections.forms
        if not any(name in (c.field, c.name) for c in dates)
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    columns, notes = list(read.columns), list(read.notes)
    forms: dict[int, Found] = {}
    for column in dates:
        form = _said(column, corrections)
        if form is not None:
            try_on(con, "sample", text_of(read, column))
            form = worn(con, form)
        result = Found(form, 1, 1) if form else _found(con, table, read, column)
        if column.field == "birth_date" and (result is None or _years_only(con, column)):
            columns[column.position] = _no_birthday(con, read, column)
        elif result is None or result.times_only:
            raise _no_form(con, table, column, times=result is not None)
        else:
            forms[column.position] = result
    known = next(
        (f.form.order for f in forms.values() if f.form.order and not f.unsettled and f.read), ""
    )
    for position, result in forms.items():
        column, form = columns[position], result.form
        if result.unsettled and known:  # another column tells
            form = form if form.order == known else turned(form)
        elif result.unsettled:  # all of its rows may tell
            told = settled(con, f"({table.sql})", text_of(read, column), form)
            form = told or form
            if told is None:
                notes.append(_both_ways(column, form))
        columns[position] = replace(column, form=form)
    return replace(read, columns=tuple(columns), notes=tuple(notes))


def _said(column: Column, corrections: Corrections) -> Form | None:
    """The form that a mapping gives."""
    said = corrections.forms.get(str(column.field)) or corrections.forms.get(column.name)
    return named(said) if said else None


def no_forms(corrections: Corrections) -> list[Problem]:
    """Forms of a mapping that there are not."""
    return [
        corrections.problem(
            f"'{said}' is no form of dates",
            f"{did_you_mean(said, [f.name for f in FORMS])} or write one: '%d.%m.%Y %H:%M'",
            "forms", name, value=said,
        )
        for name, said in corrections.forms.items()
        if named(said) is None
    ]  # fmt: skip


def _found(
    con: duckdb.DuckDBPyConnection, table: Table, read: Read, column: Column
) -> Found | None:
    """The form by the first rows, or where they are empty by all; ISO if nothing stands there."""
    if not table.filled[column.position]:
        return Found(FORMS[0], 0, 0)
    text = text_of(read, column)
    return found(con, "sample", text) or found(con, f"({table.sql})", text)


def _years_only(con: duckdb.DuckDBPyConnection, column: Column) -> bool:
    cell = f"c{column.position}"
    row = con.execute(
        f"SELECT count(*) FILTER (NOT regexp_matches({cell}, '^(18|19|20)\\d\\d$')), count({cell}) "  # noqa: S608
        f"FROM sample"
    ).fetchone()
    return bool(row and row[1] and not row[0])


def _no_birthday(con: duckdb.DuckDBPyConnection, read: Read, column: Column) -> Column:
    """A column of birth dates that holds years only, or no dates."""
    if _years_only(con, column) and read.of("birth_year") is None:
        return replace(column, field="birth_year", dropped=False, why="holds years only")
    return replace(column, field=None, why="no dates that can be read: dropped")


def _both_ways(column: Column, form: Form) -> str:
    example = next(iter(column.examples), form.shown)
    return (
        f"DAY OR MONTH FIRST? '{column.name}' can be read both ways ('{example}'); it is taken as "
        f"month first. If it is not, say so in a mapping: "
        f"forms: {{{column.field}: {turned(form).name}}}"
    )


def text_of(read: Read, column: Column) -> str:
    """SQL of the text of a date: with its time of day, if that stands in a column of its own."""
    time = read.of(f"{column.field}_time")
    if time is None:
        return f"c{column.position}"
    return (
        f"CASE WHEN contains(c{column.position}, ':') AND NOT regexp_matches(c{column.position}, "
        f"' 0?0:00(:00)?(\\.0+)?$') THEN c{column.position} WHEN c{column.position} IS NOT NULL "
        f"THEN concat_ws(' ', regexp_replace(c{column.position}, ' 0?0:00(:00)?(\\.0+)?$', ''), "
        f"c{time.position}) END"
    )


def _no_form(
    con: duckdb.DuckDBPyConnection, table: Table, column: Column, *, times: bool
) -> InputError:
    row = con.execute(
        f"SELECT {table.line}, c{column.position} FROM sample "  # noqa: S608
        f"WHERE c{column.position} IS NOT NULL LIMIT 1"
    ).fetchone()
    line, value = row or (None, None)
    message = (
        f"column '{column.name}' holds times of day without a day"
        if times
        else f"column '{column.name}' was taken as {column.field}, but holds no dates"
    )
    return InputError.of(
        f"{message} ('{value}')" if not column.dropped else message,
        fix="name another column in a mapping (columns:), or the form of its dates (forms:, such "
        "as '%d.%m.%Y %H:%M')",
        file=str(table.look.path),
        line=line,
        path=(column.name,),
        value=None if column.dropped else value,
    )
