"""`python -m bench.growth`: how the cost of a migration suite grows with the history.

Histories of 50, 200 and 400 revisions that create a table each. Our ready-made tests,
pytest-alembic's four default tests and its ``downgrade_leaves_no_trace`` are whole processes, each
told as a multiple of one plain ``alembic upgrade head`` with a stock ``env.py``, all in one run.
The peers' environment is temporary; ``--no-peers`` leaves them out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from bench import peers
from bench.places import Bench, Sizes, open_bench
from bench.suites import ALEMBIC_ALONE, our_suite, peers_environment
from bench.timing import Action, command, timed

SIZES = (50, 200, 400)
#: Its time grows with the square of the history.
LEAVES_NO_TRACE_UP_TO = 200


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of ours and of the upgrade")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--no-peers", action="store_true", help="time only ours")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = None if given.no_peers else peers.install(Path(folder) / "peers")
        for size in given.sizes:
            place = Path(folder) / str(size)
            with open_bench(place, Sizes(tables=size), given.runs, python) as bench:
                measure(bench, size)


def measure(bench: Bench, size: int) -> None:
    """One plain upgrade and ours in turn, then theirs, on one history."""
    project = bench.tables
    upgrade = project.run(project.alembic("upgrade", "head"))
    plain, ours = [], []
    for number in range(bench.runs + 1):
        project.empty()
        found = timed(upgrade)(), timed(our_suite(bench))()
        if number:  # the first ones compile
            plain.append(found[0])
            ours.append(found[1])
    base = statistics.median(plain)
    print(f"\n{size} revisions: plain alembic upgrade head {base:.2f} s", flush=True)
    tell("ready-made tests", statistics.median(ours), base)
    if bench.peers is None:
        return
    tell("pytest-alembic, four tests", once(bench, theirs(bench, "not leaves_no_trace")), base)
    if size <= LEAVES_NO_TRACE_UP_TO:
        trace = once(bench, theirs(bench, "leaves_no_trace"))
        tell("pytest-alembic, downgrade_leaves_no_trace", trace, base)


def theirs(bench: Bench, which: str) -> Action:
    """Those of the peer's five tests whose names match."""
    project = bench.tables
    arguments = [bench.peer(), "-m", "pytest", "-q", *ALEMBIC_ALONE, "-k", which, "theirs"]
    environment = peers_environment(project.target)
    return command(*arguments, folder=project.root, environment=environment)


def once(bench: Bench, action: Action) -> float:
    """Seconds of what takes long enough to be measured once."""
    bench.tables.empty()
    return timed(action)()


def tell(what: str, seconds: float, base: float) -> None:
    """Print a line."""
    print(f"  {what:<44} {seconds:8.2f} s {seconds / base:7.2f} x", flush=True)


if __name__ == "__main__":
    main()
