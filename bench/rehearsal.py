"""`invoke db.rehearse --all` as a multiple of a plain `alembic upgrade head` with a stock env.py.

`python -m bench.rehearsal [--sizes 18 200]` prints it for histories of each size, in which every
revision creates a table and an index, and for the app's own. Both sides run in turn in one run, and
each rehearsal runs every revision three times, observed, in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.histories import write_history
from bench.timing import Comparison, command, compare
from pgrevise import settings
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target

ROOT = Path(__file__).parents[1]
APP = "app"
#: The stock env.py of a written history, over the app's models.
STOCK_MODELS = "from app.models import metadata\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.rehearsal", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[18, 200], help="of histories")
    parser.add_argument("--runs", type=int, default=1, help="pairs for each measurement")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for result in measurements(Path(folder), arguments.sizes, arguments.runs):
            print(
                f"{result.what:<36} {result.ours:7.2f} s  {result.ratio:6.2f} x  "
                f"{result.peer} ({result.theirs:.2f} s)",
                flush=True,
            )


def measurements(folder: Path, sizes: list[int], runs: int) -> Iterator[Comparison]:
    """The app's own history, then one of each size."""
    with scratch_server(settings.load(ROOT)) as server, scratch_databases(server) as (target,):
        stock = folder / APP
        write_history(stock, 0)
        (stock / "stock.ini").write_text(
            "[alembic]\nscript_location = %(here)s/stock\npath_separator = os\n"
            f"version_locations = {ROOT}/app/migrations/versions\n"
        )
        (stock / "models.py").write_text(STOCK_MODELS)
        yield measured("the app's history", ROOT, stock, target, runs)
        for size in sizes:
            project = folder / str(size)
            write_history(project, size)
            yield measured(f"{size} revisions", project, project, target, runs)


def measured(what: str, project: Path, stock: Path, target: Target, runs: int) -> Comparison:
    """One history rehearsed, and upgraded in an empty database."""
    environment = {
        **os.environ,
        "DATABASE_URL": target.url,
        "PYTHONPATH": os.pathsep.join(map(str, (stock, project, ROOT))),
    }
    rehearse = ("invoke", "db.rehearse", "--all", "--fail-on", "never")
    upgrade = ("alembic", "-c", "stock.ini", "upgrade", "head")
    return compare(
        f"db.rehearse --all, {what}",
        command(sys.executable, "-m", *rehearse, folder=project, environment=environment),
        "alembic upgrade head, stock env.py",
        command(sys.executable, "-m", *upgrade, folder=stock, environment=environment),
        runs,
        emptied(target),
    )


def emptied(target: Target) -> Callable[[], None]:
    """Empties the database."""

    def empty() -> None:
        with connect(target) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    return empty


if __name__ == "__main__":
    main()
