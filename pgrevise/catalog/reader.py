"""Reading a schema from a server: the only module of this package that talks to one.

How the schema's name disappears. PostgreSQL renders its definitions for the search_path in force:
what is visible there is written without its schema. So the whole read runs with the first schema
read in front of pg_catalog, and every name in it comes out bare, every other name with its schema,
by the server's own hand; no text is searched or replaced. In front, because a table called
`pg_class` would else come out qualified. Two dangers come with that, and both are met: the
queries are parsed (DECLARE) while only pg_catalog is on the path and run (FETCH) afterwards, so
that nothing in the schema can stand in for a function of PostgreSQL's; and the one operator that
the server's own rendering looks up by name is checked for beforehand.

In the manual: "The Schema Search Path", "System Catalog Information Functions", and the chapter
"System Catalogs".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from pgrevise.catalog.assemble import Row, assemble
from pgrevise.catalog.model import Address, Catalog
from pgrevise.catalog.queries import common_queries, object_queries
from pgrevise.errors import (
    LockBusy,
    ServerError,
    ServerUnavailable,
    ServerUnsupported,
    SettingsError,
    UsageError,
)

OLDEST = 14
ATTEMPTS = 5
_AFTERWARDS = (
    "first_schema",
    "comments",
    "privileges",
    "extension_members",
    "extension_dependents",
    "role_names",
    "contents",
)
#: The path while our own queries are parsed. A statement of its own: it calls no function that
#: something on the caller's path could stand in for.
_SAFE_PATH = "SET LOCAL search_path = pg_catalog, pg_temp"
#: What rendering a definition ends in when the object was dropped after the snapshot was taken.
_GONE = (
    psycopg.errors.InternalError_,  # "cache lookup failed"
    psycopg.errors.UndefinedObject,
    psycopg.errors.UndefinedTable,
)


class _MovedError(Exception):
    """The definitions changed while they were read."""


def read(
    connection: psycopg.Connection[Any],
    schemas: Sequence[str],
    *,
    owners: bool = False,
    leave_out: frozenset[Address] = frozenset(),
) -> Catalog:
    """Return an exact picture of these schemas.

    Names in the first schema carry no schema, so twins of different names give equal catalogs;
    names in any other do. An idle connection is read in one read-only snapshot and left idle; in
    an open transaction its own uncommitted changes are seen, and its settings are put back.
    ``owners`` adds the owner of each object, which differs between servers that are otherwise
    equal. ``leave_out`` names objects, as in ``("table", "alembic_version")``, that are left out
    with all that goes with them.

    Left out, because they belong to the database or the server and not to a schema: event
    triggers, publications and subscriptions, foreign data wrappers and servers, languages, large
    objects, roles, default privileges for all schemas, settings of databases and roles. Left out,
    because they are data: the current value of a sequence, statistics, whether a materialised view
    is populated. What an extension owns is left out; the extension is listed.

    Raises SettingsError if a schema does not exist or is PostgreSQL's own, UsageError if none is
    named, ServerError if the role may not use the first schema or the transaction has failed,
    ServerUnavailable if the server breaks off, ServerUnsupported if it is too old or a schema
    holds a kind of object that is not read, and LockBusy if the definitions do not stop changing or
    a view waits for a lock longer than lock_timeout (10 s if none is set).
    """
    names = _checked(schemas)
    _check_connection(connection)
    idle = connection.info.transaction_status == TransactionStatus.IDLE
    objects, common = _settled(connection, names, idle=idle)
    server = connection.info.server_version // 10000
    catalog = assemble(objects, common, server, names, owners=owners)
    return catalog.without(leave_out) if leave_out else catalog


def read_database(
    connection: psycopg.Connection[Any], *, leave_out: frozenset[Address] = frozenset()
) -> Catalog:
    """Return an exact picture of every schema that is not PostgreSQL's own, ``public`` first."""
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    cursor.execute(common_queries()["own_schemas"].encode(), {"names": []})
    names = [name for name, _ in cursor] or ["public"]
    return read(connection, names, leave_out=leave_out)


def _check_connection(connection: psycopg.Connection[Any]) -> None:
    status = connection.info.transaction_status
    if status == TransactionStatus.UNKNOWN:
        raise ServerUnavailable("The connection is closed.", "Connect again.")
    if status == TransactionStatus.INERROR:
        raise ServerError(
            "The catalog cannot be read in a transaction that has failed.",
            "Roll the transaction back first.",
        )
    server = connection.info.server_version // 10000
    if server < OLDEST:
        raise ServerUnsupported(
            f"The server is PostgreSQL {server}; catalogs are read from {OLDEST} on.",
            "Upgrade the server.",
        )


def _checked(schemas: Sequence[str]) -> tuple[str, ...]:
    if isinstance(schemas, str) or not schemas:
        raise UsageError("No list of schemas to read was given.", 'Name at least one: ["public"].')
    for name in schemas:
        if name.startswith("pg_") or name == "information_schema":
            raise SettingsError(
                f'The schema "{name}" is PostgreSQL\'s own.', "Name the application's schema."
            )
    return tuple(dict.fromkeys(schemas))


Answers = dict[str, list[Row]]


def _settled(
    connection: psycopg.Connection[Any], names: tuple[str, ...], *, idle: bool
) -> tuple[Answers, Answers]:
    """Read until nothing changed meanwhile, a few times at most."""
    cause: _MovedError | None = None
    for _ in range(ATTEMPTS):
        try:
            return _snapshot(connection, names, idle=idle)
        except _MovedError as moved:
            cause = moved
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            raise LockBusy(
                f"A view in {', '.join(names)} could not be read: {error.diag.message_primary}.",
                "Try again when the migration that locks a table it reads is over.",
            ) from error
        except psycopg.OperationalError as error:
            raise ServerUnavailable(
                f"The server broke the read off: {error}.", "See its log, and try again."
            ) from error
    raise LockBusy(
        f"The definitions in {', '.join(names)} changed during each of {ATTEMPTS} reads ({cause}).",
        "Try again when no migration is running there.",
    ) from cause


def _snapshot(
    connection: psycopg.Connection[Any], names: tuple[str, ...], *, idle: bool
) -> tuple[Answers, Answers]:
    """Read everything once; raise _MovedError if a definition was changed meanwhile.

    The functions that render definitions see the newest committed state even in an older
    snapshot, so a fingerprint of the rows is compared with one taken afterwards.
    """
    try:
        with connection.transaction(force_rollback=True):
            session = _Session(connection)
            if idle:
                session.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            oids = session.begin(names)
            print_before = session.fingerprint(oids)
            answers = session.everything(names[0], oids)
            if not idle:
                print_after = session.fingerprint(oids)
        if idle:
            with connection.transaction(force_rollback=True):
                print_after = session.fingerprint(oids)
    except _GONE as error:
        raise _MovedError(error.diag.message_primary) from error
    if print_before != print_after:
        raise _MovedError("another digest of the catalog's rows afterwards")
    return answers


class _Session:
    """The statements of one read, on a cursor of our own: the caller's factories do not matter."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = psycopg.Cursor(connection, row_factory=tuple_row)

    def run(self, statement: str, **parameters: object) -> None:
        self._cursor.execute(statement.encode(), parameters or None, prepare=False)

    def ask(self, name: str, **parameters: object) -> list[Row]:
        """Run a common query at once."""
        self.run(_as_json(common_queries()[name]), **parameters)
        return self._rows()

    def begin(self, names: tuple[str, ...]) -> list[int]:
        """Settle the settings and return the oids of the schemas, in their order."""
        self.run(_SAFE_PATH)
        self.ask("settle")
        found = {row["name"]: row for row in self.ask("find_schemas", names=list(names))}
        for name in names:
            if name not in found:
                raise SettingsError(
                    f'There is no schema "{name}" in the database "{self._database()}".',
                    "Create it, or correct the name or the URL.",
                )
        if not found[names[0]]["usable"]:
            raise ServerError(
                f'The role "{self._role()}" may not use the schema "{names[0]}".',
                f'Have its owner run: GRANT USAGE ON SCHEMA "{names[0]}" TO "{self._role()}"',
            )
        oids = [found[name]["oid"] for name in names]
        hazards = self.ask("hazards", schemas=oids[:1])
        if hazards:
            raise ServerUnsupported(
                f"The operator {hazards[0]['name']} would stand in for PostgreSQL's own.",
                "Move it out of the schema; it cannot be read safely.",
            )
        return oids

    def fingerprint(self, oids: list[int]) -> list[Row]:
        """Return a digest of the rows that define what is in these schemas, as of now."""
        self.run(_SAFE_PATH)
        return self.ask("fingerprint", schemas=oids)

    def everything(self, first: str, oids: list[int]) -> tuple[Answers, Answers]:
        """Parse every query with only PostgreSQL's names in sight, then run them all."""
        objects, common = object_queries(), common_queries()
        afterwards = {name: common[name] for name in _AFTERWARDS}
        for name, query in (objects | afterwards).items():
            self.run(
                f"DECLARE pgrevise_{name} NO SCROLL CURSOR FOR {_as_json(query)}", schemas=oids
            )
        self.ask("put_first", schema=first)
        answers = {name: self._fetch(name) for name in afterwards}
        if answers["first_schema"][0]["name"] != first:
            raise ServerUnsupported(
                f'PostgreSQL cannot put a schema of the name "{first}" on the search_path.',
                "Rename the schema.",
            )
        return {name: self._fetch(name) for name in objects}, answers

    def _fetch(self, name: str) -> list[Row]:
        self.run(f"FETCH ALL FROM pgrevise_{name}")
        return self._rows()

    def _rows(self) -> list[Row]:
        return [json.loads(text) for (text,) in self._cursor]

    def _role(self) -> str:
        return self._cursor.connection.info.user

    def _database(self) -> str:
        return self._cursor.connection.info.dbname


def _as_json(query: str) -> str:
    """Let the server put each row into one JSON text: no loader of the caller's can change it."""
    return f"SELECT to_jsonb(q)::text FROM ({query}) q"  # noqa: S608 - a file of this package
