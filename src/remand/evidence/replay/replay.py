"""A reform replayed: forecast from what was known when it was announced, held against what came.

Each place gives draws of its path with no change and of its path under every telling of the reform,
in the same worlds; their quantiles are the forecast. Chance is drawn once a world, the same for all
tellings. Places are added up draw by draw: one seed gives the growth of arrivals, and what is open
of stays, the same rank everywhere, as if all counties rose and fell together, which makes the band
of a sum rather too wide than too narrow.

A run of a model shows what would follow *if* the telling were right. It never attributes.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from remand.errors import InputError, Problem
from remand.evidence.panel import Floats
from remand.evidence.replay.case import Case, Data, read_case, rests_on
from remand.evidence.replay.known import census, cut, located, table
from remand.evidence.replay.replayed import NO_CHANGE, Replay, Span, Trail
from remand.files import read_draws, read_model, read_platform, read_scenario
from remand.files.documents import Document
from remand.fitting.drawn import FitDraws
from remand.model.model import Model
from remand.model.platform import Scenario
from remand.model.policy import Source
from remand.outcomes.aggregated import Monthly
from remand.outcomes.bootstrap import check_draws
from remand.outcomes.windows import Windows
from remand.records.ingest import ingest
from remand.records.intake.looking import hashed
from remand.records.work import contents
from remand.runs.compare import NO_CHANGE as NOTHING
from remand.runs.draws import held
from remand.runs.fit import Terms, fit_work
from remand.runs.worlds import Worlds

DRAWS = 200
"""Worlds of a forecast, unless asked for another number."""


@dataclass(frozen=True)
class _Asked:
    """A case, where its file stands, and on what terms it is replayed."""

    case: Case
    path: Path
    as_of: dt.date
    draws: int
    seed: int


def replay(
    name: str | Path,
    as_of: dt.date | None = None,
    *,
    data: str | Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Replay:
    """Replay a case.

    Args:
        name: a shipped name (``california/realignment-2011``) or a file.
        as_of: the day of the forecast, by default that of the announcement. Later than that it is
            no longer blind, and says so.
        data: the file of records, where the case needs one; by default looked for in the folder
            that ``REMAND_DATA`` names.
        draws: worlds of the forecast, 2 or more.
        seed: which worlds; the same seed gives the same digits.

    Raises InputError with every problem found: in the case, or for a day on which too little was
    known, or if the file is not there.
    """
    case, path = read_case(name)
    check_draws(draws, seed)
    if draws == 0:
        raise InputError.of("a forecast without draws has no band", fix="give --draws 200")
    asked = _Asked(case, path, as_of or case.announced, draws, seed)
    if asked.as_of >= case.in_force:
        raise InputError.of(
            f"--as-of {asked.as_of} is not before the reform began ({case.in_force})",
            fix=f"give a day up to {case.announced}, when it was announced",
        )
    file = located(case, data)
    left_out: dict[str, str] = {}
    known: dict[str, str] = {}
    ground = _ground(asked)
    if file is None:
        spans, trails = _on_model(asked)
    else:
        spans, trails = _on_records(asked, file, left_out, known)
    return Replay(
        case=case,
        as_of=asked.as_of,
        tellings=(NO_CHANGE, *(one.name for one in case.told)),
        knows=_knows(asked, ground),
        spans=spans,
        trails=trails,
        left_out=left_out,
        known=known,
        draws=draws,
        seed=seed,
        warnings=tuple(_warnings(asked, ground, left_out)),
    )


def _ground(asked: _Asked) -> list[Source]:
    """What every forecast of a case leans on beside records: sources of its model and its base."""
    case = asked.case
    model = read_model(case.model).sources if case.model else {}
    base = read_platform(_platform(asked, case.base)).sources if case.base else {}
    return list({**model, **base}.values())


def _knows(asked: _Asked, ground: Sequence[Source]) -> tuple[dt.date, ...]:
    """The day of the latest thing that each forecast rests on, no change first."""
    platforms = [read_platform(_platform(asked, one.platform)) for one in asked.case.told]
    return (
        rests_on(ground, asked.as_of - dt.timedelta(1)),
        *(
            rests_on([*ground, *platform.sources.values()], one.knows)
            for one, platform in zip(asked.case.told, platforms, strict=True)
        ),
    )


def _warnings(asked: _Asked, ground: Sequence[Source], left_out: dict[str, str]) -> Iterator[str]:
    case = asked.case
    late = sorted(day.year for one in ground if (day := rests_on([one])) >= asked.as_of)
    if late:
        yield (
            f"not blind, no change included: {len(late)} of the {len(ground)} sources of the model "
            f"'{case.model}' and what it comes after are of {late[0]} to {late[-1]}"
        )
    if asked.as_of > case.announced:
        days = (asked.as_of - case.announced).days
        yield (
            f"not blind: the forecast knows {days} days after the announcement of "
            f"{case.announced}, in which courts, police and jails may have begun to act"
        )
    if left_out:
        yield f"no forecast for {', '.join(left_out)}"


# -- on a shipped model ---------------------------------------------------------------------


def _on_model(asked: _Asked) -> tuple[tuple[Span, ...], tuple[Trail, ...]]:
    case = asked.case
    known = [row for row in case.known if row.to <= asked.as_of]
    if not known:
        message = f"no count in 'known' ends by {asked.as_of}, the day of the forecast"
        fix = "add an earlier count, or give a later --as-of"
        problem = Problem("error", ("known",), message, fix=fix)
        raise InputError([Document.read(asked.path).locate(problem)])
    model = read_model(case.model or "")
    last = max(known, key=lambda row: row.to)
    spans = tuple((row.from_, row.to) for row in case.counted)
    people = _people(model, read_draws(model), spans, asked, case.place)
    truth = np.array([row.value for row in case.counted])
    return spans, (Trail(case.place, np.full(len(spans), last.value), people, truth),)


# -- on records -----------------------------------------------------------------------------


def _on_records(
    asked: _Asked, file: Path, left_out: dict[str, str], known: dict[str, str]
) -> tuple[tuple[Span, ...], tuple[Trail, ...]]:
    data = asked.case.data
    assert data is not None  # noqa: S101 - a case has a model, or data
    whole = table(file, data)
    months = data.kind == "months"
    since = asked.as_of.replace(day=1) if months else asked.as_of
    spans = tuple(_months(since, asked.case.until))
    with tempfile.TemporaryDirectory() as folder:
        before = _written(cut(whole, data, asked.as_of), Path(folder) / "known" / file.name)
        known |= {"file": file.name, "sha256_of_what_was_known": hashed(before)}
        work = Path(folder) / "known.duckdb"
        ingest([before], work)
        if months:
            today = {place: values[max(values)] for place, values in _monthly(work).items()}
            truths = _truths(file, Path(folder), spans)
        else:
            title = asked.case.place
            day = asked.as_of - dt.timedelta(1)
            today = {title: float(census(cut(whole, data, asked.as_of), data, day, asked.as_of)[0])}
            truths = {title: _held(whole, data, spans)}
        trails = []
        for place, now in today.items():
            truth = truths.get(place, np.full(len(spans), np.nan))
            try:
                people = _fitted(asked, work, place if months else None, spans)
                trails.append(Trail(place, np.full(len(spans), now), people, truth))
            except InputError as error:
                left_out[place] = str(error.problems[0].message)
    if not trails:
        reason = next(iter(left_out.values()), "the file holds no place")
        raise InputError.of(
            f"nothing could be fitted to what was known on {asked.as_of}: {reason}",
            fix="give a later --as-of, or another file",
        )
    return spans, tuple(trails)


def _fitted(asked: _Asked, work: Path, place: str | None, spans: Sequence[Span]) -> Floats:
    """The forecast of a place: a model of what the work file, cut already, holds of it."""
    terms = Terms(by=asked.case.by, place=place, draws=asked.draws, seed=asked.seed)
    found = fit_work(work, terms)
    model = found.model
    if model.clock.start > spans[0][0]:
        raise InputError.of(f"its model starts on {model.clock.start}, after the first figure")
    return _people(model, FitDraws.of(model, found.draws), spans, asked, place or asked.case.place)


def _monthly(work: Path) -> dict[str, dict[dt.date, float]]:
    """Monthly populations of a work file: month → people, by place."""
    adp = Monthly.of(contents(work).months, []).table.filter(
        pl.col("axis").is_null() & (pl.col("measure") == "adp") & pl.col("value").is_not_null()
    )
    found: dict[str, dict[dt.date, float]] = {}
    for place, month, value in adp.sort("place").select("place", "month", "value").iter_rows():
        found.setdefault(place, {})[month] = value
    return found


def _truths(file: Path, folder: Path, spans: Sequence[Span]) -> dict[str, Floats]:
    """What happened, by place: the whole file's monthly populations, read as the fit's are."""
    work = folder / "whole.duckdb"
    ingest([file], work)
    return {
        place: np.array([values.get(first, np.nan) for first, _ in spans])
        for place, values in _monthly(work).items()
    }


def _held(whole: pl.DataFrame, data: Data, spans: Sequence[Span]) -> Floats:
    """What happened: the mean of the censuses of each span."""
    first = spans[0][0]
    people = census(whole, data, first, spans[-1][1])
    return np.array([people[(a - first).days : (b - first).days].mean() for a, b in spans])


# -- both -----------------------------------------------------------------------------------


def _people(
    model: Model, fit: FitDraws | None, spans: Sequence[Span], asked: _Asked, place: str
) -> Floats:
    """Draws of people held: (tellings, draws, spans), no change first."""
    case = asked.case
    base = (
        Scenario.of(model, [NOTHING])
        if case.base is None
        else read_scenario(_platform(asked, case.base), model)
    )
    scenarios = [base, *(read_scenario(_platform(asked, one.platform), model) for one in case.told)]
    until = max(to for _, to in spans)
    windows, weights = _windows(model, spans)
    worlds = Worlds(scenarios, until, asked.draws, asked.seed, fit)
    people, chance = held(worlds, until, windows)
    luck = np.random.default_rng([asked.seed, zlib.crc32(place.encode())])
    spread = np.sqrt(np.maximum(chance, 0.0)) @ weights.T
    drawn = people @ weights.T + spread * luck.standard_normal(asked.draws)[None, :, None]
    return np.asarray(np.maximum(drawn, 0.0))


def _platform(asked: _Asked, name: str) -> str:
    """A platform beside the case, or a shipped one."""
    beside = asked.path.parent / name
    return str(beside) if beside.exists() else name


def _windows(model: Model, spans: Sequence[Span]) -> tuple[Windows, Floats]:
    """Adjoining windows that all spans are made of, and (spans, windows) the part of each."""
    edges = sorted({edge for span in spans for edge in span})
    starts = tuple(model.clock.index(edge) for edge in edges)
    days = np.array([(b - a).days for a, b in pairwise(edges)], float)
    inside = np.array([[a <= edge < b for edge in edges[:-1]] for a, b in spans]) * days
    return Windows(starts[:-1], starts[-1], tuple(edges[:-1])), inside / inside.sum(
        axis=1, keepdims=True
    )


def _months(since: dt.date, until: dt.date) -> Iterator[Span]:
    """The calendar months of [since, until), the first and the last as far as they go."""
    while since < until:
        end = min((since.replace(day=28) + dt.timedelta(4)).replace(day=1), until)
        yield since, end
        since = end


def _written(frame: pl.DataFrame, path: Path) -> Path:
    path.parent.mkdir()
    path = path.with_name(path.name.removesuffix(".gz"))
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path)
    return path
