"""One session of the project while it is watched: its transactions, and the looks between.

How drivers differ is in `drivers`, what a look means in `ledger`, which statement is whose in
`observer`.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from pgrevise.rehearsal.observing.beside import QUERIES, Beside
from pgrevise.rehearsal.observing.drivers import Asyncpg, Driver, Row, State, complaint
from pgrevise.rehearsal.observing.ledger import Base, Counts, Deeds, Look, look_of
from pgrevise.rehearsal.observing.records import Clock, Grip, Record, Span
from pgrevise.rehearsal.observing.texts import Traits

_TEMPORARY = re.compile(r'temporary file: path ".*", size (\d+)')


class Register(Protocol):
    """What sessions share, as `Watch` has it."""

    clock: Clock
    base: Base
    database: int
    newest: int
    position: int
    beside: Beside

    def new_span(self, session: int, began: float) -> Span:
        """A transaction with the next number."""

    def record_beside(self, session: int, span: Span) -> Record:
        """A record of what was done with the driver's own cursors."""

    def is_committed(self, xid: int) -> bool | None:
        """Whether a transaction was committed; None when that cannot be known."""

    def note(self, words: str) -> None:
        """Something worth knowing about the observation."""


class Session:
    """One session of the project. ``driver`` is None when its driver is not known here."""

    def __init__(self, register: Register, number: int, driver: Driver | None) -> None:
        self.number = number
        self.driver = driver
        self.span: Span | None = None
        self.register = register
        self._counts: dict[int, Counts] = {}
        self._has_failed = False
        self._heard: list[tuple[str, str]] = []

    def attach(self, connection: Any) -> set[int]:
        """Begin to listen; returns the process id of its backend, if that can be known."""
        if self.driver is None:
            return set()
        self.driver.listen(connection, lambda severity, text: self._heard.append((severity, text)))
        if self.state(connection) == "idle":
            self._tell_of_files(connection)
        return {self.driver.process(connection)}

    def state(self, connection: Any) -> State:
        """Where the session stands, as the server said last."""
        if self.driver is None:
            return "unknown"
        state = self.driver.state(connection)
        if state != "open":
            self._has_failed = False
        return "failed" if state == "open" and self._has_failed else state

    def ready(self, connection: Any, record: Record, *, can_wrap: bool) -> None:
        """Before a statement: how it is going to be run."""
        self.forget_notices()
        state = self.state(connection)
        if state == "idle" and self.span is not None:
            self.end(None)
        if self.driver is None or state == "unknown":
            record.manner = "bare"
        elif state == "idle" and not self.driver.begins(connection):
            alone = "held" if record.traits.runs_alone else "bare"
            wrapped = can_wrap and not record.traits.stays_bare
            record.manner = "wrapped" if wrapped else alone
        else:
            self._enter(connection, record, state)

    def finish(self, connection: Any, record: Record) -> None:
        """After a statement that succeeded: what it did."""
        if record.manner == "inside":
            record.span = self.span
            if record.traits.goes_back:
                self._has_failed = False
            state = self.state(connection)
            if state == "open":
                self._look_after(connection, record)
            elif state == "idle":
                committed = None if not record.traits.ends else not record.traits.rolls_back
                self.end(committed, by_statement=record.traits.ends)
        # With some drivers a query lets go of its files only when the next one comes.
        self._take_notices(record)

    def fail(self, connection: Any, record: Record, error: BaseException) -> None:
        """After a statement that failed."""
        record.error, record.sqlstate = complaint(error)
        self._take_notices(record)
        if record.manner != "inside":
            return
        record.span = self.span
        if isinstance(self.driver, Asyncpg):
            self._has_failed = bool(record.sqlstate)
        if self.state(connection) == "idle":
            self.end(False)

    def end(self, committed: bool | None, *, by_statement: bool = False) -> None:
        """The transaction is over; ``committed`` is None when nobody knows yet."""
        span, self.span = self.span, None
        self._has_failed = False
        if span is None:
            return
        span.ended = self.register.clock.now()
        if committed is None and span.xid is not None:
            committed = self.register.is_committed(span.xid)
        span.is_committed, span.by_statement = committed, by_statement
        self.settle(span, committed=committed is not False)

    def settle(self, span: Span, *, committed: bool) -> None:
        """Keep of a transaction what outlives it."""
        self._counts = {oid: c for oid, c in span.ledger.counts.items() if any(c)}
        if committed:
            span.ledger.commit()

    def about_to_commit(self, connection: Any) -> None:
        """See what was done beside SQLAlchemy's cursors since the last statement."""
        span = self.span
        if span is None or span.stamp is None or self.state(connection) != "open":
            return
        look = self._ask(connection, "look")
        if look is None or look.began != span.stamp:
            return
        deeds = span.ledger.enter(look)
        if deeds:
            record = self.register.record_beside(self.number, span)
            self.write_down(record, look, span, deeds)

    def _enter(self, connection: Any, record: Record, state: State) -> None:
        """A statement in a transaction, perhaps its first."""
        if self.span is None:
            self.span = self.register.new_span(self.number, self.register.clock.now())
        record.span = self.span
        is_fresh = self.span.stamp is None and not self.span.ledger.counts
        if is_fresh and state != "failed" and not record.traits.is_light:
            self.span.ledger.counts = self.baseline(connection)

    def baseline(self, connection: Any) -> dict[int, Counts]:
        """The counts that the session has not reported yet, from earlier transactions."""
        if not self._counts:
            return {}
        oids = ",".join(map(str, self._counts))
        rows = self._rows(connection, QUERIES["counts"].replace("{oids}", oids))
        self._counts = {}
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}

    def _look_after(self, connection: Any, record: Record) -> None:
        span = self.span
        if span is None:
            return
        if record.traits.goes_back:
            look = self._ask(connection, "look")
            for pair in span.ledger.release(look) if look else ():
                span.held.pop(pair).ended = record.ended
        elif not record.traits.is_light:
            self.look(connection, record, span)

    def look(self, connection: Any, record: Record, span: Span) -> None:
        """See what a statement did in the transaction that is open."""
        look = self._ask(connection, self._kind_of_look(record.traits))
        if look is None:
            return
        if span.stamp is not None and look.began != span.stamp:
            span = self._in_another(record, span)
        self.write_down(record, look, span, span.ledger.enter(look))

    def _in_another(self, record: Record, span: Span) -> Span:
        """Another transaction began meanwhile: the driver was told to commit, or the text did."""
        counts = span.ledger.counts
        committed = True if record.traits.ends and not record.traits.rolls_back else None
        self.end(committed, by_statement=record.traits.ends)
        if not record.traits.ends:
            span.ended = record.began
        began = record.began if record.ended is None else record.ended
        self.span = record.span = self.register.new_span(self.number, began)
        self.span.ledger.counts = counts
        return self.span

    def write_down(self, record: Record, look: Look, span: Span, deeds: Deeds) -> None:
        """Add to a record what it did."""
        register = self.register
        span.stamp, span.xid = look.began, look.xid
        record.lock_timeout = look.lock_timeout
        record.wal = max(0, look.position - register.position)
        register.position = look.position
        record.deeds = deeds
        for oid, mode, name in deeds.locks:
            is_named = bool(record.traits.names & {name, register.base.known[oid].bare})
            grip = Grip(register.base.relation(oid), mode, is_named)
            span.held[oid, mode] = grip
            record.grips.append(grip)

    def _kind_of_look(self, traits: Traits) -> str:
        """A glance will do where nothing that was there before is concerned."""
        base = self.register.base
        base.has_adopted = base.has_adopted or traits.adopts
        concerned = not traits.only_adds or base.has_adopted or traits.names & base.bare_names
        return "look" if concerned else "glance"

    def _ask(self, connection: Any, name: str) -> Look | None:
        query = QUERIES[name].replace("{newest}", str(self.register.newest))
        query = query.replace("{database}", str(self.register.database))
        rows = self._rows(connection, query)
        return look_of(rows) if rows else None

    def _rows(self, connection: Any, query: str) -> list[Row]:
        if self.driver is None:
            return []
        try:
            return self.driver.ask(connection, query)
        except Exception as error:  # noqa: BLE001 - any driver's; the project's run goes on
            self.register.note(f"What a statement did could not be read: {complaint(error)[0]}.")
            return []

    def _tell_of_files(self, connection: Any) -> None:
        """Have the server tell of temporary files; only superusers may, so it may be refused."""
        if self.driver is None:
            return
        begins = self.driver.begins(connection)
        try:
            self.driver.ask(connection, QUERIES["settle"])
        except Exception:  # noqa: BLE001 - any driver's; then their sizes are not known
            if begins:
                connection.rollback()
        else:
            if begins:
                connection.commit()

    def forget_notices(self) -> None:
        """Nobody is to be told what was said so far."""
        self._heard.clear()

    def _take_notices(self, record: Record) -> None:
        for severity, text in self._heard:
            found = _TEMPORARY.match(text)
            if severity == "LOG":
                record.temporary += int(found[1]) if found else 0
            elif severity not in ("ERROR", "FATAL"):
                record.notices.append(text)
        self._heard.clear()
