"""Drift: a live database beside what its history says it should be.

The live database is only read: its stamps and its catalog, never its tables. The history is built
up to the same revisions on the private test server of the same major version, and the two catalogs
are compared. What the models say plays no part; that is `pgrevise.authoring.differences`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from pgrevise import catalog
from pgrevise.authoring.differences import build_history
from pgrevise.errors import (
    BinariesMissing,
    HistoryConflict,
    LockBusy,
    PartialRun,
    ServerError,
    ServerUnsupported,
    SettingsError,
    StatementFailed,
)
from pgrevise.history.script import configuration, history_errors, open_history, revisions
from pgrevise.history.squash import squashed_into
from pgrevise.history.state import VERSION_TABLE, stamped_revisions
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings

Progress = Callable[[str], None]

_HOLDERS = """
SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %s AND c.relkind IN ('r', 'p') ORDER BY n.nspname
"""
_SCHEMAS = """
SELECT nspname FROM pg_catalog.pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname
"""
#: What a catalog says of privileges: facts of an object, and one kind of object.
_PRIVILEGE_FACTS = ("grants", "revocations")
_PRIVILEGE_KIND = "default privileges"


@dataclass(frozen=True)
class Drift:
    """What a live database has otherwise than its history says; ``changes`` is empty when nothing.

    ``stamped`` are the revisions that the history was built up to, ``server`` is the major version
    of both servers. A change's ``was`` is what the history says, its ``now`` what is there.
    """

    database: str
    origin: str
    server: int
    schemas: tuple[str, ...]
    stamped: tuple[str, ...]
    changes: tuple[catalog.Change, ...]

    @property
    def is_about_privileges(self) -> bool:
        """Whether some change is one of privileges."""
        return any(map(_is_privilege, self.changes))


@dataclass(frozen=True)
class _Live:
    """What is known of the live database before its catalog is read."""

    server: int
    path: tuple[str, ...]
    stamped: tuple[str, ...]


def drift(
    settings: Settings,
    target: Target,
    *,
    schema: str | None = None,
    revision: str | None = None,
    privileges: bool = True,
    progress: Progress | None = None,
) -> Drift:
    """Compare ``target`` with the history up to the revisions it is stamped with.

    ``schema`` is the one the history is applied to (default: the first on the search path); schemas
    that the history creates are compared too. ``revision`` stands for the stamp, which is then not
    read. Without ``privileges`` nothing that was granted or revoked counts.

    Raises `HistoryConflict` when the database never was migrated, is stamped with a revision this
    checkout does not have, or the history does not run; `SettingsError` when there is no such
    schema, `ServerError` when the role may not see enough or no private server of the same major
    version is to be had, and `LockBusy` when a migration runs meanwhile.
    """
    live = _looked_at(settings, target, schema, revision)
    with (
        _server_like(settings, target, live, progress) as (same, server),
        scratch_databases(server) as (scratch,),
    ):
        _prepare(scratch, live.path)
        _build(same, scratch, live.stamped)
        with connect(scratch) as connection:
            schemas = [live.path[0], *_schemas(connection, besides=(live.path[0], "public"))]
            expected = _read(connection, schemas)
    with _reading(target) as connection:
        there = _schemas(connection)
        found = _read(connection, [live.path[0], *(s for s in schemas[1:] if s in there)])
        if revision is None and _stamped(connection, target, live.path[0]) != live.stamped:
            raise LockBusy(f"{target.display} was migrated while it was compared.", "Run it again.")
    changes = catalog.diff(expected, found)
    if not privileges:
        changes = [change for change in changes if not _is_privilege(change)]
    return Drift(
        target.label, target.origin, live.server, tuple(schemas), live.stamped, tuple(changes)
    )


@contextmanager
def _reading(target: Target) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection that cannot write, whatever is run on it."""
    with connect(target) as connection:
        connection.execute("SET default_transaction_read_only = on")
        yield connection


def _looked_at(
    settings: Settings, target: Target, schema: str | None, revision: str | None
) -> _Live:
    script = open_history(configuration(settings))
    with _reading(target) as connection:
        path = _search_path(connection, target, schema)
        if revision is None:
            stamped = _stamped(connection, target, path[0])
        else:
            with history_errors():
                stamped = tuple(r.revision for r in script.get_revisions(revision) if r is not None)
        server = connection.info.server_version // 10000
    known = {one.revision for one in revisions(script)}
    for identifier in stamped:
        if identifier not in known:
            raise _unknown(target, identifier, squashed_into(script).get(identifier))
    return _Live(server, path, stamped)


def _search_path(
    connection: psycopg.Connection[tuple[Any, ...]], target: Target, schema: str | None
) -> tuple[str, ...]:
    """The schemas that names without one are looked for in, ``schema`` first."""
    row = connection.execute("SELECT pg_catalog.current_schemas(false)").fetchone()
    usable = list(row[0]) if row else []
    if schema is not None:
        if schema not in _schemas(connection):
            raise SettingsError(
                f'{target.display} has no schema "{schema}".',
                f"Its schemas are: {', '.join(_schemas(connection)) or 'none'}.",
            )
        return (schema, *(name for name in usable if name != schema))
    if not usable:
        raise SettingsError(
            f"{target.display}: no schema on the search path exists and may be used by this role.",
            "Name the schema with --schema, or GRANT USAGE ON SCHEMA … to the role.",
        )
    return tuple(usable)


def _stamped(
    connection: psycopg.Connection[tuple[Any, ...]], target: Target, schema: str
) -> tuple[str, ...]:
    """The revisions in the version table; none when everything was downgraded."""
    holders = [name for (name,) in connection.execute(_HOLDERS, [VERSION_TABLE])]
    if schema not in holders:
        elsewhere = f" The schema {holders[0]} has one: --schema {holders[0]}." if holders else ""
        raise HistoryConflict(
            f"{target.display} was never migrated: its schema {schema} has no table "
            f"{VERSION_TABLE}.",
            f"Name another database with --url, or another schema with --schema.{elsewhere}",
        )
    try:
        return stamped_revisions(connection, schema=schema)
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServerError(
            f"{target.display}: {error.diag.message_primary}, so that its revision is not known.",
            f"Have its owner run: GRANT USAGE ON SCHEMA {schema} TO {connection.info.user}; "
            f"GRANT SELECT ON {schema}.{VERSION_TABLE} TO {connection.info.user}; "
            "or say the revision: --revision …",
        ) from error


def _unknown(target: Target, identifier: str, baseline: str | None) -> HistoryConflict:
    sentence = f"{target.display} is stamped with revision {identifier}, "
    if baseline is None:
        return HistoryConflict(
            f"{sentence}which this checkout does not have.",
            "It may live on another branch: check that branch out, then run again.",
        )
    return HistoryConflict(
        f"{sentence}which was squashed into the baseline {baseline}.",
        "Check out the commit before the squash to compare it as it is, or upgrade it to "
        f"{baseline} there first.",
    )


@contextmanager
def _server_like(
    settings: Settings, target: Target, live: _Live, progress: Progress | None
) -> Iterator[tuple[Settings, Target]]:
    """The private server of the live server's major version, and the settings that lead to it."""
    same = replace(settings, postgres=live.server)
    if settings.postgres != live.server:
        # The programs that the project names are of another version.
        same = replace(same, bindir="")
    with ExitStack() as stack:
        try:
            server = stack.enter_context(scratch_server(same, progress=progress))
        except (BinariesMissing, ServerUnsupported) as error:
            raise type(error)(
                f"{target.display} is PostgreSQL {live.server}, and its history has to be built "
                f"on the same version: {error.sentence}",
                error.next_step,
            ) from error
        yield same, server


def _prepare(scratch: Target, path: Sequence[str]) -> None:
    """Let an empty database have the live one's search path, and its first schema."""
    with connect(scratch) as connection:
        names = [sql.Identifier(name) for name in path]
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(names[0]))
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET search_path TO {}").format(
                sql.Identifier(scratch.database), sql.SQL(", ").join(names)
            )
        )


def _build(settings: Settings, scratch: Target, stamped: Sequence[str]) -> None:
    try:
        build_history(settings, scratch, stamped)
    except (StatementFailed, PartialRun) as error:
        raise HistoryConflict(
            f"The history does not run on an empty database: {error.sentence}",
            "Mend that revision; the live database was only read.",
        ) from error


def _schemas(
    connection: psycopg.Connection[tuple[Any, ...]], besides: Sequence[str] = ()
) -> list[str]:
    return [name for (name,) in connection.execute(_SCHEMAS) if name not in besides]


def _read(
    connection: psycopg.Connection[tuple[Any, ...]], schemas: Sequence[str]
) -> catalog.Catalog:
    return catalog.read(connection, schemas, leave_out=frozenset({("table", VERSION_TABLE)}))


def _is_privilege(change: catalog.Change) -> bool:
    return change.fact in _PRIVILEGE_FACTS or change.object_kind == _PRIVILEGE_KIND
