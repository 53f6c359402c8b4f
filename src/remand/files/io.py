"""Finding, reading and writing models and platforms; every problem gets its file and line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from remand.errors import InputError, Problem, did_you_mean
from remand.errors import Path as Place
from remand.files.beside import cited_figures, left_beside, lost_draws, read_tables
from remand.files.documents import Document, dumped
from remand.files.forms import Fault, as_written, faults, mended
from remand.model.check import check_model
from remand.model.check_effects import check_effects
from remand.model.check_policies import check_platform
from remand.model.effects import Effects
from remand.model.model import Model
from remand.model.platform import Platform, Scenario

ROUNDS = 5
"""How often a document is mended to see what else is wrong with it."""

SpecT = TypeVar("SpecT", Model, Platform, Effects)
Kind = Literal["models", "platforms", "effects", "claims", "replays"]
_CALLED = {
    "models": "model",
    "platforms": "platform",
    "effects": "file of effects",
    "claims": "file of claims",
    "replays": "replay",
}

# -- where things are -----------------------------------------------------------------------


def shipped(kind: Kind) -> list[str]:
    """Names of what comes with the package (``philadelphia``, ``philadelphia/krasner-2017``)."""
    root = Path(str(resources.files("remand") / "places"))
    if kind == "models":
        return sorted(p.parent.name for p in root.glob("*/model.yaml"))
    if kind == "claims":
        return sorted(f"{p.parent.name}/{p.stem}" for p in root.glob("*/claims-*.yaml"))
    return sorted(f"{p.parent.parent.name}/{p.stem}" for p in root.glob(f"*/{kind}/*.yaml"))


def find(name: str | Path, kind: Kind) -> Path:
    """The file a shipped name or a path stands for. Raises InputError with a suggestion."""
    text = str(name)
    root = Path(str(resources.files("remand") / "places"))
    if text in shipped(kind):
        place, _, own = text.partition("/")
        folder = "" if kind == "claims" else f"{kind}/"
        inside = f"{folder}{own}.yaml" if own else "model.yaml"
        return root / place / inside
    path = Path(text)
    if kind == "models" and path.is_dir():
        path = path / "model.yaml"
        if not path.exists():
            raise InputError.of(
                f"the folder '{text}' holds no model.yaml", fix="name the model's file", value=text
            )
    if not path.exists():
        raise InputError.of(
            f"there is no file '{text}', and no {_CALLED[kind]} of that name comes with remand",
            fix=did_you_mean(text, shipped(kind)),
            value=text,
        )
    _not_records(path, kind)
    return path


def _not_records(path: Path, kind: Kind) -> None:
    """Refuse a work file where a model or platform is wanted: it has to be fitted first."""
    try:
        with path.open("rb") as file:
            database = file.read(12)[8:] == b"DUCK"
    except OSError:  # a folder, or not ours: told when it is read
        return
    if database:
        raise InputError.of(
            f"this is a work file of records, not a {_CALLED[kind]}",
            fix=f"fit it: remand fit {path} --out county/",
            file=str(path),
        )


# -- reading --------------------------------------------------------------------------------


def read_model(name: str | Path) -> Model:
    """A model by shipped name, file or folder. Raises InputError with every problem found.

    >>> read_model("philadelphia").clock.start
    datetime.date(2014, 1, 1)
    """
    return _accept(*load_model(name))


def read_platform(name: str | Path, model: Model | None = None) -> Platform:
    """A platform by shipped name or file; ``NAME#POLICY`` keeps one of its policies.

    With a model, what the platform says is checked against it.

    >>> read_platform("philadelphia/dao-2018-19#no-cash-bail").name
    'dao-2018-19#no-cash-bail'
    """
    return _accept(*load_platform(name, model))


def read_scenario(name: str | Path | Platform, model: Model) -> Scenario:
    """A platform with every platform it comes after, on a model."""
    if isinstance(name, Platform):
        own, path = name, None
        problems = [p for p in check_platform(own, model) if p.severity == "error"]
        if problems:
            raise InputError(problems)
    else:
        own, path = read_platform(name, model), find(_file_of(name), "platforms")
    chain: list[Platform] = []
    _collect(own, path, model, chain, ())
    return Scenario.of(model, chain)


def read_effects(name: str | Path, model: Model | None = None) -> Effects:
    """Effects by shipped name or file; with a model, their edits are checked on it.

    >>> [effect.name for effect in read_effects("philadelphia/two-sided").effects]
    ['new-arrests', 'missed-court', 'deterrence']
    """
    return _accept(*load_effects(name, model))


def with_effects(scenarios: Sequence[Scenario], name: str | Path | Effects) -> tuple[Scenario, ...]:
    """The same scenarios, with the effects that go with their policies.

    Raises InputError if there is none in any of them: then something is misspelt.
    """
    model = scenarios[0].base
    if isinstance(name, Effects):
        effects, path = name, None
        _accept(effects, check_effects(effects, model))
    else:
        effects, path = read_effects(name, model), find(name, "effects")
    answering = tuple(replace(scenario, effects=effects) for scenario in scenarios)
    if any(scenario.answers for scenario in answering):
        return answering
    held = [pair for scenario in scenarios for pair in scenario.held]
    known = list(dict.fromkeys(n for platform, policy in held for n in (platform, policy.name)))
    problems = [
        Problem(
            "error",
            ("effects", i, "with"),
            f"'{effect.name}' goes with no policy of the platforms compared",
            ", ".join(effect.with_),
            did_you_mean(effect.with_[0], known) if known else "compare a platform with policies",
        )
        for i, effect in enumerate(effects.effects)
    ]
    document = Document.read(path) if path is not None else None
    raise InputError(document.locate(p) if document is not None else p for p in problems)


def load_model(name: str | Path) -> tuple[Model | None, list[Problem]]:
    """A model with all its problems, warnings too; None if it cannot be read."""
    try:
        document = Document.read(find(name, "models"))
    except InputError as error:
        return None, list(error.problems)
    model, problems = _load(Model, document, check_model)
    if model is None:
        return None, problems
    folder = document.path.parent
    problems += [document.locate(problem) for problem in lost_draws(model, folder)]
    return model.beside(str(folder)), problems


def load_platform(
    name: str | Path, model: Model | None = None
) -> tuple[Platform | None, list[Problem]]:
    """A platform with all its problems, warnings too; None if it cannot be read."""
    try:
        document = Document.read(find(_file_of(name), "platforms"))
    except InputError as error:
        return None, list(error.problems)
    platform, problems = load_written(document, model)
    policy = str(name).partition("#")[2]
    if platform is None or not policy:
        return platform, problems
    try:
        return platform.only(policy), problems
    except KeyError:
        fix = did_you_mean(policy, [p.name for p in platform.policies])
        missing = Problem("error", ("policies",), f"there is no policy '{policy}'", policy, fix)
        return None, [document.locate(missing)]


def load_written(
    document: Document, model: Model | None = None
) -> tuple[Platform | None, list[Problem]]:
    """A platform that is already parsed, as `load_platform`; its path says what it stands beside.

    Files it names are read: whoever takes documents from strangers has to look at those first.
    """
    return _load(
        Platform, document, lambda p: check_platform(p, model) if model is not None else []
    )


def load_effects(
    name: str | Path, model: Model | None = None
) -> tuple[Effects | None, list[Problem]]:
    """A file of effects with all its problems, warnings too; None if it cannot be read."""
    try:
        document = Document.read(find(name, "effects"))
    except InputError as error:
        return None, list(error.problems)
    return _load(Effects, document, lambda effects: check_effects(effects, model))


def in_model(name: str | Path, problem: Problem) -> Problem:
    """A problem found later, in a run, told with the line of the model's file."""
    return problem if problem.file else Document.read(find(name, "models")).locate(problem)


def _file_of(name: str | Path) -> str:
    return str(name).partition("#")[0]


def _accept(spec: SpecT | None, problems: Sequence[Problem]) -> SpecT:
    errors = [p for p in problems if p.severity == "error"]
    if errors or spec is None:
        raise InputError(errors)
    return spec


def _collect(
    platform: Platform,
    path: Path | None,
    model: Model,
    chain: list[Platform],
    waiting: tuple[str, ...],
) -> None:
    """Put what a platform comes after, then itself, into the chain, each once."""
    waiting = (*waiting, platform.name)

    def wrong(message: str, fix: str) -> InputError:
        problem = Problem("error", ("after",), message, earlier, fix)
        return InputError([Document.read(path).locate(problem) if path else problem])

    for earlier in platform.after:
        if earlier in waiting:
            ring = " → ".join([*waiting[waiting.index(earlier) :], earlier])
            raise wrong(
                f"these platforms come after one another in a circle: {ring}", "remove one 'after'"
            )
        name = _earlier(earlier, path, model)
        try:
            found = find(name, "platforms")
        except InputError as error:
            fix = error.problems[0].fix
            raise wrong(f"there is no platform '{earlier}' to come after", fix) from None
        _collect(read_platform(name, model), found, model, chain, waiting)
    if platform.name not in [p.name for p in chain]:
        chain.append(platform)


def _earlier(name: str, path: Path | None, model: Model) -> str:
    """What ``after: name`` stands for: a file beside the platform, or a shipped platform."""
    beside = path.parent / f"{name}.yaml" if path is not None else None
    if beside is not None and beside.exists():
        return str(beside)
    return name if name in shipped("platforms") else f"{model.name}/{name}"


def _load(
    cls: type[SpecT], document: Document, check: Callable[[SpecT], list[Problem]]
) -> tuple[SpecT | None, list[Problem]]:
    """Read a document and check it as far as its form lets it be read."""
    plain = document.plain()
    problems: list[Problem] = []
    doubtful: list[Place] = []  # places already told of: what else is found there is an echo
    try:
        _cite(plain, cited_figures(plain.get("sources_file"), document.path.parent))
        uncited = False
    except InputError as error:
        problems += error.problems
        uncited = True
    for place, problem in read_tables(plain, document):
        problems.append(problem)
        doubtful.append(place[:2])
    spec, found = _validated(cls, plain)
    problems += [fault.problem for fault in found]
    meant: SpecT | None = spec
    if found:
        meant, later = _beyond(cls, plain, found, doubtful)
        problems += later
    for problem in check(meant) if meant is not None else []:
        path = as_written(problem.path[:-1], plain)[0] + problem.path[-1:]
        unsure = uncited and problem.path[-1:] == ("source",)
        if not unsure and not any(_touch(path, place) for place in doubtful):
            problems.append(problem)
    located = [p if p.file else document.locate(p) for p in problems]
    return spec, sorted(located, key=lambda p: (p.file != str(document.path), p.line or 0))


def _beyond(
    cls: type[SpecT], plain: dict[str, Any], found: list[Fault], doubtful: list[Place]
) -> tuple[SpecT | None, list[Problem]]:
    """The document as it was meant, and faults of form that show only once others are mended.

    Places that are mended are added to those ``doubtful``.
    """
    later: list[Problem] = []
    meant: SpecT | None = None
    for _ in range(ROUNDS):
        if not found or (guess := mended(plain, found)) is None:
            break
        plain, touched = guess
        doubtful += touched
        meant, found = _validated(cls, plain)
        told = [fault.problem for fault in found]
        later += [p for p in told if not any(_touch(p.path, place) for place in doubtful)]
    return meant, later


def _validated(cls: type[SpecT], plain: dict[str, Any]) -> tuple[SpecT | None, list[Fault]]:
    try:
        return cls.model_validate(plain), []
    except ValidationError as error:
        return None, faults(cls, error, plain)


def _touch(one: Place, other: Place) -> bool:
    """Whether one place lies within the other."""
    return all(a == b for a, b in zip(one, other, strict=False))


def _cite(plain: dict[str, Any], figures: dict[str, dict[str, str]]) -> None:
    """Put the figures that the document cites among its sources; its own come first."""
    own = plain.get("sources")
    cited: dict[str, Any] = {}

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            keys = node.get("source", [])
            for key in keys if isinstance(keys, list) else [keys]:
                if str(key) in figures:
                    cited[str(key)] = figures[str(key)]
            for child in node.values():
                visit(child)
        elif isinstance(node, list):
            for child in node:
                visit(child)

    if figures and (own is None or isinstance(own, dict)):
        visit(plain)
        plain["sources"] = {**cited, **(own or {})}


# -- writing --------------------------------------------------------------------------------


def write(spec: SpecT, path: str | Path, like: str | Path | None = None) -> Path:
    """Write a model, a platform or effects as YAML.

    Where a file already stands (or ``like`` names another), its comments, order and form are
    kept, and only values that differ are replaced. What a CSV beside the file says stays there;
    what none there says is written out.
    """
    path = Path(path)
    pattern = Path(like) if like is not None else path
    written = _written(spec, path.parent)
    text = dumped(written)
    if pattern.exists():
        document = Document.read(pattern)
        before = _read_only(document, spec)
        if before is not None:
            text = document.changed(_written(before, pattern.parent), written)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError.of(
            f"'{path}' cannot be written: {error.strerror}", fix="give another place"
        ) from None
    return path


def _read_only(document: Document, like: SpecT) -> SpecT | None:
    """What a document says, unchecked; None if it is no file of the same kind."""
    return _load(type(like), document, lambda _: [])[0]


def _written(spec: SpecT, folder: Path) -> dict[str, Any]:
    """The full form of a spec's document in a folder."""
    fields = spec.model_dump(by_alias=True, exclude_defaults=True)
    return left_beside(_as_typed({"remand": spec.remand, **fields}), folder)


def _as_typed(node: Any) -> Any:
    """The same values as a person types them: lists for tuples, 20 for 20.0."""
    if isinstance(node, dict):
        return {key: _as_typed(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_as_typed(value) for value in node]
    return int(node) if isinstance(node, float) and node.is_integer() else node
