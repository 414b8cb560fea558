"""Pytest fixtures for a project's migration suite.

`migration_target` is an isolated schema per run: in the database that `DATABASE_URL` names, else
on a private server that is started for it. `migrations` is that schema, empty, with the verbs a
migration test is written in. Heavy imports happen when a fixture is used: the plugin is loaded by
every pytest run in the environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg

    from pgrevise.catalog import Catalog
    from pgrevise.postgres.target import Target
    from pgrevise.rollout.commands import Migrated
    from pgrevise.settings import Settings


@dataclass(frozen=True)
class Migrations:
    """The project's history in an isolated schema, in the verbs of a test."""

    settings: Settings
    target: Target = field(repr=False)

    def upgrade(self, revision: str = "head") -> Migrated:
        """Apply pending revisions up to ``revision``."""
        from pgrevise.rollout import commands

        return commands.upgrade(self.settings, self.target, revision)

    def downgrade(self, revision: str) -> Migrated:
        """Undo revisions down to ``revision``."""
        from pgrevise.rollout import commands

        return commands.downgrade(self.settings, self.target, revision)

    def create_models(self) -> None:
        """Create what the models declare, without the history."""
        from pgrevise.authoring.differences import build_models, project_metadata

        build_models(project_metadata(self.settings), self.target)

    def catalog(self) -> Catalog:
        """What the schema is now, the version table left out."""
        from pgrevise import catalog
        from pgrevise.history.state import VERSION_TABLE

        with self.connect() as connection:
            read = catalog.read(connection, [self.target.schema or "public"])
        return read.without([("table", VERSION_TABLE)])

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection with the schema as its only search path; close it."""
        from pgrevise.postgres.connect import connect

        return connect(self.target)


@dataclass(frozen=True)
class Round:
    """The catalog around one revision: before it, after up, after down, after up again."""

    before: Catalog
    up: Catalog
    down: Catalog
    up_again: Catalog


@pytest.fixture(scope="session")
def migration_settings() -> Settings:
    """The settings of the project that pytest runs in."""
    from pgrevise import settings

    with _failing_plainly():
        return settings.load()


@pytest.fixture(scope="session")
def migration_target(migration_settings: Settings) -> Iterator[Target]:
    """An isolated schema for this run (with pytest-xdist: for this worker), dropped at its end."""
    from pgrevise.postgres.isolated import isolated_schema
    from pgrevise.postgres.locate import named_target
    from pgrevise.postgres.scratch import scratch_databases, scratch_server

    with ExitStack() as stack:
        with _failing_plainly():
            database = named_target(migration_settings)
            if database is None:
                server = stack.enter_context(scratch_server(migration_settings))
                (database,) = stack.enter_context(scratch_databases(server))
            target = stack.enter_context(isolated_schema(database))
        yield target


@pytest.fixture
def migrations(migration_settings: Settings, migration_target: Target) -> Migrations:
    """The history in an empty isolated schema."""
    from pgrevise.postgres.isolated import empty_schema

    empty_schema(migration_target)
    return Migrations(migration_settings, migration_target)


@pytest.fixture(scope="session")
def migration_rounds(migration_settings: Settings, migration_target: Target) -> dict[str, Round]:
    """By revision: the catalogs of going up, down and up again, in one walk from base to head."""
    from pgrevise.history.listing import listing
    from pgrevise.postgres.isolated import empty_schema

    empty_schema(migration_target)
    walk = Migrations(migration_settings, migration_target)
    rounds, before = {}, walk.catalog()
    for entry in listing(migration_settings):
        walk.upgrade(entry.revision)
        up = walk.catalog()
        walk.downgrade("-1")
        down = walk.catalog()
        walk.upgrade(entry.revision)
        rounds[entry.revision] = Round(before, up, down, walk.catalog())
        before = rounds[entry.revision].up_again
    return rounds


@contextmanager
def _failing_plainly() -> Iterator[None]:
    """An expected failure is told in its own words, without a traceback."""
    from pgrevise.errors import ReviseError

    try:
        yield
    except ReviseError as error:
        pytest.fail(str(error), pytrace=False)
