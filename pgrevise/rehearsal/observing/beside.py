"""Our own session beside the project's: what was there before, and what only others can see.

It holds no transaction open, so it is in nobody's way. Holding a concurrent statement open, so that
its locks can be read, is in `holding`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from threading import RLock
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from pgrevise.queries import load
from pgrevise.rehearsal.modes import Mode, mode_named
from pgrevise.rehearsal.observing.ledger import Known, Scene

#: How our sessions call themselves in ``pg_stat_activity``.
APPLICATION_NAME = "pgrevise observer"
QUERIES = load("pgrevise.rehearsal.observing", "queries.sql")


class Beside:
    """A session of ours, opened when something is asked, and again when it was cut.

    It may be used from several threads.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._lock = RLock()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything was asked yet."""
        return self._connection is not None

    @cached_property
    def server(self) -> int:
        """The server's major version."""
        with self._lock:
            return self._opened().info.server_version // 10000

    def open(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Another session of ours, in autocommit mode; the caller closes it."""
        return psycopg.connect(
            self._dsn, autocommit=True, application_name=APPLICATION_NAME, row_factory=tuple_row
        )

    def close(self) -> None:
        """Close the session."""
        if self._connection is not None:
            self._connection.close()

    def ask(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a named query."""
        query = QUERIES[name].encode()
        with self._lock:
            connection = self._opened()
            try:
                return connection.execute(query, parameters or None).fetchall()
            except psycopg.OperationalError:
                if not connection.closed:
                    raise
                self._connection = self.open()  # the project's code may end all other sessions
                return self._connection.execute(query, parameters or None).fetchall()

    def relations(self) -> dict[int, Known]:
        """What is there now, by oid."""
        return self.scene().known()

    def scene(self) -> Scene:
        """The database as it is now."""
        return Scene(tuple(self.ask("relations")), self.now())

    def now(self) -> tuple[int, int, int]:
        """The database's oid, the newest relation's, and where the log of changes ends."""
        database, newest, position = self.ask("now")[0]
        return database, newest, position

    def locks_of(self, process: int) -> list[tuple[int, Mode]]:
        """The locks on relations that a session holds or waits for."""
        rows = self.ask("locks_of", pid=process)
        return [(oid, mode_named(mode)) for oid, mode in rows]

    def waiting(self, process: int, holders: list[int]) -> dict[int, float]:
        """Which of the sessions ``holders`` another one waits for, and for how many seconds."""
        return dict(self.ask("waiting", pid=process, holders=holders))

    def scans(self, oids: Iterable[int]) -> dict[int, int]:
        """How often each table was scanned in full, as far as sessions have reported."""
        return dict(self.ask("scans", oids=list(oids)))

    def outcomes(self, xids: Iterable[int]) -> dict[int, str | None]:
        """What became of transactions."""
        return dict(self.ask("outcomes", xids=list(xids)))

    def _opened(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = self.open()
        return self._connection


def scene_of(connection: psycopg.Connection[tuple[Any, ...]]) -> Scene:
    """The same as `Beside.scene`, asked in a session that is there already."""
    relations = connection.execute(QUERIES["relations"].encode()).fetchall()
    database, newest, position = connection.execute(QUERIES["now"].encode()).fetchall()[0]
    return Scene(tuple(relations), (database, newest, position))


def outcomes_of(connection: psycopg.Connection[Any], xids: Iterable[int]) -> dict[int, str | None]:
    """The same as `Beside.outcomes`, asked in a session that is there already."""
    return dict(connection.execute(QUERIES["outcomes"].encode(), {"xids": list(xids)}).fetchall())
