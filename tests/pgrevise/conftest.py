"""What the toolkit's tests stand on: the shared test server, scratch databases, small projects."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

import pytest

from pgrevise import settings
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings

ROOT = Path(__file__).parents[2]

INI = """
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = %(here)s
path_separator = os
file_template = %%(rev)s_%%(slug)s
revision_environment = true
"""
ENV = """
from models import metadata
from pgrevise import environment

environment.run(metadata)
"""
MODELS = """
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""


@pytest.fixture(autouse=True)
def _no_database_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own settings do not reach a test."""
    for name in [n for n in os.environ if n == "DATABASE_URL" or n.startswith("PGREVISE_")]:
        if name not in ("PGREVISE_RUNTIME", "PGREVISE_STATE"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def server() -> Iterator[Target]:
    """The administrative database of the shared private test server."""
    with scratch_server(settings.load(ROOT)) as target:
        yield target


@pytest.fixture
def database(server: Target) -> Iterator[Target]:
    """An empty database, dropped after the test."""
    with scratch_databases(server) as (target,):
        yield target


@dataclass
class Project:
    """A small project with its own history, in a folder whose name has a space and a quote."""

    root: Path
    database: Target | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def versions(self) -> Path:
        return self.root / "migrations" / "versions"

    @property
    def settings(self) -> Settings:
        return settings.load(self.root)

    def models(self, text: str) -> None:
        (self.root / "models.py").write_text(dedent(MODELS) + dedent(text))

    def revision(
        self,
        identifier: str,
        upgrade: str = "pass",
        downgrade: str = "pass",
        *,
        parent: str | tuple[str, ...] | None = None,
        subject: str = "",
    ) -> Path:
        path = self.versions / f"{identifier}_{subject.replace(' ', '_') or 'change'}.py"
        path.write_text(
            f'"""{subject or "change"}"""\n'
            "import time\nimport sqlalchemy as sa\nfrom alembic import op\n"
            f"revision = {identifier!r}\ndown_revision = {parent!r}\n"
            f"def upgrade():\n{indent(dedent(upgrade).strip(), '    ')}\n"
            f"def downgrade():\n{indent(dedent(downgrade).strip(), '    ')}\n"
        )
        return path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", *arguments]

    def variables(self) -> dict[str, str]:
        named = {"DATABASE_URL": self.database.url} if self.database else {}
        return {**os.environ, "PYTHONPATH": str(ROOT), **named, **self.environment}

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m …`` in the project's folder."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env={**self.variables(), **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def bare_project(tmp_path: Path) -> Project:
    """A project without revisions, tables or a database."""
    root = tmp_path / "it's a project"
    (root / "migrations" / "versions").mkdir(parents=True)
    (root / "alembic.ini").write_text(INI)
    (root / "tasks.py").write_text("from pgrevise.tasks import namespace\nns = namespace()\n")
    (root / "migrations" / "env.py").write_text(ENV)
    template = ROOT / "app" / "migrations" / "script.py.mako"
    (root / "migrations" / "script.py.mako").write_text(template.read_text())
    made = Project(root)
    made.models("")
    return made


@pytest.fixture
def project(bare_project: Project, database: Target) -> Project:
    """A project without revisions whose DATABASE_URL names an empty database."""
    bare_project.database = database
    return bare_project


@pytest.fixture
def query(database: Target) -> Callable[..., list[tuple[object, ...]]]:
    """Ask the database something."""
    from pgrevise.postgres.connect import connect

    def ask(statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with connect(database) as connection:
            return connection.execute(statement.encode(), parameters or None).fetchall()

    return ask
