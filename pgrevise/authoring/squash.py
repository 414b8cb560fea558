"""Squashing: the history up to a revision becomes one baseline revision, proved before it is there.

The history is built in a scratch database, `pg_dump` of the same server writes its schema down,
and the baseline made of that is run in another one. Only when their catalogs are equal, at the
revision, after undoing the baseline and at the heads, are the old files moved beside and the new
one put in their place. What may be squashed, and how a baseline reads, is in
`pgrevise.history.squash`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import sql

from pgrevise import catalog
from pgrevise.authoring.baseline import Built, write_baseline
from pgrevise.errors import HistoryConflict, PartialRun, ReviseError, StatementFailed
from pgrevise.history.data import data_statements
from pgrevise.history.folders import (
    ARCHIVE,
    Workspace,
    folder_of,
    move_beside,
    only_writer,
    workspace_of,
)
from pgrevise.history.names import file_name
from pgrevise.history.script import configuration, history_errors, open_history
from pgrevise.history.squash import squashed_range, stood_for
from pgrevise.history.state import VERSION_TABLE
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target
from pgrevise.request import Applied, Request, Silent, attach
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import Script, ScriptDirectory

Progress = Callable[[str], None]

_SCHEMAS = """
SELECT nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> %s ORDER BY nspname
"""
#: A table that ever had a row has a page; the few that have are counted.
_TOUCHED = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND pg_relation_size(c.oid) > 0 AND c.relname <> %s
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""


@dataclass(frozen=True)
class DataRevision:
    """A revision that writes rows: the lines that say so, and the tables whose rows it changed.

    ``lines`` are those of its text, such as "34: UPDATE jobs SET …"; ``tables`` were seen when it
    ran on an empty database.
    """

    revision: str
    subject: str
    lines: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Squashed:
    """A baseline, and what became of it.

    ``path`` is its file, None when nothing was written: because that was not asked for, because
    ``data`` was not confirmed, or because ``differences`` remain between what it makes and what
    the history makes. ``replaces`` are the revisions it stands for beside its own, whose files are
    in ``archive``. ``lost`` are the rows, by table, that a fresh database has after the history and
    has not after the baseline.
    """

    revision: str
    path: Path | None
    replaces: tuple[str, ...]
    archive: Path
    data: tuple[DataRevision, ...]
    lost: Mapping[str, int]
    differences: tuple[str, ...]


def squash(
    settings: Settings,
    to: str | None = None,
    *,
    confirmed: bool = False,
    check: bool = False,
    progress: Progress | None = None,
) -> Squashed:
    """Put one baseline revision in the place of the history up to ``to`` (default: its head).

    The baseline has the identifier of the last revision it stands for: a database that is there or
    later needs nothing, and a fresh one begins with it. ``confirmed`` says that revisions which
    write data may go; ``check`` only proves that it could be done.

    Raises `HistoryConflict` when the range cannot be squashed or does not run, `UsageError` when
    there is nothing to squash, `SettingsError` when the folder cannot be written. Nothing is
    changed then.
    """
    script = open_history(configuration(settings))
    folder = folder_of(script, squashed_range(script, to)[-1])
    with only_writer(folder, folder.parent):
        # Read again: whoever wrote before may have added a revision.
        script = open_history(configuration(settings))
        chosen = squashed_range(script, to)
        last = chosen[-1]
        archive = folder.with_name(folder.name + ARCHIVE)
        everything = [gone for r in chosen for gone in (*stood_for(r), r.revision)]
        replaces = tuple(gone for gone in everything if gone != last.revision)
        with (
            scratch_server(settings, progress=progress) as server,
            _built(settings, server, last.revision) as (built, rows),
            workspace_of(script, chosen) as workspace,
        ):
            data = _data_revisions(chosen, rows)
            candidate = workspace.folders[folder] / file_name(last.revision, "baseline")
            write_baseline(settings, script, candidate, chosen, replaces, archive, built)
            differences = _differences(settings, script, workspace, server, last.revision, built)
            path = None
            if not differences and not check and (confirmed or not data):
                path = move_beside(settings, script, chosen, candidate, folder)
    return Squashed(last.revision, path, replaces, archive, data, rows.now, differences)


class _Rows(Silent):
    """Counts, after each revision, the rows of every table that has any."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.now: dict[str, int] = {}
        self.changed_by: dict[str, tuple[str, ...]] = {}

    def finished(self, applied: Applied) -> None:
        with connect(self._target) as connection:
            counted = {}
            for schema, table in connection.execute(_TOUCHED, [VERSION_TABLE]).fetchall():
                query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
                row = connection.execute(query).fetchone()
                name = table if schema == "public" else f"{schema}.{table}"
                counted[name] = row[0] if row else 0
        tables = counted.keys() | self.now.keys()
        changed = sorted(t for t in tables if counted.get(t, 0) != self.now.get(t, 0))
        if changed:
            self.changed_by[applied.revision] = tuple(changed)
        self.now = {table: count for table, count in counted.items() if count}


@contextmanager
def _built(settings: Settings, server: Target, to: str) -> Iterator[tuple[Built, _Rows]]:
    """The history up to ``to``, in a schema of a name that occurs nowhere else.

    That is how its name can be taken out of what pg_dump writes. A history that names ``public``
    itself is another one there, or does not run; its baseline names ``public`` too.
    """
    with scratch_databases(server, 2) as (usual, other):
        rows = _Rows(usual)
        try:
            _upgrade(configuration(settings), settings, usual, to, rows)
        except (StatementFailed, PartialRun) as error:
            raise HistoryConflict(
                f"The history does not run up to {to}: {error.sentence}",
                "Mend that revision. Nothing was changed.",
            ) from error
        schema = f"squash_{secrets.token_hex(8)}"
        renamed = _with_schema(other, schema)
        if _is_the_same(settings, to, usual, renamed):
            yield Built(renamed, schema), rows
        else:
            yield Built(usual, None), rows


def _is_the_same(settings: Settings, to: str, usual: Target, renamed: Target) -> bool:
    """Whether the history runs in a schema of another name, and gives the same there."""
    try:
        _upgrade(configuration(settings), settings, renamed, to)
    except (StatementFailed, PartialRun):
        return False
    return _picture(usual) == _picture(renamed, besides="public")


def _with_schema(database: Target, schema: str | None) -> Target:
    if schema is not None:
        with connect(database) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    return database.with_schema(schema)


def _upgrade(
    config: Config, settings: Settings, target: Target, to: str, observer: Silent | None = None
) -> None:
    from alembic import command

    request = Request(target=target, settings=settings, observer=observer or Silent())
    with history_errors():
        command.upgrade(attach(config, request), to)


def _downgrade(config: Config, settings: Settings, target: Target) -> None:
    from alembic import command

    with history_errors():
        command.downgrade(attach(config, Request(target=target, settings=settings)), "base")


def _picture(target: Target, besides: str | None = None) -> catalog.Catalog:
    """Every schema of the database, the target's own first; ``besides`` is left out."""
    own = target.schema or "public"
    with connect(target) as connection:
        others = [name for (name,) in connection.execute(_SCHEMAS, [own]) if name != besides]
        return catalog.read(
            connection, [own, *others], leave_out=frozenset({("table", VERSION_TABLE)})
        )


def _data_revisions(chosen: Sequence[Script], rows: _Rows) -> tuple[DataRevision, ...]:
    found = []
    for revision in chosen:
        source = "" if stood_for(revision) else Path(revision.path).read_text(encoding="utf-8")
        lines = tuple(f"{one.line}: {one.words}" for one in data_statements(source))
        tables = rows.changed_by.get(revision.revision, ())
        if lines or tables:
            found.append(DataRevision(revision.revision, revision.doc, lines, tables))
    return tuple(found)


def _differences(
    settings: Settings,
    script: ScriptDirectory,
    workspace: Workspace,
    server: Target,
    to: str,
    built: Built,
) -> tuple[str, ...]:
    """What the baseline does otherwise than the history, as sentences; empty when nothing."""
    config = configuration(settings)
    locations = workspace.locations(script)
    config.get_version_locations_list = lambda: locations  # type: ignore[method-assign] # an option could not hold every path
    with scratch_databases(server) as (database,):
        # Another name than the history was built in: twins of different names must be equal.
        own = f"baseline_{secrets.token_hex(8)}" if built.schema else None
        target = _with_schema(database, own)
        empty = _picture(target)
        with _as_refusal(f"The baseline for {to} does not do what the history does"):
            _upgrade(config, settings, target, to)
            found = _sentences(f"at {to}", _picture(built.target), _picture(target))
            _downgrade(config, settings, target)
            found += _sentences("after undoing the baseline", empty, _picture(target))
            _upgrade(config, settings, target, to)
        if found or list(script.get_heads()) == [to]:
            return tuple(found)
        _upgrade(configuration(settings), settings, built.target, "heads")
        with _as_refusal(f"On the baseline for {to}, a later revision fails"):
            _upgrade(config, settings, target, "heads")
        return tuple(_sentences("at head", _picture(built.target), _picture(target)))


def _sentences(when: str, expected: catalog.Catalog, found: catalog.Catalog) -> list[str]:
    return [f"{when}: {change.sentence}" for change in catalog.diff(expected, found)]


@contextmanager
def _as_refusal(words: str) -> Iterator[None]:
    try:
        yield
    except ReviseError as error:
        raise HistoryConflict(
            f"{words}: {error.sentence}",
            "Squash up to another revision. Nothing was changed.",
        ) from error
