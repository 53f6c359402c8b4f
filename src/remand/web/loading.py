"""A jail's own records, taken in on this machine: kept until the process ends, and shown as sums.

No row about a person leaves this module: of columns their names and what they were taken for, of
checks their counts.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Any

from remand.errors import InputError, Problem, Refusal
from remand.web.places import Place

if TYPE_CHECKING:
    from remand.fitting.document import Folder
    from remand.records.ingest import Ingested

ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".parquet", ".xlsx")
"""How a file's name may end: it says how the file is read, and nothing else of the name is used."""

MOST = 8
"""Files that are kept: the oldest makes room."""


@dataclass
class Told:
    """What became of a file, for the page that shows it.

    Attributes:
        key: of the place it became.
        title: the file's name.
        going: whether it is still being read.
        said: what is being done.
        says: what was found, in a sentence.
        columns, checks: what each column was taken for, and what the checks found, in words.
        limits: what the records cannot support.
        problems: why it could not be used.
    """

    key: str
    title: str
    going: bool = True
    said: str = "reading the file"
    says: str = ""
    columns: Sequence[Mapping[str, Any]] = ()
    checks: Sequence[Mapping[str, Any]] = ()
    limits: Sequence[str] = ()
    problems: Sequence[Problem] = ()


@dataclass
class Shelf:
    """Files loaded in this process, in a folder that goes with it."""

    _folder: Path | None = None
    _told: dict[str, Told] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str, data: IO[bytes], done: Callable[[Place], None]) -> Told:
        """Begin to take a file in; ``done`` is given the place it becomes.

        Raises InputError at once for a name that no reader knows.
        """
        ending = next((e for e in ENDINGS if name.lower().endswith(e)), None)
        if ending is None:
            raise InputError.of(
                f"'{Path(name).suffix or name}' is no form of records that can be read",
                fix=f"give {', '.join(ENDINGS)}",
            )
        key = f"own-{token_hex(8)}"  # nobody can guess it, and nothing of the name is in it
        with self._turn:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="remand-"))
            own = self._folder / key
            own.mkdir(mode=0o700)
            told = self._told[key] = Told(key, Path(name.replace("\\", "/")).name[:80])
            for old in list(self._told)[:-MOST]:
                del self._told[old]
                shutil.rmtree(self._folder / old, ignore_errors=True)
        path = own / f"records{ending}"
        with path.open("wb") as file:
            shutil.copyfileobj(data, file)
        threading.Thread(target=self._work, args=(told, path, done), daemon=True).start()
        return told

    def told(self, key: str) -> Told | None:
        """What became of a file."""
        return self._told.get(key)

    def close(self) -> None:
        """Forget every file."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _work(self, told: Told, path: Path, done: Callable[[Place], None]) -> None:
        try:
            done(_place(told, path))
        except InputError as error:
            told.problems = [replace(p, file=told.title if p.file else None, value=None)
                             for p in error.problems]  # fmt: skip
        except Refusal as error:
            told.problems = [Problem("error", (), f"refused: {error}")]
        except Exception as error:  # noqa: BLE001 - the page must say that it has ended
            said = f"the file could not be used ({type(error).__name__})"
            fix = "remand ingest FILE --into WORK.duckdb says more"
            told.problems = [Problem("error", (), said, fix=fix)]
        finally:
            path.unlink(missing_ok=True)
            told.going = False


def _place(told: Told, path: Path) -> Place:
    """Records to a model, told of on the way."""
    from remand.files.folder import write_folder  # noqa: PLC0415 - slow to import, and seldom used
    from remand.records.ingest import ingest  # noqa: PLC0415
    from remand.records.intake.columns import Corrections  # noqa: PLC0415
    from remand.runs.fit import Terms, fit_work  # noqa: PLC0415

    def say(what: str) -> None:
        told.said = what

    work = path.parent / "work.duckdb"
    found = ingest([path], work, None, Corrections(), [], say=say)
    told.said = "checking"
    _tell(told, found)
    told.said = "fitting a model: stays, exits, arrivals, returns, who is inside"
    fitted = fit_work(work, Terms(title=Path(told.title).stem))
    folder = path.parent / "model"
    write_folder(fitted, folder)
    told.limits = list(fitted.limits)
    told.says += _found(fitted)
    return Place(told.key, str(folder), own=True, told=told, history=_history(work))


def _history(work: Path) -> tuple[tuple[dt.date, float], ...]:
    """People held by month, as the records have them; small counts are left out."""
    from remand.runs.measure import measure  # noqa: PLC0415
    from remand.runs.measurement import Wanted  # noqa: PLC0415

    try:
        found = measure(work, Wanted(every="month", quantities=("population",), draws=0)).figures
    except InputError:  # monthly figures alone: nothing by day
        return ()
    rows = found.filter(found["quantity"] == "population").drop_nulls("mean")
    return tuple(zip(rows["date"], rows["mean"], strict=True))


def _tell(told: Told, found: Ingested) -> None:
    taken = found.files[0]
    columns = taken.read.columns if taken.read else ()
    told.columns = [
        {
            "name": c.name,
            "field": c.field or (f"kept as {c.kept}" if c.kept else
                                 "dropped" if c.dropped else "left out"),
            "empty": f"{100 * c.empty:.1f} %" if c.empty > 0 else "",
            "why": "; ".join(part for part in (c.form.name if c.form else "", c.why) if part),
        }
        for c in columns
    ]  # fmt: skip
    told.checks = [
        {
            "title": c.title,
            "severity": c.severity,
            "found": "not in the records" if c.found is None else f"{c.found:,}",
            "says": c.says,
        }
        for c in found.checks
    ]
    aside = taken.rows - taken.used
    window = f", from {found.since} to {found.until} (exclusive)" if found.since else ""
    told.says = (
        f"{taken.rows:,} rows, {taken.used:,} used and {aside:,} set aside: {found.stays:,} stays"
        f"{window}. "
    )
    if taken.warning:
        told.says = f"{taken.warning}. {told.says}"


def _found(fitted: Folder) -> str:
    counted = [c for c in fitted.model.counted if c.kind == "jail"]
    if not counted:
        return "A model was fitted to them."
    last = counted[-1]
    return f"A model was fitted to them; people held, {last.from_} to {last.to}: {last.value:,.0f}."
