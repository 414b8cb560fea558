"""A rehearsal touches its own database and nothing else: every way to connect goes through here.

The connect functions of psycopg, psycopg2 and asyncpg are replaced in the process that runs a
project's code. A connection that names the rehearsal's database, whose name is random, is led to
its socket, whatever host and user it names; any other is refused before it is made. What is not
Python, such as a psql that a revision starts, is only told where to go by its environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from pgrevise.errors import NotPostgres, ServerError
from pgrevise.rehearsal.protocol import Place

#: Parameters that say where to connect and who one is; ours take their place.
_WHERE = ("host", "hostaddr", "port", "user", "password", "dbname", "service", "passfile")
_ENCRYPTED = ("sslmode", "sslcert", "sslkey", "sslrootcert", "channel_binding", "gssencmode")
_KNOWN_DRIVERS = ("psycopg", "psycopg_async", "psycopg2", "asyncpg")


class Elsewhere(ServerError):
    """The project's code was about to connect to another database than the rehearsal's."""


class Gate:
    """Lets connections to one place through, and remembers them.

    ``sessions`` are the server's process numbers of those that the project opened,
    ``of_sqlalchemy`` of those among them that are SQLAlchemy's.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.sessions: set[int] = set()
        self.of_sqlalchemy: set[int] = set()

    def require_ours(self, named: Mapping[str, Any]) -> None:
        """Raise `Elsewhere` unless these parameters name our database."""
        database = named.get("dbname") or named.get("database") or os.environ.get("PGDATABASE")
        if database == self.place.database and not named.get("service"):
            return
        host = named.get("host") or named.get("hostaddr") or os.environ.get("PGHOST") or "localhost"
        where = f"service {named['service']}" if named.get("service") else f"{database} on {host}"
        raise Elsewhere(
            f"The project's code was about to connect to {where}, which is not the rehearsal's "
            "database; the connection was refused.",
            "Tell it the database by the variable that it reads: --set NAME={url}, or with "
            "{driver_url}, {host}, {port}, {database} or {user} in the value.",
        )

    def ours(self) -> dict[str, str]:
        """The libpq parameters that lead to our database."""
        place = self.place
        return {
            "host": place.socket,
            "port": place.port,
            "user": place.user,
            "dbname": place.database,
        }

    def opened(self, pid: int) -> None:
        """A session was opened; those of the rehearsal itself are not the project's."""
        if not _is_for_ourselves():
            self.sessions.add(pid)


def install(place: Place) -> Gate:
    """Put the gate into this process, for good."""
    gate = Gate(place)
    _install_psycopg(gate)
    _install_psycopg2(gate)
    _install_asyncpg(gate)
    _install_sqlalchemy(gate)
    return gate


def _is_for_ourselves() -> bool:
    """Whether the session that is being opened is the observer's."""
    frame = sys._getframe(3)
    while frame.f_globals.get("__name__") == "pgrevise.postgres.connect" and frame.f_back:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__")).startswith("pgrevise.rehearsal.")


def _led(gate: Gate, conninfo: str, keywords: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What libpq is told instead: the same, but for where to."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    told: dict[str, Any] = dict(conninfo_to_dict(conninfo)) if conninfo else {}
    given = {"dbname" if k == "database" else k: v for k, v in keywords.items()}
    gate.require_ours({**told, **{k: given[k] for k in _WHERE if given.get(k) is not None}})
    dropped = (*_WHERE, *_ENCRYPTED)
    kept = {k: v for k, v in told.items() if k not in dropped}
    others = {k: v for k, v in given.items() if k not in dropped}
    return make_conninfo("", **kept), {**others, **gate.ours()}


def _install_psycopg(gate: Gate) -> None:
    import psycopg

    connect = psycopg.Connection.connect.__func__  # type: ignore[attr-defined] # of a classmethod
    connect_async = psycopg.AsyncConnection.connect.__func__  # type: ignore[attr-defined] # same

    def guarded(cls: Any, /, conninfo: str = "", **keywords: Any) -> Any:
        conninfo, keywords = _led(gate, conninfo, keywords)
        connection = connect(cls, conninfo, **keywords)
        gate.opened(connection.info.backend_pid)
        return connection

    async def guarded_async(cls: Any, /, conninfo: str = "", **keywords: Any) -> Any:
        conninfo, keywords = _led(gate, conninfo, keywords)
        connection = await connect_async(cls, conninfo, **keywords)
        gate.opened(connection.info.backend_pid)
        return connection

    vars_of: Any = psycopg
    vars_of.Connection.connect = classmethod(guarded)
    vars_of.AsyncConnection.connect = classmethod(guarded_async)
    vars_of.connect = vars_of.Connection.connect


def _install_psycopg2(gate: Gate) -> None:
    try:
        import psycopg2  # type: ignore[import-untyped,unused-ignore] # need not be installed
    except ImportError:
        return
    connect = psycopg2.connect

    def guarded(dsn: str | None = None, *positional: Any, **keywords: Any) -> Any:
        conninfo, keywords = _led(gate, dsn or "", keywords)
        connection = connect(conninfo or None, *positional, **keywords)
        gate.opened(connection.info.backend_pid)
        return connection

    psycopg2.connect = guarded


def _install_asyncpg(gate: Gate) -> None:
    try:
        import asyncpg  # type: ignore[import-untyped,unused-ignore] # need not be installed
    except ImportError:
        return
    connect = asyncpg.connection.connect

    async def guarded(dsn: str | None = None, **keywords: Any) -> Any:
        from pgrevise.postgres.target import parse

        told = parse(dsn).connection_parameters() if dsn else {}
        gate.require_ours({**told, **{k: v for k, v in keywords.items() if v is not None}})
        place = gate.place
        for name in ("password", "passfile", "ssl", "direct_tls"):
            keywords.pop(name, None)
        where = {"host": place.socket, "port": int(place.port), "user": place.user}
        connection = await connect(**{**keywords, **where, "database": place.database})
        gate.opened(connection.get_server_pid())
        return connection

    asyncpg.connect = asyncpg.connection.connect = guarded


def _install_sqlalchemy(gate: Gate) -> None:
    """Refuse drivers that are not known here, and tell SQLAlchemy's sessions from others."""
    from sqlalchemy import Engine, Pool, event

    @event.listens_for(Engine, "do_connect")
    def refuse_unknown(dialect: Any, *_: Any) -> None:
        if dialect.name != "postgresql":
            raise NotPostgres(
                f"The project's code was about to connect to {dialect.name}, not to PostgreSQL; "
                "the connection was refused.",
                "Tell it the database by the variable that it reads: --set NAME={driver_url}.",
            )
        if dialect.driver not in _KNOWN_DRIVERS:
            raise NotPostgres(
                f"The project connects with the driver {dialect.driver}, which a rehearsal cannot "
                "keep from connecting elsewhere; the connection was refused.",
                "Rehearse with psycopg, psycopg2 or asyncpg: --driver psycopg.",
            )

    @event.listens_for(Pool, "connect")
    def remember(_: Any, record: Any) -> None:
        driver: Any = record.driver_connection
        if hasattr(driver, "get_server_pid"):
            gate.of_sqlalchemy.add(driver.get_server_pid())
        elif hasattr(driver, "info"):
            gate.of_sqlalchemy.add(driver.info.backend_pid)
