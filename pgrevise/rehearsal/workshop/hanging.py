"""Why a passage does not come to its end, asked of PostgreSQL and said in one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from pgrevise.queries import load
from pgrevise.rehearsal.modes import mode_named

_LONGEST = 160
_ENOUGH = 40
A_SECOND_CONNECTION = "a second connection of its own"


@dataclass(frozen=True)
class Session:
    """A session of the passage; ``relation`` and ``mode`` are of the lock that it waits for.

    ``query`` is its last statement, "" when that is the observer's.
    """

    pid: int
    state: str
    query: str
    wait_type: str
    wait: str
    blockers: tuple[int, ...]
    mode: str
    lock: str
    relation: str


def sessions(connection: psycopg.Connection[Any]) -> list[Session]:
    """The sessions in the database of ``connection``, but for it."""
    query = load("pgrevise.rehearsal.workshop", "workshop.sql")["sessions"]
    rows = psycopg.Cursor(connection, row_factory=tuple_row).execute(query.encode())
    return [
        Session(
            pid=pid,
            state=state or "",
            query="" if _is_the_observers(query or "") else _short(query or ""),
            wait_type=wait_type or "",
            wait=wait or "",
            blockers=tuple(blockers or ()),
            mode=mode or "",
            lock=lock or "",
            relation=relation or "",
        )
        for pid, state, query, wait_type, wait, blockers, mode, lock, relation in rows
    ]


def explained(found: list[Session], seconds: float) -> str:
    """What the passage was doing after ``seconds``, without a full stop."""
    by_pid = {session.pid: session for session in found}
    for session in found:
        if session.blockers:
            holders = [by_pid[pid] for pid in session.blockers if pid in by_pid]
            return f"after {seconds:g} s {_waiting(session, holders)}"
    for session in found:
        if session.state == "active":
            what = f" ({session.wait_type}: {session.wait})" if session.wait_type else ""
            return f"after {seconds:g} s this still ran: {session.query}{what}"
    for session in found:
        if session.state.startswith("idle in transaction"):
            return (
                f"after {seconds:g} s its Python code had not ended, and no statement was running; "
                f"a transaction was open{_last(session)}"
            )
    return f"after {seconds:g} s its Python code had not ended, and no statement was running"


def _waiting(session: Session, holders: list[Session]) -> str:
    wanted = f"a lock ({session.lock})"
    if session.relation:
        wanted = f"{mode_named(session.mode)} on {session.relation}"
    elif session.lock == "transactionid":
        wanted = "another transaction to end, which has changed the same rows or keys"
    words = f"this still waited for {wanted}: {session.query}"
    if not holders:
        return words
    doing = ", ".join(f"{holder.state}{_last(holder)}" for holder in holders)
    return f"{words}; what it waits for is held by {A_SECOND_CONNECTION} ({doing})"


def _last(session: Session) -> str:
    return f", the last statement in it: {session.query}" if session.query else ""


def _is_the_observers(query: str) -> bool:
    """Whether a session's last query is one that the observer asked in it."""
    asked = load("pgrevise.rehearsal.observing", "queries.sql").values()
    return any(query.startswith(text[:_ENOUGH]) for text in asked)


def _short(text: str) -> str:
    line = re.sub(r"\s+", " ", text).strip().rstrip(";")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
