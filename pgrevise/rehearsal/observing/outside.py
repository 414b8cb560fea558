"""Running a statement that is in no transaction of the project's, so that its locks can be read.

One that may run in a transaction is wrapped into one of ours; one that may not is held open (see
`holding`) and then judged by what it left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from pgrevise.rehearsal.facts import Scan
from pgrevise.rehearsal.modes import MODES, Mode
from pgrevise.rehearsal.observing.beside import QUERIES, Beside
from pgrevise.rehearsal.observing.drivers import Driver, complaint
from pgrevise.rehearsal.observing.holding import WORKER, WRITER, Holding
from pgrevise.rehearsal.observing.ledger import NOTHING, Base, Known, Ledger, Look, Seen
from pgrevise.rehearsal.observing.records import Grip, Record, Span
from pgrevise.rehearsal.observing.texts import seconds_of
from pgrevise.rehearsal.observing.watched import Session

Perform = Callable[[], None]
#: PostgreSQL 17 manual, appendix A: active_sql_transaction and invalid_transaction_termination,
#: which a statement gets that must not, or will not, run in a transaction block.
_NOT_IN_A_TRANSACTION = ("25001", "2D000")

_UNREAD = "What a statement outside a transaction did could not be read: {}."


def wrap(session: Session, driver: Driver, connection: Any, record: Record, run: Perform) -> None:
    """Run a statement in a transaction of ours, or held open after all when it refuses that."""
    clock = session.register.clock
    with clock.paused():
        driver.run(connection, "BEGIN")
        span = Span(0, session.number, 0.0, Ledger(session.register.base))
        span.ledger.counts = session.baseline(connection)
    record.began = clock.now()
    try:
        run()
    except Exception as error:
        with clock.paused():
            driver.run(connection, "ROLLBACK")
        if complaint(error)[1] not in _NOT_IN_A_TRANSACTION:
            raise
        session.forget_notices()
        hold(session, driver, connection, record, run)
        return
    record.ended = clock.now()
    with clock.paused():
        session.look(connection, record, span)
        driver.run(connection, "COMMIT")
        session.settle(span, committed=True)


def hold(session: Session, driver: Driver, connection: Any, record: Record, run: Perform) -> None:
    """Run a statement while sessions of ours hold it open wherever it waits."""
    clock, beside, base = session.register.clock, session.register.beside, session.register.base
    record.manner = "held"
    with clock.paused():
        timeouts = _suspend_timeouts(driver, connection, record)
        scanned = _scans(driver, connection, beside, base)
        holding = _holding(session, driver.process(connection), record)
    record.began = clock.now()
    try:
        run()
    finally:
        ended = clock.now()
        with clock.paused():
            holding.end()
            record.ended = max(record.began, ended - holding.waited)
            clock.forget(ended - record.ended)
            _restore_timeouts(driver, connection, timeouts)
            try:
                _write_down(session, record, holding.locks)
                now = _scans(driver, connection, beside, base)
            except psycopg.Error as error:
                session.register.note(_UNREAD.format(complaint(error)[0]))
                now = {}
            for oid, count in now.items():
                if count > scanned.get(oid, count):
                    record.deeds.scans.append(Scan(base.relation(oid), count - scanned[oid]))


def _holding(session: Session, process: int, record: Record) -> Holding:
    """Sessions of ours on the tables that a statement names, and on their relatives."""
    beside = session.register.beside
    mode = WRITER if record.traits.is_concurrent else WORKER
    holding = Holding(beside, process, mode)
    try:
        there = beside.relations().items()
        named = [oid for oid, was in there if was.bare in record.traits.names]
        holding.begin([row[0] for row in beside.ask("family", oids=named)])
    except psycopg.Error as error:
        session.register.note(_UNREAD.format(complaint(error)[0]))
    return holding


def _write_down(session: Session, record: Record, locks: set[tuple[int, Mode]]) -> None:
    register = session.register
    base = register.base
    for oid, mode in sorted(locks, key=lambda pair: (pair[0], MODES.index(pair[1]))):
        if oid in base.known:
            is_named = base.known[oid].bare in record.traits.names
            record.grips.append(Grip(base.relation(oid), mode, is_named))
    ledger = Ledger(base)
    present = register.beside.relations()
    there = [_as_seen(oid, was) for oid, was in present.items()]
    gone = [_as_gone(oid) for oid in (*base.known, *base.made) if oid not in present]
    record.deeds = ledger.enter(Look(0.0, "", 0, 0, None, (*gone, *there)))
    ledger.commit()
    _, _, position = register.beside.now()
    record.wal, register.position = max(0, position - register.position), position


def _as_seen(oid: int, was: Known) -> Seen:
    return Seen(oid, (), was.bare, was.name, was.kind, was.index_of, was.file, NOTHING)


def _as_gone(oid: int) -> Seen:
    return Seen(oid, (), "", "", "", 0, 0, NOTHING)


def _scans(driver: Driver, connection: Any, beside: Beside, base: Base) -> dict[int, int]:
    """How often tables were scanned so far; nothing before PostgreSQL 15, which cannot say."""
    if beside.server < 15 or driver.state(connection) != "idle":
        return {}
    driver.ask(connection, QUERIES["report_counts"])
    tables = (oid for oid, was in base.known.items() if was.kind in ("table", "materialized view"))
    return beside.scans(tables)


def _suspend_timeouts(driver: Driver, connection: Any, record: Record) -> tuple[str, str]:
    """Take timeouts away, since waiting for us would count; returns what they were."""
    lock, statement = driver.ask(connection, QUERIES["timeouts"])[0]
    record.lock_timeout = seconds_of(lock)
    _set_timeouts(driver, connection, ("0", "0"))
    return lock, statement


def _restore_timeouts(driver: Driver, connection: Any, timeouts: tuple[str, str]) -> None:
    if driver.state(connection) == "idle":
        _set_timeouts(driver, connection, timeouts)


def _set_timeouts(driver: Driver, connection: Any, timeouts: tuple[str, str]) -> None:
    query = QUERIES["set_timeouts"]
    for name, value in zip(("{lock}", "{statement}"), timeouts, strict=True):
        query = query.replace(name, value)
    driver.ask(connection, query)
