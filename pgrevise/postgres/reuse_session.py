"""A session that works on one database while its process does something else.

Nothing here waits unless it is asked to, and there is no thread: libpq is asked now and then how
far it is (PostgreSQL 17 manual, 32.1 "PQconnectStartParams", 32.4 Asynchronous Command Processing).
"""

from __future__ import annotations

import select
import time
from collections.abc import Generator, Iterable
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pgrevise.postgres.reuse_baseline import NotTheSame
from pgrevise.postgres.target import Target

#: What a role or the server may have set otherwise. Triggers that are not "always" stay silent.
_OPTIONS = (
    " -c search_path=pg_catalog -c session_replication_role=replica -c client_min_messages=error"
    " -c jit=off -c max_parallel_workers_per_gather=0 -c statement_timeout=0 -c lock_timeout=1000"
    " -c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed"
    " -c row_security=off"
)
_DEADLINE = 10.0
_POLLING = pq.PollingStatus


class Session:
    """One connection, and the statements of ``steps``, each of which is answered with a value.

    ``advance`` does what can be done without waiting and says whether it is over; the session is
    closed then. ``result`` is what the steps came to, None when anything went wrong.
    """

    def __init__(self, target: Target, steps: Generator[bytes, str | None, int]) -> None:
        parameters = target.connection_parameters()
        parameters["options"] += _OPTIONS
        self.result: int | None = None
        self._steps = steps
        self._answer: str | None = None
        self._deadline = time.monotonic() + _DEADLINE
        self._polling: pq.PollingStatus = _POLLING.WRITING
        # libpq's parameters, of which psycopg types but the first.
        conninfo = make_conninfo(**dict[str, Any](parameters))
        self._connection = pq.PGconn.connect_start(conninfo.encode())

    def advance(self) -> bool:
        """Go on as far as possible; True when it is over."""
        try:
            self._go_on()
        except StopIteration as end:
            self.result = end.value
        except (psycopg.Error, NotTheSame):
            pass
        else:
            if time.monotonic() < self._deadline:
                return False
        self.close()
        return True

    def close(self) -> None:
        """End the session, whatever it does."""
        self._steps.close()
        self._connection.finish()

    def _go_on(self) -> None:
        """Until there is nothing to read; raises StopIteration at the end of the steps."""
        while self._is_ready():
            if self._polling != _POLLING.OK:
                self._polling = _POLLING(self._connection.connect_poll())
                if self._polling == _POLLING.FAILED:
                    raise psycopg.OperationalError
                if self._polling == _POLLING.OK:
                    self._connection.send_query(next(self._steps))
            else:
                self._connection.consume_input()
                if self._is_answered():
                    self._connection.send_query(self._steps.send(self._answer))

    def _is_answered(self) -> bool:
        """Whether every result has come."""
        while not self._connection.is_busy():
            result = self._connection.get_result()
            if result is None:
                return True
            if result.status == pq.ExecStatus.TUPLES_OK:
                value = result.get_value(0, 0)
                self._answer = None if value is None else value.decode()
            elif result.status != pq.ExecStatus.COMMAND_OK:
                raise psycopg.DatabaseError
        return False

    def _is_ready(self) -> bool:
        """Whether libpq can go on."""
        return wait([self], 0.0)

    @property
    def event(self) -> tuple[int, int]:
        """The socket, and what has to happen to it."""
        is_writing = self._polling == _POLLING.WRITING
        return self._connection.socket, select.POLLOUT if is_writing else select.POLLIN


def wait(sessions: Iterable[Session], seconds: float) -> bool:
    """Wait until one of them can go on, but not longer; whether one can."""
    poll = select.poll()
    for session in sessions:
        poll.register(*session.event)
    return bool(poll.poll(seconds * 1000))
