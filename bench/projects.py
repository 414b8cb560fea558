"""The projects that commands are measured in: the application, and generated histories."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.histories import STOCK_ENV, write_history
from bench.timing import Action, command
from pgrevise import settings
from pgrevise.history.outline import outline
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target

ROOT = Path(__file__).parents[1]
EMPTY_TASKS = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"


@dataclass(frozen=True)
class Project:
    """A folder with a history and a database; ``stock`` is the configuration of plain Alembic."""

    root: Path
    target: Target
    stock: Path

    def invoke(self, *arguments: str) -> list[str]:
        """The command of a task."""
        return [sys.executable, "-m", "invoke", *arguments]

    def alembic(self, *arguments: str) -> list[str]:
        """The command of plain Alembic."""
        return [sys.executable, "-m", "alembic", "-c", str(self.stock), *arguments]

    def run(self, command_: list[str]) -> Action:
        """Run one of them in the project's folder."""
        return command(*command_, folder=self.root, environment=variables(self.target))

    def empty(self) -> None:
        """Take everything out of the database."""
        with connect(self.target) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    def stamp(self, back: int = 0) -> None:
        """Let the database say that it is at the newest revision, or so many before it."""
        graph = outline(settings.load(self.root))
        assert graph is not None
        with connect(self.target) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS alembic_version "
                "(version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)"
            )
            connection.execute("DELETE FROM alembic_version")
            connection.execute("INSERT INTO alembic_version VALUES (%s)", [graph.order[-1 - back]])

    def leave_one(self, size: int) -> None:
        """Let the newest of ``size`` revisions be pending, and possible."""
        with connect(self.target) as connection:
            connection.execute("SET client_min_messages = warning")
            for statement in (
                f"DROP TABLE IF EXISTS t_{size:03}",
                f"CREATE TABLE IF NOT EXISTS t_{size - 1:03} (id bigint PRIMARY KEY)",
            ):
                connection.execute(statement.encode())
        self.stamp(1)


def variables(target: Target) -> dict[str, str]:
    """The environment of a command on a database, whose modules are compiled as usual."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    return inherited | {"DATABASE_URL": target.url, "PYTHONPATH": str(ROOT)}


def generated(folder: Path, target: Target, size: int, tables: int) -> Project:
    """A history of so many revisions."""
    write_history(folder, size, tables)
    return Project(folder, target, folder / "stock.ini")


def the_application(folder: Path, target: Target) -> Project:
    """The application of this checkout, with a stock env.py over the same revisions."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "app", folder / "app", ignore=ignored)
    for name in ("alembic.ini", "pyproject.toml", "tasks.py"):
        shutil.copy(ROOT / name, folder)
    (folder / "stock").mkdir()
    env = STOCK_ENV.replace("from models import metadata", "from app.models import metadata")
    (folder / "stock" / "env.py").write_text(env)
    stock = folder / "stock.ini"
    stock.write_text(
        "[alembic]\nscript_location = %(here)s/stock\nprepend_sys_path = %(here)s\n"
        "path_separator = os\nversion_locations = %(here)s/app/migrations/versions\n"
    )
    return Project(folder, target, stock)


def empty_tasks(folder: Path) -> Path:
    """A folder with the smallest tasks.py."""
    folder.mkdir()
    (folder / "tasks.py").write_text(EMPTY_TASKS)
    return folder
