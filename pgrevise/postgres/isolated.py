"""A schema of one's own in somebody else's database, gone afterwards whatever happens.

The schema is dropped when the context ends. Should the process be killed before, a small second
process, which only waits for that, drops it (`pgrevise.postgres.schema_guard`).
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import psycopg
from psycopg import sql

from pgrevise.errors import ServerUnavailable
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target


@contextmanager
def isolated_schema(target: Target, prefix: str = "pgrevise_test") -> Iterator[Target]:
    """Create a schema with an unused name in ``target``; yields the target with it as search path.

    Nothing outside the schema is read or written. Raises `ServerUnavailable` when the user may not
    create a schema there.
    """
    schema = f"{prefix}_{os.getpid()}_{secrets.token_hex(4)}"
    with _guarded(target, schema):
        with connect(target) as connection:
            try:
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            except psycopg.errors.InsufficientPrivilege as error:
                raise ServerUnavailable(
                    f"{target.display}: {error.diag.message_primary}.",
                    f"GRANT CREATE ON DATABASE {target.database} to the user, or name another "
                    "database in DATABASE_URL, or none to use a private server.",
                ) from error
        try:
            yield target.with_schema(schema)
        finally:
            drop_schema(target, schema)


def empty_schema(target: Target) -> None:
    """Drop and create the schema that ``target`` has as its search path."""
    with connect(target) as connection:
        name = sql.Identifier(target.schema or "")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))


def drop_schema(target: Target, schema: str) -> None:
    """Drop ``schema`` and everything in it, if it is there."""
    with connect(target) as connection:
        # The notices list every object that goes with it; they would only be noise.
        connection.execute("SET client_min_messages = warning")
        connection.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema))
        )


@contextmanager
def _guarded(target: Target, schema: str) -> Iterator[None]:
    """Keep the second process while the context lasts; it learns the URL through a pipe only."""
    package_parent = str(Path(__file__).parents[2])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")])),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "pgrevise.postgres.schema_guard"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    ) as guard:
        words = cast("IO[bytes]", guard.stdin)
        words.write(json.dumps({"url": target.url, "schema": schema}).encode() + b"\n")
        words.flush()
        yield
        words.write(b"done\n")
