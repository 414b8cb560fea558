"""How each driver tells its transaction's state, asks a query of ours and hands over messages.

psycopg 3 (its async side too), psycopg2 and asyncpg, each as SQLAlchemy hands them out. What is
asked and what it means is in `watched` and `ledger`. No driver is imported with this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Literal

State = Literal["idle", "open", "failed", "unknown"]
#: Called with the severity ("NOTICE", "LOG", …) and the text of a message of the server.
Heard = Callable[[str, str], None]
Row = Sequence[Any]

#: By ``TransactionStatus`` of libpq, as psycopg 3 and psycopg2 number it.
_STATES: dict[int, State] = {0: "idle", 2: "open", 3: "failed"}


class Psycopg:
    """psycopg 3 through SQLAlchemy's ``psycopg`` dialect."""

    def state(self, connection: Any) -> State:
        """Where the session stands; "unknown" in the middle of a COPY, or when it is lost."""
        return _STATES.get(int(connection.info.transaction_status), "unknown")

    def begins(self, connection: Any) -> bool:
        """Whether the driver will begin a transaction before the next statement if none is open."""
        return not connection.autocommit

    def process(self, connection: Any) -> int:
        """The process id of the session's backend."""
        return int(connection.info.backend_pid)

    def ask(self, connection: Any, query: str) -> list[Row]:
        """The rows of a query of ours, seen by nobody; it is planned once for the session."""
        from psycopg import Cursor
        from psycopg.rows import tuple_row

        with Cursor(connection, row_factory=tuple_row) as cursor:
            return list(cursor.execute(query.encode(), prepare=True).fetchall())

    def run(self, connection: Any, statement: str) -> None:
        """Execute a statement of ours."""
        from psycopg import Cursor

        with Cursor(connection) as cursor:
            cursor.execute(statement.encode())

    def listen(self, connection: Any, heard: Heard) -> None:
        """Hand over what the server tells from now on."""

        def told(diagnostic: Any) -> None:
            severity = diagnostic.severity_nonlocalized or diagnostic.severity or ""
            heard(severity, diagnostic.message_primary or "")

        connection.add_notice_handler(told)


class _Adapted:
    """What SQLAlchemy's adapters of asynchronous drivers have in common: a cursor to wait with."""

    def ask(self, connection: Any, query: str) -> list[Row]:
        """The rows of a query of ours."""
        cursor = connection.cursor()
        try:
            cursor.execute(query)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def run(self, connection: Any, statement: str) -> None:
        """Execute a statement of ours."""
        cursor = connection.cursor()
        try:
            cursor.execute(statement)
        finally:
            cursor.close()


class PsycopgAsync(_Adapted, Psycopg):
    """psycopg 3's asynchronous side, through SQLAlchemy's adapter."""


class _Notices(list[str]):
    """What psycopg2 appends messages to, still a list for whoever reads it, and handing them on."""

    def __init__(self, known: Sequence[str], heard: Heard) -> None:
        super().__init__(known)
        self._heard = heard

    def append(self, message: str) -> None:
        """Take one message, as libpq renders it."""
        super().append(message)
        severity, _, text = message.partition(":")
        self._heard(severity.strip(), text.split("\n", 1)[0].strip())


class Psycopg2(Psycopg):
    """psycopg2, which is called much the same."""

    #: psycopg2.extensions.STATUS_READY: no transaction was begun by the driver.
    _READY = 1

    def begins(self, connection: Any) -> bool:
        """A COMMIT as text goes unnoticed by psycopg2, which then begins no other transaction."""
        return not connection.autocommit and connection.status == self._READY

    def ask(self, connection: Any, query: str) -> list[Row]:
        """The rows of a query of ours, as tuples whatever the connection was told."""
        plain_cursor = import_module("psycopg2.extensions").cursor
        with connection.cursor(cursor_factory=plain_cursor) as cursor:
            cursor.execute(query)
            rows: list[Row] = cursor.fetchall()
            return rows

    def run(self, connection: Any, statement: str) -> None:
        """Execute a statement of ours."""
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def listen(self, connection: Any, heard: Heard) -> None:
        """Hand over what the server tells from now on."""
        connection.notices = _Notices(connection.notices, heard)


class Asyncpg(_Adapted):
    """asyncpg, through SQLAlchemy's adapter."""

    def state(self, connection: Any) -> State:
        """Where the session stands; asyncpg does not tell an open transaction from a failed one."""
        driver = connection.driver_connection
        if driver.is_closed():
            return "unknown"
        return "open" if driver.is_in_transaction() else "idle"

    def begins(self, connection: Any) -> bool:
        """A COMMIT as text goes unnoticed by SQLAlchemy's adapter, as by psycopg2."""
        return not connection.autocommit and connection._transaction is None

    def process(self, connection: Any) -> int:
        """The process id of the session's backend."""
        return int(connection.driver_connection.get_server_pid())

    def listen(self, connection: Any, heard: Heard) -> None:
        """Hand over what the server tells from now on."""

        def told(_: Any, message: Any) -> None:
            severity = getattr(message, "severity_en", None) or message.severity or ""
            heard(severity, message.message or "")

        connection.driver_connection.add_log_listener(told)


Driver = Psycopg | Asyncpg
_DRIVERS: dict[str, Driver] = {
    "psycopg": Psycopg(),
    "psycopg_async": PsycopgAsync(),
    "psycopg2": Psycopg2(),
    "asyncpg": Asyncpg(),
}


def driver_named(dialect: Any) -> Driver | None:
    """How to talk to connections of an SQLAlchemy dialect; None for a driver not known here."""
    name = dialect.driver
    if name == "psycopg" and dialect.is_async:
        name = "psycopg_async"
    return _DRIVERS.get(name)


def complaint(error: BaseException) -> tuple[str, str]:
    """PostgreSQL's message and SQLSTATE in an error of any driver; "" where there is none."""
    diagnostic = getattr(error, "diag", None)
    message = getattr(diagnostic, "message_primary", None)
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""
    if message is None:
        message = getattr(error.__cause__, "message", None) or str(error).split("\n", 1)[0]
    return str(message), str(state)
