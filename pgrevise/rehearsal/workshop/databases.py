"""The databases of one rehearsal, on the private server; all are dropped at its end.

There is one that the project's code works on, ``work``, whose name is random and never changes, and
others under names that the code never hears. Databases change places by being renamed, which is
quicker than making them. What a killed rehearsal leaves is swept by the next one
(`pgrevise.postgres.templates`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from psycopg import sql

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import CLONE_PREFIX, Templates
from pgrevise.settings import Settings

_PAUSE = 0.002
_UNUSED = 5.0


class Databases(Templates):
    """Makes, renames and drops them through one connection that is kept."""

    @property
    def work(self) -> Target:
        """The database that the project's code works on."""
        return self.server.with_database(self._named("work"))

    def make(self, role: str, of: str = "") -> Target:
        """A database for ``role`` like that for ``of``, which nobody may use; or an empty one."""
        source = self._named(of) if of else "template0"
        if of:
            self.wait_until_unused(of)
        name = self._named(role)
        self._create(name, source)
        self._clones.add(name)
        return self.server.with_database(name)

    def has(self, role: str) -> bool:
        """Whether there is a database in this role."""
        return self._named(role) in self._clones

    def rename(self, role: str, to: str) -> None:
        """Give a database another role, when nobody uses it any more."""
        self.wait_until_unused(role)
        old, new = self._named(role), self._named(to)
        self._statement("ALTER DATABASE {} RENAME TO {}", old, new)
        self._clones.discard(old)
        self._clones.add(new)

    def throw_away(self, role: str) -> None:
        """Make room for another one in this role; it is dropped later."""
        self.end_sessions(role)
        self._count += 1
        trash = f"gone{self._count}"
        self.rename(role, trash)
        self.drop(self.server.with_database(self._named(trash)))

    def remove(self, role: str) -> None:
        """Drop a database at once, as one that is large should be."""
        self.end_sessions(role)
        self.wait_until_unused(role)
        self._drop_database(self._named(role))

    def end_sessions(self, role: str, besides: int = 0) -> None:
        """End every session in a database, but for one backend of ours."""
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> %s AND backend_type = 'client backend'",
            [self._named(role), besides],
        )

    def wait_until_unused(self, role: str, besides: int = 0) -> None:
        """Wait for sessions that are just ending; those that still are not are ended."""
        query = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> %s AND backend_type = 'client backend'"
        )
        deadline = time.monotonic() + _UNUSED
        while self._admin.execute(query, [self._named(role), besides]).fetchone() != (0,):
            if time.monotonic() > deadline:
                self.end_sessions(role, besides)
            time.sleep(_PAUSE)

    def create_role(self, name: str) -> bool:
        """Make a role that cannot log in; False when somebody else has just made it."""
        try:
            self._admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            return False
        return True

    def drop_role(self, name: str) -> None:
        """Drop a role unless another rehearsal uses it."""
        try:
            self._admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
        except psycopg.errors.DependentObjectsStillExist:
            return

    def _named(self, role: str) -> str:
        return f"{CLONE_PREFIX}_{self._place}_{self._token}_{role}"


@contextmanager
def open_databases(settings: Settings, server: Target) -> Iterator[Databases]:
    """Make databases on ``server``; all are dropped at the end."""
    with closing(connect(server)) as admin:
        databases = Databases(settings, server, admin, "")
        try:
            yield databases
        finally:
            databases.close()
