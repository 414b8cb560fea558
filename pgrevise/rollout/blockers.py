"""Who holds the lock that a revision waits for.

A second connection asks ``pg_blocking_pids`` while the statement waits: afterwards nobody can tell
(PostgreSQL 17 manual, 9.27 Table 9.71).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from pgrevise.errors import ReviseError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.queries import load

QUERIES = load("pgrevise.rollout", "queries.sql")
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Blocker:
    """A session that holds a lock we wait for; ``seconds`` is the age of its transaction."""

    pid: int
    user: str
    application: str
    state: str
    seconds: float
    query: str

    def __str__(self) -> str:
        who = f"process {self.pid} of {self.user}" + (
            f" ({self.application})" if self.application else ""
        )
        query = "a statement about a password" if "password" in self.query.lower() else self.query
        return f"{who}, {self.state}, in a transaction for {self.seconds:.0f} s: {query}"


class Watch:
    """The blockers that were seen last; empty when none were."""

    def __init__(self) -> None:
        self.seen: tuple[Blocker, ...] = ()


@contextmanager
def watch(target: Target, pid: int) -> Iterator[Watch]:
    """Watch who blocks backend ``pid`` while the context lasts.

    Watching is a courtesy: when no second connection can be had, nothing is seen and nothing fails.
    """
    result, stop = Watch(), threading.Event()

    def look() -> None:
        try:
            with connect(target) as connection:
                while not stop.wait(POLL_SECONDS):
                    found = _blockers(connection, pid)
                    result.seen = found or result.seen
        except (ReviseError, psycopg.Error):
            return

    thread = threading.Thread(target=look, name="pgrevise-blockers", daemon=True)
    thread.start()
    try:
        yield result
    finally:
        stop.set()
        thread.join(timeout=5)


def _blockers(connection: psycopg.Connection[Any], pid: int) -> tuple[Blocker, ...]:
    return tuple(
        Blocker(*row) for row in connection.execute(QUERIES["blockers"].encode(), {"pid": pid})
    )
