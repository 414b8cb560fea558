"""Making ``CREATE`` and ``DROP INDEX CONCURRENTLY`` safe to run again.

A runner that is killed while it builds an index leaves an INVALID one behind; killed a moment
later it leaves a finished one that nobody has written down. Run again, the same statement would
fail on the name. Here an INVALID index is dropped and built again, and a finished one is kept if
it is exactly the one wanted (PostgreSQL 17 manual, CREATE INDEX, "Building Indexes Concurrently").

Statements outside a transaction only; everything else passes through untouched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from pgrevise.errors import HistoryConflict
from pgrevise.queries import load
from pgrevise.request import Observer

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_CREATE = re.compile(
    rf"\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    rf"(?P<index>{_NAME})\s+ON\s+(?:ONLY\s+)?(?P<table>(?:{_NAME}\.)?{_NAME})(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_DROP = re.compile(
    rf"\s*DROP\s+INDEX\s+CONCURRENTLY\s+(?P<index>(?:{_NAME}\.)?{_NAME})\s*;?\s*",
    re.IGNORECASE,
)
QUERIES = load("pgrevise.rollout", "queries.sql")
NOTHING = "SELECT 1 WHERE false"


@contextmanager
def repaired_indexes(connection: Connection, observer: Observer) -> Iterator[None]:
    """Let concurrent index statements on ``connection`` find the remains of an earlier run.

    Raises `HistoryConflict` from the statement when its index exists and is another one.
    """
    from sqlalchemy import event

    def adapt(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> tuple[str, Any]:
        if cursor.connection.autocommit:
            statement = adapted(cursor.connection, statement, observer)
        return statement, parameters

    event.listen(connection.engine, "before_cursor_execute", adapt, retval=True)
    try:
        yield
    finally:
        event.remove(connection.engine, "before_cursor_execute", adapt)


def adapted(connection: psycopg.Connection[Any], statement: str, observer: Observer) -> str:
    """The statement to run instead of ``statement``, after clearing away an INVALID index."""
    drop = _DROP.fullmatch(statement)
    if drop:
        known = connection.execute("SELECT to_regclass(%s)", [drop["index"]]).fetchone()
        if known is not None and known[0] is None:
            observer.note(f"Index {drop['index']} is already gone.")
            return NOTHING
        return statement
    create = _CREATE.fullmatch(statement)
    if create is None:
        return statement
    found = connection.execute(
        QUERIES["index_by_name"].encode(), {"table": create["table"], "index": create["index"]}
    ).fetchone()
    if found is None:
        return statement
    oid, valid, schema, name = found
    if not valid:
        observer.note(f"Index {name} was left INVALID by an earlier run: dropped, built again.")
        _drop_patiently(connection, sql.Identifier(schema, name))
        return statement
    if _shape(connection, oid) != _wanted_shape(connection, create):
        raise HistoryConflict(
            f"Index {name} exists already, with another definition than this revision gives it.",
            f"Look at it (\\d {name}), drop it or rename it, and run again.",
        )
    observer.note(f"Index {name} was already built by an earlier run: kept.")
    return NOTHING


def _drop_patiently(connection: psycopg.Connection[Any], name: sql.Identifier) -> None:
    """Drop without a lock timeout, which would only leave the INVALID index where it is."""
    before = connection.execute("SELECT current_setting('lock_timeout')").fetchone()
    connection.execute("SET lock_timeout = 0")
    try:
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(name))
    finally:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", before)


def _shape(connection: psycopg.Connection[Any], oid: int) -> Any:
    return connection.execute(QUERIES["index_shape"].encode(), {"oid": oid}).fetchone()


def _wanted_shape(connection: psycopg.Connection[Any], create: re.Match[str]) -> Any:
    """What the statement would build, learnt from building it on an empty copy of the table."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            f"CREATE TEMPORARY TABLE pgrevise_copy (LIKE {create['table']}) ON COMMIT DROP".encode()
        )
        connection.execute(
            f"CREATE {create['unique'] or ''}INDEX pgrevise_copy_index "
            f"ON pg_temp.pgrevise_copy {create['rest']}".encode()
        )
        row = connection.execute("SELECT 'pg_temp.pgrevise_copy_index'::regclass::oid").fetchone()
        return _shape(connection, row[0]) if row else None
