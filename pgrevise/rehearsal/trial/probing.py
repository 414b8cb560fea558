"""Clients that read and write tables while a revision runs, and how long each of them stood still.

For each table there are two, with a connection and a thread of their own: one reads a row again and
again, one writes it; what they say is in `phrases`. One more touches no table; where even that one
waits, it is the machine that is busy and not a lock.

A client is what an application is at its best: one short statement at a time, each a transaction of
its own, nothing prepared. So it holds no lock for longer than a statement, and it gives way long
before PostgreSQL would look for a deadlock. Triggers do not run for it: they could write elsewhere.
What it locks, and for how long, is `measuring`'s to predict; here it is only seen.

`probing` is called around a passage, in a database that is filled already: `trying` does that
around `Workshop.run`. That ends all other sessions in the database when the passage is over, which
ends the clients too; they do not come back, and losing a connection is no stall.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from statistics import median
from typing import Any

import psycopg
from psycopg import errors, sql

from pgrevise.errors import ReviseError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.trial.facts import Traffic
from pgrevise.rehearsal.trial.phrases import Phrase

#: Two connections for each table and one more; servers take a hundred or so.
MOST_TABLES = 16

#: A client waits for a lock so long before it asks anew. It stands still all the same, but it does
#: not keep what it holds meanwhile. PostgreSQL looks for deadlocks after a second.
_PATIENCE = "200ms"
#: Between two statements of a client, for each client: all of them ask a thousand times a second.
_PAUSE = 0.001
_BEGIN_WITHIN = 10.0
_END_WITHIN = 5.0
#: Answers that are waited for before the passage. The first ones load catalogs; the others tell
#: what is typical, however short the passage is.
_FIRST, _WARM = 3, 10
_MOST_TIMES = 20_000
#: PostgreSQL cuts names of applications at 63 bytes.
_NAME_BYTES = 63
_WAITS = (errors.LockNotAvailable, errors.DeadlockDetected)


class Probe:
    """The clients of one passage. Its figures are there when `probing` has been left.

    ``notes`` says which tables nobody could read or write, and why.
    """

    def __init__(self, clients: Sequence[_Client], notes: Sequence[str]) -> None:
        self._clients = tuple(clients)
        self._notes = tuple(notes)

    def stalls(self) -> tuple[tuple[str, Traffic, float], ...]:
        """For each table and kind of traffic the longest time that a client stood still.

        That is its longest statement less its typical one, so that an idle server gives about 0.
        """
        return tuple(
            (client.table, client.traffic, client.stall)
            for client in self._clients
            if client.traffic is not None and client.has_begun
        )

    @property
    def unrelated(self) -> float:
        """The longest stall of the client that touches no table: what is not the fault of locks."""
        return max((c.stall for c in self._clients if c.traffic is None), default=0.0)

    @property
    def answers(self) -> int:
        """How many statements were answered in all."""
        return sum(client.answers for client in self._clients)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not probed, and why."""
        return (*self._notes, *(client.note for client in self._clients if client.note))


@contextmanager
def probing(target: Target, tables: Sequence[str]) -> Iterator[Probe]:
    """Read and write these tables until the context is left; all clients answer when it begins.

    Tables are named as in the reports. No client, thread or connection outlives the context,
    whatever ends it. Raises nothing for a table that cannot be probed: that becomes a note.
    """
    probed, left = tables[:MOST_TABLES], tables[MOST_TABLES:]
    notes = [f"Not probed, for want of connections: {', '.join(left)}."] if left else []
    kinds: tuple[Traffic, ...] = ("reads", "writes")
    clients = [_Client(target, "", None)]
    clients += [_Client(target, table, traffic) for table in probed for traffic in kinds]
    try:
        for client in clients:
            client.start(_PAUSE * len(clients))
        deadline = time.monotonic() + _BEGIN_WITHIN
        for client in clients:
            client.wait_until_warm(deadline)
        yield Probe(clients, notes)
    finally:
        _end(clients)


def _end(clients: Sequence[_Client]) -> None:
    for client in clients:
        client.stop()
    deadline = time.monotonic() + _END_WITHIN
    for client in clients:
        client.join(deadline)


class _Client:
    """One connection that says one short statement again and again, in a thread of its own."""

    def __init__(self, target: Target, table: str, traffic: Traffic | None) -> None:
        self.table, self.traffic = table, traffic
        self.answers = 0
        self.note = ""
        #: Whether it was answered before the passage began.
        self.has_begun = False
        self._target = target
        self._times: list[float] = []
        self._longest = 0.0
        self._pause = 0.0
        self._stopping, self._warm = threading.Event(), threading.Event()
        name = f"probe {traffic or ''} {table}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def stall(self) -> float:
        """The longest statement less a typical one."""
        return max(0.0, self._longest - median(self._times)) if self._times else 0.0

    def start(self, pause: float) -> None:
        """Connect and begin; ``pause`` is between two statements."""
        self._pause = pause
        self._thread.start()

    def wait_until_warm(self, deadline: float) -> None:
        """Wait until it was answered a few times, or could not begin."""
        if not self._warm.wait(max(0.0, deadline - time.monotonic())):
            self.note = f"The {self.traffic} of {self.table} were not answered in time."

    def stop(self) -> None:
        """Say nothing more."""
        self._stopping.set()

    def join(self, deadline: float) -> None:
        """Wait for the end of its last statement, which waits for a lock for a moment at most."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        try:
            with connect(self._target) as connection:
                self._speak(connection)
        except ReviseError as error:
            self.note = f"The {self.traffic} of {self.table} were not probed: {error.sentence}"
        except psycopg.Error as error:
            # The server ended the session, as it does when the passage is over.
            if not self._warm.is_set():
                self.note = f"The {self.traffic} of {self.table} were not probed: {_words(error)}."
        finally:
            self._warm.set()

    def _speak(self, connection: psycopg.Connection[Any]) -> None:
        connection.prepare_threshold = None
        _introduce(connection, f"pgrevise probe: {self.traffic or 'nothing'} of {self.table}")
        phrase = Phrase(connection, self.table, self.traffic)
        if phrase.impossible:
            self.note = phrase.impossible
            return
        self.note = phrase.note
        for _ in range(_WARM):
            self._ask(connection, phrase)
        self._times, self._longest = self._times[_FIRST:], 0.0
        self.has_begun = True
        self._warm.set()
        while not self._stopping.is_set():
            self._ask(connection, phrase)
            self._stopping.wait(self._pause)

    def _ask(self, connection: psycopg.Connection[Any], phrase: Phrase) -> None:
        """One statement, until it is answered; what its answer took counts even if it is no."""
        began = time.perf_counter()
        refused = False
        try:
            while not self._stopping.is_set():
                try:
                    phrase.say()
                except _WAITS:
                    continue
                except psycopg.Error:
                    if connection.closed:
                        raise
                    refused = True
                break
        finally:
            self._note_time(time.perf_counter() - began)
        if refused:
            phrase.change()

    def _note_time(self, took: float) -> None:
        self.answers += 1
        self._longest = max(self._longest, took)
        self._times.append(took)
        if len(self._times) > _MOST_TIMES:
            del self._times[::2]


def _introduce(connection: psycopg.Connection[Any], name: str) -> None:
    """Say who is there, wait for no lock for long, and let no trigger run if that may be said."""
    cut = name.encode()[:_NAME_BYTES].decode(errors="ignore")
    connection.execute("SELECT pg_catalog.set_config('application_name', %s, false)", [cut])
    connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(_PATIENCE)))
    with suppress(errors.InsufficientPrivilege):
        connection.execute("SET session_replication_role = replica")


def _words(error: psycopg.Error) -> str:
    return " ".join(str(error).split()).rstrip(".")
