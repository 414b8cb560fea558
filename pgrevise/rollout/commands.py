"""What the doors call to change a database: upgrade, downgrade, stamp, reset, and offline SQL.

Each takes a target that was already found and returns what was done; none prints. How revisions
are applied once ``env.py`` runs is in `pgrevise.rollout.run`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TextIO

import psycopg
from psycopg import sql

from pgrevise.errors import ServerUnavailable, UsageError
from pgrevise.history.state import stamped_revisions
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rollout.pending import standing_at
from pgrevise.settings import Settings
from pgrevise.startup import collecting_nothing

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from pgrevise.request import Applied, Observer


@dataclass(frozen=True)
class Migrated:
    """What a run did to a database: where it stood before and after, and each revision applied."""

    database: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[Applied, ...]


def upgrade(
    settings: Settings, target: Target, revision: str = "head", observer: Observer | None = None
) -> Migrated:
    """Apply every pending revision up to ``revision``.

    Raises `HistoryConflict` when the history or the revision is not clear, and what
    `pgrevise.rollout.run.Run.execute` raises.
    """
    at = standing_at(settings, target, revision)
    if at is not None:
        return Migrated(target.label, at, at, ())
    with collecting_nothing():
        from alembic import command

    return _migrated(settings, target, observer, lambda c: command.upgrade(c, revision))


def downgrade(
    settings: Settings, target: Target, revision: str = "-1", observer: Observer | None = None
) -> Migrated:
    """Undo revisions down to ``revision``: an identifier, ``base``, ``-N``. Raises as `upgrade`."""
    from alembic import command

    return _migrated(settings, target, observer, lambda c: command.downgrade(c, revision))


def stamp(
    settings: Settings,
    target: Target,
    revision: str = "head",
    *,
    purge: bool = False,
    observer: Observer | None = None,
) -> Migrated:
    """Write down that the database is at ``revision`` without running anything.

    With ``purge`` what was written before is forgotten first, known to this checkout or not.
    """
    from alembic import command

    return _migrated(settings, target, observer, lambda c: command.stamp(c, revision, purge=purge))


def reset(
    settings: Settings,
    target: Target,
    *,
    confirmed: str | None = None,
    observer: Observer | None = None,
) -> Migrated:
    """Drop the database, create it again and upgrade it to head.

    Raises `UsageError` unless it is a development database or ``confirmed`` is its name.
    """
    from pgrevise.history.script import configuration, open_history

    require_destroyable(settings, target, confirmed)
    # What is wrong with the history is found out while there is still something to lose.
    open_history(configuration(settings)).get_revisions("heads")
    with _maintenance(target) as admin:
        name = sql.Identifier(target.database)
        try:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        except psycopg.errors.InsufficientPrivilege as error:
            raise ServerUnavailable(
                f"{target.display} cannot be dropped and created: {error.diag.message_primary}.",
                "Use a role that owns the database and has CREATEDB.",
            ) from error
    return upgrade(settings, target, "heads", observer)


def require_destroyable(settings: Settings, target: Target, confirmed: str | None) -> None:
    """Raise `UsageError` unless ``target`` may be dropped with everything in it."""
    name = target.database
    if not name:
        raise UsageError(f"{target.display} names no database.", "Name one at the end of the URL.")
    if confirmed is not None and confirmed != name:
        raise UsageError(
            f"--yes-destroy names {confirmed!r}, but the database is {name!r} ({target.display}).",
            "Check which of the two you meant: invoke db.url.",
        )
    if confirmed == name or target.private:
        return
    patterns = settings.development_databases
    if target.is_on_this_machine and any(fnmatchcase(name, pattern) for pattern in patterns):
        return
    raise UsageError(
        f"{target.display} (from {target.origin}) is not a development database: only those of "
        f"the private server are, and on this machine those named {', '.join(patterns)}.",
        f"If all its data may go, say so: --yes-destroy {name}",
    )


def offline_sql(
    settings: Settings, revision: str, *, down: bool = False, output: TextIO | None = None
) -> None:
    """Write the SQL that takes a database to ``revision``, or over a range ``from:to``.

    With ``down`` it is the SQL of the downgrades. Nothing is connected to. Raises `UsageError` for
    a range that runs the other way.
    """
    from alembic import command

    from pgrevise.history.script import configuration, history_errors, open_history
    from pgrevise.request import Request, attach

    config = configuration(settings)
    _refuse_reversed(open_history(config), revision, down=down)
    config.output_buffer = output or sys.stdout
    attach(config, Request())
    with history_errors():
        (command.downgrade if down else command.upgrade)(config, revision, sql=True)


def _refuse_reversed(script: ScriptDirectory, revision: str, *, down: bool) -> None:
    """Alembic prints nothing at all for a range that runs the other way."""
    start, is_range, end = revision.partition(":")
    if down and not is_range:
        raise UsageError("--down needs a range.", "Write it as FROM:TO, such as head:base.")
    older, newer = (end, start) if down else (start, end)
    if is_range and not _is_below(script, older, newer):
        where, other = ("below", "leave --down out") if down else ("above", "add --down")
        raise UsageError(
            f"{end or 'base'} is not {where} {start or 'base'}.",
            f"Turn the range round ({end}:{start}), or {other}.",
        )


def _is_below(script: ScriptDirectory, older: str, newer: str) -> bool:
    if older in ("", "base") or newer in ("head", "heads"):
        return True
    if newer in ("", "base"):
        return False
    from pgrevise.history.script import history_errors

    with history_errors():
        below = script.iterate_revisions(newer, "base", implicit_base=True)
        return script.get_revision(older) in list(below)


def _migrated(
    settings: Settings,
    target: Target,
    observer: Observer | None,
    run: Callable[[Config], None],
) -> Migrated:
    from pgrevise.history.script import configuration, history_errors
    from pgrevise.request import Request, Silent, attach

    request = Request(target=target, settings=settings, observer=observer or Silent())
    config = attach(configuration(settings), request)
    before = _stamped(target)
    with history_errors():
        run(config)
    return Migrated(target.label, before, _stamped(target), tuple(request.applied))


def _stamped(target: Target) -> tuple[str, ...]:
    with connect(target) as connection:
        return stamped_revisions(connection)


def _maintenance(target: Target) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection to another database of the same server, from which this one can be dropped."""
    other = "template1" if target.database == "postgres" else "postgres"
    return connect(target.with_database(other))
