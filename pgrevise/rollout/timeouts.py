"""Lock timeouts by class of statement.

A statement that waits for a strong lock makes everybody behind it wait too, so its wait is short.
``CONCURRENTLY`` and ``VALIDATE CONSTRAINT`` queue nobody while they wait, and cancelling them only
leaves an INVALID index, so they wait as long as they must. (PostgreSQL 17 manual, 19.11.1
lock_timeout, 13.3.1 Table-Level Locks.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
#: A word of every statement that is patient: hardly any other has to be looked at closely.
_HINT = re.compile(r"CONCURRENTLY|VALIDATE", re.IGNORECASE)
_PATIENT = re.compile(
    r"""\s*(?:
        CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b
      | DROP\s+INDEX\s+CONCURRENTLY\b
      | REINDEX\s+(?:\([^)]*\)\s*)?(?:INDEX|TABLE|SCHEMA|DATABASE|SYSTEM)\s+CONCURRENTLY\b
      | REINDEX\s*\([^)]*\bCONCURRENTLY\b
      | REFRESH\s+MATERIALIZED\s+VIEW\s+CONCURRENTLY\b
      | ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?[^\s;]+
            \s+VALIDATE\s+CONSTRAINT\s+[^\s;,]+\s*$
      | ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?[^\s;]+\s+DETACH\s+PARTITION\s+[^\s;]+\s+CONCURRENTLY\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def waits_patiently(statement: str) -> bool:
    """Whether every part of ``statement`` queues nobody behind it while it waits for its locks."""
    if not _HINT.search(statement):
        return False
    parts = [part for part in _COMMENT.sub(" ", statement).split(";") if part.strip()]
    return bool(parts) and all(_PATIENT.match(part) for part in parts)


def short_wait(seconds: float) -> str:
    """The statement that bounds lock waits to ``seconds``; 0 means no bound at all."""
    return f"SET lock_timeout = '{round(seconds * 1000)}ms'"


@contextmanager
def lock_timeouts(connection: Connection, seconds: float) -> Iterator[None]:
    """Bound lock waits on ``connection`` to ``seconds``, but for statements that wait patiently.

    The session's setting is restored afterwards.
    """
    from sqlalchemy import event

    before = connection.exec_driver_sql("SELECT current_setting('lock_timeout')").scalar_one()
    short = short_wait(seconds)
    connection.exec_driver_sql(short)
    connection.commit()

    def relax(_: Connection, cursor: Any, statement: str, *__: Any) -> None:
        if waits_patiently(statement):
            cursor.connection.execute("SET lock_timeout = 0")

    def restore(_: Connection, cursor: Any, statement: str, *__: Any) -> None:
        if waits_patiently(statement):
            cursor.connection.execute(short)

    def restore_after_error(failure: ExceptionContext) -> None:
        # Inside a transaction the rollback restores it; outside one nothing else would.
        executing = failure.execution_context
        if executing is not None and failure.statement and waits_patiently(failure.statement):
            driver_connection: Any = executing.cursor.connection
            if not driver_connection.closed and driver_connection.autocommit:
                driver_connection.execute(short)

    listeners = (
        ("before_cursor_execute", relax),
        ("after_cursor_execute", restore),
        ("handle_error", restore_after_error),
    )
    for name, listener in listeners:
        event.listen(connection.engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(connection.engine, name, listener)
        if not (connection.closed or connection.invalidated):
            connection.rollback()
            connection.exec_driver_sql(
                "SELECT set_config('lock_timeout', %(v)s, false)", {"v": before}
            )
            connection.commit()
