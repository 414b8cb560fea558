"""Databases that were used are put back to what their template is, and handed out again.

That is a third of the work of a clone, and the server does it while the tests go on. A database
takes this way: lent; returned, until nobody is connected to it; renamed, so that whoever still
knows it finds nothing, and put back by a session of ours (`reuse.sql` has the proof); ready, when
that session is gone. Whatever cannot be proved, down to a setting or a comment, is discarded, and
a clone is made instead. Nothing happens before a third database is asked for.

A server whose role is no superuser has clones only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from pgrevise.postgres.reuse_baseline import QUERIES, Baseline, parse
from pgrevise.postgres.reuse_session import Session, wait
from pgrevise.postgres.target import Target

#: Whoever asks so often will ask again: only then is anything put back.
FIRST = 3
#: Instead of one more clone, the first of so many that are being put back is waited for.
ENOUGH = 4
#: So many are put back at once, each by a session of its own.
AT_ONCE = 3
#: So many of a template are kept; others are dropped. Each takes some 10 MB.
MOST_KEPT = 8
#: So many times a database is lent: what was deleted stays in its files.
MOST_USES = 100
#: After so many in a row that could not be put back, none of that template is tried any more.
MOST_FAILURES = 5
#: The longest wait for one of them, in seconds.
_PATIENCE = 0.2
_PAUSE = 0.001
#: How long sessions that were ended may take to be gone, in seconds.
_LEAVING = 5.0


@dataclass(frozen=True)
class State:
    """What the server keeps about a database outside of it, and who is in it.

    ``row`` is the version of its row in pg_database, which a new name changes, too; ``since`` the
    first transaction id that was not yet assigned.
    """

    oid: int
    row: str
    outside: str
    since: int
    sessions: int


@dataclass(frozen=True)
class Lent:
    """A database in the state in which it was handed out, and when it has to be empty."""

    name: str
    template: str
    state: State
    uses: int = 1
    deadline: float = 0.0


@dataclass(frozen=True)
class Hooks:
    """What the owner of the databases does: give one a new name, and drop one."""

    rename: Callable[[str], str]
    discard: Callable[[str], None]


class Reuse:
    """The databases of one process that are lent, being put back, or ready."""

    def __init__(self, server: Target, admin: psycopg.Connection[Any], hooks: Hooks) -> None:
        self._server = server
        self._admin = admin
        self._hooks = hooks
        self._baselines: dict[str, Baseline | None] = {}
        self._failures: dict[str, int] = {}
        self._lent: dict[str, Lent] = {}
        self._asked = 0
        self._returned: list[Lent] = []
        self._emptying: list[Lent] = []
        self._sessions: dict[Session, Lent] = {}
        self._leaving: list[Lent] = []
        self._ready: deque[Lent] = deque()

    def lend(self, name: str, template: str) -> None:
        """Remember a clone that was made just now and that nobody has seen yet."""
        if self._baseline(template) is None:
            return
        if name in (found := self._look([name])):
            self._lent[name] = Lent(name, template, found[name])

    def give_back(self, name: str) -> bool:
        """Take a database back; False when it is none to be put back, and should be dropped."""
        self._advance()
        lent = self._lent.pop(name, None)
        if lent is None or lent.uses >= MOST_USES or self._baseline(lent.template) is None:
            return False
        if self._kept(lent.template) >= MOST_KEPT:
            return False
        self._returned.append(lent)
        return True

    def take(self, template: str) -> str | None:
        """A database that is like ``template`` again; None when a clone is the quicker way."""
        self._asked += 1
        if self._asked < FIRST:
            return None
        until = time.monotonic() + _LEAVING
        self._emptying += [replace(lent, deadline=until) for lent in self._returned]
        self._returned.clear()
        deadline = time.monotonic() + _PATIENCE
        while True:
            self._go_on()
            for lent in self._ready:
                if lent.template == template:
                    self._ready.remove(lent)
                    self._lent[lent.name] = lent
                    return lent.name
            if self._under_way(template) < ENOUGH or time.monotonic() > deadline:
                return None
            self._wait()

    def close(self) -> None:
        """Stop putting back, and leave; the databases are dropped by their owner."""
        entered = [*self._sessions.values(), *self._leaving]
        for session in self._sessions:
            session.close()
        self._sessions.clear()
        if not entered:
            return
        self._end_sessions(entered)
        deadline = time.monotonic() + _PATIENCE
        names = [lent.name for lent in entered]
        # DROP DATABASE would sleep 100 ms when it meets a session that is just ending.
        while any(it.sessions for it in self._look(names).values()) and time.monotonic() < deadline:
            time.sleep(_PAUSE)

    def _under_way(self, template: str) -> int:
        under_way = [*self._emptying, *self._sessions.values(), *self._leaving]
        return sum(lent.template == template for lent in under_way)

    def _kept(self, template: str) -> int:
        waiting = [*self._returned, *self._ready]
        return self._under_way(template) + sum(lent.template == template for lent in waiting)

    def _wait(self) -> None:
        """Until there may be news; nobody tells us when a session is gone."""
        wait(self._sessions, _PATIENCE if self._is_full and not self._leaving else _PAUSE)

    @property
    def _is_full(self) -> bool:
        return len(self._sessions) >= AT_ONCE

    def _advance(self) -> None:
        for session in [s for s in self._sessions if s.advance()]:
            self._collect(self._sessions.pop(session), session.result)

    def _go_on(self) -> None:
        """Bring every database on its way as far as it gets without waiting."""
        self._advance()
        next_ones = [] if self._is_full else self._emptying
        if not (next_ones or self._leaving):
            return
        found = self._look([lent.name for lent in (*next_ones, *self._leaving)])
        self._leaving = [it for it in self._leaving if not self._is_left(it, found.get(it.name))]
        if not next_ones:
            return
        busy = [it for it in next_ones if it.name in found and found[it.name].sessions]
        if busy:
            self._end_sessions(busy)
        self._emptying = [it for it in next_ones if not self._is_begun(it, found.get(it.name))]

    def _is_begun(self, lent: Lent, now: State | None) -> bool:
        """Begin to put a database back, or give it up; False while somebody is connected."""
        baseline = self._baseline(lent.template)
        if now is None:
            return True  # the test has dropped or renamed it
        is_late = time.monotonic() > lent.deadline
        if baseline is None or not _is_same(now, lent.state) or (now.sessions and is_late):
            self._hooks.discard(lent.name)
            return True
        if now.sessions or self._is_full:
            return False
        try:
            name = self._hooks.rename(lent.name)
        except psycopg.Error:
            self._hooks.discard(lent.name)
            return True
        steps = baseline.put_back(now.oid, lent.state.since)
        session = Session(self._server.with_database(name), steps)
        session.advance()
        self._sessions[session] = replace(lent, name=name)
        return True

    def _collect(self, lent: Lent, transaction: int | None) -> None:
        """What came of a session: the id of its transaction, after which nothing is the test's."""
        if transaction is None:
            self._hooks.discard(lent.name)
            self._failures[lent.template] = self._failures.get(lent.template, 0) + 1
            return
        self._failures[lent.template] = 0
        state = replace(lent.state, since=transaction + 1)
        self._leaving.append(replace(lent, state=state, uses=lent.uses + 1))

    def _is_left(self, lent: Lent, now: State | None) -> bool:
        """Whether our session has left a database, which is ready then."""
        if now is None:
            return True
        if now.sessions:
            return False
        state = replace(now, since=lent.state.since)
        if state.outside == lent.state.outside:
            self._ready.append(replace(lent, state=state))
        else:
            self._hooks.discard(lent.name)
        return True

    def _end_sessions(self, databases: Iterable[Lent]) -> None:
        names = [lent.name for lent in databases]
        self._admin.execute(QUERIES["end_sessions"].encode(), [names])

    def _look(self, names: list[str]) -> dict[str, State]:
        found = self._admin.execute(QUERIES["databases"].encode(), [names])
        return {name: State(*values) for name, *values in found}

    def _baseline(self, template: str) -> Baseline | None:
        if self._failures.get(template, 0) >= MOST_FAILURES:
            return None
        if template not in self._baselines:
            query = QUERIES["baseline"].encode()
            found = self._admin.execute(query, [template]).fetchone()
            self._baselines[template] = parse(found[0] if found else None)
        return self._baselines[template]


def _is_same(now: State, then: State) -> bool:
    return (now.oid, now.row, now.outside) == (then.oid, then.row, then.outside)
