"""How long records take to come in: New York's stays (REMAND_DATA), and ten million synthetic ones.

Run as ``python benchmarks/ingest.py [ROWS]``. Each way is a whole process, `remand ingest` with its
twelve checks; peak memory is the process's own. The synthetic stays repeat a `remand synth` file,
each copy with other people, other bookings and another time of day.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from timing import MB, Line, barred, machine, show

ROWS = 10_000_000
NYC_BAR, SYNTHETIC_BAR = 5.0, 120.0
MEMORY_BAR = 6e9
RUNS = 3


def synthetic(folder: Path, rows: int) -> Path:
    """A CSV of so many synthetic stays."""
    seed = folder / "seed.csv"
    _remand("synth", "philadelphia", "--out", seed, "--to", "2018-01-01", "--seed", 7)
    path = folder / "stays.csv"
    con = duckdb.connect()
    con.execute(f"""
        COPY (
            WITH seed AS (SELECT * FROM read_csv('{seed}')),
            copies AS (SELECT unnest(range(1 + {rows} // (SELECT count(*) FROM seed))) AS copy)
            SELECT person + copy * 1000000 AS person, booking + copy * 1000000 AS booking,
                "in" + to_seconds(copy * 37 % 3600) AS "in",
                out + to_seconds(copy * 37 % 3600) AS out,
                charge, status, status_last, race, ['M', 'M', 'M', 'F'][1 + copy % 4] AS sex,
                20 + (person * 7 + copy) % 45 AS age, release_reason, synthetic
            FROM copies CROSS JOIN seed LIMIT {rows}
        ) TO '{path}' (timestampformat '%Y-%m-%d %H:%M:%S')
    """)  # noqa: S608
    return path


def _remand(*args: object) -> None:
    subprocess.run([sys.executable, "-m", "remand", *map(str, args)], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip


def measured(files: list[Path], folder: Path) -> tuple[float, float]:
    """Seconds and peak bytes of one ingest into a new file, by a child of its own."""
    into = folder / "work.duckdb"
    into.unlink(missing_ok=True)
    reader, writer = os.pipe()
    begin = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            _remand("ingest", *files, "--into", into)
            most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            os.write(writer, str(most).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    took = time.perf_counter() - begin
    os.close(writer)
    with os.fdopen(reader) as end:
        said = end.read()
    if not said:
        raise SystemExit("remand ingest failed")
    return took, 1024.0 * float(said)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(machine(RUNS))
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = os.environ.get("REMAND_DATA")
        if data:
            files = [Path(data) / f for f in ("nyc_custody_spells.parquet",
                                              "nyc_custody_daily.csv.gz")]  # fmt: skip
            runs = [measured(files, folder) for _ in range(RUNS)]
            took, most = zip(*runs, strict=True)
            lines.append(
                barred("New York: 193,402 stays and their census", took, NYC_BAR, max(most))
            )
        path = synthetic(folder, rows)
        print(f"{rows:,} synthetic stays: {path.stat().st_size / MB:,.0f} MB of CSV\n")
        took, most = zip(measured([path], folder), strict=True)
        lines.append(barred(f"{rows:,} synthetic stays", took, SYNTHETIC_BAR, max(most)))
        under = max(most) < MEMORY_BAR
        lines.append(
            Line("  their peak memory", f"{max(most) / 1e9:.1f} GB", bar="< 6 GB", met=under)
        )
    show(lines)


if __name__ == "__main__":
    main()
