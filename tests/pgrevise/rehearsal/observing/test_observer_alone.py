"""Statements outside a transaction: those that commit by themselves, and autocommit."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from pgrevise.rehearsal.facts import Statement
from tests.pgrevise.rehearsal.observing.bench import DRIVERS, Bench, locked

ALONE = "with op.get_context().autocommit_block():\n    op.execute({!r})"


def alone(bench: Bench, sql: str, driver: str = "psycopg") -> Statement:
    """What was seen of a statement in an ``autocommit_block``."""
    return bench.seen(ALONE.format(sql), driver)


@pytest.mark.parametrize("driver", DRIVERS)
def test_building_an_index_concurrently_is_seen(tables: Bench, driver: str) -> None:
    seen = alone(tables, "CREATE INDEX CONCURRENTLY ix_new ON jobs (state)", driver)
    assert locked(seen) == {("jobs", "SHARE UPDATE EXCLUSIVE")}
    assert [build.index.name for build in seen.builds] == ["ix_new"]
    assert seen.transaction is None


@pytest.mark.parametrize("driver", DRIVERS)
def test_dropping_an_index_concurrently_locks_its_table(tables: Bench, driver: str) -> None:
    seen = alone(tables, "DROP INDEX CONCURRENTLY ix_jobs_at", driver)
    mode = "SHARE UPDATE EXCLUSIVE"
    assert locked(seen) == {("jobs", mode), ("ix_jobs_at", mode)}


@pytest.mark.parametrize("driver", DRIVERS)
def test_rebuilding_concurrently_is_seen(tables: Bench, driver: str) -> None:
    seen = alone(tables, "REINDEX TABLE CONCURRENTLY jobs", driver)
    assert ("jobs", "SHARE UPDATE EXCLUSIVE") in locked(seen)
    assert {(build.index.name, build.was_there) for build in seen.builds} == {
        ("jobs_pkey", True),
        ("ix_jobs_at", True),
    }


@pytest.mark.parametrize("driver", DRIVERS)
def test_detaching_concurrently_takes_the_partition_alone(bench: Bench, driver: str) -> None:
    bench.before(
        """
        CREATE TABLE events (at date) PARTITION BY RANGE (at);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
        """
    )
    seen = alone(bench, "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY", driver)
    assert locked(seen) == {("events", "SHARE UPDATE EXCLUSIVE"), ("events_1", "ACCESS EXCLUSIVE")}


def test_holding_a_statement_open_does_not_trip_timeouts(tables: Bench) -> None:
    statements = tables.run(
        """
        with op.get_context().autocommit_block():
            op.execute("SET lock_timeout = '1ms'")
            op.execute("SET statement_timeout = '20ms'")
            op.execute("CREATE INDEX CONCURRENTLY ix_new ON jobs (state)")
            op.execute("RESET statement_timeout")
            assert op.get_bind().execute(sa.text("SHOW lock_timeout")).scalar() == "1ms"
        """
    )
    assert (statements[2].error, statements[2].lock_timeout) == ("", 0.001)
    assert locked(statements[2]) == {("jobs", "SHARE UPDATE EXCLUSIVE")}


def test_a_concurrent_build_scans_twice(tables: Bench) -> None:
    """Before PostgreSQL 15 a session cannot be made to report what it counted."""
    seen = alone(tables, "CREATE INDEX CONCURRENTLY ix_new ON jobs (state)")
    expected = [2] if tables.watched.beside.server >= 15 else []
    assert [scan.count for scan in seen.scans] == expected


def test_a_failed_concurrent_build_is_told(tables: Bench) -> None:
    tables.before("INSERT INTO jobs VALUES (2, 1, 'new')")
    with pytest.raises(DBAPIError):
        alone(tables, "CREATE UNIQUE INDEX CONCURRENTLY ix_new ON jobs (state)")
    (seen,) = tables.statements
    assert (seen.sqlstate, locked(seen)) == ("23505", {("jobs", "SHARE UPDATE EXCLUSIVE")})


@pytest.mark.parametrize("driver", DRIVERS)
def test_other_statements_are_seen_as_well(tables: Bench, driver: str) -> None:
    seen = alone(tables, "ALTER TABLE jobs ADD COLUMN x float DEFAULT random()", driver)
    assert ("jobs", "ACCESS EXCLUSIVE") in locked(seen)
    assert "a column's default" in {rewrite.reason for rewrite in seen.rewrites}
    assert seen.transaction is None
    assert seen.locks[0].held == seen.seconds


def test_vacuum_is_held_open_too(tables: Bench) -> None:
    seen = alone(tables, "VACUUM FULL jobs")
    assert locked(seen) == {("jobs", "ACCESS EXCLUSIVE")}
    assert "jobs" in {rewrite.relation.name for rewrite in seen.rewrites}


@pytest.mark.parametrize(
    "sql",
    ["CLUSTER", "ALTER SYSTEM RESET work_mem", "CALL commits()", "DO $$ BEGIN COMMIT; END $$"],
)
def test_what_refuses_a_transaction_still_runs(tables: Bench, sql: str) -> None:
    tables.before("CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$")
    assert alone(tables, sql).error == ""


def test_what_needs_a_transaction_still_fails(tables: Bench) -> None:
    with pytest.raises(DBAPIError, match="can only be used in transaction blocks"):
        alone(tables, "LOCK TABLE jobs")


def test_a_deferred_constraint_still_fails_its_statement(tables: Bench) -> None:
    tables.before(
        "ALTER TABLE jobs ADD FOREIGN KEY (queue) REFERENCES queues DEFERRABLE INITIALLY DEFERRED"
    )
    with pytest.raises(DBAPIError, match="violates foreign key constraint"):
        alone(tables, "UPDATE jobs SET queue = 99")
    assert tables.statements[-1].sqlstate == "23503"


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_a_commit_as_text_leaves_the_rest_outside(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        op.execute("LOCK TABLE queues")
        op.execute("COMMIT")
        op.execute("CREATE INDEX CONCURRENTLY ix_new ON jobs (state)")
        op.execute("ALTER TABLE queues ADD COLUMN x int")
        """,
        driver,
    )
    (transaction,) = tables.transactions
    assert (transaction.is_committed, transaction.by_statement) == (True, True)
    assert [each.transaction for each in statements] == [1, 1, None, None]
    assert locked(statements[2]) == {("jobs", "SHARE UPDATE EXCLUSIVE")}
    assert locked(statements[3]) == {("queues", "ACCESS EXCLUSIVE")}
