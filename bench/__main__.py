"""`python -m bench`: every measurement, a table of ratios, and `bench/results/latest.json`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.timing import Action, Comparison, command, compare
from pgrevise import settings
from pgrevise.postgres import cluster
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.server import ServerSpec, acquire, destroy
from pgrevise.postgres.target import Target, parse

ROOT = Path(__file__).parents[1]
STOCK_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine, pool
from app import models

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(
        connection=connection, target_metadata=models.metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="pairs for each measurement")
    runs = parser.parse_args().runs
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for result in measurements(Path(folder), runs):
            results.append(result)
            print(
                f"{result.what:<42} {result.ours * 1000:8.0f} ms  "
                f"{result.ratio:6.2f} x  {result.peer} ({result.theirs * 1000:.0f} ms)",
                flush=True,
            )
    path = ROOT / "bench" / "results" / "latest.json"
    path.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "system": platform.platform()}
    rows = [dataclasses.asdict(result) | {"ratio": result.ratio} for result in results]
    path.write_text(json.dumps({"machine": machine, "results": rows}, indent=2) + "\n")


def measurements(folder: Path, runs: int) -> Iterator[Comparison]:
    """Every comparison, one after the other."""
    empty = folder / "empty"
    empty.mkdir()
    (empty / "tasks.py").write_text(
        "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"
    )
    stock = folder / "stock"
    shutil.copytree(ROOT / "app", stock / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (stock / "app" / "migrations" / "env.py").write_text(STOCK_ENV)
    (stock / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/app/migrations\n"
        "prepend_sys_path = %(here)s\npath_separator = os\n"
    )
    with ExitStack() as stack:
        server = stack.enter_context(scratch_server(settings.load(ROOT)))
        ours, theirs = stack.enter_context(scratch_databases(server, 2))
        yield compare(
            "invoke --list",
            tool(ROOT, ours, "invoke", "--list"),
            "invoke --list, one empty task",
            tool(empty, theirs, "invoke", "--list"),
            runs,
        )
        yield compare(
            "db.upgrade from base",
            from_base(tool(ROOT, ours, "invoke", "db.upgrade"), ours),
            "alembic upgrade head, stock env.py",
            from_base(tool(stock, theirs, "alembic", "upgrade", "head"), theirs),
            runs,
        )
        yield compare(
            "db.upgrade, nothing pending",
            tool(ROOT, ours, "invoke", "db.upgrade"),
            "alembic upgrade head, stock env.py",
            tool(stock, theirs, "alembic", "upgrade", "head"),
            runs,
        )
    fill_cache(folder / "warm")
    yield compare(
        "private server to first query, cached cluster",
        lambda: first_query(folder / "warm", forget=False),
        "the same, from nothing",
        lambda: first_query(folder / "cold"),
        runs,
    )


def tool(folder: Path, target: Target, *arguments: str) -> Action:
    """Run a Python tool in ``folder`` on a database."""
    environment = {**os.environ, "DATABASE_URL": target.url, "PYTHONPATH": str(folder)}
    return command(sys.executable, "-m", *arguments, folder=folder, environment=environment)


def from_base(upgrade: Action, target: Target) -> Action:
    """Empty the database, then upgrade it."""

    def run() -> None:
        with connect(target) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        upgrade()

    return run


def first_query(folder: Path, *, forget: bool = True) -> None:
    """Start a server that keeps nothing, ask it something, destroy it.

    With ``forget`` its cached cluster goes too, so that the next start begins with nothing.
    """
    with own_places(folder):
        spec = ServerSpec(kind="test", linger=0.0)
        with acquire(spec) as lease, connect(parse(lease.server.url())) as connection:
            connection.execute("SELECT 1")
        destroy(spec)
    if forget:
        shutil.rmtree(folder, ignore_errors=True)


def fill_cache(folder: Path) -> None:
    """Let a server run until it has left a cluster in the cache, as the first one does."""
    with own_places(folder):
        spec = ServerSpec(kind="test", linger=30.0)
        with acquire(spec) as lease:
            deadline = time.monotonic() + 60
            while not cluster.pristine(folder / "pgrevise", lease.server.binaries).exists():
                if time.monotonic() > deadline:
                    raise TimeoutError("no cluster was cached")
                time.sleep(0.1)
        destroy(spec)


@contextmanager
def own_places(folder: Path) -> Iterator[None]:
    """A runtime directory that nobody else has, and ``folder`` as the cache."""
    before = {name: os.environ.get(name) for name in ("PGREVISE_RUNTIME", "XDG_CACHE_HOME")}
    runtime = Path(tempfile.mkdtemp(prefix="pgr-", dir=shm_or_temporary()))
    os.environ |= {"PGREVISE_RUNTIME": str(runtime), "XDG_CACHE_HOME": str(folder)}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        shutil.rmtree(runtime, ignore_errors=True)


def shm_or_temporary() -> str:
    """Where sockets and data of a short-lived server are kept."""
    shared_memory = Path("/dev/shm")  # noqa: S108 - only a directory of a random name is made in it
    return str(shared_memory) if shared_memory.is_dir() else tempfile.gettempdir()


main()
