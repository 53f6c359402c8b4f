"""Routes: an address to a state, a state to an answer, an answer to a page or a file.

Every handler is plain code in a thread of its own; nothing here prints, logs what was asked, or
opens a path that a visitor named.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from remand.errors import InputError, Problem, Refusal
from remand.outcomes.figures import as_rows
from remand.present import words
from remand.present.said import Number, Said
from remand.provenance import version
from remand.web import charts, copied, loading, tables, written
from remand.web.desk import Desk, Stopped
from remand.web.guards import LOCAL, Guard, TooLarge
from remand.web.places import Places
from remand.web.state import LONGEST, State
from remand.web.views import Views, _with

HERE = Path(__file__).parent
LARGEST = 500_000_000
"""Bytes a file of records may have."""

TOO_LARGE = InputError.of(
    f"the file is larger than {LARGEST // 10**6} MB",
    fix="give a smaller one, or remand ingest on the command line",
)

PAGE = "x-page"
"""The header by which a page says which it is, so that what it no longer wants is stopped."""


class Pages:
    """All handlers of one process."""

    def __init__(self, places: Places, shelf: loading.Shelf) -> None:
        self.desk = Desk(places)
        self.views = Views(self.desk)
        self.shelf = shelf
        self.env = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.env.filters |= {"said": _marked, "people": lambda v: f"{v:,.0f}"}
        self.env.globals |= {"version": version(), "signed": _signed}

    # -- pages ------------------------------------------------------------------------------

    def now(self, request: Request) -> Response:
        """The first screen."""
        state = self._state(request)
        run = self.desk.settled(state) if state.draws else self.desk.quick(state)
        return self._page("now.html", self.views.shell(state, "/"), self.views.answer(state, run))

    def first(self) -> str:
        """The first screen of the first place, before anything is asked."""
        state = State.read([], self.desk.places)
        shell = self.views.shell(state, "/")
        page = self._page("now.html", shell, self.views.answer(state, self.desk.quick(state)))
        return bytes(page.body).decode()

    def answer(self, request: Request) -> Response:
        """Parts of a page that an answer fills: quick, exact or drawn."""
        state = self._state(request)
        turn = self.desk.turn(request.headers.get(PAGE, ""))
        if state.draws is None:
            run = self.desk.quick(state)
        elif state.draws == 0:
            run = self.desk.exact(state)
        else:
            run = self.desk.drawn(state, state.draws, turn)
        return self._page("answer.html", self.views.answer(state.but(draws=None), run))

    def why(self, request: Request) -> Response:
        """Which promise does how much; worked out when the page asks for its part."""
        return self._later(request, "/why", "why.html", self._why)

    def compare(self, request: Request) -> Response:
        """Plans side by side."""
        state = self._state(request)
        place = self.desk.place(state)
        if not state.beside:
            state = state.but(beside=tuple(k for k in place.plans if k != state.plan))
        run = self.desk.settled(state) if state.draws else self.desk.quick(state)
        return self._page(
            "compare.html", self.views.shell(state, "/compare"),
            {**self.views.answer(state, run), "tab": "/compare"},
        )  # fmt: skip

    def assumptions(self, request: Request) -> Response:
        """What is not known, and what was supposed in its place."""
        state = self._state(request)
        shell = self.views.shell(state, "/assumptions")
        run = self.desk.quick(state)
        return self._page(
            "assumptions.html", shell, {**self.views.answer(state, run), "tab": "/assumptions"},
            assumed=self.views.assumptions(state), card=_model_card(self.desk.place(state)),
        )  # fmt: skip

    def check(self, request: Request) -> Response:
        """Problems of the model and the plan, and what was counted beside what it says."""
        return self._later(request, "/check", "check.html", self._check)

    def text(self, request: Request) -> Response:
        """The plan as text."""
        state = self._state(request)
        place = self.desk.place(state)
        own = self.desk.scenario(state)
        if own is None:
            text = written.BLANK
        elif state.text is not None and not state.levers:
            text = state.text
        else:
            text = written.text_of(written.to_edit(own.platform), place, state.plan)
        problems = written.check(text, place, state.plan)[1]
        return self._page("text.html", self.views.shell(state, "/"), text=text, problems=problems)

    async def checked(self, request: Request) -> Response:
        """The problems of a text, or the address of the page that runs it."""
        form = await request.form(max_files=0, max_fields=4, max_part_size=LONGEST)
        text, wish = (str(form.get(name, "")) for name in ("text", "run"))
        return await _in_thread(self._checked, request, text, wish)

    def _checked(self, request: Request, text: str, wish: str) -> Response:
        state = self._state(request)
        place = self.desk.place(state)
        platform, problems = written.check(text.replace("\r\n", "\n"), place, state.plan)
        errors = [p for p in problems if p.severity == "error"]
        if wish and platform is not None and not errors:
            own = state.but(text=text.replace("\r\n", "\n"), levers=(), draws=None)
            return RedirectResponse(_with("/", own.query(self.desk.places)), 303)
        if wish:
            shell = self.views.shell(state, "/")
            page = self._page("text.html", shell, text=text, problems=problems)
            page.status_code = 422
            return page
        return self._page("problems.html", self.views.frame(state, "/"), problems=problems)

    # -- what takes a while -----------------------------------------------------------------

    def _later(
        self, request: Request, tab: str, template: str, work: Callable[[State], dict[str, Any]]
    ) -> Response:
        """A page at once, whose part its script fetches; with ``part`` or ``wait`` that part."""
        asked = [(k, v) for k, v in request.query_params.multi_items() if k not in {"part", "wait"}]
        state = State.read(asked, self.desk.places)
        part, wait = "part" in request.query_params, "wait" in request.query_params
        found = work(state) if part or wait else None
        shell = self.views.shell(state, tab)
        return self._page(template, shell, part=part, found=found)

    def _why(self, state: State) -> dict[str, Any]:
        found = self.desk.why(state)
        if found is None or not found.parts:
            return {"why": None}
        return {"why": found, "shown": charts.available(found)}

    def _check(self, state: State) -> dict[str, Any]:
        place = self.desk.place(state)
        from remand.files import load_model, load_platform  # noqa: PLC0415

        _, problems = load_model(place.name)
        if state.text is not None:
            problems += written.check(state.text, place, state.plan)[1]
        elif state.plan is not None:
            problems += load_platform(place.plan(state.plan).name, place.model)[1]
        run = self.desk.exact(state.but(draws=None))
        return {"problems": problems, "counted": self.views.counted(run), "run": run}

    # -- files ------------------------------------------------------------------------------

    def run_csv(self, request: Request) -> Response:
        """The series of the run an address stands for."""
        return _file(tables.csv_of(self.desk.settled(self._state(request)).series), "run.csv")

    def run_json(self, request: Request) -> Response:
        """The run an address stands for, in the shape of ``remand compare --json``."""
        return _file(self.desk.settled(self._state(request)).to_json(), "run.json")

    def why_csv(self, request: Request) -> Response:
        """Parts of the plan's change, as rows."""
        found = self.desk.why(self._state(request))
        kinds = list(found.total) if found else []
        rows = [
            {"policy": p.policy.name, "authority": p.policy.authority, **p.change,
             "by_admissions": p.by_admissions, "by_days": p.by_days, "says": p.says}
            for p in (found.parts if found else ())
        ]  # fmt: skip
        columns = ("policy", "authority", *kinds, "by_admissions", "by_days", "says")
        return _file(tables.csv_rows(columns, rows), "why.csv")

    def why_json(self, request: Request) -> Response:
        """The shape of ``remand explain --json``."""
        found = self.desk.why(self._state(request))
        return _file(found.to_json() if found else "{}", "why.json")

    def compare_csv(self, request: Request) -> Response:
        """Differences between plans over the whole period."""
        run = self.desk.settled(self._state(request))
        lists = [n for n, kind in run.differences.schema.items() if kind.is_nested()]
        flat = [run.differences[n].list.join("+").alias(n) for n in lists]
        return _file(tables.csv_of(run.differences.with_columns(flat)), "compare.csv")

    def compare_json(self, request: Request) -> Response:
        """The same, as rows."""
        run = self.desk.settled(self._state(request))
        rows = {"run": {"id": run.identity, **run.meta}, "differences": as_rows(run.differences)}
        return _file(json.dumps(rows, default=str, ensure_ascii=False), "compare.json")

    def assumptions_csv(self, request: Request) -> Response:
        """Numbers that are not known, as rows."""
        rows = [
            {**row, "law": json.dumps(row["law"], ensure_ascii=False)}
            for row in self.views.assumptions(self._state(request))
        ]
        columns = ("name", "source", "numbers", "kind", "law")
        return _file(tables.csv_rows(columns, rows), "assumptions.csv")

    def assumptions_json(self, request: Request) -> Response:
        """The same, as JSON."""
        rows = self.views.assumptions(self._state(request))
        return _file(json.dumps({"uncertain": rows}, ensure_ascii=False), "assumptions.json")

    def check_csv(self, request: Request) -> Response:
        """What was counted beside what the model says."""
        rows = self._check(self._state(request))["counted"]
        columns = ("kind", "from", "to", "counted", "model", "off", "fitted", "source")
        return _file(tables.csv_rows(columns, rows), "check.csv")

    def check_json(self, request: Request) -> Response:
        """Problems in the shape of ``remand check --json``, and the counts."""
        found = self._check(self._state(request))
        told = {"problems": [p.as_json() for p in found["problems"]], "counted": found["counted"]}
        return _file(json.dumps(told, ensure_ascii=False), "check.json")

    def plan_yaml(self, request: Request) -> Response:
        """The plan at hand as a file that every command reads."""
        state = self._state(request)
        own = self.desk.scenario(state)
        if own is None:
            raise InputError.of("there is no plan to write", fix="choose one, or write one")
        text = state.text if state.text is not None and not state.levers else written.text_of(
            own.platform, self.desk.place(state), state.plan)  # fmt: skip
        return _file(text, f"{own.platform.name.partition('#')[0]}.yaml")

    def python(self, request: Request) -> Response:
        """Code that gives the same digits."""
        return PlainTextResponse(copied.code(self.desk, self._state(request)))

    def chart(self, request: Request) -> Response:
        """A chart of `present.charts`, as a picture."""
        asked = [(k, v) for k, v in request.query_params.multi_items() if k != "width"]
        state = State.read(asked, self.desk.places)
        narrow = request.query_params.get("width") == "narrow"
        return charts.drawn(self.desk, state, request.path_params["name"], narrow=narrow)

    # -- own records ------------------------------------------------------------------------

    def load(self, request: Request) -> Response:
        """Where a file of records is given."""
        return self._page("load.html", self.views.frame(self._state(request), "/load"), told=None)

    async def loaded(self, request: Request) -> Response:
        """A file taken in: mapping, checks, a model. Nothing of it leaves this machine."""
        async with request.form(max_files=1, max_fields=2, max_part_size=LONGEST) as form:
            upload = form.get("file")
            if upload is None or isinstance(upload, str) or not upload.filename:
                raise InputError.of("no file was given", fix="choose one: CSV, Parquet or Excel")
            return await _in_thread(self._loaded, upload.filename, upload.file)

    def _loaded(self, name: str, data: Any) -> Response:
        told = self.shelf.take(name, data, self.desk.places.add)
        return RedirectResponse(f"/loaded?of={told.key}", 303)

    def told(self, request: Request) -> Response:
        """What is being taken in, or was, and what was found."""
        told = self.shelf.told(request.query_params.get("of", ""))
        if told is None:
            raise InputError.of("those records are no longer here", fix="load them again")
        frame = self.views.frame(State.read([], self.desk.places), "/load")
        return self._page("load.html", frame, told=told, address=f"/loaded?of={told.key}")

    # -- in common --------------------------------------------------------------------------

    def _state(self, request: Request) -> State:
        return State.read(request.query_params.multi_items(), self.desk.places)

    def _page(self, template: str, *contexts: dict[str, Any], **more: Any) -> HTMLResponse:
        context: dict[str, Any] = {}
        for one in (*contexts, more):
            context |= one
        return HTMLResponse(self.env.get_template(template).render(context))

    def wrong(self, _request: Request, error: Exception) -> Response:
        """An error in the words of the command line."""
        status, problems = 400, []
        if isinstance(error, InputError):
            problems = list(error.problems)
        elif isinstance(error, Refusal):
            problems = [Problem("error", (), f"refused: {error}")]
        elif isinstance(error, HTTPException):
            status = error.status_code
            problems = [Problem("error", (), error.detail)]
        elif isinstance(error, TooLarge):
            status = 413
            problems = list(TOO_LARGE.problems)
        else:
            status = 500
            said = f"a mistake in the program ({type(error).__name__})"
            fix = "please report what was printed where remand serve runs"
            problems = [Problem("error", (), said, fix=fix)]
        state = State(self.desk.places.first, self.desk.places.get(None).first)
        frame = self.views.frame(state, "")
        page = self._page("wrong.html", frame, problems=problems, status=status)
        page.status_code = status
        return page

    def broken(self, request: Request, error: Exception) -> Response:
        """A mistake of the program's own: told to whoever started it, on the page by its name."""
        told = "".join(traceback.format_exception(error))
        print(f"{request.url.path}: {told}", file=sys.stderr)  # noqa: T201
        return self.wrong(request, error)

    def stopped(self, _request: Request, _error: Exception) -> Response:
        """The page has gone on: nobody reads this."""
        return Response(status_code=204)


def create(places: Places, hosts: tuple[str, ...] = LOCAL) -> Starlette:
    """The application over some places."""
    shelf = loading.Shelf()
    pages = Pages(places, shelf)
    get = {
        "/": pages.now,
        "/answer": pages.answer,
        "/why": pages.why,
        "/compare": pages.compare,
        "/assumptions": pages.assumptions,
        "/check": pages.check,
        "/text": pages.text,
        "/load": pages.load,
        "/loaded": pages.told,
        "/run.csv": pages.run_csv,
        "/run.json": pages.run_json,
        "/why.csv": pages.why_csv,
        "/why.json": pages.why_json,
        "/compare.csv": pages.compare_csv,
        "/compare.json": pages.compare_json,
        "/assumptions.csv": pages.assumptions_csv,
        "/assumptions.json": pages.assumptions_json,
        "/check.csv": pages.check_csv,
        "/check.json": pages.check_json,
        "/plan.yaml": pages.plan_yaml,
        "/python": pages.python,
        "/chart/{name}.svg": pages.chart,
    }
    app = Starlette(
        routes=[
            *(Route(path, handler) for path, handler in get.items()),
            Route("/text", pages.checked, methods=["POST"]),
            Route("/load", pages.loaded, methods=["POST"]),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(Guard, hosts=hosts, largest=LARGEST)],
        exception_handlers={
            InputError: pages.wrong,
            Refusal: pages.wrong,
            HTTPException: pages.wrong,
            TooLarge: pages.wrong,
            Stopped: pages.stopped,
            Exception: pages.broken,
        },
    )
    app.state.pages = pages
    app.state.shelf = shelf
    return app


async def _in_thread(work: Callable[..., Response], *args: Any) -> Response:
    from starlette.concurrency import run_in_threadpool  # noqa: PLC0415 - with the handlers' own

    return await run_in_threadpool(work, *args)


def _file(text: str, name: str) -> Response:
    kind = {"csv": "text/csv", "json": "application/json", "yaml": "application/yaml"}
    return Response(
        text,
        media_type=f"{kind[name.rpartition('.')[2]]}; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _marked(said: Said | str) -> Any:
    """A sentence with its numbers marked, so that a page can show how exact they are."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with jinja2

    if isinstance(said, str):
        return said
    parts = []
    for part in said.parts:
        if isinstance(part, Number):
            parts.append(
                Markup('<data value="{}" data-path="{}">{}</data>').format(
                    repr(part.value), part.path, part.text
                )
            )
        else:
            parts.append(escape(part).replace("\n", Markup("<br>")))
    return Markup("").join(parts)


def _signed(value: float | None) -> str:
    return "hidden" if value is None else words.signed(value)


def _model_card(place: Any) -> Any:
    """The model card beside a model, if there is one; what stands in it cannot be a script."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - seldom used
    from markupsafe import Markup  # noqa: PLC0415

    folder = place.model.folder
    path = Path(folder) / "MODEL_CARD.md" if folder else None
    if path is None or not path.exists():
        return None
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    text = path.read_text(encoding="utf-8").partition("\n")[2]  # its title stands on the page
    return Markup(reader.render(text))  # noqa: S704 - html is off
