"""What is done to the migrating session between two revisions, outside their transactions."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from pgrevise.rollout.timeouts import short_wait

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Before it no session can be asked to hand its counters over.
_COUNTS_SINCE = (15,)


def forget(connection: Connection | None, lock_timeout: float) -> None:
    """Undo what earlier revisions did to the session, but keep its lock and our lock_timeout.

    DISCARD ALL would release the advisory lock too (PostgreSQL 17 manual, DISCARD).
    """
    _run(
        connection,
        "RESET SESSION AUTHORIZATION; RESET ALL; DISCARD TEMP; CLOSE ALL; UNLISTEN *; "
        + short_wait(lock_timeout),
    )


def keep_version_table(connection: Connection | None) -> None:
    """Commit the version table before the first revision, in whose transaction it would be."""
    if connection is not None:
        connection.commit()


def hand_counters_over(connection: Connection | None) -> None:
    """Let other sessions see at once what was counted in this one, from PostgreSQL 15 on.

    Left alone a session does so once a second, and where the right to it was revoked it is left
    alone (PostgreSQL 17 manual, 27.2 The Cumulative Statistics System).
    """
    if connection is not None and (connection.dialect.server_version_info or ()) >= _COUNTS_SINCE:
        with suppress(psycopg.errors.InsufficientPrivilege):
            _run(connection, "SELECT pg_stat_force_next_flush()")


def _run(connection: Connection | None, statement: str) -> None:
    """Run a statement in one message, without SQLAlchemy's: it is done before each revision."""
    if connection is None or connection.in_transaction():
        return
    driver_connection: Any = connection.connection.driver_connection
    before = driver_connection.autocommit
    driver_connection.autocommit = True
    try:
        driver_connection.execute(statement)
    finally:
        driver_connection.autocommit = before
