"""Rows that exist at each revision are still there, unchanged, after the next ones."""

from typing import Any

from alembic.script import Script
from sqlalchemy import Connection, text

from pgrevise.postgres.connect import engine
from pgrevise.pytest_plugin import Migrations
from tests.migrations.rows import insert_rows

TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
  AND c.relname <> 'alembic_version'
"""

Rows = dict[str, list[dict[str, Any]]]


def tables(connection: Connection) -> set[str]:
    return set(connection.scalars(text(TABLES)))


def rows(connection: Connection) -> Rows:
    return {
        name: list(connection.scalars(text(f'SELECT to_jsonb(t) FROM "{name}" t')))
        for name in sorted(tables(connection))
    }


def survivors(before: Rows, after: Rows) -> Rows:
    """The values of ``before`` whose tables and columns still exist; a NULL may be filled."""
    kept: Rows = {}
    for table, old in before.items():
        if table in after:
            columns = set(after[table][0]) if after[table] else set()
            kept[table] = [
                {k: v for k, v in row.items() if k in columns and v is not None} for row in old
            ]
    return kept


def is_within(row: dict[str, Any], candidates: list[dict[str, Any]]) -> bool:
    return any(row.items() <= candidate.items() for candidate in candidates)


def test_rows_of_every_revision_survive_the_next_ones(
    migrations: Migrations, history: list[Script]
) -> None:
    with engine(migrations.target).connect() as connection:
        for revision in history:
            before = rows(connection)
            connection.commit()
            migrations.upgrade(revision.revision)
            after = rows(connection)
            for table, old in survivors(before, after).items():
                lost = [row for row in old if not is_within(row, after[table])]
                assert lost == [], f"{revision.revision} changed or lost rows of {table}"
                assert len(after[table]) >= len(old)
            insert_rows(connection, tables(connection), mark=revision.revision)
            connection.commit()
