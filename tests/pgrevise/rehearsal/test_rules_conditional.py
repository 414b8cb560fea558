"""Findings about schema changes under conditions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.postgres.target import Target
from tests.pgrevise.rehearsal.sql_revisions import found, observe, sentences

JOBS = "CREATE TABLE jobs (id bigint PRIMARY KEY); CREATE INDEX ix ON jobs (id)"


def test_a_skipped_statement_is_told_with_the_server_s_words(database: Target) -> None:
    seen = observe(database, JOBS, ["CREATE INDEX IF NOT EXISTS ix ON jobs (id)"])
    (finding,) = found(seen, "conditional-ddl-skipped")
    assert finding.severity == "warning"
    assert finding.sentence == 'The statement did nothing: relation "ix" already exists, skipping.'


def test_a_skipped_statement_is_not_told_twice(database: Target) -> None:
    seen = observe(database, JOBS, ["CREATE INDEX IF NOT EXISTS ix ON jobs (id)"])
    assert found(seen, "conditional-ddl") == []


def test_what_was_not_there_to_be_dropped_is_worth_knowing(database: Target) -> None:
    seen = observe(database, JOBS, ["DROP INDEX IF EXISTS other"])
    assert [f.severity for f in found(seen, "conditional-ddl-skipped")] == ["info"]


def test_a_condition_that_skipped_nothing_is_worth_knowing(database: Target) -> None:
    up = ["CREATE INDEX IF NOT EXISTS ix2 ON jobs (id)"]
    seen = observe(database, JOBS, up, ["DROP INDEX IF EXISTS ix2"])
    assert sentences(seen, "conditional-ddl") == [
        "CREATE INDEX IF NOT EXISTS … hides a difference.",
        "DROP INDEX IF EXISTS … hides a difference.",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE EXTENSION IF NOT EXISTS citext",
        "SELECT 1 WHERE NOT EXISTS (SELECT)",
        "COMMENT ON TABLE jobs IS 'made IF NOT EXISTS'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS "
        "$f$ BEGIN IF EXISTS (SELECT) THEN RETURN 1; END IF; END $f$",
    ],
)
def test_conditions_that_are_proper_or_none_are_fine(database: Target, statement: str) -> None:
    assert found(observe(database, JOBS, [statement]), "conditional-ddl") == []


def guarded(database: Target, rule: str, body: str, line: int = 0) -> list[str]:
    """What is said of a source, if its only statement was seen at a line."""
    source = f"def upgrade():\n{body}"
    seen = observe(database, JOBS, ["SELECT 1"], source=source)
    statement = replace(seen.upgrade.statements[0], line=line)
    return sentences(replace(seen, upgrade=replace(seen.upgrade, statements=(statement,))), rule)


@pytest.mark.parametrize(
    "body",
    [
        """
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("jobs", x)
""",
        """
    if context.is_offline_mode():
        op.execute("SELECT 1")
""",
    ],
)
def test_a_condition_on_the_dialect_that_held(database: Target, body: str) -> None:
    assert guarded(database, "dialect-guard", body, line=4) == [
        "What stands under this condition on the dialect ran on PostgreSQL."
    ]


def test_a_condition_on_the_dialect_that_did_not_hold(database: Target) -> None:
    body = """
    name = op.get_bind().dialect.name
    if name != "postgresql":
        return
    op.add_column("jobs", x)
"""
    assert guarded(database, "dialect-guard", body, line=6) == [
        "What stands under this condition on the dialect did not run on PostgreSQL."
    ]


def test_a_condition_on_what_the_database_has(database: Target) -> None:
    body = """
    tables = sa.inspect(op.get_bind()).get_table_names()
    if "jobs" not in tables:
        op.create_table("jobs")
"""
    assert guarded(database, "conditional-ddl", body) == [
        "The operations under this condition depend on what the database has already."
    ]


def test_a_condition_without_operations_is_fine(database: Target) -> None:
    body = """
    if op.get_bind().dialect.name == "postgresql":
        kind = JSONB
"""
    assert guarded(database, "dialect-guard", body) == []


@pytest.mark.parametrize("rule", ["dialect-guard", "conditional-ddl"])
def test_a_condition_on_anything_else_is_fine(database: Target, rule: str) -> None:
    body = """
    if LARGE:
        op.add_column("jobs", x)
"""
    assert guarded(database, rule, body) == []
