"""A database with the application's tables, on the project's private test server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine, text

from app import models, queue
from app.database import create_engine
from pgrevise.postgres.server import ServerSpec, acquire

TABLES = ", ".join(table.name for table in models.metadata.sorted_tables)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """An empty database of this process's own, dropped when the session ends."""
    name = f"app_{secrets.token_hex(6)}"
    with acquire(ServerSpec(kind="test")) as lease:
        admin = lease.server.url("postgres")
        _execute(admin, "CREATE DATABASE {} TEMPLATE template0", name)
        try:
            yield lease.server.url(name)
        finally:
            _execute(admin, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(scope="session")
def database_engine(database_url: str) -> Iterator[Engine]:
    """An engine on that database, with the application's tables."""
    # Whoever waits for a lock here has found a mistake: fail, rather than hang.
    engine = create_engine(f"{database_url}&options=-c%20lock_timeout%3D5s")
    with engine.begin() as connection:
        models.metadata.create_all(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_engine: Engine) -> Iterator[Engine]:
    """The engine, with empty tables and a queue named `mail`; for tests that commit."""
    with database_engine.begin() as connection:
        connection.execute(text("INSERT INTO queues (name) VALUES ('mail')"))
    yield database_engine
    with database_engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {TABLES} RESTART IDENTITY"))


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One connection in a transaction that ends with the test."""
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def listener(engine: Engine, database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A session that listens for queued jobs."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("LISTEN queue_jobs")
        yield connection


@pytest.fixture
def worker_id(engine: Engine) -> int:
    """A worker that is known."""
    with engine.begin() as connection:
        return queue.register_worker(connection, "worker-a")


def _execute(url: str, statement: str, name: str) -> None:
    """Run a statement that names a database, outside a transaction."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL(statement).format(sql.Identifier(name)))
