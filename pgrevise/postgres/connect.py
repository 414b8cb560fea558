"""Opening connections to a target, and saying plainly why one could not be opened.

Connections are psycopg 3, in UTC, named, and refused when the server is older than supported.
`engine` gives SQLAlchemy the same connection for Alembic; SQLAlchemy is imported only then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg

from pgrevise.errors import ServerError, ServerUnavailable, ServerUnsupported, SettingsError
from pgrevise.postgres.target import Target

if TYPE_CHECKING:
    from sqlalchemy import Engine

OLDEST_SUPPORTED = 14


def connect(target: Target, *, autocommit: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection to ``target``; the caller closes it.

    Raises `ServerUnavailable` when it cannot be opened, `ServerUnsupported` when the server is
    older than PostgreSQL 14, `SettingsError` when the URL has a parameter libpq does not know.
    """
    try:
        connection = psycopg.connect(autocommit=True, **_typed(target.connection_parameters()))
    except psycopg.Error as error:
        raise explain(error, target) from error
    try:
        require_supported(connection, target)
    except ServerUnsupported:
        connection.close()
        raise
    ensure_utc(connection)
    connection.autocommit = autocommit
    return connection


def ensure_utc(connection: psycopg.Connection[Any]) -> None:
    """Set UTC where the environment variable PGTZ has won over the connection's options.

    PostgreSQL 17 manual, 32.15 Environment Variables. Leaves the connection outside a transaction.
    """
    if connection.info.parameter_status("TimeZone") != "UTC":
        connection.execute("SET timezone = 'UTC'")
        if not connection.autocommit:
            connection.commit()


def engine(target: Target) -> Engine:
    """An SQLAlchemy engine on ``target`` that opens and closes a connection at each use."""
    from sqlalchemy import URL, create_engine
    from sqlalchemy.pool import NullPool

    # The URL only names the database in messages; `connect` knows how to reach it.
    url = URL.create(
        "postgresql+psycopg", target.user or None, host=target.place, database=target.database
    )
    return create_engine(url, creator=lambda: connect(target, autocommit=False), poolclass=NullPool)


def require_supported(connection: psycopg.Connection[Any], target: Target) -> None:
    """Raise `ServerUnsupported` when the server's major version is older than PostgreSQL 14."""
    major = connection.info.server_version // 10000
    if major < OLDEST_SUPPORTED:
        raise ServerUnsupported(
            f"{target.display} is PostgreSQL {major}; {OLDEST_SUPPORTED} is the oldest supported.",
            f"Upgrade the server to PostgreSQL {OLDEST_SUPPORTED} or newer, or give another URL.",
        )


def explain(error: psycopg.Error, target: Target) -> ServerError | SettingsError:
    """Turn a failed attempt to connect into a sentence and a next step.

    libpq gives no SQLSTATE for a connection that was refused, so its words are all there is
    (PostgreSQL 17 manual, 32.1 "PQerrorMessage").
    """
    words = _last_words(error, target)
    where = f"{target.display} (from {target.origin})"
    if isinstance(error, psycopg.ProgrammingError) or "invalid connection option" in words:
        return SettingsError(
            f"{where} has a parameter that libpq does not accept: {words}.",
            "Mend the URL; the parameters are those of PostgreSQL's connection URIs.",
        )
    if "authentication failed" in words or "no password supplied" in words:
        return ServerUnavailable(
            f"{where} refused the user name or password: {words}.",
            "Check both in the URL; in a password write % as %25.",
        )
    if re.search(r'database ".*" does not exist', words):
        return ServerUnavailable(
            f"{where}: the server has no database of that name: {words}.",
            f"Create it (createdb {target.database}) or name another in the URL.",
        )
    if 'parameter "TimeZone"' in words:
        return ServerUnavailable(
            f"{where} has no time zone data, so that a connection in UTC is refused: {words}.",
            "Install the package tzdata on the server's machine.",
        )
    if "too many" in words or "starting up" in words or "shutting down" in words:
        return ServerUnavailable(f"{where} takes no connection now: {words}.", "Try again soon.")
    return ServerUnavailable(
        f"{where} cannot be reached: {words}.",
        "Check that the server runs and that host and port are right; "
        "without a URL the private server is used.",
    )


def _last_words(error: psycopg.Error, target: Target) -> str:
    """What libpq said last, on one line, never holding the password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line]
    words = (fatal or lines or ["no reason given"])[0]
    words = re.sub(r"^.*FATAL:\s*", "", words).removeprefix("connection is bad: ")
    words = words.removeprefix("connection failed: ").rstrip(".")
    return words.replace(target.password, "***") if len(target.password) > 3 else words


def _typed(parameters: dict[str, str]) -> dict[str, Any]:
    """The parameters as psycopg's keywords, which it types as anything libpq takes."""
    return dict(parameters)
