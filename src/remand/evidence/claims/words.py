"""What a claim said and what figures come to, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from remand.evidence.claims.form import OF_AMOUNTS, OF_MANY, OF_TWO, Beside, Claim, Stated
from remand.evidence.claims.values import Value
from remand.evidence.claims.verdicts import Judged, tolerance

_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number(value: float) -> str:
    """A number to three figures, or whole from a thousand on; a true minus.

    >>> number(91.4977), number(-250.0), number(1011.6), number(0.0), number(80.0)
    ('91.5', '−250', '1,012', '0', '80')
    """
    text = f"{abs(value):,.0f}" if abs(value) >= 999.5 else f"{abs(value):.3g}"
    return f"−{text}" if value < 0 and text != "0" else text


def times(factor: float) -> str:
    """A factor in words.

    >>> times(10.02), times(2.34), times(37.5)
    ('ten times', '2.3 times', '38 times')
    """
    whole = round(factor)
    if factor < 3 and abs(factor - whole) > 0.05:
        return f"{factor:.1f} times"
    return f"{_NUMBERS[whole - 2] if 2 <= whole <= 10 else f'{whole:,}'} times"


def amount(value: float, stated: Stated) -> str:
    """An amount per one, in the unit of what was said.

    >>> one = Stated(value=1, per=1000, denominator="residents")
    >>> amount(0.01002, one), amount(0.915, Stated(value=98, per=100, denominator="arrests"))
    ('1 in 100', '91.5 %')
    >>> amount(0.0067, Stated(value=670, per=100_000, denominator="residents"))
    '670 per 100,000'
    """
    if stated.per == 1:
        return f"{number(value)} {stated.unit}" if stated.unit else number(value)
    if stated.value is not None and abs(stated.value) == 1 and value > 0:
        return f"1 in {number(1 / value) if value > 0.1 else f'{1 / value:,.0f}'}"
    if stated.per == 100:
        return f"{number(100 * value)} {'points' if stated.unit == 'points' else '%'}"
    return f"{number(stated.per * value)} per {stated.per:,.0f}"


def stated(claim: Claim) -> str:
    """What was said, in the form in which it is judged."""
    said = claim.stated
    unit = said.unit or ""
    if claim.comparison in OF_AMOUNTS and said.value is not None:
        whom = f" {'of ' if said.per == 100 else ''}{said.denominator}" if said.denominator else ""
        text = f"{claim.comparison} {amount(said.value / said.per, said)}{whom}"
        if margin := tolerance(claim.comparison, said.value):
            ends = [number(said.value - margin), number(said.value + margin)]
            text += f" (taken as {ends[0]} to {ends[1]})"
    elif claim.comparison in OF_TWO:
        by = "" if said.value in {None, 1} else f", {times(said.value or 1)} as high or more"
        if claim.comparison == "lower than":
            by = by.replace("high", "low")
        text = f"{claim.comparison} {unit}{by}"
    else:
        text = f"{claim.comparison} {unit}"
    return text.strip() + (f" (read into the words: {said.inferred})" if said.inferred else "")


def reading(claim: Claim, value: Value) -> str:
    """What one reading comes to, in the unit of the claim."""
    if value.undetected:
        return value.arithmetic
    if claim.comparison in OF_AMOUNTS:
        text = amount(value.value, claim.stated)
        if value.low < value.high:
            ends = sorted((value.low, value.high))
            text += f", rounded: {' to '.join(number(end * claim.stated.per) for end in ends)}"
        return text
    if claim.comparison in OF_MANY:
        return _place(value, _first(claim))
    if claim.comparison in OF_TWO:
        return _compared(value)
    return _course(value)


def _first(claim: Claim) -> str:
    return "first" if claim.comparison == "highest of" else "the lowest"


def _place(value: Value, first: str = "first") -> str:
    """A place; of a tie, or of figures that rounding may turn about, all that it may be."""
    if value.low < value.high:
        return f"place {value.low:.0f} to {value.high:.0f}"
    return first if value.value == 1 else f"place {value.value:.0f}"


def _compared(value: Value) -> str:
    """How many times, with both levels and how far apart they are: never one without the rest."""
    text = f"{value.value:.1f} times"
    if value.low < value.high:
        text += f" ({value.low:.1f} to {value.high:.1f})"
    assert value.at is not None  # noqa: S101 - a comparison has two levels
    rate = any(row.per or row.ages for row in value.rows)
    of, to = (100_000 * end if rate else end for end in value.at)
    ages = next((row.ages for row in reversed(value.rows) if row.ages), None)
    whom = f" per 100,000{f' {_residents(ages)}' if ages else ''}" if rate else ""
    apart = f"{number(abs(of - to))} {'more' if of >= to else 'fewer'}"
    return f"{text}: {number(of)} against {number(to)}{whom}, {apart}"


def _residents(ages: str | None) -> str:
    return "residents of all ages" if ages == "all ages" else f"residents aged {ages}"


def _course(value: Value, unit: str = "") -> str:
    assert value.at is not None  # noqa: S101 - a change has two ends
    start, end = value.at
    per = value.rows[0].per or 1
    text = f"{number(start * per)} → {number(end * per)} {unit}".rstrip()
    if start <= 0:
        return text
    if end >= 2 * start:
        return f"{text}, {end / start:.1f} times"
    return f"{text}, {_signed(round(100 * (end / start - 1)))} %"


def spoken(claim: Claim, values: Sequence[Value]) -> str:
    """Readings as one says them: the first with its period, then the others.

    ``1 in 100 (2015; 1 in 101 in 2016)``
    """
    first, *others = values
    per = f" per {claim.stated.per:,.0f}"
    rest = "".join(f"; {_brief(claim, v).removesuffix(per)} in {v.period}" for v in others)
    return f"{_brief(claim, first)} ({first.period}{rest})"


def _brief(claim: Claim, value: Value) -> str:
    if value.undetected:
        return value.arithmetic
    if claim.comparison in OF_AMOUNTS:
        return amount(value.value, claim.stated)
    return reading(claim, value)


def span(values: Sequence[Value]) -> str:
    """The periods of readings: years in a row as one span.

    >>> years = [Value(1, 1, 1, str(year), "", ()) for year in (2013, 2014, 2015, 2017)]
    >>> span(years)
    '2013–2015, 2017'
    """
    runs: list[list[str]] = []
    for period in dict.fromkeys(value.period for value in values):
        follows = runs and period.isdigit() and runs[-1][-1].isdigit()
        if follows and int(period) == int(runs[-1][-1]) + 1:
            runs[-1].append(period)
        else:
            runs.append([period])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def says(claim: Claim, values: Sequence[Value], judged: Judged) -> str:
    """Why the verdict is what it is, in a sentence."""
    if all(value.undetected for value in values):
        return (
            "the study that looked for it detected no effect. Not detected is not none: how small "
            "an effect it could have seen is not told"
        )
    if judged.true is None:
        why = "" if any(v.undetected for v in values) else ", the sources fall on both sides"
        return f"cannot be told{why}: {spoken(claim, values)}"
    if claim.comparison in OF_AMOUNTS:
        return _amounts(claim, values, judged)
    if claim.comparison in OF_MANY:
        return _many(values, _first(claim))
    told = "; ".join(f"{reading(claim, v)} ({v.period})" for v in values)
    contrary = not judged.true and judged.verdict == "not supported"
    return f"it is the other way: {told}" if contrary else told


def _many(values: Sequence[Value], first: str) -> str:
    if any(value.high > 1 for value in values):
        return "; ".join(f"{_place(value, first)} in {value.period}" for value in values)
    factors = [at[0] / at[1] for v in values if (at := v.at) is not None and at[1] > 0]
    told = f"{span(values)}: {first} each time"
    if factors:
        least, most = f"{min(factors):.1f}", f"{max(factors):.1f}"
        told += f", at {least if least == most else f'{least} to {most}'} times the next"
    return told + _lacking(values)


def _lacking(values: Sequence[Value]) -> str:
    """Places of which some readings have no figure, and which readings."""
    places = dict.fromkeys(place for value in values for place in value.lacks)
    said = [f"{place} in {span([v for v in values if place in v.lacks])}" for place in places]
    return f" (no figure of {'; '.join(said)})" if said else ""


def _amounts(claim: Claim, values: Sequence[Value], judged: Judged) -> str:
    told = spoken(claim, values)
    if judged.verdict in {"supported", "not supported"}:
        return told
    assert claim.stated.value is not None  # noqa: S101 - checked
    said = claim.stated.value / claim.stated.per
    how = _how_far(values[0].value, said, share=claim.stated.per == 100)
    if judged.true:
        return f"true, and {judged.verdict} {how}: about {told}"
    return f"not so, {how} {'less' if judged.verdict == 'overstated' else 'more'}: {told}"


def _how_far(value: float, said: float, *, share: bool) -> str:
    """How far a number said is from a value.

    >>> _how_far(0.01002, 0.001, share=False), _how_far(0.915, 0.98, share=True)
    ('about ten times', '6.5 points')
    >>> _how_far(590, 670, share=False), _how_far(0, 5, share=False)
    ('12 %', 'altogether')
    """
    if value / said <= 0:
        return "altogether"
    factor = max(value / said, said / value)
    if factor >= 2:
        return f"about {times(factor)}"
    if share:
        return f"{number(100 * abs(value - said))} points"
    return f"{100 * abs(value / said - 1):.2g} %"


def computed(claim: Claim, values: Sequence[Value], each: Sequence[Judged]) -> dict[str, Any]:
    """What a definition comes to, as JSON: its first reading, and all of them."""
    per = claim.stated.per if claim.comparison in OF_AMOUNTS else 1.0
    readings = [
        {
            "period": value.period,
            "value": None if value.undetected else value.value * per,
            "low": None if value.undetected else value.low * per,
            "high": None if value.undetected else value.high * per,
            "words": reading(claim, value),
            "arithmetic": value.arithmetic,
            "detail": value.detail,
            "file": value.file,
            "sources": [row.id for row in value.rows],
            "verdict": judged.verdict,
            "true": judged.true,
        }
        for value, judged in zip(values, each, strict=True)
    ]
    first = {key: readings[0][key] for key in ("value", "low", "high", "words")}
    unit = {"unit": claim.stated.unit, "per": per, "denominator": claim.stated.denominator}
    return {**first, **unit, "readings": readings}


def aside(beside: Beside, value: Value | None) -> str:
    """What stands beside a claim, with its own unit."""
    if value is None:
        assert beside.run is not None  # noqa: S101 - one of the two
        run = beside.run
        parts = [f"{_signed(change)} in {kind}" for kind, change in run.values.items()]
        return (
            f"{beside.what}: {', '.join(parts)} ({run.unit}; {run.about}). This is a model run: "
            f"it tells what the model holds to follow, not what followed. {run.command}"
        )
    assert beside.from_ is not None  # noqa: S101 - one of the two
    return f"{beside.what}: {_own(beside, value)}"


def _own(beside: Beside, value: Value) -> str:
    """A value in the unit of its own figures, with its period."""
    way = beside.from_.way if beside.from_ is not None else ""
    row = value.rows[0]
    unit = row.unit.replace("-", "–") if row.ages else row.unit
    if way == "figure":
        text = f"{number(row.number or 0)} {unit}"
    elif way == "undetected":
        text = value.arithmetic
    elif way == "change":
        text = _course(value, unit)
    elif way == "rank":
        text = _place(value)
    elif way == "times":
        text = _compared(value)
    elif whose := next((r.ages for r in reversed(value.rows) if r.ages), None):
        rate = f"{number(100_000 * value.value)} per 100,000 {_residents(whose)}"
        text = f"{rate}, 1 in {1 / value.value:,.0f}" if value.value > 0 else rate
    else:
        text = f"{number(100 * value.value)} %"
    return f"{text} ({value.period})"


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)


def aside_json(beside: Beside, value: Value | None) -> dict[str, Any]:
    """What stands beside a claim, as JSON."""
    run = beside.run
    return {
        "what": beside.what,
        "words": aside(beside, value),
        "value": None if value is None or value.undetected else value.value,
        "model_run": None if run is None else run.model_dump(),
        "period": None if value is None else value.period,
        "arithmetic": None if value is None else value.arithmetic,
        "sources": [] if value is None else [row.id for row in value.rows],
    }
