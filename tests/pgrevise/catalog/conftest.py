"""Databases for the tests of the catalog: their own, on the shared test server, dropped after.

``PGREVISE_TEST_MAJOR`` (such as 16) and ``PGREVISE_TEST_BINDIR`` choose another PostgreSQL than the
newest that is installed.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from pgrevise.postgres.server import RunningServer, ServerSpec, acquire

Connection = psycopg.Connection[tuple[object, ...]]
Connect = Callable[[], Connection]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    major, bindir = os.environ.get("PGREVISE_TEST_MAJOR"), os.environ.get("PGREVISE_TEST_BINDIR")
    spec = ServerSpec(
        "test", int(major) if major else None, bindir=Path(bindir) if bindir else None
    )
    with acquire(spec) as lease:
        yield lease.server


@pytest.fixture(scope="module")
def new_database(server: RunningServer) -> Iterator[Callable[[], str]]:
    """Create a database and give its URL; all of them are dropped with the module."""
    with psycopg.connect(server.url(), autocommit=True) as admin, ExitStack() as drops:

        def create() -> str:
            name = f"catalog_{uuid.uuid4().hex}"
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
            drops.callback(admin.execute, f"DROP DATABASE {name} WITH (FORCE)".encode())
            return server.url(name)

        yield create


@pytest.fixture(scope="module")
def url(new_database: Callable[[], str]) -> str:
    """The one database that most tests of a module share, each in a schema of its own."""
    return new_database()


@pytest.fixture
def connect(url: str) -> Iterator[Connect]:
    """Open autocommit connections; all are closed with the test."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(psycopg.connect(url, autocommit=True))


@pytest.fixture
def connection(connect: Connect) -> Iterator[Connection]:
    """A connection whose search_path is the new schema "s", dropped with the test."""
    connection = connect()
    connection.execute("CREATE SCHEMA s")
    connection.execute("SET search_path = s")
    yield connection
    connection.close()  # whatever state the test left it in
    connect().execute("DROP SCHEMA s CASCADE")
