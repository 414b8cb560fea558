"""Holding a concurrent statement open just long enough to read its locks.

A statement with CONCURRENTLY waits, in between its own transactions, for those who may still use
what it changes: for older snapshots, or for whoever has locked the table (PostgreSQL 17 manual,
CREATE INDEX "Building Indexes Concurrently", DROP INDEX, REINDEX, ALTER TABLE "DETACH PARTITION").
Sessions of ours are what it waits for: one with an old snapshot, one for each table with a lock.
Whenever the statement waits for one of them its locks are read and that session lets go, so that
each wait shows one set of locks, always the same. A lock that is waited for counts too.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import Any

import psycopg

from pgrevise.rehearsal.modes import Mode
from pgrevise.rehearsal.observing.beside import Beside

#: As somebody locks a table who writes to it: every concurrent statement waits for those, once it
#: has told that it is there. As somebody who maintains it: everything that does so waits for those.
WRITER: Mode = "ROW EXCLUSIVE"
WORKER: Mode = "SHARE UPDATE EXCLUSIVE"
#: Seconds for which a statement is held open at most, and between two looks at it.
LONGEST = 2.0
_STEP = 0.002
#: More tables than these are locked by one session together.
_SESSIONS = 6


class Holding:
    """From `begin` to `end` a statement of the session ``process`` is held open where it waits.

    ``mode`` is how tables are locked. Afterwards ``locks`` are those that were seen and ``waited``
    the seconds for which we held the statement up.
    """

    def __init__(self, beside: Beside, process: int, mode: Mode) -> None:
        self.locks: set[tuple[int, Mode]] = set()
        self.waited = 0.0
        self._beside = beside
        self._process = process
        self._mode = mode
        self._holders: dict[int, psycopg.Connection[Any]] = {}
        self._stack = ExitStack()
        self._is_over = Event()
        self._thread = Thread(target=self._watch, name="pgrevise holding", daemon=True)

    def begin(self, tables: Sequence[str]) -> None:
        """Lock the tables (quoted names), take the snapshot and watch, just before it runs.

        A table that cannot be locked at once is left alone. Raises psycopg's errors when no session
        can be had; then, too, call `end`.
        """
        self._lock(tables)
        snapshot = self._open()
        snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        snapshot.execute("SELECT FROM pg_class LIMIT 1")
        self._thread.start()

    def end(self) -> None:
        """The statement is over; nothing of ours is left."""
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._stack.close()

    def _lock(self, tables: Sequence[str]) -> None:
        others = tables[_SESSIONS - 1 :]
        for names in [[name] for name in tables[: _SESSIONS - 1]] + ([others] if others else []):
            holder = self._open()
            holder.execute("BEGIN")
            try:
                statement = f"LOCK TABLE ONLY {', ONLY '.join(names)} IN {self._mode} MODE NOWAIT"
                holder.execute(statement.encode())
            except psycopg.Error:
                holder.execute("ROLLBACK")

    def _open(self) -> psycopg.Connection[Any]:
        holder = self._beside.open()
        self._stack.callback(holder.close)
        self._holders[holder.info.backend_pid] = holder
        return holder

    def _watch(self) -> None:
        """Read the locks at each wait and let go; after the longest time let go of everything."""
        deadline = monotonic() + LONGEST
        try:
            while self._holders and not self._is_over.wait(_STEP):
                blocking = self._beside.waiting(self._process, list(self._holders))
                if blocking:
                    self._let_go(blocking)
                elif monotonic() > deadline:
                    self._let_go(dict.fromkeys(self._holders, 0.0))
        except psycopg.Error:
            self._stack.close()  # our sessions were ended; nothing may be held up any longer

    def _let_go(self, blocking: dict[int, float]) -> None:
        began = perf_counter()
        self.locks.update(self._beside.locks_of(self._process))
        for process in blocking:
            self._holders.pop(process).execute("ROLLBACK")
        longest = max(blocking.values())
        self.waited += longest + perf_counter() - began if longest else 0.0
