"""Every connection of released code is led to the rehearsal's database, whatever it names.

The connect functions of psycopg, psycopg2 and asyncpg are replaced before released code is
imported; other drivers are refused when SQLAlchemy is asked for them. What is not Python is only
told where to go by its environment.
"""

from __future__ import annotations

from typing import Any

DRIVERS = ("psycopg", "psycopg_async", "psycopg2", "asyncpg")
#: Parameters that say where to connect and who one is; ours take their place.
_WHERE = ("host", "hostaddr", "port", "user", "password", "dbname", "database", "service")
_BESIDE = ("passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "channel_binding")
_REPLACED = (*_WHERE, *_BESIDE, "gssencmode", "ssl", "direct_tls")


class Elsewhere(Exception):
    """Released code was about to connect with something that cannot be led to our database."""


class Gate:
    """``place`` is where all connections go: host (a socket's directory), port, user, dbname.

    ``drivers`` are those that are installed here.
    """

    def __init__(self, place: dict[str, str]) -> None:
        self.place = place
        self.drivers: list[str] = []

    def led(self, keywords: dict[str, Any]) -> dict[str, Any]:
        """The parameters, but for where to."""
        kept = {name: value for name, value in keywords.items() if name not in _REPLACED}
        return {**kept, **self.place}


def install(place: dict[str, str]) -> Gate:
    """Put the gate into this process, for good."""
    gate = Gate(place)
    for driver, put in (
        ("psycopg", _install_psycopg),
        ("psycopg2", _install_psycopg2),
        ("asyncpg", _install_asyncpg),
    ):
        try:
            put(gate)
        except ImportError:
            continue
        gate.drivers.append(driver)
    _install_sqlalchemy()
    return gate


def _install_psycopg(gate: Gate) -> None:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    connection: Any = psycopg.Connection
    asynchronous: Any = psycopg.AsyncConnection
    connect = connection.connect.__func__
    connect_async = asynchronous.connect.__func__

    def guarded(cls: Any, /, conninfo: str = "", **keywords: Any) -> Any:
        return connect(cls, **gate.led({**conninfo_to_dict(conninfo), **keywords}))

    async def guarded_async(cls: Any, /, conninfo: str = "", **keywords: Any) -> Any:
        return await connect_async(cls, **gate.led({**conninfo_to_dict(conninfo), **keywords}))

    connection.connect = classmethod(guarded)
    asynchronous.connect = classmethod(guarded_async)
    psycopg.connect = connection.connect


def _install_psycopg2(gate: Gate) -> None:
    import psycopg2  # type: ignore[import-untyped,unused-ignore] # need not be installed
    from psycopg2.extensions import (  # type: ignore[import-untyped,unused-ignore] # same
        parse_dsn,
    )

    connect = psycopg2.connect

    def guarded(dsn: str | None = None, *positional: Any, **keywords: Any) -> Any:
        told = parse_dsn(dsn) if dsn else {}
        return connect(None, *positional, **gate.led({**told, **keywords}))

    psycopg2.connect = guarded


def _install_asyncpg(gate: Gate) -> None:
    import asyncpg  # type: ignore[import-untyped,unused-ignore] # need not be installed

    connect = asyncpg.connection.connect

    async def guarded(_: str | None = None, **keywords: Any) -> Any:
        keywords.pop("dsn", None)
        place = gate.place
        where = {"host": place["host"], "port": int(place["port"]), "user": place["user"]}
        led = {name: value for name, value in gate.led(keywords).items() if name not in place}
        return await connect(**led, **where, database=place["dbname"])

    asyncpg.connect = asyncpg.connection.connect = guarded


def _install_sqlalchemy() -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "do_connect")
    def refuse_unknown(dialect: Any, *_: Any) -> None:
        if dialect.name != "postgresql" or dialect.driver not in DRIVERS:
            raise Elsewhere(
                f"it was about to connect with {dialect.name}+{dialect.driver}, which cannot be "
                "led to the rehearsal's database"
            )
