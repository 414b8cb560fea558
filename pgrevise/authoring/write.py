"""Writing a revision: compared with the history, named by the minute, tried before it is trusted.

The history is built in a scratch database on the private test server, the models are compared with
it, and the new file is run there once, so that what it misses or cannot do is said at once.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pgrevise import catalog
from pgrevise.errors import ReviseError, UsageError
from pgrevise.history.folders import folders_of, only_writer
from pgrevise.history.names import checked_message, docstring_text, file_name
from pgrevise.history.script import configuration, history_errors, open_history, single_head
from pgrevise.request import Request, attach
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

    from pgrevise.postgres.target import Target

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Written:
    """A new revision: its file, and what is still to do about it.

    ``missing`` are the differences that remain once it has run; ``failure`` is why it could not
    be run, if it could not. ``path`` is None when there was nothing to write.
    """

    path: Path | None
    revision: str | None
    missing: tuple[catalog.Change, ...] = ()
    failure: str | None = None


def new_revision(
    settings: Settings,
    message: str,
    *,
    empty: bool = False,
    as_sql: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Write a revision for what the models have and the history has not.

    ``empty`` writes one without operations; ``as_sql`` writes plain SQL statements instead of
    Alembic operations. Nothing is written when nothing differs.

    Raises `UsageError` for a message that names nothing, `HistoryConflict` for a history that
    cannot be added to, `SettingsError` when the folder cannot be written.
    """
    if empty and as_sql:
        raise UsageError("--empty and --sql contradict each other.", "Choose one of them.")
    message = checked_message(message)
    with _writing(settings) as script:
        head = single_head(script)
        if empty:
            return _write(settings, Request(), message, head)
        return _compared_and_written(settings, message, head, as_sql, progress)


def merge_heads(settings: Settings, message: str) -> Written:
    """Write a revision that joins all heads. Raises `UsageError` when there is only one."""
    from alembic import command

    from pgrevise.authoring.directives import identifier_for

    message = checked_message(message)
    with _writing(settings) as script:
        heads = script.get_heads()
        if len(heads) < 2:
            raise UsageError(
                f"There is nothing to merge: the only head is {heads[0] if heads else 'base'}.",
                "See the history with: invoke db.history.",
            )
        identifier = identifier_for(script, "heads")
        config = attach(configuration(settings), Request())
        with history_errors(), contextlib.redirect_stdout(io.StringIO()):
            made = command.merge(config, "heads", docstring_text(message), rev_id=identifier)
        return _named(made, message)


def _compared_and_written(
    settings: Settings, message: str, head: str | None, as_sql: bool, progress: Progress | None
) -> Written:
    from pgrevise.authoring.differences import (
        build_history,
        build_models,
        compared,
        project_metadata,
    )
    from pgrevise.postgres.scratch import scratch_databases, scratch_server

    metadata = project_metadata(settings)
    with (
        scratch_server(settings, progress=progress) as server,
        scratch_databases(server, 2) as (by_history, by_models),
    ):
        build_history(settings, by_history)
        build_models(metadata, by_models)
        before = compared(by_history, by_models)
        if not before:
            return Written(None, None)
        request = Request(target=by_history, settings=settings, empty_revision=False, as_sql=as_sql)
        written = _write(settings, request, message, head)
        if written.path is None:
            return Written(None, None, missing=tuple(before))
        return _tried(settings, written, by_history, by_models)


def _tried(settings: Settings, written: Written, by_history: Target, by_models: Target) -> Written:
    """Run the new revision once, and see what is still missing after it."""
    from pgrevise.authoring.differences import build_history, compared

    try:
        build_history(settings, by_history)
    except ReviseError as error:
        return Written(written.path, written.revision, failure=error.sentence)
    missing = compared(by_history, by_models)
    return Written(written.path, written.revision, missing=tuple(missing))


def _write(settings: Settings, request: Request, message: str, head: str | None) -> Written:
    from alembic import command

    config = attach(configuration(settings), request)
    # Alembic tells about its formatting hooks on standard output, which is for results.
    with history_errors(), contextlib.redirect_stdout(io.StringIO()):
        made = command.revision(
            config, message, autogenerate=request.target is not None, head=head or "head"
        )
    if isinstance(made, list):
        made = made[0] if made else None
    return _named(made, message)


def _named(made: Script | list[Script | None] | None, message: str) -> Written:
    """The written file under our own name: Alembic cuts long ones in another way."""
    if made is None or isinstance(made, list):
        return Written(None, None)
    path = Path(made.path)
    wanted = path.with_name(file_name(made.revision, message))
    if wanted != path:
        path.rename(wanted)
    return Written(wanted, made.revision)


@contextmanager
def _writing(settings: Settings) -> Iterator[ScriptDirectory]:
    """The history, while nobody else adds to it: one writer at a time per folder.

    What was written is taken away again when the context ends with an error. Raises
    `SettingsError` when the folder cannot be written.
    """
    folder = folders_of(open_history(configuration(settings)))[-1]
    with only_writer(folder):
        # Read again: whoever held the lock before may have added a revision.
        script = open_history(configuration(settings))
        before = _files(script)
        try:
            yield script
        except BaseException:
            for path in _files(script) - before:
                path.unlink(missing_ok=True)
            raise


def _files(script: ScriptDirectory) -> set[Path]:
    return {path for folder in folders_of(script) for path in folder.glob("*.py")}
