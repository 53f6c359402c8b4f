"""Time the page in a browser: `python benchmarks/web.py`.

Philadelphia on this machine, a headless Chromium that is already open: from ``remand serve`` to the
first chart painted, a page opened again, and a lever moved: from the hand to the answer drawn, to
the exact digits, and to 20 and 200 worlds behind them. Exit code 1 if a bar is missed. Bars are
never tests: see README.md.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import sync_playwright
from timing import Line, machine, middle, show

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PLAN = "krasner-2017"
COLD, WARM, ANSWER, LATE = 3.0, 1.0, 150.0, 400.0
"""Bars: seconds to the first chart, of a page opened again; ms to an answer, and to 95 in 100."""

PAINTED = """() => new Promise((done) => {
  const told = () => performance.getEntriesByName("first-contentful-paint")[0];
  const at = () => [performance.timeOrigin, told().startTime];
  const wait = () => told() ? done(at()) : setTimeout(wait, 5);
  wait();
})"""

MOVED = """(value) => new Promise((done) => {
  const lever = document.querySelector("#plan input[type=range]");
  const answer = document.querySelector("#answer");
  const begin = performance.now();
  const seen = new MutationObserver(() => {
    if (!answer.querySelector('[data-part=chart][data-stage="quick"]')) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
  });
  seen.observe(answer, { childList: true, subtree: true });
  lever.value = value;
  lever.dispatchEvent(new Event("input", { bubbles: true }));
})"""

RELEASED = """(draws) => new Promise((done) => {
  const lever = document.querySelector("#plan input[type=range]");
  const begin = performance.now();
  const told = {};
  const look = () => {
    const at = document.querySelector("[data-part=chart]").dataset.draws;
    if (at !== "" && !(at in told)) told[at] = performance.now() - begin;
    if (draws in told) { done(told); return; }
    setTimeout(look, 10);
  };
  lever.dispatchEvent(new Event("change", { bubbles: true }));
  look();
})"""


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description="Time the page in a browser.")
    parser.add_argument("--runs", type=int, default=5, help="runs of each row (default 5)")
    parser.add_argument("--moves", type=int, default=80, help="moves of a lever (default 80)")
    parser.add_argument(
        "--chromium", default=os.environ.get("REMAND_CHROMIUM", "/usr/bin/chromium")
    )
    asked = parser.parse_args()
    print(machine(asked.runs))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=asked.chromium, args=list(FLAGS))
        lines = [*opened(browser, asked.runs), *moved(browser, asked.moves, asked.runs)]
        browser.close()
    show(lines)
    raise SystemExit(any(line.met is False for line in lines))


def opened(browser: Any, runs: int) -> Iterator[Line]:
    """From a command to a chart, and a page opened again."""
    first: dict[bool, list[float]] = {True: [], False: []}
    again = []
    for new in [True, False] * runs:
        begin = time.time()
        process, address = started(new=new)
        try:
            page = browser.new_page()
            page.goto(address, wait_until="commit")
            origin, paint = page.evaluate(PAINTED)
            first[new].append((origin + paint) / 1e3 - begin)
            page.goto(address, wait_until="commit")
            again.append(page.evaluate(PAINTED)[1] / 1e3)
            page.close()
            if not new:
                time.sleep(4)  # loaded whole, so that the page is kept for the next
        finally:
            process.terminate()
            process.wait()
    yield bar("remand serve → first chart painted, never served before", first[True], COLD)
    yield bar("the same, served before: its page is kept", first[False], WARM)
    yield bar("the page opened again, the process running", again, WARM)


def moved(browser: Any, moves: int, runs: int) -> Iterator[Line]:
    """A lever under a hand, and after it."""
    process, address = started()
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}?plan={PLAN}&draws=0")
        page.evaluate(MOVED, 0.11)  # the solver of this plan is made
        times = [page.evaluate(MOVED, round(0.2 + 0.005 * i, 3)) for i in range(moves)]
        told: dict[str, list[float]] = {"0": [], "20": [], "200": []}
        for i in range(runs):
            page.evaluate(MOVED, round(0.8 + 0.01 * i, 3))
            for draws, took in page.evaluate(RELEASED, "200" if i == 0 else "0").items():
                told[draws].append(took / 1e3)
    finally:
        process.terminate()
        process.wait()
    ordered = sorted(times)
    late = ordered[int(0.95 * len(ordered))]
    yield Line("a lever moved → the answer drawn", middle(times, "ms", 0), bar=f"< {ANSWER:.0f} ms",
               met=statistics.median(times) < ANSWER)  # fmt: skip
    yield Line("the same, 95 in 100", f"{late:,.0f} ms", bar=f"< {LATE:.0f} ms", met=late < LATE)
    for draws, what in (("0", "the exact digits"), ("20", "20 worlds"), ("200", "200 worlds")):
        yield Line(f"a lever let go → {what}", middle(told[draws], "s", 2))


def started(*, new: bool = False) -> tuple[subprocess.Popen[str], str]:
    """`remand serve` in a process of its own, once it listens; ``new`` where nothing is kept."""
    cache = {"XDG_CACHE_HOME": tempfile.mkdtemp()} if new else {}
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        port = own.getsockname()[1]
    code = f"import sys; sys.argv = ['serve', '--no-open', '--port', '{port}']; "
    code += "import typer; from remand.cli.serve import serve; typer.run(serve)"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **cache},
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    address = process.stdout.readline().split()[0]
    return process, address


def bar(what: str, times: list[float], most: float) -> Line:
    """A row that must stay under a bar in seconds."""
    return Line(what, middle(times, "s", 2), bar=f"< {most:.0f} s",
                met=statistics.median(times) < most)  # fmt: skip


if __name__ == "__main__":
    main()
