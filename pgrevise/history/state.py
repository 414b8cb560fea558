"""Where a database stands in the history: the rows of its version table.

Read with one query on a plain connection. Alembic's own ``current`` grows with the square of the
history; this does not look at the history at all.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

VERSION_TABLE = "alembic_version"


def stamped_revisions(
    connection: psycopg.Connection[Any],
    *,
    table: str = VERSION_TABLE,
    schema: str | None = None,
) -> tuple[str, ...]:
    """The revisions the database is stamped with, sorted; empty when it never was migrated.

    Without ``schema`` the table is looked for in the first schema of the search path only: a
    version table further along belongs to somebody else.
    """
    found = connection.execute(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = %s AND n.nspname = coalesce(%s, current_schema()) "
        "AND c.relkind IN ('r', 'p')",
        [table, schema],
    ).fetchone()
    if found is None:
        return ()
    rows = connection.execute(
        sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(found[0], table))
    )
    return tuple(sorted(row[0] for row in rows))
