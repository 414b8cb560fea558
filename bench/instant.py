"""`python -m bench.instant`: what a command costs before it does anything, beside plain Alembic.

Ours is `invoke db.…` with every guard on; theirs is `alembic` with the env.py that `alembic init`
writes. Both work on the same files and the same database, in turn.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.histories import STOCK_ENV, write_history
from bench.timing import Action, Comparison, command, compare
from pgrevise import settings
from pgrevise.history.outline import outline
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target

ROOT = Path(__file__).parents[1]
#: Tables in the models of a long history: what is measured there is the history.
FEW_TABLES = 20
EMPTY_TASKS = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"
UPGRADE = ("upgrade", "head")


@dataclass(frozen=True)
class Row:
    """A comparison, and the ratio that it is to reach."""

    comparison: Comparison
    to_reach: float


@dataclass(frozen=True)
class Project:
    """A folder with a history and a database; ``stock`` is the configuration of plain Alembic."""

    root: Path
    target: Target
    stock: Path

    def ours(self, *arguments: str) -> Action:
        """A task."""
        return tool(self.root, self.target, "invoke", *arguments)

    def theirs(self, *arguments: str) -> Action:
        """A command of plain Alembic."""
        return tool(self.stock.parent, self.target, "alembic", "-c", str(self.stock), *arguments)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.instant", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="pairs for each measurement")
    parser.add_argument("--long", type=int, default=5000, help="revisions of the long history")
    parser.add_argument("--json", type=Path, help="write the results into this file too")
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(scratch_server(settings.load(ROOT)))
        for row in measurements(Path(folder), server, given.runs, given.long):
            rows.append(row)
            print(line(row), flush=True)
    if given.json is not None:
        machine = {"python": platform.python_version(), "system": platform.platform()}
        results = [
            dataclasses.asdict(row.comparison)
            | {"ratio": row.comparison.ratio, "to_reach": row.to_reach}
            for row in rows
        ]
        given.json.write_text(json.dumps({"machine": machine, "results": results}, indent=2) + "\n")


def line(row: Row) -> str:
    """One line of the table."""
    found = row.comparison
    return (
        f"{found.what:<48} {found.ours * 1000:7.0f} ms  {found.ratio:5.3f} x "
        f"(to reach: {row.to_reach:g})  {found.peer} ({found.theirs * 1000:.0f} ms)"
    )


def measurements(folder: Path, server: Target, runs: int, long: int) -> Iterator[Row]:
    """Every row, one after the other."""
    with scratch_databases(server, 4) as (apps, shorter, longer, tables):
        app = the_application(folder / "app", apps)
        yield Row(listing(folder / "empty", app, runs), 1.15)
        app.ours("db.upgrade")()
        yield Row(nothing_pending("the app's history", app, runs), 0.5)
        short = generated(folder / "short", shorter, 1000)
        stamp(short, 1)
        yield Row(nothing_pending("1,000 revisions", short, runs), 0.35)
        project = generated(folder / "long", longer, long)
        stamp(project, 1)
        yield Row(nothing_pending(f"{long:,} revisions", project, runs), 0.2)
        # One run of theirs takes longer than all the others together.
        yield Row(current(project, long, min(runs, 3)), 0.03)
        yield Row(one_pending(project, long, runs), 0.6)
        history = generated(folder / "tables", tables, 200, 200)
        yield Row(from_base(history, runs), 1.1)


def listing(empty: Path, app: Project, runs: int) -> Comparison:
    """What a shell asks at each completion."""
    empty.mkdir()
    (empty / "tasks.py").write_text(EMPTY_TASKS)
    theirs = tool(empty, app.target, "invoke", "--list")
    return compare("invoke --list", app.ours("--list"), "the same, one empty task", theirs, runs)


def nothing_pending(what: str, project: Project, runs: int) -> Comparison:
    """What each start of a container asks."""
    return compare(
        f"db.upgrade, nothing pending, {what}",
        project.ours("db.upgrade"),
        "alembic upgrade head",
        project.theirs(*UPGRADE),
        runs,
    )


def current(project: Project, size: int, runs: int) -> Comparison:
    """Where a database stands."""
    ours, theirs = project.ours("db.current"), project.theirs("current")
    return compare(f"db.current, {size:,} revisions", ours, "alembic current", theirs, runs)


def one_pending(project: Project, size: int, runs: int) -> Comparison:
    """What a deployment of one change costs."""

    def behind() -> None:
        with connect(project.target) as connection:
            connection.execute("SET client_min_messages = warning")
            for statement in (
                f"DROP TABLE IF EXISTS t_{size:03}",
                f"CREATE TABLE IF NOT EXISTS t_{size - 1:03} (id bigint PRIMARY KEY)",
            ):
                connection.execute(statement.encode())
        stamp(project, 2)

    return compare(
        f"db.upgrade, 1 pending of {size:,}",
        project.ours("db.upgrade"),
        "alembic upgrade head",
        project.theirs(*UPGRADE),
        runs,
        behind,
    )


def from_base(project: Project, runs: int) -> Comparison:
    """What a new database costs."""

    def empty() -> None:
        with connect(project.target) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    return compare(
        "db.upgrade from base, 200 tables",
        project.ours("db.upgrade"),
        "alembic upgrade head",
        project.theirs(*UPGRADE),
        runs,
        empty,
    )


def the_application(folder: Path, target: Target) -> Project:
    """The application of this checkout, with a stock env.py over the same revisions."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "app", folder / "app", ignore=ignored)
    for name in ("alembic.ini", "pyproject.toml", "tasks.py"):
        shutil.copy(ROOT / name, folder)
    (folder / "stock").mkdir()
    env = STOCK_ENV.replace("from models import metadata", "from app.models import metadata")
    if not (ROOT / "app" / "models" / "__init__.py").read_text().count("metadata"):
        raise SystemExit("app.models has no metadata any more: mend bench/instant.py")
    (folder / "stock" / "env.py").write_text(env)
    stock = folder / "stock.ini"
    stock.write_text(
        "[alembic]\nscript_location = %(here)s/stock\nprepend_sys_path = %(here)s\n"
        "path_separator = os\nversion_locations = %(here)s/app/migrations/versions\n"
    )
    return Project(folder, target, stock)


def generated(folder: Path, target: Target, size: int, tables: int = FEW_TABLES) -> Project:
    """A history of so many revisions."""
    write_history(folder, size, tables)
    return Project(folder, target, folder / "stock.ini")


def stamp(project: Project, back: int) -> None:
    """Let the database say that it is at the newest revision (1), or at one before it."""
    graph = outline(settings.load(project.root))
    assert graph is not None
    with connect(project.target) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS alembic_version "
            "(version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)"
        )
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [graph.order[-back]])


def tool(folder: Path, target: Target, *arguments: str) -> Action:
    """Run a Python tool in ``folder`` on a database, with its modules compiled as usual."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment = inherited | {"DATABASE_URL": target.url, "PYTHONPATH": str(ROOT)}
    return command(sys.executable, "-m", *arguments, folder=folder, environment=environment)


if __name__ == "__main__":
    main()
