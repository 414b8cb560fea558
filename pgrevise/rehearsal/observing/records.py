"""What is written down while a passage runs, and the clock it goes by. Pure.

Records change, since a lock ends when its transaction does, until `statement_of` and
`transaction_of` make facts of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import local
from time import perf_counter

from pgrevise.rehearsal.facts import Lock, Relation, Statement, Transaction
from pgrevise.rehearsal.modes import Mode
from pgrevise.rehearsal.observing.ledger import Deeds, Ledger
from pgrevise.rehearsal.observing.locating import Place
from pgrevise.rehearsal.observing.texts import Traits


class Clock:
    """Seconds since it was made, without the time that was spent on looking."""

    def __init__(self) -> None:
        self._began = perf_counter()
        self._paused = local()
        self.overhead = 0.0

    def now(self) -> float:
        """Seconds that the project's own code and statements took; it stands still while paused."""
        at: float | None = getattr(self._paused, "at", None)
        return perf_counter() - self._began - self.overhead if at is None else at

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What this thread does meanwhile is ours, and does not count."""
        if getattr(self._paused, "at", None) is not None:
            yield
            return
        began, self._paused.at = perf_counter(), self.now()
        try:
            yield
        finally:
            self.overhead += perf_counter() - began
            self._paused.at = None

    def forget(self, seconds: float) -> None:
        """Do not count so many of the seconds that have just passed."""
        self.overhead += seconds


@dataclass(slots=True)
class Span:
    """A transaction on one session, while it is open and after.

    ``stamp`` is the server's time of its beginning in microseconds, ``is_committed`` None while
    that is not known.
    """

    number: int
    session: int
    began: float
    ledger: Ledger
    ended: float | None = None
    is_committed: bool | None = None
    by_statement: bool = False
    stamp: int | None = None
    xid: int | None = None
    held: dict[tuple[int, Mode], Grip] = field(default_factory=dict)


@dataclass(slots=True)
class Grip:
    """A lock; ``ended`` is None when it is held until its transaction ends."""

    relation: Relation
    mode: Mode
    is_named: bool
    ended: float | None = None


@dataclass(slots=True)
class Record:
    """A statement. ``manner`` is how it is run: "inside" a transaction of the project's, "wrapped"
    in one of ours, "held" open from outside, or "bare"; only the first has a ``span``.
    """

    number: int
    sql: str
    traits: Traits
    place: Place
    session: int
    manner: str = "inside"
    span: Span | None = None
    began: float = 0.0
    ended: float | None = None
    grips: list[Grip] = field(default_factory=list)
    deeds: Deeds = field(default_factory=Deeds)
    wal: int = 0
    temporary: int = 0
    lock_timeout: float = 0.0
    notices: list[str] = field(default_factory=list)
    error: str = ""
    sqlstate: str = ""


def statement_of(record: Record, now: float) -> Statement:
    """A record as facts; what has not ended is taken to last until ``now``."""
    ended = now if record.ended is None else record.ended
    until = ended
    if record.span is not None:
        until = now if record.span.ended is None else record.span.ended
    return Statement(
        number=record.number,
        sql=record.sql,
        file=record.place.file,
        line=record.place.line,
        source=record.place.source,
        is_foreign=not record.place.file,
        connection=record.session,
        transaction=record.span.number if record.span else None,
        began=record.began,
        seconds=max(0.0, ended - record.began),
        locks=tuple(_lock_of(grip, record.began, until) for grip in record.grips),
        rewrites=tuple(record.deeds.rewrites),
        builds=tuple(record.deeds.builds),
        scans=tuple(record.deeds.scans),
        written=tuple(record.deeds.written),
        wal_bytes=record.wal,
        temporary_bytes=record.temporary,
        lock_timeout=record.lock_timeout,
        notices=tuple(record.notices),
        error=record.error,
        sqlstate=record.sqlstate,
    )


def _lock_of(grip: Grip, began: float, until: float) -> Lock:
    ended = until if grip.ended is None else grip.ended
    return Lock(grip.relation, grip.mode, began, max(0.0, ended - began), grip.is_named)


def transaction_of(span: Span, now: float) -> Transaction:
    """A span as facts; one that is still open has been rolled back, so far."""
    ended = now if span.ended is None else span.ended
    return Transaction(
        span.number, span.session, span.began, ended, bool(span.is_committed), span.by_statement
    )
