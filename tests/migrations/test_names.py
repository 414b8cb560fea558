"""Every index and constraint at head is named by the convention."""

import re

from pgrevise.pytest_plugin import Migrations

INDEXES = """
SELECT t.relname, i.relname FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
WHERE t.relnamespace = current_schema()::regnamespace AND t.relname <> 'alembic_version'
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid)
"""
CONSTRAINTS = """
SELECT t.relname, c.contype::text, c.conname,
       (SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM unnest(c.conkey) WITH ORDINALITY k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.relnamespace = current_schema()::regnamespace AND t.relname <> 'alembic_version'
  AND c.contype IN ('c', 'f', 'p', 'u', 'x')
"""


def test_indexes(migrations: Migrations) -> None:
    migrations.upgrade("head")
    with migrations.connect() as connection:
        found = connection.execute(INDEXES).fetchall()
    assert found
    for table, index in found:
        assert re.fullmatch(rf"ix_{table}_[a-z0-9_]+", index), (table, index)


def test_constraints(migrations: Migrations) -> None:
    migrations.upgrade("head")
    with migrations.connect() as connection:
        found = connection.execute(CONSTRAINTS).fetchall()
    assert {kind for _, kind, _, _ in found} == {"c", "f", "p", "u", "x"}
    for table, kind, name, columns in found:
        by_columns = f"{table}_{'_'.join(columns or [])}"
        expected = {
            "p": f"pk_{table}",
            "u": f"uq_{by_columns}",
            "f": f"fk_{by_columns}",
            "c": rf"ck_{table}_[a-z0-9_]+",
            "x": rf"ex_{table}_[a-z0-9_]+",
        }[kind]
        assert re.fullmatch(expected, name), (table, kind, name)
