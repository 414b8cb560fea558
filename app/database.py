"""Engines for the application's database: psycopg 3, in UTC, named.

Which database it is stands in `app.config`; how a URL is read, and what is refused, in
`pgrevise.postgres.target`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import Engine, event

from app.config import database_url
from pgrevise.postgres.connect import ensure_utc
from pgrevise.postgres.target import merge_options, parse

APPLICATION_NAME = "job-queue"


def engine_args(url: str | None = None) -> dict[str, Any]:
    """Return keyword arguments for SQLAlchemy's `create_engine`, given what `url` carries.

    Arguments override the parameters of a URL, so the `options` of the URL are repeated here,
    with `-c timezone=UTC` behind them: the last one wins. A URL that sets its own
    `application_name` keeps it.

    Raises `NotPostgres` when the URL names another backend.
    """
    carried = dict(parse(url, origin="the caller").query) if url else {}
    return {
        "connect_args": {
            "options": merge_options(carried.get("options", "")),
            "application_name": carried.get("application_name", APPLICATION_NAME),
        }
    }


def create_engine(url: str | None = None) -> Engine:
    """Return an engine on `url`, by default on the application's own database.

    `postgresql://` and `postgres://` both mean psycopg 3; nothing is connected to yet.

    Raises `NotPostgres` when the URL names another backend.
    """
    url = url or database_url()
    target = parse(url)
    arguments = engine_args(url)
    # libpq takes hosts and passwords that SQLAlchemy's own URL parser does not, so the target's
    # parameters go straight to it; the SQLAlchemy URL only says which driver.
    parameters = target.connection_parameters() | arguments.pop("connect_args")
    named = sqlalchemy.URL.create("postgresql+psycopg", database=target.database or None)
    engine = sqlalchemy.create_engine(named, connect_args=parameters, **arguments)
    event.listen(engine, "connect", lambda connection, _: ensure_utc(connection))
    return engine
