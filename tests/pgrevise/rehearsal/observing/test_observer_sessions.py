"""Sessions and transactions: several of them, threads, errors, and what is not ours to see."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from pgrevise.postgres.connect import connect
from pgrevise.rehearsal.observing.observer import BESIDE
from tests.pgrevise.rehearsal.observing.bench import DRIVERS, Bench, locked

SECOND = """
engine = sa.create_engine(URL)
def work():
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE queues ADD COLUMN x int"))
"""


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_second_connection_is_seen(tables: Bench, driver: str) -> None:
    body = f'op.execute("LOCK TABLE jobs"){SECOND}work()\nengine.dispose()'
    first, second = tables.run(body, driver)
    assert (first.connection, second.connection) == (1, 2)
    assert (first.transaction, second.transaction) == (1, 2)
    assert locked(second) == {("queues", "ACCESS EXCLUSIVE")}
    assert len(tables.watched.backends) == tables.watched.connections == 2


def test_a_statement_of_a_thread_has_its_line(tables: Bench) -> None:
    run = "thread = threading.Thread(target=work)\nthread.start()\nthread.join()\n"
    seen = tables.seen(f"{SECOND}{run}engine.dispose()")
    assert seen.source == 'connection.execute(sa.text("ALTER TABLE queues ADD COLUMN x int"))'


def test_a_helper_elsewhere_is_told_by_the_line_that_called_it(tables: Bench) -> None:
    (tables.root / "helper.py").write_text("def lock(op):\n    op.execute('LOCK TABLE jobs')\n")
    seen = tables.seen(
        f"""
        import sys
        sys.path.insert(0, {str(tables.root)!r})
        import helper
        del sys.path[0], sys.modules["helper"]
        helper.lock(op)
        """
    )
    assert (seen.line, seen.source) == (10, "helper.lock(op)")


def test_a_statement_from_elsewhere_is_foreign(tables: Bench) -> None:
    engine = create_engine(tables.url())
    with tables.watching(), engine.begin() as connection:
        connection.execute(text("LOCK TABLE jobs"))
    engine.dispose()
    (seen,) = tables.statements
    assert (seen.is_foreign, seen.file, seen.line) == (True, "", 0)
    assert locked(seen) == {("jobs", "ACCESS EXCLUSIVE")}


@pytest.mark.parametrize("driver", DRIVERS)
def test_an_error_is_told_and_the_transaction_rolled_back(tables: Bench, driver: str) -> None:
    with pytest.raises(DBAPIError):
        tables.run('op.execute("LOCK TABLE jobs")\nop.execute("SELECT nothing FROM jobs")', driver)
    seen = tables.statements[-1]
    assert (seen.error, seen.sqlstate) == ('column "nothing" does not exist', "42703")
    assert (seen.transaction, seen.line) == (1, 7)
    assert not tables.transactions[0].is_committed


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_failed_savepoint_does_not_end_the_observation(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        try:
            with op.get_bind().begin_nested():
                op.execute("SELECT nothing FROM jobs")
        except sa.exc.DBAPIError:
            pass
        op.execute("LOCK TABLE jobs")
        """,
        driver,
    )
    assert locked(statements[-1]) == {("jobs", "ACCESS EXCLUSIVE")}
    assert tables.transactions[0].is_committed
    assert tables.watched.notes == ()


def test_transaction_settings_may_come_one_after_the_other(tables: Bench) -> None:
    statements = tables.run(
        """
        op.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        op.execute("SET TRANSACTION READ ONLY")
        op.execute("SELECT * FROM jobs")
        """
    )
    assert [each.error for each in statements] == ["", "", ""]


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_commit_through_the_driver_begins_another_transaction(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        op.execute("LOCK TABLE jobs")
        op.get_bind().connection.dbapi_connection.commit()
        op.execute("LOCK TABLE jobs")
        """,
        driver,
    )
    assert [each.transaction for each in statements] == [1, 2]
    assert [len(each.locks) for each in statements] == [1, 1]


def test_a_commit_within_a_text_begins_another_transaction(tables: Bench) -> None:
    statements = tables.run(
        """
        op.execute("UPDATE jobs SET state = 'x'")
        op.execute("COMMIT; BEGIN; LOCK TABLE queues")
        """
    )
    first, second = tables.transactions
    assert (first.is_committed, first.by_statement, second.by_statement) == (True, True, False)
    assert locked(statements[1]) == {("queues", "ACCESS EXCLUSIVE")}


def test_a_commit_that_fails_has_not_committed(tables: Bench) -> None:
    tables.before(
        "ALTER TABLE jobs ADD FOREIGN KEY (queue) REFERENCES queues DEFERRABLE INITIALLY DEFERRED"
    )
    with pytest.raises(DBAPIError):
        tables.run('op.execute("UPDATE jobs SET queue = 99")')
    assert [each.is_committed for each in tables.transactions] == [False]


def test_what_was_rolled_back_is_not_what_is_there(tables: Bench) -> None:
    statements = tables.run(
        """
        op.execute("TRUNCATE jobs")
        op.execute("ROLLBACK")
        op.execute("LOCK TABLE jobs")
        op.execute("TRUNCATE jobs")
        """
    )
    assert [len(each.rewrites) for each in statements] == [3, 0, 0, 3]


def test_work_on_the_drivers_own_cursor_is_seen_when_it_is_committed(tables: Bench) -> None:
    seen = tables.seen(
        """
        op.execute("SELECT 1")
        cursor = op.get_bind().connection.cursor()
        cursor.execute("UPDATE jobs SET state = 'old'")
        cursor.close()
        """
    )
    assert (seen.sql, seen.line, seen.is_foreign) == (BESIDE, 0, False)
    assert seen.written[0].updated == 1


def test_a_database_of_another_kind_is_timed_and_noted(tables: Bench) -> None:
    seen = tables.seen(
        """
        engine = sa.create_engine("sqlite://")
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        engine.dispose()
        """
    )
    assert (seen.sql, seen.transaction) == ("SELECT 1", None)
    assert "sqlite+pysqlite" in tables.watched.notes[0]


def test_ending_our_session_does_not_stop_the_migration(tables: Bench) -> None:
    statements = tables.run(
        """
        op.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        op.execute("LOCK TABLE jobs")
        """
    )
    assert locked(statements[-1]) == {("jobs", "ACCESS EXCLUSIVE")}
    assert tables.transactions[0].is_committed


def test_facts_can_be_had_while_a_statement_runs(tables: Bench) -> None:
    engine = create_engine(tables.url())
    with tables.watching() as watch, engine.connect() as connection:
        connection.execute(text("LOCK TABLE jobs"))
        (seen,) = watch.statements()
        connection.rollback()
    engine.dispose()
    assert seen.locks[0].held > 0
    assert not tables.transactions[0].is_committed


def test_nothing_is_left_behind(tables: Bench) -> None:
    tables.run('op.execute("LOCK TABLE jobs")')
    engine = create_engine(tables.url())
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE queues"))
    engine.dispose()
    assert [each.sql for each in tables.statements] == ["LOCK TABLE jobs"]
    with connect(tables.database) as own:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert own.execute(others).fetchone() == (1,)
