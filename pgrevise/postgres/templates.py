"""Databases cloned from a template: an unchanged history is built once, a clone costs milliseconds.

A template's name holds a digest of the history (`pgrevise.history.digest`), of the server's version
and of the revision that it is at. It is built under an
advisory lock in a database of another name, which is renamed when it is complete, so that a
template that is there is whole, and parallel test workers build it once. How the history is applied
is the caller's business: he hands over a function.

A clone that is given back is made like its template again and handed out under another name, where
that can be proved (`pgrevise.postgres.reuse`). Others are dropped later and together, because
dropping a database whose client has just closed sleeps in steps of 100 ms. A process that was
killed leaves clones behind; the next one drops them, which it may as soon as their owner's advisory
lock is free. (PostgreSQL 17 manual, CREATE DATABASE, "Advisory Locks".)
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql

from pgrevise.errors import LockBusy, ServerUnavailable
from pgrevise.postgres import reuse_baseline
from pgrevise.postgres.connect import connect
from pgrevise.postgres.reuse import Hooks, Reuse
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings

Build = Callable[[Target], None]

PREFIX = "pgrevise_template"
CLONE_PREFIX = "pgrevise_clone"
BUILDING_PREFIX = "pgrevise_building"
#: So many clones may wait to be dropped; each takes some 10 MB.
MOST_PENDING = 16
#: What is kept with a template, and how: templates that were built otherwise are not used.
_FORM = "3"
#: How long after its last use a database is dropped at the earliest, in seconds.
_COOL = 0.1
_PAUSE = 0.02
_ATTEMPTS = 5


class Templates:
    """The templates of one project on one server, and the clones made by this process.

    Made by `open_templates`, which drops every clone at its end.
    """

    def __init__(
        self, settings: Settings, server: Target, admin: psycopg.Connection[Any], history: str
    ) -> None:
        self.server = server
        self._settings = settings
        self._admin = admin
        self._token = secrets.token_hex(6)
        self._count = 0
        self._pending: deque[tuple[float, str]] = deque()
        self._clones: set[str] = set()
        self._reuse = Reuse(server, admin, Hooks(self._renamed, self._discard))
        told = f"{_FORM} {history} {admin.info.server_version} {admin.info.user}"
        self._history = _digest(told.encode())[:16]
        self._lock(_lock_key(self._token))
        self.sweep()

    def name(self, revision: str = "heads") -> str:
        """The name of the template at ``revision``."""
        target = _digest(revision.encode())[:8]
        return f"{PREFIX}_{self._project}_{self._history}_{target}"

    def template(self, build: Build, revision: str = "heads") -> str:
        """The name of the template at ``revision``, built by ``build`` when there is none yet.

        ``build`` is given an empty database. Raises what it raises, and `LockBusy` when another
        process has been building for longer than ``wait_for_runner``.
        """
        name = self.name(revision)
        if self._exists(name):
            return name
        key = _lock_key(name)
        deadline = time.monotonic() + self._settings.wait_for_runner
        while not self._try_lock(key):
            if time.monotonic() > deadline:
                raise LockBusy(
                    f"Another process still builds the template {name} on {self.server.display}.",
                    "Wait for it and run again; set wait_for_runner to wait longer.",
                )
            time.sleep(_PAUSE)
        try:
            if not self._exists(name):
                self._drop_stale_templates()
                self._build(name, build)
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(%s)", [key])
        return name

    def clone(self, build: Build, revision: str = "heads") -> Target:
        """A database like the template at ``revision``, under a name that is new."""
        reused = self._reuse.take(self.name(revision))
        if reused is not None:
            return self.server.with_database(reused)
        for attempt in range(_ATTEMPTS):
            template = self.template(build, revision)
            try:
                database = self._clone_of(template)
            except psycopg.errors.InvalidCatalogName:
                # Another checkout of the project found the template stale between the two lines.
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            self._reuse.lend(database.database, template)
            return database
        raise AssertionError("unreachable")

    def empty(self) -> Target:
        """A new database with nothing in it."""
        return self._clone_of("template0")

    def drop(self, database: Target) -> None:
        """Take a database back: it must not be used any more. It is dropped soon, or reused."""
        if not self._reuse.give_back(database.database):
            self._discard(database.database)

    def _discard(self, name: str) -> None:
        self._pending.append((time.monotonic() + _COOL, name))
        while len(self._pending) > MOST_PENDING:
            ready, name = self._pending.popleft()
            time.sleep(max(0.0, ready - time.monotonic()))
            self._drop_database(name)

    def close(self) -> None:
        """Drop every clone of this process."""
        self._reuse.close()
        self._pending.clear()
        for name in sorted(self._clones):
            self._drop_database(name)

    def sweep(self) -> None:
        """Drop what killed processes left behind: clones, and templates half built."""
        names = self._databases(f"{CLONE_PREFIX}_{self._place}_%")
        names += self._databases(f"{BUILDING_PREFIX}_{self._place}_%")
        for name in names:
            token = name.split("_")[3]
            if token == self._token or not self._try_lock(_lock_key(token)):
                continue
            try:
                self._drop_database(name)
            finally:
                self._admin.execute("SELECT pg_advisory_unlock(%s)", [_lock_key(token)])

    @property
    def _project(self) -> str:
        return _digest(str(self._settings.alembic_ini).encode())[:8]

    @property
    def _place(self) -> str:
        """Advisory locks are of one database: owners who met in another one cannot be asked."""
        return _digest(self._admin.info.dbname.encode())[:8]

    def _build(self, name: str, build: Build) -> None:
        building = f"{BUILDING_PREFIX}_{self._place}_{self._token}_{secrets.token_hex(4)}"
        target = self.server.with_database(building)
        self._create(building, "template0")
        try:
            build(target)
            # A first connection after the last change leaves its cache of catalog rows in a file,
            # and each clone begins with that.
            with closing(connect(target)) as connection:
                baseline = reuse_baseline.read(connection)
            if baseline is not None:
                self._comment(building, baseline.text)
            self._statement("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", building)
            self._wait_until_unused(building)
            self._statement("ALTER DATABASE {} RENAME TO {}", building, name)
        except BaseException:
            self._drop_database(building)
            raise

    def _wait_until_unused(self, name: str) -> None:
        deadline = time.monotonic() + 5.0
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        while self._admin.execute(query, [name]).fetchone() != (0,):
            if time.monotonic() > deadline:
                return  # and let PostgreSQL say who it is
            time.sleep(_PAUSE / 10)

    def _clone_of(self, template: str) -> Target:
        name = self._new_name()
        self._create(name, template)
        self._clones.add(name)
        return self.server.with_database(name)

    def _new_name(self) -> str:
        self._count += 1
        return f"{CLONE_PREFIX}_{self._place}_{self._token}_{self._count}"

    def _renamed(self, name: str) -> str:
        """Give a clone a new name, which is returned."""
        new = self._new_name()
        self._statement("ALTER DATABASE {} RENAME TO {}", name, new)
        self._clones.discard(name)
        self._clones.add(new)
        return new

    def _comment(self, name: str, text: str) -> None:
        statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
        self._admin.execute(statement.format(sql.Identifier(name), sql.Literal(text)))

    def _create(self, name: str, template: str) -> None:
        # STRATEGY is there since 15; before, copying the files was the only way.
        is_old = self._admin.info.server_version < 150000
        self._statement(
            "CREATE DATABASE {} TEMPLATE {}" + ("" if is_old else " STRATEGY file_copy"),
            name,
            template,
        )

    def _drop_database(self, name: str) -> None:
        self._clones.discard(name)
        with suppress(psycopg.errors.ObjectNotInPrerequisiteState):
            self._statement("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _drop_stale_templates(self) -> None:
        """Drop this project's templates of another history."""
        current = f"{PREFIX}_{self._project}_{self._history}_"
        for name in self._databases(f"{PREFIX}_{self._project}_%"):
            if not name.startswith(current):
                self._drop_database(name)

    def _statement(self, text: str, *names: str) -> None:
        identifiers = [sql.Identifier(name) for name in names]
        self._admin.execute(sql.SQL(text).format(*identifiers))

    def _databases(self, pattern: str) -> list[str]:
        like = pattern.replace("_", r"\_")
        found = self._admin.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1", [like]
        )
        return [name for (name,) in found]

    def _exists(self, name: str) -> bool:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        return self._admin.execute(query, [name]).fetchone() is not None

    def _lock(self, key: int) -> None:
        self._admin.execute("SELECT pg_advisory_lock(%s)", [key])

    def _try_lock(self, key: int) -> bool:
        found = self._admin.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
        return found == (True,)


@contextmanager
def open_templates(settings: Settings, server: Target, history: str) -> Iterator[Templates]:
    """Make clones on ``server`` through one connection that is kept; all are dropped at the end.

    ``server`` names the database that connection is in, ``history`` is the digest of the
    history. Raises `ServerUnavailable` when the user may not create databases.
    """
    with closing(connect(server)) as admin:
        _require_createdb(admin, server)
        templates = Templates(settings, server, admin, history)
        try:
            yield templates
        finally:
            templates.close()


def _require_createdb(admin: psycopg.Connection[Any], server: Target) -> None:
    query = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    if admin.execute(query).fetchone() != (True,):
        raise ServerUnavailable(
            f"{server.display} (from {server.origin}): the role {admin.info.user} may not create "
            "databases, and a database for each test is a clone.",
            f"ALTER ROLE {admin.info.user} CREATEDB, or set no DATABASE_URL to use the private "
            "server, or let the test use pg_schema, which needs no such right.",
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _lock_key(name: str) -> int:
    digest = hashlib.sha256(f"pgrevise:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
