"""Finding the database that a command works on, and remembering why it is that one.

First that is set wins: the URL given to the command, ``sqlalchemy.url`` in the Alembic
configuration, ``DATABASE_URL`` (in the environment, then in ``.env``), the project's private
development server. What a URL means is in `pgrevise.postgres.target`.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pgrevise.errors import SettingsError
from pgrevise.postgres.target import Target, parse
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from pgrevise.postgres.server import RunningServer, ServerSpec

Progress = Callable[[str], None]


def named_target(
    settings: Settings, url: str | None = None, *, given_by: str = "--url"
) -> Target | None:
    """The database that was named by somebody, or None when the private server is meant.

    Raises `NotPostgres` or `SettingsError` when what was named cannot be used.
    """
    if url:
        return parse(url, origin=given_by)
    configured = _ini_url(settings.alembic_ini)
    if configured:
        return parse(configured, origin=f"sqlalchemy.url in {settings.alembic_ini.name}")
    variable = os.environ.get("DATABASE_URL")
    if variable:
        return parse(variable, origin="the environment variable DATABASE_URL")
    dotenv = _dotenv_url(settings.root / ".env")
    if dotenv:
        return parse(dotenv, origin=f"DATABASE_URL in {settings.root / '.env'}")
    return None


@contextmanager
def located(
    settings: Settings,
    url: str | None = None,
    *,
    given_by: str = "--url",
    progress: Progress | None = None,
) -> Iterator[Target]:
    """The database a command works on; a private server is started and held while in use."""
    named = named_target(settings, url, given_by=given_by)
    if named is not None:
        yield named
        return
    with development_database(settings, progress=progress) as target:
        yield target


@contextmanager
def development_database(
    settings: Settings, *, progress: Progress | None = None
) -> Iterator[Target]:
    """The development database on the project's private server, both created when missing."""
    # Not for a database that somebody named: starting a server is a lot to import.
    from pgrevise.postgres.server import acquire

    server = development_server(settings)
    with acquire(server, progress=progress, meanwhile=import_the_driver) as lease:
        yield ensure_database(lease.server, settings.database)


def ensure_database(server: RunningServer, name: str) -> Target:
    """The database ``name`` on a private development server, created when missing."""
    import psycopg
    from psycopg import sql

    from pgrevise.postgres.connect import connect

    origin = f"the private development server, PostgreSQL {server.version}"
    administrative = replace(parse(server.url("postgres")), origin=origin, private=True)
    with connect(administrative) as admin:
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            # Two processes may both find it missing; the second's error is the first's success.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return administrative.with_database(name)


def development_server(settings: Settings, major: int | None = None) -> ServerSpec:
    """Which private server holds this project's development database."""
    from pgrevise.postgres.server import ServerSpec

    return ServerSpec(
        kind="development",
        major=major or settings.postgres or None,
        project=settings.root,
        bindir=Path(settings.bindir) if settings.bindir else None,
    )


def import_the_driver() -> None:
    """Do so now, while a server starts: it takes as long as that."""
    import pgrevise.postgres.connect  # noqa: F401 - to have it later


def _ini_url(path: Path) -> str | None:
    """``sqlalchemy.url``, read without Alembic so that commands that need no more start fast."""
    parser = configparser.ConfigParser({"here": str(path.parent).replace("%", "%%")})
    try:
        parser.read(path, encoding="utf-8")
        return parser.get("alembic", "sqlalchemy.url", fallback=None) or None
    except configparser.InterpolationSyntaxError as error:
        raise SettingsError(
            f"sqlalchemy.url in {path} has a % that is not doubled.",
            "In an ini file write every % as %%.",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} cannot be read: it is not UTF-8.", "Mend the file.") from error
    except configparser.Error as error:
        # Its own message quotes the line, which may hold a password.
        faults = getattr(error, "errors", None) or [(getattr(error, "lineno", None), "")]
        at = f", line {faults[0][0]}," if faults[0][0] else ""
        raise SettingsError(
            f"{path}{at} cannot be read ({type(error).__name__}).", "Mend the file."
        ) from error


def _dotenv_url(path: Path) -> str | None:
    if not path.is_file():
        return None
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, interpolate=False).get("DATABASE_URL") or None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{path} cannot be read: {why}.", "Mend the file.") from error
