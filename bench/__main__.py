"""Measure everything side by side with the peer, and tell it as ratios.

A whole run at full size writes `bench/results/latest.json`, and the picture and the page of the
documentation from it; others (--quick, --only) write `bench/results/partial.json` and a picture
beside it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import peers
from bench.chart import drawn
from bench.machine import facts
from bench.places import QUICK, Bench, Sizes, open_bench
from bench.plan import PLAN, Measurement, chosen
from bench.projects import ROOT
from bench.results import Report, Row, line, written
from bench.timing import CommandFailed
from pgrevise.errors import ReviseError

RESULTS = ROOT / "bench" / "results"
MAKE_PAGE = ROOT / "docs" / "make_speed.py"


def main() -> int:
    """Measure, print, write. 1 when something was missed or could not be measured."""
    given = _arguments()
    sizes = QUICK if given.quick else Sizes()
    runs = given.runs or (1 if given.quick else 7)
    measurements = chosen(sizes, given.only)
    if not measurements:
        print(f"Nothing that is measured has any of these in its name: {given.only}.")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        report = _report(Path(folder), measurements, sizes, runs, is_quick=given.quick)
    _write(report)
    is_complete = len(report.rows) == len(measurements)
    return 0 if is_complete and all(row.is_reached for row in report.rows) else 1


def _write(report: Report) -> None:
    RESULTS.mkdir(exist_ok=True)
    if report.is_quick or len(report.rows) < len(PLAN):
        (RESULTS / "partial.json").write_text(written(report), encoding="utf-8")
        (RESULTS / "partial.svg").write_text(drawn(report), encoding="utf-8")
        print("Written: bench/results/partial.json, bench/results/partial.svg")
        return
    (RESULTS / "latest.json").write_text(written(report), encoding="utf-8")
    subprocess.run([sys.executable, str(MAKE_PAGE)], check=True)
    print("Written: bench/results/latest.json, docs/explanation/speed.md, docs/images/bench.svg")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="rows named so")
    parser.add_argument("--runs", type=int, help="pairs for each row (default: 7; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="short histories: does it all run?")
    return parser.parse_args()


def _report(
    folder: Path, measurements: Sequence[Measurement], sizes: Sizes, runs: int, *, is_quick: bool
) -> Report:
    python = None
    if any(m.needs_peers for m in measurements):
        try:
            python = peers.install(folder / "peers")
        except CommandFailed as error:
            print(error, flush=True)
            measurements = [m for m in measurements if not m.needs_peers]
    with open_bench(folder, sizes, runs, python) as bench:
        rows = tuple(_rows(bench, measurements))
        today = datetime.now(UTC).date().isoformat()
        return Report(today, facts(bench.server, python), is_quick, rows)


def _rows(bench: Bench, measurements: Sequence[Measurement]) -> Iterator[Row]:
    """Each row, printed as soon as it is known; what cannot be measured is told and left out."""
    for measurement in measurements:
        try:
            row = measurement.row(bench)
        except (CommandFailed, ReviseError) as error:
            print(f"{measurement.named(bench.sizes)}: {error}", flush=True)
            continue
        print(line(row), flush=True)
        yield row


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
