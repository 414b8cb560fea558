"""Pytest fixtures for a project's tests: databases at head, and its migration suite.

`pg_database`, `pg_connection`, `pg_schema` and `migrated_to` give a test a database of its own, on
the server that `DATABASE_URL` names, else on a private server that is started for it. How they come
about is in `pgrevise.testing`.

`rehearsal` and `rehearse` are what was seen of revisions that were run up, down and up again.

`migration_target` is an isolated schema per run, `migrations` is that schema, empty, with the verbs
a migration test is written in, and `history_under_test` is what the tests of
`pgrevise.migration_tests` judge. Heavy imports happen when a fixture is used: the plugin is loaded
by every pytest run in the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg

    from pgrevise.catalog import Catalog
    from pgrevise.postgres.target import Target
    from pgrevise.rehearsal.rows import Filled
    from pgrevise.rollout.commands import Migrated
    from pgrevise.settings import Settings
    from pgrevise.testing.databases import Database, Server, Shared
    from pgrevise.testing.history import HistoryUnderTest
    from pgrevise.testing.rehearsals import RehearsalUnderTest, Rehearse


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
    from pgrevise.testing.failing import failing_plainly

    with failing_plainly():
        return settings.load()


@pytest.fixture(scope="session")
def migration_target(migration_settings: Settings) -> Iterator[Target]:
    """An isolated schema for this run (with pytest-xdist: for this worker), dropped at its end."""
    with ExitStack() as stack:
        yield _isolated_schema(migration_settings, stack)


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


@pytest.fixture(scope="session")
def pg_server(migration_settings: Settings) -> Iterator[Server]:
    """The server that `DATABASE_URL` names, whose role must have CREATEDB, else a private one."""
    from pgrevise.history.digest import history_digest
    from pgrevise.postgres.locate import named_target
    from pgrevise.postgres.scratch import scratch_server
    from pgrevise.startup import end_quickly
    from pgrevise.testing.early import import_what_builds
    from pgrevise.testing.failing import failing_plainly

    end_quickly()
    with ExitStack() as stack:
        with failing_plainly():
            named = named_target(migration_settings)
            need = partial(import_what_builds, migration_settings)
            server = named or stack.enter_context(
                scratch_server(migration_settings, meanwhile=need)
            )
            # Not before: it takes as long to import as a server to start.
            from pgrevise.postgres.templates import open_templates
            from pgrevise.testing.databases import Server

            history = history_digest(migration_settings)
            templates = stack.enter_context(open_templates(migration_settings, server, history))
        yield Server(migration_settings, templates)


@pytest.fixture
def migrated_to(pg_server: Server) -> Iterator[Callable[[str], Database]]:
    """``migrated_to("202406141200")`` gives a new database at that revision."""
    with ExitStack() as drops:

        def make(revision: str) -> Database:
            database = pg_server.clone(revision)
            drops.callback(pg_server.drop, database)
            return database

        yield make


@pytest.fixture
def pg_database(migrated_to: Callable[[str], Database]) -> Database:
    """A new database at head, for this test alone."""
    return migrated_to("heads")


@pytest.fixture
def pg_connection(_pg_shared: Shared) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection to a database at head, in a transaction that is rolled back after the test.

    The database is shared by the tests of this run (with pytest-xdist: of this worker).
    """
    with _pg_shared.transaction() as connection:
        yield connection


@pytest.fixture
def pg_schema(_pg_schema_target: Target, migration_settings: Settings) -> Database:
    """An isolated schema at head, for this test alone; the history is replayed in it.

    It needs no right to create databases.
    """
    from pgrevise.postgres.isolated import empty_schema
    from pgrevise.rollout import commands
    from pgrevise.testing.databases import Database
    from pgrevise.testing.failing import failing_plainly

    with failing_plainly():
        empty_schema(_pg_schema_target)
        commands.upgrade(migration_settings, _pg_schema_target, "heads")
    return Database(_pg_schema_target)


@pytest.fixture(scope="session")
def history_under_test(migration_settings: Settings) -> Iterator[HistoryUnderTest]:
    """What `pgrevise.migration_tests` judge: the history, walked when the first test asks."""
    from pgrevise.postgres.locate import named_target
    from pgrevise.postgres.scratch import scratch_server
    from pgrevise.startup import collecting_nothing, end_quickly
    from pgrevise.testing.failing import failing_plainly

    def import_what_judges() -> None:
        with collecting_nothing():
            import pgrevise.testing.history  # noqa: F401 - to have it later

    end_quickly()
    with ExitStack() as stack:
        with failing_plainly():
            if named_target(migration_settings) is None:
                server = scratch_server(migration_settings, meanwhile=import_what_judges)
                stack.enter_context(server)
        import_what_judges()
        from pgrevise.testing.history import HistoryUnderTest

        yield HistoryUnderTest(migration_settings, stack)


@pytest.fixture(scope="session")
def fill_rows(migration_settings: Settings) -> Callable[..., Filled]:
    """``fill_rows(connection, ["jobs"], rows=1000)`` fills tables by their constraints.

    It takes what `pgrevise.rehearsal.rows.fill` takes; the project's hints are given already.
    """
    from pgrevise.rehearsal.rows import fill

    def filled(connection: psycopg.Connection[Any], *arguments: Any, **options: Any) -> Filled:
        hints = {**dict(migration_settings.rows), **options.pop("hints", {})}
        return fill(connection, *arguments, hints=hints, **options)

    return filled


@pytest.fixture(scope="session")
def rehearse(migration_settings: Settings) -> Rehearse:
    """``rehearse("202406141200")`` runs revisions on a private server and says what was seen.

    ``rows``, ``stats``, ``probe``, ``released``, ``released_python`` and ``max_stall`` are those of
    `db.rehearse`.
    """
    from pgrevise.testing.failing import failing_plainly
    from pgrevise.testing.rehearsals import rehearsing

    run = rehearsing(migration_settings)

    def rehearsed(revisions: str = "", **options: Any) -> RehearsalUnderTest:
        with failing_plainly():
            return run(revisions, **options)

    return rehearsed


@pytest.fixture(scope="session")
def rehearsal(rehearse: Rehearse) -> RehearsalUnderTest:
    """The rehearsal of the revisions that this branch adds."""
    return rehearse("")


@pytest.fixture(scope="session")
def _pg_shared(pg_server: Server) -> Shared:
    from pgrevise.testing.databases import Shared

    return Shared(pg_server)


@pytest.fixture(scope="session")
def _pg_schema_target(migration_settings: Settings) -> Iterator[Target]:
    with ExitStack() as stack:
        yield _isolated_schema(migration_settings, stack)


def _isolated_schema(settings: Settings, stack: ExitStack) -> Target:
    """A new schema where `DATABASE_URL` points, or in a database of the private test server."""
    from pgrevise.postgres.isolated import isolated_schema
    from pgrevise.postgres.locate import named_target
    from pgrevise.postgres.scratch import scratch_databases, scratch_server
    from pgrevise.testing.failing import failing_plainly

    with failing_plainly():
        database = named_target(settings)
        if database is None:
            server = stack.enter_context(scratch_server(settings))
            (database,) = stack.enter_context(scratch_databases(server))
        return stack.enter_context(isolated_schema(database))
