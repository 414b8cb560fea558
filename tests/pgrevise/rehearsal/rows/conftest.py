"""One database for the rows of a module; each test gets it empty, and verbs to ask about rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.rows import Filled, fill

Fill = Callable[..., Filled]


@pytest.fixture(scope="module")
def _connection(server: Target) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with scratch_databases(server) as (target,), connect(target) as opened:
        yield opened


@pytest.fixture
def connection(
    _connection: psycopg.Connection[tuple[Any, ...]],
) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection to a database whose schema `public` is empty."""
    yield _connection
    _connection.execute("SET client_min_messages = error")
    _connection.execute("DROP SCHEMA IF EXISTS other, public CASCADE")
    _connection.execute("CREATE SCHEMA public")


@pytest.fixture
def given(connection: psycopg.Connection[tuple[Any, ...]]) -> Callable[[str], None]:
    """Run DDL."""

    def run(ddl: str) -> None:
        connection.execute(ddl.encode())

    return run


@pytest.fixture
def ask(connection: psycopg.Connection[tuple[Any, ...]]) -> Callable[[str], Any]:
    """The one value that a query answers with."""

    def one(query: str) -> Any:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    return one


@pytest.fixture
def filled(connection: psycopg.Connection[tuple[Any, ...]]) -> Fill:
    """Fill, and insist that nothing is left out."""

    def run(*tables: str, **options: Any) -> Filled:
        done = fill(connection, tables or None, **options)
        assert not done.unfilled
        assert [table.short for table in done.tables.values() if table.short] == []
        return done

    return run


@pytest.fixture
def tried(connection: psycopg.Connection[tuple[Any, ...]]) -> Fill:
    """Fill as far as that is possible."""
    return lambda *tables, **options: fill(connection, tables or None, **options)


@pytest.fixture
def has_xml(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Whether the server was built with XML."""
    try:
        connection.execute("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        return False
    return True
