"""Which locks a statement takes on what was there before, and until when they are held."""

from __future__ import annotations

import pytest

from tests.pgrevise.rehearsal.observing.bench import DRIVERS, Bench, locked


@pytest.mark.parametrize("driver", [*DRIVERS, "psycopg_async"])
def test_a_lock_is_reported_with_its_line(tables: Bench, driver: str) -> None:
    seen = tables.seen('op.execute("ALTER TABLE jobs ADD COLUMN x int")', driver)
    assert locked(seen) == {("jobs", "ACCESS EXCLUSIVE")}
    assert (seen.file, seen.line) == ("versions/1_change.py", 6)
    assert seen.source == 'op.execute("ALTER TABLE jobs ADD COLUMN x int")'


def test_a_lock_is_reported_by_the_statement_that_took_it_only(tables: Bench) -> None:
    statements = tables.run(
        """
        op.execute("ALTER TABLE jobs ADD COLUMN x int")
        op.execute("ALTER TABLE jobs ADD COLUMN y int")
        """
    )
    assert [len(statement.locks) for statement in statements] == [1, 0]


def test_a_lock_is_held_until_its_transaction_ends(tables: Bench) -> None:
    first, second, _ = tables.run(
        """
        op.execute("LOCK TABLE jobs")
        op.execute("LOCK TABLE queues")
        op.execute("SELECT pg_sleep(0.05)")
        """
    )
    (transaction,) = tables.transactions
    assert first.locks[0].began + first.locks[0].held == pytest.approx(transaction.ended)
    assert first.locks[0].held > second.locks[0].held > 0.05


def test_the_referenced_side_of_a_foreign_key_is_locked_too(tables: Bench) -> None:
    tables.before("CREATE TABLE teams (id bigint PRIMARY KEY)")
    seen = tables.seen('op.execute("CREATE TABLE new (team bigint REFERENCES teams)")')
    assert ("teams", "SHARE ROW EXCLUSIVE") in locked(seen)


def test_a_table_that_the_statement_does_not_name_is_told_apart(tables: Bench) -> None:
    tables.before("ALTER TABLE jobs ADD FOREIGN KEY (queue) REFERENCES queues")
    seen = tables.seen('op.execute("DROP TABLE jobs")')
    named = {lock.relation.name: lock.is_named for lock in seen.locks}
    assert (named["jobs"], named["queues"]) == (True, False)


def test_a_quoted_name_counts_as_named(bench: Bench) -> None:
    bench.before('CREATE SCHEMA "My"; CREATE TABLE "My"."Job list" (id int)')
    (lock,) = bench.seen("""op.execute('LOCK TABLE "My"."Job list"')""").locks
    assert (lock.relation.name, lock.is_named) == ('"My"."Job list"', True)


def test_a_new_partition_locks_its_parent(bench: Bench) -> None:
    bench.before("CREATE TABLE events (at date) PARTITION BY RANGE (at)")
    seen = bench.seen(
        """
        op.execute(
            "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)"
        )
        """
    )
    assert locked(seen) == {("events", "ACCESS EXCLUSIVE")}


def test_attaching_a_partition_locks_the_parent_less(bench: Bench) -> None:
    bench.before(
        "CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE events_1 (at date)"
    )
    seen = bench.seen(
        """
        op.execute("ALTER TABLE events ATTACH PARTITION events_1 DEFAULT")
        """
    )
    assert locked(seen) == {("events", "SHARE UPDATE EXCLUSIVE"), ("events_1", "ACCESS EXCLUSIVE")}


def test_new_tables_are_left_out(tables: Bench) -> None:
    statements = tables.run(
        """
        op.execute("CREATE TABLE new (id bigint PRIMARY KEY, note text)")
        op.execute("CREATE INDEX ON new (note)")
        op.execute("ALTER TABLE new ADD COLUMN x int")
        op.execute("DROP TABLE new")
        """
    )
    assert [statement.locks for statement in statements] == [()] * 4


def test_a_table_keeps_the_name_that_it_had_before(tables: Bench) -> None:
    seen = tables.run(
        """
        op.rename_table("jobs", "tasks")
        op.execute("COMMIT")
        op.execute("ALTER TABLE tasks ADD COLUMN x int")
        """
    )[-1]
    assert locked(seen) == {("jobs", "ACCESS EXCLUSIVE")}
    assert seen.locks[0].is_named


def test_what_a_new_parent_adopted_is_seen_when_the_parent_is_named(tables: Bench) -> None:
    seen = tables.run(
        """
        op.execute("CREATE TABLE parent (id bigint NOT NULL)")
        op.execute("ALTER TABLE jobs INHERIT parent")
        op.execute("COMMIT")
        op.execute("ALTER TABLE parent ADD COLUMN x int")
        """
    )[-1]
    assert ("jobs", "ACCESS EXCLUSIVE") in locked(seen)


@pytest.mark.parametrize("driver", DRIVERS)
def test_returning_to_a_savepoint_ends_the_locks_taken_since(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        savepoint = op.get_bind().begin_nested()
        op.execute("LOCK TABLE jobs")
        savepoint.rollback()
        op.execute("SELECT pg_sleep(0.05)")
        op.execute("LOCK TABLE jobs")
        """,
        driver,
    )
    assert statements[1].locks[0].held < 0.05
    assert locked(statements[-1]) == {("jobs", "ACCESS EXCLUSIVE")}


def test_the_lock_timeout_in_force_is_told(tables: Bench) -> None:
    statements = tables.run(
        """
        op.execute("SET LOCAL lock_timeout = '1500ms'")
        op.execute("LOCK TABLE jobs")
        op.execute("SET LOCAL lock_timeout = 0")
        op.execute("LOCK TABLE queues")
        """
    )
    assert (statements[1].lock_timeout, statements[3].lock_timeout) == (1.5, 0)


def test_an_ordinary_role_and_another_search_path_change_nothing(tables: Bench) -> None:
    tables.before(
        "CREATE SCHEMA x; CREATE VIEW x.pg_locks AS SELECT 1; GRANT ALL ON jobs TO PUBLIC"
    )
    seen = tables.seen(
        """
        op.execute("SET LOCAL search_path = x, pg_catalog")
        op.execute("SET LOCAL ROLE pg_signal_backend")
        op.execute("UPDATE public.jobs SET state = 'old'")
        """
    )
    assert locked(seen) >= {("jobs", "ROW EXCLUSIVE")}
    assert seen.written[0].updated == 1
