"""One runner at a time: a session-level advisory lock on the migrating connection.

Taken by polling, because a *blocked* waiter holds a snapshot and can stall ``CREATE INDEX
CONCURRENTLY`` of the runner it waits for; session-level, because a transaction-level lock would be
dropped by a revision that commits by itself (PostgreSQL 17 manual, 13.3.5 Advisory Locks).
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pgrevise.errors import LockBusy
from pgrevise.queries import load

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection

    from pgrevise.request import Observer

QUERIES = load("pgrevise.rollout", "queries.sql")

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5


def lock_key(schema: str, version_table: str) -> int:
    """The lock's key: a signed 64-bit number of the version table's name and schema.

    Advisory locks are per database, so that runners of two schemas do not wait for each other.
    """
    digest = hashlib.sha256(f"pgrevise:{schema}.{version_table}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def runner_at_work(connection: psycopg.Connection[Any], version_table: str) -> str | None:
    """Who migrates the current schema right now, in words; nothing is waited for."""
    row = connection.execute("SELECT current_schema()").fetchone()
    key = {"key": lock_key((row[0] if row else None) or "", version_table)}
    found = connection.execute(QUERIES["lock_holder"].encode(), key).fetchone()
    return None if found is None else _named(*found)


@contextmanager
def only_runner(
    connection: Connection, version_table: str, wait: float, observer: Observer
) -> Iterator[None]:
    """Hold the lock of the history that ``connection``'s schema has, for at most one runner.

    Waits up to ``wait`` seconds; raises `LockBusy`, naming the holder, when that was not enough.
    The connection is left outside a transaction, as Alembic's ``autocommit_block`` needs it.
    """
    schema = connection.exec_driver_sql("SELECT current_schema()").scalar()
    key = {"key": lock_key(schema or "", version_table)}
    started = time.monotonic()
    pause, told = FIRST_PAUSE, 0.0
    while not _try_lock(connection, key):
        waited = time.monotonic() - started
        if waited >= wait or waited - told >= 1.0:
            holder = _holder(connection, key)
            if waited >= wait:
                raise LockBusy(
                    f"Another runner still migrates this schema after {waited:.0f} s: {holder}.",
                    "Wait for it and run again; PGREVISE_WAIT_FOR_RUNNER=seconds waits longer.",
                )
            observer.waiting(waited, holder)
            told = waited
        time.sleep(min(pause * random.uniform(0.5, 1.0), max(wait - waited, 0)))  # noqa: S311 - jitter, no secret
        pause = min(pause * 1.5, LONGEST_PAUSE)
    try:
        yield
    finally:
        _release(connection, key)


def _try_lock(connection: Connection, key: dict[str, int]) -> bool:
    got = connection.exec_driver_sql("SELECT pg_try_advisory_lock(%(key)s)", key).scalar()
    connection.commit()
    return bool(got)


def _holder(connection: Connection, key: dict[str, int]) -> str:
    row = connection.exec_driver_sql(QUERIES["lock_holder"], key).first()
    connection.commit()
    return _named(*row) if row else "a runner that just ended"


def _named(pid: int, application: str, place: str) -> str:
    return f"process {pid} ({application} from {place})"


def _release(connection: Connection, key: dict[str, int]) -> None:
    """Unlock, unless the connection broke: then the server has dropped the lock with it."""
    if connection.closed or connection.invalidated:
        return
    connection.rollback()
    connection.exec_driver_sql("SELECT pg_advisory_unlock(%(key)s)", key)
    connection.commit()
