"""Watches every statement that SQLAlchemy executes in this process, and says what PostgreSQL did.

What is done on a driver's own cursor, beside SQLAlchemy, is only seen when its transaction commits.
Statements are caught in `listening`, sessions looked at in `watched`, and what is in no transaction
is taken care of in `outside`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import psycopg

from pgrevise.rehearsal.facts import Direction, Statement, Transaction
from pgrevise.rehearsal.observing.beside import QUERIES, Beside
from pgrevise.rehearsal.observing.drivers import driver_named
from pgrevise.rehearsal.observing.ledger import Base, Ledger, Scene
from pgrevise.rehearsal.observing.listening import listening
from pgrevise.rehearsal.observing.locating import Locator, Place
from pgrevise.rehearsal.observing.records import Clock, Record, Span, statement_of, transaction_of
from pgrevise.rehearsal.observing.texts import traits
from pgrevise.rehearsal.observing.watched import Session

#: What stands for statements that were not executed through SQLAlchemy.
BESIDE = "-- executed with the driver's own cursor, beside SQLAlchemy"


def install(connection: psycopg.Connection[Any]) -> None:
    """Prepare a database once, so that rewrites tell their reason; clones of it inherit that.

    The connection is a superuser's. An event trigger and its function are added, which a reading
    of schemas does not see; without PL/pgSQL in the database nothing is, and reasons stay "".
    """
    if connection.execute(QUERIES["trigger_exists"].encode()).fetchone() == (True,):
        return
    if connection.execute("SELECT FROM pg_language WHERE lanname = 'plpgsql'").fetchone() is None:
        return
    connection.execute(QUERIES["trigger_function"].encode())
    connection.execute(QUERIES["trigger"].encode())


class Watch:
    """What was seen; it may be asked at any time, from any thread, while it is still going on.

    ``backends`` are the process ids of the sessions whose statements were seen; ours call
    themselves `beside.APPLICATION_NAME`. ``notes`` say what could not be observed. ``unasked`` are
    the numbers and xids of transactions whose outcome is left to whoever gave the scene to ask for.
    """

    def __init__(
        self,
        dsn: str,
        revision_file: Path,
        root: Path,
        direction: Direction,
        scene: Scene | None = None,
    ) -> None:
        self.direction = direction
        self.beside = Beside(dsn)
        self._is_told = scene is not None
        found = scene or self.beside.scene()
        self.base = Base(found.known())
        self.database, self.newest, self.position = found.now
        self.unasked: tuple[tuple[int, int], ...] = ()
        self.backends: set[int] = set()
        self.connections = 0
        self.notes: tuple[str, ...] = ()
        self.locator = Locator(revision_file, root)
        self._lock = RLock()
        self._records: list[Record] = []
        self._spans: list[Span] = []
        self._texts: dict[str, str] = {}
        self._ended: float | None = None
        self.clock = Clock()

    @property
    def overhead(self) -> float:
        """Seconds that were spent on looking so far; no time that is told includes them."""
        return self.clock.overhead

    def statements(self) -> tuple[Statement, ...]:
        """The statements so far, in the order in which they began."""
        now = self.clock.now() if self._ended is None else self._ended
        with self._lock:
            return tuple(statement_of(record, now) for record in self._records)

    def transactions(self) -> tuple[Transaction, ...]:
        """The transactions so far, in the order in which they began."""
        now = self.clock.now() if self._ended is None else self._ended
        with self._lock:
            return tuple(transaction_of(span, now) for span in self._spans)

    def close(self) -> None:
        """Nothing more is going to be seen; find out what became of transactions."""
        self._ended = self.clock.now()
        with self._lock:
            for span in self._spans:
                span.ended = self._ended if span.ended is None else span.ended
            self._ask_outcomes()
        self.beside.close()

    def new_session(self, dialect: Any) -> Session:
        """A session with the next number."""
        driver = driver_named(dialect) if dialect.name == "postgresql" else None
        if driver is None:
            self.note(
                f"Statements through {dialect.name}+{dialect.driver} were timed but not looked at."
            )
        with self._lock:
            self.connections += 1
            return Session(self, self.connections, driver)

    def new_span(self, session: int, began: float) -> Span:
        """A transaction with the next number."""
        with self._lock:
            span = Span(len(self._spans) + 1, session, began, Ledger(self.base))
            self._spans.append(span)
            return span

    def new_record(self, session: int, sql: str, place: Place) -> Record:
        """A statement with the next number."""
        with self._lock:
            text = self._texts.setdefault(sql, sql)
            number = len(self._records) + 1
            record = Record(number, text, traits(text), place, session)
            record.began = self.clock.now()
            self._records.append(record)
            return record

    def record_beside(self, session: int, span: Span) -> Record:
        """A record of what was done with the driver's own cursors in a transaction."""
        record = self.new_record(session, BESIDE, Place(self.locator.name))
        record.ended, record.span = record.began, span
        return record

    def note(self, words: str) -> None:
        """Something worth knowing about the observation, told once."""
        with self._lock:
            if words not in self.notes:
                self.notes = (*self.notes, words)

    def is_committed(self, xid: int) -> bool | None:
        """Whether a transaction was committed; None when that cannot be known."""
        try:
            outcome = self.beside.outcomes([xid])[xid]
        except psycopg.Error:
            return None
        return None if outcome is None else outcome == "committed"

    def _ask_outcomes(self) -> None:
        """A commit may have failed, and a session may have ended without a word."""
        spans = {span.xid: span for span in self._spans if span.xid is not None}
        if self._is_told and not self.beside.is_open:
            self.unasked = tuple((span.number, xid) for xid, span in spans.items())
            return
        try:
            outcomes = self.beside.outcomes(spans)
        except psycopg.Error as error:
            self.note(f"What became of transactions could not be asked: {error}.")
            return
        for xid, outcome in outcomes.items():
            if outcome is not None:
                spans[xid].is_committed = outcome == "committed"


@contextmanager
def observing(
    dsn: str,
    revision_file: Path,
    root: Path,
    direction: Direction,
    scene: Scene | None = None,
) -> Iterator[Watch]:
    """Observe every statement that SQLAlchemy executes in this process while the context lasts.

    ``dsn`` is a conninfo or URL of libpq, to the database that the project's code is led to; it is
    for sessions of ours beside the project's. Statements are attributed to ``revision_file``, named
    relative to ``root``. Times count from here. ``wal_bytes`` of a statement are what the whole
    server wrote meanwhile. A lock is told to be held until its transaction ends, or a savepoint
    that was set before it is returned to. With a ``scene``, which is the database as it is now,
    a session of ours is only opened when it is needed, and what became of ``unasked`` transactions
    is for the caller to find out.

    Raises psycopg's `OperationalError` when the database cannot be reached.
    """
    watch = Watch(dsn, revision_file, root, direction, scene)
    try:
        with listening(watch):
            yield watch
    finally:
        watch.close()
