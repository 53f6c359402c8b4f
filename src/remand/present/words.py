"""How figures and promises are said, the same in a terminal, on a page and in a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from remand.model.platform import Scenario
    from remand.model.policy import Compliance
    from remand.runs.run import Run

SMALL = "fewer than 10"
INTERVAL = "90 % interval"


def people(row: dict[str, Any] | None, key: str = "mean") -> str:
    """A count without decimals, or why there is none.

    >>> people({"mean": 6123.4, "suppressed": False})
    '6,123'
    >>> people({"mean": None, "suppressed": True})
    'fewer than 10'
    """
    if row is None or row[key] is None:
        return SMALL if row is not None and row["suppressed"] else "–"
    return f"{row[key]:,.0f}"


def days(row: dict[str, Any] | None) -> str:
    """A mean of days: below ten with one decimal, since there it matters.

    >>> days({"mean": 2.4, "suppressed": False}), days({"mean": 82.3, "suppressed": False})
    ('2.4', '82')
    """
    if row is None or row["mean"] is None or round(row["mean"], 1) >= 10:
        return people(row)
    return f"{row['mean']:.1f}"


def withheld(row: dict[str, Any]) -> str:
    """How a figure is marked that is not shown; it may be large, and hidden for what it would tell.

    >>> withheld({"quantity": "disparity_ratio"}), withheld({"quantity": "population"})
    ('withheld', 'hidden')
    """
    return "withheld" if row["quantity"].startswith("disparity") else "hidden"


def pooled(frame: pl.DataFrame) -> list[str]:
    """Pooled ranges where a ratio is withheld, those of the last date, a line for each basis."""
    rows = [row for row in frame.iter_rows(named=True) if row["quantity"] == "disparity_pooled"]
    last = max((row["date"] for row in rows), default=None)
    said: dict[str, list[str]] = {}
    for row in rows:
        if row["date"] == last:
            name = f" ({row['scenario']})" if "scenario" in row else ""
            ends = f"{row['q05']:g}–{row['q95']:g}{name}"
            said.setdefault(f"{row['band']}. {row['basis']}", []).append(ends)
    return [f"Ratio withheld: {', '.join(ends)}, {words}." for words, ends in said.items()]


def rounded(value: float) -> str:
    """A count as one would say it: two or three figures that matter.

    >>> rounded(6123.4), rounded(87.2)
    ('6,100', '87')
    """
    unit = 100 if value >= 1000 else 10 if value >= 100 else 1
    return f"{round(value / unit) * unit:,}"


def band(row: dict[str, Any] | None) -> str:
    """The 90 % band of a figure, in people."""
    if row is None or row.get("q05") is None:
        return ""
    return f"{row['q05']:,.0f}–{row['q95']:,.0f}"


def signed(value: float) -> str:
    """A difference with its sign; a true minus.

    >>> signed(-1234.0), signed(0.2)
    ('−1,234', '0')
    """
    whole = round(value)
    if whole == 0:
        return "0"
    return f"{'+' if whole > 0 else '−'}{abs(whole):,}"


def kept(compliance: Compliance) -> str:
    """How well a promise is supposed to be kept.

    >>> from remand.model.policy import Compliance
    >>> kept(Compliance(low=0.2, high=0.8)), kept(Compliance(value=1.0))
    ('kept for 20–80 %, assumed', 'kept for everyone: a ceiling')
    """
    if compliance.measured:
        return "as measured"
    if compliance.ceiling:
        return "kept for everyone: a ceiling"
    if compliance.low is not None and compliance.high is not None:
        return f"kept for {100 * compliance.low:.0f}–{100 * compliance.high:.0f} %, assumed"
    return f"kept for {100 * compliance.point:.0f} %"


def plan(scenario: Scenario) -> list[str]:
    """A platform in lines: what it comes after, who holds each lever, what is not modelled."""
    platform = scenario.platform
    after = f", after {', '.join(scenario.after)}" if scenario.after else ""
    lines = [f"{platform.title} ({platform.name}{after})"]
    for policy in platform.policies:
        words = f"“{policy.quote}”" if policy.quote else policy.about or policy.inferred or ""
        act = "" if policy.edits else f" No edit: {policy.no_edits}."
        lines.append(
            f"  {policy.name}: {policy.authority}, from {policy.starts}, "
            f"{kept(policy.compliance)}. {words}{act}"
        )
    lines += [
        f"  not modelled: {promise.words} ({promise.why})" for promise in platform.not_modelled
    ]
    return lines


def notes(run: Run) -> list[str]:
    """What must stand under every table of a run."""
    rates = run.series.filter(run.series["quantity"] == "rate")
    unit = next(iter(rates["denominator"].drop_nulls()), None)
    stays = "stay_admission" in run.series["quantity"]
    people = run.series.filter(run.series["quantity"] == "population")
    counting = next(iter(people["basis"].drop_nulls()), "")
    lines = [
        f"Counted: {counting}." if counting else "",
        f"Rates: people per 100,000 {unit}." if unit else "",
        "Stay: mean stay of those admitted in the period, to its end." if stays else "",
        f"Bands: {run.meta['bands']}.",
        f"Inferred: {run.meta['inferred']}.",
        *pooled(run.summary),
        *claims(run),
        *(f"Note: {warning}." for warning in run.warnings),
        f"Run {run.identity}, remand {run.meta['versions']['remand']}.",
    ]
    return [line for line in lines if line]


def overflow(run: Run) -> list[str]:
    """What full places led to over the whole period, a line a scenario and state held."""
    from remand.outcomes.figures import OVERFLOW  # noqa: PLC0415 - slow to import

    lines: dict[tuple[str, str], list[str]] = {}
    for row in run.summary.iter_rows(named=True):
        if row["quantity"] in OVERFLOW:
            what = OVERFLOW[row["quantity"]].replace("the state", "it")
            if people(row) == "1":
                what = what.replace("people ", "person ").replace("-days ", "-day ")
            said = f"{people(row)} {what}"
            lines.setdefault((row["scenario"], row["state"]), []).append(said)
    return [f"{name}, {state}: {'; '.join(said)}." for (name, state), said in lines.items()]


def claims(run: Run) -> list[str]:
    """What authors said a policy would do, beside the model's answer where it is run alone."""
    lines = []
    for scenario in run.scenarios:
        for policy in scenario.platform.policies:
            if policy.claimed is None:
                continue
            said = f"Its authors said “{policy.claimed.quote}” ({signed(policy.claimed.value)})."
            place = f"{run.meta['model']}/{scenario.platform.name}"
            if len(scenario.platform.policies) > 1:
                lines.append(
                    f"{scenario.name}, {policy.name}. {said} To see it alone: "
                    f"remand compare {run.meta['model']} {place}#{policy.name}"
                )
                continue
            lines += [
                f"{scenario.name}: {signed(row['mean'])} people in {row['kind']} against {row['a']}"
                f" ({100 * row['mean'] / held:+.1f} %). {said}".replace("(-", "(−")
                for row, held in _against_base(run, scenario.name, policy.claimed.kind)
            ]
    return lines


def _against_base(run: Run, name: str, kind: str | None) -> list[tuple[dict[str, Any], float]]:
    """The change in people held under a scenario against the first of the run."""
    base = run.scenarios[0].name
    if base == name or not len(run.differences):
        return []
    found = []
    for row in run.differences.iter_rows(named=True):
        wanted = (row["a"], row["b"], row["kind"], row["quantity"])
        total = all(row.get(axis) is None for axis in (*run.meta["by"], "state", "status"))
        if wanted == (base, name, kind, "population") and total:
            held = run.summary.filter(
                (run.summary["scenario"] == base)
                & (run.summary["kind"] == kind)
                & (run.summary["quantity"] == "population")
            )["mean"][0]
            found.append(({**row, "mean": -row["mean"]}, held))
    return found
