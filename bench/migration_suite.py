"""`python -m bench.migration_suite`: our ready-made migration tests beside pytest-alembic's.

Histories of table-creating revisions are generated, and each tool is timed as a whole process on
the same running server; everything is told as a multiple of one plain ``alembic upgrade head`` with
Alembic's stock ``env.py``. Then what one test's database costs. The peers are installed in an
environment of their own, in a temporary folder; without them (``--no-peers``) only ours is timed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.histories import write_history
from pgrevise import settings
from pgrevise.history.digest import history_digest
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import open_templates
from pgrevise.rollout import commands

ROOT = Path(__file__).parents[1]
SIZES = (50, 200, 400)
#: Its time grows with the square of the history.
LEAVES_NO_TRACE_UP_TO = 200
LIMIT_SECONDS = 1200
#: Plugins of this checkout's environment that neither suite needs; one takes longer than a history.
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
PEERS = (
    "pytest-alembic==0.13.1",
    "pytest<=9.1.1",
    "pytest-postgresql>=7",
    "sqlalchemy>=2.1,<2.2",
    "psycopg[binary]>=3.3,<4",
)
OURS_TEST = "from pgrevise.migration_tests import *  # noqa: F403\n"


@dataclass(frozen=True)
class Peers:
    """The Python that has the peers, or None."""

    python: Path | None


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.migration_suite", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each measurement")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--no-peers", action="store_true", help="time only ours")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        peers = Peers(None if arguments.no_peers else install_peers(Path(folder) / "peers"))
        server = stack.enter_context(scratch_server(settings.load(ROOT)))
        for size in arguments.sizes:
            measure_suites(Path(folder), server, size, arguments.runs, peers)
        measure_databases(Path(folder), server, peers)


def install_peers(folder: Path) -> Path | None:
    """An environment with the peers; None, and a word about it, when they cannot be had."""
    tool = shutil.which("uv")
    if tool is None:
        print("uv is not here: the peers are left out", flush=True)
        return None
    python = folder / "bin" / "python"
    made = subprocess.run([tool, "venv", "--quiet", str(folder)], check=False)
    got = subprocess.run(
        [tool, "pip", "install", "--quiet", "--python", str(python), *PEERS], check=False
    )
    if made.returncode or got.returncode:
        print("the peers cannot be installed: they are left out", flush=True)
        return None
    return python


def measure_suites(folder: Path, server: Target, size: int, runs: int, peers: Peers) -> None:
    """One plain upgrade, ours, and theirs, on one history."""
    project = folder / f"history_{size}"
    write_history(project, size)
    (project / "test_ours.py").write_text(OURS_TEST)
    plain = [sys.executable, "-m", "alembic", "-c", "stock.ini", "upgrade", "head"]
    ours = [sys.executable, "-m", "pytest", "-q", *WITHOUT, "test_ours.py"]
    base = median(runs, lambda: on_empty(server, project, plain))
    print(f"\n{size} revisions: plain alembic upgrade head {base:.2f} s", flush=True)
    # Else the private server would be of the newest version, and another one.
    same = {"PGREVISE_POSTGRES": str(settings.load(ROOT).postgres)}
    tell("ready-made tests", median(runs, lambda: run(project, ours, same)), base)
    if peers.python is None:
        return
    theirs = [str(peers.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    four = [*theirs, "theirs"]
    tell("pytest-alembic, four tests", median(1, lambda: on_empty(server, project, four)), base)
    if size <= LEAVES_NO_TRACE_UP_TO:
        trace = [*theirs, "theirs_trace"]
        seconds = median(1, lambda: on_empty(server, project, trace))
        tell("pytest-alembic, downgrade_leaves_no_trace", seconds, base)


def measure_databases(folder: Path, server: Target, peers: Peers) -> None:
    """What a database for one test costs: a clone, a replayed history, the peer's."""
    project = folder / "history_clones"
    write_history(project, 50)
    found = settings.load(project)
    with open_templates(found, server, history_digest(found)) as templates:

        def build(target: Target) -> None:
            commands.upgrade(found, target, "heads")

        templates.template(build)

        def clone() -> None:
            database = templates.clone(build)
            use(database)
            templates.drop(database)

        print("\na database for one test, 50 tables, one connection and a row", flush=True)
        cost = median(30, timed(clone))
        tell("clone of a template, dropped later", cost, cost)

        def replay() -> None:
            with scratch_databases(server) as (database,):
                build(database)
                use(database)

        tell("replayed history", median(5, timed(replay)), cost)
        if peers.python is not None:
            tell("pytest-postgresql", per_test_of_peer(project, server, peers.python), cost)


def use(database: Target) -> None:
    """What a small test does."""
    with connect(database) as connection:
        connection.execute("INSERT INTO t_001 (name) VALUES ('a')")


def per_test_of_peer(project: Path, server: Target, python: Path) -> float:
    """Seconds per test of pytest-postgresql: the slope between a few tests and more."""
    with scratch_databases(server) as (database,):
        times = []
        for count in (5, 35):
            command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            command += ["-p", "no:pytest_alembic", "peer_postgresql"]
            place = dict(database.query)
            environment = {
                "TESTS": str(count),
                "DATABASE_URL": database.url,
                "PEER_HOST": place.get("host", database.place),
                "PEER_PORT": place.get("port", "5432"),
                "PEER_USER": database.user,
            }
            times.append(run(project, command, environment))
    return (times[1] - times[0]) / 30


def on_empty(server: Target, project: Path, command: list[str]) -> float:
    """Seconds of a command on a new empty database."""
    with scratch_databases(server) as (database,):
        return run(project, command, {"DATABASE_URL": database.url})


def run(project: Path, command: list[str], environment: dict[str, str]) -> float:
    """Seconds of a command, which has to succeed."""
    # Compiled modules are kept beside the histories, for everybody alike.
    unwanted = ("DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
    inherited = {k: v for k, v in os.environ.items() if k not in unwanted}
    inherited["PYTHONPYCACHEPREFIX"] = str(project.parent / "compiled")
    path = str(ROOT) if command[0] == sys.executable else ""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=project,
        env={**inherited, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return seconds


def timed(action: Callable[[], None]) -> Callable[[], float]:
    """An action that tells how long it took."""

    def measured() -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    return measured


def median(runs: int, seconds: Callable[[], float]) -> float:
    """The median of so many measurements, after one that is not counted."""
    if runs > 1:
        seconds()
    return statistics.median(seconds() for _ in range(runs))


def tell(what: str, seconds: float, base: float) -> None:
    """One line of the table."""
    shown = f"{seconds:8.2f} s " if seconds >= 1 else f"{seconds * 1000:8.1f} ms"
    print(f"  {what:<44} {shown}  {seconds / base:7.2f} x", flush=True)


if __name__ == "__main__":
    main()
