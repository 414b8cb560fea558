"""Databases that exist for one purpose and are dropped after it.

A scratch database is created on a server we were given an administrative target for: in practice
the private test server. Finding and starting that server is in `pgrevise.postgres.server`; the
driver is imported while it starts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from pgrevise.postgres.locate import import_the_driver
from pgrevise.postgres.server import ServerSpec, acquire
from pgrevise.postgres.target import Target, parse
from pgrevise.settings import Settings


@contextmanager
def scratch_server(
    settings: Settings,
    *,
    major: int | None = None,
    progress: Callable[[str], None] | None = None,
    meanwhile: Callable[[], None] = import_the_driver,
) -> Iterator[Target]:
    """The shared private test server, held while the context lasts.

    ``major`` defaults to the project's. The target names its ``postgres`` database, as superuser.
    ``meanwhile`` is called while a server that was not there gets ready.
    """
    with acquire(spec_of(settings, major), progress=progress, meanwhile=meanwhile) as lease:
        yield replace(
            parse(lease.server.url("postgres")), origin="the private test server", private=True
        )


def spec_of(settings: Settings, major: int | None = None) -> ServerSpec:
    """Which private server tests and comparisons of this project use."""
    return ServerSpec(
        kind="test",
        major=major or settings.postgres or None,
        bindir=Path(settings.bindir) if settings.bindir else None,
    )


@contextmanager
def scratch_databases(server: Target, count: int = 1) -> Iterator[tuple[Target, ...]]:
    """``count`` new empty databases, dropped at the end even while somebody is connected."""
    from psycopg import sql

    from pgrevise.postgres.connect import connect

    token = secrets.token_hex(6)
    names = [f"scratch_{token}_{number}" for number in range(count)]
    with ExitStack() as stack:
        admin = stack.enter_context(connect(server))
        for name in names:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            )
            stack.callback(_drop, server, name)
        yield tuple(server.with_database(name) for name in names)


def _drop(server: Target, name: str) -> None:
    from psycopg import sql

    from pgrevise.postgres.connect import connect

    with connect(server) as admin:
        admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
