"""A project in a git repository, whose released code is tried on tables that a test makes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from pgrevise import settings
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.trial.facts import Released
from pgrevise.rehearsal.trial.released import ReleasedCode, open_released

INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"
ENV = """
from alembic import context
from models import Base

url = context.config.get_main_option("sqlalchemy.url")
context.configure(url=url, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
"""
HEAD = """
from sqlalchemy import *
from sqlalchemy.dialects.postgresql import ENUM, JSONB
from sqlalchemy.orm import *

class Base(DeclarativeBase): pass
"""
JOB = """
class Job(Base):
    __tablename__ = "jobs"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    retries: Mapped[int] = mapped_column(server_default="0")
"""
JOBS = """
CREATE TABLE jobs (
    id serial PRIMARY KEY, name varchar NOT NULL, retries int NOT NULL DEFAULT 0
);
INSERT INTO jobs (name, retries) SELECT 'job ' || i, i FROM generate_series(1, 3) i
"""


@dataclass
class ReleasedProject:
    """``options`` are told to `open_released`; ``tables`` are those that the revision touches."""

    root: Path
    database: Target
    options: dict[str, object] = field(default_factory=dict)
    tables: tuple[str, ...] = ("jobs",)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def models(self, text: str) -> None:
        """Other models, released."""
        self.write("models.py", dedent(HEAD) + dedent(text))
        self.commit()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        named = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            named |= {f"GIT_{role}_NAME": "A", f"GIT_{role}_EMAIL": "a@example.org"}
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            env={**os.environ, **named},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def execute(self, sql: str) -> None:
        with closing(connect(self.database)) as connection:
            connection.execute(sql.encode())

    @contextmanager
    def opened(self) -> Iterator[ReleasedCode]:
        options = Options(**{"released": "HEAD", **self.options})  # type: ignore[arg-type] # as named
        with open_released(settings.load(self.root), options) as code:
            yield code

    def upgraded(self, sql: str, parent: str = JOBS) -> Released:
        """What released code says of an upgrade from a schema with rows."""
        self.execute(parent)
        with self.opened() as code:
            code.parent(self.database, self.tables)
            self.execute(sql)
            return code.upgraded(self.database, self.tables)

    def broken(self, sql: str, parent: str = JOBS) -> list[tuple[str, str]]:
        """Which class cannot do what any more; everything could be imported."""
        found = self.upgraded(sql, parent)
        assert not found.error, found.error
        return [(one.mapped.rpartition(".")[2], one.operation) for one in found.broken]


def made(root: Path, database: Target) -> ReleasedProject:
    """A repository with one class, released."""
    project = ReleasedProject(root, database)
    project.write("alembic.ini", INI)
    project.write("migrations/env.py", ENV)
    (root / "migrations" / "versions").mkdir()
    project.git("init", "--quiet", "--initial-branch", "main")
    project.models(JOB)
    return project
