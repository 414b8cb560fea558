"""Revisions to be watched: a few lines of Python each, run by Alembic's operations."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import dedent, indent

import psycopg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Statement, Transaction
from pgrevise.rehearsal.observing.observer import Watch, observing

#: A driver of each kind: psycopg 3, psycopg2 and an asynchronous one.
DRIVERS = ["psycopg", "psycopg2", "asyncpg"]
#: Four lines, so that a revision's first statement is in line 6.
HEAD = "import threading\nimport sqlalchemy as sa\nfrom alembic import op\nURL = {url!r}\n"


class Bench:
    """A database with what `before` made, and a folder for one revision."""

    def __init__(self, database: Target, root: Path) -> None:
        self.database = database
        self.root = root
        self._watch: Watch | None = None

    @property
    def watched(self) -> Watch:
        """What watched the last run."""
        assert self._watch is not None
        return self._watch

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What was seen of the last run, even when it failed."""
        return self.watched.statements()

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """The transactions of the last run."""
        return self.watched.transactions()

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Watch whatever happens meanwhile."""
        dsn = psycopg.conninfo.make_conninfo(**self.database.connection_parameters())
        file = self.root / "versions" / "1_change.py"
        with observing(dsn, file, self.root, "upgrade") as self._watch:
            yield self._watch

    def before(self, sql: str) -> None:
        """What is there before the passage."""
        with connect(self.database) as connection:
            connection.execute(dedent(sql).encode())

    def url(self, driver: str = "psycopg") -> str:
        """The URL for SQLAlchemy with a driver."""
        parameters = self.database.connection_parameters()
        user, name = parameters.get("user", ""), parameters["dbname"]
        return f"postgresql+{driver}://{user}@/{name}?host={parameters['host']}"

    def run(self, upgrade: str, driver: str = "psycopg") -> tuple[Statement, ...]:
        """What was seen of a revision with this body."""
        path = self.root / "versions" / "1_change.py"
        path.parent.mkdir(exist_ok=True)
        head = HEAD.format(url=self.url(driver))
        path.write_text(f"{head}def upgrade():\n{indent(dedent(upgrade).strip(), '    ')}\n")
        with self.watching():
            if driver in ("asyncpg", "psycopg_async"):
                asyncio.run(self._run_async(path, driver))
            else:
                self._run(path, driver)
        return self.statements

    def seen(self, upgrade: str, driver: str = "psycopg") -> Statement:
        """What was seen of the last statement of such a revision."""
        return self.run(upgrade, driver)[-1]

    def _run(self, path: Path, driver: str) -> None:
        with create_engine(self.url(driver), poolclass=NullPool).connect() as connection:
            run_revision(connection, path)

    async def _run_async(self, path: Path, driver: str) -> None:
        engine = create_async_engine(self.url(driver.removesuffix("_async")), poolclass=NullPool)
        async with engine.connect() as connection:
            await connection.run_sync(run_revision, path)
        await engine.dispose()


def run_revision(connection: Connection, path: Path) -> None:
    """Run ``upgrade()`` of a file as Alembic does."""
    spec = spec_from_file_location("revision", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    context = MigrationContext.configure(connection)
    with Operations.context(context), context.begin_transaction():
        module.upgrade()


def locked(statement: Statement) -> set[tuple[str, str]]:
    """The names and modes of what a statement locked."""
    return {(lock.relation.name, lock.mode) for lock in statement.locks}
