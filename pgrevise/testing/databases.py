"""Databases for tests: each like a template of the history, or a shared one and a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from pgrevise.postgres.connect import connect, engine
from pgrevise.postgres.target import Target, merge_options
from pgrevise.postgres.templates import Templates
from pgrevise.rollout import commands
from pgrevise.settings import Settings
from pgrevise.testing.early import is_empty
from pgrevise.testing.failing import failing_plainly

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True)
class Database:
    """A database, or one schema of it, that belongs to a test.

    The URLs lead to the database; where it is a schema, `connect` and `engine` also set the search
    path, and ``url`` carries it as an option, which ``async_url`` cannot.
    """

    target: Target = field(repr=False)

    @property
    def url(self) -> str:
        """A ``postgresql://`` URL, as libpq, psycopg (also its async side) and asyncpg take it."""
        if self.target.schema is None:
            return self.target.url
        query = dict(self.target.query)
        query["options"] = merge_options(query.get("options", ""), self.target.schema)
        return replace(self.target, query=tuple(query.items())).url

    @property
    def sqlalchemy_url(self) -> str:
        """The URL for SQLAlchemy with psycopg: ``create_engine`` and ``create_async_engine``."""
        return "postgresql+psycopg" + self.url.removeprefix("postgresql")

    @property
    def async_url(self) -> str:
        """The URL for SQLAlchemy with asyncpg."""
        return "postgresql+asyncpg" + self.target.url.removeprefix("postgresql")

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
        """A new psycopg connection, in UTC; close it."""
        return connect(self.target, autocommit=autocommit)

    def engine(self) -> Engine:
        """A new SQLAlchemy engine that keeps no connection open."""
        return engine(self.target)


@dataclass(frozen=True)
class Server:
    """The server of a test run, which makes databases. All are dropped at the end of the run."""

    settings: Settings
    templates: Templates = field(repr=False)

    def clone(self, revision: str = "heads") -> Database:
        """A database at ``revision``, as new: its template is built once."""
        if self._is_empty:
            return self.empty()
        with failing_plainly():
            return Database(self.templates.clone(self._build(revision), revision))

    def empty(self) -> Database:
        """A new database with nothing in it."""
        return Database(self.templates.empty())

    def drop(self, database: Database) -> None:
        """Give a database back: it is put back for another test, or dropped soon."""
        self.templates.drop(database.target)

    @cached_property
    def _is_empty(self) -> bool:
        return is_empty(self.settings)

    def _build(self, revision: str) -> Callable[[Target], None]:
        def build(target: Target) -> None:
            if revision != "base":
                commands.upgrade(self.settings, target, revision)

        return build


class Shared:
    """A clone that tests share, replaced when one of them has committed something."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._database: Database | None = None

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection in a transaction that is never committed by us."""
        if self._database is None:
            self._database = self._server.clone()
        with closing(self._database.connect(autocommit=False)) as connection:
            began = _transaction(connection)
            try:
                yield connection
            finally:
                if not _is_still_in(connection, began):
                    self._server.drop(self._database)
                    self._database = None


def _transaction(connection: psycopg.Connection[Any]) -> object:
    return connection.execute("SELECT pg_current_xact_id()::text").fetchone()


def _is_still_in(connection: psycopg.Connection[Any], began: object) -> bool:
    """Whether the transaction that began is still the one that is open."""
    if connection.closed or connection.info.transaction_status != TransactionStatus.INTRANS:
        return False
    return _transaction(connection) == began
