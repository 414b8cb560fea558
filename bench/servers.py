"""From nothing to the first query: a server is not running, then somebody asks it something."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import replace
from functools import partial

from bench.histories import write_history
from bench.places import Bench, own_places
from bench.projects import ROOT
from bench.suites import POSTGRESQL_ALONE, WITHOUT
from bench.timing import Action, CommandFailed, Pair, command, in_turn, timed
from pgrevise.caches import cache_root
from pgrevise.postgres import cluster, privileges
from pgrevise.postgres.binaries import find, library_environment
from pgrevise.postgres.connect import connect
from pgrevise.postgres.server import ServerSpec, acquire, destroy
from pgrevise.postgres.target import parse

#: One test, which asks for a connection by the name of a fixture.
FIRST = """
def test_first({0}):
    assert {0}.execute("SELECT 1").fetchone() == (1,)
"""


def first_test(bench: Bench) -> Pair:
    """A pytest run of one test that asks a server something, started for it."""
    spec = ServerSpec(kind="test", major=bench.major)
    with own_places(bench.folder / "warm"):
        _fill_cache(spec)

        def stop() -> None:
            destroy(spec)

        try:
            ours, theirs = timed(_our_test(bench)), timed(_their_test(bench))
            return in_turn(ours, theirs, bench.runs, prepare=stop)
        finally:
            stop()


def private_server(bench: Bench) -> Pair:
    """The server alone, in this process: with a cluster in the cache, and without one."""
    spec = ServerSpec(kind="test", major=bench.major, linger=0.0)
    with own_places(bench.folder / "warm"):
        _fill_cache(spec)

    def warm() -> None:
        with own_places(bench.folder / "warm"):
            _first_query(spec)

    def cold() -> None:
        with own_places(bench.folder / "cold"):
            _first_query(spec)
        shutil.rmtree(bench.folder / "cold")

    return in_turn(timed(warm), timed(cold), bench.runs)


def _our_test(bench: Bench) -> Action:
    """The fixture `pg_connection` of a project without revisions."""
    project = bench.folder / "first_of_ours"
    write_history(project, 0)
    (project / "test_first.py").write_text(FIRST.format("pg_connection"))
    environment = {**_inherited(), "PYTHONPATH": str(ROOT), "PGREVISE_POSTGRES": str(bench.major)}
    arguments = (sys.executable, "-m", "pytest", "-q", *WITHOUT, "test_first.py")
    return command(*arguments, folder=project, environment=environment)


def _their_test(bench: Bench) -> Action:
    """pytest-postgresql as it comes: its fixtures `postgresql_proc` and `postgresql`."""
    folder, room = bench.folder / "first_of_theirs", bench.folder / "room"
    for made in (folder, room):
        made.mkdir()
    (folder / "test_first.py").write_text(FIRST.format("postgresql"))
    binaries = find(bench.major)
    # PostgreSQL does not run as root; pytest-postgresql has to be somebody else altogether.
    bench.folder.chmod(0o755)
    environment = {
        **_inherited(),
        **library_environment(binaries.shared_libraries),
        "TMPDIR": str(room),
    }
    mode = privileges.choose(binaries.program("postgres"), room, environment)
    if mode is None:
        raise privileges.refusal(binaries.program("postgres"))
    arguments = (
        *(bench.peer(), "-m", "pytest", "-q", *POSTGRESQL_ALONE),
        *("--basetemp", str(room / "pytest")),
        *("--postgresql-exec", str(binaries.program("pg_ctl")), "test_first.py"),
    )
    become = partial(privileges.drop, mode)
    return command(*arguments, folder=folder, environment=environment, before=become)


def _inherited() -> dict[str, str]:
    """This environment, in which no server is named."""
    unwanted = ("DATABASE_URL", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def _first_query(spec: ServerSpec) -> None:
    with acquire(spec) as lease, connect(parse(lease.server.url())) as connection:
        connection.execute("SELECT 1")
    destroy(spec)


def _fill_cache(spec: ServerSpec) -> None:
    """Let a server run until it has left a cluster in the cache, as the first one does."""
    with acquire(replace(spec, linger=30.0)) as lease:
        kept = cluster.pristine(cache_root(), lease.server.binaries)
        deadline = time.monotonic() + 60
        while not cluster.is_pristine(kept):
            if time.monotonic() > deadline:
                raise CommandFailed("The private server left no cluster in the cache.")
            time.sleep(0.1)
    destroy(spec)
