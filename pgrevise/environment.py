"""What a project's ``env.py`` calls: ``environment.run(models.metadata)``, and nothing else.

Every guard is here, so that plain ``alembic`` has them all: PostgreSQL only, UTC, one runner at a
time, a transaction per revision, short lock waits and bounded retries, timestamp identifiers.
How revisions are applied is in `pgrevise.rollout`; how models are compared, in
`pgrevise.authoring`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from logging.config import fileConfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import context
from sqlalchemy.exc import SQLAlchemyError

from pgrevise import settings as settings_module
from pgrevise.authoring.comparing import comparison_options
from pgrevise.authoring.directives import directives
from pgrevise.errors import EXIT_CLEAN, EXIT_INTERRUPTED, ReviseError, SettingsError
from pgrevise.history.script import history_errors, open_history
from pgrevise.history.state import VERSION_TABLE
from pgrevise.postgres.connect import engine
from pgrevise.postgres.locate import located
from pgrevise.postgres.target import Target
from pgrevise.request import Applied, Request, Step, attached
from pgrevise.rollout.run import Run
from pgrevise.startup import one_command

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

log = logging.getLogger("pgrevise")


def run(metadata: MetaData | Sequence[MetaData], **options: Any) -> None:
    """Do what the Alembic command that is running asks for, with every guard in force.

    ``metadata`` holds the project's tables. ``options`` go to Alembic's ``context.configure`` and
    win over what is chosen here, but for the transaction of each revision.

    From the command line, an expected failure is printed and ends the process with its exit code;
    a program that calls ``alembic.command`` gets it raised, as `pgrevise.errors.ReviseError`.
    """
    request = attached(context.config)
    if request is not None and request.metadata_only:
        request.metadata = metadata
        return
    from_command_line = request is None and hasattr(context.config.cmd_opts, "cmd")
    if from_command_line:
        one_command()
        _configure_logging()
    with _ending_the_process() if from_command_line else nullcontext(), history_errors():
        _Environment(
            metadata, options, request or Request(observer=_Log(), empty_revision=False)
        ).run()


@contextmanager
def _ending_the_process() -> Iterator[None]:
    """The edge of plain ``alembic``: print an expected failure and leave with its exit code."""
    try:
        yield
    except ReviseError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - there is no other edge
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        told = "Interrupted. What was applied before stays; nothing else was changed."
        print(told, file=sys.stderr)  # noqa: T201 - same
        raise SystemExit(EXIT_INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has read enough; what is left of it goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(EXIT_CLEAN) from None


class _Environment:
    """One execution of ``env.py``."""

    def __init__(self, metadata: Any, options: dict[str, Any], request: Request) -> None:
        self.metadata = metadata
        self.options = options
        self.request = request
        self.arguments = _x_arguments()
        self.version_table = str(options.get("version_table", VERSION_TABLE))
        # What the command passed to Alembic; there is no public way to ask for it.
        self.command: dict[str, Any] = context._proxy.context_opts  # type: ignore[attr-defined]
        self.process = directives(
            context.script,
            request,
            options.get("process_revision_directives"),
            compared=self._compares(),
            named=self._names_a_revision(),
        )

    def run(self) -> None:
        # Every file is loaded now: Alembic lets a broken one pass as a warning or a traceback.
        loaded = self.request.script or open_history(context.config)
        context.script.revision_map = loaded.revision_map
        if context.is_offline_mode() or not self._needs_a_connection():
            self._without_connection()
            return
        settings = self.request.settings or _project_settings()
        with ExitStack() as stack:
            target = self.request.target or stack.enter_context(
                located(settings, self.arguments.get("url"), given_by="-x url", progress=log.info)
            )
            target = target.with_schema(self.arguments.get("schema") or target.schema)
            if target.schema and self._changes_the_database():
                _ensure_schema(target)
            connection = stack.enter_context(engine(target).connect())
            if self._changes_the_database():
                self._apply(connection, target, settings)
            else:
                self._configure(connection=connection, **self._comparison(connection))
                self._call(context.run_migrations)

    def _apply(
        self, connection: Connection, target: Target, settings: settings_module.Settings
    ) -> None:
        applying = Run(target, settings, self.request)
        planner = applying.steps(self.command["fn"])

        def attempt() -> None:
            self._configure(connection=connection, fn=planner)
            self._call(context.run_migrations)

        _notice_a_lost_client(connection)
        applying.execute(connection, self.version_table, attempt)

    def _without_connection(self) -> None:
        """Offline SQL, and new revisions that compare nothing."""
        offline = {"dialect_name": "postgresql", "literal_binds": True, "as_sql": True}
        self._configure(**offline, dialect_opts={"paramstyle": "named"})
        if context.is_offline_mode() and self._changes_the_database():
            context.execute("SET timezone = 'UTC'")
        with context.begin_transaction():
            context.run_migrations()

    def _configure(self, **chosen: Any) -> None:
        context.configure(
            **{
                "target_metadata": self.metadata,
                **self.options,
                **chosen,
                "process_revision_directives": self.process,
                "transaction_per_migration": True,
            }
        )

    def _comparison(self, connection: Connection) -> dict[str, Any]:
        if not self._compares():
            return {}
        return comparison_options(connection, self.metadata, self.options)

    def _changes_the_database(self) -> bool:
        return "destination_rev" in self.command

    def _needs_a_connection(self) -> bool:
        """Not for ``alembic revision`` without ``--autogenerate``, ``merge`` and ``history``."""
        if "revision_context" in self.command:
            return self._compares()
        if "template_args" in self.command:
            return False
        given = context.config.cmd_opts
        if given is None or _command_name() != "history":
            return True
        return bool(given.indicate_current or "current" in (given.rev_range or ""))

    def _compares(self) -> bool:
        writing = self.command.get("revision_context")
        return writing is not None and bool(writing.command_args["autogenerate"])

    def _names_a_revision(self) -> bool:
        """Whether a file is to be written: ``alembic check`` compares and has no message."""
        writing = self.command.get("revision_context")
        given = writing is not None and writing.command_args["message"] is not None
        return given or _command_name() == "revision"

    def _call(self, function: Callable[[], None]) -> None:
        """Alembic's loop; an error of ours that SQLAlchemy wrapped comes out as ours."""
        try:
            with context.begin_transaction():
                function()
        except SQLAlchemyError as error:
            if isinstance(error.__cause__, ReviseError):
                raise error.__cause__ from None
            raise


class _Log:
    """Tells plain ``alembic`` what it has no words for, through its logging."""

    def waiting(self, seconds: float, holder: str) -> None:
        log.warning("Waited %.0f s for another runner: %s", seconds, holder)

    def started(self, step: Step) -> None:
        """Alembic logs it itself."""

    def finished(self, applied: Applied) -> None:
        """Alembic logs the next one."""

    def retrying(self, step: Step, reason: str, delay: float) -> None:
        log.warning("%s: %s; trying again in %.1f s", step.revision, reason, delay)

    def note(self, sentence: str) -> None:
        log.info(sentence)


def _project_settings() -> settings_module.Settings:
    """The settings of the project whose Alembic configuration runs, wherever it is run from."""
    name = context.config.config_file_name
    return settings_module.load(Path(name).absolute().parent if name else None)


def _command_name() -> str | None:
    """The name of the Alembic command, when it came from the command line."""
    command = getattr(context.config.cmd_opts, "cmd", None)
    return command[0].__name__ if command else None


def _x_arguments() -> dict[str, str]:
    arguments = context.get_x_argument(as_dictionary=True)
    unknown = sorted(set(arguments) - {"url", "schema"})
    empty = sorted(name for name, value in arguments.items() if not value)
    if unknown or empty:
        wrong = f"-x {unknown[0]} is not known" if unknown else f"-x {empty[0]} has no value"
        raise SettingsError(f"{wrong}.", "Use -x url=postgresql://… and -x schema=NAME.")
    return arguments


def _configure_logging() -> None:
    name = context.config.config_file_name
    if name is not None and context.config.file_config.has_section("loggers"):
        fileConfig(name, disable_existing_loggers=False)


def _ensure_schema(target: Target) -> None:
    import psycopg
    from psycopg import sql

    from pgrevise.postgres.connect import connect

    with connect(target) as connection:
        # Looking first spares a role that may only use the schema the right to create it.
        known = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        if connection.execute(known, [target.schema]).fetchone():
            return
        try:
            connection.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(
                    sql.Identifier(target.schema or "")
                )
            )
        except psycopg.errors.UniqueViolation:
            return  # another runner created it at the same moment


def _notice_a_lost_client(connection: Connection) -> None:
    """Let the server end a statement soon after its runner was killed, and free the lock.

    PostgreSQL 17 manual, 19.3.2 client_connection_check_interval; not every platform has it.
    """
    try:
        connection.exec_driver_sql("SET client_connection_check_interval = '1s'")
        connection.commit()
    except SQLAlchemyError:
        connection.rollback()
