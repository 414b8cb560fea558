"""Catches SQLAlchemy's events and hands each to the session that it concerns.

It listens on the classes `Engine` and `Pool`, so that any engine, connection and thread of the
process is heard, sync or async, whenever it was made. What is done about an event is in `watched`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

from pgrevise.rehearsal.observing.drivers import complaint
from pgrevise.rehearsal.observing.locating import Locator, Place
from pgrevise.rehearsal.observing.outside import hold, wrap
from pgrevise.rehearsal.observing.records import Record
from pgrevise.rehearsal.observing.watched import Register, Session

#: Under which an SQLAlchemy connection keeps its session.
_KEY = "pgrevise.rehearsal"
#: Who listens now.
_LISTENERS: list[_Listener] = []


class Listening(Register, Protocol):
    """What the events are told to, as `Watch` has it."""

    backends: set[int]
    locator: Locator

    def new_session(self, dialect: Any) -> Session:
        """A session with the next number."""

    def new_record(self, session: int, sql: str, place: Place) -> Record:
        """A statement with the next number."""


@contextmanager
def listening(watch: Listening) -> Iterator[None]:
    """Listen while the context lasts."""
    _listen()
    listener = _Listener(watch)
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


@cache
def _listen() -> None:
    """Have SQLAlchemy tell whoever listens, once and for good: children have it from the fork."""
    from sqlalchemy import Engine, Pool, event

    event.listen(Engine, "before_cursor_execute", _telling("before"))
    event.listen(Engine, "after_cursor_execute", _telling("after"))
    event.listen(Engine, "handle_error", _telling("failed"))
    event.listen(Engine, "do_execute", _telling("execute"))
    event.listen(Engine, "do_execute_no_params", _telling("execute_plain"))
    event.listen(Engine, "do_executemany", _telling("execute_many"))
    event.listen(Engine, "commit", _telling("commit"))
    event.listen(Engine, "rollback", _telling("rollback"))
    event.listen(Pool, "checkin", _telling("leave"))
    event.listen(Pool, "close", _telling("leave"))


def _telling(name: str) -> Callable[..., bool]:
    """Hands an event on; True as soon as somebody did what it is about."""

    def tell(*arguments: Any) -> bool:
        return any(getattr(listener, name)(*arguments) for listener in tuple(_LISTENERS))

    return tell


class _Listener:
    """Hands SQLAlchemy's events to the session that they concern."""

    def __init__(self, watch: Listening) -> None:
        self._watch = watch
        self._clock = watch.clock
        #: By the cursor's identity; a cursor lives for as long as its statement runs.
        self._running: dict[int, tuple[Any, Session, Any, Record]] = {}

    def before(self, connection: Any, cursor: Any, sql: str, _: Any, context: Any, __: Any) -> None:
        """A statement is about to run."""
        with self._clock.paused():
            session, dbapi = self._session(connection)
            record = self._watch.new_record(
                session.number, _text(sql, context), self._watch.locator.place()
            )
            self._running[id(cursor)] = (connection, session, dbapi, record)
            can_wrap = context is not None and not getattr(context, "_is_server_side", False)
            session.ready(dbapi, record, can_wrap=can_wrap)
        record.began = self._clock.now()

    def after(self, _connection: Any, cursor: Any, *_: Any) -> None:
        """A statement has succeeded."""
        now = self._clock.now()
        with self._clock.paused():
            _, session, dbapi, record = self._running.pop(id(cursor))
            record.ended = now if record.ended is None else record.ended
            session.finish(dbapi, record)

    def failed(self, context: Any) -> None:
        """A statement has failed, or something else, such as a commit."""
        now = self._clock.now()
        with self._clock.paused():
            for key, (connection, session, dbapi, record) in list(self._running.items()):
                if connection is context.connection:
                    del self._running[key]
                    record.ended = now if record.ended is None else record.ended
                    session.fail(dbapi, record, context.original_exception)

    def execute(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        """Run a statement our way, if it is in no transaction."""
        return self._run(
            cursor, lambda: context.dialect.do_execute(cursor, sql, parameters, context)
        )

    def execute_plain(self, cursor: Any, sql: str, context: Any) -> bool:
        """The same for a statement that takes no parameters."""
        return self._run(cursor, lambda: context.dialect.do_execute_no_params(cursor, sql, context))

    def execute_many(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        """The same for a statement that is run for several sets of parameters."""
        return self._run(
            cursor, lambda: context.dialect.do_executemany(cursor, sql, parameters, context)
        )

    def commit(self, connection: Any) -> None:
        """A transaction is about to be committed."""
        with self._clock.paused():
            known = self._known(connection)
            if known is not None:
                session, dbapi = known
                session.about_to_commit(dbapi)
                session.end(True)

    def rollback(self, connection: Any) -> None:
        """A transaction is about to be rolled back."""
        known = self._known(connection)
        if known is not None:
            known[0].end(False)

    def leave(self, _: Any, entry: Any) -> None:
        """A connection goes back to its pool, or is closed."""
        session = entry.info.get(_KEY) if entry is not None else None
        if session is not None and session.register is self._watch:
            session.end(None)

    def _run(self, cursor: Any, run: Callable[[], None]) -> bool:
        found = self._running.get(id(cursor))
        if found is None:
            return False
        _, session, dbapi, record = found
        if session.driver is None or record.manner not in ("wrapped", "held"):
            return False
        way = wrap if record.manner == "wrapped" else hold
        way(session, session.driver, dbapi, record, run)
        return True

    def _session(self, connection: Any) -> tuple[Session, Any]:
        known = self._known(connection)
        if known is not None:
            return known
        session = self._watch.new_session(connection.dialect)
        connection.info[_KEY] = session
        dbapi = connection.connection.dbapi_connection
        try:
            self._watch.backends |= session.attach(dbapi)
        except Exception as error:  # noqa: BLE001 - any driver's; the project's run goes on
            self._watch.note(f"A session could not be watched: {complaint(error)[0]}.")
        return session, dbapi

    def _known(self, connection: Any) -> tuple[Session, Any] | None:
        """The session of a connection that was seen before, and is still there."""
        if connection.closed or connection.invalidated:
            return None
        session = connection.info.get(_KEY)
        if session is None or session.register is not self._watch:
            return None
        return session, connection.connection.dbapi_connection


def _text(sql: str, context: Any) -> str:
    """A statement as it was written; a batch of rows is not spelled out."""
    compiled = getattr(context, "statement", None)
    many = context is not None and context.execute_style.name == "INSERTMANYVALUES"
    return compiled if many and compiled else sql
